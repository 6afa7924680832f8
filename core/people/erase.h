/* erase.h - a person who wants to be forgotten. On the loop, in a turn. */
#ifndef TOKOBOT_ERASE_H
#define TOKOBOT_ERASE_H

#include "../event.h"

/* ev->person is nobody from now on; his messages are masked soon afterwards, and once more a day
 * later. BOT_OK, BOT_EBUSY for one who runs a store, or an error. */
int erase_person(struct event *ev);

/* Where the masking is; of this process. */
struct erasing {
    int64_t due_at;   /* ms; 0 = now */
    int64_t began_at; /* whoever is due by then is masked by this walk */
    int64_t inbox, outbox;
    int running;
};
/* Masks a little, at most some 2 ms long, and says in due_at when to go on. 0 or -1. */
int erase_some(struct host *h, int64_t now);

#endif
