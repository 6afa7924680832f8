/* clock.h - the only place where the host learns the time, so that tests can make their own.
 * Reading is safe from every thread; clock_virtual_* are for tests, before threads start. */
#ifndef TOKOBOT_CLOCK_H
#define TOKOBOT_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void);   /* wall clock, ms since 1970 UTC */
int64_t clock_mono(void); /* microseconds that never go back; virtual: follows clock_ms */
void clock_virtual_start(int64_t ms);   /* from now on time stands still at ms ... */
void clock_virtual_advance(int64_t ms); /* ... until it is moved */
int clock_is_virtual(void);
/* RFC 3339 in UTC with milliseconds: "2026-11-23T03:15:40.123Z". Returns out. */
char *clock_format(int64_t ms, char out[32]);

#endif
