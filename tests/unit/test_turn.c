/* SPDX-License-Identifier: MIT
 * test_turn.c - one savepoint for each event, the order in a chat, requests to routes. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "turn_plugin.h"

/* ---- the savepoint --------------------------------------------------------------------------- */

static void nothing_left_of_a_failed_event(const char *text)
{
    post(BUDI, "hello");
    post(CITRA, text);
    post(DEWI, "hello");
    run();
    expect(BUDI, "hello");
    expect_like(CITRA, "ada gangguan");
    expect(DEWI, "hello");
    pass(2 * MINUTE);
    expect_none(); /* one apology; no timer, nothing planned, nothing sent */
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 2);
    assert_int_equal(w.http_count, 0);
    assert_int_equal(done_count, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 3"), 0);
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha'"), 0);
    assert_int_equal(disk("SELECT count(*) FROM audit"), 0);
    assert_int_equal(disk("SELECT count(*) FROM outbox"), 3);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 2"), 2);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 3"), 1);
    world_reopen(0);
    run();
    expect_none(); /* it is not tried again */
}

static void a_failed_event_leaves_nothing_but_an_apology(void **state)
{
    (void)state;
    nothing_left_of_a_failed_event("fail");
}

static void an_error_code_is_a_failure(void **state)
{
    (void)state;
    nothing_left_of_a_failed_event("fail code");
}

static void a_verdict_that_is_none_is_a_failure(void **state)
{
    (void)state;
    nothing_left_of_a_failed_event("fail odd");
}

static void abort_says_its_own_words(void **state)
{
    (void)state;
    say(BUDI, "abort");
    expect(BUDI, "stok habis");
    say(BUDI, "abort-on");
    expect(BUDI, "stok habis");
    say(BUDI, "fail");
    expect_like(BUDI, "ada gangguan"); /* not the words of before */
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 0);
}

/* ---- order ----------------------------------------------------------------------------------- */

static void a_chat_is_run_in_order_and_holds_nobody_else(void **state)
{
    (void)state;
    post(BUDI, "wait http");
    post(BUDI, "hello 1");
    post(BUDI, "hello 2");
    post(CITRA, "hello 3");
    run();
    expect(CITRA, "hello");
    expect_none();
    network_answers(200, "x");
    expect(BUDI, "first\n\nhttp: 0 200 [x]");
    expect(BUDI, "hello");
    expect(BUDI, "hello");
    assert_string_equal(read_diary(), "wait hello 3 done hello 1 hello 2 ");
}

static void ties_of_a_turn_go_by_the_networks_time(void **state)
{
    (void)state;
    post_as(BUDI, "T1", "hello later", NULL, clock_ms() - 1000);
    post_as(BUDI, "T2", "hello earlier", NULL, clock_ms() - 2000);
    post_as(BUDI, "T3", "hello later too", NULL, clock_ms() - 1000);
    run();
    assert_string_equal(read_diary(), "hello earlier hello later hello later too ");
}

static void one_native_message_has_one_effect(void **state)
{
    (void)state;
    post_as(BUDI, "SAME", "hello", NULL, 0);
    post_as(BUDI, "SAME", "hello", NULL, 0);
    run();
    post_as(CITRA, "SAME", "hello", NULL, 0); /* under another chat id */
    run();
    world_reopen(0);
    post_as(BUDI, "SAME", "hello", NULL, 0);
    run();
    expect(BUDI, "hello");
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM inbox"), 1);
}

static void a_command_overtakes_what_waits(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    say(BUDI, "hello");
    expect_none();
    say(BUDI, "/hello");
    expect(BUDI, "command");
    say(BUDI, "bantuan");
    expect_like(BUDI, "/hello");
    expect_none();
    network_answers(200, "x");
    expect(BUDI, "first\n\nhttp: 0 200 [x]");
    expect(BUDI, "hello");
    expect_none();
}

static void batal_cancels_what_waits(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    say(BUDI, "hello");
    say(BUDI, "BATAL");
    expect_like(BUDI, "dibatalkan");
    expect(BUDI, "hello");
    assert_int_equal(w.http_count, 0);
    assert_int_equal(done_count, 1); /* it hears of it, and says nothing */
    assert_int_equal(rows("done"), 1);
    pass(HOUR / 2);
    expect_none();
    world_reopen(0);
    run();
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 3"), 1);
}

/* ---- routes ---------------------------------------------------------------------------------- */

static int last_answer(void)
{
    assert_true(w.answer_count > 0);
    return w.answers[w.answer_count - 1];
}

static void requests_are_answered_once(void **state)
{
    (void)state;
    route("alpha/answer");
    assert_int_equal(last_answer(), 201);
    assert_string_equal(w.answer_body, "{\"x\":1}");
    route("alpha/fail");
    assert_int_equal(last_answer(), 500);
    route("alpha/nothing");
    assert_int_equal(last_answer(), 404);
    route("alpha/wait");
    assert_int_equal(w.answer_count, 3);
    pass(1000);
    assert_int_equal(last_answer(), 200);
    assert_string_equal(w.answer_body, "late");
    assert_int_equal(w.answer_count, 4);
    assert_int_equal(rows("route"), 1);
    control("ask", "{}");
    assert_non_null(strstr(buf_str(&w.control), "{\"x\":1}\n"));
    buf_free(&w.control);
    control("ask-fail", "{}");
    assert_non_null(strstr(buf_str(&w.control), "\"ok\":false"));
    buf_free(&w.control);
    control("no-such-verb", "{}");
    assert_non_null(strstr(buf_str(&w.control), "\"ok\":false"));
    assert_null(strstr(buf_str(&w.control), "never"));
}

static void a_request_that_ends_the_transaction_harms_nobody(void **state)
{
    (void)state;
    post(BUDI, "hello");
    post(CITRA, "emit");
    loop_turn(&w.host->loop);
    route("alpha/end");
    pass(5000);
    assert_int_equal(w.answer_count, 1);
    assert_int_equal(last_answer(), 503);
    assert_int_equal(rows("hello"), 1);
    assert_int_equal(rows("made"), 3);
    assert_int_equal(unseen(), 2);
    fail_commits(1);
    route("alpha/answer");
    assert_int_equal(last_answer(), 503); /* nothing of it is on disk */
    pass(5000);
    assert_int_equal(w.answer_count, 2);
    assert_int_equal(rows("route"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TURN_TEST(a_failed_event_leaves_nothing_but_an_apology),
        TURN_TEST(an_error_code_is_a_failure),
        TURN_TEST(a_verdict_that_is_none_is_a_failure),
        TURN_TEST(abort_says_its_own_words),
        TURN_TEST(a_chat_is_run_in_order_and_holds_nobody_else),
        TURN_TEST(ties_of_a_turn_go_by_the_networks_time),
        TURN_TEST(one_native_message_has_one_effect),
        TURN_TEST(a_command_overtakes_what_waits),
        TURN_TEST(batal_cancels_what_waits),
        TURN_TEST(requests_are_answered_once),
        TURN_TEST(a_request_that_ends_the_transaction_harms_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
