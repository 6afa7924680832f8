/* holds.c - why what somebody writes is for a store although he names none: an order that waits for
 * money, a talk with an admin. One row a person, store and reason; what is over is looked past, and
 * goes with the next change. On the loop, in a turn. */
#include "../base/clock.h"
#include "../host.h"
#include "members.h"

static const char OVER[] = "DELETE FROM holds WHERE person = ?1 AND until <= ?2";
static const char END[] = "DELETE FROM holds WHERE person = ?1 AND store = ?2 AND what = ?3";
static const char HOLD[] = "INSERT INTO holds(person, store, what, until) VALUES (?1, ?2, ?3, ?4)"
                           " ON CONFLICT DO UPDATE SET until = excluded.until, away = 0";
static const char AWAY[] = "UPDATE holds SET away = store <> ?2 WHERE person = ?1";
static const char HELD[] = "SELECT DISTINCT h.store FROM holds h JOIN stores s ON s.id = h.store"
                           " WHERE h.person = ?1 AND h.until > ?2 AND h.away = 0 AND s.state = 0";

int stores_hold(struct host *h, int64_t person, int64_t store, const char *what, int64_t until)
{
    struct db *db = &h->db;
    int64_t now = clock_ms();
    if (until <= now) return db_exec(db, END, "iis", person, store, what) ? -1 : 0;
    if (db_exec(db, OVER, "ii", person, now)) return -1;
    people_is_held(h, person);
    return db_exec(db, HOLD, "iisi", person, store, what, until) ? -1 : 0;
}

int stores_leave_held(struct host *h, int64_t person, int64_t store)
{
    if (!people_may_be_held(h, person)) return 0;
    return db_exec(&h->db, AWAY, "ii", person, store) ? -1 : 0;
}

int stores_held(struct host *h, int64_t person, int64_t *out, int cap)
{
    int n = 0, rc;
    if (!people_may_be_held(h, person)) return 0;
    sqlite3_stmt *st = db_query(&h->db, HELD, "ii", person, clock_ms());
    while ((rc = db_step(&h->db, st)) == 1) {
        if (n < cap) out[n] = sqlite3_column_int64(st, 0);
        n++;
    }
    return rc < 0 ? -1 : n;
}
