/* plugins.c - [plugins]: NAME = on | off | path, from bot.ini, local.ini and the environment.
 *
 * Invariant: bot.ini's order is kept, since hooks of equal priority run in it; what only a later
 * source names comes at the end. */
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"
#include "core/base/text.h"

#define ENV_PREFIX "TOKOBOT_PLUGINS_"

static const char *const words[] = { "on", "off", "yes", "no", "true", "false" };

static int plugin_name_ok(const char *name)
{
    if (!*name || *name == '-' || strlen(name) > CONFIG_NAME_MAX) return 0;
    for (; *name; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '-'))
            return 0;
    return 1;
}

static struct config_plugin *plugin_find(struct config *c, const char *name)
{
    for (size_t i = 0; i < c->plugin_count; i++)
        if (!strcmp(c->plugins[i].name, name)) return &c->plugins[i];
    return NULL;
}

static int is_path(const char *value)
{
    size_t len = strlen(value);
    return strchr(value, '/') || (len > 3 && !strcmp(value + len - 3, ".so"));
}

static void plugin_set(struct config *c, const char *name, int line, int on, const char *path)
{
    struct config_plugin *plugin = plugin_find(c, name);
    if (!plugin) {
        CONFIG_GROW(c->plugins, c->plugin_count, c->plugin_cap);
        plugin = &c->plugins[c->plugin_count++];
        *plugin = (struct config_plugin){ .name = arena_strdup(&c->arena, name), .line = line };
    }
    plugin->on = on;
    if (path) plugin->path = config_absolute(c, path);
}

/* on, off or a path; *on and *path are set. A sentence when it is none of them. */
static const char *plugin_value(struct config *c, const char *value, int *on, const char **path)
{
    *on = config_bool(value);
    *path = NULL;
    if (*on >= 0) return NULL;
    *on = 1;
    if (is_path(value)) {
        *path = value;
        return NULL;
    }
    if (!*value) return "has no value; write on, off or the path of a .so file";
    const char *near = text_nearest(value, words, sizeof words / sizeof words[0]);
    if (near)
        return arena_printf(&c->arena, "= %s is neither on, off nor a path; did you mean %s?",
                            config_show(c, value), near);
    return arena_printf(&c->arena,
                        "= %s is neither on, off nor a path; write on, off or "
                        "/path/to/plugin.so",
                        config_show(c, value));
}

static void plugin_entry(struct config *c, const struct entry *e)
{
    int on;
    const char *path;
    if (!plugin_name_ok(e->key)) {
        config_fail(c, e->source, e->line,
                    "%s is no plugin's name; use small letters, digits and '-'", e->key);
        return;
    }
    const char *why = plugin_value(c, e->value, &on, &path);
    if (why)
        config_fail(c, e->source, e->line, "%s %s", e->key, why);
    else
        plugin_set(c, e->key, e->line, on, path);
}

/* TOKOBOT_PLUGINS_SUPER_ADMIN -> super-admin. */
static void plugin_env(struct config *c, const char *variable)
{
    const char *equals = strchr(variable, '=');
    if (!equals || !equals[1]) return;
    const char *shown = arena_strndup(&c->arena, variable, (size_t)(equals - variable));
    char *name = arena_strdup(&c->arena, shown + strlen(ENV_PREFIX));
    for (char *p = name; *p; p++)
        *p = (char)(*p == '_' ? '-' : *p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    int on;
    const char *path;
    const char *why = plugin_name_ok(name) ? plugin_value(c, equals + 1, &on, &path)
                                           : "names no plugin; use letters, digits and '_'";
    if (why)
        config_fail(c, FROM_ENV, -1, "environment %s %s", shown, why);
    else
        plugin_set(c, name, 0, on, path);
}

void config_read_plugins(struct config *c)
{
    for (int source = FROM_INI; source <= FROM_LOCAL; source++)
        for (size_t i = 0; i < c->entry_count; i++)
            if (c->entries[i].source == (enum config_source)source && c->entries[i].section &&
                !strcmp(c->entries[i].section, "plugins"))
                plugin_entry(c, &c->entries[i]);
    for (char **env = c->env; env && *env; env++)
        if (!strncmp(*env, ENV_PREFIX, strlen(ENV_PREFIX))) plugin_env(c, *env);
}
