/* test_fragments.c - pieces of bot.ini become one: later keys win, paths keep their folder. */
#include "core/cli/fragments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void add(struct fragments *f, const char *ini, const char *folder)
{
    char error[200] = "";
    if (fragments_add(f, ini, folder, error, sizeof error) != 0) fail_msg("%s", error);
}

static void later_keys_replace_and_sections_are_written_once(void **state)
{
    (void)state;
    struct fragments f = { 0 };
    struct buf out = { 0 };
    add(&f, "[core]\nlanguage = id ; a comment\n[plugins]\nsimulator = on\n", NULL);
    add(&f,
        "; nothing\n\n[plugins]\r\nhello = on\r\nsimulator = off\n[core]\n language=\"en\" \n# end",
        NULL);
    fragments_write(&f, &out);
    assert_string_equal(buf_str(&out),
                        "[core]\nlanguage = \"en\"\n[plugins]\nsimulator = off\nhello = on\n");
    assert_string_equal(fragments_get(&f, "core", "language"), "\"en\"");
    assert_null(fragments_get(&f, "core", "nothing"));
    buf_free(&out);
    fragments_free(&f);
}

static void relative_paths_are_taken_from_the_pieces_folder(void **state)
{
    (void)state;
    struct fragments f = { 0 };
    add(&f,
        "[plugins]\nhello = ../hello.so\nother = /opt/other.so\nthird = on\n[waha]\napi_key = @key\nx = a/b\n",
        "/shop/tests");
    assert_string_equal(fragments_get(&f, "plugins", "hello"), "/shop/tests/../hello.so");
    assert_string_equal(fragments_get(&f, "plugins", "other"), "/opt/other.so");
    assert_string_equal(fragments_get(&f, "plugins", "third"), "on");
    assert_string_equal(fragments_get(&f, "waha", "api_key"), "@/shop/tests/key");
    assert_string_equal(fragments_get(&f, "waha", "x"), "a/b");
    fragments_free(&f);
}

static void mistakes_name_their_line(void **state)
{
    (void)state;
    static const char *const cases[] = { "key = value", "[core]\nkey", "[core", NULL };
    for (size_t i = 0; cases[i]; i++) {
        struct fragments f = { 0 };
        char error[200] = "";
        assert_int_equal(fragments_add(&f, cases[i], NULL, error, sizeof error), -1);
        assert_memory_equal(error, i == 1 ? "line 2:" : "line 1:", 7);
        fragments_free(&f);
    }
}

static void a_missing_file_is_no_error(void **state)
{
    (void)state;
    struct fragments f = { 0 };
    char error[200] = "";
    assert_int_equal(fragments_add_file(&f, "/nonexistent/bot.ini", error, sizeof error), 1);
    assert_int_equal(fragments_add_file(&f, "/", error, sizeof error), -1);
    assert_non_null(strstr(error, "/: "));
    fragments_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_keys_replace_and_sections_are_written_once),
        cmocka_unit_test(relative_paths_are_taken_from_the_pieces_folder),
        cmocka_unit_test(mistakes_name_their_line),
        cmocka_unit_test(a_missing_file_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
