/* SPDX-License-Identifier: MIT
 * test_store_payment.c - how a store is paid, as another plugin is told (profile/0), and who may
 * change it: a plugin of the test's asks in a customer's name. */
#include "host_fixture.h"

#include <stdio.h>
#include <tokobot/services/profile.h>

#include "core/people/members.h"
#include "core/people/people.h"

#define OWNER "6281100000002" /* of the first store */
#define STAFF "6281100000003"
#define OTHER "6281100000004" /* owner of the second store */

static int on_text(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    void *owner;
    char told[700];
    if (strcmp(api->field(ctx, "text"), "bayar") != 0) return BOT_PASS;
    const struct bot_profile *p = api->service(api->self(ctx), "profile/0", &owner);
    assert_non_null(p);
    assert_true(p->size >= sizeof *p);
    const char *text = p->payment(ctx, owner);
    snprintf(told, sizeof told, "%s / %d", text ? text : "NULL", p->cash(ctx, owner));
    return bot_reply(ctx, told);
}

static int alpha_init(const struct bot_api *api, struct bot_plugin *self)
{
    return hook_text(api, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int64_t person(const char *phone, const char *name)
{
    return people_resolve(w.host, NULL, NULL, NULL, phone, NULL, name);
}

static int open_stores(void **state)
{
    (void)state;
    world_open(&(struct world_conf){
        .alpha = &alpha,
        .plugins = "store-admin = " FIXTURE_PLUGINS "/../../plugins/store-admin.so\n",
        .stores = 2,
    });
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
    const char *said = w.sents[0].text, *line = strchr(said, '\n');
    if (*said == '*' && line) said = line + 1; /* the store's name */
    assert_string_equal(said, answer);
}

static void a_store_that_has_said_nothing_takes_cash(void **state)
{
    (void)state;
    asks(BUDI, "#MAJU2 bayar", "NULL / 1");
}

static void the_words_are_the_stores_own_without_markup(void **state)
{
    (void)state;
    say(OWNER, "/pembayaran *BCA* 1234567890\na.n. _Toko_ Maju\nhttps://bayar.example/toko_maju");
    asks(BUDI, "#MAJU2 bayar",
         "\xE2\x88\x97"
         "BCA"
         "\xE2\x88\x97 1234567890\na.n. \xEF\xBC\xBFToko\xEF\xBC\xBF Maju\n"
         "https://bayar.example/toko_maju / 1");
    asks(BUDI, "#MAJU3 bayar", "NULL / 1"); /* another store's is its own */
    say(OWNER, "/pembayaran tunai off");
    world_reopen(0);
    asks(CITRA, "#MAJU3 bayar", "NULL / 1");
    forget_sent();
    say(BUDI, "#MAJU2 bayar");
    expect_like(BUDI, "toko_maju / 0");
}

static void there_is_always_a_way_to_pay(void **state)
{
    (void)state;
    say(OWNER, "/pembayaran tunai off");
    asks(BUDI, "#MAJU2 bayar", "NULL / 1");
    say(OWNER, "/pembayaran BCA 1234567890");
    say(OWNER, "/pembayaran tunai off");
    say(OWNER, "/pembayaran hapus");
    asks(BUDI, "#MAJU2 bayar", "BCA 1234567890 / 0");
    say(OWNER, "/pembayaran tunai on");
    say(OWNER, "/pembayaran hapus");
    asks(BUDI, "#MAJU2 bayar", "NULL / 1");
    say(OWNER, "/pembayaran tunai off");
    asks(BUDI, "#MAJU2 bayar", "NULL / 1");
}

static void a_change_is_told_and_written_down(void **state)
{
    (void)state;
    forget_sent();
    say(OWNER, "/pembayaran BCA 1234567890");
    pass(1000);
    expect_like(OWNER, "Rekening tersimpan");
    expect_like(STAFF, "*Sri (0811-0000-0002)* mengubah rekening *Toko 1*");
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM audit WHERE action = 'store.payment'"), 1);
    say(OWNER, "/pembayaran BCA 1234567890"); /* the same */
    pass(1000);
    expect_like(OWNER, "memang sudah begitu");
    expect_none();
    say(OWNER, "/pembayaran tunai off");
    pass(1000);
    expect_like(OWNER, "tidak diterima");
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM audit WHERE action = 'store.payment'"), 2);
}

static void staff_change_nothing(void **state)
{
    (void)state;
    static const char *const tries[] = { "/pembayaran BCA 9999999999", "/pembayaran hapus",
                                         "/pembayaran tunai on", "/rekening BCA 9999999999",
                                         "/payment BCA 9999999999" };
    say(OWNER, "/pembayaran BCA 1234567890");
    say(OWNER, "/pembayaran tunai off");
    for (size_t i = 0; i < BOT_COUNT(tries); i++) {
        forget_sent();
        say(STAFF, tries[i]);
        pass(1000);
        expect_like(STAFF, "hanya bisa diubah pemilik");
        expect_none();
    }
    asks(BUDI, "#MAJU2 bayar", "BCA 1234567890 / 0");
    assert_int_equal(disk("SELECT count(*) FROM audit WHERE action = 'store.payment'"), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stores, world_close)
    const struct CMUnitTest tests[] = {
        TEST(a_store_that_has_said_nothing_takes_cash),
        TEST(the_words_are_the_stores_own_without_markup),
        TEST(there_is_always_a_way_to_pay),
        TEST(a_change_is_told_and_written_down),
        TEST(staff_change_nothing),
    };
    return cmocka_run_group_tests_name("store_payment", tests, NULL, NULL);
}
