/* day_waha.c - the HTTP side of a WAHA on a bad day: sends that are slow, reset before or behind
 * their taking, refused, held for the session; ids that make a send one however often it comes;
 * acks that are late, lost, out of order. The ledger is what was really sent. */
#include "day.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/http/client.h"

enum { HELD_MS = 10000 /* WAHA waits so long for its session */, CACHE_MS = 600000 };
enum fate {
    FATE_OK,
    FATE_SLOW,
    FATE_RESET_UNSENT,
    FATE_RESET_SENT,
    FATE_500,
    FATE_NAMED,
    FATE_COUNT
};
static const char *const fate_names[FATE_COUNT] = { "ok",         "slow", "reset unsent",
                                                    "reset sent", "500",  "no lid" };

/* ---- troubles ---------------------------------------------------------------------------------
 */

uint64_t chat_hash(const char *chat)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *chat; chat++) h = (h ^ (unsigned char)*chat) * UINT64_C(0x100000001b3);
    return h | 1;
}

void trouble_add(struct day *d, int64_t from, int64_t to, const char *chat)
{
    if (d->trouble_count == d->trouble_cap) {
        d->trouble_cap = d->trouble_cap ? 2 * d->trouble_cap : 1024;
        d->troubles = xrealloc(d->troubles, d->trouble_cap * sizeof *d->troubles);
    }
    d->troubles[d->trouble_count++] = (struct trouble){ from, to, chat ? chat_hash(chat) : 0 };
}

/* ---- the ledger -------------------------------------------------------------------------------
 */

static void new_id(struct day *d, char out[40])
{
    snprintf(out, 40, "3EB0%016llX", (unsigned long long)++d->next_id);
}

static struct sent *sent_add(struct day *d, const struct flight *f, const char *id)
{
    struct sent *sent = xcalloc(1, sizeof *sent);
    long long n = 0;
    if (d->sent_count == d->sent_cap) {
        d->sent_cap = d->sent_cap ? 2 * d->sent_cap : 4096;
        d->sents = xrealloc(d->sents, d->sent_cap * sizeof *d->sents);
    }
    d->sents[d->sent_count++] = sent;
    snprintf(sent->id, sizeof sent->id, "%s", id);
    snprintf(sent->chat, sizeof sent->chat, "%s", f->chat);
    snprintf(sent->text, sizeof sent->text, "%s", f->text);
    const char *hash = strchr(f->text, '#');
    if (hash && sscanf(hash, "#%lld", &n) == 1) sent->n = n;
    sent->at = clock_ms();
    sent->late = !f->job && d->sabotage != DAY_REORDER;
    sent->before = map_get(&d->chats, sent->chat);
    map_put(&d->chats, sent->chat, sent);
    map_put(&d->ledger, sent->id, sent);
    d->sends++;
    return sent;
}

/* ---- acks, and our own messages coming back ---------------------------------------------------
 */

static void ack_post(struct day *d, const struct sent *sent, int ack, int64_t after_ms)
{
    char evt[40];
    struct buf b = { 0 };
    body_ack(&b, d->engine, webhook_evt(d, evt), clock_ms() + after_ms, sent->chat, sent->id, ack);
    webhook_post(d, &b, clock_ms() + after_ms);
}

static void acks_draw(struct day *d, const struct sent *sent)
{
    int64_t dice = chance_range(&d->fate, 0, 99);
    if (dice < 8) {
        d->tallies[T_ACK_LOST]++;
    } else if (dice < 11 && d->engine != ENGINE_GOWS) {
        d->tallies[T_ACK_ERROR]++;
        ack_post(d, sent, -1, chance_range(&d->fate, 100, 5000));
    } else if (dice < 16) {
        d->tallies[T_ACK_LATE]++;
        ack_post(d, sent, 3, chance_range(&d->fate, 600000, 3600000));
    } else if (dice < 21) {
        d->tallies[T_ACK_DISORDER]++;
        for (int ack = 3; ack >= 1; ack--) ack_post(d, sent, ack, (4 - ack) * 400);
    } else if (dice < 26) {
        d->tallies[T_ACK_EARLY]++;
        ack_post(d, sent, 1, 0);
        ack_post(d, sent, 2, 900);
    } else {
        ack_post(d, sent, 1, chance_range(&d->fate, 200, 900));
        ack_post(d, sent, 2, chance_range(&d->fate, 1000, 5000));
    }
}

static void own_post(struct day *d, const struct sent *sent, const char *source, int64_t after_ms)
{
    char evt[40];
    struct buf b = { 0 };
    struct body_message m = { .engine = d->engine,
                              .evt = webhook_evt(d, evt),
                              .at = clock_ms(),
                              .event = "message.any",
                              .chat = sent->chat,
                              .id = sent->id,
                              .sent_at = sent->at,
                              .ours = 1,
                              .source = source,
                              .text = sent->text,
                              .len = strlen(sent->text) };
    body_message(&b, &m);
    webhook_post(d, &b, clock_ms() + after_ms);
}

/* Its cache of what it has sent is gone: what comes back now looks as if the owner had written it
 * (not with GOWS, which knows by the device). */
void wire_comes_back(struct day *d)
{
    for (size_t i = d->sent_count; i-- && d->sents[i]->at > clock_ms() - CACHE_MS;) {
        struct sent *sent = d->sents[i];
        if (sent->app_again || d->engine == ENGINE_GOWS || !chance_percent(&d->fate, 60)) continue;
        sent->app_again = 1;
        d->tallies[T_OWN_APP]++;
        own_post(d, sent, "app", chance_range(&d->fate, 100, 4000));
    }
}

/* ---- flights ----------------------------------------------------------------------------------
 */

static void flight_unref(struct day *d, struct flight *f)
{
    if (--f->refs) return;
    TAILQ_REMOVE(&d->flights, f, link);
    http_job_free(f->job);
    free(f->method);
    free(f->path);
    free(f->key);
    free(f->chat);
    free(f->text);
    free(f->send_id);
    buf_free(&f->answer);
    free(f);
}

static void flight_at(struct day *d, struct flight *f, int64_t after_ms,
                      void (*run)(struct day *, void *))
{
    f->refs++;
    day_at(d, clock_ms() + after_ms, run, f);
}

struct said *said_of(struct day *d, const char *text)
{
    long long n = 0;
    const char *hash = text ? strchr(text, '#') : NULL;
    return hash && sscanf(hash, "#%lld", &n) == 1 && n >= 1 && n <= d->said_count ? &d->said[n - 1]
                                                                                  : NULL;
}

/* What the end of a request says of whether it was taken: nothing, or that it was not. */
static void note_end(struct day *d, const struct flight *f, int in_doubt, int status)
{
    struct said *m = f->is_send ? said_of(d, f->text) : NULL;
    if (m && in_doubt)
        m->in_doubt = 1;
    else if (m && status / 100 != 2)
        m->refused_at = clock_ms();
}

/* Tells the host, if it still waits. */
static void flight_end(struct day *d, struct flight *f, enum http_error error, int status, int sent)
{
    if (!f->job || d->dead) return;
    struct http_job *job = f->job;
    f->job = NULL;
    job->error = error;
    job->status = status;
    job->sent = sent;
    note_end(d, f, error && sent, status);
    if (status) buf_add(&job->answer, f->answer.data, f->answer.len);
    if (error) snprintf(job->message, sizeof job->message, "%s", fate_names[f->fate]);
    if (f->tampered && f->chat) trouble_add(d, f->since, clock_ms(), f->chat);
    if (f->is_send)
        day_say(d, "WAHA answers \"%s\": %s (error %d, status %d)", f->text, fate_names[f->fate],
                (int)error, status);
    loop_post_http(&d->host->loop, job);
}

static void flight_time_out(struct day *d, void *arg)
{
    struct flight *f = arg;
    if (f->job && !d->dead) {
        d->tallies[T_SEND_TIMED_OUT] += f->is_send && f->is_taken;
        f->tampered = 1;
        flight_end(d, f, HTTP_ETIMEDOUT, 0, 1);
    }
    flight_unref(d, f);
}

static void flight_answer(struct day *d, void *arg)
{
    struct flight *f = arg;
    if (f->waha_life != d->waha_life)
        flight_end(d, f, HTTP_EIO, 0, 1); /* it died meanwhile */
    else if (f->status)
        flight_end(d, f, HTTP_OK, f->status, 1);
    else
        flight_end(d, f, HTTP_EIO, 0, 1);
    flight_unref(d, f);
}

/* ---- what WAHA says to each request -----------------------------------------------------------
 */

static void say(struct flight *f, int status, const char *body)
{
    f->status = status;
    buf_adds(&f->answer, body);
}

static void take_send(struct day *d, struct flight *f)
{
    char id[40];
    int by_id = f->send_id && d->engine != ENGINE_WEBJS;
    f->status = 201;
    if (by_id)
        snprintf(id, sizeof id, "%s", f->send_id);
    else
        new_id(d, id);
    struct sent *sent = by_id ? map_get(&d->ledger, id) : NULL;
    if (sent) {
        sent->repeats++; /* the same message on the wire: the phone shows one */
        d->tallies[T_SEND_REPEATED]++;
    } else {
        sent = sent_add(d, f, id);
        day_say(d, "WAHA sends \"%s\" to %s as %s%s", f->text, f->chat, id,
                sent->late ? ", late" : "");
        acks_draw(d, sent);
        if (chance_percent(&d->fate, 25)) {
            d->tallies[T_OWN_API]++;
            own_post(d, sent, "api", chance_range(&d->fate, 50, 400));
        }
    }
    body_sent(&f->answer, d->engine, sent->chat, sent->id);
    if (d->sabotage == DAY_TWICE_AFTER_RESET && f->fate == FATE_RESET_SENT) {
        new_id(d, id);
        sent_add(d, f, id);
    }
}

static void url_decode(const char *in, size_t len, char *out, size_t cap)
{
    size_t o = 0;
    for (size_t i = 0; i < len && o + 1 < cap; i++) {
        unsigned byte = (unsigned char)in[i];
        if (in[i] == '%' && i + 2 < len && sscanf(in + i + 1, "%2x", &byte) == 1) i += 2;
        out[o++] = (char)byte;
    }
    out[o] = '\0';
}

/* Our messages of a chat, the newest first. */
static void take_list(struct day *d, struct flight *f)
{
    const char *since = strstr(f->path, "filter.timestamp.gte=");
    long long from = since ? atoll(since + strlen("filter.timestamp.gte=")) : 0;
    int some = 0;
    if (chance_percent(&d->fate, 8)) {
        d->tallies[T_BLIND]++;
        say(f, 501,
            "{\"message\":\"The method is not implemented.\",\"error\":\"Not Implemented\",\"statusCode\":501}");
        return;
    }
    say(f, 200, "[");
    for (struct sent *sent = map_get(&d->chats, f->chat); sent && some < 20; sent = sent->before) {
        if (sent->at / 1000 < from) continue;
        if (some++) buf_addc(&f->answer, ',');
        buf_addf(&f->answer,
                 "{\"id\":\"true_%s_%s\",\"timestamp\":%lld,\"fromMe\":true,\"body\":", sent->chat,
                 sent->id, (long long)(sent->at / 1000));
        buf_add_json(&f->answer, sent->text, strlen(sent->text));
        buf_addc(&f->answer, '}');
    }
    buf_addc(&f->answer, ']');
}

/* GET .../chats/CHAT/messages/ID and .../messages?... */
static void take_messages(struct day *d, struct flight *f)
{
    char full[200];
    const char *one = strstr(f->path, "/messages/");
    if (!one) {
        take_list(d, f);
        return;
    }
    one += strlen("/messages/");
    url_decode(one, strcspn(one, "?"), full, sizeof full);
    const char *id = strrchr(full, '_');
    struct sent *sent = id ? map_get(&d->ledger, id + 1) : NULL;
    if (sent && chance_percent(&d->fate, 30)) {
        d->tallies[T_BLIND]++;
        sent->denied = 1;
        say(f, 400,
            "{\"message\":\"Enable NOWEB store\",\"error\":\"Bad Request\",\"statusCode\":400}");
        return;
    }
    if (!sent) {
        say(f, 404,
            "{\"message\":\"Message not found\",\"error\":\"Not Found\",\"statusCode\":404}");
        return;
    }
    f->status = 200;
    buf_addf(&f->answer, "{\"id\":\"true_%s_%s\",\"fromMe\":true}", sent->chat, sent->id);
}

static void take_lid(struct flight *f, const char *lid)
{
    int person = atoi(lid + strlen("100000000000"));
    f->status = 200;
    if (strncmp(lid, "100000000000", 12) == 0)
        buf_addf(&f->answer, "{\"lid\":\"%.15s@lid\",\"pn\":\"6281100000%03d@c.us\"}", lid, person);
    else
        buf_addf(&f->answer, "{\"lid\":\"%.15s@lid\",\"pn\":null}", lid);
}

static void take(struct day *d, struct flight *f)
{
    char id[40];
    const char *lid = strstr(f->path, "/lids/");
    f->is_taken = 1;
    if (f->is_send) {
        take_send(d, f);
    } else if (strstr(f->path, "/chats/")) {
        take_messages(d, f);
    } else if (strstr(f->path, "/new-message-id")) {
        new_id(d, id);
        f->status = d->engine == ENGINE_WEBJS ? 501 : 200;
        if (f->status == 200)
            buf_addf(&f->answer, "{\"id\":\"%s\"}", id);
        else
            buf_adds(
                &f->answer,
                "{\"message\":\"The method is not implemented by 'WEBJS' engine.\",\"statusCode\":501}");
    } else if (lid) {
        take_lid(f, lid + strlen("/lids/"));
    } else if (strcmp(f->path, "/api/sessions/default") == 0) {
        f->status = 200;
        buf_addf(&f->answer,
                 "{\"name\":\"default\",\"status\":\"%s\",\"engine\":{\"engine\":\"%s\"}}",
                 d->working ? "WORKING" : "STARTING", engine_names[d->engine]);
    } else if (strstr(f->path, "/chats?")) { /* it keeps no list: what it lost stays lost */
        say(f, 400,
            "{\"message\":\"Enable NOWEB store\",\"error\":\"Bad Request\",\"statusCode\":400}");
    } else if (strstr(f->path, "/check-exists")) {
        say(f, 200, "{\"numberExists\":true}");
    } else if (strstr(f->path, "Typing") || strstr(f->path, "sendSeen")) {
        say(f, 201, "{\"result\":true}");
    } else {
        day_fail(d, "WAHA has no %s %s", f->method, f->path);
        say(f, 404, "{\"message\":\"Cannot GET\",\"statusCode\":404}");
    }
}

static void take_failure(struct day *d, struct flight *f)
{
    static const char internal[] =
        "{\"statusCode\":500,\"exception\":{\"message\":\"%s\",\"name\":\"Error\"}}";
    f->status = 500;
    f->tampered = 1;
    d->tallies[f->fate == FATE_NAMED ? T_500_NAMED : T_500]++;
    buf_addf(&f->answer, internal,
             f->fate == FATE_NAMED ? "2 UNKNOWN: no LID found for 628@s.whatsapp.net from server"
                                   : "boom");
}

static void flight_take(struct day *d, void *arg)
{
    struct flight *f = arg;
    int64_t slow = f->fate == FATE_SLOW ? f->waits_since : 0; /* how much later it is answered */
    if (f->waha_life != d->waha_life ||
        f->fate == FATE_RESET_UNSENT) { /* it died with this in its hands */
        f->fate = FATE_RESET_UNSENT;
        flight_end(d, f, HTTP_EIO, 0, 1);
    } else if (f->is_send && f->job && day_boundary(d, "before WAHA takes a message")) {
        f->refs++; /* wire_host_gone() decides whether it was on the wire */
        day_at(d, clock_ms() + 5, flight_take, f);
    } else {
        if (f->fate == FATE_500 || f->fate == FATE_NAMED)
            take_failure(d, f);
        else
            take(d, f);
        if (f->fate == FATE_RESET_SENT) f->status = 0;
        flight_at(d, f, slow ? slow : chance_range(&d->fate, 1, 20), flight_answer);
        if (f->is_send && f->job) day_boundary(d, "behind WAHA's taking of a message");
    }
    flight_unref(d, f);
}

/* ---- on its way in ----------------------------------------------------------------------------
 */

static int needs_session(const struct flight *f)
{
    return strncmp(f->path, "/api/sessions", 13) != 0;
}

static void flight_hold(struct day *d, void *arg)
{
    struct flight *f = arg;
    if (f->waha_life != d->waha_life) {
        flight_end(d, f, HTTP_EIO, 0, 1);
    } else if (d->working) {
        flight_at(d, f, 0, flight_take);
    } else if (clock_ms() - f->waits_since >= HELD_MS) {
        d->tallies[T_422]++;
        f->tampered = 1;
        say(f, 422,
            "{\"error\":\"Session status is not as expected. Try again later or restart the session\","
            "\"session\":\"default\",\"status\":\"STARTING\",\"expected\":[\"WORKING\"]}");
        flight_at(d, f, 1, flight_answer);
    } else {
        flight_at(d, f, 500, flight_hold);
    }
    flight_unref(d, f);
}

static int has_key(const struct day *d, const struct flight *f)
{
    char key[40];
    snprintf(key, sizeof key, "simulated-key-%d", d->key);
    const char *given = strstr(f->key, "X-Api-Key: ");
    return given && strcmp(given + strlen("X-Api-Key: "), key) == 0;
}

static void flight_arrive(struct day *d, void *arg)
{
    struct flight *f = arg;
    f->waha_life = d->waha_life;
    if (!d->waha_up) {
        d->tallies[T_REFUSED_WAHA]++;
        flight_end(d, f, HTTP_EIO, 0, 0);
    } else if (f->fate == FATE_RESET_UNSENT) {
        d->tallies[T_SEND_RESET_UNSENT] += f->is_send;
        flight_end(d, f, HTTP_EIO, 0, 1);
    } else if (!has_key(d, f)) {
        d->tallies[T_401]++;
        say(f, 401, "{\"message\":\"Unauthorized\",\"statusCode\":401}");
        flight_at(d, f, 2, flight_answer);
    } else if (needs_session(f) && !d->working) {
        d->tallies[T_WAITED]++;
        f->waits_since = clock_ms();
        f->tampered = 1;
        if (f->fate == FATE_SLOW) f->fate = FATE_OK;
        flight_at(d, f, 500, flight_hold);
    } else if (f->fate == FATE_SLOW) {
        int64_t whole = chance_range(&d->fate, 1000, 40000),
                before = chance_range(&d->fate, 0, whole < 14000 ? whole : 14000);
        d->tallies[T_SEND_SLOW] += f->is_send;
        f->waits_since = whole - before + 1;
        flight_at(d, f, before, flight_take);
    } else {
        d->tallies[T_SEND_RESET_SENT] += f->is_send && f->fate == FATE_RESET_SENT;
        flight_at(d, f, 0, flight_take);
    }
    flight_unref(d, f);
}

/* Another service than WAHA: it works, mostly. */
static void test_arrive(struct day *d, void *arg)
{
    struct flight *f = arg;
    if (chance_percent(&d->fate, 96)) say(f, 200, "ok");
    f->waha_life = d->waha_life;
    flight_answer(d, f);
}

/* A number that has no WhatsApp never gets one: it is the message's fate, not the request's. */
static int has_no_whatsapp(const struct day *d, const struct flight *f)
{
    struct chance c = { chat_hash(f->text) ^ d->seed };
    return chance_permille(&c, 8);
}

static enum fate draw_fate(struct day *d, const struct flight *f)
{
    int64_t dice = chance_range(&d->fate, 0, 999);
    if (f->is_test) return FATE_OK;
    if (f->is_send && has_no_whatsapp(d, f)) return FATE_NAMED;
    if (d->sabotage == DAY_HEALTHY) return FATE_OK;
    if (f->is_send)
        return dice < 40   ? FATE_SLOW
               : dice < 55 ? FATE_RESET_UNSENT
               : dice < 75 ? FATE_RESET_SENT
               : dice < 90 ? FATE_500
                           : FATE_OK;
    return dice < 10   ? FATE_SLOW
           : dice < 15 ? FATE_RESET_UNSENT
           : dice < 20 ? FATE_RESET_SENT
           : dice < 28 ? FATE_500
                       : FATE_OK;
}

static void read_send(struct flight *f, const struct http_job *job)
{
    struct json_object *o = json_tokener_parse(job->body), *v = NULL;
    if (json_object_object_get_ex(o, "chatId", &v)) f->chat = xstrdup(json_object_get_string(v));
    if (json_object_object_get_ex(o, "text", &v)) f->text = xstrdup(json_object_get_string(v));
    if (json_object_object_get_ex(o, "id", &v)) f->send_id = xstrdup(json_object_get_string(v));
    json_object_put(o);
    if (!f->chat) f->chat = xstrdup("");
    if (!f->text) f->text = xstrdup("");
}

static void read_chat(struct flight *f)
{
    char chat[96];
    const char *at = strstr(f->path, "/chats/");
    if (!at) return;
    at += strlen("/chats/");
    url_decode(at, strcspn(at, "/"), chat, sizeof chat);
    f->chat = xstrdup(chat);
}

static struct flight *flight_new(struct day *d, struct http_job *job)
{
    struct flight *f = xcalloc(1, sizeof *f);
    const char *server = strstr(job->url, "//"), *path = server ? strchr(server + 2, '/') : NULL;
    TAILQ_INSERT_TAIL(&d->flights, f, link);
    f->job = job;
    f->id = job->id;
    f->since = clock_ms();
    f->method = xstrdup(job->method);
    f->path = xstrdup(path ? path : "/");
    f->key = xstrdup(job->headers ? job->headers : "");
    f->is_test = strstr(job->url, "//sim.test/") != NULL;
    f->is_send = !f->is_test && strcmp(f->path, "/api/sendText") == 0;
    if (f->is_send)
        read_send(f, job);
    else
        read_chat(f);
    f->fate = draw_fate(d, f);
    f->tampered = f->fate != FATE_OK;
    return f;
}

/* DAY_REORDER: answered now, taken some time later. */
static void flight_reorder(struct day *d, struct flight *f)
{
    f->fate = FATE_OK;
    f->status = 201;
    f->waha_life = d->waha_life;
    body_sent(&f->answer, d->engine, f->chat, f->send_id ? f->send_id : "3EB0CLAIMED");
    flight_at(d, f, 5, flight_answer);
    flight_at(d, f, chance_range(&d->fate, 100, 12000), flight_take);
}

void wire_submit(struct day *d, struct http_job *job)
{
    struct flight *f = flight_new(d, job);
    if (f->is_send)
        day_say(d, "sendText \"%s\" to %s, id %s; fate: %s", f->text, f->chat,
                f->send_id ? f->send_id : "-", fate_names[f->fate]);
    if (d->sabotage == DAY_STUCK && f->is_send && !d->stuck_done++) {
        f->refs++; /* for ever */
        return;
    }
    flight_at(d, f, job->timeout_ms ? job->timeout_ms : 30000, flight_time_out);
    if (f->is_send && d->blink_waits) day_at(d, clock_ms(), session_blinks, NULL);
    if (f->is_send && d->restart_waits) day_at(d, clock_ms(), session_waha_restarts, NULL);
    if (f->is_test)
        flight_at(d, f, chance_range(&d->fate, 2, 300), test_arrive);
    else if (f->is_send && d->sabotage == DAY_REORDER && chance_percent(&d->fate, 10))
        flight_reorder(d, f);
    else
        flight_at(d, f, chance_range(&d->fate, 1, 30), flight_arrive);
}

static void flight_cancel(struct day *d, void *arg)
{
    struct flight *f = arg;
    flight_end(d, f, HTTP_ECANCELED, 0, 1);
    flight_unref(d, f);
}

void wire_cancel(struct day *d, uint64_t id)
{
    struct flight *f;
    TAILQ_FOREACH(f, &d->flights, link)
    if (f->job && f->id == id) flight_at(d, f, 0, flight_cancel);
}

/* What had not been taken may have been on the wire already. Whoever asks about it afterwards does
 * so when WAHA must have let go of it. */
void wire_host_gone(struct day *d)
{
    struct flight *f;
    TAILQ_FOREACH(f, &d->flights, link)
    {
        if (!f->job) continue;
        http_job_free(f->job);
        f->job = NULL;
        note_end(d, f, 1, 0);
        if (f->chat) trouble_add(d, f->since, f->since + 45000, f->chat);
        if (!f->is_taken && chance_percent(&d->fate, 50)) f->fate = FATE_RESET_UNSENT;
    }
}

void wire_waha_gone(struct day *d)
{
    struct flight *f;
    d->waha_life++;
    TAILQ_FOREACH(f, &d->flights, link)
    {
        if (!f->waha_life || f->is_test || f->waha_life + 1 != d->waha_life) continue;
        f->tampered = 1;
        flight_end(d, f, HTTP_EIO, 0, 1);
    }
}

int wire_idle(const struct day *d)
{
    const struct flight *f;
    TAILQ_FOREACH(f, &d->flights, link)
    if (f->job || (!f->is_taken && f->fate != FATE_RESET_UNSENT && !f->status)) return 0;
    return 1;
}

void wire_free(struct day *d)
{
    for (struct flight *f; (f = TAILQ_FIRST(&d->flights));) {
        f->refs = 1;
        flight_unref(d, f);
    }
    for (size_t i = 0; i < d->sent_count; i++) free(d->sents[i]);
    free(d->sents);
    free(d->troubles);
    map_free(&d->ledger);
    map_free(&d->chats);
}
