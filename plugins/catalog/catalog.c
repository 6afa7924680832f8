/* SPDX-License-Identifier: MIT
 *
 * catalog.c - the products of a store: admins keep them by chat, customers find them. This file is
 * the table of contents; the functions are in the files named beside it in catalog.h. */
#include "catalog.h"

#include <stdlib.h>

static const struct bot_command_spec commands[] = {
    { .name = "lihat_produk",
      .aliases = "produk,katalog,products",
      .role = BOT_ANYONE,
      .args = "[kata]",
      .help = "help.list",
      .run = list_products },
    { .name = "tambah_produk",
      .aliases = "add_product",
      .role = BOT_STORE_ADMIN,
      .help = "help.add",
      .run = add_product },
    { .name = "edit_produk",
      .aliases = "ubah_produk,edit_product",
      .role = BOT_STORE_ADMIN,
      .args = "id [isi]",
      .help = "help.edit",
      .run = edit_product,
      .usage = "usage.edit" },
    { .name = "hapus_produk",
      .aliases = "remove_product",
      .role = BOT_STORE_ADMIN,
      .args = "id",
      .help = "help.remove",
      .run = remove_product,
      .usage = "usage.remove" },
    { .name = "stok",
      .aliases = "stock",
      .role = BOT_STORE_ADMIN,
      .args = "produk [jumlah]",
      .help = "help.stock",
      .run = change_stock,
      .usage = "usage.stock" },
    { .name = "stok_menipis",
      .aliases = "low_stock",
      .role = BOT_STORE_ADMIN,
      .args = "[jumlah]",
      .help = "help.low",
      .run = low_stock },
    { .name = "varian",
      .aliases = "variasi,variants",
      .role = BOT_STORE_ADMIN,
      .args = "id [isi]",
      .help = "help.variants",
      .run = change_variants,
      .usage = "usage.variants" },
    { .name = "foto",
      .aliases = "gambar,photo",
      .role = BOT_ANYONE,
      .args = "[produk]",
      .help = "help.photo",
      .run = show_photo },
    { .name = "kategori",
      .aliases = "categories",
      .role = BOT_ANYONE,
      .args = "[nama]",
      .help = "help.categories",
      .run = list_categories },
    { .name = "ekspor",
      .aliases = "export",
      .role = BOT_STORE_ADMIN,
      .help = "help.export",
      .run = export_products },
    { .name = "impor",
      .aliases = "import",
      .role = BOT_STORE_ADMIN,
      .help = "help.import",
      .run = import_products },
};

/* "store.stats", "store.report" and "global.stats" are run by whoever shows them. */
static const struct bot_hook_spec hooks[] = {
    { .event = "message.text", .priority = 300, .run = answer_customer },
    { .event = "catalog.import", .run = import_go_on },
    { .event = "store.stats", .run = store_stats },
    { .event = "store.report", .run = store_report },
    { .event = "global.stats", .scope = BOT_ALL_STORES, .run = global_stats },
};

static const struct bot_dialog_step add_steps[] = {
    { .slot = "form", .prompt = "add.prompt", .check = add_form_check },
};
static const struct bot_dialog_step mended_steps[] = {
    { .slot = "form", .prompt = "add.mend", .check = add_form_check },
};
static const struct bot_dialog_step one_by_one_steps[] = {
    { .slot = "name", .prompt = "add.name", .check = add_name_check, .when_empty = 1 },
    { .slot = "price", .prompt = "add.price", .check = add_price_check },
    { .slot = "stock", .prompt = "add.stock", .check = add_stock_check },
    { .slot = "category", .prompt = "add.category", .check = add_category_check },
};
static const struct bot_dialog_step edit_steps[] = {
    { .slot = "lines", .prompt = "edit.prompt" },
};
static const struct bot_dialog_step remove_steps[] = {
    { .slot = "answer",
      .prompt = "remove.ask",
      .retry = "remove.retry",
      .check = bot_check_yes_no },
};

static const struct bot_dialog_step photo_steps[] = {
    { .slot = "file", .prompt = "photo.prompt", .retry = "photo.retry", .check = photo_check },
};
static const struct bot_dialog_step import_steps[] = {
    { .slot = "file", .prompt = "import.prompt", .retry = "import.not_csv", .check = import_check },
};
static const struct bot_dialog_step import_all_steps[] = {
    { .slot = "answer", .prompt = "import.ask", .retry = "import.ask", .check = bot_check_yes_no },
};
static const struct bot_dialog_step import_some_steps[] = {
    { .slot = "answer",
      .prompt = "import.ask_some",
      .retry = "import.ask_some",
      .check = skip_check },
};

#define STEPS(table) .steps = (table), .step_count = BOT_COUNT(table), .step_size = sizeof(table)[0]

static const struct bot_dialog_spec dialogs[] = {
    { .name = "add", .version = 1, STEPS(add_steps), .done = add_form_done },
    { .name = "add_mended", .version = 1, STEPS(mended_steps), .done = add_mended_done },
    { .name = "add_steps", .version = 1, STEPS(one_by_one_steps), .done = add_steps_done },
    { .name = "edit", .version = 2, STEPS(edit_steps), .done = edit_done },
    { .name = "remove", .version = 2, .timeout_s = 600, STEPS(remove_steps), .done = remove_done },
    { .name = "photo", .version = 1, STEPS(photo_steps), .done = photo_done },
    { .name = "import", .version = 1, STEPS(import_steps), .done = import_done },
    { .name = "import_all", .version = 2, STEPS(import_all_steps), .done = import_start },
    { .name = "import_some", .version = 2, STEPS(import_some_steps), .done = import_start },
};

static const struct bot_config_spec config[] = {
    { .key = "page_size",
      .type = BOT_CONFIG_INT,
      .fallback = "10",
      .min = 1,
      .max = 30,
      .help = "products in one message of /lihat_produk" },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    int rc = BOT_CONFIG(api, self, config);
    if (rc >= 0)
        rc = api->migration(self, catalog_migrations, catalog_migration_count,
                            sizeof catalog_migrations[0]);
    if (rc >= 0) rc = api->person_column(self, "catalog_imports", "person");
    if (rc >= 0 && BOT_HAS(api, media_column))
        rc = api->media_column(self, "catalog_photos", "media");
    if (rc >= 0) rc = BOT_COMMANDS(api, self, commands);
    if (rc >= 0) rc = BOT_DIALOGS(api, self, dialogs);
    if (rc >= 0) rc = BOT_HOOKS(api, self, hooks);
    if (rc >= 0) rc = api->provide(self, "catalog/0", &catalog_service, self);
    return rc;
}

static int start(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    struct bot_plugin *self = api->self(ctx);
    struct catalog *catalog = calloc(1, sizeof *catalog);
    if (!catalog) return BOT_EIO;
    catalog->people = api->service(self, "people/0", NULL);
    catalog->page_size = api->config_int(self, "page_size");
    api->set_state(self, catalog);
    return BOT_OK;
}

static void stop(struct bot_ctx *ctx)
{
    free(ctx->state);
}

BOT_PLUGIN("catalog", "0.1.0", "people/0", init, start, stop, catalog_texts);
