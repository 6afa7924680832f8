/* host.c - see host.h. Opening and closing; what comes in from outside is in ingress.c, what is
 * told outside in status.c. */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "calls.h"
#include "message/fetches.h"
#include "message/inbox.h"
#include "storage/media.h"
#include "message/late.h"
#include "message/outbox.h"
#include "message/texts.h"
#include "people/identity.h"
#include "people/people.h"
#include "plugin/lineup.h"
#include "plugin/probe.h"
#include "plugin/stats.h"
#include "storage/migrate.h"
#include "storage/search.h"
#include "storage/statement.h"

enum { EXIT_OS_ERROR = 71, EXIT_CANNOT_WRITE = 73, EXIT_RUNNING = 75, EXIT_CONFIG = 78 };

/* ---- the data folder ------------------------------------------------------------------------- */

static int make_folder(const char *path, struct buf *errors)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return 0;
    buf_addf(
        errors,
        "data_dir %s cannot be made: %s; choose another in [core] data_dir, or make it writable\n",
        path, strerror(errno));
    return -1;
}

/* A private copy of a start that is over is of no use to anybody: we hold the lock. */
static void empty_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) return;
    for (struct dirent *d; (d = readdir(dir));)
        if (d->d_name[0] != '.') unlinkat(dirfd(dir), d->d_name, 0);
    closedir(dir);
}

static int take_lock(struct host *h, int *exit_code, struct buf *errors)
{
    struct buf path = { 0 };
    buf_addf(&path, "%s/lock", h->data_dir);
    h->lock_fd = open(buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = 0;
    if (h->lock_fd < 0) {
        buf_addf(errors,
                 "data_dir %s is not writable: %s; give the folder to the user that runs the bot\n",
                 h->data_dir, strerror(errno));
        *exit_code = EXIT_CANNOT_WRITE;
        rc = -1;
    } else if (flock(h->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        buf_addf(
            errors,
            "another tokobot runs on data_dir %s: stop it first, or give this one a data_dir of its own\n",
            h->data_dir);
        *exit_code = EXIT_RUNNING;
        rc = -1;
    }
    buf_free(&path);
    return rc;
}

static int open_folder(struct host *h, const struct host_conf *conf, int *exit_code,
                       struct buf *errors)
{
    struct buf cache = { 0 };
    *exit_code = EXIT_CANNOT_WRITE;
    if (make_folder(h->data_dir, errors) < 0) return -1;
    if (!conf->no_lock && take_lock(h, exit_code, errors) < 0) return -1;
    int rc = 0;
    if (!conf->share_plugins) {
        buf_addf(&cache, "%s/plugin-cache", h->data_dir);
        rc = make_folder(buf_str(&cache), errors);
        if (rc == 0) empty_folder(buf_str(&cache));
        buf_free(&cache);
    }
    return rc;
}

/* ---- the database ---------------------------------------------------------------------------- */

static int open_database(struct host *h, const struct host_conf *conf, struct buf *errors)
{
    static const char PREFIX[] = "sqlite:";
    const char *path = conf->database;
    if (!path) {
        path = config_text(h->config, "database", "url");
        if (!strncmp(path, PREFIX, sizeof PREFIX - 1)) path += sizeof PREFIX - 1;
    }
    char error[300];
    if (db_open(&h->db, path, conf->vfs, error, sizeof error) < 0) {
        buf_addf(errors, "%s\n", error);
        return -1;
    }
    statement_guard(h);
    struct buf why = { 0 };
    int rc = migrate_core(h, &why);
    if (rc < 0) buf_addf(errors, "%s\n", buf_str(&why));
    buf_free(&why);
    return rc;
}

static int open_search(struct host *h, struct buf *errors)
{
    if (db_script(&h->db, SEARCH_SCHEMA) == 0 && (h->search = search_open(h->db.sql))) return 0;
    buf_addf(errors, "the search index cannot be opened: %s\n", sqlite3_errmsg(h->db.sql));
    return -1;
}

/* ---- keys ------------------------------------------------------------------------------------ */

enum { KEY_HEX = 49 };

/* A key that is kept for [section] name. 0, or -1 with errno. */
static int make_key(struct host *h, const char *section, const char *name, char hex[KEY_HEX])
{
    unsigned char random[KEY_HEX / 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(hex, KEY_HEX, random, sizeof random);
    if (config_local_set(h->data_dir, section, name, hex) < 0) return -1;
    log_secret(hex);
    return 0;
}

const char *host_secret_key(struct host *h)
{
    char hex[KEY_HEX];
    const char *key = config_text(h->config, "core", "secret_key");
    if (h->secret_key) return h->secret_key;
    if (*key) return h->secret_key = xstrdup(key);
    if (make_key(h, "core", "secret_key", hex) == 0) return h->secret_key = xstrdup(hex);
    log_error("host", "data_dir is not writable: a secret key cannot be kept",
              LOG_STR("data_dir", h->data_dir), LOG_STR("error", strerror(errno)));
    return NULL;
}

/* ---- plugins --------------------------------------------------------------------------------- */

/* The key that webhooks are signed with: the configured one, or one that is made once and kept. */
static int gateway_key(struct host *h, struct gateway *g, const struct config *config,
                       struct buf *errors)
{
    const char *name = g->spec.signature_key;
    if (g->key || !g->spec.signature_header || !name) return 0;
    const char *key = config_text(config, g->plugin->name, name);
    char hex[KEY_HEX];
    if (!*key) {
        if (make_key(h, g->plugin->name, name, hex) < 0) {
            buf_addf(errors, "data_dir %s is not writable: %s\n", h->data_dir, strerror(errno));
            return -1;
        }
        log_info("webhook", "a signing key was made: give it to the sender of the webhooks",
                 LOG_STR("plugin", g->plugin->name), LOG_STR("kept_in", "data_dir/local.ini"));
        key = hex;
        generation_set(g->plugin, name, hex); /* so that the next reload sees no change */
    }
    g->key = arena_strdup(&g->plugin->arena, key);
    if (g->spec.groups) g->groups = config_int(config, g->plugin->name, g->spec.groups) != 0;
    if (g->spec.allow_unsigned)
        g->allow_unsigned = config_int(config, g->plugin->name, g->spec.allow_unsigned) != 0;
    return 0;
}

int host_open_gateways(struct host *h, const struct registry *r, const struct config *config,
                       struct buf *errors)
{
    size_t at = 0;
    for (struct gateway *g; (g = map_next(&r->gateways, &at, NULL));)
        if (gateway_key(h, g, config, errors) < 0) return -1;
    return 0;
}

static int add_config_errors(struct host *h, struct buf *errors)
{
    size_t count = config_error_count(h->config);
    for (size_t i = 0; i < count; i++) buf_addf(errors, "%s\n", config_error(h->config, i));
    return count ? -1 : 0;
}

/* Everybody whose tables cannot be brought up to date is left out; but not for a disk that is full.
 * 0, or -1 with a sentence. */
static int migrate_all(struct lineup *l, struct buf *errors)
{
    struct host *h = l->host;
    int rc = 0;
    for (size_t i = 0; i < l->count && rc == 0; i++) {
        struct buf why = { 0 };
        struct plugin *p = l->entries[i].plugin;
        h->db.last_error = 0;
        if (p && migrate_plugin(h, p, &why) < 0) {
            if (db_is_broken(&h->db)) {
                buf_addf(errors, "the database cannot be written: %s\n", h->db.error);
                rc = -1;
            } else { /* without it, and without those that need it */
                h->registry = NULL;
                registry_free(l->registry);
                l->registry = NULL;
                lineup_refuse(l, &l->entries[i], buf_str(&why));
                lineup_index(l);
                h->registry = l->registry;
            }
        }
        buf_free(&why);
    }
    return rc;
}

/* Loads what can be used. The registry is the lineup's until start_plugins(). 0, or -1 with a
 * sentence. */
static int load_plugins(struct host *h, struct lineup *l, struct buf *errors)
{
    lineup_new(l, h, h->config, &h->problems);
    lineup_copy_all(l);
    lineup_load(l);
    lineup_index(l);
    h->registry = l->registry;
    int rc = migrate_all(l, errors);
    lineup_check_config(l);
    return rc;
}

/* All start() in one transaction, each in a savepoint: one that fails leaves nothing of itself
 * behind, and is left out. 0, or -1 when the database cannot be written. */
static int start_plugins(struct host *h, struct lineup *l)
{
    if (loop_group_begin(&h->loop) < 0) return -1;
    int refused = 0;
    for (size_t i = 0; i < l->order_count; i++) {
        struct plugin *p = l->order[i]->plugin;
        int lacks = lineup_lacks(l, l->order[i]);
        if (!lacks && (p->quarantined || generation_start(p) == 0)) continue;
        if (h->loop.lost) break;
        l->order[i]->is_left_out = lacks ? LINEUP_LACKS : LINEUP_FAILED;
        refused = 1;
    }
    int rc = h->loop.lost ? -1 : lineup_remember(l);
    if (loop_group_end(&h->loop, rc == 0) < 0) return -1;
    while (refused) {
        refused = 0;
        h->registry = NULL;
        registry_free(l->registry);
        l->registry = NULL;
        for (size_t i = 0; i < l->count; i++)
            if (l->entries[i].plugin && l->entries[i].is_left_out)
                lineup_refuse(l, &l->entries[i],
                              l->entries[i].is_left_out == LINEUP_LACKS
                                  ? "it needs a service of a plugin that was left out"
                                  : "its start() failed; its log may say why");
        lineup_index(l); /* may refuse who needs one of them, although it has started */
        h->registry = l->registry;
    }
    return 0;
}

/* From now on they run. */
static void take_lineup(struct host *h, struct lineup *l)
{
    l->registry = NULL;
    for (size_t i = 0; i < h->registry->plugin_count; i++) {
        struct plugin *p = h->registry->plugins[i];
        generation_settle(p, h->registry);
        if (p->quarantined) containment_tell_problem(h, p, &h->problems);
    }
    lineup_free(l);
    registry_publish(h, h->registry);
    if (h->outbox) outbox_gateways_changed(h->outbox);
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* Strings that events point to: the same word is kept once. */
static const char *word(struct host *h, const char *now, const char *text)
{
    return now && !strcmp(now, text) ? now : arena_strdup(&h->words, text);
}

static void forget_super_admins(struct host *h)
{
    for (size_t i = 0; i < h->super_admin_count; i++) free(h->super_admins[i]);
    free(h->super_admins);
    h->super_admins = NULL;
    h->super_admin_count = 0;
    map_free(&h->supers);
}

static void read_super_admins(struct host *h)
{
    forget_super_admins(h);
    char *phones = xstrdup(config_text(h->config, "core", "super_admin")), *rest = NULL;
    for (char *p = strtok_r(phones, ", ", &rest); p; p = strtok_r(NULL, ", ", &rest)) {
        h->super_admins = xrealloc(h->super_admins, (h->super_admin_count + 1) * sizeof(char *));
        h->super_admins[h->super_admin_count++] = xstrdup(p);
    }
    free(phones);
}

void host_read_settings(struct host *h)
{
    if (*config_text(h->config, "core", "secret_key")) { /* else the one that was made counts */
        free(h->secret_key);
        h->secret_key = NULL;
    }
    const char *language = word(h, h->language, config_text(h->config, "core", "language"));
    const char *zone = word(h, h->timezone, config_text(h->config, "core", "timezone"));
    __atomic_store_n(&h->language, language, __ATOMIC_RELEASE); /* HTTP threads make events, too */
    __atomic_store_n(&h->timezone, zone, __ATOMIC_RELEASE);
    __atomic_store_n(&h->backlog_max, config_int(h->config, "core", "backlog"), __ATOMIC_RELAXED);
    h->keep_days = config_int(h->config, "core", "keep_days");
    h->customers_max = config_int(h->config, "limits", "customers_per_store");
    h->customers_warning = config_int(h->config, "limits", "customers_warning");
    if (!strcmp(config_origin(h->config, "limits", "customers_warning"), "default"))
        h->customers_warning = h->customers_max * 9 / 10; /* 450 of 500 */
    if (h->crash) h->crash->stop_ms = config_int(h->config, "core", "drain") + 10000;
    char *token = xstrdup(config_text(h->config, "core", "metrics_token"));
    pthread_mutex_lock(&h->status_lock);
    char *old = h->metrics_token;
    h->metrics_token = token;
    pthread_mutex_unlock(&h->status_lock);
    free(old);
    read_super_admins(h);
}

static struct host *host_new(const struct host_conf *conf)
{
    struct host *h = xcalloc(1, sizeof *h);
    unsigned char random[8];
    h->ports = conf->ports;
    h->config = conf->config;
    h->share_plugins = conf->share_plugins;
    h->close_libraries = conf->close_libraries;
    h->crash = conf->crash;
    TAILQ_INIT(&h->generations);
    h->lock_fd = -1;
    stores_changed(h);
    h->database_ok = 1;
    h->publish_due = h->sweep_at = INT64_MAX;
    h->next_request = 1;
    h->plugin_folder = xstrdup(conf->plugin_folder ? conf->plugin_folder : "plugins");
    pthread_mutex_init(&h->status_lock, NULL);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(h->instance, sizeof h->instance, random, sizeof random);
    h->started_ms = clock_ms();
    h->started_mono = clock_mono();
    loop_init(&h->loop, h);
    h->identities = identities_new();
    h->fetches = fetches_new();
    h->lates = lates_new();
    h->loop.wake_fd = conf->wake_fd ? conf->wake_fd : -1;
    if (conf->opening) *conf->opening = h;
    return h;
}

static int open_parts(struct host *h, const struct host_conf *conf, struct lineup *lineup,
                      int *exit_code, struct buf *errors)
{
    char error[300];
    *exit_code = EXIT_CONFIG;
    config_check(h->config);
    h->data_dir =
        xstrdup(conf->data_dir ? conf->data_dir : config_text(h->config, "core", "data_dir"));
    if (!*h->data_dir) return add_config_errors(h, errors);
    host_read_settings(h);
    reload_open(h);
    if (!(h->texts = texts_parse(core_texts, error, sizeof error))) {
        buf_addf(errors, "the core's texts: %s\n", error);
        return -1;
    }
    /* A plugin that is on says which keys its section has, so all errors of the file can be told at
     * once; its tables come later. That needs the data folder for the private copies. */
    if (open_folder(h, conf, exit_code, errors) < 0) {
        if (config_error_count(h->config)) *exit_code = EXIT_CONFIG;
        add_config_errors(h, errors);
        return -1;
    }
    *exit_code = EXIT_CANNOT_WRITE;
    if (open_database(h, conf, errors) < 0 || open_search(h, errors) < 0) return -1;
    if (containment_open(h, errors) < 0) return -1;
    if (load_plugins(h, lineup, errors) < 0) return -1;
    *exit_code = EXIT_CONFIG;
    if (add_config_errors(h, errors) < 0) return -1;
    *exit_code = EXIT_CANNOT_WRITE;
    return host_open_gateways(h, h->registry, h->config, errors);
}

static int open_queues(struct host *h, struct buf *errors)
{
    h->outbox = outbox_new(h);
    media_open(h);
    if (inbox_load(h, loop_queue) == 0 && outbox_load(h->outbox) == 0) return 0;
    buf_addf(errors, "the queue cannot be read: %s\n", h->db.error);
    return -1;
}

static void log_opened(const struct host *h)
{
    char *line = xstrdup(buf_str(&h->problems)), *rest = NULL;
    for (char *p = strtok_r(line, "\n", &rest); p; p = strtok_r(NULL, "\n", &rest))
        log_error("plugin", "left out", LOG_STR("cause", p));
    free(line);
    log_info("host", "open", LOG_STR("version", TOKOBOT_VERSION),
             LOG_INT("plugins", h->registry->plugin_count), LOG_INT("queued", h->loop.open_events));
}

struct host *host_open(const struct host_conf *conf, int *exit_code, struct buf *errors)
{
    if (sodium_init() < 0) {
        *exit_code = EXIT_OS_ERROR;
        buf_adds(errors, "no random numbers on this machine\n");
        return NULL;
    }
    struct host *h = host_new(conf);
    struct lineup lineup = { 0 };
    int rc = open_parts(h, conf, &lineup, exit_code, errors);
    if (rc == 0) rc = open_queues(h, errors);
    if (rc == 0 && (rc = start_plugins(h, &lineup)) < 0)
        buf_addf(errors, "the database cannot be written: %s\n", h->db.error);
    if (rc < 0) {
        if (lineup.entries) lineup_free(&lineup);
        h->registry = NULL;
        host_free(h);
        return NULL;
    }
    take_lineup(h, &lineup);
    outbox_start(h->outbox);
    log_opened(h);
    host_publish_soon(h);
    host_publish(h);
    *exit_code = 0;
    return h;
}

struct host *host_bare(struct config *config)
{
    static char *no_environment[] = { NULL };
    struct host_conf conf = { .config = config ? config : config_read(NULL, 1, no_environment),
                              .share_plugins = 1 };
    if (sodium_init() < 0) return NULL;
    struct host *h = host_new(&conf);
    config_check(h->config);
    h->data_dir = xstrdup("");
    return h;
}

/* What crashes or hangs there does not do it here. */
static void try_apart(struct lineup *l, struct lineup_entry *e)
{
    struct library *lib = lineup_library(l, e);
    if (probe_now(lib) < 0) lineup_refuse(l, e, lib->problem);
    library_free(lib, 0);
}

int host_check(const struct host_conf *conf, struct buf *errors)
{
    struct lineup lineup = { 0 };
    struct host *h = host_bare(conf->config);
    free(h->plugin_folder);
    h->plugin_folder = xstrdup(conf->plugin_folder);
    lineup_new(&lineup, h, h->config, &h->problems);
    for (size_t i = 0; conf->try_apart && i < lineup.count; i++)
        try_apart(&lineup, &lineup.entries[i]);
    lineup_load(&lineup);
    lineup_index(&lineup);
    lineup_check_config(&lineup);
    int rc = add_config_errors(h, errors) < 0 ? EXIT_CONFIG : h->problems.len ? 1 : 0;
    buf_adds(errors, buf_str(&h->problems));
    lineup_free(&lineup);
    host_free(h);
    return rc;
}

void host_stop(struct host *h)
{
    h->stopping = 1; /* nothing is handed to a gateway any more */
    /* Outcomes that have arrived are written: what is `sending` on disk has to be asked about at
     * the next start. */
    host_run_idle(h, 8);
    generations_stop_all(h);
    sqlite3_wal_checkpoint_v2(h->db.sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    log_info("host", "stopped", LOG_INT("turns", h->loop.turns),
             LOG_INT("events", h->loop.events_run));
}

static void free_counts(struct map *m)
{
    size_t at = 0;
    for (void *value; (value = map_next(m, &at, NULL));) free(value);
    map_free(m);
}

void host_free(struct host *h)
{
    if (!h) return;
    h->closing = 1;
    reload_free(h);
    outbox_free(h->outbox);
    identities_free(h); /* it holds chats */
    lates_free(h);      /* likewise */
    loop_free(&h->loop);
    fetches_free(h); /* its events have gone */
    while (h->old_registries) {
        struct registry *r = h->old_registries;
        h->old_registries = r->next;
        registry_free(r);
    }
    registry_free(h->registry);
    generations_free_all(h);
    stats_free_all(h);
    containment_free(h);
    search_close(h->search);
    db_close(&h->db);
    texts_free(h->texts);
    forget_super_admins(h);
    people_free(h);
    free_counts(&h->event_counts);
    map_free(&h->requests);
    map_free(&h->connections);
    buf_free(&h->problems);
    arena_free(&h->words);
    free(h->metrics_token);
    free(h->secret_key);
    free(h->health_json);
    free(h->metrics_text);
    free(h->plugin_folder);
    free(h->data_dir);
    config_free(h->config);
    if (h->lock_fd >= 0) close(h->lock_fd);
    pthread_mutex_destroy(&h->status_lock);
    free(h);
}

int host_run_idle(struct host *h, int limit)
{
    int turns = 0;
    while (turns < limit && host_next_due(h) <= clock_ms() && loop_turn(&h->loop) != 0) turns++;
    return turns;
}

int64_t host_next_due(struct host *h)
{
    return loop_next_due(&h->loop);
}
