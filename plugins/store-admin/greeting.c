/* SPDX-License-Identifier: MIT
 *
 * greeting.c - the store's own welcome for new customers: /set_salam. {nama} stands for the
 * customer's name; all else is said as it was written, with what WhatsApp takes for markup made
 * harmless: one store must not look like another. */
#include <string.h>

#include "store_admin.h"

#define GREETING_CHARS 500
#define NAME_CHARS     40

static const char SQL_GET[] = "SELECT greeting FROM store_admin_stores WHERE store = $store";

static const char SQL_SET[] =
    "INSERT INTO store_admin_stores (store, greeting) VALUES ($store, $greeting)"
    " ON CONFLICT (store) DO UPDATE SET greeting = excluded.greeting";

const char *greeting_text(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    struct bot_rows *rows = NULL;
    if (api->db(ctx, SQL_GET, NULL, 0, &rows) < 0 || api->row_next(rows) != BOT_ROW) return NULL;
    const char *text = api->row_text(rows, 0);
    return *text ? bot_format(ctx, "%s", text) : NULL;
}

/* ---- {nama}
 * ------------------------------------------------------------------------------------------ */

/* The first "{nama}" or "{name}", also "{ Nama }"; *len: its bytes. */
static const char *find_name(const char *text, size_t *len)
{
    for (const char *s = strchr(text, '{'); s; s = strchr(s + 1, '{')) {
        const char *word = s + 1 + strspn(s + 1, " ");
        size_t n = 0;
        while (n < 4 && (word[n] | 0x20) == "nama"[n]) n++;
        if (n < 4)
            for (n = 0; n < 4 && (word[n] | 0x20) == "name"[n];) n++;
        const char *end = word + n + strspn(word + n, " ");
        if (n < 4 || *end != '}') continue;
        *len = (size_t)(end + 1 - s);
        return s;
    }
    return NULL;
}

/* An unknown name is left out with the blank before it: "Halo Kak {nama}!" is then "Halo Kak!". */
static const char *fill(struct bot_ctx *ctx, const char *text, const char *name)
{
    struct bot_lines out = { .ctx = ctx };
    size_t len;
    const char *at;
    bot_lines_join(&out, "");
    while ((at = find_name(text, &len))) {
        size_t before = (size_t)(at - text);
        while (!*name && before > 0 && text[before - 1] == ' ') before--;
        bot_lines_join(&out, bot_format(ctx, "%.*s", (int)before, text));
        bot_lines_join(&out, name);
        text = at + len;
    }
    bot_lines_join(&out, text);
    return text_plain(ctx, out.s);
}

/* One line, without braces: a name is no placeholder. */
static const char *clean_name(struct bot_ctx *ctx)
{
    const char *name = bot_cut(ctx, bot_field(ctx, "name"), NAME_CHARS);
    char *clean = ctx->api->alloc(ctx, strlen(name) + 1), *to = clean;
    for (; *name; name++)
        if ((unsigned char)*name >= ' ' && *name != '{' && *name != '}') *to++ = *name;
    return clean;
}

/* ---- profile/0
 * ---------------------------------------------------------------------------------------- */

int say_greeting(struct bot_ctx *ctx)
{
    const char *text = greeting_text(ctx);
    return text ? bot_reply(ctx, fill(ctx, text, clean_name(ctx))) : BOT_PASS;
}

/* ---- /set_salam
 * ---------------------------------------------------------------------------------------- */

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static int store(struct bot_ctx *ctx, const char *text)
{
    const struct bot_arg args[] = { bot_text("greeting", text) };
    int rc = ctx->api->db(ctx, SQL_SET, args, 1, NULL);
    return rc < 0 ? rc : ctx->api->audit(ctx, "store.greeting", text ? "set" : "default");
}

static int show(struct bot_ctx *ctx)
{
    const char *text = greeting_text(ctx);
    return text ? bot_say_with(ctx, "greeting.is", "text", text)
                : bot_say_words(ctx, "greeting.default");
}

int set_greeting(struct bot_ctx *ctx)
{
    const char *text = bot_field(ctx, "rest");
    size_t n = characters(text);
    if (!n) return show(ctx);
    if (n > GREETING_CHARS) {
        const struct bot_arg args[] = { bot_int("max", GREETING_CHARS),
                                        bot_int("count", (int64_t)n) };
        return bot_say(ctx, "greeting.long", args, BOT_COUNT(args));
    }
    int remove =
        bot_is_word(text, "hapus") || bot_is_word(text, "remove") || bot_is_word(text, "default");
    int rc = store(ctx, remove ? NULL : text);
    if (rc < 0) return rc;
    if (remove) return bot_say_words(ctx, "greeting.removed");
    return bot_say_with(ctx, "greeting.set", "text",
                        fill(ctx, text, bot_words(ctx, "greeting.example_name")));
}
