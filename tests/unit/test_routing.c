/* SPDX-License-Identifier: MIT
 * test_routing.c - store codes in texts, and codes made from names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/message/routing.h"
#include "core/people/members.h"

static struct arena arena;

static void finds(const char *text, const char *code, int alone, const char *without)
{
    struct code_found found;
    if (!routing_code(text, 0, &found)) fail_msg("no code in \"%s\"", text);
    assert_string_equal(found.code, code);
    assert_int_equal(found.alone, alone);
    assert_string_equal(routing_without(text, &found, &arena), without);
}

static void finds_none(const char *text)
{
    struct code_found found;
    if (routing_code(text, 0, &found)) fail_msg("\"%s\" in \"%s\"", found.code, text);
}

static void a_code_is_found_anywhere_in_the_first_line(void **state)
{
    (void)state;
    finds("#MAJU7", "MAJU7", 1, "");
    finds(" #maju7 ", "MAJU7", 1, "");
    finds("#Maju7 ada sepatu?", "MAJU7", 0, "ada sepatu?");
    finds("ada sepatu #maju7?", "MAJU7", 0, "ada sepatu ?");
    finds("ada #maju7 sepatu", "MAJU7", 0, "ada sepatu");
    finds("/lihat_produk #MAJU7\nsepatu", "MAJU7", 0, "/lihat_produk\nsepatu");
    finds("#TK2", "TK2", 1, "");
}

static void a_code_alone_needs_no_sign_but_a_digit(void **state)
{
    (void)state;
    finds("MAJU7", "MAJU7", 1, "");
    finds("maju7\n", "MAJU7", 1, "");
    finds_none("sepatu");
    finds_none("MAJU7 ya");
    finds_none("500");
    finds_none("7777");
}

static void other_words_are_no_codes(void **state)
{
    (void)state;
    finds_none("");
    finds_none("#");
    finds_none("#AB");
    finds_none("#ABCDEFGH2"); /* nine */
    finds_none("#TOKO2");     /* O */
    finds_none("#MAJU1");     /* 1 */
    finds_none("a#MAJU7");
    finds_none("#MAJU7\xc3\xa9");
    finds_none("halo\n#MAJU7"); /* the second line */
}

static void the_next_code_is_found_behind_one_that_is_none(void **state)
{
    (void)state;
    const char *text = "#diskn #MAJU7 sepatu"; /* the first is no store's */
    struct code_found found;
    assert_true(routing_code("#GRATS #MAJU7", 0, &found));
    assert_string_equal(found.code, "GRATS");
    assert_true(routing_code("#GRATS #MAJU7", found.at + found.len, &found));
    assert_string_equal(found.code, "MAJU7");
    finds(text, "MAJU7", 0, "#diskn sepatu");
}

static void of_a_very_long_line_only_the_beginning_is_read(void **state)
{
    (void)state;
    static char text[64001];
    struct code_found found;
    size_t from = 0;
    int codes = 0;
    for (size_t i = 0; i + 7 < sizeof text; i += 7) memcpy(text + i, "#MAJU7 ", 7);
    for (; routing_code(text, from, &found); codes++) from = found.at + found.len;
    assert_in_range(codes, 100, 200);
    /* and no word is cut there */
    memset(text, ' ', 1100);
    memcpy(text, "halo", 4);
    memcpy(text + 995, "#MAJU77", 7);
    text[1100] = '\0';
    finds_none(text);
}

static void base_is(const char *name, const char *expected)
{
    char base[8];
    stores_code_base(name, base);
    assert_string_equal(base, expected);
}

static void codes_begin_with_the_name(void **state)
{
    (void)state;
    base_is("Toko Maju", "MAJU");
    base_is("Warung Bu Sri Rejeki", "BU");
    base_is("Sepatu Kita", "SEPAT");
    base_is("Toko", "TK");
    base_is("TOKO", "TK");
    base_is("Kopi", "KP");
    base_is("\xf0\x9f\x98\x80", "TK");
    base_is("99", "TK");
    base_is("Caf\xc3\xa9 Nusa", "CAFE");
    base_is("A B C D", "AB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_found_anywhere_in_the_first_line),
        cmocka_unit_test(a_code_alone_needs_no_sign_but_a_digit),
        cmocka_unit_test(other_words_are_no_codes),
        cmocka_unit_test(the_next_code_is_found_behind_one_that_is_none),
        cmocka_unit_test(of_a_very_long_line_only_the_beginning_is_read),
        cmocka_unit_test(codes_begin_with_the_name),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
