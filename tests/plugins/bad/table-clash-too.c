/* SPDX-License-Identifier: MIT
 * table-clash-too.c - makes a table that table-clash makes, too. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE table_clash_too_rows (id INTEGER) STRICT" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("table-clash-too", "1.0.0", NULL, init, NULL, NULL, NULL);
