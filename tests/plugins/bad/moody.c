/* SPDX-License-Identifier: MIT
 * moody.c - is well, unless the environment variable MOODY says where it is to crash, hang or end the
 * process: so the host knows it as one that is well. */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <tokobot/plugin.h>

/* `volatile` keeps the write; 16 and not 0, so that no sanitizer stops it before the processor. */
static volatile int *volatile nowhere = (volatile int *)16;

static int is_mood(const char *where, const char *what)
{
    const char *mood = getenv("MOODY");
    size_t len = strlen(where);
    return mood && !strncmp(mood, where, len) && mood[len] == ' ' && !strcmp(mood + len + 1, what);
}

static void be_moody(const char *where)
{
    static const struct timespec second = { 1, 0 };
    if (is_mood(where, "crashes")) *nowhere = 1;
    if (is_mood(where, "exits")) syscall(SYS_exit_group, 0);
    while (is_mood(where, "hangs")) nanosleep(&second, NULL);
}

__attribute__((constructor)) static void opened(void)
{
    be_moody("constructor");
}

static int start(struct bot_ctx *ctx)
{
    (void)ctx;
    be_moody("start");
    return BOT_OK;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    be_moody("init");
    return BOT_OK;
}

BOT_PLUGIN("moody", "1.0.0", NULL, init, start, NULL, NULL);
