/* agenda.c - virtual time: what happens outside the host and when; and the boundaries at which it
 * may be killed. Equal times run in the order in which they were added. */
#include "sim.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "memvfs.h"

void agenda_add(struct sim *s, int64_t at, int of_this_life, void (*run)(struct sim *, void *),
                void *arg)
{
    if (s->agenda_count == AGENDA_MAX) abort(); /* a schedule larger than was ever meant */
    s->agenda[s->agenda_count++] =
        (struct agenda_item){ at, ++s->seq, run, arg, of_this_life ? s->life : 0 };
}

void agenda_forget_life(struct sim *s)
{
    int kept = 0;
    for (int i = 0; i < s->agenda_count; i++)
        if (s->agenda[i].life == 0) s->agenda[kept++] = s->agenda[i];
    s->agenda_count = kept;
}

static int agenda_first(const struct sim *s)
{
    int first = -1;
    for (int i = 0; i < s->agenda_count; i++) {
        const struct agenda_item *a = &s->agenda[i];
        if (first < 0 || a->at < s->agenda[first].at ||
            (a->at == s->agenda[first].at && a->seq < s->agenda[first].seq))
            first = i;
    }
    return first;
}

int64_t agenda_next(const struct sim *s)
{
    int first = agenda_first(s);
    return first < 0 ? INT64_MAX : s->agenda[first].at;
}

void agenda_run_next(struct sim *s)
{
    int first = agenda_first(s);
    if (first < 0) return;
    struct agenda_item item = s->agenda[first];
    s->agenda[first] = s->agenda[--s->agenda_count];
    item.run(s, item.arg);
}

/* Where nothing has become durable or known outside since the last boundary, the power going is the
 * same event again: such a place is not counted. */
static int is_the_same(struct sim *s)
{
    struct simdisk_stats disk;
    simdisk_stats(&disk);
    uint64_t now = disk.writes + disk.syncs + s->known_outside;
    if (now == s->last_boundary) return 1;
    s->last_boundary = now;
    return 0;
}

int boundary(struct sim *s, const char *what)
{
    if (s->dead) return 1;
    if (is_the_same(s)) return 0;
    s->boundary++;
    s->stats.inside += s->reloading && s->explore;
    if (s->explore && !s->failure[0]) world_explore(s);
    if (s->boundary != s->crash_at && s->boundary != s->next_crash) return 0;
    sim_say(s, "*** the power goes at boundary %d, %s", s->boundary, what);
    simdisk_cut();
    s->dead = 1;
    return 1;
}
