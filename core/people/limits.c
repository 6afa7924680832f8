/* limits.c - see limits.h.
 *
 * The count is kept by a trigger and read in the savepoint of the one who comes, so two who come at
 * the same moment are counted one after the other. Whoever is told is told once a limit: `told` is
 * raised by the statement that finds it lower. Cost: nothing for those who are customers already.
 */
#include "limits.h"

#include <stdio.h>

#include "../dispatch.h"
#include "../host.h"
#include "../message/alarms.h"
#include "../message/inbox.h"
#include "../message/outbox.h"
#include "people.h"

enum { TOLD_WARNING = 1, TOLD_FULL = 2 };

static const char LIMIT[] = "SELECT s.customers_max, ifnull(c.members, 0) FROM stores s"
                            " LEFT JOIN store_counts c ON c.store = s.id WHERE s.id = ?1";
static const char TOLD[] = "UPDATE stores SET told = ?2 WHERE id = ?1 AND told < ?2";

struct limit {
    int64_t customers, max, warning;
};

/* A store with a limit of its own is warned at the same share of it. */
static int limit_read(struct event *ev, struct limit *out)
{
    const struct host *h = ev->host;
    sqlite3_stmt *st = db_query(&ev->host->db, LIMIT, "i", ev->store);
    if (db_step(&ev->host->db, st) != 1) return -1;
    out->max = sqlite3_column_int64(st, 0);
    out->customers = sqlite3_column_int64(st, 1);
    out->warning = h->customers_warning;
    if (out->max) out->warning = out->max * h->customers_warning / h->customers_max;
    if (!out->max) out->max = h->customers_max;
    db_done(st);
    return 0;
}

int limits_allow(struct event *ev)
{
    struct limit l;
    return limit_read(ev, &l) ? -1 : l.customers < l.max;
}

/* ---- telling --------------------------------------------------------------------------------- */

struct telling {
    struct event *ev;
    const char *text;
    int failed;
};

static void tell_one(void *ctx, int64_t person)
{
    struct telling *t = ctx;
    struct event *ev = t->ev;
    struct outbox_new row = { .store = ev->store, .person = person, .text = t->text };
    if (people_address(ev->host, person, &ev->arena, &row.gateway, &row.session, &row.chat)) return;
    if (outbox_add(ev->host->outbox, ev, &row) < 0) t->failed = 1;
}

static int emit(struct event *ev, const struct limit *l)
{
    char body[120];
    if (!registry_hooks(ev->host->registry, "store.limit")) return 0;
    int len = snprintf(body, sizeof body, "{\"store\":%lld,\"customers\":%lld,\"max\":%lld}",
                       (long long)ev->store, (long long)l->customers, (long long)l->max);
    return inbox_emit(ev->host, ev, "store.limit", NULL, 0, body, (size_t)len) ? -1 : 0;
}

int limits_added(struct event *ev)
{
    struct limit l;
    if (limit_read(ev, &l)) return -1;
    int64_t level = l.customers >= l.max ? TOLD_FULL : l.customers >= l.warning ? TOLD_WARNING : 0;
    if (!level) return 0;
    if (db_exec(&ev->host->db, TOLD, "ii", ev->store, level)) return -1;
    if (!db_changes(&ev->host->db)) return 0;
    const struct bot_arg args[] = { bot_text("store", ev->store_name), bot_int("id", ev->store),
                                    bot_int("customers", l.customers), bot_int("max", l.max) };
    int full = level == TOLD_FULL;
    struct telling t = {
        ev, dispatch_text(ev, full ? "limit.full" : "limit.warning", args, BOT_COUNT(args)), 0
    };
    if (people_with_role(ev->host, ev->store, BOT_STORE_ADMIN, tell_one, &t) || t.failed) return -1;
    const char *super = full ? "limit.full_super" : "limit.warning_super";
    if (alarm_tell_supers(ev, dispatch_text(ev, super, args, BOT_COUNT(args)))) return -1;
    return emit(ev, &l);
}
