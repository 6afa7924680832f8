/* SPDX-License-Identifier: MIT
 * test_store_index.c - stores found by their names as people write them, among many, and whatever
 * rubbish names and lines are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/people/people.h"
#include "core/people/store_index.h"
#include "core/storage/schema.h"

enum { STORES = 600, CAP = 10 };

static struct host host;
static uint64_t seed;

static uint32_t chance(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(seed >> 33) % n;
}

static int open_host(void **state)
{
    char error[200];
    (void)state;
    seed = 11;
    memset(&host, 0, sizeof host);
    if (db_open(&host.db, ":memory:", NULL, error, sizeof error)) return -1;
    for (unsigned i = 0; i < core_migration_count; i++)
        if (db_script(&host.db, core_migrations[i].sql)) return -1;
    return 0;
}

static int close_host(void **state)
{
    (void)state;
    people_free(&host);
    store_index_free(&host);
    db_close(&host.db);
    return 0;
}

static int64_t add(const char *name)
{
    static unsigned count;
    char code[12];
    snprintf(code, sizeof code, "C%06u", ++count % 1000000);
    assert_int_equal(db_exec(&host.db,
                             "INSERT INTO stores(code, name, created_at) VALUES (?1, ?2, 1)", "ss",
                             code, name),
                     0);
    int64_t id = db_insert_id(&host.db);
    store_index_changed(&host, id);
    return id;
}

static int names(const char *line, int64_t store)
{
    struct store_named found[CAP];
    int n = store_index_named(&host, line, strlen(line), found, CAP);
    for (int i = 0; i < n && i < CAP; i++) {
        assert_true(found[i].at + found[i].len <= strlen(line));
        if (found[i].store == store) return 1;
    }
    return 0;
}

static const char *const kinds[] = { "Toko", "Warung", "Kedai", "Depot", "Kios" };
static const char *const firsts[] = { "Maju",    "Berkah", "Sumber", "Mekar", "Karya", "Mulia",
                                      "Mandiri", "Rejeki", "Harum",  "Segar", "Indah", "Makmur" };
static const char *const seconds[] = { "Abadi",   "Sentosa", "Lestari", "Sejahtera", "Bersama",
                                       "Kencana", "Bahari",  "Wangi",   "Cendana",   "Melati" };

static void every_name_is_found_as_it_is_and_with_one_wrong_letter(void **state)
{
    (void)state;
    static char written[STORES][48];
    static int64_t ids[STORES];
    for (int i = 0; i < STORES; i++) {
        snprintf(written[i], sizeof written[i], "%s %s %s", kinds[i % 5], firsts[i / 5 % 12],
                 seconds[i / 60 % 10]);
        ids[i] = add(written[i]);
    }
    for (int i = 0; i < STORES; i++) {
        char line[100], *c;
        snprintf(line, sizeof line, "kak, %.47s masih buka?", written[i]);
        if (!names(line, ids[i])) fail_msg("not found: %s", line);
        /* ... and without a letter of its last word */
        c = strrchr(written[i], ' ') + 1;
        size_t at = 1 + chance((uint32_t)strlen(c) - 1);
        if ((c[at - 1] | 32) == (c[at + 1] | 32)) at++; /* "Aadi" counts as "Adi": two letters */
        snprintf(line, sizeof line, "%.*s%s ada?", (int)((size_t)(c - written[i]) + at), written[i],
                 c + at + 1);
        if (!names(line, ids[i])) fail_msg("not found: %s", line);
    }
    assert_int_equal(names("halo kak, mau tanya harga", ids[0]), 0);
}

static void a_name_that_many_share_is_still_answered(void **state)
{
    (void)state;
    struct store_named found[CAP];
    for (int i = 0; i < 500; i++) add("Toko Maju");
    int n = store_index_named(&host, "toko maju", 9, found, CAP);
    assert_true(n > 1 && n <= 500);
}

static void what_changes_is_found_by_the_new_name(void **state)
{
    (void)state;
    int64_t id = add("Toko Senja");
    assert_true(names("toko senja", id));
    db_exec(&host.db, "UPDATE stores SET name = 'Toko Fajar' WHERE id = ?1", "i", id);
    store_index_changed(&host, id);
    assert_false(names("toko senja", id));
    assert_true(names("toko fajar", id));
    /* lost with its turn: the database has the old name again */
    store_index_changed(&host, id);
    db_exec(&host.db, "UPDATE stores SET name = 'Toko Senja' WHERE id = ?1", "i", id);
    assert_true(names("toko senja", id));
    /* more changes than are kept: everything is read again */
    for (int i = 0; i < 100; i++) store_index_changed(&host, id);
    assert_true(names("toko senja", id));
}

static void rubbish(char *out, size_t cap)
{
    static const char *const pieces[] = { "a",        "toko", " ",        "\xf0\x9f\x98\x80",
                                          "\xc3\xa9", "\xff", "#",        "@",
                                          "1",        "ke ",  "\xe2\x80", "-",
                                          "jj",       "MAJU", ".",        "\t" };
    size_t n = 0;
    for (uint32_t i = chance(120); i > 0; i--) {
        const char *piece = pieces[chance(BOT_COUNT(pieces))];
        if (n + strlen(piece) + 1 > cap) break;
        strcpy(out + n, piece);
        n += strlen(piece);
    }
    out[n] = '\0';
}

static void who_takes_a_name_again_and_again_keeps_it_from_nobody(void **state)
{
    (void)state;
    int64_t restless = add("Toko Elang Biru");
    for (int i = 0; i < 80; i++) {
        const char *name = i % 2 ? "Toko Elang Biru" : "Warung Pojok Kota";
        assert_int_equal(
            db_exec(&host.db, "UPDATE stores SET name = ?2 WHERE id = ?1", "is", restless, name),
            0);
        store_index_changed(&host, restless);
        assert_true(names(name, restless));
    }
    int64_t other = add("Toko Elang Biru");
    assert_true(names("Toko Elang Biru", other));
    assert_true(names("Toko Elang Biru", restless));
}

static void rubbish_does_no_harm(void **state)
{
    (void)state;
    char text[260];
    int64_t out[CAP];
    for (int i = 0; i < 300; i++) {
        rubbish(text, 200);
        add(text);
    }
    for (int i = 0; i < 5000; i++) {
        rubbish(text, sizeof text);
        names(text, 0);
        store_index_search(&host, text, out, CAP);
        text[8] = '\0';
        store_index_near_code(&host, text, out, CAP);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_host, close_host)
    const struct CMUnitTest tests[] = {
        TEST(every_name_is_found_as_it_is_and_with_one_wrong_letter),
        TEST(a_name_that_many_share_is_still_answered),
        TEST(what_changes_is_found_by_the_new_name),
        TEST(who_takes_a_name_again_and_again_keeps_it_from_nobody),
        TEST(rubbish_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
