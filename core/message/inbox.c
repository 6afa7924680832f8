/* inbox.c - see inbox.h. */
#include "inbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../host.h"
#include "../upkeep.h"
#include "../people/identity.h"
#include "../people/people.h"
#include "amend.h"
#include "attached.h"
#include "late.h"
#include "outbox.h"

static const char INSERT_MESSAGE[] =
    "INSERT INTO inbox(key, kind, person, gateway, session, chat, phone, lid, name, text, quoted_id, sent_at, received_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT(key) DO NOTHING";
/* A reaction, a vote: an internal event of whoever it came from. */
static const char INSERT_SIGNAL[] =
    "INSERT INTO inbox(key, kind, person, store, gateway, session, chat, phone, lid, name, event, text, quoted_id,"
    " sent_at, received_at) VALUES (?1, 3, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    " ON CONFLICT(key) DO NOTHING";
static const char KNOWN[] = "SELECT 1 FROM inbox WHERE key = ?1";
static const char INSERT_INTERNAL[] =
    "INSERT INTO inbox(key, kind, state, person, store, gateway, session, chat, event, body, due_at, received_at)"
    " VALUES (?1, 3, ?2, nullif(?3, 0), nullif(?4, 0), ?5, ?6, ?7, ?8, ?9, nullif(?10, 0), ?11)";
static const char FORGET_KEY[] =
    "DELETE FROM inbox WHERE key = ?1 AND state = 1 AND handler IS NULL";
static const char FINISH[] =
    "UPDATE inbox SET state = ?2, done_at = ?3, store = ?4, handler = NULL, resume = NULL,"
    " said = NULL, due_at = NULL, text = CASE WHEN edited IS '•••' THEN edited ELSE text END"
    " WHERE id = ?1";
/* What came along goes with the text that its writer took back. */
static const char FORGET_ATTACHED[] =
    "UPDATE inbox SET attached = NULL WHERE id = ?1 AND edited IS '•••'";
static const char ATTACH[] = "UPDATE inbox SET attached = ?2 WHERE id = ?1";
static const char NOTE_GROUP[] = "UPDATE inbox SET event = 'group' WHERE id = ?1";
static const char NATIVE_ID[] = "SELECT key FROM inbox WHERE id = ?1";
static const char WAIT[] =
    "UPDATE inbox SET state = 1, handler = ?2, resume = ?3, due_at = ?4, store = ?5, said = ?6"
    " WHERE id = ?1";
static const char MASK[] =
    "UPDATE inbox SET text = '•••',"
    " edited = CASE WHEN edited IS NULL THEN NULL ELSE '•••' END WHERE id = ?1";
static const char FORGET_KV[] =
    "DELETE FROM kv WHERE scope = 3 AND plugin = ?1 AND store = 0 AND person = ?2";
#define COLUMNS                                                                                                 \
    "id, kind, person, store, gateway, session, chat, phone, lid, name, event, text, quoted_id, body, sent_at," \
    " received_at, handler, resume, due_at, said, attempts, suspect, attached"
static const char OPEN[] =
    "SELECT " COLUMNS " FROM inbox WHERE state < 2 AND NOT (state = 1 AND handler IS NULL)"
    " ORDER BY id";
static const char PARKED[] =
    "SELECT " COLUMNS " FROM inbox WHERE state = 4 AND kind = 3 AND suspect = ?1 ORDER BY id";
static const char UNPARK[] =
    "UPDATE inbox SET state = CASE WHEN handler IS NULL THEN 0 ELSE 1 END, done_at = NULL,"
    " suspect = NULL, attempts = 0 WHERE state = 4 AND kind = 3 AND suspect = ?1";
/* At a start those that have crashed their plugin stay where they are: they would do it again. */
static const char UNPARK_QUIET[] =
    "UPDATE inbox SET state = CASE WHEN handler IS NULL THEN 0 ELSE 1 END, done_at = NULL,"
    " suspect = NULL WHERE state = 4 AND kind = 3 AND suspect = ?1 AND attempts = 0";
static const char DUE[] =
    "SELECT " COLUMNS " FROM inbox WHERE state = 1 AND handler IS NULL AND due_at <= ?1"
    " ORDER BY due_at, id LIMIT 100";
static const char TAKE_DUE[] =
    "UPDATE inbox SET state = 0, key = NULL, due_at = NULL WHERE id = ?1";
static const char NEXT_DUE[] = "SELECT min(due_at) FROM inbox WHERE state = 1 AND handler IS NULL";

static struct event *event_of_arrival(struct host *h, const struct arrival *a, enum event_kind kind,
                                      int64_t person)
{
    struct event *ev = event_new(h, kind);
    struct arena *m = &ev->arena;
    ev->id = db_insert_id(&h->db);
    ev->person = person;
    ev->gateway = arena_strdup(m, a->gateway);
    ev->session = arena_strdup(m, a->session);
    ev->chat_id = arena_strdup(m, a->chat);
    ev->phone = arena_strdup(m, a->phone);
    ev->lid = arena_strdup(m, a->lid);
    ev->name = arena_strdup(m, a->name);
    ev->text = a->text ? arena_strdup(m, a->text) : "";
    ev->quoted_id = arena_strdup(m, a->quoted_id);
    ev->event_name = kind == EVENT_OWN ? "message.own" : "message";
    ev->sent_at = a->sent_at;
    ev->received_at = a->received_at;
    return ev;
}

/* Few bring something. */
static int attach_arrival(struct host *h, const struct arrival *a, struct event **out)
{
    (*out)->attached = attached_read(a->attached, &(*out)->arena);
    if (db_exec(&h->db, ATTACH, "is", (*out)->id, a->attached) == 0) return 0;
    event_unref(*out);
    *out = NULL;
    return -1;
}

static int note_group(struct host *h, struct event **out)
{
    (*out)->in_group = 1;
    if (db_exec(&h->db, NOTE_GROUP, "i", (*out)->id) == 0) return 0;
    event_unref(*out);
    *out = NULL;
    return -1;
}

/* One native message is one row, whatever chat id it came under: the key has no chat in it (I3). */
static int journal_message(struct host *h, struct arrival *a, enum event_kind kind,
                           struct event **out)
{
    char key[512];
    int has_key = a->native_id && *a->native_id;
    snprintf(key, sizeof key, "%s/%s/%c/%s", a->gateway, a->session ? a->session : "",
             kind == EVENT_OWN ? 'o' : 'm', has_key ? a->native_id : "");
    if (has_key && db_int(&h->db, 0, KNOWN, "s", key)) {
        if (a->late) late_is_known(h, a, key);
        return 0; /* before a newcomer is made of a repetition */
    }
    if (kind == EVENT_OWN && late_is_ours(h, a)) return 0;
    /* A group is nobody's address: notices go to the chat that a person has with us. */
    int64_t person = people_resolve(h, a->in_group ? NULL : a->gateway, a->session, a->chat,
                                    a->phone, a->lid, kind == EVENT_OWN ? NULL : a->name);
    if (person < 0) return -1;
    if (a->lid && *a->lid && a->phone && *a->phone) identity_told(h, a->gateway, a->lid);
    int rc = db_exec(&h->db, INSERT_MESSAGE,
                     "siissssss"
                     "ssii",
                     has_key ? key : NULL, (int64_t)kind, person, a->gateway, a->session, a->chat,
                     a->phone, a->lid, a->name, a->text ? a->text : "", a->quoted_id, a->sent_at,
                     a->received_at);
    if (rc != 0) return -1;
    upkeep_journaled(h);
    *out = event_of_arrival(h, a, kind, person);
    if (a->attached && attach_arrival(h, a, out) < 0) return -1;
    if (a->in_group && note_group(h, out) < 0) return -1;
    return a->late ? late_journaled(h, a, out) : 1;
}

/* Somebody reacted to a message or voted in a poll: for whoever listens, in the store of that
 * message; nobody answers when nobody does. */
static int journal_signal(struct host *h, struct arrival *a, const char *name, struct event **out)
{
    char key[512];
    if (!registry_hooks(h->registry, name)) {
        host_count_event(h, a->gateway, a->event);
        return 0;
    }
    snprintf(key, sizeof key, "%s/%s/r/%s", a->gateway, a->session ? a->session : "", a->native_id);
    if (db_int(&h->db, 0, KNOWN, "s", key)) return 0;
    int64_t store = outbox_store_of(h->outbox, a->gateway, a->session, a->quoted_id);
    int64_t person = people_resolve(h, a->gateway, a->session, a->chat, a->phone, a->lid, a->name);
    if (person < 0 ||
        db_exec(&h->db, INSERT_SIGNAL,
                "siissssssss"
                "sii",
                key, person, store, a->gateway, a->session, a->chat, a->phone, a->lid, a->name,
                name, a->text ? a->text : "", a->quoted_id, a->sent_at, a->received_at) != 0)
        return -1;
    *out = event_of_arrival(h, a, EVENT_INTERNAL, person);
    (*out)->event_name = arena_strdup(&(*out)->arena, name);
    (*out)->store = (*out)->journaled_store = store;
    return 1;
}

int inbox_journal(struct host *h, struct arrival *a, struct event **out)
{
    *out = NULL;
    switch (a->kind) {
    case BOT_IN_MESSAGE:
        return journal_message(h, a, EVENT_MESSAGE, out);
    case BOT_IN_OWN:
        return journal_message(h, a, EVENT_OWN, out);
    case BOT_IN_ACK:
        return outbox_ack(h->outbox, a->gateway, a->session, a->native_id, a->ack) < 0 ? -1 : 0;
    case BOT_IN_SESSION:
        if (a->no_new_until)
            outbox_no_new_chats(h->outbox, a->gateway, a->session,
                                a->no_new_until < 0 ? 0 : a->no_new_until);
        if (outbox_session_state(h->outbox, a->gateway, a->session, a->state, a->event) == 1)
            return inbox_emit(h, NULL, "session.status", NULL, 0, a->session,
                              a->session ? strlen(a->session) : 0) < 0
                       ? -1
                       : 0;
        return 0;
    case BOT_IN_IDENTITY:
        return identity_came(h, a);
    case BOT_IN_CAUGHT_UP:
        return late_caught_up(h, a);
    case BOT_IN_EDIT:
        return amend_edit(h, a);
    case BOT_IN_REVOKE:
        return amend_revoke(h, a);
    case BOT_IN_REACTION:
        return journal_signal(h, a, "message.reaction", out);
    case BOT_IN_POLL_VOTE:
        return journal_signal(h, a, "message.poll_vote", out);
    default:
        host_count_event(h, a->gateway, a->event);
        return 0;
    }
}

static struct event *event_of_row(struct host *h, sqlite3_stmt *st)
{
    struct event *ev = event_new(h, (enum event_kind)sqlite3_column_int(st, 1));
    struct arena *m = &ev->arena;
    const char **strings[] = { &ev->gateway, &ev->session,    &ev->chat_id, &ev->phone,    &ev->lid,
                               &ev->name,    &ev->event_name, &ev->text,    &ev->quoted_id };
    for (int i = 0; i < (int)BOT_COUNT(strings); i++)
        *strings[i] = arena_strdup(m, (const char *)sqlite3_column_text(st, 4 + i));
    ev->id = sqlite3_column_int64(st, 0);
    ev->person = sqlite3_column_int64(st, 2);
    ev->store = sqlite3_column_int64(st, 3);
    ev->body_len = (size_t)sqlite3_column_bytes(st, 13);
    const void *body = sqlite3_column_blob(st, 13);
    if (body) ev->body = arena_memdup(m, body, ev->body_len);
    ev->sent_at = sqlite3_column_int64(st, 14);
    ev->received_at = sqlite3_column_int64(st, 15);
    ev->handler = arena_strdup(m, (const char *)sqlite3_column_text(st, 16));
    ev->resume_len = (size_t)sqlite3_column_bytes(st, 17);
    const void *resume = sqlite3_column_blob(st, 17);
    if (resume) ev->resume = arena_memdup(m, resume, ev->resume_len);
    ev->journaled_handler = ev->handler;
    ev->journaled_resume = ev->resume;
    ev->journaled_resume_len = ev->resume_len;
    ev->journaled_store = ev->store;
    if (ev->handler) {
        ev->status = BOT_ERESUMED;
        ev->used_kv = 1;
        buf_adds(&ev->reply, db_text(st, 19));
        ev->said_len = ev->reply.len;
    }
    ev->attempts = sqlite3_column_int(st, 20);
    if (ev->attempts) ev->suspect = arena_strdup(m, (const char *)sqlite3_column_text(st, 21));
    ev->attached = attached_read((const char *)sqlite3_column_text(st, 22), m);
    if (ev->kind == EVENT_MESSAGE && !ev->text) ev->text = "";
    ev->in_group = ev->kind == EVENT_MESSAGE && ev->event_name && !strcmp(ev->event_name, "group");
    ev->is_late = ev->kind == EVENT_INTERNAL ? late_is_summary(ev)
                                             : ev->event_name && !strcmp(ev->event_name, "late");
    if (ev->kind != EVENT_INTERNAL)
        ev->event_name = ev->kind == EVENT_OWN ? "message.own" : "message";
    return ev;
}

static struct event *internal_event(struct host *h, const struct event *from, int64_t id,
                                    const char *name, const void *body, size_t len)
{
    struct event *ev = event_new(h, EVENT_INTERNAL);
    ev->id = id;
    ev->event_name = arena_strdup(&ev->arena, name);
    ev->body = body ? arena_memdup(&ev->arena, body, len) : NULL;
    ev->body_len = len;
    ev->received_at = clock_ms();
    if (!from) return ev;
    ev->person = from->person;
    ev->store = ev->journaled_store = from->store;
    ev->gateway = arena_strdup(&ev->arena, from->gateway);
    ev->session = arena_strdup(&ev->arena, from->session);
    ev->chat_id = arena_strdup(&ev->arena, from->chat_id);
    return ev;
}

int inbox_emit(struct host *h, struct event *from, const char *name, const char *key,
               int64_t due_at, const void *body, size_t len)
{
    if (key && db_exec(&h->db, FORGET_KEY, "s", key) != 0) return BOT_EIO;
    if (key && !due_at) return BOT_OK;
    int64_t person = from ? from->person : 0, store = from ? from->store : 0;
    int64_t now = clock_ms();
    int rc = db_exec(&h->db, INSERT_INTERNAL, "siiissssbii", key,
                     (int64_t)(due_at ? INBOX_WAITING : INBOX_NEW), person, store,
                     from ? from->gateway : NULL, from ? from->session : NULL,
                     from ? from->chat_id : NULL, name, body, len, due_at, now);
    if (rc != 0) return BOT_EIO;
    if (due_at) {
        if (due_at < h->loop.due_at) h->loop.due_at = due_at;
        return BOT_OK;
    }
    struct event *ev = internal_event(h, from, db_insert_id(&h->db), name, body, len);
    if (from) {
        stage(from, STAGED_EVENT)->event = ev;
    } else {
        stage_event(h, ev);
    }
    return BOT_OK;
}

int inbox_finish(struct host *h, struct event *ev, enum inbox_state state)
{
    if (!ev->id) return 0;
    for (size_t i = 0; ev->used_kv && i < h->registry->plugin_count; i++)
        if (db_exec(&h->db, FORGET_KV, "si", h->registry->plugins[i]->name, ev->id) != 0) return -1;
    if (ev->attached && db_exec(&h->db, FORGET_ATTACHED, "i", ev->id) != 0) return -1;
    return db_exec(&h->db, FINISH, "iiii", ev->id, (int64_t)state, clock_ms(), ev->store) == 0 ? 0
                                                                                               : -1;
}

int inbox_wait(struct host *h, struct event *ev)
{
    if (!ev->id) return 0;
    return db_exec(&h->db, WAIT, "isbiis", ev->id, ev->handler ? ev->handler : "", ev->resume,
                   ev->resume_len, ev->deadline, ev->store,
                   ev->reply.len ? ev->reply.data : NULL) == 0
               ? 0
               : -1;
}

int inbox_attach(struct host *h, const struct event *ev)
{
    struct buf json = { 0 };
    attached_write(ev->attached, &json);
    int rc = db_exec(&h->db, ATTACH, "is", ev->id, json.data);
    buf_free(&json);
    return rc == 0 ? 0 : -1;
}

const char *inbox_native_id(struct host *h, const struct event *ev, struct arena *arena)
{
    if (!ev->id || !ev->gateway || (ev->kind != EVENT_MESSAGE && ev->kind != EVENT_OWN))
        return NULL;
    sqlite3_stmt *st = db_query(&h->db, NATIVE_ID, "i", ev->id);
    if (db_step(&h->db, st) != 1) return NULL;
    const char *key = db_text(st, 0);
    size_t before = strlen(ev->gateway) + strlen(ev->session ? ev->session : "") + 4; /* "g/s/m/" */
    char *id = strlen(key) > before ? arena_strdup(arena, key + before) : NULL;
    db_done(st);
    return id;
}

int inbox_mask(struct host *h, struct event *ev)
{
    ev->mask = 0;
    return db_exec(&h->db, MASK, "i", ev->id) == 0 ? 0 : -1;
}

static int unpark_of(struct host *h, const char *plugin)
{
    sqlite3_stmt *st = db_query(&h->db, PARKED, "s", plugin);
    int rc, count = 0;
    while ((rc = db_step(&h->db, st)) == 1) {
        struct event *ev = event_of_row(h, st);
        ev->attempts = 0;
        ev->suspect = NULL;
        stage_event(h, ev);
        count++;
    }
    if (rc < 0) return -1;
    return !count || db_exec(&h->db, UNPARK, "s", plugin) == 0 ? 0 : -1;
}

int inbox_unpark(struct host *h)
{
    const struct registry *r = h->registry;
    for (size_t i = 0; i < r->plugin_count; i++)
        if (!r->plugins[i]->quarantined && unpark_of(h, r->plugins[i]->name) < 0) return -1;
    return 0;
}

/* Before everything that is open is read. */
static int unpark_quietly(struct host *h)
{
    const struct registry *r = h->registry;
    for (size_t i = 0; r && i < r->plugin_count; i++)
        if (!r->plugins[i]->quarantined &&
            db_exec(&h->db, UNPARK_QUIET, "s", r->plugins[i]->name) != 0)
            return -1;
    return 0;
}

int inbox_load(struct host *h, void (*queue)(struct host *h, struct event *ev))
{
    int rc;
    if (unpark_quietly(h) < 0) return -1;
    sqlite3_stmt *st = db_query(&h->db, OPEN, "");
    while ((rc = db_step(&h->db, st)) == 1) queue(h, event_of_row(h, st));
    return rc;
}

int inbox_load_due(struct host *h, int64_t now, void (*queue)(struct host *h, struct event *ev))
{
    struct event *due[100];
    int count = 0, rc;
    sqlite3_stmt *st = db_query(&h->db, DUE, "i", now);
    while ((rc = db_step(&h->db, st)) == 1 && count < (int)BOT_COUNT(due))
        due[count++] = event_of_row(h, st);
    if (rc == 1) {
        db_done(st); /* the rest is found next time */
        rc = 0;
    }
    for (int i = 0; i < count; i++) {
        if (rc == 0 && db_exec(&h->db, TAKE_DUE, "i", due[i]->id) != 0) rc = -1;
        queue(h, due[i]);
    }
    h->loop.due_at = db_int(&h->db, INT64_MAX, NEXT_DUE, "");
    return rc < 0 ? -1 : count;
}
