/* pool.c - see pool.h. Threads are made one by one as jobs find all others busy, so an idle bot has
 * none. */
#include "pool.h"

#include "../crash_page.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/shared.h"
#include "db.h"

enum { ROWS_MAX = 10000, THREADS_MAX = 8, OUT_MAX = 16 << 20, ROWSET_BYTES_MAX = 64 << 20 };

struct rowset_chunk {
    struct arena arena;
};

void rowset_free(struct rowset *set)
{
    if (!set) return;
    if (set->chunks) arena_free(&set->chunks->arena);
    free(set->chunks);
    free(set->cells);
    free(set);
}

static void free_input(struct pool_job *job)
{
    if (job->input) explicit_bzero(job->input, job->input_len); /* it may be a password */
    free(job->input);
    shared_release(job->held);
    job->input = NULL;
    job->held = NULL;
}

void pool_job_free(struct pool_job *job)
{
    if (!job) return;
    for (size_t i = 0; i < job->arg_count; i++) {
        free((void *)job->args[i].name);
        free((void *)job->args[i].data);
    }
    free(job->args);
    free(job->sql);
    free_input(job);
    free(job->output);
    rowset_free(job->rows);
    free(job);
}

static void run_work(struct pool_job *job)
{
    size_t cap = job->out_cap ? job->out_cap : 4096;
    if (cap > OUT_MAX) cap = OUT_MAX;
    job->output = xmalloc(cap + 1);
    int64_t n = job->run(job->lent ? job->lent : job->input, job->input_len, job->output, cap);
    free_input(job); /* here, where large memory costs the loop nothing */
    if (n > (int64_t)cap) n = BOT_EINVAL;
    job->status = n < 0 ? (int)n : BOT_OK;
    job->output_len = n < 0 ? 0 : (size_t)n;
    ((char *)job->output)[job->output_len] = 0;
}

static void bind_by_name(sqlite3_stmt *st, const struct pool_job *job)
{
    for (size_t i = 0; i < job->arg_count; i++) {
        char name[70];
        const struct bot_arg *a = &job->args[i];
        snprintf(name, sizeof name, "$%s", a->name);
        int at = sqlite3_bind_parameter_index(st, name);
        if (!at) continue;
        if (a->type == BOT_INT)
            sqlite3_bind_int64(st, at, a->integer);
        else if (a->type == BOT_TEXT)
            sqlite3_bind_text(st, at, a->data, (int)a->len, SQLITE_STATIC);
        else if (a->type == BOT_BLOB)
            sqlite3_bind_blob(st, at, a->data, (int)a->len, SQLITE_STATIC);
    }
}

static void add_cell(struct rowset *set, size_t at, sqlite3_stmt *st, int column, size_t *bytes)
{
    struct rowset_cell *cell = &set->cells[at];
    static const int types[] = { 0, BOT_INT, BOT_REAL, BOT_TEXT, BOT_BLOB, BOT_NULL };
    cell->type = types[sqlite3_column_type(st, column)];
    cell->integer = sqlite3_column_int64(st, column);
    cell->text = "";
    cell->len = 0;
    if (cell->type == BOT_NULL) return;
    const char *data = cell->type == BOT_BLOB ? sqlite3_column_blob(st, column)
                                              : (const char *)sqlite3_column_text(st, column);
    cell->len = (uint32_t)sqlite3_column_bytes(st, column);
    cell->text = arena_memdup(&set->chunks->arena, data ? data : "", cell->len);
    *bytes += cell->len;
}

static void run_read(struct pool_job *job, sqlite3 *sql)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(sql, job->sql, -1, &st, NULL);
    struct rowset *set = xcalloc(1, sizeof *set);
    set->chunks = xcalloc(1, sizeof *set->chunks);
    job->rows = set;
    size_t bytes = 0;
    if (rc == SQLITE_OK) {
        bind_by_name(st, job);
        set->columns = (uint32_t)sqlite3_column_count(st);
        while ((rc = sqlite3_step(st)) == SQLITE_ROW && set->count < ROWS_MAX &&
               bytes < ROWSET_BYTES_MAX) {
            if (set->count == set->cap) {
                set->cap = set->cap ? set->cap * 2 : 16;
                set->cells = xrealloc(set->cells, set->cap * set->columns * sizeof *set->cells);
            }
            for (uint32_t c = 0; c < set->columns; c++)
                add_cell(set, set->count * set->columns + c, st, (int)c, &bytes);
            set->count++;
        }
    }
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        job->status = BOT_EIO;
        snprintf(job->message, sizeof job->message, "%s", sqlite3_errmsg(sql));
    }
    sqlite3_finalize(st);
}

void pool_job_run(struct pool_job *job, sqlite3 **reader, const char *path, const char *vfs)
{
    if (job->run) {
        run_work(job);
        return;
    }
    if (!*reader) *reader = db_open_reader(path, vfs);
    if (*reader && job->checkpoint) {
        checkpoint_pass(job, *reader);
    } else if (*reader) {
        run_read(job, *reader);
    } else {
        job->status = BOT_EIO;
        snprintf(job->message, sizeof job->message, "cannot open a reading connection");
    }
}

struct pool {
    struct pool_conf conf;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct pool_job *head, **tail;
    pthread_t threads[THREADS_MAX];
    unsigned started, idle, queued; /* an idle thread that is woken stays in `idle` until it runs */
    int stopping;
};

/* The crash page says whose function runs on this thread, and for which event. */
static void run_watched(struct pool *p, struct pool_job *job, sqlite3 **reader)
{
    if (job->run)
        crash_enter(p->conf.crash, CRASH_WORK, job->event, job->plugin, job->build, "work");
    pool_job_run(job, reader, p->conf.path, p->conf.vfs);
    if (job->run) crash_leave(p->conf.crash);
}

static void *worker(void *arg)
{
    struct pool *p = arg;
    sqlite3 *reader = NULL;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->head && !p->stopping) {
            p->idle++;
            pthread_cond_wait(&p->more, &p->lock);
            p->idle--;
        }
        struct pool_job *job = p->head;
        if (!job) break;
        if (!(p->head = job->next)) p->tail = &p->head;
        p->queued--;
        int stopping = p->stopping;
        pthread_mutex_unlock(&p->lock);
        if (stopping)
            job->status = BOT_ECANCELED;
        else
            run_watched(p, job, &reader);
        p->conf.done(p->conf.ctx, job);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    sqlite3_close_v2(reader);
    return NULL;
}

struct pool *pool_new(const struct pool_conf *conf)
{
    struct pool *p = xcalloc(1, sizeof *p);
    p->conf = *conf;
    if (!p->conf.threads) p->conf.threads = 2;
    if (p->conf.threads > THREADS_MAX) p->conf.threads = THREADS_MAX;
    p->tail = &p->head;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    return p;
}

void pool_submit(struct pool *p, struct pool_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&p->lock);
    *p->tail = job;
    p->tail = &job->next;
    if (++p->queued > p->idle && p->started < p->conf.threads &&
        pthread_create(&p->threads[p->started], NULL, worker, p) == 0)
        p->started++;
    pthread_cond_signal(&p->more);
    pthread_mutex_unlock(&p->lock);
}

void pool_stop(struct pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stopping = 1;
    pthread_cond_broadcast(&p->more);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->started; i++) pthread_join(p->threads[i], NULL);
    for (struct pool_job *job; (job = p->head);) {
        p->head = job->next;
        job->status = BOT_ECANCELED;
        p->conf.done(p->conf.ctx, job);
    }
    pthread_cond_destroy(&p->more);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
