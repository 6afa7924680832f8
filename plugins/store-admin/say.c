/* SPDX-License-Identifier: MIT
 *
 * say.c - the small things that several files need. */
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
    return strcmp(bot_field(ctx, "event"), "group") == 0;
}

int notify(struct bot_ctx *ctx, int64_t person, const char *text)
{
    const struct bot_send send = { .size = sizeof send, .person = person, .text = text };
    return ctx->api->send(ctx, &send);
}

int audit_person(struct bot_ctx *ctx, const char *action, int64_t person)
{
    return ctx->api->audit(ctx, action, bot_format(ctx, "person=%lld", (long long)person));
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
