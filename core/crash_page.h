/* crash_page.h - which callback of which plugin runs now, in memory that outlives the host.
 *
 * The supervisor makes the page and each host maps it. Before a callback its plugin, name and event
 * are written down, afterwards they are taken back; when the host dies in between, the next one
 * reads what was running (containment.h). A thread has a slot of its own, in which callbacks nest.
 * Costs some ten nanoseconds a callback.
 *
 * Threads: a slot belongs to one thread; the watchdog and, after a crash, the supervisor and the
 * next host only read it. */
#ifndef TOKOBOT_CRASH_PAGE_H
#define TOKOBOT_CRASH_PAGE_H

#include <stdint.h>

/* What a callback was called for. Stored in the table `crashes`. */
enum crash_kind {
    CRASH_NONE = 0,
    CRASH_LOAD = 1,    /* constructors, init() */
    CRASH_START = 2,   /* start() */
    CRASH_STOP = 3,    /* stop() */
    CRASH_EVENT = 4,   /* an event of the inbox: id */
    CRASH_SEND = 5,    /* a row of the outbox: id */
    CRASH_REQUEST = 6, /* a route, or something else that is not kept */
    CRASH_PARSE = 7,   /* a webhook's body: id is made of its content */
    CRASH_WORK = 8     /* work on a thread of the pool, for the event id */
};

enum { CRASH_SLOTS = 32, CRASH_FRAMES = 3 };

struct crash_frame {
    int64_t id;
    int32_t kind;
    char plugin[49], callback[47], build[17];
};

struct crash_slot {
    uint32_t depth; /* callbacks that run, one inside the other; frames holds the first ones */
    uint32_t count; /* callbacks that have begun: tells two long ones apart */
    int32_t thread; /* its kernel's id */
    struct crash_frame frames[CRASH_FRAMES];
};

struct crash_page {
    uint64_t id;     /* random, of this page */
    uint32_t crash;  /* counts the hosts that crashed; set by the supervisor */
    int32_t pending; /* 1: the last crash has not been written down yet */
    int32_t status;  /* its wait status */
    int32_t crashed; /* 1 + the slot of the thread that took the signal; 0: nobody knows */
    int64_t stop_ms; /* how long a stop may take before the supervisor kills; 0 = its own bound */
    uint32_t slots_used;
    struct crash_slot slots[CRASH_SLOTS]; /* the first is the loop's */
};

/* A new page; *fd is its descriptor (CLOEXEC), or fd NULL: only for this process. NULL when there
 * is no memory. */
struct crash_page *crash_page_new(int *fd);
struct crash_page *crash_page_map(int fd); /* NULL with errno */
void crash_page_unmap(struct crash_page *page);
/* A new host begins with it: nothing runs, this thread has the first slot. What was pending is
 * forgotten. */
void crash_page_begin(struct crash_page *page);

/* The supervisor: the host has ended like this, which was a crash. */
void crash_page_crashed(struct crash_page *page, int status);
/* 1: some thread was inside a callback. */
int crash_page_is_busy(const struct crash_page *page);
/* The innermost callback that ran when the host died; NULL = none, or nobody knows which. */
const struct crash_frame *crash_page_culprit(const struct crash_page *page);

/* Around a callback, on any thread. NULL page: nothing. */
void crash_enter(struct crash_page *page, enum crash_kind kind, int64_t id, const char *plugin,
                 const char *build, const char *callback);
void crash_leave(struct crash_page *page);

/* The host's process: a fatal signal notes its thread in the page and prints the stack on stderr,
 * before it kills. */
void crash_page_watch_signals(struct crash_page *page);

#endif
