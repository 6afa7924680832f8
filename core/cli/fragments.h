/* fragments.h - puts a bot.ini together out of pieces: what a transcript needs, folder by folder. A
 * later piece's key replaces an earlier one's; relative paths of plugins and of "@file" values are
 * taken from the folder of the piece that they stand in. Reading only files; no thread of its own.
 */
#ifndef TOKOBOT_FRAGMENTS_H
#define TOKOBOT_FRAGMENTS_H

#include <stddef.h>

#include "../base/arena.h"
#include "../base/buf.h"

struct fragment_key {
    const char *section, *key, *value; /* value as it is written, comment and quotes included */
};

struct fragments {
    struct arena arena;
    struct fragment_key *keys; /* sections in order of appearance is made by fragments_write() */
    size_t count, cap;
};

void fragments_set(struct fragments *f, const char *section, const char *key, const char *value);
const char *fragments_get(const struct fragments *f, const char *section,
                          const char *key); /* or NULL */
/* Adds a text's keys; `folder` is where its relative paths start. 0, or -1 with "line N: ...". */
int fragments_add(struct fragments *f, const char *ini, const char *folder, char *error,
                  size_t cap);
/* The same from a file. 0; 1 when there is no such file; -1 with "FILE: line N: ..." */
int fragments_add_file(struct fragments *f, const char *file, char *error, size_t cap);
void fragments_write(const struct fragments *f, struct buf *out); /* as one bot.ini */
void fragments_free(struct fragments *f);
/* Adds a whole file to `out`. 0, or -1 with errno. */
int file_slurp(const char *file, struct buf *out);

#endif
