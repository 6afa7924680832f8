/* SPDX-License-Identifier: MIT
 * needs-service.c - needs a service that nobody provides. */
#include <tokobot/plugin.h>

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("needs-service", "1.0.0", "weather/0", init, NULL, NULL, NULL);
