/* checkpoint.c - see checkpoint.h.
 *
 * Copying 16 MiB and two fsyncs hold whoever does it for 4 to 13 ms, so the pool does it, on a
 * connection of its own, while turns go on. They write to the WAL meanwhile, and a WAL that is
 * never wholly copied never begins anew: each further pass finds less that is new, until the loop
 * copies the last few pages itself, between two turns, when nobody writes.
 *
 * Whoever copies, what counts is in the files: a crash at any moment finds a WAL that still holds
 * all that is not yet synced in the database.
 *
 * Invariant: there is one pass at a time, and none begins on a WAL that is wholly copied already
 * while somebody may write (SQLite before 3.51.3 can lose pages then). A pass that the pool never
 * comes to is taken over by the loop: it is claimed by one of the two. */
#include "checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/log.h"
#include "../host.h"
#include "pool.h"

enum {
    BOUND_PAGES = 4000, /* 16 MiB: rare, and replayed in a moment */
    LAST_PAGES = 100,   /* that the loop copies itself: a fraction of a millisecond */
    PASSES_MAX = 6,     /* then all that is left: the disk is slower than what is written */
    AGAIN_PAGES = 1000,
    STUCK = 4 /* times the bound: the pool does not come to it */
};

struct pass_result {
    int log, done; /* pages in the WAL; of those, in the database */
};

static int is_trouble(int rc)
{
    return rc != SQLITE_OK && rc != SQLITE_BUSY;
}

void checkpoint_pass(struct pool_job *job, sqlite3 *sql)
{
    struct pass_result r = { 0, 0 };
    if (__atomic_exchange_n(job->checkpoint, 1, __ATOMIC_ACQ_REL)) {
        job->status = BOT_EGONE;
        return;
    }
    int rc = sqlite3_wal_checkpoint_v2(sql, NULL, SQLITE_CHECKPOINT_PASSIVE, &r.log, &r.done);
    if (is_trouble(rc)) {
        job->status = BOT_EIO;
        snprintf(job->message, sizeof job->message, "%s", sqlite3_errmsg(sql));
        return;
    }
    job->output = xmemdup(&r, sizeof r);
    job->output_len = sizeof r;
}

static void begin_pass(struct host *h)
{
    struct checkpoint *c = &h->db.checkpoint;
    struct pool_job *job = xcalloc(1, sizeof *job);
    __atomic_store_n(&c->claimed, 0, __ATOMIC_RELEASE);
    job->checkpoint = &c->claimed;
    c->is_running = 1;
    c->passes++;
    h->ports.job_submit(h->ports.ctx, job);
}

static void end(struct checkpoint *c, int64_t not_below)
{
    c->not_below = not_below;
    c->passes = 0;
}

/* Nobody writes now, so all is copied that no reader needs as it was. */
static void copy_last(struct host *h)
{
    struct checkpoint *c = &h->db.checkpoint;
    int log = 0, done = 0;
    int rc = sqlite3_wal_checkpoint_v2(h->db.sql, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &done);
    if (is_trouble(rc))
        log_warn("database", "checkpoint failed", LOG_STR("error", sqlite3_errmsg(h->db.sql)));
    int is_whole = rc == SQLITE_OK && done >= log;
    end(c, is_whole ? 0 : c->wal_pages + AGAIN_PAGES);
    if (is_whole) c->wal_pages = 0;
}

void checkpoint_look(struct host *h)
{
    struct checkpoint *c = &h->db.checkpoint;
    int64_t bound = c->bound ? c->bound : BOUND_PAGES;
    if (c->wal_pages < bound || c->wal_pages < c->not_below) return;
    if (!c->is_running)
        begin_pass(h);
    else if (c->wal_pages >= STUCK * bound &&
             !__atomic_exchange_n(&c->claimed, 1, __ATOMIC_ACQ_REL))
        copy_last(h);
}

void checkpoint_came(struct host *h, const struct pool_job *job)
{
    struct checkpoint *c = &h->db.checkpoint;
    struct pass_result r;
    c->is_running = 0;
    if (job->status == BOT_EGONE) return; /* the loop has done it */
    if (job->status != BOT_OK || job->output_len != sizeof r) {
        log_warn("database", "checkpoint failed", LOG_STR("error", job->message));
        copy_last(h);
        return;
    }
    memcpy(&r, job->output, sizeof r);
    if (r.log < 0 || r.done < r.log) { /* somebody else checkpoints; a reader needs the rest */
        end(c, c->wal_pages + AGAIN_PAGES);
        return;
    }
    int64_t left = c->wal_pages - r.done; /* below 0: the WAL has begun anew already */
    if (left <= 0) {
        if (left == 0) c->wal_pages = 0;
        end(c, 0);
    } else if (left <= LAST_PAGES || c->passes >= PASSES_MAX) {
        copy_last(h);
    } else {
        begin_pass(h);
    }
}
