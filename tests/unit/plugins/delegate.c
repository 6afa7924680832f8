/* SPDX-License-Identifier: MIT
 * delegate.c - a plugin that is whatever the test program says: the environment variable
 * DELEGATE_<name> holds the address of a struct delegate of the same process. Built once for each
 * name (DELEGATE_NAME). */
#include "delegate.h"

#include <stdlib.h>

static const struct delegate *self_of_the_test(void)
{
    static const struct delegate nothing = { NULL, NULL, NULL };
    const char *address = getenv("DELEGATE_" DELEGATE_NAME);
    uintptr_t p = address ? (uintptr_t)strtoull(address, NULL, 16) : 0;
    return p ? (const struct delegate *)p : &nothing;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    const struct delegate *d = self_of_the_test();
    return d->init ? d->init(api, self) : BOT_OK;
}

static int start(struct bot_ctx *ctx)
{
    const struct delegate *d = self_of_the_test();
    return d->start ? d->start(ctx) : BOT_OK;
}

static void stop(struct bot_ctx *ctx)
{
    const struct delegate *d = self_of_the_test();
    if (d->stop) d->stop(ctx);
}

BOT_PLUGIN(DELEGATE_NAME, "1.0.0", DELEGATE_REQUIRES, init, start, stop, NULL);
