/* outbox.c - see outbox.h.
 *
 *   outgoing   one row that is not finished: in a lane from COMMIT until its outcome is known
 *   lane       one chat's rows in order; only the first is in flight
 *   session    one account of a gateway: its pool of send ids, and whether its queue is held
 *
 * A row's way in memory follows its way on disk by one COMMIT: `marked` rows are `sending` on disk
 * and go to the gateway after COMMIT; `settled` rows have an outcome that the next turn writes.
 * When a turn is lost both lists are simply written again. Frees: a row by outbox_committed() once
 * its outcome is on disk; lanes when they are empty. */
#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../host.h"
#include "../storage/statement.h"
#include "../storage/media.h"

enum { RETRY_LIFE_MS = 120 * 1000 }; /* one message alone holds its chat at most this long */

static const char MARK[] =
    "UPDATE outbox SET state = 1, attempted_at = ?2, send_id = ?3 WHERE id = ?1";
static const char SETTLE[] =
    "UPDATE outbox SET state = ?2, native_id = ?3, attempts = ?4, error = ?5, done_at = ?6,"
    " ack = nullif(?7, 0) WHERE id = ?1";

/* ---- rows ------------------------------------------------------------------------------------ */

struct outbox *outbox_new(struct host *h)
{
    struct outbox *o = xcalloc(1, sizeof *o);
    o->host = h;
    TAILQ_INIT(&o->to_mark);
    TAILQ_INIT(&o->marked);
    TAILQ_INIT(&o->settled);
    TAILQ_INIT(&o->taken_back);
    TAILQ_INIT(&o->sleeping);
    TAILQ_INIT(&o->alarms);
    return o;
}

void outbox_free(struct outbox *o)
{
    if (!o) return;
    for (struct outgoing *row; (row = TAILQ_FIRST(&o->settled));) {
        TAILQ_REMOVE(&o->settled, row, step_link);
        outgoing_free(row);
    }
    size_t at = 0;
    for (struct outgoing *row; (row = map_next(&o->rows, &at, NULL));) outgoing_free(row);
    at = 0;
    for (struct lane *lane; (lane = map_next(&o->lanes, &at, NULL));) {
        free(lane->key);
        free(lane);
    }
    at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));) session_free(s);
    map_free(&o->lanes);
    map_free(&o->sessions);
    map_free(&o->rows);
    alarms_free(o);
    free(o->waiting.rows);
    free(o);
}

void outgoing_enqueue(struct outbox *o, struct outgoing *row)
{
    struct lane *lane = row->lane;
    row->in_lane = 1;
    TAILQ_INSERT_TAIL(&lane->rows, row, link);
    if (TAILQ_FIRST(&lane->rows) == row) lane_schedule(o, lane);
}

void outbox_accept(struct outbox *o, struct outgoing *row)
{
    row->lane->staged--;
    row->accepted = 1;
    map_put_id(&o->rows, (uint64_t)row->id, row);
    o->stats.queued++;
    if (row->resolving || (row->answer && row->not_before <= clock_ms()))
        outgoing_enqueue(o, row);
    else
        notices_put(o, row);
}

/* ---- outcomes -------------------------------------------------------------------------------- */

static void land(struct lane *lane)
{
    if (!lane->flying) return;
    lane->flying->with_gateway = 0;
    lane->flying = NULL;
    if (lane->session->in_flight) lane->session->in_flight--;
}

static void leave_lane(struct outgoing *row)
{
    if (row->in_lane) TAILQ_REMOVE(&row->lane->rows, row, link);
    row->in_lane = 0;
}

static void count_settled(struct outbox *o, enum outbox_state state)
{
    o->stats.queued--;
    if (state == OUTBOX_SENT) o->stats.sent++;
    if (state == OUTBOX_REFUSED) o->stats.refused++;
    if (state == OUTBOX_UNKNOWN) o->stats.unknown++;
    if (state == OUTBOX_EXPIRED) o->stats.expired++;
}

/* The row is finished in memory; the next turn writes it. */
void outgoing_settle(struct outbox *o, struct outgoing *row, enum outbox_state state,
                     const char *error)
{
    struct lane *lane = row->lane;
    row->state = state;
    snprintf(row->error, sizeof row->error, "%s", error ? error : "");
    if (lane->flying == row) land(lane);
    leave_lane(row);
    notices_settled(row);
    outgoing_forget_taken_back(o, row);
    map_remove_id(&o->rows, (uint64_t)row->id);
    TAILQ_INSERT_TAIL(&o->settled, row, step_link);
    lane->settled++;
    count_settled(o, state);
    if (state != OUTBOX_SENT)
        log_warn("outbox", "a message was not sent", LOG_INT("id", row->id),
                 LOG_STR("state", state == OUTBOX_UNKNOWN   ? "unknown"
                                  : state == OUTBOX_EXPIRED ? "expired"
                                                            : "refused"),
                 LOG_STR("error", row->error));
}

static void next_of(struct outbox *o, struct lane *lane)
{
    struct session *s = lane->session;
    lane_schedule(o, lane);
    session_schedule(o, s);
}

static int64_t backoff(unsigned attempts)
{
    int64_t ms = (int64_t)BACKOFF_MIN_MS << (attempts < 4 ? attempts : 4);
    return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* Before a row without an id goes out once more, the time of that attempt is put on disk: after a
 * crash its gateway is asked about this attempt, not about the one that is known to have failed. */
static void mark_again(struct outgoing *row)
{
    if (!row->send_id && !row->resolving) row->on_disk = 0;
}

static void again(struct outbox *o, struct outgoing *row, const char *error)
{
    int64_t now = clock_ms();
    struct lane *lane = row->lane;
    if (!row->retrying_since) row->retrying_since = now;
    int64_t left = row->retrying_since + RETRY_LIFE_MS - now, pause = backoff(row->attempts);
    if (left <= 0) {
        outgoing_settle(o, row, OUTBOX_REFUSED, error);
    } else {
        land(lane);
        mark_again(row);
        o->stats.retried++;
        row->attempts++;
        lane_sleep(o, lane, now + (pause < left ? pause : left));
    }
}

static void held(struct outbox *o, struct outgoing *row, const char *error)
{
    struct lane *lane = row->lane;
    land(lane);
    mark_again(row);
    outgoing_take_back(o, row);
    row->retrying_since = 0;
    o->stats.retried++;
    session_hold(lane->session, error);
    host_publish_soon(o->host);
    lane_block(o, lane);
    /* The one that was tried stays first: it is the next probe. */
    TAILQ_REMOVE(&lane->session->blocked, lane, link);
    TAILQ_INSERT_HEAD(&lane->session->blocked, lane, link);
}

/* Not taken, since it begins a chat: it waits until the number may do that again. */
static void no_new_chat(struct outbox *o, struct outgoing *row, const char *error)
{
    if (row->answer) {
        outgoing_settle(o, row, OUTBOX_REFUSED, error);
        return;
    }
    land(row->lane);
    leave_lane(row);
    mark_again(row);
    outgoing_take_back(o, row);
    o->stats.retried++;
    notices_put_back(o, row);
}

static void sent(struct outbox *o, struct outgoing *row, const char *native_id)
{
    const char *id = native_id && *native_id ? native_id : row->send_id;
    row->native_id = xstrdup(id);
    if (id) acks_sent(o, row->lane->session, id);
    outgoing_settle(o, row, OUTBOX_SENT, NULL);
}

static struct outgoing *find_flying(struct outbox *o, int64_t id)
{
    struct outgoing *row = map_get_id(&o->rows, (uint64_t)id);
    return row && row->lane->flying == row && row->with_gateway ? row : NULL;
}

static void ask(struct outbox *o, struct outgoing *row);

int outbox_outcome(struct outbox *o, int64_t id, int outcome, const char *native_id,
                   const char *error)
{
    struct outgoing *row = find_flying(o, id);
    if (!row) return BOT_EGONE;
    struct lane *lane = row->lane;
    struct session *s = lane->session;
    if (outcome != BOT_SEND_HOLD && outcome != BOT_SEND_UNKNOWN && (s->held_until || s->backoff))
        session_release(o, s);
    switch (outcome) {
    case BOT_SENT:
        sent(o, row, native_id);
        break;
    case BOT_SEND_REFUSED:
        outgoing_settle(o, row, OUTBOX_REFUSED, error);
        break;
    case BOT_SEND_RETRY:
        again(o, row, error);
        break;
    case BOT_SEND_HOLD:
        held(o, row, error);
        return BOT_OK;
    case BOT_SEND_UNKNOWN:
        ask(o, row);
        return BOT_OK;
    case BOT_SEND_NO_NEW_CHATS:
        no_new_chat(o, row, error);
        break;
    default:
        return BOT_EINVAL;
    }
    next_of(o, lane);
    return BOT_OK;
}

int outbox_resolved(struct outbox *o, int64_t id, int outcome, const char *native_id)
{
    struct outgoing *row = find_flying(o, id);
    if (!row) return BOT_EGONE;
    struct lane *lane = row->lane;
    struct session *s = lane->session;
    if (outcome != BOT_RESOLVED_LATER && (s->held_until || s->backoff)) session_release(o, s);
    switch (outcome) {
    case BOT_RESOLVED_SENT:
        sent(o, row, native_id);
        break;
    case BOT_RESOLVED_NOT_SENT:
        row->resolving = 0;
        again(o, row, "not taken");
        break;
    case BOT_RESOLVED_UNKNOWN:
        outgoing_settle(o, row, OUTBOX_UNKNOWN, "it may have been sent");
        break;
    case BOT_RESOLVED_LATER:
        held(o, row, "the network cannot be asked");
        return BOT_OK;
    default:
        return BOT_EINVAL;
    }
    next_of(o, lane);
    return BOT_OK;
}

/* ---- the turn -------------------------------------------------------------------------------- */

int outbox_has_work(const struct outbox *o)
{
    return !TAILQ_EMPTY(&o->to_mark) || !TAILQ_EMPTY(&o->settled) || alarms_pending(o) ||
           !TAILQ_EMPTY(&o->taken_back);
}

int outbox_turn(struct outbox *o)
{
    struct db *db = &o->host->db;
    int64_t now = clock_ms();
    struct outgoing *row;
    TAILQ_FOREACH(row, &o->settled, step_link)
    {
        int ack = row->native_id ? acks_early(row->lane->session, row->native_id) : 0;
        if (db_exec(db, SETTLE, "iisisii", row->id, (int64_t)row->state, row->native_id,
                    (int64_t)row->attempts, *row->error ? row->error : NULL, now,
                    (int64_t)ack) != 0)
            return -1;
        row->written = 1;
    }
    if (taken_back_turn(o) < 0) return -1; /* first: a row may go out again in this turn */
    TAILQ_FOREACH(row, &o->to_mark, step_link)
    {
        if (db_exec(db, MARK, "iis", row->id, now, row->send_id) != 0) return -1;
        row->attempted_at = now;
        row->written = 1;
    }
    return alarms_turn(o);
}

void outbox_rolled_back(struct outbox *o)
{
    struct outgoing *row;
    TAILQ_FOREACH(row, &o->settled, step_link) row->written = 0;
    TAILQ_FOREACH(row, &o->to_mark, step_link) row->written = 0;
    alarms_rolled_back(o);
    taken_back_end(o, 0);
}

/* ---- handing rows to the gateways: after COMMIT, outside of any transaction ------------------ */

struct handing {
    struct outbox *o;
    struct outgoing *row;
    int resolve;
};

static int hand(struct event *ev, void *arg)
{
    struct handing *g = arg;
    const struct outgoing *row = g->row;
    const struct bot_gateway_spec *spec = &row->lane->session->gw->spec;
    struct bot_outgoing out = {
        .size = sizeof out,
        .flags =
            (row->answer ? BOT_OUTGOING_ANSWER : 0) | (row->new_chat ? BOT_OUTGOING_NEW_CHAT : 0),
        .id = row->id,
        .session = row->lane->session->name,
        .chat = lane_chat(row->lane),
        .text = row->text,
        .send_id = row->send_id ? row->send_id : "",
        .created_at = row->created_at,
        .attempted_at = row->attempted_at,
        .media = row->media,
        .media_type = "",
        .media_name = "",
        .quote = row->quote ? row->quote : "",
    };
    struct media file;
    if (row->media && media_find(ev->host, row->media, &file, &ev->step) == 1) {
        out.media_type = file.type;
        out.media_name = file.name;
    }
    return g->resolve ? spec->resolve(&ev->ctx, &out) : spec->send(&ev->ctx, &out);
}

/* The row, when it is still with the gateway by the hand-over that `ev` is of. */
static struct outgoing *still_handed(struct outbox *o, const struct event *ev)
{
    struct outgoing *row = find_flying(o, (int64_t)ev->request);
    return row && row->handed == ev->connection ? row : NULL;
}

/* Without an outcome and with a request under way the row waits for that, whatever the gateway
 * returned; outbox_gateway_idle() has the last word. */
static void hand_over(struct outbox *o, struct outgoing *row, int resolve)
{
    struct event *ev = event_new(o->host, EVENT_GATEWAY);
    struct handing g = { o, row, resolve };
    ev->request = (uint64_t)row->id;
    ev->connection = ++row->handed;
    row->with_gateway = 1;
    int64_t id = row->id;
    int verdict = event_invoke(ev, row->lane->session->gw->plugin, BOT_NO_STORE, hand, &g,
                               resolve ? "resolve" : "send");
    event_step_reset(ev);
    if (TAILQ_EMPTY(&ev->call_list) && still_handed(o, ev)) {
        if (verdict == BOT_LATER)
            outbox_gateway_idle(o, ev);
        else if (resolve)
            outbox_resolved(o, id, BOT_RESOLVED_LATER, NULL);
        else
            outbox_outcome(o, id, BOT_SEND_RETRY, NULL, "the gateway did not take it");
    }
    event_unref(ev);
}

/* Its gateway has been switched off meanwhile: it waits until there is one again. */
static void put_aside(struct outbox *o, struct outgoing *row)
{
    struct lane *lane = row->lane;
    land(lane);
    lane_block(o, lane);
}

/* A row that may have gone out: never repeated blindly (I6). */
static void ask(struct outbox *o, struct outgoing *row)
{
    row->resolving = 1;
    if (!row->lane->session->gw) {
        put_aside(o, row);
    } else if (row->lane->session->gw->spec.resolve) {
        hand_over(o, row, 1);
    } else {
        struct lane *lane = row->lane;
        outgoing_settle(o, row, OUTBOX_UNKNOWN, "it may have been sent");
        next_of(o, lane);
    }
}

void outbox_gateway_idle(struct outbox *o, struct event *ev)
{
    struct outgoing *row = ev->request ? still_handed(o, ev) : NULL;
    if (!row) return;
    log_error("outbox", "the gateway gave no outcome", LOG_INT("id", row->id));
    struct lane *lane = row->lane;
    outgoing_settle(o, row, OUTBOX_UNKNOWN, "the gateway gave no outcome");
    next_of(o, lane);
}

void outbox_gateways_changed(struct outbox *o)
{
    size_t at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));) {
        struct gateway *gw = gateway_of(o, s->gateway);
        if (gw != s->gw) session_attach(s, gw);
    }
    if (!o->is_recounted && notices_load(o) == 0) o->is_recounted = 1;
    at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));) session_schedule(o, s);
}

static int ask_session(struct event *ev, void *arg)
{
    struct gateway *g = arg;
    const char *name = g->spec.default_session(&ev->ctx);
    if (name && *name) session_of(ev->host->outbox, g->plugin->name, name);
    return BOT_OK;
}

void outbox_start(struct outbox *o)
{
    size_t at = 0;
    for (struct gateway *g; (g = map_next(&o->host->registry->gateways, &at, NULL));) {
        if (!g->spec.default_session || !g->spec.need_ids || !g->plugin->started) continue;
        struct event *ev = event_new(o->host, EVENT_GATEWAY);
        event_invoke(ev, g->plugin, BOT_NO_STORE, ask_session, g, "default_session");
        event_step_reset(ev);
        event_unref(ev);
    }
    at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));) ids_refill(o, s);
}

static void free_settled(struct outbox *o)
{
    struct outgoing *row, *next;
    for (row = TAILQ_FIRST(&o->settled); row; row = next) {
        next = TAILQ_NEXT(row, step_link);
        if (!row->written) continue; /* it was settled after this turn had written */
        TAILQ_REMOVE(&o->settled, row, step_link);
        struct lane *lane = row->lane;
        lane->settled--;
        outgoing_free(row);
        lane_drop_if_empty(o, lane);
    }
}

static void take_marked(struct outbox *o)
{
    struct outgoing *row, *next;
    for (row = TAILQ_FIRST(&o->to_mark); row; row = next) {
        next = TAILQ_NEXT(row, step_link);
        if (!row->written) continue;
        row->written = 0;
        row->on_disk = 1;
        TAILQ_REMOVE(&o->to_mark, row, step_link);
        TAILQ_INSERT_TAIL(&o->marked, row, step_link);
    }
}

static void hand_over_marked(struct outbox *o)
{
    if (o->host->stopping)
        return; /* the gateways' stop() may have run: they are asked about after the next start */
    for (struct outgoing *row; (row = TAILQ_FIRST(&o->marked));) {
        TAILQ_REMOVE(&o->marked, row, step_link);
        if (row->resolving)
            ask(o, row);
        else if (row->lane->session->gw)
            hand_over(o, row, 0);
        else
            put_aside(o, row);
    }
}

void outbox_committed(struct outbox *o)
{
    taken_back_end(o, 1);
    free_settled(o);
    alarms_committed(o);
    take_marked(o);
    hand_over_marked(o);
    size_t at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));) ids_refill(o, s);
}

void outbox_clock(struct outbox *o, int64_t now)
{
    size_t at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));) {
        if (s->ids_due > 0 && s->ids_due <= now) ids_stop_waiting(o, s);
        session_probe(o, s, now);
        session_watch(o, s, now);
        session_clock(o, s, now);
    }
    notices_clock(o, now);
    for (struct lane *lane; (lane = TAILQ_FIRST(&o->sleeping)) && lane->sleep_until <= now;) {
        struct session *s = lane->session;
        lane_wake(o, lane);
        lane_schedule(o, lane);
        notices_schedule(o, s); /* one that has expired has made room */
    }
}

int64_t outbox_next_due(const struct outbox *o)
{
    int64_t due = TAILQ_EMPTY(&o->marked) || o->host->stopping ? INT64_MAX : 0;
    int64_t row = notices_next_row(o);
    if (row < due) due = row;
    const struct lane *lane = TAILQ_FIRST(&o->sleeping);
    if (lane && lane->sleep_until < due) due = lane->sleep_until;
    size_t at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));) {
        int64_t wakes = s->held_until ? s->held_until : s->ids_due;
        int waits = !TAILQ_EMPTY(&s->blocked) || !TAILQ_EMPTY(&s->notices.turns);
        if (s->gw && wakes > 0 && waits && wakes < due) due = wakes;
        int64_t limit = session_due(s);
        if (limit < due) due = limit;
    }
    return due;
}

/* ---- what the network and the gateways say --------------------------------------------------- */

void outbox_no_new_chats(struct outbox *o, const char *gateway, const char *session, int64_t until)
{
    notices_no_new_chats(o, session_of(o, gateway, session), until);
}

int outbox_session_state(struct outbox *o, const char *gateway, const char *name, int state,
                         const char *detail)
{
    struct session *s = session_of(o, gateway, name);
    int changed = s->state != state;
    s->state = state;
    if (changed)
        log_info("session", state == BOT_SESSION_CONNECTED ? "connected" : "not connected",
                 LOG_STR("session", s->key), LOG_STR("detail", detail));
    if (changed && state == BOT_SESSION_CONNECTED && s->backoff) session_release(o, s);
    session_watch(o, s, clock_ms());
    return changed;
}

void outbox_stats(const struct outbox *o, struct outbox_stats *out)
{
    *out = o->stats;
    size_t at = 0;
    out->in_flight = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));)
        out->in_flight += s->in_flight;
}

void outbox_numbers(const struct outbox *o,
                    void (*each)(void *ctx, const struct outbox_number *number), void *ctx)
{
    size_t at = 0;
    for (struct session *s; (s = map_next(&o->sessions, &at, NULL));) {
        const struct notices *n = &s->notices;
        each(ctx,
             &(struct outbox_number){ s->gateway, s->name, s->state, s->held_until != 0,
                                      s->acks.is_mute, n->today, n->waiting, n->no_new_until });
    }
}
