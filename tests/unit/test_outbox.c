/* SPDX-License-Identifier: MIT
 * test_outbox.c - what leaves the process: states on disk, order, trouble of a message and of the
 * session, what may have gone out, restarts, expiry, ids, splitting, acks, quotes, who is written to. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/people/members.h"
#include "core/people/people.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static const struct bot_api *api;

/* ---- the plugin: "say TEXT" answers; "notice PHONE AT TEXT" sends ------------------------------------ */

static const char *long_text;
static struct bot_send sending; /* what "send" sends */
static int send_result;

static int on_text(struct bot_ctx *ctx)
{
    const char *text = api->field(ctx, "text");
    if (!strncmp(text, "say ", 4)) return bot_reply(ctx, text + 4);
    if (!strcmp(text, "long")) return bot_reply(ctx, long_text);
    if (!strcmp(text, "fail")) {
        api->reply(ctx, "never");
        return BOT_FAIL;
    }
    if (!strcmp(text, "send")) {
        sending.size = sizeof sending;
        send_result = api->send(ctx, &sending);
        return BOT_HANDLED;
    }
    char told[200];
    const char *tag = api->field(ctx, "quoted.tag"), *quoted = api->field(ctx, "quoted.text");
    snprintf(told, sizeof told, "tag %s, text %s", tag ? tag : "-", quoted ? quoted : "-");
    return bot_reply(ctx, told);
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    api = a;
    return hook_text(a, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_with(struct world_conf conf)
{
    memset(&sending, 0, sizeof sending);
    send_result = 99;
    conf.alpha = &alpha;
    conf.stores = 1;
    world_open(&conf);
    return 0;
}

static int open_world(void **state)
{
    (void)state;
    return open_with((struct world_conf){ 0 });
}

static int open_without_resolve(void **state)
{
    (void)state;
    return open_with((struct world_conf){ .no_resolve = 1 });
}

static int open_with_ids(void **state)
{
    (void)state;
    return open_with((struct world_conf){ .has_ids = 1 });
}

static int64_t in_state(enum outbox_state state)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox WHERE state = %d", state);
    return disk(sql);
}

/* ---- what send() may do ---------------------------------------------------------------------------------- */

static int outcomes[16], outcome_count, outcome_at; /* what the next sends end as; then they are normal */
static int resolve_outcomes[16], resolve_count, resolve_at;
static int verdict; /* of send_nonsense */

static void script_sends(int count, const int *list)
{
    memcpy(outcomes, list, (size_t)count * sizeof *list);
    outcome_count = count;
    outcome_at = 0;
}
#define SENDS(...) script_sends((int)BOT_COUNT(((int[]){ __VA_ARGS__ })), (int[]){ __VA_ARGS__ })

static int send_scripted(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    if (outcome_at == outcome_count || outcomes[outcome_at] == BOT_SENT) {
        if (outcome_at < outcome_count) outcome_at++;
        return send_normally(ctx, row);
    }
    record(row);
    assert_int_equal(outcome(ctx, row->id, outcomes[outcome_at++], NULL, "as the test wants"), BOT_OK);
    return BOT_HANDLED;
}

static int resolve_scripted(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    assert_true(resolve_at < resolve_count);
    assert_int_equal(resolved(ctx, row->id, resolve_outcomes[resolve_at++], "FOUND"), BOT_OK);
    return BOT_HANDLED;
}

static void script_resolves(int count, const int *list)
{
    memcpy(resolve_outcomes, list, (size_t)count * sizeof *list);
    resolve_count = count;
    resolve_at = 0;
    w.resolve = resolve_scripted;
}
#define RESOLVES(...) script_resolves((int)BOT_COUNT(((int[]){ __VA_ARGS__ })), (int[]){ __VA_ARGS__ })

/* Takes its time: a request, whose completion gives the outcome. */
static int sent_by_http(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    int64_t id = *(int64_t *)data;
    if (r->status == BOT_OK) outcome(ctx, id, BOT_SENT, r->body, NULL);
    else outcome(ctx, id, BOT_SEND_UNKNOWN, NULL, r->error);
    return BOT_HANDLED;
}

static int send_by_http(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    const struct bot_http post_it = { .size = sizeof post_it, .url = "http://gate.test/", .body = "x", .body_len = 1 };
    record(row);
    return ctx->api->http(ctx, &post_it, sent_by_http, &row->id, sizeof row->id) > 0 ? BOT_LATER : BOT_HANDLED;
}

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

/* ---- states and order --------------------------------------------------------------------------------------- */

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
    enum { CHATS = 45 };
    w.send = send_by_http;
    for (int i = 0; i < CHATS; i++) {
        char phone[20];
        snprintf(phone, sizeof phone, "62811000001%02d", i);
        post(phone, "say x");
    }
    run();
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

/* ---- trouble ------------------------------------------------------------------------------------------------- */

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
    assert_int_equal(outcome_at, 1); /* nobody else tries meanwhile */
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
    struct bot_incoming in = { .size = sizeof in, .kind = BOT_IN_SESSION, .session = "default", .event = "WORKING",
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

/* ---- it may have gone out --------------------------------------------------------------------------------------- */

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
    return resolved(ctx, *(int64_t *)data, r->http_status == 200 ? BOT_RESOLVED_SENT : BOT_RESOLVED_UNKNOWN, r->body);
}

static int resolve_by_http(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    const struct bot_http get = { .size = sizeof get, .url = "http://gate.test/" };
    return ctx->api->http(ctx, &get, resolved_by_http, &row->id, sizeof row->id) > 0 ? BOT_LATER : BOT_FAIL;
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

/* ---- gateways that do not keep the rules -------------------------------------------------------------------------- */

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

/* ---- time ------------------------------------------------------------------------------------------------------------ */

static int hold_all(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    outcome(ctx, row->id, BOT_SEND_HOLD, NULL, "down");
    return BOT_HANDLED;
}

/* The clock alone: a held queue is not tried every ten seconds in between. */
static void jump(int64_t ms)
{
    clock_virtual_advance(ms);
    run();
}

static void answers_live_an_hour_and_notices_a_day(void **state)
{
    (void)state;
    say(CITRA, "say hello"); /* so that there is a way to write to CITRA */
    w.seen = w.sent_count;
    w.send = hold_all;
    sending = (struct bot_send){ .chat = CITRA, .text = "notice" };
    say(BUDI, "send");
    assert_int_equal(send_result, BOT_OK);
    sending = (struct bot_send){ .chat = CITRA, .text = "short", .expires = clock_ms() + 5 * MINUTE };
    say(BUDI, "send");
    say(BUDI, "say answer");
    jump(HOUR - MINUTE);
    assert_int_equal(in_state(OUTBOX_EXPIRED), 0); /* "short" stands behind the notice */
    jump(2 * MINUTE);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE state < 2 AND text = 'notice'"), 1);
    w.send = NULL;
    pass(MINUTE);
    expect(CITRA, "notice");
    expect_none();
    assert_int_equal(in_state(OUTBOX_EXPIRED), 2);
    assert_string_equal(disk_text("SELECT group_concat(text) FROM (SELECT text FROM outbox WHERE state = 5 ORDER BY id)"),
                        "short,answer");
    w.send = hold_all;
    sending = (struct bot_send){ .chat = CITRA, .text = "notice 2" };
    say(BUDI, "send");
    jump(23 * HOUR);
    assert_int_equal(in_state(OUTBOX_EXPIRED), 2);
    jump(2 * HOUR);
    assert_int_equal(in_state(OUTBOX_EXPIRED), 3);
}

static void what_expired_while_it_was_down_is_not_sent(void **state)
{
    (void)state;
    w.send = hold_all;
    say(BUDI, "say answer");
    RESOLVES(BOT_RESOLVED_NOT_SENT);
    w.send = NULL;
    clock_virtual_advance(2 * HOUR);
    world_reopen(0);
    run();
    pass(MINUTE);
    assert_int_equal(w.sent_count, 0);
    assert_int_equal(in_state(OUTBOX_EXPIRED), 1);
}

static void not_before_its_time(void **state)
{
    (void)state;
    say(CITRA, "say hello");
    w.seen = w.sent_count;
    sending = (struct bot_send){ .chat = CITRA, .text = "tomorrow", .not_before = clock_ms() + HOUR };
    say(BUDI, "send");
    pass(HOUR - 1);
    expect_none();
    world_reopen(0);
    run();
    expect_none();
    pass(1);
    expect(CITRA, "tomorrow");
}

/* ---- ids -------------------------------------------------------------------------------------------------------------- */

static void rows_get_their_id_when_they_are_made(void **state)
{
    (void)state;
    const char *const ids[] = { "ID1", "ID2", "ID3" };
    assert_true(w.ids_wanted > 0); /* it was asked at the start */
    outbox_ids(w.host->outbox, "testgate", "default", ids, 3);
    w.send = send_by_http;
    say(BUDI, "say a");
    say(BUDI, "say b");
    assert_string_equal(last_sent()->send_id, "ID3");
    assert_int_equal(disk("SELECT count(DISTINCT send_id) FROM outbox WHERE send_id LIKE 'ID_'"), 2);
    w.send = NULL;
    RESOLVES(BOT_RESOLVED_NOT_SENT);
    world_reopen(0); /* the rows keep theirs */
    run();
    pass(10 * SECOND);
    assert_int_equal(w.sent_count, 3);
    assert_string_equal(w.sents[1].send_id, "ID3"); /* the same message once more */
    assert_string_equal(w.sents[2].send_id, "ID2");
    assert_string_equal(disk_text("SELECT native_id FROM outbox WHERE text = 'a'"), "ID3");
    say(BUDI, "say c"); /* the pool is in memory: it goes without */
    assert_string_equal(last_sent()->send_id, "");
    pass(MINUTE);
    w.ids_wanted = 0;
    say(BUDI, "say d");
    assert_true(w.ids_wanted > 0); /* asked again, since nobody gave any */
}

/* ---- splitting ---------------------------------------------------------------------------------------------------------- */

static size_t chars(const char *s)
{
    size_t n = 0;
    for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static void a_long_text_is_split_at_a_line(void **state)
{
    (void)state;
    struct buf text = { 0 }, back = { 0 };
    for (int i = 0; i < 400; i++) buf_addf(&text, "%sbaris %d \xc3\xa9\xc3\xa9\xc3\xa9", i ? "\n" : "", i);
    long_text = buf_str(&text);
    say(BUDI, "long");
    assert_true(w.sent_count >= 2);
    for (size_t i = 0; i < w.sent_count; i++) {
        assert_true(chars(w.sents[i].text) <= 4000);
        assert_memory_equal(w.sents[i].text, "baris ", 6);
        buf_addf(&back, "%s%s", i ? "\n" : "", w.sents[i].text);
    }
    assert_string_equal(buf_str(&back), long_text);
    buf_free(&text);
    buf_free(&back);
    w.seen = w.sent_count;
    char exactly[4001];
    memset(exactly, 'x', 4000);
    exactly[4000] = 0;
    long_text = exactly;
    say(BUDI, "long");
    assert_int_equal(unseen(), 1);
    w.seen = w.sent_count;
    char one_word[4500];
    memset(one_word, 'y', sizeof one_word - 1);
    one_word[sizeof one_word - 1] = 0;
    long_text = one_word;
    say(BUDI, "long");
    assert_int_equal(unseen(), 2);
    assert_int_equal(chars(w.sents[w.seen].text) + chars(w.sents[w.seen + 1].text), 4499);
}

/* ---- acks, quotes ---------------------------------------------------------------------------------------------------------- */

static void an_ack_only_rises_and_failure_stays(void **state)
{
    (void)state;
    say(BUDI, "say a");
    const char *native = disk_text("SELECT native_id FROM outbox");
    char id[40];
    snprintf(id, sizeof id, "%s", native);
    const int seen[][2] = { { 1, 1 }, { 3, 3 }, { 2, 3 }, { 0, 3 }, { -1, -1 }, { 4, -1 } };
    for (size_t i = 0; i < BOT_COUNT(seen); i++) {
        ack(id, seen[i][0]);
        char sql[60];
        snprintf(sql, sizeof sql, "SELECT ack = %d FROM outbox", seen[i][1]);
        assert_int_equal(disk(sql), 1);
    }
    ack("NOBODY", 3);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE ack IS NOT NULL"), 1);
}

static void a_quoted_message_is_known_again(void **state)
{
    (void)state;
    char id[40];
    say(CITRA, "say hello");
    sending = (struct bot_send){ .chat = CITRA, .text = "Bayar?", .tag = "order 7", .priority = 1 };
    say(BUDI, "send");
    assert_true(last_sent()->flags & BOT_OUTGOING_ANSWER);
    snprintf(id, sizeof id, "%s", disk_text("SELECT native_id FROM outbox WHERE tag IS NOT NULL"));
    w.seen = w.sent_count;
    post_as(CITRA, "Q1", "ya", id, 0);
    run();
    expect(CITRA, "tag order 7, text Bayar?");
    post_as(CITRA, "Q2", "ya", "UNKNOWN", 0);
    run();
    expect(CITRA, "tag -, text -");
}

/* ---- whom ------------------------------------------------------------------------------------------------------------------- */

static int send_it(struct bot_send m)
{
    sending = m;
    say(BUDI, "send");
    return send_result;
}

static void exactly_one_addressee(void **state)
{
    (void)state;
    assert_int_equal(send_it((struct bot_send){ .text = "x" }), BOT_EINVAL);
    assert_int_equal(send_it((struct bot_send){ .text = "x", .chat = CITRA, .person = 1 }), BOT_EINVAL);
    assert_int_equal(send_it((struct bot_send){ .text = "", .chat = CITRA }), BOT_EINVAL);
    assert_int_equal(send_it((struct bot_send){ .chat = CITRA }), BOT_EINVAL);
    assert_int_equal(send_it((struct bot_send){ .text = "x", .chat = "nobody" }), BOT_EINVAL);
    assert_int_equal(send_it((struct bot_send){ .text = "x", .person = 4711 }), BOT_ENOENT);
    assert_int_equal(send_it((struct bot_send){ .text = "x", .role = BOT_OWNER }), BOT_ENOENT);
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM outbox"), 0);
}

static void by_chat_phone_person_and_role(void **state)
{
    (void)state;
    assert_int_equal(send_it((struct bot_send){ .text = "chat", .chat = "group7@g" }), BOT_OK);
    assert_string_equal(last_sent()->chat, "group7@g");
    w.seen = w.sent_count;
    assert_int_equal(send_it((struct bot_send){ .text = "new", .chat = "0811-0000-0033" }), BOT_OK); /* never wrote */
    expect(DEWI, "new");
    say(CITRA, "say hello");
    w.seen = w.sent_count;
    int64_t citra = disk("SELECT id FROM persons WHERE phone = '" CITRA "'");
    assert_int_equal(send_it((struct bot_send){ .text = "person", .person = citra }), BOT_OK);
    expect(CITRA, "person");
    char sql[200];
    snprintf(sql, sizeof sql, "INSERT INTO roles(store, person, role, created_at) VALUES (1, %lld, %d, 1), (1, %lld, %d, 1)",
             (long long)citra, BOT_OWNER, (long long)disk("SELECT id FROM persons WHERE phone = '" BUDI "'"), BOT_STAFF);
    script(sql);
    people_forget(w.host, citra);
    assert_int_equal(send_it((struct bot_send){ .text = "owner", .role = BOT_OWNER }), BOT_OK);
    expect(CITRA, "owner");
    expect_none();
    assert_int_equal(send_it((struct bot_send){ .text = "both", .role = BOT_STORE_ADMIN }), BOT_OK);
    assert_int_equal(unseen(), 2);
    w.seen = w.sent_count;
    assert_int_equal(send_it((struct bot_send){ .text = "super", .role = BOT_SUPER }), BOT_OK);
    expect(SUPER, "super");
    expect_none();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)
    const struct CMUnitTest tests[] = {
        TEST(nothing_leaves_before_its_state_is_on_disk),
        TEST(a_chat_keeps_its_order_and_holds_no_other),
        TEST(many_chats_go_out_at_last),
        TEST(a_failed_handlers_reply_never_was),
        TEST(trouble_of_the_session_holds_its_queue),
        TEST(a_session_that_is_back_says_so),
        TEST(one_message_alone_holds_its_chat_two_minutes),
        TEST(a_retry_does_not_hold_other_chats),
        TEST(a_refused_message_fails_at_once),
        TEST(what_may_have_gone_out_is_asked_about),
        TEST(asking_takes_its_time_and_nothing_goes_out_meanwhile),
        cmocka_unit_test_setup_teardown(without_a_way_to_ask_it_stays_unknown, open_without_resolve, world_close),
        TEST(after_a_crash_it_is_asked_first),
        TEST(after_a_crash_what_was_not_sent_goes_out_again),
        TEST(an_outcome_after_the_end_is_stale),
        TEST(send_that_gives_no_outcome_is_tried_and_given_up),
        TEST(send_that_waits_for_nothing_ends_as_unknown),
        TEST(send_that_is_still_under_way_is_not_repeated),
        TEST(a_completion_without_an_outcome_ends_as_unknown),
        TEST(resolve_that_gives_no_outcome_comes_to_an_end),
        TEST(answers_live_an_hour_and_notices_a_day),
        TEST(what_expired_while_it_was_down_is_not_sent),
        TEST(not_before_its_time),
        cmocka_unit_test_setup_teardown(rows_get_their_id_when_they_are_made, open_with_ids, world_close),
        TEST(a_long_text_is_split_at_a_line),
        TEST(an_ack_only_rises_and_failure_stays),
        TEST(a_quoted_message_is_known_again),
        TEST(exactly_one_addressee),
        TEST(by_chat_phone_person_and_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
