/* text.c - pure functions on text: UTF-8, folding, distance, phone numbers.
 *
 * Thread: any; nothing here has state. */
#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

/* What Latin letters are without their accents, U+00C0 to U+017F; ' ' = no letter, NUL = see
 * fold_pair(). */
static const char latin_base[] = "aaaaaa\0ceeeeiiiidnooooo ouuuuy\0\0" /* U+00C0 */
                                 "aaaaaa\0ceeeeiiiidnooooo ouuuuy\0y"  /* U+00E0 */
                                 "aaaaaaccccccccddddeeeeeeeeeegggg"    /* U+0100 */
                                 "gggghhhhiiiiiiiiii\0\0jjkkklllllll"  /* U+0120 */
                                 "lllnnnnnnnnnoooooo\0\0rrrrrrssssss"  /* U+0140 */
                                 "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";   /* U+0160 */

/* Writes whole characters while they fit; counts all of them when dst is NULL. */
struct sink {
    char *dst;
    size_t cap;
    size_t len;
    int full;
};

static int sink_add(struct sink *out, const char *s, size_t n)
{
    if (out->dst) {
        if (out->full || out->cap <= out->len || n > out->cap - out->len - 1) {
            out->full = 1;
            return 0;
        }
        memcpy(out->dst + out->len, s, n);
    }
    out->len += n;
    return 1;
}

static size_t sink_end(struct sink *out)
{
    if (out->dst && out->cap) out->dst[out->len] = '\0';
    return out->len;
}

size_t text_decode(const char *s, size_t len, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)s;
    *cp = TEXT_INVALID;
    if (!len) return 0;
    if (p[0] < 0x80) {
        *cp = p[0];
        return 1;
    }
    /* The first byte fixes the length and, against overlong forms, surrogates and what is above
     * U+10FFFF, the range of the second. */
    size_t need;
    unsigned char low = 0x80, high = 0xBF;
    uint32_t value;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        need = 2, value = p[0] & 0x1Fu;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        need = 3, value = p[0] & 0x0Fu;
        if (p[0] == 0xE0) low = 0xA0;
        if (p[0] == 0xED) high = 0x9F;
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        need = 4, value = p[0] & 0x07u;
        if (p[0] == 0xF0) low = 0x90;
        if (p[0] == 0xF4) high = 0x8F;
    } else {
        return 1;
    }
    for (size_t i = 1; i < need; i++) {
        if (i >= len || p[i] < low || p[i] > high) return i;
        value = (value << 6) | (p[i] & 0x3Fu);
        low = 0x80, high = 0xBF;
    }
    *cp = value;
    return need;
}

static int is_plain(unsigned char c)
{
    return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t';
}

/* Eight bytes of 0x20-0x7E; may deny some that are, never takes one that is not. */
static int are_plain(const char *s)
{
    uint64_t w;
    memcpy(&w, s, sizeof w);
    w |= (w - UINT64_C(0x2020202020202020)) | (w + UINT64_C(0x0101010101010101));
    return !(w & UINT64_C(0x8080808080808080));
}

/* How many bytes at the start are plain ASCII that is kept as it is: most texts are nothing else.
 */
static size_t plain_run(const char *s, size_t len)
{
    size_t i = 0;
    for (;;) {
        while (i + 8 <= len && are_plain(s + i)) i += 8;
        size_t end = len - i < 8 ? len : i + 8;
        while (i < end && is_plain((unsigned char)s[i])) i++;
        if (i < end || i == len) return i;
    }
}

size_t text_clean(char *dst, size_t cap, const char *src, size_t len)
{
    struct sink out = { dst, cap, 0, 0 };
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = plain_run(src + i, len - i);
        if (dst && n >= cap - out.len)
            n = cap - out.len > 1 ? cap - out.len - 1 : 0; /* what fits, in one go */
        if (n) {
            sink_add(&out, src + i, n);
            i += n;
            continue;
        }
        n = text_decode(src + i, len - i, &cp);
        int control = cp < 0x20 ? cp != '\n' && cp != '\t' : cp >= 0x7F && cp <= 0x9F;
        if (cp == TEXT_INVALID)
            sink_add(&out, "\xef\xbf\xbd", 3);
        else if (!control)
            sink_add(&out, src + i, n);
        if (out.full) break;
        i += n;
    }
    return sink_end(&out);
}

int text_is_utf8(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        i += text_decode(s + i, len - i, &cp);
        if (cp == TEXT_INVALID) return 0;
    }
    return 1;
}

size_t text_chars(const char *s)
{
    size_t count = 0;
    for (size_t i = 0, len = strlen(s); i < len; count++) {
        uint32_t cp;
        i += text_decode(s + i, len - i, &cp);
    }
    return count;
}

size_t text_prefix(const char *s, size_t len, size_t max)
{
    if (len <= max) return len;
    size_t n = max;
    /* s[n] is the first byte left out: it must not continue a character. */
    while (n > 0 && max - n < 3 && ((unsigned char)s[n] & 0xC0) == 0x80) n--;
    return ((unsigned char)s[n] & 0xC0) == 0x80 ? max : n;
}

static int is_space(uint32_t cp)
{
    return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0x85 || cp == 0xA0 ||
           (cp >= 0x2000 && cp <= 0x200F) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x2060 || cp == 0x3000 || cp == 0xFEFF;
}

const char *text_trim(const char *s, size_t *len)
{
    size_t start = 0, end = *len;
    uint32_t cp;
    while (start < end) {
        size_t n = text_decode(s + start, end - start, &cp);
        if (!is_space(cp)) break;
        start += n;
    }
    while (end > start) {
        size_t at = end - 1;
        while (at > start && end - at < 4 && ((unsigned char)s[at] & 0xC0) == 0x80) at--;
        size_t n = text_decode(s + at, end - at, &cp);
        if (n != end - at || !is_space(cp)) break;
        end = at;
    }
    *len = end - start;
    return s + start;
}

enum { JOINER = 0x200D }; /* of several emoji to one */

/* Nothing to see, or it turns the line around. */
static int is_invisible(uint32_t cp)
{
    return cp == 0xAD || (cp >= 0x200B && cp <= 0x200F && cp != JOINER) ||
           (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF;
}

static int is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F);
}

size_t text_line(char *dst, size_t cap, const char *src)
{
    struct sink out = { dst, cap, 0, 0 };
    size_t len = strlen(src);
    int gap = 0;
    for (size_t i = 0, n; i < len && !out.full; i += n) {
        uint32_t cp;
        n = text_decode(src + i, len - i, &cp);
        if (is_invisible(cp)) continue;
        if (is_space(cp) && cp != JOINER) {
            gap = out.len > 0;
        } else if (!is_control(cp)) {
            size_t before = out.len;
            int bad = cp == TEXT_INVALID;
            if (gap) sink_add(&out, " ", 1);
            if (!sink_add(&out, bad ? "\xef\xbf\xbd" : src + i, bad ? 3 : n)) out.len = before;
            gap = 0;
        }
    }
    return sink_end(&out);
}

static const char *fold_pair(uint32_t cp)
{
    switch (cp) {
    case 0xC6:
    case 0xE6:
        return "ae";
    case 0xDE:
    case 0xFE:
        return "th";
    case 0xDF:
        return "ss";
    case 0x132:
    case 0x133:
        return "ij";
    case 0x152:
    case 0x153:
        return "oe";
    default:
        return "";
    }
}

/* Marks and joiners that carry no meaning for a search: combining accents, soft hyphen, zero-width
 * characters, variation selectors. */
static int is_ignored(uint32_t cp)
{
    return cp == 0xAD || (cp >= 0x300 && cp <= 0x36F) || (cp >= 0x200B && cp <= 0x200F) ||
           cp == 0x2060 || (cp >= 0xFE00 && cp <= 0xFE0F) || cp == 0xFEFF;
}

static int is_divider(uint32_t cp)
{
    if (cp < 0x80) {
        return !((cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z'));
    }
    return (cp < 0xC0 && cp != 0xAA && cp != 0xB5 && cp != 0xBA) || cp == 0xD7 || cp == 0xF7 ||
           (cp >= 0x2000 && cp <= 0x206F) || (cp >= 0x3000 && cp <= 0x3003) || cp == 0xFF0C ||
           cp == 0xFFFD || cp == TEXT_INVALID;
}

static int fold_one(struct sink *out, const char *s, size_t n, uint32_t cp)
{
    char c;
    if (cp < 0x80) {
        c = (char)(cp >= 'A' && cp <= 'Z' ? cp + 32 : cp);
        return sink_add(out, &c, 1);
    }
    if (cp >= 0xC0 && cp <= 0x17F) {
        c = latin_base[cp - 0xC0];
        if (!c) return sink_add(out, fold_pair(cp), 2);
        return sink_add(out, &c, 1);
    }
    return sink_add(out, s, n);
}

size_t text_fold(char *dst, size_t cap, const char *src)
{
    struct sink out = { dst, cap, 0, 0 };
    size_t len = strlen(src);
    int pending = 0; /* a divider was seen since the last letter */
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = text_decode(src + i, len - i, &cp);
        if (is_divider(cp) && !is_ignored(cp)) {
            pending = out.len > 0;
        } else if (!is_ignored(cp)) {
            size_t before = out.len;
            if (pending) sink_add(&out, " ", 1);
            if (!fold_one(&out, src + i, n, cp)) {
                out.len = before;
                break;
            }
            pending = 0;
        }
        i += n;
    }
    return sink_end(&out);
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

int text_equal_nocase(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) a++, b++;
    return lower(*a) == lower(*b);
}

/* Words that change nothing of an answer: "ya kak", "tidak jadi", "oke, makasih ya". */
static const char *const besides[] = {
    "kak",         "kakak", "min",  "mimin", "bu",     "pak",    "mas",     "mbak",   "bang",
    "gan",         "sis",   "dong", "deh",   "sih",    "aja",    "saja",    "ya",     "yah",
    "betul",       "benar", "sip",  "siap",  "please", "thanks", "makasih", "terima", "kasih",
    "terimakasih", "jadi",  "dulu", "usah",  "thank",  "you",    "thx",
};
static const char *const agreeing[] = { "ya", "y", "iya", "yes", "ok", "oke", "okay", "setuju" };
static const char *const refusing[] = { "tidak", "t",  "n",     "no",     "tdk",
                                        "gak",   "ga", "nggak", "enggak", "jangan" };

static int word_among(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text_equal_nocase(word, words[i])) return 1;
    return 0;
}
#define AMONG(word, words) word_among(word, words, sizeof(words) / sizeof *(words))

/* Behind the next word, or NULL at the end; `word` is its first 15 bytes, "" for one that is all
 * emoji or the like. */
static const char *answer_word(const char *s, char word[16])
{
    static const char around[] = " \t\r\n.!,*_\"'";
    s += strspn(s, around);
    size_t n = strcspn(s, around), letters = 0;
    if (n == 0) return NULL;
    for (size_t i = 0; i < n; i++) letters += (unsigned char)s[i] < 0x80;
    snprintf(word, 16, "%.*s", letters ? (int)(n < 15 ? n : 15) : 0, s);
    return s + n;
}

int text_yes_no(const char *s)
{
    char word[16];
    if (!s) return -1;
    do s = answer_word(s, word);
    while (s && !*word);
    if (!s) return -1;
    int yes = AMONG(word, agreeing);
    if (!yes && !AMONG(word, refusing)) return -1;
    while ((s = answer_word(s, word)))
        if (*word && !AMONG(word, besides) &&
            !(yes ? AMONG(word, agreeing) : AMONG(word, refusing)))
            return -1;
    return yes;
}

static unsigned min2(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment over three rows; ends early when a whole row is above the limit. */
static unsigned distance(const char *a, const char *b, unsigned limit, int any_case)
{
    size_t la = strnlen(a, 64), lb = strnlen(b, 64);
    unsigned rows[3][64];
    if (la > 63 || lb > 63) return limit + 1;
    if (la > lb + limit || lb > la + limit) return limit + 1;
    for (size_t j = 0; j <= lb; j++) rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned *row = rows[i % 3], *prev = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        unsigned best = row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned char ca = any_case ? lower(a[i - 1]) : (unsigned char)a[i - 1];
            unsigned char cb = any_case ? lower(b[j - 1]) : (unsigned char)b[j - 1];
            unsigned d = min2(min2(prev[j], row[j - 1]) + 1, prev[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca != cb) {
                unsigned char pa = any_case ? lower(a[i - 2]) : (unsigned char)a[i - 2];
                unsigned char pb = any_case ? lower(b[j - 2]) : (unsigned char)b[j - 2];
                if (ca == pb && pa == cb) d = min2(d, before[j - 2] + 1);
            }
            row[j] = d;
            best = min2(best, d);
        }
        /* limit + 1 could still be reached by a swap from the row before. */
        if (best > limit + 1) return limit + 1;
    }
    return min2(rows[la % 3][lb], limit + 1);
}

unsigned text_distance(const char *a, const char *b, unsigned limit)
{
    if (limit > 64) limit = 64;
    return distance(a, b, limit, 0);
}

const char *text_nearest(const char *word, const char *const *names, size_t count)
{
    unsigned best = 64;
    size_t len = strnlen(word, 64);
    const char *found = NULL;
    for (size_t i = 0; i < count && best > 0; i++) {
        size_t name_len = strnlen(names[i], 64);
        unsigned limit = (unsigned)((name_len > len ? name_len : len) / 3);
        unsigned d = distance(word, names[i], limit, 1);
        if (d > limit || d >= best) continue;
        found = names[i];
        best = d;
    }
    return found;
}

/* What people and address books put between digits. */
static int is_phone_divider(uint32_t cp)
{
    return is_space(cp) || cp == '-' || cp == '.' || cp == '(' || cp == ')' ||
           (cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212 || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

/* The digits of s; *plus is set when a '+' comes before them. Returns their number, or -1. */
static int phone_digits(const char *s, char digits[20], int *plus)
{
    int count = 0;
    *plus = 0;
    for (size_t i = 0, len = strlen(s); i < len;) {
        uint32_t cp;
        size_t n = text_decode(s + i, len - i, &cp);
        if (cp >= '0' && cp <= '9') {
            if (count == 19) return -1;
            digits[count++] = (char)cp;
        } else if (cp == '+' && !*plus && count == 0) {
            *plus = 1;
        } else if (!is_phone_divider(cp)) {
            return -1;
        }
        i += n;
    }
    digits[count] = '\0';
    return count;
}

int text_phone(const char *s, char *out, size_t cap)
{
    char raw[20];
    int plus;
    int count = s ? phone_digits(s, raw, &plus) : -1;
    if (count < 0) return -1;
    const char *p = raw;
    const char *country = "";
    if (!plus && p[0] == '0' && p[1] == '0') {
        plus = 1;
        p += 2;
        count -= 2;
    }
    if (!plus && p[0] == '0') {
        country = "62";
        p++;
        count--;
    } else if (!plus && p[0] == '8' && count >= 9 && count <= 12) {
        country = "62"; /* written without the 0; what is longer is another country's */
    }
    if (!*country && p[0] == '6' && p[1] == '2') {
        country = "62";
        p += 2;
        count -= 2;
        if (p[0] == '0') p++, count--; /* +62 (0)811 */
    }
    if (p[0] == '0' || !p[0]) return -1;
    size_t total = strlen(country) + (size_t)count;
    if (total < 10 || total > 15 || total >= cap) return -1;
    snprintf(out, cap, "%s%s", country, p);
    return 0;
}

int text_int(const char *s, int64_t *out)
{
    int64_t n = 0;
    if (!*s) return -1;
    for (; *s; s++) {
        if (*s < '0' || *s > '9') return -1;
        int digit = *s - '0';
        if (n > (INT64_MAX - digit) / 10) return -1;
        n = n * 10 + digit;
    }
    *out = n;
    return 0;
}

char *text_rupiah(int64_t rupiah, char out[40])
{
    char tmp[40];
    char *p = tmp + sizeof tmp;
    uint64_t u = rupiah < 0 ? 0 - (uint64_t)rupiah : (uint64_t)rupiah;
    *--p = '\0';
    for (int i = 0; u || !i; i++, u /= 10) {
        if (i && i % 3 == 0) *--p = '.';
        *--p = (char)('0' + u % 10);
    }
    snprintf(out, 40, "%sRp%s", rupiah < 0 ? "-" : "", p);
    return out;
}
