/* prune.c - see prune.h.
 *
 * Rows are looked at in the order they came, a few at a time, and the look ends at the first few
 * that are all young: so it costs the same whatever the size of the tables. What is not finished
 * stays, however old it is. */
#include "prune.h"

#include "../base/clock.h"
#include "../host.h"
#include "media.h"

enum { ROWS = 32, FILES = 4, ROUNDS = 16, BUDGET_US = 2000, SOON_MS = 50, LATER_MS = 3600 * 1000 };

static const int64_t DAY_MS = 86400 * 1000;

struct table {
    const char *look, *take;
};
#define TABLE(name, time, kept)                                                                    \
    {                                                                                              \
        "SELECT max(id), min(" time ") FROM (SELECT id, " time " FROM " name                       \
        " WHERE id > ?1 ORDER BY id LIMIT ?2)",                                                    \
            "DELETE FROM " name " WHERE id > ?1 AND id <= ?2 AND state >= 2 AND " time             \
            " < ?3" kept                                                                           \
    }
static const struct table inbox =
    TABLE("inbox", "received_at", " AND NOT (state = 4 AND kind = 3)"); /* waits */
static const struct table outbox = TABLE("outbox", "created_at", "");

static const char EXPIRED_KEYS[] =
    "DELETE FROM kv WHERE (plugin, scope, store, person, key) IN"
    " (SELECT plugin, scope, store, person, key FROM kv WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

/* Of rows of the outbox that have gone. */
static const char EXTRAS[] = "DELETE FROM outbox_extras WHERE row IN (SELECT row FROM outbox_extras"
                             " WHERE row < (SELECT ifnull(min(id), 1 << 62) FROM outbox) LIMIT ?1)";

/* 1 when there may be more, 0 when what comes is young, -1 on an error. */
static int take_rows(struct db *db, const struct table *t, int64_t before, int64_t *at)
{
    sqlite3_stmt *st = db_query(db, t->look, "ii", *at, (int64_t)ROWS);
    if (db_step(db, st) != 1) return -1;
    int64_t last = sqlite3_column_int64(st, 0), oldest = sqlite3_column_int64(st, 1);
    int none = sqlite3_column_type(st, 0) == SQLITE_NULL;
    db_done(st);
    if (none || oldest >= before) {
        *at = 0;
        return 0;
    }
    if (db_exec(db, t->take, "iii", *at, last, before) != 0) return -1;
    *at = last;
    return 1;
}

static int take_keys(struct db *db, int64_t now)
{
    if (db_exec(db, EXPIRED_KEYS, "ii", now, (int64_t)ROWS) != 0) return -1;
    return db_changes(db) == ROWS;
}

static int take_extras(struct db *db)
{
    if (db_exec(db, EXTRAS, "i", (int64_t)ROWS) != 0) return -1;
    return db_changes(db) == ROWS;
}

int prune_some(struct host *h, int64_t now)
{
    int64_t until = clock_mono() + BUDGET_US, before = now - h->keep_days * DAY_MS;
    int more = 1;
    for (int i = 0; i < ROUNDS && more && clock_mono() < until; i++) {
        int messages = take_rows(&h->db, &inbox, before, &h->prune.inbox);
        int answers = messages < 0 ? -1 : take_rows(&h->db, &outbox, before, &h->prune.outbox);
        int extras = answers < 0 ? -1 : take_extras(&h->db);
        int keys = extras < 0 ? -1 : take_keys(&h->db, now);
        int files = keys < 0 ? -1 : media_prune(h, before, FILES);
        if (files < 0) return -1;
        more = messages || answers || extras || keys || files;
    }
    h->prune.due_at = now + (more ? SOON_MS : LATER_MS);
    return 0;
}
