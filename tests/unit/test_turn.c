/* SPDX-License-Identifier: MIT
 * test_turn.c - the turn: a savepoint for each event, what waits (LATER), what is lost with a turn and
 * what not, order in a chat, at(), schedules, key-value. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static const struct bot_api *api;
static struct buf diary; /* what ran, in order: "a b c " */
static int done_count;
static int commits_to_fail;

static void note(const char *what)
{
    buf_addf(&diary, "%s ", what);
}

static const char *read_diary(void)
{
    static char text[1000];
    snprintf(text, sizeof text, "%s", buf_str(&diary));
    buf_free(&diary);
    return text;
}

static int fail_commit(void *unused)
{
    (void)unused;
    return commits_to_fail > 0 && commits_to_fail--;
}

static void fail_commits(int n)
{
    commits_to_fail = n;
    sqlite3_commit_hook(w.host->db.sql, fail_commit, NULL);
}

static int add_row(struct bot_ctx *ctx, const char *what)
{
    const struct bot_arg arg = bot_text("what", what);
    return api->db(ctx, "INSERT INTO alpha_rows(what) VALUES ($what)", &arg, 1, NULL);
}

static int64_t rows(const char *what)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM alpha_rows WHERE what = '%s'", what);
    return disk(sql);
}

/* ---- handlers: the first word of a text says which ------------------------------------------------- */

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
    const struct bot_send m = { .size = sizeof m, .chat = CITRA, .text = "never sent", .person = 0 };
    api->send(ctx, &m);
    const struct bot_http get = { .size = sizeof get, .url = "http://x.test/" };
    api->http(ctx, &get, timer_done, "http", 5);
    return strstr(api->field(ctx, "text"), "code") ? BOT_EIO : strstr(api->field(ctx, "text"), "odd") ? 77 : BOT_FAIL;
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
    if (strstr(text, "http")) id = api->http(ctx, &get, wait_done, "http", 5);
    else if (strstr(text, "work")) id = api->work(ctx, &work, "x", 1, wait_done, "work", 5);
    else if (strstr(text, "read")) id = api->db_read(ctx, "SELECT 1", NULL, 0, wait_done, "read", 5);
    else id = api->timer(ctx, 5000, wait_done, "timer", 6);
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
    assert_int_equal(api->kv_set(ctx, BOT_KV_PERSON, "k", "per\0son", 7, api->now(ctx) + MINUTE), BOT_OK);
    assert_int_equal(api->kv_set(ctx, BOT_KV_EVENT, "k", "event", 5, 0), BOT_OK);
    assert_string_equal(api->kv_get(ctx, BOT_KV_EVENT, "k", NULL), "event");
    assert_int_equal(api->kv_set(ctx, 9, "k", "v", 1, 0), BOT_EINVAL);
    assert_int_equal(api->kv_set(ctx, BOT_KV_PLUGIN, NULL, "v", 1, 0), BOT_EINVAL);
    api->timer(ctx, 1000, timer_done, "kv", 3);
    return strstr(api->field(ctx, "text"), "wait") ? api->later(ctx, 0, NULL, 0) : bot_reply(ctx, "set");
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
    if (api->kv_get(ctx, BOT_KV_PERSON, "k", &len)) assert_int_equal(len, 7);
    else assert_int_equal(len, 0);
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
    for (int i = 0; i < 3; i++) assert_int_equal(api->emit(ctx, "alpha.made", &"abc"[i], 1), BOT_OK);
    assert_int_equal(api->emit(ctx, "", NULL, 0), BOT_EINVAL);
    assert_int_equal(api->emit(ctx, "message.text", NULL, 0), BOT_EINVAL);
    note("emitted");
    return bot_reply(ctx, "emitted");
}

static const struct { const char *word; bot_handler_fn *run; } handlers[] = {
    { "hello", say_hello }, { "fail", do_everything_and_fail }, { "abort", abort_with_words },
    { "abort-on", abort_and_go_on }, { "wait", start_waiting }, { "wait-nothing", wait_for_nothing },
    { "wait-pass", wait_and_pass }, { "timer", start_timer }, { "stop", cancel_it }, { "both", start_and_cancel },
    { "bad", end_transaction }, { "wait-bad", wait_for_bad }, { "timer-bad", start_bad }, { "fill", fill_disk },
    { "set", set_values }, { "get", get_values }, { "remove", remove_values }, { "at", plan }, { "emit", emit_three },
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
        { 1, "CREATE TABLE alpha_rows (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;"
             "CREATE TABLE alpha_blobs (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT", NULL },
    };
    static const struct bot_hook_spec hooks[] = {
        { .event = "message.text", .priority = 100, .scope = BOT_THIS_STORE, .run = on_text },
        { .event = "message.text", .priority = 200, .scope = BOT_THIS_STORE, .run = after_text },
        { .event = "alpha.made", .scope = BOT_ALL_STORES, .run = on_made },
        { .event = "alpha.later", .scope = BOT_THIS_STORE, .run = on_later },
    };
    static const struct bot_schedule_spec schedules[] = { { .name = "tick", .every_s = 3600, .run = on_tick } };
    static const struct bot_command_spec commands[] = {
        { .name = "hello", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = hello_command },
    };
    int rc = BOT_MIGRATIONS(a, self, migrations);
    if (rc == BOT_OK) rc = BOT_HOOKS(a, self, hooks);
    if (rc == BOT_OK) rc = BOT_SCHEDULES(a, self, schedules);
    return rc ? rc : BOT_COMMANDS(a, self, commands);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_world(void **state)
{
    (void)state;
    done_count = commits_to_fail = 0;
    buf_free(&diary);
    world_open(&(struct world_conf){ .alpha = &alpha, .stores = 1 });
    return 0;
}

static int close_world(void **state)
{
    buf_free(&diary);
    return world_close(state);
}

/* ---- the savepoint ------------------------------------------------------------------------------------- */

static void nothing_left_of_a_failed_event(const char *text)
{
    post(BUDI, "hello");
    post(CITRA, text);
    post(DEWI, "hello");
    run();
    expect(BUDI, "hello");
    expect_like(CITRA, "ada gangguan");
    expect(DEWI, "hello");
    pass(2 * MINUTE);
    expect_none(); /* one apology; no timer, nothing planned, nothing sent */
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 2);
    assert_int_equal(w.http_count, 0);
    assert_int_equal(done_count, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 3"), 0);
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha'"), 0);
    assert_int_equal(disk("SELECT count(*) FROM audit"), 0);
    assert_int_equal(disk("SELECT count(*) FROM outbox"), 3);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 2"), 2);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 3"), 1);
    world_reopen(0);
    run();
    expect_none(); /* it is not tried again */
}

static void a_failed_event_leaves_nothing_but_an_apology(void **state)
{
    (void)state;
    nothing_left_of_a_failed_event("fail");
}

static void an_error_code_is_a_failure(void **state)
{
    (void)state;
    nothing_left_of_a_failed_event("fail code");
}

static void a_verdict_that_is_none_is_a_failure(void **state)
{
    (void)state;
    nothing_left_of_a_failed_event("fail odd");
}

static void abort_says_its_own_words(void **state)
{
    (void)state;
    say(BUDI, "abort");
    expect(BUDI, "stok habis");
    say(BUDI, "abort-on");
    expect(BUDI, "stok habis");
    say(BUDI, "fail");
    expect_like(BUDI, "ada gangguan"); /* not the words of before */
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 0);
}

/* ---- LATER ------------------------------------------------------------------------------------------------ */

static void replies_before_and_after_are_one_message(void **state)
{
    (void)state;
    say(BUDI, "wait timer");
    assert_int_equal(rows("waiting"), 1);
    assert_int_equal(disk("SELECT state FROM inbox"), INBOX_WAITING);
    expect_none();
    pass(4999);
    expect_none();
    pass(1);
    expect(BUDI, "first\n\ntimer: 0 0 []");
    say(BUDI, "wait http");
    network_answers(200, "body");
    expect(BUDI, "first\n\nhttp: 0 200 [body]");
    say(BUDI, "wait work");
    jobs_run();
    expect(BUDI, "first\n\nwork: 0 0 [xx]");
    say(BUDI, "wait read");
    jobs_run();
    expect(BUDI, "first\n\nread: 0 0 []");
    say(BUDI, "wait http");
    network_fails(HTTP_ETIMEDOUT);
    expect(BUDI, "first\n\nhttp: -6 0 []");
    say(BUDI, "wait http");
    network_fails(HTTP_EIO);
    expect(BUDI, "first\n\nhttp: -5 0 []");
    pass(HOUR);
    expect_none();
    assert_int_equal(done_count, 6);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 2"), 6);
    assert_int_equal(w.host->loop.open_events, 0);
}

static void a_deadline_ends_the_call_once(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    pass(29999);
    expect_none();
    pass(1);
    expect(BUDI, "first\n\nhttp: -6 0 []");
    assert_int_equal(done_count, 1);
    assert_int_equal(w.http_count, 0); /* the request was given up */
    pass(HOUR);
    expect_none();
    assert_int_equal(done_count, 1);
}

static void an_answer_that_meets_the_deadline_counts_once(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    clock_virtual_advance(30000);
    w.http[0]->status = 200;
    network_answers(200, "just");
    assert_int_equal(unseen(), 1);
    assert_int_equal(done_count, 1);
    pass(HOUR);
    assert_int_equal(unseen(), 1);
    assert_int_equal(done_count, 1);
}

static void waiting_for_nothing_fails(void **state)
{
    (void)state;
    say(BUDI, "wait-nothing");
    expect_like(BUDI, "ada gangguan");
    expect_none();
}

static void a_restart_resumes_with_the_blob(void **state)
{
    (void)state;
    for (int clean = 0; clean < 2; clean++) {
        say(BUDI, "wait http");
        world_reopen(clean);
        run();
        expect(BUDI, "first\n\nresumed");
        pass(HOUR / 2);
        expect_none();
    }
    assert_int_equal(rows("resumed"), 2);
    assert_int_equal(rows("done"), 0);
    world_reopen(0);
    run();
    expect_none();
}

static void a_completion_may_pass_to_the_next_hook(void **state)
{
    (void)state;
    say(BUDI, "wait-pass");
    pass(1000);
    expect(BUDI, "the next hook");
    assert_string_equal(read_diary(), "passed next ");
    expect_none();
}

static void a_cancelled_call_ends_once(void **state)
{
    (void)state;
    say(BUDI, "timer");
    expect(BUDI, "started");
    say(CITRA, "stop");
    expect(CITRA, "cancelled");
    expect(BUDI, "timer -7");
    say(DEWI, "both");
    expect(DEWI, "both");
    expect(DEWI, "timer -7");
    pass(HOUR / 2);
    expect_none();
    assert_int_equal(done_count, 2);
}

static void what_comes_back_after_the_end_is_said_apart(void **state)
{
    (void)state;
    say(BUDI, "timer");
    expect(BUDI, "started");
    pass(MINUTE);
    expect(BUDI, "timer 0");
    assert_int_equal(rows("timer"), 1);
    say(BUDI, "timer");
    expect(BUDI, "started");
    world_reopen(0); /* a timer is not durable */
    pass(2 * MINUTE);
    expect_none();
}

/* ---- order -------------------------------------------------------------------------------------------------- */

static void a_chat_is_run_in_order_and_holds_nobody_else(void **state)
{
    (void)state;
    post(BUDI, "wait http");
    post(BUDI, "hello 1");
    post(BUDI, "hello 2");
    post(CITRA, "hello 3");
    run();
    expect(CITRA, "hello");
    expect_none();
    network_answers(200, "x");
    expect(BUDI, "first\n\nhttp: 0 200 [x]");
    expect(BUDI, "hello");
    expect(BUDI, "hello");
    assert_string_equal(read_diary(), "wait hello 3 done hello 1 hello 2 ");
}

static void ties_of_a_turn_go_by_the_networks_time(void **state)
{
    (void)state;
    post_as(BUDI, "T1", "hello later", NULL, clock_ms() - 1000);
    post_as(BUDI, "T2", "hello earlier", NULL, clock_ms() - 2000);
    post_as(BUDI, "T3", "hello later too", NULL, clock_ms() - 1000);
    run();
    assert_string_equal(read_diary(), "hello earlier hello later hello later too ");
}

static void one_native_message_has_one_effect(void **state)
{
    (void)state;
    post_as(BUDI, "SAME", "hello", NULL, 0);
    post_as(BUDI, "SAME", "hello", NULL, 0);
    run();
    post_as(CITRA, "SAME", "hello", NULL, 0); /* under another chat id */
    run();
    world_reopen(0);
    post_as(BUDI, "SAME", "hello", NULL, 0);
    run();
    expect(BUDI, "hello");
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM inbox"), 1);
}

static void a_command_overtakes_what_waits(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    say(BUDI, "hello");
    expect_none();
    say(BUDI, "/hello");
    expect(BUDI, "command");
    say(BUDI, "bantuan");
    expect_like(BUDI, "/hello");
    expect_none();
    network_answers(200, "x");
    expect(BUDI, "first\n\nhttp: 0 200 [x]");
    expect(BUDI, "hello");
    expect_none();
}

static void batal_cancels_what_waits(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    say(BUDI, "hello");
    say(BUDI, "BATAL");
    expect_like(BUDI, "dibatalkan");
    expect(BUDI, "hello");
    assert_int_equal(w.http_count, 0);
    assert_int_equal(done_count, 1); /* it hears of it, and says nothing */
    assert_int_equal(rows("done"), 1);
    pass(HOUR / 2);
    expect_none();
    world_reopen(0);
    run();
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 3"), 1);
}

/* ---- a turn that is lost ------------------------------------------------------------------------------------------ */

static void a_failed_commit_loses_nothing(void **state)
{
    (void)state;
    fail_commits(1); /* of the journal */
    say(BUDI, "hello");
    pass(5000);
    expect(BUDI, "hello");
    post(BUDI, "hello");
    post(CITRA, "emit");
    post(DEWI, "fail");
    loop_turn(&w.host->loop);
    fail_commits(3); /* of what they do */
    pass(30000);
    assert_int_equal(w.host->loop.turns_lost, 4);
    assert_int_equal(unseen(), 3);
    assert_int_equal(rows("hello"), 2);
    assert_int_equal(rows("made"), 3);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state < 2"), 0);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_int_equal(w.host->database_ok, 1);
}

static void a_failed_commit_repeats_a_completion_with_what_was_said_before(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    fail_commits(2);
    network_answers(200, "x");
    pass(5000);
    expect(BUDI, "first\n\nhttp: 0 200 [x]");
    expect_none();
    assert_int_equal(rows("done"), 1);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 2"), 1);
}

static void a_failed_commit_does_not_repeat_an_event_that_is_over(void **state)
{
    (void)state;
    say(BUDI, "timer");
    expect(BUDI, "started");
    clock_virtual_advance(MINUTE);
    fail_commits(1); /* of the timer's end */
    pass(5000);
    expect(BUDI, "timer 0");
    expect_none();
    assert_int_equal(rows("timer"), 1);
    assert_int_equal(w.host->loop.open_events, 0);
    pass(5 * MINUTE);
    expect_none();
}

static void a_failed_commit_while_it_starts_to_wait(void **state)
{
    (void)state;
    post(BUDI, "wait http");
    loop_turn(&w.host->loop);
    fail_commits(1);
    pass(5000);
    assert_int_equal(w.http_count, 1);
    network_answers(200, "x");
    expect(BUDI, "first\n\nhttp: 0 200 [x]");
    assert_int_equal(rows("waiting"), 1);
    assert_string_equal(read_diary(), "wait wait done ");
}

static void a_failed_commit_of_batal(void **state)
{
    (void)state;
    say(BUDI, "wait http");
    post(BUDI, "BATAL");
    loop_turn(&w.host->loop);
    fail_commits(1);
    pass(5000);
    assert_int_equal(unseen(), 1); /* only the answer to BATAL */
    assert_int_equal(done_count, 1);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state < 2"), 0);
}

static void a_handler_that_ends_the_transaction_fails_alone(void **state)
{
    (void)state;
    post(BUDI, "hello");
    post(CITRA, "bad");
    post(DEWI, "hello");
    run();
    pass(10000);
    assert_int_equal(rows("hello"), 2);
    assert_int_equal(rows("bad"), 0);
    assert_int_equal(unseen(), 3);
    int apologies = 0;
    for (; w.seen < w.sent_count; w.seen++) {
        if (strcmp(w.sents[w.seen].chat, CITRA "@c") != 0) continue;
        assert_non_null(strstr(w.sents[w.seen].text, "ada gangguan"));
        apologies++;
    }
    assert_int_equal(apologies, 1);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 3"), 1);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_int_equal(w.host->database_ok, 1);
    say(CITRA, "hello");
    expect(CITRA, "hello");
}

static void a_completion_that_ends_the_transaction_fails_alone(void **state)
{
    (void)state;
    say(CITRA, "wait-bad");
    say(DEWI, "wait http");
    clock_virtual_advance(1000);
    post(BUDI, "hello");
    network_answers(200, "x");
    pass(10000);
    assert_int_equal(rows("hello"), 1);
    assert_int_equal(rows("done"), 1);
    assert_int_equal(rows("bad"), 0);
    assert_int_equal(unseen(), 3);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 3"), 1);
    assert_int_equal(w.host->loop.open_events, 0);
    assert_true(w.host->loop.turns_lost < 5);
}

static void a_late_completion_that_ends_the_transaction_is_dropped(void **state)
{
    (void)state;
    say(CITRA, "timer-bad");
    expect(CITRA, "started");
    clock_virtual_advance(1000);
    say(BUDI, "hello");
    pass(10000);
    expect(BUDI, "hello");
    expect_none();
    assert_int_equal(rows("bad"), 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 1 AND state = 2"), 2);
    assert_true(w.host->loop.turns_lost < 5);
}

static void a_bad_handler_beside_completions_that_wait(void **state)
{
    (void)state;
    say(DEWI, "wait timer");
    post(CITRA, "bad");
    loop_turn(&w.host->loop);
    clock_virtual_advance(5000); /* the timer's end meets the bad handler in one turn */
    pass(10000);
    assert_int_equal(rows("done"), 1);
    assert_int_equal(unseen(), 2);
    assert_int_equal(w.host->loop.open_events, 0);
}

static void limit_pages(int64_t more)
{
    char sql[80];
    int64_t pages = more < 0 ? 1000000 : number("PRAGMA page_count") + more;
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld", (long long)pages);
    script(sql);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    say(BUDI, "fill");
    expect(BUDI, "stored");
    post(BUDI, "fill");
    post(CITRA, "fill");
    loop_turn(&w.host->loop); /* they are journaled: 200 was said */
    limit_pages(2);
    pass(20000);
    expect_none();
    assert_int_equal(w.host->database_ok, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE state = 0"), 2);
    limit_pages(-1);
    pass(20000);
    assert_int_equal(unseen(), 2);
    expect(BUDI, "stored");
    expect(CITRA, "stored");
    assert_int_equal(disk("SELECT count(*) FROM alpha_blobs"), 3);
    assert_int_equal(w.host->database_ok, 1);
    say(BUDI, "hello");
    expect(BUDI, "hello");
}

static void a_disk_without_a_page_left(void **state)
{
    (void)state;
    char body[9000];
    limit_pages(0);
    int n = snprintf(body, sizeof body, "A1 %s ", BUDI);
    memset(body + n, 'x', 8000);
    body[n + 8000] = 0;
    assert_int_equal(webhook(body), 0);
    pass(3000);
    assert_int_equal(w.answer_count, 0); /* no 200 before it is on disk */
    limit_pages(-1);
    pass(5000);
    assert_int_equal(w.answer_count, 1);
    assert_int_equal(w.answers[0], 200);
    assert_int_equal(unseen(), 1);
}

static void a_webhook_that_cannot_be_stored_is_refused_in_the_end(void **state)
{
    (void)state;
    assert_int_equal(webhook("A1 " BUDI " hello"), 0);
    fail_commits(1000000);
    pass(20 * MINUTE);
    assert_int_equal(w.answer_count, 1);
    assert_int_equal(w.answers[0], 503);
    fail_commits(0);
    pass(5000);
    assert_int_equal(webhook("A2 " BUDI " hello\nA3 " BUDI " hello"), 0);
    run();
    assert_int_equal(w.answers[1], 200);
    assert_int_equal(w.answer_count, 2);
    assert_int_equal(unseen(), 2);
}

static void a_full_backlog_refuses(void **state)
{
    (void)state;
    char line[60];
    for (int i = 0; i < 50; i++) { /* [core] backlog = 50 */
        snprintf(line, sizeof line, "B%d 62811000001%02d wait http", i, i);
        assert_int_equal(webhook(line), 0);
    }
    assert_int_equal(webhook("C1 " BUDI " hello"), 503);
    run();
    assert_int_equal(w.answer_count, 50);
    assert_int_equal(webhook("C1 " BUDI " hello"), 503); /* they wait: still 50 */
    pass(MINUTE); /* their deadlines are over */
    assert_int_equal(webhook("C1 " BUDI " hello"), 0);
    assert_int_equal(webhook("bad"), 400);
    run();
    assert_int_equal(rows("hello"), 1);
}

/* ---- emit, at, schedules ------------------------------------------------------------------------------------------ */

static void emitted_events_run_in_order_after_it(void **state)
{
    (void)state;
    say(BUDI, "emit");
    assert_string_equal(read_diary(), "emitted a b c ");
    expect(BUDI, "emitted");
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 3 AND state = 2"), 3);
    post(BUDI, "emit");
    loop_turn(&w.host->loop);
    loop_turn(&w.host->loop); /* it has run and is on disk; its events have not */
    assert_string_equal(read_diary(), "emitted ");
    world_reopen(0);
    run();
    assert_string_equal(read_diary(), "a b c ");
    assert_int_equal(rows("made"), 6);
}

static void at_rings_once_and_survives(void **state)
{
    (void)state;
    say(BUDI, "at one 10");
    say(BUDI, "at - 5");
    say(BUDI, "at two 3");
    say(BUDI, "at two 7"); /* replaces */
    say(BUDI, "at three 4");
    say(BUDI, "at three 0"); /* removes */
    say(CITRA, "at one 6"); /* the same store and key: replaces BUDI's */
    w.seen = w.sent_count;
    pass(4 * MINUTE);
    expect_none();
    world_reopen(0);
    pass(MINUTE);
    expect(BUDI, "at -");
    pass(MINUTE);
    expect(CITRA, "at one");
    pass(MINUTE);
    expect(BUDI, "at two");
    pass(HOUR / 2);
    expect_none();
    say(BUDI, "at two 1"); /* a key that has rung may be used again */
    w.seen = w.sent_count;
    world_reopen(1);
    clock_virtual_advance(10 * MINUTE); /* due while it was away */
    run();
    expect(BUDI, "at two");
    expect_none();
}

static void many_at_once_all_ring(void **state)
{
    (void)state;
    for (int i = 0; i < 250; i++) {
        char sql[200];
        snprintf(sql, sizeof sql, "INSERT INTO inbox(kind, state, event, body, due_at, received_at)"
                                  " VALUES (3, 1, 'alpha.made', x'61', %lld, 1)", (long long)clock_ms() + 1000);
        script(sql);
    }
    world_reopen(0);
    pass(1000);
    assert_int_equal(rows("made"), 250);
}

static void a_schedule_runs_once_after_a_pause(void **state)
{
    (void)state;
    pass(HOUR - 1);
    assert_int_equal(rows("tick"), 0);
    pass(1);
    assert_int_equal(rows("tick"), 1);
    pass(2 * HOUR);
    assert_int_equal(rows("tick"), 3);
    world_reopen(1);
    run();
    assert_int_equal(rows("tick"), 3);
    pass(HOUR / 2);
    world_reopen(0);
    clock_virtual_advance(5 * HOUR);
    run();
    assert_int_equal(rows("tick"), 4);
    pass(HOUR);
    assert_int_equal(rows("tick"), 5);
}

/* ---- key-value ------------------------------------------------------------------------------------------------------- */

static void values_have_a_scope_and_an_end(void **state)
{
    (void)state;
    say(BUDI, "set");
    expect(BUDI, "set");
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha' AND scope = 3"), 0);
    say(BUDI, "get");
    expect(BUDI, "plugin store per -");
    say(CITRA, "get");
    expect(CITRA, "plugin store - -");
    pass(1000);
    w.seen = w.sent_count;
    pass(MINUTE);
    say(BUDI, "get");
    expect(BUDI, "plugin store - -");
    say(BUDI, "remove");
    expect(BUDI, "removed");
    say(BUDI, "get");
    expect(BUDI, "-  - -");
}

static void values_of_an_event_live_as_long_as_it(void **state)
{
    (void)state;
    say(BUDI, "set wait");
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha' AND scope = 3"), 1);
    pass(1000);
    expect(BUDI, "kv 0");
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE plugin = 'alpha' AND scope = 3"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(a_failed_event_leaves_nothing_but_an_apology),
        TEST(an_error_code_is_a_failure),
        TEST(a_verdict_that_is_none_is_a_failure),
        TEST(abort_says_its_own_words),
        TEST(replies_before_and_after_are_one_message),
        TEST(a_deadline_ends_the_call_once),
        TEST(an_answer_that_meets_the_deadline_counts_once),
        TEST(waiting_for_nothing_fails),
        TEST(a_restart_resumes_with_the_blob),
        TEST(a_completion_may_pass_to_the_next_hook),
        TEST(a_cancelled_call_ends_once),
        TEST(what_comes_back_after_the_end_is_said_apart),
        TEST(a_chat_is_run_in_order_and_holds_nobody_else),
        TEST(ties_of_a_turn_go_by_the_networks_time),
        TEST(one_native_message_has_one_effect),
        TEST(a_command_overtakes_what_waits),
        TEST(batal_cancels_what_waits),
        TEST(a_failed_commit_loses_nothing),
        TEST(a_failed_commit_repeats_a_completion_with_what_was_said_before),
        TEST(a_failed_commit_does_not_repeat_an_event_that_is_over),
        TEST(a_failed_commit_while_it_starts_to_wait),
        TEST(a_failed_commit_of_batal),
        TEST(a_handler_that_ends_the_transaction_fails_alone),
        TEST(a_completion_that_ends_the_transaction_fails_alone),
        TEST(a_late_completion_that_ends_the_transaction_is_dropped),
        TEST(a_bad_handler_beside_completions_that_wait),
        TEST(a_full_disk_loses_nothing),
        TEST(a_disk_without_a_page_left),
        TEST(a_webhook_that_cannot_be_stored_is_refused_in_the_end),
        TEST(a_full_backlog_refuses),
        TEST(emitted_events_run_in_order_after_it),
        TEST(at_rings_once_and_survives),
        TEST(many_at_once_all_ring),
        TEST(a_schedule_runs_once_after_a_pause),
        TEST(values_have_a_scope_and_an_end),
        TEST(values_of_an_event_live_as_long_as_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
