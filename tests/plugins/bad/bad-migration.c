/* SPDX-License-Identifier: MIT
 * bad-migration.c - ids of migrations that do not count 1, 2, 3. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = { { .id = 2, .sql = "SELECT 1" } };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("bad-migration", "1.0.0", NULL, init, NULL, NULL, NULL);
