/* SPDX-License-Identifier: MIT
 * cart.h - the rows of the event's person's cart in the event's store. All functions [event]. */
#ifndef ORDERS_CART_H
#define ORDERS_CART_H

#include "orders.h"

#define CART_LINES 50

/* One line of a cart or of an order. */
struct line {
    int64_t product, variant;
    const char *name, *label;
    int64_t price, count; /* rupiah of one; pieces */
};

struct lines {
    struct line item[CART_LINES];
    size_t n;
};

/* Rows of product, variant, name, label, price, count. */
int lines_read(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
               struct lines *out);
int cart_load(struct bot_ctx *ctx, struct lines *out);
/* Pieces of this thing that are in it. */
int64_t cart_count(struct bot_ctx *ctx, int64_t product, int64_t variant);
/* Adds pieces of it. BOT_EBUSY: CART_LINES other things are in it, or it would be more than
 * COUNT_MAX. */
int cart_add(struct bot_ctx *ctx, const struct bot_item *item, int64_t count);
/* Makes a line what it is now: price and name as they are, so many pieces; 0: takes it out. */
int cart_set(struct bot_ctx *ctx, const struct line *line);
int cart_clear(struct bot_ctx *ctx);

/* What a text wants of the cart. */
struct cart_change {
    int empties;         /* all of it */
    int is_clear;        /* else only that it means a line: "ubah 1" */
    int64_t line, count; /* count 0: takes the line out */
};
/* "hapus 2", "ubah 2 jadi 5", "kosongkan". 0: it is none of that. Pure. */
int cart_meant(const char *text, struct cart_change *out);

int64_t lines_total(const struct lines *lines);
/* "1. Kopi (Besar) 2 × Rp15.000 = Rp30.000", each on a line of its own, and the total. */
void lines_show(struct bot_lines *out, const struct lines *lines);

#endif
