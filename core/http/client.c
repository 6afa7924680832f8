/* client.c - HTTP requests on curl's multi interface, all on one thread.
 *
 * A job waits in its host's line until one of the host's connections is free (curl would take any
 * number at once, but looks at each of them at every step), then runs on an easy handle out of a
 * pool; handles keep nothing of a job, the connections live in the multi handle and are kept alive.
 *
 * A request that is not safe to repeat is never sent twice. curl repeats any request by itself, up
 * to five times, when a kept connection turns out to be dead before one byte of the answer came;
 * for a message to somebody's phone that may be once too often, since the other side may have acted
 * and died. So each attempt is counted just before its first byte leaves (CURLOPT_PREREQFUNCTION),
 * and a second attempt of anything but GET, HEAD and OPTIONS is stopped there: the job ends with
 * HTTP_EIO and sent = 1, and its owner finds out what happened. To make that rare, a connection
 * that has been idle for longer than common servers keep it is not used again (MAX_IDLE_S).
 *
 * Invariants: a job is in exactly one of incoming, a host's line, or a transfer, and leaves by
 * finish(); only `incoming`, `cancels` and `stop` are shared, under `lock`; all else belongs to the
 * thread. */
#include "client.h"
#include "headers.h"

#include "../base/clock.h"
#include "../base/map.h"

#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PER_HOST           16
#define CONNECT_TIMEOUT_MS 5000
#define TIMEOUT_MS         30000      /* when the job names none */
#define ANSWER_MAX         (8u << 20) /* likewise */
#define MAX_IDLE_S         3L         /* http: Node's servers hang up after 5 s */
#define MAX_IDLE_TLS_S     50L        /* https: a handshake is dear, public servers keep 60 s */
#define HEADER_SETS_MAX    64
#define HOSTS_MAX          64  /* remembered without being in use */
#define POOL_MAX           64  /* easy handles */
#define CONNECTIONS_KEPT   64L /* of all hosts */
#define QUEUE_LOOK_MS      50  /* how often waiting jobs are looked at for their timeout */

struct host {
    char *name; /* "http://host:3000" */
    unsigned active;
    struct http_job *first, *last; /* waiting */
    int is_loopback, is_tls;
};

struct transfer {
    struct transfer *next; /* in the pool */
    struct transfer *prev_active, *next_active;
    CURL *easy;
    struct http_job *job;
    struct host *host;
    struct header_set *headers;
    unsigned attempts;
    int may_repeat;
    int too_big;
    char error[CURL_ERROR_SIZE];
};

struct cancel {
    struct cancel *next;
    uint64_t id;
};

struct http_client {
    struct http_client_conf conf;
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t lock;
    struct http_job *incoming, **incoming_end;
    struct cancel *cancels;
    int stop;
    /* the thread's own */
    struct map hosts;       /* name -> struct host */
    struct map header_sets; /* string -> struct header_set */
    struct transfer *pool;
    unsigned pool_count;
    struct transfer *active;
    size_t waiting;    /* jobs in all lines */
    int64_t looked_us; /* when the lines were last looked at */
};

/* ---- ends of a job --------------------------------------------------------------------------- */

static void finish(struct http_client *c, struct http_job *job, enum http_error error,
                   const char *message)
{
    job->error = error;
    job->next = NULL;
    if (error != HTTP_OK) {
        job->status = 0;
        buf_clear(&job->answer);
    }
    snprintf(job->message, sizeof job->message, "%s", message ? message : "");
    c->conf.done(c->conf.ctx, job);
}

/* ---- header sets ----------------------------------------------------------------------------- */

static void header_sets_clear(struct http_client *c)
{
    size_t at = 0;
    struct header_set *set;
    while ((set = map_next(&c->header_sets, &at, NULL))) {
        set->cached = 0;
        if (set->users == 0) header_set_free(set);
    }
    map_free(&c->header_sets);
}

/* Callers use the same few strings again and again. NULL: not headers. */
static struct header_set *header_set_get(struct http_client *c, const struct http_job *job)
{
    char small[512];
    const char *text = job->headers ? job->headers : "";
    int with_body = job->body != NULL;
    size_t size = strlen(text) + 2;
    char *key = size <= sizeof small ? small : xmalloc(size);
    key[0] = with_body ? 'b' : '-';
    memcpy(key + 1, text, size - 1);

    struct header_set *set = map_get(&c->header_sets, key);
    if (!set && (set = header_set_parse(text, with_body))) {
        if (c->header_sets.count >= HEADER_SETS_MAX) header_sets_clear(c);
        set->cached = 1;
        map_put(&c->header_sets, key, set);
    }
    if (set) set->users++;
    if (key != small) free(key);
    return set;
}

static void header_set_release(struct header_set *set)
{
    if (set && --set->users == 0 && !set->cached) header_set_free(set);
}

/* ---- transfers ------------------------------------------------------------------------------- */

static size_t on_data(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    struct http_job *job = t->job;
    size_t len = size * count;
    size_t max = job->max_bytes ? job->max_bytes : ANSWER_MAX;
    if (len > max - job->answer.len) {
        t->too_big = 1;
        return 0; /* ends the transfer */
    }
    buf_add(&job->answer, data, len);
    return len;
}

/* A connection is there and the request is about to be sent: the last moment to say no. */
static int on_attempt(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct transfer *t = arg;
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    if (t->attempts++ > 0 && !t->may_repeat) return CURL_PREREQFUNC_ABORT;
    t->job->sent = 1;
    return CURL_PREREQFUNC_OK;
}

static struct transfer *transfer_new(void)
{
    struct transfer *t = xcalloc(1, sizeof *t);
    t->easy = curl_easy_init();
    if (!t->easy) {
        free(t);
        return NULL;
    }
    CURL *e = t->easy;
    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "Tokobot/" TOKOBOT_VERSION);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_attempt);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    return t;
}

/* Method and body. All options that a former job may have set are set again. */
static void transfer_set_method(struct transfer *t, const struct http_job *job)
{
    CURL *e = t->easy;
    const char *method = job->method ? job->method : job->body ? "POST" : "GET";
    int head = strcmp(method, "HEAD") == 0, get = strcmp(method, "GET") == 0;
    int post = strcmp(method, "POST") == 0;
    curl_easy_setopt(e, CURLOPT_NOBODY, 0L);
    /* What announces itself as too large is not even begun. */
    curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t)(head             ? 0
                                  : job->max_bytes ? job->max_bytes
                                                   : ANSWER_MAX));
    if (job->body || post) {
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(job->body ? job->body_len : 0));
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, job->body ? job->body : "");
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, post ? NULL : method);
    } else {
        curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
        if (head) curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, head || get ? NULL : method);
    }
    t->may_repeat = head || get || strcmp(method, "OPTIONS") == 0;
}

static void transfer_setup(struct transfer *t, struct http_job *job, struct host *host,
                           long left_ms)
{
    CURL *e = t->easy;
    t->job = job;
    t->host = host;
    t->attempts = 0;
    t->too_big = 0;
    t->error[0] = '\0';
    http_job_join(job);
    transfer_set_method(t, job);
    curl_easy_setopt(e, CURLOPT_URL, job->url);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers->list);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, left_ms);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                     left_ms < CONNECT_TIMEOUT_MS ? left_ms : (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(e, CURLOPT_PROXY, host->is_loopback ? "" : NULL);
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, host->is_tls ? MAX_IDLE_TLS_S : MAX_IDLE_S);
}

/* ---- hosts ----------------------------------------------------------------------------------- */

/* Whose connections a URL uses: "http://host:3000". 0 when it is no URL of ours. */
static size_t host_part(const char *url)
{
    size_t scheme = 0;
    if (!url) return 0;
    if (strncasecmp(url, "http://", 7) == 0) scheme = 7;
    if (strncasecmp(url, "https://", 8) == 0) scheme = 8;
    size_t len = scheme ? strcspn(url + scheme, "/?#") : 0;
    return len ? scheme + len : 0;
}

static int name_is_loopback(const char *name)
{
    const char *host = strstr(name, "://") + 3;
    const char *at = strrchr(host, '@');
    if (at) host = at + 1;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (len == 9 && strncasecmp(host, "localhost", 9) == 0) return 1;
    if (len == 5 && strncmp(host, "[::1]", 5) == 0) return 1;
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == len;
}

static struct host *host_get(struct http_client *c, const char *url)
{
    size_t len = host_part(url);
    if (len == 0) return NULL;
    char *name = xstrndup(url, len);
    struct host *h = map_get(&c->hosts, name);
    if (h) {
        free(name);
        return h;
    }
    h = xcalloc(1, sizeof *h);
    h->name = name;
    h->is_loopback = name_is_loopback(name);
    h->is_tls = strncasecmp(name, "https", 5) == 0;
    map_put(&c->hosts, name, h);
    return h;
}

/* A host that nobody uses is forgotten once there are many. */
static void host_release(struct http_client *c, struct host *h)
{
    if (h->active || h->first || c->hosts.count <= HOSTS_MAX) return;
    map_remove(&c->hosts, h->name);
    free(h->name);
    free(h);
}

static void line_append(struct http_client *c, struct host *h, struct http_job *job)
{
    job->next = NULL;
    if (h->last)
        h->last->next = job;
    else
        h->first = job;
    h->last = job;
    c->waiting++;
}

/* Takes the job after `before` (NULL: the first) out of the line. */
static struct http_job *line_take(struct http_client *c, struct host *h, struct http_job *before)
{
    struct http_job **link = before ? &before->next : &h->first;
    struct http_job *job = *link;
    *link = job->next;
    if (h->last == job) h->last = before;
    job->next = NULL;
    c->waiting--;
    return job;
}

/* ---- starting, ending ------------------------------------------------------------------------ */

static void active_insert(struct http_client *c, struct transfer *t)
{
    t->prev_active = NULL;
    t->next_active = c->active;
    if (c->active) c->active->prev_active = t;
    c->active = t;
}

static void active_remove(struct http_client *c, struct transfer *t)
{
    if (t->prev_active)
        t->prev_active->next_active = t->next_active;
    else
        c->active = t->next_active;
    if (t->next_active) t->next_active->prev_active = t->prev_active;
}

static void transfer_free(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    free(t);
}

/* Back to the pool; the job is the caller's again. */
static struct http_job *transfer_release(struct http_client *c, struct transfer *t)
{
    struct http_job *job = t->job;
    active_remove(c, t);
    curl_multi_remove_handle(c->multi, t->easy);
    header_set_release(t->headers);
    t->headers = NULL;
    t->job = NULL;
    t->host->active--;
    if (c->pool_count < POOL_MAX) {
        t->next = c->pool;
        c->pool = t;
        c->pool_count++;
    } else {
        transfer_free(t);
    }
    return job;
}

/* 0, or -1 with a sentence: the job was not started. */
static int transfer_start(struct http_client *c, struct host *h, struct http_job *job, long left_ms,
                          const char **why)
{
    struct transfer *t = c->pool;
    if (job->method && !header_is_token(job->method, strlen(job->method))) {
        *why = "the method is none of HTTP";
        return -1;
    }
    struct header_set *headers = header_set_get(c, job);
    if (!headers) {
        *why = "a header is not written as \"Name: value\"";
        return -1;
    }
    if (t) {
        c->pool = t->next;
        c->pool_count--;
    } else {
        t = transfer_new();
    }
    if (!t) {
        header_set_release(headers);
        *why = "out of resources";
        return -1;
    }
    t->headers = headers;
    transfer_setup(t, job, h, left_ms);
    h->active++;
    active_insert(c, t);
    if (curl_multi_add_handle(c->multi, t->easy) == CURLM_OK) return 0;
    transfer_release(c, t);
    *why = "out of resources";
    return -1;
}

/* Starts as many jobs of the host's line as it has free connections. Returns how many. */
static unsigned host_start(struct http_client *c, struct host *h)
{
    unsigned started = 0;
    while (h->first && h->active < c->conf.per_host) {
        struct http_job *job = line_take(c, h, NULL);
        int64_t left_us = job->deadline_us - clock_mono();
        const char *why = "";
        if (left_us <= 0)
            finish(c, job, HTTP_ETIMEDOUT, "no connection was free in time");
        else if (transfer_start(c, h, job, (long)(left_us / 1000) + 1, &why) != 0)
            finish(c, job, HTTP_EIO, why);
        else
            started++;
    }
    return started;
}

static void transfer_done(struct http_client *c, struct transfer *t, CURLcode code)
{
    long status = 0;
    char message[CURL_ERROR_SIZE];
    enum http_error error = HTTP_EIO;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    snprintf(message, sizeof message, "%s", t->error[0] ? t->error : curl_easy_strerror(code));
    if (code == CURLE_OK) {
        error = HTTP_OK;
        message[0] = '\0';
    } else if (code == CURLE_OPERATION_TIMEDOUT) {
        error = HTTP_ETIMEDOUT;
    } else if (t->too_big || code == CURLE_FILESIZE_EXCEEDED) {
        error = HTTP_ETOOBIG;
        snprintf(message, sizeof message, "the answer is larger than we take");
    } else if (code == CURLE_ABORTED_BY_CALLBACK) {
        snprintf(message, sizeof message,
                 "the connection broke after the request was sent; it was not repeated");
    }
    struct http_job *job = transfer_release(c, t);
    job->status = (int)status;
    finish(c, job, error, message);
}

/* Ends what curl has finished and starts what waited for it. Returns how many were started. */
static unsigned collect(struct http_client *c)
{
    unsigned started = 0;
    int left;
    CURLMsg *m;
    while ((m = curl_multi_info_read(c->multi, &left))) {
        if (m->msg != CURLMSG_DONE) continue;
        struct transfer *t = NULL;
        CURLcode code = m->data.result; /* m is gone once the handle is removed */
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        struct host *h = t->host;
        transfer_done(c, t, code);
        started += host_start(c, h);
        host_release(c, h);
    }
    return started;
}

/* Jobs that waited too long for a connection. */
static void expire_waiting(struct http_client *c)
{
    int64_t now = clock_mono();
    if (c->waiting == 0 || now - c->looked_us < QUEUE_LOOK_MS * 1000) return;
    c->looked_us = now;
    size_t at = 0;
    struct host *h;
    while ((h = map_next(&c->hosts, &at, NULL))) {
        struct http_job *before = NULL, *job = h->first;
        while (job) {
            struct http_job *next = job->next;
            if (job->deadline_us <= now)
                finish(c, line_take(c, h, before), HTTP_ETIMEDOUT,
                       "no connection was free in time");
            else
                before = job;
            job = next;
        }
    }
}

static void accept_job(struct http_client *c, struct http_job *job)
{
    struct host *h = host_get(c, job->url);
    if (!h) {
        finish(c, job, HTTP_EIO, "the address does not begin with http:// or https://");
        return;
    }
    line_append(c, h, job);
    host_start(c, h);
    host_release(c, h);
}

static void cancel_job(struct http_client *c, uint64_t id)
{
    for (struct transfer *t = c->active; t; t = t->next_active) {
        if (t->job->id != id) continue;
        struct host *h = t->host;
        finish(c, transfer_release(c, t), HTTP_ECANCELED, "cancelled");
        host_start(c, h);
        host_release(c, h);
        return;
    }
    size_t at = 0;
    struct host *h;
    while ((h = map_next(&c->hosts, &at, NULL))) {
        struct http_job *before = NULL;
        for (struct http_job *job = h->first; job; before = job, job = job->next) {
            if (job->id != id) continue;
            finish(c, line_take(c, h, before), HTTP_ECANCELED, "cancelled");
            return;
        }
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Takes over what other threads left. Returns 0 when the client stops. */
static int take_orders(struct http_client *c)
{
    pthread_mutex_lock(&c->lock);
    struct http_job *jobs = c->incoming;
    struct cancel *cancels = c->cancels;
    int stop = c->stop;
    c->incoming = NULL;
    c->incoming_end = &c->incoming;
    c->cancels = NULL;
    pthread_mutex_unlock(&c->lock);

    while (jobs) {
        struct http_job *job = jobs;
        jobs = job->next;
        if (stop)
            finish(c, job, HTTP_ECANCELED, "cancelled");
        else
            accept_job(c, job);
    }
    while (cancels) {
        struct cancel *order = cancels;
        cancels = order->next;
        cancel_job(c, order->id);
        free(order);
    }
    return !stop;
}

static void cancel_all(struct http_client *c)
{
    while (c->active) finish(c, transfer_release(c, c->active), HTTP_ECANCELED, "cancelled");
    size_t at = 0;
    struct host *h;
    while ((h = map_next(&c->hosts, &at, NULL)))
        while (h->first) finish(c, line_take(c, h, NULL), HTTP_ECANCELED, "cancelled");
    for (int more = 1; more;) { /* what done() submitted meanwhile */
        take_orders(c);
        pthread_mutex_lock(&c->lock);
        more = c->incoming != NULL;
        pthread_mutex_unlock(&c->lock);
    }
}

static void *client_run(void *arg)
{
    struct http_client *c = arg;
    while (take_orders(c)) {
        int running;
        do curl_multi_perform(c->multi, &running);
        while (collect(c) > 0);
        expire_waiting(c);
        curl_multi_poll(c->multi, NULL, 0, c->waiting ? QUEUE_LOOK_MS : 60000, NULL);
    }
    cancel_all(c);
    return NULL;
}

/* ---- public ---------------------------------------------------------------------------------- */

static void curl_prepare(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void client_free(struct http_client *c)
{
    size_t at = 0;
    struct host *h;
    while ((h = map_next(&c->hosts, &at, NULL))) {
        free(h->name);
        free(h);
    }
    map_free(&c->hosts);
    header_sets_clear(c);
    for (struct transfer *t = c->pool, *next; t; t = next) {
        next = t->next;
        transfer_free(t);
    }
    if (c->multi) curl_multi_cleanup(c->multi);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

struct http_client *http_client_start(const struct http_client_conf *conf)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_prepare);
    struct http_client *c = xcalloc(1, sizeof *c);
    c->conf = *conf;
    if (!c->conf.per_host) c->conf.per_host = PER_HOST;
    c->incoming_end = &c->incoming;
    pthread_mutex_init(&c->lock, NULL);
    c->multi = curl_multi_init();
    if (!c->multi) {
        client_free(c);
        return NULL;
    }
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);

    /* Signals are for the thread that waits for them; a blocked SIGPIPE is only an error of
     * write(). */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&c->thread, NULL, client_run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0) return c;
    client_free(c);
    return NULL;
}

void http_client_submit(struct http_client *c, struct http_job *job)
{
    job->next = NULL;
    job->status = job->sent = 0;
    job->error = HTTP_OK;
    job->message[0] = '\0';
    job->deadline_us =
        clock_mono() + (int64_t)(job->timeout_ms ? job->timeout_ms : TIMEOUT_MS) * 1000;
    pthread_mutex_lock(&c->lock);
    int first = c->incoming == NULL;
    *c->incoming_end = job;
    c->incoming_end = &job->next;
    pthread_mutex_unlock(&c->lock);
    if (first) curl_multi_wakeup(c->multi); /* else it was woken and has not come yet */
}

void http_client_cancel(struct http_client *c, uint64_t id)
{
    struct cancel *order = xcalloc(1, sizeof *order);
    order->id = id;
    pthread_mutex_lock(&c->lock);
    order->next = c->cancels;
    c->cancels = order;
    pthread_mutex_unlock(&c->lock);
    curl_multi_wakeup(c->multi);
}

void http_client_stop(struct http_client *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->stop = 1;
    pthread_mutex_unlock(&c->lock);
    curl_multi_wakeup(c->multi);
    pthread_join(c->thread, NULL);
    client_free(c);
}
