/* SPDX-License-Identifier: MIT
 * test_prune.c - what is old and done with goes, what is young or open stays: on a real database.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/host.h"
#include "core/storage/schema.h"

#define DAY (86400LL * 1000)

struct world {
    struct host host;
    char path[64];
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char error[200];
    snprintf(w->path, sizeof w->path, "/tmp/test_prune.%d.db", (int)getpid());
    unlink(w->path);
    assert_int_equal(db_open(&w->host.db, w->path, NULL, error, sizeof error), 0);
    for (unsigned i = 0; i < core_migration_count; i++)
        assert_int_equal(db_script(&w->host.db, core_migrations[i].sql), 0);
    TAILQ_INIT(&w->host.loop.committed);
    w->host.keep_days = 30;
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    db_close(&w->host.db);
    unlink(w->path);
    free(w);
    return 0;
}

/* `count` rows of that state and age. */
static void received(struct world *w, int count, int64_t state, int64_t age, int64_t now)
{
    static const char SQL[] = "INSERT INTO inbox(kind, state, received_at) VALUES (1, ?1, ?2)";
    for (int i = 0; i < count; i++)
        assert_int_equal(db_exec(&w->host.db, SQL, "ii", state, now - age), 0);
}

static void wrote(struct world *w, int count, int64_t state, int64_t age, int64_t now)
{
    static const char SQL[] =
        "INSERT INTO outbox(state, gateway, session, chat, text, answer, not_before, expires_at,"
        " created_at) VALUES (?1, 'waha', 'default', 'a', 'b', 0, 0, 0, ?2)";
    for (int i = 0; i < count; i++)
        assert_int_equal(db_exec(&w->host.db, SQL, "ii", state, now - age), 0);
}

static int64_t count(struct world *w, const char *sql)
{
    return db_int(&w->host.db, -1, sql, "");
}

/* Until it is content; returns when it comes again. */
static int64_t prune_all(struct world *w, int64_t now)
{
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(prune_some(&w->host, now), 0);
        if (w->host.prune.due_at > now + 60000) return w->host.prune.due_at - now;
    }
    fail_msg("it never ends");
    return 0;
}

static void only_what_is_old_and_done_goes(void **state)
{
    struct world *w = *state;
    int64_t now = clock_ms();
    received(w, 500, INBOX_WAITING, 90 * DAY, now); /* at() of long ago, for a day to come */
    received(w, 700, INBOX_DONE, 31 * DAY, now);
    received(w, 3, INBOX_FAILED, 31 * DAY, now);
    received(w, 2, INBOX_NEW, 31 * DAY, now);
    received(w, 40, INBOX_DONE, 29 * DAY, now);
    wrote(w, 300, 2, 40 * DAY, now);
    wrote(w, 1, 0, 40 * DAY, now);
    wrote(w, 5, 2, DAY, now);
    assert_int_equal(prune_all(w, now), 3600 * 1000);
    static const char INBOX[] = "SELECT count(*) FROM inbox",
                      OUTBOX[] = "SELECT count(*) FROM outbox";
    assert_int_equal(count(w, INBOX), 500 + 2 + 40);
    assert_int_equal(count(w, OUTBOX), 1 + 5);
    prune_all(w, now + 2 * DAY); /* from the beginning again */
    assert_int_equal(count(w, INBOX), 500 + 2);
    assert_int_equal(count(w, OUTBOX), 1 + 5);
}

static void keys_go_when_they_expire(void **state)
{
    struct world *w = *state;
    static const char SQL[] = "INSERT INTO kv(plugin, scope, store, person, key, value, expires_at)"
                              " VALUES ('p', 0, 0, ?1, 'k', x'00', nullif(?2, 0))";
    int64_t now = clock_ms();
    for (int64_t i = 0; i < 200; i++)
        assert_int_equal(db_exec(&w->host.db, SQL, "ii", i, now - 1 - i), 0);
    assert_int_equal(db_exec(&w->host.db, SQL, "ii", (int64_t)200, now + 1000), 0);
    assert_int_equal(db_exec(&w->host.db, SQL, "ii", (int64_t)201, (int64_t)0), 0);
    prune_all(w, now);
    static const char KEYS[] = "SELECT count(*) FROM kv";
    assert_int_equal(count(w, KEYS), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_what_is_old_and_done_goes, open_world, close_world),
        cmocka_unit_test_setup_teardown(keys_go_when_they_expire, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
