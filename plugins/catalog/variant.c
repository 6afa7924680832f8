/* SPDX-License-Identifier: MIT
 *
 * variant.c - the rows of variants. What a product's list and card show of them (range, sum of
 * stocks, words to be found by) is brought up by product_settle() or product_recount(), in the same
 * turn. */
#include "variant.h"

#include <string.h>

#include "product.h"
#include "words.h"

static struct bot_arg price_arg(int64_t price)
{
    return price ? bot_int("price", price) : bot_null("price");
}

static struct bot_arg count_arg(int64_t stock)
{
    return stock == PRODUCT_UNCOUNTED ? bot_null("stock") : bot_int("stock", stock);
}

static const char *label_folded(struct bot_ctx *ctx, const char *label)
{
    char *copy = text_copy(ctx, label);
    words_fold(copy);
    return copy;
}

/* Columns: number, label, price, stock. */
static void variant_of_row(struct bot_ctx *ctx, struct bot_rows *rows, struct variant *out)
{
    out->number = ctx->api->row_int(rows, 0);
    out->label = text_copy(ctx, ctx->api->row_text(rows, 1));
    out->price = ctx->api->row_int(rows, 2);
    out->stock =
        ctx->api->row_type(rows, 3) == BOT_NULL ? PRODUCT_UNCOUNTED : ctx->api->row_int(rows, 3);
}

static int variant_take(struct bot_ctx *ctx, struct bot_rows *rows, struct variant *out)
{
    int rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    variant_of_row(ctx, rows, out);
    rc = ctx->api->row_next(rows);
    return rc < 0 ? rc : BOT_OK;
}

int variants_of(struct bot_ctx *ctx, int64_t product, struct variants *out)
{
    static const char sql[] = "SELECT number, label, price, stock FROM catalog_variants"
                              " WHERE product = $product AND store = $store AND archived = 0"
                              " ORDER BY number LIMIT $max";
    const struct bot_arg args[] = { bot_int("product", product), bot_int("max", VARIANTS_MAX) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    out->n = 0;
    if (rc < 0) return rc;
    while (out->n < VARIANTS_MAX && (rc = ctx->api->row_next(rows)) == BOT_ROW)
        variant_of_row(ctx, rows, &out->item[out->n++]);
    return rc < 0 ? rc : BOT_OK;
}

int64_t variants_count(struct bot_ctx *ctx, int64_t product)
{
    static const char sql[] = "SELECT count(*) FROM catalog_variants"
                              " WHERE product = $product AND store = $store AND archived = 0";
    const struct bot_arg args[] = { bot_int("product", product) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    return rc < 0 ? rc : ctx->api->row_int(rows, 0);
}

int variant_get(struct bot_ctx *ctx, int64_t product, int64_t number, struct variant *out)
{
    static const char sql[] = "SELECT number, label, price, stock FROM catalog_variants"
                              " WHERE product = $product AND number = $number AND store = $store"
                              " AND archived = 0";
    const struct bot_arg args[] = { bot_int("product", product), bot_int("number", number) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    return rc < 0 ? rc : variant_take(ctx, rows, out);
}

int64_t variant_insert(struct bot_ctx *ctx, int64_t product, const struct variant *v)
{
    static const char sql[] =
        "INSERT INTO catalog_variants (store, product, number, label, folded, price, stock)"
        " SELECT $store, $product, COALESCE(max(number), 0) + 1, $label, $folded, $price, $stock"
        " FROM catalog_variants WHERE product = $product AND store = $store"
        " HAVING COALESCE(sum(CASE WHEN archived = 0 THEN 1 ELSE 0 END), 0) < $max"
        " RETURNING number, label, price, stock";
    const struct bot_arg args[] = {
        bot_int("product", product),  bot_text("label", v->label),
        price_arg(v->price),          bot_text("folded", label_folded(ctx, v->label)),
        bot_int("max", VARIANTS_MAX), count_arg(v->stock),
    };
    struct bot_rows *rows = NULL;
    struct variant saved = { 0 };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    rc = variant_take(ctx, rows, &saved);
    return rc == BOT_ENOENT ? BOT_EBUSY : rc < 0 ? rc : saved.number;
}

int variant_change(struct bot_ctx *ctx, int64_t product, const struct variant *v)
{
    static const char sql[] =
        "UPDATE catalog_variants SET label = $label, folded = $folded, price = $price, stock = $stock"
        " WHERE product = $product AND number = $number AND store = $store AND archived = 0";
    const struct bot_arg args[] = {
        bot_int("product", product), bot_int("number", v->number),
        bot_text("label", v->label), bot_text("folded", label_folded(ctx, v->label)),
        price_arg(v->price),         count_arg(v->stock),
    };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    if (rc < 0) return rc;
    return ctx->api->changes(ctx) == 0 ? BOT_ENOENT : BOT_OK;
}

int variant_archive(struct bot_ctx *ctx, int64_t product, int64_t number, const char **label)
{
    static const char sql[] = "UPDATE catalog_variants SET archived = 1"
                              " WHERE product = $product AND number = $number AND store = $store"
                              " AND archived = 0 RETURNING number, label, price, stock";
    const struct bot_arg args[] = { bot_int("product", product), bot_int("number", number) };
    struct bot_rows *rows = NULL;
    struct variant gone = { 0 };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc >= 0) rc = variant_take(ctx, rows, &gone);
    *label = gone.label;
    return rc;
}

/* ---- all of them at once --------------------------------------------------------------------- */

static const struct variant *named(struct bot_ctx *ctx, const struct variants *v, const char *label)
{
    const char *wanted = label_folded(ctx, label);
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(label_folded(ctx, v->item[i].label), wanted) == 0) return &v->item[i];
    return NULL;
}

int variants_replace(struct bot_ctx *ctx, int64_t product, const struct variants *v)
{
    struct variants *now = ctx->api->alloc(ctx, sizeof *now);
    const char *label;
    int rc = variants_of(ctx, product, now);
    for (size_t i = 0; rc >= 0 && i < now->n; i++)
        if (!named(ctx, v, now->item[i].label))
            rc = variant_archive(ctx, product, now->item[i].number, &label);
    for (size_t i = 0; rc >= 0 && i < v->n; i++) {
        struct variant wanted = v->item[i];
        const struct variant *is = named(ctx, now, wanted.label);
        wanted.number = is ? is->number : 0;
        int64_t number =
            is ? variant_change(ctx, product, &wanted) : variant_insert(ctx, product, &wanted);
        if (number < 0) rc = (int)number;
    }
    return rc < 0 ? rc : BOT_OK;
}

/* ---- stock ----------------------------------------------------------------------------------- */

static int stock_run(struct bot_ctx *ctx, const char *sql, int64_t product, int64_t number,
                     int64_t stock, struct variant *out)
{
    const struct bot_arg args[] = {
        bot_int("product", product),
        bot_int("number", number),
        bot_int("stock", stock),
        bot_int("max", PRODUCT_STOCK_MAX),
    };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    return rc < 0 ? rc : variant_take(ctx, rows, out);
}

int variant_stock_set(struct bot_ctx *ctx, int64_t product, int64_t number, int64_t stock,
                      struct variant *out)
{
    static const char sql[] = "UPDATE catalog_variants SET stock = $stock"
                              " WHERE product = $product AND number = $number AND store = $store"
                              " AND archived = 0 AND $stock BETWEEN 0 AND $max"
                              " RETURNING number, label, price, stock";
    return stock_run(ctx, sql, product, number, stock, out);
}

int variant_stock_add(struct bot_ctx *ctx, int64_t product, int64_t number, int64_t change,
                      struct variant *out)
{
    static const char sql[] = "UPDATE catalog_variants SET stock = COALESCE(stock, 0) + $stock"
                              " WHERE product = $product AND number = $number AND store = $store"
                              " AND archived = 0 AND COALESCE(stock, 0) + $stock BETWEEN 0 AND $max"
                              " RETURNING number, label, price, stock";
    return stock_run(ctx, sql, product, number, change, out);
}

int variant_stock_take(struct bot_ctx *ctx, int64_t product, int64_t number, int64_t count,
                       struct variant *out)
{
    static const char sql[] =
        "UPDATE catalog_variants SET stock = stock - $stock"
        " WHERE product = $product AND number = $number AND store = $store AND archived = 0"
        " AND (stock IS NULL OR (stock >= $stock AND $stock BETWEEN 1 AND $max))"
        " RETURNING number, label, price, stock";
    return stock_run(ctx, sql, product, number, count, out);
}

int variant_stock_return(struct bot_ctx *ctx, int64_t product, int64_t number, int64_t count,
                         struct variant *out)
{
    static const char sql[] =
        "UPDATE catalog_variants SET stock ="
        " CASE WHEN stock + $stock > $max THEN $max ELSE stock + $stock END"
        " WHERE product = $product AND number = $number AND store = $store AND archived = 0"
        " AND $stock BETWEEN 1 AND $max RETURNING number, label, price, stock";
    return stock_run(ctx, sql, product, number, count, out);
}
