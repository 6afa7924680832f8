/* requests.c - requests to plugins' routes, run in a turn and answered after it. On the loop. */
#include "base/buf.h"
#include "dispatch.h"
#include "host.h"

static int route_step(struct event *ev, void *arg)
{
    (void)arg;
    return dispatch_route(ev);
}

void request_refuse(struct loop *l, struct event *ev, int status)
{
    static const char FAILED[] = "{\"ok\":false,\"error\":\"the request failed\"}";
    if (ev->connection) {
        l->host->ports.control_send(l->host->ports.ctx, ev->connection, FAILED, sizeof FAILED - 1,
                                    0);
        return;
    }
    struct http_request *request = host_request_take(l->host, ev->request);
    if (request) l->host->ports.answer(l->host->ports.ctx, request, status, NULL, "", 0, 0);
}

/* Requests are not journaled: one whose turn is lost is answered 503. */
void requests_run(struct loop *l)
{
    for (struct event *ev; !l->lost && (ev = TAILQ_FIRST(&l->serving));) {
        TAILQ_REMOVE(&l->serving, ev, link);
        TAILQ_INSERT_TAIL(&l->served, ev, link);
        int verdict = loop_step(l, ev, route_step, NULL);
        int is_silent =
            verdict == BOT_HANDLED && !ev->connection; /* if it has not responded, it never will */
        ev->status = verdict == BOT_FAIL || is_silent ? 500 : verdict == BOT_PASS ? 404 : 0;
    }
}

/* After the turn and what it responded: what was not answered is. `status` 0: what each deserves.
 */
void requests_finish(struct loop *l, int status)
{
    for (struct event *ev; (ev = TAILQ_FIRST(&l->served));) {
        TAILQ_REMOVE(&l->served, ev, link);
        if (status || ev->status) request_refuse(l, ev, status ? status : ev->status);
        ev->status = BOT_OK;
        event_unref(ev);
    }
}
