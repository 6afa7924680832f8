/* SPDX-License-Identifier: MIT
 *
 * checkout.c - from a cart to an order: the questions that are still open, then the whole of it to
 * say YA to. Nobody is asked what he said the last time, or what there is only one of. What the YA
 * does is in place.c. */
#include "checkout.h"

#include "wish.h"

#define ADDRESS_CHARS_MIN 5
#define ADDRESS_CHARS     300
#define NAME_CHARS        60
#define NOTE_CHARS        200

/* ---- answers --------------------------------------------------------------------------------- */

struct choice {
    const char *word, *value;
};

/* The value of a word or number that was chosen, or NULL. */
static const char *chosen(const char *text, const struct choice *choices, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bot_is_word(text, choices[i].word)) return choices[i].value;
    return NULL;
}

/* It is no answer, but a question, a wish or the picture of a payment; a place is an answer. */
static int is_other(struct bot_ctx *ctx, const char *text)
{
    return is_aside(text) || (ctx->api->number(ctx, "media") && !*text);
}

static int choice_check(struct bot_ctx *ctx, const char **value, const struct choice *choices,
                        size_t n)
{
    const char *is = chosen(*value, choices, n);
    if (!is) return is_other(ctx, *value) ? BOT_ENOENT : BOT_EINVAL;
    *value = is;
    return BOT_OK;
}

static const struct choice deliveries[] = {
    { "1", "1" },       { "antar", "1" },         { "diantar", "1" }, { "dikirim", "1" },
    { "kirim", "1" },   { "delivery", "1" },      { "deliver", "1" }, { "2", "2" },
    { "ambil", "2" },   { "ambil sendiri", "2" }, { "diambil", "2" }, { "pickup", "2" },
    { "pick up", "2" },
};

int delivery_check(struct bot_ctx *ctx, const char **value)
{
    int rc = choice_check(ctx, value, deliveries, BOT_COUNT(deliveries));
    /* Who goes back and has it delivered after all is asked where to. */
    if (rc == BOT_OK) rc = ctx->api->slot_set(ctx, "address", **value == '2' ? "-" : NULL);
    return rc;
}

/* The place that was shared, as a link, with what was written beside it. */
static const char *shared_place(struct bot_ctx *ctx, const char *text)
{
    const char *place = bot_field(ctx, "place"), *name = bot_field(ctx, "place.name");
    const char *beside = *name ? name : text;
    if (!*place) return NULL;
    return bot_format(ctx, "%s%shttps://maps.google.com/?q=%s", beside, *beside ? " " : "", place);
}

int address_check(struct bot_ctx *ctx, const char **value)
{
    const char *place = shared_place(ctx, *value), *last = ctx->api->field(ctx, "slot.last");
    if (last && *last && (bot_is_word(*value, "sama") || bot_is_word(*value, "same"))) {
        *value = last;
        return BOT_OK;
    }
    const char *text = one_line(ctx, place ? place : *value, ADDRESS_CHARS);
    const char *delivery = place ? NULL : chosen(text, deliveries, BOT_COUNT(deliveries));
    if (delivery && *delivery == '2') { /* not an address: he has changed his mind */
        *value = "-";
        return ctx->api->slot_set(ctx, "delivery", delivery);
    }
    if (!place && is_other(ctx, text)) return BOT_ENOENT;
    if (strlen(text) < ADDRESS_CHARS_MIN) return BOT_EINVAL;
    *value = text;
    return ctx->api->slot_set(ctx, "delivery", "1"); /* he may have gone back from a pickup */
}

static int is_name(const char *text)
{
    size_t letters = 0;
    for (; *text; text++)
        letters +=
            (*text | 0x20) >= 'a' && (*text | 0x20) <= 'z' ? 1 : (unsigned char)*text >= 0x80;
    return letters >= 2;
}

int name_check(struct bot_ctx *ctx, const char **value)
{
    const char *text = one_line(ctx, *value, NAME_CHARS);
    if (is_other(ctx, text)) return BOT_ENOENT;
    if (!is_name(text) || ctx->api->yes_no(text) >= 0) return BOT_EINVAL;
    *value = text;
    return BOT_OK;
}

int payment_check(struct bot_ctx *ctx, const char **value)
{
    static const struct choice choices[] = {
        { "1", "1" },     { "transfer", "1" }, { "tf", "1" },  { "2", "2" },
        { "tunai", "2" }, { "cash", "2" },     { "cod", "2" }, { "bayar di tempat", "2" },
    };
    return choice_check(ctx, value, choices, BOT_COUNT(choices));
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* How the store is paid: both are possible, or one of them. */
static const char *only_payment(struct bot_ctx *ctx)
{
    void *owner;
    const struct bot_profile *profile = profile_of(ctx, &owner);
    if (!profile || profile->size <= offsetof(struct bot_profile, cash)) return "2";
    int transfer = profile->payment(ctx, owner) != NULL;
    return !transfer ? "2" : profile->cash(ctx, owner) ? NULL : "1";
}

/* What he said the last time is not asked again. */
static int begin(struct bot_ctx *ctx)
{
    struct order last = { 0 };
    int rc = order_last(ctx, &last);
    if (rc < 0 && rc != BOT_ENOENT) return rc;
    int known = rc == BOT_OK;
    const char *name = known ? last.name : one_line(ctx, bot_field(ctx, "name"), NAME_CHARS);
    const char *address = known && last.delivery == DELIVERY_SEND ? last.address : "";
    const struct bot_arg again[] = { bot_text("address", address) };
    const struct bot_arg slots[] = {
        bot_text("last", address),
        bot_text("again", *address ? ctx->api->text(ctx, "checkout.again", again, 1) : ""),
        bot_text("name", is_name(name) ? name : NULL),
        bot_text("payment", only_payment(ctx)),
    };
    rc = ctx->api->dialog_start(ctx, "checkout", slots, BOT_COUNT(slots));
    return rc < 0 ? rc : BOT_HANDLED;
}

int checkout_command(struct bot_ctx *ctx)
{
    struct lines *lines = ctx->api->alloc(ctx, sizeof *lines);
    struct order unpaid;
    if (in_group(ctx)) return bot_say_words(ctx, "group");
    int rc = cart_load(ctx, lines);
    if (rc < 0) return rc;
    if (lines_total(lines) > ORDER_RUPIAH_MAX) return bot_say_words(ctx, "checkout.too_large");
    if (lines->n) return begin(ctx);
    rc = order_unpaid(ctx, &unpaid);
    if (rc == BOT_ENOENT) return bot_say_words(ctx, "cart.empty");
    return rc < 0 ? rc : bot_reply(ctx, order_pay_text(ctx, &unpaid));
}

/* ---- the whole of it ------------------------------------------------------------------------- */

void terms_of_slots(struct bot_ctx *ctx, struct terms *out)
{
    out->delivery =
        ctx->api->number(ctx, "slot.delivery") == DELIVERY_PICKUP ? DELIVERY_PICKUP : DELIVERY_SEND;
    out->payment = ctx->api->number(ctx, "slot.payment") == PAY_TRANSFER ? PAY_TRANSFER : PAY_CASH;
    out->address = out->delivery == DELIVERY_PICKUP ? "" : bot_field(ctx, "slot.address");
    out->name = bot_field(ctx, "slot.name");
    out->note = bot_field(ctx, "slot.note");
}

static const char *delivery_text(struct bot_ctx *ctx, const struct terms *t)
{
    const struct bot_arg args[] = { bot_text("value", t->address) };
    return t->delivery == DELIVERY_PICKUP ? bot_words(ctx, "order.pickup")
                                          : ctx->api->text(ctx, "order.address", args, 1);
}

const char *confirm_summary(struct bot_ctx *ctx, const struct lines *lines, const struct terms *t)
{
    struct bot_lines l = { .ctx = ctx };
    const struct bot_arg name[] = { bot_text("value", t->name) };
    const struct bot_arg note[] = { bot_text("value", t->note) };
    bot_lines_add(&l, bot_words(ctx, "confirm.header"));
    lines_show(&l, lines);
    bot_lines_add(&l, ctx->api->text(ctx, "order.name", name, 1));
    bot_lines_add(&l, delivery_text(ctx, t));
    bot_lines_add(&l,
                  bot_words(ctx, t->payment == PAY_TRANSFER ? "order.transfer_way" : "order.cash"));
    if (*t->note) bot_lines_add(&l, ctx->api->text(ctx, "order.note", note, 1));
    return l.s;
}

int confirm_ask(struct bot_ctx *ctx, const struct lines *lines, const struct terms *t)
{
    const struct bot_arg slots[] = {
        bot_int("delivery", t->delivery), bot_int("payment", t->payment),
        bot_text("address", t->address),  bot_text("name", t->name),
        bot_text("note", t->note),        bot_text("summary", confirm_summary(ctx, lines, t)),
    };
    int rc = ctx->api->dialog_start(ctx, "confirm", slots, BOT_COUNT(slots));
    return rc < 0 ? rc : BOT_HANDLED;
}

int checkout_done(struct bot_ctx *ctx)
{
    struct lines *lines = ctx->api->alloc(ctx, sizeof *lines);
    struct terms terms;
    int rc = cart_load(ctx, lines);
    if (rc < 0) return rc;
    if (lines->n == 0) return bot_say_words(ctx, "cart.empty");
    terms_of_slots(ctx, &terms);
    return confirm_ask(ctx, lines, &terms);
}

/* ---- the last question ----------------------------------------------------------------------- */

/* "catatan: jangan pedas": what is behind the word, or NULL. */
static const char *behind_word(const char *text, const char *word)
{
    const char *rest = bot_behind(text, word);
    return rest && (*rest == ':' || *rest == ' ') ? rest + strspn(rest, ": ") : NULL;
}

static const struct {
    const char *word, *slot;
    size_t chars;
} mendable[] = {
    { "catatan", "note", NOTE_CHARS },      { "note", "note", NOTE_CHARS },
    { "alamat", "address", ADDRESS_CHARS }, { "address", "address", ADDRESS_CHARS },
    { "nama", "name", NAME_CHARS },         { "atas nama", "name", NAME_CHARS },
    { "name", "name", NAME_CHARS },
};

/* Changes one thing of the order that is asked about; confirm_done() asks again. */
static int mend(struct bot_ctx *ctx, const char *slot, const char *text)
{
    int is_address = strcmp(slot, "address") == 0;
    int is_bad = is_address                  ? strlen(text) < ADDRESS_CHARS_MIN
                 : strcmp(slot, "name") == 0 ? !is_name(text)
                                             : 0;
    if (is_bad) return BOT_EINVAL;
    int rc = ctx->api->slot_set(ctx, slot, text);
    return rc >= 0 && is_address ? ctx->api->slot_set(ctx, "delivery", "1") : rc;
}

int confirm_check(struct bot_ctx *ctx, const char **value)
{
    const char *said = *value;
    for (size_t i = 0; i < BOT_COUNT(mendable); i++) {
        const char *text = behind_word(said, mendable[i].word);
        if (!text) continue;
        *value = CONFIRM_MENDED;
        return mend(ctx, mendable[i].slot, one_line(ctx, text, mendable[i].chars));
    }
    struct cart_change change;
    if (cart_meant(said, &change) || (wish_verb(said) && !strchr(said, '?'))) {
        *value = CONFIRM_SHOPPED;
        return BOT_OK;
    }
    int rc = bot_check_yes_no(ctx, value);
    return rc == BOT_EINVAL && is_other(ctx, *value) ? BOT_ENOENT : rc;
}
