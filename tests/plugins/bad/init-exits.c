/* SPDX-License-Identifier: MIT
 * init-exits.c - init() ends the process, as if all were well. */
#include <stdlib.h>

#include <tokobot/plugin.h>

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    exit(0);
}

BOT_PLUGIN("init-exits", "1.0.0", NULL, init, NULL, NULL, NULL);
