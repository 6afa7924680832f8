/* memvfs.h - "simdisk": an SQLite VFS in memory that knows what was written from what was synced.
 *
 * One process has one disk. What xSync covered is durable; everything else is at the mercy of
 * simdisk_crash(): it is dropped, or by the seed some 512-byte sectors of it survive and others do
 * not, each file on its own. Bytes outside the range of a write are never harmed, which is what the
 * operating system's own VFS promises SQLite too (SQLITE_IOCAP_POWERSAFE_OVERWRITE); a region that
 * a lost write would have appended may hold rubbish.
 *
 * Several connections may use the disk at once, from any thread, also in WAL mode. The functions
 * below are for the thread that runs the test. */
#ifndef TOKOBOT_SIM_MEMVFS_H
#define TOKOBOT_SIM_MEMVFS_H

#include <stddef.h>
#include <stdint.h>

#define SIMDISK_NAME "simdisk"

/* Called before and after each xSync that reaches the disk. `file` is the full name. A cut made
 * before it leaves the sync without effect; made after it, the sync is on disk and nothing more. */
typedef void simdisk_sync_fn(void *ctx, const char *file, int after);

/* Registers the VFS; as_default: for connections that name none. 0 or an SQLite code. Idempotent.
 */
int simdisk_register(int as_default);
void simdisk_on_sync(simdisk_sync_fn *fn, void *ctx); /* NULL: nobody is told */
void simdisk_set_clock(int64_t (*now_ms)(void));      /* what SQL's clock says; NULL: a fixed day */
void simdisk_seed(uint64_t seed);                     /* of xRandomness */

void simdisk_reset(void); /* an empty, healthy disk; handles that are still open are stale */
/* The power goes: from now on writes, syncs, truncations and deletions are SQLITE_IOERR and change
 * nothing. Reads go on, so that the host can be torn down. */
void simdisk_cut(void);
int simdisk_is_cut(void);
/* The power comes back: what is left is what was durable, and by the seed some of the rest. Seed 0:
 * nothing of the rest. Handles that are still open are stale: everything on them is SQLITE_IOERR.
 */
void simdisk_crash(uint64_t seed);

int simdisk_is_full(void);
/* 1: a write that makes a file grow is SQLITE_FULL; 2: every write is, as where a disk copies on
 * write */
void simdisk_set_full(int full);
void simdisk_set_lying(int lying); /* 1: xSync says OK and does nothing: a disk that cheats */

/* Between the two the disk is a copy of what it was, cut off from its power and with nothing open:
 * what happens to it is forgotten by simdisk_pop(). Handles of before work again afterwards. Not
 * nested. */
void simdisk_push(void);
void simdisk_pop(void);

/* A copy of the disk as after a clean stop, and back to it. No file may be open. */
struct simdisk_image;
struct simdisk_image *simdisk_save(void);
void simdisk_load(const struct simdisk_image *image);
void simdisk_image_free(struct simdisk_image *image); /* NULL-safe */

struct simdisk_stats {
    uint64_t syncs, writes, bytes_written;
    unsigned open_files;
    size_t unsynced_bytes; /* written and not yet durable */
};
void simdisk_stats(struct simdisk_stats *out);

/* Asks a copy of the database as it would be found now if the power went and nothing unsynced
 * survived: the durable bytes of `file` and its WAL become `as` and its WAL. 0, or -1: no such
 * file. */
int simdisk_clone_durable(const char *file, const char *as);
void simdisk_remove(const char *file); /* and its WAL; must not be open */

#endif
