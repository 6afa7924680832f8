/* SPDX-License-Identifier: MIT
 * missed.c - what to do with what came while we were away: WAHA's lists read, and the rules. Pure.
 *
 * Everything is counted in WhatsApp's own clock, which is the one of every message's timestamp. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "waha.h"

#define YOUNG_MS  (2 * 60 * 1000)
#define ANSWER_MS (24LL * 3600 * 1000)
#define TOLERANCE (2 * 60 * 1000) /* a clock that runs so much behind a message may be right */

/* ---- the clock ------------------------------------------------------------------------------- */

int64_t waha_judge_clocks(const int64_t *clocks, size_t n, int64_t newest)
{
    int64_t best = 0;
    for (size_t i = 0; i < n; i++)
        if (clocks[i] && clocks[i] >= newest - TOLERANCE && (!best || clocks[i] < best))
            best = clocks[i];
    return best ? best : newest;
}

/* ---- the rules ------------------------------------------------------------------------------- */

void waha_judge_missed(struct waha_listed *list, size_t n, int64_t now, int64_t began)
{
    size_t first = 0, i; /* that nobody has answered */
    int has_young = 0;
    for (i = 0; i < n; i++) {
        list[i].late = BOT_LATE_RECORD;
        if (list[i].mine && list[i].at < began) first = i + 1;
    }
    for (i = first; i < n; i++)
        if (!list[i].mine && now - list[i].at < YOUNG_MS) has_young = 1;
    while (n > first && list[n - 1].mine) n--;
    if (first == n || (!has_young && now - list[n - 1].at >= ANSWER_MS)) return;
    for (i = first; i < n; i++) {
        if (list[i].mine) continue;
        if (!has_young)
            list[i].late = BOT_LATE_SUMMARY;
        else if (now - list[i].at < YOUNG_MS)
            list[i].late = BOT_LATE_RUN;
    }
}

/* ---- chats ----------------------------------------------------------------------------------- */

enum chat_note {
    CHAT_ID,
    CHAT_SERIALIZED,
    CHAT_USER,
    CHAT_SERVER,
    CHAT_CONVERSED,
    CHAT_TIME,
    CHAT_T,
    CHAT_LAST,
    CHAT_NOTES
};
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, 0, NULL                                                                           \
    }
static const struct json_wanted in_chat_id[] = { JSON_WANTED("_serialized", CHAT_SERIALIZED, NULL),
                                                 JSON_WANTED("user", CHAT_USER, NULL),
                                                 JSON_WANTED("server", CHAT_SERVER, NULL), END };
static const struct json_wanted in_last[] = { JSON_WANTED("timestamp", CHAT_LAST, NULL), END };
/* NOWEB, GOWS: conversationTimestamp. WEBJS: an id that is an object, timestamp. */
static const struct json_wanted in_chat[] = { JSON_WANTED("id", CHAT_ID, in_chat_id),
                                              JSON_WANTED("conversationTimestamp", CHAT_CONVERSED,
                                                          NULL),
                                              JSON_WANTED("timestamp", CHAT_TIME, NULL),
                                              JSON_WANTED("t", CHAT_T, NULL),
                                              JSON_WANTED("lastMessage", -1, in_last),
                                              END };

static void chat_id(const struct json_slice *notes, char *out, size_t cap)
{
    const struct json_slice *id =
        notes[CHAT_ID].kind == JSON_STRING ? &notes[CHAT_ID] : &notes[CHAT_SERIALIZED];
    const struct json_slice *user = &notes[CHAT_USER], *server = &notes[CHAT_SERVER];
    out[0] = '\0';
    if (id->kind == JSON_STRING && id->len < cap)
        json_decode(id, out);
    else if (user->kind == JSON_STRING && server->kind == JSON_STRING &&
             user->len + server->len + 2 <= cap)
        snprintf(out, cap, "%.*s@%.*s", (int)user->len, user->s, (int)server->len, server->s);
}

int waha_read_chats(const char *body, size_t len,
                    void (*each)(void *arg, const char *chat, int64_t at), void *arg)
{
    static const enum chat_note times[] = { CHAT_CONVERSED, CHAT_TIME, CHAT_T, CHAT_LAST };
    struct json_slice item;
    size_t at = 0;
    int rc, count = 0;
    while ((rc = json_item(body, len, &at, &item)) == 1) {
        struct json_slice notes[CHAT_NOTES] = { { NULL, 0, JSON_ABSENT, 0 } };
        enum json_kind root;
        char id[WAHA_CHAT_BYTES];
        int64_t when = 0;
        count++;
        if (json_pick(item.s, item.len, in_chat, notes, &root) < 0 || root != JSON_OBJECT) continue;
        chat_id(notes, id, sizeof id);
        for (size_t i = 0; i < BOT_COUNT(times) && !when; i++)
            when = waha_read_time(&notes[times[i]]);
        each(arg, id, when);
    }
    return rc < 0 ? -1 : count;
}

/* ---- messages -------------------------------------------------------------------------------- */

struct noting {
    struct bot_incoming_sink sink;
    uint32_t kind;
    int64_t at;
};

static void note(struct bot_incoming_sink *sink, const struct bot_incoming *in)
{
    struct noting *n = (struct noting *)sink;
    n->kind = in->kind;
    n->at = in->sent_at;
}

static int oldest_first(const void *a, const void *b)
{
    const struct waha_listed *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->order > y->order ? -1 : x->order < y->order; /* WAHA's list: newest first */
}

/* 1: it is somebody's message of `since` or later, or one of ours. */
static int is_wanted(const struct json_slice *item, int64_t since, struct waha_listed *out)
{
    struct noting n = { { sizeof n.sink, 0, note }, BOT_IN_OTHER, 0 };
    if (waha_parse_message(item->s, item->len, "", &n.sink) != BOT_OK) return 0;
    if (n.at < since || n.at <= 0) return 0;
    out->mine = n.kind == BOT_IN_OWN || n.kind == BOT_IN_ACK;
    out->kept = n.kind == BOT_IN_OWN || n.kind == BOT_IN_MESSAGE;
    out->at = n.at;
    out->s = item->s;
    out->len = item->len;
    return out->mine || out->kept;
}

int waha_count_items(const char *body, size_t len)
{
    struct json_slice item;
    size_t at = 0;
    int rc, count = 0;
    while ((rc = json_item(body, len, &at, &item)) == 1) count++;
    return rc < 0 ? -1 : count;
}

int waha_read_messages(const struct waha_page *pages, size_t page_count, int64_t since,
                       struct waha_listed **out)
{
    size_t total = 0, n = 0;
    for (size_t i = 0; i < page_count; i++) total += (size_t)pages[i].count;
    struct waha_listed *list = calloc(total + 1, sizeof *list);
    if (!list) return -1;
    for (size_t i = 0; i < page_count; i++) {
        struct json_slice item;
        size_t at = 0;
        while (n < total && json_item(pages[i].body, pages[i].len, &at, &item) == 1) {
            list[n].order = (uint32_t)n;
            if (is_wanted(&item, since, &list[n])) n++;
        }
    }
    qsort(list, n, sizeof *list, oldest_first);
    for (size_t i = n; i-- > 0;)
        list[i].order = i + 1 < n && list[i + 1].at == list[i].at ? list[i + 1].order + 1 : 0;
    *out = list;
    return (int)n;
}
