/* SPDX-License-Identifier: MIT
 * catalog.h - what the files of this plugin share: its handlers, and its state. */
#ifndef CATALOG_H
#define CATALOG_H

#include <tokobot/plugin.h>
#include <tokobot/services/people.h>

extern const struct bot_text_file catalog_texts[];

/* The page that somebody saw last, for "lanjut". A hint: losing it loses only a page number. */
struct catalog_seen {
    int64_t person, store;
    int64_t event; /* that showed it: run again, it shows the same page */
    int64_t page;
    char query[64]; /* "" = all products */
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
int add_form_done(struct bot_ctx *ctx);
int add_mended_done(struct bot_ctx *ctx);
int add_steps_done(struct bot_ctx *ctx);
int add_name_check(struct bot_ctx *ctx, const char **value);
int add_price_check(struct bot_ctx *ctx, const char **value);
int add_stock_check(struct bot_ctx *ctx, const char **value);
int add_category_check(struct bot_ctx *ctx, const char **value);

/* product_list.c */
int list_products(struct bot_ctx *ctx);
int answer_customer(struct bot_ctx *ctx);

/* product_edit.c */
int edit_product(struct bot_ctx *ctx);
int edit_done(struct bot_ctx *ctx);

/* product_remove.c */
int remove_product(struct bot_ctx *ctx);
int remove_done(struct bot_ctx *ctx);
int yes_no_check(struct bot_ctx *ctx, const char **value);

/* stock.c */
int change_stock(struct bot_ctx *ctx);

/* say.c: each of the first two replies and returns BOT_HANDLED or an error. */
struct form_problem;
int say_not_found(struct bot_ctx *ctx, int64_t id);
int say_name_taken(struct bot_ctx *ctx, const char *name);
/* All problems in one message, "- " before each. Returns >= 0 or an error. */
int say_problems(struct bot_ctx *ctx, const struct form_problem *problems, size_t n);
/* For a dialog's check: says it and returns BOT_EINVAL. */
int ask_again(struct bot_ctx *ctx, const char *key, const char *value);
/* Returns BOT_HANDLED or an error. */
int dialog_open(struct bot_ctx *ctx, const char *name, const struct bot_arg *slots, size_t n);
int audit_product(struct bot_ctx *ctx, const char *action, int64_t id);

#endif
