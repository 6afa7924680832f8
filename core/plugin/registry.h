/* registry.h - what the running plugins registered, ready to be looked up.
 *
 * Each plugin's generation (generation.h) holds what that plugin registered, its ledger; a registry
 * is only an index over the ledgers of the generations that run together. A reload builds another
 * one and swaps host->registry, one pointer, between two turns; a generation that did not change is
 * in both. Read-only once built. On the loop; other threads take host->published (registry_take).
 */
#ifndef TOKOBOT_REGISTRY_H
#define TOKOBOT_REGISTRY_H

#include <tokobot/plugin.h>
#include <tokobot/services/gateways.h>

#include "../base/map.h"
#include "generation.h"

struct hook_list { /* of one event name, sorted by priority, then bot.ini's order */
    const char *event;
    struct hook **hooks;
    size_t count;
};

struct registry {
    struct host *host;
    struct registry *next;   /* in host->old_registries */
    unsigned readers;        /* other threads that look into it; under host->status_lock */
    struct plugin **plugins; /* in bot.ini's order */
    size_t plugin_count;
    struct map commands;           /* lower-case name or alias -> struct command */
    struct command **command_list; /* without aliases, sorted by name */
    size_t command_count;
    const char **command_names; /* for "nearest name": all names and aliases */
    size_t command_name_count;
    struct map hooks;                /* event -> struct hook_list */
    struct map dialogs;              /* "plugin/name" -> struct dialog_def */
    struct map routes;               /* "c/verb" or "h/plugin/path" -> struct route */
    struct map services;             /* "name/0" -> struct service */
    struct map gateways;             /* plugin's name -> struct gateway */
    struct gateway *default_gateway; /* the first one that can address a phone number */
    struct schedule **schedules;
    size_t schedule_count;
    struct person_column **person_columns;
    size_t person_column_count;
};

const struct service *registry_core(const char *name); /* one of the core's own, or NULL */
/* One with the core's own services and no plugin. */
struct registry *registry_new(struct host *h);
/* Adds all that a generation registered, and holds it; or nothing, with a sentence in `problem`,
 * when a name is another one's already. 0 or -1. */
int registry_add(struct registry *r, struct plugin *p, char *problem, size_t cap);
/* After the last registry_add(). */
void registry_sort(struct registry *r);
void registry_free(struct registry *r); /* lets its generations go; NULL-safe */

const struct command *registry_command(const struct registry *r, const char *name);  /* any case */
const struct hook_list *registry_hooks(const struct registry *r, const char *event); /* or NULL */
const struct dialog_def *registry_dialog(const struct registry *r, const char *plugin,
                                         const char *name);
struct plugin *registry_plugin(const struct registry *r, const char *name);
struct gateway *registry_gateway(const struct registry *r, const char *name);

/* For threads other than the loop's: the registry that is in use now stays until it is given back.
 */
struct registry *registry_take(struct host *h);
void registry_give_back(struct registry *r);
/* On the loop: from now on r is what they take; what was published before is freed when its last
 * reader has gone. */
void registry_publish(struct host *h, struct registry *r);
/* Frees the old ones that nobody reads any more. */
void registry_sweep(struct host *h);

#endif
