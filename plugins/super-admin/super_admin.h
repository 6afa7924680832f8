/* SPDX-License-Identifier: MIT
 * super_admin.h - what the files of this plugin share. */
#ifndef SUPER_ADMIN_H
#define SUPER_ADMIN_H

#include <tokobot/plugin.h>
#include <tokobot/services/people.h>
#include <tokobot/services/plugins.h>
#include <tokobot/services/stores.h>

extern const struct bot_text_file super_admin_texts[];

/* store_register.c */
int register_store(struct bot_ctx *ctx);
int register_done(struct bot_ctx *ctx);
int store_name_check(struct bot_ctx *ctx, const char **value);
int email_check(struct bot_ctx *ctx, const char **value);
int password_check(struct bot_ctx *ctx, const char **value);

/* store_create.c: the end of the registration, once there is a hash. */
int store_create(struct bot_ctx *ctx, const char *name, const char *email, const char *hash);
/* BOT_PASS when the writer may ask for a store; else the refusal has been said. */
int application_allowed(struct bot_ctx *ctx);

/* store_admin.c */
int set_store_admin(struct bot_ctx *ctx);

/* store_state.c */
int suspend_store(struct bot_ctx *ctx);
int resume_store(struct bot_ctx *ctx);
int approve_store(struct bot_ctx *ctx);
int refuse_store(struct bot_ctx *ctx);

/* store_limit.c */
int limit_store(struct bot_ctx *ctx);

/* store_list.c */
int list_stores(struct bot_ctx *ctx);
int say_no_store(struct bot_ctx *ctx, int64_t id);
const char *state_word(struct bot_ctx *ctx, uint32_t state);
const char *store_text(struct bot_ctx *ctx, const char *key, const struct bot_store *s);

/* store_find.c: /lihat_toko WORD. `from` is the id to begin with. */
int find_stores(struct bot_ctx *ctx, const char *word, int64_t from);

/* global_stats.c */
int global_stats(struct bot_ctx *ctx);

/* plugin_list.c */
int list_plugins(struct bot_ctx *ctx);

/* announce.c: the command and its dialog. */
int announce(struct bot_ctx *ctx);
int announce_done(struct bot_ctx *ctx);
int announce_canceled(struct bot_ctx *ctx);
int announce_check(struct bot_ctx *ctx, const char **value);

/* announce_send.c: what happens after YA; hooks and a schedule. */
int announce_batch(struct bot_ctx *ctx);
int announce_merged(struct bot_ctx *ctx);
int announce_erased(struct bot_ctx *ctx);
int announce_prune(struct bot_ctx *ctx);

/* reload.c */
int reload_plugins(struct bot_ctx *ctx);

/* super_admin.c */
enum { ADMINS_MAX = 256, BATCH_STORES = 25 };
const struct bot_stores *stores_of(struct bot_ctx *ctx);
const struct bot_people *people_of(struct bot_ctx *ctx);
const struct bot_plugins *plugins_of(struct bot_ctx *ctx);
/* An array of `count` stores for stores->list(); freed with the callback. */
struct bot_store *stores_page(struct bot_ctx *ctx, size_t count);
/* One notice to each who runs the store, but not to the writer himself. */
int tell_admins(struct bot_ctx *ctx, int64_t store, const char *text);

#endif
