/* SPDX-License-Identifier: MIT
 *
 * photo.c - the photo of a product: which file, and /foto. A photo is shown when somebody asks for
 * it, as one message with the product's name and price as its caption: the answer to a search stays
 * the one text that it always was. */
#include "photo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "view.h"
#include "words.h"

/* ---- rows ------------------------------------------------------------------------------------ */

int64_t photo_came(struct bot_ctx *ctx)
{
    const char *type = ctx->api->field(ctx, "media.type");
    return type && strncmp(type, "image/", 6) == 0 ? ctx->api->number(ctx, "media") : 0;
}

int64_t photo_of(struct bot_ctx *ctx, int64_t product)
{
    static const char sql[] =
        "SELECT media FROM catalog_photos WHERE store = $store AND product = $product";
    const struct bot_arg args[] = { bot_int("product", product) };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    rc = ctx->api->row_next(rows);
    return rc == BOT_ROW ? ctx->api->row_int(rows, 0) : rc;
}

int photo_set(struct bot_ctx *ctx, int64_t product, int64_t media)
{
    static const char sql[] = "INSERT INTO catalog_photos (store, product, media)"
                              " SELECT $store, id, $media FROM catalog_products"
                              " WHERE id = $product AND store = $store AND archived = 0"
                              " ON CONFLICT (store, product) DO UPDATE SET media = excluded.media";
    const struct bot_arg args[] = { bot_int("product", product), bot_int("media", media) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    if (rc < 0) return rc;
    return ctx->api->changes(ctx) == 0 ? BOT_ENOENT : BOT_OK;
}

int photo_remove(struct bot_ctx *ctx, int64_t product)
{
    static const char sql[] =
        "DELETE FROM catalog_photos WHERE store = $store AND product = $product";
    const struct bot_arg args[] = { bot_int("product", product) };
    int rc = ctx->api->db(ctx, sql, args, BOT_COUNT(args), NULL);
    if (rc < 0) return rc;
    return ctx->api->changes(ctx) == 0 ? BOT_ENOENT : BOT_OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

static int say_of(struct bot_ctx *ctx, const char *key, const struct product *p)
{
    const struct bot_arg args[] = { bot_text("name", p->name), bot_int("id", p->id) };
    return bot_say(ctx, key, args, BOT_COUNT(args));
}

/* The photo as the one answer. BOT_ENOENT: the file has gone. */
static int photo_send(struct bot_ctx *ctx, const struct product *p, int64_t media)
{
    struct view v = view_start(ctx);
    const struct bot_arg args[] = { bot_int("id", p->id) };
    if (!v.with_id) view_text(&v, under_store(ctx, ""));
    view_head(&v, p);
    if (v.with_id) view_text(&v, ctx->api->text(ctx, "photo.manage", args, BOT_COUNT(args)));
    const struct bot_send send = {
        .size = sizeof send,
        .chat = ctx->api->field(ctx, "chat"),
        .text = v.s,
        .media = media,
        .priority = 1,
    };
    int rc = ctx->api->send(ctx, &send);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* BOT_PASS: there is none to show. */
static int photo_show(struct bot_ctx *ctx, const struct product *p)
{
    int64_t media = photo_of(ctx, p->id);
    if (media <= 0) return media < 0 ? (int)media : BOT_PASS;
    int rc = photo_send(ctx, p, media);
    return rc == BOT_ENOENT ? BOT_PASS : rc;
}

static int photo_save(struct bot_ctx *ctx, int64_t id, int64_t media)
{
    struct product p;
    int rc = photo_set(ctx, id, media);
    if (rc >= 0) rc = product_get(ctx, id, &p);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    if ((rc = audit_product(ctx, "catalog.photo", id)) < 0) return rc;
    return say_of(ctx, "photo.saved", &p);
}

/* ---- /foto ----------------------------------------------------------------------------------- */

static int is_remove_word(const char *word)
{
    char folded[16];
    if (strlen(word) >= sizeof folded) return 0;
    strcpy(folded, word);
    words_fold(folded);
    return strcmp(folded, "hapus") == 0 || strcmp(folded, "remove") == 0;
}

/* "7", "#7", with more words behind it: *rest. 0 when it does not begin with an id. */
static int64_t id_read(const char *text, const char **rest)
{
    char *end;
    if (*text == '#') text++;
    int64_t id = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : 0;
    if (id <= 0 || (*end && *end != ' ')) return 0;
    *rest = end + strspn(end, " ");
    return id;
}

static int manage(struct bot_ctx *ctx, const struct product *p, const char *rest)
{
    if (photo_came(ctx)) return photo_save(ctx, p->id, photo_came(ctx));
    if (ctx->api->field(ctx, "media.kind")) return say_of(ctx, "photo.not_picture", p);
    if (is_remove_word(rest)) {
        int rc = photo_remove(ctx, p->id);
        if (rc < 0 && rc != BOT_ENOENT) return rc;
        if (rc >= 0) rc = audit_product(ctx, "catalog.photo_remove", p->id);
        return say_of(ctx, rc == BOT_ENOENT ? "photo.none" : "photo.removed", p);
    }
    int rc = photo_show(ctx, p);
    if (rc != BOT_PASS) return rc;
    const struct bot_arg slots[] = { bot_int("id", p->id), bot_text("name", p->name) };
    return dialog_open(ctx, "photo", slots, BOT_COUNT(slots));
}

static int photo_by_id(struct bot_ctx *ctx, int64_t id, const char *rest)
{
    struct product p;
    int rc = product_get(ctx, id, &p);
    if (rc == BOT_ENOENT) return say_not_found(ctx, id);
    if (rc < 0) return rc;
    if (is_store_admin(ctx)) return manage(ctx, &p, rest);
    rc = photo_show(ctx, &p);
    return rc == BOT_PASS ? say_of(ctx, "photo.none", &p) : rc;
}

/* The best match of some words; BOT_PASS when there is none, or none with a photo. */
static int photo_by_words(struct bot_ctx *ctx, const char *words, struct product *p)
{
    struct bot_found found[1];
    int n = ctx->api->search_find(ctx, "products", words, found, 1);
    p->id = 0;
    if (n <= 0) return n < 0 ? n : BOT_PASS;
    int rc = product_get(ctx, found[0].id, p);
    if (rc < 0) return rc == BOT_ENOENT ? BOT_PASS : rc;
    return photo_show(ctx, p);
}

static int photo_of_seen(struct bot_ctx *ctx)
{
    struct product p;
    int64_t seen = seen_product(ctx);
    int rc = seen ? product_get(ctx, seen, &p) : BOT_ENOENT;
    if (rc < 0) return rc == BOT_ENOENT ? BOT_PASS : rc;
    return photo_show(ctx, &p);
}

int show_photo(struct bot_ctx *ctx)
{
    const char *asked = ctx->api->field(ctx, "arg.produk"), *rest = "";
    char *words = text_copy(ctx, asked ? asked : "");
    struct product p;
    words_clean(words, 0);
    int64_t id = id_read(words, &rest);
    if (id) return photo_by_id(ctx, id, rest);
    int rc = *words ? photo_by_words(ctx, words, &p) : photo_of_seen(ctx);
    if (rc != BOT_PASS) return rc;
    if (*words && p.id) return say_of(ctx, "photo.none", &p);
    return bot_say(ctx, is_store_admin(ctx) ? "photo.which_admin" : "photo.which", NULL, 0);
}

/* "foto", "foto sepatu nike" without a slash: mine only when there is a photo to show. */
int answer_photo(struct bot_ctx *ctx, const char *text)
{
    static const char *const asks[] = { "foto",      "fotonya",    "photo",     "gambar",
                                        "gambarnya", "lihat foto", "minta foto" };
    if (!*text || !strchr("FfPpGgLlMm", *text)) return BOT_PASS; /* most texts */
    char *words = text_copy(ctx, text);
    struct product p;
    words_fold(words);
    for (size_t i = 0; i < BOT_COUNT(asks); i++) {
        size_t n = strlen(asks[i]);
        if (strncmp(words, asks[i], n) != 0 || (words[n] && !strchr(" ?.!", words[n]))) continue;
        const char *rest = words + n + strspn(words + n, " ?.!#");
        if (*rest == '\0') return photo_of_seen(ctx);
        int64_t id = id_read(rest, &rest);
        if (!id) return photo_by_words(ctx, rest, &p);
        if (photo_came(ctx) && is_store_admin(ctx)) return photo_by_id(ctx, id, rest);
        int rc = product_get(ctx, id, &p);
        return rc == BOT_ENOENT ? BOT_PASS : rc < 0 ? rc : photo_show(ctx, &p);
    }
    return BOT_PASS;
}

int photo_check(struct bot_ctx *ctx, const char **value)
{
    int64_t media = photo_came(ctx);
    if (!media) return BOT_EINVAL;
    char *id = ctx->api->alloc(ctx, 24);
    snprintf(id, 24, "%lld", (long long)media);
    *value = id;
    return BOT_OK;
}

int photo_done(struct bot_ctx *ctx)
{
    return photo_save(ctx, ctx->api->number(ctx, "slot.id"), ctx->api->number(ctx, "slot.file"));
}
