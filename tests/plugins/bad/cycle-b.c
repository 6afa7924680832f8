/* SPDX-License-Identifier: MIT
 * cycle-b.c - needs what cycle-a provides, which needs what this one provides. */
#include <tokobot/plugin.h>

static const struct {
    uint32_t size;
} service = { sizeof service };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return api->provide(self, "cycle-b/0", &service, NULL);
}

BOT_PLUGIN("cycle-b", "1.0.0", "cycle-a/0", init, NULL, NULL, NULL);
