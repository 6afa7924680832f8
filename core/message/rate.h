/* rate.h - so many at once, and then one each so often: the generic cell rate algorithm (ITU-T
 * I.371), one number of state. Pure. Times are ms since 1970. */
#ifndef TOKOBOT_RATE_H
#define TOKOBOT_RATE_H

#include <stdint.h>

struct rate {
    int64_t interval_us; /* between two; 0 = no limit */
    int64_t burst;       /* at once, at least 1 */
    int64_t at_us;       /* when the last one would have gone, had they gone evenly */
};

/* `n` in `period_ms`, of them `burst` at once; n 0 = no limit. What was taken stays taken. */
void rate_set(struct rate *r, int64_t n, int64_t period_ms, int64_t burst);
/* When the next one may go: `now` or later. A clock that was put back waits for one period at most.
 */
int64_t rate_when(const struct rate *r, int64_t now);
void rate_take(struct rate *r, int64_t now);
int rate_is_idle(const struct rate *r, int64_t now); /* 1: nothing would be lost by forgetting it */

#endif
