/* own_number.c - see own_number.h. */
#include "own_number.h"

#include <stdio.h>
#include <string.h>

#include "../base/log.h"
#include "../base/text.h"
#include "../host.h"
#include "../people/people.h"

/* Kept, so that a number is its store's also while its gateway is not there to say so. */
static const char KEEP[] =
    "INSERT INTO sessions(gateway, session, no_new_until, store) VALUES (?1, ?2, 0, ?3)"
    " ON CONFLICT DO UPDATE SET store = excluded.store";
static const char TOLD[] = "SELECT phone FROM sessions WHERE gateway = ?1 AND session = ?2";
static const char TELL[] =
    "INSERT INTO sessions(gateway, session, no_new_until, phone) VALUES (?1, ?2, 0, ?3)"
    " ON CONFLICT DO UPDATE SET phone = excluded.phone";
static const char KEPT[] = "SELECT store FROM sessions WHERE gateway = ?1 AND session = ?2";

int own_number_bind(struct gateway *gw, const char *session, const char *code)
{
    struct host *h = gw->plugin->host;
    char *copy = code && *code ? arena_strdup(&gw->plugin->arena, code) : NULL;
    map_put(&gw->own_numbers, session, copy);
    if (db_exec(&h->db, KEEP, "sss", gw->plugin->name, session, copy) != 0) return BOT_EIO;
    return !copy || stores_by_code(h, copy) ? BOT_OK : BOT_ENOENT;
}

/* Who runs the bot from the very phone that it answers on would be answered by nobody: what that
 * phone writes is the bot's own. */
static void look_for_super(struct host *h, const char *session, const char *phone)
{
    char line[200];
    for (size_t i = 0; i < h->super_admin_count; i++) {
        if (strcmp(h->super_admins[i], phone) != 0) continue;
        snprintf(line, sizeof line,
                 "[core] super_admin is the bot's own number (session %.40s): it cannot write to "
                 "itself; use another phone's number",
                 session);
        if (strstr(buf_str(&h->problems), line)) continue;
        log_warn("people", line);
        buf_addf(&h->problems, "%s\n", line);
        host_publish_soon(h);
    }
}

int own_number_told(struct host *h, const char *gateway, const char *session, const char *phone)
{
    char number[20];
    if (text_phone(phone, number, sizeof number)) return BOT_EINVAL;
    sqlite3_stmt *st = db_query(&h->db, TOLD, "ss", gateway, session);
    int is_known = db_step(&h->db, st) == 1 && !strcmp(db_text(st, 0), number);
    db_done(st);
    if (!is_known && db_exec(&h->db, TELL, "sss", gateway, session, number) != 0) return BOT_EIO;
    look_for_super(h, session, number);
    return BOT_OK;
}

void own_number_guess(struct event *ev)
{
    int64_t own = own_number_store(ev);
    ev->member_seen = -1;
    ev->own_store = own;
    ev->stores_active = own ? 1 : stores_active(ev->host);
    if (own > 0)
        stores_load(ev, own);
    else if (!own && ev->stores_active == 1)
        stores_load_only(ev);
    else if (!own)
        stores_load_last(ev);
    people_load_roles(ev);
}

int64_t own_number_of(struct host *h, const char *gateway, const char *session)
{
    const struct gateway *gw = gateway ? registry_gateway(h->registry, gateway) : NULL;
    char code[16] = "";
    if (gw && gw->plugin->started) {
        if (!gw->own_numbers.count) return 0;
        const char *bound = map_get(&gw->own_numbers, session ? session : "");
        snprintf(code, sizeof code, "%s", bound ? bound : "");
    } else if (gateway) {
        sqlite3_stmt *st = db_query(&h->db, KEPT, "ss", gateway, session ? session : "");
        if (db_step(&h->db, st) == 1) snprintf(code, sizeof code, "%s", db_text(st, 0));
        db_done(st);
    }
    if (!code[0]) return 0;
    int64_t store = stores_by_code(h, code);
    return store ? store : -1;
}

int64_t own_number_store(struct event *ev)
{
    return own_number_of(ev->host, ev->gateway, ev->session);
}

int own_number_hides(struct event *ev, const char *gateway, const char *session)
{
    if (ev->in_group) return 1;
    if (!strcmp(gateway, ev->gateway ? ev->gateway : "") &&
        !strcmp(session, ev->session ? ev->session : ""))
        return 0;
    return ev->own_store || own_number_of(ev->host, gateway, session);
}
