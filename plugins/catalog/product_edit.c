/* SPDX-License-Identifier: MIT
 *
 * product_edit.c - /edit_produk ID: with changed lines in the same message, or shows the product as
 * a form and takes the changed lines from the next one. Lines that are not there, or say what was
 * shown, change nothing. What was shown is kept in the dialog: a field that somebody else has
 * changed meanwhile is not overwritten - nothing is saved then, the new state is shown, and asked
 * again. The UPDATE itself compares. */
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "form.h"
#include "low.h"
#include "variant.h"
#include "view.h"

static const char *stock_text(struct bot_ctx *ctx, int64_t stock)
{
    const struct bot_arg args[] = { bot_int("stock", stock) };
    return stock == PRODUCT_UNCOUNTED ? "-" : ctx->api->text(ctx, "word.number", args, 1);
}

/* Waits for the changed lines; p is what was shown. */
static int lines_ask(struct bot_ctx *ctx, const struct product *p)
{
    const struct bot_arg slots[] = {
        bot_int("id", p->id),
        bot_text("was_name", p->name),
        bot_int("was_price", p->price),
        bot_int("was_stock", p->stock),
        bot_text("was_category", p->category),
        bot_text("was_description", p->description),
    };
    return dialog_open(ctx, "edit", slots, BOT_COUNT(slots));
}

/* What lines_ask() kept; *out as it was shown. */
static void shown_read(struct bot_ctx *ctx, struct product *out)
{
    const char *name = ctx->api->field(ctx, "slot.was_name");
    const char *stock = ctx->api->field(ctx, "slot.was_stock");
    const char *category = ctx->api->field(ctx, "slot.was_category");
    const char *description = ctx->api->field(ctx, "slot.was_description");
    *out = (struct product){
        .id = ctx->api->number(ctx, "slot.id"),
        .name = name ? name : "",
        .price = ctx->api->number(ctx, "slot.was_price"),
        .stock = stock ? strtoll(stock, NULL, 10) : PRODUCT_UNCOUNTED, /* number() takes no "-1" */
        .category = category ? category : "",
        .description = description ? description : "",
    };
}

static int form_show(struct bot_ctx *ctx, const struct product *p)
{
    const struct bot_arg form[] = {
        bot_int("id", p->id),
        bot_text("name", p->name),
        bot_int("price", p->price),
        bot_text("stock", stock_text(ctx, p->stock)),
        bot_text("category", *p->category ? p->category : "-"),
        bot_text("description", *p->description ? p->description : "-"),
    };
    return ctx->api->reply(ctx, ctx->api->text(ctx, "edit.form", form, BOT_COUNT(form)));
}

/* ---- somebody else was quicker ----------------------------------------------------------------
 */

/* The names of the fields that the change touches and that are no longer what was shown. */
static const char *fields_changed(struct bot_ctx *ctx, const struct product_change *change,
                                  const struct product *now)
{
    const struct product *was = change->shown;
    const struct {
        int differs;
        const char *key;
    } fields[] = {
        { change->name && strcmp(now->name, was->name) != 0, "word.name" },
        { change->price && now->price != was->price, "word.price" },
        { change->has_stock && now->stock != was->stock, "word.stock" },
        { change->category && strcmp(now->category, was->category) != 0, "word.category" },
        { change->description && strcmp(now->description, was->description) != 0,
          "word.description" },
    };
    struct view v = { .ctx = ctx };
    for (size_t i = 0; i < BOT_COUNT(fields); i++) {
        if (!fields[i].differs) continue;
        if (v.len) view_text(&v, ", ");
        view_text(&v, ctx->api->text(ctx, fields[i].key, NULL, 0));
    }
    return v.s;
}

/* The UPDATE found no row. */
static int change_explain(struct bot_ctx *ctx, int64_t id, const struct product_change *change)
{
    struct product now;
    int rc = product_get(ctx, id, &now);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    const char *fields = change->shown ? fields_changed(ctx, change, &now) : NULL;
    const struct bot_arg args[] = { bot_text("fields", fields ? fields : ""), bot_int("id", id) };
    if (!fields) return say_by_variant(ctx, id);
    rc = ctx->api->reply(ctx, ctx->api->text(ctx, "edit.changed", args, BOT_COUNT(args)));
    if (rc >= 0) rc = form_show(ctx, &now);
    return rc < 0 ? rc : lines_ask(ctx, &now);
}

/* ---- saving -----------------------------------------------------------------------------------
 */

static int change_save(struct bot_ctx *ctx, int64_t id, const struct product_change *change)
{
    struct product saved = { 0 };
    int rc = product_update(ctx, id, change, &saved);
    if (rc == BOT_ENOENT) return change_explain(ctx, id, change);
    if (rc == BOT_EEXIST) return say_name_taken(ctx, change->name);
    if (rc >= 0 && change->has_stock) rc = low_note(ctx, &saved, NULL, LOW_TELL);
    if (rc >= 0) rc = audit_product(ctx, "catalog.edit", id);
    return rc < 0 ? rc : say_saved(ctx, "edit.saved", &saved);
}

/* A line that says what was shown is no change. */
static void unchanged_drop(struct product_change *change)
{
    const struct product *was = change->shown;
    if (!was) return;
    if (change->name && strcmp(change->name, was->name) == 0) change->name = NULL;
    if (change->price == was->price) change->price = 0;
    if (change->stock == was->stock) change->has_stock = 0;
    if (change->category && strcmp(change->category, was->category) == 0) change->category = NULL;
    if (change->description && strcmp(change->description, was->description) == 0)
        change->description = NULL;
}

/* shown: what the lines answer to, or NULL when they came with the command. */
static int lines_take(struct bot_ctx *ctx, const struct product *of, const struct product *shown,
                      const char *text)
{
    struct form form = { 0 };
    form_parse(&form, text_copy(ctx, text));
    if (form.lines == 0) { /* "merah" could be anything */
        form.unknown = form.unknown ? form.unknown : form.value[FIELD_NAME];
        form.value[FIELD_NAME] = NULL;
    }
    struct product product = { 0 };
    struct variants *variants = ctx->api->alloc(ctx, sizeof *variants);
    struct form_problem problems[FORM_PROBLEMS + 1];
    size_t n = form_check(&form, 0, &product, variants, problems);
    if (variants->n > 0) problems[n++] = (struct form_problem){ "problem.variants_elsewhere", "" };
    if (n > 0) {
        int rc = say_problems(ctx, problems, n);
        return rc < 0 ? rc : lines_ask(ctx, of);
    }
    struct product_change change = {
        .name = product.name,
        .category = product.category,
        .description = product.description,
        .price = product.price,
        .stock = product.stock,
        .has_stock = form.value[FIELD_STOCK] != NULL,
        .shown = shown,
    };
    unchanged_drop(&change);
    return change_save(ctx, of->id, &change);
}

int edit_product(struct bot_ctx *ctx)
{
    int64_t id = ctx->api->number(ctx, "arg.id");
    const char *lines = ctx->api->field(ctx, "arg.isi");
    struct product product;
    int rc = product_get(ctx, id, &product);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    if (lines && lines[strspn(lines, " \t\r\n")]) return lines_take(ctx, &product, NULL, lines);
    rc = form_show(ctx, &product);
    return rc < 0 ? rc : lines_ask(ctx, &product);
}

int edit_done(struct bot_ctx *ctx)
{
    const char *lines = ctx->api->field(ctx, "slot.lines");
    struct product shown;
    shown_read(ctx, &shown);
    return lines_take(ctx, &shown, &shown, lines ? lines : "");
}
