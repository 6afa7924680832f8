/* SPDX-License-Identifier: MIT
 *
 * order.c - orders in the database: every statement that makes or moves one is here. An order
 * carries what was bought as it was then; afterwards only its state, its payment and what belongs
 * to them change, by order_move(), which keeps the figures (counts, days, sold) and the stock in
 * step in the same turn. */
#include "order.h"

#include <stdlib.h>

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

int64_t store_day(struct bot_ctx *ctx, int64_t ms)
{
    return (ms + ctx->api->number(ctx, "store.offset")) / DAY_MS;
}

/* ---- reading --------------------------------------------------------------------------------- */

void order_of_row(struct bot_ctx *ctx, struct bot_rows *rows, struct order *out)
{
    const struct bot_api *api = ctx->api;
    *out = (struct order){
        .id = api->row_int(rows, 0),
        .number = api->row_int(rows, 1),
        .person = api->row_int(rows, 2),
        .state = (enum order_state)api->row_int(rows, 3),
        .delivery = (enum order_delivery)api->row_int(rows, 4),
        .payment = (enum order_payment)api->row_int(rows, 5),
        .name = bot_copy(ctx, api->row_text(rows, 6)),
        .address = bot_copy(ctx, api->row_text(rows, 7)),
        .note = bot_copy(ctx, api->row_text(rows, 8)),
        .receipt = bot_copy(ctx, api->row_text(rows, 9)),
        .reason = bot_copy(ctx, api->row_text(rows, 10)),
        .total = api->row_int(rows, 11),
        .placed_at = api->row_int(rows, 12),
        .paid_at = api->row_int(rows, 13),
        .paid_day = api->row_int(rows, 14),
        .expires_at = api->row_int(rows, 15),
    };
}

static int order_read(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
                      struct order *out)
{
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, n, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    order_of_row(ctx, rows, out);
    rc = ctx->api->row_next(rows);
    return rc < 0 ? rc : BOT_OK;
}

int order_get(struct bot_ctx *ctx, int64_t number, struct order *out)
{
    static const char sql[] = "SELECT " ORDER_COLUMNS " FROM orders_orders"
                              " WHERE store = $store AND number = $number";
    const struct bot_arg args[] = { bot_int("number", number) };
    return order_read(ctx, sql, args, BOT_COUNT(args), out);
}

int order_unpaid(struct bot_ctx *ctx, struct order *out)
{
    static const char sql[] = "SELECT " ORDER_COLUMNS " FROM orders_orders"
                              " WHERE person = $person AND store = $store AND state = 1"
                              " ORDER BY expires_at IS NULL, number DESC LIMIT 1";
    return order_read(ctx, sql, NULL, 0, out);
}

int order_last(struct bot_ctx *ctx, struct order *out)
{
    static const char sql[] = "SELECT " ORDER_COLUMNS " FROM orders_orders"
                              " WHERE person = $person AND store = $store"
                              " ORDER BY number DESC LIMIT 1";
    return order_read(ctx, sql, NULL, 0, out);
}

int order_items(struct bot_ctx *ctx, const struct order *o, struct lines *out)
{
    static const char sql[] = "SELECT product, variant, name, label, price, count FROM orders_items"
                              " WHERE order_id = $id AND store = $store ORDER BY line LIMIT $max";
    const struct bot_arg args[] = { bot_int("id", o->id), bot_int("max", CART_LINES) };
    return lines_read(ctx, sql, args, BOT_COUNT(args), out);
}

/* ---- figures --------------------------------------------------------------------------------- */

static int count_add(struct bot_ctx *ctx, enum order_state state, int64_t change)
{
    static const char sql[] =
        "INSERT INTO orders_counts (store, state, orders)"
        " VALUES ($store, $state, CASE WHEN $change > 0 THEN $change ELSE 0 END)"
        " ON CONFLICT (store, state) DO UPDATE SET orders = orders_counts.orders + $change";
    const struct bot_arg args[] = { bot_int("state", state), bot_int("change", change) };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
}

static int placed_add(struct bot_ctx *ctx, int64_t day)
{
    static const char here[] =
        "INSERT INTO orders_days (store, day, placed) VALUES ($store, $day, 1)"
        " ON CONFLICT (store, day) DO UPDATE SET placed = orders_days.placed + 1";
    static const char all[] =
        "INSERT INTO orders_all_days (day, placed) VALUES ($day, 1)"
        " ON CONFLICT (day) DO UPDATE SET placed = orders_all_days.placed + 1";
    const struct bot_arg args[] = { bot_int("day", day) };
    int rc = ctx->api->db(ctx, here, args, 1, NULL);
    return rc < 0 ? rc : ctx->api->db(ctx, all, args, 1, NULL);
}

/* Books the sale on the day of its payment; sign -1 takes it out again. */
static int sold_add(struct bot_ctx *ctx, const struct order *o, const struct lines *items, int sign)
{
    static const char days[] =
        "INSERT INTO orders_days (store, day, sold, rupiah) VALUES ($store, $day, $sold, $rupiah)"
        " ON CONFLICT (store, day) DO UPDATE SET sold = orders_days.sold + $sold,"
        " rupiah = orders_days.rupiah + $rupiah";
    static const char products[] =
        "INSERT INTO orders_sold (store, day, product, name, count)"
        " VALUES ($store, $day, $product, $name, $count)"
        " ON CONFLICT (store, day, product) DO UPDATE SET name = excluded.name,"
        " count = orders_sold.count + $count";
    const struct bot_arg sum[] = { bot_int("day", o->paid_day), bot_int("sold", sign),
                                   bot_int("rupiah", sign * o->total) };
    int rc = ctx->api->db(ctx, days, sum, BOT_COUNT(sum), NULL);
    for (size_t i = 0; rc >= 0 && i < items->n; i++) {
        const struct line *l = &items->item[i];
        const struct bot_arg args[] = { bot_int("day", o->paid_day), bot_int("product", l->product),
                                        bot_text("name", l->name),
                                        bot_int("count", sign * l->count) };
        rc = ctx->api->db(ctx, products, args, BOT_COUNT(args), NULL);
    }
    return rc;
}

/* `who` 0: nobody. */
static int event_add(struct bot_ctx *ctx, const struct order *o, int64_t who)
{
    static const char sql[] =
        "INSERT INTO orders_events (store, order_id, person, at, state, paid)"
        " VALUES ($store, $id, CASE WHEN $who > 0 THEN $who END, $now, $state, $paid)";
    const struct bot_arg args[] = {
        bot_int("id", o->id),
        bot_int("who", who),
        bot_int("state", o->state),
        bot_int("paid", o->paid_at > 0),
        bot_int("now", ctx->api->now(ctx)),
    };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
}

/* For other plugins: {"store":1,"number":12,"state":3,"paid":1}. */
static int emit(struct bot_ctx *ctx, const char *name, const struct order *o)
{
    const char *body = bot_format(ctx, "{\"store\":%lld,\"number\":%lld,\"state\":%d,\"paid\":%d}",
                                  (long long)ctx->api->number(ctx, "store"), (long long)o->number,
                                  (int)o->state, o->paid_at > 0);
    return ctx->api->emit(ctx, name, body, strlen(body));
}

/* ---- what an unpaid one keeps ---------------------------------------------------------------- */

/* What he writes is for this store while an order of his waits for money; its time ends it. */
static int wait_for_money(struct bot_ctx *ctx, const struct order *o)
{
    const char *key = bot_format(ctx, "%lld", (long long)o->id);
    int rc = stores_of(ctx)->hold(ctx, o->person, "order", o->expires_at);
    return rc < 0 ? rc : ctx->api->at(ctx, UNPAID_OVER, key, o->expires_at, NULL, 0);
}

/* ... until his last one has ended. Nothing is renewed before: he may have gone to another store.
 */
static int wait_no_longer(struct bot_ctx *ctx, const struct order *o)
{
    static const char sql[] = "SELECT 1 FROM orders_orders"
                              " WHERE person = $who AND store = $store AND state = 1 LIMIT 1";
    const char *key = bot_format(ctx, "%lld", (long long)o->id);
    const struct bot_arg args[] = { bot_int("who", o->person) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->at(ctx, UNPAID_OVER, key, 0, NULL, 0);
    if (rc < 0 || !o->person) return rc;
    if ((rc = ctx->api->db(ctx, sql, args, 1, &rows)) < 0) return rc;
    if ((rc = ctx->api->row_next(rows)) != BOT_OK) return rc < 0 ? rc : BOT_OK;
    return stores_of(ctx)->hold(ctx, o->person, "order", 0);
}

/* ---- making one ------------------------------------------------------------------------------ */

static int64_t number_next(struct bot_ctx *ctx)
{
    static const char sql[] = "INSERT INTO orders_numbers (store, last) VALUES ($store, 1)"
                              " ON CONFLICT (store) DO UPDATE SET last = orders_numbers.last + 1"
                              " RETURNING last";
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, NULL, 0, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : BOT_EIO;
    int64_t number = ctx->api->row_int(rows, 0);
    rc = ctx->api->row_next(rows);
    return rc < 0 ? rc : number;
}

static int items_insert(struct bot_ctx *ctx, int64_t id, const struct lines *lines)
{
    static const char sql[] =
        "INSERT INTO orders_items (order_id, line, store, product, variant, name, label, price, count)"
        " VALUES ($id, $line, $store, $product, $variant, $name, $label, $price, $count)";
    int rc = BOT_OK;
    for (size_t i = 0; rc >= 0 && i < lines->n; i++) {
        const struct line *l = &lines->item[i];
        const struct bot_arg args[] = {
            bot_int("id", id),           bot_int("line", (int64_t)i + 1),
            bot_text("name", l->name),   bot_int("product", l->product),
            bot_text("label", l->label), bot_int("variant", l->variant),
            bot_int("price", l->price),  bot_int("count", l->count),
        };
        rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    }
    return rc;
}

int64_t order_insert(struct bot_ctx *ctx, const struct order_wish *wish)
{
    static const char sql[] =
        "INSERT INTO orders_orders (store, number, person, state, delivery, payment, name, address,"
        " note, total, placed_at, changed_at, expires_at)"
        " VALUES ($store, $number, $person, $state, $delivery, $payment, $name, $address,"
        " $note, $total, $now, $now, $expires) RETURNING " ORDER_COLUMNS;
    const struct bot_api *api = ctx->api;
    int64_t now = api->now(ctx), number = number_next(ctx);
    int unpaid = wish->payment == PAY_TRANSFER;
    int64_t expires = now + api->config_int(api->self(ctx), "unpaid");
    struct order o;
    if (number < 0) return number;
    const struct bot_arg args[] = {
        bot_int("number", number),
        bot_int("state", unpaid ? ORDER_UNPAID : ORDER_NEW),
        bot_int("delivery", wish->delivery),
        bot_int("payment", wish->payment),
        bot_text("name", wish->name),
        bot_text("address", wish->address),
        bot_text("note", wish->note),
        bot_int("total", lines_total(wish->lines)),
        bot_int("now", now),
        unpaid ? bot_int("expires", expires) : bot_null("expires"),
    };
    int rc = order_read(ctx, sql, args, BOT_COUNT(args), &o);
    if (rc >= 0) rc = items_insert(ctx, o.id, wish->lines);
    if (rc >= 0) rc = event_add(ctx, &o, person_of(ctx));
    if (rc >= 0) rc = count_add(ctx, o.state, 1);
    if (rc >= 0) rc = placed_add(ctx, store_day(ctx, now));
    if (rc >= 0 && unpaid) rc = wait_for_money(ctx, &o);
    if (rc >= 0) rc = emit(ctx, "order.placed", &o);
    return rc < 0 ? rc : number;
}

/* ---- moving one ------------------------------------------------------------------------------ */

static int stock_back(struct bot_ctx *ctx, const struct lines *items)
{
    void *owner;
    const struct bot_catalog *catalog = catalog_of(ctx, &owner);
    int rc = BOT_OK;
    for (size_t i = 0; rc >= 0 && i < items->n; i++) {
        const struct line *l = &items->item[i];
        rc = catalog->give_back(ctx, owner, l->product, l->variant, l->count);
        if (rc == BOT_ENOENT) rc = BOT_OK; /* it is sold no longer */
    }
    return rc;
}

/* What follows from `was` having become *o by what somebody did; who 0: by time. */
static int order_settle(struct bot_ctx *ctx, const struct order *was, const struct order *o,
                        int64_t who)
{
    struct lines *items = ctx->api->alloc(ctx, sizeof *items);
    int rc = order_items(ctx, o, items);
    if (rc >= 0) rc = event_add(ctx, o, who);
    if (rc >= 0 && o->state != was->state) rc = count_add(ctx, was->state, -1);
    if (rc >= 0 && o->state != was->state) rc = count_add(ctx, o->state, 1);
    if (rc >= 0 && o->paid_at && !was->paid_at) rc = sold_add(ctx, o, items, 1);
    if (rc >= 0 && o->state == ORDER_CANCELED) {
        rc = stock_back(ctx, items);
        if (rc >= 0 && o->paid_at) rc = sold_add(ctx, o, items, -1);
    }
    if (rc >= 0 && was->state == ORDER_UNPAID && o->state != ORDER_UNPAID)
        rc = wait_no_longer(ctx, o);
    return rc < 0 ? rc : emit(ctx, "order.changed", o);
}

int order_move(struct bot_ctx *ctx, struct order *o, const struct order_move *move)
{
    static const char sql[] =
        "UPDATE orders_orders SET state = $to, changed_at = $now,"
        " paid_at = CASE WHEN $paid = 1 AND paid_at IS NULL THEN $now ELSE paid_at END,"
        " paid_day = CASE WHEN $paid = 1 AND paid_at IS NULL THEN $day ELSE paid_day END,"
        " expires_at = CASE WHEN $to = 1 THEN expires_at END,"
        " receipt = COALESCE($receipt, receipt), reason = COALESCE($reason, reason)"
        " WHERE id = $id AND store = $store AND state = $was AND COALESCE(paid_at, 0) = $was_paid"
        " RETURNING " ORDER_COLUMNS;
    const struct order was = *o;
    const struct bot_arg args[] = {
        bot_int("id", o->id),
        bot_int("to", move->to),
        bot_int("was", o->state),
        bot_int("was_paid", o->paid_at),
        bot_int("paid", move->paid),
        bot_text("receipt", move->receipt),
        bot_text("reason", move->reason),
        bot_int("now", ctx->api->now(ctx)),
        bot_int("day", store_day(ctx, ctx->api->now(ctx))),
    };
    int rc = order_read(ctx, sql, args, BOT_COUNT(args), o);
    if (rc == BOT_ENOENT) return BOT_EBUSY;
    return rc < 0 ? rc : order_settle(ctx, &was, o, move->by_time ? 0 : person_of(ctx));
}
