/* local.c - writing data_dir/local.ini, the only configuration file that programs write.
 *
 * Invariant: the file is replaced as a whole by rename(), after its content is on disk; a crash
 * leaves the old or the new one. Lines that are not set stay as they are, byte for byte. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/internal.h"
#include "core/base/text.h"

/* "key = value" in a form that reads back as the same value; -1 when none does. */
static int write_pair(struct buf *out, const char *key, const char *value)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-";
    size_t len = strlen(value);
    if (len > CONFIG_LINE_MAX - 128 || strpbrk(value, "\r\n") || !text_is_utf8(value, len))
        return -1;
    const char *quote = len && strspn(value, plain) == len ? "" : "\"";
    struct buf written = { 0 };
    buf_adds(&written, quote);
    buf_adds(&written, value);
    buf_adds(&written, quote);
    char *copy = xstrdup(buf_str(&written));
    char *back;
    int quoted;
    const char *why;
    int rc = config_unquote(copy, &back, &quoted, &why) == 0 && !strcmp(back, value) ? 0 : -1;
    if (rc == 0) {
        buf_adds(out, key);
        buf_adds(out, " = ");
        buf_add(out, written.data, written.len);
        buf_addc(out, '\n');
    }
    free(copy);
    buf_free(&written);
    return rc;
}

/* The name in "[name]", or the key in "key = value", in `out`; 0 when the line is neither. */
static char line_kind(const char *line, size_t len, char out[CONFIG_NAME_MAX + 1])
{
    while (len && (*line == ' ' || *line == '\t')) line++, len--;
    if (!len || *line == ';' || *line == '#') return 0;
    int heading = *line == '[';
    const char *end = line;
    while (end < line + len && !strchr(heading ? "]" : "=:", *end)) end++;
    if (end == line + len) return 0;
    const char *start = line + heading;
    while (start < end && (*start == ' ' || *start == '\t')) start++;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t')) end--;
    size_t n = (size_t)(end - start);
    if (n > CONFIG_NAME_MAX) n = CONFIG_NAME_MAX;
    memcpy(out, start, n);
    out[n] = '\0';
    return heading ? '[' : '=';
}

/* Copies `old` to `out` without the key's line; the new line follows the section's heading or comes
 * with a new heading at the end. */
static int edit(struct buf *out, const struct buf *old, const char *section, const char *key,
                const char *value)
{
    const char *p = buf_str(old), *end = p + old->len;
    int inside = 0, done = value == NULL;
    if (old->len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) p += 3;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *next = newline ? newline + 1 : end;
        char name[CONFIG_NAME_MAX + 1];
        char kind = line_kind(p, (size_t)((newline ? newline : end) - p), name);
        if (kind == '[') inside = !strcmp(name, section);
        if (!(kind == '=' && inside && !strcmp(name, key))) {
            buf_add(out, p, (size_t)(next - p));
            if (!newline) buf_addc(out, '\n');
        }
        if (kind == '[' && inside && !done) {
            if (write_pair(out, key, value) < 0) return -1;
            done = 1;
        }
        p = next;
    }
    if (done) return 0;
    if (!out->len) buf_adds(out, "; Written by tokobot; it overrides bot.ini. Do not edit.\n");
    buf_addf(out, "[%s]\n", section);
    return write_pair(out, key, value);
}

static int write_all(int fd, const struct buf *data)
{
    for (size_t done = 0; done < data->len;) {
        ssize_t n = write(fd, data->data + done, data->len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        done += (size_t)n;
    }
    return 0;
}

static int replace_file(const char *data_dir, const struct buf *data)
{
    int rc = -1, fd = -1;
    int dir = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return -1;
    fd = openat(dir, "local.ini.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) goto out;
    if (fchmod(fd, 0600) < 0 || write_all(fd, data) < 0 || fsync(fd) < 0) goto out;
    if (renameat(dir, "local.ini.tmp", dir, "local.ini") < 0) goto out;
    rc = fsync(dir);
out:;
    int saved_errno = errno;
    if (fd >= 0) close(fd);
    if (rc < 0 && fd >= 0) unlinkat(dir, "local.ini.tmp", 0);
    close(dir);
    errno = saved_errno;
    return rc;
}

int config_local_set(const char *data_dir, const char *section, const char *key, const char *value)
{
    struct buf old = { 0 }, fresh = { 0 }, path = { 0 };
    int rc = -1;
    if (!config_name_ok(section) || !config_name_ok(key)) {
        errno = EINVAL;
        return -1;
    }
    buf_addf(&path, "%s/local.ini", data_dir);
    if (config_slurp(buf_str(&path), CONFIG_FILE_MAX, &old) < 0 && errno != ENOENT) goto out;
    if (edit(&fresh, &old, section, key, value) < 0) {
        errno = EINVAL;
        goto out;
    }
    rc = replace_file(data_dir, &fresh);
out:;
    int saved_errno = errno;
    if (old.data) explicit_bzero(old.data, old.cap);
    if (fresh.data) explicit_bzero(fresh.data, fresh.cap);
    buf_free(&old);
    buf_free(&fresh);
    buf_free(&path);
    errno = saved_errno;
    return rc;
}
