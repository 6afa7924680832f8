/* api_event.c - the event at hand, and what a handler does in answer. See plugin.h for the
 * contracts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../containment.h"
#include "../host.h"
#include "../message/attached.h"
#include "../message/dialog.h"
#include "../message/inbox.h"
#include "../storage/media.h"
#include "../message/outbox.h"
#include "../message/texts.h"
#include "../people/people.h"
#include "api.h"

enum {
    QUOTE_MAX = 200,
    REPLY_MAX = 200000,
    SEND_MAX = 200000,
    EMIT_MAX = 1 << 20,
    RESPONSE_MAX = 8 << 20
};

static const char INSERT_AUDIT[] = "INSERT INTO audit(at, person, store, plugin, action, detail)"
                                   " VALUES (?1, nullif(?2, 0), nullif(?3, 0), ?4, ?5, ?6)";

int api_in_event(const struct event *ev, const char *function)
{
    if (ev->plugin && pthread_equal(pthread_self(), ev->host->loop.thread)) return BOT_OK;
    log_error("plugin", "called on a foreign thread or outside a callback",
              LOG_STR("function", function));
#ifndef NDEBUG
    abort();
#endif
    return BOT_EPHASE;
}

int api_in_turn(const struct event *ev, const char *function)
{
    int rc = api_in_event(ev, function);
    if (rc == BOT_OK && ev->phase == PHASE_EVENT)
        return db_is_lost(&ev->host->db) ? BOT_EIO : BOT_OK;
    if (rc != BOT_OK) return rc;
    log_error("plugin", "needs a turn; a gateway's send() has none", LOG_STR("function", function),
              LOG_STR("plugin", ev->plugin->name));
    return BOT_EPHASE;
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char *arg_by_name(const struct event *ev, const char *name)
{
    for (uint32_t i = 0; ev->arg_names && i < ev->nargs; i++)
        if (!strcmp(ev->arg_names[i], name)) return ev->args[i];
    return NULL;
}

static const char *quoted(struct event *ev, int want_tag)
{
    int64_t store = 0;
    const char *text = NULL, *tag = NULL;
    if (!ev->quoted_id || !ev->gateway) return NULL;
    if (!outbox_quoted(ev->host->outbox, ev->gateway, ev->session, ev->chat_id, ev->quoted_id,
                       &store, &text, &tag, &ev->step))
        return NULL;
    return want_tag ? tag : text;
}

const char *api_field(struct bot_ctx *ctx, const char *name)
{
    struct event *ev = event_of(ctx);
    const struct {
        const char *name, *value;
    } fields[] = {
        { "text", ev->text },
        { "rest", ev->rest },
        { "chat", ev->chat_id },
        { "phone", ev->phone },
        { "name", ev->person_name && *ev->person_name ? ev->person_name : ev->name },
        { "gateway", ev->gateway },
        { "session", ev->session },
        { "lid", ev->lid },
        { "event", ev->event_name },
        { "language", ev->language },
        { "body", ev->body },
        { "store.name", ev->store_name },
        { "store.code", ev->store_code },
        { "store.timezone", ev->timezone },
        { "store.language", ev->language },
        { "path", ev->route_path },
        { "method", ev->route_method },
        { "query", ev->route_query },
    };
    if (!name) return NULL;
    for (size_t i = 0; i < BOT_COUNT(fields); i++)
        if (!strcmp(fields[i].name, name)) return fields[i].value;
    if (!strncmp(name, "arg.", 4)) return arg_by_name(ev, name + 4);
    if (!strncmp(name, "slot.", 5)) return dialog_slot(ev, name + 5);
    if (!strcmp(name, "native_id")) return inbox_native_id(ev->host, ev, &ev->step);
    if (ev->attached &&
        (!strncmp(name, "media.", 6) || !strncmp(name, "place", 5) || !strcmp(name, "contact")))
        return attached_field(ev->attached, name);
    if (!strcmp(name, "quoted.tag")) return quoted(ev, 1);
    if (!strcmp(name, "quoted.text")) return quoted(ev, 0);
    return NULL;
}

int64_t api_number(struct bot_ctx *ctx, const char *name)
{
    struct event *ev = event_of(ctx);
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        { "store", ev->scope == BOT_THIS_STORE   ? ev->store
                   : ev->scope == BOT_ALL_STORES ? ev->store
                                                 : 0 },
        { "person", ev->person },
        { "role", ev->roles },
        { "event", ev->id },
        { "received_at", ev->received_at },
        { "sent_at", ev->sent_at },
        { "request", (int64_t)ev->request },
        { "connection", (int64_t)ev->connection },
        { "is_new", ev->is_new_member },
        { "store.offset", texts_zone_ms(ev->timezone ? ev->timezone : ev->host->timezone) },
    };
    if (!name) return 0;
    for (size_t i = 0; i < BOT_COUNT(numbers); i++)
        if (!strcmp(numbers[i].name, name)) return numbers[i].value;
    if (!strcmp(name, "stores_active")) return stores_active(ev->host);
    if (!strcmp(name, "media")) return ev->attached ? ev->attached->media : 0;
    if (!strcmp(name, "media.size")) return ev->attached ? ev->attached->size : 0;
    const char *text = api_field(ctx, name);
    int64_t value = 0;
    return text && text_int(text, &value) == 0 ? value : 0;
}

uint32_t api_nargs(struct bot_ctx *ctx)
{
    return event_of(ctx)->nargs;
}

const char *api_arg(struct bot_ctx *ctx, uint32_t index)
{
    const struct event *ev = event_of(ctx);
    return index < ev->nargs && ev->args[index] ? ev->args[index] : "";
}

int api_status(struct bot_ctx *ctx)
{
    return event_of(ctx)->status;
}

const void *api_resume(struct bot_ctx *ctx, size_t *len)
{
    const struct event *ev = event_of(ctx);
    if (len) *len = ev->resume_len;
    return ev->resume;
}

const char *api_text(struct bot_ctx *ctx, const char *key, const struct bot_arg *args, size_t n)
{
    struct event *ev = event_of(ctx);
    if (api_in_event(ev, "text") != BOT_OK) return key;
    return texts_fill(ev->plugin->texts, ev->language, key, args, n, ev->timezone, &ev->step);
}

/* ---- acting ---------------------------------------------------------------------------------- */

int api_reply(struct bot_ctx *ctx, const char *text)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "reply");
    if (rc != BOT_OK) return rc;
    if (!text || !*text || (!ev->chat_id && !ev->gathering)) return BOT_EINVAL;
    size_t len = strlen(text);
    if (ev->reply.len + len > REPLY_MAX) return BOT_EINVAL;
    if (ev->reply.len) buf_adds(&ev->reply, ev->gathering ? "\n" : "\n\n");
    size_t need = text_clean(NULL, 0, text, len) + 1;
    buf_reserve(&ev->reply, need);
    ev->reply.len += text_clean(ev->reply.data + ev->reply.len, need, text, len);
    return BOT_OK;
}

/* Runs the hooks of `list` with an empty reply. 0, or -1 when one of them failed. */
static int ask_hooks(struct event *ev, const struct hook_list *list)
{
    for (size_t i = 0; list && i < list->count; i++) {
        const struct hook *hook = list->hooks[i];
        if (hook->spec.scope == BOT_THIS_STORE && !ev->store) continue;
        if (containment_is_off(ev, hook->plugin)) continue;
        int verdict = event_call(ev, hook->plugin, hook->spec.scope, hook->spec.run, list->event);
        if (verdict == BOT_FAIL || verdict == BOT_LATER) return -1;
    }
    return 0;
}

const char *api_gather(struct bot_ctx *ctx, const char *event)
{
    struct event *ev = event_of(ctx);
    if (api_in_turn(ev, "gather") != BOT_OK || !event || ev->gathering) return NULL;
    struct buf reply = ev->reply;
    ev->reply = (struct buf){ 0 };
    ev->gathering = 1;
    int failed = ask_hooks(ev, registry_hooks(ev->host->registry, event));
    ev->gathering = 0;
    const char *said = failed ? NULL : arena_strdup(&ev->step, buf_str(&ev->reply));
    buf_free(&ev->reply);
    ev->reply = reply;
    return said;
}

struct lent {
    bot_call_fn *fn;
    void *arg;
};

static int run_lent(struct event *ev, void *arg)
{
    const struct lent *lent = arg;
    return lent->fn(&ev->ctx, lent->arg);
}

int api_call_as(struct bot_ctx *ctx, void *owner, bot_call_fn *fn, void *arg)
{
    struct event *ev = event_of(ctx);
    struct lent lent = { fn, arg };
    int rc = api_in_event(ev, "call_as");
    if (rc != BOT_OK) return rc;
    if (!owner || !fn) return BOT_EINVAL;
    struct plugin *plugin = generation_known(ev->host, owner);
    if (!plugin || plugin->phase == PLUGIN_STOPPED || containment_is_off(ev, plugin))
        return BOT_EGONE;
    return event_invoke(ev, plugin, ev->scope, run_lent, &lent, "service");
}

struct sending {
    struct event *ev;
    const struct bot_send *send;
    int rc, count;
};

static int send_row(struct sending *s, int64_t person, const char *gateway, const char *session,
                    const char *chat)
{
    const struct bot_send *m = s->send;
    struct outbox_new row = {
        .gateway = gateway,
        .session = session,
        .chat = chat,
        .store = s->ev->store,
        .person = person,
        .text = m->text,
        .tag = m->tag,
        .not_before = m->not_before,
        .expires = m->expires,
        .answer = m->priority > 0,
        .event = s->ev->id,
        .media = m->media,
        .quote = m->quote,
    };
    s->count++;
    return outbox_add(s->ev->host->outbox, s->ev, &row);
}

static void send_to_person(void *ctx, int64_t person)
{
    struct sending *s = ctx;
    const char *gateway, *session, *chat;
    if (s->rc != BOT_OK || (s->send->role && person == s->send->except)) return;
    if (people_address(s->ev->host, person, &s->ev->step, &gateway, &session, &chat) < 0) return;
    s->rc = send_row(s, person, gateway, session, chat);
}

/* A chat id as the gateway of this event knows it, or a phone number. */
static int send_to_chat(struct sending *s)
{
    struct host *h = s->ev->host;
    char phone[32], chat[80];
    const struct gateway *g = s->ev->gateway ? registry_gateway(h->registry, s->ev->gateway) : NULL;
    const char *name = s->ev->gateway;
    if (strchr(s->send->chat, '@') && g) return send_row(s, 0, name, s->ev->session, s->send->chat);
    if (text_phone(s->send->chat, phone, sizeof phone) < 0) return BOT_EINVAL;
    int64_t person = people_resolve(h, NULL, NULL, NULL, phone, NULL, NULL);
    if (person < 0) return BOT_EIO;
    send_to_person(s, person);
    if (s->rc != BOT_OK || s->count) return s->rc;
    if (!g || !g->plugin->started || !g->spec.address) return BOT_ENOENT;
    if (g->spec.address(phone, chat, sizeof chat) != BOT_OK) return BOT_EINVAL;
    return send_row(s, person, name, s->ev->session, chat);
}

/* A file that goes out is kept on from now. */
static int use_media(struct event *ev, int64_t id)
{
    struct media m;
    int rc = media_find(ev->host, id, &m, &ev->step);
    if (rc != 1) return rc < 0 ? BOT_EIO : BOT_ENOENT;
    return media_touch(ev->host, id) == 0 ? BOT_OK : BOT_EIO;
}

int api_send(struct bot_ctx *ctx, const struct bot_send *send)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "send");
    if (rc != BOT_OK) return rc;
    struct bot_send m = { 0 };
    if (!send) return BOT_EINVAL;
    memcpy(&m, send, send->size < sizeof m ? send->size : sizeof m);
    if ((!m.media && (!m.text || !*m.text)) || (m.text && strlen(m.text) > SEND_MAX) ||
        !!m.person + !!m.role + !!m.chat != 1)
        return BOT_EINVAL;
    if (m.quote && (!*m.quote || strlen(m.quote) > QUOTE_MAX)) m.quote = NULL;
    if (m.media && (rc = use_media(ev, m.media)) != BOT_OK) return rc;
    struct sending s = { ev, &m, BOT_OK, 0 };
    if (m.chat) {
        s.rc = send_to_chat(&s);
    } else if (m.person) {
        send_to_person(&s, m.person);
    } else {
        int64_t store = m.store && ev->scope == BOT_ALL_STORES ? m.store : ev->store;
        if (m.role != BOT_SUPER && !store) return BOT_ESCOPE;
        if (people_with_role(ev->host, store, m.role, send_to_person, &s) < 0) return BOT_EIO;
    }
    return s.rc != BOT_OK ? s.rc : s.count ? BOT_OK : BOT_ENOENT;
}

int api_emit(struct bot_ctx *ctx, const char *name, const void *body, size_t len)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "emit");
    if (rc != BOT_OK) return rc;
    if (!name || !*name || strlen(name) > 80 || len > EMIT_MAX || !strncmp(name, "message.", 8))
        return BOT_EINVAL;
    return inbox_emit(ev->host, ev, name, NULL, 0, body, body ? len : 0);
}

int api_respond(struct bot_ctx *ctx, const struct bot_response *response)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_event(ev, "respond");
    if (rc != BOT_OK) return rc;
    struct bot_response r = { 0 };
    if (!response) return BOT_EINVAL;
    memcpy(&r, response, response->size < sizeof r ? response->size : sizeof r);
    size_t len = r.body_len ? r.body_len : r.body ? strlen(r.body) : 0;
    uint64_t request = r.request ? (uint64_t)r.request : ev->request;
    if (len > RESPONSE_MAX || !request) return BOT_EINVAL;
    uint64_t connection = host_connection_of(ev->host, request);
    if (!connection && !host_request_open(ev->host, request)) return BOT_EGONE;
    if (ev->phase == PHASE_SEND) { /* a gateway that sends to a connection: nothing to wait for */
        if (!connection) return BOT_EINVAL;
        ev->host->ports.control_send(ev->host->ports.ctx, connection, r.body ? r.body : "", len,
                                     !r.more);
        return BOT_OK;
    }
    struct staged *s = stage(ev, STAGED_RESPONSE);
    s->response = (struct response){ .request = request,
                                     .connection = connection,
                                     .status = r.status ? r.status : 200,
                                     .more = (int)r.more,
                                     .type = xstrdup(r.type),
                                     .body = xmemdup(r.body ? r.body : "", len),
                                     .len = len };
    return BOT_OK;
}

int api_abort(struct bot_ctx *ctx, const char *text)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "abort");
    if (rc != BOT_OK) return rc;
    ev->abort_text = arena_strdup(&ev->arena, text && *text ? text : NULL);
    return BOT_FAIL;
}

int api_dialog_start(struct bot_ctx *ctx, const char *name, const struct bot_arg *args, size_t n)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "dialog_start");
    if (rc != BOT_OK) return rc;
    return name && ev->person ? dialog_start(ev, name, args, n) : BOT_EINVAL;
}

int api_slot_set(struct bot_ctx *ctx, const char *slot, const char *value)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "slot_set");
    return rc != BOT_OK ? rc : slot ? dialog_slot_set(ev, slot, value) : BOT_EINVAL;
}

int api_audit(struct bot_ctx *ctx, const char *action, const char *detail)
{
    struct event *ev = event_of(ctx);
    int rc = api_in_turn(ev, "audit");
    if (rc != BOT_OK) return rc;
    if (!action) return BOT_EINVAL;
    return db_exec(&ev->host->db, INSERT_AUDIT, "iiisss", clock_ms(), ev->person, ev->store,
                   ev->plugin->name, action, detail ? detail : "") == 0
               ? BOT_OK
               : BOT_EIO;
}
