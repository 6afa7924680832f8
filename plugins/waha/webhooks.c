/* SPDX-License-Identifier: MIT
 * webhooks.c - the settings of a session's webhooks: what is wrong with the one that leads to the
 * bot, and the settings with that mended. Pure.
 *
 * What is mended goes back to WAHA whole, and WAHA forgets what is not in it: so every other member
 * stays as it came, and of our webhook only what is wrong changes. The HMAC key is never told. */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tree.h"
#include "waha.h"

#define EVENTS_WANTED                                                                              \
    "message.any,message.ack,message.edited,message.revoked,message.reaction,poll.vote,session.status"
#define BY_ITSELF "; `tokobot check --fix` does it"
#define PATH      "/webhook/waha"
#define URL_SHOWN 200 /* bytes */

static int leads_to_a_bot(const char *url)
{
    const char *path = url ? strstr(url, PATH) : NULL;
    return path && (path[sizeof PATH - 1] == '\0' || path[sizeof PATH - 1] == '?');
}

/* The webhook of the list that leads to this bot: the one with this URL, else the first that leads
 * to a bot, of which there are *count. */
static struct json_object *find_webhook(struct json_object *list, const char *url, int *count)
{
    struct json_object *found = NULL;
    *count = 0;
    for (size_t i = 0; i < json_count(list); i++) {
        struct json_object *hook = json_object_array_get_idx(list, i);
        const char *its = json_text(hook, "url");
        if (!leads_to_a_bot(its)) continue;
        if (strcmp(its, url) == 0) {
            *count = 1;
            return hook;
        }
        if (++*count == 1) found = hook;
    }
    return found;
}

static int has_event(struct json_object *hook, const char *name)
{
    struct json_object *list = json_member(hook, "events");
    for (size_t i = 0; i < json_count(list); i++) {
        const char *event = json_object_get_string(json_object_array_get_idx(list, i));
        if (event && (strcmp(event, name) == 0 || strcmp(event, "*") == 0)) return 1;
    }
    return 0;
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static int judge_webhook(struct json_object *hook, const char *hmac_key, char *out, size_t cap)
{
    const char *missing = !has_event(hook, "message") && !has_event(hook, "message.any")
                              ? "message.any"
                          : !has_event(hook, "message.ack")    ? "message.ack"
                          : !has_event(hook, "session.status") ? "session.status"
                                                               : NULL;
    const char *key = json_text(json_member(hook, "hmac"), "key");
    if (missing) {
        snprintf(
            out, cap,
            "WAHA's session does not send the event %s to the bot: set config.webhooks[].events of the "
            "session to " EVENTS_WANTED BY_ITSELF,
            missing);
        return 1;
    }
    if (*hmac_key && !key) {
        snprintf(out, cap,
                 "WAHA's session does not sign what it sends to the bot: set "
                 "config.webhooks[].hmac.key of the session to the bot's hmac_key" BY_ITSELF);
        return 1;
    }
    if (*hmac_key && strcmp(key, hmac_key) != 0) {
        snprintf(
            out, cap,
            "WAHA's session signs with another key than the bot's hmac_key: set "
            "config.webhooks[].hmac.key of the session, or [waha] hmac_key, so that they are the same" BY_ITSELF);
        return 1;
    }
    return 0;
}

int waha_judge_webhooks(const struct bot_result *r, const char *url, const char *hmac_key,
                        char *out, size_t cap)
{
    struct json_object *session = read_json(r->body, r->body_len);
    struct json_object *list = json_member(json_member(session, "config"), "webhooks");
    int count;
    struct json_object *hook = find_webhook(list, url, &count);
    int verdict = hook ? judge_webhook(hook, hmac_key, out, cap) : -1;
    if (verdict < 0)
        snprintf(
            out, cap,
            "WAHA's session has no webhook of its own for the bot: unless WHATSAPP_HOOK_URL of WAHA leads to "
            "/webhook/waha, no message arrives");
    json_object_put(session);
    return verdict;
}

/* ---- mending it ------------------------------------------------------------------------------ */

/* A sentence in the making. */
struct said {
    char *text;
    size_t cap, len;
    int changes;
};

__attribute__((format(printf, 2, 3))) static void say(struct said *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->text + s->len, s->cap - s->len, format, args);
    va_end(args);
    if (n > 0) s->len = s->len + (size_t)n < s->cap ? s->len + (size_t)n : s->cap - 1;
}

static void say_change(struct said *s, const char *what)
{
    say(s, "%s%s", s->changes++ ? "; " : ": ", what);
}

/* Without what may be secret in it: a password before the host, a query. */
static void say_url(struct said *s, const char *url)
{
    const char *host = strstr(url, "://"), *at = strchr(url, '@');
    host = host ? host + 3 : url;
    if (at && at < host + strcspn(host, "/?")) url = host = at + 1;
    size_t n = (size_t)(host - url) + strcspn(host, "?#");
    say(s, "%.*s", n < URL_SHOWN ? (int)n : URL_SHOWN, url);
}

static struct json_object *member_of_type(struct json_object *o, const char *name, json_type type)
{
    struct json_object *v = json_member(o, name);
    if (v && json_object_is_type(v, type)) return v;
    v = type == json_type_array ? json_object_new_array() : json_object_new_object();
    json_object_object_add(o, name, v);
    return v;
}

/* WAHA sends each message for "message" and for "message.any": one of them is enough. */
static void mend_events(struct json_object *hook, struct said *s)
{
    int count = 0;
    for (const char *p = EVENTS_WANTED; *p;) {
        char name[32];
        size_t n = strcspn(p, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, p);
        p += n + (p[n] == ',');
        if (has_event(hook, name)) continue;
        if (strcmp(name, "message.any") == 0 && has_event(hook, "message")) continue;
        json_object_array_add(member_of_type(hook, "events", json_type_array),
                              json_object_new_string(name));
        if (count == 0) say_change(s, "add the events ");
        say(s, "%s%s", count++ ? ", " : "", name);
    }
}

static void mend_hmac(struct json_object *hook, const char *hmac_key, struct said *s)
{
    const char *key = json_text(json_member(hook, "hmac"), "key");
    if (!*hmac_key || (key && strcmp(key, hmac_key) == 0)) return;
    say_change(s, key ? "sign with the bot's hmac_key instead of another key"
                      : "sign with the bot's hmac_key");
    json_object_object_add(member_of_type(hook, "hmac", json_type_object), "key",
                           json_object_new_string(hmac_key));
}

/* By itself WAHA gives up after 30 s. */
static void mend_retries(struct json_object *hook, struct said *s)
{
    struct json_object *retries = json_member(hook, "retries");
    if (retries && json_object_is_type(retries, json_type_object)) return;
    retries = member_of_type(hook, "retries", json_type_object);
    json_object_object_add(retries, "policy", json_object_new_string("linear"));
    json_object_object_add(retries, "delaySeconds", json_object_new_int(2));
    json_object_object_add(retries, "attempts", json_object_new_int(15));
    say_change(s, "keep trying while the bot is away (retries)");
}

/* 0, or -1: a person has to do something first, as the sentence says. */
static int mend_list(struct json_object *list, const char *hmac_key, const char *url,
                     struct said *s)
{
    int count;
    struct json_object *hook = find_webhook(list, url, &count);
    int is_new = !hook;
    if (count > 1) {
        say(s, ": %d webhooks lead to a bot: set webhook_url in [waha] to the URL of this one's",
            count);
        return -1;
    }
    if (!is_new && leads_to_a_bot(url) && strcmp(json_text(hook, "url"), url) != 0) {
        say(s, ": its webhook ");
        say_url(s, json_text(hook, "url"));
        say(s, " is not webhook_url: when it is this bot's, set webhook_url to it; when it is "
               "another's, add this one's in WAHA's dashboard");
        return -1;
    }
    if (is_new && !leads_to_a_bot(url)) {
        say(s,
            "%s: set webhook_url in [waha] to http://BOT:5000" PATH
            ", as WAHA reaches the bot, and reload; unless WHATSAPP_HOOK_URL of WAHA's "
            "environment, which cannot be seen, leads to the bot",
            *url ? " has no webhook for the bot, and webhook_url does not end in " PATH
                 : " has no webhook of its own for the bot");
        return -1;
    }
    if (is_new) {
        hook = json_object_new_object();
        json_object_object_add(hook, "url", json_object_new_string(url));
        json_object_array_add(list, hook);
    }
    say(s, is_new ? ": add the webhook " : ": webhook ");
    say_url(s, json_text(hook, "url"));
    mend_events(hook, s);
    mend_hmac(hook, hmac_key, s);
    mend_retries(hook, s);
    if (is_new)
        say(s, ". WHATSAPP_HOOK_URL of WAHA's environment cannot be seen: if it leads to the bot, "
               "both send, so take it out there");
    return 0;
}

static int mend_session(struct json_object *session, const char *hmac_key, const char *url,
                        struct said *s)
{
    static const json_type array = json_type_array, object = json_type_object;
    const char *status = json_text(session, "status");
    struct json_object *config = json_member(session, "config");
    struct json_object *list = json_member(config, "webhooks");
    if (!status) {
        say(s, ": something else than WAHA answers: is base_url right?");
        return -1;
    }
    if ((config && !json_object_is_type(config, object)) ||
        (list && !json_object_is_type(list, array))) {
        say(s,
            ": WAHA tells its settings in a way that is not known: change them in its dashboard");
        return -1;
    }
    config = member_of_type(session, "config", object);
    if (mend_list(member_of_type(config, "webhooks", array), hmac_key, url, s) != 0) return -1;
    if (s->changes)
        say(s, strcmp(status, "STOPPED") == 0 ? "" : ". The session restarts for some seconds");
    return s->changes > 0;
}

int waha_mend_webhooks(const struct bot_result *r, const struct waha_account *a,
                       const char *hmac_key, char *out, size_t cap, char **body)
{
    struct said s = { .text = out, .cap = cap };
    struct json_object *session = read_json(r->body, r->body_len);
    struct json_object *rq = json_object_new_object();
    *body = NULL;
    say(&s, "session '%.60s'", a->session);
    int verdict = mend_session(session, hmac_key, a->webhook_url, &s);
    if (verdict > 0) {
        json_object_object_add(rq, "config", json_object_get(json_member(session, "config")));
        *body = strdup(json_object_to_json_string_ext(rq, JSON_C_TO_STRING_PLAIN |
                                                              JSON_C_TO_STRING_NOSLASHESCAPE));
        if (!*body) verdict = -1;
    }
    json_object_put(rq);
    json_object_put(session);
    return verdict;
}
