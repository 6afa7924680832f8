/* day.c - a day of the host, 24 hours of virtual time, with a WAHA that misbehaves on purpose.
 *
 *   day [--seed 1] [--conversations 2000] [--pace human|off]     a summary; exit 1 when something
 * does not hold day --seed 7 --verbose                                       told line by line day
 * --sabotage forgetful                                     must be found: exit 0 when it is
 *
 * A failure names the message and its chat, and the command that repeats it. The last line is
 * "N passed, N failed, N skipped". */
#include "day.h"

#include <ftw.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#ifndef SIM_PLUGINS
#define SIM_PLUGINS "plugins"
#endif

const char *const tally_names[TALLIES] = {
    [T_DOUBLED_SAME] = "doubled, same event",
    [T_DOUBLED_NEW] = "doubled, new event",
    [T_DOUBLED_PAIR] = "message and message.any",
    [T_DOUBLED_CHAT] = "doubled, other chat id",
    [T_OVERTAKEN] = "overtaken",
    [T_MEDIA_LATE] = "late with media",
    [T_SKEWED] = "a day off",
    [T_RETRIED] = "webhooks repeated",
    [T_REFUSED_HOST] = "host down",
    [T_503] = "host said 503",
    [T_RESET_UNREAD] = "reset unread",
    [T_RESET_UNANSWERED] = "reset unanswered",
    [T_RESET_ANSWERED] = "reset behind the answer",
    [T_LOST_RETRIES] = "lost after 15 retries",
    [T_LOST_RESTART] = "lost with WAHA",
    [T_NOISE] = "no messages",
    [T_SEND_SLOW] = "slow",
    [T_SEND_TIMED_OUT] = "timed out, though sent",
    [T_SEND_RESET_UNSENT] = "reset, not sent",
    [T_SEND_RESET_SENT] = "reset, though sent",
    [T_SEND_REPEATED] = "same id again",
    [T_BLIND] = "cannot look",
    [T_500] = "500",
    [T_500_NAMED] = "500 with a cause",
    [T_422] = "422",
    [T_401] = "401",
    [T_WAITED] = "waited for the session",
    [T_REFUSED_WAHA] = "WAHA down",
    [T_ACK_LOST] = "acks lost",
    [T_ACK_LATE] = "acks late",
    [T_ACK_DISORDER] = "acks in disorder",
    [T_ACK_EARLY] = "acks before the answer",
    [T_ACK_ERROR] = "acks -1",
    [T_OWN_API] = "ours, as api",
    [T_OWN_APP] = "ours, as app",
    [T_BLINK] = "blinks",
    [T_WAHA_RESTART] = "restarts of WAHA",
    [T_KEY_CHANGE] = "another key",
    [T_ENGINE_CHANGE] = "another engine",
    [T_CRASH] = "crashes",
    [T_RESTART] = "planned restarts",
    [T_DISK_FULL] = "disk full",
};

/* And what is said when it is found. */
static const struct {
    const char *name, *found;
} sabotages[DAY_SABOTAGES] = {
    [DAY_HONEST] = { "none", "" },
    [DAY_TWICE_AFTER_RESET] = { "twice-after-reset", "was answered more than once" },
    [DAY_FORGETFUL] = { "forgetful", "is in the inbox twice" },
    [DAY_EARLY_200] = { "early-200", "was answered 200 and is not in the inbox" },
    [DAY_OPEN_GROUPS] = { "open-groups", "no message" },
    [DAY_STUCK] = { "stuck", "could have been sent" },
    [DAY_DAWDLING] = { "dawdling", "after anything was wrong" },
    [DAY_REORDER] = { "reorder", "before that to an earlier one" },
    [DAY_LEAK] = { "leak", "the last" },
    [DAY_HEALTHY] = { "healthy", "it never happened: reset" },
};

static struct day day;

void day_say(struct day *d, const char *fmt, ...)
{
    va_list ap;
    if (!d->verbose) return;
    int64_t ms = clock_ms() - DAY_START_MS;
    printf("%02d:%02d:%06.3f  ", (int)(ms / DAY_HOUR_MS), (int)(ms / 60000 % 60),
           (double)(ms % 60000) / 1000);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

void day_fail(struct day *d, const char *fmt, ...)
{
    va_list ap;
    if (d->failure[0]) return;
    va_start(ap, fmt);
    vsnprintf(d->failure, sizeof d->failure, fmt, ap);
    va_end(ap);
    day_say(d, "!!! %s", d->failure);
}

/* ---- the command line -------------------------------------------------------------------------
 */

static int usage(void)
{
    fprintf(
        stderr,
        "usage: day [--seed N] [--conversations N] [--pace human|off] [--verbose] [--plugins FOLDER]\n"
        "           [--sabotage NAME]\nsabotage:");
    for (int i = 1; i < DAY_SABOTAGES; i++) fprintf(stderr, " %s", sabotages[i].name);
    fputc('\n', stderr);
    return 64;
}

static int read_sabotage(struct day *d, const char *name)
{
    for (int i = 0; i < DAY_SABOTAGES; i++)
        if (strcmp(sabotages[i].name, name) == 0) d->sabotage = (enum day_sabotage)i;
    return strcmp(sabotages[d->sabotage].name, name) == 0 ? 0 : -1;
}

static int read_options(int argc, char **argv, struct day *d)
{
    static const struct option longs[] = {
        { "seed", required_argument, NULL, 's' },
        { "conversations", required_argument, NULL, 'n' },
        { "pace", required_argument, NULL, 'p' },
        { "verbose", no_argument, NULL, 'v' },
        { "plugins", required_argument, NULL, 'l' },
        { "sabotage", required_argument, NULL, 'x' },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (c) {
        case 's':
            d->seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            d->conversations = atoi(optarg);
            break;
        case 'p':
            d->human = strcmp(optarg, "human") == 0;
            if (!d->human && strcmp(optarg, "off") != 0) return -1;
            break;
        case 'v':
            d->verbose = 1;
            break;
        case 'l':
            d->plugins = optarg;
            break;
        case 'x':
            if (read_sabotage(d, optarg) != 0) return -1;
            break;
        default:
            return -1;
        }
    }
    return optind == argc && d->conversations > 0 && d->conversations <= 20000 ? 0 : -1;
}

/* ---- the end ----------------------------------------------------------------------------------
 */

static void tell_tallies(const struct day *d, const char *about, enum tally from, enum tally to)
{
    printf("%s:", about);
    for (int t = (int)from; t <= (int)to; t++)
        printf("%s %lld %s", t == (int)from ? "" : ",", (long long)d->tallies[t], tally_names[t]);
    putchar('\n');
}

static void tell(const struct day *d, double seconds)
{
    tell_tallies(d, "in", T_DOUBLED_SAME, T_NOISE);
    tell_tallies(d, "out", T_SEND_SLOW, T_REFUSED_WAHA);
    tell_tallies(d, "back", T_ACK_LOST, T_OWN_APP);
    tell_tallies(d, "day", T_BLINK, T_DISK_FULL);
    printf(
        "memory: %zu chats, %zu lanes, %zu rows after the first hour; %zu, %zu, %zu at the end; the first host held "
        "%lld KiB, the last %lld KiB after %lld callbacks, one %lld KiB\n",
        d->first.chats, d->first.lanes, d->first.rows, d->last.chats, d->last.lanes, d->last.rows,
        (long long)(d->first_bytes >> 10), (long long)(d->last_bytes >> 10),
        (long long)d->last_served, (long long)(d->most_bytes >> 10));
    printf(
        "%d conversations, %d messages: %lld answered, %lld refused, %lld expired (%lld sent all the same, WAHA denied it), %lld unknown, %lld never came; "
        "the slowest after %lld ms, %lld ms after what was wrong had ended; %lld alarms\n",
        d->conversations, d->said_count, (long long)d->answered, (long long)d->refused,
        (long long)d->expired, (long long)d->denied, (long long)d->unknown, (long long)d->lost,
        (long long)d->slowest_ms, (long long)d->slowest_back_ms, (long long)d->alarms_out);
    printf("seed %llu, pace %s: %.1f hours in %.1f s, %lld texts sent, %lld callbacks\n",
           (unsigned long long)d->seed, d->human ? "human" : "off",
           (double)(clock_ms() - DAY_START_MS) / (double)DAY_HOUR_MS, seconds, (long long)d->sends,
           (long long)d->callbacks);
}

static int verdict(const struct day *d)
{
    const char *sabotage = sabotages[d->sabotage].name;
    int failed = d->failure[0] != '\0',
        is_found = failed && strstr(d->failure, sabotages[d->sabotage].found);
    int is_good = d->sabotage ? is_found : !failed;
    if (failed)
        printf("%s\n  replay: day --seed %llu --conversations %d --pace %s --verbose%s%s\n",
               d->failure, (unsigned long long)d->seed, d->conversations,
               d->human ? "human" : "off", d->sabotage ? " --sabotage " : "",
               d->sabotage ? sabotage : "");
    if (d->sabotage) printf("sabotage %s: %s\n", sabotage, is_found ? "found" : "NOT FOUND");
    printf("%d passed, %d failed, 0 skipped\n", is_good, !is_good);
    return is_good ? 0 : 1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

int main(int argc, char **argv)
{
    struct day *d = &day;
    struct timespec from, to;
    char error[500];
    *d = (struct day){ .seed = 1, .conversations = 2000, .human = 1, .plugins = SIM_PLUGINS };
    setvbuf(stdout, NULL, _IOLBF, 0);
    map_seed(1); /* what is cancelled together is cancelled in the order of a map */
    if (read_options(argc, argv, d) != 0) return usage();
    log_quiet(!d->verbose);
    log_set_level(d->verbose ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR);
    clock_gettime(CLOCK_MONOTONIC, &from);
    strcpy(d->folder, "/tmp/tokobot-day-XXXXXX");
    if (!mkdtemp(d->folder) || day_prepare(d, error, sizeof error) != 0) {
        fprintf(stderr, "day: %s\n", error);
        return 1;
    }
    day_run(d);
    clock_gettime(CLOCK_MONOTONIC, &to);
    nftw(d->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    tell(d, (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    int code = verdict(d);
    wire_free(d);
    free(d->said);
    free(d->times);
    return code;
}
