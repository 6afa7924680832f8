/* serve.c - the host in the real world: threads for HTTP in and out, the pool, the control socket,
 * signals, and the loop that waits for all of them. Everything here is the outside of struct
 * host_ports. */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../config/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "host.h"
#include "http/client.h"
#include "http/control.h"
#include "http/server.h"
#include "message/outbox.h"
#include "plugin/probe.h"
#include "storage/pool.h"
#include "watchdog.h"

enum { EXIT_OS = 71 };

static const char WEBHOOK[] = "/webhook/";
static const char PLUGIN[] = "/p/";

struct service_host {
    struct host *host;
    struct http_server *server;
    struct http_client *client;
    struct pool *pool;
    struct control *control;
    struct probes *probes;
    struct watchdog *watchdog;
    char database[4096]; /* for the pool's readers: known once the host has opened it */
    int epoll_fd, signal_fd, wake_fd;
    struct control_source wake_source, signal_source; /* their `ready` tells them apart */
    int stop;
};

/* ---- ports ----------------------------------------------------------------------------------- */

static void port_http_submit(void *ctx, struct http_job *job)
{
    http_client_submit(((struct service_host *)ctx)->client, job);
}

static void port_http_cancel(void *ctx, uint64_t id)
{
    http_client_cancel(((struct service_host *)ctx)->client, id);
}

static void port_job_submit(void *ctx, struct pool_job *job)
{
    struct service_host *s = ctx;
    if (!*s->database) snprintf(s->database, sizeof s->database, "%s", s->host->db.path);
    pool_submit(s->pool, job);
}

static void port_answer(void *ctx, struct http_request *request, int status, const char *type,
                        const char *body, size_t len, unsigned retry_after_s)
{
    const struct service_host *s = ctx;
    if (!s->server) return; /* stopped: the request was answered 503 and is gone */
    http_answer(request, status, type, body, len, retry_after_s);
}

static void port_control_send(void *ctx, uint64_t connection, const char *json, size_t len,
                              int close)
{
    struct service_host *s = ctx;
    if (s->control) control_send(s->control, connection, json, len, close);
}

static void port_probe(void *ctx, struct plugin_probe *probe)
{
    probes_start(((struct service_host *)ctx)->probes, probe);
}

static void http_done(void *ctx, struct http_job *job)
{
    loop_post_http(&((struct service_host *)ctx)->host->loop, job);
}

static void job_done(void *ctx, struct pool_job *job)
{
    loop_post_job(&((struct service_host *)ctx)->host->loop, job);
}

/* ---- HTTP requests, on the server's threads -------------------------------------------------- */

static int starts_with(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

static int accept_request(void *ctx, const char *method, const char *path)
{
    (void)ctx;
    int get = !strcmp(method, "GET"), post = !strcmp(method, "POST");
    if (starts_with(path, WEBHOOK)) return post ? 1 : 405;
    if (!strcmp(path, "/health") || !strcmp(path, "/metrics") || !strcmp(path, "/ping"))
        return get ? 1 : 405;
    if (starts_with(path, PLUGIN)) return get || post ? 1 : 405;
    return 404;
}

static const char *header_of(void *arg, const char *name)
{
    return http_request_header(arg, name);
}

static enum http_verdict answer_status(struct http_request *rq, int status)
{
    static const struct {
        int status;
        const char *body;
    } bodies[] = {
        { 200, "{\"ok\":true}" },
        { 400, "{\"error\":\"the body is no JSON of this gateway\"}" },
        { 401,
          "{\"error\":\"the signature is missing or wrong: compare the HMAC key on both sides\"}" },
        { 403, "{\"error\":\"only from this machine, or with the token\"}" },
        { 404, "{\"error\":\"there is nothing at this path\"}" },
        { 503, "{\"error\":\"too much is waiting: try again\"}" },
    };
    const char *body = "";
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (bodies[i].status == status) body = bodies[i].body;
    http_answer(rq, status, NULL, body, strlen(body), status == 503 ? 2 : 0);
    return HTTP_ANSWERED;
}

static enum http_verdict handle_webhook(struct service_host *s, struct http_request *rq,
                                        const char *gateway)
{
    size_t len;
    const char *body = http_request_body(rq, &len);
    int status =
        host_webhook(s->host, gateway, body, len, header_of, rq, http_request_is_loopback(rq), rq);
    return status ? answer_status(rq, status) : HTTP_KEPT;
}

static enum http_verdict handle_plugin(struct service_host *s, struct http_request *rq,
                                       const char *path)
{
    size_t len;
    const char *body = http_request_body(rq, &len);
    int status = host_route(s->host, http_request_method(rq), path, NULL, body, len, rq);
    return status ? answer_status(rq, status) : HTTP_KEPT;
}

static int may_see_metrics(const struct service_host *s, const struct http_request *rq)
{
    const char *given = http_request_header(rq, "Authorization");
    const char *token = given && starts_with(given, "Bearer ") ? given + 7 : NULL;
    return host_may_see_metrics(s->host, token, http_request_is_loopback(rq));
}

static enum http_verdict handle_report(struct service_host *s, struct http_request *rq, int metrics)
{
    if (metrics && !may_see_metrics(s, rq)) return answer_status(rq, 403);
    struct buf out = { 0 };
    int status = metrics ? host_metrics(s->host, &out) : host_health(s->host, &out);
    http_answer(rq, status, metrics ? "text/plain; version=0.0.4; charset=utf-8" : NULL,
                buf_str(&out), out.len, 0);
    buf_free(&out);
    return HTTP_ANSWERED;
}

static enum http_verdict handle_request(void *ctx, struct http_request *rq)
{
    struct service_host *s = ctx;
    const char *path = http_request_path(rq);
    if (starts_with(path, WEBHOOK)) return handle_webhook(s, rq, path + sizeof WEBHOOK - 1);
    if (starts_with(path, PLUGIN)) return handle_plugin(s, rq, path + sizeof PLUGIN - 1);
    if (!strcmp(path, "/ping")) return answer_status(rq, 200);
    return handle_report(s, rq, !strcmp(path, "/metrics"));
}

/* ---- the loop's descriptors ------------------------------------------------------------------ */

static void control_line(void *ctx, uint64_t connection, const char *verb, const char *json,
                         size_t len)
{
    host_control(((struct service_host *)ctx)->host, connection, verb, json, len);
}

static void control_closed(void *ctx, uint64_t connection)
{
    host_control_closed(((struct service_host *)ctx)->host, connection);
}

static void woken(struct control_source *source, uint32_t events)
{
    (void)events;
    struct service_host *s = (void *)((char *)source - offsetof(struct service_host, wake_source));
    uint64_t n;
    while (read(s->wake_fd, &n, sizeof n) > 0) continue;
}

static void hang_up(struct service_host *s)
{
    if (log_reopen() < 0)
        log_warn("log", "the file cannot be opened again", LOG_INT("errno", errno));
    if (s->host) reload_ask(s->host);
}

static void signalled(struct control_source *source, uint32_t events)
{
    (void)events;
    struct service_host *s =
        (void *)((char *)source - offsetof(struct service_host, signal_source));
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) s->stop = 1;
        if (info.ssi_signo == SIGCHLD) probes_reap(s->probes, clock_ms());
        if (info.ssi_signo == SIGHUP) hang_up(s);
    }
}

static int watch(const struct service_host *s, int fd, struct control_source *source)
{
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = source };
    return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e);
}

static int open_descriptors(struct service_host *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->wake_source.ready = woken;
    s->signal_source.ready = signalled;
    if (s->epoll_fd < 0 || s->signal_fd < 0 || s->wake_fd < 0) return -1;
    return watch(s, s->signal_fd, &s->signal_source) < 0 ||
                   watch(s, s->wake_fd, &s->wake_source) < 0
               ? -1
               : 0;
}

static void wait_for_something(struct service_host *s, int64_t at_most)
{
    struct epoll_event events[32];
    int64_t due = host_next_due(s->host), now = clock_ms(), probe = probes_next_due(s->probes);
    if (probe < due) due = probe;
    int timeout = due <= now ? 0 : due - now > at_most ? (int)at_most : (int)(due - now);
    int n = epoll_wait(s->epoll_fd, events, 32, timeout);
    for (int i = 0; i < n; i++) {
        struct control_source *source = events[i].data.ptr;
        source->ready(source, events[i].events);
    }
    if (probe <= clock_ms()) probes_reap(s->probes, clock_ms());
}

static void run(struct service_host *s)
{
    while (!s->stop) {
        loop_turn(&s->host->loop);
        wait_for_something(s, 60000);
    }
}

/* Nothing new comes in; what is being sent gets a moment to come back, so that the next start need
 * not ask. */
static void drain(struct service_host *s)
{
    int64_t until = clock_ms() + config_int(s->host->config, "core", "drain");
    struct outbox_stats stats;
    for (;;) {
        loop_turn(&s->host->loop);
        outbox_stats(s->host->outbox, &stats);
        if (!stats.in_flight || clock_ms() >= until) return;
        wait_for_something(s, 50);
    }
}

/* ---- start and stop -------------------------------------------------------------------------- */

static int start_server(struct service_host *s, const struct host_serve_conf *serve)
{
    char error[300];
    struct http_server_conf conf = {
        .listen_fd = serve->listen_fd,
        .listen = config_text(s->host->config, "core", "listen"),
        .threads = (unsigned)config_int(s->host->config, "core", "http_threads"),
        .accept = accept_request,
        .handle = handle_request,
        .ctx = s,
    };
    s->server = http_server_start(&conf, error, sizeof error);
    if (s->server) return 0;
    log_error("http", error);
    return -1;
}

static int start_control(struct service_host *s)
{
    char error[300];
    struct buf path = { 0 };
    buf_addf(&path, "%s/tokobot.sock", s->host->data_dir);
    struct control_conf conf = { .path = buf_str(&path),
                                 .epoll_fd = s->epoll_fd,
                                 .line = control_line,
                                 .closed = control_closed,
                                 .ctx = s };
    s->control = control_start(&conf, error, sizeof error);
    if (!s->control) log_error("control", error);
    buf_free(&path);
    return s->control ? 0 : -1;
}

static void print_errors(const struct buf *errors)
{
    if (errors->len) fwrite(errors->data, 1, errors->len, stderr);
}

static void stop_all(struct service_host *s)
{
    watchdog_stopping(s->watchdog);
    probes_free(s->probes);
    s->probes = NULL;
    http_server_stop(s->server); /* first: what is kept is answered 503 and comes again */
    s->server = NULL;
    if (s->host) {
        s->host->reload.closed = 1;
        drain(s);
        host_stop(s->host);
    }
    http_client_stop(s->client);
    pool_stop(s->pool);
    control_stop(s->control);
    s->control = NULL;
}

int host_serve(struct host_conf *conf, const struct host_serve_conf *serve)
{
    struct service_host s = { .epoll_fd = -1, .signal_fd = -1, .wake_fd = -1 };
    struct buf errors = { 0 };
    int exit_code = EXIT_OS;
    prctl(PR_SET_NAME, "tokobot");
    if (open_descriptors(&s) < 0) {
        log_error("host", "no descriptors", LOG_INT("errno", errno));
        config_free(conf->config);
        return EXIT_OS;
    }
    conf->ports =
        (struct host_ports){ &s,          port_http_submit,  port_http_cancel, port_job_submit,
                             port_answer, port_control_send, port_probe };
    s.probes = probes_new(reload_probed);
    if (conf->crash) crash_page_watch_signals(conf->crash);
    s.watchdog = conf->crash ? watchdog_start(conf->crash) : NULL;
    struct http_client_conf client = { http_done, &s, 0 };
    s.client = http_client_start(&client);
    /* The pool opens readers only when asked; by then the host has told where the database is. */
    struct pool_conf pool = { s.database, conf->vfs, job_done, &s, 0, conf->crash };
    s.pool = pool_new(&pool);
    conf->wake_fd = s.wake_fd;
    conf->opening = &s.host;
    s.host = host_open(conf, &exit_code, &errors);
    print_errors(&errors);
    buf_free(&errors);
    if (s.host) {
        exit_code = start_control(&s) < 0 || start_server(&s, serve) < 0 ? EXIT_OS : 0;
        if (!exit_code) {
            log_info("http", "listening", LOG_INT("port", http_server_port(s.server)));
            watchdog_serving(s.watchdog);
            if (serve->ready) serve->ready(serve->ctx, http_server_port(s.server));
            run(&s);
        }
    }
    stop_all(&s);
    watchdog_stop(s.watchdog);
    host_free(s.host);
    if (s.epoll_fd >= 0) close(s.epoll_fd);
    if (s.signal_fd >= 0) close(s.signal_fd);
    return exit_code;
}
