/* SPDX-License-Identifier: MIT
 * words.h - names and counts as people write them. Pure functions on UTF-8, in place. */
#ifndef CATALOG_WORDS_H
#define CATALOG_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Drops control characters and invisible marks, makes each run of white space one space and trims.
 * lines: line breaks stay. Returns the characters (code points) that are left. */
size_t words_clean(char *text, int lines);

/* Lower case (ASCII and Latin-1), runs of spaces as one, trimmed: what makes two names the same. */
void words_fold(char *text);

/* 1: text is one short word, with or without a dot or the like behind it; it is in `word`, folded.
 */
#define WORD_CAP 16
int words_only(const char *text, char word[WORD_CAP]);

/* The bytes of the first `chars` characters of text. */
size_t words_prefix(const char *text, size_t chars);

/* "12", "1.000"; 0, or -1 when it is no whole number of 0..max. */
int words_count_parse(const char *text, int64_t max, int64_t *count);

#endif
