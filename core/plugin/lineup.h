/* lineup.h - the plugins that are to run next: what [plugins] of a configuration asks for, opened,
 * initialised, with their names and sections checked, and indexed - while what runs now is not
 * touched. A start and a reload are the same until here; they differ in what becomes of a plugin
 * that cannot be used: a start leaves it out, a reload is refused. On the loop, outside of turns.
 */
#ifndef TOKOBOT_LINEUP_H
#define TOKOBOT_LINEUP_H

#include "registry.h"

struct config;
struct buf;

enum lineup_change {
    LINEUP_SAME = 0,
    LINEUP_NEW = 1,       /* was not running */
    LINEUP_FILE = 2,      /* another file, or another content */
    LINEUP_SECTION = 3,   /* its section of bot.ini says something else */
    LINEUP_DEPENDS = 4,   /* a service that it requires comes from another generation */
    LINEUP_RECOVERED = 5, /* was quarantined or left out */
    LINEUP_AGAIN = 6      /* somebody wants a new generation of everything */
};

/* Why an entry does not run although it was loaded. */
enum lineup_left_out { LINEUP_RUNS = 0, LINEUP_REFUSED, LINEUP_FAILED, LINEUP_LACKS };

struct lineup_entry {
    const char *name; /* the configuration's */
    char *file;
    struct library *library; /* opened and not yet a generation's */
    struct plugin *old;      /* runs now, or NULL */
    struct plugin *plugin;   /* is to run: `old`, or a staged one; NULL: refused */
    enum lineup_change change;
    enum lineup_left_out is_left_out;
    int is_ordered; /* what it requires comes before it in lineup.order */
};

struct lineup {
    struct host *host;
    struct config *config;        /* not owned */
    struct lineup_entry *entries; /* in bot.ini's order, those that are on */
    size_t count;
    struct lineup_entry **order; /* those with a plugin: what is required before who requires it */
    size_t order_count;
    struct registry *registry; /* of all that have a plugin */
    struct buf *problems;      /* one line for each that was refused; not owned */
    int refused;               /* how many */
};

/* The entries, each with what runs of it now. Opens nothing. */
void lineup_new(struct lineup *l, struct host *h, struct config *config, struct buf *problems);
/* What runs now is replaced, too, although nothing of it has changed. */
void lineup_renew_all(struct lineup *l);
/* Copies and checks a changed entry's file in this process (a start; tests). 0, or it is refused.
 */
int lineup_copy(struct lineup *l, struct lineup_entry *e);
/* At a start: copies every file, and tries those whose content has never been loaded well before in
 * processes of their own, all at once. Needs ports.probe: without it they are only copied. */
void lineup_copy_all(struct lineup *l);
/* In a turn or group: what is loaded now has been tried. 0 or -1. */
int lineup_remember(const struct lineup *l);
/* Adds one line, once, that names the plugin or its file. */
void lineup_tell(struct buf *problems, const char *name, const char *why);
/* It is not to run: why is a line of problems. */
void lineup_refuse(struct lineup *l, struct lineup_entry *e, const char *why);
/* Opens and initialises every changed entry that is not refused; then finds whose section has
 * changed and who depends on whom, until nothing changes any more. */
void lineup_load(struct lineup *l);
/* Order and index. Refuses who clashes, who requires what nobody provides, who is in a circle. May
 * be called again after lineup_refuse(). */
void lineup_index(struct lineup *l);
/* 1: somebody who provides what this one requires is left out. */
int lineup_lacks(struct lineup *l, struct lineup_entry *e);
/* A library for the entry's file, with a name for its copy that is never used again. */
struct library *lineup_library(struct lineup *l, struct lineup_entry *e);
/* Declares all sections and checks the configuration; keeps the values in the staged generations.
 * Its errors are the configuration's. */
void lineup_check_config(struct lineup *l);
int lineup_has_changes(const struct lineup *l); /* also in what is no longer on, and in the order */
/* Frees all that was staged and is not held by a registry; the entries. */
void lineup_free(struct lineup *l);

#endif
