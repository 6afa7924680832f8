/* notices.c - see notices.h.
 *
 * Cost: a row is looked at when its turn comes and once more for each thing that it has to wait
 * for; one lookup of its person by id. Nothing grows with the stores or chats that have no notice.
 *
 * Limits of the number are counted from the outbox itself at a start: what was attempted in the
 * last minute, hour and day is on disk. */
#include "notices.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../host.h"
#include "alarms.h"
#include "lanes.h"
#include "texts.h"

enum {
    OUT_MAX = 32,        /* of the session's 64: the others are for answers */
    OUT_MAX_LIMITED = 8, /* a number with limits is a person's: it does not write to 30 at once */
    NEW_CHAT_MIN_MS = 30000, /* between two chats that we begin, as people do it */
    NEW_CHAT_MORE_MS = 30000,
    SWEEP_AT = 256,
    LOCK_MS = 6 * 3600 * 1000, /* when the network does not say until when */
};

static const int64_t MINUTE_MS = 60000, HOUR_MS = 3600000, DAY_MS = 86400000;

/* 0 = he has never written to us; else when he did, to the hour. */
static const char WROTE[] = "SELECT CASE WHEN chat IS NULL THEN 0 ELSE ifnull(wrote_at, 1) END"
                            " FROM persons WHERE id = ?1";
static const char LATELY[] = "SELECT gateway, session, chat, attempted_at FROM outbox"
                             " WHERE answer = 0 AND attempted_at > ?1 ORDER BY attempted_at";

static const char LOCKS[] = "SELECT gateway, session, no_new_until FROM sessions"
                            " WHERE no_new_until > ?1";

/* The rows of one store that wait for their turn. */
struct notice_queue {
    struct outgoing_list rows; /* by `link` */
    TAILQ_ENTRY(notice_queue) turn;
};

static const struct bot_budget *budget_of(const struct session *s)
{
    return &s->gw->budget;
}

/* ---- rows that wait for a time: a binary heap ------------------------------------------------ */

/* Rows of one time go as they were made. */
static int is_before(const struct outgoing *a, const struct outgoing *b)
{
    return a->wakes_at != b->wakes_at ? a->wakes_at < b->wakes_at : a->id < b->id;
}

static void heap_push(struct waiting_rows *h, struct outgoing *row)
{
    if (h->count == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 64;
        h->rows = xrealloc(h->rows, h->cap * sizeof *h->rows);
    }
    size_t i = h->count++;
    for (; i && is_before(row, h->rows[(i - 1) / 2]); i = (i - 1) / 2)
        h->rows[i] = h->rows[(i - 1) / 2];
    h->rows[i] = row;
}

static struct outgoing *heap_pop(struct waiting_rows *h)
{
    struct outgoing *first = h->rows[0], *last = h->rows[--h->count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count && is_before(h->rows[child + 1], h->rows[child])) child++;
        if (!is_before(h->rows[child], last)) break;
        h->rows[i] = h->rows[child];
    }
    if (h->count) h->rows[i] = last;
    return first;
}

static void waits(struct outgoing *row)
{
    row->lane->waiting++;
    row->lane->session->notices.waiting++;
}

static void waits_no_more(struct outgoing *row)
{
    row->lane->waiting--;
    row->lane->session->notices.waiting--;
}

static void wait_until(struct outbox *o, struct outgoing *row, int64_t until)
{
    row->wakes_at = until < row->expires ? until : row->expires;
    heap_push(&o->waiting, row);
}

/* ---- queues, one a store --------------------------------------------------------------------- */

static uint64_t queue_key(const struct outgoing *row)
{
    return (uint64_t)row->store + 1; /* 0 is no store's */
}

static struct notice_queue *queue_of(struct session *s, const struct outgoing *row)
{
    struct notice_queue *q = map_get_id(&s->notices.queues, queue_key(row));
    if (q) return q;
    q = xcalloc(1, sizeof *q);
    TAILQ_INIT(&q->rows);
    map_put_id(&s->notices.queues, queue_key(row), q);
    TAILQ_INSERT_TAIL(&s->notices.turns, q, turn);
    return q;
}

static struct outgoing *take_first(struct session *s, struct notice_queue *q)
{
    struct outgoing *row = TAILQ_FIRST(&q->rows);
    TAILQ_REMOVE(&q->rows, row, link);
    TAILQ_REMOVE(&s->notices.turns, q, turn);
    if (TAILQ_EMPTY(&q->rows)) {
        map_remove_id(&s->notices.queues, queue_key(row));
        free(q);
    } else {
        TAILQ_INSERT_TAIL(&s->notices.turns, q, turn); /* the next store's turn */
    }
    return row;
}

void notices_init(struct session *s)
{
    TAILQ_INIT(&s->notices.turns);
    s->notices.sweep_at = SWEEP_AT;
}

void notices_free(struct session *s)
{
    size_t at = 0;
    for (struct notice_queue *q; (q = map_next(&s->notices.queues, &at, NULL));) free(q);
    at = 0;
    for (struct rate *r; (r = map_next(&s->notices.contacts, &at, NULL));) free(r);
    map_free(&s->notices.queues);
    map_free(&s->notices.contacts);
}

/* ---- limits ---------------------------------------------------------------------------------- */

void notices_limits(struct session *s)
{
    if (!s->gw) return;
    const struct bot_budget *b = budget_of(s);
    rate_set(&s->notices.rate, b->per_minute, MINUTE_MS, b->per_minute / 4);
    rate_set(&s->all, b->all_per_minute, MINUTE_MS, b->all_per_minute / 3);
}

static struct rate *contact_of(struct session *s, const char *chat, int64_t now)
{
    struct notices *n = &s->notices;
    struct rate *r = map_get(&n->contacts, chat);
    if (r) return r;
    if (n->contacts.count >= n->sweep_at) {
        size_t at = 0;
        const char *key;
        for (struct rate *old; (old = map_next(&n->contacts, &at, &key));)
            if (rate_is_idle(old, now)) free(map_remove(&n->contacts, key));
        n->sweep_at = 2 * n->contacts.count > SWEEP_AT ? 2 * n->contacts.count : SWEEP_AT;
    }
    r = xcalloc(1, sizeof *r);
    rate_set(r, budget_of(s)->per_contact, HOUR_MS, budget_of(s)->per_contact);
    map_put(&n->contacts, chat, r);
    return r;
}

static int64_t day_of(const struct host *h, int64_t now)
{
    return (now + texts_zone_ms(h->timezone)) / DAY_MS;
}

/* How many went on the day of `now`. */
static int64_t count_today(const struct host *h, struct notices *n, int64_t now)
{
    int64_t day = day_of(h, now);
    if (day != n->day) {
        n->day = day;
        n->today = 0;
    }
    return n->today;
}

/* What the number lets go: from when on. */
static int64_t number_when(struct outbox *o, struct session *s, int64_t now)
{
    int64_t per_day = budget_of(s)->per_day;
    if (per_day && count_today(o->host, &s->notices, now) >= per_day)
        return (day_of(o->host, now) + 1) * DAY_MS - texts_zone_ms(o->host->timezone);
    return rate_when(&s->notices.rate, now);
}

/* What this row's chat lets come: from when on. One that writes to us of its own is not counted. */
static int64_t chat_when(struct outbox *o, struct session *s, struct outgoing *row, int64_t now)
{
    const struct bot_budget *b = budget_of(s);
    int64_t wrote = row->person ? db_int(&o->host->db, 0, WROTE, "i", row->person) : 0;
    int64_t when = now;
    row->new_chat = !wrote;
    if (row->new_chat) {
        when = s->notices.no_new_until > when ? s->notices.no_new_until : when;
        if (b->spread_new_chats && s->notices.new_chat_due > when) when = s->notices.new_chat_due;
    }
    if (b->per_contact && now - wrote > DAY_MS) {
        int64_t contact = rate_when(contact_of(s, lane_chat(row->lane), now), now);
        if (contact > when) when = contact;
    }
    return when;
}

static int by_time(const void *a, const void *b)
{
    const struct outgoing *const *x = a, *const *y = b;
    return is_before(*x, *y) ? -1 : is_before(*y, *x);
}

/* Those that waited for it are looked at now. */
static void wake_new_chats(struct outbox *o, const struct session *s, int64_t now)
{
    for (size_t i = 0; i < o->waiting.count; i++) {
        struct outgoing *row = o->waiting.rows[i];
        if (row->lane->session == s && row->new_chat && row->wakes_at > now) row->wakes_at = now;
    }
    if (o->waiting.count)
        qsort(o->waiting.rows, o->waiting.count, sizeof *o->waiting.rows, by_time);
}

void notices_no_new_chats(struct outbox *o, struct session *s, int64_t until)
{
    int64_t now = clock_ms(), before = s->notices.no_new_until;
    if (until <= now && before <= now) return;
    s->notices.no_new_until = until;
    if (until < before) wake_new_chats(o, s, now);
    if (until > now && until - before > MINUTE_MS) alarm_raise(o, s, ALARM_NO_NEW_CHATS, until);
    if (until <= now) alarm_raise(o, s, ALARM_NEW_CHATS, 0);
}

static void count(struct outbox *o, struct session *s, const struct outgoing *row, int64_t now)
{
    const struct bot_budget *b = budget_of(s);
    struct notices *n = &s->notices;
    rate_take(&n->rate, now);
    if (b->per_contact) rate_take(contact_of(s, lane_chat(row->lane), now), now);
    if (row->new_chat && b->spread_new_chats)
        n->new_chat_due = now + NEW_CHAT_MIN_MS + (int64_t)randombytes_uniform(NEW_CHAT_MORE_MS);
    int64_t today = count_today(o->host, n, now) + 1;
    n->today = today;
    if (b->per_day >= 5 && today == b->per_day * 4 / 5) alarm_raise(o, s, ALARM_BUDGET, b->per_day);
    if (b->per_day && today == b->per_day) alarm_raise(o, s, ALARM_BUDGET_SPENT, b->per_day);
}

/* ---- letting go ------------------------------------------------------------------------------ */

static void let_go(struct outbox *o, struct session *s, struct outgoing *row, int64_t now)
{
    waits_no_more(row);
    row->let_go = 1;
    s->notices.out++;
    count(o, s, row, now);
    outgoing_enqueue(o, row);
}

static void expire(struct outbox *o, struct outgoing *row)
{
    waits_no_more(row);
    outgoing_settle(o, row, OUTBOX_EXPIRED, "not sent in time");
}

void notices_schedule(struct outbox *o, struct session *s)
{
    struct notices *n = &s->notices;
    struct notice_queue *q;
    int64_t now = clock_ms();
    n->due = 0;
    while ((q = TAILQ_FIRST(&n->turns)) && session_open(s)) {
        struct outgoing *row = TAILQ_FIRST(&q->rows);
        if (row->expires <= now) {
            expire(o, take_first(s, q));
            continue;
        }
        int limited = budget_of(s)->per_minute > 0;
        if (n->out >= (limited ? OUT_MAX_LIMITED : OUT_MAX))
            return; /* one that is settled lets the next go */
        int64_t when = number_when(o, s, now);
        if (when > now) {
            n->due = when;
            return;
        }
        when = chat_when(o, s, row, now);
        take_first(s, q);
        if (when > now)
            wait_until(o, row, when);
        else
            let_go(o, s, row, now);
    }
}

static void queue_up(struct outbox *o, struct outgoing *row)
{
    struct session *s = row->lane->session;
    struct notice_queue *q = queue_of(s, row);
    struct outgoing *before = TAILQ_LAST(&q->rows, outgoing_list);
    while (before && before->id > row->id) /* it has waited for its person meanwhile */
        before = TAILQ_PREV(before, outgoing_list, link);
    if (before)
        TAILQ_INSERT_AFTER(&q->rows, before, row, link);
    else
        TAILQ_INSERT_HEAD(&q->rows, row, link);
    notices_schedule(o, s);
}

void notices_put(struct outbox *o, struct outgoing *row)
{
    waits(row);
    if (row->not_before > clock_ms())
        wait_until(o, row, row->not_before);
    else
        queue_up(o, row);
}

void notices_put_back(struct outbox *o, struct outgoing *row)
{
    struct session *s = row->lane->session;
    int64_t now = clock_ms();
    waits(row);
    notices_settled(row);
    row->new_chat = 1; /* whatever we knew */
    if (s->notices.no_new_until <= now) notices_no_new_chats(o, s, now + LOCK_MS);
    wait_until(o, row, s->notices.no_new_until);
}

void notices_settled(struct outgoing *row)
{
    if (row->let_go) row->lane->session->notices.out--;
    row->let_go = 0;
}

/* ---- the clock ------------------------------------------------------------------------------- */

void notices_clock(struct outbox *o, int64_t now)
{
    while (o->waiting.count && o->waiting.rows[0]->wakes_at <= now) {
        struct outgoing *row = heap_pop(&o->waiting);
        if (row->expires <= now) {
            expire(o, row);
        } else if (row->answer) {
            waits_no_more(row);
            outgoing_enqueue(o, row);
        } else {
            queue_up(o, row);
        }
    }
}

int64_t notices_next_row(const struct outbox *o)
{
    return o->waiting.count ? o->waiting.rows[0]->wakes_at : INT64_MAX;
}

int64_t notices_next_due(const struct session *s)
{
    return s->notices.due && !TAILQ_EMPTY(&s->notices.turns) && session_open(s) ? s->notices.due
                                                                                : INT64_MAX;
}

/* ---- after a start --------------------------------------------------------------------------- */

static void recount(struct outbox *o, struct session *s, const char *chat, int64_t at, int64_t now)
{
    struct notices *n = &s->notices;
    if (day_of(o->host, at) == day_of(o->host, now)) {
        count_today(o->host, n, now);
        n->today++;
    }
    if (!s->gw) return;
    rate_take(&n->rate, at);
    if (budget_of(s)->per_contact && now - at < HOUR_MS) rate_take(contact_of(s, chat, now), at);
}

static int load_locks(struct outbox *o)
{
    int rc;
    sqlite3_stmt *st = db_query(&o->host->db, LOCKS, "i", clock_ms());
    while ((rc = db_step(&o->host->db, st)) == 1)
        session_of(o, db_text(st, 0), db_text(st, 1))->notices.no_new_until =
            sqlite3_column_int64(st, 2);
    return rc;
}

int notices_load(struct outbox *o)
{
    int64_t now = clock_ms();
    int rc = load_locks(o);
    if (rc < 0) return rc;
    sqlite3_stmt *st = db_query(&o->host->db, LATELY, "i", now - DAY_MS);
    while ((rc = db_step(&o->host->db, st)) == 1)
        recount(o, session_of(o, db_text(st, 0), db_text(st, 1)), db_text(st, 2),
                sqlite3_column_int64(st, 3), now);
    return rc;
}
