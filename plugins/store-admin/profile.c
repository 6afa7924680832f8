/* SPDX-License-Identifier: MIT
 *
 * profile.c - /profil_toko: what the store is, and changing its name, language and time zone. The
 * code stays: it is on printed posters. */
#include <string.h>

#include "store_admin.h"

enum { ADMINS_SHOWN = 8 };

static const struct {
    const char *word, *value;
} zones[] = {
    { "wib", "Asia/Jakarta" },     { "wita", "Asia/Makassar" },     { "wit", "Asia/Jayapura" },
    { "jakarta", "Asia/Jakarta" }, { "makassar", "Asia/Makassar" }, { "jayapura", "Asia/Jayapura" },
};

static const struct {
    const char *word, *value;
} languages[] = {
    { "id", "id" },      { "indonesia", "id" }, { "bahasa indonesia", "id" }, { "en", "en" },
    { "english", "en" }, { "inggris", "en" },   { "bahasa inggris", "en" },
};

/* ---- showing -----------------------------------------------------------------------------------
 */

static const char *state_word(struct bot_ctx *ctx, uint32_t state)
{
    static const char *const keys[] = { "state.active", "state.suspended", "state.closed",
                                        "state.pending" };
    return state < BOT_COUNT(keys) ? bot_words(ctx, keys[state]) : "";
}

static const char *zone_word(struct bot_ctx *ctx, const char *zone)
{
    for (size_t i = 0; i < 3; i++)
        if (strcmp(zones[i].value, zone) == 0)
            return bot_format(ctx, "%s", i == 0 ? "WIB" : i == 1 ? "WITA" : "WIT");
    return zone;
}

static const char *admins_line(struct bot_ctx *ctx, const struct bot_store *s)
{
    struct bot_store_admin list[ADMINS_SHOWN];
    struct bot_lines l = { .ctx = ctx };
    memset(list, 0, sizeof list);
    for (size_t i = 0; i < BOT_COUNT(list); i++) list[i].size = sizeof list[i];
    int n = stores_of(ctx)->admins(ctx, s->id, list, BOT_COUNT(list));
    bot_lines_join(&l, "");
    for (int i = 0; i < n; i++) {
        if (i) bot_lines_join(&l, ", ");
        bot_lines_join(&l, name_or_phone(ctx, list[i].name, list[i].phone));
    }
    if (s->admins > n) bot_lines_join(&l, " \xE2\x80\xA6");
    return l.s;
}

static int show(struct bot_ctx *ctx)
{
    struct bot_store s = { .size = sizeof s };
    int rc = stores_of(ctx)->get(ctx, ctx->api->number(ctx, "store"), &s);
    if (rc < 0) return rc;
    const char *now = opening_now(ctx), *greeting = greeting_text(ctx);
    const struct bot_arg args[] = {
        bot_text("name", s.name),
        bot_int("id", s.id),
        bot_text("code", s.code),
        bot_text("state", state_word(ctx, s.state)),
        bot_text("language",
                 bot_words(ctx, strcmp(s.language, "en") == 0 ? "language.en" : "language.id")),
        bot_text("zone", zone_word(ctx, s.timezone)),
        bot_text("hours", now ? now : bot_words(ctx, "profile.no_hours")),
        bot_text("greeting",
                 greeting ? bot_cut(ctx, greeting, 200) : bot_words(ctx, "profile.no_greeting")),
        bot_text("payment", payment_summary(ctx)),
        bot_int("customers", s.members),
        bot_int("max", s.customers_max),
        bot_text("admins", admins_line(ctx, &s)),
    };
    return bot_say(ctx, "profile.show", args, BOT_COUNT(args));
}

/* ---- changing ----------------------------------------------------------------------------------
 */

static int set(struct bot_ctx *ctx, struct bot_store_profile *p, const char *key, const char *value)
{
    p->size = sizeof *p;
    int rc = stores_of(ctx)->set_profile(ctx, p);
    if (rc == BOT_EINVAL) return bot_say_words(ctx, "profile.usage");
    if (rc >= 0) rc = ctx->api->audit(ctx, "store.profile", key);
    return rc < 0 ? rc : bot_say_with(ctx, key, "value", value);
}

/* What cannot be is refused; what may confuse people is only said: the code tells stores apart. */
static const char *name_flaw(int name)
{
    switch (name) {
    case BOT_NAME_GOOD:
        return NULL;
    case BOT_NAME_LIKE_WORD:
        return "profile.like_command";
    case BOT_NAME_LIKE_STORE:
        return "profile.like_store";
    case BOT_NAME_BLANK:
        return "profile.name_blank";
    default:
        return "profile.name_length";
    }
}

static int set_name(struct bot_ctx *ctx, const char *text)
{
    struct bot_store_profile p = { 0 };
    int name = stores_of(ctx)->name_check(ctx, ctx->api->number(ctx, "store"), text, &p.name);
    if (name < 0) return name;
    const struct bot_arg args[] = { bot_int("min", BOT_STORE_NAME_MIN),
                                    bot_int("max", BOT_STORE_NAME_MAX), bot_text("name", p.name) };
    const char *flaw = name_flaw(name);
    int rc = flaw ? bot_say(ctx, flaw, args, BOT_COUNT(args)) : BOT_HANDLED;
    return rc < 0 || !p.name ? rc : set(ctx, &p, "profile.named", p.name);
}

static int set_language(struct bot_ctx *ctx, const char *text)
{
    struct bot_store_profile p = { 0 };
    for (size_t i = 0; i < BOT_COUNT(languages); i++)
        if (bot_is_word(text, languages[i].word)) p.language = languages[i].value;
    if (!p.language) return bot_say_words(ctx, "profile.bad_language");
    return set(ctx, &p, "profile.speaks",
               bot_words(ctx, p.language[0] == 'e' ? "language.en" : "language.id"));
}

static int set_zone(struct bot_ctx *ctx, const char *text)
{
    struct bot_store_profile p = { 0 };
    for (size_t i = 0; i < BOT_COUNT(zones); i++)
        if (bot_is_word(text, zones[i].word)) p.timezone = zones[i].value;
    if (!p.timezone) return bot_say_words(ctx, "profile.bad_zone");
    int rc = set(ctx, &p, "profile.zoned", zone_word(ctx, p.timezone)), again = 0;
    if (rc == BOT_HANDLED) again = report_reschedule(ctx);
    return again < 0 ? again : rc;
}

static const struct {
    const char *word;
    int (*set)(struct bot_ctx *ctx, const char *text);
} parts[] = {
    { "nama", set_name },         { "name", set_name }, { "bahasa", set_language },
    { "language", set_language }, { "zona", set_zone }, { "zone", set_zone },
    { "timezone", set_zone },
};

int show_profile(struct bot_ctx *ctx)
{
    const char *what = bot_field(ctx, "arg.apa"), *value = bot_field(ctx, "arg.isi");
    if (!*what) return show(ctx);
    for (size_t i = 0; i < BOT_COUNT(parts); i++)
        if (bot_is_word(what, parts[i].word))
            return *value ? parts[i].set(ctx, value) : bot_say_words(ctx, "profile.usage");
    return bot_say_words(ctx, "profile.usage");
}
