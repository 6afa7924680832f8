/* SPDX-License-Identifier: MIT
 *
 * announce.c - /pengumuman TEXT: one message to everybody who runs a store, once to each person.
 *
 * First the list of those persons is written down (super_admin_recipients), a few stores at a time,
 * each batch a step of its own; then the super admin sees the text and how many will get it, and
 * says YA or TIDAK. Sending is announce_send.c. After a restart in the middle of the list it goes
 * on where it was: a person is in the list once by its primary key. */
#include <string.h>

#include "announce.h"

enum {
    TEXT_MAX = 3000,   /* characters */
    CAPTION_MAX = 900, /* with a picture: WhatsApp cuts captions at about a thousand */
    PATIENCE_MS = 300000
};

static const char SQL_NEW[] =
    "INSERT INTO super_admin_announcements (author, text, media, state, created_at)"
    " VALUES ($person, $text, $media, 0, $now) RETURNING id";
static const char SQL_CURSOR[] =
    "SELECT cursor, found FROM super_admin_announcements WHERE id = $id AND state = 0";
static const char SQL_ADD[] = "INSERT INTO super_admin_recipients (announcement, recipient)"
                              " VALUES ($id, $recipient) ON CONFLICT DO NOTHING";
static const char SQL_FORWARD[] =
    "UPDATE super_admin_announcements SET cursor = $cursor, found = $found WHERE id = $id";
static const char SQL_LISTED[] = "UPDATE super_admin_announcements SET state = $to"
                                 " WHERE id = $id AND state = 0 RETURNING text, media";
static const char SQL_CANCEL[] =
    "UPDATE super_admin_announcements SET state = 4 WHERE id = $id AND state = 1";

/* How far the list has come. */
struct list {
    int64_t id, cursor, found;
};

static int list_on(struct bot_ctx *ctx, int64_t id);

/* ---- the list -------------------------------------------------------------------------------- */

static int add_admins(struct bot_ctx *ctx, struct list *list, int64_t store)
{
    const struct bot_api *api = ctx->api;
    struct bot_store_admin *admins = api->alloc(ctx, ADMINS_MAX * sizeof *admins);
    admins[0].size = sizeof admins[0];
    int n = stores_of(ctx)->admins(ctx, store, admins, ADMINS_MAX), rc = BOT_OK;
    for (int i = 0; i < n && rc >= 0; i++) {
        const struct bot_arg args[] = { bot_int("id", list->id),
                                        bot_int("recipient", admins[i].person) };
        rc = api->db(ctx, SQL_ADD, args, BOT_COUNT(args), NULL);
        list->found += api->changes(ctx);
    }
    return n < 0 ? n : rc;
}

/* One batch: 1 there may be more, 0 that was all. */
static int list_batch(struct bot_ctx *ctx, struct list *list)
{
    const struct bot_api *api = ctx->api;
    struct bot_store *page = stores_page(ctx, BATCH_STORES);
    int n = stores_of(ctx)->list(ctx, list->cursor, page, BATCH_STORES), rc = BOT_OK;
    for (int i = 0; i < n && rc >= 0; i++) {
        list->cursor = page[i].id;
        int runs = page[i].state == BOT_STORE_ACTIVE || page[i].state == BOT_STORE_SUSPENDED;
        if (runs) rc = add_admins(ctx, list, page[i].id);
    }
    if (n < 0 || rc < 0) return n < 0 ? n : rc;
    const struct bot_arg args[] = { bot_int("id", list->id), bot_int("cursor", list->cursor),
                                    bot_int("found", list->found) };
    rc = api->db(ctx, SQL_FORWARD, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : n == BATCH_STORES;
}

/* The list is complete: shows the text, and asks. */
static int ask(struct bot_ctx *ctx, const struct list *list)
{
    const struct bot_api *api = ctx->api;
    struct bot_rows *rows = NULL;
    const struct bot_arg args[] = { bot_int("id", list->id), bot_int("to", list->found ? 1 : 4) };
    int rc = api->db(ctx, SQL_LISTED, args, BOT_COUNT(args), &rows);
    if (rc < 0 || (rc = api->row_next(rows)) < 0) return rc;
    if (!list->found || rc != BOT_ROW) return bot_say(ctx, "announce.nobody", NULL, 0);
    const struct bot_arg shown[] = { bot_text("text", api->row_text(rows, 0)) };
    int with_picture = api->row_type(rows, 1) != BOT_NULL;
    if ((rc = api->reply(ctx, api->text(ctx, "announce.preview", shown, 1))) < 0) return rc;
    if (with_picture) rc = api->reply(ctx, api->text(ctx, "announce.picture", NULL, 0));
    if (rc < 0) return rc;
    const struct bot_arg slots[] = { bot_int("id", list->id), bot_int("found", list->found) };
    rc = api->dialog_start(ctx, "announce", slots, BOT_COUNT(slots));
    return rc < 0 ? rc : BOT_HANDLED;
}

static int listed(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    int64_t id;
    if (result->status != BOT_OK) return BOT_FAIL;
    memcpy(&id, data, sizeof id);
    return list_on(ctx, id);
}

static int list_on(struct bot_ctx *ctx, int64_t id)
{
    const struct bot_api *api = ctx->api;
    struct list list = { .id = id };
    struct bot_rows *rows = NULL;
    const struct bot_arg args[] = { bot_int("id", id) };
    int rc = api->db(ctx, SQL_CURSOR, args, BOT_COUNT(args), &rows);
    if (rc < 0 || (rc = api->row_next(rows)) < 0) return rc;
    if (rc != BOT_ROW) return bot_say(ctx, "announce.gone", NULL, 0);
    list.cursor = api->row_int(rows, 0);
    list.found = api->row_int(rows, 1);
    if ((rc = list_batch(ctx, &list)) < 0) return rc;
    if (rc == 0) return ask(ctx, &list);
    int64_t timer = api->timer(ctx, 0, listed, &id, sizeof id);
    return timer < 0 ? (int)timer : api->later(ctx, PATIENCE_MS, &id, sizeof id);
}

/* ---- the command ----------------------------------------------------------------------------- */

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* What the announcement cannot be, as a text key; NULL when it is all right. */
static const char *what_is_wrong(struct bot_ctx *ctx, const char *text)
{
    const char *kind = ctx->api->field(ctx, "media.kind");
    if (kind && strcmp(kind, "image") != 0) return "announce.no_media";
    if (kind && !ctx->api->number(ctx, "media")) return "announce.media_failed";
    if (!text || !*text) return "announce.usage";
    if (kind && characters(text) > CAPTION_MAX) return "announce.caption_long";
    return characters(text) > TEXT_MAX ? "announce.long" : NULL;
}

int announce(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    size_t len = 0;
    const void *blob = api->resume(ctx, &len);
    int64_t id;
    if (api->status(ctx) == BOT_ERESUMED && blob && len == sizeof id) {
        memcpy(&id, blob, sizeof id);
        return list_on(ctx, id);
    }
    const char *text = api->field(ctx, "rest"), *wrong = what_is_wrong(ctx, text);
    const struct bot_arg limits[] = {
        bot_int("text_max", TEXT_MAX),
        bot_int("caption_max", CAPTION_MAX),
        bot_int("length", text ? (int64_t)characters(text) : 0),
    };
    if (wrong) return bot_say(ctx, wrong, limits, BOT_COUNT(limits));
    int64_t media = api->number(ctx, "media");
    const struct bot_arg args[] = {
        bot_text("text", text),
        media ? bot_int("media", media) : bot_null("media"),
        bot_int("now", api->now(ctx)),
    };
    struct bot_rows *rows = NULL;
    int rc = api->db(ctx, SQL_NEW, args, BOT_COUNT(args), &rows);
    if (rc < 0 || (rc = api->row_next(rows)) < 0) return rc;
    return list_on(ctx, api->row_int(rows, 0));
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* "kirim" is what the question is about. */
int announce_check(struct bot_ctx *ctx, const char **value)
{
    static const char send[] = "kirim";
    const char *s = *value;
    size_t n = 0;
    while (n < sizeof send - 1 && (s[n] | 0x20) == send[n]) n++;
    if (n < sizeof send - 1 || s[n + strspn(s + n, ".!, ")]) return bot_check_yes_no(ctx, value);
    *value = "1";
    return BOT_OK;
}

int announce_canceled(struct bot_ctx *ctx)
{
    const struct bot_arg args[] = { bot_int("id", ctx->api->number(ctx, "slot.id")) };
    int rc = ctx->api->db(ctx, SQL_CANCEL, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : BOT_HANDLED;
}

int announce_done(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    if (!api->number(ctx, "slot.answer")) {
        int rc = announce_canceled(ctx);
        return rc < 0 ? rc : bot_say(ctx, "announce.kept", NULL, 0);
    }
    int rc = announce_begin(ctx, api->number(ctx, "slot.id"));
    if (rc == BOT_ENOENT) return bot_say(ctx, "announce.gone", NULL, 0);
    const struct bot_arg args[] = { bot_int("found", api->number(ctx, "slot.found")) };
    return rc < 0 ? rc : bot_say(ctx, "announce.started", args, BOT_COUNT(args));
}
