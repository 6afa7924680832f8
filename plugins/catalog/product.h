/* SPDX-License-Identifier: MIT
 * product.h - products of the event's store in the database. All functions [event]; what they hand
 * out lives until the callback returns. */
#ifndef CATALOG_PRODUCT_H
#define CATALOG_PRODUCT_H

#include <tokobot/plugin.h>

#define PRODUCT_NAME_CHARS        120
#define PRODUCT_CATEGORY_CHARS    60
#define PRODUCT_DESCRIPTION_CHARS 1000
#define PRODUCT_STOCK_MAX         1000000
#define PRODUCT_UNCOUNTED         (-1) /* stock: nobody counts it */

struct product {
    int64_t id;
    const char *name;
    int64_t price;                      /* rupiah */
    int64_t stock;                      /* or PRODUCT_UNCOUNTED */
    const char *category, *description; /* "" when there is none */
};

/* What product_update() changes; NULL and 0 leave a column as it is. */
struct product_change {
    const char *name, *category, *description;
    int64_t price;
    int64_t stock;
    int has_stock;
};

/* BOT_ENOENT also for an archived one and for another store's. */
int product_get(struct bot_ctx *ctx, int64_t id, struct product *out);
/* The id of the product that is called so, in any case of letters; 0 = none; or an error. */
int64_t product_named(struct bot_ctx *ctx, const char *name);
/* The new id, BOT_EEXIST when the name is taken, or another error. */
int64_t product_insert(struct bot_ctx *ctx, const struct product *product);
/* *out is the product afterwards. BOT_ENOENT, BOT_EEXIST. */
int product_update(struct bot_ctx *ctx, int64_t id, const struct product_change *change,
                   struct product *out);
int product_archive(struct bot_ctx *ctx, int64_t id); /* BOT_ENOENT */
/* Sets the stock, or adds to it (an uncounted one counts from 0). BOT_ENOENT when there is no such
 * product or the stock would leave 0..PRODUCT_STOCK_MAX: nothing has changed then. */
int product_stock_set(struct bot_ctx *ctx, int64_t id, int64_t stock, struct product *out);
int product_stock_add(struct bot_ctx *ctx, int64_t id, int64_t change, struct product *out);

/* One page in the order of ids, `limit` rows after the first `offset`. */
int product_page(struct bot_ctx *ctx, int64_t limit, int64_t offset, struct bot_rows **rows);
/* The row of product_page(); its name lives until the next row_next(). */
void product_of_row(struct bot_ctx *ctx, struct bot_rows *rows, struct product *out);

/* A copy that lives until the callback returns. */
char *text_copy(struct bot_ctx *ctx, const char *text);

#endif
