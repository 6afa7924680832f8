/* test_search.c - the typo-tolerant index: what people type finds what they mean, and changes of a
 * text leave nothing behind. `test_search --bench [documents]` measures instead. */
#include "core/base/text.h"
#include "core/storage/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <tokobot/plugin.h>

/* What a few small shops sell; the number of a product is its place in this list, from 1. */
static const char *const products[] = {
    "Sepatu Nike Air",
    "Sepatu Adidas Samba",
    "Sepatu Vans Old Skool",
    "Sepatu Futsal Specs",
    "Sandal Jepit Swallow",
    "Sandal Gunung Eiger",
    "Kaos Polos Hitam",
    "Kaos Polos Putih",
    "Kaos Oblong Anak",
    "Kemeja Flanel Kotak",
    "Kemeja Batik Pria",
    "Kemeja Batik Lengan Panjang",
    "Celana Jeans Pria",
    "Celana Chino Krem",
    "Celana Pendek Olahraga",
    "Rok Plisket",
    "Gamis Syari",
    "Hijab Pashmina",
    "Jilbab Segi Empat",
    "Mukena Katun Jepang",
    "Jaket Hoodie Abu-abu",
    "Jaket Denim",
    "Tas Ransel Laptop",
    "Tas Selempang Wanita",
    "Dompet Kulit Pria",
    "Topi Baseball",
    "Kaos Kaki Panjang",
    "Ikat Pinggang Kulit",
    "Bakso Urat",
    "Bakso Beranak",
    "Mie Ayam Pangsit",
    "Mie Goreng Jawa",
    "Nasi Goreng Spesial",
    "Nasi Goreng Seafood",
    "Nasi Uduk Komplit",
    "Nasi Kuning",
    "Ayam Geprek Sambal Matah",
    "Ayam Bakar Madu",
    "Ayam Goreng Kremes",
    "Bebek Goreng Sambal Ijo",
    "Soto Ayam Lamongan",
    "Soto Betawi",
    "Rawon Daging",
    "Rendang Sapi",
    "Sate Ayam Madura",
    "Sate Kambing",
    "Gado-Gado",
    "Pecel Lele",
    "Ketoprak",
    "Lontong Sayur",
    "Bubur Ayam Cirebon",
    "Pempek Kapal Selam",
    "Siomay Bandung",
    "Batagor Kuah",
    "Martabak Manis Cokelat Keju",
    "Martabak Telur",
    "Pisang Goreng Keju",
    "Tahu Isi",
    "Tempe Mendoan",
    "Cireng Bumbu Rujak",
    "Seblak Pedas",
    "Cilok Kuah",
    "Es Teh Manis",
    "Es Jeruk Peras",
    "Es Campur",
    "Es Cendol Durian",
    "Es Kopi Susu Gula Aren",
    "Kopi Tubruk",
    "Kopi Hitam Toraja",
    "Teh Tarik",
    "Teh Botol Sosro",
    "Jus Alpukat",
    "Jus Mangga",
    "Wedang Jahe",
    "Air Mineral 600ml",
    "Keripik Singkong Balado",
    "Keripik Tempe",
    "Kue Nastar",
    "Kue Lapis Legit",
    "Brownies Kukus",
    "Roti Bakar Bandung",
    "Dodol Garut",
    "Rengginang",
    "Kacang Bawang",
    "Sambal Bu Rudy",
    "Beras Pandan Wangi 5kg",
    "Minyak Goreng 2 Liter",
    "Gula Pasir 1kg",
    "Telur Ayam Negeri",
    "Tepung Terigu Segitiga Biru",
    "Indomie Goreng",
    "Kecap Manis Bango",
    "Galon Isi Ulang",
    "Sabun Cuci Piring",
    "Pasta Gigi Pepsodent",
    "Popok Bayi Ukuran M",
    "Susu Formula Bayi",
    "Charger HP Type C",
    "Kabel Data Micro USB",
    "Headset Bluetooth",
    "Powerbank 10000mAh",
    "Casing iPhone 13",
    "Casing iPhone 12",
    "Tempered Glass Samsung A12",
    "Speaker Mini",
    "Keranjang Rotan",
    "Bantal Leher",
    "Seprei Katun Motif Bunga",
    "Gorden Blackout",
    "Lampu LED 12 Watt",
    "Pot Bunga Gantung",
    "Bibit Cabai Rawit",
    "Pupuk Kompos",
};

/* What is typed, and what must come first. */
static const struct {
    const char *typed;
    const char *first;
} queries[] = {
    { "sepatu nkie", "Sepatu Nike Air" },
    { "bkso", "Bakso Urat" },
    { "esteh", "Es Teh Manis" },
    { "es teh", "Es Teh Manis" },
    { "esteh manis", "Es Teh Manis" },
    { "es the manis", "Es Teh Manis" },
    { "kak ada sepatu nike ga ya yang ukuran 42?", "Sepatu Nike Air" },
    { "spatu adidas", "Sepatu Adidas Samba" },
    { "sepatu adids", "Sepatu Adidas Samba" },
    { "sepatu van", "Sepatu Vans Old Skool" },
    { "sepatu fusal", "Sepatu Futsal Specs" },
    { "sendal jepit", "Sandal Jepit Swallow" },
    { "sandal gunug", "Sandal Gunung Eiger" },
    { "kaos hitam", "Kaos Polos Hitam" },
    { "kaus polos putih", "Kaos Polos Putih" },
    { "kaos anak ada?", "Kaos Oblong Anak" },
    { "kemja flanel", "Kemeja Flanel Kotak" },
    { "batik pria", "Kemeja Batik Pria" },
    { "batik lengan pnjang", "Kemeja Batik Lengan Panjang" },
    { "celana jins pria", "Celana Jeans Pria" },
    { "clana pendek", "Celana Pendek Olahraga" },
    { "gamis syar'i", "Gamis Syari" },
    { "hijab pasmina", "Hijab Pashmina" },
    { "jilbab segiempat", "Jilbab Segi Empat" },
    { "mukena ktun", "Mukena Katun Jepang" },
    { "hodie", "Jaket Hoodie Abu-abu" },
    { "jaket denimm", "Jaket Denim" },
    { "tas ransl", "Tas Ransel Laptop" },
    { "dompet klit", "Dompet Kulit Pria" },
    { "kaoskaki", "Kaos Kaki Panjang" },
    { "bakso urta", "Bakso Urat" },
    { "baso beranak", "Bakso Beranak" },
    { "mie ayam", "Mie Ayam Pangsit" },
    { "mi goreng jawa", "Mie Goreng Jawa" },
    { "nasigoreng spesial", "Nasi Goreng Spesial" },
    { "nasi goreng sefood", "Nasi Goreng Seafood" },
    { "nasi udk", "Nasi Uduk Komplit" },
    { "ayam gprek", "Ayam Geprek Sambal Matah" },
    { "ayamgeprek", "Ayam Geprek Sambal Matah" },
    { "kak mau pesan ayam bakar madunya dong", "Ayam Bakar Madu" },
    { "ayam kremess", "Ayam Goreng Kremes" },
    { "bebk goreng", "Bebek Goreng Sambal Ijo" },
    { "soto lamongn", "Soto Ayam Lamongan" },
    { "soto btawi", "Soto Betawi" },
    { "rwaon", "Rawon Daging" },
    { "rendng", "Rendang Sapi" },
    { "sate ayam", "Sate Ayam Madura" },
    { "sate kambng", "Sate Kambing" },
    { "gado2", "Gado-Gado" },
    { "gadogado", "Gado-Gado" },
    { "pecelele", "Pecel Lele" },
    { "bubur ayam", "Bubur Ayam Cirebon" },
    { "mpek mpek / pempek", "Pempek Kapal Selam" },
    { "siomai", "Siomay Bandung" },
    { "martabak coklat", "Martabak Manis Cokelat Keju" },
    { "martabk telor", "Martabak Telur" },
    { "pisgor keju / pisang grng keju", "Pisang Goreng Keju" },
    { "tempe mendoanya masih ada kak", "Tempe Mendoan" },
    { "es jeruk", "Es Jeruk Peras" },
    { "esjeruk", "Es Jeruk Peras" },
    { "es kopi susu", "Es Kopi Susu Gula Aren" },
    { "kopi gula arn", "Es Kopi Susu Gula Aren" },
    { "kopi tubruk", "Kopi Tubruk" },
    { "kopi toraj", "Kopi Hitam Toraja" },
    { "tehbotol", "Teh Botol Sosro" },
    { "jus alpokat", "Jus Alpukat" },
    { "jus manga", "Jus Mangga" },
    { "wedangjahe", "Wedang Jahe" },
    { "kripik singkong", "Keripik Singkong Balado" },
    { "kripik tempe", "Keripik Tempe" },
    { "nastar", "Kue Nastar" },
    { "brownis", "Brownies Kukus" },
    { "roti bkar", "Roti Bakar Bandung" },
    { "beras 5kg", "Beras Pandan Wangi 5kg" },
    { "berasnya ada yang 5 kg?", "Beras Pandan Wangi 5kg" },
    { "minyak gorng", "Minyak Goreng 2 Liter" },
    { "telor ayam", "Telur Ayam Negeri" },
    { "tepung trigu", "Tepung Terigu Segitiga Biru" },
    { "indomi goreng", "Indomie Goreng" },
    { "isi ulang galon", "Galon Isi Ulang" },
    { "sabun cuci pring", "Sabun Cuci Piring" },
    { "odol pasta gigi", "Pasta Gigi Pepsodent" },
    { "popok byi", "Popok Bayi Ukuran M" },
    { "casan / charger type c", "Charger HP Type C" },
    { "hedset blutut / headset bluetoth", "Headset Bluetooth" },
    { "power bank", "Powerbank 10000mAh" },
    { "casing iphone 12", "Casing iPhone 12" },
    { "casing ipon 13 / casing iphon 13", "Casing iPhone 13" },
    { "anti gores samsung a12", "Tempered Glass Samsung A12" },
    { "lampu led", "Lampu LED 12 Watt" },
    { "sprei katun", "Seprei Katun Motif Bunga" },
    { "pot bunga", "Pot Bunga Gantung" },
    { "bibit cabe rawit", "Bibit Cabai Rawit" },
    { "SEPATU NIKE AIR", "Sepatu Nike Air" },
    { "assalamualaikum kak permisi mau tanya, apakah masih ada stok rendang sapi? terima kasih",
      "Rendang Sapi" },
};

/* What must find nothing. */
static const char *const nonsense[] = {
    "",
    " ",
    "?!",
    "qwerty zxcvb",
    "asdfghjkl",
    "123456",
    "kak",
    "ada apa ya kak",
    "xyz",
    "wkwkwkwk",
    "terima kasih banyak",
    "ok siap",
    "jam buka?",
    "oke banyakin dong",
    "alamat toko di mana",
    "bisa bayar transfer",
    "\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
    "';DROP TABLE search_docs;--",
    "kemarin saya pesan sepatu belum sampai juga sampai sekarang bagaimana",
};

enum { STORE = 7, OTHER_STORE = 8 };

struct fixture {
    sqlite3 *db;
    struct search *search;
};

static int open_index(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(f->db, SEARCH_SCHEMA, NULL, NULL, NULL), SQLITE_OK);
    f->search = search_open(f->db);
    assert_non_null(f->search);
    *state = f;
    return 0;
}

static int close_index(void **state)
{
    struct fixture *f = *state;
    search_close(f->search);
    assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
    free(f);
    return 0;
}

static void put(struct fixture *f, int64_t store, int64_t id, const char *text)
{
    assert_int_equal(search_put(f->search, "catalog", "products", store, id, text), BOT_OK);
}

static int find(struct fixture *f, int64_t store, const char *query, struct bot_found *found,
                size_t cap)
{
    return search_find(f->search, "catalog", "products", store, query, found, cap);
}

static int64_t first_of(struct fixture *f, int64_t store, const char *query)
{
    struct bot_found found[5];
    int n = find(f, store, query, found, 5);
    assert_true(n >= 0);
    return n > 0 ? found[0].id : 0;
}

static void put_products(struct fixture *f, int64_t store, int64_t first_id)
{
    for (size_t i = 0; i < BOT_COUNT(products); i++)
        put(f, store, first_id + (int64_t)i, products[i]);
}

static int64_t count_rows(struct fixture *f, const char *sql)
{
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(f->db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* All of search_grams as one text, to compare two states. The caller frees with sqlite3_free. */
static char *dump_grams(struct fixture *f)
{
    sqlite3_stmt *st;
    char *all = sqlite3_mprintf("");
    assert_int_equal(sqlite3_prepare_v2(f->db,
                                        "SELECT store, gram, hex(ids) FROM search_grams"
                                        " ORDER BY ix, store, gram",
                                        -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        all = sqlite3_mprintf("%z%lld %lld %s\n", all, (long long)sqlite3_column_int64(st, 0),
                              (long long)sqlite3_column_int64(st, 1),
                              (const char *)sqlite3_column_text(st, 2));
    sqlite3_finalize(st);
    return all;
}

/* A line may hold several ways to type it, divided by " / ". */
static int hits_first(struct fixture *f, const char *typed, const char *first, int *tried)
{
    char line[256];
    int hits = 0;
    snprintf(line, sizeof line, "%s", typed);
    for (char *part = line; part;) {
        char *next = strstr(part, " / ");
        if (next) {
            *next = '\0';
            next += 3;
        }
        struct bot_found found[3];
        int n = find(f, STORE, part, found, 3);
        const char *got = n > 0 ? products[found[0].id - 1] : "(nothing)";
        (*tried)++;
        if (strcmp(got, first) == 0)
            hits++;
        else
            print_message("typed \"%s\": wanted \"%s\", got \"%s\" %d\n", part, first, got,
                          n > 0 ? found[0].score : 0);
        part = next;
    }
    return hits;
}

static void typed_words_find_what_was_meant(void **state)
{
    struct fixture *f = *state;
    int tried = 0, hits = 0;
    put_products(f, STORE, 1);
    for (size_t i = 0; i < BOT_COUNT(queries); i++)
        hits += hits_first(f, queries[i].typed, queries[i].first, &tried);
    print_message("%d of %d typed queries found theirs first\n", hits, tried);
    assert_true(tried >= 60 && BOT_COUNT(products) >= 80);
    assert_true(hits * 100 >= tried * 95);
}

static void the_designs_three_examples_are_exact(void **state)
{
    struct fixture *f = *state;
    int tried = 0;
    put_products(f, STORE, 1);
    assert_int_equal(hits_first(f, "sepatu nkie / SEPATU NIKE", "Sepatu Nike Air", &tried), 2);
    assert_int_equal(hits_first(f, "bkso", "Bakso Urat", &tried), 1);
    assert_int_equal(hits_first(f, "esteh", "Es Teh Manis", &tried), 1);
}

static void nonsense_finds_nothing(void **state)
{
    struct fixture *f = *state;
    struct bot_found found[5];
    put_products(f, STORE, 1);
    for (size_t i = 0; i < BOT_COUNT(nonsense); i++) {
        int n = find(f, STORE, nonsense[i], found, 5);
        if (n != 0)
            print_message("\"%s\" found \"%s\" %d\n", nonsense[i], products[found[0].id - 1],
                          found[0].score);
        assert_int_equal(n, 0);
    }
}

static void the_same_words_score_1000_and_the_best_is_first(void **state)
{
    struct fixture *f = *state;
    struct bot_found found[10];
    put_products(f, STORE, 1);
    put(f, STORE, 500, "Sepatu Nike");
    int n = find(f, STORE, "sepatu nike", found, 10);
    assert_true(n >= 2);
    assert_int_equal(found[0].id, 500);
    assert_int_equal(found[0].score, 1000);
    assert_int_equal(found[1].id, 1);
    for (int i = 1; i < n; i++)
        assert_true(found[i - 1].score >= found[i].score && found[i].score > 0);
}

static void a_word_finds_all_that_have_it(void **state)
{
    struct fixture *f = *state;
    struct bot_found found[10];
    put_products(f, STORE, 1);
    assert_int_equal(find(f, STORE, "ada sepatu?", found, 10), 4);
    assert_int_equal(find(f, STORE, "ada sepatu?", found, 2), 2);
    assert_int_equal(find(f, STORE, "ada sepatu?", found, 0), 0);
}

static void a_store_never_sees_anothers_texts(void **state)
{
    struct fixture *f = *state;
    struct bot_found found[10];
    put_products(f, STORE, 1);
    put(f, OTHER_STORE, 900, "Kopi Luwak");
    assert_int_equal(find(f, OTHER_STORE, "sepatu nike", found, 10), 0);
    assert_int_equal(first_of(f, OTHER_STORE, "kopi"), 900);
    assert_int_equal(search_find(f->search, "catalog", "other", STORE, "sepatu", found, 10), 0);
    assert_int_equal(search_find(f->search, "orders", "products", STORE, "sepatu", found, 10), 0);
}

static void putting_twice_changes_nothing(void **state)
{
    struct fixture *f = *state;
    put_products(f, STORE, 1);
    char *before = dump_grams(f);
    put_products(f, STORE, 1);
    char *after = dump_grams(f);
    assert_string_equal(before, after);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM search_docs"), BOT_COUNT(products));
    sqlite3_free(before);
    sqlite3_free(after);
}

static void a_changed_text_is_found_by_its_new_words_only(void **state)
{
    struct fixture *f = *state;
    put(f, STORE, 1, "Sepatu Nike Air");
    put(f, STORE, 2, "Sandal Jepit");
    put(f, STORE, 1, "Topi Rimba");
    assert_int_equal(first_of(f, STORE, "sepatu nike"), 0);
    assert_int_equal(first_of(f, STORE, "topi"), 1);
    assert_int_equal(first_of(f, STORE, "sandal"), 2);
}

static void what_was_removed_leaves_no_row(void **state)
{
    struct fixture *f = *state;
    put(f, STORE, 50, "Jaket Parka");
    char *before = dump_grams(f);
    put_products(f, STORE, 100);
    for (size_t i = 0; i < BOT_COUNT(products); i++)
        put(f, STORE, 100 + (int64_t)((i * 37) % BOT_COUNT(products)), NULL);
    put(f, STORE, 999, NULL); /* was never there */
    char *after = dump_grams(f);
    assert_string_equal(before, after);
    put(f, STORE, 50, "");
    assert_int_equal(count_rows(f, "SELECT count(*) FROM search_grams"), 0);
    assert_int_equal(count_rows(f, "SELECT count(*) FROM search_docs"), 0);
    sqlite3_free(before);
    sqlite3_free(after);
}

/* Whatever the order of changes, the grams are those of a fresh index with the same texts. */
static void random_changes_leave_the_grams_of_the_texts(void **state)
{
    struct fixture *f = *state;
    enum { IDS = 40, STEPS = 2000 };
    const char *held[IDS] = { NULL };
    uint32_t seed = 12345;
    for (int i = 0; i < STEPS; i++) {
        seed = seed * 1103515245u + 12345u;
        uint32_t id = (seed >> 16) % IDS;
        seed = seed * 1103515245u + 12345u;
        held[id] = (seed >> 16) % 5 == 0 ? NULL : products[(seed >> 18) % BOT_COUNT(products)];
        put(f, STORE, (int64_t)id * 1000003, held[id]);
    }
    char *after = dump_grams(f);
    for (uint32_t id = 0; id < IDS; id++) put(f, STORE, (int64_t)id * 1000003, NULL);
    for (uint32_t id = IDS; id-- > 0;) put(f, STORE, (int64_t)id * 1000003, held[id]);
    char *fresh = dump_grams(f);
    assert_string_equal(after, fresh);
    sqlite3_free(after);
    sqlite3_free(fresh);
}

static void a_rollback_takes_the_index_back(void **state)
{
    struct fixture *f = *state;
    sqlite3_exec(f->db, "BEGIN", NULL, NULL, NULL);
    put(f, STORE, 1, "Sepatu Nike Air"); /* makes the index itself, too */
    sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
    assert_int_equal(first_of(f, STORE, "sepatu"), 0);
    assert_int_equal(search_put(f->search, "other", "things", STORE, 5, "Sepatu Bata"), BOT_OK);
    put(f, STORE, 1, "Sepatu Nike Air");
    assert_int_equal(first_of(f, STORE, "sepatu nike"), 1);
    struct bot_found found[3];
    assert_int_equal(search_find(f->search, "other", "things", STORE, "sepatu", found, 3), 1);
    assert_int_equal(found[0].id, 5);
}

static void strange_texts_are_taken(void **state)
{
    struct fixture *f = *state;
    char *huge = malloc(100001);
    assert_non_null(huge);
    for (size_t i = 0; i < 100000; i++) huge[i] = "sepatu merah "[i % 13];
    huge[100000] = '\0';
    put(f, STORE, 1, huge);
    put(f, STORE, 2, "\xf0\x9f\x8d\x95\xf0\x9f\x8d\x94");
    put(f, STORE, 3, "   ");
    put(f, STORE, 4, "!!!");
    put(f, STORE, 5, "\xd9\x82\xd9\x87\xd9\x88\xd8\xa9"); /* coffee in Arabic */
    put(f, STORE, -6, "Nomor Minus");
    memset(huge, 'a', 100000);
    put(f, STORE, 7, huge);
    assert_int_equal(first_of(f, STORE, "sepatu merah"), 1);
    assert_int_equal(first_of(f, STORE, "\xf0\x9f\x8d\x95\xf0\x9f\x8d\x94"), 2);
    assert_int_equal(first_of(f, STORE, "\xd9\x82\xd9\x87\xd9\x88\xd8\xa9"), 5);
    assert_int_equal(first_of(f, STORE, "nomor minus"), -6);
    assert_true(count_rows(f, "SELECT max(length(CAST(body AS BLOB))) FROM search_docs") <= 500);
    struct bot_found found[3];
    memset(huge, 'b', 100000);
    assert_true(find(f, STORE, huge, found, 3) >= 0);
    put(f, STORE, 1, NULL);
    assert_int_equal(first_of(f, STORE, "sepatu merah"), 0);
    free(huge);
}

static void a_name_of_stop_words_only_is_found_by_exactly_them(void **state)
{
    struct fixture *f = *state;
    put(f, STORE, 1, "Siang Malam");
    put(f, STORE, 2, "Kopi Malang");
    assert_int_equal(first_of(f, STORE, "siang malam"), 1);
    assert_int_equal(first_of(f, STORE, "malam kak"), 0);
}

/* ---- the bench ------------------------------------------------------------------------------- */

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void bench_name(char *out, size_t cap, uint64_t n)
{
    static const char *const colours[] = {
        "Merah", "Biru", "Hitam", "Putih", "Hijau", "Krem", "Abu"
    };
    snprintf(out, cap, "%s %s %s %u", products[n * 7919 % BOT_COUNT(products)],
             products[n * 104729 % BOT_COUNT(products)], colours[n % BOT_COUNT(colours)],
             (unsigned)(n % 997));
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bench_find(struct search *s, int64_t store, const char *title)
{
    enum { ROUNDS = 20 };
    static double times[BOT_COUNT(queries) * ROUNDS];
    size_t n = 0;
    double sum = 0;
    const char *slowest = "";
    double worst = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < BOT_COUNT(queries); i++) {
            struct bot_found found[10];
            double start = now_ms();
            search_find(s, "catalog", "products", store, queries[i].typed, found, 10);
            double took = now_ms() - start;
            if (round > 0 && took > worst) {
                worst = took;
                slowest = queries[i].typed;
            }
            times[n++] = took;
            sum += took;
        }
    }
    qsort(times, n, sizeof *times, compare_doubles);
    printf("%s: find mean %.3f ms, median %.3f, p99 %.3f, slowest %.3f (\"%s\")\n", title,
           sum / (double)n, times[n / 2], times[n * 99 / 100], worst, slowest);
}

/* Two stores of 5,000 documents, all others of 100, in a file. */
static int bench(int64_t documents)
{
    char path[] = "/tmp/search-bench-XXXXXX";
    int fd = mkstemp(path);
    sqlite3 *db = NULL;
    if (fd < 0 || sqlite3_open(path, &db) != SQLITE_OK) return 1;
    sqlite3_exec(db,
                 "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536",
                 NULL, NULL, NULL);
    sqlite3_exec(db, SEARCH_SCHEMA, NULL, NULL, NULL);
    struct search *s = search_open(db);
    if (!s) return 1;
    double start = now_ms();
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (int64_t i = 0; i < documents; i++) {
        char name[256];
        int64_t store = i < 10000 ? 1 + i / 5000 : 3 + (i - 10000) / 100;
        bench_name(name, sizeof name, (uint64_t)i);
        if (search_put(s, "catalog", "products", store, i + 1, name) != BOT_OK) return 1;
        if (i == 9999 || i == documents - 1)
            printf("put: %lld documents, %.1f us each\n", (long long)i + 1,
                   (now_ms() - start) * 1e3 / (double)(i + 1));
    }
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL); /* as in a turn */
    bench_find(s, 1, "store of 5,000");
    bench_find(s, 50, "store of 100");
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    search_close(s);
    sqlite3_close(db);
    remove(path);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--bench") == 0)
        return bench(argc > 2 ? atoll(argv[2]) : 1000000);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(typed_words_find_what_was_meant, open_index, close_index),
        cmocka_unit_test_setup_teardown(the_designs_three_examples_are_exact, open_index,
                                        close_index),
        cmocka_unit_test_setup_teardown(nonsense_finds_nothing, open_index, close_index),
        cmocka_unit_test_setup_teardown(the_same_words_score_1000_and_the_best_is_first, open_index,
                                        close_index),
        cmocka_unit_test_setup_teardown(a_word_finds_all_that_have_it, open_index, close_index),
        cmocka_unit_test_setup_teardown(a_store_never_sees_anothers_texts, open_index, close_index),
        cmocka_unit_test_setup_teardown(putting_twice_changes_nothing, open_index, close_index),
        cmocka_unit_test_setup_teardown(a_changed_text_is_found_by_its_new_words_only, open_index,
                                        close_index),
        cmocka_unit_test_setup_teardown(what_was_removed_leaves_no_row, open_index, close_index),
        cmocka_unit_test_setup_teardown(random_changes_leave_the_grams_of_the_texts, open_index,
                                        close_index),
        cmocka_unit_test_setup_teardown(a_rollback_takes_the_index_back, open_index, close_index),
        cmocka_unit_test_setup_teardown(strange_texts_are_taken, open_index, close_index),
        cmocka_unit_test_setup_teardown(a_name_of_stop_words_only_is_found_by_exactly_them,
                                        open_index, close_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
