/* late.c - see late.h.
 *
 * A hold is found by what names it: the session, or a person's phone, hidden id or number in it; so
 * a live message under the other id of the same person waits, too. In inbox.event a late message's
 * row says 'late', or 'recorded'. */
#include "late.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../dispatch.h"
#include "../host.h"
#include "../people/people.h"
#include "inbox.h"
#include "own_number.h"
#include "texts.h"

enum { NAMES = 3, KEY_BYTES = 1200 };

static const char SUMMARY[] = "message.late";

static const char OURS[] = "SELECT 1 FROM outbox WHERE native_id = ?1 LIMIT 1";
static const char WAITS[] = "SELECT id, person FROM inbox WHERE key = ?1 AND state = 0";
static const char MARK[] = "UPDATE inbox SET event = 'late' WHERE id = ?1";
static const char RECORD[] =
    "UPDATE inbox SET event = 'recorded', state = 2, store = nullif(?2, 0), done_at = ?3 WHERE id = ?1";
static const char INSERT_SUMMARY[] =
    "INSERT INTO inbox(key, kind, person, store, gateway, session, chat, phone, lid, event, body, sent_at, received_at)"
    " VALUES (?1, 3, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT(key) DO NOTHING";

struct waiter {
    TAILQ_ENTRY(waiter) link;
    struct chat *chat; /* a reference; chat->held is set */
};
TAILQ_HEAD(waiter_list, waiter);

struct hold {
    TAILQ_ENTRY(hold) link;
    char *names[NAMES]; /* its keys in lates.holds; NULL at the end */
    int64_t set_at, until;
    int is_over; /* ... once this turn is on disk */
    struct waiter_list waiters;
};
TAILQ_HEAD(hold_list, hold);

/* What one chat has missed in this turn. Strings are the first arrival's. */
struct missed {
    const struct arrival *first;
    int64_t person, store, count, last_at;
};

struct lates {
    struct map holds; /* "GATEWAY/SESSION", and with "/p:PHONE" "/l:HIDDEN ID" "/#PERSON" */
    struct hold_list list;
    size_t count;
    int64_t due; /* no hold ends by the clock before */
    int has_over;
    struct missed *missed;
    size_t missed_count, missed_cap;
};

struct lates *lates_new(void)
{
    struct lates *l = xcalloc(1, sizeof *l);
    TAILQ_INIT(&l->list);
    l->due = INT64_MAX;
    return l;
}

/* ---- holding --------------------------------------------------------------------------------- */

/* kind 0: the session's own name. */
static const char *name_of(char out[KEY_BYTES], const char *gateway, const char *session, char kind,
                           const char *who)
{
    int n = snprintf(out, KEY_BYTES, "%s/%s", gateway, session ? session : "");
    if (kind && n > 0 && n < KEY_BYTES)
        snprintf(out + n, KEY_BYTES - (size_t)n, "/%c:%s", kind, who);
    return out;
}

static const char *name_of_person(char out[KEY_BYTES], const char *gateway, const char *session,
                                  int64_t person)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)person);
    return name_of(out, gateway, session, '#', id);
}

static int is_message(const struct event *ev)
{
    return ev->kind == EVENT_MESSAGE || ev->kind == EVENT_OWN;
}

/* What was held runs by the network's time: a webhook that had to be repeated comes behind newer
 * ones.
 */
static void sort_by_time(struct chat *chat)
{
    struct event *ev, *next;
    for (ev = TAILQ_FIRST(&chat->events); ev; ev = next) {
        struct event *before = TAILQ_PREV(ev, chat_events, link), *to = NULL;
        next = TAILQ_NEXT(ev, link);
        for (; is_message(ev) && before && is_message(before) && before->sent_at > ev->sent_at;
             before = TAILQ_PREV(before, chat_events, link))
            to = before;
        if (!to) continue;
        TAILQ_REMOVE(&chat->events, ev, link);
        TAILQ_INSERT_BEFORE(to, ev, link);
    }
}

static void release(struct host *h, struct hold *hold)
{
    struct lates *l = h->lates;
    for (int i = 0; i < NAMES && hold->names[i]; i++) {
        if (map_get(&l->holds, hold->names[i]) == hold) map_remove(&l->holds, hold->names[i]);
        free(hold->names[i]);
    }
    TAILQ_REMOVE(&l->list, hold, link);
    l->count--;
    for (struct waiter *w; (w = TAILQ_FIRST(&hold->waiters));) {
        TAILQ_REMOVE(&hold->waiters, w, link);
        w->chat->held = 0;
        sort_by_time(w->chat);
        chat_rehome(&h->loop, w->chat);
        chat_make_ready(&h->loop, w->chat);
        loop_chat_unref(&h->loop, w->chat);
        free(w);
    }
    free(hold);
}

void lates_free(struct host *h)
{
    struct lates *l = h->lates;
    if (!l) return;
    for (struct hold *hold; (hold = TAILQ_FIRST(&l->list));) release(h, hold);
    map_free(&l->holds);
    free(l->missed);
    free(l);
    h->lates = NULL;
}

static void add_name(struct lates *l, struct hold *hold, const char *name)
{
    int i = 0;
    while (i < NAMES && hold->names[i]) i++;
    if (i == NAMES || map_get(&l->holds, name)) return;
    hold->names[i] = xstrdup(name);
    map_put(&l->holds, hold->names[i], hold);
}

/* The hold with one of these names, or NULL. */
static struct hold *hold_find(const struct lates *l, const char *gateway, const char *session,
                              const char *phone, const char *lid)
{
    char name[KEY_BYTES];
    struct hold *hold = NULL;
    if (phone && *phone) hold = map_get(&l->holds, name_of(name, gateway, session, 'p', phone));
    if (!hold && lid && *lid) hold = map_get(&l->holds, name_of(name, gateway, session, 'l', lid));
    if (hold || (phone && *phone) || (lid && *lid)) return hold;
    return map_get(&l->holds, name_of(name, gateway, session, 0, NULL));
}

int late_hold(struct host *h, const char *gateway, const char *session, const char *phone,
              const char *lid, int64_t max_ms)
{
    struct lates *l = h->lates;
    int has_phone = phone && *phone, has_lid = lid && *lid;
    char name[KEY_BYTES];
    struct hold *hold = hold_find(l, gateway, session, phone, lid);
    if (max_ms <= 0) {
        if (hold) release(h, hold);
        return BOT_OK;
    }
    if (!hold) {
        hold = xcalloc(1, sizeof *hold);
        TAILQ_INIT(&hold->waiters);
        TAILQ_INSERT_TAIL(&l->list, hold, link);
        l->count++;
    }
    hold->set_at = clock_ms();
    hold->until = hold->set_at + max_ms;
    hold->is_over = 0;
    if (hold->until < l->due) l->due = hold->until;
    if (has_phone) add_name(l, hold, name_of(name, gateway, session, 'p', phone));
    if (has_lid) add_name(l, hold, name_of(name, gateway, session, 'l', lid));
    int64_t person = has_phone || has_lid ? people_known(h, phone, lid) : 0;
    if (person > 0) add_name(l, hold, name_of_person(name, gateway, session, person));
    if (!has_phone && !has_lid) add_name(l, hold, name_of(name, gateway, session, 0, NULL));
    return BOT_OK;
}

static struct hold *hold_of(const struct lates *l, const struct event *ev)
{
    char name[KEY_BYTES];
    struct hold *hold = map_get(&l->holds, name_of(name, ev->gateway, ev->session, 0, NULL));
    if (!hold && ((ev->phone && *ev->phone) || (ev->lid && *ev->lid)))
        hold = hold_find(l, ev->gateway, ev->session, ev->phone, ev->lid);
    if (!hold && ev->person)
        hold = map_get(&l->holds, name_of_person(name, ev->gateway, ev->session, ev->person));
    return hold;
}

int late_holds(struct event *ev)
{
    const struct lates *l = ev->host->lates;
    if (!l->count || ev->is_late || !ev->gateway) return 0;
    if (!is_message(ev)) return 0;
    struct hold *hold = hold_of(l, ev);
    if (!hold) return 0;
    if (ev->chat->held) return 1;
    struct waiter *w = xcalloc(1, sizeof *w);
    w->chat = ev->chat;
    w->chat->refs++;
    w->chat->held = 1;
    TAILQ_INSERT_TAIL(&hold->waiters, w, link);
    return 1;
}

void late_committed(struct host *h)
{
    struct hold *hold, *next;
    if (!h->lates->has_over) return;
    h->lates->has_over = 0;
    for (hold = TAILQ_FIRST(&h->lates->list); hold; hold = next) {
        next = TAILQ_NEXT(hold, link);
        if (hold->is_over) release(h, hold);
    }
}

void late_expire(struct host *h, int64_t now)
{
    struct lates *l = h->lates;
    struct hold *hold, *next;
    if (!l->count || (l->due > now && TAILQ_FIRST(&l->list)->set_at <= now)) return;
    l->due = INT64_MAX;
    for (hold = TAILQ_FIRST(&l->list); hold; hold = next) {
        next = TAILQ_NEXT(hold, link);
        if (hold->until <= now || hold->set_at > now) /* a clock may be put back */
            release(h, hold);
        else if (hold->until < l->due)
            l->due = hold->until;
    }
}

int64_t late_next_due(const struct host *h)
{
    return h->lates->count ? h->lates->due : INT64_MAX;
}

/* ---- journaling ------------------------------------------------------------------------------ */

void late_begin(struct host *h)
{
    h->lates->missed_count = 0; /* of a turn that was lost */
}

int late_is_ours(struct host *h, const struct arrival *a)
{
    if (a->kind != BOT_IN_OWN || !a->native_id || !*a->native_id) return 0;
    return (int)db_int(&h->db, 0, OURS, "s", a->native_id);
}

void late_is_known(struct host *h, const struct arrival *a, const char *key)
{
    sqlite3_stmt *st = db_query(&h->db, WAITS, "s", key);
    if (db_step(&h->db, st) != 1) return;
    int64_t id = sqlite3_column_int64(st, 0), person = sqlite3_column_int64(st, 1);
    db_done(st);
    const struct chat *chat = person ? map_get_id(&h->loop.chats, (uint64_t)person) : NULL;
    struct event *ev;
    if (!chat) return;
    TAILQ_FOREACH(ev, &chat->events, link)
    if (ev->id == id) ev->sent_at = a->sent_at;
}

static void count_missed(struct lates *l, const struct arrival *a, const struct event *ev)
{
    size_t i = l->missed_count;
    while (i && l->missed[i - 1].person != ev->person) i--;
    struct missed *m = i ? &l->missed[i - 1] : NULL;
    if (!m && l->missed_count == l->missed_cap) {
        l->missed_cap = l->missed_cap ? 2 * l->missed_cap : 16;
        l->missed = xrealloc(l->missed, l->missed_cap * sizeof *l->missed);
    }
    if (!m) {
        m = &l->missed[l->missed_count++];
        *m = (struct missed){ .first = a, .person = ev->person, .store = ev->store };
    }
    m->count++;
    if (a->sent_at > m->last_at) m->last_at = a->sent_at;
}

int late_journaled(struct host *h, const struct arrival *a, struct event **ev)
{
    struct event *e = *ev;
    e->is_late = 1;
    if (a->late == BOT_LATE_RUN) return db_exec(&h->db, MARK, "i", e->id) == 0 ? 1 : -1;
    if (e->person) own_number_guess(e);
    int rc = db_exec(&h->db, RECORD, "iii", e->id, e->store, clock_ms());
    if (rc == 0 && a->late == BOT_LATE_SUMMARY && e->kind == EVENT_MESSAGE)
        count_missed(h->lates, a, e);
    event_unref(e);
    *ev = NULL;
    return rc == 0 ? 0 : -1;
}

static int add_summary(struct host *h, const struct missed *m)
{
    const struct arrival *a = m->first;
    char key[1200], body[64];
    snprintf(key, sizeof key, "%s/%s/late/%s/%s", a->gateway, a->session, a->chat,
             a->native_id ? a->native_id : "");
    int len = snprintf(body, sizeof body, "%lld %lld", (long long)m->count, (long long)a->sent_at);
    if (db_exec(&h->db, INSERT_SUMMARY,
                "siissssss"
                "bii",
                key, m->person, m->store, a->gateway, a->session, a->chat, a->phone, a->lid,
                SUMMARY, body, (size_t)len, m->last_at, clock_ms()) != 0)
        return -1;
    if (!db_changes(&h->db)) return 0;
    struct event *ev = event_new(h, EVENT_INTERNAL);
    struct arena *m2 = &ev->arena;
    ev->id = db_insert_id(&h->db);
    ev->is_late = 1;
    ev->event_name = SUMMARY;
    ev->person = m->person;
    ev->store = ev->journaled_store = m->store;
    ev->gateway = arena_strdup(m2, a->gateway);
    ev->session = arena_strdup(m2, a->session);
    ev->chat_id = arena_strdup(m2, a->chat);
    ev->phone = arena_strdup(m2, a->phone);
    ev->lid = arena_strdup(m2, a->lid);
    ev->body = arena_memdup(m2, body, (size_t)len);
    ev->body_len = (size_t)len;
    ev->sent_at = m->last_at;
    ev->received_at = clock_ms();
    stage_event(h, ev);
    return 0;
}

int late_end(struct host *h)
{
    struct lates *l = h->lates;
    int rc = 0;
    for (size_t i = 0; i < l->missed_count && rc == 0; i++) rc = add_summary(h, &l->missed[i]);
    l->missed_count = 0;
    return rc;
}

int late_caught_up(struct host *h, const struct arrival *a)
{
    int is_session = !(a->phone && *a->phone) && !(a->lid && *a->lid);
    struct hold *hold = hold_find(h->lates, a->gateway, a->session, a->phone, a->lid);
    if (hold) hold->is_over = h->lates->has_over = 1;
    if (!is_session) return 0;
    const char *session = a->session ? a->session : "";
    return inbox_emit(h, NULL, "session.caught_up", NULL, 0, session, strlen(session)) == BOT_OK
               ? 0
               : -1;
}

/* ---- running --------------------------------------------------------------------------------- */

static int comes_after(const struct event *ev, const struct event *late)
{
    if (ev->is_late) return ev->sent_at > late->sent_at;
    return is_message(ev) && ev->sent_at >= late->sent_at;
}

void late_queue(struct event *ev)
{
    struct chat *chat = ev->chat;
    struct event *after = TAILQ_LAST(&chat->events, chat_events);
    while (after && comes_after(after, ev)) after = TAILQ_PREV(after, chat_events, link);
    if (after)
        TAILQ_INSERT_AFTER(&chat->events, after, ev, link);
    else
        TAILQ_INSERT_HEAD(&chat->events, ev, link);
}

int late_is_summary(const struct event *ev)
{
    return ev->kind == EVENT_INTERNAL && !strcmp(ev->event_name, SUMMARY);
}

/* Who has written again meanwhile gets an answer to that. */
static int has_written_again(const struct event *ev)
{
    const struct event *other;
    if (!ev->chat) return 0;
    TAILQ_FOREACH(other, &ev->chat->events, link)
    if (other->kind == EVENT_MESSAGE) return 1;
    return 0;
}

static void say_summary(struct event *ev)
{
    char *end = NULL;
    long long count = ev->body ? strtoll(ev->body, &end, 10) : 0;
    long long since = end ? strtoll(end, NULL, 10) : 0;
    int64_t zone = texts_zone_ms(ev->timezone), day = 86400000;
    int is_today = (since + zone) / day == (clock_ms() + zone) / day;
    const struct bot_arg args[] = { bot_int("count", count), bot_int("since", since) };
    dispatch_say(ev, dispatch_text(ev, is_today ? "late.today" : "late.earlier", args, 2));
}

int late_summarise(struct event *ev)
{
    if (has_written_again(ev)) return BOT_HANDLED;
    if (!ev->person || people_load(ev)) return BOT_HANDLED; /* he has gone */
    ev->text = "";
    ev->store = 0;
    own_number_guess(ev);
    if (ev->person_blocked || ev->member_blocked) return BOT_HANDLED;
    int verdict = dispatch_gate(ev);
    if (verdict != BOT_PASS) return verdict;
    say_summary(ev);
    return BOT_HANDLED;
}
