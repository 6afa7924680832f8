/* attach.h - what comes along with a message, as transcripts and `tokobot chat` write it:
 *
 *   [image proof.png] caption          also voice, audio, video, document, sticker
 *   [location -6.2,106.8]
 *   [contact Budi 6281100000031]
 *
 * and as the simulator's lines carry it. Pure but for looking whether a file is there. */
#ifndef TOKOBOT_ATTACH_H
#define TOKOBOT_ATTACH_H

#include "../base/arena.h"
#include "../base/buf.h"

struct json_object;

/* Takes "[KIND WHAT]" off the start of a text: the caption, which may be "". A text that only
 * begins with a bracket is a text: *kind stays NULL. */
const char *attach_parse(const char *text, struct arena *arena, const char **kind,
                         const char **what);
/* Adds ,"attach":{...} to a line for the simulator. Files are looked up in `folder` (NULL: the
 * current one). 0, or -1 with a sentence. */
int attach_add(struct buf *line, const char *kind, const char *what, const char *folder,
               char *error, size_t cap);
/* What a line of the bot's shows: its text, behind "[KIND NAME] " when it brings a file. */
char *attach_shown(struct json_object *line, struct arena *arena);

#endif
