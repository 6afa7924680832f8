/* SPDX-License-Identifier: MIT
 *
 * orders.c - customers put things into a cart and order them, the store works the orders off. This
 * file is the table of contents; the functions are in the files named beside them in orders.h. */
#include "orders.h"

static const struct bot_command_spec commands[] = {
    { .name = "pesan",
      .aliases = "beli,order",
      .role = BOT_ANYONE,
      .help = "help.buy",
      .run = buy_command },
    { .name = "keranjang",
      .aliases = "cart",
      .role = BOT_ANYONE,
      .help = "help.cart",
      .run = cart_command },
    { .name = "checkout",
      .aliases = "bayar",
      .role = BOT_ANYONE,
      .help = "help.checkout",
      .run = checkout_command },
    { .name = "pesanan",
      .aliases = "status,orders",
      .role = BOT_ANYONE,
      .help = "help.orders",
      .run = list_orders },
    { .name = "batal_pesanan",
      .aliases = "cancel_order",
      .role = BOT_ANYONE,
      .help = "help.cancel_mine",
      .run = cancel_mine },
    { .name = "lunas",
      .aliases = "paid",
      .role = BOT_STORE_ADMIN,
      .help = "help.paid",
      .run = mark_paid },
    { .name = "proses",
      .aliases = "process",
      .role = BOT_STORE_ADMIN,
      .help = "help.process",
      .run = mark_processing },
    { .name = "kirim",
      .aliases = "ship",
      .role = BOT_STORE_ADMIN,
      .help = "help.send",
      .run = mark_sent },
    { .name = "selesai",
      .aliases = "done",
      .role = BOT_STORE_ADMIN,
      .help = "help.done",
      .run = mark_done },
    { .name = "batalkan",
      .aliases = "tolak_pesanan,reject",
      .role = BOT_STORE_ADMIN,
      .help = "help.cancel",
      .run = mark_canceled },
};

/* Before the catalog (300), which takes whatever is left. */
static const struct bot_hook_spec hooks[] = {
    { .event = "message.text", .priority = 290, .run = text_came },
    { .event = UNPAID_OVER, .run = unpaid_over },
    { .event = "catalog.hint", .run = say_hint },
    { .event = "store.stats", .run = store_stats },
    { .event = "store.report", .run = store_report },
    { .event = "global.stats", .scope = BOT_ALL_STORES, .run = global_stats },
    { .event = "customer.card", .run = customer_card },
    { .event = "customer.line", .run = customer_line },
    { .event = "person.merged", .scope = BOT_ALL_STORES, .run = carts_merged },
    { .event = "person.erased", .scope = BOT_ALL_STORES, .run = person_erased },
};

static const struct bot_dialog_step choose_steps[] = {
    { .slot = "which", .prompt = "choose.ask", .retry = "choose.retry", .check = choose_check },
};
static const struct bot_dialog_step checkout_steps[] = {
    { .slot = "delivery", .prompt = "checkout.delivery", .check = delivery_check },
    { .slot = "address",
      .prompt = "checkout.address",
      .retry = "checkout.address_retry",
      .check = address_check,
      .when_empty = 1 },
    { .slot = "name", .prompt = "checkout.name", .check = name_check, .when_empty = 1 },
    { .slot = "payment", .prompt = "checkout.payment", .check = payment_check, .when_empty = 1 },
};
static const struct bot_dialog_step confirm_steps[] = {
    { .slot = "answer", .prompt = "confirm.ask", .check = confirm_check },
};

#define STEPS(table) .steps = (table), .step_count = BOT_COUNT(table), .step_size = sizeof(table)[0]

static const struct bot_dialog_spec dialogs[] = {
    { .name = "choose", .version = 1, .timeout_s = 600, STEPS(choose_steps), .done = choose_done },
    { .name = "checkout", .version = 1, STEPS(checkout_steps), .done = checkout_done },
    { .name = "confirm", .version = 1, STEPS(confirm_steps), .done = confirm_done },
};

static const struct bot_schedule_spec schedules[] = {
    { .name = "carts", .every_s = 3600, .run = carts_prune },
};

static const struct bot_config_spec config[] = {
    { .key = "unpaid",
      .type = BOT_CONFIG_DURATION,
      .fallback = "24h",
      .min = 600000,
      .max = INT64_C(604800000),
      .help = "how long an order waits for its transfer before it is canceled" },
    { .key = "waiting",
      .type = BOT_CONFIG_INT,
      .fallback = "10",
      .min = 1,
      .max = 1000,
      .help = "orders of one customer that may wait for his money or for the store's look" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    int rc = BOT_CONFIG(api, self, config);
    if (rc >= 0)
        rc = api->migration(self, orders_migrations, orders_migration_count,
                            sizeof orders_migrations[0]);
    if (rc >= 0) rc = api->person_column(self, "orders_carts", "person");
    if (rc >= 0) rc = api->person_column(self, "orders_orders", "person");
    if (rc >= 0) rc = api->person_column(self, "orders_events", "person");
    if (rc >= 0) rc = api->media_column(self, "orders_proofs", "media");
    if (rc >= 0) rc = BOT_COMMANDS(api, self, commands);
    if (rc >= 0) rc = BOT_DIALOGS(api, self, dialogs);
    if (rc >= 0) rc = BOT_HOOKS(api, self, hooks);
    return rc < 0 ? rc : BOT_SCHEDULES(api, self, schedules);
}

BOT_PLUGIN("orders", "0.1.0", "stores/0 people/0 catalog/0", init, NULL, NULL, orders_texts);
