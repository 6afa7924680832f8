/* SPDX-License-Identifier: MIT
 * test_call_as.c - a service's function works as its owner: alpha keeps notes and lends a function
 * to write them, beta has none and calls it. */
#include "host_fixture.h"

#include <stdio.h>

#include "core/event.h"

struct alpha_service {
    uint32_t size;
    int (*note)(struct bot_ctx *ctx, void *owner, const char *text);
};

static const struct bot_api *api;
static int alpha_state, beta_state;
static struct bot_plugin *beta_self;

static const char SQL_NOTE[] = "INSERT INTO alpha_notes (store, text) VALUES ($store, $text)";
static const char SQL_NOTES[] = "SELECT text FROM alpha_notes WHERE store = $store ORDER BY id";

/* ---- alpha: the owner -------------------------------------------------------------------------
 */

static int note_run(struct bot_ctx *ctx, void *arg)
{
    const struct bot_arg args[] = { bot_text("text", arg) };
    assert_ptr_equal(ctx->state, &alpha_state);
    int rc = api->db(ctx, SQL_NOTE, args, 1, NULL);
    return rc < 0 ? rc : (int)api->insert_id(ctx);
}

static int alpha_note(struct bot_ctx *ctx, void *owner, const char *text)
{
    return api->call_as(ctx, owner, note_run, (void *)(uintptr_t)text);
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_migration_spec tables[] = {
        { .id = 1,
          .sql = "CREATE TABLE alpha_notes (id INTEGER PRIMARY KEY, store INTEGER NOT NULL,"
                 " text TEXT NOT NULL) STRICT;" },
    };
    static const struct alpha_service service = { sizeof service, alpha_note };
    api = a;
    int rc = BOT_MIGRATIONS(a, self, tables);
    return rc < 0 ? rc : a->provide(self, "alpha/0", &service, self);
}

static int alpha_start(struct bot_ctx *ctx)
{
    ctx->api->set_state(ctx->api->self(ctx), &alpha_state);
    return BOT_OK;
}

static const struct delegate alpha = { alpha_init, alpha_start, NULL };

/* ---- beta: the caller -------------------------------------------------------------------------
 */

static void *alpha_owner(struct bot_ctx *ctx, const struct alpha_service **service)
{
    void *owner = NULL;
    *service = api->service(api->self(ctx), "alpha/0", &owner);
    assert_non_null(*service);
    return owner;
}

static int notes_open(struct bot_ctx *ctx, void *arg)
{
    struct bot_rows *rows = NULL;
    assert_int_equal(api->db(ctx, SQL_NOTES, NULL, 0, &rows), BOT_OK);
    assert_int_equal(api->row_next(rows), BOT_ROW); /* and leaves it open */
    size_t len = strlen(api->row_text(rows, 0)) + 1;
    char *copy = api->alloc(ctx, len);
    memcpy(copy, api->row_text(rows, 0), len);
    *(const char **)arg = copy;
    return 42;
}

static int beta_again(struct bot_ctx *ctx, void *arg)
{
    assert_ptr_equal(ctx->state, &beta_state);
    assert_ptr_equal(api->self(ctx), beta_self);
    assert_int_equal(api->db(ctx, SQL_NOTES, NULL, 0, NULL), BOT_ESCOPE);
    *(int *)arg += 1;
    return -77;
}

static int nested(struct bot_ctx *ctx, void *arg)
{
    assert_ptr_equal(ctx->state, &alpha_state);
    assert_int_equal(api->call_as(ctx, beta_self, beta_again, arg), -77);
    assert_ptr_equal(ctx->state, &alpha_state);
    assert_int_equal(api->db(ctx, SQL_NOTES, NULL, 0, NULL), BOT_OK);
    return BOT_OK;
}

static int say_as_catalog(struct bot_ctx *ctx, void *arg)
{
    const struct bot_arg args[] = { bot_int("count", 3) };
    (void)arg;
    return api->reply(ctx, api->text(ctx, "stats.products", args, 1));
}

static int do_write(struct bot_ctx *ctx, const char *text)
{
    const struct alpha_service *service;
    void *owner = alpha_owner(ctx, &service);
    int rc = service->note(ctx, owner, text);
    assert_ptr_equal(ctx->state, &beta_state);
    assert_ptr_equal(api->self(ctx), beta_self);
    assert_true(rc > 0);
    return bot_reply(ctx, "written");
}

static int do_cursors(struct bot_ctx *ctx)
{
    static const char three[] = "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3";
    const struct alpha_service *service;
    void *owner = alpha_owner(ctx, &service);
    const char *text = NULL;
    struct bot_rows *mine = NULL;
    assert_int_equal(api->db(ctx, three, NULL, 0, &mine), BOT_OK);
    assert_int_equal(api->row_next(mine), BOT_ROW);
    const struct bot_rows *open = event_of(ctx)->rows;
    assert_int_equal(api->call_as(ctx, owner, notes_open, &text), 42);
    assert_ptr_equal(event_of(ctx)->rows, open); /* its own is closed, mine goes on */
    assert_int_equal(api->row_next(mine), BOT_ROW);
    assert_int_equal(api->row_int(mine, 0), 2);
    return bot_reply(ctx, text);
}

static int do_nested(struct bot_ctx *ctx)
{
    const struct alpha_service *service;
    void *owner = alpha_owner(ctx, &service);
    int calls = 0;
    assert_int_equal(api->call_as(ctx, owner, nested, &calls), BOT_OK);
    assert_ptr_equal(ctx->state, &beta_state);
    return bot_reply(ctx, calls == 1 ? "nested" : "not");
}

static int do_refused(struct bot_ctx *ctx)
{
    const struct alpha_service *service;
    void *owner = alpha_owner(ctx, &service);
    assert_int_equal(api->call_as(ctx, NULL, note_run, "x"), BOT_EINVAL);
    assert_int_equal(api->call_as(ctx, owner, NULL, "x"), BOT_EINVAL);
    int stranger = 0; /* what somebody may have given to provide() */
    assert_int_equal(api->call_as(ctx, &stranger, note_run, "x"), BOT_EGONE);
    struct plugin *provider = generation_known(event_of(ctx)->host, owner);
    provider->quarantined = 1; /* it crashes: nothing of it is called, by this door neither */
    assert_int_equal(api->call_as(ctx, owner, note_run, "x"), BOT_EGONE);
    provider->quarantined = 0;
    assert_int_equal(api->db(ctx, SQL_NOTES, NULL, 0, NULL), BOT_ESCOPE);
    return bot_reply(ctx, "refused");
}

static int do_fail(struct bot_ctx *ctx)
{
    const struct alpha_service *service;
    void *owner = alpha_owner(ctx, &service);
    assert_true(service->note(ctx, owner, "lost") > 0);
    return BOT_FAIL;
}

static int do_texts(struct bot_ctx *ctx)
{
    void *owner = NULL;
    assert_non_null(api->service(api->self(ctx), "catalog/0", &owner));
    assert_string_equal(api->text(ctx, "stats.products", NULL, 0), "stats.products"); /* not mine */
    int rc = api->call_as(ctx, owner, say_as_catalog, NULL);
    return rc < 0 ? rc : BOT_HANDLED;
}

static int on_text(struct bot_ctx *ctx)
{
    const char *text = api->field(ctx, "text");
    if (!strncmp(text, "write ", 6)) return do_write(ctx, text + 6);
    if (!strcmp(text, "cursors")) return do_cursors(ctx);
    if (!strcmp(text, "nested")) return do_nested(ctx);
    if (!strcmp(text, "refused")) return do_refused(ctx);
    if (!strcmp(text, "fail")) return do_fail(ctx);
    if (!strcmp(text, "texts")) return do_texts(ctx);
    return BOT_PASS;
}

static int beta_init(const struct bot_api *a, struct bot_plugin *self)
{
    beta_self = self;
    return hook_text(a, self, on_text);
}

static int beta_start(struct bot_ctx *ctx)
{
    ctx->api->set_state(ctx->api->self(ctx), &beta_state);
    return BOT_OK;
}

static const struct delegate beta = { beta_init, beta_start, NULL };

/* ---- the tests --------------------------------------------------------------------------------
 */

static int open_world(void **state)
{
    (void)state;
    world_open(&(struct world_conf){
        .alpha = &alpha,
        .beta = &beta,
        .plugins = "catalog = " FIXTURE_PLUGINS "/../../plugins/catalog.so\n",
        .stores = 2,
    });
    return 0;
}

static void it_has_the_owners_tables_and_the_callers_store(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 write satu");
    say(BUDI, "#MAJU3 write dua");
    assert_int_equal(disk("SELECT store FROM alpha_notes WHERE text = 'satu'"), 1);
    assert_int_equal(disk("SELECT store FROM alpha_notes WHERE text = 'dua'"), 2);
}

static void its_cursors_end_with_it_and_its_memory_stays(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 write satu");
    say(BUDI, "#MAJU3 write dua");
    forget_sent();
    say(BUDI, "#MAJU3 cursors");
    expect_like(BUDI, "\ndua");
}

static void it_may_call_another_one(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 nested");
    expect_like(BUDI, "\nnested");
}

static void it_speaks_the_owners_words(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 texts");
    expect_like(BUDI, "\nProduk: 3");
}

static void without_it_the_owners_tables_stay_closed(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 refused");
    expect_like(BUDI, "\nrefused");
}

static void what_it_did_is_undone_when_the_caller_fails(void **state)
{
    (void)state;
    say(BUDI, "#MAJU2 fail");
    assert_int_equal(disk("SELECT count(*) FROM alpha_notes"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)
    const struct CMUnitTest tests[] = {
        TEST(it_has_the_owners_tables_and_the_callers_store),
        TEST(its_cursors_end_with_it_and_its_memory_stays),
        TEST(it_may_call_another_one),
        TEST(it_speaks_the_owners_words),
        TEST(without_it_the_owners_tables_stay_closed),
        TEST(what_it_did_is_undone_when_the_caller_fails),
    };
    return cmocka_run_group_tests_name("call_as", tests, NULL, NULL);
}
