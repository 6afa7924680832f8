/* SPDX-License-Identifier: MIT
 * test_store_admin.c - the plugin store-admin where a transcript cannot reach: somebody writes from
 * the store's own phone, the process is killed in a talk, the number is known. */
#include "host_fixture.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"

#define HOUR INT64_C(3600000)

static int open_stores(int stores)
{
    world_open(&(struct world_conf){
        .plugins = "store-admin = " FIXTURE_PLUGINS "/../../plugins/store-admin.so\n"
                   "catalog = " FIXTURE_PLUGINS "/../../plugins/catalog.so",
        .stores = stores,
    });
    say(DEWI, "halo");
    script("INSERT INTO roles(store, person, role, created_at)"
           " SELECT 1, id, 4, 0 FROM persons WHERE phone = '" DEWI "'");
    script("DELETE FROM members");
    world_reopen(1);
    run();
    w.seen = w.sent_count;
    return 0;
}

static int open_store(void **state)
{
    (void)state;
    return open_stores(1);
}

static int open_two(void **state)
{
    (void)state;
    return open_stores(2);
}

static void from_the_phone(const char *to, const char *id, const char *text)
{
    post_in((struct bot_incoming){ .kind = BOT_IN_OWN,
                                   .event = "message.any",
                                   .native_id = id,
                                   .phone = to,
                                   .text = text,
                                   .sent_at = clock_ms() });
    run();
}

static int64_t talks(void)
{
    return number("SELECT count(*) FROM store_admin_handovers");
}

static void who_writes_from_the_phone_takes_over_without_a_word(void **state)
{
    (void)state;
    say(BUDI, "halo");
    w.seen = w.sent_count;
    from_the_phone(BUDI, "P1", "halo kak, ini saya");
    expect_none();
    assert_int_equal(talks(), 1);
    say(BUDI, "oh iya, bu");
    expect_like(DEWI, "oh iya, bu");
    expect_none();
    pass(2 * HOUR - 60000);
    from_the_phone(BUDI, "P2", "sudah saya kirim");
    pass(2 * HOUR - 60000);
    expect_none();
    pass(60001);
    assert_int_equal(unseen(), 2); /* both sides, once */
    assert_int_equal(talks(), 0);
    w.seen = w.sent_count;
    pass(24 * HOUR);
    expect_none();
}

static void the_phone_writing_to_an_admin_is_no_talk(void **state)
{
    (void)state;
    from_the_phone(DEWI, "P1", "tolong cek stok");
    assert_int_equal(talks(), 0);
}

static void a_talk_outlives_a_crash_and_ends_in_time(void **state)
{
    (void)state;
    say(BUDI, "ADMIN");
    assert_int_equal(unseen(), 2);
    w.seen = w.sent_count;
    world_reopen(0);
    say(BUDI, "halo?");
    expect_like(DEWI, "halo?");
    expect_none();
    pass(HOUR);
    world_reopen(0);
    pass(HOUR + 1);
    assert_int_equal(unseen(), 2);
    assert_int_equal(talks(), 0);
    w.seen = w.sent_count;
    world_reopen(0);
    run();
    expect_none();
}

static void a_lost_commit_begins_one_talk(void **state)
{
    (void)state;
    post(BUDI, "ADMIN");
    loop_turn(&w.host->loop); /* it is in the journal */
    fail_commits(1);
    loop_turn(&w.host->loop);
    assert_int_equal(w.host->loop.turns_lost, 1);
    pass(5000);
    assert_int_equal(talks(), 1);
    assert_int_equal(unseen(), 2);
    assert_int_equal(number("SELECT count(*) FROM holds"), 1);
    w.seen = w.sent_count;
    say(BUDI, "BOT");
    assert_int_equal(unseen(), 2);
    assert_int_equal(number("SELECT count(*) FROM holds"), 0);
}

static void another_stores_code_gets_its_bot_and_then_the_talk_goes_on(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 ADMIN");
    assert_int_equal(unseen(), 2);
    w.seen = w.sent_count;
    say(BUDI, "#MAJU3 halo");
    expect_like(BUDI, "Toko 2");
    expect_none();
    say(BUDI, "#MAJU2 sudah dikirim?");
    expect_like(DEWI, "sudah dikirim?");
    expect_none();
    say(BUDI, "#MAJU2 bot");
    assert_int_equal(unseen(), 2);
    assert_int_equal(talks(), 0);
}

static void yes_to_who_writes_from_the_phone_erases_nothing(void **state)
{
    (void)state;
    say(BUDI, "halo");
    say(BUDI, "HAPUS DATA");
    from_the_phone(BUDI, "P1", "Jadi dikirim besok ya, Kak?");
    say(BUDI, "YA");
    assert_int_equal(talks(), 1);
    assert_int_equal(number("SELECT count(*) FROM persons WHERE phone = '" BUDI "'"), 1);
}

static void who_is_blocked_is_taken_over_by_nobody(void **state)
{
    (void)state;
    say(BUDI, "halo");
    script("UPDATE members SET blocked = 1");
    from_the_phone(BUDI, "P1", "Maaf, Kak");
    assert_int_equal(talks(), 0);
}

static void a_place_is_passed_on_as_a_link(void **state)
{
    (void)state;
    static const struct {
        const char *id, *name, *line;
    } places[] = {
        { "P1", NULL, "?q=-6.2,106.8\n\n" }, /* nothing behind the link */
        { "P2", "Monas", "?q=-6.2,106.8 Monas\n\n" },
    };
    say(BUDI, "ADMIN");
    for (size_t i = 0; i < BOT_COUNT(places); i++) {
        w.seen = w.sent_count;
        post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                       .native_id = places[i].id,
                                       .phone = BUDI,
                                       .media = "location",
                                       .place = "-6.2,106.8",
                                       .place_name = places[i].name,
                                       .sent_at = clock_ms() });
        run();
        expect_like(DEWI, places[i].line);
    }
}

static void who_is_erased_leaves_no_talk(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 halo");
    from_the_phone(BUDI, "P1", "halo");
    assert_int_equal(talks(), 1);
    pass(1000);
    say(BUDI, "#MAJU3 halo");
    say(BUDI, "HAPUS DATA");
    say(BUDI, "YA");
    assert_int_equal(talks(), 0);
    assert_int_equal(number("SELECT count(*) FROM persons WHERE phone = '" BUDI "'"), 0);
}

static void a_welcome_names_who_comes_and_takes_nothing_else_of_it(void **state)
{
    (void)state;
    say(DEWI, "/set_salam Hai Kak {nama}! {store} %s");
    w.seen = w.sent_count;
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .native_id = "N1",
                                   .phone = BUDI,
                                   .name = "Rina *x* {nama}",
                                   .text = "halo",
                                   .sent_at = clock_ms() });
    run();
    expect_like(BUDI, "Hai Kak Rina \xe2\x88\x97x\xe2\x88\x97 nama! {store} %s\n\n");
    say(CITRA, "halo");
    expect_like(CITRA, "Hai Kak! {store} %s\n\n");
    say(CITRA, "halo");
    expect_like(CITRA, "Halo Kak!");
}

static void the_link_becomes_a_picture(void **state)
{
    (void)state;
    script("INSERT INTO sessions(gateway, session, no_new_until, phone)"
           " VALUES ('testgate', 'default', 0, '6281100000900')"
           " ON CONFLICT DO UPDATE SET phone = excluded.phone");
    say(DEWI, "/qr_toko");
    for (int i = 0; i < 4 && w.job_count; i++) jobs_run();
    assert_int_equal(unseen(), 1);
    const struct sent *s = last_sent();
    assert_true(s->media > 0);
    assert_string_equal(s->media_type, "image/png");
    assert_string_equal(s->media_name, "qr-MAJU2.png");
    assert_non_null(strstr(s->text, "https://wa.me/6281100000900?text=%23MAJU2"));
}

#define IN_A_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_STORE(who_writes_from_the_phone_takes_over_without_a_word),
        IN_A_STORE(the_phone_writing_to_an_admin_is_no_talk),
        IN_A_STORE(a_talk_outlives_a_crash_and_ends_in_time),
        IN_A_STORE(a_lost_commit_begins_one_talk),
        cmocka_unit_test_setup_teardown(another_stores_code_gets_its_bot_and_then_the_talk_goes_on,
                                        open_two, world_close),
        IN_A_STORE(a_place_is_passed_on_as_a_link),
        IN_A_STORE(who_is_blocked_is_taken_over_by_nobody),
        IN_A_STORE(yes_to_who_writes_from_the_phone_erases_nothing),
        cmocka_unit_test_setup_teardown(who_is_erased_leaves_no_talk, open_two, world_close),
        IN_A_STORE(a_welcome_names_who_comes_and_takes_nothing_else_of_it),
        IN_A_STORE(the_link_becomes_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
