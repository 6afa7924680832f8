/* SPDX-License-Identifier: MIT
 *
 * product_remove.c - /hapus_produk ID: asks YA or TIDAK, then archives. Nothing is deleted: orders
 * that name the product stay true. */
#include <string.h>

#include "catalog.h"
#include "product.h"
#include "words.h"

int remove_product(struct bot_ctx *ctx)
{
    int64_t id = ctx->api->number(ctx, "arg.id");
    struct product product;
    int rc = product_get(ctx, id, &product);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    const struct bot_arg slots[] = { bot_int("id", id), bot_text("name", product.name) };
    return dialog_open(ctx, "remove", slots, BOT_COUNT(slots));
}

int yes_no_check(struct bot_ctx *ctx, const char **value)
{
    static const struct {
        const char *word, *means;
    } answers[] = {
        { "ya", "yes" },  { "y", "yes" },    { "iya", "yes" },   { "yes", "yes" }, { "ok", "yes" },
        { "oke", "yes" }, { "tidak", "no" }, { "t", "no" },      { "n", "no" },    { "no", "no" },
        { "gak", "no" },  { "nggak", "no" }, { "jangan", "no" }, { "tdk", "no" },
    };
    char word[WORD_CAP];
    (void)ctx;
    if (!words_only(*value, word)) return BOT_EINVAL;
    for (size_t i = 0; i < BOT_COUNT(answers); i++) {
        if (strcmp(word, answers[i].word) != 0) continue;
        *value = answers[i].means;
        return BOT_OK;
    }
    return BOT_EINVAL;
}

int remove_done(struct bot_ctx *ctx)
{
    const char *answer = ctx->api->field(ctx, "slot.answer");
    const char *name = ctx->api->field(ctx, "slot.name");
    int64_t id = ctx->api->number(ctx, "slot.id");
    const struct bot_arg args[] = { bot_text("name", name ? name : ""), bot_int("id", id) };
    if (!answer || strcmp(answer, "yes") != 0)
        return bot_say(ctx, "remove.kept", args, BOT_COUNT(args));
    int rc = product_archive(ctx, id);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    if ((rc = audit_product(ctx, "catalog.remove", id)) < 0) return rc;
    return bot_say(ctx, "remove.done", args, BOT_COUNT(args));
}
