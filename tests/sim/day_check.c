/* day_check.c - what must hold when the day is over. The oracle is what was written and what WAHA's
 * ledger says; the database is asked for what the host made of it. */
#include "day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/message/inbox.h"
#include "core/message/outbox.h"

enum {
    PROMPT_MS = 60000,       /* an answer is out so soon after its webhook was answered */
    AT_ONCE_MS = 200,        /* what is not held is answered in this time */
    LONGEST_HOLD_MS = 20000, /* of live messages, for a list of what was missed */
    BACK_MS = 20000,         /* ... or so soon after what was wrong has ended */
    BEHIND_MS = 10000, /* and so much more for each answer of its chat that had waited before it */
    MORE_BYTES = 256 << 10, /* the day's last host holds at most so much more than its first: no
                               chat, no person stays */
    MOST_BYTES = 4 << 20    /* ... and one that cannot send for an hour */
};

/* What an act leaves in simtest_rows, and whether it waits for something. */
static const struct {
    const char *rows[2];
    int waits, state;
} acts[DAY_ACTS] = {
    [DAY_ROW] = { { "row", NULL }, 0, INBOX_DONE },
    [DAY_EMIT] = { { "emit", "emit.heard" }, 0, INBOX_DONE },
    [DAY_TIMER] = { { "timer", NULL }, 1, INBOX_DONE },
    [DAY_WORK] = { { "work", NULL }, 1, INBOX_DONE },
    [DAY_HTTP] = { { "http", NULL }, 1, INBOX_DONE },
    [DAY_FAIL] = { { NULL, NULL }, 0, INBOX_FAILED },
};

/* What was found of a message. */
struct found {
    int64_t inbox;
    int inbox_count, inbox_state;
    char chat[48];
    int rows[2];
    int64_t outbox, expires, created;
    int outbox_count, outbox_state, has_id;
    char error[64];
    const struct sent *sent;
    int wire;
};

static sqlite3_stmt *prepare(struct day *d, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        day_fail(d, "the checker's SQL: %s", sqlite3_errmsg(db));
    return st;
}

static const char *text_of(sqlite3_stmt *st, int column)
{
    const char *text = (const char *)sqlite3_column_text(st, column);
    return text ? text : "";
}

/* Fails, naming the message. */
static void fail_of(struct day *d, int i, const char *why)
{
    char chat[48];
    person_chat(d->said[i].person, d->said[i].by_lid, chat);
    day_fail(d, "message %d (%s of %s): %s", i + 1, day_act_names[d->said[i].act], chat, why);
}

static int index_of(const struct day *d, int64_t n)
{
    return n >= 1 && n <= d->said_count ? (int)n - 1 : -1;
}

/* ---- what is there ----------------------------------------------------------------------------
 */

static void find_inbox(struct day *d, sqlite3 *db, struct found *found)
{
    sqlite3_stmt *st =
        prepare(d, db, "SELECT id, key, state, chat FROM inbox WHERE kind = 1 ORDER BY id");
    while (sqlite3_step(st) == SQLITE_ROW) {
        unsigned at = 0;
        const char *id = strrchr(text_of(st, 1), '/');
        if (!id || sscanf(id, "/3AD%8X", &at) != 1 || at >= (unsigned)d->said_count) {
            day_fail(d, "the inbox has what is no message of the day: %s", text_of(st, 1));
            continue;
        }
        struct found *f = &found[at];
        if (!f->inbox_count++) f->inbox = sqlite3_column_int64(st, 0);
        f->inbox_state = sqlite3_column_int(st, 2);
        snprintf(f->chat, sizeof f->chat, "%s", text_of(st, 3));
    }
    sqlite3_finalize(st);
}

static void find_rows(struct day *d, sqlite3 *db, struct found *found)
{
    sqlite3_stmt *st =
        prepare(d, db, "SELECT n, what, count(*) FROM simtest_rows GROUP BY n, what");
    while (sqlite3_step(st) == SQLITE_ROW) {
        int i = index_of(d, sqlite3_column_int64(st, 0)), r = 0;
        if (i < 0) {
            day_fail(d, "an effect of what is no message: %d", sqlite3_column_int(st, 0));
            continue;
        }
        const char *const *names = acts[d->said[i].act].rows;
        while (r < 2 && (!names[r] || strcmp(names[r], text_of(st, 1)) != 0)) r++;
        if (r == 2)
            fail_of(d, i, "an effect of another act");
        else
            found[i].rows[r] = sqlite3_column_int(st, 2);
    }
    sqlite3_finalize(st);
}

/* What the super admin hears of the number without having asked. */
static int is_alarm(const char *chat, const char *text)
{
    return strcmp(chat, DAY_SUPER "@c.us") == 0 && strstr(text, "omor *waha/default* ") != NULL;
}

static void find_outbox(struct day *d, sqlite3 *db, struct found *found)
{
    sqlite3_stmt *st = prepare(
        d, db,
        "SELECT id, state, text, send_id IS NOT NULL, error, created_at, expires_at, chat FROM outbox"
        " ORDER BY id");
    while (sqlite3_step(st) == SQLITE_ROW) {
        long long n = 0;
        if (is_alarm(text_of(st, 7), text_of(st, 2))) {
            d->alarms_sent += sqlite3_column_int(st, 1) == OUTBOX_SENT;
            continue;
        }
        sscanf(text_of(st, 2), "#%lld", &n);
        int i = index_of(d, n);
        if (i < 0) {
            day_fail(d, "a text that answers no message: \"%.60s\"", text_of(st, 2));
            continue;
        }
        struct found *f = &found[i];
        f->outbox = sqlite3_column_int64(st, 0);
        f->outbox_state = sqlite3_column_int(st, 1);
        f->has_id = sqlite3_column_int(st, 3);
        f->created = sqlite3_column_int64(st, 5);
        f->expires = sqlite3_column_int64(st, 6);
        snprintf(f->error, sizeof f->error, "%s", text_of(st, 4));
        f->outbox_count++;
    }
    sqlite3_finalize(st);
}

static void find_wire(struct day *d, struct found *found)
{
    for (size_t s = 0; s < d->sent_count; s++) {
        int i = index_of(d, d->sents[s]->n);
        if (i < 0 && is_alarm(d->sents[s]->chat, d->sents[s]->text)) {
            d->alarms_out++;
            continue;
        }
        if (i < 0) {
            day_fail(d, "WAHA sent what answers no message: \"%.60s\" to %s", d->sents[s]->text,
                     d->sents[s]->chat);
            continue;
        }
        if (!found[i].wire++) found[i].sent = d->sents[s];
    }
}

/* ---- one message ------------------------------------------------------------------------------
 */

static void check_effect(struct day *d, int i, const struct found *f)
{
    const struct said *m = &d->said[i];
    if (m->answered_at && !f->inbox_count)
        fail_of(d, i, "was answered 200 and is not in the inbox");
    if (f->inbox_count > 1) fail_of(d, i, "is in the inbox twice");
    if (!f->inbox_count) {
        d->lost++;
        if (f->outbox_count || f->rows[0] || f->rows[1])
            fail_of(d, i, "has effects and is not in the inbox");
        return;
    }
    if (f->inbox_state != acts[m->act].state)
        fail_of(d, i, "rests in another state than it should");
    for (int r = 0; r < 2; r++)
        if (f->rows[r] != (acts[m->act].rows[r] != NULL))
            fail_of(d, i, f->rows[r] ? "has an effect twice" : "has no effect");
    if (f->outbox_count != 1) fail_of(d, i, f->outbox_count ? "has two answers" : "has no answer");
}

/* Something was wrong from the time that it was written to the end of its life, with no pause worth
 * the name. */
static int was_held(const struct day *d, const struct found *f)
{
    uint64_t hash = chat_hash(f->chat);
    int64_t until = f->created + PROMPT_MS - BACK_MS;
    for (int64_t before = -1; before != until && until < f->expires - PROMPT_MS;) {
        before = until;
        for (size_t t = 0; t < d->trouble_count; t++) {
            const struct trouble *x = &d->troubles[t];
            if ((!x->chat || x->chat == hash) && x->from <= before + BACK_MS && x->to > until)
                until = x->to;
        }
    }
    return until >= f->expires - PROMPT_MS;
}

static void check_answer(struct day *d, int i, const struct found *f)
{
    if (f->wire > 1) fail_of(d, i, "was answered more than once");
    if (!f->outbox_count) return;
    switch (f->outbox_state) {
    case OUTBOX_SENT:
        if (f->wire != 1) fail_of(d, i, "its answer is 'sent', and WAHA has sent none");
        d->answered++;
        break;
    case OUTBOX_UNKNOWN:
        if (f->has_id) fail_of(d, i, "its answer has a send id and is 'unknown'");
        d->unknown++;
        if (!d->said[i].in_doubt) fail_of(d, i, "its answer is 'unknown' and never was in doubt");
        break;
    case OUTBOX_REFUSED:
        if (f->wire) fail_of(d, i, "its answer is 'refused' and was sent");
        d->refused++;
        break;
    case OUTBOX_EXPIRED:
        /* Its time was over when WAHA could not look for it: it is not sent again, and taken for
         * unsent. */
        if (f->wire && !f->sent->denied) fail_of(d, i, "its answer has expired and was sent");
        d->denied += f->wire != 0;
        if (!was_held(d, f)) fail_of(d, i, "its answer has expired, and could have been sent");
        d->expired++;
        break;
    default:
        fail_of(d, i, "its answer is still open");
    }
}

/* ---- how soon ---------------------------------------------------------------------------------
 */

/* The end of what was wrong last between the two, for this chat; troubles that touch are one. */
static int64_t end_of_trouble(const struct day *d, uint64_t chat, int64_t from, int64_t to)
{
    int64_t end = from;
    for (size_t t = 0; t < d->trouble_count; t++) {
        const struct trouble *x = &d->troubles[t];
        if ((!x->chat || x->chat == chat) && x->from < to && x->to > end && x->to >= from)
            end = x->to;
    }
    return end;
}

/* Answers of the same chat that went out before it and not before `since`: it waited for them. */
static int went_before(const struct sent *sent, int64_t since)
{
    int count = 0;
    for (const struct sent *x = sent->before; x && x->at >= since - BACK_MS; x = x->before) count++;
    return count;
}

static void check_time(struct day *d, int i, const struct found *f)
{
    const struct said *m = &d->said[i];
    if (!f->sent || !m->answered_at) return;
    int64_t took = f->sent->at - m->came_at;
    int64_t end = end_of_trouble(d, chat_hash(f->sent->chat), m->came_at, f->sent->at);
    if (end == m->came_at && took > d->slowest_ms) d->slowest_ms = took;
    if (took <= PROMPT_MS) return;
    if (f->sent->at - end > d->slowest_back_ms) d->slowest_back_ms = f->sent->at - end;
    int64_t may = end + BACK_MS + went_before(f->sent, end) * BEHIND_MS;
    char why[160];
    if (f->sent->at <= may) return;
    snprintf(
        why, sizeof why,
        "was answered %lld s after it had come, %lld s after anything was wrong, behind %d others",
        (long long)took / 1000, (long long)(f->sent->at - end) / 1000, went_before(f->sent, end));
    fail_of(d, i, why);
}

/* ---- in which order ---------------------------------------------------------------------------
 */

/* A command may overtake what waits, and with it what stands behind that. */
static int may_overtake(const struct day *d, const struct found *found, int earlier, int later,
                        const int *of, int count)
{
    if (!d->said[later].is_command) return 0;
    for (int i = 0; i < count; i++)
        if (acts[d->said[of[i]].act].waits && found[of[i]].inbox <= found[earlier].inbox) return 1;
    return 0;
}

/* Both may have been held for what was missed, and then run by WhatsApp's time. */
static int were_held(const struct day *d, const struct found *found, int earlier, int later)
{
    const struct said *x = &d->said[earlier], *y = &d->said[later];
    int64_t apart = x->came_at > y->came_at ? x->came_at - y->came_at : y->came_at - x->came_at;
    int waited = found[earlier].created - x->came_at > AT_ONCE_MS &&
                 found[later].created - y->came_at > AT_ONCE_MS;
    return waited && y->stamp <= x->stamp && apart <= LONGEST_HOLD_MS;
}

/* All of one person. */
static void check_person(struct day *d, const struct found *found, const int *of, int count)
{
    for (int a = 0; a < count; a++) {
        for (int b = 0; b < count; b++) {
            const struct found *x = &found[of[a]], *y = &found[of[b]];
            if (x->inbox >= y->inbox || strcmp(x->chat, y->chat) != 0) continue;
            if (may_overtake(d, found, of[a], of[b], of, count)) continue;
            if (were_held(d, found, of[a], of[b])) continue;
            if (x->outbox > y->outbox) fail_of(d, of[b], "was answered before an earlier one");
            if (!x->sent || !y->sent || x->sent->late || y->sent->late) continue;
            if (x->sent->at > y->sent->at)
                fail_of(d, of[b], "its answer was sent before that to an earlier one");
        }
    }
}

static void check_order(struct day *d, const struct found *found)
{
    int *of = xcalloc((size_t)d->said_count + 1, sizeof *of);
    for (int person = 0; person < PERSONS; person++) {
        int count = 0;
        for (int i = 0; i < d->said_count; i++)
            if (d->said[i].person == person && found[i].inbox_count && found[i].outbox_count)
                of[count++] = i;
        check_person(d, found, of, count);
    }
    free(of);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void check_open(struct day *d, sqlite3 *db)
{
    static const char *const asked[] = { "SELECT count(*) FROM outbox WHERE state < 2",
                                         "SELECT count(*) FROM inbox WHERE state < 2" };
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *st = prepare(d, db, asked[i]);
        if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0))
            day_fail(d, "%d rows of the %s are still open", sqlite3_column_int(st, 0),
                     i ? "inbox" : "outbox");
        sqlite3_finalize(st);
    }
}

static void check_memory(struct day *d)
{
    if (d->last.rows) day_fail(d, "%zu rows are still in memory", d->last.rows);
    if (d->last.lanes) day_fail(d, "%zu lanes are still in memory", d->last.lanes);
    if (d->last_bytes > d->first_bytes + MORE_BYTES || d->most_bytes > d->first_bytes + MOST_BYTES)
        day_fail(
            d, "the first host held %lld KiB, the last %lld KiB after %lld callbacks, one %lld KiB",
            (long long)(d->first_bytes >> 10), (long long)(d->last_bytes >> 10),
            (long long)d->last_served, (long long)(d->most_bytes >> 10));
    if (d->last.chats) day_fail(d, "%zu chats are still in memory", d->last.chats);
}

static void check_tallies(struct day *d)
{
    for (int t = 0; t < TALLIES; t++)
        if (!d->tallies[t]) day_fail(d, "it never happened: %s", tally_names[t]);
}

void day_check(struct day *d, sqlite3 *db)
{
    struct found *found = xcalloc((size_t)d->said_count + 1, sizeof *found);
    find_inbox(d, db, found);
    find_rows(d, db, found);
    find_outbox(d, db, found);
    find_wire(d, found);
    if (d->alarms_out != d->alarms_sent)
        day_fail(d, "%lld alarms are 'sent', WAHA has sent %lld", (long long)d->alarms_sent,
                 (long long)d->alarms_out);
    for (int i = 0; i < d->said_count && !d->failure[0]; i++) {
        check_effect(d, i, &found[i]);
        check_answer(d, i, &found[i]);
        check_time(d, i, &found[i]);
    }
    if (!d->failure[0]) check_order(d, found);
    check_open(d, db);
    check_memory(d);
    check_tallies(d);
    free(found);
}
