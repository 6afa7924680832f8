/* SPDX-License-Identifier: MIT
 * test_stats.c - how long callbacks take: percentiles are right to an eighth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/log.h"
#include "core/plugin/stats.h"

static void about(int64_t is, int64_t wanted)
{
    if (is < wanted || is > wanted + wanted / 8 + 1)
        fail_msg("%lld is not about %lld", (long long)is, (long long)wanted);
}

static void percentiles_of_known_durations(void **state)
{
    (void)state;
    struct plugin_stats s = { 0 };
    assert_int_equal(stats_percentile_us(&s, 50), 0);
    for (int i = 1; i <= 1000; i++) stats_count_call(&s, "run", i * 10);
    assert_int_equal(s.calls, 1000);
    about(stats_percentile_us(&s, 50), 5000);
    about(stats_percentile_us(&s, 90), 9000);
    assert_int_equal(stats_percentile_us(&s, 100), 10000); /* never above the slowest */
    assert_int_equal(s.slow_us, 10000);
}

static void every_duration_has_a_bucket(void **state)
{
    (void)state;
    static const int64_t some[] = {
        -5, 0, 1, 7, 8, 9, 15, 16, 17, 1000, 999999, 30000000, INT64_MAX
    };
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        struct plugin_stats s = { 0 };
        stats_count_call(&s, "run", some[i]);
        int64_t p = stats_percentile_us(&s, 50);
        assert_true(p <= (some[i] > 0 ? some[i] : 0));
        assert_true(some[i] > 1000000000 || p >= (some[i] > 0 ? some[i] : 0));
    }
}

static void pauses_double_up_to_five_minutes(void **state)
{
    (void)state;
    struct plugin_stats s = { 0 };
    log_quiet(1);
    for (int i = 0; i < 4; i++) stats_hook_failed(&s, "alpha", 1000);
    assert_false(stats_is_paused(&s, 1000));
    stats_hook_failed(&s, "alpha", 1000);
    assert_true(stats_is_paused(&s, 1999));
    assert_false(stats_is_paused(&s, 2000));
    for (int i = 0; i < 20; i++) stats_hook_failed(&s, "alpha", 5000);
    assert_int_equal(s.pause_ms, 300000);
    stats_hook_worked(&s);
    stats_hook_failed(&s, "alpha", 900000);
    assert_false(stats_is_paused(&s, 900000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_of_known_durations),
        cmocka_unit_test(every_duration_has_a_bucket),
        cmocka_unit_test(pauses_double_up_to_five_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
