/* SPDX-License-Identifier: MIT
 *
 * place.c - the YA: looks at every price and stock again, takes the stock and makes the order, all
 * of it in one step, or none. What has changed since it was asked is said and asked again; nobody
 * gets an order that he has not seen. */
#include "checkout.h"

#include "wish.h"

/* ---- what has changed ------------------------------------------------------------------------ */

static void tell_line(struct bot_lines *changes, const char *key, const struct line *l, int64_t is)
{
    struct bot_ctx *ctx = changes->ctx;
    const struct bot_arg args[] = {
        bot_text("name", item_name(ctx, l->name, l->label)),
        bot_int("was", l->price),
        bot_int("is", is),
    };
    bot_lines_add(changes, ctx->api->text(ctx, key, args, BOT_COUNT(args)));
}

/* Brings one line of the cart up to what is sold now. */
static int line_refresh(struct bot_ctx *ctx, struct line *l, struct bot_lines *changes)
{
    void *owner;
    const struct bot_catalog *catalog = catalog_of(ctx, &owner);
    struct bot_item item = { .size = sizeof item };
    struct line now = *l;
    int rc = catalog->get(ctx, owner, l->product, l->variant, &item);
    if (rc < 0 && rc != BOT_ENOENT) return rc;
    int gone = rc == BOT_ENOENT || item.stock == 0 || (item.variants && !l->variant);
    if (gone) {
        tell_line(changes, "changed.gone", l, 0);
        now.count = 0;
    } else {
        if (item.stock != BOT_STOCK_UNCOUNTED && item.stock < l->count) {
            tell_line(changes, "changed.fewer", l, item.stock);
            now.count = item.stock;
        }
        if (item.price != l->price) tell_line(changes, "changed.price", l, item.price);
        now.price = item.price;
        now.name = item.name;
        now.label = item.label;
    }
    if (now.count == l->count && now.price == l->price) return BOT_OK;
    *l = now;
    return cart_set(ctx, l);
}

/* The cart as it is now; *changes is empty when it is as it was. */
static int cart_refresh(struct bot_ctx *ctx, struct lines *lines, struct bot_lines *changes)
{
    size_t n = 0;
    int rc = cart_load(ctx, lines);
    for (size_t i = 0; rc >= 0 && i < lines->n; i++)
        rc = line_refresh(ctx, &lines->item[i], changes);
    for (size_t i = 0; i < lines->n; i++)
        if (lines->item[i].count) lines->item[n++] = lines->item[i];
    lines->n = n;
    return rc;
}

static int ask_again(struct bot_ctx *ctx, const struct lines *lines, const struct terms *terms,
                     const char *changes)
{
    int rc = ctx->api->reply(ctx, changes ? changes : bot_words(ctx, "changed.cart"));
    if (rc < 0) return rc;
    return lines->n ? confirm_ask(ctx, lines, terms) : BOT_HANDLED;
}

/* ---- placing --------------------------------------------------------------------------------- */

static int stock_take(struct bot_ctx *ctx, const struct lines *lines)
{
    void *owner;
    const struct bot_catalog *catalog = catalog_of(ctx, &owner);
    int rc = BOT_OK;
    for (size_t i = 0; rc >= 0 && i < lines->n; i++) {
        const struct line *l = &lines->item[i];
        rc = catalog->take(ctx, owner, l->product, l->variant, l->count);
    }
    return rc;
}

static const char *admin_text(struct bot_ctx *ctx, const struct order *o)
{
    struct bot_lines l = { .ctx = ctx };
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("code", order_code(ctx, o->number)),
    };
    bot_lines_add(&l, ctx->api->text(ctx, "placed.admin", args, BOT_COUNT(args)));
    if (order_show(&l, o, 1) < 0) return NULL;
    bot_lines_add(&l, "");
    bot_lines_add(&l, bot_words(ctx, o->state == ORDER_UNPAID ? "admin.how_unpaid" : "admin.how"));
    return l.s;
}

static int say_placed(struct bot_ctx *ctx, const struct order *o)
{
    const struct bot_arg args[] = {
        bot_text("code", order_code(ctx, o->number)),
        bot_int("total", o->total),
    };
    struct bot_lines l = { .ctx = ctx };
    bot_lines_add(&l, ctx->api->text(ctx, "placed.customer", args, BOT_COUNT(args)));
    const char *pay = order_pay_text(ctx, o);
    if (*pay) bot_lines_add(&l, "");
    if (*pay) bot_lines_add(&l, pay);
    bot_lines_add(&l, "");
    bot_lines_add(&l, ctx->api->text(ctx, "placed.how", args, BOT_COUNT(args)));
    return bot_lines_reply(&l);
}

static int place(struct bot_ctx *ctx, const struct lines *lines, const struct terms *terms)
{
    struct order o;
    const struct order_wish wish = {
        .lines = lines,
        .delivery = terms->delivery,
        .payment = terms->payment,
        .name = terms->name,
        .address = terms->address,
        .note = terms->note,
    };
    int rc = stock_take(ctx, lines); /* looked at a moment ago: what fails here rolls all back */
    if (rc < 0) return rc;
    int64_t number = order_insert(ctx, &wish);
    if (number < 0) return (int)number;
    if ((rc = cart_clear(ctx)) < 0 || (rc = order_get(ctx, number, &o)) < 0) return rc;
    const char *text = admin_text(ctx, &o);
    if (!text) return BOT_FAIL;
    if ((rc = tell_admins(ctx, number, text, 0)) < 0) return rc;
    return say_placed(ctx, &o);
}

/* "hapus 1", "pesan 1 teh": done, and asked again. */
static int shopped(struct bot_ctx *ctx, struct lines *lines, const struct terms *terms)
{
    const char *text = bot_field(ctx, "text"), *wanted = wish_verb(text);
    int asked = 0, rc = wanted ? buy_words(ctx, wanted, &asked) : cart_said(ctx, text);
    if (rc < 0 || asked) return rc;
    rc = cart_load(ctx, lines);
    return rc < 0 ? rc : lines->n ? confirm_ask(ctx, lines, terms) : BOT_HANDLED;
}

/* The stock is taken when an order is made, and one that is paid on delivery does not end by time:
 * so many at a time, and no stranger empties the shop. 1, 0 or an error. */
static int has_too_many(struct bot_ctx *ctx)
{
    static const char sql[] = "SELECT count(*) FROM orders_orders"
                              " WHERE person = $person AND store = $store AND state IN (1, 2)";
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, NULL, 0, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc;
    return ctx->api->row_int(rows, 0) >= ctx->api->config_int(ctx->api->self(ctx), "waiting");
}

int confirm_done(struct bot_ctx *ctx)
{
    struct lines *lines = ctx->api->alloc(ctx, sizeof *lines);
    struct bot_lines changes = { .ctx = ctx };
    struct terms terms;
    const char *answer = bot_field(ctx, "slot.answer");
    if (strcmp(answer, "0") == 0) return bot_say_words(ctx, "confirm.kept");
    int too_many = has_too_many(ctx);
    if (too_many) return too_many < 0 ? too_many : bot_say_words(ctx, "confirm.too_many");
    terms_of_slots(ctx, &terms);
    if (strcmp(answer, CONFIRM_SHOPPED) == 0) return shopped(ctx, lines, &terms);
    int rc = cart_refresh(ctx, lines, &changes);
    if (rc < 0) return rc;
    if (!lines->n && !changes.len) return bot_say_words(ctx, "cart.empty");
    if (lines_total(lines) > ORDER_RUPIAH_MAX) return bot_say_words(ctx, "checkout.too_large");
    if (strcmp(answer, CONFIRM_MENDED) == 0 && !changes.len) return confirm_ask(ctx, lines, &terms);
    int is_as_asked =
        strcmp(confirm_summary(ctx, lines, &terms), bot_field(ctx, "slot.summary")) == 0;
    return changes.len || !is_as_asked ? ask_again(ctx, lines, &terms, changes.s)
                                       : place(ctx, lines, &terms);
}
