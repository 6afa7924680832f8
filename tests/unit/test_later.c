/* SPDX-License-Identifier: MIT
 * test_later.c - events that wait: completions, deadlines, restarts, cancelling. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "turn_plugin.h"

/* ---- LATER ----------------------------------------------------------------------------------- */

static void replies_before_and_after_are_one_message(void **state)
{
    (void)state;
    say(BUDI, "wait timer");
    assert_int_equal(rows("waiting"), 1);
    assert_int_equal(disk("SELECT state FROM inbox"), INBOX_WAITING);
    expect_none();
    pass(4999);
    expect_none();
    pass(1);
    expect(BUDI, "first\n\ntimer: 0 0 []");
    say(BUDI, "wait http");
    network_answers(200, "body");
    expect(BUDI, "first\n\nhttp: 0 200 [body]");
    say(BUDI, "wait work");
    jobs_run();
    expect(BUDI, "first\n\nwork: 0 0 [xx]");
    say(BUDI, "wait read");
    jobs_run();
    expect(BUDI, "first\n\nread: 0 0 []");
    say(BUDI, "wait http");
    network_fails(HTTP_ETIMEDOUT);
    expect(BUDI, "first\n\nhttp: -6 0 []");
    say(BUDI, "wait http");
    network_fails(HTTP_EIO);
    expect(BUDI, "first\n\nhttp: -5 0 []");
    pass(HOUR);
    expect_none();
    assert_int_equal(done_count, 6);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 2"), 6);
    assert_int_equal(w.host->loop.open_events, 0);
}

static void a_deadline_ends_the_call_once(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    pass(29999);
    expect_none();
    pass(1);
    expect(BUDI, "first\n\nhttp: -6 0 []");
    assert_int_equal(done_count, 1);
    assert_int_equal(w.http_count, 0); /* the request was given up */
    pass(HOUR);
    expect_none();
    assert_int_equal(done_count, 1);
}

static void an_answer_that_meets_the_deadline_counts_once(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    clock_virtual_advance(30000);
    w.http[0]->status = 200;
    network_answers(200, "just");
    assert_int_equal(unseen(), 1);
    assert_int_equal(done_count, 1);
    pass(HOUR);
    assert_int_equal(unseen(), 1);
    assert_int_equal(done_count, 1);
}

static void waiting_for_nothing_fails(void **state)
{
    (void)state;
    say(BUDI, "wait-nothing");
    expect_like(BUDI, "ada gangguan");
    expect_none();
}

static void a_restart_resumes_with_the_blob(void **state)
{
    (void)state;
    for (int clean = 0; clean < 2; clean++) {
        say(BUDI, "wait http");
        world_reopen(clean);
        run();
        expect(BUDI, "first\n\nresumed");
        pass(HOUR / 2);
        expect_none();
    }
    assert_int_equal(rows("resumed"), 2);
    assert_int_equal(rows("done"), 0);
    world_reopen(0);
    run();
    expect_none();
}

static void a_completion_may_pass_to_the_next_hook(void **state)
{
    (void)state;
    say(BUDI, "wait-pass");
    pass(1000);
    expect(BUDI, "the next hook");
    assert_string_equal(read_diary(), "passed next ");
    expect_none();
}

static void two_calls_end_once_each(void **state)
{
    (void)state;
    say(BUDI, "two");
    network_answers(200, "x");
    expect_none();
    pass(2000);
    expect(BUDI, "http 0\n\ntimer 0");
    done_count = 0;
    say(BUDI, "two early"); /* the first one ends the event; the other one is said apart */
    network_answers(200, "x");
    expect(BUDI, "http 0");
    pass(2000);
    expect(BUDI, "timer 0");
    done_count = 0;
    say(BUDI, "two");
    pass(10000); /* the timer rang, the request has not been answered */
    expect(BUDI, "timer 0\n\nhttp -6");
    pass(60000);
    expect_none();
    assert_int_equal(done_count, 2);
}

static void a_chain_has_its_newest_blob_and_deadline(void **state)
{
    (void)state;
    say(BUDI, "chain");
    network_answers(200, "x");
    pass(44000); /* past the first deadline */
    expect_none();
    pass(1000);
    expect(BUDI, "one\n\ntwo\n\nthree");
    say(BUDI, "chain");
    world_reopen(0);
    run();
    expect(BUDI, "one\n\nfirst");
    say(BUDI, "chain");
    network_answers(200, "x");
    world_reopen(0);
    run();
    expect(BUDI, "one\n\ntwo\n\nsecond");
    expect_none();
}

static void a_cancelled_request_ends_once(void **state)
{
    (void)state;
    say(BUDI, "request");
    say(CITRA, "stop");
    pass(60000);
    assert_int_equal(done_count, 1);
    assert_int_equal(unseen(), 3);
    assert_int_equal(w.http_count, 0);
}

static void work_that_fails_says_so(void **state)
{
    (void)state;
    say(BUDI, "work");
    jobs_run();
    expect(BUDI, "started");
    expect(BUDI, "work -1");
    expect(BUDI, "work -1");
}

static void a_cancelled_call_ends_once(void **state)
{
    (void)state;
    say(BUDI, "timer");
    expect(BUDI, "started");
    say(CITRA, "stop");
    expect(CITRA, "cancelled");
    expect(BUDI, "timer -7");
    say(DEWI, "both");
    expect(DEWI, "both");
    expect(DEWI, "timer -7");
    pass(HOUR / 2);
    expect_none();
    assert_int_equal(done_count, 2);
}

static void what_comes_back_after_the_end_is_said_apart(void **state)
{
    (void)state;
    say(BUDI, "timer");
    expect(BUDI, "started");
    pass(MINUTE);
    expect(BUDI, "timer 0");
    assert_int_equal(rows("timer"), 1);
    say(BUDI, "timer");
    expect(BUDI, "started");
    world_reopen(0); /* a timer is not durable */
    pass(2 * MINUTE);
    expect_none();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TURN_TEST(replies_before_and_after_are_one_message),
        TURN_TEST(a_deadline_ends_the_call_once),
        TURN_TEST(an_answer_that_meets_the_deadline_counts_once),
        TURN_TEST(waiting_for_nothing_fails),
        TURN_TEST(a_restart_resumes_with_the_blob),
        TURN_TEST(a_completion_may_pass_to_the_next_hook),
        TURN_TEST(two_calls_end_once_each),
        TURN_TEST(a_chain_has_its_newest_blob_and_deadline),
        TURN_TEST(a_cancelled_call_ends_once),
        TURN_TEST(a_cancelled_request_ends_once),
        TURN_TEST(work_that_fails_says_so),
        TURN_TEST(what_comes_back_after_the_end_is_said_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
