/* SPDX-License-Identifier: MIT
 * breaker.c - the loop breaker: two machines that answer each other never stop, and a number that
 * does so is banned. A chat that looks like one gets one last sentence and then an hour of silence.
 *
 * What looks like a loop: the same text three times within a minute, more than `loop_per_minute`
 * messages a minute, our own text sent back, or five answers in a row that each came within a
 * second and a half of ours. Who has a role is let be, and so is what a person chooses from
 * (numbers, YA, TIDAK, commands). A person among them gets back at once with a word that no machine
 * says.
 *
 * The counts are in memory, one slot a chat: two chats that share a slot only forget. The silence
 * is in the database. Cost: one slot a message; one look-up in kv for a chat that is new to its
 * slot. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "waha.h"

#define SAME_MAX   3
#define SAME_MS    60000
#define QUICK_MAX  5
#define QUICK_MS   1500
#define MINUTE_MS  60000
#define FRESH_MS   5000 /* written just now, not delivered late */
#define SILENCE_MS 3600000
#define KEY        "silent_until"

static struct waha_chat *slot_of(struct waha *w, uint64_t chat)
{
    return &w->chats[chat % WAHA_CHATS];
}

void waha_breaker_sent(struct waha *w, const char *chat, const char *text, int64_t now)
{
    uint64_t hash = waha_hash(chat);
    struct waha_chat *c = slot_of(w, hash);
    if (c->chat != hash) return; /* a notice: nobody wrote lately */
    c->sent = waha_hash(text);
    c->sent_at = now;
}

static int is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(text, *words) == 0) return 1;
    return 0;
}

/* What a person picks from what we offer may well come again and again. */
static int is_choice(const char *text)
{
    static const char *const words[] = { "ya", "tidak", "yes", "no", "ok", "oke", NULL };
    return text[0] == '/' || text[strspn(text, "0123456789 .,+-")] == '\0' ||
           is_one_of(text, words);
}

static int is_way_back(const char *text)
{
    static const char *const words[] = { "menu", "admin", "bantuan", "help", "batal", NULL };
    return is_one_of(text, words);
}

/* A clock may be put back, and messages overtake each other. */
static int is_within(int64_t ms, int64_t window)
{
    return ms > -window && ms < window;
}

/* Notes the message, by the time that it was written at: what WAHA could not deliver for an hour
 * comes all at once. 1: it looks like a loop. One that runs again is not counted again. */
static int looks_like_a_loop(const struct waha *w, struct waha_chat *c, const char *text,
                             int64_t event, int64_t written, int64_t now)
{
    if (event == c->event) return c->is_loop;
    uint64_t hash = waha_hash(text);
    int is_same = hash == c->text && is_within(written - c->text_at, SAME_MS);
    c->same = is_choice(text) ? 0 : is_same ? c->same + 1 : 1;
    c->text = hash;
    if (!is_same) c->text_at = written;
    if (!is_within(written - c->minute_at, MINUTE_MS)) {
        c->minute_at = written;
        c->count = 0;
    }
    c->count++;
    int64_t after = now - c->sent_at;
    int is_quick =
        c->sent_at && after >= 0 && after < QUICK_MS && is_within(now - written, FRESH_MS);
    c->quick = is_quick && !is_choice(text) ? c->quick + 1 : 0;
    int is_echo = c->sent_at && hash == c->sent;
    c->sent_at = 0; /* one answer of theirs for each of ours */
    c->event = event;
    c->is_loop =
        c->same >= SAME_MAX || c->count > w->loop_per_minute || c->quick >= QUICK_MAX || is_echo;
    return c->is_loop;
}

static struct waha_chat *chat_of(struct bot_ctx *ctx, const char *chat)
{
    uint64_t hash = waha_hash(chat);
    struct waha_chat *c = slot_of(ctx->state, hash);
    if (c->chat == hash) return c;
    size_t len = 0;
    const char *until = ctx->api->kv_get(ctx, BOT_KV_PERSON, KEY, &len);
    memset(c, 0, sizeof *c);
    c->chat = hash;
    if (until && len == sizeof c->silent_until) memcpy(&c->silent_until, until, len);
    return c;
}

/* Back to where a person begins. The slot is read again from the database: should the turn be
 * lost, it says what is true. */
static int lift(struct bot_ctx *ctx, struct waha_chat *c)
{
    c->chat = 0;
    return ctx->api->kv_set(ctx, BOT_KV_PERSON, KEY, NULL, 0, 0) < 0 ? BOT_FAIL : BOT_PASS;
}

static int fall_silent(struct bot_ctx *ctx, struct waha_chat *c, int64_t now)
{
    const struct bot_api *api = ctx->api;
    int64_t until = now + SILENCE_MS;
    c->chat = 0; /* as in lift() */
    if (api->kv_set(ctx, BOT_KV_PERSON, KEY, (const char *)&until, sizeof until, until) < 0)
        return BOT_FAIL;
    api->log(api->self(ctx), BOT_LOG_WARN,
             "a chat looks like another bot: it gets one last sentence and an hour of silence");
    return bot_reply(ctx, api->text(ctx, "breaker.last", NULL, 0));
}

int waha_breaker_gate(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    const struct waha *w = ctx->state;
    const char *gateway = api->field(ctx, "gateway"), *chat = api->field(ctx, "chat");
    const char *text = api->field(ctx, "text");
    if (!w || !w->human || !chat || !gateway || strcmp(gateway, "waha") != 0) return BOT_PASS;
    if (api->number(ctx, "role") & ~(int64_t)BOT_CUSTOMER) return BOT_PASS;
    int64_t now = api->now(ctx), written = api->number(ctx, "sent_at");
    if (written <= 0 || written > now) written = now;
    struct waha_chat *c = chat_of(ctx, chat);
    if (c->silent_until > now) return is_way_back(text) ? lift(ctx, c) : BOT_HANDLED;
    return looks_like_a_loop(w, c, text, api->number(ctx, "event"), written, now)
               ? fall_silent(ctx, c, now)
               : BOT_PASS;
}
