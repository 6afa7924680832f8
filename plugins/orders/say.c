/* SPDX-License-Identifier: MIT
 *
 * say.c - the small things that several files need. */
#include "orders.h"

const struct bot_stores *stores_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "stores/0", NULL);
}

const struct bot_people *people_of(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "people/0", NULL);
}

const struct bot_catalog *catalog_of(struct bot_ctx *ctx, void **owner)
{
    return ctx->api->service(ctx->api->self(ctx), "catalog/0", owner);
}

const struct bot_profile *profile_of(struct bot_ctx *ctx, void **owner)
{
    return ctx->api->service(ctx->api->self(ctx), "profile/0", owner);
}

int is_store_admin(struct bot_ctx *ctx)
{
    return (ctx->api->number(ctx, "role") & BOT_STORE_ADMIN) != 0;
}

int in_group(struct bot_ctx *ctx)
{
    return strcmp(bot_field(ctx, "event"), "group") == 0;
}

/* An alarm carries whoever set it; he is not the one who does what follows. */
int64_t person_of(struct bot_ctx *ctx)
{
    int is_alarm = strcmp(bot_field(ctx, "event"), UNPAID_OVER) == 0;
    return is_alarm ? 0 : ctx->api->number(ctx, "person");
}

const char *item_name(struct bot_ctx *ctx, const char *name, const char *label)
{
    return *label ? bot_format(ctx, "%s (%s)", name, label) : name;
}

int64_t number_at(const char *text, int64_t max, const char **rest)
{
    static const char behind[] = " \t\r\n.,!?:;*";
    int64_t n = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9'; i++)
        if ((n = n * 10 + (text[i] - '0')) > max) return 0;
    if (!i || (text[i] && !strchr(behind, text[i]))) return 0;
    *rest = text + i + strspn(text + i, behind);
    return n;
}

const char *one_line(struct bot_ctx *ctx, const char *text, size_t chars)
{
    char *out = bot_copy(ctx, text), *to = out;
    int gap = 0;
    for (const char *s = text; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || c == 0x7F) {
            gap = to > out;
            continue;
        }
        if (gap) *to++ = ' ';
        gap = 0;
        *to++ = *s;
    }
    *to = '\0';
    return bot_cut(ctx, out, chars);
}
