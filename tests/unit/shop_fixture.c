/* SPDX-License-Identifier: MIT
 * shop_fixture.c - see shop_fixture.h. */
#include "shop_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/people/members.h"
#include "core/people/people.h"

const struct buyer by_cash = { "2", NULL, "Budi Santoso", "2" };
const struct buyer by_transfer = { "1", "Jl. Mawar 5, pagar hijau", "Budi Santoso", "1" };

static const char *const owners[] = { OWNER, OWNER_TWO, OWNER_3 };

static void has_role(int store, const char *phone, const char *name, int role)
{
    roles_add(w.host, store, people_resolve(w.host, NULL, NULL, NULL, phone, NULL, name), role);
}

void shop_open(int stores, const char *plugins, const char *ini)
{
    world_open(&(struct world_conf){ .plugins = plugins ? plugins : SHOP_PLUGINS,
                                     .ini = ini,
                                     .stores = stores,
                                     .has_fetch = 1 });
    for (int i = 0; i < stores; i++) {
        char text[80];
        has_role(i + 1, owners[i], "Pemilik", BOT_OWNER);
        snprintf(text, sizeof text, "/pembayaran BCA 12345678%02d a.n. Toko %d", i, i + 1);
        if (!plugins) say(owners[i], text);
    }
    has_role(1, STAFF, "Staf", BOT_STAFF);
    pass(1000);
    forget_sent();
}

int64_t shop_sells(const char *owner, const char *form)
{
    char text[400];
    snprintf(text, sizeof text, "/tambah_produk\n%s", form);
    const char *id = strstr(ask(owner, text), "ID: ");
    if (!id) fail_msg("not taken: %s", answer_to(owner));
    return atoll(id + 4);
}

/* ---- saying ---------------------------------------------------------------------------------- */

static int is_to(const struct sent *s, const char *phone)
{
    return strncmp(s->chat, phone, strlen(phone)) == 0;
}

const char *answer_to(const char *phone)
{
    for (size_t i = 0; i < w.sent_count; i++)
        if (is_to(&w.sents[i], phone) && w.sents[i].flags & BOT_OUTGOING_ANSWER)
            return w.sents[i].text;
    return "";
}

const char *told_to(const char *phone)
{
    static char all[20000];
    size_t at = 0;
    *all = '\0';
    for (size_t i = 0; i < w.sent_count; i++)
        if (is_to(&w.sents[i], phone) && !(w.sents[i].flags & BOT_OUTGOING_ANSWER))
            at += (size_t)snprintf(all + at, sizeof all - at, "%s\n", w.sents[i].text);
    return all;
}

const char *ask(const char *phone, const char *text)
{
    forget_sent();
    say(phone, text);
    return answer_to(phone);
}

void asks(const char *phone, const char *text, const char *part)
{
    const char *said = ask(phone, text);
    if (!strstr(said, part)) fail_msg("\"%s\": \"%s\" does not hold \"%s\"", text, said, part);
}

const char *ask_quoting(const char *phone, const char *part, const char *text)
{
    char id[40], sql[400];
    snprintf(sql, sizeof sql,
             "SELECT COALESCE(max(o.id), 0) FROM outbox o WHERE o.chat = '%s@c' AND o.text LIKE"
             " '%%%s%%'",
             phone, part);
    snprintf(id, sizeof id, "N%lld", (long long)number(sql));
    forget_sent();
    post_as(phone, NULL, text, id, 0);
    run();
    return answer_to(phone);
}

/* ---- buying ---------------------------------------------------------------------------------- */

/* What is answered to this question; NULL: it is none of checkout's. */
static const char *reply_of(const char *question, const struct buyer *as)
{
    if (strstr(question, "diantar atau diambil")) return as->delivery;
    if (strstr(question, "Diantar ke alamat mana")) return as->address;
    if (strstr(question, "Atas nama siapa")) return as->name;
    return strstr(question, "Bayarnya bagaimana") ? as->payment : NULL;
}

int goes_to_checkout(const char *phone, const struct buyer *as)
{
    const char *said = ask(phone, "checkout"), *reply;
    for (int i = 0; i < 6 && (reply = reply_of(said, as)); i++) said = ask(phone, reply);
    return strstr(said, "Sudah benar?") != NULL;
}

int64_t buys(const char *phone, const char *what, const struct buyer *as)
{
    char text[200];
    snprintf(text, sizeof text, "pesan %s", what);
    asks(phone, text, "Keranjang");
    if (!goes_to_checkout(phone, as)) fail_msg("no checkout: %s", answer_to(phone));
    const char *code = strstr(ask(phone, "YA"), "Pesanan *");
    const char *dash = code ? strchr(code, '-') : NULL;
    if (!dash) fail_msg("no order: %s", answer_to(phone));
    return atoll(dash + 1);
}

/* ---- figures --------------------------------------------------------------------------------- */

/* The store's own day: WIB, or what its row says. */
#define ZONED(ms)                                                                                  \
    "((" ms " + CASE (SELECT timezone FROM stores s WHERE s.id = o.store)"                         \
    " WHEN 'Asia/Makassar' THEN 28800000 WHEN 'Asia/Jayapura' THEN 32400000 ELSE 25200000 END)"    \
    " / 86400000)"

static const struct {
    const char *what, *counted, *kept;
} figures[] = {
    { "counts", "SELECT store, state, count(*) FROM orders_orders GROUP BY 1, 2",
      "SELECT store, state, orders FROM orders_counts WHERE orders <> 0" },
    { "days",
      "SELECT store, day, sum(p), sum(s), sum(r) FROM"
      " (SELECT store, " ZONED(
          "placed_at") " AS day, 1 AS p, 0 AS s, 0 AS r FROM orders_orders o"
                       " UNION ALL SELECT store, " ZONED(
                           "paid_at") ", 0, 1, total FROM orders_orders o"
                                      " WHERE paid_at IS NOT NULL AND state < 6) GROUP BY 1, 2",
      "SELECT store, day, placed, sold, rupiah FROM orders_days"
      " WHERE placed <> 0 OR sold <> 0 OR rupiah <> 0" },
    { "sold",
      "SELECT o.store, " ZONED(
          "paid_at") " AS day, product, sum(count) FROM orders_orders o"
                     " JOIN orders_items i ON i.order_id = o.id AND i.store = o.store"
                     " WHERE paid_at IS NOT NULL AND state < 6 GROUP BY 1, 2, 3",
      "SELECT store, day, product, count FROM orders_sold WHERE count <> 0" },
    { "all_days", "SELECT " ZONED("placed_at") " AS day, count(*) FROM orders_orders o GROUP BY 1",
      "SELECT day, placed FROM orders_all_days" },
    { "totals", "SELECT id, total FROM orders_orders",
      "SELECT order_id, sum(price * count) FROM orders_items GROUP BY 1" },
    { "numbers", "SELECT store, count(*) FROM orders_orders GROUP BY 1",
      "SELECT store, last FROM orders_numbers" },
};

void figures_are_right(void)
{
    for (size_t i = 0; i < BOT_COUNT(figures); i++) {
        char sql[2500];
        snprintf(sql, sizeof sql,
                 "SELECT (SELECT count(*) FROM (SELECT * FROM (%s) EXCEPT SELECT * FROM (%s)))"
                 " + (SELECT count(*) FROM (SELECT * FROM (%s) EXCEPT SELECT * FROM (%s)))",
                 figures[i].counted, figures[i].kept, figures[i].kept, figures[i].counted);
        if (number(sql)) fail_msg("orders_%s is not what was counted", figures[i].what);
    }
    assert_int_equal(number("SELECT count(*) FROM catalog_products WHERE stock < 0"), 0);
    assert_int_equal(number("SELECT count(*) FROM catalog_variants WHERE stock < 0"), 0);
}
