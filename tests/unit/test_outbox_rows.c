/* SPDX-License-Identifier: MIT
 * test_outbox_rows.c - what becomes of a row: its time, its id, a text that is too long, acks,
 * quotes, whom it goes to. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/people/people.h"
#include "outbox_plugin.h"

/* ---- time ------------------------------------------------------------------------------------ */

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
    sending =
        (struct bot_send){ .chat = CITRA, .text = "short", .expires = clock_ms() + 5 * MINUTE };
    say(BUDI, "send");
    say(BUDI, "say answer");
    jump(HOUR - MINUTE);
    assert_int_equal(in_state(OUTBOX_EXPIRED), 0); /* "short" stands behind the notice */
    jump(2 * MINUTE);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE state < 2 AND text = 'notice'"), 1);
    w.send = NULL;
    pass(MINUTE);
    expect(CITRA, "notice");
    expect_like(SUPER, "terhubung lagi setelah 61 menit");
    expect_none();
    assert_int_equal(in_state(OUTBOX_EXPIRED), 2);
    assert_string_equal(
        disk_text(
            "SELECT group_concat(text) FROM (SELECT text FROM outbox WHERE state = 5 ORDER BY id)"),
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
    sending =
        (struct bot_send){ .chat = CITRA, .text = "tomorrow", .not_before = clock_ms() + HOUR };
    say(BUDI, "send");
    pass(HOUR - 1);
    expect_none();
    world_reopen(0);
    run();
    expect_none();
    pass(1);
    expect(CITRA, "tomorrow");
}

/* ---- ids ------------------------------------------------------------------------------------- */

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
    assert_int_equal(disk("SELECT count(DISTINCT send_id) FROM outbox WHERE send_id LIKE 'ID_'"),
                     2);
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
    w.ids_wanted = 0;
    pass(MINUTE);
    say(BUDI, "say d");
    assert_true(w.ids_wanted > 0); /* asked again, since nobody gave any */
}

static void give_ids(const char *const *ids, size_t n)
{
    outbox_ids(w.host->outbox, "testgate", "default", ids, n);
    run();
}

/* It is on somebody's phone, and the answer that says so is not here yet. */
static void a_message_without_an_outcome_may_be_quoted(void **state)
{
    (void)state;
    const char *const ids[] = { "ID1", "ID2", "ID3", "ID4", "ID5", "ID6" };
    char id[40];
    give_ids(ids, BOT_COUNT(ids));
    say(CITRA, "say hello");
    w.send = send_by_http;
    sending = (struct bot_send){ .chat = CITRA, .text = "Bayar?", .tag = "order 7", .priority = 1 };
    say(BUDI, "send");
    run();
    assert_int_equal(w.http_count, 1);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE tag IS NOT NULL"
                          " AND native_id IS NULL AND send_id IS NOT NULL"),
                     1);
    snprintf(id, sizeof id, "%s", disk_text("SELECT send_id FROM outbox WHERE tag IS NOT NULL"));
    post_as(CITRA, "Q1", "ya", id, 0);
    run();
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE text = 'tag order 7, text Bayar?'"),
                     1);
    post_as(BUDI, "Q2", "ya", id, 0); /* nobody quotes what another one got */
    run();
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE text = 'tag -, text -'"), 1);
}

static void an_empty_pool_is_waited_for_but_not_long(void **state)
{
    (void)state;
    const char *const ids[] = { "ID1", "ID2" };
    w.ids_later = 1;
    world_reopen(0);
    say(BUDI, "say a");
    say(CITRA, "say b");
    pass(499);
    assert_int_equal(w.sent_count, 0);
    give_ids(ids, 1); /* both may wait for the next one, again for 500 ms */
    assert_string_equal(last_sent()->send_id, "ID1");
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE text = 'a' AND send_id = 'ID1'"), 1);
    pass(499);
    assert_int_equal(w.sent_count, 1);
    pass(1);
    expect(BUDI, "a");
    expect(CITRA, "b");
    assert_string_equal(last_sent()->send_id, "");
    say(BUDI, "say c"); /* ids come too slowly: nobody waits any more */
    expect(BUDI, "c");
    for (int i = 0; i < 32; i++) give_ids(ids, 1);
    for (int i = 0; i < 32; i++) say(BUDI, "say d");
    assert_string_equal(last_sent()->send_id, "ID1");
    assert_int_equal(w.sent_count, 35);
    say(BUDI, "say e"); /* the pool was full in between: now it is worth while again */
    assert_int_equal(w.sent_count, 35);
    give_ids(ids + 1, 1);
    assert_string_equal(last_sent()->send_id, "ID2");
}

static void no_ids_for_now_ends_the_wait(void **state)
{
    (void)state;
    w.ids_later = 1;
    world_reopen(0);
    say(BUDI, "say a");
    assert_int_equal(w.sent_count, 0);
    give_ids(NULL, 0);
    expect(BUDI, "a");
}

static void a_held_queue_without_ids_is_tried_later(void **state)
{
    (void)state;
    const char *const id[] = { "ID1" };
    w.ids_later = 1;
    world_reopen(0);
    give_ids(id, 1);
    w.send = hold_all;
    say(BUDI, "say a"); /* took the only id; the queue is held */
    say(CITRA, "say b");
    w.send = NULL;
    pass(20 * SECOND);
    expect(BUDI, "a");
    expect(CITRA, "b");
}

/* ---- splitting ------------------------------------------------------------------------------- */

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
    for (int i = 0; i < 400; i++)
        buf_addf(&text, "%sbaris %d \xc3\xa9\xc3\xa9\xc3\xa9", i ? "\n" : "", i);
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

/* ---- acks, quotes ---------------------------------------------------------------------------- */

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

/* ---- whom ------------------------------------------------------------------------------------ */

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
    assert_int_equal(send_it((struct bot_send){ .text = "x", .chat = CITRA, .person = 1 }),
                     BOT_EINVAL);
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
    assert_int_equal(send_it((struct bot_send){ .text = "new", .chat = "0811-0000-0033" }),
                     BOT_OK); /* never wrote */
    expect(DEWI, "new");
    say(CITRA, "say hello");
    w.seen = w.sent_count;
    int64_t citra = disk("SELECT id FROM persons WHERE phone = '" CITRA "'");
    assert_int_equal(send_it((struct bot_send){ .text = "person", .person = citra }), BOT_OK);
    expect(CITRA, "person");
    char sql[200];
    snprintf(
        sql, sizeof sql,
        "INSERT INTO roles(store, person, role, created_at) VALUES (1, %lld, %d, 1), (1, %lld, %d, 1)",
        (long long)citra, BOT_OWNER,
        (long long)disk("SELECT id FROM persons WHERE phone = '" BUDI "'"), BOT_STAFF);
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

#define IDS_TEST(f) cmocka_unit_test_setup_teardown(f, outbox_open_with_ids, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX_TEST(answers_live_an_hour_and_notices_a_day),
        OUTBOX_TEST(what_expired_while_it_was_down_is_not_sent),
        OUTBOX_TEST(not_before_its_time),
        IDS_TEST(rows_get_their_id_when_they_are_made),
        IDS_TEST(an_empty_pool_is_waited_for_but_not_long),
        IDS_TEST(no_ids_for_now_ends_the_wait),
        IDS_TEST(a_held_queue_without_ids_is_tried_later),
        OUTBOX_TEST(a_long_text_is_split_at_a_line),
        OUTBOX_TEST(an_ack_only_rises_and_failure_stays),
        OUTBOX_TEST(a_quoted_message_is_known_again),
        IDS_TEST(a_message_without_an_outcome_may_be_quoted),
        OUTBOX_TEST(exactly_one_addressee),
        OUTBOX_TEST(by_chat_phone_person_and_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
