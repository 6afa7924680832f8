/* SPDX-License-Identifier: MIT
 * test_plans.c - events of the plugins: emit(), at(), schedules; and key-value with its ends. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "turn_plugin.h"

/* ---- emit, at, schedules --------------------------------------------------------------------- */

static void emitted_events_run_in_order_after_it(void **state)
{
    (void)state;
    say(BUDI, "emit");
    assert_string_equal(read_diary(), "emitted a b c ");
    expect(BUDI, "emitted");
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 3 AND state = 2"), 3);
    post(BUDI, "emit");
    loop_turn(&w.host->loop);
    loop_turn(&w.host->loop); /* it has run and is on disk; its events have not */
    assert_string_equal(read_diary(), "emitted ");
    world_reopen(0);
    run();
    assert_string_equal(read_diary(), "a b c ");
    assert_int_equal(rows("made"), 6);
}

static void at_rings_once_and_survives(void **state)
{
    (void)state;
    say(BUDI, "at one 10");
    say(BUDI, "at - 5");
    say(BUDI, "at two 3");
    say(BUDI, "at two 7"); /* replaces */
    say(BUDI, "at three 4");
    say(BUDI, "at three 0"); /* removes */
    say(CITRA, "at one 6");  /* the same store and key: replaces BUDI's */
    w.seen = w.sent_count;
    pass(4 * MINUTE);
    expect_none();
    world_reopen(0);
    pass(MINUTE);
    expect(BUDI, "at -");
    pass(MINUTE);
    expect(CITRA, "at one");
    pass(MINUTE);
    expect(BUDI, "at two");
    pass(HOUR / 2);
    expect_none();
    say(BUDI, "at two 1"); /* a key that has rung may be used again */
    w.seen = w.sent_count;
    world_reopen(1);
    clock_virtual_advance(10 * MINUTE); /* due while it was away */
    run();
    expect(BUDI, "at two");
    expect_none();
}

static void many_at_once_all_ring(void **state)
{
    (void)state;
    for (int i = 0; i < 250; i++) {
        char sql[200];
        snprintf(sql, sizeof sql,
                 "INSERT INTO inbox(kind, state, event, body, due_at, received_at)"
                 " VALUES (3, 1, 'alpha.made', x'61', %lld, 1)",
                 (long long)clock_ms() + 1000);
        script(sql);
    }
    world_reopen(0);
    pass(1000);
    assert_int_equal(rows("made"), 250);
}

static void what_was_due_in_a_lost_turn_still_rings(void **state)
{
    (void)state;
    say(BUDI, "at one 1");
    expect(BUDI, "planned");
    clock_virtual_advance(HOUR); /* the schedule is due, too */
    fail_commits(3);
    pass(10000);
    expect(BUDI, "at one");
    assert_int_equal(rows("tick"), 1);
    expect_none();
}

static void a_schedule_runs_once_after_a_pause(void **state)
{
    (void)state;
    pass(HOUR - 1);
    assert_int_equal(rows("tick"), 0);
    pass(1);
    assert_int_equal(rows("tick"), 1);
    pass(2 * HOUR);
    assert_int_equal(rows("tick"), 3);
    world_reopen(1);
    run();
    assert_int_equal(rows("tick"), 3);
    pass(HOUR / 2);
    world_reopen(0);
    clock_virtual_advance(5 * HOUR);
    run();
    assert_int_equal(rows("tick"), 4);
    pass(HOUR);
    assert_int_equal(rows("tick"), 5);
}

/* ---- key-value ------------------------------------------------------------------------------- */

static void values_have_a_scope_and_an_end(void **state)
{
    (void)state;
    say(BUDI, "set");
    expect(BUDI, "set");
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha' AND scope = 3"), 0);
    say(BUDI, "get");
    expect(BUDI, "plugin store per -");
    say(CITRA, "get");
    expect(CITRA, "plugin store - -");
    pass(1000);
    w.seen = w.sent_count;
    pass(MINUTE);
    say(BUDI, "get");
    expect(BUDI, "plugin store - -");
    say(BUDI, "remove");
    expect(BUDI, "removed");
    say(BUDI, "get");
    expect(BUDI, "-  - -");
}

static void values_of_an_event_that_is_over_are_not_taken(void **state)
{
    (void)state;
    say(BUDI, "late");
    pass(1000);
    assert_int_equal(done_count, 1);
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha'"), 0);
}

static void values_of_an_event_live_as_long_as_it(void **state)
{
    (void)state;
    say(BUDI, "set wait");
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha' AND scope = 3"), 1);
    pass(1000);
    expect(BUDI, "kv 0");
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha' AND scope = 3"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TURN_TEST(emitted_events_run_in_order_after_it),
        TURN_TEST(at_rings_once_and_survives),
        TURN_TEST(many_at_once_all_ring),
        TURN_TEST(what_was_due_in_a_lost_turn_still_rings),
        TURN_TEST(a_schedule_runs_once_after_a_pause),
        TURN_TEST(values_have_a_scope_and_an_end),
        TURN_TEST(values_of_an_event_that_is_over_are_not_taken),
        TURN_TEST(values_of_an_event_live_as_long_as_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
