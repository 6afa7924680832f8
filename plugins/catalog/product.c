/* SPDX-License-Identifier: MIT
 *
 * product.c - products in the database, and nothing but that: every statement of this plugin is
 * here. The host binds $store, so no function can reach another store's product. An archived
 * product is as good as gone, but its id is never used again. The search index follows the table in
 * the same turn. */
#include "product.h"

#include <string.h>

#include "words.h"

#define SEARCH_INDEX "products"

char *text_copy(struct bot_ctx *ctx, const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(ctx->api->alloc(ctx, n), text, n);
}

static const char *folded(struct bot_ctx *ctx, const char *name)
{
    char *copy = text_copy(ctx, name);
    words_fold(copy);
    return copy;
}

static struct bot_arg stock_arg(int64_t stock)
{
    return stock == PRODUCT_UNCOUNTED ? bot_null("stock") : bot_int("stock", stock);
}

/* People search by category as well: "sepatu" finds a "Nike Air" that is filed under it. */
static int search_follow(struct bot_ctx *ctx, const struct product *p)
{
    size_t name = strlen(p->name), category = strlen(p->category);
    char *text = ctx->api->alloc(ctx, name + category + 2);
    memcpy(text, p->name, name);
    if (category > 0 && !strstr(folded(ctx, p->name), folded(ctx, p->category))) {
        text[name] = ' ';
        memcpy(text + name + 1, p->category, category);
    }
    return ctx->api->search_put(ctx, SEARCH_INDEX, p->id, text);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Columns: id, name, price, stock, category, description. Ends the cursor. */
static int product_take(struct bot_ctx *ctx, struct bot_rows *rows, struct product *out)
{
    int rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    product_of_row(ctx, rows, out);
    out->name = text_copy(ctx, out->name);
    out->category = text_copy(ctx, ctx->api->row_text(rows, 4));
    out->description = text_copy(ctx, ctx->api->row_text(rows, 5));
    rc = ctx->api->row_next(rows);
    return rc < 0 ? rc : BOT_OK;
}

void product_of_row(struct bot_ctx *ctx, struct bot_rows *rows, struct product *out)
{
    out->id = ctx->api->row_int(rows, 0);
    out->name = ctx->api->row_text(rows, 1);
    out->price = ctx->api->row_int(rows, 2);
    out->stock =
        ctx->api->row_type(rows, 3) == BOT_NULL ? PRODUCT_UNCOUNTED : ctx->api->row_int(rows, 3);
    out->category = out->description = "";
}

int product_get(struct bot_ctx *ctx, int64_t id, struct product *out)
{
    static const char sql[] =
        "SELECT id, name, price, stock, category, description"
        " FROM catalog_products WHERE id = $id AND store = $store AND archived = 0";
    struct bot_rows *rows = NULL;
    const struct bot_arg args[] = { bot_int("id", id) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    return rc < 0 ? rc : product_take(ctx, rows, out);
}

int64_t product_named(struct bot_ctx *ctx, const char *name)
{
    static const char sql[] = "SELECT id FROM catalog_products"
                              " WHERE store = $store AND folded = $folded AND archived = 0";
    struct bot_rows *rows = NULL;
    const struct bot_arg args[] = { bot_text("folded", folded(ctx, name)) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    rc = ctx->api->row_next(rows);
    return rc == BOT_ROW ? ctx->api->row_int(rows, 0) : rc;
}

int product_page(struct bot_ctx *ctx, int64_t limit, int64_t offset, struct bot_rows **rows)
{
    /* Answered from the index catalog_products_list alone. */
    static const char sql[] = "SELECT id, name, price, stock FROM catalog_products"
                              " WHERE store = $store AND archived = 0"
                              " ORDER BY id LIMIT $limit OFFSET $offset";
    const struct bot_arg args[] = { bot_int("limit", limit), bot_int("offset", offset) };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), rows);
}

/* ---- writing --------------------------------------------------------------------------------- */

int64_t product_insert(struct bot_ctx *ctx, const struct product *product)
{
    static const char sql[] =
        "INSERT INTO catalog_products"
        " (store, name, folded, price, stock, category, description, archived, created_at, updated_at)"
        " VALUES ($store, $name, $folded, $price, $stock, $category, $description, 0, $now, $now)"
        " RETURNING id, name, price, stock, category, description";
    const struct bot_arg args[] = {
        bot_text("name", product->name),         bot_text("folded", folded(ctx, product->name)),
        bot_int("price", product->price),        stock_arg(product->stock),
        bot_text("category", product->category), bot_text("description", product->description),
        bot_int("now", ctx->api->now(ctx)),
    };
    struct bot_rows *rows = NULL;
    struct product saved = { 0 };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    if ((rc = product_take(ctx, rows, &saved)) < 0) return rc;
    rc = search_follow(ctx, &saved);
    return rc < 0 ? rc : saved.id;
}

int product_update(struct bot_ctx *ctx, int64_t id, const struct product_change *change,
                   struct product *out)
{
    static const char sql[] =
        "UPDATE catalog_products SET"
        " name = COALESCE($name, name), folded = COALESCE($folded, folded),"
        " price = COALESCE($price, price),"
        " stock = CASE WHEN $has_stock = 1 THEN $stock ELSE stock END,"
        " category = COALESCE($category, category),"
        " description = COALESCE($description, description), updated_at = $now"
        " WHERE id = $id AND store = $store AND archived = 0"
        " RETURNING id, name, price, stock, category, description";
    const struct bot_arg args[] = {
        bot_int("id", id),
        bot_text("name", change->name),
        bot_text("folded", change->name ? folded(ctx, change->name) : NULL),
        change->price ? bot_int("price", change->price) : bot_null("price"),
        bot_int("has_stock", change->has_stock),
        stock_arg(change->stock),
        bot_text("category", change->category),
        bot_text("description", change->description),
        bot_int("now", ctx->api->now(ctx)),
    };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    if ((rc = product_take(ctx, rows, out)) < 0) return rc;
    return change->name || change->category ? search_follow(ctx, out) : BOT_OK;
}

int product_archive(struct bot_ctx *ctx, int64_t id)
{
    static const char sql[] = "UPDATE catalog_products SET archived = 1, updated_at = $now"
                              " WHERE id = $id AND store = $store AND archived = 0";
    const struct bot_arg args[] = { bot_int("id", id), bot_int("now", ctx->api->now(ctx)) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    if (rc < 0) return rc;
    return ctx->api->changes(ctx) == 0 ? BOT_ENOENT
                                       : ctx->api->search_put(ctx, SEARCH_INDEX, id, NULL);
}

static int stock_write(struct bot_ctx *ctx, const char *sql, int64_t id, int64_t stock,
                       struct product *out)
{
    const struct bot_arg args[] = {
        bot_int("id", id),
        bot_int("stock", stock),
        bot_int("max", PRODUCT_STOCK_MAX),
        bot_int("now", ctx->api->now(ctx)),
    };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    return rc < 0 ? rc : product_take(ctx, rows, out);
}

int product_stock_set(struct bot_ctx *ctx, int64_t id, int64_t stock, struct product *out)
{
    static const char sql[] = "UPDATE catalog_products SET stock = $stock, updated_at = $now"
                              " WHERE id = $id AND store = $store AND archived = 0"
                              " AND $stock BETWEEN 0 AND $max"
                              " RETURNING id, name, price, stock, category, description";
    return stock_write(ctx, sql, id, stock, out);
}

int product_stock_add(struct bot_ctx *ctx, int64_t id, int64_t change, struct product *out)
{
    static const char sql[] =
        "UPDATE catalog_products SET stock = COALESCE(stock, 0) + $stock, updated_at = $now"
        " WHERE id = $id AND store = $store AND archived = 0"
        " AND COALESCE(stock, 0) + $stock BETWEEN 0 AND $max"
        " RETURNING id, name, price, stock, category, description";
    return stock_write(ctx, sql, id, change, out);
}
