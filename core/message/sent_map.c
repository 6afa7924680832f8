/* sent_map.c - our messages by the network's id: whose they are, what they said, how far they came.
 * See outbox.h. */
#include <stdio.h>
#include <string.h>

#include "../base/arena.h"
#include "../host.h"
#include "../storage/statement.h"
#include "lanes.h"

static const char ACK[] =
    "UPDATE outbox SET ack = CASE WHEN ?4 = -1 THEN -1 ELSE max(ifnull(ack, 0), ?4) END"
    " WHERE native_id = ?3 AND gateway = ?1 AND session = ?2 AND ack IS NOT -1";
static const char STORE_OF[] =
    "SELECT store FROM outbox WHERE native_id = ?3 AND gateway = ?1 AND session = ?2";
static const char BY_ROW[] = "SELECT store, text, tag FROM outbox WHERE id = ?1";
static const char QUOTED[] =
    "SELECT store, text, tag FROM outbox WHERE native_id = ?3 AND gateway = ?1 AND session = ?2";

int outbox_ack(struct outbox *o, const char *gateway, const char *session, const char *native_id,
               int ack)
{
    if (!native_id || !*native_id) return 0;
    struct session *s = session_find(o, gateway, session);
    if (db_exec(&o->host->db, ACK, "sssi", gateway, session ? session : "", native_id,
                (int64_t)ack) != 0)
        return -1;
    if (s) acks_came(o, s, native_id, ack, db_changes(&o->host->db) > 0);
    return 0;
}

int64_t outbox_store_of(struct outbox *o, const char *gateway, const char *session,
                        const char *native_id)
{
    return native_id ? db_int(&o->host->db, 0, STORE_OF, "sss", gateway, session ? session : "",
                              native_id)
                     : 0;
}

/* A row that went out, or may have before a crash, and has no outcome: who quotes it has it. 0:
 * none of this chat's. */
static int64_t on_its_way(const struct outbox *o, const char *gateway, const char *session,
                          const char *chat, const char *send_id)
{
    char key[600];
    snprintf(key, sizeof key, "%s/%s/%s", gateway, session ? session : "", chat ? chat : "");
    const struct lane *lane = map_get(&o->lanes, key);
    const struct outgoing *row;
    if (!lane) return 0;
    TAILQ_FOREACH(row, &lane->rows, link)
    if (row->send_id && !strcmp(row->send_id, send_id)) return row->id;
    return 0;
}

int outbox_quoted(struct outbox *o, const char *gateway, const char *session, const char *chat,
                  const char *native_id, int64_t *store, const char **text, const char **tag,
                  struct arena *arena)
{
    struct db *db = &o->host->db;
    int64_t row = on_its_way(o, gateway, session, chat, native_id);
    sqlite3_stmt *st =
        row ? db_query(db, BY_ROW, "i", row)
            : db_query(db, QUOTED, "sss", gateway, session ? session : "", native_id);
    if (db_step(db, st) != 1) return 0;
    *store = sqlite3_column_int64(st, 0);
    *text = arena_strdup(arena, db_text(st, 1));
    *tag = arena_strdup(arena, (const char *)sqlite3_column_text(st, 2));
    db_done(st);
    return 1;
}
