/* tally.c - see tally.h.
 *
 * Counting with each message would cost a write a message. So the journal is read behind, in the
 * order of its ids, and each day has one row: the sum so far and the last id that is in it. */
#include "tally.h"

#include "../base/clock.h"
#include "../host.h"
#include "texts.h"

enum { ROWS = 500, DAYS_KEPT = 400, ROUNDS_MAX = 1000 };

static const int64_t DAY_MS = 86400 * 1000;

static const char LAST[] = "SELECT max(last) FROM tally";
static const char NEXT[] =
    "SELECT max(id), count(*) FROM (SELECT id FROM inbox WHERE id > ?1 ORDER BY id LIMIT ?2)";
static const char ADD[] = "INSERT INTO tally(day, messages, last)"
                          " SELECT (received_at + ?3) / 86400000, sum(kind = 1), max(id) FROM inbox"
                          " WHERE id > ?1 AND id <= ?2 GROUP BY 1"
                          " ON CONFLICT DO UPDATE SET messages = messages + excluded.messages,"
                          " last = max(last, excluded.last)";
static const char OLD[] =
    "DELETE FROM tally WHERE day < ?1 AND last < (SELECT max(last) FROM tally)";
static const char SUM[] =
    "SELECT ifnull(sum(messages), 0) FROM tally WHERE day >= ?1 AND day <= ?2";

static int64_t day_of(const struct host *h, int64_t ms)
{
    return (ms + texts_zone_ms(h->timezone)) / DAY_MS;
}

int tally_some(struct host *h)
{
    struct db *db = &h->db;
    int64_t from = db_int(db, 0, LAST, "");
    sqlite3_stmt *st = db_query(db, NEXT, "ii", from, (int64_t)ROWS);
    if (db_step(db, st) != 1) return -1;
    int64_t to = sqlite3_column_int64(st, 0), n = sqlite3_column_int64(st, 1);
    db_done(st);
    if (!n) return 0;
    if (db_exec(db, ADD, "iii", from, to, texts_zone_ms(h->timezone))) return -1;
    if (db_exec(db, OLD, "i", day_of(h, clock_ms()) - DAYS_KEPT)) return -1;
    return n == ROWS;
}

int tally_read(struct host *h, int64_t *today, int64_t *week)
{
    int more = 1;
    for (int i = 0; i < ROUNDS_MAX && (more = tally_some(h)) > 0; i++) continue;
    if (more < 0) return -1;
    int64_t day = day_of(h, clock_ms());
    *today = db_int(&h->db, -1, SUM, "ii", day, day);
    *week = db_int(&h->db, -1, SUM, "ii", day - 6, day);
    return *today < 0 || *week < 0 ? -1 : 0;
}
