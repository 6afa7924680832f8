/* SPDX-License-Identifier: MIT
 * test_orders.c - the plugin orders where a transcript cannot reach: two people at the same moment,
 * the process that dies, commits that fail, two persons who are one, somebody who wants to be
 * forgotten, days that begin at different hours. */
#include "shop_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static int open_with(int stores, const char *ini)
{
    shop_open(stores, NULL, ini);
    shop_sells(OWNER, "Nama: Kopi Susu\nHarga: 15rb\nStok: 10");
    shop_sells(OWNER, "Nama: Teh Manis\nHarga: 15rb\nStok: 10");
    shop_sells(OWNER, "Nama: Roti Bakar\nHarga: 20rb");
    if (stores > 1) shop_sells(OWNER_TWO, "Nama: Topi Merah\nHarga: 50rb\nStok: 5");
    if (stores > 2) shop_sells(OWNER_3, "Nama: Sarung Hijau\nHarga: 70rb\nStok: 5");
    pass(1000);
    forget_sent();
    return 0;
}

static int open_shop(void **state)
{
    (void)state;
    return open_with(1, NULL);
}

static int open_two(void **state)
{
    (void)state;
    return open_with(2, NULL);
}

static int open_three(void **state)
{
    (void)state;
    return open_with(3, NULL);
}

static int64_t stock(int product)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT stock FROM catalog_products WHERE id = %d", product);
    return number(sql);
}

static int64_t orders(void)
{
    return number("SELECT count(*) FROM orders_orders");
}

static int64_t person(const char *phone)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT person FROM aliases WHERE alias = 'p:%s'", phone);
    return number(sql);
}

/* A picture of a payment, whose bytes end in `mark`. */
static void sends_a_proof(const char *phone, char mark)
{
    char png[] = "\x89PNG\r\n\x1A\n....";
    png[8] = mark;
    forget_sent();
    post_media(phone, "image", "http://waha/file", "image/png", "");
    run();
    network_brings(png, sizeof png - 1);
    jobs_run();
}

/* ---- at the same moment ---------------------------------------------------------------------- */

static void the_last_piece_is_sold_once_and_the_other_keeps_his_cart(void **state)
{
    (void)state;
    const char *phones[] = { BUDI, CITRA };
    asks(OWNER, "/stok 1 =1", "1");
    for (int i = 0; i < 2; i++) {
        asks(phones[i], "pesan 1 kopi susu dan 2 roti bakar", "Keranjang");
        assert_true(goes_to_checkout(phones[i], &by_cash));
    }
    post(BUDI, "YA");
    post(CITRA, "YA");
    forget_sent();
    run();
    int first = strstr(answer_to(BUDI), "sudah dicatat") != NULL;
    const char *late = phones[first];
    assert_non_null(strstr(answer_to(phones[!first]), "sudah dicatat"));
    assert_non_null(strstr(answer_to(late), "*Kopi Susu* sudah tidak tersedia"));
    assert_non_null(strstr(answer_to(late), "Sudah benar?"));
    assert_int_equal(orders(), 1);
    assert_int_equal(stock(1), 0);
    asks(late, "keranjang", "1. Roti Bakar 2");
    asks(late, "YA", "sudah dicatat");
    assert_int_equal(orders(), 2);
    figures_are_right();
}

static void the_same_message_again_makes_no_second_order(void **state)
{
    (void)state;
    asks(BUDI, "pesan 2 kopi susu", "Keranjang");
    assert_true(goes_to_checkout(BUDI, &by_cash));
    forget_sent();
    post_as(BUDI, "THE-YA", "YA", NULL, 0);
    post_as(BUDI, "THE-YA", "YA", NULL, 0);
    run();
    asks(BUDI, "pesan 1 teh manis", "Keranjang");
    post_as(BUDI, "THE-YA", "YA", NULL, 0);
    run();
    world_reopen(1);
    post_as(BUDI, "THE-YA", "YA", NULL, 0);
    run();
    assert_int_equal(orders(), 1);
    assert_int_equal(stock(1), 8);
    figures_are_right();
}

/* What he was shown is not what is in it now, though it costs the same. */
static void another_cart_of_the_same_sum_is_asked_about_again(void **state)
{
    (void)state;
    asks(BUDI, "pesan 1 kopi susu", "Keranjang");
    assert_true(goes_to_checkout(BUDI, &by_cash));
    script("UPDATE orders_carts SET product = 2, name = 'Teh Manis'");
    asks(BUDI, "YA", "Sudah benar?");
    assert_non_null(strstr(answer_to(BUDI), "Teh Manis"));
    assert_int_equal(orders(), 0);
    asks(BUDI, "YA", "sudah dicatat");
    assert_int_equal(stock(2), 9);
}

/* ---- a process that dies --------------------------------------------------------------------- */

static void a_crash_at_any_boundary_leaves_one_order_or_none(void **state)
{
    (void)state;
    for (int turns = 0; turns < 6; turns++) {
        char id[20];
        snprintf(id, sizeof id, "YA-%d", turns);
        asks(BUDI, "pesan 1 kopi susu", "Keranjang");
        assert_true(goes_to_checkout(BUDI, turns % 2 ? &by_cash : &by_transfer));
        post_as(BUDI, id, "YA", NULL, 0);
        for (int i = 0; i < turns; i++) loop_turn(&w.host->loop);
        world_reopen(0);
        int64_t after = orders();
        assert_true(after == turns || after == turns + 1);
        figures_are_right();
        assert_int_equal(stock(1), 10 - after);
        post_as(BUDI, id, "YA", NULL, 0); /* the network hands it in again */
        pass(1000);
        assert_int_equal(orders(), turns + 1);
        assert_int_equal(stock(1), 10 - orders());
        assert_int_equal(number("SELECT count(*) FROM orders_carts"), 0);
        figures_are_right();
    }
}

static void a_commit_that_fails_is_made_up_for_once(void **state)
{
    (void)state;
    for (int n = 1; n < 4; n++) {
        asks(BUDI, "pesan 1 kopi susu", "Keranjang");
        assert_true(goes_to_checkout(BUDI, &by_transfer));
        post(BUDI, "YA");
        forget_sent();
        loop_turn(&w.host->loop);
        fail_commits(n);
        pass(10000);
        assert_int_equal(orders(), n);
        assert_int_equal(stock(1), 10 - n);
        size_t told = 0;
        for (size_t i = 0; i < w.sent_count; i++)
            told += strstr(w.sents[i].text, "pesanan baru") != NULL;
        assert_int_equal(told, 2); /* the owner, the staff */
        figures_are_right();
    }
}

static void an_order_that_fails_leaves_nothing(void **state)
{
    (void)state;
    asks(BUDI, "pesan 3 kopi susu dan 1 roti bakar", "Keranjang");
    assert_true(goes_to_checkout(BUDI, &by_transfer));
    script("CREATE TRIGGER nothing_goes BEFORE INSERT ON orders_all_days"
           " BEGIN SELECT RAISE(ABORT, 'no'); END");
    asks(BUDI, "YA", "gangguan");
    assert_string_equal(told_to(OWNER), "");
    assert_int_equal(stock(1), 10);
    static const char *const tables[] = { "orders", "items", "events", "numbers",
                                          "counts", "days",  "sold",   "all_days" };
    for (size_t i = 0; i < BOT_COUNT(tables); i++) {
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM orders_%s", tables[i]);
        assert_int_equal(number(sql), 0);
    }
    assert_int_equal(number("SELECT count(*) FROM holds"), 0);
    assert_int_equal(number("SELECT count(*) FROM inbox WHERE event = 'orders.unpaid'"), 0);
    script("DROP TRIGGER nothing_goes");
    assert_true(goes_to_checkout(BUDI, &by_transfer)); /* the cart is as it was */
    asks(BUDI, "YA", "MAJU2-1");
    assert_int_equal(stock(1), 7);
    figures_are_right();
}

/* ---- persons --------------------------------------------------------------------------------- */

static void two_persons_who_are_one_have_one_cart_and_all_orders(void **state)
{
    (void)state;
    buys(BUDI, "1 kopi susu", &by_transfer);
    pass(HOUR);
    buys(CITRA, "1 teh manis", &by_transfer);
    asks(BUDI, "pesan 2 kopi susu", "Keranjang");
    asks(CITRA, "pesan 3 kopi susu dan 1 roti bakar", "Keranjang");
    int64_t one = person(CITRA);
    char sql[100];
    snprintf(sql, sizeof sql, "INSERT INTO aliases VALUES ('l:777', %lld)", (long long)one);
    script(sql);
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .native_id = "MERGE",
                                   .phone = BUDI,
                                   .lid = "777@lid",
                                   .text = "keranjang" });
    forget_sent();
    pass(3000);
    assert_int_equal(
        number("SELECT count(*) FROM persons WHERE phone IN ('" BUDI "', '" CITRA "')"), 1);
    assert_int_equal(number("SELECT count(DISTINCT person) FROM orders_orders"), 1);
    assert_int_equal(number("SELECT count(DISTINCT person) FROM orders_carts"), 1);
    assert_int_equal(number("SELECT count(DISTINCT person) FROM orders_events"), 1);
    assert_non_null(strstr(answer_to(BUDI), "Kopi Susu"));
    assert_non_null(strstr(answer_to(BUDI), "Roti Bakar"));
    asks(BUDI, "pesanan", "MAJU2-1");
    assert_non_null(strstr(answer_to(BUDI), "MAJU2-2"));
    pass(23 * HOUR + HOUR / 2); /* one is over, he is held for the other one */
    assert_int_equal(number("SELECT state FROM orders_orders WHERE number = 1"), 6);
    assert_int_equal(number("SELECT state FROM orders_orders WHERE number = 2"), 1);
    asks(OWNER, "/lunas 2", "diproses");
    figures_are_right();
}

/* What those who run a store write and ask for themselves is their own conversation. */
static const char *others_of(const char *table)
{
    if (!strcmp(table, "inbox")) return " AND person NOT IN (SELECT person FROM roles)";
    if (strcmp(table, "outbox") != 0) return "";
    return " AND COALESCE(event, 0) NOT IN"
           " (SELECT id FROM inbox WHERE person IN (SELECT person FROM roles))";
}

/* Columns of texts, in every table, that hold this part. */
static int places_of(const char *part)
{
    static const char columns[] = "SELECT m.name, c.name FROM sqlite_master m"
                                  " JOIN pragma_table_info(m.name) c"
                                  " WHERE m.type = 'table' AND c.type IN ('TEXT', 'BLOB')";
    sqlite3_stmt *st = NULL;
    int found = 0, all = 0;
    assert_int_equal(sqlite3_prepare_v2(w.host->db.sql, columns, -1, &st, NULL), SQLITE_OK);
    for (; sqlite3_step(st) == SQLITE_ROW; all++) {
        char sql[400];
        const char *table = (const char *)sqlite3_column_text(st, 0);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\" WHERE instr(\"%s\", '%s')%s", table,
                 (const char *)sqlite3_column_text(st, 1), part, others_of(table));
        int64_t n = number(sql);
        found += n > 0;
    }
    sqlite3_finalize(st);
    assert_true(all > 50);
    return found;
}

static void who_is_forgotten_leaves_orders_without_him(void **state)
{
    (void)state;
    static const struct buyer zus = { "1", "Jalan Rahasia 77", "Zubaidah", "1" };
    static const char *const traces[] = { "Zubaidah", "Jalan Rahasia", "tanpa bawang",
                                          "6281100000777" };
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .native_id = "Z1",
                                   .phone = "6281100000777",
                                   .name = "Zubaidah",
                                   .text = "halo" });
    run();
    buys("6281100000777", "1 kopi susu", &zus);
    sends_a_proof("6281100000777", 'a');
    asks(OWNER, "/lunas 1", "diterima");
    asks(OWNER, "/kirim 1 titip Zubaidah", "dikirim");
    asks("6281100000777", "pesan 2 kopi susu", "Keranjang");
    assert_true(goes_to_checkout("6281100000777", &zus));
    asks("6281100000777", "catatan: tanpa bawang", "tanpa bawang");
    asks("6281100000777", "YA", "MAJU2-2");
    asks("6281100000777", "pesan 1 teh manis", "Keranjang");
    goes_to_checkout("6281100000777", &zus);
    asks("6281100000777", "BATAL", "");
    int64_t who = person("6281100000777");
    assert_int_equal(places_of("Jalan Rahasia"), 3);
    pass(HOUR);
    asks("6281100000777", "hapus data", "YA");
    asks("6281100000777", "ya", "dihapus");
    pass(2 * DAY + HOUR);
    for (size_t i = 0; i < BOT_COUNT(traces); i++)
        if (places_of(traces[i])) fail_msg("\"%s\" is still there", traces[i]);
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT (SELECT count(*) FROM orders_orders WHERE person = %lld) + (SELECT count(*)"
             " FROM orders_carts) + (SELECT count(*) FROM orders_events WHERE person = %lld)",
             (long long)who, (long long)who);
    assert_int_equal(number(sql), 0);
    assert_int_equal(number("SELECT count(*) FROM orders_proofs"), 0);
    assert_int_equal(orders(), 2);
    assert_int_equal(number("SELECT state FROM orders_orders WHERE number = 2"), 6); /* unpaid */
    asks(OWNER, "/pesanan 1", "(data dihapus)");
    asks(OWNER, "/selesai 1", "selesai");
    assert_int_equal(stock(1), 9);
    figures_are_right();
}

/* ---- money ----------------------------------------------------------------------------------- */

static void unpaid_orders_end_each_at_its_time(void **state)
{
    (void)state;
    buys(BUDI, "1 kopi susu", &by_transfer);
    pass(HOUR);
    buys(BUDI, "2 kopi susu", &by_transfer);
    buys(CITRA, "3 teh manis", &by_transfer);
    pass(HOUR);
    buys(CITRA, "1 roti bakar", &by_cash);
    forget_sent();
    pass(22 * HOUR + 1000);
    assert_non_null(strstr(told_to(BUDI), "MAJU2-1* dibatalkan karena"));
    assert_null(strstr(told_to(BUDI), "MAJU2-2"));
    assert_string_equal(told_to(CITRA), "");
    assert_int_equal(stock(1), 8);
    pass(HOUR);
    assert_non_null(strstr(told_to(BUDI), "MAJU2-2* dibatalkan karena"));
    assert_non_null(strstr(told_to(CITRA), "MAJU2-3* dibatalkan karena"));
    assert_null(strstr(told_to(CITRA), "MAJU2-4"));
    assert_int_equal(stock(1), 10);
    assert_int_equal(stock(2), 10);
    /* nobody did it */
    assert_int_equal(number("SELECT count(*) FROM orders_events WHERE state = 6 AND person > 0"),
                     0);
    figures_are_right();
}

static void what_became_due_while_it_was_away_ends_at_the_start(void **state)
{
    (void)state;
    buys(BUDI, "1 kopi susu", &by_transfer);
    buys(CITRA, "1 kopi susu", &by_transfer);
    world_reopen(0);
    clock_virtual_advance(3 * DAY);
    forget_sent();
    pass(1000);
    assert_non_null(strstr(told_to(BUDI), "MAJU2-1* dibatalkan karena"));
    assert_non_null(strstr(told_to(CITRA), "MAJU2-2* dibatalkan karena"));
    assert_int_equal(stock(1), 10);
    figures_are_right();
}

static void a_proof_is_for_the_order_that_still_needs_one(void **state)
{
    (void)state;
    buys(BUDI, "1 kopi susu", &by_transfer);
    buys(BUDI, "2 kopi susu", &by_transfer);
    sends_a_proof(BUDI, 'a');
    assert_non_null(strstr(told_to(OWNER), "bukti pembayaran pesanan *MAJU2-2*"));
    sends_a_proof(BUDI, 'b');
    assert_non_null(strstr(told_to(OWNER), "bukti pembayaran pesanan *MAJU2-1*"));
    pass(3 * DAY);
    assert_int_equal(number("SELECT count(*) FROM orders_orders WHERE state = 1"), 2);
    figures_are_right();
}

static void who_has_sent_a_proof_is_not_given_a_time_any_more(void **state)
{
    (void)state;
    buys(BUDI, "1 kopi susu", &by_transfer);
    asks(BUDI, "bayar", "Ditunggu sampai");
    sends_a_proof(BUDI, 'a');
    static const char *const ways[] = { "bayar", "pesanan", "MAJU2-1", "checkout" };
    for (size_t i = 0; i < BOT_COUNT(ways); i++) {
        const char *said = ask(BUDI, ways[i]);
        assert_non_null(strstr(said, "sedang dicek toko"));
        if (strstr(said, "1970") || strstr(said, "Ditunggu sampai"))
            fail_msg("%s: %s", ways[i], said);
    }
}

static void a_paid_order_that_is_canceled_leaves_the_sales(void **state)
{
    (void)state;
    buys(BUDI, "2 kopi susu", &by_transfer);
    buys(CITRA, "1 roti bakar", &by_cash);
    asks(OWNER, "/lunas 1", "diterima");
    asks(OWNER, "/lunas 2", "dicatat");
    asks(OWNER, "/stats_toko", "Penjualan hari ini: Rp50.000 (2 lunas, 2 dipesan)");
    assert_non_null(strstr(answer_to(OWNER), "Terlaris 30 hari: Kopi Susu (2), Roti Bakar (1)"));
    pass(DAY);
    asks(OWNER, "/batalkan 1 rusak", "kembalikan uangnya");
    asks(OWNER, "/stats_toko", "Penjualan 7 hari: Rp20.000 (1 lunas, 2 dipesan)");
    assert_non_null(strstr(answer_to(OWNER), "Terlaris 30 hari: Roti Bakar (1)"));
    assert_non_null(strstr(answer_to(OWNER), "1 baru, 1 dibatalkan"));
    assert_int_equal(stock(1), 10);
    figures_are_right();
}

/* ---- days ------------------------------------------------------------------------------------ */

static void a_day_begins_by_the_stores_own_clock(void **state)
{
    (void)state;
    static const char *const owners[] = { OWNER, OWNER_TWO, OWNER_3 };
    static const char *const wishes[] = { "kopi susu", "topi merah", "sarung hijau" };
    static const int today[][3] = { { 1, 1, 0 }, { 1, 0, 0 }, { 0, 0, 0 } };
    script("UPDATE stores SET timezone = 'Asia/Makassar' WHERE id = 2;"
           "UPDATE stores SET timezone = 'Asia/Jayapura' WHERE id = 3");
    /* It is ten o'clock in Jakarta. At half past nine in the evening it is 23.30 in Jayapura. */
    pass(11 * HOUR + HOUR / 2);
    for (int i = 0; i < 3; i++) {
        char text[40];
        snprintf(text, sizeof text, "#MAJU%d halo", i + 2);
        pass(1000);
        say(BUDI, text);
        buys(BUDI, wishes[i], &by_cash);
        asks(owners[i], "/lunas 1", "dicatat");
    }
    for (int i = 0; i < 3; i++) asks(owners[i], "/stats_toko", "hari ini: Rp");
    for (int hour = 0; hour < 3; hour++) {
        pass(HOUR);
        for (int i = 0; i < 3; i++)
            asks(owners[i], "/stats_toko",
                 today[hour][i] ? " (1 lunas, 1 dipesan)\nPenjualan 7"
                                : "hari ini: Rp0 (0 lunas, 0 dipesan)\nPenjualan 7");
    }
    figures_are_right();
}

static void thirty_days_are_thirty_days(void **state)
{
    (void)state;
    buys(BUDI, "2 kopi susu", &by_cash);
    asks(OWNER, "/selesai 1", "selesai");
    pass(6 * DAY);
    asks(OWNER, "/stats_toko", "Penjualan 7 hari: Rp30.000 (1 lunas, 1 dipesan)");
    pass(DAY);
    asks(OWNER, "/stats_toko", "Penjualan 7 hari: Rp0 (0 lunas, 0 dipesan)");
    pass(22 * DAY);
    asks(OWNER, "/stats_toko", "Penjualan 30 hari: Rp30.000 (1 lunas, 1 dipesan)");
    assert_non_null(strstr(answer_to(OWNER), "Terlaris 30 hari: Kopi Susu (2)"));
    pass(DAY);
    asks(OWNER, "/stats_toko", "Penjualan 30 hari: Rp0 (0 lunas, 0 dipesan)");
    assert_null(strstr(answer_to(OWNER), "Terlaris"));
}

static void the_best_is_called_as_it_was_sold_last(void **state)
{
    (void)state;
    buys(BUDI, "2 kopi susu", &by_cash);
    asks(OWNER, "/selesai 1", "selesai");
    asks(OWNER, "/edit_produk 1\nNama: Es Kopi", "Es Kopi");
    pass(DAY);
    buys(BUDI, "1 es kopi", &by_cash);
    asks(OWNER, "/selesai 2", "selesai");
    asks(OWNER, "/stats_toko", "Terlaris 30 hari: Es Kopi (3)");
}

static void a_store_that_moves_its_clock_keeps_its_days(void **state)
{
    (void)state;
    pass(13 * HOUR); /* 23.00 */
    buys(BUDI, "2 kopi susu", &by_transfer);
    asks(OWNER, "/lunas 1", "diterima");
    script("UPDATE stores SET timezone = 'Asia/Jayapura' WHERE id = 1");
    asks(OWNER, "/batalkan 1 rusak", "dibatalkan");
    assert_int_equal(number("SELECT count(*) FROM orders_days WHERE sold <> 0 OR rupiah <> 0"), 0);
    assert_int_equal(number("SELECT count(*) FROM orders_sold WHERE count <> 0"), 0);
}

/* ---- who waits for money is held ------------------------------------------------------------- */

static int64_t holds(void)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM holds WHERE until > %lld",
             (long long)clock_ms());
    return number(sql);
}

/* Where an unnamed "pesanan" of his arrives, had he been in the second store last. */
static void is_in(const char *phone, const char *store)
{
    char sql[200], header[80];
    snprintf(sql, sizeof sql,
             "UPDATE members SET last_seen = %lld + (store = 2) * 9 WHERE person = %lld",
             (long long)clock_ms(), (long long)person(phone));
    script(sql);
    world_reopen(1);
    run();
    snprintf(header, sizeof header, "*%s*\n", store);
    asks(phone, "pesanan", header);
}

static void goes_to(const char *phone, const char *code)
{
    char text[40];
    snprintf(text, sizeof text, "#%s halo", code);
    pass(2000);
    asks(phone, text, "");
    pass(2000);
}

static void visits_both(const char *phone)
{
    goes_to(phone, "MAJU3");
    goes_to(phone, "MAJU2");
}

static void an_unpaid_order_keeps_him_at_its_store_until_it_is_paid(void **state)
{
    (void)state;
    visits_both(BUDI);
    buys(BUDI, "1 kopi susu", &by_transfer);
    is_in(BUDI, "Toko 1");
    asks(OWNER, "/lunas 1", "diterima");
    assert_int_equal(holds(), 0);
    is_in(BUDI, "Toko 2");
}

static void or_canceled_by_him_or_by_the_store_or_by_time(void **state)
{
    (void)state;
    visits_both(BUDI);
    buys(BUDI, "1 kopi susu", &by_transfer);
    is_in(BUDI, "Toko 1");
    asks(BUDI, "/batal_pesanan", "dibatalkan");
    assert_int_equal(holds(), 0);
    is_in(BUDI, "Toko 2");
    goes_to(BUDI, "MAJU2");
    buys(BUDI, "1 kopi susu", &by_transfer);
    asks(OWNER, "/batalkan 2", "dibatalkan");
    assert_int_equal(holds(), 0);
    buys(BUDI, "1 kopi susu", &by_transfer);
    is_in(BUDI, "Toko 1");
    pass(DAY + 1000);
    assert_int_equal(holds(), 0);
    is_in(BUDI, "Toko 2");
    goes_to(BUDI, "MAJU2");
    buys(BUDI, "1 kopi susu", &by_cash);
    assert_int_equal(holds(), 0);
}

static void two_unpaid_orders_hold_him_until_the_last(void **state)
{
    (void)state;
    visits_both(BUDI);
    buys(BUDI, "1 kopi susu", &by_transfer);
    pass(2 * HOUR);
    buys(BUDI, "2 kopi susu", &by_transfer);
    asks(OWNER, "/lunas 2", "diterima");
    is_in(BUDI, "Toko 1");
    asks(OWNER, "/lunas 1", "diterima");
    assert_int_equal(holds(), 0);
    /* one that waits for the admins to look at its proof holds him as well */
    goes_to(BUDI, "MAJU2");
    buys(BUDI, "1 kopi susu", &by_transfer);
    sends_a_proof(BUDI, 'a');
    buys(BUDI, "2 kopi susu", &by_transfer);
    asks(OWNER, "/batalkan 4", "dibatalkan");
    is_in(BUDI, "Toko 1");
    asks(OWNER, "/lunas 3", "diterima");
    assert_int_equal(holds(), 0);
}

static void who_has_gone_to_another_store_is_not_called_back(void **state)
{
    (void)state;
    visits_both(BUDI);
    buys(BUDI, "1 kopi susu", &by_transfer);
    buys(BUDI, "2 kopi susu", &by_transfer);
    goes_to(BUDI, "MAJU3");
    asks(OWNER, "/lunas 2", "diterima");
    asks(BUDI, "pesanan", "*Toko 2*\n");
    goes_to(BUDI, "MAJU2");
    is_in(BUDI, "Toko 1");
}

static void a_quote_of_another_store_is_answered_there_and_he_stays(void **state)
{
    (void)state;
    visits_both(BUDI);
    buys(BUDI, "1 kopi susu", &by_transfer);
    pass(2000);
    if (!strstr(ask_quoting(BUDI, "*Toko 2*", "ada topi?"), "*Toko 2*\n"))
        fail_msg("not there: %s", answer_to(BUDI));
    pass(2000);
    asks(BUDI, "pesanan", "*Toko 1*\n");
}

static void held_by_two_stores_he_is_asked(void **state)
{
    (void)state;
    goes_to(BUDI, "MAJU3");
    buys(BUDI, "1 topi merah", &by_transfer);
    goes_to(BUDI, "MAJU2");
    buys(BUDI, "1 kopi susu", &by_transfer);
    assert_int_equal(holds(), 2);
    asks(BUDI, "MAJU3-1", "*Pesanan MAJU3-1*");
    asks(BUDI, "MAJU2-1", "*Pesanan MAJU2-1*");
    assert_null(strstr(ask(BUDI, "pesanan"), "MAJU3"));
    asks(OWNER_TWO, "/lunas 1", "diterima");
    assert_int_equal(holds(), 1);
    asks(BUDI, "pesanan", "*Toko 1*\n");
}

int main(void)
{
#define SHOP(name)  cmocka_unit_test_setup_teardown(name, open_shop, world_close)
#define TWO(name)   cmocka_unit_test_setup_teardown(name, open_two, world_close)
#define THREE(name) cmocka_unit_test_setup_teardown(name, open_three, world_close)
    const struct CMUnitTest tests[] = {
        SHOP(the_last_piece_is_sold_once_and_the_other_keeps_his_cart),
        SHOP(the_same_message_again_makes_no_second_order),
        SHOP(another_cart_of_the_same_sum_is_asked_about_again),
        SHOP(a_crash_at_any_boundary_leaves_one_order_or_none),
        SHOP(a_commit_that_fails_is_made_up_for_once),
        SHOP(an_order_that_fails_leaves_nothing),
        SHOP(two_persons_who_are_one_have_one_cart_and_all_orders),
        SHOP(who_is_forgotten_leaves_orders_without_him),
        SHOP(unpaid_orders_end_each_at_its_time),
        SHOP(what_became_due_while_it_was_away_ends_at_the_start),
        SHOP(a_proof_is_for_the_order_that_still_needs_one),
        SHOP(who_has_sent_a_proof_is_not_given_a_time_any_more),
        SHOP(a_paid_order_that_is_canceled_leaves_the_sales),
        THREE(a_day_begins_by_the_stores_own_clock),
        SHOP(thirty_days_are_thirty_days),
        SHOP(the_best_is_called_as_it_was_sold_last),
        SHOP(a_store_that_moves_its_clock_keeps_its_days),
        TWO(an_unpaid_order_keeps_him_at_its_store_until_it_is_paid),
        TWO(or_canceled_by_him_or_by_the_store_or_by_time),
        TWO(two_unpaid_orders_hold_him_until_the_last),
        TWO(who_has_gone_to_another_store_is_not_called_back),
        TWO(a_quote_of_another_store_is_answered_there_and_he_stays),
        TWO(held_by_two_stores_he_is_asked),
    };
    return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
