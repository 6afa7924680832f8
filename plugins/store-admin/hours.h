/* SPDX-License-Identifier: MIT
 * hours.h - when a store is open: a week of spans as sellers write it, and what it means at a given
 * minute. Pure; times are minutes of the store's own clock, days are counted from 1970-01-01. */
#ifndef STORE_ADMIN_HOURS_H
#define STORE_ADMIN_HOURS_H

#include <stddef.h>
#include <stdint.h>

#define HOURS_DAYS   7
#define HOURS_SPANS  4 /* of one day */
#define HOURS_DAY    1440
#define HOURS_BYTES  400 /* room for hours_write(), with its NUL */
#define HOURS_QUOTED 40

enum hours_error {
    HOURS_OK = 0,
    HOURS_EMPTY = -1,    /* nothing is said */
    HOURS_WORD = -2,     /* a word that is neither day nor time */
    HOURS_TIME = -3,     /* no time of day, or none where one has to be */
    HOURS_SAME = -4,     /* begins when it ends */
    HOURS_OVERLAP = -5,  /* two spans share a minute */
    HOURS_MANY = -6,     /* more than HOURS_SPANS on one day */
    HOURS_CONFLICT = -7, /* a day is closed and open */
    HOURS_NO_TIME = -8   /* days without times */
};

/* [from, to) in minutes from the day's midnight; from < HOURS_DAY, and to may lie in the next day.
 */
struct hours_span {
    int from, to;
};

/* Day 0 is Monday. Spans of a day are in order and share no minute, not even with the next day's.
 */
struct hours {
    int count[HOURS_DAYS];
    struct hours_span span[HOURS_DAYS][HOURS_SPANS];
};

/* Days on which the store is closed, ascending. */
struct hours_holidays {
    const int64_t *days;
    size_t count;
};

/* Reads what a seller wrote: "senin-jumat 08:00-12:00, 13:00-17:00; sabtu 9-14; minggu tutup".
 * Days that are not named are closed, unless a part without days ("08:00-17:00", "setiap hari ...")
 * says what holds for them. quoted: HOURS_QUOTED bytes for the piece that is wrong. */
enum hours_error hours_parse(const char *text, struct hours *out, char *quoted);

/* As it is kept in the database: "480-720,780-1020;...", seven days. hours_read: 0 or -1. */
void hours_write(const struct hours *h, char out[HOURS_BYTES]);
int hours_read(const char *text, struct hours *out);

void hours_always(struct hours *out);
int hours_weekday(int64_t day); /* 0 = Monday */
/* 1 and *until (when it closes; at most a week ahead for one that never does), or 0. */
int hours_open(const struct hours *h, const struct hours_holidays *off, int64_t minute,
               int64_t *until);
/* The first minute after `minute` at which a span begins, at most 400 days ahead; -1: none. */
int64_t hours_next(const struct hours *h, const struct hours_holidays *off, int64_t minute);
/* 1 when both days have the same spans. */
int hours_same(const struct hours *h, int a, int b);

#endif
