/* SPDX-License-Identifier: MIT
 * tokobot/text.h - small conveniences for plugins that write longer texts. Optional, all inline;
 * all [event], but for bot_behind() and bot_is_word(). What they give lives until the callback
 * returns. Since SDK 0.13.
 */
#ifndef TOKOBOT_SDK_TEXT_H
#define TOKOBOT_SDK_TEXT_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* field(), with "" for NULL. */
static inline const char *bot_field(struct bot_ctx *ctx, const char *name)
{
    const char *value = ctx->api->field(ctx, name);
    return value ? value : "";
}

/* The plugin's text `key`, which needs no arguments; and that as the answer, a verdict. */
static inline const char *bot_words(struct bot_ctx *ctx, const char *key)
{
    return ctx->api->text(ctx, key, NULL, 0);
}
static inline int bot_say_words(struct bot_ctx *ctx, const char *key)
{
    return bot_say(ctx, key, NULL, 0);
}
/* The same with one text in it. */
static inline int bot_say_with(struct bot_ctx *ctx, const char *key, const char *name,
                               const char *value)
{
    const struct bot_arg args[] = { bot_text(name, value) };
    return bot_say(ctx, key, args, 1);
}

/* A copy, for a row's text that has to outlive its row. */
static inline char *bot_copy(struct bot_ctx *ctx, const char *text)
{
    size_t n = strlen(text) + 1;
    return (char *)memcpy(ctx->api->alloc(ctx, n), text, n);
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline const char *
bot_format(struct bot_ctx *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) return "";
    char *out = (char *)ctx->api->alloc(ctx, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(out, (size_t)n + 1, format, args);
    va_end(args);
    return out;
}

/* The first `chars` characters, with an ellipsis when there are more. */
static inline const char *bot_cut(struct bot_ctx *ctx, const char *text, size_t chars)
{
    size_t n = 0;
    for (; text[n]; n++)
        if (((unsigned char)text[n] & 0xC0) != 0x80 && chars-- == 0) break;
    return text[n] ? bot_format(ctx, "%.*s\xE2\x80\xA6", (int)n, text) : text;
}

/* Right behind `start` (small letters), with which the text begins in any case; NULL: it begins
 * otherwise. Whether a word ends there is the caller's to see. Pure. */
static inline const char *bot_behind(const char *text, const char *start)
{
    for (; *start; text++, start++)
        if ((*text >= 'A' && *text <= 'Z' ? *text + 32 : *text) != *start) return NULL;
    return text;
}

/* 1: the text is this word (a-z) alone, in any case, with punctuation around it or not. Pure. */
static inline int bot_is_word(const char *text, const char *word)
{
    static const char around[] = " \t\r\n.!?,*_\"'";
    text = bot_behind(text + strspn(text, around), word);
    return text && text[strspn(text, around)] == '\0';
}

/* ---- a text that grows: lines with one line break between them ------------------------------- */

/* Starts as { ctx }. */
struct bot_lines {
    struct bot_ctx *ctx;
    char *s; /* NULL while it is empty */
    size_t len, cap;
};

/* Right behind what is there. */
static inline void bot_lines_join(struct bot_lines *l, const char *text)
{
    size_t n = strlen(text);
    if (l->len + n + 1 > l->cap) {
        size_t cap = (l->len + n + 1) * 2 + 256;
        char *s = (char *)l->ctx->api->alloc(l->ctx, cap);
        if (l->len) memcpy(s, l->s, l->len);
        l->s = s;
        l->cap = cap;
    }
    memcpy(l->s + l->len, text, n + 1);
    l->len += n;
}

/* On a line of its own. */
static inline void bot_lines_add(struct bot_lines *l, const char *text)
{
    if (l->len) bot_lines_join(l, "\n");
    bot_lines_join(l, text);
}

/* BOT_HANDLED or an error. */
static inline int bot_lines_reply(struct bot_lines *l)
{
    return bot_reply(l->ctx, l->s ? l->s : "");
}

#ifdef __cplusplus
}
#endif
#endif
