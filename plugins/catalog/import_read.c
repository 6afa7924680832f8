/* SPDX-License-Identifier: MIT
 *
 * import_read.c - what a file of products says. Each line is checked by the rules of the form; what
 * only the database knows (is there such an id?) is asked later. Runs on a host thread, on a copy
 * of the bytes, and gives rows of a fixed shape: the loop then never parses anything. Pure. */
#include "import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "words.h"

enum { SEEN_SLOTS = 32768, COLUMN_NONE = -1, COLUMN_ID = FIELD_COUNT };

/* Names and ids that stood in an earlier line. */
struct earlier {
    char *text; /* NULL: free */
    int64_t line;
};

struct reader {
    struct import_head *head;
    unsigned char *out, *end; /* where the next chunk's header is, the end of the room */
    unsigned char *at;        /* where the next row goes */
    uint32_t in_chunk;
    int column[CSV_CELLS]; /* which field, COLUMN_ID or COLUMN_NONE */
    size_t columns;
    uint32_t has;
    struct earlier *seen;
    char nothing[1]; /* a cell that is not there; it has room for its NUL only */
    int full;
};

/* What is written before the texts of a row. */
struct packed {
    int64_t line, id, price, stock;
    uint32_t has, bytes; /* of the texts behind it */
};

static void error_set(char *to, size_t cap, const char *from)
{
    size_t n = strlen(from);
    if (n >= cap) n = cap - 1;
    while (n > 0 && ((unsigned char)from[n] & 0xC0) == 0x80) n--;
    memcpy(to, from, n);
    to[n] = '\0';
}

static void refuse(struct reader *r, int64_t line, const char *key, const char *value)
{
    struct import_head *h = r->head;
    h->bad++;
    if (h->told == IMPORT_TOLD) return;
    struct import_error *e = &h->errors[h->told++];
    e->line = line;
    error_set(e->key, sizeof e->key, key);
    error_set(e->value, sizeof e->value, value);
}

/* ---- the first line -------------------------------------------------------------------------- */

static int column_of(const char *name)
{
    char folded[24];
    if (strlen(name) >= sizeof folded) return COLUMN_NONE;
    strcpy(folded, name);
    words_fold(folded);
    if (strcmp(folded, "id") == 0) return COLUMN_ID;
    return form_field(folded, strlen(folded));
}

static void header_refuse(struct reader *r, const char *key, const char *value)
{
    r->head->problem = IMPORT_HEADER;
    error_set(r->head->key, sizeof r->head->key, key);
    error_set(r->head->value, sizeof r->head->value, value);
}

static int header_read(struct reader *r, struct csv_row *row)
{
    uint32_t id = 0;
    r->columns = row->count < CSV_CELLS ? row->count : CSV_CELLS;
    for (size_t i = 0; i < r->columns; i++) {
        char *name = csv_cell(row->cell[i]);
        words_clean(name, 0);
        int column = r->column[i] = column_of(name);
        uint32_t *seen = column == COLUMN_ID ? &id : &r->has;
        if (column == COLUMN_NONE) {
            if (*name && !r->head->unknown[0])
                error_set(r->head->unknown, sizeof r->head->unknown, name);
            continue;
        }
        if (*seen & HAS(column)) {
            header_refuse(r, "problem.column_twice", name);
            return -1;
        }
        *seen |= HAS(column);
    }
    if (!(r->has & HAS(FIELD_NAME)) && !(id && r->has)) {
        header_refuse(r, "problem.header_missing", "");
        return -1;
    }
    return 0;
}

/* ---- one line -------------------------------------------------------------------------------- */

/* The line where this text stood before; else a copy of it is remembered and 0. `kind` keeps names
 * and ids apart. */
static int64_t seen_before(struct reader *r, char kind, const char *text, int64_t line)
{
    char *key = malloc(strlen(text) + 2);
    uint64_t hash = UINT64_C(1469598103934665603);
    if (!key) return 0;
    key[0] = kind;
    strcpy(key + 1, text);
    if (kind == 'n') words_fold(key + 1);
    for (const char *s = key; *s; s++) hash = (hash ^ (unsigned char)*s) * UINT64_C(1099511628211);
    size_t at = (size_t)(hash >> 20) & (SEEN_SLOTS - 1);
    for (; r->seen[at].text; at = (at + 1) & (SEEN_SLOTS - 1)) {
        if (strcmp(r->seen[at].text, key) != 0) continue;
        free(key);
        return r->seen[at].line;
    }
    r->seen[at] = (struct earlier){ key, line };
    return 0;
}

/* 1 when that refused the line. */
static int is_twice(struct reader *r, char kind, const char *text, int64_t line)
{
    char where[24];
    int64_t before = seen_before(r, kind, text, line);
    if (!before) return 0;
    snprintf(where, sizeof where, "%lld", (long long)before);
    refuse(r, line, kind == 'n' ? "problem.name_twice" : "problem.id_twice", where);
    return 1;
}

/* Puts the cells of a line into the form. Returns 0, or -1 when the line has been refused. */
static int cells_take(struct reader *r, struct csv_row *row, struct form *form, char **id)
{
    size_t known = row->count < r->columns ? row->count : r->columns;
    for (size_t i = known; i < row->count && i < CSV_CELLS; i++) {
        if (row->cell[i][strspn(row->cell[i], " \t")] == '\0') continue;
        refuse(r, row->line, "problem.cells", "");
        return -1;
    }
    for (size_t i = 0; i < r->columns; i++) {
        int column = r->column[i];
        char *cell = i < known ? csv_cell(row->cell[i]) : r->nothing;
        if (column == COLUMN_ID) *id = cell;
        if (column == COLUMN_NONE || column == COLUMN_ID) continue;
        form->value[column] = cell;
    }
    return 0;
}

static int id_read(struct reader *r, const struct csv_row *row, char *cell, int64_t *id)
{
    char text[24];
    *id = 0;
    if (!cell) return 0;
    words_clean(cell, 0);
    if (*cell == '#') cell++;
    if (*cell == '\0') return 0;
    if (words_count_parse(cell, INT64_C(1000000000000), id) != 0 || *id == 0) {
        refuse(r, row->line, "problem.id", cell);
        return -1;
    }
    snprintf(text, sizeof text, "%lld", (long long)*id);
    return is_twice(r, 'i', text, row->line) ? -1 : 0;
}

/* The variants' cell stays a text; a copy of it, which the caller frees, goes into the form to see
 * that it can be read. "-" is none. */
static const char *variants_cell(struct form *form, char **copy)
{
    char *cell = form->value[FIELD_VARIANTS];
    *copy = NULL;
    if (!cell) return "";
    words_clean(cell, 1);
    if (*cell == '\0' || strcmp(cell, "-") == 0) return cell;
    *copy = malloc(strlen(cell) + 1);
    if (!*copy) return "";
    form->variants[0] = strcpy(*copy, cell);
    form->variant_lines = 1;
    return cell;
}

static void row_write(struct reader *r, const struct import_row *row)
{
    const char *texts[] = { row->product.name, row->product.category, row->product.description,
                            row->variants };
    struct packed p = { .line = row->line,
                        .id = row->id,
                        .price = row->product.price,
                        .stock = row->product.stock,
                        .has = row->has };
    size_t bytes = 0;
    for (size_t i = 0; i < 4; i++) bytes += strlen(texts[i] ? texts[i] : "") + 1;
    p.bytes = (uint32_t)bytes;
    if (r->in_chunk == IMPORT_CHUNK || r->in_chunk == 0) {
        r->out = r->at;
        r->at += sizeof(uint32_t);
        r->in_chunk = 0;
        r->head->chunks++;
    }
    if ((size_t)(r->end - r->at) < sizeof p + bytes + sizeof(uint32_t)) {
        r->full = 1;
        return;
    }
    memcpy(r->at, &p, sizeof p);
    r->at += sizeof p;
    for (size_t i = 0; i < 4; i++) {
        const char *text = texts[i] ? texts[i] : "";
        size_t n = strlen(text) + 1;
        memcpy(r->at, text, n);
        r->at += n;
    }
    r->in_chunk++;
    uint32_t len = (uint32_t)(r->at - r->out - (long)sizeof(uint32_t));
    memcpy(r->out, &len, sizeof len);
}

static void line_read(struct reader *r, struct csv_row *row)
{
    struct form form = { 0 };
    struct import_row out = { .line = row->line, .has = r->has };
    struct variants variants = { .n = 0 };
    struct form_problem problems[FORM_PROBLEMS + 1];
    char *copy = NULL, *id = NULL;
    if (cells_take(r, row, &form, &id) || id_read(r, row, id, &out.id)) return;
    if (out.id) out.has |= HAS_ID;
    out.product.stock = PRODUCT_UNCOUNTED;
    out.variants = variants_cell(&form, &copy);
    size_t n = form_check(&form, 0, &out.product, &variants, problems);
    if (!out.id && !out.product.name)
        problems[n++] = (struct form_problem){ "problem.name_missing", "" };
    if (n > 0)
        refuse(r, row->line, problems[0].key, problems[0].value);
    else if (!out.product.name || !is_twice(r, 'n', out.product.name, row->line))
        row_write(r, &out);
    free(copy);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void lines_read(struct reader *r, struct csv *csv)
{
    struct csv_row row;
    enum csv_status status = csv_next(csv, &row);
    if (status == CSV_END) {
        r->head->problem = IMPORT_EMPTY;
        return;
    }
    if (status == CSV_ROW && header_read(r, &row) != 0) return;
    while (status == CSV_ROW && (status = csv_next(csv, &row)) == CSV_ROW) {
        if (r->head->rows++ < IMPORT_ROWS_MAX) line_read(r, &row);
    }
    if (status == CSV_EQUOTE) {
        r->head->problem = IMPORT_QUOTE;
        r->head->line = csv->line;
    } else if (r->head->rows > IMPORT_ROWS_MAX || r->full) {
        r->head->problem = IMPORT_TOO_MANY;
    } else if (r->head->rows == 0) {
        r->head->problem = IMPORT_EMPTY;
    }
}

size_t import_out_cap(size_t len)
{
    return sizeof(struct import_head) + csv_text_cap(len) +
           (IMPORT_ROWS_MAX + 1) * sizeof(struct packed) * 2;
}

static void seen_free(struct earlier *seen)
{
    for (size_t i = 0; seen && i < SEEN_SLOTS; i++) free(seen[i].text);
    free(seen);
}

int64_t import_read(const void *bytes, size_t len, void *out, size_t cap)
{
    struct csv csv;
    size_t text_len;
    struct reader r = { .head = out };
    char *text = malloc(csv_text_cap(len));
    r.seen = calloc(SEEN_SLOTS, sizeof *r.seen);
    int64_t rc = cap < sizeof *r.head || !text || !r.seen ? BOT_EIO : BOT_OK;
    if (rc == BOT_OK) {
        memset(r.head, 0, sizeof *r.head);
        r.at = (unsigned char *)out + sizeof *r.head;
        r.end = (unsigned char *)out + cap;
        if (csv_text(bytes, len, text, &text_len) == CSV_EBINARY) {
            r.head->problem = IMPORT_BINARY;
        } else {
            csv_open(&csv, text, text_len);
            lines_read(&r, &csv);
        }
        rc = r.at - (unsigned char *)out;
    }
    seen_free(r.seen);
    free(text);
    return rc;
}

const unsigned char *import_chunk(const unsigned char *at, const unsigned char *end, size_t *len)
{
    uint32_t n;
    if (!at || (size_t)(end - at) < sizeof n) return NULL;
    memcpy(&n, at, sizeof n);
    *len = n;
    return (size_t)(end - at) - sizeof n < n ? NULL : at + sizeof n;
}

const unsigned char *import_row(const unsigned char *at, const unsigned char *end,
                                struct import_row *out)
{
    struct packed p;
    const char *text[4];
    if (!at || (size_t)(end - at) < sizeof p) return NULL;
    memcpy(&p, at, sizeof p);
    at += sizeof p;
    if ((size_t)(end - at) < p.bytes) return NULL;
    const unsigned char *next = at + p.bytes;
    for (size_t i = 0; i < 4; i++) {
        const unsigned char *nul = memchr(at, '\0', (size_t)(next - at));
        if (!nul) return NULL;
        text[i] = (const char *)at;
        at = nul + 1;
    }
    *out = (struct import_row){ .line = p.line, .id = p.id, .has = p.has, .variants = text[3] };
    out->product.name = text[0];
    out->product.price = p.price;
    out->product.stock = p.stock;
    out->product.category = text[1];
    out->product.description = text[2];
    return next;
}
