/* calls.h - pending asynchronous calls of plugins: HTTP, work, long reads, timers. On the loop.
 *
 * A call has an id that is never used again; whatever comes back for an id that has ended is thrown
 * away. Each call's done() runs exactly once - or, when the turn it ran in was lost, once more. */
#ifndef TOKOBOT_CALLS_H
#define TOKOBOT_CALLS_H

#include "loop.h"

enum call_kind { CALL_HTTP = 1, CALL_JOB = 2, CALL_TIMER = 3, CALL_RELOAD = 4, CALL_STORE = 5 };

struct call {
    uint64_t id;
    enum call_kind kind;
    struct event *event;   /* holds a reference */
    struct plugin *plugin; /* held: plugin->pending counts it */
    uint32_t scope;
    bot_done_fn *done;
    void *data;
    size_t data_len;
    int64_t due;           /* timer */
    int started;           /* 0 while it is only staged */
    int ended;             /* a completion is on its way to done() */
    size_t heap_index;     /* timer: its place + 1 */
    struct http_job *http; /* until it is submitted */
    struct pool_job *job;
    char *file_name;        /* store */
    TAILQ_ENTRY(call) link; /* in event->call_list, once started */
};

struct calls {
    struct map by_id;
    uint64_t next_id;
    struct call **heap; /* timers by due */
    size_t timer_count, timer_cap;
    size_t pending;
};

struct calls *calls_new(void);
void calls_free(struct calls *c);
/* Makes a call of ev's running callback; data is copied. Not yet started. */
struct call *call_new(struct event *ev, enum call_kind kind, bot_done_fn *done, const void *data,
                      size_t len);
void call_free(struct call *c);
void call_start(struct host *h, struct call *c); /* takes it: submits or arms it */
/* Ends a pending call as `status` (BOT_ECANCELED, BOT_ETIMEDOUT): its done() comes in the next
 * turn. BOT_OK or BOT_EGONE. */
int call_end(struct host *h, uint64_t id, int status);
void calls_end_all(struct host *h, struct event *ev, int status);
/* "2 http, 1 timer": what a generation waits for; nothing when it is nothing. */
void calls_describe(const struct host *h, const struct plugin *p, struct buf *out);
/* Those that its start(), or their completions, have begun: no event waits for them. */
void calls_end_started(struct host *h, const struct plugin *p);
/* All of a generation that is to go. */
void calls_end_of(struct host *h, const struct plugin *p, int status);
/* A reload that a call waited for has ended: BOT_OK or BOT_EINVAL, with a sentence. */
void call_reloaded(struct host *h, uint64_t id, int status, const char *sentence);
/* Timers that are due become completions. */
void calls_fire(struct host *h, int64_t now);
int64_t calls_next_due(const struct calls *c); /* INT64_MAX = none */
struct call *call_find(struct calls *c, uint64_t id);
/* A file of CALL_STORE is on disk: gets its id, in the step that is told (api_media.c). */
void call_stored(struct event *ev, const struct call *c, struct bot_result *result);
/* Runs done() for a completion, inside a step. Returns its verdict. */
int call_complete(struct event *ev, struct call *c, struct completion *back);

#endif
