/* reload.h - a new bot.ini, new plugin files, without a restart: all or nothing (I9).
 *
 *   asked ──▶ read bot.ini ──▶ probe changed files ──▶ load, index, check ──▶ one transaction:
 *            (refused)         in processes of their   beside what runs       swap the registry,
 *                              own; the loop serves    (refused)              migrate, start()
 *                                                                             (else: refused)
 *
 * Whatever is refused leaves what runs as it was. Everything but the probing happens in one piece
 * between two turns, when no plugin code is on the stack. What is asked for while one runs starts
 * another one after it. On the loop. */
#ifndef TOKOBOT_RELOAD_H
#define TOKOBOT_RELOAD_H

#include <stdint.h>

#include "../base/buf.h"
#include "../base/map.h"
#include "lineup.h"

struct host;
struct config;

/* A file that is copied and tried in a process of its own. */
struct plugin_probe {
    struct plugin_probe *next;
    struct host *host;
    uint64_t reload;         /* of this reload: what comes back later is of no interest */
    struct library *library; /* name, file, copy; gets id, build, and a problem */
};

/* Somebody who wants to hear how it ended: a control connection, or a plugin's call. */
struct reload_waiter {
    struct reload_waiter *next;
    uint64_t connection, call;
};

enum { RELOAD_FIXED = 5 };

struct reload {
    const char *fixed[RELOAD_FIXED]; /* settings that the process was started with */
    int asked;                       /* one is to begin */
    uint64_t number;                 /* of the one that runs, or ran last */
    int all;                         /* ... that makes a new generation of every plugin */
    int running;
    int closed;                   /* the host stops: none begins any more */
    unsigned probing;             /* probes that have not come back */
    int64_t began;                /* clock_mono */
    int64_t step_began, pause_us; /* the longest that the loop stood still for it */
    struct config *config;        /* the new one; NULL: bot.ini is read */
    struct config *given;         /* tests: instead of reading bot.ini */
    struct lineup lineup;
    struct buf problems;
    struct buf changes;                 /* what a success has changed, for the log and for people */
    struct reload_waiter *waiters;      /* for this one */
    struct reload_waiter *next_waiters; /* for the next one */
    uint32_t warned;                    /* thousands of generations that were warned of */
    int64_t ok, refused, unchanged;     /* how they ended */
};

/* At a start: remembers the settings that no reload can change. */
void reload_open(struct host *h);
/* Asks for one; it begins at the top of the next turn. */
void reload_ask(struct host *h);
/* The same; the connection gets one JSON line, the call its completion, when it has ended. */
void reload_ask_control(struct host *h, uint64_t connection);
void reload_ask_call(struct host *h, uint64_t call);
/* With a new generation of every plugin, changed or not: transcripts, `tokobot plugin check`. */
void reload_ask_all(struct host *h);
/* Tests: takes this configuration instead of reading bot.ini. */
void reload_ask_with(struct host *h, struct config *config);

int reload_has_work(const struct host *h);
/* Goes on as far as it can. Outside of turns. */
void reload_step(struct host *h);
/* A probe has ended: library->problem is set, or the copy is there with its id and build. Takes it.
 */
void reload_probed(struct plugin_probe *probe);
void probe_free(struct plugin_probe *probe); /* NULL-safe */
void reload_free(struct host *h);

#endif
