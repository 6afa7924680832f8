/* stats.h - what is counted of each plugin, by name: kept over its generations, so that counters go
 * on after a reload. On the loop. */
#ifndef TOKOBOT_STATS_H
#define TOKOBOT_STATS_H

#include <stdint.h>

#include "../base/map.h"

struct host;

/* Durations in buckets whose width is an eighth of their power of two: a percentile is right to
 * 12 %. */
enum { STATS_BUCKETS = 200 };

struct plugin_stats {
    int64_t calls, errors; /* callbacks, and those that failed */
    int64_t slow_us;       /* the slowest, and which it was */
    char slowest[64];
    uint32_t buckets[STATS_BUCKETS];
    struct map counters; /* metric -> int64_t */
    int64_t generations; /* that were ever made: their code stays mapped */

    /* Hooks that fail again and again pause: host's clock, ms. */
    unsigned fails_in_a_row;
    int64_t paused_until, pause_ms;
};

struct plugin_stats *stats_of(struct host *h, const char *plugin); /* makes it; never NULL */
void stats_free_all(struct host *h);
void stats_count_call(struct plugin_stats *s, const char *what, int64_t us);
void stats_count(struct plugin_stats *s, const char *metric, int64_t add);
/* The duration that `percent` of all callbacks do not exceed; 0 when there were none. */
int64_t stats_percentile_us(const struct plugin_stats *s, int percent);

/* A message's hook failed, or did not. After FAILS_BEFORE_PAUSE failures in a row the plugin's
 * hooks are left out for a second, doubling to five minutes; then one message tries. */
void stats_hook_failed(struct plugin_stats *s, const char *plugin, int64_t now);
static inline void stats_hook_worked(struct plugin_stats *s)
{
    s->fails_in_a_row = 0;
    s->pause_ms = 0;
}
static inline int stats_is_paused(const struct plugin_stats *s, int64_t now)
{
    return s->paused_until > now;
}

#endif
