/* members.h - what the files of people/ tell each other. On the loop. */
#ifndef TOKOBOT_MEMBERS_H
#define TOKOBOT_MEMBERS_H

#include "people.h"

/* 0: this person certainly has no role in any store, without asking the table. */
int people_may_have_roles(struct host *h, int64_t person);
void people_has_roles(struct host *h, int64_t person);
/* 0: certainly nothing holds this person at a store (holds.c); likewise. */
int people_may_be_held(struct host *h, int64_t person);
void people_is_held(struct host *h, int64_t person);
int64_t people_by_phone(struct host *h, const char *phone); /* 0 = unknown */

int64_t members_count(struct host *h, int64_t store);
int64_t admins_count(struct host *h, int64_t store);
enum { ROLE_ADDED = 1, ROLE_CHANGED = 2, ROLE_SAME = 0 };
int roles_add(struct host *h, int64_t store, int64_t person, uint32_t role); /* or -1 */
/* BOT_OK; BOT_ENOENT: he has none there; BOT_EBUSY: he is its last owner; BOT_EIO. */
int roles_remove(struct host *h, int64_t store, int64_t person);
int roles_clear(struct host *h, int64_t store); /* nobody runs it any more. 0 or -1 */

/* He is about to be forgotten: who blocks him goes on doing so (blocks.c). 0 or -1. */
int blocks_keep(struct host *h, int64_t person);
/* A number or hidden id more of somebody is known: it may be one that was kept. 0 or -1. */
int blocks_learned(struct host *h, int64_t person);

/* 1: a folded word that says only what a store is: "toko". Pure. */
int stores_is_kind(const char *word, size_t len);
/* See bot_stores.name_check. *clean lives in the step. The first one says only whether it can be.
 */
int stores_name_clean(struct event *ev, const char *name, const char **clean);
int stores_name_check(struct event *ev, int64_t store, const char *name, const char **clean);
/* A store's code from its name, not taken yet, into out. 0 or -1. */
int stores_new_code(struct host *h, const char *name, char out[12]);
/* The letters that a name's codes begin with: 2 to 5 of A-Z without I and O. Pure. */
void stores_code_base(const char *name, char out[8]);

#endif
