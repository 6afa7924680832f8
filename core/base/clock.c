/* clock.c - the only place where the host learns the time.
 *
 * Invariant: virtual_ms is INT64_MIN while time is real. Thread: reading from every thread;
 * clock_virtual_* before threads start, or from one thread that the others wait for. */
#include "core/base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t virtual_ms = INT64_MIN;

int64_t clock_ms(void)
{
    int64_t now = atomic_load_explicit(&virtual_ms, memory_order_relaxed);
    if (now != INT64_MIN) return now;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono(void)
{
    int64_t now = atomic_load_explicit(&virtual_ms, memory_order_relaxed);
    if (now != INT64_MIN) return now * 1000;
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void clock_virtual_start(int64_t ms)
{
    atomic_store(&virtual_ms, ms);
}

void clock_virtual_advance(int64_t ms)
{
    if (clock_is_virtual()) atomic_fetch_add(&virtual_ms, ms);
}

int clock_is_virtual(void)
{
    return atomic_load_explicit(&virtual_ms, memory_order_relaxed) != INT64_MIN;
}

/* Days since 1970 -> year, month, day, by counting eras of 400 years that begin on 1 March: then
 * the leap day is the last of its year and the months' lengths follow (153 * m + 2) / 5. */
static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

char *clock_format(int64_t ms, char out[32])
{
    /* Years 0000 to 9999; what lies outside is shown as the nearest end. */
    const int64_t first = -62167219200000, last = 253402300799999;
    if (ms < first) ms = first;
    if (ms > last) ms = last;
    int64_t days = ms / 86400000;
    int64_t rest = ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    int64_t year;
    int month, day;
    civil_from_days(days, &year, &month, &day);
    /* The remainders change nothing; they tell the compiler that 32 bytes are enough. */
    unsigned ms_of_day = (unsigned)rest;
    snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)day % 100, ms_of_day / 3600000 % 24,
             ms_of_day / 60000 % 60, ms_of_day / 1000 % 60, ms_of_day % 1000);
    return out;
}
