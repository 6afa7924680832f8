/* SPDX-License-Identifier: MIT
 * catalog.h - what the files of this plugin share: its handlers, and its state. */
#ifndef CATALOG_H
#define CATALOG_H

#include <tokobot/plugin.h>
#include <tokobot/services/catalog.h>
#include <tokobot/services/people.h>

extern const struct bot_text_file catalog_texts[];

/* tables.c */
extern const struct bot_migration_spec catalog_migrations[];
extern const size_t catalog_migration_count;

enum seen_kind { SEEN_ALL, SEEN_FOUND, SEEN_LOW, SEEN_CATEGORY };

/* The page that somebody saw last, for "lanjut", and the one product, for "foto". A hint: losing it
 * loses only a page number. */
struct catalog_seen {
    int64_t person, store;
    int64_t event; /* that showed it: run again, it shows the same page */
    int64_t page;
    int64_t product; /* 0: it was more than one */
    enum seen_kind kind;
    char query[64]; /* of SEEN_FOUND; the category of SEEN_CATEGORY */
};
#define CATALOG_SEEN 512 /* a power of two */

/* Made by start(), per generation. */
struct catalog {
    const struct bot_people *people;
    int64_t page_size;
    struct catalog_seen seen[CATALOG_SEEN];
};

/* product_add.c */
int add_product(struct bot_ctx *ctx);
int add_form_check(struct bot_ctx *ctx, const char **value);
int add_form_done(struct bot_ctx *ctx);
int add_mended_done(struct bot_ctx *ctx);
int add_steps_done(struct bot_ctx *ctx);
int add_name_check(struct bot_ctx *ctx, const char **value);
int add_price_check(struct bot_ctx *ctx, const char **value);
int add_stock_check(struct bot_ctx *ctx, const char **value);
int add_category_check(struct bot_ctx *ctx, const char **value);

/* product_list.c */
struct view;
int list_products(struct bot_ctx *ctx);
int answer_customer(struct bot_ctx *ctx);
int64_t page_size(struct bot_ctx *ctx);
void seen_set(struct bot_ctx *ctx, enum seen_kind kind, const char *query, int64_t page);
int64_t seen_product(struct bot_ctx *ctx); /* 0 = none */
/* A customer whose first message is a command is welcomed with its answer. */
void view_welcome(struct view *v);

/* category.c */
int list_categories(struct bot_ctx *ctx);
int show_category(struct bot_ctx *ctx, const char *name);
/* BOT_PASS when there is no such category. */
int answer_category(struct bot_ctx *ctx, const char *name, int64_t page);

/* low.c */
int low_stock(struct bot_ctx *ctx);
int list_low(struct bot_ctx *ctx, int64_t page);

/* photo.c */
int show_photo(struct bot_ctx *ctx);
int photo_check(struct bot_ctx *ctx, const char **value);
int photo_done(struct bot_ctx *ctx);
/* BOT_PASS: it asks for no photo, or there is none. */
int answer_photo(struct bot_ctx *ctx, const char *text);

/* stats.c */
int store_stats(struct bot_ctx *ctx);
int global_stats(struct bot_ctx *ctx);
int store_report(struct bot_ctx *ctx);

/* service.c */
extern const struct bot_catalog catalog_service;

/* service_find.c: bot_catalog.find */
int service_find(struct bot_ctx *ctx, void *owner, const char *words, struct bot_item *out,
                 size_t cap, int *sure);

/* product_edit.c */
int edit_product(struct bot_ctx *ctx);
int edit_done(struct bot_ctx *ctx);

/* product_remove.c */
int remove_product(struct bot_ctx *ctx);
int remove_done(struct bot_ctx *ctx);

/* stock.c */
int change_stock(struct bot_ctx *ctx);

/* product_variant.c */
int change_variants(struct bot_ctx *ctx);

/* export.c */
int export_products(struct bot_ctx *ctx);

/* import.c */
int import_products(struct bot_ctx *ctx);
int import_check(struct bot_ctx *ctx, const char **value);
int import_done(struct bot_ctx *ctx);
int import_start(struct bot_ctx *ctx);
int skip_check(struct bot_ctx *ctx, const char **value);

/* import_job.c */
int import_go_on(struct bot_ctx *ctx);

/* say.c: each of the first five replies and returns BOT_HANDLED or an error. */
struct form_problem;
int say_not_found(struct bot_ctx *ctx, int64_t id);
int say_name_taken(struct bot_ctx *ctx, const char *name);
struct product;
int say_no_variant(struct bot_ctx *ctx, const struct product *p, int64_t number);
/* The stock is counted by variant; with one that there is as an example. */
int say_by_variant(struct bot_ctx *ctx, int64_t id);
/* "Saved", and the product in full with its id. */
int say_saved(struct bot_ctx *ctx, const char *key, const struct product *saved);
/* The sentence of one problem. */
const char *problem_text(struct bot_ctx *ctx, const char *key, const char *value);
/* All problems in one message, "- " before each. Returns >= 0 or an error. */
int say_problems(struct bot_ctx *ctx, const struct form_problem *problems, size_t n);
/* For a dialog's check: says it and returns BOT_EINVAL. */
int ask_again(struct bot_ctx *ctx, const char *key, const char *value);
/* What somebody reads who may have to do with several stores, and did not just ask for it: with the
 * store's name above it when more than one share the number, as the host does with answers. */
const char *under_store(struct bot_ctx *ctx, const char *text);
/* Returns BOT_HANDLED or an error. */
int dialog_open(struct bot_ctx *ctx, const char *name, const struct bot_arg *slots, size_t n);
int audit_product(struct bot_ctx *ctx, const char *action, int64_t id);

#endif
