/* SPDX-License-Identifier: MIT
 * command.c - /wa: the super admin asks how the number is, and for a pairing code ("/wa kode
 * 0811..."), from wherever he can still write: another session, the simulator. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <tokobot/services/people.h>

#include "waha.h"

#define PATIENCE_MS      40000
#define STATE_TIMEOUT_MS 15000
#define CODE_TIMEOUT_MS  30000

static int state_came(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct waha *w = ctx->state;
    char status[48], number[20];
    (void)data;
    if (!w) return bot_say(ctx, "wa.gone", NULL, 0);
    int state = waha_judge_session(r, status);
    waha_answer_own_number(r, number);
    const struct bot_arg args[] = { bot_text("session", w->session), bot_text("status", status),
                                    bot_text("number", number) };
    const char *key = state == BOT_SESSION_CONNECTED ? "wa.connected"
                      : state == BOT_SESSION_QR      ? "wa.qr"
                                                     : "wa.disconnected";
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

static int ask_state(struct bot_ctx *ctx, const char *session)
{
    const struct waha *w = ctx->state;
    char url[1024];
    snprintf(url, sizeof url, "%s/api/sessions/%s", w->base_url, session);
    return waha_get(ctx, url, STATE_TIMEOUT_MS, state_came, NULL, 0) > 0
               ? ctx->api->later(ctx, PATIENCE_MS, NULL, 0)
               : BOT_FAIL;
}

static int ask_code(struct bot_ctx *ctx, const char *session, const char *number)
{
    const struct waha *w = ctx->state;
    char url[1024], body[64], digits[20];
    const struct bot_people *people = ctx->api->service(ctx->api->self(ctx), "people/0", NULL);
    if (!people || people->phone_parse(number, digits, sizeof digits) != BOT_OK)
        return bot_say(ctx, "wa.usage", NULL, 0);
    snprintf(url, sizeof url, "%s/api/%s/auth/request-code", w->base_url, session);
    snprintf(body, sizeof body, "{\"phoneNumber\":\"%s\"}", digits);
    return waha_post(ctx, url, body, CODE_TIMEOUT_MS, code_came, NULL, 0) > 0
               ? ctx->api->later(ctx, PATIENCE_MS, NULL, 0)
               : BOT_FAIL;
}

int waha_command(struct bot_ctx *ctx)
{
    const struct waha *w = ctx->state;
    const char *rest = ctx->api->field(ctx, "rest");
    char session[200];
    if (!w) return bot_say(ctx, "wa.gone", NULL, 0);
    waha_url_put(session, sizeof session, w->session);
    if (!rest || !*rest) return ask_state(ctx, session);
    int is_code = strncasecmp(rest, "kode ", 5) == 0 || strncasecmp(rest, "code ", 5) == 0;
    return is_code ? ask_code(ctx, session, rest + 5) : bot_say(ctx, "wa.usage", NULL, 0);
}
