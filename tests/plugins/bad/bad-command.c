/* SPDX-License-Identifier: MIT
 * bad-command.c - a command with a name that nobody can type; the error is not passed on. */
#include <tokobot/plugin.h>

static int run(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "from the bad one");
}

static const struct bot_command_spec commands[] = {
    { .name = "Lihat Produk", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = run },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    BOT_COMMANDS(api, self, commands);
    return BOT_OK;
}

BOT_PLUGIN("bad-command", "1.0.0", NULL, init, NULL, NULL, NULL);
