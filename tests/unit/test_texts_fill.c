/* SPDX-License-Identifier: MIT
 * test_texts_fill.c - texts: parsed with line numbers in the errors, filled in, harmless for the
 * chat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/message/texts.h"

static struct arena arena;

static struct texts *parse(const char *id, const char *en)
{
    const struct bot_text_file files[] = { { "id", id }, { en ? "en" : NULL, en }, { NULL, NULL } };
    char error[200];
    struct texts *t = texts_parse(files, error, sizeof error);
    if (!t) print_message("%s\n", error);
    assert_non_null(t);
    return t;
}

static void refuses(const char *ini, const char *expected)
{
    const struct bot_text_file files[] = { { "id", ini }, { NULL, NULL } };
    char error[200];
    assert_null(texts_parse(files, error, sizeof error));
    if (!strstr(error, expected)) fail_msg("\"%s\" is not in \"%s\"", expected, error);
}

/* One text "k", filled with x. */
static void fills(const char *ini, struct bot_arg x, const char *expected)
{
    struct texts *t = parse(ini, NULL);
    assert_string_equal(texts_fill(t, "id", "k", &x, 1, "Asia/Jakarta", &arena), expected);
    texts_free(t);
}

static void lines_sections_and_comments(void **state)
{
    (void)state;
    struct texts *t = parse(
        "\xef\xbb\xbf; comment\r\n# another\r\n a.b = one \r\n\n[sec]\nkey=two = 2; no comment\n[]\nc = x\\ny\\\\n\nempty =\n",
        NULL);
    assert_string_equal(texts_fill(t, "id", "a.b", NULL, 0, NULL, &arena), "one");
    assert_string_equal(texts_fill(t, "id", "sec.key", NULL, 0, NULL, &arena),
                        "two = 2; no comment");
    assert_string_equal(texts_fill(t, "id", "c", NULL, 0, NULL, &arena), "x\ny\\n");
    assert_string_equal(texts_fill(t, "id", "empty", NULL, 0, NULL, &arena), "");
    assert_true(texts_has(t, "sec.key"));
    assert_false(texts_has(t, "key"));
    texts_free(t);
}

static void another_language_falls_back(void **state)
{
    (void)state;
    struct texts *t = parse("a = satu\nb = dua\n", "a = one\n");
    assert_string_equal(texts_fill(t, "en", "a", NULL, 0, NULL, &arena), "one");
    assert_string_equal(texts_fill(t, "en", "b", NULL, 0, NULL, &arena), "dua");
    assert_string_equal(texts_fill(t, "fr", "a", NULL, 0, NULL, &arena), "satu");
    assert_string_equal(texts_fill(t, NULL, "a", NULL, 0, NULL, &arena), "satu");
    assert_string_equal(texts_fill(t, "id", "no such key", NULL, 0, NULL, &arena), "no such key");
    assert_string_equal(texts_fill(NULL, "id", "literal", NULL, 0, NULL, &arena), "literal");
    texts_free(t);
}

static void placeholders_and_formats(void **state)
{
    (void)state;
    fills("k = {x}", bot_int("x", 1500000), "1500000");
    fills("k = {x}", bot_int("x", INT64_MIN), "-9223372036854775808");
    fills("k = {x:rp}", bot_int("x", 500000), "Rp500.000");
    fills("k = {x:rp}", bot_text("x", "500000"), "Rp500.000");
    fills("k = {x:rp}", bot_text("x", "banyak"), "banyak");
    fills("k = {{x}} {x}}", bot_text("x", "1"), "{x} 1}");
    fills("k = <{x}>", bot_text("x", NULL), "<>");
    fills("k = {y}", bot_int("x", 1), "{y}");
    fills("k = {x} {x|barang|barang-barang}", bot_int("x", 1), "1 barang");
    fills("k = {x} {x|barang|barang-barang}", bot_int("x", 2), "2 barang-barang");
    fills("k = {x} {x|item|}", bot_int("x", 0), "0 ");
}

static void dates_and_times_are_of_the_zone(void **state)
{
    (void)state;
    const int64_t ms = 1795402540000; /* 2026-11-23 02:55:40 UTC */
    const struct bot_arg x = bot_int("x", ms), before = bot_int("x", -1);
    struct texts *t = parse("k = {x:date} {x:time}\n", "k = {x:date} {x:time}\n");
    assert_string_equal(texts_fill(t, "id", "k", &x, 1, "Asia/Jakarta", &arena),
                        "23 Nov 2026 09.55");
    assert_string_equal(texts_fill(t, "en", "k", &x, 1, "Asia/Jayapura", &arena),
                        "23 Nov 2026 11:55");
    assert_string_equal(texts_fill(t, "id", "k", &x, 1, "Mars/Base", &arena), "23 Nov 2026 02.55");
    assert_string_equal(texts_fill(t, "id", "k", &before, 1, "UTC", &arena), "31 Des 1969 23.59");
    texts_free(t);
}

static void texts_from_outside_are_harmless(void **state)
{
    (void)state;
    fills("k = *{x}*", bot_text("x", "*Diskon* nike_air 2*3 _x_"),
          "*\xe2\x88\x97"
          "Diskon\xe2\x88\x97 nike_air 2*3 \xef\xbc\xbfx\xef\xbc\xbf*");
    fills("k = {x}", bot_text("x", "~`"), "\xe2\x88\xbc\xc2\xb4");
    fills("k = {x:raw}", bot_text("x", "*tebal*"), "*tebal*");
    fills("k = {x}",
          bot_text("x", "a\xff"
                        "b\xc3"),
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd");
    fills("k = {x}",
          bot_text("x", "a\x01"
                        "b\nc"),
          "ab\nc");
    fills("k = {x}", bot_text("x", "{x} %s"), "{x} %s");
}

static void mistakes_name_language_and_line(void **state)
{
    (void)state;
    refuses("a = 1\nb = {x", "id.ini:2: ");
    refuses("a = 1\n\n\nnothing", "id.ini:4: ");
    refuses("a = {}", "name");
    refuses("a = {x:euro}", "rp, date, time or raw");
    refuses("a = {x|one}", "{name|one|many}");
    refuses("a = {x|1|2|3}", "{name|one|many}");
    refuses("a = {X}", "name");
    refuses("a = \\t", "backslash");
    refuses("a = x\\", "backslash");
    refuses("a = 1\na = 2", "id.ini:2: this key is there twice");
    refuses("A b = 1", "a-z");
    refuses(" = 1", "missing");
    refuses("[sec\n", "bracket");
    refuses("a = \xff", "UTF-8");
    const struct bot_text_file files[] = { { "en", "a = 1" }, { NULL, NULL } };
    char error[200];
    assert_null(texts_parse(files, error, sizeof error));
    assert_non_null(strstr(error, "id.ini is missing"));
}

static void the_core_says_the_same_things_in_each_language(void **state)
{
    (void)state;
    char error[200];
    struct texts *t = texts_parse(core_texts, error, sizeof error);
    assert_non_null(t);
    assert_true(texts_has(t, "error.failed"));
    assert_true(texts_has(t, "route.ask"));
    texts_free(t);
}

static void nothing_at_all_is_no_mistake(void **state)
{
    (void)state;
    char error[200];
    struct texts *t = texts_parse(NULL, error, sizeof error);
    assert_non_null(t);
    assert_string_equal(texts_fill(t, "id", "k", NULL, 0, NULL, &arena), "k");
    texts_free(t);
    texts_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_sections_and_comments),
        cmocka_unit_test(another_language_falls_back),
        cmocka_unit_test(placeholders_and_formats),
        cmocka_unit_test(dates_and_times_are_of_the_zone),
        cmocka_unit_test(texts_from_outside_are_harmless),
        cmocka_unit_test(mistakes_name_language_and_line),
        cmocka_unit_test(the_core_says_the_same_things_in_each_language),
        cmocka_unit_test(nothing_at_all_is_no_mistake),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
