/* SPDX-License-Identifier: MIT
 * item.h - a product or a variant as service catalog/0 hands it out. [event] */
#ifndef CATALOG_ITEM_H
#define CATALOG_ITEM_H

#include <tokobot/services/catalog.h>

#include "variant.h"

/* `v` NULL: the product itself. `variants`: how many it has. Writes as much as out->size says. */
void item_write(const struct product *p, const struct variant *v, uint32_t variants,
                struct bot_item *out);
/* The product itself, its variants counted. BOT_OK or an error. */
int item_of_product(struct bot_ctx *ctx, const struct product *p, struct bot_item *out);
/* The elements of an array are as long as the first one says: an older caller's are shorter. */
uint32_t item_stride(const struct bot_item *first, size_t cap);
/* The index-th element, with its size filled in. */
struct bot_item *item_at(struct bot_item *first, uint32_t stride, size_t index);

#endif
