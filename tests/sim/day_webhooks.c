/* day_webhooks.c - WAHA's sender of webhooks, as badly as the contract allows (section 6): each
 * event in a POST of its own, side by side, in no order; repeated on anything but 200, 15 times, 2
 * s apart, with the same body; then it is gone, as it is with WAHA's process. One message comes as
 * "message" and "message.any", twice under one event id, again under another after a reconnect,
 * late when it has media. */
#include "day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"

enum { TRIES_MAX = 16, PAUSE_MS = 2000, NOISE_FIRST = 9000000 };

const char *webhook_evt(struct day *d, char out[40])
{
    snprintf(out, 40, "evt_%026llu", (unsigned long long)++d->next_evt);
    return out;
}

/* ---- one POST and its repetitions -------------------------------------------------------------
 */

static void post_unref(struct post *p)
{
    if (--p->refs) return;
    free(p->body);
    free(p);
}

static void post_try(struct day *d, void *arg);

static struct post *post_new(struct day *d, struct buf *body, int64_t at, int message)
{
    struct post *p = xcalloc(1, sizeof *p);
    p->len = body->len;
    p->body = buf_take(body);
    p->message = message;
    p->refs = 1;
    body_sign(DAY_HMAC_KEY, p->body, p->len, p->hmac);
    if (message >= 0) d->said[message].open++;
    d->open_posts++;
    day_at(d, at, post_try, p);
    return p;
}

void webhook_post(struct day *d, struct buf *body, int64_t at)
{
    post_new(d, body, at, -1);
}

static void post_end(struct day *d, struct post *p)
{
    p->done = 1;
    d->open_posts--;
    if (p->message >= 0) d->said[p->message].open--;
    post_unref(p);
}

/* The host has read it, and nobody will ever hear what it made of it: what comes later is another
 * arrival. */
static void post_forget(struct day *d, const struct post *p)
{
    struct said *m = p->message >= 0 ? &d->said[p->message] : NULL;
    if (m && !m->answered_at) m->came_at = 0;
}

static void post_again(struct day *d, struct post *p, enum tally why)
{
    d->tallies[why]++;
    if (p->tries < TRIES_MAX) {
        day_at(d, clock_ms() + PAUSE_MS, post_try, p);
        return;
    }
    day_say(d, "webhook of message %d is lost after %d retries", p->message + 1, TRIES_MAX - 1);
    d->tallies[T_LOST_RETRIES]++;
    post_forget(d, p);
    post_end(d, p);
}

static void note_answer(struct day *d, const struct post *p, int status)
{
    struct said *m = p->message >= 0 ? &d->said[p->message] : NULL;
    if (m && status == 200 && !m->answered_at) m->answered_at = clock_ms();
}

/* WAHA reads the host's answer. */
static void post_answered(struct day *d, struct post *p, int status)
{
    if (status == 503) {
        post_again(d, p, T_503);
        return;
    }
    if (status != 200)
        day_fail(d, "a webhook (message %d) was answered %d", p->message + 1, status);
    post_end(d, p);
}

/* ---- what goes wrong on the way ----------------------------------------------------------------
 */

enum road { ROAD_GOOD, ROAD_UNREAD, ROAD_UNANSWERED, ROAD_ANSWERED };

static enum road draw_road(struct day *d)
{
    int64_t dice = chance_range(&d->fate, 0, 999);
    if (d->sabotage == DAY_HEALTHY || dice >= 36) return ROAD_GOOD;
    return dice < 12 ? ROAD_UNREAD : dice < 24 ? ROAD_UNANSWERED : ROAD_ANSWERED;
}

static const char *post_header(void *arg, const char *name)
{
    const struct post *p = arg;
    return strcasecmp(name, "X-Webhook-Hmac") == 0 ? p->hmac : NULL;
}

static void request_free(struct day *d, struct http_request *r)
{
    TAILQ_REMOVE(&d->requests, r, link);
    post_unref(r->post);
    free(r);
}

static void request_end(struct day *d, struct http_request *r, int status)
{
    struct post *p = r->post;
    note_answer(d, p, status);
    if (r->cut_answer)
        post_again(d, p, T_RESET_ANSWERED);
    else if (!r->is_cut)
        post_answered(d, p, status);
    request_free(d, r);
}

static void post_deliver(struct day *d, struct post *p, enum road road)
{
    struct http_request *r = xcalloc(1, sizeof *r);
    if (p->message >= 0 && !d->said[p->message].came_at) d->said[p->message].came_at = clock_ms();
    r->post = p;
    p->refs++;
    r->is_cut = road == ROAD_UNANSWERED;
    r->cut_answer = road == ROAD_ANSWERED;
    TAILQ_INSERT_TAIL(&d->requests, r, link);
    int status = host_webhook(d->host, "waha", p->body, p->len, post_header, p, 0, r);
    if (r->is_cut) post_again(d, p, T_RESET_UNANSWERED);
    if (status) request_end(d, r, status);
}

/* A later message of the same conversation has been posted before. */
static void note_order(struct day *d, int message)
{
    struct said *m = &d->said[message];
    if (m->posted++) return;
    for (int i = message + 1; i < d->said_count && d->said[i].conversation == m->conversation;
         i++) {
        if (!d->said[i].posted) continue;
        d->tallies[T_OVERTAKEN]++;
        return;
    }
}

static void post_lose(struct day *d, struct post *p)
{
    d->tallies[T_LOST_RESTART]++;
    post_end(d, p);
}

static void post_try(struct day *d, void *arg)
{
    struct post *p = arg;
    if (!p->tries) p->waha_life = d->waha_life;
    if (!d->waha_up || p->waha_life != d->waha_life) {
        post_lose(d, p);
        return;
    }
    if (p->message >= 0 && !p->tries &&
        !d->working) { /* WhatsApp brings it when the session is back */
        day_at(d, clock_ms() + 700, post_try, p);
        return;
    }
    if (p->tries++) d->tallies[T_RETRIED]++;
    if (p->message >= 0) note_order(d, p->message);
    if (!d->host) {
        if (d->sabotage == DAY_EARLY_200) note_answer(d, p, 200);
        if (d->sabotage == DAY_EARLY_200)
            post_end(d, p);
        else
            post_again(d, p, T_REFUSED_HOST);
        return;
    }
    enum road road = draw_road(d);
    if (p->message >= 0)
        day_say(d, "webhook of message %d, try %d%s", p->message + 1, p->tries,
                road == ROAD_UNREAD       ? ", reset before it is read"
                : road == ROAD_UNANSWERED ? ", reset before its answer"
                : road == ROAD_ANSWERED   ? ", reset behind its answer"
                                          : "");
    if (road == ROAD_UNREAD)
        post_again(d, p, T_RESET_UNREAD);
    else
        post_deliver(d, p, road);
}

void webhook_answered(struct day *d, struct http_request *request, int status)
{
    struct http_request *r;
    if (d->dead || day_boundary(d, "before a webhook's answer"))
        return; /* webhooks_host_gone() goes on */
    TAILQ_FOREACH(r, &d->requests, link)
    if (r == request) break;
    if (!r) {
        day_fail(d, "a webhook was answered twice");
        return;
    }
    request_end(d, r, status);
    day_boundary(d, "behind a webhook's answer");
}

void webhooks_host_gone(struct day *d)
{
    for (struct http_request *r; (r = TAILQ_FIRST(&d->requests));) {
        post_forget(d, r->post);
        if (!r->is_cut) post_again(d, r->post, T_RESET_UNANSWERED);
        request_free(d, r);
    }
}

/* ---- messages ---------------------------------------------------------------------------------
 */

struct event_of {
    const char *event, *evt;
    int by_lid;
    int64_t after_ms;
};

/* The other id of the sender, where the engine tells it. */
static const char *alternative(const struct day *d, const struct said *m, int by_lid, char out[48])
{
    if (m->person >= PERSONS_PHONE || d->engine == ENGINE_WEBJS) return NULL;
    if (!by_lid && m->person % 3) return NULL; /* addressed by phone, and nothing is told */
    person_chat(m->person, !by_lid, out);
    char *at = strstr(out, "@c.us");
    if (at) strcpy(at, "@s.whatsapp.net");
    return out;
}

static void message_event(struct day *d, struct said *m, const struct event_of *e)
{
    struct buf b = { 0 };
    char chat[48], alt[64], text[64], id[40];
    int message = (int)(m - d->said);
    person_chat(m->person, e->by_lid, chat);
    snprintf(text, sizeof text, m->is_command ? "/sim_%s %d" : "sim %s %d", day_act_names[m->act],
             message + 1);
    snprintf(id, sizeof id, "%s%s", m->id,
             d->sabotage == DAY_FORGETFUL && e->after_ms > 1500 ? "F" : "");
    struct body_message body = { .engine = d->engine,
                                 .evt = e->evt,
                                 .at = clock_ms(),
                                 .event = e->event,
                                 .chat = chat,
                                 .alt = alternative(d, m, e->by_lid, alt),
                                 .id = id,
                                 .sent_at = m->stamp,
                                 .has_media = m->has_media,
                                 .text = text,
                                 .len = strlen(text) };
    body_message(&b, &body);
    post_new(d, &b, clock_ms() + e->after_ms, message);
}

static int64_t draw_delay(struct day *d, const struct said *m)
{
    if (m->has_media)
        return chance_range(&d->fate, 4000, d->engine == ENGINE_GOWS ? 600000 : 60000);
    if (chance_permille(&d->fate, 40)) return chance_range(&d->fate, 2000, 20000);
    return chance_range(&d->fate, 20, 600);
}

void message_written(struct day *d, void *said)
{
    struct said *m = said;
    char evt[40], other[40];
    webhook_evt(d, evt);
    int64_t delay = draw_delay(d, m);
    d->tallies[T_SKEWED] += m->is_skewed;
    d->tallies[T_MEDIA_LATE] += m->has_media;
    message_event(d, m, &(struct event_of){ "message", evt, m->by_lid, delay });
    if (chance_permille(&d->fate, 80)) {
        d->tallies[T_DOUBLED_PAIR]++;
        message_event(
            d, m,
            &(struct event_of){ "message.any", evt, m->by_lid, chance_range(&d->fate, 20, 600) });
    }
    if (chance_permille(&d->fate, 40)) {
        d->tallies[T_DOUBLED_SAME]++;
        message_event(
            d, m,
            &(struct event_of){ "message", evt, m->by_lid, chance_range(&d->fate, 20, 3000) });
    }
    if (chance_permille(&d->fate, 40)) {
        d->tallies[T_DOUBLED_NEW]++;
        message_event(d, m,
                      &(struct event_of){ "message", webhook_evt(d, other), m->by_lid,
                                          delay + chance_range(&d->fate, 1600, 600000) });
    }
    if (m->person < PERSONS_PHONE && m->person % 3 == 0 && d->engine != ENGINE_WEBJS &&
        chance_permille(&d->fate, 40)) {
        d->tallies[T_DOUBLED_CHAT]++;
        message_event(d, m,
                      &(struct event_of){ "message", webhook_evt(d, other), !m->by_lid,
                                          delay + chance_range(&d->fate, 100, 60000) });
    }
}

/* ---- what is no message ------------------------------------------------------------------------
 */

enum noise {
    NOISE_GROUP,
    NOISE_STATUS,
    NOISE_NEWSLETTER,
    NOISE_BROADCAST,
    NOISE_NOTICE,
    NOISE_OWN_APP,
    NOISE_OWN_API,
    NOISE_EDIT,
    NOISE_REVOKE,
    NOISE_REACTION,
    NOISE_VOTE,
    NOISE_ACK,
    NOISE_PRESENCE,
    NOISES
};

static const char *const noise_chats[NOISES] = {
    [NOISE_GROUP] = "120363000000000001@g.us",
    [NOISE_STATUS] = "status@broadcast",
    [NOISE_NEWSLETTER] = "120363000000000009@newsletter",
    [NOISE_BROADCAST] = "1700000000@broadcast",
    [NOISE_NOTICE] = "0@c.us",
};

static void noise_message(struct day *d, struct buf *b, enum noise kind, const struct said *about)
{
    char evt[40], id[64], text[40], chat[48];
    int n = NOISE_FIRST + d->noise_count;
    person_chat(about->person, about->by_lid, chat);
    const char *where = noise_chats[kind] ? noise_chats[kind] : chat;
    if (d->sabotage == DAY_OPEN_GROUPS && kind == NOISE_GROUP) where = chat;
    snprintf(id, sizeof id, "3AE%08X%s%s", (unsigned)n,
             kind <= NOISE_STATUS && where != chat ? "_" : "",
             kind <= NOISE_STATUS && where != chat ? "6281100000005@c.us" : "");
    snprintf(text, sizeof text, "sim row %d", n);
    struct body_message m = { .engine = d->engine,
                              .evt = webhook_evt(d, evt),
                              .at = clock_ms(),
                              .event = kind == NOISE_EDIT ? "message.edited" : "message.any",
                              .chat = where,
                              .id = id,
                              .sent_at = clock_ms(),
                              .ours = kind == NOISE_OWN_APP || kind == NOISE_OWN_API,
                              .source = kind == NOISE_OWN_API ? "api" : "app",
                              .edits = kind == NOISE_EDIT ? about->id : NULL,
                              .text = text,
                              .len = strlen(text) };
    body_message(b, &m);
}

static void noise_other(struct day *d, struct buf *b, enum noise kind, const struct said *about)
{
    static const char *const events[NOISES] = { [NOISE_REVOKE] = "message.revoked",
                                                [NOISE_REACTION] = "message.reaction",
                                                [NOISE_VOTE] = "poll.vote",
                                                [NOISE_PRESENCE] = "presence.update" };
    char evt[40], chat[48];
    int n = NOISE_FIRST + d->noise_count;
    webhook_evt(d, evt);
    person_chat(about->person, about->by_lid, chat);
    if (kind == NOISE_ACK) {
        body_ack(b, d->engine, evt, clock_ms(), chat, "3EB0NEVERSENT", 3);
        return;
    }
    body_envelope(b, d->engine, evt, clock_ms(), events[kind]);
    if (kind == NOISE_REVOKE)
        buf_addf(
            b,
            "{\"after\":{\"id\":\"false_%s_3AE%08X\",\"from\":\"%s\",\"fromMe\":false,\"body\":null},"
            "\"before\":null,\"revokedMessageId\":\"%s\"}}",
            chat, (unsigned)n, chat, about->id);
    else if (kind == NOISE_REACTION)
        buf_addf(b,
                 "{\"id\":\"false_%s_3AE%08X\",\"timestamp\":%lld,\"from\":\"%s\",\"fromMe\":false,"
                 "\"reaction\":{\"text\":\"sim row %d\",\"messageId\":\"true_%s_3EB0NEVERSENT\"}}}",
                 chat, (unsigned)n, (long long)(clock_ms() / 1000), chat, n, chat);
    else if (kind == NOISE_VOTE)
        buf_addf(
            b,
            "{\"vote\":{\"id\":\"false_%s_3AE%08X\",\"from\":\"%s\",\"fromMe\":false,"
            "\"selectedOptions\":[\"sim row %d\"]},\"poll\":{\"id\":\"true_%s_3EB0NEVERSENT\"}}}",
            chat, (unsigned)n, chat, n, chat);
    else
        buf_addf(b, "{\"id\":\"%s\",\"presences\":[]}}", chat);
}

void noise_made(struct day *d, void *arg)
{
    (void)arg;
    struct buf b = { 0 };
    enum noise kind = (enum noise)(d->noise_count % NOISES);
    const struct said *about = &d->said[chance_range(&d->fate, 0, d->said_count - 1)];
    if (kind <= NOISE_EDIT)
        noise_message(d, &b, kind, about);
    else
        noise_other(d, &b, kind, about);
    d->noise_count++;
    d->tallies[T_NOISE]++;
    post_new(d, &b, clock_ms() + chance_range(&d->fate, 0, 500), -1);
}
