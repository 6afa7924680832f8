/* SPDX-License-Identifier: MIT
 * test_orders_figures.c - whatever customers and those who run two stores write, in any order, over
 * days, with crashes between: figures, stock and orders tell the same, and nobody is told that
 * something went wrong. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define REAL(name) name " = " FIXTURE_PLUGINS "/../../plugins/" name ".so\n"

#define OWNER       "6281100000042" /* of store 1 */
#define OTHER_OWNER "6281100000043" /* of store 2 */

static uint32_t chance(uint32_t of)
{
    static uint32_t seed = 20260105;
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % of;
}

/* ---- the world ------------------------------------------------------------------------------- */

static void give_store(const char *phone, int store)
{
    char sql[300];
    snprintf(sql, sizeof sql,
             "INSERT INTO roles(store, person, role, created_at)"
             " SELECT %d, person, 4, 1 FROM aliases WHERE alias = 'p:%s'",
             store, phone);
    script(sql);
}

static void settle(void)
{
    for (int i = 0; i < 3; i++) {
        run();
        while (w.http_count) network_fails(HTTP_EIO);
        jobs_run();
    }
}

static void write_as(const char *phone, const char *text)
{
    if (w.sent_count > SENTS_MAX / 2) forget_sent();
    say(phone, text);
    pass(2000);
    settle();
}

/* Each store has a product without and one with variants, all of them counted. */
static int open_world(void **state)
{
    static const char *const owners[] = { OWNER, OTHER_OWNER };
    (void)state;
    world_open(&(struct world_conf){ .plugins = REAL("catalog") REAL("orders") REAL("store-admin"),
                                     .stores = 2 });
    for (int i = 0; i < 2; i++) {
        write_as(owners[i], i ? "#MAJU3 halo" : "#MAJU2 halo");
        give_store(owners[i], i + 1);
    }
    world_reopen(1); /* who has a role is remembered in memory */
    for (int i = 0; i < 2; i++) {
        write_as(owners[i], "/tambah_produk\nNama: Kopi Susu\nHarga: 15000\nStok: 500");
        write_as(owners[i], "/tambah_produk\nNama: Kaos Polos\nHarga: 50rb\n"
                            "Varian: M = 50rb, 500; L = 60rb, 500");
        write_as(owners[i], "/pembayaran BCA 123");
    }
    assert_int_equal(number("SELECT count(*) FROM catalog_variants WHERE stock = 500"), 4);
    forget_sent();
    return 0;
}

/* ---- what is written ------------------------------------------------------------------------- */

enum { WISHES = 6 }; /* of these, the first */
static const char *const customers_say[] = {
    "pesan 2 kopi susu",
    "pesan 3 kaos polos L dan 1 kopi",
    "pesan kaos polos M",
    "pesan #1 x2",
    "pesan #4/1 x3",
    "pesan kopi susu, sandal",
    "pesan kaos polos",
    "pesan #3",
    "pesan 9999 kopi susu",
    "keranjang",
    "ubah 1 4",
    "hapus 1",
    "hapus 2",
    "kosongkan",
    "checkout",
    "checkout",
    "checkout",
    "/checkout",
    "bayar",
    "1",
    "1",
    "2",
    "2",
    "Jl. Mawar 5",
    "Budi",
    "sama",
    "transfer",
    "tunai",
    "ya",
    "ya",
    "ya",
    "ya",
    "tidak",
    "catatan: pedas",
    "alamat: Jl. Melati 9",
    "pesanan",
    "batalkan pesanan",
    "/batal_pesanan 1",
    "BATAL",
    "KEMBALI",
    "#MAJU2 halo",
    "#MAJU3 halo",
    "berapa?",
    "maju2-1",
};

static const char *const owners_say[] = {
    "/pesanan",       "/pesanan selesai", "/stats_toko",    "/lunas %u",
    "/lunas %u",      "/proses %u",       "/kirim %u JNE",  "/selesai %u",
    "/batalkan %u x", "/pesanan %u",      "/pesanan hal 2",
};

static void anything(const char *phone)
{
    write_as(phone, customers_say[chance(BOT_COUNT(customers_say))]);
}

/* Somebody orders, more or less: now and then he says something else. */
static void order(const char *phone)
{
    const char *const steps[] = {
        customers_say[chance(WISHES)],  "checkout", chance(2) ? "2" : "1", "Jl. Mawar 5",
        chance(2) ? "transfer" : "cod", "ya",
    };
    for (size_t i = 0; i < BOT_COUNT(steps); i++) {
        if (chance(12) == 0) anything(phone);
        if (chance(12)) write_as(phone, steps[i]);
    }
}

static void run_store(const char *owner)
{
    char line[80];
    int64_t last = number("SELECT COALESCE(max(last), 0) FROM orders_numbers");
    unsigned order = chance((uint32_t)last + 2);
    const char *format = owners_say[chance(BOT_COUNT(owners_say))], *at = strstr(format, "%u");
    if (at)
        snprintf(line, sizeof line, "%.*s%u%s", (int)(at - format), format, order, at + 2);
    else
        snprintf(line, sizeof line, "%s", format);
    write_as(owner, line);
}

static void something_is_written(void)
{
    static const char *const people[] = { BUDI, CITRA, DEWI };
    const char *who = people[chance(3)];
    uint32_t what = chance(8);
    if (what == 0)
        order(who);
    else if (what < 5)
        run_store(chance(2) ? OWNER : OTHER_OWNER);
    else
        anything(who);
}

static void nothing_went_wrong(void)
{
    for (size_t i = 0; i < w.sent_count; i++)
        if (strstr(w.sents[i].text, "ada gangguan"))
            fail_msg("somebody was told: %s", w.sents[i].text);
}

/* ---- what must be so ------------------------------------------------------------------------- */

/* Each counts what is not so. */
static const struct {
    const char *what, *sql;
} rules[] = {
    { "the orders of a state are counted",
      "SELECT count(*) FROM (SELECT store, state, count(*) AS n FROM orders_orders"
      " GROUP BY store, state) a LEFT JOIN orders_counts c USING (store, state)"
      " WHERE c.orders IS NOT a.n" },
    { "no state counts orders that are not there",
      "SELECT count(*) FROM orders_counts c WHERE orders <>"
      " (SELECT count(*) FROM orders_orders o WHERE o.store = c.store AND o.state = c.state)" },
    { "what was placed is counted",
      "SELECT (SELECT sum(placed) FROM orders_days) <> (SELECT count(*) FROM orders_orders)"
      " OR (SELECT sum(placed) FROM orders_all_days) <> (SELECT count(*) FROM orders_orders)" },
    { "sales are the paid orders that were not canceled",
      "SELECT count(*) FROM (SELECT s.id, (SELECT COALESCE(sum(rupiah), 0) FROM orders_days d"
      "   WHERE d.store = s.id) - (SELECT COALESCE(sum(total), 0) FROM orders_orders o"
      "   WHERE o.store = s.id AND state < 6 AND paid_at IS NOT NULL) AS wrong FROM stores s)"
      " WHERE wrong <> 0" },
    { "so many were sold",
      "SELECT (SELECT COALESCE(sum(sold), 0) FROM orders_days) <> (SELECT count(*)"
      " FROM orders_orders WHERE state < 6 AND paid_at IS NOT NULL)" },
    { "pieces sold are those of the paid orders",
      "SELECT (SELECT COALESCE(sum(count), 0) FROM orders_sold) <> (SELECT COALESCE(sum(count), 0)"
      " FROM orders_items i JOIN orders_orders o ON o.id = i.order_id"
      " WHERE o.state < 6 AND o.paid_at IS NOT NULL)" },
    { "an order's total is that of its items",
      "SELECT count(*) FROM orders_orders o WHERE total <> (SELECT sum(price * count)"
      " FROM orders_items i WHERE i.order_id = o.id)" },
    { "stock and what was ordered are what there was",
      "SELECT count(*) FROM catalog_variants v WHERE stock + (SELECT COALESCE(sum(i.count), 0)"
      " FROM orders_items i JOIN orders_orders o ON o.id = i.order_id WHERE o.state < 6"
      " AND i.product = v.product AND i.variant = v.number) <> 500" },
    { "the same without variants",
      "SELECT count(*) FROM catalog_products p WHERE name = 'Kopi Susu' AND stock +"
      " (SELECT COALESCE(sum(i.count), 0) FROM orders_items i JOIN orders_orders o"
      " ON o.id = i.order_id WHERE o.state < 6 AND i.product = p.id) <> 500" },
    { "items are of their order's store",
      "SELECT count(*) FROM orders_items i JOIN orders_orders o ON o.id = i.order_id"
      " JOIN catalog_products p ON p.id = i.product"
      " WHERE i.store <> o.store OR p.store <> o.store" },
    { "numbers have no gaps", "SELECT count(*) FROM orders_numbers n WHERE last <>"
                              " (SELECT count(*) FROM orders_orders o WHERE o.store = n.store)" },
    { "only unpaid orders run out",
      "SELECT count(*) FROM orders_orders WHERE (state = 1) <> (expires_at IS NOT NULL)" },
    { "each step of an order is written down",
      "SELECT count(*) FROM orders_orders o WHERE NOT EXISTS (SELECT 1 FROM orders_events e"
      " WHERE e.order_id = o.id AND e.state = o.state AND e.store = o.store)" },
    { "nobody is kept in a store by what is paid for",
      "SELECT count(*) FROM holds h WHERE NOT EXISTS (SELECT 1 FROM orders_orders o"
      " WHERE o.person = h.person AND o.state = 1)" },
};

static void all_tells_the_same(void)
{
    for (size_t i = 0; i < BOT_COUNT(rules); i++) {
        int64_t wrong = number(rules[i].sql);
        if (wrong) fail_msg("%lld times not so: %s", (long long)wrong, rules[i].what);
    }
    nothing_went_wrong();
}

static void figures_stock_and_orders_agree(void **state)
{
    (void)state;
    for (int i = 0; i < 1500; i++) {
        something_is_written();
        if (i % 10 == 0) all_tells_the_same();
        if (chance(60) == 0) pass(6 * 3600 * INT64_C(1000));
        if (chance(300) == 0) pass(30 * 3600 * INT64_C(1000));
        if (chance(200) == 0) world_reopen((int)chance(2));
    }
    pass(48 * 3600 * INT64_C(1000));
    settle();
    all_tells_the_same();
    assert_int_equal(number("SELECT count(*) FROM orders_orders WHERE state = 1"), 0);
    for (int s = 2; s <= 6; s++) { /* it was not too easy: all of this has happened */
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM orders_orders WHERE state = %d", s);
        assert_true(number(sql) > 0);
    }
    assert_true(number("SELECT count(*) FROM orders_orders WHERE payment = 1 AND state = 6") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(figures_stock_and_orders_agree, open_world, world_close),
    };
    return cmocka_run_group_tests_name("figures of orders", tests, NULL, NULL);
}
