/* media.c - see media.h.
 *
 * The bytes are on disk before their row is: a crash in between leaves a file that nobody names and
 * that the same picture finds again. A row goes before its file does, and only when no plugin's
 * media_column names it. */
#include "media.h"

#include "../../config/config.h"
#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/clock.h"
#include "../host.h"
#include "../plugin/registry.h"
#include "pool.h"

#include <string.h>

static const char FIND[] = "SELECT hash, type, name, size FROM media WHERE id = ?1";
static const char INSERT[] =
    "INSERT INTO media(hash, type, name, size, created_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
    " ON CONFLICT(hash) DO UPDATE SET used_at = max(used_at, excluded.used_at) RETURNING id";
static const char TOUCH[] = "UPDATE media SET used_at = max(used_at, ?2) WHERE id = ?1";
static const char OLD[] = "SELECT id, hash FROM media WHERE used_at < ?1 ORDER BY used_at LIMIT 1";
static const char REMOVE[] = "DELETE FROM media WHERE id = ?1";

/* Which columns of which tables name files, of plugins that are off, too. */
static const char COLUMN_ADD[] =
    "INSERT INTO kv(plugin, scope, store, person, key, value) VALUES ('core', 0, 0, 0,"
    " 'media/' || ?1 || '.' || ?2, x'') ON CONFLICT DO NOTHING";
static const char COLUMNS[] =
    "SELECT substr(key, 7) FROM kv WHERE plugin = 'core' AND scope = 0 AND store = 0 AND person = 0"
    " AND key > 'media/' AND key < 'media0'";

const char *media_folder(struct host *h, struct arena *arena)
{
    return arena_printf(arena, "%s/media", h->data_dir);
}

void media_open(struct host *h)
{
    struct arena m = { 0 };
    media_clean(media_folder(h, &m));
    arena_free(&m);
}

size_t media_max_bytes(const struct host *h)
{
    return (size_t)config_int(h->config, "limits", "media_mb") << 20;
}

int media_find(struct host *h, int64_t id, struct media *out, struct arena *arena)
{
    sqlite3_stmt *st = db_query(&h->db, FIND, "i", id);
    int rc = db_step(&h->db, st);
    if (rc != 1) return rc;
    *out = (struct media){ .id = id,
                           .size = sqlite3_column_int64(st, 3),
                           .hash = arena_strdup(arena, db_text(st, 0)),
                           .type = arena_strdup(arena, db_text(st, 1)),
                           .name = arena_strdup(arena, db_text(st, 2)) };
    db_done(st);
    return 1;
}

int64_t media_insert(struct host *h, const struct media_file *file, const char *name)
{
    sqlite3_stmt *st = db_query(&h->db, INSERT, "sssii", file->hash, file->type, name ? name : "",
                                file->size, clock_ms());
    if (db_step(&h->db, st) != 1) return -1;
    int64_t id = sqlite3_column_int64(st, 0);
    return db_step(&h->db, st) == 0 ? id : -1;
}

int media_touch(struct host *h, int64_t id)
{
    return db_exec(&h->db, TOUCH, "ii", id, clock_ms()) == 0 ? 0 : -1;
}

/* ---- what is old ----------------------------------------------------------------------------- */

static int columns_note(struct host *h)
{
    const struct registry *r = h->registry;
    const struct media_column *c;
    for (size_t i = 0; r && i < r->plugin_count; i++)
        STAILQ_FOREACH(c, &r->plugins[i]->media_columns, link)
    if (db_exec(&h->db, COLUMN_ADD, "ss", c->table, c->column) != 0) return -1;
    return 0;
}

/* 1 when table.column names the file, 0, -1. One that has gone names nothing. */
static int is_named_in(struct host *h, const char *where, int64_t id, struct arena *m)
{
    sqlite3_stmt *st = NULL;
    char *table = arena_strdup(m, where), *column = strchr(table, '.');
    if (!column) return 0;
    *column++ = '\0';
    if (sqlite3_table_column_metadata(h->db.sql, NULL, table, column, NULL, NULL, NULL, NULL,
                                      NULL) != SQLITE_OK)
        return 0;
    /* Names that the registry has checked; rare, so it is prepared anew. */
    const char *sql =
        arena_printf(m, "SELECT 1 FROM \"%s\" WHERE \"%s\" = ?1 LIMIT 1", table, column);
    if (sqlite3_prepare_v2(h->db.sql, sql, -1, &st, NULL) != SQLITE_OK) return -1;
    sqlite3_bind_int64(st, 1, id);
    int rc = sqlite3_step(st);
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

static int is_named(struct host *h, int64_t id, struct arena *m)
{
    sqlite3_stmt *st = db_query(&h->db, COLUMNS, "");
    int rc = 0, named = 0;
    while (!named && (rc = db_step(&h->db, st)) == 1)
        if ((named = is_named_in(h, db_text(st, 0), id, m)) != 0) db_done(st);
    return named ? named : rc;
}

static int take_away(struct host *h, int64_t id, const char *hash, struct arena *m)
{
    struct pool_job *job;
    if (db_exec(&h->db, REMOVE, "i", id) != 0) return -1;
    job = xcalloc(1, sizeof *job);
    job->run = media_remove; /* nobody waits for it */
    job->out_cap = 1;
    job->input = media_pack_file(media_folder(h, m), hash, 0, &job->input_len);
    stage_job(h, job);
    return 0;
}

int media_prune(struct host *h, int64_t before, int64_t count)
{
    struct arena m = { 0 };
    int rc = columns_note(h), found = 0;
    while (rc == 0 && found < count) {
        sqlite3_stmt *st = db_query(&h->db, OLD, "i", before);
        if ((rc = db_step(&h->db, st)) != 1) break;
        int64_t id = sqlite3_column_int64(st, 0);
        const char *hash = arena_strdup(&m, db_text(st, 1));
        db_done(st);
        found++;
        rc = is_named(h, id, &m);
        if (rc == 0)
            rc = take_away(h, id, hash, &m);
        else if (rc > 0)
            rc = media_touch(h, id); /* looked at again when it would be old again */
    }
    arena_free(&m);
    return rc < 0 ? -1 : found == count;
}
