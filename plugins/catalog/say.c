/* SPDX-License-Identifier: MIT
 *
 * say.c - what several files say and do. A missing product and another store's get the same
 * sentence: nobody learns what other stores sell. */
#include <stdio.h>

#include "catalog.h"
#include "form.h"
#include "variant.h"
#include "view.h"

#define QUOTE_CHARS 60 /* of somebody's words in our answer */

int say_not_found(struct bot_ctx *ctx, int64_t id)
{
    const struct bot_arg args[] = { bot_int("id", id) };
    return bot_say(ctx, "not_found", args, BOT_COUNT(args));
}

int say_name_taken(struct bot_ctx *ctx, const char *name)
{
    int64_t id = product_named(ctx, name);
    if (id < 0) return (int)id;
    const struct bot_arg args[] = { bot_text("name", name), bot_int("id", id) };
    return bot_say(ctx, "name_taken", args, BOT_COUNT(args));
}

int say_by_variant(struct bot_ctx *ctx, int64_t id)
{
    struct variants *all = ctx->api->alloc(ctx, sizeof *all);
    int rc = variants_of(ctx, id, all);
    if (rc < 0) return rc;
    const struct bot_arg args[] = { bot_int("id", id),
                                    bot_int("number", all->n ? all->item[0].number : 1) };
    return bot_say(ctx, "stock.by_variant", args, BOT_COUNT(args));
}

const char *problem_text(struct bot_ctx *ctx, const char *key, const char *value)
{
    const struct bot_arg args[] = {
        bot_text("value", text_cut(ctx, value, QUOTE_CHARS)),
        bot_int("name_max", PRODUCT_NAME_CHARS),
        bot_int("category_max", PRODUCT_CATEGORY_CHARS),
        bot_int("description_max", PRODUCT_DESCRIPTION_CHARS),
        bot_int("stock_max", PRODUCT_STOCK_MAX),
        bot_int("label_max", VARIANT_LABEL_CHARS),
        bot_int("variants_max", VARIANTS_MAX),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

int say_problems(struct bot_ctx *ctx, const struct form_problem *problems, size_t n)
{
    struct view v = { .ctx = ctx };
    view_text(&v, ctx->api->text(ctx, "problem.header", NULL, 0));
    for (size_t i = 0; i < n; i++) {
        view_text(&v, "\n- ");
        view_text(&v, problem_text(ctx, problems[i].key, problems[i].value));
    }
    return ctx->api->reply(ctx, v.s);
}

int ask_again(struct bot_ctx *ctx, const char *key, const char *value)
{
    int rc = ctx->api->reply(ctx, problem_text(ctx, key, value));
    return rc < 0 ? rc : BOT_EINVAL;
}

const char *under_store(struct bot_ctx *ctx, const char *text)
{
    const struct bot_arg args[] = { bot_text("store", ctx->api->field(ctx, "store.name")) };
    struct view v = { .ctx = ctx };
    if (ctx->api->number(ctx, "stores_active") < 2) return text;
    view_text(&v, ctx->api->text(ctx, "store.head", args, BOT_COUNT(args)));
    view_text(&v, text);
    return v.s;
}

int dialog_open(struct bot_ctx *ctx, const char *name, const struct bot_arg *slots, size_t n)
{
    int rc = ctx->api->dialog_start(ctx, name, slots, n);
    return rc < 0 ? rc : BOT_HANDLED;
}

int audit_product(struct bot_ctx *ctx, const char *action, int64_t id)
{
    char detail[32];
    snprintf(detail, sizeof detail, "id=%lld", (long long)id);
    return ctx->api->audit(ctx, action, detail);
}

int say_saved(struct bot_ctx *ctx, const char *key, const struct product *saved)
{
    struct view v = view_start(ctx);
    v.with_id = 1;
    view_text(&v, ctx->api->text(ctx, key, NULL, 0));
    view_text(&v, "\n\n");
    view_card(&v, saved);
    return view_reply(&v);
}

int say_no_variant(struct bot_ctx *ctx, const struct product *p, int64_t number)
{
    const struct bot_arg args[] = { bot_text("name", p->name), bot_int("number", number),
                                    bot_int("id", p->id) };
    return bot_say(ctx, "variant.not_found", args, BOT_COUNT(args));
}
