/* SPDX-License-Identifier: MIT
 * parse.c - one webhook of WAHA -> one bot_incoming, for the engines NOWEB, GOWS and WEBJS.
 *
 * Pure: it runs on the host's HTTP threads and touches nothing but its arguments. One pass of json-c
 * over the body, then look-ups. Whatever is valid JSON is BOT_OK (it is acknowledged, at least as
 * BOT_IN_OTHER); whatever is not is BOT_EINVAL. A field that is absent, null or of a wrong type counts as
 * absent; nothing here trusts a length or a shape.
 *
 * The engines differ (see README.md): the chat is the second part of payload.id for all of them, the
 * phone number of a hidden id is in key.remoteJidAlt (NOWEB) or Info.SenderAlt (GOWS), and both may just
 * as well hold the hidden id of a chat that is addressed by phone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "waha.h"

#define CHAT_BYTES 96

/* What is taken apart from a body; the strings of bot_incoming point here or into the tree. */
struct parsed {
    struct json_object *payload;
    struct json_object *key;  /* NOWEB: payload._data.key */
    struct json_object *info; /* GOWS: payload._data.Info */
    struct json_object *data; /* payload._data */
    const char *event;
    int from_me;
    char native_id[WAHA_ID_BYTES];
    char chat[CHAT_BYTES];
    char phone[32];
    char lid[CHAT_BYTES];
    char quoted_id[WAHA_ID_BYTES];
    char *mended; /* a text that was not UTF-8, made so; malloc'ed */
};

enum chat_kind { CHAT_PERSON, CHAT_GROUP, CHAT_STATUS, CHAT_NEWSLETTER, CHAT_BROADCAST, CHAT_STRANGE };

/* Under which name a message that is not for us is counted. */
static const char *const chat_event[] = {
    [CHAT_PERSON] = "message",
    [CHAT_GROUP] = "message.group",
    [CHAT_STATUS] = "message.status",
    [CHAT_NEWSLETTER] = "message.newsletter",
    [CHAT_BROADCAST] = "message.broadcast",
    [CHAT_STRANGE] = "message.strange",
};

static struct json_object *object_member(struct json_object *o, const char *name)
{
    struct json_object *v = json_member(o, name);
    return v && json_object_is_type(v, json_type_object) ? v : NULL;
}

static int is_true(struct json_object *o, const char *name)
{
    struct json_object *v = json_member(o, name);
    return v && json_object_is_type(v, json_type_boolean) && json_object_get_boolean(v);
}

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

/* Notes what a person's id says: a phone number, a hidden id. Other ids say nothing, and what the chat
 * itself said first stands. */
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

/* payload.id: "false_CHAT_ID[_PARTICIPANT]", or an object of whatsapp-web.js. */
static const char *payload_id(struct parsed *p)
{
    struct json_object *o = object_member(p->payload, "id");
    if (!o) return json_text(p->payload, "id");
    const char *s = json_text(o, "_serialized");
    return s ? s : json_text(o, "id");
}

/* Reads direction, chat and bare id. */
static void read_address(struct parsed *p)
{
    const char *id = payload_id(p);
    const char *first = id ? strchr(id, '_') : NULL;
    const char *second = first ? strchr(first + 1, '_') : NULL;
    struct json_object *mine = json_member(p->payload, "fromMe");
    p->from_me = mine ? is_true(p->payload, "fromMe") : id && strncmp(id, "true_", 5) == 0;
    if (second) {
        set_text(p->chat, sizeof p->chat, first + 1, (size_t)(second - first - 1));
    } else {
        const char *to = p->from_me ? json_text(p->payload, "to") : NULL;
        const char *chat = to ? to : json_text(p->payload, "from");
        if (chat) set_text(p->chat, sizeof p->chat, chat, strlen(chat));
    }
    if (!id) id = json_text(p->key, "id");
    if (!id) id = json_text(p->info, "ID");
    if (id) {
        size_t len = 0;
        const char *bare = waha_bare_id(id, &len);
        set_text(p->native_id, sizeof p->native_id, bare, len);
    }
}

/* The other id of the same person, where the engine tells it. */
static void read_alternative(struct parsed *p)
{
    note_person(p, json_text(p->key, "remoteJidAlt"));
    if (!p->phone[0]) note_person(p, json_text(p->key, "senderPn")); /* before Baileys 7 */
    note_person(p, json_text(p->info, p->from_me ? "RecipientAlt" : "SenderAlt"));
}

static const char *read_name(struct parsed *p)
{
    if (p->from_me) return NULL; /* it would be our own */
    const char *name = json_text(p->data, "pushName");
    if (!name) name = json_text(p->info, "PushName");
    return name ? name : json_text(p->data, "notifyName");
}

/* Seconds (or, should WAHA change its mind, milliseconds) as milliseconds; 0 when absent or absurd. */
static int64_t read_time(struct json_object *v)
{
    double t = v ? json_object_get_double(v) : 0; /* takes numbers and strings of digits */
    if (!(t > 0) || t > 1e14) return 0;
    return (int64_t)(t < 1e11 ? t * 1000 : t);
}

/* Bytes of the valid UTF-8 sequence at s, 0 when it is none. */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80) return 1;
    size_t n = s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
               : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;
    if (n == 0 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    if (s[0] == 0xE0 && s[1] < 0xA0) return 0; /* overlong */
    if (s[0] == 0xED && s[1] > 0x9F) return 0;    /* half of a surrogate pair */
    if (s[0] == 0xF0 && s[1] < 0x90) return 0; /* overlong */
    if (s[0] == 0xF4 && s[1] > 0x8F) return 0;    /* above U+10FFFF */
    return n;
}

/* The text as it is, or a copy with U+FFFD for what is not UTF-8: a message is not lost for a byte. */
static const char *mend_text(struct parsed *p, const char *s, size_t *len)
{
    const unsigned char *in = (const unsigned char *)s;
    size_t good = 0;
    while (good < *len) {
        size_t n = utf8_sequence(in + good, *len - good);
        if (n == 0) break;
        good += n;
    }
    if (good == *len) return s;
    char *out = malloc(*len * 3 + 1);
    if (!out) return NULL;
    memcpy(out, s, good);
    size_t o = good;
    for (size_t i = good; i < *len;) {
        size_t n = utf8_sequence(in + i, *len - i);
        memcpy(out + o, n ? s + i : "\xEF\xBF\xBD", n ? n : 3);
        o += n ? n : 3;
        i += n ? n : 1;
    }
    out[o] = '\0';
    *len = o;
    p->mended = out;
    return out;
}

static int has_items(struct json_object *o, const char *name)
{
    struct json_object *v = json_member(o, name);
    return v && json_object_is_type(v, json_type_array) && json_object_array_length(v) > 0;
}

/* What was written. NULL: nothing that a person wrote or sent (an engine's notice, an undecrypted body).
 * A location's body is a thumbnail on WEBJS and a contact's the raw card: neither is text. */
static const char *read_text(struct parsed *p, size_t *len)
{
    *len = 0;
    if (object_member(p->payload, "location") || has_items(p->payload, "vCards")) return "";
    struct json_object *body = json_member(p->payload, "body");
    if (body && json_object_is_type(body, json_type_string) && json_object_get_string_len(body) > 0) {
        *len = (size_t)json_object_get_string_len(body);
        return mend_text(p, json_object_get_string(body), len);
    }
    if (is_true(p->payload, "hasMedia") || object_member(p->payload, "media")) return "";
    return NULL;
}

static int read_ack(struct parsed *p, int32_t *ack)
{
    struct json_object *v = json_member(p->payload, "ack");
    if (!v || !json_object_is_type(v, json_type_int)) return 0;
    int64_t n = json_object_get_int64(v);
    if (n < -1 || n > 4) return 0;
    *ack = (int32_t)n;
    return 1;
}

/* "message" and "message.any": theirs, ours from a phone, ours through us. */
static void read_message(struct parsed *p, struct bot_incoming *in)
{
    read_address(p);
    enum chat_kind chat = classify_chat(p);
    in->event = chat_event[chat];
    in->native_id = p->native_id[0] ? p->native_id : NULL;
    in->sent_at = read_time(json_member(p->payload, "timestamp"));
    if (chat != CHAT_PERSON) return;
    if (!in->native_id) {
        in->event = "message.noid";
        return;
    }
    const char *source = json_text(p->payload, "source");
    if (p->from_me && source && strcmp(source, "api") == 0) {
        in->kind = BOT_IN_ACK;
        in->chat = p->chat;
        if (!read_ack(p, &in->ack)) in->ack = 0;
        return;
    }
    in->text = read_text(p, &in->text_len);
    if (!in->text) {
        in->event = "message.empty";
        return;
    }
    read_alternative(p);
    in->kind = p->from_me ? BOT_IN_OWN : BOT_IN_MESSAGE;
    in->event = p->event;
    in->chat = p->chat;
    in->phone = p->phone[0] ? p->phone : NULL;
    in->lid = p->lid[0] ? p->lid : NULL;
    in->name = read_name(p);
    const char *quoted = json_text(object_member(p->payload, "replyTo"), "id");
    if (quoted) {
        size_t len = 0;
        const char *bare = waha_bare_id(quoted, &len);
        set_text(p->quoted_id, sizeof p->quoted_id, bare, len);
        if (p->quoted_id[0]) in->quoted_id = p->quoted_id;
    }
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

static void read_session(struct parsed *p, struct bot_incoming *in)
{
    const char *name = json_text(p->payload, "name");
    const char *status = json_text(p->payload, "status");
    if (!status) return;
    in->kind = BOT_IN_SESSION;
    if (name) in->session = name;
    in->state = waha_session_state(status);
    in->text = status;
}

static void read_event(struct parsed *p, struct bot_incoming *in)
{
    in->kind = BOT_IN_OTHER;
    in->event = p->event ? p->event : "unknown";
    if (!p->event || !p->payload) return;
    if (strcmp(p->event, "message") == 0 || strcmp(p->event, "message.any") == 0)
        read_message(p, in);
    else if (strcmp(p->event, "message.ack") == 0)
        read_message_ack(p, in);
    else if (strcmp(p->event, "session.status") == 0)
        read_session(p, in);
}

int waha_parse(const char *body, size_t len, struct bot_incoming_sink *sink)
{
    int rc = BOT_EINVAL;
    struct json_object *root = NULL;
    struct json_tokener *tok = NULL;
    if (len == 0 || len > INT32_MAX) goto out;
    if (!(tok = json_tokener_new_ex(JSON_DEPTH_MAX))) {
        rc = BOT_EBUSY;
        goto out;
    }
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
    root = json_tokener_parse_ex(tok, body, (int)len);
    /* A number at the very end is complete only when the tokener sees that nothing follows. */
    if (json_tokener_get_error(tok) == json_tokener_continue)
        root = json_tokener_parse_ex(tok, "", 1);
    if (json_tokener_get_error(tok) != json_tokener_success) goto out;

    struct parsed p;
    memset(&p, 0, offsetof(struct parsed, native_id));
    p.native_id[0] = p.chat[0] = p.phone[0] = p.lid[0] = p.quoted_id[0] = '\0';
    p.mended = NULL;
    p.event = json_text(root, "event");
    p.payload = object_member(root, "payload");
    p.data = object_member(p.payload, "_data");
    p.key = object_member(p.data, "key");
    p.info = object_member(p.data, "Info");

    struct bot_incoming in = { .size = sizeof in };
    in.session = json_text(root, "session");
    read_event(&p, &in);
    sink->add(sink, &in);
    free(p.mended);
    rc = BOT_OK;
out:
    json_object_put(root);
    if (tok) json_tokener_free(tok);
    return rc;
}
