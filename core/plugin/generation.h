/* generation.h - one loaded plugin: the ledger of all that it registered, and its life.
 *
 *   staged ──▶ running ──▶ draining ──▶ stopped (freed; its code stays mapped)
 *
 * Every change makes a new generation from a private copy of the file, with a ledger and a state of
 * its own: generations never share a variable. A generation is held by the registries that index it
 * and by its pending calls; when a reload has taken it out of use it drains until those are over,
 * is stopped in a turn, and what it registered is freed. There are no unregister calls: whatever
 * ends - a stop, a refused load, a refused reload - ends in generation_free().
 *
 * On the loop. */
#ifndef TOKOBOT_GENERATION_H
#define TOKOBOT_GENERATION_H

#include <sys/queue.h>
#include <tokobot/plugin.h>
#include <tokobot/services/gateways.h>

#include "../base/arena.h"
#include "../base/map.h"
#include "library.h"

struct host;
struct config;
struct registry;
struct buf;
struct texts; /* message/texts.h */

/* ---- what a plugin registers; strings are copies in the generation's arena --------------------
 */

struct command {
    STAILQ_ENTRY(command) link;
    struct plugin *plugin;
    struct bot_command_spec spec;
    const char **names; /* the name and its aliases, lower case */
    uint32_t name_count;
    const char **arg_names; /* split from spec.args */
    uint32_t arg_count, arg_required;
};
struct hook {
    STAILQ_ENTRY(hook) link;
    struct plugin *plugin;
    struct bot_hook_spec spec;
};
struct dialog_def {
    STAILQ_ENTRY(dialog_def) link;
    struct plugin *plugin;
    const char *key;             /* "plugin/name" */
    struct bot_dialog_spec spec; /* steps copied, too */
};
struct schedule {
    STAILQ_ENTRY(schedule) link;
    struct plugin *plugin;
    struct bot_schedule_spec spec;
};
struct route {
    STAILQ_ENTRY(route) link;
    struct plugin *plugin;
    const char *key; /* "c/verb" or "h/plugin/path" */
    struct bot_route_spec spec;
};
struct service {
    STAILQ_ENTRY(service) link;
    struct plugin *plugin; /* NULL: the core's */
    const char *name;
    const void *table;
    void *owner;
};
struct person_column {
    STAILQ_ENTRY(person_column) link;
    struct plugin *plugin;
    const char *table, *column;
};
struct media_column {
    STAILQ_ENTRY(media_column) link;
    const char *table, *column;
};
struct gateway {
    struct plugin *plugin;
    struct bot_gateway_spec spec;
    const char *key; /* the signature's secret, from config or data_dir/local.ini */
    int allow_unsigned;
    int groups;               /* what is written in groups is taken */
    struct bot_budget budget; /* of each number */
    struct map own_numbers;   /* session -> code of the store it belongs to */
};
/* A key of the plugin's section with the value it had when the generation was made. */
struct setting {
    const char *text;
    int64_t number;
};

enum plugin_phase { PLUGIN_STAGED, PLUGIN_RUNNING, PLUGIN_DRAINING, PLUGIN_STOPPED };

struct plugin {
    const char *name, *version;
    struct host *host;
    struct library *library;
    const struct bot_manifest *manifest; /* the library's */
    struct texts *texts;
    uint32_t generation; /* counts over all plugins of this start */
    enum plugin_phase phase;
    const char *table_prefix; /* "super_admin_" */
    void *state;
    int initialising; /* inside init() */
    int started;
    int quarantined;     /* crashed too often: it is here, and nothing of it is called */
    unsigned holders;    /* registries */
    unsigned users;      /* generations that require a service of this one, and have not ended */
    unsigned pending;    /* calls that have not ended */
    int given_up;        /* a call was ended while its work may still run: code must stay mapped */
    int64_t drain_until; /* then its calls are ended */
    TAILQ_ENTRY(plugin) link; /* in host->generations */

    struct arena arena;  /* every copied string and table */
    const char *problem; /* the first thing wrong in the init() that runs */
    STAILQ_HEAD(, command) commands;
    STAILQ_HEAD(, hook) hooks;
    STAILQ_HEAD(, dialog_def) dialogs;
    STAILQ_HEAD(, schedule) schedules;
    STAILQ_HEAD(, route) routes;
    STAILQ_HEAD(, service) services;
    STAILQ_HEAD(, person_column) person_columns;
    STAILQ_HEAD(, media_column) media_columns;
    struct gateway *gateway;
    const struct bot_config_spec *config;
    size_t config_count;
    struct map settings; /* "key" or "X.key" -> struct setting; empty before they were read */
    const char **names;  /* X of each [NAME.X] */
    size_t name_count;
    const struct bot_migration_spec *migrations;
    size_t migration_count;

    const struct service **uses; /* what it requires, as it was when it began to run */
    size_t use_count;
    struct map statements;      /* by the SQL text's address: storage/statement.h */
    struct plugin_stats *stats; /* the name's, kept over generations: stats.h */
};
TAILQ_HEAD(plugin_list, plugin);

/* A staged generation of an opened library, which it takes; init() has run. NULL with a sentence in
 * lib->problem (the library is not taken). */
struct plugin *generation_new(struct host *h, struct library *lib);
void generation_free(struct plugin *p); /* NULL-safe; the code stays mapped, see library_close() */
/* The generation that a plugin's handle is of, or NULL: a stranger's pointer is only compared. */
struct plugin *generation_known(struct host *h, const void *handle);
void generations_free_all(struct host *h);
/* Tells the configuration which keys the plugin's section has; and, after config_check(), keeps
 * their values. */
void generation_declare(const struct plugin *p, struct config *config);
void generation_read_settings(struct plugin *p, const struct config *config);
/* 1: the section says the same as when the generation was made. */
int generation_has_settings(const struct plugin *p, const struct config *config);
const struct setting *generation_setting(const struct plugin *p, const char *key); /* or NULL */
/* A value that the host has made itself and written into data_dir/local.ini. */
void generation_set(struct plugin *p, const char *key, const char *value);

/* It runs from now on: what it requires is looked up in r, and stays as long as it does. */
void generation_settle(struct plugin *p, const struct registry *r);
const struct service *generation_uses(const struct plugin *p, const char *service); /* or NULL */

/* start() in a savepoint of the running turn or group. 0, or -1: it failed and left nothing. */
int generation_start(struct plugin *p);
/* stop(), when start() has run; in the running turn or in one of its own. */
void generation_stop(struct plugin *p);
/* All that have been started, each after those that require its services. */
void generations_stop_all(struct host *h);
/* It is out of use: drains from now on. */
void generation_retire(struct plugin *p, int64_t now);
/* Between turns: ends the calls of those that have drained too long. */
void generations_drain(struct host *h, int64_t now);
/* In a turn: stop() of those that have nothing left. */
void generations_stop_idle(struct host *h);
/* After COMMIT: frees those that have been stopped. */
void generations_sweep(struct host *h);
/* When one of the three has something to do; INT64_MAX = nothing. 0 = now. */
int64_t generations_next_due(const struct host *h);

#endif
