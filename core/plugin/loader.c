/* loader.c - plugin files: a private copy, dlopen, the checks, init() into a registry.
 *
 * glibc hands out old code for a path that is still open, and a library that is overwritten while
 * it is mapped kills the process; so each file is copied to a name in data_dir/plugin-cache that is
 * never used again, and that copy is opened. Nothing is ever closed: code may still be pointed to.
 * A plugin that is refused leaves nothing behind, because the registry it would be in is built
 * again without it. */
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../config/config.h"
#include "../base/log.h"
#include "../host.h"
#include "../message/texts.h"
#include "../people/people.h"
#include "../storage/statement.h"
#include "api.h"

#define SYMBOL "bot_plugin_v1"
enum { PROBLEM = 400 };

/* A plugin file that has been opened; kept by the host so that a second registry needs no second
 * copy. */
struct library {
    char *name, *file, *copy;
    void *handle;
    const struct bot_manifest *manifest;
    char problem[PROBLEM]; /* why it is refused, or "" */
};

static int is_elf_here(const Elf64_Ehdr *e)
{
    Elf64_Half machine =
#if defined(__x86_64__)
        EM_X86_64;
#elif defined(__aarch64__)
        EM_AARCH64;
#else
        EM_NONE;
#endif
    if (memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 || e->e_phentsize != sizeof(Elf64_Phdr)) return 0;
    return e->e_type == ET_DYN && (machine == EM_NONE || e->e_machine == machine);
}

/* Whether all that is to be mapped is in the file: the loader would map a file that is cut short,
 * and die of it. */
static int is_whole(int fd, const Elf64_Ehdr *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0) return 0;
    for (unsigned i = 0; i < e->e_phnum; i++) {
        Elf64_Phdr p;
        if (pread(fd, &p, sizeof p, (off_t)(e->e_phoff + i * sizeof p)) != (ssize_t)sizeof p)
            return 0;
        if (p.p_offset > (uint64_t)st.st_size || p.p_filesz > (uint64_t)st.st_size - p.p_offset)
            return 0;
    }
    return e->e_phnum > 0;
}

static int check_file(struct library *lib)
{
    Elf64_Ehdr e;
    int fd = open(lib->copy ? lib->copy : lib->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(lib->problem, sizeof lib->problem, "%s: %s; build or install it, or set %s = off",
                 lib->file, strerror(errno), lib->name);
        return -1;
    }
    if (read(fd, &e, sizeof e) != (ssize_t)sizeof e || !is_elf_here(&e))
        snprintf(lib->problem, sizeof lib->problem,
                 "%s is no shared library for this machine: build it here", lib->file);
    else if (!is_whole(fd, &e))
        snprintf(lib->problem, sizeof lib->problem, "%s is cut short: copy or build it again",
                 lib->file);
    close(fd);
    return *lib->problem ? -1 : 0;
}

static int copy_bytes(int in, int out, struct library *lib)
{
    char block[65536];
    ssize_t n;
    size_t total = 0;
    while ((n = read(in, block, sizeof block)) > 0) {
        if (write(out, block, (size_t)n) != n) break;
        total += (size_t)n;
    }
    if (n == 0 && total) return 0;
    snprintf(lib->problem, sizeof lib->problem, "%s cannot be copied: %s", lib->file,
             n == 0 ? "it is empty" : strerror(errno));
    return -1;
}

static int make_copy(struct host *h, struct library *lib)
{
    static unsigned number; /* with the start's own random name: never used twice */
    struct buf path = { 0 };
    buf_addf(&path, "%s/plugin-cache/%s.%s.%u.so", h->data_dir, lib->name, h->instance, ++number);
    lib->copy = buf_take(&path);
    int rc = -1, out = -1;
    int in = open(lib->file, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        snprintf(lib->problem, sizeof lib->problem, "%s: %s; build or install it, or set %s = off",
                 lib->file, strerror(errno), lib->name);
        goto out;
    }
    out = open(lib->copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
    if (out < 0)
        snprintf(lib->problem, sizeof lib->problem, "%s: %s", lib->copy, strerror(errno));
    else
        rc = copy_bytes(in, out, lib);
out:
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    return rc;
}

/* Names of the core's own, and those with which its tables' names, or SQLite's, begin. */
static int is_taken(const char *name)
{
    static const char *const taken[] = { "core", "sqlite", "store", "search" };
    for (size_t i = 0; i < BOT_COUNT(taken); i++)
        if (!strcmp(name, taken[i])) return 1;
    return 0;
}

static int check_manifest(struct library *lib)
{
    const struct bot_manifest *m = lib->manifest;
    char *out = lib->problem;
    if (m->size < offsetof(struct bot_manifest, start))
        snprintf(out, PROBLEM, "%s: its manifest is cut short", lib->file);
    else if (m->sdk_version >> 16 != BOT_SDK_MAJOR)
        snprintf(out, PROBLEM, "%s is built for SDK %u.%u, this host has %d.%d: build it again",
                 lib->file, m->sdk_version >> 16, m->sdk_version & 0xffff, BOT_SDK_MAJOR,
                 BOT_SDK_MINOR);
    else if ((m->sdk_version & 0xffff) > BOT_SDK_MINOR || m->api_size > sizeof(struct bot_api))
        snprintf(out, PROBLEM, "%s needs SDK %u.%u, this host has %d.%d: install a newer Tokobot",
                 lib->file, m->sdk_version >> 16, m->sdk_version & 0xffff, BOT_SDK_MAJOR,
                 BOT_SDK_MINOR);
    else if (!m->name || !m->version || !m->init)
        snprintf(out, PROBLEM, "%s: its manifest lacks a name, a version or init()", lib->file);
    else if (strcmp(m->name, lib->name) != 0)
        snprintf(out, PROBLEM, "%s calls itself \"%s\": write %s = on", lib->file, m->name,
                 m->name);
    else if (is_taken(m->name))
        snprintf(out, PROBLEM, "%s: the name \"%s\" is taken", lib->file, m->name);
    return *out ? -1 : 0;
}

static void library_open(struct host *h, struct library *lib)
{
    if ((!h->share_plugins && make_copy(h, lib) < 0) || check_file(lib) < 0) return;
    lib->handle = dlopen(lib->copy ? lib->copy : lib->file, RTLD_NOW | RTLD_LOCAL);
    if (!lib->handle) {
        snprintf(lib->problem, sizeof lib->problem, "%s: %s", lib->file, dlerror());
        return;
    }
    lib->manifest = dlsym(lib->handle, SYMBOL);
    if (!lib->manifest)
        snprintf(lib->problem, sizeof lib->problem, "%s exports no " SYMBOL ": use BOT_PLUGIN",
                 lib->file);
    else
        check_manifest(lib);
}

static char *library_path(struct host *h, const struct config_plugin *p)
{
    struct buf path = { 0 };
    if (p->path)
        buf_adds(&path, p->path);
    else
        buf_addf(&path, "%s/%s.so", h->plugin_folder, p->name);
    return buf_take(&path);
}

/* ---- one registry ---------------------------------------------------------------------------- */

static void provide_core(struct registry *r)
{
    const struct {
        const char *name;
        const void *table;
    } services[] = {
        { "stores/0", &stores_service },
        { "people/0", &people_service },
        { "gateways/0", &gateways_service },
    };
    for (size_t i = 0; i < BOT_COUNT(services); i++) {
        struct service *s = arena_zalloc(&r->arena, sizeof *s);
        *s = (struct service){ NULL, services[i].name, services[i].table, NULL };
        map_put(&r->services, s->name, s);
    }
}

static struct plugin *plugin_new(struct registry *r, const struct library *lib)
{
    struct plugin *p = arena_zalloc(&r->arena, sizeof *p);
    const struct bot_manifest *m = lib->manifest;
    p->name = arena_strdup(&r->arena, lib->name);
    p->version = arena_strdup(&r->arena, m->version);
    p->file = arena_strdup(&r->arena, lib->file);
    p->manifest = m;
    p->handle = lib->handle;
    p->registry = r;
    p->order = (unsigned)r->plugin_count;
    char *prefix = arena_printf(&r->arena, "%s_", lib->name);
    for (char *s = prefix; *s; s++)
        if (*s == '-') *s = '_';
    p->table_prefix = prefix;
    r->plugins = xrealloc(r->plugins, (r->plugin_count + 1) * sizeof(struct plugin *));
    r->plugins[r->plugin_count++] = p;
    return p;
}

static int init_plugin(struct registry *r, struct library *lib)
{
    struct plugin *p = plugin_new(r, lib);
    const struct bot_manifest *m = lib->manifest;
    int has_texts = m->size >= offsetof(struct bot_manifest, texts) + sizeof m->texts && m->texts;
    char error[300];
    r->problem = NULL;
    if (has_texts && !(p->texts = texts_parse(m->texts, error, sizeof error))) {
        snprintf(lib->problem, sizeof lib->problem, "%s: its texts: %s", lib->name, error);
        return -1;
    }
    p->initialising = 1;
    int rc = m->init(&host_api, (struct bot_plugin *)(void *)p);
    p->initialising = 0;
    if (rc == BOT_OK && !r->problem) return 0;
    snprintf(lib->problem, sizeof lib->problem, "%s: %s", lib->name,
             r->problem ? r->problem : "its init() failed");
    return -1;
}

static int check_requires(struct registry *r, struct library *lib)
{
    const char *list = lib->manifest->requires_services;
    if (!list) return 0;
    char *copy = xstrdup(list), *rest = NULL;
    int rc = 0;
    for (char *name = strtok_r(copy, " ", &rest); name && rc == 0;
         name = strtok_r(NULL, " ", &rest)) {
        if (map_get(&r->services, name)) continue;
        snprintf(lib->problem, sizeof lib->problem,
                 "%s needs the service %s, which no plugin that is on provides", lib->name, name);
        rc = -1;
    }
    free(copy);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct command *const *)a)->spec.name,
                  (*(struct command *const *)b)->spec.name);
}

/* NULL when one of the libraries was refused on the way: its `problem` says why, and it is to be
 * built again. */
static struct registry *build(struct host *h, struct library *libs, size_t count)
{
    struct registry *r = xcalloc(1, sizeof *r);
    r->host = h;
    provide_core(r);
    int ok = 1;
    for (size_t i = 0; i < count && ok; i++)
        if (!*libs[i].problem) ok = init_plugin(r, &libs[i]) == 0;
    for (size_t i = 0; i < count && ok; i++)
        if (!*libs[i].problem) ok = check_requires(r, &libs[i]) == 0;
    if (r->command_count)
        qsort(r->command_list, r->command_count, sizeof(struct command *), by_name);
    if (ok) return r;
    registry_free(r);
    return NULL;
}

static void libraries_free(struct library *libs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(libs[i].name);
        free(libs[i].file);
        free(libs[i].copy);
    }
    free(libs);
}

static int is_excluded(const struct host *h, const char *name)
{
    for (size_t i = 0; i < h->excluded_count; i++)
        if (!strcmp(h->excluded[i], name)) return 1;
    return 0;
}

struct registry *registry_load(struct host *h, struct config *config, struct buf *problems)
{
    size_t count = 0, used = 0;
    const struct config_plugin *list = config_plugins(config, &count);
    struct library *libs = xcalloc(count + 1, sizeof *libs);
    for (size_t i = 0; i < count; i++) {
        if (!list[i].on || is_excluded(h, list[i].name)) continue;
        struct library *lib = &libs[used++];
        lib->name = xstrdup(list[i].name);
        lib->file = library_path(h, &list[i]);
        library_open(h, lib);
    }
    struct registry *r;
    while (!(r = build(h, libs, used))) continue;
    for (size_t i = 0; i < used; i++)
        if (*libs[i].problem) buf_addf(problems, "%s\n", libs[i].problem);
    libraries_free(libs, used);
    return r;
}

void registry_free(struct registry *r)
{
    if (!r) return;
    size_t at = 0;
    for (size_t i = 0; i < r->plugin_count; i++) {
        statements_free(r->plugins[i]);
        texts_free(r->plugins[i]->texts);
        map_free(&r->plugins[i]->counters);
    }
    for (struct hook_list *list; (list = map_next(&r->hooks, &at, NULL));) free(list->hooks);
    map_free(&r->commands);
    map_free(&r->hooks);
    map_free(&r->dialogs);
    map_free(&r->routes);
    map_free(&r->services);
    map_free(&r->gateways);
    free(r->plugins);
    free(r->command_list);
    free(r->command_names);
    free(r->schedules);
    free(r->person_columns);
    arena_free(&r->arena);
    free(r);
}
