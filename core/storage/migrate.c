/* migrate.c - see migrate.h.
 *
 * Which migrations have run is in the table `migrations`; an id that is there is never run again,
 * whatever its SQL says now. Each row also says, as min_reader, the oldest version of the plugin
 * that can still work with the tables: it rises with a step that breaks older code - anything but
 * CREATE and ADD COLUMN - so that an older file can be put back as long as none of those lies
 * between. */
#include "migrate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../host.h"
#include "schema.h"
#include "statement.h"

static const char CREATE_MIGRATIONS[] =
    "CREATE TABLE IF NOT EXISTS migrations ("
    " plugin TEXT NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL,"
    " min_reader INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (plugin, id)) STRICT, WITHOUT ROWID;";
/* Of a database from before there was a min_reader nobody knows what its steps have broken. */
static const char ADD_MIN_READER[] =
    "ALTER TABLE migrations ADD COLUMN min_reader INTEGER NOT NULL DEFAULT 0;"
    "UPDATE migrations SET min_reader = id;";
static const char NEWEST[] = "SELECT max(id), max(min_reader) FROM migrations WHERE plugin = ?1";
static const char KNOWN[] =
    "SELECT 1 FROM kv WHERE plugin = 'core' AND scope = 0 AND store = 0 AND"
    " person = 0 AND key = 'build/' || ?1 UNION ALL SELECT 1 FROM migrations"
    " WHERE plugin = ?1 LIMIT 1";
static const char RECORD[] =
    "INSERT INTO migrations(plugin, id, at, min_reader) VALUES (?1, ?2, ?3, ?4)";

struct run {
    struct host *host;
    struct plugin *owner; /* NULL: the core */
    const char *name;
    int replaces; /* an older generation of it is in use: nothing may break that */
    int64_t min_reader;
    struct buf *error;
};

/* ---- one step -------------------------------------------------------------------------------- */

/* The n-th word of a statement, comments not counted. */
static const char *word_of(const char *sql, int n)
{
    const char *s = sql;
    for (;; n--) {
        s = statement_skip_blank(s);
        if (n == 0 || !*s) return s;
        const char *past = statement_skip_quoted(s); /* a quoted name is one word */
        if (past != s)
            s = past;
        else
            while (*s && !isspace((unsigned char)*s) && *s != '(') s++;
        while (*s == '.') { /* main.name */
            s = statement_skip_quoted(s + 1) != s + 1 ? statement_skip_quoted(s + 1) : s + 1;
            while (*s && !isspace((unsigned char)*s) && *s != '(') s++;
        }
    }
}

static int is_word(const char *sql, int n, const char *word)
{
    const char *s = word_of(sql, n);
    size_t len = strlen(word);
    return !strncasecmp(s, word, len) && !isalnum((unsigned char)s[len]) && s[len] != '_';
}

/* What the authorizer has seen of a statement, and its words: does older code still work? */
static int breaks(const struct migrating *m, const char *sql)
{
    if (m->on_new_table) return 0; /* nobody else knows it */
    int is_unique = is_word(sql, 0, "create") && is_word(sql, 1, "unique");
    return m->drops || m->changes_rows || m->adds_trigger || is_unique ||
           (m->alters && !is_word(sql, 3, "add")); /* ALTER TABLE name ADD */
}

/* Runs the statements of one migration, each as the owner. *breaking: one of them breaks older
 * code. 0 or a code of SQLite's. */
static int run_script(struct run *r, struct migrating *m, const char *sql, int *breaking)
{
    struct host *h = r->host;
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK && *sql) {
        sqlite3_stmt *st = NULL;
        const char *rest = sql;
        migrating_begin(m, h);
        h->sql_owner = r->owner;
        h->migrating = m;
        rc = sqlite3_prepare_v2(h->db.sql, sql, -1, &st, &rest);
        if (rc == SQLITE_OK && st) {
            *breaking |= breaks(m, sql);
            while ((rc = sqlite3_step(st)) == SQLITE_ROW) continue;
            if (rc == SQLITE_DONE) rc = SQLITE_OK;
        }
        sqlite3_finalize(st);
        h->sql_owner = NULL;
        h->migrating = NULL;
        sql = rest;
    }
    if (rc != SQLITE_OK) db_failed(&h->db, rc);
    return rc;
}

static int run_one(struct run *r, const struct bot_migration_spec *step)
{
    struct host *h = r->host;
    struct migrating m = {
        0
    }; /* its own: min_reader must not depend on how many steps run at once */
    int breaking = step->breaking != 0;
    if (r->owner && statement_has_rollback(step->sql)) { /* a constraint or a trigger would end the
                                                            turns of others */
        buf_addf(r->error, "migration %u of %s says ROLLBACK: use ABORT or FAIL", step->id,
                 r->name);
        return -1;
    }
    int rc = run_script(r, &m, step->sql, &breaking);
    migrating_end(&m);
    if (rc == 0 && sqlite3_get_autocommit(h->db.sql)) {
        buf_addf(r->error,
                 "migration %u of %s ended the transaction: it may not contain COMMIT or ROLLBACK",
                 step->id, r->name);
        return -1;
    }
    if (rc == 0 && breaking && r->replaces) {
        buf_addf(
            r->error,
            "migration %u of %s changes tables that the running version uses (it does more than "
            "CREATE and ADD COLUMN): it needs a restart of the bot",
            step->id, r->name);
        return -1;
    }
    if (breaking) r->min_reader = step->id;
    if (rc == 0)
        rc = db_exec(&h->db, RECORD, "siii", r->name, (int64_t)step->id, clock_ms(), r->min_reader);
    if (rc == 0) return 0;
    buf_addf(r->error, "migration %u of %s failed: %s", step->id, r->name, h->db.error);
    if ((rc & 0xff) == SQLITE_AUTH)
        buf_addf(
            r->error,
            ": it may only make and use tables whose names begin with \"%s\", and no transaction "
            "of its own",
            r->owner->table_prefix);
    return -1;
}

/* ---- all of one plugin ----------------------------------------------------------------------- */

/* How many of `list` have run; -1 with a sentence when what has run is too new. */
static int64_t look(struct run *r, const struct bot_migration_spec *list, size_t count)
{
    struct db *db = &r->host->db;
    sqlite3_stmt *st = db_query(db, NEWEST, "s", r->name);
    int64_t newest = 0, known = count ? list[count - 1].id : 0;
    if (db_step(db, st) == 1) {
        newest = sqlite3_column_int64(st, 0);
        r->min_reader = sqlite3_column_int64(st, 1);
        db_done(st);
    }
    if (r->min_reader <= known) return newest;
    buf_addf(
        r->error,
        "the database holds version %lld of %s's tables, this %s knows %lld: install the newer "
        "one",
        (long long)newest, r->name, r->owner ? "plugin" : "Tokobot", (long long)known);
    return -1;
}

/* In the open transaction. How many steps ran, or -1. */
static int run_steps(struct run *r, const struct bot_migration_spec *list, size_t count)
{
    int64_t newest = look(r, list, count);
    int ran = 0, rc = newest < 0 ? -1 : 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        if (list[i].id > newest) {
            rc = run_one(r, &list[i]);
            ran++;
        }
    return rc == 0 ? ran : -1;
}

static int run_alone(struct run *r, const struct bot_migration_spec *list, size_t count)
{
    struct db *db = &r->host->db;
    int64_t newest = look(r, list, count);
    if (newest < 0) return -1;
    if (!count || newest >= list[count - 1].id) return 0;
    int rc = db_script(db, "BEGIN IMMEDIATE");
    if (rc == 0) {
        rc = run_steps(r, list, count) < 0 ? -1 : db_script(db, "COMMIT");
        if (rc != 0 && !sqlite3_get_autocommit(db->sql)) db_script(db, "ROLLBACK");
    }
    if (rc == 0)
        log_info("migrate", "tables are up to date", LOG_STR("of", r->name),
                 LOG_INT("version", list[count - 1].id));
    if (rc == 0) return 0;
    if (!r->error->len) buf_addf(r->error, "the database cannot be written: %s", db->error);
    return -1;
}

int migrate_core(struct host *h, struct buf *error)
{
    struct run r = { .host = h, .name = "core", .error = error };
    int rc = db_script(&h->db, CREATE_MIGRATIONS);
    if (rc == 0 && sqlite3_table_column_metadata(h->db.sql, NULL, "migrations", "min_reader", NULL,
                                                 NULL, NULL, NULL, NULL) != SQLITE_OK)
        rc = db_script(&h->db, ADD_MIN_READER);
    if (rc != 0) {
        buf_addf(error, "the database cannot be written: %s", h->db.error);
        return -1;
    }
    return run_alone(&r, core_migrations, core_migration_count);
}

int migrate_is_known(struct host *h, const char *plugin)
{
    return db_int(&h->db, 0, KNOWN, "s", plugin) == 1;
}

int migrate_plugin(struct host *h, struct plugin *p, struct buf *error)
{
    struct run r = { .host = h, .owner = p, .name = p->name, .error = error };
    return run_alone(&r, p->migrations, p->migration_count);
}

int migrate_in_turn(struct host *h, struct plugin *p, int replaces, struct buf *error)
{
    struct run r = { .host = h, .owner = p, .name = p->name, .replaces = replaces, .error = error };
    return run_steps(&r, p->migrations, p->migration_count) < 0 ? -1 : 0;
}
