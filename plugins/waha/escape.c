/* SPDX-License-Identifier: MIT
 * escape.c - strings into JSON and into URLs. Pure. A message's text passes here on the loop, so it
 * is measured and then written run by run, without a library's buffers. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "waha.h"

static const char hex[] = "0123456789abcdef";

/* The letter after the backslash; 'u' for \u00XX. */
static char escape_of(unsigned char c)
{
    switch (c) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 'u';
    }
}

size_t waha_json_size(const char *s)
{
    size_t len = strlen(s), n = len + 2;
    for (size_t i = 0; (i += json_plain_run(s + i, len - i)) < len; i++)
        n += escape_of((unsigned char)s[i]) == 'u' ? 5 : 1;
    return n;
}

char *waha_json_put(char *out, const char *s)
{
    size_t len = strlen(s);
    *out++ = '"';
    for (;;) {
        size_t run = json_plain_run(s, len);
        memcpy(out, s, run);
        out += run;
        s += run;
        len -= run;
        if (len == 0) break;
        unsigned char c = (unsigned char)*s++;
        len--;
        *out++ = '\\';
        *out++ = escape_of(c);
        if (out[-1] != 'u') continue;
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
