/* SPDX-License-Identifier: MIT
 * test_sync_time.c - the writing connection's fsyncs are counted and timed, whichever file they are
 * of; SQLite notices nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/storage/db.h"

static char path[64];

static int open_db(void **state)
{
    static struct db db;
    char error[200];
    snprintf(path, sizeof path, "/tmp/test_sync_time.%d.db", (int)getpid());
    unlink(path);
    if (db_open(&db, path, NULL, error, sizeof error) < 0) return -1;
    if (db_script(&db, "CREATE TABLE t (x)") != 0) return -1;
    *state = &db;
    return 0;
}

static int close_db(void **state)
{
    db_close(*state);
    unlink(path);
    return 0;
}

static void a_commit_is_one_fsync(void **state)
{
    struct db *db = *state;
    int64_t before = db->sync.count;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(db_script(db, "BEGIN; INSERT INTO t VALUES (1), (2)"), 0);
        assert_int_equal(db->sync.count, before + i);
        assert_int_equal(db_script(db, "COMMIT"), 0);
        assert_int_equal(db->sync.count, before + i + 1);
    }
    assert_true(db->sync.us >= db->sync.longest_us);
}

static void a_checkpoint_syncs_both_files(void **state)
{
    struct db *db = *state;
    assert_int_equal(db_script(db, "INSERT INTO t VALUES (3)"), 0);
    int64_t before = db->sync.count;
    assert_int_equal(
        sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), SQLITE_OK);
    assert_int_equal(db->sync.count, before + 2);
}

static void what_was_written_is_there_after_closing(void **state)
{
    struct db *db = *state;
    char error[200];
    assert_int_equal(db_script(db, "INSERT INTO t VALUES (77)"), 0);
    db_close(db);
    assert_int_equal(db_open(db, path, NULL, error, sizeof error), 0);
    assert_int_equal(db->sync.count, 0);
    assert_int_equal(db_int(db, 0, "SELECT count(*) FROM t WHERE x = 77", ""), 1);
}

static void one_in_memory_has_nothing_to_time(void **state)
{
    (void)state;
    struct db db;
    char error[200];
    assert_int_equal(db_open(&db, ":memory:", NULL, error, sizeof error), 0);
    assert_int_equal(db_script(&db, "CREATE TABLE t (x); INSERT INTO t VALUES (1)"), 0);
    assert_int_equal(db.sync.count, 0);
    db_close(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_is_one_fsync, open_db, close_db),
        cmocka_unit_test_setup_teardown(a_checkpoint_syncs_both_files, open_db, close_db),
        cmocka_unit_test_setup_teardown(what_was_written_is_there_after_closing, open_db, close_db),
        cmocka_unit_test(one_in_memory_has_nothing_to_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
