/* mute.c - see mute.h. */
#include "mute.h"

#include "../base/clock.h"
#include "alarms.h"
#include "lanes.h"

enum { ENOUGH = 10 }; /* of what is judged by */

/* An ack comes in seconds; what is old tells nothing of now. */
static const int64_t PATIENCE_MS = 10 * 60 * 1000, OLD_MS = 6 * 3600 * 1000;

static uint64_t hash(const char *s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *s; s++) h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
    return h | 1;
}

static void judge(struct outbox *o, struct session *s)
{
    int64_t now = clock_ms();
    struct mute *m = &s->mute;
    unsigned due = 0, missing = 0;
    for (unsigned i = 0; i < MUTE_WATCHED; i++) {
        int64_t age = now - m->sent[i].at;
        if (!m->sent[i].id || age < PATIENCE_MS || age > OLD_MS) continue;
        due++;
        missing += !m->sent[i].confirmed;
    }
    int is_mute = m->hears_acks && due >= ENOUGH && 2 * missing > due;
    if (is_mute == m->is_mute) return;
    m->is_mute = is_mute;
    alarm_raise(o, s, is_mute ? ALARM_MUTE : ALARM_NOT_MUTE, missing);
}

void mute_sent(struct outbox *o, struct session *s, const char *native_id)
{
    struct mute *m = &s->mute;
    unsigned at = m->next++ % MUTE_WATCHED;
    m->sent[at].id = hash(native_id);
    m->sent[at].at = clock_ms();
    m->sent[at].confirmed = 0;
    if (at % 4 == 0) judge(o, s);
}

void mute_ack(struct outbox *o, struct session *s, const char *native_id, int ack)
{
    struct mute *m = &s->mute;
    uint64_t id = hash(native_id);
    if (ack < 1) return;
    m->hears_acks = 1;
    for (unsigned i = 0; i < MUTE_WATCHED; i++) {
        if (m->sent[i].id != id || m->sent[i].confirmed) continue;
        m->sent[i].confirmed = 1;
        if (m->is_mute) judge(o, s);
        return;
    }
}
