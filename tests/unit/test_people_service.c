/* SPDX-License-Identifier: MIT
 * test_people_service.c - what plugins may do with the people of a store, and what they may not:
 * customers, blocking, roles, states, figures; and a person who wants to be forgotten. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tokobot/services/people.h>
#include <tokobot/services/stores.h>

#include "core/base/clock.h"
#include "core/message/own_number.h"
#include "core/people/members.h"
#include "core/people/people.h"

#define OWNER  "6281100000002"
#define STAFF  "6281100000003"
#define OTHER  "6281100000004" /* owner of the second store */
#define HOUR   (INT64_C(3600) * 1000)
#define DAY    (24 * HOUR)
#define MASKED "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"

static const struct bot_api *api;
static int erased;

static const struct bot_people *people(struct bot_ctx *ctx)
{
    return api->service(api->self(ctx), "people/0", NULL);
}

static const struct bot_stores *stores(struct bot_ctx *ctx)
{
    return api->service(api->self(ctx), "stores/0", NULL);
}

static int reply_code(struct bot_ctx *ctx, int64_t code)
{
    char told[40];
    snprintf(told, sizeof told, "%lld", (long long)code);
    return bot_reply(ctx, told);
}

static int say_customers(struct bot_ctx *ctx, const char *query, int64_t offset)
{
    struct bot_customer found[3] = { { .size = sizeof found[0] } };
    char told[400] = "";
    int n = people(ctx)->customers(ctx, query, offset, found, 3);
    if (n < 0) return reply_code(ctx, n);
    for (int i = 0; i < n; i++)
        snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s %s%s", i ? "; " : "",
                 found[i].name, found[i].phone, found[i].blocked ? " !" : "");
    return bot_reply(ctx, *told ? told : "none");
}

static int say_admins(struct bot_ctx *ctx, int64_t store)
{
    struct bot_store_admin found[4] = { { .size = sizeof found[0] } };
    char told[300] = "";
    int n = stores(ctx)->admins(ctx, store, found, 4);
    if (n < 0) return reply_code(ctx, n);
    for (int i = 0; i < n; i++)
        snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s=%u", i ? " " : "",
                 found[i].phone, found[i].role);
    return bot_reply(ctx, *told ? told : "none");
}

static int say_totals(struct bot_ctx *ctx)
{
    struct bot_totals t = { .size = sizeof t };
    char told[200];
    int rc = stores(ctx)->totals(ctx, &t);
    if (rc < 0) return reply_code(ctx, rc);
    snprintf(told, sizeof told, "stores %lld/%lld/%lld/%lld customers %lld messages %lld/%lld",
             (long long)t.stores, (long long)t.stores_active, (long long)t.stores_suspended,
             (long long)t.stores_pending, (long long)t.customers, (long long)t.messages_today,
             (long long)t.messages_week);
    return bot_reply(ctx, told);
}

static int apply(struct bot_ctx *ctx, const char *email)
{
    const struct bot_new_store store = { sizeof store, 0, "Toko Calon", email, "$argon2id$x" };
    return reply_code(ctx, stores(ctx)->apply(ctx, &store));
}

static int set_zone(struct bot_ctx *ctx, const char *zone)
{
    const struct bot_store_profile p = { .size = sizeof p, .timezone = zone };
    int rc = stores(ctx)->set_profile(ctx, &p);
    return rc < 0 ? reply_code(ctx, rc) : reply_code(ctx, api->number(ctx, "store.offset") / HOUR);
}

/* "0 Toko Maju": what is said of a name for the event's store, and how it is kept. */
static int check_name(struct bot_ctx *ctx, const char *name)
{
    char told[200];
    const char *clean = NULL;
    int flaw = stores(ctx)->name_check(ctx, api->number(ctx, "store"), name, &clean);
    snprintf(told, sizeof told, "%d %s", flaw, clean ? clean : "-");
    return bot_reply(ctx, told);
}

static int set_name(struct bot_ctx *ctx, const char *name)
{
    const struct bot_store_profile p = { .size = sizeof p, .name = name };
    return reply_code(ctx, stores(ctx)->set_profile(ctx, &p));
}

/* As a talk with a human does. */
static int pass_on(struct bot_ctx *ctx, const char *text)
{
    const struct bot_send send = { .size = sizeof send, .role = BOT_STORE_ADMIN, .text = text };
    int rc = api->send(ctx, &send);
    return rc < 0 ? reply_code(ctx, rc) : bot_reply(ctx, "told");
}

static int on_text(struct bot_ctx *ctx)
{
    const char *text = api->field(ctx, "text");
    char word[40] = "", rest[400] = "";
    sscanf(text, "%39s %399[^\n]", word, rest);
    long long a = atoll(rest), b = 0;
    if (strchr(rest, ' ')) b = atoll(strchr(rest, ' '));
    if (!strcmp(word, "customers")) return say_customers(ctx, *rest ? rest : NULL, 0);
    if (!strcmp(word, "from")) return say_customers(ctx, NULL, a);
    if (!strcmp(word, "block")) return reply_code(ctx, people(ctx)->block(ctx, a, (int)b));
    if (!strcmp(word, "tell")) return pass_on(ctx, rest);
    if (!strcmp(word, "erase")) return reply_code(ctx, people(ctx)->erase(ctx));
    if (!strcmp(word, "admins")) return say_admins(ctx, a);
    if (!strcmp(word, "remove"))
        return reply_code(ctx, stores(ctx)->remove_admin(ctx, a, strchr(rest, ' ')));
    if (!strcmp(word, "state")) return reply_code(ctx, stores(ctx)->set_state(ctx, a, (int)b));
    if (!strcmp(word, "manage")) return reply_code(ctx, stores(ctx)->manage(ctx, a));
    if (!strcmp(word, "apply")) return apply(ctx, rest);
    if (!strcmp(word, "zone")) return set_zone(ctx, rest);
    if (!strcmp(word, "check")) return check_name(ctx, rest);
    if (!strcmp(word, "name")) return set_name(ctx, rest);
    if (!strcmp(word, "number"))
        return bot_reply(ctx, *stores(ctx)->number(ctx) ? stores(ctx)->number(ctx) : "none");
    return bot_reply(ctx, "halo");
}

static int on_erased(struct bot_ctx *ctx)
{
    erased += strstr(api->field(ctx, "body"), "\"person\":") != NULL;
    return BOT_HANDLED;
}

static int totals_command(struct bot_ctx *ctx)
{
    return say_totals(ctx);
}

static int gather_command(struct bot_ctx *ctx)
{
    const char *event = api->field(ctx, "arg.event"), *said = api->gather(ctx, event);
    char told[200];
    if (!said) return BOT_FAIL;
    snprintf(told, sizeof told, "before\n%s\nafter", said);
    int rc = api->reply(ctx, "first");
    return rc < 0 ? rc : bot_reply(ctx, told);
}

static int say_one(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "one");
}

static int say_two(struct bot_ctx *ctx)
{
    int rc = api->reply(ctx, "two");
    return rc < 0 ? rc : bot_reply(ctx, api->field(ctx, "store.code"));
}

static int fail_hook(struct bot_ctx *ctx)
{
    (void)ctx;
    return BOT_FAIL;
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_hook_spec hooks[] = {
        { "message.text", 100, BOT_THIS_STORE, on_text },
        { "person.erased", 1, BOT_ALL_STORES, on_erased },
        { "alpha.stats", 2, BOT_THIS_STORE, say_two },
        { "alpha.stats", 1, BOT_THIS_STORE, say_one },
        { "alpha.bad", 1, BOT_THIS_STORE, fail_hook },
    };
    static const struct bot_command_spec commands[] = {
        { .name = "totals", .role = BOT_ANYONE, .scope = BOT_ALL_STORES, .run = totals_command },
        { .name = "gather", .role = BOT_ANYONE, .args = "event", .run = gather_command },
    };
    api = a;
    int rc = BOT_HOOKS(a, self, hooks);
    return rc < 0 ? rc : BOT_COMMANDS(a, self, commands);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int64_t person(const char *phone, const char *name)
{
    return people_resolve(w.host, NULL, NULL, NULL, phone, NULL, name);
}

static int open_stores(void **state)
{
    (void)state;
    erased = 0;
    world_open(&(struct world_conf){ .alpha = &alpha, .stores = 2 });
    roles_add(w.host, 1, person(OWNER, "Sri"), BOT_OWNER);
    roles_add(w.host, 1, person(STAFF, "Ani"), BOT_STAFF);
    roles_add(w.host, 2, person(OTHER, "Joko"), BOT_OWNER);
    return 0;
}

static void asks(const char *phone, const char *text, const char *answer)
{
    forget_sent();
    say(phone, text);
    if (!w.sent_count) fail_msg("\"%s\": nothing was said", text);
    const char *said = last_sent()->text, *line = strchr(said, '\n');
    if (*said == '*' && line) said = line + 1; /* the store's name */
    assert_string_equal(said, answer);
}

static void customers_come(void)
{
    person(BUDI, "Budi Santoso");
    person(CITRA, "Citra");
    person(DEWI, "Dewi 50%");
    say(BUDI, "#MAJU2 halo");
    pass(1000);
    say(CITRA, "#MAJU2 halo");
    pass(1000);
    say(DEWI, "#MAJU3 halo");
    pass(1000);
}

static void customers_are_seen_by_those_who_run_the_store(void **state)
{
    (void)state;
    customers_come();
    asks(OWNER, "customers", "Citra " CITRA "; Budi Santoso " BUDI);
    asks(STAFF, "customers santoso", "Budi Santoso " BUDI);
    asks(OWNER, "customers 0811-0000-0031", "Budi Santoso " BUDI);
    asks(OWNER, "customers 0811-0000-0033", "none"); /* the other store's */
    asks(OWNER, "from 1", "Budi Santoso " BUDI);
    asks(OTHER, "customers", "Dewi 50% " DEWI);
    asks(OTHER, "customers 5%", "none");
    asks(BUDI, "customers", "-9");
    asks(SUPER, "#MAJU2 customers", "-9");
}

static void a_blocked_one_hears_nothing_of_this_store(void **state)
{
    (void)state;
    char text[40];
    customers_come();
    snprintf(text, sizeof text, "block %lld 1", (long long)people_by_phone(w.host, BUDI));
    asks(OTHER, text, "-2"); /* no customer of his */
    asks(OWNER, text, "0");
    asks(OWNER, text, "-3");
    asks(OWNER, "customers budi", "Budi Santoso " BUDI " !");
    forget_sent();
    say(BUDI, "halo");
    expect_none();
    asks(BUDI, "#MAJU3 halo", "halo");
    snprintf(text, sizeof text, "block %lld 0", (long long)people_by_phone(w.host, BUDI));
    asks(OWNER, text, "0");
    asks(BUDI, "#MAJU2 halo", "halo");
}

static void the_last_owner_stays(void **state)
{
    (void)state;
    char id[24];
    asks(OWNER, "admins 1", OWNER "=4 " STAFF "=2");
    asks(STAFF, "remove 1 " OWNER, "-9");
    asks(OWNER, "remove 1 " OWNER, "-10");
    asks(OWNER, "remove 1 0811", "-1");
    asks(OWNER, "remove 1 " BUDI, "-2");
    asks(OWNER, "remove 2 " OTHER, "-9");
    asks(SUPER, "#MAJU2 remove 2 " OTHER, "-10");
    snprintf(id, sizeof id, "%lld", (long long)people_by_phone(w.host, STAFF));
    asks(OWNER, "remove 1 0811-0000-0003", id);
    asks(OWNER, "admins 1", OWNER "=4");
    asks(OTHER, "admins 1", "-9");
}

static void a_store_that_was_asked_for_waits(void **state)
{
    (void)state;
    asks(BUDI, "#MAJU2 apply budi@example.com", "3");
    asks(BUDI, "#MAJU2 apply budi2@example.com", "-10");
    asks(CITRA, "#MAJU2 apply BUDI@example.com", "-3");
    assert_int_equal(disk("SELECT state FROM stores WHERE id = 3"), BOT_STORE_PENDING);
    asks(CITRA, "#MAJU2 halo", "halo");
    asks(BUDI, "#MAJU2 state 3 0", "-9");
    asks(SUPER, "#MAJU2 state 3 3", "-1");
    asks(SUPER, "#MAJU2 state 3 2", "0");
    assert_int_equal(disk("SELECT count(*) FROM roles WHERE store = 3"), 0);
    asks(SUPER, "#MAJU2 state 3 2", "-3");
    asks(SUPER, "#MAJU2 state 9 2", "-2");
}

static void a_zone_is_one_that_we_know(void **state)
{
    (void)state;
    asks(OWNER, "zone WITA", "8");
    asks(OWNER, "zone Asia/Jayapura", "9");
    asks(OWNER, "zone Mars/Olympus", "-1");
    asks(BUDI, "#MAJU2 zone WIT", "-9");
}

static void a_stores_name_is_one_line_that_can_be_read(void **state)
{
    (void)state;
    char text[300] = "name ", answer[300] = "0 ";
    static const char *const kept[][2] = {
        { "check Toko  Maju\tJaya ", "0 Toko Maju Jaya" },
        { "check To\xe2\x80\x8bko \xe2\x80\xaeMaju", "0 Toko Maju" },
        { "check Kopi \xe2\x98\x95", "0 Kopi \xe2\x98\x95" },
        { "check \xf0\x9f\x8d\x9c\xf0\x9f\x8d\x9c", "0 \xf0\x9f\x8d\x9c\xf0\x9f\x8d\x9c" },
        { "check", "3 -" },
        { "check x", "3 -" },
        { "check \xe2\x80\x8b\xe2\x80\x8b x", "3 -" },
        { "check ***", "5 -" },
        { "check .. \xe2\x80\xa2", "5 -" },
    };
    static const char *const words[] = { "menu",  "Batal", "KEMBALI.", "ganti toko", "ya",
                                         "TIDAK", "halo",  "Start",    "totals",     "Gather",
                                         "12",    "/toko", "#1" };
    for (size_t i = 0; i < BOT_COUNT(kept); i++) asks(OWNER, kept[i][0], kept[i][1]);
    for (size_t i = 0; i < BOT_COUNT(words); i++) {
        snprintf(text, sizeof text, "check %s", words[i]);
        snprintf(answer, sizeof answer, "1 %s", words[i]);
        asks(OWNER, text, answer);
    }
    asks(OWNER, "check Menu Kita", "0 Menu Kita");
    asks(OTHER, "name Toko Baru", "0");
    asks(OWNER, "check toko  BARU", "2 toko BARU");
    asks(OTHER, "check toko baru", "0 toko baru"); /* he is it himself */
    asks(OTHER, "name Toko Lama", "0");
    asks(OWNER, "check Toko Baru", "0 Toko Baru");
    asks(OWNER, "check Toko Lama", "2 Toko Lama");
    asks(SUPER, "#MAJU2 state 2 1", "0"); /* suspended: it may come back */
    asks(OWNER, "check Toko Lama", "2 Toko Lama");
    asks(SUPER, "#MAJU2 state 2 2", "0"); /* closed */
    asks(OWNER, "check Toko Lama", "0 Toko Lama");
    /* as many characters as may be, each of three bytes; then one more */
    strcpy(text, "check ");
    strcpy(answer, "0 ");
    for (int i = 0; i < BOT_STORE_NAME_MAX; i++) {
        strcat(text, "\xe3\x81\x82");
        strcat(answer, "\xe3\x81\x82");
    }
    asks(OWNER, text, answer);
    asks(OWNER, strcat(text, "a"), "4 -");
    /* what cannot be is not set either, by whichever plugin */
    memcpy(text, "name  ", 6);
    asks(OWNER, text, "-1");
    asks(OWNER, "name x", "-1");
    asks(OWNER, "name ***", "-1");
    asks(OWNER, "name  Toko   Baru ", "0");
    assert_int_equal(disk("SELECT count(*) FROM stores WHERE name = 'Toko Baru'"), 1);
}

static void what_several_plugins_know_is_gathered(void **state)
{
    (void)state;
    asks(OWNER, "/gather alpha.stats", "first\n\nbefore\none\ntwo\nMAJU2\nafter");
    asks(OWNER, "/gather alpha.none", "first\n\nbefore\n\nafter");
    forget_sent();
    say(OWNER, "/gather alpha.bad");
    expect_like(OWNER, "gangguan");
}

static void messages_are_counted_by_the_day(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) say(BUDI, "#MAJU2 halo");
    asks(SUPER, "/totals", "stores 2/2/0/0 customers 1 messages 4/4");
    pass(DAY);
    say(CITRA, "#MAJU2 halo");
    world_reopen(0);
    asks(SUPER, "/totals", "stores 2/2/0/0 customers 2 messages 2/6");
    pass(7 * DAY);
    asks(SUPER, "/totals", "stores 2/2/0/0 customers 2 messages 1/1");
}

static void who_wants_to_be_forgotten_is(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 rahasia saya");
    say(BUDI, "#MAJU2 tell Budi bilang rahasia");
    say(CITRA, "#MAJU2 tell Citra bilang tetap");
    int64_t id = people_by_phone(w.host, BUDI);
    asks(BUDI, "erase", "0");
    assert_int_equal(erased, 1);
    assert_int_equal(people_by_phone(w.host, BUDI), 0);
    assert_int_equal(disk("SELECT count(*) FROM members"), 1);
    pass(HOUR);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE text LIKE '%rahasia%'"), 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE text LIKE '%tetap%'"), 1);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE text LIKE '%rahasia%'"), 0);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE text LIKE '%tetap%'"), 2);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE text = '" MASKED "'") > 0, 1);
    pass(DAY + HOUR);
    assert_int_equal(disk("SELECT count(*) FROM erasures"), 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE phone = '" BUDI "'"), 0);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE chat LIKE '" BUDI "%'"), 0);
    assert_int_equal(disk("SELECT count(*) FROM persons WHERE name LIKE 'Budi%'"), 0);
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE chat LIKE '" CITRA "%'") > 0, 1);
    say(BUDI, "#MAJU2 halo"); /* somebody new */
    assert_true(people_by_phone(w.host, BUDI) > id);
    asks(OWNER, "erase", "-10");
    asks(SUPER, "#MAJU2 erase", "-10");
}

static void block_at(const char *owner, const char *phone, int blocked)
{
    char text[40];
    snprintf(text, sizeof text, "block %lld %d", (long long)people_by_phone(w.host, phone),
             blocked);
    asks(owner, text, "0");
}

static void who_is_blocked_stays_so_when_he_is_forgotten(void **state)
{
    (void)state;
    customers_come();
    block_at(OWNER, BUDI, 1);
    asks(BUDI, "#MAJU3 erase", "0");
    asks(CITRA, "#MAJU3 erase", "0"); /* nobody blocks her */
    assert_int_equal(disk("SELECT count(*) FROM blocks_kept"), 1);
    assert_int_equal(disk("SELECT count(*) FROM blocks_kept WHERE instr(who, '" BUDI "')"), 0);
    assert_int_equal(disk("SELECT count(*) FROM members WHERE store = 1"), 0);
    world_reopen(1); /* the key is known to the next start */
    run();
    forget_sent();
    say(BUDI, "#MAJU2 halo");
    expect_none();
    asks(BUDI, "#MAJU3 halo", "halo");
    asks(CITRA, "#MAJU2 halo", "halo");
    /* the store sees him, and may change its mind; then he may be forgotten once more */
    assert_int_equal(disk("SELECT count(*) FROM members WHERE store = 1 AND blocked"), 1);
    assert_int_equal(disk("SELECT count(*) FROM blocks_kept"), 0);
    block_at(OWNER, BUDI, 0);
    asks(BUDI, "#MAJU2 halo", "halo");
    asks(BUDI, "#MAJU2 erase", "0");
    asks(BUDI, "#MAJU2 halo", "halo");
}

static void comes_hidden(const char *native_id)
{
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .chat = "900@lid",
                                   .lid = "900@lid",
                                   .native_id = native_id,
                                   .text = "#MAJU2 halo",
                                   .sent_at = clock_ms() });
    run();
    pass(5000); /* whose it is, nobody says */
}

static void who_is_blocked_and_forgotten_by_a_hidden_id_stays_so(void **state)
{
    (void)state;
    people_resolve(w.host, NULL, NULL, NULL, BUDI, "900", "Budi");
    say(BUDI, "#MAJU2 halo");
    block_at(OWNER, BUDI, 1);
    asks(BUDI, "#MAJU3 erase", "0");
    assert_int_equal(disk("SELECT count(*) FROM blocks_kept"), 2);
    forget_sent();
    comes_hidden("H1");
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM members WHERE store = 1 AND blocked"), 1);
}

/* Only his number was known then; he comes by a hidden id, and is found out with his number. */
static void who_hides_behind_another_id_is_blocked_when_it_is_known(void **state)
{
    (void)state;
    customers_come();
    block_at(OWNER, BUDI, 1);
    asks(BUDI, "#MAJU3 erase", "0");
    forget_sent();
    comes_hidden("H1");
    assert_true(w.sent_count > w.seen); /* he is answered */
    assert_int_equal(disk("SELECT count(*) FROM blocks_kept"), 1);
    script("BEGIN");
    people_resolve(w.host, NULL, NULL, NULL, BUDI, "900", "Budi");
    script("COMMIT");
    assert_int_equal(disk("SELECT count(*) FROM blocks_kept"), 0);
    forget_sent();
    comes_hidden("H2");
    expect_none();
}

/* All that was kept of one erasure goes with the first of it: a block that was lifted is lifted. */
static void a_lifted_block_does_not_come_back_by_another_id(void **state)
{
    (void)state;
    people_resolve(w.host, NULL, NULL, NULL, BUDI, "900", "Budi");
    say(BUDI, "#MAJU2 halo");
    block_at(OWNER, BUDI, 1);
    asks(BUDI, "#MAJU3 erase", "0");
    forget_sent();
    say(BUDI, "#MAJU2 halo");
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM blocks_kept"), 0);
    block_at(OWNER, BUDI, 0);
    asks(BUDI, "#MAJU2 erase", "0");
    forget_sent();
    comes_hidden("H1");
    assert_true(w.sent_count > w.seen); /* he is answered */
}

static void a_number_that_was_told_is_known(void **state)
{
    (void)state;
    struct buf health = { 0 };
    asks(OWNER, "number", "none");
    assert_int_equal(own_number_told(w.host, "testgate", "default", "6281100000900"), BOT_OK);
    asks(OWNER, "number", "6281100000900");
    world_reopen(1);
    asks(OWNER, "number", "6281100000900");
    host_health(w.host, &health);
    assert_null(strstr(buf_str(&health), "degraded"));
    /* the super admin's own: he would write to himself */
    assert_int_equal(own_number_told(w.host, "testgate", "default", SUPER), BOT_OK);
    assert_non_null(strstr(buf_str(&w.host->problems), "the bot's own number"));
    buf_free(&health);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stores, world_close)
    const struct CMUnitTest tests[] = {
        TEST(customers_are_seen_by_those_who_run_the_store),
        TEST(a_blocked_one_hears_nothing_of_this_store),
        TEST(the_last_owner_stays),
        TEST(a_store_that_was_asked_for_waits),
        TEST(a_zone_is_one_that_we_know),
        TEST(a_stores_name_is_one_line_that_can_be_read),
        TEST(what_several_plugins_know_is_gathered),
        TEST(messages_are_counted_by_the_day),
        TEST(who_wants_to_be_forgotten_is),
        TEST(who_is_blocked_stays_so_when_he_is_forgotten),
        TEST(who_is_blocked_and_forgotten_by_a_hidden_id_stays_so),
        TEST(who_hides_behind_another_id_is_blocked_when_it_is_known),
        TEST(a_lifted_block_does_not_come_back_by_another_id),
        TEST(a_number_that_was_told_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
