/* outside.c - the world that the host reaches through its ports: a WAHA that sends, loses answers,
 * is slow, fails or is down; another HTTP service (sim.test); the pool's threads.
 *
 * A request is a flight: submitted, taken by the other side (which may be long after the host has
 * given up or died), answered. Its fate is drawn when it is submitted. What was taken stays done.
 */
#include "sim.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/http/client.h"
#include "core/storage/pool.h"
#include "memvfs.h"

/* Percentages; the rest is FATE_OK. A fake WAHA holds a request for its session at most 15 s. */
static const struct {
    enum fate fate;
    int percent;
} send_fates[] = { { FATE_SLOW, 8 },    { FATE_HANG, 3 }, { FATE_LOST, 8 }, { FATE_BROKEN, 4 },
                   { FATE_REFUSED, 4 }, { FATE_500, 4 },  { FATE_422, 3 } },
  other_fates[] = { { FATE_SLOW, 4 }, { FATE_LOST, 3 }, { FATE_REFUSED, 3 }, { FATE_500, 4 } };

static const char *const fate_names[FATE_COUNT] = { "ok",      "slow", "hang", "lost",  "broken",
                                                    "refused", "500",  "422",  "no lid" };

/* ---- the helper thread ----------------------------------------------------------------------- */

static struct {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int started;
    void (*fn)(void *arg);
    void *arg;
} helper = { .mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };

static void *helper_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&helper.mutex);
    for (;;) {
        while (!helper.fn) pthread_cond_wait(&helper.cond, &helper.mutex);
        helper.fn(helper.arg);
        helper.fn = NULL;
        pthread_cond_broadcast(&helper.cond);
    }
    return NULL;
}

void helper_run(void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&helper.mutex);
    if (!helper.started) {
        helper.started = 1;
        if (pthread_create(&helper.thread, NULL, helper_main, NULL) != 0) abort();
        pthread_detach(helper.thread);
    }
    helper.arg = arg;
    helper.fn = fn;
    pthread_cond_broadcast(&helper.cond);
    while (helper.fn) pthread_cond_wait(&helper.cond, &helper.mutex);
    pthread_mutex_unlock(&helper.mutex);
}

/* ---- the fake WAHA --------------------------------------------------------------------------- */

static struct sent *sent_find(struct sim *s, const char *id)
{
    for (int i = 0; i < s->sent_count; i++)
        if (strcmp(s->sents[i].id, id) == 0) return &s->sents[i];
    return NULL;
}

static struct sent *sent_add(struct sim *s, const struct flight *f, const char *id)
{
    if (s->sent_count == SENT_MAX)
        abort(); /* far more than there are messages: a send that never ends */
    struct sent *sent = &s->sents[s->sent_count++];
    memset(sent, 0, sizeof *sent);
    snprintf(sent->id, sizeof sent->id, "%s", id);
    snprintf(sent->chat, sizeof sent->chat, "%s", f->chat);
    snprintf(sent->text, sizeof sent->text, "%s", f->text);
    sent->at = clock_ms();
    sent->late = f->job == NULL && s->sabotage != SABOTAGE_REORDER;
    s->stats.sends++;
    return sent;
}

static void new_id(struct sim *s, char out[40])
{
    snprintf(out, 40, "3EB0%016llX", (unsigned long long)++s->next_id);
}

static void take_send(struct sim *s, struct flight *f)
{
    char id[40];
    f->status = 201;
    if (f->send_id)
        snprintf(id, sizeof id, "%s", f->send_id);
    else
        new_id(s, id);
    struct sent *sent = sent_find(s, id);
    if (sent) {
        sent->repeats++; /* the same message on the wire: the phone shows one */
    } else {
        sent = sent_add(s, f, id);
        sim_say(s, "WAHA sends \"%.40s\" to %s as %s%s", f->text, f->chat, id,
                sent->late ? ", late" : "");
        if (chance_percent(&s->after, 15)) schedule_ack(s, sent);
        if (s->sabotage == SABOTAGE_DOUBLE_SEND) {
            new_id(s, id);
            sent_add(s, f, id);
        }
    }
    body_sent(&f->answer, s->engine, sent->chat, sent->id);
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

static void not_found(struct flight *f, const char *what)
{
    f->status = 404;
    buf_addf(&f->answer, "{\"message\":\"%s\",\"error\":\"Not Found\",\"statusCode\":404}", what);
}

/* GET /api/default/chats/CHAT/messages/ID and .../messages?... */
static void take_messages(struct sim *s, struct flight *f, const char *rest)
{
    char chat[96], full[200];
    size_t n = strcspn(rest, "/");
    url_decode(rest, n, chat, sizeof chat);
    rest += n;
    if (strncmp(rest, "/messages/", 10) == 0) {
        url_decode(rest + 10, strcspn(rest + 10, "?"), full, sizeof full);
        const char *id = strrchr(full, '_');
        const struct sent *sent = id ? sent_find(s, id + 1) : NULL;
        if (!sent) {
            not_found(f, "Message not found");
            return;
        }
        f->status = 200;
        buf_addf(&f->answer, "{\"id\":\"true_%s_%s\",\"fromMe\":true}", sent->chat, sent->id);
        return;
    }
    f->status = 200;
    buf_addc(&f->answer, '[');
    for (int i = 0, some = 0; i < s->sent_count; i++) {
        const struct sent *sent = &s->sents[i];
        if (strcmp(sent->chat, chat) != 0) continue;
        if (some++) buf_addc(&f->answer, ',');
        buf_addf(&f->answer,
                 "{\"id\":\"true_%s_%s\",\"timestamp\":%lld,\"fromMe\":true,\"body\":", sent->chat,
                 sent->id, (long long)(sent->at / 1000));
        buf_add_json(&f->answer, sent->text, strlen(sent->text));
        buf_addc(&f->answer, '}');
    }
    buf_addc(&f->answer, ']');
}

static void take_waha(struct sim *s, struct flight *f)
{
    static const char chats[] = "/api/default/chats/";
    char id[40];
    f->status = 200;
    if (f->is_send) {
        take_send(s, f);
    } else if (strncmp(f->path, chats, sizeof chats - 1) == 0) {
        take_messages(s, f, f->path + sizeof chats - 1);
    } else if (strcmp(f->path, "/api/default/new-message-id") == 0 && s->engine != ENGINE_WEBJS) {
        new_id(s, id);
        buf_addf(&f->answer, "{\"id\":\"%s\"}", id);
    } else if (strcmp(f->path, "/api/sessions/default") == 0) {
        buf_addf(&f->answer,
                 "{\"name\":\"default\",\"status\":\"WORKING\",\"engine\":{\"engine\":\"%s\"}}",
                 s->engine == ENGINE_WEBJS ? "WEBJS" : "NOWEB");
    } else if (strstr(f->path, "Typing") || strstr(f->path, "sendSeen")) {
        f->status = 201;
        buf_adds(&f->answer, "{\"result\":true}");
    } else {
        not_found(f, "Cannot GET");
    }
}

static void take_failure(struct flight *f)
{
    static const char internal[] =
        "{\"statusCode\":500,\"exception\":{\"message\":\"%s\",\"name\":\"Error\"}}";
    f->status = f->fate == FATE_422 ? 422 : 500;
    if (f->fate == FATE_422)
        buf_adds(
            &f->answer,
            "{\"error\":\"Session status is not as expected. Try again later or restart the "
            "session\",\"session\":\"default\",\"status\":\"STARTING\",\"expected\":[\"WORKING\"]}");
    else
        buf_addf(&f->answer, internal,
                 f->fate == FATE_NO_LID
                     ? "2 UNKNOWN: no LID found for 628@s.whatsapp.net from server"
                     : "boom");
}

/* ---- flights --------------------------------------------------------------------------------- */

static void flight_free(struct flight *f)
{
    http_job_free(f->job);
    free(f->method);
    free(f->path);
    free(f->chat);
    free(f->text);
    free(f->send_id);
    buf_free(&f->answer);
    memset(f, 0, sizeof *f);
}

static void flight_at(struct flight *f, int64_t at, void (*run)(struct sim *, void *))
{
    f->refs++;
    agenda_add(f->sim, at, 0, run, f);
}

static void flight_unref(struct flight *f)
{
    if (--f->refs == 0) flight_free(f);
}

/* Tells the host, if it still waits. */
static void flight_end(struct flight *f, enum http_error error, int status, int sent)
{
    struct sim *s = f->sim;
    if (!f->job || s->dead) return;
    if ((f->is_send || f->is_test) && boundary(s, "before a request's completion")) return;
    struct http_job *job = f->job;
    f->job = NULL;
    s->known_outside++;
    job->error = error;
    job->status = status;
    job->sent = sent;
    if (status) buf_add(&job->answer, f->answer.data, f->answer.len);
    if (error) snprintf(job->message, sizeof job->message, "%s", fate_names[f->fate]);
    if (f->is_send)
        sim_say(s, "WAHA answers: %s (error %d, status %d)", fate_names[f->fate], (int)error,
                status);
    loop_post_http(&s->host->loop, job);
}

static void flight_answer(struct sim *s, void *arg)
{
    struct flight *f = arg;
    int blind = s->sabotage == SABOTAGE_BLIND_RETRY;
    if (f->fate == FATE_REFUSED)
        flight_end(f, HTTP_EIO, 0, 0);
    else if (f->fate == FATE_LOST || f->fate == FATE_BROKEN)
        flight_end(f, HTTP_EIO, 0, !blind);
    else
        flight_end(f, HTTP_OK, f->status, 1);
    flight_unref(f);
}

static void flight_time_out(struct sim *s, void *arg)
{
    struct flight *f = arg;
    (void)s;
    flight_end(f, HTTP_ETIMEDOUT, 0, 1);
    flight_unref(f);
}

static void flight_process(struct sim *s, struct flight *f)
{
    f->taken = 1;
    s->known_outside++;
    switch (f->fate) {
    case FATE_BROKEN:
    case FATE_REFUSED:
        return;
    case FATE_500:
    case FATE_422:
    case FATE_NO_LID:
        take_failure(f);
        s->refused_sends += f->fate == FATE_NO_LID;
        return;
    default:
        break;
    }
    if (f->is_test) {
        f->status = 200;
        buf_adds(&f->answer, "ok");
    } else {
        take_waha(s, f);
    }
}

static void flight_take(struct sim *s, void *arg)
{
    struct flight *f = arg;
    int watched = f->is_send && f->job;
    s->wire = watched ? f : NULL;
    if (watched && boundary(s, "before WAHA takes a message"))
        return; /* outside_after_crash() goes on */
    s->wire = NULL;
    flight_process(s, f);
    if (f->fate != FATE_HANG)
        flight_at(f, clock_ms() + chance_range(&s->after, 1, 20), flight_answer);
    if (watched) boundary(s, "after WAHA took a message");
    flight_unref(f);
}

/* ---- submitting ------------------------------------------------------------------------------ */

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

/* A number that has no WhatsApp never gets one: it is the text's fate, not the request's. */
static int has_no_whatsapp(const struct sim *s, const struct flight *f)
{
    struct chance c = { s->seed };
    for (const char *p = f->text; *p; p++) c.state = chance_next(&c) ^ (unsigned char)*p;
    return chance_percent(&c, 2);
}

static enum fate fate_draw(struct sim *s, const struct flight *f)
{
    int64_t now = clock_ms(), dice = chance_range(&s->fate, 0, 99);
    if (!f->is_test && now >= s->down_from && now < s->down_to) return FATE_REFUSED;
    if (s->sabotage == SABOTAGE_BLIND_RETRY && f->is_send && dice < 40) return FATE_LOST;
    if (f->is_send && has_no_whatsapp(s, f)) return FATE_NO_LID;
    if (f->is_send) {
        for (size_t i = 0; i < sizeof send_fates / sizeof send_fates[0]; i++)
            if ((dice -= send_fates[i].percent) < 0) return send_fates[i].fate;
    } else {
        for (size_t i = 0; i < sizeof other_fates / sizeof other_fates[0]; i++)
            if ((dice -= other_fates[i].percent) < 0) return other_fates[i].fate;
    }
    return FATE_OK;
}

static struct flight *flight_new(struct sim *s, struct http_job *job)
{
    for (int i = 0; i < FLIGHT_MAX; i++) {
        struct flight *f = &s->flights[i];
        if (f->refs) continue;
        const char *server = strstr(job->url, "//");
        const char *path = server ? strchr(server + 2, '/') : NULL;
        f->sim = s;
        f->job = job;
        f->id = job->id;
        f->method = xstrdup(job->method);
        f->path = xstrdup(path ? path : "/");
        f->is_test = strstr(job->url, "//sim.test/") != NULL;
        f->is_send = !f->is_test && strcmp(f->path, "/api/sendText") == 0;
        if (f->is_send) read_send(f, job);
        f->fate = fate_draw(s, f);
        return f;
    }
    abort(); /* hundreds of requests at once: the host is out of its mind */
}

static void flight_reorder(struct flight *f) /* SABOTAGE_REORDER */
{
    struct sent claimed = { .id = "3EB0CLAIMED" };
    f->fate = FATE_OK;
    f->taken = 1;
    f->status = 201;
    snprintf(claimed.chat, sizeof claimed.chat, "%s", f->chat);
    body_sent(&f->answer, f->sim->engine, claimed.chat, claimed.id);
    struct flight *real = flight_new(f->sim, f->job);
    real->job = NULL;
    real->fate = FATE_OK;
    flight_at(real, clock_ms() + chance_range(&f->sim->after, 1, 4000), flight_take);
    flight_at(f, clock_ms() + 5, flight_answer);
}

static void port_http_submit(void *ctx, struct http_job *job)
{
    http_job_join(job);
    struct sim *s = ctx;
    if (s->dead) { /* nothing leaves a dead host */
        http_job_free(job);
        return;
    }
    struct flight *f = flight_new(s, job);
    int64_t now = clock_ms(), take = now + chance_range(&s->fate, 1, 30);
    if (strstr(f->path, "new-message-id") && ++s->ids_given > 8)
        take += 5000; /* the pool fills slowly */
    if (f->is_send) {
        sim_say(s, "sendText \"%.40s\" to %s, id %s; fate: %s", f->text, f->chat,
                f->send_id ? f->send_id : "-", fate_names[f->fate]);
        check_send(s, f->chat, f->text);
    }
    if (f->fate == FATE_SLOW || f->fate == FATE_HANG)
        take = now + chance_range(&s->fate, 500, 14000);
    flight_at(f, now + (job->timeout_ms ? job->timeout_ms : 30000), flight_time_out);
    if (f->is_send && s->sabotage == SABOTAGE_REORDER) {
        flight_reorder(f);
    } else if (f->is_send && s->sabotage == SABOTAGE_LOST_SEND && !s->lost_a_send) {
        struct sent claimed = { .id = "3EB0CLAIMED" };
        s->lost_a_send = 1;
        f->fate = FATE_OK;
        f->taken = 1;
        f->status = 201;
        snprintf(claimed.chat, sizeof claimed.chat, "%s", f->chat);
        body_sent(&f->answer, s->engine, claimed.chat, claimed.id);
        flight_at(f, take, flight_answer);
    } else {
        flight_at(f, take, flight_take);
    }
}

static void flight_cancel(struct sim *s, void *arg)
{
    struct flight *f = arg;
    (void)s;
    flight_end(f, HTTP_ECANCELED, 0, 1);
    flight_unref(f);
}

static void port_http_cancel(void *ctx, uint64_t id)
{
    struct sim *s = ctx;
    for (int i = 0; i < FLIGHT_MAX; i++)
        if (s->flights[i].refs && s->flights[i].job && s->flights[i].id == id)
            flight_at(&s->flights[i], clock_ms(), flight_cancel);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

struct job_run {
    struct sim *sim;
    struct pool_job *job;
};

static void job_execute(void *arg)
{
    struct job_run *r = arg;
    pool_job_run(r->job, &r->sim->reader, r->sim->host->db.path, SIMDISK_NAME);
}

static void job_run(struct sim *s, void *arg)
{
    struct job_run run = { s, arg };
    if (s->dead || boundary(s, "before a job's completion")) return;
    for (int i = 0; i < FLIGHT_MAX; i++)
        if (s->jobs[i] == arg) s->jobs[i] = NULL;
    if (s->use_helper)
        helper_run(job_execute, &run);
    else
        job_execute(&run);
    s->known_outside++;
    loop_post_job(&s->host->loop, run.job);
}

static void port_job_submit(void *ctx, struct pool_job *job)
{
    struct sim *s = ctx;
    if (s->dead) {
        pool_job_free(job);
        return;
    }
    for (int i = 0; i < FLIGHT_MAX; i++) {
        if (s->jobs[i]) continue;
        s->jobs[i] = job;
        agenda_add(s, clock_ms() + chance_range(&s->fate, 1, 60), 1, job_run, job);
        return;
    }
    abort();
}

/* ---- answers --------------------------------------------------------------------------------- */

static void port_answer(void *ctx, struct http_request *request, int status, const char *type,
                        const char *body, size_t len, unsigned retry_after_s)
{
    struct sim *s = ctx;
    struct delivery *d = request->delivery;
    (void)type, (void)body, (void)len, (void)retry_after_s;
    if (s->dead || request->life != s->life) return; /* freed by schedule_after_crash() */
    if (d->open != request) {
        sim_fail(s, "webhook %d was answered twice", (int)(d - s->deliveries));
        return;
    }
    if (s->sabotage == SABOTAGE_DEAF && !s->deafened && status == 200) {
        s->deafened = 1;
        return;
    }
    if (boundary(s, "before a webhook's answer")) return;
    free(d->open);
    d->open = NULL;
    if (!d->done) delivery_answer(s, d, status);
    s->known_outside++;
    boundary(s, "after a webhook's answer");
}

static void port_control_send(void *ctx, uint64_t connection, const char *json, size_t len,
                              int close)
{
    (void)ctx, (void)connection, (void)json, (void)len, (void)close;
}

struct host_ports outside_ports(struct sim *s)
{
    return (struct host_ports){ .ctx = s,
                                .http_submit = port_http_submit,
                                .http_cancel = port_http_cancel,
                                .job_submit = port_job_submit,
                                .answer = port_answer,
                                .control_send = port_control_send };
}

/* The host is gone; what it had handed out is freed. A request that was not yet taken may have been
 * on the wire already. */
void outside_after_crash(struct sim *s)
{
    if (s->wire) agenda_add(s, clock_ms() + 5, 0, flight_take, s->wire);
    s->wire = NULL;
    for (int i = 0; i < FLIGHT_MAX; i++) {
        struct flight *f = &s->flights[i];
        pool_job_free(s->jobs[i]);
        s->jobs[i] = NULL;
        if (!f->refs || !f->job) continue;
        http_job_free(f->job);
        f->job = NULL;
        if (!f->taken && chance_percent(&s->after, 50)) f->fate = FATE_BROKEN;
    }
    sqlite3_close_v2(s->reader);
    s->reader = NULL;
}

void outside_free(struct sim *s)
{
    for (int i = 0; i < FLIGHT_MAX; i++) {
        pool_job_free(s->jobs[i]);
        s->jobs[i] = NULL;
        if (s->flights[i].refs) flight_free(&s->flights[i]);
    }
    sqlite3_close_v2(s->reader);
    s->reader = NULL;
}

/* The host's requests are its own; what crashes with it here is a stand-in. */
void outside_branch(struct sim *s)
{
    memset(s->jobs, 0, sizeof s->jobs);
    s->reader = NULL;
    for (int i = 0; i < FLIGHT_MAX; i++) {
        struct flight *f = &s->flights[i];
        if (!f->refs) continue;
        struct buf answer = { 0 };
        buf_add(&answer, f->answer.data, f->answer.len);
        f->answer = answer;
        f->method = xstrdup(f->method);
        f->path = xstrdup(f->path);
        f->chat = xstrdup(f->chat);
        f->text = xstrdup(f->text);
        f->send_id = xstrdup(f->send_id);
        if (f->job) f->job = xcalloc(1, sizeof *f->job);
    }
}

int outside_is_idle(const struct sim *s)
{
    for (int i = 0; i < FLIGHT_MAX; i++)
        if (s->jobs[i] || (s->flights[i].refs && (s->flights[i].job || !s->flights[i].taken)))
            return 0;
    return 1;
}
