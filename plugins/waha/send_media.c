/* SPDX-License-Identifier: MIT
 * send_media.c - a row that brings a file -> WAHA's sendImage or sendFile, the text as its caption.
 *
 * The host reads the file and encodes it on its own threads; here it becomes part of a JSON body,
 * without being copied.
 * These calls take no id of ours, so what may have gone out is never repeated (resolve.c). */
#include <stdio.h>
#include <string.h>

#include "waha.h"

#define FILE_BYTES_MAX       (5u << 20)
#define SEND_FILE_TIMEOUT_MS 40000

/* What the file is read for; behind it lie the strings, each with its NUL, and what the completion
 * of the send is given. */
struct packed_file {
    uint64_t media;
    int64_t row;
    bot_done_fn *sent;
    uint32_t lens[6]; /* session, chat, caption, type, name, reply_to */
    uint32_t data_len, account;
};

static const char *const extensions[][2] = {
    { "image/jpeg", "jpg" }, { "image/png", "png" },       { "image/webp", "webp" },
    { "image/gif", "gif" },  { "application/pdf", "pdf" }, { "application/zip", "zip" },
    { "text/plain", "txt" }, { "text/vcard", "vcf" },      { "video/mp4", "mp4" },
    { "audio/ogg", "ogg" },  { "audio/mpeg", "mp3" },      { "audio/mp4", "m4a" },
};

static int is_image(const char *type)
{
    return !strcmp(type, "image/jpeg") || !strcmp(type, "image/png") || !strcmp(type, "image/webp");
}

static void make_name(const char *type, const char *name, char out[240])
{
    const char *extension = "bin";
    for (size_t i = 0; i < BOT_COUNT(extensions); i++)
        if (!strcmp(extensions[i][0], type)) extension = extensions[i][1];
    if (name && *name)
        snprintf(out, 240, "%s", name);
    else
        snprintf(out, 240, "file.%s", extension);
}

static char *append(char *at, const char *key, const char *value)
{
    size_t n = strlen(key);
    memcpy(at, key, n);
    return value ? waha_json_put(at + n, value) : at + n;
}

/* {"session":..,"chatId":..,"file":{"mimetype":..,"filename":..,"data":..}[,"caption":..]
 * [,"reply_to":..]}; `data` is base64, needs no escape, and stays where it is. */
static int wrap_file(struct bot_ctx *ctx, const char *const s[6], struct bot_http *rq)
{
    size_t size = 160;
    for (int i = 0; i < 6; i++) size += waha_json_size(s[i]);
    char *head = ctx->api->alloc(ctx, size), *at = head;
    if (!head) return -1;
    at = append(at, "{\"session\":", s[0]);
    at = append(at, ",\"chatId\":", s[1]);
    at = append(at, ",\"file\":{\"mimetype\":", s[3]);
    at = append(at, ",\"filename\":", s[4]);
    at = append(at, ",\"data\":\"", NULL);
    char *tail = at;
    at = append(at, "\"}", NULL);
    if (s[2][0]) at = append(at, ",\"caption\":", s[2]);
    if (s[5][0]) at = append(at, ",\"reply_to\":", s[5]);
    at = append(at, "}", NULL);
    rq->head = head;
    rq->head_len = (size_t)(tail - head);
    rq->tail = tail;
    rq->tail_len = (size_t)(at - tail);
    return 0;
}

static int refuse(struct bot_ctx *ctx, int64_t row, int outcome, const char *why)
{
    const struct waha *w = ctx->state;
    w->gateways->outcome(ctx, row, outcome, NULL, why);
    return BOT_HANDLED;
}

static int loaded(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct packed_file *p = data;
    const struct waha *w = ctx->state;
    const char *s[6], *at = (const char *)(p + 1);
    char url[1024];
    if (!w) return BOT_HANDLED; /* stopped: the row is resolved by the next start */
    if (r->status == BOT_ECANCELED) return refuse(ctx, p->row, BOT_SEND_HOLD, "it was cancelled");
    if (r->status != BOT_OK)
        return refuse(ctx, p->row, BOT_SEND_REFUSED, "its file cannot be read");
    for (int i = 0; i < 6; i++) {
        s[i] = at;
        at += p->lens[i] + 1;
    }
    const struct waha_account *a = &w->accounts[p->account];
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = SEND_FILE_TIMEOUT_MS,
                           .method = "POST",
                           .url = url,
                           .headers = a->headers,
                           .body = r->body,
                           .body_len = r->body_len };
    snprintf(url, sizeof url, "%s%s", a->base_url,
             is_image(s[3]) ? "/api/sendImage" : "/api/sendFile");
    if (wrap_file(ctx, s, &rq) < 0 || ctx->api->http(ctx, &rq, p->sent, at, p->data_len) <= 0)
        return refuse(ctx, p->row, BOT_SEND_HOLD, "too many requests are open");
    if (s[2][0]) waha_breaker_sent(ctx->state, s[1], s[2], ctx->api->now(ctx));
    return BOT_LATER;
}

static struct packed_file *pack_file(struct bot_ctx *ctx, const struct waha_file *f,
                                     bot_done_fn *sent, const void *data, uint32_t len,
                                     size_t *size)
{
    char name[240];
    make_name(f->type, f->name, name);
    const char *s[6] = { f->session, f->chat, f->caption, f->type, name, f->reply_to };
    struct packed_file head = { .media = (uint64_t)f->media,
                                .row = f->row,
                                .sent = sent,
                                .data_len = len,
                                .account = f->account };
    *size = sizeof head + len;
    for (int i = 0; i < 6; i++) *size += (head.lens[i] = bot_strlen_(s[i])) + 1;
    struct packed_file *p = ctx->api->alloc(ctx, *size);
    if (!p) return NULL;
    *p = head;
    char *at = (char *)(p + 1);
    for (int i = 0; i < 6; i++) {
        memcpy(at, s[i], head.lens[i] + 1);
        at += head.lens[i] + 1;
    }
    memcpy(at, data, len);
    return p;
}

int waha_send_file(struct bot_ctx *ctx, const struct waha_file *f, bot_done_fn *sent,
                   const void *data, uint32_t len)
{
    size_t size = 0;
    const struct packed_file *p = pack_file(ctx, f, sent, data, len, &size);
    int64_t rc =
        !p ? BOT_EBUSY
           : ctx->api->media_read(ctx, f->media, FILE_BYTES_MAX, BOT_MEDIA_BASE64, loaded, p, size);
    if (rc > 0) return BOT_LATER;
    if (rc == BOT_ENOENT) return refuse(ctx, f->row, BOT_SEND_REFUSED, "its file has gone");
    if (rc == BOT_EINVAL)
        return refuse(ctx, f->row, BOT_SEND_REFUSED, "its file is larger than 5 MB");
    return refuse(ctx, f->row, BOT_SEND_HOLD, "too many requests are open");
}
