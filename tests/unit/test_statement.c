/* SPDX-License-Identifier: MIT
 * test_statement.c - plugins' SQL: what it may touch (I7), what is refused and how, parameters,
 * cursors, long reads. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct bot_api *api;
static bot_handler_fn *task; /* what the next handler does */

static int run_task(struct bot_ctx *ctx)
{
    api = ctx->api;
    return task(ctx);
}

static const struct bot_migration_spec tables[] = {
    { .id = 1,
      .sql =
          "CREATE TABLE alpha_items (id INTEGER PRIMARY KEY, store INTEGER NOT NULL, code TEXT UNIQUE,"
          " n INTEGER NOT NULL CHECK (n >= 0), data BLOB) STRICT;"
          "CREATE TABLE alpha_notes (id INTEGER PRIMARY KEY, text TEXT) STRICT;"
          "CREATE VIEW alpha_peek AS SELECT id, name FROM persons;"
          "CREATE VIEW alpha_all AS SELECT id, n FROM alpha_items;"
          "CREATE TABLE alpha_spied (text TEXT) STRICT;"
          "CREATE TRIGGER alpha_spy AFTER INSERT ON alpha_spied"
          " BEGIN INSERT INTO alpha_notes(text) SELECT name FROM persons; END" },
};
static const struct bot_migration_spec beta_tables[] = {
    { .id = 1, .sql = "CREATE TABLE beta_items (id INTEGER PRIMARY KEY, n INTEGER) STRICT" },
};

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_command_spec commands[] = {
        { .name = "here", .role = BOT_ANYONE, .scope = BOT_THIS_STORE, .run = run_task },
        { .name = "everywhere", .role = BOT_ANYONE, .scope = BOT_ALL_STORES, .run = run_task },
        { .name = "nowhere", .role = BOT_ANYONE, .scope = BOT_NO_STORE, .run = run_task },
    };
    int rc = BOT_COMMANDS(a, self, commands);
    return rc ? rc : BOT_MIGRATIONS(a, self, tables);
}

static int beta_init(const struct bot_api *a, struct bot_plugin *self)
{
    return BOT_MIGRATIONS(a, self, beta_tables);
}

static const struct delegate alpha = { alpha_init, NULL, NULL }, beta = { beta_init, NULL, NULL };

static int open_world(void **state)
{
    (void)state;
    world_open(&(struct world_conf){ .alpha = &alpha, .beta = &beta, .stores = 2 });
    return 0;
}

/* Runs `what` as a handler of this scope for BUDI of store 2's code; it must answer "FINE". */
static void in(const char *command, bot_handler_fn *what)
{
    char text[60];
    task = what;
    snprintf(text, sizeof text, "/%s #MAJU3", command);
    say(BUDI, text);
    expect_like(BUDI, "FINE");
    expect_none();
}

static int db(struct bot_ctx *ctx, const char *sql)
{
    return api->db(ctx, sql, NULL, 0, NULL);
}

static int64_t db_number(struct bot_ctx *ctx, const char *sql)
{
    struct bot_rows *rows;
    if (api->db(ctx, sql, NULL, 0, &rows) != BOT_OK || api->row_next(rows) != BOT_ROW) return -1;
    return api->row_int(rows, 0);
}

#define OK(ctx) bot_reply(ctx, "FINE")

/* ---- scope ----------------------------------------------------------------------------------- */

static const char ADD[] = "INSERT INTO alpha_items(store, code, n) VALUES ($store, $code, $n)";
static const char ADD_ANYWHERE[] = "INSERT INTO alpha_items(store, code, n) VALUES (7, 'seven', 7)";
static const char SUM[] = "SELECT sum(n) FROM alpha_items";
static const char SUM_HERE[] = "SELECT sum(n) FROM alpha_items WHERE store = $store";
static const char NOTE[] = "INSERT INTO alpha_notes(text) VALUES ('x')";

static int scoped_task(struct bot_ctx *ctx)
{
    const struct bot_arg args[] = { bot_int("store", 2), bot_text("code", "a"), bot_int("n", 5) };
    assert_int_equal(db(ctx, SUM), BOT_ESCOPE);
    assert_int_equal(db(ctx, ADD_ANYWHERE), BOT_ESCOPE);
    assert_int_equal(db(ctx, "UPDATE alpha_items SET n = 1"), BOT_ESCOPE);
    assert_int_equal(db(ctx, "DELETE FROM alpha_items"), BOT_ESCOPE);
    assert_int_equal(db(ctx, "SELECT n FROM alpha_all"), BOT_ESCOPE);
    assert_int_equal(db(ctx, "SELECT (SELECT count(*) FROM alpha_items) FROM alpha_notes"),
                     BOT_ESCOPE);
    assert_int_equal(db(ctx, "WITH x AS (SELECT * FROM alpha_items) SELECT count(*) FROM x"),
                     BOT_ESCOPE);
    assert_int_equal(
        db(ctx,
           "UPDATE alpha_notes SET text = i.code FROM alpha_items i WHERE i.id = alpha_notes.id"),
        BOT_ESCOPE);
    assert_int_equal(db(ctx, "INSERT INTO alpha_notes(text) SELECT code FROM alpha_items"),
                     BOT_ESCOPE);
    assert_int_equal(db(ctx, NOTE), BOT_OK);
    /* a store given as an argument is not heard */
    assert_int_equal(api->db(ctx, ADD, args, BOT_COUNT(args), NULL), BOT_OK);
    assert_int_equal(db_number(ctx, SUM_HERE), 5);
    return OK(ctx);
}

static void rows_of_stores_need_the_store(void **state)
{
    (void)state;
    in("here", scoped_task);
    assert_int_equal(disk("SELECT store FROM alpha_items"),
                     number("SELECT id FROM stores WHERE code = 'MAJU3'"));
    assert_int_equal(disk("SELECT count(*) FROM alpha_items"), 1);
}

static int all_task(struct bot_ctx *ctx)
{
    const struct bot_arg args[] = { bot_int("store", 2), bot_text("code", "b"), bot_int("n", 3) };
    assert_int_equal(db(ctx, ADD_ANYWHERE), BOT_OK);
    assert_int_equal(api->db(ctx, ADD, args, BOT_COUNT(args), NULL), BOT_OK);
    assert_int_equal(db_number(ctx, SUM), 10);
    return OK(ctx);
}

static void all_stores_may_name_one(void **state)
{
    (void)state;
    in("everywhere", all_task);
    assert_int_equal(disk("SELECT count(*) FROM alpha_items WHERE store = 2 AND code = 'b'"), 1);
}

static int none_task(struct bot_ctx *ctx)
{
    const struct bot_arg args[] = { bot_int("store", 2), bot_text("code", "b"), bot_int("n", 3) };
    assert_int_equal(db(ctx, SUM), BOT_ESCOPE);
    assert_int_equal(api->db(ctx, ADD, args, BOT_COUNT(args), NULL), BOT_ESCOPE);
    assert_int_equal(api->db(ctx, SUM_HERE, args, BOT_COUNT(args), NULL), BOT_ESCOPE);
    assert_int_equal(db(ctx, NOTE), BOT_OK);
    return OK(ctx);
}

static void no_store_sees_none(void **state)
{
    (void)state;
    in("nowhere", none_task);
    assert_int_equal(disk("SELECT count(*) FROM alpha_items"), 0);
}

/* ---- what is not the plugin's ---------------------------------------------------------------- */

static const char *const foreign[] = {
    "SELECT count(*) FROM persons",
    "SELECT name FROM persons",
    "SELECT * FROM beta_items",
    "SELECT count(*) FROM beta_items",
    "INSERT INTO beta_items(n) VALUES (1)",
    "UPDATE stores SET name = 'mine'",
    "DELETE FROM inbox",
    "SELECT a.id FROM alpha_notes a JOIN persons p ON p.id = a.id",
    "SELECT a.id FROM alpha_notes a NATURAL JOIN persons",
    "SELECT id FROM alpha_notes WHERE id IN (SELECT id FROM persons)",
    "SELECT id FROM alpha_notes WHERE EXISTS (SELECT 1 FROM persons)",
    "SELECT id FROM alpha_notes UNION SELECT id FROM persons",
    "WITH x AS (SELECT * FROM persons) SELECT count(*) FROM x",
    "WITH RECURSIVE x(i) AS (SELECT id FROM persons UNION ALL SELECT i + 1 FROM x WHERE i < 9) SELECT i FROM x",
    "INSERT INTO alpha_notes(text) SELECT name FROM persons",
    "UPDATE alpha_notes SET text = p.name FROM persons p",
    "UPDATE alpha_notes SET text = (SELECT name FROM persons LIMIT 1)",
    "DELETE FROM alpha_notes WHERE id IN (SELECT id FROM persons)",
    "INSERT INTO alpha_notes(id, text) VALUES (1, 'x') ON CONFLICT(id) DO UPDATE SET text = (SELECT name FROM persons)",
    "INSERT INTO alpha_notes(text) VALUES ('x') RETURNING (SELECT name FROM persons LIMIT 1)",
    "SELECT * FROM alpha_peek",
    "SELECT sql FROM sqlite_master",
    "SELECT name FROM sqlite_schema",
    "SELECT * FROM sqlite_temp_master",
    "UPDATE sqlite_sequence SET seq = 0",
    "SELECT * FROM main.persons",
    "SELECT * FROM migrations",
    "SELECT * FROM search_docs",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA query_only",
    "PRAGMA writable_schema = 1",
    "ATTACH ':memory:' AS other",
    "DETACH main",
    "BEGIN",
    "COMMIT",
    "END",
    "SAVEPOINT mine",
    "RELEASE step",
    "CREATE TABLE alpha_more (id INTEGER)",
    "CREATE TEMP TABLE alpha_more (id INTEGER)",
    "CREATE TEMP TRIGGER alpha_t AFTER INSERT ON alpha_notes BEGIN DELETE FROM alpha_notes; END",
    "CREATE TRIGGER alpha_t AFTER INSERT ON alpha_notes BEGIN DELETE FROM alpha_notes; END",
    "CREATE INDEX alpha_notes_i ON alpha_notes(text)",
    "CREATE VIEW alpha_v AS SELECT 1",
    "CREATE VIRTUAL TABLE alpha_v USING fts5(x)",
    "DROP TABLE alpha_notes",
    "DROP TRIGGER alpha_spy",
    "ALTER TABLE alpha_notes ADD COLUMN more TEXT",
    "ALTER TABLE alpha_notes RENAME TO beta_notes",
    "REINDEX",
    "ANALYZE",
};

static int foreign_task(struct bot_ctx *ctx)
{
    for (size_t i = 0; i < BOT_COUNT(foreign); i++) {
        int rc = db(ctx, foreign[i]);
        if (rc != BOT_ESCOPE) fail_msg("%s: %d", foreign[i], rc);
        struct bot_rows *rows = (struct bot_rows *)ctx;
        rc = api->db(ctx, foreign[i], NULL, 0, &rows); /* also the second time, and as a cursor */
        if (rc != BOT_ESCOPE || rows) fail_msg("%s, again: %d", foreign[i], rc);
    }
    return OK(ctx);
}

static void other_tables_and_the_schema_are_out_of_reach(void **state)
{
    (void)state;
    in("everywhere", foreign_task);
    in("here", foreign_task);
    assert_int_equal(disk("SELECT count(*) FROM beta_items"), 0);
}

static const char SPY[] = "INSERT INTO alpha_spied(text) VALUES ('x')";

static int sneaky_task(struct bot_ctx *ctx)
{
    assert_int_equal(db(ctx, SPY), BOT_ESCOPE); /* its own trigger reads the core's table */
    assert_true(db(ctx, "SELECT * FROM pragma_table_info('persons')") < 0);
    assert_true(db(ctx, "SELECT * FROM dbstat") < 0);
    assert_true(db(ctx, "VACUUM INTO '/tmp/tokobot-test-vacuum.db'") < 0);
    assert_true(db(ctx, "VACUUM") < 0);
    assert_true(db(ctx, "SELECT load_extension('libm.so.6')") < 0);
    assert_int_equal(db_number(ctx, "SELECT 40 + 2"), 42);
    return OK(ctx);
}

static void triggers_vacuum_and_extensions_are_no_way_round(void **state)
{
    (void)state;
    in("everywhere", sneaky_task);
    assert_int_equal(disk("SELECT count(*) FROM alpha_notes"), 0);
    assert_int_not_equal(access("/tmp/tokobot-test-vacuum.db", F_OK), 0);
}

static const char *const rollbacks[] = {
    "ROLLBACK",
    "ROLLBACK TO step",
    "INSERT OR ROLLBACK INTO alpha_notes(id) VALUES (1)",
    "UPDATE OR ROLLBACK alpha_notes SET id = 1",
    "insert or rollback into alpha_notes(id) values (1)",
    "INSERT OR/**/ROLLBACK INTO alpha_notes(id) VALUES (1)",
    "INSERT /* don't */ OR ROLLBACK INTO alpha_notes(id) VALUES (1) /* won't */",
    "-- don't\nINSERT OR ROLLBACK INTO alpha_notes(id) VALUES (1) -- won't",
    "INSERT /* \" */ OR ROLLBACK INTO alpha_notes(id, [text]) VALUES (1, '\"')",
    "INSERT OR ROLLBACK INTO [alpha_notes](id, `text`) VALUES (1, 'it''s')",
    "INSERT INTO alpha_notes(id, [te'xt]) SELECT 1, 2 WHERE 0 OR ROLLBACK = 'x'",
};

static int rollback_task(struct bot_ctx *ctx)
{
    for (size_t i = 0; i < BOT_COUNT(rollbacks); i++) {
        int rc = db(ctx, rollbacks[i]);
        if (rc != BOT_EINVAL && rc != BOT_ESCOPE) fail_msg("%s: %d", rollbacks[i], rc);
    }
    /* the word in a text or in a name is only a word */
    assert_int_equal(db(ctx, "INSERT INTO alpha_notes(text) VALUES ('please rollback')"), BOT_OK);
    assert_int_equal(db(ctx, "INSERT INTO alpha_notes(text) VALUES ('it''s a rollback')"), BOT_OK);
    assert_int_equal(db(ctx, "SELECT 1 AS rollbacks /* rollback */ -- rollback"), BOT_OK);
    return OK(ctx);
}

static void nothing_rolls_the_turn_back(void **state)
{
    (void)state;
    in("everywhere", rollback_task);
    assert_int_equal(disk("SELECT count(*) FROM alpha_notes"), 2);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static int mistakes_task(struct bot_ctx *ctx)
{
    const struct bot_arg code = bot_text("code", "a"), n = bot_int("n", 1);
    const struct bot_arg both[] = { code, n };
    assert_int_equal(api->db(ctx, ADD, &code, 1, NULL), BOT_EINVAL); /* $n is missing */
    assert_int_equal(api->db(ctx, ADD, both, 2, NULL), BOT_OK);
    assert_int_equal(db(ctx, "SELECT 1; SELECT 2"), BOT_EINVAL);
    assert_int_equal(db(ctx, "SELECT 1; DELETE FROM alpha_notes"), BOT_EINVAL);
    assert_int_equal(db(ctx, "SELECT 1;; DELETE FROM alpha_notes"), BOT_EINVAL);
    assert_int_equal(db(ctx, "SELECT 1; /* and */ DELETE FROM alpha_notes"), BOT_EINVAL);
    assert_int_equal(db(ctx, ""), BOT_EINVAL);
    assert_int_equal(db(ctx, "  -- nothing"), BOT_EINVAL);
    assert_int_equal(db(ctx, "SELEKT 1"), BOT_EINVAL);
    assert_int_equal(db(ctx, "SELECT nothing FROM alpha_notes"), BOT_EINVAL);
    assert_int_equal(db(ctx, "SELECT 1 FROM alpha_nothing"), BOT_EINVAL);
    assert_int_equal(api->db(ctx, NULL, NULL, 0, NULL), BOT_EINVAL);
    assert_int_equal(db(ctx, "SELECT 1;"), BOT_OK);
    assert_int_equal(db(ctx, "SELECT 1 ; -- the end"), BOT_OK);
    assert_int_equal(db(ctx, "SELECT ?"), BOT_EINVAL);
    return OK(ctx);
}

static void mistakes_are_told_apart(void **state)
{
    (void)state;
    in("here", mistakes_task);
}

static const char ADD_NUMBER[] = "INSERT INTO alpha_items(id, store, n) VALUES ($id, $store, $n)";

static int constraints_task(struct bot_ctx *ctx)
{
    struct bot_arg one[] = { bot_text("code", "a"), bot_int("n", 1) };
    struct bot_arg numbered[] = { bot_int("id", 1), bot_int("n", 1) };
    assert_int_equal(api->db(ctx, ADD, one, 2, NULL), BOT_OK);
    assert_int_equal(api->db(ctx, ADD, one, 2, NULL), BOT_EEXIST);             /* UNIQUE */
    assert_int_equal(api->db(ctx, ADD_NUMBER, numbered, 2, NULL), BOT_EEXIST); /* PRIMARY KEY */
    one[0] = bot_text("code", "b");
    one[1] = bot_int("n", -1);
    assert_int_equal(api->db(ctx, ADD, one, 2, NULL), BOT_ECONSTRAINT); /* CHECK */
    one[1] = bot_null("n");
    assert_int_equal(api->db(ctx, ADD, one, 2, NULL), BOT_ECONSTRAINT); /* NOT NULL */
    one[1] = bot_text("n", "many");
    assert_int_equal(api->db(ctx, ADD, one, 2, NULL), BOT_ECONSTRAINT); /* STRICT */
    one[1] = bot_int("n", 2);
    assert_int_equal(api->db(ctx, ADD, one, 2, NULL), BOT_OK); /* and it goes on */
    return OK(ctx);
}

static void constraints_have_codes_of_their_own(void **state)
{
    (void)state;
    in("here", constraints_task);
    assert_int_equal(disk("SELECT sum(n) FROM alpha_items"), 3);
}

/* ---- parameters and results ------------------------------------------------------------------ */

static const char TWO[] = "SELECT $a, $b, $a || $b";

/* The same statement with its arguments in another order, and from another literal's address. */
static int order_task(struct bot_ctx *ctx)
{
    char name_a[] = "a", name_b[] = "b";
    struct bot_arg ab[] = { bot_text("a", "x"), bot_text("b", "y") };
    struct bot_arg ba[] = { bot_text("b", "y"), bot_text("a", "x") };
    struct bot_arg copies[] = { bot_text("c", "z"), bot_text(name_b, "y"), bot_text(name_a, "x") };
    struct {
        struct bot_arg *args;
        size_t n;
    } ways[] = { { ab, 2 }, { ba, 2 }, { copies, 3 }, { ab, 2 } };
    for (size_t i = 0; i < BOT_COUNT(ways); i++) {
        struct bot_rows *rows;
        assert_int_equal(api->db(ctx, TWO, ways[i].args, ways[i].n, &rows), BOT_OK);
        assert_int_equal(api->row_next(rows), BOT_ROW);
        assert_string_equal(api->row_text(rows, 2), "xy");
        assert_int_equal(api->row_next(rows), BOT_OK);
        assert_int_equal(api->row_next(rows), BOT_OK); /* the end stays the end */
    }
    assert_int_equal(api->db(ctx, TWO, copies, 2, NULL), BOT_EINVAL);
    return OK(ctx);
}

static void arguments_are_found_by_name(void **state)
{
    (void)state;
    in("here", order_task);
}

static int types_task(struct bot_ctx *ctx)
{
    static const char blob[] = { 'a', 0, 'b', 0, 0, 'c' };
    struct bot_arg args[] = { bot_blob("blob", blob, sizeof blob),
                              bot_text("text", "h\xc3\xa9llo"),
                              bot_null("null"),
                              bot_int("int", INT64_MIN),
                              bot_text("nothing", NULL),
                              bot_blob("empty", "", 0),
                              bot_text("blank", "") };
    struct bot_rows *rows;
    size_t len = 99;
    assert_int_equal(api->db(ctx, "SELECT $blob, $text, $null, $int, $nothing, $empty, $blank, 1.5",
                             args, BOT_COUNT(args), &rows),
                     BOT_OK);
    assert_int_equal(api->row_next(rows), BOT_ROW);
    const void *back = api->row_blob(rows, 0, &len);
    assert_int_equal(len, sizeof blob);
    assert_memory_equal(back, blob, sizeof blob);
    assert_string_equal(api->row_text(rows, 1), "h\xc3\xa9llo");
    assert_string_equal(api->row_text(rows, 2), "");
    assert_true(api->row_int(rows, 3) == INT64_MIN);
    const int types[] = { BOT_BLOB, BOT_TEXT, BOT_NULL, BOT_INT,
                          BOT_NULL, BOT_BLOB, BOT_TEXT, BOT_REAL };
    for (uint32_t i = 0; i < BOT_COUNT(types); i++)
        assert_int_equal(api->row_type(rows, i), types[i]);
    assert_int_equal(api->row_type(rows, 8), BOT_NULL); /* past the end */
    assert_string_equal(api->row_text(rows, 8), "");
    assert_int_equal(api->row_int(NULL, 0), 0);
    assert_string_equal(api->row_text(NULL, 0), "");
    return OK(ctx);
}

static void values_come_back_as_they_went(void **state)
{
    (void)state;
    in("here", types_task);
}

static const char ADD_NOTE[] = "INSERT INTO alpha_notes(text) VALUES ('n')";
static const char LIST[] = "SELECT id FROM alpha_notes ORDER BY id";

static int nested_task(struct bot_ctx *ctx)
{
    struct bot_rows *outer, *inner, *third;
    for (int i = 0; i < 3; i++) assert_int_equal(db(ctx, ADD_NOTE), BOT_OK);
    assert_int_equal(api->db(ctx, LIST, NULL, 0, &outer), BOT_OK);
    int pairs = 0;
    while (api->row_next(outer) == BOT_ROW) {
        assert_int_equal(api->db(ctx, LIST, NULL, 0, &inner), BOT_OK);
        while (api->row_next(inner) == BOT_ROW) pairs++;
        assert_int_equal(api->db(ctx, LIST, NULL, 0, NULL),
                         BOT_OK); /* run to its end beside both */
    }
    assert_int_equal(pairs, 9);
    assert_int_equal(api->db(ctx, LIST, NULL, 0, &outer), BOT_OK);
    assert_int_equal(api->db(ctx, LIST, NULL, 0, &inner), BOT_OK);
    assert_int_equal(api->db(ctx, LIST, NULL, 0, &third), BOT_OK);
    api->row_next(outer);
    api->row_next(inner);
    return OK(ctx); /* three cursors stay open */
}

static int count_again_task(struct bot_ctx *ctx)
{
    struct bot_rows *rows;
    int n = 0;
    assert_int_equal(api->db(ctx, LIST, NULL, 0, &rows), BOT_OK);
    while (api->row_next(rows) == BOT_ROW) n++;
    assert_int_equal(n, 3);
    assert_null(w.host->sql_owner);
    return OK(ctx);
}

static void cursors_nest_and_are_closed_at_the_end(void **state)
{
    (void)state;
    in("here", nested_task);
    in("here", count_again_task);
    for (sqlite3_stmt *st = NULL; (st = sqlite3_next_stmt(w.host->db.sql, st));)
        assert_false(sqlite3_stmt_busy(st));
}

static int open_cursor_and_fail_task(struct bot_ctx *ctx)
{
    struct bot_rows *rows;
    for (int i = 0; i < 3; i++) assert_int_equal(db(ctx, ADD_NOTE), BOT_OK);
    assert_int_equal(
        api->db(ctx, "INSERT INTO alpha_notes(text) VALUES ('r') RETURNING id", NULL, 0, &rows),
        BOT_OK);
    assert_int_equal(api->row_next(rows), BOT_ROW);
    return BOT_FAIL;
}

static void an_open_cursor_does_not_hinder_the_undoing(void **state)
{
    (void)state;
    task = open_cursor_and_fail_task;
    say(BUDI, "/here #MAJU3");
    expect_like(BUDI, "Maaf");
    assert_int_equal(disk("SELECT count(*) FROM alpha_notes"), 0);
    assert_int_equal(w.host->loop.turns_lost, 0);
}

static const char RETITLE[] = "UPDATE alpha_notes SET text = 'm' WHERE id <= 2";

static int changes_task(struct bot_ctx *ctx)
{
    for (int i = 0; i < 3; i++) assert_int_equal(db(ctx, ADD_NOTE), BOT_OK);
    assert_int_equal(api->changes(ctx), 1);
    int64_t last = api->insert_id(ctx);
    assert_int_equal(last, 3);
    assert_int_equal(db(ctx, RETITLE), BOT_OK);
    assert_int_equal(api->changes(ctx), 2);
    assert_int_equal(db(ctx, "UPDATE alpha_notes SET text = 'm' WHERE id = 99"), BOT_OK);
    assert_int_equal(api->changes(ctx), 0);
    assert_int_equal(db(ctx, RETITLE), BOT_OK);
    /* what the host itself writes is not counted, and gives no ids */
    assert_int_equal(api->emit(ctx, "alpha.x", NULL, 0), BOT_OK);
    assert_int_equal(api->emit(ctx, "alpha.x", NULL, 0), BOT_OK);
    assert_int_equal(db(ctx, LIST), BOT_OK);
    assert_int_equal(api->changes(ctx), 0);
    assert_int_equal(db(ctx, RETITLE), BOT_OK);
    assert_int_equal(api->insert_id(ctx), last);
    assert_int_equal(api->changes(ctx), 2);
    struct bot_rows *rows;
    assert_int_equal(api->db(ctx, "INSERT INTO alpha_notes(text) VALUES ('1'), ('2') RETURNING id",
                             NULL, 0, &rows),
                     BOT_OK);
    int n = 0;
    while (api->row_next(rows) == BOT_ROW) {
        n++;
        assert_int_equal(api->emit(ctx, "alpha.x", NULL, 0), BOT_OK);
    }
    assert_int_equal(n, 2);
    assert_int_equal(api->insert_id(ctx), 5);
    assert_int_equal(api->changes(ctx), 2);
    return OK(ctx);
}

static void changes_and_ids_are_of_the_last_db_call(void **state)
{
    (void)state;
    in("here", changes_task);
}

static int person_task(struct bot_ctx *ctx)
{
    struct bot_arg other = bot_int("person", 77);
    struct bot_rows *rows;
    assert_int_equal(api->db(ctx, "SELECT $person", &other, 1, &rows), BOT_OK);
    assert_int_equal(api->row_next(rows), BOT_ROW);
    assert_true(api->row_int(rows, 0) == api->number(ctx, "person") && api->row_int(rows, 0) != 77);
    return OK(ctx);
}

static void the_person_is_the_events(void **state)
{
    (void)state;
    in("here", person_task);
    in("everywhere", person_task);
}

/* ---- long reads ------------------------------------------------------------------------------ */

static const char READ_HERE[] =
    "SELECT n, code, data, $extra FROM alpha_items WHERE store = $store ORDER BY n";

static int read_done(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    assert_int_equal(result->status, BOT_OK);
    assert_string_equal(data, "carried");
    char text[80] = "FINE";
    size_t len = 0;
    while (api->row_next(result->rows) == BOT_ROW) {
        snprintf(text + strlen(text), sizeof text - strlen(text), " %d%s",
                 (int)api->row_int(result->rows, 0), api->row_text(result->rows, 1));
        assert_memory_equal(api->row_blob(result->rows, 2, &len), "a\0b", 3);
        assert_int_equal(len, 3);
        assert_int_equal(api->row_type(result->rows, 2), BOT_BLOB);
        assert_string_equal(api->row_text(result->rows, 3), "e");
        assert_string_equal(api->row_text(result->rows, 4), "");
    }
    assert_int_equal(api->row_next(result->rows), BOT_OK);
    assert_int_equal(api->row_type(result->rows, 0), BOT_NULL);
    return bot_reply(ctx, text);
}

static int read_task(struct bot_ctx *ctx)
{
    struct bot_arg args[] = { bot_text("extra", "e"), bot_int("store", 1) };
    assert_int_equal(api->db_read(ctx, SUM, NULL, 0, read_done, NULL, 0), BOT_ESCOPE);
    assert_int_equal(api->db_read(ctx, "SELECT name FROM persons", NULL, 0, read_done, NULL, 0),
                     BOT_ESCOPE);
    assert_int_equal(api->db_read(ctx, NOTE, NULL, 0, read_done, NULL, 0), BOT_EINVAL);
    assert_int_equal(
        api->db_read(ctx, "DELETE FROM alpha_notes RETURNING id", NULL, 0, read_done, NULL, 0),
        BOT_EINVAL);
    assert_int_equal(api->db_read(ctx, "SELEKT", NULL, 0, read_done, NULL, 0), BOT_EINVAL);
    assert_int_equal(api->db_read(ctx, READ_HERE, NULL, 0, read_done, NULL, 0),
                     BOT_EINVAL); /* $extra is missing */
    assert_int_equal(api->db_read(ctx, READ_HERE, args, 2, NULL, NULL, 0), BOT_EINVAL);
    assert_true(api->db_read(ctx, READ_HERE, args, 2, read_done, "carried", 8) > 0);
    return api->later(ctx, 0, NULL, 0);
}

static void a_long_read_gives_its_rows_later(void **state)
{
    (void)state;
    script(
        "INSERT INTO alpha_items(store, code, n, data) VALUES (2, 'a', 1, x'610062'), (2, 'b', 2, x'610062'),"
        " (1, 'c', 3, x'610062')");
    task = read_task;
    say(BUDI, "/here #MAJU3");
    expect_none();
    assert_int_equal(w.job_count, 1);
    jobs_run();
    expect_like(BUDI, "FINE 1a 2b");
}

static const char READ_NOTES[] = "SELECT id FROM alpha_notes WHERE id >= $from";

static int read_beside_done(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)data;
    assert_int_equal(result->status, BOT_OK);
    assert_int_equal(api->row_next(result->rows), BOT_ROW);
    return OK(ctx);
}

/* The same statement as a cursor and as a long read. */
static int read_beside_task(struct bot_ctx *ctx)
{
    struct bot_arg from = bot_int("from", 2);
    struct bot_rows *rows;
    assert_int_equal(api->db(ctx, READ_NOTES, &from, 1, &rows), BOT_OK);
    assert_int_equal(api->row_next(rows), BOT_ROW);
    assert_true(api->db_read(ctx, READ_NOTES, &from, 1, read_beside_done, NULL, 0) > 0);
    assert_int_equal(api->row_next(rows), BOT_ROW);
    assert_int_equal(api->row_int(rows, 0), 3);
    assert_int_equal(api->row_next(rows), BOT_OK);
    return api->later(ctx, 0, NULL, 0);
}

static void a_long_read_beside_an_open_cursor_of_the_same_statement(void **state)
{
    (void)state;
    script("INSERT INTO alpha_notes(id) VALUES (1), (2), (3)");
    task = read_beside_task;
    say(BUDI, "/here #MAJU3");
    jobs_run();
    expect_like(BUDI, "FINE");
}

static int many_done(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    (void)data;
    int64_t n = 0;
    char text[40];
    while (api->row_next(result->rows) == BOT_ROW) n++;
    snprintf(text, sizeof text, "FINE %d", (int)n);
    return bot_reply(ctx, text);
}

static int many_task(struct bot_ctx *ctx)
{
    assert_true(
        api->db_read(
            ctx,
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000)"
            " SELECT i FROM c",
            NULL, 0, many_done, NULL, 0) > 0);
    return api->later(ctx, 0, NULL, 0);
}

static void a_long_read_has_at_most_ten_thousand_rows(void **state)
{
    (void)state;
    task = many_task;
    say(BUDI, "/here #MAJU3");
    jobs_run();
    expect_like(BUDI, "FINE 10000");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)
    const struct CMUnitTest tests[] = {
        TEST(rows_of_stores_need_the_store),
        TEST(all_stores_may_name_one),
        TEST(no_store_sees_none),
        TEST(other_tables_and_the_schema_are_out_of_reach),
        TEST(triggers_vacuum_and_extensions_are_no_way_round),
        TEST(nothing_rolls_the_turn_back),
        TEST(mistakes_are_told_apart),
        TEST(constraints_have_codes_of_their_own),
        TEST(arguments_are_found_by_name),
        TEST(values_come_back_as_they_went),
        TEST(cursors_nest_and_are_closed_at_the_end),
        TEST(an_open_cursor_does_not_hinder_the_undoing),
        TEST(changes_and_ids_are_of_the_last_db_call),
        TEST(the_person_is_the_events),
        TEST(a_long_read_gives_its_rows_later),
        TEST(a_long_read_beside_an_open_cursor_of_the_same_statement),
        TEST(a_long_read_has_at_most_ten_thousand_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
