/* SPDX-License-Identifier: MIT
 * start-fails.c - start() writes something and fails. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE start_fails_rows (id INTEGER) STRICT" },
};

static int start(struct bot_ctx *ctx)
{
    ctx->api->db(ctx, "INSERT INTO start_fails_rows VALUES (1)", NULL, 0, NULL);
    ctx->api->emit(ctx, "start-fails.made", NULL, 0);
    return BOT_FAIL;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("start-fails", "1.0.0", NULL, init, start, NULL, NULL);
