/* SPDX-License-Identifier: MIT
 * parse.c - one webhook of WAHA -> one bot_incoming, for the engines NOWEB, GOWS and WEBJS.
 *
 * Pure: it runs on the host's HTTP threads and touches nothing but its arguments. One pass over the
 * body (json.c) notes what is wanted, the wanted strings are decoded side by side, the rest is
 * look-ups. Whatever is valid JSON is BOT_OK (it is acknowledged, at least as BOT_IN_OTHER);
 * whatever is not is BOT_EINVAL. A field that is absent, null or of a wrong type counts as absent;
 * nothing here trusts a length or a shape.
 *
 * The engines differ (see README.md): the chat is the second part of payload.id for all of them,
 * the phone number of a hidden id is in key.remoteJidAlt (NOWEB) or Info.SenderAlt (GOWS), and both
 * may just as well hold the hidden id of a chat that is addressed by phone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "waha.h"

#define CHAT_BYTES  96
#define SMALL_BYTES 4096 /* strings of most bodies; more are malloc'ed */

/* What is wanted of a body. The strings come first, NOTES_TEXT of them. */
enum note {
    EVENT,
    SESSION,
    BODY,
    FROM,
    TO,
    SOURCE,
    ID,
    ID_SERIALIZED,
    ID_BARE, /* payload.id, or that of an object of whatsapp-web.js */
    REPLY_ID,
    NAME,
    STATUS, /* NAME, STATUS: of a session */
    KEY_ID,
    KEY_ALT,
    KEY_WRITER, /* the same of a group's */
    KEY_PN,     /* NOWEB: payload._data.key */
    INFO_ID,
    INFO_SENDER,
    INFO_RECIPIENT,
    INFO_NAME, /* GOWS: payload._data.Info */
    PUSH_NAME,
    NOTIFY_NAME, /* NOWEB, WEBJS */
    EDITED_ID,
    REVOKED_ID,
    AFTER_ID,
    AFTER_FROM, /* message.revoked: what stands in its place */
    REACTION,
    REACTED_ID,
    VOTE_ID,
    VOTE_FROM,
    POLL_ID,
    CAPPING, /* session.status: of new chats */
    NOTES_TEXT,
    PAYLOAD = NOTES_TEXT,
    FROM_ME,
    TIMESTAMP,
    ACK,
    HAS_MEDIA,
    MEDIA,
    LOCATION,
    VCARDS,
    DATA,
    VOTE_FROM_ME,
    VOTE_TIME,
    CHOSEN,
    LOCK_ACTIVE,
    LOCK_ENDS,
    CAPPING_ENDS,
    NOTES
};

#define END                                                                                        \
    {                                                                                              \
        NULL, 0, 0, NULL                                                                           \
    }
static const struct json_wanted in_id[] = { JSON_WANTED("_serialized", ID_SERIALIZED, NULL),
                                            JSON_WANTED("id", ID_BARE, NULL), END };
static const struct json_wanted in_reply[] = { JSON_WANTED("id", REPLY_ID, NULL), END };
static const struct json_wanted in_key[] = { JSON_WANTED("id", KEY_ID, NULL),
                                             JSON_WANTED("remoteJidAlt", KEY_ALT, NULL),
                                             JSON_WANTED("participantAlt", KEY_WRITER, NULL),
                                             JSON_WANTED("senderPn", KEY_PN, NULL), END };
static const struct json_wanted in_info[] = { JSON_WANTED("ID", INFO_ID, NULL),
                                              JSON_WANTED("SenderAlt", INFO_SENDER, NULL),
                                              JSON_WANTED("RecipientAlt", INFO_RECIPIENT, NULL),
                                              JSON_WANTED("PushName", INFO_NAME, NULL), END };
static const struct json_wanted in_data[] = { JSON_WANTED("key", -1, in_key),
                                              JSON_WANTED("Info", -1, in_info),
                                              JSON_WANTED("pushName", PUSH_NAME, NULL),
                                              JSON_WANTED("notifyName", NOTIFY_NAME, NULL), END };
static const struct json_wanted in_after[] = { JSON_WANTED("id", AFTER_ID, NULL),
                                               JSON_WANTED("from", AFTER_FROM, NULL), END };
static const struct json_wanted in_reaction[] = { JSON_WANTED("text", REACTION, NULL),
                                                  JSON_WANTED("messageId", REACTED_ID, NULL), END };
static const struct json_wanted in_vote[] = { JSON_WANTED("id", VOTE_ID, NULL),
                                              JSON_WANTED("from", VOTE_FROM, NULL),
                                              JSON_WANTED("fromMe", VOTE_FROM_ME, NULL),
                                              JSON_WANTED("timestamp", VOTE_TIME, NULL),
                                              JSON_WANTED("selectedOptions", CHOSEN, NULL),
                                              END };
static const struct json_wanted in_poll[] = { JSON_WANTED("id", POLL_ID, NULL), END };
static const struct json_wanted in_lock[] = { JSON_WANTED("isActive", LOCK_ACTIVE, NULL),
                                              JSON_WANTED("timeEnforcementEnds", LOCK_ENDS, NULL),
                                              END };
static const struct json_wanted in_capping[] = { JSON_WANTED("cappingStatus", CAPPING, NULL),
                                                 JSON_WANTED("cycleEnd", CAPPING_ENDS, NULL), END };
static const struct json_wanted in_news[] = { JSON_WANTED("reachoutTimelock", -1, in_lock),
                                              JSON_WANTED("messageCapping", -1, in_capping), END };
static const struct json_wanted in_payload[] = { JSON_WANTED("id", ID, in_id),
                                                 JSON_WANTED("timestamp", TIMESTAMP, NULL),
                                                 JSON_WANTED("from", FROM, NULL),
                                                 JSON_WANTED("to", TO, NULL),
                                                 JSON_WANTED("fromMe", FROM_ME, NULL),
                                                 JSON_WANTED("source", SOURCE, NULL),
                                                 JSON_WANTED("body", BODY, NULL),
                                                 JSON_WANTED("hasMedia", HAS_MEDIA, NULL),
                                                 JSON_WANTED("media", MEDIA, NULL),
                                                 JSON_WANTED("location", LOCATION, NULL),
                                                 JSON_WANTED("vCards", VCARDS, NULL),
                                                 JSON_WANTED("replyTo", -1, in_reply),
                                                 JSON_WANTED("ack", ACK, NULL),
                                                 JSON_WANTED("name", NAME, NULL),
                                                 JSON_WANTED("status", STATUS, NULL),
                                                 JSON_WANTED("_data", DATA, in_data),
                                                 JSON_WANTED("editedMessageId", EDITED_ID, NULL),
                                                 JSON_WANTED("revokedMessageId", REVOKED_ID, NULL),
                                                 JSON_WANTED("after", -1, in_after),
                                                 JSON_WANTED("reaction", -1, in_reaction),
                                                 JSON_WANTED("vote", -1, in_vote),
                                                 JSON_WANTED("poll", -1, in_poll),
                                                 JSON_WANTED("data", -1, in_news),
                                                 END };
static const struct json_wanted in_webhook[] = { JSON_WANTED("event", EVENT, NULL),
                                                 JSON_WANTED("session", SESSION, NULL),
                                                 JSON_WANTED("payload", PAYLOAD, in_payload), END };

/* A body taken apart; the strings of bot_incoming point here or into `strings`. */
struct parsed {
    struct json_slice notes[NOTES];
    const char *text[NOTES_TEXT]; /* decoded; NULL when absent, empty or no string */
    size_t body_len;
    int from_me;
    char native_id[WAHA_ID_BYTES];
    char chat[CHAT_BYTES];
    char phone[32];
    char lid[CHAT_BYTES];
    char quoted_id[WAHA_ID_BYTES];
    char small[SMALL_BYTES];
    char *large;    /* instead of `small`; malloc'ed */
    char *attached; /* strings of what came with it; malloc'ed */
};

enum chat_kind {
    CHAT_PERSON,
    CHAT_GROUP,
    CHAT_STATUS,
    CHAT_NEWSLETTER,
    CHAT_BROADCAST,
    CHAT_STRANGE
};

/* Under which name a message that is not for us is counted. */
static const char *const chat_event[] = {
    [CHAT_PERSON] = "message",
    [CHAT_GROUP] = "message.group",
    [CHAT_STATUS] = "message.status",
    [CHAT_NEWSLETTER] = "message.newsletter",
    [CHAT_BROADCAST] = "message.broadcast",
    [CHAT_STRANGE] = "message.strange",
};

static void set_text(char *out, size_t cap, const char *s, size_t len)
{
    if (len >= cap) len = 0; /* not an id of WhatsApp's: better none than half of one */
    memcpy(out, s, len);
    out[len] = '\0';
}

/* "628…[:device]@server": the length of the digits when all before '@' are digits, else 0. */
static size_t jid_digits(const char *jid, const char **server)
{
    size_t n = strspn(jid, "0123456789");
    const char *at = jid + n;
    if (*at == ':') at += 1 + strspn(at + 1, "0123456789");
    if (n == 0 || *at != '@') return 0;
    *server = at + 1;
    return n;
}

/* Notes what a person's id says: a phone number, a hidden id. Other ids say nothing, and what the
 * chat itself said first stands. */
static void note_person(struct parsed *p, const char *jid)
{
    const char *server = NULL;
    size_t n = jid ? jid_digits(jid, &server) : 0;
    if (n == 0) return;
    if (strcmp(server, "c.us") == 0 || strcmp(server, "s.whatsapp.net") == 0) {
        if (!p->phone[0] && n >= 5 && n <= 15) set_text(p->phone, sizeof p->phone, jid, n);
    } else if (strcmp(server, "lid") == 0 && !p->lid[0] && n + 5 <= sizeof p->lid) {
        snprintf(p->lid, sizeof p->lid, "%.*s@lid", (int)n, jid);
    }
}

static int ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), t = strlen(tail);
    return n >= t && memcmp(s + n - t, tail, t) == 0;
}

/* What kind of chat p->chat is; one of WhatsApp's inner ids is rewritten to the outer form. */
static enum chat_kind classify_chat(struct parsed *p)
{
    if (ends_with(p->chat, "@g.us")) return CHAT_GROUP;
    if (strcmp(p->chat, "status@broadcast") == 0) return CHAT_STATUS;
    if (ends_with(p->chat, "@broadcast")) return CHAT_BROADCAST;
    if (ends_with(p->chat, "@newsletter")) return CHAT_NEWSLETTER;
    note_person(p, p->chat);
    if (p->phone[0]) {
        snprintf(p->chat, sizeof p->chat, "%s@c.us", p->phone);
        return CHAT_PERSON;
    }
    if (p->lid[0]) {
        snprintf(p->chat, sizeof p->chat, "%s", p->lid);
        return CHAT_PERSON;
    }
    return CHAT_STRANGE; /* WhatsApp's own notices (0@c.us), and what is yet to come */
}

static void set_bare(char *out, size_t cap, const char *id)
{
    size_t len = 0;
    const char *bare = waha_bare_id(id, &len);
    set_text(out, cap, bare, len);
}

/* Reads direction, chat and bare id. payload.id: "false_CHAT_ID[_PARTICIPANT]". A vote and what
 * stands for a message that was taken back have theirs further down. */
static void read_address(struct parsed *p)
{
    const char *const *t = p->text;
    const char *id = t[ID] ? t[ID] : t[ID_SERIALIZED] ? t[ID_SERIALIZED] : t[ID_BARE];
    if (!id) id = t[AFTER_ID] ? t[AFTER_ID] : t[VOTE_ID];
    const char *first = id ? strchr(id, '_') : NULL;
    const char *second = first ? strchr(first + 1, '_') : NULL;
    /* One of the two is enough: what may be ours is never answered. */
    p->from_me = p->notes[FROM_ME].kind == JSON_TRUE || (id && strncmp(id, "true_", 5) == 0);
    if (second) {
        set_text(p->chat, sizeof p->chat, first + 1, (size_t)(second - first - 1));
    } else {
        const char *chat = p->from_me && t[TO] ? t[TO] : t[FROM];
        if (!chat) chat = t[AFTER_FROM] ? t[AFTER_FROM] : t[VOTE_FROM];
        if (chat) set_text(p->chat, sizeof p->chat, chat, strlen(chat));
    }
    if (!id) id = t[KEY_ID] ? t[KEY_ID] : t[INFO_ID];
    if (id) set_bare(p->native_id, sizeof p->native_id, id);
}

/* The other id of the same person, where the engine tells it. */
static void read_alternative(struct parsed *p)
{
    note_person(p, p->text[KEY_ALT]);
    note_person(p, p->text[KEY_PN]); /* before Baileys 7 */
    note_person(p, p->text[p->from_me ? INFO_RECIPIENT : INFO_SENDER]);
}

static const char *read_name(const struct parsed *p)
{
    if (p->from_me) return NULL; /* it would be our own */
    const char *name = p->text[PUSH_NAME] ? p->text[PUSH_NAME] : p->text[INFO_NAME];
    return name ? name : p->text[NOTIFY_NAME];
}

int64_t waha_read_time(const struct json_slice *note)
{
    double t = json_number(note);
    if (!(t > 0) || t > 1e14) return 0;
    return (int64_t)(t < 1e11 ? t * 1000 : t);
}

static int64_t read_time(const struct parsed *p)
{
    return waha_read_time(&p->notes[p->notes[TIMESTAMP].kind ? TIMESTAMP : VOTE_TIME]);
}

/* More than a text. */
static int brings_more(const struct parsed *p)
{
    return p->notes[HAS_MEDIA].kind == JSON_TRUE || p->notes[MEDIA].kind == JSON_OBJECT ||
           p->notes[LOCATION].kind == JSON_OBJECT || waha_has_items(&p->notes[VCARDS]);
}

/* What was written. NULL: nothing that a person wrote or sent (an engine's notice, an undecrypted
 * body). A location's body is a thumbnail on WEBJS and a contact's the raw card: neither is text.
 */
static const char *read_text(const struct parsed *p, size_t *len)
{
    *len = 0;
    if (p->notes[LOCATION].kind == JSON_OBJECT || waha_has_items(&p->notes[VCARDS])) return "";
    if (p->text[BODY]) {
        *len = p->body_len;
        return p->text[BODY];
    }
    return brings_more(p) ? "" : NULL;
}

static int read_ack(const struct parsed *p, int32_t *ack)
{
    const struct json_slice *note = &p->notes[ACK];
    double n = note->kind == JSON_NUMBER ? json_number(note) : -2;
    if (!(n >= -1 && n <= 4)) return 0;
    *ack = (int32_t)n;
    return 1;
}

/* Whose message in a group it is: the fourth part of its id. */
static void note_writer(struct parsed *p)
{
    const char *at = p->text[ID] ? p->text[ID] : p->text[ID_SERIALIZED];
    for (int i = 0; at && i < 3; i++) at = (at = strchr(at, '_')) ? at + 1 : NULL;
    note_person(p, at);
    note_person(p, p->text[KEY_WRITER]);
    note_person(p, p->text[INFO_SENDER]);
}

/* Of a group only commands are looked at. All else is counted, and nothing of it is kept. */
static void read_group(struct parsed *p, struct bot_incoming *in)
{
    size_t len = 0;
    const char *text = read_text(p, &len);
    if (p->from_me || !in->native_id || !len || text[0] != '/') return;
    note_writer(p);
    if (!p->phone[0] && !p->lid[0]) return;
    in->kind = BOT_IN_MESSAGE;
    in->text = text;
    in->text_len = len;
    in->in_group = 1;
    in->chat = p->chat;
    in->phone = p->phone[0] ? p->phone : NULL;
    in->lid = p->lid[0] ? p->lid : NULL;
    in->name = read_name(p);
}

/* "message" and "message.any": theirs, ours from a phone, ours through us. 0, or -1 out of memory.
 */
static int read_message(struct parsed *p, struct bot_incoming *in)
{
    read_address(p);
    enum chat_kind chat = classify_chat(p);
    in->event = chat_event[chat];
    in->native_id = p->native_id[0] ? p->native_id : NULL;
    in->sent_at = read_time(p);
    if (chat == CHAT_GROUP) read_group(p, in);
    if (chat != CHAT_PERSON) return 0;
    if (!in->native_id) {
        in->event = "message.noid";
        return 0;
    }
    if (p->from_me && p->text[SOURCE] && strcmp(p->text[SOURCE], "api") == 0) {
        in->kind = BOT_IN_ACK;
        in->chat = p->chat;
        if (!read_ack(p, &in->ack)) in->ack = 0;
        return 0;
    }
    in->text = read_text(p, &in->text_len);
    if (!in->text) {
        in->event = "message.empty";
        return 0;
    }
    read_alternative(p);
    if (brings_more(p) && !(p->attached = waha_read_media(&p->notes[MEDIA], &p->notes[LOCATION],
                                                          &p->notes[VCARDS], &p->notes[DATA], in)))
        return -1;
    in->kind = p->from_me ? BOT_IN_OWN : BOT_IN_MESSAGE;
    in->event = p->text[EVENT];
    in->chat = p->chat;
    in->phone = p->phone[0] ? p->phone : NULL;
    in->lid = p->lid[0] ? p->lid : NULL;
    in->name = read_name(p);
    if (p->text[REPLY_ID]) {
        set_bare(p->quoted_id, sizeof p->quoted_id, p->text[REPLY_ID]);
        if (p->quoted_id[0]) in->quoted_id = p->quoted_id;
    }
    return 0;
}

/* "message.ack": only those of what we sent, in a chat with a person. */
static void read_message_ack(struct parsed *p, struct bot_incoming *in)
{
    read_address(p);
    if (!p->from_me || !p->native_id[0] || !read_ack(p, &in->ack)) return;
    if (classify_chat(p) != CHAT_PERSON) return;
    in->kind = BOT_IN_ACK;
    in->native_id = p->native_id;
    in->chat = p->chat;
}

/* Who did something to a message, and where; 0: nobody that we write with. */
static int read_doer(struct parsed *p, struct bot_incoming *in)
{
    read_address(p);
    if (classify_chat(p) != CHAT_PERSON) return 0;
    read_alternative(p);
    in->sent_at = read_time(p);
    in->chat = p->chat;
    in->phone = p->phone[0] ? p->phone : NULL;
    in->lid = p->lid[0] ? p->lid : NULL;
    in->name = read_name(p);
    return 1;
}

/* "message.edited", "message.revoked": `which` is the message that they are about. */
static void read_change(struct parsed *p, struct bot_incoming *in, enum bot_incoming_kind kind,
                        const char *which)
{
    if (!which || !read_doer(p, in)) return;
    set_bare(p->native_id, sizeof p->native_id, which);
    if (!p->native_id[0]) return;
    in->native_id = p->native_id;
    if (kind == BOT_IN_EDIT) in->text = read_text(p, &in->text_len);
    if (kind == BOT_IN_EDIT && !in->text_len) return; /* it could not be decrypted */
    in->kind = kind;
}

/* "message.reaction", "poll.vote": theirs; ours tell us nothing new. */
static void read_signal(struct parsed *p, struct bot_incoming *in, enum bot_incoming_kind kind,
                        const char *which)
{
    if (!which || p->notes[VOTE_FROM_ME].kind == JSON_TRUE || !read_doer(p, in)) return;
    set_bare(p->quoted_id, sizeof p->quoted_id, which);
    if (p->from_me || !p->native_id[0] || !p->quoted_id[0]) return;
    const struct json_slice *chosen = &p->notes[CHOSEN];
    if (kind == BOT_IN_POLL_VOTE && chosen->kind != JSON_ARRAY) return;
    in->kind = kind;
    in->native_id = p->native_id;
    in->quoted_id = p->quoted_id;
    in->text = kind == BOT_IN_POLL_VOTE ? chosen->s : p->text[REACTION] ? p->text[REACTION] : "";
    in->text_len = kind == BOT_IN_POLL_VOTE ? chosen->len : strlen(in->text);
}

/* Until when WhatsApp lets this number begin no chats: the later of its two reasons. */
static int64_t read_no_new_until(const struct parsed *p)
{
    int64_t until = p->notes[LOCK_ACTIVE].kind == JSON_FALSE ? -1 : 0;
    if (p->notes[LOCK_ACTIVE].kind == JSON_TRUE) until = waha_read_time(&p->notes[LOCK_ENDS]);
    if (p->text[CAPPING] && strcmp(p->text[CAPPING], "CAPPED") == 0) {
        int64_t ends = waha_read_time(&p->notes[CAPPING_ENDS]);
        if (ends > until) until = ends;
    }
    return until;
}

static void read_session(const struct parsed *p, struct bot_incoming *in)
{
    if (!p->text[STATUS]) return;
    in->kind = BOT_IN_SESSION;
    if (p->text[NAME]) in->session = p->text[NAME];
    in->state = waha_session_state(p->text[STATUS]);
    in->text = p->text[STATUS];
    in->no_new_until = read_no_new_until(p);
}

static int read_event(struct parsed *p, struct bot_incoming *in)
{
    const char *event = p->text[EVENT];
    in->kind = BOT_IN_OTHER;
    in->event = event ? event : "unknown";
    in->session = p->text[SESSION];
    if (!event || p->notes[PAYLOAD].kind != JSON_OBJECT) return 0;
    if (strcmp(event, "message") == 0 || strcmp(event, "message.any") == 0)
        return read_message(p, in);
    if (strcmp(event, "message.ack") == 0)
        read_message_ack(p, in);
    else if (strcmp(event, "session.status") == 0)
        read_session(p, in);
    else if (strcmp(event, "message.edited") == 0)
        read_change(p, in, BOT_IN_EDIT, p->text[EDITED_ID]);
    else if (strcmp(event, "message.revoked") == 0)
        read_change(p, in, BOT_IN_REVOKE, p->text[REVOKED_ID]);
    else if (strcmp(event, "message.reaction") == 0)
        read_signal(p, in, BOT_IN_REACTION, p->text[REACTED_ID]);
    else if (strcmp(event, "poll.vote") == 0)
        read_signal(p, in, BOT_IN_POLL_VOTE, p->text[POLL_ID]);
    return 0;
}

/* Decodes the wanted strings. 0, or -1 out of memory. */
static int decode_texts(struct parsed *p)
{
    size_t need = 0;
    for (int i = 0; i < NOTES_TEXT; i++)
        if (p->notes[i].kind == JSON_STRING) need += p->notes[i].len + 1;
    if (need > sizeof p->small && !(p->large = malloc(need))) return -1;
    char *at = p->large ? p->large : p->small;
    for (int i = 0; i < NOTES_TEXT; i++) {
        if (p->notes[i].kind != JSON_STRING || p->notes[i].len == 0) continue;
        size_t len = json_decode(&p->notes[i], at);
        if (i == BODY) p->body_len = len;
        p->text[i] = at;
        at += len + 1;
    }
    return 0;
}

static int take_apart(struct parsed *p, const char *body, size_t len,
                      const struct json_wanted *wanted)
{
    enum json_kind root;
    memset(p, 0, offsetof(struct parsed, native_id));
    p->native_id[0] = p->chat[0] = p->phone[0] = p->lid[0] = p->quoted_id[0] = '\0';
    p->large = p->attached = NULL;
    if (json_pick(body, len, wanted, p->notes, &root) < 0) return BOT_EINVAL;
    return decode_texts(p) < 0 ? BOT_EBUSY : BOT_OK;
}

/* What was read goes to the sink, unless memory ran out (rc). */
static int hand_in(struct parsed *p, int rc, const struct bot_incoming *in,
                   struct bot_incoming_sink *sink)
{
    if (rc == 0) sink->add(sink, in);
    free(p->attached);
    free(p->large);
    return rc == 0 ? BOT_OK : BOT_EBUSY;
}

int waha_parse(const char *body, size_t len, struct bot_incoming_sink *sink)
{
    struct parsed p;
    struct bot_incoming in = { .size = sizeof in };
    int rc = take_apart(&p, body, len, in_webhook);
    return rc == BOT_OK ? hand_in(&p, read_event(&p, &in), &in, sink) : rc;
}

int waha_parse_message(const char *payload, size_t len, const char *session,
                       struct bot_incoming_sink *sink)
{
    struct parsed p;
    struct bot_incoming in = { .size = sizeof in, .kind = BOT_IN_OTHER };
    int rc = take_apart(&p, payload, len, in_payload);
    if (rc != BOT_OK) return rc;
    p.text[EVENT] = "message.any";
    in.session = session;
    return hand_in(&p, read_message(&p, &in), &in, sink);
}
