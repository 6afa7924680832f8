/* SPDX-License-Identifier: MIT
 *
 * stats.c - what this plugin adds to the figures of a store, of all stores and of one customer, and
 * what it does when somebody asks to be forgotten. A sale counts on the day of its payment; one
 * that is canceled afterwards counts no longer. Costs: 6 + 30 rows, and a row for each product that
 * was sold on each of 30 days. */
#include <stdlib.h>

#include "order.h"

#define BEST_DAYS 30
#define BEST      5

/* ---- a store --------------------------------------------------------------------------------- */

/* "1 baru, 3 diproses"; "" when there are none. */
static int states_text(struct bot_ctx *ctx, struct bot_lines *out, int only_open, int64_t *all)
{
    static const char sql[] = "SELECT state, orders FROM orders_counts"
                              " WHERE store = $store AND orders > 0 ORDER BY state";
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, NULL, 0, &rows);
    *all = 0;
    while (rc >= 0 && (rc = ctx->api->row_next(rows)) == BOT_ROW) {
        struct order o = { .state = (enum order_state)ctx->api->row_int(rows, 0) };
        int64_t n = ctx->api->row_int(rows, 1);
        *all += n;
        if (only_open && o.state >= ORDER_DONE) continue;
        if (out->len) bot_lines_join(out, ", ");
        bot_lines_join(out, bot_format(ctx, "%lld %s", (long long)n, order_state_word(ctx, &o)));
    }
    return rc;
}

struct sales {
    int64_t placed, sold, rupiah;
};

/* From that many days ago until now; 1: today. */
static int sales_of(struct bot_ctx *ctx, int64_t days, struct sales *out)
{
    static const char sql[] = "SELECT COALESCE(sum(placed), 0), COALESCE(sum(sold), 0),"
                              " COALESCE(sum(rupiah), 0) FROM orders_days"
                              " WHERE store = $store AND day > $after";
    const struct bot_arg args[] = { bot_int("after", store_day(ctx, ctx->api->now(ctx)) - days) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, 1, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc;
    *out = (struct sales){ ctx->api->row_int(rows, 0), ctx->api->row_int(rows, 1),
                           ctx->api->row_int(rows, 2) };
    return BOT_OK;
}

static int sales_line(struct bot_lines *out, const char *key, int64_t days)
{
    struct sales s = { 0 };
    int rc = sales_of(out->ctx, days, &s);
    const struct bot_arg args[] = { bot_int("placed", s.placed), bot_int("sold", s.sold),
                                    bot_int("rupiah", s.rupiah) };
    if (rc >= 0) bot_lines_add(out, out->ctx->api->text(out->ctx, key, args, BOT_COUNT(args)));
    return rc;
}

static int best_line(struct bot_lines *out)
{
    /* Names are looked up for those that are shown only: as they were sold the last time. */
    static const char sql[] =
        "SELECT s.name, b.pieces FROM"
        " (SELECT product, sum(count) AS pieces, max(day) AS day FROM orders_sold"
        "  WHERE store = $store AND day > $after GROUP BY product"
        "  HAVING sum(count) > 0 ORDER BY pieces DESC, product LIMIT $max) b"
        " JOIN orders_sold s ON s.store = $store AND s.day = b.day AND s.product = b.product"
        " ORDER BY b.pieces DESC, b.product";
    struct bot_ctx *ctx = out->ctx;
    const struct bot_arg args[] = {
        bot_int("after", store_day(ctx, ctx->api->now(ctx)) - BEST_DAYS),
        bot_int("max", BEST),
    };
    struct bot_rows *rows = NULL;
    struct bot_lines list = { .ctx = ctx };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    while (rc >= 0 && (rc = ctx->api->row_next(rows)) == BOT_ROW) {
        if (list.len) bot_lines_join(&list, ", ");
        bot_lines_join(&list, bot_format(ctx, "%s (%lld)", ctx->api->row_text(rows, 0),
                                         (long long)ctx->api->row_int(rows, 1)));
    }
    const struct bot_arg said[] = { bot_text("list", list.s ? list.s : "") };
    if (rc >= 0 && list.len) bot_lines_add(out, ctx->api->text(ctx, "stats.best", said, 1));
    return rc;
}

int store_stats(struct bot_ctx *ctx)
{
    struct bot_lines l = { .ctx = ctx }, states = { .ctx = ctx };
    int64_t all;
    int rc = states_text(ctx, &states, 0, &all);
    const struct bot_arg args[] = { bot_int("count", all),
                                    bot_text("states", states.s ? states.s : "") };
    bot_lines_add(&l, ctx->api->text(ctx, all ? "stats.orders" : "stats.no_orders", args, 2));
    if (rc >= 0 && all) rc = sales_line(&l, "stats.today", 1);
    if (rc >= 0 && all) rc = sales_line(&l, "stats.week", 7);
    if (rc >= 0 && all) rc = sales_line(&l, "stats.month", 30);
    if (rc >= 0 && all) rc = best_line(&l);
    return rc < 0 ? rc : bot_lines_reply(&l);
}

int store_report(struct bot_ctx *ctx)
{
    struct bot_lines l = { .ctx = ctx }, states = { .ctx = ctx };
    struct sales today = { 0 };
    int64_t all;
    int rc = sales_of(ctx, 1, &today);
    if (rc >= 0) rc = states_text(ctx, &states, 1, &all);
    if (rc < 0) return rc;
    const struct bot_arg args[] = { bot_text("states", states.s ? states.s : "") };
    if (today.placed || today.sold) rc = sales_line(&l, "report.today", 1);
    if (states.len) bot_lines_add(&l, ctx->api->text(ctx, "report.open", args, 1));
    return rc < 0 ? rc : l.len ? bot_lines_reply(&l) : BOT_HANDLED;
}

/* ---- all stores ------------------------------------------------------------------------------ */

int global_stats(struct bot_ctx *ctx)
{
    static const char sql[] =
        "SELECT COALESCE(sum(CASE WHEN day = $today THEN placed END), 0), COALESCE(sum(placed), 0)"
        " FROM orders_all_days WHERE day > $today - 7";
    const struct bot_arg args[] = { bot_int("today", store_day(ctx, ctx->api->now(ctx))) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, 1, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc;
    const struct bot_arg said[] = { bot_int("today", ctx->api->row_int(rows, 0)),
                                    bot_int("week", ctx->api->row_int(rows, 1)) };
    return bot_say(ctx, "stats.global", said, BOT_COUNT(said));
}

/* ---- a customer ------------------------------------------------------------------------------ */

/* His orders in this store, and what he has paid for them. */
static int of_customer(struct bot_ctx *ctx, int64_t *orders, int64_t *rupiah, int64_t *last)
{
    static const char sql[] =
        "SELECT count(*), COALESCE(sum(CASE WHEN paid_at > 0 AND state < 6 THEN total END), 0), max(number)"
        " FROM orders_orders WHERE person = $customer AND store = $store";
    void *owner;
    const struct bot_profile *profile = profile_of(ctx, &owner);
    const struct bot_arg args[] = { bot_int("customer", profile ? profile->shown(ctx, owner) : 0) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, 1, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc;
    *orders = ctx->api->row_int(rows, 0);
    *rupiah = ctx->api->row_int(rows, 1);
    *last = ctx->api->row_int(rows, 2);
    return BOT_OK;
}

static int say_customer(struct bot_ctx *ctx, const char *key)
{
    int64_t orders = 0, rupiah = 0, last = 0;
    int rc = of_customer(ctx, &orders, &rupiah, &last);
    const struct bot_arg args[] = {
        bot_int("count", orders),
        bot_int("rupiah", rupiah),
        bot_text("last", last ? order_code(ctx, last) : ""),
    };
    if (rc < 0) return rc;
    return orders ? bot_say(ctx, key, args, BOT_COUNT(args)) : bot_say_words(ctx, "customer.none");
}

int customer_card(struct bot_ctx *ctx)
{
    return say_customer(ctx, "customer.card");
}

int customer_line(struct bot_ctx *ctx)
{
    return say_customer(ctx, "customer.line");
}

/* The books keep what was sold; who bought it goes. {"person":ID} */
int person_erased(struct bot_ctx *ctx)
{
    static const char orders[] = "UPDATE orders_orders SET person = NULL, name = '', address = '',"
                                 " note = '', receipt = '', reason = '' WHERE person = $customer";
    static const char proofs[] = "DELETE FROM orders_proofs WHERE order_id IN"
                                 " (SELECT id FROM orders_orders WHERE person = $customer)";
    static const char events[] = "UPDATE orders_events SET person = NULL WHERE person = $customer";
    static const char carts[] = "DELETE FROM orders_carts WHERE person = $customer";
    const char *colon = strchr(bot_field(ctx, "body"), ':');
    const struct bot_arg args[] = { bot_int("customer", colon ? strtoll(colon + 1, NULL, 10) : 0) };
    int rc = ctx->api->db(ctx, proofs, args, 1, NULL);
    if (rc >= 0) rc = ctx->api->db(ctx, orders, args, 1, NULL);
    if (rc >= 0) rc = ctx->api->db(ctx, events, args, 1, NULL);
    if (rc >= 0) rc = ctx->api->db(ctx, carts, args, 1, NULL);
    return rc < 0 ? rc : BOT_HANDLED;
}
