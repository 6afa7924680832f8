/* arrivals.c - messages that came in: into the journal in the turn, their webhooks answered after
 * it. On the loop. */
#include <stdlib.h>

#include "base/buf.h"
#include "host.h"
#include "message/inbox.h"
#include "message/late.h"

/* By WhatsApp's timestamp, which only decides among what came in one turn (I4); stable otherwise.
 */
static void sort_arrivals(struct arrival_list *list)
{
    struct arrival_list sorted = TAILQ_HEAD_INITIALIZER(sorted);
    for (struct arrival *a; (a = TAILQ_FIRST(list));) {
        TAILQ_REMOVE(list, a, link);
        struct arrival *b = TAILQ_LAST(&sorted, arrival_list);
        while (b && b->sent_at > a->sent_at) b = TAILQ_PREV(b, arrival_list, link);
        if (b)
            TAILQ_INSERT_AFTER(&sorted, b, a, link);
        else
            TAILQ_INSERT_HEAD(&sorted, a, link);
    }
    TAILQ_CONCAT(list, &sorted, link);
}

void arrivals_journal(struct loop *l)
{
    struct host *h = l->host;
    sort_arrivals(&l->journaling);
    late_begin(h);
    struct arrival *a;
    TAILQ_FOREACH(a, &l->journaling, link)
    {
        struct event *ev = NULL;
        if (inbox_journal(h, a, &ev) < 0) {
            if (ev) event_unref(ev);
            l->lost = 1;
            return;
        }
        if (!ev) continue;
        struct staged *s = xcalloc(1, sizeof *s);
        s->kind = STAGED_EVENT;
        s->event = ev;
        TAILQ_INSERT_TAIL(&l->committed, s, link);
    }
    if (late_end(h) < 0) l->lost = 1;
}

void arrivals_answer(struct loop *l, int status)
{
    static const char OK_BODY[] = "{\"ok\":true}";
    struct host *h = l->host;
    struct arrival *a, *next;
    for (a = TAILQ_FIRST(&l->journaling); a; a = next) {
        next = TAILQ_NEXT(a, link);
        struct http_ticket *t = a->ticket;
        if (!t && status != 200) continue; /* nobody would bring it again */
        TAILQ_REMOVE(&l->journaling, a, link);
        if (t && --t->waiting == 0) {
            h->ports.answer(h->ports.ctx, t->request, status, NULL, status == 200 ? OK_BODY : "",
                            status == 200 ? sizeof OK_BODY - 1 : 0, status == 200 ? 0 : 2);
            free(t);
        }
        free(a);
    }
}
