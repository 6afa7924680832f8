/* SPDX-License-Identifier: MIT
 * listeners.c - see simulator.h. A handful of entries: a list is all it takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator.h"

int listeners_join(struct listeners *l, int64_t connection, int64_t request, const char *chat)
{
    listeners_touch(l, connection, request);
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].connection == connection && strcmp(l->items[i].chat, chat) == 0) return 0;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct listener *items = realloc(l->items, cap * sizeof *items);
        if (!items) return -1;
        l->items = items;
        l->cap = cap;
    }
    struct listener *one = &l->items[l->count++];
    *one = (struct listener){ .connection = connection, .request = request };
    snprintf(one->chat, sizeof one->chat, "%s", chat);
    return 0;
}

void listeners_touch(struct listeners *l, int64_t connection, int64_t request)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].connection == connection) l->items[i].request = request;
}

void listeners_forget(struct listeners *l, int64_t connection)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].connection == connection) l->items[i].connection = 0;
}

void listeners_sweep(struct listeners *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].connection != 0) l->items[kept++] = l->items[i];
    l->count = kept;
}

static int wants(const struct listener *one, const char *chat)
{
    return one->connection != 0 && (one->chat[0] == '\0' || strcmp(one->chat, chat) == 0);
}

int listeners_hears(const struct listeners *l, size_t i, const char *chat)
{
    if (!wants(&l->items[i], chat)) return 0;
    for (size_t k = 0; k < i; k++)
        if (l->items[k].connection == l->items[i].connection && wants(&l->items[k], chat)) return 0;
    return 1;
}

void listeners_free(struct listeners *l)
{
    free(l->items);
    *l = (struct listeners){ 0 };
}
