/* config.h - bot.ini: reading, environment, local.ini, checking. Needs nothing of core/ but base/.
 *
 * Order: default < bot.ini < data_dir/local.ini < environment. All errors are collected; one line
 * each: "file:line: what, and what to do". Environment errors name the variable instead of a file.
 *
 * How a host uses it: config_read(); config_check() for the core's own keys; load the plugins and
 * config_declare() what they have; config_check() again. Report the errors after the second check,
 * so that a mistake in [core] and one in a plugin's section are told together.
 *
 * A value in a file: everything up to a ';' or '#' that follows white space; or "quoted", then
 * verbatim; or @file, the content of that file (relative to bot.ini's folder) without its last line
 * break. A value from the environment is taken as it is; an empty one counts as not set.
 * An empty value of any type but text, secret, path and phones means the default.
 *
 * Thread: one thread at a time until config_check() has run; then config_text, config_int and
 * config_origin from every thread. */
#ifndef TOKOBOT_CONFIG_H
#define TOKOBOT_CONFIG_H

#include <stddef.h>
#include <stdint.h>

/* The first seven have the values of the SDK's enum bot_config_type. */
enum config_type {
    CONFIG_TEXT = 0,
    CONFIG_INT,
    CONFIG_BOOL,
    CONFIG_DURATION,
    CONFIG_CHOICE,
    CONFIG_SECRET,
    CONFIG_URL,
    CONFIG_PATH = 100,     /* relative to bot.ini's folder; given back absolute */
    CONFIG_PHONES = 101,   /* divided by commas; given back as "6281...,6281..." */
    CONFIG_LISTEN = 102,   /* host:port or [ipv6]:port; config_int gives the port */
    CONFIG_DATABASE = 103, /* sqlite:FILE, relative to bot.ini's folder; given back absolute */
    CONFIG_TIMEZONE = 104  /* Asia/Jakarta; must be known where a zone database is installed */
};

struct config_key {
    const char *section;
    const char *key;
    int type;
    const char *fallback; /* as written in bot.ini; NULL = "" */
    int64_t min, max;    /* both 0 = unbounded; of a text: its bytes; of a duration: milliseconds */
    const char *choices; /* space-separated */
    const char *env;     /* an older environment name, or NULL */
    const char *help;
    int named; /* enum config_named */
};

/* May a key stand in [SECTION.NAME], too? */
enum config_named {
    CONFIG_ONE = 0,
    CONFIG_INHERITED = 1, /* yes; where it does not, [SECTION]'s value counts */
    CONFIG_OWN = 2        /* yes; its default there is empty */
};

/* The host's own sections: core, database, limits. Ends with section == NULL. */
extern const struct config_key config_core_keys[];

struct config;

/* One line of [plugins], in file order. */
struct config_plugin {
    const char *name;
    const char *path; /* NULL: NAME.so in the plugins folder */
    int on;
    int line;
};

/* Reads bot.ini (file NULL or missing with optional != 0: defaults and environment only). Never
 * NULL. `env` is environ or a test's own; it must outlive the config. See config_error()
 * afterwards. */
struct config *config_read(const char *file, int optional, char **env);
/* The same file and environment once more, as they are now. */
struct config *config_reread(const struct config *c);
void config_free(struct config *c); /* NULL-safe */

/* Declares a plugin's keys (strings are copied) so that its section can be checked. count 0: it has
 * none, and its section must be empty. keys[].section is not read. Declaring a section again
 * replaces its keys. Keys that may stand in [section.NAME] are declared for each that the files
 * have: as section "section.NAME". */
void config_declare(struct config *c, const char *section, const struct config_key *keys,
                    size_t count);
/* NAME of the i-th [section.NAME], in the order of the files; NULL past the last. */
const char *config_name(const struct config *c, const char *section, size_t i);
/* Checks all that is declared so far: unknown sections and keys ("did you mean"), types, bounds,
 * environment, local.ini. A section of a plugin that is off, unlisted or not declared is not
 * checked. May run again: errors of the check before are dropped, those of reading and of
 * config_add_error() are kept. A value with an error reads as its default. Returns the number of
 * all errors. */
size_t config_check(struct config *c);
size_t config_error_count(const struct config *c);
/* "bot.ini:12: ..."; sorted by file and line. */
const char *config_error(const struct config *c, size_t i);
/* line < 0: file is no file ("environment NAME") and gets no line. */
void config_add_error(struct config *c, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Values; valid after config_check(), until config_free(). Never NULL. A key that was not declared
 * aborts in debug. config_text gives numbers as they were written. */
const char *config_text(const struct config *c, const char *section, const char *key);
int64_t config_int(const struct config *c, const char *section, const char *key);
/* Where a value comes from, for messages: "bot.ini:12", "environment SUPER_ADMIN_WA", "default". */
const char *config_origin(const struct config *c, const char *section, const char *key);

/* Final after config_read(); local.ini and TOKOBOT_PLUGINS_NAME count too. Paths are absolute. */
const struct config_plugin *config_plugins(const struct config *c, size_t *count);
const char *config_file(const struct config *c);   /* as given */
const char *config_folder(const struct config *c); /* absolute */
/* Writes section.key = value to data_dir/local.ini atomically (0600); the other lines stay as they
 * are. value NULL removes the key. 0, or -1 with errno (EINVAL: a name or value that no line can
 * hold). */
int config_local_set(const char *data_dir, const char *section, const char *key, const char *value);

#endif
