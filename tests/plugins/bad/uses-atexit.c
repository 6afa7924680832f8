/* SPDX-License-Identifier: MIT
 * uses-atexit.c - leaves a function for the end of the process. */
#include <stdlib.h>

#include <tokobot/plugin.h>

static void leave(void)
{
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return atexit(leave) == 0 ? BOT_OK : BOT_EIO;
}

BOT_PLUGIN("uses-atexit", "1.0.0", NULL, init, NULL, NULL, NULL);
