/* playback.c - plays one transcript against a host of its own; see playback.h.
 *
 * Everybody's messages come over one control connection of the simulator that hears everything, and
 * are kept in the order of arrival. A pattern takes the oldest of its recipient. Before each line
 * that makes something happen, and at the end, nothing may be left: what is sent and not expected
 * is a failure.
 *
 * The clock stands still but for one second before each message, "wait", and up to PATIENCE_MS when
 * a pattern finds nothing to take (people wait for an answer, too). */
#include "playback.h"

#include "../../config/config.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../host.h"
#include "../http/client.h"
#include "../storage/pool.h"
#include "attach.h"
#include "cast.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t START_MS = 1767582000000; /* Monday 2026-01-05, 10:00 in Jakarta */
enum {
    TURN_LIMIT = 10000,  /* a host that needs more never comes to rest */
    DUE_LIMIT = 1000000, /* so often something may be due within one wait */
    PATIENCE_MS = 30000,
    CONNECTION = 1, /* hears everybody; control commands count up from here */
    LOG_LINES = 12  /* of warnings and errors shown with a failure */
};

static const char REFUSED[] = "refused"; /* `to` of a control command's answer that says no */

/* The commands that are asked for under another verb of the control socket; all others are their
 * own. */
static const struct {
    const char *words, *verb;
} control_verbs[] = { { "plugin list", "plugins" } };

struct message {
    struct message *next;
    const char *to, *id, *text;
    int taken;
};

struct http_rule {
    struct http_rule *next;
    const struct step *step;
};

struct playback {
    const struct playback_conf *conf;
    struct buf *report;
    const struct step *step;
    struct host *host;
    char folder[200];
    char ini_file[256], log_file[256];
    sqlite3 *reader; /* for long reads */
    struct arena arena;

    const char *speaker; /* NULL before the first "as" */
    struct message *messages, **messages_end;
    int said;                             /* messages written so far: their ids */
    int ended;                            /* the last line has been played */
    int refused;                          /* the last line to CONNECTION was a refusal */
    uint64_t connection;                  /* the last one used */
    struct message *output, **output_end; /* what the last control command answered */

    struct http_rule *rules; /* newest first */
    struct http_job *http_pending;
    struct pool_job *jobs_pending;
};

/* ---- reporting ------------------------------------------------------------------------------- */

static void report_text(struct buf *out, const char *text)
{
    for (const char *line = text; line;) {
        const char *end = strchr(line, '\n');
        buf_adds(out, "    | ");
        buf_add(out, line, end ? (size_t)(end - line) : strlen(line));
        buf_addc(out, '\n');
        line = end ? end + 1 : NULL;
    }
}

__attribute__((format(printf, 2, 3))) static int fail(struct playback *p, const char *fmt, ...)
{
    va_list args;
    char what[600];
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    buf_addf(p->report, "%s:%d: %s\n", p->conf->file, p->step ? p->step->line : 1, what);
    return -1;
}

static void print_said(const struct playback *p, char direction, const char *who, const char *text)
{
    struct buf out = { 0 };
    if (!p->conf->verbose) return;
    report_text(&out, text);
    printf("  %s %c\n%s", who ? who : "", direction, buf_str(&out));
    buf_free(&out);
}

/* The last warnings and errors of the host's log. */
static void report_log(struct playback *p)
{
    FILE *in = fopen(p->log_file, "re");
    char line[1024], kept[LOG_LINES][sizeof line];
    size_t n = 0;
    if (!in) return;
    while (fgets(line, sizeof line, in))
        if (strstr(line, " level=warn ") || strstr(line, " level=error "))
            memcpy(kept[n++ % LOG_LINES], line, sizeof line);
    fclose(in);
    if (n > 0) buf_adds(p->report, "  the log says:\n");
    for (size_t i = n > LOG_LINES ? n - LOG_LINES : 0; i < n; i++)
        buf_addf(p->report, "    %s", kept[i % LOG_LINES]);
}

/* ---- the host's ports ------------------------------------------------------------------------ */

static void on_http(void *ctx, struct http_job *job)
{
    struct playback *p = ctx;
    struct http_job **end = &p->http_pending;
    while (*end) end = &(*end)->next;
    job->next = NULL;
    *end = job;
}

static void on_http_cancel(void *ctx, uint64_t id)
{
    struct playback *p = ctx;
    for (struct http_job *job = p->http_pending; job; job = job->next)
        if (job->id == id) job->error = HTTP_ECANCELED;
}

static void on_job(void *ctx, struct pool_job *job)
{
    struct playback *p = ctx;
    struct pool_job **end = &p->jobs_pending;
    while (*end) end = &(*end)->next;
    job->next = NULL;
    *end = job;
}

/* No request comes over HTTP here. */
static void on_answer(void *ctx, struct http_request *request, int status, const char *type,
                      const char *body, size_t len, unsigned retry_after_s)
{
    (void)ctx, (void)request, (void)status, (void)type, (void)body, (void)len, (void)retry_after_s;
}

static const char *member(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : "";
}

static void message_add(struct playback *p, struct message ***end, const char *to, const char *id,
                        const char *text)
{
    struct message *m = arena_zalloc(&p->arena, sizeof *m);
    m->to = arena_strdup(&p->arena, to);
    m->id = arena_strdup(&p->arena, id);
    m->text = arena_strdup(&p->arena, text);
    **end = m;
    *end = &m->next;
}

/* A line of the control socket: what the bot says to somebody, or the answer to a command. */
static void on_control(void *ctx, uint64_t connection, const char *json, size_t len, int close)
{
    struct playback *p = ctx;
    (void)close;
    char *line = xstrndup(json, len);
    struct json_object *o = json_tokener_parse(line), *ok = NULL;
    int refused = o && json_object_object_get_ex(o, "ok", &ok) && !json_object_get_boolean(ok);
    if (connection != CONNECTION) {
        message_add(p, &p->output_end, refused ? REFUSED : "", "", line);
    } else if (o && strcmp(member(o, "from"), "bot") == 0) {
        const char *shown = attach_shown(o, &p->arena);
        message_add(p, &p->messages_end, member(o, "to"), member(o, "id"), shown);
        print_said(p, '<', member(o, "to"), shown);
    } else if (refused) {
        p->refused = 1;
        fail(p, "the simulator refused: %s", member(o, "error"));
    }
    json_object_put(o);
    free(line);
}

/* ---- what the world answers ------------------------------------------------------------------ */

/* Answers one request by the newest rule that fits; without one nobody listens at that address. */
static void http_play(struct playback *p, struct http_job *job)
{
    const struct http_rule *r = p->rules;
    while (r &&
           (strcmp(r->step->method, job->method) != 0 || !transcript_glob(r->step->glob, job->url)))
        r = r->next;
    if (p->conf->verbose)
        printf("  http %s %s -> %d\n", job->method, job->url,
               r ? r->step->status : HTTP_STATUS_REFUSED);
    if (job->error == HTTP_ECANCELED) return;
    if (!r || r->step->status == HTTP_STATUS_REFUSED) {
        job->error = HTTP_EIO;
        snprintf(job->message, sizeof job->message, "connection refused (no http line answers it)");
    } else if (r->step->status == HTTP_STATUS_TIMEOUT) {
        job->error = HTTP_ETIMEDOUT;
        job->sent = 1;
        snprintf(job->message, sizeof job->message, "timed out");
    } else {
        job->status = r->step->status;
        job->sent = 1;
        if (r->step->file)
            file_slurp(arena_printf(&p->arena, "%s/%s", p->conf->folder, r->step->file),
                       &job->answer);
    }
}

/* Lets everything happen that needs no clock. 0, or -1 when that never ends. */
static int settle(struct playback *p)
{
    for (int round = 0; round < TURN_LIMIT; round++) {
        if (host_run_idle(p->host, TURN_LIMIT) >= TURN_LIMIT) break;
        if (!p->http_pending && !p->jobs_pending) return p->refused ? -1 : 0;
        while (p->http_pending) {
            struct http_job *job = p->http_pending;
            p->http_pending = job->next;
            job->next = NULL;
            http_play(p, job);
            loop_post_http(&p->host->loop, job);
        }
        while (p->jobs_pending) {
            struct pool_job *job = p->jobs_pending;
            p->jobs_pending = job->next;
            job->next = NULL;
            pool_job_run(job, &p->reader, p->host->db.path, NULL);
            loop_post_job(&p->host->loop, job);
        }
    }
    return fail(p, "the bot does not come to rest: something starts itself again and again");
}

/* Moves the clock by ms, stopping whenever something is due. `enough` (may be NULL) ends it early.
 */
static int pass_time(struct playback *p, int64_t ms, int (*enough)(struct playback *p))
{
    int64_t target = clock_ms() + ms;
    for (int i = 0; i < DUE_LIMIT; i++) {
        if (settle(p) != 0) return -1;
        if (enough && enough(p)) return 0;
        int64_t now = clock_ms(), due = host_next_due(p->host);
        if (now >= target) return 0;
        int64_t next = due > now && due < target ? due : target;
        if (due <= now) next = now + 1; /* due, yet not done in the turns that ran: give it time */
        clock_virtual_advance(next - now);
    }
    return fail(p, "the bot does not come to rest: something is due again and again");
}

/* ---- the process ----------------------------------------------------------------------------- */

static void control(struct playback *p, uint64_t connection, const char *verb,
                    const struct buf *json)
{
    host_control(p->host, connection, verb, buf_str(json), json->len);
}

/* Every plugin that bot.ini switches on must be there: a transcript without it proves nothing. */
static int check_plugins(struct playback *p)
{
    size_t count = 0;
    const struct config_plugin *wanted = config_plugins(p->host->config, &count);
    for (size_t i = 0; i < count; i++)
        if (wanted[i].on && !registry_plugin(p->host->registry, wanted[i].name))
            return fail(p, "plugin %s was not loaded", wanted[i].name);
    return 0;
}

/* The simulator tells this connection all that the bot says. */
static int join_chats(struct playback *p)
{
    struct buf join = { 0 };
    buf_adds(&join, "{\"cmd\":\"chat\",\"as\":\"6281100000001\",\"all\":true}");
    control(p, CONNECTION, "chat", &join);
    buf_free(&join);
    return settle(p);
}

static int process_start(struct playback *p)
{
    static char *no_environment[] = { NULL };
    struct buf errors = { 0 };
    int code = 0;
    struct host_conf conf = {
        .config = config_read(p->ini_file, 0, no_environment),
        .plugin_folder = p->conf->plugin_folder,
        .ports = { p, on_http, on_http_cancel, on_job, on_answer, on_control, NULL },
        .close_libraries = 1, /* whoever still points into a generation that has ended is found */
    };
    p->host = host_open(&conf, &code, &errors);
    if (!p->host) {
        fail(p, "the bot does not start (exit code %d):", code);
        report_text(p->report, buf_str(&errors));
        buf_free(&errors);
        return -1;
    }
    buf_free(&errors);
    if (check_plugins(p) != 0) return -1;
    return join_chats(p); /* first of all, so that what is sent at once is heard, too */
}

/* A killed process leaves no memory behind, but this one goes on: the plugins give theirs back, in
 * a transaction that is then lost, so that nothing of it shows. */
static void process_kill(struct host *h)
{
    if (loop_group_begin(&h->loop) != 0) return;
    generations_stop_all(h);
    loop_group_end(&h->loop, 0);
}

/* clean = 0: as if it had been killed. */
static void process_end(struct playback *p, int clean)
{
    if (!p->host) return;
    if (clean)
        host_stop(p->host);
    else
        process_kill(p->host);
    host_free(p->host);
    p->host = NULL;
    while (p->http_pending) {
        struct http_job *job = p->http_pending;
        p->http_pending = job->next;
        http_job_free(job);
    }
    while (p->jobs_pending) {
        struct pool_job *job = p->jobs_pending;
        p->jobs_pending = job->next;
        pool_job_free(job);
    }
    sqlite3_close(p->reader);
    p->reader = NULL;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static int play_as(struct playback *p, const struct step *s)
{
    p->speaker = s->phone;
    clock_virtual_advance(
        1); /* no two are made at the same time: the last store is the last one named */
    if (!s->store || cast_make(p->host, s->role, s->phone, s->store) == 0) return 0;
    return fail(p, "the store or the person could not be made: %s", p->host->db.error);
}

static struct message *next_message(struct playback *p, const char *to)
{
    struct message *m = p->messages;
    while (m && (m->taken || strcmp(m->to, to) != 0)) m = m->next;
    return m;
}

/* A control command may say anything, but if it was refused somebody must have expected that. */
static int check_output(struct playback *p)
{
    struct message *m = p->output;
    while (m && strcmp(m->to, REFUSED) != 0) m = m->next;
    p->output = NULL;
    p->output_end = &p->output;
    if (!m) return 0;
    fail(p, "before this line a command was refused");
    report_text(p->report, m->text);
    return -1;
}

/* Nothing may be left that nobody expected. */
static int check_silence(struct playback *p)
{
    int rc = check_output(p);
    for (struct message *m = p->messages; m; m = m->next) {
        if (m->taken) continue;
        if (rc == 0)
            rc = fail(p, p->ended ? "after this line something was said that was not expected"
                                  : "before this line something was said that was not expected");
        buf_addf(p->report, "  to %s%s:\n", m->to,
                 p->speaker && strcmp(m->to, p->speaker) == 0 ? ", the speaker" : "");
        report_text(p->report, m->text);
    }
    return rc;
}

/* Native id of the Nth message that the speaker received, or NULL. */
static const char *received(const struct playback *p, int64_t n)
{
    for (const struct message *m = p->messages; m; m = m->next)
        if (strcmp(m->to, p->speaker) == 0 && --n == 0) return m->id;
    return NULL;
}

static int play_say(struct playback *p, const struct step *s)
{
    const char *quote = NULL;
    struct buf json = { 0 };
    if (!p->speaker) return fail(p, "nobody speaks yet; begin with: as customer 6281100000031");
    if (s->kind == STEP_REPLY && !(quote = received(p, s->number)))
        return fail(p, "%s has not received %" PRId64 " messages yet", p->speaker, s->number);
    if (!s->text[0] && !s->attachment) return fail(p, "a message needs a text");
    print_said(p, '>', p->speaker, s->text);
    if (pass_time(p, 1000, NULL) != 0 || check_silence(p) != 0) return -1;

    buf_adds(&json, "{\"cmd\":\"chat\",\"as\":");
    buf_add_json(&json, p->speaker, strlen(p->speaker));
    buf_addf(&json, ",\"id\":\"CHAT%d\",\"say\":", ++p->said);
    buf_add_json(&json, s->text, strlen(s->text));
    if (quote) {
        buf_adds(&json, ",\"quote\":");
        buf_add_json(&json, quote, strlen(quote));
    }
    char error[400];
    int rc = s->attachment ? attach_add(&json, s->attachment, s->attached, p->conf->folder, error,
                                        sizeof error)
                           : 0;
    buf_addc(&json, '}');
    if (rc == 0) control(p, CONNECTION, "chat", &json);
    buf_free(&json);
    return rc == 0 ? settle(p) : fail(p, "%s", error);
}

static const char *awaited(const struct playback *p)
{
    return p->step->phone ? p->step->phone : p->speaker;
}

static int has_come(struct playback *p)
{
    return next_message(p, awaited(p)) != NULL;
}

static int mismatch(struct playback *p, const char *whom, const char *came, const char *missing)
{
    fail(p, came ? "the answer is another one" : "no answer came");
    buf_addf(p->report, "  expected, for %s:\n", whom);
    report_text(p->report, p->step->text);
    if (came) {
        buf_adds(p->report, "  came:\n");
        report_text(p->report, came);
        buf_adds(p->report, missing && *missing ? "  not found there:\n"
                                                : "  it goes on after what was expected\n");
        if (missing && *missing) report_text(p->report, missing);
        return -1;
    }
    for (struct message *m = p->messages; m; m = m->next) {
        if (m->taken) continue;
        buf_addf(p->report, "  but to %s:\n", m->to);
        report_text(p->report, m->text);
    }
    return -1;
}

static int play_expect(struct playback *p, const struct step *s)
{
    const char *missing = NULL;
    if (!s->phone && p->output) { /* of a control command */
        struct message *line = p->output;
        p->output = line->next;
        if (!p->output) p->output_end = &p->output;
        if (transcript_match(s->text, line->text, &p->arena, &missing)) return 0;
        return mismatch(p, "the control socket", line->text, missing);
    }
    if (!awaited(p)) return fail(p, "nobody speaks yet; begin with: as customer 6281100000031");
    if (!has_come(p) && pass_time(p, PATIENCE_MS, has_come) != 0) return -1;
    struct message *m = next_message(p, awaited(p));
    if (!m) return mismatch(p, awaited(p), NULL, NULL);
    if (!transcript_match(s->text, m->text, &p->arena, &missing))
        return mismatch(p, awaited(p), m->text, missing);
    m->taken = 1;
    return 0;
}

static int play_none(struct playback *p)
{
    struct message *m = p->speaker ? next_message(p, p->speaker) : NULL;
    if (!m) return 0;
    fail(p, "nothing should be said to %s", p->speaker);
    buf_adds(p->report, "  came:\n");
    report_text(p->report, m->text);
    return -1;
}

/* ---- the other lines ------------------------------------------------------------------------- */

static int play_http(struct playback *p, const struct step *s)
{
    const char *file = s->file ? arena_printf(&p->arena, "%s/%s", p->conf->folder, s->file) : NULL;
    if (file && access(file, R_OK) != 0) return fail(p, "%s: %s", file, strerror(errno));
    struct http_rule *r = arena_zalloc(&p->arena, sizeof *r);
    r->step = s;
    r->next = p->rules;
    p->rules = r;
    return 0;
}

/* A line of the control socket, {"cmd":"VERB","args":[...]}, on a connection of its own. */
static int play_control(struct playback *p, const struct step *s)
{
    struct buf json = { 0 };
    char *words = arena_strdup(&p->arena, s->text), *at = NULL;
    for (size_t i = 0; i < BOT_COUNT(control_verbs); i++)
        if (strcmp(words, control_verbs[i].words) == 0)
            words = arena_strdup(&p->arena, control_verbs[i].verb);
    const char *verb = strtok_r(words, " \t", &at), *word;
    buf_adds(&json, "{\"cmd\":");
    buf_add_json(&json, verb, strlen(verb));
    buf_adds(&json, ",\"args\":[");
    for (int n = 0; (word = strtok_r(NULL, " \t", &at)) != NULL; n++) {
        if (n > 0) buf_addc(&json, ',');
        buf_add_json(&json, word, strlen(word));
    }
    buf_adds(&json, "]}");
    control(p, ++p->connection, verb, &json);
    buf_free(&json);
    int rc = settle(p);
    host_control_closed(p->host, p->connection);
    for (struct message *m = p->output; m; m = m->next) print_said(p, '<', "control", m->text);
    return rc;
}

static int play_again(struct playback *p, int clean)
{
    process_end(p, clean);
    return process_start(p);
}

/* Every plugin gets a new generation, while what the old ones have begun goes on. */
static int play_reload(struct playback *p)
{
    int64_t refused = p->host->reload.refused;
    reload_ask_all(p->host);
    if (settle(p) != 0 || join_chats(p) != 0) return -1;
    return p->host->reload.refused == refused
               ? 0
               : fail(p, "the reload was refused; --verbose shows why");
}

static int play_step(struct playback *p, const struct step *s)
{
    p->step = s;
    if (s->kind != STEP_EXPECT && s->kind != STEP_NONE && s->kind != STEP_AS &&
        check_silence(p) != 0)
        return -1;
    switch (s->kind) {
    case STEP_AS:
        return play_as(p, s);
    case STEP_SAY:
    case STEP_REPLY:
        return play_say(p, s);
    case STEP_EXPECT:
        return play_expect(p, s);
    case STEP_NONE:
        return play_none(p);
    case STEP_WAIT:
        return pass_time(p, s->number, NULL);
    case STEP_RESTART:
        return play_again(p, 1);
    case STEP_CRASH:
        return play_again(p, 0);
    case STEP_RELOAD:
        return play_reload(p);
    case STEP_HTTP:
        return play_http(p, s);
    case STEP_CONTROL:
        return play_control(p, s);
    }
    return fail(p, "unknown step");
}

/* ---- around ---------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

/* A folder in memory when there is one: nothing here has to outlive the machine. */
static int make_folder(struct playback *p)
{
    const char *base = getenv("TMPDIR");
    if (!base || !*base) base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    if ((size_t)snprintf(p->folder, sizeof p->folder, "%s/tokobot-chat-XXXXXX", base) >=
        sizeof p->folder)
        return fail(p, "TMPDIR is too long a path");
    if (!mkdtemp(p->folder)) {
        fail(p, "%s: %s", p->folder, strerror(errno));
        p->folder[0] = '\0';
        return -1;
    }
    snprintf(p->ini_file, sizeof p->ini_file, "%s/bot.ini", p->folder);
    snprintf(p->log_file, sizeof p->log_file, "%s/test.log", p->folder);
    return 0;
}

/* "as super" is a matter of the configuration: all of them are listed before the start. */
static void add_super_admins(struct playback *p)
{
    struct fragments *ini = p->conf->ini;
    const char *listed = fragments_get(ini, "core", "super_admin");
    char *all = arena_strdup(&p->arena, listed ? listed : "6281100000001");
    for (size_t i = 0; i < p->conf->transcript->count; i++) {
        const struct step *s = &p->conf->transcript->steps[i];
        if (s->kind != STEP_AS || s->role != SPEAKER_SUPER || strstr(all, s->phone)) continue;
        all = arena_printf(&p->arena, "%s%s%s", s->phone, *all ? ", " : "", all);
    }
    fragments_set(ini, "core", "super_admin", all);
}

static int write_ini(struct playback *p)
{
    struct fragments *ini = p->conf->ini;
    struct buf text = { 0 };
    add_super_admins(p);
    fragments_set(ini, "core", "data_dir", p->folder);
    fragments_set(ini, "core", "log_file", "");
    fragments_set(ini, "database", "url", arena_printf(&p->arena, "sqlite:%s/bot.db", p->folder));
    fragments_write(ini, &text);
    FILE *out = fopen(p->ini_file, "we");
    int rc = -1;
    if (out) {
        rc = fwrite(text.data, 1, text.len, out) == text.len ? 0 : -1;
        if (fclose(out) != 0) rc = -1;
    }
    buf_free(&text);
    return rc == 0 ? 0 : fail(p, "%s: %s", p->ini_file, strerror(errno));
}

static int play_all(struct playback *p)
{
    const struct transcript *t = p->conf->transcript;
    if (make_folder(p) != 0 || write_ini(p) != 0) return -1;
    log_quiet(!p->conf->verbose);
    if (log_open(p->log_file) != 0) return fail(p, "%s: %s", p->log_file, strerror(errno));
    clock_virtual_start(START_MS);
    if (process_start(p) != 0) return -1;
    for (size_t i = 0; i < t->count; i++)
        if (play_step(p, &t->steps[i]) != 0) return -1;
    p->ended = 1;
    return check_silence(p);
}

int playback_run(const struct playback_conf *conf, struct buf *report)
{
    struct playback p = { .conf = conf, .report = report, .connection = CONNECTION };
    p.messages_end = &p.messages;
    p.output_end = &p.output;
    int rc = play_all(&p);
    process_end(&p, 1);
    if (rc != 0 && p.folder[0]) report_log(&p);
    log_close();
    if (p.folder[0]) nftw(p.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(&p.arena);
    return rc;
}
