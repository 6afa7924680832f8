/* prune.h - what is old goes: messages that are done with, keys that have expired, files that nobody
 * has used since. On the loop, in a turn. */
#ifndef TOKOBOT_PRUNE_H
#define TOKOBOT_PRUNE_H

#include <stdint.h>

struct host;

/* Where the look through a table goes on; zeroes: from its beginning. Of this process: what is
 * passed over because a turn was lost is found next time. */
struct prune {
    int64_t due_at; /* ms; 0 = now */
    int64_t inbox, outbox;
};

/* Takes away a little, at most some 2 ms long, and says in due_at when to go on: soon while there
 * is more, else in an hour. 0 or -1. */
int prune_some(struct host *h, int64_t now);

#endif
