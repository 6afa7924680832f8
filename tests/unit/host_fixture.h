/* SPDX-License-Identifier: MIT
 * host_fixture.h - a real host in the test's process: a database in a folder of its own, a virtual
 * clock, a network and threads that do only what the test says, and plugins made of the test's own
 * functions ("alpha", "beta", and the gateway "testgate").
 *
 * One world at a time. A test says() something, the host runs until it has nothing left to do now,
 * and the test expect()s what was sent, in order. */
#ifndef TESTS_HOST_FIXTURE_H
#define TESTS_HOST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/host.h"
#include "core/http/client.h"
#include "core/message/inbox.h"
#include "core/message/outbox.h"
#include "core/storage/pool.h"
#include "plugins/delegate.h"

#define BUDI  "6281100000031"
#define CITRA "6281100000032"
#define DEWI  "6281100000033"
#define SUPER "6281100000001"

enum { HELD_MAX = 128, SENTS_MAX = 512 };

/* What the gateway was asked to send. */
struct sent {
    int64_t id;
    char chat[64], send_id[64];
    uint32_t flags;
    char *text;
    int64_t media;
    char media_type[40], media_name[80], quote[64];
};

typedef int gateway_fn(struct bot_ctx *ctx, const struct bot_outgoing *row);

struct world_conf {
    const struct delegate *alpha, *beta; /* NULL: off */
    const char *plugins;                 /* more lines of [plugins] */
    const char *ini;                     /* more sections */
    int stores;     /* how many there are: "Toko 1" MAJU2, "Toko 2" MAJU3 ... */
    int no_resolve; /* the gateway cannot find out what became of a row */
    int has_ids;    /* the gateway has send ids: need_ids is asked */
    int has_who;    /* the gateway can be asked whose a hidden id is */
    int has_fetch;  /* the gateway fetches files: a request of the network each */
    int own_copies; /* plugins are copied as a real start does, and closed right after their stop()
                     */
    struct crash_page *crash; /* what the supervisor would hold; or NULL */
    int no_gateway;
    const struct bot_budget *budget; /* of the gateway's numbers; NULL: no limits */
};

struct world {
    struct host *host;
    struct world_conf conf;
    char folder[64];
    int exit_code;
    struct buf errors; /* of the last host_open */
    struct sent sents[SENTS_MAX];
    size_t sent_count, seen;
    struct http_job *http[HELD_MAX]; /* requests under way */
    size_t http_count;
    struct pool_job *jobs[HELD_MAX]; /* threads' work not yet done */
    size_t job_count;
    sqlite3 *reader;
    int answers[HELD_MAX]; /* HTTP status of each answered webhook */
    size_t answer_count;
    char answer_body[200];      /* of the last one */
    struct buf control;         /* lines sent to control connections */
    gateway_fn *send, *resolve; /* NULL: sent at once as "N<row id>"; NULL: unknown */
    int resolve_count;
    uint32_t ids_wanted;        /* the last need_ids() */
    int ids_later;              /* need_ids() says that some will come */
    int who_count, who_verdict; /* BOT_LATER when 0 */
    char who_lid[80];           /* the last one that was asked for */
    int fetch_count;            /* so often fetch() was called */
    int fetch_verdict;          /* instead of asking; 0: it asks */
    unsigned message_count;
};
extern struct world w;

/* ---- life: cmocka teardown is world_close ---------------------------------------------------- */
void world_open(const struct world_conf *conf); /* fails the test when the host does not open */
int world_try(const struct world_conf *conf);   /* 0, or w.exit_code and w.errors */
/* The host again on the same data: 1 a clean stop before, 0 as if the process had been killed. What
 * was under way is forgotten. bot.ini is written again, from w.conf. */
void world_reopen(int clean);
/* One store and the catalog itself, which alone answers. */
void world_open_catalog(void);
int world_close(void **state);
const char *world_path(const char *name); /* a file of the world's folder; static memory */

/* Copies a file of the build's tests/plugins into the world's folder, by rename: "v2/shifty.so". */
void put_plugin(const char *from, const char *name);
void use_delegate(const char *plugin,
                  const struct delegate *d);         /* for "gamma", which is not in conf */
void edit_ini(const char *plugins, const char *ini); /* bot.ini anew, with these lines */
/* Asks for a reload and runs: 1 ok, 0 unchanged, -1 refused; then its causes are in w.control. */
int reload(void);

/* ---- driving --------------------------------------------------------------------------------- */
void run(void);        /* until nothing is to be done now; fails when that never ends */
void pass(int64_t ms); /* the clock moves on; what becomes due meanwhile runs at its time */
void post(const char *phone, const char *text); /* a message arrives, and nothing runs yet */
/* Any callback of a chat: size, session, chat and (unless given) event are filled in. */
void post_in(struct bot_incoming in);
void post_as(const char *phone, const char *native_id, const char *text, const char *quoted_id,
             int64_t sent_at);
void say(const char *phone, const char *text); /* post, run */
/* A message that brings a file: kind, url and claimed type, the text is its caption. */
void post_media(const char *phone, const char *kind, const char *url, const char *type,
                const char *text);
int webhook(
    const char *body); /* "ID PHONE TEXT" lines: what host_webhook() returned; nothing runs */
void ack(const char *native_id, int ack_value);

/* ---- what was sent --------------------------------------------------------------------------- */
void expect(const char *phone, const char *text); /* the next one, to this person, is this text */
void expect_like(const char *phone, const char *part); /* ... holds this part */
void expect_none(void);
const struct sent *last_sent(void);
void forget_sent(void); /* as if nothing had been sent yet */
size_t unseen(void);

/* ---- requests and jobs under way ------------------------------------------------------------- */
void route(
    const char *path); /* GET /p/PATH: run; the status is w.answers' last, its body w.answer_body */
void control(const char *verb,
             const char *json); /* a line of the control socket; the answer is in w.control */
void network_answers(int status, const char *body); /* the oldest one gets its answer; then run() */
void network_brings(const void *bytes, size_t len); /* the oldest one: 200 and a file; then run() */
void network_fails(enum http_error error);
void jobs_run(void); /* all; then run() */

/* ---- the database ---------------------------------------------------------------------------- */
int64_t number(const char *sql);        /* as the host's connection sees it */
int64_t disk(const char *sql);          /* as it is committed; -1 when there is no row */
const char *disk_text(const char *sql); /* static memory; "" for NULL or no row */
void script(const char *sql);
void fail_commits(int n); /* the next n COMMITs of the host fail; nothing of their turns is kept */

/* ---- for plugins made of the test's functions ------------------------------------------------ */
int hook_text(const struct bot_api *api, struct bot_plugin *self,
              bot_handler_fn *run_fn); /* message.text, this store */
int outcome(struct bot_ctx *ctx, int64_t id, int result, const char *native_id, const char *error);
int resolved(struct bot_ctx *ctx, int64_t id, int result, const char *native_id);
int send_normally(struct bot_ctx *ctx,
                  const struct bot_outgoing *row); /* records it and says BOT_SENT */
void record(const struct bot_outgoing *row);

#endif
