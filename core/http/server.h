/* server.h - the HTTP server: libmicrohttpd with poll threads (design section 4 tells why not
 * epoll).
 *
 * A handler runs on one of its threads when the whole body is there. It answers at once, or keeps
 * the request (it is suspended) and somebody answers later from any thread. */
#ifndef TOKOBOT_HTTP_SERVER_H
#define TOKOBOT_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct http_request; /* one request; owned by the server until it is answered */

enum http_verdict { HTTP_ANSWERED = 0, HTTP_KEPT = 1 };

struct http_server_conf {
    int listen_fd;       /* an inherited, listening socket (the server's from now on, also when the
                          * start fails); -1 = make one from `listen` */
    const char *listen;  /* "127.0.0.1:5000"; port 0 picks one */
    unsigned threads;    /* 0 = 2 */
    size_t max_body;     /* 0 = 2 MiB; more is 413, by Content-Length before reading */
    size_t max_inflight; /* bytes of all bodies; 0 = 32 MiB; more is 503 with Retry-After */
    unsigned max_connections; /* 0 = 2000 */
    unsigned patience_ms; /* how long a request's head, or its body, may take to arrive; 0 = 30 s */
    /* Which requests have a body that is wanted: 1 take it, else the status to refuse with (404,
     * 405). */
    int (*accept)(void *ctx, const char *method, const char *path);
    /* Called once a request is complete. HTTP_KEPT: answered later with http_answer(). */
    enum http_verdict (*handle)(void *ctx, struct http_request *rq);
    void *ctx;
};

struct http_server;
/* NULL with a sentence in `error` ("port 5000 is in use: ..."). */
struct http_server *http_server_start(const struct http_server_conf *conf, char *error, size_t cap);
int http_server_port(const struct http_server *s);
/* Quiesces: no new connections, kept requests are answered with 503 Retry-After by the server
 * itself, then stops. While it runs they may still be answered (to no effect); once it has returned
 * no request exists any more and their pointers are dead. Not from handle(). NULL-safe. */
void http_server_stop(struct http_server *s);
/* Makes the listening socket alone (for the supervisor): fd, or -1 with a sentence. CLOEXEC. */
int http_listen(const char *listen, char *error, size_t cap);

/* What is given back here lives until the request is answered. HEAD is shown as GET. */
const char *http_request_method(const struct http_request *rq);
const char *http_request_path(const struct http_request *rq); /* without the query */
const char *http_request_query(const struct http_request *rq, const char *name);  /* or NULL */
const char *http_request_header(const struct http_request *rq, const char *name); /* or NULL */
const char *http_request_body(const struct http_request *rq,
                              size_t *len); /* NUL-terminated; "" if none */
int http_request_is_loopback(
    const struct http_request *rq); /* the peer's address is 127/8 or ::1 */

/* Answers; the request is gone afterwards. Once for each request. body is copied. retry_after_s 0 =
 * none. type NULL = application/json. From handle() or, for a kept one, from any thread. */
void http_answer(struct http_request *rq, int status, const char *type, const char *body,
                 size_t len, unsigned retry_after_s);

struct http_server_stats {
    uint64_t requests, refused_size, refused_busy;
    uint64_t inflight_bytes, connections, kept;
};
void http_server_stats(const struct http_server *s, struct http_server_stats *out); /* any thread */

#endif
