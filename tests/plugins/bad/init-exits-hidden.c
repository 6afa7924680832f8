/* SPDX-License-Identifier: MIT
 * init-exits-hidden.c - init() ends the process, and it imports no exit(). */
#include <sys/syscall.h>
#include <unistd.h>

#include <tokobot/plugin.h>

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    syscall(SYS_exit_group, 0);
    return BOT_OK;
}

BOT_PLUGIN("init-exits-hidden", "1.0.0", NULL, init, NULL, NULL, NULL);
