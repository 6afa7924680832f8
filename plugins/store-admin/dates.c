/* SPDX-License-Identifier: MIT
 *
 * dates.c - see dates.h. The day comes before the month, as everybody writes it here; only a year
 * of four digits may come first. */
#include "dates.h"

#include <string.h>

struct date {
    int64_t year; /* 0: not said */
    int month, day;
};

static const char *const months[12][4] = {
    { "januari", "january", "jan", "" },
    { "februari", "february", "feb", "" },
    { "maret", "march", "mar", "" },
    { "april", "apr", "", "" },
    { "mei", "may", "", "" },
    { "juni", "june", "jun", "" },
    { "juli", "july", "jul", "" },
    { "agustus", "august", "agu", "aug" },
    { "september", "sep", "sept", "" },
    { "oktober", "october", "okt", "oct" },
    { "november", "nov", "nop", "" },
    { "desember", "december", "des", "dec" },
};

static int is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int64_t dates_day(int64_t year, int month, int day)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1) return -1;
    if (day > lengths[month - 1] + (month == 2 && is_leap(year))) return -1;
    int64_t before = year - 1, days = day - 1;
    for (int m = 1; m < month; m++) days += lengths[m - 1] + (m == 2 && is_leap(year));
    return before * 365 + before / 4 - before / 100 + before / 400 - 719162 + days;
}

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

/* Up to four digits; their number, or 0. */
static size_t number_read(const char *s, int *out)
{
    size_t n = strspn(s, "0123456789");
    if (n == 0 || n > 4) return 0;
    *out = 0;
    for (size_t i = 0; i < n; i++) *out = *out * 10 + s[i] - '0';
    return n;
}

static size_t month_word(const char *s, int *month)
{
    char word[12];
    size_t n = 0;
    while (n + 1 < sizeof word && ((s[n] | 0x20) >= 'a' && (s[n] | 0x20) <= 'z')) {
        word[n] = (char)(s[n] | 0x20);
        n++;
    }
    word[n] = '\0';
    for (int m = 0; n > 0 && m < 12; m++)
        for (int i = 0; i < 4; i++)
            if (strcmp(months[m][i], word) == 0) {
                *month = m + 1;
                return n;
            }
    return 0;
}

/* A year behind "25 Des": four digits, and nothing that makes another number of them. */
static const char *year_read(const char *s, struct date *out)
{
    const char *at = skip_blanks(s);
    int year = 0;
    if (number_read(at, &year) != 4) return s;
    out->year = year;
    return at + 4;
}

/* "25/12", "25-12-2026", "2026-12-25". A dash with blanks around it is no part of a date. */
static const char *numeric_read(const char *s, struct date *out)
{
    int part[3] = { 0, 0, 0 }, n = 0;
    size_t digits[3] = { 0, 0, 0 };
    char divider = 0;
    for (; n < 3; n++) {
        if (n > 0) {
            if (!strchr("/-.", *s) || !*s || (divider && *s != divider)) break;
            if (s[1] < '0' || s[1] > '9') break;
            divider = *s++;
        }
        digits[n] = number_read(s, &part[n]);
        if (!digits[n]) return NULL;
        s += digits[n];
    }
    if (n < 2 || (*s >= '0' && *s <= '9')) return NULL;
    if (n == 3 && digits[0] == 4) {
        *out = (struct date){ part[0], part[1], part[2] };
    } else if (digits[0] <= 2 && digits[1] <= 2 && (n == 2 || digits[2] == 4 || digits[2] == 2)) {
        int year = n == 2 ? 0 : digits[2] == 2 ? 2000 + part[2] : part[2];
        *out = (struct date){ year, part[1], part[0] };
    } else {
        return NULL;
    }
    return s;
}

/* "25 Des 2026": behind it, or NULL. */
static const char *named_read(const char *s, struct date *out)
{
    int day = 0, month = 0;
    size_t n = number_read(s, &day);
    if (n != 1 && n != 2) return NULL;
    const char *word = skip_blanks(s + n);
    size_t m = month_word(word, &month);
    if (m == 0) return NULL;
    *out = (struct date){ 0, month, day };
    return year_read(word + m, out);
}

static const char *date_read(const char *s, struct date *out)
{
    const char *after = named_read(s, out);
    return after ? after : numeric_read(s, out);
}

/* Behind a dash or "sampai", or NULL. */
static const char *dash_read(const char *s)
{
    static const char *const dashes[] = { "-",      "\xE2\x80\x93", "\xE2\x80\x94", "s/d",
                                          "sampai", "sd",           "hingga",       "to" };
    for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++) {
        size_t n = strlen(dashes[i]);
        if (strncmp(s, dashes[i], n) == 0) return skip_blanks(s + n);
    }
    return NULL;
}

/* The day, in the year that was said or the first one that is not before `from`. */
static int64_t date_resolve(const struct date *d, int64_t from)
{
    if (d->year) return dates_day(d->year, d->month, d->day);
    int64_t year = 1970 + from / 366; /* never too late */
    for (int tries = 0; tries < 12; tries++, year++) {
        int64_t day = dates_day(year, d->month, d->day);
        if (day >= from) return day;
    }
    return -1;
}

/* "25-27 Des", "25 - 27/12": the first day has no month of its own. */
static const char *short_range(const char *s, struct date *first, struct date *last,
                               const char *(*read)(const char *s, struct date *out))
{
    int day = 0;
    size_t n = number_read(s, &day);
    if (n != 1 && n != 2) return NULL;
    const char *after = dash_read(skip_blanks(s + n));
    if (!after || !(after = read(after, last))) return NULL;
    *first = (struct date){ last->year, last->month, day };
    return after;
}

enum dates_error dates_parse(const char *text, int64_t today, int64_t *first, int64_t *last,
                             const char **rest)
{
    struct date a, b;
    const char *s = skip_blanks(text), *dash, *end;
    const char *after = short_range(s, &a, &b, named_read); /* before 25-12 is a date */
    int range = after != NULL;
    if (!after && !(after = date_read(s, &a))) {
        if (!(after = short_range(s, &a, &b, date_read))) return DATES_UNCLEAR;
        range = 1;
    } else if (!range && (dash = dash_read(skip_blanks(after))) != NULL &&
               (end = date_read(dash, &b))) {
        after = end;
        range = 1;
    }
    if (range && !a.year && b.year) a.year = b.year;
    *first = date_resolve(&a, today);
    *last = range ? date_resolve(&b, b.year ? today : *first) : *first;
    if (*first < 0 || *last < 0) return DATES_UNCLEAR;
    if (*last < *first) return DATES_ORDER;
    if (*last < today) return DATES_PAST;
    if (*last > today + DATES_AHEAD_MAX) return range && !b.year ? DATES_LONG : DATES_FAR;
    if (*last - *first >= DATES_RANGE_MAX) return DATES_LONG;
    if (*after && !strchr(" \t\r\n,:([-", *after) && (unsigned char)*after < 0x80)
        return DATES_UNCLEAR;
    *rest = after + strspn(after, " \t\r\n,:([-");
    return DATES_OK;
}
