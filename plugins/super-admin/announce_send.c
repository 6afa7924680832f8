/* SPDX-License-Identifier: MIT
 *
 * announce_send.c - an announcement on its way: every second a batch of those who have not got it
 * is marked and put into the outbox, in one savepoint. So nobody gets it twice, whatever crashes,
 * and the next batch is always due (at) or done. The number's own limits decide when each leaves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "announce.h"

enum { BATCH_PERSONS = 25, PAUSE_MS = 1000, PRUNE_BATCH = 500 };

static const int64_t DAY_MS = 86400000;
static const int64_t EXPIRES_DAYS = 7; /* a thousand notices a day are a number's usual limit */
static const int64_t KEEP_DAYS = 30;

static const char EVENT_SEND[] = "super-admin.announce";
static const char EVENT_PRUNE[] = "super-admin.prune";

static const char SQL_BEGIN[] = "UPDATE super_admin_announcements SET state = 2"
                                " WHERE id = $id AND state = 1 RETURNING found";
static const char SQL_TEXT[] =
    "SELECT text, media FROM super_admin_announcements WHERE id = $id AND state = 2";
static const char SQL_TAKE[] =
    "UPDATE super_admin_recipients SET sent = 1 WHERE (announcement, recipient) IN"
    " (SELECT announcement, recipient FROM super_admin_recipients"
    "  WHERE announcement = $id AND sent = 0 ORDER BY recipient LIMIT $count)"
    " RETURNING recipient";
static const char SQL_DONE[] = "UPDATE super_admin_announcements SET state = 3 WHERE id = $id";

/* The host has re-pointed what it could; what is left of `from` is of somebody who is in the list
 * under both numbers. */
static const char SQL_MERGED[] =
    "UPDATE super_admin_recipients SET sent = 1 WHERE recipient = $into AND announcement IN"
    " (SELECT announcement FROM super_admin_recipients WHERE recipient = $from AND sent = 1)";
static const char SQL_FORGET[] = "DELETE FROM super_admin_recipients WHERE recipient = $from";

static const char SQL_PRUNE[] =
    "DELETE FROM super_admin_recipients WHERE (announcement, recipient) IN"
    " (SELECT r.announcement, r.recipient FROM super_admin_announcements a"
    "  JOIN super_admin_recipients r ON r.announcement = a.id"
    "  WHERE a.created_at < $before LIMIT $count)";
static const char SQL_PRUNE_TEXTS[] =
    "DELETE FROM super_admin_announcements WHERE created_at < $before";

static int batch_due(struct bot_ctx *ctx, int64_t id, int64_t pause_ms)
{
    char key[32];
    int len = snprintf(key, sizeof key, "%" PRId64, id);
    return ctx->api->at(ctx, EVENT_SEND, key, ctx->api->now(ctx) + pause_ms, key, (size_t)len);
}

int announce_begin(struct bot_ctx *ctx, int64_t id)
{
    const struct bot_api *api = ctx->api;
    struct bot_rows *rows = NULL;
    char detail[64];
    const struct bot_arg args[] = { bot_int("id", id) };
    int rc = api->db(ctx, SQL_BEGIN, args, BOT_COUNT(args), &rows);
    if (rc < 0 || (rc = api->row_next(rows)) < 0) return rc;
    if (rc != BOT_ROW) return BOT_ENOENT;
    snprintf(detail, sizeof detail, "id=%" PRId64 " persons=%" PRId64, id, api->row_int(rows, 0));
    if ((rc = api->audit(ctx, "announce", detail)) < 0) return rc;
    return batch_due(ctx, id, 0);
}

/* Marks the next ones; how many, or an error. */
static int take(struct bot_ctx *ctx, int64_t id, int64_t persons[BATCH_PERSONS])
{
    const struct bot_api *api = ctx->api;
    struct bot_rows *rows = NULL;
    const struct bot_arg args[] = { bot_int("id", id), bot_int("count", BATCH_PERSONS) };
    int n = 0, rc = api->db(ctx, SQL_TAKE, args, BOT_COUNT(args), &rows);
    while (rc >= 0 && n < BATCH_PERSONS && (rc = api->row_next(rows)) == BOT_ROW)
        persons[n++] = api->row_int(rows, 0);
    return rc < 0 ? rc : n;
}

/* One who cannot be written to (no number that we know) is passed over. */
static int send_to(struct bot_ctx *ctx, int64_t person, const char *text, int64_t media)
{
    const struct bot_send send = {
        .size = sizeof send,
        .person = person,
        .text = text,
        .media = media,
        .expires = ctx->api->now(ctx) + EXPIRES_DAYS * DAY_MS,
    };
    int rc = ctx->api->send(ctx, &send);
    return rc == BOT_ENOENT ? BOT_OK : rc;
}

int announce_batch(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    const char *body = api->field(ctx, "body");
    int64_t id = body ? strtoll(body, NULL, 10) : 0, persons[BATCH_PERSONS];
    const struct bot_arg args[] = { bot_int("id", id) };
    struct bot_rows *rows = NULL;
    int rc = api->db(ctx, SQL_TEXT, args, BOT_COUNT(args), &rows);
    if (rc < 0 || (rc = api->row_next(rows)) < 0) return rc;
    if (rc != BOT_ROW) return BOT_HANDLED;
    const struct bot_arg shown[] = { bot_text("text", api->row_text(rows, 0)) };
    int64_t media = api->row_int(rows, 1);
    const char *text = api->text(ctx, "announce.notice", shown, BOT_COUNT(shown));
    int n = take(ctx, id, persons);
    if (n < 0) return n;
    for (int i = 0; i < n; i++)
        if ((rc = send_to(ctx, persons[i], text, media)) < 0) return rc;
    if (n == BATCH_PERSONS)
        rc = batch_due(ctx, id, PAUSE_MS);
    else
        rc = api->db(ctx, SQL_DONE, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : BOT_HANDLED;
}

/* ---- persons --------------------------------------------------------------------------------- */

int announce_merged(struct bot_ctx *ctx)
{
    int64_t from = 0, into = 0;
    const char *body = ctx->api->field(ctx, "body");
    if (!body || sscanf(body, "{\"from\":%" SCNd64 ",\"into\":%" SCNd64 "}", &from, &into) != 2)
        return BOT_PASS;
    const struct bot_arg both[] = { bot_int("from", from), bot_int("into", into) };
    int rc = ctx->api->db(ctx, SQL_MERGED, both, BOT_COUNT(both), NULL);
    if (rc >= 0) rc = ctx->api->db(ctx, SQL_FORGET, both, 1, NULL);
    return rc < 0 ? rc : BOT_PASS;
}

int announce_erased(struct bot_ctx *ctx)
{
    int64_t person = 0;
    const char *body = ctx->api->field(ctx, "body");
    if (!body || sscanf(body, "{\"person\":%" SCNd64 "}", &person) != 1) return BOT_PASS;
    const struct bot_arg args[] = { bot_int("from", person) };
    int rc = ctx->api->db(ctx, SQL_FORGET, args, BOT_COUNT(args), NULL);
    return rc < 0 ? rc : BOT_PASS;
}

/* ---- old ones -------------------------------------------------------------------------------- */

int announce_prune(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    int64_t now = api->now(ctx);
    const struct bot_arg args[] = { bot_int("before", now - KEEP_DAYS * DAY_MS),
                                    bot_int("count", PRUNE_BATCH) };
    int rc = api->db(ctx, SQL_PRUNE, args, BOT_COUNT(args), NULL);
    if (rc < 0) return rc;
    if (api->changes(ctx) == PRUNE_BATCH)
        rc = api->at(ctx, EVENT_PRUNE, "more", now + PAUSE_MS, NULL, 0);
    else
        rc = api->db(ctx, SQL_PRUNE_TEXTS, args, 1, NULL);
    return rc < 0 ? rc : BOT_HANDLED;
}
