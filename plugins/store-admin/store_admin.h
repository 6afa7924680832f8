/* SPDX-License-Identifier: MIT
 * store_admin.h - what the files of this plugin share. Handlers return a verdict or an error; those
 * that speak say it themselves. */
#ifndef STORE_ADMIN_H
#define STORE_ADMIN_H

#include <tokobot/plugin.h>
#include <tokobot/services/people.h>
#include <tokobot/services/profile.h>
#include <tokobot/services/stores.h>
#include <tokobot/text.h>

#include "hours.h"

extern const struct bot_text_file store_admin_texts[];

/* Made by start(), per generation. */
struct store_admin {
    int64_t shown; /* the customer of the card that is being gathered, 0 otherwise */
};

/* ---- commands, hooks, dialogs: one file a noun -------------------------------------------------
 */

/* toko.c */
int choose_store(struct bot_ctx *ctx);

/* admins.c */
int add_admin(struct bot_ctx *ctx);
int remove_admin(struct bot_ctx *ctx);
int list_admins(struct bot_ctx *ctx);

/* customers.c */
int list_customers(struct bot_ctx *ctx);
int block_customer(struct bot_ctx *ctx);
int unblock_customer(struct bot_ctx *ctx);

/* profile.c */
int show_profile(struct bot_ctx *ctx);

/* greeting.c */
int set_greeting(struct bot_ctx *ctx);
int say_greeting(struct bot_ctx *ctx);          /* hook store-admin.greeting */
const char *greeting_text(struct bot_ctx *ctx); /* as kept; NULL when there is none */

/* payment.c */
struct payment {
    const char *text; /* the account as it was written; NULL: there is none */
    int cash;         /* 1: cash is taken */
};
int set_payment(struct bot_ctx *ctx);
int payment_get(struct bot_ctx *ctx, struct payment *out); /* BOT_OK or an error */
/* The account, shortened, and whether cash is taken, in two lines. */
const char *payment_summary(struct bot_ctx *ctx);

/* profile_service.c */
extern const struct bot_profile profile_service;

/* opening.c */
int set_hours(struct bot_ctx *ctx);
int show_hours(struct bot_ctx *ctx);
int opening_tell(struct bot_ctx *ctx); /* says that it is closed, when it is */
int hours_gate(struct bot_ctx *ctx);   /* hook message.gate */
int say_closed(struct bot_ctx *ctx);   /* hook store-admin.closed */
int say_hours(struct bot_ctx *ctx);    /* hook store-admin.hours */
/* "buka, sampai pukul 17:00"; NULL when the store has said nothing of its hours. */
const char *opening_now(struct bot_ctx *ctx);

/* holidays.c */
int change_holidays(struct bot_ctx *ctx);
/* Those from `from` to `to`, at most `cap`. Returns how many, or an error. */
int holidays_load(struct bot_ctx *ctx, int64_t from, int64_t to, int64_t *days, size_t cap);
/* The coming ones, a range in one line; "" when there are none, NULL on an error. */
const char *holidays_text(struct bot_ctx *ctx);
#define HOLIDAYS_MAX 120 /* kept for one store */

/* qr.c */
int show_qr(struct bot_ctx *ctx);

/* handover.c */
int answer_customer(struct bot_ctx *ctx);      /* /balas */
int release_customer(struct bot_ctx *ctx);     /* /bot */
int handover_over(struct bot_ctx *ctx);        /* hook store-admin.handover */
int handover_own_message(struct bot_ctx *ctx); /* hook message.own */

/* handover_gate.c */
int handover_gate(struct bot_ctx *ctx);      /* hook message.gate */
int handover_complaint(struct bot_ctx *ctx); /* hook message.text */

/* erase.c */
int erase_gate(struct bot_ctx *ctx); /* hook message.gate */
int erase_done(struct bot_ctx *ctx);
int person_erased(struct bot_ctx *ctx); /* hook person.erased */

/* report.c */
int show_stats(struct bot_ctx *ctx);
int change_report(struct bot_ctx *ctx);
int report_reschedule(struct bot_ctx *ctx); /* the store's clock has changed */
int send_report(struct bot_ctx *ctx);       /* hook store-admin.report */

/* ---- say.c: what several of them say and ask ----------------------------------------------------
 */

const struct bot_stores *stores_of(struct bot_ctx *ctx);
const struct bot_people *people_of(struct bot_ctx *ctx);
int is_store_admin(struct bot_ctx *ctx);
int is_group(struct bot_ctx *ctx);
/* A short message to a person, in this plugin's words. BOT_ENOENT: he has no chat. */
int notify(struct bot_ctx *ctx, int64_t person, const char *text);
int audit_person(struct bot_ctx *ctx, const char *action, int64_t person);
/* What WhatsApp takes for markup made harmless. */
const char *text_plain(struct bot_ctx *ctx, const char *text);
int64_t id_of(const char *text); /* "12", "#12"; 0 when it is none */
/* Minutes of the store's own clock since 1970, and back to milliseconds. */
int64_t local_minute(struct bot_ctx *ctx);
int64_t local_to_ms(struct bot_ctx *ctx, int64_t minute);

/* ---- customers.c
 * ----------------------------------------------------------------------------------- */

/* "12", "#12" or a phone number, to a customer of this store. BOT_ENOENT. */
int customer_find(struct bot_ctx *ctx, const char *who, struct bot_customer *out);
/* What to call somebody: his name, else his number, else "Tanpa nama". */
const char *name_or_phone(struct bot_ctx *ctx, const char *name, const char *phone);

/* ---- handover.c, for its gate
 * ------------------------------------------------------------------------ */

struct handover {
    int64_t until;
    int phone; /* somebody wrote from the store's phone: he needs no forwarding */
};
/* BOT_OK when the store's people talk with this person, BOT_ENOENT, or an error. */
int handover_get(struct bot_ctx *ctx, int64_t person, struct handover *out);
/* Begins it, or makes it last on from now. */
int handover_prolong(struct bot_ctx *ctx, int64_t person, int phone);
/* Ends it without a word. BOT_OK, or BOT_ENOENT: there was none. */
int handover_drop(struct bot_ctx *ctx, int64_t person);
/* Tells both sides that it is over; `by_customer`: he is answered, else the admin is. */
int handover_end(struct bot_ctx *ctx, int64_t person, int by_customer);
/* What came, text or media, goes to the customer as the store's word; the admin gets a tick. */
int handover_deliver(struct bot_ctx *ctx, int64_t person, const char *text);
/* PERSON of "handover:PERSON:STORE", or 0; *store: of what store it speaks. */
int64_t handover_tag(const char *tag, int64_t *store);

#endif
