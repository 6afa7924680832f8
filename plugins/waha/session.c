/* SPDX-License-Identifier: MIT
 * session.c - watches the WAHA session, and helps it up: makes it when it is missing, starts it
 * when the bot starts, restarts it once when it failed. What is left needs a person: a QR code, a
 * log-out. An operator who stops a session later on is let be. */
#include <stdio.h>
#include <string.h>

#include "waha.h"

#define CHECK_CONNECTED_MS 300000 /* how often a session that works is looked at */
#define CHECK_TIMEOUT_MS   15000
#define LOOK_AGAIN_MS      3000   /* also when WAHA's webhooks tell nothing */
#define WELL_MS            600000 /* so long it has to work before it may be restarted again */
#define HELP_TIMEOUT_MS    60000  /* WAHA locks a session for up to 30 s */

/* Logged when the state changes, so once and not every half minute. */
static void log_session(struct bot_ctx *ctx, const struct bot_result *r, int state,
                        const char *word)
{
    const struct bot_api *api = ctx->api;
    struct bot_plugin *self = api->self(ctx);
    const struct waha *w = ctx->state;
    char line[256];
    if (r->http_status == 401) {
        api->log(self, BOT_LOG_ERROR,
                 "WAHA refuses the API key (401): set api_key in [waha], or "
                 "WAHA_API_KEY, to the key WAHA was started with, and restart");
        return;
    }
    if (state == BOT_SESSION_CONNECTED) {
        snprintf(line, sizeof line, "session '%.60s' is connected", w->session);
    } else if (state == BOT_SESSION_QR) {
        snprintf(line, sizeof line,
                 "session '%.60s' waits for its QR code to be scanned: open WAHA's "
                 "dashboard",
                 w->session);
    } else if (r->http_status == 404) {
        snprintf(line, sizeof line,
                 "WAHA has no session '%.60s': make it in WAHA's dashboard, or set "
                 "session in [waha]",
                 w->session);
    } else {
        snprintf(line, sizeof line, "session '%.60s' is not connected: %s", w->session, word);
    }
    api->log(self, state == BOT_SESSION_CONNECTED ? BOT_LOG_INFO : BOT_LOG_WARN, line);
}

/* ---- helping it up --------------------------------------------------------------------------- */

static int look_again(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct waha *w = ctx->state;
    (void)data;
    if (!w || r->status == BOT_ECANCELED) return BOT_HANDLED;
    w->checked_at = 0;
    return waha_check_session(ctx);
}

static int helped(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const char *what = data;
    const struct bot_api *api = ctx->api;
    char line[200];
    if (!ctx->state || r->status == BOT_ECANCELED) return BOT_HANDLED;
    int well = r->status == BOT_OK && r->http_status / 100 == 2;
    snprintf(line, sizeof line, "WAHA was asked to %s the session: %s%d", what,
             well             ? "done, "
             : r->http_status ? "refused, "
                              : "no answer, ",
             (int)r->http_status);
    api->log(api->self(ctx), well ? BOT_LOG_INFO : BOT_LOG_WARN, line);
    return ctx->api->timer(ctx, LOOK_AGAIN_MS, look_again, NULL, 0) > 0 ? BOT_LATER : BOT_HANDLED;
}

static int ask_waha(struct bot_ctx *ctx, const char *url, const char *body, const char *what)
{
    int64_t id = waha_post(ctx, url, body, HELP_TIMEOUT_MS, helped, what, strlen(what) + 1);
    return id > 0 ? BOT_LATER : BOT_HANDLED;
}

/* "start", "restart" */
static int tell_session(struct bot_ctx *ctx, const char *action)
{
    const struct waha *w = ctx->state;
    char name[200], url[1024];
    waha_url_put(name, sizeof name, w->session);
    snprintf(url, sizeof url, "%s/api/sessions/%s/%s", w->base_url, name, action);
    return ask_waha(ctx, url, "", action);
}

static int make_session(struct bot_ctx *ctx)
{
    static const char start[] = "{\"name\":", end[] = ",\"start\":true}";
    const struct waha *w = ctx->state;
    char url[1024];
    char *body = ctx->api->alloc(ctx, waha_json_size(w->session) + sizeof start + sizeof end);
    if (!body) return BOT_HANDLED;
    memcpy(body, start, sizeof start);
    memcpy(waha_json_put(body + sizeof start - 1, w->session), end, sizeof end);
    snprintf(url, sizeof url, "%s/api/sessions", w->base_url);
    return ask_waha(ctx, url, body, "make");
}

/* Each at most once, so that a session which cannot be helped is left to a person. A number that
 * WhatsApp has restricted stays WORKING: it is never restarted for that. */
static int help_up(struct bot_ctx *ctx, const struct bot_result *r, const char *word, int is_first)
{
    struct waha *w = ctx->state;
    if (!w->manages) return BOT_HANDLED;
    if (strcmp(word, "FAILED") == 0 && !w->has_been_restarted) {
        w->has_been_restarted = 1;
        return tell_session(ctx, "restart");
    }
    if (strcmp(word, "STOPPED") == 0 && is_first && !w->has_been_started) {
        w->has_been_started = 1;
        return tell_session(ctx, "start");
    }
    int is_missing = r->http_status == 404 && waha_tells_session(r);
    if (is_missing && !w->has_been_made) {
        w->has_been_made = 1;
        return make_session(ctx);
    }
    return BOT_HANDLED;
}

/* ---- looking at it --------------------------------------------------------------------------- */

static void compare_webhooks(struct bot_ctx *ctx, const struct bot_result *r)
{
    struct waha *w = ctx->state;
    char line[400];
    if (w->has_compared || r->status != BOT_OK || r->http_status != 200) return;
    w->has_compared = 1;
    int verdict = waha_judge_webhooks(r, w->hmac_key, line, sizeof line);
    if (verdict)
        ctx->api->log(ctx->api->self(ctx), verdict < 0 ? BOT_LOG_INFO : BOT_LOG_WARN, line);
}

static int session_checked(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct waha *w = ctx->state;
    char word[48];
    (void)data;
    if (!w || r->status == BOT_ECANCELED) return BOT_HANDLED;
    int state = waha_judge_session(r, word), is_first = !w->has_been_seen;
    if (state != w->state) log_session(ctx, r, state, word);
    waha_set_state(ctx, w->session, state, word);
    compare_webhooks(ctx, r);
    if (waha_tells_session(r)) w->has_been_seen = 1;
    int64_t now = ctx->api->now(ctx);
    if (state != BOT_SESSION_CONNECTED)
        w->works_since = 0;
    else if (!w->works_since)
        w->works_since = now;
    else if (now - w->works_since > WELL_MS)
        w->has_been_restarted = 0;
    return help_up(ctx, r, word, is_first);
}

/* At start and every 30 s; while the session works only every 5 minutes. */
int waha_check_session(struct bot_ctx *ctx)
{
    struct waha *w = ctx->state;
    char name[200], url[1024];
    if (!w) return BOT_HANDLED;
    int64_t now = ctx->api->now(ctx);
    if (w->state == BOT_SESSION_CONNECTED && now - w->checked_at < CHECK_CONNECTED_MS)
        return BOT_HANDLED;
    w->checked_at = now;
    waha_url_put(name, sizeof name, w->session);
    snprintf(url, sizeof url, "%s/api/sessions/%s", w->base_url, name);
    int64_t id = waha_get(ctx, url, CHECK_TIMEOUT_MS, session_checked, NULL, 0);
    return id < 0 ? BOT_HANDLED : BOT_LATER;
}

/* A webhook told of a change: what it is now is asked for at once, since webhooks overtake each
 * other. */
int waha_session_changed(struct bot_ctx *ctx)
{
    struct waha *w = ctx->state;
    if (!w) return BOT_HANDLED;
    w->checked_at = 0;
    waha_check_session(ctx);
    return BOT_HANDLED;
}
