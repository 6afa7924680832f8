/* day.h - a day of the host with a WAHA that misbehaves on purpose: what its files share.
 *
 *   day.c           options, the story, the summary
 *   day_world.c     virtual time, the host's ports, its starts, stops and deaths
 *   day_people.c    who writes what and when
 *   day_webhooks.c  WAHA's sender of webhooks: doubled, late, reset, retried 15 times, then lost
 *   day_waha.c      WAHA's HTTP side: sends, lookups, acks; the ledger of what it really sent
 *   day_session.c   its session and process, and the timetable of what goes wrong
 *   day_check.c     what must hold at the end
 *
 * The disk, the clock, the seeded process, the bodies and the plugin are those of the simulator
 * (sim.h). */
#ifndef TOKOBOT_SIM_DAY_H
#define TOKOBOT_SIM_DAY_H

#include <stdint.h>
#include <sys/queue.h>

#include "bodies.h"
#include "chance.h"
#include "core/base/buf.h"
#include "core/base/map.h"
#include "core/host.h"
#include "plugin/probe.h"

#define DAY_START_MS INT64_C(1790010000000) /* midnight in Jakarta */
#define DAY_HOUR_MS  (3600 * INT64_C(1000))
#define DAY_HMAC_KEY "the simulator's own key"
#define DAY_DATABASE "/sim/bot.db"

enum { PERSONS = 1000, PERSONS_PHONE = 700 /* the others have a hidden id only */ };

/* ---- what happened, counted; each kind must have happened -------------------------------------
 */

enum tally {
    /* on the way in */
    T_DOUBLED_SAME,     /* the same event once more */
    T_DOUBLED_NEW,      /* the same message under a new event id */
    T_DOUBLED_PAIR,     /* message and message.any */
    T_DOUBLED_CHAT,     /* the same message under the sender's other id */
    T_OVERTAKEN,        /* posted after a later message of its chat */
    T_MEDIA_LATE,       /* held back by the download of its media */
    T_SKEWED,           /* written a day ago, or tomorrow */
    T_RETRIED,          /* posts that were repeated */
    T_REFUSED_HOST,     /* ... because the host was down */
    T_503,              /* ... because it said 503 */
    T_RESET_UNREAD,     /* ... because the connection broke before the host had read it */
    T_RESET_UNANSWERED, /* ... before its answer */
    T_RESET_ANSWERED,   /* ... after its answer was written */
    T_LOST_RETRIES,     /* webhooks lost after 15 retries */
    T_LOST_RESTART,     /* ... and with a restart of WAHA */
    T_NOISE,            /* what is no message */
    /* on the way out */
    T_SEND_SLOW,      /* answered after 1 to 40 s */
    T_SEND_TIMED_OUT, /* the client gave up, WAHA had sent */
    T_SEND_RESET_UNSENT,
    T_SEND_RESET_SENT,
    T_SEND_REPEATED, /* the same id again: one message */
    T_BLIND,         /* asked about a message, it has no store to look into */
    T_500,           /* without a cause */
    T_500_NAMED,
    T_422,
    T_401,
    T_WAITED, /* held by WAHA until its session worked */
    T_REFUSED_WAHA,
    /* acks */
    T_ACK_LOST,
    T_ACK_LATE,
    T_ACK_DISORDER,
    T_ACK_EARLY, /* before the answer to its send */
    T_ACK_ERROR,
    T_OWN_API,
    T_OWN_APP, /* ours, which WAHA has forgotten about */
    /* the world */
    T_BLINK,
    T_WAHA_RESTART,
    T_KEY_CHANGE,
    T_ENGINE_CHANGE,
    T_CRASH,
    T_RESTART,
    T_DISK_FULL,
    TALLIES
};
extern const char *const tally_names[TALLIES];

enum day_sabotage {
    DAY_HONEST,
    DAY_TWICE_AFTER_RESET, /* what was sent and whose answer was lost is sent once more */
    DAY_FORGETFUL,         /* a message that comes again has another id */
    DAY_EARLY_200,         /* a refused connection counts as 200 */
    DAY_OPEN_GROUPS,       /* what is no message looks like one */
    DAY_STUCK,             /* a send whose end is never told */
    DAY_DAWDLING,          /* a send out of a hundred is taken two minutes late */
    DAY_REORDER,           /* a send is answered before it is taken, and taken later */
    DAY_LEAK,              /* each callback leaves 256 bytes behind in the host */
    DAY_HEALTHY,           /* no resets at all: a kind of misbehaviour did not happen */
    DAY_SABOTAGES
};

/* ---- people -----------------------------------------------------------------------------------
 */

/* Words of plugin/simtest.c. */
enum day_act { DAY_ROW, DAY_EMIT, DAY_TIMER, DAY_WORK, DAY_HTTP, DAY_FAIL, DAY_ACTS };
extern const char *const day_act_names[DAY_ACTS];

struct said {
    int person, conversation;
    enum day_act act;
    int is_command, by_lid, is_skewed, has_media;
    int64_t written_at; /* when */
    int64_t stamp;      /* what WhatsApp says about that */
    char id[24];
    int posted;          /* some delivery has reached the host or found it gone */
    int64_t came_at;     /* the host has read it for the first time */
    int64_t answered_at; /* the host's first 200; 0 = none */
    int open;            /* deliveries that go on */
    int64_t refused_at;  /* WAHA surely did not take its answer: when that was last known */
    int in_doubt;        /* some request with its answer may have been taken, and nobody said so */
};

struct day;

/* One webhook that WAHA posts until it hears 200. */
struct post {
    char *body;
    size_t len;
    char hmac[129];
    int message; /* index, or -1 */
    int tries;
    int refs; /* the agenda's, the host's */
    int done;
    unsigned waha_life;
};

/* What the host holds of a POST. The host never looks inside. */
struct http_request {
    TAILQ_ENTRY(http_request) link;
    struct post *post;
    int is_cut;     /* the connection is gone: nobody hears the answer */
    int cut_answer; /* it goes when the answer has been written */
};

/* ---- the wire ---------------------------------------------------------------------------------
 */

struct flight {
    TAILQ_ENTRY(flight) link;
    struct http_job *job; /* NULL: the host that asked is gone, or has been told */
    uint64_t id;
    int refs;
    int is_send, is_test, is_taken;
    int tampered; /* it did not go as it should have */
    int fate;
    char *method, *path, *key;
    char *chat, *text, *send_id;
    unsigned waha_life;
    int64_t since, waits_since;
    int status;
    struct buf answer;
};

/* One message that WAHA really sent. */
struct sent {
    char id[40];
    char chat[48];
    int64_t n; /* of the message it answers; 0 = of none */
    char text[64];
    int64_t at;
    int repeats;
    int late;            /* its sender had given up: says nothing about order */
    int app_again;       /* it came back as one of the owner's */
    int denied;          /* WAHA said that it could not look whether it is there */
    struct sent *before; /* in the same chat */
};

/* From when to when something was wrong that an answer may have waited for. */
struct trouble {
    int64_t from, to;
    uint64_t chat; /* hash; 0 = all */
};

/* ---- the day ----------------------------------------------------------------------------------
 */

struct day_item {
    int64_t at;
    uint64_t seq;
    void (*run)(struct day *d, void *arg);
    void *arg;
};

#define DAY_SUPER "6281100000999"

struct day_limits { /* what the host holds in memory */
    size_t chats, lanes, rows;
};

struct day {
    struct probe probe; /* first: what the plugin calls back with */
    struct probe_generation generations[256];
    int generation_count;

    uint64_t seed;
    int conversations, human, verbose;
    enum day_sabotage sabotage;
    const char *plugins;
    char folder[64];
    struct chance plan, fate, whim; /* what is drawn before; as it goes; for deaths */

    uint64_t seq;
    struct day_item *agenda; /* a heap */
    size_t agenda_count, agenda_cap;

    struct said *said;
    int said_count;
    int64_t *times; /* when something is written, in order */
    int noise_count;

    struct host *host;
    unsigned life;
    int in_host, dead;
    int armed;          /* the power goes at that many boundaries from now; 0 = it does not */
    int is_long;        /* it stays dead longer than WAHA tries */
    int64_t down_since; /* no host since */
    int64_t lives_from; /* this host's start */
    int64_t rest_since;
    TAILQ_HEAD(, http_request) requests;
    int open_posts;
    TAILQ_HEAD(, flight) flights;
    struct pool_job *jobs[256];
    sqlite3 *reader;

    enum engine engine;
    unsigned waha_life;                           /* counts WAHA's processes */
    int waha_up, working;                         /* the process; the session */
    int key, host_key;                            /* which API key WAHA wants, and the bot has */
    int64_t waha_since, working_since, key_since; /* of what is wrong just now */
    uint64_t next_id, next_evt;
    struct map ledger; /* bare id -> struct sent */
    struct map chats;  /* chat -> its last struct sent */
    struct sent **sents;
    size_t sent_count, sent_cap;
    struct trouble *troubles;
    size_t trouble_count, trouble_cap;
    int stuck_done;
    struct buf leaked;              /* DAY_LEAK */
    int blink_waits, restart_waits; /* for the next send: they come when it is on its way */

    struct day_limits first, last; /* after the first hour, at the end */
    int64_t first_bytes, last_bytes,
        most_bytes; /* what the day's first host held, its last, and the one with most */
    int64_t served, last_served; /* callbacks that this host has run; the last had */
    int64_t tallies[TALLIES];
    int64_t alarms_sent, alarms_out; /* of the number: 'sent' on disk, and seen by WAHA */
    int64_t sends, answered, lost, expired, refused, unknown, denied, callbacks;
    int64_t slowest_ms, slowest_back_ms; /* with nothing wrong; after what was wrong had ended */
    char failure[500];
};

/* day.c */
void day_say(struct day *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void day_fail(struct day *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* day_world.c */
void day_at(struct day *d, int64_t at, void (*run)(struct day *d, void *arg), void *arg);
int day_boundary(struct day *d, const char *what); /* 1: the power is gone */
int day_prepare(struct day *d, char *error, size_t cap);
void day_run(struct day *d);
void day_restart(struct day *d,
                 void *arg); /* a clean one; arg: a function that is called in between, or NULL */
void day_crash_soon(struct day *d, void *arg);
void day_disk(struct day *d, void *arg); /* full when arg is not NULL */
void day_measure(struct day *d, struct day_limits *out);

/* day_people.c */
void crowd_draw(struct day *d);
/* A little after something is written, the first time from `at` on; `at` when nothing is for
 * `within_ms`. */
int64_t crowd_near(struct day *d, int64_t at, int64_t within_ms);
void person_chat(int person, int by_lid, char out[48]);

/* day_webhooks.c */
void message_written(struct day *d, void *said);
void noise_made(struct day *d, void *arg);
void webhook_post(struct day *d, struct buf *body, int64_t at); /* of no message; takes the body */
void webhook_answered(struct day *d, struct http_request *request, int status);
void webhooks_host_gone(struct day *d);
const char *webhook_evt(struct day *d, char out[40]);

/* day_waha.c */
void wire_submit(struct day *d, struct http_job *job);
void wire_cancel(struct day *d, uint64_t id);
void wire_host_gone(struct day *d);
void wire_waha_gone(struct day *d); /* its process ends, with all that it had in its hands */
void wire_comes_back(
    struct day *d); /* ... and starts anew: what we sent comes back as if it were the owner's */
void wire_free(struct day *d);
int wire_idle(const struct day *d);
struct said *said_of(struct day *d, const char *text); /* the message that it answers, or NULL */
uint64_t chat_hash(const char *chat);
void trouble_add(struct day *d, int64_t from, int64_t to, const char *chat); /* chat NULL: all */

/* day_session.c */
void session_draw(struct day *d);
void session_blinks(struct day *d, void *arg); /* when one waits */
void session_waha_restarts(struct day *d, void *arg);

/* day_check.c */
void day_check(struct day *d, sqlite3 *db);

#endif
