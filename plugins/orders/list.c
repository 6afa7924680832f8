/* SPDX-License-Identifier: MIT
 *
 * list.c - /pesanan: a customer sees his own orders, those who run the store see all of them, the
 * open ones first of all. One by its number or code. */
#include "order.h"

#define PAGE     10
#define PAGE_MAX 500

enum filter { OPEN, BY_STATE };

struct query {
    enum filter filter;
    enum order_state state;
    int64_t page;     /* from 1 */
    const char *word; /* as it was asked for, for the next page; "" */
};

/* ---- lines ----------------------------------------------------------------------------------- */

static const char *line_text(struct bot_ctx *ctx, const char *key, const struct order *o)
{
    const struct bot_arg args[] = {
        bot_text("code", order_code(ctx, o->number)),
        bot_text("name", *o->name ? o->name : bot_words(ctx, "order.nobody")),
        bot_text("state", order_state_word(ctx, o)),
        bot_int("total", o->total),
        bot_int("at", o->placed_at),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* Adds up to PAGE orders; how many there were, one more than PAGE when there is another page; or an
 * error. */
static int lines_of(struct bot_lines *l, const char *sql, const struct bot_arg *args, size_t n,
                    const char *key)
{
    struct bot_ctx *ctx = l->ctx;
    struct bot_rows *rows = NULL;
    struct order o;
    int shown = 0, rc = ctx->api->db(ctx, sql, args, n, &rows);
    if (rc < 0) return rc;
    while ((rc = ctx->api->row_next(rows)) == BOT_ROW) {
        if (shown++ == PAGE) break;
        order_of_row(ctx, rows, &o);
        bot_lines_add(l, line_text(ctx, key, &o));
    }
    return rc < 0 ? rc : shown;
}

/* ---- one ------------------------------------------------------------------------------------- */

int list_one(struct bot_ctx *ctx, int64_t number)
{
    struct bot_lines l = { .ctx = ctx };
    struct order o;
    int admin = is_store_admin(ctx), rc = order_get(ctx, number, &o);
    if (rc == BOT_ENOENT || (rc >= 0 && !admin && o.person != person_of(ctx)))
        return say_no_order(ctx, order_code(ctx, number));
    if (rc < 0 || (rc = order_show(&l, &o, admin)) < 0) return rc;
    const char *pay = o.person == person_of(ctx) ? order_pay_text(ctx, &o) : "";
    if (*pay) bot_lines_add(&l, ""), bot_lines_add(&l, pay);
    const char *next = admin ? order_next_steps(ctx, &o) : "";
    if (*next) bot_lines_add(&l, ""), bot_lines_add(&l, next);
    return bot_lines_reply(&l);
}

/* ---- a customer's ---------------------------------------------------------------------------- */

int list_mine(struct bot_ctx *ctx)
{
    static const char sql[] = "SELECT " ORDER_COLUMNS " FROM orders_orders"
                              " WHERE person = $person AND store = $store"
                              " ORDER BY number DESC LIMIT $limit";
    const struct bot_arg args[] = { bot_int("limit", PAGE) };
    struct bot_lines l = { .ctx = ctx };
    struct order o;
    bot_lines_add(&l, bot_words(ctx, "mine.header"));
    int n = lines_of(&l, sql, args, 1, "mine.line");
    if (n < 0) return n;
    if (n == 0) return bot_say_words(ctx, "mine.none");
    int rc = order_unpaid(ctx, &o);
    if (rc < 0 && rc != BOT_ENOENT) return rc;
    bot_lines_add(&l, "");
    if (rc == BOT_OK) bot_lines_add(&l, order_pay_text(ctx, &o)), bot_lines_add(&l, "");
    bot_lines_add(&l, bot_words(ctx, "mine.how"));
    return bot_lines_reply(&l);
}

/* ---- the store's ----------------------------------------------------------------------------- */

static int show_page(struct bot_ctx *ctx, const struct query *q)
{
    /* + 0, as the index orders_orders_open has it: the index by state would do as well, and all of
     * them be sorted then. */
    static const char open[] = "SELECT " ORDER_COLUMNS " FROM orders_orders"
                               " WHERE store = $store AND state + 0 < 5"
                               " ORDER BY number LIMIT $limit OFFSET $offset";
    static const char by_state[] = "SELECT " ORDER_COLUMNS " FROM orders_orders"
                                   " WHERE store = $store AND state = $state"
                                   " ORDER BY number DESC LIMIT $limit OFFSET $offset";
    const struct bot_arg args[] = {
        bot_int("limit", PAGE + 1),
        bot_int("offset", (q->page - 1) * PAGE),
        bot_int("state", q->state),
    };
    struct bot_lines l = { .ctx = ctx };
    const struct bot_arg said[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("what", q->word),
        bot_text("filter", *q->word ? bot_format(ctx, "%s ", q->word) : ""),
        bot_int("page", q->page + 1),
    };
    bot_lines_add(&l, ctx->api->text(ctx, q->filter == OPEN ? "list.header" : "list.header_state",
                                     said, BOT_COUNT(said)));
    int n = q->filter == OPEN ? lines_of(&l, open, args, 2, "list.line")
                              : lines_of(&l, by_state, args, 3, "list.line");
    if (n < 0) return n;
    if (n == 0)
        return bot_say(ctx,
                       q->page > 1         ? "list.no_page"
                       : q->filter == OPEN ? "list.none"
                                           : "list.none_state",
                       said, BOT_COUNT(said));
    bot_lines_add(&l, "");
    if (n > PAGE) bot_lines_add(&l, ctx->api->text(ctx, "list.more", said, BOT_COUNT(said)));
    bot_lines_add(&l, bot_words(ctx, "list.how"));
    return bot_lines_reply(&l);
}

static const struct {
    const char *word;
    enum order_state state;
} states[] = {
    { "belum bayar", ORDER_UNPAID },
    { "belum", ORDER_UNPAID },
    { "unpaid", ORDER_UNPAID },
    { "menunggu pembayaran", ORDER_UNPAID },
    { "menunggu", ORDER_UNPAID },
    { "waiting", ORDER_UNPAID },
    { "baru", ORDER_NEW },
    { "new", ORDER_NEW },
    { "diproses", ORDER_PROCESSING },
    { "proses", ORDER_PROCESSING },
    { "processing", ORDER_PROCESSING },
    { "dikirim", ORDER_SENT },
    { "kirim", ORDER_SENT },
    { "siap", ORDER_SENT },
    { "siap diambil", ORDER_SENT },
    { "sent", ORDER_SENT },
    { "shipped", ORDER_SENT },
    { "ready", ORDER_SENT },
    { "selesai", ORDER_DONE },
    { "done", ORDER_DONE },
    { "batal", ORDER_CANCELED },
    { "dibatalkan", ORDER_CANCELED },
    { "canceled", ORDER_CANCELED },
    { "cancelled", ORDER_CANCELED },
};

/* "selesai hal 2", "hal 2", "baru". 0: it is none of that. */
static int query_read(struct bot_ctx *ctx, const char *text, struct query *out)
{
    static const char *const pages[] = { "halaman ", "hal ", "page " };
    char *copy = bot_copy(ctx, text);
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
    *out = (struct query){ .filter = OPEN, .page = 1, .word = "" };
    for (size_t i = 0; i < BOT_COUNT(pages); i++) {
        char *at = strstr(copy, pages[i]);
        const char *rest = "";
        if (!at || (at > copy && at[-1] != ' ')) continue;
        out->page = number_at(at + strlen(pages[i]), PAGE_MAX, &rest);
        if (!out->page || *rest) return 0;
        *at = '\0';
        break;
    }
    if (!copy[strspn(copy, " ")]) return 1;
    for (size_t i = 0; i < BOT_COUNT(states); i++) {
        if (!bot_is_word(copy, states[i].word)) continue;
        out->filter = BY_STATE;
        out->state = states[i].state;
        out->word = states[i].word;
        return 1;
    }
    return 0;
}

int list_orders(struct bot_ctx *ctx)
{
    const char *text = bot_field(ctx, "rest"), *rest = "";
    struct query q;
    if (in_group(ctx)) return bot_say_words(ctx, "group");
    int64_t number = order_number_at(ctx, text, &rest);
    if (number && !*rest) return list_one(ctx, number);
    if (!is_store_admin(ctx)) return *text ? say_no_order(ctx, text) : list_mine(ctx);
    return query_read(ctx, text, &q) ? show_page(ctx, &q) : say_no_order(ctx, text);
}
