/* lent.c - see lent.h. */
#include "lent.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/shared.h"
#include "event.h"
#include "http/client.h"
#include "loop.h"
#include "storage/pool.h"
#include "storage/statement.h"

enum { WORTH_BYTES = 64 << 10 }; /* below, a copy costs less than the counting is worth */

static void end_http(void *job)
{
    http_job_free(job);
}

static void end_job(void *job)
{
    pool_job_free(job);
}

/* With the byte behind them, which is a NUL in all that is lent. */
static int lie_in(const void *bytes, size_t len, const void *lent, size_t lent_len)
{
    uintptr_t at = (uintptr_t)bytes, from = (uintptr_t)lent;
    return lent && at >= from && at - from <= lent_len && len <= lent_len - (at - from) &&
           ((const char *)bytes)[len] == 0;
}

static int lie_in_row(const void *bytes, size_t len, const struct bot_rows *rows)
{
    const struct rowset *set = rows ? rows->set : NULL;
    if (!set || rows->at < 0 || (size_t)rows->at >= set->count) return 0;
    const struct rowset_cell *cell = &set->cells[(size_t)rows->at * set->columns];
    for (uint32_t i = 0; i < set->columns; i++)
        if (cell[i].len && lie_in(bytes, len, cell[i].text, cell[i].len)) return 1;
    return 0;
}

struct shared *lent_hold(struct event *ev, const void *bytes, size_t len)
{
    struct completion *c = ev->lender;
    if (!c || len < WORTH_BYTES) return NULL;
    int is_lent = c->http  ? lie_in(bytes, len, c->http->answer.data, c->http->answer.len)
                  : c->job ? lie_in(bytes, len, c->job->output, c->job->output_len) ||
                                 lie_in_row(bytes, len, ev->lent_rows)
                           : 0;
    if (!is_lent) return NULL;
    if (!c->shared)
        c->shared = c->http ? shared_new(end_http, c->http) : shared_new(end_job, c->job);
    return shared_hold(c->shared);
}

struct shared *lent_or_copied(struct event *ev, const void **bytes, size_t len)
{
    struct shared *s = lent_hold(ev, *bytes, len);
    if (s) return s;
    void *copy = xmemdup(*bytes, len);
    *bytes = copy;
    return shared_new(free, copy);
}
