/* plugins_service.h - service "plugins/0", and the same for `tokobot plugin list`. On the loop. */
#ifndef TOKOBOT_PLUGINS_SERVICE_H
#define TOKOBOT_PLUGINS_SERVICE_H

#include <tokobot/services/plugins.h>

struct host;
struct plugin;
struct buf;

extern const struct bot_plugins plugins_service;

void plugin_info(const struct plugin *p, struct bot_plugin_info *out);
/* {"ok":true,"plugins":[...]}: every generation with what it has registered. */
void plugins_describe(struct host *h, struct buf *out);

#endif
