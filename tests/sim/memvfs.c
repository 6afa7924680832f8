/* memvfs.c - the disk in memory of memvfs.h.
 *
 * A file is two byte strings, what programs see and what is durable, and the log of the changes
 * between them in their order. xSync replays the log on the durable string; a crash replays a part
 * of it. Names behave alike: a file that was made but never synced, and one that was removed
 * without syncing its folder, exist or not after a crash as the seed says. As on every file system
 * with a journal (ext4, xfs, btrfs) a sync of any file settles the removals that came before it;
 * SQLite's change from a rollback journal to a WAL needs that on real disks, too.
 *
 * The WAL index (xShm*) is memory that all handles of a file share. It is freed with its last
 * handle, as the operating system's is started afresh by the first. Locks are counted a handle.
 *
 * Invariant: with an empty log both strings are equal. One mutex guards everything; the hook of a
 * sync is called without it. */
#include "memvfs.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR         512
#define NODE_MAX       32
#define NAME_MAX_BYTES 512
#define REGION_MAX     64

struct bytes {
    unsigned char *data;
    size_t len, cap;
};

enum change_kind { CHANGE_WRITE, CHANGE_TRUNCATE };

struct change {
    enum change_kind kind;
    size_t offset; /* truncate: the new length */
    size_t len;
    size_t data_at; /* in the node's change_data */
};

struct handle;

struct shm {
    void *region[REGION_MAX];
    int region_count;
    int refs;
    int shared[SQLITE_SHM_NLOCK]; /* how many hold it */
    const struct handle *exclusive[SQLITE_SHM_NLOCK];
};

struct node {
    char name[NAME_MAX_BYTES]; /* "" = this slot is free, or a temporary file */
    int used;
    int exists, durable_exists;
    int temporary; /* never durable, gone with its handle */
    int replaced;  /* removed without syncing the folder: a crash may bring the old content back */
    struct bytes now, durable;
    struct change *changes;
    size_t change_count, change_cap;
    struct bytes change_data;
    int open_count;
    int shared;                    /* handles at SHARED or above */
    const struct handle *reserved; /* at RESERVED or above */
    const struct handle *pending;  /* at PENDING or above: no new readers */
    struct shm shm;
};

struct handle {
    sqlite3_file base;
    struct node *node;
    uint64_t generation; /* of the disk; another one = stale */
    int lock;
    int delete_on_close;
    int has_shm;
    unsigned shm_shared, shm_exclusive; /* masks of what this handle holds */
};

struct simdisk_image {
    size_t count;
    struct image_file {
        char name[NAME_MAX_BYTES];
        struct bytes content;
    } file[NODE_MAX];
};

static struct {
    pthread_mutex_t mutex;
    struct node *node[NODE_MAX];
    uint64_t generation;
    uint64_t random;
    int cut, full, lying;
    simdisk_sync_fn *on_sync;
    void *on_sync_ctx;
    int64_t (*now_ms)(void);
    struct simdisk_stats stats;
    struct pushed {
        struct node *node[NODE_MAX];
        uint64_t generation, random;
        int cut, full, lying;
        struct simdisk_stats stats;
    } pushed;
} disk = { .mutex = PTHREAD_MUTEX_INITIALIZER, .generation = 1, .random = 1 };

static uint64_t random_next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ---- byte strings ---------------------------------------------------------------------------- */

static void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){ 0 };
}

static void bytes_reserve(struct bytes *b, size_t len)
{
    if (len <= b->cap) return;
    size_t cap = b->cap ? b->cap : 4096;
    while (cap < len) cap *= 2;
    b->data = realloc(b->data, cap);
    if (!b->data) abort();
    b->cap = cap;
}

/* Sets the length; new bytes are zero. */
static void bytes_resize(struct bytes *b, size_t len)
{
    bytes_reserve(b, len);
    if (len > b->len) memset(b->data + b->len, 0, len - b->len);
    b->len = len;
}

static void bytes_write(struct bytes *b, size_t offset, const void *data, size_t len)
{
    if (offset + len > b->len) bytes_resize(b, offset + len);
    memcpy(b->data + offset, data, len);
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
    to->len = 0;
    bytes_reserve(to, from->len);
    if (from->len) memcpy(to->data, from->data, from->len);
    to->len = from->len;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void changes_clear(struct node *n)
{
    n->change_count = 0;
    n->change_data.len = 0;
}

static void change_add(struct node *n, enum change_kind kind, size_t offset, const void *data,
                       size_t len)
{
    if (n->temporary) return;
    if (n->change_count == n->change_cap) {
        n->change_cap = n->change_cap ? n->change_cap * 2 : 64;
        n->changes = realloc(n->changes, n->change_cap * sizeof *n->changes);
        if (!n->changes) abort();
    }
    struct change *c = &n->changes[n->change_count++];
    *c = (struct change){ kind, offset, len, n->change_data.len };
    if (len) bytes_write(&n->change_data, n->change_data.len, data, len);
}

static void node_free(struct node *n)
{
    for (int i = 0; i < n->shm.region_count; i++) free(n->shm.region[i]);
    bytes_free(&n->now);
    bytes_free(&n->durable);
    bytes_free(&n->change_data);
    free(n->changes);
    free(n);
}

static struct node *node_find(const char *name)
{
    for (size_t i = 0; i < NODE_MAX; i++)
        if (disk.node[i] && !disk.node[i]->temporary && strcmp(disk.node[i]->name, name) == 0)
            return disk.node[i];
    return NULL;
}

static struct node *node_make(const char *name) /* NULL: a temporary file */
{
    for (size_t i = 0; i < NODE_MAX; i++) {
        if (disk.node[i]) continue;
        struct node *n = calloc(1, sizeof *n);
        if (!n) abort();
        if (name) strcpy(n->name, name);
        n->temporary = name == NULL;
        disk.node[i] = n;
        return n;
    }
    return NULL;
}

static void node_drop(struct node *n)
{
    for (size_t i = 0; i < NODE_MAX; i++)
        if (disk.node[i] == n) disk.node[i] = NULL;
    node_free(n);
}

static void changes_apply(struct node *n)
{
    for (size_t i = 0; i < n->change_count; i++) {
        const struct change *c = &n->changes[i];
        if (c->kind == CHANGE_TRUNCATE)
            bytes_resize(&n->durable, c->offset);
        else
            bytes_write(&n->durable, c->offset, n->change_data.data + c->data_at, c->len);
    }
    changes_clear(n);
    n->replaced = 0;
}

/* The name goes; the log then begins with an empty file. */
static void node_remove(struct node *n)
{
    n->exists = 0;
    n->now.len = 0;
    n->replaced = n->durable_exists;
    changes_clear(n);
    change_add(n, CHANGE_TRUNCATE, 0, NULL, 0);
}

static void removals_settle(void)
{
    for (size_t i = 0; i < NODE_MAX; i++) {
        struct node *n = disk.node[i];
        if (!n || !n->replaced) continue;
        n->replaced = n->durable_exists = 0;
        n->durable.len = 0;
    }
}

static int handle_is_stale(const struct handle *h)
{
    return h->generation != disk.generation;
}

/* ---- what a crash leaves --------------------------------------------------------------------- */

enum survival { SURVIVE_NONE, SURVIVE_ALL, SURVIVE_SOME, SURVIVE_PREFIX, SURVIVAL_COUNT };

/* Writes the sectors of a change that the draw lets live. A lost sector at the end of the file may
 * leave rubbish when a later one made the file longer. */
static void change_tear(struct node *n, const struct change *c, uint64_t *random)
{
    size_t done = 0;
    while (done < c->len) {
        size_t at = c->offset + done;
        size_t piece = SECTOR - at % SECTOR;
        if (piece > c->len - done) piece = c->len - done;
        uint64_t draw = random_next(random);
        if (draw & 1) {
            bytes_write(&n->durable, at, n->change_data.data + c->data_at + done, piece);
        } else if (at >= n->durable.len && (draw & 6) == 6) {
            bytes_resize(&n->durable, at + piece);
            for (size_t i = 0; i < piece; i++)
                n->durable.data[at + i] = (unsigned char)(draw >> i % 56);
        }
        done += piece;
    }
}

static void node_crash_some(struct node *n, enum survival how, uint64_t *random)
{
    size_t whole = 0; /* changes before this one survive whole */
    if (how == SURVIVE_ALL) whole = n->change_count;
    if (how == SURVIVE_PREFIX && n->change_count) whole = random_next(random) % n->change_count;
    for (size_t i = 0; i < n->change_count; i++) {
        const struct change *c = &n->changes[i];
        int keep = i < whole;
        if (!keep && how == SURVIVE_PREFIX && i > whole) break;
        if (c->kind == CHANGE_TRUNCATE) {
            if (keep || random_next(random) & 1) bytes_resize(&n->durable, c->offset);
        } else if (keep) {
            bytes_write(&n->durable, c->offset, n->change_data.data + c->data_at, c->len);
        } else {
            change_tear(n, c, random);
        }
    }
}

/* The old file of a name that was removed is back whole, or the new one stands in its place. */
static void node_crash_replaced(struct node *n, uint64_t *random)
{
    n->replaced = 0;
    if (!random || random_next(random) & 1) {
        changes_clear(n);
        n->exists = n->durable_exists;
    } else {
        n->durable.len = 0;
        n->durable_exists = n->exists;
    }
}

static void node_crash(struct node *n, uint64_t *random)
{
    if (n->replaced) node_crash_replaced(n, random);
    if (n->change_count && random) node_crash_some(n, random_next(random) % SURVIVAL_COUNT, random);
    if (n->exists != n->durable_exists && random && random_next(random) & 1)
        n->durable_exists = n->exists;
    changes_clear(n);
    if (!n->durable_exists) n->durable.len = 0;
    n->exists = n->durable_exists;
    bytes_copy(&n->now, &n->durable);
}

static void node_forget_handles(struct node *n)
{
    for (int i = 0; i < n->shm.region_count; i++) free(n->shm.region[i]);
    n->shm = (struct shm){ 0 };
    n->open_count = 0;
    n->shared = 0;
    n->reserved = n->pending = NULL;
}

/* ---- io methods: content --------------------------------------------------------------------- */

#define LOCKED(body)                                                                               \
    do {                                                                                           \
        pthread_mutex_lock(&disk.mutex);                                                           \
        body;                                                                                      \
        pthread_mutex_unlock(&disk.mutex);                                                         \
    } while (0)

static int file_read(sqlite3_file *file, void *out, int amount, sqlite3_int64 offset)
{
    struct handle *h = (struct handle *)file;
    size_t want = (size_t)amount, at = (size_t)offset, have = 0;
    pthread_mutex_lock(&disk.mutex);
    if (handle_is_stale(h)) {
        pthread_mutex_unlock(&disk.mutex);
        return SQLITE_IOERR_READ;
    }
    if (at < h->node->now.len) have = h->node->now.len - at;
    if (have > want) have = want;
    if (have) memcpy(out, h->node->now.data + at, have);
    pthread_mutex_unlock(&disk.mutex);
    if (have == want) return SQLITE_OK;
    memset((char *)out + have, 0, want - have);
    return SQLITE_IOERR_SHORT_READ;
}

static int write_locked(struct handle *h, const void *data, size_t len, size_t at)
{
    struct node *n = h->node;
    if (handle_is_stale(h)) return SQLITE_IOERR_WRITE;
    if (disk.cut && !n->temporary) return SQLITE_IOERR_WRITE;
    if (disk.full && (disk.full > 1 || at + len > n->now.len)) return SQLITE_FULL;
    disk.stats.writes++;
    disk.stats.bytes_written += len;
    bytes_write(&n->now, at, data, len);
    change_add(n, CHANGE_WRITE, at, data, len);
    return SQLITE_OK;
}

static int file_write(sqlite3_file *file, const void *data, int amount, sqlite3_int64 offset)
{
    int rc;
    LOCKED(rc = write_locked((struct handle *)file, data, (size_t)amount, (size_t)offset));
    return rc;
}

static int truncate_locked(struct handle *h, size_t len)
{
    struct node *n = h->node;
    if (handle_is_stale(h)) return SQLITE_IOERR_TRUNCATE;
    if (disk.cut && !n->temporary) return SQLITE_IOERR_TRUNCATE;
    if (disk.full && len > n->now.len) return SQLITE_FULL;
    bytes_resize(&n->now, len);
    change_add(n, CHANGE_TRUNCATE, len, NULL, 0);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int rc;
    LOCKED(rc = truncate_locked((struct handle *)file, (size_t)size));
    return rc;
}

static int sync_locked(struct handle *h)
{
    struct node *n = h->node;
    if (handle_is_stale(h)) return SQLITE_IOERR_FSYNC;
    if (disk.cut) return SQLITE_IOERR_FSYNC;
    disk.stats.syncs++;
    if (disk.lying) return SQLITE_OK;
    removals_settle();
    changes_apply(n);
    n->durable_exists = n->exists; /* the first sync of a new file syncs its folder too */
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct handle *h = (struct handle *)file;
    int rc, stale;
    (void)flags;
    LOCKED(stale = handle_is_stale(h));
    if (stale) return SQLITE_IOERR_FSYNC;
    if (h->node->temporary) return SQLITE_OK;
    int told = disk.on_sync && !disk.cut;
    if (told) disk.on_sync(disk.on_sync_ctx, h->node->name, 0);
    LOCKED(rc = sync_locked(h));
    if (told && rc == SQLITE_OK) disk.on_sync(disk.on_sync_ctx, h->node->name, 1);
    return rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct handle *h = (struct handle *)file;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&disk.mutex);
    if (handle_is_stale(h))
        rc = SQLITE_IOERR_FSTAT;
    else
        *size = (sqlite3_int64)h->node->now.len;
    pthread_mutex_unlock(&disk.mutex);
    return rc;
}

/* ---- io methods: locks of the file ----------------------------------------------------------- */

static int lock_locked(struct handle *h, int level)
{
    struct node *n = h->node;
    if (handle_is_stale(h)) return SQLITE_IOERR_LOCK;
    if (h->lock >= level) return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        if (n->pending) return SQLITE_BUSY;
        n->shared++;
        h->lock = SQLITE_LOCK_SHARED;
        return SQLITE_OK;
    }
    if (n->reserved && n->reserved != h) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) {
        n->reserved = h;
        h->lock = SQLITE_LOCK_RESERVED;
        return SQLITE_OK;
    }
    if (n->pending && n->pending != h) return SQLITE_BUSY;
    n->reserved = n->pending = h;
    h->lock = SQLITE_LOCK_PENDING;
    if (n->shared > 1) return SQLITE_BUSY; /* somebody still reads; no new reader comes meanwhile */
    h->lock = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level)
{
    int rc;
    LOCKED(rc = lock_locked((struct handle *)file, level));
    return rc;
}

static void unlock_locked(struct handle *h, int level)
{
    struct node *n = h->node;
    if (handle_is_stale(h) || h->lock <= level) return;
    if (n->reserved == h) n->reserved = NULL;
    if (n->pending == h) n->pending = NULL;
    if (level == SQLITE_LOCK_NONE) n->shared--;
    h->lock = level;
}

static int file_unlock(sqlite3_file *file, int level)
{
    LOCKED(unlock_locked((struct handle *)file, level));
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *file, int *out)
{
    struct handle *h = (struct handle *)file;
    LOCKED(*out = !handle_is_stale(h) && h->node->reserved != NULL);
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    (void)file;
    if (op != SQLITE_FCNTL_VFSNAME) return SQLITE_NOTFOUND;
    *(char **)arg = sqlite3_mprintf("%s", SIMDISK_NAME);
    return SQLITE_OK;
}

static int file_sector_size(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

/* Only the promise that the operating system's VFS makes by default; above all not SAFE_APPEND,
 * ATOMIC or SEQUENTIAL, since a crash here breaks all three. */
static int file_characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- io methods: the WAL's index ------------------------------------------------------------- */

static int shm_map_locked(struct handle *h, int region, int size, int extend, void volatile **out)
{
    struct shm *s = &h->node->shm;
    *out = NULL;
    if (handle_is_stale(h) || region >= REGION_MAX) return SQLITE_IOERR_SHMMAP;
    if (!h->has_shm) {
        h->has_shm = 1;
        s->refs++;
    }
    while (s->region_count <= region) {
        if (!extend) return SQLITE_OK;
        void *p = calloc(1, (size_t)size);
        if (!p) return SQLITE_IOERR_NOMEM;
        s->region[s->region_count++] = p;
    }
    *out = s->region[region];
    return SQLITE_OK;
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    int rc;
    LOCKED(rc = shm_map_locked((struct handle *)file, region, size, extend, out));
    return rc;
}

static void shm_release(struct handle *h, int first, int count)
{
    struct shm *s = &h->node->shm;
    for (int i = first; i < first + count; i++) {
        if (h->shm_shared & (1u << i)) s->shared[i]--;
        if (h->shm_exclusive & (1u << i)) s->exclusive[i] = NULL;
        h->shm_shared &= ~(1u << i);
        h->shm_exclusive &= ~(1u << i);
    }
}

static int shm_lock_locked(struct handle *h, int first, int count, int flags)
{
    struct shm *s = &h->node->shm;
    if (handle_is_stale(h) || !h->has_shm) return SQLITE_IOERR_SHMLOCK;
    if (flags & SQLITE_SHM_UNLOCK) {
        shm_release(h, first, count);
        return SQLITE_OK;
    }
    int exclusive = flags & SQLITE_SHM_EXCLUSIVE;
    for (int i = first; i < first + count; i++) {
        int mine = h->shm_shared & (1u << i) ? 1 : 0;
        if (s->exclusive[i] && s->exclusive[i] != h) return SQLITE_BUSY;
        if (exclusive && s->shared[i] > mine) return SQLITE_BUSY;
    }
    for (int i = first; i < first + count; i++) {
        if (exclusive) {
            s->exclusive[i] = h;
            h->shm_exclusive |= 1u << i;
        } else if (!(h->shm_shared & (1u << i))) {
            s->shared[i]++;
            h->shm_shared |= 1u << i;
        }
    }
    return SQLITE_OK;
}

static int file_shm_lock(sqlite3_file *file, int first, int count, int flags)
{
    int rc;
    LOCKED(rc = shm_lock_locked((struct handle *)file, first, count, flags));
    return rc;
}

static void file_shm_barrier(sqlite3_file *file)
{
    (void)file;
    LOCKED(__sync_synchronize());
}

static void shm_unmap_locked(struct handle *h)
{
    struct shm *s = &h->node->shm;
    if (handle_is_stale(h) || !h->has_shm) return;
    shm_release(h, 0, SQLITE_SHM_NLOCK);
    h->has_shm = 0;
    if (--s->refs > 0) return;
    for (int i = 0; i < s->region_count; i++) free(s->region[i]);
    *s = (struct shm){ 0 };
}

static int file_shm_unmap(sqlite3_file *file, int delete)
{
    (void)delete;
    LOCKED(shm_unmap_locked((struct handle *)file));
    return SQLITE_OK;
}

/* ---- open, close, names ---------------------------------------------------------------------- */

static int file_close(sqlite3_file *file)
{
    struct handle *h = (struct handle *)file;
    pthread_mutex_lock(&disk.mutex);
    if (!handle_is_stale(h)) {
        struct node *n = h->node;
        shm_unmap_locked(h);
        unlock_locked(h, SQLITE_LOCK_NONE);
        n->open_count--;
        disk.stats.open_files--;
        if (n->temporary) {
            node_drop(n);
        } else if (h->delete_on_close && !disk.cut) {
            node_remove(n);
        }
    }
    pthread_mutex_unlock(&disk.mutex);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no xFetch: a memory map could not tell written from synced */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int open_locked(struct handle *h, const char *name, int flags, int *out_flags)
{
    struct node *n = name ? node_find(name) : NULL;
    int missing = !n || !n->exists;
    if (missing && !(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
    if (!missing && flags & SQLITE_OPEN_EXCLUSIVE) return SQLITE_CANTOPEN;
    if (missing && name && disk.cut) return SQLITE_CANTOPEN;
    if (missing && name && disk.full) return SQLITE_FULL;
    if (!n) n = node_make(name);
    if (!n) return SQLITE_CANTOPEN;
    n->exists = 1;
    n->open_count++;
    disk.stats.open_files++;
    h->node = n;
    h->generation = disk.generation;
    h->delete_on_close = flags & SQLITE_OPEN_DELETEONCLOSE ? 1 : 0;
    h->base.pMethods = &methods;
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *out_flags)
{
    struct handle *h = (struct handle *)file;
    int rc;
    (void)vfs;
    memset(h, 0, sizeof *h);
    if (name && strlen(name) >= NAME_MAX_BYTES) return SQLITE_CANTOPEN;
    LOCKED(rc = open_locked(h, name, flags, out_flags));
    return rc;
}

static int delete_locked(const char *name, int sync_folder)
{
    struct node *n = node_find(name);
    if (!n || !n->exists) return SQLITE_IOERR_DELETE_NOENT;
    if (disk.cut || n->open_count) return SQLITE_IOERR_DELETE;
    node_remove(n);
    if (!sync_folder || disk.lying) return SQLITE_OK;
    removals_settle();
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    int rc;
    (void)vfs;
    LOCKED(rc = delete_locked(name, sync_folder));
    return rc;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    (void)flags;
    pthread_mutex_lock(&disk.mutex);
    const struct node *n = node_find(name);
    *out = n && n->exists;
    pthread_mutex_unlock(&disk.mutex);
    return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int cap, char *out)
{
    (void)vfs;
    if (strlen(name) >= (size_t)cap) return SQLITE_CANTOPEN;
    strcpy(out, name);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    pthread_mutex_lock(&disk.mutex);
    for (int i = 0; i < n; i++) out[i] = (char)random_next(&disk.random);
    pthread_mutex_unlock(&disk.mutex);
    return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    usleep(us < 100 ? (useconds_t)us
                    : 100); /* time stands still here, but another thread may need a moment */
    return us;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    static const sqlite3_int64 unix_epoch_ms = 24405875 * (sqlite3_int64)8640000;
    (void)vfs;
    *out = unix_epoch_ms + (disk.now_ms ? disk.now_ms() : 1767225600000);
    return SQLITE_OK;
}

static int vfs_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    if (n > 0) out[0] = '\0';
    return 0;
}

static sqlite3_vfs simdisk = {
    .iVersion = 2,
    .szOsFile = sizeof(struct handle),
    .mxPathname = NAME_MAX_BYTES - 1,
    .zName = SIMDISK_NAME,
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_name,
    .xRandomness = vfs_randomness,
    .xSleep = vfs_sleep,
    .xGetLastError = vfs_error,
    .xCurrentTimeInt64 = vfs_time,
};

/* ---- for the test ---------------------------------------------------------------------------- */

int simdisk_register(int as_default)
{
    return sqlite3_vfs_register(&simdisk, as_default);
}

void simdisk_on_sync(simdisk_sync_fn *fn, void *ctx)
{
    disk.on_sync = fn;
    disk.on_sync_ctx = ctx;
}

void simdisk_set_clock(int64_t (*now_ms)(void))
{
    disk.now_ms = now_ms;
}

void simdisk_seed(uint64_t seed)
{
    LOCKED(disk.random = seed);
}

/* A stale handle never looks at its node again. */
void simdisk_reset(void)
{
    pthread_mutex_lock(&disk.mutex);
    for (size_t i = 0; i < NODE_MAX; i++)
        if (disk.node[i]) node_drop(disk.node[i]);
    disk.generation++;
    disk.cut = disk.full = disk.lying = 0;
    disk.stats = (struct simdisk_stats){ 0 };
    pthread_mutex_unlock(&disk.mutex);
}

void simdisk_cut(void)
{
    LOCKED(disk.cut = 1);
}

int simdisk_is_cut(void)
{
    int cut;
    LOCKED(cut = disk.cut);
    return cut;
}

void simdisk_crash(uint64_t seed)
{
    uint64_t random = seed;
    pthread_mutex_lock(&disk.mutex);
    for (size_t i = 0; i < NODE_MAX; i++) {
        struct node *n = disk.node[i];
        if (!n) continue;
        node_forget_handles(n);
        if (n->temporary) {
            node_drop(n);
            continue;
        }
        node_crash(n, seed ? &random : NULL);
    }
    disk.generation++;
    disk.cut = 0;
    disk.stats.open_files = 0;
    pthread_mutex_unlock(&disk.mutex);
}

int simdisk_is_full(void)
{
    int full;
    LOCKED(full = disk.full);
    return full;
}

void simdisk_set_full(int full)
{
    LOCKED(disk.full = full);
}

void simdisk_set_lying(int lying)
{
    LOCKED(disk.lying = lying);
}

/* As far as a crash looks at it: what programs see is of no interest to it. */
static struct node *node_copy_for_crash(const struct node *from)
{
    struct node *n = calloc(1, sizeof *n);
    if (!n) abort();
    memcpy(n->name, from->name, sizeof n->name);
    n->exists = from->exists;
    n->durable_exists = from->durable_exists;
    n->replaced = from->replaced;
    bytes_copy(&n->durable, &from->durable);
    bytes_copy(&n->change_data, &from->change_data);
    n->change_count = n->change_cap = from->change_count;
    if (!from->change_count) return n;
    n->changes = malloc(from->change_count * sizeof *n->changes);
    if (!n->changes) abort();
    memcpy(n->changes, from->changes, from->change_count * sizeof *n->changes);
    return n;
}

void simdisk_push(void)
{
    pthread_mutex_lock(&disk.mutex);
    struct pushed *p = &disk.pushed;
    memcpy(p->node, disk.node, sizeof p->node);
    p->generation = disk.generation++;
    p->random = disk.random;
    p->cut = disk.cut;
    p->full = disk.full;
    p->lying = disk.lying;
    p->stats = disk.stats;
    for (size_t i = 0; i < NODE_MAX; i++) {
        const struct node *n = disk.node[i];
        disk.node[i] = n && !n->temporary ? node_copy_for_crash(n) : NULL;
    }
    disk.cut = 1;
    disk.stats.open_files = 0;
    pthread_mutex_unlock(&disk.mutex);
}

void simdisk_pop(void)
{
    pthread_mutex_lock(&disk.mutex);
    const struct pushed *p = &disk.pushed;
    for (size_t i = 0; i < NODE_MAX; i++)
        if (disk.node[i]) node_drop(disk.node[i]);
    memcpy(disk.node, p->node, sizeof p->node);
    disk.generation = p->generation;
    disk.random = p->random;
    disk.cut = p->cut;
    disk.full = p->full;
    disk.lying = p->lying;
    disk.stats = p->stats;
    pthread_mutex_unlock(&disk.mutex);
}

struct simdisk_image *simdisk_save(void)
{
    struct simdisk_image *image = calloc(1, sizeof *image);
    if (!image) abort();
    pthread_mutex_lock(&disk.mutex);
    for (size_t i = 0; i < NODE_MAX; i++) {
        const struct node *n = disk.node[i];
        assert(!n || n->open_count == 0);
        if (!n || n->temporary || !n->exists) continue;
        struct image_file *f = &image->file[image->count++];
        strcpy(f->name, n->name);
        bytes_copy(&f->content, &n->now);
    }
    pthread_mutex_unlock(&disk.mutex);
    return image;
}

void simdisk_load(const struct simdisk_image *image)
{
    pthread_mutex_lock(&disk.mutex);
    for (size_t i = 0; i < NODE_MAX; i++) {
        struct node *n = disk.node[i];
        if (!n) continue;
        assert(n->open_count == 0);
        n->exists = n->durable_exists = 0;
        n->now.len = n->durable.len = 0;
        n->replaced = 0;
        changes_clear(n);
    }
    for (size_t i = 0; i < image->count; i++) {
        const struct image_file *f = &image->file[i];
        struct node *n = node_find(f->name);
        if (!n) n = node_make(f->name);
        assert(n);
        n->exists = n->durable_exists = 1;
        bytes_copy(&n->now, &f->content);
        bytes_copy(&n->durable, &f->content);
    }
    disk.generation++;
    disk.cut = disk.full = disk.lying = 0;
    disk.stats = (struct simdisk_stats){ 0 };
    pthread_mutex_unlock(&disk.mutex);
}

void simdisk_image_free(struct simdisk_image *image)
{
    if (!image) return;
    for (size_t i = 0; i < image->count; i++) bytes_free(&image->file[i].content);
    free(image);
}

void simdisk_stats(struct simdisk_stats *out)
{
    pthread_mutex_lock(&disk.mutex);
    *out = disk.stats;
    out->unsynced_bytes = 0;
    for (size_t i = 0; i < NODE_MAX; i++)
        if (disk.node[i]) out->unsynced_bytes += disk.node[i]->change_data.len;
    pthread_mutex_unlock(&disk.mutex);
}

static void node_clone(const struct node *from, const char *name)
{
    struct node *to = node_find(name);
    if (!to) to = node_make(name);
    assert(to && to->open_count == 0);
    to->exists = to->durable_exists = 1;
    changes_clear(to);
    bytes_copy(&to->now, &from->durable);
    bytes_copy(&to->durable, &from->durable);
}

int simdisk_clone_durable(const char *file, const char *as)
{
    char from_wal[NAME_MAX_BYTES + 4], as_wal[NAME_MAX_BYTES + 4];
    int rc = -1;
    sqlite3_snprintf(sizeof from_wal, from_wal, "%s-wal", file);
    sqlite3_snprintf(sizeof as_wal, as_wal, "%s-wal", as);
    simdisk_remove(as);
    pthread_mutex_lock(&disk.mutex);
    const struct node *db = node_find(file), *wal = node_find(from_wal);
    if (db && db->durable_exists) {
        node_clone(db, as);
        if (wal && wal->durable_exists) node_clone(wal, as_wal);
        rc = 0;
    }
    pthread_mutex_unlock(&disk.mutex);
    return rc;
}

void simdisk_remove(const char *file)
{
    static const char *const tails[] = { "", "-wal", "-journal" };
    char name[NAME_MAX_BYTES + 10];
    pthread_mutex_lock(&disk.mutex);
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        sqlite3_snprintf(sizeof name, name, "%s%s", file, tails[i]);
        struct node *n = node_find(name);
        if (!n) continue;
        assert(n->open_count == 0);
        node_drop(n);
    }
    pthread_mutex_unlock(&disk.mutex);
}
