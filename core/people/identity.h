/* identity.h - whose hidden id is it? A message under an id whose phone number nobody knows holds
 * its own chat while the gateway is asked, 2 s at most; then it runs as a customer's. On the loop.
 *
 * Cost: nothing for a message with a phone number; for others one look-up in memory. */
#ifndef TOKOBOT_IDENTITY_H
#define TOKOBOT_IDENTITY_H

#include <stdint.h>

struct arrival; /* loop.h */
struct event;
struct host;
struct identities;

struct identities *identities_new(void);
void identities_free(struct host *h); /* NULL-safe */

/* 1: the event does not run yet; its chat is made ready again when that is over. */
int identity_holds(struct event *ev);
/* After COMMIT: asks the gateways what identity_holds() wants to know, and lets those chats go on
 * whose answer is on disk. */
void identity_committed(struct host *h);
/* A gateway says whose id it is, or that it cannot say. In a turn. 0 or -1. */
int identity_came(struct host *h, const struct arrival *a);
/* A message has come that tells it by itself. In a turn. */
void identity_told(struct host *h, const char *gateway, const char *lid);
/* Lets those run that have waited long enough. */
void identity_expire(struct host *h, int64_t now);
int64_t identity_next_due(const struct host *h); /* INT64_MAX = none */

#endif
