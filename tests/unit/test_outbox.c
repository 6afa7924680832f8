/* SPDX-License-Identifier: MIT
 * test_outbox.c - what leaves the process: states on disk, order, trouble of a message and of
 * the session, what may have gone out, restarts and lost turns. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "outbox_plugin.h"

/* ---- states and order ------------------------------------------------------------------------ */

static void nothing_leaves_before_its_state_is_on_disk(void **state)
{
    (void)state;
    w.send = send_by_http; /* the fixture checks `sending` on disk in each send */
    post(BUDI, "say a");
    loop_turn(&w.host->loop);
    assert_int_equal(disk("SELECT count(*) FROM outbox"), 0);
    run();
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    assert_true(disk("SELECT attempted_at FROM outbox") == clock_ms());
    assert_int_equal(disk("SELECT native_id IS NULL FROM outbox"), 1);
    say(BUDI, "say b");
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    assert_int_equal(in_state(OUTBOX_QUEUED), 1);
    assert_int_equal(w.http_count, 1);
    network_answers(201, "NATIVE1");
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    assert_string_equal(disk_text("SELECT native_id FROM outbox WHERE state = 2"), "NATIVE1");
    assert_true(disk("SELECT done_at FROM outbox WHERE state = 2") == clock_ms());
    network_answers(201, "NATIVE2");
    assert_int_equal(in_state(OUTBOX_SENT), 2);
    expect(BUDI, "a");
    expect(BUDI, "b");
    assert_true(w.sents[0].flags & BOT_OUTGOING_ANSWER);
}

static void a_chat_keeps_its_order_and_holds_no_other(void **state)
{
    (void)state;
    w.send = send_by_http;
    for (int i = 0; i < 3; i++) {
        char text[20];
        snprintf(text, sizeof text, "say %d", i);
        post(BUDI, text);
        post(CITRA, text);
    }
    run();
    assert_int_equal(w.http_count, 2); /* one of each chat */
    for (int i = 0; i < 6; i++) network_answers(201, "X");
    const char *last[2] = { "", "" };
    assert_int_equal(w.sent_count, 6);
    for (size_t i = 0; i < 6; i++) {
        int who = !strcmp(w.sents[i].chat, BUDI "@c");
        assert_true(strcmp(w.sents[i].text, last[who]) > 0);
        last[who] = w.sents[i].text;
    }
}

static void many_chats_go_out_at_last(void **state)
{
    (void)state;
    enum { CHATS = 99 }; /* more than the 64 that are under way at once */
    w.send = send_by_http;
    for (int i = 0; i < CHATS; i++) {
        char phone[32];
        snprintf(phone, sizeof phone, "62811000001%02d", i);
        post(phone, "say x");
    }
    run();
    assert_int_equal(w.http_count, 64);
    for (int i = 0; i < CHATS; i++) network_answers(201, "X");
    assert_int_equal(in_state(OUTBOX_SENT), CHATS);
}

static void a_failed_handlers_reply_never_was(void **state)
{
    (void)state;
    post(BUDI, "fail");
    post(BUDI, "say after");
    run();
    expect_like(BUDI, "ada gangguan");
    expect(BUDI, "after");
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM outbox"), 2);
}

/* ---- trouble --------------------------------------------------------------------------------- */

static void trouble_of_the_session_holds_its_queue(void **state)
{
    (void)state;
    w.send = send_scripted;
    SENDS(BOT_SEND_HOLD, BOT_SEND_HOLD, BOT_SEND_HOLD, BOT_SEND_HOLD, BOT_SEND_HOLD, BOT_SEND_HOLD);
    int64_t start = clock_ms();
    say(BUDI, "say a");
    assert_int_equal(outcome_at, 1);
    say(CITRA, "say b");
    say(BUDI, "say c");
    assert_int_equal(outcome_at, 1);         /* nobody else tries meanwhile */
    const int tries[] = { 1, 3, 7, 15, 25 }; /* 1 s, doubling to 10 s */
    for (size_t i = 0; i < BOT_COUNT(tries); i++) {
        pass(start + tries[i] * SECOND - 1 - clock_ms());
        assert_int_equal(outcome_at, (int)i + 1);
        pass(1);
        assert_int_equal(outcome_at, (int)i + 2);
    }
    assert_int_equal(in_state(OUTBOX_SENT), 0);
    pass(10 * SECOND); /* it is back: one gets through, all go */
    assert_int_equal(in_state(OUTBOX_SENT), 3);
    w.seen = 6;
    expect(BUDI, "a");
    expect(CITRA, "b");
    expect(BUDI, "c");
    expect_none();
    pass(HOUR);
    expect_none();
}

static void a_session_that_is_back_says_so(void **state)
{
    (void)state;
    w.send = send_scripted;
    SENDS(BOT_SEND_HOLD, BOT_SEND_HOLD, BOT_SEND_HOLD, BOT_SEND_HOLD, BOT_SEND_HOLD);
    say(BUDI, "say a");
    pass(20 * SECOND);
    assert_int_equal(outcome_at, 5);
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_SESSION,
                               .session = "default",
                               .event = "WORKING",
                               .state = BOT_SESSION_DISCONNECTED };
    host_incoming(w.host, "testgate", &in);
    run();
    in.state = BOT_SESSION_CONNECTED;
    host_incoming(w.host, "testgate", &in);
    run();
    assert_int_equal(in_state(OUTBOX_SENT), 1); /* at once, not after the back-off */
}

static void one_message_alone_holds_its_chat_two_minutes(void **state)
{
    (void)state;
    int many[16];
    for (size_t i = 0; i < BOT_COUNT(many); i++) many[i] = BOT_SEND_RETRY;
    w.send = send_scripted;
    script_sends(16, many);
    say(BUDI, "say a");
    say(BUDI, "say b");
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    pass(2 * MINUTE - SECOND);
    assert_int_equal(in_state(OUTBOX_REFUSED), 0);
    assert_true(outcome_at >= 12 && outcome_at < 16);
    outcome_count = outcome_at + 1; /* the last try fails, too */
    pass(SECOND);
    assert_int_equal(in_state(OUTBOX_REFUSED), 1);
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    assert_string_equal(disk_text("SELECT text FROM outbox WHERE state = 2"), "b");
    assert_string_equal(disk_text("SELECT error FROM outbox WHERE state = 3"), "as the test wants");
    assert_true(disk("SELECT attempts FROM outbox WHERE state = 3") > 0);
}

static void a_retry_does_not_hold_other_chats(void **state)
{
    (void)state;
    w.send = send_scripted;
    SENDS(BOT_SEND_RETRY);
    say(BUDI, "say a");
    say(CITRA, "say b");
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    pass(1 * SECOND);
    assert_int_equal(in_state(OUTBOX_SENT), 2);
}

static void a_refused_message_fails_at_once(void **state)
{
    (void)state;
    w.send = send_scripted;
    SENDS(BOT_SEND_REFUSED);
    post(BUDI, "say a");
    post(BUDI, "say b");
    run();
    assert_int_equal(in_state(OUTBOX_REFUSED), 1);
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    pass(HOUR);
    assert_int_equal(w.sent_count, 2);
}

/* ---- it may have gone out -------------------------------------------------------------------- */

static void what_may_have_gone_out_is_asked_about(void **state)
{
    (void)state;
    w.send = send_scripted;
    SENDS(BOT_SEND_UNKNOWN, BOT_SEND_UNKNOWN, BOT_SEND_UNKNOWN, BOT_SEND_UNKNOWN);
    RESOLVES(BOT_RESOLVED_SENT);
    say(BUDI, "say a");
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    assert_string_equal(disk_text("SELECT native_id FROM outbox"), "FOUND");
    RESOLVES(BOT_RESOLVED_UNKNOWN);
    say(BUDI, "say b");
    assert_int_equal(in_state(OUTBOX_UNKNOWN), 1);
    RESOLVES(BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, BOT_RESOLVED_SENT, BOT_RESOLVED_SENT);
    say(BUDI, "say c");
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    say(CITRA, "say held");
    assert_int_equal(w.sent_count, 3); /* the session is in trouble */
    pass(10 * SECOND);
    assert_int_equal(resolve_at, 4); /* CITRA's was unknown, too */
    assert_int_equal(in_state(OUTBOX_SENT), 3);
    RESOLVES(BOT_RESOLVED_NOT_SENT);
    SENDS(BOT_SEND_UNKNOWN);
    w.seen = w.sent_count;
    say(BUDI, "say d");
    pass(10 * SECOND);
    expect(BUDI, "d");
    expect(BUDI, "d"); /* sent again: nobody has taken it */
    expect_none();
    assert_int_equal(in_state(OUTBOX_SENT), 4);
    assert_int_equal(in_state(OUTBOX_UNKNOWN), 1);
}

static int resolved_by_http(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    return resolved(ctx, *(int64_t *)data,
                    r->http_status == 200 ? BOT_RESOLVED_SENT : BOT_RESOLVED_UNKNOWN, r->body);
}

static int resolve_by_http(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    const struct bot_http get = { .size = sizeof get, .url = "http://gate.test/" };
    return ctx->api->http(ctx, &get, resolved_by_http, &row->id, sizeof row->id) > 0 ? BOT_LATER
                                                                                     : BOT_FAIL;
}

static void asking_takes_its_time_and_nothing_goes_out_meanwhile(void **state)
{
    (void)state;
    w.send = send_scripted;
    w.resolve = resolve_by_http;
    SENDS(BOT_SEND_UNKNOWN);
    say(BUDI, "say a");
    pass(10 * SECOND);
    assert_int_equal(w.sent_count, 1);
    network_answers(200, "FOUND");
    pass(10 * SECOND);
    assert_int_equal(w.sent_count, 1);
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    assert_string_equal(disk_text("SELECT native_id FROM outbox"), "FOUND");
}

static void without_a_way_to_ask_it_stays_unknown(void **state)
{
    (void)state;
    w.send = send_scripted;
    SENDS(BOT_SEND_UNKNOWN);
    say(BUDI, "say a");
    say(BUDI, "say b");
    assert_int_equal(in_state(OUTBOX_UNKNOWN), 1);
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    pass(HOUR);
    assert_int_equal(w.sent_count, 2); /* never repeated */
}

static void after_a_crash_it_is_asked_first(void **state)
{
    (void)state;
    w.send = send_by_http;
    say(BUDI, "say a");
    say(BUDI, "say b");
    say(CITRA, "say c");
    assert_int_equal(w.sent_count, 2);
    w.send = send_scripted;
    SENDS(BOT_SENT);
    RESOLVES(BOT_RESOLVED_SENT, BOT_RESOLVED_UNKNOWN);
    world_reopen(0);
    run();
    assert_int_equal(resolve_at, 2);
    assert_int_equal(w.sent_count, 3); /* only b, which had not gone out */
    assert_string_equal(last_sent()->text, "b");
    assert_int_equal(in_state(OUTBOX_SENT), 2);
    assert_int_equal(in_state(OUTBOX_UNKNOWN), 1);
}

static void after_a_crash_what_was_not_sent_goes_out_again(void **state)
{
    (void)state;
    w.send = send_by_http;
    say(BUDI, "say a");
    w.send = NULL;
    RESOLVES(BOT_RESOLVED_NOT_SENT);
    world_reopen(1); /* a clean stop knows no more than a crash */
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    run();
    pass(10 * SECOND);
    assert_int_equal(w.sent_count, 2);
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    world_reopen(0);
    pass(MINUTE);
    assert_int_equal(w.sent_count, 2);
}

static int told_to_wait(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)r;
    outcome(ctx, *(int64_t *)data, BOT_SEND_HOLD, NULL, "401");
    return BOT_HANDLED;
}

static int send_and_be_told_to_wait(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    const struct bot_http post_it = { .size = sizeof post_it, .url = "http://gate.test/" };
    record(row);
    ctx->api->http(ctx, &post_it, told_to_wait, &row->id, sizeof row->id);
    return BOT_LATER;
}

static void what_was_surely_not_taken_is_not_asked_about(void **state)
{
    (void)state;
    w.send = send_and_be_told_to_wait;
    say(BUDI, "say a");
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    network_answers(401, "");
    assert_int_equal(in_state(OUTBOX_QUEUED), 1);
    w.seen = w.sent_count;
    w.send = NULL;
    script_resolves(0, (int[]){ 0 }); /* a question fails the test */
    world_reopen(0);
    pass(MINUTE);
    expect(BUDI, "a");
    expect_none();
}

static void an_outcome_after_the_end_is_stale(void **state)
{
    (void)state;
    w.send = send_by_http;
    say(BUDI, "say a");
    RESOLVES(BOT_RESOLVED_UNKNOWN);
    network_fails(HTTP_ETIMEDOUT);
    assert_int_equal(in_state(OUTBOX_UNKNOWN), 1);
    assert_int_equal(outbox_outcome(w.host->outbox, w.sents[0].id, BOT_SENT, "X", NULL), BOT_EGONE);
    assert_int_equal(outbox_resolved(w.host->outbox, 999, BOT_RESOLVED_SENT, NULL), BOT_EGONE);
    run();
    assert_int_equal(in_state(OUTBOX_UNKNOWN), 1);
}

static void a_lost_turn_neither_loses_nor_repeats_a_send(void **state)
{
    (void)state;
    w.send = send_by_http;
    say(BUDI, "say a");
    say(BUDI, "say b");
    fail_commits(2); /* of the outcome of a, and of b's `sending` */
    network_answers(201, "A");
    assert_int_equal(w.sent_count, 1); /* b is not out before it is on disk */
    assert_int_equal(in_state(OUTBOX_SENT), 0);
    pass(5 * SECOND);
    assert_int_equal(w.sent_count, 2);
    assert_int_equal(in_state(OUTBOX_SENT), 1);
    assert_string_equal(disk_text("SELECT native_id FROM outbox WHERE text = 'a'"), "A");
    network_answers(201, "B");
    assert_int_equal(in_state(OUTBOX_SENT), 2);
    post(BUDI, "say c");
    loop_turn(&w.host->loop);
    fail_commits(1); /* of the handler's turn */
    pass(5 * SECOND);
    assert_int_equal(w.sent_count, 3);
    assert_int_equal(disk("SELECT count(*) FROM outbox"), 3);
}

static void rows_of_a_gateway_that_is_off_wait(void **state)
{
    (void)state;
    w.send = hold_all;
    say(BUDI, "say a");
    say(BUDI, "say b");
    w.conf.no_gateway = 1;
    world_reopen(1);
    pass(10 * MINUTE);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE state < 2"), 2);
    w.conf.no_gateway = 0;
    w.send = NULL;
    RESOLVES(BOT_RESOLVED_NOT_SENT);
    world_reopen(1);
    pass(MINUTE);
    expect(BUDI, "a");
    expect(BUDI, "b");
    expect_none();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX_TEST(nothing_leaves_before_its_state_is_on_disk),
        OUTBOX_TEST(a_chat_keeps_its_order_and_holds_no_other),
        OUTBOX_TEST(many_chats_go_out_at_last),
        OUTBOX_TEST(a_failed_handlers_reply_never_was),
        OUTBOX_TEST(trouble_of_the_session_holds_its_queue),
        OUTBOX_TEST(a_session_that_is_back_says_so),
        OUTBOX_TEST(one_message_alone_holds_its_chat_two_minutes),
        OUTBOX_TEST(a_retry_does_not_hold_other_chats),
        OUTBOX_TEST(a_refused_message_fails_at_once),
        OUTBOX_TEST(what_may_have_gone_out_is_asked_about),
        OUTBOX_TEST(asking_takes_its_time_and_nothing_goes_out_meanwhile),
        cmocka_unit_test_setup_teardown(without_a_way_to_ask_it_stays_unknown,
                                        outbox_open_without_resolve, world_close),
        OUTBOX_TEST(after_a_crash_it_is_asked_first),
        OUTBOX_TEST(after_a_crash_what_was_not_sent_goes_out_again),
        OUTBOX_TEST(what_was_surely_not_taken_is_not_asked_about),
        OUTBOX_TEST(an_outcome_after_the_end_is_stale),
        OUTBOX_TEST(a_lost_turn_neither_loses_nor_repeats_a_send),
        OUTBOX_TEST(rows_of_a_gateway_that_is_off_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
