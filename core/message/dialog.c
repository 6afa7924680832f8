/* dialog.c - the open question of a person (see dialog.h).
 *
 * Invariant: the row says which step is open and holds every answer but the secret ones. A secret
 * answer lives in memory for the event that brought it, so its step is the last one and the row
 * stays there until the end has run for good: after a crash in between it is asked again. A dialog
 * that a command opened needs the command's role to the end: it is checked again before each
 * answer. The row of a dialog whose end waits (LATER) is deleted when its event is settled, and
 * only if no other dialog has taken its place meanwhile. Thread: the loop, in a turn. */
#include "dialog.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../dispatch.h"
#include "../host.h"
#include "../people/people.h"
#include "outbox.h"
#include "routing.h"
#include "texts.h"

static const char MASKED[] = "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"; /* what inbox_mask() leaves */

enum { DEFAULT_TIMEOUT_S = 1800, MISSES_BEFORE_HELP = 3 };

/* Kept among the slots; no slot can have these names. */
static const char GIVEN[] = "given!", ROLE[] = "role!";

static const char LOAD[] =
    "SELECT plugin, name, version, step, misses, slots, store, started_at, expires_at, gateway,"
    " session FROM dialogs WHERE person = ?1";
static const char SAVE[] =
    "INSERT OR REPLACE INTO dialogs(person, store, plugin, name, version, step, misses, slots, gateway, session, chat,"
    " started_at, expires_at) VALUES (?1, nullif(?2, 0), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
static const char CLOSE[] =
    "DELETE FROM dialogs WHERE person = ?1 AND plugin = ?2 AND name = ?3 AND started_at = ?4";
static const char EXPIRED[] =
    "SELECT person, gateway, session, chat FROM dialogs WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 1";
static const char FORGET[] = "DELETE FROM dialogs WHERE person = ?1";
static const char NEXT_DUE[] = "SELECT min(expires_at) FROM dialogs";

/* ---- slots ----------------------------------------------------------------------------------- */

static int slot_index(const struct dialog *d, const char *name)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (!strcmp(d->names[i], name)) return (int)i;
    return -1;
}

static const char *slot_get(const struct dialog *d, const char *name)
{
    int i = slot_index(d, name);
    return i < 0 ? NULL : d->values[i];
}

/* value NULL clears it. */
static void slot_put(struct event *ev, struct dialog *d, const char *name, const char *value)
{
    int i = slot_index(d, name);
    if (!value) {
        if (i < 0) return;
        d->count--;
        d->names[i] = d->names[d->count];
        d->values[i] = d->values[d->count];
        return;
    }
    if (i < 0) {
        uint32_t n = d->count++;
        const char **names = arena_alloc(&ev->arena, sizeof *names * d->count);
        const char **values = arena_alloc(&ev->arena, sizeof *values * d->count);
        if (n) memcpy(names, d->names, sizeof *names * n);
        if (n) memcpy(values, d->values, sizeof *values * n);
        d->names = names;
        d->values = values;
        d->names[n] = arena_strdup(&ev->arena, name);
        i = (int)n;
    }
    d->values[i] = arena_strdup(&ev->arena, value);
}

const char *dialog_slot(const struct event *ev, const char *slot)
{
    return ev->dialog ? slot_get(ev->dialog, slot) : NULL;
}

static const struct bot_dialog_step *step_at(const struct dialog_def *def, uint32_t i)
{
    return &def->spec.steps[i]; /* copied by the registry: of this host's size */
}

int dialog_slot_set(struct event *ev, const char *slot, const char *value)
{
    if (!ev->dialog || !slot || !*slot) return BOT_EINVAL;
    slot_put(ev, ev->dialog, slot, value);
    return BOT_OK;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static int is_skipped(const struct dialog *d, uint32_t i)
{
    const struct bot_dialog_step *step = step_at(d->def, i);
    return step->when_empty && slot_get(d, step->slot) != NULL;
}

/* The first step from `from` on that is to be asked; step_count when there is none. */
static uint32_t next_step(const struct dialog *d, uint32_t from)
{
    uint32_t i = from;
    while (i < d->def->spec.step_count && is_skipped(d, i)) i++;
    return i;
}

static int was_given(const struct dialog *d, const char *slot)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, ",%s,", slot);
    return d->given && strstr(d->given, wanted) != NULL;
}

/* ---- stored ---------------------------------------------------------------------------------- */

static int is_secret(const struct dialog *d, const char *slot)
{
    for (uint32_t i = 0; d->def && i < d->def->spec.step_count; i++)
        if (step_at(d->def, i)->secret && !strcmp(step_at(d->def, i)->slot, slot)) return 1;
    return 0;
}

static int save(struct event *ev, const struct dialog *d)
{
    const char *gateway = ev->gateway, *session = ev->session, *chat = ev->chat_id;
    if (!chat) people_address(ev->host, d->person, &ev->arena, &gateway, &session, &chat);
    json_object *slots = json_object_new_object();
    for (uint32_t i = 0; i < d->count; i++)
        if (!is_secret(d, d->names[i]))
            json_object_object_add(slots, d->names[i], json_object_new_string(d->values[i]));
    if (d->given) json_object_object_add(slots, GIVEN, json_object_new_string(d->given));
    if (d->role) json_object_object_add(slots, ROLE, json_object_new_int64(d->role));
    int rc = db_exec(&ev->host->db, SAVE, "iissiiissssii", d->person, d->store, d->plugin, d->name,
                     (int64_t)d->version, (int64_t)d->step, (int64_t)d->misses,
                     json_object_to_json_string_ext(slots, JSON_C_TO_STRING_PLAIN), gateway,
                     session, chat, d->started_at, d->expires_at);
    json_object_put(slots);
    if (d->expires_at < ev->host->dialog_due) ev->host->dialog_due = d->expires_at;
    return rc ? -1 : 0;
}

static void slots_read(struct event *ev, struct dialog *d, const char *json)
{
    json_object *slots = json_tokener_parse(json);
    if (!json_object_is_type(slots, json_type_object)) {
        json_object_put(slots);
        return;
    }
    struct json_object_iterator at = json_object_iter_begin(slots),
                                end = json_object_iter_end(slots);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        json_object *value = json_object_iter_peek_value(&at);
        if (!strcmp(name, GIVEN))
            d->given = arena_strdup(&ev->arena, json_object_get_string(value));
        else if (!strcmp(name, ROLE))
            d->role = (uint32_t)json_object_get_int64(value);
        else
            slot_put(ev, d, name, json_object_get_string(value));
    }
    json_object_put(slots);
}

static void keep_open(struct dialog *d)
{
    uint32_t timeout_s =
        d->def && d->def->spec.timeout_s ? d->def->spec.timeout_s : DEFAULT_TIMEOUT_S;
    d->expires_at = clock_ms() + timeout_s * INT64_C(1000);
}

int dialog_close(struct event *ev, const struct dialog *d)
{
    return db_exec(&ev->host->db, CLOSE, "issi", d->person, d->plugin, d->name, d->started_at) ? -1
                                                                                               : 0;
}

static struct dialog *load(struct event *ev, int expired_too)
{
    struct db *db = &ev->host->db;
    sqlite3_stmt *st = db_query(db, LOAD, "i", ev->person);
    if (db_step(db, st) != 1) return NULL;
    if (!expired_too &&
        sqlite3_column_int64(st, 8) <= clock_ms()) { /* dialog_expire() will come for it */
        db_done(st);
        return NULL;
    }
    struct dialog *d = arena_zalloc(&ev->arena, sizeof *d);
    d->person = ev->person;
    d->gateway = arena_strdup(&ev->arena, db_text(st, 9));
    d->session = arena_strdup(&ev->arena, db_text(st, 10));
    d->plugin = arena_strdup(&ev->arena, db_text(st, 0));
    d->name = arena_strdup(&ev->arena, db_text(st, 1));
    d->version = (uint32_t)sqlite3_column_int64(st, 2);
    d->step = (uint32_t)sqlite3_column_int64(st, 3);
    d->misses = (uint32_t)sqlite3_column_int64(st, 4);
    const char *json = arena_strdup(&ev->arena, db_text(st, 5));
    d->store = sqlite3_column_int64(st, 6);
    d->started_at = sqlite3_column_int64(st, 7);
    d->expires_at = sqlite3_column_int64(st, 8);
    db_done(st);
    int is_core = !strcmp(d->plugin, DIALOG_CORE);
    if (!is_core) d->def = registry_dialog(ev->host->registry, d->plugin, d->name);
    if (!is_core && !d->def) return NULL; /* its plugin is off: it may be back before the timeout */
    slots_read(ev, d, json);
    return d;
}

struct dialog *dialog_load(struct event *ev)
{
    struct dialog *d = load(ev, 0);
    if (!d || !d->def) return d;
    uint32_t count = (uint32_t)d->def->spec.step_count;
    if (d->version == d->def->spec.version && d->step < count) return d;
    /* Another version of its plugin: what still has a place is kept, the first open question is
     * asked again. */
    d->version = d->def->spec.version;
    d->misses = 0;
    d->step = 0;
    while (d->step + 1 < count && slot_get(d, step_at(d->def, d->step)->slot)) d->step++;
    if (save(ev, d)) return NULL;
    d->outcome = BOT_EVERSION;
    return d;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* A text of the dialog's plugin, filled with the slots; one without a value is empty. */
static const char *dialog_words(struct event *ev, const struct dialog *d, const char *key)
{
    uint32_t count = (uint32_t)d->def->spec.step_count;
    struct bot_arg *args = arena_alloc(&ev->arena, sizeof *args * (d->count + count + 1));
    size_t n = 0;
    for (uint32_t i = 0; i < d->count; i++)
        if (!is_secret(d, d->names[i])) args[n++] = bot_text(d->names[i], d->values[i]);
    for (uint32_t i = 0; i < count; i++)
        if (!slot_get(d, step_at(d->def, i)->slot))
            args[n++] = bot_text(step_at(d->def, i)->slot, NULL);
    return texts_fill(d->def->plugin->texts, ev->language, key, args, n, ev->timezone, &ev->arena);
}

static const char *prompt(struct event *ev, const struct dialog *d)
{
    return d->def ? dialog_words(ev, d, step_at(d->def, d->step)->prompt) : routing_question(ev, d);
}

void dialog_ask(struct event *ev, struct dialog *d)
{
    dispatch_say(ev, prompt(ev, d));
}

int dialog_miss(struct event *ev, struct dialog *d, const char *retry)
{
    d->misses++;
    if (retry) dispatch_say(ev, retry);
    if (d->misses >= MISSES_BEFORE_HELP) {
        dispatch_say(ev, dispatch_text(ev, "dialog.help", NULL, 0));
        d->misses = 0;
    } else if (d->misses > 1) {
        dispatch_say(ev, dispatch_text(ev, "dialog.hint", NULL, 0));
    }
    keep_open(d);
    return save(ev, d);
}

/* ---- opening --------------------------------------------------------------------------------- */

static const char *arg_text(struct event *ev, const struct bot_arg *a)
{
    if (a->type == BOT_INT) return arena_printf(&ev->arena, "%lld", (long long)a->integer);
    return a->type == BOT_TEXT ? arena_strndup(&ev->arena, a->data, a->len) : NULL;
}

static struct dialog *fresh(struct event *ev, const char *plugin, const char *name,
                            const struct bot_arg *args, size_t n)
{
    struct dialog *d = arena_zalloc(&ev->arena, sizeof *d);
    d->person = ev->person;
    d->plugin = plugin;
    d->name = arena_strdup(&ev->arena, name);
    d->started_at = clock_ms();
    for (size_t i = 0; i < n; i++) {
        const char *value = arg_text(ev, &args[i]);
        if (!value) continue;
        slot_put(ev, d, args[i].name, value);
        d->given = arena_printf(&ev->arena, "%s%s,", d->given ? d->given : ",", args[i].name);
    }
    return d;
}

/* A dialog that could never be answered; the plugin's author reads why. */
static const char *why_impossible(const struct event *ev, const struct dialog_def *def)
{
    if (!def->spec.step_count) return "it has no steps";
    for (uint32_t i = 0; i + 1 < def->spec.step_count; i++)
        if (step_at(def, i)->secret) return "a secret step must be the last one";
    if (!ev->person) return "the event is of no person";
    if (def->spec.scope == BOT_THIS_STORE && !ev->store) return "the event has no store";
    return NULL;
}

int dialog_not_here(struct event *ev)
{
    dispatch_say(ev, dispatch_text(ev, "group.private", NULL, 0));
    return 0;
}

int dialog_start(struct event *ev, const char *name, const struct bot_arg *args, size_t n)
{
    if (ev->in_group) return dialog_not_here(ev);
    const struct dialog_def *def = registry_dialog(ev->host->registry, ev->plugin->name, name);
    if (!def) return BOT_ENOENT;
    const char *why = why_impossible(ev, def);
    struct dialog *d = why ? NULL : fresh(ev, ev->plugin->name, name, args, n);
    if (d) {
        d->def = def;
        d->version = def->spec.version;
        d->role = ev->need_role;
        d->store = def->spec.scope == BOT_THIS_STORE ? ev->store : 0;
        d->step = next_step(d, 0);
        if (d->step == def->spec.step_count) why = "every slot has a value already";
    }
    if (!d || why) {
        log_warn("dialog", "a dialog cannot start", LOG_STR("plugin", ev->plugin->name),
                 LOG_STR("dialog", name), LOG_STR("why", why));
        return BOT_EINVAL;
    }
    keep_open(d);
    if (save(ev, d)) return BOT_EIO;
    ev->dialog_new = 1;
    dialog_ask(ev, d);
    return BOT_OK;
}

int dialog_open_core(struct event *ev, const char *name, const struct bot_arg *args, size_t n)
{
    struct dialog *d = fresh(ev, DIALOG_CORE, name, args, n);
    keep_open(d);
    ev->dialog_new = 1;
    return save(ev, d);
}

/* ---- answering ------------------------------------------------------------------------------- */

enum { CHECK_OK = 0, CHECK_BAD, CHECK_QUESTION, CHECK_FAILED };

/* Runs as a handler, so that the check has a ctx, a state and a scope like any callback. What it
 * hands back lives in the step: it is copied here. */
static int run_check(struct bot_ctx *ctx)
{
    struct event *ev = event_of(ctx);
    struct dialog *d = ev->dialog;
    d->outcome = step_at(d->def, d->step)->check(ctx, &d->answer);
    if (d->outcome < 0 && d->outcome != BOT_EINVAL && d->outcome != BOT_ENOENT) return d->outcome;
    d->answer = arena_strdup(&ev->arena, d->answer ? d->answer : "");
    return BOT_HANDLED;
}

static int check(struct event *ev, struct dialog *d, const char *text, size_t len)
{
    const struct bot_dialog_step *step = step_at(d->def, d->step);
    d->answer = arena_strndup(&ev->arena, text, len);
    if (!step->check) return len ? CHECK_OK : CHECK_BAD;
    ev->dialog = d;
    d->outcome = BOT_OK;
    int verdict = event_call(ev, d->def->plugin, d->def->spec.scope, run_check, d->name);
    if (verdict != BOT_HANDLED) return CHECK_FAILED;
    if (d->outcome == BOT_EINVAL) return CHECK_BAD;
    return d->outcome == BOT_ENOENT ? CHECK_QUESTION : CHECK_OK;
}

enum dialog_result dialog_answer(struct event *ev, struct dialog *d)
{
    const struct bot_dialog_step *step = step_at(d->def, d->step);
    size_t len = strlen(ev->text), said = ev->reply.len;
    const char *text = text_trim(ev->text, &len);
    /* The answer was to a question that is no longer there, or it was a secret and has been masked
     * since. */
    int lost = d->outcome == BOT_EVERSION || (step->secret && !strcmp(ev->text, MASKED));
    if (step->secret) ev->mask = 1;
    if (lost) {
        dialog_ask(ev, d);
        return DIALOG_ASKED;
    }
    switch (check(ev, d, text, len)) {
    case CHECK_FAILED:
        return DIALOG_FAILED;
    case CHECK_QUESTION:
        return DIALOG_QUESTION;
    case CHECK_BAD: {
        const char *retry = ev->reply.len > said ? NULL
                            : step->retry        ? dialog_words(ev, d, step->retry)
                                                 : prompt(ev, d);
        return dialog_miss(ev, d, retry) ? DIALOG_FAILED : DIALOG_ASKED;
    }
    default:
        break;
    }
    slot_put(ev, d, step->slot, d->answer);
    d->misses = 0;
    uint32_t next = next_step(d, d->step + 1);
    if (next == d->def->spec.step_count) return DIALOG_DONE;
    d->step = next;
    keep_open(d);
    if (save(ev, d)) return DIALOG_FAILED;
    dialog_ask(ev, d);
    return DIALOG_ASKED;
}

int dialog_finish(struct event *ev, struct dialog *d)
{
    ev->dialog = d;
    ev->dialog_done = 1;
    int verdict = event_call(ev, d->def->plugin, d->def->spec.scope, d->def->spec.done, d->name);
    if (verdict != BOT_LATER) return verdict == BOT_PASS ? BOT_HANDLED : verdict;
    if (ev->dialog_new) return verdict; /* it has opened the next one already */
    keep_open(d);
    return save(ev, d) ? BOT_FAIL : verdict;
}

/* `canceled` of the dialog, after its row has gone; 0 or -1. */
static int run_canceled(struct event *ev, struct dialog *d)
{
    if (dialog_close(ev, d)) return -1;
    if (!d->def || !d->def->spec.canceled || containment_is_off(ev, d->def->plugin)) return 0;
    ev->dialog = d;
    int verdict =
        event_call(ev, d->def->plugin, d->def->spec.scope, d->def->spec.canceled, d->name);
    ev->dialog = NULL;
    return verdict == BOT_HANDLED || verdict == BOT_PASS ? 0 : -1;
}

int dialog_cancel(struct event *ev, struct dialog *d)
{
    size_t said = ev->reply.len;
    if (run_canceled(ev, d)) return BOT_FAIL;
    if (ev->reply.len == said) dispatch_say(ev, dispatch_text(ev, "dialog.canceled", NULL, 0));
    return BOT_HANDLED;
}

int dialog_back(struct event *ev, struct dialog *d)
{
    uint32_t i = d->def ? d->step : 0;
    while (i > 0 && was_given(d, step_at(d->def, i - 1)->slot)) i--;
    if (i == 0) {
        dispatch_say(ev, dispatch_text(ev, "dialog.first_step", NULL, 0));
        dialog_ask(ev, d);
        return BOT_HANDLED;
    }
    d->step = i - 1;
    d->misses = 0;
    slot_put(ev, d, step_at(d->def, d->step)->slot, NULL);
    keep_open(d);
    if (save(ev, d)) return BOT_FAIL;
    dialog_ask(ev, d);
    return BOT_HANDLED;
}

int dialog_forget(struct event *ev)
{
    return db_exec(&ev->host->db, FORGET, "i", ev->person) ? -1 : 0;
}

void dialogs_renew(struct host *h)
{
    struct event *ev;
    TAILQ_FOREACH(ev, &h->loop.waiting, wait_link)
    if (ev->dialog && ev->dialog->def)
        ev->dialog->def = registry_dialog(h->registry, ev->dialog->plugin, ev->dialog->name);
}

/* ---- the timeout ----------------------------------------------------------------------------- */

static int expire_step(struct event *ev, void *arg)
{
    (void)arg;
    struct dialog *d = load(ev, 1);
    if (!d) return db_exec(&ev->host->db, FORGET, "i", ev->person) ? BOT_FAIL : BOT_HANDLED;
    if (people_load(ev)) return BOT_FAIL;
    if (d->store) stores_load(ev, d->store);
    people_load_roles(ev);
    if (run_canceled(ev, d)) return BOT_FAIL;
    if (!d->def) return BOT_HANDLED; /* which store: forgotten without a word */
    if (!ev->reply.len) dispatch_say(ev, dispatch_text(ev, "dialog.expired", NULL, 0));
    const struct outbox_new row = {
        .gateway = ev->gateway,
        .session = ev->session,
        .chat = ev->chat_id,
        .store = ev->store,
        .person = ev->person,
        .text = buf_str(&ev->reply),
    };
    int rc = ev->chat_id ? outbox_add(ev->host->outbox, ev, &row) : BOT_OK;
    buf_clear(&ev->reply);
    return rc < 0 ? BOT_FAIL : BOT_HANDLED;
}

/* A `canceled` that fails must not keep its dialog open for ever. */
static int forget_step(struct event *ev, void *arg)
{
    (void)arg;
    return db_exec(&ev->host->db, FORGET, "i", ev->person) ? BOT_FAIL : BOT_HANDLED;
}

static struct event *expire_event(struct host *h, sqlite3_stmt *st)
{
    struct event *ev = event_new(h, EVENT_INTERNAL);
    ev->event_name = "dialog.expired";
    ev->person = sqlite3_column_int64(st, 0);
    ev->gateway = arena_strdup(&ev->arena, (const char *)sqlite3_column_text(st, 1));
    ev->session = arena_strdup(&ev->arena, (const char *)sqlite3_column_text(st, 2));
    ev->chat_id = arena_strdup(&ev->arena, (const char *)sqlite3_column_text(st, 3));
    ev->language = h->language;
    ev->timezone = h->timezone;
    ev->received_at = clock_ms();
    return ev;
}

int dialog_expire(struct host *h, int64_t now, int limit)
{
    int n = 0;
    for (; n < limit; n++) {
        sqlite3_stmt *st = db_query(&h->db, EXPIRED, "i", now);
        if (db_step(&h->db, st) != 1) break;
        struct event *ev = expire_event(h, st);
        db_done(st);
        int verdict = loop_run_step(h, ev, expire_step, NULL);
        if (verdict != BOT_HANDLED) {
            log_warn("dialog", "the end of an expired dialog failed",
                     LOG_INT("person", ev->person));
            verdict = loop_run_step(h, ev, forget_step, NULL);
        }
        event_unref(ev);
        if (verdict != BOT_HANDLED) break;
    }
    return n;
}

/* A bound that is too early costs one look; so it is only moved on outside a transaction, where
 * nothing can be rolled back to an earlier end. */
int64_t dialog_next_due(struct host *h)
{
    if (h->dialog_due > clock_ms()) return h->dialog_due;
    int64_t due = db_int(&h->db, INT64_MAX, NEXT_DUE, "");
    if (sqlite3_get_autocommit(h->db.sql)) h->dialog_due = due;
    return due;
}
