/* SPDX-License-Identifier: MIT
 * test_catalog_photo.c - how long the file of a product's photo stays: as long as the product has
 * it, however old it is, and no longer. */
#include "host_fixture.h"

#include <stdio.h>
#include <unistd.h>

#define DAY (24 * 3600 * INT64_C(1000))

static int open_world(void **state)
{
    (void)state;
    world_open_catalog();
    script("INSERT INTO persons(id, phone, created_at) VALUES (90, '" DEWI "', 1);"
           "INSERT INTO aliases VALUES ('p:" DEWI "', 90);"
           "INSERT INTO roles(store, person, role, created_at) VALUES (1, 90, 4, 1)");
    world_reopen(1);
    say(DEWI, "/tambah_produk\nNama: Kopi\nHarga: 5rb");
    expect_like(DEWI, "ID: 1");
    return 0;
}

static void photo(char mark)
{
    char png[] = "\x89PNG\r\n\x1A\n....";
    png[8] = mark;
    post_media(DEWI, "image", "http://waha/file", "image/png", "/foto 1");
    run();
    network_brings(png, sizeof png - 1);
    jobs_run();
    expect_like(DEWI, "Foto *Kopi* tersimpan");
}

static int64_t files(void)
{
    return disk("SELECT count(*) FROM media");
}

static void old(void)
{
    pass(32 * DAY);
    w.seen = w.sent_count;
}

static void a_photo_stays_as_long_as_its_product_has_it(void **state)
{
    (void)state;
    photo('a');
    old();
    assert_int_equal(files(), 1);
    say(DEWI, "/foto 1");
    assert_true(last_sent()->media > 0);
    w.seen = w.sent_count;
    photo('b'); /* instead of it */
    assert_int_equal(files(), 2);
    old();
    old();
    assert_int_equal(files(), 1);
    say(DEWI, "/foto 1 hapus");
    expect_like(DEWI, "sudah dihapus");
    old();
    old();
    assert_int_equal(files(), 0);
}

static void a_photo_goes_with_its_product(void **state)
{
    (void)state;
    photo('a');
    say(DEWI, "/hapus_produk 1");
    expect_like(DEWI, "Hapus");
    say(DEWI, "ya");
    expect_like(DEWI, "sudah dihapus");
    old();
    old();
    assert_int_equal(files(), 0);
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(a_photo_stays_as_long_as_its_product_has_it),
        WORLD(a_photo_goes_with_its_product),
    };
    return cmocka_run_group_tests_name("catalog_photo", tests, NULL, NULL);
}
