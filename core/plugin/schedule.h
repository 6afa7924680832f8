/* schedule.h - durable repeated jobs: the table `schedules` says when each is due next. On the
 * loop, in a turn. */
#ifndef TOKOBOT_SCHEDULE_H
#define TOKOBOT_SCHEDULE_H

#include "../event.h"

/* Emits an internal event for each schedule that is due and sets its next time; sets
 * loop.schedule_at. 0 or -1. */
int schedules_run(struct host *h, int64_t now);
/* Runs the schedule that an event "schedule:PLUGIN/NAME" is of; PASS when it has gone. */
int schedule_handle(struct event *ev);

#endif
