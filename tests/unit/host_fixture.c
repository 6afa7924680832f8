/* SPDX-License-Identifier: MIT
 * host_fixture.c - see host_fixture.h. */
#include "host_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/cli/fragments.h"
#include "core/people/people.h"

enum { TURNS_MAX = 2000 }; /* more without the clock moving: the loop runs for ever */

struct world w;

/* ---- the gateway ----------------------------------------------------------------------------- */

static const struct bot_gateways *gateways(struct bot_ctx *ctx)
{
    return ctx->api->service(ctx->api->self(ctx), "gateways/0", NULL);
}

int outcome(struct bot_ctx *ctx, int64_t id, int result, const char *native_id, const char *error)
{
    return gateways(ctx)->outcome(ctx, id, result, native_id, error);
}

int resolved(struct bot_ctx *ctx, int64_t id, int result, const char *native_id)
{
    return gateways(ctx)->resolved(ctx, id, result, native_id);
}

void record(const struct bot_outgoing *row)
{
    assert_true(w.sent_count < SENTS_MAX);
    struct sent *s = &w.sents[w.sent_count++];
    s->id = row->id;
    s->flags = row->flags;
    snprintf(s->chat, sizeof s->chat, "%s", row->chat);
    snprintf(s->send_id, sizeof s->send_id, "%s", row->send_id);
    s->text = xstrdup(row->text);
    s->media = row->media;
    snprintf(s->media_type, sizeof s->media_type, "%s", row->media_type);
    snprintf(s->media_name, sizeof s->media_name, "%s", row->media_name);
    snprintf(s->quote, sizeof s->quote, "%s", row->quote);
}

void forget_sent(void)
{
    for (size_t i = 0; i < w.sent_count; i++) free(w.sents[i].text);
    w.sent_count = w.seen = 0;
}

int send_normally(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    char id[40];
    record(row);
    snprintf(id, sizeof id, "N%lld", (long long)row->id);
    outcome(ctx, row->id, BOT_SENT, *row->send_id ? row->send_id : id, NULL);
    return BOT_HANDLED;
}

static int gateway_send(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    /* I6: the row is `sending` on disk before anything leaves. */
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT state FROM outbox WHERE id = %lld", (long long)row->id);
    assert_int_equal(disk(sql), OUTBOX_SENDING);
    return (w.send ? w.send : send_normally)(ctx, row);
}

static int gateway_resolve(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    w.resolve_count++;
    if (w.resolve) return w.resolve(ctx, row);
    resolved(ctx, row->id, BOT_RESOLVED_UNKNOWN, NULL);
    return BOT_HANDLED;
}

static int gateway_need_ids(struct bot_ctx *ctx, const char *session, uint32_t want)
{
    (void)ctx;
    (void)session;
    w.ids_wanted = want;
    return w.ids_later ? BOT_LATER : BOT_HANDLED;
}

static int gateway_who(struct bot_ctx *ctx, const char *session, const char *lid)
{
    (void)ctx;
    assert_string_equal(session, "default");
    assert_int_equal(w.host->loop.in_turn, 0);
    w.who_count++;
    snprintf(w.who_lid, sizeof w.who_lid, "%s", lid);
    return w.who_verdict ? w.who_verdict : BOT_LATER;
}

struct wanted {
    int64_t id;
    size_t max_bytes;
};

static int gateway_fetched(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    const struct wanted *file = data;
    const struct bot_gateways *g = gateways(ctx);
    if (r->status == BOT_OK && r->http_status == 200)
        g->fetched(ctx, file->id, r->body, r->body_len, NULL);
    else if (r->too_large)
        g->fetched(ctx, file->id, NULL, file->max_bytes + 1, NULL);
    else
        g->fetched(ctx, file->id, NULL, 0, r->http_status ? "refused" : r->error);
    return BOT_HANDLED;
}

static int gateway_fetch(struct bot_ctx *ctx, const struct bot_fetch *file)
{
    struct wanted wanted = { file->id, file->max_bytes };
    struct bot_http rq = { .size = sizeof rq, .url = file->url, .max_bytes = file->max_bytes };
    assert_string_equal(file->session, "default");
    assert_int_equal(w.host->loop.in_turn, 0);
    w.fetch_count++;
    if (w.fetch_verdict) return w.fetch_verdict;
    assert_true(ctx->api->http(ctx, &rq, gateway_fetched, &wanted, sizeof wanted) > 0);
    return BOT_LATER;
}

static int gateway_address(const char *phone, char *out, size_t cap)
{
    snprintf(out, cap, "%s@c", phone);
    return BOT_OK;
}

static const char *gateway_session(struct bot_ctx *ctx)
{
    (void)ctx;
    return "default";
}

/* "ID PHONE TEXT", a line each. */
static int gateway_parse(const char *body, size_t len, struct bot_incoming_sink *sink)
{
    char *copy = strndup(body, len), *rest = NULL;
    int rc = BOT_OK;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char id[64], phone[64], chat[80];
        int at = 0;
        if (sscanf(line, "%63s %63s %n", id, phone, &at) < 2 || !at) {
            rc = BOT_EINVAL;
            break;
        }
        snprintf(chat, sizeof chat, "%s@c", phone);
        struct bot_incoming in = { .size = sizeof in,
                                   .kind = BOT_IN_MESSAGE,
                                   .session = "default",
                                   .event = "message",
                                   .native_id = id,
                                   .chat = chat,
                                   .phone = phone,
                                   .text = line + at };
        sink->add(sink, &in);
    }
    free(copy);
    return rc;
}

static int gateway_init(const struct bot_api *api, struct bot_plugin *self)
{
    const struct bot_gateways *g = api->service(self, "gateways/0", NULL);
    struct bot_gateway_spec spec = {
        .size = sizeof spec,
        .name = "testgate",
        .parse = gateway_parse,
        .send = gateway_send,
        .resolve = w.conf.no_resolve ? NULL : gateway_resolve,
        .need_ids = w.conf.has_ids ? gateway_need_ids : NULL,
        .who = w.conf.has_who ? gateway_who : NULL,
        .fetch = w.conf.has_fetch ? gateway_fetch : NULL,
        .address = gateway_address,
        .default_session = gateway_session,
    };
    return g->provide(self, &spec);
}

static int gateway_start(struct bot_ctx *ctx)
{
    if (w.conf.budget) gateways(ctx)->budget(ctx, w.conf.budget);
    return gateways(ctx)->session_state(ctx, "default", BOT_SESSION_CONNECTED, "test");
}

static const struct delegate testgate = { gateway_init, gateway_start, NULL };

/* ---- ports ----------------------------------------------------------------------------------- */

static void port_http_submit(void *ctx, struct http_job *job)
{
    (void)ctx;
    assert_true(w.http_count < HELD_MAX);
    w.http[w.http_count++] = job;
}

static void http_end(size_t i)
{
    struct http_job *job = w.http[i];
    memmove(&w.http[i], &w.http[i + 1], (--w.http_count - i) * sizeof w.http[0]);
    loop_post_http(&w.host->loop, job);
}

static void port_http_cancel(void *ctx, uint64_t id)
{
    (void)ctx;
    for (size_t i = 0; i < w.http_count; i++) {
        if (w.http[i]->id != id) continue;
        w.http[i]->error = HTTP_ECANCELED;
        http_end(i);
        return;
    }
}

static void port_job_submit(void *ctx, struct pool_job *job)
{
    (void)ctx;
    assert_true(w.job_count < HELD_MAX);
    w.jobs[w.job_count++] = job;
}

static void port_answer(void *ctx, struct http_request *request, int status, const char *type,
                        const char *body, size_t len, unsigned retry_after_s)
{
    (void)ctx, (void)request, (void)type, (void)retry_after_s;
    assert_true(w.answer_count < HELD_MAX);
    snprintf(w.answer_body, sizeof w.answer_body, "%.*s", (int)len, body ? body : "");
    w.answers[w.answer_count++] = status;
}

static void port_control_send(void *ctx, uint64_t connection, const char *json, size_t len,
                              int close)
{
    (void)ctx, (void)connection, (void)close;
    buf_add(&w.control, json, len);
    buf_addc(&w.control, '\n');
}

/* ---- life ------------------------------------------------------------------------------------ */

const char *world_path(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", w.folder, name);
    return path;
}

void use_delegate(const char *name, const struct delegate *d)
{
    char variable[60], address[40];
    snprintf(variable, sizeof variable, "DELEGATE_%s", name);
    snprintf(address, sizeof address, "%llx", (unsigned long long)(uintptr_t)d);
    setenv(variable, address, 1);
}

static void write_ini(void)
{
    const struct world_conf *c = &w.conf;
    FILE *f = fopen(world_path("bot.ini"), "w");
    assert_non_null(f);
    fprintf(f, "[core]\nsuper_admin = " SUPER "\nlog_file =\nbacklog = 50\n[plugins]\n%s%s%s%s%s\n",
            c->no_gateway ? "" : "testgate = on\n", c->alpha ? "alpha = on\n" : "",
            c->beta ? "beta = on\n" : "", c->plugins ? c->plugins : "", c->ini ? c->ini : "");
    fclose(f);
}

static int open_host(void)
{
    static char *no_environment[] = { NULL };
    char database[100], data[100];
    snprintf(database, sizeof database, "%s/test.db", w.folder);
    snprintf(data, sizeof data, "%s/data", w.folder);
    use_delegate("testgate", &testgate);
    if (w.conf.alpha) use_delegate("alpha", w.conf.alpha);
    if (w.conf.beta) use_delegate("beta", w.conf.beta);
    struct host_conf conf = {
        .config = config_read(world_path("bot.ini"), 0, no_environment),
        .plugin_folder = FIXTURE_PLUGINS,
        .data_dir = data,
        .database = database,
        .ports = { NULL, port_http_submit, port_http_cancel, port_job_submit, port_answer,
                   port_control_send, NULL },
        .no_lock = 1,
        .share_plugins = !w.conf.own_copies,
        .close_libraries = w.conf.own_copies,
        .crash = w.conf.crash,
    };
    buf_free(&w.errors);
    w.host = host_open(&conf, &w.exit_code, &w.errors);
    /* What a power cut leaves is the simulator's matter (tests/sim); here each commit need not
     * reach the disk. */
    if (w.host) db_script(&w.host->db, "PRAGMA synchronous = OFF");
    return w.host ? 0 : -1;
}

int world_try(const struct world_conf *conf)
{
    memset(&w, 0, sizeof w);
    w.conf = *conf;
    log_quiet(1);
    clock_virtual_start(1767582000000); /* a Monday, 10:00 in Jakarta */
    /* In memory where there is room for it; a copied plugin needs a place from which code may run.
     */
    int in_memory = !conf->own_copies && access("/dev/shm", W_OK) == 0;
    snprintf(w.folder, sizeof w.folder, "%s/tokobot-test.XXXXXX", in_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(w.folder));
    write_ini();
    return open_host();
}

void world_open(const struct world_conf *conf)
{
    if (world_try(conf) < 0) fail_msg("the host does not open: %s", buf_str(&w.errors));
    for (int i = 1; i <= conf->stores; i++) {
        char sql[160];
        snprintf(sql, sizeof sql,
                 "INSERT INTO stores(code, name, created_at) VALUES ('MAJU%d', 'Toko %d', 1)",
                 i + 1, i);
        script(sql);
    }
    stores_changed(w.host);
    run();
}

/* What the world held for the host that is gone. */
static void forget_held(void)
{
    for (size_t i = 0; i < w.http_count; i++) http_job_free(w.http[i]);
    for (size_t i = 0; i < w.job_count; i++) pool_job_free(w.jobs[i]);
    w.http_count = w.job_count = 0;
    sqlite3_close_v2(w.reader);
    w.reader = NULL;
}

void world_reopen(int clean)
{
    if (clean) host_stop(w.host);
    host_free(w.host);
    forget_held();
    write_ini();
    if (open_host() < 0) fail_msg("the host does not open again: %s", buf_str(&w.errors));
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) return;
    for (struct dirent *d; (d = readdir(dir));) {
        char child[600];
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
        snprintf(child, sizeof child, "%s/%s", path, d->d_name);
        if (unlink(child) < 0) remove_tree(child);
    }
    closedir(dir);
    rmdir(path);
}

static int register_nothing(const struct bot_api *api, struct bot_plugin *self)
{
    (void)api;
    (void)self;
    return BOT_OK;
}

void world_open_catalog(void)
{
    static const struct delegate silent = { register_nothing, NULL, NULL };
    world_open(&(struct world_conf){ .alpha = &silent, .stores = 1, .has_fetch = 1 });
    put_plugin("../../plugins/catalog.so", "catalog.so");
    edit_ini("catalog = catalog.so\n", NULL);
    assert_int_equal(reload(), 1);
}

int world_close(void **state)
{
    (void)state;
    host_free(w.host);
    w.host = NULL;
    forget_held();
    forget_sent();
    buf_free(&w.errors);
    buf_free(&w.control);
    if (*w.folder) remove_tree(w.folder);
    memset(&w, 0, sizeof w);
    return 0;
}

/* ---- reloading ------------------------------------------------------------------------------- */

void put_plugin(const char *from, const char *name)
{
    char path[300], temporary[300];
    struct buf content = { 0 };
    snprintf(path, sizeof path, FIXTURE_PLUGINS "/%s", from);
    snprintf(temporary, sizeof temporary, "%s", world_path("put.tmp"));
    assert_int_equal(file_slurp(path, &content), 0);
    FILE *f = fopen(temporary, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(content.data, 1, content.len, f), content.len);
    fclose(f);
    assert_int_equal(rename(temporary, world_path(name)), 0);
    buf_free(&content);
}

void edit_ini(const char *plugins, const char *ini)
{
    w.conf.plugins = plugins;
    w.conf.ini = ini;
    write_ini();
}

int reload(void)
{
    const struct reload *r = &w.host->reload;
    int64_t ok = r->ok, refused = r->refused;
    buf_clear(&w.control);
    control("reload", "{\"cmd\":\"reload\"}");
    assert_false(r->running);
    return r->ok > ok ? 1 : r->refused > refused ? -1 : 0;
}

/* ---- driving --------------------------------------------------------------------------------- */

void run(void)
{
    int turns = 0;
    while (host_next_due(w.host) <= clock_ms()) {
        loop_turn(&w.host->loop);
        if (++turns > TURNS_MAX) fail_msg("the loop never comes to rest");
    }
}

void pass(int64_t ms)
{
    int64_t end = clock_ms() + ms;
    for (int64_t due; run(), (due = host_next_due(w.host)) <= end;)
        clock_virtual_advance(due - clock_ms());
    clock_virtual_advance(end - clock_ms());
    run();
}

void post_in(struct bot_incoming in)
{
    char chat[80];
    snprintf(chat, sizeof chat, "%s@c", in.phone);
    in.size = sizeof in;
    in.session = "default";
    in.chat = chat;
    if (!in.event) in.event = "message";
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
}

void post_as(const char *phone, const char *native_id, const char *text, const char *quoted_id,
             int64_t sent_at)
{
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .native_id = native_id,
                                   .phone = phone,
                                   .text = text,
                                   .quoted_id = quoted_id,
                                   .sent_at = sent_at });
}

void post(const char *phone, const char *text)
{
    char id[32];
    snprintf(id, sizeof id, "IN%u", ++w.message_count);
    post_as(phone, id, text, NULL, 0);
}

void post_media(const char *phone, const char *kind, const char *url, const char *type,
                const char *text)
{
    char id[32];
    snprintf(id, sizeof id, "IN%u", ++w.message_count);
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .native_id = id,
                                   .phone = phone,
                                   .text = text,
                                   .media = kind,
                                   .media_url = url,
                                   .media_type = type,
                                   .media_name = "dir/bukti.bin" });
}

void say(const char *phone, const char *text)
{
    post(phone, text);
    run();
}

static const char *no_header(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return NULL;
}

int webhook(const char *body)
{
    return host_webhook(w.host, "testgate", body, strlen(body), no_header, NULL, 1,
                        (struct http_request *)(void *)&w);
}

void route(const char *path)
{
    int status = host_route(w.host, "GET", path, "", "", 0, (struct http_request *)(void *)&w);
    if (status) w.answers[w.answer_count++] = status;
    run();
}

void control(const char *verb, const char *json)
{
    host_control(w.host, 7, verb, json, strlen(json));
    run();
}

void ack(const char *native_id, int ack_value)
{
    struct bot_incoming in = { .size = sizeof in,
                               .kind = BOT_IN_ACK,
                               .session = "default",
                               .native_id = native_id,
                               .ack = ack_value };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
    run();
}

/* ---- what was sent --------------------------------------------------------------------------- */

static const struct sent *next_to(const char *phone, const char *wanted)
{
    char chat[80];
    if (w.seen == w.sent_count) fail_msg("nothing was sent; wanted to %s: %s", phone, wanted);
    const struct sent *s = &w.sents[w.seen++];
    snprintf(chat, sizeof chat, "%s@c", phone);
    if (strcmp(s->chat, chat) != 0)
        fail_msg("\"%s\" went to %s; wanted to %s: %s", s->text, s->chat, phone, wanted);
    return s;
}

void expect(const char *phone, const char *text)
{
    assert_string_equal(next_to(phone, text)->text, text);
}

void expect_like(const char *phone, const char *part)
{
    const struct sent *s = next_to(phone, part);
    if (!strstr(s->text, part)) fail_msg("\"%s\" does not hold \"%s\"", s->text, part);
}

void expect_none(void)
{
    if (w.seen != w.sent_count)
        fail_msg("nobody expected, to %s: %s", w.sents[w.seen].chat, w.sents[w.seen].text);
}

const struct sent *last_sent(void)
{
    assert_true(w.sent_count > 0);
    return &w.sents[w.sent_count - 1];
}

size_t unseen(void)
{
    return w.sent_count - w.seen;
}

/* ---- requests and jobs ----------------------------------------------------------------------- */

void network_answers(int status, const char *body)
{
    assert_true(w.http_count > 0);
    w.http[0]->status = status;
    w.http[0]->sent = 1;
    buf_adds(&w.http[0]->answer, body);
    http_end(0);
    run();
}

void network_brings(const void *bytes, size_t len)
{
    assert_true(w.http_count > 0);
    w.http[0]->status = 200;
    w.http[0]->sent = 1;
    buf_add(&w.http[0]->answer, bytes, len);
    http_end(0);
    run();
}

void network_fails(enum http_error error)
{
    assert_true(w.http_count > 0);
    w.http[0]->error = error;
    snprintf(w.http[0]->message, sizeof w.http[0]->message, "as the test wants");
    http_end(0);
    run();
}

void jobs_run(void)
{
    while (w.job_count) {
        struct pool_job *job = w.jobs[0];
        memmove(&w.jobs[0], &w.jobs[1], --w.job_count * sizeof w.jobs[0]);
        pool_job_run(job, &w.reader, w.host->db.path, NULL);
        loop_post_job(&w.host->loop, job);
    }
    run();
}

/* ---- the database ---------------------------------------------------------------------------- */

static int64_t ask_int(sqlite3 *sql, const char *query)
{
    sqlite3_stmt *st = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(sql, query, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", query, sqlite3_errmsg(sql));
    if (sqlite3_step(st) == SQLITE_ROW) value = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return value;
}

int64_t number(const char *sql)
{
    return ask_int(w.host->db.sql, sql);
}

static sqlite3 *open_disk(void)
{
    sqlite3 *sql = db_open_reader(world_path("test.db"), NULL);
    assert_non_null(sql);
    return sql;
}

int64_t disk(const char *sql)
{
    sqlite3 *other = open_disk();
    int64_t value = ask_int(other, sql);
    sqlite3_close(other);
    return value;
}

const char *disk_text(const char *sql)
{
    static char text[9000];
    sqlite3 *other = open_disk();
    sqlite3_stmt *st = NULL;
    *text = 0;
    assert_int_equal(sqlite3_prepare_v2(other, sql, -1, &st, NULL), SQLITE_OK);
    if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
        snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    sqlite3_close(other);
    return text;
}

void script(const char *sql)
{
    if (db_script(&w.host->db, sql) != 0) fail_msg("%s: %s", sql, w.host->db.error);
}

static int commits_to_fail;

static int fail_commit(void *unused)
{
    (void)unused;
    return commits_to_fail > 0 && commits_to_fail--;
}

void fail_commits(int n)
{
    commits_to_fail = n;
    sqlite3_commit_hook(w.host->db.sql, fail_commit, NULL);
}

int hook_text(const struct bot_api *api, struct bot_plugin *self, bot_handler_fn *run_fn)
{
    const struct bot_hook_spec hook = {
        .event = "message.text", .priority = 100, .scope = BOT_THIS_STORE, .run = run_fn
    };
    return api->hook(self, &hook, 1, sizeof hook);
}
