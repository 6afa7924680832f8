/* bodies.h - what a WAHA says, in the words of each of its engines: webhooks and sendText's
 * answers. */
#ifndef TOKOBOT_SIM_BODIES_H
#define TOKOBOT_SIM_BODIES_H

#include <stdint.h>

#include "core/base/buf.h"

enum engine { ENGINE_NOWEB, ENGINE_GOWS, ENGINE_WEBJS, ENGINE_COUNT };
extern const char *const engine_names[ENGINE_COUNT];

/* The beginning of any webhook, up to its payload: whoever calls writes that, and a "}" behind it.
 */
void body_envelope(struct buf *b, enum engine engine, const char *evt, int64_t at,
                   const char *event);

struct body_message {
    enum engine engine;
    const char *evt;   /* the event's id */
    int64_t at;        /* the envelope's time, ms */
    const char *event; /* "message", "message.any", "message.edited" */
    const char *chat;
    const char *alt;    /* the sender's other id where the engine tells it, or NULL */
    const char *id;     /* bare */
    int64_t sent_at;    /* ms */
    int ours;           /* fromMe */
    const char *source; /* NULL: app */
    int has_media;
    const char *edits; /* bare id of the message that it edits, or NULL */
    const char *text;
    size_t len;
    int raw; /* the text as it is, also when it is no UTF-8 */
};
void body_message(struct buf *b, const struct body_message *m);

/* An ack of ours; the envelope's time is `at`. */
void body_ack(struct buf *b, enum engine engine, const char *evt, int64_t at, const char *chat,
              const char *id, int ack);
/* What sendText answers. */
void body_sent(struct buf *b, enum engine engine, const char *chat, const char *id);

/* HMAC-SHA512 as X-Webhook-Hmac carries it. */
void body_sign(const char *key, const char *body, size_t len, char hmac[129]);

#endif
