/* SPDX-License-Identifier: MIT
 * import.h - what a file of products says, in the form in which it waits to be saved. */
#ifndef CATALOG_IMPORT_H
#define CATALOG_IMPORT_H

#include "form.h"
#include "variant.h"

#define IMPORT_ROWS_MAX  10000
#define IMPORT_MB_MAX    4
#define IMPORT_BYTES_MAX (IMPORT_MB_MAX << 20)
#define IMPORT_TOLD      20 /* lines that are told to be wrong */
#define IMPORT_CHUNK     32 /* rows that are kept together */

enum import_problem {
    IMPORT_OK = 0,
    IMPORT_BINARY,
    IMPORT_EMPTY,
    IMPORT_HEADER, /* `key` says what is wrong */
    IMPORT_QUOTE,
    IMPORT_TOO_MANY
};

/* A line that cannot be saved. */
struct import_error {
    int64_t line;
    char key[40];   /* of the text */
    char value[80]; /* what it is about */
};

/* What import_read() writes first; behind it the chunks, one after the other. */
struct import_head {
    int32_t problem; /* enum import_problem */
    uint32_t rows;   /* lines with products */
    uint32_t bad;
    uint32_t chunks;
    uint32_t told; /* of `errors` */
    int64_t line;  /* of an open quote */
    char key[40];
    char value[80];   /* of `key` */
    char unknown[80]; /* the first column that is not known, or "" */
    struct import_error errors[IMPORT_TOLD];
};

/* Bits of import_row.has: the columns of the file. HAS_ID is the row's own. */
#define HAS(field) (1u << (field))
#define HAS_ID     (1u << FIELD_COUNT)

struct import_row {
    int64_t line, id; /* id 0: known by its name, or new */
    uint32_t has;
    struct product product;
    const char
        *variants; /* as variants_parse() reads them; "" none are given, "-" there are none */
};

/* A bot_work_fn: reads a file's bytes. Pure. */
int64_t import_read(const void *bytes, size_t len, void *out, size_t cap);
size_t import_out_cap(size_t len);

/* A chunk: its bytes are at `at`; returns where the next one begins, or NULL at the end. */
const unsigned char *import_chunk(const unsigned char *at, const unsigned char *end, size_t *len);
/* The next row of a chunk, its texts point into it; returns where the one behind it begins, or NULL
 * at the end. */
const unsigned char *import_row(const unsigned char *at, const unsigned char *end,
                                struct import_row *out);

/* ---- import_job.c, [event] ---- */

enum import_state { IMPORT_CHECKING, IMPORT_READY, IMPORT_RUNNING, IMPORT_DONE };

enum row_fate { ROW_NEW, ROW_CHANGED, ROW_SAME, ROW_BAD };

/* What saving the row would do; *e, when it is ROW_BAD, why. Or an error. */
int row_look(struct bot_ctx *ctx, const struct import_row *row, struct import_error *e);

/* A new import that waits; its id, or an error. bad: lines that are in none of its chunks. */
int64_t job_make(struct bot_ctx *ctx, int64_t bad);
/* Puts the next chunks into it, as many as a turn may: 1 there are more, from *at on. */
int job_keep(struct bot_ctx *ctx, int64_t job, int64_t *chunk, const unsigned char **at,
             const unsigned char *end);
/* One chunk; BOT_ENOENT behind the last. The bytes live until the callback returns. */
int job_chunk(struct bot_ctx *ctx, int64_t job, int64_t chunk, const unsigned char **at,
              const unsigned char **end);
int job_ready(struct bot_ctx *ctx, int64_t job);
/* Begins to save; BOT_ENOENT when there is nothing (any more) that waits. */
int job_start(struct bot_ctx *ctx, int64_t job);
/* 1 while an import of this store is being saved; one that got stuck is set going again. */
int job_is_running(struct bot_ctx *ctx);

/* "1.000" */
const char *count_text(struct bot_ctx *ctx, int64_t count);

#endif
