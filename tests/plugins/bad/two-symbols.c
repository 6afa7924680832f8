/* SPDX-License-Identifier: MIT
 * two-symbols.c - exports a function besides the one symbol. */
#include <tokobot/plugin.h>

BOT_EXTERN_ BOT_EXPORT int two_symbols_answer(void);
int two_symbols_answer(void)
{
    return 42;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("two-symbols", "1.0.0", NULL, init, NULL, NULL, NULL);
