/* SPDX-License-Identifier: MIT
 * store_admin.h - what the files of this plugin share. Handlers return a verdict or an error; those
 * that speak say it themselves. */
#ifndef STORE_ADMIN_H
#define STORE_ADMIN_H

#include <tokobot/plugin.h>
#include <tokobot/services/people.h>
#include <tokobot/services/profile.h>
#include <tokobot/services/stores.h>

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
int64_t profile_shown(struct bot_ctx *ctx, void *owner); /* profile/0 */

/* profile.c */
int show_profile(struct bot_ctx *ctx);

/* greeting.c */
int set_greeting(struct bot_ctx *ctx);
int say_greeting(struct bot_ctx *ctx);             /* hook store-admin.greeting */
const char *greeting_text(struct bot_ctx *ctx);    /* as kept; NULL when there is none */
const char *profile_greeting(struct bot_ctx *ctx); /* profile/0 */

/* opening.c */
int set_hours(struct bot_ctx *ctx);
int show_hours(struct bot_ctx *ctx);
int opening_tell(struct bot_ctx *ctx);           /* says that it is closed, when it is */
int hours_gate(struct bot_ctx *ctx);             /* hook message.gate */
int say_closed(struct bot_ctx *ctx);             /* hook store-admin.closed */
int say_hours(struct bot_ctx *ctx);              /* hook store-admin.hours */
const char *profile_closed(struct bot_ctx *ctx); /* profile/0 */
const char *profile_hours(struct bot_ctx *ctx);  /* profile/0 */
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
/* field(), with "" for NULL. */
const char *field(struct bot_ctx *ctx, const char *name);
const char *say_text(struct bot_ctx *ctx, const char *key);
int say(struct bot_ctx *ctx, const char *key); /* a text without arguments, replied */
int say_with(struct bot_ctx *ctx, const char *key, const char *name, const char *value);
/* A short message to a person, in this plugin's words. BOT_ENOENT: he has no chat. */
int notify(struct bot_ctx *ctx, int64_t person, const char *text);
int audit_person(struct bot_ctx *ctx, const char *action, int64_t person);
const char *text_format(struct bot_ctx *ctx, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The first `chars` characters, with an ellipsis when there are more. */
const char *text_cut(struct bot_ctx *ctx, const char *text, size_t chars);
/* The text is this word alone, in any case, with punctuation or not. */
int is_word(const char *text, const char *word);
int64_t id_of(const char *text); /* "12", "#12"; 0 when it is none */
/* Minutes of the store's own clock since 1970, and back to milliseconds. */
int64_t local_minute(struct bot_ctx *ctx);
int64_t local_to_ms(struct bot_ctx *ctx, int64_t minute);

/* A text that grows in the callback's memory: lines with one line break between them. */
struct lines {
    struct bot_ctx *ctx;
    char *s; /* NULL while it is empty */
    size_t len, cap;
};
void lines_add(struct lines *l, const char *text);  /* on a line of its own */
void lines_join(struct lines *l, const char *text); /* right behind */
int lines_reply(struct lines *l);                   /* BOT_HANDLED or an error */

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
