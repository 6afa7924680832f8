/* The control socket, both sides in one process: the test plays the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/http/control.h"
#include "core/base/buf.h"
#include "core/base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    char dir[64], path[100];
    int epoll_fd;
    struct control *control;
    unsigned lines, closed;
    uint64_t last;
    char verb[64];
    struct buf json;
} rig;

/* "echo" answers with the line, "close" too and closes, "flood" sends 100 KB lines, others say
 * nothing. */
static void on_line(void *ctx, uint64_t connection, const char *verb, const char *json, size_t len)
{
    (void)ctx;
    rig.lines++;
    rig.last = connection;
    snprintf(rig.verb, sizeof rig.verb, "%s", verb);
    buf_clear(&rig.json);
    buf_add(&rig.json, json, len);
    if (strcmp(verb, "echo") == 0 || strcmp(verb, "close") == 0)
        control_send(rig.control, connection, json, len, verb[0] == 'c');
    if (strcmp(verb, "flood") == 0) {
        char *line = malloc(100000);
        memset(line, 'x', 100000);
        for (int i = 0; i < 30; i++) control_send(rig.control, connection, line, 100000, i == 29);
        free(line);
    }
}

static void on_closed(void *ctx, uint64_t connection)
{
    (void)ctx, (void)connection;
    rig.closed++;
}

static struct control *serve(void)
{
    struct control_conf conf = {
        .path = rig.path, .epoll_fd = rig.epoll_fd, .line = on_line, .closed = on_closed
    };
    char error[256] = "";
    struct control *c = control_start(&conf, error, sizeof error);
    if (!c) fail_msg("%s", error);
    return c;
}

/* Works until nothing happens for a moment. */
static void spin(void)
{
    struct epoll_event ev[16];
    int n;
    while ((n = epoll_wait(rig.epoll_fd, ev, 16, 20)) > 0)
        for (int i = 0; i < n; i++) {
            struct control_source *source = ev[i].data.ptr;
            source->ready(source, ev[i].events);
        }
}

static int setup(void **state)
{
    (void)state;
    log_quiet(1);
    memset(&rig, 0, sizeof rig);
    snprintf(rig.dir, sizeof rig.dir, "/tmp/tokobot-test-XXXXXX");
    if (!mkdtemp(rig.dir)) return -1;
    snprintf(rig.path, sizeof rig.path, "%s/tokobot.sock", rig.dir);
    rig.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    rig.control = serve();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    control_stop(rig.control);
    assert_int_equal(access(rig.path, F_OK), -1);
    close(rig.epoll_fd);
    buf_free(&rig.json);
    return rmdir(rig.dir);
}

static int dial(void)
{
    char error[256] = "";
    int fd = control_connect(rig.path, error, sizeof error);
    if (fd < 0) fail_msg("%s", error);
    return fd;
}

static void expect(int fd, const char *wanted)
{
    char *line;
    spin();
    assert_int_equal(control_read_line(fd, &line, 1000), 1);
    if (!strstr(line, wanted)) fail_msg("got %s", line);
    free(line);
}

static void lines_go_both_ways(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(stat(rig.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    int a = dial(), b = dial();
    assert_int_equal(control_write_line(a, "{\"cmd\":\"echo\",\"n\":1}"), 0);
    assert_int_equal(control_write_line(a, "{\"cmd\":\"echo\",\"n\":2}"), 0);
    assert_int_equal(control_write_line(b, "{\"cmd\":\"echo\",\"n\":3}\r"), 0);
    expect(a, "{\"cmd\":\"echo\",\"n\":1}");
    expect(a, "{\"cmd\":\"echo\",\"n\":2}");
    expect(b, "{\"cmd\":\"echo\",\"n\":3}");
    assert_string_equal(rig.verb, "echo");
    char *line;
    assert_int_equal(control_read_line(a, &line, 10), -1);
    assert_int_equal(send(a, "{\"cmd\":", 7, 0), 7); /* in pieces */
    spin();
    assert_int_equal(send(a, "\"echo\"}\n\n\n", 10, 0), 10);
    expect(a, "{\"cmd\":\"echo\"}");
    assert_int_equal(rig.lines, 4);
    close(a);
    spin();
    assert_int_equal(rig.closed, 1);
    control_send(rig.control, 1, "{}", 2, 0); /* gone: nothing happens */
    close(b);
    spin();
    assert_int_equal(rig.closed, 2);
}

static void bad_lines_get_an_error_and_the_next_one_works(void **state)
{
    (void)state;
    int fd = dial();
    char deep[200] = "{\"cmd\":\"echo\",\"x\":";
    size_t at = strlen(deep);
    for (int i = 0; i < 60; i++) deep[at++] = '[';
    for (int i = 0; i < 60; i++) deep[at++] = ']';
    memcpy(deep + at, "}", 2);
    const char *const bad[][2] = {
        { "status", "no JSON object" },
        { "{\"cmd\":\"x\"", "no JSON object" },
        { "[1]", "no JSON object" },
        { "\"cmd\"", "no JSON object" },
        { "{\"cmd\":\"x\"} y", "no JSON object" },
        { "{}", "has no \\\"cmd\\\"" },
        { "{\"cmd\":1}", "has no" },
        { "{'cmd':'x'}", "no JSON object" },
        { "{\"cmd\":\"\xff\"}", "no JSON object" },
        { deep, "nested too deeply" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(control_write_line(fd, bad[i][0]), 0);
        spin();
        char *line;
        assert_int_equal(control_read_line(fd, &line, 1000), 1);
        assert_non_null(strstr(line, "{\"ok\":false,\"error\":\""));
        assert_non_null(strstr(line, bad[i][1]));
        free(line);
    }
    assert_int_equal(rig.lines, 0);
    assert_int_equal(send(fd, "{\"cmd\":\"ec\0ho\"}\n", 16, 0), 16);
    expect(fd, "\"ok\":false");
    assert_int_equal(control_write_line(fd, "{\"cmd\":\"echo\"}"), 0);
    expect(fd, "{\"cmd\":\"echo\"}");
    close(fd);
}

static void a_line_without_end_is_refused(void **state)
{
    (void)state;
    int fd = dial();
    char *part = malloc(65536);
    memset(part, 'x', 65536);
    for (int i = 0; i < 20; i++) {
        if (send(fd, part, 65536, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) break;
        spin();
    }
    free(part);
    expect(fd, "1 MiB");
    char *line;
    assert_int_not_equal(control_read_line(fd, &line, 1000),
                         1); /* the end, or a reset: much was unread */
    close(fd);
    spin();
    assert_int_equal(rig.closed, 1);
}

static void a_slow_reader_gets_all_or_is_closed(void **state)
{
    (void)state;
    int fd = dial();
    assert_int_equal(control_write_line(fd, "{\"cmd\":\"flood\"}"), 0);
    spin(); /* 3 MB wait: more than the socket takes */
    size_t lines = 0, bytes = 0;
    char chunk[65536];
    for (;;) {
        ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (n == 0) break; /* close != 0, once all was written */
        if (n < 0) spin();
        for (ssize_t i = 0; i < n; i++) lines += chunk[i] == '\n';
        if (n > 0) bytes += (size_t)n;
    }
    assert_int_equal(lines, 30);
    assert_int_equal(bytes, 30 * 100001);
    spin();
    assert_int_equal(rig.closed, 1);
    close(fd);

    fd = dial();
    assert_int_equal(control_write_line(fd, "{\"cmd\":\"hello\"}"), 0);
    spin();
    char *big = malloc(1000000);
    memset(big, 'y', 1000000);
    for (int i = 0; i < 6; i++) control_send(rig.control, rig.last, big, 1000000, 0);
    free(big);
    assert_int_equal(rig.closed, 1); /* never from inside control_send() */
    spin();
    assert_int_equal(rig.closed, 2);
    close(fd);
}

static void who_says_no_more_still_gets_the_answer(void **state)
{
    (void)state;
    int fd = dial();
    assert_int_equal(control_write_line(fd, "{\"cmd\":\"later\"}"), 0);
    shutdown(fd, SHUT_WR);
    spin();
    assert_int_equal(rig.lines, 1);
    assert_int_equal(rig.closed, 0);
    control_send(rig.control, rig.last, "{\"ok\":true}", 11, 1);
    expect(fd, "{\"ok\":true}");
    spin();
    assert_int_equal(rig.closed, 1);
    close(fd);
    fd = dial();
    assert_int_equal(control_write_line(fd, "{\"cmd\":\"fire-and-forget\"}"), 0);
    close(fd);
    spin();
    assert_string_equal(rig.verb, "fire-and-forget");
    assert_int_equal(rig.closed, 2);
}

static void too_many_connections_are_turned_away(void **state)
{
    (void)state;
    int fd[70];
    char *line;
    for (int i = 0; i < 70; i++) {
        fd[i] = dial();
        spin();
    }
    assert_int_equal(control_read_line(fd[69], &line, 1000), 0);
    close(fd[0]);
    spin();
    close(fd[69]);
    fd[0] = dial();
    assert_int_equal(control_write_line(fd[0], "{\"cmd\":\"echo\"}"), 0);
    expect(fd[0], "echo");
    for (int i = 0; i < 69; i++) close(fd[i]);
    spin();
    assert_int_equal(rig.closed, 65);
}

static void no_bot_is_a_clear_sentence(void **state)
{
    (void)state;
    char error[256], path[200];
    snprintf(path, sizeof path, "%s/none.sock", rig.dir);
    assert_int_equal(control_connect(path, error, sizeof error), -1);
    assert_non_null(strstr(error, "no bot is running"));
    memset(path, 'a', 150);
    path[150] = '\0';
    assert_int_equal(control_connect(path, error, sizeof error), -1);
    assert_non_null(strstr(error, "too long"));
    struct control_conf conf = { .path = path, .epoll_fd = rig.epoll_fd, .line = on_line };
    assert_null(control_start(&conf, error, sizeof error));
    assert_non_null(strstr(error, "shorter data_dir"));
    conf.path = "/nonexistent/tokobot.sock";
    assert_null(control_start(&conf, error, sizeof error));
    assert_non_null(strstr(error, "cannot make the control socket"));
    /* A socket left behind by a bot that died does not hinder the next one. */
    snprintf(path, sizeof path, "%s/stale", rig.dir);
    assert_int_equal(rename(rig.path, path), 0);
    assert_int_equal(link(path, rig.path), 0);
    unlink(path);
    struct control *second = serve();
    control_stop(rig.control);
    rig.control = second;
    assert_int_equal(access(rig.path, F_OK), -1); /* the first one's stop took the name */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_go_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_lines_get_an_error_and_the_next_one_works, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_line_without_end_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_reader_gets_all_or_is_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(who_says_no_more_still_gets_the_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_connections_are_turned_away, setup, teardown),
        cmocka_unit_test_setup_teardown(no_bot_is_a_clear_sentence, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
