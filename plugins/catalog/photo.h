/* SPDX-License-Identifier: MIT
 * photo.h - the photo of a product: a file of the host that is kept as long as its row is here
 * (media_column). All [event]. */
#ifndef CATALOG_PHOTO_H
#define CATALOG_PHOTO_H

#include <tokobot/plugin.h>

/* The picture that came with this message, by its content; 0 = none. */
int64_t photo_came(struct bot_ctx *ctx);
/* The file of a product's photo; 0 = it has none; or an error. */
int64_t photo_of(struct bot_ctx *ctx, int64_t product);
int photo_set(struct bot_ctx *ctx, int64_t product, int64_t media);
int photo_remove(struct bot_ctx *ctx, int64_t product); /* BOT_ENOENT */

#endif
