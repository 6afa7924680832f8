/* SPDX-License-Identifier: MIT
 *
 * export.c - /ekspor: all products as a table for a spreadsheet. Products are read a page at a time
 * on a reader thread; the text grows in catalog_exports, so that a turn holds only one page. In the
 * end the same thread joins the parts, the host keeps that as a file, and the parts go, a few a
 * turn: four megabytes are never copied here. The answer is the file. What is exported and imported
 * again changes nothing. */
#include <stdio.h>
#include <string.h>

#include "catalog.h"
#include "csv.h"
#include "import.h"
#include "view.h"

#define PAGE_PRODUCTS 100 /* with their variants: no more rows than a read may give */
#define PARTS_A_TURN  4
#define WAIT_MS       INT64_C(120000)
static const char bom[] = "\xEF\xBB\xBF"; /* or Excel takes it for Windows-1252 */
static const char header[] = "id,nama,harga,stok,kategori,deskripsi,varian\r\n";

/* What one page leaves to the next. */
struct page {
    int64_t after; /* the last id that is written */
    int64_t part, count;
    int64_t media; /* the file; 0 = there are no products; or an error */
};

/* A text that grows; like a view, but of bytes as they are. */
static void cell_add(struct view *v, const char *text)
{
    size_t n = csv_write_cell(text, NULL);
    char *cell = v->ctx->api->alloc(v->ctx, n + 1);
    csv_write_cell(text, cell);
    view_text(v, cell);
}

static void line_add(struct view *v, const struct product *p, const struct variants *variants)
{
    char text[64], all[VARIANTS_MAX * (VARIANT_LABEL_CHARS * 4 + 60)];
    snprintf(text, sizeof text, "%lld,", (long long)p->id);
    view_text(v, text);
    cell_add(v, p->name);
    snprintf(text, sizeof text, ",%lld,", (long long)p->price);
    view_text(v, text);
    if (p->stock != PRODUCT_UNCOUNTED && variants->n == 0) view_number(v, p->stock);
    view_text(v, ",");
    cell_add(v, p->category);
    view_text(v, ",");
    cell_add(v, p->description);
    view_text(v, ",");
    if (variants_write(variants, all, sizeof all) > 0) cell_add(v, all);
    view_text(v, "\r\n");
}

/* ---- the end --------------------------------------------------------------------------------- */

static int answer(struct bot_ctx *ctx, const struct page *page)
{
    if (page->media == BOT_EINVAL) return bot_say(ctx, "export.too_large", NULL, 0);
    const struct bot_arg args[] = { bot_text("store", ctx->api->field(ctx, "store.name")),
                                    bot_text("count", count_text(ctx, page->count)) };
    if (page->media < 0) return bot_say(ctx, "export.failed", NULL, 0);
    if (page->media == 0) return bot_say(ctx, "list.empty_admin", args, BOT_COUNT(args));
    const struct bot_send send = {
        .size = sizeof send,
        .chat = ctx->api->field(ctx, "chat"),
        .text = ctx->api->text(ctx, "export.caption", args, BOT_COUNT(args)),
        .media = page->media,
        .priority = 1,
    };
    int rc = ctx->api->send(ctx, &send);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* Of this event only: another admin's file may be under way. Some of the parts; the others in later
 * turns, and then the answer. */
static int parts_drop(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    static const char sql[] =
        "DELETE FROM catalog_exports WHERE event = $event AND store = $store AND part IN"
        " (SELECT e.part FROM catalog_exports e WHERE e.event = $event AND e.store = $store"
        "  ORDER BY e.part LIMIT $max)";
    const struct bot_arg args[] = { bot_int("event", ctx->api->number(ctx, "event")),
                                    bot_int("max", PARTS_A_TURN) };
    static const char all[] = "DELETE FROM catalog_exports WHERE event = $event AND store = $store";
    const struct page *page = data;
    int in_time = !result || result->status == BOT_OK;
    int rc = in_time ? ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL)
                     : ctx->api->db(ctx, all, args, 1, NULL);
    if (rc < 0) return rc;
    if (!in_time || ctx->api->changes(ctx) == 0) return answer(ctx, page);
    int64_t id = ctx->api->timer(ctx, 0, parts_drop, page, sizeof *page);
    return id < 0 ? (int)id : BOT_LATER;
}

/* media: as in struct page. */
static int end_with(struct bot_ctx *ctx, struct page *page, int64_t media)
{
    page->media = media;
    return parts_drop(ctx, NULL, page);
}

/* ---- the file -------------------------------------------------------------------------------- */

static int on_stored(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct page page;
    memcpy(&page, data, sizeof page);
    return end_with(ctx, &page, result->status == BOT_OK ? result->media : BOT_EIO);
}

static int on_text(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct page page;
    char name[80];
    size_t len = 0;
    const char *code = ctx->api->field(ctx, "store.code");
    memcpy(&page, data, sizeof page);
    if (result->status != BOT_OK || ctx->api->row_next(result->rows) != BOT_ROW)
        return end_with(ctx, &page, BOT_EIO);
    const void *text = ctx->api->row_blob(result->rows, 0, &len);
    snprintf(name, sizeof name, "produk-%s.csv", code ? code : "");
    int64_t id =
        ctx->api->media_store(ctx, text, len, "text/csv", name, on_stored, &page, sizeof page);
    return id < 0 ? end_with(ctx, &page, id) : BOT_LATER;
}

/* In one piece. An older attempt of this event, before a crash, may have left more parts. */
static int text_ask(struct bot_ctx *ctx, const struct page *page)
{
    static const char sql[] =
        "SELECT group_concat(text, '') FROM (SELECT text FROM catalog_exports"
        "  WHERE event = $event AND store = $store AND part < $parts ORDER BY part) AS parts";
    const struct bot_arg args[] = { bot_int("event", ctx->api->number(ctx, "event")),
                                    bot_int("parts", page->part) };
    int64_t id = ctx->api->db_read(ctx, sql, args, BOT_COUNT(args), on_text, page, sizeof *page);
    return id < 0 ? (int)id : BOT_LATER;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static int part_put(struct bot_ctx *ctx, int64_t part, const char *text)
{
    static const char sql[] = "INSERT INTO catalog_exports (event, part, store, text)"
                              " VALUES ($event, $part, $store, $text)"
                              " ON CONFLICT (event, part) DO UPDATE SET text = excluded.text";
    const struct bot_arg args[] = { bot_int("event", ctx->api->number(ctx, "event")),
                                    bot_int("part", part), bot_text("text", text) };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
}

static int on_page(struct bot_ctx *ctx, const struct bot_result *result, void *data);

static int page_ask(struct bot_ctx *ctx, const struct page *page)
{
    static const char sql[] =
        "SELECT p.id, p.name, p.price, p.stock, p.category, p.description,"
        " v.label, v.price, v.stock FROM"
        " (SELECT id, name, price, stock, category, description FROM catalog_products"
        "  WHERE store = $store AND archived = 0 AND id > $after ORDER BY id LIMIT $max) AS p"
        " LEFT JOIN catalog_variants v"
        "  ON v.product = p.id AND v.store = $store AND v.archived = 0"
        " ORDER BY p.id, v.number";
    const struct bot_arg args[] = { bot_int("after", page->after), bot_int("max", PAGE_PRODUCTS) };
    int64_t id = ctx->api->db_read(ctx, sql, args, BOT_COUNT(args), on_page, page, sizeof *page);
    return id < 0 ? (int)id : BOT_LATER;
}

static int64_t stock_at(struct bot_ctx *ctx, struct bot_rows *rows, uint32_t column)
{
    return ctx->api->row_type(rows, column) == BOT_NULL ? PRODUCT_UNCOUNTED
                                                        : ctx->api->row_int(rows, column);
}

/* A row is a product with one of its variants, or with none. */
static void row_take(struct bot_ctx *ctx, struct bot_rows *rows, struct product *p,
                     struct variants *all)
{
    const struct bot_api *api = ctx->api;
    p->id = api->row_int(rows, 0);
    p->name = text_copy(ctx, api->row_text(rows, 1));
    p->price = api->row_int(rows, 2);
    p->stock = stock_at(ctx, rows, 3);
    p->category = text_copy(ctx, api->row_text(rows, 4));
    p->description = text_copy(ctx, api->row_text(rows, 5));
    if (api->row_type(rows, 6) == BOT_NULL || all->n == VARIANTS_MAX) return;
    all->item[all->n++] = (struct variant){ .label = text_copy(ctx, api->row_text(rows, 6)),
                                            .price = api->row_int(rows, 7),
                                            .stock = stock_at(ctx, rows, 8) };
}

static void page_write(struct bot_ctx *ctx, struct bot_rows *rows, struct view *v,
                       struct page *page)
{
    struct product p = { 0 };
    struct variants *all = ctx->api->alloc(ctx, sizeof *all);
    while (ctx->api->row_next(rows) == BOT_ROW) {
        if (p.id && ctx->api->row_int(rows, 0) != p.id) {
            line_add(v, &p, all);
            page->count++;
            all->n = 0;
        }
        row_take(ctx, rows, &p, all);
    }
    if (!p.id) return;
    line_add(v, &p, all);
    page->count++;
    page->after = p.id;
}

static int on_page(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct page page;
    struct view v = { .ctx = ctx };
    memcpy(&page, data, sizeof page);
    if (result->status != BOT_OK) return end_with(ctx, &page, BOT_EIO);
    int64_t before = page.count;
    if (page.part == 0) {
        view_text(&v, bom);
        view_text(&v, header);
    }
    page_write(ctx, result->rows, &v, &page);
    if (page.count == 0) return end_with(ctx, &page, 0);
    int rc = page.count > before ? part_put(ctx, page.part++, v.s) : BOT_OK;
    if (rc < 0) return rc;
    return page.count - before < PAGE_PRODUCTS ? text_ask(ctx, &page) : page_ask(ctx, &page);
}

int export_products(struct bot_ctx *ctx)
{
    const struct page first = { 0 };
    int rc = page_ask(ctx, &first);
    return rc < 0 ? rc : ctx->api->later(ctx, WAIT_MS, NULL, 0);
}
