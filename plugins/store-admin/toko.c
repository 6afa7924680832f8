/* SPDX-License-Identifier: MIT
 *
 * toko.c - /toko: for one who runs several stores. Shows them, and chooses the one that his
 * commands are for. A store that he does not run is as good as none: both get the same sentence. */
#include <string.h>

#include "store_admin.h"

#define STORES_MAX 64

static const char *state_word(struct bot_ctx *ctx, uint32_t state)
{
    static const char *const keys[] = { "state.active", "state.suspended", "state.closed",
                                        "state.pending" };
    return state < BOT_COUNT(keys) ? bot_words(ctx, keys[state]) : "";
}

static const char *store_line(struct bot_ctx *ctx, const char *key, const struct bot_store *s)
{
    const struct bot_arg args[] = {
        bot_text("name", s->name),
        bot_int("id", s->id),
        bot_text("code", s->code),
        bot_text("state", state_word(ctx, s->state)),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

static int show_stores(struct bot_ctx *ctx, const struct bot_store *stores, int n)
{
    struct bot_lines l = { .ctx = ctx };
    int64_t chosen = n == 1 ? stores[0].id : stores_of(ctx)->managing(ctx);
    if (chosen < 0) return (int)chosen;
    bot_lines_add(&l, bot_words(ctx, "store.header"));
    for (int i = 0; i < n; i++)
        bot_lines_add(&l, store_line(ctx, stores[i].id == chosen ? "store.chosen" : "store.line",
                                     &stores[i]));
    if (n > 1) bot_lines_add(&l, store_line(ctx, "store.hint", &stores[n - 1]));
    return bot_lines_reply(&l);
}

/* ---- finding ------------------------------------------------------------------------------------
 */

static char small(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static int same_text(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (small(*a) != small(*b)) return 0;
    return !*a && !*b;
}

static int has_part(const char *name, const char *part)
{
    size_t n = strlen(part);
    for (; strlen(name) >= n; name++) {
        size_t i = 0;
        while (i < n && small(name[i]) == small(part[i])) i++;
        if (i == n) return 1;
    }
    return 0;
}

/* Which of them are meant, to the front of the list: the one with this ID or code, else those
 * called so, else those with this part in their names. Returns how many. */
static int find(struct bot_store *stores, int n, const char *which)
{
    int named = 0, parts = 0;
    int64_t id = *which == '#' ? 0 : id_of(which);
    const char *code = which + (*which == '#');
    for (int i = 0; i < n; i++) {
        if (stores[i].id != id && !same_text(stores[i].code, code)) continue;
        stores[0] = stores[i];
        return 1;
    }
    for (int i = 0; i < n; i++)
        if (same_text(stores[i].name, which)) stores[named++] = stores[i];
    for (int i = 0; !named && i < n && strlen(which) >= 3; i++)
        if (has_part(stores[i].name, which)) stores[parts++] = stores[i];
    return named + parts;
}

int choose_store(struct bot_ctx *ctx)
{
    struct bot_store *stores = ctx->api->alloc(ctx, STORES_MAX * sizeof *stores);
    const char *which = bot_field(ctx, "arg.toko");
    for (size_t i = 0; i < STORES_MAX; i++) stores[i].size = sizeof *stores;
    int n = stores_of(ctx)->managed(ctx, stores, STORES_MAX);
    if (n < 0) return n;
    if (n > STORES_MAX) n = STORES_MAX;
    if (!*which) return show_stores(ctx, stores, n);
    n = find(stores, n, which);
    if (n == 0) return bot_say_with(ctx, "store.not_found", "which", bot_cut(ctx, which, 60));
    if (n > 1) return show_stores(ctx, stores, n); /* nobody guesses between two */
    int rc = stores_of(ctx)->manage(ctx, stores[0].id);
    return rc < 0 ? rc : bot_reply(ctx, store_line(ctx, "store.now", &stores[0]));
}
