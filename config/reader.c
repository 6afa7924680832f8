/* reader.c - a file's lines become entries, through inih.
 *
 * inih cuts lines at 200 bytes and tells its handler no line numbers. So our line reader does not
 * hand it the file's lines but a short stand-in for each: "[section]" or "key=N", where N is the
 * entry that holds the value and its line; what is no such line is reported here and left out.
 *
 * Invariant: what reaches inih is always well-formed, so one bad line never hides another. */
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/internal.h"
#include "core/base/text.h"

/* A section whose heading was wrong: its keys are left out, not reported once more. */
#define BAD_SECTION "?"

struct lines {
    struct config *c;
    enum config_source source;
    const char *next, *end;
    int line;
};

int config_slurp(const char *path, size_t max, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int rc = -1;
    struct stat st;
    if (fstat(fd, &st) < 0) goto out;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        goto out;
    }
    for (;;) {
        char chunk[8192];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) goto out;
        if (n == 0) break;
        buf_add(out, chunk, (size_t)n);
        if (out->len > max) {
            errno = EFBIG;
            goto out;
        }
    }
    rc = 0;
out:;
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return rc;
}

int config_name_ok(const char *name)
{
    size_t len = strlen(name);
    if (!len || len > CONFIG_NAME_MAX) return 0;
    for (; *name; name++) {
        int ok = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                 (*name >= '0' && *name <= '9') || strchr("_.-", *name);
        if (!ok) return 0;
    }
    return 1;
}

static char *skip_blank(char *p)
{
    while (*p == ' ' || *p == '\t') p++;
    return p;
}

static void trim_end(char *s)
{
    size_t len = strlen(s);
    while (len && (s[len - 1] == ' ' || s[len - 1] == '\t')) len--;
    s[len] = '\0';
}

static int is_comment(const char *p)
{
    return *p == ';' || *p == '#';
}

/* The quote that ends a quoted value: the first one with nothing but a comment after it. */
static char *closing_quote(char *p)
{
    for (p = strchr(p, '"'); p; p = strchr(p + 1, '"')) {
        char *after = skip_blank(p + 1);
        if (!*after || (is_comment(after) && after > p + 1)) return p;
    }
    return NULL;
}

int config_unquote(char *value, char **start, int *quoted, const char **why)
{
    char *p = skip_blank(value);
    *quoted = *p == '"';
    if (*quoted) {
        char *end = closing_quote(p + 1);
        if (!end) {
            *why = strchr(p + 1, '"')
                       ? "there is text after the closing quote; remove it, or begin "
                         "a comment with ' ;'"
                       : "the closing quote is missing; end the value with \"";
            return -1;
        }
        *end = '\0';
        *start = p + 1;
        return 0;
    }
    char *end = p;
    while (*end && !(is_comment(end) && (end == p || end[-1] == ' ' || end[-1] == '\t'))) end++;
    *end = '\0';
    trim_end(p);
    *start = p;
    return 0;
}

/* "[name]" -> what inih gets. */
static void take_heading(struct lines *in, char *p, char *out, size_t cap)
{
    char *end = strchr(p, ']');
    const char *why = NULL;
    const char *name = p;
    if (!end) {
        why = "the heading has no closing bracket; write [section]";
    } else {
        char *after = skip_blank(end + 1);
        *end = '\0';
        p = skip_blank(p + 1);
        trim_end(p);
        name = p;
        if (*after && !is_comment(after))
            why = "there is text after the heading; put it on a line of its own";
        else if (!config_name_ok(p))
            why = "this is no section's name; use up to 48 letters, digits, '-', '_' and '.'";
    }
    if (why) config_fail(in->c, in->source, in->line, "%s", why);
    snprintf(out, cap, "[%s]", why ? BAD_SECTION : name);
}

/* "key = value" -> an entry, and the stand-in with its number for inih. */
static void take_pair(struct lines *in, char *p, char *out, size_t cap)
{
    struct config *c = in->c;
    char *delimiter = strpbrk(p, "=:");
    if (!delimiter) {
        config_fail(c, in->source, in->line,
                    "this is neither [section] nor key = value; mend it, or begin it with ';'");
        return;
    }
    *delimiter = '\0';
    trim_end(p);
    if (!config_name_ok(p)) {
        config_fail(c, in->source, in->line,
                    *p ? "the part before '%c' is no key's name; use up to 48 "
                         "letters, digits, '-', '_' and '.'"
                       : "there is no key before '%c'; write key = value",
                    *delimiter ? *delimiter : '=');
        return;
    }
    char *value;
    int quoted;
    const char *why;
    if (config_unquote(delimiter + 1, &value, &quoted, &why) < 0) {
        config_fail(c, in->source, in->line, "%s: %s", p, why);
        return;
    }
    CONFIG_GROW(c->entries, c->entry_count, c->entry_cap);
    c->entries[c->entry_count++] = (struct entry){ .key = arena_strdup(&c->arena, p),
                                                   .value = arena_strdup(&c->arena, value),
                                                   .quoted = quoted,
                                                   .source = in->source,
                                                   .line = in->line };
    snprintf(out, cap, "%s=%zu", p, c->entry_count - 1);
}

/* The next line without its end, to be freed; NULL for one that was reported. */
static char *next_line(struct lines *in)
{
    const char *start = in->next;
    const char *newline = memchr(start, '\n', (size_t)(in->end - start));
    size_t len = (size_t)((newline ? newline : in->end) - start);
    in->next = newline ? newline + 1 : in->end;
    in->line++;
    if (len && start[len - 1] == '\r') len--;
    const char *why = NULL;
    if (len > CONFIG_LINE_MAX)
        why = "the line is longer than 64 KiB; put the value in a file and write @file";
    else if (memchr(start, '\0', len))
        why = "the line has a NUL byte; remove it";
    else if (!text_is_utf8(start, len))
        why = "the line is not valid UTF-8; save the file as UTF-8";
    if (why) {
        config_fail(in->c, in->source, in->line, "%s", why);
        return NULL;
    }
    return xstrndup(start, len);
}

/* inih's reader: like fgets, but gives stand-ins. A line with nothing to say gives an empty one. */
static char *stand_in(char *str, int num, void *stream)
{
    struct lines *in = stream;
    if (in->next >= in->end) return NULL;
    str[0] = '\0';
    char *line = next_line(in);
    if (line) {
        char *p = skip_blank(line);
        if (*p == '[')
            take_heading(in, p, str, (size_t)num);
        else if (*p && !is_comment(p))
            take_pair(in, p, str, (size_t)num);
        free(line);
    }
    return str;
}

static const char *index_key(char out[128], enum config_source source, const char *section,
                             const char *key)
{
    snprintf(out, 128, "%d %s %s", (int)source, section, key);
    return out;
}

static int take_entry(void *user, const char *section, const char *name, const char *number)
{
    struct lines *in = user;
    struct config *c = in->c;
    size_t i = (size_t)strtoul(number, NULL, 10);
    struct entry *e = &c->entries[i];
    if (!strcmp(section, BAD_SECTION)) return 1;
    if (!*section) {
        config_fail(c, e->source, e->line, "%s stands before any section; put [core] above it",
                    name);
        return 1;
    }
    e->section = arena_strdup(&c->arena, section);
    if (strchr(section, '.') && !map_get(&c->named_index, section)) {
        CONFIG_GROW(c->named, c->named_count, c->named_cap);
        c->named[c->named_count++] = e->section;
        map_put(&c->named_index, section, c);
    }
    char index[128];
    size_t before =
        (size_t)(uintptr_t)map_get(&c->entry_index, index_key(index, e->source, section, name));
    if (before) {
        config_fail(c, e->source, e->line,
                    "[%s] %s is set a second time, first in line %d; keep one "
                    "of the two",
                    section, name, c->entries[before - 1].line);
        e->section = NULL;
        return 1;
    }
    map_put(&c->entry_index, index, (void *)(uintptr_t)(i + 1));
    return 1;
}

const struct entry *config_entry(const struct config *c, enum config_source source,
                                 const char *section, const char *key)
{
    char index[128];
    size_t i = (size_t)(uintptr_t)map_get(&c->entry_index, index_key(index, source, section, key));
    return i ? &c->entries[i - 1] : NULL;
}

void config_parse(struct config *c, enum config_source source, const char *data, size_t len)
{
    struct lines in = { c, source, data, data + len, 0 };
    if (len >= 2 && (!memcmp(data, "\xff\xfe", 2) || !memcmp(data, "\xfe\xff", 2))) {
        config_fail(c, source, 1, "the file is UTF-16; save it as UTF-8");
        return;
    }
    if (len >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) in.next += 3;
    int rc = ini_parse_stream(stand_in, &in, take_entry, &in);
    if (rc) /* cannot happen: only well-formed lines reach inih */
        config_fail(c, source, rc < 0 ? 0 : rc, "the line cannot be read; write key = value");
}
