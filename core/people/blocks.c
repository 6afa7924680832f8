/* blocks.c - who is blocked by a store and has himself forgotten stays blocked there. At the
 * erasure each of his numbers and hidden ids is kept with the store as one keyed hash: it says
 * nothing of whom it is, and only the same number leads to it again. When he comes to that store he
 * is a new customer; what was kept is then his block, which the store sees and may lift.
 *
 * The key is not in the database (host_secret_key). With another key nobody is found any more.
 * Thread: the loop, in a turn. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../host.h"
#include "members.h"

enum { WHO_BYTES = 16, KEY_BYTES = crypto_generichash_KEYBYTES };

static const char BLOCKED[] = "SELECT m.store, a.alias FROM members m JOIN aliases a"
                              " ON a.person = m.person WHERE m.person = ?1 AND m.blocked <> 0";
static const char KEEP[] =
    "INSERT INTO blocks_kept(store, who, one) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
static const char ANY[] = "SELECT 1 FROM blocks_kept WHERE store = ?1 LIMIT 1";
static const char ALIASES[] = "SELECT alias FROM aliases WHERE person = ?1";
static const char TAKE[] = "DELETE FROM blocks_kept WHERE store = ?1 AND one ="
                           " (SELECT one FROM blocks_kept WHERE store = ?1 AND who = ?2)";
static const char MEMBER[] = "INSERT INTO members(person, store, first_seen, last_seen, blocked)"
                             " VALUES (?1, ?2, ?3, ?3, 1) ON CONFLICT DO UPDATE SET blocked = 1";
static const char STORES[] = "SELECT m.store FROM members m WHERE m.person = ?1 AND m.blocked = 0"
                             " AND EXISTS (SELECT 1 FROM blocks_kept k WHERE k.store = m.store)"
                             " LIMIT 1 OFFSET ?2";

/* The store is in the hash, so that nobody sees who is blocked by two. */
static void who_is(const char *secret, int64_t store, const char *alias,
                   unsigned char out[WHO_BYTES])
{
    unsigned char key[KEY_BYTES];
    char text[300];
    int len = snprintf(text, sizeof text, "block/%lld/%.250s", (long long)store, alias);
    crypto_generichash(key, sizeof key, (const unsigned char *)secret, strlen(secret), NULL, 0);
    crypto_generichash(out, WHO_BYTES, (const unsigned char *)text, (size_t)len, key, sizeof key);
    sodium_memzero(key, sizeof key);
}

/* The key is only asked for, and made, when somebody is blocked. What is kept of one erasure has
 * one number, by chance: it goes together. */
int blocks_keep(struct host *h, int64_t person)
{
    const char *secret = NULL;
    unsigned char who[WHO_BYTES];
    int rc, failed = 0;
    int64_t one = (int64_t)randombytes_random() << 31 | randombytes_random() >> 1;
    sqlite3_stmt *st = db_query(&h->db, BLOCKED, "i", person);
    while ((rc = db_step(&h->db, st)) == 1) {
        if (!secret && (failed = !(secret = host_secret_key(h)))) break;
        int64_t store = sqlite3_column_int64(st, 0);
        who_is(secret, store, db_text(st, 1), who);
        if ((failed = db_exec(&h->db, KEEP, "ibi", store, who, sizeof who, one) != 0)) break;
    }
    db_done(st);
    return rc < 0 || failed ? -1 : 0;
}

/* What was kept of this person in the store becomes his block. 1; 0: nothing was; or -1. */
static int take(struct host *h, int64_t store, int64_t person, int64_t now)
{
    struct db *db = &h->db;
    const char *secret = host_secret_key(h);
    unsigned char who[WHO_BYTES];
    int64_t found = 0;
    int rc, failed = 0;
    if (!secret) return 0;
    sqlite3_stmt *st = db_query(db, ALIASES, "i", person);
    while ((rc = db_step(db, st)) == 1) {
        who_is(secret, store, db_text(st, 0), who);
        if ((failed = db_exec(db, TAKE, "ib", store, who, sizeof who) != 0)) break;
        found += db_changes(db);
    }
    db_done(st);
    if (rc < 0 || failed) return -1;
    if (!found) return 0;
    return db_exec(db, MEMBER, "iii", person, store, now) ? -1 : 1;
}

int blocks_restore(struct event *ev)
{
    int64_t now = clock_ms();
    if (!db_int(&ev->host->db, 0, ANY, "i", ev->store)) return 0;
    int rc = take(ev->host, ev->store, ev->person, now);
    if (rc <= 0) return rc;
    ev->member_blocked = 1;
    ev->member_seen = now;
    return 0;
}

int blocks_learned(struct host *h, int64_t person)
{
    int64_t store, skip = 0, now = clock_ms();
    while ((store = db_int(&h->db, 0, STORES, "ii", person, skip)) > 0) {
        int rc = take(h, store, person, now);
        if (rc < 0) return -1;
        if (rc == 0) skip++; /* one that is blocked now is not among them any more */
    }
    return 0;
}
