/* SPDX-License-Identifier: MIT
 *
 * super_admin.c - what the operator of the bot does by chat: registers stores, names their admins,
 * suspends and limits them, looks at lists and figures, writes to all who run one. This file is the
 * table of contents; the functions are in the files named beside it in super_admin.h. */
#include "super_admin.h"

#include <sodium.h>

#define COMMAND .role = BOT_SUPER, .scope = BOT_ALL_STORES

static const struct bot_command_spec commands[] = {
    { COMMAND, .name = "daftar_toko", .aliases = "register_store", .help = "help.register",
      .run = register_store, .open_if = "open_registration" },
    { COMMAND, .name = "set_admin_toko", .aliases = "set_store_admin", .args = "id [nomor]",
      .help = "help.admin", .run = set_store_admin, .usage = "usage.admin" },
    { COMMAND, .name = "lihat_toko", .aliases = "stores", .args = "[toko]", .help = "help.list",
      .run = list_stores },
    { COMMAND, .name = "setujui", .aliases = "approve_store", .args = "id", .help = "help.approve",
      .run = approve_store, .usage = "usage.approve" },
    { COMMAND, .name = "tolak", .aliases = "refuse_store", .args = "id [alasan]",
      .help = "help.refuse", .run = refuse_store, .usage = "usage.refuse" },
    { COMMAND, .name = "tangguhkan", .aliases = "suspend_store", .args = "id",
      .help = "help.suspend", .run = suspend_store, .usage = "usage.suspend" },
    { COMMAND, .name = "pulihkan", .aliases = "resume_store", .args = "id", .help = "help.resume",
      .run = resume_store, .usage = "usage.resume" },
    { COMMAND, .name = "limit", .args = "id [jumlah]", .help = "help.limit", .run = limit_store,
      .usage = "usage.limit" },
    { COMMAND, .name = "stats_global", .aliases = "global_stats", .args = "", .help = "help.stats",
      .run = global_stats },
    { COMMAND, .name = "pengumuman", .aliases = "announce", .help = "help.announce",
      .run = announce },
    { COMMAND, .name = "plugin", .aliases = "plugins", .args = "", .help = "help.plugins",
      .run = list_plugins },
    { COMMAND, .name = "muat_ulang", .aliases = "reload", .args = "", .help = "help.reload",
      .run = reload_plugins },
};

static const struct bot_hook_spec hooks[] = {
    { .event = "super-admin.announce", .scope = BOT_ALL_STORES, .run = announce_batch },
    { .event = "super-admin.prune", .scope = BOT_ALL_STORES, .run = announce_prune },
    { .event = "person.merged", .scope = BOT_ALL_STORES, .run = announce_merged },
    { .event = "person.erased", .scope = BOT_ALL_STORES, .run = announce_erased },
};

static const struct bot_schedule_spec schedules[] = {
    { .name = "prune", .daily_at = "03:40", .run = announce_prune },
};

static const struct bot_dialog_step register_steps[] = {
    { .slot = "name", .prompt = "register.name", .check = store_name_check, .when_empty = 1 },
    { .slot = "email", .prompt = "register.email", .check = email_check, .when_empty = 1 },
    { .slot = "password", .prompt = "register.password", .check = password_check, .secret = 1 },
};
static const struct bot_dialog_step announce_steps[] = {
    { .slot = "answer",
      .prompt = "announce.ask",
      .retry = "announce.retry",
      .check = announce_check },
};

#define STEPS(table) .steps = (table), .step_count = BOT_COUNT(table), .step_size = sizeof(table)[0]

static const struct bot_dialog_spec dialogs[] = {
    { .name = "register",
      .version = 1,
      STEPS(register_steps),
      .done = register_done,
      .scope = BOT_ALL_STORES },
    { .name = "announce",
      .version = 2,
      .timeout_s = 600,
      STEPS(announce_steps),
      .done = announce_done,
      .canceled = announce_canceled,
      .scope = BOT_ALL_STORES },
};

static const struct bot_config_spec config[] = {
    { .key = "open_registration",
      .type = BOT_CONFIG_BOOL,
      .fallback = "no",
      .help = "yes: everybody may run /daftar_toko; the store waits until a super admin agrees" },
};

/* Stores, members and logins are the core's. super_admin_names is not used any more; it stays, as
 * dropping it would need a restart and keep an older file of this plugin from coming back. A
 * recipient is in the list of an announcement once;
 * those who have not got it are found by the partial index. */
static const struct bot_migration_spec migrations[] = {
    { .id = 1,
      .sql = "CREATE TABLE super_admin_names ("
             " id INTEGER PRIMARY KEY," /* the store's */
             " folded TEXT NOT NULL) STRICT;"
             "CREATE INDEX super_admin_names_folded ON super_admin_names (folded);"
             "CREATE TABLE super_admin_announcements ("
             " id INTEGER PRIMARY KEY AUTOINCREMENT,"
             " author INTEGER NOT NULL," /* a person */
             " text TEXT NOT NULL,"
             " media INTEGER,"
             " state INTEGER NOT NULL,"            /* enum announcement_state */
             " cursor INTEGER NOT NULL DEFAULT 0," /* the last store whose admins are listed */
             " found INTEGER NOT NULL DEFAULT 0,"  /* recipients so far */
             " created_at INTEGER NOT NULL) STRICT;"
             "CREATE INDEX super_admin_announcements_media ON super_admin_announcements (media);"
             "CREATE TABLE super_admin_recipients ("
             " announcement INTEGER NOT NULL,"
             " recipient INTEGER NOT NULL," /* a person */
             " sent INTEGER NOT NULL DEFAULT 0,"
             " PRIMARY KEY (announcement, recipient)) STRICT, WITHOUT ROWID;"
             "CREATE INDEX super_admin_recipients_left"
             " ON super_admin_recipients (announcement, recipient) WHERE sent = 0;"
             "CREATE INDEX super_admin_recipients_person ON super_admin_recipients (recipient);",
      .sql_postgres =
          "CREATE TABLE super_admin_names ("
          " id BIGINT PRIMARY KEY,"
          " folded TEXT NOT NULL);"
          "CREATE INDEX super_admin_names_folded ON super_admin_names (folded);"
          "CREATE TABLE super_admin_announcements ("
          " id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
          " author BIGINT NOT NULL,"
          " text TEXT NOT NULL,"
          " media BIGINT,"
          " state BIGINT NOT NULL,"
          " cursor BIGINT NOT NULL DEFAULT 0,"
          " found BIGINT NOT NULL DEFAULT 0,"
          " created_at BIGINT NOT NULL);"
          "CREATE INDEX super_admin_announcements_media ON super_admin_announcements (media);"
          "CREATE TABLE super_admin_recipients ("
          " announcement BIGINT NOT NULL,"
          " recipient BIGINT NOT NULL,"
          " sent BIGINT NOT NULL DEFAULT 0,"
          " PRIMARY KEY (announcement, recipient));"
          "CREATE INDEX super_admin_recipients_left"
          " ON super_admin_recipients (announcement, recipient) WHERE sent = 0;"
          "CREATE INDEX super_admin_recipients_person ON super_admin_recipients (recipient);" },
};

const struct bot_stores *stores_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "stores/0", NULL);
}

const struct bot_people *people_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "people/0", NULL);
}

const struct bot_plugins *plugins_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "plugins/0", NULL);
}

struct bot_store *stores_page(struct bot_ctx *ctx, size_t count)
{
    struct bot_store *page = ctx->api->alloc(ctx, count * sizeof *page);
    for (size_t i = 0; i < count; i++) page[i].size = sizeof page[i];
    return page;
}

int tell_admins(struct bot_ctx *ctx, int64_t store, const char *text)
{
    const struct bot_api *api = ctx->api;
    struct bot_store_admin *admins = api->alloc(ctx, ADMINS_MAX * sizeof *admins);
    admins[0].size = sizeof admins[0];
    int n = stores_of(ctx)->admins(ctx, store, admins, ADMINS_MAX);
    for (int i = 0; i < n; i++) {
        const struct bot_send send = { .size = sizeof send,
                                       .person = admins[i].person,
                                       .text = text };
        if (admins[i].person == api->number(ctx, "person")) continue;
        int rc = api->send(ctx, &send);
        if (rc < 0 && rc != BOT_ENOENT) return rc; /* ENOENT: no number of his is known */
    }
    return n < 0 ? n : BOT_OK;
}

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    if (sodium_init() < 0) return BOT_EIO;
    int rc = BOT_CONFIG(api, self, config);
    if (rc >= 0) rc = BOT_MIGRATIONS(api, self, migrations);
    if (rc >= 0) rc = BOT_COMMANDS(api, self, commands);
    if (rc >= 0) rc = BOT_DIALOGS(api, self, dialogs);
    if (rc >= 0) rc = BOT_HOOKS(api, self, hooks);
    if (rc >= 0) rc = BOT_SCHEDULES(api, self, schedules);
    if (rc >= 0) rc = api->person_column(self, "super_admin_announcements", "author");
    if (rc >= 0) rc = api->person_column(self, "super_admin_recipients", "recipient");
    return rc >= 0 ? api->media_column(self, "super_admin_announcements", "media") : rc;
}

BOT_PLUGIN("super-admin", "0.2.0", "stores/0 people/0 plugins/0", init, NULL, NULL,
           super_admin_texts);
