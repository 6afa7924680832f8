/* elf.c - see elf.h.
 *
 * The file is read into memory and not mapped: a mapped file that somebody cuts short kills the
 * host. No number in it is believed before it was compared with the file's length, and nothing is
 * read but through image_read() or behind such a comparison.
 *
 * Its tables are found in the way of the dynamic loader: program headers, dynamic section, hash
 * tables. Section headers need not be there, so none is read. A library without a hash table has
 * no symbol for the loader, and so exports none. Where the loader would not report nonsense but die
 * of it (an assertion, a division by nought), that nonsense is refused here. */
#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/buf.h"

#define SYMBOL      "bot_plugin_v1"
#define ADDRESS_MAX ((uint64_t)1 << 47) /* two of them still fit */
enum { FILE_MAX_MIB = 256, NAME_SHOWN = 100 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#if defined(__x86_64__)
enum { MACHINE_HERE = EM_X86_64 };
#elif defined(__aarch64__)
enum { MACHINE_HERE = EM_AARCH64 };
#else
enum { MACHINE_HERE = EM_NONE }; /* any: the dynamic loader decides */
#endif

static const struct {
    unsigned machine;
    const char *name;
} machines[] = {
    { EM_386, "32-bit x86" },     { EM_X86_64, "x86-64" }, { EM_ARM, "32-bit ARM" },
    { EM_AARCH64, "64-bit ARM" }, { EM_RISCV, "RISC-V" },  { EM_PPC64, "64-bit POWER" },
    { EM_S390, "IBM Z" },         { EM_MIPS, "MIPS" },
};

/* Lists of names, separated by spaces; one that ends with '*' stands for all that begin so. */
static const char tools_names[] =
    "_init _fini __bss_start _edata _end __start_* __stop_* " /* the linker */
    "__asan_* __odr_asan* __ubsan*";                          /* sanitizers */

/* What a plugin may not call, with the names under which the C library has it. */
static const struct ban {
    const char *names, *why;
} bans[] = {
    { "fork _Fork __fork __libc_fork vfork __vfork forkpty clone __clone clone3 daemon system popen "
      "posix_spawn posix_spawnp pidfd_spawn pidfd_spawnp execve execveat execv execvp execl execle "
      "execlp execvpe fexecve",
      "may not start processes; use api->work() or api->http()" },
    { "exit _exit _Exit quick_exit err errx verr verrx",
      "may not end the process: return an error instead" },
    { "atexit on_exit at_quick_exit __cxa_atexit __cxa_at_quick_exit",
      "may not leave something to the process's end (atexit, or in C++ a static object with a "
      "destructor): do it in stop()" },
    { "signal ssignal bsd_signal sysv_signal __sysv_signal sigaction __sigaction sigset sighold "
      "sigrelse sigignore siginterrupt sigprocmask pthread_sigmask",
      "may not change signals: they are the host's" },
    { "pthread_create __pthread_create* thrd_create _ZNSt6thread15_M_start_thread*",
      "may not start threads: use api->work()" },
};

/* A file in memory, and where its problem is told. */
struct image {
    const unsigned char *data;
    size_t len;
    Elf64_Ehdr head;
    const char *shown;
    char *problem;
};

/* What the dynamic section says. Addresses are those of memory; 0: there is none. */
struct dynamic {
    uint64_t symbols, names, names_bytes, hash, gnu_hash;
    int has_textrel;
};

/* The dynamic symbol table. `count` symbols lie behind `at`; a name begins before `names_bytes`,
 * and the last of those bytes is a NUL. */
struct symbols {
    const unsigned char *at;
    uint64_t count;
    const char *names;
    uint64_t names_bytes;
};

/* "SHOWN" and then the sentence's rest; -1. */
__attribute__((format(printf, 2, 3))) static int refuse(const struct image *im, const char *fmt,
                                                        ...)
{
    int n = snprintf(im->problem, ELF_PROBLEM, "%s", im->shown);
    if (n < 0 || n >= ELF_PROBLEM) return -1;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(im->problem + n, (size_t)(ELF_PROBLEM - n), fmt, ap);
    va_end(ap);
    return -1;
}

static int refuse_cut(const struct image *im)
{
    return refuse(im, " is cut short: copy or build it again");
}

static int refuse_damaged(const struct image *im, const char *part)
{
    return refuse(im, " is damaged (%s): copy or build it again", part);
}

static int is_listed(const char *list, const char *name)
{
    while (*list) {
        size_t n = strcspn(list, " ");
        if (n && list[n - 1] == '*') {
            if (strncmp(list, name, n - 1) == 0) return 1;
        } else if (strncmp(list, name, n) == 0 && !name[n]) {
            return 1;
        }
        list += n;
        list += strspn(list, " ");
    }
    return 0;
}

/* ---- header and segments --------------------------------------------------------------------- */

/* 0, or -1 when those bytes are not all in the file. */
static int image_read(const struct image *im, uint64_t offset, void *out, size_t n)
{
    if (offset > im->len || n > im->len - offset) return -1;
    memcpy(out, im->data + offset, n);
    return 0;
}

static int image_segment(const struct image *im, unsigned i, Elf64_Phdr *out)
{
    if (im->head.e_phoff > im->len) return -1; /* so that the sum cannot wrap */
    return image_read(im, im->head.e_phoff + i * sizeof *out, out, sizeof *out);
}

/* The bytes that will lie at an address, with `*rest`, how many follow there in the file; NULL when
 * no segment brings them, and for address 0, which stands for "none". */
static const unsigned char *image_at(const struct image *im, uint64_t address, uint64_t *rest)
{
    Elf64_Phdr p;
    for (unsigned i = 0; address && i < im->head.e_phnum; i++) {
        if (image_segment(im, i, &p) < 0) return NULL;
        if (p.p_type != PT_LOAD || address < p.p_vaddr || address - p.p_vaddr >= p.p_filesz)
            continue;
        *rest = p.p_filesz - (address - p.p_vaddr);
        return im->data + p.p_offset + (address - p.p_vaddr);
    }
    return NULL;
}

static uint32_t u32_at(const unsigned char *at)
{
    uint32_t n;
    memcpy(&n, at, sizeof n);
    return n;
}

static int refuse_machine(const struct image *im, unsigned machine)
{
    for (size_t i = 0; i < COUNT(machines); i++)
        if (machines[i].machine == machine)
            return refuse(im, " is built for another processor (%s): build it here",
                          machines[i].name);
    return refuse(im, " is built for another processor (number %u): build it here", machine);
}

/* Type and machine lie at the same place in files of 32 bits, but perhaps with their bytes swapped:
 * so the processor can be named before the rest is understood. */
static int check_header(struct image *im)
{
    Elf64_Ehdr *e = &im->head;
    if (im->len < SELFMAG || memcmp(im->data, ELFMAG, SELFMAG) != 0)
        return refuse(im, " is no shared library for this machine: build it here");
    if (image_read(im, 0, e, sizeof *e) < 0) return refuse_cut(im);
    int is_swapped = e->e_ident[EI_DATA] == ELFDATA2MSB;
    unsigned type = is_swapped ? __builtin_bswap16(e->e_type) : e->e_type;
    unsigned machine = is_swapped ? __builtin_bswap16(e->e_machine) : e->e_machine;
    if (type == ET_DYN && MACHINE_HERE != EM_NONE && machine != MACHINE_HERE)
        return refuse_machine(im, machine);
    if (e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_ident[EI_DATA] != ELFDATA2LSB ||
        type != ET_DYN || e->e_phentsize != sizeof(Elf64_Phdr))
        return refuse(im, " is no shared library for this machine: build it here");
    return 0;
}

/* Whether a segment is in the file, and behind the one before, which ends at `*end`: the loader
 * takes as much memory as the last one's end asks for, and writes where each one wants to lie. */
static int check_segment(const struct image *im, const Elf64_Phdr *p, uint64_t *end)
{
    if (p->p_offset > im->len || p->p_filesz > im->len - p->p_offset) return refuse_cut(im);
    if (p->p_type != PT_LOAD) return 0;
    if (p->p_memsz < p->p_filesz || p->p_vaddr < *end || p->p_vaddr > ADDRESS_MAX ||
        p->p_memsz > ADDRESS_MAX)
        return refuse_damaged(im, "its segments");
    *end = p->p_vaddr + p->p_memsz;
    return 0;
}

/* Whether all that is to be mapped is in the file: the loader would map a file that is cut short,
 * and die of it. Section headers lie last, so that also a file is found that lacks only its end. */
static int check_whole(const struct image *im)
{
    const Elf64_Ehdr *e = &im->head;
    uint64_t sections = (uint64_t)e->e_shnum * e->e_shentsize, end = 0;
    Elf64_Phdr p;
    for (unsigned i = 0; i < e->e_phnum; i++) {
        if (image_segment(im, i, &p) < 0) return refuse_cut(im);
        if (check_segment(im, &p, &end) < 0) return -1;
    }
    if (!e->e_phnum || e->e_shoff > im->len || sections > im->len - e->e_shoff)
        return refuse_cut(im);
    return 0;
}

/* ---- dynamic section and symbol table -------------------------------------------------------- */

/* -1 for a value that the loader asserts to be another. */
static int dynamic_take(struct dynamic *d, const Elf64_Dyn *entry)
{
    uint64_t value = entry->d_un.d_val;
    switch (entry->d_tag) {
    case DT_SYMTAB:
        d->symbols = value;
        break;
    case DT_STRTAB:
        d->names = value;
        break;
    case DT_STRSZ:
        d->names_bytes = value;
        break;
    case DT_HASH:
        d->hash = value;
        break;
    case DT_GNU_HASH:
        d->gnu_hash = value;
        break;
    case DT_TEXTREL:
        d->has_textrel = 1;
        break;
    case DT_FLAGS:
        d->has_textrel |= (value & DF_TEXTREL) != 0;
        break;
    case DT_SYMENT:
        return value == sizeof(Elf64_Sym) ? 0 : -1;
    case DT_RELAENT:
        return value == sizeof(Elf64_Rela) ? 0 : -1;
    case DT_PLTREL:
        return value == DT_RELA ? 0 : -1;
    default:
        break;
    }
    return 0;
}

/* Of two segments or entries of a kind the last one holds, as it does for the loader. */
static int dynamic_read(const struct image *im, struct dynamic *d)
{
    const unsigned char *at = NULL;
    uint64_t rest = 0;
    Elf64_Phdr p;
    for (unsigned i = 0; i < im->head.e_phnum; i++)
        if (image_segment(im, i, &p) == 0 && p.p_type == PT_DYNAMIC)
            at = image_at(im, p.p_vaddr, &rest);
    for (Elf64_Dyn entry; at && rest >= sizeof entry; at += sizeof entry, rest -= sizeof entry) {
        memcpy(&entry, at, sizeof entry);
        if (entry.d_tag == DT_NULL) return 0;
        if (dynamic_take(d, &entry) < 0) break;
    }
    return refuse_damaged(im, "its dynamic section");
}

/* The count of symbols in a DT_HASH table: that of its chains. */
static int hash_count(const struct image *im, uint64_t address, uint64_t *count)
{
    uint64_t rest;
    const unsigned char *at = image_at(im, address, &rest);
    if (!at || rest < 8) return -1;
    uint64_t buckets = u32_at(at), chains = u32_at(at + 4);
    if (!buckets || (buckets + chains) * 4 > rest - 8) return -1;
    if (chains > *count) *count = chains;
    return 0;
}

/* The same in a DT_GNU_HASH table, which tells no count: the last symbol is the end of the chain
 * that begins last. Symbols that cannot be looked up (those undefined) lie before the first. */
static int gnu_hash_count(const struct image *im, uint64_t address, uint64_t *count)
{
    uint64_t rest;
    const unsigned char *at = image_at(im, address, &rest);
    if (!at || rest < 16) return -1;
    uint64_t buckets = u32_at(at), first = u32_at(at + 4), blooms = u32_at(at + 8);
    uint64_t used = 16 + blooms * 8 + buckets * 4, last = 0;
    if (!buckets || !blooms || (blooms & (blooms - 1)) || used > rest) return -1;
    for (uint64_t i = 0; i < buckets; i++) {
        uint64_t bucket = u32_at(at + 16 + blooms * 8 + i * 4);
        if (bucket && bucket < first) return -1;
        if (bucket > last) last = bucket;
    }
    uint64_t end = first;
    for (int is_end = !last; !is_end; last++) {
        uint64_t chain = used + (last - first) * 4;
        if (chain + 4 > rest) return -1;
        is_end = u32_at(at + chain) & 1;
        end = last + 1;
    }
    if (end > *count) *count = end;
    return 0;
}

static int symbols_find(const struct image *im, const struct dynamic *d, struct symbols *s)
{
    uint64_t rest;
    if ((d->hash && hash_count(im, d->hash, &s->count) < 0) ||
        (d->gnu_hash && gnu_hash_count(im, d->gnu_hash, &s->count) < 0))
        return refuse_damaged(im, "its hash table");
    if (!s->count) return 0;
    s->at = image_at(im, d->symbols, &rest);
    if (!s->at || s->count > rest / sizeof(Elf64_Sym))
        return refuse_damaged(im, "its symbol table");
    s->names = (const char *)image_at(im, d->names, &rest);
    s->names_bytes = d->names_bytes;
    if (!s->names || !s->names_bytes || s->names_bytes > rest || s->names[s->names_bytes - 1])
        return refuse_damaged(im, "its names");
    return 0;
}

/* The symbol's name, or NULL when it lies outside the table. */
static const char *symbol_get(const struct symbols *s, uint64_t i, Elf64_Sym *out)
{
    memcpy(out, s->at + i * sizeof *out, sizeof *out);
    return out->st_name < s->names_bytes ? s->names + out->st_name : NULL;
}

/* ---- exports and imports --------------------------------------------------------------------- */

static int is_exported(const Elf64_Sym *sym)
{
    unsigned bind = ELF64_ST_BIND(sym->st_info), visibility = ELF64_ST_VISIBILITY(sym->st_other);
    if (bind != STB_GLOBAL && bind != STB_WEAK && bind != STB_GNU_UNIQUE) return 0;
    if (visibility != STV_DEFAULT && visibility != STV_PROTECTED) return 0;
    return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS; /* the linker: version's names */
}

static int check_manifest_symbol(const struct image *im, const Elf64_Sym *sym)
{
    uint64_t rest;
    if (ELF64_ST_TYPE(sym->st_info) != STT_OBJECT)
        return refuse(im, " exports a " SYMBOL " that is no manifest: use BOT_PLUGIN");
    if (!image_at(im, sym->st_value, &rest) || rest < sym->st_size)
        return refuse_damaged(im, "its manifest");
    return 0;
}

/* A file's name for something may hold anything and go on for pages. */
static const char *name_shown(const char *name, char out[NAME_SHOWN])
{
    size_t n = 0;
    for (; name[n] && n < NAME_SHOWN - 1; n++)
        out[n] = name[n] > ' ' && name[n] <= '~' && name[n] != '`' ? name[n] : '?';
    out[n] = 0;
    return out;
}

/* Something else that is exported. Inline functions of C++ come as weak symbols, whatever one does;
 * unique ones bind to those of other plugins, and keep the library in memory. */
static int check_other_symbol(const struct image *im, const Elf64_Sym *sym, const char *name)
{
    unsigned bind = ELF64_ST_BIND(sym->st_info);
    char shown[NAME_SHOWN];
    if (is_listed(tools_names, name)) return 0;
    if (bind == STB_GNU_UNIQUE)
        return refuse(im,
                      " exports `%s` beside " SYMBOL ": compile with -fno-gnu-unique and "
                      "-fvisibility=hidden",
                      name_shown(name, shown));
    if (bind == STB_WEAK && strncmp(name, "_Z", 2) == 0) return 0;
    return refuse(im,
                  " exports `%s` beside " SYMBOL ": compile with -fvisibility=hidden, or make it "
                  "static (of a static library: link with -Wl,--exclude-libs,ALL)",
                  name_shown(name, shown));
}

/* Another symbol is named only when the right one is there: without that one it is no plugin. */
static int check_exports(const struct image *im, const struct symbols *s)
{
    Elf64_Sym sym;
    int has_manifest = 0;
    for (uint64_t i = 1; i < s->count; i++) {
        const char *name = symbol_get(s, i, &sym);
        if (!name) return refuse_damaged(im, "its symbol table");
        if (!is_exported(&sym) || strcmp(name, SYMBOL) != 0) continue;
        if (check_manifest_symbol(im, &sym) < 0) return -1;
        has_manifest = 1;
    }
    if (!has_manifest) return refuse(im, " exports no " SYMBOL ": use BOT_PLUGIN");
    for (uint64_t i = 1; i < s->count; i++) {
        const char *name = symbol_get(s, i, &sym);
        if (!is_exported(&sym) || strcmp(name, SYMBOL) == 0) continue;
        if (check_other_symbol(im, &sym, name) < 0) return -1;
    }
    return 0;
}

/* Names are bare: a version (pthread_create@GLIBC_2.34) stands in a table of its own. All of them
 * lie in the table, as check_exports() saw. */
static int check_import(const struct image *im, const struct symbols *s, const struct ban *ban)
{
    Elf64_Sym sym;
    char shown[NAME_SHOWN];
    for (uint64_t i = 1; i < s->count; i++) {
        const char *name = symbol_get(s, i, &sym);
        if (sym.st_shndx == SHN_UNDEF && is_listed(ban->names, name))
            return refuse(im, " uses `%s`: a plugin %s", name_shown(name, shown), ban->why);
    }
    return 0;
}

/* Of several the one is told that is first in the table, whatever order the linker chose. */
static int check_imports(const struct image *im, const struct symbols *s)
{
    for (size_t i = 0; i < COUNT(bans); i++)
        if (check_import(im, s, &bans[i]) < 0) return -1;
    return 0;
}

int elf_check_bytes(const void *data, size_t len, const char *shown, char problem[ELF_PROBLEM])
{
    struct image im = { .data = data, .len = len, .shown = shown, .problem = problem };
    struct dynamic d = { 0 };
    struct symbols s = { 0 };
    *problem = 0;
    if (!len) return refuse(&im, " is empty: copy or build it again");
    if (check_header(&im) < 0 || check_whole(&im) < 0) return -1;
    if (dynamic_read(&im, &d) < 0 || symbols_find(&im, &d, &s) < 0) return -1;
    if (check_exports(&im, &s) < 0) return -1;
    if (d.has_textrel) return refuse(&im, " has text relocations: compile with -fPIC");
    return check_imports(&im, &s);
}

/* ---- the file -------------------------------------------------------------------------------- */

static int refuse_errno(const struct image *im)
{
    return refuse(im, ": %s; build or install it, or switch the plugin off", strerror(errno));
}

static int check_kind(const struct image *im, const struct stat *st)
{
    if (S_ISREG(st->st_mode)) return 0;
    return refuse(im, " is no file%s: name the plugin's .so",
                  S_ISDIR(st->st_mode) ? " but a folder" : "");
}

/* Up to `len` bytes; fewer when the file has become shorter. -1: errno tells. */
static ssize_t read_whole(int fd, unsigned char *out, size_t len)
{
    size_t used = 0;
    while (used < len) {
        ssize_t n = read(fd, out + used, len - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

int elf_check(const char *path, const char *shown, char problem[ELF_PROBLEM])
{
    const struct image im = { .shown = shown, .problem = problem };
    unsigned char *data = NULL;
    struct stat st;
    ssize_t len;
    int rc = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe would keep us */
    *problem = 0;
    if (fd < 0 || fstat(fd, &st) < 0) {
        refuse_errno(&im);
        goto out;
    }
    if (check_kind(&im, &st) < 0) goto out;
    if (st.st_size > (off_t)FILE_MAX_MIB << 20) {
        refuse(&im, " has more than %d MiB, which is no plugin: build it without debug symbols",
               FILE_MAX_MIB);
        goto out;
    }
    data = xmalloc((size_t)st.st_size + 1);
    len = read_whole(fd, data, (size_t)st.st_size);
    rc = len < 0 ? refuse_errno(&im) : elf_check_bytes(data, (size_t)len, shown, problem);
out:
    free(data);
    if (fd >= 0) close(fd);
    return rc;
}

/* In a folder with the sticky bit only a file's owner can put another one in its place. */
static int check_folder(const struct image *im, const char *path)
{
    char *copy = xstrdup(path);
    const char *folder = dirname(copy);
    struct stat st;
    int rc = 0;
    if (stat(folder, &st) < 0)
        rc = refuse_errno(im);
    else if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
        rc = refuse(im, " lies in %s, which can be written by everybody (mode %04o): chmod o-w %s",
                    folder, (unsigned)st.st_mode & 07777, folder);
    free(copy);
    return rc;
}

int elf_check_rights(const char *path, char problem[ELF_PROBLEM])
{
    const struct image im = { .shown = path, .problem = problem };
    struct stat st;
    *problem = 0;
    char *target = realpath(path, NULL);
    if (!target || stat(target, &st) < 0) {
        refuse_errno(&im);
        free(target);
        return -1;
    }
    int rc = check_kind(&im, &st);
    if (rc == 0 && (st.st_mode & S_IWOTH))
        rc = refuse(&im, " can be written by everybody (mode %04o): chmod o-w it",
                    (unsigned)st.st_mode & 07777);
    /* A link can be replaced where it lies, and what it leads to where that lies. */
    if (rc == 0) rc = check_folder(&im, path);
    if (rc == 0) rc = check_folder(&im, target);
    free(target);
    return rc;
}
