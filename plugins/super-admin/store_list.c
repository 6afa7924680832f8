/* SPDX-License-Identifier: MIT
 *
 * store_list.c - /lihat_toko: all stores, ten a message; or one in full; or those that a word names
 * (store_find.c). The next page is named by the id it begins with, so that no page costs more than
 * another. */
#include <string.h>

#include "super_admin.h"

enum { PAGE = 10 };

const char *state_word(struct bot_ctx *ctx, uint32_t state)
{
    const char *key = state == BOT_STORE_ACTIVE      ? "state.active"
                      : state == BOT_STORE_SUSPENDED ? "state.suspended"
                      : state == BOT_STORE_PENDING   ? "state.pending"
                                                     : "state.closed";
    return ctx->api->text(ctx, key, NULL, 0);
}

const char *store_text(struct bot_ctx *ctx, const char *key, const struct bot_store *s)
{
    const struct bot_arg args[] = {
        bot_text("name", s->name),          bot_int("id", s->id),
        bot_text("code", s->code),          bot_text("state", state_word(ctx, s->state)),
        bot_text("language", s->language),  bot_text("timezone", s->timezone),
        bot_int("created", s->created_at),  bot_int("members", s->members),
        bot_int("limit", s->customers_max), bot_int("admins", s->admins),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

int say_no_store(struct bot_ctx *ctx, int64_t id)
{
    const struct bot_arg args[] = { bot_int("id", id) };
    return bot_say(ctx, "store_not_found", args, BOT_COUNT(args));
}

static int show_one(struct bot_ctx *ctx, int64_t id)
{
    struct bot_store store = { .size = sizeof store };
    int rc = stores_of(ctx)->get(ctx, id, &store);
    if (rc == BOT_ENOENT) return say_no_store(ctx, id);
    return rc < 0 ? rc : bot_reply(ctx, store_text(ctx, "list.one", &store));
}

/* Each part is a reply of its own: the host joins them, an empty line in between. */
static int show_from(struct bot_ctx *ctx, int64_t first)
{
    const struct bot_stores *stores = stores_of(ctx);
    struct bot_store *page = stores_page(ctx, PAGE + 1);
    const struct bot_arg total[] = { bot_int("count", stores->count(ctx, -1)) };
    int n = stores->list(ctx, first - 1, page, PAGE + 1);
    if (n < 0) return n;
    if (n == 0 && first <= 1) return bot_say(ctx, "list.empty", NULL, 0);
    int rc = ctx->api->reply(ctx, ctx->api->text(ctx, "list.header", NULL, 0));
    for (int i = 0; i < n && i < PAGE && rc >= 0; i++)
        rc = ctx->api->reply(ctx, store_text(ctx, "list.line", &page[i]));
    if (rc >= 0 && n > PAGE) {
        const struct bot_arg next[] = { bot_int("id", page[PAGE].id) };
        rc = ctx->api->reply(ctx, ctx->api->text(ctx, "list.more", next, BOT_COUNT(next)));
    }
    return rc < 0 ? rc : bot_say(ctx, "list.total", total, BOT_COUNT(total));
}

/* The whole number > 0 that `text` begins with, and *rest behind it and its blanks; 0 when it is
 * none. */
static int64_t id_of(const char *text, const char **rest)
{
    int64_t id = 0;
    size_t n = strspn(text, "0123456789");
    *rest = text + n + strspn(text + n, " ");
    if (n == 0 || n > 15 || (text[n] && text[n] != ' ')) return 0;
    for (size_t i = 0; i < n; i++) id = id * 10 + (text[i] - '0');
    return id;
}

/* "dari 11", "from 11 maju": the id, or 0; *rest is "maju". */
static int64_t from_of(const char *text, const char **rest)
{
    size_t n = strcspn(text, " ");
    char word[8];
    if (n == 0 || n >= sizeof word || !text[n]) return 0;
    for (size_t i = 0; i < n; i++) word[i] = (char)(text[i] | 0x20);
    word[n] = '\0';
    if (strcmp(word, "dari") != 0 && strcmp(word, "from") != 0) return 0;
    return id_of(text + n + strspn(text + n, " "), rest);
}

int list_stores(struct bot_ctx *ctx)
{
    const char *which = ctx->api->field(ctx, "arg.toko"), *rest = "";
    if (!which || !*which) return show_from(ctx, 1);
    int64_t id = id_of(which, &rest);
    if (id > 0 && !*rest) return show_one(ctx, id);
    int64_t from = from_of(which, &rest);
    if (from <= 0) return find_stores(ctx, which, 1);
    return *rest ? find_stores(ctx, rest, from) : show_from(ctx, from);
}
