/* upkeep.c - see upkeep.h. */
#include "upkeep.h"

#include "base/clock.h"
#include "host.h"
#include "message/tally.h"

enum { COUNT_MS = 60 * 1000, SOON_MS = 50 };

static int count(struct host *h, int64_t now)
{
    int more = tally_some(h);
    h->tally_at = more ? now + SOON_MS : INT64_MAX;
    return more < 0 ? -1 : 0;
}

int upkeep_run(struct host *h, int64_t now)
{
    if (h->prune.due_at <= now && prune_some(h, now) < 0) return -1;
    if (h->erasing.due_at <= now && erase_some(h, now) < 0) return -1;
    return h->tally_at <= now ? count(h, now) : 0;
}

int64_t upkeep_next_due(const struct host *h)
{
    int64_t due = h->prune.due_at < h->erasing.due_at ? h->prune.due_at : h->erasing.due_at;
    return h->tally_at < due ? h->tally_at : due;
}

void upkeep_journaled(struct host *h)
{
    if (h->tally_at == INT64_MAX) h->tally_at = clock_ms() + COUNT_MS;
}
