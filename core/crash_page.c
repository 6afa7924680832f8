/* crash_page.c - see crash_page.h.
 *
 * Invariant: `depth` is raised after its frame is complete and lowered before the frame is written
 * again, so a reader after a crash never sees half a frame as running. */
#include "crash_page.h"

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_FRAMES = 48, SIGNAL_STACK = 32 << 10 };

static _Thread_local struct crash_slot *own_slot;
static _Thread_local struct crash_page *own_page; /* the page that own_slot is in */

static struct crash_page *watched; /* whose threads note a fatal signal */

/* A stack that has overflowed is none to run a handler on. */
static void take_signal_stack(unsigned slot)
{
    static char memory[CRASH_SLOTS][SIGNAL_STACK];
    if (slot >= CRASH_SLOTS) return;
    stack_t alternate = { .ss_sp = memory[slot], .ss_size = sizeof memory[slot] };
    sigaltstack(&alternate, NULL);
}

/* ---- the page -------------------------------------------------------------------------------- */

struct crash_page *crash_page_map(int fd)
{
    void *p = mmap(NULL, sizeof(struct crash_page), PROT_READ | PROT_WRITE,
                   fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

struct crash_page *crash_page_new(int *fd)
{
    int memory = -1;
    if (fd) {
        memory = memfd_create("tokobot-crash", MFD_CLOEXEC);
        if (memory < 0) return NULL;
        if (ftruncate(memory, sizeof(struct crash_page)) < 0) {
            close(memory);
            return NULL;
        }
    }
    struct crash_page *page = crash_page_map(memory);
    if (page && sodium_init() >= 0) randombytes_buf(&page->id, sizeof page->id);
    if (fd && !page) close(memory);
    if (fd && page) *fd = memory;
    return page;
}

void crash_page_unmap(struct crash_page *page)
{
    if (!page) return;
    if (own_page == page) own_page = NULL;
    munmap(page, sizeof *page);
}

static void take_slot(struct crash_page *page, unsigned i)
{
    own_page = page;
    own_slot = i < CRASH_SLOTS ? &page->slots[i] : NULL;
    if (own_slot) own_slot->thread = (int32_t)syscall(SYS_gettid);
    if (page == watched) take_signal_stack(i);
}

void crash_page_begin(struct crash_page *page)
{
    page->pending = page->crashed = 0;
    page->slots_used = 1;
    memset(page->slots, 0, sizeof page->slots);
    take_slot(page, 0);
}

/* ---- around a callback ----------------------------------------------------------------------- */

static void put(char *to, size_t cap, const char *from)
{
    size_t n = from ? strnlen(from, cap - 1) : 0;
    if (n) memcpy(to, from, n);
    to[n] = 0;
}

void crash_enter(struct crash_page *page, enum crash_kind kind, int64_t id, const char *plugin,
                 const char *build, const char *callback)
{
    if (!page) return;
    if (own_page != page)
        take_slot(page, __atomic_fetch_add(&page->slots_used, 1, __ATOMIC_RELAXED));
    struct crash_slot *s = own_slot;
    if (!s) return; /* more threads than slots: theirs are not told apart */
    uint32_t depth = s->depth;
    if (depth < CRASH_FRAMES) {
        struct crash_frame *f = &s->frames[depth];
        f->id = id;
        f->kind = (int32_t)kind;
        put(f->plugin, sizeof f->plugin, plugin);
        put(f->callback, sizeof f->callback, callback);
        put(f->build, sizeof f->build, build);
    }
    __atomic_store_n(&s->count, s->count + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&s->depth, depth + 1, __ATOMIC_RELEASE);
}

void crash_leave(struct crash_page *page)
{
    if (!page || own_page != page || !own_slot || !own_slot->depth) return;
    __atomic_store_n(&own_slot->depth, own_slot->depth - 1, __ATOMIC_RELEASE);
}

/* ---- afterwards ------------------------------------------------------------------------------ */

void crash_page_crashed(struct crash_page *page, int status)
{
    if (page->pending) return; /* this one died before it had begun: the slots are another's */
    page->status = status;
    page->crash++;
    page->pending = 1;
}

int crash_page_is_busy(const struct crash_page *page)
{
    for (unsigned i = 0; !page->pending && i < CRASH_SLOTS; i++)
        if (page->slots[i].depth > 0) return 1;
    return 0;
}

static const struct crash_frame *innermost(const struct crash_slot *s)
{
    if (!s->depth) return NULL;
    return &s->frames[(s->depth < CRASH_FRAMES ? s->depth : CRASH_FRAMES) - 1];
}

/* A thread that took the signal outside of any callback was in the host's own code. When nobody
 * took one, it was the only callback that ran; of several, nobody is blamed. */
const struct crash_frame *crash_page_culprit(const struct crash_page *page)
{
    const struct crash_frame *only = NULL;
    if (page->crashed > 0 && page->crashed <= CRASH_SLOTS)
        return innermost(&page->slots[page->crashed - 1]);
    for (unsigned i = 0; i < CRASH_SLOTS; i++) {
        const struct crash_frame *f = innermost(&page->slots[i]);
        if (f && only) return NULL;
        if (f) only = f;
    }
    return only;
}

/* ---- fatal signals --------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__) /* which has a better report of its own */

void crash_page_watch_signals(struct crash_page *page)
{
    (void)page;
}

#else

static void on_fatal(int number)
{
    void *stack[STACK_FRAMES];
    if (watched && own_page == watched && own_slot)
        watched->crashed = (int32_t)(own_slot - watched->slots) + 1;
    int n = backtrace(stack, STACK_FRAMES);
    backtrace_symbols_fd(stack, n, STDERR_FILENO);
    signal(number,
           SIG_DFL); /* returning runs the instruction again, or raise() goes on: both kill */
    raise(number);
}

void crash_page_watch_signals(struct crash_page *page)
{
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    void *stack[2];
    struct sigaction action = { .sa_handler = on_fatal, .sa_flags = SA_ONSTACK | SA_NODEFER };
    watched = page;
    (void)backtrace(stack, 2); /* loads libgcc now: not in a signal */
    take_signal_stack(0);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) sigaction(fatal[i], &action, NULL);
}

#endif
