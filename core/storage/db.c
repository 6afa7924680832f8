/* db.c - see db.h. */
#include "db.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/buf.h"
#include "../base/log.h"

static const char PRAGMAS[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0;" /* checkpoint.c */
    "PRAGMA foreign_keys = OFF;"     /* the core's own references; see people.c */
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -32768;" /* KiB: what 100,000 customers touch fits mostly; filled as needed
                                   */
    "PRAGMA trusted_schema = OFF;";

static int wal_grew(void *ctx, sqlite3 *sql, const char *name, int pages)
{
    (void)sql;
    (void)name;
    ((struct db *)ctx)->checkpoint.wal_pages = pages;
    return SQLITE_OK;
}

static void remember(struct db *db, int rc)
{
    db->last_error = rc;
    snprintf(db->error, sizeof db->error, "%s", sqlite3_errmsg(db->sql));
}

int db_open(struct db *db, const char *path, const char *vfs, char *error, size_t cap)
{
    memset(db, 0, sizeof *db);
    mode_t mask = umask(077);
    int rc = sqlite3_open_v2(path, &db->sql,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, vfs);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(db->sql, 1);
        sqlite3_busy_timeout(db->sql, 5000);
        rc = sqlite3_exec(db->sql, PRAGMAS, NULL, NULL, NULL);
    }
    umask(mask);
    if (rc != SQLITE_OK) {
        snprintf(error, cap, "cannot open the database %s: %s", path,
                 db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(rc));
        sqlite3_close_v2(db->sql);
        db->sql = NULL;
        return -1;
    }
    sqlite3_wal_hook(db->sql, wal_grew, db);
    sync_time_begin(&db->sync, db->sql);
    db->path = xstrdup(path);
    db->vfs = vfs;
    return 0;
}

void db_close(struct db *db)
{
    if (!db->sql) return;
    size_t at = 0;
    for (sqlite3_stmt *st; (st = map_next(&db->statements, &at, NULL));) sqlite3_finalize(st);
    map_free(&db->statements);
    sqlite3_close_v2(db->sql);
    db->sql = NULL;
    free(db->path);
    db->path = NULL;
}

sqlite3 *db_open_reader(const char *path, const char *vfs)
{
    sqlite3 *sql = NULL;
    int rc = sqlite3_open_v2(path, &sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs);
    if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(sql, 2000);
    /* The last one is for checkpoints: they sync, and need the schema read and the WAL opened. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(sql,
                          "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0;"
                          "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL;",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK) return sql;
    sqlite3_close_v2(sql);
    return NULL;
}

sqlite3_stmt *db_statement(struct db *db, const char *sql)
{
    sqlite3_stmt *st = map_get_id(&db->statements, (uint64_t)(uintptr_t)sql);
    if (st) {
        sqlite3_reset(st);
        return st;
    }
    int rc = sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
    if (rc != SQLITE_OK) {
        remember(db, rc);
        log_error("database", "a statement of the core does not compile",
                  LOG_STR("error", db->error));
        return NULL;
    }
    map_put_id(&db->statements, (uint64_t)(uintptr_t)sql, st);
    return st;
}

static int bind_all(sqlite3_stmt *st, const char *types, va_list ap)
{
    int rc = SQLITE_OK;
    for (int i = 1; *types && rc == SQLITE_OK; types++, i++) {
        const void *data;
        size_t len;
        switch (*types) {
        case 'i':
            rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
            break;
        case 's':
            rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
            break;
        case 't':
            data = va_arg(ap, const void *);
            len = va_arg(ap, size_t);
            rc = sqlite3_bind_text(st, i, data, (int)len, SQLITE_STATIC);
            break;
        case 'b':
            data = va_arg(ap, const void *);
            len = va_arg(ap, size_t);
            rc = data ? sqlite3_bind_blob64(st, i, data, len, SQLITE_STATIC)
                      : sqlite3_bind_null(st, i);
            break;
        default:
            rc = sqlite3_bind_null(st, i);
            break;
        }
    }
    return rc;
}

int db_is_lost(const struct db *db)
{
    return db->in_turn && sqlite3_get_autocommit(db->sql);
}

static sqlite3_stmt *query_va(struct db *db, const char *sql, const char *types, va_list ap)
{
    if (db_is_lost(db)) {
        if (!db->last_error) db->last_error = SQLITE_ABORT_ROLLBACK;
        return NULL;
    }
    sqlite3_stmt *st = db_statement(db, sql);
    if (!st) return NULL;
    int rc = bind_all(st, types, ap);
    if (rc == SQLITE_OK) return st;
    remember(db, rc);
    return NULL;
}

sqlite3_stmt *db_query(struct db *db, const char *sql, const char *types, ...)
{
    va_list ap;
    va_start(ap, types);
    sqlite3_stmt *st = query_va(db, sql, types, ap);
    va_end(ap);
    return st;
}

int db_step(struct db *db, sqlite3_stmt *st)
{
    if (!st) return -1;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) return 1;
    if (rc != SQLITE_DONE) remember(db, rc);
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? 0 : -1;
}

void db_done(sqlite3_stmt *st)
{
    if (st) sqlite3_reset(st);
}

int db_exec(struct db *db, const char *sql, const char *types, ...)
{
    va_list ap;
    va_start(ap, types);
    sqlite3_stmt *st = query_va(db, sql, types, ap);
    va_end(ap);
    if (!st) return db->last_error ? db->last_error : SQLITE_ERROR;
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) continue;
    if (rc != SQLITE_DONE) remember(db, rc);
    sqlite3_reset(st);
    return rc == SQLITE_DONE ? 0 : rc;
}

int64_t db_int(struct db *db, int64_t otherwise, const char *sql, const char *types, ...)
{
    va_list ap;
    va_start(ap, types);
    sqlite3_stmt *st = query_va(db, sql, types, ap);
    va_end(ap);
    int64_t value = otherwise;
    if (db_step(db, st) == 1) {
        if (sqlite3_column_type(st, 0) != SQLITE_NULL) value = sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    return value;
}

void db_failed(struct db *db, int rc)
{
    remember(db, rc);
}

int db_is_broken(const struct db *db)
{
    int rc = db->last_error & 0xff;
    return rc == SQLITE_FULL || rc == SQLITE_IOERR || rc == SQLITE_NOMEM;
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->sql);
}

int64_t db_insert_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->sql);
}

const char *db_text(sqlite3_stmt *st, int column)
{
    const char *s = (const char *)sqlite3_column_text(st, column);
    return s ? s : "";
}

int db_script(struct db *db, const char *sql)
{
    if (db_is_lost(db)) return SQLITE_ABORT_ROLLBACK;
    int rc = sqlite3_exec(db->sql, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK) remember(db, rc);
    return rc;
}
