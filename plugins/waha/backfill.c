/* SPDX-License-Identifier: MIT
 * backfill.c - what came while we were away. WAHA's webhooks wait for half a minute and are then
 * gone; so whenever the session works (again) its chats are listed, and what nobody has seen of
 * them is handed in: see missed.c for what then becomes of it.
 *
 * From where: mark.c. The mark moves only when a whole backfill is on disk.
 *
 * Only ages need to know what time it is. Three clocks say so - ours, WAHA's, and ours corrected by
 * what live messages showed - and the earliest is taken that no message proves to be behind. What
 * is assumed: one of the three is right, or the number's chats are busy enough to show it.
 *
 * Held meanwhile: the whole session until the list is there (20 s at most), then only the chats
 * that have something, until each has been read (30 s at most). Nothing here is durable but the
 * mark: after a crash all is done once more, and what is in the journal already counts for nothing.
 * A callback that was rolled back leaves a step undone: the schedule notices and begins anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "waha.h"

#define SLOTS         4 /* calls at a time for one server */
#define CHATS_A_PAGE  100
#define CHATS_MAX     4000
#define MESSAGES_PAGE 100
#define PAGES_MAX     5 /* of messages of one chat: what is older is not read */
#define PAGE_BYTES    (8u << 20)
#define ALL_BYTES     (24u << 20) /* of all pages of one chat */
#define TIMEOUT_MS    20000
#define HOLD_LIST_MS  20000
#define HOLD_CHAT_MS  30000
#define HOLD_LOOK_MS  5000
#define AGAIN_MS      3000           /* not more often */
#define AGAIN_MIN_MS  INT64_C(30000) /* after a second failure; doubling to about an hour */
#define UNDATED_MIN   3              /* so many chats without a date: this engine has none */
#define STUCK_MS      60000
#define TRIES_MAX     3 /* with chats that cannot be read */

enum phase { IDLE, LISTING, ASKING_CLOCK, READING, CLOSING };

struct chat {
    char id[WAHA_CHAT_BYTES];
    int64_t at;
};

/* One chat that is being read. */
struct slot {
    uint64_t serial; /* of its call; 0 = free */
    uint32_t chat;
    uint32_t page_count;
    size_t bytes;
    struct waha_page pages[PAGES_MAX]; /* malloc'ed, but for the last while it is read */
};

struct waha_backfill {
    struct waha_mark mark;

    int is_off;       /* this engine cannot list */
    int is_wanted;    /* it has not been done since the session works */
    int is_due_again; /* the session has changed while it ran */

    enum phase phase;
    uint64_t serial, call; /* the last one given; that of the list or the clock, 0 = none */
    int64_t began_at, moved_at;
    int64_t since; /* what is older has come or is none of our business */
    int64_t newest;
    int64_t waha_ahead; /* WAHA's clock minus ours */
    int knows_waha;
    struct chat *chats;
    uint32_t count, cap, next;
    uint32_t offset, persons, dated;
    int is_second_look; /* a chat may have moved up between two pages */
    uint32_t failed, tries;
    uint32_t gave_up;   /* so often in a row */
    int64_t not_before; /* ... and not again by itself before this */
    struct slot slots[SLOTS];
};

/* Which call it is that ends. */
struct about {
    uint32_t account, slot;
    uint64_t serial;
};

static void read_some(struct bot_ctx *ctx);

/* ---- small things ---------------------------------------------------------------------------- */

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t whatsapp_now(struct bot_ctx *ctx, const struct waha_backfill *b, int64_t newest)
{
    int64_t now = ctx->api->now(ctx);
    const int64_t clocks[] = { now, b->knows_waha ? now + b->waha_ahead : 0,
                               b->mark.has_skew ? now + b->mark.skew : 0 };
    return waha_judge_clocks(clocks, BOT_COUNT(clocks), later_of(newest, b->newest));
}

static void hold(struct bot_ctx *ctx, const struct waha_account *a, const char *chat, int64_t ms)
{
    const struct waha *w = ctx->state;
    char phone[20] = "", lid[WAHA_CHAT_BYTES] = "";
    if (chat && !waha_chat_person(chat, phone, lid)) return;
    w->gateways->hold(ctx, a->session, phone, lid, ms);
}

static void log_line(struct bot_ctx *ctx, int level, const char *line)
{
    ctx->api->log(ctx->api->self(ctx), level, line);
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void free_slot(struct slot *s)
{
    for (uint32_t i = 0; i < s->page_count; i++) free((char *)(uintptr_t)s->pages[i].body);
    memset(s, 0, sizeof *s);
}

/* Calls that are under way end unheard. */
static void reset(struct waha_backfill *b)
{
    for (int i = 0; i < SLOTS; i++) free_slot(&b->slots[i]);
    free(b->chats);
    b->chats = NULL;
    b->count = b->cap = b->next = b->offset = b->persons = b->dated = b->failed = 0;
    b->is_second_look = b->knows_waha = 0;
    b->newest = 0;
    b->call = 0;
    b->phase = IDLE;
}

/* What is held runs. */
static void abandon(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_backfill *b = a->backfill;
    hold(ctx, a, NULL, 0);
    for (uint32_t i = 0; b->phase >= ASKING_CLOCK && i < b->count; i++)
        hold(ctx, a, b->chats[i].id, 0);
    reset(b);
}

static void give_up(struct bot_ctx *ctx, struct waha_account *a, const struct bot_result *r)
{
    char line[200];
    snprintf(line, sizeof line,
             "what session '%.60s' has missed cannot be read now (%d): again soon", a->session,
             r ? (int)r->http_status : 0);
    log_line(ctx, BOT_LOG_WARN, line);
    abandon(ctx, a);
    struct waha_backfill *b = a->backfill;
    b->is_wanted = 1;
    a->checked_at = 0;
    /* A list that never comes is not asked for twice a minute for ever. */
    int64_t pause = b->gave_up ? AGAIN_MIN_MS << (b->gave_up < 7 ? b->gave_up : 7) : 0;
    b->not_before = ctx->api->now(ctx) + pause;
    b->gave_up++;
}

/* This engine will never list. The mark follows what comes live all the same. */
static void switch_off(struct bot_ctx *ctx, struct waha_account *a, int status)
{
    struct waha_backfill *b = a->backfill;
    char line[400];
    snprintf(
        line, sizeof line,
        "WAHA cannot list the chats of session '%.60s' (%d): what comes while the bot or WAHA is down "
        "will not be answered; with the engine NOWEB set config.noweb.store.enabled of the session "
        "to true, then restart the bot",
        a->session, status);
    log_line(ctx, BOT_LOG_WARN, line);
    if (b->mark.is_new) {
        b->mark.mark = b->mark.floor = whatsapp_now(ctx, b, 0);
        b->mark.is_new = 0;
        b->mark.is_changed = 1;
    }
    abandon(ctx, a);
    b->is_off = 1;
    b->is_wanted = 0;
}

/* All has been handed in. The host says when it is on disk: waha_caught_up(). */
static void finish(struct bot_ctx *ctx, struct waha_account *a)
{
    const struct waha *w = ctx->state;
    struct waha_backfill *b = a->backfill;
    struct bot_incoming in = { .size = sizeof in, .kind = BOT_IN_CAUGHT_UP, .session = a->session };
    int64_t newest = b->newest;
    char line[200];
    if (b->count) {
        snprintf(line, sizeof line,
                 "session '%.60s' has caught up: %u chats were read, %u could not be", a->session,
                 (unsigned)b->count, (unsigned)b->failed);
        log_line(ctx, b->failed ? BOT_LOG_WARN : BOT_LOG_INFO, line);
    }
    if (b->failed && ++b->tries < TRIES_MAX) {
        abandon(ctx, a);
        b->is_wanted = 1;
        return;
    }
    b->tries = b->gave_up = 0;
    reset(b);
    b->newest = newest;
    b->phase = CLOSING;
    w->gateways->incoming(ctx, &in);
}

int waha_caught_up(struct bot_ctx *ctx)
{
    const char *session = ctx->api->field(ctx, "body");
    struct waha_account *a = ctx->state ? waha_account(ctx->state, session) : NULL;
    struct waha_backfill *b = a ? a->backfill : NULL;
    if (!b || b->phase != CLOSING) return BOT_HANDLED;
    waha_mark_move(&b->mark, b->newest);
    b->is_wanted = b->is_due_again;
    b->is_due_again = 0;
    reset(b);
    waha_mark_save(ctx, a->session, &b->mark);
    return BOT_HANDLED;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* NULL: this call is of something that is over. */
static struct waha_account *of(const struct bot_ctx *ctx, const struct bot_result *r,
                               const struct about *q)
{
    const struct waha *w = ctx->state;
    return w && r->status != BOT_ECANCELED ? &w->accounts[q->account] : NULL;
}

/* The serial of the call, 0 = it could not be made. */
static uint64_t ask(struct bot_ctx *ctx, struct waha_account *a, const char *url, uint32_t slot,
                    bot_done_fn *done)
{
    const struct waha *w = ctx->state;
    struct waha_backfill *b = a->backfill;
    struct about q = { (uint32_t)(a - w->accounts), slot, ++b->serial };
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = TIMEOUT_MS,
                           .method = "GET",
                           .url = url,
                           .headers = a->headers,
                           .max_bytes = PAGE_BYTES };
    b->moved_at = ctx->api->now(ctx);
    return ctx->api->http(ctx, &rq, done, &q, sizeof q) > 0 ? q.serial : 0;
}

/* It is the session's or the network's trouble, not of what was asked. */
static int is_trouble(const struct bot_result *r)
{
    static const int statuses[] = { 0, 401, 403, 408, 422, 429, 502, 503, 504 };
    for (size_t i = 0; i < BOT_COUNT(statuses); i++)
        if (r->http_status == statuses[i]) return 1;
    return 0;
}

/* ---- the list of chats ----------------------------------------------------------------------- */

static int listed(struct bot_ctx *ctx, const struct bot_result *r, void *data);
static int told_clock(struct bot_ctx *ctx, const struct bot_result *r, void *data);

static void ask_list(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_backfill *b = a->backfill;
    char session[200], url[1200];
    waha_url_put(session, sizeof session, a->session);
    snprintf(url, sizeof url,
             "%s/api/%s/chats?limit=%d&offset=%u&sortBy=conversationTimestamp&sortOrder=desc",
             a->base_url, session, CHATS_A_PAGE, (unsigned)b->offset);
    b->call = ask(ctx, a, url, 0, listed);
    if (!b->call) give_up(ctx, a, NULL);
}

static void ask_clock(struct bot_ctx *ctx, struct waha_account *a)
{
    char url[1200];
    a->backfill->phase = ASKING_CLOCK;
    snprintf(url, sizeof url, "%s/api/server/status", a->base_url);
    a->backfill->call = ask(ctx, a, url, 0, told_clock);
    if (!a->backfill->call) give_up(ctx, a, NULL);
}

struct listing {
    struct waha_backfill *b;
    int64_t now;
    int64_t last_at; /* of the last dated chat */
};

static void note_chat(void *arg, const char *id, int64_t at)
{
    struct listing *l = arg;
    struct waha_backfill *b = l->b;
    char phone[20], lid[WAHA_CHAT_BYTES];
    int is_person = waha_chat_person(id, phone, lid);
    b->persons += is_person;
    b->dated += is_person && at;
    if (at && !waha_is_plausible(at, l->now)) at = 0;
    if (at) l->last_at = at;
    if (at > b->newest) b->newest = at;
    if (!is_person || !at) return;
    if (b->mark.is_new || at < b->since || b->count >= CHATS_MAX) return;
    if (b->count == b->cap) {
        uint32_t cap = b->cap ? 2 * b->cap : 64;
        struct chat *more = realloc(b->chats, cap * sizeof *more);
        if (!more) return;
        b->chats = more;
        b->cap = cap;
    }
    struct chat *c = &b->chats[b->count++];
    snprintf(c->id, sizeof c->id, "%s", id);
    c->at = at;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct chat *)a)->id, ((const struct chat *)b)->id);
}

static int newest_first(const void *a, const void *b)
{
    const struct chat *x = a, *y = b;
    return x->at > y->at ? -1 : x->at < y->at;
}

/* Each once, those that have waited least first. */
static void sort_chats(struct waha_backfill *b)
{
    uint32_t n = 0;
    if (!b->count) return;
    qsort(b->chats, b->count, sizeof *b->chats, by_id);
    for (uint32_t i = 0; i < b->count; i++)
        if (!n || strcmp(b->chats[n - 1].id, b->chats[i].id) != 0) b->chats[n++] = b->chats[i];
    b->count = n;
    qsort(b->chats, n, sizeof *b->chats, newest_first);
}

static void list_is_complete(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_backfill *b = a->backfill;
    if (b->persons >= UNDATED_MIN && !b->dated) {
        switch_off(ctx, a, 200);
        return;
    }
    if (b->count >= CHATS_MAX)
        log_line(ctx, BOT_LOG_ERROR,
                 "more chats than can be caught up with have news: the oldest are left out");
    sort_chats(b);
    for (uint32_t i = 0; i < b->count; i++) hold(ctx, a, b->chats[i].id, HOLD_CHAT_MS);
    hold(ctx, a, NULL, 0);
    if (b->count || b->mark.is_new)
        ask_clock(ctx, a);
    else
        finish(ctx, a);
}

/* WAHA has no such route (404), its engine has no store (400), or cannot do it (501). A 404 may
 * also say that the session has gone. */
static int can_never_list(const struct bot_result *r)
{
    const char *body = r->body;
    if (r->status != BOT_OK || !r->body_len || body[0] != '{') return 0;
    return r->http_status == 400 || r->http_status == 501 ||
           (r->http_status == 404 && strstr(body, "Cannot GET"));
}

static int listed(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct about *q = data;
    struct waha_account *a = of(ctx, r, q);
    struct waha_backfill *b = a ? a->backfill : NULL;
    if (!b || b->phase != LISTING || b->call != q->serial) return BOT_HANDLED;
    b->call = 0;
    struct listing l = { b, ctx->api->now(ctx), 0 };
    int n = r->status == BOT_OK && r->http_status == 200
                ? waha_read_chats(r->body, r->body_len, note_chat, &l)
                : -1;
    if (n < 0) {
        if (can_never_list(r))
            switch_off(ctx, a, r->http_status);
        else
            give_up(ctx, a, r);
        return BOT_HANDLED;
    }
    int is_last = n < CHATS_A_PAGE || (l.last_at && l.last_at < b->since) || b->mark.is_new ||
                  b->offset >= 2 * CHATS_MAX;
    if (b->is_second_look || (is_last && b->offset == 0)) {
        list_is_complete(ctx, a);
        return BOT_HANDLED;
    }
    b->is_second_look = is_last;
    b->offset = is_last ? 0 : b->offset + CHATS_A_PAGE;
    ask_list(ctx, a);
    return BOT_HANDLED;
}

/* ---- WAHA's clock ---------------------------------------------------------------------------- */

static void read_clock(struct bot_ctx *ctx, struct waha_backfill *b, const struct bot_result *r)
{
    static const struct json_wanted wanted[] = { JSON_WANTED("startTimestamp", 0, NULL),
                                                 JSON_WANTED("uptime", 1, NULL),
                                                 { NULL, 0, 0, NULL } };
    struct json_slice notes[2] = { { NULL, 0, JSON_ABSENT, 0 }, { NULL, 0, JSON_ABSENT, 0 } };
    enum json_kind root;
    if (r->status != BOT_OK || r->http_status != 200 ||
        json_pick(r->body, r->body_len, wanted, notes, &root) < 0)
        return;
    double start = json_number(&notes[0]), uptime = json_number(&notes[1]);
    if (!(start > 0 && start < 1e14 && uptime > 0 && uptime < 1e14)) return;
    b->waha_ahead = (int64_t)start + (int64_t)uptime - ctx->api->now(ctx);
    b->knows_waha = 1;
}

static int told_clock(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct about *q = data;
    struct waha_account *a = of(ctx, r, q);
    struct waha_backfill *b = a ? a->backfill : NULL;
    if (!b || b->phase != ASKING_CLOCK || b->call != q->serial) return BOT_HANDLED;
    b->call = 0;
    read_clock(ctx, b, r);
    b->phase = READING;
    if (b->mark.is_new) { /* the first start: all that there is now is old */
        b->newest = b->mark.mark = b->mark.floor = whatsapp_now(ctx, b, b->newest);
        b->mark.is_new = 0;
        b->mark.is_changed = 1;
        finish(ctx, a);
        return BOT_HANDLED;
    }
    read_some(ctx);
    return BOT_HANDLED;
}

/* ---- the messages of a chat ------------------------------------------------------------------ */

struct handing {
    struct bot_incoming_sink sink;
    struct bot_ctx *ctx;
    const struct waha_listed *message;
};

/* WhatsApp counts in seconds. Within one the list says what came first, and all of it comes before
 * what arrives now: that goes into the milliseconds. */
static void hand_in(struct bot_incoming_sink *sink, const struct bot_incoming *given)
{
    const struct handing *h = (const struct handing *)sink;
    const struct waha *w = h->ctx->state;
    struct bot_incoming in = *given;
    in.late = h->message->late;
    in.sent_at = h->message->at - 1 - h->message->order;
    w->gateways->incoming(h->ctx, &in);
}

/* Everything of one chat in one callback, then: its live messages go on. */
static void hand_in_chat(struct bot_ctx *ctx, struct waha_account *a, const struct slot *s)
{
    const struct waha *w = ctx->state;
    struct waha_backfill *b = a->backfill;
    struct waha_listed *list = NULL;
    char phone[20], lid[WAHA_CHAT_BYTES];
    struct bot_incoming end = { .size = sizeof end,
                                .kind = BOT_IN_CAUGHT_UP,
                                .session = a->session };
    int n = waha_read_messages(s->pages, s->page_count, b->since, &list);
    if (n < 0) b->failed++;
    if (n > 0) {
        int64_t now = whatsapp_now(ctx, b, list[n - 1].at);
        waha_judge_missed(list, (size_t)n, now, now - (ctx->api->now(ctx) - b->began_at));
    }
    for (int i = 0; i < n; i++) {
        struct handing h = { { sizeof h.sink, 0, hand_in }, ctx, &list[i] };
        if (list[i].kept) waha_parse_message(list[i].s, list[i].len, a->session, &h.sink);
    }
    free(list);
    waha_chat_person(b->chats[s->chat].id, phone, lid);
    end.phone = phone[0] ? phone : NULL;
    end.lid = lid[0] ? lid : NULL;
    w->gateways->incoming(ctx, &end);
}

static int read_page(struct bot_ctx *ctx, const struct bot_result *r, void *data);

static void ask_page(struct bot_ctx *ctx, struct waha_account *a, uint32_t i)
{
    struct waha_backfill *b = a->backfill;
    struct slot *s = &b->slots[i];
    char session[200], chat[400], url[2000];
    waha_url_put(session, sizeof session, a->session);
    waha_url_put(chat, sizeof chat, b->chats[s->chat].id);
    snprintf(url, sizeof url,
             "%s/api/%s/chats/%s/messages?limit=%d&offset=%u&sortOrder=desc&downloadMedia=false"
             "&filter.timestamp.gte=%lld",
             a->base_url, session, chat, MESSAGES_PAGE, (unsigned)(s->page_count * MESSAGES_PAGE),
             (long long)(b->since / 1000));
    s->serial = ask(ctx, a, url, i, read_page);
}

/* 1: another page has been kept, and the next one is asked for. */
static int goes_on(struct bot_ctx *ctx, struct waha_account *a, uint32_t i,
                   const struct bot_result *r, int count)
{
    struct slot *s = &a->backfill->slots[i];
    s->bytes += r->body_len;
    if (count < MESSAGES_PAGE || s->page_count + 1 >= PAGES_MAX || s->bytes > ALL_BYTES) return 0;
    char *copy = malloc(r->body_len + 1);
    if (!copy) return 0;
    memcpy(copy, r->body, r->body_len);
    s->pages[s->page_count++] = (struct waha_page){ copy, r->body_len, count };
    ask_page(ctx, a, i);
    return s->serial != 0;
}

static void read_last_page(struct bot_ctx *ctx, struct waha_account *a, struct slot *s,
                           const struct bot_result *r, int count)
{
    struct slot all = *s;
    if (all.page_count < PAGES_MAX)
        all.pages[all.page_count++] = (struct waha_page){ r->body, r->body_len, count };
    hand_in_chat(ctx, a, &all);
    free_slot(s);
}

static int read_page(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct about *q = data;
    struct waha_account *a = of(ctx, r, q);
    struct waha_backfill *b = a ? a->backfill : NULL;
    if (!b || b->phase != READING || b->slots[q->slot].serial != q->serial) return BOT_HANDLED;
    struct slot *s = &b->slots[q->slot];
    int is_answer = r->status == BOT_OK && r->http_status == 200;
    int count = is_answer ? waha_count_items(r->body, r->body_len) : -1;
    if (count >= 0) {
        if (!goes_on(ctx, a, q->slot, r, count)) read_last_page(ctx, a, s, r, count);
    } else if (is_trouble(r) && r->status != BOT_ETIMEDOUT) {
        give_up(ctx, a, r);
        return BOT_HANDLED;
    } else {
        hold(ctx, a, b->chats[s->chat].id, 0);
        b->failed++;
        free_slot(s);
    }
    read_some(ctx);
    return BOT_HANDLED;
}

/* ---- how many at a time ---------------------------------------------------------------------- */

static uint32_t busy_slots(const struct waha_backfill *b)
{
    uint32_t n = 0;
    for (int i = 0; i < SLOTS; i++) n += b->slots[i].serial != 0;
    return n;
}

static uint32_t busy_on_server(const struct waha *w, const char *base_url)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->account_count; i++)
        if (strcmp(w->accounts[i].base_url, base_url) == 0)
            n += busy_slots(w->accounts[i].backfill);
    return n;
}

static void fill_slots(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_backfill *b = a->backfill;
    for (uint32_t i = 0; i < SLOTS && b->next < b->count; i++) {
        if (b->slots[i].serial) continue;
        if (busy_on_server(ctx->state, a->base_url) >= SLOTS) return;
        b->slots[i].chat = b->next;
        ask_page(ctx, a, i);
        if (!b->slots[i].serial) return; /* too much is pending: the schedule begins anew */
        b->next++;
    }
    if (b->next == b->count && !busy_slots(b)) finish(ctx, a);
}

/* Accounts on one server share its slots: whoever frees one may be followed by another. */
static void read_some(struct bot_ctx *ctx)
{
    const struct waha *w = ctx->state;
    for (uint32_t i = 0; i < w->account_count; i++)
        if (w->accounts[i].backfill->phase == READING) fill_slots(ctx, &w->accounts[i]);
}

/* ---- when ------------------------------------------------------------------------------------ */

int waha_backfill_open(struct bot_ctx *ctx, struct waha_account *a)
{
    a->backfill = calloc(1, sizeof *a->backfill);
    if (!a->backfill) return -1;
    waha_mark_load(ctx, a->session, &a->backfill->mark);
    if (!a->backfill->mark.is_new) hold(ctx, a, NULL, HOLD_LIST_MS);
    return 0;
}

void waha_backfill_free(struct waha_account *a)
{
    if (!a->backfill) return;
    reset(a->backfill);
    free(a->backfill);
    a->backfill = NULL;
}

void waha_backfill_expect(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_backfill *b = a->backfill;
    if (b->mark.is_new || b->is_off) return;
    if (b->phase != IDLE)
        b->is_due_again = 1;
    else
        b->is_wanted = 1;
    if (a->state != BOT_SESSION_CONNECTED) hold(ctx, a, NULL, HOLD_LOOK_MS);
}

void waha_backfill_works(struct bot_ctx *ctx, struct waha_account *a)
{
    const struct waha_backfill *b = a->backfill;
    if (b->is_wanted && b->phase == IDLE && ctx->api->now(ctx) >= b->not_before)
        waha_backfill_begin(ctx, a);
}

void waha_backfill_begin(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_backfill *b = a->backfill;
    int64_t now = ctx->api->now(ctx);
    if (b->is_off) return;
    b->is_wanted = 1;
    if (b->began_at && now - b->began_at >= 0 && now - b->began_at < AGAIN_MS) return;
    abandon(ctx, a);
    b->began_at = now;
    b->since = later_of(b->mark.mark - WAHA_OVERLAP_MS, b->mark.floor + 1);
    b->phase = LISTING;
    if (!b->mark.is_new && !b->gave_up) hold(ctx, a, NULL, HOLD_LIST_MS);
    ask_list(ctx, a);
}

void waha_backfill_pause(struct bot_ctx *ctx, struct waha_account *a)
{
    abandon(ctx, a);
}

void waha_backfill_note(struct bot_ctx *ctx, struct waha_account *a)
{
    waha_mark_note(ctx, &a->backfill->mark);
}

void waha_backfill_tick(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_backfill *b = a->backfill;
    int64_t now = ctx->api->now(ctx);
    int works = a->state == BOT_SESSION_CONNECTED;
    if (b->phase != IDLE && (now - b->moved_at > STUCK_MS || now < b->moved_at))
        give_up(ctx, a, NULL);
    if (works) waha_backfill_works(ctx, a);
    waha_mark_correct(&b->mark, now);
    if (b->phase == IDLE && !b->is_wanted && works) waha_mark_follow(&b->mark, now);
    if (b->mark.is_changed && !b->mark.is_new) waha_mark_save(ctx, a->session, &b->mark);
}
