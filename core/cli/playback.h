/* playback.h - plays one transcript against a host of its own, in this process: a virtual clock,
 * scripted HTTP, slow work done at once, a data folder in memory. On the calling thread only, one
 * at a time. */
#ifndef TOKOBOT_PLAYBACK_H
#define TOKOBOT_PLAYBACK_H

#include "../base/buf.h"
#include "fragments.h"
#include "transcript.h"

struct playback_conf {
    const char *file;          /* the .chat, as it is shown in messages */
    const char *folder;        /* where FILE of an http line lies */
    const char *plugin_folder; /* where NAME.so lies */
    const struct transcript *transcript;
    struct fragments
        *ini;    /* what bot.ini says; the playback adds its own folders and super admins */
    int verbose; /* prints the conversation to stdout */
};

/* 0 passed; -1 failed, with the reason, several lines long, in `report`. */
int playback_run(const struct playback_conf *conf, struct buf *report);

#endif
