/* people.c - persons and the aliases that lead to them.
 *
 * Invariant: an alias ("p:" and a phone number, "l:" and a hidden id) leads to one person. When a
 * message shows that two persons are one, the one with the phone number stays and everything that
 * named the other is re-pointed in one savepoint; nothing else ever changes a person's id. Two
 * kinds of caches, safe under a rollback: `seen` holds what was last read about a person and is
 * only filled while a message is journaled; `holders` and `held` hold everyone who may have a role,
 * or who may be held at a store, and may hold too many. Thread: the loop. */
#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../host.h"
#include "../message/inbox.h"
#include "members.h"
#include "store_index.h"

enum { ALIAS_MAX = 120, NAME_MAX_BYTES = 80, SEEN_SLOTS = 1024, HOUR_MS = 3600000 };

struct seen {
    int64_t id;
    int blocked;
    char language[8];
    char phone[20];
    char name[NAME_MAX_BYTES + 4];
};

/* Person ids; rather too many than too few, so that a rollback does no harm. */
struct few {
    struct map ids; /* -> the map's owner */
    int loaded;
};

struct people {
    struct seen seen[SEEN_SLOTS]; /* by id modulo SEEN_SLOTS */
    struct few holders, held;
};

static const char FIND[] =
    "SELECT p.id, p.name, p.phone, p.language, p.blocked, p.gateway, p.session, p.chat, p.wrote_at"
    " FROM aliases a JOIN persons p ON p.id = a.person WHERE a.alias = ?1";
static const char INSERT[] =
    "INSERT INTO persons(name, phone, gateway, session, chat, wrote_at, created_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char INSERT_ALIAS[] = "INSERT INTO aliases(alias, person) VALUES (?1, ?2)";
static const char UPDATE[] =
    "UPDATE persons SET name = ?2, phone = ?3, gateway = ?4, session = ?5, chat = ?6,"
    " wrote_at = nullif(?7, 0) WHERE id = ?1";
static const char LOAD[] = "SELECT name, phone, language, blocked FROM persons WHERE id = ?1";
static const char PHONE[] = "SELECT phone FROM persons WHERE id = ?1";
static const char ADDRESS[] = "SELECT gateway, session, chat, phone FROM persons WHERE id = ?1";
static const char HOLDERS[] = "SELECT DISTINCT person FROM roles";
static const char HELD[] = "SELECT DISTINCT person FROM holds";
static const char BY_ALIAS[] = "SELECT person FROM aliases WHERE alias = ?1";

static const char MERGE_ROLES[] =
    "INSERT INTO roles(person, store, role, created_at) SELECT ?2, store, role, created_at FROM roles WHERE person = ?1"
    " ON CONFLICT DO UPDATE SET role = max(role, excluded.role), created_at = min(created_at, excluded.created_at)";
static const char MERGE_MEMBERS[] =
    "INSERT INTO members(person, store, first_seen, last_seen, blocked)"
    " SELECT ?2, store, first_seen, last_seen, blocked FROM members WHERE person = ?1"
    " ON CONFLICT DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),"
    " last_seen = max(last_seen, excluded.last_seen), blocked = max(blocked, excluded.blocked)";
static const char MERGE_PERSONS[] =
    "UPDATE persons SET name = CASE WHEN name = '' THEN (SELECT name FROM persons WHERE id = ?1) ELSE name END,"
    " language = coalesce(language, (SELECT language FROM persons WHERE id = ?1)),"
    " blocked = max(blocked, (SELECT blocked FROM persons WHERE id = ?1)),"
    " gateway = coalesce(gateway, (SELECT gateway FROM persons WHERE id = ?1)),"
    " session = coalesce(session, (SELECT session FROM persons WHERE id = ?1)),"
    " chat = coalesce(chat, (SELECT chat FROM persons WHERE id = ?1)),"
    " wrote_at = coalesce(max(wrote_at, (SELECT wrote_at FROM persons WHERE id = ?1)), wrote_at,"
    " (SELECT wrote_at FROM persons WHERE id = ?1)) WHERE id = ?2";

/* What names a person, re-pointed from ?1 to ?2 in this order. What is left with ?1 afterwards
 * would be there twice and is deleted. */
static const char *const merges[] = {
    "UPDATE aliases SET person = ?2 WHERE person = ?1",
    MERGE_ROLES,
    "DELETE FROM roles WHERE person = ?1 AND ?2 > 0",
    MERGE_MEMBERS,
    "DELETE FROM members WHERE person = ?1 AND ?2 > 0",
    "DELETE FROM members WHERE person = ?2 AND ?1 > 0 AND store IN (SELECT store FROM roles WHERE person = ?2)",
    "UPDATE OR IGNORE holds SET person = ?2 WHERE person = ?1",
    "DELETE FROM holds WHERE person = ?1 AND ?2 > 0",
    "UPDATE OR IGNORE dialogs SET person = ?2 WHERE person = ?1",
    "DELETE FROM dialogs WHERE person = ?1 AND ?2 > 0",
    "UPDATE inbox SET person = ?2 WHERE state < 2 AND person = ?1",
    "UPDATE outbox SET person = ?2 WHERE state < 2 AND person = ?1",
    "UPDATE OR IGNORE kv SET person = ?2 WHERE scope = 2 AND person = ?1", /* BOT_KV_PERSON */
    "DELETE FROM kv WHERE scope = 2 AND person = ?1 AND ?2 > 0",
    MERGE_PERSONS,
    "DELETE FROM persons WHERE id = ?1 AND ?2 > 0",
};

/* ---- caches ---------------------------------------------------------------------------------- */

static struct people *people_of(struct host *h)
{
    if (!h->people) h->people = xcalloc(1, sizeof *h->people);
    return h->people;
}

void people_free(struct host *h)
{
    store_index_free(h);
    if (!h->people) return;
    map_free(&h->people->holders.ids);
    map_free(&h->people->held.ids);
    free(h->people);
    h->people = NULL;
}

static struct seen *seen_slot(struct host *h, int64_t person)
{
    return &people_of(h)->seen[(uint64_t)person % SEEN_SLOTS];
}

void people_forget(struct host *h, int64_t person)
{
    struct seen *s = seen_slot(h, person);
    if (s->id == person) s->id = 0;
}

static void few_add(struct host *h, struct few *f, int64_t person)
{
    map_put_id(&f->ids, (uint64_t)person, h);
}

/* 0: the table certainly has no row of this person. */
static int few_may_have(struct host *h, struct few *f, const char *sql, int64_t person)
{
    if (!f->loaded) {
        sqlite3_stmt *st = db_query(&h->db, sql, "");
        int rc;
        while ((rc = db_step(&h->db, st)) == 1) few_add(h, f, sqlite3_column_int64(st, 0));
        if (rc < 0) return 1; /* not known: the table is asked */
        f->loaded = 1;
    }
    return map_get_id(&f->ids, (uint64_t)person) != NULL;
}

int people_may_have_roles(struct host *h, int64_t person)
{
    return few_may_have(h, &people_of(h)->holders, HOLDERS, person);
}

void people_has_roles(struct host *h, int64_t person)
{
    few_add(h, &people_of(h)->holders, person);
}

int people_may_be_held(struct host *h, int64_t person)
{
    return few_may_have(h, &people_of(h)->held, HELD, person);
}

void people_is_held(struct host *h, int64_t person)
{
    few_add(h, &people_of(h)->held, person);
}

/* ---- who is it ------------------------------------------------------------------------------- */

/* A row of persons, as read or as it is to be. */
struct row {
    int64_t id;
    int blocked;
    char name[NAME_MAX_BYTES + 4], phone[20], language[8];
    char gateway[40], session[80], chat[ALIAS_MAX];
    int64_t wrote_at; /* 0 = never */
};

static void copy(char *dst, size_t cap, const char *src)
{
    size_t len = src ? strlen(src) : 0;
    if (len >= cap) len = text_prefix(src, len, cap - 1);
    if (src && len) memcpy(dst, src, len);
    dst[len] = '\0';
}

/* 1 found, 0 nobody, -1 error. */
static int find(struct host *h, const char *alias, struct row *out)
{
    sqlite3_stmt *st = db_query(&h->db, FIND, "s", alias);
    int rc = db_step(&h->db, st);
    if (rc != 1) return rc;
    out->id = sqlite3_column_int64(st, 0);
    copy(out->name, sizeof out->name, db_text(st, 1));
    copy(out->phone, sizeof out->phone, db_text(st, 2));
    copy(out->language, sizeof out->language, db_text(st, 3));
    out->blocked = sqlite3_column_int(st, 4);
    copy(out->gateway, sizeof out->gateway, db_text(st, 5));
    copy(out->session, sizeof out->session, db_text(st, 6));
    copy(out->chat, sizeof out->chat, db_text(st, 7));
    out->wrote_at = sqlite3_column_int64(st, 8);
    db_done(st);
    return 1;
}

/* NULL instead of "": what is not known is NULL in the table. */
static const char *known(const char *s)
{
    return *s ? s : NULL;
}

static int insert(struct host *h, struct row *p)
{
    if (db_exec(&h->db, INSERT, "sssssii", p->name, known(p->phone), known(p->gateway),
                known(p->session), known(p->chat), p->wrote_at, clock_ms()))
        return -1;
    p->id = db_insert_id(&h->db);
    return 0;
}

static void alias_of(char out[ALIAS_MAX], const char *prefix, const char *id)
{
    snprintf(out, ALIAS_MAX, "%s%.*s", prefix, (int)strcspn(id, "@"), id);
}

/* What this message tells about the person. Returns 1 when something is new. */
static int learn(struct row *p, const char *gateway, const char *session, const char *chat,
                 const char *phone, const char *name)
{
    struct row before = *p;
    char clean[NAME_MAX_BYTES + 4];
    size_t len = name ? strlen(name) : 0;
    const char *trimmed = len ? text_trim(name, &len) : "";
    if (len) {
        text_clean(clean, sizeof clean - 3, trimmed, len);
        copy(p->name, sizeof p->name, clean);
    }
    if (phone) copy(p->phone, sizeof p->phone, phone);
    if (gateway && chat) {
        copy(p->gateway, sizeof p->gateway, gateway);
        copy(p->session, sizeof p->session, session);
        copy(p->chat, sizeof p->chat, chat);
        int64_t now = clock_ms();
        if (now - p->wrote_at > HOUR_MS) p->wrote_at = now; /* not a write a message */
    }
    return before.wrote_at != p->wrote_at || strcmp(before.name, p->name) ||
           strcmp(before.phone, p->phone) || strcmp(before.gateway, p->gateway) ||
           strcmp(before.session, p->session) || strcmp(before.chat, p->chat);
}

static int update(struct host *h, const struct row *p)
{
    return db_exec(&h->db, UPDATE, "isssssi", p->id, p->name, known(p->phone), known(p->gateway),
                   known(p->session), known(p->chat), p->wrote_at)
               ? -1
               : 0;
}

static void remember(struct host *h, const struct row *p)
{
    struct seen *s = seen_slot(h, p->id);
    s->id = p->id;
    s->blocked = p->blocked;
    copy(s->name, sizeof s->name, p->name);
    copy(s->phone, sizeof s->phone, p->phone);
    copy(s->language, sizeof s->language, p->language);
}

/* ---- two that are one ------------------------------------------------------------------------ */

static int plugin_columns(struct host *h, int64_t from, int64_t into)
{
    const struct registry *r = h->registry;
    for (size_t i = 0; r && i < r->person_column_count; i++) {
        const struct person_column *c = r->person_columns[i];
        char sql[400]; /* names that the registry has checked; rare, so it is prepared anew */
        snprintf(sql, sizeof sql, "UPDATE OR IGNORE \"%s\" SET \"%s\" = %lld WHERE \"%s\" = %lld",
                 c->table, c->column, (long long)into, c->column, (long long)from);
        if (db_script(&h->db, sql)) {
            log_error("people", "a plugin's person column could not be merged",
                      LOG_STR("table", c->table), LOG_STR("error", h->db.error));
            return -1;
        }
    }
    return 0;
}

/* Events that are already in memory. They keep their place in their own queue. */
static void queued_events(struct host *h, int64_t from, int64_t into)
{
    struct chat *chat = map_get_id(&h->loop.chats, (uint64_t)from);
    struct event *ev;
    if (!chat) return;
    TAILQ_FOREACH(ev, &chat->events, link) ev->person = into;
    if (chat->waiting) chat->waiting->person = into;
}

static int merge(struct host *h, int64_t from, int64_t into)
{
    char body[80];
    if (db_script(&h->db, "SAVEPOINT person_merge")) return -1;
    for (size_t i = 0; i < BOT_COUNT(merges); i++)
        if (db_exec(&h->db, merges[i], "ii", from, into)) goto fail;
    if (plugin_columns(h, from, into)) goto fail;
    int len = snprintf(body, sizeof body, "{\"from\":%lld,\"into\":%lld}", (long long)from,
                       (long long)into);
    if (h->registry && registry_hooks(h->registry, "person.merged") &&
        inbox_emit(h, NULL, "person.merged", NULL, 0, body, (size_t)len))
        goto fail;
    if (db_script(&h->db, "RELEASE person_merge")) goto fail;
    queued_events(h, from, into);
    people_has_roles(h, into);
    people_is_held(h, into);
    people_forget(h, from);
    people_forget(h, into);
    log_info("people", "two persons are one", LOG_INT("from", from), LOG_INT("into", into));
    return 0;
fail:
    db_script(&h->db, "ROLLBACK TO person_merge; RELEASE person_merge");
    return -1;
}

/* The person of both aliases; makes him, links the alias that is new, merges two. 0 or -1. */
static int person_of(struct host *h, const char *phone_alias, const char *lid_alias, struct row *p)
{
    struct row other = { 0 };
    int by_phone = phone_alias ? find(h, phone_alias, p) : 0;
    int by_lid = by_phone >= 0 && lid_alias ? find(h, lid_alias, by_phone ? &other : p) : 0;
    if (by_phone < 0 || by_lid < 0) return -1;
    if (by_phone && by_lid && p->id != other.id) {
        if (merge(h, other.id, p->id)) return -1;
        return find(h, phone_alias, p) == 1 ? 0 : -1;
    }
    if (!by_phone && !by_lid) return 0; /* new: the caller inserts */
    if (phone_alias && !by_phone && db_exec(&h->db, INSERT_ALIAS, "si", phone_alias, p->id))
        return -1;
    if (lid_alias && !by_lid && db_exec(&h->db, INSERT_ALIAS, "si", lid_alias, p->id)) return -1;
    int learned = (phone_alias && !by_phone) || (lid_alias && !by_lid);
    if (learned && blocks_learned(h, p->id)) return -1;
    return 0;
}

int64_t people_resolve(struct host *h, const char *gateway, const char *session, const char *chat,
                       const char *phone, const char *lid, const char *name)
{
    char number[20], phone_alias[ALIAS_MAX], lid_alias[ALIAS_MAX];
    struct row p = { 0 };
    if (phone && *phone) {
        if (text_phone(phone, number, sizeof number)) copy(number, sizeof number, phone);
        phone = number;
        alias_of(phone_alias, "p:", phone);
    } else {
        phone = NULL;
    }
    if (lid && !*lid) lid = NULL;
    if (lid) alias_of(lid_alias, "l:", lid);
    if (!phone && !lid) { /* a network without either: its chat is all that there is */
        snprintf(lid_alias, sizeof lid_alias, "c:%s:%s", gateway ? gateway : "", chat ? chat : "");
        lid = lid_alias;
    }
    const char *a = phone ? phone_alias : NULL, *b = lid ? lid_alias : NULL;
    if (person_of(h, a, b, &p)) return -1;
    int is_new = !p.id;
    int changed = learn(&p, gateway, session, chat, phone, name);
    if (is_new) {
        if (insert(h, &p)) return -1;
        if (a && db_exec(&h->db, INSERT_ALIAS, "si", a, p.id)) return -1;
        if (b && db_exec(&h->db, INSERT_ALIAS, "si", b, p.id)) return -1;
    } else if (changed && update(h, &p)) {
        return -1;
    }
    remember(h, &p);
    return p.id;
}

/* ---- for an event ---------------------------------------------------------------------------- */

static int is_super_phone(const struct host *h, const char *phone)
{
    for (size_t i = 0; phone && *phone && i < h->super_admin_count; i++)
        if (!strcmp(h->super_admins[i], phone)) return 1;
    return 0;
}

int people_load(struct event *ev)
{
    struct host *h = ev->host;
    struct seen loaded, *s = seen_slot(h, ev->person);
    if (s->id != ev->person || !ev->person) {
        sqlite3_stmt *st = db_query(&h->db, LOAD, "i", ev->person);
        int rc = db_step(&h->db, st);
        if (rc != 1) return -1;
        s = &loaded;
        copy(s->name, sizeof s->name, db_text(st, 0));
        copy(s->phone, sizeof s->phone, db_text(st, 1));
        copy(s->language, sizeof s->language, db_text(st, 2));
        s->blocked = sqlite3_column_int(st, 3);
        db_done(st);
    }
    ev->person_name = arena_strdup(&ev->arena, s->name);
    ev->phone = *s->phone ? arena_strdup(&ev->arena, s->phone) : NULL;
    ev->language = *s->language ? arena_strdup(&ev->arena, s->language) : h->language;
    ev->person_blocked = s->blocked;
    if (is_super_phone(h, ev->phone)) map_put_id(&h->supers, (uint64_t)ev->person, h);
    return 0;
}

int people_is_super(struct host *h, int64_t person)
{
    if (map_get_id(&h->supers, (uint64_t)person)) return 1;
    if (!h->super_admin_count) return 0;
    sqlite3_stmt *st = db_query(&h->db, PHONE, "i", person);
    int found = db_step(&h->db, st) == 1 && is_super_phone(h, db_text(st, 0));
    db_done(st);
    if (found) map_put_id(&h->supers, (uint64_t)person, h);
    return found;
}

int people_phone(struct host *h, int64_t person, char *out, size_t cap)
{
    sqlite3_stmt *st = db_query(&h->db, PHONE, "i", person);
    int found = db_step(&h->db, st) == 1 && *db_text(st, 0);
    if (found) copy(out, cap, db_text(st, 0));
    db_done(st);
    return found ? 0 : -1;
}

int64_t people_by_phone(struct host *h, const char *phone)
{
    char alias[ALIAS_MAX];
    alias_of(alias, "p:", phone);
    return db_int(&h->db, 0, BY_ALIAS, "s", alias);
}

int people_has_phone(struct host *h, int64_t person)
{
    const struct seen *s = seen_slot(h, person);
    if (s->id == person) return *s->phone != '\0';
    sqlite3_stmt *st = db_query(&h->db, PHONE, "i", person);
    int has = db_step(&h->db, st) == 1 && *db_text(st, 0);
    db_done(st);
    return has;
}

int64_t people_known(struct host *h, const char *phone, const char *lid)
{
    char alias[ALIAS_MAX];
    int64_t person = phone && *phone ? people_by_phone(h, phone) : 0;
    if (person || !lid || !*lid) return person;
    alias_of(alias, "l:", lid);
    return db_int(&h->db, 0, BY_ALIAS, "s", alias);
}

/* The session of a gateway that notices to new chats leave by. */
struct asking {
    struct gateway *gateway;
    struct arena *arena;
    const char *session;
};

static int ask_session(struct event *ev, void *arg)
{
    struct asking *q = arg;
    q->session = arena_strdup(q->arena, q->gateway->spec.default_session(&ev->ctx));
    return BOT_OK;
}

static const char *default_session(struct host *h, struct gateway *g, struct arena *arena)
{
    struct asking q = { g, arena, NULL };
    if (!g->spec.default_session) return "default";
    struct event *ev = event_new(h, EVENT_GATEWAY);
    event_invoke(ev, g->plugin, BOT_NO_STORE, ask_session, &q, "default_session");
    event_step_reset(ev);
    event_unref(ev);
    return q.session ? q.session : "default";
}

int people_address(struct host *h, int64_t person, struct arena *arena, const char **gateway,
                   const char **session, const char **chat)
{
    char address[ALIAS_MAX];
    sqlite3_stmt *st = db_query(&h->db, ADDRESS, "i", person);
    if (db_step(&h->db, st) != 1) return -1;
    *gateway = arena_strdup(arena, db_text(st, 0));
    *session = arena_strdup(arena, db_text(st, 1));
    *chat = arena_strdup(arena, db_text(st, 2));
    const char *phone = arena_strdup(arena, db_text(st, 3));
    db_done(st);
    if (**chat && registry_gateway(h->registry, *gateway)) return 0;
    struct gateway *g = h->registry->default_gateway;
    if (!*phone || !g || !g->plugin->started || !g->spec.address ||
        g->spec.address(phone, address, sizeof address))
        return -1;
    *gateway = g->plugin->name;
    *session = default_session(h, g, arena);
    *chat = arena_strdup(arena, address);
    return 0;
}
