/* SPDX-License-Identifier: MIT
 * checkout.h - what checkout.c and place.c share. */
#ifndef ORDERS_CHECKOUT_H
#define ORDERS_CHECKOUT_H

#include "order.h"

/* What was agreed beside the cart. */
struct terms {
    enum order_delivery delivery;
    enum order_payment payment;
    const char *name, *address, *note; /* "" when there is none */
};

/* Of the running dialog "checkout" or "confirm". */
void terms_of_slots(struct bot_ctx *ctx, struct terms *out);
/* The whole of it, as it is shown before the YA. */
const char *confirm_summary(struct bot_ctx *ctx, const struct lines *lines, const struct terms *t);
/* Answers to the last question that change something, in the terms or in the cart: it is asked
 * again. YA is 1, TIDAK 0. */
#define CONFIRM_MENDED  "2"
#define CONFIRM_SHOPPED "3"
/* Shows the whole of it, and asks YA or TIDAK. A verdict or an error. */
int confirm_ask(struct bot_ctx *ctx, const struct lines *lines, const struct terms *terms);

#endif
