/* fragments.c - a bot.ini put together out of pieces; see fragments.h. What a key means and whether
 * it is known is config/'s business, which reads the result. */
#include "fragments.h"

#include "../base/text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fragment_key *find(const struct fragments *f, const char *section, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->keys[i].section, section) == 0 && strcmp(f->keys[i].key, key) == 0)
            return &f->keys[i];
    return NULL;
}

void fragments_set(struct fragments *f, const char *section, const char *key, const char *value)
{
    struct fragment_key *k = find(f, section, key);
    if (!k) {
        if (f->count == f->cap) {
            f->cap = f->cap ? f->cap * 2 : 32;
            f->keys = xrealloc(f->keys, f->cap * sizeof *f->keys);
        }
        k = &f->keys[f->count++];
        k->section = arena_strdup(&f->arena, section);
        k->key = arena_strdup(&f->arena, key);
    }
    k->value = arena_strdup(&f->arena, value);
}

const char *fragments_get(const struct fragments *f, const char *section, const char *key)
{
    const struct fragment_key *k = find(f, section, key);
    return k ? k->value : NULL;
}

/* A path that is relative to the fragment's folder, made absolute; anything else as it is. */
static const char *absolute(struct fragments *f, const char *section, const char *value,
                            const char *folder)
{
    int file = value[0] == '@';
    const char *path = value + file;
    int plugin = strcmp(section, "plugins") == 0 && strchr(path, '/') != NULL;
    if ((!file && !plugin) || path[0] == '/' || !folder) return value;
    return arena_printf(&f->arena, "%s%s/%s", file ? "@" : "", folder, path);
}

static char *trim(char *s)
{
    size_t len = strlen(s);
    const char *start = text_trim(s, &len);
    char *begin = s + (start - s);
    begin[len] = '\0';
    return begin;
}

static int add_line(struct fragments *f, char *line, char section[64], const char *folder)
{
    if (!*line || *line == ';' || *line == '#') return 0;
    if (*line == '[') {
        char *end = strchr(line, ']');
        if (!end) return -1;
        *end = '\0';
        snprintf(section, 64, "%s", trim(line + 1));
        return 0;
    }
    char *equals = strchr(line, '=');
    if (!equals || !section[0]) return -1;
    *equals = '\0';
    fragments_set(f, section, trim(line), absolute(f, section, trim(equals + 1), folder));
    return 0;
}

int fragments_add(struct fragments *f, const char *ini, const char *folder, char *error, size_t cap)
{
    char *copy = xstrdup(ini), section[64] = "";
    int number = 0, rc = 0;
    for (char *line = copy; line && rc == 0;) {
        char *next = strchr(line, '\n');
        if (next) *next++ = '\0';
        number++;
        rc = add_line(f, trim(line), section, folder);
        if (rc != 0)
            snprintf(error, cap, "line %d: write [section] and, below it, key = value", number);
        line = next;
    }
    free(copy);
    return rc;
}

int file_slurp(const char *file, struct buf *out)
{
    FILE *in = fopen(file, "re");
    char block[4096];
    size_t n;
    if (!in) return -1;
    while ((n = fread(block, 1, sizeof block, in)) > 0) buf_add(out, block, n);
    int failed = ferror(in);
    fclose(in);
    if (failed) errno = EIO;
    return failed ? -1 : 0;
}

int fragments_add_file(struct fragments *f, const char *file, char *error, size_t cap)
{
    char folder[PATH_MAX], what[200];
    struct buf ini = { 0 };
    if (file_slurp(file, &ini) != 0) {
        int missing = errno == ENOENT;
        if (!missing) snprintf(error, cap, "%s: cannot be read: %s", file, strerror(errno));
        buf_free(&ini);
        return missing ? 1 : -1;
    }
    if (!realpath(file, folder)) folder[0] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash) *slash = '\0';
    int rc = fragments_add(f, buf_str(&ini), folder, what, sizeof what);
    if (rc != 0) snprintf(error, cap, "%s: %s", file, what);
    buf_free(&ini);
    return rc;
}

void fragments_write(const struct fragments *f, struct buf *out)
{
    for (size_t i = 0; i < f->count; i++) {
        const char *section = f->keys[i].section;
        size_t before = 0;
        while (strcmp(f->keys[before].section, section) != 0) before++;
        if (before < i) continue; /* the section is written already */
        buf_addf(out, "[%s]\n", section);
        for (size_t k = i; k < f->count; k++)
            if (strcmp(f->keys[k].section, section) == 0)
                buf_addf(out, "%s = %s\n", f->keys[k].key, f->keys[k].value);
    }
}

void fragments_free(struct fragments *f)
{
    free(f->keys);
    arena_free(&f->arena);
    memset(f, 0, sizeof *f);
}
