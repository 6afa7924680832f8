/* SPDX-License-Identifier: MIT
 *
 * tokobot/plugin.h - all that a plugin needs, and nothing else.
 *
 * A plugin is a shared object that exports one symbol, `bot_plugin_v1` (see BOT_PLUGIN). The host
 * calls its init() with a table of functions, struct bot_api; init() registers commands, hooks,
 * dialogs and so on; afterwards the host calls what was registered.
 *
 * Five rules hold everywhere in this header:
 *
 *   Thread.     All plugin code runs on one thread, the loop. It must not block and needs no lock.
 *               Two exceptions, both marked: a bot_work_fn and a gateway's parse() run elsewhere
 *               and may touch nothing but their arguments.
 *   Turn.       A callback runs inside a database savepoint. What it wrote, replied, emitted and
 *               asked for happens together when the turn commits, or not at all. It may therefore
 *               run again after a crash or a lost commit: keep state in the database.
 *   Ownership.  The host copies what it is given. What it hands out lives until the callback
 *               returns, unless a comment says otherwise.
 *   Ids.        What outlives a callback is named by a number that is never used again.
 *   Errors.     Functions return >= 0 or a BOT_E... code below zero. A handler that returns an
 *               error code has failed: its savepoint is rolled back and the sender gets an apology.
 *
 * Strings are UTF-8 and end with NUL. Times are milliseconds since 1970 (UTC) unless named
 * otherwise. Money is whole rupiah in an int64_t.
 *
 * Phases: [init] only inside init(); [event] only with the ctx of a running callback; [any] both.
 * A debug host asserts phase and thread.
 *
 * Everything here exists since SDK 0.9 unless a comment says otherwise. The version stays 0.x until
 * it is frozen as 1.0; from then on tables and structs only grow at the end.
 */
#ifndef TOKOBOT_PLUGIN_H
#define TOKOBOT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BOT_SDK_MAJOR   0
#define BOT_SDK_MINOR   13
#define BOT_SDK_VERSION ((BOT_SDK_MAJOR << 16) | BOT_SDK_MINOR)

struct bot_api;    /* the host's functions; below */
struct bot_plugin; /* opaque: a plugin's registration handle, valid while the plugin is loaded */
struct bot_result; /* how an asynchronous call ended; below */
struct bot_rows;   /* opaque: a result set; valid until the callback returns */

/* What a callback is called with. The host owns it; it is valid until the callback returns. */
struct bot_ctx {
    const struct bot_api *api;
    void *state; /* what the plugin put there with api->set_state(); NULL before */
};

/* ---- verdicts and errors --------------------------------------------------------------------- */

enum bot_verdict {
    BOT_PASS = 0,    /* not mine: the next handler is asked */
    BOT_HANDLED = 1, /* done; commit */
    BOT_FAIL = 2,    /* roll back what I did, apologise to the sender, do not retry */
    BOT_LATER = 3    /* commit what I did; a completion or the deadline continues this event */
};

enum bot_error {
    BOT_OK = 0,
    BOT_ROW = 100,      /* row_next: there is a row */
    BOT_EINVAL = -1,    /* an argument is wrong; the log says which */
    BOT_ENOENT = -2,    /* no such thing */
    BOT_EEXIST = -3,    /* a UNIQUE or PRIMARY KEY constraint refused it */
    BOT_EGONE = -4,     /* the id is of something that has ended */
    BOT_EIO = -5,       /* network or disk */
    BOT_ETIMEDOUT = -6, /* no answer in time; it may have happened all the same */
    BOT_ECANCELED = -7, /* cancelled: by cancel(), BATAL, a reload or a stop */
    BOT_ERESUMED = -8,  /* the process was restarted while this event waited */
    BOT_ESCOPE = -9,    /* the statement touches rows of stores without $store, or others' tables */
    BOT_EBUSY = -10,    /* too much of it is pending */
    BOT_ECONSTRAINT = -11, /* another constraint (CHECK, NOT NULL, FOREIGN KEY) refused it */
    BOT_EPHASE = -12,      /* not allowed in this phase or on this thread */
    BOT_EVERSION = -13     /* the other side is too old or too new */
};

/* ---- roles ----------------------------------------------------------------------------------- */

/* Roles are a set, not a ladder. Everyone is a customer of the store that a message is for. */
enum bot_role {
    BOT_CUSTOMER = 1,
    BOT_STAFF = 2,
    BOT_OWNER = 4,
    BOT_SUPER = 8,
    BOT_STORE_ADMIN = BOT_STAFF | BOT_OWNER,
    BOT_ANYONE = 15
};

/* ---- values by name -------------------------------------------------------------------------- */

enum bot_type { BOT_NULL = 0, BOT_INT = 1, BOT_TEXT = 2, BOT_BLOB = 3, BOT_REAL = 4 };

/* A named value: a statement's parameter ("name" binds $name), a text's placeholder ("name" fills
 * {name}), a dialog's slot. Copied by the host before the call returns. */
struct bot_arg {
    const char *name; /* keep it a string literal: the host caches its address */
    int32_t type;     /* enum bot_type; BOT_REAL is never used as an argument */
    uint32_t len;     /* bytes of data, for BOT_TEXT and BOT_BLOB */
    int64_t integer;
    const void *data;
};

static inline uint32_t bot_strlen_(const char *s)
{
    uint32_t n = 0;
    while (s && s[n]) n++;
    return n;
}
static inline struct bot_arg bot_int(const char *name, int64_t value)
{
    struct bot_arg a = { name, BOT_INT, 0, value, NULL };
    return a;
}
/* NULL is bound as SQL NULL and shown as "". */
static inline struct bot_arg bot_text(const char *name, const char *value)
{
    struct bot_arg a = { name, value ? BOT_TEXT : BOT_NULL, bot_strlen_(value), 0, value };
    return a;
}
static inline struct bot_arg bot_blob(const char *name, const void *data, uint32_t len)
{
    struct bot_arg a = { name, data ? BOT_BLOB : BOT_NULL, len, 0, data };
    return a;
}
static inline struct bot_arg bot_null(const char *name)
{
    struct bot_arg a = { name, BOT_NULL, 0, 0, NULL };
    return a;
}

#define BOT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what a plugin registers ----------------------------------------------------------------- */

/* Every handler: a command, a hook, a dialog's end, a schedule, a route. Returns a bot_verdict or
 * an error code. */
typedef int bot_handler_fn(struct bot_ctx *ctx);

/* Ends an asynchronous call; called exactly once for each, on the loop, as a step of the event that
 * made it. `data` is the copy of what the call was given. api->status(ctx) says how it went.
 * Returns a verdict for the event; BOT_LATER when another call of the same event is pending. */
typedef int bot_done_fn(struct bot_ctx *ctx, const struct bot_result *result, void *data);

/* What api->call_as() runs. Returns what call_as() is to return. Since 0.13. */
typedef int bot_call_fn(struct bot_ctx *ctx, void *arg);

/* A "/word" that people type. Names match in any case. */
struct bot_command_spec {
    const char *name;    /* a-z 0-9 _; without the slash */
    const char *aliases; /* comma-separated, or NULL */
    uint32_t role;       /* set of enum bot_role; any of them may run it */
    uint32_t scope;      /* enum bot_scope */
    const char
        *args;        /* "id [jumlah]": names; [] optional; the last one takes the rest. NULL: the
                         whole rest is in field "rest" and nothing is checked. "id" must be a number */
    const char *help; /* text key of the one-line help; a literal when there is no such key */
    bot_handler_fn *run;
    const char *usage;   /* text key of an example shown on a usage error, or NULL */
    const char *open_if; /* config key of a bool of this plugin: while it is on, everybody may run
                            the command, whatever `role` says; or NULL. Since 0.12 */
};

enum bot_scope {
    BOT_THIS_STORE = 0, /* needs a store: the managed one for admin commands, else the routed one */
    BOT_ALL_STORES = 1, /* may read and write rows of every store; no store is routed */
    BOT_NO_STORE = 2    /* needs none and sees none */
};

/* A place in the host or an event of another plugin. Higher events come from a message
 * ("message.gate", "message.text", "message.fallback"), from the host ("session.status",
 * "session.alarm", "session.caught_up", "person.merged", "customer.joined", "message.own",
 * "message.reaction", "message.poll_vote") or from emit(). Lower priority runs first; equal
 * priority: order of [plugins] in bot.ini. The first verdict other than BOT_PASS ends a message.*
 * event; all hooks of any other event run. */
struct bot_hook_spec {
    const char *event;
    int32_t priority;
    uint32_t scope; /* enum bot_scope */
    bot_handler_fn *run;
};

/* A dialog asks for slots one after the other and then calls `done`. It is stored by name and
 * survives restart and reload. The host handles BATAL, KEMBALI, timeout and three misses. */
struct bot_dialog_step {
    const char *slot;   /* a-z 0-9 _ */
    const char *prompt; /* text key; {slot} placeholders of earlier slots are filled in */
    const char *retry; /* text key after a bad answer; NULL: the validator's own, else the prompt */
    /* Checks and may rewrite the answer. *value: in, the trimmed text; out, what is stored (any
     * string of the callback's lifetime). Returns BOT_OK, BOT_EINVAL (asked again), or BOT_ENOENT
     * when the text is no answer at all but a question (answered first, then asked again).
     * NULL accepts any text that is not empty. It may not write to the database. */
    int (*check)(struct bot_ctx *ctx, const char **value);
    uint32_t secret;     /* 1: never stored; the chat message is masked in every transcript */
    uint32_t when_empty; /* 1: this step is skipped when its slot has been given a value already */
};
struct bot_dialog_spec {
    const char *name;
    uint32_t version;   /* raise it when slots change meaning: a running dialog starts over */
    uint32_t timeout_s; /* 0 = 1800 */
    const struct bot_dialog_step *steps;
    size_t step_count;
    size_t step_size;         /* sizeof *steps */
    bot_handler_fn *done;     /* slots are in field("slot.NAME") */
    bot_handler_fn *canceled; /* after BATAL or the timeout, or NULL */
    uint32_t scope;           /* enum bot_scope: that of `done` and of the checks */
};

/* A durable repeated job; survives restarts; runs at most once after a pause. */
struct bot_schedule_spec {
    const char *name;
    uint32_t every_s;     /* at least 1; 0 = use daily_at */
    const char *daily_at; /* "HH:MM" in the host's time zone */
    bot_handler_fn *run;  /* scope: all stores */
};

enum bot_config_type {
    BOT_CONFIG_TEXT = 0,
    BOT_CONFIG_INT = 1,      /* min..max */
    BOT_CONFIG_BOOL = 2,     /* yes no on off true false 1 0; config_int gives 1 or 0 */
    BOT_CONFIG_DURATION = 3, /* 500ms 30s 10m 24h 7d; config_int gives milliseconds; min..max too */
    BOT_CONFIG_CHOICE = 4,   /* one of `choices`, space-separated */
    BOT_CONFIG_SECRET = 5,   /* a text that never reaches a log */
    BOT_CONFIG_URL = 6       /* http:// or https://, no trailing slash is kept */
};
/* A key of the plugin's own section, [NAME]. Unknown keys are refused with "did you mean". */
struct bot_config_spec {
    const char *key;
    uint32_t type;
    const char *fallback; /* as it would be written in bot.ini; NULL = "" */
    int64_t min, max;     /* both 0 = unbounded */
    const char *choices;
    const char *env;  /* an older environment name, or NULL; TOKOBOT_SECTION_KEY always works */
    const char *help; /* one line */
    uint32_t named;   /* enum bot_config_named: may it stand in [PLUGIN.NAME], too? Since 0.11 */
};
/* One plugin may have several of a thing: [waha] is the first account, [waha.NAME] another. */
enum bot_config_named {
    BOT_CONFIG_ONE = 0,
    BOT_CONFIG_INHERITED = 1, /* yes; where it is not set there, [PLUGIN]'s value counts */
    BOT_CONFIG_OWN = 2        /* yes; not set there, it is empty */
};

/* Migrations run in the order of `id`, once each, in one transaction for all plugins. Table and
 * index names begin with the plugin's name (every '-' is written '_') and '_'. */
struct bot_migration_spec {
    uint32_t id;              /* 1, 2, 3 ... never changed after a release */
    const char *sql;          /* statements divided by ';' */
    const char *sql_postgres; /* when it must differ; NULL = sql */
    /* 1: code that does not know this step can no longer work with the tables. Anything but CREATE
     * and ADD COLUMN counts as that by itself. Such a step needs a restart; an older file of the
     * plugin is refused afterwards. Since 0.10. */
    uint32_t breaking;
};

/* A request from outside that this plugin answers: HTTP below /p/NAME/, or a verb of the control
 * socket. `run` answers with respond(); BOT_LATER keeps the request open. The verb "fix-NAME", NAME
 * being the plugin's own, is asked by `tokobot check --fix` (since 0.11): with "write":false what
 * is wrong outside of the bot and would be changed, with "write":true to change it. The answer is
 * {"ok":true,"changes":[...],"problems":[...]}: sentences; a problem is what only a person can
 * mend, or what failed. No secret may be in one. */
enum bot_route_kind { BOT_ROUTE_HTTP = 0, BOT_ROUTE_CONTROL = 1 };
struct bot_route_spec {
    uint32_t kind;
    const char *path; /* HTTP: "status" is /p/NAME/status; control: the verb, the value of "cmd" */
    bot_handler_fn *run;
};

/* ---- arguments of the larger calls ----------------------------------------------------------- */

/* A message to somebody who is not necessarily the one who wrote. Exactly one of person, role and
 * chat says to whom. */
struct bot_send {
    uint32_t size;    /* sizeof(struct bot_send) */
    uint32_t role;    /* everyone with this role in `store`; BOT_SUPER: all super admins */
    int64_t person;   /* a person's id */
    const char *chat; /* "6281..." or a chat id as the gateway gave it */
    int64_t store;    /* with role; 0 = the event's store */
    const char *text;
    const char *tag;    /* comes back as field "quoted.tag" when this message is quoted; or NULL */
    int64_t not_before; /* 0 = now */
    int64_t expires;    /* 0 = a day from now */
    int32_t priority;   /* 0 = notice, 1 = answer */
    /* Since 0.11. */
    int64_t media; /* a file: number(ctx, "media"), or the result of media_store(); `text` is its
                      caption and may be NULL. 0 = none. BOT_ENOENT: there is no such file */
    const char *quote; /* field "native_id" of a message from that chat: this one is shown as the
                          answer to it; or NULL */
    /* Since 0.12. */
    int64_t except; /* with role: everyone but this person, who knows already; 0 = everyone */
};

/* An answer to a route's request. */
struct bot_response {
    uint32_t size;
    int32_t status;   /* HTTP status; control: 0 ok, 1 refused */
    int64_t request;  /* number(ctx, "request"); 0 = that of this event */
    const char *body; /* control: one JSON object without line breaks */
    size_t body_len;  /* 0 = strlen(body) */
    const char *type; /* content type; NULL = application/json */
    uint32_t more;    /* control: 1 keeps the connection open for further lines */
};

struct bot_http {
    uint32_t size;
    uint32_t timeout_ms; /* 0 = 30,000 */
    const char *method;  /* NULL = GET, or POST when there is a body */
    const char *url;
    const char *headers; /* "Name: value\nName: value", or NULL */
    const void *body;
    size_t body_len;
    size_t max_bytes; /* of the answer; 0 = 1 MiB; more is BOT_EIO */
    /* Since 0.13. What is sent before and behind a `body`, or NULL: then a large body that a
     * completion has given, a file's base64, becomes part of a larger one without a copy. */
    const void *head, *tail;
    size_t head_len, tail_len;
};

/* How an asynchronous call ended. Only the fields of its kind are set. */
struct bot_result {
    uint32_t size;
    int32_t status;      /* BOT_OK, BOT_EIO, BOT_ETIMEDOUT, BOT_ECANCELED */
    int32_t http_status; /* http: 200 ...; 0 when no answer came */
    uint32_t sent;       /* http: 1 when the request may have reached the other side */
    const void *body;    /* http: the answer; work: the output; NUL-terminated all the same */
    size_t body_len;
    struct bot_rows *rows; /* db_read */
    const char *error;     /* a sentence for the log, or "" */
    int64_t media;         /* media_store: the file's id. Since 0.11 */
    uint32_t too_large;    /* http: the answer is larger than max_bytes. Since 0.11 */
    uint32_t reserved;
};

/* What media_read() gives. */
#define BOT_MEDIA_BASE64 1u /* as base64 text (with padding, in one line) */

/* Runs on a host thread. Touch nothing but the arguments. Returns the bytes written to `out`, or
 * an error code. */
typedef int64_t bot_work_fn(const void *data, size_t len, void *out, size_t out_cap);

struct bot_work {
    uint32_t size;
    uint32_t reserved;
    bot_work_fn *run;
    size_t out_cap; /* 0 = 4096; at most 16 MiB */
};

enum bot_kv_scope {
    BOT_KV_PLUGIN = 0, /* one for the plugin */
    BOT_KV_STORE = 1,  /* of the event's store */
    BOT_KV_PERSON = 2, /* of the event's person, in the event's store if there is one */
    BOT_KV_EVENT = 3   /* gone when the event is done */
};

struct bot_found {
    int64_t id;
    int32_t score; /* 1000 = the same words */
    uint32_t reserved;
};

enum bot_log_level { BOT_LOG_DEBUG = 0, BOT_LOG_INFO = 1, BOT_LOG_WARN = 2, BOT_LOG_ERROR = 3 };

/* ---- the host's functions -------------------------------------------------------------------- */

struct bot_api {
    uint32_t size;    /* bytes of this table in the running host; see BOT_HAS */
    uint32_t version; /* BOT_SDK_VERSION of the running host */

    /* -- register [init]. Tables may live in the plugin's read-only data; all strings are copied.
     * `elem` is sizeof one element. Errors: BOT_EINVAL with the reason in the log and in the
     * refusal of the load; the plugin should return it. */
    int (*command)(struct bot_plugin *self, const struct bot_command_spec *t, size_t n,
                   size_t elem);
    int (*hook)(struct bot_plugin *self, const struct bot_hook_spec *t, size_t n, size_t elem);
    int (*dialog)(struct bot_plugin *self, const struct bot_dialog_spec *t, size_t n, size_t elem);
    int (*schedule)(struct bot_plugin *self, const struct bot_schedule_spec *t, size_t n,
                    size_t elem);
    int (*config)(struct bot_plugin *self, const struct bot_config_spec *t, size_t n, size_t elem);
    int (*migration)(struct bot_plugin *self, const struct bot_migration_spec *t, size_t n,
                     size_t elem);
    int (*route)(struct bot_plugin *self, const struct bot_route_spec *t, size_t n, size_t elem);
    /* Offers `table` (its first member its own size) as service "name/major" to other plugins.
     * `owner`: `self`, so that its functions can work by call_as(). */
    int (*provide)(struct bot_plugin *self, const char *name, const void *table, void *owner);
    /* Says that table.column holds a person's id: re-pointed when two persons turn out to be one.
     */
    int (*person_column)(struct bot_plugin *self, const char *table, const char *column);

    /* -- the event at hand [event] -- */
    /* A text field, or NULL when this event has none of that name:
     *   text        what was written          rest       after the command word
     *   chat        chat id of the gateway    gateway    "waha"        session
     *   name        the person's name         phone      "6281..." or NULL when unknown
     *   lid         hidden id or NULL         event      name of the event
     *   language    "id"                      store.name store.code store.language store.timezone
     *   arg.NAME    a command's argument      slot.NAME  a dialog's slot
     *   quoted.tag  quoted.text               body       emit's payload, a route's body
     *   path method query                     of a route
     * Since 0.11:
     *   native_id   the message's id at the network, for bot_send.quote
     *   media.kind  "image" "video" "voice" "audio" "document" "sticker" "location" "contact";
     *               NULL: only a text came. The text is its caption
     *   media.type  MIME type of the file, by its content       media.name  as its sender named it
     *   media.error why there is no file, or NULL               place       "LAT,LON" in degrees
     *   place.name  its name and address                        contact     cards (vCard) */
    const char *(*field)(struct bot_ctx *ctx, const char *name);
    /* A number, or 0: store person role event (id) received_at sent_at request connection
     * arg.NAME slot.NAME stores_active. Since 0.11: media (the file that came, 0 = none),
     * media.size (its bytes). Since 0.12: store.offset (ms that the store's clock is ahead of UTC)
     */
    int64_t (*number)(struct bot_ctx *ctx, const char *name);
    uint32_t (*nargs)(struct bot_ctx *ctx);
    const char *(*arg)(struct bot_ctx *ctx, uint32_t index); /* "" when there is none */
    /* BOT_OK; in a handler BOT_ERESUMED after a restart while the event waited. */
    int (*status)(struct bot_ctx *ctx);
    /* What later() stored, or NULL. */
    const void *(*resume)(struct bot_ctx *ctx, size_t *len);
    /* The plugin's text `key` in the chat's language, with {name} filled in:
     *   {name}             a number as it is; a text with * _ ~ made harmless
     *   {name:rp}          Rp500.000          {name:date} {name:time}   in the store's time zone
     *   {name:raw}         a text that is markup on purpose
     *   {name|one|many}    one of two words by number
     * An unknown key gives the key itself. Lives until the callback returns. */
    const char *(*text)(struct bot_ctx *ctx, const char *key, const struct bot_arg *args, size_t n);

    /* -- act [event]; staged: happens when the turn commits -- */
    /* Answers the sender. All replies of one event become one message, joined by an empty line. */
    int (*reply)(struct bot_ctx *ctx, const char *text);
    int (*send)(struct bot_ctx *ctx, const struct bot_send *send);
    /* Runs all hooks of event `name` in a turn after this one commits; durable, in order.
     * `name` begins with the plugin's name or a word the design lists ("order."). */
    int (*emit)(struct bot_ctx *ctx, const char *name, const void *body, size_t len);
    int (*respond)(struct bot_ctx *ctx, const struct bot_response *response);
    /* Ends the event as BOT_FAIL would, with this text instead of the general apology. Return what
     * it returns. */
    int (*abort)(struct bot_ctx *ctx, const char *text);
    /* Opens a dialog with this person; `args` fill slots beforehand. It asks its first open step.
     * An open dialog is replaced. */
    int (*dialog_start)(struct bot_ctx *ctx, const char *name, const struct bot_arg *args,
                        size_t n);
    /* Who did what, kept for the operator: "store.create", "id=4". */
    int (*audit)(struct bot_ctx *ctx, const char *action, const char *detail);

    /* -- data [event] -- */
    /* Runs one statement. `sql` must live as long as the plugin (a string constant): the prepared
     * statement is cached by its address. $store and $person are bound by the host, all other
     * parameters by `args`; one that is missing is BOT_EINVAL. rows NULL: the statement is run to
     * its end. Else *rows is a cursor before the first row. Errors: BOT_ESCOPE, BOT_EEXIST,
     * BOT_ECONSTRAINT, BOT_EINVAL (does not compile; the log says why), BOT_EIO. */
    int (*db)(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
              struct bot_rows **rows);
    int (*row_next)(struct bot_rows *rows); /* BOT_ROW, BOT_OK at the end, or an error */
    int64_t (*row_int)(struct bot_rows *rows, uint32_t column);
    const char *(*row_text)(struct bot_rows *rows,
                            uint32_t column); /* "" for NULL; until row_next */
    const void *(*row_blob)(struct bot_rows *rows, uint32_t column,
                            size_t *len);                    /* until row_next */
    int (*row_type)(struct bot_rows *rows, uint32_t column); /* enum bot_type */
    int64_t (*changes)(struct bot_ctx *ctx);                 /* rows changed by the last db() */
    int64_t (*insert_id)(struct bot_ctx *ctx);               /* rowid of the last INSERT */
    /* A SELECT on a reader thread, for what may take long; at most 10,000 rows come back. It sees
     * what is committed, not what this turn wrote. */
    int64_t (*db_read)(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
                       bot_done_fn *done, const void *data, size_t len);
    /* NULL when absent or expired. */
    const char *(*kv_get)(struct bot_ctx *ctx, int scope, const char *key, size_t *len);
    /* value NULL deletes; expires 0 = never. */
    int (*kv_set)(struct bot_ctx *ctx, int scope, const char *key, const char *value, size_t len,
                  int64_t expires);
    /* A typo-tolerant index per plugin, `index` name and store. text NULL removes. */
    int (*search_put)(struct bot_ctx *ctx, const char *index, int64_t id, const char *text);
    /* Best first; returns how many of `cap` were filled. */
    int (*search_find)(struct bot_ctx *ctx, const char *index, const char *query,
                       struct bot_found *found, size_t cap);

    /* -- later [event]; staged; return an id > 0 or an error -- */
    int64_t (*http)(struct bot_ctx *ctx, const struct bot_http *request, bot_done_fn *done,
                    const void *data, size_t len);
    int64_t (*timer)(struct bot_ctx *ctx, int64_t delay_ms, bot_done_fn *done, const void *data,
                     size_t len); /* not durable */
    int64_t (*work)(struct bot_ctx *ctx, const struct bot_work *work, const void *input,
                    size_t input_len, bot_done_fn *done, const void *data, size_t len);
    /* Durable: emits event `name` at `when`. A key replaces the earlier one of the same name and
     * key; when 0 removes it. */
    int (*at)(struct bot_ctx *ctx, const char *name, const char *key, int64_t when,
              const void *body, size_t len);
    int (*cancel)(struct bot_ctx *ctx, int64_t id); /* its done() still comes, with BOT_ECANCELED */
    /* Return this: the event waits for its calls, at most deadline_ms (0 = 60,000). Then calls that
     * still run end as BOT_ETIMEDOUT. After a restart the handler itself runs again, with status
     * BOT_ERESUMED and `blob` in resume(). */
    int (*later)(struct bot_ctx *ctx, int64_t deadline_ms, const void *blob, size_t len);

    /* -- around -- */
    /* [any after init] The table of service "name/major" and its owner's context, or NULL. */
    const void *(*service)(struct bot_plugin *self, const char *name, void **owner);
    const char *(*config_text)(struct bot_plugin *self, const char *key); /* [any after init] */
    int64_t (*config_int)(struct bot_plugin *self, const char *key);
    void (*log)(struct bot_plugin *self, int level, const char *text); /* [any] no message bodies */
    /* [any] Adds to the counter tokobot_NAME_metric (a-z 0-9 _). */
    void (*count)(struct bot_plugin *self, const char *metric, int64_t add);
    void *(*alloc)(struct bot_ctx *ctx, size_t bytes); /* zeroed, freed when the callback returns */
    int64_t (*now)(struct bot_ctx *ctx);               /* the host's clock; never call time() */
    void (*set_state)(struct bot_plugin *self, void *state); /* [init, start] */
    struct bot_plugin *(*self)(struct bot_ctx *ctx); /* the plugin that this callback is of */
    /* [event] In a dialog's check() or done(): sets another slot of the same dialog. NULL clears
     * it. */
    int (*slot_set)(struct bot_ctx *ctx, const char *slot, const char *value);
    /* [any after init] NAME of the index-th [PLUGIN.NAME] of bot.ini, in its order, or NULL. Its
     * values: config_text(self, "NAME.key"). Since 0.11. */
    const char *(*config_name)(struct bot_plugin *self, uint32_t index);
    /* [event] What set_state() of that plugin put there; NULL before its start() and after its
     * stop(). For the functions of a service, whose ctx is their caller's. Since 0.11. */
    void *(*state)(struct bot_plugin *self);

    /* -- files; since 0.11. A file is kept as long as messages are ([core] keep_days) after it last
     * came, was stored or was sent, and as long as a media_column names it. Its id opens it for
     * every store: a plugin that keeps one keeps it in a table with a column `store`, never in a
     * text that somebody outside can choose. -- */
    /* [event] The file's bytes, in result->body. flags: BOT_MEDIA_... max_bytes: of the file, at
     * most 10 MiB (0 = that). Returns the call's id, BOT_ENOENT when there is no such file,
     * BOT_EINVAL when it is larger. The completion may bring BOT_EIO. A gateway's send() may call
     * it, too. */
    int64_t (*media_read)(struct bot_ctx *ctx, int64_t media, size_t max_bytes, uint32_t flags,
                          bot_done_fn *done, const void *data, size_t len);
    /* [event] Keeps a file; its id comes in result->media, and the same bytes have the same id. The
     * type is judged by content: what says "image/..." and is no JPEG, PNG, WebP or GIF fails with
     * BOT_EINVAL. type and name may be NULL. At most [limits] media_mb, else BOT_EINVAL. */
    int64_t (*media_store)(struct bot_ctx *ctx, const void *bytes, size_t size, const char *type,
                           const char *name, bot_done_fn *done, const void *data, size_t len);

    /* [event] Runs all hooks of `event` now, inside this callback, and gives what they reply(),
     * joined by line breaks: "" when nobody says anything, NULL when a hook failed (return
     * BOT_FAIL). Store, person and roles are the caller's; a hook may not wait (BOT_LATER). The
     * design's own: "store.stats", "store.report" (of one store), "global.stats". Since 0.12. */
    const char *(*gather)(struct bot_ctx *ctx, const char *event);
    /* [init] Says that table.column holds files' ids: a file that is named there is kept as long as
     * it is, also while this plugin is switched off. The column needs an index. Since 0.12. */
    int (*media_column)(struct bot_plugin *self, const char *table, const char *column);

    /* -- since 0.13 -- */
    /* [event] Runs fn(ctx, arg) now, inside this callback, as a function of the plugin `owner`: its
     * state, tables, texts, settings and search; store, person and scope stay the caller's. It is
     * how a function of a service does its work, whose ctx is its caller's: `owner` is what
     * service() gave with the table. What it allocates lives until the caller's callback returns;
     * its cursors are closed when fn returns. Returns what fn returned; BOT_EGONE: that plugin has
     * been stopped, or crashes and is not called now. */
    int (*call_as)(struct bot_ctx *ctx, void *owner, bot_call_fn *fn, void *arg);
    /* [any] Does an answer agree? "ya", "iya", "oke", "yes" ... 1; "tidak", "gak", "jangan", "no"
     * ... 0; anything else BOT_EINVAL. In any case, with dots, emoji or a few words that change
     * nothing ("ya kak", "tidak jadi"). Pure. */
    int (*yes_no)(const char *text);
};

#define BOT_HAS(api, fn)             ((api)->size > offsetof(struct bot_api, fn) && (api)->fn != NULL)
#define BOT_COMMANDS(api, self, t)   (api)->command((self), (t), BOT_COUNT(t), sizeof((t)[0]))
#define BOT_HOOKS(api, self, t)      (api)->hook((self), (t), BOT_COUNT(t), sizeof((t)[0]))
#define BOT_DIALOGS(api, self, t)    (api)->dialog((self), (t), BOT_COUNT(t), sizeof((t)[0]))
#define BOT_SCHEDULES(api, self, t)  (api)->schedule((self), (t), BOT_COUNT(t), sizeof((t)[0]))
#define BOT_CONFIG(api, self, t)     (api)->config((self), (t), BOT_COUNT(t), sizeof((t)[0]))
#define BOT_MIGRATIONS(api, self, t) (api)->migration((self), (t), BOT_COUNT(t), sizeof((t)[0]))
#define BOT_ROUTES(api, self, t)     (api)->route((self), (t), BOT_COUNT(t), sizeof((t)[0]))

/* ---- the manifest ---------------------------------------------------------------------------- */

/* One language's texts: an INI file's content, "key = text" lines; "\n" is a line break. */
struct bot_text_file {
    const char *language; /* "id", "en" */
    const char *ini;
};

struct bot_manifest {
    uint32_t size;                 /* sizeof(struct bot_manifest) when the plugin was compiled */
    uint32_t sdk_version;          /* BOT_SDK_VERSION when the plugin was compiled */
    uint32_t api_size;             /* sizeof(struct bot_api) that the plugin knows */
    uint32_t ctx_size;             /* sizeof(struct bot_ctx) that the plugin knows */
    const char *name;              /* a-z 0-9 -; the name in bot.ini */
    const char *version;           /* "1.2.3" */
    const char *requires_services; /* "stores/0 people/0": must be there before init; or NULL */
    /* Registers. No database, network or clock; it may run in a checker. Returns BOT_OK. */
    int (*init)(const struct bot_api *api, struct bot_plugin *self);
    int (*start)(struct bot_ctx *ctx); /* has the world; runs after migrations; or NULL */
    void (*stop)(struct bot_ctx *ctx); /* before the plugin is left; or NULL */
    const struct bot_text_file *texts; /* ends with { NULL, NULL }; or NULL */
};

#if defined(__GNUC__)
#define BOT_EXPORT __attribute__((visibility("default")))
#else
#define BOT_EXPORT
#endif

#ifdef __cplusplus
#define BOT_EXTERN_ extern "C"
#else
#define BOT_EXTERN_ extern
#endif

/* Defines the one exported symbol:
 *   BOT_PLUGIN("hello", "1.0.0", NULL, init, NULL, NULL, NULL)
 * in the order name, version, requires_services, init, start, stop, texts. */
#define BOT_PLUGIN(name_, version_, requires_, init_, start_, stop_, texts_)                       \
    BOT_EXTERN_ BOT_EXPORT const struct bot_manifest bot_plugin_v1;                                \
    const struct bot_manifest bot_plugin_v1 = { sizeof(struct bot_manifest),                       \
                                                BOT_SDK_VERSION,                                   \
                                                sizeof(struct bot_api),                            \
                                                sizeof(struct bot_ctx),                            \
                                                name_,                                             \
                                                version_,                                          \
                                                requires_,                                         \
                                                init_,                                             \
                                                start_,                                            \
                                                stop_,                                             \
                                                texts_ }

/* ---- small conveniences, all inline ---------------------------------------------------------- */

/* Replies and handles: `return bot_reply(ctx, "Halo, Kak!");` */
static inline int bot_reply(struct bot_ctx *ctx, const char *text)
{
    int rc = ctx->api->reply(ctx, text);
    return rc < 0 ? rc : BOT_HANDLED;
}
/* Replies with one of the plugin's texts and handles. */
static inline int bot_say(struct bot_ctx *ctx, const char *key, const struct bot_arg *args,
                          size_t n)
{
    return bot_reply(ctx, ctx->api->text(ctx, key, args, n));
}

/* The check of a dialog's step that asks YA or TIDAK: number(ctx, "slot.NAME") is then 1 or 0.
 * Since 0.13. */
static inline int bot_check_yes_no(struct bot_ctx *ctx, const char **value)
{
    int yes = ctx->api->yes_no(*value);
    if (yes >= 0) *value = yes ? "1" : "0";
    return yes < 0 ? yes : BOT_OK;
}

#ifdef __cplusplus
}
#endif
#endif
