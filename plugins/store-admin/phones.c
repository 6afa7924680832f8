/* SPDX-License-Identifier: MIT
 *
 * phones.c - see phones.h. Reading is the core's (people/0, phone_parse); here is only what is said
 * about a number. */
#include "phones.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS_MIN = 9, DIGITS_MAX = 15, ID_DIGITS_MAX = 8 };

void phone_show(const char *phone, char *out, size_t cap)
{
    if (!phone || !*phone)
        snprintf(out, cap, "%s", "");
    else if (strncmp(phone, "62", 2) == 0 && strlen(phone) > 8)
        snprintf(out, cap, "0%.3s-%.4s-%s", phone + 2, phone + 5, phone + 9);
    else
        snprintf(out, cap, "+%s", phone);
}

static size_t digits_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++) n += *text >= '0' && *text <= '9';
    return n;
}

const char *phone_problem(const char *text)
{
    size_t digits = digits_of(text);
    for (const char *s = text; *s; s++)
        if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')) return "phone.letters";
    if (digits < DIGITS_MIN) return "phone.short";
    return digits > DIGITS_MAX ? "phone.long" : "phone.bad";
}

int phone_like(const char *text)
{
    return *text == '+' || digits_of(text) > ID_DIGITS_MAX || (*text == '0' && text[1]);
}
