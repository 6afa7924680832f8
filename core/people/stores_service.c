/* stores_service.c - what plugins get of the stores and of those who run them: service "stores/0".
 *
 * What changes who may do what needs a role in the event itself: a plugin cannot be talked into it
 * by a message. Thread: the loop, in a callback; strings live in the step. */
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../host.h"
#include "../message/outbox.h"
#include "../message/tally.h"
#include "../message/texts.h"
#include "members.h"
#include "store_index.h"

enum { EMAIL_MAX = 254, MANAGED_MAX = 64, HOLD_MAX = 40 };

static const char STORE_ADD[] =
    "INSERT INTO stores(code, name, created_at, state) VALUES (?1, ?2, ?3, ?4)";
static const char LOGIN_ADD[] =
    "INSERT INTO logins(store, email, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)";
static const char LOGINS_REMOVE[] = "DELETE FROM logins WHERE store = ?1";
static const char LOGIN_FIND[] = "SELECT 1 FROM logins WHERE email = ?1";
#define STORE_COLUMNS                                                                              \
    "s.id, s.name, s.code, s.state, s.language, s.timezone, s.created_at,"                         \
    " (SELECT members FROM store_counts c WHERE c.store = s.id),"                                  \
    " (SELECT count(*) FROM roles r WHERE r.store = s.id), s.customers_max"
static const char STORE_GET[] = "SELECT " STORE_COLUMNS " FROM stores s WHERE s.id = ?1";
static const char STORE_LIST[] =
    "SELECT " STORE_COLUMNS " FROM stores s WHERE s.id > ?1 ORDER BY s.id LIMIT ?2";
static const char COUNT_ALL[] = "SELECT count(*) FROM stores";
static const char COUNT_STATE[] = "SELECT count(*) FROM stores WHERE state = ?1";
static const char SET_STATE[] = "UPDATE stores SET state = ?2 WHERE id = ?1";
static const char SET_LIMIT[] =
    "UPDATE stores SET customers_max = nullif(?2, 0), told = 0 WHERE id = ?1";
static const char SET_NAME[] = "UPDATE stores SET name = ?2 WHERE id = ?1";
static const char SET_LANGUAGE[] = "UPDATE stores SET language = nullif(?2, '') WHERE id = ?1";
static const char SET_TIMEZONE[] = "UPDATE stores SET timezone = nullif(?2, '') WHERE id = ?1";
static const char APPLIED[] =
    "SELECT 1 FROM roles r JOIN stores s ON s.id = r.store WHERE r.person = ?1 AND s.state = 3";
static const char ADMINS[] = "SELECT r.person, r.role, p.name, p.phone"
                             " FROM roles r JOIN persons p ON p.id = r.person WHERE r.store = ?1"
                             " ORDER BY r.role DESC, r.person LIMIT ?2";
static const char NUMBER[] =
    "SELECT phone FROM sessions WHERE phone IS NOT NULL AND (store IS NULL OR store = ?1)"
    " ORDER BY store IS NULL, gateway <> ifnull(?2, '') OR session <> ifnull(?3, ''),"
    " session <> 'default' LIMIT 1";
static const char CUSTOMERS_ALL[] = "SELECT ifnull(sum(members), 0) FROM store_counts";

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

static int name_check(struct bot_ctx *ctx, int64_t store, const char *name, const char **clean)
{
    return stores_name_check(event_of(ctx), store, name ? name : "", clean);
}

static int64_t store_add(struct event *ev, const struct bot_new_store *store, int64_t state)
{
    struct db *db = &ev->host->db;
    char code[12];
    const char *name = NULL, *email = email_clean(ev, store->email);
    if (store->name) stores_name_clean(ev, store->name, &name);
    if (!name || !email || !store->password_hash || !*store->password_hash) return BOT_EINVAL;
    if (db_int(db, 0, LOGIN_FIND, "s", email)) return BOT_EEXIST;
    if (stores_new_code(ev->host, name, code)) return BOT_EBUSY;
    if (db_exec(db, STORE_ADD, "ssii", code, name, clock_ms(), state)) return BOT_EIO;
    int64_t id = db_insert_id(db);
    if (db_exec(db, LOGIN_ADD, "issi", id, email, store->password_hash, clock_ms())) return BOT_EIO;
    stores_changed(ev->host);
    store_index_changed(ev->host, id);
    return id;
}

static int64_t store_create(struct bot_ctx *ctx, const struct bot_new_store *store)
{
    struct event *ev = event_of(ctx);
    return ev->roles & BOT_SUPER ? store_add(ev, store, BOT_STORE_ACTIVE) : BOT_ESCOPE;
}

static int64_t store_apply(struct bot_ctx *ctx, const struct bot_new_store *store)
{
    struct event *ev = event_of(ctx);
    if (!ev->person || ev->in_group) return BOT_ESCOPE;
    if (db_int(&ev->host->db, 0, APPLIED, "i", ev->person)) return BOT_EBUSY;
    int64_t id = store_add(ev, store, BOT_STORE_PENDING);
    if (id < 0) return id;
    return roles_add(ev->host, id, ev->person, BOT_OWNER) < 0 ? BOT_EIO : id;
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
    s.customers_max = sqlite3_column_int64(st, 9);
    if (!s.customers_max) s.customers_max = ev->host->customers_max;
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
    int64_t state = stores_state(ev->host, store);
    if (state < 0) return BOT_ENOENT;
    /* who is made an admin hears of it, and what he writes is that store's from then on */
    if (state == BOT_STORE_PENDING && !(ev->roles & BOT_SUPER)) return BOT_EBUSY;
    int64_t person = people_by_phone(ev->host, number);
    if (!person) person = people_resolve(ev->host, NULL, NULL, NULL, number, NULL, NULL);
    if (person < 0) return BOT_EIO;
    int added = roles_add(ev->host, store, person, role);
    if (added < 0) return BOT_EIO;
    return added == ROLE_SAME ? BOT_EEXIST : person;
}

static int64_t remove_admin(struct bot_ctx *ctx, int64_t store, const char *phone)
{
    struct event *ev = event_of(ctx);
    char number[20];
    int owner_here = (ev->roles & BOT_OWNER) && ev->store == store;
    if (!(ev->roles & BOT_SUPER) && !owner_here) return BOT_ESCOPE;
    if (!phone || text_phone(phone, number, sizeof number)) return BOT_EINVAL;
    int64_t person = people_by_phone(ev->host, number);
    if (!person) return BOT_ENOENT;
    int rc = roles_remove(ev->host, store, person);
    return rc != BOT_OK ? rc : person;
}

static int admins(struct bot_ctx *ctx, int64_t store, struct bot_store_admin *out, size_t cap)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    int runs_it = (ev->roles & BOT_STORE_ADMIN) && ev->store == store;
    if (!(ev->roles & BOT_SUPER) && !runs_it) return BOT_ESCOPE;
    uint32_t stride = cap && out->size ? out->size : (uint32_t)sizeof *out;
    int n = 0, rc = 0;
    sqlite3_stmt *st = db_query(db, ADMINS, "ii", store, (int64_t)cap);
    while ((size_t)n < cap && (rc = db_step(db, st)) == 1) {
        struct bot_store_admin a = { .size = stride,
                                     .person = sqlite3_column_int64(st, 0),
                                     .role = (uint32_t)sqlite3_column_int(st, 1),
                                     .name = arena_strdup(&ev->step, db_text(st, 2)),
                                     .phone = arena_strdup(&ev->step, db_text(st, 3)) };
        memcpy((char *)out + (size_t)n++ * stride, &a, stride < sizeof a ? stride : sizeof a);
    }
    db_done(st);
    return rc < 0 ? BOT_EIO : n;
}

/* ---- the super admin's ----------------------------------------------------------------------- */

/* Who asked for a store that is refused is a customer again, and may ask with the same e-mail. */
static int set_state(struct bot_ctx *ctx, int64_t store, int state)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    if (!(ev->roles & BOT_SUPER)) return BOT_ESCOPE;
    if (state < BOT_STORE_ACTIVE || state > BOT_STORE_CLOSED) return BOT_EINVAL;
    int64_t was = stores_state(ev->host, store);
    if (was < 0) return BOT_ENOENT;
    if (was == state) return BOT_EEXIST;
    if (db_exec(db, SET_STATE, "ii", store, (int64_t)state)) return BOT_EIO;
    if (was == BOT_STORE_PENDING && state == BOT_STORE_CLOSED &&
        (roles_clear(ev->host, store) || db_exec(db, LOGINS_REMOVE, "i", store)))
        return BOT_EIO;
    stores_changed(ev->host);
    return BOT_OK;
}

static int set_limit(struct bot_ctx *ctx, int64_t store, int64_t customers)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    if (!(ev->roles & BOT_SUPER)) return BOT_ESCOPE;
    if (customers < 0 || customers > 1000000) return BOT_EINVAL;
    if (db_exec(db, SET_LIMIT, "ii", store, customers)) return BOT_EIO;
    return db_changes(db) ? BOT_OK : BOT_ENOENT;
}

static int totals(struct bot_ctx *ctx, struct bot_totals *out)
{
    struct event *ev = event_of(ctx);
    struct host *h = ev->host;
    struct outbox_stats sends;
    if (ev->scope != BOT_ALL_STORES) return BOT_ESCOPE;
    struct bot_totals t = { .size = out->size ? out->size : (uint32_t)sizeof t };
    if (tally_read(h, &t.messages_today, &t.messages_week)) return BOT_EIO;
    outbox_stats(h->outbox, &sends);
    t.stores = store_count(ctx, -1);
    t.stores_active = store_count(ctx, BOT_STORE_ACTIVE);
    t.stores_suspended = store_count(ctx, BOT_STORE_SUSPENDED);
    t.stores_pending = store_count(ctx, BOT_STORE_PENDING);
    t.customers = db_int(&h->db, 0, CUSTOMERS_ALL, "");
    t.queue = sends.queued + sends.in_flight + h->loop.open_events;
    t.uptime_s = (clock_mono() - h->started_mono) / 1000000;
    memcpy(out, &t, t.size < sizeof t ? t.size : sizeof t);
    return BOT_OK;
}

/* ---- of those who run a store ---------------------------------------------------------------- */

static int is_language(const char *s)
{
    size_t len = strlen(s);
    return !len || (len <= 3 && len >= 2 && strspn(s, "abcdefghijklmnopqrstuvwxyz") == len);
}

static int set_profile(struct bot_ctx *ctx, const struct bot_store_profile *profile)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    struct bot_store_profile p = { 0 };
    memcpy(&p, profile, profile->size < sizeof p ? profile->size : sizeof p);
    if (!ev->store || !(ev->roles & BOT_STORE_ADMIN)) return BOT_ESCOPE;
    const char *name = NULL;
    if (p.name) stores_name_clean(ev, p.name, &name);
    if (p.name && !name) return BOT_EINVAL;
    if (p.language && !is_language(p.language)) return BOT_EINVAL;
    if (p.timezone && *p.timezone && !texts_knows_zone(p.timezone)) return BOT_EINVAL;
    if (name && db_exec(db, SET_NAME, "is", ev->store, name)) return BOT_EIO;
    if (p.language && db_exec(db, SET_LANGUAGE, "is", ev->store, p.language)) return BOT_EIO;
    if (p.timezone && db_exec(db, SET_TIMEZONE, "is", ev->store, p.timezone)) return BOT_EIO;
    if (name) ev->store_name = arena_strdup(&ev->arena, name);
    if (name) store_index_changed(ev->host, ev->store);
    if (p.timezone)
        ev->timezone = *p.timezone ? arena_strdup(&ev->arena, p.timezone) : ev->host->timezone;
    stores_changed(ev->host);
    return BOT_OK;
}

/* The elements of `out` are as long as the first one says. */
static int managed(struct bot_ctx *ctx, struct bot_store *out, size_t cap)
{
    struct event *ev = event_of(ctx);
    int64_t ids[MANAGED_MAX];
    if (ev->in_group) return 0;
    int n = stores_managed(ev->host, ev->person, ids, MANAGED_MAX);
    uint32_t stride = cap && out->size ? out->size : (uint32_t)sizeof *out;
    for (int i = 0; i < n && i < MANAGED_MAX && (size_t)i < cap; i++) {
        struct bot_store *row = (struct bot_store *)(void *)((char *)out + (size_t)i * stride);
        row->size = stride;
        int rc = store_get(ctx, ids[i], row);
        if (rc < 0) return rc;
    }
    return n;
}

static int manage(struct bot_ctx *ctx, int64_t store)
{
    struct event *ev = event_of(ctx);
    if (ev->in_group || !(people_roles(ev->host, ev->person, store) & BOT_STORE_ADMIN))
        return BOT_ESCOPE;
    return stores_remember(ev->host, ev->person, store) ? BOT_EIO : BOT_OK;
}

static int64_t managing(struct bot_ctx *ctx)
{
    struct event *ev = event_of(ctx);
    int64_t ids[MANAGED_MAX];
    if (ev->in_group) return 0;
    int n = stores_managed(ev->host, ev->person, ids, MANAGED_MAX);
    if (n == 1) return ids[0];
    int64_t last = n > 1 ? stores_remembered(ev->host, ev->person) : 0;
    for (int i = 0; i < n && i < MANAGED_MAX; i++)
        if (ids[i] == last) return last;
    return 0;
}

static int hold(struct bot_ctx *ctx, int64_t person, const char *what, int64_t until)
{
    struct event *ev = event_of(ctx);
    if (!ev->store) return BOT_ESCOPE;
    if (!what || !*what || strlen(what) > HOLD_MAX || person <= 0) return BOT_EINVAL;
    return stores_hold(ev->host, ev->plugin->name, person, ev->store, what, until) ? BOT_EIO
                                                                                   : BOT_OK;
}

static const char *number(struct bot_ctx *ctx)
{
    struct event *ev = event_of(ctx);
    struct db *db = &ev->host->db;
    const char *phone = "";
    sqlite3_stmt *st =
        db_query(db, NUMBER, "sss", ev->store_code ? ev->store_code : "", ev->gateway, ev->session);
    if (db_step(db, st) == 1) phone = arena_strdup(&ev->step, db_text(st, 0));
    db_done(st);
    return phone;
}

const struct bot_stores stores_service = {
    .size = sizeof(struct bot_stores),
    .create = store_create,
    .get = store_get,
    .list = store_list,
    .count = store_count,
    .email_taken = email_taken,
    .add_admin = add_admin,
    .apply = store_apply,
    .set_state = set_state,
    .set_limit = set_limit,
    .set_profile = set_profile,
    .remove_admin = remove_admin,
    .admins = admins,
    .managed = managed,
    .manage = manage,
    .hold = hold,
    .number = number,
    .totals = totals,
    .managing = managing,
    .name_check = name_check,
};
