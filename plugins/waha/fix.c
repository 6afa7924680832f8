/* SPDX-License-Identifier: MIT
 * fix.c - `tokobot check --fix`: writes WAHA's webhook settings as the bot needs them.
 *
 * One account after the other: what its session has is asked for; what is wrong there is told, or
 * written. All that is known so far travels with the calls, so a reload in between leaves nothing
 * behind. Neither a setting nor a key is ever told or logged, only what changes. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"
#include "waha.h"

#define LOOK_TIMEOUT_MS  15000
#define WRITE_TIMEOUT_MS 60000 /* WAHA locks a session for up to 30 s */

/* The work in hand. As a call's data: this, then its report as JSON. */
struct fix {
    uint32_t account;
    uint32_t write;
    struct json_object *told; /* {"changes":[...],"problems":[...]}, as sentences */
};

static int look(struct bot_ctx *ctx, struct fix *f);
static int looked(struct bot_ctx *ctx, const struct bot_result *r, void *data);
static int wrote(struct bot_ctx *ctx, const struct bot_result *r, void *data);

/* ---- answering ------------------------------------------------------------------------------- */

static int answer_with(struct bot_ctx *ctx, struct json_object *line, int refused)
{
    struct bot_response response = { .size = sizeof response, .status = refused, .more = 1 };
    json_object_object_add(line, "ok", json_object_new_boolean(!refused));
    response.body = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE);
    ctx->api->respond(ctx, &response);
    json_object_put(line);
    return BOT_HANDLED;
}

static int refuse_fix(struct bot_ctx *ctx, const char *error)
{
    struct json_object *line = json_object_new_object();
    json_object_object_add(line, "error", json_object_new_string(error));
    return answer_with(ctx, line, 1);
}

static void report(struct fix *f, const char *list, const char *sentence)
{
    json_object_array_add(json_member(f->told, list), json_object_new_string(sentence));
}

static void report_problem(struct fix *f, const struct waha_account *a, const char *what)
{
    char line[400];
    snprintf(line, sizeof line, "session '%.60s': %s", a->session, what);
    report(f, "problems", line);
}

/* ---- from call to call ----------------------------------------------------------------------- */

/* Ends f: the call has it. < 0: it could not be made, and f is still there. */
static int64_t call(struct bot_ctx *ctx, struct fix *f, const char *body, bot_done_fn *done)
{
    const struct waha *w = ctx->state;
    const struct waha_account *a = &w->accounts[f->account];
    const char *told = json_object_to_json_string_ext(f->told, JSON_C_TO_STRING_PLAIN);
    size_t len = sizeof *f + strlen(told) + 1;
    char name[200], url[1024];
    char *data = ctx->api->alloc(ctx, len);
    if (!data) return BOT_EBUSY;
    memcpy(data, f, sizeof *f);
    memcpy(data + sizeof *f, told, len - sizeof *f);
    waha_url_put(name, sizeof name, a->session);
    snprintf(url, sizeof url, "%s/api/sessions/%s", a->base_url, name);
    struct bot_http rq = { .size = sizeof rq,
                           .timeout_ms = body ? WRITE_TIMEOUT_MS : LOOK_TIMEOUT_MS,
                           .method = body ? "PUT" : "GET",
                           .url = url,
                           .headers = a->headers,
                           .body = body,
                           .body_len = body ? strlen(body) : 0 };
    int64_t id = ctx->api->http(ctx, &rq, done, data, len);
    if (id > 0) json_object_put(f->told);
    return id;
}

/* The work goes on, or 0: it was cancelled, which has been answered. */
static int resume(struct bot_ctx *ctx, const struct bot_result *r, const void *data, struct fix *f)
{
    const struct waha *w = ctx->state;
    memcpy(f, data, sizeof *f);
    if (!w || r->status == BOT_ECANCELED || f->account >= w->account_count) {
        refuse_fix(ctx, "the bot reloads or stops: ask again, and look what has been written");
        return 0;
    }
    f->told = json_tokener_parse((const char *)data + sizeof *f);
    return 1;
}

/* ---- one account ----------------------------------------------------------------------------- */

static const char *what_failed(const struct bot_result *r)
{
    if (r->status != BOT_OK || r->http_status == 0)
        return "WAHA cannot be reached: is it running, and is base_url right?";
    switch (r->http_status) {
    case 401:
        return "WAHA refuses the API key (401): set api_key in [waha] to WAHA's WAHA_API_KEY";
    case 403:
        return "the API key may not do that (403): give it the rights 'read' and 'setting' in WAHA";
    case 404:
        return waha_tells_session(r) ? "WAHA has no such session: start it first"
                                     : "not WAHA: is base_url right?";
    default:
        return NULL;
    }
}

static void report_failure(struct fix *f, const struct waha_account *a, const struct bot_result *r,
                           const char *otherwise)
{
    char what[200];
    const char *known = what_failed(r);
    snprintf(what, sizeof what, "%s (%d)", otherwise, (int)r->http_status);
    report_problem(f, a, known ? known : what);
}

static int go_on(struct bot_ctx *ctx, struct fix *f)
{
    f->account++;
    return look(ctx, f);
}

static int looked(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct waha *w = ctx->state;
    struct fix f;
    char line[1024], *body = NULL;
    if (!resume(ctx, r, data, &f)) return BOT_HANDLED;
    const struct waha_account *a = &w->accounts[f.account];
    if (r->status != BOT_OK || r->http_status != 200) {
        report_failure(&f, a, r, "WAHA does not tell its settings");
        return go_on(ctx, &f);
    }
    int verdict = waha_mend_webhooks(r, a, w->hmac_key, line, sizeof line, &body);
    int is_asked = verdict > 0 && f.write && call(ctx, &f, body, wrote) > 0;
    free(body);
    if (is_asked) return BOT_LATER;
    if (verdict > 0 && f.write)
        report_problem(&f, a, "the bot is too busy to ask WAHA: try again");
    else if (verdict)
        report(&f, verdict > 0 ? "changes" : "problems", line);
    return go_on(ctx, &f);
}

/* A broken connection, or a proxy that lost the answer: it may be written all the same. */
static int nobody_knows(const struct bot_result *r)
{
    return (r->status != BOT_OK && r->sent) || r->http_status == 502 || r->http_status == 504;
}

static int wrote(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct waha *w = ctx->state;
    struct fix f;
    char line[200];
    if (!resume(ctx, r, data, &f)) return BOT_HANDLED;
    struct waha_account *a = &w->accounts[f.account];
    a->has_compared = 0; /* at the next look; then the log says what is still wrong */
    if (r->status == BOT_OK && r->http_status / 100 == 2) {
        snprintf(line, sizeof line, "session '%.60s': written", a->session);
        report(&f, "changes", line);
        snprintf(line, sizeof line, "check --fix has mended the webhook of session '%.60s'",
                 a->session);
        ctx->api->log(ctx->api->self(ctx), BOT_LOG_INFO, line);
    } else if (nobody_knows(r)) {
        report_problem(&f, a,
                       "WAHA did not say what became of the settings: ask again, and look "
                       "whether the session works");
    } else {
        report_failure(&f, a, r, "WAHA did not take the settings; look whether the session works");
    }
    return go_on(ctx, &f);
}

static int look(struct bot_ctx *ctx, struct fix *f)
{
    const struct waha *w = ctx->state;
    for (; f->account < w->account_count; f->account++) {
        if (call(ctx, f, NULL, looked) > 0) return BOT_LATER;
        report_problem(f, &w->accounts[f->account], "the bot is too busy to ask WAHA: try again");
    }
    return answer_with(ctx, f->told, 0);
}

int waha_fix(struct bot_ctx *ctx)
{
    const char *line = ctx->api->field(ctx, "body");
    struct json_object *rq = line ? json_tokener_parse(line) : NULL;
    struct json_object *write = json_member(rq, "write");
    struct fix f = { .write = write && json_object_is_type(write, json_type_boolean) &&
                              json_object_get_boolean(write) };
    json_object_put(rq);
    if (!ctx->state) return refuse_fix(ctx, "the plugin waha has been stopped");
    f.told = json_object_new_object();
    json_object_object_add(f.told, "changes", json_object_new_array());
    json_object_object_add(f.told, "problems", json_object_new_array());
    return look(ctx, &f);
}
