/* SPDX-License-Identifier: MIT
 * order.h - orders of the event's store in the database, and how they look. All functions [event].
 */
#ifndef ORDERS_ORDER_H
#define ORDERS_ORDER_H

#include "cart.h"

/* Stored. Open ones come before ORDER_DONE. */
enum order_state {
    ORDER_UNPAID = 1, /* a transfer is awaited */
    ORDER_NEW = 2,    /* paid on delivery; nobody of the store has looked at it yet */
    ORDER_PROCESSING = 3,
    ORDER_SENT = 4, /* on its way, or ready to be picked up */
    ORDER_DONE = 5,
    ORDER_CANCELED = 6
};
#define ORDER_STATES 6

#define ORDER_RUPIAH_MAX INT64_C(1000000000000000) /* so that no sum of figures overflows */

enum order_payment { PAY_TRANSFER = 1, PAY_CASH = 2 };
enum order_delivery { DELIVERY_SEND = 1, DELIVERY_PICKUP = 2 };

struct order {
    int64_t id, number;
    int64_t person; /* 0: he asked to be forgotten */
    enum order_state state;
    enum order_delivery delivery;
    enum order_payment payment;
    const char *name, *address, *note, *receipt, *reason;
    int64_t total; /* rupiah */
    int64_t placed_at;
    int64_t paid_at;    /* 0: not yet */
    int64_t paid_day;   /* store_day() of then */
    int64_t expires_at; /* of an unpaid one; 0: a proof came, it waits for as long as it takes */
};

/* What an order is made of. */
struct order_wish {
    const struct lines *lines;
    enum order_delivery delivery;
    enum order_payment payment;
    const char *name, *address, *note;
};

/* Makes an order of the event's person: its number within the store, or an error. The stock has
 * been taken. */
int64_t order_insert(struct bot_ctx *ctx, const struct order_wish *wish);

int order_get(struct bot_ctx *ctx, int64_t number, struct order *out); /* BOT_ENOENT */
int order_items(struct bot_ctx *ctx, const struct order *o, struct lines *out);
/* The event's person's last order that waits for money, one without a proof first. BOT_ENOENT. */
int order_unpaid(struct bot_ctx *ctx, struct order *out);
/* His last order, for what he said then. BOT_ENOENT. */
int order_last(struct bot_ctx *ctx, struct order *out);

/* Columns for order_of_row(). */
#define ORDER_COLUMNS                                                                              \
    "id, number, person, state, delivery, payment, name, address, note, receipt, reason, total,"   \
    " placed_at, paid_at, paid_day, expires_at"
void order_of_row(struct bot_ctx *ctx, struct bot_rows *rows, struct order *out);

struct order_move {
    enum order_state to;
    int paid;            /* 1: the money is there; 0: as it was */
    const char *receipt; /* NULL: as it was */
    const char *reason;
    int by_time; /* 1: nobody does it; the event's person is whoever planned it */
};
/* Moves the order on, as it was read into *o, which is what it is afterwards; figures and stock
 * follow. BOT_EBUSY: it is no longer as it was read; nothing has changed. */
int order_move(struct bot_ctx *ctx, struct order *o, const struct order_move *move);

/* ---- how they look ---- */

/* "MAJU7-12" */
const char *order_code(struct bot_ctx *ctx, int64_t number);
const char *order_state_word(struct bot_ctx *ctx, const struct order *o);
/* 12 of "12", "#12", "maju7-12", *rest behind it; 0: it is no order of this store. */
int64_t order_number_at(struct bot_ctx *ctx, const char *text, const char **rest);
/* 12 of "maju7-12 sudah dikirim?"; 0: it does not begin with a code of this store. */
int64_t order_code_first(struct bot_ctx *ctx, const char *text);
/* The tag of messages about it; and the order whose message the event's quotes, 0: none. */
const char *order_tag(struct bot_ctx *ctx, int64_t number);
int64_t order_quoted(struct bot_ctx *ctx);
/* In full; for those who run the store with who bought. */
int order_show(struct bot_lines *out, const struct order *o, int for_admin);
/* How to pay it, "" when nothing is to be paid now. */
const char *order_pay_text(struct bot_ctx *ctx, const struct order *o);
/* What those who run the store may do with it now: "Lanjut: /proses 12, ..."; "": nothing. */
const char *order_next_steps(struct bot_ctx *ctx, const struct order *o);
/* Answers that there is no such order. */
int say_no_order(struct bot_ctx *ctx, const char *which);

/* A message to the order's customer, whoever writes, and to those who run the store (but the one
 * who writes). That nobody is there to read it is no error. */
int tell_customer(struct bot_ctx *ctx, const struct order *o, const char *text);
int tell_admins(struct bot_ctx *ctx, int64_t number, const char *text, int64_t media);

/* Days since 1970 by the store's own clock. */
int64_t store_day(struct bot_ctx *ctx, int64_t ms);

#endif
