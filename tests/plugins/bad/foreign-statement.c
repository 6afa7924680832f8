/* SPDX-License-Identifier: MIT
 * foreign-statement.c - reads a table of the host's. It loads; `tokobot plugin check` finds it. */
#include <tokobot/plugin.h>

static int spy(struct bot_ctx *ctx)
{
    return ctx->api->db(ctx, "SELECT id, name FROM persons", NULL, 0, NULL);
}

static const struct bot_command_spec commands[] = {
    { .name = "spy", .role = BOT_ANYONE, .run = spy },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_COMMANDS(api, self, commands);
}

BOT_PLUGIN("foreign-statement", "1.0.0", NULL, init, NULL, NULL, NULL);
