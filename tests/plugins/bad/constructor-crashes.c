/* SPDX-License-Identifier: MIT
 * constructor-crashes.c - writes to where there is nothing while it is being opened. */
#include <tokobot/plugin.h>

/* `volatile` keeps the write; 16 and not 0, so that no sanitizer stops it before the processor. */
static volatile int *volatile nowhere = (volatile int *)16;

__attribute__((constructor)) static void opened(void)
{
    *nowhere = 1;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("constructor-crashes", "1.0.0", NULL, init, NULL, NULL, NULL);
