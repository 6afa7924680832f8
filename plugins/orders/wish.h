/* SPDX-License-Identifier: MIT
 * wish.h - what somebody wants to buy, as people write it. Pure functions; any thread. */
#ifndef ORDERS_WISH_H
#define ORDERS_WISH_H

#include <stddef.h>
#include <stdint.h>

#define WISHES_MAX 20
#define COUNT_MAX  9999 /* pieces of one thing */

struct wish {
    char *words;      /* "kopi susu"; "" when an id says what */
    int64_t count;    /* COUNT_MAX + 1: more than that; 0: he said zero */
    int64_t trailing; /* a number at the end of the words, which may be the count ("kopi 2") or a
                         part of the name ("iphone 15"); 0: none. Only when no other count was
                         said */
    int64_t product;  /* of "#7", "#7/2", "7 2"; 0: by its words */
    int64_t variant;
};

/* Behind "pesan", "mau beli", "saya mau order ..."; NULL when the text does not begin so, or
 * asks or tells of something else. */
const char *wish_verb(const char *text);

/* "2 kopi susu, 1 teh dan #7 x3". Takes the text apart in place; what the words point to lives in
 * it. Returns how many there are, at most WISHES_MAX; *more 1: there were more than that. */
size_t wish_parse(char *text, struct wish *out, int *more);

/* The same, undivided: "2 paket nasi + ayam" may be a name. */
void wish_whole(char *text, struct wish *out);

#endif
