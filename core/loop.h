/* loop.h - the turn: the heart of the host (design section 1).
 *
 * A turn is one database transaction. It journals what arrived, runs what earlier turns committed,
 * each event in a savepoint of its own, and after COMMIT lets out what was staged. Everything below
 * is called on the loop's thread but the loop_post_* functions, which any thread may call. */
#ifndef TOKOBOT_LOOP_H
#define TOKOBOT_LOOP_H

#include <pthread.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/map.h"
#include "event.h"

struct host;
struct http_request;
struct http_job;
struct pool_job;

/* One message parsed from a webhook on an HTTP thread, and the request that waits for it. */
struct arrival {
    TAILQ_ENTRY(arrival) link;
    struct http_ticket
        *ticket; /* answered when all its arrivals are on disk; NULL: not by webhook */
    int kind;    /* enum bot_incoming_kind */
    int64_t sent_at, received_at;
    int32_t ack, state;
    int64_t no_new_until;
    uint32_t late; /* enum bot_late */
    uint32_t in_group;
    const char *gateway, *session, *event, *native_id, *chat, *phone, *lid, *name, *text,
        *quoted_id;
    const char *attached; /* JSON (message/attached.h), or NULL */
    char strings[];       /* all of the above */
};
TAILQ_HEAD(arrival_list, arrival);

/* A webhook with its arrivals: one answer. */
struct http_ticket {
    struct http_request *request;
    unsigned waiting; /* arrivals not yet on disk; loop's thread once posted */
    unsigned stored;
};

/* What came back to the loop for a call. */
struct completion {
    TAILQ_ENTRY(completion) link;
    uint64_t call;
    int accepted;          /* its done() is to run, or has run in a turn that was lost */
    int losses;            /* so often its done() ended the transaction */
    int status;            /* BOT_OK, or how the host ended it: BOT_ECANCELED, BOT_ETIMEDOUT */
    struct http_job *http; /* at most one of the three */
    struct pool_job *job;
    char *text;            /* a reload's sentence */
    struct shared *shared; /* holds `http` or `job`: others do, too (lent.h); or NULL */
};
TAILQ_HEAD(completion_list, completion);
void completion_free(struct completion *c);

/* A chat's queue: its events in journal order, one at a time. Freed when nothing points to it. */
struct chat {
    uint64_t key; /* the person; events without one have a chat each */
    unsigned refs;
    TAILQ_HEAD(chat_events, event) events;
    struct event *waiting; /* LATER: holds the chat */
    unsigned waits;        /* how many of its events wait */
    int ready;             /* in loop.ready */
    int held;              /* late.c makes it ready again */
    TAILQ_ENTRY(chat) link;
};
TAILQ_HEAD(event_list, event);

struct loop {
    struct host *host;
    int wake_fd;          /* eventfd; -1 in tests */
    pthread_mutex_t lock; /* guards the four below */
    struct arrival_list arrivals;
    struct completion_list completions;
    struct event_list requests; /* routes to run, made by HTTP threads or the control socket */
    int woken;

    pthread_t thread; /* the loop's, for assertions */
    int in_turn;
    int lost;                         /* this turn cannot be committed any more */
    int lost_by_event;                /* ... because a handler ended the transaction */
    struct arrival_list journaling;   /* taken in this turn */
    struct completion_list consuming; /* taken in this turn */
    struct event_list serving;        /* requests taken in this turn */
    struct event_list served;         /* ... and run, until COMMIT */
    struct map chats;                 /* person -> struct chat */
    TAILQ_HEAD(, chat) ready;
    struct event_list ran;        /* events that this turn ran a step of */
    struct event_list waiting;    /* events that wait (LATER) */
    struct staged_list committed; /* staged by released savepoints of this turn */
    struct calls *calls;          /* calls.h */
    int solo;                     /* after a lost turn: so many turns of one event each */
    int64_t retry_at;             /* after a lost turn: not before */
    int failures;                 /* turns lost in a row */
    int64_t open_events;          /* queued, running or waiting: the backlog */
    int64_t due_at;               /* earliest at() event; INT64_MAX = none */
    int64_t schedule_at;          /* earliest schedule */
    struct event *suspect;        /* alone in a lost turn of one event: it is to blame */

    int64_t turns, events_run, turns_lost;
    int64_t turn_us_max, turn_work_us_max; /* the longest; without its fsyncs */
    int64_t turn_began, turn_synced;       /* clock_mono(); db.sync.us */
};

void loop_init(struct loop *l, struct host *h);
void loop_free(struct loop *l);

/* One turn. 1: there was something to do; 0: nothing; -1: the turn was lost (it will be tried
 * again). */
int loop_turn(struct loop *l);
/* When the next turn is due by the clock, in ms; INT64_MAX = only when something arrives. 0 = now.
 */
int64_t loop_next_due(struct loop *l);

void loop_wake(struct loop *l);
/* Frees what no call waits for; the host's own jobs come back this way. Between turns. */
void completion_drop(struct loop *l, struct completion *c);
void loop_post_arrivals(struct loop *l, struct arrival_list *list, struct http_ticket *ticket);
void loop_post_http(struct loop *l, struct http_job *job);
void loop_post_job(struct loop *l, struct pool_job *job);
void loop_post_request(struct loop *l, struct event *ev); /* takes it */

/* Staging: what a step asks for, dropped with its savepoint. */
enum staged_kind {
    STAGED_CALL,
    STAGED_CANCEL,
    STAGED_EVENT,
    STAGED_OUT,
    STAGED_RESPONSE,
    STAGED_JOB
};
struct response {
    uint64_t request, connection;
    int status, more;
    char *type, *body;
    size_t len;
};
struct staged {
    TAILQ_ENTRY(staged) link;
    enum staged_kind kind;
    struct call *call;    /* CALL */
    uint64_t id;          /* CANCEL */
    struct event *event;  /* EVENT */
    struct outgoing *out; /* OUT: outbox.c's */
    struct response response;
    struct pool_job *job; /* JOB: nobody waits for it */
};
struct staged *stage(struct event *ev, enum staged_kind kind);
/* An event that the running turn has journaled and no step asked for: it is queued after COMMIT. */
void stage_event(struct host *h, struct event *ev);
/* Work for the pool that is right only once the running turn is on disk; takes it. */
void stage_job(struct host *h, struct pool_job *job);
void staged_drop(struct host *h, struct staged_list *list);
void staged_apply(struct loop *l); /* after COMMIT: lets out what the turn's steps asked for */

/* Writes what arrived into the journal; sets l->lost when the database fails. */
void arrivals_journal(struct loop *l);
/* Answers the webhooks of what this turn took in: 200 once it is on disk. */
void arrivals_answer(struct loop *l, int status);

/* Several steps in one transaction, for the start: ok 0 drops it all. 0 or -1. */
int loop_group_begin(struct loop *l);
int loop_group_end(struct loop *l, int ok);

/* Runs fn in a savepoint of the running turn. HANDLED, LATER and PASS keep its work, FAIL drops it.
 * BOT_EIO: the turn is lost. */
int loop_step(struct loop *l, struct event *ev, int (*fn)(struct event *ev, void *arg), void *arg);

void requests_run(struct loop *l);
/* After the turn and what it responded: what was not answered is. `status` 0: what each deserves.
 */
void requests_finish(struct loop *l, int status);
void request_refuse(struct loop *l, struct event *ev, int status);

/* Lets the chat's events run when there are any. */
void chat_make_ready(struct loop *l, struct chat *chat);
/* Its person has turned out to be another one: what has not begun goes on in that one's queue, in
 * the journal's order, unless something here waits already. The caller holds a reference. */
void chat_rehome(struct loop *l, struct chat *chat);
/* The event of the chat that may run now, or NULL while another one waits and none may overtake it.
 * *cancels: it ends the one that waits. */
struct event *chat_next(struct chat *chat, int *cancels);
/* 1: the event does not run yet: whose it is, the file that came with it, or what came before it is
 * being asked for. */
int chat_holds(struct event *ev);
/* After COMMIT: the gateways are asked for that, and what they have told lets chats go on. */
void chats_committed(struct loop *l);
/* Ends, as BOT_ETIMEDOUT, the calls of events that waited past their deadline; lets those go on
 * that have waited long enough for the phone number of a hidden id, or for a file. */
void waiting_expire(struct loop *l, int64_t now);
int64_t waiting_next_due(const struct loop *l); /* INT64_MAX = none */
/* Queues a journaled event on its chat. */
void loop_queue(struct host *h, struct event *ev);
void loop_chat_unref(struct loop *l, struct chat *chat); /* NULL-safe */
/* Runs one step outside any chat (start, stop, routes, detached completions) in a savepoint of the
 * running turn, or in a turn of its own. Returns the verdict. */
int loop_run_step(struct host *h, struct event *ev, int (*step)(struct event *ev, void *arg),
                  void *arg);

#endif
