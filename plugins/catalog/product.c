/* SPDX-License-Identifier: MIT
 *
 * product.c - products in the database, and nothing but that: every statement on them is
 * here. The host binds $store, so no function can reach another store's product. An archived
 * product is as good as gone, but its id is never used again. The search index follows the table in
 * the same turn. */
#include "product.h"

#include <string.h>

#include "variant.h"
#include "words.h"

#define SEARCH_INDEX "products"

/* Its stock is its own. */
#define HAS_NO_VARIANTS                                                                            \
    " NOT EXISTS (SELECT 1 FROM catalog_ranges r WHERE r.store = $store AND r.product = $id)"

/* Of one product: as in PRODUCT_LIST, and two more. */
#define RANGE(column)                                                                              \
    " (SELECT " column " FROM catalog_ranges"                                                      \
    "  WHERE catalog_ranges.store = $store AND product = catalog_products.id)"
#define COLUMNS "id, name, price, stock," RANGE("low") "," RANGE("high") ", category, description"

char *text_copy(struct bot_ctx *ctx, const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(ctx->api->alloc(ctx, n), text, n);
}

char *text_copy_n(struct bot_ctx *ctx, const char *text, size_t len)
{
    return memcpy(ctx->api->alloc(ctx, len + 1), text, len); /* alloc gives noughts */
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

/* 1: `text` has `word` as a whole word, in any case. */
static int has_word(struct bot_ctx *ctx, const char *text, const char *word)
{
    const char *in = folded(ctx, text), *wanted = folded(ctx, word);
    size_t n = strlen(wanted);
    for (const char *s = in; (s = strstr(s, wanted)); s++)
        if ((s == in || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\0')) return 1;
    return 0;
}

static size_t word_add(struct bot_ctx *ctx, char *text, size_t len, const char *word)
{
    if (*word == '\0' || has_word(ctx, text, word)) return len;
    size_t n = strlen(word);
    text[len] = ' ';
    memcpy(text + len + 1, word, n + 1);
    return len + 1 + n;
}

/* People search by category and variant as well: "sepatu merah" finds a "Nike Air" that is filed
 * under shoes and comes in red. A word that is there already is not put in again. */
static int search_follow(struct bot_ctx *ctx, const struct product *p)
{
    struct variants *v = ctx->api->alloc(ctx, sizeof *v);
    int rc = p->low ? variants_of(ctx, p->id, v) : BOT_OK;
    if (rc < 0) return rc;
    size_t room = strlen(p->name) + strlen(p->category) + 2;
    for (size_t i = 0; i < v->n; i++) room += strlen(v->item[i].label) + 1;
    char *text = ctx->api->alloc(ctx, room);
    strcpy(text, p->name);
    size_t len = strlen(text);
    if (!strstr(folded(ctx, p->name), folded(ctx, p->category)))
        len = word_add(ctx, text, len, p->category);
    for (size_t i = 0; i < v->n; i++) {
        char *save, *label = text_copy(ctx, v->item[i].label);
        for (char *word = strtok_r(label, " /,", &save); word; word = strtok_r(NULL, " /,", &save))
            len = word_add(ctx, text, len, word);
    }
    return ctx->api->search_put(ctx, SEARCH_INDEX, p->id, text);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Of COLUMNS. Ends the cursor. */
static int product_take(struct bot_ctx *ctx, struct bot_rows *rows, struct product *out)
{
    int rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    product_of_row(ctx, rows, out);
    out->name = text_copy(ctx, out->name);
    out->category = text_copy(ctx, ctx->api->row_text(rows, 6));
    out->description = text_copy(ctx, ctx->api->row_text(rows, 7));
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
    out->low = ctx->api->row_int(rows, 4);
    out->high = out->low ? ctx->api->row_int(rows, 5) : 0;
    out->category = out->description = "";
}

int product_get(struct bot_ctx *ctx, int64_t id, struct product *out)
{
    static const char sql[] =
        "SELECT " COLUMNS
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
    /* Answered from the index catalog_products_list; the ranges of a store lie together. */
    static const char sql[] = PRODUCT_LIST " WHERE p.store = $store AND p.archived = 0"
                                           " ORDER BY p.id LIMIT $limit OFFSET $offset";
    const struct bot_arg args[] = { bot_int("limit", limit), bot_int("offset", offset) };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), rows);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* How many products the store has, so that nobody counts a million rows. */
static int count_add(struct bot_ctx *ctx, int64_t change)
{
    static const char sql[] = "INSERT INTO catalog_counts (store, products)"
                              " VALUES ($store, CASE WHEN $change > 0 THEN $change ELSE 0 END)"
                              " ON CONFLICT (store) DO UPDATE SET"
                              " products = catalog_counts.products + $change";
    const struct bot_arg args[] = { bot_int("change", change) };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
}

int64_t product_insert(struct bot_ctx *ctx, const struct product *product)
{
    static const char sql[] =
        "INSERT INTO catalog_products"
        " (store, name, folded, price, stock, category, description, archived, created_at, updated_at)"
        " VALUES ($store, $name, $folded, $price, $stock, $category, $description, 0, $now, $now)"
        " RETURNING " COLUMNS;
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
    if ((rc = count_add(ctx, 1)) < 0) return rc;
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
        " AND ($has_stock = 0 OR" HAS_NO_VARIANTS ")"
        " AND ($any = 1 OR"
        "  ((CAST($name AS TEXT) IS NULL OR name = $was_name)"
        "   AND (CAST($price AS BIGINT) IS NULL OR price = $was_price)"
        "   AND ($has_stock = 0 OR COALESCE(stock, -1) = $was_stock)"
        "   AND (CAST($category AS TEXT) IS NULL OR category = $was_category)"
        "   AND (CAST($description AS TEXT) IS NULL OR description = $was_description)))"
        " RETURNING " COLUMNS;
    const struct product *was = change->shown;
    const struct bot_arg args[] = {
        bot_int("any", was == NULL),
        bot_text("was_name", was ? was->name : ""),
        bot_int("was_price", was ? was->price : 0),
        bot_int("was_stock", was ? was->stock : 0),
        bot_text("was_category", was ? was->category : ""),
        bot_text("was_description", was ? was->description : ""),
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
    if (change->price && out->low) return product_settle(ctx, id, out); /* their price may be its */
    return change->name || change->category ? search_follow(ctx, out) : BOT_OK;
}

/* What hangs on a product goes with it. */
static int parts_drop(struct bot_ctx *ctx, int64_t id)
{
    static const char variants[] = "UPDATE catalog_variants SET archived = 1"
                                   " WHERE product = $id AND store = $store AND archived = 0";
    static const char range[] = "DELETE FROM catalog_ranges WHERE product = $id AND store = $store";
    static const char photo[] = "DELETE FROM catalog_photos WHERE product = $id AND store = $store";
    static const char low[] = "DELETE FROM catalog_low WHERE product = $id AND store = $store";
    const struct bot_arg args[] = { bot_int("id", id) };
    int rc = ctx->api->db(ctx, variants, args, BOT_COUNT(args), NULL);
    if (rc >= 0) rc = ctx->api->db(ctx, range, args, BOT_COUNT(args), NULL);
    if (rc >= 0) rc = ctx->api->db(ctx, photo, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : ctx->api->db(ctx, low, args, BOT_COUNT(args), NULL);
}

int product_archive(struct bot_ctx *ctx, int64_t id)
{
    static const char sql[] = "UPDATE catalog_products SET archived = 1, updated_at = $now"
                              " WHERE id = $id AND store = $store AND archived = 0";
    const struct bot_arg args[] = { bot_int("id", id), bot_int("now", ctx->api->now(ctx)) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    if (rc < 0) return rc;
    if (ctx->api->changes(ctx) == 0) return BOT_ENOENT;
    if ((rc = parts_drop(ctx, id)) < 0 || (rc = count_add(ctx, -1)) < 0) return rc;
    return ctx->api->search_put(ctx, SEARCH_INDEX, id, NULL);
}

/* ---- variants -------------------------------------------------------------------------------- */

static int range_write(struct bot_ctx *ctx, int64_t id)
{
    static const char set[] =
        "INSERT INTO catalog_ranges (store, product, low, high)"
        " SELECT $store, $id, min(COALESCE(v.price, p.price)), max(COALESCE(v.price, p.price))"
        " FROM catalog_variants v JOIN catalog_products p ON p.id = v.product AND p.store = $store"
        " WHERE v.product = $id AND v.store = $store AND v.archived = 0 GROUP BY v.product"
        " ON CONFLICT (store, product) DO UPDATE SET low = excluded.low, high = excluded.high";
    static const char drop[] =
        "DELETE FROM catalog_ranges WHERE store = $store AND product = $id AND NOT EXISTS"
        " (SELECT 1 FROM catalog_variants v"
        "  WHERE v.product = $id AND v.store = $store AND v.archived = 0)";
    /* Its own stock begins anew, should the variants go again. */
    static const char forget[] = "DELETE FROM catalog_low"
                                 " WHERE store = $store AND product = $id AND number = 0";
    const struct bot_arg args[] = { bot_int("id", id) };
    int rc = ctx->api->db(ctx, set, args, BOT_COUNT(args), NULL);
    if (rc >= 0) rc = ctx->api->db(ctx, drop, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : ctx->api->db(ctx, forget, args, BOT_COUNT(args), NULL);
}

/* The sum is known only when all of them are counted; without variants nothing is. */
int product_recount(struct bot_ctx *ctx, int64_t id, struct product *out)
{
    static const char sql[] =
        "UPDATE catalog_products SET updated_at = $now, stock ="
        " (SELECT CASE WHEN count(v.stock) = count(*) THEN sum(v.stock) END"
        "  FROM catalog_variants v WHERE v.product = $id AND v.store = $store AND v.archived = 0)"
        " WHERE id = $id AND store = $store AND archived = 0 RETURNING " COLUMNS;
    const struct bot_arg args[] = { bot_int("id", id), bot_int("now", ctx->api->now(ctx)) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    return rc < 0 ? rc : product_take(ctx, rows, out);
}

int product_settle(struct bot_ctx *ctx, int64_t id, struct product *out)
{
    int rc = range_write(ctx, id);
    if (rc >= 0) rc = product_recount(ctx, id, out);
    return rc < 0 ? rc : search_follow(ctx, out);
}

/* ---- stock ----------------------------------------------------------------------------------- */

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
    static const char sql[] =
        "UPDATE catalog_products SET stock = $stock, updated_at = $now"
        " WHERE id = $id AND store = $store AND archived = 0"
        " AND $stock BETWEEN 0 AND $max AND" HAS_NO_VARIANTS " RETURNING " COLUMNS;
    return stock_write(ctx, sql, id, stock, out);
}

int product_stock_add(struct bot_ctx *ctx, int64_t id, int64_t change, struct product *out)
{
    static const char sql[] =
        "UPDATE catalog_products SET stock = COALESCE(stock, 0) + $stock, updated_at = $now"
        " WHERE id = $id AND store = $store AND archived = 0"
        " AND COALESCE(stock, 0) + $stock BETWEEN 0 AND $max AND" HAS_NO_VARIANTS
        " RETURNING " COLUMNS;
    return stock_write(ctx, sql, id, change, out);
}

int product_stock_take(struct bot_ctx *ctx, int64_t id, int64_t count, struct product *out)
{
    static const char sql[] =
        "UPDATE catalog_products SET stock = stock - $stock, updated_at = $now"
        " WHERE id = $id AND store = $store AND archived = 0"
        " AND (stock IS NULL OR (stock >= $stock AND $stock BETWEEN 1 AND $max))"
        " AND" HAS_NO_VARIANTS " RETURNING " COLUMNS;
    return stock_write(ctx, sql, id, count, out);
}

int product_stock_return(struct bot_ctx *ctx, int64_t id, int64_t count, struct product *out)
{
    static const char sql[] =
        "UPDATE catalog_products SET updated_at = $now, stock ="
        " CASE WHEN stock + $stock > $max THEN $max ELSE stock + $stock END"
        " WHERE id = $id AND store = $store AND archived = 0"
        " AND $stock BETWEEN 1 AND $max AND" HAS_NO_VARIANTS " RETURNING " COLUMNS;
    return stock_write(ctx, sql, id, count, out);
}
