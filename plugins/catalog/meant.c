/* SPDX-License-Identifier: MIT
 *
 * meant.c - is the first product that a search found the one that is meant? A wrong yes sells
 * somebody the wrong thing, a wrong no is one question more; so it is yes only when
 *   nothing else was found, or nothing that comes near (the search's scores are far apart), or
 *   only it has all the words ("bimoli 2 liter", not the bottle of 1 liter; "kopi susu gula"), or
 *   its whole name was said, and no word is left that points at another one: "kopi susu panas" is
 *   the Kopi Susu and not the Kopi Susu Gula Aren, "kopi susu atau tubruk" is neither for sure.
 * One slip in a longer word is forgiven. The scores alone cannot tell: "kopi" fits both equally,
 * and by their lengths the search must put one of them first. */
#include "meant.h"

#include <string.h>

#define NEAR 800  /* below it the search itself is in doubt: a word missing, or a short one wrong  \
                   */
#define SAID  600 /* enough when the whole name was said: the rest is talk */
#define APART 150 /* a word that only one of them has makes about so much */
#define WORDS 24  /* of a query or a name that are compared */
#define SLIP  4   /* letters of the shortest word that may have one */

struct word {
    const char *s;
    size_t len;
};

struct words {
    struct word item[WORDS];
    size_t n;
};

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static void words_of(const char *folded, struct words *out)
{
    for (out->n = 0; *folded && out->n < WORDS;) {
        size_t len = 0;
        while (is_letter(folded[len])) len++;
        if (len) out->item[out->n++] = (struct word){ folded, len };
        folded += len ? len : 1;
    }
}

static int has_digit(const struct word *w)
{
    for (size_t i = 0; i < w->len; i++)
        if (w->s[i] >= '0' && w->s[i] <= '9') return 1;
    return 0;
}

/* One letter more, another one, or two that changed places; the first one is right. */
static int one_slip(const struct word *a, const struct word *b)
{
    if (a->len < b->len) {
        const struct word *longer = b;
        b = a;
        a = longer;
    }
    size_t more = a->len - b->len, at = 0;
    if (a->len < SLIP || more > 1 || has_digit(a) || has_digit(b)) return 0;
    while (at < b->len && a->s[at] == b->s[at]) at++;
    if (at == 0) return 0;
    const char *x = a->s + at, *y = b->s + at;
    size_t left = b->len - at;
    if (more) return memcmp(x + 1, y, left) == 0;
    if (left == 0) return 1;
    if (memcmp(x + 1, y + 1, left - 1) == 0) return 1;
    return left > 1 && x[0] == y[1] && x[1] == y[0] && memcmp(x + 2, y + 2, left - 2) == 0;
}

/* 2: the same word, 1: with a slip, 0: another one. */
static int word_near(const struct word *a, const struct word *b)
{
    if (a->len == b->len && memcmp(a->s, b->s, a->len) == 0) return 2;
    return one_slip(a, b);
}

/* How near the nearest of them is. */
static int words_have(const struct words *in, const struct word *w)
{
    int best = 0;
    for (size_t i = 0; i < in->n && best < 2; i++) {
        int near = word_near(&in->item[i], w);
        if (near > best) best = near;
    }
    return best;
}

static int has_all(const struct words *in, const struct words *wanted)
{
    for (size_t i = 0; i < wanted->n; i++)
        if (!words_have(in, &wanted->item[i])) return 0;
    return wanted->n > 0;
}

/* How much of what was said is this whole name; 0 when a word of it is missing. The same words
 * count more than those with a slip. */
static int name_said(const struct words *said, const struct words *name, int with_slips)
{
    int sum = 0;
    for (size_t i = 0; i < name->n; i++) {
        int near = words_have(said, &name->item[i]);
        if (!near || (near == 1 && !with_slips)) return 0;
        sum += 10 + near;
    }
    return sum;
}

static int only_one_has_all(const struct words *said, const struct words *names, size_t n)
{
    if (!has_all(&names[0], said)) return 0;
    for (size_t i = 1; i < n; i++)
        if (has_all(&names[i], said)) return 0;
    return 1;
}

static int whole_name_was_said(const struct words *said, const struct words *names, size_t n,
                               int with_slips)
{
    int first = name_said(said, &names[0], with_slips);
    if (!first) return 0;
    for (size_t i = 1; i < n; i++)
        if (name_said(said, &names[i], 1) >= first) return 0;
    for (size_t k = 0; k < said->n; k++) {
        if (words_have(&names[0], &said->item[k])) continue;
        for (size_t i = 1; i < n; i++)
            if (words_have(&names[i], &said->item[k])) return 0;
    }
    return 1;
}

int meant_first(const char *words, const struct meant_product *found, size_t n)
{
    struct words said, names[MEANT_MAX];
    if (n > MEANT_MAX) n = MEANT_MAX;
    int near = n > 0 && found[0].score >= NEAR;
    if (n == 0 || found[0].score < SAID) return 0;
    if (near && (n == 1 || found[0].score - found[1].score >= APART)) return 1;
    words_of(words, &said);
    for (size_t i = 0; i < n; i++) words_of(found[i].name, &names[i]);
    return (near && only_one_has_all(&said, names, n)) ||
           whole_name_was_said(&said, names, n, near);
}
