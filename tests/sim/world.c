/* world.c - one run from its first message to rest: opens hosts, moves the clock, kills and
 * restarts.
 *
 * Invariant: the host is entered only here, in schedule.c (a webhook) and in outside.c (a
 * completion is posted), so that a callback at any other time is an error that the probe sees. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/message/outbox.h"
#include "memvfs.h"
#include "seeded.h"

#define START_MS         1790000000000
#define LIMIT_MS         (20 * 60 * 1000)
#define SPIN_MAX         20000 /* turns without the clock moving */
#define REST_MS          6000 /* quiet for so long: what at() and retries still had to say has been said */
#define CHECKPOINT_PAGES 120 /* so that one is under way when the power goes */

static struct {
    char folder[200];
    char plugins[400];
    struct simdisk_image *empty; /* migrated, one store */
} world;

/* ---- hosts ----------------------------------------------------------------------------------- */

static int world_open(struct sim *s)
{
    static char *no_environment[] = { NULL };
    struct buf errors = { 0 };
    int exit_code = 0;
    struct host_conf conf = { .plugin_folder = world.plugins,
                              .data_dir = world.folder,
                              .vfs = SIMDISK_NAME,
                              .database = SIM_DATABASE,
                              .ports = outside_ports(s),
                              .no_lock = 1,
                              .share_plugins = 1 };
    conf.config = config_read(operator_ini(s), 0, no_environment);
    s->life++;
    s->ids_given = 0;
    s->in_host = 1;
    s->host = host_open(&conf, &exit_code, &errors);
    s->in_host = 0;
    if (!s->host && !s->dead && !simdisk_is_full())
        sim_fail(s, "the host does not open (%d): %s", exit_code, buf_str(&errors));
    if (s->host) s->host->db.checkpoint.bound = CHECKPOINT_PAGES;
    if (s->host && s->sabotage == SABOTAGE_NO_SYNC)
        sqlite3_exec(s->host->db.sql, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    if (s->sabotage == SABOTAGE_LYING_DISK) simdisk_set_lying(1);
    buf_free(&errors);
    operator_opened(s);
    generations_opened(s);
    return s->host ? 0 : -1;
}

static void world_close(struct sim *s, int clean)
{
    struct host *h = s->host;
    s->in_host = s->closing = 1;
    if (clean && h) {
        host_stop(h);
        generations_stopped(s);
    }
    outside_after_crash(s); /* a stopped host's requests are as gone as a dead one's */
    host_free(h);
    s->in_host = s->closing = 0;
    s->host = NULL;
    agenda_forget_life(s);
    schedule_after_crash(s);
}

static void world_start(struct sim *s, void *arg)
{
    (void)arg;
    if (s->host || s->failure[0]) return;
    if (world_open(s) == 0) {
        sim_say(s, "host %u is up", s->life);
        check_reopened(s);
    } else if (!s->dead) {
        world_close(s, 0); /* the disk is full: the supervisor tries again */
        agenda_add(s, clock_ms() + 500, 0, world_start, NULL);
    }
}

/* The power is gone: the host falls, the disk forgets, a second crash may be waiting. */
static void world_crash(struct sim *s)
{
    world_close(s, 0);
    s->crashed++;
    s->stats.crashes++;
    simdisk_crash(s->crash_at % 3 == 0 ? 0 : chance_next(&s->after));
    if (s->sabotage == SABOTAGE_LYING_DISK) simdisk_set_lying(1);
    s->dead = 0;
    s->next_crash = 0;
    if (s->crashed == 1 && chance_percent(&s->after, 10))
        s->next_crash = s->boundary + (int)chance_range(&s->after, 1, 40);
    agenda_add(s, clock_ms() + chance_range(&s->after, 0, 1500), 0, world_start, NULL);
}

static void world_restart(struct sim *s, void *arg)
{
    (void)arg;
    if (!s->host) return;
    sim_say(s, "a clean restart");
    world_close(s, 1);
    if (!s->dead) agenda_add(s, clock_ms() + 300, 0, world_start, NULL);
}

static void disk_full(struct sim *s, void *arg)
{
    sim_say(s, arg ? "the disk is full" : "the disk has room again");
    simdisk_set_full(arg != NULL);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static int host_turns(struct sim *s)
{
    if (!s->host) return 0;
    int limit = s->has_reloads ? 1 : 64,
        ran = 0; /* each reload is looked at on its own, between two turns */
    for (int some = limit; some == limit && ran < 64; ran += some) {
        operator_reloads(s);
        if (s->dead || s->failure[0]) break;
        s->in_host = 1;
        some = host_run_idle(s->host, limit);
        s->in_host = 0;
    }
    generations_watch(s);
    return ran;
}

/* Nothing is left to be done by anybody. */
static int world_is_at_rest(struct sim *s)
{
    struct outbox_stats stats = { 0 };
    if (!s->host || s->dead || s->edits_left || !schedule_is_done(s) || !outside_is_idle(s))
        return 0;
    if (s->host->loop.open_events) return 0;
    outbox_stats(s->host->outbox, &stats);
    return stats.queued + stats.in_flight == 0;
}

/* At rest for REST_MS on end: at() rows and acks have come meanwhile. */
static int world_is_done(struct sim *s)
{
    if (!world_is_at_rest(s)) {
        s->rest_since = 0;
        return 0;
    }
    if (!s->rest_since) s->rest_since = clock_ms();
    return clock_ms() - s->rest_since >= REST_MS;
}

static void world_step_clock(struct sim *s)
{
    int64_t now = clock_ms(), due = s->host ? host_next_due(s->host) : INT64_MAX;
    int64_t next = agenda_next(s);
    if (next > due) next = due;
    if (s->rest_since && next > s->rest_since + REST_MS) next = s->rest_since + REST_MS;
    if (next == INT64_MAX) {
        sim_fail(s, "stuck: nothing will ever happen again (%lld open events)",
                 s->host ? (long long)s->host->loop.open_events : -1LL);
        return;
    }
    if (next > now) clock_virtual_advance(next - now);
    if (clock_ms() - s->start_ms > LIMIT_MS) {
        struct outbox_stats stats = { 0 };
        if (s->host) outbox_stats(s->host->outbox, &stats);
        sim_fail(
            s,
            "not at rest after %d minutes (%lld open events, %lld queued, %lld in flight, webhooks done: %d, "
            "outside idle: %d)",
            LIMIT_MS / 60000, s->host ? (long long)s->host->loop.open_events : -1LL,
            (long long)stats.queued, (long long)stats.in_flight, schedule_is_done(s),
            outside_is_idle(s));
        return;
    }
    if (agenda_next(s) <= clock_ms()) agenda_run_next(s);
}

static void world_play(struct sim *s)
{
    int spins = 0;
    int64_t then = 0;
    while (!s->failure[0]) {
        if (s->dead) world_crash(s);
        if (clock_ms() != then) spins = 0;
        then = clock_ms();
        int ran = host_turns(s);
        if (s->dead) continue;
        if ((spins += ran + 1) > SPIN_MAX) {
            sim_fail(s, "the host spins: %d turns without the clock moving", spins);
            return;
        }
        if (ran >= 64) continue;
        if (world_is_done(s)) return;
        world_step_clock(s);
    }
}

/* ---- syncs are boundaries -------------------------------------------------------------------- */

static void on_sync(void *ctx, const char *file, int after)
{
    struct sim *s = ctx;
    if (!s->in_host) return; /* the checker's own */
    const char *name = strstr(file, "-wal") ? "the WAL" : "the database";
    char what[64];
    snprintf(what, sizeof what, "%s a sync of %s", after ? "after" : "before", name);
    boundary(s, what);
}

void world_watch(struct sim *s)
{
    simdisk_on_sync(on_sync, s);
}

/* ---- a run ----------------------------------------------------------------------------------- */

static void world_begin(struct sim *s)
{
    generations_begin(s);
    s->plan.state = s->seed * 3;
    s->fate.state = s->seed * 5 + 1;
    s->after.state = s->seed * 7 + 2;
    s->whim.state = s->seed * 13 + 5;
    host_chance.state = s->seed * 11 + 3;
    simdisk_seed(s->seed);
    clock_virtual_advance(START_MS - clock_ms());
    s->start_ms = clock_ms();
    operator_begin(s);
    schedule_draw(s);
    if (chance_percent(&s->plan, 10))
        agenda_add(s, s->start_ms + chance_range(&s->plan, 100, 3000), 0, world_restart, NULL);
    if (chance_percent(&s->plan, 10)) {
        int64_t at = s->start_ms + chance_range(&s->plan, 0, 3000);
        agenda_add(s, at, 0, disk_full, s);
        agenda_add(s, at + chance_range(&s->plan, 100, 3000), 0, disk_full, NULL);
    }
    operator_draw(s);
}

static void world_check(struct sim *s)
{
    sqlite3 *db = NULL;
    simdisk_on_sync(NULL, NULL);
    generations_at_rest(s);
    if (s->crash_at % 8 != 1 &&
        s->crash_at) { /* the host's own connection sees the same, and costs nothing */
        check_at_rest(s, s->host->db.sql);
        s->dead = 1;
        world_close(s, 0);
        return;
    }
    world_close(s, 1);
    if (sqlite3_open_v2(SIM_DATABASE, &db, SQLITE_OPEN_READWRITE, SIMDISK_NAME) == SQLITE_OK)
        check_at_rest(s, db);
    else
        sim_fail(s, "the database does not open afterwards");
    sqlite3_close(db);
}

/* A number for how the run ended, to compare ways of playing it. */
static uint64_t end_of(const struct sim *s)
{
    struct chance c = { s->seed * 1000 + (uint64_t)s->crash_at };
    for (int i = 0; i < s->sent_count; i++) {
        for (const char *p = s->sents[i].id; *p; p++) c.state = chance_next(&c) ^ (unsigned char)*p;
        c.state = chance_next(&c) ^ (uint64_t)s->sents[i].at;
    }
    for (int i = 0; i < s->generation_count; i++)
        c.state += (uint64_t)(s->generations[i].kept > 0) << 48;
    c.state += (uint64_t)clock_ms() + (uint64_t)s->life;
    return chance_next(&c) >> 8;
}

static void world_play_out(struct sim *s)
{
    world_play(s);
    if (!s->failure[0]) s->stats.ends += end_of(s);
    if (!s->failure[0]) {
        world_check(s);
    } else {
        s->dead = 1; /* whatever the host still says is of no interest */
        world_close(s, 0);
        simdisk_on_sync(NULL, NULL);
    }
    s->stats.runs++;
}

void world_explore(struct sim *s)
{
    static struct sim saved;
    struct chance random = host_chance;
    int64_t now = clock_ms();
    memcpy(&saved, s, sizeof saved);
    simdisk_push();
    outside_branch(s);
    schedule_branch(s);
    s->host = NULL;
    s->explore = s->use_helper = s->in_host = s->reloading = s->closing = 0;
    s->crash_at = s->boundary;
    s->dead = 1;
    sim_say(s, "*** the power goes at boundary %d", s->boundary);
    world_play_out(s);
    outside_free(s);
    schedule_unbranch(s, saved.delivery_count);
    if (s->failure[0]) {
        saved.explored_failure = saved.boundary;
        memcpy(saved.failure, s->failure, sizeof saved.failure);
    }
    saved.stats = s->stats;
    memcpy(s, &saved, sizeof saved);
    simdisk_pop();
    world_watch(s);
    host_chance = random;
    clock_virtual_advance(now - clock_ms());
}

int world_run(struct sim *s)
{
    simdisk_load(world.empty);
    world_begin(s);
    world_watch(s);
    if (s->sabotage == SABOTAGE_THREAD) helper_run(generations_sabotage, s);
    world_start(s, NULL);
    world_play_out(s);
    s->stats.boundaries += (uint64_t)s->boundary;
    outside_free(s);
    schedule_free(s);
    simdisk_crash(0); /* no handle may stay open for the next run's simdisk_load() */
    return s->failure[0] ? -1 : 0;
}

/* ---- once a process -------------------------------------------------------------------------- */

/* A host on an empty disk migrates it; a store is added by hand. */
static int make_image(struct sim *s)
{
    static const char store[] =
        "INSERT INTO stores(code, name, state, created_at) VALUES ('SIMUL', 'Toko Simulasi', 0, 1)";
    sqlite3 *db = NULL;
    simdisk_reset();
    if (world_open(s) != 0) return -1;
    host_turns(s);
    world_close(s, 1);
    int rc = sqlite3_open_v2(SIM_DATABASE, &db, SQLITE_OPEN_READWRITE, SIMDISK_NAME);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, store, NULL, NULL, NULL);
    if (rc != SQLITE_OK) sim_fail(s, "the first database: %s", sqlite3_errmsg(db));
    sqlite3_close(db);
    outside_free(s);
    world.empty = simdisk_save();
    return s->failure[0] ? -1 : 0;
}

int world_prepare(const char *folder, const char *plugins, struct probe *probe, char *error,
                  size_t cap)
{
    struct sim *s = (struct sim *)probe;
    snprintf(world.folder, sizeof world.folder, "%s", folder);
    snprintf(world.plugins, sizeof world.plugins, "%s", plugins);
    if (seeded_begin(START_MS) != 0) {
        snprintf(error, cap, "libsodium or SQLite does not start");
        return -1;
    }
    operator_moves_in(folder, plugins);
    generations_begin(s);
    if (make_image(s) == 0) return 0;
    snprintf(error, cap, "%s", s->failure);
    return -1;
}

void world_finish(void)
{
    simdisk_image_free(world.empty);
}
