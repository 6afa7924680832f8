/* day_world.c - virtual time, the host's ports, its starts, stops and deaths.
 *
 * The host is entered only from here, by a webhook that is posted and by a completion that comes
 * back; all on one thread. The power goes at a boundary: a sync of the disk, a message that WAHA
 * takes, an answer to a webhook. */
#include "day.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/http/client.h"
#include "core/message/lanes.h"
#include "core/storage/pool.h"
#include "memvfs.h"
#include "seeded.h"

#define LIMIT_MS (28 * DAY_HOUR_MS) /* by then all is quiet, whatever happened */
#define REST_MS  10000              /* quiet for so long: nothing more comes */
#define SPIN_MAX 50000              /* turns without the clock moving */

enum { JOBS_MAX = sizeof(((struct day *)0)->jobs) / sizeof(struct pool_job *) };

/* ---- the agenda: a heap; equal times run in the order in which they were added ----------------
 */

static int is_before(const struct day_item *a, const struct day_item *b)
{
    return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

void day_at(struct day *d, int64_t at, void (*run)(struct day *, void *), void *arg)
{
    if (d->agenda_count == d->agenda_cap) {
        d->agenda_cap = d->agenda_cap ? 2 * d->agenda_cap : 4096;
        d->agenda = xrealloc(d->agenda, d->agenda_cap * sizeof *d->agenda);
    }
    struct day_item item = { at, ++d->seq, run, arg };
    size_t i = d->agenda_count++;
    for (; i && is_before(&item, &d->agenda[(i - 1) / 2]); i = (i - 1) / 2)
        d->agenda[i] = d->agenda[(i - 1) / 2];
    d->agenda[i] = item;
}

static struct day_item agenda_take(struct day *d)
{
    struct day_item first = d->agenda[0], last = d->agenda[--d->agenda_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < d->agenda_count; i = child) {
        if (child + 1 < d->agenda_count && is_before(&d->agenda[child + 1], &d->agenda[child]))
            child++;
        if (is_before(&last, &d->agenda[child])) break;
        d->agenda[i] = d->agenda[child];
    }
    d->agenda[i] = last;
    return first;
}

/* ---- boundaries -------------------------------------------------------------------------------
 */

int day_boundary(struct day *d, const char *what)
{
    if (d->dead) return 1;
    if (!d->armed || --d->armed) return 0;
    day_say(d, "*** the power goes %s", what);
    d->dead = 1;
    simdisk_cut();
    return 1;
}

static void on_sync(void *ctx, const char *file, int after)
{
    struct day *d = ctx;
    (void)file;
    if (d->in_host) day_boundary(d, after ? "after a sync" : "before a sync");
}

void day_crash_soon(struct day *d, void *arg)
{
    if (!d->host) return;
    d->is_long |= arg != NULL;
    d->armed = (int)chance_range(&d->whim, 1, 9);
}

/* ---- ports ------------------------------------------------------------------------------------
 */

static void port_http_submit(void *ctx, struct http_job *job)
{
    http_job_join(job);
    struct day *d = ctx;
    if (d->dead)
        http_job_free(job); /* nothing leaves a dead host */
    else
        wire_submit(d, job);
}

static void port_http_cancel(void *ctx, uint64_t id)
{
    wire_cancel(ctx, id);
}

static void job_run(struct day *d, void *arg)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (d->jobs[i] != arg) continue;
        struct pool_job *job = arg;
        d->jobs[i] = NULL;
        pool_job_run(job, &d->reader, d->host->db.path, SIMDISK_NAME);
        loop_post_job(&d->host->loop, job);
        return;
    } /* its host is gone */
}

static void port_job_submit(void *ctx, struct pool_job *job)
{
    struct day *d = ctx;
    for (int i = 0; !d->dead && i < JOBS_MAX; i++) {
        if (d->jobs[i]) continue;
        d->jobs[i] = job;
        day_at(d, clock_ms() + chance_range(&d->fate, 1, 60), job_run, job);
        return;
    }
    if (!d->dead) day_fail(d, "hundreds of jobs at once");
    pool_job_free(job);
}

static void port_answer(void *ctx, struct http_request *request, int status, const char *type,
                        const char *body, size_t len, unsigned retry_after_s)
{
    (void)type, (void)body, (void)len, (void)retry_after_s;
    webhook_answered(ctx, request, status);
}

static void port_control_send(void *ctx, uint64_t connection, const char *json, size_t len,
                              int close)
{
    (void)ctx, (void)connection, (void)json, (void)len, (void)close;
}

/* ---- the plugin tells -------------------------------------------------------------------------
 */

static struct probe_generation *probe_start(struct probe *p, const char *plugin, int version,
                                            const void *self)
{
    struct day *d = (struct day *)p;
    if (d->generation_count == (int)(sizeof d->generations / sizeof d->generations[0])) abort();
    struct probe_generation *g = &d->generations[d->generation_count++];
    *g = (struct probe_generation){ .probe = p,
                                    .plugin = plugin,
                                    .version = version,
                                    .self = self,
                                    .number = d->generation_count,
                                    .life = d->life };
    return g;
}

static void probe_callback(struct probe_generation *g, const char *what)
{
    struct day *d = (struct day *)g->probe;
    d->callbacks++;
    d->served++;
    if (d->sabotage == DAY_LEAK) {
        buf_reserve(&d->leaked, 256);
        d->leaked.len += 256;
    }
    if (!d->in_host) day_fail(d, "I5: callback '%s' came outside of a turn", what);
    if (g->life != d->life) day_fail(d, "I9: callback '%s' of an earlier host", what);
}

static void probe_wrong(struct probe_generation *g, const char *what)
{
    struct day *d = (struct day *)g->probe;
    if (!d->dead) day_fail(d, "plugin: %s", what);
}

static void probe_ignore(struct probe_generation *g)
{
    (void)g;
}

static void probe_cancelled(struct probe_generation *g, const char *what, int of_start)
{
    (void)g, (void)what, (void)of_start;
}

static void probe_heard(struct probe_generation *g, int64_t n)
{
    (void)g, (void)n;
}

static void probe_uses(struct probe_generation *g, const void *owner)
{
    (void)g, (void)owner;
}

/* ---- hosts ------------------------------------------------------------------------------------
 */

static int write_ini(const struct day *d, char *file, size_t cap)
{
    snprintf(file, cap, "%s/bot.ini", d->folder);
    FILE *f = fopen(file, "w");
    if (!f) return -1;
    fprintf(f,
            "[core]\ndata_dir = %s\nsuper_admin = " DAY_SUPER
            "\nsecret_key = simulated-secret-key\n",
            d->folder);
    if (d->engine == ENGINE_NOWEB)
        fputs("backlog = 2\n", f); /* which says 503 when three write at once */
    fprintf(f,
            "[database]\nurl = sqlite:" DAY_DATABASE "\n[limits]\ncustomers_per_store = 1000000\n"
            "[plugins]\nwaha = on\nsimtest = on\n");
    fprintf(
        f,
        "[waha]\nbase_url = http://waha.test\napi_key = simulated-key-%d\nhmac_key = " DAY_HMAC_KEY
        "\npace = %s\nper_minute = 1000000\nper_day = 1000000\n[simtest]\nprobe = %llx\n",
        d->host_key, d->human ? "human" : "off", (unsigned long long)(uintptr_t)&d->probe);
    return fclose(f);
}

static int world_open(struct day *d)
{
    static char *no_environment[] = { NULL };
    struct buf errors = { 0 };
    int exit_code = 0;
    char file[128];
    struct host_conf conf = { .plugin_folder = d->plugins,
                              .data_dir = d->folder,
                              .vfs = SIMDISK_NAME,
                              .database = DAY_DATABASE,
                              .ports = { .ctx = d,
                                         .http_submit = port_http_submit,
                                         .http_cancel = port_http_cancel,
                                         .job_submit = port_job_submit,
                                         .answer = port_answer,
                                         .control_send = port_control_send },
                              .no_lock = 1,
                              .share_plugins = 1 };
    if (write_ini(d, file, sizeof file) != 0) day_fail(d, "cannot write %s", file);
    conf.config = config_read(file, 0, no_environment);
    d->life++;
    d->served = 0;
    d->in_host = 1;
    d->host = host_open(&conf, &exit_code, &errors);
    d->in_host = 0;
    if (!d->host && !d->dead && !simdisk_is_full())
        day_fail(d, "the host does not open (%d): %s", exit_code, buf_str(&errors));
    buf_free(&errors);
    d->lives_from = clock_ms();
    return d->host ? 0 : -1;
}

/* Pages of the database: they have a bound of their own, and grow with it. */
static int64_t cache_of(const struct host *h)
{
    int now = 0, most = 0;
    if (h) sqlite3_db_status(h->db.sql, SQLITE_DBSTATUS_CACHE_USED, &now, &most, 0);
    return now;
}

/* What a host holds in memory is what it gives back when it is freed. */
static void note_held(struct day *d, int64_t bytes)
{
    if (d->life == 1) return;          /* it has only made the database */
    if (!mallinfo2().uordblks) return; /* a sanitizer's allocator does not tell */
    day_say(d, "host %u held %lld KiB after %lld callbacks", d->life, (long long)(bytes >> 10),
            (long long)d->served);
    if (!d->first_bytes) d->first_bytes = bytes;
    if (bytes > d->most_bytes) d->most_bytes = bytes;
    d->last_bytes = bytes;
    d->last_served = d->served;
}

static void world_close(struct day *d, int clean)
{
    struct host *h = d->host;
    d->in_host = 1;
    if (clean && h) host_stop(h);
    wire_host_gone(d);
    for (int i = 0; i < JOBS_MAX; i++) {
        pool_job_free(d->jobs[i]);
        d->jobs[i] = NULL;
    }
    sqlite3_close_v2(d->reader);
    d->reader = NULL;
    int64_t held = (int64_t)mallinfo2().uordblks - cache_of(h);
    host_free(h);
    buf_free(&d->leaked);
    note_held(d, held - (int64_t)mallinfo2().uordblks);
    d->in_host = 0;
    d->host = NULL;
    d->down_since = clock_ms();
    webhooks_host_gone(d);
}

/* What was being sent without an id is not sent again before WAHA must have let go of it (20 s; at
 * a human pace 37 s from the attempt), in case the list does not show it. */
static void note_unsure(struct day *d)
{
    sqlite3_stmt *st = NULL;
    sqlite3_prepare_v2(
        d->host->db.sql,
        "SELECT chat, text, attempted_at FROM outbox WHERE state = 1 AND send_id IS NULL", -1, &st,
        NULL);
    while (st && sqlite3_step(st) == SQLITE_ROW) {
        struct said *m = said_of(d, (const char *)sqlite3_column_text(st, 1));
        trouble_add(d, d->down_since, clock_ms() + 40000, (const char *)sqlite3_column_text(st, 0));
        if (m && sqlite3_column_int64(st, 2) > m->refused_at)
            m->in_doubt = 1; /* it died before it was told */
    }
    sqlite3_finalize(st);
}

static void world_start(struct day *d, void *arg)
{
    (void)arg;
    if (d->host || d->failure[0]) return;
    if (world_open(d) == 0) {
        day_say(d, "host %u is up", d->life);
        trouble_add(d, d->down_since, clock_ms(), NULL);
        note_unsure(d);
    } else if (!d->dead) { /* the disk is full: the supervisor tries again */
        day_at(d, clock_ms() + 500, world_start, NULL);
    }
}

static void world_crash(struct day *d)
{
    int64_t down =
        d->is_long ? chance_range(&d->whim, 60000, 120000) : chance_range(&d->whim, 200, 8000);
    d->is_long = 0;
    world_close(d, 0);
    d->tallies[T_CRASH]++;
    simdisk_crash(chance_percent(&d->whim, 30) ? 0 : chance_next(&d->whim));
    d->dead = 0;
    d->armed = 0;
    day_at(d, clock_ms() + down, world_start, NULL);
}

void day_restart(struct day *d, void *arg)
{
    void (*meanwhile)(struct day *) = (void (*)(struct day *))(uintptr_t)arg;
    if (!d->host) { /* it is dead just now: a little later, then */
        day_at(d, clock_ms() + 1000, day_restart, arg);
        return;
    }
    day_say(d, "a planned restart");
    world_close(d, 1);
    if (d->dead) {
        day_at(d, clock_ms() + 1000, day_restart, arg);
        return; /* the power went in the middle of it: world_crash() starts one */
    }
    d->tallies[T_RESTART]++;
    if (meanwhile) meanwhile(d);
    day_at(d, clock_ms() + 3000, world_start, NULL);
}

void day_disk(struct day *d, void *arg)
{
    day_say(d, arg ? "the disk is full" : "the disk has room again");
    d->tallies[T_DISK_FULL] += arg != NULL;
    if (arg)
        d->down_since = clock_ms();
    else
        trouble_add(d, d->down_since, clock_ms() + 2000, NULL);
    simdisk_set_full(arg ? 2 : 0);
}

/* ---- what it holds ----------------------------------------------------------------------------
 */

void day_measure(struct day *d, struct day_limits *out)
{
    const struct host *h = d->host;
    out->chats = h->loop.chats.count;
    out->lanes = h->outbox->lanes.count;
    out->rows = h->outbox->rows.count;
}

static void measure_first(struct day *d, void *arg)
{
    (void)arg;
    if (d->host)
        day_measure(d, &d->first);
    else
        day_at(d, clock_ms() + 1000, measure_first, NULL);
}

/* ---- the clock --------------------------------------------------------------------------------
 */

static int world_is_at_rest(const struct day *d)
{
    struct outbox_stats stats = { 0 };
    if (!d->host || d->dead || d->armed || clock_ms() < DAY_START_MS + 24 * DAY_HOUR_MS) return 0;
    if (d->open_posts || !wire_idle(d) || d->host->loop.open_events) return 0;
    outbox_stats(d->host->outbox, &stats);
    return stats.queued + stats.in_flight == 0;
}

static int world_is_done(struct day *d)
{
    if (!world_is_at_rest(d)) {
        d->rest_since = 0;
        return 0;
    }
    if (!d->rest_since) d->rest_since = clock_ms();
    return clock_ms() - d->rest_since >= REST_MS;
}

static void tell_stuck(struct day *d)
{
    struct outbox_stats stats = { 0 };
    if (d->host) outbox_stats(d->host->outbox, &stats);
    day_fail(
        d,
        "not at rest four hours after the day (%lld open events, %lld queued, %lld in flight, webhooks done: %d, "
        "wire idle: %d)",
        d->host ? (long long)d->host->loop.open_events : -1LL, (long long)stats.queued,
        (long long)stats.in_flight, !d->open_posts, wire_idle(d));
}

static void world_step_clock(struct day *d)
{
    int64_t now = clock_ms(), next = d->host ? host_next_due(d->host) : INT64_MAX;
    int64_t due = d->agenda_count ? d->agenda[0].at : INT64_MAX;
    if (d->sabotage == DAY_DAWDLING && next <= now) next = now + 1000;
    if (next > due) next = due;
    if (d->rest_since && next > d->rest_since + REST_MS) next = d->rest_since + REST_MS;
    if (next > now + 60000) next = now + 60000; /* looks again whether all is quiet */
    if (next > now) clock_virtual_advance(next - now);
    if (clock_ms() - DAY_START_MS > LIMIT_MS) {
        tell_stuck(d);
    } else if (due <= clock_ms()) {
        struct day_item item = agenda_take(d);
        item.run(d, item.arg);
    }
}

static int host_turns(struct day *d)
{
    if (!d->host) return 0;
    if (d->sabotage == DAY_DAWDLING && clock_ms() / 60000 % 60 < 4)
        return 0; /* it sleeps every hour */
    d->in_host = 1;
    int ran = host_run_idle(d->host, 64);
    d->in_host = 0;
    return ran;
}

static void world_play(struct day *d)
{
    int64_t then = 0;
    int spins = 0;
    while (!d->failure[0]) {
        if (d->dead) world_crash(d);
        if (clock_ms() != then) spins = 0;
        then = clock_ms();
        int ran = host_turns(d);
        if (d->dead) continue;
        if ((spins += ran + 1) > SPIN_MAX)
            day_fail(d, "the host spins: %d turns without the clock moving", spins);
        if (ran >= 64) continue;
        if (world_is_done(d)) return;
        world_step_clock(d);
    }
}

/* ---- a day ------------------------------------------------------------------------------------
 */

/* A host on an empty disk migrates it; a store is added by hand. */
static void make_store(struct day *d)
{
    static const char store[] =
        "INSERT INTO stores(code, name, state, created_at) VALUES ('SIMUL', 'Toko Simulasi', 0, 1)";
    sqlite3 *db = NULL;
    simdisk_reset();
    if (world_open(d) != 0) return;
    host_turns(d);
    world_close(d, 1);
    int rc = sqlite3_open_v2(DAY_DATABASE, &db, SQLITE_OPEN_READWRITE, SIMDISK_NAME);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, store, NULL, NULL, NULL);
    if (rc != SQLITE_OK) day_fail(d, "the first database: %s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void world_check(struct day *d)
{
    sqlite3 *db = NULL;
    simdisk_on_sync(NULL, NULL);
    day_measure(d, &d->last);
    world_close(d, 1);
    if (sqlite3_open_v2(DAY_DATABASE, &db, SQLITE_OPEN_READWRITE, SIMDISK_NAME) == SQLITE_OK)
        day_check(d, db);
    else
        day_fail(d, "the database does not open afterwards");
    sqlite3_close(db);
}

int day_prepare(struct day *d, char *error, size_t cap)
{
    d->probe = (struct probe){ .start = probe_start,
                               .start_failed = probe_ignore,
                               .stop = probe_ignore,
                               .callback = probe_callback,
                               .cancelled = probe_cancelled,
                               .heard = probe_heard,
                               .uses = probe_uses,
                               .wrong = probe_wrong };
    TAILQ_INIT(&d->requests);
    TAILQ_INIT(&d->flights);
    d->plan.state = d->seed * 3;
    d->fate.state = d->seed * 5 + 1;
    d->whim.state = d->seed * 7 + 2;
    host_chance.state = d->seed * 11 + 3;
    if (seeded_begin(DAY_START_MS - 60000) != 0) {
        snprintf(error, cap, "libsodium or SQLite does not start");
        return -1;
    }
    simdisk_seed(d->seed);
    make_store(d);
    snprintf(error, cap, "%s", d->failure);
    return d->failure[0] ? -1 : 0;
}

void day_run(struct day *d)
{
    clock_virtual_advance(DAY_START_MS - clock_ms());
    crowd_draw(d);
    session_draw(d);
    day_at(d, DAY_START_MS + DAY_HOUR_MS, measure_first, NULL);
    simdisk_on_sync(on_sync, d);
    world_start(d, NULL);
    world_play(d);
    if (d->failure[0]) {
        d->dead = 1;
        simdisk_on_sync(NULL, NULL);
        world_close(d, 0);
    } else {
        world_check(d);
    }
    free(d->agenda);
}
