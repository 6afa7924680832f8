/* SPDX-License-Identifier: MIT
 * csv.h - tables as spreadsheets write and read them. Pure functions on bytes; any thread. */
#ifndef CATALOG_CSV_H
#define CATALOG_CSV_H

#include <stddef.h>

#define CSV_CELLS 64 /* of a row; what comes behind is counted, not kept */

enum csv_status {
    CSV_END = 0,
    CSV_ROW = 1,
    CSV_EQUOTE = -1, /* a quote is never closed; `line` is where it opens */
    CSV_EBINARY = -2 /* no text: NUL bytes, UTF-16, a spreadsheet's own format */
};

/* A reader of one text. */
struct csv {
    char *at, *end;
    char delimiter;
    long line; /* of the next row, from 1 */
};

struct csv_row {
    char *cell[CSV_CELLS]; /* each ends with NUL; "" when it is empty */
    size_t count;          /* may be more than CSV_CELLS */
    long line;             /* where it begins */
};

/* Makes UTF-8 of what a spreadsheet saved: takes off a BOM, reads what is no UTF-8 as Windows-1252.
 * `out` holds csv_text_cap(len) bytes; *out_len without the NUL. CSV_END or CSV_EBINARY. */
enum csv_status csv_text(const void *bytes, size_t len, char *out, size_t *out_len);
size_t csv_text_cap(size_t len);

/* Begins to read; the text is taken apart in place and text[len] is a NUL. Commas, semicolons and
 * tabs: what the first line has most of. */
void csv_open(struct csv *csv, char *text, size_t len);

/* The next row that is not empty. */
enum csv_status csv_next(struct csv *csv, struct csv_row *row);

/* Takes off the apostrophe that csv_write_cell() has put before a formula. */
char *csv_cell(char *cell);

/* Writes one cell, with quotes where they are needed, and with an apostrophe before what a
 * spreadsheet would take for a formula (= + - @ tab CR): csv_cell() of it is the same text again.
 * out NULL: only counts. Returns the bytes. */
size_t csv_write_cell(const char *text, char *out);

#endif
