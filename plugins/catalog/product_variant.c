/* SPDX-License-Identifier: MIT
 *
 * product_variant.c - /varian ID: shows a product's variants, and adds, changes or removes them. */
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "variant.h"
#include "view.h"
#include "words.h"

enum action { SHOW, ADD, CHANGE, REMOVE, UNKNOWN };

static const struct {
    const char *word;
    enum action action;
} action_words[] = {
    { "tambah", ADD },   { "add", ADD },       { "ubah", CHANGE },  { "edit", CHANGE },
    { "ganti", CHANGE }, { "change", CHANGE }, { "hapus", REMOVE }, { "remove", REMOVE },
};

/* *rest: what stands behind the word. */
static enum action action_read(const char *text, const char **rest)
{
    char word[16];
    text += strspn(text, " \t\r\n");
    size_t n = strcspn(text, " \t\r\n");
    *rest = text + n;
    if (n == 0) return SHOW;
    if (n >= sizeof word) return UNKNOWN;
    memcpy(word, text, n);
    word[n] = '\0';
    words_fold(word);
    for (size_t i = 0; i < BOT_COUNT(action_words); i++)
        if (strcmp(action_words[i].word, word) == 0) return action_words[i].action;
    return UNKNOWN;
}

static int say_usage(struct bot_ctx *ctx, int64_t id)
{
    const struct bot_arg args[] = { bot_int("id", id) };
    return bot_say(ctx, "variant.usage", args, BOT_COUNT(args));
}

static int variants_show(struct bot_ctx *ctx, const struct product *p)
{
    const struct bot_arg args[] = { bot_text("name", p->name), bot_int("id", p->id) };
    if (!p->low) return bot_say(ctx, "variant.none", args, BOT_COUNT(args));
    struct view v = view_start(ctx);
    view_card(&v, p);
    view_text(&v, "\n\n");
    view_text(&v, ctx->api->text(ctx, "variant.how", args, BOT_COUNT(args)));
    return view_reply(&v);
}

static int say_saved_variants(struct bot_ctx *ctx, const struct product *p, const char *key)
{
    struct product saved;
    int rc = product_settle(ctx, p->id, &saved);
    if (rc == BOT_ENOENT) return say_not_found(ctx, p->id);
    if (rc >= 0) rc = audit_product(ctx, "catalog.variants", p->id);
    return rc < 0 ? rc : say_saved(ctx, key, &saved);
}

static int say_problem(struct bot_ctx *ctx, const char *key, const char *value)
{
    const struct form_problem problem = { key, value };
    int rc = say_problems(ctx, &problem, 1);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* ---- the three of them ----------------------------------------------------------------------- */

static int variants_add(struct bot_ctx *ctx, const struct product *p, const char *text)
{
    struct variants *v = ctx->api->alloc(ctx, sizeof *v);
    const char *value = "", *problem = variants_parse(text_copy(ctx, text), v, &value);
    if (problem) return say_problem(ctx, problem, value);
    if (v->n == 0) return say_usage(ctx, p->id);
    for (size_t i = 0; i < v->n; i++) {
        int64_t number = variant_insert(ctx, p->id, &v->item[i]);
        if (number >= 0) continue;
        if (number != BOT_EEXIST && number != BOT_EBUSY) return (int)number;
        const char *key = number == BOT_EEXIST ? "problem.variant_twice" : "problem.variant_many";
        return ctx->api->abort(ctx, problem_text(ctx, key, v->item[i].label));
    }
    return say_saved_variants(ctx, p, "variant.saved");
}

static int variants_change(struct bot_ctx *ctx, const struct product *p, const char *text)
{
    char *end;
    int64_t number = strtoll(text, &end, 10);
    struct variants *v = ctx->api->alloc(ctx, sizeof *v);
    const char *value = "", *problem = variants_parse(text_copy(ctx, end), v, &value);
    if (number <= 0) return say_usage(ctx, p->id);
    if (problem) return say_problem(ctx, problem, value);
    if (v->n != 1) return say_usage(ctx, p->id);
    v->item[0].number = number;
    int rc = variant_change(ctx, p->id, &v->item[0]);
    if (rc == BOT_ENOENT) return say_no_variant(ctx, p, number);
    if (rc == BOT_EEXIST) return say_problem(ctx, "problem.variant_twice", v->item[0].label);
    return rc < 0 ? rc : say_saved_variants(ctx, p, "variant.saved");
}

static int variants_remove(struct bot_ctx *ctx, const struct product *p, const char *text)
{
    char *end;
    const char *label;
    int64_t number = strtoll(text, &end, 10);
    if (number <= 0 || end[strspn(end, " \t\r\n.")]) return say_usage(ctx, p->id);
    int rc = variant_archive(ctx, p->id, number, &label);
    if (rc == BOT_ENOENT) return say_no_variant(ctx, p, number);
    return rc < 0 ? rc : say_saved_variants(ctx, p, "variant.removed");
}

int change_variants(struct bot_ctx *ctx)
{
    int64_t id = ctx->api->number(ctx, "arg.id");
    const char *text = ctx->api->field(ctx, "arg.isi"), *rest = "";
    struct product p;
    int rc = product_get(ctx, id, &p);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    switch (action_read(text ? text : "", &rest)) {
    case SHOW:
        return variants_show(ctx, &p);
    case ADD:
        return variants_add(ctx, &p, rest);
    case CHANGE:
        return variants_change(ctx, &p, rest);
    case REMOVE:
        return variants_remove(ctx, &p, rest);
    default:
        return say_usage(ctx, id);
    }
}
