/* people_service.c - what plugins get of persons: service "people/0".
 *
 * Whose customers are shown or blocked is decided by the event's store and the roles in it, never
 * by an argument. Thread: the loop, in a callback; strings live in the step. */
#include <string.h>

#include "../base/text.h"
#include "../host.h"
#include "erase.h"
#include "members.h"

enum { SEARCHED_MAX = 2000 }; /* names that a search looks at: some 2 ms */

static const char PERSON[] = "SELECT name, phone, language FROM persons WHERE id = ?1";
static const char LANGUAGE[] = "UPDATE persons SET language = ?2 WHERE id = ?1";
#define CUSTOMER_COLUMNS "m.person, p.name, p.phone, m.first_seen, m.last_seen, m.blocked"
static const char CUSTOMERS[] =
    "SELECT " CUSTOMER_COLUMNS " FROM (SELECT person, first_seen, last_seen, blocked FROM members"
    " WHERE store = ?1 ORDER BY last_seen DESC LIMIT ?2 OFFSET ?3) m"
    " JOIN persons p ON p.id = m.person ORDER BY m.last_seen DESC";
static const char NAMED[] =
    "SELECT " CUSTOMER_COLUMNS " FROM (SELECT person, first_seen, last_seen, blocked FROM members"
    " WHERE store = ?1 ORDER BY last_seen DESC LIMIT ?4) m"
    " JOIN persons p ON p.id = m.person WHERE instr(lower(p.name), lower(?5)) > 0"
    " ORDER BY m.last_seen DESC LIMIT ?2 OFFSET ?3";
static const char CUSTOMER[] =
    "SELECT " CUSTOMER_COLUMNS
    " FROM members m JOIN persons p ON p.id = m.person WHERE m.store = ?1 AND m.person = ?2";
static const char BLOCK[] = "UPDATE members SET blocked = ?3 WHERE person = ?2 AND store = ?1";
static const char BLOCKED[] = "SELECT blocked FROM members WHERE person = ?2 AND store = ?1";

static int person_get(struct bot_ctx *ctx, int64_t id, struct bot_person *out)
{
    struct event *ev = event_of(ctx);
    struct bot_person p = { .size = out->size ? out->size : (uint32_t)sizeof p };
    sqlite3_stmt *st = db_query(&ev->host->db, PERSON, "i", id);
    int rc = db_step(&ev->host->db, st);
    if (rc != 1) return rc ? BOT_EIO : BOT_ENOENT;
    p.id = id;
    p.name = arena_strdup(&ev->step, db_text(st, 0));
    p.phone = arena_strdup(&ev->step, db_text(st, 1));
    p.language = *db_text(st, 2) ? arena_strdup(&ev->step, db_text(st, 2)) : ev->host->language;
    db_done(st);
    p.roles = people_roles(ev->host, id, ev->store);
    memcpy(out, &p, p.size < sizeof p ? p.size : sizeof p);
    return BOT_OK;
}

static int phone_parse(const char *text, char *out, size_t cap)
{
    return text && text_phone(text, out, cap) == 0 ? BOT_OK : BOT_EINVAL;
}

/* Two or three small letters; "" goes back to the store's language. */
static int set_language(struct bot_ctx *ctx, int64_t person, const char *language)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    size_t len = language ? strlen(language) : 0;
    if (len && (len < 2 || len > 3 || strspn(language, "abcdefghijklmnopqrstuvwxyz") != len))
        return BOT_EINVAL;
    if (db_exec(db, LANGUAGE, "is", person, len ? language : NULL)) return BOT_EIO;
    if (!db_changes(db)) return BOT_ENOENT;
    people_forget(ev->host, person);
    if (person == ev->person && len) ev->language = arena_strdup(&ev->arena, language);
    return BOT_OK;
}

static int64_t member_count(struct bot_ctx *ctx)
{
    struct event *ev = event_of(ctx);
    return ev->store ? members_count(ev->host, ev->store) : 0;
}

static int is_new(struct bot_ctx *ctx)
{
    return event_of(ctx)->is_new_member;
}

/* ---- customers ------------------------------------------------------------------------------- */

static int runs_store(const struct event *ev)
{
    return ev->store && (ev->roles & BOT_STORE_ADMIN);
}

static void customer_row(struct event *ev, sqlite3_stmt *st, struct bot_customer *out)
{
    struct bot_customer c = { .size = out->size ? out->size : (uint32_t)sizeof c };
    c.id = sqlite3_column_int64(st, 0);
    c.name = arena_strdup(&ev->step, db_text(st, 1));
    c.phone = arena_strdup(&ev->step, db_text(st, 2));
    c.first_seen = sqlite3_column_int64(st, 3);
    c.last_seen = sqlite3_column_int64(st, 4);
    c.blocked = sqlite3_column_int(st, 5) != 0;
    memcpy(out, &c, c.size < sizeof c ? c.size : sizeof c);
}

static int customer(struct bot_ctx *ctx, int64_t person, struct bot_customer *out)
{
    struct event *ev = event_of(ctx);
    if (!runs_store(ev)) return BOT_ESCOPE;
    sqlite3_stmt *st = db_query(&ev->host->db, CUSTOMER, "ii", ev->store, person);
    int rc = db_step(&ev->host->db, st);
    if (rc != 1) return rc ? BOT_EIO : BOT_ENOENT;
    customer_row(ev, st, out);
    db_done(st);
    return BOT_OK;
}

/* The elements of `out` are as long as the first one says. */
static int customers(struct bot_ctx *ctx, const char *query, int64_t offset,
                     struct bot_customer *out, size_t cap)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    char phone[20];
    if (!runs_store(ev)) return BOT_ESCOPE;
    if (offset < 0) return BOT_EINVAL;
    if (!cap) return 0;
    if (query && !text_phone(query, phone, sizeof phone)) {
        int64_t person = people_by_phone(ev->host, phone);
        int rc = offset || !person ? BOT_ENOENT : customer(ctx, person, out);
        return rc == BOT_ENOENT ? 0 : rc < 0 ? rc : 1;
    }
    uint32_t stride = out->size ? out->size : (uint32_t)sizeof *out;
    int n = 0, rc = 0;
    sqlite3_stmt *st = query && *query
                           ? db_query(db, NAMED, "iiiis", ev->store, (int64_t)cap, offset,
                                      (int64_t)SEARCHED_MAX, query)
                           : db_query(db, CUSTOMERS, "iii", ev->store, (int64_t)cap, offset);
    while ((size_t)n < cap && (rc = db_step(db, st)) == 1) {
        struct bot_customer *row =
            (struct bot_customer *)(void *)((char *)out + (size_t)n++ * stride);
        row->size = stride;
        customer_row(ev, st, row);
    }
    db_done(st);
    return rc < 0 ? BOT_EIO : n;
}

static int block(struct bot_ctx *ctx, int64_t person, int blocked)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    if (!runs_store(ev)) return BOT_ESCOPE;
    int64_t is = db_int(db, -1, BLOCKED, "ii", ev->store, person);
    if (is < 0) return BOT_ENOENT;
    if (is == (blocked != 0)) return BOT_EEXIST;
    return db_exec(db, BLOCK, "iii", ev->store, person, (int64_t)(blocked != 0)) ? BOT_EIO : BOT_OK;
}

static int erase(struct bot_ctx *ctx)
{
    return erase_person(event_of(ctx));
}

const struct bot_people people_service = {
    .size = sizeof(struct bot_people),
    .get = person_get,
    .phone_parse = phone_parse,
    .set_language = set_language,
    .members = member_count,
    .is_new = is_new,
    .customers = customers,
    .customer = customer,
    .block = block,
    .erase = erase,
};
