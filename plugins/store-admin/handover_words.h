/* SPDX-License-Identifier: MIT
 * handover_words.h - is this a complaint that a human has to hear? Pure. */
#ifndef STORE_ADMIN_HANDOVER_WORDS_H
#define STORE_ADMIN_HANDOVER_WORDS_H

/* 1 when a text of any length complains. Whole words only, and when in doubt it does not: a product
 * may be called anything, and the customer can always write ADMIN. */
int words_complain(const char *text);

#endif
