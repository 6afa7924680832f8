/* SPDX-License-Identifier: MIT
 * meant.h - which of several products that a search found do somebody's words mean? Pure. */
#ifndef CATALOG_MEANT_H
#define CATALOG_MEANT_H

#include <stddef.h>

/* In the order of the search, best first. */
struct meant_product {
    const char *name; /* folded */
    int score;        /* the search's, 0..1000 */
};
#define MEANT_MAX 10

/* 1: the words (folded) mean the first one; 0: ask. See meant.c for the rules. */
int meant_first(const char *words, const struct meant_product *found, size_t n);

#endif
