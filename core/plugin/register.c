/* register.c - what plugins register in init(): checked, copied, written into the ledger of their
 * generation. Whether a name is another plugin's already is found out later, by registry_add().
 *
 * Every string is copied: a plugin's memory is its own. A mistake is told in words in
 * plugin->problem, which the loader shows; the registration returns BOT_EINVAL and the plugin is
 * refused. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/log.h"
#include "../host.h"
#include "api.h"

/* What is wrong, for the loader. */
static int problem(struct plugin *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int problem(struct plugin *p, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!p->problem) p->problem = arena_strdup(&p->arena, text);
    return BOT_EINVAL;
}

static struct plugin *registering(struct bot_plugin *self, const char *what)
{
    struct plugin *p = plugin_of(self);
    if (p->initialising) return p;
    log_error("plugin", "registered outside init()", LOG_STR("plugin", p->name),
              LOG_STR("what", what));
    return NULL;
}

static int is_name(const char *s, const char *more, size_t max)
{
    if (!s || !*s || strlen(s) > max) return 0;
    for (; *s; s++)
        if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && !strchr(more, *s))
            return 0;
    return 1;
}

static const char *copy(struct plugin *p, const char *s)
{
    return arena_strdup(&p->arena, s);
}

/* Element i of a table whose elements may be smaller (an older plugin) or larger than ours, as
 * ours. */
static void element(void *out, size_t size, const void *table, size_t i, size_t elem)
{
    memset(out, 0, size);
    memcpy(out, (const char *)table + i * elem, elem < size ? elem : size);
}

/* ---- commands -------------------------------------------------------------------------------- */

static int split_args(struct plugin *p, struct command *c)
{
    if (!c->spec.args) return BOT_OK;
    char *text = arena_strdup(&p->arena, c->spec.args), *rest = NULL;
    c->arg_names = arena_zalloc(&p->arena, (strlen(text) / 2 + 1) * sizeof *c->arg_names);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        size_t len = strlen(word);
        int optional = word[0] == '[' && word[len - 1] == ']';
        if (optional) {
            word[len - 1] = 0;
            word++;
        } else if (c->arg_required != c->arg_count) {
            return problem(p, "command %s: \"%s\" cannot be required after an optional argument",
                           c->spec.name, word);
        }
        c->arg_names[c->arg_count++] = word;
        if (!optional) c->arg_required = c->arg_count;
    }
    return BOT_OK;
}

/* The name and the comma-separated aliases. */
static int copy_names(struct plugin *p, struct command *c)
{
    const char *aliases = c->spec.aliases ? c->spec.aliases : "";
    char *list = arena_printf(&p->arena, "%s,%s", c->spec.name, aliases), *rest = NULL;
    c->names = arena_zalloc(&p->arena, (strlen(list) / 2 + 1) * sizeof *c->names);
    for (char *name = strtok_r(list, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
        if (!is_name(name, "_", 40))
            return problem(p, "command \"%s\": a name is a-z 0-9 _, at most 40 characters", name);
        c->names[c->name_count++] = name;
    }
    return BOT_OK;
}

static int add_command(struct plugin *p, const struct bot_command_spec *spec)
{
    const char *name = spec->name ? spec->name : "?";
    if (!spec->run) return problem(p, "command \"%s\" has no run function", name);
    if (!spec->role || spec->role > BOT_ANYONE || spec->scope > BOT_NO_STORE)
        return problem(p, "command \"%s\" needs a role and a scope that exist", name);
    if (!is_name(name, "_", 40))
        return problem(p, "command \"%s\": a name is a-z 0-9 _, at most 40 characters", name);
    struct command *c = arena_zalloc(&p->arena, sizeof *c);
    c->plugin = p;
    c->spec = *spec;
    c->spec.name = copy(p, spec->name);
    c->spec.aliases = copy(p, spec->aliases);
    c->spec.args = copy(p, spec->args);
    c->spec.help = copy(p, spec->help);
    c->spec.usage = copy(p, spec->usage);
    c->spec.open_if = copy(p, spec->open_if);
    int rc = copy_names(p, c);
    if (rc == BOT_OK) rc = split_args(p, c);
    if (rc == BOT_OK) STAILQ_INSERT_TAIL(&p->commands, c, link);
    return rc;
}

int api_command(struct bot_plugin *self, const struct bot_command_spec *t, size_t n, size_t elem)
{
    struct plugin *p = registering(self, "command");
    int rc = p ? BOT_OK : BOT_EPHASE;
    for (size_t i = 0; i < n && rc == BOT_OK; i++) {
        struct bot_command_spec spec;
        element(&spec, sizeof spec, t, i, elem);
        rc = add_command(p, &spec);
    }
    return rc;
}

/* ---- hooks ----------------------------------------------------------------------------------- */

int api_hook(struct bot_plugin *self, const struct bot_hook_spec *t, size_t n, size_t elem)
{
    struct plugin *p = registering(self, "hook");
    if (!p) return BOT_EPHASE;
    for (size_t i = 0; i < n; i++) {
        struct hook *hook = arena_zalloc(&p->arena, sizeof *hook);
        hook->plugin = p;
        element(&hook->spec, sizeof hook->spec, t, i, elem);
        if (!hook->spec.event || !*hook->spec.event || !hook->spec.run ||
            hook->spec.scope > BOT_NO_STORE)
            return problem(p, "hook \"%s\" needs an event, a scope and a run function",
                           hook->spec.event ? hook->spec.event : "?");
        hook->spec.event = copy(p, hook->spec.event);
        STAILQ_INSERT_TAIL(&p->hooks, hook, link);
    }
    return BOT_OK;
}

/* ---- dialogs --------------------------------------------------------------------------------- */

static int copy_steps(struct plugin *p, struct bot_dialog_spec *spec)
{
    if (!spec->name || !spec->done || !spec->steps || !spec->step_count ||
        spec->scope > BOT_NO_STORE)
        return problem(p, "dialog \"%s\" needs a name, steps and done",
                       spec->name ? spec->name : "?");
    struct bot_dialog_step *steps = arena_zalloc(&p->arena, spec->step_count * sizeof *steps);
    for (size_t i = 0; i < spec->step_count; i++) {
        element(&steps[i], sizeof steps[i], spec->steps, i, spec->step_size);
        if (!is_name(steps[i].slot, "_", 40) || !steps[i].prompt)
            return problem(p, "dialog \"%s\": step %zu needs a slot and a prompt", spec->name,
                           i + 1);
        steps[i].slot = copy(p, steps[i].slot);
        steps[i].prompt = copy(p, steps[i].prompt);
        steps[i].retry = copy(p, steps[i].retry);
    }
    spec->name = copy(p, spec->name);
    spec->steps = steps;
    spec->step_size = sizeof *steps;
    if (!spec->timeout_s) spec->timeout_s = 1800;
    return BOT_OK;
}

int api_dialog(struct bot_plugin *self, const struct bot_dialog_spec *t, size_t n, size_t elem)
{
    struct plugin *p = registering(self, "dialog");
    int rc = p ? BOT_OK : BOT_EPHASE;
    for (size_t i = 0; i < n && rc == BOT_OK; i++) {
        struct dialog_def *d = arena_zalloc(&p->arena, sizeof *d);
        d->plugin = p;
        element(&d->spec, sizeof d->spec, t, i, elem);
        if ((rc = copy_steps(p, &d->spec)) != BOT_OK) break;
        d->key = arena_printf(&p->arena, "%s/%s", p->name, d->spec.name);
        STAILQ_INSERT_TAIL(&p->dialogs, d, link);
    }
    return rc;
}

/* ---- the smaller tables ---------------------------------------------------------------------- */

static int is_daily(const char *s)
{
    return s && strlen(s) == 5 && s[2] == ':' && s[0] >= '0' && s[0] <= '2' &&
           isdigit((unsigned char)s[1]) && s[3] >= '0' && s[3] <= '5' &&
           isdigit((unsigned char)s[4]) && (s[0] < '2' || s[1] < '4');
}

int api_schedule(struct bot_plugin *self, const struct bot_schedule_spec *t, size_t n, size_t elem)
{
    struct plugin *p = registering(self, "schedule");
    if (!p) return BOT_EPHASE;
    for (size_t i = 0; i < n; i++) {
        struct schedule *s = arena_zalloc(&p->arena, sizeof *s);
        s->plugin = p;
        element(&s->spec, sizeof s->spec, t, i, elem);
        if (!is_name(s->spec.name, "_-", 40) || !s->spec.run ||
            (!s->spec.every_s && !is_daily(s->spec.daily_at)))
            return problem(p,
                           "schedule \"%s\" needs a name, run, and every_s or daily_at \"HH:MM\"",
                           s->spec.name ? s->spec.name : "?");
        s->spec.name = copy(p, s->spec.name);
        s->spec.daily_at = copy(p, s->spec.daily_at);
        STAILQ_INSERT_TAIL(&p->schedules, s, link);
    }
    return BOT_OK;
}

int api_config(struct bot_plugin *self, const struct bot_config_spec *t, size_t n, size_t elem)
{
    struct plugin *p = registering(self, "config");
    if (!p) return BOT_EPHASE;
    if (p->config) return problem(p, "config is registered twice");
    struct bot_config_spec *keys = arena_zalloc(&p->arena, (n + 1) * sizeof *keys);
    for (size_t i = 0; i < n; i++) {
        element(&keys[i], sizeof keys[i], t, i, elem);
        if (!is_name(keys[i].key, "_", 40) || keys[i].type > BOT_CONFIG_URL)
            return problem(p, "config key \"%s\" needs a name of a-z 0-9 _ and a type",
                           keys[i].key ? keys[i].key : "?");
        keys[i].key = copy(p, keys[i].key);
        keys[i].fallback = copy(p, keys[i].fallback);
        keys[i].choices = copy(p, keys[i].choices);
        keys[i].env = copy(p, keys[i].env);
        keys[i].help = copy(p, keys[i].help);
    }
    p->config = keys;
    p->config_count = n;
    return BOT_OK;
}

int api_migration(struct bot_plugin *self, const struct bot_migration_spec *t, size_t n,
                  size_t elem)
{
    struct plugin *p = registering(self, "migration");
    if (!p) return BOT_EPHASE;
    if (p->migrations) return problem(p, "migrations are registered twice");
    struct bot_migration_spec *list = arena_zalloc(&p->arena, (n + 1) * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        element(&list[i], sizeof list[i], t, i, elem);
        if (list[i].id != i + 1 || !list[i].sql)
            return problem(p, "migration %zu: ids are 1, 2, 3 ... and each has SQL", i + 1);
        list[i].sql = copy(p, list[i].sql);
        list[i].sql_postgres = copy(p, list[i].sql_postgres);
    }
    p->migrations = list;
    p->migration_count = n;
    return BOT_OK;
}

int api_route(struct bot_plugin *self, const struct bot_route_spec *t, size_t n, size_t elem)
{
    struct plugin *p = registering(self, "route");
    if (!p) return BOT_EPHASE;
    for (size_t i = 0; i < n; i++) {
        struct route *route = arena_zalloc(&p->arena, sizeof *route);
        route->plugin = p;
        element(&route->spec, sizeof route->spec, t, i, elem);
        if (!route->spec.path || !route->spec.run || route->spec.kind > BOT_ROUTE_CONTROL)
            return problem(p, "route \"%s\" needs a kind, a path and run",
                           route->spec.path ? route->spec.path : "?");
        route->spec.path = copy(p, route->spec.path);
        route->key = route->spec.kind == BOT_ROUTE_CONTROL
                         ? arena_printf(&p->arena, "c/%s", route->spec.path)
                         : arena_printf(&p->arena, "h/%s/%s", p->name, route->spec.path);
        STAILQ_INSERT_TAIL(&p->routes, route, link);
    }
    return BOT_OK;
}

int api_provide(struct bot_plugin *self, const char *name, const void *table, void *owner)
{
    struct plugin *p = registering(self, "provide");
    if (!p) return BOT_EPHASE;
    if (!name || !strchr(name, '/') || !table)
        return problem(p, "a service is \"name/major\" with a table");
    struct service *s = arena_zalloc(&p->arena, sizeof *s);
    s->plugin = p;
    s->name = copy(p, name);
    s->table = table;
    s->owner = owner;
    STAILQ_INSERT_TAIL(&p->services, s, link);
    return BOT_OK;
}

static int is_own_column(const struct plugin *p, const char *table, const char *column)
{
    return is_name(table, "_", 60) && is_name(column, "_", 60) &&
           strncmp(table, p->table_prefix, strlen(p->table_prefix)) == 0;
}

int api_person_column(struct bot_plugin *self, const char *table, const char *column)
{
    struct plugin *p = registering(self, "person_column");
    if (!p) return BOT_EPHASE;
    if (!is_own_column(p, table, column))
        return problem(p, "person_column: \"%s\" is not a table of this plugin",
                       table ? table : "?");
    struct person_column *c = arena_zalloc(&p->arena, sizeof *c);
    c->plugin = p;
    c->table = copy(p, table);
    c->column = copy(p, column);
    STAILQ_INSERT_TAIL(&p->person_columns, c, link);
    return BOT_OK;
}

int api_media_column(struct bot_plugin *self, const char *table, const char *column)
{
    struct plugin *p = registering(self, "media_column");
    if (!p) return BOT_EPHASE;
    if (!is_own_column(p, table, column))
        return problem(p, "media_column: \"%s\" is not a table of this plugin",
                       table ? table : "?");
    struct media_column *c = arena_zalloc(&p->arena, sizeof *c);
    c->table = copy(p, table);
    c->column = copy(p, column);
    STAILQ_INSERT_TAIL(&p->media_columns, c, link);
    return BOT_OK;
}

int api_gateway(struct bot_plugin *self, const struct bot_gateway_spec *spec)
{
    struct plugin *p = registering(self, "gateway");
    if (!p) return BOT_EPHASE;
    struct gateway *g = arena_zalloc(&p->arena, sizeof *g);
    g->plugin = p;
    memcpy(&g->spec, spec, spec->size < sizeof g->spec ? spec->size : sizeof g->spec);
    if (!g->spec.send || (g->spec.name && *g->spec.name && !g->spec.parse))
        return problem(p, "a gateway needs send(), and parse() when it has webhooks");
    if (p->gateway) return problem(p, "a plugin provides one gateway");
    g->spec.name = copy(p, spec->name ? spec->name : "");
    g->spec.signature_header = copy(p, g->spec.signature_header);
    g->spec.signature_algorithm = copy(p, g->spec.signature_algorithm);
    g->spec.signature_key = copy(p, g->spec.signature_key);
    g->spec.allow_unsigned = copy(p, g->spec.allow_unsigned);
    g->spec.groups = copy(p, g->spec.groups);
    p->gateway = g;
    return BOT_OK;
}
