/* SPDX-License-Identifier: MIT
 * answer.c - what WAHA's answers mean: was it sent, under which id, is the session well. Pure.
 *
 * The one rule: "held" and "refused" may only be said of what was certainly not taken. The table of
 * cases is in README.md. Answers of status 500 echo our request, so nothing of a body reaches a
 * reason. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "tree.h"
#include "waha.h"

/* Failures of the message itself, as the engines word them: sending it again cannot help. */
static const struct refusal {
    const char *words;
    const char *reason;
    int outcome;
} refusals[] = {
    { "no LID found", "the number has no WhatsApp", BOT_SEND_REFUSED },
    { "Lid is missing", "the number has no WhatsApp", BOT_SEND_REFUSED },
    { "No LID for user", "the number has no WhatsApp", BOT_SEND_REFUSED },
    { "error 463", "WhatsApp refuses new chats from this number for now (463)",
      BOT_SEND_NO_NEW_CHATS },
    { "error 475", "WhatsApp's limit of new chats is reached (475)", BOT_SEND_NO_NEW_CHATS },
};

static const struct {
    const char *word;
    int state;
} session_words[] = {
    { "WORKING", BOT_SESSION_CONNECTED },
    { "SCAN_QR_CODE", BOT_SESSION_QR },
};

const char *waha_bare_id(const char *id, size_t *len)
{
    const char *first = strchr(id, '_');
    const char *second = first ? strchr(first + 1, '_') : NULL;
    const char *bare = second ? second + 1 : id;
    *len = second ? strcspn(bare, "_") : strlen(bare);
    return bare;
}

/* NOWEB: key.id; GOWS: id, a full id; WEBJS: id, an object with a bare id. */
static const char *message_id(struct json_object *o)
{
    const char *id = json_text(json_member(o, "key"), "id");
    if (!id) id = json_text(o, "id");
    return id ? id : json_text(json_member(o, "id"), "id");
}

static int copy_bare(const char *id, char out[WAHA_ID_BYTES])
{
    size_t len = 0;
    const char *bare = id ? waha_bare_id(id, &len) : NULL;
    out[0] = '\0';
    if (len == 0 || len >= WAHA_ID_BYTES) return 0;
    memcpy(out, bare, len);
    out[len] = '\0';
    return 1;
}

/* The same, without a tree: each send ends here. */
enum { ANSWER_KEY_ID, ANSWER_ID, ANSWER_ID_ID, ANSWER_SLOTS };
static const struct json_wanted answer_key[] = { JSON_WANTED("id", ANSWER_KEY_ID, NULL),
                                                 { NULL, 0, 0, NULL } };
static const struct json_wanted answer_id[] = { JSON_WANTED("id", ANSWER_ID_ID, NULL),
                                                { NULL, 0, 0, NULL } };
static const struct json_wanted answer_wanted[] = {
    JSON_WANTED("key", -1, answer_key),
    JSON_WANTED("id", ANSWER_ID, answer_id),
    { NULL, 0, 0, NULL },
};

int waha_answer_id(const char *body, size_t len, char out[WAHA_ID_BYTES])
{
    struct json_slice slots[ANSWER_SLOTS] = { { NULL, 0, JSON_ABSENT, 0 } };
    char id[2 * WAHA_ID_BYTES];
    enum json_kind root;
    out[0] = '\0';
    if (!body || json_pick(body, len, answer_wanted, slots, &root) < 0 || root != JSON_OBJECT)
        return -1;
    for (int i = 0; i < ANSWER_SLOTS; i++) {
        if (slots[i].kind != JSON_STRING || slots[i].len == 0 || slots[i].len >= sizeof id)
            continue;
        json_decode(&slots[i], id);
        return copy_bare(id, out);
    }
    return 0;
}

int waha_chat_person(const char *chat, char phone[20], char lid[WAHA_CHAT_BYTES])
{
    size_t n = strspn(chat, "0123456789");
    phone[0] = lid[0] = '\0';
    if (n < 5 || chat[n] != '@') return 0;
    if (strcmp(chat + n, "@lid") == 0 && n + 5 <= WAHA_CHAT_BYTES) {
        memcpy(lid, chat, n + 5);
        return 1;
    }
    if (n > 15 || (strcmp(chat + n, "@c.us") != 0 && strcmp(chat + n, "@s.whatsapp.net") != 0))
        return 0;
    memcpy(phone, chat, n);
    phone[n] = '\0';
    return 1;
}

/* "6281...[:device]@c.us" -> "6281..."; 1 or 0. */
static int copy_phone(const char *pn, char phone[20])
{
    size_t n = pn ? strspn(pn, "0123456789") : 0;
    const char *at = pn ? pn + n : "";
    if (*at == ':') at += 1 + strspn(at + 1, "0123456789");
    int is_phone = n >= 5 && n <= 15 && (!strcmp(at, "@c.us") || !strcmp(at, "@s.whatsapp.net"));
    snprintf(phone, 20, "%.*s", is_phone ? (int)n : 0, pn ? pn : "");
    return is_phone;
}

int waha_answer_phone(const struct bot_result *r, char phone[20])
{
    struct json_object *o = r->http_status == 200 ? read_json(r->body, r->body_len) : NULL;
    int is_phone = copy_phone(json_text(o, "pn"), phone);
    json_object_put(o);
    return is_phone;
}

int waha_answer_is_nobody(const struct bot_result *r)
{
    struct json_object *o =
        r->status == BOT_OK && r->http_status == 200 ? read_json(r->body, r->body_len) : NULL;
    struct json_object *exists = json_member(o, "numberExists");
    int is_nobody =
        json_object_is_type(exists, json_type_boolean) && !json_object_get_boolean(exists);
    json_object_put(o);
    return is_nobody;
}

int waha_answer_own_number(const struct bot_result *r, char number[20])
{
    struct json_object *o = r->http_status == 200 ? read_json(r->body, r->body_len) : NULL;
    int is_told = copy_phone(json_text(json_member(o, "me"), "id"), number);
    json_object_put(o);
    return is_told;
}

int waha_answer_code(const struct bot_result *r, char code[20])
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    struct json_object *o = r->http_status / 100 == 2 ? read_json(r->body, r->body_len) : NULL;
    const char *given = json_text(o, "code");
    int is_code = given && strlen(given) < 20 && given[strspn(given, allowed)] == '\0';
    snprintf(code, 20, "%s", is_code ? given : "");
    json_object_put(o);
    return is_code;
}

/* What a 500 says that is about the message itself, else NULL. */
static const struct refusal *find_refusal(const char *body, size_t len)
{
    const struct refusal *found = NULL;
    struct json_object *o = read_json(body, len);
    const char *said = json_text(json_member(o, "exception"), "message");
    for (size_t i = 0; said && !found && i < BOT_COUNT(refusals); i++)
        if (strstr(said, refusals[i].words)) found = &refusals[i];
    json_object_put(o);
    return found;
}

static int is_json_object(const char *body, size_t len)
{
    struct json_object *o = read_json(body, len);
    int is = o && json_object_is_type(o, json_type_object);
    json_object_put(o);
    return is;
}

static int judge_no_answer(const struct bot_result *r, const char **reason)
{
    if (r->sent || r->http_status >= 200) {
        *reason = r->status == BOT_ETIMEDOUT ? "WAHA did not answer in time"
                                             : "the connection to WAHA broke before its answer";
        return BOT_SEND_UNKNOWN;
    }
    *reason = "WAHA cannot be reached: is it running, and is base_url right?";
    return BOT_SEND_HOLD;
}

/* Is this in what WAHA says of an error? */
static int says(const struct bot_result *r, const char *words)
{
    struct json_object *o = read_json(r->body, r->body_len);
    const char *said = json_text(o, "message");
    int does = said && strstr(said, words) != NULL;
    json_object_put(o);
    return does;
}

static int judge_error(const struct bot_result *r, const char **reason)
{
    const struct refusal *refusal;
    switch (r->http_status) {
    case 400:
        if (!is_json_object(r->body, r->body_len)) break; /* not WAHA: a proxy */
        *reason = "WAHA calls the request wrong (400)";
        return BOT_SEND_REFUSED;
    case 401:
        *reason = "WAHA refuses the API key (401): set api_key in [waha] to WAHA's WAHA_API_KEY";
        return BOT_SEND_HOLD;
    case 403:
        *reason = "the API key may not send (403): give it the right 'send' in WAHA";
        return BOT_SEND_HOLD;
    case 413:
        *reason = "it is too large for WAHA, or for a proxy before it (413)";
        return BOT_SEND_REFUSED;
    case 422:
        if (says(r, "Plus version")) { /* files, before WAHA 2026.6.1 */
            *reason = "this WAHA cannot send files (422): use 2026.6.1 or later";
            return BOT_SEND_REFUSED;
        }
        *reason = "the session is not working (422): look at its state in WAHA";
        return BOT_SEND_HOLD;
    case 500:
        if ((refusal = find_refusal(r->body, r->body_len))) {
            *reason = refusal->reason;
            return refusal->outcome;
        }
        if (!is_json_object(r->body, r->body_len)) break;
        *reason = "WAHA failed (500)";
        return BOT_SEND_RETRY;
    case 501:
        if (!is_json_object(r->body, r->body_len)) break;
        *reason = "WAHA's engine cannot do this (501)";
        return BOT_SEND_REFUSED;
    case 502:
    case 504: /* a proxy that lost WAHA's answer: WAHA may have sent */
        *reason = "a proxy before WAHA lost its answer";
        return BOT_SEND_UNKNOWN;
    default:
        break;
    }
    *reason = "WAHA's address gives an unexpected answer: is base_url right?";
    return BOT_SEND_HOLD;
}

int waha_judge_send(const struct bot_result *r, char id[WAHA_ID_BYTES], const char **reason)
{
    id[0] = '\0';
    *reason = "";
    if (r->status != BOT_OK || r->http_status == 0) return judge_no_answer(r, reason);
    if (r->http_status < 200 || r->http_status > 299) return judge_error(r, reason);
    if (waha_answer_id(r->body, r->body_len, id) >= 0) return BOT_SENT;
    *reason = "something else than WAHA answered: is base_url right?";
    return BOT_SEND_UNKNOWN;
}

/* WAHA's way to say in a 500 that there is no such message. */
static int says_absent(const char *body, size_t len)
{
    struct json_object *o = read_json(body, len);
    const char *said = json_text(json_member(o, "exception"), "message");
    int absent = said && (strcasestr(said, "not found") || strcasestr(said, "no rows"));
    json_object_put(o);
    return absent;
}

int waha_judge_lookup(const struct bot_result *r, const char *send_id)
{
    char id[WAHA_ID_BYTES];
    if (r->status != BOT_OK) return BOT_RESOLVED_LATER;
    switch (r->http_status) {
    case 200: {
        struct json_object *o = read_json(r->body, r->body_len);
        int told = o ? copy_bare(message_id(o), id) : 0;
        json_object_put(o);
        if (told) return strcmp(id, send_id) == 0 ? BOT_RESOLVED_SENT : BOT_RESOLVED_NOT_SENT;
        /* "null" or nothing: no such message. Anything else did not come from WAHA. */
        return r->body_len == 0 || strncmp(r->body, "null", 4) == 0 ? BOT_RESOLVED_NOT_SENT
                                                                    : BOT_RESOLVED_LATER;
    }
    case 404: /* no such message; or no such route: then sending the same id again is harmless */
        return is_json_object(r->body, r->body_len) ? BOT_RESOLVED_NOT_SENT : BOT_RESOLVED_LATER;
    case 400: /* NOWEB without its store cannot look: the same id again is harmless */
    case 501:
        return BOT_RESOLVED_NOT_SENT;
    case 500:
        return says_absent(r->body, r->body_len) ? BOT_RESOLVED_NOT_SENT : BOT_RESOLVED_LATER;
    default:
        return BOT_RESOLVED_LATER;
    }
}

/* WhatsApp trims what is sent; so do we before comparing. */
static int same_text(const char *a, const char *b)
{
    static const char space[] = " \t\r\n";
    a += strspn(a, space);
    b += strspn(b, space);
    size_t n = strlen(a), m = strlen(b);
    while (n && strchr(space, a[n - 1])) n--;
    while (m && strchr(space, b[m - 1])) m--;
    return n == m && memcmp(a, b, n) == 0;
}

static int64_t seconds_of(struct json_object *m)
{
    struct json_object *t = json_member(m, "timestamp");
    if (!t) t = json_member(m, "messageTimestamp");
    double seconds = t ? json_object_get_double(t) : 0;
    return seconds > 0 && seconds < 1e11 ? (int64_t)seconds : 0;
}

static int is_ours(struct json_object *m, const char *text, int64_t since)
{
    const char *body = json_text(m, "body");
    struct json_object *mine = json_member(m, "fromMe");
    return body && mine && json_object_get_boolean(mine) && seconds_of(m) >= since &&
           same_text(body, text);
}

int waha_judge_list(const struct bot_result *r, const char *text, int64_t since,
                    char id[WAHA_ID_BYTES])
{
    id[0] = '\0';
    if (r->status != BOT_OK) return BOT_RESOLVED_LATER;
    /* Routes that this WAHA does not have, or an engine without a store: it can never be asked. */
    if (r->http_status == 400 || r->http_status == 501) return BOT_RESOLVED_UNKNOWN;
    if (r->http_status == 404)
        return is_json_object(r->body, r->body_len) ? BOT_RESOLVED_UNKNOWN : BOT_RESOLVED_LATER;
    if (r->http_status != 200) return BOT_RESOLVED_LATER;
    int outcome = BOT_RESOLVED_LATER;
    struct json_object *list = read_json(r->body, r->body_len);
    if (!list || !json_object_is_type(list, json_type_array)) goto out;
    outcome = BOT_RESOLVED_NOT_SENT;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *m = json_object_array_get_idx(list, i);
        if (!is_ours(m, text, since)) continue;
        copy_bare(message_id(m), id);
        outcome = BOT_RESOLVED_SENT;
        break;
    }
out:
    json_object_put(list);
    return outcome;
}

/* Something that a person wrote or sent; a call or what could not be decrypted is nothing. */
static int is_message_of_theirs(struct json_object *chat, struct json_object *last)
{
    const char *id = json_text(chat, "id");
    char phone[20], lid[WAHA_CHAT_BYTES];
    if (!id || !waha_chat_person(id, phone, lid)) return 0;
    return !json_object_get_boolean(json_member(last, "fromMe")) &&
           (json_text(last, "body") || json_object_get_boolean(json_member(last, "hasMedia")));
}

int waha_answer_newest(const struct bot_result *r, int64_t *newest, int64_t *second)
{
    struct json_object *list = r->http_status == 200 ? read_json(r->body, r->body_len) : NULL;
    int is_list = list && json_object_is_type(list, json_type_array);
    size_t n = is_list ? json_object_array_length(list) : 0;
    *newest = *second = 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *chat = json_object_array_get_idx(list, i);
        struct json_object *last = json_member(chat, "lastMessage");
        int64_t at = is_message_of_theirs(chat, last) ? 1000 * seconds_of(last) : 0;
        if (at > *newest) {
            *second = *newest;
            *newest = at;
        } else if (at > *second) {
            *second = at;
        }
    }
    json_object_put(list);
    return is_list;
}

int64_t waha_answer_no_new_until(const struct bot_result *r)
{
    struct json_object *o = r->http_status == 200 ? read_json(r->body, r->body_len) : NULL;
    struct json_object *me = json_member(o, "me"), *lock = json_member(me, "reachoutTimelock");
    struct json_object *active = json_member(lock, "isActive");
    struct json_object *capping = json_member(me, "messageCapping");
    const char *capped = json_text(capping, "cappingStatus");
    int64_t until = 0, ends = 0;
    if (active)
        until = json_object_get_boolean(active)
                    ? 1000 * json_object_get_int64(json_member(lock, "timeEnforcementEnds"))
                    : -1;
    if (capped && strcmp(capped, "CAPPED") == 0)
        ends = 1000 * json_object_get_int64(json_member(capping, "cycleEnd"));
    json_object_put(o);
    return ends > until ? ends : until;
}

int waha_session_state(const char *status)
{
    for (size_t i = 0; i < BOT_COUNT(session_words); i++)
        if (strcmp(status, session_words[i].word) == 0) return session_words[i].state;
    return BOT_SESSION_DISCONNECTED;
}

int waha_tells_session(const struct bot_result *r)
{
    if (r->status != BOT_OK || (r->http_status != 200 && r->http_status != 404)) return 0;
    struct json_object *o = read_json(r->body, r->body_len);
    const char *said = json_text(o, r->http_status == 200 ? "status" : "message");
    int tells = said && (r->http_status == 200 || strcmp(said, "Session not found") == 0);
    json_object_put(o);
    return tells;
}

int waha_judge_session(const struct bot_result *r, char status[48])
{
    int state = BOT_SESSION_DISCONNECTED;
    if (r->status != BOT_OK || r->http_status == 0) {
        snprintf(status, 48, "WAHA cannot be reached");
        return state;
    }
    snprintf(status, 48, "WAHA answers %d", (int)r->http_status);
    if (r->http_status != 200) return state;
    struct json_object *o = read_json(r->body, r->body_len);
    const char *word = json_text(o, "status");
    if (word) {
        state = waha_session_state(word);
        snprintf(status, 48, "%s", word);
    } else {
        snprintf(status, 48, "not WAHA: is base_url right?");
    }
    json_object_put(o);
    return state;
}
