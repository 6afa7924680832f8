/* SPDX-License-Identifier: MIT
 * test_loader.c - plugins that cannot be used are refused in words, left out at the start, and
 * leave nothing behind; the rest runs and health says that something is wrong. So do errors in
 * bot.ini. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "core/base/buf.h"

static int hello(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "hello from alpha");
}

static int alpha_init(const struct bot_api *api, struct bot_plugin *self)
{
    static const struct bot_command_spec commands[] = {
        { .name = "hello", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = hello },
    };
    static const struct bot_config_spec keys[] = {
        { .key = "colour", .type = BOT_CONFIG_CHOICE, .fallback = "red", .choices = "red green" },
        { .key = "size", .type = BOT_CONFIG_INT, .fallback = "5", .min = 1, .max = 9 },
        { .key = "loud", .type = BOT_CONFIG_BOOL, .fallback = "no" },
        { .key = "every", .type = BOT_CONFIG_DURATION, .fallback = "10m" },
    };
    int rc = BOT_COMMANDS(api, self, commands);
    return rc ? rc : BOT_CONFIG(api, self, keys);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static const char *problems(void)
{
    return buf_str(&w.host->problems);
}

static const char *health(void)
{
    static char text[1000];
    struct buf out = { 0 };
    assert_int_equal(host_health(w.host, &out), 200);
    snprintf(text, sizeof text, "%s", buf_str(&out));
    buf_free(&out);
    return text;
}

static unsigned lines_of(const char *s)
{
    unsigned n = 0;
    for (; *s; s++) n += *s == '\n';
    return n;
}

static void holds(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

/* The one that is left out is told once, in words; the other one runs, and health is degraded. */
static void is_left_out(const char *name, const char *words)
{
    holds(problems(), words);
    holds(problems(), name);
    if (lines_of(problems()) != 1) fail_msg("one line wanted: %s", problems());
    assert_null(registry_plugin(w.host->registry, name));
    holds(health(), "\"status\":\"degraded\"");
    holds(health(), "\"testgate\":\"connected\"");
    struct buf status = { 0 };
    host_status(w.host, &status);
    holds(buf_str(&status), name);
    buf_free(&status);
    say(BUDI, "/hello");
    expect(BUDI, "hello from alpha");
    expect_none();
}

static void refused(const char *name, const char *words)
{
    char line[100];
    snprintf(line, sizeof line, "%s = on\n", name);
    world_open(&(struct world_conf){ .alpha = &alpha, .plugins = line, .own_copies = 1 });
    is_left_out(name, words);
    world_close(NULL);
}

static void healthy_without_problems(void **state)
{
    (void)state;
    world_open(&(struct world_conf){ .alpha = &alpha, .own_copies = 1 });
    assert_string_equal(problems(), "");
    holds(health(), "\"status\":\"healthy\"");
    holds(health(), "\"database\":\"connected\"");
    say(BUDI, "/hello");
    expect(BUDI, "hello from alpha");
}

static void write_file(const char *name, const char *content, size_t len)
{
    FILE *f = fopen(world_path(name), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(content, 1, len, f), len);
    fclose(f);
}

/* Plugins by path, relative to bot.ini's folder, of which this is the content. */
static void file_refused(const char *content, size_t len, const char *words)
{
    world_open(
        &(struct world_conf){ .alpha = &alpha, .plugins = "odd = ./odd.so\n", .own_copies = 1 });
    if (content) write_file("odd.so", content, len);
    world_reopen(1);
    is_left_out("odd", words);
    world_close(NULL);
}

static void files_that_are_no_plugins(void **state)
{
    (void)state;
    refused("not-there", "No such file");
    file_refused(NULL, 0, "No such file");
    file_refused("", 0, "is empty");
    file_refused("hello\n", 6, "no shared library");
    file_refused("\177ELF\2\1\1", 7, "cut short");
    /* the first page of a real one */
    static char page[4096];
    FILE *f = fopen(FIXTURE_PLUGINS "/alpha.so", "r");
    assert_non_null(f);
    assert_int_equal(fread(page, 1, sizeof page, f), sizeof page);
    fclose(f);
    file_refused(page, sizeof page, "cut short");
    refused("no-symbol", "exports no bot_plugin_v1");
}

static void a_folder_is_no_plugin(void **state)
{
    (void)state;
    world_open(
        &(struct world_conf){ .alpha = &alpha, .plugins = "odd = ./data/\n", .own_copies = 1 });
    holds(problems(), "data/ cannot be copied");
    assert_null(registry_plugin(w.host->registry, "odd"));
}

static void manifests_that_do_not_fit(void **state)
{
    (void)state;
    refused("wrong-major", "build it again");
    refused("newer-minor", "install a newer Tokobot");
    refused("other-name", "calls itself \"somebody-else\"");
    refused("cut-manifest", "cut short");
    refused("sqlite", "the name \"sqlite\" is taken");
}

static void registrations_that_are_wrong(void **state)
{
    (void)state;
    refused("init-fails", "its init() failed");
    refused("command-clash", "\"hello\" is already alpha's");
    refused("bad-command", "a-z 0-9 _");
    refused("bad-dialog", "needs a name, steps and done");
    refused("bad-schedule", "HH:MM");
    refused("bad-migration", "ids are 1, 2, 3");
    refused("bad-config", "a-z 0-9 _");
    refused("needs-service", "the service weather/0");
}

static void a_refused_plugin_leaves_nothing_registered(void **state)
{
    (void)state;
    world_open(&(struct world_conf){
        .alpha = &alpha, .plugins = "command-clash = on\n", .own_copies = 1 });
    assert_null(registry_command(w.host->registry, "clash_first"));
    assert_non_null(registry_command(w.host->registry, "HELLO"));
}

static int64_t tables_like(const char *pattern)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM sqlite_master WHERE name LIKE '%s'", pattern);
    return disk(sql);
}

static void migration_refused(const char *name, const char *words, const char *tables)
{
    char line[100], sql[100];
    snprintf(line, sizeof line, "%s = on\n", name);
    world_open(&(struct world_conf){ .alpha = &alpha, .plugins = line, .own_copies = 1 });
    is_left_out(name, words);
    assert_int_equal(tables_like(tables), 0); /* the first one is undone, too */
    snprintf(sql, sizeof sql, "SELECT count(*) FROM migrations WHERE plugin = '%s'", name);
    assert_int_equal(disk(sql), 0);
    assert_int_equal(tables_like("outbox"), 1);
    world_reopen(1);
    is_left_out(name, words);
    world_close(NULL);
}

static void migrations_run_all_or_none(void **state)
{
    (void)state;
    migration_refused("migration-fails", "migration 2 of migration-fails failed",
                      "migration_fails%");
    migration_refused("migration-foreign", "migration 2 of migration-foreign failed",
                      "migration_foreign%");
    migration_refused("migration-unnamed", "migration 2 of migration-unnamed failed", "mi%e%");
    migration_refused("migration-commits", "migration 2 of migration-commits",
                      "migration_commits%");
    migration_refused("migration-rolls", "ROLLBACK", "migration_rolls%");
}

static void tables_of_a_newer_version_are_left_alone(void **state)
{
    (void)state;
    world_open(
        &(struct world_conf){ .alpha = &alpha, .plugins = "start-fails = on\n", .own_copies = 1 });
    script("INSERT INTO migrations(plugin, id, at, min_reader) VALUES ('start-fails', 7, 1, 7)");
    world_reopen(1);
    is_left_out("start-fails", "install the newer one");
}

static void a_database_of_a_newer_tokobot_is_not_opened(void **state)
{
    (void)state;
    static char *none[] = { NULL };
    world_open(&(struct world_conf){ .alpha = &alpha });
    script("INSERT INTO migrations(plugin, id, at, min_reader) VALUES ('core', 999, 1, 999)");
    char database[200], data[200];
    snprintf(database, sizeof database, "%s", world_path("test.db"));
    snprintf(data, sizeof data, "%s", world_path("data"));
    struct host_conf conf = { .config = config_read(world_path("bot.ini"), 0, none),
                              .plugin_folder = FIXTURE_PLUGINS,
                              .database = database,
                              .data_dir = data,
                              .no_lock = 1,
                              .share_plugins = 1 };
    struct buf errors = { 0 };
    int code = 0;
    assert_null(host_open(&conf, &code, &errors));
    assert_int_not_equal(code, 0);
    holds(buf_str(&errors), "install the newer one");
    buf_free(&errors);
}

static void a_start_that_fails_is_as_if_it_had_not_been(void **state)
{
    (void)state;
    world_open(
        &(struct world_conf){ .alpha = &alpha, .plugins = "start-fails = on\n", .own_copies = 1 });
    is_left_out("start-fails", "its start() failed");
    assert_int_equal(disk("SELECT count(*) FROM start_fails_rows"), 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE kind = 3"), 0);
    world_close(NULL);
    refused("late-register", "its start() failed");
}

static void each_problem_is_told_once(void **state)
{
    (void)state;
    world_open(&(struct world_conf){
        .alpha = &alpha,
        .plugins = "start-fails = on\nnot-there = on\nmigration-fails = on\ninit-fails = on\n",
        .own_copies = 1 });
    if (lines_of(problems()) != 4) fail_msg("four lines wanted: %s", problems());
    say(BUDI, "/hello");
    expect(BUDI, "hello from alpha");
}

/* ---- prefixes -------------------------------------------------------------------------------- */

static void a_tables_name_is_that_of_its_plugin_only(void **state)
{
    (void)state;
    /* alpha's prefix is "alpha_"; "alpha_b_rows" is alpha-b's as soon as there is an alpha-b */
    struct plugin a = { .name = "alpha", .table_prefix = "alpha_" },
                  b = { .name = "alpha-b", .table_prefix = "alpha_b_" };
    struct plugin *both[] = { &a, &b };
    world_open(&(struct world_conf){ .alpha = &alpha });
    struct registry fake = { .plugins = both, .plugin_count = 2 };
    struct registry *real = w.host->registry;
    a.host = b.host = w.host;
    w.host->registry = &fake;
    script("CREATE TABLE alpha_b_rows (id INTEGER); CREATE TABLE alpha_rows (id INTEGER)");
    const struct {
        struct plugin *owner;
        const char *sql;
        int rc;
    } cases[] = {
        { &a, "SELECT id FROM alpha_rows", SQLITE_OK },
        { &a, "SELECT id FROM alpha_b_rows", SQLITE_AUTH },
        { &b, "SELECT id FROM alpha_b_rows", SQLITE_OK },
        { &b, "SELECT id FROM alpha_rows", SQLITE_AUTH },
    };
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        sqlite3_stmt *st = NULL;
        w.host->sql_owner = cases[i].owner;
        int rc = sqlite3_prepare_v2(w.host->db.sql, cases[i].sql, -1, &st, NULL);
        w.host->sql_owner = NULL;
        sqlite3_finalize(st);
        if ((rc & 0xff) != cases[i].rc)
            fail_msg("%s by %s: %d", cases[i].sql, cases[i].owner->name, rc);
    }
    w.host->registry = real;
}

/* ---- bot.ini --------------------------------------------------------------------------------- */

static void ini_refused(const char *ini, unsigned count, const char *const *words)
{
    struct world_conf conf = { .alpha = &alpha, .ini = ini };
    if (world_try(&conf) == 0) fail_msg("not refused: %s", ini);
    assert_int_equal(w.exit_code, 78);
    const char *errors = buf_str(&w.errors);
    if (lines_of(errors) != count) fail_msg("%u lines wanted: %s", count, errors);
    for (unsigned i = 0; i < count; i++) holds(errors, words[i]);
    for (const char *line = errors; *line; line = strchr(line, '\n') + 1) {
        const char *name = strstr(line, "bot.ini:");
        assert_true(name && atoi(name + 8) > 0); /* file:line */
    }
    world_close(NULL);
}
#define REFUSED(ini, ...)                                                                          \
    ini_refused(ini, (unsigned)BOT_COUNT(((const char *[]){ __VA_ARGS__ })),                       \
                (const char *[]){ __VA_ARGS__ })

static void errors_in_bot_ini_are_all_told_with_their_line(void **state)
{
    (void)state;
    REFUSED("[alpha]\ncolor = red\n", "colour");
    REFUSED("[alpha]\ncolour = blue\n", "red");
    REFUSED("[alpha]\nsize = 10\n", "size");
    REFUSED("[alpha]\nsize = many\n", "size");
    REFUSED("[alpha]\nloud = perhaps\n", "loud");
    REFUSED("[alpha]\nevery = soon\n", "every");
    REFUSED("[limits]\ncustomers_per_store = 0\n", "customers_per_store");
    REFUSED("[limit]\nx = 1\n", "limits");
    REFUSED("[alpha]\ncolor = red\nsize = 10\n[limits]\ncustomers_warning = x\n", "colour", "size",
            "customers_warning");
    REFUSED("this is no line\n", "bot.ini");
    REFUSED("[alpha]\nsize = 3\nsize = 4\n", "size");
}

static void the_section_of_a_plugin_that_is_left_out_is_not_checked(void **state)
{
    (void)state;
    world_open(&(struct world_conf){ .alpha = &alpha,
                                     .plugins = "init-fails = on\nbeta = off\n",
                                     .ini = "[init-fails]\nx = 1\n[beta]\ny = 2\n",
                                     .own_copies = 1 });
    is_left_out("init-fails", "its init() failed");
}

/* ---- the check ------------------------------------------------------------------------------- */

static int check(const char *plugins, const char *ini, const char *words)
{
    static char *none[] = { NULL };
    world_open(&(struct world_conf){ .alpha = &alpha });
    char text[400];
    int n = snprintf(text, sizeof text, "[core]\nlog_file =\n[plugins]\nalpha = on\n%s%s", plugins,
                     ini);
    write_file("bot.ini", text, (size_t)n);
    struct host_conf conf = { .config = config_read(world_path("bot.ini"), 0, none),
                              .plugin_folder = FIXTURE_PLUGINS };
    struct buf errors = { 0 };
    int rc = host_check(&conf, &errors);
    holds(buf_str(&errors), words);
    buf_free(&errors);
    world_close(NULL);
    return rc;
}

static void the_check_says_the_same_and_touches_nothing(void **state)
{
    (void)state;
    assert_int_equal(check("", "", ""), 0);
    assert_int_equal(check("init-fails = on\n", "", "its init() failed"), 1);
    assert_int_equal(check("not-there = on\n", "", "not-there"), 1);
    assert_int_equal(check("wrong-major = on\n", "", "build it again"), 1);
    assert_int_equal(check("", "[alpha]\nsize = 99\n", "size"), 78);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, world_close)
    const struct CMUnitTest tests[] = {
        TEST(healthy_without_problems),
        TEST(files_that_are_no_plugins),
        TEST(a_folder_is_no_plugin),
        TEST(manifests_that_do_not_fit),
        TEST(registrations_that_are_wrong),
        TEST(a_refused_plugin_leaves_nothing_registered),
        TEST(migrations_run_all_or_none),
        TEST(tables_of_a_newer_version_are_left_alone),
        TEST(a_database_of_a_newer_tokobot_is_not_opened),
        TEST(a_start_that_fails_is_as_if_it_had_not_been),
        TEST(each_problem_is_told_once),
        TEST(a_tables_name_is_that_of_its_plugin_only),
        TEST(errors_in_bot_ini_are_all_told_with_their_line),
        TEST(the_section_of_a_plugin_that_is_left_out_is_not_checked),
        TEST(the_check_says_the_same_and_touches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
