/* SPDX-License-Identifier: MIT
 * test_texts_pairs.c - what is said in one language is said in the other: the same keys, the same
 * placeholders, in every texts folder of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 1000, NAMES_MAX = 16 };

struct entry {
    char key[80];
    char names[NAMES_MAX][40]; /* of its placeholders, sorted, each once */
    int name_count;
};

/* One language's file. */
struct texts_file {
    struct entry entries[TEXTS_MAX];
    size_t count;
};

/* The tree's top: this file is tests/unit/NAME.c. */
static void tree_path(char *out, size_t cap, const char *path)
{
    char here[1024];
    snprintf(here, sizeof here, "%s", __FILE__);
    for (int i = 0; i < 3; i++) {
        char *slash = strrchr(here, '/');
        if (slash)
            *slash = '\0';
        else
            strcpy(here, ".");
    }
    snprintf(out, cap, "%s/%s", here, path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void placeholder_add(struct entry *e, const char *s, size_t len)
{
    char name[40];
    assert_true(len < sizeof name);
    memcpy(name, s, len);
    name[len] = '\0';
    for (int i = 0; i < e->name_count; i++)
        if (strcmp(e->names[i], name) == 0) return;
    assert_true(e->name_count < NAMES_MAX);
    strcpy(e->names[e->name_count++], name);
}

static void placeholders_read(struct entry *e, const char *s)
{
    while ((s = strchr(s, '{'))) {
        if (s[1] == '{') {
            s += 2;
            continue;
        }
        placeholder_add(e, s + 1, strcspn(s + 1, "}:|"));
        s++;
    }
    qsort(e->names, (size_t)e->name_count, sizeof e->names[0], by_name);
}

static void line_read(struct texts_file *t, char *line, const char *section)
{
    char *equals = strchr(line, '=');
    if (!equals) fail_msg("no = in: %s", line);
    char *end = equals;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t')) end--;
    *end = '\0';
    assert_true(t->count < TEXTS_MAX);
    struct entry *e = &t->entries[t->count++];
    snprintf(e->key, sizeof e->key, "%s%s", section, line);
    placeholders_read(e, equals + 1);
}

static struct texts_file *file_read(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("%s is missing", path);
    struct texts_file *t = calloc(1, sizeof *t);
    char line[8192], section[80] = "";
    while (fgets(line, sizeof line, f)) {
        char *s = line + strspn(line, " \t");
        s[strcspn(s, "\r\n")] = '\0';
        if (*s == '\0' || *s == '#' || *s == ';') continue;
        if (*s == '[')
            snprintf(section, sizeof section, "%.*s.", (int)strcspn(s + 1, "]"), s + 1);
        else
            line_read(t, s, section);
    }
    fclose(f);
    return t;
}

static const struct entry *entry_find(const struct texts_file *t, const char *key)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->entries[i].key, key) == 0) return &t->entries[i];
    return NULL;
}

/* Every key of `a` is in `b`, with the same placeholders. Returns how many are not. */
static int compare(const struct texts_file *a, const struct texts_file *b, const char *path)
{
    int wrong = 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct entry *e = &a->entries[i], *o = entry_find(b, e->key);
        int same = o && o->name_count == e->name_count;
        for (int k = 0; same && k < e->name_count; k++)
            same = strcmp(e->names[k], o->names[k]) == 0;
        if (same) continue;
        print_error("%s: %s %s\n", path, e->key, o ? "has other placeholders" : "is missing");
        wrong++;
    }
    return wrong;
}

/* Returns how many folders matched. */
static size_t folders_check(const char *pattern, int *wrong)
{
    char path[1200];
    glob_t found;
    tree_path(path, sizeof path, pattern);
    if (glob(path, 0, NULL, &found) != 0) return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char id[1300], en[1300];
        snprintf(id, sizeof id, "%s/id.ini", found.gl_pathv[i]);
        snprintf(en, sizeof en, "%s/en.ini", found.gl_pathv[i]);
        struct texts_file *a = file_read(id), *b = file_read(en);
        assert_true(a->count > 0);
        *wrong += compare(a, b, en) + compare(b, a, id);
        free(a);
        free(b);
    }
    size_t n = found.gl_pathc;
    globfree(&found);
    return n;
}

static void both_languages_say_the_same(void **state)
{
    (void)state;
    int wrong = 0;
    assert_true(folders_check("plugins/*/texts", &wrong) >= 2);
    assert_int_equal(folders_check("core/texts", &wrong), 1);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(both_languages_say_the_same) };
    return cmocka_run_group_tests_name("texts in pairs", tests, NULL, NULL);
}
