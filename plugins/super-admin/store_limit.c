/* SPDX-License-Identifier: MIT
 *
 * store_limit.c - /limit ID [N | standar]: how many customers a store may have. Those that it has
 * already stay, also when they are more. */
#include <stdio.h>
#include <string.h>

#include "super_admin.h"

enum { LIMIT_MAX = 1000000 };

/* "1000" and "1.000"; the word for the host's own limit is 0. -1: neither. */
static int64_t limit_parse(const char *text)
{
    static const char *const standard[] = { "standar", "standard", "default" };
    int64_t n = 0;
    char word[12];
    size_t len = strlen(text), digits = 0;
    if (len >= sizeof word) return -1;
    for (size_t i = 0; i <= len; i++)
        word[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    for (size_t i = 0; i < BOT_COUNT(standard); i++)
        if (strcmp(word, standard[i]) == 0) return 0;
    for (size_t i = 0; i < len; i++) {
        if (word[i] == '.' && digits > 0 && strspn(word + i + 1, "0123456789") == 3) continue;
        if (word[i] < '0' || word[i] > '9') return -1;
        n = n * 10 + (word[i] - '0');
        digits++;
    }
    return digits > 0 && n > 0 && n <= LIMIT_MAX ? n : -1;
}

static int say_limit(struct bot_ctx *ctx, const char *key, const struct bot_store *store)
{
    const struct bot_arg args[] = {
        bot_text("store", store->name),         bot_int("id", store->id),
        bot_int("limit", store->customers_max), bot_int("members", store->members),
        bot_int("limit_max", LIMIT_MAX),
    };
    int rc = ctx->api->reply(ctx, ctx->api->text(ctx, key, args, BOT_COUNT(args)));
    if (rc < 0 || store->members < store->customers_max) return rc < 0 ? rc : BOT_HANDLED;
    return bot_say(ctx, "limit.full", args, BOT_COUNT(args));
}

int limit_store(struct bot_ctx *ctx)
{
    const struct bot_stores *stores = stores_of(ctx);
    int64_t id = ctx->api->number(ctx, "arg.id");
    const char *written = ctx->api->field(ctx, "arg.jumlah");
    struct bot_store store = { .size = sizeof store };
    int rc = stores->get(ctx, id, &store);
    if (rc == BOT_ENOENT) return say_no_store(ctx, id);
    if (rc < 0) return rc;
    if (!written || !*written) return say_limit(ctx, "limit.is", &store);
    int64_t limit = limit_parse(written);
    const struct bot_arg bounds[] = { bot_int("limit_max", LIMIT_MAX), bot_int("id", id) };
    if (limit < 0) return bot_say(ctx, "limit.usage", bounds, BOT_COUNT(bounds));
    if ((rc = stores->set_limit(ctx, id, limit)) < 0) return rc;
    if ((rc = stores->get(ctx, id, &store)) < 0) return rc;

    char detail[64];
    snprintf(detail, sizeof detail, "id=%lld limit=%lld", (long long)id, (long long)limit);
    if ((rc = ctx->api->audit(ctx, "store.limit", detail)) < 0) return rc;
    return say_limit(ctx, limit ? "limit.done" : "limit.standard", &store);
}
