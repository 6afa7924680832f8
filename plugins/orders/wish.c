/* SPDX-License-Identifier: MIT
 *
 * wish.c - see wish.h. A number in front is how many; one behind is only with a sign of it ("x2",
 * "2 pcs"), since a size may end a name ("Beras 5 kg"). */
#include "wish.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the word at s. */
static size_t word_len(const char *s)
{
    return strcspn(s, " \t\r\n,.!?");
}

static int word_is(const char *s, size_t len, const char *word)
{
    size_t i = 0;
    for (; i < len && word[i]; i++)
        if (lower(s[i]) != word[i]) return 0;
    return i == len && !word[i];
}

static int word_among(const char *s, size_t len, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (word_is(s, len, words[i])) return 1;
    return 0;
}
#define AMONG(s, len, words) word_among((s), (len), (words), sizeof(words) / sizeof *(words))

static const char *word_next(const char *s)
{
    s += word_len(s);
    return s + strspn(s, " \t,.!");
}

/* ---- the verb -------------------------------------------------------------------------------- */

static const char *const verbs[] = {
    "pesan",   "pesen",   "pesankan", "order", "orderr", "beli",
    "memesan", "membeli", "buy",      "psn",   "psen",   "beliin"
};
static const char *const before_verbs[] = {
    "kak",    "kakak",  "min",  "mimin", "bang",    "mas",   "mbak",   "bu",     "pak",
    "halo",   "hai",    "hi",   "hello", "permisi", "saya",  "sy",     "aku",    "ak",
    "gue",    "gw",     "kami", "mau",   "mo",      "ingin", "pengen", "pingin", "jadi",
    "tolong", "minta",  "bisa", "boleh", "dong",    "i",     "want",   "to",     "would",
    "like",   "please", "can",  "may",   "id",
};
static const char *const after_verbs[] = { "dong", "ya", "kak", "min", "dulu", "yang", "please" };

const char *wish_verb(const char *text)
{
    const char *s = text + strspn(text, " \t\r\n");
    for (int words = 0; words < 7 && *s; words++, s = word_next(s)) {
        size_t n = word_len(s);
        if (AMONG(s, n, verbs)) {
            for (s = word_next(s); *s && AMONG(s, word_len(s), after_verbs);) s = word_next(s);
            return s + strspn(s, " \t\r\n:,.!");
        }
        if (!AMONG(s, n, before_verbs)) return NULL;
    }
    return NULL;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static const char *const joints[] = { " dan ", " and ", " sama ", " plus ", " serta " };

/* The first place where the line is divided; *len how long the divider is. */
static char *joint_find(char *s, size_t *len)
{
    for (char *at = s; *at; at++) {
        if (*at == ';' || *at == '+' || *at == '&' ||
            (*at == ',' && !(at > s && is_digit(at[-1]) && is_digit(at[1])))) {
            *len = 1;
            return at;
        }
        for (size_t i = 0; *at == ' ' && i < sizeof joints / sizeof *joints; i++) {
            size_t n = strlen(joints[i]), k = 0;
            while (k < n && lower(at[k]) == joints[i][k]) k++;
            if (k == n) {
                *len = n;
                return at;
            }
        }
    }
    return NULL;
}

static char *trim(char *s)
{
    static const char edges[] = " \t\r\n.,!?:*-";
    s += strspn(s, edges);
    size_t n = strlen(s);
    while (n > 0 && strchr(edges, s[n - 1])) s[--n] = '\0';
    return s;
}

/* ---- counts ---------------------------------------------------------------------------------- */

static const char *const number_words[][2] = {
    { "satu", "one" },      { "dua", "two" },     { "tiga", "three" },  { "empat", "four" },
    { "lima", "five" },     { "enam", "six" },    { "tujuh", "seven" }, { "delapan", "eight" },
    { "sembilan", "nine" }, { "sepuluh", "ten" },
};
static const char *const units[] = { "pcs",    "pc",    "buah",   "bh",      "biji",
                                     "bj",     "porsi", "x",      "bungkus", "bks",
                                     "pieces", "piece", "kali",   "unit",    "gelas",
                                     "cup",    "botol", "pasang", "lembar",  "helai" };
static const char *const single[] = { "sebuah",  "seporsi", "sebungkus", "sepasang",
                                      "segelas", "sebotol", "a",         "an" };

/* The digits at s as a count; *len their bytes. 0: none, or too many. */
static int64_t digits(const char *s, size_t *len)
{
    int64_t n = 0;
    size_t i = 0;
    for (; is_digit(s[i]); i++)
        if ((n = n * 10 + (s[i] - '0')) > COUNT_MAX) return 0;
    *len = i;
    return n;
}

/* A count in front: takes it off. 0 when there is none. */
static int64_t count_take(char **s)
{
    size_t n = word_len(*s), len = 0;
    int64_t count = digits(*s, &len);
    if (AMONG(*s, n, single)) {
        count = 1, len = n;
    } else if (!count) {
        for (size_t i = 0; i < sizeof number_words / sizeof *number_words; i++)
            for (int k = 0; k < 2; k++)
                if (word_is(*s, n, number_words[i][k])) count = (int64_t)i + 1, len = n;
    }
    if (!count) return 0;
    char *rest = *s + len;
    if (len < n && !AMONG(rest, n - len, units)) return 0; /* "3in1", "2kg" */
    rest = len < n ? *s + n : rest;
    rest += strspn(rest, " ");
    if (len == n && AMONG(rest, word_len(rest), units)) {
        char *behind = rest + word_len(rest);
        behind += strspn(behind, " ");
        if (*behind) rest = behind;
    }
    if (!*rest) return 0; /* a number alone says not what */
    *s = rest;
    return count;
}

static char *last_word(char *s)
{
    char *space = strrchr(s, ' ');
    return space ? space + 1 : s;
}

static void cut_before(char *s, char *word)
{
    while (word > s && (word[-1] == ' ' || word[-1] == '=' || word[-1] == ':')) word--;
    *word = '\0';
}

/* A count behind, with a sign of it: "x2", "2x", "2 pcs", "= 2". */
static int64_t count_behind(char *s)
{
    char *word = last_word(s);
    size_t len = 0, n = strlen(word);
    int64_t count;
    if (word == s) return 0;
    if (lower(*word) == 'x' && (count = digits(word + 1, &len)) > 0 && len + 1 == n) {
        cut_before(s, word);
        return count;
    }
    count = digits(word, &len);
    if (count && len < n && AMONG(word + len, n - len, units)) {
        cut_before(s, word);
        return count;
    }
    if (count && len == n && word - s >= 2 && (word[-2] == '=' || word[-2] == ':')) {
        cut_before(s, word);
        return count;
    }
    if (count && len == n && word - s >= 3 && lower(word[-2]) == 'x' && word[-3] == ' ') {
        cut_before(s, word - 2);
        return count;
    }
    if (!count && AMONG(word, n, units)) {
        char *end = word - 1;
        *end = '\0';
        char *number = last_word(s);
        count = number > s ? digits(number, &len) : 0;
        if (count && number[len] == '\0') {
            cut_before(s, number);
            return count;
        }
        *end = ' ';
    }
    return 0;
}

/* "#7", "#7/2", "id 7", "7/2": the end of it, or NULL. */
static char *id_take(char *s, struct wish *w)
{
    int marked = *s == '#';
    if (marked) s++;
    if (!marked && lower(s[0]) == 'i' && lower(s[1]) == 'd' && strchr(": ", s[2]) && s[2]) {
        s += 3, marked = 1;
        s += strspn(s, " ");
    }
    int64_t id = 0, variant = 0;
    size_t i = 0;
    for (; i < 12 && is_digit(s[i]); i++) id = id * 10 + (s[i] - '0');
    if (!id || is_digit(s[i])) return NULL;
    s += i;
    if (*s == '/' && is_digit(s[1])) {
        i = 0;
        variant = digits(s + 1, &i);
        s += i + 1, marked = 1;
    }
    if (!marked || (*s && *s != ' ')) return NULL;
    w->product = id;
    w->variant = variant;
    return s + strspn(s, " ");
}

/* "7 2": an id and how many. */
static int two_numbers(const char *s, struct wish *w)
{
    int64_t id = 0;
    size_t i = 0, len = 0;
    for (; i < 12 && is_digit(s[i]); i++) id = id * 10 + (s[i] - '0');
    if (!id || s[i] != ' ') return 0;
    int64_t count = digits(s + i + 1, &len);
    if (!count || s[i + 1 + len]) return 0;
    w->product = id;
    w->count = count;
    return 1;
}

static void part_read(char *s, struct wish *w)
{
    *w = (struct wish){ .count = 1 };
    w->words = s;
    if (two_numbers(s, w)) {
        *s = '\0';
        return;
    }
    int64_t count = count_take(&s);
    char *behind = id_take(s, w);
    if (behind) {
        size_t len = 0;
        const char *number = lower(*behind) == 'x' ? behind + 1 : behind;
        number += strspn(number, " ");
        int64_t many = digits(number, &len);
        w->count = count ? count : many ? many : 1;
        *s = '\0';
        w->words = s;
        return;
    }
    w->words = s;
    if (!count) count = count_behind(s);
    if (count) {
        w->count = count;
        return;
    }
    char *word = last_word(s);
    size_t len = 0;
    count = word > s ? digits(word, &len) : 0;
    if (count && word[len] == '\0') w->trailing = count;
}

size_t wish_parse(char *text, struct wish *out, int *more)
{
    size_t n = 0, len = 0;
    *more = 0;
    for (char *line = text, *next; line; line = next) {
        if ((next = strchr(line, '\n'))) *next++ = '\0';
        for (char *part = line, *behind; part; part = behind) {
            char *joint = joint_find(part, &len);
            behind = joint ? joint + len : NULL;
            if (joint) *joint = '\0';
            part = trim(part);
            if (!*part) continue;
            if (n == WISHES_MAX) {
                *more = 1;
                return n;
            }
            part_read(part, &out[n++]);
        }
    }
    return n;
}
