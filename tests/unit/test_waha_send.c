/* test_waha_send.c - the WAHA gateway's half on the loop, against a table of functions that writes
 * down what is asked for: the chain of a send, the questions after an unknown one, the pool of send
 * ids, the session. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/waha/json.c"
#include "../../plugins/waha/escape.c"
#include "../../plugins/waha/answer.c"
#include "../../plugins/waha/parse_media.c"
#include "../../plugins/waha/webhooks.c"
#include "../../plugins/waha/parse.c"
#undef ASK_TIMEOUT_MS
#include "../../plugins/waha/send_media.c"
#include "../../plugins/waha/send.c"
#include "../../plugins/waha/resolve.c"
#undef ASK_TIMEOUT_MS
#include "../../plugins/waha/ids.c"
#include "../../plugins/waha/who.c"
#include "../../plugins/waha/fetch.c"
#include "../../plugins/waha/breaker.c"
#undef CODE_TIMEOUT_MS
#include "../../plugins/waha/link.c"
#include "../../plugins/waha/command.c"
#include "../../plugins/waha/accounts.c"
#undef KEY
#undef LIST_TIMEOUT_MS
#include "../../plugins/waha/deaf.c"
#include "../../plugins/waha/session.c"
#include "../../plugins/waha/fix.c"
#include "../../plugins/waha/waha.c"

const struct bot_text_file waha_texts[] = { { 0 } };

/* ---- backfill.c, which test_waha_missed.c and the tests from outside are about --------------- */

int waha_backfill_open(struct bot_ctx *ctx, struct waha_account *a)
{
    (void)ctx;
    (void)a;
    return 0;
}
void waha_backfill_free(struct waha_account *a)
{
    (void)a;
}
#define NOTHING(name)                                                                              \
    void name(struct bot_ctx *ctx, struct waha_account *a)                                         \
    {                                                                                              \
        (void)ctx;                                                                                 \
        (void)a;                                                                                   \
    }
NOTHING(waha_backfill_expect)
NOTHING(waha_backfill_begin)
NOTHING(waha_backfill_works)
NOTHING(waha_backfill_pause)
NOTHING(waha_backfill_tick)
NOTHING(waha_backfill_note)
int waha_caught_up(struct bot_ctx *ctx)
{
    (void)ctx;
    return BOT_HANDLED;
}

/* ---- the host, as far as this plugin sees it ------------------------------------------------- */

struct asked {
    int64_t timer_ms; /* -1: an HTTP request; -2: a file */
    char method[8], url[600], headers[300], body[5000];
    bot_done_fn *done;
    char data[6000];
};
static struct {
    struct asked calls[64];
    int count;
    void *state;
    int64_t now;
    const char *pace, *key;
    const char *names[4]; /* of [waha.NAME] */
    const char *body;     /* of the event at hand */
    char bound[200];
    struct bot_budget budget;
    int64_t no_new_until;
    char log[2000];
    /* what the gateway told the host */
    int64_t row;
    int outcome, resolved, session_state, outcomes, states;
    char native[160], reason[200], detail[200];
    int64_t file;
    int files, too_large;
    size_t file_len;
    char file_error[120];
    int64_t media_result; /* of media_read(); 0 = it is begun */
    char ids[64][64];
    int id_count;
    void *blocks[256];
    int block_count;
} world;

static void *fake_alloc(struct bot_ctx *ctx, size_t n)
{
    (void)ctx;
    assert_true(world.block_count < 256);
    return world.blocks[world.block_count++] = calloc(1, n);
}
static int64_t note(int64_t timer_ms, bot_done_fn *done, const void *data, size_t len)
{
    struct asked *a = &world.calls[world.count++];
    assert_true(world.count <= 64 && len <= sizeof a->data);
    memset(a, 0, sizeof *a);
    a->timer_ms = timer_ms;
    a->done = done;
    if (len) memcpy(a->data, data, len);
    return world.count;
}
static int64_t fake_http(struct bot_ctx *ctx, const struct bot_http *rq, bot_done_fn *done,
                         const void *data, size_t len)
{
    (void)ctx;
    int64_t id = note(-1, done, data, len);
    struct asked *a = &world.calls[id - 1];
    snprintf(a->method, sizeof a->method, "%s", rq->method);
    snprintf(a->url, sizeof a->url, "%s", rq->url);
    snprintf(a->headers, sizeof a->headers, "%s", rq->headers);
    snprintf(a->body, sizeof a->body, "%.*s%.*s%.*s", (int)rq->head_len,
             rq->head ? (const char *)rq->head : "", (int)rq->body_len,
             rq->body ? (const char *)rq->body : "", (int)rq->tail_len,
             rq->tail ? (const char *)rq->tail : "");
    return id;
}
static int64_t fake_timer(struct bot_ctx *ctx, int64_t ms, bot_done_fn *done, const void *data,
                          size_t len)
{
    (void)ctx;
    return note(ms, done, data, len);
}
static int64_t fake_media_read(struct bot_ctx *ctx, int64_t media, size_t max_bytes, uint32_t flags,
                               bot_done_fn *done, const void *data, size_t len)
{
    (void)ctx;
    assert_int_equal(media, 5);
    assert_int_equal(max_bytes, 5 << 20);
    assert_int_equal(flags, BOT_MEDIA_BASE64);
    return world.media_result ? world.media_result : note(-2, done, data, len);
}
static int64_t fake_now(struct bot_ctx *ctx)
{
    (void)ctx;
    return world.now;
}
static void fake_log(struct bot_plugin *self, int level, const char *text)
{
    (void)self;
    (void)level;
    size_t n = strlen(world.log);
    snprintf(world.log + n, sizeof world.log - n, "%s\n", text);
}
static const char *fake_config(struct bot_plugin *self, const char *key)
{
    static const struct {
        const char *key, *value;
    } others[] = {
        { "two.base_url", "http://waha:3000" },
        { "two.store", "MAJU7" },
        { "three.base_url", "http://other:9" },
        { "three.api_key", "lain" },
        { "three.session", "tiga" },
        { "four.base_url", "http://waha:3000" },
        { "four.session", "default" },
    };
    (void)self;
    for (size_t i = 0; i < BOT_COUNT(others); i++)
        if (strcmp(key, others[i].key) == 0) return others[i].value;
    return strcmp(key, "base_url") == 0  ? "http://waha:3000"
           : strcmp(key, "session") == 0 ? "default"
           : strcmp(key, "pace") == 0    ? world.pace
           : strcmp(key, "api_key") == 0 ? world.key
                                         : "";
}
static const char *fake_config_name(struct bot_plugin *self, uint32_t index)
{
    (void)self;
    return index < BOT_COUNT(world.names) ? world.names[index] : NULL;
}
static const char *fake_field(struct bot_ctx *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "body") == 0 ? world.body : NULL;
}
static struct bot_plugin *fake_self(struct bot_ctx *ctx)
{
    (void)ctx;
    return (struct bot_plugin *)&world;
}
static void fake_set_state(struct bot_plugin *self, void *state)
{
    (void)self;
    world.state = state;
}
static int fake_outcome(struct bot_ctx *ctx, int64_t id, int outcome, const char *native_id,
                        const char *error)
{
    (void)ctx;
    world.row = id;
    world.outcome = outcome;
    world.outcomes++;
    snprintf(world.native, sizeof world.native, "%s", native_id ? native_id : "");
    snprintf(world.reason, sizeof world.reason, "%s", error);
    return BOT_OK;
}
static int fake_resolved(struct bot_ctx *ctx, int64_t id, int outcome, const char *native_id)
{
    (void)ctx;
    world.row = id;
    world.resolved = outcome;
    snprintf(world.native, sizeof world.native, "%s", native_id ? native_id : "");
    return BOT_OK;
}
static int fake_ids(struct bot_ctx *ctx, const char *session, const char *const *ids, size_t n)
{
    (void)ctx;
    assert_string_equal(session, "default");
    for (size_t i = 0; i < n; i++) snprintf(world.ids[world.id_count++], 64, "%s", ids[i]);
    return BOT_OK;
}
static int fake_session(struct bot_ctx *ctx, const char *session, int state, const char *detail)
{
    (void)ctx;
    assert_true(session && session[0]);
    world.session_state = state;
    world.states++;
    snprintf(world.detail, sizeof world.detail, "%s", detail);
    return BOT_OK;
}
static int fake_bind(struct bot_ctx *ctx, const char *session, const char *store)
{
    (void)ctx;
    if (!store[0]) return BOT_OK;
    snprintf(world.bound, sizeof world.bound, "%s=%s", session, store);
    return BOT_ENOENT;
}
static const char *fake_kv_get(struct bot_ctx *ctx, int scope, const char *key, size_t *len)
{
    (void)ctx;
    (void)scope;
    (void)key;
    *len = 0;
    return NULL;
}
static int fake_budget(struct bot_ctx *ctx, const struct bot_budget *budget)
{
    (void)ctx;
    world.budget = *budget;
    return BOT_OK;
}
static int fake_no_new_chats(struct bot_ctx *ctx, const char *session, int64_t until)
{
    (void)ctx;
    assert_string_equal(session, "default");
    world.no_new_until = until;
    return BOT_OK;
}
static int fake_provide(struct bot_plugin *self, const struct bot_gateway_spec *spec)
{
    (void)self;
    assert_string_equal(spec->name, "waha");
    return BOT_OK;
}
static int fake_fetched(struct bot_ctx *ctx, int64_t id, const void *bytes, size_t len,
                        const char *error)
{
    (void)ctx;
    world.file = id;
    world.files++;
    world.file_len = bytes ? len : 0;
    world.too_large = !bytes && len > 0;
    snprintf(world.file_error, sizeof world.file_error, "%s", error ? error : "");
    return BOT_OK;
}
static int fake_service_provide(struct bot_plugin *self, const char *name, const void *table,
                                void *owner)
{
    assert_string_equal(name, "waha/0");
    assert_non_null(table);
    assert_ptr_equal(owner, self);
    return BOT_OK;
}
static const struct bot_gateways gateways = {
    .size = sizeof gateways,
    .provide = fake_provide,
    .outcome = fake_outcome,
    .resolved = fake_resolved,
    .ids = fake_ids,
    .bind = fake_bind,
    .budget = fake_budget,
    .no_new_chats = fake_no_new_chats,
    .session_state = fake_session,
    .fetched = fake_fetched,
};
static const void *fake_service(struct bot_plugin *self, const char *name, void **owner)
{
    (void)self;
    (void)owner;
    return strcmp(name, "gateways/0") == 0 ? &gateways : NULL;
}
static int fake_register_config(struct bot_plugin *self, const struct bot_config_spec *t, size_t n,
                                size_t e)
{
    (void)self;
    (void)t;
    return n > 0 && e == sizeof *t ? BOT_OK : BOT_EINVAL;
}
static int64_t fake_config_int(struct bot_plugin *self, const char *key)
{
    (void)self;
    return strcmp(key, "loop_per_minute") == 0 ? 30 : strcmp(key, "manage_session") == 0;
}
static int fake_register_command(struct bot_plugin *self, const struct bot_command_spec *t,
                                 size_t n, size_t e)
{
    (void)self;
    return n == 1 && e == sizeof *t && t->role == BOT_SUPER ? BOT_OK : BOT_EINVAL;
}
static int fake_register_hook(struct bot_plugin *self, const struct bot_hook_spec *t, size_t n,
                              size_t e)
{
    (void)self;
    return n == 3 && e == sizeof *t && strcmp(t->event, "message.gate") == 0 ? BOT_OK : BOT_EINVAL;
}
static int fake_register_schedule(struct bot_plugin *self, const struct bot_schedule_spec *t,
                                  size_t n, size_t e)
{
    (void)self;
    (void)t;
    return n > 0 && e == sizeof *t ? BOT_OK : BOT_EINVAL;
}

static int fake_register_route(struct bot_plugin *self, const struct bot_route_spec *t, size_t n,
                               size_t e)
{
    (void)self;
    (void)t;
    return n > 0 && e == sizeof *t ? BOT_OK : BOT_EINVAL;
}

static const struct bot_api api = {
    .size = sizeof api,
    .version = BOT_SDK_VERSION,
    .config = fake_register_config,
    .schedule = fake_register_schedule,
    .hook = fake_register_hook,
    .route = fake_register_route,
    .command = fake_register_command,
    .http = fake_http,
    .media_read = fake_media_read,
    .timer = fake_timer,
    .alloc = fake_alloc,
    .now = fake_now,
    .log = fake_log,
    .config_text = fake_config,
    .config_int = fake_config_int,
    .config_name = fake_config_name,
    .provide = fake_service_provide,
    .field = fake_field,
    .kv_get = fake_kv_get,
    .service = fake_service,
    .set_state = fake_set_state,
    .self = fake_self,
};
static struct bot_ctx ctx;

static void prepare(const char *pace)
{
    memset(&world, 0, sizeof world);
    world.now = 1784970000000;
    world.pace = pace;
    world.key = "kunci";
    ctx = (struct bot_ctx){ .api = &api };
    assert_int_equal(bot_plugin_v1.init(&api, (struct bot_plugin *)&world), BOT_OK);
}

/* Starts the plugin with this pace; the first look at the session is call 0. */
static void open_plugin(const char *pace)
{
    prepare(pace);
    assert_int_equal(bot_plugin_v1.start(&ctx), BOT_OK);
    ctx.state = world.state;
    assert_int_equal(world.count, 1);
}

static int close_plugin(void **state)
{
    (void)state;
    if (world.state) bot_plugin_v1.stop(&ctx);
    for (int i = 0; i < world.block_count; i++) free(world.blocks[i]);
    world.block_count = 0;
    return 0;
}

static int finish(int i, int status, int http, const char *body)
{
    struct bot_result r = { .size = sizeof r,
                            .status = status,
                            .http_status = http,
                            .sent = http != 0,
                            .body = body,
                            .body_len = body ? strlen(body) : 0,
                            .error = "" };
    return world.calls[i].done(&ctx, &r, world.calls[i].data);
}

static struct bot_outgoing row(const char *text, const char *send_id)
{
    return (struct bot_outgoing){ .size = sizeof(struct bot_outgoing),
                                  .id = 7,
                                  .session = "default",
                                  .chat = "6281100000011@c.us",
                                  .text = text,
                                  .send_id = send_id,
                                  .attempted_at = 1784970000500 };
}

/* ---- sending --------------------------------------------------------------------------------- */

static void a_text_is_sent_as_json_with_its_key_and_id(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = row("Halo \"Kak\"\n*Rp500.000*", "3EB01");
    assert_int_equal(waha_send(&ctx, &r), BOT_LATER);
    const struct asked *a = &world.calls[1];
    assert_string_equal(a->method, "POST");
    assert_string_equal(a->url, "http://waha:3000/api/sendText");
    assert_non_null(strstr(a->headers, "X-Api-Key: kunci"));
    assert_string_equal(a->body,
                        "{\"session\":\"default\",\"chatId\":\"6281100000011@c.us\","
                        "\"text\":\"Halo \\\"Kak\\\"\\n*Rp500.000*\",\"linkPreview\":false,"
                        "\"id\":\"3EB01\"}");
    assert_int_equal(finish(1, BOT_OK, 201, "{\"key\":{\"id\":\"3EB01\"}}"), BOT_HANDLED);
    assert_int_equal(world.row, 7);
    assert_int_equal(world.outcome, BOT_SENT);
    assert_string_equal(world.native, "3EB01");
    assert_int_equal(world.session_state, BOT_SESSION_CONNECTED);
}

static void a_send_id_is_the_native_id_when_the_answer_names_none(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = row("Halo", "3EB02");
    waha_send(&ctx, &r);
    finish(1, BOT_OK, 201, "{}");
    assert_int_equal(world.outcome, BOT_SENT);
    assert_string_equal(world.native, "3EB02");
}

static void human_pace_takes_its_steps_and_its_time(void **state)
{
    static const char *const urls[] = { "/api/sendSeen", "/api/startTyping", "", "/api/stopTyping",
                                        "/api/sendText" };
    (void)state;
    open_plugin("human");
    struct bot_outgoing r = row("sepuluh hu", ""); /* 10 characters */
    assert_int_equal(waha_send(&ctx, &r), BOT_LATER);
    for (int i = 0; i < 5; i++) {
        const struct asked *a = &world.calls[i + 1];
        assert_int_equal(world.count, i + 2);
        if (i == 2)
            assert_int_equal(a->timer_ms, 600 + 10 * 25);
        else
            assert_string_equal(a->url + strlen("http://waha:3000"), urls[i]);
        if (i < 4 && i != 2)
            assert_string_equal(a->body,
                                "{\"session\":\"default\",\"chatId\":\"6281100000011@c.us\"}");
        assert_int_equal(world.outcomes, 0);
        if (i < 4) assert_int_equal(finish(i + 1, BOT_OK, i == 2 ? 0 : 201, "{}"), BOT_LATER);
    }
    assert_non_null(strstr(world.calls[5].body, "\"text\":\"sepuluh hu\",\"linkPreview\":false}"));
    finish(5, BOT_OK, 201, "{\"id\":\"true_x_3EB03\"}");
    assert_string_equal(world.native, "3EB03");
}

static void before_a_chat_is_begun_the_number_is_asked_for(void **state)
{
    (void)state;
    open_plugin("human");
    struct bot_outgoing r = row("Halo", "");
    r.flags = BOT_OUTGOING_NEW_CHAT;
    assert_int_equal(waha_send(&ctx, &r), BOT_LATER);
    assert_string_equal(world.calls[1].url, "http://waha:3000/api/contacts/check-exists?phone="
                                            "6281100000011&session=default");
    finish(1, BOT_OK, 200, "{\"numberExists\":true,\"chatId\":\"6281100000011@c.us\"}");
    assert_string_equal(world.calls[2].url, "http://waha:3000/api/startTyping");
    assert_int_equal(waha_send(&ctx, &r), BOT_LATER);
    finish(3, BOT_OK, 200, "{\"numberExists\":false}");
    assert_int_equal(world.outcome, BOT_SEND_REFUSED);
    assert_string_equal(world.reason, "the number has no WhatsApp");
    assert_int_equal(world.count, 4);
    static const char *const unsure[] = { "{}", "{\"numberExists\":null}", "<html>", "" };
    for (size_t i = 0; i < BOT_COUNT(unsure);
         i++) { /* nobody is refused for what WAHA cannot say */
        world.count = 0;
        waha_send(&ctx, &r);
        finish(0, BOT_OK, 200, unsure[i]);
        assert_string_equal(world.calls[1].url, "http://waha:3000/api/startTyping");
    }
    world.count = 0;
    waha_send(&ctx, &r);
    finish(0, BOT_ETIMEDOUT, 0, NULL);
    assert_string_equal(world.calls[1].url, "http://waha:3000/api/sendText");
}

static void a_long_text_pauses_five_seconds_at_most(void **state)
{
    char text[4001];
    (void)state;
    memset(text, 'x', 4000);
    text[4000] = '\0';
    open_plugin("human");
    struct bot_outgoing r = row(text, "");
    waha_send(&ctx, &r);
    finish(1, BOT_OK, 201, "{}");
    finish(2, BOT_OK, 201, "{}");
    assert_int_equal(world.calls[3].timer_ms, 5000);
}

static void a_courtesy_that_fails_sends_at_once(void **state)
{
    (void)state;
    open_plugin("human");
    struct bot_outgoing r = row("Halo", "");
    waha_send(&ctx, &r);
    assert_int_equal(finish(1, BOT_EIO, 0, NULL), BOT_LATER);
    assert_string_equal(world.calls[2].url, "http://waha:3000/api/sendText");
    finish(2, BOT_EIO, 0, NULL);
    assert_int_equal(world.outcome, BOT_SEND_HOLD);
    assert_int_equal(world.session_state, BOT_SESSION_DISCONNECTED);
}

static void what_an_answer_says_of_the_session_is_passed_on(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = row("Halo", "");
    for (int i = 1; i <= 3; i++) {
        waha_send(&ctx, &r);
        finish(i, BOT_OK, 422,
               "{\"error\":\"x\",\"status\":\"SCAN_QR_CODE\",\"expected\":[\"WORKING\"]}");
        assert_int_equal(world.outcome, BOT_SEND_HOLD);
    }
    assert_int_equal(world.session_state, BOT_SESSION_QR);
    assert_int_equal(world.states, 3); /* the host, which hears webhooks too, compares */
    static const struct {
        int http;
        const char *body;
        int outcome;
    } others[] = {
        /* not the session's: what is known of it stays */
        { 403, "{\"message\":\"Forbidden\"}", BOT_SEND_HOLD },
        { 413, "<html>Request Entity Too Large</html>", BOT_SEND_REFUSED },
        { 422, "{\"message\":\"The feature is available only in Plus version\"}",
          BOT_SEND_REFUSED },
        { 501, "{\"message\":\"The method is not implemented\"}", BOT_SEND_REFUSED },
    };
    for (size_t i = 0; i < BOT_COUNT(others); i++) {
        waha_send(&ctx, &r);
        world.session_state = BOT_SESSION_CONNECTED;
        finish(4 + (int)i, BOT_OK, others[i].http, others[i].body);
        assert_int_equal(world.outcome, others[i].outcome);
        assert_int_equal(world.session_state, BOT_SESSION_CONNECTED);
    }
}

static void a_failure_of_one_chat_is_its_own_and_of_two_is_wahas(void **state)
{
    static const char failed[] = "{\"statusCode\":500,\"exception\":{\"message\":\"x\"}}";
    static const struct {
        const char *chat;
        int http, outcome;
    } cases[] = {
        { "6281100000011@c.us", 500, BOT_SEND_RETRY },
        { "6281100000011@c.us", 500, BOT_SEND_RETRY },
        { "6281100000012@c.us", 500, BOT_SEND_HOLD },
        { "6281100000012@c.us", 500, BOT_SEND_RETRY }, /* the other one has gone meanwhile */
        { "6281100000011@c.us", 500, BOT_SEND_HOLD },
        { "6281100000013@c.us", 201, BOT_SENT },
        { "6281100000012@c.us", 500, BOT_SEND_RETRY },
    };
    (void)state;
    open_plugin("off");
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        struct bot_outgoing r = row("Halo", "");
        r.chat = cases[i].chat;
        waha_send(&ctx, &r);
        finish(world.count - 1, BOT_OK, cases[i].http, failed);
        assert_int_equal(world.outcome, cases[i].outcome);
    }
}

static void a_text_may_answer_a_message_of_theirs(void **state)
{
    (void)state;
    open_plugin("human");
    struct bot_outgoing r = row("Halo", "3EB01");
    r.quote = "AC01";
    waha_send(&ctx, &r);
    for (int i = 1; i <= 4; i++) finish(i, BOT_OK, i == 3 ? 0 : 201, "{}");
    assert_string_equal(
        world.calls[5].body,
        "{\"session\":\"default\",\"chatId\":\"6281100000011@c.us\",\"text\":\"Halo\","
        "\"linkPreview\":false,\"reply_to\":\"false_6281100000011@c.us_AC01\","
        "\"id\":\"3EB01\"}");
}

static struct bot_outgoing file_row(const char *caption, const char *type, const char *name)
{
    struct bot_outgoing r = row(caption, "3EB07");
    r.media = 5;
    r.media_type = type;
    r.media_name = name;
    return r;
}

static void a_picture_is_sent_with_its_caption(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = file_row("Ini \"Kak\"", "image/png", "sepatu.png");
    r.quote = "AC01";
    assert_int_equal(waha_send(&ctx, &r), BOT_LATER);
    assert_int_equal(world.calls[1].timer_ms, -2);
    assert_int_equal(finish(1, BOT_OK, 0, "AAAA"), BOT_LATER);
    assert_string_equal(world.calls[2].url, "http://waha:3000/api/sendImage");
    assert_string_equal(world.calls[2].body,
                        "{\"session\":\"default\",\"chatId\":\"6281100000011@c.us\","
                        "\"file\":{\"mimetype\":\"image/png\",\"filename\":\"sepatu.png\","
                        "\"data\":\"AAAA\"},\"caption\":\"Ini \\\"Kak\\\"\","
                        "\"reply_to\":\"false_6281100000011@c.us_AC01\"}");
    finish(2, BOT_OK, 201, "{\"key\":{\"id\":\"3EB08\"}}");
    assert_int_equal(world.outcome, BOT_SENT);
    assert_string_equal(world.native, "3EB08");
    waha_send(&ctx, &r);
    finish(3, BOT_OK, 0, "AAAA");
    finish(4, BOT_OK, 201, "{}"); /* no id is told, and ours was not sent */
    assert_int_equal(world.outcome, BOT_SENT);
    assert_string_equal(world.native, "");
}

static void other_files_are_documents(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = file_row("", "application/pdf", "");
    waha_send(&ctx, &r);
    finish(1, BOT_OK, 0, "AAAA");
    assert_string_equal(world.calls[2].url, "http://waha:3000/api/sendFile");
    assert_string_equal(world.calls[2].body,
                        "{\"session\":\"default\",\"chatId\":\"6281100000011@c.us\","
                        "\"file\":{\"mimetype\":\"application/pdf\",\"filename\":\"file.pdf\","
                        "\"data\":\"AAAA\"}}");
}

static void a_file_is_sent_at_a_human_pace_too(void **state)
{
    (void)state;
    open_plugin("human");
    struct bot_outgoing r = file_row("x", "image/gif", NULL);
    waha_send(&ctx, &r);
    for (int i = 1; i <= 4; i++) finish(i, BOT_OK, i == 3 ? 0 : 201, "{}");
    assert_int_equal(world.calls[5].timer_ms, -2);
    finish(5, BOT_OK, 0, "AAAA");
    assert_string_equal(world.calls[6].url, "http://waha:3000/api/sendFile");
    assert_non_null(strstr(world.calls[6].body, "\"filename\":\"file.gif\""));
    assert_non_null(strstr(world.calls[6].body, "\"caption\":\"x\""));
}

static void a_file_that_cannot_be_sent_has_its_sentence(void **state)
{
    static const struct {
        int64_t result;
        int outcome;
        const char *reason;
    } cases[] = {
        { BOT_ENOENT, BOT_SEND_REFUSED, "its file has gone" },
        { BOT_EINVAL, BOT_SEND_REFUSED, "its file is larger than 5 MB" },
        { BOT_EBUSY, BOT_SEND_HOLD, "too many requests are open" },
    };
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = file_row("x", "image/png", "");
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        world.media_result = cases[i].result;
        assert_int_equal(waha_send(&ctx, &r), BOT_HANDLED);
        assert_int_equal(world.outcome, cases[i].outcome);
        assert_string_equal(world.reason, cases[i].reason);
    }
    world.media_result = 0;
    waha_send(&ctx, &r);
    finish(1, BOT_EIO, 0, NULL);
    assert_int_equal(world.outcome, BOT_SEND_REFUSED);
    assert_string_equal(world.reason, "its file cannot be read");
}

static void a_file_that_may_have_gone_out_is_never_repeated(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = file_row("Halo", "image/png", "");
    assert_int_equal(waha_resolve(&ctx, &r), BOT_HANDLED);
    assert_int_equal(world.resolved, BOT_RESOLVED_UNKNOWN);
    assert_int_equal(world.count, 1); /* nobody is asked */
}

/* ---- files that came ------------------------------------------------------------------------- */

static void only_the_path_of_a_url_is_taken(void **state)
{
    static const struct {
        const char *url, *path;
    } cases[] = {
        { "http://localhost:3000/api/files/default/A.jpeg", "/api/files/default/A.jpeg" },
        { "https://evil.example/api/files/default/A.jpeg", "/api/files/default/A.jpeg" },
        { "http://user:key@evil.example:99/api/files/A", "/api/files/A" },
        { "/api/files/default/A.jpeg", "/api/files/default/A.jpeg" },
        { "http://w/api/files/default/false_6281100000011@c.us_3A.jpeg",
          "/api/files/default/false_6281100000011@c.us_3A.jpeg" },
        { "http://w/api/files/default/a%20b.pdf", NULL },
        { "http://w/api/files/default/%41.pdf", "/api/files/default/%41.pdf" },
        { "http://w/api/files/", NULL },
        { "http://w/api/sessions", NULL },
        { "http://w/other/api/files/A", NULL },
        { "http://w", NULL },
        { "http://", NULL },
        { "", NULL },
        { "api/files/A", NULL },
        { "//evil.example/api/files/A", NULL },
        { "file:///api/files/A", NULL },
        { "gopher://w/api/files/A", NULL },
        { "javascript:/api/files/A", NULL },
        { "HTTP://w/api/files/A", NULL },
        { "http://w/api/files/../sessions", NULL },
        { "http://w/api/files/a/../../sessions", NULL },
        { "http://w/api/files/%2e%2e/sessions", NULL },
        { "http://w/api/files/a%2Fb", NULL },
        { "http://w/api/files/a%5cb", NULL },
        { "http://w/api/files/a%252e", NULL },
        { "http://w/api/files/a%00", NULL },
        { "http://w/api/files/a%0d%0aX: y", NULL },
        { "http://w/api/files/a%", NULL },
        { "http://w/api/files/a%4", NULL },
        { "http://w/api/files/a%zz", NULL },
        { "http://w/api/files/a\\b", NULL },
        { "http://w/api/files/a\r\nX-Api-Key: b", NULL },
        { "http://w/api/files/a b", NULL },
        { "http://w/api/files//a", NULL },
        { "http://w/api/files/./a", NULL },
        { "http://w/api/files/a?x-api-key=1", NULL },
        { "http://w/api/files/a#b", NULL },
        { "http://w/api/files/\xc3\xa9", NULL },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        char path[WAHA_PATH_BYTES] = "";
        char *copy = strdup(cases[i].url);
        int is = waha_file_path(copy, path);
        free(copy);
        if (is != (cases[i].path != NULL) || (is && strcmp(path, cases[i].path) != 0))
            fail_msg("%s: %d %s", cases[i].url, is, path);
    }
    char longest[WAHA_PATH_BYTES + 20], path[WAHA_PATH_BYTES];
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "/api/files/", 11);
    longest[WAHA_PATH_BYTES - 1] = '\0';
    assert_int_equal(waha_file_path(longest, path), 1);
    longest[WAHA_PATH_BYTES - 1] = 'a';
    longest[WAHA_PATH_BYTES] = '\0';
    assert_int_equal(waha_file_path(longest, path), 0);
}

static struct bot_fetch wanted_file(const char *url)
{
    return (struct bot_fetch){ .size = sizeof(struct bot_fetch),
                               .id = 9,
                               .session = "default",
                               .url = url,
                               .max_bytes = 1000 };
}

static void a_file_is_asked_of_our_own_waha(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_fetch f = wanted_file("http://evil.example/api/files/default/A.jpeg");
    assert_int_equal(waha_fetch(&ctx, &f), BOT_LATER);
    assert_string_equal(world.calls[1].method, "GET");
    assert_string_equal(world.calls[1].url, "http://waha:3000/api/files/default/A.jpeg");
    assert_string_equal(world.calls[1].headers, "X-Api-Key: kunci");
    finish(1, BOT_OK, 200, "JPEG");
    assert_int_equal(world.file, 9);
    assert_int_equal(world.file_len, 4);
    f.url = "http://evil.example/A.jpeg";
    assert_int_equal(waha_fetch(&ctx, &f), BOT_HANDLED);
    assert_int_equal(world.count, 2); /* nobody is asked */
    assert_string_equal(world.file_error, "its address is none of WAHA's files");
}

static void what_waha_does_not_give_has_its_reason(void **state)
{
    static const struct {
        int status, http;
        const char *part;
    } cases[] = {
        { BOT_OK, 404, "no longer has it" }, { BOT_OK, 401, "API key" },
        { BOT_OK, 403, "API key" },          { BOT_OK, 302, "unexpected" },
        { BOT_OK, 204, "unexpected" },       { BOT_ETIMEDOUT, 0, "in time" },
        { BOT_ECANCELED, 0, "cancelled" },
    };
    (void)state;
    open_plugin("off");
    struct bot_fetch f = wanted_file("/api/files/A");
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        waha_fetch(&ctx, &f);
        finish(world.count - 1, cases[i].status, cases[i].http, "");
        assert_int_equal(world.files, i + 1);
        if (!strstr(world.file_error, cases[i].part))
            fail_msg("%d: %s", cases[i].http, world.file_error);
    }
}

static void a_failure_is_tried_once_more_after_two_seconds(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_fetch f = wanted_file("/api/files/A");
    waha_fetch(&ctx, &f);
    assert_int_equal(finish(1, BOT_OK, 503, ""), BOT_LATER);
    assert_int_equal(world.calls[2].timer_ms, 2000);
    assert_int_equal(finish(2, BOT_OK, 0, NULL), BOT_LATER);
    assert_string_equal(world.calls[3].url, "http://waha:3000/api/files/A");
    finish(3, BOT_OK, 200, "x");
    assert_int_equal(world.file_len, 1);
    waha_fetch(&ctx, &f);
    finish(4, BOT_EIO, 0, NULL);
    finish(5, BOT_OK, 0, NULL);
    assert_int_equal(world.files, 1);
    finish(6, BOT_EIO, 0, NULL);
    assert_int_equal(world.files, 2);
    assert_string_equal(world.file_error, "WAHA cannot be reached");
    assert_int_equal(world.count, 7);
}

static void too_large_is_told_as_that(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_fetch f = wanted_file("/api/files/A");
    waha_fetch(&ctx, &f);
    struct bot_result r = {
        .size = sizeof r, .status = BOT_EIO, .http_status = 200, .too_large = 1
    };
    world.calls[1].done(&ctx, &r, world.calls[1].data);
    assert_int_equal(world.too_large, 1);
    assert_int_equal(world.count, 2);
}

static void a_completion_after_the_stop_does_nothing(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = row("Halo", "3EB04");
    waha_send(&ctx, &r);
    waha_resolve(&ctx, &r);
    waha_need_ids(&ctx, "default", 1);
    bot_plugin_v1.stop(&ctx);
    ctx.state = world.state;
    assert_null(ctx.state);
    for (int i = 0; i < world.count; i++) finish(i, BOT_ECANCELED, 0, NULL);
    assert_int_equal(world.outcomes, 0);
}

/* ---- resolving ------------------------------------------------------------------------------- */

static void with_an_id_that_id_is_asked_for(void **state)
{
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = row("Halo", "3EB05");
    assert_int_equal(waha_resolve(&ctx, &r), BOT_LATER);
    assert_string_equal(world.calls[1].url,
                        "http://waha:3000/api/default/chats/6281100000011%40c.us/messages/"
                        "true_6281100000011%40c.us_3EB05?downloadMedia=false");
    finish(1, BOT_OK, 200, "{\"id\":\"true_6281100000011@c.us_3EB05\"}");
    assert_int_equal(world.resolved, BOT_RESOLVED_SENT);
    assert_string_equal(world.native, "3EB05");
    waha_resolve(&ctx, &r);
    finish(2, BOT_OK, 404, "{\"statusCode\":404}");
    assert_int_equal(world.resolved, BOT_RESOLVED_NOT_SENT);
    waha_resolve(&ctx, &r);
    finish(3, BOT_EIO, 0, NULL);
    assert_int_equal(world.resolved, BOT_RESOLVED_LATER);
}

static void without_an_id_our_own_messages_are_looked_at_after_a_while(void **state)
{
    static const char list[] = "[{\"id\":\"true_x_3EB06\",\"timestamp\":1784970001,\"fromMe\":true,"
                               "\"body\":\"Halo\"}]";
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = row("Halo", "");
    world.now = r.attempted_at + 1000;
    assert_int_equal(waha_resolve(&ctx, &r), BOT_LATER);
    assert_int_equal(world.calls[1].timer_ms, 2000);
    assert_int_equal(finish(1, BOT_OK, 0, NULL), BOT_LATER);
    assert_string_equal(world.calls[2].url,
                        "http://waha:3000/api/default/chats/6281100000011%40c.us/messages?limit=20"
                        "&downloadMedia=false&filter.fromMe=true&filter.timestamp.gte=1784969999");
    finish(2, BOT_OK, 200, list);
    assert_int_equal(world.resolved, BOT_RESOLVED_SENT);
    assert_string_equal(world.native, "3EB06");
}

static void a_list_decides_what_it_can(void **state)
{
    static const struct {
        int status, http;
        const char *body;
        int resolved;
    } cases[] = {
        { BOT_OK, 200, "[]", BOT_RESOLVED_NOT_SENT },
        { BOT_OK, 400, "{\"message\":\"Enable NOWEB store\"}", BOT_RESOLVED_UNKNOWN },
        { BOT_OK, 422, "{}", BOT_RESOLVED_LATER },
        { BOT_EIO, 0, NULL, BOT_RESOLVED_LATER },
    };
    (void)state;
    open_plugin("off");
    struct bot_outgoing r = row("Halo", "");
    world.now = r.attempted_at + 60000;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        waha_resolve(&ctx, &r);
        assert_int_equal(world.calls[world.count - 1].timer_ms, 0);
        finish(world.count - 1, BOT_OK, 0, NULL);
        finish(world.count - 1, cases[i].status, cases[i].http, cases[i].body);
        assert_int_equal(world.resolved, cases[i].resolved);
    }
}

/* ---- send ids -------------------------------------------------------------------------------- */

static void ids_are_fetched_eight_at_a_time(void **state)
{
    (void)state;
    open_plugin("off");
    assert_int_equal(waha_need_ids(&ctx, "default", 20), BOT_LATER);
    assert_int_equal(world.count, 1 + 8);
    assert_string_equal(world.calls[1].url, "http://waha:3000/api/default/new-message-id");
    for (int i = 1; i <= 20; i++) {
        char body[64];
        snprintf(body, sizeof body, "{\"id\":\"ID%d\"}", i);
        assert_int_equal(finish(i, BOT_OK, 200, body), i < 20 ? BOT_LATER : BOT_HANDLED);
    }
    assert_int_equal(world.count, 1 + 20);
    assert_int_equal(world.id_count, 20);
    assert_string_equal(world.ids[19], "ID20");
}

static void a_waha_without_ids_is_not_asked_for_a_while(void **state)
{
    (void)state;
    open_plugin("off");
    waha_need_ids(&ctx, "default", 3);
    for (int i = 1; i <= 3; i++) finish(i, BOT_OK, 404, "{\"statusCode\":404}");
    int before = world.count;
    world.now += 599000;
    assert_int_equal(waha_need_ids(&ctx, "default", 3), BOT_HANDLED);
    assert_int_equal(world.count, before);
    world.now += 2000;
    assert_int_equal(waha_need_ids(&ctx, "default", 3), BOT_LATER);
    assert_true(world.count > before);
}

static void a_second_want_does_not_double_what_is_under_way(void **state)
{
    (void)state;
    open_plugin("off");
    waha_need_ids(&ctx, "default", 4);
    assert_int_equal(waha_need_ids(&ctx, "default", 4), BOT_LATER);
    assert_int_equal(world.count, 1 + 4);
    world.now += FORGOTTEN_MS + 1; /* their completions never came */
    waha_need_ids(&ctx, "default", 4);
    assert_int_equal(world.count, 1 + 8);
}

/* ---- the session ----------------------------------------------------------------------------- */

static void the_session_is_asked_for_and_logged_once_a_change(void **state)
{
    (void)state;
    open_plugin("off");
    assert_string_equal(world.calls[0].url, "http://waha:3000/api/sessions/default");
    finish(0, BOT_OK, 401, "{\"message\":\"Unauthorized\",\"statusCode\":401}");
    assert_int_equal(world.session_state, BOT_SESSION_DISCONNECTED);
    assert_non_null(strstr(world.log, "401"));
    assert_null(strstr(world.log, "kunci"));
    size_t logged = strlen(world.log);
    waha_check_session(&ctx);
    finish(1, BOT_OK, 401, "{}");
    assert_int_equal(strlen(world.log), logged);
    waha_check_session(&ctx);
    finish(2, BOT_OK, 200, "{\"name\":\"default\",\"status\":\"WORKING\"}");
    assert_int_equal(world.session_state, BOT_SESSION_CONNECTED);
    world.now += 30000;
    assert_int_equal(waha_check_session(&ctx), BOT_HANDLED);
    assert_int_equal(world.count, 3);
    world.now += 300000;
    assert_int_equal(waha_check_session(&ctx), BOT_HANDLED); /* it does not wait itself */
    assert_int_equal(world.count, 4);
}

static const char failed[] = "{\"name\":\"default\",\"status\":\"FAILED\"}",
                  stopped[] = "{\"name\":\"default\",\"status\":\"STOPPED\"}",
                  working[] = "{\"name\":\"default\",\"status\":\"WORKING\"}";

static void a_session_that_failed_is_restarted_once(void **state)
{
    (void)state;
    open_plugin("off");
    finish(0, BOT_OK, 200, failed);
    assert_int_equal(world.count, 2);
    assert_string_equal(world.calls[1].method, "POST");
    assert_string_equal(world.calls[1].url, "http://waha:3000/api/sessions/default/restart");
    finish(1, BOT_OK, 201, "{}");
    assert_int_equal(world.calls[2].timer_ms, 3000);
    finish(2, BOT_OK, 0, NULL);
    finish(3, BOT_OK, 200, failed); /* it did not help: now it is a person's turn */
    assert_int_equal(world.count, 4);
    waha_check_session(&ctx);
    finish(4, BOT_OK, 200, working);
    waha_session_changed(&ctx);
    finish(5, BOT_OK, 200, failed); /* it comes and goes: restarting it for ever helps nobody */
    assert_int_equal(world.count, 6);
    waha_check_session(&ctx);
    finish(6, BOT_OK, 200, working);
    world.now += 601000;
    waha_check_session(&ctx);
    finish(7, BOT_OK, 200, working);
    assert_int_equal(waha_session_changed(&ctx), BOT_HANDLED); /* a webhook: it failed again */
    finish(8, BOT_OK, 200, failed);
    assert_int_equal(world.count, 10);
    assert_string_equal(world.calls[9].url, "http://waha:3000/api/sessions/default/restart");
    finish(9, BOT_OK, 500, "{\"request\":{\"body\":\"rahasia\"}}");
    assert_non_null(strstr(world.log, "refused, 500"));
    assert_null(strstr(world.log, "rahasia"));
}

static void a_stopped_session_is_started_with_the_bot_only(void **state)
{
    (void)state;
    open_plugin("off");
    finish(0, BOT_EIO, 0, NULL); /* WAHA itself was not up yet */
    assert_int_equal(world.count, 1);
    world.count = 0;
    waha_check_session(&ctx);
    finish(0, BOT_OK, 200, stopped);
    assert_string_equal(world.calls[1].url, "http://waha:3000/api/sessions/default/start");
    finish(1, BOT_OK, 201, "{}");
    finish(2, BOT_OK, 0, NULL);
    finish(3, BOT_OK, 200, working);
    waha_session_changed(&ctx);
    finish(4, BOT_OK, 200, stopped); /* somebody stopped it: he knows why */
    assert_int_equal(world.count, 5);
}

static void a_missing_session_is_made(void **state)
{
    static const char missing[] =
        "{\"message\":\"Session not found\",\"error\":\"Not Found\",\"statusCode\":404}";
    (void)state;
    open_plugin("off");
    finish(0, BOT_OK, 404, missing);
    assert_string_equal(world.calls[1].url, "http://waha:3000/api/sessions");
    assert_string_equal(world.calls[1].body, "{\"name\":\"default\",\"start\":true}");
    finish(1, BOT_OK, 422, "{}");
    finish(2, BOT_OK, 0, NULL);
    finish(3, BOT_OK, 404, missing);
    assert_int_equal(world.count, 4);
}

static void each_number_has_its_server_and_its_state(void **state)
{
    (void)state;
    prepare("off");
    world.names[0] = "two";
    world.names[1] = "three";
    assert_int_equal(bot_plugin_v1.start(&ctx), BOT_OK);
    ctx.state = world.state;
    assert_string_equal(world.bound, "two=MAJU7");
    assert_non_null(strstr(world.log, "[waha.two] store = MAJU7: there is no such store yet"));
    assert_int_equal(world.count, 3);
    assert_string_equal(world.calls[0].url, "http://waha:3000/api/sessions/default");
    assert_string_equal(world.calls[1].url, "http://waha:3000/api/sessions/two");
    assert_string_equal(world.calls[2].url, "http://other:9/api/sessions/tiga");
    assert_non_null(strstr(world.calls[2].headers, "X-Api-Key: lain"));
    finish(0, BOT_OK, 200, working);
    finish(1, BOT_OK, 200, failed);
    assert_int_equal(world.count, 4); /* one is restarted, the others are let be */
    assert_string_equal(world.calls[3].url, "http://waha:3000/api/sessions/two/restart");
    const struct waha *w = world.state;
    assert_int_equal(waha_account(w, "default")->state, BOT_SESSION_CONNECTED);
    assert_int_equal(waha_account(w, "two")->state, BOT_SESSION_DISCONNECTED);
    assert_ptr_equal(waha_account(w, ""), waha_account(w, "default"));
    assert_null(waha_account(w, "three")); /* it is the section's name, not the session's */
    struct bot_outgoing r = row("halo", "");
    r.session = "tiga";
    assert_int_equal(waha_send(&ctx, &r), BOT_LATER);
    assert_string_equal(world.calls[4].url, "http://other:9/api/sendText");
    assert_non_null(strstr(world.calls[4].body, "\"session\":\"tiga\""));
    r.session = "nobody's";
    assert_int_equal(waha_send(&ctx, &r), BOT_HANDLED);
    assert_int_equal(world.outcome, BOT_SEND_HOLD);
    world.body = "tiga"; /* session.status of one: only that one is looked at */
    waha_session_changed(&ctx);
    assert_int_equal(world.count, 6);
    assert_string_equal(world.calls[5].url, "http://other:9/api/sessions/tiga");
}

static void two_numbers_with_one_session_are_refused(void **state)
{
    (void)state;
    prepare("off");
    world.names[0] = "four";
    assert_true(bot_plugin_v1.start(&ctx) < 0);
    assert_non_null(strstr(world.log, "the WAHA session 'default': [waha] and [waha.four]"));
}

static void what_is_no_waha_is_not_helped(void **state)
{
    (void)state;
    open_plugin("off");
    finish(0, BOT_OK, 404, "<html>not here</html>");
    waha_check_session(&ctx);
    finish(1, BOT_ETIMEDOUT, 0, NULL);
    waha_check_session(&ctx);
    finish(2, BOT_OK, 401, "{}");
    assert_int_equal(world.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_session_that_failed_is_restarted_once, close_plugin),
        cmocka_unit_test_teardown(a_stopped_session_is_started_with_the_bot_only, close_plugin),
        cmocka_unit_test_teardown(a_missing_session_is_made, close_plugin),
        cmocka_unit_test_teardown(what_is_no_waha_is_not_helped, close_plugin),
        cmocka_unit_test_teardown(each_number_has_its_server_and_its_state, close_plugin),
        cmocka_unit_test_teardown(two_numbers_with_one_session_are_refused, close_plugin),
        cmocka_unit_test_teardown(a_text_is_sent_as_json_with_its_key_and_id, close_plugin),
        cmocka_unit_test_teardown(a_send_id_is_the_native_id_when_the_answer_names_none,
                                  close_plugin),
        cmocka_unit_test_teardown(human_pace_takes_its_steps_and_its_time, close_plugin),
        cmocka_unit_test_teardown(before_a_chat_is_begun_the_number_is_asked_for, close_plugin),
        cmocka_unit_test_teardown(a_long_text_pauses_five_seconds_at_most, close_plugin),
        cmocka_unit_test_teardown(a_courtesy_that_fails_sends_at_once, close_plugin),
        cmocka_unit_test_teardown(what_an_answer_says_of_the_session_is_passed_on, close_plugin),
        cmocka_unit_test_teardown(a_failure_of_one_chat_is_its_own_and_of_two_is_wahas,
                                  close_plugin),
        cmocka_unit_test_teardown(a_completion_after_the_stop_does_nothing, close_plugin),
        cmocka_unit_test_teardown(a_text_may_answer_a_message_of_theirs, close_plugin),
        cmocka_unit_test_teardown(a_picture_is_sent_with_its_caption, close_plugin),
        cmocka_unit_test_teardown(other_files_are_documents, close_plugin),
        cmocka_unit_test_teardown(a_file_is_sent_at_a_human_pace_too, close_plugin),
        cmocka_unit_test_teardown(a_file_that_cannot_be_sent_has_its_sentence, close_plugin),
        cmocka_unit_test_teardown(a_file_that_may_have_gone_out_is_never_repeated, close_plugin),
        cmocka_unit_test_teardown(only_the_path_of_a_url_is_taken, close_plugin),
        cmocka_unit_test_teardown(a_file_is_asked_of_our_own_waha, close_plugin),
        cmocka_unit_test_teardown(what_waha_does_not_give_has_its_reason, close_plugin),
        cmocka_unit_test_teardown(a_failure_is_tried_once_more_after_two_seconds, close_plugin),
        cmocka_unit_test_teardown(too_large_is_told_as_that, close_plugin),
        cmocka_unit_test_teardown(with_an_id_that_id_is_asked_for, close_plugin),
        cmocka_unit_test_teardown(without_an_id_our_own_messages_are_looked_at_after_a_while,
                                  close_plugin),
        cmocka_unit_test_teardown(a_list_decides_what_it_can, close_plugin),
        cmocka_unit_test_teardown(ids_are_fetched_eight_at_a_time, close_plugin),
        cmocka_unit_test_teardown(a_waha_without_ids_is_not_asked_for_a_while, close_plugin),
        cmocka_unit_test_teardown(a_second_want_does_not_double_what_is_under_way, close_plugin),
        cmocka_unit_test_teardown(the_session_is_asked_for_and_logged_once_a_change, close_plugin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
