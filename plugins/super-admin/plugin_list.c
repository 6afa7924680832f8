/* SPDX-License-Identifier: MIT
 *
 * plugin_list.c - /plugin: which plugins run, which do not, and why. */
#include "super_admin.h"

static const char *const state_keys[] = {
    [BOT_PLUGIN_RUNNING] = "plugin.running",
    [BOT_PLUGIN_PAUSED] = "plugin.paused",
    [BOT_PLUGIN_QUARANTINED] = "plugin.quarantined",
    [BOT_PLUGIN_DRAINING] = "plugin.draining",
};

/* What the listing functions are given. */
struct listing {
    struct bot_ctx *ctx;
    const char *lines; /* joined by line breaks */
};

static void add_line(struct listing *l, const char *key, struct bot_arg *args, size_t n)
{
    const struct bot_api *api = l->ctx->api;
    const char *line = api->text(l->ctx, key, args, n);
    const struct bot_arg both[] = { bot_text("lines", l->lines), bot_text("line", line) };
    l->lines = *l->lines ? api->text(l->ctx, "plugin.join", both, BOT_COUNT(both)) : line;
}

static int add_running(void *arg, const struct bot_plugin_info *info)
{
    struct listing *l = arg;
    const struct bot_api *api = l->ctx->api;
    const char *state =
        info->state < BOT_COUNT(state_keys) ? state_keys[info->state] : "plugin.running";
    struct bot_arg args[] = {
        bot_text("name", info->name),
        bot_text("version", info->version),
        bot_text("state", api->text(l->ctx, state, NULL, 0)),
        bot_int("generation", info->generation),
    };
    add_line(l, "plugin.line", args, BOT_COUNT(args));
    return 0;
}

static int add_absent(void *arg, const char *name)
{
    struct bot_arg args[] = { bot_text("name", name) };
    add_line(arg, "plugin.absent", args, BOT_COUNT(args));
    return 0;
}

static int add_problem(void *arg, const char *why)
{
    struct bot_arg args[] = { bot_text("why", why) };
    add_line(arg, "plugin.problem", args, BOT_COUNT(args));
    return 0;
}

int list_plugins(struct bot_ctx *ctx)
{
    const struct bot_plugins *plugins = plugins_of(ctx);
    struct listing running = { ctx, "" }, problems = { ctx, "" };
    plugins->list(ctx, add_running, &running);
    plugins->absent(ctx, add_absent, &running);
    plugins->problems(ctx, add_problem, &problems);
    const struct bot_arg args[] = { bot_text("lines", running.lines) };
    int rc = ctx->api->reply(ctx, ctx->api->text(ctx, "plugin.list", args, BOT_COUNT(args)));
    if (rc < 0 || !*problems.lines) return rc < 0 ? rc : BOT_HANDLED;
    return bot_reply(ctx, problems.lines);
}
