/* SPDX-License-Identifier: MIT
 *
 * customers.c - the customers of the store: /lihat_customer, /blokir, /buka_blokir. An ID that is
 * missing and one of another store get the same sentence. */
#include <string.h>

#include "phones.h"
#include "store_admin.h"

enum { PAGE = 10, PAGE_MAX = 500, QUERY_CHARS = 60 };

/* ---- one of them
 * ---------------------------------------------------------------------------------- */

const char *name_or_phone(struct bot_ctx *ctx, const char *name, const char *phone)
{
    char shown[32];
    if (name && *name) return name;
    phone_show(phone, shown, sizeof shown);
    return *shown ? bot_format(ctx, "%s", shown) : bot_words(ctx, "unnamed");
}

int customer_find(struct bot_ctx *ctx, const char *who, struct bot_customer *out)
{
    out->size = sizeof *out;
    if (phone_like(who)) {
        char phone[32];
        if (people_of(ctx)->phone_parse(who, phone, sizeof phone) < 0) return BOT_ENOENT;
        int n = people_of(ctx)->customers(ctx, phone, 0, out, 1);
        return n < 0 ? n : n ? BOT_OK : BOT_ENOENT;
    }
    int64_t id = id_of(who);
    return id ? people_of(ctx)->customer(ctx, id, out) : BOT_ENOENT;
}

static const char *customer_text(struct bot_ctx *ctx, const char *key, const struct bot_customer *c)
{
    char phone[32];
    phone_show(c->phone, phone, sizeof phone);
    const char *blocked = bot_format(ctx, " %s", bot_words(ctx, "customer.blocked_mark"));
    const struct bot_arg args[] = {
        bot_text("name", *c->name ? c->name : bot_words(ctx, "unnamed")),
        bot_text("phone", *phone ? phone : bot_words(ctx, "hidden_number")),
        bot_int("id", c->id),
        bot_int("first", c->first_seen),
        bot_int("last", c->last_seen),
        bot_text("blocked", c->blocked ? blocked : ""),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* What other plugins know of him; NULL when one of them failed. */
static const char *known_elsewhere(struct bot_ctx *ctx, const struct bot_customer *c,
                                   const char *event)
{
    struct store_admin *mine = ctx->state;
    mine->shown = c->id;
    const char *more = ctx->api->gather(ctx, event);
    mine->shown = 0;
    return more;
}

static int say_card(struct bot_ctx *ctx, const struct bot_customer *c)
{
    const char *more = known_elsewhere(ctx, c, "customer.card");
    if (!more) return BOT_FAIL;
    int rc = ctx->api->reply(ctx, customer_text(ctx, "customer.card", c));
    if (rc >= 0 && *more) rc = ctx->api->reply(ctx, more);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* ---- the list
 * --------------------------------------------------------------------------------------- */

struct search {
    int64_t page;
    const char *query; /* "" = all */
};

/* "hal 2 budi": the page's number is taken off the front. */
static void read_search(const char *text, struct search *out)
{
    static const char *const words[] = { "halaman", "hal", "page", "hlm" };
    *out = (struct search){ 1, text };
    for (size_t i = 0; i < BOT_COUNT(words); i++) {
        const char *rest = bot_behind(text, words[i]);
        if (!rest || (*rest && *rest != ' ')) continue;
        const char *number = rest + strspn(rest, " ");
        size_t digits = strspn(number, "0123456789");
        if (!digits || digits > 4 || (number[digits] && number[digits] != ' ')) return;
        out->page = 0;
        for (size_t d = 0; d < digits; d++) out->page = out->page * 10 + number[d] - '0';
        out->query = number + digits + strspn(number + digits, " ");
        return;
    }
}

static int say_none(struct bot_ctx *ctx, const struct search *s)
{
    const struct bot_arg args[] = {
        bot_int("page", s->page),
        bot_text("query", bot_cut(ctx, s->query, QUERY_CHARS)),
        bot_int("count", people_of(ctx)->members(ctx)),
    };
    const char *key = s->page != 1 ? "customer.no_page"
                      : *s->query  ? "customer.none_like"
                                   : "customer.none";
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

static int show_page(struct bot_ctx *ctx, const struct search *s)
{
    struct bot_customer list[PAGE + 1];
    struct bot_lines l = { .ctx = ctx };
    memset(list, 0, sizeof list);
    for (size_t i = 0; i < BOT_COUNT(list); i++) list[i].size = sizeof list[i];
    if (s->page < 1 || s->page > PAGE_MAX) return say_none(ctx, s);
    int n = people_of(ctx)->customers(ctx, *s->query ? s->query : NULL, (s->page - 1) * PAGE, list,
                                      BOT_COUNT(list));
    if (n < 0) return n;
    if (n == 0) return say_none(ctx, s);
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("query", bot_cut(ctx, s->query, QUERY_CHARS)),
        bot_int("page", s->page + 1),
        bot_int("count", people_of(ctx)->members(ctx)),
    };
    bot_lines_add(&l, ctx->api->text(ctx, *s->query ? "customer.found" : "customer.header", args,
                                     BOT_COUNT(args)));
    for (int i = 0; i < n && i < PAGE; i++) {
        const char *more = known_elsewhere(ctx, &list[i], "customer.line");
        if (!more) return BOT_FAIL;
        bot_lines_add(&l, "");
        bot_lines_add(&l, customer_text(ctx, "customer.line", &list[i]));
        if (*more) bot_lines_add(&l, more);
    }
    bot_lines_add(&l, "");
    if (n > PAGE)
        bot_lines_add(&l, ctx->api->text(ctx, *s->query ? "customer.more_found" : "customer.more",
                                         args, BOT_COUNT(args)));
    bot_lines_add(&l, ctx->api->text(ctx, "customer.total", args, BOT_COUNT(args)));
    return bot_lines_reply(&l);
}

int list_customers(struct bot_ctx *ctx)
{
    struct search s;
    struct bot_customer c = { .size = sizeof c };
    read_search(bot_field(ctx, "arg.cari"), &s);
    int is_number = *s.query && (phone_like(s.query) ? 1 : id_of(s.query) > 0);
    if (!is_number || s.page > 1) return show_page(ctx, &s);
    int rc = customer_find(ctx, s.query, &c);
    if (rc == BOT_ENOENT)
        return bot_say_with(ctx, "customer.unknown", "who", bot_cut(ctx, s.query, QUERY_CHARS));
    return rc < 0 ? rc : say_card(ctx, &c);
}

/* ---- blocking
 * --------------------------------------------------------------------------------------- */

/* He is told nothing: who is blocked hears nothing from this store. */
static int set_blocked(struct bot_ctx *ctx, int blocked)
{
    struct bot_customer c;
    const char *who = bot_field(ctx, "arg.siapa");
    if (!*who) return bot_say_words(ctx, blocked ? "usage.block" : "usage.unblock");
    int rc = customer_find(ctx, who, &c);
    if (rc == BOT_ENOENT)
        return bot_say_with(ctx, "customer.unknown", "who", bot_cut(ctx, who, QUERY_CHARS));
    if (rc < 0) return rc;
    rc = people_of(ctx)->block(ctx, c.id, blocked);
    if (rc == BOT_EEXIST)
        return bot_reply(
            ctx, customer_text(ctx, blocked ? "customer.is_blocked" : "customer.not_blocked", &c));
    if (rc < 0) return rc;
    if (blocked && (rc = handover_drop(ctx, c.id)) < 0 && rc != BOT_ENOENT) return rc;
    rc = audit_person(ctx, blocked ? "customer.block" : "customer.unblock", c.id);
    return rc < 0
               ? rc
               : bot_reply(ctx, customer_text(
                                    ctx, blocked ? "customer.blocked" : "customer.unblocked", &c));
}

int block_customer(struct bot_ctx *ctx)
{
    return set_blocked(ctx, 1);
}

int unblock_customer(struct bot_ctx *ctx)
{
    return set_blocked(ctx, 0);
}
