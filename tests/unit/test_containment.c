/* SPDX-License-Identifier: MIT
 * test_containment.c - what a crash leaves behind: the event is tried alone, without its plugin,
 * and set aside; the plugin is quarantined; a reload gives both another chance. A crash is played:
 * the page is put back as it was inside the callback, the turn is lost, and another host opens. */
#include "host_fixture.h"

#include <signal.h>
#include <stdio.h>

#include "core/base/clock.h"
#include "core/cli/fragments.h"
#include "core/containment.h"
#include "core/plugin/stats.h"

#define OTHER "6281100000034"

enum { KILL = SIGKILL, SEGV = SIGSEGV, MINUTE_MS = 60000 };

static struct crash_page *page, inside;
static int runs;
static const char *last_text;

/* ---- plugins --------------------------------------------------------------------------------- */

/* "bom ..." is where the page is looked at; everything else is echoed. */
static int hear(struct bot_ctx *ctx)
{
    static char text[100];
    snprintf(text, sizeof text, "%s", ctx->api->field(ctx, "text"));
    last_text = text;
    runs++;
    inside = *page;
    return bot_reply(ctx, text);
}

static int command(struct bot_ctx *ctx)
{
    inside = *page;
    return bot_reply(ctx, "baik");
}

static int slow_event, resumed_with;

static int never_mind(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)ctx, (void)result, (void)data;
    return BOT_HANDLED;
}

static int hear_event(struct bot_ctx *ctx)
{
    size_t len = 0;
    runs++;
    inside = *page;
    if (ctx->api->status(ctx) == BOT_ERESUMED)
        resumed_with = *(const char *)ctx->api->resume(ctx, &len);
    if (slow_event) {
        if (ctx->api->status(ctx) == BOT_OK)
            ctx->api->db(ctx, "INSERT INTO alpha_rows(what) VALUES ('first')", NULL, 0, NULL);
        ctx->api->timer(ctx, 3600000, never_mind, NULL, 0);
        return ctx->api->later(ctx, 7200000, "\7", 1);
    }
    return ctx->api->db(ctx, "INSERT INTO alpha_rows(what) VALUES ('heard')", NULL, 0, NULL) < 0
               ? BOT_FAIL
               : BOT_HANDLED;
}

static int emit(struct bot_ctx *ctx)
{
    ctx->api->emit(ctx, "alpha.made", "x", 1);
    return bot_reply(ctx, "emitted");
}

static int canceled;

static int note_canceled(struct bot_ctx *ctx)
{
    (void)ctx;
    canceled++;
    return BOT_HANDLED;
}

static int ask(struct bot_ctx *ctx)
{
    int rc = ctx->api->dialog_start(ctx, "q", NULL, 0);
    return rc < 0 ? rc : BOT_HANDLED;
}

static int alpha_init(const struct bot_api *api, struct bot_plugin *self)
{
    static const struct bot_command_spec commands[] = {
        { .name = "bom", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = command },
        { .name = "tanya", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = ask },
    };
    static const struct bot_dialog_step steps[] = { { .slot = "x", .prompt = "ask" } };
    static const struct bot_dialog_spec dialogs[] = {
        { .name = "q",
          .version = 1,
          .steps = steps,
          .step_count = 1,
          .step_size = sizeof steps[0],
          .done = command,
          .canceled = note_canceled,
          .scope = BOT_NO_STORE },
    };
    static const struct bot_hook_spec hooks[] = {
        { .event = "alpha.made", .scope = BOT_ALL_STORES, .run = hear_event },
    };
    static const struct bot_migration_spec tables[] = {
        { .id = 1, .sql = "CREATE TABLE alpha_rows (id INTEGER PRIMARY KEY, what TEXT) STRICT" },
    };
    int rc = hook_text(api, self, hear);
    if (rc == BOT_OK) rc = BOT_COMMANDS(api, self, commands);
    if (rc == BOT_OK) rc = BOT_MIGRATIONS(api, self, tables);
    if (rc == BOT_OK) rc = BOT_DIALOGS(api, self, dialogs);
    return rc == BOT_OK ? BOT_HOOKS(api, self, hooks) : rc;
}

static int beta_hear(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "beta");
}

static int beta_init(const struct bot_api *api, struct bot_plugin *self)
{
    static const struct bot_command_spec commands[] = {
        { .name = "emit", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = emit },
    };
    int rc = BOT_COMMANDS(api, self, commands);
    const struct bot_hook_spec hook = {
        .event = "message.text", .priority = 200, .scope = BOT_ALL_STORES, .run = beta_hear
    };
    return rc == BOT_OK ? api->hook(self, &hook, 1, sizeof hook) : rc;
}

static const struct delegate alpha = { alpha_init, NULL, NULL }, beta = { beta_init, NULL, NULL };

static int open_world(void **state)
{
    (void)state;
    page = crash_page_new(NULL);
    runs = 0;
    world_open(&(struct world_conf){
        .alpha = &alpha, .beta = &beta, .stores = 1, .own_copies = 1, .crash = page });
    say(SUPER, "halo"); /* so that there is a chat to tell him in */
    w.seen = w.sent_count;
    runs = 0;
    return 0;
}

static int close_world(void **state)
{
    world_close(state);
    crash_page_unmap(page);
    return 0;
}

/* The host dies in the callback that has just run, and another one opens. */
static void die(int number)
{
    *page = inside;
    crash_page_crashed(page, number);
    world_reopen(0);
}

/* Journals the message, runs its callback, and dies in it. */
static void die_of(const char *phone, const char *text, int number)
{
    if (phone) {
        post(phone, text);
        loop_turn(&w.host->loop);
    }
    fail_commits(1);
    loop_turn(&w.host->loop);
    assert_int_equal(w.host->loop.turns_lost, 1);
    die(number);
}

static struct plugin *alpha_now(void)
{
    return registry_plugin(w.host->registry, "alpha");
}

static void crash_thrice(void)
{
    for (int i = 0; i < 3; i++) {
        char text[20];
        snprintf(text, sizeof text, "bom %d", i);
        post(i % 2 ? BUDI : CITRA, text);
        loop_turn(&w.host->loop);
        fail_commits(1);
        while (w.host->loop.turns_lost == 0) loop_turn(&w.host->loop);
        die(SEGV);
    }
}

/* ---- the event ------------------------------------------------------------------------------- */

static void after_one_crash_it_runs_again_alone(void **state)
{
    (void)state;
    die_of(BUDI, "bom", SEGV);
    assert_int_equal(disk("SELECT attempts FROM inbox WHERE text = 'bom'"), 1);
    assert_string_equal(disk_text("SELECT suspect FROM inbox WHERE text = 'bom'"), "alpha");
    assert_int_equal(disk("SELECT count(*) FROM crashes"), 1);
    post(CITRA, "halo");
    runs = 0;
    loop_turn(&w.host->loop); /* journals the other one, runs the suspect and nothing else */
    assert_int_equal(runs, 1);
    assert_string_equal(last_text, "bom");
    run();
    expect(BUDI, "bom");
    expect(CITRA, "halo");
    expect_none();
    assert_int_equal(disk("SELECT state FROM inbox WHERE text = 'bom'"), INBOX_DONE);
}

static void after_two_it_is_answered_without_the_plugin_and_set_aside(void **state)
{
    (void)state;
    die_of(BUDI, "bom", SEGV);
    die_of(NULL, NULL, SEGV);
    assert_int_equal(disk("SELECT attempts FROM inbox WHERE text = 'bom'"), 2);
    runs = 0;
    run();
    assert_int_equal(runs, 0);
    expect(BUDI, "beta"); /* the next handler */
    expect_like(SUPER, "*alpha*");
    expect_none();
    assert_int_equal(disk("SELECT state FROM inbox WHERE text = 'bom'"), INBOX_ASIDE);
    say(CITRA, "halo");
    expect(CITRA, "halo"); /* the plugin itself goes on */
}

static void a_command_of_the_plugin_says_that_it_is_being_repaired(void **state)
{
    (void)state;
    die_of(BUDI, "/bom", SEGV);
    die_of(NULL, NULL, SEGV);
    run();
    expect_like(BUDI, "/bom sedang diperbaiki");
    expect_like(SUPER, "*alpha*");
    expect_none();
}

static void after_three_it_is_set_aside_with_an_apology(void **state)
{
    (void)state;
    die_of(BUDI, "bom", SEGV);
    script("UPDATE inbox SET attempts = 2 WHERE text = 'bom'");
    die_of(NULL, NULL, SEGV);
    assert_int_equal(disk("SELECT attempts FROM inbox WHERE text = 'bom'"), 3);
    run();
    expect_like(BUDI, "ada gangguan");
    expect_like(SUPER, "saya sisihkan");
    expect_none();
    assert_int_equal(disk("SELECT state FROM inbox WHERE text = 'bom'"), INBOX_ASIDE);
    world_reopen(0);
    run();
    expect_none();
}

static void a_crash_is_counted_once(void **state)
{
    (void)state;
    die_of(BUDI, "bom", SEGV);
    for (int i = 0; i < 3; i++) { /* the next hosts die before they have begun, or after */
        page->pending = 1;
        page->slots[0] = inside.slots[0];
        world_reopen(0);
    }
    assert_int_equal(disk("SELECT attempts FROM inbox WHERE text = 'bom'"), 1);
    assert_int_equal(disk("SELECT count(*) FROM crashes"), 1);
}

static void a_crash_outside_of_plugins_blames_nobody(void **state)
{
    (void)state;
    say(BUDI, "halo");
    expect(BUDI, "halo");
    crash_page_crashed(page, SEGV);
    world_reopen(0);
    run();
    assert_int_equal(disk("SELECT count(*) FROM crashes"), 0);
    expect_none();
}

static void the_thread_that_took_the_signal_is_to_blame(void **state)
{
    (void)state;
    say(BUDI, "halo"); /* inside.slots[0] says alpha */
    expect(BUDI, "halo");
    inside.slots[3] = inside.slots[0];
    snprintf(inside.slots[3].frames[0].plugin, 49, "beta");
    inside.crashed = 4;
    die(SEGV);
    assert_string_equal(disk_text("SELECT plugin FROM crashes"), "beta");
}

/* ---- the plugin ------------------------------------------------------------------------------ */

static void three_crashes_in_ten_minutes_quarantine_it(void **state)
{
    (void)state;
    crash_thrice();
    assert_int_equal(alpha_now()->quarantined, 1);
    w.seen = w.sent_count;
    run();
    w.seen = w.sent_count; /* the events and what the super admin hears of them: tested above */
    say(BUDI, "/bom");
    expect_like(BUDI, "sedang diperbaiki");
    say(BUDI, "halo");
    expect(BUDI, "beta");
    struct buf out = { 0 };
    host_health(w.host, &out);
    assert_non_null(strstr(buf_str(&out), "degraded"));
    buf_free(&out);
    host_status(w.host, &out);
    assert_non_null(strstr(buf_str(&out), "alpha is quarantined: it crashed the bot 3 times"));
    buf_free(&out);
    host_metrics(w.host, &out);
    assert_non_null(strstr(buf_str(&out), "tokobot_plugin_quarantined{plugin=\"alpha\"} 1"));
    buf_free(&out);
}

static void the_super_admin_hears_of_it_once(void **state)
{
    (void)state;
    crash_thrice();
    run();
    int notes = 0;
    for (; w.seen < w.sent_count; w.seen++)
        notes += strstr(w.sents[w.seen].text, "saya hentikan") != NULL;
    assert_int_equal(notes, 1);
    world_reopen(1);
    run();
    assert_int_equal(alpha_now()->quarantined, 1);
    expect_none();
}

static void a_reload_gives_it_another_chance(void **state)
{
    (void)state;
    crash_thrice();
    run();
    w.seen = w.sent_count;
    assert_int_equal(reload(), 1);
    assert_int_equal(alpha_now()->quarantined, 0);
    say(BUDI, "halo");
    expect(BUDI, "halo");
    assert_int_equal(w.host->problems.len, 0);
    world_reopen(0);
    assert_int_equal(alpha_now()->quarantined, 0); /* the crashes are forgotten */
}

static void a_quarantine_outlasts_restarts(void **state)
{
    (void)state;
    crash_thrice();
    run();
    clock_virtual_advance(60 * MINUTE_MS);
    world_reopen(1);
    assert_int_equal(alpha_now()->quarantined, 1);
    assert_int_equal(reload(), 1);
    world_reopen(1);
    assert_int_equal(alpha_now()->quarantined, 0);
}

static void crashes_long_ago_do_not_count(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        post(BUDI, "bom");
        loop_turn(&w.host->loop);
        fail_commits(1);
        while (w.host->loop.turns_lost == 0) loop_turn(&w.host->loop);
        die(SEGV);
        run();
        clock_virtual_advance(6 * MINUTE_MS);
    }
    assert_int_equal(alpha_now()->quarantined, 0);
}

static void a_host_that_was_killed_does_not_quarantine(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        post(BUDI, "halo");
        loop_turn(&w.host->loop);
        fail_commits(1);
        while (w.host->loop.turns_lost == 0) loop_turn(&w.host->loop);
        die(KILL);
        run();
    }
    assert_int_equal(alpha_now()->quarantined, 0);
}

static void a_crash_in_init_leaves_it_out(void **state)
{
    (void)state;
    say(BUDI, "halo");
    expect(BUDI, "halo");
    struct crash_frame *f = &inside.slots[0].frames[0];
    f->kind = CRASH_LOAD;
    snprintf(f->callback, sizeof f->callback, "init");
    die(SEGV);
    assert_null(alpha_now());
    assert_non_null(strstr(buf_str(&w.host->problems), "it crashed the bot in its init"));
    run();
    expect_like(SUPER, "tidak saya jalankan");
    say(BUDI, "halo");
    expect(BUDI, "beta");
    assert_int_equal(reload(), 1);
    assert_non_null(alpha_now());
    say(BUDI, "halo");
    expect(BUDI, "halo");
}

static void events_for_a_quarantined_plugin_wait_for_it(void **state)
{
    (void)state;
    crash_thrice();
    run();
    w.seen = w.sent_count;
    say(BUDI, "/emit");
    expect(BUDI, "emitted");
    runs = 0;
    pass(MINUTE_MS);
    assert_int_equal(runs, 0);
    assert_int_equal(disk("SELECT state FROM inbox WHERE event = 'alpha.made'"), INBOX_ASIDE);
    world_reopen(0);
    run();
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 0);
    assert_int_equal(reload(), 1);
    run();
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 1);
    assert_int_equal(disk("SELECT state FROM inbox WHERE event = 'alpha.made'"), INBOX_DONE);
    assert_int_equal(reload(), 0);
    run();
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 1);
}

static void dialogs_of_a_quarantined_plugin_end_without_it(void **state)
{
    (void)state;
    say(DEWI, "/tanya");
    expect(DEWI, "ask");
    say(OTHER, "/tanya");
    expect(OTHER, "ask");
    crash_thrice();
    run();
    w.seen = w.sent_count;
    canceled = 0;
    say(DEWI, "BATAL");
    expect_like(DEWI, "dibatalkan");
    pass(40 * MINUTE_MS);
    expect_like(OTHER, "saya batalkan");
    assert_int_equal(canceled, 0);
    assert_int_equal(disk("SELECT count(*) FROM dialogs"), 0);
}

static void a_parked_event_goes_on_where_it_was(void **state)
{
    (void)state;
    slow_event = 1;
    say(BUDI, "/emit"); /* heard, one row, and waits for its second step */
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 1);
    crash_thrice();
    run();
    assert_int_equal(alpha_now()->quarantined, 1);
    assert_int_equal(disk("SELECT state FROM inbox WHERE event = 'alpha.made'"), INBOX_ASIDE);
    slow_event = 0;
    assert_int_equal(reload(), 1);
    run();
    assert_int_equal(resumed_with, 7);
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 2);
}

static void a_gateway_is_never_quarantined_but_its_row_is_given_up(void **state)
{
    (void)state;
    say(BUDI, "halo");
    expect(BUDI, "halo");
    script("UPDATE outbox SET state = 1, crashes = 2 WHERE id = 1");
    for (int i = 0; i < 3; i++) {
        struct crash_frame *f = &inside.slots[0].frames[0];
        f->kind = CRASH_SEND;
        f->id = 1;
        snprintf(f->plugin, sizeof f->plugin, "testgate");
        snprintf(f->callback, sizeof f->callback, "send");
        inside.crash = page->crash;
        die(SEGV);
    }
    assert_int_equal(disk("SELECT state FROM outbox WHERE id = 1"), OUTBOX_UNKNOWN);
    assert_int_equal(registry_plugin(w.host->registry, "testgate")->quarantined, 0);
    run();
    expect_like(SUPER, "Ia tetap berjalan");
    say(BUDI, "halo");
    expect(BUDI, "halo");
}

static void a_body_that_crashes_its_gateway_is_set_aside(void **state)
{
    (void)state;
    static const char body[] = "M1 " BUDI " halo", other[] = "M2 " BUDI " lagi";
    char sql[300];
    assert_int_equal(webhook(body), 0);
    assert_string_equal(page->slots[0].frames[0].callback, "parse"); /* on this thread, here */
    int64_t id = page->slots[0].frames[0].id;
    run();
    expect(BUDI, "halo");
    snprintf(
        sql, sizeof sql,
        "INSERT INTO crashes(key, at, plugin, build, callback, kind, subject, signal)"
        " SELECT 'k' || value, 1, 'testgate', '', 'parse', 7, %lld, 11 FROM json_each('[1,2]')",
        (long long)id);
    script(sql);
    world_reopen(0);
    assert_int_equal(webhook(body), 200); /* nobody parses it, and nobody need send it again */
    assert_int_equal(webhook(other), 0);
    run();
    expect(BUDI, "lagi");
    expect_none();
    snprintf(sql, sizeof sql, "%s/aside/testgate-%016llx.body", w.host->data_dir,
             (unsigned long long)id);
    struct buf kept = { 0 };
    assert_int_equal(file_slurp(sql, &kept), 0);
    assert_string_equal(buf_str(&kept), body);
    buf_free(&kept);
}

/* ---- hooks that fail ------------------------------------------------------------------------- */

static int failing;

static int fail_or_answer(struct bot_ctx *ctx)
{
    runs++;
    if (failing == 2) return ctx->api->abort(ctx, "habis");
    return failing ? BOT_FAIL : bot_reply(ctx, "alpha");
}

static int failing_init(const struct bot_api *api, struct bot_plugin *self)
{
    return hook_text(api, self, fail_or_answer);
}

static void hooks_that_fail_again_and_again_pause(void **state)
{
    (void)state;
    static const struct delegate fails = { failing_init, NULL, NULL };
    world_open(&(struct world_conf){ .alpha = &fails, .beta = &beta, .stores = 1 });
    failing = 1;
    runs = 0;
    for (int i = 0; i < 5; i++) {
        say(BUDI, "halo");
        expect_like(BUDI, "ada gangguan");
    }
    say(BUDI, "halo"); /* paused: the next handler */
    expect(BUDI, "beta");
    assert_int_equal(runs, 5);
    pass(1001);
    say(BUDI, "halo"); /* tried again, and fails: two seconds */
    expect_like(BUDI, "ada gangguan");
    pass(1500);
    say(BUDI, "halo");
    expect(BUDI, "beta");
    failing = 0;
    pass(600);
    say(BUDI, "halo");
    expect(BUDI, "alpha");
    failing = 1;
    say(BUDI, "halo"); /* the count begins anew */
    expect_like(BUDI, "ada gangguan");
    failing = 2; /* "habis" is an answer, not a failure */
    for (int i = 0; i < 8; i++) {
        say(BUDI, "halo");
        expect(BUDI, "habis");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(after_one_crash_it_runs_again_alone),
        TEST(after_two_it_is_answered_without_the_plugin_and_set_aside),
        TEST(a_command_of_the_plugin_says_that_it_is_being_repaired),
        TEST(after_three_it_is_set_aside_with_an_apology),
        TEST(a_crash_is_counted_once),
        TEST(a_crash_outside_of_plugins_blames_nobody),
        TEST(the_thread_that_took_the_signal_is_to_blame),
        TEST(three_crashes_in_ten_minutes_quarantine_it),
        TEST(the_super_admin_hears_of_it_once),
        TEST(a_reload_gives_it_another_chance),
        TEST(a_quarantine_outlasts_restarts),
        TEST(crashes_long_ago_do_not_count),
        TEST(dialogs_of_a_quarantined_plugin_end_without_it),
        TEST(a_parked_event_goes_on_where_it_was),
        TEST(a_host_that_was_killed_does_not_quarantine),
        TEST(a_crash_in_init_leaves_it_out),
        TEST(events_for_a_quarantined_plugin_wait_for_it),
        TEST(a_gateway_is_never_quarantined_but_its_row_is_given_up),
        TEST(a_body_that_crashes_its_gateway_is_set_aside),
        cmocka_unit_test_teardown(hooks_that_fail_again_and_again_pause, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
