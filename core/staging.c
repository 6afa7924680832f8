/* staging.c - what steps asked for: kept with the savepoint, dropped with it, let out after COMMIT.
 * On the loop. */
#include <stdlib.h>

#include "base/buf.h"
#include "calls.h"
#include "host.h"
#include "message/outbox.h"
#include "storage/pool.h"

struct staged *stage(struct event *ev, enum staged_kind kind)
{
    struct staged *s = xcalloc(1, sizeof *s);
    s->kind = kind;
    TAILQ_INSERT_TAIL(&ev->staged, s, link);
    return s;
}

void stage_event(struct host *h, struct event *ev)
{
    struct staged *s = xcalloc(1, sizeof *s);
    s->kind = STAGED_EVENT;
    s->event = ev;
    TAILQ_INSERT_TAIL(&h->loop.committed, s, link);
}

void stage_job(struct host *h, struct pool_job *job)
{
    struct staged *s = xcalloc(1, sizeof *s);
    s->kind = STAGED_JOB;
    s->job = job;
    TAILQ_INSERT_TAIL(&h->loop.committed, s, link);
}

static void staged_free(struct staged *s)
{
    free(s->response.type);
    free(s->response.body);
    pool_job_free(s->job);
    free(s);
}

void staged_drop(struct host *h, struct staged_list *list)
{
    (void)h;
    for (struct staged *s; (s = TAILQ_FIRST(list));) {
        TAILQ_REMOVE(list, s, link);
        if (s->kind == STAGED_CALL) call_free(s->call);
        if (s->kind == STAGED_EVENT) event_unref(s->event);
        if (s->kind == STAGED_OUT) outgoing_free(s->out);
        staged_free(s);
    }
}

static void apply_response(struct host *h, const struct response *r)
{
    if (r->connection) {
        h->ports.control_send(h->ports.ctx, r->connection, r->body, r->len, !r->more);
    } else {
        struct http_request *request = host_request_take(h, r->request);
        if (request) h->ports.answer(h->ports.ctx, request, r->status, r->type, r->body, r->len, 0);
    }
}

void staged_apply(struct loop *l)
{
    struct host *h = l->host;
    for (struct staged *s; (s = TAILQ_FIRST(&l->committed));) {
        TAILQ_REMOVE(&l->committed, s, link);
        switch (s->kind) {
        case STAGED_CALL:
            call_start(h, s->call);
            break;
        case STAGED_CANCEL:
            call_end(h, s->id, BOT_ECANCELED);
            break;
        case STAGED_EVENT:
            loop_queue(h, s->event);
            break;
        case STAGED_OUT:
            outbox_accept(h->outbox, s->out);
            break;
        case STAGED_JOB:
            h->ports.job_submit(h->ports.ctx, s->job);
            s->job = NULL;
            break;
        case STAGED_RESPONSE:
            apply_response(h, &s->response);
            break;
        }
        staged_free(s);
    }
}
