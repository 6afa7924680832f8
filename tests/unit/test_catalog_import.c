/* SPDX-License-Identifier: MIT
 * test_catalog_import.c - an import that is interrupted: it goes on where it stopped, saves nothing
 * twice, and another one waits for its end. The transcripts have the rest. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"

enum { ROWS = 400 };

static int open_world(void **state)
{
    (void)state;
    world_open_catalog();
    script("INSERT INTO persons(id, phone, created_at) VALUES (90, '" DEWI "', 1);"
           "INSERT INTO aliases VALUES ('p:" DEWI "', 90);"
           "INSERT INTO roles(store, person, role, created_at) VALUES (1, 90, 4, 1);"
           "INSERT INTO persons(id, phone, created_at) VALUES (91, '" CITRA "', 1);"
           "INSERT INTO aliases VALUES ('p:" CITRA "', 91);"
           "INSERT INTO roles(store, person, role, created_at) VALUES (1, 91, 4, 1)");
    world_reopen(1); /* who has a role is remembered in memory */
    return 0;
}

/* The file arrives, is written, read and taken apart; its rows are compared. */
static void send_file(int first_price)
{
    char *file = malloc(ROWS * 40 + 40);
    size_t len = (size_t)sprintf(file, "nama,harga,stok\n");
    for (int i = 0; i < ROWS; i++)
        len += (size_t)sprintf(file + len, "Barang %d,%d,9\n", i, first_price + i);
    post_media(DEWI, "document", "http://waha/file", "text/csv", "/impor");
    run();
    network_brings(file, len);
    for (int i = 0; i < 3; i++) jobs_run();
    free(file);
}

static int64_t products(void)
{
    return disk("SELECT count(*) FROM catalog_products");
}

static void an_import_goes_on_where_it_was_killed(void **state)
{
    (void)state;
    send_file(1000);
    expect_like(DEWI, "Baru: 400");
    assert_int_equal(products(), 0);
    post(DEWI, "ya");
    for (int kills = 0; kills < 5; kills++) {
        for (int turns = 0; turns < 7; turns++) loop_turn(&w.host->loop);
        assert_true(products() < ROWS);
        world_reopen(kills % 2);
    }
    assert_true(products() > 0);
    w.seen = w.sent_count;
    run();
    expect(DEWI, "Impor selesai: 400 baris, 400 baru, 0 diubah");
    expect_none();
    assert_int_equal(products(), ROWS);
    assert_int_equal(disk("SELECT products FROM catalog_counts WHERE store = 1"), ROWS);
    assert_int_equal(disk("SELECT count(*) FROM catalog_import_rows"), 0);
    assert_int_equal(disk("SELECT count(*) FROM search_docs"), ROWS);
}

static void a_look_that_was_interrupted_begins_again(void **state)
{
    (void)state;
    post_media(DEWI, "document", "http://waha/file", "text/csv", "/impor");
    run();
    network_brings("nama,harga\nKopi,5rb\n", 20);
    jobs_run(); /* it is on disk, and to be read */
    world_reopen(0);
    run();
    jobs_run();
    jobs_run();
    expect_like(DEWI, "Baru: 1");
    expect_none();
    say(DEWI, "ya");
    expect_like(DEWI, "impor dimulai");
    expect(DEWI, "Impor selesai: 1 baris, 1 baru, 0 diubah");
}

static void another_one_waits_for_its_end(void **state)
{
    (void)state;
    send_file(1000);
    post(DEWI, "ya");
    for (int turns = 0; turns < 7; turns++) loop_turn(&w.host->loop);
    assert_true(products() < ROWS);
    script("UPDATE inbox SET state = 2 WHERE event = 'catalog.import'"); /* it is lost */
    world_reopen(0);
    run();
    w.seen = w.sent_count;
    assert_true(products() < ROWS);
    send_file(2000);
    expect_like(DEWI, "masih berjalan");
    pass(301 * 1000); /* and found again when somebody asks */
    w.seen = w.sent_count;
    send_file(2000);
    expect_like(DEWI, "masih berjalan");
    expect(DEWI, "Impor selesai: 400 baris, 400 baru, 0 diubah");
    assert_int_equal(products(), ROWS);
    send_file(2000);
    expect_like(DEWI, "Berubah: 400");
}

static void a_file_that_was_replaced_is_not_saved(void **state)
{
    (void)state;
    send_file(1000);
    w.seen = w.sent_count;
    script("UPDATE catalog_imports SET state = 0");
    say(DEWI, "ya");
    expect_like(DEWI, "tidak berlaku");
    assert_int_equal(products(), 0);
}

static void bring(const char *phone, const char *file)
{
    post_media(phone, "document", "http://waha/file", "text/csv", "/impor");
    run();
    network_brings(file, strlen(file));
}

static void two_admins_files_are_looked_at_side_by_side(void **state)
{
    (void)state;
    bring(DEWI, "nama,harga\nKopi,5rb\nTeh,4rb\n");
    bring(CITRA, "nama,harga\nSusu,6rb\n");
    for (int i = 0; i < 3; i++) jobs_run();
    assert_int_equal(unseen(), 2);
    expect_like(DEWI, "Baru: 2");
    expect_like(CITRA, "Baru: 1");
    post(DEWI, "ya");
    post(CITRA, "ya"); /* and saved one after the other */
    run();
    expect_like(DEWI, "impor dimulai");
    expect_like(CITRA, "masih berjalan");
    expect(DEWI, "Impor selesai: 2 baris, 2 baru, 0 diubah");
    bring(CITRA, "nama,harga\nSusu,6rb\n");
    for (int i = 0; i < 3; i++) jobs_run();
    expect_like(CITRA, "Baru: 1");
    assert_int_equal(disk("SELECT count(*) FROM catalog_imports"), 1);
    say(CITRA, "ya");
    expect_like(CITRA, "impor dimulai");
    expect_like(CITRA, "1 baru");
    assert_int_equal(products(), 3);
}

static void what_nobody_agreed_to_is_forgotten_after_a_day(void **state)
{
    (void)state;
    send_file(1000);
    pass(25 * 3600 * 1000);
    w.seen = w.sent_count;
    bring(CITRA, "nama,harga\nSusu,6rb\n");
    for (int i = 0; i < 3; i++) jobs_run();
    expect_like(CITRA, "Baru: 1");
    assert_int_equal(disk("SELECT count(*) FROM catalog_import_rows"), 1);
}

static void two_admins_files_are_written_side_by_side(void **state)
{
    (void)state;
    send_file(1000);
    say(DEWI, "ya");
    assert_int_equal(products(), ROWS);
    w.seen = w.sent_count;
    say(DEWI, "/ekspor");
    jobs_run(); /* her first page is there */
    say(CITRA, "/ekspor");
    for (int i = 0; i < 8; i++) jobs_run();
    expect_like(DEWI, "Daftar 400 produk");
    expect_like(CITRA, "Daftar 400 produk");
    assert_int_equal(disk("SELECT count(*) FROM media WHERE name LIKE 'produk-%'"), 1); /* alike */
    assert_int_equal(disk("SELECT count(*) FROM catalog_exports"), 0);
}

/* Killed after each turn in which something was written: the answer is one file, whole. */
static void an_export_that_is_killed_again_and_again_is_one_whole_file(void **state)
{
    (void)state;
    send_file(1000);
    say(DEWI, "ya");
    w.seen = w.sent_count;
    say(DEWI, "/ekspor");
    for (int i = 0; i < 12; i++) jobs_run();
    expect_like(DEWI, "Daftar 400 produk");
    int64_t size = disk("SELECT size FROM media WHERE name LIKE 'produk-%'");
    assert_true(size > ROWS * 20);
    for (int kill_after = 1; kill_after < 14; kill_after++) {
        post(DEWI, "/ekspor");
        for (int turns = 0; turns < kill_after; turns++) {
            loop_turn(&w.host->loop);
            if (!w.job_count) continue;
            struct pool_job *job = w.jobs[0];
            w.job_count = 0;
            pool_job_run(job, &w.reader, w.host->db.path, NULL);
            loop_post_job(&w.host->loop, job);
        }
        world_reopen(0);
        for (int i = 0; i < 12; i++) jobs_run();
        if (unseen()) expect_like(DEWI, "Daftar 400 produk");
        expect_none();
        assert_int_equal(disk("SELECT count(*) FROM catalog_exports"), 0);
    }
    assert_int_equal(disk("SELECT count(*) FROM media WHERE name LIKE 'produk-%'"), 1);
    assert_int_equal(disk("SELECT max(size) FROM media WHERE name LIKE 'produk-%'"), size);
}

static void a_variant_that_runs_low_is_told_though_the_sum_stays(void **state)
{
    (void)state;
    bring(DEWI, "nama,harga,varian\nKaos,9rb,\"M = , 9; L = , 9\"\n");
    for (int i = 0; i < 3; i++) jobs_run();
    say(DEWI, "ya");
    w.seen = w.sent_count;
    bring(DEWI, "nama,varian\nKaos,\"M = , 1; L = , 17\"\n");
    for (int i = 0; i < 3; i++) jobs_run();
    expect_like(DEWI, "Berubah: 1");
    say(DEWI, "ya");
    expect_like(DEWI, "impor dimulai");
    expect_like(CITRA, "Setelah impor ada 1 stok");
    expect_like(DEWI, "Setelah impor ada 1 stok");
}

static void a_large_file_is_kept_over_several_turns(void **state)
{
    (void)state;
    enum { TEXT = 900 };
    char *file = malloc(ROWS * (TEXT + 40)), text[TEXT + 1];
    memset(text, 'x', TEXT);
    text[TEXT] = '\0';
    size_t len = (size_t)sprintf(file, "nama,harga,deskripsi\n");
    for (int i = 0; i < ROWS; i++)
        len += (size_t)sprintf(file + len, "Barang %d,1000,%s\n", i, text);
    post_media(DEWI, "document", "http://waha/file", "text/csv", "/impor");
    run();
    network_brings(file, len);
    int64_t before = 0, most = 0;
    for (int i = 0; i < 12; i++) {
        jobs_run();
        int64_t now = disk("SELECT ifnull(sum(length(rows)), 0) FROM catalog_import_rows");
        if (now - before > most) most = now - before;
        before = now;
    }
    free(file);
    assert_true(before > 300 * 1000);
    assert_true(most < 200 * 1000);
    expect_like(DEWI, "Baru: 400");
    say(DEWI, "ya");
    expect_like(DEWI, "impor dimulai");
    expect(DEWI, "Impor selesai: 400 baris, 400 baru, 0 diubah");
    assert_int_equal(products(), ROWS);
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(an_import_goes_on_where_it_was_killed),
        WORLD(a_look_that_was_interrupted_begins_again),
        WORLD(another_one_waits_for_its_end),
        WORLD(a_file_that_was_replaced_is_not_saved),
        WORLD(a_large_file_is_kept_over_several_turns),
        WORLD(two_admins_files_are_looked_at_side_by_side),
        WORLD(what_nobody_agreed_to_is_forgotten_after_a_day),
        WORLD(two_admins_files_are_written_side_by_side),
        WORLD(an_export_that_is_killed_again_and_again_is_one_whole_file),
        WORLD(a_variant_that_runs_low_is_told_though_the_sum_stays),
    };
    return cmocka_run_group_tests_name("catalog_import", tests, NULL, NULL);
}
