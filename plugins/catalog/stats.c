/* SPDX-License-Identifier: MIT
 *
 * stats.c - what this plugin adds to the statistics of a store, to those of all stores and to a
 * store's daily report. Whoever wants them runs the hooks and collects what they reply. */
#include <string.h>

#include "catalog.h"
#include "low.h"
#include "view.h"

#define NAMES 5 /* of stocks that run low, and of those that are sold out */

static void view_fact(struct view *v, const char *key, int64_t count)
{
    const struct bot_arg args[] = { bot_int("count", count) };
    if (v->len) view_text(v, "\n");
    view_text(v, v->ctx->api->text(v->ctx, key, args, BOT_COUNT(args)));
}

static int64_t count_of(struct bot_ctx *ctx, const char *sql)
{
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, NULL, 0, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    return rc < 0 ? rc : rc == BOT_ROW ? ctx->api->row_int(rows, 0) : 0;
}

/* " (Kopi, Teh)": the first of `count` stocks that run low, from `offset` on. */
static int view_names(struct view *v, int64_t count, int64_t offset)
{
    struct bot_rows *rows = NULL;
    if (count == 0) return BOT_OK;
    int rc = low_page(v->ctx, count < NAMES ? count : NAMES, offset, &rows);
    for (int i = 0; rc >= 0 && (rc = v->ctx->api->row_next(rows)) == BOT_ROW; i++) {
        view_text(v, i ? ", " : " (");
        view_plain(v, v->ctx->api->row_text(rows, 1));
        if (v->ctx->api->row_int(rows, 2) == 0) continue;
        view_text(v, " ");
        view_plain(v, v->ctx->api->row_text(rows, 3));
    }
    view_text(v, count > NAMES ? ", \xE2\x80\xA6)" : ")");
    return rc < 0 ? rc : BOT_OK;
}

/* "Stok habis: 1 (Kopi)", "Stok menipis: 2 (Teh, Susu)"; nothing that is 0 when `only_some`. */
static int view_stocks(struct view *v, int only_some)
{
    int64_t sold_out, low;
    int rc = low_count(v->ctx, &sold_out, &low);
    if (rc < 0) return rc;
    if (sold_out || !only_some) view_fact(v, "stats.sold_out", sold_out);
    if ((rc = view_names(v, sold_out, 0)) < 0) return rc;
    if (low || !only_some) view_fact(v, "stats.low", low);
    return view_names(v, low, sold_out); /* those that are sold out come first */
}

int store_stats(struct bot_ctx *ctx)
{
    static const char sql[] = "SELECT products FROM catalog_counts WHERE store = $store";
    struct view v = { .ctx = ctx };
    int64_t products = count_of(ctx, sql);
    if (products < 0) return (int)products;
    view_fact(&v, "stats.products", products);
    int rc = view_stocks(&v, 0);
    return rc < 0 ? rc : view_reply(&v);
}

int global_stats(struct bot_ctx *ctx)
{
    static const char sql[] = "SELECT sum(products) FROM catalog_counts";
    struct view v = { .ctx = ctx };
    int64_t products = count_of(ctx, sql);
    if (products < 0) return (int)products;
    view_fact(&v, "stats.products", products);
    return view_reply(&v);
}

int store_report(struct bot_ctx *ctx)
{
    struct view v = { .ctx = ctx };
    int rc = view_stocks(&v, 1);
    if (rc < 0) return rc;
    return v.len ? view_reply(&v) : BOT_HANDLED;
}
