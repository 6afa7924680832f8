/* fetches.h - the file of a message on its way here. A message with a URL holds its own chat until
 * its file is on disk or cannot be had, 20 s at most from when it is asked for; then it runs, with
 * the file or with the reason why there is none. On the loop.
 *
 * Cost: nothing for a plain text. */
#ifndef TOKOBOT_FETCHES_H
#define TOKOBOT_FETCHES_H

#include <stddef.h>
#include <stdint.h>

struct event;
struct fetch;
struct fetches;
struct host;

struct fetches *fetches_new(void);
void fetches_free(struct host *h); /* after every event; NULL-safe */
void fetch_free(struct fetch *f);  /* with its event */

/* In a turn. 1: the event does not run yet; its chat is made ready again when that is over. 0: what
 * became of its file is in the journal and in ev->attached, with the rest of this turn. */
int fetch_holds(struct event *ev);
/* After COMMIT: asks the gateways for what waits, as far as there is room. */
void fetches_committed(struct host *h);
/* Gives up what takes too long. */
void fetches_expire(struct host *h, int64_t now);
int64_t fetches_next_due(const struct host *h); /* INT64_MAX = none */

/* Behind gateways/0.fetched(). */
int fetch_came(struct event *ev, int64_t id, const void *bytes, size_t len, const char *error);

#endif
