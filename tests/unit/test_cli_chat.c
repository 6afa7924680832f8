/* `tokobot chat` and `tokobot status` against a control socket with a made-up bot behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/cli/cli.h"
#include "core/http/control.h"

#include <fcntl.h>
#include <pthread.h>
#include <json-c/json.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    char dir[64], ini[100], path[128];
    struct control *control;
    pthread_t thread;
    atomic_int stop;
    int epoll_fd;
    int deaf;         /* no verb "chat" */
    struct buf heard; /* what was said, one line each */
    struct buf out, err;
    int rc;
} rig;

static void reply(uint64_t connection, const char *text)
{
    struct buf line = { 0 };
    static int id;
    buf_addf(&line, "{\"from\":\"bot\",\"to\":\"6281100000031\",\"id\":\"SIM%d\",\"text\":", ++id);
    buf_add_json(&line, text, strlen(text));
    buf_addc(&line, '}');
    control_send(rig.control, connection, line.data, line.len, 0);
    buf_free(&line);
}

static void hear(uint64_t connection, struct json_object *o)
{
    struct json_object *say, *quote;
    if (!json_object_object_get_ex(o, "say", &say)) {
        control_send(rig.control, connection, "{\"ok\":true,\"joined\":\"6281100000031\"}", 36, 0);
        return;
    }
    const char *text = json_object_get_string(say);
    buf_addf(&rig.heard, "%s%s|", json_object_object_get_ex(o, "quote", &quote) ? "(quote)" : "",
             text);
    if (strcmp(text, "bye") == 0) {
        control_send(rig.control, connection, "{\"ok\":true}", 11, 1);
        return;
    }
    if (strcmp(text, "bad") == 0) {
        control_send(rig.control, connection, "{\"ok\":false,\"error\":\"no, Kak\"}", 30, 0);
        return;
    }
    control_send(rig.control, connection, "{\"ok\":true,\"id\":\"SAY1\"}", 22, 0);
    struct buf answer = { 0 };
    buf_addf(&answer, "*You said:* %s\nand more", text);
    reply(connection, answer.data);
    buf_free(&answer);
}

static void on_line(void *ctx, uint64_t connection, const char *verb, const char *json, size_t len)
{
    static const char status[] =
        "{\"ok\":true,\"status\":\"healthy\",\"uptime_seconds\":7200,\"degraded\":false,\"plugins\":["
        "{\"name\":\"one\",\"version\":\"0.1.0\"},{\"name\":\"another\",\"version\":\"2\",\"x\":[1]}],"
        "\"queue\":{\"inbox\":0,\"outbox\":12},\"stores\":[],\"tags\":[\"a\",\"b\\u001bc\"],\"note\":null}";
    (void)ctx;
    if (strcmp(verb, "status") == 0) {
        control_send(rig.control, connection, status, sizeof status - 1, 0);
        return;
    }
    if (rig.deaf) {
        control_send(rig.control, connection, "{\"ok\":false,\"error\":\"no such verb\"}", 35, 0);
        return;
    }
    struct json_object *o = json_tokener_parse(json);
    (void)len;
    hear(connection, o);
    json_object_put(o);
}

static void *bot_run(void *arg)
{
    struct epoll_event ev[8];
    (void)arg;
    while (!atomic_load(&rig.stop)) {
        int n = epoll_wait(rig.epoll_fd, ev, 8, 10);
        for (int i = 0; i < n; i++) {
            struct control_source *source = ev[i].data.ptr;
            source->ready(source, ev[i].events);
        }
    }
    return NULL;
}

static void bot_start(void)
{
    struct control_conf conf = { .path = rig.path, .epoll_fd = rig.epoll_fd, .line = on_line };
    char error[256] = "";
    rig.control = control_start(&conf, error, sizeof error);
    if (!rig.control) fail_msg("%s", error);
    atomic_store(&rig.stop, 0);
    pthread_create(&rig.thread, NULL, bot_run, NULL);
}

static void bot_stop(void)
{
    if (!rig.control) return;
    atomic_store(&rig.stop, 1);
    pthread_join(rig.thread, NULL);
    control_stop(rig.control);
    rig.control = NULL;
}

static int setup(void **state)
{
    (void)state;
    log_quiet(1);
    memset(&rig, 0, sizeof rig);
    snprintf(rig.dir, sizeof rig.dir, "/tmp/tokobot-test-XXXXXX");
    if (!mkdtemp(rig.dir)) return -1;
    snprintf(rig.ini, sizeof rig.ini, "%s/bot.ini", rig.dir);
    snprintf(rig.path, sizeof rig.path, "%s/data/tokobot.sock", rig.dir);
    char data[100];
    snprintf(data, sizeof data, "%s/data", rig.dir);
    mkdir(data, 0700);
    FILE *f = fopen(rig.ini, "w");
    if (!f) return -1;
    /* What is wrong elsewhere is not this verb's business. */
    fputs("[core]\nlisten = nonsense\n[plugins]\nabc = on\n[abc]\nx = y\n", f);
    fclose(f);
    rig.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bot_stop();
    close(rig.epoll_fd);
    buf_free(&rig.heard), buf_free(&rig.out), buf_free(&rig.err);
    unlink(rig.ini);
    char data[100];
    snprintf(data, sizeof data, "%s/data", rig.dir);
    rmdir(data);
    return rmdir(rig.dir);
}

static void slurp(int fd, struct buf *out)
{
    char chunk[4096];
    ssize_t n;
    buf_clear(out);
    lseek(fd, 0, SEEK_SET);
    while ((n = read(fd, chunk, sizeof chunk)) > 0) buf_add(out, chunk, (size_t)n);
    close(fd);
}

/* Runs a verb with `input` as its standard input; what it prints is in rig.out and rig.err. */
static int verb(int (*run)(int, char **), const char *input, ...)
{
    char *argv[16];
    int argc = 0;
    va_list args;
    va_start(args, input);
    while (argc < 15 && (argv[argc] = va_arg(args, char *))) argc++;
    va_end(args);
    argv[argc] = NULL;

    int now[3], saved[3], tmp[3];
    char name[] = "/tmp/tokobot-io-XXXXXX";
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 3; i++) {
        strcpy(name + sizeof name - 7, "XXXXXX");
        tmp[i] = mkstemp(name);
        unlink(name);
        saved[i] = dup(i);
        now[i] = dup(tmp[i]);
    }
    assert_int_equal(write(now[0], input, strlen(input)), (ssize_t)strlen(input));
    lseek(now[0], 0, SEEK_SET);
    for (int i = 0; i < 3; i++) dup2(now[i], i);
    clearerr(stdin);
    rewind(stdin);
    rig.rc = run(argc, argv);
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 3; i++) {
        dup2(saved[i], i);
        close(saved[i]);
        close(now[i]);
    }
    close(tmp[0]);
    slurp(tmp[1], &rig.out);
    slurp(tmp[2], &rig.err);
    return rig.rc;
}

static void a_script_gets_its_answers_in_order(void **state)
{
    (void)state;
    bot_start();
    assert_int_equal(verb(cli_chat, "halo\n\n  \nNama: Sepatu\\nHarga: 5\n>reply 1 ya\nlast",
                          "chat", "--as", "0811-0000-0031", "-c", rig.ini, NULL),
                     0);
    assert_string_equal(buf_str(&rig.out),
                        "*You said:* halo\nand more\n*You said:* Nama: Sepatu\nHarga: 5\nand more\n"
                        "*You said:* ya\nand more\n*You said:* last\nand more\n");
    assert_string_equal(buf_str(&rig.err), "");
    bot_stop();
    assert_string_equal(buf_str(&rig.heard), "halo|Nama: Sepatu\nHarga: 5|(quote)ya|last|");
}

static void quiet_says_nothing_and_refusals_show(void **state)
{
    (void)state;
    bot_start();
    assert_int_equal(
        verb(cli_chat, "halo\n", "chat", "--quiet", "--as", "6281100000031", "-c", rig.ini, NULL),
        0);
    assert_string_equal(buf_str(&rig.out), "");
    assert_int_equal(
        verb(cli_chat, "bad\nhalo\n", "chat", "--as=6281100000031", "-c", rig.ini, NULL), 1);
    assert_string_equal(buf_str(&rig.err), "no, Kak\n");
    assert_string_equal(buf_str(&rig.out), "*You said:* halo\nand more\n");
    assert_int_equal(
        verb(cli_chat, "bye\nhalo\n", "chat", "--as=6281100000031", "-c", rig.ini, NULL), 69);
    assert_non_null(strstr(buf_str(&rig.err), "ended the connection"));
    rig.deaf = 1;
    assert_int_equal(verb(cli_chat, "halo\n", "chat", "--as=6281100000031", "-c", rig.ini, NULL),
                     1);
    assert_non_null(strstr(buf_str(&rig.err), "no such verb"));
}

static void wrong_use_is_explained(void **state)
{
    (void)state;
    assert_int_equal(verb(cli_chat, "", "chat", NULL), 64);
    assert_non_null(strstr(buf_str(&rig.err), "usage: tokobot chat"));
    assert_int_equal(verb(cli_chat, "", "chat", "--as", "toko", NULL), 64);
    assert_non_null(strstr(buf_str(&rig.err), "no phone number"));
    assert_int_equal(verb(cli_chat, "", "chat", "--as", "6281100000031", "--nope", NULL), 64);
    assert_int_equal(verb(cli_chat, "", "chat", "--as", "6281100000031", "stray", NULL), 64);
    assert_int_equal(verb(cli_chat, "", "chat", "--help", NULL), 0);
    assert_non_null(strstr(buf_str(&rig.out), "usage:"));
    assert_int_equal(verb(cli_status, "", "status", "stray", NULL), 64);
    assert_int_equal(verb(cli_chat, "", "chat", "--as", "6281100000031", "-c", rig.ini, NULL), 69);
    assert_non_null(strstr(buf_str(&rig.err), "no bot is running"));
    assert_int_equal(verb(cli_status, "", "status", "-c", rig.ini, NULL), 69);
    assert_non_null(strstr(buf_str(&rig.err), "no bot is running"));
    assert_int_equal(verb(cli_status, "", "status", "-c", "/nonexistent/bot.ini", NULL), 78);
    assert_non_null(strstr(buf_str(&rig.err), "/nonexistent/bot.ini"));
    assert_null(strstr(buf_str(&rig.err), "listen"));
}

static void status_is_printed_for_people(void **state)
{
    (void)state;
    bot_start();
    assert_int_equal(verb(cli_status, "", "status", "-c", rig.ini, NULL), 0);
    assert_string_equal(buf_str(&rig.out), "status          healthy\n"
                                           "uptime seconds  7200\n"
                                           "degraded        no\n"
                                           "plugins\n"
                                           "  name     version\n"
                                           "  one      0.1.0\n"
                                           "  another  2\n"
                                           "queue\n"
                                           "  inbox   0\n"
                                           "  outbox  12\n"
                                           "stores          none\n"
                                           "tags            a, b c\n"
                                           "note            -\n");
    assert_int_equal(verb(cli_status, "", "status", "--json", "-c", rig.ini, NULL), 0);
    assert_non_null(strstr(buf_str(&rig.out), "{\"ok\":true,\"status\":\"healthy\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_script_gets_its_answers_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(quiet_says_nothing_and_refusals_show, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_use_is_explained, setup, teardown),
        cmocka_unit_test_setup_teardown(status_is_printed_for_people, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
