/* SPDX-License-Identifier: MIT
 *
 * product_edit.c - /edit_produk ID: with changed lines in the same message, or shows the product as
 * a form and takes the changed lines from the next one. Lines that are not there change nothing. */
#include <string.h>

#include "catalog.h"
#include "form.h"
#include "view.h"

/* Waits for the changed lines. */
static int lines_ask(struct bot_ctx *ctx, int64_t id)
{
    const struct bot_arg slots[] = { bot_int("id", id) };
    return dialog_open(ctx, "edit", slots, BOT_COUNT(slots));
}

static int form_show(struct bot_ctx *ctx, const struct product *p)
{
    const struct bot_arg form[] = {
        bot_int("id", p->id),
        bot_text("name", p->name),
        bot_int("price", p->price),
        p->stock == PRODUCT_UNCOUNTED ? bot_text("stock", "-") : bot_int("stock", p->stock),
        bot_text("category", *p->category ? p->category : "-"),
        bot_text("description", *p->description ? p->description : "-"),
    };
    return ctx->api->reply(ctx, ctx->api->text(ctx, "edit.form", form, BOT_COUNT(form)));
}

static int change_save(struct bot_ctx *ctx, int64_t id, const struct product_change *change)
{
    struct product saved = { 0 };
    int rc = product_update(ctx, id, change, &saved);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc == BOT_EEXIST) return say_name_taken(ctx, change->name);
    if (rc < 0) return rc;
    if ((rc = audit_product(ctx, "catalog.edit", id)) < 0) return rc;
    struct view v = view_start(ctx);
    v.with_id = 1;
    view_text(&v, ctx->api->text(ctx, "edit.saved", NULL, 0));
    view_text(&v, "\n\n");
    view_card(&v, &saved);
    return view_reply(&v);
}

static int lines_take(struct bot_ctx *ctx, int64_t id, const char *text)
{
    struct form form = { 0 };
    form_parse(&form, text_copy(ctx, text));
    if (form.lines == 0) { /* "merah" could be anything */
        form.unknown = form.unknown ? form.unknown : form.value[FIELD_NAME];
        form.value[FIELD_NAME] = NULL;
    }
    struct product product = { 0 };
    struct form_problem problems[FORM_PROBLEMS];
    size_t n = form_check(&form, 0, &product, problems);
    if (n > 0) {
        int rc = say_problems(ctx, problems, n);
        return rc < 0 ? rc : lines_ask(ctx, id);
    }
    const struct product_change change = {
        .name = product.name,
        .category = product.category,
        .description = product.description,
        .price = product.price,
        .stock = product.stock,
        .has_stock = form.value[FIELD_STOCK] != NULL,
    };
    return change_save(ctx, id, &change);
}

int edit_product(struct bot_ctx *ctx)
{
    int64_t id = ctx->api->number(ctx, "arg.id");
    const char *lines = ctx->api->field(ctx, "arg.isi");
    struct product product;
    int rc = product_get(ctx, id, &product);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    if (lines && lines[strspn(lines, " \t\r\n")]) return lines_take(ctx, id, lines);
    rc = form_show(ctx, &product);
    return rc < 0 ? rc : lines_ask(ctx, id);
}

int edit_done(struct bot_ctx *ctx)
{
    const char *lines = ctx->api->field(ctx, "slot.lines");
    return lines_take(ctx, ctx->api->number(ctx, "slot.id"), lines ? lines : "");
}
