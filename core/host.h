/* host.h - owns every part of the running bot. One in a process, but tests open many, one after the
 * other.
 *
 * The host reaches the world only through struct host_ports, the clock (base/clock.h), libsodium's
 * random numbers and SQLite's VFS: with those replaced it is a simulation (tests/sim). */
#ifndef TOKOBOT_HOST_H
#define TOKOBOT_HOST_H

#include "containment.h"
#include "loop.h"
#include "people/erase.h"
#include "plugin/registry.h"
#include "plugin/reload.h"
#include "storage/db.h"
#include "storage/prune.h"

struct config;
struct outbox;
struct store_index;
struct pool_job;
struct search;
struct http_server;
struct http_client;
struct pool;
struct control;

struct host_ports {
    void *ctx;
    /* Takes the job; its end is told with loop_post_http() from any thread, once. */
    void (*http_submit)(void *ctx, struct http_job *job);
    void (*http_cancel)(void *ctx, uint64_t id); /* the job still ends */
    /* Takes the job: pool_job_run(job) on some thread, then loop_post_job(). */
    void (*job_submit)(void *ctx, struct pool_job *job);
    /* Answers a webhook or route request; the request is gone afterwards. */
    void (*answer)(void *ctx, struct http_request *request, int status, const char *type,
                   const char *body, size_t len, unsigned retry_after_s);
    void (*control_send)(void *ctx, uint64_t connection, const char *json, size_t len, int close);
    /* Has a plugin file copied and tried in a process of its own; told with reload_probed() on the
     * loop's thread, between turns. NULL: it is copied and checked here (simulations, tests). */
    void (*probe)(void *ctx, struct plugin_probe *probe);
};

struct host_conf {
    struct config *config;     /* read and checked except for plugins; the host takes it */
    const char *plugin_folder; /* where NAME.so is looked up */
    const char *data_dir;      /* NULL = [core] data_dir */
    const char *vfs;           /* NULL = the system's */
    const char *database;      /* path; NULL = [database] url */
    struct host_ports ports;
    int no_lock; /* tests: no data_dir/lock */
    int wake_fd; /* eventfd that posts write to; 0 = none. The host closes it */
    struct host *
        *opening; /* set as soon as there is a host, for what comes back while it opens; or NULL */
    int share_plugins;   /* tests: open plugins where they lie, without a private copy */
    int try_apart;       /* host_check(): each plugin's init() runs in a process of its own first */
    int close_libraries; /* tests: dlclose() right after a generation's stop(), so that whoever
                            still      points there is found */
    struct crash_page *crash; /* NULL: crashes are not contained */
};

struct host {
    struct host_ports ports;
    struct config *config;
    char *data_dir, *plugin_folder;
    int lock_fd;
    struct db db;
    struct loop loop;
    struct registry *registry;       /* the loop's */
    struct registry *published;      /* what other threads may take; under status_lock */
    struct registry *old_registries; /* somebody still reads them */
    struct plugin_list generations;  /* every one that is not freed */
    unsigned retired;                /* how many of them are out of use */
    int64_t sweep_at;                /* one that was stopped is still held: looked at again then */
    uint32_t generations_made;
    unsigned copies_made;
    struct map plugin_stats; /* name -> struct plugin_stats */
    struct reload reload;
    struct crash_page *crash; /* or NULL */
    struct suspect *suspects; /* containment.c's */
    size_t suspect_count;
    int forgiving;
    struct map poison; /* ids of webhook bodies that crash; under status_lock */
    struct outbox *outbox;
    struct search *search;
    struct texts *texts; /* the core's */
    const char *language, *timezone;
    int64_t started_ms, started_mono;
    int stopping, closing; /* closing: everything is being freed */
    int share_plugins, close_libraries;
    struct buf
        problems;       /* which plugins are left out, and why, one line each: health is degraded */
    struct arena words; /* strings that stay: languages, time zones */

    /* storage/statement.c: whose SQL is being prepared or run; NULL = the core's, allowed
     * everything */
    struct plugin *sql_owner;
    struct migrating *migrating; /* a migration runs */

    int64_t stores_active_cache, stores_count_cache; /* -1 = unknown */
    char **super_admins;                             /* phones */
    size_t super_admin_count;
    struct map supers;               /* person id -> host, once seen */
    int64_t dialog_due;              /* no dialog ends before this; 0 = unknown (dialog.c) */
    struct people *people;           /* people.c's caches */
    struct store_index *store_index; /* or NULL: nobody has asked yet */
    struct identities *identities;   /* hidden ids that are being asked for */
    struct fetches *fetches;         /* files that are being fetched */
    struct lates *lates;             /* what comes late, and what waits for it */

    /* what other threads may read: written by the loop under `status_lock` */
    pthread_mutex_t status_lock;
    char *health_json; /* without uptime: assembled by endpoints.c */
    int database_ok;
    int sessions_connected, sessions_qr, sessions_known;
    char *metrics_text;
    int64_t backlog;     /* atomic: loop.open_events */
    struct map requests; /* id -> struct http_request, kept open by routes; under status_lock */
    uint64_t next_request;
    int64_t published_at, publish_due;
    struct map connections; /* control connections that routes know: id -> host */
    int64_t backlog_max;
    char *metrics_token;                      /* under status_lock */
    char *secret_key;                         /* or NULL: nobody has asked yet */
    int64_t keep_days;                        /* finished messages go after that many */
    int64_t customers_max, customers_warning; /* of a store that has no limit of its own */
    struct prune prune;
    struct erasing erasing;
    int64_t tally_at; /* ms: when messages are counted next */

    struct map event_counts; /* "gateway/event" -> int64_t*, of what is only counted */
    uint64_t random_state;
    char instance[17]; /* random, of this start */
};

/* Opens the lock, the database, the plugins; runs migrations and start(); loads the queue. NULL
 * with a sentence - several lines when there are several errors - and an exit code (design section
 * 6). Bad plugins are left out and health is degraded. */
struct host *host_open(const struct host_conf *conf, int *exit_code, struct buf *errors);
/* [core] secret_key; when it is empty one is made and kept in data_dir/local.ini. NULL when that
 * cannot be written. On the loop; until the next reload. */
const char *host_secret_key(struct host *h);
/* Only reads and checks: the configuration and each plugin that is on. Takes conf->config. 0; 1
 * when a plugin would be left out; 78 for configuration errors. One line each in `errors`. */
int host_check(const struct host_conf *conf, struct buf *errors);
/* One with nothing opened: enough for init() of a plugin that is only looked at. config NULL: the
 * defaults; it is taken. */
struct host *host_bare(struct config *config);
/* Clean stop: stop() of each plugin in a last turn, checkpoint. What is pending is left as it is:
 * events that wait go on with BOT_ERESUMED at the next start. */
void host_stop(struct host *h);
/* Frees everything; without host_stop() it is as if the process had been killed. */
void host_free(struct host *h);

/* One webhook body as it came over HTTP (any thread): signature, gateway's parse, arrivals. Returns
 * the HTTP status when it is decided at once (400, 401, 404, 503, or 200 for nothing to keep), 0
 * when `request` will be answered by ports.answer after its turn. header(arg, name) gives a request
 * header or NULL. */
int host_webhook(struct host *h, const char *gateway, const char *body, size_t len,
                 const char *(*header)(void *arg, const char *name), void *arg, int loopback,
                 struct http_request *request);
/* One line of the control socket. On the loop. Answers go to ports.control_send. */
void host_control(struct host *h, uint64_t connection, const char *verb, const char *json,
                  size_t len);
void host_control_closed(struct host *h, uint64_t connection);
/* An HTTP request to a plugin's route; path is what follows "/p/". 0 when it will be answered by
 * ports.answer, else a status. Any thread. */
int host_route(struct host *h, const char *method, const char *path, const char *query,
               const char *body, size_t len, struct http_request *request);
void host_status(struct host *h, struct buf *out); /* one JSON object; on the loop */
/* "problems":[...]: who is left out or in quarantine, and why; on the loop */
void host_problems(const struct host *h, struct buf *out);
/* The HTTP request that a route's event is of, once; NULL when it has been answered. */
struct http_request *host_request_take(struct host *h, uint64_t id);
int host_request_open(struct host *h, uint64_t id);
/* The control connection that a route's request came by and that is still open, or 0. */
uint64_t host_connection_of(struct host *h, uint64_t request);
/* Something from a gateway that did not come by webhook: journaled in the next turn. BOT_OK or
 * BOT_EINVAL. */
int host_incoming(struct host *h, const char *gateway, const struct bot_incoming *incoming);
void host_publish_soon(struct host *h);
/* The settings of [core] that a reload may change, from h->config. */
void host_read_settings(struct host *h);
/* Keys of the gateways' signatures: the configured ones, or made once. 0, or -1 with a sentence. */
int host_open_gateways(struct host *h, const struct registry *r, const struct config *config,
                       struct buf *errors);
/* 1: whoever asks from this machine, or gives this bearer token (NULL: none), may see /metrics. Any
 * thread. */
int host_may_see_metrics(struct host *h, const char *token, int loopback);
/* For the loop: the database works (or the turn was lost by `error`); what other threads may read
 * is renewed. */
void host_database_state(struct host *h, int ok, const char *error);
void host_publish(struct host *h);
/* How long the loop was held, with and without waiting for the disk. */
void host_turn_begins(struct host *h);
void host_turn_ends(struct host *h);
/* Counts something that is only counted: tokobot_events_total{gateway,event}. */
void host_count_event(struct host *h, const char *gateway, const char *event);
/* Turns until nothing is left to do now (not by waiting for the clock). Returns how many turns ran;
 * stops after `limit`. */
int host_run_idle(struct host *h, int limit);
int64_t host_next_due(struct host *h);
/* GET /health as JSON; any thread. Returns the HTTP status. */
int host_health(struct host *h, struct buf *out);
int host_metrics(struct host *h, struct buf *out); /* any thread */

/* The real world: threads for HTTP in and out, the pool, the control socket, signals. Returns an
 * exit code when told to stop. */
struct host_serve_conf {
    int listen_fd;                      /* -1: make one */
    void (*ready)(void *ctx, int port); /* once /health answers; or NULL */
    void *ctx;
};
int host_serve(struct host_conf *conf, const struct host_serve_conf *serve);

#endif
