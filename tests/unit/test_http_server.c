/* The HTTP server, spoken to over plain sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/http/server.h"
#include "core/base/buf.h"
#include "core/base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- the rig --------------------------------------------------------------------------------- */

/* Requests that handle() kept, answered by a thread of their own. */
static struct {
    pthread_mutex_t lock;
    struct http_request *list[2048];
    unsigned count;
    atomic_int hold; /* 1: keep them for the test */
    atomic_int stop;
    pthread_t thread;
} keeper = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, (ms % 1000) * 1000000 };
    nanosleep(&t, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static unsigned keeper_answer_all(void)
{
    struct http_request *list[2048];
    pthread_mutex_lock(&keeper.lock);
    unsigned count = keeper.count;
    memcpy(list, keeper.list, count * sizeof *list);
    keeper.count = 0;
    pthread_mutex_unlock(&keeper.lock);
    for (unsigned i = 0; i < count; i++) http_answer(list[i], 200, NULL, "{\"ok\":true}", 11, 0);
    return count;
}

static void *keeper_run(void *arg)
{
    (void)arg;
    while (!atomic_load(&keeper.stop))
        if (atomic_load(&keeper.hold) || keeper_answer_all() == 0) sleep_ms(1);
    return NULL;
}

static int test_accept(void *ctx, const char *method, const char *path)
{
    (void)ctx;
    int post =
        strncmp(path, "/keep", 5) == 0 || strcmp(path, "/echo") == 0 || strcmp(path, "/race") == 0;
    int get = strncmp(path, "/get", 4) == 0;
    if (!post && !get) return 404;
    return (post && strcmp(method, "POST") == 0) || (get && strcmp(method, "GET") == 0) ? 1 : 405;
}

static void *answer_now(void *rq)
{
    http_answer(rq, 201, NULL, "{}", 2, 0);
    return NULL;
}

static enum http_verdict test_handle(void *ctx, struct http_request *rq)
{
    (void)ctx;
    size_t len;
    const char *path = http_request_path(rq), *body = http_request_body(rq, &len);
    if (strcmp(path, "/echo") == 0) {
        http_answer(rq, 200, "text/plain", body, len, 0);
        return HTTP_ANSWERED;
    }
    if (strcmp(path, "/get") == 0) {
        char text[256];
        const char *q = http_request_query(rq, "q"), *h = http_request_header(rq, "x-test");
        int n = snprintf(text, sizeof text, "%s q=%s h=%s loop=%d", http_request_method(rq),
                         q ? q : "-", h ? h : "-", http_request_is_loopback(rq));
        http_answer(rq, 200, NULL, text, (size_t)n, 0);
        return HTTP_ANSWERED;
    }
    if (strcmp(path, "/race") == 0) { /* another thread answers before handle() returns */
        pthread_t t;
        pthread_create(&t, NULL, answer_now, rq);
        pthread_join(t, NULL);
        return HTTP_KEPT;
    }
    if (strcmp(path, "/get/nothing") == 0) return HTTP_ANSWERED; /* a bug in the handler */
    pthread_mutex_lock(&keeper.lock);
    keeper.list[keeper.count++] = rq;
    pthread_mutex_unlock(&keeper.lock);
    return HTTP_KEPT;
}

static struct http_server_conf conf_default(void)
{
    return (struct http_server_conf){
        .listen_fd = -1,
        .listen = "127.0.0.1:0",
        .accept = test_accept,
        .handle = test_handle,
    };
}

static struct http_server *start(const struct http_server_conf *conf)
{
    char error[256] = "";
    struct http_server *s = http_server_start(conf, error, sizeof error);
    if (!s) fail_msg("%s", error);
    return s;
}

static int dial(const struct http_server *s)
{
    struct sockaddr_in sa = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)http_server_port(s)) };
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        text += n;
        len -= (size_t)n;
    }
}

static int readable(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, ms) == 1;
}

/* Reads one response (by its Content-Length; no_body: HEAD). Returns its status, 0 at the end, -1
 * late. */
static int hear_head(int fd, char *out, size_t cap, int no_body)
{
    size_t len = 0;
    for (;;) {
        out[len] = '\0';
        char *end = strstr(out, "\r\n\r\n");
        if (end) {
            char *cl = strcasestr(out, "Content-Length: ");
            size_t want =
                (size_t)(end + 4 - out) + (cl && !no_body ? strtoul(cl + 16, NULL, 10) : 0);
            if (len >= want) return atoi(out + 9);
        }
        if (!readable(fd, 5000)) return -1;
        ssize_t n = recv(fd, out + len, cap - 1 - len, 0);
        if (n <= 0) return 0;
        len += (size_t)n;
    }
}

static int hear(int fd, char *out, size_t cap)
{
    return hear_head(fd, out, cap, 0);
}

static int closed(int fd, int ms)
{
    char c;
    return readable(fd, ms) && recv(fd, &c, 1, 0) <= 0;
}

static void post(int fd, const char *path, const char *body)
{
    char head[256];
    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", path,
             strlen(body));
    say(fd, head);
    say(fd, body);
}

static unsigned wait_kept(unsigned wanted)
{
    unsigned n = 0;
    for (int i = 0; i < 3000 && n < wanted; i++) {
        pthread_mutex_lock(&keeper.lock);
        n = keeper.count;
        pthread_mutex_unlock(&keeper.lock);
        if (n < wanted) sleep_ms(1);
    }
    return n;
}

static void wait_requests(struct http_server *s, unsigned wanted)
{
    struct http_server_stats stats = { 0 };
    for (int i = 0; i < 3000 && stats.requests < wanted; i++) {
        sleep_ms(1);
        http_server_stats(s, &stats);
    }
    assert_int_equal(stats.requests, wanted);
}

static int setup(void **state)
{
    (void)state;
    log_quiet(1);
    signal(SIGPIPE, SIG_IGN);
    keeper.count = 0;
    atomic_store(&keeper.stop, 0);
    atomic_store(&keeper.hold, 0);
    return pthread_create(&keeper.thread, NULL, keeper_run, NULL);
}

static int teardown(void **state)
{
    (void)state;
    atomic_store(&keeper.stop, 1);
    return pthread_join(keeper.thread, NULL);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answers_on_one_connection(void **state)
{
    (void)state;
    char in[4096];
    struct http_server_conf conf = conf_default();
    struct http_server *s = start(&conf);
    int fd = dial(s);
    post(fd, "/echo", "halo Kak");
    assert_int_equal(hear(fd, in, sizeof in), 200);
    assert_non_null(strstr(in, "\r\n\r\nhalo Kak"));
    assert_non_null(strstr(in, "Content-Type: text/plain"));
    assert_null(strcasestr(in, "\r\nServer:"));
    say(fd, "GET /get?q=a%20b+c HTTP/1.1\r\nHost: x\r\nX-Test: 7\r\n\r\n");
    assert_int_equal(hear(fd, in, sizeof in), 200);
    assert_non_null(strstr(in, "GET q=a b c h=7 loop=1"));
    assert_non_null(strstr(in, "Content-Type: application/json"));
    say(fd, "HEAD /get HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(hear_head(fd, in, sizeof in, 1), 200);
    assert_non_null(strstr(in, "Content-Length: 18")); /* as GET would have it */
    assert_null(strstr(in, "loop="));
    post(fd, "/keep", "{}");
    assert_int_equal(hear(fd, in, sizeof in), 200);
    assert_non_null(strstr(in, "{\"ok\":true}"));
    post(fd, "/race", "{}");
    assert_int_equal(hear(fd, in, sizeof in), 201);
    post(fd, "/echo", "");
    assert_int_equal(hear(fd, in, sizeof in), 200);
    say(fd, "GET /get/nothing HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(hear(fd, in, sizeof in), 500);
    struct http_server_stats stats;
    http_server_stats(s, &stats);
    assert_int_equal(stats.requests, 7);
    assert_int_equal(stats.connections, 1);
    assert_int_equal(stats.kept, 0);
    close(fd);
    http_server_stop(s);
}

static void unknown_paths_and_methods_are_refused(void **state)
{
    (void)state;
    char in[4096];
    struct http_server_conf conf = conf_default();
    struct http_server *s = start(&conf);
    int fd = dial(s);
    say(fd, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(hear(fd, in, sizeof in), 404);
    post(fd, "/nowhere", "a small body is read, the connection stays");
    assert_int_equal(hear(fd, in, sizeof in), 404);
    post(fd, "/get", "x");
    assert_int_equal(hear(fd, in, sizeof in), 405);
    assert_non_null(strstr(in, "Allow: GET, HEAD\r\n"));
    say(fd, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(hear(fd, in, sizeof in), 405);
    assert_non_null(strstr(in, "Allow: POST\r\n"));
    say(fd, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"); /* at once */
    assert_int_equal(hear(fd, in, sizeof in), 404);
    close(fd);

    fd = dial(s);
    char *long_head = malloc(70000);
    memset(long_head, 'a', 69999);
    long_head[69999] = '\0';
    say(fd, "GET /get HTTP/1.1\r\nX-Long: ");
    ssize_t n = send(fd, long_head, 69999, MSG_NOSIGNAL);
    (void)n;
    free(long_head);
    int status = hear(fd, in, sizeof in);
    assert_true(status == 431 || status == 413 || status == 0);
    close(fd);
    fd = dial(s);
    say(fd, "NONSENSE\r\n\r\n");
    status = hear(fd, in, sizeof in);
    assert_true(status == 400 || status == 0);
    close(fd);
    http_server_stop(s);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void a_body_too_large_is_refused_unread(void **state)
{
    (void)state;
    char in[4096];
    struct http_server_conf conf = conf_default();
    struct http_server *s = start(&conf);
    int fd = dial(s);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n\r\n");
    assert_int_equal(hear(fd, in, sizeof in), 413);
    assert_non_null(strstr(in, "Connection: close"));
    close(fd);

    /* A client that sends it all the same must still see the answer, not a reset. */
    fd = dial(s);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6000000\r\n\r\n");
    char *body = calloc(1, 6000000);
    size_t sent = 0;
    while (sent < 6000000) {
        ssize_t n = send(fd, body + sent, 6000000 - sent, MSG_NOSIGNAL);
        assert_true(n > 0);
        sent += (size_t)n;
    }
    free(body);
    assert_int_equal(hear(fd, in, sizeof in), 413);
    assert_true(closed(fd, 3000));
    close(fd);

    fd = dial(s);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n");
    int status = hear(fd, in, sizeof in);
    assert_true(status == 413 || status == 400);
    close(fd);
    struct http_server_stats stats;
    http_server_stats(s, &stats);
    assert_int_equal(stats.refused_size, 2);
    assert_int_equal(stats.inflight_bytes, 0);
    http_server_stop(s);
}

static void a_chunked_body_is_taken_until_it_is_too_large(void **state)
{
    (void)state;
    char in[4096];
    struct http_server_conf conf = conf_default();
    conf.max_body = 10000;
    struct http_server *s = start(&conf);
    int fd = dial(s);
    say(fd,
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalo\r\n4\r\n Kak"
        "\r\n0\r\n\r\n");
    assert_int_equal(hear(fd, in, sizeof in), 200);
    assert_non_null(strstr(in, "\r\n\r\nhalo Kak"));
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    char chunk[1100];
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "3e8\r\n", 5);
    memcpy(chunk + 5 + 1000, "\r\n", 3);
    for (int i = 0; i < 11; i++) say(fd, chunk);
    say(fd, "0\r\n\r\n");
    assert_int_equal(hear(fd, in, sizeof in), 413);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 10; i++) say(fd, chunk);
    say(fd, "0\r\n\r\n");
    char big[16384];
    assert_int_equal(hear(fd, big, sizeof big), 200);
    close(fd);
    http_server_stop(s);
}

static void too_many_bodies_in_flight_are_put_off(void **state)
{
    (void)state;
    char in[4096];
    struct http_server_conf conf = conf_default();
    conf.max_body = 1000;
    conf.max_inflight = 3000;
    struct http_server *s = start(&conf);
    int held[3];
    for (int i = 0; i < 3; i++) {
        held[i] = dial(s);
        say(held[i], "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc");
    }
    struct http_server_stats stats = { 0 };
    for (int i = 0; i < 1000 && stats.inflight_bytes < 3000; i++) {
        sleep_ms(1);
        http_server_stats(s, &stats);
    }
    assert_int_equal(stats.inflight_bytes, 3000);
    int fd = dial(s);
    post(fd, "/echo", "x");
    assert_int_equal(hear(fd, in, sizeof in), 503);
    assert_non_null(strstr(in, "Retry-After: 2"));
    close(held[0]);
    int status = 503;
    for (int i = 0; i < 1000 && status == 503; i++) {
        sleep_ms(1);
        post(fd, "/echo", "x");
        status = hear(fd, in, sizeof in);
    }
    assert_int_equal(status, 200);
    http_server_stats(s, &stats);
    assert_true(stats.refused_busy >= 1);
    close(fd);
    close(held[1]);
    close(held[2]);
    http_server_stop(s);
}

static void a_request_that_does_not_arrive_is_dropped(void **state)
{
    (void)state;
    char in[4096];
    struct http_server_conf conf = conf_default();
    conf.patience_ms = 300;
    struct http_server *s = start(&conf);
    int body = dial(s), head = dial(s), idle = dial(s), used = dial(s);
    say(body, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    post(used, "/echo", "x");
    assert_int_equal(hear(used, in, sizeof in), 200);
    sleep_ms(200);
    say(head, "GET /get HTTP/1.1\r\n");
    say(used, "GET /get HTTP/1.1\r\n");
    int64_t until = now_ms() + 3000;
    int alive = 2;
    while (alive > 0 && now_ms() < until) { /* one byte now and then helps neither */
        sleep_ms(50);
        alive = 0;
        if (send(head, "X", 1, MSG_NOSIGNAL) == 1 && !closed(head, 0)) alive++;
        if (send(used, "X", 1, MSG_NOSIGNAL) == 1 && !closed(used, 0)) alive++;
    }
    assert_int_equal(alive, 0);
    assert_true(closed(body, 1000));
    post(idle, "/echo", "x"); /* who says nothing at all may stay */
    assert_int_equal(hear(idle, in, sizeof in), 200);
    close(body), close(head), close(idle), close(used);
    http_server_stop(s);
}

/* ---- kept requests --------------------------------------------------------------------------- */

static void a_client_that_left_does_no_harm(void **state)
{
    (void)state;
    struct http_server_conf conf = conf_default();
    struct http_server *s = start(&conf);
    atomic_store(&keeper.hold, 1);
    for (int i = 0; i < 20; i++) {
        int fd = dial(s);
        post(fd, "/keep", "{\"a\":1}");
        assert_int_equal(wait_kept((unsigned)i + 1), i + 1);
        struct linger reset = { 1, 0 };
        if (i % 2) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    sleep_ms(20);
    assert_int_equal(keeper_answer_all(), 20);
    struct http_server_stats stats = { .connections = 1 };
    for (int i = 0; i < 2000 && stats.connections; i++) {
        sleep_ms(1);
        http_server_stats(s, &stats);
    }
    assert_int_equal(stats.connections, 0);
    assert_int_equal(stats.inflight_bytes, 0);
    http_server_stop(s);
}

/* Answers while the server stops; it cannot end before, since it waits for the half request. */
static void *answer_all_soon(void *half)
{
    struct timespec t = { 0, 50000 };
    nanosleep(&t, NULL);
    keeper_answer_all();
    shutdown(*(int *)half, SHUT_RDWR);
    return NULL;
}

static void a_stop_answers_what_is_kept(void **state)
{
    (void)state;
    char in[4096];
    for (int round = 0; round < 20; round++) {
        struct http_server_conf conf = conf_default();
        struct http_server *s = start(&conf);
        atomic_store(&keeper.hold, 1);
        int fd[8];
        for (int i = 0; i < 8; i++) {
            fd[i] = dial(s);
            post(fd[i], "/keep", "{}");
        }
        int idle = dial(s), half = dial(s);
        say(half, "POST /keep HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
        assert_int_equal(wait_kept(8), 8);
        wait_requests(s, 9); /* a stop takes in nobody new, and the half one is to hold it up */
        pthread_t t;
        int racing = round % 2;
        if (racing)
            pthread_create(&t, NULL, answer_all_soon, &half);
        else
            shutdown(half, SHUT_RDWR);
        http_server_stop(s);
        if (racing) pthread_join(t, NULL);
        for (int i = 0; i < 8; i++) {
            int status = hear(fd[i], in, sizeof in);
            if (racing)
                assert_true(status == 200 || status == 503);
            else
                assert_int_equal(status, 503);
            if (status == 503) assert_non_null(strstr(in, "Retry-After: 2"));
            assert_true(closed(fd[i], 1000));
            close(fd[i]);
        }
        assert_true(closed(idle, 1000));
        close(idle), close(half);
        keeper.count = 0;
    }
}

/* Many connections on few threads, every request suspended: none may be forgotten. */
static void five_hundred_connections_never_hang(void **state)
{
    (void)state;
    enum { CONNECTIONS = 512, ROUNDS = 60 };
    static struct pollfd fds[CONNECTIONS];
    static unsigned done[CONNECTIONS];
    char in[1024];
    struct http_server_conf conf = conf_default();
    struct http_server *s = start(&conf);
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = (struct pollfd){ .fd = dial(s), .events = POLLIN };
        done[i] = 0;
        post(fds[i].fd, "/keep", "{\"event\":\"message\"}");
    }
    unsigned left = CONNECTIONS;
    while (left > 0) {
        int n = poll(fds, CONNECTIONS, 10000);
        if (n <= 0) fail_msg("%u of %d connections hang", left, CONNECTIONS);
        for (int i = 0; i < CONNECTIONS; i++) {
            if (!fds[i].revents) continue;
            assert_int_equal(hear(fds[i].fd, in, sizeof in), 200);
            if (++done[i] == ROUNDS) {
                close(fds[i].fd);
                fds[i].fd = -1;
                left--;
            } else {
                post(fds[i].fd, "/keep", "{\"event\":\"message\"}");
            }
        }
    }
    http_server_stop(s);
}

/* ---- listening ------------------------------------------------------------------------------- */

static void bad_addresses_are_explained(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          "5000",     "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:x",
        "[::1:5000", "::1:5000", "host:5000", ":5000",      "127.0.0.1:5000x", "256.0.0.1:5000"
    };
    char error[256];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error[0] = '\0';
        assert_int_equal(http_listen(bad[i], error, sizeof error), -1);
        assert_non_null(strstr(error, "write it as 127.0.0.1:5000"));
    }
    assert_int_equal(http_listen("203.0.113.7:5000", error, sizeof error), -1);
    assert_non_null(strstr(error, "no address 203.0.113.7"));

    struct http_server_conf conf = conf_default();
    struct http_server *s = start(&conf);
    char listen_on[32], expected[64];
    snprintf(listen_on, sizeof listen_on, "localhost:%d", http_server_port(s));
    snprintf(expected, sizeof expected, "port %d is in use", http_server_port(s));
    conf.listen = listen_on;
    assert_null(http_server_start(&conf, error, sizeof error));
    assert_non_null(strstr(error, expected));
    http_server_stop(s);
    s = start(&conf); /* and at once again */
    http_server_stop(s);
}

static void listens_on_ipv6_and_one_thread(void **state)
{
    (void)state;
    char in[1024], error[256];
    int fd = http_listen("[::1]:0", error, sizeof error);
    if (fd < 0) skip(); /* a machine without IPv6 */
    struct http_server_conf conf = conf_default();
    conf.listen_fd = fd;
    conf.threads = 1;
    struct http_server *s = start(&conf);
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)http_server_port(s)) };
    sa.sin6_addr = in6addr_loopback;
    int c = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(c, (struct sockaddr *)&sa, sizeof sa), 0);
    say(c, "GET /get HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(hear(c, in, sizeof in), 200);
    assert_non_null(strstr(in, "loop=1"));
    close(c);
    http_server_stop(s);
}

/* The supervisor keeps the listening socket: a stopped server must leave it alive. */
static void an_inherited_socket_survives_the_server(void **state)
{
    (void)state;
    char in[1024], error[256];
    int fd = http_listen("127.0.0.1:0", error, sizeof error);
    assert_true(fd >= 0);
    int supervisor = dup(fd);
    struct http_server_conf conf = conf_default();
    conf.listen_fd = fd;
    struct http_server *s = start(&conf);
    int first = dial(s);
    post(first, "/echo", "x");
    assert_int_equal(hear(first, in, sizeof in), 200);
    int second = -1;
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    getsockname(supervisor, (struct sockaddr *)&sa, &len);
    http_server_stop(s);
    second = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(second, (struct sockaddr *)&sa, sizeof sa), 0); /* between two hosts */
    post(second, "/echo", "y");
    conf.listen_fd = supervisor;
    s = start(&conf);
    assert_int_equal(hear(second, in, sizeof in), 200);
    close(first), close(second);
    http_server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_on_one_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_paths_and_methods_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_too_large_is_refused_unread, setup, teardown),
        cmocka_unit_test_setup_teardown(a_chunked_body_is_taken_until_it_is_too_large, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(too_many_bodies_in_flight_are_put_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_that_does_not_arrive_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_that_left_does_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_answers_what_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(five_hundred_connections_never_hang, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_addresses_are_explained, setup, teardown),
        cmocka_unit_test_setup_teardown(listens_on_ipv6_and_one_thread, setup, teardown),
        cmocka_unit_test_setup_teardown(an_inherited_socket_survives_the_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
