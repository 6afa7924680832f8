/* watchdog.c - see watchdog.h. Looks four times a second; a look is two loads when nothing hangs.
 */
#include "watchdog.h"

#include <errno.h>
#include <execinfo.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

enum { LOOK_MS = 250, STACK_MS = 2000, QUICK_MS = 2000, ABORT_MS = 30000, STACK_FRAMES = 48 };

struct watchdog {
    pthread_t thread;
    struct crash_page *page;
    sem_t end;
    int serving, stopping; /* atomic */
};

/* The stack of the thread that hangs, written by its own signal handler. */
static void *stack[STACK_FRAMES];
static volatile sig_atomic_t stack_size;

static void on_ask(int number)
{
    (void)number;
    stack_size = backtrace(stack, STACK_FRAMES);
}

static void ask_thread(const struct crash_slot *slot, int number)
{
    syscall(SYS_tgkill, getpid(), slot->thread, number);
}

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    while (nanosleep(&t, &t) < 0 && errno == EINTR) continue;
}

/* "catalog.4f.1.so+0x1234" for addr2line. Without the dynamic loader's help: a constructor that
 * hangs holds its lock. */
static void add_place(struct buf *out, const void *address)
{
    char line[512];
    uintptr_t at = (uintptr_t)address, from, to, offset;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps)) {
        int path = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNxPTR " %*s %*s %n", &from, &to,
                   &offset, &path) < 3 ||
            at < from || at >= to)
            continue;
        line[strcspn(line, "\n")] = 0;
        const char *slash = strrchr(line + path, '/');
        buf_addf(out, "%s+0x%" PRIxPTR, slash ? slash + 1 : line + path, at - from + offset);
        break;
    }
    if (maps) fclose(maps);
}

static void log_stack(const struct crash_slot *slot, const struct crash_frame *f, int64_t ms)
{
    struct buf text = { 0 };
    stack_size = 0;
    ask_thread(slot, SIGUSR2);
    for (int i = 0; i < 20 && !stack_size; i++) sleep_ms(10);
    for (int i = 1; i < (int)stack_size; i++) { /* 0 is the handler that looked */
        if (i > 1) buf_addc(&text, ' ');
        add_place(&text, stack[i]);
    }
    log_error("plugin", "a callback does not return", LOG_STR("plugin", f->plugin),
              LOG_STR("callback", f->callback), LOG_INT("event", f->id), LOG_INT("ms", ms),
              LOG_STR("stack", buf_str(&text)));
    buf_free(&text);
}

static void end_host(struct watchdog *w, const struct crash_slot *slot, const struct crash_frame *f)
{
    log_error("plugin", "a callback never returned: the host ends itself",
              LOG_STR("plugin", f->plugin), LOG_STR("callback", f->callback),
              LOG_INT("event", f->id));
    if (__atomic_load_n(&w->stopping, __ATOMIC_ACQUIRE)) _exit(0);
    ask_thread(slot, SIGABRT);
    sleep_ms(2000);
    abort(); /* it could not take it */
}

/* Before anybody is served a slow disk is no reason to leave a plugin out. */
static int64_t limit_ms(const struct watchdog *w, const struct crash_frame *f)
{
    int is_quick = f->kind == CRASH_STOP ||
                   (f->kind == CRASH_LOAD && __atomic_load_n(&w->serving, __ATOMIC_RELAXED));
    return is_quick ? QUICK_MS : ABORT_MS;
}

/* What was seen of a slot. */
struct seen {
    uint32_t count;
    int64_t ms; /* so long the same callback has run */
};

static void look(struct watchdog *w, const struct crash_slot *s, struct seen *seen)
{
    uint32_t depth = __atomic_load_n(&s->depth, __ATOMIC_ACQUIRE);
    uint32_t now = __atomic_load_n(&s->count, __ATOMIC_RELAXED);
    if (!depth || now != seen->count ||
        w->page->pending) { /* pending: the slots are of the host before */
        seen->count = now;
        seen->ms = 0;
        return;
    }
    int64_t before = seen->ms;
    seen->ms += LOOK_MS;
    struct crash_frame f = s->frames[(depth < CRASH_FRAMES ? depth : CRASH_FRAMES) - 1];
    if (before < STACK_MS && seen->ms >= STACK_MS) log_stack(s, &f, seen->ms);
    if (seen->ms >= limit_ms(w, &f)) end_host(w, s, &f);
}

static void *watch(void *arg)
{
    struct watchdog *w = arg;
    struct seen seen[CRASH_SLOTS] = { 0 };
    pthread_setname_np(pthread_self(), "tokobot-watch");
    for (;;) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until); /* whatever becomes of the wall clock */
        until.tv_nsec += LOOK_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000L;
        }
        int rc = sem_clockwait(&w->end, CLOCK_MONOTONIC, &until);
        if (rc == 0) return NULL;
        if (errno != ETIMEDOUT) continue;
        unsigned used = __atomic_load_n(&w->page->slots_used, __ATOMIC_RELAXED);
        for (unsigned i = 0; i < used && i < CRASH_SLOTS; i++)
            look(w, &w->page->slots[i], &seen[i]);
    }
}

struct watchdog *watchdog_start(struct crash_page *page)
{
    struct watchdog *w = xcalloc(1, sizeof *w);
    struct sigaction action = { .sa_handler = on_ask, .sa_flags = SA_RESTART };
    void *warm[2];
    (void)backtrace(warm, 2); /* loads libgcc now: not in a signal */
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR2, &action, NULL);
    w->page = page;
    sem_init(&w->end, 0, 0);
    if (pthread_create(&w->thread, NULL, watch, w) == 0) return w;
    sem_destroy(&w->end);
    free(w);
    return NULL;
}

void watchdog_serving(struct watchdog *w)
{
    if (w) __atomic_store_n(&w->serving, 1, __ATOMIC_RELAXED);
}

void watchdog_stopping(struct watchdog *w)
{
    if (w) __atomic_store_n(&w->stopping, 1, __ATOMIC_RELEASE);
}

void watchdog_stop(struct watchdog *w)
{
    if (!w) return;
    sem_post(&w->end);
    pthread_join(w->thread, NULL);
    sem_destroy(&w->end);
    free(w);
}
