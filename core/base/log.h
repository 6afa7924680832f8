/* log.h - logfmt lines to stderr and, when set, to a file.
 *
 *   ts=2026-11-23T03:15:40.123Z level=info at=reload msg="plugins loaded" count=4
 *
 * Values are quoted when they need it; control characters are escaped. Every secret that was told
 * to log_secret() is replaced by *** wherever it appears. Message bodies are never passed in. Safe
 * from every thread. */
#ifndef TOKOBOT_LOG_H
#define TOKOBOT_LOG_H

#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG = 0, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* One field of a line. Use LOG_STR and LOG_INT; the list ends with LOG_END. */
struct log_field {
    const char *key;
    const char *text; /* NULL: number */
    int64_t number;
};
static inline struct log_field log_str_(const char *key, const char *text)
{
    struct log_field field = { key, text ? text : "", 0 };
    return field;
}
#define LOG_STR(k, v) log_str_((k), (v))
#define LOG_INT(k, v) ((struct log_field){ (k), 0, (int64_t)(v) })

void log_write(enum log_level level, const char *at, const char *msg,
               const struct log_field *fields, unsigned count);
#define LOG_(level, at, msg, ...)                                                                  \
    log_write((level), (at), (msg), &((struct log_field[]){ { 0, 0, 0 }, __VA_ARGS__ })[1],        \
              (unsigned)(sizeof((struct log_field[]){ { 0, 0, 0 }, __VA_ARGS__ }) /                \
                         sizeof(struct log_field)) -                                               \
                  1)
#define log_debug(...) LOG_(LOG_LEVEL_DEBUG, __VA_ARGS__, )
#define log_info(...)  LOG_(LOG_LEVEL_INFO, __VA_ARGS__, )
#define log_warn(...)  LOG_(LOG_LEVEL_WARN, __VA_ARGS__, )
#define log_error(...) LOG_(LOG_LEVEL_ERROR, __VA_ARGS__, )

/* Opens the file (appending) beside stderr; NULL or "" = stderr only. 0, or -1 with errno. */
int log_open(const char *file);
int log_reopen(void); /* after rotation; 0, or -1 with errno: the old file is kept */
void log_close(void);
void log_set_level(enum log_level level);
/* "debug", "info", "warn", "error"; any other word changes nothing. */
void log_set_level_name(const char *name);
void log_quiet(int quiet); /* 1: nothing to stderr (tests) */
/* Copied; shorter than 6 bytes: ignored. The JSON-escaped and percent-encoded forms count too. */
void log_secret(const char *secret);
void log_forget_secrets(void);
/* The id that follows a message: adds message=ID to each line of this thread until set to 0. */
void log_set_message(int64_t id);

#endif
