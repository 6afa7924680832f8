/* SPDX-License-Identifier: MIT
 * test_lent.c - what a completion lends and a plugin hands back is not copied when it is large, and
 * lives as long as anybody needs it; everything else is copied as ever. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/shared.h"

enum { LARGE = 100000 };

static const struct bot_api *sdk;
static char file[LARGE + 1];
static int fails_once; /* the next completion fails after it has handed on */

static int64_t sum(const void *data, size_t len, void *out, size_t cap)
{
    uint64_t all = 0;
    for (size_t i = 0; i < len; i++) all += ((const unsigned char *)data)[i];
    return snprintf(out, cap, "%zu bytes, sum %llu", len, (unsigned long long)all);
}

static const char *sum_of(const void *data, size_t len)
{
    static char text[60];
    sum(data, len, text, sizeof text);
    return text;
}

static int64_t same(const void *data, size_t len, void *out, size_t cap)
{
    if (len > cap) return BOT_EINVAL;
    memcpy(out, data, len);
    return (int64_t)len;
}

static int tell(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)data;
    return r->status == BOT_OK ? bot_reply(ctx, r->body) : bot_reply(ctx, "no");
}

static int told_media(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)data;
    return r->media > 0 ? bot_reply(ctx, "stored") : bot_reply(ctx, "no");
}

static int64_t sum_up(struct bot_ctx *ctx, const void *bytes, size_t len)
{
    const struct bot_work work = { .size = sizeof work, .run = sum };
    return sdk->work(ctx, &work, bytes, len, tell, NULL, 0);
}

/* What is done with what came: data is the word. */
static int came(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const char *what = data, *bytes = r->body;
    int64_t id = 0;
    if (r->rows && sdk->row_next(r->rows) == BOT_ROW)
        id = sum_up(ctx, sdk->row_text(r->rows, 1), LARGE);
    else if (!strcmp(what, "all"))
        id = sum_up(ctx, bytes, r->body_len);
    else if (!strcmp(what, "end"))
        id = sum_up(ctx, bytes + 1000, r->body_len - 1000);
    else if (!strcmp(what, "middle")) /* no NUL behind it */
        id = sum_up(ctx, bytes + 1000, LARGE - 5000);
    else if (!strcmp(what, "small"))
        id = sum_up(ctx, bytes + LARGE - 10, 10);
    else if (!strcmp(what, "own"))
        id = sum_up(ctx, file, LARGE);
    else if (!strcmp(what, "store"))
        id = sdk->media_store(ctx, bytes, r->body_len, NULL, NULL, told_media, NULL, 0);
    else if (!strcmp(what, "post")) {
        const struct bot_http rq = { .size = sizeof rq,
                                     .url = "http://x.test/",
                                     .head = "<",
                                     .head_len = 1,
                                     .body = bytes,
                                     .body_len = r->body_len,
                                     .tail = ">>",
                                     .tail_len = 2 };
        id = sdk->http(ctx, &rq, tell, NULL, 0);
    }
    assert_true(id > 0);
    if (fails_once) {
        fails_once = 0;
        return BOT_FAIL;
    }
    return BOT_LATER;
}

static int begin(struct bot_ctx *ctx)
{
    static const char rows[] = "SELECT id, text FROM alpha_texts ORDER BY id";
    const char *text = sdk->field(ctx, "text");
    const struct bot_http get = { .size = sizeof get, .url = "http://x.test/" };
    const struct bot_work work = { .size = sizeof work, .run = same, .out_cap = LARGE };
    char word[8];
    int64_t id;
    snprintf(word, sizeof word, "%s", strchr(text, ' ') + 1);
    if (!strncmp(text, "http", 4))
        id = sdk->http(ctx, &get, came, word, sizeof word);
    else if (!strncmp(text, "work", 4))
        id = sdk->work(ctx, &work, file, LARGE, came, word, sizeof word);
    else
        id = sdk->db_read(ctx, rows, NULL, 0, came, word, sizeof word);
    assert_true(id > 0);
    return sdk->later(ctx, 0, NULL, 0);
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_migration_spec tables[] = {
        { .id = 1, .sql = "CREATE TABLE alpha_texts (id INTEGER PRIMARY KEY, text TEXT) STRICT" },
    };
    sdk = a;
    int rc = BOT_MIGRATIONS(a, self, tables);
    return rc < 0 ? rc : hook_text(a, self, begin);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_world(void **state)
{
    (void)state;
    for (size_t i = 0; i < LARGE; i++) file[i] = (char)('a' + i % 23);
    fails_once = 0;
    world_open(&(struct world_conf){ .alpha = &alpha, .stores = 1 });
    return 0;
}

/* A job that waits for a thread. */
static const struct pool_job *job(void)
{
    assert_int_equal(w.job_count, 1);
    return w.jobs[0];
}

static void an_answer_becomes_works_input_without_a_copy(void **state)
{
    (void)state;
    say(BUDI, "http all");
    network_answers(200, file);
    assert_null(job()->input);
    assert_non_null(job()->lent);
    assert_int_equal(job()->input_len, LARGE);
    jobs_run(); /* the answer itself has gone long since */
    expect(BUDI, sum_of(file, LARGE));
}

static void works_output_becomes_the_next_input_up_to_its_end(void **state)
{
    (void)state;
    say(BUDI, "work all");
    const struct pool_job *first = job();
    assert_non_null(first->input);
    assert_null(first->lent);
    w.job_count = 0;
    struct pool_job *ran = w.jobs[0];
    pool_job_run(ran, &w.reader, NULL, NULL);
    const char *output = ran->output;
    assert_null(ran->input); /* gone where it was used */
    loop_post_job(&w.host->loop, ran);
    run();
    assert_ptr_equal(job()->lent, output);
    jobs_run();
    expect(BUDI, sum_of(file, LARGE));

    say(BUDI, "work end");
    jobs_run();
    assert_non_null(job()->lent);
    jobs_run();
    expect(BUDI, sum_of(file + 1000, LARGE - 1000));
}

static void a_long_text_of_a_row_is_lent_as_well(void **state)
{
    (void)state;
    char sql[LARGE + 100];
    snprintf(sql, sizeof sql, "INSERT INTO alpha_texts VALUES (1, '%s')", file);
    script(sql);
    say(BUDI, "read all");
    w.job_count = 0;
    struct pool_job *ran = w.jobs[0];
    pool_job_run(ran, &w.reader, w.host->db.path, NULL);
    const char *cell = ran->rows->cells[1].text;
    loop_post_job(&w.host->loop, ran);
    run();
    assert_ptr_equal(job()->lent, cell);
    jobs_run();
    expect(BUDI, sum_of(file, LARGE));
}

static void what_is_small_or_ends_early_or_is_the_plugins_own_is_copied(void **state)
{
    (void)state;
    static const struct {
        const char *say;
        size_t from, len;
    } cases[] = { { "http small", LARGE - 10, 10 },
                  { "http middle", 1000, LARGE - 5000 },
                  { "http own", 0, LARGE } };
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        say(BUDI, cases[i].say);
        network_answers(200, file);
        assert_null(job()->lent);
        assert_non_null(job()->input);
        assert_memory_equal(job()->input, file + cases[i].from, cases[i].len);
        jobs_run();
        expect(BUDI, sum_of(file + cases[i].from, cases[i].len));
    }
}

static void an_answer_becomes_a_file(void **state)
{
    (void)state;
    say(BUDI, "http store");
    network_answers(200, file);
    assert_true(job()->input_len < LARGE);
    jobs_run();
    expect(BUDI, "stored");
    assert_int_equal(disk("SELECT size FROM media"), LARGE);
}

static void an_answer_becomes_part_of_a_request(void **state)
{
    (void)state;
    say(BUDI, "work post");
    jobs_run();
    struct http_job *rq = w.http[0];
    assert_non_null(rq->middle);
    assert_string_equal(rq->body, "<>>");
    http_job_join(rq); /* as the client's thread does */
    assert_null(rq->middle);
    assert_int_equal(rq->body_len, LARGE + 3);
    assert_int_equal(rq->body[0], '<');
    assert_memory_equal(rq->body + 1, file, LARGE);
    assert_string_equal(rq->body + 1 + LARGE, ">>");
    network_answers(200, "ok");
    expect(BUDI, "ok");

    say(BUDI, "http post");
    network_answers(200, "short");
    assert_string_equal(w.http[0]->body, "<short>>");
    assert_int_equal(w.http[0]->body_len, 8);
    network_answers(200, "ok");
    expect(BUDI, "ok");
}

static void what_a_failed_step_had_handed_on_is_let_go_of(void **state)
{
    (void)state;
    fails_once = 1;
    say(BUDI, "http all");
    network_answers(200, file);
    assert_int_equal(w.job_count, 0);
    expect_like(BUDI, "Maaf");
}

static void a_lost_turn_lends_it_again(void **state)
{
    (void)state;
    say(BUDI, "http all");
    fail_commits(1);
    network_answers(200, file);
    pass(3000);
    assert_non_null(job()->lent);
    jobs_run();
    expect(BUDI, sum_of(file, LARGE));
    expect_none();
}

static void a_stop_with_a_job_under_way_frees_both(void **state)
{
    (void)state;
    say(BUDI, "http all");
    network_answers(200, file);
    assert_non_null(job()->lent);
    world_reopen(0);
    assert_int_equal(w.job_count, 0);
}

/* ---- shared.c -------------------------------------------------------------------------------- */

static void count(void *what)
{
    ++*(int *)what;
}

static void the_last_holder_ends_it(void **state)
{
    (void)state;
    int ended = 0;
    struct shared *s = shared_new(count, &ended);
    assert_ptr_equal(shared_hold(s), s);
    shared_hold(s);
    shared_release(s);
    shared_release(s);
    assert_int_equal(ended, 0);
    shared_release(s);
    assert_int_equal(ended, 1);
    shared_release(NULL);
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(an_answer_becomes_works_input_without_a_copy),
        WORLD(works_output_becomes_the_next_input_up_to_its_end),
        WORLD(a_long_text_of_a_row_is_lent_as_well),
        WORLD(what_is_small_or_ends_early_or_is_the_plugins_own_is_copied),
        WORLD(an_answer_becomes_a_file),
        WORLD(an_answer_becomes_part_of_a_request),
        WORLD(what_a_failed_step_had_handed_on_is_let_go_of),
        WORLD(a_lost_turn_lends_it_again),
        WORLD(a_stop_with_a_job_under_way_frees_both),
        cmocka_unit_test(the_last_holder_ends_it),
    };
    return cmocka_run_group_tests_name("lent", tests, NULL, NULL);
}
