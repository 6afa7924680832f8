/* buf.c - the growable byte buffer, and malloc that aborts.
 *
 * Invariant: data is NULL, or holds len bytes and a NUL after them, and len < cap.
 * Thread: any; a buffer belongs to one thread at a time. */
#include "core/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

/* The log itself allocates, so this line is written by hand. */
static _Noreturn void memory_exhausted(void)
{
    static const char line[] = "level=error at=memory msg=\"out of memory; the host stops\"\n";
    ssize_t n = write(STDERR_FILENO, line, sizeof line - 1);
    (void)n;
    abort();
}

void *xmalloc(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p) memory_exhausted();
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p) memory_exhausted();
    return p;
}

void *xrealloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q) memory_exhausted();
    return q;
}

char *xstrdup(const char *s)
{
    return s ? xstrndup(s, strlen(s)) : NULL;
}

char *xstrndup(const char *s, size_t n)
{
    if (!s) return NULL;
    n = strnlen(s, n);
    char *p = xmalloc(n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

void *xmemdup(const void *p, size_t n)
{
    if (!p) return NULL;
    char *copy = xmalloc(n + 1);
    memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

void buf_free(struct buf *b)
{
    if (!b) return;
    free(b->data);
    *b = (struct buf){ 0 };
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data) b->data[0] = '\0';
}

void buf_reserve(struct buf *b, size_t extra)
{
    if (b->data && extra < b->cap - b->len) return;
    if (extra > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) memory_exhausted();
    size_t need = b->len + extra + 1;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need) cap *= 2;
    b->data = xrealloc(b->data, cap);
    b->cap = cap;
    b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    buf_reserve(b, len);
    if (len) memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_addc(struct buf *b, char c)
{
    buf_reserve(b, 1);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
    if (s) buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    buf_reserve(b, 64);
    va_start(args, fmt);
    int n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, args);
    va_end(args);
    if (n < 0) { /* only a bad multibyte conversion: nothing of ours */
        b->data[b->len] = '\0';
        return;
    }
    if ((size_t)n >= b->cap - b->len) {
        buf_reserve(b, (size_t)n);
        va_start(args, fmt);
        vsnprintf(b->data + b->len, b->cap - b->len, fmt, args);
        va_end(args);
    }
    b->len += (size_t)n;
}

void buf_addi(struct buf *b, int64_t n)
{
    char tmp[24];
    char *p = tmp + sizeof tmp;
    uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    while (u >= 100) {
        p -= 2;
        memcpy(p, digit_pairs + (u % 100) * 2, 2);
        u /= 100;
    }
    if (u >= 10) {
        p -= 2;
        memcpy(p, digit_pairs + u * 2, 2);
    } else {
        *--p = (char)('0' + u);
    }
    if (n < 0) *--p = '-';
    buf_add(b, p, (size_t)(tmp + sizeof tmp - p));
}

static void add_json_control(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char out[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
    switch (c) {
    case '\n':
        buf_add(b, "\\n", 2);
        break;
    case '\t':
        buf_add(b, "\\t", 2);
        break;
    case '\r':
        buf_add(b, "\\r", 2);
        break;
    case '\b':
        buf_add(b, "\\b", 2);
        break;
    case '\f':
        buf_add(b, "\\f", 2);
        break;
    default:
        buf_add(b, out, sizeof out);
        break;
    }
}

void buf_add_json(struct buf *b, const char *s, size_t len)
{
    if (!s) len = 0;
    buf_reserve(b, len + 2);
    buf_addc(b, '"');
    size_t start = 0; /* of the run that can be copied as it is */
    size_t i = 0;
    while (i < len) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            i++;
            continue;
        }
        size_t n = 1;
        if (c >= 0x80) {
            uint32_t cp;
            n = text_decode(s + i, len - i, &cp);
            if (cp != TEXT_INVALID) {
                i += n;
                continue;
            }
        }
        buf_add(b, s + start, i - start);
        if (c >= 0x80) {
            buf_add(b, "\xef\xbf\xbd", 3);
        } else if (c < 0x20) {
            add_json_control(b, c);
        } else {
            buf_addc(b, '\\');
            buf_addc(b, (char)c);
        }
        i += n;
        start = i;
    }
    if (len > start) buf_add(b, s + start, len - start);
    buf_addc(b, '"');
}

char *buf_take(struct buf *b)
{
    char *data = b->data ? b->data : xstrdup("");
    *b = (struct buf){ 0 };
    return data;
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}
