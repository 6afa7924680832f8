/* lanes.c - whose turn it is: each chat's rows in order, one in flight; each session open, full or
 * held. See outbox.c. */
#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../host.h"

enum {
    IN_FLIGHT_MAX = 64, /* per session: a slow network must not pile up requests */
    PROBE_PATIENCE_MS = 45000,
    TROUBLE_MS = 10 * 60 * 1000, /* as long as this is nobody's business: a restart, a blink */
};

/* ---- sessions and lanes ---------------------------------------------------------------------- */

struct gateway *gateway_of(const struct outbox *o, const char *name)
{
    struct gateway *g = registry_gateway(o->host->registry, name);
    return g && g->plugin->started ? g : NULL;
}

void session_attach(struct session *s, struct gateway *gw)
{
    s->gw = gw;
    s->ids_asked_at = 0; /* whoever was asked has gone */
    if (gw && gw->spec.need_ids && !s->id_count) ids_await(s);
    notices_limits(s);
}

struct session *session_find(const struct outbox *o, const char *gateway, const char *name)
{
    char key[300];
    snprintf(key, sizeof key, "%s/%s", gateway, name ? name : "");
    return map_get(&o->sessions, key);
}

struct session *session_of(struct outbox *o, const char *gateway, const char *name)
{
    char key[300];
    struct session *s = session_find(o, gateway, name);
    if (s) return s;
    snprintf(key, sizeof key, "%s/%s", gateway, name ? name : "");
    s = xcalloc(1, sizeof *s);
    char *copy = xstrdup(key);
    s->key = copy;
    s->gateway = xstrdup(gateway);
    s->name = xstrdup(name ? name : "");
    TAILQ_INIT(&s->blocked);
    notices_init(s);
    session_attach(s, gateway_of(o, gateway));
    map_put(&o->sessions, key, s);
    return s;
}

void session_free(struct session *s)
{
    ids_free(s);
    notices_free(s);
    free((char *)s->key);
    free((char *)s->gateway);
    free((char *)s->name);
    free(s);
}

struct lane *lane_of(struct outbox *o, const char *gateway, const char *session, const char *chat)
{
    char key[600];
    snprintf(key, sizeof key, "%s/%s/%s", gateway, session ? session : "", chat);
    struct lane *lane = map_get(&o->lanes, key);
    if (lane) return lane;
    lane = xcalloc(1, sizeof *lane);
    lane->key = xstrdup(key);
    lane->outbox = o;
    lane->session = session_of(o, gateway, session);
    TAILQ_INIT(&lane->rows);
    map_put(&o->lanes, key, lane);
    return lane;
}

const char *lane_chat(const struct lane *lane)
{
    return lane->key + strlen(lane->session->key) + 1;
}

void lane_wake(struct outbox *o, struct lane *lane)
{
    if (lane->sleep_until) TAILQ_REMOVE(&o->sleeping, lane, link);
    lane->sleep_until = 0;
    if (lane->blocked) TAILQ_REMOVE(&lane->session->blocked, lane, link);
    lane->blocked = 0;
}

void lane_sleep(struct outbox *o, struct lane *lane, int64_t until)
{
    lane_wake(o, lane);
    lane->sleep_until = until;
    struct lane *before = TAILQ_LAST(&o->sleeping, lane_list);
    while (before && before->sleep_until > until) before = TAILQ_PREV(before, lane_list, link);
    if (before)
        TAILQ_INSERT_AFTER(&o->sleeping, before, lane, link);
    else
        TAILQ_INSERT_HEAD(&o->sleeping, lane, link);
}

void lane_block(struct outbox *o, struct lane *lane)
{
    lane_wake(o, lane);
    lane->blocked = 1;
    TAILQ_INSERT_TAIL(&lane->session->blocked, lane, link);
}

void lane_drop_if_empty(struct outbox *o, struct lane *lane)
{
    if (lane->staged || lane->waiting || lane->settled || !TAILQ_EMPTY(&lane->rows)) return;
    lane_wake(o, lane);
    map_remove(&o->lanes, lane->key);
    free(lane->key);
    free(lane);
}

void outgoing_free(struct outgoing *row)
{
    if (!row) return;
    struct lane *lane = row->accepted ? NULL : row->lane; /* its savepoint was dropped */
    if (lane) {
        lane->staged--;
        lane_drop_if_empty(lane->outbox, lane);
    }
    free(row->send_id);
    free(row->native_id);
    free(row->text);
    free(row->quote);
    free(row);
}

/* ---- what may go now ------------------------------------------------------------------------- */

int session_open(const struct session *s)
{
    return s->gw && !s->held_until && s->in_flight < IN_FLIGHT_MAX;
}

int outgoing_may_go(const struct outgoing *row)
{
    const struct session *s = row->lane->session;
    return session_open(s) && (row->send_id || row->on_disk || !ids_awaited(s));
}

static int is_paced(const struct outgoing *row, int64_t now)
{
    return !row->paid && rate_when(&row->lane->session->all, now) > now;
}

/* A row that no id was there for when it was written gets one before it goes out. */
static void take_id(struct outgoing *row)
{
    if (!row->send_id && !row->on_disk) row->send_id = ids_take(row->lane->session);
}

/* Lets the lane's first row go, or says what it waits for. */
void lane_schedule(struct outbox *o, struct lane *lane)
{
    int64_t now = clock_ms();
    struct outgoing *row;
    while ((row = TAILQ_FIRST(&lane->rows)) && !row->resolving && row->expires <= now &&
           lane->flying != row)
        outgoing_settle(o, row, OUTBOX_EXPIRED, "not sent in time");
    if (row && (lane->flying || lane->sleep_until > now)) return;
    lane_wake(o, lane); /* also when nothing is left: who walks through the blocked lanes must come
                           to an end */
    if (!row) return;
    if (!outgoing_may_go(row) || is_paced(row, now)) {
        lane_block(o, lane);
    } else {
        if (!row->paid) rate_take(&lane->session->all, now);
        row->paid = 1;
        lane->flying = row;
        lane->session->in_flight++;
        take_id(row);
        struct outgoing_list *list = row->on_disk ? &o->marked : &o->to_mark;
        TAILQ_INSERT_TAIL(list, row, step_link);
    }
}

void session_schedule(struct outbox *o, struct session *s)
{
    struct lane *lane;
    int64_t now = clock_ms();
    while (session_open(s) && !ids_awaited(s) && rate_when(&s->all, now) <= now &&
           (lane = TAILQ_FIRST(&s->blocked)))
        lane_schedule(o, lane);
    notices_schedule(o, s);
}

int64_t session_due(const struct session *s)
{
    int64_t due = notices_next_due(s);
    if (s->trouble_since && !s->trouble_told && s->trouble_since + TROUBLE_MS < due)
        due = s->trouble_since + TROUBLE_MS;
    if (TAILQ_EMPTY(&s->blocked) || !session_open(s) || ids_awaited(s)) return due;
    int64_t now = clock_ms(), paced = rate_when(&s->all, now);
    return paced < due ? paced : due;
}

/* What a limit has held back may go. */
void session_clock(struct outbox *o, struct session *s, int64_t now)
{
    if (session_due(s) <= now) session_schedule(o, s);
}

int session_works(const struct session *s)
{
    return s->gw && !s->held_until && !s->acks.is_mute && s->state != BOT_SESSION_DISCONNECTED &&
           s->state != BOT_SESSION_QR;
}

struct session *session_that_works(struct outbox *o, const char *phone, char *chat, size_t cap)
{
    size_t at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));)
        if (session_works(s) && s->state == BOT_SESSION_CONNECTED && *s->gw->spec.name &&
            s->gw->spec.address && s->gw->spec.address(phone, chat, cap) == BOT_OK)
            return s;
    return NULL;
}

void session_watch(struct outbox *o, struct session *s, int64_t now)
{
    int is_away = s->state == BOT_SESSION_DISCONNECTED || s->state == BOT_SESSION_QR;
    if (!s->backoff && !is_away) { /* a hold that ran out of rows to try has proved nothing */
        if (s->trouble_told) alarm_raise(o, s, ALARM_UP, (now - s->trouble_since) / 60000);
        s->trouble_since = s->trouble_told = 0;
    } else if (!s->trouble_since) {
        s->trouble_since = now;
    } else if (!s->trouble_told && now - s->trouble_since >= TROUBLE_MS) {
        s->trouble_told = 1;
        alarm_raise(o, s, ALARM_DOWN, TROUBLE_MS / 60000);
    }
}

void session_release(struct outbox *o, struct session *s)
{
    if (s->held_until) log_info("outbox", "the queue goes on", LOG_STR("session", s->key));
    s->held_until = s->backoff = 0;
    s->probing = 0;
    host_publish_soon(o->host);
    session_schedule(o, s);
}

void session_hold(struct session *s, const char *why)
{
    int64_t now = clock_ms();
    if (s->held_until > now && !s->probing)
        return; /* held already, by another answer to the same trouble */
    s->backoff = !s->backoff                       ? BACKOFF_MIN_MS
                 : s->backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS
                                                   : s->backoff * 2;
    if (!s->held_until)
        log_warn("outbox", "the queue is held", LOG_STR("session", s->key), LOG_STR("cause", why));
    s->held_until = now + s->backoff;
    s->probing = 0;
}

/* A held queue whose time has come tries its first row; what becomes of it decides. */
void session_probe(struct outbox *o, struct session *s, int64_t now)
{
    struct lane *lane;
    if (!s->held_until || s->held_until > now || !s->gw) return;
    if (s->in_flight >= IN_FLIGHT_MAX || ids_awaited(s)) { /* none could go, not even one */
        s->held_until = ids_awaited(s) ? s->ids_due : now + BACKOFF_MAX_MS;
        return;
    }
    s->held_until = 0;
    while ((lane = TAILQ_FIRST(&s->blocked))) {
        lane_schedule(o, lane);
        if (lane->flying) {
            s->probing = 1;
            s->held_until = now + PROBE_PATIENCE_MS;
            return;
        }
        if (lane->blocked) { /* what may leave in a minute has left */
            s->held_until = rate_when(&s->all, now);
            return;
        } /* else its rows had expired */
    }
    notices_schedule(o, s); /* one of them may be the probe */
}

/* ---- what was surely not taken --------------------------------------------------------------- */

static const char TAKE_BACK[] = "UPDATE outbox SET state = 0 WHERE id = ?1 AND state = 1";

void outgoing_take_back(struct outbox *o, struct outgoing *row)
{
    if (row->on_disk) return; /* it has an id, or may have gone out after all */
    if (!row->taken_back) TAILQ_INSERT_TAIL(&o->taken_back, row, back_link);
    row->taken_back = 1;
}

void outgoing_forget_taken_back(struct outbox *o, struct outgoing *row)
{
    if (row->taken_back) TAILQ_REMOVE(&o->taken_back, row, back_link);
    row->taken_back = 0;
}

int taken_back_turn(struct outbox *o)
{
    struct outgoing *row;
    TAILQ_FOREACH(row, &o->taken_back, back_link)
    {
        if (db_exec(&o->host->db, TAKE_BACK, "i", row->id) != 0) return -1;
        row->taken_back = 2;
    }
    return 0;
}

void taken_back_end(struct outbox *o, int kept)
{
    struct outgoing *row, *next;
    for (row = TAILQ_FIRST(&o->taken_back); row; row = next) {
        next = TAILQ_NEXT(row, back_link);
        if (row->taken_back != 2) continue;
        if (kept)
            outgoing_forget_taken_back(o, row);
        else
            row->taken_back = 1;
    }
}
