/* SPDX-License-Identifier: MIT
 *
 * report.c - the store in figures: /stats_toko now, /laporan every day at an hour. What other
 * plugins have to say comes from their hooks of store.stats and store.report. The daily report is a
 * durable event that asks for its next one when it runs; its hour is the store's own. */
#include <string.h>

#include "store_admin.h"

static const char SQL_GET[] =
    "SELECT report_at, report_customers FROM store_admin_stores WHERE store = $store";

static const char SQL_SET[] =
    "INSERT INTO store_admin_stores (store, report_at, report_customers)"
    " VALUES ($store, $at, $customers) ON CONFLICT (store) DO UPDATE SET"
    " report_at = excluded.report_at, report_customers = excluded.report_customers";

static const char SQL_REPORTED[] =
    "UPDATE store_admin_stores SET report_customers = $customers WHERE store = $store";

/* ---- what is told ------------------------------------------------------------------------------
 */

static const char *text_of(struct bot_ctx *ctx, const char *key, int64_t customers, int64_t more)
{
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_int("count", customers),
        bot_int("more", more),
        bot_int("now", ctx->api->now(ctx)),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

int show_stats(struct bot_ctx *ctx)
{
    struct bot_lines l = { .ctx = ctx };
    int64_t customers = people_of(ctx)->members(ctx);
    const char *more = ctx->api->gather(ctx, "store.stats");
    if (customers < 0) return (int)customers;
    if (!more) return BOT_FAIL;
    bot_lines_add(&l, text_of(ctx, "stats.header", customers, 0));
    bot_lines_add(&l, text_of(ctx, "stats.customers", customers, 0));
    if (*more) bot_lines_add(&l, more);
    return bot_lines_reply(&l);
}

/* The report; NULL when a plugin failed. before: customers at the last one. */
static const char *report_text(struct bot_ctx *ctx, int64_t customers, int64_t before)
{
    struct bot_lines l = { .ctx = ctx };
    const char *more = ctx->api->gather(ctx, "store.report");
    if (!more) return NULL;
    int64_t joined = customers > before ? customers - before : 0;
    if (!*more && !joined) return text_of(ctx, "report.nothing", customers, 0);
    bot_lines_add(&l, text_of(ctx, "report.header", customers, joined));
    bot_lines_add(
        &l, text_of(ctx, joined ? "report.customers_new" : "stats.customers", customers, joined));
    if (*more) bot_lines_add(&l, more);
    return l.s;
}

/* ---- the row -----------------------------------------------------------------------------------
 */

/* BOT_OK, BOT_ENOENT when there is no daily report (*before is 0 when there never was one). */
static int load(struct bot_ctx *ctx, int64_t *at, int64_t *before)
{
    struct bot_rows *rows = NULL;
    *before = *at = 0;
    int rc = ctx->api->db(ctx, SQL_GET, NULL, 0, &rows);
    if (rc < 0) return rc;
    if ((rc = ctx->api->row_next(rows)) != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    *at = ctx->api->row_int(rows, 0);
    *before = ctx->api->row_int(rows, 1);
    return ctx->api->row_type(rows, 0) == BOT_NULL ? BOT_ENOENT : BOT_OK;
}

/* The next time that the store's clock shows this minute. */
static int set_timer(struct bot_ctx *ctx, int64_t at)
{
    int64_t now = local_minute(ctx), next = now / HOURS_DAY * HOURS_DAY + at;
    if (next <= now) next += HOURS_DAY;
    return ctx->api->at(ctx, "store-admin.report", "daily", local_to_ms(ctx, next), NULL, 0);
}

int report_reschedule(struct bot_ctx *ctx)
{
    int64_t at, before;
    int rc = load(ctx, &at, &before);
    return rc == BOT_ENOENT ? BOT_OK : rc < 0 ? rc : set_timer(ctx, at);
}

int send_report(struct bot_ctx *ctx)
{
    int64_t at, before, customers = people_of(ctx)->members(ctx);
    int rc = load(ctx, &at, &before);
    if (rc == BOT_ENOENT) return BOT_HANDLED; /* switched off meanwhile */
    if (rc < 0) return rc;
    const struct bot_arg args[] = { bot_int("customers", customers) };
    struct bot_send send = { .size = sizeof send, .role = BOT_STORE_ADMIN };
    if (!(send.text = report_text(ctx, customers, before))) return BOT_FAIL;
    if ((rc = ctx->api->send(ctx, &send)) < 0 && rc != BOT_ENOENT) return rc;
    if ((rc = ctx->api->db(ctx, SQL_REPORTED, args, 1, NULL)) < 0) return rc;
    rc = set_timer(ctx, at);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* ---- /laporan ----------------------------------------------------------------------------------
 */

/* "20:00", "20.00", "20", "jam 8 malam": by the reader of opening hours, as "20:00-20:01". -1:
 * none.
 */
static int64_t time_parse(struct bot_ctx *ctx, const char *text)
{
    struct hours h;
    char quoted[HOURS_QUOTED];
    if (strpbrk(text, ";,-\n")) return -1;
    const char *span = bot_format(ctx, "%s - 00:00", text);
    enum hours_error error = hours_parse(span, &h, quoted);
    if (error == HOURS_SAME) return 0; /* midnight */
    return error == HOURS_OK && h.count[0] == 1 ? h.span[0][0].from : -1;
}

static int store_time(struct bot_ctx *ctx, const struct bot_arg *at)
{
    const struct bot_arg args[] = { *at, bot_int("customers", people_of(ctx)->members(ctx)) };
    return ctx->api->db(ctx, SQL_SET, args, BOT_COUNT(args), NULL);
}

static int switch_off(struct bot_ctx *ctx)
{
    const struct bot_arg none = bot_null("at");
    int rc = store_time(ctx, &none);
    if (rc >= 0) rc = ctx->api->at(ctx, "store-admin.report", "daily", 0, NULL, 0);
    return rc < 0 ? rc : bot_say_words(ctx, "report.off");
}

static const char *clock_text(struct bot_ctx *ctx, int64_t minute)
{
    return bot_format(ctx, "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
}

static int show_now(struct bot_ctx *ctx)
{
    int64_t at, before, customers = people_of(ctx)->members(ctx);
    int rc = load(ctx, &at, &before);
    if (rc < 0 && rc != BOT_ENOENT) return rc;
    int daily = rc == BOT_OK;
    const char *text = report_text(ctx, customers, daily ? before : customers);
    if (!text) return BOT_FAIL;
    if ((rc = ctx->api->reply(ctx, text)) < 0) return rc;
    return daily ? bot_say_with(ctx, "report.daily_at", "time", clock_text(ctx, at))
                 : bot_say_words(ctx, "report.hint");
}

int change_report(struct bot_ctx *ctx)
{
    static const char *const off[] = { "mati", "off", "matikan", "hapus", "stop" };
    const char *text = bot_field(ctx, "arg.jam");
    if (!*text) return show_now(ctx);
    for (size_t i = 0; i < BOT_COUNT(off); i++)
        if (bot_is_word(text, off[i])) return switch_off(ctx);
    int64_t at = time_parse(ctx, text);
    if (at < 0) return bot_say_with(ctx, "report.bad_time", "time", bot_cut(ctx, text, 40));
    const struct bot_arg value = bot_int("at", at);
    int rc = store_time(ctx, &value);
    if (rc >= 0) rc = set_timer(ctx, at);
    return rc < 0 ? rc : bot_say_with(ctx, "report.on", "time", clock_text(ctx, at));
}
