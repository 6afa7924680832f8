/* plugin_test.c - `tokobot plugin test DIR`: plays every *.chat file under DIR, each against a
 * fresh host in this process. The host has the plugins simulator, super-admin and catalog; a file
 * bot.ini beside the .chat, or in a folder above it up to DIR, adds and changes keys, the nearest
 * one last. */
#include "cli.h"
#include "fragments.h"
#include "playback.h"
#include "transcript.h"

#include "../base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the pieces are put on; a transcript's folder may switch any of it off again. */
static const char base_ini[] = "[core]\n"
                               "super_admin = 6281100000001\n"
                               "[plugins]\n"
                               "simulator = on\n"
                               "super-admin = on\n"
                               "catalog = on\n";

static const char usage[] =
    "usage: tokobot plugin test DIR [--filter TEXT] [--verbose] [--plugins FOLDER] [-c bot.ini]\n"
    "  plays every *.chat file under DIR (or one file) and says what was not as expected\n"
    "  --filter TEXT     only files whose path contains TEXT\n"
    "  --verbose         prints the conversations and the log\n"
    "  --plugins FOLDER  where NAME.so is looked up\n"
    "  -c bot.ini        its keys are taken first; its folders, database and secrets are not used\n";

struct options {
    const char *root, *filter, *plugins, *ini;
    int verbose;
};

struct files {
    char **paths;
    size_t count, cap;
};

struct tally {
    int passed, failed, skipped;
};

static int parse_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char **value = strcmp(argv[i], "--filter") == 0    ? &o->filter
                             : strcmp(argv[i], "--plugins") == 0 ? &o->plugins
                             : strcmp(argv[i], "-c") == 0        ? &o->ini
                                                                 : NULL;
        if (value && i + 1 < argc)
            *value = argv[++i];
        else if (strcmp(argv[i], "--verbose") == 0)
            o->verbose = 1;
        else if (argv[i][0] != '-' && !o->root)
            o->root = argv[i];
        else
            return -1;
    }
    return o->root ? 0 : -1;
}

/* ---- finding the files ----------------------------------------------------------------------- */

static void files_add(struct files *f, const char *path)
{
    if (f->count == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 64;
        f->paths = xrealloc(f->paths, f->cap * sizeof *f->paths);
    }
    f->paths[f->count++] = xstrdup(path);
}

static int is_chat(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".chat") == 0;
}

/* All *.chat below a folder, by name; hidden ones are left out. */
static void files_find(struct files *f, const char *folder)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        struct stat st;
        const char *name = entries[i]->d_name;
        int fits = snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path;
        if (name[0] != '.' && fits && lstat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                files_find(f, path);
            else if (S_ISREG(st.st_mode) && is_chat(name))
                files_add(f, path);
        }
        free(entries[i]);
    }
    free(entries);
}

/* The files to play; `root` becomes the folder where looking for bot.ini begins, without a slash at
 * its end. */
static void find_files(struct files *f, const char *path, int is_folder, char root[PATH_MAX])
{
    snprintf(root, PATH_MAX, "%s%s", is_folder || strchr(path, '/') ? "" : "./", path);
    if (!is_folder) {
        files_add(f, root);
        *strrchr(root, '/') = '\0';
        return;
    }
    for (size_t len = strlen(root); len > 1 && root[len - 1] == '/'; len--) root[len - 1] = '\0';
    files_find(f, root);
}

/* ---- one file -------------------------------------------------------------------------------- */

/* The base, -c, and each bot.ini from the root down to the file's own folder. 0, or -1 with a
 * sentence. */
static int collect_ini(const struct options *o, const char *path, struct fragments *ini,
                       char *error, size_t cap)
{
    if (fragments_add(ini, base_ini, NULL, error, cap) != 0) return -1;
    if (o->ini) {
        int rc = fragments_add_file(ini, o->ini, error, cap);
        if (rc > 0) snprintf(error, cap, "%s: no such file", o->ini);
        if (rc != 0) return -1;
    }
    for (size_t at = strlen(o->root); path[at]; at++) {
        char file[PATH_MAX];
        if (path[at] != '/') continue;
        snprintf(file, sizeof file, "%.*s/bot.ini", (int)at, path);
        if (fragments_add_file(ini, file, error, cap) < 0) return -1;
    }
    return 0;
}

static int play(const struct options *o, const char *path, const char *plugins,
                const struct transcript *t, struct buf *report)
{
    struct fragments ini = { 0 };
    char error[400], *folder = xstrdup(path), *slash = strrchr(folder, '/');
    int rc = collect_ini(o, path, &ini, error, sizeof error);
    if (slash) *slash = '\0';
    if (rc == 0) {
        struct playback_conf conf = {
            .file = path,
            .folder = slash ? folder : ".",
            .plugin_folder = plugins,
            .transcript = t,
            .ini = &ini,
            .verbose = o->verbose,
        };
        rc = playback_run(&conf, report);
    } else {
        buf_addf(report, "%s\n", error);
    }
    fragments_free(&ini);
    free(folder);
    return rc;
}

static void run_file(const struct options *o, const char *path, const char *plugins,
                     struct tally *tally)
{
    struct transcript t = { 0 };
    struct buf report = { 0 };
    struct buf content = { 0 };
    char error[400];
    int rc = -1;
    if (o->verbose) printf("%s\n", path);
    if (file_slurp(path, &content) != 0) {
        buf_addf(&report, "%s: %s\n", path, strerror(errno));
    } else if (transcript_parse(&t, buf_str(&content), error, sizeof error) != 0) {
        int line = 0, skip = 0;
        sscanf(error, "line %d: %n", &line, &skip);
        buf_addf(&report, "%s:%d: %s\n", path, line, error + skip);
    } else if (t.count == 0) {
        rc = 1;
    } else {
        rc = play(o, path, plugins, &t, &report);
    }
    printf("%s %s\n", rc == 0 ? "ok  " : rc > 0 ? "skip" : "FAIL", path);
    if (rc < 0) fputs(buf_str(&report), stdout);
    fflush(stdout);
    tally->passed += rc == 0;
    tally->failed += rc < 0;
    tally->skipped += rc > 0;
    transcript_free(&t);
    buf_free(&report);
    buf_free(&content);
}

int cli_plugin_test(int argc, char **argv)
{
    struct options o = { 0 };
    struct files files = { 0 };
    struct tally tally = { 0 };
    struct stat st;
    char plugins[PATH_MAX], root[PATH_MAX];
    if (parse_options(argc, argv, &o) != 0) {
        fputs(usage, stderr);
        return CLI_USAGE;
    }
    if (stat(o.root, &st) != 0) {
        fprintf(stderr, "%s: %s\n", o.root, strerror(errno));
        return CLI_REFUSED;
    }
    if (!o.plugins)
        cli_plugin_folder(plugins, sizeof plugins);
    else if (!realpath(o.plugins, plugins))
        snprintf(plugins, sizeof plugins, "%s", o.plugins);
    find_files(&files, o.root, S_ISDIR(st.st_mode), root);
    o.root = root;

    for (size_t i = 0; i < files.count; i++) {
        if (!o.filter || strstr(files.paths[i], o.filter))
            run_file(&o, files.paths[i], plugins, &tally);
        free(files.paths[i]);
    }
    free(files.paths);
    if (tally.passed + tally.failed + tally.skipped == 0)
        printf("no *.chat file %s%s under %s\n", o.filter ? "with " : "to play",
               o.filter ? o.filter : "", root);
    printf("%d passed, %d failed, %d skipped\n", tally.passed, tally.failed, tally.skipped);
    return tally.failed > 0 || tally.passed == 0 ? CLI_REFUSED : CLI_OK;
}
