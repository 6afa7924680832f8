/* api_later.c - asynchronous calls for plugins. See plugin.h for the contracts, calls.h for what
 * becomes of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../calls.h"
#include "../host.h"
#include "../lent.h"
#include "../http/client.h"
#include "../message/inbox.h"
#include "../storage/pool.h"
#include "../storage/statement.h"
#include "api.h"

enum {
    PENDING_MAX = 20000,
    HTTP_TIMEOUT_MS = 30000,
    HTTP_BYTES = 1 << 20,
    RESUME_MAX = 64 << 10,
    DEADLINE_MS = 60000,
    DATA_MAX = 1 << 20
};

static const int64_t DELAY_MAX_MS = 100LL * 365 * 86400 * 1000;

/* A staged call starts when the turn commits; a gateway's send() is past its commit already. */
int64_t call_stage(struct event *ev, struct call *c)
{
    if (ev->phase == PHASE_SEND) {
        int64_t id = (int64_t)c->id;
        call_start(ev->host, c);
        return id;
    }
    stage(ev, STAGED_CALL)->call = c;
    return (int64_t)c->id;
}

int call_allowed(struct event *ev, const char *function, bot_done_fn *done, const void *data,
                 size_t len)
{
    int rc = api_in_event(ev, function);
    if (rc != BOT_OK) return rc;
    if (!done || len > DATA_MAX || (len && !data)) return BOT_EINVAL;
    /* Its time is over; or it would go on with what its successor does already. */
    if (ev->plugin->drain_until == INT64_MAX ||
        (ev->plugin->phase >= PLUGIN_DRAINING && ev->kind == EVENT_START))
        return BOT_ECANCELED;
    return ev->host->loop.calls->pending < PENDING_MAX ? BOT_OK : BOT_EBUSY;
}

int64_t call_begin(struct event *ev, int kind, const char *function, bot_done_fn *done,
                   const void *data, size_t len)
{
    int rc = call_allowed(ev, function, done, data, len);
    return rc != BOT_OK ? rc : call_stage(ev, call_new(ev, (enum call_kind)kind, done, data, len));
}

static void take_body(struct event *ev, struct http_job *job, const struct bot_http *r)
{
    struct buf b = { 0 };
    if (!r->body) return;
    job->held = lent_hold(ev, r->body, r->body_len);
    if (r->head) buf_add(&b, r->head, r->head_len);
    job->middle_at = b.len;
    if (!job->held) {
        buf_reserve(&b, r->body_len + r->tail_len);
        buf_add(&b, r->body, r->body_len);
    } else {
        job->middle = r->body;
        job->middle_len = r->body_len;
    }
    if (r->tail) buf_add(&b, r->tail, r->tail_len);
    job->body_len = b.len;
    job->body = buf_take(&b);
}

int64_t api_http(struct bot_ctx *ctx, const struct bot_http *request, bot_done_fn *done,
                 const void *data, size_t len)
{
    struct event *ev = event_of(ctx);
    int rc = call_allowed(ev, "http", done, data, len);
    if (rc != BOT_OK) return rc;
    struct bot_http r = { 0 };
    if (!request) return BOT_EINVAL;
    memcpy(&r, request, request->size < sizeof r ? request->size : sizeof r);
    if (!r.url) return BOT_EINVAL;
    struct call *c = call_new(ev, CALL_HTTP, done, data, len);
    struct http_job *job = xcalloc(1, sizeof *job);
    job->id = c->id;
    job->method = xstrdup(r.method ? r.method : r.body ? "POST" : "GET");
    job->url = xstrdup(r.url);
    job->headers = xstrdup(r.headers);
    take_body(ev, job, &r);
    job->timeout_ms = r.timeout_ms ? r.timeout_ms : HTTP_TIMEOUT_MS;
    job->max_bytes = r.max_bytes ? r.max_bytes : HTTP_BYTES;
    c->http = job;
    return call_stage(ev, c);
}

int64_t api_timer(struct bot_ctx *ctx, int64_t delay_ms, bot_done_fn *done, const void *data,
                  size_t len)
{
    struct event *ev = event_of(ctx);
    int rc = call_allowed(ev, "timer", done, data, len);
    if (rc != BOT_OK) return rc;
    struct call *c = call_new(ev, CALL_TIMER, done, data, len);
    c->due = clock_ms() + (delay_ms < 0 ? 0 : delay_ms > DELAY_MAX_MS ? DELAY_MAX_MS : delay_ms);
    return call_stage(ev, c);
}

int64_t api_work(struct bot_ctx *ctx, const struct bot_work *work, const void *input,
                 size_t input_len, bot_done_fn *done, const void *data, size_t len)
{
    struct event *ev = event_of(ctx);
    int rc = call_allowed(ev, "work", done, data, len);
    if (rc != BOT_OK) return rc;
    struct bot_work w = { 0 };
    if (!work) return BOT_EINVAL;
    memcpy(&w, work, work->size < sizeof w ? work->size : sizeof w);
    if (!w.run) return BOT_EINVAL;
    struct call *c = call_new(ev, CALL_JOB, done, data, len);
    c->job = xcalloc(1, sizeof *c->job);
    c->job->id = c->id;
    c->job->run = w.run;
    c->job->event = ev->id;
    snprintf(c->job->plugin, sizeof c->job->plugin, "%s", ev->plugin->name);
    snprintf(c->job->build, sizeof c->job->build, "%s", ev->plugin->library->build);
    c->job->out_cap = w.out_cap;
    if ((c->job->held = lent_hold(ev, input, input_len)))
        c->job->lent = input;
    else
        c->job->input = input ? xmemdup(input, input_len) : NULL;
    c->job->input_len = input ? input_len : 0;
    return call_stage(ev, c);
}

/* $store and $person are the event's here, too. */
static void copy_args(struct event *ev, const struct statement *stmt, const struct bot_arg *args,
                      size_t n, struct pool_job *job)
{
    int has_store = 0;
    job->args = xcalloc(n + 2, sizeof *job->args);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(args[i].name, "store")) {
            if (ev->scope != BOT_ALL_STORES) continue;
            has_store = 1;
        }
        struct bot_arg a = args[i];
        a.name = xstrdup(a.name);
        a.data = a.data ? xmemdup(a.data, a.len) : NULL;
        job->args[job->arg_count++] = a;
    }
    if (stmt->store_param && !has_store) {
        struct bot_arg a = bot_int(xstrdup("store"), ev->store);
        job->args[job->arg_count++] = a;
    }
    if (stmt->person_param && ev->person) {
        struct bot_arg a = bot_int(xstrdup("person"), ev->person);
        job->args[job->arg_count++] = a;
    }
}

int64_t api_db_read(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
                    bot_done_fn *done, const void *data, size_t len)
{
    struct event *ev = event_of(ctx);
    int rc = call_allowed(ev, "db_read", done, data, len);
    if (rc == BOT_OK) rc = api_in_turn(ev, "db_read");
    if (rc != BOT_OK) return rc;
    struct statement *stmt = sql ? statement_get(ev->host, ev->plugin, sql, &rc) : NULL;
    if (!stmt) return sql ? rc : BOT_EINVAL;
    if (!stmt->readonly) return BOT_EINVAL;
    if ((rc = statement_check(ev, stmt, args, n)) != BOT_OK) return rc;
    struct call *c = call_new(ev, CALL_JOB, done, data, len);
    c->job = xcalloc(1, sizeof *c->job);
    c->job->id = c->id;
    c->job->sql = xstrdup(sql);
    copy_args(ev, stmt, args, n, c->job);
    return call_stage(ev, c);
}

int api_at(struct bot_ctx *ctx, const char *name, const char *key, int64_t when, const void *body,
           size_t len)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "at");
    if (rc != BOT_OK) return rc;
    char full[400];
    if (!name || !*name || strlen(name) > 80 || (key && strlen(key) > 200) || (!key && !when) ||
        len > DATA_MAX)
        return BOT_EINVAL;
    snprintf(full, sizeof full, "at/%s/%lld/%s/%s", ev->plugin->name, (long long)ev->store, name,
             key ? key : "");
    return inbox_emit(ev->host, ev, name, key ? full : NULL, when, body, body ? len : 0);
}

/* A call of this very step waits for COMMIT yet; its cancellation is applied right after it. */
static const struct call *staged_call(const struct event *ev, int64_t id)
{
    const struct staged *s;
    TAILQ_FOREACH(s, &ev->staged, link)
    if (s->kind == STAGED_CALL && s->call->id == (uint64_t)id) return s->call;
    return NULL;
}

int api_cancel(struct bot_ctx *ctx, int64_t id)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_event(ev, "cancel");
    if (rc != BOT_OK) return rc;
    const struct call *c = call_find(ev->host->loop.calls, (uint64_t)id);
    if (!c) c = staged_call(ev, id);
    if (!c || c->ended || c->plugin != ev->plugin) return BOT_EGONE;
    if (ev->phase == PHASE_SEND) return call_end(ev->host, (uint64_t)id, BOT_ECANCELED);
    stage(ev, STAGED_CANCEL)->id = (uint64_t)id;
    return BOT_OK;
}

int api_later(struct bot_ctx *ctx, int64_t deadline_ms, const void *blob, size_t len)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "later");
    if (rc != BOT_OK) return rc;
    if (len > RESUME_MAX) return BOT_EINVAL;
    if (deadline_ms > DELAY_MAX_MS) deadline_ms = DELAY_MAX_MS;
    ev->deadline = clock_ms() + (deadline_ms > 0 ? deadline_ms : DEADLINE_MS);
    ev->resume = blob ? arena_memdup(&ev->arena, blob, len) : NULL;
    ev->resume_len = blob ? len : 0;
    return BOT_LATER;
}
