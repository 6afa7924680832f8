/* SPDX-License-Identifier: MIT
 * shifty.c - one plugin in several versions, to go from one to another in a running host.
 * SHIFTY_VERSION says which this is; each has "1.N.0" in its manifest and its number in what it
 * says:
 *
 *   1  the first
 *   2  as 1, with another number
 *   3  as 2, and a new column, which the older code does not mind
 *   4  as 3, and a column that is renamed, which it does
 *   5  as 2, but start() writes a row and fails
 *   6  as 2, but stop() never returns
 *   7  as 2, but a migration fails in its second statement */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <tokobot/plugin.h>

#define STRING_OF(x) #x
#define STRING(x)    STRING_OF(x)
#define NUMBER       STRING(SHIFTY_VERSION)
#define VERSION      "v" NUMBER

#if SHIFTY_VERSION == 4
#define WHAT "text_"
#else
#define WHAT "what"
#endif

static int tell_version(struct bot_ctx *ctx);
static int postpone(struct bot_ctx *ctx);
static int tell_word(struct bot_ctx *ctx);
static int note(struct bot_ctx *ctx);
static int hear(struct bot_ctx *ctx);

static const struct bot_command_spec commands[] = {
    { .name = "versi", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = tell_version },
    { .name = "tunda", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = postpone },
    { .name = "kata", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = tell_word },
    { .name = "catat", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = note },
};

static const struct bot_hook_spec hooks[] = {
    { .event = "message.text", .priority = 50, .scope = BOT_ALL_STORES, .run = hear },
};

static const struct bot_config_spec config[] = {
    { .key = "word", .type = BOT_CONFIG_TEXT, .fallback = "kata", .help = "What /kata says" },
};

static const struct bot_migration_spec migrations[] = {
    { .id = 1,
      .sql = "CREATE TABLE shifty_rows (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT" },
#if SHIFTY_VERSION == 3 || SHIFTY_VERSION == 4
    { .id = 2, .sql = "ALTER TABLE shifty_rows ADD COLUMN extra TEXT" },
#endif
#if SHIFTY_VERSION == 4
    { .id = 3, .sql = "ALTER TABLE shifty_rows RENAME COLUMN what TO text_" },
#endif
#if SHIFTY_VERSION == 7
    { .id = 2,
      .sql = "ALTER TABLE shifty_rows ADD COLUMN extra TEXT;"
             "INSERT INTO shifty_rows(what) VALUES (NULL)" },
#endif
};

static const char ROW_ADD[] = "INSERT INTO shifty_rows(" WHAT ") VALUES ($what)";
static const char ROW_COUNT[] = "SELECT count(" WHAT ") FROM shifty_rows";

static int row_add(struct bot_ctx *ctx)
{
    const struct bot_arg what = bot_text("what", VERSION);
    return ctx->api->db(ctx, ROW_ADD, &what, 1, NULL);
}

static int tell_version(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "shifty " VERSION);
}

/* The number is that of the code that ends the wait. */
static int postponed(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)data;
    return bot_reply(ctx, result->status == BOT_OK ? "tunda " VERSION : "tunda " VERSION " batal");
}

static int postpone(struct bot_ctx *ctx)
{
    int64_t id = ctx->api->timer(ctx, 2000, postponed, NULL, 0);
    return id < 0 ? (int)id : ctx->api->later(ctx, 0, NULL, 0);
}

static int tell_word(struct bot_ctx *ctx)
{
    char text[200];
    snprintf(text, sizeof text, VERSION " %s", ctx->api->config_text(ctx->api->self(ctx), "word"));
    return bot_reply(ctx, text);
}

static int note(struct bot_ctx *ctx)
{
    char text[40];
    struct bot_rows *rows = NULL;
    int rc = row_add(ctx);
    if (rc == BOT_OK) rc = ctx->api->db(ctx, ROW_COUNT, NULL, 0, &rows);
    if (rc == BOT_OK) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : BOT_FAIL;
    snprintf(text, sizeof text, "catat %lld", (long long)ctx->api->row_int(rows, 0));
    return bot_reply(ctx, text);
}

static int hear(struct bot_ctx *ctx)
{
    if (strcmp(ctx->api->field(ctx, "text"), "dengar") != 0) return BOT_PASS;
    return bot_reply(ctx, "shifty " VERSION " hears");
}

static int start(struct bot_ctx *ctx)
{
    ctx->api->count(ctx->api->self(ctx), "starts", 1);
#if SHIFTY_VERSION == 5
    int rc = row_add(ctx);
    return rc < 0 ? rc : BOT_FAIL;
#else
    return BOT_OK;
#endif
}

static void stop(struct bot_ctx *ctx)
{
    ctx->api->count(ctx->api->self(ctx), "stops", 1);
#if SHIFTY_VERSION == 6
    static const struct timespec second = { 1, 0 };
    for (;;) nanosleep(&second, NULL);
#endif
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    int rc = BOT_COMMANDS(api, self, commands);
    if (rc == BOT_OK) rc = BOT_HOOKS(api, self, hooks);
    if (rc == BOT_OK) rc = BOT_CONFIG(api, self, config);
    return rc == BOT_OK ? BOT_MIGRATIONS(api, self, migrations) : rc;
}

BOT_PLUGIN("shifty", "1." NUMBER ".0", NULL, init, start, stop, NULL);
