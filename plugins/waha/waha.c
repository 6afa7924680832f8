/* SPDX-License-Identifier: MIT
 * waha.c - the gateway to WhatsApp through a WAHA server: what it registers, its configuration, its
 * state.
 *
 * parse.c turns webhooks into messages on the host's HTTP threads; everything else runs on the
 * loop. The state made by start() holds configuration and what is known of the session; losing it
 * costs nothing. A rolled-back callback may leave a counter of requests in flight too high: ids.c
 * heals it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tokobot/services/waha.h>

#include "waha.h"

static int gate(struct bot_ctx *ctx);
static int address(const char *phone, char *out, size_t cap);
static const char *default_session(struct bot_ctx *ctx);

static const struct bot_config_spec config[] = {
    { .key = "base_url",
      .type = BOT_CONFIG_URL,
      .fallback = "http://waha:3000",
      .env = "WAHA_BASE_URL",
      .help = "where WAHA answers",
      .named = BOT_CONFIG_INHERITED },
    { .key = "api_key",
      .type = BOT_CONFIG_SECRET,
      .env = "WAHA_API_KEY",
      .help = "WAHA's WAHA_API_KEY, in plain",
      .named = BOT_CONFIG_INHERITED },
    { .key = "session",
      .type = BOT_CONFIG_TEXT,
      .fallback = "default",
      .env = "MASTER_SESSION",
      .help = "the WAHA session that is the shops' number; in [waha.NAME] empty: NAME",
      .named = BOT_CONFIG_OWN },
    { .key = "store",
      .type = BOT_CONFIG_TEXT,
      .fallback = "",
      .help = "code of the store whose own number this is; empty: it is every store's",
      .named = BOT_CONFIG_OWN },
    { .key = "hmac_key",
      .type = BOT_CONFIG_SECRET,
      .env = "WAHA_HMAC_KEY",
      .help = "WAHA's WHATSAPP_HOOK_HMAC_KEY; empty: made once and kept in data_dir" },
    { .key = "webhook_url",
      .type = BOT_CONFIG_URL,
      .fallback = "",
      .help = "http://BOT:5000/webhook/waha as WAHA reaches it, for `tokobot check --fix`",
      .named = BOT_CONFIG_INHERITED },
    { .key = "allow_unsigned",
      .type = BOT_CONFIG_BOOL,
      .fallback = "no",
      .help = "yes: webhooks from this machine need no signature" },
    { .key = "pace",
      .type = BOT_CONFIG_CHOICE,
      .fallback = "human",
      .choices = "human off",
      .help = "human: seen, typing, a pause, then the message; off: for tests and benchmarks" },
    { .key = "per_minute",
      .type = BOT_CONFIG_INT,
      .fallback = "20",
      .min = 1,
      .max = 1000000,
      .help = "notices a minute: messages to chats that did not just write; the others wait" },
    { .key = "per_day",
      .type = BOT_CONFIG_INT,
      .fallback = "1000",
      .min = 1,
      .max = 1000000,
      .help = "notices a day; you are told at 80 %, the others wait for tomorrow" },
    { .key = "per_contact",
      .type = BOT_CONFIG_INT,
      .fallback = "4",
      .min = 1,
      .max = 1000000,
      .help = "notices an hour to one who has not written for a day" },
    { .key = "all_per_minute",
      .type = BOT_CONFIG_INT,
      .fallback = "600",
      .min = 1,
      .max = 1000000,
      .help = "messages a minute, answers too; what is more waits" },
    { .key = "groups",
      .type = BOT_CONFIG_BOOL,
      .fallback = "no",
      .help = "yes: commands in groups are answered, for everybody as a customer" },
    { .key = "manage_session",
      .type = BOT_CONFIG_BOOL,
      .fallback = "yes",
      .help =
          "yes: the bot makes and starts its WAHA session, and restarts one that failed, once" },
    { .key = "loop_per_minute",
      .type = BOT_CONFIG_INT,
      .fallback = "30",
      .min = 5,
      .max = 1000000,
      .help = "a chat that writes more a minute is taken for another bot: an hour of silence" },
};

static const struct bot_schedule_spec schedules[] = {
    { .name = "session", .every_s = 30, .run = waha_check_session },
    { .name = "listen", .every_s = 60, .run = waha_listen },
};

static const struct bot_command_spec commands[] = {
    { .name = "wa",
      .role = BOT_SUPER,
      .scope = BOT_NO_STORE,
      .help = "help.wa",
      .run = waha_command },
};

static const struct bot_route_spec routes[] = {
    { .kind = BOT_ROUTE_CONTROL, .path = "fix-waha", .run = waha_fix },
};

static const struct bot_hook_spec hooks[] = {
    { .event = "message.gate", .priority = 10, .scope = BOT_NO_STORE, .run = gate },
    { .event = "session.status",
      .priority = 10,
      .scope = BOT_NO_STORE,
      .run = waha_session_changed },
    { .event = "session.caught_up", .priority = 10, .scope = BOT_NO_STORE, .run = waha_caught_up },
};

static const struct bot_gateway_spec gateway = {
    .size = sizeof gateway,
    .name = "waha",
    .signature_header = "X-Webhook-Hmac",
    .signature_algorithm = "hmac-sha512-hex",
    .signature_key = "hmac_key",
    .allow_unsigned = "allow_unsigned",
    .parse = waha_parse,
    .send = waha_send,
    .resolve = waha_resolve,
    .need_ids = waha_need_ids,
    .address = address,
    .default_session = default_session,
    .who = waha_who,
    .groups = "groups",
    .fetch = waha_fetch,
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    void *owner = NULL;
    const struct bot_gateways *gateways = api->service(self, "gateways/0", &owner);
    if (!gateways) return BOT_EVERSION;
    int rc = BOT_CONFIG(api, self, config);
    if (rc >= 0) rc = BOT_COMMANDS(api, self, commands);
    if (rc >= 0) rc = BOT_HOOKS(api, self, hooks);
    if (rc >= 0) rc = BOT_SCHEDULES(api, self, schedules);
    if (rc >= 0) rc = api->provide(self, "waha/0", &waha_service, self);
    if (rc >= 0) rc = BOT_ROUTES(api, self, routes);
    if (rc >= 0) rc = gateways->provide(self, &gateway);
    return rc < 0 ? rc : BOT_OK;
}

/* What comes in by a session that bot.ini does not name is somebody else's: never answered. */
static int gate(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    const char *network = api->field(ctx, "gateway");
    if (!ctx->state || !network || strcmp(network, "waha") != 0) return BOT_PASS;
    struct waha_account *a = waha_account(ctx->state, api->field(ctx, "session"));
    if (a) {
        waha_deaf_heard(ctx, a);
        waha_backfill_note(ctx, a);
        return waha_breaker_gate(ctx);
    }
    api->count(api->self(ctx), "other_session_messages", 1);
    return BOT_HANDLED;
}

static int address(const char *phone, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s@c.us", phone);
    return n > 5 && (size_t)n < cap ? BOT_OK : BOT_EINVAL;
}

static const char *default_session(struct bot_ctx *ctx)
{
    return ((const struct waha *)ctx->state)->accounts[0].session;
}

/* ---- the world ------------------------------------------------------------------------------- */

static void waha_free(struct waha *w)
{
    if (!w) return;
    waha_accounts_free(w);
    free(w->hmac_key);
    free(w);
}

/* pace = off: for tests and benchmarks. */
static void set_budget(struct bot_ctx *ctx, const struct waha *w)
{
    const struct bot_api *api = ctx->api;
    struct bot_plugin *self = api->self(ctx);
    struct bot_budget b = { .size = sizeof b };
    if (w->human) {
        b.spread_new_chats = 1;
        b.per_minute = api->config_int(self, "per_minute");
        b.per_day = api->config_int(self, "per_day");
        b.per_contact = api->config_int(self, "per_contact");
        b.all_per_minute = api->config_int(self, "all_per_minute");
    }
    w->gateways->budget(ctx, &b);
}

static int start(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    struct bot_plugin *self = api->self(ctx);
    void *owner = NULL;
    struct waha *w = calloc(1, sizeof *w);
    if (!w) return BOT_EBUSY;
    const char *pace = api->config_text(self, "pace"), *key = api->config_text(self, "hmac_key");
    w->gateways = api->service(self, "gateways/0", &owner);
    w->started_at = api->now(ctx);
    w->manages = api->config_int(self, "manage_session") != 0;
    w->hmac_key = waha_join(key ? key : "", "", "");
    w->loop_per_minute = (uint32_t)api->config_int(self, "loop_per_minute");
    w->human = !pace || strcmp(pace, "off") != 0;
    if (!w->gateways || !w->hmac_key || waha_accounts_read(ctx, w) != 0) {
        waha_free(w);
        return BOT_EINVAL;
    }
    set_budget(ctx, w);
    ctx->state = w;
    for (uint32_t i = 0; i < w->account_count; i++) {
        waha_deaf_load(ctx, &w->accounts[i]);
        if (waha_backfill_open(ctx, &w->accounts[i]) == 0) continue;
        ctx->state = NULL;
        waha_free(w);
        return BOT_EBUSY;
    }
    api->set_state(self, w);
    waha_check_session(ctx);
    return BOT_OK;
}

static void stop(struct bot_ctx *ctx)
{
    struct waha *w = ctx->state;
    ctx->api->set_state(ctx->api->self(ctx), NULL);
    waha_free(w);
}

/* ---- the session ----------------------------------------------------------------------------- */

void waha_set_state(struct bot_ctx *ctx, struct waha_account *a, int state, const char *detail)
{
    const struct waha *w = ctx->state;
    int is_news = a->state != state;
    a->state = state;
    a->told_state = state == BOT_SESSION_CONNECTED && a->hearing.is_deaf ? BOT_SESSION_DEAF : state;
    /* Also when it is the same: webhooks, which overtake each other, tell the host as well. */
    w->gateways->session_state(ctx, a->session, a->told_state, detail);
    if (is_news && state == BOT_SESSION_CONNECTED)
        waha_backfill_begin(ctx, a);
    else if (is_news)
        waha_backfill_pause(ctx, a);
}

uint64_t waha_hash(const char *s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *s; s++) h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
    return h | 1;
}

int64_t waha_get(struct bot_ctx *ctx, const struct waha_account *a, const char *url,
                 uint32_t timeout_ms, bot_done_fn *done, const void *data, size_t len)
{
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = timeout_ms,
                           .method = "GET",
                           .url = url,
                           .headers = a->headers };
    return ctx->api->http(ctx, &rq, done, data, len);
}

int64_t waha_post(struct bot_ctx *ctx, const struct waha_account *a, const char *url,
                  const char *body, uint32_t timeout_ms, bot_done_fn *done, const void *data,
                  size_t len)
{
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = timeout_ms,
                           .method = "POST",
                           .url = url,
                           .headers = a->headers,
                           .body = body,
                           .body_len = strlen(body) };
    return ctx->api->http(ctx, &rq, done, data, len);
}

BOT_PLUGIN("waha", "0.1.0", "gateways/0 people/0", init, start, stop, waha_texts);
