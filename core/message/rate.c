/* rate.c - see rate.h. */
#include "rate.h"

enum { MS = 1000 };

void rate_set(struct rate *r, int64_t n, int64_t period_ms, int64_t burst)
{
    r->interval_us = n > 0 ? period_ms * MS / n : 0;
    r->burst = burst > 1 ? burst : 1;
}

int64_t rate_when(const struct rate *r, int64_t now)
{
    if (!r->interval_us) return now;
    int64_t allowance = (r->burst - 1) * r->interval_us, at = r->at_us;
    int64_t latest = now * MS + allowance + r->interval_us;
    if (at > latest) at = latest;
    int64_t when = (at - allowance + MS - 1) / MS;
    return when > now ? when : now;
}

void rate_take(struct rate *r, int64_t now)
{
    int64_t latest = now * MS + r->burst * r->interval_us;
    if (r->at_us < now * MS) r->at_us = now * MS;
    r->at_us += r->interval_us;
    if (r->at_us > latest) r->at_us = latest;
}

int rate_is_idle(const struct rate *r, int64_t now)
{
    return r->at_us <= now * MS;
}
