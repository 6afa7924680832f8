/* test_simulator.c - the simulator's lines of JSON and who gets what the bot says, against a table
 * of functions that writes down what it answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/simulator/listeners.c"
#include "../../plugins/simulator/simulator.c"

static struct {
    void *state;
    const char *body;
    int64_t connection, request;
    char lines[32][400]; /* "REQUEST line" */
    int line_count;
    int64_t gone; /* a request whose connection has closed */
    struct bot_incoming in;
    char native[64], chat[80], phone[40], text[200], quoted[40], name[40];
    int incoming_count;
    char said[32];
    int outcome;
    char outcome_id[40];
} world;

static const char *fake_field(struct bot_ctx *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "body") == 0 ? world.body : NULL;
}
static int64_t fake_number(struct bot_ctx *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "connection") == 0 ? world.connection : world.request;
}
static int fake_respond(struct bot_ctx *ctx, const struct bot_response *r)
{
    (void)ctx;
    int64_t request = r->request ? r->request : world.request;
    assert_int_equal(r->more, 1);
    assert_null(memchr(r->body, '\n', r->body_len));
    if (request == world.gone) return BOT_EGONE;
    snprintf(world.lines[world.line_count++], sizeof world.lines[0], "%lld %.*s",
             (long long)request, (int)r->body_len, r->body);
    return BOT_OK;
}
static int64_t fake_now(struct bot_ctx *ctx)
{
    (void)ctx;
    return 1784970000000;
}
static const char *fake_kv_get(struct bot_ctx *ctx, int scope, const char *key, size_t *len)
{
    (void)ctx;
    (void)key;
    assert_int_equal(scope, BOT_KV_PLUGIN);
    *len = strlen(world.said);
    return *len ? world.said : NULL;
}
static int fake_kv_set(struct bot_ctx *ctx, int scope, const char *key, const char *value,
                       size_t len, int64_t expires)
{
    (void)ctx;
    (void)scope;
    (void)key;
    (void)expires;
    snprintf(world.said, sizeof world.said, "%.*s", (int)len, value);
    return BOT_OK;
}
static void fake_set_state(struct bot_plugin *self, void *state)
{
    (void)self;
    world.state = state;
}
static struct bot_plugin *fake_self(struct bot_ctx *ctx)
{
    (void)ctx;
    return NULL;
}
static int fake_routes(struct bot_plugin *self, const struct bot_route_spec *t, size_t n, size_t e)
{
    (void)self;
    return n == 1 && e == sizeof *t && strcmp(t[0].path, "chat") == 0 ? BOT_OK : BOT_EINVAL;
}
static int fake_provide(struct bot_plugin *self, const struct bot_gateway_spec *spec)
{
    (void)self;
    assert_string_equal(spec->name, "");
    return BOT_OK;
}
static int fake_outcome(struct bot_ctx *ctx, int64_t id, int outcome, const char *native_id,
                        const char *error)
{
    (void)ctx;
    (void)id;
    (void)error;
    world.outcome = outcome;
    snprintf(world.outcome_id, sizeof world.outcome_id, "%s", native_id);
    return BOT_OK;
}
static int fake_incoming(struct bot_ctx *ctx, const struct bot_incoming *in)
{
    (void)ctx;
    world.in = *in;
    world.incoming_count++;
    snprintf(world.native, sizeof world.native, "%s", in->native_id);
    snprintf(world.chat, sizeof world.chat, "%s", in->chat);
    snprintf(world.phone, sizeof world.phone, "%s", in->phone);
    snprintf(world.text, sizeof world.text, "%s", in->text);
    snprintf(world.quoted, sizeof world.quoted, "%s", in->quoted_id ? in->quoted_id : "");
    snprintf(world.name, sizeof world.name, "%s", in->name ? in->name : "");
    return BOT_OK;
}
static const struct bot_gateways gateways = {
    .size = sizeof gateways,
    .provide = fake_provide,
    .outcome = fake_outcome,
    .incoming = fake_incoming,
};
static const void *fake_service(struct bot_plugin *self, const char *name, void **owner)
{
    (void)self;
    (void)name;
    (void)owner;
    return &gateways;
}
static const struct bot_api api = {
    .size = sizeof api,
    .version = BOT_SDK_VERSION,
    .route = fake_routes,
    .field = fake_field,
    .number = fake_number,
    .respond = fake_respond,
    .kv_get = fake_kv_get,
    .kv_set = fake_kv_set,
    .now = fake_now,
    .service = fake_service,
    .set_state = fake_set_state,
    .self = fake_self,
};
static struct bot_ctx ctx;

static int open_plugin(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.gone = -1;
    ctx = (struct bot_ctx){ .api = &api };
    assert_int_equal(bot_plugin_v1.init(&api, NULL), BOT_OK);
    assert_int_equal(bot_plugin_v1.start(&ctx), BOT_OK);
    ctx.state = world.state;
    return 0;
}
static int close_plugin(void **state)
{
    (void)state;
    bot_plugin_v1.stop(&ctx);
    return 0;
}

/* One line on a connection; returns the answer. */
static const char *line(int64_t connection, int64_t request, const char *json)
{
    world.connection = connection;
    world.request = request;
    world.body = json;
    int before = world.line_count;
    assert_int_equal(chat(&ctx), BOT_HANDLED);
    assert_int_equal(world.line_count, before + 1);
    return strchr(world.lines[before], ' ') + 1;
}

static void bot_says(const char *to, const char *text)
{
    struct bot_outgoing row = { .size = sizeof row,
                                .id = 12,
                                .session = "sim",
                                .chat = to,
                                .text = text,
                                .send_id = "",
                                .media_type = "",
                                .media_name = "",
                                .quote = "" };
    assert_int_equal(deliver(&ctx, &row), BOT_HANDLED);
    assert_int_equal(world.outcome, BOT_SENT);
    assert_string_equal(world.outcome_id, "SIM12");
}

static void whoever_joined_gets_what_the_bot_says_to_him(void **state)
{
    (void)state;
    assert_string_equal(line(1, 10, "{\"cmd\":\"chat\",\"as\":\"6281100000031\"}"),
                        "{\"ok\":true,\"joined\":\"6281100000031\"}");
    line(2, 20, "{\"cmd\":\"chat\",\"as\":\"6281100000032\"}");
    line(3, 30, "{\"cmd\":\"chat\",\"as\":\"6281100000033\",\"all\":true}");
    int before = world.line_count;
    bot_says("6281100000031@c.us", "Halo \"Kak\"\n/x");
    assert_int_equal(world.line_count, before + 2);
    assert_string_equal(world.lines[before],
                        "10 {\"from\":\"bot\",\"to\":\"6281100000031\",\"id\":\"SIM12\","
                        "\"text\":\"Halo \\\"Kak\\\"\\n/x\"}");
    assert_int_equal(strncmp(world.lines[before + 1], "30 ", 3), 0);
    bot_says("6281100000099@c.us", "x"); /* only the observer hears it */
    assert_int_equal(world.line_count, before + 3);
}

static void a_connection_hears_each_message_once_under_its_latest_request(void **state)
{
    (void)state;
    line(1, 10, "{\"as\":\"6281100000031\",\"all\":true}");
    line(1, 11, "{\"as\":\"6281100000031\"}");
    line(1, 12, "{\"as\":\"6281100000031\",\"say\":\"halo\"}");
    int before = world.line_count;
    bot_says("6281100000031@c.us", "Halo");
    assert_int_equal(world.line_count, before + 1);
    assert_int_equal(strncmp(world.lines[before], "12 ", 3), 0);
}

static void a_closed_connection_is_forgotten(void **state)
{
    (void)state;
    line(1, 10, "{\"as\":\"6281100000031\"}");
    line(2, 20, "{\"as\":\"6281100000031\"}");
    world.gone = 10;
    int before = world.line_count;
    bot_says("6281100000031@c.us", "Halo");
    assert_int_equal(world.line_count, before + 1);
    assert_int_equal(((struct simulator *)ctx.state)->listeners.count, 1);
}

static void what_is_said_is_handed_in(void **state)
{
    (void)state;
    assert_string_equal(
        line(1, 10,
             "{\"as\":\"6281100000031\",\"say\":\"/lihat_produk\",\"quote\":\"SIM3\","
             "\"name\":\"Budi\"}"),
        "{\"ok\":true,\"id\":\"SAY1\"}");
    assert_string_equal(world.native, "SAY1");
    assert_string_equal(world.chat, "6281100000031@c.us");
    assert_string_equal(world.phone, "6281100000031");
    assert_string_equal(world.text, "/lihat_produk");
    assert_string_equal(world.quoted, "SIM3");
    assert_string_equal(world.name, "Budi");
    assert_int_equal(world.in.kind, BOT_IN_MESSAGE);
    line(1, 11, "{\"as\":\"6281100000031\",\"say\":\"x\"}");
    assert_string_equal(world.native, "SAY2");
    line(1, 12, "{\"as\":\"6281100000031\",\"say\":\"x\",\"id\":\"NATIVE9\"}");
    assert_string_equal(world.native, "NATIVE9");
    assert_int_equal(((struct simulator *)ctx.state)->listeners.count, 0);
}

static void bad_lines_get_a_sentence(void **state)
{
    static const char *const bad[] = {
        "",
        "halo",
        "[]",
        "null",
        "{}",
        "{\"as\":7}",
        "{\"as\":\"\"}",
        "{\"as\":\"halo\"}",
        "{\"as\":\"+62811\"}",
        "{\"as\":\"123456789012345678901234567890\"}",
        "{\"as\":\"6281100000031\",\"say\":\"\"}",
        "{\"as\":\"6281100000031\",\"say\":null}",
        "{\"as\":\"6281100000031\",\"say\":[]}",
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(bad); i++) {
        const char *answer = line(1, 10, bad[i]);
        if (strncmp(answer, "{\"ok\":false,\"error\":\"", 21) != 0)
            fail_msg("%s: %s", bad[i], answer);
    }
    assert_int_equal(world.incoming_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_joined_gets_what_the_bot_says_to_him, open_plugin,
                                        close_plugin),
        cmocka_unit_test_setup_teardown(
            a_connection_hears_each_message_once_under_its_latest_request, open_plugin,
            close_plugin),
        cmocka_unit_test_setup_teardown(a_closed_connection_is_forgotten, open_plugin,
                                        close_plugin),
        cmocka_unit_test_setup_teardown(what_is_said_is_handed_in, open_plugin, close_plugin),
        cmocka_unit_test_setup_teardown(bad_lines_get_a_sentence, open_plugin, close_plugin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
