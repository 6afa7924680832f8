/* SPDX-License-Identifier: MIT
 *
 * category.c - /kategori: the categories of a store, and the products of one. "sepatu" and "Sepatu"
 * are one category; the index catalog_products_filed has it in small letters. */
#include <string.h>

#include "catalog.h"
#include "product.h"
#include "view.h"
#include "words.h"

#define CATEGORIES_MAX 100

static const char *category_folded(struct bot_ctx *ctx, const char *name)
{
    char *copy = text_copy(ctx, name);
    words_clean(copy, 0);
    return copy;
}

int list_categories(struct bot_ctx *ctx)
{
    /* A category is spelled as its first product has it. */
    static const char sql[] =
        "SELECT p.category, g.count FROM"
        " (SELECT min(id) AS first, count(*) AS count FROM catalog_products"
        "  WHERE store = $store AND archived = 0 AND category <> '' GROUP BY lower(category)) AS g"
        " JOIN catalog_products p ON p.id = g.first AND p.store = $store"
        " ORDER BY lower(p.category) LIMIT $max";
    const char *asked = ctx->api->field(ctx, "arg.nama");
    if (asked && *asked) return show_category(ctx, asked);
    const struct bot_arg args[] = { bot_int("max", CATEGORIES_MAX) };
    const struct bot_arg words[] = { bot_text("store", ctx->api->field(ctx, "store.name")) };
    struct bot_rows *rows = NULL;
    struct view v = view_start(ctx);
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows), shown = 0;
    if (rc < 0) return rc;
    view_welcome(&v);
    view_text(&v, ctx->api->text(ctx, "category.header", words, BOT_COUNT(words)));
    for (; (rc = ctx->api->row_next(rows)) == BOT_ROW; shown++) {
        view_text(&v, "\n\xE2\x80\xA2 ");
        view_plain(&v, ctx->api->row_text(rows, 0));
        view_text(&v, " (");
        view_number(&v, ctx->api->row_int(rows, 1));
        view_text(&v, ")");
    }
    if (rc < 0) return rc;
    if (shown == 0) return bot_say(ctx, "category.none", NULL, 0);
    view_text(&v, "\n\n");
    view_text(&v, ctx->api->text(ctx, "category.how", NULL, 0));
    return view_reply(&v);
}

/* Adds the products of one page; 1 when there are more, 0, or an error. */
static int category_page(struct bot_ctx *ctx, struct view *v, const char *name, int64_t page,
                         int64_t *shown)
{
    static const char sql[] =
        PRODUCT_LIST " WHERE p.store = $store AND p.archived = 0"
                     " AND p.category <> '' AND lower(p.category) = lower($name)"
                     " ORDER BY p.id LIMIT $limit OFFSET $offset";
    int64_t size = page_size(ctx);
    const struct bot_arg args[] = { bot_text("name", name), bot_int("limit", size + 1),
                                    bot_int("offset", (page - 1) * size) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    for (*shown = 0; (rc = ctx->api->row_next(rows)) == BOT_ROW && *shown < size; ++*shown) {
        struct product product;
        product_of_row(ctx, rows, &product);
        view_line(v, &product);
    }
    return rc == BOT_ROW ? 1 : rc;
}

int answer_category(struct bot_ctx *ctx, const char *name, int64_t page)
{
    const char *wanted = category_folded(ctx, name);
    if (*wanted == '\0' || words_prefix(wanted, PRODUCT_CATEGORY_CHARS) < strlen(wanted))
        return BOT_PASS;
    struct view v = view_start(ctx);
    const struct bot_arg args[] = { bot_text("name", wanted), bot_int("page", page) };
    int64_t shown = 0;
    view_welcome(&v);
    view_text(&v, ctx->api->text(ctx, "category.products", args, BOT_COUNT(args)));
    int more = category_page(ctx, &v, wanted, page, &shown);
    if (more < 0) return more;
    if (shown == 0)
        return page > 1 ? bot_say(ctx, "list.no_page", args, BOT_COUNT(args)) : BOT_PASS;
    if (more) {
        view_text(&v, "\n\n");
        view_text(&v, ctx->api->text(ctx, "search.more", NULL, 0));
    }
    seen_set(ctx, SEEN_CATEGORY, wanted, page);
    return view_reply(&v);
}

int show_category(struct bot_ctx *ctx, const char *name)
{
    int rc = answer_category(ctx, name, 1);
    if (rc != BOT_PASS) return rc;
    const struct bot_arg args[] = { bot_text("name", text_cut(ctx, name, PRODUCT_CATEGORY_CHARS)) };
    return bot_say(ctx, "category.unknown", args, BOT_COUNT(args));
}
