/* SPDX-License-Identifier: MIT
 *
 * profile_service.c - "profile/0", the store's own words for other plugins. The ctx of a service's
 * function is its caller's. Those that are given their owner work in its name, with call_as(); the
 * first three are older and are not given it, so they ask hooks of this plugin. */
#include "store_admin.h"

static const char *asked(struct bot_ctx *ctx, const char *event)
{
    const char *text = ctx->api->gather(ctx, event);
    return text && *text ? text : NULL;
}

static const char *greeting(struct bot_ctx *ctx)
{
    return asked(ctx, "store-admin.greeting");
}

static const char *closed(struct bot_ctx *ctx)
{
    return asked(ctx, "store-admin.closed");
}

static const char *hours(struct bot_ctx *ctx)
{
    return asked(ctx, "store-admin.hours");
}

static int64_t shown(struct bot_ctx *ctx, void *owner)
{
    const struct store_admin *mine = ctx->api->state(owner);
    return mine ? mine->shown : 0;
}

static int payment_run(struct bot_ctx *ctx, void *arg)
{
    struct payment p;
    int rc = payment_get(ctx, &p);
    *(const char **)arg = rc >= 0 && p.text ? text_plain(ctx, p.text) : NULL;
    return rc;
}

static const char *payment(struct bot_ctx *ctx, void *owner)
{
    const char *text = NULL;
    return ctx->api->call_as(ctx, owner, payment_run, &text) < 0 ? NULL : text;
}

static int cash_run(struct bot_ctx *ctx, void *arg)
{
    struct payment p;
    (void)arg;
    int rc = payment_get(ctx, &p);
    return rc < 0 ? rc : p.cash;
}

static int cash(struct bot_ctx *ctx, void *owner)
{
    return ctx->api->call_as(ctx, owner, cash_run, NULL);
}

const struct bot_profile profile_service = {
    .size = sizeof profile_service,
    .greeting = greeting,
    .closed = closed,
    .hours = hours,
    .shown = shown,
    .payment = payment,
    .cash = cash,
};
