/* SPDX-License-Identifier: MIT
 * form.h - a product written as lines, "Nama: ..." and so on. Pure functions on text. */
#ifndef CATALOG_FORM_H
#define CATALOG_FORM_H

#include "product.h"

struct variants;

enum form_field {
    FIELD_NAME,
    FIELD_PRICE,
    FIELD_STOCK,
    FIELD_CATEGORY,
    FIELD_DESCRIPTION,
    FIELD_VARIANTS,
    FIELD_COUNT
};

#define FORM_VARIANT_LINES 50
#define FORM_NEXT          '\f' /* alone in a line: what follows mends what stands before */

/* What the lines said. All pointers go into the text that was parsed. Starts as { 0 }. */
struct form {
    char *value[FIELD_COUNT];           /* NULL: no such line */
    char *variants[FORM_VARIANT_LINES]; /* "Varian:" may stand there several times */
    size_t variant_lines;
    char *unknown;  /* the first line that says nothing we know, or NULL */
    unsigned lines; /* with a known word in front, of the last form_parse() */
};

/* Something to tell the writer: a text key, and what it is about. */
struct form_problem {
    const char *key;
    const char *value;
};
#define FORM_PROBLEMS (FIELD_COUNT + 2)

/* Takes `text` apart in place; later lines win over earlier ones and over what `form` had. A first
 * line without a known word is the name, when no other line says it. */
void form_parse(struct form *form, char *text);

/* The field that a word in front of a line, or over a column, names in any case; or -1. */
int form_field(const char *word, size_t len);

/* Checks what the form has and puts it into *product. with_all: a form without name or price has a
 * problem too. Returns how many there are, each in `problems`; *product and *variants are whole
 * when 0. */
size_t form_check(struct form *form, int with_all, struct product *product,
                  struct variants *variants, struct form_problem problems[FORM_PROBLEMS]);

/* One answer to one question; the key of the problem, or NULL when it is good. */
const char *form_name_check(char *name); /* cleans it in place */
const char *form_price_check(const char *text, int64_t *rupiah);
const char *form_stock_check(const char *text, int64_t *stock); /* PRODUCT_UNCOUNTED for "-" */
const char *form_category_check(char *category);                /* "-" becomes "" */

#endif
