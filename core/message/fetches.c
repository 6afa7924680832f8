/* fetches.c - see fetches.h.
 *
 * A fetch goes queued -> asked -> writing -> over. What it found is kept with its event until that
 * is freed, and written to the journal by the turn in which the event runs: when that turn is lost
 * the event runs again and writes it again. Nothing of it has to survive a crash: the URL stays in
 * the journal until then, and is asked for again.
 *
 * At most FETCHES_MAX are asked or writing. Only the first event of a chat is ever looked at, so a
 * chat with a hundred pictures takes its turns with all the others. */
#include "fetches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../calls.h"
#include "../host.h"
#include "../lent.h"
#include "../storage/pool.h"
#include "attached.h"
#include "inbox.h"
#include "../storage/media.h"

enum { FETCHES_MAX = 4, FETCH_MS = 20 * 1000 };

enum fetch_state { FETCH_QUEUED, FETCH_ASKED, FETCH_WRITING, FETCH_OVER };

struct fetch {
    TAILQ_ENTRY(fetch) link; /* in `queued`, or in `open` while it is asked or written */
    struct event *ev;        /* owns it */
    enum fetch_state state;
    int64_t id;           /* never used again */
    int64_t asked_at;     /* it counts from here */
    struct event *asking; /* the gateway's event; a reference */
    struct media_file file;
    char error[120]; /* "" = the file is there */
};
TAILQ_HEAD(fetch_list, fetch);

struct fetches {
    struct fetch_list queued, open; /* open: by asked_at */
    unsigned open_count;
    int64_t last_id;
};

struct fetches *fetches_new(void)
{
    struct fetches *all = xcalloc(1, sizeof *all);
    TAILQ_INIT(&all->queued);
    TAILQ_INIT(&all->open);
    return all;
}

void fetches_free(struct host *h)
{
    free(h->fetches);
    h->fetches = NULL;
}

static void unlink_fetch(struct fetch *f)
{
    struct fetches *all = f->ev->host->fetches;
    if (f->state == FETCH_QUEUED) TAILQ_REMOVE(&all->queued, f, link);
    if (f->state == FETCH_ASKED || f->state == FETCH_WRITING) {
        TAILQ_REMOVE(&all->open, f, link);
        all->open_count--;
    }
    f->state = FETCH_OVER;
    if (f->asking) event_unref(f->asking);
    f->asking = NULL;
}

void fetch_free(struct fetch *f)
{
    unlink_fetch(f);
    free(f);
}

/* Whatever became of it, its chat goes on. */
static void end(struct fetch *f, const char *error)
{
    snprintf(f->error, sizeof f->error, "%s", error ? error : "");
    unlink_fetch(f);
    if (f->ev->chat) chat_make_ready(&f->ev->host->loop, f->ev->chat);
}

/* ---- holding --------------------------------------------------------------------------------- */

static int queue(struct event *ev)
{
    struct fetches *all = ev->host->fetches;
    struct fetch *f = xcalloc(1, sizeof *f);
    f->ev = ev;
    f->id = ++all->last_id;
    ev->fetch = f;
    TAILQ_INSERT_TAIL(&all->queued, f, link);
    return 1;
}

/* In the turn that runs the event: what was found becomes part of it. */
static int note(struct event *ev, const struct fetch *f)
{
    struct attached *a = ev->attached;
    a->url = NULL;
    a->media = 0;
    a->error = *f->error ? f->error : NULL;
    if (!*f->error) {
        a->media = media_insert(ev->host, &f->file, a->name);
        a->size = f->file.size;
        a->type = f->file.type;
        if (a->media < 0) return -1;
    }
    return inbox_attach(ev->host, ev);
}

int fetch_holds(struct event *ev)
{
    if (!ev->attached || ev->kind != EVENT_MESSAGE) return 0;
    if (!ev->fetch) return ev->attached->url ? queue(ev) : 0;
    if (ev->fetch->state != FETCH_OVER) return 1;
    if (note(ev, ev->fetch) == 0) return 0;
    ev->host->loop.lost = 1;
    chat_make_ready(&ev->host->loop, ev->chat);
    return 1;
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct asking {
    const struct gateway *gateway;
    const struct fetch *fetch;
};

static int ask(struct event *ev, void *arg)
{
    const struct asking *a = arg;
    const struct event *of = a->fetch->ev;
    struct bot_fetch file = { .size = sizeof file,
                              .id = a->fetch->id,
                              .session = of->session ? of->session : "",
                              .url = of->attached->url,
                              .max_bytes = media_max_bytes(of->host) };
    return a->gateway->spec.fetch(&ev->ctx, &file);
}

static const struct gateway *who_can_fetch(const struct host *h, const char *gateway)
{
    const struct gateway *g = gateway ? registry_gateway(h->registry, gateway) : NULL;
    return g && g->spec.fetch && g->plugin->started && !g->plugin->quarantined ? g : NULL;
}

static struct fetch *find(const struct fetches *all, int64_t id)
{
    struct fetch *f;
    TAILQ_FOREACH(f, &all->open, link)
    if (f->id == id) return f;
    return NULL;
}

static void begin(struct host *h, struct fetch *f)
{
    struct fetches *all = h->fetches;
    struct asking a = { who_can_fetch(h, f->ev->gateway), f };
    int64_t id = f->id;
    TAILQ_REMOVE(&all->queued, f, link);
    TAILQ_INSERT_TAIL(&all->open, f, link);
    all->open_count++;
    f->state = FETCH_ASKED;
    f->asked_at = clock_ms();
    if (!a.gateway) {
        end(f, "its gateway cannot fetch files");
        return;
    }
    struct event *ev = event_new(h, EVENT_GATEWAY);
    f->asking = ev;
    ev->refs++;
    int verdict = event_invoke(ev, a.gateway->plugin, BOT_NO_STORE, ask, &a, "fetch");
    event_step_reset(ev);
    event_unref(ev);
    f = find(all, id);
    if (f && f->state == FETCH_ASKED && verdict != BOT_LATER)
        end(f, "its gateway could not ask for it");
}

void fetches_committed(struct host *h)
{
    struct fetch *f;
    while (!h->stopping && h->fetches->open_count < FETCHES_MAX &&
           (f = TAILQ_FIRST(&h->fetches->queued)))
        begin(h, f);
}

void fetches_expire(struct host *h, int64_t now)
{
    struct fetch *f;
    while ((f = TAILQ_FIRST(&h->fetches->open)) &&
           (f->asked_at + FETCH_MS <= now || f->asked_at > now)) { /* a clock may be put back */
        struct event *asking = f->asking;
        if (asking) asking->refs++;
        end(f, "it did not come in time");
        if (!asking) continue;
        calls_end_all(h, asking, BOT_ETIMEDOUT);
        event_unref(asking);
    }
}

int64_t fetches_next_due(const struct host *h)
{
    const struct fetch *f = TAILQ_FIRST(&h->fetches->open);
    return f ? f->asked_at + FETCH_MS : INT64_MAX;
}

/* ---- what came ------------------------------------------------------------------------------- */

static void end_too_large(struct fetch *f)
{
    char error[60];
    snprintf(error, sizeof error, "larger than %zu MB", media_max_bytes(f->ev->host) >> 20);
    end(f, error);
}

static int written(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct host *h = ((struct event *)ctx)->host;
    int64_t id;
    memcpy(&id, data, sizeof id);
    struct fetch *f = find(h->fetches, id);
    if (!f || f->state != FETCH_WRITING) return BOT_HANDLED;
    if (r->status == BOT_OK && r->body_len == sizeof f->file) {
        memcpy(&f->file, r->body, sizeof f->file);
        end(f, NULL);
        return BOT_HANDLED;
    }
    if (r->status == BOT_EIO)
        log_error("media", "a file could not be written", LOG_INT("message", f->ev->id));
    end(f, r->status == BOT_EINVAL ? "not a picture" : "it could not be written");
    return BOT_HANDLED;
}

int fetch_came(struct event *ev, int64_t id, const void *bytes, size_t len, const char *error)
{
    struct host *h = ev->host;
    struct fetch *f = find(h->fetches, id);
    if (!f || f->state != FETCH_ASKED) return BOT_EGONE;
    if (len > media_max_bytes(h)) {
        end_too_large(f);
        return BOT_OK;
    }
    if (!bytes || !len) {
        end(f, bytes ? "it is empty" : error && *error ? error : "it cannot be had");
        return BOT_OK;
    }
    struct call *c = call_new(ev, CALL_JOB, written, &id, sizeof id);
    c->job = xcalloc(1, sizeof *c->job);
    c->job->id = c->id;
    c->job->run = media_write;
    c->job->event = f->ev->id;
    c->job->held = lent_or_copied(ev, &bytes, len);
    c->job->input =
        media_pack_write(media_folder(h, &ev->step), attached_claims_picture(f->ev->attached),
                         bytes, len, &c->job->input_len);
    c->job->out_cap = sizeof(struct media_file);
    snprintf(c->job->plugin, sizeof c->job->plugin, "%s", ev->plugin->name);
    snprintf(c->job->build, sizeof c->job->build, "%s", ev->plugin->library->build);
    f->state = FETCH_WRITING;
    call_start(h, c);
    return BOT_OK;
}
