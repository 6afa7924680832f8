/* arena.h - memory that is freed all at once. An event's strings live in one. Not thread-safe. */
#ifndef TOKOBOT_ARENA_H
#define TOKOBOT_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *head; /* the block in use */
    struct arena_block *big;  /* blocks of one large piece each */
    size_t used;              /* bytes used in head */
};

void *arena_alloc(struct arena *a, size_t n); /* aligned for any type; not zeroed; never NULL */
void *arena_zalloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p,
                   size_t n); /* all n bytes, NULs too, and a NUL behind them */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a); /* keeps one block for reuse */
void arena_free(struct arena *a);

#endif
