/* SPDX-License-Identifier: MIT
 *
 * handover_gate.c - every message passes here before dialogs and commands: is this customer talking
 * with a human? Then it is passed on to the store's admins and nothing is answered. An admin who
 * quotes such a message answers it. ADMIN, and a complaint, begin it. */
#include <string.h>

#include "handover_words.h"
#include "phones.h"
#include "store_admin.h"

#define SHOWN_CHARS   3000 /* of a message that is passed on */
#define CONTACT_CHARS 300

/* ---- passing on ------------------------------------------------------------------------------ */

/* What came without a file that could be passed on, in words. */
static const char *in_words(struct bot_ctx *ctx, const char *kind)
{
    const char *name = bot_field(ctx, "place.name");
    const struct bot_arg args[] = {
        bot_text("place", bot_field(ctx, "place")),
        bot_text("name", name),
        bot_text("contact", bot_cut(ctx, bot_field(ctx, "contact"), CONTACT_CHARS)),
    };
    const char *place = *name ? "came.place" : "came.location";
    const char *key = strcmp(kind, "location") == 0  ? place
                      : strcmp(kind, "contact") == 0 ? "came.contact"
                                                     : "came.lost";
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* What the customer sent, for a person to read. */
static const char *what_came(struct bot_ctx *ctx)
{
    const char *kind = ctx->api->field(ctx, "media.kind"), *text = bot_field(ctx, "text");
    if (!kind || ctx->api->number(ctx, "media")) return bot_cut(ctx, text, SHOWN_CHARS);
    const char *words = in_words(ctx, kind);
    return *text ? bot_format(ctx, "%s\n%s", bot_cut(ctx, text, SHOWN_CHARS), words) : words;
}

/* Tells the store's admins; `key` is what they read. BOT_ENOENT: there is nobody. */
static int pass_on(struct bot_ctx *ctx, const char *key)
{
    const struct bot_api *api = ctx->api;
    int64_t person = api->number(ctx, "person");
    char phone[32];
    phone_show(api->field(ctx, "phone"), phone, sizeof phone);
    const char *name = bot_field(ctx, "name");
    const struct bot_arg args[] = {
        bot_text("name", *name ? name : bot_words(ctx, "unnamed")),
        bot_text("phone", *phone ? phone : bot_words(ctx, "hidden_number")),
        bot_int("id", person),
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("text", what_came(ctx)),
    };
    /* As quick as an answer, since somebody waits; but an admin who reads it tonight still gets it.
     */
    const struct bot_send send = {
        .size = sizeof send,
        .role = BOT_STORE_ADMIN,
        .text = api->text(ctx, key, args, BOT_COUNT(args)),
        .tag = bot_format(ctx, "handover:%lld:%lld", (long long)person,
                          (long long)api->number(ctx, "store")),
        .media = api->number(ctx, "media"),
    };
    return api->send(ctx, &send);
}

/* Nothing is answered. When there is nobody left to read it, the bot goes on. */
static int to_humans(struct bot_ctx *ctx, const struct handover *h)
{
    int64_t person = ctx->api->number(ctx, "person");
    int rc = pass_on(ctx, "handover.message");
    if (rc == BOT_ENOENT && !h->phone) {
        rc = handover_drop(ctx, person);
        return rc < 0 && rc != BOT_ENOENT ? rc : BOT_PASS;
    }
    if (rc < 0 && rc != BOT_ENOENT) return rc;
    rc = handover_prolong(ctx, person, 0);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* A store that is suspended has nobody to talk with: the host says what it is. Who calls from the
 * gate hears first when people are there again; before a complaint hours_gate() has been. */
static int begin(struct bot_ctx *ctx, const char *for_admin, const char *for_customer, int in_gate)
{
    struct bot_store store = { .size = sizeof store };
    int rc = stores_of(ctx)->get(ctx, ctx->api->number(ctx, "store"), &store);
    if (rc < 0) return rc;
    if (store.state != BOT_STORE_ACTIVE) return BOT_PASS;
    rc = pass_on(ctx, for_admin);
    if (rc == BOT_ENOENT) return bot_say_words(ctx, "handover.nobody");
    if (rc < 0 || (rc = handover_prolong(ctx, ctx->api->number(ctx, "person"), 0)) < 0) return rc;
    if (in_gate && (rc = opening_tell(ctx)) < 0) return rc;
    return bot_say_words(ctx, for_customer);
}

int handover_complaint(struct bot_ctx *ctx)
{
    if (is_store_admin(ctx) || is_group(ctx) || !words_complain(bot_field(ctx, "text")))
        return BOT_PASS;
    return begin(ctx, "handover.complaint", "handover.sorry", 0);
}

/* ---- admins ---------------------------------------------------------------------------------- */

static int is_admin_word(const char *text)
{
    return bot_is_word(text, "admin") || bot_is_word(text, "/admin");
}

/* An admin who quotes what a customer wrote speaks to him, unless it is a command. */
static int admin_writes(struct bot_ctx *ctx, const char *text)
{
    int64_t store = 0, person = handover_tag(ctx->api->field(ctx, "quoted.tag"), &store);
    if (is_admin_word(text) && !person) return bot_say_words(ctx, "handover.yourself");
    if (bot_is_word(text, "bot") && !person) return bot_say_words(ctx, "usage.bot_id");
    if (!person || *text == '/') return BOT_PASS;
    if (store != ctx->api->number(ctx, "store")) return bot_say_words(ctx, "handover.other_store");
    if (!bot_is_word(text, "bot")) return handover_deliver(ctx, person, text);
    int rc = handover_end(ctx, person, 0);
    if (rc != BOT_ENOENT) return rc;
    const struct bot_arg args[] = { bot_int("id", person) };
    return bot_say(ctx, "handover.not_on", args, BOT_COUNT(args));
}

/* ---- the gate -------------------------------------------------------------------------------- */

int handover_gate(struct bot_ctx *ctx)
{
    struct handover h;
    const char *text = bot_field(ctx, "text");
    int64_t person = ctx->api->number(ctx, "person");
    if (is_group(ctx)) return BOT_PASS;
    if (is_store_admin(ctx)) return admin_writes(ctx, text);
    int rc = handover_get(ctx, person, &h);
    if (rc == BOT_ENOENT)
        return is_admin_word(text) ? begin(ctx, "handover.wanted", "handover.called", 1) : BOT_PASS;
    if (rc < 0) return rc;
    return bot_is_word(text, "bot") ? handover_end(ctx, person, 1) : to_humans(ctx, &h);
}
