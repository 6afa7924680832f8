/* SPDX-License-Identifier: MIT
 * test_dialog.c - the open question: what is stored and what never, misses, steps back, another
 * version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/host.h"
#include "core/plugin/stats.h"
#include "core/message/dialog.h"
#include "core/message/texts.h"
#include "core/people/people.h"
#include "core/storage/schema.h"

static int upper_check(struct bot_ctx *ctx, const char **value)
{
    if (!strcmp(*value, "?")) return BOT_ENOENT;
    if (!strcmp(*value, "own")) {
        ctx->api->reply(ctx, "the check's own words");
        return BOT_EINVAL;
    }
    if (!strcmp(*value, "bad")) return BOT_EINVAL;
    if (!strcmp(*value, "broken")) return BOT_EIO;
    char *copy = ctx->api->alloc(ctx, strlen(*value) + 1);
    for (size_t i = 0; (*value)[i]; i++)
        copy[i] = (char)((*value)[i] >= 'a' ? (*value)[i] - 32 : (*value)[i]);
    *value = copy;
    return BOT_OK;
}

static int verdict;
static int done(struct bot_ctx *ctx)
{
    (void)ctx;
    return verdict;
}

static struct bot_dialog_step steps[] = {
    { .slot = "name", .prompt = "Name?", .check = upper_check, .when_empty = 1 },
    { .slot = "city", .prompt = "City of {name}?", .retry = "No city." },
    { .slot = "pin", .prompt = "Pin?", .secret = 1 },
};
static const struct bot_text_file files[] = {
    { "id", "Name = Nama?\nCity = Kota?\n" }, /* the prompts above are literals: keys that are not
                                                 there */
    { NULL, NULL },
};
static struct dialog_def def = {
    .spec = { .name = "d",
              .version = 1,
              .steps = steps,
              .step_count = 3,
              .step_size = sizeof steps[0],
              .done = done,
              .scope = BOT_NO_STORE },
};

struct world {
    struct host host;
    struct registry registry;
    struct library library;
    struct plugin plugin;
    char path[64];
    struct event *ev;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char error[200];
    snprintf(w->path, sizeof w->path, "/tmp/test_dialog.%d.db", (int)getpid());
    unlink(w->path);
    w->host.registry = &w->registry;
    w->host.language = "id";
    w->host.timezone = "Asia/Jakarta";
    w->plugin.name = "p";
    w->plugin.host = &w->host;
    w->plugin.library = &w->library;
    w->plugin.stats = stats_of(&w->host, "p");
    w->plugin.texts = texts_parse(files, error, sizeof error);
    w->host.texts = texts_parse(core_texts, error, sizeof error);
    def.plugin = &w->plugin;
    def.spec.version = 1;
    map_put(&w->registry.dialogs, "p/d", &def);
    if (db_open(&w->host.db, w->path, NULL, error, sizeof error)) return -1;
    loop_init(&w->host.loop, &w->host);
    for (unsigned i = 0; i < core_migration_count; i++)
        if (db_script(&w->host.db, core_migrations[i].sql)) return -1;
    *state = w;
    return 0;
}

static void end_event(struct world *w)
{
    if (w->ev) event_unref(w->ev);
    w->ev = NULL;
}

static int close_world(void **state)
{
    struct world *w = *state;
    char side[80];
    end_event(w);
    people_free(&w->host);
    loop_free(&w->host.loop);
    db_close(&w->host.db);
    stats_free_all(&w->host);
    map_free(&w->registry.dialogs);
    texts_free(w->plugin.texts);
    texts_free(w->host.texts);
    unlink(w->path);
    for (int i = 0; i < 2; i++) {
        snprintf(side, sizeof side, "%s-%s", w->path, i ? "wal" : "shm");
        unlink(side);
    }
    free(w);
    return 0;
}

/* A new message of person 1. */
static struct event *message(struct world *w, const char *text)
{
    end_event(w);
    struct event *ev = w->ev = event_new(&w->host, EVENT_MESSAGE);
    ev->person = 1;
    ev->gateway = "waha";
    ev->session = "default";
    ev->chat_id = "6281100000031@c.us";
    ev->text = text;
    return ev;
}

static int start(struct world *w, const struct bot_arg *args, size_t n)
{
    struct event *ev = message(w, "");
    ev->plugin = &w->plugin;
    return dialog_start(ev, "d", args, n);
}

/* The answer of a new message; what it said is in w->ev->reply. */
static enum dialog_result answer(struct world *w, const char *text)
{
    struct event *ev = message(w, text);
    struct dialog *d = dialog_load(ev);
    assert_non_null(d);
    return dialog_answer(ev, d);
}

static void said(struct world *w, const char *expected)
{
    if (!strstr(buf_str(&w->ev->reply), expected))
        fail_msg("\"%s\" is not in \"%s\"", expected, buf_str(&w->ev->reply));
}

static int stored(struct world *w, const char *what)
{
    return (int)db_int(&w->host.db, 0, "SELECT instr(slots, ?1) > 0 FROM dialogs", "s", what);
}

static void answers_are_kept_and_secrets_never(void **state)
{
    struct world *w = *state;
    assert_int_equal(start(w, NULL, 0), BOT_OK);
    said(w, "Name?");
    assert_int_equal(answer(w, "  budi "), DIALOG_ASKED);
    assert_true(stored(w, "BUDI"));
    assert_int_equal(answer(w, "solo"), DIALOG_ASKED);
    said(w, "Pin?");
    assert_int_equal(w->ev->mask, 0);
    verdict = BOT_LATER;
    assert_int_equal(answer(w, "rahasia"), DIALOG_DONE);
    assert_int_equal(w->ev->mask, 1);
    struct dialog *d = dialog_load(w->ev);
    assert_int_equal(dialog_answer(w->ev, d), DIALOG_DONE);
    assert_int_equal(dialog_finish(w->ev, d), BOT_LATER);
    assert_string_equal(dialog_slot(w->ev, "pin"), "rahasia");
    assert_false(stored(w, "rahasia"));
    assert_int_equal(db_int(&w->host.db, -1, "SELECT step FROM dialogs", ""),
                     2); /* asked again after a crash */
    assert_int_equal(answer(w, "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"),
                     DIALOG_ASKED); /* masked is no answer */
    assert_int_equal(dialog_close(w->ev, dialog_load(w->ev)), 0);
    assert_null(dialog_load(w->ev));
}

static void misses_get_more_help_each_time(void **state)
{
    struct world *w = *state;
    start(w, NULL, 0);
    assert_int_equal(answer(w, "bad"), DIALOG_ASKED);
    assert_string_equal(buf_str(&w->ev->reply), "Name?");
    assert_int_equal(answer(w, "own"), DIALOG_ASKED);
    said(w, "the check's own words");
    said(w, "BATAL");
    start(w, NULL, 0);
    for (int i = 0; i < 3; i++) answer(w, "bad");
    said(w, "bingung");
    answer(w, "bad"); /* counted from the start again */
    assert_string_equal(buf_str(&w->ev->reply), "Name?");
    assert_int_equal(answer(w, "?"), DIALOG_QUESTION);
    assert_int_equal(answer(w, "broken"), DIALOG_FAILED);
    assert_int_equal(answer(w, "budi"), DIALOG_ASKED);
    assert_int_equal(answer(w, "  "), DIALOG_ASKED); /* no check: only an empty answer is wrong */
    assert_string_equal(buf_str(&w->ev->reply), "No city.");
}

static void back_goes_to_what_was_asked(void **state)
{
    struct world *w = *state;
    start(w, NULL, 0);
    answer(w, "budi");
    struct event *ev = message(w, "KEMBALI");
    assert_int_equal(dialog_back(ev, dialog_load(ev)), BOT_HANDLED);
    assert_string_equal(buf_str(&ev->reply), "Name?");
    ev = message(w, "KEMBALI");
    assert_int_equal(dialog_back(ev, dialog_load(ev)), BOT_HANDLED);
    said(w, "pertanyaan pertama");
    /* what was given beforehand is never asked */
    const struct bot_arg given[] = { bot_text("name", "Ani"), bot_int("id", 7) };
    assert_int_equal(start(w, given, 2), BOT_OK);
    said(w, "City of");
    ev = message(w, "KEMBALI");
    assert_int_equal(dialog_back(ev, dialog_load(ev)), BOT_HANDLED);
    said(w, "pertanyaan pertama");
    ev->dialog = dialog_load(ev);
    assert_string_equal(dialog_slot(ev, "id"), "7");
}

static void another_version_asks_the_first_open_question(void **state)
{
    struct world *w = *state;
    start(w, NULL, 0);
    answer(w, "budi");
    def.spec.version = 2;
    assert_int_equal(answer(w, "solo"), DIALOG_ASKED);
    said(w, "City of");
    assert_int_equal(answer(w, "solo"), DIALOG_ASKED);
    said(w, "Pin?");
}

static void it_waits_while_its_plugin_is_off(void **state)
{
    struct world *w = *state;
    start(w, NULL, 0);
    answer(w, "budi");
    map_remove(&w->registry.dialogs, "p/d");
    assert_null(dialog_load(message(w, "solo")));
    map_put(&w->registry.dialogs, "p/d", &def);
    assert_int_equal(answer(w, "solo"), DIALOG_ASKED);
    said(w, "Pin?");
}

static void one_that_took_its_place_is_not_closed(void **state)
{
    struct world *w = *state;
    start(w, NULL, 0);
    struct event *ev = message(w, "");
    struct dialog *old = dialog_load(ev);
    struct dialog copy = *old;
    copy.started_at--;
    assert_int_equal(dialog_close(ev, &copy), 0);
    assert_non_null(dialog_load(ev));
}

static void its_time_ends(void **state)
{
    struct world *w = *state;
    start(w, NULL, 0);
    assert_true(dialog_next_due(&w->host) == clock_ms() + 1800000);
    clock_virtual_advance(1800001);
    assert_null(dialog_load(message(w, "budi")));
}

static void impossible_dialogs_do_not_start(void **state)
{
    struct world *w = *state;
    const struct bot_arg all[] = { bot_text("name", "a") };
    struct event *ev = message(w, "");
    ev->plugin = &w->plugin;
    assert_int_equal(dialog_start(ev, "none", NULL, 0), BOT_ENOENT);
    def.spec.step_count = 1;
    assert_int_equal(dialog_start(ev, "d", all, 1), BOT_EINVAL);
    def.spec.step_count = 3;
    steps[0].secret = 1;
    assert_int_equal(dialog_start(ev, "d", NULL, 0), BOT_EINVAL);
    steps[0].secret = 0;
    def.spec.scope = BOT_THIS_STORE;
    assert_int_equal(dialog_start(ev, "d", NULL, 0), BOT_EINVAL);
    def.spec.scope = BOT_NO_STORE;
}

int main(void)
{
    log_quiet(1);
    clock_virtual_start(1767582000000);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_are_kept_and_secrets_never, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(misses_get_more_help_each_time, open_world, close_world),
        cmocka_unit_test_setup_teardown(back_goes_to_what_was_asked, open_world, close_world),
        cmocka_unit_test_setup_teardown(another_version_asks_the_first_open_question, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(it_waits_while_its_plugin_is_off, open_world, close_world),
        cmocka_unit_test_setup_teardown(one_that_took_its_place_is_not_closed, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(its_time_ends, open_world, close_world),
        cmocka_unit_test_setup_teardown(impossible_dialogs_do_not_start, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
