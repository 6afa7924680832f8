/* SPDX-License-Identifier: MIT
 *
 * rupiah.c - prices as people write them, in both directions.
 *
 * A price is money: what can be read in two ways ("1.500 rb": 1,500 or 1,500,000?) is refused,
 * never guessed. The reader takes the text apart from both ends - "Rp" and sign in front, ",-" and
 * the multiplier behind - until digits and separators are left. Pure; any thread. */
#include "rupiah.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *word;
    int64_t times;
} multipliers[] = {
    { "ribu", 1000 },    { "rebu", 1000 },  { "rb", 1000 },           { "k", 1000 },
    { "juta", 1000000 }, { "jt", 1000000 }, { "miliar", 1000000000 }, { "milyar", 1000000000 },
};

/* What is left of the text. */
struct span {
    const char *s;
    size_t len;
};

/* White space at s: its bytes, or 0. U+00A0 is what phones put between "Rp" and the number. */
static size_t space_at(const char *s, size_t len)
{
    if (len == 0) return 0;
    if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r') return 1;
    return len >= 2 && memcmp(s, "\xC2\xA0", 2) == 0 ? 2 : 0;
}

static void span_trim(struct span *t)
{
    size_t n;
    while ((n = space_at(t->s, t->len)) > 0) t->s += n, t->len -= n;
    for (;;) {
        if (t->len >= 1 && space_at(t->s + t->len - 1, 1))
            t->len--;
        else if (t->len >= 2 && space_at(t->s + t->len - 2, 2) == 2)
            t->len -= 2;
        else
            return;
    }
}

static int ends_with(const struct span *t, const char *word)
{
    size_t n = strlen(word);
    if (n > t->len) return 0;
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)t->s[t->len - n + i]) != word[i]) return 0;
    return 1;
}

static int begins_with(const struct span *t, const char *word)
{
    size_t n = strlen(word);
    if (n > t->len) return 0;
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)t->s[i]) != word[i]) return 0;
    return 1;
}

/* Takes sign and currency from the front. Returns 1 when the price is negative. */
static int take_front(struct span *t)
{
    int negative = 0;
    for (int i = 0; i < 2; i++) { /* "-Rp500" and "Rp -500" */
        if (begins_with(t, "-")) {
            negative = 1;
            t->s++, t->len--;
            span_trim(t);
        }
        size_t n = begins_with(t, "rp.") || begins_with(t, "idr") ? 3
                   : begins_with(t, "rp")                         ? 2
                                                                  : 0;
        t->s += n, t->len -= n;
        span_trim(t);
    }
    return negative;
}

/* Takes ",-" and the multiplier from the end. */
static int64_t take_back(struct span *t)
{
    static const char *const tails[] = { ",--", ".--", ",-", ".-" };
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        if (ends_with(t, tails[i])) {
            t->len -= strlen(tails[i]);
            break;
        }
    }
    span_trim(t);
    for (size_t i = 0; i < sizeof multipliers / sizeof *multipliers; i++) {
        if (ends_with(t, multipliers[i].word)) {
            t->len -= strlen(multipliers[i].word);
            span_trim(t);
            return multipliers[i].times;
        }
    }
    return 1;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits from t->s on, at most `max`; returns how many. *value saturates above RUPIAH_MAX. */
static size_t digits_read(const char *s, size_t len, int64_t *value)
{
    size_t n = 0;
    for (; n < len && is_digit(s[n]); n++)
        *value = *value > RUPIAH_MAX ? *value : *value * 10 + (s[n] - '0');
    return n;
}

static int finish(int64_t value, int64_t *rupiah)
{
    if (value == 0) return RUPIAH_NOT_POSITIVE;
    if (value > RUPIAH_MAX) return RUPIAH_TOO_LARGE;
    *rupiah = value;
    return RUPIAH_OK;
}

/* "1,5" before a multiplier: the part behind the separator is decimal. Three digits behind it could
 * as well be thousands, so they are refused. */
static int multiple_read(const struct span *t, int64_t times, int64_t *rupiah)
{
    int64_t value = 0;
    size_t n = digits_read(t->s, t->len, &value);
    if (n == 0) return RUPIAH_UNCLEAR;
    if (value > RUPIAH_MAX / times) value = RUPIAH_MAX / times + 1;
    value *= times;
    if (n == t->len) return finish(value, rupiah);
    if (t->s[n] != ',' && t->s[n] != '.') return RUPIAH_UNCLEAR;
    const char *decimals = t->s + n + 1;
    size_t count = t->len - n - 1;
    if (count == 0 || count == 3) return RUPIAH_UNCLEAR;
    int fraction = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(decimals[i])) return RUPIAH_UNCLEAR;
        times /= 10;
        if (times == 0 && decimals[i] != '0') fraction = 1;
        value += times * (decimals[i] - '0');
    }
    return fraction ? RUPIAH_FRACTION : finish(value, rupiah);
}

/* What follows the digits when it is not grouped: nothing, or ",00" of cents. `whole_digits` tells
 * "500000,00" from "500,00", in which a nought may have been lost. */
static int cents_check(const char *s, size_t len, size_t whole_digits, int grouped)
{
    if (len == 0) return RUPIAH_OK;
    if ((*s != ',' && *s != '.') || len < 2 || len > 3) return RUPIAH_UNCLEAR;
    for (size_t i = 1; i < len; i++)
        if (!is_digit(s[i])) return RUPIAH_UNCLEAR;
    if (s[1] != '0' || s[len - 1] != '0') return RUPIAH_FRACTION;
    return grouped || whole_digits > 3 ? RUPIAH_OK : RUPIAH_UNCLEAR;
}

/* "500000", "500.000", "500,000", "500 000", each with ",00" or ".00" behind it. */
static int whole_read(const struct span *t, int64_t *rupiah)
{
    int64_t value = 0;
    size_t first = digits_read(t->s, t->len, &value), at = first, whole = first;
    if (first == 0) return RUPIAH_UNCLEAR;
    char separator = 0;
    while (first <= 3 && at < t->len) {
        size_t width = space_at(t->s + at, t->len - at);
        char c = width ? ' ' : t->s[at];
        if (c != '.' && c != ',' && c != ' ') return RUPIAH_UNCLEAR;
        if (separator && c != separator) break;
        if (width == 0) width = 1;
        int64_t next = value;
        size_t n = digits_read(t->s + at + width, t->len - at - width, &next);
        if (n != 3) break;
        if (t->s[0] == '0') return RUPIAH_UNCLEAR; /* "0.500" */
        separator = c;
        value = next;
        at += width + 3, whole += 3;
    }
    if (separator && at < t->len && t->s[at] == separator) return RUPIAH_UNCLEAR;
    int rc = cents_check(t->s + at, t->len - at, whole, separator != 0);
    return rc == RUPIAH_OK ? finish(value, rupiah) : rc;
}

int rupiah_parse(const char *text, int64_t *rupiah)
{
    struct span t = { text ? text : "", text ? strlen(text) : 0 };
    span_trim(&t);
    int negative = take_front(&t);
    int64_t times = take_back(&t), value = 0;
    int rc = times > 1 ? multiple_read(&t, times, &value) : whole_read(&t, &value);
    if (rc == RUPIAH_OK && negative) return RUPIAH_NOT_POSITIVE;
    if (rc == RUPIAH_OK) *rupiah = value;
    return rc;
}

int rupiah_write(int64_t rupiah, char out[32])
{
    char digits[24];
    int n = 0, at = 0;
    uint64_t left = rupiah < 0 ? 0 - (uint64_t)rupiah : (uint64_t)rupiah;
    do digits[n++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (rupiah < 0) out[at++] = '-';
    out[at++] = 'R', out[at++] = 'p';
    while (n > 0) {
        out[at++] = digits[--n];
        if (n > 0 && n % 3 == 0) out[at++] = '.';
    }
    out[at] = '\0';
    return at;
}
