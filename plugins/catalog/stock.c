/* SPDX-License-Identifier: MIT
 *
 * stock.c - /stok ID [+|-|=]N, and /stok ID/VARIANT. The new stock is worked out by the UPDATE
 * itself, never read first, so that two admins counting at once both count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "form.h"
#include "low.h"
#include "view.h"
#include "words.h"

/* What is counted: a product, or one of its variants. */
struct counted {
    int64_t id, number; /* number 0: the product itself */
    char text[48];      /* "7", "7/2" */
};

/* What an admin asks for. */
struct wanted {
    char sign; /* '+' '-' '=' */
    int64_t count;
};

/* "7", "#7", "7/2", "7.2" */
static int counted_read(const char *text, struct counted *out)
{
    char *end;
    if (*text == '#') text++;
    if (*text < '0' || *text > '9') return BOT_EINVAL;
    out->id = strtoll(text, &end, 10);
    out->number = 0;
    if (*end == '/' || *end == '.') {
        text = end + 1;
        if (*text < '0' || *text > '9') return BOT_EINVAL;
        if ((out->number = strtoll(text, &end, 10)) <= 0) return BOT_EINVAL;
    }
    if (*end || out->id <= 0) return BOT_EINVAL;
    if (out->number)
        snprintf(out->text, sizeof out->text, "%lld/%lld", (long long)out->id,
                 (long long)out->number);
    else
        snprintf(out->text, sizeof out->text, "%lld", (long long)out->id);
    return BOT_OK;
}

static int say_stock(struct bot_ctx *ctx, const char *key, const struct counted *what,
                     const char *name, int64_t stock, int64_t change)
{
    const struct bot_arg args[] = {
        bot_text("name", name),
        bot_int("stock", stock),
        bot_int("change", change < 0 ? -change : change),
        bot_int("stock_max", PRODUCT_STOCK_MAX),
        bot_text("id", what->text),
    };
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

static int stock_show(struct bot_ctx *ctx, const struct counted *what, const char *name,
                      int64_t stock)
{
    const char *key = stock == PRODUCT_UNCOUNTED ? "stock.uncounted"
                      : stock == 0               ? "stock.none"
                                                 : "stock.is";
    return say_stock(ctx, key, what, name, stock, 0);
}

/* "Kaos (M merah)" */
static const char *variant_name(struct bot_ctx *ctx, const struct product *p,
                                const struct variant *v)
{
    const struct bot_arg args[] = { bot_text("name", p->name), bot_text("label", v->label) };
    return ctx->api->text(ctx, "variant.name", args, BOT_COUNT(args));
}

/* The UPDATE found nothing, or nothing was asked for: no such thing, the result would be out of
 * bounds, or the variants are what is counted. */
static int stock_explain(struct bot_ctx *ctx, const struct counted *what,
                         const struct wanted *wanted)
{
    struct product p;
    struct variant v = { 0 };
    int rc = product_get(ctx, what->id, &p);
    if (rc == BOT_ENOENT) return say_not_found(ctx, what->id);
    if (rc >= 0 && what->number) rc = variant_get(ctx, what->id, what->number, &v);
    if (rc == BOT_ENOENT) return say_no_variant(ctx, &p, what->number);
    if (rc < 0) return rc;
    if (!what->number && p.low) {
        struct view view = view_start(ctx);
        view_card(&view, &p);
        rc = view_reply(&view);
        return rc < 0 ? rc : say_by_variant(ctx, p.id);
    }
    const char *name = what->number ? variant_name(ctx, &p, &v) : p.name;
    int64_t stock = what->number ? v.stock : p.stock;
    if (!wanted) return stock_show(ctx, what, name, stock);
    const char *key = stock == PRODUCT_UNCOUNTED ? "stock.uncounted"
                      : wanted->sign == '-'      ? "stock.too_few"
                                                 : "stock.too_many";
    return say_stock(ctx, key, what, name, stock, wanted->count);
}

static int product_count(struct bot_ctx *ctx, const struct counted *what, const struct wanted *w)
{
    struct product p;
    int64_t change = w->sign == '-' ? -w->count : w->count;
    int rc = w->sign == '=' ? product_stock_set(ctx, what->id, w->count, &p)
                            : product_stock_add(ctx, what->id, change, &p);
    if (rc == BOT_ENOENT) return stock_explain(ctx, what, w);
    if (rc < 0) return rc;
    rc = low_note(ctx, &p, NULL, w->sign == '+' ? LOW_RISEN : LOW_TELL);
    return rc < 0 ? rc : stock_show(ctx, what, p.name, p.stock);
}

static int variant_count(struct bot_ctx *ctx, const struct counted *what, const struct wanted *w)
{
    struct product p;
    struct variant v;
    int64_t change = w->sign == '-' ? -w->count : w->count;
    int rc = w->sign == '=' ? variant_stock_set(ctx, what->id, what->number, w->count, &v)
                            : variant_stock_add(ctx, what->id, what->number, change, &v);
    if (rc == BOT_ENOENT) return stock_explain(ctx, what, w);
    if (rc >= 0) rc = product_recount(ctx, what->id, &p);
    if (rc >= 0) rc = low_note(ctx, &p, &v, w->sign == '+' ? LOW_RISEN : LOW_TELL);
    return rc < 0 ? rc : stock_show(ctx, what, variant_name(ctx, &p, &v), v.stock);
}

/* "+5", "- 2", "=10", "7"; also "habis". */
static int wanted_read(char *text, struct wanted *out)
{
    out->sign = strchr("+-=", *text) ? *text++ : '=';
    text += strspn(text, " ");
    return *text == '\0' || form_stock_check(text, &out->count) || out->count == PRODUCT_UNCOUNTED
               ? BOT_EINVAL
               : BOT_OK;
}

int change_stock(struct bot_ctx *ctx)
{
    const char *which = ctx->api->field(ctx, "arg.produk");
    const char *how = ctx->api->field(ctx, "arg.jumlah");
    struct counted what = { .text = "7" };
    struct wanted wanted;
    if (counted_read(which ? which : "", &what) != BOT_OK)
        return say_stock(ctx, "stock.which", &what, "", 0, 0);
    char *text = text_copy(ctx, how ? how : "");
    words_clean(text, 0);
    if (*text == '\0') return stock_explain(ctx, &what, NULL);
    if (wanted_read(text, &wanted) != BOT_OK) return say_stock(ctx, "stock.usage", &what, "", 0, 0);
    return what.number ? variant_count(ctx, &what, &wanted) : product_count(ctx, &what, &wanted);
}
