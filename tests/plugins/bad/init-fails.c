/* SPDX-License-Identifier: MIT
 * init-fails.c - init() gives an error and no reason. */
#include <tokobot/plugin.h>

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_EIO;
}

BOT_PLUGIN("init-fails", "1.0.0", NULL, init, NULL, NULL, NULL);
