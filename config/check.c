/* check.c - entries, environment and declarations become values and errors.
 *
 * Invariant: after a check every declared key has a value, its default at worst. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"
#include "core/base/log.h"
#include "core/base/text.h"

/* Where one key's word comes from. */
struct word {
    const char *written;
    enum config_source source;
    int line;
    int is_file; /* the value is @file */
    const char *variable;
};

static struct word word_find(struct config *c, const struct config_key *spec)
{
    struct word word = { .source = FROM_DEFAULT, .line = -1 };
    const char *value = config_env(c, spec->section, spec->key, spec->env, &word.variable);
    if (value) {
        size_t len = strlen(value);
        value = text_trim(value, &len);
        word.written = arena_strndup(&c->arena, value, len);
        word.source = FROM_ENV;
        return word;
    }
    const struct entry *e = config_entry(c, FROM_LOCAL, spec->section, spec->key);
    if (!e) e = config_entry(c, FROM_INI, spec->section, spec->key);
    if (e) {
        word.written = e->value;
        word.source = e->source;
        word.line = e->line;
        word.is_file = !e->quoted && e->value[0] == '@';
        return word;
    }
    word.written = spec->fallback ? spec->fallback : "";
    return word;
}

static void word_fail(struct config *c, const struct word *word, const struct config_key *spec,
                      const char *why)
{
    const char *shown = "";
    if (spec->type != CONFIG_SECRET && !word->is_file && *word->written)
        shown = arena_printf(&c->arena, " = %s", config_show(c, word->written));
    if (word->source == FROM_ENV)
        config_fail(c, FROM_ENV, -1, "environment %s%s %s", word->variable, shown, why);
    else if (word->source == FROM_DEFAULT)
        config_fail(c, FROM_DEFAULT, -1, "[%s] %s: the default%s %s", spec->section, spec->key,
                    shown, why);
    else
        config_fail(c, word->source, word->line, "%s%s %s", spec->key, shown, why);
}

/* The content of @file, or NULL after an error. A path may be the secret itself, so that of a
 * secret is not shown. */
static const char *read_at_file(struct config *c, const struct word *word,
                                const struct config_key *spec)
{
    struct buf content = { 0 };
    const char *text = NULL;
    const char *name = word->written + 1;
    const char *shown = spec->type == CONFIG_SECRET ? "file" : config_show(c, name);
    const char *path = config_absolute(c, name);
    const char *why = NULL;
    if (!*name)
        why = "names no file after '@'; write @file, or put the value in quotes";
    else if (config_slurp(path, CONFIG_LINE_MAX, &content) < 0)
        why = arena_printf(&c->arena,
                           "cannot be read from @%s (%s); mend the path or its rights, or put "
                           "a value that begins with @ in quotes",
                           shown, errno == EFBIG ? "it is larger than 64 KiB" : strerror(errno));
    else if (strlen(buf_str(&content)) != content.len)
        why = arena_printf(&c->arena,
                           "cannot be read from @%s (it has a NUL byte); name a text file", shown);
    if (why) {
        word_fail(c, word, spec, why);
    } else {
        size_t len = content.len;
        if (len && content.data[len - 1] == '\n') len--;
        if (len && content.data[len - 1] == '\r') len--;
        text = arena_strndup(&c->arena, buf_str(&content), len);
    }
    if (content.data) explicit_bzero(content.data, content.cap);
    buf_free(&content);
    return text;
}

static const char *word_origin(struct config *c, const struct word *word)
{
    if (word->source == FROM_ENV) return arena_printf(&c->arena, "environment %s", word->variable);
    if (word->source == FROM_DEFAULT) return "default";
    return arena_printf(&c->arena, "%s:%d", config_source_file(c, word->source), word->line);
}

static void check_key(struct config *c, struct key *key)
{
    const struct config_key *spec = &key->spec;
    struct word word = word_find(c, spec);
    struct buf why = { 0 };
    const char *written = word.written;
    if (word.is_file) written = read_at_file(c, &word, spec);
    int failed = !written;
    if (written && config_convert(c, spec, written, &key->text, &key->number, &why) < 0) {
        word_fail(c, &word, spec, buf_str(&why));
        failed = 1;
    }
    key->origin = word_origin(c, &word);
    if (key->base && word.source == FROM_DEFAULT) { /* checked before: it was declared before */
        key->text = key->base->text;
        key->number = key->base->number;
        key->origin = key->base->origin;
        failed = 0;
    }
    if (failed) {
        buf_clear(&why);
        const char *fallback = spec->fallback ? spec->fallback : "";
        key->origin = "default";
        if (config_convert(c, spec, fallback, &key->text, &key->number, &why) < 0) {
            key->text = "";
            key->number = 0;
        }
    }
    if (spec->type == CONFIG_SECRET) log_secret(key->text);
    buf_free(&why);
}

/* The plugin that a section is of: "waha.toko2" is of waha. */
static const struct config_plugin *plugin_of_section(const struct config *c, const char *section)
{
    for (size_t i = 0; i < c->plugin_count; i++)
        if (!strcmp(c->plugins[i].name, section) || config_name_in(c->plugins[i].name, section))
            return &c->plugins[i];
    return NULL;
}

static int is_declared(const struct config *c, const char *section)
{
    for (size_t i = 0; i < c->declared_count; i++)
        if (!strcmp(c->declared[i], section)) return 1;
    return 0;
}

static void check_key_name(struct config *c, const struct entry *e)
{
    const char **names = xcalloc(c->key_count, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < c->key_count; i++) {
        const struct config_key *spec = &c->key_list[i]->spec;
        if (strcmp(spec->section, e->section) != 0) continue;
        names[count++] = spec->key;
        if (!strcmp(spec->key, e->key)) goto out;
    }
    const char *near = text_nearest(e->key, names, count);
    if (near)
        config_fail(c, e->source, e->line, "[%s] has no key '%s'; did you mean '%s'?", e->section,
                    e->key, near);
    else if (count)
        config_fail(c, e->source, e->line,
                    "[%s] has no key '%s'; remove it, or see bot.ini.example", e->section, e->key);
    else
        config_fail(c, e->source, e->line, "[%s] has no key '%s', and no other; remove it",
                    e->section, e->key);
out:
    free(names);
}

/* A section nobody knows may belong to a plugin that is not listed; it is an error only when it
 * looks like a misspelling of one that is known. Two edits at most: plugins' names are alike. */
static void check_section_name(struct config *c, const struct entry *e)
{
    const char **names = xcalloc(c->declared_count + c->plugin_count + 1, sizeof *names);
    size_t count = 0;
    names[count++] = "plugins";
    for (size_t i = 0; i < c->declared_count; i++) names[count++] = c->declared[i];
    for (size_t i = 0; i < c->plugin_count; i++) names[count++] = c->plugins[i].name;
    const char *near = text_nearest(e->section, names, count);
    if (near && (text_equal_nocase(near, e->section) || text_distance(near, e->section, 2) <= 2))
        config_fail(c, e->source, e->line, "there is no section [%s]; did you mean [%s]?",
                    e->section, near);
    free(names);
}

static void check_entries(struct config *c)
{
    const char *told = NULL; /* the section that was reported last: once is enough */
    for (size_t i = 0; i < c->entry_count; i++) {
        const struct entry *e = &c->entries[i];
        if (!e->section || !strcmp(e->section, "plugins")) continue;
        const struct config_plugin *plugin = plugin_of_section(c, e->section);
        if (is_declared(c, e->section)) {
            if (!plugin || plugin->on) check_key_name(c, e);
        } else if (plugin && is_declared(c, plugin->name)) {
            if (!(told && !strcmp(told, e->section)))
                config_fail(c, e->source, e->line,
                            "there is no section [%s]: %s has only [%s]; put its keys there",
                            told = e->section, plugin->name, plugin->name);
        } else if (!plugin && !(told && !strcmp(told, e->section))) {
            size_t before = c->error_count;
            check_section_name(c, e);
            if (c->error_count > before) told = e->section;
        }
        if (e->source == FROM_LOCAL && !strcmp(e->section, "core") && !strcmp(e->key, "data_dir"))
            config_fail(c, FROM_LOCAL, e->line,
                        "data_dir cannot be moved from inside it; write it in "
                        "bot.ini");
    }
}

static int error_order(const void *a, const void *b)
{
    const struct error *x = a, *y = b;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return strcmp(x->text, y->text);
}

size_t config_check(struct config *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->error_count; i++)
        if (!c->errors[i].of_check) c->errors[kept++] = c->errors[i];
    c->error_count = kept;
    c->checking = 1;
    check_entries(c);
    for (size_t i = 0; i < c->key_count; i++) check_key(c, c->key_list[i]);
    c->checking = 0;
    if (c->error_count) qsort(c->errors, c->error_count, sizeof *c->errors, error_order);
    return c->error_count;
}
