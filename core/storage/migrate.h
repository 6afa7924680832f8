/* migrate.h - brings the core's and the plugins' tables up to date. At start and at a reload,
 * outside of turns. */
#ifndef TOKOBOT_MIGRATE_H
#define TOKOBOT_MIGRATE_H

#include <stddef.h>

struct host;
struct plugin;
struct buf;

/* The core's own. 0, or -1 with a sentence: also when a newer Tokobot wrote this database. */
int migrate_core(struct host *h, struct buf *error);
/* One plugin's, in a transaction of their own: all or none. 0, or -1 with a sentence. */
int migrate_plugin(struct host *h, struct plugin *p, struct buf *error);
/* The same in an open transaction, which is to be rolled back on -1. replaces 1: an older
 * generation of it is in use, so a step that does more than CREATE and ADD COLUMN is refused. */
int migrate_in_turn(struct host *h, struct plugin *p, int replaces, struct buf *error);

/* 1: a plugin of this name has run here; it may be switched off now. */
int migrate_is_known(struct host *h, const char *plugin);

#endif
