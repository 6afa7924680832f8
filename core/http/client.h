/* client.h - HTTP requests, all on one thread with curl's multi interface and keep-alive.
 *
 * Redirects are not followed; only http and https; nothing of the environment's proxies is used for
 * loopback. A job is done exactly once, on the client's thread, in `done`. */
#ifndef TOKOBOT_HTTP_CLIENT_H
#define TOKOBOT_HTTP_CLIENT_H

#include "../base/buf.h"

struct shared;

enum http_error {
    HTTP_OK = 0,
    HTTP_EIO = 1,
    HTTP_ETIMEDOUT = 2,
    HTTP_ECANCELED = 3,
    HTTP_ETOOBIG = 4
};

struct http_job {
    struct http_job *next; /* for whoever holds it */
    uint64_t id;           /* the caller's, not 0, unique */
    void *owner;           /* the caller's */
    char *method;          /* owned, as all below */
    char *url;
    char *headers; /* "Name: value\n..." or NULL */
    char *body;    /* or NULL */
    size_t body_len;
    /* Part of the body, too, at body[middle_at], as long as `held` is: somebody else's memory, so
     * that the loop need not copy it. */
    const void *middle;
    size_t middle_at, middle_len;
    struct shared *held; /* NULL: there is no middle */
    uint32_t timeout_ms; /* of all, also of waiting for a free connection; 0 = 30 s */
    size_t max_bytes;    /* of the answer; 0 = 8 MiB */
    /* result */
    int status; /* HTTP status, 0 when no answer came */
    enum http_error error;
    int sent;          /* 1: some of the request may have reached the other side */
    char message[160]; /* what went wrong, or "" */
    struct buf answer;
    int64_t deadline_us; /* the client's own */
};

struct http_client;
struct http_client_conf {
    void (*done)(void *ctx, struct http_job *job); /* takes the job; on the client's thread */
    void *ctx;
    unsigned per_host; /* connections; 0 = 16 */
};

struct http_client *http_client_start(
    const struct http_client_conf *conf);                             /* NULL: out of resources */
void http_client_submit(struct http_client *c, struct http_job *job); /* takes it; any thread */
/* A job not yet done ends as HTTP_ECANCELED (sent may be 1). Any thread; unknown ids are ignored.
 */
void http_client_cancel(struct http_client *c, uint64_t id);
void http_client_stop(
    struct http_client *c);               /* cancels all; every done() has returned; NULL-safe */
void http_job_free(struct http_job *job); /* NULL-safe; any thread */
/* Makes the body one piece; on the client's thread. */
void http_job_join(struct http_job *job);

#endif
