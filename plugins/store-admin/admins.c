/* SPDX-License-Identifier: MIT
 *
 * admins.c - who runs the store: /tambah_admin, /hapus_admin, /daftar_admin. Only owners change
 * that, and a store keeps one. Whom it concerns gets one short notice. */
#include <string.h>

#include "phones.h"
#include "store_admin.h"

#define ADMINS_MAX 64

static const struct {
    const char *word;
    uint32_t role;
} role_words[] = {
    { "pemilik", BOT_OWNER }, { "owner", BOT_OWNER },    { "staf", BOT_STAFF },
    { "staff", BOT_STAFF },   { "karyawan", BOT_STAFF }, { "admin", BOT_STAFF },
};

/* ---- what was written ---------------------------------------------------------------------------
 */

/* Takes a role's name off the end of "+62 811-1000-0012 pemilik"; *role stays when there is none.
 * Returns the number's part. */
static const char *read_number(struct bot_ctx *ctx, const char *rest, uint32_t *role)
{
    size_t len = strlen(rest);
    for (size_t i = 0; i < BOT_COUNT(role_words); i++) {
        size_t n = strlen(role_words[i].word);
        if (len <= n || rest[len - n - 1] != ' ' ||
            !bot_is_word(rest + len - n, role_words[i].word))
            continue;
        *role = role_words[i].role;
        return bot_format(ctx, "%.*s", (int)(len - n - 1), rest);
    }
    return rest;
}

/* Digits into phone. BOT_OK, or the verdict of having said what is wrong. */
static int parse_number(struct bot_ctx *ctx, const char *written, char *phone, size_t cap)
{
    if (people_of(ctx)->phone_parse(written, phone, cap) >= 0) return BOT_OK;
    return bot_say_with(ctx, phone_problem(written), "number", bot_cut(ctx, written, 40));
}

/* ---- the list
 * ------------------------------------------------------------------------------------ */

static int load(struct bot_ctx *ctx, struct bot_store_admin **out)
{
    struct bot_store_admin *list = ctx->api->alloc(ctx, ADMINS_MAX * sizeof *list);
    for (size_t i = 0; i < ADMINS_MAX; i++) list[i].size = sizeof *list;
    *out = list;
    return stores_of(ctx)->admins(ctx, ctx->api->number(ctx, "store"), list, ADMINS_MAX);
}

static const char *admin_line(struct bot_ctx *ctx, const struct bot_store_admin *a)
{
    char phone[32];
    phone_show(a->phone, phone, sizeof phone);
    const struct bot_arg args[] = {
        bot_text("name", *a->name ? a->name : bot_words(ctx, "unnamed")),
        bot_text("phone", *phone ? phone : bot_words(ctx, "hidden_number")),
        bot_text("role", bot_words(ctx, a->role == BOT_OWNER ? "role.owner" : "role.staff")),
    };
    return ctx->api->text(ctx, "admin.line", args, BOT_COUNT(args));
}

int list_admins(struct bot_ctx *ctx)
{
    struct bot_store_admin *list;
    struct bot_lines l = { .ctx = ctx };
    int n = load(ctx, &list);
    if (n < 0) return n;
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_int("count", n),
    };
    bot_lines_add(&l, ctx->api->text(ctx, "admin.header", args, BOT_COUNT(args)));
    for (int i = 0; i < n; i++) bot_lines_add(&l, admin_line(ctx, &list[i]));
    if (ctx->api->number(ctx, "role") & BOT_OWNER) bot_lines_add(&l, bot_words(ctx, "admin.hint"));
    return bot_lines_reply(&l);
}

/* The role that the number has here, or 0. */
static int role_of(struct bot_ctx *ctx, const char *phone)
{
    struct bot_store_admin *list;
    int n = load(ctx, &list);
    for (int i = 0; i < n; i++)
        if (strcmp(list[i].phone, phone) == 0) return (int)list[i].role;
    return n < 0 ? n : 0;
}

/* ---- changing it
 * --------------------------------------------------------------------------------- */

static const char *admin_text(struct bot_ctx *ctx, const char *key, const char *phone,
                              uint32_t role)
{
    char shown[32];
    phone_show(phone, shown, sizeof shown);
    const struct bot_arg args[] = {
        bot_text("phone", shown),
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("role", bot_words(ctx, role == BOT_OWNER ? "role.owner" : "role.staff")),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* Whom it concerns, unless he did it himself. Nobody there to hear it is no mistake. */
static int tell(struct bot_ctx *ctx, int64_t person, const char *text)
{
    if (person == ctx->api->number(ctx, "person")) return BOT_OK;
    int rc = notify(ctx, person, text);
    return rc == BOT_ENOENT ? BOT_OK : rc;
}

int add_admin(struct bot_ctx *ctx)
{
    char phone[32];
    uint32_t role = BOT_STAFF;
    const char *number = read_number(ctx, bot_field(ctx, "rest"), &role);
    if (!*number) return bot_say_words(ctx, "usage.add_admin");
    int rc = parse_number(ctx, number, phone, sizeof phone);
    if (rc != BOT_OK) return rc;
    int had = role_of(ctx, phone);
    if (had < 0) return had;
    if (had == BOT_OWNER) return bot_reply(ctx, admin_text(ctx, "admin.is_owner", phone, role));
    int64_t person = stores_of(ctx)->add_admin(ctx, ctx->api->number(ctx, "store"), phone, role);
    if (person == BOT_EEXIST) return bot_reply(ctx, admin_text(ctx, "admin.already", phone, role));
    if (person == BOT_EBUSY) return bot_reply(ctx, admin_text(ctx, "admin.not_yet", phone, role));
    if (person < 0) return (int)person;
    rc = audit_person(ctx, "admin.add", person);
    if (rc >= 0) rc = tell(ctx, person, admin_text(ctx, "admin.welcome", phone, role));
    return rc < 0 ? rc : bot_reply(ctx, admin_text(ctx, "admin.added", phone, role));
}

int remove_admin(struct bot_ctx *ctx)
{
    char phone[32];
    const char *number = bot_field(ctx, "rest");
    if (!*number) return bot_say_words(ctx, "usage.remove_admin");
    int rc = parse_number(ctx, number, phone, sizeof phone);
    if (rc != BOT_OK) return rc;
    int64_t person = stores_of(ctx)->remove_admin(ctx, ctx->api->number(ctx, "store"), phone);
    if (person == BOT_ENOENT) return bot_reply(ctx, admin_text(ctx, "admin.not_found", phone, 0));
    if (person == BOT_EBUSY) return bot_reply(ctx, admin_text(ctx, "admin.last", phone, 0));
    if (person < 0) return (int)person;
    int mine = person == ctx->api->number(ctx, "person");
    rc = audit_person(ctx, "admin.remove", person);
    if (rc >= 0) rc = tell(ctx, person, admin_text(ctx, "admin.goodbye", phone, 0));
    return rc < 0 ? rc
                  : bot_reply(ctx, admin_text(ctx, mine ? "admin.removed_mine" : "admin.removed",
                                              phone, 0));
}
