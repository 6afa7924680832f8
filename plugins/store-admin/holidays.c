/* SPDX-License-Identifier: MIT
 *
 * holidays.c - days on which the store is closed: /libur. A row a day; days that lie together and
 * have the same name are shown as one range. Old ones go when new ones come. */
#include <string.h>

#include "dates.h"
#include "store_admin.h"

#define NAME_CHARS 60

static const char SQL_LIST[] =
    "SELECT day, name FROM store_admin_holidays WHERE store = $store AND day >= $from AND day <= $to"
    " ORDER BY day LIMIT 120";

static const char SQL_ADD[] =
    "INSERT INTO store_admin_holidays (store, day, name) VALUES ($store, $day, $name)"
    " ON CONFLICT (store, day) DO UPDATE SET name = excluded.name";

/* That the store has said something of its hours is seen by its row. */
static const char SQL_ROW[] =
    "INSERT INTO store_admin_stores (store) VALUES ($store) ON CONFLICT (store) DO NOTHING";

static const char SQL_REMOVE[] =
    "DELETE FROM store_admin_holidays WHERE store = $store AND day >= $from AND day <= $to";

static const char SQL_COUNT[] =
    "SELECT count(*) FROM store_admin_holidays"
    " WHERE store = $store AND day >= $today AND (day < $from OR day > $to)";

/* ---- rows --------------------------------------------------------------------------------------
 */

int holidays_load(struct bot_ctx *ctx, int64_t from, int64_t to, int64_t *days, size_t cap)
{
    const struct bot_arg args[] = { bot_int("from", from), bot_int("to", to) };
    struct bot_rows *rows = NULL;
    size_t n = 0;
    int rc = ctx->api->db(ctx, SQL_LIST, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    while (n < cap && (rc = ctx->api->row_next(rows)) == BOT_ROW)
        days[n++] = ctx->api->row_int(rows, 0);
    return rc < 0 ? rc : (int)n;
}

static int64_t today_of(struct bot_ctx *ctx)
{
    return local_minute(ctx) / HOURS_DAY;
}

static const char *range_text(struct bot_ctx *ctx, int64_t first, int64_t last, const char *name)
{
    const int64_t noon = 720;
    const struct bot_arg args[] = {
        bot_int("first", local_to_ms(ctx, first * HOURS_DAY + noon)),
        bot_int("last", local_to_ms(ctx, last * HOURS_DAY + noon)),
        bot_text("name", name),
    };
    const char *days =
        ctx->api->text(ctx, first == last ? "holiday.day" : "holiday.range", args, BOT_COUNT(args));
    return *name ? bot_format(ctx, "%s: %s", days, name) : days;
}

const char *holidays_text(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    int64_t today = today_of(ctx), first = -1, last = -1;
    const struct bot_arg args[] = {
        bot_int("from", today),
        bot_int("to", today + DATES_AHEAD_MAX),
    };
    struct bot_lines l = { .ctx = ctx };
    struct bot_rows *rows = NULL;
    const char *name = "";
    int rc = api->db(ctx, SQL_LIST, args, BOT_COUNT(args), &rows);
    if (rc < 0) return NULL;
    bot_lines_join(&l, "");
    while ((rc = api->row_next(rows)) == BOT_ROW) {
        int64_t day = api->row_int(rows, 0);
        const char *its = api->row_text(rows, 1);
        if (first >= 0 && (day != last + 1 || strcmp(its, name) != 0)) {
            bot_lines_add(&l, range_text(ctx, first, last, name));
            first = -1;
        }
        if (first < 0) {
            first = day;
            name = bot_format(ctx, "%s", its);
        }
        last = day;
    }
    if (first >= 0) bot_lines_add(&l, range_text(ctx, first, last, name));
    return rc < 0 ? NULL : l.s;
}

/* ---- /libur ------------------------------------------------------------------------------------
 */

static int say_problem(struct bot_ctx *ctx, enum dates_error error, const char *text)
{
    static const char *const keys[] = {
        [-DATES_UNCLEAR] = "holiday.unclear", [-DATES_PAST] = "holiday.past",
        [-DATES_FAR] = "holiday.far",         [-DATES_ORDER] = "holiday.order",
        [-DATES_LONG] = "holiday.long",
    };
    const struct bot_arg args[] = {
        bot_text("text", bot_cut(ctx, text, 40)),
        bot_int("range", DATES_RANGE_MAX),
        bot_int("ahead", DATES_AHEAD_MAX),
    };
    return bot_say(ctx, keys[-error], args, BOT_COUNT(args));
}

/* "[Natal]", "Natal", "(Natal)" */
static const char *clean_name(struct bot_ctx *ctx, const char *text)
{
    const char *cut = bot_cut(ctx, text, NAME_CHARS);
    char *name = ctx->api->alloc(ctx, strlen(cut) + 1);
    memcpy(name, cut, strlen(cut) + 1);
    size_t n = strcspn(name, "\n");
    while (n > 0 && strchr("]) \t\r", name[n - 1])) n--;
    name[n] = '\0';
    return name;
}

/* Whether the store keeps to HOLIDAYS_MAX with these days added. */
static int fits(struct bot_ctx *ctx, int64_t first, int64_t last)
{
    const struct bot_arg args[] = {
        bot_int("today", today_of(ctx)),
        bot_int("from", first),
        bot_int("to", last),
    };
    struct bot_rows *rows = NULL;
    int rc = ctx->api->db(ctx, SQL_COUNT, args, BOT_COUNT(args), &rows);
    if (rc < 0 || (rc = ctx->api->row_next(rows)) < 0) return rc;
    return ctx->api->row_int(rows, 0) + last - first + 1 <= HOLIDAYS_MAX - 2;
}

static int remove_range(struct bot_ctx *ctx, int64_t first, int64_t last)
{
    const struct bot_arg args[] = { bot_int("from", first), bot_int("to", last) };
    return ctx->api->db(ctx, SQL_REMOVE, args, BOT_COUNT(args), NULL);
}

static int add_days(struct bot_ctx *ctx, int64_t first, int64_t last, const char *name)
{
    int fit = fits(ctx, first, last);
    if (fit < 0) return fit;
    if (!fit) return bot_say_words(ctx, "holiday.many");
    int rc = remove_range(ctx, 0, today_of(ctx) - 2); /* yesterday's night may last */
    if (rc >= 0) rc = ctx->api->db(ctx, SQL_ROW, NULL, 0, NULL);
    for (int64_t day = first; rc >= 0 && day <= last; day++) {
        const struct bot_arg args[] = { bot_int("day", day), bot_text("name", name) };
        rc = ctx->api->db(ctx, SQL_ADD, args, BOT_COUNT(args), NULL);
    }
    return rc < 0 ? rc
                  : bot_say_with(ctx, "holiday.added", "days", range_text(ctx, first, last, name));
}

static int remove_days(struct bot_ctx *ctx, int64_t first, int64_t last)
{
    int rc = remove_range(ctx, first, last);
    if (rc < 0) return rc;
    return bot_say_with(ctx, ctx->api->changes(ctx) > 0 ? "holiday.removed" : "holiday.not_there",
                        "days", range_text(ctx, first, last, ""));
}

static int show(struct bot_ctx *ctx)
{
    const char *list = holidays_text(ctx);
    if (!list) return BOT_EIO;
    return *list ? bot_say_with(ctx, "holiday.list", "list", list)
                 : bot_say_words(ctx, "holiday.none");
}

/* Behind "hapus ", or NULL. */
static const char *after_remove(const char *text)
{
    static const char *const words[] = { "hapus", "batal", "remove", "cancel" };
    for (size_t i = 0; i < BOT_COUNT(words); i++) {
        const char *rest = bot_behind(text, words[i]);
        if (rest && (!*rest || strchr(" \n", *rest))) return rest + strspn(rest, " \n");
    }
    return NULL;
}

int change_holidays(struct bot_ctx *ctx)
{
    const char *text = bot_field(ctx, "rest"), *rest = "";
    int64_t first = 0, last = 0;
    if (!*text) return show(ctx);
    const char *removed = after_remove(text), *days = removed ? removed : text;
    enum dates_error error = dates_parse(days, today_of(ctx), &first, &last, &rest);
    if (error != DATES_OK) return say_problem(ctx, error, days);
    return removed ? remove_days(ctx, first, last)
                   : add_days(ctx, first, last, clean_name(ctx, rest));
}
