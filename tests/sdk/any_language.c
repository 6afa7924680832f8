/* any_language.c - a plugin in what C11, C17 and C++17 have in common; scripts/test compiles it as
 * each of them. It uses the macros and inline functions that are easiest to write for one of the
 * languages only. */
#include <tokobot/plugin.h>

static int hello(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "Halo dari plugin pertama.");
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    static struct bot_command_spec commands[1];
    commands[0].name = "halo";
    commands[0].role = BOT_ANYONE;
    commands[0].scope = BOT_NO_STORE;
    commands[0].help = "menyapa";
    commands[0].run = hello;
    return BOT_COMMANDS(api, self, commands);
}

BOT_PLUGIN("hello", "1.0.0", NULL, init, NULL, NULL, NULL);
