/* SPDX-License-Identifier: MIT
 * turn_plugin.c - see turn_plugin.h. */
#include "turn_plugin.h"

#include <stdio.h>

static const struct bot_api *api;
static struct buf diary; /* what ran, in order: "a b c " */
int done_count;

static void note(const char *what)
{
    buf_addf(&diary, "%s ", what);
}

const char *read_diary(void)
{
    static char text[1000];
    snprintf(text, sizeof text, "%s", buf_str(&diary));
    buf_free(&diary);
    return text;
}

static int add_row(struct bot_ctx *ctx, const char *what)
{
    const struct bot_arg arg = bot_text("what", what);
    return api->db(ctx, "INSERT INTO alpha_rows(what) VALUES ($what)", &arg, 1, NULL);
}

int64_t rows(const char *what)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM alpha_rows WHERE what = '%s'", what);
    return disk(sql);
}

/* ---- handlers: the first word of a text says which ------------------------------------------- */

static int say_hello(struct bot_ctx *ctx)
{
    note(api->field(ctx, "text"));
    add_row(ctx, "hello");
    return bot_reply(ctx, "hello");
}

static int timer_done(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    char text[60];
    done_count++;
    note((const char *)data);
    snprintf(text, sizeof text, "%s %d", (const char *)data, r->status);
    add_row(ctx, (const char *)data);
    return bot_reply(ctx, text);
}

static int do_everything_and_fail(struct bot_ctx *ctx)
{
    note("fail");
    add_row(ctx, "failed");
    api->reply(ctx, "never said");
    api->emit(ctx, "alpha.made", "x", 1);
    api->at(ctx, "alpha.later", "k", api->now(ctx) + MINUTE, "x", 1);
    api->timer(ctx, 1000, timer_done, "timer", 6);
    api->kv_set(ctx, BOT_KV_PLUGIN, "k", "v", 1, 0);
    api->audit(ctx, "did", "it");
    const struct bot_send m = {
        .size = sizeof m, .chat = CITRA, .text = "never sent", .person = 0
    };
    api->send(ctx, &m);
    const struct bot_http get = { .size = sizeof get, .url = "http://x.test/" };
    api->http(ctx, &get, timer_done, "http", 5);
    return strstr(api->field(ctx, "text"), "code")  ? BOT_EIO
           : strstr(api->field(ctx, "text"), "odd") ? 77
                                                    : BOT_FAIL;
}

static int abort_with_words(struct bot_ctx *ctx)
{
    add_row(ctx, "failed");
    return api->abort(ctx, "stok habis");
}

static int abort_and_go_on(struct bot_ctx *ctx)
{
    add_row(ctx, "failed");
    api->abort(ctx, "stok habis");
    return bot_reply(ctx, "never said");
}

/* wait KIND: says "first", then waits for a call of this kind. */
static int64_t double_byte(const void *data, size_t len, void *out, size_t cap)
{
    if (len != 1 || cap < 2) return BOT_EINVAL;
    memset(out, *(const char *)data, 2);
    return 2;
}

static int wait_done(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    char text[120];
    done_count++;
    note("done");
    add_row(ctx, "done");
    snprintf(text, sizeof text, "%s: %d %d [%s]", (const char *)data, r->status, r->http_status,
             r->body ? (const char *)r->body : "");
    assert_int_equal(api->status(ctx), r->status);
    return bot_reply(ctx, text);
}

static int start_waiting(struct bot_ctx *ctx)
{
    const char *text = api->field(ctx, "text");
    const struct bot_http get = { .size = sizeof get, .url = "http://x.test/" };
    const struct bot_work work = { .size = sizeof work, .run = double_byte };
    size_t len = 0;
    int64_t id = 0;
    note("wait");
    if (api->status(ctx) == BOT_ERESUMED) {
        const char *blob = api->resume(ctx, &len);
        assert_int_equal(len, 4);
        assert_memory_equal(blob, "b\0ob", 4);
        add_row(ctx, "resumed");
        return bot_reply(ctx, "resumed");
    }
    add_row(ctx, "waiting");
    api->reply(ctx, "first");
    if (strstr(text, "http"))
        id = api->http(ctx, &get, wait_done, "http", 5);
    else if (strstr(text, "work"))
        id = api->work(ctx, &work, "x", 1, wait_done, "work", 5);
    else if (strstr(text, "read"))
        id = api->db_read(ctx, "SELECT 1", NULL, 0, wait_done, "read", 5);
    else
        id = api->timer(ctx, 5000, wait_done, "timer", 6);
    assert_true(id > 0);
    return api->later(ctx, 30000, "b\0ob", 4);
}

static int wait_for_nothing(struct bot_ctx *ctx)
{
    api->reply(ctx, "never said");
    return api->later(ctx, 0, NULL, 0);
}

static int pass_done(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)ctx;
    (void)r;
    (void)data;
    note("passed");
    return BOT_PASS;
}

static int wait_and_pass(struct bot_ctx *ctx)
{
    api->timer(ctx, 1000, pass_done, NULL, 0);
    return api->later(ctx, 0, NULL, 0);
}

static int64_t pending;

static int cancel_it(struct bot_ctx *ctx)
{
    assert_int_equal(api->cancel(ctx, pending), BOT_OK);
    assert_int_equal(api->cancel(ctx, 999999), BOT_EGONE);
    return bot_reply(ctx, "cancelled");
}

static int start_timer(struct bot_ctx *ctx)
{
    pending = api->timer(ctx, 60000, timer_done, "timer", 6);
    return bot_reply(ctx, "started");
}

static int start_and_cancel(struct bot_ctx *ctx)
{
    int64_t id = api->timer(ctx, 60000, timer_done, "timer", 6);
    assert_int_equal(api->cancel(ctx, id), BOT_OK);
    return bot_reply(ctx, "both");
}

static int end_transaction(struct bot_ctx *ctx)
{
    note("bad");
    add_row(ctx, "bad");
    sqlite3_exec(w.host->db.sql, "ROLLBACK", NULL, NULL, NULL);
    return bot_reply(ctx, "never said");
}

static int bad_done(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)r;
    (void)data;
    done_count++;
    return end_transaction(ctx);
}

static int wait_for_bad(struct bot_ctx *ctx)
{
    api->timer(ctx, 1000, bad_done, NULL, 0);
    return api->later(ctx, 0, NULL, 0);
}

static int start_bad(struct bot_ctx *ctx)
{
    api->timer(ctx, 1000, bad_done, NULL, 0);
    return bot_reply(ctx, "started");
}

static int fill_disk(struct bot_ctx *ctx)
{
    static char big[200000];
    const struct bot_arg arg = bot_blob("b", big, sizeof big);
    int rc = api->db(ctx, "INSERT INTO alpha_blobs(data) VALUES ($b)", &arg, 1, NULL);
    return rc < 0 ? rc : bot_reply(ctx, "stored");
}

static int set_values(struct bot_ctx *ctx)
{
    note("kv");
    assert_int_equal(api->kv_set(ctx, BOT_KV_PLUGIN, "k", "plugin", 6, 0), BOT_OK);
    assert_int_equal(api->kv_set(ctx, BOT_KV_STORE, "k", "store", 5, 0), BOT_OK);
    assert_int_equal(api->kv_set(ctx, BOT_KV_PERSON, "k", "per\0son", 7, api->now(ctx) + MINUTE),
                     BOT_OK);
    assert_int_equal(api->kv_set(ctx, BOT_KV_EVENT, "k", "event", 5, 0), BOT_OK);
    assert_string_equal(api->kv_get(ctx, BOT_KV_EVENT, "k", NULL), "event");
    assert_int_equal(api->kv_set(ctx, 9, "k", "v", 1, 0), BOT_EINVAL);
    assert_int_equal(api->kv_set(ctx, BOT_KV_PLUGIN, NULL, "v", 1, 0), BOT_EINVAL);
    api->timer(ctx, 1000, timer_done, "kv", 3);
    return strstr(api->field(ctx, "text"), "wait") ? api->later(ctx, 0, NULL, 0)
                                                   : bot_reply(ctx, "set");
}

static const char *shown(struct bot_ctx *ctx, int scope)
{
    const char *value = api->kv_get(ctx, scope, "k", NULL);
    return value ? value : "-";
}

static int get_values(struct bot_ctx *ctx)
{
    char text[100];
    size_t len;
    snprintf(text, sizeof text, "%s %s %s %s", shown(ctx, BOT_KV_PLUGIN), shown(ctx, BOT_KV_STORE),
             shown(ctx, BOT_KV_PERSON), shown(ctx, BOT_KV_EVENT));
    if (api->kv_get(ctx, BOT_KV_PERSON, "k", &len))
        assert_int_equal(len, 7);
    else
        assert_int_equal(len, 0);
    return bot_reply(ctx, text);
}

static int remove_values(struct bot_ctx *ctx)
{
    assert_int_equal(api->kv_set(ctx, BOT_KV_PLUGIN, "k", NULL, 0, 0), BOT_OK);
    assert_int_equal(api->kv_set(ctx, BOT_KV_STORE, "k", "", 0, 0), BOT_OK);
    return bot_reply(ctx, "removed");
}

/* at KEY MINUTES: alpha.later then; 0 removes. */
static int plan(struct bot_ctx *ctx)
{
    char key[20] = "";
    int minutes = 0;
    assert_int_equal(sscanf(api->field(ctx, "text"), "at %19s %d", key, &minutes), 2);
    int64_t when = minutes ? api->now(ctx) + minutes * MINUTE : 0;
    int rc = api->at(ctx, "alpha.later", strcmp(key, "-") ? key : NULL, when, key, strlen(key));
    return rc < 0 ? rc : bot_reply(ctx, "planned");
}

static int emit_three(struct bot_ctx *ctx)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(api->emit(ctx, "alpha.made", &"abc"[i], 1), BOT_OK);
    assert_int_equal(api->emit(ctx, "", NULL, 0), BOT_EINVAL);
    assert_int_equal(api->emit(ctx, "message.text", NULL, 0), BOT_EINVAL);
    note("emitted");
    return bot_reply(ctx, "emitted");
}

/* two: two calls; the first completion to come waits for the other, unless the text says "early".
 */
static int two_done(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    char text[40];
    done_count++;
    snprintf(text, sizeof text, "%s %d", (const char *)data, r->status);
    api->reply(ctx, text);
    return strstr(api->field(ctx, "text"), "early") || done_count == 2 ? BOT_HANDLED : BOT_LATER;
}

static int wait_for_two(struct bot_ctx *ctx)
{
    const struct bot_http get = { .size = sizeof get, .url = "http://x.test/" };
    assert_true(api->http(ctx, &get, two_done, "http", 5) > 0);
    assert_true(api->timer(ctx, 2000, two_done, "timer", 6) > 0);
    return api->later(ctx, 10000, NULL, 0);
}

/* chain: a request, then a timer; resumed where it stands. */
static int chain_end(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)r;
    (void)data;
    return bot_reply(ctx, "three");
}

static int chain_next(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)r;
    (void)data;
    api->reply(ctx, "two");
    api->timer(ctx, 45000, chain_end, NULL, 0);
    return api->later(ctx, 50000, "second", 7);
}

static int start_chain(struct bot_ctx *ctx)
{
    const struct bot_http get = { .size = sizeof get, .url = "http://x.test/" };
    if (api->status(ctx) == BOT_ERESUMED) return bot_reply(ctx, api->resume(ctx, NULL));
    api->reply(ctx, "one");
    api->http(ctx, &get, chain_next, NULL, 0);
    return api->later(ctx, 10000, "first", 6);
}

static int start_request(struct bot_ctx *ctx)
{
    const struct bot_http get = { .size = sizeof get, .url = "http://x.test/" };
    pending = api->http(ctx, &get, timer_done, "http", 5);
    return bot_reply(ctx, "started");
}

static int64_t refuse_work(const void *data, size_t len, void *out, size_t cap)
{
    (void)data;
    (void)len;
    (void)out;
    return cap == 8 ? BOT_EINVAL : 1000;
}

static int start_work(struct bot_ctx *ctx)
{
    struct bot_work work = { .size = sizeof work, .run = refuse_work, .out_cap = 8 };
    assert_true(api->work(ctx, &work, NULL, 0, timer_done, "work", 5) > 0);
    work.out_cap = 9; /* it claims more than there is room for */
    assert_true(api->work(ctx, &work, NULL, 0, timer_done, "work", 5) > 0);
    work.run = NULL;
    assert_int_equal(api->work(ctx, &work, NULL, 0, timer_done, "work", 5), BOT_EINVAL);
    return bot_reply(ctx, "started");
}

static int late_value_done(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)r;
    (void)data;
    done_count++;
    assert_int_equal(api->kv_set(ctx, BOT_KV_EVENT, "k", "v", 1, 0), BOT_EGONE);
    assert_null(api->kv_get(ctx, BOT_KV_EVENT, "k", NULL));
    return BOT_HANDLED;
}

static int set_value_late(struct bot_ctx *ctx)
{
    api->timer(ctx, 1000, late_value_done, NULL, 0);
    return bot_reply(ctx, "started");
}

/* routes */
static int route_answers(struct bot_ctx *ctx)
{
    const struct bot_response r = { .size = sizeof r, .status = 201, .body = "{\"x\":1}" };
    api = ctx->api;
    add_row(ctx, "route");
    assert_int_equal(api->respond(ctx, &r), BOT_OK);
    return BOT_HANDLED;
}

static int route_fails(struct bot_ctx *ctx)
{
    api = ctx->api;
    add_row(ctx, "route");
    const struct bot_response r = { .size = sizeof r, .body = "never" };
    api->respond(ctx, &r);
    return BOT_FAIL;
}

static int route_ends_transaction(struct bot_ctx *ctx)
{
    api = ctx->api;
    add_row(ctx, "route");
    sqlite3_exec(w.host->db.sql, "ROLLBACK", NULL, NULL, NULL);
    return BOT_HANDLED;
}

static int route_done(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct bot_response answer = { .size = sizeof answer,
                                         .request = *(int64_t *)data,
                                         .body = "late" };
    (void)r;
    assert_int_equal(api->respond(ctx, &answer), BOT_OK);
    return BOT_HANDLED;
}

static int route_waits(struct bot_ctx *ctx)
{
    api = ctx->api;
    int64_t request = api->number(ctx, "request");
    assert_true(api->timer(ctx, 1000, route_done, &request, sizeof request) > 0);
    return BOT_LATER;
}

static const struct {
    const char *word;
    bot_handler_fn *run;
} handlers[] = {
    { "hello", say_hello },         { "fail", do_everything_and_fail },
    { "abort", abort_with_words },  { "abort-on", abort_and_go_on },
    { "wait", start_waiting },      { "wait-nothing", wait_for_nothing },
    { "wait-pass", wait_and_pass }, { "timer", start_timer },
    { "stop", cancel_it },          { "both", start_and_cancel },
    { "bad", end_transaction },     { "wait-bad", wait_for_bad },
    { "timer-bad", start_bad },     { "fill", fill_disk },
    { "set", set_values },          { "get", get_values },
    { "remove", remove_values },    { "at", plan },
    { "emit", emit_three },         { "two", wait_for_two },
    { "chain", start_chain },       { "request", start_request },
    { "work", start_work },         { "late", set_value_late },
};

static int on_text(struct bot_ctx *ctx)
{
    char word[20] = "";
    api = ctx->api;
    sscanf(api->field(ctx, "text"), "%19s", word);
    for (size_t i = 0; i < BOT_COUNT(handlers); i++)
        if (!strcmp(handlers[i].word, word)) return handlers[i].run(ctx);
    return BOT_PASS;
}

static int after_text(struct bot_ctx *ctx)
{
    note("next");
    return bot_reply(ctx, "the next hook");
}

static int on_made(struct bot_ctx *ctx)
{
    api = ctx->api;
    note(api->field(ctx, "body"));
    add_row(ctx, "made");
    return BOT_HANDLED;
}

static int on_later(struct bot_ctx *ctx)
{
    api = ctx->api;
    char text[40];
    snprintf(text, sizeof text, "at %s", api->field(ctx, "body"));
    return bot_reply(ctx, text);
}

static int on_tick(struct bot_ctx *ctx)
{
    api = ctx->api;
    note("tick");
    add_row(ctx, "tick");
    return BOT_HANDLED;
}

static int hello_command(struct bot_ctx *ctx)
{
    api = ctx->api;
    note("/hello");
    return bot_reply(ctx, "command");
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_migration_spec migrations[] = {
        { .id = 1,
          .sql = "CREATE TABLE alpha_rows (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;"
          "CREATE TABLE alpha_blobs (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT" },
    };
    static const struct bot_hook_spec hooks[] = {
        { .event = "message.text", .priority = 100, .scope = BOT_THIS_STORE, .run = on_text },
        { .event = "message.text", .priority = 200, .scope = BOT_THIS_STORE, .run = after_text },
        { .event = "alpha.made", .scope = BOT_ALL_STORES, .run = on_made },
        { .event = "alpha.later", .scope = BOT_THIS_STORE, .run = on_later },
    };
    static const struct bot_schedule_spec schedules[] = {
        { .name = "tick", .every_s = 3600, .run = on_tick }
    };
    static const struct bot_command_spec commands[] = {
        { .name = "hello", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = hello_command },
    };
    static const struct bot_route_spec routes[] = {
        { BOT_ROUTE_HTTP, "answer", route_answers },
        { BOT_ROUTE_HTTP, "fail", route_fails },
        { BOT_ROUTE_HTTP, "end", route_ends_transaction },
        { BOT_ROUTE_HTTP, "wait", route_waits },
        { BOT_ROUTE_CONTROL, "ask", route_answers },
        { BOT_ROUTE_CONTROL, "ask-fail", route_fails },
    };
    int rc = BOT_MIGRATIONS(a, self, migrations);
    if (rc == BOT_OK) rc = BOT_ROUTES(a, self, routes);
    if (rc == BOT_OK) rc = BOT_HOOKS(a, self, hooks);
    if (rc == BOT_OK) rc = BOT_SCHEDULES(a, self, schedules);
    return rc ? rc : BOT_COMMANDS(a, self, commands);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

int turn_open(void **state)
{
    (void)state;
    done_count = 0;
    buf_free(&diary);
    world_open(&(struct world_conf){ .alpha = &alpha, .stores = 1 });
    return 0;
}

int turn_close(void **state)
{
    buf_free(&diary);
    return world_close(state);
}
