/* config.c - bot.ini as a whole: reading, declaring, values, errors. See config.h.
 *
 * Invariant: what is handed out (values, errors, names) lives in the arena until config_free(),
 * also across further checks. */
#include "config/config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/internal.h"
#include "core/base/text.h"

enum { ERRORS_MAX = 200, SHOWN_BYTES = 60 };

/* ---- errors ---------------------------------------------------------------------------------- */

const char *config_source_file(const struct config *c, enum config_source source)
{
    return source == FROM_LOCAL ? c->local_file : c->file;
}

static void error_add(struct config *c, enum config_source source, int line, const char *text)
{
    if (c->error_count > ERRORS_MAX) return;
    if (c->error_count == ERRORS_MAX) {
        text = arena_printf(&c->arena, "%s:0: there are more errors; mend these first", c->file);
        source = FROM_DEFAULT;
        line = INT_MAX;
    }
    CONFIG_GROW(c->errors, c->error_count, c->error_cap);
    c->errors[c->error_count++] = (struct error){ text, source, line, c->checking };
}

void config_fail(struct config *c, enum config_source source, int line, const char *fmt, ...)
{
    struct buf text = { 0 };
    char what[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (line >= 0) buf_addf(&text, "%s:%d: ", config_source_file(c, source), line);
    buf_adds(&text, what);
    error_add(c, source, line, arena_strdup(&c->arena, buf_str(&text)));
    buf_free(&text);
}

void config_add_error(struct config *c, const char *file, int line, const char *fmt, ...)
{
    struct buf text = { 0 };
    char what[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (line >= 0)
        buf_addf(&text, "%s:%d: %s", file, line, what);
    else
        buf_addf(&text, "%s: %s", file, what);
    int ours = !strcmp(file, c->file);
    error_add(c, ours ? FROM_INI : FROM_DEFAULT, line, arena_strdup(&c->arena, buf_str(&text)));
    buf_free(&text);
}

size_t config_error_count(const struct config *c)
{
    return c->error_count;
}

const char *config_error(const struct config *c, size_t i)
{
    return i < c->error_count ? c->errors[i].text : "";
}

const char *config_show(struct config *c, const char *value)
{
    char clean[SHOWN_BYTES + 1];
    size_t len = strlen(value);
    text_clean(clean, sizeof clean, value, len);
    for (char *p = clean; *p; p++)
        if (*p == '\n' || *p == '\t') *p = ' ';
    return arena_printf(&c->arena, "%s%s", clean, len > SHOWN_BYTES ? "..." : "");
}

/* ---- paths and environment ------------------------------------------------------------------- */

const char *config_absolute(struct config *c, const char *path)
{
    if (*path == '/') return arena_strdup(&c->arena, path);
    while (!strncmp(path, "./", 2)) path += 2;
    const char *slash = strcmp(c->folder, "/") ? "/" : "";
    return arena_printf(&c->arena, "%s%s%s", c->folder, slash, path);
}

static const char *absolute_folder(struct config *c, const char *file)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    char *dir = slash ? arena_strndup(&c->arena, file, slash == file ? 1 : (size_t)(slash - file))
                      : arena_strdup(&c->arena, ".");
    char *real = realpath(dir, NULL);
    if (!real && *dir == '/') return dir; /* it is not there: the file's own error will say so */
    if (!real) real = getcwd(NULL, 0);
    const char *folder = arena_strdup(&c->arena, real ? real : "/");
    free(real);
    return folder;
}

static const char *env_get(char **env, const char *name)
{
    size_t len = strlen(name);
    for (; env && *env; env++)
        if (!strncmp(*env, name, len) && (*env)[len] == '=')
            return (*env)[len + 1] ? *env + len + 1 : NULL;
    return NULL;
}

const char *config_env(struct config *c, const char *section, const char *key, const char *older,
                       const char **name)
{
    char *long_name = arena_printf(&c->arena, "TOKOBOT_%s_%s", section, key);
    for (char *p = long_name; *p; p++) {
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 32);
        else if (!(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9'))
            *p = '_';
    }
    *name = long_name;
    const char *value = env_get(c->env, long_name);
    if (!value && older) {
        *name = older;
        value = env_get(c->env, older);
    }
    return value;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void read_ini(struct config *c, int optional)
{
    struct buf data = { 0 };
    if (config_slurp(c->file, CONFIG_FILE_MAX, &data) == 0) {
        config_parse(c, FROM_INI, buf_str(&data), data.len);
    } else if (errno == ENOENT || errno == ENOTDIR) {
        if (!optional)
            config_fail(c, FROM_INI, 0,
                        "there is no such file; copy bot.ini.example to it, or name "
                        "yours with -c");
    } else if (errno == EISDIR) {
        config_fail(c, FROM_INI, 0, "this is a folder; name the file in it with -c");
    } else if (errno == EFBIG) {
        config_fail(c, FROM_INI, 0, "the file is larger than 1 MiB; is this a bot.ini?");
    } else {
        config_fail(c, FROM_INI, 0, "the file cannot be read (%s); mend its rights",
                    strerror(errno));
    }
    buf_free(&data);
}

/* data_dir has to be known before local.ini can be read, so it is found ahead of the check; a bad
 * one is reported there. */
static const char *early_data_dir(struct config *c)
{
    const char *name;
    const char *dir = config_env(c, "core", "data_dir", NULL, &name);
    const struct entry *e = dir ? NULL : config_entry(c, FROM_INI, "core", "data_dir");
    if (e && *e->value) dir = e->value;
    return dir ? dir : "data";
}

static void read_local(struct config *c)
{
    const char *written = early_data_dir(c);
    const char *slash = strrchr(c->file, '/');
    c->data_dir = config_absolute(c, written);
    /* Shown as a person would find it from where bot.ini was named. */
    c->local_file = *written == '/' || !slash
                        ? arena_printf(&c->arena, "%s/local.ini", written)
                        : arena_printf(&c->arena, "%.*s/%s/local.ini", (int)(slash - c->file),
                                       c->file, written);
    struct buf data = { 0 };
    const char *path = arena_printf(&c->arena, "%s/local.ini", c->data_dir);
    if (config_slurp(path, CONFIG_FILE_MAX, &data) == 0)
        config_parse(c, FROM_LOCAL, buf_str(&data), data.len);
    else if (errno != ENOENT && errno != ENOTDIR)
        config_fail(c, FROM_LOCAL, 0, "the file cannot be read (%s); mend its rights or remove it",
                    errno == EFBIG ? "it is larger than 1 MiB" : strerror(errno));
    buf_free(&data);
}

static void declare_core(struct config *c)
{
    for (const struct config_key *k = config_core_keys; k->section;) {
        size_t count = 1;
        while (k[count].section && !strcmp(k[count].section, k->section)) count++;
        config_declare(c, k->section, k, count);
        k += count;
    }
}

struct config *config_read(const char *file, int optional, char **env)
{
    struct config *c = xcalloc(1, sizeof *c);
    c->file = arena_strdup(&c->arena, file ? file : "bot.ini");
    c->folder = absolute_folder(c, file);
    c->env = env;
    declare_core(c);
    if (file) read_ini(c, optional);
    read_local(c);
    config_read_plugins(c);
    return c;
}

struct config *config_reread(const struct config *c)
{
    return config_read(c->file, 0, c->env);
}

void config_free(struct config *c)
{
    if (!c) return;
    map_free(&c->entry_index);
    map_free(&c->keys);
    free(c->entries);
    free(c->key_list);
    free(c->declared);
    free(c->named);
    map_free(&c->named_index);
    free(c->plugins);
    free(c->errors);
    arena_free(&c->arena);
    free(c);
}

/* ---- declaring ------------------------------------------------------------------------------- */

static const char *key_name(char out[256], const char *section, const char *key)
{
    snprintf(out, 256, "%s %s", section, key);
    return out;
}

const char *config_name_in(const char *section, const char *whole)
{
    size_t n = strlen(section);
    return whole && !strncmp(whole, section, n) && whole[n] == '.' && whole[n + 1] ? whole + n + 1
                                                                                   : NULL;
}

static int belongs_to(const char *declared, const char *section)
{
    return !strcmp(declared, section) || config_name_in(section, declared);
}

const char *config_name(const struct config *c, const char *section, size_t i)
{
    for (size_t n = 0; n < c->named_count; n++) {
        const char *name = config_name_in(section, c->named[n]);
        if (name && i-- == 0) return name;
    }
    return NULL;
}

static void forget_section(struct config *c, const char *section)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->key_count; i++) {
        struct key *key = c->key_list[i];
        char name[256];
        if (!belongs_to(key->spec.section, section))
            c->key_list[kept++] = key;
        else
            map_remove(&c->keys, key_name(name, key->spec.section, key->spec.key));
    }
    c->key_count = kept;
    kept = 0;
    for (size_t i = 0; i < c->declared_count; i++)
        if (!belongs_to(c->declared[i], section)) c->declared[kept++] = c->declared[i];
    c->declared_count = kept;
}

static const char *declare_section(struct config *c, const char *section)
{
    CONFIG_GROW(c->declared, c->declared_count, c->declared_cap);
    return c->declared[c->declared_count++] = arena_strdup(&c->arena, section);
}

static struct key *declare_key(struct config *c, const struct config_key *spec, const char *section)
{
    struct key *key = arena_zalloc(&c->arena, sizeof *key);
    char name[256];
    key->spec = *spec;
    key->spec.section = section;
    key->text = spec->fallback ? spec->fallback : "";
    key->origin = "default";
    CONFIG_GROW(c->key_list, c->key_count, c->key_cap);
    c->key_list[c->key_count++] = key;
    map_put(&c->keys, key_name(name, section, spec->key), key);
    return key;
}

/* [section.NAME]: the keys that may stand there, of those declared from `first` on. */
static void declare_named(struct config *c, const char *section, size_t first, size_t end)
{
    const char *name;
    for (size_t i = 0; (name = config_name(c, section, i)); i++) {
        const char *whole = NULL;
        for (size_t k = first; k < end; k++) {
            const struct key *base = c->key_list[k];
            if (base->spec.named == CONFIG_ONE) continue;
            if (!whole) whole = declare_section(c, arena_printf(&c->arena, "%s.%s", section, name));
            struct config_key spec = base->spec;
            spec.env = NULL; /* the older name is [section]'s */
            if (spec.named == CONFIG_OWN) spec.fallback = "";
            struct key *key = declare_key(c, &spec, whole);
            if (spec.named == CONFIG_INHERITED) key->base = base;
        }
    }
}

void config_declare(struct config *c, const char *section, const struct config_key *keys,
                    size_t count)
{
    forget_section(c, section);
    const char *own = declare_section(c, section);
    size_t first = c->key_count;
    for (size_t i = 0; i < count; i++) {
        struct config_key spec = keys[i];
        spec.key = arena_strdup(&c->arena, spec.key);
        spec.fallback = arena_strdup(&c->arena, spec.fallback);
        spec.choices = arena_strdup(&c->arena, spec.choices);
        spec.env = arena_strdup(&c->arena, spec.env);
        spec.help = arena_strdup(&c->arena, spec.help);
        declare_key(c, &spec, own);
    }
    declare_named(c, own, first, c->key_count);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const struct key *key_find(const struct config *c, const char *section, const char *key)
{
    char name[256];
    const struct key *found = map_get(&c->keys, key_name(name, section, key));
    assert(found && "a configuration key that nobody declared");
    return found;
}

const char *config_text(const struct config *c, const char *section, const char *key)
{
    const struct key *k = key_find(c, section, key);
    return k ? k->text : "";
}

int64_t config_int(const struct config *c, const char *section, const char *key)
{
    const struct key *k = key_find(c, section, key);
    return k ? k->number : 0;
}

const char *config_origin(const struct config *c, const char *section, const char *key)
{
    const struct key *k = key_find(c, section, key);
    return k ? k->origin : "default";
}

const struct config_plugin *config_plugins(const struct config *c, size_t *count)
{
    *count = c->plugin_count;
    return c->plugins;
}

const char *config_file(const struct config *c)
{
    return c->file;
}

const char *config_folder(const struct config *c)
{
    return c->folder;
}
