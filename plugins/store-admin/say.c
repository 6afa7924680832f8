/* SPDX-License-Identifier: MIT
 *
 * say.c - the small things that several files need. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store_admin.h"

const struct bot_stores *stores_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "stores/0", NULL);
}

const struct bot_people *people_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "people/0", NULL);
}

int is_store_admin(struct bot_ctx *ctx)
{
    return (ctx->api->number(ctx, "role") & BOT_STORE_ADMIN) != 0;
}

int is_group(struct bot_ctx *ctx)
{
    return strcmp(field(ctx, "event"), "group") == 0;
}

const char *field(struct bot_ctx *ctx, const char *name)
{
    const char *value = ctx->api->field(ctx, name);
    return value ? value : "";
}

const char *say_text(struct bot_ctx *ctx, const char *key)
{
    return ctx->api->text(ctx, key, NULL, 0);
}

int say(struct bot_ctx *ctx, const char *key)
{
    return bot_say(ctx, key, NULL, 0);
}

int say_with(struct bot_ctx *ctx, const char *key, const char *name, const char *value)
{
    const struct bot_arg args[] = { bot_text(name, value) };
    return bot_say(ctx, key, args, 1);
}

int notify(struct bot_ctx *ctx, int64_t person, const char *text)
{
    const struct bot_send send = { .size = sizeof send, .person = person, .text = text };
    return ctx->api->send(ctx, &send);
}

int audit_person(struct bot_ctx *ctx, const char *action, int64_t person)
{
    return ctx->api->audit(ctx, action, text_format(ctx, "person=%lld", (long long)person));
}

const char *text_format(struct bot_ctx *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *out = ctx->api->alloc(ctx, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(out, (size_t)n + 1, format, args);
    va_end(args);
    return out;
}

const char *text_cut(struct bot_ctx *ctx, const char *text, size_t chars)
{
    size_t n = 0;
    for (; text[n]; n++)
        if (((unsigned char)text[n] & 0xC0) != 0x80 && chars-- == 0) break;
    return text[n] ? text_format(ctx, "%.*s\xE2\x80\xA6", (int)n, text) : text;
}

int is_word(const char *text, const char *word)
{
    static const char around[] = " \t\r\n.!?,*_\"'";
    text += strspn(text, around);
    for (; *word; word++, text++)
        if ((*text >= 'A' && *text <= 'Z' ? *text + 32 : *text) != *word) return 0;
    return text[strspn(text, around)] == '\0';
}

int64_t id_of(const char *text)
{
    int64_t id = 0;
    if (*text == '#') text++;
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 15 || text[n + strspn(text + n, " ")]) return 0;
    for (size_t i = 0; i < n; i++) id = id * 10 + (text[i] - '0');
    return id;
}

int64_t local_minute(struct bot_ctx *ctx)
{
    return (ctx->api->now(ctx) + ctx->api->number(ctx, "store.offset")) / 60000;
}

int64_t local_to_ms(struct bot_ctx *ctx, int64_t minute)
{
    return minute * 60000 - ctx->api->number(ctx, "store.offset");
}

const char *text_plain(struct bot_ctx *ctx, const char *text)
{
    const struct bot_arg args[] = { bot_text("text", text) };
    return ctx->api->text(ctx, "plain.text", args, 1);
}

/* ---- lines -------------------------------------------------------------------------------------
 */

void lines_join(struct lines *l, const char *text)
{
    size_t n = strlen(text);
    if (l->len + n + 1 > l->cap) {
        size_t cap = (l->len + n + 1) * 2 + 256;
        char *s = l->ctx->api->alloc(l->ctx, cap);
        if (l->len) memcpy(s, l->s, l->len);
        l->s = s;
        l->cap = cap;
    }
    memcpy(l->s + l->len, text, n + 1);
    l->len += n;
}

void lines_add(struct lines *l, const char *text)
{
    if (l->len) lines_join(l, "\n");
    lines_join(l, text);
}

int lines_reply(struct lines *l)
{
    return bot_reply(l->ctx, l->s);
}
