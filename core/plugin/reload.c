/* reload.c - see reload.h. */
#include "reload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/config.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../calls.h"
#include "../host.h"
#include "../message/dialog.h"
#include "../message/outbox.h"
#include "../storage/migrate.h"

enum { GENERATIONS_MAX = 10000, GENERATIONS_MANY = 1000 };

/* Settings that are only read when the process starts. */
static const struct {
    const char *section, *key;
} fixed[RELOAD_FIXED] = {
    { "core", "listen" },       { "core", "data_dir" }, { "core", "log_file" },
    { "core", "http_threads" }, { "database", "url" },
};

void reload_open(struct host *h)
{
    for (size_t i = 0; i < BOT_COUNT(fixed); i++)
        h->reload.fixed[i] =
            arena_strdup(&h->words, config_text(h->config, fixed[i].section, fixed[i].key));
}

/* ---- asking ---------------------------------------------------------------------------------- */

void reload_ask(struct host *h)
{
    h->reload.asked = 1;
}

static void ask_for(struct host *h, uint64_t connection, uint64_t call)
{
    struct reload_waiter *w = xcalloc(1, sizeof *w);
    w->connection = connection;
    w->call = call;
    w->next = h->reload.next_waiters;
    h->reload.next_waiters = w;
    reload_ask(h);
}

void reload_ask_control(struct host *h, uint64_t connection)
{
    ask_for(h, connection, 0);
}

void reload_ask_call(struct host *h, uint64_t call)
{
    ask_for(h, 0, call);
}

void reload_ask_all(struct host *h)
{
    h->reload.all = 1;
    reload_ask(h);
}

void reload_ask_with(struct host *h, struct config *config)
{
    config_free(h->reload.given);
    h->reload.given = config;
    reload_ask(h);
}

/* ---- what is told ---------------------------------------------------------------------------- */

/* The lines of `text` as one, divided by "; ". */
static char *one_line(const struct buf *text)
{
    struct buf out = { 0 };
    buf_adds(&out, "");
    for (const char *s = buf_str(text); *s; s++) {
        if (*s != '\n')
            buf_addc(&out, *s);
        else if (s[1])
            buf_adds(&out, "; ");
    }
    return buf_take(&out);
}

/* ["line", "line"] of lines of text. */
static void add_list(struct buf *out, const char *lines)
{
    buf_addc(out, '[');
    for (const char *end; *lines; lines = *end ? end + 1 : end) {
        end = strchr(lines, '\n');
        if (!end) end = lines + strlen(lines);
        buf_add_json(out, lines, (size_t)(end - lines));
        if (*end && end[1]) buf_addc(out, ',');
    }
    buf_addc(out, ']');
}

static void tell_waiters(struct host *h, const char *result, const char *lines)
{
    struct reload *r = &h->reload;
    int ok = strcmp(result, "refused") != 0;
    struct buf line = { 0 };
    buf_addf(&line,
             "{\"ok\":%s,\"result\":\"%s\",\"reload\":%" PRIu64 ",\"%s\":", ok ? "true" : "false",
             result, r->number, ok ? "changes" : "errors");
    add_list(&line, lines);
    if (!ok) buf_adds(&line, ",\"error\":\"the reload was refused: everything is as it was\"");
    buf_addc(&line, '}');
    for (struct reload_waiter *w; (w = r->waiters);) {
        r->waiters = w->next;
        if (w->connection)
            h->ports.control_send(h->ports.ctx, w->connection, line.data, line.len, 1);
        else
            call_reloaded(h, w->call, ok ? BOT_OK : BOT_EINVAL, lines);
        free(w);
    }
    buf_free(&line);
}

/* Which old generations have not come to their end, and what they wait for. */
static void add_draining(const struct host *h, struct buf *out)
{
    const struct plugin *p;
    TAILQ_FOREACH(p, &h->generations, link)
    {
        if (p->phase != PLUGIN_DRAINING || !p->pending) continue;
        buf_addf(out, "%s%s %s (generation %u: ", out->len ? ", " : "", p->name, p->version,
                 p->generation);
        calls_describe(h, p, out);
        buf_addc(out, ')');
    }
}

/* How long the loop has stood still for this step, as far as it has come. */
static void note_pause(struct reload *r)
{
    int64_t us = clock_mono() - r->step_began;
    if (us > r->pause_us) r->pause_us = us;
}

static const char *ms_of(int64_t us, char out[24])
{
    snprintf(out, 24, "%" PRId64 ".%" PRId64, us / 1000, us % 1000 / 100);
    return out;
}

static void end(struct host *h, const char *result, const struct buf *text)
{
    struct reload *r = &h->reload;
    struct buf draining = { 0 };
    char ms[24], pause[24], *sentence = one_line(text);
    note_pause(r);
    ms_of(clock_mono() - r->began, ms);
    ms_of(r->pause_us, pause);
    if (!strcmp(result, "refused")) {
        r->refused++;
        log_error("reload", "reload", LOG_STR("result", result), LOG_INT("number", r->number),
                  LOG_STR("cause", sentence), LOG_STR("ms", ms), LOG_STR("pause_ms", pause));
    } else {
        add_draining(h, &draining);
        log_info("reload", "reload", LOG_STR("result", result), LOG_INT("number", r->number),
                 LOG_STR("changes", sentence), LOG_STR("draining", buf_str(&draining)),
                 LOG_STR("ms", ms), LOG_STR("pause_ms", pause));
        if (!strcmp(result, "ok"))
            r->ok++;
        else
            r->unchanged++;
    }
    tell_waiters(h, result, buf_str(text));
    buf_free(&draining);
    free(sentence);
    containment_forgive(h, 0);
    lineup_free(&r->lineup);
    config_free(r->config);
    buf_free(&r->problems);
    buf_free(&r->changes);
    r->config = NULL;
    r->running = 0;
    host_publish_soon(h);
}

static void refuse(struct host *h)
{
    end(h, "refused", &h->reload.problems);
}

static int has_config_errors(struct reload *r)
{
    size_t count = config_error_count(r->config);
    for (size_t i = 0; i < count; i++) buf_addf(&r->problems, "%s\n", config_error(r->config, i));
    return count > 0;
}

/* ---- what changes ---------------------------------------------------------------------------- */

/* What the process was started with, of a setting that is only read then; NULL: it is not one. */
static const char *started_with(const struct host *h, const struct config_key *k)
{
    for (size_t i = 0; i < BOT_COUNT(fixed); i++)
        if (!strcmp(fixed[i].section, k->section) && !strcmp(fixed[i].key, k->key))
            return h->reload.fixed[i];
    return NULL;
}

static void add_settings(const struct host *h, const struct reload *r, struct buf *out)
{
    for (const struct config_key *k = config_core_keys; k->section; k++) {
        const char *now = config_text(r->config, k->section, k->key);
        const char *start = started_with(h, k);
        if (!strcmp(config_text(h->config, k->section, k->key), now)) continue;
        buf_addf(out, "[%s] %s%s\n", k->section, k->key,
                 start && strcmp(start, now) != 0 ? " needs a restart of the bot" : "");
    }
}

static void add_entry(const struct lineup_entry *e, struct buf *out)
{
    const struct plugin *p = e->plugin, *old = e->old;
    static const char *const why[] = {
        [LINEUP_FILE] = "its file",
        [LINEUP_SECTION] = "its section of bot.ini",
        [LINEUP_DEPENDS] = "a service that it needs",
        [LINEUP_RECOVERED] = "another chance",
        [LINEUP_AGAIN] = "asked for",
    };
    if (!old)
        buf_addf(out, "%s %s on (generation %u)\n", p->name, p->version, p->generation);
    else if (strcmp(old->version, p->version) != 0)
        buf_addf(out, "%s %s -> %s (generation %u)\n", p->name, old->version, p->version,
                 p->generation);
    else
        buf_addf(out, "%s %s (generation %u: %s)\n", p->name, p->version, p->generation,
                 why[e->change]);
}

/* One line for each change. */
static void describe(const struct host *h, struct reload *r)
{
    const struct registry *now = h->registry, *next = r->lineup.registry;
    struct buf *out = &r->changes;
    size_t kept = 0, staged = 0;
    for (size_t i = 0; i < r->lineup.count; i++) {
        const struct lineup_entry *e = &r->lineup.entries[i];
        if (e->plugin == e->old) continue;
        add_entry(e, out);
        staged++;
    }
    for (size_t i = 0; i < now->plugin_count; i++)
        if (!registry_plugin(next, now->plugins[i]->name))
            buf_addf(out, "%s off\n", now->plugins[i]->name);
        else
            kept++;
    if (!staged && kept == now->plugin_count && lineup_has_changes(&r->lineup))
        buf_adds(out, "the order of the plugins\n");
    add_settings(h, r, out);
}

/* ---- the one transaction --------------------------------------------------------------------- */

/* 1: an older generation of the same plugin uses its tables. */
static int replaces(const struct host *h, const struct plugin *p)
{
    const struct plugin *other;
    TAILQ_FOREACH(other, &h->generations, link)
    {
        int is_used = other->phase == PLUGIN_RUNNING || other->phase == PLUGIN_DRAINING;
        if (is_used && !other->quarantined && !strcmp(other->name, p->name)) return 1;
    }
    return 0;
}

static int migrate_staged(struct host *h, struct reload *r)
{
    for (size_t i = 0; i < r->lineup.order_count; i++) {
        struct plugin *p = r->lineup.order[i]->plugin;
        struct buf why = { 0 };
        if (p->phase != PLUGIN_STAGED) continue;
        int rc = migrate_in_turn(h, p, replaces(h, p), &why);
        if (rc < 0) lineup_tell(&r->problems, p->name, buf_str(&why));
        buf_free(&why);
        if (rc < 0) return -1;
    }
    return 0;
}

static int start_staged(struct host *h, struct reload *r)
{
    for (size_t i = 0; i < r->lineup.order_count; i++) {
        struct plugin *p = r->lineup.order[i]->plugin;
        if (p->phase != PLUGIN_STAGED || generation_start(p) == 0) continue;
        if (!h->loop.lost)
            buf_addf(&r->problems, "%s: its start() failed; its log may say why\n", p->name);
        return -1;
    }
    return 0;
}

static void swap(struct host *h, struct registry *registry, struct config *config)
{
    h->registry = registry;
    h->config = config;
    outbox_gateways_changed(h->outbox);
}

/* What start() has made is given back, in a transaction that is then dropped. */
static void stop_staged(struct host *h, struct reload *r)
{
    if (loop_group_begin(&h->loop) < 0) return;
    for (size_t i = r->lineup.order_count; i--;)
        if (r->lineup.order[i]->plugin->phase == PLUGIN_STAGED)
            generation_stop(r->lineup.order[i]->plugin);
    loop_group_end(&h->loop, 0);
}

/* 0: it is on disk, and the lineup runs. -1: all is as it was; problems say why. */
static int commit(struct host *h, struct reload *r)
{
    struct registry *old = h->registry;
    struct config *old_config = h->config;
    int rc = loop_group_begin(&h->loop);
    if (rc == 0) {
        swap(h, r->lineup.registry, r->config);
        rc = migrate_staged(h, r) < 0 || start_staged(h, r) < 0 || containment_clear(h) < 0 ||
                     lineup_remember(&r->lineup) < 0
                 ? -1
                 : 0;
        if (rc < 0)
            swap(h, old, old_config);
        else
            outbox_gateways_changed(h->outbox); /* those that have just been started */
        if (loop_group_end(&h->loop, rc == 0) < 0 && rc == 0) {
            swap(h, old, old_config);
            rc = -1;
        }
        if (rc < 0) stop_staged(h, r);
    }
    if (rc < 0 && !r->problems.len)
        buf_addf(&r->problems, "the database cannot be written: %s\n", h->db.error);
    if (rc < 0) return -1;
    r->config = old_config; /* end() frees it */
    r->lineup.registry = NULL;
    return 0;
}

static void warn_of_many(struct host *h)
{
    uint32_t thousands = h->generations_made / GENERATIONS_MANY;
    if (thousands == h->reload.warned) return;
    h->reload.warned = thousands;
    log_warn("reload", "many generations of plugins were loaded; a restart gives their memory back",
             LOG_INT("generations", h->generations_made));
}

/* Nothing else has changed; but whoever asks gives everybody another chance. */
static void forget_crashes(struct host *h)
{
    if (!containment_has_crashes(h) || loop_group_begin(&h->loop) < 0) return;
    int rc = containment_clear(h);
    if (loop_group_end(&h->loop, rc == 0) == 0 && rc == 0) containment_cleared(h);
}

/* After COMMIT: what runs from now on, and what is on its way out. */
static void settle(struct host *h, const struct registry *old)
{
    int64_t now = clock_ms();
    for (size_t i = 0; i < h->registry->plugin_count; i++)
        generation_settle(h->registry->plugins[i], h->registry);
    for (size_t i = 0; i < old->plugin_count; i++) {
        struct plugin *p = old->plugins[i];
        if (registry_plugin(h->registry, p->name) != p) generation_retire(p, now);
    }
    registry_publish(h, h->registry);
    host_read_settings(h);
    log_set_level_name(config_text(h->config, "core", "log_level"));
    dialogs_renew(h);
    containment_cleared(h);
    buf_clear(&h->problems);
    h->loop.schedule_at = h->loop.due_at = 0;
    outbox_start(h->outbox);
    warn_of_many(h);
}

/* ---- the steps ------------------------------------------------------------------------------- */

/* Each takes memory and a few of the mappings that a process may have (65,530 on Linux). */
static int has_too_many(struct host *h, struct reload *r)
{
    if (h->generations_made < GENERATIONS_MAX) return 0;
    buf_addf(
        &r->problems,
        "%u generations of plugins have been loaded since the start, and the code of each stays: "
        "restart the bot at a quiet moment\n",
        h->generations_made);
    return 1;
}

static void probe_entry(struct host *h, struct lineup_entry *e)
{
    struct reload *r = &h->reload;
    if (!h->ports.probe) {
        lineup_copy(&r->lineup, e);
        return;
    }
    struct plugin_probe *p = xcalloc(1, sizeof *p);
    p->host = h;
    p->reload = r->number;
    p->library = lineup_library(&r->lineup, e);
    r->probing++;
    h->ports.probe(h->ports.ctx, p);
}

static void begin(struct host *h)
{
    struct reload *r = &h->reload;
    r->asked = 0;
    r->running = 1;
    r->number++;
    r->began = clock_mono();
    r->pause_us = 0;
    r->waiters = r->next_waiters;
    r->next_waiters = NULL;
    r->config = r->given ? r->given : config_reread(h->config);
    r->given = NULL;
    config_check(r->config);
    lineup_new(&r->lineup, h, r->config, &r->problems);
    if (r->all) lineup_renew_all(&r->lineup);
    r->all = 0;
    if (has_config_errors(r) || has_too_many(h, r)) {
        refuse(h);
        return;
    }
    if (strcmp(config_text(h->config, "core", "data_dir"),
               config_text(r->config, "core", "data_dir")) != 0) {
        buf_addf(&r->problems,
                 "%s: [core] data_dir cannot change while the bot runs: restart the bot\n",
                 config_origin(r->config, "core", "data_dir"));
        refuse(h);
        return;
    }
    for (size_t i = 0; i < r->lineup.count; i++)
        if (!r->lineup.entries[i].plugin) probe_entry(h, &r->lineup.entries[i]);
}

/* Every changed file has been tried. */
static void finish(struct host *h)
{
    struct reload *r = &h->reload;
    struct registry *old = h->registry;
    if (r->lineup.refused) {
        refuse(h);
        return;
    }
    containment_forgive(h, 1);
    lineup_load(&r->lineup);
    if (has_config_errors(r) || r->lineup.refused) {
        refuse(h);
        return;
    }
    lineup_index(&r->lineup);
    lineup_check_config(&r->lineup);
    if (has_config_errors(r) || r->lineup.refused) {
        refuse(h);
        return;
    }
    describe(h, r);
    if (!r->changes.len) {
        buf_clear(&h->problems); /* whoever was left out is no longer asked for */
        forget_crashes(h);
        end(h, "unchanged", &r->changes);
        return;
    }
    if (host_open_gateways(h, r->lineup.registry, r->config, &r->problems) < 0 ||
        commit(h, r) < 0) {
        refuse(h);
        return;
    }
    settle(h, old);
    end(h, "ok", &r->changes);
}

int reload_has_work(const struct host *h)
{
    const struct reload *r = &h->reload;
    return !r->closed && (r->running ? !r->probing : r->asked);
}

void reload_step(struct host *h)
{
    struct reload *r = &h->reload;
    r->step_began = clock_mono();
    if (!r->running) begin(h);
    if (r->running && !r->probing) finish(h);
    note_pause(r);
}

void probe_free(struct plugin_probe *p)
{
    if (!p) return;
    library_free(p->library, 0);
    free(p);
}

void reload_probed(struct plugin_probe *p)
{
    struct reload *r = &p->host->reload;
    struct lineup_entry *e = NULL;
    for (size_t i = 0; r->running && p->reload == r->number && i < r->lineup.count; i++)
        if (!strcmp(r->lineup.entries[i].name, p->library->name)) e = &r->lineup.entries[i];
    if (e) {
        r->probing--;
        if (*p->library->problem) {
            lineup_refuse(&r->lineup, e, p->library->problem);
        } else {
            e->library = p->library;
            p->library = NULL;
        }
        loop_wake(&p->host->loop);
    }
    probe_free(p);
}

void reload_free(struct host *h)
{
    struct reload *r = &h->reload;
    if (r->running) lineup_free(&r->lineup);
    for (struct reload_waiter *w; (w = r->waiters ? r->waiters : r->next_waiters);) {
        *(r->waiters ? &r->waiters : &r->next_waiters) = w->next;
        free(w);
    }
    config_free(r->config);
    config_free(r->given);
    buf_free(&r->problems);
    buf_free(&r->changes);
}
