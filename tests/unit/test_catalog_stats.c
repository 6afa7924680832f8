/* SPDX-License-Identifier: MIT
 * test_catalog_stats.c - what the catalog says when somebody asks for statistics: a plugin of the
 * test's emits the events, the catalog's hooks answer. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/base/clock.h"

/* "tanya EVENT" emits it. */
static int on_text(struct bot_ctx *ctx)
{
    const char *text = ctx->api->field(ctx, "text");
    if (strncmp(text, "tanya ", 6) != 0) return BOT_PASS;
    return ctx->api->emit(ctx, text + 6, NULL, 0) == BOT_OK ? BOT_HANDLED : BOT_FAIL;
}

static int alpha_init(const struct bot_api *api, struct bot_plugin *self)
{
    return hook_text(api, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_world(void **state)
{
    (void)state;
    world_open(&(struct world_conf){ .alpha = &alpha, .stores = 2 });
    put_plugin("../../plugins/catalog.so", "catalog.so");
    edit_ini("catalog = catalog.so\n", NULL);
    assert_int_equal(reload(), 1);
    script("INSERT INTO persons(id, phone, created_at) VALUES (90, '" DEWI "', 1);"
           "INSERT INTO aliases VALUES ('p:" DEWI "', 90);"
           "INSERT INTO roles(store, person, role, created_at) VALUES (1, 90, 4, 1)");
    world_reopen(1); /* who has a role is remembered in memory */
    return 0;
}

static void add(const char *form)
{
    say(DEWI, form);
    w.seen = w.sent_count;
}

static void a_store_is_told_its_products_and_what_runs_low(void **state)
{
    (void)state;
    add("/tambah_produk\nNama: Es Teh\nHarga: 5rb\nStok: 10");
    add("/tambah_produk\nNama: Kopi\nHarga: 5rb\nStok: 0");
    add("/tambah_produk\nNama: Kaos\nHarga: 5rb\nVarian: M = 5rb, 2; L = 5rb, 9");
    add("/tambah_produk\nNama: Topi\nHarga: 5rb");
    say(DEWI, "tanya store.stats");
    expect(DEWI, "Produk: 4\nStok habis: 1 (Kopi)\nStok menipis: 1 (Kaos M)");
    say(DEWI, "tanya store.report");
    expect(DEWI, "Stok habis: 1 (Kopi)\nStok menipis: 1 (Kaos M)");
    say(DEWI, "tanya global.stats");
    expect(DEWI, "Produk: 4");
    say(DEWI, "/hapus_produk 2");
    say(DEWI, "ya");
    w.seen = w.sent_count;
    say(DEWI, "tanya store.stats");
    expect(DEWI, "Produk: 3\nStok habis: 0\nStok menipis: 1 (Kaos M)");
    say(DEWI, "/stok 3/1 =20");
    w.seen = w.sent_count;
    say(DEWI, "tanya store.report"); /* nothing to report */
    expect_none();
}

static void all_stores_are_counted_together(void **state)
{
    (void)state;
    add("/tambah_produk\nNama: Es Teh\nHarga: 5rb");
    script("INSERT INTO catalog_counts VALUES (2, 1000000)");
    say(DEWI, "tanya global.stats");
    expect(DEWI, "Produk: 1000001");
    say(DEWI, "tanya store.stats");
    expect(DEWI, "Produk: 1\nStok habis: 0\nStok menipis: 0");
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(a_store_is_told_its_products_and_what_runs_low),
        WORLD(all_stores_are_counted_together),
    };
    return cmocka_run_group_tests_name("catalog_stats", tests, NULL, NULL);
}
