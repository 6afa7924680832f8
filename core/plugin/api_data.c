/* api_data.c - SQL, rows, key-value and search for plugins. See plugin.h for the contracts. */
#include <string.h>

#include "../base/clock.h"
#include "../host.h"
#include "../storage/pool.h"
#include "../storage/search.h"
#include "../storage/statement.h"
#include "api.h"

enum { KEY_MAX = 200, VALUE_MAX = 1 << 20 };

static const char GET[] =
    "SELECT value FROM kv WHERE plugin = ?1 AND scope = ?2 AND store = ?3 AND person = ?4 AND key = ?5"
    " AND (expires_at IS NULL OR expires_at > ?6)";
static const char PUT[] =
    "INSERT INTO kv(plugin, scope, store, person, key, value, expires_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0))"
    " ON CONFLICT DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
static const char REMOVE[] =
    "DELETE FROM kv WHERE plugin = ?1 AND scope = ?2 AND store = ?3 AND person = ?4 AND key = ?5";

int api_db(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
           struct bot_rows **rows)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "db");
    return rc != BOT_OK ? rc : sql ? statement_run(ev, sql, args, n, rows) : BOT_EINVAL;
}

int api_row_next(struct bot_rows *rows)
{
    return rows ? rows_next(rows) : BOT_EINVAL;
}

static const struct rowset_cell *cell(const struct bot_rows *rows, uint32_t column)
{
    static const struct rowset_cell none = { BOT_NULL, 0, 0, "" };
    const struct rowset *set = rows->set;
    if (rows->at < 0 || (size_t)rows->at >= set->count || column >= set->columns) return &none;
    return &set->cells[(size_t)rows->at * set->columns + column];
}

int64_t api_row_int(struct bot_rows *rows, uint32_t column)
{
    if (!rows) return 0;
    if (rows->set) return cell(rows, column)->integer;
    return rows->st ? sqlite3_column_int64(rows->st, (int)column) : 0;
}

const char *api_row_text(struct bot_rows *rows, uint32_t column)
{
    const char *text = NULL;
    if (rows && rows->set)
        text = cell(rows, column)->text;
    else if (rows && rows->st)
        text = (const char *)sqlite3_column_text(rows->st, (int)column);
    return text ? text : "";
}

const void *api_row_blob(struct bot_rows *rows, uint32_t column, size_t *len)
{
    const void *data = NULL;
    size_t n = 0;
    if (rows && rows->set) {
        data = cell(rows, column)->text;
        n = cell(rows, column)->len;
    } else if (rows && rows->st) {
        data = sqlite3_column_blob(rows->st, (int)column);
        n = (size_t)sqlite3_column_bytes(rows->st, (int)column);
    }
    if (len) *len = n;
    return data;
}

int api_row_type(struct bot_rows *rows, uint32_t column)
{
    static const int types[] = { 0, BOT_INT, BOT_REAL, BOT_TEXT, BOT_BLOB, BOT_NULL };
    if (rows && rows->set) return cell(rows, column)->type;
    return rows && rows->st ? types[sqlite3_column_type(rows->st, (int)column)] : BOT_NULL;
}

int64_t api_changes(struct bot_ctx *ctx)
{
    return event_of(ctx)->changes;
}

int64_t api_insert_id(struct bot_ctx *ctx)
{
    return event_of(ctx)->insert_id;
}

/* ---- key-value ------------------------------------------------------------------------------- */

struct place {
    int64_t store, person;
};

static int place_of(struct event *ev, int scope, struct place *p)
{
    *p = (struct place){ 0, 0 };
    switch (scope) {
    case BOT_KV_PLUGIN:
        return BOT_OK;
    case BOT_KV_STORE:
        if (ev->scope == BOT_NO_STORE || !ev->store) return BOT_ESCOPE;
        p->store = ev->store;
        return BOT_OK;
    case BOT_KV_PERSON:
        if (!ev->person) return BOT_EINVAL;
        p->store = ev->scope == BOT_NO_STORE ? 0 : ev->store;
        p->person = ev->person;
        return BOT_OK;
    case BOT_KV_EVENT:
        if (!ev->id) return BOT_EINVAL;
        if (ev->finished) return BOT_EGONE; /* nobody would remove it any more */
        p->person = ev->id;
        ev->used_kv = 1;
        return BOT_OK;
    default:
        return BOT_EINVAL;
    }
}

const char *api_kv_get(struct bot_ctx *ctx, int scope, const char *key, size_t *len)
{
    struct event *ev = event_of(ctx);
    struct place p;
    if (len) *len = 0;
    if (api_in_turn(ev, "kv_get") != BOT_OK || !key || place_of(ev, scope, &p) != BOT_OK)
        return NULL;
    struct db *db = &ev->host->db;
    sqlite3_stmt *st = db_query(db, GET, "siiisi", ev->plugin->name, (int64_t)scope, p.store,
                                p.person, key, clock_ms());
    if (db_step(db, st) != 1) return NULL;
    size_t n = (size_t)sqlite3_column_bytes(st, 0);
    const char *data = sqlite3_column_blob(st, 0);
    char *value = arena_memdup(&ev->step, data ? data : "", n);
    if (len) *len = n;
    db_done(st);
    return value;
}

int api_kv_set(struct bot_ctx *ctx, int scope, const char *key, const char *value, size_t len,
               int64_t expires)
{
    struct event *ev = event_of(ctx);
    struct place p;
    int rc = api_in_turn(ev, "kv_set");
    if (rc != BOT_OK) return rc;
    if (!key || strlen(key) > KEY_MAX || len > VALUE_MAX) return BOT_EINVAL;
    if ((rc = place_of(ev, scope, &p)) != BOT_OK) return rc;
    struct db *db = &ev->host->db;
    if (!value)
        rc = db_exec(db, REMOVE, "siiis", ev->plugin->name, (int64_t)scope, p.store, p.person, key);
    else
        rc = db_exec(db, PUT, "siiisbi", ev->plugin->name, (int64_t)scope, p.store, p.person, key,
                     value, len, expires);
    return rc == 0 ? BOT_OK : BOT_EIO;
}

/* ---- search ---------------------------------------------------------------------------------- */

int api_search_put(struct bot_ctx *ctx, const char *index, int64_t id, const char *text)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "search_put");
    if (rc != BOT_OK) return rc;
    if (ev->scope == BOT_NO_STORE || !ev->store) return BOT_ESCOPE;
    if (!index) return BOT_EINVAL;
    rc = search_put(ev->host->search, ev->plugin->name, index, ev->store, id, text);
    if (rc == BOT_EIO) db_failed(&ev->host->db, sqlite3_extended_errcode(ev->host->db.sql));
    return rc;
}

int api_search_find(struct bot_ctx *ctx, const char *index, const char *query,
                    struct bot_found *found, size_t cap)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "search_find");
    if (rc != BOT_OK) return rc;
    if (ev->scope == BOT_NO_STORE || !ev->store) return BOT_ESCOPE;
    if (!index || !query) return BOT_EINVAL;
    return search_find(ev->host->search, ev->plugin->name, index, ev->store, query, found, cap);
}
