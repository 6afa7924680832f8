/* late.h - messages that a gateway hands in late: they came while the bot or the network was away
 * (a backfill). On the loop.
 *
 * Three things make them come in order and once: their row has the key that a webhook's would have;
 * what comes live meanwhile is held, it is in the journal but does not run; and a late message
 * takes the place in its chat's queue that its time gives it. What a chat has missed is handed in
 * by one callback of the gateway's, so it is journaled in one turn, and its summary with it: a
 * crash leaves all of it or nothing.
 *
 * Cost: one comparison for a message while nothing is held. */
#ifndef TOKOBOT_LATE_H
#define TOKOBOT_LATE_H

#include "../event.h"

struct arrival; /* loop.h */
struct lates;

struct lates *lates_new(void);
void lates_free(struct host *h); /* NULL-safe */

/* What comes for this session - from one person, when a phone or a hidden id is given - does not
 * run for max_ms, or until late_caught_up(). 0: it runs from now on. BOT_OK or BOT_EINVAL. */
int late_hold(struct host *h, const char *gateway, const char *session, const char *phone,
              const char *lid, int64_t max_ms);
/* 1: the event does not run yet; its chat is made ready again when that is over. */
int late_holds(struct event *ev);
/* After COMMIT: lets those run that were told to be complete in this turn. */
void late_committed(struct host *h);
/* Lets those run that have been held long enough. */
void late_expire(struct host *h, int64_t now);
int64_t late_next_due(const struct host *h); /* INT64_MAX = none */

/* ---- journaling, in a turn ------------------------------------------------------------------- */

/* Around the arrivals of a turn: the end journals the summaries. 0 or -1. */
void late_begin(struct host *h);
int late_end(struct host *h);
/* 1: it is a message that we have sent ourselves; it has its row in the outbox. -1: error. */
int late_is_ours(struct host *h, const struct arrival *a);
/* It came live already: should it still wait, the gateway knows better when it was sent. */
void late_is_known(struct host *h, const struct arrival *a, const char *key);
/* The row of a late message has just been written: makes of it what it is to be. 1: *ev runs; 0: it
 * is only recorded and *ev is gone; -1. */
int late_journaled(struct host *h, const struct arrival *a, struct event **ev);
/* BOT_IN_CAUGHT_UP. 0 or -1. */
int late_caught_up(struct host *h, const struct arrival *a);

/* ---- running --------------------------------------------------------------------------------- */

/* Its place in its chat's queue: by time, before what came live in the same second. */
void late_queue(struct event *ev);
int late_is_summary(const struct event *ev);
/* The one answer to what a chat has missed, when the gate lets it through. A verdict. */
int late_summarise(struct event *ev);

#endif
