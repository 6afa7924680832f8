/* SPDX-License-Identifier: MIT
 *
 * product_add.c - /tambah_produk: a form in the same message, a form after a prompt, or one
 * question after the other once somebody gives only a name. Nothing is saved before all of it is
 * right; what is wrong is said at once, and the next message needs only the wrong lines. */
#include <stdio.h>
#include <string.h>

#include "catalog.h"
#include "form.h"
#include "photo.h"
#include "variant.h"

enum { WRITTEN_MAX = 16000 }; /* bytes of a form that are kept while it is mended */

static int variants_save(struct bot_ctx *ctx, const struct variants *v, struct product *saved)
{
    if (v->n == 0) return BOT_OK;
    int rc = variants_replace(ctx, saved->id, v);
    return rc < 0 ? rc : product_settle(ctx, saved->id, saved);
}

/* photo: a file, or 0. */
static int product_save(struct bot_ctx *ctx, const struct product *product,
                        const struct variants *v, int64_t photo)
{
    int64_t id = product_insert(ctx, product);
    if (id == BOT_EEXIST) return say_name_taken(ctx, product->name);
    if (id < 0) return (int)id;
    struct product saved = *product;
    saved.id = id;
    int rc = variants_save(ctx, v, &saved);
    if (rc >= 0 && photo) rc = photo_set(ctx, id, photo);
    if (rc >= 0) rc = audit_product(ctx, "catalog.add", id);
    if (rc < 0) return rc;
    return say_saved(ctx, photo ? "add.saved_photo" : "add.saved", &saved);
}

/* Only a name: asks for the rest, one thing a message. */
static int steps_start(struct bot_ctx *ctx, char *name, int64_t photo)
{
    const char *problem = form_name_check(name);
    if (problem) {
        const struct form_problem p = { problem, name };
        int rc = say_problems(ctx, &p, 1);
        if (rc < 0) return rc;
        const struct bot_arg slots[] = { bot_int("photo", photo) };
        return dialog_open(ctx, "add", slots, BOT_COUNT(slots));
    }
    int64_t taken = product_named(ctx, name);
    if (taken < 0) return (int)taken;
    if (taken > 0) return say_name_taken(ctx, name);
    const struct bot_arg slots[] = { bot_text("name", name), bot_int("photo", photo) };
    return dialog_open(ctx, "add_steps", slots, BOT_COUNT(slots));
}

/* Says what is wrong and waits for those lines; what was right is kept in the dialog. */
static int mend_start(struct bot_ctx *ctx, const struct form_problem *problems, size_t n,
                      const char *before, const char *text, int64_t photo)
{
    int rc = say_problems(ctx, problems, n);
    if (rc < 0) return rc;
    size_t a = strlen(before), b = strlen(text);
    if (a + b > WRITTEN_MAX) {
        const struct bot_arg slots[] = { bot_int("photo", photo) };
        return dialog_open(ctx, "add", slots, BOT_COUNT(slots));
    }
    char *written = ctx->api->alloc(ctx, a + b + 4);
    memcpy(written, before, a);
    written[a] = '\n', written[a + 1] = FORM_NEXT, written[a + 2] = '\n';
    memcpy(written + a + 3, text, b);
    const struct bot_arg slots[] = { bot_text("before", written), bot_int("photo", photo) };
    return dialog_open(ctx, "add_mended", slots, BOT_COUNT(slots));
}

/* `before`: an earlier form with mistakes, or "". Lines of `text` win over it; `photo` is what came
 * with the earlier one, a picture that comes with this message wins, too. */
static int form_take(struct bot_ctx *ctx, const char *before, const char *text, int64_t photo)
{
    if (photo_came(ctx)) photo = photo_came(ctx);
    struct form form = { 0 };
    if (*before) form_parse(&form, text_copy(ctx, before));
    form_parse(&form, text_copy(ctx, text));
    if (!*before && form.lines == 0 && !form.unknown && form.value[FIELD_NAME])
        return steps_start(ctx, form.value[FIELD_NAME], photo);

    struct product product = { .stock = PRODUCT_UNCOUNTED };
    struct variants *variants = ctx->api->alloc(ctx, sizeof *variants);
    struct form_problem problems[FORM_PROBLEMS];
    size_t n = form_check(&form, 1, &product, variants, problems);
    if (n > 0) return mend_start(ctx, problems, n, before, text, photo);
    if (!product.category) product.category = "";
    if (!product.description) product.description = "";
    return product_save(ctx, &product, variants, photo);
}

int add_product(struct bot_ctx *ctx)
{
    const char *rest = ctx->api->field(ctx, "rest");
    if (rest && rest[strspn(rest, " \t\r\n")]) return form_take(ctx, "", rest, 0);
    const struct bot_arg slots[] = { bot_int("photo", photo_came(ctx)) };
    return dialog_open(ctx, "add", slots, BOT_COUNT(slots));
}

int add_form_done(struct bot_ctx *ctx)
{
    const char *text = ctx->api->field(ctx, "slot.form");
    return form_take(ctx, "", text ? text : "", ctx->api->number(ctx, "slot.photo"));
}

int add_mended_done(struct bot_ctx *ctx)
{
    const char *before = ctx->api->field(ctx, "slot.before");
    const char *text = ctx->api->field(ctx, "slot.form");
    int64_t photo = ctx->api->number(ctx, "slot.photo");
    return form_take(ctx, before ? before : "", text ? text : "", photo);
}

/* A picture without a word brings only the photo; the form is still to come. */
int add_form_check(struct bot_ctx *ctx, const char **value)
{
    if (**value) return BOT_OK;
    if (!photo_came(ctx)) return BOT_EINVAL;
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)photo_came(ctx));
    int rc = ctx->api->slot_set(ctx, "photo", id);
    if (rc < 0) return rc;
    return ask_again(ctx, "add.photo_kept", "");
}

/* ---- one question after the other ------------------------------------------------------------ */

int add_name_check(struct bot_ctx *ctx, const char **value)
{
    char *name = text_copy(ctx, *value);
    const char *problem = form_name_check(name);
    if (problem) return ask_again(ctx, problem, *value);
    *value = name;
    return BOT_OK;
}

int add_price_check(struct bot_ctx *ctx, const char **value)
{
    int64_t rupiah = 0;
    const char *problem = form_price_check(*value, &rupiah);
    return problem ? ask_again(ctx, problem, *value) : BOT_OK;
}

int add_stock_check(struct bot_ctx *ctx, const char **value)
{
    int64_t stock = 0;
    const char *problem = form_stock_check(*value, &stock);
    return problem ? ask_again(ctx, problem, *value) : BOT_OK;
}

int add_category_check(struct bot_ctx *ctx, const char **value)
{
    const char *problem = form_category_check(text_copy(ctx, *value));
    return problem ? ask_again(ctx, problem, *value) : BOT_OK;
}

/* The answers are checked as a form is: the same rules, also after an upgrade in between. */
int add_steps_done(struct bot_ctx *ctx)
{
    static const char *const slots[FIELD_COUNT] = {
        [FIELD_NAME] = "slot.name",
        [FIELD_PRICE] = "slot.price",
        [FIELD_STOCK] = "slot.stock",
        [FIELD_CATEGORY] = "slot.category",
    };
    struct form form = { 0 };
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char *value = slots[i] ? ctx->api->field(ctx, slots[i]) : "";
        form.value[i] = text_copy(ctx, value ? value : "");
    }
    struct product product = { .stock = PRODUCT_UNCOUNTED };
    struct form_problem problems[FORM_PROBLEMS];
    struct variants *variants = ctx->api->alloc(ctx, sizeof *variants);
    size_t n = form_check(&form, 1, &product, variants, problems);
    if (n == 0) return product_save(ctx, &product, variants, ctx->api->number(ctx, "slot.photo"));
    int rc = say_problems(ctx, problems, n);
    return rc < 0 ? rc : BOT_HANDLED;
}
