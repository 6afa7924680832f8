/* SPDX-License-Identifier: MIT
 *
 * product_list.c - what customers see: /lihat_produk, and the answer to a message that is no
 * command. The list is the most frequent answer of the whole bot: one SELECT from one index, one
 * buffer, no write. Whether there is another page is seen by asking for one row more; nothing is
 * counted. */
#include <string.h>

#include <tokobot/services/profile.h>

#include "catalog.h"
#include "form.h"
#include "photo.h"
#include "view.h"
#include "words.h"

#define PAGE_MAX    1000 /* the rows before a page are stepped over in the index */
#define FOUND_MAX   100  /* matches of a search that can be paged through */
#define SUGGESTIONS 5    /* products in an answer to a customer */
#define QUERY_CHARS 60   /* of somebody's words in our answer */
#define NAME_CHARS  40   /* of somebody's own name in a greeting */

static struct catalog *catalog_of(struct bot_ctx *ctx)
{
    return ctx->state;
}

/* ---- the page somebody saw last -------------------------------------------------------------- */

static struct catalog_seen *seen_of(struct bot_ctx *ctx)
{
    uint64_t person = (uint64_t)ctx->api->number(ctx, "person");
    uint64_t store = (uint64_t)ctx->api->number(ctx, "store");
    uint64_t hash = (person * UINT64_C(0x9E3779B97F4A7C15) + store) * UINT64_C(0xC2B2AE3D27D4EB4F);
    struct catalog_seen *seen = &catalog_of(ctx)->seen[(hash >> 32) & (CATALOG_SEEN - 1)];
    if (seen->person != (int64_t)person || seen->store != (int64_t)store)
        *seen = (struct catalog_seen){ .person = (int64_t)person, .store = (int64_t)store };
    return seen;
}

int64_t page_size(struct bot_ctx *ctx)
{
    return catalog_of(ctx)->page_size;
}

int64_t seen_product(struct bot_ctx *ctx)
{
    return seen_of(ctx)->product;
}

void seen_set(struct bot_ctx *ctx, enum seen_kind kind, const char *query, int64_t page)
{
    struct catalog_seen *seen = seen_of(ctx);
    size_t n = strlen(query);
    if (n >= sizeof seen->query) page = 0, n = 0, kind = SEEN_ALL;
    seen->kind = kind;
    seen->product = 0;
    memcpy(seen->query, query, n);
    seen->query[n] = '\0';
    seen->page = page;
    seen->event = ctx->api->number(ctx, "event");
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Adds up to `limit` products to v; 1 when there are more, 0, or an error. *shown: how many. */
static int page_add(struct bot_ctx *ctx, struct view *v, int64_t limit, int64_t offset,
                    int64_t *shown)
{
    struct bot_rows *rows = NULL;
    int rc = product_page(ctx, limit + 1, offset, &rows);
    if (rc < 0) return rc;
    for (*shown = 0; (rc = ctx->api->row_next(rows)) == BOT_ROW && *shown < limit; ++*shown) {
        struct product product;
        product_of_row(ctx, rows, &product);
        view_line(v, &product);
    }
    return rc == BOT_ROW ? 1 : rc;
}

/* The only match, in full; a photo is offered, not sent: the answer is one text. */
static int one_add(struct bot_ctx *ctx, struct view *v, const struct product *product)
{
    view_text(v, "\n");
    view_card(v, product);
    int64_t photo = photo_of(ctx, product->id);
    if (photo <= 0) return (int)photo;
    view_text(v, "\n\n");
    view_text(v, ctx->api->text(ctx, "photo.offer", NULL, 0));
    return BOT_OK;
}

/* Adds the products of found[0..n) that are still there, a single one in full. Returns how many, or
 * an error. */
static int found_add(struct bot_ctx *ctx, struct view *v, const struct bot_found *found, int n)
{
    int shown = 0;
    for (int i = 0; i < n; i++) {
        struct product product;
        int rc = product_get(ctx, found[i].id, &product);
        if (rc == BOT_ENOENT) continue;
        if (rc < 0) return rc;
        if (n == 1) {
            if ((rc = one_add(ctx, v, &product)) < 0) return rc;
        } else {
            view_line(v, &product);
        }
        shown++;
    }
    return shown;
}

static void view_header(struct view *v, const char *key, const char *word)
{
    struct bot_ctx *ctx = v->ctx;
    const struct bot_arg args[] = {
        bot_text("store", ctx->api->field(ctx, "store.name")),
        bot_text("word", text_cut(ctx, word, QUERY_CHARS)),
    };
    view_text(v, ctx->api->text(ctx, key, args, BOT_COUNT(args)));
}

/* How to see more: `command` is what shows the next page. */
static void view_more(struct view *v, const char *key, int64_t page)
{
    const struct bot_arg args[] = { bot_int("page", page) };
    view_text(v, "\n\n");
    view_text(v, v->ctx->api->text(v->ctx, key, args, BOT_COUNT(args)));
}

/* What other plugins offer to do with a product, such as to order it. */
static int view_hint(struct view *v)
{
    const char *hint = v->ctx->api->gather(v->ctx, "catalog.hint");
    if (!hint) return BOT_FAIL;
    if (!*hint) return BOT_OK;
    view_text(v, "\n\n");
    view_text(v, hint);
    return BOT_OK;
}

static int say_empty(struct bot_ctx *ctx, const char *before)
{
    struct view v = { .ctx = ctx };
    view_text(&v, before);
    view_header(&v, is_store_admin(ctx) ? "list.empty_admin" : "list.empty", "");
    return view_reply(&v);
}

/* ---- greeting -------------------------------------------------------------------------------- */

static const char *who(struct bot_ctx *ctx)
{
    const char *name = ctx->api->field(ctx, "name");
    char *clean = text_copy(ctx, name ? name : "");
    if (words_clean(clean, 0) == 0) return ctx->api->text(ctx, "who.unnamed", NULL, 0);
    const struct bot_arg args[] = { bot_text("name", text_cut(ctx, clean, NAME_CHARS)) };
    return ctx->api->text(ctx, "who.named", args, BOT_COUNT(args));
}

static void view_greeting(struct view *v, int is_new)
{
    struct bot_ctx *ctx = v->ctx;
    const struct bot_arg args[] = {
        bot_text("who", who(ctx)),
        bot_text("store", ctx->api->field(ctx, "store.name")),
    };
    const struct bot_profile *profile =
        is_new ? ctx->api->service(ctx->api->self(ctx), "profile/0", NULL) : NULL;
    const char *own = profile ? profile->greeting(ctx) : NULL;
    const char *key = is_new ? "greet.new" : "greet.known";
    view_text(v, own ? own : ctx->api->text(ctx, key, args, BOT_COUNT(args)));
    view_text(v, is_new ? "\n\n" : "\n");
}

void view_welcome(struct view *v)
{
    if (!v->with_id && catalog_of(v->ctx)->people->is_new(v->ctx)) view_greeting(v, 1);
}

/* ---- /lihat_produk --------------------------------------------------------------------------- */

static int list_all(struct bot_ctx *ctx, int64_t page)
{
    int64_t size = catalog_of(ctx)->page_size, shown = 0;
    if (page < 1 || page > PAGE_MAX) {
        const struct bot_arg args[] = { bot_int("page", page) };
        return bot_say(ctx, "list.no_page", args, BOT_COUNT(args));
    }
    struct view v = view_start(ctx);
    view_welcome(&v);
    size_t before = v.len;
    view_header(&v, "list.header", "");
    int more = page_add(ctx, &v, size, (page - 1) * size, &shown);
    if (more < 0) return more;
    if (shown == 0 && page == 1) {
        if (v.s) v.s[before] = '\0';
        return say_empty(ctx, v.s);
    }
    if (shown == 0) {
        const struct bot_arg args[] = { bot_int("page", page) };
        return bot_say(ctx, "list.no_page", args, BOT_COUNT(args));
    }
    if (more) view_more(&v, "list.more", page + 1);
    seen_set(ctx, SEEN_ALL, "", page);
    return view_reply(&v);
}

/* Nothing fits: says so, and shows what there is. */
static int list_none(struct bot_ctx *ctx, const char *query)
{
    struct view v = view_start(ctx);
    view_welcome(&v);
    size_t before = v.len;
    int64_t shown = 0;
    view_header(&v, "search.none", query);
    int more = page_add(ctx, &v, SUGGESTIONS, 0, &shown);
    if (more < 0) return more;
    if (shown == 0) {
        v.s[before] = '\0';
        return say_empty(ctx, v.s);
    }
    if (more) view_more(&v, "search.all", 1);
    return view_reply(&v);
}

static int list_found(struct bot_ctx *ctx, const char *query, int64_t page)
{
    int size = (int)catalog_of(ctx)->page_size;
    struct bot_found found[FOUND_MAX];
    int first = page > FOUND_MAX ? FOUND_MAX : (int)(page - 1) * size;
    int want = first + size + 1 > FOUND_MAX ? FOUND_MAX : first + size + 1;
    int n = ctx->api->search_find(ctx, "products", query, found, (size_t)want);
    if (n < 0) return n;
    if (n == 0) return list_none(ctx, query);
    if (n <= first) {
        const struct bot_arg args[] = { bot_int("page", page) };
        return bot_say(ctx, "list.no_page", args, BOT_COUNT(args));
    }
    struct view v = view_start(ctx);
    view_welcome(&v);
    view_header(&v, "search.header", query);
    int count = n - first > size ? size : n - first;
    int shown = found_add(ctx, &v, found + first, count);
    if (shown < 0) return shown;
    if (shown == 0) return list_none(ctx, query);
    if (n - first > size) view_more(&v, "search.more", page + 1);
    seen_set(ctx, SEEN_FOUND, query, page);
    if (count == 1) seen_of(ctx)->product = found[first].id;
    return view_reply(&v);
}

/* "kategori sepatu": what stands behind the word, or NULL. */
static const char *category_asked(const char *query)
{
    static const char *const words[] = { "kategori ", "Kategori ", "category ", "Category " };
    for (size_t i = 0; i < BOT_COUNT(words); i++)
        if (strncmp(query, words[i], strlen(words[i])) == 0) return query + strlen(words[i]);
    return NULL;
}

int list_products(struct bot_ctx *ctx)
{
    const char *word = ctx->api->field(ctx, "arg.kata");
    if (!word || !*word) return list_all(ctx, 1);
    char *query = text_copy(ctx, word);
    int64_t page = 0;
    if (words_clean(query, 0) == 0) return list_all(ctx, 1);
    if (words_count_parse(query, PAGE_MAX, &page) == 0) return list_all(ctx, page);
    const char *category = category_asked(query);
    if (category) return show_category(ctx, category);
    return list_found(ctx, query, 1);
}

/* ---- a message that is no command ------------------------------------------------------------ */

static int is_next_word(const char *text)
{
    static const char *const words[] = { "lanjut",     "lanjutkan", "lagi", "selanjutnya",
                                         "berikutnya", "next",      "more" };
    char word[16];
    if (strlen(text) >= sizeof word) return 0;
    strcpy(word, text);
    words_fold(word);
    for (size_t i = 0; i < BOT_COUNT(words); i++)
        if (strcmp(word, words[i]) == 0) return 1;
    return 0;
}

/* The page after the one that was seen; page 2 when that is forgotten, as after a restart. */
static int list_next(struct bot_ctx *ctx)
{
    const struct catalog_seen *seen = seen_of(ctx);
    int64_t page = seen->page < 1 ? 2 : seen->page + 1;
    if (seen->page > 0 && seen->event != 0 && seen->event == ctx->api->number(ctx, "event"))
        page = seen->page; /* this very message, run again */
    switch (seen->kind) {
    case SEEN_FOUND:
        return list_found(ctx, text_copy(ctx, seen->query), page);
    case SEEN_LOW:
        return is_store_admin(ctx) ? list_low(ctx, page) : list_all(ctx, page);
    case SEEN_CATEGORY:
        return answer_category(ctx, text_copy(ctx, seen->query), page);
    default:
        return list_all(ctx, page);
    }
}

/* 1: the text is the category of one of these, and nothing else. */
static int is_category(struct bot_ctx *ctx, const char *text, const struct bot_found *found, int n)
{
    char *asked = text_copy(ctx, text);
    if (strlen(asked) > QUERY_CHARS) return 0;
    words_fold(asked);
    for (int i = 0; i < n; i++) {
        struct product product;
        int rc = product_get(ctx, found[i].id, &product);
        if (rc == BOT_ENOENT) continue;
        if (rc < 0) return rc;
        char *category = text_copy(ctx, product.category);
        words_fold(category);
        if (strcmp(asked, category) == 0) return 1;
    }
    return 0;
}

/* Greeting and best matching products in one text. */
static int greet_and_offer(struct bot_ctx *ctx, const char *text)
{
    struct view v = view_start(ctx);
    view_greeting(&v, catalog_of(ctx)->people->is_new(ctx) == 1);
    size_t greeted = v.len;
    struct bot_found found[SUGGESTIONS];
    int n = ctx->api->search_find(ctx, "products", text, found, SUGGESTIONS);
    if (n < 0) return n;
    int category = n > 1 ? is_category(ctx, text, found, n) : 0;
    if (category < 0) return category;
    if (category) return show_category(ctx, text);
    if (n > 0) {
        view_header(&v, "offer.found", "");
        int shown = found_add(ctx, &v, found, n);
        if (shown < 0) return shown;
        if (shown > 0) {
            seen_of(ctx)->product = n == 1 ? found[0].id : 0;
            v.rc = view_hint(&v);
            return v.rc ? v.rc : view_reply(&v);
        }
        v.len = greeted;
    }
    int64_t shown = 0;
    view_header(&v, "offer.some", "");
    int more = page_add(ctx, &v, SUGGESTIONS, 0, &shown);
    if (more < 0) return more;
    if (shown == 0) {
        v.s[greeted] = '\0';
        return say_empty(ctx, v.s);
    }
    view_more(&v, more ? "offer.more" : "offer.hint", 1);
    v.rc = view_hint(&v);
    return v.rc ? v.rc : view_reply(&v);
}

/* A form without its command: an admin whose question timed out, or who forgot the first line. */
static int is_form(struct bot_ctx *ctx, const char *text)
{
    struct form form = { 0 };
    form_parse(&form, text_copy(ctx, text));
    return form.lines >= 2;
}

int answer_customer(struct bot_ctx *ctx)
{
    const char *text = ctx->api->field(ctx, "text");
    if (ctx->api->number(ctx, "store") == 0 || !text) return BOT_PASS;
    if (!*text && ctx->api->field(ctx, "media.kind"))
        return BOT_PASS; /* a picture is no greeting */
    if (is_next_word(text)) return list_next(ctx);
    int rc = answer_photo(ctx, text);
    if (rc != BOT_PASS) return rc;
    if (is_store_admin(ctx) && is_form(ctx, text)) return bot_say(ctx, "add.form_alone", NULL, 0);
    return greet_and_offer(ctx, text);
}
