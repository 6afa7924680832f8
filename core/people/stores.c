/* stores.c - the stores of the number: loaded into an event, chosen from, named by code.
 *
 * One statement brings a store together with what the person is to it, since nearly every message
 * needs both. Thread: the loop, in a turn. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "../host.h"
#include "members.h"

enum { CODE_MAX = 8, BASE_MAX = 5, CODE_TRIES = 200 };

#define STORE_COLUMNS                                                                              \
    "s.id, s.name, s.code, s.state, s.language, s.timezone, m.last_seen, m.blocked"
static const char BY_ID[] =
    "SELECT " STORE_COLUMNS ", (SELECT max(last_seen) FROM members WHERE person = ?1)"
    " FROM stores s LEFT JOIN members m ON m.person = ?1 AND m.store = s.id WHERE s.id = ?2";
static const char LAST[] =
    "SELECT " STORE_COLUMNS ", m.last_seen FROM members m JOIN stores s ON s.id = m.store"
    " WHERE m.person = ?1 ORDER BY m.last_seen DESC LIMIT 1";
static const char KNOWN[] = "SELECT count(*) FROM members WHERE person = ?1";
static const char ONLY[] =
    "SELECT " STORE_COLUMNS
    ", m.last_seen FROM stores s LEFT JOIN members m ON m.person = ?1 AND m.store = s.id"
    " WHERE s.state = 0 LIMIT 1";
static const char ACTIVE[] = "SELECT count(*) FROM stores WHERE state = 0";
static const char STATE[] = "SELECT state FROM stores WHERE id = ?1";
static const char COUNT[] = "SELECT count(*) FROM stores";
static const char BY_CODE[] = "SELECT id FROM stores WHERE code = ?1";
static const char BY_NAME[] =
    "SELECT id FROM stores WHERE name = ?1 COLLATE NOCASE AND +state = 0 LIMIT 2";
static const char NAME[] = "SELECT name, code FROM stores WHERE id = ?1";
static const char CHOICES[] =
    "SELECT id FROM (SELECT s.id AS id, m.last_seen AS seen FROM members m JOIN stores s ON s.id = m.store"
    " WHERE m.person = ?1 AND s.state = 0 ORDER BY m.last_seen DESC LIMIT ?2)"
    " UNION ALL SELECT * FROM (SELECT id FROM stores WHERE state = 0 AND id NOT IN"
    " (SELECT store FROM members WHERE person = ?1) ORDER BY id LIMIT ?2) LIMIT ?2";

/* Words that say only what a store is. */
static const char *const kinds[] = { "toko", "warung", "kedai", "depot", "kios", "store", "shop" };

/* ---- loading --------------------------------------------------------------------------------- */

static void row_load(struct event *ev, sqlite3_stmt *st)
{
    struct host *h = ev->host;
    int64_t newest = sqlite3_column_int64(st, 8);
    ev->store = sqlite3_column_int64(st, 0);
    ev->store_name = arena_strdup(&ev->arena, db_text(st, 1));
    ev->store_code = arena_strdup(&ev->arena, db_text(st, 2));
    ev->store_state = sqlite3_column_int(st, 3);
    if (*db_text(st, 4) && (!ev->language || ev->language == h->language))
        ev->language = arena_strdup(&ev->arena, db_text(st, 4));
    ev->timezone = *db_text(st, 5) ? arena_strdup(&ev->arena, db_text(st, 5)) : h->timezone;
    ev->member_seen = sqlite3_column_int64(st, 6);
    ev->member_blocked = sqlite3_column_int(st, 7);
    ev->member_last = ev->member_seen > 0 && ev->member_seen >= newest;
}

static int64_t load_by(struct event *ev, sqlite3_stmt *st)
{
    int rc = db_step(&ev->host->db, st);
    if (rc != 1) return rc;
    row_load(ev, st);
    db_done(st);
    return ev->store;
}

int stores_load(struct event *ev, int64_t store)
{
    return load_by(ev, db_query(&ev->host->db, BY_ID, "ii", ev->person, store)) > 0 ? 0 : -1;
}

int64_t stores_load_last(struct event *ev)
{
    return load_by(ev, db_query(&ev->host->db, LAST, "i", ev->person));
}

int64_t stores_known(struct host *h, int64_t person)
{
    return db_int(&h->db, -1, KNOWN, "i", person);
}

int64_t stores_load_only(struct event *ev)
{
    return load_by(ev, db_query(&ev->host->db, ONLY, "i", ev->person));
}

/* ---- looking up ------------------------------------------------------------------------------ */

int64_t stores_active(struct host *h)
{
    if (h->stores_active_cache < 0) h->stores_active_cache = db_int(&h->db, 0, ACTIVE, "");
    return h->stores_active_cache;
}

int64_t stores_state(struct host *h, int64_t store)
{
    return db_int(&h->db, -1, STATE, "i", store);
}

int64_t stores_count(struct host *h)
{
    if (h->stores_count_cache < 0) h->stores_count_cache = db_int(&h->db, 0, COUNT, "");
    return h->stores_count_cache;
}

void stores_changed(struct host *h)
{
    h->stores_active_cache = h->stores_count_cache = -1;
}

int64_t stores_by_code(struct host *h, const char *code)
{
    char upper[CODE_MAX + 1];
    size_t n = strlen(code);
    if (!n || n > CODE_MAX) return 0;
    for (size_t i = 0; i <= n; i++)
        upper[i] = (char)(code[i] >= 'a' && code[i] <= 'z' ? code[i] - 32 : code[i]);
    return db_int(&h->db, 0, BY_CODE, "s", upper);
}

int64_t stores_by_name(struct host *h, const char *name)
{
    int64_t found = 0;
    int n = 0;
    sqlite3_stmt *st = db_query(&h->db, BY_NAME, "s", name);
    while (db_step(&h->db, st) == 1) found = sqlite3_column_int64(st, 0), n++;
    return n == 1 ? found : 0;
}

int stores_name(struct host *h, int64_t store, struct arena *arena, const char **name,
                const char **code)
{
    sqlite3_stmt *st = db_query(&h->db, NAME, "i", store);
    if (db_step(&h->db, st) != 1) return -1;
    *name = arena_strdup(arena, db_text(st, 0));
    *code = arena_strdup(arena, db_text(st, 1));
    db_done(st);
    return 0;
}

int stores_choices(struct event *ev, int64_t *out, int cap)
{
    int n = 0, rc;
    sqlite3_stmt *st = db_query(&ev->host->db, CHOICES, "ii", ev->person, (int64_t)cap);
    while ((rc = db_step(&ev->host->db, st)) == 1)
        if (n < cap) out[n++] = sqlite3_column_int64(st, 0);
    return rc < 0 ? -1 : n;
}

/* ---- codes ----------------------------------------------------------------------------------- */

int stores_is_kind(const char *word, size_t len)
{
    for (size_t i = 0; i < BOT_COUNT(kinds); i++)
        if (strlen(kinds[i]) == len && !memcmp(kinds[i], word, len)) return 1;
    return 0;
}

void stores_code_base(const char *name, char out[8])
{
    char folded[128];
    size_t n = 0;
    text_fold(folded, sizeof folded, name);
    const char *s = folded;
    size_t len = strcspn(s, " ");
    if (stores_is_kind(s, len) && s[len]) s += len + 1;
    for (; *s && n < BASE_MAX && !(*s == ' ' && n >= 2); s++) {
        char c = (char)(*s >= 'a' && *s <= 'z' ? *s - 32 : *s);
        if (c >= 'A' && c <= 'Z' && c != 'I' && c != 'O') out[n++] = c;
    }
    if (n < 2) {
        memcpy(out, "TK", 2);
        n = 2;
    }
    out[n] = '\0';
}

int stores_new_code(struct host *h, const char *name, char out[12])
{
    char base[8];
    stores_code_base(name, base);
    size_t len = strlen(base);
    for (uint32_t i = 0; i < CODE_TRIES; i++) {
        /* one digit for the first eight tries, then two, then three */
        size_t digits = i < 8 ? 1 : i < 60 ? 2 : 3;
        memcpy(out, base, len);
        for (size_t k = 0; k < digits; k++) out[len + k] = (char)('2' + randombytes_uniform(8));
        out[len + digits] = '\0';
        if (!stores_by_code(h, out)) return 0;
    }
    return -1;
}
