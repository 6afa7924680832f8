/* lent.h - large bytes that a completion lends to a plugin and that the plugin hands back to the
 * host, as work's input, a file or a request's body: they are held instead of copied. Copying 4 MB
 * into fresh memory holds the loop for 5 to 18 ms. The plugin sees no difference: what it was lent
 * is const, and its copy would have the same bytes. On the loop. */
#ifndef TOKOBOT_LENT_H
#define TOKOBOT_LENT_H

#include <stddef.h>

struct completion;
struct event;
struct shared;

/* Whose bytes they are, held once more for the caller; NULL: they are small, or not lent by the
 * completion whose done() runs: to be copied. There is a NUL behind them, as behind a copy. */
struct shared *lent_hold(struct event *ev, const void *bytes, size_t len);
/* The same, or a copy: *bytes says where. */
struct shared *lent_or_copied(struct event *ev, const void **bytes, size_t len);

#endif
