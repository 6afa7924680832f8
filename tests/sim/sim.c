/* sim.c - runs schedules: each once, and at each of its boundaries the power goes: that is played
 * to its end (world_explore) before the run goes on. --apart plays each crash from the beginning
 * instead, as --crash does: slower, and the sum `ends` must be the same.
 *
 *   sim --schedules 1000 [--seed 1] [--jobs 2]      seeds 1..1000, every boundary of each
 *   sim --seed 123 --crash 17 --verbose             that one run, told line by line
 *   sim --schedules 50 --sabotage double-send       must find it: exit 0 when it does
 *
 * Exit 1 when an invariant does not hold. The last line is "N passed, N failed, N skipped", counted
 * in schedules; a failing run is printed with the command that replays it. */
#include "sim.h"

#include <ftw.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/map.h"

#ifndef SIM_PLUGINS
#define SIM_PLUGINS "plugins"
#endif

const char *const sabotage_names[SABOTAGE_COUNT] = {
    "none",        "early-200", "lying-disk", "no-sync", "double-send", "blind-retry", "lost-send",
    "two-effects", "reorder",   "thread",     "deaf",    "half-reload", "early-stop",  "lost-drain",
};

struct options {
    uint64_t seed;
    int schedules, jobs, crash, verbose, plain, failures_max;
    enum sabotage sabotage;
    const char *plugins;
};

struct totals {
    uint64_t passed, failed, skipped;
    struct sim_stats stats;
    int broken; /* a worker could not even start */
};

static struct sim sim;

void sim_say(struct sim *s, const char *fmt, ...)
{
    va_list ap;
    if (!s->verbose) return;
    printf("%9.3f  ", (double)(clock_ms() - s->start_ms) / 1000);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

void sim_fail(struct sim *s, const char *fmt, ...)
{
    va_list ap;
    if (s->failure[0]) return;
    va_start(ap, fmt);
    vsnprintf(s->failure, sizeof s->failure, fmt, ap);
    va_end(ap);
    sim_say(s, "!!! %s", s->failure);
}

/* ---- one schedule ---------------------------------------------------------------------------- */

static void stats_add(struct sim_stats *to, const struct sim_stats *from)
{
    to->runs += from->runs;
    to->crashes += from->crashes;
    to->boundaries += from->boundaries;
    to->sends += from->sends;
    to->callbacks += from->callbacks;
    for (int i = 0; i < 4; i++) to->reloads[i] += from->reloads[i];
    to->cancelled += from->cancelled;
    to->inside += from->inside;
    to->ends += from->ends;
}

static void tell_failure(const struct options *o, uint64_t seed, int crash, const char *why)
{
    printf("seed %llu, crash %d: %s\n  replay: sim --seed %llu --crash %d --verbose%s%s\n",
           (unsigned long long)seed, crash, why, (unsigned long long)seed, crash,
           o->sabotage ? " --sabotage " : "", o->sabotage ? sabotage_names[o->sabotage] : "");
    fflush(stdout);
}

static int run_once(const struct options *o, uint64_t seed, int crash, int explore)
{
    struct sim_stats stats = sim.stats;
    memset(&sim, 0, sizeof sim);
    sim.stats = stats;
    sim.seed = seed;
    sim.crash_at = crash;
    sim.sabotage = o->sabotage;
    sim.verbose = o->verbose;
    sim.use_helper = crash == 0;
    sim.explore = explore;
    if (world_run(&sim) == 0) return 0;
    tell_failure(o, seed, sim.explored_failure ? sim.explored_failure : crash, sim.failure);
    return -1;
}

/* Every boundary of one seed: explored from the run without a crash, or, to check that this is the
 * same, each in a run of its own. */
static int run_schedule(const struct options *o, uint64_t seed)
{
    if (!o->plain) return run_once(o, seed, 0, 1);
    if (run_once(o, seed, 0, 0) != 0) return -1;
    int boundaries = sim.boundary;
    for (int crash = 1; crash <= boundaries; crash++)
        if (run_once(o, seed, crash, 0) != 0) return -1;
    return 0;
}

/* ---- workers --------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void worker_run(const struct options *o, int worker, struct totals *t)
{
    char folder[] = "/tmp/tokobot-sim-XXXXXX", error[400];
    if (!mkdtemp(folder) ||
        world_prepare(folder, o->plugins, &sim.probe, error, sizeof error) != 0) {
        fprintf(stderr, "sim: %s\n", error);
        t->broken = 1;
    } else if (o->crash >= 0) {
        if (run_once(o, o->seed, o->crash, 0) == 0)
            t->passed++;
        else
            t->failed++;
    } else {
        for (int i = worker; i < o->schedules; i += o->jobs) {
            if (t->failed >= (uint64_t)o->failures_max)
                t->skipped++;
            else if (run_schedule(o, o->seed + (uint64_t)i) == 0)
                t->passed++;
            else
                t->failed++;
        }
    }
    stats_add(&t->stats, &sim.stats);
    world_finish();
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int run_workers(const struct options *o, struct totals *all)
{
    size_t size = sizeof(struct totals) * (size_t)o->jobs;
    struct totals *t = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED) return -1;
    for (int w = 0; w < o->jobs; w++) {
        pid_t pid = o->jobs == 1 ? 0 : fork();
        if (pid < 0) return -1;
        if (pid > 0) continue;
        worker_run(o, w, &t[w]);
        if (o->jobs > 1) exit(0);
    }
    for (int w = 0, status = 0; o->jobs > 1 && w < o->jobs; w++)
        if (wait(&status) > 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) all->broken = 1;
    for (int w = 0; w < o->jobs; w++) {
        all->passed += t[w].passed;
        all->failed += t[w].failed;
        all->skipped += t[w].skipped;
        all->broken |= t[w].broken;
        stats_add(&all->stats, &t[w].stats);
    }
    munmap(t, size);
    return 0;
}

/* ---- the command line ------------------------------------------------------------------------ */

static int usage(void)
{
    fprintf(stderr,
            "usage: sim [--schedules N] [--seed N] [--jobs N] [--crash BOUNDARY] [--verbose]\n"
            "           [--sabotage NAME] [--plugins FOLDER] [--apart]\nsabotage:");
    for (int i = 1; i < SABOTAGE_COUNT; i++) fprintf(stderr, " %s", sabotage_names[i]);
    fputc('\n', stderr);
    return 64;
}

static int sabotage_by_name(const char *name)
{
    for (int i = 0; i < SABOTAGE_COUNT; i++)
        if (strcmp(sabotage_names[i], name) == 0) return i;
    return -1;
}

static int read_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        { "schedules", required_argument, NULL, 'n' },
        { "seed", required_argument, NULL, 's' },
        { "jobs", required_argument, NULL, 'j' },
        { "crash", required_argument, NULL, 'c' },
        { "verbose", no_argument, NULL, 'v' },
        { "sabotage", required_argument, NULL, 'x' },
        { "plugins", required_argument, NULL, 'p' },
        { "apart", no_argument, NULL, 'a' },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (c) {
        case 'n':
            o->schedules = atoi(optarg);
            break;
        case 's':
            o->seed = strtoull(optarg, NULL, 10);
            break;
        case 'j':
            o->jobs = atoi(optarg);
            break;
        case 'c':
            o->crash = atoi(optarg);
            break;
        case 'v':
            o->verbose = 1;
            break;
        case 'a':
            o->plain = 1;
            break;
        case 'p':
            o->plugins = optarg;
            break;
        case 'x': {
            int which = sabotage_by_name(optarg);
            if (which < 0) return -1;
            o->sabotage = (enum sabotage)which;
            break;
        }
        default:
            return -1;
        }
    }
    if (o->crash >= 0 || o->jobs < 1) o->jobs = 1;
    return optind == argc && o->schedules > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct options o = {
        .seed = 1, .schedules = 1, .jobs = 1, .crash = -1, .failures_max = 3, .plugins = SIM_PLUGINS
    };
    struct totals all = { 0 };
    struct timespec from, to;
    setvbuf(stdout, NULL, _IOLBF, 0);
    map_seed(1); /* what is cancelled together is cancelled in the order of a map */
    if (read_options(argc, argv, &o) != 0) return usage();
    if (o.sabotage) o.failures_max = 1;
    if (!o.verbose) {
        log_quiet(1);
        log_set_level(LOG_LEVEL_ERROR);
    }
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (run_workers(&o, &all) != 0 || all.broken) {
        fprintf(stderr, "sim: a worker died\n");
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf(
        "%llu reloads taken over, %llu refused, %llu of nothing; %llu boundaries inside of reloads; %llu calls "
        "cancelled by a drain\n",
        (unsigned long long)all.stats.reloads[1], (unsigned long long)all.stats.reloads[2],
        (unsigned long long)all.stats.reloads[3], (unsigned long long)all.stats.inside,
        (unsigned long long)all.stats.cancelled);
    printf(
        "%llu runs, %llu crashes, %llu boundaries, %llu sends, %llu callbacks, ends %016llx, in %.1f s\n",
        (unsigned long long)all.stats.runs, (unsigned long long)all.stats.crashes,
        (unsigned long long)all.stats.boundaries, (unsigned long long)all.stats.sends,
        (unsigned long long)all.stats.callbacks, (unsigned long long)all.stats.ends,
        (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    if (o.sabotage) { /* here the failure is what is asked for */
        printf("sabotage %s: %s\n", sabotage_names[o.sabotage], all.failed ? "found" : "NOT FOUND");
        printf("%d passed, %d failed, 0 skipped\n", all.failed > 0, all.failed == 0);
        return all.failed ? 0 : 1;
    }
    printf("%llu passed, %llu failed, %llu skipped\n", (unsigned long long)all.passed,
           (unsigned long long)all.failed, (unsigned long long)all.skipped);
    return all.failed ? 1 : 0;
}
