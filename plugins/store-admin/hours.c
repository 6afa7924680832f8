/* SPDX-License-Identifier: MIT
 *
 * hours.c - opening hours as sellers type them on a phone, without a form. The text is cut into
 * tokens (days, times, dashes, "tutup", "24 jam"); noise such as "buka jam" is dropped; then parts
 * of days and spans are put together. What is not understood is refused and quoted, never guessed:
 * a customer would stand before a closed door. Pure. */
#include "hours.h"

#include <stdio.h>
#include <string.h>

#define AHEAD_DAYS 400 /* holidays lie within a year */
#define TOKENS_MAX 120
#define WORD_MAX   16

enum token_kind {
    T_END,
    T_DAYS, /* value: a set of days, bit 0 = Monday */
    T_TIME, /* value: minutes; may still be moved by "sore" or "pm" behind it */
    T_DASH,
    T_COMMA,
    T_BREAK, /* ; or a line break */
    T_CLOSED,
    T_ALWAYS
};

struct token {
    enum token_kind kind;
    int value;
    int by_name; /* T_DAYS: one day, so that a range may begin or end with it */
    const char *at;
    size_t len;
};

struct reader {
    struct token tokens[TOKENS_MAX];
    size_t count, pos;
    char *quoted;
    struct hours *out;
    struct hours rest; /* what holds for days that are not named */
    int rest_said, named, closed;
};

enum { EVERY_DAY = 127, NOISE = -1, DASH_WORD = -2, COMMA_WORD = -3, CLOSED_WORD = -4 };
enum { ALWAYS_WORD = -5, HOUR_WORD = -6 };

static const struct {
    const char *word;
    int value; /* a set of days, or one of the above */
} words[] = {
    { "senin", 1 },
    { "sen", 1 },
    { "monday", 1 },
    { "mon", 1 },
    { "selasa", 2 },
    { "sel", 2 },
    { "tuesday", 2 },
    { "tue", 2 },
    { "tues", 2 },
    { "rabu", 4 },
    { "rab", 4 },
    { "wednesday", 4 },
    { "wed", 4 },
    { "kamis", 8 },
    { "kam", 8 },
    { "thursday", 8 },
    { "thu", 8 },
    { "thurs", 8 },
    { "jumat", 16 },
    { "jum", 16 },
    { "jumaat", 16 },
    { "friday", 16 },
    { "fri", 16 },
    { "sabtu", 32 },
    { "sab", 32 },
    { "saturday", 32 },
    { "sat", 32 },
    { "minggu", 64 },
    { "ming", 64 },
    { "min", 64 },
    { "ahad", 64 },
    { "sunday", 64 },
    { "sun", 64 },
    { "weekdays", 31 },
    { "weekday", 31 },
    { "kerja", 31 },
    { "weekend", 96 },
    { "weekends", 96 },
    { "pekan", 96 },
    { "setiap", EVERY_DAY },
    { "tiap", EVERY_DAY },
    { "every", EVERY_DAY },
    { "everyday", EVERY_DAY },
    { "daily", EVERY_DAY },
    { "lainnya", EVERY_DAY },
    { "sisanya", EVERY_DAY },
    { "others", EVERY_DAY },
    { "sampai", DASH_WORD },
    { "sampe", DASH_WORD },
    { "hingga", DASH_WORD },
    { "sd", DASH_WORD },
    { "to", DASH_WORD },
    { "until", DASH_WORD },
    { "till", DASH_WORD },
    { "dan", COMMA_WORD },
    { "and", COMMA_WORD },
    { "tutup", CLOSED_WORD },
    { "libur", CLOSED_WORD },
    { "closed", CLOSED_WORD },
    { "off", CLOSED_WORD },
    { "nonstop", ALWAYS_WORD },
    { "jam", HOUR_WORD },
    { "hours", HOUR_WORD },
    { "pukul", NOISE },
    { "pkl", NOISE },
    { "buka", NOISE },
    { "open", NOISE },
    { "hari", NOISE },
    { "day", NOISE },
    { "dari", NOISE },
    { "from", NOISE },
    { "mulai", NOISE },
    { "akhir", NOISE },
    { "at", NOISE },
    { "wib", NOISE },
    { "wita", NOISE },
    { "wit", NOISE },
};

/* Which half of the day: hours of first..last are moved to the other half; 12 is midnight or noon.
 */
static const struct {
    const char *word;
    int first, last, twelve;
} halves[] = {
    { "pagi", 13, 12, 0 },  { "am", 13, 12, 0 }, { "siang", 1, 4, 12 },  { "sore", 1, 7, 12 },
    { "petang", 1, 7, 12 }, { "pm", 1, 11, 12 }, { "malam", 5, 11, 24 },
};

/* ---- tokens ---------------------------------------------------------------------------------- */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static enum hours_error refuse(struct reader *r, enum hours_error error, const char *at, size_t len)
{
    if (len >= HOURS_QUOTED) len = HOURS_QUOTED - 1;
    while (len > 0 && ((unsigned char)at[len] & 0xC0) == 0x80) len--;
    memcpy(r->quoted, at, len);
    r->quoted[len] = '\0';
    return error;
}

static struct token *token_add(struct reader *r, enum token_kind kind, int value, const char *at,
                               size_t len)
{
    struct token *t = &r->tokens[r->count++];
    *t = (struct token){ kind, value, 0, at, len };
    return t;
}

static struct token *token_last(struct reader *r)
{
    return r->count ? &r->tokens[r->count - 1] : NULL;
}

/* "8", "08", "8:30", "8.30", "0830". 0 or -1; *len: the bytes it takes. */
static int time_read(const char *s, int *minutes, size_t *len)
{
    size_t n = strspn(s, "0123456789");
    int hour = 0, minute = 0;
    if (n == 4) {
        hour = (s[0] - '0') * 10 + s[1] - '0';
        minute = (s[2] - '0') * 10 + s[3] - '0';
        *len = 4;
    } else {
        for (size_t i = 0; i < n && i < 3; i++) hour = hour * 10 + s[i] - '0';
        *len = n;
        if ((s[n] == ':' || s[n] == '.') && is_digit(s[n + 1])) {
            size_t m = strspn(s + n + 1, "0123456789");
            *len = n + 1 + m;
            if (m != 2) return -1;
            minute = (s[n + 1] - '0') * 10 + s[n + 2] - '0';
        }
        if (n > 2) return -1;
    }
    *minutes = hour * 60 + minute;
    return minute > 59 || hour > 24 || (hour == 24 && minute) ? -1 : 0;
}

/* "pagi" behind a time. 1 when it is such a word. */
static int half_apply(struct reader *r, const char *word, int *wrong)
{
    struct token *t = token_last(r);
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        if (strcmp(halves[i].word, word) != 0) continue;
        *wrong = !t || t->kind != T_TIME;
        if (*wrong) return 1;
        int hour = t->value / 60;
        if (hour == 12) t->value = halves[i].twelve * 60 + t->value % 60;
        if (hour >= halves[i].first && hour <= halves[i].last) t->value += HOURS_DAY / 2;
        *wrong = t->value > HOURS_DAY || hour > 24;
        return 1;
    }
    return 0;
}

static enum hours_error word_add(struct reader *r, const char *at, size_t len)
{
    char word[WORD_MAX];
    int wrong = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_letter(at[i])) continue; /* jum'at */
        if (n + 1 == sizeof word) return refuse(r, HOURS_WORD, at, len);
        word[n++] = (char)(at[i] | 0x20);
    }
    word[n] = '\0';
    if (half_apply(r, word, &wrong)) return wrong ? refuse(r, HOURS_TIME, at, len) : HOURS_OK;
    struct token *before = token_last(r);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, word) != 0) continue;
        int v = words[i].value;
        if (v > 0)
            token_add(r, T_DAYS, v, at, len)->by_name = (v & (v - 1)) == 0;
        else if (v == DASH_WORD)
            token_add(r, T_DASH, 0, at, len);
        else if (v == COMMA_WORD)
            token_add(r, T_COMMA, 0, at, len);
        else if (v == CLOSED_WORD)
            token_add(r, T_CLOSED, 0, at, len);
        else if (v == ALWAYS_WORD)
            token_add(r, T_ALWAYS, 0, at, len);
        else if (v == HOUR_WORD && before && before->kind == T_TIME && before->value == HOURS_DAY &&
                 before->len == 2 && (r->count < 2 || r->tokens[r->count - 2].kind != T_DASH))
            before->kind = T_ALWAYS; /* "24 jam" */
        return HOURS_OK;
    }
    return refuse(r, HOURS_WORD, at, len);
}

/* A dash in any of the forms that phones make of it: its bytes, or 0. */
static size_t dash_len(const char *s)
{
    if (*s == '-' || *s == '~') return 1;
    return !strncmp(s, "\xE2\x80\x93", 3) || !strncmp(s, "\xE2\x80\x94", 3) ||
                   !strncmp(s, "\xE2\x88\x92", 3)
               ? 3
               : 0;
}

static size_t word_len(const char *s)
{
    size_t n = 0;
    for (;;) {
        if (is_letter(s[n]))
            n++;
        else if (n && (s[n] == '\'' || s[n] == '`') && is_letter(s[n + 1]))
            n++;
        else if (n && !strncmp(s + n, "\xE2\x80\x99", 3) && is_letter(s[n + 3]))
            n += 3;
        else
            return n;
    }
}

/* Adds the token at s. *len: the bytes that it takes. */
static enum hours_error token_read(struct reader *r, const char *s, size_t *len)
{
    size_t n;
    *len = 1;
    if (!strncmp(s, "24/7", 4) && !is_digit(s[4])) {
        *len = 4;
        token_add(r, T_ALWAYS, 0, s, 4);
        return HOURS_OK;
    }
    if ((s[0] | 0x20) == 's' && s[1] == '/' && (s[2] | 0x20) == 'd' && !is_letter(s[3])) {
        *len = 3;
        token_add(r, T_DASH, 0, s, 3);
        return HOURS_OK;
    }
    if ((n = dash_len(s)) > 0) {
        *len = n;
        token_add(r, T_DASH, 0, s, n);
        return HOURS_OK;
    }
    if (is_digit(*s)) {
        int minutes = 0;
        if (time_read(s, &minutes, len) < 0) return refuse(r, HOURS_TIME, s, *len);
        token_add(r, T_TIME, minutes, s, *len);
        return HOURS_OK;
    }
    if ((n = word_len(s)) > 0) {
        *len = n;
        return word_add(r, s, n);
    }
    if (*s == ',' || *s == '&' || *s == '+') {
        token_add(r, T_COMMA, 0, s, 1);
    } else if (*s == ';' || *s == '\n' || *s == '|') {
        token_add(r, T_BREAK, 0, s, 1);
    } else if (!strchr(" \t\r:=.()*", *s)) {
        *len = strcspn(s, " \t\r\n,;");
        return refuse(r, HOURS_WORD, s, *len);
    }
    return HOURS_OK;
}

static enum hours_error tokens_read(struct reader *r, const char *s)
{
    while (*s) {
        size_t len = 1;
        if (r->count + 2 >= TOKENS_MAX) return refuse(r, HOURS_MANY, s, strcspn(s, "\n;"));
        if (!strncmp(s, "\xC2\xA0", 2)) { /* a space that does not break */
            s += 2;
            continue;
        }
        enum hours_error rc = token_read(r, s, &len);
        if (rc != HOURS_OK) return rc;
        s += len;
    }
    token_add(r, T_END, 0, s, 0);
    return HOURS_OK;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static const struct token *peek(const struct reader *r)
{
    return &r->tokens[r->pos];
}

static int day_of(int set)
{
    int day = 0;
    while (!(set & (1 << day))) day++;
    return day;
}

/* "senin-jumat", "sabtu, minggu". *set: 0 when the part names none. */
static enum hours_error days_read(struct reader *r, int *set)
{
    *set = 0;
    while (peek(r)->kind == T_DAYS) {
        const struct token *t = peek(r);
        int said = t->value;
        r->pos++;
        /* "setiap senin": only that day */
        if (said == EVERY_DAY && peek(r)->kind == T_DAYS) continue;
        if (t->by_name && peek(r)->kind == T_DASH) {
            r->pos++;
            const struct token *last = peek(r);
            if (last->kind != T_DAYS || !last->by_name)
                return refuse(r, HOURS_WORD, last->at, last->len);
            for (int d = day_of(said); !(said & last->value); said |= 1 << d)
                d = (d + 1) % HOURS_DAYS;
            r->pos++;
        }
        *set |= said;
        if (peek(r)->kind == T_COMMA && r->tokens[r->pos + 1].kind == T_DAYS) r->pos++;
    }
    return HOURS_OK;
}

/* Puts a span among those of a day, in order. */
static enum hours_error span_add(struct hours *h, int day, struct hours_span span)
{
    int n = h->count[day];
    if (n == HOURS_SPANS) return HOURS_MANY;
    while (n > 0 && h->span[day][n - 1].from > span.from) {
        h->span[day][n] = h->span[day][n - 1];
        n--;
    }
    h->span[day][n] = span;
    h->count[day]++;
    return HOURS_OK;
}

static enum hours_error span_read(struct reader *r, struct hours_span *span)
{
    const struct token *from = peek(r), *dash = from + 1;
    if (from->kind != T_TIME) return refuse(r, HOURS_TIME, from->at, from->len);
    if (dash->kind != T_DASH || dash[1].kind != T_TIME)
        return refuse(r, HOURS_TIME, from->at, from->len);
    const struct token *to = dash + 1;
    size_t len = (size_t)(to->at + to->len - from->at);
    *span = (struct hours_span){ from->value, to->value };
    if (span->from == HOURS_DAY) return refuse(r, HOURS_TIME, from->at, from->len);
    if (span->from == span->to) return refuse(r, HOURS_SAME, from->at, len);
    if (span->to < span->from) span->to += HOURS_DAY;
    r->pos += 3;
    return HOURS_OK;
}

/* What is said of the days of a part: closed, always, or spans. */
static enum hours_error times_read(struct reader *r, struct hours *h, int set)
{
    const struct token *first = peek(r);
    if (first->kind == T_CLOSED) {
        r->pos++;
        return HOURS_OK;
    }
    int spans = 0;
    do {
        struct hours_span span = { 0, HOURS_DAY };
        const struct token *t = peek(r);
        if (spans && t->kind != T_TIME && t->kind != T_ALWAYS) break; /* the comma was the end */
        if (t->kind == T_ALWAYS) {
            r->pos++;
        } else {
            enum hours_error rc = span_read(r, &span);
            if (rc != HOURS_OK) return rc;
        }
        for (int day = 0; day < HOURS_DAYS; day++) {
            if (!(set & (1 << day))) continue;
            enum hours_error rc = span_add(h, day, span);
            if (rc != HOURS_OK) return refuse(r, rc, t->at, t->len);
        }
        spans++;
        if (peek(r)->kind == T_COMMA) r->pos++;
    } while (peek(r)->kind == T_TIME || peek(r)->kind == T_ALWAYS);
    return HOURS_OK;
}

static enum hours_error part_read(struct reader *r)
{
    int set;
    const struct token *first = peek(r);
    enum hours_error rc = days_read(r, &set);
    if (rc != HOURS_OK) return rc;
    const struct token *t = peek(r);
    int says = t->kind == T_TIME || t->kind == T_CLOSED || t->kind == T_ALWAYS;
    if (set && !says)
        return t->kind == T_END || t->kind == T_BREAK
                   ? refuse(r, HOURS_NO_TIME, first->at, (size_t)(t->at - first->at))
                   : refuse(r, HOURS_TIME, t->at, t->len);
    if (!says) return refuse(r, HOURS_TIME, t->at, t->len);
    int closed = t->kind == T_CLOSED;
    if (!set || set == EVERY_DAY) {
        if (r->rest_said) return refuse(r, HOURS_CONFLICT, first->at, first->len);
        r->rest_said = 1;
        return times_read(r, &r->rest, EVERY_DAY);
    }
    if ((closed && (set & r->named)) || (!closed && (set & r->closed)))
        return refuse(r, HOURS_CONFLICT, first->at, first->len);
    r->named |= set;
    if (closed) r->closed |= set;
    return times_read(r, r->out, set);
}

static enum hours_error check_overlaps(struct reader *r, const char *text)
{
    const struct hours *h = r->out;
    for (int day = 0; day < HOURS_DAYS; day++) {
        int next = (day + 1) % HOURS_DAYS;
        for (int i = 0; i < h->count[day]; i++) {
            int to = h->span[day][i].to;
            int clash = i + 1 < h->count[day] && to > h->span[day][i + 1].from;
            if (to > HOURS_DAY && h->count[next] && to - HOURS_DAY > h->span[next][0].from)
                clash = 1;
            if (clash) return refuse(r, HOURS_OVERLAP, text, strcspn(text, "\n"));
        }
    }
    return HOURS_OK;
}

enum hours_error hours_parse(const char *text, struct hours *out, char *quoted)
{
    struct reader r = { .quoted = quoted, .out = out };
    int parts = 0;
    *quoted = '\0';
    memset(out, 0, sizeof *out);
    enum hours_error rc = tokens_read(&r, text);
    while (rc == HOURS_OK && peek(&r)->kind != T_END) {
        if (peek(&r)->kind == T_BREAK || (parts && peek(&r)->kind == T_COMMA)) {
            r.pos++;
            continue;
        }
        rc = part_read(&r);
        parts++;
    }
    if (rc != HOURS_OK) return rc;
    if (!parts) return HOURS_EMPTY;
    for (int day = 0; day < HOURS_DAYS; day++) {
        if (r.named & (1 << day)) continue;
        out->count[day] = r.rest.count[day];
        memcpy(out->span[day], r.rest.span[day], sizeof out->span[day]);
    }
    return check_overlaps(&r, text);
}

/* ---- keeping --------------------------------------------------------------------------------- */

void hours_write(const struct hours *h, char out[HOURS_BYTES])
{
    size_t n = 0;
    for (int day = 0; day < HOURS_DAYS; day++) {
        for (int i = 0; i < h->count[day]; i++)
            n += (size_t)snprintf(out + n, HOURS_BYTES - n, "%s%d-%d", i ? "," : "",
                                  h->span[day][i].from, h->span[day][i].to);
        out[n++] = ';';
    }
    out[n] = '\0';
}

static int number_read(const char **s)
{
    int n = 0, digits = 0;
    for (; is_digit(**s) && digits < 5; digits++) n = n * 10 + *(*s)++ - '0';
    return digits ? n : -1;
}

int hours_read(const char *text, struct hours *out)
{
    memset(out, 0, sizeof *out);
    for (int day = 0; day < HOURS_DAYS; day++) {
        while (*text && *text != ';') {
            struct hours_span span;
            if (*text == ',') text++;
            span.from = number_read(&text);
            if (*text++ != '-') return -1;
            span.to = number_read(&text);
            if (span.from < 0 || span.to <= span.from || span_add(out, day, span) != HOURS_OK)
                return -1;
        }
        if (*text++ != ';') return -1;
    }
    return 0;
}

/* ---- meaning --------------------------------------------------------------------------------- */

void hours_always(struct hours *out)
{
    memset(out, 0, sizeof *out);
    for (int day = 0; day < HOURS_DAYS; day++)
        (void)span_add(out, day, (struct hours_span){ 0, HOURS_DAY });
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int hours_weekday(int64_t day)
{
    return (int)(((day + 3) % HOURS_DAYS + HOURS_DAYS) % HOURS_DAYS); /* day 0 was a Thursday */
}

static int is_holiday(const struct hours_holidays *off, int64_t day)
{
    for (size_t i = 0; off && i < off->count && off->days[i] <= day; i++)
        if (off->days[i] == day) return 1;
    return 0;
}

/* The end of the span that holds `minute`, or -1. */
static int64_t span_end(const struct hours *h, const struct hours_holidays *off, int64_t minute)
{
    int64_t today = floor_div(minute, HOURS_DAY);
    for (int64_t day = today - 1; day <= today; day++) {
        int weekday = hours_weekday(day);
        if (is_holiday(off, day)) continue;
        for (int i = 0; i < h->count[weekday]; i++) {
            const struct hours_span *s = &h->span[weekday][i];
            int64_t midnight = day * HOURS_DAY;
            if (minute >= midnight + s->from && minute < midnight + s->to) return midnight + s->to;
        }
    }
    return -1;
}

int hours_open(const struct hours *h, const struct hours_holidays *off, int64_t minute,
               int64_t *until)
{
    int64_t end = span_end(h, off, minute), limit = minute + HOURS_DAYS * HOURS_DAY;
    if (end < 0) return 0;
    for (int64_t more; end < limit && (more = span_end(h, off, end)) > 0;) end = more;
    *until = end < limit ? end : limit;
    return 1;
}

int64_t hours_next(const struct hours *h, const struct hours_holidays *off, int64_t minute)
{
    int64_t today = floor_div(minute, HOURS_DAY);
    for (int64_t day = today; day < today + AHEAD_DAYS; day++) {
        int weekday = hours_weekday(day);
        if (is_holiday(off, day)) continue;
        for (int i = 0; i < h->count[weekday]; i++) {
            int64_t begin = day * HOURS_DAY + h->span[weekday][i].from;
            if (begin > minute) return begin;
        }
    }
    return -1;
}

int hours_same(const struct hours *h, int a, int b)
{
    if (h->count[a] != h->count[b]) return 0;
    for (int i = 0; i < h->count[a]; i++)
        if (h->span[a][i].from != h->span[b][i].from || h->span[a][i].to != h->span[b][i].to)
            return 0;
    return 1;
}
