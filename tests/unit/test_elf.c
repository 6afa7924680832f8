/* SPDX-License-Identifier: MIT
 * test_elf.c - what is told about a plugin's file before it is opened: of plugins that the build
 * made, of small libraries that are put together here (so that each detail can be wrong by itself),
 * and of damaged bytes, which must be told from good ones without a crash. */
#include "host_fixture.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/plugin/elf.h"

#define MANIFEST "bot_plugin_v1"
#define BESIDE(name)                                                                               \
    "p.so exports `" name "` beside bot_plugin_v1: compile with -fvisibility=hidden, or make it "  \
    "static (of a static library: link with -Wl,--exclude-libs,ALL)"
#define FORKS "p.so uses `fork`: a plugin may not start processes; use api->work() or api->http()"

#if defined(__aarch64__)
enum { HERE = EM_AARCH64, ELSEWHERE = EM_X86_64 };
#define ELSEWHERE_NAME "x86-64"
#else
enum { HERE = EM_X86_64, ELSEWHERE = EM_AARCH64 };
#define ELSEWHERE_NAME "64-bit ARM"
#endif

static char problem[ELF_PROBLEM];

/* ---- small libraries ------------------------------------------------------------------------- */

enum hash_kind { GNU_HASH, SYSV_HASH, BOTH_HASHES, NO_HASH };
enum { SYMBOLS_MAX = 8, NAMES_MAX = 400, EXTRAS_MAX = 3, DYN_MAX = 16, HASH_WORDS = 8 };

struct made_symbol {
    const char *name;
    unsigned bind, type, visibility, section;
};
#define EXPORT(n)                                                                                  \
    {                                                                                              \
        n, STB_GLOBAL, STT_OBJECT, STV_DEFAULT, 1                                                  \
    }
#define EXPORT_AS(n, b)                                                                            \
    {                                                                                              \
        n, b, STT_OBJECT, STV_DEFAULT, 1                                                           \
    }
#define EXPORT_VIS(n, v)                                                                           \
    {                                                                                              \
        n, STB_GLOBAL, STT_OBJECT, v, 1                                                            \
    }
#define EXPORT_TYPE(n, t)                                                                          \
    {                                                                                              \
        n, STB_GLOBAL, t, STV_DEFAULT, 1                                                           \
    }
#define IMPORT(n)                                                                                  \
    {                                                                                              \
        n, STB_GLOBAL, STT_FUNC, STV_DEFAULT, SHN_UNDEF                                            \
    }

/* What is in it: imports before exports, as a linker sorts them for DT_GNU_HASH. */
struct recipe {
    struct made_symbol symbols[SYMBOLS_MAX];
    enum hash_kind hash;
    Elf64_Dyn extra[EXTRAS_MAX]; /* more entries of the dynamic section */
};

/* The whole library, as it lies in the file and, moved by nothing, in memory. */
struct made {
    Elf64_Ehdr head;
    Elf64_Phdr segments[2];
    Elf64_Dyn dynamic[DYN_MAX];
    Elf64_Sym symbols[SYMBOLS_MAX + 1];
    uint32_t hash[HASH_WORDS + SYMBOLS_MAX], gnu_hash[HASH_WORDS + SYMBOLS_MAX];
    char names[NAMES_MAX];
    char manifest[64];
};

static void make_header(struct made *m)
{
    memcpy(m->head.e_ident, ELFMAG, SELFMAG);
    m->head.e_ident[EI_CLASS] = ELFCLASS64;
    m->head.e_ident[EI_DATA] = ELFDATA2LSB;
    m->head.e_ident[EI_VERSION] = EV_CURRENT;
    m->head.e_type = ET_DYN;
    m->head.e_machine = HERE;
    m->head.e_version = EV_CURRENT;
    m->head.e_ehsize = sizeof m->head;
    m->head.e_phoff = offsetof(struct made, segments);
    m->head.e_phentsize = sizeof m->segments[0];
    m->head.e_phnum = 2;
    m->segments[0] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_filesz = sizeof *m, .p_memsz = sizeof *m, .p_align = 0x1000
    };
    m->segments[1] = (Elf64_Phdr){ .p_type = PT_DYNAMIC,
                                   .p_offset = offsetof(struct made, dynamic),
                                   .p_vaddr = offsetof(struct made, dynamic),
                                   .p_filesz = sizeof m->dynamic,
                                   .p_memsz = sizeof m->dynamic };
}

/* Returns how many there are, that without a name too; `*first` is the first that is exported. */
static uint32_t make_symbols(struct made *m, const struct recipe *r, uint32_t *first)
{
    uint32_t n = 1;
    size_t used = 1;
    for (const struct made_symbol *from = r->symbols; from->name; from++, n++) {
        assert_true(n <= SYMBOLS_MAX && used + strlen(from->name) < NAMES_MAX);
        m->symbols[n] = (Elf64_Sym){
            .st_name = (uint32_t)used,
            .st_info = (unsigned char)ELF64_ST_INFO(from->bind, from->type),
            .st_other = (unsigned char)from->visibility,
            .st_shndx = (uint16_t)from->section,
            .st_value = from->section ? offsetof(struct made, manifest) : 0,
            .st_size = from->section ? sizeof m->manifest : 0,
        };
        if (from->section && !*first) *first = n;
        strcpy(m->names + used, from->name);
        used += strlen(from->name) + 1;
    }
    return n;
}

static void make_hashes(struct made *m, uint32_t count, uint32_t first)
{
    m->hash[0] = 1;
    m->hash[1] = count;
    m->gnu_hash[0] = 1;
    m->gnu_hash[1] = first ? first : count;
    m->gnu_hash[2] = 1;
    m->gnu_hash[6] = first;
    if (first) m->gnu_hash[7 + count - 1 - first] = 1;
}

static void make(struct made *m, const struct recipe *r)
{
    uint32_t first = 0;
    Elf64_Dyn *d = m->dynamic;
    memset(m, 0, sizeof *m);
    make_header(m);
    uint32_t count = make_symbols(m, r, &first);
    make_hashes(m, count, first);
    *d++ = (Elf64_Dyn){ DT_SYMTAB, { offsetof(struct made, symbols) } };
    *d++ = (Elf64_Dyn){ DT_SYMENT, { sizeof(Elf64_Sym) } };
    *d++ = (Elf64_Dyn){ DT_STRTAB, { offsetof(struct made, names) } };
    *d++ = (Elf64_Dyn){ DT_STRSZ, { NAMES_MAX } };
    if (r->hash == GNU_HASH || r->hash == BOTH_HASHES)
        *d++ = (Elf64_Dyn){ DT_GNU_HASH, { offsetof(struct made, gnu_hash) } };
    if (r->hash == SYSV_HASH || r->hash == BOTH_HASHES)
        *d++ = (Elf64_Dyn){ DT_HASH, { offsetof(struct made, hash) } };
    for (size_t i = 0; i < EXTRAS_MAX && r->extra[i].d_tag; i++) *d++ = r->extra[i];
}

static const struct recipe good = { .symbols = { IMPORT("strlen"), IMPORT("malloc"),
                                                 EXPORT(MANIFEST) } };

/* ---- what is told ---------------------------------------------------------------------------- */

static void bytes_are_told(const void *data, size_t len, const char *sentence)
{
    memset(problem, 'x', sizeof problem);
    int rc = elf_check_bytes(data, len, "p.so", problem);
    assert_string_equal(problem, sentence);
    assert_int_equal(rc, *sentence ? -1 : 0);
}

static void made_is_told(const struct made *m, const char *sentence)
{
    bytes_are_told(m, sizeof *m, sentence);
}

static void recipe_is_told(const struct recipe *r, const char *sentence)
{
    struct made m;
    make(&m, r);
    made_is_told(&m, sentence);
}

static const char *fixture(const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, FIXTURE_PLUGINS "/%s", name);
    return path;
}

static void file_is_told(const char *path, const char *sentence)
{
    memset(problem, 'x', sizeof problem);
    int rc = elf_check(path, "p.so", problem);
    if (strcmp(problem, sentence) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", path, problem, sentence);
    assert_int_equal(rc, *sentence ? -1 : 0);
}

/* A plugin that the build made, in memory of just its size. The caller frees. */
static unsigned char *plugin_bytes(const char *name, size_t *len)
{
    FILE *f = fopen(fixture(name), "rb");
    if (!f) fail_msg("%s: not built", fixture(name));
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *len = (size_t)ftell(f);
    rewind(f);
    unsigned char *data = xmalloc(*len);
    assert_int_equal(fread(data, 1, *len, f), *len);
    fclose(f);
    return data;
}

/* A file of its own in a folder of its own: /tmp/test_elf.XXXXXX/plugin.so. */
struct place {
    char folder[40], file[60];
};

static void place_open(struct place *p, const void *data, size_t len)
{
    strcpy(p->folder, "/tmp/test_elf.XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->file, sizeof p->file, "%s/plugin.so", p->folder);
    int fd = open(p->file, O_WRONLY | O_CREAT | O_EXCL, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
}

static void place_close(const struct place *p)
{
    unlink(p->file);
    assert_int_equal(rmdir(p->folder), 0);
}

/* ---- plugins that the build made ------------------------------------------------------------- */

static void a_good_plugin_passes(void **state)
{
    (void)state;
    file_is_told(fixture("alpha.so"), "");
    file_is_told(fixture("beta.so"), "");
    file_is_told(fixture("testgate.so"), "");
    recipe_is_told(&good, "");
}

static void every_plugin_of_the_product_passes(void **state)
{
    (void)state;
    char folder[400], path[700];
    unsigned count = 0;
    snprintf(folder, sizeof folder, FIXTURE_PLUGINS "/../../plugins");
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const char *dot = strrchr(e->d_name, '.');
        if (!dot || strcmp(dot, ".so") != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        file_is_told(path, "");
        count++;
    }
    if (dir) closedir(dir);
    if (!count) skip(); /* only this program was built */
}

static void broken_plugins_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name, *sentence;
    } plugins[] = {
        { "no-symbol.so", "p.so exports no bot_plugin_v1: use BOT_PLUGIN" },
        { "two-symbols.so", BESIDE("two_symbols_answer") },
        { "text-relocations.so", "p.so has text relocations: compile with -fPIC" },
        { "init-forks.so", FORKS },
        { "init-exits.so",
          "p.so uses `exit`: a plugin may not end the process: return an error instead" },
        { "uses-atexit.so",
          "p.so uses `__cxa_atexit`: a plugin may not leave something to the process's end "
          "(atexit, or in C++ a static object with a destructor): do it in stop()" },
        { "uses-signal.so",
          "p.so uses `signal`: a plugin may not change signals: they are the host's" },
        { "thread-left.so",
          "p.so uses `pthread_create`: a plugin may not start threads: use api->work()" },
    };
    for (size_t i = 0; i < BOT_COUNT(plugins); i++)
        file_is_told(fixture(plugins[i].name), plugins[i].sentence);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "", 0);
    file_is_told(p.file, "p.so is empty: copy or build it again");
    file_is_told(p.folder, "p.so is no file but a folder: name the plugin's .so");
    assert_int_equal(elf_check_rights(p.folder, problem), -1);
    assert_non_null(strstr(problem, " is no file but a folder: "));
    assert_int_equal(unlink(p.file), 0);
    file_is_told(p.file, "p.so: No such file or directory; build or install it, or switch the "
                         "plugin off");
    assert_int_equal(elf_check_rights(p.file, problem), -1);
    assert_non_null(strstr(problem, "plugin.so: No such file or directory; build or install"));
    assert_int_equal(mkfifo(p.file, 0600), 0);
    file_is_told(p.file, "p.so is no file: name the plugin's .so"); /* and nobody waits for it */
    file_is_told("/dev/null", "p.so is no file: name the plugin's .so");
    place_close(&p);
}

static void a_file_too_large_for_a_plugin_is_not_read(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "", 0);
    assert_int_equal(truncate(p.file, ((off_t)256 << 20) + 1), 0);
    file_is_told(p.file, "p.so has more than 256 MiB, which is no plugin: build it without debug "
                         "symbols");
    place_close(&p);
}

static void rights_are_told(const char *path, const char *sentence)
{
    int rc = elf_check_rights(path, problem);
    assert_string_equal(problem, sentence);
    assert_int_equal(rc, *sentence ? -1 : 0);
}

static void a_file_that_everybody_can_write_is_refused(void **state)
{
    (void)state;
    struct place p;
    char sentence[ELF_PROBLEM];
    place_open(&p, "", 0);
    rights_are_told(p.file, "");
    assert_int_equal(chmod(p.file, 0666), 0);
    snprintf(sentence, sizeof sentence, "%s can be written by everybody (mode 0666): chmod o-w it",
             p.file);
    rights_are_told(p.file, sentence);
    assert_int_equal(chmod(p.file, 0664), 0);
    rights_are_told(p.file, "");
    place_close(&p);
}

static void a_folder_that_everybody_can_write_is_refused_unless_it_is_sticky(void **state)
{
    (void)state;
    struct place p;
    char sentence[ELF_PROBLEM];
    place_open(&p, "", 0);
    assert_int_equal(chmod(p.folder, 0777), 0);
    snprintf(sentence, sizeof sentence,
             "%s lies in %s, which can be written by everybody (mode 0777): chmod o-w %s", p.file,
             p.folder, p.folder);
    rights_are_told(p.file, sentence);
    assert_int_equal(chmod(p.folder, 01777), 0);
    rights_are_told(p.file, "");
    place_close(&p);
}

static void a_link_is_as_safe_as_both_its_ends(void **state)
{
    (void)state;
    struct place file, link;
    char sentence[ELF_PROBLEM];
    place_open(&file, "", 0);
    place_open(&link, "", 0);
    assert_int_equal(unlink(link.file), 0);
    assert_int_equal(symlink(file.file, link.file), 0);
    rights_are_told(link.file, "");
    assert_int_equal(chmod(file.folder, 0777), 0);
    snprintf(sentence, sizeof sentence,
             "%s lies in %s, which can be written by everybody (mode 0777): chmod o-w %s",
             link.file, file.folder, file.folder);
    rights_are_told(link.file, sentence);
    assert_int_equal(chmod(file.folder, 0755), 0);
    assert_int_equal(chmod(link.folder, 0777), 0);
    snprintf(sentence, sizeof sentence,
             "%s lies in %s, which can be written by everybody (mode 0777): chmod o-w %s",
             link.file, link.folder, link.folder);
    rights_are_told(link.file, sentence);
    place_close(&link);
    place_close(&file);
}

/* ---- headers --------------------------------------------------------------------------------- */

static const char not_here[] = "p.so is no shared library for this machine: build it here";

static void what_is_no_library_is_refused(void **state)
{
    (void)state;
    struct made m;
    bytes_are_told("", 0, "p.so is empty: copy or build it again");
    bytes_are_told("\177EL", 3, not_here);
    bytes_are_told("#!/bin/sh\necho hello\n", 21, not_here);
    make(&m, &good);
    m.head.e_type = ET_EXEC;
    made_is_told(&m, not_here);
    make(&m, &good);
    m.head.e_ident[EI_CLASS] = ELFCLASS32;
    made_is_told(&m, not_here);
    make(&m, &good);
    m.head.e_phentsize = sizeof(Elf32_Phdr);
    made_is_told(&m, not_here);
}

static void another_processor_is_named(void **state)
{
    (void)state;
    struct made m;
    make(&m, &good);
    m.head.e_machine = ELSEWHERE;
    made_is_told(&m, "p.so is built for another processor (" ELSEWHERE_NAME "): build it here");
    m.head.e_machine = 4711;
    made_is_told(&m, "p.so is built for another processor (number 4711): build it here");
    m.head.e_type = ET_EXEC;
    made_is_told(&m, not_here);
}

static void another_processor_is_named_in_its_own_bits_and_bytes(void **state)
{
    (void)state;
    struct made m;
    make(&m, &good);
    m.head.e_ident[EI_CLASS] = ELFCLASS32;
    m.head.e_machine = EM_ARM;
    made_is_told(&m, "p.so is built for another processor (32-bit ARM): build it here");
    m.head.e_ident[EI_DATA] = ELFDATA2MSB;
    m.head.e_type = ET_DYN << 8;
    m.head.e_machine = EM_S390 << 8;
    made_is_told(&m, "p.so is built for another processor (IBM Z): build it here");
    m.head.e_machine = (Elf64_Half)(HERE << 8);
    m.head.e_ident[EI_CLASS] = ELFCLASS64;
    made_is_told(&m, not_here);
    make(&m, &good);
    m.head.e_ident[EI_DATA] = ELFDATANONE;
    made_is_told(&m, not_here);
}

static void a_file_that_is_cut_short_is_told_at_every_length(void **state)
{
    (void)state;
    size_t len;
    unsigned char *whole = plugin_bytes("alpha.so", &len);
    for (size_t n = SELFMAG; n < len; n += n < 4096 ? 1 : 97) {
        void *part = xmemdup(whole, n);
        bytes_are_told(part, n, "p.so is cut short: copy or build it again");
        free(part);
    }
    free(whole);
}

static void segments_that_would_lie_on_each_other_are_refused(void **state)
{
    (void)state;
    struct made m;
    make(&m, &good);
    m.segments[1] = m.segments[0];
    made_is_told(&m, "p.so is damaged (its segments): copy or build it again");
    make(&m, &good);
    m.segments[0].p_memsz = 1;
    made_is_told(&m, "p.so is damaged (its segments): copy or build it again");
    make(&m, &good);
    m.segments[0].p_vaddr = UINT64_MAX - 0xfff; /* it would end where memory begins */
    made_is_told(&m, "p.so is damaged (its segments): copy or build it again");
}

/* ---- exports --------------------------------------------------------------------------------- */

static void symbols_are_found_by_either_hash_table(void **state)
{
    (void)state;
    struct recipe r = good;
    for (r.hash = GNU_HASH; r.hash <= BOTH_HASHES; r.hash++) recipe_is_told(&r, "");
    r.symbols[0].name = "fork";
    for (r.hash = GNU_HASH; r.hash <= BOTH_HASHES; r.hash++) {
        struct made m;
        make(&m, &r);
        assert_int_equal(elf_check_bytes(&m, sizeof m, "p.so", problem), -1);
        assert_non_null(strstr(problem, "`fork`"));
    }
}

static void a_library_without_the_one_symbol_is_no_plugin(void **state)
{
    (void)state;
    static const struct recipe recipes[] = {
        { .symbols = { IMPORT("strlen") } },
        { .symbols = { IMPORT("strlen") }, .hash = SYSV_HASH },
        { .symbols = { IMPORT("strlen"), EXPORT(MANIFEST) }, .hash = NO_HASH },
        { .symbols = { IMPORT(MANIFEST), EXPORT("other") } },
        { .symbols = { EXPORT(MANIFEST "_") } },
        { .symbols = { EXPORT_VIS(MANIFEST, STV_HIDDEN) } },
        { .symbols = { EXPORT_AS(MANIFEST, STB_LOCAL) } },
    };
    for (size_t i = 0; i < BOT_COUNT(recipes); i++)
        recipe_is_told(&recipes[i], "p.so exports no bot_plugin_v1: use BOT_PLUGIN");
}

static void the_one_symbol_must_be_a_manifest(void **state)
{
    (void)state;
    const struct recipe function = { .symbols = { EXPORT_TYPE(MANIFEST, STT_FUNC) } };
    const struct recipe run_to_find = { .symbols = { EXPORT_TYPE(MANIFEST, STT_GNU_IFUNC) } };
    struct made m;
    recipe_is_told(&function, "p.so exports a bot_plugin_v1 that is no manifest: use BOT_PLUGIN");
    recipe_is_told(&run_to_find,
                   "p.so exports a bot_plugin_v1 that is no manifest: use BOT_PLUGIN");
    make(&m, &good);
    m.symbols[3].st_value = sizeof m - 8;
    made_is_told(&m, "p.so is damaged (its manifest): copy or build it again");
}

static void another_exported_symbol_is_named(void **state)
{
    (void)state;
    static const struct recipe recipes[] = {
        { .symbols = { EXPORT("helper"), EXPORT(MANIFEST) } },
        { .symbols = { EXPORT(MANIFEST), EXPORT("helper") }, .hash = SYSV_HASH },
        { .symbols = { EXPORT(MANIFEST), EXPORT_VIS("helper", STV_PROTECTED) } },
        { .symbols = { EXPORT(MANIFEST), EXPORT_AS("helper", STB_WEAK) } },
        { .symbols = { EXPORT(MANIFEST), EXPORT("__asan_version"), EXPORT("helper") } },
    };
    for (size_t i = 0; i < BOT_COUNT(recipes); i++) recipe_is_told(&recipes[i], BESIDE("helper"));
}

static void names_that_the_tools_add_are_not_counted(void **state)
{
    (void)state;
    static const struct recipe recipes[] = {
        { .symbols = { EXPORT("_init"), EXPORT("_fini"), EXPORT("__bss_start"), EXPORT("_edata"),
                       EXPORT("_end"), EXPORT(MANIFEST) } },
        { .symbols = { EXPORT("__odr_asan.bot_plugin_v1"), EXPORT("__start_asan_globals"),
                       EXPORT("__stop_asan_globals"), EXPORT("__ubsan_x"), EXPORT(MANIFEST) } },
        { .symbols = { { "VERSION_1.0", STB_GLOBAL, STT_OBJECT, STV_DEFAULT, SHN_ABS },
                       EXPORT(MANIFEST) } },
        { .symbols = { EXPORT_VIS("helper", STV_HIDDEN), EXPORT(MANIFEST) } },
    };
    for (size_t i = 0; i < BOT_COUNT(recipes); i++) recipe_is_told(&recipes[i], "");
}

static void of_cplusplus_only_weak_symbols_are_tolerated(void **state)
{
    (void)state;
    static const struct recipe weak = {
        .symbols = { EXPORT_AS("_ZNSt6vectorIiSaIiEED1Ev", STB_WEAK), EXPORT(MANIFEST) }
    };
    static const struct recipe strong = { .symbols = { EXPORT("_Z6helperv"), EXPORT(MANIFEST) } };
    static const struct recipe unique = { .symbols = { EXPORT_AS("_ZZ4nextvE1n", STB_GNU_UNIQUE),
                                                       EXPORT(MANIFEST) } };
    recipe_is_told(&weak, "");
    recipe_is_told(&strong, BESIDE("_Z6helperv"));
    recipe_is_told(&unique, "p.so exports `_ZZ4nextvE1n` beside bot_plugin_v1: compile with "
                            "-fno-gnu-unique and -fvisibility=hidden");
}

static void a_name_in_the_sentence_is_one_short_word(void **state)
{
    (void)state;
    char name[201];
    memset(name, 'n', sizeof name);
    memcpy(name, "a\n\033`\377 b", 7);
    name[200] = 0;
    const struct recipe r = { .symbols = { EXPORT(name), EXPORT(MANIFEST) } };
    struct made m;
    make(&m, &r);
    assert_int_equal(elf_check_bytes(&m, sizeof m, "p.so", problem), -1);
    assert_non_null(strstr(problem, " exports `a?????bnnn"));
    assert_non_null(strstr(problem, "nnn` beside bot_plugin_v1: compile with "));
    assert_true(strlen(problem) < 300);
}

/* ---- relocations, imports, order ------------------------------------------------------------- */

static void text_relocations_are_told_by_tag_and_by_flag(void **state)
{
    (void)state;
    struct recipe r = good;
    r.extra[0] = (Elf64_Dyn){ DT_TEXTREL, { 0 } };
    recipe_is_told(&r, "p.so has text relocations: compile with -fPIC");
    r.extra[0] = (Elf64_Dyn){ DT_FLAGS, { DF_BIND_NOW | DF_TEXTREL } };
    recipe_is_told(&r, "p.so has text relocations: compile with -fPIC");
    r.extra[0] = (Elf64_Dyn){ DT_FLAGS, { DF_BIND_NOW } };
    recipe_is_told(&r, "");
}

/* Each of `names`, separated by spaces, is refused in `words`. */
static void each_is_refused(const char *names, const char *words)
{
    char *copy = xstrdup(names), *rest = NULL, sentence[ELF_PROBLEM];
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        struct recipe r = good;
        r.symbols[1].name = name;
        snprintf(sentence, sizeof sentence, "p.so uses `%s`: a plugin %s", name, words);
        recipe_is_told(&r, sentence);
    }
    free(copy);
}

static void calls_that_are_the_hosts_are_refused(void **state)
{
    (void)state;
    each_is_refused("fork vfork clone clone3 daemon system popen posix_spawn posix_spawnp execve "
                    "execv execvp execl execle execlp execvpe fexecve",
                    "may not start processes; use api->work() or api->http()");
    each_is_refused("exit _exit _Exit quick_exit",
                    "may not end the process: return an error instead");
    each_is_refused("atexit on_exit at_quick_exit __cxa_atexit",
                    "may not leave something to the process's end (atexit, or in C++ a static "
                    "object with a destructor): do it in stop()");
    each_is_refused("signal sigaction bsd_signal sysv_signal __sysv_signal sigset sigprocmask "
                    "pthread_sigmask",
                    "may not change signals: they are the host's");
    each_is_refused("pthread_create __pthread_create_2_1 thrd_create "
                    "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_"
                    "deleteIS1_EEPFvvE",
                    "may not start threads: use api->work()");
}

static void calls_that_only_look_alike_pass(void **state)
{
    (void)state;
    static const struct recipe r = { .symbols = { IMPORT("__cxa_finalize"), IMPORT("dlopen"),
                                                  IMPORT("forks"), IMPORT("exi"), IMPORT("xfork"),
                                                  IMPORT("*"), EXPORT(MANIFEST) } };
    static const struct recipe own = { .symbols = { EXPORT_VIS("fork", STV_HIDDEN),
                                                    EXPORT(MANIFEST) } };
    recipe_is_told(&r, "");
    recipe_is_told(&own, "");
}

static void a_weak_import_is_an_import(void **state)
{
    (void)state;
    struct recipe r = good;
    r.symbols[0] = (struct made_symbol){ "fork", STB_WEAK, STT_NOTYPE, STV_DEFAULT, SHN_UNDEF };
    recipe_is_told(&r, FORKS);
}

static void the_first_problem_is_told(void **state)
{
    (void)state;
    struct recipe r = { .symbols = { IMPORT("exit"), IMPORT("fork"), EXPORT("a"),
                                     EXPORT(MANIFEST) },
                        .extra = { { DT_TEXTREL, { 0 } } } };
    recipe_is_told(&r, BESIDE("a"));
    r.symbols[2].name = "_init";
    recipe_is_told(&r, "p.so has text relocations: compile with -fPIC");
    r.extra[0].d_tag = DT_DEBUG;
    recipe_is_told(&r, FORKS);
}

static void a_long_path_does_not_overrun_the_sentence(void **state)
{
    (void)state;
    struct made m;
    char path[1000];
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = 0;
    make(&m, &good);
    m.head.e_type = ET_REL;
    for (size_t n = 300; n < sizeof path; n += 23) {
        path[sizeof path - 1] = 0;
        assert_int_equal(elf_check_bytes(&m, sizeof m, path + sizeof path - n, problem), -1);
        assert_true(strlen(problem) < ELF_PROBLEM);
    }
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void tables_that_the_loader_would_die_of_are_refused(void **state)
{
    (void)state;
    struct made m;
    make(&m, &good);
    m.gnu_hash[0] = 0; /* it divides by the count of buckets */
    made_is_told(&m, "p.so is damaged (its hash table): copy or build it again");
    make(&m, &good);
    m.gnu_hash[2] = 3; /* it asserts a power of two */
    made_is_told(&m, "p.so is damaged (its hash table): copy or build it again");
    make(&m, &good);
    m.gnu_hash[6] = 1; /* a chain that begins before the first one */
    made_is_told(&m, "p.so is damaged (its hash table): copy or build it again");
    make(&m, &good);
    m.dynamic[1].d_un.d_val = 16; /* the size of a symbol */
    made_is_told(&m, "p.so is damaged (its dynamic section): copy or build it again");
    make(&m, &good);
    memcpy(&m.dynamic[5], &(Elf64_Dyn){ DT_PLTREL, { DT_REL } }, sizeof(Elf64_Dyn));
    made_is_told(&m, "p.so is damaged (its dynamic section): copy or build it again");
}

static void tables_that_lie_outside_are_refused(void **state)
{
    (void)state;
    static const char dynamic[] = "p.so is damaged (its dynamic section): copy or build it again";
    static const char symbols[] = "p.so is damaged (its symbol table): copy or build it again";
    static const char names[] = "p.so is damaged (its names): copy or build it again";
    static const char hash[] = "p.so is damaged (its hash table): copy or build it again";
    struct made m;
    make(&m, &good);
    m.segments[1].p_vaddr = sizeof m; /* no end of the section before the file's */
    made_is_told(&m, dynamic);
    make(&m, &good);
    m.dynamic[0].d_un.d_ptr = sizeof m - sizeof(Elf64_Sym);
    made_is_told(&m, symbols);
    make(&m, &good);
    m.dynamic[0].d_tag = DT_DEBUG;
    made_is_told(&m, symbols);
    make(&m, &good);
    m.symbols[2].st_name = NAMES_MAX;
    made_is_told(&m, symbols);
    make(&m, &good);
    m.dynamic[3].d_un.d_val = sizeof m;
    made_is_told(&m, names);
    make(&m, &good);
    m.names[NAMES_MAX - 1] = 'x';
    made_is_told(&m, names);
    for (uint64_t rest = 4; rest <= 12; rest += 4) {
        make(&m, &good);
        m.dynamic[4].d_un.d_ptr = sizeof m - rest;
        made_is_told(&m, hash);
        m.dynamic[4].d_tag = DT_HASH;
        made_is_told(&m, hash);
    }
}

static void counts_that_are_too_large_are_refused(void **state)
{
    (void)state;
    static const char hash[] = "p.so is damaged (its hash table): copy or build it again";
    const uint32_t counts[] = { sizeof(struct made) / 4, INT32_MAX, UINT32_MAX };
    struct recipe r = good;
    struct made m;
    for (size_t i = 0; i < BOT_COUNT(counts); i++) {
        for (size_t word = 0; word < 2; word++) {
            r.hash = SYSV_HASH;
            make(&m, &r);
            m.hash[word] = counts[i];
            made_is_told(&m, hash);
        }
        static const size_t words[] = { 0, 1, 2, 6 }; /* buckets, the first, blooms, a chain */
        for (size_t k = 0; k < BOT_COUNT(words); k++) {
            r.hash = GNU_HASH;
            make(&m, &r);
            m.gnu_hash[words[k]] = counts[i];
            made_is_told(&m, hash);
        }
    }
    r.hash = SYSV_HASH;
    make(&m, &r);
    m.hash[1] = sizeof m / sizeof(Elf64_Sym); /* which fits the hash table, not the symbols */
    made_is_told(&m, "p.so is damaged (its symbol table): copy or build it again");
}

/* Always the same ones: xorshift. */
static uint64_t next_random(void)
{
    static uint64_t n = 0x9e3779b97f4a7c15;
    n ^= n << 13;
    n ^= n >> 7;
    n ^= n << 17;
    return n;
}

/* One to four bytes, or a number whose sums overflow. `tables` is where most of them go. */
static void damage(unsigned char *data, size_t len, size_t tables)
{
    static const uint64_t numbers[] = { 0,          1,         UINT16_MAX, INT32_MAX,
                                        UINT32_MAX, INT64_MAX, UINT64_MAX, (uint64_t)1 << 63 };
    unsigned count = 1 + next_random() % 4;
    for (unsigned i = 0; i < count; i++) {
        size_t at = next_random() % (next_random() % 4 ? tables : len);
        if (next_random() % 2) {
            data[at] = (unsigned char)next_random();
            continue;
        }
        uint64_t number = numbers[next_random() % BOT_COUNT(numbers)] - next_random() % 2;
        size_t bytes = (size_t)2 << next_random() % 3;
        at -= at % bytes;
        memcpy(data + at, &number, len - at < bytes ? len - at : bytes);
    }
}

/* Any answer will do, in words that fit when it is no. */
static void answer_is_sane(int rc)
{
    assert_true(rc == 0 || rc == -1);
    assert_non_null(memchr(problem, 0, sizeof problem));
    assert_int_equal(*problem != 0, rc == -1);
}

/* `times` damaged copies, each in memory of just its size, so that a sanitizer sees the ends. */
static unsigned damaged_copies(const void *whole, size_t len, size_t tables, unsigned times)
{
    unsigned refused = 0;
    for (unsigned i = 0; i < times; i++) {
        unsigned char *data = xmalloc(len);
        memcpy(data, whole, len);
        damage(data, len, tables);
        size_t used = next_random() % 8 ? len : next_random() % len;
        unsigned char *cut = xmalloc(used);
        memcpy(cut, data, used);
        int rc = elf_check_bytes(cut, used, "p.so", problem);
        answer_is_sane(rc);
        refused += rc != 0;
        free(cut);
        free(data);
    }
    return refused;
}

static void random_damage_never_crashes(void **state)
{
    (void)state;
    const struct recipe recipes[] = {
        { .symbols = { IMPORT("strlen"), IMPORT("fork"), EXPORT(MANIFEST) } },
        { .symbols = { IMPORT("strlen"), EXPORT("_init"), EXPORT(MANIFEST) }, .hash = BOTH_HASHES },
    };
    struct made m;
    size_t len;
    unsigned char *alpha = plugin_bytes("alpha.so", &len);
    unsigned refused = damaged_copies(alpha, len, 2048, 20000);
    assert_in_range(refused, 2000, 19999);
    free(alpha);
    for (size_t i = 0; i < BOT_COUNT(recipes); i++) {
        make(&m, &recipes[i]);
        refused = damaged_copies(&m, sizeof m, sizeof m, 20000);
        assert_in_range(refused, 2000, 20000);
    }
}

static void random_bytes_are_refused(void **state)
{
    (void)state;
    unsigned char data[600];
    for (unsigned i = 0; i < 5000; i++) {
        size_t len = 1 + next_random() % sizeof data;
        for (size_t k = 0; k < len; k++) data[k] = (unsigned char)next_random();
        if (len >= SELFMAG && i % 2) memcpy(data, ELFMAG, SELFMAG);
        assert_int_equal(elf_check_bytes(data, len, "p.so", problem), -1);
        answer_is_sane(-1);
    }
}

static void a_damaged_file_is_told_as_its_bytes_are(void **state)
{
    (void)state;
    struct place p;
    size_t len;
    char told[ELF_PROBLEM];
    unsigned char *alpha = plugin_bytes("alpha.so", &len);
    place_open(&p, alpha, len);
    int fd = open(p.file, O_WRONLY);
    assert_true(fd >= 0);
    for (unsigned i = 0; i < 300; i++) {
        unsigned char *data = xmemdup(alpha, len);
        damage(data, len, 2048);
        assert_int_equal(pwrite(fd, data, len, 0), len);
        int rc = elf_check_bytes(data, len, "p.so", told);
        assert_int_equal(elf_check(p.file, "p.so", problem), rc);
        assert_string_equal(problem, told);
        free(data);
    }
    close(fd);
    free(alpha);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_plugin_passes),
        cmocka_unit_test(every_plugin_of_the_product_passes),
        cmocka_unit_test(broken_plugins_are_told_apart),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_file_too_large_for_a_plugin_is_not_read),
        cmocka_unit_test(a_file_that_everybody_can_write_is_refused),
        cmocka_unit_test(a_folder_that_everybody_can_write_is_refused_unless_it_is_sticky),
        cmocka_unit_test(a_link_is_as_safe_as_both_its_ends),
        cmocka_unit_test(what_is_no_library_is_refused),
        cmocka_unit_test(another_processor_is_named),
        cmocka_unit_test(another_processor_is_named_in_its_own_bits_and_bytes),
        cmocka_unit_test(a_file_that_is_cut_short_is_told_at_every_length),
        cmocka_unit_test(segments_that_would_lie_on_each_other_are_refused),
        cmocka_unit_test(symbols_are_found_by_either_hash_table),
        cmocka_unit_test(a_library_without_the_one_symbol_is_no_plugin),
        cmocka_unit_test(the_one_symbol_must_be_a_manifest),
        cmocka_unit_test(another_exported_symbol_is_named),
        cmocka_unit_test(names_that_the_tools_add_are_not_counted),
        cmocka_unit_test(of_cplusplus_only_weak_symbols_are_tolerated),
        cmocka_unit_test(a_name_in_the_sentence_is_one_short_word),
        cmocka_unit_test(text_relocations_are_told_by_tag_and_by_flag),
        cmocka_unit_test(calls_that_are_the_hosts_are_refused),
        cmocka_unit_test(calls_that_only_look_alike_pass),
        cmocka_unit_test(a_weak_import_is_an_import),
        cmocka_unit_test(the_first_problem_is_told),
        cmocka_unit_test(a_long_path_does_not_overrun_the_sentence),
        cmocka_unit_test(tables_that_the_loader_would_die_of_are_refused),
        cmocka_unit_test(tables_that_lie_outside_are_refused),
        cmocka_unit_test(counts_that_are_too_large_are_refused),
        cmocka_unit_test(random_damage_never_crashes),
        cmocka_unit_test(random_bytes_are_refused),
        cmocka_unit_test(a_damaged_file_is_told_as_its_bytes_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
