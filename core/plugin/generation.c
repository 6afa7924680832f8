/* generation.c - see generation.h. */
#include "generation.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/config.h"
#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../calls.h"
#include "../host.h"
#include "../message/texts.h"
#include "../storage/statement.h"
#include "api.h"
#include "stats.h"

enum { SWEEP_MS = 10 };

/* ---- made and freed -------------------------------------------------------------------------- */

static void ledger_begin(struct plugin *p)
{
    STAILQ_INIT(&p->commands);
    STAILQ_INIT(&p->hooks);
    STAILQ_INIT(&p->dialogs);
    STAILQ_INIT(&p->schedules);
    STAILQ_INIT(&p->routes);
    STAILQ_INIT(&p->services);
    STAILQ_INIT(&p->person_columns);
    STAILQ_INIT(&p->media_columns);
}

/* "super-admin" has tables whose names begin with "super_admin_". */
static const char *prefix_of(struct arena *arena, const char *name)
{
    char *prefix = arena_printf(arena, "%s_", name);
    for (char *s = prefix; *s; s++)
        if (*s == '-') *s = '_';
    return prefix;
}

/* The host's own part of it; the plugin is not asked yet. */
static struct plugin *plugin_new(struct host *h, struct library *lib)
{
    struct plugin *p = xcalloc(1, sizeof *p);
    const struct bot_manifest *m = lib->manifest;
    ledger_begin(p);
    p->host = h;
    p->library = lib;
    p->manifest = m;
    p->name = arena_strdup(&p->arena, lib->name);
    p->version = arena_strdup(&p->arena, m->version);
    p->table_prefix = prefix_of(&p->arena, lib->name);
    p->generation = ++h->generations_made;
    p->stats = stats_of(h, p->name);
    TAILQ_INSERT_TAIL(&h->generations, p, link);
    return p;
}

static int read_texts(struct plugin *p, char *problem, size_t cap)
{
    const struct bot_manifest *m = p->manifest;
    char error[300];
    if (m->size < offsetof(struct bot_manifest, texts) + sizeof m->texts || !m->texts) return 0;
    if ((p->texts = texts_parse(m->texts, error, sizeof error))) return 0;
    snprintf(problem, cap, "%s: its texts: %s", p->name, error);
    return -1;
}

static int run_init(struct plugin *p, char *problem, size_t cap)
{
    p->initialising = 1;
    crash_enter(p->host->crash, CRASH_LOAD, 0, p->name, p->library->build, "init");
    int rc = p->manifest->init(&host_api, (struct bot_plugin *)(void *)p);
    crash_leave(p->host->crash);
    p->initialising = 0;
    if (rc == BOT_OK && !p->problem) return 0;
    snprintf(problem, cap, "%s: %s", p->name,
             p->problem ? p->problem : "its init() failed; its log may say why");
    return -1;
}

struct plugin *generation_new(struct host *h, struct library *lib)
{
    struct plugin *p = plugin_new(h, lib);
    if (read_texts(p, lib->problem, sizeof lib->problem) == 0 &&
        run_init(p, lib->problem, sizeof lib->problem) == 0) {
        p->stats->generations++;
        return p;
    }
    p->library = NULL; /* the caller's */
    generation_free(p);
    return NULL;
}

void generation_free(struct plugin *p)
{
    if (!p) return;
    assert(!p->pending || p->host->closing);
    if (p->phase >= PLUGIN_DRAINING) p->host->retired--;
    for (size_t i = 0; i < p->use_count; i++) p->uses[i]->plugin->users--;
    TAILQ_REMOVE(&p->host->generations, p, link);
    statements_free(p);
    texts_free(p->texts);
    if (p->phase == PLUGIN_STAGED && p->library && p->library->copy)
        unlink(p->library->copy); /* it never ran: what is mapped needs no name */
    library_free(p->library, p->host->close_libraries && !p->given_up);
    map_free(&p->settings);
    if (p->gateway) map_free(&p->gateway->own_numbers);
    arena_free(&p->arena);
    free(p);
}

struct plugin *generation_known(struct host *h, const void *handle)
{
    struct plugin *p;
    TAILQ_FOREACH(p, &h->generations, link)
    if ((const void *)p == handle) return p;
    return NULL;
}

void generations_free_all(struct host *h)
{
    struct plugin *p;
    TAILQ_FOREACH(p, &h->generations, link) p->use_count = 0; /* in whichever order they go */
    while ((p = TAILQ_FIRST(&h->generations))) generation_free(p);
}

/* ---- its section of bot.ini ------------------------------------------------------------------ */

void generation_declare(const struct plugin *p, struct config *config)
{
    struct config_key *keys = xcalloc(p->config_count + 1, sizeof *keys);
    for (size_t k = 0; k < p->config_count; k++) {
        const struct bot_config_spec *spec = &p->config[k];
        keys[k] = (struct config_key){ p->name,    spec->key,       (int)spec->type, spec->fallback,
                                       spec->min,  spec->max,       spec->choices,   spec->env,
                                       spec->help, (int)spec->named };
    }
    config_declare(config, p->name, keys, p->config_count);
    free(keys);
}

/* Its settings in order: those of [NAME], then those of each [NAME.X], whose keys are "X.KEY". 1,
 * or 0 past the last. */
struct setting_at {
    const char *name; /* X, or NULL */
    size_t next_name, key;
    char section[120], whole[120];
};

static int setting_next(const struct plugin *p, const struct config *config, struct setting_at *at)
{
    for (;; at->key++) {
        while (at->key >= p->config_count) {
            at->name = config_name(config, p->name, at->next_name++);
            at->key = 0;
            if (!at->name || !p->config_count) return 0;
        }
        const struct bot_config_spec *spec = &p->config[at->key];
        if (at->name && !spec->named) continue;
        snprintf(at->section, sizeof at->section, "%s%s%s", p->name, at->name ? "." : "",
                 at->name ? at->name : "");
        snprintf(at->whole, sizeof at->whole, "%s%s%s", at->name ? at->name : "",
                 at->name ? "." : "", spec->key);
        return 1;
    }
}

void generation_read_settings(struct plugin *p, const struct config *config)
{
    struct setting_at at = { 0 };
    for (; setting_next(p, config, &at); at.key++) {
        struct setting *s = arena_zalloc(&p->arena, sizeof *s);
        const char *key = p->config[at.key].key;
        s->text = arena_strdup(&p->arena, config_text(config, at.section, key));
        s->number = config_int(config, at.section, key);
        map_put(&p->settings, at.whole, s);
    }
    while (config_name(config, p->name, p->name_count)) p->name_count++;
    p->names = arena_zalloc(&p->arena, (p->name_count + 1) * sizeof *p->names);
    for (size_t i = 0; i < p->name_count; i++)
        p->names[i] = arena_strdup(&p->arena, config_name(config, p->name, i));
}

int generation_has_settings(const struct plugin *p, const struct config *config)
{
    struct setting_at at = { 0 };
    size_t count = 0;
    for (; setting_next(p, config, &at); at.key++, count++) {
        const struct setting *s = map_get(&p->settings, at.whole);
        const char *key = p->config[at.key].key;
        if (!s || strcmp(s->text, config_text(config, at.section, key)) != 0 ||
            s->number != config_int(config, at.section, key))
            return 0;
    }
    return count == p->settings.count;
}

void generation_set(struct plugin *p, const char *key, const char *value)
{
    struct setting *s = map_get(&p->settings, key);
    if (s) s->text = arena_strdup(&p->arena, value);
}

const struct setting *generation_setting(const struct plugin *p, const char *key)
{
    return map_get(&p->settings, key);
}

/* ---- what it requires ------------------------------------------------------------------------ */

void generation_settle(struct plugin *p, const struct registry *r)
{
    const char *list = p->manifest->requires_services;
    p->phase = PLUGIN_RUNNING;
    if (!list || p->uses) return;
    char *names = arena_strdup(&p->arena, list), *rest = NULL;
    p->uses = arena_zalloc(&p->arena, (strlen(list) / 2 + 1) * sizeof *p->uses);
    for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        const struct service *s = map_get(&r->services, name);
        if (!s || !s->plugin || s->plugin == p) continue; /* the core's own are always there */
        p->uses[p->use_count++] = s;
        s->plugin->users++;
    }
}

const struct service *generation_uses(const struct plugin *p, const char *service)
{
    for (size_t i = 0; i < p->use_count; i++)
        if (!strcmp(p->uses[i]->name, service)) return p->uses[i];
    return NULL;
}

/* ---- start and stop -------------------------------------------------------------------------- */

static int run_start(struct event *ev, void *arg)
{
    return ((struct plugin *)arg)->manifest->start(&ev->ctx);
}

static int start_step(struct event *ev, void *arg)
{
    int rc = event_invoke(ev, arg, BOT_ALL_STORES, run_start, arg, "start");
    return rc == BOT_OK || rc == BOT_HANDLED || rc == BOT_LATER ? BOT_HANDLED : BOT_FAIL;
}

int generation_start(struct plugin *p)
{
    if (p->manifest->size < offsetof(struct bot_manifest, stop) || !p->manifest->start) {
        p->started = 1;
        return 0;
    }
    struct event *ev = event_new(p->host, EVENT_START);
    p->started = loop_run_step(p->host, ev, start_step, p) == BOT_HANDLED;
    event_unref(ev);
    return p->started ? 0 : -1;
}

static int run_stop(struct event *ev, void *arg)
{
    ((struct plugin *)arg)->manifest->stop(&ev->ctx);
    return BOT_OK;
}

static int stop_step(struct event *ev, void *arg)
{
    event_invoke(ev, arg, BOT_ALL_STORES, run_stop, arg, "stop");
    return BOT_HANDLED;
}

void generation_stop(struct plugin *p)
{
    int runs = p->started;
    p->started = 0;
    if (!runs || p->manifest->size < offsetof(struct bot_manifest, texts) || !p->manifest->stop)
        return;
    struct event *ev = event_new(p->host, EVENT_START);
    loop_run_step(p->host, ev, stop_step, p);
    event_unref(ev);
}

/* Somebody who has not been stopped may still call its services. */
static int is_needed(const struct host *h, const struct plugin *p)
{
    const struct plugin *q;
    TAILQ_FOREACH(q, &h->generations, link)
    for (size_t i = 0; q->started && i < q->use_count; i++)
        if (q->uses[i]->plugin == p) return 1;
    return 0;
}

void generations_stop_all(struct host *h)
{
    struct plugin *p;
    for (int more = 1; more;) {
        more = 0;
        TAILQ_FOREACH_REVERSE(p, &h->generations, plugin_list, link)
        {
            if (!p->started || is_needed(h, p)) continue;
            generation_stop(p);
            more = 1;
        }
    }
}

/* ---- out of use ------------------------------------------------------------------------------ */

void generation_retire(struct plugin *p, int64_t now)
{
    p->phase = PLUGIN_DRAINING;
    calls_end_started(p->host, p); /* nobody waits for these: the new one has its own */
    p->host->retired++;
    p->drain_until = now + config_int(p->host->config, "core", "drain");
}

static int is_idle(const struct plugin *p)
{
    return p->phase == PLUGIN_DRAINING && !p->pending && !p->users;
}

void generations_drain(struct host *h, int64_t now)
{
    struct plugin *p;
    TAILQ_FOREACH(p, &h->generations, link)
    {
        if (p->phase != PLUGIN_DRAINING || !p->pending || p->drain_until > now) continue;
        log_warn("reload", "a generation did not come to its end in time: its calls are cancelled",
                 LOG_STR("plugin", p->name), LOG_INT("generation", p->generation),
                 LOG_INT("pending", p->pending));
        p->drain_until = INT64_MAX;
        p->given_up = 1;
        calls_end_of(h, p, BOT_ECANCELED);
    }
}

void generations_stop_idle(struct host *h)
{
    struct plugin *p;
    TAILQ_FOREACH(p, &h->generations, link)
    {
        if (!is_idle(p)) continue;
        p->drain_until = INT64_MAX; /* its stop() can begin nothing any more */
        generation_stop(p);
        p->phase = PLUGIN_STOPPED; /* when the turn is lost its stop() has run all the same */
        if (h->loop.lost) return;
    }
}

void generations_sweep(struct host *h)
{
    struct plugin *p, *next;
    if (h->old_registries) registry_sweep(h);
    h->sweep_at = INT64_MAX;
    for (p = TAILQ_FIRST(&h->generations); p; p = next) {
        next = TAILQ_NEXT(p, link);
        if (p->phase != PLUGIN_STOPPED) continue;
        if (p->holders) { /* another thread reads an old registry: not for long */
            h->sweep_at = clock_ms() + SWEEP_MS;
            continue;
        }
        log_info("reload", "a generation has ended", LOG_STR("plugin", p->name),
                 LOG_STR("version", p->version), LOG_INT("generation", p->generation));
        generation_free(p);
    }
}

int64_t generations_next_due(const struct host *h)
{
    int64_t due = h->sweep_at;
    const struct plugin *p;
    TAILQ_FOREACH(p, &h->generations, link)
    {
        if (is_idle(p)) return 0;
        if (p->phase == PLUGIN_DRAINING && p->pending && p->drain_until < due) due = p->drain_until;
    }
    return due;
}
