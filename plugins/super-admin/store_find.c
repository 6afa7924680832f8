/* SPDX-License-Identifier: MIT
 *
 * store_find.c - /lihat_toko WORD: stores whose name holds the word, or whose code it is. Stores
 * are looked at a few at a time, each batch a step of its own, so that ten thousand of them hold
 * nobody up. After a restart it begins anew. */
#include <stdio.h>
#include <string.h>

#include "super_admin.h"

enum { SHOWN = 10, WORD_MAX = 60, PATIENCE_MS = 300000 };

/* What goes from one batch to the next. */
struct search {
    int64_t after;
    int64_t found[SHOWN + 1];
    size_t count;
    int first_page;
    char word[WORD_MAX + 1]; /* in small letters */
};

static char small(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static int holds(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (; *text; text++) {
        size_t i = 0;
        while (i < len && small(text[i]) == word[i]) i++;
        if (i == len) return 1;
    }
    return 0;
}

static int matches(const struct bot_store *store, const char *word)
{
    const char *code = *word == '#' ? word + 1 : word;
    return holds(store->name, word) ||
           (strlen(code) == strlen(store->code) && *code && holds(store->code, code));
}

static int show_found(struct bot_ctx *ctx, const struct search *s)
{
    const struct bot_api *api = ctx->api;
    const char *key = s->count == 1 && s->first_page ? "list.one" : "list.line";
    const struct bot_arg none[] = { bot_text("word", s->word) };
    int rc = BOT_OK;
    if (s->count == 0) return bot_say(ctx, "list.none", none, BOT_COUNT(none));
    for (size_t i = 0; i < s->count && i < SHOWN && rc >= 0; i++) {
        struct bot_store store = { .size = sizeof store };
        if ((rc = stores_of(ctx)->get(ctx, s->found[i], &store)) < 0) break;
        rc = api->reply(ctx, store_text(ctx, key, &store));
    }
    if (rc < 0 || s->count <= SHOWN) return rc < 0 ? rc : BOT_HANDLED;
    const struct bot_arg next[] = { bot_int("id", s->found[SHOWN]), bot_text("word", s->word) };
    return bot_say(ctx, "list.more_found", next, BOT_COUNT(next));
}

static int look_on(struct bot_ctx *ctx, struct search *s);

static int looked(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct search s;
    if (result->status != BOT_OK) return BOT_FAIL;
    memcpy(&s, data, sizeof s);
    return look_on(ctx, &s);
}

/* One batch. */
static int look_on(struct bot_ctx *ctx, struct search *s)
{
    struct bot_store *page = stores_page(ctx, BATCH_STORES);
    int n = stores_of(ctx)->list(ctx, s->after, page, BATCH_STORES);
    if (n < 0) return n;
    for (int i = 0; i < n && s->count <= SHOWN; i++) {
        s->after = page[i].id;
        if (matches(&page[i], s->word)) s->found[s->count++] = page[i].id;
    }
    if (n < BATCH_STORES || s->count > SHOWN) return show_found(ctx, s);
    int64_t id = ctx->api->timer(ctx, 0, looked, s, sizeof *s);
    return id < 0 ? (int)id : ctx->api->later(ctx, PATIENCE_MS, NULL, 0);
}

int find_stores(struct bot_ctx *ctx, const char *word, int64_t from)
{
    struct search s = { .after = from - 1, .first_page = from <= 1 };
    size_t len = strlen(word);
    while (len > 0 && word[len - 1] == ' ') len--;
    if (len == 0 || len > WORD_MAX) return bot_say(ctx, "list.usage", NULL, 0);
    for (size_t i = 0; i < len; i++) s.word[i] = small(word[i]);
    return look_on(ctx, &s);
}
