/* dispatch.h - a message's way: identity, store, gate, global words, dialog, command, text hooks.
 * On the loop, inside the event's savepoint. Design section 2. */
#ifndef TOKOBOT_DISPATCH_H
#define TOKOBOT_DISPATCH_H

#include "event.h"

/* Runs a journaled event (message, own, internal) from the start, or, when ev->handler and
 * ev->status == BOT_ERESUMED are set, goes on with that handler. Returns a verdict: HANDLED, FAIL
 * or LATER (never PASS). */
int dispatch_event(struct event *ev);
/* After the last verdict of an event - from dispatch_event() or from a completion of a waiting one:
 * closes a dialog that ended, falls back to help, writes the reply to the outbox (with the store's
 * name when several are active). Still inside the savepoint. verdict HANDLED only. 0, or an error:
 * then the event has failed. */
int dispatch_settle(struct event *ev);
/* After the savepoint of a failed event was rolled back: the apology (or abort()'s text). In a new
 * savepoint. */
int dispatch_apologise(struct event *ev);
/* A completion of a waiting event said BOT_PASS: goes on after the handler that waited (the next
 * hooks, the fallback). Returns a verdict as dispatch_event() does. */
int dispatch_passed(struct event *ev);
/* Adds to the one answer of this event, after an empty line. What api->reply() does. */
void dispatch_say(struct event *ev, const char *text);
/* A message without a word that brings something nobody has taken: what we can do with it. */
int dispatch_say_attached(struct event *ev);
/* The core's text `key` in the event's language. */
const char *dispatch_text(struct event *ev, const char *key, const struct bot_arg *args, size_t n);
/* What the hooks of message.gate say of this event: PASS lets it through. */
int dispatch_gate(struct event *ev);
/* 1: may overtake an event of its chat that only waits: a command or a global word. 2: it also
 * cancels that event (BATAL, ADMIN). 0: waits its turn. Pure. */
int dispatch_overtakes(const struct event *ev);

/* A request to a plugin's route (loop.serving). PASS: nobody answers this path. */
int dispatch_route(struct event *ev);

#endif
