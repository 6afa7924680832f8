/* SPDX-License-Identifier: MIT
 * test_fetches.c - messages that bring a file: whom they hold, how long, what becomes of the file,
 * what a crash and a lost turn leave. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"

#define JPEG "\xff\xd8\xff\xe0\0\x10JFIF\0\1"
#define URL  "http://files/one"

static const struct bot_api *api;
static int fail_commits_in_handler;

static const char *said(struct bot_ctx *ctx, const char *name)
{
    const char *s = api->field(ctx, name);
    return s ? s : "-";
}

static int on_text(struct bot_ctx *ctx)
{
    char told[400];
    if (fail_commits_in_handler) fail_commits(fail_commits_in_handler);
    fail_commits_in_handler = 0;
    snprintf(told, sizeof told, "%s|%s|%s|%s|%s|%lld|%lld", said(ctx, "text"),
             said(ctx, "media.kind"), said(ctx, "media.type"), said(ctx, "media.name"),
             said(ctx, "media.error"), (long long)api->number(ctx, "media"),
             (long long)api->number(ctx, "media.size"));
    return bot_reply(ctx, told);
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    api = a;
    return hook_text(a, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_fetching(void **state)
{
    (void)state;
    fail_commits_in_handler = 0;
    world_open(&(struct world_conf){
        .alpha = &alpha, .stores = 1, .has_fetch = 1, .ini = "[limits]\nmedia_mb = 1\n" });
    return 0;
}

static void picture(const char *phone, const char *text)
{
    post_media(phone, "image", URL, "image/jpeg", text);
    run();
}

static const char *stored_path(void)
{
    static char path[300];
    const char *hash = disk_text("SELECT hash FROM media");
    snprintf(path, sizeof path, "%s/data/media/%.2s/%s", w.folder, hash, hash);
    return path;
}

static void it_waits_for_its_file_and_nobody_else_does(void **state)
{
    (void)state;
    struct stat st;
    picture(BUDI, "bukti");
    say(BUDI, "lagi");
    expect_none();
    assert_int_equal(w.fetch_count, 1);
    assert_string_equal(w.http[0]->url, URL);
    assert_int_equal(w.http[0]->max_bytes, 1 << 20);
    say(CITRA, "halo");
    expect(CITRA, "halo|-|-|-|-|0|0");
    network_brings(JPEG, sizeof JPEG);
    expect_none();
    assert_int_equal(w.job_count, 1);
    jobs_run();
    expect(BUDI, "bukti|image|image/jpeg|bukti.bin|-|1|13");
    expect(BUDI, "lagi|-|-|-|-|0|0");
    assert_int_equal(stat(stored_path(), &st), 0);
    assert_int_equal(st.st_size, sizeof JPEG);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_string_equal(disk_text("SELECT type FROM media"), "image/jpeg");
    assert_int_equal(disk("SELECT json_extract(attached, '$.media') FROM inbox WHERE id = 1"), 1);
    assert_int_equal(
        disk("SELECT count(*) FROM inbox WHERE json_extract(attached, '$.url') IS NOT NULL"), 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE attached IS NOT NULL"), 1);
}

static void the_same_picture_is_kept_once(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        picture(i ? CITRA : BUDI, "x");
        network_brings(JPEG, sizeof JPEG);
        jobs_run();
    }
    expect_like(BUDI, "|1|13");
    expect_like(CITRA, "|1|13");
    assert_int_equal(disk("SELECT count(*) FROM media"), 1);
}

static void what_cannot_be_had_runs_with_the_reason(void **state)
{
    (void)state;
    picture(BUDI, "a");
    network_answers(404, "");
    expect(BUDI, "a|image|-|bukti.bin|refused|0|0");
    picture(BUDI, "b");
    network_fails(HTTP_EIO);
    expect(BUDI, "b|image|-|bukti.bin|as the test wants|0|0");
    picture(BUDI, "c");
    network_fails(HTTP_ETOOBIG);
    expect(BUDI, "c|image|-|bukti.bin|larger than 1 MB|0|0");
    picture(BUDI, "d");
    network_answers(200, "");
    expect(BUDI, "d|image|-|bukti.bin|it is empty|0|0");
    post_media(BUDI, "image", NULL, NULL, "e");
    run();
    expect_like(BUDI, "e|image|-|bukti.bin|it has no address");
    w.fetch_verdict = BOT_HANDLED;
    picture(BUDI, "f");
    expect_like(BUDI, "f|image|-|bukti.bin|its gateway could not");
    assert_int_equal(disk("SELECT count(*) FROM media"), 0);
}

static void a_page_is_no_picture(void **state)
{
    (void)state;
    picture(BUDI, "a");
    network_answers(200, "<html><script>alert(1)</script></html>");
    jobs_run();
    expect(BUDI, "a|image|-|bukti.bin|not a picture|0|0");
    post_media(BUDI, "document", URL, "text/html", "b");
    run();
    network_answers(200, "<html></html>");
    jobs_run();
    expect(BUDI, "b|document|text/plain|bukti.bin|-|1|13");
    post_media(BUDI, "document", URL, "image/svg+xml", "c");
    run();
    network_answers(200, "<svg/>");
    jobs_run();
    expect(BUDI, "c|document|-|bukti.bin|not a picture|0|0");
}

static void twenty_seconds_are_enough(void **state)
{
    (void)state;
    picture(BUDI, "a");
    pass(19999);
    expect_none();
    pass(1);
    expect(BUDI, "a|image|-|bukti.bin|it did not come in time|0|0");
    assert_int_equal(w.http_count, 0); /* its request was ended */
    pass(60000);
    expect_none();
}

static void a_file_that_is_written_too_late_is_not_waited_for(void **state)
{
    (void)state;
    picture(BUDI, "a");
    network_brings(JPEG, sizeof JPEG);
    pass(20000);
    expect_like(BUDI, "did not come in time");
    jobs_run();
    expect_none();
    picture(BUDI, "b"); /* and its place is free again */
    assert_int_equal(w.http_count, 1);
}

static void four_are_fetched_at_a_time_and_each_has_its_own_time(void **state)
{
    (void)state;
    char phone[32];
    for (int i = 0; i < 6; i++) {
        snprintf(phone, sizeof phone, "62811000001%02d", i);
        picture(phone, "x");
    }
    assert_int_equal(w.http_count, 4);
    pass(15000);
    network_answers(404, "");
    assert_int_equal(w.http_count, 4); /* the fifth has begun */
    expect_like("6281100000100", "refused");
    pass(5000); /* three have had their 20 s */
    for (int i = 1; i < 4; i++) {
        snprintf(phone, sizeof phone, "62811000001%02d", i);
        expect_like(phone, "in time");
    }
    assert_int_equal(w.http_count, 2);
    pass(14999);
    expect_none();
    pass(1);
    expect_like("6281100000104", "in time");
    pass(5000);
    expect_like("6281100000105", "in time");
    expect_none();
}

static void a_chat_with_many_takes_its_turns(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) picture(BUDI, "x");
    assert_int_equal(w.http_count, 1);
    picture(CITRA, "y");
    assert_int_equal(w.http_count, 2);
}

static void a_crash_meanwhile_asks_again_and_answers_once(void **state)
{
    (void)state;
    picture(BUDI, "a");
    world_reopen(0);
    run();
    expect_none();
    assert_int_equal(w.fetch_count, 2);
    network_brings(JPEG, sizeof JPEG);
    world_reopen(0); /* it came, and was not written yet */
    run();
    network_brings(JPEG, sizeof JPEG);
    jobs_run();
    expect(BUDI, "a|image|image/jpeg|bukti.bin|-|1|13");
    world_reopen(0);
    run();
    expect_none();
    assert_int_equal(w.http_count, 0);
}

static void a_lost_turn_writes_it_again(void **state)
{
    (void)state;
    picture(BUDI, "a");
    network_brings(JPEG, sizeof JPEG);
    fail_commits_in_handler = 1;
    jobs_run();
    pass(5000);
    expect(BUDI, "a|image|image/jpeg|bukti.bin|-|1|13");
    expect_none();
    assert_int_equal(disk("SELECT json_extract(attached, '$.media') FROM inbox WHERE id = 1"),
                     disk("SELECT id FROM media"));
    assert_int_equal(disk("SELECT count(*) FROM media"), 1);
}

static void a_stop_meanwhile_leaves_it_for_the_next_start(void **state)
{
    (void)state;
    picture(BUDI, "a");
    world_reopen(1);
    run();
    network_brings(JPEG, sizeof JPEG);
    jobs_run();
    expect_like(BUDI, "|1|13");
    expect_none();
}

static void taken_back_it_leaves_nothing_in_the_journal(void **state)
{
    (void)state;
    picture(BUDI, "a");
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_REVOKE,
                               .session = "default",
                               .native_id = "IN1",
                               .phone = BUDI };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
    network_brings(JPEG, sizeof JPEG);
    jobs_run();
    expect_like(BUDI, "a|image");
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE attached IS NOT NULL"), 0);
}

static void what_our_own_side_sends_is_not_fetched(void **state)
{
    (void)state;
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_OWN,
                               .session = "default",
                               .event = "message.any",
                               .native_id = "OWN1",
                               .chat = BUDI "@c",
                               .phone = BUDI,
                               .text = "",
                               .media = "image",
                               .media_url = URL };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
    expect_none();
    assert_int_equal(w.fetch_count, 0);
    assert_string_equal(disk_text("SELECT attached FROM inbox"),
                        "{\"kind\":\"image\",\"error\":\"our own side sent it from a phone\"}");
}

static void what_was_half_written_goes_at_the_next_start(void **state)
{
    (void)state;
    picture(BUDI, "a");
    network_brings(JPEG, sizeof JPEG);
    jobs_run();
    FILE *f = fopen(world_path("data/media/tmp-0011"), "w");
    assert_non_null(f);
    fclose(f);
    world_reopen(0);
    assert_int_not_equal(access(world_path("data/media/tmp-0011"), F_OK), 0);
    assert_int_equal(access(stored_path(), F_OK), 0);
}

/* ---- what is said when nobody takes it ------------------------------------------------------- */

static int open_deaf(void **state)
{
    (void)state;
    world_open(&(struct world_conf){ .stores = 1, .has_fetch = 1 });
    return 0;
}

static void a_message_without_a_word_is_answered_by_its_kind(void **state)
{
    static const struct {
        const char *kind, *part;
    } kinds[] = {
        { "image", "Fotonya sudah saya terima" },
        { "video", "Videonya" },
        { "voice", "mendengarkan pesan suara" },
        { "audio", "rekaman suara" },
        { "document", "Filenya sudah" },
        { "sticker", "Stikernya" },
        { "location", "Lokasinya" },
        { "contact", "Kontaknya" },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(kinds); i++) {
        post_media(BUDI, kinds[i].kind, URL, "image/jpeg", "");
        run();
        while (w.http_count) network_brings(JPEG, sizeof JPEG);
        jobs_run();
        expect_like(BUDI, kinds[i].part);
    }
    picture(BUDI, "");
    network_answers(404, "");
    expect_like(BUDI, "paling besar 10 MB");
    post_media(BUDI, "voice", URL, "audio/ogg", "");
    run();
    network_answers(404, ""); /* to send it once more would not help */
    expect_like(BUDI, "mendengarkan pesan suara");
    picture(BUDI, "ada sepatu?");
    network_answers(404, "");
    expect_like(BUDI, "belum paham"); /* a text is a text */
    say(BUDI, "");
    expect_like(BUDI, "Halo Kak!");
    expect_none();
}

static int open_english(void **state)
{
    open_deaf(state);
    script("UPDATE stores SET language = 'en'");
    return 0;
}

static void it_is_said_in_the_chats_language(void **state)
{
    (void)state;
    picture(BUDI, "");
    network_brings(JPEG, sizeof JPEG);
    jobs_run();
    expect_like(BUDI, "I have your picture");
}

#define FETCHING(name) cmocka_unit_test_setup_teardown(name, open_fetching, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FETCHING(it_waits_for_its_file_and_nobody_else_does),
        FETCHING(the_same_picture_is_kept_once),
        FETCHING(what_cannot_be_had_runs_with_the_reason),
        FETCHING(a_page_is_no_picture),
        FETCHING(twenty_seconds_are_enough),
        FETCHING(a_file_that_is_written_too_late_is_not_waited_for),
        FETCHING(four_are_fetched_at_a_time_and_each_has_its_own_time),
        FETCHING(a_chat_with_many_takes_its_turns),
        FETCHING(a_crash_meanwhile_asks_again_and_answers_once),
        FETCHING(a_lost_turn_writes_it_again),
        FETCHING(a_stop_meanwhile_leaves_it_for_the_next_start),
        FETCHING(taken_back_it_leaves_nothing_in_the_journal),
        FETCHING(what_our_own_side_sends_is_not_fetched),
        FETCHING(what_was_half_written_goes_at_the_next_start),
        cmocka_unit_test_setup_teardown(a_message_without_a_word_is_answered_by_its_kind, open_deaf,
                                        world_close),
        cmocka_unit_test_setup_teardown(it_is_said_in_the_chats_language, open_english,
                                        world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
