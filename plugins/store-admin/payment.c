/* SPDX-License-Identifier: MIT
 *
 * payment.c - how customers pay: the store's account in its own words, and whether it takes cash
 * (also on delivery). /pembayaran, and two functions of profile/0.
 *
 * Whoever changes the account gets the customers' money: only owners do, and the others who run the
 * store hear of it. A store is always paid somehow: cash or an account stays, and the statements
 * themselves see to that. */
#include <string.h>

#include "phones.h"
#include "store_admin.h"

#define PAYMENT_CHARS 500
#define SHOWN_CHARS   200 /* in the store's profile */

static const char SQL_GET[] = "SELECT payment, cash FROM store_admin_stores WHERE store = $store";

static const char SQL_SET[] =
    "INSERT INTO store_admin_stores (store, payment) VALUES ($store, $payment)"
    " ON CONFLICT (store) DO UPDATE SET payment = excluded.payment"
    " WHERE COALESCE(store_admin_stores.payment, '') <> excluded.payment";

static const char SQL_REMOVE[] = "UPDATE store_admin_stores SET payment = NULL"
                                 " WHERE store = $store AND payment IS NOT NULL AND cash = 1";

static const char SQL_CASH_ON[] = "UPDATE store_admin_stores SET cash = 1 WHERE store = $store";
static const char SQL_CASH_OFF[] = "UPDATE store_admin_stores SET cash = 0"
                                   " WHERE store = $store AND payment IS NOT NULL";

int payment_get(struct bot_ctx *ctx, struct payment *out)
{
    struct bot_rows *rows = NULL;
    *out = (struct payment){ NULL, 1 };
    int rc = ctx->api->db(ctx, SQL_GET, NULL, 0, &rows);
    if (rc >= 0) rc = ctx->api->row_next(rows);
    if (rc != BOT_ROW) return rc;
    if (ctx->api->row_type(rows, 0) != BOT_NULL)
        out->text = bot_format(ctx, "%s", ctx->api->row_text(rows, 0));
    out->cash = ctx->api->row_int(rows, 1) != 0;
    return BOT_OK;
}

/* ---- showing --------------------------------------------------------------------------------- */

static const char *cash_text(struct bot_ctx *ctx, const struct payment *p)
{
    return bot_words(ctx, p->cash ? "payment.cash_on" : "payment.cash_off");
}

const char *payment_summary(struct bot_ctx *ctx)
{
    struct payment p;
    struct bot_lines l = { .ctx = ctx };
    if (payment_get(ctx, &p) < 0) return "";
    bot_lines_join(&l, p.text ? bot_cut(ctx, p.text, SHOWN_CHARS)
                              : bot_words(ctx, "payment.no_account"));
    bot_lines_add(&l, cash_text(ctx, &p));
    return l.s;
}

static int is_owner(struct bot_ctx *ctx)
{
    return (ctx->api->number(ctx, "role") & BOT_OWNER) != 0;
}

static const char *with_store(struct bot_ctx *ctx, const char *key)
{
    const struct bot_arg args[] = { bot_text("store", bot_field(ctx, "store.name")) };
    return ctx->api->text(ctx, key, args, 1);
}

static int show(struct bot_ctx *ctx)
{
    struct payment p;
    struct bot_lines l = { .ctx = ctx };
    int rc = payment_get(ctx, &p);
    if (rc < 0) return rc;
    bot_lines_join(&l, with_store(ctx, "payment.header"));
    bot_lines_add(&l, p.text ? text_plain(ctx, p.text) : bot_words(ctx, "payment.none"));
    bot_lines_add(&l, cash_text(ctx, &p));
    bot_lines_add(&l, "");
    bot_lines_add(&l,
                  is_owner(ctx) ? with_store(ctx, "payment.how") : bot_words(ctx, "payment.owner"));
    return bot_lines_reply(&l);
}

/* ---- changing the account -------------------------------------------------------------------- */

/* "Sri (0811-0000-0012)" */
static const char *writer(struct bot_ctx *ctx)
{
    char phone[40] = "";
    phone_show(bot_field(ctx, "phone"), phone, sizeof phone);
    const char *name = bot_field(ctx, "name");
    if (!*name || !*phone) return name_or_phone(ctx, name, bot_field(ctx, "phone"));
    return bot_format(ctx, "%s (%s)", name, phone);
}

static int tell_others(struct bot_ctx *ctx, const char *key, const char *text)
{
    const struct bot_arg args[] = { bot_text("who", writer(ctx)),
                                    bot_text("store", bot_field(ctx, "store.name")),
                                    bot_text("text", text) };
    const struct bot_send send = {
        .size = sizeof send,
        .role = BOT_STORE_ADMIN,
        .except = ctx->api->number(ctx, "person"),
        .text = ctx->api->text(ctx, key, args, BOT_COUNT(args)),
    };
    int rc = ctx->api->send(ctx, &send);
    return rc == BOT_ENOENT ? BOT_OK : rc; /* he is the only one */
}

static int account_set(struct bot_ctx *ctx, const char *text)
{
    const struct bot_arg args[] = { bot_text("payment", text) };
    int rc = ctx->api->db(ctx, SQL_SET, args, 1, NULL);
    if (rc < 0) return rc;
    if (ctx->api->changes(ctx) == 0) return bot_say_words(ctx, "payment.same");
    rc = ctx->api->audit(ctx, "store.payment", "set");
    if (rc >= 0) rc = tell_others(ctx, "payment.notice", text);
    return rc < 0 ? rc : bot_say_with(ctx, "payment.set", "text", text);
}

static int account_remove(struct bot_ctx *ctx)
{
    struct payment p;
    int rc = ctx->api->db(ctx, SQL_REMOVE, NULL, 0, NULL);
    if (rc < 0) return rc;
    if (ctx->api->changes(ctx) == 0) {
        if ((rc = payment_get(ctx, &p)) < 0) return rc;
        return bot_say_words(ctx, p.text ? "payment.keep" : "payment.nothing");
    }
    rc = ctx->api->audit(ctx, "store.payment", "removed");
    if (rc >= 0) rc = tell_others(ctx, "payment.notice_removed", "");
    return rc < 0 ? rc : bot_say_words(ctx, "payment.removed");
}

/* ---- cash ------------------------------------------------------------------------------------ */

static int cash_switch(struct bot_ctx *ctx, int on)
{
    int rc = ctx->api->db(ctx, on ? SQL_CASH_ON : SQL_CASH_OFF, NULL, 0, NULL);
    if (rc < 0) return rc;
    /* Without a row it is on. */
    if (!on && ctx->api->changes(ctx) == 0) return bot_reply(ctx, with_store(ctx, "payment.need"));
    rc = ctx->api->audit(ctx, "store.payment", on ? "cash=on" : "cash=off");
    return rc < 0 ? rc : bot_say_words(ctx, on ? "payment.cash_is_on" : "payment.cash_is_off");
}

static int is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bot_is_word(text, words[i])) return 1;
    return 0;
}

/* "tunai off": 1 on, 0 off, BOT_EINVAL: of cash, but what? BOT_ENOENT: something else. */
static int cash_wanted(struct bot_ctx *ctx, const char *text)
{
    static const char *const cash[] = { "tunai", "cash", "cod" };
    static const char *const on[] = { "on", "nyala", "aktif", "hidup", "ya", "yes" };
    static const char *const off[] = { "off", "mati", "nonaktif", "tidak", "no" };
    size_t n = strcspn(text, " \n");
    const char *rest = text + n + strspn(text + n, " \n");
    if (!is_one_of(bot_format(ctx, "%.*s", (int)n, text), cash, BOT_COUNT(cash))) return BOT_ENOENT;
    if (is_one_of(rest, on, BOT_COUNT(on))) return 1;
    if (is_one_of(rest, off, BOT_COUNT(off))) return 0;
    return strpbrk(rest, " \n") ? BOT_ENOENT : BOT_EINVAL; /* "Tunai di kasir, atau BCA ..." */
}

/* ---- /pembayaran ------------------------------------------------------------------------------
 */

/* 1: a mark that nobody sees, or that turns a line around: an account number is what it looks like.
 */
static int is_unseen(const char *s)
{
    static const char *const marks[] = { "\xC2\xAD",     "\xEF\xBB\xBF", "\xE2\x80\x8B",
                                         "\xE2\x80\x8C", "\xE2\x80\x8E", "\xE2\x80\x8F" };
    const unsigned char *c = (const unsigned char *)s;
    for (size_t i = 0; i < BOT_COUNT(marks); i++)
        if (strncmp(s, marks[i], strlen(marks[i])) == 0) return 1;
    if (c[0] == 0xE2 && c[1] == 0x80) return c[2] >= 0xA8 && c[2] <= 0xAE;
    return c[0] == 0xE2 && c[1] == 0x81 && c[2] >= 0xA0 && c[2] <= 0xAF;
}

static size_t bytes_of(const char *s)
{
    size_t n = 1;
    while (((unsigned char)s[n] & 0xC0) == 0x80) n++;
    return n;
}

/* Runs of blanks become one, empty lines go, *count is how many characters are left. */
static char *clean(struct bot_ctx *ctx, const char *text, size_t *count)
{
    char *out = ctx->api->alloc(ctx, strlen(text) + 1), *to = out, gap = '\0';
    *count = 0;
    for (size_t n; *text; text += n) {
        unsigned char c = (unsigned char)*text;
        n = bytes_of(text);
        if (c <= ' ' || c == 0x7F || strncmp(text, "\xC2\xA0", 2) == 0) {
            if (gap != '\n') gap = c == '\n' ? '\n' : ' ';
            continue;
        }
        if (is_unseen(text)) continue;
        if (gap && *count) *to++ = gap, ++*count;
        gap = '\0';
        memcpy(to, text, n);
        to += n;
        ++*count;
    }
    return out;
}

/* One word without a number is a slip ("hapsu"), and no way to pay. */
static int is_account(const char *text)
{
    return strpbrk(text, " \n") || strpbrk(text, "0123456789@/");
}

static int say_long(struct bot_ctx *ctx, size_t count)
{
    const struct bot_arg args[] = { bot_int("max", PAYMENT_CHARS),
                                    bot_int("count", (int64_t)count) };
    return bot_say(ctx, "payment.long", args, BOT_COUNT(args));
}

int set_payment(struct bot_ctx *ctx)
{
    static const char *const removes[] = { "hapus", "remove", "delete" };
    size_t count;
    const char *text = clean(ctx, bot_field(ctx, "rest"), &count);
    if (count == 0) return show(ctx);
    if (!is_owner(ctx)) return bot_say_words(ctx, "payment.owner");
    if (count > PAYMENT_CHARS) return say_long(ctx, count);
    if (is_one_of(text, removes, BOT_COUNT(removes))) return account_remove(ctx);
    int cash = cash_wanted(ctx, text);
    if (cash >= 0) return cash_switch(ctx, cash);
    if (cash == BOT_EINVAL || !is_account(text))
        return bot_reply(ctx, with_store(ctx, "payment.usage"));
    return account_set(ctx, text);
}
