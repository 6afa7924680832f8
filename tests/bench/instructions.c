/* instructions.c - N messages through the whole host in one process: signed webhook, parse,
 * journal, /lihat_produk, outbox, sendText, its answer. For callgrind: everything that varies is
 * made constant (clock, random numbers, hash seed), so the difference between two N is the price of
 * a message. Network and threads are left out.
 *
 *   instructions PLUGIN_FOLDER SCRATCH_FOLDER N */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/map.h"
#include "core/host.h"
#include "core/http/client.h"
#include "core/storage/pool.h"

enum { CUSTOMERS = 100, PRODUCTS = 100, BATCH = 32 };

static struct host *host;
static unsigned answered, sent;
static char signature[129];
static uint64_t random_state = 88172645463325252ULL;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)random_state;
}

static const char *random_name(void)
{
    return "constant";
}

static void random_bytes(void *out, size_t n)
{
    for (size_t i = 0; i < n; i++) ((unsigned char *)out)[i] = (unsigned char)next_random();
}

static struct randombytes_implementation constant = { random_name, next_random,  NULL,
                                                      NULL,        random_bytes, NULL };

/* ---- the world ------------------------------------------------------------------------------- */

static void http_submit(void *ctx, struct http_job *job)
{
    (void)ctx;
    job->sent = 1;
    if (strstr(job->url, "/api/sendText")) {
        sent++;
        job->status = 201;
        buf_addf(
            &job->answer,
            "{\"key\":{\"remoteJid\":\"x@s.whatsapp.net\",\"fromMe\":true,\"id\":\"3EB0%08X\"}}",
            sent);
    } else if (strstr(job->url, "/api/sessions/")) {
        job->status = 200;
        buf_adds(&job->answer, "{\"name\":\"default\",\"status\":\"WORKING\"}");
    } else {
        job->status = 404;
    }
    loop_post_http(&host->loop, job);
}

static void http_cancel(void *ctx, uint64_t id)
{
    (void)ctx;
    (void)id;
}

static void job_submit(void *ctx, struct pool_job *job)
{
    (void)ctx;
    loop_post_job(&host->loop, job);
}

static void answer(void *ctx, struct http_request *request, int status, const char *type,
                   const char *body, size_t len, unsigned retry_after_s)
{
    (void)ctx;
    (void)request;
    (void)type;
    (void)body;
    (void)len;
    (void)retry_after_s;
    answered += status == 200;
}

static void control_send(void *ctx, uint64_t connection, const char *json, size_t len, int close)
{
    (void)ctx;
    (void)connection;
    (void)json;
    (void)len;
    (void)close;
}

/* ---- messages -------------------------------------------------------------------------------- */

static const char *header(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "X-Webhook-Hmac") ? NULL : signature;
}

static void deliver(unsigned i)
{
    static const char KEY[] = "RAHASIA";
    char body[2048];
    unsigned char mac[crypto_auth_hmacsha512_BYTES];
    int n = snprintf(
        body, sizeof body,
        "{\"id\":\"evt_%08x\",\"timestamp\":1790851397044,\"event\":\"message\",\"session\":\"default\",\"me\":"
        "{\"id\":\"6281100000999@c.us\",\"pushName\":\"Bot\"},\"payload\":{\"id\":\"false_62811%08u@c.us_3EB0%08X\","
        "\"timestamp\":%u,\"from\":\"62811%08u@c.us\",\"fromMe\":false,\"source\":\"app\",\"body\":"
        "\"/lihat_produk\",\"hasMedia\":false,\"media\":null,\"ack\":2,\"ackName\":\"DEVICE\",\"_data\":{\"key\":"
        "{\"remoteJid\":\"62811%08u@s.whatsapp.net\",\"fromMe\":false},\"pushName\":\"Pelanggan\"}},\"engine\":"
        "\"NOWEB\"}",
        i, i % CUSTOMERS, i, 1790851396 + i / 100, i % CUSTOMERS, i % CUSTOMERS);
    crypto_auth_hmacsha512_state state;
    crypto_auth_hmacsha512_init(&state, (const unsigned char *)KEY, strlen(KEY));
    crypto_auth_hmacsha512_update(&state, (const unsigned char *)body, (size_t)n);
    crypto_auth_hmacsha512_final(&state, mac);
    sodium_bin2hex(signature, sizeof signature, mac, sizeof mac);
    int status = host_webhook(host, "waha", body, (size_t)n, header, NULL, 1,
                              (struct http_request *)(void *)host);
    if (status) {
        fprintf(stderr, "instructions: webhook refused with %d\n", status);
        exit(1);
    }
}

static void seed(void)
{
    struct buf sql = { 0 };
    buf_adds(
        &sql,
        "BEGIN; INSERT INTO stores(id, code, name, created_at) VALUES (1, 'MAJU7', 'Toko Maju', 1);");
    for (int i = 0; i < CUSTOMERS; i++)
        buf_addf(
            &sql,
            "INSERT INTO persons(id, name, phone, created_at, gateway, session, chat) VALUES (%d, 'Pelanggan',"
            " '62811%08d', 1, 'waha', 'default', '62811%08d@c.us');"
            "INSERT INTO aliases(alias, person) VALUES ('p:62811%08d', %d);"
            "INSERT INTO members(person, store, first_seen, last_seen) VALUES (%d, 1, 1, 1790000000000);",
            i + 1, i, i, i, i + 1, i + 1);
    for (int i = 0; i < PRODUCTS; i++)
        buf_addf(
            &sql,
            "INSERT INTO catalog_products(store, name, folded, price, stock, created_at, updated_at)"
            " VALUES (1, 'Produk %d', 'produk %d', %d, %d, 1, 1);",
            i, i, 1000 * (i + 10), i % 50);
    buf_adds(&sql, "COMMIT;");
    if (db_script(&host->db, sql.data) != 0) {
        fprintf(stderr, "instructions: %s\n", host->db.error);
        exit(1);
    }
    buf_free(&sql);
}

static struct config *make_config(const char *scratch)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/bot.ini", scratch);
    FILE *f = fopen(path, "w");
    if (!f) {
        perror(path);
        exit(1);
    }
    fprintf(
        f,
        "[core]\nsuper_admin = 6281190000001\nlog_file =\n[plugins]\nwaha = on\nsuper-admin = on\n"
        "store-admin = on\ncatalog = on\norders = on\n"
        "[waha]\nbase_url = http://127.0.0.1:9\nhmac_key = RAHASIA\npace = off\n");
    fclose(f);
    static char *none[] = { NULL };
    return config_read(path, 0, none);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fprintf(stderr, "usage: instructions PLUGIN_FOLDER SCRATCH_FOLDER N\n"), 64;
    unsigned count = (unsigned)atoi(argv[3]);
    struct buf errors = { 0 };
    int code;
    map_seed(1);
    randombytes_set_implementation(&constant);
    clock_virtual_start(1790851397000);
    log_set_level(LOG_LEVEL_ERROR);
    struct host_conf conf = { .config = make_config(argv[2]),
                              .plugin_folder = argv[1],
                              .database = ":memory:",
                              .ports = { NULL, http_submit, http_cancel, job_submit, answer,
                                         control_send, NULL },
                              .no_lock = 1,
                              .share_plugins = 1,
                              .opening = &host };
    host = host_open(&conf, &code, &errors);
    if (!host) return fprintf(stderr, "%s", buf_str(&errors)), 1;
    seed();
    host_run_idle(host, 1000);
    for (unsigned i = 0; i < count;) {
        for (unsigned k = 0; k < BATCH && i < count; k++) deliver(i++);
        host_run_idle(host, 1000);
        clock_virtual_advance(10);
    }
    host_run_idle(host, 1000);
    host_free(host);
    buf_free(&errors);
    if (answered == count && sent == count) return 0;
    fprintf(stderr, "instructions: of %u messages %u were acked and %u answered\n", count, answered,
            sent);
    return 1;
}
