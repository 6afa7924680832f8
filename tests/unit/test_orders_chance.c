/* SPDX-License-Identifier: MIT
 * test_orders_chance.c - whatever people do with orders, and whatever becomes of the process
 * meanwhile: after every single action the figures that the plugin keeps are those that a count
 * over all orders gives, and the stock is what was there, less what is sold. Chance decides what is
 * done: ORDERS_SEED=7 plays something else. */
#include "shop_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "../sim/chance.h"
#include "core/base/clock.h"

enum { BUYERS = 8, ROUNDS = 700 };

static struct chance chance;
static int made; /* products */

static int dice(int from, int to)
{
    return (int)chance_range(&chance, from, to);
}

static const char *owner_of(int store)
{
    return store == 1 ? OWNER : OWNER_TWO;
}

/* The even ones buy in the first store, where products have odd numbers. */
static const char *buyer(int i)
{
    static char phone[20];
    snprintf(phone, sizeof phone, "6281100000%03u", 100 + (unsigned)i % 100);
    return phone;
}

static const char *a_buyer(void)
{
    return buyer(dice(0, BUYERS - 1));
}

/* ---- stocks ---------------------------------------------------------------------------------- */

/* What is bought and not canceled. */
#define ACTIVE                                                                                     \
    "(SELECT COALESCE(sum(i.count), 0) FROM orders_items i JOIN orders_orders o"                   \
    " ON o.id = i.order_id WHERE o.state < 6 AND i.product = b.product AND i.variant = b.variant)"
#define STOCK                                                                                      \
    "(CASE b.variant WHEN 0 THEN (SELECT stock FROM catalog_products WHERE id = b.product)"        \
    " ELSE (SELECT stock FROM catalog_variants WHERE product = b.product"                          \
    " AND number = b.variant) END)"

/* Those that are sold now, with what there would be had nobody bought anything. What is sold no
 * longer, or became uncounted, gets nothing back. */
static void stocks_begin(void)
{
    script("DROP TABLE IF EXISTS stocks;"
           "CREATE TABLE stocks(product INTEGER, variant INTEGER, n INTEGER);"
           "INSERT INTO stocks SELECT id, 0, stock FROM catalog_products p WHERE archived = 0"
           " AND stock IS NOT NULL AND NOT EXISTS (SELECT 1 FROM catalog_variants v"
           " WHERE v.product = p.id AND v.archived = 0);"
           "INSERT INTO stocks SELECT v.product, v.number, v.stock FROM catalog_variants v"
           " JOIN catalog_products p ON p.id = v.product"
           " WHERE v.archived = 0 AND p.archived = 0 AND v.stock IS NOT NULL;"
           "UPDATE stocks AS b SET n = n + " ACTIVE);
}

static void stocks_are_right(void)
{
    int64_t wrong = number("SELECT count(*) FROM stocks b WHERE n - " ACTIVE " <> " STOCK);
    if (wrong) fail_msg("%lld stocks are wrong", (long long)wrong);
}

static void all_is_right(void)
{
    figures_are_right();
    stocks_are_right();
}

/* ---- what people do -------------------------------------------------------------------------- */

static void admin_changes_something(void);

static void wants(int i)
{
    char text[80];
    int n = dice(1, 9), product = 2 * dice(made > 10 ? made / 2 - 5 : 0, made / 2 - 1) + 1 + i % 2;
    if (n < 4)
        snprintf(text, sizeof text, "pesan #%d x%d", product, dice(1, 3));
    else if (n < 6)
        snprintf(text, sizeof text, "pesan #%d/%d x%d", product, dice(1, 2), dice(1, 3));
    else if (n < 8)
        snprintf(text, sizeof text, "pesan %d kopi susu dan 1 teh manis", dice(1, 4));
    else
        snprintf(text, sizeof text, n == 8 ? "hapus 1" : "ubah 1 2");
    say(buyer(i), text);
}

static void somebody_wants(void)
{
    wants(dice(0, BUYERS - 1));
}

static void orders(void)
{
    const struct buyer as = { dice(0, 1) ? "1" : "2", "Jl. Mawar 5", "Budi",
                              dice(0, 1) ? "1" : "2" };
    int i = dice(0, BUYERS - 1);
    wants(i);
    if (!goes_to_checkout(buyer(i), &as)) return;
    if (dice(0, 9) == 0) admin_changes_something();
    const char *said = ask(buyer(i), dice(0, 9) ? "YA" : "TIDAK");
    if (strstr(said, "Sudah benar?") && dice(0, 1)) say(buyer(i), "YA");
}

/* Several say YA at the same moment. */
static void orders_together(void)
{
    for (int i = 0; i < 3; i++) {
        char text[40];
        snprintf(text, sizeof text, "pesan #1 x%d", dice(1, 3));
        say(buyer(2 * i), text);
        goes_to_checkout(buyer(2 * i), &by_cash);
    }
    for (int i = 0; i < 3; i++) post(buyer(2 * i), "YA");
    run();
}

static int an_order(int store)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM orders_orders WHERE store = %d", store);
    int64_t n = number(sql);
    return dice(n > 8 ? (int)n - 8 : 1, (int)n + 1);
}

static void admin_works(void)
{
    static const char *const ways[] = { "/lunas %d",   "/lunas %d",   "/proses %d",
                                        "/proses %d",  "/kirim %d R", "/kirim %d R",
                                        "/selesai %d", "/selesai %d", "/batalkan %d habis" };
    char text[60];
    int store = dice(1, 2);
    snprintf(text, sizeof text, ways[dice(0, 8)], an_order(store));
    say(owner_of(store), text);
}

static void buyer_cancels(void)
{
    char text[60];
    snprintf(text, sizeof text, dice(0, 1) ? "/batal_pesanan" : "/batal_pesanan %d",
             an_order(dice(1, 2)));
    say(a_buyer(), text);
}

static void time_passes(void)
{
    pass(dice(1, 30) * INT64_C(3600000));
}

static void add(int store, const char *form)
{
    char text[300];
    snprintf(text, sizeof text, form, ++made);
    assert_int_equal(shop_sells(owner_of(store), text), made);
}

/* What he does is taken into the stocks; nobody buys at that moment. */
static void admin_changes_something(void)
{
    static const char *const ways[] = { "/stok %d =%d",
                                        "/stok %d =%d",
                                        "/stok %d/1 =%d",
                                        "/edit_produk %d\nHarga: %d000",
                                        "/edit_produk %d\nNama: Baru %d",
                                        "/varian %d tambah Panas = 15rb, %d",
                                        "/varian %d hapus 1",
                                        "/stok %d kosong" };
    char text[100];
    int id = dice(1, made);
    snprintf(text, sizeof text, ways[dice(0, 7)], id, dice(0, 60) + 1);
    const char *owner = owner_of(id % 2 ? 1 : 2);
    if (dice(0, 5)) {
        say(owner, text);
    } else {
        snprintf(text, sizeof text, "/hapus_produk %d", id);
        say(owner, text);
        say(owner, "ya");
        add(1, "Nama: Barang %d\nHarga: 7rb\nStok: 60");
        add(2, "Nama: Barang %d\nHarga: 7rb\nVarian: M = 5rb, 30; L = 6rb, 20");
    }
    stocks_begin();
}

/* The process dies, or its commits fail, while somebody does something. */
static void trouble(void)
{
    char text[60];
    int way = dice(0, 2), turns = dice(1, 4), store = dice(1, 2), who = dice(0, BUYERS - 1);
    wants(who);
    snprintf(text, sizeof text, "/batalkan %d", an_order(store));
    if (goes_to_checkout(buyer(who), &by_transfer)) post(buyer(who), "YA");
    post(owner_of(store), text);
    loop_turn(&w.host->loop);
    if (way == 2) fail_commits(turns);
    for (int i = 0; i < turns; i++) loop_turn(&w.host->loop);
    if (way < 2) world_reopen(way);
    pass(10000);
}

static const struct {
    int weight;
    void (*run)(void);
} acts[] = {
    { 20, somebody_wants }, { 40, orders },     { 4, orders_together },         { 80, admin_works },
    { 6, buyer_cancels },   { 3, time_passes }, { 8, admin_changes_something }, { 5, trouble },
};

static void one_act(void)
{
    int all = 0;
    size_t i = 0;
    for (size_t k = 0; k < BOT_COUNT(acts); k++) all += acts[k].weight;
    int at = dice(0, all - 1);
    while ((at -= acts[i].weight) >= 0) i++;
    acts[i].run();
    forget_sent();
    pass(dice(1, 600) * 1000);
    forget_sent();
}

static void figures_and_stocks_follow_every_action(void **state)
{
    const char *seed = getenv("ORDERS_SEED");
    (void)state;
    chance.state = seed ? strtoull(seed, NULL, 10) : 1;
    made = 0;
    shop_open(2, NULL, NULL);
    script("UPDATE stores SET timezone = 'Asia/Jayapura' WHERE id = 2");
    add(1, "Nama: Kopi Susu\nHarga: 15rb\nStok: 20");
    add(2, "Nama: Kopi Susu\nHarga: 9rb\nStok: 8");
    add(1, "Nama: Teh Manis\nHarga: 5rb");
    add(2, "Nama: Teh Manis\nHarga: 4rb\nStok: 30");
    add(1, "Nama: Kaos\nHarga: 50rb\nVarian: M = 50rb, 6; L = 60rb, 3");
    add(2, "Nama: Topi\nHarga: 50rb\nStok: 3");
    stocks_begin();
    for (int i = 0; i < BUYERS; i++) say(buyer(i), i % 2 ? "#MAJU3 halo" : "#MAJU2 halo");
    for (int i = 0; i < ROUNDS; i++) {
        one_act();
        all_is_right();
    }
    /* enough has happened */
    assert_int_equal(
        number("SELECT count(*) FROM (SELECT 1 FROM orders_events GROUP BY store, state"
               " HAVING count(*) > 2)"),
        12);
    assert_true(number("SELECT count(*) FROM orders_orders WHERE state = 6 AND paid_at > 0") > 1);
    assert_true(number("SELECT count(*) FROM orders_orders WHERE state = 6"
                       " AND expires_at IS NULL AND payment = 1 AND paid_at IS NULL") > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(figures_and_stocks_follow_every_action, world_close),
    };
    return cmocka_run_group_tests_name("orders by chance", tests, NULL, NULL);
}
