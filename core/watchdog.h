/* watchdog.h - a thread that looks whether a callback, on whichever thread, has been running for
 * too long: after 2 s it logs the stack, after 30 s (2 s while a plugin is loaded by a reload, or
 * stopped) it ends the host on purpose, which is then contained as any crash is. The real world
 * only: a simulation has no need of it. */
#ifndef TOKOBOT_WATCHDOG_H
#define TOKOBOT_WATCHDOG_H

#include "crash_page.h"

struct watchdog;

/* Watches the slots of the page; call it on the loop's thread. NULL when no thread can be
 * made. */
struct watchdog *watchdog_start(struct crash_page *page);
/* From now on somebody waits while a plugin is loaded. */
void watchdog_serving(struct watchdog *w);
/* From now on a stop() that does not return ends the process with 0 instead: all is on disk. */
void watchdog_stopping(struct watchdog *w);
void watchdog_stop(struct watchdog *w); /* NULL-safe */

#endif
