/* holds.c - why what somebody writes is for a store although he names none: an order that waits for
 * money, a talk with an admin. One row a person, store and reason; what is over is looked past, and
 * goes with the next change. On the loop, in a turn.
 *
 * When a hold begins, an open question that is no store's is over: "ya" is then for the shop, and
 * no answer to it. But only the host's own and those of the plugin that holds him: another's may
 * wait for a password, which nobody else may get to read. */
#include "../base/clock.h"
#include "../host.h"
#include "members.h"

static const char OVER[] = "DELETE FROM holds WHERE person = ?1 AND until <= ?2";
static const char END[] = "DELETE FROM holds WHERE person = ?1 AND store = ?2 AND what = ?3";
static const char PROLONG[] = "UPDATE holds SET until = ?4, away = 0"
                              " WHERE person = ?1 AND store = ?2 AND what = ?3";
static const char HOLD[] = "INSERT INTO holds(person, store, what, until) VALUES (?1, ?2, ?3, ?4)";
static const char UNASK[] =
    "DELETE FROM dialogs WHERE person = ?1 AND store IS NULL AND plugin IN ('core', ?2)";
static const char AWAY[] = "UPDATE holds SET away = store <> ?2 WHERE person = ?1";
static const char HELD[] = "SELECT DISTINCT h.store FROM holds h JOIN stores s ON s.id = h.store"
                           " WHERE h.person = ?1 AND h.until > ?2 AND h.away = 0 AND s.state = 0";

int stores_hold(struct host *h, const char *plugin, int64_t person, int64_t store, const char *what,
                int64_t until)
{
    struct db *db = &h->db;
    int64_t now = clock_ms();
    if (until <= now) return db_exec(db, END, "iis", person, store, what) ? -1 : 0;
    if (db_exec(db, OVER, "ii", person, now)) return -1;
    people_is_held(h, person);
    if (db_exec(db, PROLONG, "iisi", person, store, what, until)) return -1;
    if (db_changes(db)) return 0;
    if (db_exec(db, HOLD, "iisi", person, store, what, until)) return -1;
    return db_exec(db, UNASK, "is", person, plugin) ? -1 : 0;
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
