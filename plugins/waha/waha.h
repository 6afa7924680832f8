/* SPDX-License-Identifier: MIT
 * waha.h - what the files of the WAHA gateway share.
 *
 * parse.c, answer.c and escape.c are pure and know nothing of the host; all the others run on the
 * loop. */
#ifndef WAHA_H
#define WAHA_H

#include <stddef.h>
#include <stdint.h>
#include <tokobot/plugin.h>
#include <tokobot/services/gateways.h>

#define WAHA_ID_BYTES   128 /* a native message id, with its NUL; longer ones are not WhatsApp's */
#define WAHA_CHAT_BYTES 96  /* likewise a chat's */

struct waha_backfill; /* backfill.c */

/* Fetching send ids of one session. */
struct waha_pool {
    uint32_t in_flight;
    uint32_t wanted;    /* still to be asked for */
    int64_t asked_at;   /* when the last request went out */
    int64_t none_until; /* this WAHA has no such route: not asked before */
};

/* How many messages an hour of the day (UTC) usually brings. Stored as it is. */
struct waha_usual {
    double messages[24];
    double days[24]; /* how many days that was learned from */
};

/* Does what people write still come in? deaf.c */
struct waha_hearing {
    struct waha_usual usual;
    int64_t heard_at;   /* when the last message came, or listening began */
    int64_t hour, from; /* the hour that is counted, and since when we are there */
    double count;       /* its messages */
    double asked_for;   /* so many were missed when WAHA was asked last; 0 = it was not */
    int64_t mended_at;
    int is_deaf, is_told;
};

/* One number: a session of a WAHA server, as [waha] or [waha.NAME] says. */
struct waha_account {
    char *name;     /* "" = [waha] */
    char *session;  /* no two accounts have the same */
    char *base_url; /* without a trailing slash */
    char *headers;  /* of every request, the key included: never logged */
    char *send_url;
    char *webhook_url;      /* under which WAHA reaches us; "" = not told */
    char *store;            /* code of the store whose number it is; "" = of all */
    int state;              /* enum bot_session_state, as WAHA says */
    int told_state;         /* as last told to the host */
    char logged[48];        /* why it did not work, as last logged */
    int has_been_started;   /* it was found stopped at our start, and told to start */
    int has_been_made;      /* it was missing, and has been asked for */
    int has_been_restarted; /* it failed, and was told to restart; until it has worked for a while
                             */
    int has_been_seen;      /* WAHA has told its state, or that there is none */
    int has_compared;       /* WAHA's webhook settings with ours */
    int64_t works_since;    /* 0 = it does not */
    int64_t checked_at;
    uint64_t
        failing_chat; /* hash of the chat whose send failed (500) with none sent since; 0 = none */
    struct waha_pool pool;
    struct waha_hearing hearing;
    struct waha_backfill *backfill;
};

extern const struct bot_text_file waha_texts[]; /* made of texts/ */

#define WAHA_CHATS 1024 /* slots of the loop breaker */

/* What the loop breaker remembers of a chat. Hashes are never 0. */
struct waha_chat {
    uint64_t chat;
    uint64_t text;     /* their last one */
    uint64_t sent;     /* our last one */
    int64_t text_at;   /* when `text` came first */
    int64_t minute_at; /* when `count` began */
    int64_t sent_at;   /* of `sent`; 0 = they have answered it */
    int64_t silent_until;
    int64_t event; /* that was counted last */
    uint32_t same, count, quick;
    int is_loop;
};

/* Set up by start(), freed by stop(). Only the loop touches it. */
struct waha {
    const struct bot_gateways *gateways;
    int human;          /* pace = human */
    char *hmac_key;     /* WAHA is to sign webhooks with it */
    int manages;        /* manage_session */
    int64_t started_at; /* what was attempted before is an earlier process's */
    uint32_t loop_per_minute;
    struct waha_chat chats[WAHA_CHATS];
    struct waha_account *accounts; /* the first is [waha], the others in the order of bot.ini */
    uint32_t account_count;
    struct waha_account **by_session;
};

struct json_slice;
/* ---- parse.c: a webhook's body -> messages. Pure; on HTTP threads. --------------------------- */
int waha_parse(const char *body, size_t len, struct bot_incoming_sink *sink);
/* Seconds (or, should WAHA change its mind, milliseconds) as milliseconds; 0 when absent or
 * absurd. */
int64_t waha_read_time(const struct json_slice *note);

/* ---- parse_media.c: what comes with a text, or instead of one. Pure. --------------------------
 */
int waha_has_items(const struct json_slice *array);
/* Fills the media fields of `in` from four parts of a payload that json_pick() has noted. The
 * strings lie in what it returns, to be freed; NULL: out of memory. */
char *waha_read_media(const struct json_slice *media, const struct json_slice *location,
                      const struct json_slice *vcards, const struct json_slice *data,
                      struct bot_incoming *in);
/* One message of a list, worded as a webhook's payload: one bot_incoming of this session. BOT_OK,
 * BOT_EINVAL, BOT_EBUSY. */
int waha_parse_message(const char *payload, size_t len, const char *session,
                       struct bot_incoming_sink *sink);

/* ---- missed.c: what came while we were away. Pure. ------------------------------------------- */
/* An answer of GET .../messages. */
struct waha_page {
    const char *body;
    size_t len;
    int count; /* of its items */
};
/* A message of a chat's list. */
struct waha_listed {
    const char *s; /* its JSON, in the page */
    size_t len;
    int64_t at;     /* ms */
    uint32_t order; /* so many of the same second come behind it */
    uint32_t late;  /* enum bot_late: what waha_judge_missed() says */
    int mine;       /* our side wrote it */
    int kept;       /* it may be handed in */
};
/* What time it is by WhatsApp's clock: the earliest of these (0 = not known) that the newest
 * message known does not prove to be behind; when it refutes all of them, its own time. */
int64_t waha_judge_clocks(const int64_t *clocks, size_t n, int64_t newest);
/* What becomes of a chat's messages, oldest first, at `now`. What our side has answered is only
 * recorded; what we have sent since `began` was queued before, and answers nothing. Of the rest:
 * those younger than 2 minutes run, the others are recorded; or, none being so young and the last
 * one younger than a day, all together get one answer. */
void waha_judge_missed(struct waha_listed *list, size_t n, int64_t now, int64_t began);
/* Calls each chat of an answer of GET .../chats: its id ("" = unreadable) and when something was
 * last written there, ms (0 = not told). How many there are; -1: it is no list. */
int waha_read_chats(const char *body, size_t len,
                    void (*each)(void *arg, const char *chat, int64_t at), void *arg);
/* 1: the chat is one person's; the phone number or the hidden id, the other one is "". */
int waha_chat_person(const char *chat, char phone[20], char lid[WAHA_CHAT_BYTES]);
int waha_count_items(const char *body, size_t len); /* -1: it is no list */
/* The messages of `since` or later, oldest first, malloc'ed; they point into the pages. How many,
 * or -1: out of memory. */
int waha_read_messages(const struct waha_page *pages, size_t page_count, int64_t since,
                       struct waha_listed **out);

/* ---- answer.c: what WAHA's answers mean. Pure. ----------------------------------------------- */
/* The bare id in "true_CHAT_ID[_PARTICIPANT]" or "ID": its start, and its length in *len. */
const char *waha_bare_id(const char *id, size_t *len);
/* The bare id of the message in an answer of any engine into out. 1 found, 0 none, -1 not a JSON
 * object. */
int waha_answer_id(const char *body, size_t len, char out[WAHA_ID_BYTES]);
/* What became of a sendText: enum bot_send_outcome. `id` is filled ("" = not told) when it was
 * sent; *reason is a sentence for the operator, never NULL, with nothing of the message in it. */
int waha_judge_send(const struct bot_result *r, char id[WAHA_ID_BYTES], const char **reason);
/* What became of the question for one message by its id: enum bot_resolve_outcome. */
int waha_judge_lookup(const struct bot_result *r, const char *send_id);
/* The same for a list of our own messages of a chat: is `text`, sent at or after `since` (seconds),
 * among them? BOT_RESOLVED_NOT_SENT means that the list came and it was not. */
int waha_judge_list(const struct bot_result *r, const char *text, int64_t since,
                    char id[WAHA_ID_BYTES]);
/* 1: GET /api/contacts/check-exists says that the number has no WhatsApp. */
int waha_answer_is_nobody(const struct bot_result *r);
/* The number that the session is paired with, digits; "" = not told. 1 or 0. */
int waha_answer_own_number(const struct bot_result *r, char number[20]);
/* When the newest messages of two other people in a list of chats were written, ms, 0 = there is
 * none. 1, or 0: it is no such list. */
int waha_answer_newest(const struct bot_result *r, int64_t *newest, int64_t *second);
/* Until when this number may begin no chats, as GET /api/sessions/NAME tells since WAHA 2026.7.2:
 * ms; 0 = not told, -1 = it may. */
int64_t waha_answer_no_new_until(const struct bot_result *r);
/* A pairing code, as the phone wants it: letters, digits and a dash. 1 or 0. */
int waha_answer_code(const struct bot_result *r, char code[20]);
/* The phone number in an answer of GET /lids/LID, digits; "" = it is not known. 1 or 0. */
int waha_answer_phone(const struct bot_result *r, char phone[20]);
/* enum bot_session_state for GET /api/sessions/NAME; *status is WAHA's own word or a sentence. */
int waha_judge_session(const struct bot_result *r, char status[48]);
/* Does the answer come from a WAHA that knows how the session is, or that there is none? */
int waha_tells_session(const struct bot_result *r);
int waha_session_state(const char *status); /* "WORKING" -> enum bot_session_state */

/* ---- webhooks.c: the settings of a session's webhooks. Pure. --------------------------------- */
/* What is wrong with the webhook that WAHA's session has for us, as a sentence that says what to
 * set; 0 = nothing. -1: the session has none of its own, WAHA's environment may. `url` is the
 * account's webhook_url. */
int waha_judge_webhooks(const struct bot_result *r, const char *url, const char *hmac_key,
                        char *out, size_t cap);
/* The body of the PUT that mends them, malloc'ed, from what GET /api/sessions/NAME said: 1, and
 * `out` is a sentence that tells what changes. 0 = nothing is wrong. -1: a person has to do
 * something first, as `out` says. */
int waha_mend_webhooks(const struct bot_result *r, const struct waha_account *a,
                       const char *hmac_key, char *out, size_t cap, char **body);

/* ---- escape.c -------------------------------------------------------------------------------- */
size_t waha_json_size(const char *s); /* bytes of s as a JSON string with quotes, without NUL */
char *waha_json_put(char *out, const char *s); /* writes it; returns the end */
/* Percent-encodes all but unreserved characters; returns what snprintf would. */
size_t waha_url_put(char *out, size_t cap, const char *s);

/* ---- send.c, resolve.c, ids.c: the gateway's functions --------------------------------------- */
int waha_send(struct bot_ctx *ctx, const struct bot_outgoing *row);
int waha_resolve(struct bot_ctx *ctx, const struct bot_outgoing *row);
int waha_need_ids(struct bot_ctx *ctx, const char *session, uint32_t want);
int waha_who(struct bot_ctx *ctx, const char *session, const char *lid); /* who.c */

/* ---- send_media.c ---------------------------------------------------------------------------- */
struct waha_file {
    int64_t row, media;
    uint32_t account;                                              /* its index */
    const char *session, *chat, *caption, *type, *name, *reply_to; /* "" when there is none */
};
/* Reads the file and sends it; `sent` judges the answer, with a copy of `data`. */
int waha_send_file(struct bot_ctx *ctx, const struct waha_file *f, bot_done_fn *sent,
                   const void *data, uint32_t len);

/* ---- fetch.c: files that came ---------------------------------------------------------------- */
#define WAHA_PATH_BYTES 512
/* The path of a file's URL, when it is one of WAHA's files and nothing else. 1 or 0. Pure. */
int waha_file_path(const char *url, char out[WAHA_PATH_BYTES]);
int waha_fetch(struct bot_ctx *ctx, const struct bot_fetch *file);
/* ---- mark.c: up to when everything has come -------------------------------------------------- */
#define WAHA_OVERLAP_MS (2 * 60 * 1000) /* webhooks overtake each other */
/* All in ms; times are of WhatsApp's clock. */
struct waha_mark {
    int64_t mark, floor;
    int64_t skew; /* WhatsApp's clock minus ours, as live messages showed it */
    int has_skew;
    int is_new;       /* there is none yet */
    int is_changed;   /* ... and has to be written */
    int64_t seen;     /* the newest message that came live */
    int64_t greatest; /* of the skews seen since the start, */
    uint32_t samples; /* so many */
    uint32_t skipped; /* messages since that were not looked at */
};
void waha_mark_load(struct bot_ctx *ctx, const char *session, struct waha_mark *m);
void waha_mark_save(struct bot_ctx *ctx, const char *session, struct waha_mark *m);
int waha_is_plausible(int64_t at, int64_t now);
void waha_mark_move(struct waha_mark *m, int64_t to);          /* only on */
void waha_mark_note(struct bot_ctx *ctx, struct waha_mark *m); /* a message runs */
void waha_mark_follow(struct waha_mark *m, int64_t now);       /* to what has been noted */
/* At the first start the clocks may all have been ahead: live messages have shown it since. */
void waha_mark_correct(struct waha_mark *m, int64_t now);

/* ---- backfill.c ------------------------------------------------------------------------------ */
/* 0, or -1: out of memory. In start(). */
int waha_backfill_open(struct bot_ctx *ctx, struct waha_account *a);
void waha_backfill_free(struct waha_account *a);
/* Something may have changed: WAHA is being asked how the session is. */
void waha_backfill_expect(struct bot_ctx *ctx, struct waha_account *a);
/* The session works (again), or does not. */
void waha_backfill_begin(struct bot_ctx *ctx, struct waha_account *a);
/* A look has found it working, as before: it may have been away for less than a look. */
void waha_backfill_works(struct bot_ctx *ctx, struct waha_account *a);
void waha_backfill_pause(struct bot_ctx *ctx, struct waha_account *a);
void waha_backfill_tick(struct bot_ctx *ctx, struct waha_account *a); /* every 30 s */
void waha_backfill_note(struct bot_ctx *ctx, struct waha_account *a); /* a message runs */
int waha_caught_up(struct bot_ctx *ctx);                              /* hook session.caught_up */

/* ---- session.c ------------------------------------------------------------------------------- */
int waha_check_session(struct bot_ctx *ctx);   /* schedule, and at the start */
int waha_session_changed(struct bot_ctx *ctx); /* hook session.status */

int waha_restart(struct bot_ctx *ctx, const struct waha_account *a); /* tells WAHA to restart it */

/* ---- deaf.c ---------------------------------------------------------------------------------- */
void waha_deaf_load(struct bot_ctx *ctx, struct waha_account *a);
void waha_deaf_heard(struct bot_ctx *ctx, struct waha_account *a); /* a message has come in */
int waha_listen(struct bot_ctx *ctx);                              /* schedule */
/* How many messages the time between usually brings, of its last day. */
double waha_deaf_expected(const struct waha_usual *u, int64_t from, int64_t to);

/* ---- link.c: linking a phone ----------------------------------------------------------------- */
/* The completion has a PNG in its body (200), or there is none. */
int64_t waha_ask_qr(struct bot_ctx *ctx, const struct waha_account *a, bot_done_fn *done,
                    const void *data, size_t len);
/* The completion has a pairing code: waha_answer_code(). phone: digits. */
int64_t waha_ask_code(struct bot_ctx *ctx, const struct waha_account *a, const char *phone,
                      bot_done_fn *done, const void *data, size_t len);
extern const struct bot_waha waha_service; /* services/waha.h */

/* ---- command.c ------------------------------------------------------------------------------- */
int waha_command(struct bot_ctx *ctx); /* /wa */

/* ---- fix.c ----------------------------------------------------------------------------------- */
int waha_fix(struct bot_ctx *ctx); /* the control socket's "fix-waha" */

/* ---- breaker.c ------------------------------------------------------------------------------- */
int waha_breaker_gate(struct bot_ctx *ctx); /* for hook message.gate */
/* A text went out to a chat. */
void waha_breaker_sent(struct waha *w, const char *chat, const char *text, int64_t now);

/* ---- accounts.c ------------------------------------------------------------------------------ */
/* Reads [waha] and each [waha.NAME]. 0, or -1: out of memory, or the log says what is wrong. */
int waha_accounts_read(struct bot_ctx *ctx, struct waha *w);
void waha_accounts_free(struct waha *w);
/* Whose session it is; "" is the first account's. NULL: no section of bot.ini has it. */
struct waha_account *waha_account(const struct waha *w, const char *session);
char *waha_join(const char *a, const char *b, const char *c); /* malloc'ed; NULL: out of memory */

/* ---- waha.c ---------------------------------------------------------------------------------- */
/* Tells the host how an account's session is when that changed. */
void waha_set_state(struct bot_ctx *ctx, struct waha_account *a, int state, const char *detail);
uint64_t waha_hash(const char *s); /* never 0 */
/* GET url of the account's server, with its headers. */
int64_t waha_get(struct bot_ctx *ctx, const struct waha_account *a, const char *url,
                 uint32_t timeout_ms, bot_done_fn *done, const void *data, size_t len);
/* POST body (JSON) to it. */
int64_t waha_post(struct bot_ctx *ctx, const struct waha_account *a, const char *url,
                  const char *body, uint32_t timeout_ms, bot_done_fn *done, const void *data,
                  size_t len);

#endif
