/* people.h - persons, their aliases, roles, stores, members. On the loop, in a turn. */
#ifndef TOKOBOT_PEOPLE_H
#define TOKOBOT_PEOPLE_H

#include "../event.h"
#include <tokobot/services/people.h>
#include <tokobot/services/stores.h>

/* The person with this phone and/or lid (either may be NULL), made when new; links a new alias to a
 * known person, and merges when the two lead to different persons (person_columns, hook
 * person.merged). Remembers name and chat. Returns the id, or -1 on a database error. */
int64_t people_resolve(struct host *h, const char *gateway, const char *session, const char *chat,
                       const char *phone, const char *lid, const char *name);
/* The person with this phone or lid, when there is one; 0 = nobody. */
int64_t people_known(struct host *h, const char *phone, const char *lid);
/* Has the network told his phone number? */
/* His number, digits; 0, or -1: it is not known. */
int people_phone(struct host *h, int64_t person, char *out, size_t cap);
int people_has_phone(struct host *h, int64_t person);
/* Fills ev->person_name, language, phone. 0 or -1. */
int people_load(struct event *ev);
uint32_t people_roles(struct host *h, int64_t person,
                      int64_t store); /* with BOT_CUSTOMER always, BOT_SUPER when listed */
int people_is_super(struct host *h, int64_t person);
/* Where to write to a person who is not writing now. 0, or -1 when there is no way. Strings in
 * arena. */
int people_address(struct host *h, int64_t person, struct arena *arena, const char **gateway,
                   const char **session, const char **chat);
/* Calls fn for each person with the role in the store (BOT_SUPER: store is ignored). */
int people_with_role(struct host *h, int64_t store, uint32_t role,
                     void (*fn)(void *ctx, int64_t person), void *ctx);

/* Fills ev->store_* for this store. 0; -1 when there is no such store. */
int stores_load(struct event *ev, int64_t store);
int64_t stores_active(struct host *h);                /* how many; cached until a store changes */
int64_t stores_known(struct host *h, int64_t person); /* of how many he is a customer; or -1 */
int64_t stores_state(struct host *h, int64_t store);  /* enum bot_store_state; -1 = none */
int64_t stores_count(struct host *h); /* with those that are suspended or closed; likewise */
int64_t stores_by_code(struct host *h, const char *code); /* any case; 0 = none */
/* He is no customer of ev->store: was he one that it blocked, and was forgotten, he is blocked
 * again; sets ev->member_blocked. 0 or -1. */
int blocks_restore(struct event *ev);
/* First and last seen; sets ev->is_new_member. 0; 1: he is new and the store is full; or -1. */
int members_touch(struct event *ev);
/* Stores this person administers, ascending; returns how many there are, up to cap are filled. */
int stores_managed(struct host *h, int64_t person, int64_t *out, int cap);

/* The store to fall back to: the one he wrote to last, or the only active one of the number. Fills
 * ev->store_* and member_*; returns its id, 0 = none, -1 on error. */
int64_t stores_load_last(struct event *ev);
int64_t stores_load_only(struct event *ev);
/* Active stores to choose from, those he knows first; returns how many of cap were filled, -1 on
 * error. */
int stores_choices(struct event *ev, int64_t *out, int cap);
int stores_name(struct host *h, int64_t store, struct arena *arena, const char **name,
                const char **code); /* 0, -1 */
int64_t stores_by_name(
    struct host *h,
    const char *name); /* the only active one of this name, any ASCII case; 0 = none */
void stores_changed(struct host *h); /* forget what is cached; again right after a rollback */
/* What a manager of several stores, or a super admin, worked on last; 0 = nothing. */
int64_t stores_remembered(struct host *h, int64_t person);
int stores_remember(struct host *h, int64_t person, int64_t store);
/* What a person writes is for this store until then (ms; 0: no longer), for the reason `what`, says
 * this plugin. 0 or -1. */
int stores_hold(struct host *h, const char *plugin, int64_t person, int64_t store, const char *what,
                int64_t until);
/* He has named this store: what holds him at others no longer does, until it is renewed. 0 or -1.
 */
int stores_leave_held(struct host *h, int64_t person, int64_t store);
/* The stores that it is for now; returns how many, up to cap are filled; -1 on error. */
int stores_held(struct host *h, int64_t person, int64_t *out, int cap);
/* ev->roles for ev->person in ev->store; store 0: all his roles together. */
void people_load_roles(struct event *ev);
uint32_t people_roles_anywhere(struct event *ev);   /* of all his stores together */
void people_forget(struct host *h, int64_t person); /* what is cached of him */
void people_free(struct host *h);                   /* frees the caches; host_free() calls it */

extern const struct bot_stores stores_service;
extern const struct bot_people people_service;

#endif
