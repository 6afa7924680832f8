/* lanes.h - the inside of the outbox, shared by outbox.c, lanes.c and send_ids.c and nobody else:
 * sessions, lanes, rows. On the loop. See outbox.c for how a row goes through them. */
#ifndef TOKOBOT_LANES_H
#define TOKOBOT_LANES_H

#include "../base/map.h"
#include "../plugin/registry.h"
#include "acks.h"
#include "alarms.h"
#include "notices.h"
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
    struct rate all;          /* whatever leaves */
    struct notices notices;
    struct acks acks;
    int64_t trouble_since; /* nothing gets through; 0 = it does */
    int trouble_told;
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
    unsigned waiting;        /* rows that are not in `rows` yet: notices.h */
    int64_t sleep_until;     /* in outbox.sleeping when not 0 */
    unsigned settled;        /* rows in outbox.settled */
    int blocked;             /* in session.blocked */
    TAILQ_ENTRY(lane) link;
};

struct outgoing {
    TAILQ_ENTRY(outgoing) link;      /* in its lane, or in a queue of notices */
    TAILQ_ENTRY(outgoing) step_link; /* in to_mark, marked or settled */
    TAILQ_ENTRY(outgoing) back_link; /* in taken_back */
    struct lane *lane;
    int64_t id;
    enum outbox_state state; /* on disk once the lists below have been written */
    int on_disk;             /* `sending` is on disk: it may be sent again without another turn */
    int written;             /* the running turn has written it; true once that turn commits */
    int accepted;            /* its turn was committed */
    int in_lane;             /* in lane.rows */
    int let_go;              /* a notice that counts in its session's notices.out */
    int new_chat;            /* a notice to somebody who has never written */
    int paid;                /* counted in session.all */
    int64_t wakes_at;        /* in outbox.waiting: when it is looked at again */
    int64_t store, person;   /* 0 = none */
    int taken_back;          /* 1: in taken_back; 2: and the running turn has written it */
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
    struct waiting_rows waiting;
    TAILQ_HEAD(, alarm) alarms;
    int is_recounted;                /* notices_load() has run */
    struct outgoing_list taken_back; /* surely not sent: `queued` on disk by the next turn */
    struct outbox_stats stats;
};

/* NULL: its plugin is off, or has not been started. */
struct gateway *gateway_of(const struct outbox *o, const char *name);
struct session *session_find(const struct outbox *o, const char *gateway, const char *name);
struct session *session_of(struct outbox *o, const char *gateway, const char *name);
void session_attach(struct session *s, struct gateway *gw);
void session_free(struct session *s);
int session_open(const struct session *s);
int session_works(const struct session *s); /* what is sent by it arrives, as far as is known */
/* One that works, and the chat of a phone number there; NULL = none. */
struct session *session_that_works(struct outbox *o, const char *phone, char *chat, size_t cap);
/* When the clock has something to do here: a limit lets something go that it holds back, or it is
 * time for an alarm. INT64_MAX = nothing. */
int64_t session_due(const struct session *s);
void session_clock(struct outbox *o, struct session *s, int64_t now); /* ... and it goes */
/* Alarms when nothing gets through for long, and when it does again. */
void session_watch(struct outbox *o, struct session *s, int64_t now);
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
void outgoing_enqueue(struct outbox *o, struct outgoing *row); /* joins its lane (outbox.c) */
/* The row is finished in memory; the next turn writes it (outbox.c). */
void outgoing_settle(struct outbox *o, struct outgoing *row, enum outbox_state state,
                     const char *error);

/* ---- what was surely not taken (lanes.c) ------------------------------------------------------
 */

/* A row without an id is `queued` again: the next process need not ask about it, which takes its
 * time, and is in vain where the gateway cannot be asked. */
void outgoing_take_back(struct outbox *o, struct outgoing *row);
void outgoing_forget_taken_back(struct outbox *o, struct outgoing *row);
int taken_back_turn(struct outbox *o);           /* in a turn, before rows are marked; 0 or -1 */
void taken_back_end(struct outbox *o, int kept); /* after COMMIT, or when the turn was lost */

/* ---- the pool of send ids (send_ids.c) ------------------------------------------------------- */
char *ids_take(struct session *s);                          /* to be freed; NULL when it is empty */
int ids_awaited(const struct session *s);                   /* what has no id waits for the next */
void ids_await(struct session *s);                          /* from now on, for IDS_WAIT_MS */
void ids_stop_waiting(struct outbox *o, struct session *s); /* what waited goes without */
void ids_refill(struct outbox *o, struct session *s); /* asks the gateway when there are few */
void ids_free(struct session *s);

#endif
