/* arena.c - memory that is freed all at once.
 *
 * Invariant: `head` is the block in use and links the full ones; blocks double up to 64 KiB, so
 * that the one which a reset keeps is the largest. Large pieces have blocks of their own in `big`.
 * Thread: an arena belongs to one thread at a time. */
#include "core/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"

enum { FIRST_BLOCK_BYTES = 4096, LAST_BLOCK_BYTES = 65536 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    alignas(max_align_t) char data[];
};

static struct arena_block *block_new(size_t size, struct arena_block *next)
{
    if (size > SIZE_MAX / 2) size = SIZE_MAX / 2; /* xmalloc will refuse it */
    struct arena_block *block = xmalloc(sizeof *block + size);
    block->next = next;
    block->size = size;
    return block;
}

static void blocks_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void *arena_alloc(struct arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    size_t room = a->head ? a->head->size : 0;
    if (a->head && n <= room - a->used) {
        void *p = a->head->data + a->used;
        size_t used = a->used + ((n + align - 1) & ~(align - 1));
        a->used = used < room ? used : room;
        return p;
    }
    if (n > FIRST_BLOCK_BYTES / 2) {
        a->big = block_new(n, a->big);
        return a->big->data;
    }
    size_t size = room ? room * 2 : FIRST_BLOCK_BYTES;
    a->head = block_new(size < LAST_BLOCK_BYTES ? size : LAST_BLOCK_BYTES, a->head);
    a->used = (n + align - 1) & ~(align - 1);
    return a->head->data;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    return memset(arena_alloc(a, n), 0, n);
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    if (!s) return NULL;
    n = strnlen(s, n);
    char *p = arena_alloc(a, n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
    if (!p) return NULL;
    char *copy = arena_alloc(a, n + 1);
    memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) return arena_strdup(a, "");
    char *p = arena_alloc(a, (size_t)n + 1);
    va_start(args, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, args);
    va_end(args);
    return p;
}

void arena_reset(struct arena *a)
{
    blocks_free(a->big);
    a->big = NULL;
    if (a->head) {
        blocks_free(a->head->next);
        a->head->next = NULL;
    }
    a->used = 0;
}

void arena_free(struct arena *a)
{
    blocks_free(a->big);
    blocks_free(a->head);
    *a = (struct arena){ 0 };
}
