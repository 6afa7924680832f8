/* SPDX-License-Identifier: MIT
 * test_reload.c - a reload is all or nothing: what it changes runs afterwards, what it refuses
 * leaves everything as it was, and what an old generation has begun comes to its end there. Each
 * generation's code is closed right after its stop(), so a pointer that is still used ends the
 * test. */
#include "host_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/calls.h"
#include "core/message/outbox.h"
#include "core/plugin/stats.h"

enum { SECOND = 1000 };

static const char SHIFTY[] = "shifty = ./shifty.so\n";

/* A world with the first version of shifty, and a store. */
static int shifty_open(void **state)
{
    (void)state;
    world_open(&(struct world_conf){ .own_copies = 1, .stores = 1 });
    put_plugin("v1/shifty.so", "shifty.so");
    edit_ini(SHIFTY, NULL);
    assert_int_equal(reload(), 1);
    return 0;
}

static struct plugin *shifty(void)
{
    return registry_plugin(w.host->registry, "shifty");
}

static unsigned generations_of(const char *name)
{
    unsigned n = 0;
    const struct plugin *p;
    TAILQ_FOREACH(p, &w.host->generations, link) n += !strcmp(p->name, name);
    return n;
}

static void answers(const char *text, const char *answer)
{
    say(BUDI, text);
    expect(BUDI, answer);
    expect_none();
}

/* Refused, with these words, and nothing has changed. */
static void refused(const char *words)
{
    struct registry *before = w.host->registry;
    struct config *config = w.host->config;
    uint32_t generation = shifty() ? shifty()->generation : 0;
    assert_int_equal(reload(), -1);
    if (!strstr(buf_str(&w.control), words))
        fail_msg("\"%s\" does not hold \"%s\"", buf_str(&w.control), words);
    assert_ptr_equal(w.host->registry, before);
    assert_ptr_equal(w.host->config, config);
    if (generation) assert_int_equal(shifty()->generation, generation);
    assert_int_equal(w.host->retired, 0);
    if (generation) assert_int_equal(generations_of("shifty"), 1);
}

/* ---- what changes ---------------------------------------------------------------------------- */

static void a_new_file_answers_from_the_next_message_on(void **state)
{
    (void)state;
    answers("/versi", "shifty v1");
    put_plugin("v2/shifty.so", "shifty.so");
    answers("/versi", "shifty v1"); /* until somebody says so */
    assert_int_equal(reload(), 1);
    answers("/versi", "shifty v2");
    assert_int_equal(generations_of("shifty"), 1);
    assert_int_equal(w.host->retired, 0);
    assert_non_null(strstr(buf_str(&w.control), "shifty 1.1.0 -> 1.2.0"));
}

static void what_has_not_changed_is_left_alone(void **state)
{
    (void)state;
    struct plugin *gate = registry_plugin(w.host->registry, "testgate"), *s = shifty();
    assert_int_equal(reload(), 0);
    assert_int_equal(w.host->reload.unchanged, 1);
    put_plugin("v1/shifty.so", "shifty.so"); /* another date, the same content */
    assert_int_equal(reload(), 0);
    assert_ptr_equal(shifty(), s);
    put_plugin("v2/shifty.so", "shifty.so");
    assert_int_equal(reload(), 1);
    assert_ptr_equal(registry_plugin(w.host->registry, "testgate"), gate);
    assert_ptr_not_equal(shifty(), s);
}

static void a_changed_section_makes_a_new_generation(void **state)
{
    (void)state;
    answers("/kata", "v1 kata");
    edit_ini(SHIFTY, "[shifty]\nword = lain\n");
    assert_int_equal(reload(), 1);
    answers("/kata", "v1 lain");
    edit_ini(SHIFTY, "[shifty]\nword = lain ; a comment\n");
    assert_int_equal(reload(), 0);
    edit_ini(SHIFTY, NULL);
    assert_int_equal(reload(), 1);
    answers("/kata", "v1 kata");
}

static void switched_off_it_keeps_its_data_and_goes_on(void **state)
{
    (void)state;
    answers("/catat", "catat 1");
    answers("/catat", "catat 2");
    edit_ini(NULL, NULL);
    assert_int_equal(reload(), 1);
    assert_null(shifty());
    assert_int_equal(generations_of("shifty"), 0);
    say(BUDI, "/catat");
    expect_like(BUDI, "/catat tidak ada");
    edit_ini(SHIFTY, NULL);
    assert_int_equal(reload(), 1);
    answers("/catat", "catat 3");
}

static int say_alpha(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "alpha");
}

static int say_beta(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "beta");
}

static int alpha_init(const struct bot_api *api, struct bot_plugin *self)
{
    return hook_text(api, self, say_alpha);
}

static int beta_init(const struct bot_api *api, struct bot_plugin *self)
{
    return hook_text(api, self, say_beta);
}

static void another_order_asks_the_other_one_first(void **state)
{
    (void)state;
    static const struct delegate alpha = { alpha_init, NULL, NULL },
                                 beta = { beta_init, NULL, NULL };
    world_open(
        &(struct world_conf){ .alpha = &alpha, .beta = &beta, .own_copies = 1, .stores = 1 });
    answers("halo", "alpha");
    struct plugin *before = registry_plugin(w.host->registry, "alpha");
    w.conf.alpha = w.conf.beta = NULL;
    edit_ini("beta = on\nalpha = on\n", NULL);
    assert_int_equal(reload(), 1);
    answers("halo", "beta");
    assert_ptr_equal(registry_plugin(w.host->registry, "alpha"), before);
    assert_non_null(strstr(buf_str(&w.control), "order"));
}

static void core_settings_change_and_fixed_ones_are_named(void **state)
{
    (void)state;
    FILE *f = fopen(world_path("bot.ini"), "w");
    fprintf(f,
            "[core]\nsuper_admin = " CITRA "\nlog_file =\nlanguage = en\nbacklog = 7\n"
            "listen = 127.0.0.1:1234\n[plugins]\ntestgate = on\n%s",
            SHIFTY);
    fclose(f);
    assert_int_equal(reload(), 1);
    assert_string_equal(w.host->language, "en");
    assert_int_equal(w.host->backlog_max, 7);
    assert_int_equal(w.host->super_admin_count, 1);
    assert_string_equal(w.host->super_admins[0], CITRA);
    assert_non_null(strstr(buf_str(&w.control), "[core] listen needs a restart"));
    say(DEWI, "/apa_ini");
    expect_like(DEWI, "There is no");
}

static void counters_go_on_over_generations(void **state)
{
    (void)state;
    answers("/versi", "shifty v1");
    int64_t calls = shifty()->stats->calls;
    const int64_t *starts = map_get(&shifty()->stats->counters, "starts");
    assert_int_equal(*starts, 1);
    put_plugin("v2/shifty.so", "shifty.so");
    assert_int_equal(reload(), 1);
    assert_true(shifty()->stats->calls > calls);
    assert_int_equal(*starts, 2);
    assert_int_equal(*(int64_t *)map_get(&shifty()->stats->counters, "stops"), 1);
}

/* ---- what has begun -------------------------------------------------------------------------- */

static void what_waits_comes_to_its_end_in_the_old_code(void **state)
{
    (void)state;
    say(BUDI, "/tunda");
    pass(SECOND);
    put_plugin("v2/shifty.so", "shifty.so");
    assert_int_equal(reload(), 1);
    assert_int_equal(generations_of("shifty"), 2);
    assert_int_equal(w.host->retired, 1);
    say(CITRA, "/versi"); /* meanwhile the new one answers */
    expect(CITRA, "shifty v2");
    say(CITRA, "/tunda");
    expect_none();
    pass(SECOND);
    expect(BUDI, "tunda v1");
    assert_int_equal(generations_of("shifty"), 1);
    pass(SECOND);
    expect(CITRA, "tunda v2");
    assert_int_equal(*(int64_t *)map_get(&shifty()->stats->counters, "stops"), 1);
}

static void what_waits_too_long_is_cancelled(void **state)
{
    (void)state;
    edit_ini(SHIFTY, "[core]\n");
    w.conf.ini = NULL;
    FILE *f = fopen(world_path("bot.ini"), "w");
    fprintf(f,
            "[core]\nsuper_admin = " SUPER
            "\nlog_file =\ndrain = 500ms\n[plugins]\ntestgate = on\n%s",
            SHIFTY);
    fclose(f);
    assert_int_equal(reload(), 1); /* drain only */
    say(BUDI, "/tunda");
    put_plugin("v2/shifty.so", "shifty.so");
    assert_int_equal(reload(), 1);
    pass(499);
    expect_none();
    pass(2);
    expect(BUDI, "tunda v1 batal");
    assert_int_equal(generations_of("shifty"), 1);
    pass(5 * SECOND);
    expect_none();
}

static void many_generations_drain_side_by_side(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        char text[20];
        say(i % 2 ? CITRA : BUDI, "/tunda");
        put_plugin(i % 2 ? "v1/shifty.so" : "v2/shifty.so", "shifty.so");
        assert_int_equal(reload(), 1);
        snprintf(text, sizeof text, "shifty v%d", i % 2 ? 1 : 2);
        say(DEWI, "/versi");
        expect(DEWI, text);
    }
    assert_int_equal(generations_of("shifty"), 7);
    pass(3 * SECOND);
    assert_int_equal(unseen(), 6);
    w.seen = w.sent_count;
    assert_int_equal(generations_of("shifty"), 1);
}

static void a_restart_while_one_drains_resumes_in_the_new_code(void **state)
{
    (void)state;
    say(BUDI, "/tunda");
    put_plugin("v2/shifty.so", "shifty.so");
    assert_int_equal(reload(), 1);
    world_reopen(0);
    run();
    pass(3 * SECOND);
    expect(BUDI, "tunda v2");
    expect_none();
}

static void a_thread_that_reads_the_old_registry_keeps_it(void **state)
{
    (void)state;
    struct registry *taken = registry_take(w.host);
    struct plugin *old = shifty();
    put_plugin("v2/shifty.so", "shifty.so");
    assert_int_equal(reload(), 1);
    pass(SECOND);
    assert_ptr_equal(w.host->old_registries, taken);
    assert_ptr_equal(registry_plugin(taken, "shifty"), old);
    assert_string_equal(old->version, "1.1.0");
    registry_give_back(taken);
    pass(SECOND);
    assert_null(w.host->old_registries);
    assert_int_equal(generations_of("shifty"), 1);
}

static void rows_of_a_gateway_that_is_off_wait_for_it(void **state)
{
    (void)state;
    w.conf.no_gateway = 1;
    say(BUDI, "/tunda");
    edit_ini(SHIFTY, NULL);
    assert_int_equal(reload(), 1);
    assert_null(registry_plugin(w.host->registry, "testgate"));
    pass(3 * SECOND);
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM outbox WHERE state < 2"), 1);
    w.conf.no_gateway = 0;
    edit_ini(SHIFTY, NULL);
    assert_int_equal(reload(), 1);
    run();
    expect(BUDI, "tunda v1");
}

/* ---- services -------------------------------------------------------------------------------- */

struct greeter {
    uint32_t size;
    const char *(*greet)(void *owner);
};

static const char *greet(void *owner)
{
    return owner;
}

static int alpha_provides(const struct bot_api *api, struct bot_plugin *self)
{
    static const struct greeter table = { sizeof table, greet };
    static char owner[] = "salam";
    static const struct bot_config_spec key = { .key = "word", .fallback = "x" };
    int rc = api->config(self, &key, 1, sizeof key);
    return rc == BOT_OK ? api->provide(self, "alpha/0", &table, owner) : rc;
}

static void alpha_stops(struct bot_ctx *ctx)
{
    ctx->api->count(ctx->api->self(ctx), "stops", 1);
}

static int greeted(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    void *owner;
    (void)result, (void)data;
    const struct greeter *g = ctx->api->service(ctx->api->self(ctx), "alpha/0", &owner);
    return bot_reply(ctx, g->greet(owner));
}

static int greet_later(struct bot_ctx *ctx)
{
    ctx->api->timer(ctx, 1000, greeted, NULL, 0);
    return ctx->api->later(ctx, 0, NULL, 0);
}

static int gamma_init(const struct bot_api *api, struct bot_plugin *self)
{
    return hook_text(api, self, greet_later);
}

static void open_greeters(void)
{
    static const struct delegate alpha = { alpha_provides, NULL, alpha_stops },
                                 gamma = { gamma_init, NULL, NULL };
    use_delegate("gamma", &gamma);
    world_open(&(struct world_conf){
        .alpha = &alpha, .plugins = "gamma = on\n", .own_copies = 1, .stores = 1 });
}

static void who_needs_a_new_generation_s_service_is_made_anew(void **state)
{
    (void)state;
    open_greeters();
    struct plugin *before = registry_plugin(w.host->registry, "gamma");
    edit_ini("gamma = on\n", "[alpha]\nword = y\n");
    assert_int_equal(reload(), 1);
    assert_ptr_not_equal(registry_plugin(w.host->registry, "gamma"), before);
    assert_non_null(strstr(buf_str(&w.control), "a service that it needs"));
    w.conf.alpha = NULL;
    edit_ini("gamma = on\n", NULL);
    refused("the service alpha/0");
}

static void a_provider_outlives_those_that_use_it(void **state)
{
    (void)state;
    open_greeters();
    say(BUDI, "halo");
    w.conf.alpha = NULL;
    edit_ini(NULL, NULL); /* both are off, gamma drains and will ask for alpha's service */
    assert_int_equal(reload(), 1);
    assert_int_equal(w.host->retired, 2);
    assert_null(map_get(&stats_of(w.host, "alpha")->counters, "stops"));
    pass(SECOND);
    expect(BUDI, "salam");
    pass(SECOND);
    assert_int_equal(w.host->retired, 0);
    assert_int_equal(*(int64_t *)map_get(&stats_of(w.host, "alpha")->counters, "stops"), 1);
}

static char stop_order[40];

static void alpha_goes(struct bot_ctx *ctx)
{
    (void)ctx;
    strcat(stop_order, "alpha ");
}

static void gamma_goes(struct bot_ctx *ctx)
{
    void *owner;
    const struct greeter *g = ctx->api->service(ctx->api->self(ctx), "alpha/0", &owner);
    assert_string_equal(g->greet(owner), "salam");
    strcat(stop_order, "gamma ");
}

static void at_a_stop_those_that_use_it_go_first(void **state)
{
    (void)state;
    static const struct delegate alpha = { alpha_provides, NULL, alpha_goes },
                                 gamma = { gamma_init, NULL, gamma_goes };
    use_delegate("alpha", &alpha);
    use_delegate("gamma", &gamma);
    for (int i = 0; i < 2; i++) {
        world_open(&(struct world_conf){ .plugins = i ? "alpha = on\ngamma = on\n"
                                                      : "gamma = on\nalpha = on\n",
                                         .own_copies = 1,
                                         .stores = 1 });
        *stop_order = 0;
        world_reopen(1);
        assert_string_equal(stop_order, "gamma alpha ");
        world_close(NULL);
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

static int hear_late(struct bot_ctx *ctx)
{
    return ctx->api->db(ctx, "INSERT INTO alpha_rows(what) VALUES ('rang')", NULL, 0, NULL) < 0
               ? BOT_FAIL
               : BOT_HANDLED;
}

static int set_alarm(struct bot_ctx *ctx)
{
    ctx->api->at(ctx, "alpha.late", "k", ctx->api->now(ctx) + 10 * SECOND, NULL, 0);
    return bot_reply(ctx, "set");
}

static int alarm_init(const struct bot_api *api, struct bot_plugin *self)
{
    static const struct bot_migration_spec tables[] = {
        { .id = 1, .sql = "CREATE TABLE alpha_rows (id INTEGER PRIMARY KEY, what TEXT) STRICT" },
    };
    static const struct bot_hook_spec hooks[] = {
        { .event = "alpha.late", .scope = BOT_ALL_STORES, .run = hear_late },
    };
    int rc = BOT_MIGRATIONS(api, self, tables);
    if (rc == BOT_OK) rc = BOT_HOOKS(api, self, hooks);
    return rc == BOT_OK ? hook_text(api, self, set_alarm) : rc;
}

static void what_rings_while_its_plugin_is_off_waits_for_it(void **state)
{
    (void)state;
    static const struct delegate alarm = { alarm_init, NULL, NULL };
    world_open(&(struct world_conf){ .alpha = &alarm, .own_copies = 1, .stores = 1 });
    answers("halo", "set");
    w.conf.alpha = NULL;
    edit_ini(NULL, NULL);
    assert_int_equal(reload(), 1);
    pass(20 * SECOND);
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 0);
    w.conf.alpha = &alarm;
    edit_ini(NULL, NULL);
    assert_int_equal(reload(), 1);
    run();
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 1);
    answers("halo", "set"); /* and the same over a restart */
    w.conf.alpha = NULL;
    edit_ini(NULL, NULL);
    assert_int_equal(reload(), 1);
    pass(20 * SECOND);
    w.conf.alpha = &alarm;
    world_reopen(1);
    run();
    assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), 2);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void a_broken_bot_ini_changes_nothing(void **state)
{
    (void)state;
    edit_ini(SHIFTY, "[shifty]\nwrod = x\n");
    refused("did you mean 'word'");
    answers("/versi", "shifty v1");
    edit_ini(SHIFTY, "this is no line\n");
    refused("bot.ini:");
    edit_ini("shifty = prehaps\n", NULL);
    refused("shifty");
    unlink(world_path("bot.ini"));
    refused("there is no such file");
    answers("/kata", "v1 kata");
    edit_ini(SHIFTY, "[shifty]\nword = baru\n");
    assert_int_equal(reload(), 1);
    answers("/kata", "v1 baru");
}

static void one_bad_plugin_refuses_the_whole_reload(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } bad[] = {
        { "not-there = on\n", "No such file" },
        { "init-fails = on\n", "its init() failed" },
        { "wrong-major = on\n", "build it again" },
        { "two-symbols = on\n", "beside bot_plugin_v1" },
        { "size-zero = on\n", "cut short" },
        { "null-name = on\n", "lacks a name" },
        { "needs-service = on\n", "the service weather/0" },
        { "cycle-a = on\ncycle-b = on\n", "in a circle" },
        { "route-clash-a = on\nroute-clash-b = on\n", "is already route-clash-a's" },
        { "migration-fails = on\n", "migration 2 of migration-fails failed" },
        { "table-clash = on\ntable-clash-too = on\n", "not authorized" },
        { "start-fails = on\n", "its start() failed" },
        { "uses-atexit = on\n", "atexit" },
    };
    char lines[200];
    put_plugin("v2/shifty.so", "shifty.so"); /* would be fine */
    for (size_t i = 0; i < BOT_COUNT(bad); i++) {
        snprintf(lines, sizeof lines, "%s%s", SHIFTY, bad[i].line);
        edit_ini(lines, NULL);
        refused(bad[i].words);
        answers("/versi", "shifty v1");
    }
    assert_int_equal(disk("SELECT count(*) FROM sqlite_master WHERE name LIKE 'migration_%'"), 1);
    assert_int_equal(disk("SELECT count(*) FROM sqlite_master WHERE name LIKE 'start_fails%'"), 0);
    edit_ini(SHIFTY, NULL);
    assert_int_equal(reload(), 1);
    answers("/versi", "shifty v2");
}

static void all_causes_are_told_at_once(void **state)
{
    (void)state;
    /* what only shows when it is loaded is found by probes, in processes that there are none of
     * here */
    edit_ini("shifty = ./shifty.so\nnot-there = on\nno-symbol = on\ntwo-symbols = on\n", NULL);
    refused("not-there");
    refused("no-symbol");
    refused("two-symbols");
}

static void a_start_that_fails_is_undone_with_all_others(void **state)
{
    (void)state;
    answers("/catat", "catat 1");
    put_plugin("v5/shifty.so", "shifty.so"); /* leaves a row, then fails */
    refused("its start() failed");
    answers("/catat", "catat 2");
    answers("/versi", "shifty v1");
}

static void a_commit_that_fails_is_undone(void **state)
{
    (void)state;
    put_plugin("v3/shifty.so", "shifty.so");
    fail_commits(1);
    refused("the database cannot be written");
    sqlite3_commit_hook(w.host->db.sql, NULL, NULL);
    answers("/versi", "shifty v1");
    assert_int_equal(disk("SELECT count(*) FROM pragma_table_info('shifty_rows')"), 2);
    assert_int_equal(reload(), 1);
    answers("/versi", "shifty v3");
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void columns_may_be_added_while_it_runs(void **state)
{
    (void)state;
    say(BUDI, "/tunda");
    answers("/catat", "catat 1");
    put_plugin("v3/shifty.so", "shifty.so");
    assert_int_equal(reload(), 1);
    answers("/catat", "catat 2");
    pass(3 * SECOND);
    expect(BUDI, "tunda v1");
    put_plugin("v1/shifty.so", "shifty.so"); /* and back: nothing that v1 needs is missing */
    assert_int_equal(reload(), 1);
    answers("/catat", "catat 3");
    assert_int_equal(disk("SELECT max(min_reader) FROM migrations WHERE plugin = 'shifty'"), 0);
}

static void a_step_that_breaks_older_code_needs_a_restart(void **state)
{
    (void)state;
    answers("/catat", "catat 1");
    put_plugin("v4/shifty.so", "shifty.so");
    refused("needs a restart");
    assert_int_equal(disk("SELECT max(id) FROM migrations WHERE plugin = 'shifty'"), 1);
    answers("/catat", "catat 2");
    world_reopen(1);
    run();
    answers("/catat", "catat 3");
    assert_int_equal(disk("SELECT max(min_reader) FROM migrations WHERE plugin = 'shifty'"), 3);
    put_plugin("v3/shifty.so", "shifty.so");
    refused("install the newer one");
    answers("/catat", "catat 4");
}

static void a_step_that_breaks_may_run_once_nothing_uses_the_tables(void **state)
{
    (void)state;
    answers("/catat", "catat 1");
    edit_ini(NULL, NULL);
    assert_int_equal(reload(), 1);
    put_plugin("v4/shifty.so", "shifty.so");
    edit_ini(SHIFTY, NULL);
    assert_int_equal(reload(), 1);
    answers("/catat", "catat 2");
}

static void a_migration_that_fails_leaves_no_trace(void **state)
{
    (void)state;
    put_plugin("v7/shifty.so", "shifty.so");
    refused("migration 2 of shifty failed");
    assert_int_equal(disk("SELECT count(*) FROM pragma_table_info('shifty_rows')"), 2);
    answers("/catat", "catat 1");
}

/* Which steps may run while an older generation uses the tables. */
static const char *second_step;

static int stepping_init(const struct bot_api *api, struct bot_plugin *self)
{
    struct bot_migration_spec tables[] = {
        { .id = 1,
          .sql =
              "CREATE TABLE alpha_rows (id INTEGER PRIMARY KEY, what TEXT, price INTEGER) STRICT;"
              "CREATE INDEX alpha_plain ON alpha_rows(what)" },
        { .id = 2, .sql = second_step },
    };
    static const struct bot_config_spec key = { .key = "word", .fallback = "x" };
    int rc = api->migration(self, tables, second_step ? 2 : 1, sizeof tables[0]);
    return rc == BOT_OK ? api->config(self, &key, 1, sizeof key) : rc;
}

static void what_a_step_really_does_decides(void **state)
{
    (void)state;
    static const struct delegate stepping = { stepping_init, NULL, NULL };
    static const struct {
        const char *sql;
        int is_fine;
    } cases[] = {
        { "CREATE TABLE alpha_more (id INTEGER PRIMARY KEY) STRICT", 1 },
        { "ALTER TABLE alpha_rows ADD COLUMN colour TEXT", 1 },
        { "alter table \"alpha_rows\" add colour TEXT", 1 },
        { "-- the colour\nALTER TABLE alpha_rows ADD COLUMN colour TEXT", 1 },
        { "/* ALTER */ CREATE INDEX alpha_more ON alpha_rows(price)", 1 },
        { "DROP INDEX alpha_plain", 1 },
        { "CREATE TABLE alpha_more (n INTEGER) STRICT; INSERT INTO alpha_more VALUES (1);"
          "CREATE UNIQUE INDEX alpha_one ON alpha_more(n); ALTER TABLE alpha_more RENAME n TO m",
          1 },
        { "ALTER TABLE alpha_rows RENAME COLUMN what TO text_", 0 },
        { "-- v2: now addressed\nALTER TABLE alpha_rows RENAME COLUMN what TO text_", 0 },
        { "/* what we added */ ALTER TABLE alpha_rows DROP COLUMN price", 0 },
        { "CREATE TABLE IF NOT EXISTS alpha_rows (id INTEGER); UPDATE alpha_rows SET price = 1",
          0 },
        { "CREATE UNIQUE INDEX alpha_one ON alpha_rows(price)", 0 },
        { "-- one each\nCREATE UNIQUE INDEX alpha_one ON alpha_rows(price)", 0 },
        { "CREATE TRIGGER alpha_no BEFORE INSERT ON alpha_rows BEGIN SELECT RAISE(ABORT, 'no'); END",
          0 },
        { "DROP TABLE alpha_rows", 0 },
        { "DELETE FROM alpha_rows", 0 },
    };
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        second_step = NULL;
        world_open(&(struct world_conf){ .alpha = &stepping, .own_copies = 1 });
        second_step = cases[i].sql;
        edit_ini(NULL, "[alpha]\nword = y\n");
        if (reload() != (cases[i].is_fine ? 1 : -1))
            fail_msg("%s: %s", cases[i].sql, buf_str(&w.control));
        if (!cases[i].is_fine) assert_non_null(strstr(buf_str(&w.control), "needs a restart"));
        world_close(NULL);
    }
}

/* ---- what an old generation must not do any more ----------------------------------------------
 */

static int ticks;

static int tick(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)data;
    if (result->status == BOT_OK) ticks++;
    ctx->api->timer(ctx, SECOND, tick, NULL, 0);
    return BOT_HANDLED;
}

static int ticking_start(struct bot_ctx *ctx)
{
    ctx->api->timer(ctx, SECOND, tick, NULL, 0);
    return BOT_OK;
}

static void late_stop(struct bot_ctx *ctx)
{
    assert_true(ctx->api->timer(ctx, SECOND, tick, NULL, 0) < 0); /* nobody would be there */
}

static void what_start_repeats_is_not_repeated_twice(void **state)
{
    (void)state;
    static const struct delegate ticking = { alpha_provides, ticking_start, late_stop };
    world_open(&(struct world_conf){ .alpha = &ticking, .own_copies = 1 });
    ticks = 0;
    pass(10 * SECOND);
    assert_int_equal(ticks, 10);
    edit_ini(NULL, "[alpha]\nword = y\n");
    assert_int_equal(reload(), 1);
    pass(10 * SECOND);
    assert_int_equal(ticks, 20);
    assert_int_equal(w.host->retired, 0);
}

static int passed_runs;

static int pass_on(struct bot_ctx *ctx)
{
    (void)ctx;
    passed_runs++;
    return BOT_PASS;
}

static int first_init(const struct bot_api *api, struct bot_plugin *self)
{
    const struct bot_hook_spec hook = {
        .event = "message.text", .priority = 50, .scope = BOT_THIS_STORE, .run = pass_on
    };
    return api->hook(self, &hook, 1, sizeof hook);
}

static int pass_done(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)ctx, (void)result, (void)data;
    return BOT_PASS;
}

static int wait_and_pass(struct bot_ctx *ctx)
{
    ctx->api->timer(ctx, SECOND, pass_done, NULL, 0);
    return ctx->api->later(ctx, 0, NULL, 0);
}

static int passing_init(const struct bot_api *api, struct bot_plugin *self)
{
    return hook_text(api, self, wait_and_pass);
}

static void a_hook_that_has_passed_is_not_asked_again(void **state)
{
    (void)state;
    static const struct delegate waits = { passing_init, NULL, NULL },
                                 first = { first_init, NULL, NULL };
    world_open(
        &(struct world_conf){ .alpha = &waits, .beta = &first, .own_copies = 1, .stores = 1 });
    passed_runs = 0;
    say(BUDI, "halo");
    w.conf.alpha = NULL; /* it waits, and is switched off meanwhile */
    edit_ini(NULL, NULL);
    assert_int_equal(reload(), 1);
    pass(2 * SECOND);
    assert_int_equal(unseen(), 1);
    assert_int_equal(passed_runs, 1);
}

/* ---- killed in the middle -------------------------------------------------------------------- */

enum step { AT_INIT, AT_MIGRATION, AT_START, AT_COMMIT, AT_STOP, AT_NOWHERE, STEPS };

static enum step kill_at;

static void die_at(enum step step)
{
    if (step == kill_at) kill(getpid(), SIGKILL);
}

static int fragile_init(const struct bot_api *api, struct bot_plugin *self)
{
    static const struct bot_migration_spec tables[] = {
        { .id = 1, .sql = "CREATE TABLE alpha_rows (id INTEGER PRIMARY KEY) STRICT" },
        { .id = 2, .sql = "CREATE TABLE alpha_more (id INTEGER PRIMARY KEY) STRICT" },
    };
    static const struct bot_config_spec key = { .key = "word", .fallback = "x" };
    int is_new = w.conf.ini != NULL; /* the second generation */
    if (is_new) die_at(AT_INIT);
    int rc = api->migration(self, tables, is_new ? 2 : 1, sizeof tables[0]);
    if (rc == BOT_OK) rc = api->config(self, &key, 1, sizeof key);
    return rc == BOT_OK ? hook_text(api, self, say_alpha) : rc;
}

static int fragile_start(struct bot_ctx *ctx)
{
    if (w.conf.ini) die_at(AT_START);
    return ctx->api->db(ctx, "INSERT INTO alpha_rows DEFAULT VALUES", NULL, 0, NULL);
}

static void fragile_stop(struct bot_ctx *ctx)
{
    (void)ctx;
    die_at(AT_STOP);
}

static int on_statement(unsigned type, void *ctx, void *statement, void *text)
{
    (void)type, (void)ctx, (void)statement;
    if (strstr(text, "CREATE TABLE alpha_more")) die_at(AT_MIGRATION);
    return 0;
}

static int on_commit(void *ctx)
{
    (void)ctx;
    die_at(AT_COMMIT);
    return 0;
}

/* Another process with this host asks for the reload, and is killed at the step. */
static void killed_at(enum step step)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        kill_at = step;
        sqlite3_trace_v2(w.host->db.sql, SQLITE_TRACE_STMT, on_statement, NULL);
        sqlite3_commit_hook(w.host->db.sql, on_commit, NULL);
        w.conf.ini = "[alpha]\nword = y\n";
        reload_ask(w.host);
        for (int i = 0; i < 20; i++) loop_turn(&w.host->loop);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (step == AT_NOWHERE)
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    else
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void killed_at_any_step_it_starts_again(void **state)
{
    (void)state;
    static const struct delegate fragile = { fragile_init, fragile_start, fragile_stop };
    for (enum step step = AT_INIT; step < STEPS; step++) {
        kill_at = AT_NOWHERE;
        world_open(&(struct world_conf){ .alpha = &fragile, .own_copies = 1, .stores = 1 });
        post(BUDI, "halo");
        loop_turn(&w.host->loop); /* it is in the journal, and not answered yet */
        edit_ini(NULL, "[alpha]\nword = y\n");
        w.conf.ini = NULL;
        killed_at(step);
        w.conf.ini = "[alpha]\nword = y\n";
        forget_sent(); /* what the other process has sent is its own */
        world_reopen(0);
        assert_int_equal(w.host->problems.len, 0);
        run();
        assert_int_equal(disk("SELECT count(*) FROM sqlite_master WHERE name = 'alpha_more'"), 1);
        /* first start, this start; and that of the reload, if it came to its commit */
        assert_int_equal(disk("SELECT count(*) FROM alpha_rows"), step >= AT_STOP ? 3 : 2);
        assert_int_equal(disk("SELECT count(*) FROM outbox"), 1);
        w.seen = w.sent_count;
        answers("lagi", "alpha");
        assert_int_equal(reload(), 0);
        world_close(NULL);
    }
}

int main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, shifty_open, world_close)
#define ALONE(name) cmocka_unit_test_teardown(name, world_close)
    const struct CMUnitTest tests[] = {
        TEST(a_new_file_answers_from_the_next_message_on),
        TEST(what_has_not_changed_is_left_alone),
        TEST(a_changed_section_makes_a_new_generation),
        TEST(switched_off_it_keeps_its_data_and_goes_on),
        ALONE(another_order_asks_the_other_one_first),
        TEST(core_settings_change_and_fixed_ones_are_named),
        TEST(counters_go_on_over_generations),
        TEST(what_waits_comes_to_its_end_in_the_old_code),
        TEST(what_waits_too_long_is_cancelled),
        TEST(many_generations_drain_side_by_side),
        TEST(a_restart_while_one_drains_resumes_in_the_new_code),
        TEST(a_thread_that_reads_the_old_registry_keeps_it),
        TEST(rows_of_a_gateway_that_is_off_wait_for_it),
        ALONE(who_needs_a_new_generation_s_service_is_made_anew),
        ALONE(a_provider_outlives_those_that_use_it),
        ALONE(at_a_stop_those_that_use_it_go_first),
        ALONE(what_rings_while_its_plugin_is_off_waits_for_it),
        TEST(a_broken_bot_ini_changes_nothing),
        TEST(one_bad_plugin_refuses_the_whole_reload),
        TEST(all_causes_are_told_at_once),
        TEST(a_start_that_fails_is_undone_with_all_others),
        TEST(a_commit_that_fails_is_undone),
        TEST(columns_may_be_added_while_it_runs),
        TEST(a_step_that_breaks_older_code_needs_a_restart),
        TEST(a_step_that_breaks_may_run_once_nothing_uses_the_tables),
        TEST(a_migration_that_fails_leaves_no_trace),
        ALONE(what_a_step_really_does_decides),
        ALONE(what_start_repeats_is_not_repeated_twice),
        ALONE(a_hook_that_has_passed_is_not_asked_again),
        ALONE(killed_at_any_step_it_starts_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
