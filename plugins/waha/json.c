/* SPDX-License-Identifier: MIT
 * json.c - see json.h. A recursive descent whose depth is bounded by JSON_DEPTH_MAX; every read is
 * checked against `end`, so the text need not end with NUL. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    const char *at, *end;
    int depth;
    struct json_slice *slots;
};

static const struct json_wanted nothing[] = { { NULL, 0, 0, NULL } };

static int read_value(struct reader *r, const struct json_wanted *inside, struct json_slice *out);

/* ---- strings --------------------------------------------------------------------------------- */

#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/* Not 0 when one of eight bytes is a quote, a backslash or below 0x20. */
static inline uint64_t special_bytes(uint64_t x)
{
    uint64_t quote = x ^ (ONES * '"'), backslash = x ^ (ONES * '\\');
    return (((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) |
            ((x - ONES * 0x20) & ~x)) &
           TOPS;
}

size_t json_plain_run(const char *s, size_t len)
{
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t x;
        memcpy(&x, s + i, 8);
        if (special_bytes(x)) break;
    }
    while (i < len && s[i] != '"' && s[i] != '\\' && (unsigned char)s[i] >= 0x20) i++;
    return i;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four hex digits at s as a number, -1 when they are none. */
static int hex4(const char *s)
{
    int n = 0;
    for (int i = 0; i < 4; i++) {
        int v = hex_value(s[i]);
        if (v < 0) return -1;
        n = n << 4 | v;
    }
    return n;
}

/* At the backslash. */
static int read_escape(struct reader *r)
{
    if (r->end - r->at < 2) return -1;
    char c = r->at[1];
    if (c == 'u') {
        if (r->end - r->at < 6 || hex4(r->at + 2) < 0) return -1;
        r->at += 6;
        return 0;
    }
    if (c == '\0' || !strchr("\"\\/bfnrt", c)) return -1;
    r->at += 2;
    return 0;
}

/* At the opening quote. */
static int read_string(struct reader *r, struct json_slice *out)
{
    const char *start = ++r->at;
    out->escaped = 0;
    for (;;) {
        r->at += json_plain_run(r->at, (size_t)(r->end - r->at));
        if (r->at == r->end) return -1;
        if (*r->at == '"') break;
        out->escaped = 1;
        if (*r->at != '\\' || read_escape(r) < 0) return -1;
    }
    out->kind = JSON_STRING;
    out->s = start;
    out->len = (size_t)(r->at++ - start);
    return 0;
}

/* ---- the rest of the grammar ----------------------------------------------------------------- */

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static int read_literal(struct reader *r, const char *word, size_t len, enum json_kind kind,
                        struct json_slice *out)
{
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0) return -1;
    r->at += len;
    out->kind = kind;
    return 0;
}

static int read_digits(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return r->at > start ? 0 : -1;
}

static int read_number(struct reader *r, struct json_slice *out)
{
    const char *start = r->at;
    if (*r->at == '-') r->at++;
    const char *first = r->at;
    if (read_digits(r) < 0 || (*first == '0' && r->at - first > 1)) return -1;
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        if (read_digits(r) < 0) return -1;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
        if (read_digits(r) < 0) return -1;
    }
    out->kind = JSON_NUMBER;
    out->s = start;
    out->len = (size_t)(r->at - start);
    return 0;
}

static const struct json_wanted *find_wanted(const struct json_wanted *table,
                                             const struct json_slice *key)
{
    char name[64];
    const char *s = key->s;
    size_t len = key->len;
    if (table == nothing) return NULL;
    if (key->escaped) {
        if (len >= sizeof name) return NULL;
        len = json_decode(key, name);
        s = name;
    }
    for (; table->name; table++)
        if (table->len == len && memcmp(table->name, s, len) == 0) return table;
    return NULL;
}

/* One member; behind its value. */
static int read_member(struct reader *r, const struct json_wanted *table)
{
    struct json_slice key, value;
    if (r->at == r->end || *r->at != '"' || read_string(r, &key) < 0) return -1;
    skip_blanks(r);
    if (r->at == r->end || *r->at++ != ':') return -1;
    const struct json_wanted *wanted = find_wanted(table, &key);
    if (read_value(r, wanted && wanted->inside ? wanted->inside : nothing, &value) < 0) return -1;
    if (wanted && wanted->slot >= 0) r->slots[wanted->slot] = value;
    return 0;
}

/* At the opening bracket of an object (table) or an array. */
static int read_container(struct reader *r, char close, const struct json_wanted *table)
{
    if (++r->depth > JSON_DEPTH_MAX) return -1;
    r->at++;
    skip_blanks(r);
    if (r->at < r->end && *r->at == close) {
        r->at++;
        r->depth--;
        return 0;
    }
    for (;;) {
        struct json_slice item;
        skip_blanks(r);
        if ((close == '}' ? read_member(r, table) : read_value(r, nothing, &item)) < 0) return -1;
        skip_blanks(r);
        if (r->at == r->end) return -1;
        char c = *r->at++;
        if (c == close) break;
        if (c != ',') return -1;
    }
    r->depth--;
    return 0;
}

static int read_value(struct reader *r, const struct json_wanted *inside, struct json_slice *out)
{
    skip_blanks(r);
    if (r->at == r->end) return -1;
    const char *start = r->at;
    int rc;
    switch (*start) {
    case '"':
        return read_string(r, out);
    case 't':
        return read_literal(r, "true", 4, JSON_TRUE, out);
    case 'f':
        return read_literal(r, "false", 5, JSON_FALSE, out);
    case 'n':
        return read_literal(r, "null", 4, JSON_NULL, out);
    case '{':
        rc = read_container(r, '}', inside);
        out->kind = JSON_OBJECT;
        break;
    case '[':
        rc = read_container(r, ']', nothing);
        out->kind = JSON_ARRAY;
        break;
    default:
        return *start == '-' || (*start >= '0' && *start <= '9') ? read_number(r, out) : -1;
    }
    out->s = start;
    out->len = (size_t)(r->at - start);
    return rc;
}

int json_pick(const char *text, size_t len, const struct json_wanted *wanted,
              struct json_slice *slots, enum json_kind *root)
{
    struct reader r = { text, text + len, 0, slots };
    struct json_slice value = { NULL, 0, JSON_ABSENT, 0 };
    int rc = read_value(&r, wanted, &value);
    skip_blanks(&r);
    *root = value.kind;
    return rc == 0 && r.at == r.end ? 0 : -1;
}

int json_item(const char *text, size_t len, size_t *at, struct json_slice *item)
{
    struct reader r = { text + *at, text + len, 1, NULL };
    int is_first = *at == 0;
    skip_blanks(&r);
    if (is_first && (r.at == r.end || *r.at++ != '[')) return -1;
    skip_blanks(&r);
    if (r.at == r.end) return -1;
    if (*r.at == ']') return 0;
    if (!is_first && *r.at++ != ',') return -1;
    if (read_value(&r, nothing, item) < 0) return -1;
    *at = (size_t)(r.at - text);
    return 1;
}

/* ---- decoding -------------------------------------------------------------------------------- */

static char *put_utf8(char *out, int c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 63));
        *out++ = (char)(0x80 | (c & 63));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 63));
        *out++ = (char)(0x80 | (c >> 6 & 63));
        *out++ = (char)(0x80 | (c & 63));
    }
    return out;
}

/* At "uXXXX", checked before; returns behind it, and behind the second half of a pair. */
static const char *decode_u(const char *s, const char *end, char **out)
{
    int c = hex4(s + 1);
    s += 5;
    if (c >= 0xD800 && c < 0xDC00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u') {
        int low = hex4(s + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            *out = put_utf8(*out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
            return s + 6;
        }
    }
    *out = put_utf8(*out, c >= 0xD800 && c < 0xE000 ? 0xFFFD : c);
    return s;
}

size_t json_decode(const struct json_slice *slice, char *out)
{
    static const char letters[] = "bfnrt", means[] = "\b\f\n\r\t";
    const char *s = slice->s, *end = s + slice->len;
    char *start = out;
    while (s < end) {
        size_t run = slice->escaped ? json_plain_run(s, (size_t)(end - s)) : slice->len;
        memcpy(out, s, run);
        out += run;
        s += run;
        if (s == end) break;
        s++; /* the backslash: read_string() let nothing else through */
        if (*s == 'u') {
            s = decode_u(s, end, &out);
            continue;
        }
        const char *letter = strchr(letters, *s);
        *out++ = letter ? means[letter - letters] : *s;
        s++;
    }
    *out = '\0';
    return (size_t)(out - start);
}

double json_number(const struct json_slice *slice)
{
    char digits[32];
    if (slice->kind != JSON_NUMBER && slice->kind != JSON_STRING) return 0;
    if (slice->len >= sizeof digits) return 0;
    memcpy(digits, slice->s, slice->len);
    digits[slice->len] = '\0';
    return strtod(digits, NULL);
}
