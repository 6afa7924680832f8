/* trial.h - a plugin on trial: a host of its own, in memory and without a network, in which it is
 * loaded, upgraded, talked to and reloaded again and again. In a process of its own, since any of
 * that may crash or hang. */
#ifndef TOKOBOT_TRIAL_H
#define TOKOBOT_TRIAL_H

#include "../crash_page.h"

struct trial_conf {
    const char *name, *file; /* the plugin */
    const char *ini;         /* whose settings and further plugins it gets, or NULL */
    const char *plugins;     /* where NAME.so is looked up */
    const char *folder;      /* for the database and copies; an empty one */
    struct crash_page *page; /* what runs: whoever waits for this process reads it */
};

/* Prints "  ok    what", "  note  what" and "  BAD   what" lines. How many were bad. */
int trial_run(const struct trial_conf *conf);

#endif
