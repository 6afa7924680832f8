/* SPDX-License-Identifier: MIT
 * uses-signal.c - changes what a signal does to the whole process. */
#include <signal.h>

#include <tokobot/plugin.h>

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return signal(SIGUSR2, SIG_IGN) == SIG_ERR ? BOT_EIO : BOT_OK;
}

BOT_PLUGIN("uses-signal", "1.0.0", NULL, init, NULL, NULL, NULL);
