/* media.h - files that came with messages or go out with them: their rows. The bytes are
 * media_file.h's. On the loop. */
#ifndef TOKOBOT_MEDIA_H
#define TOKOBOT_MEDIA_H

#include "media_file.h"

struct arena;
struct host;

struct media {
    int64_t id, size;
    const char *hash, *type, *name;
};

void media_open(struct host *h); /* at start: what a crash has left half written goes */
/* 1 found, strings in arena; 0 there is none; -1. */
int media_find(struct host *h, int64_t id, struct media *out, struct arena *arena);
/* In a turn: the row of a file that has been written; the one that is there already when these
 * bytes came before. Its id, or -1. */
int64_t media_insert(struct host *h, const struct media_file *file, const char *name);
int media_touch(struct host *h, int64_t id);  /* in a turn: it is kept on from now. 0 or -1 */
size_t media_max_bytes(const struct host *h); /* [limits] media_mb */
const char *media_folder(struct host *h, struct arena *arena);

/* prune.c: takes away a few that nobody has used since `before`; their bytes go on the pool. 1
 * there may be more, 0, -1. */
int media_prune(struct host *h, int64_t before, int64_t count);

#endif
