/* The HTTP client, against our own server and against hand-made servers that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/base/shared.h"
#include "core/http/client.h"
#include "core/http/server.h"
#include "core/base/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- the rig --------------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct http_job *first; /* done, newest first */
    unsigned count;
} finished = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static struct http_client *client;
static struct http_server *server;
static char base[64];

static void job_done(void *ctx, struct http_job *job)
{
    (void)ctx;
    pthread_mutex_lock(&finished.lock);
    job->next = finished.first;
    finished.first = job;
    finished.count++;
    pthread_cond_signal(&finished.more);
    pthread_mutex_unlock(&finished.lock);
}

/* The oldest finished job, or NULL after five seconds. */
static struct http_job *take(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    struct http_job *job = NULL;
    pthread_mutex_lock(&finished.lock);
    while (!finished.first)
        if (pthread_cond_timedwait(&finished.more, &finished.lock, &until) != 0) break;
    struct http_job **link = &finished.first;
    while (*link && (*link)->next) link = &(*link)->next;
    if (*link) {
        job = *link;
        *link = NULL;
        finished.count--;
    }
    pthread_mutex_unlock(&finished.lock);
    assert_non_null(job);
    return job;
}

static struct http_job *job_new(const char *method, const char *url, const char *headers,
                                const char *body)
{
    static uint64_t id;
    struct http_job *job = xcalloc(1, sizeof *job);
    job->id = ++id;
    job->method = xstrdup(method);
    job->url = xstrdup(url);
    job->headers = xstrdup(headers);
    job->body = xstrdup(body);
    job->body_len = body ? strlen(body) : 0;
    job->timeout_ms = 3000;
    return job;
}

static struct http_job *run(const char *method, const char *url, const char *headers,
                            const char *body)
{
    http_client_submit(client, job_new(method, url, headers, body));
    return take();
}

static const char *url_of(const char *path)
{
    static char url[128];
    snprintf(url, sizeof url, "%s%s", base, path);
    return url;
}

static int any_path(void *ctx, const char *method, const char *path)
{
    (void)ctx, (void)method, (void)path;
    return 1;
}

static enum http_verdict serve(void *ctx, struct http_request *rq)
{
    (void)ctx;
    struct buf out = { 0 };
    size_t len;
    const char *body = http_request_body(rq, &len), *path = http_request_path(rq);
    const char *key = http_request_header(rq, "X-Api-Key"),
               *type = http_request_header(rq, "Content-Type");
    const char *agent = http_request_header(rq, "User-Agent");
    if (strcmp(path, "/big") == 0) {
        buf_reserve(&out, 100000);
        while (out.len < 100000) buf_addc(&out, 'x');
    } else {
        buf_addf(&out, "%s %s key=%s type=%s agent=%s expect=%s body=%.*s", http_request_method(rq),
                 path, key ? key : "-", type ? type : "-", agent ? agent : "-",
                 http_request_header(rq, "Expect") ? "yes" : "no", (int)(len > 64 ? 64 : len),
                 body);
    }
    http_answer(rq, strcmp(path, "/missing") == 0 ? 404 : 200, NULL, out.data, out.len, 0);
    buf_free(&out);
    return HTTP_ANSWERED;
}

static int setup(void **state)
{
    (void)state;
    char error[256] = "";
    log_quiet(1);
    struct http_server_conf conf = {
        .listen_fd = -1, .listen = "127.0.0.1:0", .accept = any_path, .handle = serve
    };
    server = http_server_start(&conf, error, sizeof error);
    if (!server) fail_msg("%s", error);
    snprintf(base, sizeof base, "http://127.0.0.1:%d", http_server_port(server));
    struct http_client_conf cc = { .done = job_done };
    client = http_client_start(&cc);
    return client ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    http_client_stop(client);
    http_server_stop(server);
    assert_int_equal(finished.count, 0);
    return 0;
}

static void a_body_in_two_hands_arrives_as_one(void **state)
{
    (void)state;
    static const char data[] = "somebody else's";
    char *copy = xstrdup(data);
    struct http_job *job = job_new("POST", url_of("/file"), NULL, "{\"data\":\"\"}");
    job->held = shared_new(free, copy);
    job->middle = copy;
    job->middle_len = sizeof data - 1;
    job->middle_at = 9;
    http_client_submit(client, job);
    job = take();
    assert_int_equal(job->status, 200);
    assert_non_null(strstr(buf_str(&job->answer), "body={\"data\":\"somebody else's\"}"));
    http_job_free(job);
    job = job_new("POST", "http://127.0.0.1:1/", NULL, "<>"); /* never sent */
    job->held = shared_new(free, xstrdup(data));
    http_job_free(job);
}

/* A server made by hand: what it has read of each request is counted by its request lines. */
enum manner { ANSWER_THEN_DIE, NEVER_ANSWER, CLOSE_AT_ONCE, ANSWER_HALF };
struct crooked {
    int fd, port;
    enum manner manner;
    atomic_int requests, connections, stop;
    pthread_t thread;
};

/* Reads until a whole request (head and Content-Length) is there. 0 when the client left. */
static int crooked_read(struct crooked *s, int c)
{
    char in[8192];
    size_t len = 0;
    for (;;) {
        in[len] = '\0';
        char *end = strstr(in, "\r\n\r\n"), *cl = strcasestr(in, "Content-Length: ");
        if (end && len >= (size_t)(end + 4 - in) + (cl ? strtoul(cl + 16, NULL, 10) : 0)) return 1;
        struct pollfd p = { .fd = c, .events = POLLIN };
        if (atomic_load(&s->stop)) return 0;
        if (poll(&p, 1, 10) == 0) continue;
        ssize_t n = recv(c, in + len, sizeof in - 1 - len, 0);
        if (n <= 0) return 0;
        len += (size_t)n;
    }
}

static void crooked_serve(struct crooked *s, int c)
{
    static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok";
    for (int i = 0; s->manner != CLOSE_AT_ONCE && crooked_read(s, c); i++) {
        atomic_fetch_add(&s->requests, 1);
        if (s->manner == ANSWER_THEN_DIE && i > 0) return; /* the second one is read, and dies */
        if (s->manner == ANSWER_THEN_DIE) send(c, good, sizeof good - 1, MSG_NOSIGNAL);
        if (s->manner == ANSWER_HALF) {
            send(c, half, sizeof half - 1, MSG_NOSIGNAL);
            return;
        }
        while (s->manner == NEVER_ANSWER && !atomic_load(&s->stop)) {
            struct pollfd p = { .fd = c, .events = POLLIN };
            char byte;
            if (poll(&p, 1, 10) == 1 && recv(c, &byte, 1, 0) <= 0) return;
        }
    }
}

static void *crooked_run(void *arg)
{
    struct crooked *s = arg;
    while (!atomic_load(&s->stop)) {
        struct pollfd p = { .fd = s->fd, .events = POLLIN };
        if (poll(&p, 1, 10) != 1) continue;
        int c = accept(s->fd, NULL, NULL);
        if (c < 0) continue;
        atomic_fetch_add(&s->connections, 1);
        crooked_serve(s, c);
        close(c);
    }
    return NULL;
}

static const char *crooked_start(struct crooked *s, enum manner manner)
{
    static char url[64];
    char error[256];
    memset(s, 0, sizeof *s);
    s->manner = manner;
    s->fd = http_listen("127.0.0.1:0", error, sizeof error);
    assert_true(s->fd >= 0);
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    getsockname(s->fd, (struct sockaddr *)&sa, &len);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/send", ntohs(sa.sin_port));
    pthread_create(&s->thread, NULL, crooked_run, s);
    return url;
}

static void crooked_stop(struct crooked *s)
{
    atomic_store(&s->stop, 1);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

/* ---- what works ------------------------------------------------------------------------------ */

static void sends_method_headers_and_body(void **state)
{
    (void)state;
    struct http_job *job = run("POST", url_of("/a"), "X-Api-Key: k1\nX-Empty:\r\n", "{\"a\":1}");
    assert_int_equal(job->error, HTTP_OK);
    assert_int_equal(job->status, 200);
    assert_int_equal(job->sent, 1);
    assert_string_equal(job->message, "");
    assert_string_equal(buf_str(&job->answer),
                        "POST /a key=k1 type=application/json "
                        "agent=Tokobot/" TOKOBOT_VERSION " expect=no body={\"a\":1}");
    http_job_free(job);
    job =
        run("GET", url_of("/b"), NULL, NULL); /* the same handle, nothing left of the job before */
    assert_non_null(strstr(buf_str(&job->answer), "GET /b key=- type=- "));
    assert_non_null(strstr(buf_str(&job->answer), " body="));
    http_job_free(job);
    job = run("PUT", url_of("/c"), "Content-Type: text/plain", "x");
    assert_non_null(strstr(buf_str(&job->answer), "PUT /c key=- type=text/plain "));
    http_job_free(job);
    job = run("DELETE", url_of("/d"), NULL, NULL);
    assert_non_null(strstr(buf_str(&job->answer), "DELETE /d "));
    http_job_free(job);
    job = run("POST", url_of("/e"), NULL, NULL);
    assert_non_null(strstr(buf_str(&job->answer), "POST /e key=- type=- "));
    http_job_free(job);
    job = run("HEAD", url_of("/f"), NULL, NULL);
    assert_int_equal(job->status, 200);
    assert_int_equal(job->answer.len, 0);
    http_job_free(job);
    job = run("GET", url_of("/missing"), NULL, NULL);
    assert_int_equal(job->error, HTTP_OK);
    assert_int_equal(job->status, 404);
    http_job_free(job);

    char *large = xcalloc(1, 1500001);
    memset(large, 'y', 1500000);
    job = run("POST", url_of("/large"), NULL, large);
    free(large);
    assert_int_equal(job->status, 200);
    assert_non_null(strstr(buf_str(&job->answer), "expect=no body=yyy"));
    http_job_free(job);
    struct http_server_stats stats;
    http_server_stats(server, &stats);
    assert_int_equal(stats.connections, 1); /* kept alive all along */
}

static void many_jobs_share_few_connections(void **state)
{
    (void)state;
    enum { JOBS = 20000 };
    struct timespec t0, t1;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    for (int i = 0; i < JOBS; i++) {
        struct http_job *job = job_new("POST", url_of("/many"), "X-Api-Key: k1", "{\"a\":1}");
        job->timeout_ms = 60000;
        http_client_submit(client, job);
    }
    for (int i = 0; i < JOBS; i++) {
        struct http_job *job;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 10;
        pthread_mutex_lock(&finished.lock);
        while (!finished.first)
            if (pthread_cond_timedwait(&finished.more, &finished.lock, &until) != 0) break;
        job = finished.first;
        if (job) {
            finished.first = job->next;
            finished.count--;
        }
        pthread_mutex_unlock(&finished.lock);
        assert_non_null(job);
        assert_int_equal(job->status, 200);
        http_job_free(job);
    }
    clock_gettime(CLOCK_MONOTONIC, &t1);
    double seconds = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
    print_message("%d jobs in %.2f s: %.0f/s\n", JOBS, seconds, JOBS / seconds);
    struct http_server_stats stats;
    http_server_stats(server, &stats);
    assert_true(stats.connections <= 16);
}

/* ---- what does not work ---------------------------------------------------------------------- */

static void what_was_never_sent_is_known(void **state)
{
    (void)state;
    char error[256], url[64];
    int fd = http_listen("127.0.0.1:0", error, sizeof error);
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    getsockname(fd, (struct sockaddr *)&sa, &len);
    close(fd); /* nobody listens there now */
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(sa.sin_port));
    const char *const bad[][2] = { { url, "connect" },
                                   { "http://no-such-host.invalid/", "" },
                                   { "ftp://127.0.0.1/", "http://" },
                                   { "file:///etc/passwd", "http://" },
                                   { "", "http://" },
                                   { "http:///x", "" },
                                   { "http://127.0.0.1:99999/", "" } };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_job *job = run("POST", bad[i][0], NULL, "{}");
        assert_int_not_equal(job->error, HTTP_OK); /* a resolver may also just be slow */
        assert_int_equal(job->sent, 0);
        assert_int_equal(job->status, 0);
        assert_true(job->message[0]);
        assert_non_null(strcasestr(job->message, bad[i][1]));
        http_job_free(job);
    }
    struct http_job *job = run("GET", url_of("/"), "no colon here", NULL);
    assert_int_equal(job->error, HTTP_EIO);
    assert_non_null(strstr(job->message, "header"));
    http_job_free(job);
    job = run("GET / HTTP/1.1\r\nX: y", url_of("/"), NULL, NULL);
    assert_int_equal(job->error, HTTP_EIO);
    assert_non_null(strstr(job->message, "method"));
    http_job_free(job);
}

/* curl repeats a request whose kept connection died before the answer: never one that may have
 * acted. */
static void a_post_is_not_repeated_on_a_dead_connection(void **state)
{
    (void)state;
    struct crooked s;
    const char *url = crooked_start(&s, ANSWER_THEN_DIE);
    struct http_job *job = run("POST", url, NULL, "{\"text\":\"1\"}");
    assert_int_equal(job->status, 200);
    http_job_free(job);
    job = run("POST", url, NULL, "{\"text\":\"2\"}");
    assert_int_equal(job->error, HTTP_EIO);
    assert_int_equal(job->sent, 1);
    assert_non_null(strstr(job->message, "not repeated"));
    http_job_free(job);
    assert_int_equal(atomic_load(&s.requests), 2);
    crooked_stop(&s);

    url = crooked_start(&s, ANSWER_THEN_DIE); /* a GET may be */
    http_job_free(run("GET", url, NULL, NULL));
    job = run("GET", url, NULL, NULL);
    assert_int_equal(job->error, HTTP_OK);
    assert_int_equal(job->status, 200);
    http_job_free(job);
    assert_int_equal(atomic_load(&s.requests), 3);
    crooked_stop(&s);
}

static void broken_answers_are_errors(void **state)
{
    (void)state;
    struct crooked s;
    const char *url = crooked_start(&s, ANSWER_HALF);
    struct http_job *job = run("POST", url, NULL, "{}");
    assert_int_equal(job->error, HTTP_EIO);
    assert_int_equal(job->sent, 1);
    assert_int_equal(job->answer.len, 0);
    http_job_free(job);
    crooked_stop(&s);
    url = crooked_start(&s, CLOSE_AT_ONCE);
    job = run("POST", url, NULL, "{}");
    assert_int_equal(job->error, HTTP_EIO);
    http_job_free(job);
    crooked_stop(&s);

    job = job_new("GET", url_of("/big"), NULL, NULL);
    job->max_bytes = 99999;
    http_client_submit(client, job);
    job = take();
    assert_int_equal(job->error, HTTP_ETOOBIG);
    http_job_free(job);
    job = job_new("GET", url_of("/big"), NULL, NULL);
    job->max_bytes = 100000;
    http_client_submit(client, job);
    job = take();
    assert_int_equal(job->error, HTTP_OK);
    assert_int_equal(job->answer.len, 100000);
    http_job_free(job);
}

static void a_slow_server_times_out_and_holds_nobody_else(void **state)
{
    (void)state;
    struct crooked s;
    const char *url = crooked_start(&s, NEVER_ANSWER);
    for (int i = 0; i < 20; i++) { /* 16 connections and a line behind them */
        struct http_job *job = job_new("POST", url, NULL, "{}");
        job->timeout_ms = i < 16 ? 600 : 300; /* the line's time is up before a place is free */
        http_client_submit(client, job);
    }
    struct http_job *job = run("GET", url_of("/quick"), NULL, NULL);
    assert_int_equal(job->status, 200); /* it did not wait for them */
    http_job_free(job);
    int unsent = 0;
    for (int i = 0; i < 20; i++) {
        job = take();
        assert_int_equal(job->error, HTTP_ETIMEDOUT);
        assert_true(job->message[0]);
        unsent += !job->sent;
        http_job_free(job);
    }
    assert_int_equal(unsent, 4); /* those that only stood in the line */
    crooked_stop(&s);
}

static void jobs_can_be_cancelled(void **state)
{
    (void)state;
    struct crooked s;
    const char *url = crooked_start(&s, NEVER_ANSWER);
    uint64_t ids[20];
    for (int i = 0; i < 20; i++) {
        struct http_job *job = job_new("POST", url, NULL, "{}");
        ids[i] = job->id;
        http_client_submit(client, job);
    }
    http_client_cancel(client, ids[19]); /* in the line */
    struct http_job *job = take();
    assert_int_equal(job->id, ids[19]);
    assert_int_equal(job->error, HTTP_ECANCELED);
    assert_int_equal(job->sent, 0);
    http_job_free(job);
    while (atomic_load(&s.requests) == 0) usleep(1000);
    http_client_cancel(client, 999999);
    for (int i = 0; i < 10; i++) http_client_cancel(client, ids[i]); /* on their connections */
    for (int i = 0; i < 10; i++) {
        job = take();
        assert_int_equal(job->error, HTTP_ECANCELED);
        http_job_free(job);
    }
    http_client_stop(client); /* and the other nine */
    client = NULL;
    for (int i = 0; i < 9; i++) {
        job = take();
        assert_int_equal(job->error, HTTP_ECANCELED);
        http_job_free(job);
    }
    crooked_stop(&s);
}

static void many_header_sets_do_not_pile_up(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        char headers[64], expected[32];
        snprintf(headers, sizeof headers, "X-Api-Key: number-%d", i);
        snprintf(expected, sizeof expected, "key=number-%d ", i);
        struct http_job *job = run("GET", url_of("/h"), headers, NULL);
        assert_non_null(strstr(buf_str(&job->answer), expected));
        http_job_free(job);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sends_method_headers_and_body, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_in_two_hands_arrives_as_one, setup, teardown),
        cmocka_unit_test_setup_teardown(many_jobs_share_few_connections, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_never_sent_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(a_post_is_not_repeated_on_a_dead_connection, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(broken_answers_are_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_server_times_out_and_holds_nobody_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(jobs_can_be_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(many_header_sets_do_not_pile_up, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
