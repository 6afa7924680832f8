/* SPDX-License-Identifier: MIT
 *
 * super_admin.c - what the operator of the bot does by chat: registers stores, names their admins,
 * looks at the list. This file is the table of contents; it keeps no data of its own. */
#include "super_admin.h"

#include <sodium.h>

static const struct bot_command_spec commands[] = {
    { .name = "daftar_toko",
      .aliases = "register_store",
      .role = BOT_SUPER,
      .scope = BOT_ALL_STORES,
      .help = "help.register",
      .run = register_store },
    { .name = "set_admin_toko",
      .aliases = "set_store_admin",
      .role = BOT_SUPER,
      .scope = BOT_ALL_STORES,
      .args = "id [nomor]",
      .help = "help.admin",
      .run = set_store_admin,
      .usage = "usage.admin" },
    { .name = "lihat_toko",
      .aliases = "stores",
      .role = BOT_SUPER,
      .scope = BOT_ALL_STORES,
      .args = "[toko]",
      .help = "help.list",
      .run = list_stores },
    { .name = "muat_ulang",
      .aliases = "reload",
      .role = BOT_SUPER,
      .scope = BOT_ALL_STORES,
      .args = "",
      .help = "help.reload",
      .run = reload_plugins },
};

static const struct bot_dialog_step register_steps[] = {
    { .slot = "name", .prompt = "register.name", .check = store_name_check, .when_empty = 1 },
    { .slot = "email", .prompt = "register.email", .check = email_check, .when_empty = 1 },
    { .slot = "password", .prompt = "register.password", .check = password_check, .secret = 1 },
};

static const struct bot_dialog_spec dialogs[] = {
    { .name = "register",
      .version = 1,
      .steps = register_steps,
      .step_count = BOT_COUNT(register_steps),
      .step_size = sizeof register_steps[0],
      .done = register_done,
      .scope = BOT_ALL_STORES },
};

const struct bot_stores *stores_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "stores/0", NULL);
}

const struct bot_people *people_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "people/0", NULL);
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    if (sodium_init() < 0) return BOT_EIO;
    int rc = BOT_COMMANDS(api, self, commands);
    return rc >= 0 ? BOT_DIALOGS(api, self, dialogs) : rc;
}

BOT_PLUGIN("super-admin", "0.1.0", "stores/0 people/0 plugins/0", init, NULL, NULL,
           super_admin_texts);
