/* route.c - what deciding the store of a message costs, with the roles in it: 10,000 stores,
 * 100,000 customers, half of them of two stores or three. Each message is timed by itself, beside
 * what it would cost to read a store that is known already. Prints figures beside their bound and
 * judges nothing: a machine that others use would judge wrongly.
 *
 *   route [ROUNDS [STORES [CUSTOMERS]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/host.h"
#include "core/message/routing.h"
#include "core/people/people.h"
#include "core/storage/schema.h"

enum { ROUNDS = 20000, STORES = 10000, CUSTOMERS = 100000, BOUND_US = 3 };

/* What people write; none of it names a store, which is the usual case. */
static const char *const lines[] = {
    "halo",
    "ada sepatu merah ukuran 42?",
    "kak, pesanan saya yang kemarin sudah dikirim belum ya?",
    "berapa harga kopi susu 1 liter",
    "mau pesan 2 nasi goreng sama es teh manis, antar ke jalan melati nomor 12",
    "terima kasih",
};
static const char *const kinds[] = { "Toko", "Warung", "Kedai", "Depot", "Kios" };
static const char *const firsts[] = { "Maju",  "Jaya",  "Berkah", "Sumber", "Sinar", "Mekar",
                                      "Indah", "Karya", "Mulia",  "Sari",   "Baru",  "Mandiri",
                                      "Bu",    "Pak",   "Mbak",   "Rejeki", "Harum", "Segar" };
static const char *const seconds[] = { "Abadi", "Sentosa", "Makmur", "Lestari", "Sri",    "Joko",
                                       "Utama", "Bersama", "Sejati", "Kencana", "Bahari", "Wangi" };

static struct host host;
static struct registry registry;
static uint64_t seed = 7;

static uint32_t chance(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(seed >> 33) % n;
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(int rc, const char *what)
{
    if (!rc) return;
    fprintf(stderr, "route: %s: %s\n", what, host.db.error);
    exit(1);
}

static void open_host(const char *path)
{
    char error[200];
    host.registry = &registry;
    host.language = "id";
    host.timezone = "Asia/Jakarta";
    host.customers_max = 1000000;
    host.customers_warning = 1000000;
    stores_changed(&host);
    must(db_open(&host.db, path, NULL, error, sizeof error), error);
    for (unsigned i = 0; i < core_migration_count; i++)
        must(db_script(&host.db, core_migrations[i].sql), "schema");
}

static void fill(int stores, int customers)
{
    char name[80], code[12];
    must(db_script(&host.db, "BEGIN"), "begin");
    for (int i = 1; i <= stores; i++) {
        snprintf(name, sizeof name, "%s %s %s %d", kinds[chance(5)], firsts[chance(18)],
                 seconds[chance(12)], i);
        snprintf(code, sizeof code, "T%05d", i);
        must(db_exec(&host.db, "INSERT INTO stores(code, name, created_at) VALUES (?1, ?2, 1)",
                     "ss", code, name),
             "store");
    }
    for (int i = 1; i <= customers; i++) {
        must(db_exec(&host.db, "INSERT INTO persons(name, created_at) VALUES ('Budi', 1)", ""),
             "person");
        for (int k = 0; k <= (int)chance(4); k++)
            must(db_exec(&host.db,
                         "INSERT OR IGNORE INTO members(person, store, first_seen, last_seen)"
                         " VALUES (?1, ?2, ?3, ?3)",
                         "iii", (int64_t)i, (int64_t)chance((uint32_t)stores) + 1,
                         clock_ms() - (int64_t)chance(86400000)),
                 "member");
    }
    must(db_script(&host.db, "COMMIT"), "commit");
}

/* The store that each person wrote to last. */
static int64_t *read_last(int customers)
{
    int64_t *last = xcalloc((size_t)customers + 1, sizeof *last);
    for (int i = 1; i <= customers; i++)
        last[i] = db_int(&host.db, 0,
                         "SELECT store FROM members WHERE person = ?1 ORDER BY last_seen DESC", "i",
                         (int64_t)i);
    return last;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void begin(struct event *ev, int64_t person, const char *line)
{
    memset(ev, 0, sizeof *ev);
    ev->host = &host;
    ev->kind = EVENT_MESSAGE;
    ev->person = person;
    ev->text = line;
    ev->member_seen = -1;
    if (people_load(ev)) must(-1, "person");
    ev->stores_active = stores_active(&host);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS, stores = argc > 2 ? atoi(argv[2]) : STORES,
        customers = argc > 3 ? atoi(argv[3]) : CUSTOMERS, asked = 0;
    char path[] = "/tmp/tokobot-route-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || rounds < 1 || stores < 1 || customers < 1) return 64;
    close(fd);
    log_quiet(1);
    open_host(path);
    fill(stores, customers);
    must(db_script(&host.db, "BEGIN"), "begin");
    int64_t *last = read_last(customers);
    double *routed = xcalloc((size_t)rounds, sizeof *routed),
           *known = xcalloc((size_t)rounds, sizeof *known);
    for (int i = -2000; i < rounds; i++) { /* warm first */
        struct event ev;
        begin(&ev, (int64_t)chance((uint32_t)customers) + 1, lines[chance(BOT_COUNT(lines))]);
        double t0 = now_us();
        enum route_result r = routing_decide(&ev, 0, 0);
        double t1 = now_us();
        arena_free(&ev.arena);
        int64_t other = (int64_t)chance((uint32_t)customers) + 1;
        begin(&ev, other, "");
        double t2 = now_us();
        stores_load(&ev, last[other]);
        double t3 = now_us();
        arena_free(&ev.arena);
        if (i < 0) continue;
        routed[i] = t1 - t0;
        known[i] = t3 - t2;
        asked += r != ROUTE_STORE;
    }
    must(db_script(&host.db, "COMMIT"), "commit");
    qsort(routed, (size_t)rounds, sizeof *routed, compare);
    qsort(known, (size_t)rounds, sizeof *known, compare);
    double a = routed[rounds / 2], b = known[rounds / 2];
    printf("%d stores, %d customers, %d messages (%d not decided)\n", stores, customers, rounds,
           asked);
    printf("deciding the store and the roles: median %.2f us, p99 %.2f us\n", a,
           routed[rounds * 99 / 100]);
    printf("reading a store that is known:    median %.2f us, p99 %.2f us\n", b,
           known[rounds * 99 / 100]);
    printf("routing adds %.2f us (wanted: %d), %.2f times\n", a - b, BOUND_US, a / b);
    people_free(&host);
    db_close(&host.db);
    free(routed);
    free(known);
    free(last);
    unlink(path);
    return 0;
}
