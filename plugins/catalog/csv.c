/* SPDX-License-Identifier: MIT
 *
 * csv.c - tables as spreadsheets write and read them. There is no one format: what separates cells
 * depends on the country, what encodes letters on the year, and line breaks stand inside of cells.
 * The reader goes through the text once and never looks behind its end; rows and cells are cut out
 * in place, which is why it needs no memory. */
#include "csv.h"

#include <string.h>

static const char formula_marks[] = "=+-@\t\r";

/* ---- text ------------------------------------------------------------------------------------ */

/* Windows-1252's 0x80..0x9F; 0: there is no such letter. */
static const unsigned short windows[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* Bytes of the UTF-8 character at s, 0 when it is none. */
static size_t utf8_bytes(const unsigned char *s, size_t left)
{
    size_t n = s[0] < 0x80                    ? 1
               : s[0] >= 0xC2 && s[0] <= 0xDF ? 2
               : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
               : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                              : 0;
    if (n == 0 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    if (s[0] == 0xE0 && s[1] < 0xA0) return 0;
    if (s[0] == 0xED && s[1] > 0x9F) return 0;
    if (s[0] == 0xF0 && s[1] < 0x90) return 0;
    if (s[0] == 0xF4 && s[1] > 0x8F) return 0;
    return n;
}

static int is_utf8(const unsigned char *s, size_t len)
{
    for (size_t i = 0, n; i < len; i += n)
        if ((n = utf8_bytes(s + i, len - i)) == 0) return 0;
    return 1;
}

static size_t letter_write(unsigned letter, char *out)
{
    if (letter < 0x80) {
        out[0] = (char)letter;
        return 1;
    }
    if (letter < 0x800) {
        out[0] = (char)(0xC0 | letter >> 6);
        out[1] = (char)(0x80 | (letter & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | letter >> 12);
    out[1] = (char)(0x80 | (letter >> 6 & 0x3F));
    out[2] = (char)(0x80 | (letter & 0x3F));
    return 3;
}

size_t csv_text_cap(size_t len)
{
    return 3 * len + 1;
}

enum csv_status csv_text(const void *bytes, size_t len, char *out, size_t *out_len)
{
    const unsigned char *s = bytes;
    size_t n = 0;
    *out_len = 0;
    out[0] = '\0';
    if (len >= 2 && ((s[0] == 0xFF && s[1] == 0xFE) || (s[0] == 0xFE && s[1] == 0xFF)))
        return CSV_EBINARY; /* UTF-16 */
    if (len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) s += 3, len -= 3;
    if (len > 0 && memchr(s, '\0', len)) return CSV_EBINARY;
    if (len >= 4 && memcmp(s, "PK\x03\x04", 4) == 0) return CSV_EBINARY; /* .xlsx, .ods */
    if (is_utf8(s, len)) {
        if (len > 0) memcpy(out, s, len);
        n = len;
    } else {
        for (size_t i = 0; i < len; i++) {
            unsigned letter = s[i] >= 0x80 && s[i] < 0xA0 ? windows[s[i] - 0x80] : s[i];
            n += letter_write(letter ? letter : 0xFFFD, out + n);
        }
    }
    out[n] = '\0';
    *out_len = n;
    return CSV_END;
}

/* ---- reading --------------------------------------------------------------------------------- */

static char delimiter_of(const char *at, const char *end)
{
    size_t commas = 0, semicolons = 0, tabs = 0;
    int quoted = 0;
    for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
        if (*at == '"') quoted = !quoted;
        if (quoted) continue;
        commas += *at == ',';
        semicolons += *at == ';';
        tabs += *at == '\t';
    }
    if (tabs > commas && tabs > semicolons) return '\t';
    return semicolons > commas ? ';' : ',';
}

/* Past one line break, if there is one. */
static char *break_skip(char *at, const char *end)
{
    if (at < end && *at == '\r') at++;
    if (at < end && *at == '\n') at++;
    return at;
}

void csv_open(struct csv *csv, char *text, size_t len)
{
    *csv = (struct csv){ .at = text, .end = text + len, .line = 1 };
    if (len >= 5 && strncmp(text, "sep=", 4) == 0 && strchr(",;\t", text[4])) { /* Excel's own */
        csv->delimiter = text[4];
        csv->at = break_skip(text + 5, csv->end);
        csv->line = 2;
        return;
    }
    csv->delimiter = delimiter_of(text, csv->end);
}

/* Reads the quoted part of a cell: `from` is behind the opening quote, the text goes to *to.
 * Returns behind the closing one, or NULL. */
static char *quoted_read(struct csv *csv, char *from, char **to)
{
    while (from < csv->end) {
        if (*from == '"') {
            if (from + 1 >= csv->end || from[1] != '"') return from + 1;
            from++; /* two are one */
        } else if (*from == '\n' || (*from == '\r' && (from + 1 >= csv->end || from[1] != '\n'))) {
            csv->line++;
        }
        *(*to)++ = *from++;
    }
    return NULL;
}

/* One cell; returns where it ended: a delimiter, a line break, the end. NULL: an open quote. */
static char *cell_read(struct csv *csv, char *from, char **cell)
{
    char *to = from;
    *cell = from;
    char *first = from;
    while (first < csv->end && *first == ' ') first++;
    if (first < csv->end && *first == '"') {
        from = quoted_read(csv, first + 1, &to);
        if (!from) return NULL;
    }
    while (from < csv->end && *from != csv->delimiter && *from != '\n' && *from != '\r')
        *to++ = *from++;
    csv->at = from; /* `to` may be where the delimiter is: the caller has looked first */
    return to;
}

/* Cuts one row out. */
static enum csv_status row_read(struct csv *csv, struct csv_row *row)
{
    row->count = 0;
    row->line = csv->line;
    for (;;) {
        char *cell, *to = cell_read(csv, csv->at, &cell);
        if (!to) {
            csv->line = row->line;
            return CSV_EQUOTE;
        }
        int more = csv->at < csv->end && *csv->at == csv->delimiter;
        if (!more) {
            char *next = break_skip(csv->at, csv->end);
            if (next > csv->at) csv->line++;
            csv->at = next;
        } else {
            csv->at++;
        }
        *to = '\0';
        if (row->count < CSV_CELLS) row->cell[row->count] = cell;
        row->count++;
        if (!more) return CSV_ROW;
    }
}

static int is_blank(const struct csv_row *row)
{
    if (row->count > CSV_CELLS) return 0;
    for (size_t i = 0; i < row->count; i++)
        if (row->cell[i][strspn(row->cell[i], " \t")] != '\0') return 0;
    return 1;
}

enum csv_status csv_next(struct csv *csv, struct csv_row *row)
{
    while (csv->at < csv->end) {
        enum csv_status status = row_read(csv, row);
        if (status != CSV_ROW || !is_blank(row)) return status;
    }
    return CSV_END;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static int is_formula(const char *text)
{
    text += strspn(text, "'");
    return *text && strchr(formula_marks, *text) != NULL;
}

char *csv_cell(char *cell)
{
    return *cell == '\'' && is_formula(cell) ? cell + 1 : cell;
}

size_t csv_write_cell(const char *text, char *out)
{
    size_t n = 0, len = strlen(text);
    int quoted = strpbrk(text, "\",;\t\r\n") != NULL ||
                 (len > 0 && (text[0] == ' ' || text[len - 1] == ' '));
#define PUT(c)                                                                                     \
    do {                                                                                           \
        if (out) out[n] = (c);                                                                     \
        n++;                                                                                       \
    } while (0)
    if (quoted) PUT('"');
    if (is_formula(text)) PUT('\'');
    for (; *text; text++) {
        if (*text == '"') PUT('"');
        PUT(*text);
    }
    if (quoted) PUT('"');
#undef PUT
    return n;
}
