/* SPDX-License-Identifier: MIT
 *
 * reload.c - /muat_ulang: takes a changed bot.ini and changed plugins, and says what became of it.
 * The answer comes when the reload has ended, also when this plugin itself was replaced by it. */
#include "super_admin.h"

enum { PATIENCE_MS = 60000 };

static int reload_ended(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    const char *lines = result->body;
    (void)data;
    if (result->status == BOT_OK && !*lines) return bot_say(ctx, "reload.unchanged", NULL, 0);
    const struct bot_arg args[] = { bot_text("lines", lines) };
    return bot_say(ctx, result->status == BOT_OK ? "reload.done" : "reload.refused", args, 1);
}

int reload_plugins(struct bot_ctx *ctx)
{
    if (ctx->api->status(ctx) == BOT_ERESUMED) return bot_say(ctx, "reload.restarted", NULL, 0);
    int64_t id = plugins_of(ctx)->reload(ctx, reload_ended, NULL, 0);
    return id < 0 ? (int)id : ctx->api->later(ctx, PATIENCE_MS, NULL, 0);
}
