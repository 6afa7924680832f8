/* SPDX-License-Identifier: MIT
 * accounts.c - which numbers there are: [waha] is the first, each [waha.NAME] another, on the same
 * server or on one of its own. A webhook names its session and nothing else, so no two accounts may
 * have the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "waha.h"

char *waha_join(const char *a, const char *b, const char *c)
{
    size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
    char *s = malloc(n);
    if (s) snprintf(s, n, "%s%s%s", a, b, c);
    return s;
}

/* X-Api-Key is left out when there is no key: WAHA may run without one. */
static char *make_headers(const char *key)
{
    static const char type[] = "Content-Type: application/json\nAccept: application/json";
    return key[0] ? waha_join(type, "\nX-Api-Key: ", key) : waha_join(type, "", "");
}

static const char *setting(struct bot_ctx *ctx, const char *name, const char *key)
{
    char whole[128];
    snprintf(whole, sizeof whole, "%s%s%s", name, name[0] ? "." : "", key);
    const char *value = ctx->api->config_text(ctx->api->self(ctx), whole);
    return value ? value : "";
}

/* A [waha.NAME] that names no session means the session NAME. */
static int read_account(struct bot_ctx *ctx, struct waha_account *a, const char *name)
{
    const char *session = setting(ctx, name, "session"), *url = setting(ctx, name, "base_url");
    a->name = waha_join(name, "", "");
    a->session = waha_join(session[0] ? session : name, "", "");
    a->base_url = waha_join(url, "", "");
    a->headers = make_headers(setting(ctx, name, "api_key"));
    a->send_url = waha_join(url, "/api/sendText", "");
    a->webhook_url = waha_join(setting(ctx, name, "webhook_url"), "", "");
    a->store = waha_join(setting(ctx, name, "store"), "", "");
    if (!a->name || !a->session || !a->base_url || !a->headers) return -1;
    return a->send_url && a->webhook_url && a->store ? 0 : -1;
}

static void free_account(struct waha_account *a)
{
    waha_backfill_free(a);
    free(a->name);
    free(a->session);
    free(a->base_url);
    free(a->headers);
    free(a->send_url);
    free(a->webhook_url);
    free(a->store);
}

static int by_session(const void *a, const void *b)
{
    const struct waha_account *const *x = a, *const *y = b;
    return strcmp((*x)->session, (*y)->session);
}

/* 0, or -1 when two accounts have one session. */
static int sort_accounts(struct bot_ctx *ctx, struct waha *w)
{
    for (uint32_t i = 0; i < w->account_count; i++) w->by_session[i] = &w->accounts[i];
    qsort(w->by_session, w->account_count, sizeof *w->by_session, by_session);
    for (uint32_t i = 1; i < w->account_count; i++) {
        const struct waha_account *a = w->by_session[i - 1];
        const struct waha_account *b = w->by_session[i];
        char line[320];
        if (strcmp(a->session, b->session) != 0) continue;
        snprintf(line, sizeof line,
                 "two sections of bot.ini have the WAHA session '%.60s': [waha%s%.60s] and "
                 "[waha%s%.60s]; give one of them another session, also in WAHA",
                 a->session, a->name[0] ? "." : "", a->name, b->name[0] ? "." : "", b->name);
        ctx->api->log(ctx->api->self(ctx), BOT_LOG_ERROR, line);
        return -1;
    }
    return 0;
}

static void bind_stores(struct bot_ctx *ctx, const struct waha *w)
{
    for (uint32_t i = 0; i < w->account_count; i++) {
        const struct waha_account *a = &w->accounts[i];
        char line[320];
        if (w->gateways->bind(ctx, a->session, a->store) == BOT_OK) continue;
        snprintf(line, sizeof line,
                 "[waha%s%.60s] store = %.20s: there is no such store yet, so nobody is served on "
                 "that number; /daftar_toko makes one, /lihat_toko shows its code",
                 a->name[0] ? "." : "", a->name, a->store);
        ctx->api->log(ctx->api->self(ctx), BOT_LOG_WARN, line);
    }
}

int waha_accounts_read(struct bot_ctx *ctx, struct waha *w)
{
    const struct bot_api *api = ctx->api;
    struct bot_plugin *self = api->self(ctx);
    uint32_t n = 1;
    while (api->config_name(self, n - 1)) n++;
    w->accounts = calloc(n, sizeof *w->accounts);
    w->by_session = calloc(n, sizeof *w->by_session);
    if (!w->accounts || !w->by_session) return -1;
    w->account_count = n;
    for (uint32_t i = 0; i < n; i++)
        if (read_account(ctx, &w->accounts[i], i ? api->config_name(self, i - 1) : "")) return -1;
    if (sort_accounts(ctx, w) != 0) return -1;
    bind_stores(ctx, w);
    return 0;
}

void waha_accounts_free(struct waha *w)
{
    for (uint32_t i = 0; i < w->account_count; i++) free_account(&w->accounts[i]);
    free(w->accounts);
    free(w->by_session);
}

struct waha_account *waha_account(const struct waha *w, const char *session)
{
    if (!session || !session[0] || strcmp(session, w->accounts[0].session) == 0)
        return &w->accounts[0];
    uint32_t low = 0, high = w->account_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct waha_account *a = w->by_session[middle];
        int order = strcmp(session, a->session);
        if (order == 0) return a;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
