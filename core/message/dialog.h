/* dialog.h - the open question of a person: stored, timed, cancelled, stepped back. On the loop, in
 * a turn. */
#ifndef TOKOBOT_DIALOG_H
#define TOKOBOT_DIALOG_H

#include "../event.h"

struct dialog_def;

struct dialog {
    int64_t person;
    const char *plugin, *name;
    int64_t store;
    uint32_t version;
    uint32_t step; /* index of the open step */
    uint32_t misses;
    int64_t expires_at;
    const struct dialog_def *def;
    const char **names; /* slots that have a value; secrets are only here, never on disk */
    const char **values;
    uint32_t count;
    const char *gateway, *session; /* where it is held */
    int64_t started_at; /* with plugin and name: tells this dialog from one that replaced it */
    const char
        *given;    /* ",a,b,": slots that had a value from the start; KEMBALI does not go there */
    uint32_t role; /* that of the command which opened it; 0 = anybody's */
    const char *answer; /* while a check runs: in and out */
    int outcome;        /* what the check returned */
};

/* The core's own question: which store. Its answers are routing.c's. */
#define DIALOG_CORE  "core"
#define DIALOG_STORE "store"
static inline int dialog_is_core(const struct dialog *d)
{
    return d->def == NULL;
}

/* Behind api->dialog_start(). */
int dialog_start(struct event *ev, const char *name, const struct bot_arg *args, size_t n);
/* Behind api->slot_set() and field("slot.X"). */
int dialog_slot_set(struct event *ev, const char *slot, const char *value);
const char *dialog_slot(const struct event *ev, const char *slot); /* NULL when it has none */
/* The open dialog of ev->person, in ev->arena; NULL when there is none. One whose definition has
 * gone or changed version is treated as the design says. */
struct dialog *dialog_load(struct event *ev);
/* What became of an answer. */
enum dialog_result {
    DIALOG_ASKED = 0,    /* said what comes next; the event is handled */
    DIALOG_DONE = 1,     /* all answers are there: call the end (dialog_finish) */
    DIALOG_QUESTION = 2, /* no answer but a question: it is answered first, then dialog_ask() */
    DIALOG_FAILED = 3
};
/* Takes ev->text as the answer of the open step. */
enum dialog_result dialog_answer(struct event *ev, struct dialog *d);
/* Runs the end; its verdict. A LATER one keeps the row until the event is settled. */
int dialog_finish(struct event *ev, struct dialog *d);
int dialog_cancel(struct event *ev, struct dialog *d); /* BATAL: a verdict */
int dialog_back(struct event *ev, struct dialog *d);   /* KEMBALI: a verdict */
/* Repeats the open step's question. */
void dialog_ask(struct event *ev, struct dialog *d);
/* Counts a miss: says `retry`, the second time with a hint, the third time with help. 0 or -1. */
int dialog_miss(struct event *ev, struct dialog *d, const char *retry);
/* In a group nothing is asked: says so. 0. */
int dialog_not_here(struct event *ev);
/* Opens the core's own question, or replaces what is open; slots by `args`. 0 or -1. */
int dialog_open_core(struct event *ev, const char *name, const struct bot_arg *args, size_t n);
int dialog_close(struct event *ev,
                 const struct dialog *d); /* unless another one took its place. 0 or -1 */

/* Ends dialogs whose time is over (their `canceled` runs, the person is told); at most `limit`.
 * Returns how many. */
int dialog_expire(struct host *h, int64_t now, int limit);
int64_t dialog_next_due(struct host *h); /* ms, INT64_MAX = none */

/* Whatever question is open for this person is gone. 0 or -1. */
int dialog_forget(struct event *ev);
/* A reload has changed which dialogs there are: those that waiting events are in point to the new
 * definitions. */
void dialogs_renew(struct host *h);

#endif
