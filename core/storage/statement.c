/* statement.c - see statement.h.
 *
 * The guard is one authorizer, set when the database is opened; it asks who owns the SQL that is
 * being prepared (SQLite also prepares again by itself when the schema has changed, so the owner is
 * set around running, too). A plugin may touch tables whose names begin with its own prefix, and
 * nothing else: no other tables, no PRAGMA, no transactions, no ATTACH, and DDL only while its
 * migrations run. */
#include "statement.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/log.h"
#include "../host.h"
#include "pool.h"

enum { TABLES_MAX = 16 };

/* Tables that the statement being prepared touches; the loop's thread only. */
static struct {
    const char *names[TABLES_MAX];
    char memory[1024];
    size_t used;
    int count;
    int too_many;
} touched;

static void touch(const char *table)
{
    for (int i = 0; i < touched.count; i++)
        if (!strcmp(touched.names[i], table)) return;
    size_t len = strlen(table) + 1;
    if (touched.count == TABLES_MAX || touched.used + len > sizeof touched.memory) {
        touched.too_many = 1;
        return;
    }
    touched.names[touched.count++] = memcpy(touched.memory + touched.used, table, len);
    touched.used += len;
}

static int has_prefix(const struct plugin *p, const char *table)
{
    return !strncmp(table, p->table_prefix, strlen(p->table_prefix));
}

/* "shop_admin_x" is shop-admin's, not shop's. */
static int is_own(const struct plugin *p, const char *table)
{
    if (!table || !has_prefix(p, table)) return 0;
    const struct registry *r = p->host->registry;
    for (size_t i = 0; i < r->plugin_count; i++)
        if (strlen(r->plugins[i]->table_prefix) > strlen(p->table_prefix) &&
            has_prefix(r->plugins[i], table))
            return 0;
    return 1;
}

void migrating_begin(struct migrating *m, struct host *h)
{
    m->host = h;
    m->drops = m->alters = m->adds_trigger = m->changes_rows = m->on_new_table = 0;
}

void migrating_end(struct migrating *m)
{
    map_free(&m->created);
}

static int is_table(struct host *h, const char *name)
{
    return sqlite3_table_column_metadata(h->db.sql, NULL, name, NULL, NULL, NULL, NULL, NULL,
                                         NULL) == SQLITE_OK;
}

/* Notes what a migration's statement does, for migrate.c; who may do it is another question. */
static void look_on(struct migrating *m, int action, const char *a, const char *b)
{
    /* The table that an index, trigger or ALTER is of is in b; that of CREATE and DROP TABLE in a.
     */
    switch (action) {
    case SQLITE_CREATE_TABLE: /* also for IF NOT EXISTS of one that exists */
        if (a && !is_table(m->host, a)) map_put(&m->created, a, m);
        break;
    case SQLITE_CREATE_INDEX:
        m->on_new_table = b && map_get(&m->created, b) != NULL;
        break;
    case SQLITE_CREATE_TRIGGER:
        m->adds_trigger = 1;
        m->on_new_table = b && map_get(&m->created, b) != NULL;
        break;
    case SQLITE_DROP_TABLE:
        m->drops = 1;
        m->on_new_table = a && map_get(&m->created, a) != NULL;
        break;
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW:
        m->drops = 1;
        break;
    case SQLITE_ALTER_TABLE:
        m->alters = 1;
        m->on_new_table = b && map_get(&m->created, b) != NULL;
        break;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        if (a && strncmp(a, "sqlite_", 7) != 0 && !map_get(&m->created, a)) m->changes_rows = 1;
        break;
    default: /* DROP INDEX costs time, and breaks nothing */
        break;
    }
}

static int guard_ddl(const struct host *h, const struct plugin *p, int action, const char *a,
                     const char *b)
{
    if (!h->migrating) return SQLITE_DENY;
    switch (action) {
    case SQLITE_CREATE_INDEX:
    case SQLITE_DROP_INDEX:
        /* SQLite's own name for the index of a PRIMARY KEY or UNIQUE; nobody else may use it. */
        if (a && !strncmp(a, "sqlite_autoindex_", 17))
            return is_own(p, b) ? SQLITE_OK : SQLITE_DENY;
        return is_own(p, a) && is_own(p, b) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_DROP_TRIGGER:
        return is_own(p, a) && is_own(p, b) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_ALTER_TABLE:
        return is_own(p, b) ? SQLITE_OK : SQLITE_DENY;
    default:
        return is_own(p, a) ? SQLITE_OK : SQLITE_DENY;
    }
}

static int guard(void *ctx, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)c;
    (void)d;
    const struct host *h = ctx;
    const struct plugin *p = h->sql_owner;
    if (h->migrating) look_on(h->migrating, action, a, b);
    if (!p) return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        if (is_own(p, a)) {
            touch(a);
            return SQLITE_OK;
        }
        /* DDL reads and writes the schema table; only migrations get that far. */
        return h->migrating && a && !strncmp(a, "sqlite_", 7) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_VIEW:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW:
    case SQLITE_ALTER_TABLE:
        return guard_ddl(h, p, action, a, b);
    case SQLITE_REINDEX:
        return h->migrating ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

void statement_guard(struct host *h)
{
    sqlite3_set_authorizer(h->db.sql, guard, h);
}

const char *statement_skip_quoted(const char *s)
{
    char end = *s == '[' ? ']' : *s == '\'' || *s == '"' || *s == '`' ? *s : 0;
    const char *after = NULL;
    if (end)
        after = strchr(s + 1, end);
    else if (!strncmp(s, "--", 2))
        after = strchr(s, '\n');
    else if (!strncmp(s, "/*", 2))
        after = (after = strstr(s + 2, "*/")) ? after + 1 : NULL;
    else
        return s;
    return after ? after + 1 : s + strlen(s);
}

/* A plugin's statement could otherwise end the turn's transaction: INSERT OR ROLLBACK, ON CONFLICT
 * ROLLBACK and RAISE(ROLLBACK) all contain the word outside a literal. */
int statement_has_rollback(const char *sql)
{
    for (const char *s = sql; *s;) {
        const char *past = statement_skip_quoted(s);
        if (past != s) {
            s = past;
        } else if (isalpha((unsigned char)*s) || *s == '_') {
            const char *word = s;
            while (isalnum((unsigned char)*s) || *s == '_') s++;
            if (s - word == 8 && !strncasecmp(word, "rollback", 8)) return 1;
        } else {
            s++;
        }
    }
    return 0;
}

int statement_error(int rc)
{
    switch (rc) {
    case SQLITE_OK:
    case SQLITE_DONE:
        return BOT_OK;
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return BOT_EEXIST;
    case SQLITE_AUTH:
        return BOT_ESCOPE;
    default:
        if ((rc & 0xff) == SQLITE_CONSTRAINT || (rc & 0xff) == SQLITE_MISMATCH)
            return BOT_ECONSTRAINT;
        return (rc & 0xff) == SQLITE_ERROR ? BOT_EINVAL : BOT_EIO;
    }
}

static void complain(const struct plugin *p, const char *what, const char *detail, const char *sql)
{
    char head[81];
    snprintf(head, sizeof head, "%s", sql);
    log_error("sql", what, LOG_STR("plugin", p->name), LOG_STR("error", detail),
              LOG_STR("statement", head));
}

static void name_params(struct statement *stmt)
{
    stmt->params = sqlite3_bind_parameter_count(stmt->st);
    stmt->names = xcalloc((size_t)stmt->params + 1, sizeof *stmt->names);
    for (int i = 1; i <= stmt->params; i++) {
        const char *name = sqlite3_bind_parameter_name(stmt->st, i);
        name = name && name[0] ? name + 1 : "";
        stmt->names[i - 1].name = name;
        stmt->names[i - 1].arg = -1;
        if (!strcmp(name, "store")) stmt->store_param = i;
        if (!strcmp(name, "person")) stmt->person_param = i;
    }
}

const char *statement_skip_blank(const char *s)
{
    while (isspace((unsigned char)*s) || !strncmp(s, "--", 2) || !strncmp(s, "/*", 2))
        s = isspace((unsigned char)*s) ? s + 1 : statement_skip_quoted(s);
    return s;
}

/* Whether there is anything but white space, comments and semicolons. */
static int is_more(const char *s)
{
    while (*(s = statement_skip_blank(s)) == ';') s++;
    return *s != 0;
}

static int prepare(struct host *h, struct plugin *p, const char *sql, sqlite3_stmt **st)
{
    memset(&touched, 0, sizeof touched);
    struct plugin *owner = h->sql_owner;
    h->sql_owner = p;
    const char *tail = NULL;
    int rc = sqlite3_prepare_v3(h->db.sql, sql, -1, SQLITE_PREPARE_PERSISTENT, st, &tail);
    h->sql_owner = owner;
    if (rc == SQLITE_OK && (!*st || (tail && is_more(tail)))) {
        complain(p, "db() takes one statement", "there is more than one, or none", sql);
        sqlite3_finalize(*st);
        *st = NULL;
        return BOT_EINVAL;
    }
    if (rc != SQLITE_OK) {
        complain(p, "a statement was refused", sqlite3_errmsg(h->db.sql), sql);
        return rc == SQLITE_AUTH ? BOT_ESCOPE : BOT_EINVAL;
    }
    return BOT_OK;
}

struct statement *statement_get(struct host *h, struct plugin *p, const char *sql, int *rc)
{
    struct statement *stmt = map_get_id(&p->statements, (uint64_t)(uintptr_t)sql);
    if (stmt) return stmt;
    if (statement_has_rollback(sql)) {
        complain(p, "a statement was refused", "ROLLBACK would undo other events' work", sql);
        *rc = BOT_EINVAL;
        return NULL;
    }
    sqlite3_stmt *st = NULL;
    if ((*rc = prepare(h, p, sql, &st)) != BOT_OK) return NULL;
    stmt = xcalloc(1, sizeof *stmt);
    stmt->st = st;
    stmt->sql = sql;
    stmt->readonly = sqlite3_stmt_readonly(st);
    stmt->scoped = touched.too_many;
    for (int i = 0; i < touched.count && !stmt->scoped; i++)
        stmt->scoped = sqlite3_table_column_metadata(h->db.sql, NULL, touched.names[i], "store",
                                                     NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
    name_params(stmt);
    map_put_id(&p->statements, (uint64_t)(uintptr_t)sql, stmt);
    return stmt;
}

static int bind_value(sqlite3_stmt *st, int i, const struct bot_arg *a, int copy)
{
    sqlite3_destructor_type keep = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
    switch (a->type) {
    case BOT_INT:
        return sqlite3_bind_int64(st, i, a->integer);
    case BOT_TEXT:
        return sqlite3_bind_text(st, i, a->data, (int)a->len, keep);
    case BOT_BLOB:
        return sqlite3_bind_blob(st, i, a->data, (int)a->len, keep);
    default:
        return sqlite3_bind_null(st, i);
    }
}

/* The argument for parameter `i`: the one that had this name (this very literal) last time, or a
 * search. */
static const struct bot_arg *find_arg(struct statement *stmt, int i, const struct bot_arg *args,
                                      size_t n)
{
    int hint = stmt->names[i].arg;
    if (hint >= 0 && (size_t)hint < n && args[hint].name == stmt->names[i].seen) return &args[hint];
    for (size_t k = 0; k < n; k++) {
        if (!args[k].name || strcmp(args[k].name, stmt->names[i].name)) continue;
        stmt->names[i].seen = args[k].name;
        stmt->names[i].arg = (int)k;
        return &args[k];
    }
    return NULL;
}

/* I7: rows of stores are reached through $store, which only the host binds, or by handlers declared
 * for all stores. */
static int check_scope(const struct event *ev, const struct statement *stmt)
{
    if (ev->scope == BOT_ALL_STORES) return BOT_OK;
    if (stmt->scoped && !stmt->store_param) {
        complain(ev->plugin, "a statement was refused", "it touches rows of stores without $store",
                 stmt->sql);
        return BOT_ESCOPE;
    }
    if (stmt->store_param && (ev->scope != BOT_THIS_STORE || !ev->store)) {
        complain(ev->plugin, "a statement was refused", "there is no store in this event",
                 stmt->sql);
        return BOT_ESCOPE;
    }
    return BOT_OK;
}

static int missing(const struct event *ev, const struct statement *stmt, int i)
{
    complain(ev->plugin, "a parameter has no value", stmt->names[i].name, stmt->sql);
    return BOT_EINVAL;
}

/* 1: parameter i (from 1) is the host's own: *value. */
static int host_value(const struct event *ev, const struct statement *stmt, int i, int64_t *value)
{
    *value = i == stmt->store_param ? ev->store : ev->person;
    return (i == stmt->store_param && ev->scope != BOT_ALL_STORES) ||
           (i == stmt->person_param && ev->person);
}

int statement_check(struct event *ev, struct statement *stmt, const struct bot_arg *args, size_t n)
{
    int64_t value;
    int rc = check_scope(ev, stmt);
    for (int i = 1; i <= stmt->params && rc == BOT_OK; i++)
        if (!host_value(ev, stmt, i, &value) && !find_arg(stmt, i - 1, args, n) &&
            !(i == stmt->store_param && ev->store))
            rc = missing(ev, stmt, i - 1);
    return rc;
}

int statement_bind(struct event *ev, struct statement *stmt, sqlite3_stmt *st,
                   const struct bot_arg *args, size_t n, int copy)
{
    int rc = check_scope(ev, stmt);
    if (rc != BOT_OK) return rc;
    for (int i = 1; i <= stmt->params; i++) {
        int64_t value;
        const struct bot_arg *a = NULL;
        if (host_value(ev, stmt, i, &value))
            rc = sqlite3_bind_int64(st, i, value);
        else if ((a = find_arg(stmt, i - 1, args, n)))
            rc = bind_value(st, i, a, copy);
        else if (i == stmt->store_param && ev->store)
            rc = sqlite3_bind_int64(st, i, value);
        else
            return missing(ev, stmt, i - 1);
        if (rc != SQLITE_OK) return statement_error(rc);
    }
    return BOT_OK;
}

static int run_failed(struct event *ev, struct statement *stmt, int rc)
{
    int error = statement_error(rc);
    if (error == BOT_EIO) db_failed(&ev->host->db, rc);
    if (error != BOT_EEXIST && error != BOT_ECONSTRAINT)
        complain(ev->plugin, "a statement failed", sqlite3_errmsg(ev->host->db.sql), stmt->sql);
    return error;
}

/* The host's own INSERTs between two steps give no ids to the plugin. */
static int step_as(struct event *ev, sqlite3_stmt *st)
{
    struct host *h = ev->host;
    struct plugin *owner = h->sql_owner;
    h->sql_owner = ev->plugin;
    sqlite3_set_last_insert_rowid(h->db.sql, ev->insert_id);
    int rc = sqlite3_step(st);
    ev->insert_id = sqlite3_last_insert_rowid(h->db.sql);
    h->sql_owner = owner;
    return rc;
}

/* What this statement changed: nothing of what the host or an earlier statement did. */
static void note_changes(struct event *ev, const struct statement *stmt)
{
    ev->changes = stmt->readonly ? 0 : sqlite3_changes64(ev->host->db.sql);
}

/* Runs to the end. */
static int run_now(struct event *ev, struct statement *stmt, sqlite3_stmt *st)
{
    int rc;
    while ((rc = step_as(ev, st)) == SQLITE_ROW) continue;
    int result = rc == SQLITE_DONE ? BOT_OK : run_failed(ev, stmt, rc);
    note_changes(ev, stmt);
    sqlite3_reset(st);
    return result;
}

int statement_run(struct event *ev, const char *sql, const struct bot_arg *args, size_t n,
                  struct bot_rows **rows)
{
    int rc = BOT_OK;
    if (rows) *rows = NULL;
    if (n && !args) return BOT_EINVAL;
    if (db_is_lost(&ev->host->db)) return BOT_EIO;
    struct statement *stmt = statement_get(ev->host, ev->plugin, sql, &rc);
    if (!stmt) return rc;
    sqlite3_stmt *st = stmt->st;
    int own = 0;
    if (stmt->busy) { /* used again while its cursor is open: a second copy for this once */
        if ((rc = prepare(ev->host, ev->plugin, sql, &st)) != BOT_OK) return rc;
        own = 1;
    }
    rc = statement_bind(ev, stmt, st, args, n, rows != NULL);
    if (rc == BOT_OK && !rows) rc = run_now(ev, stmt, st);
    if (rc != BOT_OK || !rows) {
        if (own) sqlite3_finalize(st);
        return rc;
    }
    struct bot_rows *r = arena_zalloc(&ev->step, sizeof *r);
    r->ev = ev;
    r->stmt = stmt;
    r->st = st;
    r->own = own;
    if (!own) stmt->busy = 1;
    r->next = ev->rows;
    ev->rows = r;
    *rows = r;
    return BOT_OK;
}

void rows_close(struct bot_rows *r)
{
    if (!r->st) return;
    sqlite3_reset(r->st);
    if (r->own)
        sqlite3_finalize(r->st);
    else
        r->stmt->busy = 0;
    r->st = NULL;
    r->state = 1;
}

int rows_next(struct bot_rows *r)
{
    if (r->state) return BOT_OK;
    if (r->set) {
        if ((size_t)++r->at < r->set->count) return BOT_ROW;
        r->state = 1;
        return BOT_OK;
    }
    if (db_is_lost(&r->ev->host->db)) return BOT_EIO;
    int rc = step_as(r->ev, r->st);
    if (rc == SQLITE_ROW) return BOT_ROW;
    int result = rc == SQLITE_DONE ? BOT_OK : run_failed(r->ev, r->stmt, rc);
    note_changes(r->ev, r->stmt);
    rows_close(r);
    return result;
}

void rows_close_since(struct event *ev, struct bot_rows *mark)
{
    for (; ev->rows != mark; ev->rows = ev->rows->next) rows_close(ev->rows);
}

void statements_free(struct plugin *p)
{
    size_t at = 0;
    for (struct statement *stmt; (stmt = map_next(&p->statements, &at, NULL));) {
        sqlite3_finalize(stmt->st);
        free(stmt->names);
        free(stmt);
    }
    map_free(&p->statements);
}
