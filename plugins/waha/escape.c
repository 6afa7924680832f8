/* SPDX-License-Identifier: MIT
 * escape.c - strings into JSON and into URLs. Pure. A message's text passes here on the loop, so it
 * is measured and then written in one go each, without a library's buffers. */
#include <stdio.h>
#include <string.h>

#include "waha.h"

static const char hex[] = "0123456789abcdef";

/* The letter after the backslash, 'u' for \u00XX, 0 when the byte stands for itself. */
static inline char escape_of(unsigned char c)
{
    switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return c < 0x20 ? 'u' : 0;
    }
}

size_t waha_json_size(const char *s)
{
    size_t n = 2;
    for (; *s; s++) {
        char e = escape_of((unsigned char)*s);
        n += e == 'u' ? 6 : e ? 2 : 1;
    }
    return n;
}

char *waha_json_put(char *out, const char *s)
{
    *out++ = '"';
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        char e = escape_of(c);
        if (!e) {
            *out++ = (char)c;
            continue;
        }
        *out++ = '\\';
        *out++ = e;
        if (e != 'u') continue;
        *out++ = '0';
        *out++ = '0';
        *out++ = hex[c >> 4];
        *out++ = hex[c & 15];
    }
    *out++ = '"';
    return out;
}

static int is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

size_t waha_url_put(char *out, size_t cap, const char *s)
{
    size_t n = 0;
    for (; *s; s++) {
        char piece[3] = { *s, 0, 0 };
        size_t len = 1;
        if (!is_unreserved(*s)) {
            piece[0] = '%';
            piece[1] = "0123456789ABCDEF"[(unsigned char)*s >> 4];
            piece[2] = "0123456789ABCDEF"[(unsigned char)*s & 15];
            len = 3;
        }
        if (n + len < cap) memcpy(out + n, piece, len);
        n += len;
    }
    if (cap) out[n < cap ? n : cap - 1] = '\0';
    return n;
}
