/* SPDX-License-Identifier: MIT
 *
 * words.c - names and counts as people write them. Nothing here grows a text, so all of it works in
 * place. Pure; any thread. */
#include "words.h"

#include <string.h>

static unsigned char byte(const char *s)
{
    return (unsigned char)*s;
}

/* Bytes of the character at s (>= 1); a broken one counts as one byte. */
static size_t char_bytes(const char *s)
{
    size_t n = byte(s) < 0x80    ? 1
               : byte(s) >= 0xF0 ? 4
               : byte(s) >= 0xE0 ? 3
               : byte(s) >= 0xC0 ? 2
                                 : 1;
    for (size_t i = 1; i < n; i++)
        if ((byte(s + i) & 0xC0) != 0x80) return 1;
    return n;
}

/* Marks that change nothing to the eye, or turn the line around: two names must not differ by them.
 * U+200D stays, it joins emoji. */
static int is_invisible(const char *s, size_t n)
{
    if (n == 2) return memcmp(s, "\xC2\xAD", 2) == 0 || (byte(s) == 0xC2 && byte(s + 1) < 0xA0);
    if (n != 3) return n == 1 && byte(s) >= 0x80; /* a byte that is no character */
    if (memcmp(s, "\xEF\xBB\xBF", 3) == 0) return 1;
    if (memcmp(s, "\xE2\x80", 2) == 0)
        return byte(s + 2) == 0x8B || byte(s + 2) == 0x8C || byte(s + 2) == 0x8E ||
               byte(s + 2) == 0x8F || (byte(s + 2) >= 0xA8 && byte(s + 2) <= 0xAE);
    return memcmp(s, "\xE2\x81", 2) == 0 && byte(s + 2) >= 0xA0 && byte(s + 2) <= 0xAF;
}

size_t words_clean(char *text, int lines)
{
    char *to = text;
    size_t chars = 0, n;
    int gap = 0, breaks = 0;
    for (const char *s = text; *s; s += n) {
        n = char_bytes(s);
        if (*s == '\n' && lines) {
            breaks++;
        } else if (byte(s) <= ' ' || byte(s) == 0x7F || (n == 2 && memcmp(s, "\xC2\xA0", 2) == 0)) {
            gap = 1;
        } else if (!is_invisible(s, n)) {
            if (chars > 0 && breaks > 0) {
                *to++ = '\n', chars++;
                if (breaks > 1) *to++ = '\n', chars++;
            } else if (chars > 0 && gap) {
                *to++ = ' ', chars++;
            }
            gap = breaks = 0;
            memmove(to, s, n);
            to += n, chars++;
        }
    }
    *to = '\0';
    return chars;
}

void words_fold(char *text)
{
    words_clean(text, 0);
    for (char *s = text; *s; s++) {
        if (*s >= 'A' && *s <= 'Z') *s = (char)(*s + 32);
        /* U+00C0..U+00DE without the multiplication sign */
        if (byte(s) == 0xC3 && byte(s + 1) >= 0x80 && byte(s + 1) <= 0x9E && byte(s + 1) != 0x97)
            s[1] = (char)(byte(s + 1) + 0x20);
    }
}

int words_only(const char *text, char word[WORD_CAP])
{
    static const char ends[] = ".!, ";
    size_t n = strcspn(text, ends);
    if (n >= WORD_CAP || text[n + strspn(text + n, ends)] != '\0') return 0;
    memcpy(word, text, n);
    word[n] = '\0';
    words_fold(word);
    return 1;
}

size_t words_prefix(const char *text, size_t chars)
{
    const char *s = text;
    while (*s && chars-- > 0) s += char_bytes(s);
    return (size_t)(s - text);
}

int words_count_parse(const char *text, int64_t max, int64_t *count)
{
    int64_t value = 0;
    size_t first = strspn(text, "0123456789"), group = 0;
    int grouped = 0;
    if (first == 0) return -1;
    for (const char *s = text; *s; s++) {
        if (*s == '.') {
            if (first > 3 || (grouped && group != 3)) return -1;
            grouped = 1, group = 0;
            continue;
        }
        if (*s < '0' || *s > '9') return -1;
        value = value * 10 + (*s - '0');
        if (value > max) return -1;
        group++;
    }
    if (grouped && group != 3) return -1;
    *count = value;
    return 0;
}
