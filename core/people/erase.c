/* erase.c - see erase.h.
 *
 * What names the person goes at once: number, hidden ids, name, memberships, settings, an open
 * question. His messages lie among millions of others, so they are masked by one slow walk through
 * the journal and the outbox, however many are to be forgotten; a second walk a day later masks
 * what was not finished the first time, this conversation's end included. */
#include "erase.h"

#include <stdio.h>

#include "../base/clock.h"
#include "../host.h"
#include "../message/inbox.h"
#include "members.h"

enum { ROWS = 64, ROUNDS = 8, BUDGET_US = 2000, SOON_MS = 50, PASSES = 2 };

static const int64_t NEVER = INT64_MAX;

static const char NOBODY[] =
    "UPDATE persons SET name = '', phone = NULL, language = NULL, gateway = NULL, session = NULL,"
    " chat = NULL, wrote_at = NULL WHERE id = ?1";
static const char *const forget[] = {
    "DELETE FROM aliases WHERE person = ?1",
    "DELETE FROM members WHERE person = ?1",
    "DELETE FROM holds WHERE person = ?1",
    "DELETE FROM dialogs WHERE person = ?1",
    "DELETE FROM kv WHERE scope = 2 AND person = ?1", /* BOT_KV_PERSON */
    NOBODY,
};
static const char HAS_ROLE[] = "SELECT 1 FROM roles WHERE person = ?1";
static const char REMEMBER[] = "INSERT INTO erasures(person, due_at, passes) VALUES (?1, ?2, ?3)"
                               " ON CONFLICT DO UPDATE SET due_at = excluded.due_at,"
                               " passes = excluded.passes";
static const char DUE[] = "SELECT min(due_at) FROM erasures";
static const char PASSED[] =
    "UPDATE erasures SET passes = passes - 1, due_at = ?1 + 86400000 WHERE due_at <= ?1";
static const char ENDED[] = "DELETE FROM erasures WHERE passes <= 0";

struct walk {
    const char *look, *mask;
};
#define DUE_PERSONS "(SELECT person FROM erasures WHERE due_at <= ?3)"
#define WALK(name, columns, whose)                                                                 \
    {                                                                                              \
        "SELECT max(id) FROM (SELECT id FROM " name " WHERE id > ?1 ORDER BY id LIMIT ?2)",        \
            "UPDATE " name " SET " columns " WHERE id > ?1 AND id <= ?2 AND state >= 2 AND " whose \
    }
/* An empty name and number are what a person without them has. The key stays: it keeps the network
 * from handing the message in again. */
static const struct walk inbox =
    WALK("inbox",
         "text = CASE WHEN text IS NULL THEN NULL ELSE '\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2'"
         " END, edited = NULL, chat = NULL, phone = NULL, lid = NULL, name = NULL,"
         " body = NULL, attached = NULL, quoted_id = NULL, said = NULL, resume = NULL",
         "person IN " DUE_PERSONS);
/* What was said to him, and what his words made us tell others: those who run the store read his
 * name, his number and what he wrote. */
static const struct walk outbox =
    WALK("outbox",
         "text = '\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2', chat = '', tag = NULL,"
         " native_id = NULL, error = NULL",
         "(person IN " DUE_PERSONS
         " OR (SELECT i.person FROM inbox i WHERE i.id = outbox.event) IN " DUE_PERSONS ")");

int erase_person(struct event *ev)
{
    struct host *h = ev->host;
    char body[40];
    int64_t person = ev->person, now = clock_ms();
    if (!person) return BOT_EINVAL;
    if (people_is_super(h, person) || db_int(&h->db, 0, HAS_ROLE, "i", person)) return BOT_EBUSY;
    if (blocks_keep(h, person)) return BOT_EIO;
    for (size_t i = 0; i < BOT_COUNT(forget); i++)
        if (db_exec(&h->db, forget[i], "i", person)) return BOT_EIO;
    if (db_exec(&h->db, REMEMBER, "iii", person, now, (int64_t)PASSES)) return BOT_EIO;
    int len = snprintf(body, sizeof body, "{\"person\":%lld}", (long long)person);
    if (registry_hooks(h->registry, "person.erased") &&
        inbox_emit(h, ev, "person.erased", NULL, 0, body, (size_t)len))
        return BOT_EIO;
    people_forget(h, person);
    h->erasing.due_at = now;
    return BOT_OK;
}

/* 1 when there is more, 0 at the end, -1 on an error. */
static int walk_on(struct db *db, const struct walk *w, int64_t now, int64_t *at)
{
    int64_t last = db_int(db, 0, w->look, "ii", *at, (int64_t)ROWS);
    if (!last) return 0;
    if (db_exec(db, w->mask, "iii", *at, last, now)) return -1;
    *at = last;
    return 1;
}

/* Both tables have been walked through for those that were due. */
static int pass_ended(struct host *h, int64_t now)
{
    struct erasing *e = &h->erasing;
    *e = (struct erasing){ .due_at = NEVER };
    if (db_exec(&h->db, PASSED, "i", now) || db_exec(&h->db, ENDED, "")) return -1;
    e->due_at = db_int(&h->db, NEVER, DUE, "");
    if (!e->due_at) e->due_at = NEVER; /* min() of nothing */
    return 0;
}

int erase_some(struct host *h, int64_t now)
{
    struct erasing *e = &h->erasing;
    int64_t until = clock_mono() + BUDGET_US;
    int more = 1;
    if (!e->running) {
        int64_t due = db_int(&h->db, 0, DUE, "");
        e->due_at = due ? due : NEVER;
        if (!due || due > now) return 0;
        *e = (struct erasing){ .running = 1, .began_at = now };
    }
    for (int i = 0; i < ROUNDS && more && clock_mono() < until; i++) {
        int in = walk_on(&h->db, &inbox, e->began_at, &e->inbox);
        int out = in < 0 ? -1 : walk_on(&h->db, &outbox, e->began_at, &e->outbox);
        if (out < 0) return -1;
        more = in || out;
    }
    e->due_at = now + SOON_MS;
    return more ? 0 : pass_ended(h, e->began_at);
}
