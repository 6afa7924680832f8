/* SPDX-License-Identifier: MIT
 * test_people.c - persons and their aliases, two that turn out to be one, members, roles, codes: on
 * a real database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/host.h"
#include "core/message/routing.h"
#include "core/people/members.h"
#include "core/storage/schema.h"

static const char MAJU[] =
    "INSERT INTO stores(code, name, created_at) VALUES ('MAJU7', 'Toko Maju', 1)";
static const char BARU[] =
    "INSERT INTO stores(code, name, created_at) VALUES ('BARU3', 'Toko Baru', 1)";

struct world {
    struct host host;
    struct registry registry;
    char path[64];
};

static char *admins[] = { "6281100000001" };

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char error[200];
    snprintf(w->path, sizeof w->path, "/tmp/test_people.%d.db", (int)getpid());
    unlink(w->path);
    w->host.registry = &w->registry;
    stores_changed(&w->host);
    w->host.language = "id";
    w->host.timezone = "Asia/Jakarta";
    w->host.super_admins = admins;
    w->host.super_admin_count = 1;
    w->host.customers_max = 500;
    w->host.customers_warning = 450;
    if (db_open(&w->host.db, w->path, NULL, error, sizeof error)) return -1;
    for (unsigned i = 0; i < core_migration_count; i++)
        if (db_script(&w->host.db, core_migrations[i].sql)) return -1;
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    char side[80];
    people_free(&w->host);
    map_free(&w->host.supers);
    db_close(&w->host.db);
    unlink(w->path);
    for (int i = 0; i < 2; i++) {
        snprintf(side, sizeof side, "%s-%s", w->path, i ? "wal" : "shm");
        unlink(side);
    }
    free(w);
    return 0;
}

static int64_t resolve(struct world *w, const char *phone, const char *lid, const char *name)
{
    return people_resolve(&w->host, "waha", "default", phone ? phone : lid, phone, lid, name);
}

static int64_t number(struct world *w, const char *sql)
{
    return db_int(&w->host.db, -1, sql, "");
}

static void an_alias_leads_to_one_person(void **state)
{
    struct world *w = *state;
    int64_t a = resolve(w, "6281100000031", NULL, "Budi");
    assert_true(a > 0);
    assert_true(resolve(w, "6281100000031", NULL, NULL) == a);
    assert_true(resolve(w, "0811-0000-0031", NULL, NULL) == a);
    assert_true(resolve(w, "6281100000032", NULL, "Ani") != a);
    assert_true(resolve(w, "6281100000031", "555@lid", "Budi") == a); /* links the new alias */
    assert_true(resolve(w, NULL, "555@lid", NULL) == a);
    assert_true(resolve(w, NULL, "555", NULL) == a);
    assert_int_equal(number(w, "SELECT count(*) FROM persons"), 2);
    assert_int_equal(
        number(w, "SELECT count(*) FROM persons WHERE name = 'Budi' AND phone = '6281100000031'"),
        1);
}

static void names_are_cleaned_and_cut(void **state)
{
    struct world *w = *state;
    char name[400];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(name, "\xff\x01  ", 2);
    int64_t a = resolve(w, "6281100000033", NULL, name);
    assert_true(a > 0);
    assert_int_equal(number(w, "SELECT length(CAST(name AS BLOB)) <= 84 FROM persons"), 1);
    assert_true(resolve(w, "6281100000033", NULL, "  ") == a);
}

static void two_persons_become_one(void **state)
{
    struct world *w = *state;
    struct db *db = &w->host.db;
    int64_t phone = resolve(w, "6281100000034", NULL, NULL);
    int64_t lid = resolve(w, NULL, "777@lid", "Citra");
    assert_true(phone != lid);
    assert_int_equal(db_script(db, MAJU), 0);
    assert_int_equal(db_script(db, BARU), 0);
    db_script(
        db,
        "INSERT INTO members(person, store, first_seen, last_seen) VALUES (1,1,10,20),(2,1,5,15),(2,2,7,7);"
        "INSERT INTO roles(store, person, role, created_at) VALUES (2, 2, 4, 1);"
        "INSERT INTO kv VALUES ('x',2,0,1,'k',x'01',NULL),('x',2,0,2,'k',x'02',NULL),('x',2,0,2,'l',x'03',NULL);"
        "INSERT INTO inbox(kind, state, person, received_at) VALUES (1,0,2,1),(1,2,2,1);"
        "INSERT INTO dialogs VALUES (2,1,'p','d',1,0,0,'{}',NULL,NULL,NULL,1,2);");
    people_has_roles(&w->host, lid);
    assert_true(resolve(w, "6281100000034", "777@lid", "Citra") == phone);
    assert_int_equal(number(w, "SELECT count(*) FROM persons"), 1);
    assert_int_equal(number(w, "SELECT count(*) FROM aliases WHERE person = 1"), 2);
    assert_int_equal(
        number(w,
               "SELECT first_seen * 100 + last_seen FROM members WHERE person = 1 AND store = 1"),
        520);
    /* who has a role is no member, and the counts have followed */
    assert_int_equal(number(w, "SELECT count(*) FROM members"), 1);
    assert_true(members_count(&w->host, 1) == 1);
    assert_true(members_count(&w->host, 2) == 0);
    assert_int_equal(people_roles(&w->host, phone, 2), BOT_CUSTOMER | BOT_OWNER);
    assert_int_equal(number(w, "SELECT value = x'01' FROM kv WHERE key = 'k'"), 1);
    assert_int_equal(number(w, "SELECT count(*) FROM kv WHERE person = 1"), 2);
    assert_int_equal(number(w, "SELECT count(*) FROM inbox WHERE person = 1"), 1);
    assert_int_equal(number(w, "SELECT person FROM dialogs"), 1);
    assert_true(resolve(w, NULL, "777@lid", NULL) == phone);
}

static void roles_are_sets_and_need_the_store(void **state)
{
    struct world *w = *state;
    struct host *h = &w->host;
    db_script(&h->db, MAJU);
    db_script(&h->db, BARU);
    int64_t staff = resolve(w, "6281100000035", NULL, NULL),
            super = resolve(w, "6281100000001", NULL, NULL);
    db_script(&h->db,
              "INSERT INTO members(person, store, first_seen, last_seen) VALUES (1, 1, 1, 1)");
    assert_int_equal(people_roles(h, staff, 1), BOT_CUSTOMER);
    assert_int_equal(roles_add(h, 1, staff, BOT_STAFF), ROLE_ADDED);
    assert_int_equal(roles_add(h, 1, staff, BOT_STAFF), ROLE_SAME);
    assert_int_equal(roles_add(h, 1, staff, BOT_OWNER), ROLE_CHANGED);
    assert_true(members_count(h, 1) == 0);
    assert_int_equal(people_roles(h, staff, 1), BOT_CUSTOMER | BOT_OWNER);
    assert_int_equal(people_roles(h, staff, 2), BOT_CUSTOMER);
    assert_int_equal(people_roles(h, staff, 0), BOT_CUSTOMER | BOT_OWNER);
    assert_int_equal(people_roles(h, super, 1), BOT_CUSTOMER | BOT_SUPER);
    assert_true(people_is_super(h, super));
    assert_false(people_is_super(h, staff));
    int64_t managed[4];
    assert_int_equal(stores_managed(h, staff, managed, 4), 1);
    assert_true(managed[0] == 1);
    assert_int_equal(stores_managed(h, super, managed, 4), 0);
}

static struct event message_of(struct world *w, int64_t person)
{
    return (struct event){
        .host = &w->host, .kind = EVENT_MESSAGE, .person = person, .text = "halo", .member_seen = -1
    };
}

static void event_end(struct event *ev)
{
    buf_free(&ev->reply);
    arena_free(&ev->arena);
    arena_free(&ev->step);
}

/* One message to `store` by way of members_touch(). Returns whether it was the first. */
static int visit(struct world *w, int64_t person, int64_t store)
{
    struct event ev = message_of(w, person);
    assert_int_equal(people_load(&ev), 0);
    assert_int_equal(stores_load(&ev, store), 0);
    assert_int_equal(members_touch(&ev), 0);
    int is_new = ev.is_new_member;
    event_end(&ev);
    return is_new;
}

static void a_customer_is_counted_once_and_remembered(void **state)
{
    struct world *w = *state;
    struct host *h = &w->host;
    db_script(&h->db, MAJU);
    db_script(&h->db, BARU);
    int64_t p = resolve(w, "6281100000036", NULL, "Dewi");
    assert_true(visit(w, p, 1));
    assert_false(visit(w, p, 1));
    assert_true(members_count(h, 1) == 1);
    struct event ev = message_of(w, p);
    people_load(&ev);
    assert_string_equal(ev.person_name, "Dewi");
    assert_true(stores_load_last(&ev) == 1);
    assert_string_equal(ev.store_code, "MAJU7");
    assert_true(ev.member_last);
    clock_virtual_advance(5000);
    visit(w, p, 2);
    clock_virtual_advance(5000);
    assert_true(stores_load_last(&ev) == 2);
    visit(w, p, 1); /* within a minute, but another store was last */
    assert_true(stores_load_last(&ev) == 1);
    db_script(&h->db, "UPDATE stores SET state = 1 WHERE id = 1");
    assert_true(stores_load_last(&ev) == 1); /* which says so; nobody is sent elsewhere */
    assert_true(stores_known(h, p) == 2);
    assert_int_equal(ev.store_state, BOT_STORE_SUSPENDED);
    event_end(&ev);
}

static enum route_result decide(struct world *w, int64_t person, const char *text, int managing,
                                int64_t *store)
{
    struct event ev = message_of(w, person);
    ev.text = text;
    people_load(&ev);
    ev.stores_active = stores_active(&w->host);
    enum route_result r = routing_decide(&ev, managing, managing);
    *store = ev.store;
    event_end(&ev);
    return r;
}

static void the_store_is_decided_as_designed(void **state)
{
    struct world *w = *state;
    struct host *h = &w->host;
    int64_t store, customer = resolve(w, "6281100000037", NULL, NULL),
                   manager = resolve(w, "6281100000038", NULL, NULL);
    assert_int_equal(decide(w, customer, "halo", 0, &store), ROUTE_NONE);
    db_script(&h->db, MAJU);
    stores_changed(h);
    assert_int_equal(decide(w, customer, "halo", 0, &store),
                     ROUTE_STORE); /* the only one: nobody is asked */
    assert_true(store == 1);
    db_script(&h->db, BARU);
    stores_changed(h);
    assert_int_equal(decide(w, customer, "halo", 0, &store), ROUTE_ASK);
    assert_int_equal(decide(w, customer, "#baru3 halo", 0, &store), ROUTE_STORE);
    assert_true(store == 2);
    assert_int_equal(decide(w, customer, "#SALAH9", 0, &store), ROUTE_NO_CODE);
    assert_int_equal(decide(w, customer, "#diskn halo", 0, &store), ROUTE_ASK);
    visit(w, customer, 2);
    assert_int_equal(decide(w, customer, "halo", 0, &store), ROUTE_STORE);
    assert_true(store == 2);
    db_script(&h->db, "UPDATE stores SET state = 2 WHERE id = 1");
    stores_changed(h);
    assert_int_equal(decide(w, customer, "#MAJU7", 0, &store), ROUTE_CLOSED);
    db_script(&h->db, "UPDATE stores SET state = 0");
    stores_changed(h);
    roles_add(h, 1, manager, BOT_STAFF);
    assert_int_equal(decide(w, manager, "halo", 0, &store), ROUTE_STORE); /* the managed one */
    assert_true(store == 1);
    assert_int_equal(decide(w, manager, "halo #BARU3", 0, &store), ROUTE_STORE);
    assert_true(store == 2);
    roles_add(h, 2, manager, BOT_OWNER);
    assert_int_equal(decide(w, manager, "/x", 1, &store), ROUTE_ASK);
    assert_int_equal(decide(w, manager, "/x #BARU3", 1, &store), ROUTE_STORE);
    assert_int_equal(decide(w, manager, "/x", 1, &store), ROUTE_STORE); /* the one named last */
    assert_true(store == 2);
}

static void codes_are_valid_and_free(void **state)
{
    struct world *w = *state;
    char code[12];
    for (int i = 0; i < 60; i++) { /* more than one digit has room for */
        assert_int_equal(stores_new_code(&w->host, "Toko Maju Jaya", code), 0);
        assert_memory_equal(code, "MAJU", 4);
        assert_true(strlen(code) >= 5 && strlen(code) <= 8);
        assert_int_equal(strspn(code, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"), strlen(code));
        assert_int_equal(db_exec(&w->host.db,
                                 "INSERT INTO stores(code, name, created_at) VALUES (?1, 'x', 1)",
                                 "s", code),
                         0);
        assert_true(stores_by_code(&w->host, code) > 0);
    }
}

int main(void)
{
    if (sodium_init() < 0) return 1;
    log_quiet(1);
    clock_virtual_start(1767582000000);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_alias_leads_to_one_person, open_world, close_world),
        cmocka_unit_test_setup_teardown(names_are_cleaned_and_cut, open_world, close_world),
        cmocka_unit_test_setup_teardown(two_persons_become_one, open_world, close_world),
        cmocka_unit_test_setup_teardown(roles_are_sets_and_need_the_store, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_customer_is_counted_once_and_remembered, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(the_store_is_decided_as_designed, open_world, close_world),
        cmocka_unit_test_setup_teardown(codes_are_valid_and_free, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
