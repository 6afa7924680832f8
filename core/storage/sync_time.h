/* sync_time.h - how long the writing connection has waited for the disk: fsync of the WAL in each
 * COMMIT, of the database and the WAL in a checkpoint. The rest of a turn's time is ours. On the
 * loop only. */
#ifndef TOKOBOT_SYNC_TIME_H
#define TOKOBOT_SYNC_TIME_H

#include <sqlite3.h>
#include <stdint.h>

struct sync_time;
struct timed_file {
    sqlite3_io_methods methods; /* the real ones, but xSync */
    const sqlite3_io_methods *real;
    struct sync_time *of;
};

struct sync_time {
    struct timed_file database, wal;
    int64_t count;
    int64_t us, longest_us; /* of all of them; of one */
};

/* From now on; `t` must outlive the connection and stay where it is. For WAL mode. */
void sync_time_begin(struct sync_time *t, sqlite3 *sql);

#endif
