/* status.c - what the host tells outside: /health, /metrics, `tokobot status`. The loop writes it
 * down every now and then; other threads only read what is written, so that they answer even while
 * the loop is busy. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "calls.h"
#include "host.h"
#include "message/outbox.h"
#include "plugin/stats.h"

enum { PUBLISH_EVERY_MS = 250 };

void host_count_event(struct host *h, const char *gateway, const char *event)
{
    char key[160];
    char clean[80];
    size_t n = 0;
    for (const char *s = event ? event : ""; *s && n < sizeof clean - 1; s++) {
        int ok = (*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '.' || *s == '_' ||
                 *s == '-';
        clean[n++] = ok ? *s : '_';
    }
    clean[n] = 0;
    snprintf(key, sizeof key, "%s\",event=\"%s", gateway, clean);
    pthread_mutex_lock(&h->status_lock);
    int64_t *count = map_get(&h->event_counts, key);
    /* An attacker who can sign could invent names: so many, and no more. */
    if (!count && h->event_counts.count < 200) {
        count = xcalloc(1, sizeof *count);
        map_put(&h->event_counts, key, count);
    }
    if (count) ++*count;
    pthread_mutex_unlock(&h->status_lock);
}

void host_database_state(struct host *h, int ok, const char *error)
{
    (void)error;
    pthread_mutex_lock(&h->status_lock);
    h->database_ok = ok;
    pthread_mutex_unlock(&h->status_lock);
    host_publish_soon(h);
    host_publish(h);
}

void host_publish_soon(struct host *h)
{
    h->published_at = INT64_MIN / 2;
    h->publish_due = 0; /* also when no turn follows */
}

/* ---- sessions of the gateways ---------------------------------------------------------------- */

struct worst {
    const char *gateway;
    int state; /* enum bot_session_state, the best of the gateway's */
    int held, mute;
};

static void see_number(void *ctx, const struct outbox_number *n)
{
    struct worst *w = ctx;
    if (strcmp(n->gateway, w->gateway) != 0) return;
    if (w->state != BOT_SESSION_CONNECTED && n->state) w->state = n->state;
    w->held |= n->held;
    w->mute |= n->mute;
}

static const char *session_word(int state)
{
    return state == BOT_SESSION_CONNECTED || state == BOT_SESSION_DEAF ? "connected"
           : state == BOT_SESSION_QR                                   ? "qr"
                                                                       : "disconnected";
}

/* ,"waha":"connected" for each gateway that has webhooks; returns whether all are connected. */
static int add_gateways(struct host *h, struct buf *out)
{
    int all = 1;
    for (size_t i = 0; i < h->registry->plugin_count; i++) {
        const struct gateway *g = h->registry->plugins[i]->gateway;
        if (!g || !*g->spec.name) continue;
        struct worst w = { .gateway = g->spec.name };
        outbox_numbers(h->outbox, see_number, &w);
        /* A queue is only held because nothing gets through, whatever the session last said. */
        int state = w.held && w.state == BOT_SESSION_CONNECTED ? BOT_SESSION_DISCONNECTED : w.state;
        buf_addf(out, ",\"%s\":\"%s\"", g->spec.name, session_word(state));
        if (state != BOT_SESSION_CONNECTED || w.mute) all = 0;
    }
    return all;
}

/* ---- health ---------------------------------------------------------------------------------- */

static char *health_of(struct host *h)
{
    struct buf gateways = { 0 }, out = { 0 };
    int all = add_gateways(h, &gateways);
    int degraded = !all || h->problems.len;
    buf_addf(&out, "\"status\":\"%s\",\"database\":\"%s\"%s",
             !h->database_ok ? "unhealthy"
             : degraded      ? "degraded"
                             : "healthy",
             h->database_ok ? "connected" : "error", buf_str(&gateways));
    buf_free(&gateways);
    return buf_take(&out);
}

/* "2 hours", "1 day": the largest unit that fits. */
static void add_uptime(struct buf *out, int64_t s)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
    size_t i = 0;
    while (i < BOT_COUNT(units) - 1 && s < units[i].seconds) i++;
    int64_t n = s / units[i].seconds;
    buf_addf(out, "%" PRId64 " %s%s", n, units[i].name, n == 1 ? "" : "s");
}

int host_health(struct host *h, struct buf *out)
{
    char now[32];
    int64_t uptime = (clock_mono() - h->started_mono) / 1000000;
    pthread_mutex_lock(&h->status_lock);
    int ok = h->database_ok;
    buf_addf(out, "{%s",
             h->health_json ? h->health_json
                            : "\"status\":\"degraded\",\"database\":\"connected\"");
    pthread_mutex_unlock(&h->status_lock);
    buf_adds(out, ",\"uptime\":\"");
    add_uptime(out, uptime);
    buf_addf(out, "\",\"uptime_seconds\":%" PRId64 ",\"timestamp\":\"%s\",\"version\":\"%s\"}",
             uptime, clock_format(clock_ms(), now), TOKOBOT_VERSION);
    return ok ? 200 : 503;
}

/* ---- metrics --------------------------------------------------------------------------------- */

static void metric(struct buf *out, const char *name, const char *type, const char *help,
                   int64_t value)
{
    buf_addf(out, "# HELP tokobot_%s %s\n# TYPE tokobot_%s %s\ntokobot_%s %" PRId64 "\n", name,
             help, name, type, name, value);
}

static void add_outbox_metrics(struct host *h, struct buf *out)
{
    struct outbox_stats s;
    outbox_stats(h->outbox, &s);
    metric(out, "outbox_queued", "gauge", "Messages that wait to be sent.", s.queued);
    metric(out, "outbox_in_flight", "gauge", "Messages that are being sent.", s.in_flight);
    metric(out, "outbox_sent_total", "counter", "Messages that were sent.", s.sent);
    metric(out, "outbox_refused_total", "counter", "Messages that can not be sent.", s.refused);
    metric(out, "outbox_unknown_total", "counter", "Messages that may have been sent.", s.unknown);
    metric(out, "outbox_expired_total", "counter", "Messages that were not sent in time.",
           s.expired);
    metric(out, "outbox_retried_total", "counter", "Attempts that were repeated.", s.retried);
}

/* ---- numbers --------------------------------------------------------------------------------- */

struct number_lines {
    struct buf *out;
    const char *metric;
    int64_t (*value)(const struct outbox_number *n);
    int count;
};

static int64_t is_connected(const struct outbox_number *n)
{
    return (n->state == BOT_SESSION_CONNECTED || n->state == BOT_SESSION_DEAF) && !n->held;
}

static int64_t is_mute(const struct outbox_number *n)
{
    return n->mute;
}

static int64_t waiting_notices(const struct outbox_number *n)
{
    return n->notices_waiting;
}

static void add_number_metric(void *ctx, const struct outbox_number *n)
{
    struct number_lines *l = ctx;
    buf_addf(l->out, "tokobot_%s{gateway=\"%s\",session=", l->metric, n->gateway);
    buf_add_json(l->out, n->session, strlen(n->session));
    buf_addf(l->out, "} %" PRId64 "\n", l->value(n));
}

static void add_number_metrics(struct host *h, struct buf *out)
{
    static const struct {
        const char *name, *help;
        int64_t (*value)(const struct outbox_number *n);
    } metrics[] = {
        { "session_connected", "1 while the number can send.", is_connected },
        { "session_mute", "1 while nothing that the number sends is confirmed.", is_mute },
        { "notices_waiting", "Notices that wait for their time or for the number's limits.",
          waiting_notices },
    };
    for (size_t i = 0; i < BOT_COUNT(metrics); i++) {
        struct number_lines l = { .out = out,
                                  .metric = metrics[i].name,
                                  .value = metrics[i].value };
        buf_addf(out, "# HELP tokobot_%s %s\n# TYPE tokobot_%s gauge\n", metrics[i].name,
                 metrics[i].help, metrics[i].name);
        outbox_numbers(h->outbox, add_number_metric, &l);
    }
}

static void add_number(void *ctx, const struct outbox_number *n)
{
    struct number_lines *l = ctx;
    int locked = n->no_new_until > clock_ms();
    char name[400];
    snprintf(name, sizeof name, "%s/%s", n->gateway, n->session);
    buf_adds(l->out, l->count++ ? ",{\"number\":" : "{\"number\":");
    buf_add_json(l->out, name, strlen(name));
    buf_addf(l->out, ",\"state\":\"%s\",\"notices today\":%" PRId64 ",\"waiting\":%" PRId64 "}",
             n->mute                        ? "mute"
             : n->state == BOT_SESSION_DEAF ? "deaf"
             : n->held                      ? "held"
             : !n->state                    ? "unknown"
             : locked                       ? "no new chats"
                                            : session_word(n->state),
             n->notices_today, n->notices_waiting);
}

static void add_plugin_metrics(struct host *h, struct buf *out)
{
    const struct registry *r = h->registry;
    buf_adds(
        out,
        "# HELP tokobot_plugin_calls_total Callbacks run.\n# TYPE tokobot_plugin_calls_total counter\n");
    for (size_t i = 0; i < r->plugin_count; i++)
        buf_addf(out, "tokobot_plugin_calls_total{plugin=\"%s\"} %" PRId64 "\n",
                 r->plugins[i]->name, r->plugins[i]->stats->calls);
    buf_adds(
        out,
        "# HELP tokobot_plugin_errors_total Callbacks that failed.\n# TYPE tokobot_plugin_errors_total counter\n");
    for (size_t i = 0; i < r->plugin_count; i++)
        buf_addf(out, "tokobot_plugin_errors_total{plugin=\"%s\"} %" PRId64 "\n",
                 r->plugins[i]->name, r->plugins[i]->stats->errors);
    buf_adds(out,
             "# HELP tokobot_plugin_quarantined 1: it crashed the bot and waits for a reload.\n"
             "# TYPE tokobot_plugin_quarantined gauge\n");
    for (size_t i = 0; i < r->plugin_count; i++)
        buf_addf(out, "tokobot_plugin_quarantined{plugin=\"%s\"} %d\n", r->plugins[i]->name,
                 r->plugins[i]->quarantined);
    for (size_t i = 0; i < r->plugin_count; i++) {
        size_t at = 0;
        const char *name;
        const struct plugin *p = r->plugins[i];
        for (const int64_t *value; (value = map_next(&p->stats->counters, &at, &name));)
            buf_addf(out, "# TYPE tokobot_%s%s counter\ntokobot_%s%s %" PRId64 "\n",
                     p->table_prefix, name, p->table_prefix, name, *value);
    }
}

static void add_reload_metrics(const struct host *h, struct buf *out)
{
    const struct reload *r = &h->reload;
    buf_addf(out,
             "# HELP tokobot_reloads_total Reloads, by how they ended.\n"
             "# TYPE tokobot_reloads_total counter\n"
             "tokobot_reloads_total{result=\"ok\"} %" PRId64 "\n"
             "tokobot_reloads_total{result=\"refused\"} %" PRId64 "\n"
             "tokobot_reloads_total{result=\"unchanged\"} %" PRId64 "\n",
             r->ok, r->refused, r->unchanged);
}

static char *metrics_of(struct host *h)
{
    struct buf out = { 0 };
    const struct loop *l = &h->loop;
    metric(&out, "up", "gauge", "1 while the host runs.", 1);
    metric(&out, "database_ok", "gauge", "1 while the database can be written.", h->database_ok);
    metric(&out, "turns_total", "counter", "Turns committed.", l->turns);
    metric(&out, "turns_lost_total", "counter", "Turns that could not be committed and ran again.",
           l->turns_lost);
    metric(&out, "turn_microseconds_max", "gauge", "The longest turn since the start.",
           l->turn_us_max);
    metric(&out, "turn_work_microseconds_max", "gauge",
           "The longest turn since the start, without its fsyncs.", l->turn_work_us_max);
    metric(&out, "syncs_total", "counter", "fsyncs of the database by the loop.", h->db.sync.count);
    metric(&out, "sync_microseconds_max", "gauge",
           "The longest fsync of the database since the start.", h->db.sync.longest_us);
    metric(&out, "events_run_total", "counter", "Events run.", l->events_run);
    metric(&out, "inbox_open", "gauge", "Events queued, running or waiting.", l->open_events);
    metric(&out, "calls_pending", "gauge", "Asynchronous calls of plugins under way.",
           (int64_t)l->calls->pending);
    metric(&out, "plugins", "gauge", "Plugins loaded.", (int64_t)h->registry->plugin_count);
    metric(&out, "plugin_generations_total", "counter",
           "Generations of plugins made since the start: the code of each stays mapped.",
           (int64_t)h->generations_made);
    metric(&out, "plugin_generations_draining", "gauge",
           "Generations out of use whose calls have not all ended.", (int64_t)h->retired);
    add_reload_metrics(h, &out);
    add_outbox_metrics(h, &out);
    add_number_metrics(h, &out);
    add_plugin_metrics(h, &out);
    return buf_take(&out);
}

static int is_same_secret(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && sodium_memcmp(a, b, strlen(a)) == 0;
}

int host_may_see_metrics(struct host *h, const char *token, int loopback)
{
    pthread_mutex_lock(&h->status_lock);
    int may = !*h->metrics_token ? loopback : token && is_same_secret(token, h->metrics_token);
    pthread_mutex_unlock(&h->status_lock);
    return may;
}

int host_metrics(struct host *h, struct buf *out)
{
    pthread_mutex_lock(&h->status_lock);
    buf_adds(out, h->metrics_text);
    buf_adds(
        out,
        "# HELP tokobot_events_total What gateways delivered and nobody needed.\n# TYPE tokobot_events_total counter\n");
    size_t at = 0;
    const char *key;
    for (const int64_t *count; (count = map_next(&h->event_counts, &at, &key));)
        buf_addf(out, "tokobot_events_total{gateway=\"%s\"} %" PRId64 "\n", key, *count);
    pthread_mutex_unlock(&h->status_lock);
    return 200;
}

void host_turn_begins(struct host *h)
{
    h->loop.turn_began = clock_mono();
    h->loop.turn_synced = h->db.sync.us;
}

void host_turn_ends(struct host *h)
{
    struct loop *l = &h->loop;
    int64_t us = clock_mono() - l->turn_began, work = us - (h->db.sync.us - l->turn_synced);
    if (us > l->turn_us_max) l->turn_us_max = us;
    if (work > l->turn_work_us_max) l->turn_work_us_max = work;
}

void host_publish(struct host *h)
{
    __atomic_store_n(&h->backlog, h->loop.open_events, __ATOMIC_RELAXED);
    int64_t now = clock_ms();
    h->publish_due = INT64_MAX;
    if (now - h->published_at < PUBLISH_EVERY_MS && now >= h->published_at) {
        h->publish_due =
            h->published_at + PUBLISH_EVERY_MS; /* what has changed since is told then */
        return;
    }
    h->published_at = now;
    char *health = health_of(h), *metrics = metrics_of(h);
    pthread_mutex_lock(&h->status_lock);
    char *old_health = h->health_json, *old_metrics = h->metrics_text;
    h->health_json = health;
    h->metrics_text = metrics;
    pthread_mutex_unlock(&h->status_lock);
    free(old_health);
    free(old_metrics);
}

/* ---- `tokobot status` ------------------------------------------------------------------------ */

void host_problems(const struct host *h, struct buf *out)
{
    char *lines = xstrdup(buf_str(&h->problems)), *rest = NULL;
    buf_adds(out, "\"problems\":[");
    int first = 1;
    for (char *p = strtok_r(lines, "\n", &rest); p; p = strtok_r(NULL, "\n", &rest), first = 0) {
        if (!first) buf_addc(out, ',');
        buf_add_json(out, p, strlen(p));
    }
    free(lines);
    buf_addc(out, ']');
}

void host_status(struct host *h, struct buf *out)
{
    struct outbox_stats s;
    host_publish_soon(h);
    host_publish(h);
    outbox_stats(h->outbox, &s);
    buf_adds(out, "{\"ok\":true,");
    struct buf health = { 0 };
    host_health(h, &health);
    buf_add(out, health.data + 1, health.len - 2);
    buf_free(&health);
    buf_addf(out,
             ",\"inbox\":%" PRId64 ",\"outbox\":%" PRId64 ",\"sent\":%" PRId64
             ",\"unknown\":%" PRId64 ",\"plugins\":[",
             h->loop.open_events, s.queued, s.sent, s.unknown);
    for (size_t i = 0; i < h->registry->plugin_count; i++)
        buf_addf(out, "%s\"%s %s\"", i ? "," : "", h->registry->plugins[i]->name,
                 h->registry->plugins[i]->version);
    buf_adds(out, "],\"numbers\":[");
    struct number_lines numbers = { .out = out };
    outbox_numbers(h->outbox, add_number, &numbers);
    buf_adds(out, "],");
    host_problems(h, out);
    buf_addc(out, '}');
}
