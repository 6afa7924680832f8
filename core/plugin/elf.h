/* elf.h - looks at a plugin's file before it is opened, without running any of it: whether it is a
 * shared library for this machine, whole, with the one exported symbol, and without the calls that
 * are the host's alone (processes, signals, threads, the process's end).
 *
 * It finds mistakes and damaged files; it is no fence around a plugin that means harm. What is
 * refused is told in one sentence: what is wrong, where, and what to do. Any bytes may be given.
 * Any thread. */
#ifndef TOKOBOT_ELF_H
#define TOKOBOT_ELF_H

#include <stddef.h>

enum { ELF_PROBLEM = 400 }; /* bytes for a sentence, its NUL too */

/* The file `path`, which is called `shown` in sentences: a private copy is read, its source is
 * named. 0 and "", or -1 and a sentence in `problem`. */
int elf_check(const char *path, const char *shown, char problem[ELF_PROBLEM]);
/* The same of a file's `len` bytes in memory. */
int elf_check_bytes(const void *data, size_t len, const char *shown, char problem[ELF_PROBLEM]);
/* Whether anybody at all could have written the file, or could put another one in its place; for
 * the source, because the private copy has rights of its own. 0 and "", or -1 and a sentence. */
int elf_check_rights(const char *path, char problem[ELF_PROBLEM]);

#endif
