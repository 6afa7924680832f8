/* SPDX-License-Identifier: MIT
 * announce.h - the states of an announcement, for its two files. */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include "super_admin.h"

/* super_admin_announcements.state; in SQL as numbers. */
enum announcement_state {
    ANNOUNCEMENT_LISTING = 0, /* the recipients are being written down */
    ANNOUNCEMENT_ASKED = 1,   /* the super admin has to say YA */
    ANNOUNCEMENT_SENDING = 2,
    ANNOUNCEMENT_DONE = 3,
    ANNOUNCEMENT_CANCELED = 4
};

/* announce_send.c: from ASKED to SENDING, and the first batch is due. BOT_ENOENT: it is not asked
 * about any more. */
int announce_begin(struct bot_ctx *ctx, int64_t id);

#endif
