/* event.h - one event on its way: a message, an internal event, a request, a timer. On the loop
 * only.
 *
 * Its strings live in `arena`, as long as the event; what a callback is given lives in `step`,
 * until the callback returns. Everything a callback asks for is staged in `staged` and taken over
 * by the turn when its savepoint is released (see loop.c). */
#ifndef TOKOBOT_EVENT_H
#define TOKOBOT_EVENT_H

#include <sys/queue.h>
#include <tokobot/plugin.h>

#include "base/arena.h"
#include "base/buf.h"

struct host;
struct plugin;
struct chat;
struct dialog;
struct bot_rows;
struct completion;
struct staged;
struct call;
struct attached;
struct fetch;
TAILQ_HEAD(staged_list, staged);

enum event_kind {
    EVENT_MESSAGE = 1,  /* somebody wrote */
    EVENT_OWN = 2,      /* our side wrote from a phone */
    EVENT_INTERNAL = 3, /* emit(), at(), schedules, the host's own */
    EVENT_ROUTE = 4,    /* a request; not journaled */
    EVENT_START = 5,    /* start(), stop(); not journaled */
    EVENT_GATEWAY = 6,  /* send(), resolve(), need_ids(); outside a transaction */
    EVENT_OTHER = 7     /* counted and kept, never run */
};

/* Stored in inbox.state. */
enum inbox_state {
    INBOX_NEW = 0,
    INBOX_WAITING = 1,
    INBOX_DONE = 2,
    INBOX_FAILED = 3,
    INBOX_ASIDE = 4
};

enum phase { PHASE_INIT, PHASE_EVENT, PHASE_SEND };

struct event {
    struct bot_ctx ctx; /* first: what callbacks see */
    struct host *host;
    struct plugin *plugin; /* whose callback runs now */
    enum event_kind kind;
    enum phase phase;
    unsigned refs; /* pending calls that point here, plus one while it is queued or running */
    int finished;  /* settled: what still comes back is a step of its own */
    int muted;     /* cancelled by the sender: what still comes back says nothing */
    TAILQ_ENTRY(event) link; /* in its chat's queue, or among the turn's */
    struct chat *chat;
    int touched;                   /* in loop.ran: this turn has run a step of it */
    int was_waiting, was_finished; /* before this turn: how it is put back when the turn is lost */
    int canceled_another;          /* BATAL, ADMIN: it ended an event that waited */
    int waits;                     /* in loop.waiting */
    int is_identified;             /* identity.c need not look at it again */
    int is_late;                   /* it was handed in late: late.h */
    int in_group;                  /* chat_id is a group's: who writes there is a customer */
    TAILQ_ENTRY(event) ran_link, wait_link;
    TAILQ_HEAD(, call) call_list; /* pending calls */

    /* from the journal */
    int64_t id; /* inbox id; 0 = not journaled */
    int64_t person;
    int64_t sent_at, received_at;
    const char *gateway, *session, *chat_id, *phone, *lid, *name;
    const char *text; /* never NULL for a message */
    const char *quoted_id;
    struct attached *attached; /* what came along with the text; NULL = nothing */
    struct fetch *fetch;       /* its file is on its way, or has come (fetches.c) */
    const char *event_name;    /* internal: "order.placed"; else the network's name */
    const char *body;          /* emit's payload, a route's body */
    size_t body_len;

    /* decided by the host before any handler runs (I7) */
    uint32_t scope; /* enum bot_scope of the running handler */
    uint32_t roles; /* in `store`, and BOT_SUPER */
    int64_t store;  /* 0 = none */
    int store_state;
    const char *store_name, *store_code, *timezone, *language;
    const char *person_name;
    int is_new_member;
    int unserved; /* the store is closed or full: only gates that need no store are asked */
    int64_t stores_active;  /* on this number */
    int64_t own_store;      /* whose number it is: own_number.h */
    const int64_t *choices; /* stores that the message may be for; choice_count 0: any */
    int choice_count;

    /* of a command */
    const char *rest;
    const char **args;
    const char *const *arg_names;
    uint32_t nargs;
    /* of a dialog: the open one while its step or end runs */
    struct dialog *dialog;
    /* dispatch.c's notes for dispatch_settle() and a rerun */
    const char *raw_text; /* the text as it came; `text` may have lost a store code, or be an
                             earlier message's */
    int dialog_done;      /* `dialog` has all its answers: it is closed when the event is settled */
    int dialog_new;       /* dialog_start() opened another one in this event */
    uint32_t need_role; /* of the running command, or of the one that opened the running dialog; 0 =
                           none */
    int ask_again;      /* a dialog stays open: its question is repeated after the answer */
    int64_t member_seen; /* members.last_seen in `store`; 0 = not a member, -1 = not looked up */
    int member_last;     /* 1: `store` is the one this person wrote to last */
    int member_blocked, person_blocked;
    /* of a route */
    uint64_t request, connection;
    const char *route_path, *route_method, *route_query;

    /* a step's outcome so far */
    int status; /* what api->status() says */
    struct buf reply;
    int gathering;          /* what is replied goes to the hook's caller: api->gather() */
    size_t said_len;        /* of reply: from steps that are committed (LATER) */
    size_t said_before;     /* ... before this turn */
    const char *said_kept;  /* ... and its text, for when the turn is lost; NULL = nothing */
    const char *abort_text; /* abort() was called */
    struct staged_list staged;
    struct bot_rows *rows;            /* open cursors of this callback */
    struct completion *lender;        /* whose done() runs (lent.h); NULL = none */
    const struct bot_rows *lent_rows; /* ... and its rows, or NULL */
    int64_t changes, insert_id;
    int mask; /* the stored text is masked when the step commits (a secret) */

    /* LATER */
    const char *handler; /* who goes on: "command PLUGIN NAME"; set by dispatch before the call */
    const void *resume;
    size_t resume_len;
    /* ... as they were in the journal when this process read it: a lost turn goes back to them */
    const char *journaled_handler;
    const void *journaled_resume;
    size_t journaled_resume_len;
    int64_t journaled_store;
    int64_t deadline; /* ms; 0 = not waiting */
    int used_kv;      /* it may have keys of scope BOT_KV_EVENT */

    /* containment.h */
    int attempts;        /* so often the host crashed while it ran */
    const char *suspect; /* in this plugin */
    const char *without; /* nothing of this plugin is called for it; NULL = nobody */
    int parked;          /* it waits for a quarantined plugin: it ends as aside */

    struct arena arena, step;
};

struct event *event_new(struct host *h, enum event_kind kind);
void event_unref(struct event *ev); /* frees at zero */
/* Calls a plugin's handler: sets plugin, state and scope, measures, closes cursors, restores.
 * Returns its verdict; an out-of-range one is BOT_FAIL with a log line. Nested calls (services) are
 * fine. */
int event_call(struct event *ev, struct plugin *plugin, uint32_t scope, bot_handler_fn *fn,
               const char *what);
/* The same for a function of the core's that calls into the plugin. */
int event_invoke(struct event *ev, struct plugin *plugin, uint32_t scope,
                 int (*fn)(struct event *ev, void *arg), void *arg, const char *what);
/* Forgets what the last step left behind: what it said, staging, cursors. Drops what was staged. */
void event_step_reset(struct event *ev);
static inline struct event *event_of(struct bot_ctx *ctx)
{
    return (struct event *)ctx;
}

#endif
