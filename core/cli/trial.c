/* trial.c - see trial.h. */
#include "trial.h"

#include "../../config/config.h"
#include "../base/clock.h"
#include "../base/log.h"
#include "../calls.h"
#include "../host.h"
#include "../http/client.h"
#include "../message/outbox.h"
#include "../plugin/stats.h"
#include "../storage/migrate.h"
#include "../storage/pool.h"
#include "../storage/statement.h"
#include "cast.h"
#include "fragments.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RELOADS = 50, TURNS_MAX = 20000, ROUNDS_MAX = 2000, SHOWN_SQL = 70 };

static const int64_t START_MS = 1767582000000; /* Monday 2026-01-05, 10:00 in Jakarta */
static const char SUPER[] = "6281100000001", ADMIN[] = "6281100000012",
                  CUSTOMER[] = "6281100000031";

struct trial {
    const struct trial_conf *conf;
    struct host *host;
    struct http_job *http;
    struct pool_job *jobs;
    sqlite3 *reader;
    char path[200];
    int said, bad;
};

__attribute__((format(printf, 3, 4))) static void tell(struct trial *t, const char *mark,
                                                       const char *fmt, ...)
{
    va_list args;
    if (*mark == 'B') t->bad++;
    printf("  %-5s ", mark);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static void tell_lines(struct trial *t, const struct buf *lines)
{
    char *copy = xstrdup(buf_str(lines)), *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        tell(t, "BAD", "%s", line);
    free(copy);
}

/* ---- the world outside: nobody answers, threads are this one ----------------------------------
 */

static void on_http(void *ctx, struct http_job *job)
{
    struct trial *t = ctx;
    job->next = t->http;
    t->http = job;
}

static void on_http_cancel(void *ctx, uint64_t id)
{
    struct trial *t = ctx;
    for (struct http_job *job = t->http; job; job = job->next)
        if (job->id == id) job->error = HTTP_ECANCELED;
}

static void on_job(void *ctx, struct pool_job *job)
{
    struct trial *t = ctx;
    job->next = t->jobs;
    t->jobs = job;
}

static void on_answer(void *ctx, struct http_request *request, int status, const char *type,
                      const char *body, size_t len, unsigned retry_after_s)
{
    (void)ctx, (void)request, (void)status, (void)type, (void)body, (void)len, (void)retry_after_s;
}

static void on_control(void *ctx, uint64_t connection, const char *json, size_t len, int close)
{
    (void)ctx, (void)connection, (void)json, (void)len, (void)close;
}

static void answer_all(struct trial *t)
{
    for (struct http_job *job; (job = t->http);) {
        t->http = job->next;
        job->next = NULL;
        if (job->error != HTTP_ECANCELED) job->error = HTTP_EIO;
        loop_post_http(&t->host->loop, job);
    }
    for (struct pool_job *job; (job = t->jobs);) {
        t->jobs = job->next;
        job->next = NULL;
        if (job->run)
            crash_enter(t->conf->page, CRASH_WORK, job->event, job->plugin, job->build, "work");
        pool_job_run(job, &t->reader, t->host->db.path, NULL);
        if (job->run) crash_leave(t->conf->page);
        loop_post_job(&t->host->loop, job);
    }
}

/* Until nothing is left to do now. */
static void settle(struct trial *t)
{
    for (int i = 0; i < ROUNDS_MAX; i++) {
        host_run_idle(t->host, TURNS_MAX);
        if (!t->http && !t->jobs) return;
        answer_all(t);
    }
    tell(t, "BAD", "it does not come to rest: something starts itself again and again");
}

static void pass(struct trial *t, int64_t ms)
{
    int64_t end = clock_ms() + ms;
    for (int i = 0; i < ROUNDS_MAX; i++) {
        settle(t);
        int64_t due = host_next_due(t->host), now = clock_ms();
        if (now >= end) return;
        clock_virtual_advance((due > now && due < end ? due : due <= now ? now + 1 : end) - now);
    }
}

/* ---- the host -------------------------------------------------------------------------------- */

static int write_ini(struct trial *t)
{
    struct fragments ini = { 0 };
    struct buf text = { 0 };
    char error[400];
    int rc = t->conf->ini ? fragments_add_file(&ini, t->conf->ini, error, sizeof error) : 0;
    if (rc) tell(t, "BAD", "%s", rc > 0 ? "the file after -c is not there" : error);
    fragments_set(&ini, "core", "data_dir", t->conf->folder);
    fragments_set(&ini, "core", "log_file", "");
    fragments_set(&ini, "core", "super_admin", SUPER);
    snprintf(t->path, sizeof t->path, "sqlite:%s/trial.db", t->conf->folder);
    fragments_set(&ini, "database", "url", t->path);
    fragments_set(&ini, "plugins", "simulator", "on");
    fragments_set(&ini, "plugins", t->conf->name, t->conf->file);
    fragments_write(&ini, &text);
    snprintf(t->path, sizeof t->path, "%s/bot.ini", t->conf->folder);
    FILE *f = rc ? NULL : fopen(t->path, "we");
    if (f) {
        fwrite(text.data, 1, text.len, f);
        fclose(f);
    }
    buf_free(&text);
    fragments_free(&ini);
    return f ? 0 : -1;
}

static int open_host(struct trial *t)
{
    static char *no_environment[] = { NULL };
    struct buf errors = { 0 };
    int code = 0;
    struct host_conf conf = {
        .config = config_read(t->path, 0, no_environment),
        .plugin_folder = t->conf->plugins,
        .ports = { t, on_http, on_http_cancel, on_job, on_answer, on_control, NULL },
        .crash = t->conf->page,
        .close_libraries = 1,
    };
    t->host = host_open(&conf, &code, &errors);
    if (!t->host) tell_lines(t, &errors);
    buf_free(&errors);
    if (!t->host) return -1;
    tell_lines(t, &t->host->problems);
    return registry_plugin(t->host->registry, t->conf->name) ? 0 : -1;
}

static struct plugin *on_trial(const struct trial *t)
{
    return registry_plugin(t->host->registry, t->conf->name);
}

/* ---- what it has registered -------------------------------------------------------------------
 */

static int has_all_stores(const struct plugin *p)
{
    const struct command *c;
    const struct hook *k;
    const struct dialog_def *d;
    STAILQ_FOREACH(c, &p->commands, link)
    if (c->spec.scope == BOT_ALL_STORES) return 1;
    STAILQ_FOREACH(k, &p->hooks, link)
    if (k->spec.scope == BOT_ALL_STORES) return 1;
    STAILQ_FOREACH(d, &p->dialogs, link)
    if (d->spec.scope == BOT_ALL_STORES) return 1;
    return !STAILQ_EMPTY(&p->schedules) || !STAILQ_EMPTY(&p->routes) || p->gateway;
}

static void tell_registered(struct trial *t)
{
    const struct plugin *p = on_trial(t);
    const struct command *c;
    const struct hook *k;
    struct buf names = { 0 };
    buf_adds(&names, "");
    STAILQ_FOREACH(c, &p->commands, link) buf_addf(&names, " /%s", c->spec.name);
    STAILQ_FOREACH(k, &p->hooks, link) buf_addf(&names, " %s:%d", k->spec.event, k->spec.priority);
    tell(t, "ok", "init and start: registers%s", names.len ? buf_str(&names) : " nothing to call");
    buf_clear(&names);
    buf_adds(&names, "");
    for (size_t i = 0; i < p->config_count; i++)
        buf_addf(&names, " %s%s%s", p->config[i].key, p->config[i].fallback ? "=" : "",
                 p->config[i].fallback ? p->config[i].fallback : "");
    tell(t, "ok", "settings of [%s]:%s", p->name, names.len ? buf_str(&names) : " none");
    buf_free(&names);
}

/* ---- migrations ------------------------------------------------------------------------------ */

/* A row in each of its tables, as far as the columns allow: a step that only works on empty tables
 * is then found. */
static void fill_tables(struct host *h, const struct plugin *p)
{
    static const char TABLES[] = "SELECT name FROM sqlite_master WHERE type = 'table' AND"
                                 " substr(name, 1, length(?1)) = ?1";
    sqlite3_stmt *st = db_query(&h->db, TABLES, "s", p->table_prefix);
    struct buf sql = { 0 };
    while (db_step(&h->db, st) == 1) {
        char columns[200];
        snprintf(columns, sizeof columns, "SELECT name, type FROM pragma_table_info('%s')",
                 db_text(st, 0));
        sqlite3_stmt *col = NULL;
        buf_addf(&sql, "INSERT OR IGNORE INTO \"%s\" VALUES (", db_text(st, 0));
        sqlite3_prepare_v2(h->db.sql, columns, -1, &col, NULL);
        for (int n = 0; col && sqlite3_step(col) == SQLITE_ROW; n++)
            buf_addf(&sql, "%s%s", n ? "," : "", strstr(db_text(col, 1), "INT") ? "1" : "'x'");
        sqlite3_finalize(col);
        buf_adds(&sql, ");");
    }
    char *rest = NULL;
    for (char *one = sql.data ? strtok_r(sql.data, ";", &rest) : NULL; one;
         one = strtok_r(NULL, ";", &rest))
        db_script(&h->db, one);
    buf_free(&sql);
}

static char *schema_of(struct host *h, const struct plugin *p)
{
    static const char SCHEMA[] =
        "SELECT m.name || '.' || ifnull(c.name, '') || ' ' || ifnull(c.type, '') FROM sqlite_master m"
        " LEFT JOIN pragma_table_info(m.name) c WHERE substr(m.name, 1, length(?1)) = ?1"
        " ORDER BY 1";
    struct buf out = { 0 };
    sqlite3_stmt *st = db_query(&h->db, SCHEMA, "s", p->table_prefix);
    buf_adds(&out, "");
    while (db_step(&h->db, st) == 1) buf_addf(&out, "%s\n", db_text(st, 0));
    return buf_take(&out);
}

/* A database as the plugin's first `steps` migrations left it, with rows; then the rest. */
static int upgrade_from(struct trial *t, struct host *h, size_t steps, const char *wanted)
{
    char error[300], path[128], why[LIBRARY_PROBLEM];
    struct buf problem = { 0 };
    struct library *lib = library_new(t->conf->name, t->conf->file, NULL);
    snprintf(path, sizeof path, "%s/from-%zu.db", t->conf->folder, steps);
    int rc = db_open(&h->db, path, NULL, error, sizeof error);
    statement_guard(h);
    if (rc == 0) rc = migrate_core(h, &problem);
    struct plugin *p = rc == 0 && library_open(lib) == 0 ? generation_new(h, lib) : NULL;
    h->registry = registry_new(h);
    if (!p || registry_add(h->registry, p, why, sizeof why) < 0) return -1;
    size_t all = p->migration_count;
    p->migration_count = steps;
    rc = migrate_plugin(h, p, &problem);
    fill_tables(h, p);
    p->migration_count = all;
    if (rc == 0) rc = migrate_plugin(h, p, &problem);
    char *schema = schema_of(h, p);
    if (rc < 0)
        tell(t, "BAD", "upgrade from step %zu with rows in its tables: %s", steps,
             buf_str(&problem));
    else if (strcmp(schema, wanted) != 0)
        tell(t, "BAD", "upgrade from step %zu leaves other tables than a new database has", steps);
    free(schema);
    buf_free(&problem);
    return rc;
}

static void try_upgrades(struct trial *t)
{
    const struct plugin *p = on_trial(t);
    size_t count = p->migration_count;
    char *wanted = schema_of(t->host, p);
    int before = t->bad;
    for (size_t steps = 1; steps < count; steps++) {
        struct host *h = host_bare(NULL);
        if (upgrade_from(t, h, steps, wanted) < 0 && t->bad == before)
            tell(t, "BAD", "upgrade from step %zu failed", steps);
        host_free(h);
    }
    if (!count)
        tell(t, "ok", "migrations: none, it has no tables");
    else if (t->bad == before)
        tell(t, "ok", "migrations: %zu on an empty database; %zu upgrades with rows", count,
             count - 1);
    free(wanted);
}

/* ---- statements ------------------------------------------------------------------------------ */

static int looks_like_sql(const char *s)
{
    static const char *const words[] = { "SELECT ", "INSERT ",  "UPDATE ",
                                         "DELETE ", "REPLACE ", "WITH " };
    for (size_t i = 0; i < BOT_COUNT(words); i++)
        if (!strncasecmp(s, words[i], strlen(words[i]))) return 1;
    return 0;
}

struct statements {
    int seen, foreign, unscoped;
};

static void look_at_statement(struct trial *t, struct plugin *p, const char *sql,
                              struct statements *n)
{
    int rc = BOT_OK;
    const struct statement *st = statement_get(t->host, p, sql, &rc);
    if (!st && rc != BOT_ESCOPE) return; /* a part of one, or no SQL at all */
    n->seen++;
    if (!st) {
        n->foreign++;
        tell(t, "BAD", "a statement uses tables that are not the plugin's: %.*s", SHOWN_SQL, sql);
    } else if (st->scoped && !st->store_param) {
        n->unscoped++;
        tell(t, has_all_stores(p) ? "note" : "BAD",
             "a statement reaches rows of all stores (no $store)%s: %.*s",
             has_all_stores(p) ? "; only what is declared BOT_ALL_STORES may run it"
                               : ", and nothing here is declared BOT_ALL_STORES",
             SHOWN_SQL, sql);
    }
}

/* Every text in the file that SQLite takes for a statement. The copy lives as long as the trial:
 * prepared statements are found by the address of their text. */
static void look_at_statements(struct trial *t, struct buf *file)
{
    struct plugin *p = on_trial(t);
    struct statements n = { 0 };
    if (file_slurp(t->conf->file, file) != 0) return;
    for (const char *s = file->data, *end = s + file->len; s < end;) {
        size_t len = strnlen(s, (size_t)(end - s));
        if (len > 10 && s + len < end && looks_like_sql(s)) look_at_statement(t, p, s, &n);
        s += len + 1;
    }
    if (!n.foreign)
        tell(t, "ok", "statements: %d seen, each with its own tables only, %d without $store",
             n.seen, n.unscoped);
}

/* ---- reloads --------------------------------------------------------------------------------- */

static void say(struct trial *t, const char *as, const char *text)
{
    struct buf json = { 0 };
    buf_addf(&json, "{\"cmd\":\"chat\",\"as\":\"%s\",\"id\":\"TRIAL%d\",\"say\":", as, ++t->said);
    buf_add_json(&json, text, strlen(text));
    buf_addc(&json, '}');
    host_control(t->host, 1, "chat", buf_str(&json), json.len);
    buf_free(&json);
}

/* Everybody says everything that the plugin may hear. */
static void say_all(struct trial *t, int round)
{
    static const char *const people[] = { SUPER, ADMIN, CUSTOMER };
    static const char *const rest[] = { "", " 1", " halo semua", " 1 2 3" };
    static const char *const texts[] = { "halo", "1", "YA", "BATAL", "ada apa saja?" };
    char text[80];
    const struct command *c;
    for (size_t i = 0; i < BOT_COUNT(people); i++) {
        STAILQ_FOREACH(c, &on_trial(t)->commands, link)
        {
            snprintf(text, sizeof text, "/%s%s", c->spec.name,
                     rest[(size_t)round % BOT_COUNT(rest)]);
            say(t, people[i], text);
        }
        say(t, people[i], texts[((size_t)round + i) % BOT_COUNT(texts)]);
    }
}

static void tell_left(struct trial *t)
{
    const struct plugin *p;
    TAILQ_FOREACH(p, &t->host->generations, link)
    {
        struct buf pending = { 0 };
        if (p->phase < PLUGIN_DRAINING) continue;
        buf_adds(&pending, "");
        calls_describe(t->host, p, &pending);
        tell(t, "BAD", "generation %u of %s never comes to its end: it waits for %s", p->generation,
             p->name, pending.len ? buf_str(&pending) : "nothing");
        buf_free(&pending);
    }
}

static void reload_often(struct trial *t)
{
    int before = t->bad;
    for (int i = 0; i < RELOADS && t->bad == before; i++) {
        say_all(t, i);
        host_run_idle(t->host, 3); /* in the middle of it */
        reload_ask_all(t->host);
        host_run_idle(t->host, 3);
        if (t->host->reload.refused) tell(t, "BAD", "a reload of the same file was refused");
        if (i % 5 == 4) pass(t, 1000);
    }
    pass(t, 10 * 60000); /* longer than any drain */
    tell_left(t);
    const struct plugin_stats *s = on_trial(t)->stats;
    if (t->bad == before)
        tell(t, "ok",
             "%d reloads with work pending: %" PRId64 " callbacks, %" PRId64
             " failed; every generation came to its end",
             RELOADS, s->calls, s->errors);
}

/* ---- all of it ------------------------------------------------------------------------------- */

int trial_run(const struct trial_conf *conf)
{
    struct trial t = { .conf = conf };
    struct buf file = { 0 };
    log_quiet(1);
    clock_virtual_start(START_MS);
    if (write_ini(&t) == 0 && open_host(&t) == 0) {
        cast_make(t.host, SPEAKER_ADMIN, ADMIN, "Toko Uji");
        cast_make(t.host, SPEAKER_CUSTOMER, CUSTOMER, "Toko Uji");
        settle(&t);
        tell_registered(&t);
        try_upgrades(&t);
        look_at_statements(&t, &file);
        reload_often(&t);
    }
    if (t.host) host_stop(t.host);
    host_free(t.host);
    sqlite3_close(t.reader);
    buf_free(&file);
    return t.bad;
}
