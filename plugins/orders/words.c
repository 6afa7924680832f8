/* SPDX-License-Identifier: MIT
 *
 * words.c - what people write without a command: "pesan 2 kopi", "keranjang", "checkout", "status",
 * an order's code, a picture of a payment; and LUNAS as an answer. Looks at the words first: what
 * is none of these costs no statement. */
#include "cart.h"
#include "order.h"
#include "wish.h"

static int is_among(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bot_is_word(text, words[i])) return 1;
    return 0;
}

static const char *const cart_words[] = { "keranjang", "lihat keranjang", "cart", "my cart",
                                          "isi keranjang" };
static const char *const checkout_words[] = { "checkout", "check out",    "cekout",
                                              "co",       "lanjut pesan", "pesan sekarang" };
static const char *const order_words[] = { "pesanan",        "pesanan saya", "status",
                                           "status pesanan", "cek pesanan",  "order saya",
                                           "orderan saya",   "my orders",    "my order",
                                           "order status" };
static const char *const pay_words[] = { "bayar", "mau bayar", "cara bayar", "pay" };
static const char *const paid_words[] = { "sudah transfer", "sudah bayar", "sudah saya transfer",
                                          "udah transfer",  "udah bayar",  "sudah tf",
                                          "udah tf",        "i have paid", "paid already" };
static const char *const cancel_words[] = { "batalkan pesanan", "batal pesan",
                                            "batal pesanan",    "batalkan pesanan saya",
                                            "cancel order",     "cancel my order" };

int is_aside(const char *text)
{
    struct cart_change change;
    return strchr(text, '?') || wish_verb(text) || cart_meant(text, &change) ||
           is_among(text, cart_words, BOT_COUNT(cart_words)) ||
           is_among(text, checkout_words, BOT_COUNT(checkout_words)) ||
           is_among(text, order_words, BOT_COUNT(order_words));
}

/* 12 of "pesanan 12", "status MAJU7-12"; 0. */
static int64_t order_asked(struct bot_ctx *ctx, const char *text)
{
    int64_t number = order_code_first(ctx, text);
    for (size_t i = 0; !number && i < BOT_COUNT(order_words); i++) {
        const char *at = bot_behind(text, order_words[i]), *rest = "";
        if (!at || *at != ' ') continue;
        number = order_number_at(ctx, at, &rest);
        if (*rest) number = 0;
    }
    return number;
}

/* "bayar": what has to be paid, or the cart becomes an order. */
static int pay(struct bot_ctx *ctx)
{
    struct order o;
    int rc = order_unpaid(ctx, &o);
    if (rc == BOT_OK) return bot_reply(ctx, order_pay_text(ctx, &o));
    if (rc != BOT_ENOENT) return rc;
    struct lines *lines = ctx->api->alloc(ctx, sizeof *lines);
    if ((rc = cart_load(ctx, lines)) < 0) return rc;
    return lines->n ? checkout_command(ctx) : BOT_PASS;
}

/* 1: the text begins with one of these, in any case, and asks nothing: "sudah transfer ya kak". */
static int begins_with(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *rest = bot_behind(text, words[i]);
        if (rest && (!*rest || strchr(" .,!\n", *rest)) && !strchr(text, '?')) return 1;
    }
    return 0;
}

/* Nobody but the store knows that; the picture helps it to look. */
static int says_paid(struct bot_ctx *ctx)
{
    struct order o;
    int rc = order_unpaid(ctx, &o);
    if (rc == BOT_ENOENT) return BOT_PASS;
    if (rc < 0) return rc;
    return bot_say_with(ctx, o.expires_at ? "proof.send" : "proof.thanks", "code",
                        order_code(ctx, o.number));
}

/* Words that mean the cart, when there is one. */
static int cart_words_came(struct bot_ctx *ctx, const char *text)
{
    struct cart_change change;
    if (!cart_meant(text, &change)) return BOT_PASS;
    struct lines *lines = ctx->api->alloc(ctx, sizeof *lines);
    int rc = cart_load(ctx, lines);
    return rc < 0 ? rc : lines->n ? cart_said(ctx, text) : BOT_PASS;
}

int text_came(struct bot_ctx *ctx)
{
    const char *text = bot_field(ctx, "text");
    if (!ctx->api->number(ctx, "store") || in_group(ctx)) return BOT_PASS;
    if (is_store_admin(ctx)) {
        int rc = admin_said(ctx, text);
        if (rc != BOT_PASS) return rc;
    }
    if (ctx->api->field(ctx, "media.kind")) {
        int rc = proof_came(ctx);
        if (rc != BOT_PASS) return rc;
    }
    if (is_among(text, cart_words, BOT_COUNT(cart_words))) return cart_show(ctx, "");
    if (is_among(text, checkout_words, BOT_COUNT(checkout_words))) return checkout_command(ctx);
    if (is_among(text, pay_words, BOT_COUNT(pay_words))) return pay(ctx);
    if (begins_with(text, paid_words, BOT_COUNT(paid_words))) return says_paid(ctx);
    if (is_among(text, order_words, BOT_COUNT(order_words))) return list_orders(ctx);
    if (is_among(text, cancel_words, BOT_COUNT(cancel_words))) return cancel_mine(ctx);
    int64_t number = order_asked(ctx, text);
    if (number) return list_one(ctx, number);
    const char *wanted = wish_verb(text); /* behind the fixed words: "pesan sekarang" */
    if (wanted && !(strchr(wanted, '?') && !*bot_field(ctx, "quoted.tag")))
        return buy_said(ctx, wanted);
    return cart_words_came(ctx, text);
}

/* How to order, below what the catalog shows; hook catalog.hint. */
int say_hint(struct bot_ctx *ctx)
{
    return is_store_admin(ctx) ? BOT_PASS : bot_say_words(ctx, "buy.hint");
}
