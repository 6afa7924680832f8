/* SPDX-License-Identifier: MIT
 *
 * low.c - stocks that run low, and /stok_menipis. A row of catalog_low says that the admins know of
 * a stock; it is put in and taken out by conditional statements, so that two sales at once make one
 * notice. The one who changed the stock is not told what he did himself. */
#include "low.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "product.h"
#include "view.h"
#include "words.h"

#define THRESHOLD_KEY "low_stock"

int64_t low_threshold(struct bot_ctx *ctx)
{
    size_t len;
    const char *value = ctx->api->kv_get(ctx, BOT_KV_STORE, THRESHOLD_KEY, &len);
    return value ? strtoll(text_copy_n(ctx, value, len), NULL, 10) : LOW_DEFAULT;
}

/* ---- who has been told ----------------------------------------------------------------------- */

/* Marks a stock as known to be low, or takes the mark away; 1 when that is news. */
static int mark(struct bot_ctx *ctx, int is_low, int64_t product, int64_t number)
{
    static const char set[] = "INSERT INTO catalog_low (store, product, number)"
                              " VALUES ($store, $product, $number) ON CONFLICT DO NOTHING";
    static const char clear[] = "DELETE FROM catalog_low"
                                " WHERE store = $store AND product = $product AND number = $number";
    const struct bot_arg args[] = { bot_int("product", product), bot_int("number", number) };
    int rc = ctx->api->db(ctx, is_low ? set : clear, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : is_low && ctx->api->changes(ctx) > 0;
}

static int tell(struct bot_ctx *ctx, const struct product *p, const struct variant *variant)
{
    char id[48];
    int64_t stock = variant ? variant->stock : p->stock;
    if (variant)
        snprintf(id, sizeof id, "%lld/%lld", (long long)p->id, (long long)variant->number);
    else
        snprintf(id, sizeof id, "%lld", (long long)p->id);
    const struct bot_arg args[] = {
        bot_text("name", p->name),
        bot_text("label", variant ? variant->label : ""),
        bot_int("stock", stock),
        bot_text("id", id),
    };
    const char *key = stock == 0 ? (variant ? "low.none_variant" : "low.none")
                                 : (variant ? "low.left_variant" : "low.left");
    const struct bot_send send = {
        .size = sizeof send,
        .role = BOT_STORE_ADMIN,
        .except = ctx->api->number(ctx, "person"),
        .text = under_store(ctx, ctx->api->text(ctx, key, args, BOT_COUNT(args))),
    };
    int rc = ctx->api->send(ctx, &send);
    return rc == BOT_ENOENT ? BOT_OK : rc; /* he is the only one */
}

int low_note(struct bot_ctx *ctx, const struct product *p, const struct variant *variant,
             enum low_how how)
{
    int64_t stock = variant ? variant->stock : p->stock, low = low_threshold(ctx);
    int is_low = low > 0 && stock != PRODUCT_UNCOUNTED && stock <= low;
    if (is_low && how == LOW_RISEN) return 0;
    int news = mark(ctx, is_low, p->id, variant ? variant->number : 0);
    if (news <= 0 || how != LOW_TELL) return news;
    int rc = tell(ctx, p, variant);
    return rc < 0 ? rc : 1;
}

int low_note_all(struct bot_ctx *ctx, const struct product *p, enum low_how how)
{
    if (!p->low) return low_note(ctx, p, NULL, how);
    struct variants *all = ctx->api->alloc(ctx, sizeof *all);
    int rc = variants_of(ctx, p->id, all), news = 0;
    for (size_t i = 0; rc >= 0 && i < all->n; i++)
        if ((rc = low_note(ctx, p, &all->item[i], how)) > 0) news++;
    return rc < 0 ? rc : news;
}

/* ---- what is low ----------------------------------------------------------------------------- */

#define LOW_PRODUCTS                                                                               \
    "SELECT p.id AS id, p.name AS name, 0 AS number, '' AS label, p.stock AS stock"                \
    " FROM catalog_products p WHERE p.store = $store AND p.archived = 0"                           \
    " AND p.stock IS NOT NULL AND p.stock <= $low AND NOT EXISTS"                                  \
    " (SELECT 1 FROM catalog_ranges r WHERE r.store = $store AND r.product = p.id)"
#define LOW_VARIANTS                                                                               \
    "SELECT p.id AS id, p.name AS name, v.number AS number, v.label AS label, v.stock AS stock"    \
    " FROM catalog_variants v JOIN catalog_products p ON p.id = v.product AND p.store = $store"    \
    " WHERE v.store = $store AND v.archived = 0 AND v.stock IS NOT NULL AND v.stock <= $low"

/* Each of the two is cut off at what a page needs: the products' then come in the order of their
 * index, and the names of all the others are not looked at. */
int low_page(struct bot_ctx *ctx, int64_t limit, int64_t offset, struct bot_rows **rows)
{
    static const char sql[] =
        "SELECT id, name, number, label, stock FROM"
        " (SELECT * FROM (" LOW_PRODUCTS " ORDER BY p.stock, p.id LIMIT $most) AS a"
        "  UNION ALL"
        "  SELECT * FROM (" LOW_VARIANTS " ORDER BY v.stock, p.id, v.number LIMIT $most) AS b)"
        " AS stocks ORDER BY stock, id, number LIMIT $limit OFFSET $offset";
    const struct bot_arg args[] = { bot_int("low", low_threshold(ctx)), bot_int("limit", limit),
                                    bot_int("offset", offset), bot_int("most", limit + offset) };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), rows);
}

int low_count(struct bot_ctx *ctx, int64_t *sold_out, int64_t *low)
{
    static const char sql[] = "SELECT COALESCE(sum(CASE WHEN stock = 0 THEN 1 ELSE 0 END), 0),"
                              " COALESCE(sum(CASE WHEN stock > 0 THEN 1 ELSE 0 END), 0)"
                              " FROM (" LOW_PRODUCTS " UNION ALL " LOW_VARIANTS ") AS stocks";
    const struct bot_arg args[] = { bot_int("low", low_threshold(ctx)) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    rc = ctx->api->row_next(rows);
    *sold_out = ctx->api->row_int(rows, 0);
    *low = ctx->api->row_int(rows, 1);
    return rc < 0 ? rc : BOT_OK;
}

/* ---- /stok_menipis --------------------------------------------------------------------------- */

static void view_low(struct view *v, struct bot_rows *rows)
{
    const struct bot_api *api = v->ctx->api;
    int64_t number = api->row_int(rows, 2), stock = api->row_int(rows, 4);
    view_text(v, "\n\xE2\x80\xA2 ");
    view_plain(v, api->row_text(rows, 1));
    if (number) {
        view_text(v, " (");
        view_plain(v, api->row_text(rows, 3));
        view_text(v, ")");
    }
    view_text(v, " \xC2\xB7 ");
    view_text(v, stock ? v->stock : v->sold_out);
    if (stock) {
        view_text(v, ": ");
        view_number(v, stock);
    }
    view_text(v, " \xC2\xB7 ID: ");
    view_number(v, api->row_int(rows, 0));
    if (!number) return;
    view_text(v, "/");
    view_number(v, number);
}

static int say_threshold(struct bot_ctx *ctx, const char *key, int64_t page)
{
    const struct bot_arg args[] = { bot_int("low", low_threshold(ctx)), bot_int("page", page) };
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

int list_low(struct bot_ctx *ctx, int64_t page)
{
    int64_t size = page_size(ctx), shown = 0;
    struct bot_rows *rows = NULL;
    struct view v = view_start(ctx);
    const struct bot_arg args[] = { bot_int("low", low_threshold(ctx)) };
    int rc = low_page(ctx, size + 1, (page - 1) * size, &rows);
    if (rc < 0) return rc;
    view_text(&v, ctx->api->text(ctx, "low.header", args, BOT_COUNT(args)));
    for (; (rc = ctx->api->row_next(rows)) == BOT_ROW && shown < size; shown++) view_low(&v, rows);
    if (rc < 0) return rc;
    if (shown == 0) return say_threshold(ctx, page > 1 ? "list.no_page" : "low.nothing", page);
    view_text(&v, "\n\n");
    view_text(&v, ctx->api->text(ctx, rc == BOT_ROW ? "search.more" : "low.how", args, 1));
    seen_set(ctx, SEEN_LOW, "", page);
    return view_reply(&v);
}

int low_stock(struct bot_ctx *ctx)
{
    const char *text = ctx->api->field(ctx, "arg.jumlah");
    char *word = text_copy(ctx, text ? text : ""), digits[24];
    int64_t low = 0;
    words_fold(word);
    if (*word == '\0') return list_low(ctx, 1);
    int off = strcmp(word, "mati") == 0 || strcmp(word, "off") == 0;
    if (!off && words_count_parse(word, PRODUCT_STOCK_MAX, &low) != 0)
        return say_threshold(ctx, "low.usage", 1);
    int n = snprintf(digits, sizeof digits, "%lld", (long long)low);
    int rc = ctx->api->kv_set(ctx, BOT_KV_STORE, THRESHOLD_KEY, digits, (size_t)n, 0);
    return rc < 0 ? rc : say_threshold(ctx, low ? "low.set" : "low.off", 1);
}
