/* SPDX-License-Identifier: MIT
 *
 * handover.c - a customer talks with the store's people, and the bot is quiet for the two of them.
 *
 * A row (store, person) is there as long as that lasts; `until` moves on with every word of either
 * side, and so does the durable timer that ends it and the host's hold, which keeps what he writes
 * at this store. Whoever takes the row away tells both sides, so that they hear it once. What came
 * meanwhile was for a human: nothing of it is answered afterwards. */
#include <stdlib.h>
#include <string.h>

#include "store_admin.h"

#define SHOWN_CHARS 3000 /* of a message that is passed on */

static const char SQL_GET[] = "SELECT until, phone FROM store_admin_handovers"
                              " WHERE store = $store AND person = $customer AND until > $now";

static const char SQL_PROLONG[] =
    "INSERT INTO store_admin_handovers (store, person, since, until, phone)"
    " VALUES ($store, $customer, $now, $until, $phone)"
    " ON CONFLICT (store, person) DO UPDATE SET until = excluded.until,"
    " phone = CASE WHEN excluded.phone = 1 THEN 1 ELSE store_admin_handovers.phone END";

static const char SQL_DROP[] =
    "DELETE FROM store_admin_handovers WHERE store = $store AND person = $customer"
    " RETURNING person";

static const char SQL_DUE[] =
    "DELETE FROM store_admin_handovers WHERE store = $store AND until <= $now RETURNING person";

/* ---- the row --------------------------------------------------------------------------------- */

int handover_get(struct bot_ctx *ctx, int64_t person, struct handover *out)
{
    const struct bot_api *api = ctx->api;
    const struct bot_arg args[] = { bot_int("customer", person), bot_int("now", api->now(ctx)) };
    struct bot_rows *rows = NULL;
    int rc = api->db(ctx, SQL_GET, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    if ((rc = api->row_next(rows)) != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    out->until = api->row_int(rows, 0);
    out->phone = (int)api->row_int(rows, 1);
    return BOT_OK;
}

/* Named by the person, so that each has a timer of his own. */
static int set_timer(struct bot_ctx *ctx, int64_t person, int64_t when)
{
    return ctx->api->at(ctx, "store-admin.handover", bot_format(ctx, "%lld", (long long)person),
                        when, NULL, 0);
}

int handover_prolong(struct bot_ctx *ctx, int64_t person, int phone)
{
    const struct bot_api *api = ctx->api;
    int64_t now = api->now(ctx), until = now + api->config_int(api->self(ctx), "handover");
    const struct bot_arg args[] = {
        bot_int("customer", person),
        bot_int("now", now),
        bot_int("until", until),
        bot_int("phone", phone),
    };
    int rc = api->db(ctx, SQL_PROLONG, args, BOT_COUNT(args), NULL);
    if (rc >= 0) rc = stores_of(ctx)->hold(ctx, person, "handover", until);
    return rc < 0 ? rc : set_timer(ctx, person, until);
}

static int forget(struct bot_ctx *ctx, int64_t person)
{
    int rc = stores_of(ctx)->hold(ctx, person, "handover", 0);
    return rc < 0 ? rc : set_timer(ctx, person, 0);
}

int handover_drop(struct bot_ctx *ctx, int64_t person)
{
    const struct bot_api *api = ctx->api;
    const struct bot_arg args[] = { bot_int("customer", person) };
    struct bot_rows *rows = NULL;
    int rc = api->db(ctx, SQL_DROP, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    if ((rc = api->row_next(rows)) != BOT_ROW) return rc < 0 ? rc : BOT_ENOENT;
    return forget(ctx, person);
}

/* ---- the end --------------------------------------------------------------------------------- */

static const char *text_for_customer(struct bot_ctx *ctx, const char *key)
{
    const struct bot_arg args[] = { bot_text("store", bot_field(ctx, "store.name")) };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

static const char *text_for_admin(struct bot_ctx *ctx, const char *key, int64_t person)
{
    struct bot_person p = { .size = sizeof p };
    const char *name = people_of(ctx)->get(ctx, person, &p) < 0
                           ? bot_words(ctx, "unnamed")
                           : name_or_phone(ctx, p.name, p.phone);
    const struct bot_arg args[] = { bot_text("name", name), bot_int("id", person) };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* Nobody there to hear it is no mistake. */
static int tell(struct bot_ctx *ctx, struct bot_send *send)
{
    send->size = sizeof *send;
    int rc = ctx->api->send(ctx, send);
    return rc == BOT_ENOENT ? BOT_OK : rc;
}

static int tell_admins(struct bot_ctx *ctx, int64_t person)
{
    struct bot_send send = {
        .role = BOT_STORE_ADMIN,
        .text = text_for_admin(ctx, "handover.ended_admin", person),
    };
    return tell(ctx, &send);
}

static int tell_customer(struct bot_ctx *ctx, int64_t person)
{
    struct bot_send send = {
        .person = person,
        .text = text_for_customer(ctx, "handover.ended_notice"),
        .priority = 1,
    };
    return tell(ctx, &send);
}

int handover_end(struct bot_ctx *ctx, int64_t person, int by_customer)
{
    int rc = handover_drop(ctx, person);
    if (rc < 0) return rc;
    rc = by_customer ? tell_admins(ctx, person) : tell_customer(ctx, person);
    if (rc < 0) return rc;
    return bot_reply(ctx, by_customer ? text_for_customer(ctx, "handover.ended")
                                      : text_for_admin(ctx, "handover.ended_admin", person));
}

/* Its time is over; all of this store's that are, so that none is missed. */
int handover_over(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    const struct bot_arg args[] = { bot_int("now", api->now(ctx)) };
    struct bot_rows *rows = NULL;
    int rc = api->db(ctx, SQL_DUE, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    while ((rc = api->row_next(rows)) == BOT_ROW) {
        int64_t person = api->row_int(rows, 0);
        if ((rc = forget(ctx, person)) < 0 || (rc = tell_customer(ctx, person)) < 0 ||
            (rc = tell_admins(ctx, person)) < 0)
            return rc;
    }
    return rc < 0 ? rc : BOT_HANDLED;
}

/* ---- the store's word ------------------------------------------------------------------------ */

int64_t handover_tag(const char *tag, int64_t *store)
{
    static const char prefix[] = "handover:";
    char *end;
    if (!tag || strncmp(tag, prefix, sizeof prefix - 1) != 0) return 0;
    int64_t person = strtoll(tag + sizeof prefix - 1, &end, 10);
    *store = *end == ':' ? strtoll(end + 1, NULL, 10) : 0;
    return person > 0 && *store > 0 ? person : 0;
}

static int say_of(struct bot_ctx *ctx, const char *key, int64_t person)
{
    const struct bot_arg args[] = { bot_int("id", person) };
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

/* A customer of this store, or somebody who is no customer but talks with it already: whom its
 * phone wrote to, a super admin who asked. BOT_ENOENT: anybody else. BOT_EBUSY: he is blocked, so
 * his answer would reach nobody. */
static int may_speak_to(struct bot_ctx *ctx, int64_t person)
{
    struct bot_customer c = { .size = sizeof c };
    struct handover h;
    int rc = people_of(ctx)->customer(ctx, person, &c);
    if (rc == BOT_ENOENT) return handover_get(ctx, person, &h);
    return rc >= 0 && c.blocked ? BOT_EBUSY : rc;
}

int handover_deliver(struct bot_ctx *ctx, int64_t person, const char *text)
{
    const struct bot_api *api = ctx->api;
    int rc = may_speak_to(ctx, person);
    if (rc == BOT_ENOENT) return say_of(ctx, "customer.not_found", person);
    if (rc == BOT_EBUSY) return say_of(ctx, "handover.blocked", person);
    if (rc < 0) return rc;
    int64_t media = api->number(ctx, "media");
    if (!media && !*text)
        return bot_say_words(ctx,
                             api->field(ctx, "media.kind") ? "handover.no_file" : "handover.empty");
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("text", bot_cut(ctx, text, SHOWN_CHARS)),
    };
    const struct bot_send send = {
        .size = sizeof send,
        .person = person,
        .text = api->text(ctx, *text ? "handover.from_admin" : "handover.from_admin_file", args,
                          BOT_COUNT(args)),
        .priority = 1,
        .media = media,
    };
    rc = api->send(ctx, &send);
    if (rc == BOT_ENOENT) return bot_say_words(ctx, "handover.unreachable");
    if (rc >= 0) rc = handover_prolong(ctx, person, 0);
    return rc < 0 ? rc : bot_say_words(ctx, "handover.delivered");
}

int answer_customer(struct bot_ctx *ctx)
{
    return handover_deliver(ctx, ctx->api->number(ctx, "arg.id"), bot_field(ctx, "arg.isi"));
}

/* /bot 12, or /bot as the answer to a message that was passed on. */
int release_customer(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    int64_t person = api->number(ctx, "arg.id"), store = 0;
    if (!person) person = handover_tag(api->field(ctx, "quoted.tag"), &store);
    if (!person || (store && store != api->number(ctx, "store")))
        return bot_say_words(ctx, "usage.bot_id");
    int rc = handover_end(ctx, person, 0);
    if (rc != BOT_ENOENT) return rc;
    const struct bot_arg args[] = { bot_int("id", person) };
    return bot_say(ctx, "handover.not_on", args, BOT_COUNT(args));
}

/* Somebody of the store wrote to a customer from its phone: he has taken over. */
int handover_own_message(struct bot_ctx *ctx)
{
    int64_t person = ctx->api->number(ctx, "person");
    if (!person || is_group(ctx) || is_store_admin(ctx)) return BOT_PASS;
    int rc = handover_prolong(ctx, person, 1);
    return rc < 0 ? rc : BOT_HANDLED;
}
