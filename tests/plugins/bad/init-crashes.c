/* SPDX-License-Identifier: MIT
 * init-crashes.c - init() writes to where there is nothing. */
#include <tokobot/plugin.h>

/* `volatile` keeps the write; 16 and not 0, so that no sanitizer stops it before the processor. */
static volatile int *volatile nowhere = (volatile int *)16;

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    *nowhere = 1;
    return BOT_OK;
}

BOT_PLUGIN("init-crashes", "1.0.0", NULL, init, NULL, NULL, NULL);
