/* tally.h - how many messages came, by day. On the loop, in a turn. */
#ifndef TOKOBOT_TALLY_H
#define TOKOBOT_TALLY_H

#include <stdint.h>

struct host;

/* Counts some of what has come since it was last here. 1: there is more; 0, or -1. */
int tally_some(struct host *h);
/* Messages of today and of the last seven days, in the host's time zone. 0 or -1. */
int tally_read(struct host *h, int64_t *today, int64_t *week);

#endif
