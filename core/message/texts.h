/* texts.h - what is said, per language: texts/id.ini, texts/en.ini of the core and of each plugin,
 * parsed once into pieces so that filling one in is copying. Read-only after texts_parse(). */
#ifndef TOKOBOT_TEXTS_H
#define TOKOBOT_TEXTS_H

#include <tokobot/plugin.h>

#include "../base/arena.h"

struct texts; /* all languages of one plugin */

/* Parses every language; "id" must be there when any is. NULL with a sentence naming language and
 * line. */
struct texts *texts_parse(const struct bot_text_file *files, char *error, size_t cap);
void texts_free(struct texts *t); /* NULL-safe */
/* Fills in `key` of `language` (falls back to "id", then to the key itself), in `arena`. timezone:
 * IANA name for {x:date} and {x:time}. t may be NULL. */
const char *texts_fill(const struct texts *t, const char *language, const char *key,
                       const struct bot_arg *args, size_t n, const char *timezone,
                       struct arena *arena);
/* How far ahead of UTC a zone is; 0 for one that is not known. */
int64_t texts_zone_ms(const char *timezone);
int texts_knows_zone(const char *timezone);
int texts_has(const struct texts *t, const char *key);

extern const struct bot_text_file core_texts[]; /* core/texts, compiled in */

#endif
