/* plugins_service.c - see plugins_service.h. */
#include "plugins_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../config/config.h"
#include "../base/clock.h"
#include "../calls.h"
#include "../host.h"
#include "api.h"
#include "stats.h"

static const char *const state_names[] = {
    [BOT_PLUGIN_RUNNING] = "running",
    [BOT_PLUGIN_PAUSED] = "paused",
    [BOT_PLUGIN_QUARANTINED] = "quarantined",
    [BOT_PLUGIN_DRAINING] = "draining",
};

static uint32_t state_of(const struct plugin *p)
{
    if (p->phase >= PLUGIN_DRAINING) return BOT_PLUGIN_DRAINING;
    if (p->quarantined) return BOT_PLUGIN_QUARANTINED;
    return stats_is_paused(p->stats, clock_ms()) ? BOT_PLUGIN_PAUSED : BOT_PLUGIN_RUNNING;
}

void plugin_info(const struct plugin *p, struct bot_plugin_info *out)
{
    *out = (struct bot_plugin_info){
        .size = sizeof *out,
        .state = state_of(p),
        .name = p->name,
        .version = p->version,
        .generation = p->generation,
        .sdk_version = p->manifest->sdk_version,
        .pending = p->pending,
        .calls = p->stats->calls,
        .errors = p->stats->errors,
        .p50_us = stats_percentile_us(p->stats, 50),
        .p99_us = stats_percentile_us(p->stats, 99),
        .max_us = p->stats->slow_us,
    };
}

/* The generations that run in bot.ini's order, then those that drain. */
static int each_generation(struct host *h, int (*fn)(void *arg, const struct plugin *p), void *arg)
{
    int rc = 0;
    for (size_t i = 0; i < h->registry->plugin_count && !rc; i++)
        rc = fn(arg, h->registry->plugins[i]);
    const struct plugin *p;
    TAILQ_FOREACH(p, &h->generations, link)
    if (!rc && p->phase >= PLUGIN_DRAINING) rc = fn(arg, p);
    return rc;
}

/* ---- the service ----------------------------------------------------------------------------- */

struct listing {
    int (*each)(void *arg, const struct bot_plugin_info *info);
    void *arg;
};

static int list_one(void *arg, const struct plugin *p)
{
    const struct listing *l = arg;
    struct bot_plugin_info info;
    plugin_info(p, &info);
    return l->each(l->arg, &info);
}

static int service_list(struct bot_ctx *ctx,
                        int (*each)(void *arg, const struct bot_plugin_info *info), void *arg)
{
    struct listing l = { each, arg };
    return each_generation(event_of(ctx)->host, list_one, &l);
}

static int64_t service_reload(struct bot_ctx *ctx, bot_done_fn *done, const void *data, size_t len)
{
    struct event *ev = event_of(ctx);
    if (!(ev->roles & BOT_SUPER)) return BOT_ESCOPE;
    return call_begin(ev, CALL_RELOAD, "reload", done, data, len);
}

static int service_absent(struct bot_ctx *ctx, int (*each)(void *arg, const char *name), void *arg)
{
    const struct host *h = event_of(ctx)->host;
    size_t count = 0;
    const struct config_plugin *all = config_plugins(h->config, &count);
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++)
        if (!registry_plugin(h->registry, all[i].name)) rc = each(arg, all[i].name);
    return rc;
}

static int service_problems(struct bot_ctx *ctx, int (*each)(void *arg, const char *why), void *arg)
{
    struct event *ev = event_of(ctx);
    char *rest = NULL, *lines = arena_strdup(&ev->step, buf_str(&ev->host->problems));
    int rc = 0;
    for (char *line = strtok_r(lines, "\n", &rest); line && !rc; line = strtok_r(NULL, "\n", &rest))
        rc = each(arg, line);
    return rc;
}

const struct bot_plugins plugins_service = {
    .size = sizeof plugins_service,
    .list = service_list,
    .reload = service_reload,
    .absent = service_absent,
    .problems = service_problems,
};

/* ---- `tokobot plugin list` ------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_addf(out, ",\"%s\":", key);
    buf_add_json(out, text, strlen(text));
}

static void add_commands(const struct plugin *p, struct buf *out)
{
    const struct command *c;
    struct buf names = { 0 };
    STAILQ_FOREACH(c, &p->commands, link)
    buf_addf(&names, "%s/%s", names.len ? " " : "", c->spec.name);
    add_text(out, "commands", buf_str(&names));
    buf_free(&names);
}

static void add_hooks(const struct plugin *p, struct buf *out)
{
    const struct hook *k;
    struct buf names = { 0 };
    STAILQ_FOREACH(k, &p->hooks, link)
    buf_addf(&names, "%s%s:%d", names.len ? " " : "", k->spec.event, k->spec.priority);
    add_text(out, "hooks", buf_str(&names));
    buf_free(&names);
}

struct describing {
    struct host *host;
    struct buf *out;
    int n;
};

static int describe_one(void *arg, const struct plugin *p)
{
    struct describing *d = arg;
    struct bot_plugin_info i;
    struct buf pending = { 0 };
    plugin_info(p, &i);
    calls_describe(d->host, p, &pending);
    buf_addf(d->out, "%s{\"name\":\"%s\"", d->n++ ? "," : "", i.name);
    add_text(d->out, "version", i.version);
    add_text(d->out, "state", state_names[i.state]);
    buf_addf(d->out, ",\"generation\":%u,\"sdk\":\"%u.%u\"", i.generation, i.sdk_version >> 16,
             i.sdk_version & 0xffff);
    add_text(d->out, "pending", pending.len ? buf_str(&pending) : "0");
    buf_addf(d->out,
             ",\"calls\":%" PRId64 ",\"errors\":%" PRId64 ",\"p50_us\":%" PRId64
             ",\"p99_us\":%" PRId64 ",\"max_us\":%" PRId64,
             i.calls, i.errors, i.p50_us, i.p99_us, i.max_us);
    add_text(d->out, "slowest", p->stats->slowest);
    add_commands(p, d->out);
    add_hooks(p, d->out);
    buf_addc(d->out, '}');
    buf_free(&pending);
    return 0;
}

void plugins_describe(struct host *h, struct buf *out)
{
    struct describing d = { h, out, 0 };
    buf_adds(out, "{\"ok\":true,\"plugins\":[");
    each_generation(h, describe_one, &d);
    buf_adds(out, "],");
    host_problems(h, out);
    buf_addc(out, '}');
}
