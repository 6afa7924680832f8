/* SPDX-License-Identifier: MIT
 * simulator.c - WhatsApp without WhatsApp: a gateway whose network is the control socket.
 *
 * `tokobot chat`, the transcript runner and tests send lines with the verb "chat":
 *   {"cmd":"chat","as":"6281…"}               joins: this connection gets what the bot writes to
 * 6281…
 *   {"cmd":"chat","as":"6281…","all":true}    joins, and gets what the bot writes to anybody
 *   {"cmd":"chat","as":"6281…","say":"text"[,"id":"…"][,"quote":"…"][,"name":"…"][,"lid":"…"]}
 *                                             writes to the bot; `id` is the message's native id
 *   ... ,"attach":{"kind":"image","file":"/path","name":"proof.png"}   brings a file along, also
 *       {"kind":"location","place":"-6.2,106.8"}, {"kind":"contact","contact":"BEGIN:VCARD..."}
 * Each is answered by one line, {"ok":true,…} or {"ok":false,"error":"…"}. What the bot writes
 * comes as
 *   {"from":"bot","to":"6281…","id":"SIM7","text":"…"[,"media":{"type":"image/png","name":"…"}]}
 * A message goes through the journal as a webhook's does, and what the bot says through the outbox;
 * only the two ends differ. Who listens is kept in memory: it ends with the connection, and with
 * the host. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tokobot/plugin.h>
#include <tokobot/services/gateways.h>

#include "simulator.h"

#define SESSION "sim"

struct simulator {
    const struct bot_gateways *gateways;
    struct listeners listeners;
};

static int chat(struct bot_ctx *ctx);
static int deliver(struct bot_ctx *ctx, const struct bot_outgoing *row);
static int address(const char *phone, char *out, size_t cap);
static const char *default_session(struct bot_ctx *ctx);
static int fetch(struct bot_ctx *ctx, const struct bot_fetch *file);

static const struct bot_route_spec routes[] = {
    { .kind = BOT_ROUTE_CONTROL, .path = "chat", .run = chat },
};

static const struct bot_gateway_spec gateway = {
    .size = sizeof gateway,
    .name = "", /* no webhook */
    .send = deliver,
    .address = address,
    .default_session = default_session,
    .fetch = fetch,
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    void *owner = NULL;
    const struct bot_gateways *gateways = api->service(self, "gateways/0", &owner);
    if (!gateways) return BOT_EVERSION;
    int rc = BOT_ROUTES(api, self, routes);
    if (rc >= 0) rc = gateways->provide(self, &gateway);
    return rc < 0 ? rc : BOT_OK;
}

static int start(struct bot_ctx *ctx)
{
    struct bot_plugin *self = ctx->api->self(ctx);
    void *owner = NULL;
    struct simulator *s = calloc(1, sizeof *s);
    if (!s) return BOT_EBUSY;
    s->gateways = ctx->api->service(self, "gateways/0", &owner);
    ctx->api->set_state(self, s);
    return BOT_OK;
}

static void stop(struct bot_ctx *ctx)
{
    struct simulator *s = ctx->state;
    ctx->api->set_state(ctx->api->self(ctx), NULL);
    if (!s) return;
    listeners_free(&s->listeners);
    free(s);
}

/* ---- the gateway ----------------------------------------------------------------------------- */

static int address(const char *phone, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s@c.us", phone);
    return n > 5 && (size_t)n < cap ? BOT_OK : BOT_EINVAL;
}

static const char *default_session(struct bot_ctx *ctx)
{
    (void)ctx;
    return SESSION;
}

static int answer_line(struct bot_ctx *ctx, int64_t request, struct json_object *line, int refused)
{
    size_t len = 0;
    const char *body = json_object_to_json_string_length(
        line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    struct bot_response response = { .size = sizeof response,
                                     .status = refused,
                                     .request = request,
                                     .body = body,
                                     .body_len = len,
                                     .more = 1 };
    return body ? ctx->api->respond(ctx, &response) : BOT_EBUSY;
}

static struct json_object *make_line(const struct bot_outgoing *row, const char *native_id)
{
    struct json_object *line = json_object_new_object();
    json_object_object_add(line, "from", json_object_new_string("bot"));
    json_object_object_add(line, "to",
                           json_object_new_string_len(row->chat, (int)strcspn(row->chat, "@")));
    json_object_object_add(line, "id", json_object_new_string(native_id));
    json_object_object_add(line, "text", json_object_new_string(row->text));
    if (row->quote[0]) json_object_object_add(line, "quote", json_object_new_string(row->quote));
    if (!row->media) return line;
    struct json_object *media = json_object_new_object();
    json_object_object_add(media, "type", json_object_new_string(row->media_type));
    json_object_object_add(media, "name", json_object_new_string(row->media_name));
    json_object_object_add(line, "media", media);
    return line;
}

static int deliver(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    struct simulator *s = ctx->state;
    char native_id[32];
    snprintf(native_id, sizeof native_id, "SIM%lld", (long long)row->id);
    struct json_object *line = make_line(row, native_id);
    for (size_t i = 0; i < s->listeners.count; i++) {
        const struct listener *one = &s->listeners.items[i];
        if (!listeners_hears(&s->listeners, i, row->chat)) continue;
        if (answer_line(ctx, one->request, line, 0) == BOT_EGONE)
            listeners_forget(&s->listeners, one->connection);
    }
    listeners_sweep(&s->listeners);
    json_object_put(line);
    s->gateways->outcome(ctx, row->id, BOT_SENT, native_id, "");
    return BOT_HANDLED;
}

/* ---- files that are said -------------------------------------------------------------------- */

#define FILE_BYTES_MAX (16u << 20) /* what a thread's work may bring */

/* On a thread of the host's: whoever may write to the control socket may read this file, too. */
static int64_t read_file(const void *path, size_t len, void *out, size_t cap)
{
    FILE *in = len ? fopen(path, "re") : NULL;
    if (!in) return BOT_ENOENT;
    size_t n = fread(out, 1, cap, in);
    int failed = ferror(in) || n == FILE_BYTES_MAX; /* there may be more of it */
    fclose(in);
    return failed ? BOT_EIO : (int64_t)n;
}

static int was_read(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    struct simulator *s = ctx->state;
    int64_t id;
    memcpy(&id, data, sizeof id);
    if (!s) return BOT_HANDLED;
    int ok = r->status == BOT_OK;
    s->gateways->fetched(ctx, id, ok ? r->body : NULL, ok ? r->body_len : 0,
                         "the file cannot be read");
    return BOT_HANDLED;
}

static int fetch(struct bot_ctx *ctx, const struct bot_fetch *file)
{
    size_t cap = file->max_bytes + 1 < FILE_BYTES_MAX ? file->max_bytes + 1 : FILE_BYTES_MAX;
    struct bot_work work = { .size = sizeof work, .run = read_file, .out_cap = cap };
    int64_t call = ctx->api->work(ctx, &work, file->url, strlen(file->url) + 1, was_read, &file->id,
                                  sizeof file->id);
    return call > 0 ? BOT_LATER : BOT_HANDLED;
}

/* ---- the verb "chat" ------------------------------------------------------------------------- */

static const char *text_member(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_string))
        return NULL;
    return json_object_get_string_len(v) ? json_object_get_string(v) : NULL;
}

static int is_true(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, name, &v) && json_object_get_boolean(v);
}

static int is_phone(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n >= 8 && n <= 15 && strspn(s, "0123456789") == n;
}

static int refuse(struct bot_ctx *ctx, const char *error)
{
    struct json_object *line = json_object_new_object();
    json_object_object_add(line, "ok", json_object_new_boolean(0));
    json_object_object_add(line, "error", json_object_new_string(error));
    answer_line(ctx, 0, line, 1);
    json_object_put(line);
    return BOT_HANDLED;
}

static int accept(struct bot_ctx *ctx, const char *key, const char *value)
{
    struct json_object *line = json_object_new_object();
    json_object_object_add(line, "ok", json_object_new_boolean(1));
    json_object_object_add(line, key, json_object_new_string(value));
    answer_line(ctx, 0, line, 0);
    json_object_put(line);
    return BOT_HANDLED;
}

/* A native id that no message had before, after whichever crash. */
static int make_id(struct bot_ctx *ctx, char *out, size_t cap)
{
    size_t len = 0;
    const char *last = ctx->api->kv_get(ctx, BOT_KV_PLUGIN, "said", &len);
    char next[24];
    int n = snprintf(next, sizeof next, "%lld", (last ? atoll(last) : 0) + 1);
    snprintf(out, cap, "SAY%s", next);
    return ctx->api->kv_set(ctx, BOT_KV_PLUGIN, "said", next, (size_t)n, 0);
}

/* What comes along; the strings are rq's. */
static void read_attachment(struct json_object *rq, struct bot_incoming *in)
{
    struct json_object *o = NULL;
    if (!json_object_object_get_ex(rq, "attach", &o) || !json_object_is_type(o, json_type_object))
        return;
    in->media = text_member(o, "kind");
    in->media_url = text_member(o, "file");
    in->media_name = text_member(o, "name");
    in->place = text_member(o, "place");
    in->place_name = text_member(o, "place_name");
    in->contact = text_member(o, "contact");
}

/* Hands the message in as a webhook's. */
static int say(struct bot_ctx *ctx, struct json_object *rq, const char *phone, const char *chat_id)
{
    struct simulator *s = ctx->state;
    struct json_object *text = NULL;
    char made[64];
    const char *id = text_member(rq, "id");
    int64_t now = ctx->api->now(ctx);
    json_object_object_get_ex(rq, "say", &text);
    if (!id) {
        if (make_id(ctx, made, sizeof made) < 0)
            return refuse(ctx, "the database cannot be written");
        id = made;
    }
    struct bot_incoming in = {
        .size = sizeof in,
        .kind = BOT_IN_MESSAGE,
        .session = SESSION,
        .event = "message",
        .native_id = id,
        .chat = chat_id,
        .phone = phone,
        .lid = text_member(rq, "lid"),
        .name = text_member(rq, "name"),
        .text = json_object_get_string(text),
        .text_len = (size_t)json_object_get_string_len(text),
        .quoted_id = text_member(rq, "quote"),
        .sent_at = now,
    };
    read_attachment(rq, &in);
    int rc = s->gateways->incoming(ctx, &in);
    if (rc < 0) return refuse(ctx, "the message could not be taken; try again");
    return accept(ctx, "id", id);
}

static int run_chat(struct bot_ctx *ctx, struct json_object *rq)
{
    struct simulator *s = ctx->state;
    struct json_object *text = NULL;
    char chat_id[CHAT_BYTES];
    const char *phone = text_member(rq, "as");
    if (!is_phone(phone))
        return refuse(ctx, "\"as\" must be a phone number: digits only, 62811...");
    snprintf(chat_id, sizeof chat_id, "%s@c.us", phone);
    int64_t connection = ctx->api->number(ctx, "connection");
    int64_t request = ctx->api->number(ctx, "request");
    if (!json_object_object_get_ex(rq, "say", &text)) {
        const char *wanted = is_true(rq, "all") ? "" : chat_id;
        if (listeners_join(&s->listeners, connection, request, wanted) < 0)
            return refuse(ctx, "out of memory");
        return accept(ctx, "joined", phone);
    }
    listeners_touch(&s->listeners, connection, request);
    if (!json_object_is_type(text, json_type_string) ||
        (json_object_get_string_len(text) == 0 && !json_object_object_get_ex(rq, "attach", NULL)))
        return refuse(ctx, "\"say\" must be a text that is not empty");
    return say(ctx, rq, phone, chat_id);
}

static int chat(struct bot_ctx *ctx)
{
    const char *body = ctx->api->field(ctx, "body");
    struct json_object *rq = body ? json_tokener_parse(body) : NULL;
    int rc = rq && json_object_is_type(rq, json_type_object) ? run_chat(ctx, rq)
                                                             : refuse(ctx, "not a JSON object");
    json_object_put(rq);
    return rc;
}

BOT_PLUGIN("simulator", "0.1.0", "gateways/0", init, start, stop, NULL);
