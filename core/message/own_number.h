/* own_number.h - sessions that belong to one store: what comes there is that store's, whoever
 * writes. On the loop. */
#ifndef TOKOBOT_OWN_NUMBER_H
#define TOKOBOT_OWN_NUMBER_H

#include "../event.h"
#include "../plugin/registry.h"

/* Says that the session belongs to the store with this code; "" = to all of them. Kept as long as
 * the gateway's generation. BOT_OK, or BOT_ENOENT: there is no such store yet. */
int own_number_bind(struct gateway *gw, const char *session, const char *code);
/* Whose number ev came in on: 0 = all stores', -1 = of a store that does not exist. Costs a lookup
 * by code where a number is bound, nothing elsewhere. */
int64_t own_number_store(struct event *ev);
/* The same of any session. */
int64_t own_number_of(struct host *h, const char *gateway, const char *session);
/* 1: what was asked on that session is not answered here: in a group nothing is, and a number of
 * one store's own is another shop's door. */
int own_number_hides(struct event *ev, const char *gateway, const char *session);
/* The phone number of a session, as its gateway tells it. BOT_OK, BOT_EINVAL, BOT_EIO. */
int own_number_told(struct host *h, const char *gateway, const char *session, const char *phone);
/* Loads the store that is plain without asking, and the roles in it: the number's own, the only
 * one, the one that this person wrote to last; or none. For what nobody is asked about. */
void own_number_guess(struct event *ev);

#endif
