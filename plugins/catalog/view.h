/* SPDX-License-Identifier: MIT
 * view.h - how products look in a message. All functions [event]. */
#ifndef CATALOG_VIEW_H
#define CATALOG_VIEW_H

#include "product.h"

struct variant;

/* A text that grows in the callback's memory; starts as { .ctx = ctx }. `s` is NULL while it is
 * empty. */
struct view {
    struct bot_ctx *ctx;
    char *s;
    size_t len, cap;
    const char *stock, *sold_out; /* the words of a line, asked for once a message */
    int with_id;                  /* the reader runs this store */
    int rc;                       /* an error on the way; view_reply() returns it */
};

struct view view_start(struct bot_ctx *ctx);
void view_reserve(struct view *v, size_t bytes);   /* so much is to come */
void view_text(struct view *v, const char *text);  /* as it is */
void view_plain(struct view *v, const char *text); /* with * _ ~ ` made harmless */
void view_line(struct view *v,
               const struct product *p); /* one product of a list, on a line of its own */
/* Name, price and stock, as a photo's caption has them. */
void view_head(struct view *v, const struct product *p);
/* One product in full, its variants with it. */
void view_card(struct view *v, const struct product *p);
/* "7/2 · M merah · Rp150.000 · Stok: 5", on a line of its own. */
void view_variant(struct view *v, const struct product *p, const struct variant *one);
void view_number(struct view *v, int64_t number);
int view_reply(struct view *v); /* BOT_HANDLED or an error */

int is_store_admin(struct bot_ctx *ctx);
/* The first `chars` characters of text, with "…" when there are more. */
const char *text_cut(struct bot_ctx *ctx, const char *text, size_t chars);

#endif
