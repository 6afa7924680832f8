/* SPDX-License-Identifier: MIT
 *
 * product_remove.c - /hapus_produk ID: asks YA or TIDAK, then archives. Nothing is deleted: orders
 * that name the product stay true. */
#include "catalog.h"
#include "product.h"

int remove_product(struct bot_ctx *ctx)
{
    int64_t id = ctx->api->number(ctx, "arg.id");
    struct product product;
    int rc = product_get(ctx, id, &product);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    const struct bot_arg slots[] = { bot_int("id", id), bot_text("name", product.name) };
    return dialog_open(ctx, "remove", slots, BOT_COUNT(slots));
}

int remove_done(struct bot_ctx *ctx)
{
    const char *name = ctx->api->field(ctx, "slot.name");
    int64_t id = ctx->api->number(ctx, "slot.id");
    const struct bot_arg args[] = { bot_text("name", name ? name : ""), bot_int("id", id) };
    if (!ctx->api->number(ctx, "slot.answer"))
        return bot_say(ctx, "remove.kept", args, BOT_COUNT(args));
    int rc = product_archive(ctx, id);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    if ((rc = audit_product(ctx, "catalog.remove", id)) < 0) return rc;
    return bot_say(ctx, "remove.done", args, BOT_COUNT(args));
}
