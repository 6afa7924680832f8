/* SPDX-License-Identifier: MIT
 * super_admin.h - what the files of this plugin share. */
#ifndef SUPER_ADMIN_H
#define SUPER_ADMIN_H

#include <tokobot/plugin.h>
#include <tokobot/services/people.h>
#include <tokobot/services/stores.h>

extern const struct bot_text_file super_admin_texts[];

/* store_register.c */
int register_store(struct bot_ctx *ctx);
int register_done(struct bot_ctx *ctx);
int store_name_check(struct bot_ctx *ctx, const char **value);
int email_check(struct bot_ctx *ctx, const char **value);
int password_check(struct bot_ctx *ctx, const char **value);

/* store_admin.c */
int set_store_admin(struct bot_ctx *ctx);

/* store_list.c */
int list_stores(struct bot_ctx *ctx);

/* reload.c */
int reload_plugins(struct bot_ctx *ctx);

/* super_admin.c */
const struct bot_stores *stores_of(struct bot_ctx *ctx);
const struct bot_people *people_of(struct bot_ctx *ctx);

#endif
