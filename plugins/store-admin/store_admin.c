/* SPDX-License-Identifier: MIT
 *
 * store_admin.c - those who run a store, and what they do by chat: colleagues, customers, hours,
 * welcome, figures, and talking to a customer themselves. This file is the table of contents; the
 * functions are in the files named beside it in store_admin.h. */
#include <stdlib.h>

#include "store_admin.h"

static const struct bot_command_spec commands[] = {
    { .name = "toko",
      .aliases = "store",
      .role = BOT_STORE_ADMIN,
      .scope = BOT_NO_STORE,
      .args = "[toko]",
      .help = "help.store",
      .run = choose_store },
    { .name = "profil_toko",
      .aliases = "store_profile",
      .role = BOT_STORE_ADMIN,
      .args = "[apa] [isi]",
      .help = "help.profile",
      .run = show_profile },
    { .name = "set_salam",
      .aliases = "set_greeting",
      .role = BOT_STORE_ADMIN,
      .help = "help.greeting",
      .run = set_greeting },
    { .name = "pembayaran",
      .aliases = "rekening,payment",
      .role = BOT_STORE_ADMIN,
      .help = "help.payment",
      .run = set_payment },
    { .name = "set_jam",
      .aliases = "set_hours",
      .role = BOT_STORE_ADMIN,
      .help = "help.set_hours",
      .run = set_hours },
    { .name = "libur",
      .aliases = "holiday",
      .role = BOT_STORE_ADMIN,
      .help = "help.holidays",
      .run = change_holidays },
    { .name = "jam",
      .aliases = "jam_buka,hours",
      .role = BOT_ANYONE,
      .help = "help.hours",
      .run = show_hours },
    { .name = "qr_toko",
      .aliases = "store_qr",
      .role = BOT_STORE_ADMIN,
      .args = "",
      .help = "help.qr",
      .run = show_qr },
    { .name = "tambah_admin",
      .aliases = "add_admin",
      .role = BOT_OWNER,
      .help = "help.add_admin",
      .run = add_admin },
    { .name = "hapus_admin",
      .aliases = "remove_admin",
      .role = BOT_OWNER,
      .help = "help.remove_admin",
      .run = remove_admin },
    { .name = "daftar_admin",
      .aliases = "admins",
      .role = BOT_STORE_ADMIN,
      .args = "",
      .help = "help.admins",
      .run = list_admins },
    { .name = "lihat_customer",
      .aliases = "pelanggan,customers",
      .role = BOT_STORE_ADMIN,
      .args = "[cari]",
      .help = "help.customers",
      .run = list_customers },
    { .name = "blokir",
      .aliases = "block",
      .role = BOT_STORE_ADMIN,
      .args = "[siapa]",
      .help = "help.block",
      .run = block_customer },
    { .name = "buka_blokir",
      .aliases = "unblock",
      .role = BOT_STORE_ADMIN,
      .args = "[siapa]",
      .help = "help.unblock",
      .run = unblock_customer },
    { .name = "balas",
      .aliases = "answer",
      .role = BOT_STORE_ADMIN,
      .args = "id [isi]",
      .help = "help.answer",
      .run = answer_customer,
      .usage = "usage.answer" },
    { .name = "bot",
      .role = BOT_STORE_ADMIN,
      .args = "[id]",
      .help = "help.bot",
      .run = release_customer,
      .usage = "usage.bot" },
    { .name = "stats_toko",
      .aliases = "store_stats",
      .role = BOT_STORE_ADMIN,
      .args = "",
      .help = "help.stats",
      .run = show_stats },
    { .name = "laporan",
      .aliases = "report",
      .role = BOT_STORE_ADMIN,
      .args = "[jam]",
      .help = "help.report",
      .run = change_report },
};

/* The gate: who talks with a human is not answered; then who wants to be forgotten, so that no
 * dialog and no question for the store is in the way; then the hours, which only add a sentence. */
static const struct bot_hook_spec hooks[] = {
    { .event = "message.gate", .priority = 0, .run = handover_gate },
    { .event = "message.gate", .priority = 10, .scope = BOT_NO_STORE, .run = erase_gate },
    { .event = "message.gate", .priority = 50, .run = hours_gate },
    { .event = "message.text", .priority = 150, .run = handover_complaint },
    { .event = "message.own", .run = handover_own_message },
    { .event = "person.erased", .scope = BOT_ALL_STORES, .run = person_erased },
    { .event = "store-admin.handover", .run = handover_over },
    { .event = "store-admin.report", .run = send_report },
    /* asked by profile_service.c */
    { .event = "store-admin.greeting", .run = say_greeting },
    { .event = "store-admin.closed", .run = say_closed },
    { .event = "store-admin.hours", .run = say_hours },
};

static const struct bot_dialog_step erase_steps[] = {
    { .slot = "answer", .prompt = "erase.ask", .retry = "erase.retry", .check = bot_check_yes_no },
};

static const struct bot_dialog_spec dialogs[] = {
    { .name = "erase",
      .version = 1,
      .timeout_s = 600,
      .steps = erase_steps,
      .step_count = BOT_COUNT(erase_steps),
      .step_size = sizeof erase_steps[0],
      .done = erase_done,
      .scope = BOT_NO_STORE },
};

static const struct bot_config_spec config[] = {
    { .key = "handover",
      .type = BOT_CONFIG_DURATION,
      .fallback = "2h",
      .min = 300000,
      .max = 86400000,
      .help = "how long the bot stays quiet after the last word of a talk with an admin" },
};

/* hours: as hours_write() makes it, NULL = never said; report_at: minute of the day, NULL = none;
 * report_customers: how many there were at the last report; payment: the account in the store's own
 * words, NULL = none; cash: 1 when it takes cash. A day of a holiday is counted from
 * 1970. A row of a handover is there as long as it lasts. */
static const struct bot_migration_spec migrations[] = {
    { .id = 1,
      .sql = "CREATE TABLE store_admin_stores ("
             " store INTEGER PRIMARY KEY,"
             " hours TEXT,"
             " greeting TEXT,"
             " report_at INTEGER,"
             " report_customers INTEGER NOT NULL DEFAULT 0"
             ") STRICT;"
             "CREATE TABLE store_admin_holidays ("
             " store INTEGER NOT NULL,"
             " day INTEGER NOT NULL,"
             " name TEXT NOT NULL DEFAULT '',"
             " PRIMARY KEY (store, day)"
             ") STRICT;"
             "CREATE TABLE store_admin_handovers ("
             " store INTEGER NOT NULL,"
             " person INTEGER NOT NULL,"
             " since INTEGER NOT NULL,"
             " until INTEGER NOT NULL,"
             " phone INTEGER NOT NULL DEFAULT 0,"
             " PRIMARY KEY (store, person)"
             ") STRICT;"
             "CREATE INDEX store_admin_handovers_due ON store_admin_handovers (store, until);"
             "CREATE INDEX store_admin_handovers_person ON store_admin_handovers (person);",
      .sql_postgres =
          "CREATE TABLE store_admin_stores ("
          " store BIGINT PRIMARY KEY,"
          " hours TEXT,"
          " greeting TEXT,"
          " report_at BIGINT,"
          " report_customers BIGINT NOT NULL DEFAULT 0"
          ");"
          "CREATE TABLE store_admin_holidays ("
          " store BIGINT NOT NULL,"
          " day BIGINT NOT NULL,"
          " name TEXT NOT NULL DEFAULT '',"
          " PRIMARY KEY (store, day)"
          ");"
          "CREATE TABLE store_admin_handovers ("
          " store BIGINT NOT NULL,"
          " person BIGINT NOT NULL,"
          " since BIGINT NOT NULL,"
          " until BIGINT NOT NULL,"
          " phone BIGINT NOT NULL DEFAULT 0,"
          " PRIMARY KEY (store, person)"
          ");"
          "CREATE INDEX store_admin_handovers_due ON store_admin_handovers (store, until);"
          "CREATE INDEX store_admin_handovers_person ON store_admin_handovers (person);" },
    { .id = 2,
      .sql = "ALTER TABLE store_admin_stores ADD COLUMN payment TEXT;"
             "ALTER TABLE store_admin_stores ADD COLUMN cash INTEGER NOT NULL DEFAULT 1;",
      .sql_postgres = "ALTER TABLE store_admin_stores ADD COLUMN payment TEXT;"
                      "ALTER TABLE store_admin_stores ADD COLUMN cash BIGINT NOT NULL DEFAULT 1;" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    int rc = BOT_CONFIG(api, self, config);
    if (rc >= 0) rc = BOT_MIGRATIONS(api, self, migrations);
    if (rc >= 0) rc = api->person_column(self, "store_admin_handovers", "person");
    if (rc >= 0) rc = BOT_COMMANDS(api, self, commands);
    if (rc >= 0) rc = BOT_DIALOGS(api, self, dialogs);
    if (rc >= 0) rc = BOT_HOOKS(api, self, hooks);
    if (rc >= 0) rc = api->provide(self, "profile/0", &profile_service, self);
    return rc;
}

static int start(struct bot_ctx *ctx)
{
    struct store_admin *mine = calloc(1, sizeof *mine);
    if (!mine) return BOT_EIO;
    ctx->api->set_state(ctx->api->self(ctx), mine);
    return BOT_OK;
}

static void stop(struct bot_ctx *ctx)
{
    free(ctx->state);
}

BOT_PLUGIN("store-admin", "0.1.0", "stores/0 people/0", init, start, stop, store_admin_texts);
