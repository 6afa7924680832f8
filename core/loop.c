/* loop.c - see loop.h.
 *
 * What a turn may lose and what not: when COMMIT fails, or a handler has ended the transaction,
 * nothing of the turn is on disk. Arrivals go back to be journaled again, completions go back to
 * run again, events that ran go back to the front of their chats as they were, and what they staged
 * is dropped. Then events run one a turn until that many have passed, so that one bad handler
 * cannot take others' turns with it for ever. */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "calls.h"
#include "base/clock.h"
#include "base/log.h"
#include "dispatch.h"
#include "containment.h"
#include "host.h"
#include "http/client.h"
#include "message/dialog.h"
#include "message/inbox.h"
#include "message/outbox.h"
#include "people/people.h"
#include "plugin/schedule.h"
#include "storage/pool.h"
#include "storage/statement.h"
#include "upkeep.h"

enum {
    LOSSES_MAX = 2,
    EVENTS_A_TURN = 256,
    TURN_US = 4000,
    RETRY_MIN_MS = 50,
    RETRY_MAX_MS = 2000,
    ARRIVAL_PATIENCE_MS = 20000 /* then its sender is asked to come again: it has a queue, too */
};

static const char BEGIN[] = "BEGIN IMMEDIATE";
static const char COMMIT[] = "COMMIT";
static const char ROLLBACK[] = "ROLLBACK";
static const char SAVE[] = "SAVEPOINT step";
static const char RELEASE[] = "RELEASE step";
static const char UNDO[] = "ROLLBACK TO step";

/* ---- life ------------------------------------------------------------------------------------ */

void loop_init(struct loop *l, struct host *h)
{
    memset(l, 0, sizeof *l);
    l->host = h;
    l->wake_fd = -1;
    pthread_mutex_init(&l->lock, NULL);
    l->thread = pthread_self();
    TAILQ_INIT(&l->arrivals);
    TAILQ_INIT(&l->completions);
    TAILQ_INIT(&l->requests);
    TAILQ_INIT(&l->journaling);
    TAILQ_INIT(&l->consuming);
    TAILQ_INIT(&l->serving);
    TAILQ_INIT(&l->served);
    TAILQ_INIT(&l->ready);
    TAILQ_INIT(&l->ran);
    TAILQ_INIT(&l->waiting);
    TAILQ_INIT(&l->committed);
    l->calls = calls_new();
    l->due_at = 0; /* unknown: looked up in the first turn */
    l->schedule_at = 0;
}

static void take(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    TAILQ_CONCAT(&l->journaling, &l->arrivals, link);
    TAILQ_CONCAT(&l->consuming, &l->completions, link);
    TAILQ_CONCAT(&l->serving, &l->requests, link);
    l->woken = 0;
    pthread_mutex_unlock(&l->lock);
}

/* A command may wait beside an event that it has overtaken: the earliest of a chat holds it. */
static void stop_waiting(struct loop *l, struct event *ev)
{
    if (ev->waits) TAILQ_REMOVE(&l->waiting, ev, wait_link);
    if (ev->waits && ev->chat) ev->chat->waits--;
    ev->waits = 0;
    if (!ev->chat || ev->chat->waiting != ev) return;
    ev->chat->waiting = NULL;
    if (!ev->chat->waits) return;
    struct event *other;
    TAILQ_FOREACH(other, &l->waiting, wait_link)
    if (other->chat == ev->chat && (!ev->chat->waiting || other->id < ev->chat->waiting->id))
        ev->chat->waiting = other;
}

void loop_free(struct loop *l)
{
    take(l);
    staged_drop(l->host, &l->committed);
    for (struct arrival *a; (a = TAILQ_FIRST(&l->journaling));) {
        TAILQ_REMOVE(&l->journaling, a, link);
        if (a->ticket && --a->ticket->waiting == 0) {
            l->host->ports.answer(l->host->ports.ctx, a->ticket->request, 503, NULL, "", 0, 2);
            free(a->ticket);
        }
        free(a);
    }
    for (struct completion *c; (c = TAILQ_FIRST(&l->consuming));) {
        TAILQ_REMOVE(&l->consuming, c, link);
        completion_free(c);
    }
    for (struct event *ev; (ev = TAILQ_FIRST(&l->serving));) {
        TAILQ_REMOVE(&l->serving, ev, link);
        event_unref(ev);
    }
    for (struct event *ev; (ev = TAILQ_FIRST(&l->waiting));)
        stop_waiting(l, ev); /* its calls hold it */
    calls_free(l->calls);
    size_t at = 0;
    for (struct chat *chat; (chat = map_next(&l->chats, &at, NULL));) {
        chat->refs++;
        for (struct event *ev; (ev = TAILQ_FIRST(&chat->events));) {
            TAILQ_REMOVE(&chat->events, ev, link);
            event_unref(ev);
        }
        loop_chat_unref(l, chat);
    }
    map_free(&l->chats);
    if (l->wake_fd >= 0) close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
}

/* ---- one step: a savepoint ------------------------------------------------------------------- */

static int save(struct loop *l, const char *sql)
{
    if (db_exec(&l->host->db, sql, "") == 0) return 0;
    l->lost = 1;
    return -1;
}

/* Runs fn in a savepoint. HANDLED, LATER and PASS keep its work, FAIL drops it. BOT_EIO: the turn
 * is lost. */
int loop_step(struct loop *l, struct event *ev, int (*fn)(struct event *ev, void *arg), void *arg)
{
    struct db *db = &l->host->db;
    if (save(l, SAVE) < 0) return BOT_EIO;
    db->last_error = 0;
    int verdict = fn(ev, arg);
    if (db_is_broken(db)) {
        l->lost = 1;
        return BOT_EIO;
    }
    if (sqlite3_get_autocommit(db->sql)) {
        l->lost = l->lost_by_event = 1;
        if (ev->chat) l->suspect = ev; /* others do not come back */
        return BOT_EIO;
    }
    if (verdict == BOT_FAIL || verdict < 0) {
        rows_close_since(ev, NULL);
        staged_drop(l->host, &ev->staged);
        if (save(l, UNDO) < 0 || save(l, RELEASE) < 0) return BOT_EIO;
        return BOT_FAIL;
    }
    rows_close_since(ev, NULL);
    if (save(l, RELEASE) < 0) return BOT_EIO;
    TAILQ_CONCAT(&l->committed, &ev->staged, link);
    return verdict;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void touch(struct loop *l, struct event *ev)
{
    if (ev->touched) return;
    ev->touched = 1;
    ev->was_waiting = ev->waits;
    ev->was_finished = ev->finished;
    ev->said_before = ev->said_len;
    ev->said_kept = ev->said_len ? arena_strndup(&ev->arena, ev->reply.data, ev->said_len) : NULL;
    ev->refs++;
    TAILQ_INSERT_TAIL(&l->ran, ev, ran_link);
}

static int fail_step(struct event *ev, void *arg)
{
    (void)arg;
    if (!ev->muted && dispatch_apologise(ev) < 0) return BOT_FAIL;
    return inbox_finish(ev->host, ev, INBOX_FAILED) == 0 ? BOT_HANDLED : BOT_FAIL;
}

static void finish(struct loop *l, struct event *ev)
{
    stop_waiting(l, ev);
    ev->finished = 1;
    l->open_events--;
    if (ev->chat) chat_make_ready(l, ev->chat);
}

static void wait_for(struct loop *l, struct event *ev)
{
    if (!ev->waits) TAILQ_INSERT_TAIL(&l->waiting, ev, wait_link);
    if (!ev->waits && ev->chat) ev->chat->waits++;
    ev->waits = 1;
    if (ev->chat && (!ev->chat->waiting || ev->id < ev->chat->waiting->id)) ev->chat->waiting = ev;
}

/* After a step of a journaled event. */
static void settle(struct loop *l, struct event *ev, int verdict)
{
    if (verdict == BOT_FAIL && loop_step(l, ev, fail_step, NULL) != BOT_HANDLED) l->lost = 1;
    if (verdict == BOT_EIO || l->lost) return;
    if (verdict == BOT_LATER)
        wait_for(l, ev);
    else
        finish(l, ev);
    ev->said_len = verdict == BOT_LATER ? ev->reply.len : 0;
    event_step_reset(ev);
}

static int conclude(struct event *ev, int verdict)
{
    struct host *h = ev->host;
    if (verdict == BOT_FAIL || verdict < 0) return BOT_FAIL;
    if (ev->mask && inbox_mask(h, ev) < 0) return BOT_EIO;
    if (ev->muted) return inbox_finish(h, ev, INBOX_FAILED) < 0 ? BOT_EIO : BOT_HANDLED;
    if (verdict == BOT_LATER) return inbox_wait(h, ev) < 0 ? BOT_EIO : BOT_LATER;
    if (dispatch_settle(ev) < 0) return BOT_FAIL;
    if (ev->without) return containment_answered_without(ev);
    if (ev->parked) return BOT_HANDLED; /* its row says so already */
    return inbox_finish(h, ev, INBOX_DONE) < 0 ? BOT_EIO : BOT_HANDLED;
}

static int has_more_calls(const struct event *ev, const struct call *but)
{
    struct call *c;
    struct staged *s;
    TAILQ_FOREACH(c, &ev->call_list, link)
    if (c != but) return 1;
    TAILQ_FOREACH(s, &ev->staged, link)
    if (s->kind == STAGED_CALL) return 1;
    return 0;
}

static int first_step(struct event *ev, void *arg)
{
    (void)arg;
    if (ev->attempts >= ATTEMPTS_ASIDE) return containment_set_aside(ev);
    ev->without = ev->attempts >= ATTEMPTS_WITHOUT ? ev->suspect : NULL;
    int verdict = dispatch_event(ev);
    ev->status = BOT_OK;
    if (verdict == BOT_LATER && !has_more_calls(ev, NULL)) {
        log_error("plugin", "a handler returned LATER with nothing pending",
                  LOG_STR("handler", ev->handler));
        verdict = BOT_FAIL;
    }
    return conclude(ev, verdict);
}

static void run_event(struct loop *l, struct event *ev)
{
    TAILQ_REMOVE(&ev->chat->events, ev, link);
    touch(l, ev);
    log_set_message(ev->id);
    settle(l, ev, loop_step(l, ev, first_step, NULL));
    log_set_message(0);
    l->events_run++;
    event_unref(ev); /* the queue's; `ran`, the waiting list and calls hold theirs */
}

static int cancel_step(struct event *ev, void *arg)
{
    (void)arg;
    return inbox_finish(ev->host, ev, INBOX_FAILED) == 0 ? BOT_HANDLED : BOT_FAIL;
}

/* BATAL or ADMIN overtook it: it ends without a word. */
static void cancel_waiting(struct loop *l, struct event *ev)
{
    touch(l, ev);
    ev->muted = 1;
    calls_end_all(l->host, ev, BOT_ECANCELED);
    if (loop_step(l, ev, cancel_step, NULL) == BOT_HANDLED) finish(l, ev);
}

/* Its next event has crashed the host before. */
static int is_suspect(const struct chat *chat)
{
    const struct event *ev = TAILQ_FIRST(&chat->events);
    return ev && ev->attempts > 0;
}

static void run_ready(struct loop *l)
{
    int limit = l->solo ? 1 : EVENTS_A_TURN;
    int64_t until = clock_mono() + TURN_US;
    for (int n = 0; n < limit && !l->lost && clock_mono() <= until;) {
        struct chat *chat = TAILQ_FIRST(&l->ready);
        if (!chat || (n && is_suspect(chat))) break;
        if (is_suspect(chat)) limit = 1; /* the turn is its own */
        TAILQ_REMOVE(&l->ready, chat, link);
        chat->ready = 0;
        int cancels;
        struct event *ev = chat_next(chat, &cancels);
        if (!ev || chat_holds(ev)) continue;
        chat->refs++; /* the event may be its last holder */
        while (cancels && !l->lost && chat->waiting) {
            struct event *waiting = chat->waiting;
            cancel_waiting(l, waiting);
            ev->canceled_another = 1;
            if (chat->waiting == waiting) break; /* it could not be finished */
        }
        if (!l->lost) run_event(l, ev);
        chat_make_ready(l, chat);
        loop_chat_unref(l, chat);
        n++;
    }
}

/* ---- completions ----------------------------------------------------------------------------- */

struct back {
    struct call *call;
    struct completion *completion;
};

static int completion_step(struct event *ev, void *arg)
{
    struct back *b = arg;
    int verdict = call_complete(ev, b->call, b->completion);
    if (ev->finished || ev->kind == EVENT_START || ev->kind == EVENT_ROUTE) {
        if (verdict == BOT_FAIL) return BOT_FAIL;
        if (ev->muted || !ev->reply.len) return BOT_HANDLED;
        return dispatch_settle(ev) < 0 ? BOT_FAIL : BOT_HANDLED;
    }
    if (verdict == BOT_LATER && !has_more_calls(ev, b->call)) {
        log_error("plugin", "a completion returned LATER with nothing pending",
                  LOG_STR("plugin", b->call->plugin->name));
        verdict = BOT_FAIL;
    }
    return conclude(ev, verdict == BOT_PASS ? dispatch_passed(ev) : verdict);
}

static void call_over(struct loop *l, struct call *call)
{
    TAILQ_REMOVE(&call->event->call_list, call, link);
    map_remove_id(&l->calls->by_id, call->id);
    l->calls->pending--;
    call_free(call);
}

/* A gateway's own calls need no transaction: they end in memory, before the turn begins. */
static int run_gateway_completion(struct loop *l, struct call *call, struct completion *back)
{
    if (call->event->kind != EVENT_GATEWAY) return 0;
    struct event *ev = call->event;
    ev->refs++;
    call_complete(ev, call, back);
    event_step_reset(ev);
    call_over(l, call);
    if (TAILQ_EMPTY(&ev->call_list)) outbox_gateway_idle(l->host->outbox, ev);
    event_unref(ev);
    return 1;
}

static void run_completion(struct loop *l, struct call *call, struct completion *back)
{
    struct event *ev = call->event;
    struct back b = { call, back };
    if (ev->kind == EVENT_START || ev->kind == EVENT_ROUTE) {
        if (back->losses < LOSSES_MAX) loop_step(l, ev, completion_step, &b);
        back->losses += l->lost_by_event;
        event_step_reset(
            ev); /* also when the turn is lost: what it staged must not be there twice */
        return;
    }
    touch(l, ev);
    log_set_message(ev->id);
    int was_finished = ev->finished;
    int verdict = back->losses < LOSSES_MAX ? loop_step(l, ev, completion_step, &b) : BOT_FAIL;
    back->losses += l->lost_by_event;
    if (!was_finished)
        settle(l, ev, verdict);
    else if (!l->lost)
        event_step_reset(ev);
    log_set_message(0);
}

/* Throws away what nobody waits for any more, and ends gateways' calls. */
static void sort_completions(struct loop *l)
{
    struct completion *back, *next;
    for (back = TAILQ_FIRST(&l->consuming); back; back = next) {
        next = TAILQ_NEXT(back, link);
        if (back->accepted) continue; /* of a turn that was lost */
        struct call *call = call_find(l->calls, back->call);
        int late = call && call->ended && (back->http || back->job); /* the host ended it already */
        if (call && !late) {
            call->ended = back->accepted = 1;
            if (!run_gateway_completion(l, call, back)) continue;
        }
        TAILQ_REMOVE(&l->consuming, back, link);
        completion_drop(l, back);
    }
}

/* The `limit` bounds a turn; the rest comes next. Those that ran stay listed until COMMIT. */
static struct completion *run_completions(struct loop *l)
{
    int64_t until = clock_mono() + TURN_US;
    struct completion *back = TAILQ_FIRST(&l->consuming);
    for (; back && !l->lost && clock_mono() <= until; back = TAILQ_NEXT(back, link)) {
        struct call *call = call_find(l->calls, back->call);
        if (call) run_completion(l, call, back);
        if (l->solo && call)
            return TAILQ_NEXT(back, link); /* alone: its turn is no other's to lose */
    }
    return back;
}

/* A request whose last call is over is answered by now, or by nobody: somebody waits at the other
 * end. */
static void finish_call(struct loop *l, struct call *call)
{
    struct event *ev = call->event;
    ev->refs++;
    call_over(l, call);
    if (ev->kind == EVENT_ROUTE && !ev->connection && TAILQ_EMPTY(&ev->call_list))
        request_refuse(l, ev, 500);
    event_unref(ev);
}

/* After what was staged has been applied. */
static void consumed(struct loop *l, const struct completion *end)
{
    /* Behind those that ran there may be new ones: BATAL has cancelled calls in this turn. */
    for (struct completion *back; (back = TAILQ_FIRST(&l->consuming)) != end && back->accepted;) {
        TAILQ_REMOVE(&l->consuming, back, link);
        struct call *call = call_find(l->calls, back->call);
        if (call) finish_call(l, call);
        completion_free(back);
    }
}

/* ---- the clock ------------------------------------------------------------------------------- */

/* A waiting event without pending calls has nothing to wait for. */
static void fail_forgotten(struct loop *l, int64_t now)
{
    struct event *ev, *next;
    for (ev = TAILQ_FIRST(&l->waiting); ev && !l->lost; ev = next) {
        next = TAILQ_NEXT(ev, wait_link);
        if (ev->deadline > now || !TAILQ_EMPTY(&ev->call_list)) continue;
        touch(l, ev);
        settle(l, ev, BOT_FAIL);
    }
}

static void run_due(struct loop *l, int64_t now)
{
    struct host *h = l->host;
    fail_forgotten(l, now);
    if (l->lost) return;
    if (l->due_at <= now && inbox_load_due(h, now, stage_event) < 0) l->lost = 1;
    if (!l->lost && l->schedule_at <= now && schedules_run(h, now) < 0) l->lost = 1;
    if (!l->lost && dialog_next_due(h) <= now && dialog_expire(h, now, 32) < 0) l->lost = 1;
    if (!l->lost && upkeep_next_due(h) <= now && upkeep_run(h, now) < 0) l->lost = 1;
    if (!l->lost && h->retired) generations_stop_idle(h);
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t clock_due(struct loop *l)
{
    int64_t due = min64(calls_next_due(l->calls), waiting_next_due(l));
    due = min64(due, min64(l->due_at, l->schedule_at));
    due = min64(min64(due, upkeep_next_due(l->host)), dialog_next_due(l->host));
    return l->host->retired ? min64(due, generations_next_due(l->host)) : due;
}

int64_t loop_next_due(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    int posted =
        !TAILQ_EMPTY(&l->arrivals) || !TAILQ_EMPTY(&l->completions) || !TAILQ_EMPTY(&l->requests);
    pthread_mutex_unlock(&l->lock);
    if (posted || !TAILQ_EMPTY(&l->journaling) || !TAILQ_EMPTY(&l->consuming) ||
        !TAILQ_EMPTY(&l->serving) || !TAILQ_EMPTY(&l->ready) || outbox_has_work(l->host->outbox))
        return l->retry_at;
    if (reload_has_work(l->host)) return 0;
    int64_t due = min64(clock_due(l), outbox_next_due(l->host->outbox));
    due = min64(due, l->host->publish_due);
    return due < l->retry_at ? l->retry_at : due;
}

/* ---- the turn -------------------------------------------------------------------------------- */

static int has_work(struct loop *l, int64_t now)
{
    return !TAILQ_EMPTY(&l->journaling) || !TAILQ_EMPTY(&l->consuming) ||
           !TAILQ_EMPTY(&l->serving) || !TAILQ_EMPTY(&l->ready) ||
           outbox_has_work(l->host->outbox) || clock_due(l) <= now;
}

static void keep(struct loop *l)
{
    for (struct event *ev; (ev = TAILQ_FIRST(&l->ran));) {
        TAILQ_REMOVE(&l->ran, ev, ran_link);
        ev->touched = 0;
        event_unref(ev);
    }
}

/* Puts an event back as it was before this turn. */
static void put_back(struct loop *l, struct event *ev)
{
    ev->said_len = ev->said_before;
    event_step_reset(ev);
    if (ev->was_finished) return; /* only something of it came back late */
    ev->reply.len = 0;
    buf_add(&ev->reply, ev->said_kept, ev->said_before);
    if (ev->finished) l->open_events++;
    if (ev->was_waiting) {
        ev->finished = 0;
        if (!ev->waits) wait_for(l, ev);
        return;
    }
    if (ev->kind == EVENT_START || ev->kind == EVENT_ROUTE || !ev->chat) return;
    stop_waiting(l, ev);
    ev->finished = 0;
    ev->handler = ev->journaled_handler;
    ev->resume = ev->journaled_resume;
    ev->resume_len = ev->journaled_resume_len;
    ev->store = ev->journaled_store;
    ev->status = ev->handler ? BOT_ERESUMED : BOT_OK;
    ev->dialog = NULL;
    ev->is_new_member = ev->canceled_another = ev->parked = 0;
    ev->refs++; /* the queue's again */
    TAILQ_INSERT_HEAD(&ev->chat->events, ev, link);
    chat_make_ready(l, ev->chat);
}

/* The one event of a lost turn: it fails for good, in a turn without anything else. */
static int blame(struct event *ev, void *arg)
{
    return fail_step(ev, arg);
}

static void lose(struct loop *l, int64_t now)
{
    struct host *h = l->host;
    if (!sqlite3_get_autocommit(h->db.sql)) db_exec(&h->db, ROLLBACK, "");
    int count = 0;
    int was_solo = l->solo > 0;
    staged_drop(h, &l->committed);
    for (struct event *ev; (ev = TAILQ_LAST(&l->ran, event_list));) {
        TAILQ_REMOVE(&l->ran, ev, ran_link);
        ev->touched = 0;
        put_back(l, ev);
        count++;
        event_unref(ev);
    }
    requests_finish(l, 503);
    outbox_rolled_back(h->outbox);
    stores_changed(h);
    l->due_at = l->schedule_at = 0; /* what the turn had taken is due again */
    l->turns_lost++;
    l->failures++;
    int64_t pause = RETRY_MIN_MS << (l->failures < 6 ? l->failures : 6);
    l->retry_at = l->lost_by_event ? now : now + (pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
    l->solo = count ? count + 1 : l->solo;
    host_database_state(h, l->lost_by_event, h->db.error);
    log_error("turn", "a turn was lost; it is tried again", LOG_STR("error", h->db.error),
              LOG_INT("events", count), LOG_INT("in_a_row", l->failures));
    if (!l->lost_by_event || !was_solo) l->suspect = NULL;
    struct arrival *a = TAILQ_FIRST(&l->journaling);
    if (a && now - a->received_at > ARRIVAL_PATIENCE_MS) arrivals_answer(l, 503);
}

/* A handler that ended the transaction when it was alone does so every time: its event is given up.
 */
static void punish_suspect(struct loop *l)
{
    struct event *ev = l->suspect;
    l->suspect = NULL;
    if (!ev || !ev->chat || TAILQ_FIRST(&ev->chat->events) != ev) return;
    TAILQ_REMOVE(&ev->chat->events, ev, link);
    touch(l, ev);
    if (loop_step(l, ev, blame, NULL) == BOT_HANDLED) finish(l, ev);
    event_unref(ev);
}

static int begin(struct loop *l)
{
    l->lost = l->lost_by_event = 0;
    if (db_exec(&l->host->db, BEGIN, "") != 0) l->lost = 1;
    l->host->db.in_turn = !l->lost;
    return l->lost ? -1 : 0;
}

static int commit(struct loop *l)
{
    l->host->db.in_turn = 0;
    if (l->lost) return -1;
    if (db_exec(&l->host->db, COMMIT, "") == 0) return 0;
    l->lost = 1;
    return -1;
}

int loop_turn(struct loop *l)
{
    struct host *h = l->host;
    host_turn_begins(h);
    if (reload_has_work(h)) reload_step(h); /* no plugin code is on the stack */
    int64_t now = clock_ms();
    if (now < l->retry_at && l->retry_at - now <= RETRY_MAX_MS)
        return 0; /* further away: the clock was put back */
    take(l);
    calls_fire(h, now);
    waiting_expire(l, now);
    if (h->retired) generations_drain(h, now);
    sort_completions(l);
    outbox_clock(h->outbox, now);
    if (!has_work(l, now)) {
        outbox_committed(
            h->outbox); /* retries and held queues that are due go out without a turn */
        if (h->publish_due <= now) host_publish(h);
        if (h->retired || h->old_registries) generations_sweep(h);
        host_turn_ends(h);
        return 0;
    }
    l->in_turn = 1;
    struct completion *end = TAILQ_FIRST(&l->consuming);
    if (begin(l) == 0) punish_suspect(l);
    if (!l->lost) end = run_completions(l);
    if (!l->lost) run_ready(l);
    if (!l->lost) requests_run(l);
    if (!l->lost) run_due(l, now);
    if (!l->lost) arrivals_journal(l);
    if (!l->lost && outbox_turn(h->outbox) < 0) l->lost = 1;
    int ok = commit(l) == 0;
    l->in_turn = 0;
    if (!ok) {
        lose(l, now);
        return -1;
    }
    if (l->failures) host_database_state(h, 1, "");
    l->failures = 0;
    l->turns++;
    if (l->solo) l->solo--;
    arrivals_answer(l, 200);
    keep(l);
    staged_apply(l);
    consumed(l, end);
    requests_finish(l, 0);
    chats_committed(l);
    outbox_committed(h->outbox);
    if (h->retired || h->old_registries) generations_sweep(h);
    checkpoint_look(h);
    host_publish(h);
    host_turn_ends(h);
    return 1;
}

int loop_group_begin(struct loop *l)
{
    if (begin(l) < 0) return -1;
    l->in_turn = 1;
    return 0;
}

int loop_group_end(struct loop *l, int ok)
{
    struct host *h = l->host;
    l->in_turn = h->db.in_turn = 0;
    if (ok && commit(l) == 0) {
        staged_apply(l);
        outbox_committed(h->outbox);
        return 0;
    }
    if (!sqlite3_get_autocommit(h->db.sql)) db_exec(&h->db, ROLLBACK, "");
    staged_drop(h, &l->committed);
    return -1;
}

int loop_run_step(struct host *h, struct event *ev, int (*fn)(struct event *ev, void *arg),
                  void *arg)
{
    struct loop *l = &h->loop;
    if (l->in_turn) return loop_step(l, ev, fn, arg);
    if (loop_group_begin(l) < 0) return BOT_EIO;
    int verdict = loop_step(l, ev, fn, arg);
    return loop_group_end(l, 1) == 0 ? verdict : BOT_EIO;
}
