/* SPDX-License-Identifier: MIT
 * test_late.c - what a gateway hands in late: order, once, what is held for how long, who gets the
 * one answer. */
#include "host_fixture.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/message/late.h"

#define AWAY    "tidak terhubung"
#define MISSED  "SELECT count(*) FROM inbox WHERE event = 'recorded'"
#define TODAY_S (clock_ms() / 1000 * 1000)

static const struct bot_api *api;
static int gate_verdict, gates;

static int on_text(struct bot_ctx *ctx)
{
    char told[200];
    snprintf(told, sizeof told, "jawab %s", api->field(ctx, "text"));
    return bot_reply(ctx, told);
}

static int on_gate(struct bot_ctx *ctx)
{
    (void)ctx;
    gates++;
    return gate_verdict;
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_hook_spec gate[] = { { "message.gate", 1, BOT_NO_STORE, on_gate } };
    api = a;
    int rc = BOT_HOOKS(a, self, gate);
    return rc < 0 ? rc : hook_text(a, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_shop(void **state)
{
    (void)state;
    gates = gate_verdict = 0;
    world_open(&(struct world_conf){ .alpha = &alpha, .stores = 1 });
    return 0;
}

/* Written so long ago, handed in now. Nothing runs yet. */
static void late(const char *phone, const char *id, const char *text, int64_t age_ms, uint32_t how)
{
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .native_id = id,
                                   .phone = phone,
                                   .text = text,
                                   .sent_at = TODAY_S - age_ms,
                                   .late = how });
}

static void own(const char *phone, const char *id, int64_t age_ms)
{
    post_in((struct bot_incoming){ .kind = BOT_IN_OWN,
                                   .event = "message.any",
                                   .native_id = id,
                                   .phone = phone,
                                   .text = "dari HP",
                                   .sent_at = TODAY_S - age_ms,
                                   .late = BOT_LATE_RECORD });
}

static void caught_up(const char *phone)
{
    struct bot_incoming in = {
        .size = sizeof in, .kind = BOT_IN_CAUGHT_UP, .session = "default", .phone = phone
    };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
}

static void hold(const char *phone, int64_t ms)
{
    assert_int_equal(late_hold(w.host, "testgate", "default", phone, NULL, ms), BOT_OK);
}

static void what_is_recorded_is_done_and_nobody_hears_of_it(void **state)
{
    (void)state;
    say(BUDI, "halo");
    expect(BUDI, "jawab halo");
    late(BUDI, "A", "lama", 3 * 86400000LL, BOT_LATE_RECORD);
    own(BUDI, "B", 2 * 86400000LL);
    run();
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE event = 'recorded' AND state = 2 AND "
                          "store > 0 AND done_at > 0 AND person > 0"),
                     2);
    late(BUDI, "A", "lama", 0, BOT_LATE_NOT); /* a webhook's retry */
    run();
    expect_none();
    assert_int_equal(gates, 1);
}

static void a_chat_gets_one_answer_that_counts(void **state)
{
    (void)state;
    late(BUDI, "A", "/hapus semua", 3 * 3600000LL, BOT_LATE_SUMMARY);
    late(CITRA, "C", "satu", 3 * 3600000LL, BOT_LATE_SUMMARY);
    late(BUDI, "B", "YA", 2 * 3600000LL, BOT_LATE_SUMMARY);
    run();
    assert_int_equal(unseen(), 2);
    for (int i = 0; i < 2; i++) {
        const struct sent *s = &w.sents[w.seen + (size_t)i];
        assert_non_null(strstr(s->text, AWAY));
        assert_non_null(strstr(s->text, strstr(s->chat, BUDI) ? "2 pesan" : "1 pesan"));
    }
    w.seen = w.sent_count;
    late(BUDI, "A", "/hapus semua", 3 * 3600000LL, BOT_LATE_SUMMARY); /* it began anew */
    late(BUDI, "B", "YA", 2 * 3600000LL, BOT_LATE_SUMMARY);
    run();
    expect_none();
    assert_int_equal(number(MISSED), 3);
    world_reopen(0);
    run();
    expect_none();
}

static void what_came_by_webhook_is_not_missed(void **state)
{
    (void)state;
    late(BUDI, "A", "satu", 600000, BOT_LATE_NOT);
    run();
    expect(BUDI, "jawab satu");
    late(BUDI, "A", "satu", 600000, BOT_LATE_SUMMARY);
    run();
    expect_none();
    late(BUDI, "A", "satu", 600000, BOT_LATE_SUMMARY);
    late(BUDI, "B", "dua", 500000, BOT_LATE_SUMMARY);
    run();
    expect_like(BUDI, "1 pesan");
}

static void the_gate_keeps_it_quiet(void **state)
{
    (void)state;
    gate_verdict = BOT_HANDLED;
    late(BUDI, "A", "satu", 3600000, BOT_LATE_SUMMARY);
    run();
    expect_none();
    assert_int_equal(gates, 1);
    assert_int_equal(disk(MISSED), 1);
}

static void a_blocked_person_hears_nothing(void **state)
{
    (void)state;
    say(BUDI, "halo");
    expect(BUDI, "jawab halo");
    script("UPDATE persons SET blocked = 1");
    world_reopen(1);
    late(BUDI, "A", "satu", 3600000, BOT_LATE_SUMMARY);
    run();
    expect_none();
}

static void live_ones_wait_and_come_after(void **state)
{
    (void)state;
    hold(NULL, 20000);
    late(BUDI, "L", "langsung", 0, BOT_LATE_NOT);
    late(CITRA, "M", "juga", 0, BOT_LATE_NOT);
    run();
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 0"), 2); /* acked, on disk */
    hold(BUDI, 30000);
    hold(NULL, 0); /* the list is there: Citra has missed nothing */
    run();
    expect(CITRA, "jawab juga");
    expect_none();
    late(BUDI, "B", "kedua", 50000, BOT_LATE_RUN);
    late(BUDI, "A", "pertama", 90000, BOT_LATE_RUN);
    late(BUDI, "0", "dulu", 600000, BOT_LATE_RECORD);
    caught_up(BUDI);
    run();
    expect(BUDI, "jawab pertama");
    expect(BUDI, "jawab kedua");
    expect(BUDI, "jawab langsung");
    expect_none();
    say(BUDI, "lagi");
    expect(BUDI, "jawab lagi");
}

static void who_writes_again_gets_an_answer_to_that_only(void **state)
{
    (void)state;
    hold(BUDI, 30000);
    late(BUDI, "L", "langsung", 0, BOT_LATE_NOT);
    run();
    late(BUDI, "A", "lama", 3600000, BOT_LATE_SUMMARY);
    caught_up(BUDI);
    run();
    expect(BUDI, "jawab langsung");
    expect_none();
}

static void the_other_id_of_a_person_waits_too(void **state)
{
    (void)state;
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_MESSAGE,
                               .session = "default",
                               .native_id = "X",
                               .chat = "77@lid",
                               .phone = BUDI,
                               .lid = "77@lid",
                               .text = "satu" };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
    assert_int_equal(unseen(), 1);
    w.seen = w.sent_count;
    hold(BUDI, 30000);
    in.native_id = "Y";
    in.phone = NULL; /* this engine does not tell it */
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
    expect_none();
    hold(BUDI, 0);
    run();
    assert_int_equal(unseen(), 1);
}

static void nobody_waits_for_ever(void **state)
{
    (void)state;
    hold(NULL, 20000);
    late(BUDI, "L", "langsung", 0, BOT_LATE_NOT);
    run();
    pass(19000);
    expect_none();
    pass(1500);
    expect(BUDI, "jawab langsung");
    hold(BUDI, 30000);
    hold(BUDI, 30000);
    say(BUDI, "dua");
    pass(31000);
    expect(BUDI, "jawab dua");
    assert_int_equal(late_next_due(w.host), INT64_MAX);
}

static void a_lost_turn_changes_nothing(void **state)
{
    (void)state;
    hold(BUDI, 30000);
    late(BUDI, "L", "langsung", 0, BOT_LATE_NOT);
    run();
    fail_commits(1);
    late(BUDI, "A", "pertama", 60000, BOT_LATE_RUN);
    late(CITRA, "B", "lama", 3600000, BOT_LATE_SUMMARY);
    caught_up(BUDI);
    run();
    pass(3000);
    assert_int_equal(unseen(), 3);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE text LIKE '%1 pesan%'"), 1);
    assert_int_equal(disk("SELECT min(o.id) FROM outbox o WHERE text = 'jawab pertama' AND id < "
                          "(SELECT id FROM outbox WHERE text = 'jawab langsung')") > 0,
                     1);
    w.seen = w.sent_count;
}

/* Killed between the commit and the answers: the order and the one answer survive. */
static void a_crash_keeps_order_and_number(void **state)
{
    (void)state;
    hold(BUDI, 30000);
    late(BUDI, "L", "langsung", 0, BOT_LATE_NOT);
    run();
    late(BUDI, "A", "pertama", 60000, BOT_LATE_RUN);
    late(CITRA, "B", "lama", 3600000, BOT_LATE_SUMMARY);
    assert_int_equal(loop_turn(&w.host->loop), 1); /* journaled, nothing has run */
    world_reopen(0);
    run();
    assert_int_equal(unseen(), 3);
    assert_int_equal(disk("SELECT (SELECT id FROM outbox WHERE text = 'jawab pertama') < "
                          "(SELECT id FROM outbox WHERE text = 'jawab langsung')"),
                     1);
    w.seen = w.sent_count;
}

static void what_we_have_sent_is_not_recorded_again(void **state)
{
    (void)state;
    say(BUDI, "halo");
    expect(BUDI, "jawab halo");
    char native[40];
    snprintf(native, sizeof native, "N%lld", (long long)last_sent()->id);
    own(BUDI, native, 1000);
    own(BUDI, "HP", 1000);
    run();
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 2"), 1);
    expect_none();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_shop, world_close)
    const struct CMUnitTest tests[] = {
        T(what_is_recorded_is_done_and_nobody_hears_of_it),
        T(a_chat_gets_one_answer_that_counts),
        T(what_came_by_webhook_is_not_missed),
        T(the_gate_keeps_it_quiet),
        T(a_blocked_person_hears_nothing),
        T(live_ones_wait_and_come_after),
        T(who_writes_again_gets_an_answer_to_that_only),
        T(the_other_id_of_a_person_waits_too),
        T(nobody_waits_for_ever),
        T(a_lost_turn_changes_nothing),
        T(a_crash_keeps_order_and_number),
        T(what_we_have_sent_is_not_recorded_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
