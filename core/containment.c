/* containment.c - see containment.h.
 *
 * Invariant: a crash is counted once: its row in `crashes` has a key made of the page and of the
 * supervisor's count, and the attempts of its event are raised in the same commit. */
#include "containment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "dispatch.h"
#include "host.h"
#include "message/inbox.h"
#include "message/alarms.h"
#include "message/outbox.h"
#include "people/people.h"

enum { CRASHES_MAX = 3, WINDOW_MS = 600000, KILLED = 9, POISON_AFTER = 2 };

static const char EVENT[] = "plugin.quarantined";

static const char ADD[] =
    "INSERT OR IGNORE INTO crashes(key, at, plugin, build, callback, kind, subject, signal)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char SUSPECT_EVENT[] =
    "UPDATE inbox SET attempts = attempts + 1, suspect = ?2 WHERE id = ?1 AND state < 2";
static const char SUSPECT_ROW[] =
    "UPDATE outbox SET crashes = crashes + 1 WHERE id = ?1 AND state < 2";
static const char DROP_ROW[] =
    "UPDATE outbox SET state = 4, error = 'it crashed the gateway', done_at = ?2"
    " WHERE id = ?1 AND state < 2 AND crashes >= ?3";
static const char SUSPECTS[] =
    "SELECT plugin, build, sum(at > ?1), max(kind IN (1, 2)), callback, max(stops), max(id)"
    " FROM crashes WHERE cleared = 0 AND signal <> ?2 AND plugin <> '' GROUP BY plugin, build";
static const char STOPS[] = "UPDATE crashes SET stops = 1 WHERE key = ?1";
static const char POISONED[] =
    "SELECT subject FROM crashes WHERE kind = 7 AND cleared = 0 GROUP BY subject"
    " HAVING count(*) >= ?1";
static const char ADD_NOTE[] =
    "INSERT INTO inbox(kind, state, event, body, received_at) VALUES (3, 0, ?1, ?2, ?3)";
static const char HAS_OPEN[] = "SELECT 1 FROM crashes WHERE cleared = 0 LIMIT 1";
static const char CLEAR[] = "UPDATE crashes SET cleared = 1 WHERE cleared = 0";
/* handler and resume stay: it goes on where it was. */
static const char PARK[] =
    "UPDATE inbox SET state = 4, suspect = ?2, attempts = 0, done_at = ?3 WHERE id = ?1";
/* ---- the crash before this start ------------------------------------------------------------- */

static int signal_of(int status)
{
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void log_crash(const struct crash_page *page, const struct crash_frame *f)
{
    int number = signal_of(page->status);
    const char *how = number ? strsignal(number) : "it ended the process";
    if (!f) {
        log_error("containment", "the host crashed outside of any plugin", LOG_STR("signal", how));
        return;
    }
    log_error("containment",
              number == KILLED ? "the host was killed in a callback"
                               : "a callback crashed the host",
              LOG_STR("plugin", f->plugin), LOG_STR("callback", f->callback),
              LOG_INT("event", f->id), LOG_STR("signal", how));
}

static int blame_subject(struct host *h, const struct crash_frame *f)
{
    switch (f->kind) {
    case CRASH_EVENT:
    case CRASH_WORK:
        return db_exec(&h->db, SUSPECT_EVENT, "is", f->id, f->plugin);
    case CRASH_SEND:
        if (db_exec(&h->db, SUSPECT_ROW, "i", f->id) != 0) return -1;
        return db_exec(&h->db, DROP_ROW, "iii", f->id, clock_ms(), (int64_t)ATTEMPTS_ASIDE);
    default:
        return 0;
    }
}

static const char *key_of(const struct crash_page *page, char out[40])
{
    snprintf(out, 40, "%016" PRIx64 "-%u", page->id, page->crash);
    return out;
}

static int write_down(struct host *h, const struct crash_page *page, const struct crash_frame *f)
{
    char key[40];
    if (db_exec(&h->db, ADD, "sisssiii", key_of(page, key), clock_ms(), f->plugin, f->build,
                f->callback, (int64_t)f->kind, f->id, (int64_t)signal_of(page->status)) != 0)
        return -1;
    if (db_changes(&h->db) == 0) return 0; /* it has been counted already */
    return blame_subject(h, f) == 0 ? 1 : -1;
}

/* ---- who is suspected ------------------------------------------------------------------------ */

static int load_suspects(struct host *h)
{
    sqlite3_stmt *st = db_query(&h->db, SUSPECTS, "ii", clock_ms() - WINDOW_MS, (int64_t)KILLED);
    int rc;
    h->suspect_count = 0;
    while ((rc = db_step(&h->db, st)) == 1) {
        h->suspects = xrealloc(h->suspects, (h->suspect_count + 1) * sizeof *h->suspects);
        struct suspect *s = &h->suspects[h->suspect_count++];
        memset(s, 0, sizeof *s);
        snprintf(s->plugin, sizeof s->plugin, "%s", db_text(st, 0));
        snprintf(s->build, sizeof s->build, "%s", db_text(st, 1));
        s->crashes = sqlite3_column_int(st, 2);
        s->loading = sqlite3_column_int(st, 3);
        s->stopped = sqlite3_column_int(st, 5);
        snprintf(s->callback, sizeof s->callback, "%s", db_text(st, 4));
    }
    return rc;
}

static int load_poison(struct host *h)
{
    sqlite3_stmt *st = db_query(&h->db, POISONED, "i", (int64_t)POISON_AFTER);
    int rc;
    while ((rc = db_step(&h->db, st)) == 1)
        map_put_id(&h->poison, (uint64_t)sqlite3_column_int64(st, 0), h);
    return rc;
}

static const struct suspect *suspect_of(const struct host *h, const char *plugin, const char *build)
{
    for (size_t i = 0; i < h->suspect_count; i++)
        if (!strcmp(h->suspects[i].plugin, plugin) && !strcmp(h->suspects[i].build, build))
            return &h->suspects[i];
    return NULL;
}

static int is_dangerous(const struct suspect *s)
{
    return s->loading || s->stopped || s->crashes >= CRASHES_MAX;
}

/* A crash was counted that makes its plugin dangerous: the super admins are to hear of it once. */
static int add_note(struct host *h, const struct crash_page *page, const struct crash_frame *f)
{
    char body[160], key[40];
    const struct suspect *s = suspect_of(h, f->plugin, f->build);
    int is_loading = f->kind == CRASH_LOAD || f->kind == CRASH_START;
    if (!s || !is_dangerous(s) || (s->stopped && !is_loading)) return 0;
    if (db_exec(&h->db, STOPS, "s", key_of(page, key)) != 0) return -1;
    int n = snprintf(body, sizeof body, "%s\n%s\n%d\n%d", s->plugin, s->callback, s->crashes,
                     s->loading);
    return db_exec(&h->db, ADD_NOTE, "sbi", EVENT, body, (size_t)n, clock_ms());
}

static int count_crash(struct host *h, const struct crash_page *page, const struct crash_frame *f)
{
    if (db_script(&h->db, "BEGIN IMMEDIATE") != 0) return -1;
    int rc = write_down(h, page, f);
    if (rc == 1)
        rc = load_suspects(h) < 0 || add_note(h, page, f) != 0 || load_suspects(h) < 0 ? -1 : 1;
    if (rc < 0 || db_script(&h->db, "COMMIT") != 0) {
        if (!sqlite3_get_autocommit(h->db.sql)) db_script(&h->db, "ROLLBACK");
        return -1;
    }
    return 0;
}

int containment_open(struct host *h, struct buf *error)
{
    struct crash_page *page = h->crash;
    if (page && page->pending) {
        const struct crash_frame *f = crash_page_culprit(page);
        log_crash(page, f);
        if (f && count_crash(h, page, f) < 0) goto fail;
    }
    if (page) crash_page_begin(page);
    if (load_suspects(h) < 0 || load_poison(h) < 0) goto fail;
    return 0;
fail:
    buf_addf(error, "the database cannot be written: %s\n", h->db.error);
    return -1;
}

void containment_free(struct host *h)
{
    free(h->suspects);
    map_free(&h->poison);
}

/* ---- plugins --------------------------------------------------------------------------------- */

int containment_leaves_out(struct host *h, const struct library *lib, char *why, size_t cap)
{
    const struct suspect *s = h->forgiving ? NULL : suspect_of(h, lib->name, lib->build);
    if (!s || !s->loading) return 0;
    snprintf(why, cap,
             "%s: it crashed the bot in its %s and was left out: mend or update %s, then reload",
             lib->name, s->callback, lib->file);
    return 1;
}

void containment_judge(struct host *h, struct plugin *p)
{
    const struct suspect *s = h->forgiving ? NULL : suspect_of(h, p->name, p->library->build);
    if (!s || !is_dangerous(s)) return;
    if (p->gateway) {
        log_error("containment", "a gateway crashes again and again; it goes on all the same",
                  LOG_STR("plugin", p->name), LOG_INT("crashes", s->crashes));
        return;
    }
    p->quarantined = 1;
    log_error("containment", "a plugin is quarantined: update it, then reload",
              LOG_STR("plugin", p->name), LOG_INT("crashes", s->crashes),
              LOG_STR("last_in", s->callback));
}

void containment_tell_problem(struct host *h, const struct plugin *p, struct buf *out)
{
    const struct suspect *s = suspect_of(h, p->name, p->library->build);
    if (s)
        buf_addf(
            out,
            "%s is quarantined: it crashed the bot %d times in 10 minutes, last in %s; mend or "
            "update it, then reload\n",
            p->name, s->crashes, s->callback);
    else
        buf_addf(out, "%s is quarantined with a plugin whose service it needs\n", p->name);
}

void containment_forgive(struct host *h, int forgive)
{
    h->forgiving = forgive;
}

int containment_clear(struct host *h)
{
    return db_exec(&h->db, CLEAR, "") == 0 && inbox_unpark(h) == 0 ? 0 : -1;
}

int containment_has_crashes(struct host *h)
{
    return db_int(&h->db, 0, HAS_OPEN, "") == 1;
}

void containment_cleared(struct host *h)
{
    h->suspect_count = 0;
    pthread_mutex_lock(&h->status_lock);
    map_free(&h->poison);
    pthread_mutex_unlock(&h->status_lock);
}

int containment_is_off(const struct event *ev, const struct plugin *p)
{
    return p->quarantined || (ev->without && !strcmp(ev->without, p->name));
}

int containment_is_poison(struct host *h, int64_t id)
{
    pthread_mutex_lock(&h->status_lock);
    int is = h->poison.count && map_get_id(&h->poison, (uint64_t)id) != NULL;
    pthread_mutex_unlock(&h->status_lock);
    return is;
}

/* ---- telling the super admins ---------------------------------------------------------------- */

int containment_notify(struct event *ev)
{
    char *copy = arena_strndup(&ev->arena, ev->body ? ev->body : "", ev->body_len), *rest = NULL;
    const char *plugin = strtok_r(copy, "\n", &rest), *callback = strtok_r(NULL, "\n", &rest);
    const char *crashes = strtok_r(NULL, "\n", &rest), *loading = strtok_r(NULL, "\n", &rest);
    if (!plugin || !callback || !crashes || !loading) return 0;
    const struct bot_arg args[] = {
        bot_text("plugin", plugin),
        bot_text("callback", callback),
        bot_text("crashes", crashes),
    };
    const struct plugin *p = registry_plugin(ev->host->registry, plugin);
    const char *key = *loading == '1'   ? "contain.left_out"
                      : p && p->gateway ? "contain.gateway"
                                        : "contain.quarantined";
    return alarm_tell_supers(ev, dispatch_text(ev, key, args, BOT_COUNT(args)));
}

/* ---- events ---------------------------------------------------------------------------------- */

static int tell_aside(struct event *ev, const char *key)
{
    const struct bot_arg args[] = {
        bot_text("plugin", ev->suspect ? ev->suspect : "?"),
        bot_int("id", ev->id),
        bot_text("phone", ev->phone && *ev->phone ? ev->phone : "-"),
    };
    if (ev->kind != EVENT_MESSAGE)
        key = "contain.event_aside"; /* nobody wrote, nobody is answered */
    log_error("containment", "an event is set aside", LOG_INT("event", ev->id),
              LOG_STR("plugin", ev->suspect), LOG_INT("attempts", ev->attempts));
    return alarm_tell_supers(ev, dispatch_text(ev, key, args, BOT_COUNT(args)));
}

int containment_set_aside(struct event *ev)
{
    if (dispatch_apologise(ev) < 0 || tell_aside(ev, "contain.aside") < 0) return BOT_FAIL;
    return inbox_finish(ev->host, ev, INBOX_ASIDE) == 0 ? BOT_HANDLED : BOT_FAIL;
}

int containment_answered_without(struct event *ev)
{
    if (tell_aside(ev, "contain.without") < 0) return BOT_FAIL;
    return inbox_finish(ev->host, ev, INBOX_ASIDE) == 0 ? BOT_HANDLED : BOT_FAIL;
}

int containment_park(struct event *ev, const char *plugin)
{
    log_warn("containment", "an event waits until its plugin is back", LOG_INT("event", ev->id),
             LOG_STR("plugin", plugin));
    ev->parked = 1;
    return db_exec(&ev->host->db, PARK, "isi", ev->id, plugin, clock_ms()) == 0 ? BOT_HANDLED
                                                                                : BOT_FAIL;
}
