/* SPDX-License-Identifier: MIT
 *
 * import_job.c - an import that an admin agreed to. Its rows lie in the database; the event
 * "catalog.import" saves a few and emits itself again until none is left. Rows and how far it came
 * change in one turn, so after a crash it goes on where it stopped and saves nothing twice. Each
 * row is looked at again when it is saved: what has become impossible meanwhile is passed over and
 * counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "import.h"
#include "low.h"
#include "view.h"

#define BATCH_ROWS   5
#define BATCH_MS     1
#define STUCK_MS     INT64_C(300000)
#define FORGOTTEN_MS INT64_C(86400000)
#define KEEP_BYTES   (64 << 10) /* that go into the database in one turn */

/* The row of catalog_imports. */
struct job {
    int64_t id, chunk, at; /* at: bytes of the chunk that are done */
    int64_t added, changed, same, skipped, low;
};

const char *count_text(struct bot_ctx *ctx, int64_t count)
{
    char digits[24], *out = ctx->api->alloc(ctx, 32);
    int n = snprintf(digits, sizeof digits, "%lld", (long long)count);
    size_t to = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) out[to++] = '.';
        out[to++] = digits[i];
    }
    return out;
}

/* ---- one row --------------------------------------------------------------------------------- */

/* What the row says of variants: *given 0: nothing. */
static int row_variants(struct bot_ctx *ctx, const struct import_row *row, struct variants *out,
                        int *given)
{
    const char *value;
    out->n = 0;
    *given = (row->has & HAS(FIELD_VARIANTS)) && *row->variants;
    if (!*given || strcmp(row->variants, "-") == 0) return BOT_OK;
    return variants_parse(text_copy(ctx, row->variants), out, &value) ? BOT_EINVAL : BOT_OK;
}

static int fate_bad(struct import_error *e, const char *key, int64_t value)
{
    snprintf(e->key, sizeof e->key, "%s", key);
    snprintf(e->value, sizeof e->value, "%lld", (long long)value);
    return ROW_BAD;
}

/* The same variants, also in another order; numbers do not count. */
static int variants_same(const struct variants *a, const struct variants *b)
{
    if (a->n != b->n) return 0;
    for (size_t i = 0; i < a->n; i++) {
        size_t k = 0;
        while (k < b->n && strcmp(a->item[i].label, b->item[k].label) != 0) k++;
        if (k == b->n || a->item[i].price != b->item[k].price ||
            a->item[i].stock != b->item[k].stock)
            return 0;
    }
    return 1;
}

/* What the row says differs from what is there. */
static int row_differs(struct bot_ctx *ctx, const struct import_row *row, const struct product *is)
{
    const struct product *p = &row->product;
    struct variants *wanted = ctx->api->alloc(ctx, sizeof *wanted);
    struct variants *now = ctx->api->alloc(ctx, sizeof *now);
    int given, rc = row_variants(ctx, row, wanted, &given);
    if (rc >= 0 && given) rc = variants_of(ctx, is->id, now);
    if (rc < 0) return rc;
    if (given && !variants_same(wanted, now)) return 1;
    int counted = given ? wanted->n == 0 : is->low == 0; /* by its own stock */
    return ((row->has & HAS(FIELD_NAME)) && strcmp(p->name, is->name) != 0) ||
           ((row->has & HAS(FIELD_PRICE)) && p->price != is->price) ||
           ((row->has & HAS(FIELD_STOCK)) && counted && p->stock != is->stock) ||
           ((row->has & HAS(FIELD_CATEGORY)) && strcmp(p->category, is->category) != 0) ||
           ((row->has & HAS(FIELD_DESCRIPTION)) && strcmp(p->description, is->description) != 0);
}

/* The product that the row is about; is->id 0: a new one. BOT_OK, ROW_BAD or an error. */
static int row_find(struct bot_ctx *ctx, const struct import_row *row, struct product *is,
                    struct import_error *e)
{
    int64_t named = row->has & HAS(FIELD_NAME) ? product_named(ctx, row->product.name) : 0;
    int64_t id = row->id ? row->id : named;
    is->id = 0;
    if (named < 0) return (int)named;
    if (!id)
        return (row->has & HAS(FIELD_PRICE)) && row->product.price
                   ? BOT_OK
                   : fate_bad(e, "problem.price_missing", 0);
    int rc = product_get(ctx, id, is);
    if (rc == BOT_ENOENT) return fate_bad(e, "problem.id_missing", id);
    if (rc < 0) return rc;
    return named && named != id ? fate_bad(e, "problem.name_taken", named) : BOT_OK;
}

static int row_fate(struct bot_ctx *ctx, const struct import_row *row, struct product *is,
                    struct import_error *e)
{
    int rc = row_find(ctx, row, is, e);
    if (rc != BOT_OK) return rc;
    if (is->id == 0) return ROW_NEW;
    int own_stock = (row->has & HAS(FIELD_STOCK)) && row->product.stock != PRODUCT_UNCOUNTED;
    int says_variants = (row->has & HAS(FIELD_VARIANTS)) && *row->variants;
    if (is->low && own_stock && !says_variants)
        return fate_bad(e, "problem.stock_needs_variant", is->id);
    rc = row_differs(ctx, row, is);
    return rc < 0 ? rc : rc ? ROW_CHANGED : ROW_SAME;
}

int row_look(struct bot_ctx *ctx, const struct import_row *row, struct import_error *e)
{
    struct product is;
    return row_fate(ctx, row, &is, e);
}

static int variants_write_row(struct bot_ctx *ctx, const struct import_row *row, int64_t id,
                              struct product *out)
{
    struct variants *v = ctx->api->alloc(ctx, sizeof *v);
    int given, rc = row_variants(ctx, row, v, &given);
    if (rc < 0 || !given || (v->n == 0 && !out->low)) return rc;
    if ((rc = variants_replace(ctx, id, v)) < 0) return rc;
    return product_settle(ctx, id, out);
}

static int row_insert(struct bot_ctx *ctx, const struct import_row *row)
{
    struct product p = row->product;
    int64_t id = product_insert(ctx, &p);
    if (id < 0) return (int)id;
    p.low = 0;
    return variants_write_row(ctx, row, id, &p);
}

/* *low: how many stocks have become low. */
static int row_update(struct bot_ctx *ctx, const struct import_row *row, struct product *is,
                      int64_t *low)
{
    const struct product *p = &row->product;
    int64_t was = is->stock;
    int says_variants = (row->has & HAS(FIELD_VARIANTS)) && *row->variants;
    int rc = variants_write_row(ctx, row, is->id, is);
    if (rc < 0) return rc;
    const struct product_change change = {
        .name = row->has & HAS(FIELD_NAME) ? p->name : NULL,
        .category = row->has & HAS(FIELD_CATEGORY) ? p->category : NULL,
        .description = row->has & HAS(FIELD_DESCRIPTION) ? p->description : NULL,
        .price = row->has & HAS(FIELD_PRICE) ? p->price : 0,
        .stock = p->stock,
        .has_stock = (row->has & HAS(FIELD_STOCK)) && !is->low,
    };
    if ((rc = product_update(ctx, is->id, &change, is)) < 0) return rc;
    if (is->stock == was && !says_variants) return BOT_OK; /* what theirs add up to may stay */
    rc = low_note_all(ctx, is, LOW_SILENT);
    if (rc > 0) *low += rc;
    return rc < 0 ? rc : BOT_OK;
}

static int row_save(struct bot_ctx *ctx, const struct import_row *row, struct job *job)
{
    struct product is;
    struct import_error e;
    int fate = row_fate(ctx, row, &is, &e), rc = BOT_OK;
    if (fate < 0) return fate;
    if (fate == ROW_NEW) rc = row_insert(ctx, row);
    if (fate == ROW_CHANGED) rc = row_update(ctx, row, &is, &job->low);
    if (rc == BOT_EEXIST || rc == BOT_EBUSY || rc == BOT_ENOENT)
        fate = ROW_BAD;
    else if (rc < 0)
        return rc;
    job->added += fate == ROW_NEW;
    job->changed += fate == ROW_CHANGED;
    job->same += fate == ROW_SAME;
    job->skipped += fate == ROW_BAD;
    return BOT_OK;
}

/* ---- the import's rows ----------------------------------------------------------------------- */

/* What is done makes room, and what this person never agreed to; another admin's file stays while
 * he may still answer. */
#define IS_OVER                                                                                    \
    " store = $store AND state <> 2 AND (state = 3 OR person = $person OR updated_at < $before)"
static int jobs_drop(struct bot_ctx *ctx)
{
    static const char rows[] = "DELETE FROM catalog_import_rows WHERE store = $store AND import IN"
                               " (SELECT id FROM catalog_imports WHERE" IS_OVER ")";
    static const char jobs[] = "DELETE FROM catalog_imports WHERE" IS_OVER;
    const struct bot_arg args[] = { bot_int("before", ctx->api->now(ctx) - FORGOTTEN_MS) };
    int rc = ctx->api->db(ctx, rows, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : ctx->api->db(ctx, jobs, args, BOT_COUNT(args), NULL);
}

int64_t job_make(struct bot_ctx *ctx, int64_t bad)
{
    static const char sql[] =
        "INSERT INTO catalog_imports (store, person, state, skipped, updated_at)"
        " VALUES ($store, $person, 0, $bad, $now)";
    const struct bot_arg args[] = { bot_int("bad", bad), bot_int("now", ctx->api->now(ctx)) };
    int rc = jobs_drop(ctx);
    if (rc >= 0) rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : ctx->api->insert_id(ctx);
}

int job_keep(struct bot_ctx *ctx, int64_t job, int64_t *chunk, const unsigned char **at,
             const unsigned char *end)
{
    static const char sql[] = "INSERT INTO catalog_import_rows (import, chunk, store, rows)"
                              " VALUES ($import, $chunk, $store, $rows)";
    const unsigned char *from = *at;
    size_t len;
    for (const unsigned char *rows; (rows = import_chunk(*at, end, &len)); *at = rows + len) {
        if (*at - from >= KEEP_BYTES) return 1;
        const struct bot_arg args[] = { bot_int("import", job), bot_int("chunk", (*chunk)++),
                                        bot_blob("rows", rows, (uint32_t)len) };
        int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
        if (rc < 0) return rc;
    }
    return 0;
}

int job_chunk(struct bot_ctx *ctx, int64_t job, int64_t chunk, const unsigned char **at,
              const unsigned char **end)
{
    static const char sql[] = "SELECT rows FROM catalog_import_rows"
                              " WHERE import = $import AND chunk = $chunk AND store = $store";
    const struct bot_arg args[] = { bot_int("import", job), bot_int("chunk", chunk) };
    struct bot_rows *rows = NULL;
    size_t len;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    const void *blob = ctx->api->row_blob(rows, 0, &len);
    unsigned char *copy = ctx->api->alloc(ctx, len);
    if (len > 0) memcpy(copy, blob, len);
    *at = copy;
    *end = copy + len;
    return BOT_OK;
}

/* ---- how far it came ------------------------------------------------------------------------- */

int job_ready(struct bot_ctx *ctx, int64_t job)
{
    static const char sql[] = "UPDATE catalog_imports SET state = 1"
                              " WHERE id = $import AND store = $store AND state = 0";
    const struct bot_arg args[] = { bot_int("import", job) };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
}

static int job_emit(struct bot_ctx *ctx, int64_t job)
{
    char body[24];
    int n = snprintf(body, sizeof body, "%lld", (long long)job);
    return ctx->api->emit(ctx, "catalog.import", body, (size_t)n);
}

int job_start(struct bot_ctx *ctx, int64_t job)
{
    static const char sql[] =
        "UPDATE catalog_imports SET state = 2, updated_at = $now"
        " WHERE id = $import AND store = $store AND state = 1 AND NOT EXISTS"
        " (SELECT 1 FROM catalog_imports i WHERE i.store = $store AND i.state = 2)";
    const struct bot_arg args[] = { bot_int("import", job), bot_int("now", ctx->api->now(ctx)) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    if (rc < 0) return rc;
    return ctx->api->changes(ctx) == 0 ? BOT_ENOENT : job_emit(ctx, job);
}

int job_is_running(struct bot_ctx *ctx)
{
    static const char sql[] =
        "SELECT id, updated_at FROM catalog_imports WHERE store = $store AND state = 2";
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, NULL, 0, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : 0;
    int64_t id = ctx->api->row_int(rows, 0), at = ctx->api->row_int(rows, 1);
    if (ctx->api->now(ctx) - at < STUCK_MS) return 1;
    rc = job_emit(ctx, id);
    return rc < 0 ? rc : 1;
}

static int job_load(struct bot_ctx *ctx, struct job *job)
{
    static const char sql[] = "SELECT chunk, at, added, changed, same, skipped, low"
                              " FROM catalog_imports"
                              " WHERE id = $import AND store = $store AND state = 2";
    const struct bot_arg args[] = { bot_int("import", job->id) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    int64_t *const fields[] = { &job->chunk, &job->at,      &job->added, &job->changed,
                                &job->same,  &job->skipped, &job->low };
    for (uint32_t i = 0; i < BOT_COUNT(fields); i++) *fields[i] = ctx->api->row_int(rows, i);
    rc = ctx->api->row_next(rows);
    return rc < 0 ? rc : BOT_OK;
}

static int job_save(struct bot_ctx *ctx, const struct job *job, enum import_state state)
{
    static const char sql[] =
        "UPDATE catalog_imports SET state = $state, chunk = $chunk, at = $at, added = $added,"
        " changed = $changed, same = $same, skipped = $skipped, low = $low, updated_at = $now"
        " WHERE id = $import AND store = $store";
    const struct bot_arg args[] = {
        bot_int("import", job->id),   bot_int("state", state),
        bot_int("chunk", job->chunk), bot_int("at", job->at),
        bot_int("added", job->added), bot_int("changed", job->changed),
        bot_int("same", job->same),   bot_int("skipped", job->skipped),
        bot_int("low", job->low),     bot_int("now", ctx->api->now(ctx)),
    };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
}

/* ---- saving ---------------------------------------------------------------------------------- */

static int chunk_drop(struct bot_ctx *ctx, const struct job *job)
{
    static const char sql[] = "DELETE FROM catalog_import_rows"
                              " WHERE import = $import AND chunk = $chunk AND store = $store";
    const struct bot_arg args[] = { bot_int("import", job->id), bot_int("chunk", job->chunk) };
    return ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
}

/* A few rows of the chunk, at most some two milliseconds' worth. */
static int batch_save(struct bot_ctx *ctx, struct job *job, const unsigned char *chunk,
                      const unsigned char *end)
{
    int64_t begun = ctx->api->now(ctx);
    const unsigned char *at = chunk + job->at, *next = at;
    struct import_row row;
    for (int i = 0; i < BATCH_ROWS && ctx->api->now(ctx) - begun < BATCH_MS; i++) {
        if (!(next = import_row(at, end, &row))) break;
        int rc = row_save(ctx, &row, job);
        if (rc < 0) return rc;
        at = next;
    }
    job->at = at - chunk;
    if (next && at < end) return BOT_OK;
    int rc = chunk_drop(ctx, job);
    job->chunk++;
    job->at = 0;
    return rc;
}

static const char *done_text(struct bot_ctx *ctx, const struct job *job)
{
    int64_t rows = job->added + job->changed + job->same + job->skipped;
    const struct bot_arg args[] = {
        bot_text("rows", count_text(ctx, rows)),
        bot_text("added", count_text(ctx, job->added)),
        bot_text("changed", count_text(ctx, job->changed)),
        bot_text("same", count_text(ctx, job->same)),
        bot_text("skipped", count_text(ctx, job->skipped)),
        bot_text("count", count_text(ctx, job->low)),
    };
    struct view v = { .ctx = ctx };
    view_text(&v, ctx->api->text(ctx, "import.done", args, BOT_COUNT(args)));
    if (job->same) view_text(&v, ctx->api->text(ctx, "import.done_same", args, BOT_COUNT(args)));
    if (job->skipped)
        view_text(&v, ctx->api->text(ctx, "import.done_skipped", args, BOT_COUNT(args)));
    if (job->low) {
        view_text(&v, "\n");
        view_text(&v, ctx->api->text(ctx, "low.after_import", args, BOT_COUNT(args)));
    }
    return v.s;
}

/* The others hear of low stocks in one sentence, whatever their number. */
static int low_tell(struct bot_ctx *ctx, const struct job *job)
{
    const struct bot_arg args[] = { bot_text("count", count_text(ctx, job->low)) };
    const struct bot_send send = {
        .size = sizeof send,
        .role = BOT_STORE_ADMIN,
        .except = ctx->api->number(ctx, "person"),
        .text = under_store(ctx, ctx->api->text(ctx, "low.after_import", args, BOT_COUNT(args))),
    };
    if (job->low == 0) return BOT_OK;
    int rc = ctx->api->send(ctx, &send);
    return rc == BOT_ENOENT ? BOT_OK : rc;
}

static int job_finish(struct bot_ctx *ctx, const struct job *job)
{
    char detail[120];
    snprintf(detail, sizeof detail, "import=%lld added=%lld changed=%lld skipped=%lld",
             (long long)job->id, (long long)job->added, (long long)job->changed,
             (long long)job->skipped);
    int rc = job_save(ctx, job, IMPORT_DONE);
    if (rc >= 0) rc = ctx->api->audit(ctx, "catalog.import", detail);
    if (rc >= 0) rc = low_tell(ctx, job);
    return rc < 0 ? rc : bot_reply(ctx, under_store(ctx, done_text(ctx, job)));
}

int import_go_on(struct bot_ctx *ctx)
{
    const char *body = ctx->api->field(ctx, "body");
    struct job job = { .id = body ? strtoll(body, NULL, 10) : 0 };
    const unsigned char *chunk, *end;
    int rc = job_load(ctx, &job);
    if (rc < 0) return rc == BOT_ENOENT ? BOT_HANDLED : rc;
    rc = job_chunk(ctx, job.id, job.chunk, &chunk, &end);
    if (rc == BOT_ENOENT) return job_finish(ctx, &job);
    if (rc >= 0) rc = batch_save(ctx, &job, chunk, end);
    if (rc >= 0) rc = job_save(ctx, &job, IMPORT_RUNNING);
    if (rc >= 0) rc = job_emit(ctx, job.id);
    return rc < 0 ? rc : BOT_HANDLED;
}
