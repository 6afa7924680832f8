/* SPDX-License-Identifier: MIT
 * tokobot/services/catalog.h - service "catalog/0": what a store sells, and its stock. Provided by
 * the plugin catalog. Since SDK 0.13; not frozen.
 *
 * All functions [event], of the event's store; strings live until the callback returns. `owner` is
 * what api->service() gave. A product that is gone and another store's are both BOT_ENOENT. */
#ifndef TOKOBOT_SERVICES_CATALOG_H
#define TOKOBOT_SERVICES_CATALOG_H

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BOT_STOCK_UNCOUNTED (-1)

/* One thing that can be bought: a product without variants, or one variant of a product. */
struct bot_item {
    uint32_t size;
    uint32_t variants; /* of its product; > 0 while `variant` is 0: one of them has to be chosen */
    int64_t product;
    int64_t variant;    /* its number within the product; 0: the product itself */
    const char *name;   /* the product's: "Kaos Polos" */
    const char *label;  /* the variant's: "M merah"; "" */
    int64_t price;      /* whole rupiah; of a product with variants the lowest */
    int64_t price_high; /* the highest; the same where there is only one */
    int64_t stock;      /* or BOT_STOCK_UNCOUNTED; of a product with variants the sum */
};

struct bot_catalog {
    uint32_t size;
    uint32_t reserved;
    /* variant 0: the product itself. BOT_ENOENT. */
    int (*get)(struct bot_ctx *ctx, void *owner, int64_t product, int64_t variant,
               struct bot_item *out);
    /* Products (variant 0) that the words may mean, best first, typos forgiven; returns how many of
     * `cap` were filled (at most 10). *sure 1: the first one is meant - the words are its name, or
     * it is near and nothing else is; the words should be only about the product ("kopi susu
     * panas", without "2x"). May be NULL. The elements of `out` are as long as the first one says.
     */
    int (*find)(struct bot_ctx *ctx, void *owner, const char *words, struct bot_item *out,
                size_t cap, int *sure);
    /* The variants of a product, by number; returns how many there are, up to `cap` are filled.
     * BOT_ENOENT: no such product. */
    int (*variants)(struct bot_ctx *ctx, void *owner, int64_t product, struct bot_item *out,
                    size_t cap);
    /* Takes so many (> 0) out of the stock, in one statement; the admins hear of a stock that runs
     * low. Nothing happens to an uncounted one. BOT_EBUSY: there are not so many; BOT_ENOENT;
     * BOT_EINVAL: the product has variants, and none was named; or count is not > 0. */
    int (*take)(struct bot_ctx *ctx, void *owner, int64_t product, int64_t variant, int64_t count);
    /* Puts them back. BOT_ENOENT: it is sold no longer, or only by variants of which none was
     * named; nothing has changed. A stock that has become uncounted meanwhile stays so. Count: > 0
     * and at most 1,000,000, else BOT_EINVAL. */
    int (*give_back)(struct bot_ctx *ctx, void *owner, int64_t product, int64_t variant,
                     int64_t count);
};

#ifdef __cplusplus
}
#endif
#endif
