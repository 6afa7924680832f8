/* SPDX-License-Identifier: MIT
 * shop_fixture.h - a world (host_fixture.h) with the real plugins catalog, store-admin and orders:
 * stores that sell something, and people who buy there as people do, message by message. */
#ifndef TESTS_SHOP_FIXTURE_H
#define TESTS_SHOP_FIXTURE_H

#include "host_fixture.h"

#define SHOP_PLUGIN(name) name " = " FIXTURE_PLUGINS "/../../plugins/" name ".so\n"
#define SHOP_PLUGINS      SHOP_PLUGIN("catalog") SHOP_PLUGIN("store-admin") SHOP_PLUGIN("orders")

/* Who runs store n; of the first one also STAFF. */
#define OWNER     "6281100000011"
#define OWNER_TWO "6281100000012"
#define OWNER_3   "6281100000013"
#define STAFF     "6281100000021"

struct buyer {
    const char *delivery, *address, *name, *payment; /* as he answers: "1", "Jl. Mawar 5" ... */
};
extern const struct buyer by_cash, by_transfer; /* "2", picked up; "1", delivered */

/* "Toko 1" MAJU2, "Toko 2" MAJU3 ..., each with an owner and an account, taking cash as well.
 * `plugins` NULL: SHOP_PLUGINS. */
void shop_open(int stores, const char *plugins, const char *ini);
/* A product of the store whose owner writes; fails when it is not taken. Its id. */
int64_t shop_sells(const char *owner, const char *form);

/* What somebody writes, and the answer to it (until the next call); "" when there was none. */
const char *ask(const char *phone, const char *text);
/* ask(), and the answer must hold this part. */
void asks(const char *phone, const char *text, const char *part);
/* As the answer to the last message to him that holds this part. */
const char *ask_quoting(const char *phone, const char *part, const char *text);
/* The answer that he had; what else he was sent since ask(), joined. */
const char *answer_to(const char *phone);
const char *told_to(const char *phone);

/* Answers what is asked until the order is to be confirmed: 1; 0 when it does not come so far. */
int goes_to_checkout(const char *phone, const struct buyer *as);
/* "pesan ...", checkout, YA: the order's number; fails the test when there is none. */
int64_t buys(const char *phone, const char *what, const struct buyer *as);

/* The figures, counted over all orders, are what the plugin keeps; no stock is below zero. */
void figures_are_right(void);

#endif
