/* registry.h - all that the loaded plugins registered, ready to be looked up. One pointer,
 * host->registry, points to it; a reload builds another one and swaps the pointer between two
 * turns. Built once per generation, then read-only. On the loop only. */
#ifndef TOKOBOT_REGISTRY_H
#define TOKOBOT_REGISTRY_H

#include <tokobot/plugin.h>
#include <tokobot/services/gateways.h>

#include "../base/arena.h"
#include "../base/map.h"

struct host;
struct buf;
struct config;
struct event;

struct command {
    struct plugin *plugin;
    struct bot_command_spec spec; /* strings copied */
    const char **arg_names;       /* split from spec.args */
    uint32_t arg_count, arg_required;
};
struct hook {
    struct plugin *plugin;
    struct bot_hook_spec spec;
    unsigned order; /* of registration: plugins in bot.ini's order */
};
struct hook_list { /* of one event name, sorted by priority and order */
    const char *event;
    struct hook *hooks;
    size_t count;
};
struct dialog_def {
    struct plugin *plugin;
    struct bot_dialog_spec spec; /* steps copied, too */
};
struct schedule {
    struct plugin *plugin;
    struct bot_schedule_spec spec;
};
struct route {
    struct plugin *plugin;
    struct bot_route_spec spec;
};
struct service {
    struct plugin *plugin; /* NULL: the core's */
    const char *name;
    const void *table;
    void *owner;
};
struct person_column {
    struct plugin *plugin;
    const char *table, *column;
};
struct gateway {
    struct plugin *plugin;
    struct bot_gateway_spec spec;
    const char *key; /* the signature's secret, from config or data_dir/secrets */
    int allow_unsigned;
};
struct texts; /* message/texts.h */

/* One loaded plugin of one generation: the ledger of what it registered. */
struct plugin {
    const char *name, *version, *file;
    const struct bot_manifest *manifest;
    void *handle; /* dlopen's; stays mapped */
    struct registry *registry;
    void *state;
    int initialising; /* inside init() */
    int started;
    unsigned order;
    const char *table_prefix; /* "super_admin_" */
    const struct bot_config_spec *config;
    size_t config_count;
    const struct bot_migration_spec *migrations;
    size_t migration_count;
    struct map statements; /* by the SQL text's address: struct statement, storage/statement.h */
    struct texts *texts;
    struct gateway *gateway;
    struct map counters;            /* metric -> int64_t in the arena */
    int64_t calls, errors, slow_us; /* callbacks, failures, the slowest */
};

struct registry {
    struct host *host;
    struct arena arena;  /* every copied string and table */
    const char *problem; /* the first thing wrong in the init() that runs */
    uint32_t generation;
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
    struct map gateways;             /* name -> struct gateway */
    struct gateway *default_gateway; /* the first one that can address a phone number */
    struct schedule *schedules;
    size_t schedule_count;
    struct person_column *person_columns;
    size_t person_column_count;
};

/* Builds a registry for `config`'s [plugins]: loads each from `folder` (private copy in
 * data_dir/plugin-cache), runs init(), checks. A plugin that is refused is left out; why is added
 * to `problems`, one line each. Never NULL. */
struct registry *registry_load(struct host *h, struct config *config, struct buf *problems);
void registry_free(struct registry *r); /* code stays mapped; NULL-safe */

const struct command *registry_command(const struct registry *r, const char *name);  /* any case */
const struct hook_list *registry_hooks(const struct registry *r, const char *event); /* or NULL */
const struct dialog_def *registry_dialog(const struct registry *r, const char *plugin,
                                         const char *name);
struct plugin *registry_plugin(const struct registry *r, const char *name);
struct gateway *registry_gateway(const struct registry *r, const char *name);

#endif
