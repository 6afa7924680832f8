/* inbox.h - the journal of everything that arrived or was emitted. On the loop, inside a turn.
 *
 * States: new -> done | failed | aside, with waiting in between while a handler waits (LATER) or
 * until `due_at` (at(), schedules). A row's `key` makes one native message one row, under whichever
 * id of the chat. */
#ifndef TOKOBOT_INBOX_H
#define TOKOBOT_INBOX_H

#include "../event.h"
#include <tokobot/services/gateways.h>

struct arrival; /* loop.h */

/* Inserts an arrival's message; 1 journaled (*out is the event, ready to be queued after COMMIT), 0
 * known already, -1 database error. */
int inbox_journal(struct host *h, struct arrival *a, struct event **out);
/* Inserts an internal event in the running savepoint; it runs after COMMIT (due_at 0) or at due_at.
 * BOT_OK or error. */
int inbox_emit(struct host *h, struct event *from, const char *name, const char *key,
               int64_t due_at, const void *body, size_t len);
int inbox_finish(struct host *h, struct event *ev, enum inbox_state state);
int inbox_wait(struct host *h, struct event *ev); /* LATER: stores handler, resume blob, deadline */
/* ev->attached has changed: writes it. In a turn. 0 or -1. */
int inbox_attach(struct host *h, const struct event *ev);
/* The id that the network gave this message; NULL when it is none, or had none. */
const char *inbox_native_id(struct host *h, const struct event *ev, struct arena *arena);
/* Masks the stored text of a message whose answer was a secret. */
int inbox_mask(struct host *h, struct event *ev);
/* At start: everything not finished, in journal order, also what waits for a plugin. Each is given
 * to `queue`. 0 or -1. */
int inbox_load(struct host *h, void (*queue)(struct host *h, struct event *ev));
/* Events that waited for a plugin which is running now go on, also those that were set aside for
 * crashing it; queued after COMMIT. 0 or -1. */
int inbox_unpark(struct host *h);
/* Internal events whose time has come; the same. Returns how many, -1 on error. */
int inbox_load_due(struct host *h, int64_t now, void (*queue)(struct host *h, struct event *ev));

#endif
