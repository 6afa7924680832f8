/* SPDX-License-Identifier: MIT
 * migration-unnamed.c - a table without the plugin's prefix. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE migration_unnamed_ok (id INTEGER) STRICT" },
    { .id = 2, .sql = "CREATE TABLE mine (id INTEGER) STRICT" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("migration-unnamed", "1.0.0", NULL, init, NULL, NULL, NULL);
