/* SPDX-License-Identifier: MIT
 *
 * stock.c - /stok ID [+|-|=]N. The new stock is worked out by the UPDATE itself, never read first,
 * so that two admins counting at once both count. */
#include <string.h>

#include "catalog.h"
#include "form.h"
#include "view.h"
#include "words.h"

static int stock_show(struct bot_ctx *ctx, const struct product *p)
{
    const struct bot_arg args[] = {
        bot_text("name", p->name),
        bot_int("stock", p->stock),
        bot_int("id", p->id),
    };
    const char *key = p->stock == PRODUCT_UNCOUNTED ? "stock.uncounted"
                      : p->stock == 0               ? "stock.none"
                                                    : "stock.is";
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

/* The UPDATE found nothing: no such product, or the result would be out of bounds. */
static int stock_refused(struct bot_ctx *ctx, int64_t id, int64_t change)
{
    struct product p;
    int rc = product_get(ctx, id, &p);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    const struct bot_arg args[] = {
        bot_text("name", p.name),
        bot_int("stock", p.stock),
        bot_int("change", change < 0 ? -change : change),
        bot_int("stock_max", PRODUCT_STOCK_MAX),
        bot_int("id", id),
    };
    const char *key = p.stock == PRODUCT_UNCOUNTED ? "stock.uncounted"
                      : change < 0                 ? "stock.too_few"
                                                   : "stock.too_many";
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

int change_stock(struct bot_ctx *ctx)
{
    int64_t id = ctx->api->number(ctx, "arg.id"), count = 0;
    const char *how = ctx->api->field(ctx, "arg.jumlah");
    char *text = text_copy(ctx, how ? how : "");
    words_clean(text, 0);
    struct product product;
    if (*text == '\0') {
        int rc = product_get(ctx, id, &product);
        if (rc == BOT_ENOENT) return say_not_found(ctx, id);
        return rc < 0 ? rc : stock_show(ctx, &product);
    }
    char sign = strchr("+-=", *text) ? *text++ : '=';
    text += strspn(text, " ");
    if (*text == '\0' || form_stock_check(text, &count) || count == PRODUCT_UNCOUNTED) {
        const struct bot_arg args[] = { bot_int("id", id),
                                        bot_int("stock_max", PRODUCT_STOCK_MAX) };
        return bot_say(ctx, "stock.usage", args, BOT_COUNT(args));
    }
    int64_t change = sign == '-' ? -count : count;
    int rc = sign == '=' ? product_stock_set(ctx, id, count, &product)
                         : product_stock_add(ctx, id, change, &product);
    if (rc == BOT_ENOENT) return stock_refused(ctx, id, change);
    return rc < 0 ? rc : stock_show(ctx, &product);
}
