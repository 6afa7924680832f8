/* SPDX-License-Identifier: MIT
 *
 * store_name.c - names that may confuse people. They are allowed: the code tells stores apart. But
 * whoever registers one is told. */
#include <string.h>

#include "super_admin.h"

enum { NAME_BYTES = 400 };

static const char SQL_SAME[] =
    "SELECT id FROM super_admin_names WHERE folded = $folded ORDER BY id DESC LIMIT 1";
static const char SQL_REMEMBER[] =
    "INSERT INTO super_admin_names (id, folded) VALUES ($id, $folded)"
    " ON CONFLICT (id) DO UPDATE SET folded = excluded.folded";

/* Small letters; white space is single already. */
static const char *fold(struct bot_ctx *ctx, const char *name)
{
    size_t len = strnlen(name, NAME_BYTES);
    char *out = ctx->api->alloc(ctx, len + 1);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    return out;
}

const char *name_warning(struct bot_ctx *ctx, const char *name)
{
    const struct bot_api *api = ctx->api;
    const char *folded = fold(ctx, name), *clean;
    struct bot_rows *rows = NULL;
    const struct bot_arg args[] = { bot_text("folded", folded) };
    if (stores_of(ctx)->name_check(ctx, 0, name, &clean) == BOT_NAME_LIKE_WORD)
        return "register.like_command";
    if (api->db(ctx, SQL_SAME, args, BOT_COUNT(args), &rows) < 0) return NULL;
    return api->row_next(rows) == BOT_ROW ? "register.like_store" : NULL;
}

int name_remember(struct bot_ctx *ctx, int64_t store, const char *name)
{
    const struct bot_arg args[] = { bot_int("id", store), bot_text("folded", fold(ctx, name)) };
    return ctx->api->db(ctx, SQL_REMEMBER, args, BOT_COUNT(args), NULL);
}
