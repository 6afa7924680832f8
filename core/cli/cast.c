/* cast.c - people and stores that a transcript takes for granted; see cast.h. By the same functions
 * as the services use where there are such, in a transaction of its own. */
#include "cast.h"

#include "../base/clock.h"
#include "../host.h"
#include "../people/members.h"
#include "../people/people.h"
#include "../people/store_index.h"

#include <string.h>

static const char SQL_STORE[] = "SELECT id FROM stores WHERE name = ?1";
static const char SQL_ADD_STORE[] =
    "INSERT INTO stores (code, name, created_at) VALUES (?1, ?2, ?3)";
static const char SQL_ADD_MEMBER[] =
    "INSERT INTO members (person, store, first_seen, last_seen) VALUES (?1, ?2, ?3, ?3)"
    " ON CONFLICT (person, store) DO UPDATE SET last_seen = excluded.last_seen";

static int64_t make_person(struct host *h, const char *phone)
{
    int64_t id = people_by_phone(h, phone);
    return id ? id : people_resolve(h, NULL, NULL, NULL, phone, NULL, NULL);
}

static int64_t make_store(struct host *h, const char *name)
{
    char code[12];
    int64_t id = db_int(&h->db, 0, SQL_STORE, "s", name);
    if (id > 0) return id;
    if (stores_new_code(h, name, code) != 0) return -1;
    if (db_exec(&h->db, SQL_ADD_STORE, "ssi", code, name, clock_ms()) != 0) return -1;
    id = db_insert_id(&h->db);
    stores_changed(h);
    store_index_changed(h, id);
    return id;
}

static int make_all(struct host *h, enum speaker_role role, const char *phone, const char *name)
{
    int64_t store = make_store(h, name), person = store < 0 ? -1 : make_person(h, phone);
    if (person <= 0) return -1;
    switch (role) {
    case SPEAKER_STAFF:
        return roles_add(h, store, person, BOT_STAFF) < 0 ? -1 : 0;
    case SPEAKER_ADMIN:
        return roles_add(h, store, person, BOT_OWNER) < 0 ? -1 : 0;
    case SPEAKER_CUSTOMER:
        return db_exec(&h->db, SQL_ADD_MEMBER, "iii", person, store, clock_ms());
    case SPEAKER_SUPER:
        return 0;
    }
    return -1;
}

int cast_make(struct host *h, enum speaker_role role, const char *phone, const char *store)
{
    if (db_script(&h->db, "BEGIN IMMEDIATE") != 0) return -1;
    if (make_all(h, role, phone, store) == 0 && db_script(&h->db, "COMMIT") == 0) return 0;
    char error[sizeof h->db.error];
    memcpy(error, h->db.error, sizeof error);
    db_script(&h->db, "ROLLBACK");
    memcpy(h->db.error, error, sizeof error);
    return -1;
}
