/* sim.h - the simulator of the host: what its files share.
 *
 * One run = one seed and at most one crash point. The seed draws a schedule (who writes what when,
 * and what goes wrong outside), the agenda plays it against a real host in virtual time, and
 * boundaries are counted: before and after each sync of the disk, each taking of a request by the
 * outside, each completion and each answer to a webhook. At boundary number `crash_at` the power
 * goes. Then the disk forgets, a new host is opened on it, the network delivers again what nobody
 * said 200 to, and when all is quiet the invariants are checked. Reloads are part of a schedule
 * like messages are: what they commit is synced, so the power goes inside of them, too.
 *
 * Everything runs on one thread; a helper thread stands in for the host's own ones (see outside.c).
 */
#ifndef TOKOBOT_SIM_H
#define TOKOBOT_SIM_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/host.h"
#include "bodies.h"
#include "chance.h"
#include "plugin/probe.h"

/* ---- what may be sabotaged, to show that the checks can fail --------------------------------- */

enum sabotage {
    SABOTAGE_NONE,
    SABOTAGE_EARLY_200,   /* WAHA believes in a 200 before the host gave one */
    SABOTAGE_LYING_DISK,  /* syncs do nothing */
    SABOTAGE_NO_SYNC,     /* the host's connection runs with synchronous=OFF */
    SABOTAGE_DOUBLE_SEND, /* each sendText goes out twice */
    SABOTAGE_BLIND_RETRY, /* a lost answer is reported as "nothing was sent" */
    SABOTAGE_LOST_SEND,   /* the first sendText is answered, and not sent */
    SABOTAGE_TWO_EFFECTS, /* a duplicate has another id */
    SABOTAGE_REORDER,     /* a send is answered before it is taken, and taken later */
    SABOTAGE_THREAD,      /* a callback comes on another thread */
    SABOTAGE_DEAF,        /* a webhook's answer gets lost inside the host */
    SABOTAGE_HALF_RELOAD, /* what a reload has written is on disk although it is refused */
    SABOTAGE_EARLY_STOP,  /* a generation is stopped while calls of its are pending */
    SABOTAGE_LOST_DRAIN,  /* a call of a generation that drains never ends */
    SABOTAGE_COUNT
};
extern const char *const sabotage_names[SABOTAGE_COUNT];

/* ---- the schedule ---------------------------------------------------------------------------- */

/* The same words in the same order as in plugin/simtest.c. */
enum act {
    ACT_ROW,
    ACT_EMIT,
    ACT_HTTP,
    ACT_WORK,
    ACT_TIMER,
    ACT_READ,
    ACT_CHAIN,
    ACT_BOTH,
    ACT_FAIL,
    ACT_AT,
    ACT_SEND,
    ACT_CANCEL,
    ACT_RELOAD,
    ACT_COUNT
};

struct message {
    int64_t n; /* its number, in text and effects */
    enum act act;
    int customer;
    int is_command; /* "/sim_row 7", else "sim row 7" */
    char native_id[24];
    int64_t sent_at;
    int answered;       /* some delivery of it was answered 200 */
    int heard_by_extra; /* simextra was on when its number last reached the hooks */
};

enum rubbish {
    RUBBISH_NOT_JSON,
    RUBBISH_DEEP,
    RUBBISH_BAD_HMAC,
    RUBBISH_NO_HMAC,
    RUBBISH_OTHER_EVENT,
    RUBBISH_NO_GATEWAY,
    RUBBISH_EMPTY,
    RUBBISH_UTF8,
    RUBBISH_HUGE_TEXT,
    RUBBISH_COMMAND,
    RUBBISH_USAGE,
    RUBBISH_NOISE,
    RUBBISH_NUL,
    RUBBISH_GROUP,
    RUBBISH_STRANGE_ACK,
    RUBBISH_COUNT
};

/* What the host holds of a POST. The host never looks inside. */
struct http_request {
    struct delivery *delivery;
    unsigned life;
};

/* One POST that WAHA makes until it is answered 200 (rubbish of WAHA's own: any answer will do). */
struct delivery {
    struct sim *sim;
    char *body;
    size_t len;
    char hmac[129];
    const char *gateway;
    int acks;    /* index into sents, or -1 */
    int message; /* index, or -1 */
    int rubbish; /* enum rubbish, or -1 */
    int tries;
    int status; /* of the last answer; 0 = none yet */
    int done;
    struct http_request *open;
};

enum {
    MESSAGE_MAX = 8,
    CUSTOMER_MAX = 3,
    DELIVERY_MAX = 64,
    FLIGHT_MAX = 256,
    SENT_MAX = 96,
    AGENDA_MAX = 512,
    EDITS_MAX = 6,
    GENERATION_MAX = 128
};

/* ---- the operator ---------------------------------------------------------------------------- */

enum extra { EXTRA_OFF, EXTRA_ON, EXTRA_FAILS /* on, and its start() says no */ };

/* bot.ini: what may differ in it. */
struct ini {
    int human;       /* [waha] pace */
    int per_minute;  /* [waha] per_minute, less than a million by so much */
    int flavour;     /* [simtest] flavour; 0 = none */
    int version;     /* simtest is the file of version 2 */
    int extra, note; /* simextra; its section */
    int no_waha;     /* waha = off */
    int swapped;     /* the order in [plugins] */
    int drain;       /* [core] drain: which of those in operator.c */
};

/* Told in operator.c. */
enum edit_kind {
    EDIT_TEST,
    EDIT_VERSION,
    EDIT_EXTRA,
    EDIT_NOTE,
    EDIT_FAILS,
    EDIT_WAHA,
    EDIT_WAHA_OFF,
    EDIT_ORDER,
    EDIT_DRAIN,
    EDIT_NOTHING,
    EDIT_ALL,
    EDIT_SLIP,
    EDIT_WAHA_ON,
    EDIT_COUNT
};
struct edit {
    enum edit_kind kind;
    int dice;
};

/* ---- the outside ----------------------------------------------------------------------------- */

enum fate {
    FATE_OK,
    FATE_SLOW,
    FATE_HANG,
    FATE_LOST,
    FATE_BROKEN,
    FATE_REFUSED,
    FATE_500,
    FATE_422,
    FATE_NO_LID,
    FATE_COUNT
};

/* One HTTP request of the host, on its way. */
struct flight {
    struct sim *sim;
    struct http_job *job;        /* NULL: the host that asked is gone, or has been told */
    uint64_t id;                 /* the job's */
    int refs;                    /* agenda items that point here; 0 = free */
    char *method, *path;         /* path: without the server, with the query */
    char *chat, *text, *send_id; /* of a sendText */
    enum fate fate;
    int is_send, is_test; /* sendText; sim.test */
    int taken;            /* the other side has done what it will do */
    int status;           /* of the answer */
    struct buf answer;
};

/* One message that the fake WAHA sent. */
struct sent {
    char id[40];
    char chat[48];
    char text[160];
    int64_t at;
    int repeats; /* sends under the same id: one message on the wire */
    int late;    /* taken when the asking host no longer waited: says nothing about order */
};

struct agenda_item {
    int64_t at;
    uint64_t seq;
    void (*run)(struct sim *s, void *arg);
    void *arg;
    unsigned life; /* of the host; 0 = outlives it */
};

struct sim_stats {
    uint64_t runs, crashes, boundaries, sends, callbacks;
    uint64_t inside;     /* boundaries inside reloads */
    uint64_t reloads[4]; /* by how they ended: -, ok, refused, unchanged */
    uint64_t cancelled;  /* calls that a drain has ended */
    uint64_t ends;       /* a sum over how runs ended: equal however they were played */
};

struct sim {
    struct probe probe; /* first: what the plugin calls back with */
    uint64_t seed;
    int crash_at; /* boundary; 0 = none */
    int verbose;
    enum sabotage sabotage;

    /* the schedule */
    enum engine engine;
    struct chance plan, fate, after; /* before the crash: plan and fate; recovery draws: after */
    struct chance whim;              /* the operator's */
    int64_t start_ms;
    struct message messages[MESSAGE_MAX];
    int message_count, customer_count;
    struct delivery deliveries[DELIVERY_MAX];
    int delivery_count;
    int64_t down_from, down_to; /* WAHA refuses connections */
    int has_reloads;
    struct edit edits[EDITS_MAX];
    int edit_count, edits_left; /* drawn; still on the agenda */

    /* the world */
    struct host *host;
    unsigned life; /* counts hosts */
    int in_host, dead;
    int reloading, closing; /* inside reload_step(), host_stop() */
    struct ini ini, runs;   /* bot.ini as a start finds it; what the host has taken over */
    int slip;               /* bot.ini is damaged so: until its reload is refused */
    struct probe_generation generations[GENERATION_MAX]; /* of all hosts */
    int generation_count;
    int64_t overdue_since; /* a generation has calls although its drain is over; 0 = none */
    int opened_version;    /* some start found simtest's second file in bot.ini */
    int64_t heard;         /* the number that last reached a hook */
    int explore; /* at each boundary the crash there is played to its end, and forgotten */
    int boundary;
    uint64_t
        known_outside; /* counts what the network took, what the host was told, what it answered */
    uint64_t last_boundary; /* a sum that grows with whatever survives a crash */
    int crashed;            /* how many times */
    int next_crash;         /* boundary of a second crash, 0 = none */
    uint64_t seq;
    struct agenda_item agenda[AGENDA_MAX];
    int agenda_count;
    struct flight flights[FLIGHT_MAX];
    struct sent sents[SENT_MAX];
    int sent_count;
    struct flight *wire;               /* on the wire while the power may go */
    struct pool_job *jobs[FLIGHT_MAX]; /* submitted and not done */
    uint64_t next_id;
    int lost_a_send, deafened;
    int ids_given; /* in this life of the host */
    sqlite3 *reader;
    int use_helper;
    int refused_sends;

    int64_t rest_since; /* nothing was left to do since; 0 = busy */

    char failure[400];
    int explored_failure; /* boundary whose exploration failed, 0 = none; the reason is in `failure`
                           */
    struct sim_stats stats;
};

/* sim.c: a line of the story (verbose), and the first reason why the run failed. */
void sim_say(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sim_fail(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* agenda.c: virtual time. */
void agenda_add(struct sim *s, int64_t at, int of_this_life, void (*run)(struct sim *, void *),
                void *arg);
void agenda_forget_life(struct sim *s);
int64_t agenda_next(const struct sim *s); /* INT64_MAX = empty */
void agenda_run_next(struct sim *s);
/* Counts a boundary; 1: the power has just gone here (or was gone before). */
int boundary(struct sim *s, const char *what);

/* schedule.c: draws and delivers. */
void schedule_draw(struct sim *s);
void schedule_free(struct sim *s);
void delivery_answer(struct sim *s, struct delivery *d, int status);
void schedule_after_crash(struct sim *s);
/* Around an exploration: `s` gets things of its own to free; and frees them. */
void schedule_branch(struct sim *s);
void schedule_unbranch(struct sim *s, int deliveries_before);
int schedule_is_done(const struct sim *s);
/* An ack of one of our messages. */
void schedule_ack(struct sim *s, const struct sent *sent);
void customer_chat(const struct sim *s, int customer, char out[48]);

/* operator.c: edits of bot.ini, reloads, and what must run after each (I9). */
void operator_moves_in(const char *folder,
                       const char *plugins); /* once a process: where bot.ini lies */
void operator_begin(
    struct sim *s); /* before the messages are drawn: does this schedule have reloads? */
enum act operator_bends(struct sim *s, const struct message *m); /* as each is drawn: its act */
void operator_draw(struct sim *s);                               /* behind them: the edits */
const char *operator_ini(struct sim *s); /* bot.ini for a start: as it is now, and without a slip */
void operator_opened(struct sim *s);     /* after host_open() */
void operator_reloads(struct sim *s);    /* plays a reload that was asked for, when it may begin */
int64_t operator_drain_ms(const struct sim *s);

/* generations.c: what the test plugins tell of their generations. */
void generations_begin(struct sim *s);
void generations_opened(struct sim *s); /* after host_open() */
void generations_reloaded(struct sim *s, int taken);
void generations_stopped(struct sim *s); /* after host_stop() */
void generations_watch(struct sim *s);   /* after turns */
void generations_at_rest(struct sim *s);
void generations_sabotage(void *sim); /* as if a callback came just now */

/* outside.c: the ports, the fake WAHA, the helper thread. */
struct host_ports outside_ports(struct sim *s);
void outside_after_crash(struct sim *s);
void outside_free(struct sim *s);
void outside_branch(struct sim *s); /* as schedule_branch(); undone by outside_free() */
int outside_is_idle(const struct sim *s);
/* Runs fn on the helper thread, waiting for it. */
void helper_run(void (*fn)(void *arg), void *arg);

/* world.c: one run. 0, or -1 with s->failure. */
#define SIM_DATABASE "/sim/bot.db"
int world_prepare(const char *folder, const char *plugins, struct probe *probe, char *error,
                  size_t cap);
int world_run(struct sim *s);
/* Plays on as if the power had gone at this boundary, and comes back as if nothing had happened. */
void world_explore(struct sim *s);
void world_watch(struct sim *s); /* from now on syncs of the disk are boundaries */
void world_finish(void);

/* check.c: the invariants. */
void check_send(struct sim *s, const char *chat, const char *text); /* I6, as a request leaves */
void check_reopened(struct sim *s);                                 /* I1, after a crash */
void check_at_rest(struct sim *s, sqlite3 *db);

#endif
