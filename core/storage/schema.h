/* schema.h - the core's tables. docs/architecture.md explains them. */
#ifndef TOKOBOT_SCHEMA_H
#define TOKOBOT_SCHEMA_H
#include <tokobot/plugin.h>
extern const struct bot_migration_spec core_migrations[];
extern const unsigned core_migration_count;
#endif
