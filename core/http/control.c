/* control.c - the control socket: JSON lines over a Unix socket that only the bot's user may open.
 *
 * The serving side runs on the loop's thread and never blocks: descriptors are level-triggered in
 * the loop's epoll, input is gathered into lines, output waits in a buffer while the other side is
 * slow.
 *
 * Invariants: closed() is called exactly once for each connection, from its ready(), never from
 * inside control_send() (which only shuts the socket down; epoll then tells us). A connection's
 * struct is never freed before control_stop(), only used again, because the batch of events that
 * the loop works on may still point to it; an event that reaches a struct in its next life finds
 * nothing to read. */
#include "control.h"

#include "../base/buf.h"
#include "../base/log.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX  64
#define LINE_MAX_BYTES   (1u << 20)
#define OUTPUT_MAX_BYTES (4u << 20)
#define DEPTH_MAX        16

struct connection {
    struct control_source source; /* first, as epoll's data.ptr has it */
    struct connection *next;      /* in live or spare */
    struct control *control;
    uint64_t id;
    int fd;     /* -1: spare */
    int ending; /* shut down; only epoll's last word is awaited */
    int close_when_written;
    int half_closed; /* the other side will send no more, but may read */
    struct buf in, out;
    size_t written; /* of out */
};

struct control {
    struct control_source source; /* the listening socket; first */
    struct control_conf conf;
    int fd;
    uint64_t last_id;
    unsigned count;
    struct connection *live, *spare;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

static int address_make(const char *path, struct sockaddr_un *sa)
{
    memset(sa, 0, sizeof *sa);
    sa->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof sa->sun_path) return -1;
    memcpy(sa->sun_path, path, strlen(path));
    return 0;
}

/* ---- output ---------------------------------------------------------------------------------- */

/* Says what epoll shall tell: input unless it has ended, room to write while something waits. */
static void connection_watch(struct connection *k)
{
    struct epoll_event ev = { .data.ptr = &k->source };
    if (!k->half_closed) ev.events |= EPOLLIN;
    if (k->written < k->out.len) ev.events |= EPOLLOUT;
    epoll_ctl(k->control->conf.epoll_fd, EPOLL_CTL_MOD, k->fd, &ev);
}

/* What was written stays readable for the other side; epoll reports the end to us. */
static void connection_end(struct connection *k)
{
    if (k->ending) return;
    k->ending = 1;
    shutdown(k->fd, SHUT_RDWR);
}

static void connection_flush(struct connection *k)
{
    while (k->written < k->out.len) {
        ssize_t n = send(k->fd, k->out.data + k->written, k->out.len - k->written,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (n < 0) {
            connection_end(k);
            return;
        }
        k->written += (size_t)n;
    }
    if (k->written < k->out.len) return;
    k->written = 0;
    buf_clear(&k->out);
    if (k->close_when_written) connection_end(k);
}

static void connection_send(struct connection *k, const char *json, size_t len, int close_after)
{
    if (k->ending || k->close_when_written) return;
    int waited = k->written < k->out.len;
    if (k->written > OUTPUT_MAX_BYTES / 2) { /* drop what is written from the front */
        memmove(k->out.data, k->out.data + k->written, k->out.len - k->written);
        k->out.len -= k->written;
        k->written = 0;
    }
    if (k->out.len - k->written + len + 1 > OUTPUT_MAX_BYTES) {
        log_warn("control", "a connection that does not read was closed");
        connection_end(k);
        return;
    }
    buf_add(&k->out, json, len);
    buf_addc(&k->out, '\n');
    k->close_when_written = close_after;
    connection_flush(k);
    int waits = k->written < k->out.len;
    if (!k->ending && waits != waited) connection_watch(k);
}

void control_send(struct control *c, uint64_t connection, const char *json, size_t len, int close)
{
    for (struct connection *k = c->live; k; k = k->next) {
        if (k->id != connection) continue;
        connection_send(k, json, len, close);
        return;
    }
}

static void connection_say_error(struct connection *k, const char *error)
{
    struct buf line = { 0 };
    buf_adds(&line, "{\"ok\":false,\"error\":");
    buf_add_json(&line, error, strlen(error));
    buf_addc(&line, '}');
    connection_send(k, line.data, line.len, 0);
    buf_free(&line);
}

/* ---- input ----------------------------------------------------------------------------------- */

/* Checks that a line is one JSON object with a text "cmd" and hands it over. */
static void connection_line(struct connection *k, const char *line, size_t len)
{
    struct control *c = k->control;
    while (len > 0 && strchr(" \t\r", line[len - 1]) && line[len - 1]) len--;
    if (len == 0) return;
    struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
    if (!tok) abort();
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *o = json_tokener_parse_ex(tok, line, (int)len), *cmd = NULL;
    enum json_tokener_error err = json_tokener_get_error(tok);
    size_t parsed = json_tokener_get_parse_end(tok);
    int whole = err == json_tokener_success && parsed >= len;

    if (err == json_tokener_error_depth)
        connection_say_error(k, "the line is nested too deeply");
    else if (!whole || !json_object_is_type(o, json_type_object))
        connection_say_error(k, "the line is no JSON object; send one like {\"cmd\":\"status\"}");
    else if (!json_object_object_get_ex(o, "cmd", &cmd) ||
             !json_object_is_type(cmd, json_type_string))
        connection_say_error(k, "the line has no \"cmd\"; send one like {\"cmd\":\"status\"}");
    else
        c->conf.line(c->conf.ctx, k->id, json_object_get_string(cmd), line, len);
    json_object_put(o);
    json_tokener_free(tok);
}

/* Hands over all whole lines in `in`. They end with NUL meanwhile, so that they are strings too. */
static void connection_lines(struct connection *k)
{
    size_t from = 0;
    char *newline;
    while (!k->ending && from < k->in.len &&
           (newline = memchr(k->in.data + from, '\n', k->in.len - from))) {
        size_t len = (size_t)(newline - (k->in.data + from));
        *newline = '\0';
        connection_line(k, k->in.data + from, len);
        from += len + 1;
    }
    if (from > 0) {
        memmove(k->in.data, k->in.data + from, k->in.len - from);
        k->in.len -= from;
    }
    if (k->in.len > LINE_MAX_BYTES && !k->ending) {
        connection_say_error(k, "a line may have 1 MiB");
        connection_end(k);
    }
}

static void connection_read(struct connection *k)
{
    char chunk[16384];
    ssize_t n = recv(k->fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n > 0) {
        buf_add(&k->in, chunk, (size_t)n);
        connection_lines(k);
    } else if (n == 0) {
        k->half_closed = 1; /* it may still wait for answers; when it is all gone epoll says so */
        if (!k->ending) connection_watch(k);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        connection_end(k);
    }
}

static void connection_close(struct connection *k)
{
    struct control *c = k->control;
    uint64_t id = k->id;
    struct connection **link = &c->live;
    while (*link != k) link = &(*link)->next;
    *link = k->next;
    close(k->fd); /* leaves the epoll with it */
    buf_free(&k->in);
    buf_free(&k->out);
    k->fd = -1;
    k->id = 0;
    k->next = c->spare;
    c->spare = k;
    c->count--;
    if (c->conf.closed) c->conf.closed(c->conf.ctx, id);
}

static void connection_ready(struct control_source *self, uint32_t events)
{
    struct connection *k = (struct connection *)self;
    if (k->fd < 0) return;
    if ((events & EPOLLIN) && !k->half_closed && !k->ending) connection_read(k);
    if ((events & EPOLLOUT) && !k->ending) {
        connection_flush(k);
        if (!k->ending && k->written == k->out.len) connection_watch(k);
    }
    /* Both directions are over. Input that came before the end was read above; if there is more of
     * it, nobody waits for the answers. */
    if (events & (EPOLLHUP | EPOLLERR)) connection_close(k);
}

static void listener_ready(struct control_source *self, uint32_t events)
{
    struct control *c = (struct control *)self;
    (void)events;
    int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (c->count >= CONNECTIONS_MAX) {
        close(fd);
        return;
    }
    struct connection *k = c->spare;
    if (k)
        c->spare = k->next;
    else
        k = xmalloc(sizeof *k);
    memset(k, 0, sizeof *k);
    k->source.ready = connection_ready;
    k->control = c;
    k->id = ++c->last_id;
    k->fd = fd;
    k->next = c->live;
    c->live = k;
    c->count++;
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &k->source };
    if (epoll_ctl(c->conf.epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) connection_close(k);
}

/* ---- start and stop -------------------------------------------------------------------------- */

struct control *control_start(const struct control_conf *conf, char *error, size_t cap)
{
    struct sockaddr_un sa;
    if (address_make(conf->path, &sa) != 0) {
        snprintf(error, cap,
                 "%s is too long for a socket's path (107 bytes): use a shorter data_dir",
                 conf->path);
        return NULL;
    }
    struct control *c = xcalloc(1, sizeof *c);
    c->source.ready = listener_ready;
    c->conf = *conf;
    snprintf(c->path, sizeof c->path, "%s", conf->path);
    c->conf.path = c->path;
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &c->source };
    unlink(c->path); /* of a bot that died; a living one would hold the lock */
    /* The mode of the socket is set before it has a name, so nobody can be quicker. */
    if (c->fd < 0 || fchmod(c->fd, S_IRUSR | S_IWUSR) != 0 ||
        bind(c->fd, (struct sockaddr *)&sa, sizeof sa) != 0 || listen(c->fd, 16) != 0 ||
        epoll_ctl(c->conf.epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) != 0) {
        snprintf(error, cap, "cannot make the control socket %s: %s", c->path, strerror(errno));
        if (c->fd >= 0) close(c->fd);
        free(c);
        return NULL;
    }
    return c;
}

void control_stop(struct control *c)
{
    if (!c) return;
    while (c->live) {
        connection_flush(c->live);
        connection_close(c->live);
    }
    for (struct connection *k = c->spare, *next; k; k = next) {
        next = k->next;
        free(k);
    }
    close(c->fd);
    unlink(c->path);
    free(c);
}

/* ---- the client side ------------------------------------------------------------------------- */

int control_connect(const char *path, char *error, size_t cap)
{
    struct sockaddr_un sa;
    if (address_make(path, &sa) != 0) {
        snprintf(error, cap, "%s is too long for a socket's path (107 bytes)", path);
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0) return fd;
    if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
        snprintf(error, cap, "no bot is running here (%s): start one with `tokobot run`", path);
    else if (errno == EACCES || errno == EPERM)
        snprintf(error, cap, "the bot at %s belongs to another user: run this as that user", path);
    else
        snprintf(error, cap, "cannot reach the bot at %s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
}

int control_write_line(int fd, const char *json)
{
    struct buf line = { 0 };
    buf_adds(&line, json);
    buf_addc(&line, '\n');
    size_t done = 0;
    while (done < line.len) {
        ssize_t n = send(fd, line.data + done, line.len - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        done += (size_t)n;
    }
    int rc = done == line.len ? 0 : -1;
    buf_free(&line);
    return rc;
}

/* Looks before it takes, so that what follows the line stays in the socket for the next call. */
int control_read_line(int fd, char **line, int timeout_ms)
{
    struct buf out = { 0 };
    char chunk[16384];
    *line = NULL;
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int ready = poll(&p, 1, timeout_ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) errno = ETIMEDOUT;
        if (ready <= 0) break;
        ssize_t n = recv(fd, chunk, sizeof chunk, MSG_PEEK);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            int rc = n == 0 && out.len == 0 ? 0 : -1;
            buf_free(&out);
            return rc;
        }
        char *newline = memchr(chunk, '\n', (size_t)n);
        size_t part = newline ? (size_t)(newline - chunk) : (size_t)n;
        buf_add(&out, chunk, part);
        n = recv(fd, chunk, newline ? part + 1 : part, 0);
        if (n < 0) break;
        if (!newline) continue;
        *line = buf_take(&out);
        return 1;
    }
    buf_free(&out);
    return -1;
}
