/* SPDX-License-Identifier: MIT
 *
 * view.c - how products look in a message. Lists are the most frequent answer of all, so they are
 * written into one buffer, with the few words they need asked for once a message and not once a
 * line. */
#include "view.h"

#include <string.h>

#include "rupiah.h"
#include "variant.h"
#include "words.h"

int is_store_admin(struct bot_ctx *ctx)
{
    return (ctx->api->number(ctx, "role") & BOT_STORE_ADMIN) != 0;
}

const char *text_cut(struct bot_ctx *ctx, const char *text, size_t chars)
{
    static const char more[] = "\xE2\x80\xA6";
    size_t n = words_prefix(text, chars);
    if (text[n] == '\0') return text;
    char *cut = ctx->api->alloc(ctx, n + sizeof more);
    memcpy(cut, text, n);
    memcpy(cut + n, more, sizeof more);
    return cut;
}

struct view view_start(struct bot_ctx *ctx)
{
    struct view v = { .ctx = ctx };
    v.stock = ctx->api->text(ctx, "word.stock", NULL, 0);
    v.sold_out = ctx->api->text(ctx, "word.sold_out", NULL, 0);
    v.with_id = is_store_admin(ctx);
    return v;
}

/* ---- the buffer ------------------------------------------------------------------------------ */

/* Room for n more bytes and the NUL. */
static char *view_room(struct view *v, size_t n)
{
    if (v->len + n + 1 > v->cap) {
        size_t cap = v->cap * 2 > v->len + n + 1 ? v->cap * 2 : v->len + n + 1025;
        char *s = v->ctx->api->alloc(v->ctx, cap);
        if (v->len > 0) memcpy(s, v->s, v->len);
        v->s = s;
        v->cap = cap;
    }
    return v->s + v->len;
}

void view_reserve(struct view *v, size_t bytes)
{
    view_room(v, bytes);
}

static void view_bytes(struct view *v, const char *s, size_t n)
{
    memcpy(view_room(v, n), s, n);
    v->len += n;
    v->s[v->len] = '\0';
}

void view_text(struct view *v, const char *text)
{
    view_bytes(v, text, strlen(text));
}

static int is_word(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* As the host fills {name} into a text: a mark becomes its look-alike, unless it stands between two
 * letters or digits, where it formats nothing. */
void view_plain(struct view *v, const char *text)
{
    static const char marks[] = "*_~`";
    static const char *const look_alikes[] = { "\xE2\x88\x97", "\xEF\xBC\xBF", "\xE2\x88\xBC",
                                               "\xC2\xB4" };
    for (const char *s = text; *s;) {
        size_t n = strcspn(s, marks);
        view_bytes(v, s, n);
        s += n;
        if (!*s) return;
        if (s > text && is_word(s[-1]) && is_word(s[1]))
            view_bytes(v, s, 1);
        else
            view_text(v, look_alikes[strchr(marks, *s) - marks]);
        s++;
    }
}

void view_number(struct view *v, int64_t number)
{
    char digits[24];
    int at = sizeof digits;
    do digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    view_bytes(v, digits + at, sizeof digits - (size_t)at);
}

static void view_rupiah(struct view *v, int64_t rupiah)
{
    char text[32];
    view_bytes(v, text, (size_t)rupiah_write(rupiah, text));
}

/* ---- products -------------------------------------------------------------------------------- */

/* "Stok: 10" or "Stok habis", with `before` in front; nothing when nobody counts it. */
static void view_stock(struct view *v, const char *before, int64_t stock)
{
    if (stock == PRODUCT_UNCOUNTED) return;
    view_text(v, before);
    if (stock == 0) {
        view_text(v, v->sold_out);
        return;
    }
    view_text(v, v->stock);
    view_text(v, ": ");
    view_number(v, stock);
}

static const char dot[] = " \xC2\xB7 "; /* U+00B7 */

/* "Rp150.000", or "Rp150.000–Rp160.000" of its variants. */
static void view_price(struct view *v, const struct product *p)
{
    view_rupiah(v, p->low ? p->low : p->price);
    if (p->high <= p->low) return;
    view_text(v, "\xE2\x80\x93"); /* U+2013 */
    view_rupiah(v, p->high);
}

void view_line(struct view *v, const struct product *p)
{
    view_text(v, "\n\xE2\x80\xA2 "); /* U+2022 */
    view_plain(v, p->name);
    view_text(v, dot);
    view_price(v, p);
    view_stock(v, dot, p->stock);
    if (!v->with_id) return;
    view_text(v, dot);
    view_text(v, "ID: ");
    view_number(v, p->id);
}

void view_variant(struct view *v, const struct product *p, const struct variant *one)
{
    view_text(v, "\n\xE2\x80\xA2 ");
    if (v->with_id) {
        view_number(v, p->id);
        view_text(v, "/");
        view_number(v, one->number);
        view_text(v, dot);
    }
    view_plain(v, one->label);
    view_text(v, dot);
    view_rupiah(v, one->price ? one->price : p->price);
    view_stock(v, dot, one->stock);
}

static void view_variants(struct view *v, const struct product *p)
{
    struct variants *all = v->ctx->api->alloc(v->ctx, sizeof *all);
    int rc = variants_of(v->ctx, p->id, all);
    if (rc < 0) v->rc = rc;
    for (size_t i = 0; i < all->n; i++) view_variant(v, p, &all->item[i]);
}

void view_head(struct view *v, const struct product *p)
{
    view_text(v, "*");
    view_plain(v, p->name);
    view_text(v, "*\n");
    view_price(v, p);
    view_stock(v, "\n", p->stock);
}

void view_card(struct view *v, const struct product *p)
{
    view_head(v, p);
    if (p->low) view_variants(v, p);
    if (*p->category) {
        view_text(v, "\n");
        view_text(v, v->ctx->api->text(v->ctx, "word.category", NULL, 0));
        view_text(v, ": ");
        view_plain(v, p->category);
    }
    if (*p->description) {
        view_text(v, "\n");
        view_plain(v, p->description);
    }
    if (v->with_id) {
        view_text(v, "\nID: ");
        view_number(v, p->id);
    }
}

int view_reply(struct view *v)
{
    return v->rc < 0 ? v->rc : bot_reply(v->ctx, v->s ? v->s : "");
}
