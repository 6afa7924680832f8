/* services.c - what plugins get of stores and persons: services "stores/0" and "people/0".
 *
 * What changes who may do what needs a role in the event itself: a plugin cannot be talked into it
 * by a message. Thread: the loop, in a callback; strings live in the step. */
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../host.h"
#include "members.h"

enum { STORE_NAME_MAX = 200, EMAIL_MAX = 254 };

static const char STORE_ADD[] = "INSERT INTO stores(code, name, created_at) VALUES (?1, ?2, ?3)";
static const char LOGIN_ADD[] =
    "INSERT INTO logins(store, email, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)";
static const char LOGIN_FIND[] = "SELECT 1 FROM logins WHERE email = ?1";
#define STORE_COLUMNS                                                                              \
    "s.id, s.name, s.code, s.state, s.language, s.timezone, s.created_at,"                         \
    " (SELECT members FROM store_counts c WHERE c.store = s.id), (SELECT count(*) FROM roles r WHERE r.store = s.id)"
static const char STORE_GET[] = "SELECT " STORE_COLUMNS " FROM stores s WHERE s.id = ?1";
static const char STORE_LIST[] =
    "SELECT " STORE_COLUMNS " FROM stores s WHERE s.id > ?1 ORDER BY s.id LIMIT ?2";
static const char STORE_EXISTS[] = "SELECT 1 FROM stores WHERE id = ?1";
static const char COUNT_ALL[] = "SELECT count(*) FROM stores";
static const char COUNT_STATE[] = "SELECT count(*) FROM stores WHERE state = ?1";
static const char PERSON[] = "SELECT name, phone, language FROM persons WHERE id = ?1";
static const char LANGUAGE[] = "UPDATE persons SET language = ?2 WHERE id = ?1";

/* ---- stores ---------------------------------------------------------------------------------- */

/* In lower case and without white space around, in the step; NULL when it cannot be one. */
static const char *email_clean(struct event *ev, const char *email)
{
    size_t len = email ? strlen(email) : 0;
    const char *s = len ? text_trim(email, &len) : "";
    if (!len || len > EMAIL_MAX || !memchr(s, '@', len)) return NULL;
    char *out = arena_strndup(&ev->step, s, len);
    for (char *c = out; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
    return out;
}

static const char *name_clean(struct event *ev, const char *name)
{
    size_t len = name ? strlen(name) : 0;
    const char *s = len ? text_trim(name, &len) : "";
    if (!len || len > STORE_NAME_MAX) return NULL;
    char *out = arena_alloc(&ev->step, len * 3 + 1);
    text_clean(out, len * 3 + 1, s, len);
    for (char *c = out; *c; c++)
        if (*c == '\n' || *c == '\t') *c = ' ';
    return out;
}

static int64_t store_create(struct bot_ctx *ctx, const struct bot_new_store *store)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    char code[12];
    if (!(ev->roles & BOT_SUPER)) return BOT_ESCOPE;
    const char *name = name_clean(ev, store->name), *email = email_clean(ev, store->email);
    if (!name || !email || !store->password_hash || !*store->password_hash) return BOT_EINVAL;
    if (db_int(db, 0, LOGIN_FIND, "s", email)) return BOT_EEXIST;
    if (stores_new_code(ev->host, name, code)) return BOT_EBUSY;
    if (db_exec(db, STORE_ADD, "ssi", code, name, clock_ms())) return BOT_EIO;
    int64_t id = db_insert_id(db);
    if (db_exec(db, LOGIN_ADD, "issi", id, email, store->password_hash, clock_ms())) return BOT_EIO;
    stores_changed(ev->host);
    return id;
}

static void store_row(struct event *ev, sqlite3_stmt *st, struct bot_store *out)
{
    struct bot_store s = { .size = out->size ? out->size : (uint32_t)sizeof s };
    s.id = sqlite3_column_int64(st, 0);
    s.name = arena_strdup(&ev->step, db_text(st, 1));
    s.code = arena_strdup(&ev->step, db_text(st, 2));
    s.state = (uint32_t)sqlite3_column_int(st, 3);
    s.language = *db_text(st, 4) ? arena_strdup(&ev->step, db_text(st, 4)) : ev->host->language;
    s.timezone = *db_text(st, 5) ? arena_strdup(&ev->step, db_text(st, 5)) : ev->host->timezone;
    s.created_at = sqlite3_column_int64(st, 6);
    s.members = sqlite3_column_int64(st, 7);
    s.admins = sqlite3_column_int64(st, 8);
    memcpy(out, &s,
           s.size < sizeof s ? s.size : sizeof s); /* an older plugin has a shorter struct */
}

static int store_get(struct bot_ctx *ctx, int64_t id, struct bot_store *out)
{
    struct event *ev = event_of(ctx);
    sqlite3_stmt *st = db_query(&ev->host->db, STORE_GET, "i", id);
    int rc = db_step(&ev->host->db, st);
    if (rc != 1) return rc ? BOT_EIO : BOT_ENOENT;
    store_row(ev, st, out);
    db_done(st);
    return BOT_OK;
}

/* The elements of `out` are as long as the first one says. */
static int store_list(struct bot_ctx *ctx, int64_t after, struct bot_store *out, size_t cap)
{
    struct event *ev = event_of(ctx);
    uint32_t stride = cap && out->size ? out->size : (uint32_t)sizeof *out;
    int n = 0, rc = 0;
    sqlite3_stmt *st = db_query(&ev->host->db, STORE_LIST, "ii", after, (int64_t)cap);
    while ((size_t)n < cap && (rc = db_step(&ev->host->db, st)) == 1) {
        struct bot_store *row = (struct bot_store *)(void *)((char *)out + (size_t)n++ * stride);
        row->size = stride;
        store_row(ev, st, row);
    }
    db_done(st);
    return rc < 0 ? BOT_EIO : n;
}

static int64_t store_count(struct bot_ctx *ctx, int state)
{
    struct db *db = &event_of(ctx)->host->db;
    if (state < 0) return db_int(db, 0, COUNT_ALL, "");
    return db_int(db, 0, COUNT_STATE, "i", (int64_t)state);
}

static int email_taken(struct bot_ctx *ctx, const char *email)
{
    struct event *ev = event_of(ctx);
    const char *clean = email_clean(ev, email);
    return clean && db_int(&ev->host->db, 0, LOGIN_FIND, "s", clean) == 1;
}

static int64_t add_admin(struct bot_ctx *ctx, int64_t store, const char *phone, uint32_t role)
{
    struct event *ev = event_of(ctx);
    char number[20];
    int owner_here = (ev->roles & BOT_OWNER) && ev->store == store;
    if (!(ev->roles & BOT_SUPER) && !owner_here) return BOT_ESCOPE;
    if (role != BOT_STAFF && role != BOT_OWNER) return BOT_EINVAL;
    if (!phone || text_phone(phone, number, sizeof number)) return BOT_EINVAL;
    if (!db_int(&ev->host->db, 0, STORE_EXISTS, "i", store)) return BOT_ENOENT;
    int64_t person = people_by_phone(ev->host, number);
    if (!person) person = people_resolve(ev->host, NULL, NULL, NULL, number, NULL, NULL);
    if (person < 0) return BOT_EIO;
    int added = roles_add(ev->host, store, person, role);
    if (added < 0) return BOT_EIO;
    return added == ROLE_SAME ? BOT_EEXIST : person;
}

const struct bot_stores stores_service = {
    .size = sizeof(struct bot_stores),
    .create = store_create,
    .get = store_get,
    .list = store_list,
    .count = store_count,
    .email_taken = email_taken,
    .add_admin = add_admin,
};

/* ---- people ---------------------------------------------------------------------------------- */

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

const struct bot_people people_service = {
    .size = sizeof(struct bot_people),
    .get = person_get,
    .phone_parse = phone_parse,
    .set_language = set_language,
    .members = member_count,
    .is_new = is_new,
};
