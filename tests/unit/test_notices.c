/* SPDX-License-Identifier: MIT
 * test_notices.c - what nobody asked for just now: how much of it leaves, in whose turn, and that
 * it is in nobody's way; the alarms about a number. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/message/rate.h"
#include "outbox_plugin.h"

#define BUDGET(...) (&(const struct bot_budget){ .size = sizeof(struct bot_budget), __VA_ARGS__ })

static const char *customer(int i)
{
    static char phones[4][32];
    static int at;
    snprintf(phones[at = (at + 1) % 4], sizeof phones[0], "62811000001%02d", i);
    return phones[at];
}

/* Somebody who has written before. */
static void meet(int i)
{
    say(customer(i), "#MAJU2 say hello");
}

static void notice_from(const char *command, const char *phone, const char *text)
{
    sending = (struct bot_send){ .chat = phone, .text = text };
    say(BUDI, command);
    assert_int_equal(send_result, BOT_OK);
}

static void notice(const char *phone, const char *text)
{
    notice_from("send", phone, text);
}

static int sent_to(const char *phone)
{
    int n = 0;
    for (size_t i = 0; i < w.sent_count; i++) n += !strncmp(w.sents[i].chat, phone, strlen(phone));
    return n;
}

static int sent_like(const char *text)
{
    int n = 0;
    for (size_t i = 0; i < w.sent_count; i++) n += strstr(w.sents[i].text, text) != NULL;
    return n;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void a_rate_lets_a_burst_through_and_then_one_at_a_time(void **state)
{
    (void)state;
    struct rate r = { 0 };
    int64_t now = 1784970000000;
    for (int i = 0; i < 1000; i++) rate_take(&r, now); /* no limit */
    assert_true(rate_when(&r, now) == now);
    rate_set(&r, 20, 60000, 5);
    r.at_us = 0;
    for (int i = 0; i < 5; i++) {
        assert_true(rate_when(&r, now) == now);
        rate_take(&r, now);
    }
    assert_int_equal(rate_when(&r, now) - now, 3000);
    now += 3000;
    rate_take(&r, now);
    assert_int_equal(rate_when(&r, now) - now, 3000);
    assert_false(rate_is_idle(&r, now));
    assert_int_equal(rate_when(&r, now - 86400000) - (now - 86400000),
                     3000); /* the clock was put back */
    now += 60000;
    assert_true(rate_is_idle(&r, now));
    assert_true(rate_when(&r, now) == now);
    rate_set(&r, 1000000, 60000, 1); /* the most that can be set */
    rate_take(&r, now);
    assert_int_equal(rate_when(&r, now) - now, 1);
}

static void notices_are_spread_and_answers_do_not_wait(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_minute = 20), 1);
    for (int i = 0; i < 8; i++) meet(i);
    for (int i = 0; i < 8; i++) notice(customer(i), "order");
    assert_int_equal(sent_like("order"), 5); /* a quarter of a minute's at once */
    assert_true(loop_next_due(&w.host->loop) > clock_ms());
    say(customer(7), "say now"); /* his notice waits; his answer does not */
    assert_string_equal(last_sent()->text, "now");
    pass(3000 - 1);
    assert_int_equal(sent_like("order"), 5);
    pass(1);
    assert_int_equal(sent_like("order"), 6);
    pass(3000);
    assert_int_equal(sent_like("order"), 7);
    pass(MINUTE);
    assert_int_equal(sent_like("order"), 8);
    assert_int_equal(in_state(OUTBOX_QUEUED) + in_state(OUTBOX_SENDING), 0);
}

static void what_went_out_before_a_restart_counts(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_minute = 20), 1);
    for (int i = 0; i < 6; i++) meet(i);
    for (int i = 0; i < 6; i++) notice(customer(i), "order");
    assert_int_equal(sent_like("order"), 5);
    world_reopen(0);
    run();
    assert_int_equal(sent_like("order"), 5);
    pass(3000);
    assert_int_equal(sent_like("order"), 6);
}

static void stores_take_turns(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_minute = 4), 2);
    for (int i = 0; i < 40; i++) meet(i);
    for (int i = 0; i < 39; i++) notice_from("#MAJU2 send", customer(i), "much");
    notice_from("#MAJU3 send", customer(39), "little");
    assert_int_equal(sent_like("much"), 1);
    pass(30000); /* two more: one of each store, not two of the one that was first */
    assert_int_equal(sent_like("little"), 1);
    assert_int_equal(sent_like("much"), 2);
    pass(15000);
    assert_int_equal(sent_like("much"), 3);
}

static void five_hundred_notices_delay_no_reply(void **state)
{
    (void)state;
    outbox_open_with_budget(NULL, 2); /* no limit, and a network that does not answer */
    for (int i = 0; i < 99; i++) meet(i);
    w.send = send_by_http;
    for (int i = 0; i < 99; i++) notice_from("#MAJU2 send", customer(i), "much");
    size_t under_way = w.http_count;
    assert_true(under_way <= 32);
    assert_true(loop_next_due(&w.host->loop) > clock_ms()); /* it waits, and does not spin */
    say(CITRA, "#MAJU3 say reply");
    assert_int_equal(w.http_count, under_way + 1);
    assert_int_equal(sent_to(CITRA), 1);
}

static void a_day_has_so_many_notices_and_the_super_admin_knows(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_day = 10), 1);
    int64_t midnight = (clock_ms() + 7 * HOUR) / (24 * HOUR) * (24 * HOUR) + 24 * HOUR - 7 * HOUR;
    for (int i = 0; i < 12; i++) meet(i);
    for (int i = 0; i < 8; i++) notice(customer(i), "order");
    run();
    expect_like(customer(0), "hello");
    assert_int_equal(sent_like("80%"), 1);
    assert_int_equal(sent_to(SUPER), 1);
    for (int i = 8; i < 12; i++) notice(customer(i), "order");
    run();
    assert_int_equal(sent_like("order"), 10);
    assert_int_equal(sent_like("semua 10 pemberitahuan"), 1);
    world_reopen(0); /* a restart is no new day */
    run();
    pass(midnight - 1 - clock_ms());
    assert_int_equal(sent_like("order"), 10);
    say(CITRA, "say now");
    assert_string_equal(last_sent()->text, "now");
    pass(1);
    assert_int_equal(sent_like("order"), 12);
}

static void who_has_not_written_for_a_day_gets_four_an_hour(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_contact = 4), 1);
    meet(1);
    for (int i = 0; i < 6; i++) notice(customer(1), "order");
    assert_int_equal(sent_to(customer(1)), 7); /* he has written today */
    pass(25 * HOUR);
    for (int i = 0; i < 6; i++) notice(customer(1), "late");
    assert_int_equal(sent_like("late"), 4);
    notice(customer(2), "stranger"); /* who waits holds nobody up */
    assert_int_equal(sent_like("stranger"), 1);
    pass(15 * MINUTE);
    assert_int_equal(sent_like("late"), 5);
    world_reopen(0);
    run();
    assert_int_equal(sent_like("late"), 5);
    say(customer(1), "say me"); /* he writes */
    pass(15 * MINUTE);
    assert_int_equal(sent_like("late"), 6);
}

static void what_waits_for_one_time_keeps_its_order(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_contact = 1), 1);
    meet(1);
    pass(25 * HOUR);
    char text[20];
    for (int i = 0; i < 9; i++) {
        snprintf(text, sizeof text, "late %d", i);
        notice(customer(1), text);
    }
    for (int i = 1; i < 9; i++) {
        pass(HOUR);
        snprintf(text, sizeof text, "late %d", i);
        assert_string_equal(last_sent()->text, text);
    }
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "morning %d", i);
        sending = (struct bot_send){ .chat = customer(2 + i),
                                     .text = text,
                                     .not_before = clock_ms() + HOUR };
        say(BUDI, "send");
    }
    size_t before = w.sent_count;
    pass(HOUR);
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "morning %d", i);
        assert_string_equal(w.sents[before + (size_t)i].text, text);
    }
}

/* ---- new chats ------------------------------------------------------------------------------- */

static void chats_are_begun_one_at_a_time(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_minute = 100, .spread_new_chats = 1), 1);
    meet(9);
    for (int i = 0; i < 3; i++) notice(customer(i), "hello");
    assert_int_equal(sent_to(customer(0)) + sent_to(customer(1)) + sent_to(customer(2)), 1);
    assert_true(last_sent()->flags & BOT_OUTGOING_NEW_CHAT);
    notice(customer(9), "known");
    assert_int_equal(sent_like("known"), 1);
    assert_false(last_sent()->flags & BOT_OUTGOING_NEW_CHAT);
    pass(30 * SECOND - 1);
    assert_int_equal(sent_to(customer(1)) + sent_to(customer(2)), 0);
    pass(30 * SECOND + 1);
    assert_int_equal(sent_to(customer(1)) + sent_to(customer(2)), 1);
    pass(MINUTE);
    assert_int_equal(sent_to(customer(1)) + sent_to(customer(2)), 2);
}

static void locked(int64_t until)
{
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_SESSION,
                               .session = "default",
                               .event = "WORKING",
                               .state = BOT_SESSION_CONNECTED,
                               .no_new_until = until };
    host_incoming(w.host, "testgate", &in);
    run();
}

static void a_locked_number_begins_no_chat_and_goes_on_answering(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_minute = 100), 1);
    meet(1);
    int64_t until = clock_ms() + 5 * HOUR;
    locked(until);
    locked(until); /* WORKING repeats */
    assert_int_equal(sent_like("memulai chat baru sampai"), 1);
    notice(customer(2), "stranger");
    notice(customer(1), "known");
    say(CITRA, "say answer");
    assert_int_equal(sent_to(customer(2)), 0);
    assert_int_equal(sent_like("known"), 1);
    assert_int_equal(sent_like("answer"), 1);
    world_reopen(0);
    run();
    pass(until - 1 - clock_ms());
    assert_int_equal(sent_to(customer(2)), 0);
    pass(1);
    assert_int_equal(sent_to(customer(2)), 1);
}

static void a_lock_may_end_early(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_minute = 100), 1);
    locked(clock_ms() + 5 * HOUR);
    notice(customer(2), "stranger");
    pass(HOUR);
    assert_int_equal(sent_to(customer(2)), 0);
    locked(-1);
    pass(SECOND);
    assert_int_equal(sent_to(customer(2)), 1);
    assert_int_equal(sent_like("memulai chat baru lagi"), 1);
    world_reopen(0); /* and it is not locked again */
    run();
    notice(customer(3), "another stranger");
    assert_int_equal(sent_to(customer(3)), 1);
}

static void what_the_network_refuses_as_a_new_chat_waits(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.per_minute = 100), 1);
    meet(1);
    w.send = send_scripted;
    SENDS(BOT_SEND_NO_NEW_CHATS);
    notice(customer(2), "stranger");
    w.send = NULL;
    assert_int_equal(in_state(OUTBOX_REFUSED), 0);
    assert_int_equal(sent_like("memulai chat baru sampai"), 1);
    notice(customer(3), "second stranger");
    notice(customer(1), "known");
    assert_int_equal(sent_like("known"), 1);
    pass(6 * HOUR - MINUTE);
    assert_int_equal(sent_like("second stranger"), 0);
    pass(2 * MINUTE);
    assert_int_equal(sent_like("second stranger"), 1);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE text = 'stranger' AND state = 2"), 1);
    w.send = send_scripted;
    SENDS(BOT_SEND_NO_NEW_CHATS);
    say(CITRA, "say answer"); /* the network talks nonsense: the answer fails, as told */
    assert_int_equal(in_state(OUTBOX_REFUSED), 1);
}

/* ---- in nobody's way ------------------------------------------------------------------------- */

static void a_reminder_for_tomorrow_holds_no_answer(void **state)
{
    (void)state;
    outbox_open_with_budget(NULL, 1);
    say(CITRA, "say hello");
    sending = (struct bot_send){ .chat = CITRA,
                                 .text = "reminder",
                                 .not_before = clock_ms() + 20 * HOUR };
    say(BUDI, "send");
    say(CITRA, "say now");
    assert_string_equal(last_sent()->text, "now");
    pass(20 * HOUR);
    assert_int_equal(sent_like("reminder"), 1);
}

static void answers_wait_and_none_is_dropped(void **state)
{
    (void)state;
    outbox_open_with_budget(BUDGET(.all_per_minute = 30), 1);
    for (int i = 0; i < 40; i++) say(customer(i), "say x");
    assert_int_equal(sent_like("x"), 10); /* a third at once, then one each 2 s */
    pass(2 * SECOND);
    assert_int_equal(sent_like("x"), 11);
    pass(MINUTE);
    assert_int_equal(sent_like("x"), 40);
    for (int i = 0; i < 40; i++) assert_int_equal(sent_to(customer(i)), 1);
}

/* ---- alarms ---------------------------------------------------------------------------------- */

static void a_number_without_ticks_is_mute(void **state)
{
    (void)state;
    outbox_open_with_budget(NULL, 1);
    char id[32];
    for (int i = 0; i < 12; i++) {
        say(customer(i), "say x");
        snprintf(id, sizeof id, "N%lld", (long long)last_sent()->id);
        if (i == 0) ack(id, 1); /* this network has ticks */
    }
    pass(11 * MINUTE);
    assert_int_equal(sent_like("tidak dikonfirmasi"), 0); /* judged when something is sent */
    for (int i = 0; i < 8; i++) say(customer(20 + i), "say y");
    assert_int_equal(sent_like("tidak dikonfirmasi"), 1);
    size_t count = w.sent_count;
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "N%lld", (long long)w.sents[i].id);
        ack(id, 2);
    }
    run();
    assert_int_equal(sent_like("dikonfirmasi WhatsApp lagi"), 1);
}

static void a_network_without_ticks_is_not(void **state)
{
    (void)state;
    outbox_open_with_budget(NULL, 1);
    for (int i = 0; i < 30; i++) say(customer(i), "say x");
    pass(11 * MINUTE);
    for (int i = 0; i < 30; i++) say(customer(i), "say y");
    assert_int_equal(sent_like("tidak dikonfirmasi"), 0);
}

static void an_ack_may_come_before_its_send_is_answered(void **state)
{
    (void)state;
    outbox_open_with_budget(NULL, 1);
    w.send = send_by_http;
    say(BUDI, "say a");
    ack("NATIVE1", 3);
    ack("NATIVE1", 2); /* out of order */
    network_answers(201, "NATIVE1");
    assert_int_equal(disk("SELECT ack FROM outbox WHERE native_id = 'NATIVE1'"), 3);
    say(BUDI, "say b");
    ack("NATIVE2", -1);
    ack("NATIVE2", 1);
    network_answers(201, "NATIVE2");
    assert_int_equal(disk("SELECT ack FROM outbox WHERE native_id = 'NATIVE2'"), -1);
    say(BUDI, "say c");
    network_answers(201, "NATIVE3");
    assert_int_equal(disk("SELECT ack IS NULL FROM outbox WHERE native_id = 'NATIVE3'"), 1);
}

/* A number of its own for this; the first one is "default". */
static void second_number(int state)
{
    outbox_session_state(w.host->outbox, "testgate", "second", state, "test");
}

static void a_number_that_is_away_is_told_of_by_another(void **state)
{
    (void)state;
    outbox_open_with_budget(NULL, 1);
    outbox_session_state(w.host->outbox, "testgate", "default", BOT_SESSION_DISCONNECTED, "test");
    pass(9 * MINUTE);
    outbox_session_state(w.host->outbox, "testgate", "default", BOT_SESSION_CONNECTED, "test");
    pass(HOUR); /* a blink is nobody's business */
    assert_int_equal(w.sent_count, 0);
    second_number(BOT_SESSION_CONNECTED);
    outbox_session_state(w.host->outbox, "testgate", "default", BOT_SESSION_DISCONNECTED, "test");
    pass(11 * MINUTE);
    assert_int_equal(sent_like("sudah 10 menit tidak terhubung"), 1);
    outbox_session_state(w.host->outbox, "testgate", "default", BOT_SESSION_CONNECTED, "test");
    pass(SECOND);
    assert_int_equal(sent_like("terhubung lagi setelah 11 menit"), 1);
    second_number(BOT_SESSION_DISCONNECTED);
    pass(11 * MINUTE);
    assert_int_equal(sent_like("testgate/second* sudah 10 menit"), 1);
}

static void nobody_is_told_by_a_number_that_is_away_itself(void **state)
{
    (void)state;
    outbox_open_with_budget(NULL, 1);
    outbox_session_state(w.host->outbox, "testgate", "default", BOT_SESSION_QR, "test");
    pass(HOUR);
    assert_int_equal(w.sent_count, 0);
    assert_int_equal(disk("SELECT count(*) FROM outbox"), 0);
    outbox_session_state(w.host->outbox, "testgate", "default", BOT_SESSION_CONNECTED, "test");
    pass(SECOND);
    assert_int_equal(sent_like("terhubung lagi setelah 60 menit"), 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_lets_a_burst_through_and_then_one_at_a_time),
        TEST(notices_are_spread_and_answers_do_not_wait),
        TEST(what_went_out_before_a_restart_counts),
        TEST(stores_take_turns),
        TEST(five_hundred_notices_delay_no_reply),
        TEST(a_day_has_so_many_notices_and_the_super_admin_knows),
        TEST(who_has_not_written_for_a_day_gets_four_an_hour),
        TEST(what_waits_for_one_time_keeps_its_order),
        TEST(chats_are_begun_one_at_a_time),
        TEST(a_locked_number_begins_no_chat_and_goes_on_answering),
        TEST(a_lock_may_end_early),
        TEST(what_the_network_refuses_as_a_new_chat_waits),
        TEST(a_reminder_for_tomorrow_holds_no_answer),
        TEST(answers_wait_and_none_is_dropped),
        TEST(a_number_without_ticks_is_mute),
        TEST(a_network_without_ticks_is_not),
        TEST(an_ack_may_come_before_its_send_is_answered),
        TEST(a_number_that_is_away_is_told_of_by_another),
        TEST(nobody_is_told_by_a_number_that_is_away_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
