/* SPDX-License-Identifier: MIT
 *
 * store_create.c - the end of /daftar_toko. A super admin's store is there at once. Anybody else's
 * ([super-admin] open_registration) waits until a super admin agrees; all of them hear of it. */
#include <stdio.h>

#include "super_admin.h"

/* More that wait than anybody looks through: somebody is playing with the bot. */
enum { PENDING_MAX = 100, MANAGED_MAX = 64 };

static int is_super(struct bot_ctx *ctx)
{
    return (ctx->api->number(ctx, "role") & BOT_SUPER) != 0;
}

/* The store of the writer that waits for an answer: 1, 0 when there is none. */
static int pending_of_writer(struct bot_ctx *ctx, struct bot_store *out)
{
    struct bot_store *mine = stores_page(ctx, MANAGED_MAX);
    int n = stores_of(ctx)->managed(ctx, mine, MANAGED_MAX);
    for (int i = 0; i < n && i < MANAGED_MAX; i++) {
        if (mine[i].state != BOT_STORE_PENDING) continue;
        *out = mine[i];
        return 1;
    }
    return n < 0 ? n : 0;
}

static int say_pending(struct bot_ctx *ctx, const struct bot_store *store)
{
    const struct bot_arg args[] = { bot_text("name", store->name), bot_int("id", store->id),
                                    bot_text("code", store->code) };
    return bot_say(ctx, "register.pending", args, BOT_COUNT(args));
}

int application_allowed(struct bot_ctx *ctx)
{
    struct bot_store waits;
    if (is_super(ctx)) return BOT_PASS;
    int rc = pending_of_writer(ctx, &waits);
    if (rc) return rc < 0 ? rc : say_pending(ctx, &waits);
    int64_t pending = stores_of(ctx)->count(ctx, BOT_STORE_PENDING);
    if (pending < 0) return (int)pending;
    return pending < PENDING_MAX ? BOT_PASS : bot_say(ctx, "register.too_many", NULL, 0);
}

/* The super admins hear who asks, and how to answer. */
static int tell_super_admins(struct bot_ctx *ctx, const struct bot_store *store, const char *email)
{
    const struct bot_api *api = ctx->api;
    const char *phone = api->field(ctx, "phone"), *name = api->field(ctx, "name");
    const struct bot_arg args[] = {
        bot_text("who", name && *name ? name : api->text(ctx, "register.unnamed", NULL, 0)),
        bot_text("phone", phone ? phone : "-"),
        bot_text("name", store->name),
        bot_text("email", email),
        bot_int("id", store->id),
        bot_text("code", store->code),
    };
    const struct bot_send send = {
        .size = sizeof send,
        .role = BOT_SUPER,
        .text = api->text(ctx, "register.wanted", args, BOT_COUNT(args)),
    };
    int rc = api->send(ctx, &send);
    return rc == BOT_ENOENT ? BOT_OK : rc;
}

/* What is not as it should be has been said, and *id is <= 0; a verdict, or an error. */
static int make(struct bot_ctx *ctx, const struct bot_new_store *wanted, int64_t *id)
{
    const struct bot_stores *stores = stores_of(ctx);
    struct bot_store waits;
    int open = is_super(ctx) || ctx->api->config_int(ctx->api->self(ctx), "open_registration");
    *id = 0;
    if (!open) return bot_say(ctx, "register.not_open", NULL, 0);
    *id = is_super(ctx) ? stores->create(ctx, wanted) : stores->apply(ctx, wanted);
    if (*id > 0) return BOT_HANDLED;
    if (*id == BOT_EEXIST) return bot_say(ctx, "register.email_gone", NULL, 0);
    if (*id != BOT_EBUSY || pending_of_writer(ctx, &waits) <= 0) return (int)*id;
    return say_pending(ctx, &waits);
}

/* What may confuse people about a name, as a text key, or NULL. It is allowed: the code tells
 * stores apart. Ask before the store is there, or it meets itself. */
static const char *name_warning(struct bot_ctx *ctx, const char *name)
{
    const char *clean = NULL;
    switch (stores_of(ctx)->name_check(ctx, 0, name, &clean)) {
    case BOT_NAME_LIKE_WORD:
        return "register.like_command";
    case BOT_NAME_LIKE_STORE:
        return "register.like_store";
    default:
        return NULL;
    }
}

int store_create(struct bot_ctx *ctx, const char *name, const char *email, const char *hash)
{
    const struct bot_api *api = ctx->api;
    const struct bot_new_store wanted = {
        .size = sizeof wanted,
        .name = name,
        .email = email,
        .password_hash = hash,
    };
    int64_t id;
    const char *warning = name_warning(ctx, name);
    int rc = make(ctx, &wanted, &id);
    if (id <= 0) return rc;
    struct bot_store store = { .size = sizeof store };
    if ((rc = stores_of(ctx)->get(ctx, id, &store)) < 0) return rc;
    char detail[32];
    snprintf(detail, sizeof detail, "id=%lld", (long long)id);
    int waits = store.state == BOT_STORE_PENDING;
    if ((rc = api->audit(ctx, waits ? "store.apply" : "store.create", detail)) < 0) return rc;
    if (waits && (rc = tell_super_admins(ctx, &store, email)) < 0) return rc;

    const struct bot_arg args[] = {
        bot_text("name", store.name),
        bot_text("email", email),
        bot_int("id", id),
        bot_text("code", store.code),
    };
    if (warning && (rc = api->reply(ctx, api->text(ctx, warning, args, BOT_COUNT(args)))) < 0)
        return rc;
    return bot_say(ctx, waits ? "register.applied" : "register.done", args, BOT_COUNT(args));
}
