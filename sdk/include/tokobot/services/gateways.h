/* SPDX-License-Identifier: MIT
 *
 * tokobot/services/gateways.h - service "gateways/0": what a messaging network's plugin needs.
 *
 * A gateway turns webhooks into messages (parse, on an HTTP thread) and rows of the outbox into
 * requests (send, on the loop). Not frozen: it may change until a second network has used it.
 */
#ifndef TOKOBOT_SERVICES_GATEWAYS_H
#define TOKOBOT_SERVICES_GATEWAYS_H

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a webhook was about. */
enum bot_incoming_kind {
    BOT_IN_MESSAGE = 1,   /* somebody wrote to us: has an effect once */
    BOT_IN_OWN = 2,       /* our side wrote from a phone, not through us */
    BOT_IN_ACK = 3,       /* the state of something we sent: native_id, ack */
    BOT_IN_SESSION = 4,   /* the gateway's state: state */
    BOT_IN_OTHER = 5,     /* nothing we use: acknowledged and counted under `event` */
    BOT_IN_EDIT = 6,      /* native_id: the message that was edited; text: what it says now */
    BOT_IN_REVOKE = 7,    /* native_id: the message that its writer took back */
    BOT_IN_REACTION = 8,  /* quoted_id: the message; text: an emoji, "" = taken back. Becomes the
                             event "message.reaction" when a plugin has a hook for it */
    BOT_IN_POLL_VOTE = 9, /* quoted_id: the poll; text: JSON array of the chosen options. Becomes
                             the event "message.poll_vote" */
    BOT_IN_IDENTITY = 10, /* the answer to who(): lid, and phone when the network knows it;
                             state 1: it could not be asked, and may be soon */
    BOT_IN_CAUGHT_UP = 11 /* all that was missed of this person (phone or lid) has been handed in:
                             what is held of him runs. Of neither: of the whole session; its hold
                             ends, and the event "session.caught_up" (body: the session) tells that
                             everything is on disk. Since 0.11 */
};

/* What becomes of a message that is handed in late. Since 0.11. */
enum bot_late {
    BOT_LATE_NOT = 0,    /* it comes as it is sent */
    BOT_LATE_RUN = 1,    /* it runs as if it came now, before what came live after it */
    BOT_LATE_RECORD = 2, /* it is only recorded: no handler sees it, nobody is answered */
    BOT_LATE_SUMMARY = 3 /* recorded, and those of a chat that are new get one answer together,
                            which says how many they are and since when. Hand in all of a chat in
                            one callback */
};

enum bot_session_state {
    BOT_SESSION_UNKNOWN = 0,
    BOT_SESSION_CONNECTED = 1,
    BOT_SESSION_DISCONNECTED = 2,
    BOT_SESSION_QR = 3,  /* waits for somebody to scan the code */
    BOT_SESSION_DEAF = 4 /* says that it is connected, and what people write does not come in. It
                            can send. Since 0.11 */
};

/* One thing in a webhook. Strings may be NULL when absent; the host copies what it keeps. */
struct bot_incoming {
    uint32_t size;
    uint32_t kind;       /* enum bot_incoming_kind */
    const char *session; /* which of the gateway's accounts */
    const char *event;   /* the network's own name of the event, for counters */
    const char
        *native_id;    /* the network's id of the message, the same under every alias of the chat */
    const char *chat;  /* where an answer goes, as received */
    const char *phone; /* of the sender, digits with country code, when the network gave it */
    const char *lid;   /* of the sender, when the chat is addressed by a hidden id */
    const char *name;  /* how the sender calls himself */
    const char *text;
    size_t text_len;       /* 0 = strlen(text); needed when the text may hold NUL bytes */
    const char *quoted_id; /* native id of the message this one answers */
    int64_t sent_at;       /* ms since 1970, by the network */
    int32_t ack;   /* BOT_IN_ACK: -1 failed, 0 pending, 1 server, 2 device, 3 read, 4 played */
    int32_t state; /* BOT_IN_SESSION: enum bot_session_state */
    /* BOT_IN_SESSION: the number may begin no chats until then (ms); -1: it may; 0: not told.
     * Since 0.11. */
    int64_t no_new_until;
    /* What came along with the text, or instead of it; the text is its caption. Since 0.11. */
    const char *media;     /* "image" "video" "voice" "audio" "document" "sticker" "location"
                              "contact"; NULL: nothing */
    const char *media_url; /* what fetch() gets the file by; NULL: there is none */
    const char
        *media_type; /* the MIME type that it claims, without parameters; not to be trusted */
    const char *media_name;  /* the file's name, as its sender's phone had it */
    const char *media_error; /* why there is no file: a few words for the operator */
    const char *place;       /* "LAT,LON" in degrees: "-6.1753924,106.8271528" */
    const char *place_name;  /* its name and address, in one line */
    const char *contact;     /* the cards (vCard), one after the other */
    size_t contact_len;      /* 0 = strlen(contact) */
    /* BOT_IN_MESSAGE: 1 = written in a group: `chat` is the group, phone and lid are the writer's.
     * Taken only where the gateway's `groups` says so; whoever writes there is a customer, and
     * nothing is asked back there. Since 0.11. */
    uint32_t in_group;
    uint32_t late; /* BOT_IN_MESSAGE, BOT_IN_OWN: enum bot_late. Since 0.11 */
};

/* Where parse() puts what it found. Called on the HTTP thread. */
struct bot_incoming_sink {
    uint32_t size;
    uint32_t reserved;
    void (*add)(struct bot_incoming_sink *sink, const struct bot_incoming *incoming);
};

/* How a send ended. */
enum bot_send_outcome {
    BOT_SENT = 1,         /* the network took it; native_id if it told */
    BOT_SEND_REFUSED = 2, /* this message can never be sent: fails at once */
    BOT_SEND_RETRY = 3, /* this message was not taken, another may be: retried, at most 2 minutes */
    BOT_SEND_HOLD = 4,  /* the session or the network is in trouble and nothing was taken: holds
                           the session's queue and retries from 1 s, doubling to 10 s */
    BOT_SEND_UNKNOWN = 5,     /* it may have been taken: resolve() is asked */
    BOT_SEND_NO_NEW_CHATS = 6 /* not taken, since the number may begin no chats for now: it waits
                                 for that, as all that would begin one. An answer is refused.
                                 Since 0.11 */
};
enum bot_resolve_outcome {
    BOT_RESOLVED_SENT = 1,
    BOT_RESOLVED_NOT_SENT = 2, /* it is sent again */
    BOT_RESOLVED_UNKNOWN = 3,  /* never repeated; shown to the admin */
    BOT_RESOLVED_LATER = 4     /* could not ask: asked again, as BOT_SEND_HOLD */
};

/* One row of the outbox. Valid until the callback returns; its id until it has an outcome. */
struct bot_outgoing {
    uint32_t size;
    uint32_t flags; /* BOT_OUTGOING_... */
    int64_t id;
    const char *session;
    const char *chat;
    const char *text;
    const char *send_id; /* the id to send it under, from the pool; "" when there is none */
    int64_t created_at;
    int64_t attempted_at; /* resolve: when the first try went out */
    /* Since 0.11. */
    int64_t media; /* a file to be sent, its bytes by api->media_read(); `text`, which may be "", is
                      its caption. 0 = none */
    const char *media_type; /* "image/jpeg"; "" when the file has gone */
    const char *media_name; /* "" when it has none */
    const char *quote;      /* native id of their message that this one answers; "" = none */
};
#define BOT_OUTGOING_ANSWER   1u /* the chat just wrote; otherwise a notice */
#define BOT_OUTGOING_NEW_CHAT 2u /* a notice to somebody who has never written. Since 0.11 */

/* How much may leave by each number of a gateway. Notices are what nobody just asked for; what is
 * over a limit waits. 0 = no limit. */
struct bot_budget {
    uint32_t size;
    uint32_t spread_new_chats; /* 1: chats are begun one at a time, 30 to 60 s apart */
    int64_t per_minute;        /* notices: evenly, a quarter of them at once */
    int64_t per_day;           /* notices in a day of the host's time zone */
    int64_t per_contact;       /* notices an hour to one who has not written for a day */
    int64_t all_per_minute;    /* whatever leaves: a third of them at once */
};

/* A file that came with a message and is wanted. Valid until the callback returns; its id until
 * fetched() was called or the host has given up, 20 s later. Since 0.11. */
struct bot_fetch {
    uint32_t size;
    uint32_t reserved;
    int64_t id;
    const char *session;
    const char *url; /* bot_incoming.media_url: from outside, not to be trusted */
    size_t max_bytes;
};

struct bot_gateway_spec {
    uint32_t size;
    uint32_t reserved;
    const char *name; /* webhooks come to POST /webhook/NAME; "" = no webhook */
    /* The signature of a webhook is data, checked by the host over the raw body before parse(). */
    const char *signature_header;    /* "X-Webhook-Hmac"; NULL = unsigned */
    const char *signature_algorithm; /* "hmac-sha512-hex", the only one now */
    const char *signature_key;       /* config key of the plugin that holds the secret */
    const char *allow_unsigned; /* config key of a bool: unsigned is taken from loopback; or NULL */
    /* Pure; on an HTTP thread: no api, no state. Returns BOT_OK, or BOT_EINVAL when the body is not
     * of this network at all (400). */
    int (*parse)(const char *body, size_t len, struct bot_incoming_sink *sink);
    /* On the loop, in a savepoint of its own. Starts the send with api->http() and returns
     * BOT_LATER; its completion calls outcome(). Or calls outcome() at once and returns
     * BOT_HANDLED. */
    int (*send)(struct bot_ctx *ctx, const struct bot_outgoing *row);
    /* Finds out whether a row that may have gone out did. Ends with resolved(). NULL: unknown. */
    int (*resolve)(struct bot_ctx *ctx, const struct bot_outgoing *row);
    /* Called when the pool of send ids of a session runs low (fewer than `want`). The plugin
     * fetches and gives them with ids(); BOT_LATER as long as some are under way, anything else:
     * none will come. NULL: this network has no such ids. */
    int (*need_ids)(struct bot_ctx *ctx, const char *session, uint32_t want);
    /* Writes the chat id for a phone number into out. */
    int (*address)(const char *phone, char *out, size_t cap);
    const char *(*default_session)(struct bot_ctx *ctx); /* for notices to new chats */
    /* Whose hidden id is it? Ends with incoming(), kind BOT_IN_IDENTITY, also when the network
     * cannot say; messages of that chat wait for it, 2 s at most. On the loop, outside a
     * transaction; BOT_LATER once the question is out. NULL: there are no hidden ids. Since 0.11.
     */
    int (*who)(struct bot_ctx *ctx, const char *session, const char *lid);
    const char *groups; /* config key of a bool: messages in groups are taken; NULL: they are not.
                           Since 0.11 */
    /* Gets the file of a message, which waits for it. Ends with fetched(), also when it cannot be
     * had. On the loop, outside a transaction; BOT_LATER once it is asked for. At most 4 are under
     * way; after 20 s their calls end as BOT_ETIMEDOUT. NULL: there are no files. Since 0.11. */
    int (*fetch)(struct bot_ctx *ctx, const struct bot_fetch *file);
};

struct bot_gateways {
    uint32_t size;
    uint32_t reserved;
    /* [init] The spec's strings are copied. One gateway a plugin. */
    int (*provide)(struct bot_plugin *self, const struct bot_gateway_spec *spec);
    /* [event] What became of row `id`. A stale id is BOT_EGONE. `error`: a sentence for the
     * operator, without the message's text. */
    int (*outcome)(struct bot_ctx *ctx, int64_t id, int outcome, const char *native_id,
                   const char *error);
    int (*resolved)(struct bot_ctx *ctx, int64_t id, int outcome, const char *native_id);
    /* Adds send ids to the session's pool (kept in memory: an unused one is not missed). Only from
     * need_ids() and the completions of its calls, else BOT_EPHASE: anything else may run twice.
     * n = 0: there are none for now. While the pool is empty what is to be sent waits for the
     * next id, at most 500 ms or until that is said; then it goes without until the pool is full
     * again. */
    int (*ids)(struct bot_ctx *ctx, const char *session, const char *const *ids, size_t n);
    /* [event] Says how the session is; health and the queue follow. */
    int (*session_state)(struct bot_ctx *ctx, const char *session, int state, const char *detail);
    /* [event] Hands in something that did not come by webhook (the simulator, a backfill);
     * journaled in the next turn as if it had. */
    int (*incoming)(struct bot_ctx *ctx, const struct bot_incoming *incoming);
    /* [event, from start()] The session is one store's own number: all that comes there is for the
     * store with this code, whatever a message says. "" or NULL: it is every store's. BOT_ENOENT:
     * there is no such store yet; nobody is served there until there is. Since 0.11. */
    int (*bind)(struct bot_ctx *ctx, const char *session, const char *store_code);
    /* [event, from start()] The limits of each of this gateway's numbers; without it there are
     * none. What went out before a restart still counts. Since 0.11. */
    int (*budget)(struct bot_ctx *ctx, const struct bot_budget *budget);
    /* [event] The network lets this number begin no chats until then (ms): notices to people who
     * have never written wait, all else goes on, the super admins are told. 0: it may again.
     * Survives a restart. Since 0.11. */
    int (*no_new_chats)(struct bot_ctx *ctx, const char *session, int64_t until);
    /* The file that fetch() was asked for: `bytes` are copied. bytes NULL: it cannot be had, and
     * `error` says why in a few words for the operator; with len > max_bytes: it is too large. Only
     * from fetch() and the completions of its calls, else BOT_EPHASE; an id that nobody waits for
     * any more is BOT_EGONE. Since 0.11. */
    int (*fetched)(struct bot_ctx *ctx, int64_t id, const void *bytes, size_t len,
                   const char *error);
    /* [event] What comes for this session - from one person, when phone or lid is given - is taken
     * and acknowledged, but does not run for max_ms, or until BOT_IN_CAUGHT_UP comes: something
     * older may be on its way. What is handed in late is not held. max_ms 0: it runs from now on.
     * At once, also when the callback is rolled back. Since 0.11. */
    int (*hold)(struct bot_ctx *ctx, const char *session, const char *phone, const char *lid,
                int64_t max_ms);
    /* [event] The phone number of this session, digits with country code: what customers write to.
     * Kept over restarts; a super admin's own number is told as a problem. Since 0.12. */
    int (*own_phone)(struct bot_ctx *ctx, const char *session, const char *phone);
};

#ifdef __cplusplus
}
#endif
#endif
