/* internal.h - what the files of config/ share; nobody else includes it.
 *
 *   reader.c  lines of a file -> entries
 *   plugins.c [plugins]
 *   value.c   one written value -> text and number of its type
 *   check.c   entries, environment and declarations -> values and errors
 *   local.c   writing local.ini
 *   config.c  the rest
 */
#ifndef TOKOBOT_CONFIG_INTERNAL_H
#define TOKOBOT_CONFIG_INTERNAL_H

#include "config/config.h"
#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/map.h"

enum { CONFIG_NAME_MAX = 48, CONFIG_LINE_MAX = 65536, CONFIG_FILE_MAX = 1 << 20 };

/* Where something was written. The values are the order in which errors are told. */
enum config_source { FROM_INI = 0, FROM_LOCAL = 1, FROM_ENV = 2, FROM_DEFAULT = 3 };

/* One "key = value" line; strings live in the config's arena. */
struct entry {
    const char *section, *key;
    const char *value; /* without quotes and comments */
    int quoted;        /* then no @file */
    enum config_source source;
    int line;
};

/* A declared key and, after a check, its value. */
struct key {
    struct config_key spec;
    const char *text;
    int64_t number;
    const char *origin;
    const struct key *base; /* of [SECTION.NAME]: whose value counts where it has none; or NULL */
};

struct error {
    const char *text;
    enum config_source source;
    int line;
    int of_check; /* dropped by the next check */
};

struct config {
    struct arena arena; /* all strings and keys; lives until config_free() */
    const char *file, *folder;
    const char *data_dir;   /* absolute */
    const char *local_file; /* as errors show it */
    char **env;
    struct entry *entries;
    size_t entry_count, entry_cap;
    struct map entry_index; /* "source section.key" -> index + 1 */
    struct map keys;        /* "section key" -> struct key */
    struct key **key_list;  /* in order of declaration */
    size_t key_count, key_cap;
    const char **declared; /* sections */
    size_t declared_count, declared_cap;
    const char **named; /* sections with a '.', as they came */
    size_t named_count, named_cap;
    struct map named_index; /* the same, to find one */
    struct config_plugin *plugins;
    size_t plugin_count, plugin_cap;
    struct error *errors;
    size_t error_count, error_cap;
    int checking;
};

/* config.c */
/* NAME in "section.NAME", else NULL. */
const char *config_name_in(const char *section, const char *whole);
const char *config_source_file(const struct config *c, enum config_source source);
void config_fail(struct config *c, enum config_source source, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
const struct entry *config_entry(const struct config *c, enum config_source source,
                                 const char *section, const char *key);
/* What can be shown of a value in an error: short, printable, in the arena. */
const char *config_show(struct config *c, const char *value);
/* path, relative to bot.ini's folder, as an absolute path in the arena. */
const char *config_absolute(struct config *c, const char *path);
/* The environment's word for a key, or NULL; *name is the variable. */
const char *config_env(struct config *c, const char *section, const char *key, const char *older,
                       const char **name);
/* Room for one more in an array of the config; frees nothing that is still used. */
#define CONFIG_GROW(list, count, cap)                                                              \
    do {                                                                                           \
        if ((count) == (cap)) {                                                                    \
            (cap) = (cap) ? (cap)*2 : 16;                                                          \
            (list) = xrealloc((list), (cap) * sizeof *(list));                                     \
        }                                                                                          \
    } while (0)

/* reader.c */
/* Reads at most max bytes of a file; a longer one gives EFBIG. 0, or -1 with errno. */
int config_slurp(const char *path, size_t max, struct buf *out);
/* Adds the file's entries; every bad line is an error of its own. */
void config_parse(struct config *c, enum config_source source, const char *data, size_t len);
/* Takes a written value apart in place: quotes and comment go. 0, or -1 with a sentence in *why. */
int config_unquote(char *value, char **start, int *quoted, const char **why);
int config_name_ok(const char *name);

/* plugins.c */
void config_read_plugins(struct config *c);

/* value.c */
/* Checks and converts one value; *why gets "what, and what to do" without the key's name. The
 * result is in the arena. Secrets never get into *why. 0 or -1. */
int config_convert(struct config *c, const struct config_key *spec, const char *written,
                   const char **text, int64_t *number, struct buf *why);
int config_bool(const char *word); /* 1, 0, or -1 */

#endif
