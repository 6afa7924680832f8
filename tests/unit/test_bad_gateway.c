/* SPDX-License-Identifier: MIT
 * test_bad_gateway.c - gateways that do not keep the rules: nothing hangs, nothing is repeated
 * that may be on its way. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "outbox_plugin.h"

static int verdict; /* what send() or resolve() returns */

static int says_nothing(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)ctx;
    (void)r;
    (void)data;
    return BOT_HANDLED;
}

static int send_without_outcome(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    record(row);
    return ctx->api->timer(ctx, 100, says_nothing, NULL, 0) > 0 ? BOT_LATER : BOT_HANDLED;
}

static int send_nonsense(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    record(row);
    if (verdict == 1000) return outcome(ctx, row->id, 99, NULL, NULL); /* an outcome that is none */
    if (verdict == 1001) { /* the request is under way, and it says that it is done */
        int rc = send_by_http(ctx, row);
        w.sent_count--;
        free(w.sents[w.sent_count].text);
        return rc == BOT_LATER ? BOT_HANDLED : rc;
    }
    return verdict;
}

/* ---- gateways that do not keep the rules ----------------------------------------------------- */

static void nonsense(int what, enum outbox_state state, size_t sends_at_least, size_t sends_at_most)
{
    verdict = what;
    w.send = send_nonsense;
    size_t before = w.sent_count;
    say(BUDI, "say a");
    if (w.http_count) network_answers(201, "X");
    pass(3 * MINUTE);
    assert_int_equal(in_state(OUTBOX_SENDING), 0);
    assert_int_equal(disk("SELECT state FROM outbox ORDER BY id DESC LIMIT 1"), state);
    assert_true(w.sent_count - before >= sends_at_least && w.sent_count - before <= sends_at_most);
    w.send = NULL;
    say(BUDI, "say after"); /* the chat goes on */
    assert_string_equal(last_sent()->text, "after");
    assert_int_equal(disk("SELECT state FROM outbox ORDER BY id DESC LIMIT 1"), OUTBOX_SENT);
}

static void send_that_gives_no_outcome_is_tried_and_given_up(void **state)
{
    (void)state;
    nonsense(BOT_HANDLED, OUTBOX_REFUSED, 2, 20);
    nonsense(BOT_PASS, OUTBOX_REFUSED, 2, 20);
    nonsense(BOT_FAIL, OUTBOX_REFUSED, 2, 20);
    nonsense(BOT_EIO, OUTBOX_REFUSED, 2, 20);
    nonsense(4711, OUTBOX_REFUSED, 2, 20);
    nonsense(1000, OUTBOX_REFUSED, 2, 20);
}

static void send_that_waits_for_nothing_ends_as_unknown(void **state)
{
    (void)state;
    nonsense(BOT_LATER, OUTBOX_UNKNOWN, 1, 1);
}

static void send_that_is_still_under_way_is_not_repeated(void **state)
{
    (void)state;
    nonsense(1001, OUTBOX_SENT, 1, 1);
}

static void a_completion_without_an_outcome_ends_as_unknown(void **state)
{
    (void)state;
    w.send = send_without_outcome;
    say(BUDI, "say a");
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    pass(SECOND);
    assert_int_equal(in_state(OUTBOX_UNKNOWN), 1);
    assert_int_equal(w.sent_count, 1);
}

static int resolve_nothing(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    (void)ctx;
    (void)row;
    return verdict;
}

static void resolve_that_gives_no_outcome_comes_to_an_end(void **state)
{
    (void)state;
    w.send = send_scripted;
    w.resolve = resolve_nothing;
    SENDS(BOT_SEND_UNKNOWN);
    verdict = BOT_LATER; /* with nothing under way */
    say(BUDI, "say a");
    pass(MINUTE);
    assert_int_equal(in_state(OUTBOX_UNKNOWN), 1);
    SENDS(BOT_SEND_UNKNOWN);
    verdict = BOT_FAIL; /* could not ask: asked again */
    say(BUDI, "say b");
    pass(MINUTE);
    assert_int_equal(in_state(OUTBOX_SENDING), 1);
    assert_true(w.resolve_count > 3 && w.resolve_count < 30);
    RESOLVES(BOT_RESOLVED_SENT);
    pass(MINUTE);
    assert_int_equal(in_state(OUTBOX_SENT), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX_TEST(send_that_gives_no_outcome_is_tried_and_given_up),
        OUTBOX_TEST(send_that_waits_for_nothing_ends_as_unknown),
        OUTBOX_TEST(send_that_is_still_under_way_is_not_repeated),
        OUTBOX_TEST(a_completion_without_an_outcome_ends_as_unknown),
        OUTBOX_TEST(resolve_that_gives_no_outcome_comes_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
