/* SPDX-License-Identifier: MIT
 *
 * form.c - a product written as lines. Sellers copy the form from the chat, retype it, shuffle it,
 * put bullets and stars around it; all that is read here. What is wrong is said about every line at
 * once, so that one more message mends it. Pure: texts are named by key, never written here. */
#include "form.h"

#include <string.h>

#include "rupiah.h"
#include "variant.h"
#include "words.h"

static const struct {
    const char *word; /* folded */
    enum form_field field;
} field_words[] = {
    { "nama", FIELD_NAME },
    { "nama produk", FIELD_NAME },
    { "produk", FIELD_NAME },
    { "name", FIELD_NAME },
    { "product", FIELD_NAME },
    { "product name", FIELD_NAME },
    { "harga", FIELD_PRICE },
    { "price", FIELD_PRICE },
    { "stok", FIELD_STOCK },
    { "stock", FIELD_STOCK },
    { "jumlah", FIELD_STOCK },
    { "kategori", FIELD_CATEGORY },
    { "category", FIELD_CATEGORY },
    { "kat", FIELD_CATEGORY },
    { "deskripsi", FIELD_DESCRIPTION },
    { "keterangan", FIELD_DESCRIPTION },
    { "description", FIELD_DESCRIPTION },
    { "desc", FIELD_DESCRIPTION },
    { "ket", FIELD_DESCRIPTION },
    { "varian", FIELD_VARIANTS },
    { "variasi", FIELD_VARIANTS },
    { "variant", FIELD_VARIANTS },
    { "variants", FIELD_VARIANTS },
};

/* ---- lines ----------------------------------------------------------------------------------- */

static char *trim(char *s)
{
    s += strspn(s, " \t\r");
    size_t n = strlen(s);
    while (n > 0 && strchr(" \t\r", s[n - 1])) s[--n] = '\0';
    return s;
}

int form_field(const char *key, size_t len)
{
    static const char around[] = " \t*_-"; /* bullets and bold */
    while (len > 0 && strchr(around, *key)) key++, len--;
    if (len > 3 && memcmp(key, "\xE2\x80\xA2", 3) == 0) key += 3, len -= 3; /* U+2022, a bullet */
    while (len > 0 && strchr(around, *key)) key++, len--;
    while (len > 0 && strchr(around, key[len - 1])) len--;
    char folded[24];
    if (len == 0 || len >= sizeof folded) return -1;
    memcpy(folded, key, len);
    folded[len] = '\0';
    words_fold(folded);
    for (size_t i = 0; i < sizeof field_words / sizeof *field_words; i++)
        if (strcmp(field_words[i].word, folded) == 0) return (int)field_words[i].field;
    return -1;
}

/* "*Harga:* 500" leaves a star before the value. */
static char *value_of(char *after)
{
    char *value = trim(after);
    if (value[0] == '*' && (value[1] == ' ' || value[1] == '\0')) value = trim(value + 1);
    return value;
}

static void append_line(char *text, const char *line)
{
    char *end = text + strlen(text);
    if (end > text) *end++ = '\n'; /* the line lies behind it, so there is room */
    memmove(end, line, strlen(line) + 1);
}

static void line_keep(struct form *form, int field, char *value, int *first_variant)
{
    form->lines++;
    form->value[field] = value;
    if (field != FIELD_VARIANTS) return;
    if (*first_variant) form->variant_lines = 0; /* those of an earlier form are done with */
    *first_variant = 0;
    if (form->variant_lines < FORM_VARIANT_LINES) form->variants[form->variant_lines++] = value;
}

void form_parse(struct form *form, char *text)
{
    char *loose = NULL;
    int last = -1, first_variant = 1;
    unsigned others = 0;
    form->unknown = NULL;
    form->lines = 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        line = trim(line);
        if (*line == FORM_NEXT) first_variant = 1;
        if (*line == '\0' || *line == FORM_NEXT) continue;
        size_t key = strcspn(line, ":=");
        int field = line[key] ? form_field(line, key) : -1;
        if (field >= 0) {
            line_keep(form, field, value_of(line + key + 1), &first_variant);
            last = field;
        } else if (last == FIELD_DESCRIPTION) {
            append_line(form->value[FIELD_DESCRIPTION], line);
        } else if (!loose && form->lines == 0) {
            loose = line;
        } else {
            others++;
            if (!form->unknown) form->unknown = line;
        }
    }
    if (!loose) return;
    int alone = form->lines == 0 && others == 0;
    if (!form->value[FIELD_NAME] && (alone || loose[strcspn(loose, ":=")] == '\0'))
        form->value[FIELD_NAME] = loose;
    else
        form->unknown = loose;
}

/* ---- values ---------------------------------------------------------------------------------- */

const char *form_name_check(char *name)
{
    size_t chars = words_clean(name, 0);
    if (chars == 0) return "problem.name_missing";
    return chars > PRODUCT_NAME_CHARS ? "problem.name_long" : NULL;
}

const char *form_price_check(const char *text, int64_t *rupiah)
{
    switch (rupiah_parse(text, rupiah)) {
    case RUPIAH_OK:
        return NULL;
    case RUPIAH_NOT_POSITIVE:
        return "problem.price_zero";
    case RUPIAH_FRACTION:
        return "problem.price_fraction";
    case RUPIAH_TOO_LARGE:
        return "problem.price_large";
    default:
        return "problem.price_unclear";
    }
}

static int is_one_of(const char *text, const char *const *words, size_t n)
{
    char folded[24];
    if (strlen(text) >= sizeof folded) return 0;
    strcpy(folded, text);
    words_fold(folded);
    for (size_t i = 0; i < n; i++)
        if (strcmp(folded, words[i]) == 0) return 1;
    return 0;
}

static const char *const uncounted[] = { "", "-", "tidak dihitung", "not counted" };

const char *form_stock_check(const char *text, int64_t *stock)
{
    static const char *const none[] = { "habis", "kosong", "sold out", "out", "nol" };
    if (is_one_of(text, uncounted, sizeof uncounted / sizeof *uncounted)) {
        *stock = PRODUCT_UNCOUNTED;
        return NULL;
    }
    if (is_one_of(text, none, sizeof none / sizeof *none)) {
        *stock = 0;
        return NULL;
    }
    return words_count_parse(text, PRODUCT_STOCK_MAX, stock) == 0 ? NULL : "problem.stock";
}

const char *form_category_check(char *category)
{
    if (words_clean(category, 0) > PRODUCT_CATEGORY_CHARS) return "problem.category_long";
    if (strcmp(category, "-") == 0) *category = '\0';
    return NULL;
}

static const char *description_check(char *description)
{
    if (words_clean(description, 1) > PRODUCT_DESCRIPTION_CHARS) return "problem.description_long";
    if (strcmp(description, "-") == 0) *description = '\0';
    return NULL;
}

/* A product is counted by its variants, when it has some. */
static const char *variants_check(const struct form *form, struct variants *variants,
                                  const char **value)
{
    const char *problem = NULL;
    variants->n = 0;
    for (size_t i = 0; i < form->variant_lines && !problem; i++)
        problem = variants_parse(form->variants[i], variants, value);
    if (problem || variants->n == 0) return problem;
    const char *stock = form->value[FIELD_STOCK];
    if (!stock || is_one_of(stock, uncounted, sizeof uncounted / sizeof *uncounted)) return NULL;
    *value = stock;
    return "problem.stock_of_variants";
}

size_t form_check(struct form *form, int with_all, struct product *product,
                  struct variants *variants, struct form_problem problems[FORM_PROBLEMS])
{
    const char *found[FIELD_COUNT] = { NULL };
    const char *about = "";
    char *const *v = form->value;
    if (v[FIELD_NAME])
        found[FIELD_NAME] = form_name_check(v[FIELD_NAME]);
    else if (with_all)
        found[FIELD_NAME] = "problem.name_missing";
    if (v[FIELD_PRICE] && *v[FIELD_PRICE])
        found[FIELD_PRICE] = form_price_check(v[FIELD_PRICE], &product->price);
    else if (v[FIELD_PRICE] || with_all)
        found[FIELD_PRICE] = "problem.price_missing";
    if (v[FIELD_STOCK]) found[FIELD_STOCK] = form_stock_check(v[FIELD_STOCK], &product->stock);
    if (v[FIELD_CATEGORY]) found[FIELD_CATEGORY] = form_category_check(v[FIELD_CATEGORY]);
    if (v[FIELD_DESCRIPTION]) found[FIELD_DESCRIPTION] = description_check(v[FIELD_DESCRIPTION]);
    found[FIELD_VARIANTS] = variants_check(form, variants, &about);

    size_t n = 0;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char *value = i == FIELD_VARIANTS ? about : v[i] ? v[i] : "";
        if (found[i]) problems[n++] = (struct form_problem){ found[i], value };
    }
    if (form->unknown) problems[n++] = (struct form_problem){ "problem.line", form->unknown };
    product->name = v[FIELD_NAME];
    product->category = v[FIELD_CATEGORY];
    product->description = v[FIELD_DESCRIPTION];
    return n;
}
