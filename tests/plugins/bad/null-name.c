/* SPDX-License-Identifier: MIT
 * null-name.c - a manifest without a name. */
#include <tokobot/plugin.h>

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_EXTERN_ BOT_EXPORT const struct bot_manifest bot_plugin_v1;
const struct bot_manifest bot_plugin_v1 = {
    .size = sizeof bot_plugin_v1,
    .sdk_version = BOT_SDK_VERSION,
    .api_size = sizeof(struct bot_api),
    .ctx_size = sizeof(struct bot_ctx),
    .name = NULL,
    .version = "1.0.0",
    .init = init,
};
