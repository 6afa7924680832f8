/* SPDX-License-Identifier: MIT
 * migration-rolls.c - a constraint that would roll other people's turns back. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE migration_rolls_ok (id INTEGER) STRICT" },
    { .id = 2,
      .sql = "CREATE TABLE migration_rolls_more (id INTEGER UNIQUE ON CONFLICT ROLLBACK) STRICT" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("migration-rolls", "1.0.0", NULL, init, NULL, NULL, NULL);
