/* SPDX-License-Identifier: MIT
 * deaf.c - a session that says WORKING while nothing comes in: deaf. It happens with every engine,
 * and nobody notices but the customers.
 *
 * For each account the messages of an hour of the day are learned over the days (of the older ones
 * less and less). When the quiet since the last message is one that would have brought EXPECTED_MIN
 * messages on a usual day, WAHA is asked for its newest chats: messages of two people there that
 * never came here prove it, and only then is it called deaf. A holiday is quiet, too, and no news.
 * An engine that cannot list its chats proves nothing: then a longer quiet is told, once.
 *
 * What is learned is in the database; a restart begins to listen anew. Cost: two numbers a message;
 * one look at each account a minute, one row of kv an hour. */
#include <stdio.h>
#include <string.h>

#include "waha.h"

#define HOUR_MS         INT64_C(3600000)
#define EXPECTED_MIN    8.0  /* that none of so many comes by chance: once in 3,000 */
#define EXPECTED_BLIND  40.0 /* where WAHA cannot be asked */
#define OF_OLDER        0.75 /* what a day counts beside the next one */
#define DAYS_MIN        3.0  /* before that nothing is usual */
#define LATE_MS         120000
#define RESTART_MS      (6 * HOUR_MS)
#define LIST_TIMEOUT_MS 20000

/* Under this key of the plugin, with the session behind it. */
#define KEY "usual/"

static int64_t hour_of(int64_t now)
{
    return now / HOUR_MS;
}

static void usual_key(const struct waha_account *a, char *key, size_t cap)
{
    snprintf(key, cap, KEY "%.100s", a->session);
}

void waha_deaf_load(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_hearing *h = &a->hearing;
    char key[128];
    size_t len = 0;
    usual_key(a, key, sizeof key);
    const char *stored = ctx->api->kv_get(ctx, BOT_KV_PLUGIN, key, &len);
    if (stored && len == sizeof h->usual) memcpy(&h->usual, stored, len);
    h->heard_at = ctx->api->now(ctx);
    h->hour = hour_of(h->heard_at);
    h->from = h->heard_at;
}

/* An hour is over: what it brought is learned, weighted by how much of it we were there. */
static void learn(struct bot_ctx *ctx, struct waha_account *a, int64_t now)
{
    struct waha_hearing *h = &a->hearing;
    char key[128];
    int whole = h->from <= h->hour * HOUR_MS && hour_of(now) == h->hour + 1 &&
                a->state == BOT_SESSION_CONNECTED && !h->is_deaf;
    if (whole) {
        struct waha_usual *u = &h->usual;
        size_t i = (size_t)(h->hour % 24);
        double days = u->days[i] < 20 ? u->days[i] : 20;
        u->messages[i] =
            days > 0 ? OF_OLDER * u->messages[i] + (1 - OF_OLDER) * h->count : h->count;
        u->days[i] = days + 1;
        usual_key(a, key, sizeof key);
        ctx->api->kv_set(ctx, BOT_KV_PLUGIN, key, (const char *)u, sizeof *u, 0);
    }
    if (!whole) h->from = now; /* the hour that runs has begun without us */
    h->hour = hour_of(now);
    h->count = 0;
    if (whole) h->from = h->hour * HOUR_MS;
}

double waha_deaf_expected(const struct waha_usual *u, int64_t from, int64_t to)
{
    double sum = 0;
    if (to - from > 24 * HOUR_MS) from = to - 24 * HOUR_MS;
    for (int64_t at = from; at < to;) {
        int64_t end = (hour_of(at) + 1) * HOUR_MS;
        if (end > to) end = to;
        size_t i = (size_t)(hour_of(at) % 24);
        if (u->days[i] >= DAYS_MIN) sum += u->messages[i] * (double)(end - at) / (double)HOUR_MS;
        at = end;
    }
    return sum;
}

static void tell_supers(struct bot_ctx *ctx, const struct waha_account *a, const char *key)
{
    const struct bot_arg args[] = { bot_text("session", a->session),
                                    bot_int("since", a->hearing.heard_at) };
    struct bot_send send = { .size = sizeof send, .role = BOT_SUPER, .priority = 1 };
    send.text = ctx->api->text(ctx, key, args, BOT_COUNT(args));
    ctx->api->send(ctx, &send);
}

static void set_deaf(struct bot_ctx *ctx, struct waha_account *a, int is_deaf)
{
    char line[160];
    a->hearing.is_deaf = is_deaf;
    snprintf(line, sizeof line, "session '%.60s' %s", a->session,
             is_deaf ? "says WORKING, but what people write does not come in: it is deaf"
                     : "hears again");
    ctx->api->log(ctx->api->self(ctx), is_deaf ? BOT_LOG_ERROR : BOT_LOG_INFO, line);
    waha_set_state(ctx, a, BOT_SESSION_CONNECTED, is_deaf ? "deaf" : "");
    tell_supers(ctx, a, is_deaf ? "wa.deaf" : "wa.hears");
}

void waha_deaf_heard(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_hearing *h = &a->hearing;
    h->heard_at = ctx->api->now(ctx);
    h->count++;
    h->asked_for = 0;
    if (h->is_deaf) set_deaf(ctx, a, 0);
}

/* What can be done: WAHA's session begins anew, at most every few hours. */
static int mend(struct bot_ctx *ctx, struct waha_account *a)
{
    const struct waha *w = ctx->state;
    int64_t now = ctx->api->now(ctx);
    if (!w->manages || now - a->hearing.mended_at < RESTART_MS) return BOT_HANDLED;
    a->hearing.mended_at = now;
    return waha_restart(ctx, a);
}

static int chats_came(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct waha *w = ctx->state;
    const uint32_t *which = data;
    if (!w || r->status == BOT_ECANCELED) return BOT_HANDLED;
    struct waha_account *a = &w->accounts[*which];
    struct waha_hearing *h = &a->hearing;
    int64_t newest = 0, second = 0;
    int told = waha_answer_newest(r, &newest, &second);
    if (h->is_deaf || a->state != BOT_SESSION_CONNECTED) return BOT_HANDLED;
    /* Of two people: one may be somebody who is blocked, and never comes this far. */
    if (told && second > h->heard_at + LATE_MS) {
        set_deaf(ctx, a, 1);
        return mend(ctx, a);
    }
    if (!told && h->asked_for >= EXPECTED_BLIND && !h->is_told) {
        h->is_told = 1;
        tell_supers(ctx, a, "wa.quiet");
    }
    return BOT_HANDLED;
}

/* The newest message that somebody else wrote, of the ten newest chats. */
static int ask_newest(struct bot_ctx *ctx, const struct waha_account *a)
{
    const struct waha *w = ctx->state;
    uint32_t which = (uint32_t)(a - w->accounts);
    char session[200], url[1024];
    waha_url_put(session, sizeof session, a->session);
    snprintf(url, sizeof url, "%s/api/%s/chats/overview?limit=10", a->base_url, session);
    return waha_get(ctx, a, url, LIST_TIMEOUT_MS, chats_came, &which, sizeof which) > 0
               ? BOT_LATER
               : BOT_HANDLED;
}

static int listen(struct bot_ctx *ctx, struct waha_account *a)
{
    struct waha_hearing *h = &a->hearing;
    int64_t now = ctx->api->now(ctx);
    if (hour_of(now) != h->hour) learn(ctx, a, now);
    if (a->state != BOT_SESSION_CONNECTED) {
        h->heard_at = now; /* the quiet begins when it is back */
        return BOT_HANDLED;
    }
    if (h->is_deaf) return mend(ctx, a);
    double expected = waha_deaf_expected(&h->usual, h->heard_at, now);
    /* Asked again when as much more has been missed: a quiet day costs a handful of calls. */
    double next = h->asked_for > 0 ? 2 * h->asked_for : EXPECTED_MIN;
    if (expected < next) return BOT_HANDLED;
    h->asked_for = expected;
    return ask_newest(ctx, a);
}

int waha_listen(struct bot_ctx *ctx)
{
    const struct waha *w = ctx->state;
    int verdict = BOT_HANDLED;
    for (uint32_t i = 0; w && i < w->account_count; i++)
        if (listen(ctx, &w->accounts[i]) == BOT_LATER) verdict = BOT_LATER;
    return verdict;
}
