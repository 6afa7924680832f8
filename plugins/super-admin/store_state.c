/* SPDX-License-Identifier: MIT
 *
 * store_state.c - /tangguhkan, /pulihkan, /setujui and /tolak: a store goes from one state to
 * another, and those who run it hear of it once. */
#include <stdio.h>

#include "super_admin.h"

#define FROM(state) (1u << (state))

/* One command. Text keys: what the super admin hears, and what the store's admins do. */
struct change {
    uint32_t from; /* set of FROM(enum bot_store_state) */
    int to;
    const char *done, *notice, *notice_why, *action;
};

static const struct change suspending = {
    .from = FROM(BOT_STORE_ACTIVE),
    .to = BOT_STORE_SUSPENDED,
    .done = "suspend.done",
    .notice = "suspend.notice",
    .action = "store.suspend",
};
static const struct change resuming = {
    .from = FROM(BOT_STORE_SUSPENDED) | FROM(BOT_STORE_CLOSED),
    .to = BOT_STORE_ACTIVE,
    .done = "resume.done",
    .notice = "resume.notice",
    .action = "store.resume",
};
static const struct change approving = {
    .from = FROM(BOT_STORE_PENDING),
    .to = BOT_STORE_ACTIVE,
    .done = "approve.done",
    .notice = "approve.notice",
    .action = "store.approve",
};
static const struct change refusing = {
    .from = FROM(BOT_STORE_PENDING),
    .to = BOT_STORE_CLOSED,
    .done = "refuse.done",
    .notice = "refuse.notice",
    .notice_why = "refuse.notice_why",
    .action = "store.refuse",
};

/* Why a command does nothing, by the state that the store is in. */
static const char *const is_already[] = {
    [BOT_STORE_ACTIVE] = "already.active",
    [BOT_STORE_SUSPENDED] = "already.suspended",
    [BOT_STORE_CLOSED] = "already.closed",
    [BOT_STORE_PENDING] = "already.pending",
};

static int change_state(struct bot_ctx *ctx, const struct change *change, const char *why)
{
    const struct bot_api *api = ctx->api;
    int64_t id = api->number(ctx, "arg.id");
    struct bot_store store = { .size = sizeof store };
    int rc = stores_of(ctx)->get(ctx, id, &store);
    if (rc == BOT_ENOENT) return say_no_store(ctx, id);
    if (rc < 0) return rc;
    const struct bot_arg args[] = { bot_text("store", store.name), bot_int("id", id),
                                    bot_text("code", store.code), bot_text("why", why) };
    if (store.state >= BOT_COUNT(is_already)) return BOT_EINVAL;
    if (!(change->from & FROM(store.state)))
        return bot_say(ctx, is_already[store.state], args, BOT_COUNT(args));
    /* First, since nobody runs a store any more that has been refused. */
    const char *notice = why && *why && change->notice_why ? change->notice_why : change->notice;
    rc = tell_admins(ctx, id, api->text(ctx, notice, args, BOT_COUNT(args)));
    if (rc < 0 || (rc = stores_of(ctx)->set_state(ctx, id, change->to)) < 0) return rc;

    char detail[32];
    snprintf(detail, sizeof detail, "id=%lld", (long long)id);
    if ((rc = api->audit(ctx, change->action, detail)) < 0) return rc;
    return bot_say(ctx, change->done, args, BOT_COUNT(args));
}

int suspend_store(struct bot_ctx *ctx)
{
    return change_state(ctx, &suspending, NULL);
}

int resume_store(struct bot_ctx *ctx)
{
    return change_state(ctx, &resuming, NULL);
}

int approve_store(struct bot_ctx *ctx)
{
    return change_state(ctx, &approving, NULL);
}

int refuse_store(struct bot_ctx *ctx)
{
    return change_state(ctx, &refusing, ctx->api->field(ctx, "arg.alasan"));
}
