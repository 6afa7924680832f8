/* SPDX-License-Identifier: MIT
 * migration-foreign.c - a migration that drops a table of the core. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE migration_foreign_ok (id INTEGER) STRICT" },
    { .id = 2, .sql = "DROP TABLE outbox" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("migration-foreign", "1.0.0", NULL, init, NULL, NULL, NULL);
