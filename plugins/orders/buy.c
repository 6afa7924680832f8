/* SPDX-License-Identifier: MIT
 *
 * buy.c - "pesan 2 kopi susu dan 1 teh": each thing is looked for among what the store sells and
 * put into the cart. What is not clear is asked, one after the other, what could not be found is
 * said; the rest goes on. Nobody is given what he did not mean: only a sure match is taken. */
#include <stdlib.h>

#include "cart.h"
#include "wish.h"

#define OPTIONS_MAX 10

/* ---- one thing ------------------------------------------------------------------------------- */

/* What came of the wishes of one message. */
struct shopping {
    struct bot_ctx *ctx;
    struct bot_lines said; /* what was put in, and what could not be */
    int added;
    struct wish *rest; /* behind the one that has to be asked about */
    size_t rest_count;
    int more; /* than can be read at once */
};

static void tell(struct shopping *s, const char *key, const char *name, int64_t stock,
                 int64_t count)
{
    const struct bot_arg args[] = {
        bot_text("name", name),
        bot_int("stock", stock),
        bot_int("count", count),
        bot_int("lines", CART_LINES),
    };
    bot_lines_add(&s->said, s->ctx->api->text(s->ctx, key, args, BOT_COUNT(args)));
}

/* Puts it in, as far as there is enough of it. */
static int put_in(struct shopping *s, const struct bot_item *item, int64_t count)
{
    struct bot_ctx *ctx = s->ctx;
    const char *name = item_name(ctx, item->name, item->label);
    int64_t has = cart_count(ctx, item->product, item->variant);
    if (has < 0) return (int)has;
    if (item->stock == 0) {
        tell(s, "buy.sold_out", name, 0, count);
        return BOT_OK;
    }
    if (item->stock != BOT_STOCK_UNCOUNTED && has + count > item->stock) {
        tell(s, has ? "buy.too_few_more" : "buy.too_few", name, item->stock, has);
        return BOT_OK;
    }
    int rc = count > COUNT_MAX ? BOT_EBUSY : cart_add(ctx, item, count);
    if (rc == BOT_EBUSY) {
        tell(s, "buy.full", name, 0, count);
        return BOT_OK;
    }
    if (rc < 0) return rc;
    s->added = 1;
    tell(s, "buy.added", name, 0, count);
    return BOT_OK;
}

/* ---- asking which ---------------------------------------------------------------------------- */

/* The rest of the message, as it can be read again: "#7/2 x3" or "3x kopi susu", in lines. */
static const char *rest_text(struct shopping *s)
{
    struct bot_ctx *ctx = s->ctx;
    struct bot_lines l = { .ctx = ctx };
    for (size_t i = 0; i < s->rest_count; i++) {
        const struct wish *w = &s->rest[i];
        if (w->product)
            bot_lines_add(&l, bot_format(ctx, "#%lld/%lld x%lld", (long long)w->product,
                                         (long long)w->variant, (long long)w->count));
        else if (w->trailing)
            bot_lines_add(&l, w->words);
        else
            bot_lines_add(&l, bot_format(ctx, "%lldx %s", (long long)w->count, w->words));
    }
    return l.s ? l.s : "";
}

static const char *option_line(struct bot_ctx *ctx, size_t n, const struct bot_item *item,
                               int of_variants)
{
    const struct bot_arg args[] = {
        bot_int("n", (int64_t)n),
        bot_text("name", of_variants ? item->label : item->name),
        bot_int("price", item->price),
        bot_int("high", item->price_high),
    };
    const char *key = item->stock == 0                 ? "choose.sold_out"
                      : item->price_high > item->price ? "choose.range"
                                                       : "choose.option";
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* Opens the question; `ids` is "7/0 8/0" or "7/1 7/2", `names` what their lines may be called by.
 */
static int ask_which(struct shopping *s, const struct bot_item *items, size_t n, int64_t count,
                     const char *what)
{
    struct bot_ctx *ctx = s->ctx;
    struct bot_lines ids = { .ctx = ctx }, list = { .ctx = ctx }, names = { .ctx = ctx };
    int of_variants = items[0].variant != 0;
    for (size_t i = 0; i < n; i++) {
        bot_lines_add(&ids, bot_format(ctx, "%lld/%lld", (long long)items[i].product,
                                       (long long)items[i].variant));
        bot_lines_add(&names, of_variants ? items[i].label : items[i].name);
        bot_lines_add(&list, option_line(ctx, i + 1, &items[i], of_variants));
    }
    const struct bot_arg args[] = { bot_text("what", bot_cut(ctx, what, 60)) };
    const struct bot_arg slots[] = {
        bot_text("ids", ids.s),
        bot_text("list", list.s),
        bot_text("names", names.s),
        bot_int("count", count),
        bot_text("rest", rest_text(s)),
        bot_text("question",
                 ctx->api->text(ctx, of_variants ? "choose.variant" : "choose.product", args, 1)),
    };
    if (s->more) bot_lines_add(&s->said, bot_words(ctx, "buy.too_many"));
    if (s->said.len) {
        int rc = ctx->api->reply(ctx, s->said.s);
        if (rc < 0) return rc;
    }
    int rc = ctx->api->dialog_start(ctx, "choose", slots, BOT_COUNT(slots));
    return rc < 0 ? rc : BOT_HANDLED;
}

/* ---- variants -------------------------------------------------------------------------------- */

static int is_word_char(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static int same_nocase(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((a[i] >= 'A' && a[i] <= 'Z' ? a[i] + 32 : a[i]) !=
            (b[i] >= 'A' && b[i] <= 'Z' ? b[i] + 32 : b[i]))
            return 0;
    return 1;
}

static int has_word(const char *text, const char *word, size_t n)
{
    for (const char *s = text; *s; s++)
        if ((s == text || !is_word_char(s[-1])) && strlen(s) >= n && same_nocase(s, word, n) &&
            !is_word_char(s[n]))
            return 1;
    return 0;
}

/* How many words the label has when all of them are in the text; 0: one is missing. */
static int label_words(const char *text, const char *label)
{
    int words = 0;
    for (const char *s = label; *s;) {
        while (*s && !is_word_char(*s)) s++;
        size_t n = 0;
        while (is_word_char(s[n])) n++;
        if (n && !has_word(text, s, n)) return 0;
        words += n > 0;
        s += n;
    }
    return words;
}

/* The variant whose label the words name, the longest one; NULL: none, or several. */
static const struct bot_item *variant_named(const struct bot_item *items, size_t n,
                                            const char *text)
{
    const struct bot_item *best = NULL;
    int most = 0;
    for (size_t i = 0; i < n; i++) {
        int words = label_words(text, items[i].label);
        if (words > most)
            best = &items[i];
        else if (words && words == most)
            best = NULL;
        if (words > most) most = words;
    }
    return best;
}

/* ---- finding --------------------------------------------------------------------------------- */

#define VARIANTS_MAX 50

/* A product that has variants: the one that was named, else the question. 1: it was asked. */
static int put_variant(struct shopping *s, const struct bot_item *product, const struct wish *w)
{
    struct bot_ctx *ctx = s->ctx;
    void *owner;
    const struct bot_catalog *catalog = catalog_of(ctx, &owner);
    struct bot_item *items = ctx->api->alloc(ctx, VARIANTS_MAX * sizeof *items);
    items[0].size = sizeof *items;
    int n = catalog->variants(ctx, owner, product->product, items, VARIANTS_MAX);
    if (n <= 0) return n < 0 ? n : BOT_OK;
    if (n > VARIANTS_MAX) n = VARIANTS_MAX;
    const struct bot_item *one = n == 1 ? items : variant_named(items, (size_t)n, w->words);
    if (one) return put_in(s, one, w->count);
    int rc = ask_which(s, items, (size_t)n, w->count, product->name);
    return rc < 0 ? rc : 1;
}

static int put_item(struct shopping *s, const struct bot_item *item, const struct wish *w)
{
    return item->variants && !item->variant ? put_variant(s, item, w) : put_in(s, item, w->count);
}

static int put_by_id(struct shopping *s, const struct wish *w)
{
    void *owner;
    const struct bot_catalog *catalog = catalog_of(s->ctx, &owner);
    struct bot_item item = { .size = sizeof item };
    int rc = catalog->get(s->ctx, owner, w->product, w->variant, &item);
    if (rc == BOT_ENOENT) {
        tell(s, "buy.no_id", bot_format(s->ctx, "%lld", (long long)w->product), 0, 0);
        return BOT_OK;
    }
    return rc < 0 ? rc : put_item(s, &item, w);
}

/* "kopi 2" is two of it, "air max 90" and "kaos 42" are not: the number is in the product's name or
 * in a variant's label. */
static int number_names(struct bot_ctx *ctx, const struct bot_item *item, const char *number)
{
    void *owner;
    const struct bot_catalog *catalog = catalog_of(ctx, &owner);
    if (has_word(item->name, number, strlen(number))) return 1;
    if (!item->variants) return 0;
    struct bot_item *items = ctx->api->alloc(ctx, VARIANTS_MAX * sizeof *items);
    items[0].size = sizeof *items;
    int n = catalog->variants(ctx, owner, item->product, items, VARIANTS_MAX);
    for (int i = 0; i < n && i < VARIANTS_MAX; i++)
        if (has_word(items[i].label, number, strlen(number))) return 1;
    return n < 0 ? n : 0;
}

/* Takes the number at the end for the count, when it is one: 1; 0; or an error. `found`: the best
 * match of all the words, or NULL. */
static int trailing_count(struct bot_ctx *ctx, struct wish *w, const struct bot_item *found)
{
    char *words = bot_copy(ctx, w->words), *space = strrchr(words, ' ');
    if (!space) return 0;
    int names = found ? number_names(ctx, found, space + 1) : 0;
    if (names) return names < 0 ? names : 0;
    *space = '\0';
    w->words = words;
    w->count = w->trailing;
    return 1;
}

/* 1: it was asked which; 0; or an error. */
static int put_by_words(struct shopping *s, struct wish *w)
{
    struct bot_ctx *ctx = s->ctx;
    void *owner;
    const struct bot_catalog *catalog = catalog_of(ctx, &owner);
    struct bot_item items[OPTIONS_MAX] = { { .size = sizeof items[0] } };
    int sure = 0, n = catalog->find(ctx, owner, w->words, items, OPTIONS_MAX, &sure);
    if (n >= 0 && w->trailing) {
        int rc = trailing_count(ctx, w, n ? items : NULL);
        if (rc < 0) return rc;
        if (rc) n = catalog->find(ctx, owner, w->words, items, OPTIONS_MAX, &sure);
    }
    if (n < 0) return n;
    if (n == 0) {
        tell(s, "buy.not_found", bot_cut(ctx, w->words, 60), 0, 0);
        return BOT_OK;
    }
    if (sure) return put_item(s, items, w);
    int rc = ask_which(s, items, (size_t)(n > 5 ? 5 : n), w->count, w->words);
    return rc < 0 ? rc : 1;
}

/* The same. */
static int put_wish(struct shopping *s, struct wish *w)
{
    const char *id = bot_format(s->ctx, "#%lld", (long long)w->product);
    if (w->count == 0) {
        tell(s, "buy.how_many", w->product ? id : bot_cut(s->ctx, w->words, 60), 0, 0);
        return BOT_OK;
    }
    return w->product ? put_by_id(s, w) : put_by_words(s, w);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* 1: the whole text is in the name of one thing, such as "Paket Nasi + Ayam": *out is that. */
static int is_one_name(struct bot_ctx *ctx, const char *text, struct wish *out)
{
    void *owner;
    const struct bot_catalog *catalog = catalog_of(ctx, &owner);
    struct bot_item item = { .size = sizeof item };
    int sure = 0;
    wish_whole(bot_copy(ctx, text), out);
    if (out->product) return 0;
    int n = catalog->find(ctx, owner, out->words, &item, 1, &sure);
    return n <= 0 ? n : sure && has_word(item.name, out->words, strlen(out->words));
}

int buy_words(struct bot_ctx *ctx, const char *text, int *asked)
{
    struct wish *wishes = ctx->api->alloc(ctx, WISHES_MAX * sizeof *wishes);
    struct shopping s = { .ctx = ctx, .said = { .ctx = ctx } };
    *asked = 0;
    size_t n = wish_parse(bot_copy(ctx, text), wishes, &s.more);
    struct wish whole;
    int one = n > 1 && !strchr(text, '\n') ? is_one_name(ctx, text, &whole) : 0;
    if (one < 0) return one;
    if (one) wishes[0] = whole, n = 1;
    if (n == 0) return bot_say_words(ctx, "buy.usage");
    for (size_t i = 0; i < n; i++) {
        s.rest = wishes + i + 1;
        s.rest_count = n - i - 1;
        int rc = put_wish(&s, &wishes[i]);
        if (rc < 0) return rc;
        if ((*asked = rc)) return BOT_HANDLED; /* the question's answer goes on */
    }
    if (s.more) bot_lines_add(&s.said, bot_words(ctx, "buy.too_many"));
    if (!s.added) return bot_lines_reply(&s.said);
    return cart_show(ctx, s.said.s);
}

int buy_said(struct bot_ctx *ctx, const char *words)
{
    int asked;
    return buy_words(ctx, words, &asked);
}

int buy_command(struct bot_ctx *ctx)
{
    return in_group(ctx) ? bot_say_words(ctx, "group") : buy_said(ctx, bot_field(ctx, "rest"));
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* The n-th line of `list`, and how long it is; NULL: there is none. */
static const char *nth_line(const char *list, int64_t n, size_t *len)
{
    for (; n > 1 && list; n--) {
        list = strchr(list, '\n');
        if (list) list++;
    }
    if (!list || !*list) return NULL;
    *len = strcspn(list, "\n");
    return list;
}

/* The only name that has all the words of the answer; 0: none, or several. */
static int64_t line_with(struct bot_ctx *ctx, const char *list, const char *text)
{
    int64_t found = 0;
    size_t len;
    const char *line;
    for (int64_t i = 1; (line = nth_line(list, i, &len)); i++) {
        if (!label_words(bot_format(ctx, "%.*s", (int)len, line), text)) continue;
        if (found) return 0;
        found = i;
    }
    return found;
}

/* A number of the list, or words that are in one of its lines; YA to the only one. */
int choose_check(struct bot_ctx *ctx, const char **value)
{
    const char *ids = bot_field(ctx, "slot.ids"), *rest = "";
    size_t len;
    int64_t n = number_at(*value, VARIANTS_MAX, &rest);
    const char *id = n && !*rest ? nth_line(ids, n, &len) : NULL;
    if (!id) n = line_with(ctx, bot_field(ctx, "slot.names"), *value); /* "42" may be a size */
    if (!n && ctx->api->yes_no(*value) == 1 && !strchr(ids, '\n')) n = 1;
    if (!id && n) id = nth_line(ids, n, &len);
    if (!id) return is_aside(*value) ? BOT_ENOENT : BOT_EINVAL;
    *value = bot_format(ctx, "%.*s", (int)len, id);
    return BOT_OK;
}

int choose_done(struct bot_ctx *ctx)
{
    const char *id = bot_field(ctx, "slot.which"), *rest = bot_field(ctx, "slot.rest");
    char *text = ctx->api->alloc(ctx, strlen(id) + strlen(rest) + 40);
    sprintf(text, "#%s x%lld%s%s", id, (long long)ctx->api->number(ctx, "slot.count"),
            *rest ? "\n" : "", rest);
    return buy_said(ctx, text);
}
