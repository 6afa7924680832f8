/* SPDX-License-Identifier: MIT
 * simulator.h - who listens on the control socket, and to which chat. On the loop only. */
#ifndef SIMULATOR_H
#define SIMULATOR_H

#include <stddef.h>
#include <stdint.h>

#define CHAT_BYTES 64

/* One connection that wants the messages of one chat, or of all. */
struct listener {
    int64_t connection;    /* 0 = forgotten */
    int64_t request;       /* the latest of this connection: lines are pushed under it */
    char chat[CHAT_BYTES]; /* "" = all */
};

struct listeners {
    struct listener *items;
    size_t count, cap;
};

/* Notes that `connection` wants `chat` ("" = all) and that `request` is its latest. 0, or -1 out of
 * memory. */
int listeners_join(struct listeners *l, int64_t connection, int64_t request, const char *chat);
/* Notes the latest request of a connection that listens already. */
void listeners_touch(struct listeners *l, int64_t connection, int64_t request);
/* Its entries stay, deaf, until the next sweep: the list may be walked meanwhile. */
void listeners_forget(struct listeners *l, int64_t connection);
void listeners_sweep(struct listeners *l);
/* 1 when this listener hears the chat and no listener before it is of the same connection. */
int listeners_hears(const struct listeners *l, size_t i, const char *chat);
void listeners_free(struct listeners *l);

#endif
