/* log.c: what a line looks like, and what it never shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#define TS "ts=2026-11-23T03:15:40.123Z "

static char folder[] = "/tmp/tokobot-log-XXXXXX";
static char file[64], rotated[64];
static char content[1 << 20];

static const char *read_back(const char *path)
{
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, content, sizeof content - 1);
    assert_true(n >= 0);
    content[n] = '\0';
    close(fd);
    return content;
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(file, sizeof file, "%s/bot.log", folder);
    snprintf(rotated, sizeof rotated, "%s/bot.log.1", folder);
    clock_virtual_start(1795403740123);
    log_quiet(1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int each(void **state)
{
    (void)state;
    unlink(file);
    unlink(rotated);
    return log_open(file);
}

static int each_end(void **state)
{
    (void)state;
    log_close();
    log_forget_secrets();
    log_set_level(LOG_LEVEL_INFO);
    unlink(file);
    unlink(rotated);
    return 0;
}

static void a_line_is_logfmt(void **state)
{
    (void)state;
    log_info("reload", "plugins loaded", LOG_INT("count", 4), LOG_STR("result", "ok"));
    assert_string_equal(read_back(file),
                        TS "level=info at=reload msg=\"plugins loaded\" count=4 result=ok\n");
}

static void a_line_needs_no_fields(void **state)
{
    (void)state;
    log_error("start", "failed");
    assert_string_equal(read_back(file), TS "level=error at=start msg=failed\n");
}

static void values_are_quoted_when_they_need_it(void **state)
{
    (void)state;
    log_warn("x", "y", LOG_STR("a", ""), LOG_STR("b", "q\"\\="), LOG_STR("c", "1\n2\r\t\x1b[31m"),
             LOG_STR("d", "caf\xc3\xa9\xff"), LOG_STR("e", NULL), LOG_STR("bad key", "1"),
             LOG_STR("f", "\xe2\x80\xae"
                          "abc"));
    assert_string_equal(read_back(file),
                        TS "level=warn at=x msg=y a=\"\" b=\"q\\\"\\\\=\" "
                           "c=\"1\\n2\\r\\t\\u001b[31m\" d=\"caf\xc3\xa9\xef\xbf\xbd\" e=\"\" "
                           "bad_key=1 f=\"\\u202eabc\"\n");
}

static void debug_lines_appear_only_when_asked_for(void **state)
{
    (void)state;
    log_debug("x", "hidden");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("x", "shown");
    log_set_level(LOG_LEVEL_ERROR);
    log_warn("x", "hidden");
    assert_string_equal(read_back(file), TS "level=debug at=x msg=shown\n");
}

static void secrets_are_replaced_in_every_form(void **state)
{
    (void)state;
    log_secret("pass\"w/rd 1");
    log_secret("short"); /* too short to be looked for */
    log_secret(NULL);
    log_info("x", "it is pass\"w/rd 1", LOG_STR("json", "{\"p\":\"pass\\\"w/rd 1\"}"),
             LOG_STR("slash", "pass\\\"w\\/rd 1"), LOG_STR("url", "?k=pass%22w%2Frd%201&x=1"),
             LOG_STR("lower", "pass%22w%2frd%201"), LOG_STR("s", "short"));
    assert_string_equal(read_back(file),
                        TS "level=info at=x msg=\"it is ***\" json=\"{\\\"p\\\":\\\"***\\\"}\" "
                           "slash=*** url=\"?k=***&x=1\" lower=*** s=short\n");
}

static void the_longer_of_two_secrets_wins(void **state)
{
    (void)state;
    log_secret("abcdef");
    log_secret("abcdefghij");
    log_secret("abcdef");
    log_info("x", "abcdefghij,abcdef,abcde");
    assert_string_equal(read_back(file), TS "level=info at=x msg=***,***,abcde\n");
}

static void a_very_long_value_is_cut_between_characters(void **state)
{
    (void)state;
    static char big[20001];
    for (size_t i = 0; i < 20000; i += 2) memcpy(big + i, "\xc3\xa9", 2);
    log_info("x", big);
    const char *line = read_back(file);
    assert_true(strlen(line) < 4300);
    assert_null(strstr(line, "\xef\xbf\xbd"));
    assert_non_null(strstr(line, "\xc3\xa9\xe2\x80\xa6\"\n"));
}

static void the_message_id_follows_the_thread(void **state)
{
    (void)state;
    log_set_message(77);
    log_info("x", "y", LOG_INT("n", -1));
    log_set_message(0);
    log_info("x", "z");
    assert_string_equal(read_back(file),
                        TS "level=info at=x msg=y message=77 n=-1\n" TS "level=info at=x msg=z\n");
}

static void reopening_follows_a_rotated_file(void **state)
{
    (void)state;
    log_info("x", "before");
    assert_int_equal(rename(file, rotated), 0);
    log_info("x", "still-old");
    assert_int_equal(log_reopen(), 0);
    log_info("x", "after");
    assert_string_equal(read_back(file), TS "level=info at=x msg=after\n");
    assert_non_null(strstr(read_back(rotated), "still-old"));
}

static void a_file_that_cannot_be_opened_is_told_and_the_old_one_kept(void **state)
{
    (void)state;
    assert_int_equal(log_open("/nonexistent/folder/bot.log"), -1);
    assert_int_equal(errno, ENOENT);
    log_info("x", "kept");
    assert_non_null(strstr(read_back(file), "kept"));
    /* The file's name is a folder now: reopening fails, the open file goes on. */
    assert_int_equal(rename(file, rotated), 0);
    assert_int_equal(mkdir(file, 0700), 0);
    assert_int_equal(log_reopen(), -1);
    assert_int_equal(errno, EISDIR);
    log_info("x", "kept-too");
    assert_int_equal(rmdir(file), 0);
    assert_non_null(strstr(read_back(rotated), "kept-too"));
}

static void a_log_without_a_file_reopens_nothing(void **state)
{
    (void)state;
    assert_int_equal(log_open(NULL), 0);
    assert_int_equal(log_reopen(), 0);
    log_info("x", "nowhere");
    assert_string_equal(read_back(file), "");
}

static void *write_many(void *arg)
{
    for (int i = 0; i < 500; i++) log_info("t", "a line of a thread", LOG_STR("who", arg));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    static char names[4][2] = { "a", "b", "c", "d" };
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    const char *p = read_back(file);
    size_t lines = 0, length = strcspn(p, "\n");
    for (; *p; p += length + 1, lines++) {
        assert_int_equal(strcspn(p, "\n"), length);
        assert_memory_equal(p, "ts=2026-", 8);
    }
    assert_int_equal(lines, 2000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, each, each_end)
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_logfmt),
        TEST(a_line_needs_no_fields),
        TEST(values_are_quoted_when_they_need_it),
        TEST(debug_lines_appear_only_when_asked_for),
        TEST(secrets_are_replaced_in_every_form),
        TEST(the_longer_of_two_secrets_wins),
        TEST(a_very_long_value_is_cut_between_characters),
        TEST(the_message_id_follows_the_thread),
        TEST(reopening_follows_a_rotated_file),
        TEST(a_file_that_cannot_be_opened_is_told_and_the_old_one_kept),
        TEST(a_log_without_a_file_reopens_nothing),
        TEST(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
