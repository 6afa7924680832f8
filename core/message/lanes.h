/* lanes.h - the inside of the outbox, shared by outbox.c, lanes.c and send_ids.c and nobody else:
 * sessions, lanes, rows. On the loop. See outbox.c for how a row goes through them. */
#ifndef TOKOBOT_LANES_H
#define TOKOBOT_LANES_H

#include "../base/map.h"
#include "../plugin/registry.h"
#include "outbox.h"

enum { BACKOFF_MIN_MS = 1000, BACKOFF_MAX_MS = 10000 };

TAILQ_HEAD(outgoing_list, outgoing);
TAILQ_HEAD(lane_list, lane);

struct session {
    const char *key, *gateway, *name;
    struct gateway *gw; /* NULL: its plugin is off; rows wait */
    int state;          /* enum bot_session_state */
    int64_t held_until; /* 0 = not held */
    int64_t backoff;
    int probing; /* a held queue tries one row */
    unsigned in_flight;
    struct lane_list blocked; /* lanes that wait for the session */
    char **ids;
    size_t id_count;
    int64_t ids_asked_at; /* 0 = no request is under way */
    int64_t ids_due;      /* until then an empty pool stops the queue; 0 = it is not empty, -1 = ids
                             come too slowly: rows go without until it has been filled again */
};

struct lane {
    char *key;
    struct outbox *outbox;
    struct session *session;
    struct outgoing_list rows;
    struct outgoing *flying; /* the first row, with the gateway */
    unsigned staged;         /* rows of the running turn, not in `rows` yet */
    int64_t sleep_until;     /* in outbox.sleeping when not 0 */
    unsigned settled;        /* rows in outbox.settled */
    int blocked;             /* in session.blocked */
    TAILQ_ENTRY(lane) link;
};

struct outgoing {
    TAILQ_ENTRY(outgoing) link;      /* in its lane */
    TAILQ_ENTRY(outgoing) step_link; /* in to_mark, marked or settled */
    struct lane *lane;
    int64_t id;
    enum outbox_state state; /* on disk once the lists below have been written */
    int on_disk;             /* `sending` is on disk: it may be sent again without another turn */
    int written;             /* the running turn has written it; true once that turn commits */
    int accepted;            /* in lane.rows */
    int resolving;           /* it may have gone out: ask first */
    int answer;
    int64_t not_before, expires, created_at, attempted_at;
    int64_t retrying_since; /* 0 = not; of this process */
    unsigned attempts;
    int with_gateway; /* handed over and without an outcome yet */
    uint64_t handed;  /* how often it was handed to the gateway: an older hand-over says nothing of
                         it any more */
    char *send_id, *native_id;
    char error[160];
    char *text;
    int64_t media;
    char *quote; /* NULL = none */
};

struct outbox {
    struct host *host;
    struct map sessions; /* "gateway/session" */
    struct map lanes;    /* "gateway/session/chat" */
    struct map rows;     /* id -> outgoing, not settled */
    struct outgoing_list to_mark, marked, settled;
    struct lane_list sleeping; /* by sleep_until */
    struct outbox_stats stats;
};

/* NULL: its plugin is off, or has not been started. */
struct gateway *gateway_of(const struct outbox *o, const char *name);
struct session *session_of(struct outbox *o, const char *gateway, const char *name);
void session_attach(struct session *s, struct gateway *gw);
void session_free(struct session *s);
struct lane *lane_of(struct outbox *o, const char *gateway, const char *session, const char *chat);
const char *lane_chat(const struct lane *lane);
void lane_sleep(struct outbox *o, struct lane *lane, int64_t until);
void lane_block(struct outbox *o, struct lane *lane);
void lane_drop_if_empty(struct outbox *o, struct lane *lane);
int outgoing_may_go(const struct outgoing *row); /* as far as its session is concerned */
void lane_schedule(struct outbox *o, struct lane *lane);
void session_schedule(struct outbox *o, struct session *s);
void session_release(struct outbox *o, struct session *s);
void session_hold(struct session *s, const char *why);
void session_probe(struct outbox *o, struct session *s, int64_t now);
void lane_wake(struct outbox *o, struct lane *lane);
/* The row is finished in memory; the next turn writes it (outbox.c). */
void outgoing_settle(struct outbox *o, struct outgoing *row, enum outbox_state state,
                     const char *error);

/* ---- the pool of send ids (send_ids.c) ------------------------------------------------------- */
char *ids_take(struct session *s);                          /* to be freed; NULL when it is empty */
int ids_awaited(const struct session *s);                   /* what has no id waits for the next */
void ids_await(struct session *s);                          /* from now on, for IDS_WAIT_MS */
void ids_stop_waiting(struct outbox *o, struct session *s); /* what waited goes without */
void ids_refill(struct outbox *o, struct session *s); /* asks the gateway when there are few */
void ids_free(struct session *s);

#endif
