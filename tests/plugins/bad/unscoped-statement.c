/* SPDX-License-Identifier: MIT
 * unscoped-statement.c - counts the rows of all stores in a command of one. It loads; `tokobot
 * plugin check` finds it. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1,
      .sql = "CREATE TABLE unscoped_statement_rows (store INTEGER NOT NULL, n INTEGER) STRICT" },
};

static int count(struct bot_ctx *ctx)
{
    return ctx->api->db(ctx, "SELECT count(*) FROM unscoped_statement_rows", NULL, 0, NULL);
}

static const struct bot_command_spec commands[] = {
    { .name = "count", .role = BOT_ANYONE, .run = count },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    int rc = BOT_MIGRATIONS(api, self, migrations);
    return rc < 0 ? rc : BOT_COMMANDS(api, self, commands);
}

BOT_PLUGIN("unscoped-statement", "1.0.0", NULL, init, NULL, NULL, NULL);
