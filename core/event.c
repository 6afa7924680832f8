/* event.c - see event.h. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "base/clock.h"
#include "base/log.h"
#include "host.h"
#include "message/fetches.h"
#include "plugin/api.h"
#include "plugin/stats.h"
#include "storage/statement.h"

enum { SLOW_US = 50000 };

struct event *event_new(struct host *h, enum event_kind kind)
{
    struct event *ev = xcalloc(1, sizeof *ev);
    ev->ctx.api = &host_api;
    ev->host = h;
    ev->kind = kind;
    ev->phase = kind == EVENT_GATEWAY ? PHASE_SEND : PHASE_EVENT;
    ev->refs = 1;
    ev->scope = BOT_NO_STORE;
    ev->language = __atomic_load_n(&h->language, __ATOMIC_ACQUIRE);
    ev->timezone = __atomic_load_n(&h->timezone, __ATOMIC_ACQUIRE);
    TAILQ_INIT(&ev->staged);
    TAILQ_INIT(&ev->call_list);
    return ev;
}

void event_unref(struct event *ev)
{
    if (--ev->refs) return;
    staged_drop(ev->host, &ev->staged);
    if (ev->fetch) fetch_free(ev->fetch);
    loop_chat_unref(&ev->host->loop, ev->chat);
    buf_free(&ev->reply);
    arena_free(&ev->arena);
    arena_free(&ev->step);
    free(ev);
}

void event_step_reset(struct event *ev)
{
    rows_close_since(ev, NULL);
    staged_drop(ev->host, &ev->staged);
    if (ev->reply.len > ev->said_len) {
        ev->reply.len = ev->said_len;
        ev->reply.data[ev->reply.len] = 0;
    }
    ev->abort_text = NULL;
    ev->mask = 0;
    arena_reset(&ev->step);
}

static void measure(struct plugin *p, const char *what, int64_t us)
{
    stats_count_call(p->stats, what, us);
    if (us > SLOW_US)
        log_warn("plugin", "a callback held the loop", LOG_STR("plugin", p->name),
                 LOG_STR("callback", what), LOG_INT("ms", us / 1000));
}

/* What is being run, for whoever reads the crash page. */
static enum crash_kind kind_of(const struct event *ev, const char *what, int64_t *id)
{
    *id = ev->id;
    switch (ev->kind) {
    case EVENT_GATEWAY:
        *id = (int64_t)ev->request;
        return CRASH_SEND;
    case EVENT_START:
        return !strcmp(what, "stop")    ? CRASH_STOP
               : !strcmp(what, "start") ? CRASH_START
                                        : CRASH_REQUEST;
    case EVENT_ROUTE:
        return CRASH_REQUEST;
    default:
        return CRASH_EVENT;
    }
}

int event_invoke(struct event *ev, struct plugin *plugin, uint32_t scope,
                 int (*fn)(struct event *ev, void *arg), void *arg, const char *what)
{
    struct crash_page *page = ev->host->crash;
    struct plugin *outer = ev->plugin;
    uint32_t outer_scope = ev->scope;
    struct bot_rows *mark = ev->rows;
    int64_t id;
    ev->plugin = plugin;
    ev->ctx.state = plugin->state;
    ev->scope = scope;
    enum crash_kind kind = kind_of(ev, what, &id);
    int64_t start = clock_mono();
    crash_enter(page, kind, id, plugin->name, plugin->library->build, what);
    int verdict = fn(ev, arg);
    crash_leave(page);
    measure(plugin, what, clock_mono() - start);
    rows_close_since(ev, mark);
    ev->plugin = outer;
    ev->ctx.state = outer ? outer->state : NULL;
    ev->scope = outer_scope;
    return verdict;
}

static int run_handler(struct event *ev, void *arg)
{
    return (*(bot_handler_fn **)arg)(&ev->ctx);
}

int event_call(struct event *ev, struct plugin *plugin, uint32_t scope, bot_handler_fn *fn,
               const char *what)
{
    int verdict = event_invoke(ev, plugin, scope, run_handler, &fn, what);
    if (verdict >= BOT_PASS && verdict <= BOT_LATER && verdict != BOT_FAIL && !ev->abort_text)
        return verdict;
    if (!ev->abort_text) plugin->stats->errors++;
    if (verdict < 0 || verdict > BOT_LATER)
        log_warn("plugin", "a callback failed", LOG_STR("plugin", plugin->name),
                 LOG_STR("callback", what), LOG_INT("code", verdict));
    return BOT_FAIL;
}
