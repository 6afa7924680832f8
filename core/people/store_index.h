/* store_index.h - stores by their names as people write them: in any case, without the spaces, with
 * a letter too many, too few, wrong or swapped. In memory, filled at the first question and with
 * each store that is made or renamed. On the loop.
 *
 * Cost: some 200 bytes a store; 1 µs a line that names none, whatever the number of stores. */
#ifndef TOKOBOT_STORE_INDEX_H
#define TOKOBOT_STORE_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct host;

/* A store that a line names, and the words that do. */
struct store_named {
    int64_t store;
    size_t at, len; /* in the line; with the words that belong to it, as "ke toko" */
    int alone;      /* nothing else is said in the line */
};

/* The stores that fit best; more than one: it cannot be told which. A name of one word counts only
 * alone or behind a word like "toko" or "ke". Returns how many, up to cap are filled; -1 on an
 * error of the database. */
int store_index_named(struct host *h, const char *line, size_t len, struct store_named *out,
                      int cap);
/* The stores whose code differs from this one (upper case) in one letter; digits count as written.
 * As above. */
int store_index_near_code(struct host *h, const char *code, int64_t *out, int cap);
/* The stores that have all these words in their names, as somebody looks for one. As above. */
int store_index_search(struct host *h, const char *words, int64_t *out, int cap);
/* This store is new or has another name. */
void store_index_changed(struct host *h, int64_t store);
void store_index_free(struct host *h); /* NULL-safe */

#endif
