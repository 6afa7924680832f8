/* SPDX-License-Identifier: MIT
 * link.c - linking a phone to a number: the QR code as a picture, or a pairing code; for /wa and,
 * as service waha/0, for others. */
#include <stdio.h>
#include <string.h>

#include <tokobot/services/waha.h>

#include "waha.h"

#define QR_TIMEOUT_MS   20000 /* WAHA itself waits up to 10 s for one */
#define CODE_TIMEOUT_MS 30000
#define PNG_BYTES_MAX   (256u << 10)

int64_t waha_ask_qr(struct bot_ctx *ctx, const struct waha_account *a, bot_done_fn *done,
                    const void *data, size_t len)
{
    static const char accept[] = "Accept: image/png";
    const char *key = strstr(a->headers, "\nX-Api-Key:");
    char session[200], url[1024];
    size_t size = sizeof accept + (key ? strlen(key) : 0);
    char *headers = ctx->api->alloc(ctx, size);
    if (!headers) return BOT_EBUSY;
    snprintf(headers, size, "%s%s", accept, key ? key : "");
    waha_url_put(session, sizeof session, a->session);
    snprintf(url, sizeof url, "%s/api/%s/auth/qr?format=image", a->base_url, session);
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = QR_TIMEOUT_MS,
                           .method = "GET",
                           .url = url,
                           .headers = headers,
                           .max_bytes = PNG_BYTES_MAX };
    return ctx->api->http(ctx, &rq, done, data, len);
}

int64_t waha_ask_code(struct bot_ctx *ctx, const struct waha_account *a, const char *phone,
                      bot_done_fn *done, const void *data, size_t len)
{
    char session[200], url[1024], body[64];
    if (!*phone || strspn(phone, "0123456789") != strlen(phone) || strlen(phone) > 15)
        return BOT_EINVAL;
    waha_url_put(session, sizeof session, a->session);
    snprintf(url, sizeof url, "%s/api/%s/auth/request-code", a->base_url, session);
    snprintf(body, sizeof body, "{\"phoneNumber\":\"%s\"}", phone);
    return waha_post(ctx, a, url, body, CODE_TIMEOUT_MS, done, data, len);
}

/* ---- service waha/0 -------------------------------------------------------------------------- */

static const struct waha *world_of(struct bot_ctx *ctx, void *owner)
{
    return ctx->api->state(owner);
}

static int number(struct bot_ctx *ctx, void *owner, uint32_t index, struct bot_waha_number *out)
{
    const struct waha *w = world_of(ctx, owner);
    if (!w) return BOT_EGONE;
    if (index >= w->account_count) return BOT_ENOENT;
    const struct waha_account *a = &w->accounts[index];
    const struct bot_waha_number found = { sizeof found, a->told_state, a->session, a->store };
    uint32_t size = out->size < sizeof found ? out->size : (uint32_t)sizeof found;
    memcpy(out, &found, size);
    out->size = size;
    return BOT_OK;
}

static int64_t qr(struct bot_ctx *ctx, void *owner, const char *session, bot_done_fn *done,
                  const void *data, size_t len)
{
    const struct waha *w = world_of(ctx, owner);
    const struct waha_account *a = w ? waha_account(w, session) : NULL;
    return a ? waha_ask_qr(ctx, a, done, data, len) : w ? BOT_ENOENT : BOT_EGONE;
}

static int64_t code(struct bot_ctx *ctx, void *owner, const char *session, const char *phone,
                    bot_done_fn *done, const void *data, size_t len)
{
    const struct waha *w = world_of(ctx, owner);
    const struct waha_account *a = w ? waha_account(w, session) : NULL;
    return a ? waha_ask_code(ctx, a, phone, done, data, len) : w ? BOT_ENOENT : BOT_EGONE;
}

const struct bot_waha waha_service = {
    .size = sizeof waha_service,
    .number = number,
    .qr = qr,
    .code = code,
    .code_of = waha_answer_code,
};
