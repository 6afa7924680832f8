/* registry.c - see registry.h.
 *
 * Invariant: an entry is in an index only when all entries of its generation are; registry_add()
 * looks for clashes first and inserts afterwards. */
#include "registry.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../host.h"
#include "../people/people.h"
#include "api.h"
#include "plugins_service.h"

/* ---- building -------------------------------------------------------------------------------- */

/* What the core itself provides. */
static struct service core[] = {
    { .name = "stores/0", .table = &stores_service },
    { .name = "people/0", .table = &people_service },
    { .name = "gateways/0", .table = &gateways_service },
    { .name = "plugins/0", .table = &plugins_service },
};

const struct service *registry_core(const char *name)
{
    for (size_t i = 0; i < BOT_COUNT(core); i++)
        if (!strcmp(core[i].name, name)) return &core[i];
    return NULL;
}

struct registry *registry_new(struct host *h)
{
    struct registry *r = xcalloc(1, sizeof *r);
    r->host = h;
    for (size_t i = 0; i < BOT_COUNT(core); i++) map_put(&r->services, core[i].name, &core[i]);
    return r;
}

static int clash(char *problem, size_t cap, const char *what, const char *name,
                 const struct plugin *p, const struct plugin *other)
{
    if (p == other)
        snprintf(problem, cap, "%s: %s \"%s\" is registered twice", p->name, what, name);
    else
        snprintf(problem, cap,
                 "%s: %s \"%s\" is already %s's; switch one of the two off, or rename it", p->name,
                 what, name, other ? other->name : "the host");
    return -1;
}

/* A name that the plugin itself has more than once, or that another one has. */
static int find_clash(const struct registry *r, const struct plugin *p, char *problem, size_t cap)
{
    struct map own = { 0 };
    int rc = 0;
    const struct command *c;
    STAILQ_FOREACH(c, &p->commands, link)
    for (uint32_t i = 0; i < c->name_count && !rc; i++) {
        const struct command *other = map_get(&r->commands, c->names[i]);
        if (other || map_get(&own, c->names[i]))
            rc = clash(problem, cap, "command", c->names[i], p, other ? other->plugin : p);
        map_put(&own, c->names[i], (void *)c);
    }
    map_free(&own);
    const struct dialog_def *d;
    STAILQ_FOREACH(d, &p->dialogs, link)
    {
        if (!rc && map_get(&own, d->key)) rc = clash(problem, cap, "dialog", d->spec.name, p, p);
        map_put(&own, d->key, (void *)d);
    }
    const struct route *route;
    STAILQ_FOREACH(route, &p->routes, link)
    {
        const struct route *other = map_get(&r->routes, route->key);
        if (!rc && (other || map_get(&own, route->key)))
            rc = clash(problem, cap, "route", route->spec.path, p, other ? other->plugin : p);
        map_put(&own, route->key, (void *)route);
    }
    const struct service *s;
    STAILQ_FOREACH(s, &p->services, link)
    {
        const struct service *other = map_get(&r->services, s->name);
        if (!rc && (other || map_get(&own, s->name)))
            rc = clash(problem, cap, "service", s->name, p, other ? other->plugin : p);
        map_put(&own, s->name, (void *)s);
    }
    map_free(&own);
    return rc;
}

static void add_commands(struct registry *r, struct plugin *p)
{
    struct command *c;
    STAILQ_FOREACH(c, &p->commands, link)
    {
        r->command_list =
            xrealloc(r->command_list, (r->command_count + 1) * sizeof *r->command_list);
        r->command_list[r->command_count++] = c;
        r->command_names = xrealloc(r->command_names, (r->command_name_count + c->name_count) *
                                                          sizeof *r->command_names);
        for (uint32_t i = 0; i < c->name_count; i++) {
            map_put(&r->commands, c->names[i], c);
            r->command_names[r->command_name_count++] = c->names[i];
        }
    }
}

static void add_hook(struct registry *r, struct hook *hook)
{
    struct hook_list *list = map_get(&r->hooks, hook->spec.event);
    if (!list) {
        list = xcalloc(1, sizeof *list);
        list->event = hook->spec.event;
        map_put(&r->hooks, list->event, list);
    }
    list->hooks = xrealloc(list->hooks, (list->count + 1) * sizeof *list->hooks);
    size_t i = list->count++;
    for (; i && list->hooks[i - 1]->spec.priority > hook->spec.priority; i--)
        list->hooks[i] = list->hooks[i - 1];
    list->hooks[i] = hook;
}

static void add_gateway(struct registry *r, struct gateway *g)
{
    /* Known by the plugin's name, so that a gateway without webhooks has one, too. */
    map_put(&r->gateways, g->plugin->name, g);
    if (!r->default_gateway && g->spec.address) r->default_gateway = g;
}

static void add_small_tables(struct registry *r, struct plugin *p)
{
    struct dialog_def *d;
    struct route *route;
    struct service *service;
    struct schedule *s;
    struct person_column *c;
    STAILQ_FOREACH(d, &p->dialogs, link) map_put(&r->dialogs, d->key, d);
    STAILQ_FOREACH(route, &p->routes, link) map_put(&r->routes, route->key, route);
    STAILQ_FOREACH(service, &p->services, link) map_put(&r->services, service->name, service);
    STAILQ_FOREACH(s, &p->schedules, link)
    {
        r->schedules = xrealloc(r->schedules, (r->schedule_count + 1) * sizeof(void *));
        r->schedules[r->schedule_count++] = s;
    }
    STAILQ_FOREACH(c, &p->person_columns, link)
    {
        r->person_columns =
            xrealloc(r->person_columns, (r->person_column_count + 1) * sizeof(void *));
        r->person_columns[r->person_column_count++] = c;
    }
}

int registry_add(struct registry *r, struct plugin *p, char *problem, size_t cap)
{
    if (find_clash(r, p, problem, cap) < 0) return -1;
    r->plugins = xrealloc(r->plugins, (r->plugin_count + 1) * sizeof *r->plugins);
    r->plugins[r->plugin_count++] = p;
    p->holders++;
    add_commands(r, p);
    struct hook *hook;
    STAILQ_FOREACH(hook, &p->hooks, link) add_hook(r, hook);
    add_small_tables(r, p);
    if (p->gateway) add_gateway(r, p->gateway);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct command *const *)a)->spec.name,
                  (*(struct command *const *)b)->spec.name);
}

void registry_sort(struct registry *r)
{
    if (r->command_count)
        qsort(r->command_list, r->command_count, sizeof(struct command *), by_name);
}

void registry_free(struct registry *r)
{
    if (!r) return;
    size_t at = 0;
    for (size_t i = 0; i < r->plugin_count; i++) r->plugins[i]->holders--;
    for (struct hook_list *list; (list = map_next(&r->hooks, &at, NULL));) {
        free(list->hooks);
        free(list);
    }
    map_free(&r->commands);
    map_free(&r->hooks);
    map_free(&r->dialogs);
    map_free(&r->routes);
    map_free(&r->services);
    map_free(&r->gateways);
    free(r->plugins);
    free(r->command_list);
    free(r->command_names);
    free(r->schedules);
    free(r->person_columns);
    free(r);
}

/* ---- looking up ------------------------------------------------------------------------------ */

const struct command *registry_command(const struct registry *r, const char *name)
{
    char lower[64];
    size_t i = 0;
    for (; name[i] && i < sizeof lower - 1; i++) lower[i] = (char)tolower((unsigned char)name[i]);
    if (name[i]) return NULL;
    lower[i] = 0;
    return map_get(&r->commands, lower);
}

const struct hook_list *registry_hooks(const struct registry *r, const char *event)
{
    return map_get(&r->hooks, event);
}

const struct dialog_def *registry_dialog(const struct registry *r, const char *plugin,
                                         const char *name)
{
    char key[200];
    snprintf(key, sizeof key, "%s/%s", plugin, name);
    return map_get(&r->dialogs, key);
}

struct plugin *registry_plugin(const struct registry *r, const char *name)
{
    for (size_t i = 0; i < r->plugin_count; i++)
        if (!strcmp(r->plugins[i]->name, name)) return r->plugins[i];
    return NULL;
}

struct gateway *registry_gateway(const struct registry *r, const char *name)
{
    return map_get(&r->gateways, name);
}

/* ---- between threads ------------------------------------------------------------------------- */

struct registry *registry_take(struct host *h)
{
    pthread_mutex_lock(&h->status_lock);
    struct registry *r = h->published;
    r->readers++;
    pthread_mutex_unlock(&h->status_lock);
    return r;
}

void registry_give_back(struct registry *r)
{
    pthread_mutex_lock(&r->host->status_lock);
    r->readers--;
    pthread_mutex_unlock(&r->host->status_lock);
}

void registry_publish(struct host *h, struct registry *r)
{
    pthread_mutex_lock(&h->status_lock);
    struct registry *old = h->published;
    h->published = r;
    pthread_mutex_unlock(&h->status_lock);
    if (!old || old == r) return;
    old->next = h->old_registries;
    h->old_registries = old;
    registry_sweep(h);
}

void registry_sweep(struct host *h)
{
    for (struct registry **at = &h->old_registries, *r; (r = *at);) {
        pthread_mutex_lock(&h->status_lock);
        unsigned readers = r->readers;
        pthread_mutex_unlock(&h->status_lock);
        if (readers) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        registry_free(r);
    }
}
