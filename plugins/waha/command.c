/* SPDX-License-Identifier: MIT
 * command.c - /wa: the super admin asks how the numbers are ("/wa", "/wa SESSION"), and for a
 * pairing code ("/wa kode [SESSION] 0811..."), from wherever he can still write: another number,
 * the simulator. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <tokobot/services/people.h>

#include "waha.h"

#define PATIENCE_MS      40000
#define STATE_TIMEOUT_MS 15000
#define LISTED_MAX       20

static const char *state_key(int state)
{
    return state == BOT_SESSION_CONNECTED ? "connected"
           : state == BOT_SESSION_QR      ? "qr"
                                          : "disconnected";
}

/* ---- the QR code ----------------------------------------------------------------------------- */

static int say_qr(struct bot_ctx *ctx, uint32_t which, const char *key, int64_t picture)
{
    const struct bot_api *api = ctx->api;
    const struct waha *w = ctx->state;
    const struct bot_arg args[] = { bot_text("session", w->accounts[which].session) };
    const char *text = api->text(ctx, key, args, 1);
    struct bot_send send = { .size = sizeof send,
                             .chat = api->field(ctx, "chat"),
                             .text = text,
                             .priority = 1,
                             .media = picture };
    if (!picture) return bot_reply(ctx, text);
    return api->send(ctx, &send) == BOT_OK ? BOT_HANDLED : BOT_FAIL;
}

static int qr_stored(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const uint32_t *which = data;
    if (!ctx->state) return bot_say(ctx, "wa.gone", NULL, 0);
    return say_qr(ctx, *which, r->status == BOT_OK ? "wa.qr_picture" : "wa.qr",
                  r->status == BOT_OK ? r->media : 0);
}

static int qr_came(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const uint32_t *which = data;
    if (!ctx->state) return bot_say(ctx, "wa.gone", NULL, 0);
    if (r->status == BOT_OK && r->http_status == 200 &&
        ctx->api->media_store(ctx, r->body, r->body_len, "image/png", "kode-qr.png", qr_stored,
                              which, sizeof *which) > 0)
        return BOT_LATER;
    return say_qr(ctx, *which, "wa.qr", 0);
}

/* ---- states ---------------------------------------------------------------------------------- */

static int state_came(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct waha *w = ctx->state;
    const uint32_t *which = data;
    char status[48], number[20], key[32];
    if (!w) return bot_say(ctx, "wa.gone", NULL, 0);
    int state = waha_judge_session(r, status);
    if (state == BOT_SESSION_QR &&
        waha_ask_qr(ctx, &w->accounts[*which], qr_came, which, sizeof *which) > 0)
        return BOT_LATER;
    waha_answer_own_number(r, number);
    const struct bot_arg args[] = { bot_text("session", w->accounts[*which].session),
                                    bot_text("status", status), bot_text("number", number) };
    snprintf(key, sizeof key, "wa.%s", state_key(state));
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

static int code_came(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    char code[20];
    (void)data;
    if (!ctx->state) return bot_say(ctx, "wa.gone", NULL, 0);
    if (!waha_answer_code(r, code)) {
        const struct bot_arg args[] = { bot_int("status", r->http_status) };
        return bot_say(ctx, "wa.no_code", args, 1);
    }
    const struct bot_arg args[] = { bot_text("code", code) };
    return bot_say(ctx, "wa.code", args, 1);
}

/* Until WAHA has answered the event waits. */
static int wait_for(struct bot_ctx *ctx, int64_t call)
{
    return call > 0 ? ctx->api->later(ctx, PATIENCE_MS, NULL, 0) : BOT_FAIL;
}

static int ask_state(struct bot_ctx *ctx, const struct waha_account *a)
{
    const struct waha *w = ctx->state;
    uint32_t which = (uint32_t)(a - w->accounts);
    char session[200], url[1024];
    waha_url_put(session, sizeof session, a->session);
    snprintf(url, sizeof url, "%s/api/sessions/%s", a->base_url, session);
    return wait_for(ctx, waha_get(ctx, a, url, STATE_TIMEOUT_MS, state_came, &which, sizeof which));
}

/* All of them, as they were when they were last looked at. */
static int list_states(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    const struct waha *w = ctx->state;
    char list[LISTED_MAX * 160] = "";
    size_t len = 0;
    uint32_t shown = w->account_count < LISTED_MAX ? w->account_count : LISTED_MAX;
    for (uint32_t i = 0; i < shown; i++) {
        const struct bot_arg args[] = { bot_text("session", w->accounts[i].session) };
        char key[32];
        snprintf(key, sizeof key, "wa.line.%s", state_key(w->accounts[i].state));
        int n = snprintf(list + len, sizeof list - len, "%s%s", len ? "\n" : "",
                         api->text(ctx, key, args, 1));
        if (n < 0 || (size_t)n >= sizeof list - len) break;
        len += (size_t)n;
    }
    const struct bot_arg args[] = { bot_text("list", list),
                                    bot_int("more", (int64_t)w->account_count - shown) };
    return bot_say(ctx, shown < w->account_count ? "wa.list_more" : "wa.list", args, 2);
}

static int ask_code(struct bot_ctx *ctx, const struct waha_account *a, const char *number)
{
    char digits[20];
    const struct bot_people *people = ctx->api->service(ctx->api->self(ctx), "people/0", NULL);
    if (!people || people->phone_parse(number, digits, sizeof digits) != BOT_OK)
        return bot_say(ctx, "wa.usage", NULL, 0);
    return wait_for(ctx, waha_ask_code(ctx, a, digits, code_came, NULL, 0));
}

/* The account whose session is the first word of *rest, which is taken off; NULL = it is none. */
static const struct waha_account *named_account(const struct waha *w, const char **rest)
{
    char session[64];
    size_t n = strcspn(*rest, " ");
    if (n == 0 || n >= sizeof session) return NULL;
    snprintf(session, sizeof session, "%.*s", (int)n, *rest);
    const struct waha_account *a = waha_account(w, session);
    if (a) *rest += n + strspn(*rest + n, " ");
    return a;
}

int waha_command(struct bot_ctx *ctx)
{
    const struct waha *w = ctx->state;
    const char *rest = ctx->api->field(ctx, "rest");
    if (!w) return bot_say(ctx, "wa.gone", NULL, 0);
    if (!rest || !*rest)
        return w->account_count > 1 ? list_states(ctx) : ask_state(ctx, &w->accounts[0]);
    int is_code = strncasecmp(rest, "kode ", 5) == 0 || strncasecmp(rest, "code ", 5) == 0;
    if (is_code) rest += 5 + strspn(rest + 5, " ");
    const struct waha_account *a = named_account(w, &rest);
    if (is_code) return ask_code(ctx, a ? a : &w->accounts[0], rest);
    return a && !*rest ? ask_state(ctx, a) : bot_say(ctx, "wa.usage", NULL, 0);
}
