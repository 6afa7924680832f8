/* seeded.h - what makes a process a simulation: libsodium's chance comes from a seed, SQLite lives
 * on simdisk, time is virtual. */
#ifndef TOKOBOT_SIM_SEEDED_H
#define TOKOBOT_SIM_SEEDED_H

#include "chance.h"

extern struct chance host_chance; /* where libsodium's random numbers come from */

/* Once a process, before anything of the host is called; time stands still at start_ms. 0 or -1. */
int seeded_begin(int64_t start_ms);

#endif
