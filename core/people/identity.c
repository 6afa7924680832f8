/* identity.c - see identity.h.
 *
 * A question is kept after its answer, so that an id that nobody knows is not asked for with every
 * message. Closed questions are thrown away, oldest first, when there are many. */
#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../host.h"
#include "people.h"

enum {
    HOLD_MS = 2000,
    SOON_MS = 10 * 1000,       /* it could not be asked */
    AGAIN_MS = 10 * 60 * 1000, /* nobody knows */
    QUESTIONS_MAX = 4096
};

/* "GATEWAY/HIDDEN ID" */
struct question {
    TAILQ_ENTRY(question) link; /* in `open` or `closed`, by asked_at */
    char *key, *gateway, *session, *lid;
    int is_open, is_asked, is_answered; /* answered: its chat goes on once that is on disk */
    int64_t asked_at;
    int64_t again_at;  /* not asked before */
    struct chat *chat; /* that it holds; a reference */
};
TAILQ_HEAD(question_list, question);

struct identities {
    struct map questions;
    struct question_list open, closed;
    size_t count;
    int has_answers; /* in `open` */
};

struct identities *identities_new(void)
{
    struct identities *i = xcalloc(1, sizeof *i);
    TAILQ_INIT(&i->open);
    TAILQ_INIT(&i->closed);
    return i;
}

static void forget(struct identities *i, struct question *q)
{
    TAILQ_REMOVE(q->is_open ? &i->open : &i->closed, q, link);
    map_remove(&i->questions, q->key);
    i->count--;
    free(q->key);
    free(q->gateway);
    free(q->session);
    free(q->lid);
    free(q);
}

/* Whatever the answer was, its chat goes on. */
static void close_question(struct host *h, struct question *q)
{
    struct chat *chat = q->chat;
    if (!q->is_open) return;
    TAILQ_REMOVE(&h->identities->open, q, link);
    TAILQ_INSERT_TAIL(&h->identities->closed, q, link);
    q->is_open = 0;
    q->chat = NULL;
    if (!chat) return;
    chat_rehome(&h->loop, chat);
    chat_make_ready(&h->loop, chat);
    loop_chat_unref(&h->loop, chat);
}

void identities_free(struct host *h)
{
    struct identities *i = h->identities;
    struct question *q;
    if (!i) return;
    while ((q = TAILQ_FIRST(&i->open))) close_question(h, q);
    while ((q = TAILQ_FIRST(&i->closed))) forget(i, q);
    map_free(&i->questions);
    free(i);
    h->identities = NULL;
}

static char *key_of(const char *gateway, const char *lid)
{
    struct buf key = { 0 };
    buf_addf(&key, "%s/%s", gateway, lid);
    return buf_take(&key);
}

static struct question *question_new(struct identities *i, const struct event *ev, char *key)
{
    struct question *q = xcalloc(1, sizeof *q);
    if (i->count >= QUESTIONS_MAX && !TAILQ_EMPTY(&i->closed)) forget(i, TAILQ_FIRST(&i->closed));
    q->key = key;
    q->gateway = xstrdup(ev->gateway);
    q->session = xstrdup(ev->session ? ev->session : "");
    q->lid = xstrdup(ev->lid);
    TAILQ_INSERT_TAIL(&i->closed, q, link);
    map_put(&i->questions, key, q);
    i->count++;
    return q;
}

static void open_question(struct identities *i, struct question *q, int64_t now)
{
    TAILQ_REMOVE(&i->closed, q, link);
    TAILQ_INSERT_TAIL(&i->open, q, link);
    q->is_open = 1;
    q->is_asked = q->is_answered = 0;
    q->asked_at = now;
    q->again_at = now + SOON_MS;
}

static const struct gateway *who_can_tell(const struct host *h, const char *gateway)
{
    const struct gateway *g = gateway ? registry_gateway(h->registry, gateway) : NULL;
    return g && g->spec.who && g->plugin->started && !g->plugin->quarantined ? g : NULL;
}

int identity_holds(struct event *ev)
{
    struct host *h = ev->host;
    struct identities *i = h->identities;
    if (ev->kind != EVENT_MESSAGE || !ev->lid || !*ev->lid || ev->phone || ev->is_identified)
        return 0;
    ev->is_identified = 1; /* unless it is held below */
    if (!who_can_tell(h, ev->gateway) || people_has_phone(h, ev->person)) return 0;
    int64_t now = clock_ms();
    char *key = key_of(ev->gateway, ev->lid);
    struct question *q = map_get(&i->questions, key);
    if (!q)
        q = question_new(i, ev, key);
    else
        free(key);
    if (!q->is_open && now < q->again_at && q->again_at - now <= AGAIN_MS) return 0;
    if (!q->is_open) open_question(i, q, now);
    ev->is_identified = 0;
    if (!q->chat) {
        q->chat = ev->chat;
        q->chat->refs++;
    }
    return q->chat == ev->chat; /* two chats under one id: the second does not wait */
}

struct asking {
    const struct gateway *gateway;
    const struct question *question;
};

static int ask(struct event *ev, void *arg)
{
    const struct asking *a = arg;
    return a->gateway->spec.who(&ev->ctx, a->question->session, a->question->lid);
}

/* Their chats run in the next turn. */
static void close_answered(struct host *h)
{
    struct question *q, *next;
    if (!h->identities->has_answers) return;
    h->identities->has_answers = 0;
    for (q = TAILQ_FIRST(&h->identities->open); q; q = next) {
        next = TAILQ_NEXT(q, link);
        if (q->is_answered) close_question(h, q);
    }
}

void identity_committed(struct host *h)
{
    struct question *q, *next;
    close_answered(h);
    if (h->stopping) return;
    for (q = TAILQ_LAST(&h->identities->open, question_list); q && !q->is_asked; q = next) {
        next = TAILQ_PREV(q, question_list, link);
        struct asking a = { who_can_tell(h, q->gateway), q };
        q->is_asked = 1;
        int verdict = BOT_HANDLED;
        if (a.gateway) {
            struct event *ev = event_new(h, EVENT_GATEWAY);
            verdict = event_invoke(ev, a.gateway->plugin, BOT_NO_STORE, ask, &a, "who");
            event_step_reset(ev);
            event_unref(ev);
        }
        if (verdict != BOT_LATER) close_question(h, q); /* it cannot tell */
    }
}

/* Its question, marked as answered; NULL when it was not asked. */
static struct question *answer(struct identities *i, const char *gateway, const char *lid)
{
    char *key = key_of(gateway, lid);
    struct question *q = map_get(&i->questions, key);
    free(key);
    if (q && q->is_open) q->is_answered = i->has_answers = 1;
    return q;
}

void identity_told(struct host *h, const char *gateway, const char *lid)
{
    if (!TAILQ_EMPTY(&h->identities->open)) answer(h->identities, gateway, lid);
}

int identity_came(struct host *h, const struct arrival *a)
{
    if (a->phone && *a->phone &&
        people_resolve(h, a->gateway, a->session, NULL, a->phone, a->lid, NULL) < 0)
        return -1;
    struct question *q = answer(h->identities, a->gateway, a->lid);
    if (q && !a->state) q->again_at = clock_ms() + AGAIN_MS;
    return 0;
}

void identity_expire(struct host *h, int64_t now)
{
    struct question *q;
    while ((q = TAILQ_FIRST(&h->identities->open)) &&
           (q->asked_at + HOLD_MS <= now || q->asked_at > now)) /* a clock may be put back */
        close_question(h, q);
}

int64_t identity_next_due(const struct host *h)
{
    const struct question *q = TAILQ_FIRST(&h->identities->open);
    return q ? q->asked_at + HOLD_MS : INT64_MAX;
}
