/* migrate.c - see migrate.h. Which migrations have run is in the table `migrations`; an id that is
 * there is never run again, whatever its SQL says now. */
#include "migrate.h"

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
    " PRIMARY KEY (plugin, id)) STRICT, WITHOUT ROWID;";
static const char NEWEST[] = "SELECT max(id) FROM migrations WHERE plugin = ?1";
static const char RECORD[] = "INSERT INTO migrations(plugin, id, at) VALUES (?1, ?2, ?3)";

static int run_one(struct host *h, struct plugin *owner, const char *name,
                   const struct bot_migration_spec *m, struct buf *error)
{
    if (owner && statement_has_rollback(
                     m->sql)) { /* a constraint or a trigger would end the turns of others */
        buf_addf(error, "migration %u of %s says ROLLBACK: use ABORT or FAIL", m->id, name);
        return -1;
    }
    h->sql_owner = owner;
    h->sql_migrating = owner != NULL;
    int rc = db_script(&h->db, m->sql);
    h->sql_owner = NULL;
    h->sql_migrating = 0;
    if (rc == 0 && sqlite3_get_autocommit(h->db.sql)) {
        buf_addf(error,
                 "migration %u of %s ended the transaction: it may not contain COMMIT or ROLLBACK",
                 m->id, name);
        return -1;
    }
    if (rc == 0) rc = db_exec(&h->db, RECORD, "sii", name, (int64_t)m->id, clock_ms());
    if (rc == 0) return 0;
    buf_addf(error, "migration %u of %s failed: %s", m->id, name, h->db.error);
    return -1;
}

static int migrate(struct host *h, struct plugin *owner, const char *name,
                   const struct bot_migration_spec *list, size_t count, struct buf *error)
{
    int64_t newest = db_int(&h->db, 0, NEWEST, "s", name);
    int64_t known = 0;
    for (size_t i = 0; i < count; i++) known = list[i].id > known ? list[i].id : known;
    if (newest > known) {
        buf_addf(
            error,
            "the database holds version %lld of %s's tables, this %s knows %lld: install the newer one",
            (long long)newest, name, owner ? "plugin" : "Tokobot", (long long)known);
        return -1;
    }
    if (newest == known) return 0;
    if (db_script(&h->db, "BEGIN IMMEDIATE") != 0) {
        buf_addf(error, "the database cannot be written: %s", h->db.error);
        return -1;
    }
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        if (list[i].id > newest) rc = run_one(h, owner, name, &list[i], error);
    if (rc == 0 && db_script(&h->db, "COMMIT") != 0) {
        buf_addf(error, "the database cannot be written: %s", h->db.error);
        rc = -1;
    }
    if (rc != 0 && !sqlite3_get_autocommit(h->db.sql)) db_script(&h->db, "ROLLBACK");
    if (rc == 0)
        log_info("migrate", "tables are up to date", LOG_STR("of", name),
                 LOG_INT("version", known));
    return rc;
}

int migrate_core(struct host *h, struct buf *error)
{
    if (db_script(&h->db, CREATE_MIGRATIONS) != 0) {
        buf_addf(error, "the database cannot be written: %s", h->db.error);
        return -1;
    }
    return migrate(h, NULL, "core", core_migrations, core_migration_count, error);
}

int migrate_plugin(struct host *h, struct plugin *p, struct buf *error)
{
    return migrate(h, p, p->name, p->migrations, p->migration_count, error);
}
