/* map.h - a hash map from strings (or 64-bit numbers) to pointers. Open addressing; keys of strings
 * are copied. Not thread-safe. */
#ifndef TOKOBOT_MAP_H
#define TOKOBOT_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot;
struct map {
    struct map_slot *slots;
    size_t cap;   /* a power of two, or 0 */
    size_t count; /* live entries */
    size_t used;  /* live and deleted */
};

void *map_get(const struct map *m, const char *key);       /* NULL when absent */
void map_put(struct map *m, const char *key, void *value); /* value NULL removes the key */
void *map_remove(struct map *m, const char *key);          /* the value, or NULL */
void *map_get_id(const struct map *m, uint64_t key);
void map_put_id(struct map *m, uint64_t key, void *value);
void *map_remove_id(struct map *m, uint64_t key);
/* Iterates: *at starts at 0; returns the next value or NULL; key may be NULL, and *key is NULL for
 * a number. The order depends on the process (see map_seed). The map may not change meanwhile,
 * except by removing the entry just returned. */
void *map_next(const struct map *m, size_t *at, const char **key);
void map_free(struct map *m); /* not the values */
/* For tests that must replay: fixes the hash's seed. Before the first map has an entry. */
void map_seed(uint64_t seed);

#endif
