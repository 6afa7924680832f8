/* SPDX-License-Identifier: MIT
 *
 * opening.c - when the store is open: /set_jam, /jam, and the sentence for who writes while it is
 * closed. The bot goes on answering then; the customer only learns once in each closed period when
 * people are there again. Times are the store's own (field "store.offset"). */
#include <stdio.h>
#include <string.h>

#include "store_admin.h"

static const char SQL_GET[] = "SELECT hours FROM store_admin_stores WHERE store = $store";

static const char SQL_SET[] =
    "INSERT INTO store_admin_stores (store, hours) VALUES ($store, $hours)"
    " ON CONFLICT (store) DO UPDATE SET hours = excluded.hours";

struct opening {
    struct hours hours;
    struct hours_holidays off;
    int64_t days[HOLIDAYS_MAX];
    int said; /* somebody has set hours; else only the holidays count */
};

/* ---- reading -----------------------------------------------------------------------------------
 */

/* BOT_OK, BOT_ENOENT when the store has said nothing of it, or an error. Holidays up to `days` from
 * today. */
static int load(struct bot_ctx *ctx, struct opening *out, int64_t days)
{
    const struct bot_api *api = ctx->api;
    struct bot_rows *rows = NULL;
    int64_t today = local_minute(ctx) / HOURS_DAY;
    int rc = api->db(ctx, SQL_GET, NULL, 0, &rows);
    if (rc < 0) return rc;
    if ((rc = api->row_next(rows)) != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    const char *hours = api->row_text(rows, 0);
    out->said = *hours && hours_read(hours, &out->hours) == 0;
    if (!out->said) hours_always(&out->hours);
    int n = holidays_load(ctx, today - 1, today + days, out->days, HOLIDAYS_MAX);
    if (n < 0) return n;
    out->off = (struct hours_holidays){ out->days, (size_t)n };
    return out->said || n ? BOT_OK : BOT_ENOENT;
}

static const char *clock_text(struct bot_ctx *ctx, int64_t minute)
{
    int m = (int)(minute % HOURS_DAY);
    return bot_format(ctx, "%02d:%02d", m / 60, m % 60);
}

static const char *day_name(struct bot_ctx *ctx, int weekday)
{
    static const char *const keys[] = { "day.mon", "day.tue", "day.wed", "day.thu",
                                        "day.fri", "day.sat", "day.sun" };
    return bot_words(ctx, keys[weekday]);
}

/* "besok pukul 08:00" */
static const char *when_text(struct bot_ctx *ctx, int64_t minute)
{
    int64_t day = minute / HOURS_DAY, ahead = day - local_minute(ctx) / HOURS_DAY;
    const struct bot_arg args[] = {
        bot_text("time", clock_text(ctx, minute)),
        bot_text("day", day_name(ctx, hours_weekday(day))),
        bot_int("date", local_to_ms(ctx, minute)),
    };
    const char *key = ahead == 0   ? "when.today"
                      : ahead == 1 ? "when.tomorrow"
                      : ahead < 7  ? "when.weekday"
                                   : "when.date";
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* ---- now ---------------------------------------------------------------------------------------
 */

/* The sentence while it is closed, and the minute it opens again (-1: unknown); NULL: it is open or
 * has said nothing, or *rc. */
static const char *closed_text(struct bot_ctx *ctx, int64_t *opens, int *rc)
{
    struct opening o;
    int64_t now = local_minute(ctx), until;
    *rc = load(ctx, &o, 0); /* the coming holidays matter only when it is closed */
    if (*rc == BOT_ENOENT) {
        *rc = BOT_OK;
        return NULL;
    }
    if (*rc < 0 || hours_open(&o.hours, &o.off, now, &until)) return NULL;
    if ((*rc = load(ctx, &o, 400)) < 0) return NULL;
    *opens = hours_next(&o.hours, &o.off, now);
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("when", *opens < 0 ? "" : when_text(ctx, *opens)),
    };
    return ctx->api->text(ctx, *opens < 0 ? "closed.unknown" : "closed.until", args,
                          BOT_COUNT(args));
}

const char *opening_now(struct bot_ctx *ctx)
{
    struct opening o;
    int64_t now = local_minute(ctx), until;
    if (load(ctx, &o, 400) < 0) return NULL;
    if (!hours_open(&o.hours, &o.off, now, &until)) {
        int64_t opens = hours_next(&o.hours, &o.off, now);
        const struct bot_arg args[] = { bot_text("when", opens < 0 ? "" : when_text(ctx, opens)) };
        return ctx->api->text(ctx, opens < 0 ? "now.closed" : "now.closed_until", args, 1);
    }
    const struct bot_arg args[] = { bot_text("time", clock_text(ctx, until)) };
    return ctx->api->text(ctx, until - now > HOURS_DAY ? "now.open" : "now.open_until", args, 1);
}

/* Remembered for this customer until the store opens. */
static int tell_closed(struct bot_ctx *ctx, const char *text, int64_t opens)
{
    const struct bot_api *api = ctx->api;
    int64_t until = opens < 0 ? api->now(ctx) + 86400000 : local_to_ms(ctx, opens);
    int rc = api->kv_set(ctx, BOT_KV_PERSON, "closed", "1", 1, until);
    return rc < 0 ? rc : api->reply(ctx, text);
}

int opening_tell(struct bot_ctx *ctx)
{
    int rc;
    int64_t opens = -1;
    const char *text = closed_text(ctx, &opens, &rc);
    return text ? tell_closed(ctx, text, opens) : rc;
}

/* Said once in a closed period. */
int hours_gate(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    int rc;
    int64_t opens = -1;
    if (is_store_admin(ctx) || is_group(ctx)) return BOT_PASS;
    const char *text = closed_text(ctx, &opens, &rc);
    if (rc < 0) return rc;
    if (!text || api->kv_get(ctx, BOT_KV_PERSON, "closed", NULL)) return BOT_PASS;
    struct bot_store store = { .size = sizeof store };
    rc = stores_of(ctx)->get(ctx, api->number(ctx, "store"), &store);
    if (rc < 0) return rc;
    if (store.state != BOT_STORE_ACTIVE) return BOT_PASS; /* he hears of that already */
    rc = tell_closed(ctx, text, opens);
    return rc < 0 ? rc : BOT_PASS;
}

/* ---- the week ----------------------------------------------------------------------------------
 */

static const char *span_text(struct bot_ctx *ctx, const struct hours_span *s)
{
    if (s->from == 0 && s->to == HOURS_DAY) return bot_words(ctx, "hours.always");
    const char *to = s->to == HOURS_DAY ? "24:00" : clock_text(ctx, s->to);
    return bot_format(ctx, "%s\xE2\x80\x93%s", clock_text(ctx, s->from), to);
}

static const char *spans_text(struct bot_ctx *ctx, const struct hours *h, int day)
{
    struct bot_lines l = { .ctx = ctx };
    if (!h->count[day]) return bot_words(ctx, "hours.closed");
    for (int i = 0; i < h->count[day]; i++) {
        if (i) bot_lines_join(&l, ", ");
        bot_lines_join(&l, span_text(ctx, &h->span[day][i]));
    }
    return l.s;
}

/* Days in a row that are the same share a line. */
static const char *week_text(struct bot_ctx *ctx, const struct hours *h)
{
    struct bot_lines l = { .ctx = ctx };
    for (int first = 0, last; first < HOURS_DAYS; first = last + 1) {
        for (last = first; last + 1 < HOURS_DAYS && hours_same(h, first, last + 1);) last++;
        const char *from = day_name(ctx, first), *to = day_name(ctx, last);
        const char *days = first == 0 && last == HOURS_DAYS - 1 ? bot_words(ctx, "day.every")
                           : first == last                      ? from
                                           : bot_format(ctx, "%s\xE2\x80\x93%s", from, to);
        bot_lines_add(&l, bot_format(ctx, "%s: %s", days, spans_text(ctx, h, first)));
    }
    return l.s;
}

/* The hours, whether it is open now, the coming holidays; NULL when nothing has been said. */
static const char *all_text(struct bot_ctx *ctx)
{
    struct opening o;
    struct bot_lines l = { .ctx = ctx };
    const char *now = opening_now(ctx), *off = holidays_text(ctx);
    if (!now || !off || load(ctx, &o, 400) < 0) return NULL;
    bot_lines_add(&l, week_text(ctx, &o.hours));
    bot_lines_add(&l, now);
    if (*off) {
        bot_lines_add(&l, "");
        bot_lines_add(&l, bot_words(ctx, "holiday.coming"));
        bot_lines_add(&l, off);
    }
    return l.s;
}

int show_hours(struct bot_ctx *ctx)
{
    const char *text = all_text(ctx);
    if (!text) return bot_say_words(ctx, is_store_admin(ctx) ? "hours.none_admin" : "hours.none");
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("hours", text),
    };
    return bot_say(ctx, "hours.show", args, BOT_COUNT(args));
}

/* ---- /set_jam ----------------------------------------------------------------------------------
 */

static int say_problem(struct bot_ctx *ctx, enum hours_error error, const char *quoted)
{
    static const char *const keys[] = {
        [-HOURS_EMPTY] = "hours.usage",       [-HOURS_WORD] = "hours.bad_word",
        [-HOURS_TIME] = "hours.bad_time",     [-HOURS_SAME] = "hours.bad_same",
        [-HOURS_OVERLAP] = "hours.overlap",   [-HOURS_MANY] = "hours.many",
        [-HOURS_CONFLICT] = "hours.conflict", [-HOURS_NO_TIME] = "hours.no_time",
    };
    int rc = ctx->api->reply(
        ctx,
        ctx->api->text(ctx, keys[-error], (const struct bot_arg[]){ bot_text("part", quoted) }, 1));
    if (rc < 0 || error == HOURS_EMPTY) return rc < 0 ? rc : BOT_HANDLED;
    return bot_say_words(ctx, "hours.usage");
}

static int store_hours(struct bot_ctx *ctx, const char *hours)
{
    const struct bot_arg args[] = { bot_text("hours", hours) };
    int rc = ctx->api->db(ctx, SQL_SET, args, 1, NULL);
    return rc < 0 ? rc : ctx->api->audit(ctx, "store.hours", hours ? hours : "");
}

int set_hours(struct bot_ctx *ctx)
{
    struct hours h;
    char quoted[HOURS_QUOTED], kept[HOURS_BYTES];
    const char *text = bot_field(ctx, "rest");
    int rc;
    if (bot_is_word(text, "hapus") || bot_is_word(text, "remove")) {
        rc = store_hours(ctx, NULL);
        return rc < 0 ? rc : bot_say_words(ctx, "hours.removed");
    }
    enum hours_error error = hours_parse(text, &h, quoted);
    if (error != HOURS_OK) return say_problem(ctx, error, quoted);
    hours_write(&h, kept);
    if ((rc = store_hours(ctx, kept)) < 0) return rc;
    return bot_say_with(ctx, "hours.set", "hours", week_text(ctx, &h));
}

/* ---- profile/0 ---------------------------------------------------------------------------------
 */

int say_closed(struct bot_ctx *ctx)
{
    int64_t opens;
    int rc;
    const char *text = closed_text(ctx, &opens, &rc);
    return rc < 0 ? rc : text ? bot_reply(ctx, text) : BOT_PASS;
}

int say_hours(struct bot_ctx *ctx)
{
    const char *text = all_text(ctx);
    return text ? bot_reply(ctx, text) : BOT_PASS;
}
