/* simextra.c - the plugin that the simulator's operator switches on and off.
 *
 * It hears each number that simtest emits and leaves one row for it, in the same savepoint as simtest's
 * own. An alarm that it sets leaves another one, after a pause; when this plugin is off by then, the alarm
 * waits until it is on again. Its start() leaves a row with the number of the generation, then fails when
 * mood = fails, else makes a call whose end leaves another row; stop() leaves one, too. A generation whose
 * start was taken back leaves none. It needs a service of simtest: whenever simtest gets a new generation,
 * so does this one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tokobot/plugin.h>

#include "probe.h"

#define TICK_MS  700
#define LATER_MS 1500
#define PAUSE_MS 600

static int hear_made(struct bot_ctx *ctx);
static int hear_later(struct bot_ctx *ctx);

static const struct bot_hook_spec hooks[] = {
    { .event = "simtest.made", .priority = 0, .scope = BOT_ALL_STORES, .run = hear_made },
    { .event = "simextra.later", .priority = 0, .scope = BOT_ALL_STORES, .run = hear_later },
};

static const struct bot_config_spec config[] = {
    { .key = "probe", .type = BOT_CONFIG_TEXT, .help = "Address of the simulator's struct probe" },
    { .key = "mood", .type = BOT_CONFIG_CHOICE, .fallback = "works", .choices = "works fails",
      .help = "fails: start() says no, after it has written" },
    { .key = "note", .type = BOT_CONFIG_TEXT, .help = "Means nothing; another one is a changed section" },
};

static const struct bot_migration_spec migrations[] = {
    { .id = 1,
      .sql = "CREATE TABLE simextra_rows ("
             " id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER NOT NULL, what TEXT NOT NULL) STRICT" },
};

static const char ROW_ADD[] = "INSERT INTO simextra_rows(n, what) VALUES ($n, $what)";

static int row_add(struct bot_ctx *ctx, int64_t n, const char *what)
{
    struct bot_arg args[] = { bot_int("n", n), bot_text("what", what) };
    return ctx->api->db(ctx, ROW_ADD, args, BOT_COUNT(args), NULL);
}

static int64_t number_of(struct bot_ctx *ctx)
{
    const char *body = ctx->api->field(ctx, "body");
    return body ? strtoll(body, NULL, 10) : 0;
}

/* What it requires stays the same, and in use, for its whole life. */
static void use_service(struct bot_ctx *ctx)
{
    struct probe_generation *g = ctx->state;
    void *owner = NULL;
    const struct simtest_service *simtest = ctx->api->service(ctx->api->self(ctx), "simtest/0", &owner);
    if (!simtest || simtest->twice(21) != 42) g->probe->wrong(g, "the service that it needs is not there");
    g->probe->uses(g, owner);
}

static int hear_made(struct bot_ctx *ctx)
{
    struct probe_generation *g = ctx->state;
    const struct bot_api *api = ctx->api;
    char key[32];
    int64_t n = number_of(ctx);
    int len = snprintf(key, sizeof key, "%lld", (long long)n);
    g->probe->callback(g, "extra heard");
    g->probe->heard(g, n);
    use_service(ctx);
    int rc = row_add(ctx, n, "heard");
    if (rc >= 0) rc = api->at(ctx, "simextra.later", key, api->now(ctx) + LATER_MS, key, (size_t)len);
    return rc < 0 ? rc : BOT_HANDLED;
}

static int later_done(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct probe_generation *g = ctx->state;
    g->probe->callback(g, "extra later done");
    if (result->status == BOT_ECANCELED) g->probe->cancelled(g, "later", 0);
    use_service(ctx);
    int rc = row_add(ctx, *(const int64_t *)data, "later");
    return rc < 0 ? rc : BOT_HANDLED;
}

/* The same from the beginning and after a restart: nothing is left before the pause is over. */
static int hear_later(struct bot_ctx *ctx)
{
    struct probe_generation *g = ctx->state;
    int64_t n = number_of(ctx);
    g->probe->callback(g, "extra later");
    use_service(ctx);
    int64_t id = ctx->api->timer(ctx, PAUSE_MS, later_done, &n, sizeof n);
    return id < 0 ? (int)id : ctx->api->later(ctx, 0, NULL, 0);
}

static int tick(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct probe_generation *g = ctx->state;
    (void)data;
    g->probe->callback(g, "extra tick");
    if (result->status == BOT_ECANCELED) g->probe->cancelled(g, "tick", 1);
    use_service(ctx);
    int rc = row_add(ctx, g->number, "tick");
    if (rc >= 0) g->ticks++;
    return rc < 0 ? rc : BOT_HANDLED;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    int rc = BOT_HOOKS(api, self, hooks);
    if (rc >= 0) rc = BOT_CONFIG(api, self, config);
    if (rc >= 0) rc = BOT_MIGRATIONS(api, self, migrations);
    return rc;
}

static int start(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    struct bot_plugin *self = api->self(ctx);
    struct probe *probe = (void *)(uintptr_t)strtoull(api->config_text(self, "probe"), NULL, 16);
    struct probe_generation *g = probe->start(probe, "simextra", 1, self);
    api->set_state(self, g);
    int rc = row_add(ctx, g->number, "start");
    if (rc >= 0) {
        g->wrote = 1;
        int64_t id = api->timer(ctx, TICK_MS, tick, NULL, 0);
        if (id < 0) rc = (int)id;
    }
    if (rc >= 0 && strcmp(api->config_text(self, "mood"), "fails") == 0) rc = BOT_FAIL;
    if (rc != BOT_OK) probe->start_failed(g);
    return rc;
}

static void stop(struct bot_ctx *ctx)
{
    struct probe_generation *g = ctx->state;
    g->probe->stop(g);
    use_service(ctx); /* whoever provides is stopped after whoever requires */
    row_add(ctx, g->number, "stop");
}

BOT_PLUGIN("simextra", "1.0.0", "simtest/0", init, start, stop, NULL);
