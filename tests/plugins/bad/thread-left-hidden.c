/* SPDX-License-Identifier: MIT
 * thread-left-hidden.c - init() makes a thread that never ends, and it imports no
 * pthread_create(). */
#include <dlfcn.h>
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

static int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    pthread_t thread;
    *(void **)&create = dlsym(RTLD_DEFAULT, "pthread_create");
    return create && create(&thread, NULL, sleep_on, NULL) == 0 ? BOT_OK : BOT_EIO;
}

BOT_PLUGIN("thread-left-hidden", "1.0.0", NULL, init, NULL, NULL, NULL);
