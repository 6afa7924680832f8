/* send_ids.c - each session's pool of send ids: a row that goes out under one can be asked for and
 * repeated. Kept in memory, filled ahead by the gateway.
 *
 * A row takes its id when it is written, else when its turn comes. When the pool is empty - after a
 * start, in a rush - rows wait for the next id, as long as ids come within IDS_WAIT_MS of each
 * other; when they do not, rows go without until the pool has been filled again. */
#include "lanes.h"

#include <stdlib.h>

#include "../base/clock.h"
#include "../host.h"

enum {
    IDS_LOW = 32,
    IDS_WANTED = 64,
    IDS_MAX = 512,
    IDS_PATIENCE_MS = 10000, /* then whoever was asked is asked again */
    IDS_WAIT_MS = 500        /* without an id a crash may cost a row 20 s */
};

int ids_awaited(const struct session *s)
{
    return s->ids_due > 0 && s->id_count == 0;
}

void ids_await(struct session *s)
{
    s->ids_due = clock_ms() + IDS_WAIT_MS;
}

char *ids_take(struct session *s)
{
    if (!s->id_count) return NULL;
    char *id = s->ids[--s->id_count];
    if (!s->id_count && s->ids_due == 0) ids_await(s);
    return id;
}

void ids_stop_waiting(struct outbox *o, struct session *s)
{
    if (s->ids_due > 0) s->ids_due = -1;
    session_schedule(o, s);
}

struct need {
    struct session *session;
    uint32_t want;
};

static int need_ids(struct event *ev, void *arg)
{
    struct need *n = arg;
    return n->session->gw->spec.need_ids(&ev->ctx, n->session->name, n->want);
}

void ids_refill(struct outbox *o, struct session *s)
{
    int64_t now = clock_ms();
    if (!s->gw || !s->gw->spec.need_ids || s->id_count >= IDS_LOW || o->host->stopping) return;
    if (s->held_until || (s->ids_asked_at && now - s->ids_asked_at < IDS_PATIENCE_MS)) return;
    s->ids_asked_at = now;
    struct event *ev = event_new(o->host, EVENT_GATEWAY);
    struct need n = { s, (uint32_t)(IDS_WANTED - s->id_count) };
    int verdict = event_invoke(ev, s->gw->plugin, BOT_NO_STORE, need_ids, &n, "need_ids");
    event_step_reset(ev);
    event_unref(ev);
    if (verdict != BOT_LATER) ids_stop_waiting(o, s);
}

int outbox_ids(struct outbox *o, const char *gateway, const char *session, const char *const *ids,
               size_t n)
{
    struct session *s = session_of(o, gateway, session);
    s->ids_asked_at = n ? 0 : clock_ms();
    for (size_t i = 0; i < n && s->id_count < IDS_MAX; i++) {
        if (!s->ids) s->ids = xcalloc(IDS_MAX, sizeof *s->ids);
        s->ids[s->id_count++] = xstrdup(ids[i]);
    }
    if (n == 0) {
        ids_stop_waiting(o, s);
    } else {
        if (s->id_count >= IDS_LOW)
            s->ids_due = 0;
        else if (s->ids_due > 0)
            ids_await(s);
        session_schedule(o, s);
    }
    return BOT_OK;
}

void ids_free(struct session *s)
{
    while (s->id_count) free(s->ids[--s->id_count]);
    free(s->ids);
}
