/* SPDX-License-Identifier: MIT
 * waha.h - what the files of the WAHA gateway share.
 *
 * parse.c, answer.c and escape.c are pure and know nothing of the host; waha.c, send.c, resolve.c
 * and ids.c run on the loop. */
#ifndef WAHA_H
#define WAHA_H

#include <stddef.h>
#include <stdint.h>
#include <tokobot/plugin.h>
#include <tokobot/services/gateways.h>

#define WAHA_ID_BYTES 128 /* a native message id, with its NUL; longer ones are not WhatsApp's */
#define WAHA_POOLS    8   /* sessions whose send ids are fetched */

/* Fetching send ids of one session. */
struct waha_pool {
    char session[64];
    uint32_t in_flight;
    uint32_t wanted;    /* still to be asked for */
    int64_t asked_at;   /* when the last request went out */
    int64_t none_until; /* this WAHA has no such route: not asked before */
};

extern const struct bot_text_file waha_texts[]; /* made of texts/ */

#define WAHA_CHATS 1024 /* slots of the loop breaker */

/* What the loop breaker remembers of a chat. Hashes are never 0. */
struct waha_chat {
    uint64_t chat;
    uint64_t text;     /* their last one */
    uint64_t sent;     /* our last one */
    int64_t text_at;   /* when `text` came first */
    int64_t minute_at; /* when `count` began */
    int64_t sent_at;   /* of `sent`; 0 = they have answered it */
    int64_t silent_until;
    int64_t event; /* that was counted last */
    uint32_t same, count, quick;
    int is_loop;
};

/* Set up by start(), freed by stop(). Only the loop touches it. */
struct waha {
    const struct bot_gateways *gateways;
    char *base_url; /* without a trailing slash */
    char *headers;  /* of every request, the key included: never logged */
    char *send_url;
    char *session; /* the configured one */
    int human;     /* pace = human */
    int state;     /* of the configured session: enum bot_session_state, as last told to the host */
    char *hmac_key;         /* WAHA is to sign webhooks with it */
    int manages;            /* manage_session */
    int has_been_started;   /* it was found stopped at our start, and told to start */
    int has_been_made;      /* it was missing, and has been asked for */
    int has_been_restarted; /* it failed, and was told to restart; until it has worked for a while
                             */
    int has_been_seen;      /* WAHA has told its state, or that there is none */
    int64_t works_since;    /* 0 = it does not */
    int has_compared;       /* WAHA's webhook settings with ours */
    int64_t checked_at;
    int64_t started_at; /* what was attempted before is an earlier process's */
    uint64_t
        failing_chat; /* hash of the chat whose send failed (500) with none sent since; 0 = none */
    uint32_t loop_per_minute;
    struct waha_pool pools[WAHA_POOLS];
    struct waha_chat chats[WAHA_CHATS];
};

/* ---- parse.c: a webhook's body -> messages. Pure; on HTTP threads. --------------------------- */
int waha_parse(const char *body, size_t len, struct bot_incoming_sink *sink);

struct json_slice;
/* ---- parse_media.c: what comes with a text, or instead of one. Pure. --------------------------
 */
int waha_has_items(const struct json_slice *array);
/* Fills the media fields of `in` from four parts of a payload that json_pick() has noted. The
 * strings lie in what it returns, to be freed; NULL: out of memory. */
char *waha_read_media(const struct json_slice *media, const struct json_slice *location,
                      const struct json_slice *vcards, const struct json_slice *data,
                      struct bot_incoming *in);

/* ---- answer.c: what WAHA's answers mean. Pure. ----------------------------------------------- */
/* The bare id in "true_CHAT_ID[_PARTICIPANT]" or "ID": its start, and its length in *len. */
const char *waha_bare_id(const char *id, size_t *len);
/* The bare id of the message in an answer of any engine into out. 1 found, 0 none, -1 not a JSON
 * object. */
int waha_answer_id(const char *body, size_t len, char out[WAHA_ID_BYTES]);
/* What became of a sendText: enum bot_send_outcome. `id` is filled ("" = not told) when it was
 * sent; *reason is a sentence for the operator, never NULL, with nothing of the message in it. */
int waha_judge_send(const struct bot_result *r, char id[WAHA_ID_BYTES], const char **reason);
/* What became of the question for one message by its id: enum bot_resolve_outcome. */
int waha_judge_lookup(const struct bot_result *r, const char *send_id);
/* The same for a list of our own messages of a chat: is `text`, sent at or after `since` (seconds),
 * among them? BOT_RESOLVED_NOT_SENT means that the list came and it was not. */
int waha_judge_list(const struct bot_result *r, const char *text, int64_t since,
                    char id[WAHA_ID_BYTES]);
/* The number that the session is paired with, digits; "" = not told. 1 or 0. */
int waha_answer_own_number(const struct bot_result *r, char number[20]);
/* A pairing code, as the phone wants it: letters, digits and a dash. 1 or 0. */
int waha_answer_code(const struct bot_result *r, char code[20]);
/* The phone number in an answer of GET /lids/LID, digits; "" = it is not known. 1 or 0. */
int waha_answer_phone(const struct bot_result *r, char phone[20]);
/* enum bot_session_state for GET /api/sessions/NAME; *status is WAHA's own word or a sentence. */
int waha_judge_session(const struct bot_result *r, char status[48]);
/* What is wrong with the webhook that WAHA's session has for us, as a sentence that says what to
 * set; 0 = nothing. -1: the session has none of its own, WAHA's environment may. */
int waha_judge_webhooks(const struct bot_result *r, const char *hmac_key, char *out, size_t cap);
/* Does the answer come from a WAHA that knows how the session is, or that there is none? */
int waha_tells_session(const struct bot_result *r);
int waha_session_state(const char *status); /* "WORKING" -> enum bot_session_state */

/* ---- escape.c -------------------------------------------------------------------------------- */
size_t waha_json_size(const char *s); /* bytes of s as a JSON string with quotes, without NUL */
char *waha_json_put(char *out, const char *s); /* writes it; returns the end */
/* Percent-encodes all but unreserved characters; returns what snprintf would. */
size_t waha_url_put(char *out, size_t cap, const char *s);

/* ---- send.c, resolve.c, ids.c: the gateway's functions --------------------------------------- */
int waha_send(struct bot_ctx *ctx, const struct bot_outgoing *row);
int waha_resolve(struct bot_ctx *ctx, const struct bot_outgoing *row);
int waha_need_ids(struct bot_ctx *ctx, const char *session, uint32_t want);
int waha_who(struct bot_ctx *ctx, const char *session, const char *lid); /* who.c */

/* ---- send_media.c ---------------------------------------------------------------------------- */
struct waha_file {
    int64_t row, media;
    const char *session, *chat, *caption, *type, *name, *reply_to; /* "" when there is none */
};
/* Reads the file and sends it; `sent` judges the answer, with a copy of `data`. */
int waha_send_file(struct bot_ctx *ctx, const struct waha_file *f, bot_done_fn *sent,
                   const void *data, uint32_t len);

/* ---- fetch.c: files that came ---------------------------------------------------------------- */
#define WAHA_PATH_BYTES 512
/* The path of a file's URL, when it is one of WAHA's files and nothing else. 1 or 0. Pure. */
int waha_file_path(const char *url, char out[WAHA_PATH_BYTES]);
int waha_fetch(struct bot_ctx *ctx, const struct bot_fetch *file);

/* ---- session.c ------------------------------------------------------------------------------- */
int waha_check_session(struct bot_ctx *ctx);   /* schedule, and at the start */
int waha_session_changed(struct bot_ctx *ctx); /* hook session.status */

/* ---- command.c ------------------------------------------------------------------------------- */
int waha_command(struct bot_ctx *ctx); /* /wa */

/* ---- breaker.c ------------------------------------------------------------------------------- */
int waha_breaker_gate(struct bot_ctx *ctx); /* hook message.gate */
/* A text went out to a chat. */
void waha_breaker_sent(struct waha *w, const char *chat, const char *text, int64_t now);

/* ---- waha.c ---------------------------------------------------------------------------------- */
/* Tells the host how `session` is when that changed. */
void waha_set_state(struct bot_ctx *ctx, const char *session, int state, const char *detail);
uint64_t waha_hash(const char *s); /* never 0 */
/* GET url with our headers. */
int64_t waha_get(struct bot_ctx *ctx, const char *url, uint32_t timeout_ms, bot_done_fn *done,
                 const void *data, size_t len);
/* POST body (JSON) to url. */
int64_t waha_post(struct bot_ctx *ctx, const char *url, const char *body, uint32_t timeout_ms,
                  bot_done_fn *done, const void *data, size_t len);

#endif
