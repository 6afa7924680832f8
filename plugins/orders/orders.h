/* SPDX-License-Identifier: MIT
 * orders.h - what the files of this plugin share. Handlers return a verdict or an error; those that
 * speak say it themselves. */
#ifndef ORDERS_H
#define ORDERS_H

#include <tokobot/plugin.h>
#include <tokobot/services/catalog.h>
#include <tokobot/services/people.h>
#include <tokobot/services/profile.h>
#include <tokobot/services/stores.h>
#include <tokobot/text.h>

extern const struct bot_text_file orders_texts[];

/* tables.c */
extern const struct bot_migration_spec orders_migrations[];
extern const size_t orders_migration_count;

/* ---- handlers: one file a noun or verb ---------------------------------------------------------
 */

/* buy.c: what somebody wants, in words, becomes rows of his cart */
int buy_command(struct bot_ctx *ctx);
int buy_said(struct bot_ctx *ctx, const char *words);              /* behind "pesan" */
int buy_words(struct bot_ctx *ctx, const char *words, int *asked); /* *asked 1: which one */
int choose_check(struct bot_ctx *ctx, const char **value);
int choose_done(struct bot_ctx *ctx);

/* cart.c */
int cart_command(struct bot_ctx *ctx);
int cart_said(struct bot_ctx *ctx, const char *text); /* "hapus 1"; BOT_PASS: it is none of that */
int cart_show(struct bot_ctx *ctx, const char *before);
int carts_prune(struct bot_ctx *ctx);  /* schedule */
int carts_merged(struct bot_ctx *ctx); /* hook person.merged */

/* checkout.c: the questions; place.c: what the YA does */
int checkout_command(struct bot_ctx *ctx);
int delivery_check(struct bot_ctx *ctx, const char **value);
int address_check(struct bot_ctx *ctx, const char **value);
int name_check(struct bot_ctx *ctx, const char **value);
int payment_check(struct bot_ctx *ctx, const char **value);
int checkout_done(struct bot_ctx *ctx);
int confirm_check(struct bot_ctx *ctx, const char **value);
int confirm_done(struct bot_ctx *ctx);

/* list.c */
int list_orders(struct bot_ctx *ctx);
int list_mine(struct bot_ctx *ctx);
int list_one(struct bot_ctx *ctx, int64_t number);

/* change.c: an order goes on */
int mark_paid(struct bot_ctx *ctx);
int mark_processing(struct bot_ctx *ctx);
int mark_sent(struct bot_ctx *ctx);
int mark_done(struct bot_ctx *ctx);
int mark_canceled(struct bot_ctx *ctx);
int cancel_mine(struct bot_ctx *ctx);
int admin_said(struct bot_ctx *ctx, const char *text); /* quoting a message about an order */
#define UNPAID_OVER "orders.unpaid"
int unpaid_over(struct bot_ctx *ctx); /* hook of it */

/* proof.c */
int proof_came(struct bot_ctx *ctx);

/* words.c */
int text_came(struct bot_ctx *ctx); /* hook message.text */
/* 1: no answer to what is asked, but a question or a wish of its own: it is answered first. */
int is_aside(const char *text);
int say_hint(struct bot_ctx *ctx); /* hook catalog.hint */

/* stats.c */
int store_stats(struct bot_ctx *ctx);
int store_report(struct bot_ctx *ctx);
int global_stats(struct bot_ctx *ctx);
int customer_card(struct bot_ctx *ctx);
int customer_line(struct bot_ctx *ctx);
int person_erased(struct bot_ctx *ctx);

/* ---- say.c: what several of them need ----------------------------------------------------------
 */

const struct bot_stores *stores_of(struct bot_ctx *ctx);
const struct bot_people *people_of(struct bot_ctx *ctx);
const struct bot_catalog *catalog_of(struct bot_ctx *ctx, void **owner);
const struct bot_profile *profile_of(struct bot_ctx *ctx, void **owner); /* NULL: there is none */
int is_store_admin(struct bot_ctx *ctx);
int in_group(struct bot_ctx *ctx);      /* there nobody orders: all would read his address */
int64_t person_of(struct bot_ctx *ctx); /* who acts; 0: time does */
/* "Kaos Polos (M merah)" */
const char *item_name(struct bot_ctx *ctx, const char *name, const char *label);
/* A whole number of 1..max at the beginning of the text, *rest behind it and its spaces; or 0. */
int64_t number_at(const char *text, int64_t max, const char **rest);
/* The text in one line, without what could not be read, at most `chars` characters. */
const char *one_line(struct bot_ctx *ctx, const char *text, size_t chars);

#endif
