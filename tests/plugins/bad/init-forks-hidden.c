/* SPDX-License-Identifier: MIT
 * init-forks-hidden.c - init() leaves a child behind, and it imports no fork(): only the
 * child itself tells of it. The child imports nothing either. */
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <tokobot/plugin.h>

static const struct timespec second = { 1, 0 };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    if (syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) == 0) {
        for (int i = 0; i < 60; i++) syscall(SYS_nanosleep, &second, NULL);
        syscall(SYS_exit_group, 0);
    }
    return BOT_OK;
}

BOT_PLUGIN("init-forks-hidden", "1.0.0", NULL, init, NULL, NULL, NULL);
