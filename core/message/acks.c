/* acks.c - see acks.h. */
#include "acks.h"

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

/* ---- mute ------------------------------------------------------------------------------------ */

static void judge(struct outbox *o, struct session *s)
{
    int64_t now = clock_ms();
    struct acks *a = &s->acks;
    unsigned due = 0, missing = 0;
    for (unsigned i = 0; i < ACKS_WATCHED; i++) {
        int64_t age = now - a->sent[i].at;
        if (!a->sent[i].id || age < PATIENCE_MS || age > OLD_MS) continue;
        due++;
        missing += !a->sent[i].confirmed;
    }
    int is_mute = a->are_heard && due >= ENOUGH && 2 * missing > due;
    if (is_mute == a->is_mute) return;
    a->is_mute = is_mute;
    alarm_raise(o, s, is_mute ? ALARM_MUTE : ALARM_NOT_MUTE, missing);
}

void acks_sent(struct outbox *o, struct session *s, const char *native_id)
{
    struct acks *a = &s->acks;
    unsigned at = a->next++ % ACKS_WATCHED;
    a->sent[at].id = hash(native_id);
    a->sent[at].at = clock_ms();
    a->sent[at].confirmed = acks_early(s, native_id) > 0;
    if (at % 4 == 0) judge(o, s);
}

/* ---- early ----------------------------------------------------------------------------------- */

static void keep_early(struct acks *a, uint64_t id, int ack)
{
    for (unsigned i = 0; i < ACKS_EARLY; i++) {
        if (a->early[i].id != id) continue;
        if (a->early[i].ack != -1 && (ack == -1 || ack > a->early[i].ack)) a->early[i].ack = ack;
        return;
    }
    unsigned at = a->next_early++ % ACKS_EARLY;
    a->early[at].id = id;
    a->early[at].ack = ack;
}

int acks_early(const struct session *s, const char *native_id)
{
    const struct acks *a = &s->acks;
    if (!a->next_early) return 0;
    uint64_t id = hash(native_id);
    for (unsigned i = 0; i < ACKS_EARLY; i++)
        if (a->early[i].id == id) return a->early[i].ack;
    return 0;
}

void acks_came(struct outbox *o, struct session *s, const char *native_id, int ack, int known)
{
    struct acks *a = &s->acks;
    uint64_t id = hash(native_id);
    if (!known) keep_early(a, id, ack);
    if (ack < 1) return;
    a->are_heard = 1;
    for (unsigned i = 0; i < ACKS_WATCHED; i++) {
        if (a->sent[i].id != id || a->sent[i].confirmed) continue;
        a->sent[i].confirmed = 1;
        if (a->is_mute) judge(o, s);
        return;
    }
}
