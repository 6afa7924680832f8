/* server.c - the HTTP server, on libmicrohttpd's own poll threads.
 *
 * A request's life: it is opened when its head is there (refused now, if it must be, before a byte
 * of the body is read), its body is gathered into one allocation, and handle() runs. handle()
 * answers, or keeps the request: then its connection is suspended until somebody calls
 * http_answer(), which stores the response and resumes it; libmicrohttpd then calls us once more
 * and we queue the response.
 *
 *   RECEIVING -> HANDLING -> ANSWERED                 answered inside handle(), or meanwhile
 *                         -> SUSPENDED -> ANSWERED    answered later, from any thread
 *                                   -> ABANDONED   the server stopped first and said 503 itself
 *                                   -> RELEASED    ... and its keeper answered after all
 *
 * Invariants: `state` changes under `lock` only. Only a SUSPENDED request is in `kept`. The request
 * belongs to libmicrohttpd's thread, which frees it when the reply is written or the client has
 * gone (a suspended connection never completes: libmicrohttpd does not look at it), except an
 * ABANDONED one: whoever kept it still holds a pointer, so it lives until http_answer() or until
 * the server is gone.
 *
 * MHD_stop_daemon() aborts the process when a connection is suspended, and shuts an inherited
 * listening socket down for the other process too; http_server_stop() therefore quiesces, answers,
 * waits, stops. */
#include "server.h"

#include "../base/buf.h"
#include "../base/log.h"
#include "peers.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IDLE_TIMEOUT_S 120         /* of a connection; more than any client's own */
#define HEAD_MAX       (16u << 10) /* libmicrohttpd's memory for a connection: 431 above */
#define DISCARD_SMALL  (64u << 10) /* a refused body of this size is read, the connection kept */
#define DISCARD_MAX    (16u << 20) /* a refused body without a length is read up to this */
#define STOP_WAIT_S    2           /* for the last answers to be written */
#define READY_MAX      8           /* ready-made responses ... */
#define READY_BYTES    64          /* ... of small bodies */

enum request_state { RECEIVING, HANDLING, SUSPENDED, ANSWERED, ABANDONED, RELEASED };

struct http_request {
    struct http_server *server;
    struct MHD_Connection *connection; /* NULL once it has gone */
    struct peer *peer;
    struct http_request *prev, *next; /* in server->kept or server->abandoned */
    enum request_state state;
    int status;
    struct MHD_Response *response; /* until it is queued */
    int shared;                    /* the response is one of the ready ones */
    int refused; /* this status when the body has passed by; nothing of it is kept */
    int loopback;
    int handled;     /* handle() was called; libmicrohttpd's thread only */
    size_t reserved; /* of the server's inflight bytes */
    char *grown;     /* a chunked body */
    char *body;
    size_t body_len, body_cap;
    char method[12];
    char path[]; /* then the body, when its length was known */
};

/* A response that was seen twice in a row is kept ready, since most answers are the same few. */
struct ready {
    size_t len;
    char body[READY_BYTES];
    struct MHD_Response *response;
};

struct http_server {
    struct http_server_conf conf;
    struct MHD_Daemon *daemon;
    struct peers *peers;
    int port;
    pthread_mutex_t lock;
    pthread_cond_t closed; /* `open` fell while stopping */
    struct http_request *kept;
    struct http_request *abandoned;
    struct ready ready[READY_MAX];
    unsigned ready_count;
    size_t last_len; /* the last small body that was not ready */
    char last_body[READY_BYTES];
    atomic_int stopping;
    atomic_ullong open;    /* requests between their head and their end */
    atomic_uint answering; /* threads inside http_answer() */
    atomic_ullong requests, refused_size, refused_busy, inflight, kept_count;
};

/* What the server itself says. */
static const struct own_answer {
    int status;
    const char *body;
    unsigned retry_after_s;
} own_answers[] = {
    { 404, "{\"error\":\"not found\"}", 0 },
    { 405, "{\"error\":\"this address does not take this method\"}", 0 },
    { 413, "{\"error\":\"the body is too large\"}", 0 },
    { 503, "{\"error\":\"too busy, try again\"}", 2 },
    { 500, "{\"error\":\"internal error\"}", 0 },
};

/* ---- responses ------------------------------------------------------------------------------- */

static struct MHD_Response *response_new(const char *type, const char *body, size_t len,
                                         unsigned retry_after_s)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(
        len, (void *)(uintptr_t)(body ? body : ""), MHD_RESPMEM_MUST_COPY);
    if (!r) abort(); /* no memory, as buf.h has it */
    MHD_add_response_header(r, "Content-Type", type ? type : "application/json");
    if (retry_after_s) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%u", retry_after_s);
        MHD_add_response_header(r, "Retry-After", seconds);
    }
    return r;
}

/* The ready response of a small JSON body, or NULL. Under the lock. The server keeps it. */
static struct MHD_Response *response_ready(struct http_server *s, const char *body, size_t len)
{
    for (unsigned i = 0; i < s->ready_count; i++)
        if (s->ready[i].len == len && memcmp(s->ready[i].body, body, len) == 0)
            return s->ready[i].response;
    if (s->ready_count == READY_MAX) return NULL;
    if (s->last_len != len || memcmp(s->last_body, body, len) != 0) {
        s->last_len = len;
        memcpy(s->last_body, body, len);
        return NULL;
    }
    struct ready *r = &s->ready[s->ready_count++];
    r->len = len;
    memcpy(r->body, body, len);
    r->response = response_new(NULL, body, len, 0);
    return r->response;
}

/* Names the methods that the path does take, as a 405 has to. */
static void allow_header(struct http_server *s, struct MHD_Response *r, const char *path)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
    char allow[64] = "";
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        const char *asked = i == 1 ? "GET" : methods[i];
        if (s->conf.accept(s->conf.ctx, asked, path) != 1) continue;
        if (allow[0]) strcat(allow, ", ");
        strcat(allow, methods[i]);
    }
    MHD_add_response_header(r, "Allow", allow);
}

static enum MHD_Result answer_own(struct http_request *rq, int status)
{
    const struct own_answer *own = &own_answers[0];
    for (size_t i = 0; i < sizeof own_answers / sizeof *own_answers; i++)
        if (own_answers[i].status == status) own = &own_answers[i];
    if (own->status != status) own = &own_answers[sizeof own_answers / sizeof *own_answers - 1];
    struct MHD_Response *r = response_new(NULL, own->body, strlen(own->body), own->retry_after_s);
    if (status == 405) allow_header(rq->server, r, rq->path);
    enum MHD_Result rc = MHD_queue_response(rq->connection, (unsigned)status, r);
    MHD_destroy_response(r);
    return rc;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void kept_insert(struct http_request **head, struct http_request *rq)
{
    rq->prev = NULL;
    rq->next = *head;
    if (*head) (*head)->prev = rq;
    *head = rq;
}

static void kept_remove(struct http_request **head, struct http_request *rq)
{
    if (rq->prev)
        rq->prev->next = rq->next;
    else
        *head = rq->next;
    if (rq->next) rq->next->prev = rq->prev;
}

static int reserve(struct http_request *rq, size_t bytes)
{
    struct http_server *s = rq->server;
    if (atomic_fetch_add(&s->inflight, bytes) + bytes > s->conf.max_inflight) {
        atomic_fetch_sub(&s->inflight, bytes);
        return -1;
    }
    rq->reserved += bytes;
    return 0;
}

static void request_free(struct http_request *rq)
{
    struct http_server *s = rq->server;
    if (rq->response && !rq->shared) MHD_destroy_response(rq->response);
    atomic_fetch_sub(&s->inflight, rq->reserved);
    free(rq->grown);
    free(rq);
}

/* From here on the body passes by unread; `status` is the answer when it has. */
static void request_refuse(struct http_request *rq, int status)
{
    struct http_server *s = rq->server;
    if (status == 413) atomic_fetch_add(&s->refused_size, 1);
    if (status == 503) atomic_fetch_add(&s->refused_busy, 1);
    rq->refused = status;
    rq->body_len = 0;
    free(rq->grown);
    rq->grown = rq->body = NULL;
    atomic_fetch_sub(&s->inflight, rq->reserved);
    rq->reserved = 0;
}

/* The declared length; 0 when there is none, then *chunked tells whether a body comes all the same.
 */
static size_t body_length(struct MHD_Connection *c, int *chunked)
{
    const char *text = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
    *chunked = 0;
    if (text) {
        errno = 0;
        unsigned long long n = strtoull(text, NULL, 10);
        return errno || n > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)n;
    }
    *chunked = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Transfer-Encoding") != NULL;
    return 0;
}

static int address_is_loopback(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)sa;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    if (sa->sa_family != AF_INET6) return 0;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

static struct http_request *request_new(struct http_server *s, struct MHD_Connection *c,
                                        const char *url, const char *method, size_t body_cap)
{
    size_t path_size = strlen(url) + 1;
    struct http_request *rq = xmalloc(sizeof *rq + path_size + body_cap + 1);
    memset(rq, 0, sizeof *rq);
    rq->server = s;
    rq->connection = c;
    rq->state = RECEIVING;
    rq->peer = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    rq->loopback = address_is_loopback(
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    snprintf(rq->method, sizeof rq->method, "%s", strcmp(method, "HEAD") == 0 ? "GET" : method);
    memcpy(rq->path, url, path_size);
    rq->body = rq->path + path_size;
    rq->body[0] = '\0';
    rq->body_cap = body_cap;
    return rq;
}

/* The head is there: takes the request in, or refuses it before its body is read. */
static enum MHD_Result request_open(struct http_server *s, struct MHD_Connection *c,
                                    const char *url, const char *method, void **context)
{
    int chunked;
    size_t length = body_length(c, &chunked);
    int refuse = s->conf.accept(s->conf.ctx, strcmp(method, "HEAD") == 0 ? "GET" : method, url);
    if (refuse == 1) refuse = 0;
    if (!refuse && length > s->conf.max_body) refuse = 413;
    if (!refuse && atomic_load(&s->stopping)) refuse = 503;

    struct http_request *rq = request_new(s, c, url, method, refuse ? 0 : length);
    *context = rq;
    atomic_fetch_add(&s->open, 1);
    atomic_fetch_add(&s->requests, 1);
    if (!refuse && length && reserve(rq, length) != 0) refuse = 503;
    if (length || chunked) peer_phase(rq->peer, PEER_BODY);
    if (!refuse) return MHD_YES;

    request_refuse(rq, refuse);
    if (length <= DISCARD_SMALL && refuse != 413) return MHD_YES; /* answered after the body */
    peer_linger(rq->peer);
    return answer_own(rq, refuse);
}

/* A chunked body has to grow; a declared one has its place already. */
static void body_grow(struct http_request *rq, size_t more)
{
    if (rq->body_len + more <= rq->body_cap) return;
    if (rq->body_len + more > rq->server->conf.max_body) {
        request_refuse(rq, 413);
        return;
    }
    size_t cap = rq->body_cap ? rq->body_cap * 2 : 4096;
    while (cap < rq->body_len + more) cap *= 2;
    if (cap > rq->server->conf.max_body) cap = rq->server->conf.max_body;
    if (reserve(rq, cap - rq->body_cap) != 0) {
        request_refuse(rq, 503);
        return;
    }
    rq->grown = xrealloc(rq->grown, cap + 1);
    rq->body = rq->grown;
    rq->body_cap = cap;
}

static enum MHD_Result request_body(struct http_request *rq, const char *data, size_t *size)
{
    if (!rq->refused) body_grow(rq, *size);
    if (rq->refused) {
        rq->body_len += *size; /* only counted */
        if (rq->body_len > DISCARD_MAX) return MHD_NO;
    } else {
        memcpy(rq->body + rq->body_len, data, *size);
        rq->body_len += *size;
        rq->body[rq->body_len] = '\0';
    }
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result request_reply(struct http_request *rq)
{
    return MHD_queue_response(rq->connection, (unsigned)rq->status, rq->response);
}

/* The whole request is there: hands it over, and suspends the connection when it was kept. */
static enum MHD_Result request_handle(struct http_request *rq)
{
    struct http_server *s = rq->server;
    rq->handled = 1;
    peer_phase(rq->peer, PEER_ANSWER);
    if (rq->refused) return answer_own(rq, rq->refused);
    if (atomic_load(&s->stopping)) return answer_own(rq, 503);
    rq->state = HANDLING; /* nobody else knows it yet */
    enum http_verdict verdict = s->conf.handle(s->conf.ctx, rq);

    pthread_mutex_lock(&s->lock);
    if (rq->state == HANDLING && verdict == HTTP_KEPT) {
        if (atomic_load(&s->stopping)) {
            /* The stop has passed by here: nobody would answer it in time. */
            rq->state = ABANDONED;
            pthread_mutex_unlock(&s->lock);
            return answer_own(rq, 503);
        }
        rq->state = SUSPENDED;
        kept_insert(&s->kept, rq);
        atomic_fetch_add(&s->kept_count, 1);
        MHD_suspend_connection(rq->connection);
        pthread_mutex_unlock(&s->lock);
        return MHD_YES; /* and rq may be answered already */
    }
    int answered = rq->state == ANSWERED;
    pthread_mutex_unlock(&s->lock);
    if (answered) return request_reply(rq);
    log_error("http", "a request was neither answered nor kept", LOG_STR("path", rq->path));
    return answer_own(rq, 500);
}

/* ---- libmicrohttpd's calls ------------------------------------------------------------------- */

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct http_server *s = cls;
    struct http_request *rq = *context;
    (void)version;
    if (!rq) return request_open(s, c, url, method, context);
    if (*size) return request_body(rq, data, size);
    if (!rq->handled) return request_handle(rq);

    /* Resumed. */
    pthread_mutex_lock(&s->lock);
    enum request_state state = rq->state;
    pthread_mutex_unlock(&s->lock);
    return state == ANSWERED ? request_reply(rq) : answer_own(rq, 503);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *s = cls;
    struct http_request *rq = *context;
    (void)c;
    (void)code;
    if (!rq) return;
    *context = NULL;
    peer_phase(rq->peer, PEER_WAITING);

    pthread_mutex_lock(&s->lock);
    rq->connection = NULL;
    rq->peer = NULL;
    int held = 0;
    if (rq->state == SUSPENDED) { /* cannot be, see above; but then its holder still points to it */
        kept_remove(&s->kept, rq);
        atomic_fetch_sub(&s->kept_count, 1);
        rq->state = ABANDONED;
    }
    if (rq->state == ABANDONED) {
        kept_insert(&s->abandoned, rq);
        held = 1;
    }
    pthread_mutex_unlock(&s->lock);
    if (!held) request_free(rq);

    atomic_fetch_sub(&s->open, 1);
    if (atomic_load(&s->stopping)) {
        pthread_mutex_lock(&s->lock);
        pthread_cond_signal(&s->closed);
        pthread_mutex_unlock(&s->lock);
    }
}

static void on_connection(void *cls, struct MHD_Connection *c, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *s = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *socket_context = peer_add(s->peers, fd);
    } else if (*socket_context) {
        peer_remove(s->peers, *socket_context);
        *socket_context = NULL;
    }
}

static void on_log(void *cls, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void on_log(void *cls, const char *format, va_list args)
{
    char line[256];
    (void)cls;
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    log_debug("http", line);
}

/* ---- start, stop ----------------------------------------------------------------------------- */

/* Many systems start a process with 1,024 descriptors and let it have more. */
static void descriptors_raise(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int socket_port(int fd)
{
    union {
        struct sockaddr_in6 v6;
        struct sockaddr_in v4;
        struct sockaddr any;
    } sa = { 0 };
    socklen_t len = sizeof sa;
    if (getsockname(fd, &sa.any, &len) != 0) return -1;
    return ntohs(sa.any.sa_family == AF_INET6 ? sa.v6.sin6_port : sa.v4.sin_port);
}

static void conf_defaults(struct http_server_conf *conf)
{
    if (!conf->threads) conf->threads = 2;
    if (!conf->max_body) conf->max_body = 2u << 20;
    if (!conf->max_inflight) conf->max_inflight = 32u << 20;
    if (!conf->max_connections) conf->max_connections = 2000;
    if (!conf->patience_ms) conf->patience_ms = 30000;
}

static struct MHD_Daemon *daemon_start(struct http_server *s, int fd)
{
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem pool[] = {
        { MHD_OPTION_THREAD_POOL_SIZE, s->conf.threads, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    if (s->conf.threads < 2) pool[0].option = MHD_OPTION_END; /* a pool of one is refused */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, s->conf.max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEAD_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
}

static void server_free(struct http_server *s)
{
    for (struct http_request *rq = s->abandoned, *next; rq; rq = next) {
        next = rq->next;
        request_free(rq);
    }
    for (unsigned i = 0; i < s->ready_count; i++) MHD_destroy_response(s->ready[i].response);
    pthread_cond_destroy(&s->closed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct http_server *http_server_start(const struct http_server_conf *conf, char *error, size_t cap)
{
    int fd = conf->listen_fd >= 0 ? conf->listen_fd : http_listen(conf->listen, error, cap);
    if (fd < 0) return NULL;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); /* several threads race to accept */
    fcntl(fd, F_SETFD, FD_CLOEXEC);

    struct http_server *s = xcalloc(1, sizeof *s);
    s->conf = *conf;
    s->conf.listen = NULL; /* the caller's, no longer needed */
    conf_defaults(&s->conf);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->closed, &attr);
    pthread_condattr_destroy(&attr);
    s->port = socket_port(fd);
    descriptors_raise(s->conf.max_connections + 256);

    /* Signals are for the thread that waits for them, not for ours. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->peers = peers_start(s->conf.patience_ms);
    if (s->peers) s->daemon = daemon_start(s, fd);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->daemon) return s;

    snprintf(error, cap, "the HTTP server could not start its threads: %s", strerror(errno));
    if (!s->peers) close(fd); /* else libmicrohttpd did */
    peers_stop(s->peers);
    server_free(s);
    return NULL;
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}

/* Says 503 to all that is kept, then waits until nothing is open, or too long. */
static void answer_kept(struct http_server *s)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_WAIT_S;

    pthread_mutex_lock(&s->lock);
    while (s->kept) {
        struct http_request *rq = s->kept;
        kept_remove(&s->kept, rq);
        atomic_fetch_sub(&s->kept_count, 1);
        rq->state = ABANDONED;
        MHD_resume_connection(rq->connection);
    }
    while (atomic_load(&s->open) > 0)
        if (pthread_cond_timedwait(&s->closed, &s->lock, &until) != 0) break;
    pthread_mutex_unlock(&s->lock);
    /* A thread that has taken its request out of `kept` must get to resume it. */
    while (atomic_load(&s->answering) > 0) sched_yield();
}

void http_server_stop(struct http_server *s)
{
    if (!s) return;
    atomic_store(&s->stopping, 1);
    int fd = MHD_quiesce_daemon(s->daemon);
    answer_kept(s);
    MHD_stop_daemon(s->daemon);
    if (fd >= 0) close(fd);
    peers_stop(s->peers);
    server_free(s);
}

/* ---- the rest -------------------------------------------------------------------------------- */

const char *http_request_method(const struct http_request *rq)
{
    return rq->method;
}

const char *http_request_path(const struct http_request *rq)
{
    return rq->path;
}

static const char *connection_value(const struct http_request *rq, enum MHD_ValueKind kind,
                                    const char *name)
{
    if (!rq->connection) return NULL;
    return MHD_lookup_connection_value(rq->connection, kind, name);
}

const char *http_request_query(const struct http_request *rq, const char *name)
{
    return connection_value(rq, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_request_header(const struct http_request *rq, const char *name)
{
    return connection_value(rq, MHD_HEADER_KIND, name);
}

const char *http_request_body(const struct http_request *rq, size_t *len)
{
    if (len) *len = rq->body_len;
    return rq->body;
}

int http_request_is_loopback(const struct http_request *rq)
{
    return rq->loopback;
}

/* Gives the request its response. 1: its connection is to be resumed; -1: it is the caller's to
 * free. */
static int answer_store(struct http_request *rq, int status, struct MHD_Response *r, int shared)
{
    struct http_server *s = rq->server;
    int resume = 0;
    switch (rq->state) {
    case SUSPENDED:
        kept_remove(&s->kept, rq);
        atomic_fetch_sub(&s->kept_count, 1);
        resume = 1;
        break;
    case HANDLING:
        break;
    case ABANDONED: /* the server said 503; once that is written only we know the request */
        if (!shared) MHD_destroy_response(r);
        rq->state = RELEASED;
        if (rq->connection) return 0;
        kept_remove(&s->abandoned, rq);
        return -1;
    default:
        assert(rq->state != ANSWERED); /* once for each request */
        if (!shared) MHD_destroy_response(r);
        return 0;
    }
    rq->response = r;
    rq->shared = shared;
    rq->status = status;
    rq->state = ANSWERED;
    return resume;
}

void http_answer(struct http_request *rq, int status, const char *type, const char *body,
                 size_t len, unsigned retry_after_s)
{
    struct http_server *s = rq->server;
    atomic_fetch_add(&s->answering, 1);
    int small = !type && !retry_after_s && len > 0 && len <= READY_BYTES;
    struct MHD_Response *r = small ? NULL : response_new(type, body, len, retry_after_s);

    pthread_mutex_lock(&s->lock);
    if (small) r = response_ready(s, body, len);
    int shared = small && r;
    if (!r) r = response_new(type, body, len, retry_after_s);
    struct MHD_Connection *connection = rq->connection;
    int next = answer_store(rq, status, r, shared);
    pthread_mutex_unlock(&s->lock);

    /* Unless we are to resume or free it, the request may be gone by now. */
    if (next > 0) MHD_resume_connection(connection);
    if (next < 0) request_free(rq);
    atomic_fetch_sub(&s->answering, 1);
}

void http_server_stats(const struct http_server *s, struct http_server_stats *out)
{
    out->requests = atomic_load(&s->requests);
    out->refused_size = atomic_load(&s->refused_size);
    out->refused_busy = atomic_load(&s->refused_busy);
    out->inflight_bytes = atomic_load(&s->inflight);
    out->connections = peers_count(s->peers);
    out->kept = atomic_load(&s->kept_count);
}
