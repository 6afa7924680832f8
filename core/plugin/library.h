/* library.h - a plugin file: where it is, the private copy that is opened, its manifest.
 *
 * glibc hands out old code for a path that is still open, and a library that is overwritten while
 * it is mapped kills the process; so each file is copied to a name in data_dir/plugin-cache that is
 * never used again, and that copy is opened. It is never closed: code may still be pointed to (and
 * closing is not something that POSIX promises to do). Its copy stays, for debuggers. */
#ifndef TOKOBOT_LIBRARY_H
#define TOKOBOT_LIBRARY_H

#include <stdint.h>
#include <sys/types.h>
#include <tokobot/plugin.h>

enum { LIBRARY_PROBLEM = 400, LIBRARY_BUILD = 17 };

/* What stat() says of a file: when all of it is the same, so is the content (changed_ns is ctime,
 * which nobody can set back). */
struct library_id {
    uint64_t device, inode, size, changed_ns;
};

struct library {
    char *name, *file; /* as bot.ini has them */
    char *copy;        /* what is opened; NULL: the file itself (tests) */
    struct library_id id;
    char build[LIBRARY_BUILD]; /* from its content: the same build has the same one */
    void *handle;
    const struct bot_manifest *manifest;
    char problem[LIBRARY_PROBLEM]; /* why it is refused, or "" */
};

/* Nothing is opened yet. `copy`: where the private copy is to be, or NULL. */
struct library *library_new(const char *name, const char *file, const char *copy);
/* Makes the copy: 0, or -1 with a sentence in lib->problem. Sets id and build. */
int library_copy(struct library *lib);
/* Checks the file without running it, opens it (its constructors run), checks the manifest. 0 or -1
 * with a sentence. */
int library_check(struct library *lib);
int library_open(struct library *lib);
/* 1: the file is still what it was when it was copied. */
int library_is_current(const struct library *lib, const char *file);
/* Frees the struct. close 1 (tests): closes the code and removes the copy, too. NULL-safe. */
void library_free(struct library *lib, int close);

#endif
