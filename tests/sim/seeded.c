/* seeded.c - see seeded.h. */
#include "seeded.h"

#include <malloc.h>
#include <sodium.h>
#include <sqlite3.h>

#include "core/base/clock.h"
#include "memvfs.h"

struct chance host_chance;

static const char *random_name(void)
{
    return "seeded";
}

static uint32_t random_one(void)
{
    return (uint32_t)chance_next(&host_chance);
}

static void random_bytes(void *const out, const size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)out)[i] = (unsigned char)chance_next(&host_chance);
}

static struct randombytes_implementation seeded = { .implementation_name = random_name,
                                                    .random = random_one,
                                                    .buf = random_bytes };

int seeded_begin(int64_t start_ms)
{
    randombytes_set_implementation(&seeded);
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 400);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_MMAP_THRESHOLD, 256 << 20);
    if (sodium_init() < 0 || simdisk_register(0) != 0) return -1;
    if (!clock_is_virtual()) clock_virtual_start(start_ms);
    simdisk_set_clock(clock_ms);
    return 0;
}
