/* outbox_rows.c - rows of the outbox are made: by an event, or read at a start. See outbox.c. */
#include "lanes.h"

#include <string.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../host.h"
#include "../storage/media.h"
#include "../storage/statement.h"

enum { TEXT_CHARS_MAX = 4000, ANSWER_LIFE_MS = 3600 * 1000, NOTICE_LIFE_MS = 24 * 3600 * 1000 };

static const char INSERT[] =
    "INSERT INTO outbox(state, event, person, store, gateway, session, chat, text, send_id, tag, answer, not_before,"
    " expires_at, created_at, attempted_at) VALUES (?1, ?2, nullif(?3, 0), nullif(?4, 0), ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
    " ?12, ?13, ?14, ?15)";
static const char ADD_EXTRAS[] =
    "INSERT INTO outbox_extras(row, media, quote) VALUES (?1, nullif(?2, 0), ?3)";
static const char LOAD[] =
    "SELECT id, state, gateway, session, chat, text, send_id, answer, not_before, expires_at,"
    " created_at, attempted_at, ifnull(store, 0), ifnull(person, 0), media, quote"
    " FROM outbox LEFT JOIN outbox_extras ON row = id WHERE state < 2 ORDER BY id";

static int insert(struct outbox *o, struct outgoing *row, const struct outbox_new *n)
{
    const struct session *s = row->lane->session;
    int rc = db_exec(&o->host->db, INSERT, "iiiissssssiiiii", (int64_t)row->state, n->event,
                     n->person, n->store, s->gateway, s->name, n->chat, row->text, row->send_id,
                     n->tag, (int64_t)row->answer, row->not_before, row->expires, row->created_at,
                     row->attempted_at);
    row->id = db_insert_id(&o->host->db);
    if (rc == 0 && (row->media || row->quote))
        rc = db_exec(&o->host->db, ADD_EXTRAS, "iis", row->id, row->media, row->quote);
    return rc == 0 ? BOT_OK : BOT_EIO;
}

static int add_part(struct outbox *o, struct event *ev, const struct outbox_new *n,
                    const char *text, size_t len, int is_first)
{
    struct lane *lane = lane_of(o, n->gateway, n->session, n->chat);
    struct session *s = lane->session;
    int64_t now = clock_ms();
    struct outgoing *row = xcalloc(1, sizeof *row);
    row->lane = lane;
    row->text = xstrndup(text, len);
    row->media = is_first ? n->media : 0;
    row->quote = is_first ? xstrdup(n->quote) : NULL;
    row->answer = n->answer;
    row->store = n->store;
    row->person = n->person;
    row->created_at = now;
    row->not_before = n->not_before;
    row->expires = n->expires ? n->expires : now + (n->answer ? ANSWER_LIFE_MS : NOTICE_LIFE_MS);
    row->send_id = ids_take(s);
    /* An answer goes out right after this COMMIT when nothing is before it: then it is `sending`
     * from the start. */
    int goes = row->answer && !lane->staged && TAILQ_EMPTY(&lane->rows) && row->not_before <= now &&
               outgoing_may_go(row);
    row->state = goes ? OUTBOX_SENDING : OUTBOX_QUEUED;
    row->on_disk = goes;
    row->attempted_at = goes ? now : 0;
    lane->staged++;
    if (insert(o, row, n) != BOT_OK) {
        outgoing_free(row);
        return BOT_EIO;
    }
    stage(ev, STAGED_OUT)->out = row;
    return BOT_OK;
}

/* Where a text of more than 4,000 characters is cut: after a line, else after a word, else between
 * characters. */
static size_t cut(const char *text, size_t len)
{
    size_t bytes = 0, chars = 0;
    if (len <= TEXT_CHARS_MAX) return len; /* a character is a byte at least */
    while (bytes < len && chars < TEXT_CHARS_MAX) {
        bytes++;
        while (bytes < len && ((unsigned char)text[bytes] & 0xc0) == 0x80) bytes++;
        chars++;
    }
    if (bytes == len) return len;
    for (size_t i = bytes; i > bytes / 2; i--)
        if (text[i - 1] == '\n') return i;
    for (size_t i = bytes; i > bytes / 2; i--)
        if (text[i - 1] == ' ') return i;
    return bytes;
}

int outbox_add(struct outbox *o, struct event *ev, const struct outbox_new *n)
{
    const char *text = n->text ? n->text : "";
    size_t len = strlen(text);
    int rc = BOT_OK, is_first = 1;
    while (rc == BOT_OK && len) {
        size_t part = cut(text, len), shown = part;
        while (shown && (text[shown - 1] == '\n' || text[shown - 1] == ' ')) shown--;
        if (shown) {
            rc = add_part(o, ev, n, text, shown, is_first);
            is_first = 0;
        }
        text += part;
        len -= part;
    }
    return rc == BOT_OK && is_first && n->media ? add_part(o, ev, n, "", 0, 1) : rc;
}

/* ---- at a start ------------------------------------------------------------------------------ */

static void load_row(struct outbox *o, sqlite3_stmt *st)
{
    struct outgoing *row = xcalloc(1, sizeof *row);
    row->id = sqlite3_column_int64(st, 0);
    row->state = (enum outbox_state)sqlite3_column_int(st, 1);
    row->lane = lane_of(o, db_text(st, 2), db_text(st, 3), db_text(st, 4));
    row->text = xstrdup(db_text(st, 5));
    row->send_id = xstrdup((const char *)sqlite3_column_text(st, 6));
    row->answer = sqlite3_column_int(st, 7);
    row->not_before = sqlite3_column_int64(st, 8);
    row->expires = sqlite3_column_int64(st, 9);
    row->created_at = sqlite3_column_int64(st, 10);
    row->attempted_at = sqlite3_column_int64(st, 11);
    row->store = sqlite3_column_int64(st, 12);
    row->person = sqlite3_column_int64(st, 13);
    row->media = sqlite3_column_int64(st, 14);
    row->quote = xstrdup((const char *)sqlite3_column_text(st, 15));
    row->on_disk = row->resolving =
        row->state == OUTBOX_SENDING; /* nobody knows whether it went out */
    row->lane->staged++;
    outbox_accept(o, row);
}

int outbox_load(struct outbox *o)
{
    sqlite3_stmt *st = db_query(&o->host->db, LOAD, "");
    int rc;
    while ((rc = db_step(&o->host->db, st)) == 1) load_row(o, st);
    return rc;
}
