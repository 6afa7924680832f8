/* SPDX-License-Identifier: MIT
 * dates.h - days as people write them: "2026-12-25", "25/12", "25 Des". Pure; a day is counted from
 * 1970-01-01. */
#ifndef STORE_ADMIN_DATES_H
#define STORE_ADMIN_DATES_H

#include <stdint.h>

#define DATES_RANGE_MAX 60  /* days in one range */
#define DATES_AHEAD_MAX 400 /* days from today */

enum dates_error {
    DATES_OK = 0,
    DATES_UNCLEAR = -1, /* no date, or one that does not exist */
    DATES_PAST = -2,
    DATES_FAR = -3,   /* more than DATES_AHEAD_MAX days from now */
    DATES_ORDER = -4, /* ends before it begins */
    DATES_LONG = -5   /* more than DATES_RANGE_MAX days */
};

/* Reads a day or a range of days at the beginning of the text; *rest is what follows, without white
 * space and brackets before it. A day without a year is the next one from `today` on. */
enum dates_error dates_parse(const char *text, int64_t today, int64_t *first, int64_t *last,
                             const char **rest);
int64_t dates_day(int64_t year, int month, int day); /* -1: there is no such day */

#endif
