/* SPDX-License-Identifier: MIT
 * migration-fails.c - its second migration does not compile: the first one is undone, too. */
#include <tokobot/plugin.h>

static const struct bot_migration_spec migrations[] = {
    { .id = 1, .sql = "CREATE TABLE migration_fails_ok (id INTEGER) STRICT" },
    { .id = 2, .sql = "CREATE TABLE migration_fails_more (id NOSUCHTYPE) STRICT" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(api, self, migrations);
}

BOT_PLUGIN("migration-fails", "1.0.0", NULL, init, NULL, NULL, NULL);
