/* upkeep.h - what the host does for itself when it is due, a little at a time. On the loop, in a
 * turn. */
#ifndef TOKOBOT_UPKEEP_H
#define TOKOBOT_UPKEEP_H

#include <stdint.h>

struct host;

/* Old rows and files go, messages are counted, what somebody wanted forgotten is masked: what is
 * due by now, at most some 2 ms of each. 0 or -1. */
int upkeep_run(struct host *h, int64_t now);
int64_t upkeep_next_due(const struct host *h); /* ms */
/* Something was journaled: it is counted within a minute. */
void upkeep_journaled(struct host *h);

#endif
