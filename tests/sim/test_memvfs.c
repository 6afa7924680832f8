/* test_memvfs.c - the disk itself must be right before anything is concluded from its crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <pthread.h>
#include <sqlite3.h>

#include "memvfs.h"

#define FILE_NAME "/sim/test.db"

static sqlite3 *db_open(void)
{
    sqlite3 *db = NULL;
    int rc =
        sqlite3_open_v2(FILE_NAME, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SIMDISK_NAME);
    assert_int_equal(rc, SQLITE_OK);
    return db;
}

static void db_exec(sqlite3 *db, const char *sql)
{
    char *error = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &error);
    if (rc != SQLITE_OK) fail_msg("%s: %s (%d)", sql, error, rc);
}

static sqlite3 *wal_open(void)
{
    sqlite3 *db = db_open();
    db_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0");
    return db;
}

static int64_t db_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc != SQLITE_OK) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    rc = sqlite3_step(st);
    if (rc != SQLITE_ROW) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int64_t n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

static void db_is_sound(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
    sqlite3_finalize(st);
}

static int setup(void **state)
{
    (void)state;
    simdisk_register(0);
    simdisk_on_sync(NULL, NULL);
    simdisk_seed(1);
    simdisk_reset();
    return 0;
}

static void two_connections_share_a_wal(void **state)
{
    (void)state;
    sqlite3 *a = wal_open(), *b = wal_open();
    db_exec(a, "CREATE TABLE t(n INTEGER)");
    db_exec(a, "INSERT INTO t VALUES (1)");
    assert_int_equal(db_number(b, "SELECT count(*) FROM t"), 1);
    db_exec(b, "BEGIN; SELECT * FROM t"); /* a snapshot */
    assert_int_equal(db_number(b, "SELECT count(*) FROM t"), 1);
    db_exec(a, "INSERT INTO t VALUES (2)");
    assert_int_equal(db_number(b, "SELECT count(*) FROM t"), 1);
    db_exec(b, "COMMIT");
    assert_int_equal(db_number(b, "SELECT count(*) FROM t"), 2);
    db_exec(a, "BEGIN IMMEDIATE");
    assert_int_equal(sqlite3_exec(b, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_BUSY);
    db_exec(a, "ROLLBACK");
    db_exec(b, "BEGIN IMMEDIATE; INSERT INTO t VALUES (3); COMMIT");
    db_exec(a, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(db_number(a, "SELECT count(*) FROM t"), 3);
    sqlite3_close(a);
    sqlite3_close(b);
    struct simdisk_stats stats;
    simdisk_stats(&stats);
    assert_int_equal(stats.open_files, 0);
}

static void a_reader_holds_the_checkpoint_back(void **state)
{
    (void)state;
    int log = 0, done = 0;
    sqlite3 *a = wal_open(), *b = wal_open();
    db_exec(a, "CREATE TABLE t(n INTEGER); INSERT INTO t VALUES (1)");
    db_exec(b, "BEGIN; SELECT * FROM t");
    db_exec(a, "INSERT INTO t VALUES (2)");
    assert_int_equal(sqlite3_wal_checkpoint_v2(a, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done),
                     SQLITE_OK);
    assert_true(done < log);
    assert_int_equal(sqlite3_wal_checkpoint_v2(a, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &done),
                     SQLITE_BUSY);
    assert_int_equal(db_number(b, "SELECT count(*) FROM t"), 1);
    db_exec(b, "COMMIT");
    assert_int_equal(sqlite3_wal_checkpoint_v2(a, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &done),
                     SQLITE_OK);
    sqlite3_close(a);
    sqlite3_close(b);
}

/* Others hold a lock for a moment while they open, close or recover; the disk's own sleep is
 * virtual. */
static int wait_a_little(void *ctx, int tries)
{
    (void)ctx;
    usleep(200);
    return tries < 20000;
}

static void *thread_reads(void *arg)
{
    sqlite3 *db = NULL;
    int *failed = arg;
    if (sqlite3_open_v2(FILE_NAME, &db, SQLITE_OPEN_READWRITE, SIMDISK_NAME) != SQLITE_OK)
        *failed = 1;
    sqlite3_busy_handler(db, wait_a_little, NULL);
    for (int i = 0; i < 300 && !*failed; i++) {
        sqlite3_stmt *st = NULL;
        int rc =
            sqlite3_prepare_v2(db, "SELECT count(*), coalesce(sum(n), 0) FROM t", -1, &st, NULL);
        if (rc == SQLITE_OK) rc = sqlite3_step(st);
        int64_t n = sqlite3_column_int64(st, 0);
        if (rc != SQLITE_ROW || sqlite3_column_int64(st, 1) != n * (n + 1) / 2) *failed = 1;
        sqlite3_finalize(st);
    }
    sqlite3_close(db);
    return NULL;
}

static void readers_on_threads_see_whole_transactions(void **state)
{
    (void)state;
    pthread_t thread[2];
    int failed[2] = { 0, 0 };
    sqlite3 *db = wal_open();
    sqlite3_busy_handler(db, wait_a_little, NULL);
    db_exec(db, "CREATE TABLE t(n INTEGER)");
    for (int i = 0; i < 2; i++) pthread_create(&thread[i], NULL, thread_reads, &failed[i]);
    for (int i = 1; i <= 400; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%d)", i);
        db_exec(db, sql);
        if (i % 50 == 0) sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(failed[i], 0);
    }
    db_is_sound(db);
    sqlite3_close(db);
}

static void a_crash_keeps_what_was_committed(void **state)
{
    (void)state;
    sqlite3 *db = wal_open();
    db_exec(db, "CREATE TABLE t(n INTEGER); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
    db_exec(db, "BEGIN; INSERT INTO t VALUES (3)");
    simdisk_cut();
    assert_int_not_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(db_number(db, "SELECT count(*) FROM t WHERE n < 3"), 2); /* reads go on */
    sqlite3_close(db);
    simdisk_crash(0);
    db = wal_open();
    assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
    db_is_sound(db);
    sqlite3_close(db);
}

static void what_is_written_and_not_synced_is_dropped(void **state)
{
    (void)state;
    sqlite3 *db = wal_open();
    db_exec(db, "CREATE TABLE t(n INTEGER); INSERT INTO t VALUES (1)");
    db_exec(db, "PRAGMA synchronous=OFF; INSERT INTO t VALUES (2)");
    assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
    simdisk_cut();
    sqlite3_close(db);
    simdisk_crash(0);
    db = wal_open();
    assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
    sqlite3_close(db);
}

static void a_disk_that_lies_about_syncing_loses_commits(void **state)
{
    (void)state;
    sqlite3 *db = wal_open();
    db_exec(db, "CREATE TABLE t(n INTEGER)");
    simdisk_set_lying(1);
    db_exec(db, "INSERT INTO t VALUES (1)");
    simdisk_cut();
    sqlite3_close(db);
    simdisk_crash(0);
    simdisk_set_lying(0);
    db = wal_open();
    assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 0);
    sqlite3_close(db);
}

static void handles_of_before_the_crash_are_stale(void **state)
{
    (void)state;
    sqlite3 *old = wal_open();
    db_exec(old, "CREATE TABLE t(n INTEGER)");
    simdisk_crash(0);
    sqlite3 *db = wal_open();
    db_exec(db, "INSERT INTO t VALUES (1)");
    assert_int_not_equal(sqlite3_exec(old, "INSERT INTO t VALUES (9)", NULL, NULL, NULL),
                         SQLITE_OK);
    sqlite3_close(old);
    db_exec(db, "INSERT INTO t VALUES (2)");
    assert_int_equal(db_number(db, "SELECT sum(n) FROM t"), 3);
    sqlite3_close(db);
}

static void a_full_disk_refuses_growth_and_recovers(void **state)
{
    (void)state;
    sqlite3 *db = wal_open();
    db_exec(db, "CREATE TABLE t(n INTEGER); INSERT INTO t VALUES (1)");
    simdisk_set_full(1);
    assert_int_equal(sqlite3_exec(db, "INSERT INTO t VALUES (2)", NULL, NULL, NULL), SQLITE_FULL);
    assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
    simdisk_set_full(0);
    db_exec(db, "INSERT INTO t VALUES (3)");
    assert_int_equal(db_number(db, "SELECT sum(n) FROM t"), 4);
    db_is_sound(db);
    sqlite3_close(db);
}

static void an_image_is_the_whole_disk(void **state)
{
    (void)state;
    sqlite3 *db = wal_open();
    db_exec(db, "CREATE TABLE t(n INTEGER); INSERT INTO t VALUES (1)");
    sqlite3_close(db);
    struct simdisk_image *image = simdisk_save();
    for (int i = 0; i < 3; i++) {
        simdisk_load(image);
        db = wal_open();
        assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
        db_exec(db, "INSERT INTO t VALUES (2)");
        sqlite3_close(db);
    }
    simdisk_image_free(image);
}

static void a_durable_clone_shows_only_what_a_crash_would_leave(void **state)
{
    (void)state;
    sqlite3 *db = wal_open(), *clone = NULL;
    db_exec(db, "CREATE TABLE t(n INTEGER); INSERT INTO t VALUES (1)");
    db_exec(db, "PRAGMA synchronous=OFF; INSERT INTO t VALUES (2)");
    assert_int_equal(simdisk_clone_durable(FILE_NAME, "/sim/clone.db"), 0);
    assert_int_equal(sqlite3_open_v2("/sim/clone.db", &clone, SQLITE_OPEN_READWRITE, SIMDISK_NAME),
                     0);
    assert_int_equal(db_number(clone, "SELECT count(*) FROM t"), 1);
    assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
    sqlite3_close(clone);
    simdisk_remove("/sim/clone.db");
    sqlite3_close(db);
}

/* ---- thousands of crash points --------------------------------------------------------------- */

struct point {
    int left; /* syncs' edges until the power goes */
    int reached;
};

static void cut_at(void *ctx, const char *file, int after)
{
    struct point *p = ctx;
    (void)file;
    (void)after;
    if (p->left-- == 0) {
        p->reached = 1;
        simdisk_cut();
    }
}

/* Writes pairs of rows whose sum is 0; returns the number of the last transaction that committed.
 */
static int work_until_cut(const char *mode, unsigned *random)
{
    sqlite3 *db = NULL;
    int committed = 0;
    sqlite3_open_v2(FILE_NAME, &db, SQLITE_OPEN_READWRITE, SIMDISK_NAME);
    sqlite3_exec(db, mode, NULL, NULL, NULL);
    for (int i = 1; i <= 12; i++) {
        char sql[400];
        snprintf(
            sql, sizeof sql,
            "BEGIN IMMEDIATE;"
            "INSERT INTO t VALUES (%d, %d, zeroblob(%d)); INSERT INTO t VALUES (%d, -%d, NULL);"
            "DELETE FROM t WHERE n = %d AND n > 0; INSERT INTO u VALUES (%d, 1); COMMIT",
            i, i, rand_r(random) % 9000, i, i, i - 4, i);
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            break;
        }
        committed = i;
        if (i % 4 == 0) sqlite3_exec(db, "PRAGMA wal_checkpoint", NULL, NULL, NULL);
    }
    sqlite3_close(db);
    return committed;
}

static void after_a_crash_all_is_whole(int committed, int cut, const char *mode)
{
    sqlite3 *db = db_open();
    db_exec(db, mode);
    db_is_sound(db);
    int64_t last = db_number(db, "SELECT coalesce(max(i), 0) FROM u");
    assert_true(last >= committed);                 /* nothing that committed is lost ... */
    assert_true(last <= committed + (cut ? 1 : 0)); /* ... the one in flight may be there, whole */
    assert_int_equal(db_number(db, "SELECT count(*) FROM u"), last);
    assert_int_equal(db_number(db, "SELECT coalesce(sum(m), 0) FROM t"), 0);
    assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2 * (last < 4 ? last : 4));
    db_exec(db, "INSERT INTO u VALUES (99, 1); DELETE FROM u WHERE i = 99");
    sqlite3_close(db);
}

static void crash_everywhere(const char *mode, unsigned rounds)
{
    sqlite3 *db = db_open();
    db_exec(db, mode);
    db_exec(
        db,
        "CREATE TABLE t(n INTEGER, m INTEGER, b BLOB); CREATE TABLE u(i INTEGER PRIMARY KEY, x)");
    sqlite3_close(db);
    struct simdisk_image *image = simdisk_save();
    unsigned points = 0;
    for (unsigned round = 0; round < rounds; round++) {
        for (int at = 0;; at++) {
            struct point point = { at, 0 };
            unsigned random = round + 1;
            simdisk_load(image);
            simdisk_on_sync(cut_at, &point);
            int committed = work_until_cut(mode, &random);
            simdisk_on_sync(NULL, NULL);
            simdisk_crash(round ? round * 1000u + (unsigned)at : 0);
            after_a_crash_all_is_whole(committed, point.reached, mode);
            if (!point.reached) break;
            points++;
        }
    }
    print_message("%u crash points\n", points);
    assert_true(points > 1000);
    simdisk_image_free(image);
}

static void a_wal_survives_thousands_of_crashes(void **state)
{
    (void)state;
    crash_everywhere(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0", 60);
}

static void a_rollback_journal_survives_thousands_of_crashes(void **state)
{
    (void)state;
    crash_everywhere("PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA", 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_connections_share_a_wal, setup),
        cmocka_unit_test_setup(a_reader_holds_the_checkpoint_back, setup),
        cmocka_unit_test_setup(readers_on_threads_see_whole_transactions, setup),
        cmocka_unit_test_setup(a_crash_keeps_what_was_committed, setup),
        cmocka_unit_test_setup(what_is_written_and_not_synced_is_dropped, setup),
        cmocka_unit_test_setup(a_disk_that_lies_about_syncing_loses_commits, setup),
        cmocka_unit_test_setup(handles_of_before_the_crash_are_stale, setup),
        cmocka_unit_test_setup(a_full_disk_refuses_growth_and_recovers, setup),
        cmocka_unit_test_setup(an_image_is_the_whole_disk, setup),
        cmocka_unit_test_setup(a_durable_clone_shows_only_what_a_crash_would_leave, setup),
        cmocka_unit_test_setup(a_wal_survives_thousands_of_crashes, setup),
        cmocka_unit_test_setup(a_rollback_journal_survives_thousands_of_crashes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
