/* parse.c - what the pure half of the WAHA gateway costs: waha_parse over the contract's message
 * bodies, each call timed by itself, its allocations counted (linked with --wrap=malloc ...).
 * Prints figures beside their bound and judges nothing: a machine that others use would judge
 * wrongly.
 *
 *   parse [FOLDER [ROUNDS]]    FOLDER: where the message-*.json are; without any, one literal body
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../plugins/waha/answer.c"
#include "../../plugins/waha/json.c"
#include "../../plugins/waha/parse_media.c"
#include "../../plugins/waha/parse.c"

enum { BODIES_MAX = 128, ROUNDS = 20000, WARM_ROUNDS = 200, BODY_BYTES = 1 << 16, BOUND_US = 12 };

static const char literal[] =
    "{\"id\":\"evt_01kyc81mrsg80jxga83k3cyer4\",\"timestamp\":1790851397044,\"event\":\"message\","
    "\"session\":\"default\",\"metadata\":{},\"me\":{\"id\":\"6281100000001@c.us\",\"pushName\":"
    "\"Toko Uji\"},\"payload\":{\"id\":\"false_6281100000011@c.us_3A0000000000000001\",\"timestamp\":"
    "1790851396,\"from\":\"6281100000011@c.us\",\"fromMe\":false,\"source\":\"app\",\"body\":\"Halo, "
    "apakah toko buka hari ini?\",\"hasMedia\":false,\"media\":null,\"ack\":2,\"ackName\":\"DEVICE\","
    "\"location\":null,\"vCards\":null,\"replyTo\":null,\"_data\":{\"key\":{\"remoteJid\":"
    "\"6281100000011@s.whatsapp.net\",\"fromMe\":false,\"id\":\"3A0000000000000001\"},\"pushName\":"
    "\"Pelanggan Uji\",\"message\":{\"conversation\":\"Halo, apakah toko buka hari ini?\"}}},"
    "\"engine\":\"NOWEB\",\"environment\":{\"version\":\"2026.7.1\",\"engine\":\"NOWEB\"}}";

struct body {
    char name[64];
    char *text;
    size_t len;
};

static struct body bodies[BODIES_MAX];
static size_t body_count;

/* ---- counting -------------------------------------------------------------------------------- */

static uint64_t allocations, seen;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
    allocations++;
    return __real_realloc(old, n);
}

static void count_incoming(struct bot_incoming_sink *sink, const struct bot_incoming *in)
{
    (void)sink;
    seen += in->kind != BOT_IN_OTHER;
}

/* ---- the bodies ------------------------------------------------------------------------------ */

/* Takes out the blanks between the tokens: the samples are laid out for reading, WAHA's are not. */
static size_t squeeze(char *text, size_t len)
{
    size_t out = 0;
    int in_string = 0;
    for (size_t i = 0; i < len; i++) {
        if (in_string && text[i] == '\\' && i + 1 < len) {
            text[out++] = text[i++];
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string && strchr(" \t\r\n", text[i])) {
            continue;
        }
        text[out++] = text[i];
    }
    return out;
}

static void add_body(const char *name, const char *text, size_t len)
{
    struct body *b = &bodies[body_count++];
    snprintf(b->name, sizeof b->name, "%s", name);
    b->text = malloc(len);
    if (!b->text) exit(71);
    memcpy(b->text, text, len);
    b->len = squeeze(b->text, len);
}

static void read_bodies(const char *folder)
{
    static char text[BODY_BYTES];
    DIR *dir = folder ? opendir(folder) : NULL;
    for (struct dirent *e; dir && body_count < BODIES_MAX && (e = readdir(dir));) {
        char path[4096];
        if (strncmp(e->d_name, "message-", 8) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *f = fopen(path, "rb");
        if (!f) continue;
        size_t len = fread(text, 1, sizeof text, f);
        if (len < sizeof text) add_body(e->d_name, text, len);
        fclose(f);
    }
    if (dir) closedir(dir);
    if (!body_count) add_body("a literal", literal, sizeof literal - 1);
}

/* ---- measuring ------------------------------------------------------------------------------- */

static uint32_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double at(uint32_t *sorted, size_t n, double part)
{
    return sorted[(size_t)((double)(n - 1) * part)] / 1e3;
}

/* One call, in ns. */
static uint32_t call(const struct body *b, struct bot_incoming_sink *sink)
{
    uint32_t start = now_ns();
    int rc = waha_parse(b->text, b->len, sink);
    uint32_t took = now_ns() - start;
    if (rc == BOT_OK) return took;
    fprintf(stderr, "parse: %s is refused (%d)\n", b->name, rc);
    exit(1);
}

int main(int argc, char **argv)
{
    struct bot_incoming_sink sink = { .size = sizeof sink, .add = count_incoming };
    size_t rounds = argc > 2 ? (size_t)atoi(argv[2]) : ROUNDS, bytes = 0, slowest = 0;
    double slowest_us = 0;
    read_bodies(argc > 1 ? argv[1] : NULL);
    size_t total = body_count * rounds;
    uint32_t *all = malloc(total * sizeof *all), *own = malloc(rounds * sizeof *own);
    if (!rounds || !all || !own) return fprintf(stderr, "usage: parse [FOLDER [ROUNDS]]\n"), 64;
    for (size_t i = 0; i < WARM_ROUNDS * body_count; i++) call(&bodies[i % body_count], &sink);
    allocations = seen = 0;
    /* Bodies take turns, as messages do, so that none has the caches to itself. */
    for (size_t i = 0; i < total; i++) all[i] = call(&bodies[i % body_count], &sink);
    double each = (double)allocations / (double)total;
    for (size_t k = 0; k < body_count; k++) {
        for (size_t i = 0; i < rounds; i++) own[i] = all[i * body_count + k];
        qsort(own, rounds, sizeof *own, compare);
        if (at(own, rounds, 0.5) > slowest_us) slowest = k, slowest_us = at(own, rounds, 0.5);
        bytes += bodies[k].len;
    }
    qsort(all, total, sizeof *all, compare);
    printf("parse: %zu bodies of %zu bytes on average, each %zu times, %.0f %% are for us\n",
           body_count, bytes / body_count, rounds, 100.0 * (double)seen / (double)total);
    printf("us a body: median %.2f (wanted: <= %d), p99 %.2f; slowest body: %s, median %.2f\n",
           at(all, total, 0.5), BOUND_US, at(all, total, 0.99), bodies[slowest].name, slowest_us);
    printf("median / bound: %.2f; allocations a body: %.4f\n", at(all, total, 0.5) / BOUND_US,
           each);
    return 0;
}
