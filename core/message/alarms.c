/* alarms.c - see alarms.h. */
#include "alarms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../dispatch.h"
#include "../host.h"
#include "../people/people.h"
#include "inbox.h"
#include "lanes.h"

static const char EVENT[] = "session.alarm";
static const char LOCK[] =
    "INSERT INTO sessions(gateway, session, no_new_until) VALUES (?1, ?2, ?3)"
    " ON CONFLICT DO UPDATE SET no_new_until = excluded.no_new_until";
static const int64_t LIFE_MS = 24 * 3600 * 1000;

/* Its text in core/texts is "alarm.NAME". */
static const char *const names[ALARMS] = {
    [ALARM_DOWN] = "down",
    [ALARM_UP] = "up",
    [ALARM_BUDGET] = "budget",
    [ALARM_BUDGET_SPENT] = "budget_spent",
    [ALARM_NO_NEW_CHATS] = "no_new_chats",
    [ALARM_NEW_CHATS] = "new_chats",
    [ALARM_MUTE] = "mute",
    [ALARM_NOT_MUTE] = "not_mute",
};

struct alarm {
    TAILQ_ENTRY(alarm) link;
    const struct session *session; /* sessions stay as long as the outbox */
    enum alarm_kind kind;
    int64_t number;
    int written; /* by the running turn */
};

void alarm_raise(struct outbox *o, const struct session *s, enum alarm_kind kind, int64_t number)
{
    struct alarm *a = xcalloc(1, sizeof *a);
    a->session = s;
    a->kind = kind;
    a->number = number;
    TAILQ_INSERT_TAIL(&o->alarms, a, link);
    log_warn("session", "alarm", LOG_STR("session", s->key), LOG_STR("alarm", names[kind]),
             LOG_INT("number", number));
    host_publish_soon(o->host);
}

int alarms_pending(const struct outbox *o)
{
    return !TAILQ_EMPTY(&o->alarms);
}

int alarms_turn(struct outbox *o)
{
    struct alarm *a;
    TAILQ_FOREACH(a, &o->alarms, link)
    {
        char body[400];
        snprintf(body, sizeof body, "%s\n%s\n%lld", names[a->kind], a->session->key,
                 (long long)a->number);
        if (inbox_emit(o->host, NULL, EVENT, NULL, 0, body, strlen(body)) != BOT_OK) return -1;
        if ((a->kind == ALARM_NO_NEW_CHATS || a->kind == ALARM_NEW_CHATS) &&
            db_exec(&o->host->db, LOCK, "ssi", a->session->gateway, a->session->name, a->number))
            return -1;
        a->written = 1;
    }
    return 0;
}

void alarms_committed(struct outbox *o)
{
    struct alarm *a, *next;
    for (a = TAILQ_FIRST(&o->alarms); a && a->written; a = next) {
        next = TAILQ_NEXT(a, link);
        TAILQ_REMOVE(&o->alarms, a, link);
        free(a);
    }
}

void alarms_rolled_back(struct outbox *o)
{
    struct alarm *a;
    TAILQ_FOREACH(a, &o->alarms, link) a->written = 0;
}

void alarms_free(struct outbox *o)
{
    struct alarm *a, *next;
    for (a = TAILQ_FIRST(&o->alarms); a; a = next) {
        next = TAILQ_NEXT(a, link);
        free(a);
    }
}

/* ---- telling --------------------------------------------------------------------------------- */

struct telling {
    struct event *ev;
    const char *text;
    int now_or_never; /* not worth waiting until his number works again */
    int failed;
};

/* Another number, when his own does not work. Returns whether the way is one that does. */
static int choose_way(struct event *ev, int64_t person, struct outbox_new *row)
{
    char phone[24], chat[128];
    struct outbox *o = ev->host->outbox;
    const struct session *s = session_of(o, row->gateway, row->session);
    int is_phone = s->gw && *s->gw->spec.name; /* no webhooks: the simulator, where nobody looks */
    int works = session_works(s);
    if (works && is_phone) return 1;
    if (people_phone(ev->host, person, phone, sizeof phone) != 0) return works;
    if (!(s = session_that_works(o, phone, chat, sizeof chat))) return works;
    row->gateway = s->gateway;
    row->session = s->name;
    row->chat = arena_strdup(&ev->arena, chat);
    return 1;
}

static void tell_one(void *ctx, int64_t person)
{
    struct telling *t = ctx;
    struct event *ev = t->ev;
    struct outbox_new row = {
        .person = person, .text = t->text, .answer = 1, .expires = clock_ms() + LIFE_MS
    };
    if (people_address(ev->host, person, &ev->arena, &row.gateway, &row.session, &row.chat)) return;
    if (!choose_way(ev, person, &row) && t->now_or_never) return;
    if (outbox_add(ev->host->outbox, ev, &row) < 0) t->failed = 1;
}

static int tell_supers(struct event *ev, const char *text, int now_or_never)
{
    struct telling t = { ev, text, now_or_never, 0 };
    int rc = people_with_role(ev->host, 0, BOT_SUPER, tell_one, &t);
    return rc < 0 || t.failed ? -1 : 0;
}

int alarm_tell_supers(struct event *ev, const char *text)
{
    return tell_supers(ev, text, 0);
}

int alarm_notify(struct event *ev)
{
    char *copy = arena_strndup(&ev->arena, ev->body ? ev->body : "", ev->body_len), *rest = NULL;
    const char *name = strtok_r(copy, "\n", &rest), *session = strtok_r(NULL, "\n", &rest);
    const char *number = strtok_r(NULL, "\n", &rest);
    if (!name || !session || !number || ev->status == BOT_ERESUMED) return 0;
    const struct bot_arg args[] = { bot_text("session", session),
                                    bot_int("n", strtoll(number, NULL, 10)) };
    const char *key = arena_printf(&ev->arena, "alarm.%s", name);
    /* "It is away" by the number that is away would arrive when it is back, as the news of that. */
    return tell_supers(ev, dispatch_text(ev, key, args, BOT_COUNT(args)),
                       !strcmp(name, names[ALARM_DOWN]));
}
