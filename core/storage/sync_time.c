/* sync_time.c - see sync_time.h. SQLite's own files, with one method of theirs in between: a VFS of
 * our own would do the same with ten times the code. */
#include "sync_time.h"

#include "../base/clock.h"

#include <stddef.h>

static int sync_timed(sqlite3_file *file, int flags)
{
    const struct timed_file *t = (const struct timed_file *)file->pMethods;
    int64_t begun = clock_mono();
    int rc = t->real->xSync(file, flags);
    int64_t us = clock_mono() - begun;
    t->of->count++;
    t->of->us += us;
    if (us > t->of->longest_us) t->of->longest_us = us;
    return rc;
}

static void put_between(struct timed_file *t, struct sync_time *of, sqlite3 *sql, int which)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(sql, "main", which, &file) != SQLITE_OK) return;
    if (!file || !file->pMethods) return; /* in memory only */
    t->real = file->pMethods;
    t->of = of;
    t->methods = *file->pMethods;
    t->methods.xSync = sync_timed;
    file->pMethods = &t->methods;
}

void sync_time_begin(struct sync_time *t, sqlite3 *sql)
{
    *t = (struct sync_time){ 0 };
    sqlite3_exec(sql, "PRAGMA schema_version", NULL, NULL, NULL); /* a new file's WAL opens now */
    put_between(&t->database, t, sql, SQLITE_FCNTL_FILE_POINTER);
    put_between(&t->wal, t, sql, SQLITE_FCNTL_JOURNAL_POINTER);
}
