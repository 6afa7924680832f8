/* alarms.h - what the super admins are told of a number without having asked: it is away, mute, at
 * its limits. On the loop.
 *
 * An alarm becomes the internal event "session.alarm" in the next turn, so that it survives a crash
 * and plugins may hook it; the core's own answer is a text to each super admin, by a number that
 * still works when there is one. */
#ifndef TOKOBOT_ALARMS_H
#define TOKOBOT_ALARMS_H

#include "../event.h"

struct outbox;
struct session;

enum alarm_kind {
    ALARM_DOWN,         /* nothing gets through for a while; told if another number works */
    ALARM_UP,           /* ... and now it does again */
    ALARM_BUDGET,       /* four fifths of the day's notices are used; number: of so many */
    ALARM_BUDGET_SPENT, /* all of them: the others wait for tomorrow */
    ALARM_NO_NEW_CHATS, /* the network lets it begin no chats; number: until when, ms */
    ALARM_NEW_CHATS,    /* ... and that has ended before its time */
    ALARM_MUTE,         /* what it sends is not confirmed */
    ALARM_NOT_MUTE,
    ALARMS
};

void alarm_raise(struct outbox *o, const struct session *s, enum alarm_kind kind, int64_t number);
int alarms_pending(const struct outbox *o);
int alarms_turn(struct outbox *o); /* in a turn: they become events. 0 or -1 */
void alarms_committed(struct outbox *o);
void alarms_rolled_back(struct outbox *o);
void alarms_free(struct outbox *o);

/* The event "session.alarm": tells the super admins. 0 or -1. */
int alarm_notify(struct event *ev);
/* Writes to each super admin, ahead of notices, by a number that works when his own does not. 0 or
 * -1. */
int alarm_tell_supers(struct event *ev, const char *text);

#endif
