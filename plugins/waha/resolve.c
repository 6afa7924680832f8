/* SPDX-License-Identifier: MIT
 * resolve.c - did a message go out that may have? Asked after a crash, a timeout, a broken
 * connection.
 *
 * With a send id (NOWEB, GOWS): ask for that id; when it is not there, sending it again under the
 * same id is harmless. Without (WEBJS): look at our own messages of that chat since the attempt.
 * Our text is there: it went out. The list came and it is not there: it did not. The list cannot be
 * had at all: unknown, and never repeated. The list is asked for when WAHA has had SETTLE_MS to get
 * our request out of its hands. WAHA may hold a request for its session for 15 s and send it then,
 * also when whoever asked has gone, so only a list of HELD_MS after the attempt says that nothing
 * went out. */
#include <stdio.h>
#include <string.h>

#include "waha.h"

#define ASK_TIMEOUT_MS 20000
#define SETTLE_MS      3000
/* WAHA's 15 s, and what a human pace puts between the row being marked and sendText: three
 * courtesies of 4 s and a pause of 5 s at most; and a little. */
#define HELD_MS         20000
#define HELD_BY_WAHA_MS 15000
#define HELD_HUMAN_MS   37000
#define SKEW_S          1 /* WhatsApp counts in seconds, on another clock */

/* What the completions need; behind it lie the text and, while it settles, the URL. */
struct question {
    int64_t id;
    int64_t attempted_at, asked_at;
    uint32_t account;
    uint32_t text_len, url_len; /* without NUL */
    char send_id[WAHA_ID_BYTES];
};

static int tell(struct bot_ctx *ctx, int64_t id, int outcome, const char *native)
{
    const struct waha *w = ctx->state;
    if (w) w->gateways->resolved(ctx, id, outcome, native && native[0] ? native : NULL);
    return BOT_HANDLED;
}

static int looked_up(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct question *q = data;
    return tell(ctx, q->id, waha_judge_lookup(r, q->send_id), q->send_id);
}

static size_t question_size(const struct question *q)
{
    return sizeof *q + q->text_len + q->url_len + 2;
}

static int settled(struct bot_ctx *ctx, const struct bot_result *r, void *data);

/* Until when WAHA may still send what it was asked to. An attempt of this process had ended when
 * the question began; of an earlier one only its beginning is known. */
static int64_t held_until(const struct waha *w, const struct question *q)
{
    int64_t until = q->attempted_at + (w->human ? HELD_HUMAN_MS : HELD_MS);
    int64_t since_ended = q->asked_at + HELD_BY_WAHA_MS;
    return q->attempted_at >= w->started_at && since_ended < until ? since_ended : until;
}

static int listed(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct question *q = data;
    const struct waha *w = ctx->state;
    const char *text = (const char *)(q + 1);
    char id[WAHA_ID_BYTES];
    int outcome = waha_judge_list(r, text, q->attempted_at / 1000 - SKEW_S, id);
    if (w && outcome == BOT_RESOLVED_NOT_SENT) {
        int64_t wait = held_until(w, q) - ctx->api->now(ctx);
        if (wait > 0 && ctx->api->timer(ctx, wait, settled, q, question_size(q)) > 0)
            return BOT_LATER;
    }
    return tell(ctx, q->id, outcome, id);
}

static int settled(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct question *q = data;
    const struct waha *w = ctx->state;
    const char *url = (const char *)(q + 1) + q->text_len + 1;
    if (!w) return BOT_HANDLED;
    if (r->status == BOT_OK && waha_get(ctx, &w->accounts[q->account], url, ASK_TIMEOUT_MS, listed,
                                        q, question_size(q)) > 0)
        return BOT_LATER;
    return tell(ctx, q->id, BOT_RESOLVED_LATER, NULL);
}

static struct question *make_question(struct bot_ctx *ctx, const struct bot_outgoing *row,
                                      uint32_t account, const char *url, size_t *size)
{
    uint32_t text_len = bot_strlen_(row->text), url_len = bot_strlen_(url);
    *size = sizeof(struct question) + text_len + url_len + 2;
    struct question *q = ctx->api->alloc(ctx, *size);
    if (!q) return NULL;
    *q = (struct question){ row->id, row->attempted_at, ctx->api->now(ctx),
                            account, text_len,          url_len,
                            "" };
    snprintf(q->send_id, sizeof q->send_id, "%s", row->send_id ? row->send_id : "");
    char *strings = (char *)(q + 1);
    memcpy(strings, row->text, text_len + 1);
    memcpy(strings + text_len + 1, url, url_len + 1);
    return q;
}

/* The question about this row. */
static void make_url(const struct waha_account *a, const struct bot_outgoing *row, char *url,
                     size_t cap)
{
    char session[200], chat[400], native[400], full[400];
    waha_url_put(session, sizeof session, a->session);
    waha_url_put(chat, sizeof chat, row->chat);
    if (row->send_id && row->send_id[0]) {
        snprintf(full, sizeof full, "true_%.250s_%.127s", row->chat, row->send_id);
        waha_url_put(native, sizeof native, full);
        snprintf(url, cap, "%s/api/%s/chats/%s/messages/%s?downloadMedia=false", a->base_url,
                 session, chat, native);
    } else {
        snprintf(url, cap,
                 "%s/api/%s/chats/%s/messages?limit=20&downloadMedia=false&filter.fromMe=true"
                 "&filter.timestamp.gte=%lld",
                 a->base_url, session, chat, (long long)(row->attempted_at / 1000 - SKEW_S));
    }
}

int waha_resolve(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    const struct waha *w = ctx->state;
    const struct waha_account *a = waha_account(w, row->session);
    char url[2048];
    size_t size = 0;
    /* sendImage and sendFile take no id, and a caption in a list proves nothing of a file. */
    if (row->media) return tell(ctx, row->id, BOT_RESOLVED_UNKNOWN, NULL);
    if (!a) return tell(ctx, row->id, BOT_RESOLVED_LATER, NULL);
    make_url(a, row, url, sizeof url);
    struct question *q = make_question(ctx, row, (uint32_t)(a - w->accounts), url, &size);
    if (!q) return tell(ctx, row->id, BOT_RESOLVED_LATER, NULL);
    int64_t asked;
    if (q->send_id[0]) {
        asked = waha_get(ctx, a, url, ASK_TIMEOUT_MS, looked_up, q, sizeof *q);
    } else {
        int64_t wait = SETTLE_MS - (ctx->api->now(ctx) - row->attempted_at);
        wait = wait < 0 ? 0 : wait > SETTLE_MS ? SETTLE_MS : wait; /* a clock may have been set */
        asked = ctx->api->timer(ctx, wait, settled, q, size);
    }
    return asked > 0 ? BOT_LATER : tell(ctx, row->id, BOT_RESOLVED_LATER, NULL);
}
