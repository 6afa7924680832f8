/* SPDX-License-Identifier: MIT
 * init-hangs.c - init() never returns. */
#include <time.h>

#include <tokobot/plugin.h>

static const struct timespec second = { 1, 0 };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    for (;;) nanosleep(&second, NULL);
    return BOT_OK;
}

BOT_PLUGIN("init-hangs", "1.0.0", NULL, init, NULL, NULL, NULL);
