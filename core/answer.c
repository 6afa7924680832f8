/* answer.c - what an event answers: one text, however many said something; or an apology.
 *
 * Invariant: one event adds at most one answer to the outbox per settling, and a message is settled
 * once. What comes back later (a completion of a finished event) may add another message, but no
 * question of a dialog. Thread: the loop, in the event's savepoint. */
#include <string.h>

#include "base/log.h"
#include "dispatch.h"
#include "host.h"
#include "message/attached.h"
#include "message/dialog.h"
#include "message/inbox.h"
#include "message/outbox.h"
#include "message/texts.h"
#include "people/people.h"
#include "storage/media.h"

const char *dispatch_text(struct event *ev, const char *key, const struct bot_arg *args, size_t n)
{
    return texts_fill(ev->host->texts, ev->language, key, args, n, ev->timezone, &ev->arena);
}

void dispatch_say(struct event *ev, const char *text)
{
    if (!text || !*text) return;
    if (ev->reply.len) buf_adds(&ev->reply, "\n\n");
    buf_adds(&ev->reply, text);
}

int dispatch_say_attached(struct event *ev)
{
    const struct attached *a = ev->attached;
    /* What we could not use anyway need not be sent once more. */
    int is_missed = a->error && (!strcmp(a->kind, "image") || !strcmp(a->kind, "video") ||
                                 !strcmp(a->kind, "document"));
    const struct bot_arg args[] = { bot_int("mb", (int64_t)(media_max_bytes(ev->host) >> 20)) };
    const char *key = arena_printf(&ev->arena, "media.%s", is_missed ? "failed" : a->kind);
    dispatch_say(ev, dispatch_text(ev, key, args, BOT_COUNT(args)));
    return BOT_HANDLED;
}

/* Somebody who buys must see whose answer it is when several stores share the number. */
static int names_store(const struct event *ev)
{
    return ev->kind == EVENT_MESSAGE && ev->store && ev->store_name && ev->stores_active > 1 &&
           !(ev->roles & BOT_STORE_ADMIN);
}

/* Writes one text to the sender of the event. */
static int answer(struct event *ev, const char *text)
{
    struct outbox_new row = {
        .gateway = ev->gateway,
        .session = ev->session,
        .chat = ev->chat_id,
        .store = ev->store,
        .person = ev->person,
        .text = text,
        .answer = ev->kind == EVENT_MESSAGE,
        .event = ev->id,
    };
    if (!row.chat && (!ev->person || people_address(ev->host, ev->person, &ev->arena, &row.gateway,
                                                    &row.session, &row.chat)))
        return 0; /* nobody to answer */
    if (names_store(ev)) {
        const struct bot_arg args[] = { bot_text("store", ev->store_name) };
        row.text =
            arena_printf(&ev->arena, "%s\n%s", dispatch_text(ev, "answer.store", args, 1), text);
    }
    return outbox_add(ev->host->outbox, ev, &row) < 0 ? -1 : 0;
}

/* The dialog that this event ended, and the one that stays open behind the answer. */
static int settle_dialog(struct event *ev)
{
    if (ev->dialog_new) return 0;
    if (ev->dialog_done && ev->dialog && dialog_close(ev, ev->dialog)) return -1;
    if (!ev->ask_again) return 0;
    struct dialog *open = dialog_load(ev); /* as it is now: the event may have waited */
    if (open) dialog_ask(ev, open);
    return 0;
}

int dispatch_settle(struct event *ev)
{
    if (ev->kind == EVENT_MESSAGE && !ev->finished && settle_dialog(ev)) return -1;
    if (!ev->reply.len) return 0;
    return answer(ev, buf_str(&ev->reply));
}

int dispatch_apologise(struct event *ev)
{
    if (ev->kind != EVENT_MESSAGE)
        return ev->abort_text && ev->chat_id ? answer(ev, ev->abort_text) : 0;
    if (ev->mask && inbox_mask(ev->host, ev)) return -1;
    /* Its answers were taken and its end failed: asking the last one again would fail again. */
    if (ev->dialog_done && !ev->dialog_new && ev->dialog && dialog_close(ev, ev->dialog)) return -1;
    return answer(ev, ev->abort_text ? ev->abort_text : dispatch_text(ev, "error.failed", NULL, 0));
}
