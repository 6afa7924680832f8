/* simtest.c - the plugin that the simulator of the host drives.
 *
 * Each message asks for one act with a number that no other message has: "/sim_KIND N" as a command,
 * "sim KIND N" as a text. An act leaves rows (n, what) in simtest_rows and answers "#N KIND". The
 * simulator knows which rows and answers each act must leave, and that each is there exactly once,
 * however often the host was killed meanwhile. Nothing here guards against running twice on
 * purpose: no UNIQUE, no "INSERT OR IGNORE".
 *
 * A reload that takes this generation out of use changes none of that: what an act has begun goes on
 * here. When the generation's time is over ([core] drain) its calls end as BOT_ECANCELED, and that is
 * an end like any other; a call that is not taken any more cuts the act short: what is left of it
 * happens at once (act_cut). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tokobot/plugin.h>
#include <tokobot/services/plugins.h>

#include "probe.h"

#ifndef SIMTEST_VERSION
#define SIMTEST_VERSION 1 /* 2: another file, that knows one column more */
#endif

/* What later() stores and completions carry. */
struct act {
    int64_t n;
    int32_t kind;
    int32_t stage;
};

enum kind { ROW, EMIT, HTTP, WORK, TIMER, READ, CHAIN, BOTH, FAILED, AT, SEND, CANCEL, RELOAD, KIND_COUNT };

static const char *const kind_names[KIND_COUNT] = {
    [ROW] = "row",     [EMIT] = "emit",   [HTTP] = "http",  [WORK] = "work",
    [TIMER] = "timer", [READ] = "read",   [CHAIN] = "chain", [BOTH] = "both",
    [FAILED] = "fail", [AT] = "at",       [SEND] = "send",  [CANCEL] = "cancel",
    [RELOAD] = "reload",
};

static int run_command_row(struct bot_ctx *ctx);
static int run_command_emit(struct bot_ctx *ctx);
static int run_command_http(struct bot_ctx *ctx);
static int run_command_work(struct bot_ctx *ctx);
static int run_command_timer(struct bot_ctx *ctx);
static int run_command_read(struct bot_ctx *ctx);
static int run_command_chain(struct bot_ctx *ctx);
static int run_command_both(struct bot_ctx *ctx);
static int run_command_fail(struct bot_ctx *ctx);
static int run_command_at(struct bot_ctx *ctx);
static int run_command_send(struct bot_ctx *ctx);
static int run_command_cancel(struct bot_ctx *ctx);
static int run_command_reload(struct bot_ctx *ctx);
static int hear_text(struct bot_ctx *ctx);
static int hear_made(struct bot_ctx *ctx);
static int hear_later(struct bot_ctx *ctx);

#define COMMAND(word)                                                                              \
    { .name = "sim_" #word, .role = BOT_ANYONE, .scope = BOT_ALL_STORES, .args = "n",              \
      .help = "sim", .run = run_command_##word }

static const struct bot_command_spec commands[] = {
    COMMAND(row),   COMMAND(emit),  COMMAND(http), COMMAND(work), COMMAND(timer), COMMAND(read),
    COMMAND(chain), COMMAND(both),  COMMAND(fail), COMMAND(at),   COMMAND(send),  COMMAND(cancel),
    COMMAND(reload),
};

static const struct bot_hook_spec hooks[] = {
    { .event = "message.text", .priority = 50, .scope = BOT_ALL_STORES, .run = hear_text },
    { .event = "simtest.made", .priority = 0, .scope = BOT_ALL_STORES, .run = hear_made },
    { .event = "simtest.later", .priority = 0, .scope = BOT_ALL_STORES, .run = hear_later },
};

static const struct bot_config_spec config[] = {
    { .key = "probe", .type = BOT_CONFIG_TEXT, .help = "Address of the simulator's struct probe" },
    { .key = "flavour", .type = BOT_CONFIG_TEXT, .help = "Not empty: each start() leaves a row" },
};

static const struct bot_migration_spec migrations[] = {
    { .id = 1,
      .sql = "CREATE TABLE simtest_rows ("
             " id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER NOT NULL, what TEXT NOT NULL) STRICT" },
    { .id = 2, .sql = "CREATE TABLE simtest_starts (number INTEGER NOT NULL, flavour TEXT NOT NULL) STRICT" },
#if SIMTEST_VERSION == 2
    { .id = 3, .sql = "ALTER TABLE simtest_rows ADD COLUMN version INTEGER NOT NULL DEFAULT 1" },
#endif
};

#if SIMTEST_VERSION == 2
static const char ROW_ADD[] = "INSERT INTO simtest_rows(n, what, version) VALUES ($n, $what, 2)";
#else
static const char ROW_ADD[] = "INSERT INTO simtest_rows(n, what) VALUES ($n, $what)";
#endif
static const char ROW_COUNT[] = "SELECT count(*) FROM simtest_rows WHERE n = $n";
static const char START_ADD[] = "INSERT INTO simtest_starts(number, flavour) VALUES ($number, $flavour)";

static void callback_began(struct bot_ctx *ctx, const char *what)
{
    struct probe_generation *g = ctx->state;
    g->probe->callback(g, what);
}

static void done_began(struct bot_ctx *ctx, const struct bot_result *result, const char *what)
{
    struct probe_generation *g = ctx->state;
    g->probe->callback(g, what);
    if (result->status == BOT_ECANCELED) g->probe->cancelled(g, what, 0);
}

static void saw_wrong(struct bot_ctx *ctx, const char *what)
{
    struct probe_generation *g = ctx->state;
    g->probe->wrong(g, what);
}

static int row_add(struct bot_ctx *ctx, int64_t n, const char *what)
{
    struct bot_arg args[] = { bot_int("n", n), bot_text("what", what) };
    return ctx->api->db(ctx, ROW_ADD, args, BOT_COUNT(args), NULL);
}

static int answer(struct bot_ctx *ctx, const struct act *a)
{
    char text[64];
    snprintf(text, sizeof text, "#%lld %s", (long long)a->n, kind_names[a->kind]);
    return bot_reply(ctx, text);
}

/* Leaves the last row and answers. */
static int act_end(struct bot_ctx *ctx, const struct act *a, const char *what)
{
    int rc = row_add(ctx, a->n, what);
    return rc < 0 ? rc : answer(ctx, a);
}

static int act_wait(struct bot_ctx *ctx, const struct act *a)
{
    int rc = ctx->api->later(ctx, 0, a, sizeof *a);
    return rc < 0 ? rc : BOT_LATER;
}

/* The generation's time is over: it is given no more calls, and ends here. */
static int act_cut(struct bot_ctx *ctx, const struct act *a, const char *const *rows, size_t count)
{
    struct probe_generation *g = ctx->state;
    int rc = 0;
    g->probe->cancelled(g, "cut short", 0);
    for (size_t i = 0; i < count && rc >= 0; i++) rc = row_add(ctx, a->n, rows[i]);
    return rc < 0 ? rc : answer(ctx, a);
}

/* ---- the slow calls, each with what ends it -------------------------------------------------- */

static int end_simple(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    const struct act *a = data;
    done_began(ctx, result, "done");
    return act_end(ctx, a, kind_names[a->kind]);
}

static int64_t start_http(struct bot_ctx *ctx, const struct act *a, bot_done_fn *done)
{
    char url[80];
    snprintf(url, sizeof url, "http://sim.test/n/%lld", (long long)a->n);
    struct bot_http request = { .size = sizeof request, .url = url };
    return ctx->api->http(ctx, &request, done, a, sizeof *a);
}

static int64_t double_it(const void *data, size_t len, void *out, size_t out_cap)
{
    struct act a;
    if (len != sizeof a || out_cap < sizeof a) return BOT_EINVAL;
    memcpy(&a, data, sizeof a);
    a.n *= 2;
    memcpy(out, &a, sizeof a);
    return sizeof a;
}

static int64_t start_work(struct bot_ctx *ctx, const struct act *a, bot_done_fn *done)
{
    struct bot_work work = { .size = sizeof work, .run = double_it };
    return ctx->api->work(ctx, &work, a, sizeof *a, done, a, sizeof *a);
}

static int end_work(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    const struct act *a = data;
    struct act doubled;
    done_began(ctx, result, "work done");
    if (result->status == BOT_OK) {
        if (result->body_len != sizeof doubled) {
            saw_wrong(ctx, "work gave something else back");
            return BOT_FAIL;
        }
        memcpy(&doubled, result->body, sizeof doubled);
        if (doubled.n != a->n * 2) saw_wrong(ctx, "work was done on other data");
    }
    return act_end(ctx, a, "work");
}

static int end_read(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    const struct act *a = data;
    done_began(ctx, result, "read done");
    if (result->status == BOT_OK) {
        if (ctx->api->row_next(result->rows) != BOT_ROW)
            saw_wrong(ctx, "a count came back without a row");
        else if (ctx->api->row_int(result->rows, 0) != 1)
            saw_wrong(ctx, "a reader does not see what was committed before it");
    }
    return act_end(ctx, a, "read");
}

/* db_read sees what is committed, so the row of the first step is waited for with a timer. */
static int end_read_pause(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct act a = *(const struct act *)data;
    struct bot_arg args[] = { bot_int("n", a.n) };
    static const char *const rest[] = { "read" };
    done_began(ctx, result, "read pause");
    int64_t id = ctx->api->db_read(ctx, ROW_COUNT, args, BOT_COUNT(args), end_read, &a, sizeof a);
    if (id == BOT_ECANCELED) return act_cut(ctx, &a, rest, BOT_COUNT(rest));
    return id < 0 ? (int)id : act_wait(ctx, &a);
}

static int end_cancel(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    callback_began(ctx, "canceled");
    if (result->status != BOT_ECANCELED && result->status != BOT_ETIMEDOUT)
        saw_wrong(ctx, "a cancelled timer rang");
    return act_end(ctx, data, "cancel");
}

static int end_reload(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    done_began(ctx, result, "reload done");
    if (result->status == BOT_EINVAL && !result->body_len) saw_wrong(ctx, "a reload was refused without a reason");
    return act_end(ctx, data, "reload");
}

/* Only a super admin may: from anybody else it is an act like "row". */
static int act_reload(struct bot_ctx *ctx, const struct act *a)
{
    const struct bot_plugins *plugins = ctx->api->service(ctx->api->self(ctx), "plugins/0", NULL);
    int64_t id = plugins ? plugins->reload(ctx, end_reload, a, sizeof *a) : BOT_ENOENT;
    if (id == BOT_ESCOPE) return act_end(ctx, a, "reload");
    return id < 0 ? (int)id : act_wait(ctx, a);
}

/* A chain: timer, then work, then http; each step commits its row and the stage to go on from. */
static int chain_next(struct bot_ctx *ctx, const struct bot_result *result, void *data);

static int chain_start(struct bot_ctx *ctx, const struct act *a)
{
    int64_t id;
    if (a->stage == 0)
        id = ctx->api->timer(ctx, 300, chain_next, a, sizeof *a);
    else if (a->stage == 1)
        id = start_work(ctx, a, chain_next);
    else
        id = start_http(ctx, a, chain_next);
    return id < 0 ? (int)id : act_wait(ctx, a);
}

static int chain_next(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    static const char *const rows[] = { "chain.timer", "chain.work", "chain.http" };
    struct act a = *(const struct act *)data;
    done_began(ctx, result, "chain");
    int rc = row_add(ctx, a.n, rows[a.stage]);
    if (rc < 0) return rc;
    if (++a.stage == 3) return answer(ctx, &a);
    rc = chain_start(ctx, &a);
    if (rc == BOT_ECANCELED) return act_cut(ctx, &a, rows + a.stage, BOT_COUNT(rows) - (size_t)a.stage);
    return rc;
}

/* Two calls at once: the event ends with the second completion, whichever that is. `stage` counts
 * completions on disk, so that a restart starts only what is still missing. */
static int both_next(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    struct act a = *(const struct act *)data;
    struct bot_rows *rows = NULL;
    struct bot_arg args[] = { bot_int("n", a.n) };
    done_began(ctx, result, "both");
    int rc = row_add(ctx, a.n, "both");
    if (rc < 0) return rc;
    rc = ctx->api->db(ctx, ROW_COUNT, args, BOT_COUNT(args), &rows);
    if (rc < 0) return rc;
    if (ctx->api->row_next(rows) != BOT_ROW) return BOT_FAIL;
    if (ctx->api->row_int(rows, 0) == 2) return answer(ctx, &a);
    a.stage = 1;
    return act_wait(ctx, &a);
}

static int both_start(struct bot_ctx *ctx, const struct act *a)
{
    int64_t id = ctx->api->timer(ctx, 200, both_next, a, sizeof *a);
    if (id >= 0 && a->stage == 0) id = start_http(ctx, a, both_next);
    return id < 0 ? (int)id : act_wait(ctx, a);
}

/* ---- what a message asks for ----------------------------------------------------------------- */

/* Starts the slow call of `a` and waits. Also what a restart goes on with. */
static int act_slow(struct bot_ctx *ctx, const struct act *a)
{
    int64_t id = BOT_EINVAL;
    switch (a->kind) {
    case HTTP: id = start_http(ctx, a, end_simple); break;
    case WORK: id = start_work(ctx, a, end_work); break;
    case TIMER: id = ctx->api->timer(ctx, 500, end_simple, a, sizeof *a); break;
    case READ: id = ctx->api->timer(ctx, 1, end_read_pause, a, sizeof *a); break;
    case CHAIN: return chain_start(ctx, a);
    case RELOAD: return act_reload(ctx, a);
    case BOTH: return both_start(ctx, a);
    case CANCEL:
        id = ctx->api->timer(ctx, 30000, end_cancel, a, sizeof *a);
        if (id > 0) {
            int rc = ctx->api->cancel(ctx, id);
            if (rc < 0) return rc;
        }
        break;
    default: break;
    }
    return id < 0 ? (int)id : act_wait(ctx, a);
}

static int emit_number(struct bot_ctx *ctx, int64_t n)
{
    char body[32];
    int len = snprintf(body, sizeof body, "%lld", (long long)n);
    return ctx->api->emit(ctx, "simtest.made", body, (size_t)len);
}

static int act_emit(struct bot_ctx *ctx, const struct act *a)
{
    int rc = row_add(ctx, a->n, "emit");
    if (rc >= 0) rc = emit_number(ctx, a->n);
    return rc < 0 ? rc : answer(ctx, a);
}

static int act_at(struct bot_ctx *ctx, const struct act *a)
{
    char key[32];
    int len = snprintf(key, sizeof key, "%lld", (long long)a->n);
    int rc = row_add(ctx, a->n, "at");
    if (rc >= 0)
        rc = ctx->api->at(ctx, "simtest.later", key, ctx->api->now(ctx) + 3000, key, (size_t)len);
    return rc < 0 ? rc : answer(ctx, a);
}

static int act_send(struct bot_ctx *ctx, const struct act *a)
{
    char text[64];
    snprintf(text, sizeof text, "#%lld note", (long long)a->n);
    struct bot_send send = { .size = sizeof send, .chat = "6281100000999", .text = text };
    int rc = row_add(ctx, a->n, "send");
    if (rc >= 0) rc = ctx->api->send(ctx, &send);
    return rc < 0 ? rc : answer(ctx, a);
}

/* What it wrote and emitted must vanish; the sender hears this one text. */
static int act_fail(struct bot_ctx *ctx, const struct act *a)
{
    char text[64];
    int rc = row_add(ctx, a->n, "fail");
    if (rc >= 0) rc = emit_number(ctx, a->n);
    if (rc < 0) return rc;
    snprintf(text, sizeof text, "#%lld fail", (long long)a->n);
    return ctx->api->abort(ctx, text);
}

static int act_resume(struct bot_ctx *ctx)
{
    size_t len = 0;
    struct act a;
    char what[48];
    const void *blob = ctx->api->resume(ctx, &len);
    if (!blob || len != sizeof a) {
        saw_wrong(ctx, "a resumed event lost its blob");
        return BOT_FAIL;
    }
    memcpy(&a, blob, sizeof a);
    snprintf(what, sizeof what, "%s resumed at stage %d", kind_names[a.kind], (int)a.stage);
    callback_began(ctx, what);
    return act_slow(ctx, &a);
}

static int act_run(struct bot_ctx *ctx, enum kind kind, int64_t n)
{
    struct act a;
    int resumed = ctx->api->status(ctx) == BOT_ERESUMED;
    if (resumed) return act_resume(ctx);
    callback_began(ctx, kind_names[kind]);
    if (n <= 0) return bot_reply(ctx, "Angka, Kak?");
    memset(&a, 0, sizeof a);
    a.n = n;
    a.kind = (int32_t)kind;
    switch (kind) {
    case ROW: return act_end(ctx, &a, "row");
    case EMIT: return act_emit(ctx, &a);
    case AT: return act_at(ctx, &a);
    case SEND: return act_send(ctx, &a);
    case FAILED: return act_fail(ctx, &a);
    case READ: {
        int rc = row_add(ctx, n, "read.first");
        if (rc < 0) return rc;
        break;
    }
    default: break;
    }
    return act_slow(ctx, &a);
}

#define RUN_COMMAND(word, kind)                                                                    \
    static int run_command_##word(struct bot_ctx *ctx)                                             \
    {                                                                                              \
        return act_run(ctx, kind, ctx->api->number(ctx, "arg.n"));                                 \
    }
RUN_COMMAND(row, ROW)
RUN_COMMAND(emit, EMIT)
RUN_COMMAND(http, HTTP)
RUN_COMMAND(work, WORK)
RUN_COMMAND(timer, TIMER)
RUN_COMMAND(read, READ)
RUN_COMMAND(chain, CHAIN)
RUN_COMMAND(both, BOTH)
RUN_COMMAND(fail, FAILED)
RUN_COMMAND(at, AT)
RUN_COMMAND(send, SEND)
RUN_COMMAND(cancel, CANCEL)
RUN_COMMAND(reload, RELOAD)

static int hear_text(struct bot_ctx *ctx)
{
    char word[16];
    long long n;
    const char *text = ctx->api->field(ctx, "text");
    if (!text || sscanf(text, "sim %15s %lld", word, &n) != 2) return BOT_PASS;
    for (int k = 0; k < KIND_COUNT; k++)
        if (strcmp(kind_names[k], word) == 0) return act_run(ctx, (enum kind)k, n);
    return BOT_PASS;
}

static int hear_number(struct bot_ctx *ctx, const char *what)
{
    const char *body = ctx->api->field(ctx, "body");
    int64_t n = body ? strtoll(body, NULL, 10) : 0;
    callback_began(ctx, what);
    if (n <= 0) {
        saw_wrong(ctx, "an internal event lost its body");
        return BOT_FAIL;
    }
    int rc = row_add(ctx, n, what);
    return rc < 0 ? rc : BOT_HANDLED;
}

static int hear_made(struct bot_ctx *ctx)
{
    struct probe_generation *g = ctx->state;
    const char *body = ctx->api->field(ctx, "body");
    g->probe->heard(g, body ? strtoll(body, NULL, 10) : 0);
    return hear_number(ctx, "emit.heard");
}

static int hear_later(struct bot_ctx *ctx)
{
    return hear_number(ctx, "at.heard");
}

static int64_t twice(int64_t n)
{
    return 2 * n;
}

static const struct simtest_service service = { sizeof service, twice };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    int rc = BOT_COMMANDS(api, self, commands);
    if (rc >= 0) rc = BOT_HOOKS(api, self, hooks);
    if (rc >= 0) rc = BOT_CONFIG(api, self, config);
    if (rc >= 0) rc = BOT_MIGRATIONS(api, self, migrations);
    if (rc >= 0) rc = api->provide(self, "simtest/0", &service, self);
    return rc;
}

static int start(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    struct bot_plugin *self = api->self(ctx);
    const char *flavour = api->config_text(self, "flavour");
    struct probe *probe = (void *)(uintptr_t)strtoull(api->config_text(self, "probe"), NULL, 16);
    struct probe_generation *g = probe->start(probe, "simtest", SIMTEST_VERSION, self);
    api->set_state(self, g);
    if (!*flavour) return BOT_OK;
    struct bot_arg args[] = { bot_int("number", g->number), bot_text("flavour", flavour) };
    int rc = api->db(ctx, START_ADD, args, BOT_COUNT(args), NULL);
    g->wrote = rc == BOT_OK;
    if (rc != BOT_OK) probe->start_failed(g);
    return rc;
}

static void stop(struct bot_ctx *ctx)
{
    struct probe_generation *g = ctx->state;
    g->probe->stop(g);
}

#if SIMTEST_VERSION == 2
BOT_PLUGIN("simtest", "2.0.0", NULL, init, start, stop, NULL);
#else
BOT_PLUGIN("simtest", "1.0.0", NULL, init, start, stop, NULL);
#endif
