/* text.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BAD      "\xef\xbf\xbd"

static void check_clean(const char *in, size_t len, const char *want)
{
    char out[256];
    assert_int_equal(text_clean(NULL, 0, in, len), strlen(want));
    assert_int_equal(text_clean(out, sizeof out, in, len), strlen(want));
    assert_string_equal(out, want);
}

static void cleaning_keeps_good_text(void **state)
{
    (void)state;
    check_clean("Halo Kak \xf0\x9f\x98\x80\n\tcaf\xc3\xa9", 20,
                "Halo Kak \xf0\x9f\x98\x80\n\tcaf\xc3\xa9");
    check_clean("", 0, "");
    check_clean("\xd8\xa7\xd9\x84 \xe4\xb8\xad", 8, "\xd8\xa7\xd9\x84 \xe4\xb8\xad");
}

static void cleaning_drops_control_characters(void **state)
{
    (void)state;
    check_clean("a\0b", 3, "ab");
    check_clean("a\r\nb", 4, "a\nb");
    check_clean("a\x01\x1f\x7f"
                "b",
                5, "ab");
    check_clean("a\xc2\x85\xc2\x9f"
                "b\xc2\xa0",
                8, "ab\xc2\xa0");
}

static void cleaning_replaces_what_is_no_utf8(void **state)
{
    (void)state;
    check_clean("\xc0\xaf", 2, BAD BAD);                 /* overlong / */
    check_clean("\xe0\x80\xaf", 3, BAD BAD BAD);         /* overlong / */
    check_clean("\xed\xa0\x80", 3, BAD BAD BAD);         /* surrogate */
    check_clean("\xf4\x90\x80\x80", 4, BAD BAD BAD BAD); /* above U+10FFFF */
    check_clean("\xf5", 1, BAD);
    check_clean("a\xe4\xb8", 3, "a" BAD); /* cut off */
    check_clean("\xe4\xb8"
                "b",
                3, BAD "b");
    check_clean("\x80z", 2, BAD "z");
    check_clean("\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf");
}

/* Wherever a byte stands: plain text is looked at eight bytes at a time. */
static void cleaning_sees_every_byte_in_every_place(void **state)
{
    (void)state;
    for (int byte = 0; byte < 0x80; byte++) {
        for (size_t at = 0; at < 24; at++) {
            char in[25] = "abcdefghijklmnopqrstuvwx", want[25] = "abcdefghijklmnopqrstuvwx";
            in[at] = (char)byte;
            if ((byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\t')
                want[at] = (char)byte;
            else
                memmove(want + at, want + at + 1, sizeof want - at - 1);
            check_clean(in, 24, want);
        }
    }
}

static void cleaning_never_cuts_a_character(void **state)
{
    (void)state;
    char out[8];
    assert_int_equal(text_clean(out, 4, "ab\xc3\xa9", 4), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(text_clean(out, 5, "ab\xc3\xa9z", 5), 4);
    assert_string_equal(out, "ab\xc3\xa9");
    /* What does not fit ends it: nothing shorter that follows slips in. */
    assert_int_equal(text_clean(out, 3, "a\xc3\xa9z", 4), 1);
    assert_int_equal(text_clean(out, 1, "abc", 3), 0);
    assert_string_equal(out, "");
}

static void utf8_is_told_from_other_bytes(void **state)
{
    (void)state;
    assert_true(text_is_utf8("", 0));
    assert_true(text_is_utf8("caf\xc3\xa9\xf0\x9f\x98\x80", 9));
    assert_false(text_is_utf8("caf\xc3", 4));
    assert_false(text_is_utf8("\xff", 1));
    assert_int_equal(text_chars("caf\xc3\xa9\xf0\x9f\x98\x80"), 5);
    assert_int_equal(text_chars(""), 0);
}

static void a_prefix_ends_between_characters(void **state)
{
    (void)state;
    assert_int_equal(text_prefix("abc", 3, 5), 3);
    assert_int_equal(text_prefix("abc", 3, 2), 2);
    assert_int_equal(text_prefix("a\xf0\x9f\x98\x80", 5, 4), 1);
    assert_int_equal(text_prefix("a\xf0\x9f\x98\x80", 5, 1), 1);
    assert_int_equal(text_prefix("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
    assert_int_equal(text_prefix("\xf0\x9f\x98\x80", 4, 0), 0);
}

static void check_trim(const char *in, const char *want)
{
    size_t len = strlen(in);
    const char *p = text_trim(in, &len);
    assert_int_equal(len, strlen(want));
    assert_memory_equal(p, want, len);
}

static void trimming_knows_the_invisible_spaces(void **state)
{
    (void)state;
    check_trim("  a b \r\n", "a b");
    check_trim("\xc2\xa0\xe2\x80\x8b"
               "a\xef\xbb\xbf",
               "a");
    check_trim(" \t\n", "");
    check_trim("", "");
    check_trim("\xc3\xa9 ", "\xc3\xa9");
    check_trim("a\x80", "a\x80");
}

static void check_line(const char *in, const char *want)
{
    char out[200];
    assert_int_equal(text_line(out, sizeof out, in), strlen(want));
    assert_string_equal(out, want);
    assert_int_equal(text_line(NULL, 0, in), strlen(want));
}

static void a_line_holds_only_what_can_be_seen(void **state)
{
    (void)state;
    check_line("Toko Maju", "Toko Maju");
    check_line("  Toko \t\n Maju\r\n", "Toko Maju");
    check_line("", "");
    check_line(" \n\t ", "");
    check_line("Toko\xc2\xa0\xe2\x80\x83Maju", "Toko Maju"); /* no-break, em space */
    check_line("To\xe2\x80\x8bko\xef\xbb\xbf", "Toko");      /* of no width */
    check_line("\xe2\x80\xaeujaM\xe2\x80\xac", "ujaM");      /* turned around */
    check_line("a\x01\x7f\xc2\x9b"
               "b",
               "ab");                                          /* controls */
    check_line("a\xffz", "a\xef\xbf\xbdz");                    /* no UTF-8 */
    check_line("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x8d\xb3", /* one cook, of three */
               "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x8d\xb3");
    char out[8];
    assert_int_equal(text_line(out, sizeof out, "Toko    \xc3\xa9\xc3\xa9"), 7);
    assert_string_equal(out, "Toko \xc3\xa9");
    assert_int_equal(text_line(out, 6, "Toko \xc3\xa9"), 4); /* not half, and no space */
    assert_string_equal(out, "Toko");
    assert_int_equal(text_line(out, 1, "Toko"), 0);
    assert_string_equal(out, "");
}

static void check_fold(const char *in, const char *want)
{
    char out[128];
    assert_int_equal(text_fold(NULL, 0, in), strlen(want));
    assert_int_equal(text_fold(out, sizeof out, in), strlen(want));
    assert_string_equal(out, want);
    assert_true(strlen(want) <= strlen(in));
}

static void folding_makes_text_searchable(void **state)
{
    (void)state;
    check_fold("Caf\xc3\xa9", "cafe");
    check_fold("Cafe\xcc\x81", "cafe"); /* e and a combining accent */
    check_fold("  Es-Teh,  MANIS! ", "es teh manis");
    check_fold("\xc3\x80\xc3\x9f\xc3\x86\xc3\xb8\xc3\xb1\xc3\xbf", "assaeony");
    check_fold("\xc5\xa0koda \xc4\xb0 \xc5\x93uf", "skoda i oeuf");
    check_fold("2\xc3\x97"
               "3",
               "2 3");
    check_fold("\xf0\x9f\x98\x80 ok", "\xf0\x9f\x98\x80 ok");
    check_fold("\xe4\xb8\xad\xe3\x80\x81\xe6\x96\x87", "\xe4\xb8\xad \xe6\x96\x87");
    check_fold("a\xe2\x80\x8b"
               "b\xff"
               "c",
               "ab c");
    check_fold("?!", "");
    check_fold("", "");
    char out[5];
    assert_int_equal(text_fold(out, sizeof out, "ab cdef"), 4);
    assert_string_equal(out, "ab c");
    assert_int_equal(text_fold(out, 4, "ab cdef"), 2); /* no space at the end */
    assert_string_equal(out, "ab");
}

static void ascii_case_is_ignored(void **state)
{
    (void)state;
    assert_true(text_equal_nocase("Ya", "yA"));
    assert_false(text_equal_nocase("ya", "yah"));
    assert_false(text_equal_nocase("@", "`"));
    assert_true(text_equal_nocase("", ""));
}

static void distance_counts_edits_and_swaps(void **state)
{
    (void)state;
    assert_int_equal(text_distance("", "", 3), 0);
    assert_int_equal(text_distance("nike", "nkie", 3), 1);
    assert_int_equal(text_distance("bakso", "bkso", 3), 1);
    assert_int_equal(text_distance("abc", "", 3), 3);
    assert_int_equal(text_distance("abcdef", "ghijkl", 3), 4);
    assert_int_equal(text_distance("abcdef", "ghijkl", 9), 6);
    assert_int_equal(text_distance("a", "abcdefgh", 2), 3);
    assert_int_equal(text_distance("ab", "ba", 0), 1);
    assert_int_equal(text_distance("ab", "ab", 0), 0);
    char word[70];
    memset(word, 'x', sizeof word);
    word[64] = '\0';
    assert_int_equal(text_distance(word, word, 5), 6);
    word[63] = '\0';
    assert_int_equal(text_distance(word, word, 5), 0);
}

static void the_nearest_name_is_found_within_a_third(void **state)
{
    (void)state;
    static const char *const names[] = { "lihat_produk", "tambah_produk", "stok", "listen" };
    assert_string_equal(text_nearest("liat_produk", names, COUNT(names)), "lihat_produk");
    assert_string_equal(text_nearest("STOK", names, COUNT(names)), "stok");
    assert_string_equal(text_nearest("sotk", names, COUNT(names)), "stok");
    assert_string_equal(text_nearest("sto", names, COUNT(names)), "stok");
    assert_null(text_nearest("xyz", names, COUNT(names)));
    assert_null(text_nearest("", names, COUNT(names)));
    assert_null(text_nearest("a", names, 0));
}

static void phone_numbers_are_taken_in_any_spelling(void **state)
{
    (void)state;
    static const char *const same[] = { "6281100000001",
                                        "081100000001",
                                        "0811-0000-0001",
                                        "+62 811-0000-0001",
                                        "62 811.0000.0001",
                                        "(0811) 00000001",
                                        "81100000001",
                                        "+62 (0)811 00000001",
                                        "006281100000001",
                                        "  0811\xc2\xa0"
                                        "0000\xe2\x80\x91"
                                        "0001 ",
                                        "\xe2\x80\xaa+62 811 00000001\xe2\x80\xac" };
    char out[20];
    for (size_t i = 0; i < COUNT(same); i++) {
        assert_int_equal(text_phone(same[i], out, sizeof out), 0);
        assert_string_equal(out, "6281100000001");
    }
    assert_int_equal(text_phone("+1 415 555 0100", out, sizeof out), 0);
    assert_string_equal(out, "14155550100");
    assert_int_equal(text_phone("+81 3-1234-5678", out, sizeof out), 0);
    assert_string_equal(out, "81312345678");
    assert_int_equal(text_phone("(021) 5550100", out, sizeof out), 0);
    assert_string_equal(out, "62215550100");
}

static void what_is_no_phone_number_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "+",
                                       "0",
                                       "00",
                                       "0811",
                                       "62811",
                                       "811",
                                       "0811abc00001",
                                       "6281100000001@c.us",
                                       "1234567890123456",
                                       "++6281100000001",
                                       "62+81100000001",
                                       "0811/0000/0001",
                                       "000811000001",
                                       "12345678901234567890123",
                                       "81100000001\xff",
                                       "\xd9\xa0\xd9\xa8\xd9\xa1\xd9\xa1\xd9\xa0\xd9\xa0\xd9\xa0" };
    char out[20];
    for (size_t i = 0; i < COUNT(bad); i++)
        if (text_phone(bad[i], out, sizeof out) == 0) fail_msg("accepted: %s", bad[i]);
    assert_int_equal(text_phone(NULL, out, sizeof out), -1);
    assert_int_equal(text_phone("6281100000001", out, 13), -1);
    assert_int_equal(text_phone("6281100000001", out, 14), 0);
}

static void an_answer_agrees_or_does_not_with_a_few_words_beside_it(void **state)
{
    (void)state;
    static const char *const yes[] = { "ya",
                                       "YA",
                                       "Ya.",
                                       "iya",
                                       "y",
                                       "OK!",
                                       "oke",
                                       "Okay.",
                                       "yes",
                                       "ya ",
                                       "\tya\n",
                                       "Setuju",
                                       "*YA*",
                                       "\"ya\"",
                                       "ya...!",
                                       "ya, ",
                                       "ya kak",
                                       "Iya, Kak!",
                                       "ya \xF0\x9F\x99\x8F",
                                       "ya ya",
                                       "\xF0\x9F\x91\x8D oke min",
                                       "ok makasih ya",
                                       "ya, terima kasih kak",
                                       "yes please",
                                       "oke siap",
                                       "ya jadi" };
    static const char *const no[] = { "tidak",    "TIDAK",     "Tidak.",
                                      "t",        "n",         "no",
                                      "tdk",      "gak",       "GA",
                                      "nggak",    "enggak",    "jangan!",
                                      "_tidak_",  "tidak ya",  "tidak jadi kak",
                                      "gak usah", "no thanks", "jangan dulu \xF0\x9F\x99\x8F" };
    static const char *const neither[] = { "",
                                           " ",
                                           ".",
                                           "*",
                                           "ya tapi nanti",
                                           "ya tidak",
                                           "tidak oke",
                                           "\xF0\x9F\x99\x8F",
                                           "kak",
                                           "ya kak tapi besok",
                                           "jadi",
                                           "yaa",
                                           "yak",
                                           "1",
                                           "0",
                                           "oke?",
                                           "ya?",
                                           "YA/TIDAK",
                                           "y a",
                                           "mungkin",
                                           "batal",
                                           "ya\xc2\xa0",
                                           "\xf0\x9f\x91\x8d",
                                           "ya, tapi nanti",
                                           "enggakenggakenggakenggakenggakenggakenggakenggak" };
    char text[2001];
    for (size_t i = 0; i < COUNT(yes); i++)
        if (text_yes_no(yes[i]) != 1) fail_msg("not understood as yes: %s", yes[i]);
    for (size_t i = 0; i < COUNT(no); i++)
        if (text_yes_no(no[i]) != 0) fail_msg("not understood as no: %s", no[i]);
    for (size_t i = 0; i < COUNT(neither); i++)
        if (text_yes_no(neither[i]) != -1) fail_msg("understood: %s", neither[i]);
    for (size_t n = 1; n < sizeof text; n = n * 2 + 1) { /* 1, 3, 7, 15, ... letters */
        memset(text, 'y', n);
        text[n] = '\0';
        assert_int_equal(text_yes_no(text), n == 1 ? 1 : -1);
    }
    memset(text, '.', 2000);
    memcpy(text + 1000, "ya", 2);
    text[2000] = '\0';
    assert_int_equal(text_yes_no(text), 1);
    assert_int_equal(text_yes_no(NULL), -1);
}

static void only_whole_numbers_are_numbers(void **state)
{
    (void)state;
    int64_t n = 0;
    assert_int_equal(text_int("0", &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(text_int("007", &n), 0);
    assert_int_equal(n, 7);
    assert_int_equal(text_int("9223372036854775807", &n), 0);
    assert_true(n == INT64_MAX);
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1e9", "1.5", "x", "9223372036854775808", "99999999999999999999"
    };
    for (size_t i = 0; i < COUNT(bad); i++) assert_int_equal(text_int(bad[i], &n), -1);
}

static void rupiah_are_grouped_by_dots(void **state)
{
    (void)state;
    char out[40];
    assert_string_equal(text_rupiah(500000, out), "Rp500.000");
    assert_string_equal(text_rupiah(0, out), "Rp0");
    assert_string_equal(text_rupiah(999, out), "Rp999");
    assert_string_equal(text_rupiah(1000, out), "Rp1.000");
    assert_string_equal(text_rupiah(-500, out), "-Rp500");
    assert_string_equal(text_rupiah(INT64_MIN, out), "-Rp9.223.372.036.854.775.808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleaning_keeps_good_text),
        cmocka_unit_test(cleaning_drops_control_characters),
        cmocka_unit_test(cleaning_replaces_what_is_no_utf8),
        cmocka_unit_test(cleaning_sees_every_byte_in_every_place),
        cmocka_unit_test(cleaning_never_cuts_a_character),
        cmocka_unit_test(utf8_is_told_from_other_bytes),
        cmocka_unit_test(a_prefix_ends_between_characters),
        cmocka_unit_test(trimming_knows_the_invisible_spaces),
        cmocka_unit_test(a_line_holds_only_what_can_be_seen),
        cmocka_unit_test(folding_makes_text_searchable),
        cmocka_unit_test(ascii_case_is_ignored),
        cmocka_unit_test(distance_counts_edits_and_swaps),
        cmocka_unit_test(the_nearest_name_is_found_within_a_third),
        cmocka_unit_test(phone_numbers_are_taken_in_any_spelling),
        cmocka_unit_test(what_is_no_phone_number_is_refused),
        cmocka_unit_test(an_answer_agrees_or_does_not_with_a_few_words_beside_it),
        cmocka_unit_test(only_whole_numbers_are_numbers),
        cmocka_unit_test(rupiah_are_grouped_by_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
