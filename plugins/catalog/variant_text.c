/* SPDX-License-Identifier: MIT
 *
 * variant_text.c - variants as sellers type them: "LABEL = PRICE, STOCK", divided by ";". What
 * could be read in two ways follows one rule: a comma with a space behind it divides price and
 * stock, any other comma only when the whole is no price ("150.000,5", but "1,5jt"). Pure; any
 * thread. */
#include "variant.h"

#include <stdio.h>
#include <string.h>

#include "rupiah.h"
#include "words.h"

static char *edges_cut(char *s)
{
    s += strspn(s, " \t\r\n*");
    size_t n = strlen(s);
    while (n > 0 && strchr(" \t\r\n*", s[n - 1])) s[--n] = '\0';
    return s;
}

/* "stok 5" and "stok: 5" are 5. */
static char *stock_word_cut(char *s)
{
    static const char *const words[] = { "stok", "stock", "Stok", "Stock" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if (strncmp(s, words[i], n) == 0 && s[n] && strchr(" :", s[n])) return edges_cut(s + n + 1);
    }
    return s;
}

static const char *stock_read(char *text, struct variant *v, const char **value)
{
    *value = text = stock_word_cut(edges_cut(text));
    return form_stock_check(text, &v->stock);
}

static const char *price_read(char *text, struct variant *v, const char **value)
{
    *value = text = edges_cut(text);
    v->price = 0;
    if (*text == '\0' || strcmp(text, "-") == 0) return NULL;
    return form_price_check(text, &v->price);
}

/* Where the price ends: the comma, or NULL when there is only a price. */
static char *comma_find(char *text)
{
    int64_t rupiah;
    char *space = strstr(text, ", "), *last = strrchr(text, ',');
    if (space) return space;
    return last && rupiah_parse(text, &rupiah) != RUPIAH_OK &&
                   rupiah_parse(text, &rupiah) != RUPIAH_TOO_LARGE
               ? last
               : NULL;
}

/* "150rb, 5" */
static const char *terms_read(char *text, struct variant *v, const char **value)
{
    text = edges_cut(text);
    char *comma = comma_find(text);
    if (!comma) return price_read(text, v, value);
    *comma = '\0';
    const char *problem = price_read(text, v, value);
    return problem ? problem : stock_read(comma + 1, v, value);
}

static int is_taken(const struct variants *all, const char *label)
{
    char a[VARIANT_LABEL_CHARS * 4 + 1], b[VARIANT_LABEL_CHARS * 4 + 1];
    snprintf(a, sizeof a, "%s", label);
    words_fold(a);
    for (size_t i = 0; i < all->n; i++) {
        snprintf(b, sizeof b, "%s", all->item[i].label);
        words_fold(b);
        if (strcmp(a, b) == 0) return 1;
    }
    return 0;
}

static const char *one_read(char *text, struct variants *out, const char **value)
{
    struct variant v = { .stock = PRODUCT_UNCOUNTED };
    char *terms = strchr(text, '=');
    if (!terms) terms = strchr(text, ':');
    if (terms) *terms++ = '\0';
    text = edges_cut(text);
    *value = text;
    size_t chars = words_clean(text, 0);
    if (chars == 0) return "problem.variant_label";
    if (chars > VARIANT_LABEL_CHARS) return "problem.variant_long";
    if (is_taken(out, text)) return "problem.variant_twice";
    if (out->n == VARIANTS_MAX) return "problem.variant_many";
    v.label = text;
    const char *problem = terms ? terms_read(terms, &v, value) : NULL;
    if (!problem) out->item[out->n++] = v;
    return problem;
}

const char *variants_parse(char *text, struct variants *out, const char **value)
{
    for (char *next; text; text = next) {
        next = strpbrk(text, ";\n");
        if (next) *next++ = '\0';
        if (text[strspn(text, " \t\r*")] == '\0') continue;
        const char *problem = one_read(text, out, value);
        if (problem) return problem;
    }
    return NULL;
}

int variants_write(const struct variants *v, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < v->n; i++) {
        const struct variant *one = &v->item[i];
        char price[24] = "", stock[24] = "";
        if (one->price) snprintf(price, sizeof price, " %lld", (long long)one->price);
        if (one->stock != PRODUCT_UNCOUNTED)
            snprintf(stock, sizeof stock, ", %lld", (long long)one->stock);
        /* "-" alone would say that there are none. */
        int bare = !*price && !*stock && !strchr(one->label, ':') && strcmp(one->label, "-") != 0;
        int n = snprintf(out + len, cap - len, "%s%s%s%s%s", i ? "; " : "", one->label,
                         bare ? "" : " =", price, stock);
        if (n < 0 || (size_t)n >= cap - len) return -1;
        len += (size_t)n;
    }
    return (int)len;
}
