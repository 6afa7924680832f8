/* SPDX-License-Identifier: MIT
 * test_checkpoint.c - the WAL is copied by the pool while turns go on; what they write meanwhile is
 * copied too, and the WAL begins anew however busy the loop is. On a real database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/host.h"
#include "core/storage/pool.h"

#define BOUND 4000 /* pages, as in checkpoint.c */

static struct world {
    struct host host;
    char path[64];
    struct pool_job *job; /* what the host has handed out */
    sqlite3 *reader;
} w;

static void port_job_submit(void *ctx, struct pool_job *job)
{
    (void)ctx;
    assert_null(w.job); /* never two at once */
    w.job = job;
}

static int open_world(void **state)
{
    (void)state;
    char error[200];
    w = (struct world){ .host = { .ports = { .job_submit = port_job_submit } } };
    snprintf(w.path, sizeof w.path, "/tmp/test_checkpoint.%d.db", (int)getpid());
    unlink(w.path);
    if (db_open(&w.host.db, w.path, NULL, error, sizeof error) < 0) return -1;
    return db_script(&w.host.db, "CREATE TABLE t (x)");
}

static int close_world(void **state)
{
    (void)state;
    pool_job_free(w.job);
    sqlite3_close(w.reader);
    db_close(&w.host.db);
    unlink(w.path);
    return 0;
}

/* A turn that writes about so many pages. */
static void turn(int pages)
{
    static const char SQL[] = "INSERT INTO t VALUES (zeroblob(4092 * ?1))";
    assert_int_equal(db_exec(&w.host.db, SQL, "i", (int64_t)pages), 0);
    checkpoint_look(&w.host);
}

static int64_t wal_pages(void)
{
    return w.host.db.checkpoint.wal_pages;
}

/* The pool does what it was given; the loop has not heard of it. */
static struct pool_job *pool_runs(void)
{
    struct pool_job *job = w.job;
    assert_non_null(job);
    w.job = NULL;
    pool_job_run(job, &w.reader, w.path, NULL);
    return job;
}

static void loop_hears_of(struct pool_job *job)
{
    checkpoint_came(&w.host, job);
    pool_job_free(job);
}

/* 1: the next turn writes at the WAL's beginning. */
static int begins_anew(void)
{
    turn(1);
    return wal_pages() < 20;
}

static void a_small_wal_is_left_alone(void **state)
{
    (void)state;
    turn(BOUND - 200);
    assert_null(w.job);
    assert_true(wal_pages() > BOUND - 200);
}

static void the_pool_copies_and_the_loop_syncs_nothing(void **state)
{
    (void)state;
    turn(BOUND);
    int64_t syncs = w.host.db.sync.count;
    loop_hears_of(pool_runs());
    assert_int_equal(w.host.db.sync.count, syncs);
    assert_null(w.job);
    assert_true(begins_anew());
}

static void a_wal_that_has_begun_anew_before_the_loop_hears_is_none_of_its_business(void **state)
{
    (void)state;
    turn(BOUND);
    struct pool_job *job = pool_runs();
    turn(10);
    loop_hears_of(job);
    assert_null(w.job);
    assert_in_range(wal_pages(), 10, 20);
}

static void a_few_pages_written_meanwhile_are_copied_by_the_loop(void **state)
{
    (void)state;
    turn(BOUND);
    struct pool_job *job = w.job;
    turn(20); /* while it waits for a thread: it takes them along */
    assert_ptr_equal(w.job, job);
    sqlite3_stmt *hold = db_query(&w.host.db, "SELECT x FROM t", ""); /* no new beginning yet */
    assert_int_equal(db_step(&w.host.db, hold), 1);
    job = pool_runs();
    assert_int_equal(db_script(&w.host.db, "INSERT INTO t VALUES (zeroblob(80000))"), 0);
    db_done(hold);
    loop_hears_of(job);
    assert_null(w.job);
    assert_true(begins_anew());
}

/* Each pass finds that more was written: the loop ends it, so that the WAL does not grow for ever.
 */
static void a_loop_that_never_rests_gets_a_new_wal_all_the_same(void **state)
{
    (void)state;
    int passes = 0;
    turn(BOUND);
    sqlite3_stmt *hold = db_query(&w.host.db, "SELECT x FROM t", "");
    assert_int_equal(db_step(&w.host.db, hold), 1);
    while (w.job) {
        struct pool_job *job = pool_runs();
        passes++;
        assert_int_equal(db_script(&w.host.db, "INSERT INTO t VALUES (zeroblob(2000000))"), 0);
        db_done(hold);
        if (passes < 6) { /* the writer's own read keeps the WAL as it is */
            hold = db_query(&w.host.db, "SELECT x FROM t", "");
            assert_int_equal(db_step(&w.host.db, hold), 1);
        }
        loop_hears_of(job);
    }
    assert_in_range(passes, 2, 6);
    assert_true(begins_anew());
}

static void what_a_reader_still_needs_is_tried_again_later(void **state)
{
    (void)state;
    sqlite3 *other = db_open_reader(w.path, NULL);
    turn(10);
    assert_int_equal(sqlite3_exec(other, "BEGIN; SELECT count(*) FROM t", NULL, NULL, NULL), 0);
    turn(BOUND);
    loop_hears_of(pool_runs());
    assert_null(w.job);
    turn(500);
    assert_null(w.job);
    sqlite3_close(other);
    turn(600);
    loop_hears_of(pool_runs());
    assert_true(begins_anew());
}

static void a_pass_that_failed_is_done_by_the_loop(void **state)
{
    (void)state;
    turn(BOUND);
    struct pool_job *job = w.job;
    w.job = NULL;
    job->status = BOT_ECANCELED;
    loop_hears_of(job);
    assert_null(w.job);
    assert_true(begins_anew());
}

/* Its threads hang in somebody's work. What it does when it comes back to it finds nothing to do:
 * no pass begins on a WAL that may begin anew at the same moment. */
static void a_pass_that_the_pool_never_comes_to_is_done_by_the_loop(void **state)
{
    (void)state;
    turn(BOUND);
    turn(2 * BOUND);
    assert_true(wal_pages() > 3 * BOUND);
    turn(BOUND);
    assert_int_equal(wal_pages(), 0);
    assert_true(begins_anew());
    struct pool_job *job = pool_runs();
    assert_int_equal(job->status, BOT_EGONE);
    loop_hears_of(job);
    turn(BOUND);
    loop_hears_of(pool_runs()); /* and so on as usual */
    assert_true(begins_anew());
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_small_wal_is_left_alone),
        T(the_pool_copies_and_the_loop_syncs_nothing),
        T(a_wal_that_has_begun_anew_before_the_loop_hears_is_none_of_its_business),
        T(a_few_pages_written_meanwhile_are_copied_by_the_loop),
        T(a_loop_that_never_rests_gets_a_new_wal_all_the_same),
        T(what_a_reader_still_needs_is_tried_again_later),
        T(a_pass_that_failed_is_done_by_the_loop),
        T(a_pass_that_the_pool_never_comes_to_is_done_by_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
