/* text.h - pure functions on text: UTF-8, folding, distance, phone numbers. */
#ifndef TOKOBOT_TEXT_H
#define TOKOBOT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Copies src to dst (cap bytes incl. NUL). Invalid UTF-8 becomes U+FFFD; NUL and control characters
 * other than \n and \t are dropped; no character is cut. Returns bytes written without NUL; dst ==
 * NULL: the bytes that would be needed. */
size_t text_clean(char *dst, size_t cap, const char *src, size_t len);
/* Decodes one character of s (len >= 1). Returns the bytes it takes, at least 1; *cp is
 * TEXT_INVALID for what is no UTF-8 (overlong, surrogate, above U+10FFFF, cut off). */
#define TEXT_INVALID UINT32_MAX
size_t text_decode(const char *s, size_t len, uint32_t *cp);
int text_is_utf8(const char *s, size_t len);
size_t text_chars(const char *s); /* code points */
/* Longest prefix of s with at most max bytes that ends between characters. */
size_t text_prefix(const char *s, size_t len, size_t max);
/* Skips white space at both ends, invisible characters too; *len becomes the rest's length. */
const char *text_trim(const char *s, size_t *len);
/* One line of what can be seen: white space of any kind and length becomes one space, none at the
 * ends; control and invisible characters are dropped, also those that turn the line around; only
 * U+200D stays, which joins emoji. Invalid UTF-8 becomes U+FFFD. Cuts no character. Returns bytes
 * written without NUL; dst == NULL: the bytes that would be needed. */
size_t text_line(char *dst, size_t cap, const char *src);
/* Lower case, Latin letters without their accents; all that is no letter or digit becomes one
 * space, none at the ends; other scripts and emoji are kept. Never longer than src. Returns bytes
 * written without NUL; dst == NULL: the bytes that would be needed. */
size_t text_fold(char *dst, size_t cap, const char *src);
int text_equal_nocase(const char *a, const char *b); /* ASCII case; 1 when equal */
/* Edits and adjacent swaps between two words of at most 63 bytes; more than limit: limit + 1. */
unsigned text_distance(const char *a, const char *b, unsigned limit);
/* The nearest of `names` in any ASCII case, within a third of the longer one's length; or NULL. */
const char *text_nearest(const char *word, const char *const *names, size_t count);
/* Indonesian and international phone numbers in any usual spelling -> "6281..."; 0 or -1. Spaces,
 * dots, dashes and brackets may divide it; letters are refused; 10 to 15 digits come out. */
int text_phone(const char *s, char *out, size_t cap);
/* An answer to a question: 1 "ya", "oke" ..., 0 "tidak", "jangan" ..., -1 neither (also NULL). In
 * any case, with marks around it; a few words ("ya kak", "tidak jadi") and emoji change nothing. */
int text_yes_no(const char *s);
/* Whole non-negative decimal number; 0, or -1 when it is none or does not fit. */
int text_int(const char *s, int64_t *out);
/* "Rp500.000", "-Rp500": returns out. */
char *text_rupiah(int64_t rupiah, char out[40]);

#endif
