/* SPDX-License-Identifier: MIT
 *
 * store_admin.c - /set_admin_toko ID [number]: gives a number the owner's role in a store. Without
 * a number it is the super admin's own. Somebody else gets one short notice. */
#include <stdio.h>
#include <string.h>

#include "super_admin.h"

static int notify(struct bot_ctx *ctx, int64_t person, const struct bot_store *store)
{
    const struct bot_arg args[] = { bot_text("store", store->name), bot_text("code", store->code) };
    const struct bot_send send = {
        .size = sizeof send,
        .person = person,
        .text = ctx->api->text(ctx, "admin.notice", args, BOT_COUNT(args)),
    };
    return ctx->api->send(ctx, &send);
}

int set_store_admin(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    int64_t id = api->number(ctx, "arg.id");
    const char *written = api->field(ctx, "arg.nomor"), *own = api->field(ctx, "phone");
    int mine = !written || !*written;
    char phone[32] = "";
    if (mine && !own) return bot_say(ctx, "admin.own_unknown", NULL, 0);
    if (people_of(ctx)->phone_parse(mine ? own : written, phone, sizeof phone) < 0)
        return bot_say(ctx, "admin.bad_phone", NULL, 0);
    if (own && strcmp(own, phone) == 0) mine = 1;

    struct bot_store store = { .size = sizeof store };
    int rc = stores_of(ctx)->get(ctx, id, &store);
    if (rc == BOT_ENOENT) return say_no_store(ctx, id);
    if (rc < 0) return rc;
    const struct bot_arg args[] = { bot_text("store", store.name), bot_text("phone", phone) };
    int64_t person = stores_of(ctx)->add_admin(ctx, id, phone, BOT_OWNER);
    if (person == BOT_EEXIST) return bot_say(ctx, "admin.already", args, BOT_COUNT(args));
    if (person == BOT_EINVAL) return bot_say(ctx, "admin.bad_phone", NULL, 0);
    if (person < 0) return (int)person;

    char detail[64];
    snprintf(detail, sizeof detail, "id=%lld person=%lld", (long long)id, (long long)person);
    if ((rc = api->audit(ctx, "store.admin", detail)) < 0) return rc;
    if (!mine && (rc = notify(ctx, person, &store)) < 0) return rc;
    return bot_say(ctx, mine ? "admin.done_mine" : "admin.done", args, BOT_COUNT(args));
}
