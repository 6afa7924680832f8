/* schedule.c - who writes what, and how WAHA delivers it: each webhook again and again until it is
 * answered 200, the same message twice, under @c.us and under @lid, rubbish in between. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

#define REDELIVERY_MS 2000
#define HMAC_KEY      "the simulator's own key"

static const char *const act_names[ACT_COUNT] = { "row",  "emit",   "http",  "work", "timer",
                                                  "read", "chain",  "both",  "fail", "at",
                                                  "send", "cancel", "reload" };

/* What rubbish writes; NULL: it is no text. */
static const char *const rubbish_texts[RUBBISH_COUNT] = {
    [RUBBISH_COMMAND] = "/tidak_ada_perintah_ini",
    [RUBBISH_USAGE] = "/sim_row bukan-angka dan lagi",
    [RUBBISH_NOISE] = "\xf0\x9f\xa4\xb7 ??? \xd9\x85\xd8\xb1 '; DROP TABLE inbox; --",
};

void customer_chat(const struct sim *s, int customer, char out[48])
{
    (void)s;
    snprintf(out, 48, "6281100000%03d@c.us", 100 + customer);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static const char *next_evt(const struct sim *s, char out[40])
{
    snprintf(out, 40, "evt_%020llu", (unsigned long long)s->seq);
    return out;
}

static void add_envelope(const struct sim *s, struct buf *b, const char *event)
{
    char evt[40];
    body_envelope(b, s->engine, next_evt(s, evt), s->start_ms, event);
}

/* `alt` is the sender's other id, or NULL. */
static void add_message(const struct sim *s, struct buf *b, const char *event, const char *chat,
                        const char *alt, const char *id, int64_t sent_at, const char *text,
                        size_t len)
{
    char evt[40];
    struct body_message m = { .engine = s->engine,
                              .evt = next_evt(s, evt),
                              .at = s->start_ms,
                              .event = event,
                              .chat = chat,
                              .alt = alt,
                              .id = id,
                              .sent_at = sent_at,
                              .text = text,
                              .len = len,
                              .raw = len && (unsigned char)text[0] == 0xff /* RUBBISH_UTF8 */ };
    body_message(b, &m);
}

/* ---- deliveries ------------------------------------------------------------------------------ */

static struct delivery *delivery_new(struct sim *s, struct buf *body)
{
    if (s->delivery_count == DELIVERY_MAX) abort();
    struct delivery *d = &s->deliveries[s->delivery_count++];
    memset(d, 0, sizeof *d);
    d->sim = s;
    d->gateway = "waha";
    d->message = d->rubbish = d->acks = -1;
    d->len = body->len;
    d->body = buf_take(body);
    body_sign(HMAC_KEY, d->body, d->len, d->hmac);
    return d;
}

static const char *delivery_header(void *arg, const char *name)
{
    const struct delivery *d = arg;
    if (strcasecmp(name, "X-Webhook-Hmac") != 0 || d->rubbish == RUBBISH_NO_HMAC) return NULL;
    return d->hmac;
}

struct post {
    struct sim *sim;
    struct delivery *delivery;
    int status;
};

static void post_run(void *arg) /* what the host's HTTP thread does */
{
    struct post *p = arg;
    struct delivery *d = p->delivery;
    p->status =
        host_webhook(p->sim->host, d->gateway, d->body, d->len, delivery_header, d, 0, d->open);
}

static void delivery_post(struct sim *s, void *arg);

static void delivery_again(struct sim *s, struct delivery *d)
{
    agenda_add(s, clock_ms() + REDELIVERY_MS, 0, delivery_post, d);
}

static void delivery_post(struct sim *s, void *arg)
{
    struct delivery *d = arg;
    struct post post = { s, d, 0 };
    if (d->done) return;
    d->tries++;
    if (!s->host) { /* connection refused */
        delivery_again(s, d);
        return;
    }
    sim_say(s, "webhook %d (message %d, rubbish %d), try %d", (int)(d - s->deliveries), d->message,
            d->rubbish, d->tries);
    d->open = xcalloc(1, sizeof *d->open);
    d->open->delivery = d;
    d->open->life = s->life;
    if (s->sabotage == SABOTAGE_EARLY_200 && d->message >= 0)
        s->messages[d->message].answered = d->done = 1;
    if (s->use_helper)
        helper_run(post_run, &post);
    else
        post_run(&post);
    if (post.status == 0) return;
    free(d->open);
    d->open = NULL;
    delivery_answer(s, d, post.status);
}

static int status_is_right(const struct sim *s, const struct delivery *d, int status)
{
    if (status == 404 && s->runs.no_waha) return 1;
    if (status == 200 || status == 503)
        return d->rubbish != RUBBISH_BAD_HMAC && d->rubbish != RUBBISH_NO_HMAC;
    switch (d->rubbish) {
    case RUBBISH_NOT_JSON:
    case RUBBISH_DEEP:
    case RUBBISH_UTF8:
    case RUBBISH_EMPTY:
        return status == 400;
    case RUBBISH_BAD_HMAC:
    case RUBBISH_NO_HMAC:
        return status == 401;
    case RUBBISH_NO_GATEWAY:
        return status == 404;
    default:
        return 0;
    }
}

void delivery_answer(struct sim *s, struct delivery *d, int status)
{
    sim_say(s, "webhook %d is answered %d", (int)(d - s->deliveries), status);
    if (!status_is_right(s, d, status))
        sim_fail(s, "I10: webhook %d (message %d, rubbish %d) was answered %d",
                 (int)(d - s->deliveries), d->message, d->rubbish, status);
    d->status = status;
    if (status == 503 || (status == 404 && d->rubbish != RUBBISH_NO_GATEWAY)) {
        delivery_again(s, d);
        return;
    }
    if (d->message >= 0) s->messages[d->message].answered = 1;
    d->done = 1;
}

void schedule_after_crash(struct sim *s)
{
    for (int i = 0; i < s->delivery_count; i++) {
        struct delivery *d = &s->deliveries[i];
        if (!d->open) continue;
        free(d->open);
        d->open = NULL;
        if (!d->done) delivery_again(s, d);
    }
}

void schedule_branch(struct sim *s)
{
    for (int i = 0; i < s->delivery_count; i++)
        if (s->deliveries[i].open)
            s->deliveries[i].open = xmemdup(s->deliveries[i].open, sizeof(struct http_request));
}

void schedule_unbranch(struct sim *s, int deliveries_before)
{
    for (int i = 0; i < s->delivery_count; i++) {
        free(s->deliveries[i].open);
        if (i >= deliveries_before) free(s->deliveries[i].body);
    }
}

int schedule_is_done(const struct sim *s)
{
    for (int i = 0; i < s->delivery_count; i++)
        if (!s->deliveries[i].done) return 0;
    return 1;
}

void schedule_ack(struct sim *s, const struct sent *sent)
{
    struct buf b = { 0 };
    char evt[40];
    if (s->delivery_count >= DELIVERY_MAX - 4) return;
    body_ack(&b, s->engine, next_evt(s, evt), s->start_ms, sent->chat, sent->id, 2);
    struct delivery *d = delivery_new(s, &b);
    d->acks = (int)(sent - s->sents);
    agenda_add(s, clock_ms() + 200, 0, delivery_post, d);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void message_deliver(struct sim *s, int index, int64_t at, const char *event, int by_lid,
                            int other_id)
{
    struct message *m = &s->messages[index];
    struct buf b = { 0 };
    char phone[48], lid[48], id[32], text[64];
    customer_chat(s, m->customer, phone);
    snprintf(lid, sizeof lid, "100000000000%03d@lid", 100 + m->customer);
    snprintf(id, sizeof id, "%s%s", m->native_id, other_id ? "F" : "");
    snprintf(text, sizeof text, m->is_command ? "/sim_%s %lld" : "sim %s %lld", act_names[m->act],
             (long long)m->n);
    const char *alt = by_lid ? phone : lid;
    if (!by_lid && chance_percent(&s->plan, 50)) alt = NULL;
    add_message(s, &b, event, by_lid ? lid : phone, alt, id, m->sent_at, text, strlen(text));
    struct delivery *d = delivery_new(s, &b);
    d->message = index;
    agenda_add(s, at, 0, delivery_post, d);
}

static void message_draw(struct sim *s, int index, int64_t at)
{
    struct message *m = &s->messages[index];
    m->n = 1000 + index;
    m->act = (enum act)chance_range(&s->plan, 0, ACT_RELOAD - 1);
    m->customer = (int)chance_range(&s->plan, 0, s->customer_count - 1);
    m->act = operator_bends(s, m);
    m->is_command = chance_percent(&s->plan, 50);
    m->sent_at = at;
    snprintf(m->native_id, sizeof m->native_id, "3A%014llX",
             (unsigned long long)(s->seed % 0xffffff) << 8 | (unsigned)index);
    /* whatsapp-web.js tells no phone for a hidden id: there the two ids stay two persons. */
    int by_lid = s->engine != ENGINE_WEBJS && chance_percent(&s->plan, 30);
    int other_id = s->sabotage == SABOTAGE_TWO_EFFECTS;
    message_deliver(s, index, at, "message", by_lid, 0);
    if (chance_percent(&s->plan, 30) || other_id)
        message_deliver(s, index, at + chance_range(&s->plan, 0, 40), "message.any", by_lid,
                        other_id);
    if (chance_percent(&s->plan, 20))
        message_deliver(s, index, at + chance_range(&s->plan, 0, 4000), "message", !by_lid, 0);
}

static void rubbish_body(struct sim *s, enum rubbish kind, struct buf *b)
{
    char chat[48], id[32];
    const char *text = rubbish_texts[kind];
    size_t len = text ? strlen(text) : 0;
    struct buf made = { 0 };
    snprintf(chat, sizeof chat, "6281100000%03d@c.us", 300 + (int)kind);
    snprintf(id, sizeof id, "3R%08llX%02X", (unsigned long long)s->seed & 0xffffffff,
             (unsigned)kind);
    if (kind == RUBBISH_HUGE_TEXT)
        while (made.len < 100000) buf_adds(&made, "apa? ");
    if (kind == RUBBISH_NUL) buf_add(&made, "a\0b", 3);
    if (kind == RUBBISH_UTF8) buf_adds(&made, "\xff\xfe rusak \xc3");
    if (kind == RUBBISH_GROUP) snprintf(chat, sizeof chat, "120363000000000001@g.us");
    if (made.len) text = made.data, len = made.len;
    switch (kind) {
    case RUBBISH_NOT_JSON:
        buf_adds(b, "<html>502 Bad Gateway</html>");
        break;
    case RUBBISH_DEEP:
        for (int i = 0; i < 5000; i++) buf_adds(b, "{\"a\":[");
        break;
    case RUBBISH_EMPTY:
        break;
    case RUBBISH_OTHER_EVENT:
        add_envelope(s, b, "presence.update");
        buf_adds(b, "{\"id\":\"6281100000300@c.us\",\"presences\":[]}}");
        break;
    case RUBBISH_STRANGE_ACK:
        add_envelope(s, b, "message.ack");
        buf_addf(b, "{\"id\":\"true_%s_NEVERSENT\",\"from\":\"%s\",\"fromMe\":true,\"ack\":3}}",
                 chat, chat);
        break;
    default:
        add_message(s, b, "message", chat, NULL, id, clock_ms(), text ? text : "hai",
                    text ? len : 3);
    }
    buf_free(&made);
}

static void rubbish_draw(struct sim *s)
{
    struct buf b = { 0 };
    enum rubbish kind = (enum rubbish)chance_range(&s->plan, 0, RUBBISH_COUNT - 1);
    if (kind == RUBBISH_HUGE_TEXT && !chance_percent(&s->plan, 20)) kind = RUBBISH_NOISE;
    for (int i = 0; i < s->delivery_count; i++)
        if (s->deliveries[i].rubbish == (int)kind) return;
    buf_adds(&b, "");
    rubbish_body(s, kind, &b);
    struct delivery *d = delivery_new(s, &b);
    d->rubbish = (int)kind;
    if (kind == RUBBISH_BAD_HMAC) d->hmac[7] = d->hmac[7] == '0' ? '1' : '0';
    if (kind == RUBBISH_NO_GATEWAY) d->gateway = "telegram";
    agenda_add(s, s->start_ms + chance_range(&s->plan, 0, 4000), 0, delivery_post, d);
}

void schedule_draw(struct sim *s)
{
    s->engine = (enum engine)chance_range(&s->plan, 0, ENGINE_COUNT - 1);
    s->customer_count = (int)chance_range(&s->plan, 2, CUSTOMER_MAX);
    int size = (int)chance_range(&s->plan, 0,
                                 99); /* small ones are as telling, and many more fit in a minute */
    s->message_count = size < 65 ? 3 : size < 88 ? 4 : (int)chance_range(&s->plan, 5, MESSAGE_MAX);
    s->ini.human = chance_percent(&s->plan, 20);
    int64_t at = s->start_ms;
    for (int i = 0; i < s->message_count; i++) {
        if (chance_percent(&s->plan, 60)) at += chance_range(&s->plan, 0, 1500);
        message_draw(s, i, at);
    }
    int rubbish = (int)chance_range(&s->plan, 0, 2);
    for (int i = 0; i < rubbish; i++) rubbish_draw(s);
    if (chance_percent(&s->plan, 15)) {
        s->down_from = s->start_ms + chance_range(&s->plan, 0, 2000);
        s->down_to = s->down_from + chance_range(&s->plan, 500, 8000);
    }
}

void schedule_free(struct sim *s)
{
    for (int i = 0; i < s->delivery_count; i++) {
        free(s->deliveries[i].body);
        free(s->deliveries[i].open);
    }
    s->delivery_count = 0;
}
