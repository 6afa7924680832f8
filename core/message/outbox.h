/* outbox.h - what is to be sent, and the sender. On the loop.
 *
 * States: queued -> sending -> sent | refused | unknown | expired. A row is written in the
 * savepoint of the event that caused it; it is `sending` on disk before anything leaves the process
 * (I6). One row of a chat is in flight at a time, in order of insertion. */
#ifndef TOKOBOT_OUTBOX_H
#define TOKOBOT_OUTBOX_H

#include "../event.h"

enum outbox_state {
    OUTBOX_QUEUED = 0,
    OUTBOX_SENDING = 1,
    OUTBOX_SENT = 2,
    OUTBOX_REFUSED = 3,
    OUTBOX_UNKNOWN = 4,
    OUTBOX_EXPIRED = 5
};

struct outbox;

struct outgoing; /* one row, in memory while it is not finished */

struct outbox_new {
    const char *gateway, *session, *chat;
    int64_t store, person;
    const char *text; /* longer than 4,000 characters: split at a line */
    const char *tag;
    int64_t not_before, expires; /* 0 = now; 0 = by `answer`: an hour or a day */
    int answer;                  /* 1: the chat just wrote */
    int64_t event;               /* inbox id it answers, 0 = none */
    int64_t media;               /* goes with the first part, whose text may be ""; 0 = none */
    const char *quote;           /* so does this; or NULL */
};

struct outbox *outbox_new(struct host *h);
void outbox_free(struct outbox *o);
/* STAGED_OUT: after COMMIT the row joins its chat's queue; or it never was. */
void outbox_accept(struct outbox *o, struct outgoing *row);
void outgoing_free(struct outgoing *row);
int outbox_load(struct outbox *o);   /* at start: rows not finished */
void outbox_start(struct outbox *o); /* after the plugins' start(): asks for the first send ids */
/* In the running savepoint of `ev`. BOT_OK or an error. */
int outbox_add(struct outbox *o, struct event *ev, const struct outbox_new *row);
/* Inside a turn, before COMMIT: writes outcomes that came in, marks rows that go out next. 0 or -1.
 */
int outbox_turn(struct outbox *o);
int outbox_has_work(const struct outbox *o); /* 1: outbox_turn() has something to write */
void outbox_committed(struct outbox *o);     /* after COMMIT: hands rows to the gateways */
void outbox_rolled_back(
    struct outbox *o); /* the turn was lost: outcomes are written again next time */
void outbox_clock(struct outbox *o,
                  int64_t now); /* before a turn: what is due by the clock is taken up */
int64_t outbox_next_due(const struct outbox *o); /* ms, INT64_MAX = nothing waits for the clock */
/* A reload has changed which gateways there are: rows go to the new ones. */
void outbox_gateways_changed(struct outbox *o);
/* An ack from the network. In a turn. */
int outbox_ack(struct outbox *o, const char *gateway, const char *session, const char *native_id,
               int ack);
/* The store of the message with this id of the network; 0 = not ours, or of none. */
int64_t outbox_store_of(struct outbox *o, const char *gateway, const char *session,
                        const char *native_id);
/* The store, text and tag of one of our messages, for a quote in `chat`: 1 found, strings in arena.
 * Also of one that has gone out under its id while the answer that says so is not here yet. */
int outbox_quoted(struct outbox *o, const char *gateway, const char *session, const char *chat,
                  const char *native_id, int64_t *store, const char **text, const char **tag,
                  struct arena *arena);

/* A gateway's event has no pending call left: a row that it gave no outcome for becomes unknown. */
void outbox_gateway_idle(struct outbox *o, struct event *ev);

/* Behind service gateways/0. */
int outbox_outcome(struct outbox *o, int64_t id, int outcome, const char *native_id,
                   const char *error);
int outbox_resolved(struct outbox *o, int64_t id, int outcome, const char *native_id);
int outbox_ids(struct outbox *o, const char *gateway, const char *session, const char *const *ids,
               size_t n);
int outbox_session_state(struct outbox *o, const char *gateway, const char *session, int state,
                         const char *detail);
/* The number may begin no chats until then (ms, 0: it may): notices to new chats wait. */
void outbox_no_new_chats(struct outbox *o, const char *gateway, const char *session, int64_t until);

struct outbox_stats {
    int64_t queued, in_flight, sent, refused, unknown, expired, retried;
};
void outbox_stats(const struct outbox *o, struct outbox_stats *out);
/* How a number is. Strings live as long as the outbox. */
struct outbox_number {
    const char *gateway, *session;
    int state; /* enum bot_session_state */
    int held;  /* nothing gets through, whatever the session last said */
    int mute;  /* it takes messages, and none is confirmed */
    int64_t notices_today, notices_waiting, no_new_until;
};
void outbox_numbers(const struct outbox *o,
                    void (*each)(void *ctx, const struct outbox_number *number), void *ctx);

#endif
