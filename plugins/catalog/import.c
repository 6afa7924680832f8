/* SPDX-License-Identifier: MIT
 *
 * import.c - /impor: reads a file of products, tells what saving it would do, and asks. The file is
 * read on a host thread; then its rows are compared with the products a chunk a turn, while the
 * message waits, so that the answer is one text. Nothing is written before YA; what comes after is
 * import_job.c's. */
#include "import.h"

#include <stdio.h>
#include <string.h>

#include "catalog.h"
#include "view.h"
#include "words.h"

#define WAIT_MS INT64_C(600000) /* for a file to be read and compared */

/* What the look through the rows has found so far. */
struct look {
    int64_t job, chunk;
    int64_t rows, added, changed, same, bad;
    char unknown[80];
    uint32_t told;
    struct import_error errors[IMPORT_TOLD]; /* of the first lines, in order */
};

static int say(struct bot_ctx *ctx, const char *key, int64_t count, int64_t line)
{
    const struct bot_arg args[] = {
        bot_int("mb", IMPORT_MB_MAX),
        bot_text("rows", count_text(ctx, IMPORT_ROWS_MAX)),
        bot_text("count", count_text(ctx, count)),
        bot_int("line", line),
    };
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

/* ---- the report ------------------------------------------------------------------------------ */

static void error_keep(struct look *l, const struct import_error *e)
{
    size_t at = l->told;
    l->bad++;
    while (at > 0 && l->errors[at - 1].line > e->line) at--;
    if (at == IMPORT_TOLD) return;
    size_t move = (l->told < IMPORT_TOLD ? l->told : IMPORT_TOLD - 1) - at;
    memmove(&l->errors[at + 1], &l->errors[at], move * sizeof *e);
    l->errors[at] = *e;
    if (l->told < IMPORT_TOLD) l->told++;
}

static void view_errors(struct view *v, const struct look *l)
{
    struct bot_ctx *ctx = v->ctx;
    for (uint32_t i = 0; i < l->told; i++) {
        const struct import_error *e = &l->errors[i];
        const struct bot_arg args[] = {
            bot_int("line", e->line),
            bot_text("problem", problem_text(ctx, e->key, e->value)),
        };
        view_text(v, "\n");
        view_text(v, ctx->api->text(ctx, "import.line", args, BOT_COUNT(args)));
    }
    if (l->bad <= l->told) return;
    const struct bot_arg args[] = { bot_text("count", count_text(ctx, l->bad - l->told)) };
    view_text(v, "\n");
    view_text(v, ctx->api->text(ctx, "import.more_lines", args, BOT_COUNT(args)));
}

static int report(struct bot_ctx *ctx, const struct look *l)
{
    const struct bot_arg args[] = {
        bot_text("rows", count_text(ctx, l->rows)),
        bot_text("added", count_text(ctx, l->added)),
        bot_text("same", count_text(ctx, l->same)),
        bot_text("changed", count_text(ctx, l->changed)),
        bot_text("bad", count_text(ctx, l->bad)),
        bot_text("value", l->unknown),
    };
    struct view v = { .ctx = ctx };
    view_text(&v, ctx->api->text(ctx, "import.report", args, BOT_COUNT(args)));
    view_errors(&v, l);
    if (l->unknown[0]) {
        view_text(&v, "\n");
        view_text(&v, ctx->api->text(ctx, "import.unknown_column", args, BOT_COUNT(args)));
    }
    int good = l->added + l->changed > 0;
    if (!good) {
        view_text(&v, "\n\n");
        view_text(&v, ctx->api->text(ctx, l->bad ? "import.none_good" : "import.nothing", NULL, 0));
    }
    int rc = view_reply(&v);
    if (rc < 0 || !good) return rc;
    if ((rc = job_ready(ctx, l->job)) < 0) return rc;
    const struct bot_arg slots[] = { bot_int("import", l->job) };
    return dialog_open(ctx, l->bad ? "import_some" : "import_all", slots, BOT_COUNT(slots));
}

/* ---- comparing ------------------------------------------------------------------------------- */

static int rows_look(struct bot_ctx *ctx, struct look *l, const unsigned char *at,
                     const unsigned char *end)
{
    struct import_row row;
    while ((at = import_row(at, end, &row))) {
        struct import_error e = { .line = row.line };
        int fate = row_look(ctx, &row, &e);
        if (fate < 0) return fate;
        l->added += fate == ROW_NEW;
        l->changed += fate == ROW_CHANGED;
        l->same += fate == ROW_SAME;
        if (fate == ROW_BAD) error_keep(l, &e);
    }
    return BOT_OK;
}

/* One chunk; the next one in a turn of its own. */
static int on_turn(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct look l;
    const unsigned char *at, *end;
    memcpy(&l, data, sizeof l);
    if (result->status != BOT_OK) return say(ctx, "import.failed", 0, 0);
    int rc = job_chunk(ctx, l.job, l.chunk++, &at, &end);
    if (rc == BOT_ENOENT) return report(ctx, &l);
    if (rc >= 0) rc = rows_look(ctx, &l, at, end);
    if (rc < 0) return rc;
    int64_t id = ctx->api->timer(ctx, 0, on_turn, &l, sizeof l);
    return id < 0 ? (int)id : BOT_LATER;
}

/* ---- keeping the rows ------------------------------------------------------------------------ */

static int on_rest(struct bot_ctx *ctx, const struct bot_result *result, void *data);

/* A bot_work_fn: bytes that a later turn goes on with. */
static int64_t rest_hold(const void *bytes, size_t len, void *out, size_t cap)
{
    if (len > cap) return BOT_EIO;
    memcpy(out, bytes, len);
    return (int64_t)len;
}

/* Some of the chunks; the others in later turns. */
static int chunks_keep(struct bot_ctx *ctx, struct look *l, const unsigned char *at,
                       const unsigned char *end)
{
    int rc = job_keep(ctx, l->job, &l->chunk, &at, end);
    if (rc < 0) return rc;
    const struct bot_work rest = { .size = sizeof rest,
                                   .run = rest_hold,
                                   .out_cap = (size_t)(end - at) };
    if (rc == 0) l->chunk = 0;
    int64_t id = rc ? ctx->api->work(ctx, &rest, at, rest.out_cap, on_rest, l, sizeof *l)
                    : ctx->api->timer(ctx, 0, on_turn, l, sizeof *l);
    return id < 0 ? (int)id : BOT_LATER;
}

static int on_rest(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct look l;
    memcpy(&l, data, sizeof l);
    if (result->status != BOT_OK) return say(ctx, "import.failed", 0, 0);
    const unsigned char *at = result->body;
    return chunks_keep(ctx, &l, at, at + result->body_len);
}

static int look_begin(struct bot_ctx *ctx, const struct import_head *h, const unsigned char *chunks,
                      const unsigned char *end)
{
    struct look *l = ctx->api->alloc(ctx, sizeof *l);
    l->rows = h->rows;
    l->bad = h->bad;
    l->told = h->told;
    memcpy(l->unknown, h->unknown, sizeof l->unknown);
    memcpy(l->errors, h->errors, sizeof l->errors);
    if (h->chunks == 0) return report(ctx, l);
    l->job = job_make(ctx, h->bad);
    return l->job < 0 ? (int)l->job : chunks_keep(ctx, l, chunks, end);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int refuse(struct bot_ctx *ctx, const struct import_head *h)
{
    const struct bot_arg args[] = { bot_text("problem", problem_text(ctx, h->key, h->value)) };
    switch (h->problem) {
    case IMPORT_BINARY:
        return say(ctx, "import.no_csv", 0, 0);
    case IMPORT_EMPTY:
        return say(ctx, "import.empty", 0, 0);
    case IMPORT_QUOTE:
        return say(ctx, "import.broken_quote", 0, h->line);
    case IMPORT_TOO_MANY:
        return say(ctx, "import.too_many", h->rows, 0);
    default:
        return bot_say(ctx, "import.bad_header", args, BOT_COUNT(args));
    }
}

static int on_rows(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)data;
    struct import_head h;
    if (result->status != BOT_OK || result->body_len < sizeof h)
        return say(ctx, "import.failed", 0, 0);
    const unsigned char *body = result->body;
    memcpy(&h, body, sizeof h);
    if (h.problem != IMPORT_OK) return refuse(ctx, &h);
    return look_begin(ctx, &h, body + sizeof h, body + result->body_len);
}

static int on_bytes(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)data;
    if (result->status != BOT_OK) return say(ctx, "import.no_file", 0, 0);
    const struct bot_work work = {
        .size = sizeof work,
        .run = import_read,
        .out_cap = import_out_cap(result->body_len),
    };
    int64_t id = ctx->api->work(ctx, &work, result->body, result->body_len, on_rows, NULL, 0);
    return id < 0 ? (int)id : BOT_LATER;
}

static int file_read(struct bot_ctx *ctx, int64_t media)
{
    int running = job_is_running(ctx);
    if (running < 0) return running;
    if (running) return say(ctx, "import.running", 0, 0);
    int64_t id = ctx->api->media_read(ctx, media, IMPORT_BYTES_MAX, 0, on_bytes, NULL, 0);
    if (id == BOT_EINVAL) return say(ctx, "import.too_large", 0, 0);
    if (id == BOT_ENOENT) return say(ctx, "import.no_file", 0, 0);
    return id < 0 ? (int)id : ctx->api->later(ctx, WAIT_MS, NULL, 0);
}

/* ---- /impor ---------------------------------------------------------------------------------- */

static int is_document(struct bot_ctx *ctx)
{
    const char *kind = ctx->api->field(ctx, "media.kind");
    return kind && strcmp(kind, "document") == 0;
}

int import_products(struct bot_ctx *ctx)
{
    if (!ctx->api->field(ctx, "media.kind")) return dialog_open(ctx, "import", NULL, 0);
    if (!is_document(ctx)) return say(ctx, "import.no_csv", 0, 0);
    int64_t media = ctx->api->number(ctx, "media");
    return media ? file_read(ctx, media) : say(ctx, "import.no_file", 0, 0);
}

int import_check(struct bot_ctx *ctx, const char **value)
{
    char *id = ctx->api->alloc(ctx, 24);
    if (!is_document(ctx)) return BOT_EINVAL;
    snprintf(id, 24, "%lld", (long long)ctx->api->number(ctx, "media"));
    *value = id;
    return BOT_OK;
}

int import_done(struct bot_ctx *ctx)
{
    int64_t media = ctx->api->number(ctx, "slot.file");
    return media ? file_read(ctx, media) : say(ctx, "import.no_file", 0, 0);
}

int skip_check(struct bot_ctx *ctx, const char **value)
{
    char word[WORD_CAP];
    if (words_only(*value, word) && (strcmp(word, "lewati") == 0 || strcmp(word, "skip") == 0)) {
        *value = "1";
        return BOT_OK;
    }
    if (ctx->api->yes_no(*value) == 1) return BOT_EINVAL; /* YA to what? */
    return bot_check_yes_no(ctx, value);
}

int import_start(struct bot_ctx *ctx)
{
    if (!ctx->api->number(ctx, "slot.answer")) return say(ctx, "import.stopped", 0, 0);
    int rc = job_is_running(ctx); /* another admin's */
    if (rc != 0) return rc < 0 ? rc : say(ctx, "import.running", 0, 0);
    rc = job_start(ctx, ctx->api->number(ctx, "slot.import"));
    if (rc == BOT_ENOENT) return say(ctx, "import.gone", 0, 0);
    return rc < 0 ? rc : say(ctx, "import.started", 0, 0);
}
