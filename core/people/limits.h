/* limits.h - how many customers a store may have. On the loop, in a turn. */
#ifndef TOKOBOT_LIMITS_H
#define TOKOBOT_LIMITS_H

#include "../event.h"

/* Is there room for one more? Looked at for a person who is not yet a customer of ev->store. 1, 0,
 * or -1. */
int limits_allow(struct event *ev);
/* One has been added: those who run the store and the super admins are told, once that it gets full
 * and once that it is. 0 or -1. */
int limits_added(struct event *ev);

#endif
