/* SPDX-License-Identifier: MIT
 *
 * view.c - how an order looks in a message, and what is told to whom. Every message about one names
 * its code, and what was not an answer carries it as a tag: quoting it says which order is meant.
 */
#include <stdlib.h>

#include "order.h"

/* ---- names ----------------------------------------------------------------------------------- */

const char *order_code(struct bot_ctx *ctx, int64_t number)
{
    return bot_format(ctx, "%s-%lld", bot_field(ctx, "store.code"), (long long)number);
}

const char *order_state_word(struct bot_ctx *ctx, const struct order *o)
{
    static const char *const keys[] = {
        [ORDER_UNPAID] = "state.unpaid",
        [ORDER_NEW] = "state.new",
        [ORDER_PROCESSING] = "state.processing",
        [ORDER_SENT] = "state.sent",
        [ORDER_DONE] = "state.done",
        [ORDER_CANCELED] = "state.canceled",
    };
    if (o->state == ORDER_SENT && o->delivery == DELIVERY_PICKUP)
        return bot_words(ctx, "state.ready");
    return bot_words(ctx, keys[o->state]);
}

static int starts_nocase(const char *text, const char *with)
{
    for (; *with; text++, with++)
        if ((*text >= 'a' && *text <= 'z' ? *text - 32 : *text) != *with) return 0;
    return 1;
}

int64_t order_number_at(struct bot_ctx *ctx, const char *text, const char **rest)
{
    const char *code = bot_field(ctx, "store.code");
    text += strspn(text, " #*");
    if (*code && starts_nocase(text, code)) {
        const char *behind = text + strlen(code);
        behind += strspn(behind, " ");
        if (*behind == '-') text = behind + 1 + strspn(behind + 1, " ");
    }
    return number_at(text, INT64_C(999999999), rest);
}

int64_t order_code_first(struct bot_ctx *ctx, const char *text)
{
    const char *code = bot_field(ctx, "store.code"), *rest = "";
    text += strspn(text, " #*");
    if (!*code || !starts_nocase(text, code)) return 0;
    const char *behind = text + strlen(code);
    return behind[strspn(behind, " ")] == '-' ? order_number_at(ctx, text, &rest) : 0;
}

const char *order_tag(struct bot_ctx *ctx, int64_t number)
{
    return bot_format(ctx, "order:%lld:%lld", (long long)ctx->api->number(ctx, "store"),
                      (long long)number);
}

static int64_t order_tagged(struct bot_ctx *ctx, const char *tag)
{
    static const char prefix[] = "order:";
    char *end;
    if (!tag || strncmp(tag, prefix, sizeof prefix - 1) != 0) return 0;
    int64_t store = strtoll(tag + sizeof prefix - 1, &end, 10);
    return *end == ':' && store == ctx->api->number(ctx, "store") ? strtoll(end + 1, NULL, 10) : 0;
}

/* The only order that the text names; 0: none, or several. */
static int64_t order_named(struct bot_ctx *ctx, const char *text)
{
    int64_t only = 0;
    for (const char *s = text; *s; s++) {
        int is_inside = s > text && ((s[-1] | 0x20) >= 'a' && (s[-1] | 0x20) <= 'z');
        if (is_inside) continue;
        int64_t number = order_code_first(ctx, s);
        if (number && only && number != only) return 0;
        if (number) only = number;
    }
    return only;
}

int64_t order_quoted(struct bot_ctx *ctx)
{
    int64_t number = order_tagged(ctx, ctx->api->field(ctx, "quoted.tag"));
    return number ? number : order_named(ctx, bot_field(ctx, "quoted.text"));
}

int say_no_order(struct bot_ctx *ctx, const char *which)
{
    return bot_say_with(ctx, is_store_admin(ctx) ? "order.not_found_admin" : "order.not_found",
                        "which", bot_cut(ctx, which, 30));
}

/* ---- in full --------------------------------------------------------------------------------- */

/* Who bought, for those who run the store. */
static const char *buyer(struct bot_ctx *ctx, const struct order *o)
{
    struct bot_person p = { .size = sizeof p };
    int known = o->person && people_of(ctx)->get(ctx, o->person, &p) >= 0;
    const struct bot_arg args[] = {
        bot_text("name", *o->name ? o->name : bot_words(ctx, "order.nobody")),
        bot_text("phone", known && *p.phone ? p.phone : "-"),
        bot_int("id", o->person),
    };
    return ctx->api->text(ctx, known ? "order.buyer" : "order.buyer_gone", args, BOT_COUNT(args));
}

static const char *payment_line(struct bot_ctx *ctx, const struct order *o)
{
    const struct bot_arg args[] = { bot_int("at", o->paid_at) };
    const char *key = o->payment == PAY_TRANSFER
                          ? (o->paid_at ? "order.transfer_paid" : "order.transfer")
                          : (o->paid_at ? "order.cash_paid" : "order.cash");
    return ctx->api->text(ctx, key, args, 1);
}

static void fact(struct bot_lines *out, const char *key, const char *value)
{
    const struct bot_arg args[] = { bot_text("value", value) };
    if (*value) bot_lines_add(out, out->ctx->api->text(out->ctx, key, args, 1));
}

int order_show(struct bot_lines *out, const struct order *o, int for_admin)
{
    struct bot_ctx *ctx = out->ctx;
    struct lines *items = ctx->api->alloc(ctx, sizeof *items);
    int rc = order_items(ctx, o, items);
    if (rc < 0) return rc;
    const struct bot_arg args[] = {
        bot_text("code", order_code(ctx, o->number)),
        bot_text("state", order_state_word(ctx, o)),
        bot_int("at", o->placed_at),
    };
    bot_lines_add(out, ctx->api->text(ctx, "order.header", args, BOT_COUNT(args)));
    lines_show(out, items);
    if (for_admin)
        bot_lines_add(out, buyer(ctx, o));
    else
        fact(out, "order.name", o->name);
    if (o->delivery == DELIVERY_PICKUP)
        bot_lines_add(out, bot_words(ctx, "order.pickup"));
    else
        fact(out, "order.address", o->address);
    bot_lines_add(out, payment_line(ctx, o));
    fact(out, "order.note", o->note);
    fact(out, "order.receipt", o->receipt);
    fact(out, "order.reason", o->reason);
    return BOT_OK;
}

const char *order_pay_text(struct bot_ctx *ctx, const struct order *o)
{
    void *owner;
    const struct bot_profile *profile = profile_of(ctx, &owner);
    const char *account = NULL;
    if (profile && profile->size > offsetof(struct bot_profile, payment))
        account = profile->payment(ctx, owner);
    if (o->state != ORDER_UNPAID) return "";
    const struct bot_arg args[] = {
        bot_int("total", o->total),
        bot_text("account", account ? account : ""),
        bot_text("code", order_code(ctx, o->number)),
        bot_int("until", o->expires_at),
    };
    const char *key = !o->expires_at ? "pay.checking" : account ? "pay.transfer" : "pay.ask";
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* ---- telling --------------------------------------------------------------------------------- */

int tell_customer(struct bot_ctx *ctx, const struct order *o, const char *text)
{
    const struct bot_send send = {
        .size = sizeof send,
        .person = o->person,
        .text = text,
        .tag = order_tag(ctx, o->number),
    };
    if (!o->person) return BOT_OK;
    int rc = ctx->api->send(ctx, &send);
    return rc == BOT_ENOENT ? BOT_OK : rc;
}

int tell_admins(struct bot_ctx *ctx, int64_t number, const char *text, int64_t media)
{
    const struct bot_send send = {
        .size = sizeof send,
        .role = BOT_STORE_ADMIN,
        .except = person_of(ctx),
        .text = text,
        .tag = order_tag(ctx, number),
        .media = media,
    };
    int rc = ctx->api->send(ctx, &send);
    return rc == BOT_ENOENT ? BOT_OK : rc;
}
