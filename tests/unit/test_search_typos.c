/* SPDX-License-Identifier: MIT
 * test_search_typos.c - a hundred searches as people type them on a phone, with the slips, short
 * forms and slang of Indonesian chats, against a shop of some 170 products. The searches were
 * written before anybody saw what they find; at least 95 must have theirs first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/storage/search.h"
#include <tokobot/plugin.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const products[] = {
    /* groceries */
    "Beras Ramos 5kg",
    "Beras Pandan Wangi 10kg",
    "Beras Merah Organik 1kg",
    "Gula Pasir Gulaku 1kg",
    "Gula Merah Aren 500g",
    "Garam Dapur Cap Kapal 250g",
    "Minyak Goreng Bimoli 1 Liter",
    "Minyak Goreng Bimoli 2 Liter",
    "Minyak Goreng Tropical 2 Liter",
    "Minyak Kelapa Barco 1 Liter",
    "Tepung Terigu Segitiga Biru 1kg",
    "Tepung Beras Rose Brand 500g",
    "Tepung Tapioka 500g",
    "Tepung Maizena 200g",
    "Telur Ayam 1kg",
    "Telur Bebek Asin 10 butir",
    "Kecap Manis Bango 550ml",
    "Kecap Asin ABC 135ml",
    "Saus Sambal ABC 335ml",
    "Saus Tomat Del Monte 340ml",
    "Saus Tiram Saori 135ml",
    "Santan Kara 200ml",
    "Masako Rasa Ayam 250g",
    "Royco Rasa Sapi 230g",
    "Ajinomoto 250g",
    "Merica Bubuk Ladaku",
    "Ketumbar Bubuk Desaku",
    "Bawang Merah 1kg",
    "Bawang Putih 1kg",
    "Cabe Rawit 250g",
    "Mie Sedaap Goreng",
    "Mie Sedaap Soto",
    "Indomie Goreng",
    "Indomie Ayam Bawang",
    "Indomie Kari Ayam",
    "Pop Mie Ayam",
    "Bihun Jagung",
    "Spaghetti La Fonte 225g",
    "Sarden ABC Saus Tomat 155g",
    "Kornet Pronas 200g",
    /* drinks */
    "Aqua Galon 19 Liter",
    "Aqua Botol 600ml",
    "Le Minerale 1500ml",
    "Teh Pucuk Harum 350ml",
    "Teh Celup Sariwangi 25 kantong",
    "Teh Botol Sosro 450ml",
    "Kopi Kapal Api Special 165g",
    "Kopi Susu Gula Aren 250ml",
    "Kopi Good Day Cappuccino",
    "Kopi Torabika Susu",
    "Kopi Luwak White Koffie",
    "Susu Ultra Cokelat 250ml",
    "Susu Ultra Full Cream 1 Liter",
    "Susu Kental Manis Frisian Flag",
    "Susu Beruang Bear Brand",
    "Susu Dancow Bubuk 400g",
    "Milo Kotak 180ml",
    "Energen Cokelat",
    "Pocari Sweat 500ml",
    "Coca Cola 1.5 Liter",
    "Sprite 390ml",
    "Fanta Stroberi 390ml",
    "Floridina Jeruk",
    "Yakult isi 5",
    "Sirup Marjan Cocopandan",
    "Larutan Cap Kaki Tiga",
    /* snacks */
    "Chitato Sapi Panggang 68g",
    "Qtela Singkong Balado",
    "Taro Net Seaweed",
    "Lays Rumput Laut",
    "Oreo Vanilla 133g",
    "Roma Kelapa 300g",
    "Biskuit Khong Guan Kaleng",
    "Wafer Tango Cokelat",
    "Nabati Richeese Keju",
    "Silverqueen Kacang Mede",
    "Beng Beng",
    "Permen Kopiko",
    "Permen Yupi Gummy",
    "Kacang Garuda Atom",
    "Keripik Pisang Lampung",
    "Kerupuk Udang Sidoarjo",
    "Roti Tawar Sari Roti",
    "Selai Kacang Skippy",
    "Meses Ceres Cokelat",
    "Keju Kraft Cheddar 165g",
    "Mentega Blue Band 200g",
    "Es Krim Walls Cornetto",
    "Nugget Ayam Fiesta 500g",
    "Sosis So Nice",
    "Bakso Sapi Kanzler",
    /* home and body */
    "Sabun Mandi Lifebuoy Merah",
    "Sabun Mandi Lux Pink",
    "Sabun Cair Dettol 450ml",
    "Sabun Cuci Piring Sunlight 755ml",
    "Sabun Cuci Muka Biore",
    "Deterjen Rinso Bubuk 770g",
    "Deterjen Daia Lavender 850g",
    "Pewangi Molto Pink 800ml",
    "Pemutih Bayclin 500ml",
    "Shampo Pantene Hitam 170ml",
    "Shampo Sunsilk Hijab 160ml",
    "Shampo Clear Menthol 160ml",
    "Pasta Gigi Pepsodent 190g",
    "Sikat Gigi Formula",
    "Deodoran Rexona Men",
    "Bedak Bayi Johnson 100g",
    "Minyak Telon Konicare 60ml",
    "Minyak Kayu Putih Cap Lang 60ml",
    "Popok Mamypoko L 30",
    "Pembalut Charm Night",
    "Tisu Wajah Paseo 250",
    "Tisu Basah Mitu Baby",
    "Cotton Bud Selection",
    "Obat Nyamuk Baygon Semprot",
    "Lilin Putih isi 8",
    "Korek Api Gas Tokai",
    "Baterai ABC AA",
    "Lampu LED Philips 10 Watt",
    "Kantong Plastik Kresek Hitam",
    "Gas Elpiji 3kg",
    /* medicine */
    "Paracetamol 500mg",
    "Bodrex Flu dan Batuk",
    "Tolak Angin Cair",
    "Antangin JRG",
    "Promag Tablet",
    "Betadine 15ml",
    "Hansaplast isi 10",
    "Vitamin C Enervon",
    "Masker Medis isi 50",
    "Freshcare Roll On",
    /* clothes */
    "Kaos Polos Putih XL",
    "Kaos Polos Putih M",
    "Kaos Polos Hitam XL",
    "Kaos Lengan Panjang Abu",
    "Kemeja Batik Pria Lengan Pendek",
    "Kemeja Flanel Kotak Merah",
    "Celana Jeans Pria Hitam",
    "Celana Pendek Cargo",
    "Celana Dalam Pria isi 3",
    "Rok Plisket Hitam",
    "Gamis Brokat Maroon",
    "Jilbab Pashmina Ceruty",
    "Jilbab Bergo Instan",
    "Mukena Bali Dewasa",
    "Sarung Wadimor Hijau",
    "Peci Hitam Nasional",
    "Jaket Parasut Anti Air",
    "Hoodie Oversize Navy",
    "Daster Batik Busui",
    "Sepatu Nike Air Max",
    "Sepatu Adidas Stan Smith",
    "Sepatu Ventela Public",
    "Sepatu Sekolah Hitam",
    "Sandal Jepit Swallow",
    "Sandal Gunung Eiger",
    "Tas Ransel Polo",
    "Tas Sekolah Anak",
    "Dompet Kulit Pria",
    "Ikat Pinggang Kulit",
    "Jam Tangan Casio",
    "Payung Lipat",
    /* the rest */
    "Buku Tulis Sidu 38",
    "Pulpen Standard AE7",
    "Pensil 2B Faber Castell",
    "Penghapus Joyko",
    "Kertas HVS A4 Sinar Dunia",
    "Lakban Bening",
    "Gunting Kain",
    "Pulsa Telkomsel 50000",
    "Token Listrik 100000",
    "Charger Samsung Type C",
    "Headset Bluetooth JBL",
    "Kabel Data Iphone",
    "Powerbank Robot 10000mAh",
};

static const struct {
    const char *typed, *first;
} searches[] = {
    { "spatu nike", "Sepatu Nike Air Max" },
    { "kopi sasu", "Kopi Susu Gula Aren 250ml" },
    { "kaos putih xl", "Kaos Polos Putih XL" },
    { "gula psir", "Gula Pasir Gulaku 1kg" },
    { "minyk goreng 1 liter", "Minyak Goreng Bimoli 1 Liter" },
    { "sabun mandi lifeboy", "Sabun Mandi Lifebuoy Merah" },
    { "bers pandan wangi", "Beras Pandan Wangi 10kg" },
    { "beras merh", "Beras Merah Organik 1kg" },
    { "tepng terigu", "Tepung Terigu Segitiga Biru 1kg" },
    { "terigu segitiga", "Tepung Terigu Segitiga Biru 1kg" },
    { "tlur ayam", "Telur Ayam 1kg" },
    { "telor asin", "Telur Bebek Asin 10 butir" },
    { "kecap bngo", "Kecap Manis Bango 550ml" },
    { "saos sambel abc", "Saus Sambal ABC 335ml" },
    { "saos tiram", "Saus Tiram Saori 135ml" },
    { "santen kara", "Santan Kara 200ml" },
    { "masako ayam", "Masako Rasa Ayam 250g" },
    { "roiko sapi", "Royco Rasa Sapi 230g" },
    { "merica bubk", "Merica Bubuk Ladaku" },
    { "bwang putih", "Bawang Putih 1kg" },
    { "cabai rawit", "Cabe Rawit 250g" },
    { "mie sedap goreng", "Mie Sedaap Goreng" },
    { "mi sedap soto", "Mie Sedaap Soto" },
    { "indomi goreng", "Indomie Goreng" },
    { "indomie kare", "Indomie Kari Ayam" },
    { "popmie", "Pop Mie Ayam" },
    { "spageti", "Spaghetti La Fonte 225g" },
    { "sarden abc", "Sarden ABC Saus Tomat 155g" },
    { "aqua galon", "Aqua Galon 19 Liter" },
    { "akua botol", "Aqua Botol 600ml" },
    { "leminerale", "Le Minerale 1500ml" },
    { "teh pucuk", "Teh Pucuk Harum 350ml" },
    { "teh sari wangi", "Teh Celup Sariwangi 25 kantong" },
    { "tehbotol", "Teh Botol Sosro 450ml" },
    { "kopi kapalapi", "Kopi Kapal Api Special 165g" },
    { "goodday", "Kopi Good Day Cappuccino" },
    { "kopi torabica", "Kopi Torabika Susu" },
    { "susu ultra coklat", "Susu Ultra Cokelat 250ml" },
    { "susu kental", "Susu Kental Manis Frisian Flag" },
    { "susu bear brand", "Susu Beruang Bear Brand" },
    { "dancow", "Susu Dancow Bubuk 400g" },
    { "energen coklat", "Energen Cokelat" },
    { "pocari swit", "Pocari Sweat 500ml" },
    { "cocacola", "Coca Cola 1.5 Liter" },
    { "fanta strawberry", "Fanta Stroberi 390ml" },
    { "yakul", "Yakult isi 5" },
    { "sirop marjan", "Sirup Marjan Cocopandan" },
    { "citato", "Chitato Sapi Panggang 68g" },
    { "oreo vanila", "Oreo Vanilla 133g" },
    { "biskuit kongguan", "Biskuit Khong Guan Kaleng" },
    { "richese nabati", "Nabati Richeese Keju" },
    { "silver queen", "Silverqueen Kacang Mede" },
    { "bengbeng", "Beng Beng" },
    { "kripik pisang", "Keripik Pisang Lampung" },
    { "krupuk udang", "Kerupuk Udang Sidoarjo" },
    { "roti tawr", "Roti Tawar Sari Roti" },
    { "meses coklat", "Meses Ceres Cokelat" },
    { "keju craft", "Keju Kraft Cheddar 165g" },
    { "blueband", "Mentega Blue Band 200g" },
    { "naget ayam", "Nugget Ayam Fiesta 500g" },
    { "sosis sonice", "Sosis So Nice" },
    { "sabun lux", "Sabun Mandi Lux Pink" },
    { "detol cair", "Sabun Cair Dettol 450ml" },
    { "sabun cuci piring", "Sabun Cuci Piring Sunlight 755ml" },
    { "sunlait", "Sabun Cuci Piring Sunlight 755ml" },
    { "rinso", "Deterjen Rinso Bubuk 770g" },
    { "ditergen daia", "Deterjen Daia Lavender 850g" },
    { "molto ping", "Pewangi Molto Pink 800ml" },
    { "sampo panten", "Shampo Pantene Hitam 170ml" },
    { "sampo clear", "Shampo Clear Menthol 160ml" },
    { "odol pepsoden", "Pasta Gigi Pepsodent 190g" },
    { "sikat gigi", "Sikat Gigi Formula" },
    { "minyak telon", "Minyak Telon Konicare 60ml" },
    { "minyak kayuputih", "Minyak Kayu Putih Cap Lang 60ml" },
    { "pampers mamipoko", "Popok Mamypoko L 30" },
    { "tisue basah", "Tisu Basah Mitu Baby" },
    { "baigon", "Obat Nyamuk Baygon Semprot" },
    { "batre abc", "Baterai ABC AA" },
    { "lampu philip", "Lampu LED Philips 10 Watt" },
    { "gas elpigi", "Gas Elpiji 3kg" },
    { "parasetamol", "Paracetamol 500mg" },
    { "bodrek", "Bodrex Flu dan Batuk" },
    { "tolakangin", "Tolak Angin Cair" },
    { "hansaplas", "Hansaplast isi 10" },
    { "masker", "Masker Medis isi 50" },
    { "kaos hitam xl ada kak?", "Kaos Polos Hitam XL" },
    { "kemeja batik cowok pendek", "Kemeja Batik Pria Lengan Pendek" },
    { "clana jeans", "Celana Jeans Pria Hitam" },
    { "jilbab pasmina", "Jilbab Pashmina Ceruty" },
    { "kerudung bergo", "Jilbab Bergo Instan" },
    { "sarung wadimor ijo", "Sarung Wadimor Hijau" },
    { "hodie navy", "Hoodie Oversize Navy" },
    { "sendal jepit", "Sandal Jepit Swallow" },
    { "sepatu adidaas", "Sepatu Adidas Stan Smith" },
    { "tas ransl", "Tas Ransel Polo" },
    { "bolpen standar", "Pulpen Standard AE7" },
    { "kertas hvs a4", "Kertas HVS A4 Sinar Dunia" },
    { "pulsa tsel 50000", "Pulsa Telkomsel 50000" },
    { "casan samsung", "Charger Samsung Type C" },
    { "hedset bluetooth", "Headset Bluetooth JBL" },
};

static sqlite3 *db;
static struct search *search;

static int open_shop(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, SEARCH_SCHEMA, NULL, NULL, NULL), SQLITE_OK);
    search = search_open(db);
    assert_non_null(search);
    for (size_t i = 0; i < COUNT(products); i++)
        assert_int_equal(search_put(search, "catalog", "products", 1, (int64_t)i + 1, products[i]),
                         BOT_OK);
    return 0;
}

static int close_shop(void **state)
{
    (void)state;
    search_close(search);
    sqlite3_close(db);
    return 0;
}

static void a_hundred_typed_searches_find_what_was_meant(void **state)
{
    (void)state;
    int right = 0;
    assert_true(COUNT(products) >= 150);
    assert_int_equal(COUNT(searches), 100);
    for (size_t i = 0; i < COUNT(searches); i++) {
        struct bot_found found[3];
        int n = search_find(search, "catalog", "products", 1, searches[i].typed, found, 3);
        const char *got = n > 0 ? products[found[0].id - 1] : "(nothing)";
        if (strcmp(got, searches[i].first) == 0)
            right++;
        else
            print_message("\"%s\": wanted \"%s\", got \"%s\" %d\n", searches[i].typed,
                          searches[i].first, got, n > 0 ? found[0].score : 0);
    }
    print_message("%d of %zu typed searches found theirs first\n", right, COUNT(searches));
    assert_true(right >= 95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hundred_typed_searches_find_what_was_meant, open_shop,
                                        close_shop),
    };
    return cmocka_run_group_tests_name("search_typos", tests, NULL, NULL);
}
