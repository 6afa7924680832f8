/* SPDX-License-Identifier: MIT
 * init-forks.c - init() leaves a child behind. */
#include <time.h>
#include <unistd.h>

#include <tokobot/plugin.h>

static const struct timespec second = { 1, 0 };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    if (fork() == 0) {
        for (int i = 0; i < 60; i++) nanosleep(&second, NULL);
        _exit(0);
    }
    return BOT_OK;
}

BOT_PLUGIN("init-forks", "1.0.0", NULL, init, NULL, NULL, NULL);
