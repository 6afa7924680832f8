/* SPDX-License-Identifier: MIT
 * start-crashes.c - start() writes to where there is nothing. */
#include <tokobot/plugin.h>

/* `volatile` keeps the write; 16 and not 0, so that no sanitizer stops it before the processor. */
static volatile int *volatile nowhere = (volatile int *)16;

static int start(struct bot_ctx *ctx)
{
    (void)ctx;
    *nowhere = 1;
    return BOT_OK;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("start-crashes", "1.0.0", NULL, init, start, NULL, NULL);
