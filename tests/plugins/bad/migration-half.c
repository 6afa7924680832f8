/* SPDX-License-Identifier: MIT
 * migration-half.c - its second migration fails half-way: what came before is undone, too. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE migration_half_ok (id INTEGER) STRICT" },
    { .id = 2,
      .sql = "CREATE TABLE migration_half_more (id INTEGER) STRICT;"
             "INSERT INTO migration_half_more VALUES ('no number')" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("migration-half", "1.0.0", NULL, init, NULL, NULL, NULL);
