/* check.c - the invariants of the design, asked of what is left when all is quiet.
 *
 * The oracle is the schedule: it knows for each message which rows and which texts it must leave.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/message/inbox.h"
#include "core/message/outbox.h"
#include "memvfs.h"

/* What an act leaves in simtest_rows. */
static const struct {
    const char *name; /* in the answer "#N NAME" */
    struct {
        const char *what;
        int count;
    } rows[3];
    int waits; /* returns LATER */
    int state; /* of its inbox row in the end */
} acts[ACT_COUNT] = {
    [ACT_ROW] = { "row", { { "row", 1 } }, 0, INBOX_DONE },
    [ACT_EMIT] = { "emit", { { "emit", 1 }, { "emit.heard", 1 } }, 0, INBOX_DONE },
    [ACT_HTTP] = { "http", { { "http", 1 } }, 1, INBOX_DONE },
    [ACT_WORK] = { "work", { { "work", 1 } }, 1, INBOX_DONE },
    [ACT_TIMER] = { "timer", { { "timer", 1 } }, 1, INBOX_DONE },
    [ACT_READ] = { "read", { { "read.first", 1 }, { "read", 1 } }, 1, INBOX_DONE },
    [ACT_CHAIN] = { "chain",
                    { { "chain.timer", 1 }, { "chain.work", 1 }, { "chain.http", 1 } },
                    1,
                    INBOX_DONE },
    [ACT_BOTH] = { "both", { { "both", 2 } }, 1, INBOX_DONE },
    [ACT_FAIL] = { "fail", { { NULL, 0 } }, 0, INBOX_FAILED },
    [ACT_AT] = { "at", { { "at", 1 }, { "at.heard", 1 } }, 0, INBOX_DONE },
    [ACT_SEND] = { "send", { { "send", 1 } }, 0, INBOX_DONE },
    [ACT_CANCEL] = { "cancel", { { "cancel", 1 } }, 1, INBOX_DONE },
    [ACT_RELOAD] = { "reload", { { "reload", 1 } }, 1, INBOX_DONE },
};

/* What was found of a message. */
struct found {
    int64_t inbox, outbox; /* row ids */
    char chat[48];
    int inbox_count, inbox_state, outbox_count;
    int64_t sent_at; /* index in sents + 1 of the answer; 0 = none */
};

static sqlite3_stmt *prepare(struct sim *s, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        sim_fail(s, "the checker's SQL: %s", sqlite3_errmsg(db));
    return st;
}

static const char *text_of(sqlite3_stmt *st, int column)
{
    const char *text = (const char *)sqlite3_column_text(st, column);
    return text ? text : "";
}

/* Which message a text belongs to: "#1003 row" -> 3; `note` tells the notice of "send" apart. -1:
 * none. */
static int message_of(const struct sim *s, const char *text, int *note)
{
    const char *hash = strstr(text, "#1");
    long long n = 0;
    char word[16] = "";
    *note = 0;
    if (!hash || sscanf(hash, "#%lld %15[a-z]", &n, word) < 1) return -1;
    n -= 1000;
    if (n < 0 || n >= s->message_count) return -1;
    *note = strcmp(word, "note") == 0;
    return (int)n;
}

static int message_by_key(const struct sim *s, const char *key)
{
    for (int i = 0; i < s->message_count; i++)
        if (strstr(key, s->messages[i].native_id)) return i;
    return -1;
}

/* ---- I6: as a request leaves ----------------------------------------------------------------- */

static const char SENDING[] =
    "SELECT count(*) FROM outbox WHERE state = 1 AND chat = ?1 AND text = ?2";

static int is_sending(sqlite3_stmt *st, const char *chat, const char *text)
{
    sqlite3_bind_text(st, 1, chat, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 2, text, -1, SQLITE_STATIC);
    return sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0) > 0;
}

/* Asks the disk as it would be found if the power went now. */
static int is_sending_after_all(struct sim *s, const char *chat, const char *text)
{
    static const char CLONE[] = "/sim/clone.db";
    sqlite3 *db = NULL;
    int sending = 0;
    simdisk_on_sync(NULL, NULL); /* the clone's are no boundaries */
    if (simdisk_clone_durable(s->host->db.path, CLONE) == 0 &&
        sqlite3_open_v2(CLONE, &db, SQLITE_OPEN_READWRITE, SIMDISK_NAME) == SQLITE_OK) {
        sqlite3_stmt *st = prepare(s, db, SENDING);
        sending = st && is_sending(st, chat, text);
        sqlite3_finalize(st);
    }
    sqlite3_close(db);
    simdisk_remove(CLONE);
    world_watch(s);
    return sending;
}

void check_send(struct sim *s, const char *chat, const char *text)
{
    struct simdisk_stats disk;
    simdisk_stats(&disk);
    if (!sqlite3_get_autocommit(s->host->db.sql))
        sim_fail(s, "I6: a send leaves inside a transaction");
    if (disk.unsynced_bytes) { /* of a commit that failed, or of one that was not synced */
        if (!is_sending_after_all(s, chat, text))
            sim_fail(s, "I6: \"%.40s\" leaves before it is synced", text);
        return;
    }
    sqlite3_stmt *st =
        db_statement(&s->host->db, SENDING); /* with nothing unsynced this is the disk */
    if (!is_sending(st, chat, text))
        sim_fail(s, "I6: \"%.40s\" leaves and is not 'sending' on disk", text);
    db_done(st);
}

/* ---- I1: after a crash ----------------------------------------------------------------------- */

static void find_inbox(struct sim *s, sqlite3 *db, struct found *found)
{
    sqlite3_stmt *st =
        prepare(s, db, "SELECT id, key, state, chat FROM inbox WHERE kind = 1 ORDER BY id");
    while (sqlite3_step(st) == SQLITE_ROW) {
        int i = message_by_key(s, text_of(st, 1));
        if (i < 0) continue;
        found[i].inbox = sqlite3_column_int64(st, 0);
        found[i].inbox_state = sqlite3_column_int(st, 2);
        found[i].inbox_count++;
        snprintf(found[i].chat, sizeof found[i].chat, "%s", text_of(st, 3));
    }
    sqlite3_finalize(st);
}

void check_reopened(struct sim *s)
{
    struct found found[MESSAGE_MAX] = { { 0 } };
    if (!s->host || s->dead) return;
    find_inbox(s, s->host->db.sql, found);
    for (int i = 0; i < s->message_count; i++)
        if (s->messages[i].answered && !found[i].inbox_count)
            sim_fail(s, "I1: message %d was answered 200 and is not in the inbox after the crash",
                     i);
}

/* ---- at rest --------------------------------------------------------------------------------- */

static void check_inbox(struct sim *s, const struct found *found)
{
    for (int i = 0; i < s->message_count; i++) {
        const struct message *m = &s->messages[i];
        if (!m->answered) sim_fail(s, "I10: message %d was never answered 200", i);
        if (found[i].inbox_count != 1)
            sim_fail(s, "I3: message %d has %d inbox rows", i, found[i].inbox_count);
        if (found[i].inbox_state != acts[m->act].state)
            sim_fail(s, "I2: message %d (%s) rests in state %d", i, acts[m->act].name,
                     found[i].inbox_state);
    }
}

/* All effects in the order in which they were written, for the reader of --verbose. */
static void say_effects(struct sim *s, sqlite3 *db)
{
    static const char *const tables[] = {
        "SELECT id, n, what FROM simtest_rows ORDER BY id",
        "SELECT id, person, 'inbox: state ' || state || ', ' || chat || ', ' || text FROM inbox WHERE kind = 1",
        "SELECT id, event, 'outbox: state ' || state || ', ' || chat || ', ' || text FROM outbox ORDER BY id",
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        sqlite3_stmt *st = prepare(s, db, tables[i]);
        while (sqlite3_step(st) == SQLITE_ROW)
            sim_say(s, "row %d: %d %.100s", sqlite3_column_int(st, 0), sqlite3_column_int(st, 1),
                    text_of(st, 2));
        sqlite3_finalize(st);
    }
}

static int rows_expected(const struct sim *s, int i, const char *what)
{
    for (int r = 0; r < 3; r++) {
        const char *name = acts[s->messages[i].act].rows[r].what;
        if (name && strcmp(name, what) == 0) return acts[s->messages[i].act].rows[r].count;
    }
    return 0;
}

static void check_effects(struct sim *s, sqlite3 *db)
{
    int seen[MESSAGE_MAX] = { 0 };
    if (s->verbose) say_effects(s, db);
    sqlite3_stmt *st =
        prepare(s, db, "SELECT n - 1000, what, count(*) FROM simtest_rows GROUP BY n, what");
    while (sqlite3_step(st) == SQLITE_ROW) {
        int i = sqlite3_column_int(st, 0), count = sqlite3_column_int(st, 2);
        if (i < 0 || i >= s->message_count) {
            sim_fail(s, "I2: an effect of a message that nobody wrote");
            continue;
        }
        int expected = rows_expected(s, i, text_of(st, 1));
        seen[i]++;
        if (count != expected)
            sim_fail(s, "I2: message %d (%s) has %d rows '%s', not %d", i,
                     acts[s->messages[i].act].name, count, text_of(st, 1), expected);
    }
    sqlite3_finalize(st);
    for (int i = 0; i < s->message_count; i++) {
        int kinds = 0;
        for (int r = 0; r < 3; r++) kinds += acts[s->messages[i].act].rows[r].what != NULL;
        if (seen[i] != kinds)
            sim_fail(s, "I2: message %d (%s) has %d kinds of rows, not %d", i,
                     acts[s->messages[i].act].name, seen[i], kinds);
    }
}

/* How often a text went out to a chat, as different messages on the wire. */
static int times_sent(const struct sim *s, const char *chat, const char *text, int *first)
{
    int times = 0;
    for (int i = 0; i < s->sent_count; i++) {
        if (strcmp(s->sents[i].chat, chat) != 0 || strcmp(s->sents[i].text, text) != 0) continue;
        if (!times++) *first = i;
    }
    return times;
}

/* One outbox row against what the network saw. */
static void check_row(struct sim *s, sqlite3_stmt *st, int *refused, int *first)
{
    int state = sqlite3_column_int(st, 1), with_id = sqlite3_column_type(st, 4) != SQLITE_NULL;
    const char *chat = text_of(st, 2), *text = text_of(st, 3);
    char cut[sizeof s->sents[0].text];
    snprintf(cut, sizeof cut, "%s", text);
    int times = times_sent(s, chat, cut, first);
    switch (state) {
    case OUTBOX_SENT:
        if (times != 1)
            sim_fail(s, "I3: \"%.40s\" to %s is 'sent' and went out %d times", cut, chat, times);
        break;
    case OUTBOX_UNKNOWN:
        if (with_id) sim_fail(s, "I6: \"%.40s\" has a send id and is 'unknown'", cut);
        if (times > 1)
            sim_fail(s, "I3: \"%.40s\" to %s is 'unknown' and went out %d times", cut, chat, times);
        break;
    case OUTBOX_REFUSED:
        (*refused)++;
        if (times) sim_fail(s, "I3: \"%.40s\" to %s is 'refused' and went out", cut, chat);
        break;
    default:
        sim_fail(s, "I2: outbox row \"%.40s\" rests in state %d", cut, state);
    }
}

static void check_outbox(struct sim *s, sqlite3 *db, struct found *found)
{
    int refused = 0, notes[MESSAGE_MAX] = { 0 };
    sqlite3_stmt *st =
        prepare(s, db, "SELECT id, state, chat, text, send_id FROM outbox ORDER BY id");
    while (sqlite3_step(st) == SQLITE_ROW) {
        int note = 0, first = -1, i = message_of(s, text_of(st, 3), &note);
        check_row(s, st, &refused, &first);
        if (i < 0) continue;
        if (note) {
            notes[i]++;
            continue;
        }
        found[i].outbox = sqlite3_column_int64(st, 0);
        found[i].outbox_count++;
        found[i].sent_at = first + 1;
    }
    sqlite3_finalize(st);
    for (int i = 0; i < s->message_count; i++) {
        if (found[i].outbox_count != 1)
            sim_fail(s, "I3: message %d (%s) has %d answers", i, acts[s->messages[i].act].name,
                     found[i].outbox_count);
        if (notes[i] != (s->messages[i].act == ACT_SEND))
            sim_fail(s, "I2: message %d (%s) has %d notices", i, acts[s->messages[i].act].name,
                     notes[i]);
    }
    if (refused > s->refused_sends)
        sim_fail(s, "I6: %d rows are 'refused', WAHA refused %d", refused, s->refused_sends);
}

/* simextra's alarm is an event of whoever wrote the message, and waits, too. */
static int may_wait(const struct sim *s, int i)
{
    return acts[s->messages[i].act].waits || (s->has_reloads && s->messages[i].act == ACT_EMIT);
}

/* A command may overtake what only waits, and with it what stands behind that; everything else of
 * one person keeps its order. */
static int may_overtake(const struct sim *s, const struct found *found, int earlier, int later)
{
    if (!s->messages[later].is_command) return 0;
    for (int w = 0; w < s->message_count; w++)
        if (s->messages[w].customer == s->messages[later].customer && may_wait(s, w) &&
            found[w].inbox <= found[earlier].inbox)
            return 1;
    return 0;
}

/* whatsapp-web.js tells no phone number for a hidden id: there one customer's two chats are two
 * persons'. */
static int same_person(const struct sim *s, const struct found *found, int a, int b)
{
    if (s->engine == ENGINE_WEBJS) return strcmp(found[a].chat, found[b].chat) == 0;
    return s->messages[a].customer == s->messages[b].customer;
}

static void check_pair(struct sim *s, const struct found *found, int a, int b)
{
    if (!same_person(s, found, a, b) || may_overtake(s, found, a, b)) return;
    if (found[a].outbox > found[b].outbox)
        sim_fail(s, "I4: message %d came before %d and is answered after it", a, b);
    if (!found[a].sent_at || !found[b].sent_at) return;
    const struct sent *x = &s->sents[found[a].sent_at - 1], *y = &s->sents[found[b].sent_at - 1];
    if (strcmp(x->chat, y->chat) != 0 || x->late || y->late) return;
    if (x > y) sim_fail(s, "I4: the answer to message %d went out after that to %d", a, b);
}

static void check_order(struct sim *s, const struct found *found)
{
    for (int a = 0; a < s->message_count; a++)
        for (int b = 0; b < s->message_count; b++)
            if (found[a].inbox < found[b].inbox) check_pair(s, found, a, b);
}

/* Rubbish that is a text gets one text; what is none gets nothing. */
static void check_rubbish(struct sim *s, sqlite3 *db)
{
    sqlite3_stmt *st = prepare(s, db, "SELECT count(*) FROM outbox WHERE chat = ?1");
    for (int i = 0; i < s->delivery_count; i++) {
        const struct delivery *d = &s->deliveries[i];
        char chat[48];
        if (d->rubbish < 0) continue;
        int is_text = d->rubbish == RUBBISH_COMMAND || d->rubbish == RUBBISH_USAGE ||
                      d->rubbish == RUBBISH_NOISE || d->rubbish == RUBBISH_HUGE_TEXT ||
                      d->rubbish == RUBBISH_NUL || (d->rubbish == RUBBISH_UTF8 && d->status == 200);
        snprintf(chat, sizeof chat, "6281100000%03d@c.us", 300 + d->rubbish);
        sqlite3_reset(st);
        sqlite3_bind_text(st, 1, chat, -1, SQLITE_TRANSIENT);
        int texts = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
        if (texts != is_text)
            sim_fail(s, "I10: rubbish %d got %d texts, not %d", d->rubbish, texts, is_text);
    }
    sqlite3_finalize(st);
}

static void check_database(struct sim *s, sqlite3 *db)
{
    sqlite3_stmt *st = prepare(s, db, "PRAGMA integrity_check");
    if (sqlite3_step(st) != SQLITE_ROW || strcmp(text_of(st, 0), "ok") != 0)
        sim_fail(s, "the database is damaged: %s", text_of(st, 0));
    sqlite3_finalize(st);
}

/* ---- reloads --------------------------------------------------------------------------------- */

/* The rows of one generation: of start(), of the call that it made, of stop(). */
struct left {
    int starts, ticks, stops;
};

/* NULL: there is no such table, since its plugin never was on. */
static sqlite3_stmt *query(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    return sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK ? st : NULL;
}

static int count_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = query(db, sql);
    int count = st && sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
    sqlite3_finalize(st);
    return count;
}

static void check_generation(struct sim *s, const struct probe_generation *g,
                             const struct left *left)
{
    if (g->kept > 0 && g->wrote && left->starts != 1)
        sim_fail(s, "I9: start() of %s %lld left %d rows, not 1", g->plugin, (long long)g->number,
                 left->starts);
    if ((g->kept < 0 || !g->wrote) && left->starts > 0)
        sim_fail(s, "I9: start() of %s %lld was taken back, and left %d rows", g->plugin,
                 (long long)g->number, left->starts);
    if (left->starts > 1 || left->ticks > left->starts || left->stops > left->starts)
        sim_fail(s, "I9: %s %lld left %d rows at its start, %d behind that, %d at its stop",
                 g->plugin, (long long)g->number, left->starts, left->ticks, left->stops);
    if (g->drained && strcmp(g->plugin, "simextra") == 0 && left->ticks != 1)
        sim_fail(s, "I9: %s %lld came to its end, and the call of its start did not", g->plugin,
                 (long long)g->number);
}

/* What generations have left, whose numbers count from 1; and, of messages, what simextra heard. */
static void find_left(struct sim *s, sqlite3 *db, struct left *left, int *heard, int *later)
{
    sqlite3_stmt *st =
        query(db, "SELECT number, 'start', count(*) FROM simtest_starts GROUP BY number");
    for (int table = 0; table < 2; table++) {
        while (st && sqlite3_step(st) == SQLITE_ROW) {
            const char *what = text_of(st, 1);
            int64_t n = sqlite3_column_int64(st, 0), message = n - 1000;
            int count = sqlite3_column_int(st, 2);
            if (message >= 0 && message < s->message_count) {
                if (strcmp(what, "heard") == 0) heard[message] = count;
                if (strcmp(what, "later") == 0) later[message] = count;
            } else if (n < 1 || n > s->generation_count) {
                sim_fail(s, "I9: a row of a start() that never was");
            } else {
                if (strcmp(what, "start") == 0) left[n - 1].starts = count;
                if (strcmp(what, "tick") == 0) left[n - 1].ticks = count;
                if (strcmp(what, "stop") == 0) left[n - 1].stops = count;
            }
        }
        sqlite3_finalize(st);
        st = table ? NULL
                   : query(db, "SELECT n, what, count(*) FROM simextra_rows GROUP BY n, what");
    }
}

/* Tables and plugin change together: simtest's second version has one column more. */
static void check_version(struct sim *s, sqlite3 *db)
{
    int ran = count_of(db, "SELECT count(*) FROM migrations WHERE plugin = 'simtest' AND id = 3");
    int there = count_of(
        db, "SELECT count(*) FROM pragma_table_info('simtest_rows') WHERE name = 'version'");
    int must = 0, may = s->opened_version;
    for (int i = 0; i < s->generation_count; i++) {
        const struct probe_generation *g = &s->generations[i];
        if (strcmp(g->plugin, "simtest") != 0 || g->version != 2) continue;
        must |= g->kept > 0;
        may |= g->kept >= 0;
    }
    if (ran != there)
        sim_fail(s, "I9: simtest's column is %d times there, and %d times written down", there,
                 ran);
    if (must && !ran)
        sim_fail(s, "I9: simtest's second version has run, and its migration is gone");
    if (ran && !may) sim_fail(s, "I9: the migration of a simtest that was taken back is there");
}

/* Whoever hears of a number is decided when it reaches the hooks for good; an alarm may wait since
 * then. */
static void check_heard(struct sim *s, sqlite3 *db, const int *heard, const int *later)
{
    int parked[MESSAGE_MAX] = { 0 };
    sqlite3_stmt *st = query(
        db, "SELECT CAST(body AS TEXT) FROM inbox WHERE event = 'simextra.later' AND state = 4"
            " AND suspect = 'simextra'");
    while (sqlite3_step(st) == SQLITE_ROW) {
        int i = atoi(text_of(st, 0)) - 1000;
        if (i >= 0 && i < s->message_count) parked[i]++;
    }
    sqlite3_finalize(st);
    for (int i = 0; i < s->message_count; i++) {
        int wanted = s->messages[i].heard_by_extra;
        if (heard[i] != wanted)
            sim_fail(s, "I2: simextra has %d rows of message %d, not %d", heard[i], i, wanted);
        if (later[i] + parked[i] != wanted || (parked[i] && s->runs.extra == EXTRA_ON))
            sim_fail(s, "I2: simextra's alarm of message %d left %d rows, and waits %d times", i,
                     later[i], parked[i]);
    }
}

static void check_reloads(struct sim *s, sqlite3 *db)
{
    struct left left[GENERATION_MAX] = { { 0 } };
    int heard[MESSAGE_MAX] = { 0 }, later[MESSAGE_MAX] = { 0 };
    if (!s->has_reloads) return;
    find_left(s, db, left, heard, later);
    for (int i = 0; i < s->generation_count; i++) check_generation(s, &s->generations[i], &left[i]);
    check_version(s, db);
    check_heard(s, db, heard, later);
}

void check_at_rest(struct sim *s, sqlite3 *db)
{
    struct found found[MESSAGE_MAX] = { { 0 } };
    if (s->crash_at % 8 == 1) check_database(s, db);
    find_inbox(s, db, found);
    check_inbox(s, found);
    check_effects(s, db);
    check_outbox(s, db, found);
    check_order(s, found);
    check_rubbish(s, db);
    check_reloads(s, db);
}
