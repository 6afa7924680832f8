/* SPDX-License-Identifier: MIT
 * send.c - one row of the outbox -> WAHA's sendText, at a human's pace or at once.
 *
 * A send is a chain of calls, each begun by the completion of the one before:
 *   a chat that we begin: check-exists, instead of sendSeen
 *   human: sendSeen -> startTyping -> a pause by length -> stopTyping -> sendText -> outcome()
 *   off:   sendText -> outcome()
 * A row with a file ends in send_media.c instead of sendText. Only sendText decides. A courtesy
 * that fails ends the courtesies: sendText then finds out what is wrong without making the customer
 * wait. The row travels along as a copy; nothing is kept in memory. */
#include <stdio.h>
#include <string.h>

#include "waha.h"

#define SEND_TIMEOUT_MS     30000 /* WAHA itself waits up to 15 s for its session */
#define COURTESY_TIMEOUT_MS 4000
#define EXISTS_TIMEOUT_MS   10000
#define PAUSE_BASE_MS       600
#define PAUSE_CHAR_MS       25
#define PAUSE_MAX_MS        5000

enum send_step { STEP_EXISTS, STEP_SEEN, STEP_TYPING, STEP_PAUSE, STEP_STOP };

/* What a chain carries; the strings lie behind it, in this order. */
struct packed_row {
    int64_t id;
    uint32_t step;
    uint32_t lens[7]; /* without NUL */
    int64_t media;
};
struct row {
    int64_t id, media;
    const char *session, *chat, *text, *send_id, *media_type, *media_name, *quote;
};

static struct packed_row *pack_row(struct bot_ctx *ctx, const struct row *row, size_t *size)
{
    const char *parts[] = { row->session,    row->chat,       row->text, row->send_id,
                            row->media_type, row->media_name, row->quote };
    struct packed_row head = { .id = row->id, .step = STEP_SEEN, .media = row->media };
    *size = sizeof head;
    for (size_t i = 0; i < BOT_COUNT(parts); i++)
        *size += (head.lens[i] = bot_strlen_(parts[i])) + 1;
    struct packed_row *p = ctx->api->alloc(ctx, *size);
    if (!p) return NULL;
    *p = head;
    char *to = (char *)(p + 1);
    for (size_t i = 0; i < BOT_COUNT(parts); i++) {
        if (head.lens[i]) memcpy(to, parts[i], head.lens[i]);
        to[head.lens[i]] = '\0';
        to += head.lens[i] + 1;
    }
    return p;
}

static struct row unpack_row(const struct packed_row *p)
{
    const char *at = (const char *)(p + 1);
    struct row row = { .id = p->id, .media = p->media };
    const char **parts[] = { &row.session,    &row.chat,       &row.text, &row.send_id,
                             &row.media_type, &row.media_name, &row.quote };
    for (size_t i = 0; i < BOT_COUNT(parts); i++) {
        *parts[i] = at;
        at += p->lens[i] + 1;
    }
    return row;
}

static size_t packed_size(const struct packed_row *p)
{
    size_t size = sizeof *p;
    for (size_t i = 0; i < BOT_COUNT(p->lens); i++) size += (size_t)p->lens[i] + 1;
    return size;
}

/* The full id of what a row answers: a message of theirs. "" when it answers none. */
static void reply_to(const struct row *row, char out[400])
{
    out[0] = '\0';
    if (row->quote[0]) snprintf(out, 400, "false_%.120s_%.250s", row->chat, row->quote);
}

/* {"session":..,"chatId":..[,"text":..,"linkPreview":false[,"reply_to":..][,"id":..]]} */
static char *make_body(struct bot_ctx *ctx, const struct row *row, int with_text, size_t *len)
{
    char quoted[400];
    reply_to(row, quoted);
    size_t size = 80 + waha_json_size(row->session) + waha_json_size(row->chat);
    if (with_text)
        size += waha_json_size(row->text) + waha_json_size(row->send_id) +
                (quoted[0] ? waha_json_size(quoted) : 0);
    char *body = ctx->api->alloc(ctx, size), *at = body;
    if (!body) return NULL;
#define PUT(literal) (memcpy(at, (literal), sizeof(literal) - 1), at += sizeof(literal) - 1)
    PUT("{\"session\":");
    at = waha_json_put(at, row->session);
    PUT(",\"chatId\":");
    at = waha_json_put(at, row->chat);
    if (with_text) {
        PUT(",\"text\":");
        at = waha_json_put(at, row->text);
        PUT(",\"linkPreview\":false");
        if (quoted[0]) {
            PUT(",\"reply_to\":");
            at = waha_json_put(at, quoted);
        }
        if (row->send_id[0]) {
            PUT(",\"id\":");
            at = waha_json_put(at, row->send_id);
        }
    }
    PUT("}");
#undef PUT
    *len = (size_t)(at - body);
    return body;
}

/* ---- sendText -------------------------------------------------------------------------------- */

/* What its completion needs: which row, from which number, under which id. */
struct sent_row {
    int64_t id;
    uint64_t chat; /* hashed */
    uint32_t account;
    char send_id[WAHA_ID_BYTES];
};

static void follow_state(struct bot_ctx *ctx, struct waha_account *a, int outcome,
                         const struct bot_result *r, const char *reason)
{
    if ((outcome == BOT_SENT || outcome == BOT_SEND_REFUSED) && a->state == BOT_SESSION_CONNECTED)
        return; /* as nearly always: a look tells the host again */
    if (outcome == BOT_SENT || outcome == BOT_SEND_REFUSED)
        waha_set_state(ctx, a, BOT_SESSION_CONNECTED, "");
    else if (r->http_status == 422 && r->body && strstr(r->body, "\"SCAN_QR_CODE\""))
        waha_set_state(ctx, a, BOT_SESSION_QR, "SCAN_QR_CODE");
    else if (outcome == BOT_SEND_HOLD && (r->http_status == 0 || r->http_status == 422))
        waha_set_state(ctx, a, BOT_SESSION_DISCONNECTED, reason);
    /* Any other trouble is not the session's: the queue is held, and that is told in time. */
}

/* A failure (500) that says no cause: of one chat alone it is that chat's, of two it is WAHA's. */
static int judge_failure(struct waha_account *a, uint64_t chat, int outcome)
{
    if (outcome == BOT_SENT) a->failing_chat = 0;
    if (outcome != BOT_SEND_RETRY) return outcome;
    int is_another = a->failing_chat && a->failing_chat != chat;
    a->failing_chat = chat;
    return is_another ? BOT_SEND_HOLD : BOT_SEND_RETRY;
}

static int text_sent(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct waha *w = ctx->state;
    const struct sent_row *row = data;
    const char *reason = "";
    char id[WAHA_ID_BYTES];
    if (!w) return BOT_HANDLED; /* stopped: the row is resolved by the next start */
    struct waha_account *a = &w->accounts[row->account];
    int outcome = judge_failure(a, row->chat, waha_judge_send(r, id, &reason));
    if (r->status != BOT_ECANCELED) follow_state(ctx, a, outcome, r, reason);
    const char *native = id[0] ? id : row->send_id;
    w->gateways->outcome(ctx, row->id, outcome, outcome == BOT_SENT && native[0] ? native : NULL,
                         reason);
    return BOT_HANDLED;
}

/* Its section has been taken out of bot.ini: it waits for it until it expires. */
static int no_account(struct bot_ctx *ctx, int64_t id)
{
    const struct waha *w = ctx->state;
    w->gateways->outcome(ctx, id, BOT_SEND_HOLD, NULL,
                         "no section [waha] or [waha.NAME] has this session");
    return BOT_HANDLED;
}

/* These calls have no ids of ours: what it was sent under only the answer can say. */
static int send_file(struct bot_ctx *ctx, const struct row *row, struct sent_row *sent)
{
    char quoted[400];
    struct waha_file f = { .row = row->id,
                           .media = row->media,
                           .account = sent->account,
                           .session = row->session,
                           .chat = row->chat,
                           .caption = row->text,
                           .type = row->media_type,
                           .name = row->media_name,
                           .reply_to = quoted };
    reply_to(row, quoted);
    sent->send_id[0] = '\0';
    return waha_send_file(ctx, &f, text_sent, sent, sizeof *sent);
}

static int send_text(struct bot_ctx *ctx, const struct row *row)
{
    const struct waha *w = ctx->state;
    const struct waha_account *a = waha_account(w, row->session);
    if (!a) return no_account(ctx, row->id);
    struct sent_row sent = { .id = row->id,
                             .chat = waha_hash(row->chat),
                             .account = (uint32_t)(a - w->accounts) };
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = SEND_TIMEOUT_MS,
                           .method = "POST",
                           .url = a->send_url,
                           .headers = a->headers };
    snprintf(sent.send_id, sizeof sent.send_id, "%s", row->send_id);
    if (row->media) return send_file(ctx, row, &sent);
    rq.body = make_body(ctx, row, 1, &rq.body_len);
    if (rq.body && ctx->api->http(ctx, &rq, text_sent, &sent, sizeof sent) > 0) {
        waha_breaker_sent(ctx->state, row->chat, row->text, ctx->api->now(ctx));
        return BOT_LATER;
    }
    w->gateways->outcome(ctx, row->id, BOT_SEND_HOLD, NULL, "too many requests are open");
    return BOT_HANDLED;
}

/* ---- the courtesies -------------------------------------------------------------------------- */

static int step_done(struct bot_ctx *ctx, const struct bot_result *r, void *data);

static int64_t typing_time(const char *text)
{
    int64_t ms = PAUSE_BASE_MS;
    for (; *text && ms < PAUSE_MAX_MS; text++)
        if (((unsigned char)*text & 0xC0) != 0x80) ms += PAUSE_CHAR_MS;
    return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

/* Has the number WhatsApp at all? Only asked before a chat is begun: NOWEB takes messages to
 * numbers that have none, and many of those get a number banned. */
static int ask_exists(struct bot_ctx *ctx, const struct waha_account *a, const struct packed_row *p,
                      const struct row *row)
{
    char session[200], phone[80], url[1024];
    waha_url_put(session, sizeof session, row->session);
    snprintf(phone, sizeof phone, "%.*s", (int)strspn(row->chat, "0123456789"), row->chat);
    snprintf(url, sizeof url, "%s/api/contacts/check-exists?phone=%s&session=%s", a->base_url,
             phone, session);
    return waha_get(ctx, a, url, EXISTS_TIMEOUT_MS, step_done, p, packed_size(p)) > 0
               ? BOT_LATER
               : send_text(ctx, row);
}

/* Begins p->step; sends the text at once when it cannot. */
static int begin_step(struct bot_ctx *ctx, const struct packed_row *p)
{
    static const char *const paths[] = { [STEP_SEEN] = "/api/sendSeen",
                                         [STEP_TYPING] = "/api/startTyping",
                                         [STEP_STOP] = "/api/stopTyping" };
    struct row row = unpack_row(p);
    const struct waha_account *a = waha_account(ctx->state, row.session);
    char url[1024];
    if (!a) return no_account(ctx, row.id);
    if (p->step == STEP_EXISTS) return ask_exists(ctx, a, p, &row);
    if (p->step == STEP_PAUSE) {
        int64_t id = ctx->api->timer(ctx, typing_time(row.text), step_done, p, packed_size(p));
        return id > 0 ? BOT_LATER : send_text(ctx, &row);
    }
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = COURTESY_TIMEOUT_MS,
                           .method = "POST",
                           .url = url,
                           .headers = a->headers };
    snprintf(url, sizeof url, "%s%s", a->base_url, paths[p->step]);
    rq.body = make_body(ctx, &row, 0, &rq.body_len);
    if (rq.body && ctx->api->http(ctx, &rq, step_done, p, packed_size(p)) > 0) return BOT_LATER;
    return send_text(ctx, &row);
}

static int step_done(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct packed_row *p = data;
    struct row row = unpack_row(p);
    const struct waha *w = ctx->state;
    if (!w) return BOT_HANDLED;
    if (p->step == STEP_EXISTS && waha_answer_is_nobody(r)) {
        w->gateways->outcome(ctx, row.id, BOT_SEND_REFUSED, NULL, "the number has no WhatsApp");
        return BOT_HANDLED;
    }
    int well = r->status == BOT_OK && (p->step == STEP_PAUSE || r->http_status / 100 == 2);
    if (!well || p->step == STEP_STOP) return send_text(ctx, &row);
    p->step = p->step == STEP_EXISTS ? STEP_TYPING : p->step + 1; /* nothing to see in a new chat */
    return begin_step(ctx, p);
}

int waha_send(struct bot_ctx *ctx, const struct bot_outgoing *out)
{
    const struct waha *w = ctx->state;
    struct row row = { .id = out->id,
                       .chat = out->chat,
                       .text = out->text,
                       .session =
                           out->session && out->session[0] ? out->session : w->accounts[0].session,
                       .send_id = out->send_id ? out->send_id : "",
                       .media = out->media,
                       .media_type = out->media_type ? out->media_type : "",
                       .media_name = out->media_name ? out->media_name : "",
                       .quote = out->quote ? out->quote : "" };
    if (!w->human) return send_text(ctx, &row);
    size_t size = 0;
    struct packed_row *p = pack_row(ctx, &row, &size);
    if (p && out->flags & BOT_OUTGOING_NEW_CHAT && strstr(row.chat, "@c.us")) p->step = STEP_EXISTS;
    return p ? begin_step(ctx, p) : send_text(ctx, &row);
}
