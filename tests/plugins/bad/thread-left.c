/* SPDX-License-Identifier: MIT
 * thread-left.c - start() makes a thread that never ends. */
#include <pthread.h>
#include <time.h>

#include <tokobot/plugin.h>

static const struct timespec second = { 1, 0 };

static void *sleep_on(void *arg)
{
    (void)arg;
    for (;;) nanosleep(&second, NULL);
    return NULL;
}

static int start(struct bot_ctx *ctx)
{
    pthread_t thread;
    (void)ctx;
    return pthread_create(&thread, NULL, sleep_on, NULL) == 0 ? BOT_OK : BOT_EIO;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

BOT_PLUGIN("thread-left", "1.0.0", NULL, init, start, NULL, NULL);
