/* SPDX-License-Identifier: MIT
 *
 * cart.c - what somebody wants to buy: rows of his in one store, which stay when he goes to another
 * one, and /keranjang. Prices here are what he was shown; they are looked at again when he orders.
 */
#include "cart.h"

#include <stdlib.h>

#include "wish.h"

#define KEEP_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

/* ---- rows ------------------------------------------------------------------------------------ */

int lines_read(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
               struct lines *out)
{
    const struct bot_api *api = ctx->api;
    struct bot_rows *rows = NULL;
    out->n = 0;
    int rc = api->db(ctx, sql, args, n, &rows);
    if (rc < 0) return rc;
    while (out->n < CART_LINES && (rc = api->row_next(rows)) == BOT_ROW)
        out->item[out->n++] = (struct line){
            .product = api->row_int(rows, 0),
            .variant = api->row_int(rows, 1),
            .name = bot_copy(ctx, api->row_text(rows, 2)),
            .label = bot_copy(ctx, api->row_text(rows, 3)),
            .price = api->row_int(rows, 4),
            .count = api->row_int(rows, 5),
        };
    return rc < 0 ? rc : BOT_OK;
}

int cart_load(struct bot_ctx *ctx, struct lines *out)
{
    static const char sql[] = "SELECT product, variant, name, label, price, count FROM orders_carts"
                              " WHERE store = $store AND person = $person ORDER BY id LIMIT $max";
    const struct bot_arg args[] = { bot_int("max", CART_LINES) };
    return lines_read(ctx, sql, args, BOT_COUNT(args), out);
}

int64_t cart_count(struct bot_ctx *ctx, int64_t product, int64_t variant)
{
    static const char sql[] = "SELECT count FROM orders_carts WHERE store = $store"
                              " AND person = $person AND product = $product AND variant = $variant";
    const struct bot_arg args[] = { bot_int("product", product), bot_int("variant", variant) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    rc = ctx->api->row_next(rows);
    return rc == BOT_ROW ? ctx->api->row_int(rows, 0) : rc;
}

int cart_add(struct bot_ctx *ctx, const struct bot_item *item, int64_t count)
{
    static const char sql[] =
        "INSERT INTO orders_carts"
        " (store, person, product, variant, name, label, price, count, updated_at)"
        " SELECT $store, $person, $product, $variant, $name, $label, $price, $count, $now"
        " WHERE EXISTS (SELECT 1 FROM orders_carts WHERE store = $store AND person = $person"
        "   AND product = $product AND variant = $variant)"
        " OR (SELECT count(*) FROM orders_carts WHERE store = $store AND person = $person) < $lines"
        " ON CONFLICT (store, person, product, variant) DO UPDATE SET"
        " count = orders_carts.count + excluded.count, price = excluded.price,"
        " name = excluded.name, label = excluded.label, updated_at = excluded.updated_at"
        " WHERE orders_carts.count + excluded.count <= $max";
    const struct bot_arg args[] = {
        bot_int("product", item->product),  bot_int("variant", item->variant),
        bot_text("name", item->name),       bot_text("label", item->label),
        bot_int("price", item->price),      bot_int("count", count),
        bot_int("now", ctx->api->now(ctx)), bot_int("lines", CART_LINES),
        bot_int("max", COUNT_MAX),
    };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : ctx->api->changes(ctx) ? BOT_OK : BOT_EBUSY;
}

int cart_set(struct bot_ctx *ctx, const struct line *line)
{
    static const char set[] =
        "UPDATE orders_carts SET name = $name, label = $label, price = $price, count = $count,"
        " updated_at = $now WHERE store = $store AND person = $person"
        " AND product = $product AND variant = $variant";
    static const char drop[] = "DELETE FROM orders_carts WHERE store = $store AND person = $person"
                               " AND product = $product AND variant = $variant";
    const struct bot_arg args[] = {
        bot_int("product", line->product),  bot_int("variant", line->variant),
        bot_text("name", line->name),       bot_text("label", line->label),
        bot_int("price", line->price),      bot_int("count", line->count),
        bot_int("now", ctx->api->now(ctx)),
    };
    return line->count ? ctx->api->db(ctx, set, args, BOT_COUNT(args), NULL)
                       : ctx->api->db(ctx, drop, args, 2, NULL);
}

int cart_clear(struct bot_ctx *ctx)
{
    static const char sql[] = "DELETE FROM orders_carts WHERE store = $store AND person = $person";
    return ctx->api->db(ctx, sql, NULL, 0, NULL);
}

/* What nobody has touched for a month. */
int carts_prune(struct bot_ctx *ctx)
{
    static const char sql[] = "DELETE FROM orders_carts WHERE id IN"
                              " (SELECT id FROM orders_carts WHERE updated_at < $before LIMIT 500)";
    const struct bot_arg args[] = { bot_int("before", ctx->api->now(ctx) - KEEP_MS) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* Two persons are one: what both had in their carts is as the one who stays had it; the other's
 * rows are nobody's. {"from":ID,"into":ID} */
int carts_merged(struct bot_ctx *ctx)
{
    static const char sql[] = "DELETE FROM orders_carts WHERE person = $from";
    const char *colon = strchr(bot_field(ctx, "body"), ':');
    const struct bot_arg args[] = { bot_int("from", colon ? strtoll(colon + 1, NULL, 10) : 0) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* ---- how it looks ---------------------------------------------------------------------------- */

int64_t lines_total(const struct lines *lines)
{
    int64_t total = 0;
    for (size_t i = 0; i < lines->n; i++) total += lines->item[i].price * lines->item[i].count;
    return total;
}

void lines_show(struct bot_lines *out, const struct lines *lines)
{
    struct bot_ctx *ctx = out->ctx;
    for (size_t i = 0; i < lines->n; i++) {
        const struct line *l = &lines->item[i];
        const struct bot_arg args[] = {
            bot_int("n", (int64_t)i + 1),
            bot_text("name", item_name(ctx, l->name, l->label)),
            bot_int("count", l->count),
            bot_int("price", l->price),
            bot_int("sum", l->price * l->count),
        };
        bot_lines_add(out, ctx->api->text(ctx, l->count > 1 ? "line.several" : "line.one", args,
                                          BOT_COUNT(args)));
    }
    const struct bot_arg total[] = { bot_int("total", lines_total(lines)) };
    bot_lines_add(out, ctx->api->text(ctx, "line.total", total, 1));
}

int cart_show(struct bot_ctx *ctx, const char *before)
{
    struct lines *lines = ctx->api->alloc(ctx, sizeof *lines);
    int rc = cart_load(ctx, lines);
    if (rc < 0) return rc;
    struct bot_lines l = { .ctx = ctx };
    if (*before) bot_lines_add(&l, before);
    /* The last question shows all of it anyway. */
    if (*before && ctx->api->field(ctx, "slot.summary")) return bot_lines_reply(&l);
    if (lines->n == 0) {
        if (*before) return bot_lines_reply(&l);
        return bot_say_words(ctx, "cart.empty");
    }
    if (*before) bot_lines_add(&l, "");
    bot_lines_add(&l, bot_words(ctx, "cart.header"));
    lines_show(&l, lines);
    bot_lines_add(&l, "");
    bot_lines_add(&l, bot_words(ctx, "cart.how"));
    return bot_lines_reply(&l);
}

/* ---- changing it ----------------------------------------------------------------------------- */

/* The line that people call n, or NULL; *lines is the cart. */
static struct line *line_of(struct bot_ctx *ctx, int64_t n, struct lines **lines, int *rc)
{
    *lines = ctx->api->alloc(ctx, sizeof **lines);
    *rc = cart_load(ctx, *lines);
    return *rc >= 0 && n >= 1 && n <= (int64_t)(*lines)->n ? &(*lines)->item[n - 1] : NULL;
}

static int say_no_line(struct bot_ctx *ctx, int64_t n, const struct lines *lines)
{
    const struct bot_arg args[] = { bot_int("n", n), bot_int("count", (int64_t)lines->n) };
    return bot_say(ctx, lines->n ? "cart.no_line" : "cart.empty", args, BOT_COUNT(args));
}

static int line_remove(struct bot_ctx *ctx, int64_t n)
{
    struct lines *lines;
    int rc;
    struct line *line = line_of(ctx, n, &lines, &rc);
    if (rc < 0) return rc;
    if (!line) return say_no_line(ctx, n, lines);
    line->count = 0;
    if ((rc = cart_set(ctx, line)) < 0) return rc;
    const struct bot_arg args[] = { bot_text("name", item_name(ctx, line->name, line->label)) };
    return cart_show(ctx, ctx->api->text(ctx, "cart.removed", args, BOT_COUNT(args)));
}

static int line_change(struct bot_ctx *ctx, int64_t n, int64_t count)
{
    struct lines *lines;
    struct bot_item item = { .size = sizeof item };
    void *owner;
    int rc;
    struct line *line = line_of(ctx, n, &lines, &rc);
    if (rc < 0) return rc;
    if (!line) return say_no_line(ctx, n, lines);
    const struct bot_catalog *catalog = catalog_of(ctx, &owner);
    rc = catalog->get(ctx, owner, line->product, line->variant, &item);
    if (rc < 0 && rc != BOT_ENOENT) return rc;
    const struct bot_arg args[] = {
        bot_text("name", item_name(ctx, line->name, line->label)),
        bot_int("stock", rc == BOT_ENOENT ? 0 : item.stock),
        bot_int("count", count),
    };
    if (rc == BOT_ENOENT || item.stock == 0) return bot_say(ctx, "buy.sold_out", args, 3);
    if (item.stock != BOT_STOCK_UNCOUNTED && item.stock < count)
        return bot_say(ctx, "buy.too_few", args, 3);
    line->price = item.price;
    line->count = count;
    if ((rc = cart_set(ctx, line)) < 0) return rc;
    return cart_show(ctx, ctx->api->text(ctx, "cart.changed", args, BOT_COUNT(args)));
}

/* ---- words ----------------------------------------------------------------------------------- */

/* What is behind the word, in any case; NULL when the text does not begin with it. */
static const char *word_behind(const char *text, const char *word)
{
    const char *rest = bot_behind(text, word);
    return rest && (*rest == ' ' || *rest == '\0') ? rest + strspn(rest, " #") : NULL;
}

static const char *first_behind(const char *text, const char *const *words, size_t n)
{
    const char *rest = NULL;
    for (size_t i = 0; i < n && !rest; i++) rest = word_behind(text, words[i]);
    return rest;
}
#define FIRST_BEHIND(text, words) first_behind((text), (words), BOT_COUNT(words))

static const char *const remove_words[] = { "hapus",  "buang",  "batalkan", "keluarkan",
                                            "remove", "delete", "cancel" };
static const char *const change_words[] = { "ubah", "ganti", "jumlah", "change" };
static const char *const empty_words[] = { "kosongkan keranjang", "hapus keranjang", "hapus semua",
                                           "kosongkan",           "kosong",          "empty cart",
                                           "remove all",          "clear cart",      "empty" };
static const char *const line_words[] = { "baris", "nomor", "no", "line" };
static const char *const become_words[] = { "jadi", "menjadi", "to", "x", "=" };

/* A number of up to four digits at the beginning, *rest behind it; -1: there is none. */
static int64_t any_number(const char *text, const char **rest)
{
    size_t digits = strspn(text, "0123456789"), zeros = strspn(text, "0");
    if (!digits || digits - zeros > 4) return -1;
    if (digits > zeros) return number_at(text + zeros, COUNT_MAX, rest);
    *rest = text + digits + strspn(text + digits, " .,!");
    return 0;
}

int cart_meant(const char *text, struct cart_change *out)
{
    const char *rest, *behind;
    text += strspn(text, " ");
    *out = (struct cart_change){ 0 };
    if ((rest = FIRST_BEHIND(text, empty_words)) && !rest[strspn(rest, " .,!")])
        return out->empties = 1;
    int removes = (rest = FIRST_BEHIND(text, remove_words)) != NULL;
    if (!removes && !(rest = FIRST_BEHIND(text, change_words))) return 0;
    if ((behind = FIRST_BEHIND(rest, line_words))) rest = behind;
    out->line = any_number(rest, &rest);
    if (out->line < 0) return 0; /* "hapus data", "ubah alamat" */
    if (removes) return out->is_clear = !*rest, 1;
    if ((behind = FIRST_BEHIND(rest, become_words))) rest = behind;
    out->count = any_number(rest, &rest);
    out->is_clear = out->count >= 0 && !*rest;
    return 1;
}

/* "hapus 2", "ubah 2 5", "ubah 2 jadi 5". */
int cart_said(struct bot_ctx *ctx, const char *text)
{
    struct cart_change change;
    if (!cart_meant(text, &change)) return BOT_PASS;
    if (change.empties) {
        int rc = cart_clear(ctx);
        if (rc < 0) return rc;
        return bot_say_words(ctx, ctx->api->changes(ctx) ? "cart.emptied" : "cart.empty");
    }
    if (!change.is_clear) return bot_say_words(ctx, "cart.usage");
    return change.count ? line_change(ctx, change.line, change.count)
                        : line_remove(ctx, change.line);
}

int cart_command(struct bot_ctx *ctx)
{
    const char *text = bot_field(ctx, "rest");
    if (in_group(ctx)) return bot_say_words(ctx, "group");
    if (!*text) return cart_show(ctx, "");
    int rc = cart_said(ctx, text);
    return rc == BOT_PASS ? bot_say_words(ctx, "cart.usage") : rc;
}
