/* SPDX-License-Identifier: MIT
 *
 * qr.c - /qr_toko: the link that opens a chat with the store's code already written, and its QR
 * code as a picture. The picture is made on a host thread; when the process ends meanwhile, the
 * command simply runs again. */
#include <string.h>

#include "qr_png.h"
#include "store_admin.h"

static const char *link_of(struct bot_ctx *ctx)
{
    const char *number = stores_of(ctx)->number(ctx);
    if (!number || !*number) return NULL;
    return bot_format(ctx, "https://wa.me/%s?text=%%23%s", number, bot_field(ctx, "store.code"));
}

static const char *caption(struct bot_ctx *ctx, const char *key)
{
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("code", bot_field(ctx, "store.code")),
        bot_text("link", link_of(ctx)),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

static int64_t make_picture(const void *data, size_t len, void *out, size_t out_cap)
{
    char link[200];
    if (len >= sizeof link) return BOT_EINVAL;
    memcpy(link, data, len);
    link[len] = '\0';
    int64_t n = qr_png(link, out, out_cap);
    return n < 0 ? BOT_EIO : n;
}

/* Without a picture the link is still worth having. */
static int picture_kept(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)data;
    if (result->status != BOT_OK) return bot_reply(ctx, caption(ctx, "qr.link_only"));
    const struct bot_send send = {
        .size = sizeof send,
        .person = ctx->api->number(ctx, "person"),
        .text = caption(ctx, "qr.caption"),
        .priority = 1,
        .media = result->media,
    };
    int rc = ctx->api->send(ctx, &send);
    return rc < 0 ? rc : BOT_HANDLED;
}

static int picture_made(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)data;
    if (result->status != BOT_OK || !result->body_len)
        return bot_reply(ctx, caption(ctx, "qr.link_only"));
    const char *name = bot_format(ctx, "qr-%s.png", bot_field(ctx, "store.code"));
    int64_t id = ctx->api->media_store(ctx, result->body, result->body_len, "image/png", name,
                                       picture_kept, NULL, 0);
    return id < 0 ? (int)id : BOT_LATER;
}

int show_qr(struct bot_ctx *ctx)
{
    const char *link = link_of(ctx);
    if (!link) return bot_reply(ctx, caption(ctx, "qr.no_number"));
    const struct bot_work work = { .size = sizeof work,
                                   .run = make_picture,
                                   .out_cap = QR_PNG_BYTES };
    int64_t id = ctx->api->work(ctx, &work, link, strlen(link), picture_made, NULL, 0);
    return id < 0 ? (int)id : ctx->api->later(ctx, 30000, NULL, 0);
}
