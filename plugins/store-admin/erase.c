/* SPDX-License-Identifier: MIT
 *
 * erase.c - HAPUS DATA: a customer wants to be forgotten. Asked once, then the host makes him
 * nobody everywhere and tells all plugins (person.erased). It is taken in the gate, before dialogs
 * and before anybody is asked for which store: it needs none. Who runs a store cannot. */
#include <stdlib.h>
#include <string.h>

#include "store_admin.h"

static const char SQL_FORGET[] = "DELETE FROM store_admin_handovers WHERE person = $customer";

static const char *const phrases[] = {
    "hapus data",     "hapus data saya", "hapus semua data saya",
    "delete my data", "erase my data",   "/hapus_data",
};

static int asks_for_it(const char *text)
{
    for (size_t i = 0; i < BOT_COUNT(phrases); i++)
        if (bot_is_word(text, phrases[i])) return 1;
    return 0;
}

/* 1: he runs a store, where he cannot be missed without a word. */
static int runs_a_store(struct bot_ctx *ctx)
{
    struct bot_store one = { .size = sizeof one };
    return stores_of(ctx)->managed(ctx, &one, 1) > 0;
}

int erase_gate(struct bot_ctx *ctx)
{
    if (is_group(ctx) || !asks_for_it(bot_field(ctx, "text"))) return BOT_PASS;
    if (runs_a_store(ctx)) return bot_say_words(ctx, "erase.admin");
    int rc = ctx->api->dialog_start(ctx, "erase", NULL, 0);
    return rc < 0 ? rc : BOT_HANDLED;
}

int erase_done(struct bot_ctx *ctx)
{
    if (!ctx->api->number(ctx, "slot.answer")) return bot_say_words(ctx, "erase.kept");
    int rc = people_of(ctx)->erase(ctx);
    if (rc == BOT_EBUSY) return bot_say_words(ctx, "erase.admin");
    return rc < 0 ? rc : bot_say_words(ctx, "erase.done");
}

/* {"person":ID}: the numbers of a talk that he had; its words were never kept here. */
int person_erased(struct bot_ctx *ctx)
{
    const char *colon = strchr(bot_field(ctx, "body"), ':');
    const struct bot_arg args[] = { bot_int("customer", colon ? strtoll(colon + 1, NULL, 10) : 0) };
    int rc = ctx->api->db(ctx, SQL_FORGET, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : BOT_HANDLED;
}
