/* schedule.c - see schedule.h. A job that was due while the bot was down runs once when it is back.
 */
#include "schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../host.h"
#include "../message/inbox.h"
#include "../message/texts.h"

static const char NEXT[] = "SELECT next_at FROM schedules WHERE plugin = ?1 AND name = ?2";
static const char PUT[] = "INSERT INTO schedules(plugin, name, next_at) VALUES (?1, ?2, ?3)"
                          " ON CONFLICT DO UPDATE SET next_at = excluded.next_at";

static int64_t next_time(const struct host *h, const struct bot_schedule_spec *spec, int64_t now)
{
    if (spec->every_s) return now + (int64_t)spec->every_s * 1000;
    const int64_t day = 86400000;
    int64_t offset = texts_zone_ms(h->timezone);
    int64_t at = (int64_t)(atoi(spec->daily_at) * 60 + atoi(spec->daily_at + 3)) * 60000;
    int64_t midnight = (now + offset) / day * day - offset;
    return midnight + at > now ? midnight + at : midnight + at + day;
}

static int run_due(struct host *h, const struct schedule *s, int64_t due, int64_t now)
{
    char event[200];
    snprintf(event, sizeof event, "schedule:%s/%s", s->plugin->name, s->spec.name);
    if (due <= now && inbox_emit(h, NULL, event, NULL, 0, NULL, 0) != BOT_OK) return -1;
    return db_exec(&h->db, PUT, "ssi", s->plugin->name, s->spec.name,
                   next_time(h, &s->spec, now)) == 0
               ? 0
               : -1;
}

int schedules_run(struct host *h, int64_t now)
{
    const struct registry *r = h->registry;
    int64_t soonest = INT64_MAX;
    for (size_t i = 0; i < r->schedule_count; i++) {
        const struct schedule *s = r->schedules[i];
        int64_t due = db_int(&h->db, INT64_MAX, NEXT, "ss", s->plugin->name, s->spec.name);
        if ((due <= now || due == INT64_MAX) && run_due(h, s, due, now) < 0) return -1;
        due = db_int(&h->db, INT64_MAX, NEXT, "ss", s->plugin->name, s->spec.name);
        if (due < soonest) soonest = due;
    }
    h->loop.schedule_at = soonest;
    return 0;
}

int schedule_handle(struct event *ev)
{
    const struct registry *r = ev->host->registry;
    const char *name = ev->event_name + strlen("schedule:");
    for (size_t i = 0; i < r->schedule_count; i++) {
        const struct schedule *s = r->schedules[i];
        size_t len = strlen(s->plugin->name);
        if (strncmp(name, s->plugin->name, len) != 0 || name[len] != '/' ||
            strcmp(name + len + 1, s->spec.name) != 0)
            continue;
        if (containment_is_off(ev, s->plugin)) return BOT_PASS; /* it is due again */
        return event_call(ev, s->plugin, BOT_ALL_STORES, s->spec.run, s->spec.name);
    }
    return BOT_PASS;
}
