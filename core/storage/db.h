/* db.h - the one writing connection, and the core's own statements on it. On the loop only.
 *
 * The core's SQL is constant text with ?1 ?2 ...; a statement is prepared once and found again by
 * the address of its text. Plugins' statements are in statement.h. */
#ifndef TOKOBOT_DB_H
#define TOKOBOT_DB_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/map.h"
#include "checkpoint.h"
#include "sync_time.h"

struct db {
    sqlite3 *sql;
    struct map statements; /* by address of the SQL text */
    const char *vfs;       /* NULL = the system's */
    char *path;
    int last_error; /* SQLite's code of the last failure, 0 = none */
    int in_turn;    /* between BEGIN and COMMIT: nothing runs once the transaction has ended */
    char error[200];
    struct sync_time sync; /* how long the disk took */
    struct checkpoint checkpoint;
};

/* Opens (making the file, 0600), WAL, synchronous=FULL. 0, or -1 with a sentence. */
int db_open(struct db *db, const char *path, const char *vfs, char *error, size_t cap);
void db_close(struct db *db);
/* Another connection, for the pool's threads: it reads, and checkpoints, but writes no row. */
sqlite3 *db_open_reader(const char *path, const char *vfs);

/* A statement, reset and with nothing bound; NULL when it does not compile (db->error). */
sqlite3_stmt *db_statement(struct db *db, const char *sql);
/* Binds ?1.. by `types`: i int64_t, s text or NULL (const char *), t text with length (const char
 * *, size_t), b blob with length (const void *, size_t), n NULL. Text and blobs must live until the
 * statement is done. */
sqlite3_stmt *db_query(struct db *db, const char *sql, const char *types,
                       ...); /* before the first row */
/* db_query and run to the end. 0, or SQLite's extended code (also in db->error). */
int db_exec(struct db *db, const char *sql, const char *types, ...);
/* The first column of the first row, or `otherwise`. */
int64_t db_int(struct db *db, int64_t otherwise, const char *sql, const char *types, ...);
int db_step(struct db *db,
            sqlite3_stmt *st);  /* 1 row, 0 end, -1 error (db->error); resets unless row */
void db_done(sqlite3_stmt *st); /* resets; NULL-safe */
/* 1: the turn's transaction has ended by itself. What ran now would be on disk at once, without the
 * rest of the turn, and again when the turn is repeated. */
int db_is_lost(const struct db *db);
void db_failed(struct db *db,
               int rc); /* remembers a failure of a statement that is not the core's */
/* 1: the disk or the memory failed in this step, not the caller: what SQLite has kept of it nobody
 * knows. */
int db_is_broken(const struct db *db);
int64_t db_changes(struct db *db);
int64_t db_insert_id(struct db *db);
const char *db_text(sqlite3_stmt *st, int column); /* "" for NULL; until the next step */
int db_script(struct db *db, const char *sql);     /* several statements; 0 or a code */

#endif
