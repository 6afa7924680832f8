/* registry.c - looking up what is registered. See registry.h; it is filled by register.c and
 * loader.c. */
#include "registry.h"

#include <stdio.h>
#include <string.h>
#include <ctype.h>

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
