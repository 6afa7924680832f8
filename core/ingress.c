/* ingress.c - what comes in from outside: webhooks (on HTTP threads), gateways' own messages,
 * requests to routes, lines of the control socket. Everything ends as an arrival or an event that
 * is posted to the loop. */
#include <json-c/json.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "host.h"
#include "http/control.h"
#include "http/server.h"
#include "message/attached.h"
#include "plugin/plugins_service.h"

enum { TEXT_MAX = 64 << 10, FIELD_MAX = 512, NAME_MAX_BYTES = 200 };

/* ---- arrivals -------------------------------------------------------------------------------- */

struct packer {
    char *at, *end;
};

/* Copies a string, cleaned and cut, and returns where. NULL stays NULL. */
static const char *pack(struct packer *p, const char *s, size_t len, size_t max)
{
    if (!s) return NULL;
    char *start = p->at;
    size_t room = (size_t)(p->end - p->at);
    size_t cap = max + 1 < room ? max + 1 : room;
    size_t n = text_clean(start, cap, s, len);
    p->at = start + n + 1;
    return start;
}

static size_t length(const char *s, size_t max)
{
    size_t n = s ? strlen(s) : 0;
    return n > max ? max : n;
}

static struct arrival *arrival_new(const char *gateway, const struct bot_incoming *in)
{
    size_t text_len = in->text ? in->text_len ? in->text_len : strlen(in->text) : 0;
    if (text_len > 2 * TEXT_MAX) text_len = 2 * TEXT_MAX;
    const char *small[] = { gateway,   in->session, in->event, in->native_id, in->chat,
                            in->phone, in->lid,     in->name,  in->quoted_id };
    size_t need = 3 * text_len + 1; /* a bad byte becomes three */
    for (size_t i = 0; i < BOT_COUNT(small); i++) need += 3 * length(small[i], FIELD_MAX) + 1;
    if (need > TEXT_MAX + 16 * FIELD_MAX) need = TEXT_MAX + 16 * FIELD_MAX;
    struct buf attached = { 0 };
    if (in->media) attached_of_incoming(in, &attached);
    struct arrival *a = xcalloc(1, sizeof *a + need + 16 + attached.len + 1);
    struct packer p = { a->strings, a->strings + need + 16 };
    if (attached.len) a->attached = memcpy(p.end, attached.data, attached.len);
    buf_free(&attached);
    a->kind = (int)in->kind;
    a->ack = in->ack;
    a->state = in->state;
    a->no_new_until = in->no_new_until;
    a->late = in->late;
    a->in_group = in->in_group;
    a->received_at = clock_ms();
    a->sent_at = in->sent_at ? in->sent_at : a->received_at;
    a->gateway = pack(&p, gateway, length(gateway, FIELD_MAX), FIELD_MAX);
    a->session =
        pack(&p, in->session ? in->session : "", length(in->session, FIELD_MAX), FIELD_MAX);
    a->event = pack(&p, in->event, length(in->event, FIELD_MAX), FIELD_MAX);
    a->native_id = pack(&p, in->native_id, length(in->native_id, FIELD_MAX), FIELD_MAX);
    a->chat = pack(&p, in->chat, length(in->chat, FIELD_MAX), FIELD_MAX);
    a->phone = pack(&p, in->phone, length(in->phone, FIELD_MAX), FIELD_MAX);
    a->lid = pack(&p, in->lid, length(in->lid, FIELD_MAX), FIELD_MAX);
    a->name = pack(&p, in->name, length(in->name, FIELD_MAX), NAME_MAX_BYTES);
    a->quoted_id = pack(&p, in->quoted_id, length(in->quoted_id, FIELD_MAX), FIELD_MAX);
    a->text = pack(&p, in->text, text_len, TEXT_MAX);
    return a;
}

struct sink {
    struct bot_incoming_sink base; /* first: what parse() sees */
    struct host *host;
    const char *gateway;
    int groups; /* what is written in groups is taken */
    struct arrival_list list;
    unsigned count;
};

static int is_complete(const struct bot_incoming *in)
{
    switch (in->kind) {
    case BOT_IN_MESSAGE:
    case BOT_IN_OWN:
        return in->chat && *in->chat;
    case BOT_IN_ACK:
    case BOT_IN_EDIT:
    case BOT_IN_REVOKE:
    case BOT_IN_REACTION:
    case BOT_IN_POLL_VOTE:
        return in->native_id && *in->native_id;
    case BOT_IN_IDENTITY:
        return in->lid && *in->lid;
    default:
        return in->kind == BOT_IN_SESSION || in->kind == BOT_IN_CAUGHT_UP;
    }
}

static void sink_add(struct bot_incoming_sink *base, const struct bot_incoming *given)
{
    struct sink *s = (struct sink *)(void *)base;
    struct bot_incoming in = { 0 };
    memcpy(&in, given, given->size < sizeof in ? given->size : sizeof in);
    if (!is_complete(&in) || (in.in_group && !s->groups)) {
        host_count_event(s->host, s->gateway, in.event ? in.event : "incomplete");
        return;
    }
    struct arrival *a = arrival_new(s->gateway, &in);
    TAILQ_INSERT_TAIL(&s->list, a, link);
    s->count++;
}

int host_incoming(struct host *h, const char *gateway, const struct bot_incoming *incoming)
{
    struct sink s = { .host = h, .gateway = gateway };
    TAILQ_INIT(&s.list);
    sink_add(&s.base, incoming);
    if (!s.count) return BOT_EINVAL;
    loop_post_arrivals(&h->loop, &s.list, NULL);
    return BOT_OK;
}

/* ---- webhooks -------------------------------------------------------------------------------- */

static int signature_is_good(const struct gateway *g, const char *body, size_t len,
                             const char *given)
{
    unsigned char mac[crypto_auth_hmacsha512_BYTES], claimed[crypto_auth_hmacsha512_BYTES];
    size_t n = 0;
    if (strlen(given) != 2 * sizeof claimed ||
        sodium_hex2bin(claimed, sizeof claimed, given, strlen(given), NULL, &n, NULL) != 0 ||
        n != sizeof claimed)
        return 0;
    crypto_auth_hmacsha512_state state;
    crypto_auth_hmacsha512_init(&state, (const unsigned char *)g->key, strlen(g->key));
    crypto_auth_hmacsha512_update(&state, (const unsigned char *)body, len);
    crypto_auth_hmacsha512_final(&state, mac);
    return sodium_memcmp(mac, claimed, sizeof mac) == 0;
}

static int is_authentic(const struct gateway *g, const char *body, size_t len,
                        const char *(*header)(void *arg, const char *name), void *arg, int loopback)
{
    if (!g->spec.signature_header) return 1;
    const char *given = header(arg, g->spec.signature_header);
    if (!given || !*given) return g->allow_unsigned && loopback;
    return g->key && *g->key && signature_is_good(g, body, len, given);
}

static int is_full(const struct host *h)
{
    return __atomic_load_n(&h->backlog, __ATOMIC_RELAXED) >=
           __atomic_load_n(&h->backlog_max, __ATOMIC_RELAXED);
}

static void drop(struct sink *s)
{
    for (struct arrival *a; (a = TAILQ_FIRST(&s->list));) {
        TAILQ_REMOVE(&s->list, a, link);
        free(a);
    }
}

/* A number for a body, the same whenever it comes: of its signature, which has been checked, or of
 * the body itself. */
static int64_t body_id(const struct gateway *g, const char *body, size_t len,
                       const char *(*header)(void *arg, const char *name), void *arg)
{
    const char *signature = g->spec.signature_header ? header(arg, g->spec.signature_header) : NULL;
    char start[17] = "";
    if (signature && *signature) {
        memcpy(start, signature, strnlen(signature, sizeof start - 1));
        return (int64_t)strtoull(start, NULL, 16);
    }
    static const unsigned char key[crypto_shorthash_KEYBYTES] = "tokobot webhook";
    unsigned char hash[crypto_shorthash_BYTES];
    int64_t id;
    crypto_shorthash(hash, (const unsigned char *)body, len, key);
    memcpy(&id, hash, sizeof id);
    return id;
}

/* It has crashed its gateway's parse() twice: it is kept for whoever mends that, and its sender
 * need not come again. */
static int set_body_aside(struct host *h, const char *gateway, int64_t id, const char *body,
                          size_t len)
{
    struct buf path = { 0 };
    buf_addf(&path, "%s/aside", h->data_dir);
    mkdir(buf_str(&path), 0700);
    buf_addf(&path, "/%s-%016llx.body", gateway, (unsigned long long)id);
    int fd = open(buf_str(&path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int ok = fd >= 0 && write(fd, body, len) == (ssize_t)len && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    buf_free(&path);
    log_error("webhook", "a body that crashes its gateway is set aside",
              LOG_STR("gateway", gateway), LOG_STR("kept_in", ok ? "data_dir/aside" : "nowhere"));
    host_count_event(h, gateway, "aside");
    return ok ? 200 : 503;
}

static int take_webhook(struct host *h, const struct registry *r, const char *gateway,
                        const char *body, size_t len,
                        const char *(*header)(void *arg, const char *name), void *arg, int loopback,
                        struct http_request *request)
{
    const struct gateway *g = registry_gateway(r, gateway);
    if (!g || !g->spec.name || strcmp(g->spec.name, gateway) != 0) return 404;
    if (g->plugin->quarantined) return 503;
    if (!is_authentic(g, body, len, header, arg, loopback)) {
        host_count_event(h, gateway, "unsigned");
        return 401;
    }
    if (is_full(h)) return 503;
    struct sink s = { .host = h, .gateway = gateway, .groups = g->groups };
    s.base.size = sizeof s.base;
    s.base.add = sink_add;
    TAILQ_INIT(&s.list);
    /* Another build may well bear it. */
    int64_t id =
        body_id(g, body, len, header, arg) ^ (int64_t)strtoull(g->plugin->library->build, NULL, 16);
    if (containment_is_poison(h, id)) return set_body_aside(h, gateway, id, body, len);
    crash_enter(h->crash, CRASH_PARSE, id, g->plugin->name, g->plugin->library->build, "parse");
    int rc = g->spec.parse(body, len, &s.base);
    crash_leave(h->crash);
    if (rc < 0) {
        drop(&s);
        return 400;
    }
    if (!s.count) return 200;
    struct http_ticket *ticket = xcalloc(1, sizeof *ticket);
    ticket->request = request;
    ticket->waiting = s.count;
    struct arrival *a;
    TAILQ_FOREACH(a, &s.list, link) a->ticket = ticket;
    __atomic_add_fetch(&h->backlog, s.count, __ATOMIC_RELAXED);
    loop_post_arrivals(&h->loop, &s.list, ticket);
    return 0;
}

int host_webhook(struct host *h, const char *gateway, const char *body, size_t len,
                 const char *(*header)(void *arg, const char *name), void *arg, int loopback,
                 struct http_request *request)
{
    struct registry *r = registry_take(h);
    int status = take_webhook(h, r, gateway, body, len, header, arg, loopback, request);
    registry_give_back(r);
    return status;
}

/* ---- requests to routes ---------------------------------------------------------------------- */

/* A control connection's request id says which it is, so that a route may write to it again later.
 */
#define CONTROL_REQUEST (1ULL << 62)

uint64_t host_connection_of(struct host *h, uint64_t request)
{
    uint64_t connection = request & CONTROL_REQUEST ? request & ~CONTROL_REQUEST : 0;
    return connection && map_get_id(&h->connections, connection) ? connection : 0;
}

struct http_request *host_request_take(struct host *h, uint64_t id)
{
    pthread_mutex_lock(&h->status_lock);
    struct http_request *request = map_remove_id(&h->requests, id);
    pthread_mutex_unlock(&h->status_lock);
    return request;
}

int host_request_open(struct host *h, uint64_t id)
{
    pthread_mutex_lock(&h->status_lock);
    int open = map_get_id(&h->requests, id) != NULL;
    pthread_mutex_unlock(&h->status_lock);
    return open;
}

int host_route(struct host *h, const char *method, const char *path, const char *query,
               const char *body, size_t len, struct http_request *request)
{
    char key[400];
    snprintf(key, sizeof key, "h/%s", path);
    struct registry *r = registry_take(h);
    int is_there = map_get(&r->routes, key) != NULL;
    registry_give_back(r);
    if (!is_there) return 404;
    struct event *ev = event_new(h, EVENT_ROUTE);
    ev->route_path = arena_strdup(&ev->arena, path);
    ev->route_method = arena_strdup(&ev->arena, method);
    ev->route_query = arena_strdup(&ev->arena, query);
    ev->body = arena_memdup(&ev->arena, body, len);
    ev->body_len = len;
    ev->received_at = clock_ms();
    pthread_mutex_lock(&h->status_lock);
    ev->request = h->next_request++;
    map_put_id(&h->requests, ev->request, request);
    pthread_mutex_unlock(&h->status_lock);
    loop_post_request(&h->loop, ev);
    return 0;
}

/* ---- the control socket ---------------------------------------------------------------------- */

static void refuse(struct host *h, uint64_t connection, const char *why)
{
    struct buf line = { 0 };
    buf_adds(&line, "{\"ok\":false,\"error\":");
    buf_add_json(&line, why, strlen(why));
    buf_addc(&line, '}');
    h->ports.control_send(h->ports.ctx, connection, line.data, line.len, 0);
    buf_free(&line);
}

void host_control(struct host *h, uint64_t connection, const char *verb, const char *json,
                  size_t len)
{
    char key[100];
    if (!strcmp(verb, "status")) {
        struct buf line = { 0 };
        host_status(h, &line);
        h->ports.control_send(h->ports.ctx, connection, line.data, line.len, 0);
        buf_free(&line);
        return;
    }
    if (!strcmp(verb, "reload")) {
        reload_ask_control(h, connection);
        return;
    }
    if (!strcmp(verb, "plugins")) {
        struct buf line = { 0 };
        plugins_describe(h, &line);
        h->ports.control_send(h->ports.ctx, connection, line.data, line.len, 0);
        buf_free(&line);
        return;
    }
    snprintf(key, sizeof key, "c/%s", verb);
    if (!map_get(&h->registry->routes, key)) {
        refuse(h, connection,
               !strcmp(verb, "chat")
                   ? "no plugin serves chats here: set simulator = on in [plugins]"
                   : CONTROL_NO_SUCH_COMMAND);
        return;
    }
    map_put_id(&h->connections, connection, h);
    struct event *ev = event_new(h, EVENT_ROUTE);
    ev->connection = connection;
    ev->request = connection | CONTROL_REQUEST;
    ev->route_path = arena_strdup(&ev->arena, verb);
    ev->body = arena_strndup(&ev->arena, json, len);
    ev->body_len = len;
    ev->received_at = clock_ms();
    loop_post_request(&h->loop, ev);
}

void host_control_closed(struct host *h, uint64_t connection)
{
    map_remove_id(&h->connections, connection);
}
