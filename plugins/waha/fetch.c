/* SPDX-License-Identifier: MIT
 * fetch.c - the file of a message: GET base_url + /api/files/..., with our key.
 *
 * The URL came in a webhook and names whatever host WAHA believes to have; a message must not be
 * able to send us, or our key, anywhere. So only its path is taken, only below /api/files/, and
 * nothing in it that a server could read as another path. Redirects are not followed by the host.
 * One more try after 2 s when the network or WAHA failed; the host gives up after 20 s. */
#include <stdio.h>
#include <string.h>

#include "waha.h"

#define FETCH_TIMEOUT_MS 15000
#define FETCH_AGAIN_MS   2000

static const char files[] = "/api/files/";

/* What a try needs; no pointer in it. */
struct fetching {
    int64_t id;
    uint64_t max_bytes;
    uint32_t account;
    uint32_t tries;
    char path[WAHA_PATH_BYTES];
};

/* ---- the path -------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "%41" is a letter in disguise; a dot, a slash, a percent or a control character in disguise is
 * another path. */
static int is_harmless_escape(const char *s)
{
    int high = hex_digit(s[1]), low = high < 0 ? -1 : hex_digit(s[2]);
    int c = low < 0 ? 0 : high * 16 + low;
    return c > 0x20 && c != 0x7f && !strchr("./\\%?#", c);
}

static int is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("/@_.-~+=,:", c));
}

int waha_file_path(const char *url, char out[WAHA_PATH_BYTES])
{
    const char *path = url;
    if (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0) {
        path = strstr(url, "://") + 3;
        path += strcspn(path, "/");
    }
    size_t len = strlen(path);
    if (len >= WAHA_PATH_BYTES || len < sizeof files || strncmp(path, files, sizeof files - 1) != 0)
        return 0;
    if (strstr(path, "..") || strstr(path, "//") || strstr(path, "/./")) return 0;
    for (size_t i = 0; i < len; i++)
        if (!is_plain(path[i]) && !(path[i] == '%' && is_harmless_escape(path + i))) return 0;
    memcpy(out, path, len + 1);
    return 1;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int get_file(struct bot_ctx *ctx, const struct fetching *f);

static int no_file(struct bot_ctx *ctx, const struct fetching *f, const char *error)
{
    const struct waha *w = ctx->state;
    if (w) w->gateways->fetched(ctx, f->id, NULL, 0, error);
    return BOT_HANDLED;
}

/* Why there is no file; NULL: another try may help. */
static const char *judge_file(const struct bot_result *r)
{
    if (r->status == BOT_ETIMEDOUT) return "WAHA did not send it in time";
    if (r->status == BOT_ECANCELED) return "it was cancelled";
    if (r->status != BOT_OK) return NULL;
    switch (r->http_status) {
    case 401:
    case 403:
        return "WAHA refuses the API key: set api_key in [waha] to WAHA's WAHA_API_KEY";
    case 404:
        return "WAHA no longer has it: see WHATSAPP_FILES_LIFETIME";
    default:
        return r->http_status / 100 == 5 ? NULL : "WAHA gives an unexpected answer";
    }
}

static int fetch_again(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct fetching *f = data;
    if (!ctx->state) return BOT_HANDLED;
    return r->status == BOT_OK ? get_file(ctx, f) : no_file(ctx, f, "it was cancelled");
}

static int file_came(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct fetching *f = data;
    const struct waha *w = ctx->state;
    if (!w) return BOT_HANDLED;
    if (r->too_large || (r->status == BOT_OK && r->http_status == 200)) {
        size_t len = r->too_large ? (size_t)f->max_bytes + 1 : r->body_len;
        w->gateways->fetched(ctx, f->id, r->too_large ? NULL : r->body, len, NULL);
        return BOT_HANDLED;
    }
    const char *error = judge_file(r);
    if (error) return no_file(ctx, f, error);
    if (f->tries++ == 0 && ctx->api->timer(ctx, FETCH_AGAIN_MS, fetch_again, f, sizeof *f) > 0)
        return BOT_LATER;
    return no_file(ctx, f, r->http_status ? "WAHA fails to send it" : "WAHA cannot be reached");
}

/* Our key without the JSON that the other calls ask for. */
static const char *key_of(const struct waha_account *a)
{
    const char *key = strstr(a->headers, "X-Api-Key:");
    return key ? key : "Accept: */*";
}

static int get_file(struct bot_ctx *ctx, const struct fetching *f)
{
    const struct waha *w = ctx->state;
    const struct waha_account *a = &w->accounts[f->account];
    char url[WAHA_PATH_BYTES + 1024];
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = FETCH_TIMEOUT_MS,
                           .method = "GET",
                           .url = url,
                           .headers = key_of(a),
                           .max_bytes = (size_t)f->max_bytes };
    int n = snprintf(url, sizeof url, "%s%s", a->base_url, f->path);
    if (n > 0 && (size_t)n < sizeof url && ctx->api->http(ctx, &rq, file_came, f, sizeof *f) > 0)
        return BOT_LATER;
    return no_file(ctx, f, "it could not be asked for");
}

int waha_fetch(struct bot_ctx *ctx, const struct bot_fetch *file)
{
    const struct waha *w = ctx->state;
    const struct waha_account *a = waha_account(w, file->session);
    struct fetching f = { .id = file->id, .max_bytes = file->max_bytes };
    if (!a) return no_file(ctx, &f, "no section [waha] or [waha.NAME] has its session");
    f.account = (uint32_t)(a - w->accounts);
    if (!waha_file_path(file->url, f.path))
        return no_file(ctx, &f, "its address is none of WAHA's files");
    return get_file(ctx, &f);
}
