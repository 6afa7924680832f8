/* day_people.c - who writes what and when: drawn before the day begins. */
#include "day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

const char *const day_act_names[DAY_ACTS] = { "row", "emit", "timer", "work", "http", "fail" };

/* Conversations that begin in each hour, in parts: the night is quiet, people write before lunch
 * and at night. */
static const int hours[24] = { 2,  1, 1, 1, 1, 2, 4,  6,  8,  9,  14, 14,
                               12, 8, 7, 7, 8, 9, 10, 15, 15, 12, 7,  4 };

void person_chat(int person, int by_lid, char out[48])
{
    if (person >= PERSONS_PHONE)
        snprintf(out, 48, "200000000000%03d@lid", person);
    else if (by_lid)
        snprintf(out, 48, "100000000000%03d@lid", person);
    else
        snprintf(out, 48, "6281100000%03d@c.us", person);
}

static int64_t draw_beginning(struct day *d)
{
    int all = 0, hour = 0;
    for (int i = 0; i < 24; i++) all += hours[i];
    int at = (int)chance_range(&d->plan, 0, all - 1);
    while (at >= hours[hour]) at -= hours[hour++];
    int64_t last = hour == 23 ? DAY_HOUR_MS / 2 : DAY_HOUR_MS - 1;
    return DAY_START_MS + hour * DAY_HOUR_MS + chance_range(&d->plan, 0, last);
}

static enum day_act draw_act(struct day *d)
{
    static const int parts[DAY_ACTS] = { 50, 12, 12, 12, 9, 5 };
    int at = (int)chance_range(&d->plan, 0, 99), act = 0;
    while (at >= parts[act]) at -= parts[act++];
    return (enum day_act)act;
}

static void message_draw(struct day *d, int conversation, int person, int by_lid, int64_t at)
{
    struct said *m = &d->said[d->said_count];
    memset(m, 0, sizeof *m);
    m->conversation = conversation;
    m->person = person;
    m->by_lid = by_lid;
    m->act = draw_act(d);
    m->is_command = chance_percent(&d->plan, 15);
    m->has_media = chance_permille(&d->plan, 15);
    m->written_at = m->stamp = at;
    if (chance_permille(&d->plan, 15)) {
        m->is_skewed = 1;
        m->stamp += (chance_percent(&d->plan, 50) ? 24 : -24) * DAY_HOUR_MS;
    }
    snprintf(m->id, sizeof m->id, "3AD%08X", (unsigned)d->said_count++);
    d->times[d->said_count - 1] = at;
    day_at(d, at, message_written, m);
}

static void conversation_draw(struct day *d, int conversation)
{
    int person = (int)chance_range(&d->plan, 0, PERSONS - 1);
    int by_lid = person >= PERSONS_PHONE || (person % 3 == 0 && chance_percent(&d->plan, 50));
    int count = (int)chance_range(&d->plan, 3, 8);
    int64_t at = draw_beginning(d);
    for (int i = 0, quick = 0; i < count; i++) {
        message_draw(d, conversation, person, by_lid, at);
        /* Not more than three at once: who answers us five times within 1.5 s is a machine to the
         * loop breaker. */
        quick = quick < 3 && chance_percent(&d->plan, 25) ? quick + 1 : 0;
        at += quick ? chance_range(&d->plan, 400, 3000) : chance_range(&d->plan, 3000, 45000);
    }
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t crowd_near(struct day *d, int64_t at, int64_t within_ms)
{
    int low = 0, high = d->said_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (d->times[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == d->said_count || d->times[low] > at + within_ms) return at;
    return d->times[low] + chance_range(&d->fate, 100, 4000);
}

void crowd_draw(struct day *d)
{
    d->said = xcalloc((size_t)d->conversations * 8, sizeof *d->said);
    d->times = xcalloc((size_t)d->conversations * 8, sizeof *d->times);
    for (int i = 0; i < d->conversations; i++) conversation_draw(d, i);
    qsort(d->times, (size_t)d->said_count, sizeof *d->times, by_time);
    int noise = d->said_count / 8;
    for (int i = 0; i < noise; i++) day_at(d, draw_beginning(d), noise_made, NULL);
}
