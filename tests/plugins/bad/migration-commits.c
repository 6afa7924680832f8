/* SPDX-License-Identifier: MIT
 * migration-commits.c - a migration that ends the transaction. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { 1, "CREATE TABLE migration_commits_ok (id INTEGER) STRICT", NULL },
    { 2, "COMMIT; CREATE TABLE migration_commits_more (id INTEGER)", NULL },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("migration-commits", "1.0.0", NULL, init, NULL, NULL, NULL);
