/* SPDX-License-Identifier: MIT
 *
 * global_stats.c - /stats_global: the whole bot in figures; other plugins add theirs by the hook
 * "global.stats". */
#include "super_admin.h"

/* How long the bot has been running, in the two largest units. */
static const char *uptime_words(struct bot_ctx *ctx, int64_t seconds)
{
    int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    const struct bot_arg args[] = {
        bot_int("days", days),
        bot_int("hours", hours % 24),
        bot_int("minutes", minutes % 60),
    };
    const char *key = days      ? "uptime.days"
                      : hours   ? "uptime.hours"
                      : minutes ? "uptime.minutes"
                                : "uptime.moment";
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

int global_stats(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    struct bot_totals t = { .size = sizeof t };
    int rc = stores_of(ctx)->totals(ctx, &t);
    if (rc < 0) return rc;
    const char *others = BOT_HAS(api, gather) ? api->gather(ctx, "global.stats") : "";
    if (!others) return BOT_FAIL;
    const struct bot_arg args[] = {
        bot_int("stores", t.stores),
        bot_int("active", t.stores_active),
        bot_int("suspended", t.stores_suspended),
        bot_int("pending", t.stores_pending),
        bot_int("customers", t.customers),
        bot_text("others", others),
        bot_text("gap", *others ? "\n" : ""),
        bot_int("today", t.messages_today),
        bot_int("week", t.messages_week),
        bot_int("queue", t.queue > 0 ? t.queue - 1 : 0), /* without this very message */
        bot_text("uptime", uptime_words(ctx, t.uptime_s)),
    };
    return bot_say(ctx, "stats.global", args, BOT_COUNT(args));
}
