/* notices.h - rows of the outbox that nobody waits for: when they go, and whose goes next. On the
 * loop; the inside of the outbox, as lanes.h is.
 *
 * A notice joins its chat's lane only when it may go: its time has come, the number and the person
 * have not had too many of late, its store's turn has come. Until then it is in nobody's way: an
 * answer to the same chat goes first. Stores take turns, so that five hundred notices of one delay
 * nobody else's. What may not go yet waits; it is never dropped before it expires. */
#ifndef TOKOBOT_NOTICES_H
#define TOKOBOT_NOTICES_H

#include <sys/queue.h>

#include "../base/map.h"
#include "rate.h"

struct outbox;
struct outgoing;
struct session;

/* Of one session. */
struct notices {
    struct map queues;                /* store -> its queue, when it has one */
    TAILQ_HEAD(, notice_queue) turns; /* whose turn is next comes first */
    unsigned out;                     /* in lanes, not settled */
    unsigned waiting;                 /* not in lanes yet, for whatever reason */
    int64_t due;                      /* none may go before */
    struct rate rate;                 /* per_minute */
    int64_t day, today;               /* a day of the host's time zone, and how many went */
    int64_t new_chat_due;             /* no chat is begun before: people begin one at a time */
    int64_t no_new_until;             /* the network lets this number begin none until then */
    struct map contacts;              /* chat -> struct rate */
    size_t sweep_at;                  /* so many contacts: those that are idle are forgotten */
};

/* Rows that wait for a time, of all sessions: a heap. */
struct waiting_rows {
    struct outgoing **rows;
    size_t count, cap;
};

void notices_init(struct session *s);
void notices_free(struct session *s);
/* The session has a gateway, perhaps with other limits than before. */
void notices_limits(struct session *s);
/* A row that is not in its lane, and may not be there yet: it waits for its time or its turn. */
void notices_put(struct outbox *o, struct outgoing *row);
/* A row that the network did not take since it begins a chat: waits until that is allowed. */
void notices_put_back(struct outbox *o, struct outgoing *row);
void notices_schedule(struct outbox *o, struct session *s); /* lets go what may */
void notices_settled(struct outgoing *row);
/* No chats are begun until then (ms, 0: they may be). */
void notices_no_new_chats(struct outbox *o, struct session *s, int64_t until);
void notices_clock(struct outbox *o, int64_t now); /* rows whose time has come */
int64_t notices_next_due(const struct session *s);
int64_t notices_next_row(const struct outbox *o); /* of all sessions; INT64_MAX = none */
/* At start: what went out of late still counts. 0 or -1. */
int notices_load(struct outbox *o);

#endif
