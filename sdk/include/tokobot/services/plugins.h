/* SPDX-License-Identifier: MIT
 * tokobot/services/plugins.h - service "plugins/0": the plugins that run, and reloading them.
 * Provided by the core. Since SDK 0.10; not frozen. Strings live until the callback returns. */
#ifndef TOKOBOT_SERVICES_PLUGINS_H
#define TOKOBOT_SERVICES_PLUGINS_H

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bot_plugin_state {
    BOT_PLUGIN_RUNNING = 0,
    BOT_PLUGIN_PAUSED = 1,      /* its hooks failed again and again: they wait a while */
    BOT_PLUGIN_QUARANTINED = 2, /* it crashed the bot: nothing of it is called until a reload */
    BOT_PLUGIN_DRAINING = 3     /* out of use: only what it has begun comes to its end */
};

struct bot_plugin_info {
    uint32_t size;
    uint32_t state; /* enum bot_plugin_state */
    const char *name;
    const char *version;
    uint32_t generation;  /* counts every load of any plugin since the start */
    uint32_t sdk_version; /* that it was built for: major << 16 | minor */
    uint32_t pending;     /* its asynchronous calls that have not ended */
    uint32_t reserved;
    int64_t calls, errors;          /* callbacks, and those that failed; over all generations */
    int64_t p50_us, p99_us, max_us; /* how long a callback took */
};

struct bot_plugins {
    uint32_t size;
    uint32_t reserved;
    /* [event] Calls `each` for every generation of every plugin, in bot.ini's order, until it
     * returns something other than 0; returns that, or 0. */
    int (*list)(struct bot_ctx *ctx, int (*each)(void *arg, const struct bot_plugin_info *info),
                void *arg);
    /* [event] Reads bot.ini and changed plugin files again, as SIGHUP does, once this turn has
     * committed. An asynchronous call as api->http() is: done() comes when the reload has ended,
     * with status BOT_OK, or BOT_EINVAL when it was refused, and lines of text in result->body:
     * what has changed, or why not. "" = nothing had changed. Needs the super admin's role in the
     * event (BOT_ESCOPE). The plugin that asks may itself be replaced: its done() still runs. */
    int64_t (*reload)(struct bot_ctx *ctx, bot_done_fn *done, const void *data, size_t len);
    /* -- since 0.12 -- */
    /* [event] Calls `each` for every line of [plugins] whose plugin does not run: it is off, or was
     * left out. Otherwise as list(). */
    int (*absent)(struct bot_ctx *ctx, int (*each)(void *arg, const char *name), void *arg);
    /* [event] Calls `each` with a sentence for every plugin that was left out or is in quarantine:
     * who, and why. Otherwise as list(). */
    int (*problems)(struct bot_ctx *ctx, int (*each)(void *arg, const char *why), void *arg);
};

#ifdef __cplusplus
}
#endif
#endif
