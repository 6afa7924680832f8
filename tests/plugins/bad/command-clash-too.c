/* SPDX-License-Identifier: MIT
 * command-clash-too.c - has a command that command-clash has, too. */
#include <tokobot/plugin.h>

static int run(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "from the other one");
}

static const struct bot_command_spec commands[] = {
    { .name = "hello", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = run },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_COMMANDS(api, self, commands);
}

BOT_PLUGIN("command-clash-too", "1.0.0", NULL, init, NULL, NULL, NULL);
