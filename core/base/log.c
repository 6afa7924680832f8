/* log.c - logfmt lines to stderr and a file.
 *
 * Invariant: what was told to log_secret() is cut out of every value before it is escaped, so no
 * form of escaping can hide one. A line is one write() to each place.
 * Thread: any; one mutex guards all state but the level and the thread's message id. */
#include "core/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/text.h"

enum { SECRET_MIN_BYTES = 6, VALUE_MAX_BYTES = 4096 };

static const char *const level_names[] = { "debug", "info", "warn", "error" };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int lowest_level = LOG_LEVEL_INFO;
static _Thread_local int64_t thread_message;

/* Guarded by `lock`. */
static int file_fd = -1;
static char *file_path;
static int stderr_off;
static char **secrets; /* longest first, so that a part of one never spoils it */
static size_t secret_count;
static struct buf line, value;

static int secret_known(const char *s)
{
    for (size_t i = 0; i < secret_count; i++)
        if (!strcmp(secrets[i], s)) return 1;
    return 0;
}

static void secret_add(const char *s)
{
    size_t len = strlen(s);
    if (len < SECRET_MIN_BYTES || secret_known(s)) return;
    secrets = xrealloc(secrets, (secret_count + 1) * sizeof *secrets);
    size_t i = secret_count++;
    for (; i > 0 && strlen(secrets[i - 1]) < len; i--) secrets[i] = secrets[i - 1];
    secrets[i] = xstrdup(s);
}

/* As JSON writers escape it; some escape the slash too. */
static void secret_add_json(const char *secret, int slashes)
{
    struct buf json = { 0 }, form = { 0 };
    buf_add_json(&json, secret, strlen(secret));
    for (size_t i = 1; i + 1 < json.len; i++) {
        if (slashes && json.data[i] == '/') buf_addc(&form, '\\');
        buf_addc(&form, json.data[i]);
    }
    secret_add(buf_str(&form));
    buf_free(&json);
    buf_free(&form);
}

static void secret_add_percent(const char *secret, const char *hex)
{
    struct buf form = { 0 };
    for (const char *p = secret; *p; p++) {
        unsigned char c = (unsigned char)*p;
        int plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    (c && strchr("-._~", c));
        if (plain) {
            buf_addc(&form, *p);
        } else {
            buf_addc(&form, '%');
            buf_addc(&form, hex[c >> 4]);
            buf_addc(&form, hex[c & 15]);
        }
    }
    secret_add(buf_str(&form));
    buf_free(&form);
}

void log_secret(const char *secret)
{
    if (!secret || strlen(secret) < SECRET_MIN_BYTES) return;
    pthread_mutex_lock(&lock);
    secret_add(secret);
    secret_add_json(secret, 0);
    secret_add_json(secret, 1);
    secret_add_percent(secret, "0123456789ABCDEF");
    secret_add_percent(secret, "0123456789abcdef");
    pthread_mutex_unlock(&lock);
}

void log_forget_secrets(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < secret_count; i++) {
        explicit_bzero(secrets[i], strlen(secrets[i]));
        free(secrets[i]);
    }
    free(secrets);
    secrets = NULL;
    secret_count = 0;
    pthread_mutex_unlock(&lock);
}

/* Copies s to `value` without secrets, and no more than VALUE_MAX_BYTES of it. */
static void redact(const char *s)
{
    buf_clear(&value);
    size_t len = strlen(s);
    for (size_t i = 0; i < len && value.len < VALUE_MAX_BYTES;) {
        size_t hit = 0;
        for (size_t k = 0; k < secret_count && !hit; k++) {
            size_t n = strlen(secrets[k]);
            if (n <= len - i && s[i] == secrets[k][0] && !memcmp(s + i, secrets[k], n)) hit = n;
        }
        if (hit) {
            buf_add(&value, "***", 3);
            i += hit;
        } else {
            buf_addc(&value, s[i++]);
        }
    }
    if (value.len >= VALUE_MAX_BYTES) {
        value.len = text_prefix(value.data, value.len, VALUE_MAX_BYTES - 1);
        buf_adds(&value, "…");
    }
}

/* Control characters, and those that reorder what a terminal shows. */
static int needs_escape(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || (cp >= 0x2028 && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

static int needs_quotes(const char *s, size_t len)
{
    if (!len) return 1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7F) return 1;
    }
    return 0;
}

static void add_value(const char *s)
{
    redact(s);
    const char *p = buf_str(&value);
    size_t len = value.len;
    if (!needs_quotes(p, len)) {
        buf_add(&line, p, len);
        return;
    }
    buf_addc(&line, '"');
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = text_decode(p + i, len - i, &cp);
        if (cp == TEXT_INVALID) {
            buf_add(&line, "\xef\xbf\xbd", 3);
        } else if (cp == '"' || cp == '\\') {
            buf_addc(&line, '\\');
            buf_addc(&line, (char)cp);
        } else if (cp == '\n' || cp == '\t' || cp == '\r') {
            buf_adds(&line, cp == '\n' ? "\\n" : cp == '\t' ? "\\t" : "\\r");
        } else if (needs_escape(cp)) {
            buf_addf(&line, "\\u%04x", (unsigned)cp);
        } else {
            buf_add(&line, p + i, n);
        }
        i += n;
    }
    buf_addc(&line, '"');
}

static void add_key(const char *key)
{
    buf_addc(&line, ' ');
    for (; *key; key++) {
        int plain = (*key >= '0' && *key <= '9') || (*key >= 'A' && *key <= 'Z') ||
                    (*key >= 'a' && *key <= 'z') || strchr("_.-", *key);
        buf_addc(&line, plain ? *key : '_');
    }
    buf_addc(&line, '=');
}

static void write_line(int fd)
{
    const char *p = line.data;
    size_t left = line.len;
    while (left) {
        ssize_t n = write(fd, p, left);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return; /* nowhere to tell */
        p += n;
        left -= (size_t)n;
    }
}

void log_write(enum log_level level, const char *at, const char *msg,
               const struct log_field *fields, unsigned count)
{
    if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed)) return;
    if ((unsigned)level > LOG_LEVEL_ERROR) level = LOG_LEVEL_ERROR;
    int saved_errno = errno;
    char ts[32];
    clock_format(clock_ms(), ts);
    pthread_mutex_lock(&lock);
    buf_clear(&line);
    buf_adds(&line, "ts=");
    buf_adds(&line, ts);
    buf_adds(&line, " level=");
    buf_adds(&line, level_names[level]);
    buf_adds(&line, " at=");
    add_value(at ? at : "");
    buf_adds(&line, " msg=");
    add_value(msg ? msg : "");
    if (thread_message) {
        buf_adds(&line, " message=");
        buf_addi(&line, thread_message);
    }
    for (unsigned i = 0; i < count; i++) {
        if (!fields[i].key) continue;
        add_key(fields[i].key);
        if (fields[i].text)
            add_value(fields[i].text);
        else
            buf_addi(&line, fields[i].number);
    }
    buf_addc(&line, '\n');
    if (!stderr_off) write_line(STDERR_FILENO);
    if (file_fd >= 0) write_line(file_fd);
    pthread_mutex_unlock(&lock);
    errno = saved_errno;
}

static int open_append(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

int log_open(const char *file)
{
    int fd = -1;
    if (file && *file && (fd = open_append(file)) < 0) return -1;
    pthread_mutex_lock(&lock);
    if (file_fd >= 0) close(file_fd);
    free(file_path);
    file_fd = fd;
    file_path = fd >= 0 ? xstrdup(file) : NULL;
    pthread_mutex_unlock(&lock);
    return 0;
}

int log_reopen(void)
{
    int rc = 0;
    pthread_mutex_lock(&lock);
    if (file_path) {
        int fd = open_append(file_path);
        if (fd < 0) {
            rc = -1;
        } else {
            close(file_fd);
            file_fd = fd;
        }
    }
    int saved_errno = errno;
    pthread_mutex_unlock(&lock);
    errno = saved_errno;
    return rc;
}

void log_close(void)
{
    pthread_mutex_lock(&lock);
    if (file_fd >= 0) close(file_fd);
    file_fd = -1;
    free(file_path);
    file_path = NULL;
    buf_free(&line);
    buf_free(&value);
    pthread_mutex_unlock(&lock);
}

void log_set_level(enum log_level level)
{
    atomic_store(&lowest_level, (int)level);
}

void log_set_level_name(const char *name)
{
    for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++)
        if (!strcmp(name, level_names[i])) log_set_level((enum log_level)i);
}

void log_quiet(int quiet)
{
    pthread_mutex_lock(&lock);
    stderr_off = quiet;
    pthread_mutex_unlock(&lock);
}

void log_set_message(int64_t id)
{
    thread_message = id;
}
