/* probe.h - tries plugin files in processes of their own, so that a constructor or an init() that
 * crashes, hangs or ends its process costs a bot that runs nothing. Not a bare fork: database and
 * network handles must not be touched in a forked child, so the executable is started anew.
 *
 * On the loop; the caller tells when a child may have ended (SIGCHLD) and when time has passed. */
#ifndef TOKOBOT_PROBE_H
#define TOKOBOT_PROBE_H

#include <stdint.h>
#include <sys/types.h>

#include "reload.h"

struct probes;

/* So long may each step take: the copy and the checks, the constructors, init(). At a start nobody
 * is waiting yet, and everything is tried on a machine that may be busy. */
enum { PROBE_LIMIT_MS = 2000, PROBE_START_LIMIT_MS = 5000 };

/* `done` is called for each probe that has ended, from probes_reap(); it takes the probe. */
struct probes *probes_new(void (*done)(struct plugin_probe *p));
void probes_free(struct probes *ps);                          /* kills what runs; NULL-safe */
void probes_start(struct probes *ps, struct plugin_probe *p); /* takes it */
/* Looks which have ended; kills those that take too long. */
void probes_reap(struct probes *ps, int64_t now_ms);
int64_t probes_next_due(const struct probes *ps); /* INT64_MAX = none runs; both NULL-safe */

/* The same for some files at once, waiting for all: each gets its problem, or none. A copy that is
 * there already is taken as it is. */
void probe_all(struct library **libs, size_t count, int64_t limit_ms);
int probe_now(struct library *lib); /* one; 0, or -1 with a sentence in lib->problem */

/* The child: `tokobot plugin probe NAME FILE COPY REPORT-FD PARENT-PID`. Does not return. */
_Noreturn void probe_child(const char *name, const char *file, const char *copy, int report_fd,
                           pid_t parent);

#endif
