/* SPDX-License-Identifier: MIT
 * constructor-hangs.c - never ends being opened. */
#include <time.h>

#include <tokobot/plugin.h>

static const struct timespec second = { 1, 0 };

__attribute__((constructor)) static void opened(void)
{
    for (;;) nanosleep(&second, NULL);
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("constructor-hangs", "1.0.0", NULL, init, NULL, NULL, NULL);
