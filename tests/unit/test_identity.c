/* SPDX-License-Identifier: MIT
 * test_identity.c - messages under a hidden id: whom they hold, how long, and whose they are then.
 */
#include "host_fixture.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/people/identity.h"

static const struct bot_api *api;

static int waited(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)r;
    (void)data;
    return bot_reply(ctx, "ditunggu");
}

static int on_text(struct bot_ctx *ctx)
{
    if (!strcmp(api->field(ctx, "text"), "tunggu"))
        return api->timer(ctx, 4000, waited, NULL, 0) > 0 ? api->later(ctx, 0, NULL, 0) : BOT_FAIL;
    const char *phone = api->field(ctx, "phone");
    char told[200];
    snprintf(told, sizeof told, "%s of %s", api->field(ctx, "text"), phone ? phone : "nobody");
    return bot_reply(ctx, told);
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    api = a;
    return hook_text(a, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_asking(void **state)
{
    (void)state;
    world_open(&(struct world_conf){ .alpha = &alpha, .stores = 1, .has_who = 1 });
    return 0;
}

static void hidden_posts(const char *lid, const char *native_id, const char *text)
{
    char id[80];
    snprintf(id, sizeof id, "%s@lid", lid);
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_MESSAGE,
                               .session = "default",
                               .event = "message",
                               .native_id = native_id,
                               .chat = id,
                               .lid = id,
                               .text = text };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
}

static void gateway_tells(const char *lid, const char *phone)
{
    char id[80];
    snprintf(id, sizeof id, "%s@lid", lid);
    struct bot_incoming in = {
        .size = sizeof in, .kind = BOT_IN_IDENTITY, .session = "default", .lid = id, .phone = phone
    };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
}

static void sent(const char *chat, const char *text)
{
    if (w.seen == w.sent_count) fail_msg("nothing was sent; wanted to %s: %s", chat, text);
    assert_string_equal(w.sents[w.seen].chat, chat);
    assert_string_equal(w.sents[w.seen++].text, text);
}

static void it_waits_for_its_number(void **state)
{
    (void)state;
    hidden_posts("111", "A", "halo");
    hidden_posts("111", "B", "lagi");
    assert_int_equal(w.who_count, 1);
    assert_string_equal(w.who_lid, "111@lid");
    expect_none();
    say(CITRA, "apa kabar"); /* others do not wait */
    expect(CITRA, "apa kabar of " CITRA);
    gateway_tells("111", BUDI);
    sent("111@lid", "halo of " BUDI); /* it goes where it came from */
    sent("111@lid", "lagi of " BUDI);
    hidden_posts("111", "C", "tiga");
    sent("111@lid", "tiga of " BUDI);
    assert_int_equal(w.who_count, 1);
    assert_int_equal(
        disk("SELECT count(DISTINCT person) FROM aliases WHERE alias IN ('l:111', 'p:" BUDI "')"),
        1);
}

static void two_that_are_one_are_merged_before_it_runs(void **state)
{
    (void)state;
    say(BUDI, "siapa");
    expect(BUDI, "siapa of " BUDI);
    hidden_posts("111", "A", "halo");
    gateway_tells("111", BUDI);
    sent("111@lid", "halo of " BUDI);
    assert_int_equal(disk("SELECT count(*) FROM persons WHERE phone = '" BUDI "'"), 1);
    assert_int_equal(disk("SELECT count(DISTINCT person) FROM inbox"), 1);
}

static void a_message_that_tells_it_by_itself_comes_after_the_one_that_waits(void **state)
{
    (void)state;
    say(BUDI, "siapa");
    expect(BUDI, "siapa of " BUDI);
    hidden_posts("111", "A", "satu");
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_MESSAGE,
                               .session = "default",
                               .event = "message",
                               .native_id = "B",
                               .chat = "111@lid",
                               .phone = BUDI,
                               .lid = "111@lid",
                               .text = "dua" };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
    sent("111@lid", "satu of " BUDI);
    sent("111@lid", "dua of " BUDI);
    pass(3000);
    expect_none();
}

static void who_was_two_has_one_queue(void **state)
{
    (void)state;
    say(BUDI, "siapa");
    expect(BUDI, "siapa of " BUDI);
    hidden_posts("111", "A", "tunggu"); /* will wait for a timer, once it runs */
    gateway_tells("111", BUDI);
    expect_none();
    say(BUDI, "dua"); /* by phone: the same person's queue */
    expect_none();
    pass(5000);
    sent("111@lid", "ditunggu");
    expect(BUDI, "dua of " BUDI);
}

static void two_seconds_are_enough(void **state)
{
    (void)state;
    hidden_posts("111", "A", "halo");
    pass(1999);
    expect_none();
    pass(1);
    sent("111@lid", "halo of nobody");
    gateway_tells("111", BUDI); /* late, and still of use */
    hidden_posts("111", "B", "lagi");
    sent("111@lid", "lagi of " BUDI);
    assert_int_equal(w.who_count, 1);
}

static void who_is_not_known_is_asked_for_again_after_a_while(void **state)
{
    (void)state;
    hidden_posts("111", "A", "halo");
    gateway_tells("111", NULL);
    sent("111@lid", "halo of nobody");
    hidden_posts("111", "B", "lagi");
    sent("111@lid", "lagi of nobody");
    assert_int_equal(w.who_count, 1);
    pass(11 * 60 * 1000);
    hidden_posts("111", "C", "tiga");
    expect_none();
    assert_int_equal(w.who_count, 2);
    gateway_tells("111", BUDI);
    sent("111@lid", "tiga of " BUDI);
}

static void could_not_be_asked_is_asked_soon(void **state)
{
    (void)state;
    hidden_posts("111", "A", "halo");
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_IDENTITY,
                               .session = "default",
                               .lid = "111@lid",
                               .state = 1 };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
    sent("111@lid", "halo of nobody");
    hidden_posts("111", "B", "lagi");
    sent("111@lid", "lagi of nobody");
    pass(10000);
    hidden_posts("111", "C", "tiga");
    assert_int_equal(w.who_count, 2);
    gateway_tells("111", BUDI);
    sent("111@lid", "tiga of " BUDI);
}

static void a_gateway_that_cannot_ask_holds_nobody(void **state)
{
    (void)state;
    w.who_verdict = BOT_HANDLED;
    hidden_posts("111", "A", "halo");
    sent("111@lid", "halo of nobody");
}

static void a_crash_meanwhile_loses_nothing(void **state)
{
    (void)state;
    hidden_posts("111", "A", "halo");
    world_reopen(0);
    run();
    expect_none();
    gateway_tells("111", BUDI);
    sent("111@lid", "halo of " BUDI);
    expect_none();
}

static void a_stop_meanwhile_loses_nothing(void **state)
{
    (void)state;
    hidden_posts("111", "A", "halo");
    world_reopen(1);
    run();
    pass(2000);
    sent("111@lid", "halo of nobody");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_asking, world_close)
    const struct CMUnitTest tests[] = {
        TEST(it_waits_for_its_number),
        TEST(two_that_are_one_are_merged_before_it_runs),
        TEST(a_message_that_tells_it_by_itself_comes_after_the_one_that_waits),
        TEST(who_was_two_has_one_queue),
        TEST(could_not_be_asked_is_asked_soon),
        TEST(two_seconds_are_enough),
        TEST(who_is_not_known_is_asked_for_again_after_a_while),
        TEST(a_gateway_that_cannot_ask_holds_nobody),
        TEST(a_crash_meanwhile_loses_nothing),
        TEST(a_stop_meanwhile_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
