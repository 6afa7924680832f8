/* SPDX-License-Identifier: MIT
 * ids.c - keeps the host's pool of send ids filled: GET /api/SESSION/new-message-id, several at a
 * time.
 *
 * An id given to sendText makes a send that can be asked for and repeated (NOWEB and GOWS since
 * WAHA 2026.4.3). A WAHA or an engine without that route says 404 or 501: then it is not asked
 * again for a while, and messages go out without ids. */
#include <stdio.h>
#include <string.h>

#include "waha.h"

#define IN_FLIGHT_MAX  8
#define ASK_TIMEOUT_MS 10000
#define NONE_MS        600000
#define TROUBLE_MS     5000  /* after any other failure */
#define FORGOTTEN_MS   90000 /* a request whose completion never came */

struct asked_id {
    uint32_t account;
};

static int id_came(struct bot_ctx *ctx, const struct bot_result *r, void *data);

/* Asks for as many as are wanted and may be in flight. */
static void ask(struct bot_ctx *ctx, struct waha_account *a)
{
    const struct waha *w = ctx->state;
    struct asked_id which = { (uint32_t)(a - w->accounts) };
    struct waha_pool *p = &a->pool;
    char session[200], url[1024];
    waha_url_put(session, sizeof session, a->session);
    snprintf(url, sizeof url, "%s/api/%s/new-message-id", a->base_url, session);
    while (p->wanted && p->in_flight < IN_FLIGHT_MAX) {
        if (waha_get(ctx, a, url, ASK_TIMEOUT_MS, id_came, &which, sizeof which) <= 0) break;
        p->wanted--;
        p->in_flight++;
        p->asked_at = ctx->api->now(ctx);
    }
}

static int id_came(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct waha *w = ctx->state;
    const struct asked_id *which = data;
    if (!w || which->account >= w->account_count || r->status == BOT_ECANCELED) return BOT_HANDLED;
    struct waha_account *a = &w->accounts[which->account];
    struct waha_pool *p = &a->pool;
    char id[WAHA_ID_BYTES];
    const char *ids[] = { id };
    if (p->in_flight) p->in_flight--;
    if (r->status == BOT_OK && r->http_status == 200 &&
        waha_answer_id(r->body, r->body_len, id) == 1) {
        w->gateways->ids(ctx, a->session, ids, 1);
        ask(ctx, a);
    } else {
        int none = r->http_status == 404 || r->http_status == 501;
        int64_t until = ctx->api->now(ctx) + (none ? NONE_MS : TROUBLE_MS);
        if (until > p->none_until) p->none_until = until;
        p->wanted = 0;
        w->gateways->ids(ctx, a->session, NULL, 0);
    }
    return p->in_flight ? BOT_LATER : BOT_HANDLED;
}

int waha_need_ids(struct bot_ctx *ctx, const char *session, uint32_t want)
{
    struct waha_account *a = waha_account(ctx->state, session);
    int64_t now = ctx->api->now(ctx);
    if (!a) return BOT_HANDLED;
    struct waha_pool *p = &a->pool;
    if (now < p->none_until) return BOT_HANDLED;
    if (p->in_flight && now - p->asked_at > FORGOTTEN_MS) p->in_flight = 0;
    p->wanted = want > p->in_flight ? want - p->in_flight : 0;
    ask(ctx, a);
    return p->in_flight ? BOT_LATER : BOT_HANDLED;
}
