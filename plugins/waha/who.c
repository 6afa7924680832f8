/* SPDX-License-Identifier: MIT
 * who.c - the phone number behind a hidden id: GET /api/SESSION/lids/LID. WAHA answers 200 with
 * "pn": null for one that it does not know (for GOWS it asks WhatsApp since 2026.8.1). */
#include <stdio.h>
#include <string.h>

#include "waha.h"

#define WHO_TIMEOUT_MS 10000 /* the message waits for 2 s; a later answer serves the next one */

struct who {
    char session[64];
    char lid[96];
};

static int answered(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct who *q = data;
    struct waha *w = ctx->state;
    char phone[20];
    struct bot_incoming in = { .size = sizeof in, .kind = BOT_IN_IDENTITY };
    if (!w || r->status == BOT_ECANCELED) return BOT_HANDLED;
    in.session = q->session;
    in.lid = q->lid;
    if (waha_answer_phone(r, phone))
        in.phone = phone;
    else if (r->status != BOT_OK || r->http_status != 200)
        in.state = 1;
    w->gateways->incoming(ctx, &in);
    return BOT_HANDLED;
}

int waha_who(struct bot_ctx *ctx, const char *session, const char *lid)
{
    const struct waha_account *a = waha_account(ctx->state, session);
    struct who q;
    char name[200], id[300], url[1024];
    if (!a || strlen(session) >= sizeof q.session || strlen(lid) >= sizeof q.lid)
        return BOT_HANDLED;
    snprintf(q.session, sizeof q.session, "%s", session);
    snprintf(q.lid, sizeof q.lid, "%s", lid);
    waha_url_put(name, sizeof name, a->session);
    waha_url_put(id, sizeof id, lid);
    snprintf(url, sizeof url, "%s/api/%s/lids/%s", a->base_url, name, id);
    return waha_get(ctx, a, url, WHO_TIMEOUT_MS, answered, &q, sizeof q) > 0 ? BOT_LATER
                                                                             : BOT_HANDLED;
}
