/* containment.h - what becomes of a plugin whose callback crashed the host, and of the event that
 * it was running. A crash cannot be caught inside the process: the host dies, the supervisor starts
 * another one, and that one reads from the crash page what had been running.
 *
 *   the event   1st crash: runs alone in its turn; 2nd: without that plugin; 3rd: set aside
 *   the plugin  3 crashes in 10 minutes: quarantined - its commands say so, its hooks are passed
 *               over, its schedules and events wait
 *               a crash while it is loaded or started: left out
 *
 * Both end with a reload, or when the file is another one. A gateway is never quarantined: without
 * it nobody hears anything; its rows and bodies are set aside instead. A host that was killed
 * (signal 9) counts for the event only. On the loop but where it says otherwise. */
#ifndef TOKOBOT_CONTAINMENT_H
#define TOKOBOT_CONTAINMENT_H

#include "crash_page.h"
#include "event.h"

struct library;

enum { ATTEMPTS_ALONE = 1, ATTEMPTS_WITHOUT = 2, ATTEMPTS_ASIDE = 3 };

/* What is known of a plugin that crashed lately. */
struct suspect {
    char plugin[49], build[17], callback[47];
    int crashes; /* in the last 10 minutes */
    int loading; /* one of them while it was loaded or started */
    int stopped; /* it has been quarantined or left out before, and nobody has reloaded since */
};

/* At a start, before any plugin is opened: writes the crash of the host before down, in a commit of
 * its own, and finds who is suspected. 0, or -1 with a sentence. */
int containment_open(struct host *h, struct buf *error);
void containment_free(struct host *h);
/* 1, with a sentence: this file crashed the host while it was loaded, and is not opened again. */
int containment_leaves_out(struct host *h, const struct library *lib, char *why, size_t cap);
/* Quarantines a generation that has just been made, when its file is one that crashes. */
void containment_judge(struct host *h, struct plugin *p);
/* For health: one line for a plugin that is quarantined. */
void containment_tell_problem(struct host *h, const struct plugin *p, struct buf *out);
/* A reload: everybody gets another chance. Between forgive 1 and 0 nobody is left out or
 * quarantined; containment_clear() in its transaction forgets the crashes and lets the events go on
 * that waited, 0 or -1; containment_cleared() after COMMIT. */
void containment_forgive(struct host *h, int forgive);
int containment_clear(struct host *h);
int containment_has_crashes(struct host *h); /* 1: there is something to forget */
void containment_cleared(struct host *h);

/* 1: nothing of the plugin is called for this event - it is quarantined, or the event has crashed
 * it twice. */
int containment_is_off(const struct event *ev, const struct plugin *p);
/* Steps of the loop: an event that is set aside, with an apology; the end of one that was answered
 * without its plugin; an internal event whose plugin is quarantined, or off, waits. Verdicts. */
int containment_set_aside(struct event *ev);
int containment_answered_without(struct event *ev);
int containment_park(struct event *ev, const char *plugin);
/* The internal event "plugin.quarantined": tells the super admins. 0 or -1. */
int containment_notify(struct event *ev);

/* A webhook's body that has crashed the host twice: any thread. `id` is made of its content. */
int containment_is_poison(struct host *h, int64_t id);

#endif
