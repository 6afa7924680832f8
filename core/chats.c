/* chats.c - each person's queue of events, and which of them may run. On the loop. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "calls.h"
#include "dispatch.h"
#include "host.h"
#include "message/fetches.h"
#include "message/late.h"
#include "people/identity.h"

static struct chat *chat_of(struct loop *l, const struct event *ev)
{
    /* An event without a person waits for nobody. */
    uint64_t key = ev->person ? (uint64_t)ev->person : (uint64_t)ev->id | 1ULL << 63;
    struct chat *chat = map_get_id(&l->chats, key);
    if (chat) return chat;
    chat = xcalloc(1, sizeof *chat);
    chat->key = key;
    TAILQ_INIT(&chat->events);
    map_put_id(&l->chats, key, chat);
    return chat;
}

void loop_chat_unref(struct loop *l, struct chat *chat)
{
    if (!chat || --chat->refs) return;
    if (chat->ready) TAILQ_REMOVE(&l->ready, chat, link);
    map_remove_id(&l->chats, chat->key);
    free(chat);
}

void chat_make_ready(struct loop *l, struct chat *chat)
{
    if (chat->ready || TAILQ_EMPTY(&chat->events)) return;
    chat->ready = 1;
    TAILQ_INSERT_TAIL(&l->ready, chat, link);
}

void loop_queue(struct host *h, struct event *ev)
{
    struct loop *l = &h->loop;
    if (!ev->chat) {
        ev->chat = chat_of(l, ev);
        ev->chat->refs++;
    }
    if (ev->is_late)
        late_queue(ev);
    else
        TAILQ_INSERT_TAIL(&ev->chat->events, ev, link);
    l->open_events++;
    chat_make_ready(l, ev->chat);
}

/* Takes the place that its journal id gives it. */
static void insert_in_order(struct chat *chat, struct event *ev)
{
    struct event *after = TAILQ_LAST(&chat->events, chat_events);
    while (after && after->id > ev->id) after = TAILQ_PREV(after, chat_events, link);
    if (after)
        TAILQ_INSERT_AFTER(&chat->events, after, ev, link);
    else
        TAILQ_INSERT_HEAD(&chat->events, ev, link);
}

void chat_rehome(struct loop *l, struct chat *chat)
{
    struct event *ev, *next;
    unsigned moved = 0;
    for (ev = TAILQ_FIRST(&chat->events); ev && !chat->waiting; ev = next) {
        next = TAILQ_NEXT(ev, link);
        if (!ev->person || (uint64_t)ev->person == chat->key) continue;
        TAILQ_REMOVE(&chat->events, ev, link);
        ev->chat = chat_of(l, ev);
        ev->chat->refs++;
        insert_in_order(ev->chat, ev);
        chat_make_ready(l, ev->chat);
        moved++;
    }
    chat->refs -= moved; /* the caller's stays */
}

/* The event of the chat that may run now, or NULL while another one waits and none may overtake it.
 */
struct event *chat_next(struct chat *chat, int *cancels)
{
    struct event *ev = TAILQ_FIRST(&chat->events);
    *cancels = 0;
    if (!chat->waiting) return ev;
    for (; ev; ev = TAILQ_NEXT(ev, link)) {
        int how = dispatch_overtakes(ev);
        if (!how) continue;
        *cancels = how == 2;
        return ev;
    }
    return NULL;
}

int chat_holds(struct event *ev)
{
    return late_holds(ev) || identity_holds(ev) || fetch_holds(ev);
}

void chats_committed(struct loop *l)
{
    late_committed(l->host);
    identity_committed(l->host);
    fetches_committed(l->host);
}

void waiting_expire(struct loop *l, int64_t now)
{
    struct event *ev, *next;
    late_expire(l->host, now);
    identity_expire(l->host, now);
    fetches_expire(l->host, now);
    for (ev = TAILQ_FIRST(&l->waiting); ev; ev = next) {
        next = TAILQ_NEXT(ev, wait_link);
        if (ev->deadline > now || TAILQ_EMPTY(&ev->call_list)) continue;
        ev->deadline = INT64_MAX;
        log_warn("event", "no answer before the deadline", LOG_INT("event", ev->id));
        calls_end_all(l->host, ev, BOT_ETIMEDOUT);
    }
}

int64_t waiting_next_due(const struct loop *l)
{
    int64_t due = identity_next_due(l->host), fetch = fetches_next_due(l->host);
    if (fetch < due) due = fetch;
    int64_t late = late_next_due(l->host);
    const struct event *ev;
    if (late < due) due = late;
    TAILQ_FOREACH(ev, &l->waiting, wait_link)
    if (ev->deadline < due) due = ev->deadline;
    return due;
}
