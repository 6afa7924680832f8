/* SPDX-License-Identifier: MIT
 * late-register.c - registers a command in start(), which is too late. */
#include <tokobot/plugin.h>

static int run(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "from the bad one");
}

static const struct bot_command_spec commands[] = {
    { .name = "late", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = run },
};

static int start(struct bot_ctx *ctx)
{
    return BOT_COMMANDS(ctx->api, ctx->api->self(ctx), commands);
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("late-register", "1.0.0", NULL, init, start, NULL, NULL);
