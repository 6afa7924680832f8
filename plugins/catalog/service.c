/* SPDX-License-Identifier: MIT
 *
 * service.c - "catalog/0", the catalog for other plugins. The ctx of a service's function is its
 * caller's: each packs its arguments and runs its work with call_as(), in which all of this
 * plugin's own functions do as ever. Stock changes by one conditional UPDATE; only when it found
 * nothing is it looked up why. */
#include <string.h>

#include "catalog.h"
#include "item.h"
#include "low.h"
#include "product.h"

/* ---- items ----------------------------------------------------------------------------------- */

void item_write(const struct product *p, const struct variant *v, uint32_t variants,
                struct bot_item *out)
{
    int64_t own = v && v->price ? v->price : p->price;
    const struct bot_item item = {
        .size = out->size ? out->size : (uint32_t)sizeof item,
        .variants = variants,
        .product = p->id,
        .variant = v ? v->number : 0,
        .name = p->name,
        .label = v ? v->label : "",
        .price = !v && p->low ? p->low : own,
        .price_high = !v && p->low ? p->high : own,
        .stock = v ? v->stock : p->stock, /* PRODUCT_UNCOUNTED is BOT_STOCK_UNCOUNTED */
    };
    memcpy(out, &item, item.size < sizeof item ? item.size : sizeof item);
}

int item_of_product(struct bot_ctx *ctx, const struct product *p, struct bot_item *out)
{
    int64_t variants = p->low ? variants_count(ctx, p->id) : 0;
    if (variants < 0) return (int)variants;
    item_write(p, NULL, (uint32_t)variants, out);
    return BOT_OK;
}

uint32_t item_stride(const struct bot_item *first, size_t cap)
{
    return cap && first->size ? first->size : (uint32_t)sizeof *first;
}

struct bot_item *item_at(struct bot_item *first, uint32_t stride, size_t index)
{
    struct bot_item *item = (struct bot_item *)(void *)((char *)first + index * stride);
    item->size = stride;
    return item;
}

/* ---- looking --------------------------------------------------------------------------------- */

struct get_call {
    int64_t product, variant;
    struct bot_item *out;
};

static int get_run(struct bot_ctx *ctx, void *arg)
{
    const struct get_call *call = arg;
    struct product p;
    struct variant v;
    int rc = product_get(ctx, call->product, &p);
    if (rc < 0) return rc;
    if (call->variant == 0) return item_of_product(ctx, &p, call->out);
    if ((rc = variant_get(ctx, call->product, call->variant, &v)) < 0) return rc;
    int64_t variants = variants_count(ctx, p.id);
    if (variants < 0) return (int)variants;
    item_write(&p, &v, (uint32_t)variants, call->out);
    return BOT_OK;
}

static int get(struct bot_ctx *ctx, void *owner, int64_t product, int64_t variant,
               struct bot_item *out)
{
    struct get_call call = { product, variant, out };
    return ctx->api->call_as(ctx, owner, get_run, &call);
}

struct variants_call {
    int64_t product;
    struct bot_item *out;
    size_t cap;
};

static int variants_run(struct bot_ctx *ctx, void *arg)
{
    const struct variants_call *call = arg;
    struct variants *all = ctx->api->alloc(ctx, sizeof *all);
    struct product p;
    uint32_t stride = item_stride(call->out, call->cap);
    int rc = product_get(ctx, call->product, &p);
    if (rc >= 0) rc = variants_of(ctx, call->product, all);
    if (rc < 0) return rc;
    for (size_t i = 0; i < all->n && i < call->cap; i++)
        item_write(&p, &all->item[i], (uint32_t)all->n, item_at(call->out, stride, i));
    return (int)all->n;
}

static int variants(struct bot_ctx *ctx, void *owner, int64_t product, struct bot_item *out,
                    size_t cap)
{
    struct variants_call call = { product, out, cap };
    return ctx->api->call_as(ctx, owner, variants_run, &call);
}

/* ---- stock ----------------------------------------------------------------------------------- */

struct stock_call {
    int64_t product, variant, count;
};

/* Nothing was taken. There is no BOT_OK here: who looks a moment later finds the same row. */
static int take_explain(struct bot_ctx *ctx, const struct stock_call *call)
{
    struct product p;
    struct variant v;
    int rc = product_get(ctx, call->product, &p);
    if (rc < 0) return rc;
    if (call->variant == 0) return p.low ? BOT_EINVAL : BOT_EBUSY;
    rc = variant_get(ctx, call->product, call->variant, &v);
    return rc < 0 ? rc : BOT_EBUSY;
}

static int take_run(struct bot_ctx *ctx, void *arg)
{
    const struct stock_call *call = arg;
    struct product p;
    struct variant v;
    int rc = call->variant ? variant_stock_take(ctx, call->product, call->variant, call->count, &v)
                           : product_stock_take(ctx, call->product, call->count, &p);
    if (rc == BOT_ENOENT) return take_explain(ctx, call);
    if (rc >= 0 && call->variant) rc = product_recount(ctx, call->product, &p);
    if (rc >= 0) rc = low_note(ctx, &p, call->variant ? &v : NULL, LOW_TELL);
    return rc < 0 ? rc : BOT_OK;
}

static int take(struct bot_ctx *ctx, void *owner, int64_t product, int64_t variant, int64_t count)
{
    struct stock_call call = { product, variant, count };
    if (count <= 0) return BOT_EINVAL;
    return ctx->api->call_as(ctx, owner, take_run, &call);
}

static int give_back_run(struct bot_ctx *ctx, void *arg)
{
    const struct stock_call *call = arg;
    struct product p;
    struct variant v;
    int rc = call->variant
                 ? variant_stock_return(ctx, call->product, call->variant, call->count, &v)
                 : product_stock_return(ctx, call->product, call->count, &p);
    if (rc >= 0 && call->variant) rc = product_recount(ctx, call->product, &p);
    if (rc >= 0) rc = low_note(ctx, &p, call->variant ? &v : NULL, LOW_RISEN);
    return rc < 0 ? rc : BOT_OK;
}

static int give_back(struct bot_ctx *ctx, void *owner, int64_t product, int64_t variant,
                     int64_t count)
{
    struct stock_call call = { product, variant, count };
    if (count <= 0 || count > PRODUCT_STOCK_MAX) return BOT_EINVAL;
    return ctx->api->call_as(ctx, owner, give_back_run, &call);
}

const struct bot_catalog catalog_service = {
    .size = sizeof catalog_service,
    .get = get,
    .find = service_find,
    .variants = variants,
    .take = take,
    .give_back = give_back,
};
