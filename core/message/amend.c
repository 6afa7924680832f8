/* amend.c - see amend.h.
 *
 * Whoever edits or takes back must be in the chat that the message came from: an id alone proves
 * nothing. What was masked stays masked. */
#include "amend.h"

#include <stdio.h>

#include "../host.h"
#include "../people/people.h"

/* ?1 is the row's key, ?2 the person; or it came under the same id, before two were one. One that
 * is still open keeps its text until it is done. */
static const char EDIT[] =
    "UPDATE inbox SET edited = ?5 WHERE key = ?1 AND (person = ?2 OR lid = ?3 OR phone = ?4)"
    " AND text <> '•••' AND edited IS NOT '•••'";
static const char REVOKE[] =
    "UPDATE inbox SET edited = '•••', text = CASE WHEN state < 2 THEN text ELSE '•••' END,"
    " attached = CASE WHEN state < 2 THEN attached END WHERE key = ?1 AND (person = ?2 OR lid = ?3 OR phone = ?4)";

/* A customer's message has another key than one of our side's phone. */
static void key_of(const struct arrival *a, char kind, char *out, size_t cap)
{
    snprintf(out, cap, "%s/%s/%c/%s", a->gateway, a->session ? a->session : "", kind, a->native_id);
}

static int amend(struct host *h, const struct arrival *a, const char *sql, const char *text)
{
    static const char kinds[] = { 'm', 'o' };
    int64_t person = people_known(h, a->phone, a->lid);
    if (!person) return 0;
    for (size_t i = 0; i < sizeof kinds; i++) {
        char key[512];
        key_of(a, kinds[i], key, sizeof key);
        if (db_exec(&h->db, sql, text ? "sisss" : "siss", key, person, a->lid, a->phone, text))
            return -1;
    }
    return 0;
}

int amend_edit(struct host *h, const struct arrival *a)
{
    return amend(h, a, EDIT, a->text ? a->text : "");
}

int amend_revoke(struct host *h, const struct arrival *a)
{
    return amend(h, a, REVOKE, NULL);
}
