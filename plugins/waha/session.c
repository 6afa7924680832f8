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

/* Logged when the state changes, or why it does not work: once, and not every half minute. A WAHA
 * that was still starting may well turn out to refuse the key. */
static void log_session(struct bot_ctx *ctx, struct waha_account *a, const struct bot_result *r,
                        int state, const char *word)
{
    const struct bot_api *api = ctx->api;
    struct bot_plugin *self = api->self(ctx);
    char line[256];
    if (state == a->state && (state == BOT_SESSION_CONNECTED || strcmp(word, a->logged) == 0))
        return;
    snprintf(a->logged, sizeof a->logged, "%s", word);
    if (r->http_status == 401) {
        api->log(self, BOT_LOG_ERROR,
                 "WAHA refuses the API key (401): set api_key in [waha], or "
                 "WAHA_API_KEY, to the key WAHA was started with, and restart");
        return;
    }
    if (state == BOT_SESSION_CONNECTED) {
        snprintf(line, sizeof line, "session '%.60s' is connected", a->session);
    } else if (state == BOT_SESSION_QR) {
        snprintf(line, sizeof line,
                 "session '%.60s' waits for its QR code to be scanned: open WAHA's "
                 "dashboard",
                 a->session);
    } else if (r->http_status == 404) {
        snprintf(line, sizeof line,
                 "WAHA has no session '%.60s': make it in WAHA's dashboard, or set "
                 "session in [waha]",
                 a->session);
    } else {
        snprintf(line, sizeof line, "session '%.60s' is not connected: %s", a->session, word);
    }
    api->log(self, state == BOT_SESSION_CONNECTED ? BOT_LOG_INFO : BOT_LOG_WARN, line);
}

/* ---- helping it up --------------------------------------------------------------------------- */

static int check(struct bot_ctx *ctx, struct waha_account *a);

/* Which of the accounts a completion is about. */
struct about {
    uint32_t account;
    char what[12]; /* that WAHA was asked to do */
};

static struct about about(const struct bot_ctx *ctx, const struct waha_account *a)
{
    const struct waha *w = ctx->state;
    return (struct about){ .account = (uint32_t)(a - w->accounts) };
}

/* NULL: the plugin has been stopped, or the call was. */
static struct waha_account *of(const struct bot_ctx *ctx, const struct bot_result *r,
                               const void *data)
{
    const struct waha *w = ctx->state;
    const struct about *q = data;
    return w && r->status != BOT_ECANCELED ? &w->accounts[q->account] : NULL;
}

static int look_again(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct waha_account *a = of(ctx, r, data);
    if (!a) return BOT_HANDLED;
    a->checked_at = 0;
    return check(ctx, a);
}

static int helped(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct about *q = data;
    const struct waha_account *a = of(ctx, r, data);
    const struct bot_api *api = ctx->api;
    char line[280];
    if (!a) return BOT_HANDLED;
    int well = r->status == BOT_OK && r->http_status / 100 == 2;
    snprintf(line, sizeof line, "WAHA was asked to %s session '%.60s': %s%d", q->what, a->session,
             well             ? "done, "
             : r->http_status ? "refused, "
                              : "no answer, ",
             (int)r->http_status);
    api->log(api->self(ctx), well ? BOT_LOG_INFO : BOT_LOG_WARN, line);
    return ctx->api->timer(ctx, LOOK_AGAIN_MS, look_again, q, sizeof *q) > 0 ? BOT_LATER
                                                                             : BOT_HANDLED;
}

static int ask_waha(struct bot_ctx *ctx, const struct waha_account *a, const char *url,
                    const char *body, const char *what)
{
    struct about q = about(ctx, a);
    snprintf(q.what, sizeof q.what, "%s", what);
    int64_t id = waha_post(ctx, a, url, body, HELP_TIMEOUT_MS, helped, &q, sizeof q);
    return id > 0 ? BOT_LATER : BOT_HANDLED;
}

/* "start", "restart" */
static int tell_session(struct bot_ctx *ctx, const struct waha_account *a, const char *action)
{
    char name[200], url[1024];
    waha_url_put(name, sizeof name, a->session);
    snprintf(url, sizeof url, "%s/api/sessions/%s/%s", a->base_url, name, action);
    return ask_waha(ctx, a, url, "", action);
}

int waha_restart(struct bot_ctx *ctx, const struct waha_account *a)
{
    return tell_session(ctx, a, "restart");
}

static int make_session(struct bot_ctx *ctx, const struct waha_account *a)
{
    static const char start[] = "{\"name\":", end[] = ",\"start\":true}";
    char url[1024];
    char *body = ctx->api->alloc(ctx, waha_json_size(a->session) + sizeof start + sizeof end);
    if (!body) return BOT_HANDLED;
    memcpy(body, start, sizeof start);
    memcpy(waha_json_put(body + sizeof start - 1, a->session), end, sizeof end);
    snprintf(url, sizeof url, "%s/api/sessions", a->base_url);
    return ask_waha(ctx, a, url, body, "make");
}

/* Each at most once, so that a session which cannot be helped is left to a person. A number that
 * WhatsApp has restricted stays WORKING: it is never restarted for that. */
static int help_up(struct bot_ctx *ctx, struct waha_account *a, const struct bot_result *r,
                   const char *word, int is_first)
{
    const struct waha *w = ctx->state;
    if (!w->manages) return BOT_HANDLED;
    if (strcmp(word, "FAILED") == 0 && !a->has_been_restarted) {
        a->has_been_restarted = 1;
        return tell_session(ctx, a, "restart");
    }
    if (strcmp(word, "STOPPED") == 0 && is_first && !a->has_been_started) {
        a->has_been_started = 1;
        return tell_session(ctx, a, "start");
    }
    int is_missing = r->http_status == 404 && waha_tells_session(r);
    if (is_missing && !a->has_been_made) {
        a->has_been_made = 1;
        return make_session(ctx, a);
    }
    return BOT_HANDLED;
}

/* ---- looking at it --------------------------------------------------------------------------- */

static void compare_webhooks(struct bot_ctx *ctx, struct waha_account *a,
                             const struct bot_result *r)
{
    const struct waha *w = ctx->state;
    char line[400];
    if (a->has_compared || r->status != BOT_OK || r->http_status != 200) return;
    a->has_compared = 1;
    int verdict = waha_judge_webhooks(r, a->webhook_url, w->hmac_key, line, sizeof line);
    if (verdict)
        ctx->api->log(ctx->api->self(ctx), verdict < 0 ? BOT_LOG_INFO : BOT_LOG_WARN, line);
}

static int session_checked(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct waha_account *a = of(ctx, r, data);
    char word[48], number[20];
    if (!a) return BOT_HANDLED;
    int state = waha_judge_session(r, word), is_first = !a->has_been_seen;
    log_session(ctx, a, r, state, word);
    waha_set_state(ctx, a, state, word);
    if (state == BOT_SESSION_CONNECTED) waha_backfill_works(ctx, a);
    compare_webhooks(ctx, a, r);
    const struct waha *w = ctx->state;
    if (r->status == BOT_OK && waha_answer_own_number(r, number))
        w->gateways->own_phone(ctx, a->session, number);
    int64_t no_new = waha_answer_no_new_until(r);
    if (no_new) w->gateways->no_new_chats(ctx, a->session, no_new < 0 ? 0 : no_new);
    if (waha_tells_session(r)) a->has_been_seen = 1;
    int64_t now = ctx->api->now(ctx);
    if (state != BOT_SESSION_CONNECTED)
        a->works_since = 0;
    else if (!a->works_since)
        a->works_since = now;
    else if (now - a->works_since > WELL_MS)
        a->has_been_restarted = 0;
    return help_up(ctx, a, r, word, is_first);
}

static int check(struct bot_ctx *ctx, struct waha_account *a)
{
    const struct about q = about(ctx, a);
    char name[200], url[1024];
    int64_t now = ctx->api->now(ctx);
    if (a->state == BOT_SESSION_CONNECTED && now - a->checked_at < CHECK_CONNECTED_MS)
        return BOT_HANDLED;
    a->checked_at = now;
    waha_url_put(name, sizeof name, a->session);
    snprintf(url, sizeof url, "%s/api/sessions/%s", a->base_url, name);
    int64_t id = waha_get(ctx, a, url, CHECK_TIMEOUT_MS, session_checked, &q, sizeof q);
    return id < 0 ? BOT_HANDLED : BOT_LATER;
}

/* At start and every 30 s; those that work only every 5 minutes. Nothing waits for the answers: an
 * event that did would end them with its deadline. */
int waha_check_session(struct bot_ctx *ctx)
{
    const struct waha *w = ctx->state;
    for (uint32_t i = 0; w && i < w->account_count; i++) {
        waha_backfill_tick(ctx, &w->accounts[i]);
        check(ctx, &w->accounts[i]);
    }
    return BOT_HANDLED;
}

/* A webhook told of a change: what it is now is asked for at once, since webhooks overtake each
 * other. */
int waha_session_changed(struct bot_ctx *ctx)
{
    const char *session = ctx->api->field(ctx, "body");
    struct waha_account *a = ctx->state ? waha_account(ctx->state, session) : NULL;
    if (!a) return BOT_HANDLED;
    a->checked_at = 0;
    waha_backfill_expect(ctx, a);
    check(ctx, a);
    return BOT_HANDLED;
}
