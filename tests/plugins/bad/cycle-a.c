/* SPDX-License-Identifier: MIT
 * cycle-a.c - needs what cycle-b provides, which needs what this one provides. */
#include <tokobot/plugin.h>

static const struct {
    uint32_t size;
} service = { sizeof service };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return api->provide(self, "cycle-a/0", &service, NULL);
}

BOT_PLUGIN("cycle-a", "1.0.0", "cycle-b/0", init, NULL, NULL, NULL);
