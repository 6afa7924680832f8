/* checkpoint.h - what the WAL holds goes into the database file, so that the WAL can begin anew. */
#ifndef TOKOBOT_CHECKPOINT_H
#define TOKOBOT_CHECKPOINT_H

#include <sqlite3.h>
#include <stdint.h>

struct host;
struct pool_job;

struct checkpoint {
    int64_t wal_pages; /* in the WAL after the last commit */
    int64_t bound;     /* pages; 0 = 4,000. Simulations want them often */
    int64_t not_below; /* pages; what a reader held back is tried again then */
    int is_running;    /* a pass is with the pool */
    int claimed;       /* atomic: whoever sets it first does that pass, the pool or the loop */
    unsigned passes;   /* since it was begun */
};

/* On the loop, between turns: begins one when the WAL has grown past its bound. */
void checkpoint_look(struct host *h);
/* On the loop, between turns: a pass is back from the pool. */
void checkpoint_came(struct host *h, const struct pool_job *job);
/* One pass, on a connection of the pool. */
void checkpoint_pass(struct pool_job *job, sqlite3 *sql);

#endif
