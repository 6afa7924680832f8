/* SPDX-License-Identifier: MIT
 * mark.c - up to when everything has come, durable, one for each number.
 *
 * The mark is a time of WhatsApp's own clock, which is the one of every message's timestamp. It
 * follows the newest message that came live, and after a backfill the newest one listed; so neither
 * our clock nor WAHA's can put it in a wrong place, and a quiet night costs nothing: no message
 * lies between. `floor` is where it was at the first start: nothing older is ever fetched. Kept in
 * kv as "MARK FLOOR[ SKEW]", in ms. */
#include <stdio.h>
#include <string.h>

#include "waha.h"

/* A message further ahead of our clock is not believed. */
#define PLAUSIBLE_MS (48LL * 3600 * 1000)
/* So many messages are looked at, then one in so many: a mark that is a few messages behind only
 * makes a backfill read what is known. */
#define SAMPLES_MIN 5
#define RARELY      16

static const char *key_of(const char *session, char out[200])
{
    snprintf(out, 200, "mark/%.180s", session);
    return out;
}

void waha_mark_load(struct bot_ctx *ctx, const char *session, struct waha_mark *m)
{
    char key[200], text[100];
    size_t len = 0;
    long long mark = 0, floor = 0, skew = 0;
    const char *kept = ctx->api->kv_get(ctx, BOT_KV_PLUGIN, key_of(session, key), &len);
    snprintf(text, sizeof text, "%.*s", (int)(kept && len < sizeof text ? len : 0),
             kept ? kept : "");
    int n = sscanf(text, "%lld %lld %lld", &mark, &floor, &skew);
    m->is_new = n < 2;
    if (m->is_new) return;
    m->mark = mark;
    m->floor = floor;
    m->skew = skew;
    m->has_skew = n == 3;
}

void waha_mark_save(struct bot_ctx *ctx, const char *session, struct waha_mark *m)
{
    char key[200], text[100];
    int len = snprintf(text, sizeof text, "%lld %lld", (long long)m->mark, (long long)m->floor);
    if (m->has_skew)
        len += snprintf(text + len, sizeof text - (size_t)len, " %lld", (long long)m->skew);
    if (ctx->api->kv_set(ctx, BOT_KV_PLUGIN, key_of(session, key), text, (size_t)len, 0) >= 0)
        m->is_changed = 0;
}

int waha_is_plausible(int64_t at, int64_t now)
{
    return at > 0 && at < now + PLAUSIBLE_MS;
}

void waha_mark_move(struct waha_mark *m, int64_t to)
{
    if (to <= m->mark) return;
    m->mark = to;
    m->is_changed = 1;
}

/* A message of which WAHA told late says too little; the greatest of several is right. */
static void sample(struct waha_mark *m, int64_t ahead)
{
    if (!m->samples++ || ahead > m->greatest) m->greatest = ahead;
    if (m->samples < SAMPLES_MIN || (m->has_skew && m->greatest <= m->skew)) return;
    m->skew = m->greatest;
    m->has_skew = m->is_changed = 1;
}

void waha_mark_note(struct bot_ctx *ctx, struct waha_mark *m)
{
    if (m->samples >= SAMPLES_MIN && m->skipped++ % RARELY) return;
    int64_t at = ctx->api->number(ctx, "sent_at");
    if (at > m->seen) m->seen = at;
    if (ctx->api->field(ctx, "body")) return; /* no message: the summary of old ones */
    sample(m, at - ctx->api->number(ctx, "received_at"));
}

void waha_mark_follow(struct waha_mark *m, int64_t now)
{
    if (m->seen && !waha_is_plausible(m->seen, now)) m->seen = 0;
    if (!m->is_new) waha_mark_move(m, m->seen);
}

void waha_mark_correct(struct waha_mark *m, int64_t now)
{
    int64_t latest = now + m->skew;
    if (!m->has_skew || m->is_new || m->floor <= latest + WAHA_OVERLAP_MS) return;
    m->floor = latest;
    if (m->mark > latest) m->mark = latest;
    m->is_changed = 1;
}
