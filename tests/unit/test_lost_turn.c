/* SPDX-License-Identifier: MIT
 * test_lost_turn.c - what a turn that cannot be committed loses, and what not: failed commits,
 * handlers that end the transaction, a full disk, a full backlog. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "turn_plugin.h"

/* ---- a turn that is lost --------------------------------------------------------------------- */

static void a_failed_commit_loses_nothing(void **state)
{
    (void)state;
    fail_commits(1); /* of the journal */
    say(BUDI, "hello");
    pass(5000);
    expect(BUDI, "hello");
    post(BUDI, "hello");
    post(CITRA, "emit");
    post(DEWI, "fail");
    loop_turn(&w.host->loop);
    fail_commits(3); /* of what they do */
    pass(30000);
    assert_int_equal(w.host->loop.turns_lost, 4);
    assert_int_equal(unseen(), 3);
    assert_int_equal(rows("hello"), 2);
    assert_int_equal(rows("made"), 3);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state < 2"), 0);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_int_equal(w.host->database_ok, 1);
}

static void a_failed_commit_repeats_a_completion_with_what_was_said_before(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    fail_commits(2);
    network_answers(200, "x");
    pass(5000);
    expect(BUDI, "first\n\nhttp: 0 200 [x]");
    expect_none();
    assert_int_equal(rows("done"), 1);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 2"), 1);
}

static void a_failed_commit_does_not_repeat_an_event_that_is_over(void **state)
{
    (void)state;
    say(BUDI, "timer");
    expect(BUDI, "started");
    clock_virtual_advance(MINUTE);
    fail_commits(1); /* of the timer's end */
    pass(5000);
    expect(BUDI, "timer 0");
    expect_none();
    assert_int_equal(rows("timer"), 1);
    assert_int_equal(w.host->loop.open_events, 0);
    pass(5 * MINUTE);
    expect_none();
}

static void a_failed_commit_while_it_starts_to_wait(void **state)
{
    (void)state;
    post(BUDI, "wait http");
    loop_turn(&w.host->loop);
    fail_commits(1);
    pass(5000);
    assert_int_equal(w.http_count, 1);
    network_answers(200, "x");
    expect(BUDI, "first\n\nhttp: 0 200 [x]");
    assert_int_equal(rows("waiting"), 1);
    assert_string_equal(read_diary(), "wait wait done ");
}

static void a_failed_commit_of_batal(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    post(BUDI, "BATAL");
    loop_turn(&w.host->loop);
    fail_commits(1);
    pass(5000);
    assert_int_equal(unseen(), 1); /* only the answer to BATAL */
    assert_int_equal(done_count, 1);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state < 2"), 0);
}

static void a_handler_that_ends_the_transaction_fails_alone(void **state)
{
    (void)state;
    post(BUDI, "hello");
    post(CITRA, "bad");
    post(DEWI, "hello");
    run();
    pass(10000);
    assert_int_equal(rows("hello"), 2);
    assert_int_equal(rows("bad"), 0);
    assert_int_equal(unseen(), 3);
    int apologies = 0;
    for (; w.seen < w.sent_count; w.seen++) {
        if (strcmp(w.sents[w.seen].chat, CITRA "@c") != 0) continue;
        assert_non_null(strstr(w.sents[w.seen].text, "ada gangguan"));
        apologies++;
    }
    assert_int_equal(apologies, 1);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 3"), 1);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_int_equal(w.host->database_ok, 1);
    say(CITRA, "hello");
    expect(CITRA, "hello");
}

static void a_completion_that_ends_the_transaction_fails_alone(void **state)
{
    (void)state;
    say(CITRA, "wait-bad");
    say(DEWI, "wait http");
    clock_virtual_advance(1000);
    post(BUDI, "hello");
    network_answers(200, "x");
    pass(10000);
    assert_int_equal(rows("hello"), 1);
    assert_int_equal(rows("done"), 1);
    assert_int_equal(rows("bad"), 0);
    assert_int_equal(unseen(), 3);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 3"), 1);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_true(w.host->loop.turns_lost < 5);
}

static void a_late_completion_that_ends_the_transaction_is_dropped(void **state)
{
    (void)state;
    say(CITRA, "timer-bad");
    expect(CITRA, "started");
    clock_virtual_advance(1000);
    say(BUDI, "hello");
    pass(10000);
    expect(BUDI, "hello");
    expect_none();
    assert_int_equal(rows("bad"), 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 2"), 2);
    assert_true(w.host->loop.turns_lost < 5);
}

static void a_bad_handler_beside_completions_that_wait(void **state)
{
    (void)state;
    say(DEWI, "wait timer");
    post(CITRA, "bad");
    loop_turn(&w.host->loop);
    clock_virtual_advance(5000); /* the timer's end meets the bad handler in one turn */
    pass(10000);
    assert_int_equal(rows("done"), 1);
    assert_int_equal(unseen(), 2);
    assert_int_equal(w.host->loop.open_events, 0);
}

static void limit_pages(int64_t more)
{
    char sql[80];
    int64_t pages = more < 0 ? 1000000 : number("PRAGMA page_count") + more;
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld", (long long)pages);
    script(sql);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    say(BUDI, "fill");
    expect(BUDI, "stored");
    post(BUDI, "fill");
    post(CITRA, "fill");
    loop_turn(&w.host->loop); /* they are journaled: 200 was said */
    limit_pages(2);
    pass(20000);
    expect_none();
    assert_int_equal(w.host->database_ok, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 0"), 2);
    limit_pages(-1);
    pass(20000);
    assert_int_equal(unseen(), 2);
    expect(BUDI, "stored");
    expect(CITRA, "stored");
    assert_int_equal(disk("SELECT count(*) FROM alpha_blobs"), 3);
    assert_int_equal(w.host->database_ok, 1);
    say(BUDI, "hello");
    expect(BUDI, "hello");
}

static void a_disk_without_a_page_left(void **state)
{
    (void)state;
    char body[9000];
    limit_pages(0);
    int n = snprintf(body, sizeof body, "A1 %s ", BUDI);
    memset(body + n, 'x', 8000);
    body[n + 8000] = 0;
    assert_int_equal(webhook(body), 0);
    pass(3000);
    assert_int_equal(w.answer_count, 0); /* no 200 before it is on disk */
    limit_pages(-1);
    pass(5000);
    assert_int_equal(w.answer_count, 1);
    assert_int_equal(w.answers[0], 200);
    assert_int_equal(unseen(), 1);
}

static void a_webhook_that_cannot_be_stored_is_refused_in_the_end(void **state)
{
    (void)state;
    assert_int_equal(webhook("A1 " BUDI " hello"), 0);
    fail_commits(1000000);
    pass(20 * MINUTE);
    assert_int_equal(w.answer_count, 1);
    assert_int_equal(w.answers[0], 503);
    fail_commits(0);
    pass(5000);
    assert_int_equal(webhook("A2 " BUDI " hello\nA3 " BUDI " hello"), 0);
    run();
    assert_int_equal(w.answers[1], 200);
    assert_int_equal(w.answer_count, 2);
    assert_int_equal(unseen(), 2);
}

static void a_full_backlog_refuses(void **state)
{
    (void)state;
    char line[60];
    for (int i = 0; i < 50; i++) { /* [core] backlog = 50 */
        snprintf(line, sizeof line, "B%d 62811000001%02d wait http", i, i);
        assert_int_equal(webhook(line), 0);
    }
    assert_int_equal(webhook("C1 " BUDI " hello"), 503);
    run();
    assert_int_equal(w.answer_count, 50);
    assert_int_equal(webhook("C1 " BUDI " hello"), 503); /* they wait: still 50 */
    pass(MINUTE);                                        /* their deadlines are over */
    assert_int_equal(webhook("C1 " BUDI " hello"), 0);
    assert_int_equal(webhook("bad"), 400);
    run();
    assert_int_equal(rows("hello"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TURN_TEST(a_failed_commit_loses_nothing),
        TURN_TEST(a_failed_commit_repeats_a_completion_with_what_was_said_before),
        TURN_TEST(a_failed_commit_does_not_repeat_an_event_that_is_over),
        TURN_TEST(a_failed_commit_while_it_starts_to_wait),
        TURN_TEST(a_failed_commit_of_batal),
        TURN_TEST(a_handler_that_ends_the_transaction_fails_alone),
        TURN_TEST(a_completion_that_ends_the_transaction_fails_alone),
        TURN_TEST(a_late_completion_that_ends_the_transaction_is_dropped),
        TURN_TEST(a_bad_handler_beside_completions_that_wait),
        TURN_TEST(a_full_disk_loses_nothing),
        TURN_TEST(a_disk_without_a_page_left),
        TURN_TEST(a_webhook_that_cannot_be_stored_is_refused_in_the_end),
        TURN_TEST(a_full_backlog_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
