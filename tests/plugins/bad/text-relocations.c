/* SPDX-License-Identifier: MIT
 * text-relocations.c - holds an address among its code, so that the code must be written to when it
 * is opened. Linked with -z notext. */
#include <tokobot/plugin.h>

__asm__(".text\n"
        ".balign 8\n"
        ".quad bot_plugin_v1\n");

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("text-relocations", "1.0.0", NULL, init, NULL, NULL, NULL);
