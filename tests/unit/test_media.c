/* SPDX-License-Identifier: MIT
 * test_media.c - files in plugins' hands: stored, read, sent, quoted, and gone when they are old.
 */
#include "host_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"

#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"

static const struct bot_api *sdk;
static int64_t begun;        /* what the last asynchronous call returned */
static struct bot_send mail; /* what "kirim" sends */
static const char *type, *name;
static size_t max_bytes;
static uint32_t flags;

static int stored(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    char told[200];
    (void)data;
    snprintf(told, sizeof told, "stored %d %lld %s", r->status, (long long)r->media, r->error);
    return bot_reply(ctx, told);
}

static int was_read(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    char told[200];
    (void)data;
    snprintf(told, sizeof told, "read %d %zu %s", r->status, r->body_len,
             flags ? (const char *)r->body : "");
    return bot_reply(ctx, told);
}

static int on_text(struct bot_ctx *ctx)
{
    const char *text = sdk->field(ctx, "text");
    int64_t id = strchr(text, ' ') ? atoll(strchr(text, ' ')) : 0;
    if (!strncmp(text, "simpan", 6)) {
        begun = sdk->media_store(ctx, PNG, sizeof PNG - 1, type, name, stored, NULL, 0);
        return begun > 0 ? sdk->later(ctx, 0, NULL, 0) : bot_reply(ctx, "no");
    }
    if (!strncmp(text, "halaman", 7)) {
        begun = sdk->media_store(ctx, "<html>", 6, type, name, stored, NULL, 0);
        return begun > 0 ? sdk->later(ctx, 0, NULL, 0) : bot_reply(ctx, "no");
    }
    if (!strncmp(text, "baca", 4)) {
        begun = sdk->media_read(ctx, id, max_bytes, flags, was_read, NULL, 0);
        return begun > 0 ? sdk->later(ctx, 0, NULL, 0) : bot_reply(ctx, "no");
    }
    if (!strcmp(text, "kirim")) {
        mail.size = sizeof mail;
        begun = sdk->send(ctx, &mail);
        return BOT_HANDLED;
    }
    if (!strcmp(text, "kutip")) {
        struct bot_send m = { .size = sizeof m,
                              .chat = sdk->field(ctx, "chat"),
                              .text = "dikutip",
                              .quote = sdk->field(ctx, "native_id") };
        begun = sdk->send(ctx, &m);
        return BOT_HANDLED;
    }
    return bot_reply(ctx, "hm");
}

static const struct bot_migration_spec tables[] = {
    { .id = 1,
      .sql = "CREATE TABLE alpha_photos (id INTEGER PRIMARY KEY, file INTEGER) STRICT;"
             "CREATE INDEX alpha_photos_file ON alpha_photos (file);" },
};

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    sdk = a;
    return hook_text(a, self, on_text);
}

static int alpha_keeps(const struct bot_api *a, struct bot_plugin *self)
{
    sdk = a;
    int rc = BOT_MIGRATIONS(a, self, tables);
    if (rc >= 0) rc = a->media_column(self, "alpha_photos", "file");
    return rc < 0 ? rc : hook_text(a, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };
static const struct delegate keeper = { alpha_keeps, NULL, NULL };

static int open_world(void **state)
{
    (void)state;
    type = name = NULL;
    max_bytes = flags = 0;
    mail = (struct bot_send){ 0 };
    world_open(
        &(struct world_conf){ .alpha = &alpha, .stores = 1, .ini = "[limits]\nmedia_mb = 1\n" });
    return 0;
}

static int open_world_of_a_keeper(void **state)
{
    (void)state;
    type = name = NULL;
    max_bytes = flags = 0;
    mail = (struct bot_send){ 0 };
    world_open(&(struct world_conf){ .alpha = &keeper, .stores = 1 });
    return 0;
}

static void store_one(void)
{
    say(BUDI, "simpan");
    jobs_run();
    expect(BUDI, "stored 0 1");
}

static const char *path_of_one(void)
{
    static char path[300];
    const char *hash = disk_text("SELECT hash FROM media WHERE id = 1");
    snprintf(path, sizeof path, "%s/data/media/%.2s/%s", w.folder, hash, hash);
    return path;
}

static void what_is_stored_has_one_id_and_its_own_type(void **state)
{
    (void)state;
    type = "text/plain"; /* nobody believes it */
    name = "sepatu.png";
    store_one();
    say(CITRA, "simpan");
    jobs_run();
    expect(CITRA, "stored 0 1");
    assert_string_equal(disk_text("SELECT type FROM media"), "image/png");
    assert_string_equal(disk_text("SELECT name FROM media"), "sepatu.png");
    assert_int_equal(disk("SELECT size FROM media"), sizeof PNG - 1);
    type = "image/png";
    say(BUDI, "halaman");
    jobs_run();
    expect(BUDI, "stored -1 0 not a picture");
    type = NULL;
    say(BUDI, "halaman");
    jobs_run();
    expect(BUDI, "stored 0 3");
    assert_string_equal(disk_text("SELECT type FROM media WHERE id = 3"), "text/plain");
}

static void a_store_that_a_lost_turn_took_back_is_there_after_the_next(void **state)
{
    (void)state;
    say(BUDI, "simpan");
    fail_commits(1);
    jobs_run();
    pass(5000);
    expect(BUDI, "stored 0 1");
    expect_none();
    assert_int_equal(disk("SELECT count(*) FROM media"), 1);
}

static void what_was_stored_can_be_read(void **state)
{
    (void)state;
    store_one();
    say(CITRA, "baca 1");
    jobs_run();
    expect(CITRA, "read 0 16");
    flags = BOT_MEDIA_BASE64;
    say(CITRA, "baca 1");
    jobs_run();
    expect(CITRA, "read 0 24 iVBORw0KGgoAAAANSUhEUg==");
    say(CITRA, "baca 7");
    expect(CITRA, "no");
    assert_int_equal(begun, BOT_ENOENT);
    max_bytes = 15;
    say(CITRA, "baca 1");
    expect(CITRA, "no");
    assert_int_equal(begun, BOT_EINVAL);
    max_bytes = 16;
    assert_int_equal(unlink(path_of_one()), 0);
    say(CITRA, "baca 1");
    jobs_run();
    expect_like(CITRA, "read -5 0");
}

static void a_file_goes_out_with_the_first_part(void **state)
{
    static char text[4500];
    (void)state;
    name = "sepatu.png";
    store_one();
    say(CITRA, "x");
    expect(CITRA, "hm");
    memset(text, 'a', sizeof text - 1);
    mail = (struct bot_send){ .chat = CITRA, .text = text, .media = 1, .quote = "IN9" };
    say(BUDI, "kirim");
    assert_int_equal(begun, BOT_OK);
    assert_int_equal(w.sent_count - w.seen, 2);
    const struct sent *first = &w.sents[w.seen], *second = first + 1;
    assert_int_equal(first->media, 1);
    assert_string_equal(first->media_type, "image/png");
    assert_string_equal(first->media_name, "sepatu.png");
    assert_string_equal(first->quote, "IN9");
    assert_int_equal(strlen(first->text), 4000);
    assert_int_equal(second->media, 0);
    assert_string_equal(second->quote, "");
    w.seen = w.sent_count;
    static const char *const texts[] = { NULL, "", " \n" };
    for (size_t i = 0; i < BOT_COUNT(texts); i++) {
        mail = (struct bot_send){ .chat = CITRA, .text = texts[i], .media = 1 };
        say(BUDI, "kirim");
        assert_int_equal(last_sent()->media, 1);
        expect(CITRA, "");
    }
    mail = (struct bot_send){ .chat = CITRA };
    say(BUDI, "kirim");
    assert_int_equal(begun, BOT_EINVAL);
    mail.media = 7;
    say(BUDI, "kirim");
    assert_int_equal(begun, BOT_ENOENT);
    expect_none();
}

static int hold_it(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    outcome(ctx, row->id, BOT_SEND_HOLD, NULL, "down");
    return BOT_HANDLED;
}

static int never(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    (void)ctx;
    (void)r;
    (void)data;
    return BOT_HANDLED;
}

/* It is under way for ever. */
static int keep_it(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    (void)row;
    return ctx->api->timer(ctx, 86400000, never, NULL, 0) > 0 ? BOT_LATER : BOT_HANDLED;
}

static void it_goes_out_after_a_restart_too(void **state)
{
    (void)state;
    store_one();
    w.send = hold_it;
    mail = (struct bot_send){ .chat = BUDI, .text = "x", .media = 1, .quote = "IN1" };
    say(BUDI, "kirim");
    expect_none();
    world_reopen(0);
    w.send = NULL;
    pass(15000);
    expect(BUDI, "x"); /* it was surely not taken */
    assert_int_equal(last_sent()->media, 1);
    w.send = keep_it;
    say(BUDI, "kirim");
    world_reopen(0);
    w.send = NULL;
    w.resolve = NULL;
    pass(15000);
    /* It may have gone out: the gateway, which cannot tell, has it unknown. */
    expect_none();
    assert_int_equal(disk("SELECT state FROM outbox ORDER BY id DESC LIMIT 1"), OUTBOX_UNKNOWN);
    mail.not_before = clock_ms() + 60000;
    say(BUDI, "kirim");
    world_reopen(0);
    pass(61000);
    expect(BUDI, "x");
    assert_int_equal(last_sent()->media, 1);
    assert_string_equal(last_sent()->quote, "IN1");
}

static void a_message_knows_its_own_id(void **state)
{
    (void)state;
    post_as(BUDI, "AC/01", "kutip", NULL, 0);
    run();
    expect(BUDI, "dikutip");
    assert_string_equal(last_sent()->quote, "AC/01");
}

static void make_old(const char *path)
{
    struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
}

static void what_nobody_has_used_for_long_goes(void **state)
{
    (void)state;
    char path[300];
    store_one();
    snprintf(path, sizeof path, "%s", path_of_one());
    make_old(path);
    pass(20LL * 24 * 3600 * 1000);
    mail = (struct bot_send){ .chat = BUDI, .text = "x", .media = 1 }; /* it is used again */
    say(BUDI, "kirim");
    pass(20LL * 24 * 3600 * 1000);
    jobs_run();
    assert_int_equal(disk("SELECT count(*) FROM media"), 1);
    assert_int_equal(access(path, F_OK), 0);
    pass(12LL * 24 * 3600 * 1000);
    assert_int_equal(disk("SELECT count(*) FROM media"), 0);
    jobs_run();
    assert_int_not_equal(access(path, F_OK), 0);
    say(BUDI, "kirim");
    assert_int_equal(begun, BOT_ENOENT);
}

static void a_file_that_has_just_come_again_stays(void **state)
{
    (void)state;
    store_one();
    pass(32LL * 24 * 3600 * 1000);
    assert_int_equal(disk("SELECT count(*) FROM media"), 0);
    jobs_run(); /* its removal; but it was written within the hour, by the real clock */
    say(BUDI, "simpan");
    jobs_run();
    w.seen = w.sent_count;
    say(CITRA, "baca 2");
    jobs_run();
    expect(CITRA, "read 0 16");
}

static void a_file_that_a_plugins_column_names_stays(void **state)
{
    (void)state;
    store_one();
    script("INSERT INTO alpha_photos VALUES (1, 1)");
    for (int i = 0; i < 5; i++) pass(20LL * 24 * 3600 * 1000);
    assert_int_equal(disk("SELECT count(*) FROM media"), 1);
    assert_int_equal(access(path_of_one(), F_OK), 0);
    /* its plugin is off: the column is remembered */
    assert_int_equal(disk("SELECT count(*) FROM kv WHERE key = 'media/alpha_photos.file'"), 1);
    script("DELETE FROM alpha_photos");
    for (int i = 0; i < 4; i++) pass(20LL * 24 * 3600 * 1000);
    assert_int_equal(disk("SELECT count(*) FROM media"), 0);
    /* a table that has gone names nothing, and stops nothing */
    script("UPDATE kv SET key = 'media/gone.file' WHERE key = 'media/alpha_photos.file'");
    say(BUDI, "simpan");
    jobs_run();
    for (int i = 0; i < 2; i++) pass(20LL * 24 * 3600 * 1000);
    assert_int_equal(disk("SELECT count(*) FROM media"), 0);
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(what_is_stored_has_one_id_and_its_own_type),
        WORLD(a_store_that_a_lost_turn_took_back_is_there_after_the_next),
        WORLD(what_was_stored_can_be_read),
        WORLD(a_file_goes_out_with_the_first_part),
        WORLD(it_goes_out_after_a_restart_too),
        WORLD(a_message_knows_its_own_id),
        WORLD(what_nobody_has_used_for_long_goes),
        WORLD(a_file_that_has_just_come_again_stays),
        cmocka_unit_test_setup_teardown(a_file_that_a_plugins_column_names_stays,
                                        open_world_of_a_keeper, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
