/* SPDX-License-Identifier: MIT
 * migration-commits.c - a migration that ends the transaction. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE migration_commits_ok (id INTEGER) STRICT" },
    { .id = 2, .sql = "COMMIT; CREATE TABLE migration_commits_more (id INTEGER)" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("migration-commits", "1.0.0", NULL, init, NULL, NULL, NULL);
