/* map.c - open addressing with linear probing.
 *
 * Invariant: the low two bits of a slot's hash tell what it is (enum slot_kind); a probe ends at
 * the first empty slot; at least a quarter of the slots is empty. Removing never moves an entry, so
 * a walk may remove what it was just given.
 *
 * The hash is seeded per process: whoever chooses the keys cannot choose the collisions.
 *
 * Thread: a map belongs to one thread at a time. */
#include "core/base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/base/buf.h"

enum slot_kind { SLOT_EMPTY = 0, SLOT_DELETED = 1, SLOT_TEXT = 2, SLOT_ID = 3 };

struct map_slot {
    uint64_t hash; /* low two bits: enum slot_kind */
    union {
        char *text; /* ours */
        uint64_t id;
    } key;
    void *value;
};

__extension__ typedef unsigned __int128 wide;

static uint64_t process_seed;

__attribute__((constructor)) static void seed_from_kernel(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        struct timespec ts; /* early boot without entropy: better than a constant */
        clock_gettime(CLOCK_REALTIME, &ts);
        seed = (uint64_t)ts.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)ts.tv_sec ^
               (uint64_t)(uintptr_t)&seed;
    }
    process_seed = seed;
}

void map_seed(uint64_t seed)
{
    process_seed = seed;
}

/* Multiplies to 128 bits and folds the halves: each input bit reaches each output bit. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    wide r = (wide)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

static inline uint64_t read64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t hash_text(const char *s, size_t len)
{
    const uint64_t k1 = 0xa24baed4963ee407u, k2 = 0x9fb21c651e98df25u;
    uint64_t h = process_seed ^ mix(len ^ k1, k2);
    for (; len >= 8; s += 8, len -= 8) h = mix(h ^ read64(s), k1);
    uint64_t tail = 0;
    memcpy(&tail, s, len);
    return mix(h ^ tail ^ k2, k1 ^ process_seed);
}

static uint64_t hash_id(uint64_t id)
{
    return mix(id ^ process_seed ^ 0xa24baed4963ee407u, 0x9fb21c651e98df25u);
}

static inline size_t slot_index(const struct map *m, uint64_t hash)
{
    return (size_t)(hash >> 2) & (m->cap - 1);
}

static struct map_slot *slot_find(const struct map *m, uint64_t hash, const char *text, uint64_t id)
{
    if (!m->count) return NULL;
    for (size_t i = slot_index(m, hash);; i = (i + 1) & (m->cap - 1)) {
        struct map_slot *slot = &m->slots[i];
        if (slot->hash == SLOT_EMPTY) return NULL;
        if (slot->hash != hash) continue;
        if (text ? !strcmp(slot->key.text, text) : slot->key.id == id) return slot;
    }
}

/* The first slot of the probe that is free. */
static struct map_slot *slot_free(const struct map *m, uint64_t hash)
{
    size_t i = slot_index(m, hash);
    while ((m->slots[i].hash & 3) >= SLOT_TEXT) i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

/* Makes room for one more: doubles when half is live, else only drops what was deleted. */
static void map_grow(struct map *m)
{
    if (m->cap && (m->used + 1) * 4 <= m->cap * 3) return;
    struct map old = *m;
    m->cap = !old.cap ? 16 : old.count * 2 >= old.cap ? old.cap * 2 : old.cap;
    m->slots = xcalloc(m->cap, sizeof *m->slots);
    m->used = m->count;
    for (size_t i = 0; i < old.cap; i++)
        if ((old.slots[i].hash & 3) >= SLOT_TEXT) *slot_free(m, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

static void *slot_remove(struct map *m, struct map_slot *slot)
{
    if (!slot) return NULL;
    if ((slot->hash & 3) == SLOT_TEXT) free(slot->key.text);
    void *value = slot->value;
    *slot = (struct map_slot){ .hash = SLOT_DELETED };
    m->count--;
    /* What lies before an empty slot ends no probe early, so it may be empty too. */
    size_t i = (size_t)(slot - m->slots);
    if (m->slots[(i + 1) & (m->cap - 1)].hash == SLOT_EMPTY) {
        while (m->slots[i].hash == SLOT_DELETED) {
            m->slots[i].hash = SLOT_EMPTY;
            m->used--;
            i = (i - 1) & (m->cap - 1);
        }
    }
    return value;
}

static void slot_add(struct map *m, uint64_t hash, const char *text, uint64_t id, void *value)
{
    map_grow(m);
    struct map_slot *slot = slot_free(m, hash);
    if (slot->hash == SLOT_EMPTY) m->used++;
    m->count++;
    slot->hash = hash;
    slot->value = value;
    if (text)
        slot->key.text = xstrdup(text);
    else
        slot->key.id = id;
}

static uint64_t text_key(const char *key)
{
    return (hash_text(key, strlen(key)) & ~(uint64_t)3) | SLOT_TEXT;
}

static uint64_t id_key(uint64_t key)
{
    return hash_id(key) | SLOT_ID;
}

void *map_get(const struct map *m, const char *key)
{
    struct map_slot *slot = m->count ? slot_find(m, text_key(key), key, 0) : NULL;
    return slot ? slot->value : NULL;
}

void map_put(struct map *m, const char *key, void *value)
{
    uint64_t hash = text_key(key);
    struct map_slot *slot = slot_find(m, hash, key, 0);
    if (!value)
        slot_remove(m, slot);
    else if (slot)
        slot->value = value;
    else
        slot_add(m, hash, key, 0, value);
}

void *map_remove(struct map *m, const char *key)
{
    return slot_remove(m, slot_find(m, text_key(key), key, 0));
}

void *map_get_id(const struct map *m, uint64_t key)
{
    struct map_slot *slot = slot_find(m, id_key(key), NULL, key);
    return slot ? slot->value : NULL;
}

void map_put_id(struct map *m, uint64_t key, void *value)
{
    uint64_t hash = id_key(key);
    struct map_slot *slot = slot_find(m, hash, NULL, key);
    if (!value)
        slot_remove(m, slot);
    else if (slot)
        slot->value = value;
    else
        slot_add(m, hash, NULL, key, value);
}

void *map_remove_id(struct map *m, uint64_t key)
{
    return slot_remove(m, slot_find(m, id_key(key), NULL, key));
}

void *map_next(const struct map *m, size_t *at, const char **key)
{
    while (*at < m->cap) {
        struct map_slot *slot = &m->slots[(*at)++];
        if ((slot->hash & 3) < SLOT_TEXT) continue;
        if (key) *key = (slot->hash & 3) == SLOT_TEXT ? slot->key.text : NULL;
        return slot->value;
    }
    return NULL;
}

void map_free(struct map *m)
{
    for (size_t i = 0; i < m->cap; i++)
        if ((m->slots[i].hash & 3) == SLOT_TEXT) free(m->slots[i].key.text);
    free(m->slots);
    *m = (struct map){ 0 };
}
