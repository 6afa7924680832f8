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
    int64_t stock;                      /* or PRODUCT_UNCOUNTED; with variants the sum of theirs */
    int64_t low, high;                  /* prices of its variants; 0: it has none */
    const char *category, *description; /* "" when there is none */
};

/* What product_update() changes; NULL and 0 leave a column as it is. */
struct product_change {
    const char *name, *category, *description;
    int64_t price;
    int64_t stock;
    int has_stock;
    const struct product
        *shown; /* a changed column must still be as it is here; NULL: never mind */
};

/* BOT_ENOENT also for an archived one and for another store's. */
int product_get(struct bot_ctx *ctx, int64_t id, struct product *out);
/* The id of the product that is called so, in any case of letters; 0 = none; or an error. */
int64_t product_named(struct bot_ctx *ctx, const char *name);
/* The new id, BOT_EEXIST when the name is taken, or another error. */
int64_t product_insert(struct bot_ctx *ctx, const struct product *product);
/* *out is the product afterwards. BOT_EEXIST; BOT_ENOENT also when a column is no longer as it was
 * shown, or a stock is given to a product that has variants: nothing has changed then. */
int product_update(struct bot_ctx *ctx, int64_t id, const struct product_change *change,
                   struct product *out);
int product_archive(struct bot_ctx *ctx, int64_t id); /* BOT_ENOENT */
/* Sets the stock, or adds to it (an uncounted one counts from 0). BOT_ENOENT when there is no such
 * product, it has variants, or the stock would leave 0..PRODUCT_STOCK_MAX: nothing has changed
 * then.
 */
int product_stock_set(struct bot_ctx *ctx, int64_t id, int64_t stock, struct product *out);
int product_stock_add(struct bot_ctx *ctx, int64_t id, int64_t change, struct product *out);
/* A sale takes `count` out and an order that is off puts them back, at most up to
 * PRODUCT_STOCK_MAX; an uncounted stock stays so. BOT_ENOENT: no such product, it has variants, or
 * (taking) there are fewer; nothing has changed then. */
int product_stock_take(struct bot_ctx *ctx, int64_t id, int64_t count, struct product *out);
int product_stock_return(struct bot_ctx *ctx, int64_t id, int64_t count, struct product *out);

/* After its variants have changed: brings up range, sum of stocks and the words it is found by;
 * *out is the product afterwards. BOT_ENOENT. */
int product_settle(struct bot_ctx *ctx, int64_t id, struct product *out);
/* After nothing but the stock of a variant has changed: the sum alone, one statement. */
int product_recount(struct bot_ctx *ctx, int64_t id, struct product *out);

/* What product_of_row() reads. Ranges lie in a table that has rows for products with variants only;
 * whether the store has any is asked once a statement, so a list of plain products looks for none.
 */
#define PRODUCT_RANGE_(column)                                                                     \
    " CASE WHEN EXISTS (SELECT 1 FROM catalog_ranges s WHERE s.store = $store) THEN"               \
    " (SELECT r." column " FROM catalog_ranges r WHERE r.store = $store AND r.product = p.id) END"
#define PRODUCT_LIST                                                                               \
    "SELECT p.id, p.name, p.price, p.stock," PRODUCT_RANGE_("low") "," PRODUCT_RANGE_(             \
        "high") " FROM catalog_products p"

/* One page in the order of ids, `limit` rows after the first `offset`. */
int product_page(struct bot_ctx *ctx, int64_t limit, int64_t offset, struct bot_rows **rows);
/* The row of product_page(); its name lives until the next row_next(). */
void product_of_row(struct bot_ctx *ctx, struct bot_rows *rows, struct product *out);

/* A copy that lives until the callback returns. */
char *text_copy(struct bot_ctx *ctx, const char *text);
char *text_copy_n(struct bot_ctx *ctx, const char *text, size_t len);

#endif
