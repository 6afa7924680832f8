/* SPDX-License-Identifier: MIT
 * delegate.h - how a test puts its own functions into a loaded plugin. */
#ifndef TESTS_DELEGATE_H
#define TESTS_DELEGATE_H

#include <tokobot/plugin.h>

/* What a test wants the plugin to be; NULL: nothing. */
struct delegate {
    int (*init)(const struct bot_api *api, struct bot_plugin *self);
    int (*start)(struct bot_ctx *ctx);
    void (*stop)(struct bot_ctx *ctx);
};

#endif
