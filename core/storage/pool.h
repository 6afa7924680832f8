/* pool.h - the host's few threads for slow work: a plugin's pure function, or a long SELECT on a
 * connection of its own. Started when first needed. */
#ifndef TOKOBOT_POOL_H
#define TOKOBOT_POOL_H

#include <sqlite3.h>
#include <tokobot/plugin.h>

struct rowset_cell {
    int type;
    uint32_t len;
    int64_t integer;
    const char *text;
};
/* A finished result: cells row by row; text is NUL-terminated and lives in the set. */
struct rowset {
    uint32_t columns;
    size_t count, cap;
    struct rowset_cell *cells;
    struct rowset_chunk *chunks;
};
void rowset_free(struct rowset *set); /* NULL-safe */

struct shared;

struct pool_job {
    struct pool_job *next;
    uint64_t id;
    /* work */
    bot_work_fn *run;
    char plugin[49], build[17]; /* whose it is, and for which event: for the crash page */
    int64_t event;
    void *input; /* owned; NULL: `lent` */
    const void *lent;
    size_t input_len, out_cap; /* of either */
    struct shared *held;       /* keeps `lent`, or what `input` points to; let go of once it ran */
    int *checkpoint; /* run == NULL: a pass of checkpoint.c, which is whose claims it */
    /* read: run == NULL */
    char *sql;
    struct bot_arg *args; /* names and data are owned copies */
    size_t arg_count;
    /* result */
    int status; /* BOT_OK or an error */
    void *output;
    size_t output_len;
    struct rowset *rows;
    char message[160];
};
struct crash_page;
/* Runs it here and now; *reader is opened when needed (path, vfs) and kept by the caller. */
void pool_job_run(struct pool_job *job, sqlite3 **reader, const char *path, const char *vfs);
void pool_job_free(struct pool_job *job); /* NULL-safe */

struct pool;
struct pool_conf {
    const char *path, *vfs;                        /* of the database; must outlive the pool */
    void (*done)(void *ctx, struct pool_job *job); /* takes it; on the pool's thread */
    void *ctx;
    unsigned threads;         /* 0 = 2 */
    struct crash_page *crash; /* or NULL */
};
struct pool *pool_new(const struct pool_conf *conf);
void pool_submit(struct pool *p, struct pool_job *job); /* takes it */
void pool_stop(struct pool *p); /* waits for what runs; the rest ends as BOT_ECANCELED; NULL-safe */

#endif
