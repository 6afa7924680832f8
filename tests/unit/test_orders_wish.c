/* SPDX-License-Identifier: MIT
 * test_orders_wish.c - what somebody wants to buy, as people write it: is it a wish at all, of
 * what, how many; and that no text whatever makes it read or write where it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../plugins/orders/wish.c"

/* The wishes of a message as one text: "2 kopi susu|#7/2 x3|kopi ?2", ?N a number that may be the
 * count; "-" when it is no wish, "" when nothing is said but the verb. */
static const char *wishes_of(const char *message)
{
    static char said[20000];
    struct wish wishes[WISHES_MAX];
    const char *wanted = wish_verb(message);
    if (!wanted) return "-";
    char *text = strdup(wanted);
    int more;
    size_t n = wish_parse(text, wishes, &more), at = 0;
    said[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const struct wish *w = &wishes[i];
        at += (size_t)snprintf(said + at, sizeof said - at, "%s", i ? "|" : "");
        if (w->product && w->variant)
            at +=
                (size_t)snprintf(said + at, sizeof said - at, "#%lld/%lld x%lld",
                                 (long long)w->product, (long long)w->variant, (long long)w->count);
        else if (w->product)
            at += (size_t)snprintf(said + at, sizeof said - at, "#%lld x%lld",
                                   (long long)w->product, (long long)w->count);
        else
            at += (size_t)snprintf(said + at, sizeof said - at, "%lld %s", (long long)w->count,
                                   w->words);
        if (w->trailing)
            at += (size_t)snprintf(said + at, sizeof said - at, " ?%lld", (long long)w->trailing);
    }
    if (more) snprintf(said + at, sizeof said - at, "|...");
    free(text);
    return said;
}

static const struct {
    const char *message, *wishes;
} cases[] = {
    /* a verb, or none */
    { "pesan", "" },
    { "Pesan!", "" },
    { "mau pesan dong kak", "" },
    { "pesan ...", "" },
    { "pesan ---", "" },
    { "pesan , ; &", "" },
    { "", "-" },
    { " \n\t ", "-" },
    { "...", "-" },
    { "\xF0\x9F\x9B\x92", "-" },
    { "pesanan saya", "-" },
    { "pesanan", "-" },
    { "cara pesan", "-" },
    { "ada pesan untuk saya?", "-" },
    { "min order berapa ya", "-" },
    { "mau pesan gimana caranya", "-" },
    { "pesan apa aja yang ada", "-" },
    { "order how", "-" },
    { "order saya kemarin belum sampai", "-" },
    { "halo kak", "-" },
    { "saya mau tanya", "-" },
    { "sepatu", "-" },
    { "kopi pesan 2", "-" },
    { "PESAN 2 KOPI", "2 KOPI" },
    { "saya mau pesan 2 kopi", "2 kopi" },
    { "halo kak selamat siang mau order kopi", "1 kopi" },
    { "Halo kak,\nmau pesan 2 kopi", "2 kopi" },
    { "permisi min, mau beli beras", "1 beras" },
    { "Pesan: 2 kopi", "2 kopi" },
    { "I'd like to order 2 teas", "2 teas" },
    { "can i order a cake please", "1 cake" },
    { "i want to buy two shirts", "2 shirts" },
    { "pesan lagi kopi", "1 kopi" },
    /* how many, in front */
    { "pesan 2 kopi susu", "2 kopi susu" },
    { "pesan 2x kopi", "2 kopi" },
    { "pesan 2 x kopi", "2 kopi" },
    { "pesan 2 pcs kopi", "2 kopi" },
    { "pesan 2pcs kopi", "2 kopi" },
    { "pesan dua porsi bakso", "2 bakso" },
    { "pesan Sepuluh bakso", "10 bakso" },
    { "beli sebungkus mie", "1 mie" },
    { "order 1 lusin?", "1 lusin" },
    { "order 2 lusin donat", "24 donat" },
    { "order selusin donat", "12 donat" },
    { "pesan 2 botol", "2 botol" },
    { "pesan 3in1 kopi", "1 3in1 kopi" },
    { "pesan 1,5 liter minyak", "1 1,5 liter minyak" },
    { "pesan 2kg beras", "1 2kg beras" },
    { "pesan 007 kopi", "7 kopi" },
    { "pesan 9999 kopi", "9999 kopi" },
    { "pesan 10000 kopi", "10000 kopi" },
    { "pesan 99999999999 kopi", "10000 kopi" },
    { "pesan 99999999999999999999999999 kopi", "10000 kopi" },
    { "pesan 9999 lusin kopi", "10000 kopi" },
    { "pesan 0 kopi", "0 kopi" },
    { "pesan -2 kopi", "2 kopi" },
    { "pesan 2", "1 2" },
    /* how many, behind */
    { "pesan kopi x 3", "3 kopi" },
    { "pesan kopi x3", "3 kopi" },
    { "pesan kopi 3x", "3 kopi" },
    { "pesan kopi = 3", "3 kopi" },
    { "pesan kopi : 3", "3 kopi" },
    { "pesan kopi: 3", "3 kopi" },
    { "pesan kopi 3 pcs", "3 kopi" },
    { "pesan kopi 3pcs", "3 kopi" },
    { "pesan donat 2 lusin", "24 donat" },
    { "pesan kopi \xC3\x97 2", "2 kopi" },
    { "pesan kopi \xC3\x97"
      "2",
      "2 kopi" },
    { "pesan kopi x 99999", "10000 kopi" },
    { "pesan kopi 3", "1 kopi 3 ?3" },
    { "pesan kopi 99999", "1 kopi 99999 ?10000" },
    { "pesan kopi 3 ya kak", "1 kopi 3 ?3" },
    { "pesan 2 kopi susu dong kak, makasih", "2 kopi susu" },
    { "pesan kopi ya", "1 kopi" },
    { "pesan kopi x2 ya kak", "2 kopi" },
    { "beli sepatu nike air max 90", "1 sepatu nike air max 90 ?90" },
    { "beli 2 sepatu nike air max 90", "2 sepatu nike air max 90" },
    { "beli beras 5 kg", "1 beras 5 kg" },
    { "pesan x 3", "1 x 3 ?3" },
    { "pesan = 3", "1 3" },
    { "pesan x3", "1 x3" },
    /* by its id */
    { "pesan #7", "#7 x1" },
    { "pesan #7 x2", "#7 x2" },
    { "pesan #7 x0", "#7 x0" },
    { "pesan #7x2", "#7 x2" },
    { "pesan #7 2", "#7 x2" },
    { "pesan 2 #7", "#7 x2" },
    { "pesan 2x #7", "#7 x2" },
    { "pesan 7 2", "#7 x2" },
    { "pesan 7  2", "#7 x2" },
    { "pesan 7/2", "#7/2 x1" },
    { "pesan 7/2 x3", "#7/2 x3" },
    { "pesan 7/2 3", "#7/2 x3" },
    { "pesan id 7", "#7 x1" },
    { "pesan ID:7 x2", "#7 x2" },
    { "pesan #0", "1 #0" },
    { "pesan #7/0 x4", "#7 x4" },
    { "pesan #7/99999", "#7/10000 x1" },
    { "pesan #9999999999999999999999", "1 #9999999999999999999999" },
    { "pesan #7 x99999", "#7 x10000" },
    { "pesan #", "1 #" },
    { "pesan 1/2 lusin donat", "1 1/2 lusin donat" },
    /* several */
    { "pesan 2 kopi susu dan 1 teh", "2 kopi susu|1 teh" },
    { "mau order dong kak 2x nasi goreng, es teh 3", "2 nasi goreng|1 es teh 3 ?3" },
    { "pesan kopi, teh & roti + susu; gula", "1 kopi|1 teh|1 roti|1 susu|1 gula" },
    { "pesan 2 kopi sama 3 teh plus roti", "2 kopi|3 teh|1 roti" },
    { "pesan kopi 2,teh 3", "1 kopi 2 ?2|1 teh 3 ?3" },
    { "pesan\n- 2 kopi\n- teh x3\n\n- #7", "2 kopi|3 teh|#7 x1" },
    { "pesan:\n1. kopi\n2. teh\n3) roti 2 pcs", "1 kopi|1 teh|2 roti" },
    { "pesan\r\n\xE2\x80\xA2 2 kopi\r\n\xE2\x80\xA2 teh\r\n", "2 kopi|1 teh" },
    { "pesan sandal dan", "1 sandal dan" },
    /* other scripts and broken bytes */
    { "pesan 2 kopi \xE2\x98\x95", "2 kopi \xE2\x98\x95" },
    { "pesan 2\xC2\xA0kopi", "2 kopi" },
    { "pesan \xE5\x92\x96\xE5\x95\xA1 x2", "2 \xE5\x92\x96\xE5\x95\xA1" },
    { "pesan \xFF\xFE\x80", "1 \xFF\xFE\x80" },
    { "pesan \xC3", "1 \xC3" },
};

static void messages_are_wishes_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = wishes_of(cases[i].message);
        if (strcmp(said, cases[i].wishes) != 0)
            fail_msg("\"%s\":\n%s, not\n%s", cases[i].message, said, cases[i].wishes);
    }
}

static void more_wishes_than_fit_are_told(void **state)
{
    (void)state;
    char text[400] = "pesan kopi 1 pcs";
    for (unsigned i = 2; i <= 25; i++) sprintf(text + strlen(text), ", kopi %u pcs", i);
    const char *said = wishes_of(text);
    assert_non_null(strstr(said, "1 kopi|2 kopi|"));
    assert_non_null(strstr(said, "|20 kopi|..."));
}

static void a_very_long_message_is_one_wish(void **state)
{
    (void)state;
    char *text = malloc(10001);
    memset(text, 'x', 10000);
    memcpy(text, "pesan 2 ", 8);
    text[10000] = '\0';
    const char *said = wishes_of(text);
    assert_int_equal(strlen(said), 10000 - 8 + 2);
    free(text);
}

static void a_whole_line_may_be_a_name(void **state)
{
    (void)state;
    char text[] = "  2 Paket Nasi + Ayam & Es Teh ya kak ";
    struct wish w;
    wish_whole(text, &w);
    assert_int_equal(w.count, 2);
    assert_string_equal(w.words, "Paket Nasi + Ayam & Es Teh");
}

/* ---- no text does harm ----------------------------------------------------------------------- */

static uint32_t chance(void)
{
    static uint32_t seed = 20260105;
    seed ^= seed << 13;
    seed ^= seed >> 17;
    return seed ^= seed << 5;
}

/* Bits of what people write, and any bytes; on the heap, so that the sanitizers see its ends. */
static char *random_text(void)
{
    static const char *const bits[] = {
        "pesan ", "2",   "x",    " x ", "#7",   "/",        "=",  ":", " dan ", ",",
        ";",      "pcs", "kopi", " ",   "\n",   "- ",       "1.", ")", "lusin", "ya",
        "kak",    "id ", "+",    "0",   "9999", "\xC3\x97", "a ", ".", "\t",    "\xC3",
    };
    char text[400] = "";
    for (uint32_t n = chance() % 30; n; n--) {
        size_t at = strlen(text);
        if (chance() % 8)
            strcpy(text + at, bits[chance() % (sizeof bits / sizeof *bits)]);
        else
            text[at] = (char)(chance() % 255 + 1), text[at + 1] = '\0';
    }
    return strdup(text);
}

static void no_text_does_harm(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct wish wishes[WISHES_MAX];
        char *text = random_text(), *whole = strdup(text);
        size_t len = strlen(text);
        int more;
        const char *wanted = wish_verb(text);
        assert_true(!wanted || (wanted >= text && wanted <= text + len));
        size_t n = wish_parse(text, wishes, &more);
        assert_true(n <= WISHES_MAX);
        for (size_t k = 0; k < n; k++) {
            assert_in_range(wishes[k].count, 0, COUNT_MAX + 1);
            assert_true(wishes[k].words >= text && wishes[k].words <= text + len);
            assert_true(wishes[k].product || *wishes[k].words);
        }
        wish_whole(whole, wishes);
        assert_in_range(wishes[0].count, 0, COUNT_MAX + 1);
        free(whole);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_wishes_or_not),
        cmocka_unit_test(more_wishes_than_fit_are_told),
        cmocka_unit_test(a_very_long_message_is_one_wish),
        cmocka_unit_test(a_whole_line_may_be_a_name),
        cmocka_unit_test(no_text_does_harm),
    };
    return cmocka_run_group_tests_name("wishes", tests, NULL, NULL);
}
