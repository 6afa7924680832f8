/* shared.c - see shared.h. */
#include "core/base/shared.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/buf.h"

struct shared {
    atomic_uint holders;
    void (*end)(void *what);
    void *what;
};

struct shared *shared_new(void (*end)(void *what), void *what)
{
    struct shared *s = xmalloc(sizeof *s);
    atomic_init(&s->holders, 1);
    s->end = end;
    s->what = what;
    return s;
}

struct shared *shared_hold(struct shared *s)
{
    atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
    return s;
}

void shared_release(struct shared *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) != 1) return;
    s->end(s->what);
    free(s);
}
