/* transcript.h - the language of *.chat files: a conversation written down, to be played against a
 * host.
 *
 *   as ROLE PHONE [of "STORE"]     who speaks from here: customer, staff, admin, super
 *   > text                         a message; + continues it, and a < pattern, on a new line
 *   > [image proof.png] caption    what comes along (attach.h); a file is beside the .chat
 *   >reply N text                  quotes the Nth message that the speaker received
 *   < pattern                      the next message to the speaker; * crosses lines, \* is a star
 *   <PHONE pattern                 the next message to somebody else
 *   <none                          nothing more was said to the speaker
 *   wait 10m                       the clock; ms s m h d
 *   restart, crash, reload         the process
 *   http METHOD GLOB -> STATUS [FILE]   how such requests are answered from here; STATUS may be
 *                                  "timeout" or "refused"; FILE is beside the .chat
 *   ! tokobot VERB ...             a command of the control socket; < lines after it are its output
 *   # a comment, also after the words of a line that is no message and no pattern
 *
 * Pure: nothing here knows a host. */
#ifndef TOKOBOT_TRANSCRIPT_H
#define TOKOBOT_TRANSCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "../base/arena.h"

enum step_kind {
    STEP_AS,
    STEP_SAY,    /* text, attachment */
    STEP_REPLY,  /* number, text */
    STEP_EXPECT, /* text is the pattern; phone NULL = the speaker */
    STEP_NONE,
    STEP_WAIT, /* number: ms */
    STEP_RESTART,
    STEP_CRASH,
    STEP_RELOAD,
    STEP_HTTP,
    STEP_CONTROL /* text: what follows "tokobot" */
};

enum speaker_role { SPEAKER_CUSTOMER, SPEAKER_STAFF, SPEAKER_ADMIN, SPEAKER_SUPER };

enum { HTTP_STATUS_TIMEOUT = -1, HTTP_STATUS_REFUSED = -2 };

struct step {
    enum step_kind kind;
    int line;
    enum speaker_role role;
    const char *phone; /* digits */
    const char *store; /* name, or NULL */
    const char *text;
    const char *attachment; /* "image" ...: see attach.h; or NULL */
    const char *attached;   /* "proof.png", "-6.2,106.8" */
    const char *method, *glob, *file;
    int64_t number;
    int status;
};

struct transcript {
    struct step *steps;
    size_t count;
    struct arena arena; /* every string above */
};

/* Parses a file's content. 0, or -1 with "line N: what, and what to do" in error. */
int transcript_parse(struct transcript *t, const char *content, char *error, size_t cap);
void transcript_free(struct transcript *t);

/* 1 when the whole text fits the pattern. White space at the end of the text does not count. On a
 * mismatch *missing (may be NULL) gets the part of the pattern that was not found, in arena. */
int transcript_match(const char *pattern, const char *text, struct arena *arena,
                     const char **missing);
/* A URL against a glob in which * stands for anything; the same rules, without the arena. */
int transcript_glob(const char *glob, const char *url);

#endif
