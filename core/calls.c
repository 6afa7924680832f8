/* calls.c - see calls.h. */
#include "calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "host.h"
#include "http/client.h"
#include "plugin/stats.h"
#include "storage/pool.h"
#include "storage/statement.h"

struct calls *calls_new(void)
{
    struct calls *c = xcalloc(1, sizeof *c);
    c->next_id = 1;
    return c;
}

void calls_free(struct calls *c)
{
    if (!c) return;
    size_t at = 0;
    for (struct call *call; (call = map_next(&c->by_id, &at, NULL));) {
        map_remove_id(&c->by_id, call->id);
        if (call->started) TAILQ_REMOVE(&call->event->call_list, call, link);
        call_free(call);
    }
    map_free(&c->by_id);
    free(c->heap);
    free(c);
}

struct call *call_new(struct event *ev, enum call_kind kind, bot_done_fn *done, const void *data,
                      size_t len)
{
    struct call *c = xcalloc(1, sizeof *c + len + 1);
    c->id = ev->host->loop.calls->next_id++;
    c->kind = kind;
    c->event = ev;
    ev->refs++;
    c->plugin = ev->plugin;
    c->plugin->pending++;
    c->scope = ev->scope;
    c->done = done;
    c->data = len ? memcpy(c + 1, data, len) : NULL;
    c->data_len = len;
    return c;
}

void call_free(struct call *c)
{
    if (!c) return;
    http_job_free(c->http);
    pool_job_free(c->job);
    free(c->file_name);
    c->plugin->pending--;
    event_unref(c->event);
    free(c);
}

struct call *call_find(struct calls *c, uint64_t id)
{
    return map_get_id(&c->by_id, id);
}

/* ---- timers: a binary heap by due time ------------------------------------------------------- */

static void heap_put(struct calls *c, size_t i, struct call *call)
{
    c->heap[i] = call;
    call->heap_index = i + 1;
}

static void heap_up(struct calls *c, size_t i)
{
    struct call *call = c->heap[i];
    for (; i && c->heap[(i - 1) / 2]->due > call->due; i = (i - 1) / 2)
        heap_put(c, i, c->heap[(i - 1) / 2]);
    heap_put(c, i, call);
}

static void heap_down(struct calls *c, size_t i)
{
    struct call *call = c->heap[i];
    for (size_t k; (k = 2 * i + 1) < c->timer_count; i = k) {
        if (k + 1 < c->timer_count && c->heap[k + 1]->due < c->heap[k]->due) k++;
        if (c->heap[k]->due >= call->due) break;
        heap_put(c, i, c->heap[k]);
    }
    heap_put(c, i, call);
}

static void heap_add(struct calls *c, struct call *call)
{
    if (c->timer_count == c->timer_cap) {
        c->timer_cap = c->timer_cap ? c->timer_cap * 2 : 16;
        c->heap = xrealloc(c->heap, c->timer_cap * sizeof *c->heap);
    }
    c->heap[c->timer_count] = call;
    heap_up(c, c->timer_count++);
}

static void heap_remove(struct calls *c, struct call *call)
{
    if (!call->heap_index) return;
    size_t i = call->heap_index - 1;
    struct call *last = c->heap[--c->timer_count];
    call->heap_index = 0;
    if (last == call) return;
    heap_put(c, i, last);
    heap_up(c, i);
    heap_down(c, last->heap_index - 1);
}

int64_t calls_next_due(const struct calls *c)
{
    return c->timer_count ? c->heap[0]->due : INT64_MAX;
}

/* ---- starting and ending --------------------------------------------------------------------- */

void call_start(struct host *h, struct call *call)
{
    struct calls *c = h->loop.calls;
    map_put_id(&c->by_id, call->id, call);
    TAILQ_INSERT_TAIL(&call->event->call_list, call, link);
    call->started = 1;
    c->pending++;
    if (call->kind == CALL_HTTP) {
        struct http_job *job = call->http;
        call->http = NULL;
        h->ports.http_submit(h->ports.ctx, job);
    } else if (call->kind == CALL_JOB || call->kind == CALL_STORE) {
        struct pool_job *job = call->job;
        call->job = NULL;
        h->ports.job_submit(h->ports.ctx, job);
    } else if (call->kind == CALL_RELOAD) {
        reload_ask_call(h, call->id);
    } else {
        heap_add(c, call);
    }
}

static struct completion *complete_now(struct host *h, struct call *call, int status)
{
    heap_remove(h->loop.calls, call);
    call->ended = 1;
    struct completion *back = xcalloc(1, sizeof *back);
    back->call = call->id;
    back->status = status;
    TAILQ_INSERT_TAIL(&h->loop.consuming, back, link);
    return back;
}

void call_reloaded(struct host *h, uint64_t id, int status, const char *sentence)
{
    struct call *call = call_find(h->loop.calls, id);
    if (!call || call->ended) return;
    complete_now(h, call, status)->text = xstrdup(sentence);
}

int call_end(struct host *h, uint64_t id, int status)
{
    struct call *call = call_find(h->loop.calls, id);
    if (!call || call->ended) return BOT_EGONE;
    if (call->kind == CALL_HTTP) h->ports.http_cancel(h->ports.ctx, id);
    complete_now(h, call, status);
    return BOT_OK;
}

void calls_end_all(struct host *h, struct event *ev, int status)
{
    struct call *call;
    TAILQ_FOREACH(call, &ev->call_list, link) call_end(h, call->id, status);
}

void calls_end_of(struct host *h, const struct plugin *p, int status)
{
    size_t at = 0;
    for (struct call *call; (call = map_next(&h->loop.calls->by_id, &at, NULL));)
        if (call->plugin == p) call_end(h, call->id, status);
}

void calls_end_started(struct host *h, const struct plugin *p)
{
    size_t at = 0;
    for (struct call *call; (call = map_next(&h->loop.calls->by_id, &at, NULL));)
        if (call->plugin == p && call->event->kind == EVENT_START)
            call_end(h, call->id, BOT_ECANCELED);
}

void calls_describe(const struct host *h, const struct plugin *p, struct buf *out)
{
    static const char *const names[] = { [CALL_HTTP] = "http",
                                         [CALL_JOB] = "work",
                                         [CALL_TIMER] = "timer",
                                         [CALL_RELOAD] = "reload",
                                         [CALL_STORE] = "store" };
    unsigned count[BOT_COUNT(names)] = { 0 };
    size_t at = 0, n = 0;
    for (const struct call *call; (call = map_next(&h->loop.calls->by_id, &at, NULL));)
        if (call->plugin == p) count[call->kind]++;
    for (size_t kind = CALL_HTTP; kind < BOT_COUNT(names); kind++)
        if (count[kind]) buf_addf(out, "%s%u %s", n++ ? ", " : "", count[kind], names[kind]);
}

void calls_fire(struct host *h, int64_t now)
{
    struct calls *c = h->loop.calls;
    while (c->timer_count && c->heap[0]->due <= now) complete_now(h, c->heap[0], BOT_OK);
}

/* ---- completion ------------------------------------------------------------------------------ */

static void result_of(struct bot_result *r, const struct completion *back)
{
    static const int http_status[] = { BOT_OK, BOT_EIO, BOT_ETIMEDOUT, BOT_ECANCELED, BOT_EIO };
    r->size = sizeof *r;
    r->status = back->status;
    r->error = "";
    r->body = "";
    if (back->http) {
        const struct http_job *job = back->http;
        if (r->status == BOT_OK) r->status = http_status[job->error];
        r->http_status = job->status;
        r->too_large = job->error == HTTP_ETOOBIG;
        r->sent = (uint32_t)job->sent;
        r->body = buf_str(&job->answer);
        r->body_len = job->answer.len;
        r->error = job->message;
    } else if (back->job) {
        if (r->status == BOT_OK) r->status = back->job->status;
        r->body = back->job->output ? back->job->output : "";
        r->body_len = back->job->output_len;
        r->error = back->job->message;
    } else if (back->text) {
        r->body = r->error = back->text;
        r->body_len = strlen(back->text);
    } else if (r->status != BOT_OK) {
        r->sent = 1; /* ended while it was on its way: nobody knows */
        r->error = r->status == BOT_ETIMEDOUT ? "no answer in time" : "cancelled";
    }
}

struct done_call {
    struct call *call;
    const struct bot_result *result;
};

static int run_done(struct event *ev, void *arg)
{
    struct done_call *d = arg;
    return d->call->done(&ev->ctx, d->result, d->call->data);
}

int call_complete(struct event *ev, struct call *call, struct completion *back)
{
    struct bot_result result = { 0 };
    struct bot_rows rows = { .ev = ev, .at = -1 };
    result_of(&result, back);
    if (back->job && back->job->rows) {
        rows.set = back->job->rows;
        result.rows = &rows;
    }
    if (call->kind == CALL_STORE) call_stored(ev, call, &result);
    ev->status = result.status;
    struct done_call d = { call, &result };
    ev->lender = back;
    ev->lent_rows = result.rows;
    int verdict = event_invoke(ev, call->plugin, call->scope, run_done, &d, "done");
    ev->lender = NULL;
    ev->lent_rows = NULL;
    ev->status = BOT_OK;
    if (verdict >= BOT_PASS && verdict <= BOT_LATER && verdict != BOT_FAIL && !ev->abort_text)
        return verdict;
    if (!ev->abort_text) call->plugin->stats->errors++;
    if (verdict < 0 || verdict > BOT_LATER)
        log_warn("plugin", "a completion failed", LOG_STR("plugin", call->plugin->name),
                 LOG_INT("code", verdict));
    return BOT_FAIL;
}
