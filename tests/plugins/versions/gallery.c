/* gallery.c - says what came with a message, and sends it back: "kembalikan" the last file as it
 * is, "kutip" a text that answers the message. For the end-to-end tests of files. */
#include <stdio.h>
#include <string.h>
#include <tokobot/plugin.h>

static const char *said(struct bot_ctx *ctx, const char *name)
{
    const char *s = ctx->api->field(ctx, name);
    return s ? s : "-";
}

static int send_back(struct bot_ctx *ctx)
{
    size_t len = 0;
    const char *kept = ctx->api->kv_get(ctx, BOT_KV_PERSON, "last", &len);
    struct bot_send m = { .size = sizeof m,
                          .chat = ctx->api->field(ctx, "chat"),
                          .text = "ini dia",
                          .quote = ctx->api->field(ctx, "native_id"),
                          .priority = 1 };
    if (!kept || len != sizeof m.media) return bot_reply(ctx, "belum ada");
    memcpy(&m.media, kept, len);
    return ctx->api->send(ctx, &m) == BOT_OK ? BOT_HANDLED : BOT_FAIL;
}

static int on_text(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    char told[600];
    int64_t media = api->number(ctx, "media");
    if (!strcmp(said(ctx, "text"), "kembalikan")) return send_back(ctx);
    if (!api->field(ctx, "media.kind")) return BOT_PASS;
    if (media) api->kv_set(ctx, BOT_KV_PERSON, "last", (const char *)&media, sizeof media, 0);
    snprintf(told, sizeof told, "%s|%s|%s|%lld|%s|%s|%s|%s", said(ctx, "media.kind"),
             said(ctx, "media.type"), said(ctx, "media.name"),
             (long long)api->number(ctx, "media.size"), said(ctx, "media.error"),
             said(ctx, "place"), said(ctx, "place.name"), said(ctx, "text"));
    return bot_reply(ctx, told);
}

static const struct bot_hook_spec hooks[] = {
    { .event = "message.text", .priority = 50, .scope = BOT_NO_STORE, .run = on_text },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_HOOKS(api, self, hooks);
}

BOT_PLUGIN("gallery", "1.0.0", NULL, init, NULL, NULL, NULL);
