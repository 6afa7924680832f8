/* SPDX-License-Identifier: MIT
 * bad-schedule.c - a time of day that there is not. */
#include <tokobot/plugin.h>

static int run(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "from the bad one");
}

static const struct bot_schedule_spec schedules[] = {
    { .name = "nightly", .daily_at = "24:10", .run = run }
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_SCHEDULES(api, self, schedules);
}

BOT_PLUGIN("bad-schedule", "1.0.0", NULL, init, NULL, NULL, NULL);
