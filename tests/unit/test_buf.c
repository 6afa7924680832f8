/* buf.c, arena.c and clock.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/clock.h"

static void an_empty_buffer_reads_as_an_empty_string(void **state)
{
    (void)state;
    struct buf b = { 0 };
    assert_string_equal(buf_str(&b), "");
    buf_free(&b);
    buf_free(NULL);
    char *taken = buf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
}

static void what_is_added_is_joined_and_terminated(void **state)
{
    (void)state;
    struct buf b = { 0 };
    for (int i = 0; i < 1000; i++) buf_addc(&b, 'x');
    buf_adds(&b, NULL);
    buf_adds(&b, "yz");
    buf_add(&b, NULL, 0);
    buf_addf(&b, "%s-%d",
             "a string that is longer than the room which was reserved before it, by far", 7);
    assert_int_equal(b.len, 1000 + 2 + 78 - 4 + 2);
    assert_int_equal(strlen(buf_str(&b)), b.len);
    assert_string_equal(buf_str(&b) + b.len - 5, "far-7");
    buf_clear(&b);
    assert_string_equal(buf_str(&b), "");
    buf_adds(&b, "again");
    char *taken = buf_take(&b);
    assert_string_equal(taken, "again");
    assert_null(b.data);
    free(taken);
}

static void numbers_are_written_in_decimal(void **state)
{
    (void)state;
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = { { 0, "0" },
                  { 9, "9" },
                  { 10, "10" },
                  { 99, "99" },
                  { 100, "100" },
                  { -1, "-1" },
                  { 12345, "12345" },
                  { INT64_MAX, "9223372036854775807" },
                  { INT64_MIN, "-9223372036854775808" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = { 0 };
        buf_addi(&b, cases[i].n);
        assert_string_equal(buf_str(&b), cases[i].text);
        buf_free(&b);
    }
}

static void check_json(const char *in, size_t len, const char *out)
{
    struct buf b = { 0 };
    buf_add_json(&b, in, len);
    assert_string_equal(buf_str(&b), out);
    buf_free(&b);
}

static void json_strings_are_escaped_and_always_utf8(void **state)
{
    (void)state;
    check_json(NULL, 5, "\"\"");
    check_json("", 0, "\"\"");
    check_json("Halo \"Kak\"\\", 11, "\"Halo \\\"Kak\\\"\\\\\"");
    check_json("a\nb\tc\rd\be\ff\x01g\0h", 15, "\"a\\nb\\tc\\rd\\be\\ff\\u0001g\\u0000h\"");
    check_json("caf\xc3\xa9 \xf0\x9f\x98\x80", 10, "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"");
    check_json("\xc3", 1, "\"\xef\xbf\xbd\"");
    check_json("a\xc0\xaf"
               "b",
               4,
               "\"a\xef\xbf\xbd\xef\xbf\xbd"
               "b\"");
    check_json("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void strings_are_copied_up_to_their_end(void **state)
{
    (void)state;
    assert_null(xstrdup(NULL));
    assert_null(xstrndup(NULL, 3));
    char *s = xstrndup("abcdef", 3);
    assert_string_equal(s, "abc");
    free(s);
    s = xstrndup("ab", 300);
    assert_string_equal(s, "ab");
    free(s);
}

static void an_arena_gives_aligned_memory_that_does_not_overlap(void **state)
{
    (void)state;
    struct arena a = { 0 };
    unsigned char *pieces[600];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 600; i++) {
            pieces[i] = arena_alloc(&a, i * 7);
            assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
            memset(pieces[i], (int)(i % 251), i * 7);
        }
        for (size_t i = 0; i < 600; i++)
            for (size_t k = 0; k < i * 7; k++) assert_int_equal(pieces[i][k], i % 251);
        arena_reset(&a);
    }
    char *zero = arena_zalloc(&a, 100);
    for (int i = 0; i < 100; i++) assert_int_equal(zero[i], 0);
    arena_free(&a);
    assert_null(a.head);
}

static void an_arena_copies_and_formats_strings(void **state)
{
    (void)state;
    struct arena a = { 0 };
    assert_null(arena_strdup(&a, NULL));
    assert_null(arena_strndup(&a, NULL, 2));
    assert_string_equal(arena_strdup(&a, "halo"), "halo");
    assert_string_equal(arena_strndup(&a, "halo", 2), "ha");
    assert_string_equal(arena_printf(&a, "%d %s", 5, "x"), "5 x");
    char *long_one = arena_printf(&a, "%9000d", 1);
    assert_int_equal(strlen(long_one), 9000);
    arena_free(&a);
}

static void a_reset_arena_reuses_its_block(void **state)
{
    (void)state;
    struct arena a = { 0 };
    void *first = arena_alloc(&a, 64);
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 64), first);
    arena_free(&a);
}

static void times_are_formatted_in_utc(void **state)
{
    (void)state;
    char out[32];
    assert_string_equal(clock_format(0, out), "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_format(1795403740123, out), "2026-11-23T03:15:40.123Z");
    assert_string_equal(clock_format(951782400000, out), "2000-02-29T00:00:00.000Z");
    assert_string_equal(clock_format(-1, out), "1969-12-31T23:59:59.999Z");
    assert_string_equal(clock_format(INT64_MAX, out), "9999-12-31T23:59:59.999Z");
    assert_string_equal(clock_format(INT64_MIN, out), "0000-01-01T00:00:00.000Z");
}

static void real_time_runs_and_virtual_time_stands_still(void **state)
{
    (void)state;
    assert_false(clock_is_virtual());
    assert_true(clock_ms() > 1700000000000);
    int64_t before = clock_mono();
    assert_true(clock_mono() >= before);
    clock_virtual_advance(5); /* does nothing to real time */
    assert_false(clock_is_virtual());
    clock_virtual_start(1000);
    assert_true(clock_is_virtual());
    assert_int_equal(clock_ms(), 1000);
    clock_virtual_advance(250);
    assert_int_equal(clock_ms(), 1250);
    assert_int_equal(clock_mono(), 1250000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_reads_as_an_empty_string),
        cmocka_unit_test(what_is_added_is_joined_and_terminated),
        cmocka_unit_test(numbers_are_written_in_decimal),
        cmocka_unit_test(json_strings_are_escaped_and_always_utf8),
        cmocka_unit_test(strings_are_copied_up_to_their_end),
        cmocka_unit_test(an_arena_gives_aligned_memory_that_does_not_overlap),
        cmocka_unit_test(an_arena_copies_and_formats_strings),
        cmocka_unit_test(a_reset_arena_reuses_its_block),
        cmocka_unit_test(times_are_formatted_in_utc),
        cmocka_unit_test(real_time_runs_and_virtual_time_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
