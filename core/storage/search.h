/* search.h - a typo-tolerant index per (plugin, index, store), in two core tables. On the loop
 * only. */
#ifndef TOKOBOT_SEARCH_H
#define TOKOBOT_SEARCH_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct bot_found;
struct search; /* its prepared statements */

extern const char SEARCH_SCHEMA[]; /* CREATE TABLE IF NOT EXISTS ...: run it at every start */
struct search *search_open(
    sqlite3 *db);                    /* after the schema is there; NULL with sqlite3_errmsg(db) */
void search_close(struct search *s); /* NULL-safe */
/* text NULL removes. BOT_OK or BOT_EIO. */
int search_put(struct search *s, const char *plugin, const char *index, int64_t store, int64_t id,
               const char *text);
/* Best first; how many of cap were filled, or BOT_EIO. */
int search_find(struct search *s, const char *plugin, const char *index, int64_t store,
                const char *query, struct bot_found *found, size_t cap);

#endif
