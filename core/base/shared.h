/* shared.h - something that several hold, on several threads; whoever lets go last ends it. */
#ifndef TOKOBOT_SHARED_H
#define TOKOBOT_SHARED_H

struct shared;

/* end(what) runs once, on the thread that lets go last. The caller holds it. */
struct shared *shared_new(void (*end)(void *what), void *what);
struct shared *shared_hold(struct shared *s); /* once more; returns s */
void shared_release(struct shared *s);        /* NULL-safe */

#endif
