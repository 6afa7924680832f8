/* call_admins.h - ADMIN, where no plugin hands the chat over: those who run the store are told that
 * somebody wants to talk to them. On the loop, in a turn. */
#ifndef TOKOBOT_CALL_ADMINS_H
#define TOKOBOT_CALL_ADMINS_H

#include "event.h"

/* *key: the text that tells the sender what has been done. 0 or -1. */
int call_admins(struct event *ev, const char **key);

#endif
