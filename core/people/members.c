/* members.c - what a person is to a store: its customer since when, its staff, its owner.
 *
 * Invariant: who has a role in a store is not one of its members, and neither is a super admin
 * anywhere; "customers" are counted by rows of members. Thread: the loop, in a turn. */
#include "members.h"

#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../host.h"
#include "../message/inbox.h"
#include "limits.h"

/* last_seen is written at most once a minute: one write less for most messages. */
enum { SEEN_AGAIN_MS = 600000, ROLE_HOLDERS_MAX = 256 };

static const char ROLE[] = "SELECT role FROM roles WHERE person = ?1 AND store = ?2";
static const char ROLES_ALL[] = "SELECT role FROM roles WHERE person = ?1";
static const char MANAGED[] = "SELECT store FROM roles WHERE person = ?1 ORDER BY store";
static const char HOLDERS[] =
    "SELECT person FROM roles WHERE store = ?1 AND (role & ?2) <> 0 ORDER BY person LIMIT ?3";
static const char ROLE_ADD[] =
    "INSERT INTO roles(store, person, role, created_at) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT(person, store) DO UPDATE SET role = excluded.role";
/* The last owner stays, whoever asks at the same time. */
static const char ROLE_REMOVE[] =
    "DELETE FROM roles WHERE store = ?1 AND person = ?2 AND (role <> 4"
    " OR (SELECT count(*) FROM roles WHERE store = ?1 AND role = 4) > 1)";
static const char ROLES_CLEAR[] = "DELETE FROM roles WHERE store = ?1";
static const char MEMBER_ADD[] =
    "INSERT INTO members(person, store, first_seen, last_seen) VALUES (?1, ?2, ?3, ?3) ON CONFLICT DO NOTHING";
static const char MEMBER_SEEN[] =
    "UPDATE members SET last_seen = ?3 WHERE person = ?1 AND store = ?2";
static const char MEMBER_REMOVE[] = "DELETE FROM members WHERE person = ?1 AND store = ?2";
static const char MEMBERS_COUNT[] = "SELECT members FROM store_counts WHERE store = ?1";
static const char ADMINS_COUNT[] = "SELECT count(*) FROM roles WHERE store = ?1";
static const char KV_GET[] =
    "SELECT CAST(value AS INTEGER) FROM kv WHERE plugin = 'core' AND scope = 2 AND store = 0 AND person = ?1"
    " AND key = 'store'";
static const char KV_SET[] =
    "INSERT INTO kv(plugin, scope, store, person, key, value) VALUES ('core', 2, 0, ?1, 'store', CAST(?2 AS BLOB))"
    " ON CONFLICT(plugin, scope, store, person, key) DO UPDATE SET value = excluded.value"
    " WHERE value <> excluded.value";

/* ---- roles ----------------------------------------------------------------------------------- */

static uint32_t roles_of(struct host *h, int64_t person, int64_t store)
{
    uint32_t roles = BOT_CUSTOMER;
    if (!people_may_have_roles(h, person)) return roles;
    if (store) return roles | (uint32_t)db_int(&h->db, 0, ROLE, "ii", person, store);
    sqlite3_stmt *st = db_query(&h->db, ROLES_ALL, "i", person);
    while (db_step(&h->db, st) == 1) roles |= (uint32_t)sqlite3_column_int64(st, 0);
    return roles;
}

uint32_t people_roles(struct host *h, int64_t person, int64_t store)
{
    return roles_of(h, person, store) | (people_is_super(h, person) ? BOT_SUPER : 0);
}

/* people_load() has put super admins into the map: no query for everybody else. */
static uint32_t roles_of_sender(struct event *ev, int64_t store)
{
    if (ev->in_group) return BOT_CUSTOMER; /* others read along */
    int is_super = map_get_id(&ev->host->supers, (uint64_t)ev->person) != NULL;
    return roles_of(ev->host, ev->person, store) | (is_super ? BOT_SUPER : 0);
}

void people_load_roles(struct event *ev)
{
    ev->roles = roles_of_sender(ev, ev->store);
}

uint32_t people_roles_anywhere(struct event *ev)
{
    return roles_of_sender(ev, 0);
}

int stores_managed(struct host *h, int64_t person, int64_t *out, int cap)
{
    int n = 0;
    if (!people_may_have_roles(h, person)) return 0;
    sqlite3_stmt *st = db_query(&h->db, MANAGED, "i", person);
    while (db_step(&h->db, st) == 1) {
        if (n < cap) out[n] = sqlite3_column_int64(st, 0);
        n++;
    }
    return n;
}

int people_with_role(struct host *h, int64_t store, uint32_t role,
                     void (*fn)(void *ctx, int64_t person), void *ctx)
{
    int64_t persons[ROLE_HOLDERS_MAX]; /* read first: fn may use the statement again */
    int n = 0, rc;
    if (role & BOT_STORE_ADMIN) {
        sqlite3_stmt *st = db_query(&h->db, HOLDERS, "iii", store,
                                    (int64_t)(role & BOT_STORE_ADMIN), (int64_t)ROLE_HOLDERS_MAX);
        while ((rc = db_step(&h->db, st)) == 1) persons[n++] = sqlite3_column_int64(st, 0);
        if (rc < 0) return -1;
    }
    for (size_t i = 0; (role & BOT_SUPER) && i < h->super_admin_count && n < ROLE_HOLDERS_MAX;
         i++) {
        /* one who has never written is made here, so that he can be written to */
        int64_t person = people_by_phone(h, h->super_admins[i]);
        if (!person) person = people_resolve(h, NULL, NULL, NULL, h->super_admins[i], NULL, NULL);
        if (person < 0) return -1;
        int known = 0;
        for (int k = 0; k < n; k++) known |= persons[k] == person;
        if (!known) persons[n++] = person;
    }
    for (int i = 0; i < n; i++) fn(ctx, persons[i]);
    return 0;
}

int roles_add(struct host *h, int64_t store, int64_t person, uint32_t role)
{
    int64_t had = db_int(&h->db, 0, ROLE, "ii", person, store);
    if (had == (int64_t)role) return ROLE_SAME;
    if (db_exec(&h->db, ROLE_ADD, "iiii", store, person, (int64_t)role, clock_ms())) return -1;
    if (db_exec(&h->db, MEMBER_REMOVE, "ii", person, store)) return -1;
    people_has_roles(h, person);
    return had ? ROLE_CHANGED : ROLE_ADDED;
}

int roles_remove(struct host *h, int64_t store, int64_t person)
{
    if (db_exec(&h->db, ROLE_REMOVE, "ii", store, person)) return BOT_EIO;
    if (db_changes(&h->db)) return BOT_OK;
    return db_int(&h->db, 0, ROLE, "ii", person, store) ? BOT_EBUSY : BOT_ENOENT;
}

int roles_clear(struct host *h, int64_t store)
{
    return db_exec(&h->db, ROLES_CLEAR, "i", store) ? -1 : 0;
}

int64_t admins_count(struct host *h, int64_t store)
{
    return db_int(&h->db, 0, ADMINS_COUNT, "i", store);
}

/* ---- customers ------------------------------------------------------------------------------- */

static int joined(struct event *ev)
{
    char body[80];
    if (!registry_hooks(ev->host->registry, "customer.joined")) return 0;
    int len = snprintf(body, sizeof body, "{\"store\":%lld,\"person\":%lld}", (long long)ev->store,
                       (long long)ev->person);
    return inbox_emit(ev->host, ev, "customer.joined", NULL, 0, body, (size_t)len) ? -1 : 0;
}

int members_touch(struct event *ev)
{
    struct db *db = &ev->host->db;
    int64_t now = clock_ms();
    if (ev->member_seen < 0) { /* loaded by somebody who did not look */
        int64_t store = ev->store;
        if (stores_load(ev, store)) return -1;
    }
    if (ev->member_seen == 0) {
        int room = limits_allow(ev);
        if (room <= 0) return room < 0 ? -1 : 1;
        if (db_exec(db, MEMBER_ADD, "iii", ev->person, ev->store, now)) return -1;
        ev->is_new_member = db_changes(db) > 0;
        ev->member_seen = now;
        ev->member_last = 1;
        return ev->is_new_member && (limits_added(ev) || joined(ev)) ? -1 : 0;
    }
    if (ev->member_last && now - ev->member_seen <= SEEN_AGAIN_MS) return 0;
    if (db_exec(db, MEMBER_SEEN, "iii", ev->person, ev->store, now)) return -1;
    ev->member_seen = now;
    ev->member_last = 1;
    return 0;
}

int64_t members_count(struct host *h, int64_t store)
{
    return db_int(&h->db, 0, MEMBERS_COUNT, "i", store);
}

int64_t stores_remembered(struct host *h, int64_t person)
{
    return db_int(&h->db, 0, KV_GET, "i", person);
}

int stores_remember(struct host *h, int64_t person, int64_t store)
{
    char value[24];
    snprintf(value, sizeof value, "%lld", (long long)store);
    return db_exec(&h->db, KV_SET, "is", person, value) ? -1 : 0;
}
