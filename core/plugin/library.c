/* library.c - see library.h. */
#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/buf.h"
#include "elf.h"

#define SYMBOL "bot_plugin_v1"

struct library *library_new(const char *name, const char *file, const char *copy)
{
    struct library *lib = xcalloc(1, sizeof *lib);
    lib->name = xstrdup(name);
    lib->file = xstrdup(file);
    lib->copy = xstrdup(copy);
    return lib;
}

void library_free(struct library *lib, int close)
{
    if (!lib) return;
    if (close && lib->handle) dlclose(lib->handle);
    if (lib->copy && (close || !lib->handle)) unlink(lib->copy);
    free(lib->name);
    free(lib->file);
    free(lib->copy);
    free(lib);
}

/* ---- the copy -------------------------------------------------------------------------------- */

static void id_of(struct library_id *id, const struct stat *st)
{
    id->device = (uint64_t)st->st_dev;
    id->inode = (uint64_t)st->st_ino;
    id->size = (uint64_t)st->st_size;
    /* When something of it was last written, even by a program that puts the old date back. */
    id->changed_ns = (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec;
}

int library_is_current(const struct library *lib, const char *file)
{
    struct stat st;
    struct library_id now = { 0 };
    if (strcmp(lib->file, file) != 0 || stat(file, &st) < 0) return 0;
    id_of(&now, &st);
    return !memcmp(&now, &lib->id, sizeof now);
}

static int copy_bytes(int in, int out, struct library *lib)
{
    char block[65536];
    unsigned char sum[LIBRARY_BUILD / 2];
    crypto_generichash_state state;
    ssize_t n;
    int is_copied = 1;
    crypto_generichash_init(&state, NULL, 0, 16);
    while ((n = read(in, block, sizeof block)) > 0) {
        crypto_generichash_update(&state, (unsigned char *)block, (size_t)n);
        errno = ENOSPC; /* a short write says nothing */
        if (write(out, block, (size_t)n) != n) {
            is_copied = 0;
            break;
        }
    }
    if (n == 0 && is_copied) {
        unsigned char whole[16];
        crypto_generichash_final(&state, whole, sizeof whole);
        memcpy(sum, whole, sizeof sum);
        sodium_bin2hex(lib->build, sizeof lib->build, sum, sizeof sum);
        return 0;
    }
    snprintf(lib->problem, sizeof lib->problem, "%s cannot be copied: %s; %s", lib->file,
             strerror(errno), is_copied ? "name a plugin's file" : "make room for it in data_dir");
    return -1;
}

int library_copy(struct library *lib)
{
    struct stat st;
    int rc = -1, out = -1;
    int in =
        open(lib->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait for its writer */
    if (in < 0 || fstat(in, &st) < 0) {
        snprintf(lib->problem, sizeof lib->problem, "%s: %s; build or install it, or set %s = off",
                 lib->file, strerror(errno), lib->name);
        goto out;
    }
    id_of(&lib->id, &st);
    if (!S_ISREG(st.st_mode)) {
        snprintf(lib->problem, sizeof lib->problem,
                 "%s cannot be copied: it is no regular file; name a plugin's .so", lib->file);
        goto out;
    }
    if (lib->copy) {
        out = open(lib->copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
        if (out < 0) {
            snprintf(lib->problem, sizeof lib->problem,
                     "%s: %s; data_dir must be writable for the bot", lib->copy, strerror(errno));
            goto out;
        }
    }
    rc = lib->copy ? copy_bytes(in, out, lib) : 0;
out:
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    return rc;
}

/* ---- the checks ------------------------------------------------------------------------------ */

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
        snprintf(out, LIBRARY_PROBLEM,
                 "%s: its manifest is cut short (%u bytes): use BOT_PLUGIN and build it again",
                 lib->file, m->size);
    else if (m->sdk_version >> 16 != BOT_SDK_MAJOR)
        snprintf(out, LIBRARY_PROBLEM,
                 "%s is built for SDK %u.%u, this host has %d.%d: build it again", lib->file,
                 m->sdk_version >> 16, m->sdk_version & 0xffff, BOT_SDK_MAJOR, BOT_SDK_MINOR);
    else if ((m->sdk_version & 0xffff) > BOT_SDK_MINOR || m->api_size > sizeof(struct bot_api))
        snprintf(out, LIBRARY_PROBLEM,
                 "%s needs SDK %u.%u, this host has %d.%d: install a newer Tokobot", lib->file,
                 m->sdk_version >> 16, m->sdk_version & 0xffff, BOT_SDK_MAJOR, BOT_SDK_MINOR);
    else if (!m->name || !m->version || !m->init)
        snprintf(out, LIBRARY_PROBLEM,
                 "%s: its manifest lacks a name, a version or init(): fill BOT_PLUGIN's arguments",
                 lib->file);
    else if (strcmp(m->name, lib->name) != 0)
        snprintf(out, LIBRARY_PROBLEM, "%s calls itself \"%s\": write %s = on", lib->file, m->name,
                 m->name);
    else if (is_taken(m->name))
        snprintf(out, LIBRARY_PROBLEM, "%s: the name \"%s\" is taken: choose another", lib->file,
                 m->name);
    return *out ? -1 : 0;
}

int library_check(struct library *lib)
{
    const char *opened = lib->copy ? lib->copy : lib->file;
    if (elf_check_rights(lib->file, lib->problem) < 0) return -1;
    return elf_check(opened, lib->file, lib->problem);
}

int library_open(struct library *lib)
{
    lib->handle = dlopen(lib->copy ? lib->copy : lib->file, RTLD_NOW | RTLD_LOCAL);
    if (!lib->handle) {
        snprintf(lib->problem, sizeof lib->problem, "%s: %s", lib->file, dlerror());
        return -1;
    }
    lib->manifest = dlsym(lib->handle, SYMBOL);
    if (lib->manifest) return check_manifest(lib);
    snprintf(lib->problem, sizeof lib->problem, "%s exports no " SYMBOL ": use BOT_PLUGIN",
             lib->file);
    return -1;
}
