/* SPDX-License-Identifier: MIT
 *
 * service_find.c - bot_catalog.find: the products that somebody's words may mean. The search
 * forgives typos; a product that is called exactly so is first, whatever the search thinks of it.
 */
#include <string.h>

#include "catalog.h"
#include "item.h"
#include "meant.h"
#include "product.h"
#include "words.h"

struct find_call {
    const char *words;
    struct bot_item *out;
    size_t cap;
    int *sure;
};

/* What the search found, without what is gone. */
struct found {
    struct product product[MEANT_MAX];
    struct meant_product meant[MEANT_MAX];
    size_t n;
};

static int found_add(struct bot_ctx *ctx, struct found *f, int64_t id, int score)
{
    struct product *p = &f->product[f->n];
    for (size_t i = 0; i < f->n; i++)
        if (f->product[i].id == id) return BOT_OK;
    int rc = f->n < MEANT_MAX ? product_get(ctx, id, p) : BOT_ENOENT;
    if (rc == BOT_ENOENT) return BOT_OK;
    if (rc < 0) return rc;
    char *name = text_copy(ctx, p->name);
    words_fold(name);
    f->meant[f->n++] = (struct meant_product){ name, score };
    return BOT_OK;
}

/* "Kopi Susu!" is the Kopi Susu. */
static void ends_trim(char *words)
{
    size_t n = strlen(words);
    while (n > 0 && strchr(" .,!?", words[n - 1])) words[--n] = '\0';
}

static int find_run(struct bot_ctx *ctx, void *arg)
{
    const struct find_call *call = arg;
    struct found *f = ctx->api->alloc(ctx, sizeof *f);
    struct bot_found hits[MEANT_MAX];
    char *words = text_copy(ctx, call->words);
    uint32_t stride = item_stride(call->out, call->cap);
    int rc = BOT_OK;

    words_fold(words);
    int64_t named = product_named(ctx, words);
    if (named == 0) {
        ends_trim(words);
        named = product_named(ctx, words);
    }
    if (named < 0) return (int)named;
    if (named > 0 && (rc = found_add(ctx, f, named, 1000)) < 0) return rc;
    int hit_count = ctx->api->search_find(ctx, "products", words, hits, BOT_COUNT(hits));
    if (hit_count < 0) return hit_count;
    for (int i = 0; rc >= 0 && i < hit_count; i++)
        rc = found_add(ctx, f, hits[i].id, hits[i].score);
    if (rc < 0) return rc;
    *call->sure = named > 0 || meant_first(words, f->meant, f->n);
    size_t n = f->n < call->cap ? f->n : call->cap;
    for (size_t i = 0; rc >= 0 && i < n; i++)
        rc = item_of_product(ctx, &f->product[i], item_at(call->out, stride, i));
    return rc < 0 ? rc : (int)n;
}

int service_find(struct bot_ctx *ctx, void *owner, const char *words, struct bot_item *out,
                 size_t cap, int *sure)
{
    int is_sure = 0;
    struct find_call call = { words, out, cap, &is_sure };
    int n = words && *words ? ctx->api->call_as(ctx, owner, find_run, &call) : 0;
    if (sure) *sure = n > 0 && is_sure;
    return n;
}
