#include <tokobot/plugin.h>

static int hello(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "Halo, Kak! Saya plugin pertamamu.");
}

static const struct bot_command_spec commands[] = {
    { .name = "halo", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .help = "menyapa", .run = hello },
};
static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_COMMANDS(api, self, commands);
}
BOT_PLUGIN("hello", "1.0.0", NULL, init, NULL, NULL, NULL);
