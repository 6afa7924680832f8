/* SPDX-License-Identifier: MIT
 * variant.h - the variants of a product (size, colour): each has a label, a price of its own or the
 * product's, and a stock of its own. In variant_text.c how people write them, pure; in variant.c
 * their rows, all [event], of the event's store. */
#ifndef CATALOG_VARIANT_H
#define CATALOG_VARIANT_H

#include <stddef.h>
#include <stdint.h>

#include "form.h"

#define VARIANTS_MAX        50
#define VARIANT_LABEL_CHARS 60

struct variant {
    int64_t number;    /* in its product, from 1, never used again; 0: not saved yet */
    const char *label; /* "M merah" */
    int64_t price;     /* rupiah; 0 = the product's */
    int64_t stock;     /* or PRODUCT_UNCOUNTED */
};

/* Starts as { .n = 0 }. */
struct variants {
    struct variant item[VARIANTS_MAX];
    size_t n;
};

/* ---- text ---- */

/* Adds what "M merah = 150rb, 5; L merah = 160rb, 3" says. Takes `text` apart in place; the labels
 * point into it. Price and stock may be left out: "M", "M = 150rb", "M = , 5". Returns NULL or the
 * key of the first problem, *value what it is about. */
const char *variants_parse(char *text, struct variants *out, const char **value);

/* Writes them as variants_parse() reads them, in one line; returns the bytes without the NUL, or -1
 * when they do not fit. */
int variants_write(const struct variants *v, char *out, size_t cap);

/* ---- rows ---- */

int variants_of(struct bot_ctx *ctx, int64_t product, struct variants *out);
/* How many there are, or an error. */
int64_t variants_count(struct bot_ctx *ctx, int64_t product);
/* Each of these leaves the product's range and stock to product_settle(), those that change a stock
 * only to product_recount(). */
/* The new number; BOT_EEXIST when the label is taken, BOT_EBUSY when there are VARIANTS_MAX. */
int64_t variant_insert(struct bot_ctx *ctx, int64_t product, const struct variant *v);
int variant_change(struct bot_ctx *ctx, int64_t product, const struct variant *v); /* BOT_ENOENT */
/* *label is what it was called. BOT_ENOENT. */
int variant_archive(struct bot_ctx *ctx, int64_t product, int64_t number, const char **label);
/* Makes the product's variants those of `v`: by label, the others go. */
int variants_replace(struct bot_ctx *ctx, int64_t product, const struct variants *v);
/* BOT_ENOENT: no such variant, or the stock would leave 0..PRODUCT_STOCK_MAX. */
int variant_stock_set(struct bot_ctx *ctx, int64_t product, int64_t number, int64_t stock,
                      struct variant *out);
int variant_stock_add(struct bot_ctx *ctx, int64_t product, int64_t number, int64_t change,
                      struct variant *out);
/* As product_stock_take() and product_stock_return(). */
int variant_stock_take(struct bot_ctx *ctx, int64_t product, int64_t number, int64_t count,
                       struct variant *out);
int variant_stock_return(struct bot_ctx *ctx, int64_t product, int64_t number, int64_t count,
                         struct variant *out);
int variant_get(struct bot_ctx *ctx, int64_t product, int64_t number, struct variant *out);

#endif
