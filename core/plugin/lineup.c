/* lineup.c - see lineup.h. */
#include "lineup.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../config/config.h"
#include "../base/buf.h"
#include "../containment.h"
#include "../host.h"
#include "probe.h"

/* The build of each plugin that was loaded and started last. */
static const char KNOWN[] = "SELECT 1 FROM kv WHERE plugin = 'core' AND scope = 0 AND store = 0 AND"
                            " person = 0 AND key = 'build/' || ?1 AND value = CAST(?2 AS BLOB)";
static const char REMEMBER[] =
    "INSERT INTO kv(plugin, scope, store, person, key, value) VALUES ('core', 0, 0, 0, 'build/' || ?1,"
    " ?2) ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value";

/* ---- entries --------------------------------------------------------------------------------- */

static char *file_of(const struct host *h, const struct config_plugin *p)
{
    struct buf path = { 0 };
    if (p->path)
        buf_adds(&path, p->path);
    else
        buf_addf(&path, "%s/%s.so", h->plugin_folder, p->name);
    return buf_take(&path);
}

void lineup_new(struct lineup *l, struct host *h, struct config *config, struct buf *problems)
{
    size_t count = 0;
    const struct config_plugin *list = config_plugins(config, &count);
    *l = (struct lineup){ .host = h, .config = config, .problems = problems };
    l->entries = xcalloc(count + 1, sizeof *l->entries);
    l->order = xcalloc(count + 1, sizeof *l->order);
    for (size_t i = 0; i < count; i++) {
        if (!list[i].on) continue;
        struct lineup_entry *e = &l->entries[l->count++];
        e->name = list[i].name;
        e->file = file_of(h, &list[i]);
        e->old = h->registry ? registry_plugin(h->registry, e->name) : NULL;
        if (!e->old)
            e->change = LINEUP_NEW;
        else if (!library_is_current(e->old->library, e->file))
            e->change = LINEUP_FILE;
        else if (e->old->quarantined)
            e->change = LINEUP_RECOVERED;
        else
            e->plugin = e->old;
    }
}

void lineup_renew_all(struct lineup *l)
{
    for (size_t i = 0; i < l->count; i++) {
        struct lineup_entry *e = &l->entries[i];
        if (!e->plugin) continue;
        e->plugin = NULL;
        e->change = LINEUP_AGAIN;
    }
}

static int is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '(';
}

/* Does the sentence name the plugin already, or its file? */
static int tells_name(const char *why, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = why; (at = strstr(at, name)); at++)
        if ((at == why || !is_of_name(at[-1])) && !is_of_name(at[len])) return 1;
    return 0;
}

void lineup_tell(struct buf *problems, const char *name, const char *why)
{
    struct buf line = { 0 };
    if (!tells_name(why, name)) buf_addf(&line, "%s: ", name);
    buf_addf(&line, "%s\n", why);
    if (!strstr(buf_str(problems), buf_str(&line))) buf_adds(problems, buf_str(&line));
    buf_free(&line);
}

void lineup_refuse(struct lineup *l, struct lineup_entry *e, const char *why)
{
    lineup_tell(l->problems, e->name, why);
    if (e->plugin && e->plugin != e->old) {
        struct plugin *p = e->plugin;
        e->plugin = NULL;
        if (!p->holders) generation_free(p);
    }
    e->plugin = NULL;
    library_free(e->library, 0);
    e->library = NULL;
    e->is_left_out = LINEUP_REFUSED;
    l->refused++;
}

/* ---- loading --------------------------------------------------------------------------------- */

static char *copy_name(struct host *h, const char *name)
{
    struct buf path = { 0 };
    if (h->share_plugins) return NULL;
    buf_addf(&path, "%s/plugin-cache", h->data_dir);
    mkdir(buf_str(&path), 0700); /* again, when somebody has tidied up */
    buf_addf(&path, "/%s.%s.%u.so", name, h->instance,
             ++h->copies_made); /* with the start's own random name: never used twice */
    return buf_take(&path);
}

struct library *lineup_library(struct lineup *l, struct lineup_entry *e)
{
    char *copy = copy_name(l->host, e->name);
    struct library *lib = library_new(e->name, e->file, copy);
    free(copy);
    return lib;
}

int lineup_copy(struct lineup *l, struct lineup_entry *e)
{
    e->library = lineup_library(l, e);
    if (library_copy(e->library) == 0 && library_check(e->library) == 0) return 0;
    lineup_refuse(l, e, e->library->problem);
    return -1;
}

static int is_remembered(struct host *h, const struct library *lib)
{
    return db_int(&h->db, 0, KNOWN, "ss", lib->name, lib->build) == 1;
}

void lineup_copy_all(struct lineup *l)
{
    struct library **unknown = xcalloc(l->count + 1, sizeof *unknown);
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++) {
        struct lineup_entry *e = &l->entries[i];
        if (lineup_copy(l, e) == 0 && l->host->ports.probe && !is_remembered(l->host, e->library))
            unknown[count++] = e->library;
    }
    probe_all(unknown, count, PROBE_START_LIMIT_MS);
    for (size_t i = 0; i < l->count; i++) {
        struct lineup_entry *e = &l->entries[i];
        if (e->library && *e->library->problem) lineup_refuse(l, e, e->library->problem);
    }
    free(unknown);
}

int lineup_remember(const struct lineup *l)
{
    struct db *db = &l->host->db;
    for (size_t i = 0; i < l->count; i++) {
        const struct plugin *p = l->entries[i].plugin;
        if (!p || !p->started || !*p->library->build) continue;
        if (db_exec(db, REMEMBER, "sb", p->name, p->library->build, strlen(p->library->build)) != 0)
            return -1;
    }
    return 0;
}

/* Its content is what runs already: nothing has changed but the file's date. */
static int is_same_build(const struct lineup_entry *e)
{
    return e->change == LINEUP_FILE && !e->old->quarantined && e->library && *e->library->build &&
           !strcmp(e->library->build, e->old->library->build) &&
           !strcmp(e->file, e->old->library->file);
}

static void open_entry(struct lineup *l, struct lineup_entry *e)
{
    if (is_same_build(e)) {
        e->old->library->id = e->library->id;
        library_free(e->library, 0);
        e->library = NULL;
        e->plugin = e->old;
        e->change = LINEUP_SAME;
        return;
    }
    if (!e->library && lineup_copy(l, e) < 0) return;
    if (e->change >= LINEUP_SECTION && e->old && *e->library->build &&
        strcmp(e->library->build, e->old->library->build) != 0 && !e->old->quarantined) {
        /* Nobody has tried this one. */
        lineup_refuse(l, e, "its file changed while the reload ran: reload again");
        return;
    }
    struct host *h = l->host;
    char why[LIBRARY_PROBLEM];
    if (containment_leaves_out(h, e->library, why, sizeof why)) {
        lineup_refuse(l, e, why);
        return;
    }
    crash_enter(h->crash, CRASH_LOAD, 0, e->name, e->library->build, "constructor");
    int rc = library_open(e->library);
    crash_leave(h->crash);
    if (rc == 0) e->plugin = generation_new(h, e->library);
    if (!e->plugin) {
        lineup_refuse(l, e, e->library->problem);
        return;
    }
    e->library = NULL; /* the generation's */
    containment_judge(h, e->plugin);
}

static struct lineup_entry *provider_of(struct lineup *l, const char *service)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct service *s;
        if (!l->entries[i].plugin) continue;
        STAILQ_FOREACH(s, &l->entries[i].plugin->services, link)
        if (!strcmp(s->name, service)) return &l->entries[i];
    }
    return NULL;
}

/* Calls fn for each service that the plugin requires, until one says -1. */
static int each_requirement(const struct plugin *p, int (*fn)(void *ctx, const char *service),
                            void *ctx)
{
    const char *list = p->manifest->requires_services;
    char *copy = xstrdup(list ? list : ""), *rest = NULL;
    int rc = 0;
    for (char *name = strtok_r(copy, " ", &rest); name && rc == 0;
         name = strtok_r(NULL, " ", &rest))
        rc = fn(ctx, name);
    free(copy);
    return rc;
}

struct requirement {
    struct lineup *lineup;
    struct lineup_entry *entry;
    char *why;
    size_t cap;
};

/* -1: the service is another generation's than the one that the running plugin knows. */
static int is_as_before(void *ctx, const char *name)
{
    struct requirement *q = ctx;
    const struct service *before = map_get(&q->lineup->host->registry->services, name);
    if (before && !before->plugin) return 0;
    const struct lineup_entry *now = provider_of(q->lineup, name);
    return before && now && now->plugin == before->plugin ? 0 : -1;
}

/* A running plugin that needs a new generation although its file is the same: why, or SAME. */
static enum lineup_change changed_otherwise(struct lineup *l, struct lineup_entry *e)
{
    struct requirement q = { l, e, NULL, 0 };
    if (!generation_has_settings(e->old, l->config)) return LINEUP_SECTION;
    return each_requirement(e->old, is_as_before, &q) < 0 ? LINEUP_DEPENDS : LINEUP_SAME;
}

void lineup_load(struct lineup *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (!l->entries[i].plugin && !l->entries[i].is_left_out) open_entry(l, &l->entries[i]);
    if (!l->host->registry) return;
    for (size_t i = 0; i < l->count; i++)
        if (l->entries[i].plugin) generation_declare(l->entries[i].plugin, l->config);
    /* A value with an error reads as its default: nothing is to be made anew for that. */
    if (config_check(l->config) || l->refused) return;
    for (int more = 1; more;) {
        more = 0;
        for (size_t i = 0; i < l->count; i++) {
            struct lineup_entry *e = &l->entries[i];
            if (!e->plugin || e->plugin != e->old) continue;
            enum lineup_change change = changed_otherwise(l, e);
            if (change == LINEUP_SAME) continue;
            e->change = change;
            e->plugin = NULL;
            open_entry(l, e);
            more = 1;
        }
    }
}

/* ---- order and index ------------------------------------------------------------------------- */

static int is_provided(void *ctx, const char *name)
{
    struct requirement *q = ctx;
    const struct lineup_entry *by = provider_of(q->lineup, name);
    const struct service *core = map_get(&q->lineup->registry->services, name);
    if (by || (core && !core->plugin)) return 0;
    snprintf(q->why, q->cap,
             "%s needs the service %s, which no plugin that is on provides: switch "
             "one on that does",
             q->entry->name, name);
    return -1;
}

static int is_before(void *ctx, const char *name)
{
    struct requirement *q = ctx;
    const struct lineup_entry *by = provider_of(q->lineup, name);
    return !by || by == q->entry || by->is_ordered ? 0 : -1;
}

static int is_there(void *ctx, const char *name)
{
    struct requirement *q = ctx;
    const struct lineup_entry *by = provider_of(q->lineup, name);
    return by && by->is_left_out ? -1 : 0;
}

int lineup_lacks(struct lineup *l, struct lineup_entry *e)
{
    struct requirement q = { l, e, NULL, 0 };
    return each_requirement(e->plugin, is_there, &q) < 0;
}

static void refuse_circle(struct lineup *l)
{
    struct buf names = { 0 };
    char why[LIBRARY_PROBLEM];
    for (size_t i = 0; i < l->count; i++)
        if (l->entries[i].plugin && !l->entries[i].is_ordered)
            buf_addf(&names, "%s%s", names.len ? ", " : "", l->entries[i].name);
    for (size_t i = 0; i < l->count; i++) {
        struct lineup_entry *e = &l->entries[i];
        if (!e->plugin || e->is_ordered) continue;
        snprintf(why, sizeof why,
                 "%s: these need each other's services in a circle, so none can be first: %s; "
                 "switch one off",
                 e->name, buf_str(&names));
        lineup_refuse(l, e, why);
    }
    buf_free(&names);
}

/* Whoever provides comes before whoever requires; otherwise bot.ini's order. 0, or -1: somebody was
 * refused. */
static int put_in_order(struct lineup *l)
{
    char why[LIBRARY_PROBLEM];
    int before = l->refused;
    for (size_t i = 0; i < l->count; i++) {
        struct lineup_entry *e = &l->entries[i];
        struct requirement q = { l, e, why, sizeof why };
        e->is_ordered = 0;
        if (e->plugin && each_requirement(e->plugin, is_provided, &q) < 0) lineup_refuse(l, e, why);
    }
    if (l->refused != before) return -1;
    l->order_count = 0;
    for (size_t placed = 1; placed;) {
        placed = 0;
        for (size_t i = 0; i < l->count; i++) {
            struct lineup_entry *e = &l->entries[i];
            struct requirement q = { l, e, why, sizeof why };
            if (!e->plugin || e->is_ordered || each_requirement(e->plugin, is_before, &q) < 0)
                continue;
            e->is_ordered = 1;
            l->order[l->order_count++] = e;
            placed++;
        }
    }
    size_t wanted = 0;
    for (size_t i = 0; i < l->count; i++) wanted += l->entries[i].plugin != NULL;
    if (l->order_count == wanted) return 0;
    refuse_circle(l);
    return -1;
}

static int is_sound(void *ctx, const char *name)
{
    struct requirement *q = ctx;
    const struct lineup_entry *by = provider_of(q->lineup, name);
    return by && by->plugin->quarantined ? -1 : 0;
}

/* Whoever needs a service of a quarantined plugin would call it; a gateway does so all the same. */
static void spread_quarantine(struct lineup *l)
{
    for (size_t i = 0; i < l->order_count; i++) {
        struct requirement q = { l, l->order[i], NULL, 0 };
        struct plugin *p = l->order[i]->plugin;
        if (!p->gateway && each_requirement(p, is_sound, &q) < 0) p->quarantined = 1;
    }
}

/* 0, or -1: somebody was refused. */
static int build(struct lineup *l)
{
    char why[LIBRARY_PROBLEM];
    registry_free(l->registry);
    l->registry = registry_new(l->host);
    if (put_in_order(l) < 0) return -1;
    for (size_t i = 0; i < l->count; i++) {
        struct lineup_entry *e = &l->entries[i];
        if (!e->plugin || registry_add(l->registry, e->plugin, why, sizeof why) == 0) continue;
        lineup_refuse(l, e, why);
        return -1;
    }
    registry_sort(l->registry);
    spread_quarantine(l);
    return 0;
}

void lineup_index(struct lineup *l)
{
    while (build(l) < 0) continue;
}

/* ---- the rest -------------------------------------------------------------------------------- */

void lineup_check_config(struct lineup *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->entries[i].plugin) generation_declare(l->entries[i].plugin, l->config);
    config_check(l->config);
    for (size_t i = 0; i < l->count; i++) {
        struct plugin *p = l->entries[i].plugin;
        if (p && p->phase == PLUGIN_STAGED) generation_read_settings(p, l->config);
    }
}

int lineup_has_changes(const struct lineup *l)
{
    const struct registry *now = l->host->registry;
    if (l->registry->plugin_count != now->plugin_count) return 1;
    for (size_t i = 0; i < now->plugin_count; i++)
        if (now->plugins[i] != l->registry->plugins[i]) return 1;
    return 0;
}

void lineup_free(struct lineup *l)
{
    registry_free(l->registry);
    l->registry = NULL;
    for (size_t i = 0; i < l->count; i++) {
        struct lineup_entry *e = &l->entries[i];
        library_free(e->library, 0);
        if (e->plugin && e->plugin->phase == PLUGIN_STAGED && !e->plugin->holders)
            generation_free(e->plugin);
        free(e->file);
    }
    free(l->entries);
    free(l->order);
    l->entries = NULL;
    l->order = NULL;
    l->count = 0;
}
