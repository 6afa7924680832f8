/* SPDX-License-Identifier: MIT
 * table-clash.c - makes a table that is its own only while there is no table-clash-too,
 * whose prefix is the longer one. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE table_clash_rows (id INTEGER) STRICT" },
    { .id = 2, .sql = "CREATE TABLE table_clash_too_rows (id INTEGER) STRICT" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("table-clash", "1.0.0", NULL, init, NULL, NULL, NULL);
