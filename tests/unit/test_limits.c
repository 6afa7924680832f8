/* SPDX-License-Identifier: MIT
 * test_limits.c - how many customers a store may have: who is told and when, who is served. */
#include "host_fixture.h"

#include <stdio.h>
#include <string.h>
#include <tokobot/services/stores.h>

#include "core/people/members.h"
#include "core/people/people.h"

#define ADMIN "6281100000002"
#define FULL  "belum bisa menerima pelanggan baru"

static const struct bot_api *api;
static int joined, limits;

static int on_text(struct bot_ctx *ctx)
{
    const char *text = api->field(ctx, "text");
    const struct bot_stores *stores = api->service(api->self(ctx), "stores/0", NULL);
    long long limit;
    if (sscanf(text, "limit %lld", &limit) == 1)
        return stores->set_limit(ctx, 1, limit) ? BOT_FAIL : bot_reply(ctx, "ok");
    return bot_reply(ctx, "dilayani");
}

static int on_joined(struct bot_ctx *ctx)
{
    (void)ctx;
    joined++;
    return BOT_HANDLED;
}

static int on_limit(struct bot_ctx *ctx)
{
    (void)ctx;
    limits++;
    return BOT_HANDLED;
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_hook_spec hooks[] = {
        { "customer.joined", 1, BOT_ALL_STORES, on_joined },
        { "store.limit", 1, BOT_ALL_STORES, on_limit },
        { "message.text", 100, BOT_ALL_STORES, on_text },
    };
    api = a;
    return BOT_HOOKS(a, self, hooks);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_shop(const char *ini)
{
    joined = limits = 0;
    world_open(&(struct world_conf){ .alpha = &alpha, .stores = 1, .ini = ini });
    int64_t admin = people_resolve(w.host, NULL, NULL, NULL, ADMIN, NULL, NULL);
    return roles_add(w.host, 1, admin, BOT_OWNER) == ROLE_ADDED ? 0 : -1;
}

static int open_default(void **state)
{
    (void)state;
    return open_shop(NULL);
}

static int open_small(void **state)
{
    (void)state;
    return open_shop("[limits]\ncustomers_per_store = 4\ncustomers_warning = 3\n");
}

static const char *customer(int n)
{
    static char phone[20];
    snprintf(phone, sizeof phone, "6281100000%03u", (unsigned)(100 + n) % 1000);
    return phone;
}

static void come(int from, int to)
{
    for (int i = from; i <= to; i++) {
        forget_sent();
        say(customer(i), "halo");
        expect(customer(i), "dilayani");
        expect_none();
    }
    forget_sent();
}

/* Those who run the store and the super admin, in whatever order they are written to. */
static void told(const char *admin_part, const char *super_part)
{
    int n = 0;
    for (size_t i = w.seen; i < w.sent_count; i++) {
        if (!strncmp(w.sents[i].chat, ADMIN, strlen(ADMIN)) && strstr(w.sents[i].text, admin_part))
            n++;
        if (!strncmp(w.sents[i].chat, SUPER, strlen(SUPER)) && strstr(w.sents[i].text, super_part))
            n++;
    }
    assert_int_equal(n, 2);
    assert_int_equal(w.sent_count - w.seen, 3); /* and the customer's answer */
    forget_sent();
}

static void the_450th_the_500th_and_the_501st(void **state)
{
    (void)state;
    come(1, 449);
    say(customer(450), "halo");
    told("450 dari 500", "(ID 1) sudah punya 450 dari 500");
    come(451, 499);
    say(customer(500), "halo");
    told("500 pelanggan, batasnya tercapai", "/limit 1");
    assert_int_equal(joined, 500);
    say(customer(501), "halo");
    expect_like(customer(501), FULL);
    expect_none();
    say(customer(501), "/lihat_produk");
    expect_like(customer(501), "tidak ada");
    assert_int_equal(disk("SELECT members FROM store_counts WHERE store = 1"), 500);
    assert_int_equal(disk("SELECT count(*) FROM members"), 500);
    come(1, 3); /* old ones go on */
    come(500, 500);
    assert_int_equal(joined, 500);
    assert_int_equal(limits, 2);
}

static void two_at_the_same_moment(void **state)
{
    (void)state;
    come(1, 2);
    post(customer(3), "halo");
    post(customer(4), "halo");
    post(customer(5), "halo");
    run();
    int served = 0, refused = 0;
    for (size_t i = 0; i < w.sent_count; i++) {
        served += !strcmp(w.sents[i].text, "dilayani");
        refused += strstr(w.sents[i].text, FULL) != NULL;
    }
    assert_int_equal(served, 2);
    assert_int_equal(refused, 1);
    assert_int_equal(w.sent_count, 3 + 4); /* warned and full, two people each */
    assert_int_equal(disk("SELECT count(*) FROM members"), 4);
}

static void who_is_told_once_is_not_told_again(void **state)
{
    (void)state;
    come(1, 2);
    say(customer(3), "halo");
    told("3 dari 4", "3 dari 4");
    say(customer(4), "halo");
    told("4 pelanggan", "4 pelanggan");
    world_reopen(1);
    forget_sent();
    say(customer(5), "halo");
    say(customer(6), "halo");
    assert_int_equal(w.sent_count, 2);
    assert_int_equal(limits, 2);
}

static void the_super_admin_raises_it_for_one_store(void **state)
{
    (void)state;
    come(1, 2);
    say(customer(3), "halo");
    say(customer(4), "halo");
    forget_sent();
    say(BUDI, "limit 8");
    expect_like(BUDI, FULL); /* he may not, and is none of the four */
    say(SUPER, "limit 8");
    expect(SUPER, "ok");
    come(5, 5);
    say(customer(6), "halo"); /* six of eight are as three of four */
    told("6 dari 8", "6 dari 8");
    come(7, 7);
    say(customer(8), "halo");
    told("8 pelanggan", "8 pelanggan");
    say(SUPER, "limit 0");
    expect(SUPER, "ok");
    say(customer(9), "halo");
    expect_like(customer(9), FULL);
}

static int open_ten(void **state)
{
    (void)state;
    return open_shop("[limits]\ncustomers_per_store = 10\n");
}

static void the_warning_follows_the_limit(void **state)
{
    (void)state;
    come(1, 8);
    say(customer(9), "halo");
    told("9 dari 10", "9 dari 10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_450th_the_500th_and_the_501st, open_default,
                                        world_close),
        cmocka_unit_test_setup_teardown(two_at_the_same_moment, open_small, world_close),
        cmocka_unit_test_setup_teardown(who_is_told_once_is_not_told_again, open_small,
                                        world_close),
        cmocka_unit_test_setup_teardown(the_warning_follows_the_limit, open_ten, world_close),
        cmocka_unit_test_setup_teardown(the_super_admin_raises_it_for_one_store, open_small,
                                        world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
