/* SPDX-License-Identifier: MIT
 * phones.h - telephone numbers as people write and read them. Pure. */
#ifndef STORE_ADMIN_PHONES_H
#define STORE_ADMIN_PHONES_H

#include <stddef.h>

/* "6281100000012" as it is said here: "0811-0000-0012". Others get a plus. "" for "". */
void phone_show(const char *phone, char *out, size_t cap);
/* Why it is no number: the key of a text. */
const char *phone_problem(const char *text);
/* 1 when a text has so many digits that it is a number and no ID. */
int phone_like(const char *text);

#endif
