/* SPDX-License-Identifier: MIT
 *
 * wish.c - see wish.h. A number in front is how many; one behind is only with a sign of it ("x2",
 * "2 pcs"), since a size may end a name ("Beras 5 kg"): who knows the names decides ("trailing").
 */
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
    return strcspn(s, " \t\r\n,.!?:");
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
    return s + strspn(s, " \t\r\n,.!:");
}

/* ---- the verb -------------------------------------------------------------------------------- */

static const char *const verbs[] = {
    "pesan",   "pesen",   "pesankan", "order", "orderr", "beli",
    "memesan", "membeli", "buy",      "psn",   "psen",   "beliin"
};
static const char *const before_verbs[] = {
    "kak",    "kakak",  "min",  "mimin", "bang",    "mas",      "mbak",    "bu",     "pak",
    "halo",   "hai",    "hi",   "hello", "permisi", "saya",     "sy",      "aku",    "ak",
    "gue",    "gw",     "kami", "mau",   "mo",      "ingin",    "pengen",  "pingin", "jadi",
    "tolong", "minta",  "bisa", "boleh", "dong",    "i",        "want",    "to",     "would",
    "like",   "please", "can",  "may",   "i'd",     "ya",       "selamat", "pagi",   "siang",
    "sore",   "malam",  "nih",  "lagi",  "juga",    "langsung",
};
static const char *const after_verbs[] = { "dong", "ya",   "kak",  "min",    "dulu",
                                           "yang", "lagi", "juga", "please", "nih" };

/* "min order berapa", "pesan lewat mana", "order saya kemarin": no wish. */
static const char *const no_things[] = {
    "berapa", "apa", "apaan", "gimana", "gmn",  "bagaimana", "mana", "dimana",  "kapan", "bisa",
    "lewat",  "how", "what",  "where",  "when", "saya",      "aku",  "kemarin", "tadi",
};

const char *wish_verb(const char *text)
{
    const char *s = text + strspn(text, " \t\r\n");
    for (int words = 0; words < 7 && *s; words++, s = word_next(s)) {
        size_t n = word_len(s);
        if (AMONG(s, n, verbs)) {
            for (s = word_next(s); *s && AMONG(s, word_len(s), after_verbs);) s = word_next(s);
            s += strspn(s, " \t\r\n:,.!");
            return AMONG(s, word_len(s), no_things) ? NULL : s;
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
    static const char edges[] = " .,!?:*-=";
    s += strspn(s, edges);
    size_t n = strlen(s);
    while (n > 0 && strchr(edges, s[n - 1])) s[--n] = '\0';
    return s;
}

/* ---- counts ---------------------------------------------------------------------------------- */

/* Words that are numbers; those of one are units of themselves ("sebungkus kopi"). */
static const struct {
    const char *word;
    int64_t n;
} number_words[] = {
    { "satu", 1 },    { "dua", 2 },     { "tiga", 3 },     { "empat", 4 },     { "lima", 5 },
    { "enam", 6 },    { "tujuh", 7 },   { "delapan", 8 },  { "sembilan", 9 },  { "sepuluh", 10 },
    { "one", 1 },     { "two", 2 },     { "three", 3 },    { "four", 4 },      { "five", 5 },
    { "six", 6 },     { "seven", 7 },   { "eight", 8 },    { "nine", 9 },      { "ten", 10 },
    { "sebuah", 1 },  { "seporsi", 1 }, { "sebotol", 1 },  { "sebungkus", 1 }, { "sepasang", 1 },
    { "segelas", 1 }, { "sekotak", 1 }, { "selusin", 12 }, { "a", 1 },         { "an", 1 },
};
static const char *const units[] = {
    "pcs",  "pc",     "buah",  "bh",    "biji", "bj",   "porsi",  "x",      "bungkus", "bks",
    "unit", "pieces", "piece", "kali",  "pak",  "pack", "gelas",  "cup",    "botol",   "pasang",
    "dus",  "lembar", "helai", "kotak", "box",  "set",  "kaleng", "potong",
};
static const char *const dozens[] = { "lusin", "dozen" };

/* Pieces that a unit is; 0: it is none. */
static int64_t unit_pieces(const char *s, size_t len)
{
    return AMONG(s, len, dozens) ? 12 : AMONG(s, len, units) ? 1 : 0;
}

static int64_t at_most(int64_t count)
{
    return count > COUNT_MAX ? COUNT_MAX + 1 : count;
}

/* The digits at s as a count, COUNT_MAX + 1 for whatever is more; *len their bytes. 0: none. */
static int64_t digits(const char *s, size_t *len)
{
    int64_t n = 0;
    size_t i = 0;
    for (; is_digit(s[i]); i++) n = at_most(n * 10 + (s[i] - '0'));
    *len = i;
    return n;
}

static int64_t number_word(const char *s, size_t len)
{
    for (size_t i = 0; i < sizeof number_words / sizeof *number_words; i++)
        if (word_is(s, len, number_words[i].word)) return number_words[i].n;
    return 0;
}

/* A count in front: takes it off. -1 when there is none. */
static int64_t count_take(char **s)
{
    size_t n = word_len(*s), len = 0;
    int64_t count = digits(*s, &len), pieces = 1;
    if (!count && (count = number_word(*s, n))) len = n;
    if (!len || ((*s)[n] && (*s)[n] != ' ')) return -1; /* "1,5 liter" */
    char *rest = *s + n + strspn(*s + n, " ");
    if (len < n) {
        if (!(pieces = unit_pieces(*s + len, n - len))) return -1; /* "3in1", "2kg" */
    } else if (unit_pieces(rest, word_len(rest))) {
        char *behind = rest + word_len(rest);
        behind += strspn(behind, " ");
        if (*behind) pieces = unit_pieces(rest, word_len(rest)), rest = behind;
    }
    if (!*rest) return -1; /* a number alone says not what */
    *s = rest;
    return at_most(count * pieces);
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

/* The word before `word`, which is cut off; NULL: there is none, nothing is cut. */
static char *word_before(char *s, char *word)
{
    if (word == s) return NULL;
    word[-1] = '\0';
    return last_word(s);
}

/* "2 pcs", "1 lusin" at the end. */
static int64_t unit_behind(char *s, char *word)
{
    size_t len = 0;
    int64_t pieces = unit_pieces(word, strlen(word));
    char *number = pieces ? word_before(s, word) : NULL;
    if (!number) return 0;
    int64_t count = number > s ? digits(number, &len) : 0;
    if (count && number[len] == '\0') {
        cut_before(s, number);
        return at_most(count * pieces);
    }
    word[-1] = ' ';
    return 0;
}

/* A count behind, with a sign of it: "x2", "2x", "x 2", "2 pcs", "= 2". */
static int64_t count_behind(char *s)
{
    char *word = last_word(s), *from = NULL;
    size_t len = 0, n = strlen(word);
    int64_t count, pieces = 1;
    if (word == s) return 0;
    if (lower(*word) == 'x' && (count = digits(word + 1, &len)) > 0 && len + 1 == n) {
        from = word;
    } else if ((count = digits(word, &len)) > 0 && len < n) {
        if ((pieces = unit_pieces(word + len, n - len))) from = word;
    } else if (count && (word[-2] == '=' || word[-2] == ':')) {
        from = word;
    } else if (count && word - s >= 4 && lower(word[-2]) == 'x' && word[-3] == ' ') {
        from = word - 2;
    }
    if (!from) return count ? 0 : unit_behind(s, word);
    cut_before(s, from);
    return at_most(count * pieces);
}

/* "#7", "#7/2", "id 7", "7/2": the end of it, or NULL. */
static char *id_take(char *s, struct wish *w)
{
    int marked = *s == '#', divided = 0;
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
        s += i + 1, divided = 1;
    }
    if (!(marked || divided) || (*s && *s != ' ' && lower(*s) != 'x')) return NULL;
    if (!marked && *s && !is_digit(s[1]) && lower(s[1]) != 'x') return NULL; /* "1/2 kg" */
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

static const char *const fillers[] = { "ya",   "yaa",  "kak",    "kakak",   "dong",  "min",
                                       "mas",  "mbak", "bang",   "nih",     "deh",   "aja",
                                       "saja", "pls",  "please", "makasih", "thanks" };

/* "2 kopi susu ya kak" */
static void fillers_cut(char *s)
{
    for (char *word; (word = last_word(s)) > s && AMONG(word, strlen(word), fillers); trim(s))
        cut_before(s, word);
}

/* The bullet or the number of a list's line: "2. teh" is one tea. */
static char *bullet_skip(char *s)
{
    size_t n = strspn(s, "0123456789");
    return n && (s[n] == '.' || s[n] == ')') && s[n + 1] == ' ' ? trim(s + n + 1) : s;
}

static void part_read(char *s, struct wish *w)
{
    *w = (struct wish){ .count = 1 };
    fillers_cut(s);
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
        w->count = count >= 0 ? count : len ? many : 1;
        *s = '\0';
        w->words = s;
        return;
    }
    w->words = s;
    if (count < 0 && (count = count_behind(s)) == 0) {
        char *word = last_word(s);
        size_t len = 0;
        int64_t last = word > s ? digits(word, &len) : 0;
        if (last && word[len] == '\0') w->trailing = last;
        return;
    }
    w->count = count;
}

/* One space between words, whatever it was; a cross is an x, a bullet a space. */
static void spaces_tidy(char *text)
{
    static const struct {
        const char *from;
        char to;
    } odd[] = { { "\xC3\x97", 'x' }, { "\xC2\xA0", ' ' }, { "\xE2\x80\xA2", ' ' } };
    char *to = text;
    for (const char *s = text; *s; s++) {
        char c = *s == '\t' || *s == '\r' ? ' ' : *s;
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
            size_t n = strlen(odd[i].from);
            if (strncmp(s, odd[i].from, n) == 0) c = odd[i].to, s += n - 1;
        }
        if (c != ' ' || (to > text && to[-1] != ' ')) *to++ = c;
    }
    *to = '\0';
}

void wish_whole(char *text, struct wish *out)
{
    spaces_tidy(text);
    part_read(bullet_skip(trim(text)), out);
}

size_t wish_parse(char *text, struct wish *out, int *more)
{
    size_t n = 0, len = 0;
    *more = 0;
    spaces_tidy(text);
    for (char *line = text, *next; line; line = next) {
        if ((next = strchr(line, '\n'))) *next++ = '\0';
        for (char *part = line, *behind; part; part = behind) {
            char *joint = joint_find(part, &len);
            behind = joint ? joint + len : NULL;
            if (joint) *joint = '\0';
            part = bullet_skip(trim(part));
            if (!*part || AMONG(part, strlen(part), fillers)) continue;
            if (n == WISHES_MAX) {
                *more = 1;
                return n;
            }
            part_read(part, &out[n++]);
        }
    }
    return n;
}
