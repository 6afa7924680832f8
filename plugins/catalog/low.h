/* SPDX-License-Identifier: MIT
 * low.h - stocks that run low: how low is low in this store, who has been told. All [event]. */
#ifndef CATALOG_LOW_H
#define CATALOG_LOW_H

#include "variant.h"

#define LOW_DEFAULT 3

/* A stock at or below it is low; 0 = nobody is told. */
int64_t low_threshold(struct bot_ctx *ctx);

enum low_how {
    LOW_TELL,   /* the stock fell, or was set: the other admins hear of it, once */
    LOW_RISEN,  /* it was raised: a mark goes when it is above again, nobody is told */
    LOW_SILENT, /* many change at once: only the mark */
};
/* After a change of the stock of a product (variant NULL) or of one of its variants. 1 when it is
 * newly low, 0, or an error. */
int low_note(struct bot_ctx *ctx, const struct product *p, const struct variant *variant,
             enum low_how how);
/* The same for a product and all its variants. Returns how many are newly low, or an error. */
int low_note_all(struct bot_ctx *ctx, const struct product *p, enum low_how how);

/* Products and variants that are low or sold out, the lowest first. Columns: id, name, number of
 * the variant or 0, its label, stock. */
int low_page(struct bot_ctx *ctx, int64_t limit, int64_t offset, struct bot_rows **rows);
/* How many are sold out, and how many low. */
int low_count(struct bot_ctx *ctx, int64_t *sold_out, int64_t *low);

#endif
