/* media.c - see media.h.
 *
 * The bytes are on disk before their row is: a crash in between leaves a file that nobody names and
 * that the same picture finds again. A row goes before its file does. */
#include "media.h"

#include "../../config/config.h"
#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/clock.h"
#include "../host.h"
#include "pool.h"

static const char FIND[] = "SELECT hash, type, name, size FROM media WHERE id = ?1";
static const char INSERT[] =
    "INSERT INTO media(hash, type, name, size, created_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
    " ON CONFLICT(hash) DO UPDATE SET used_at = max(used_at, excluded.used_at) RETURNING id";
static const char TOUCH[] = "UPDATE media SET used_at = max(used_at, ?2) WHERE id = ?1";
static const char OLD[] =
    "DELETE FROM media WHERE id IN"
    " (SELECT id FROM media WHERE used_at < ?1 ORDER BY used_at LIMIT ?2) RETURNING hash";

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

int media_prune(struct host *h, int64_t before, int64_t count)
{
    struct arena m = { 0 };
    sqlite3_stmt *st = db_query(&h->db, OLD, "ii", before, count);
    const char *folder = media_folder(h, &m);
    int rc, found = 0;
    while ((rc = db_step(&h->db, st)) == 1) {
        struct pool_job *job = xcalloc(1, sizeof *job);
        job->run = media_remove; /* nobody waits for it */
        job->out_cap = 1;
        job->input = media_pack_file(folder, db_text(st, 0), 0, &job->input_len);
        stage_job(h, job);
        found++;
    }
    arena_free(&m);
    return rc < 0 ? -1 : found == count;
}
