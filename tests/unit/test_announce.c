/* SPDX-License-Identifier: MIT
 * test_announce.c - /pengumuman with many stores: each person once, whatever crashes, and no step
 * that grows with the number of stores. With the real plugin. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/people/people.h"

#define REAL_PLUGINS "super-admin = " FIXTURE_PLUGINS "/../../plugins/super-admin.so\n"

static const struct world_conf conf = { .plugins = REAL_PLUGINS };

/* `stores` stores; every person runs two of them that lie far apart. */
static void many_stores(int stores)
{
    char sql[900];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO stores(code, name, created_at)"
             " SELECT printf('A%%06d', i), printf('Toko %%d', i), 1 FROM n;"
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO persons(id, name, gateway, session, chat, created_at)"
             " SELECT 1000 + i, '', 'testgate', 'default', printf('p%%d@c', i), 1 FROM n;"
             "INSERT INTO roles(store, person, role, created_at)"
             " SELECT id, 1001 + id %% %d, 4, 1 FROM stores",
             stores, stores / 2, stores / 2);
    script(sql);
    stores_changed(w.host);
}

static int64_t recipients_of_outbox(void)
{
    return disk("SELECT count(DISTINCT person) FROM outbox WHERE text LIKE '%Halo semua'");
}

static int64_t rows_of_outbox(void)
{
    return disk("SELECT count(*) FROM outbox WHERE text LIKE '%Halo semua'");
}

static void a_person_of_two_stores_gets_it_once(void **state)
{
    (void)state;
    world_open(&conf);
    many_stores(60);
    say(SUPER, "/pengumuman Halo semua");
    expect_like(SUPER, "Dikirim ke 30 orang");
    say(SUPER, "ya");
    expect_like(SUPER, "mulai dikirim ke 30 orang");
    pass(60000);
    assert_int_equal(unseen(), 30);
    assert_int_equal(recipients_of_outbox(), 30);
    assert_int_equal(disk("SELECT state FROM super_admin_announcements"), 3);
    say(SUPER, "ya"); /* nothing is asked any more */
    pass(60000);
    assert_int_equal(rows_of_outbox(), 30);
}

static void stores_that_wait_or_are_closed_are_left_out(void **state)
{
    (void)state;
    world_open(&conf);
    many_stores(6);
    script("UPDATE stores SET state = id % 4");
    say(SUPER, "/pengumuman Halo semua");
    expect_like(SUPER, "Dikirim ke 2 orang"); /* stores 1 and 4, and 5 */
}

/* The host dies between the batches, and in the middle of the list. */
static void a_crash_sends_nothing_twice(void **state)
{
    (void)state;
    world_open(&conf);
    many_stores(400);
    post(SUPER, "/pengumuman Halo semua");
    for (int i = 0; i < 6; i++) loop_turn(&w.host->loop);
    int64_t listed = disk("SELECT count(*) FROM super_admin_recipients");
    assert_true(listed > 0 && listed < 200);
    world_reopen(0);
    run();
    expect_like(SUPER, "Dikirim ke 200 orang");
    say(SUPER, "ya");
    for (int i = 0; i < 40 && rows_of_outbox() < 200; i++) {
        pass(700);
        world_reopen(i % 2);
        run();
    }
    pass(60000);
    assert_int_equal(rows_of_outbox(), 200);
    assert_int_equal(recipients_of_outbox(), 200);
    assert_int_equal(disk("SELECT state FROM super_admin_announcements"), 3);
}

static void two_persons_that_are_one_get_it_once(void **state)
{
    (void)state;
    world_open(&conf);
    many_stores(60);
    say(SUPER, "/pengumuman Halo semua");
    say(SUPER, "ya");
    pass(100); /* the first 25 have it: 1001 to 1025 */
    assert_int_equal(disk("SELECT sent FROM super_admin_recipients WHERE recipient = 1001"), 1);
    assert_int_equal(disk("SELECT sent FROM super_admin_recipients WHERE recipient = 1030"), 0);
    script("INSERT INTO aliases(alias, person) VALUES ('p:6281100000071', 1030), ('l:71', 1001)");
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .native_id = "M1",
                                   .phone = "6281100000071",
                                   .lid = "71@lid",
                                   .text = "MENU" });
    pass(60000);
    assert_int_equal(disk("SELECT count(*) FROM super_admin_recipients WHERE recipient = 1001"), 0);
    assert_int_equal(rows_of_outbox(), 29);
}

/* Others are answered while the list is written down. */
static void ten_thousand_stores_hold_nobody_up(void **state)
{
    (void)state;
    world_open(&conf);
    many_stores(10000);
    post(SUPER, "/pengumuman Halo semua");
    int turns = 0;
    while (host_next_due(w.host) <= clock_ms() && turns++ < 20000) {
        if (turns == 20) post(BUDI, "halo"); /* is answered long before the list is complete */
        if (turns == 40) assert_int_equal(unseen(), 1);
        loop_turn(&w.host->loop);
    }
    assert_true(turns > 100);
    expect_like(BUDI, "");
    expect_like(SUPER, "Dikirim ke 5000 orang");
    say(SUPER, "/lihat_toko toko 9999");
    expect_like(SUPER, "ID toko: 9999");
}

static void an_erased_person_is_in_no_list(void **state)
{
    (void)state;
    world_open(&conf);
    many_stores(6);
    say(SUPER, "/pengumuman Halo semua");
    script("INSERT INTO inbox(kind, event, body, received_at)"
           " VALUES (3, 'person.erased', CAST('{\"person\":1001}' AS BLOB), 1)");
    world_reopen(1);
    run();
    assert_int_equal(disk("SELECT count(*) FROM super_admin_recipients WHERE recipient = 1001"), 0);
    assert_int_equal(disk("SELECT count(*) FROM super_admin_recipients"), 2);
}

static void old_ones_go(void **state)
{
    (void)state;
    world_open(&conf);
    many_stores(2400);
    say(SUPER, "/pengumuman Halo semua");
    assert_int_equal(disk("SELECT count(*) FROM super_admin_recipients"), 1200);
    pass(31LL * 86400 * 1000);
    assert_int_equal(disk("SELECT count(*) FROM super_admin_recipients"), 0);
    assert_int_equal(disk("SELECT count(*) FROM super_admin_announcements"), 0);
}

static void a_text_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char text[3200] = "/pengumuman ";
    world_open(&conf);
    many_stores(2);
    memset(text + 12, 'x', 3001);
    say(SUPER, text);
    expect_like(SUPER, "3001 huruf, paling banyak 3000");
    text[12 + 3000] = 0;
    say(SUPER, text);
    expect_like(SUPER, "Dikirim ke 1 orang");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_person_of_two_stores_gets_it_once, world_close),
        cmocka_unit_test_teardown(stores_that_wait_or_are_closed_are_left_out, world_close),
        cmocka_unit_test_teardown(a_crash_sends_nothing_twice, world_close),
        cmocka_unit_test_teardown(two_persons_that_are_one_get_it_once, world_close),
        cmocka_unit_test_teardown(ten_thousand_stores_hold_nobody_up, world_close),
        cmocka_unit_test_teardown(an_erased_person_is_in_no_list, world_close),
        cmocka_unit_test_teardown(old_ones_go, world_close),
        cmocka_unit_test_teardown(a_text_that_is_too_long_is_refused, world_close),
    };
    return cmocka_run_group_tests_name("announcements", tests, NULL, NULL);
}
