/* SPDX-License-Identifier: MIT
 * stop-hangs.c - stop() never returns. */
#include <time.h>

#include <tokobot/plugin.h>

static const struct timespec second = { 1, 0 };

static void stop(struct bot_ctx *ctx)
{
    (void)ctx;
    for (;;) nanosleep(&second, NULL);
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("stop-hangs", "1.0.0", NULL, init, NULL, stop, NULL);
