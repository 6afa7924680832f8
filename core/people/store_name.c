/* store_name.c - what a store may be called, and what about its name would confuse people. Every
 * name comes through here: at a registration, at a rename, whichever plugin asks. Thread: the loop,
 * in a callback. */
#include <string.h>

#include "../base/text.h"
#include "../command.h"
#include "../host.h"
#include "members.h"

/* One that is closed stands in nobody's way. */
static const char CALLED_SO[] =
    "SELECT 1 FROM stores WHERE name = ?1 COLLATE NOCASE AND id <> ?2 AND state <> 2 LIMIT 1";

/* What people write to a bot, and would not choose a store by; besides commands, the words that
 * always work, and answers. */
static const char *const words[] = { "halo", "hai", "hi", "start", "stop", "lanjut", "next" };

static int is_number(const char *s)
{
    return !s[strspn(s, "0123456789")];
}

static int is_like_a_word(struct event *ev, const char *name)
{
    if (*name == '/' || *name == '#' || is_number(name)) return 1;
    if (command_core_word(name) != WORD_NONE || text_yes_no(name) >= 0) return 1;
    if (registry_command(ev->host->registry, name)) return 1;
    for (size_t i = 0; i < BOT_COUNT(words); i++)
        if (text_equal_nocase(name, words[i])) return 1;
    return 0;
}

int stores_name_clean(struct event *ev, const char *name, const char **clean)
{
    size_t bytes = text_line(NULL, 0, name);
    char *line = arena_alloc(&ev->step, bytes + 1);
    text_line(line, bytes + 1, name);
    size_t chars = text_chars(line);
    *clean = NULL;
    if (chars < BOT_STORE_NAME_MIN) return BOT_NAME_SHORT;
    if (chars > BOT_STORE_NAME_MAX) return BOT_NAME_LONG;
    if (!text_fold(NULL, 0, line)) return BOT_NAME_BLANK;
    *clean = line;
    return BOT_NAME_GOOD;
}

int stores_name_check(struct event *ev, int64_t store, const char *name, const char **clean)
{
    int flaw = stores_name_clean(ev, name, clean);
    if (flaw != BOT_NAME_GOOD) return flaw;
    if (is_like_a_word(ev, *clean)) return BOT_NAME_LIKE_WORD;
    int64_t other = db_int(&ev->host->db, 0, CALLED_SO, "si", *clean, store);
    return other ? BOT_NAME_LIKE_STORE : BOT_NAME_GOOD;
}
