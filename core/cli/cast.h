/* cast.h - people and stores that a transcript takes for granted. On the loop's thread, between
 * turns. */
#ifndef TOKOBOT_CAST_H
#define TOKOBOT_CAST_H

#include "transcript.h"

struct host;

/* Makes the store, the person with this phone, and his place in the store, as far as they are
 * missing: staff and admins get their role, customers are members. 0, or -1 with host->db.error. */
int cast_make(struct host *h, enum speaker_role role, const char *phone, const char *store);

#endif
