/* SPDX-License-Identifier: MIT
 *
 * proof.c - a picture from somebody whose order waits for money is taken for the proof of his
 * payment: it goes to those who run the store, who look at their account and say LUNAS. Nobody but
 * they can: a picture proves nothing. One that was sent for another order before is told as such
 * (the same bytes have the same id). An order with a proof is not canceled by time any more. */
#include "order.h"

#define CAPTION_CHARS 500

static int proof_add(struct bot_ctx *ctx, const struct order *o, int64_t media)
{
    static const char add[] = "INSERT INTO orders_proofs (store, order_id, media, at)"
                              " VALUES ($store, $id, $media, $now) ON CONFLICT DO NOTHING";
    static const char wait[] = "UPDATE orders_orders SET expires_at = NULL"
                               " WHERE id = $id AND store = $store AND state = 1";
    const struct bot_arg args[] = {
        bot_int("id", o->id),
        bot_int("media", media),
        bot_int("now", ctx->api->now(ctx)),
    };
    int rc = ctx->api->db(ctx, add, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : ctx->api->db(ctx, wait, args, 1, NULL);
}

/* The number of another order of this store that this very picture was sent for; 0; or an error. */
static int64_t sent_before(struct bot_ctx *ctx, const struct order *o, int64_t media)
{
    static const char sql[] = "SELECT number FROM orders_orders WHERE store = $store AND id ="
                              " (SELECT min(order_id) FROM orders_proofs WHERE media = $media"
                              " AND store = $store AND order_id <> $id)";
    const struct bot_arg args[] = { bot_int("media", media), bot_int("id", o->id) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    return rc == BOT_ROW ? ctx->api->row_int(rows, 0) : rc;
}

static const char *admin_text(struct bot_ctx *ctx, const struct order *o, int64_t before)
{
    struct bot_lines l = { .ctx = ctx };
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("code", order_code(ctx, o->number)),
        bot_text("name", *o->name ? o->name : bot_words(ctx, "order.nobody")),
        bot_text("caption", one_line(ctx, bot_field(ctx, "text"), CAPTION_CHARS)),
        bot_text("other", before ? order_code(ctx, before) : ""),
        bot_int("total", o->total),
    };
    bot_lines_add(&l, ctx->api->text(ctx, "proof.admin", args, BOT_COUNT(args)));
    if (*bot_field(ctx, "text"))
        bot_lines_add(&l, ctx->api->text(ctx, "proof.caption", args, BOT_COUNT(args)));
    if (before) bot_lines_add(&l, ctx->api->text(ctx, "proof.again", args, BOT_COUNT(args)));
    bot_lines_add(&l, bot_words(ctx, "proof.how"));
    return l.s;
}

/* The unpaid order that a picture is for: the one whose message he quotes or whose code he writes
 * beside it, else the last one that has no proof yet. BOT_ENOENT. */
static int order_of_proof(struct bot_ctx *ctx, struct order *out)
{
    int64_t number = order_quoted(ctx);
    if (!number) number = order_code_first(ctx, bot_field(ctx, "text"));
    int rc = number ? order_get(ctx, number, out) : BOT_ENOENT;
    if (rc < 0 && rc != BOT_ENOENT) return rc;
    if (rc == BOT_OK && out->person == person_of(ctx) && out->state == ORDER_UNPAID) return rc;
    return order_unpaid(ctx, out);
}

int proof_came(struct bot_ctx *ctx)
{
    const char *kind = bot_field(ctx, "media.kind");
    int64_t media = ctx->api->number(ctx, "media");
    struct order o;
    if (strcmp(kind, "image") != 0 && strcmp(kind, "document") != 0) return BOT_PASS;
    int rc = order_of_proof(ctx, &o);
    if (rc == BOT_ENOENT) return BOT_PASS;
    if (rc < 0) return rc;
    if (!media) return bot_say_words(ctx, "proof.unreadable");
    int64_t before = sent_before(ctx, &o, media);
    if (before < 0) return (int)before;
    if ((rc = proof_add(ctx, &o, media)) < 0) return rc;
    if ((rc = tell_admins(ctx, o.number, admin_text(ctx, &o, before), media)) < 0) return rc;
    return bot_say_with(ctx, "proof.thanks", "code", order_code(ctx, o.number));
}
