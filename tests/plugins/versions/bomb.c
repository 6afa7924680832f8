/* SPDX-License-Identifier: MIT
 * bomb.c - a plugin that is fine until somebody writes the wrong words to it. */
#include <string.h>
#include <time.h>

#include <tokobot/plugin.h>

static int explode(struct bot_ctx *ctx);
static int answer_well(struct bot_ctx *ctx);
static int echo(struct bot_ctx *ctx);
static int dawdle(struct bot_ctx *ctx);
static int fail(struct bot_ctx *ctx);
static int hang(struct bot_ctx *ctx);
static int hear(struct bot_ctx *ctx);

static const struct bot_command_spec commands[] = {
    { .name = "bom", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = explode },
    { .name = "bom_baik", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = answer_well },
};

static const struct bot_hook_spec hooks[] = {
    { .event = "message.text", .priority = 60, .scope = BOT_ALL_STORES, .run = hear },
};

/* What a text begins with, or all of it. */
static const struct {
    const char *words;
    int is_all;
    bot_handler_fn *run;
} texts[] = {
    { "bom ", 0, explode }, { "echo ", 0, echo }, { "lambat", 1, dawdle },
    { "gagal", 1, fail },   { "macet", 1, hang },
};

/* `volatile` keeps the write; 16 and not 0, so that no sanitizer stops it before the processor. */
static volatile int *volatile nowhere = (volatile int *)16;

static int explode(struct bot_ctx *ctx)
{
    *nowhere = 1;
    return bot_reply(ctx, "bom");
}

static int answer_well(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "baik");
}

static int echo(struct bot_ctx *ctx)
{
    return bot_reply(ctx, ctx->api->field(ctx, "text") + strlen("echo "));
}

static int64_t real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Keeps the loop busy for 80 ms by any clock but the host's. */
static int dawdle(struct bot_ctx *ctx)
{
    int64_t end = real_ms() + 80;
    while (real_ms() < end) continue;
    return bot_reply(ctx, "lambat");
}

static int fail(struct bot_ctx *ctx)
{
    (void)ctx;
    return BOT_FAIL;
}

static int hang(struct bot_ctx *ctx)
{
    static const struct timespec second = { 1, 0 };
    (void)ctx;
    for (;;) nanosleep(&second, NULL);
    return BOT_HANDLED;
}

static int hear(struct bot_ctx *ctx)
{
    const char *text = ctx->api->field(ctx, "text");
    for (size_t i = 0; i < BOT_COUNT(texts); i++) {
        size_t len = strlen(texts[i].words);
        if (!strncmp(text, texts[i].words, len) && (!texts[i].is_all || !text[len]))
            return texts[i].run(ctx);
    }
    return BOT_PASS;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    int rc = BOT_COMMANDS(api, self, commands);
    return rc == BOT_OK ? BOT_HOOKS(api, self, hooks) : rc;
}

BOT_PLUGIN("bomb", "1.0.0", NULL, init, NULL, NULL, NULL);
