/* stats.c - see stats.h. */
#include "stats.h"

#include <stdio.h>
#include <stdlib.h>

#include "../base/buf.h"
#include "../base/log.h"
#include "../host.h"

enum { FAILS_BEFORE_PAUSE = 5, PAUSE_FIRST_MS = 1000, PAUSE_LAST_MS = 300000 };

struct plugin_stats *stats_of(struct host *h, const char *plugin)
{
    struct plugin_stats *s = map_get(&h->plugin_stats, plugin);
    if (s) return s;
    s = xcalloc(1, sizeof *s);
    map_put(&h->plugin_stats, plugin, s);
    return s;
}

void stats_free_all(struct host *h)
{
    size_t at = 0;
    for (struct plugin_stats *s; (s = map_next(&h->plugin_stats, &at, NULL));) {
        size_t i = 0;
        for (int64_t *value; (value = map_next(&s->counters, &i, NULL));) free(value);
        map_free(&s->counters);
        free(s);
    }
    map_free(&h->plugin_stats);
}

/* 0..7 us have a bucket each; above, eight to a power of two. */
static unsigned bucket_of(int64_t us)
{
    uint64_t v = us < 0 ? 0 : (uint64_t)us;
    if (v < 8) return (unsigned)v;
    unsigned power = 63u - (unsigned)__builtin_clzll(v);
    unsigned bucket = (power - 2) * 8 + (unsigned)(v >> (power - 3) & 7);
    return bucket < STATS_BUCKETS ? bucket : STATS_BUCKETS - 1;
}

/* The largest duration of a bucket. */
static int64_t bucket_end(unsigned bucket)
{
    if (bucket < 8) return bucket;
    unsigned power = bucket / 8 + 2;
    return ((int64_t)(8 + bucket % 8 + 1) << (power - 3)) - 1;
}

void stats_count_call(struct plugin_stats *s, const char *what, int64_t us)
{
    s->calls++;
    s->buckets[bucket_of(us)]++;
    if (us <= s->slow_us) return;
    s->slow_us = us;
    snprintf(s->slowest, sizeof s->slowest, "%s", what);
}

void stats_count(struct plugin_stats *s, const char *metric, int64_t add)
{
    int64_t *value = map_get(&s->counters, metric);
    if (!value) {
        value = xcalloc(1, sizeof *value);
        map_put(&s->counters, metric, value);
    }
    *value += add;
}

int64_t stats_percentile_us(const struct plugin_stats *s, int percent)
{
    uint64_t all = 0, seen = 0;
    for (unsigned i = 0; i < STATS_BUCKETS; i++) all += s->buckets[i];
    if (!all) return 0;
    for (unsigned i = 0; i < STATS_BUCKETS; i++) {
        seen += s->buckets[i];
        if (seen * 100 >= all * (uint64_t)percent) {
            int64_t end = bucket_end(i);
            return end < s->slow_us ? end : s->slow_us;
        }
    }
    return s->slow_us;
}

void stats_hook_failed(struct plugin_stats *s, const char *plugin, int64_t now)
{
    if (++s->fails_in_a_row < FAILS_BEFORE_PAUSE) return;
    s->pause_ms = !s->pause_ms                      ? PAUSE_FIRST_MS
                  : s->pause_ms * 2 > PAUSE_LAST_MS ? PAUSE_LAST_MS
                                                    : s->pause_ms * 2;
    s->paused_until = now + s->pause_ms;
    log_warn("plugin", "its hooks fail again and again and pause", LOG_STR("plugin", plugin),
             LOG_INT("fails_in_a_row", s->fails_in_a_row), LOG_INT("pause_ms", s->pause_ms));
}
