/* SPDX-License-Identifier: MIT
 * bad-config.c - a key of its section with a name that no file can hold. */
#include <tokobot/plugin.h>

static const struct bot_config_spec keys[] = { { .key = "Base URL", .type = BOT_CONFIG_URL } };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_CONFIG(api, self, keys);
}

BOT_PLUGIN("bad-config", "1.0.0", NULL, init, NULL, NULL, NULL);
