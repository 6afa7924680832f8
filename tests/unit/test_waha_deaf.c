/* SPDX-License-Identifier: MIT
 * test_waha_deaf.c - a session that says WORKING while nothing comes in. */
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
#include "../../plugins/waha/deaf.c"

#define MINUTE INT64_C(60000)
#define HOUR   HOUR_MS

static struct {
    struct waha_account account;
    struct waha waha;
    int64_t now;
    char said[20][40];
    int said_count, asked, restarts, told;
    bot_done_fn *done;
    uint32_t which;
    struct waha_usual kept;
    int has_kept;
} world;

static int64_t fake_now(struct bot_ctx *ctx)
{
    (void)ctx;
    return world.now;
}
static const char *fake_kv_get(struct bot_ctx *ctx, int scope, const char *key, size_t *len)
{
    (void)ctx;
    assert_int_equal(scope, BOT_KV_PLUGIN);
    assert_string_equal(key, "usual/default");
    *len = sizeof world.kept;
    return world.has_kept ? (const char *)&world.kept : NULL;
}
static int fake_kv_set(struct bot_ctx *ctx, int scope, const char *key, const char *value,
                       size_t len, int64_t expires)
{
    (void)ctx;
    (void)scope;
    (void)key;
    (void)expires;
    assert_int_equal(len, sizeof world.kept);
    memcpy(&world.kept, value, len);
    world.has_kept = 1;
    return BOT_OK;
}
static const char *fake_text(struct bot_ctx *ctx, const char *key, const struct bot_arg *args,
                             size_t n)
{
    (void)ctx;
    (void)args;
    (void)n;
    return key;
}
static int fake_send(struct bot_ctx *ctx, const struct bot_send *send)
{
    (void)ctx;
    assert_int_equal(send->role, BOT_SUPER);
    snprintf(world.said[world.said_count++], sizeof world.said[0], "%s", send->text);
    return BOT_OK;
}
static void fake_log(struct bot_plugin *self, int level, const char *text)
{
    (void)self;
    (void)level;
    (void)text;
}
static struct bot_plugin *fake_self(struct bot_ctx *ctx)
{
    (void)ctx;
    return NULL;
}
static const struct bot_api api = {
    .size = sizeof api,
    .kv_get = fake_kv_get,
    .kv_set = fake_kv_set,
    .text = fake_text,
    .send = fake_send,
    .log = fake_log,
    .now = fake_now,
    .self = fake_self,
};
static struct bot_ctx ctx = { &api, &world.waha };

/* ---- what the other files of the plugin do --------------------------------------------------- */

int64_t waha_get(struct bot_ctx *c, const struct waha_account *a, const char *url,
                 uint32_t timeout_ms, bot_done_fn *done, const void *data, size_t len)
{
    (void)c;
    (void)a;
    (void)timeout_ms;
    assert_string_equal(url, "http://waha:3000/api/default/chats/overview?limit=10");
    assert_int_equal(len, sizeof world.which);
    memcpy(&world.which, data, len);
    world.done = done;
    return ++world.asked;
}
int waha_restart(struct bot_ctx *c, const struct waha_account *a)
{
    (void)c;
    (void)a;
    world.restarts++;
    return BOT_LATER;
}
void waha_set_state(struct bot_ctx *c, struct waha_account *a, int state, const char *detail)
{
    (void)c;
    (void)detail;
    a->state = state;
    world.told = a->hearing.is_deaf ? BOT_SESSION_DEAF : state;
}

/* ---- driving --------------------------------------------------------------------------------- */

static int setup(void **state)
{
    static char session[] = "default", url[] = "http://waha:3000";
    (void)state;
    memset(&world, 0, sizeof world);
    world.now = 1784937600000; /* midnight */
    world.waha.accounts = &world.account;
    world.waha.account_count = 1;
    world.waha.manages = 1;
    world.account.session = session;
    world.account.base_url = url;
    world.account.state = BOT_SESSION_CONNECTED;
    waha_deaf_load(&ctx, &world.account);
    return 0;
}

/* A minute, with so many messages in it. */
static void minute(int messages)
{
    for (int i = 0; i < messages; i++) waha_deaf_heard(&ctx, &world.account);
    world.now += MINUTE;
    waha_listen(&ctx);
}

/* A day: a message a minute from 8 to 20, none at night. */
static void usual_day(void)
{
    for (int m = 0; m < 1440; m++) minute(m >= 480 && m < 1200);
}

static void quiet(int minutes)
{
    for (int m = 0; m < minutes; m++) minute(0);
}

static void list_came(int status, const char *format, long long at)
{
    char body[600];
    snprintf(body, sizeof body, format, at / 1000);
    struct bot_result r = {
        .size = sizeof r, .http_status = status, .body = body, .body_len = strlen(body)
    };
    world.done(&ctx, &r, &world.which);
}

#define CHAT(id, mine, more)                                                                       \
    "{\"id\":\"" id "\",\"lastMessage\":{\"fromMe\":" mine ",\"timestamp\":%1$lld" more "}}"
#define BODY ",\"body\":\"halo\""
static const char theirs[] = "[" CHAT("6281100000031@c.us", "false", BODY) "," CHAT(
    "100000000000032@lid", "false", ",\"hasMedia\":true") "]";
static const char of_one[] =
    "[" CHAT("6281100000031@c.us", "false", BODY) "]"; /* blocked, perhaps */
static const char ours[] =
    "[" CHAT("6281100000031@c.us", "true", BODY) "," CHAT("6281100000032@c.us", "true", BODY) "]";
static const char group[] = "[" CHAT("1@g.us", "false", BODY) "," CHAT("0@c.us", "false", BODY) "]";
static const char calls[] =
    "[" CHAT("6281100000031@c.us", "false", "") "," CHAT("6281100000032@c.us", "false", "") "]";

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_usual_day_asks_nothing(void **state)
{
    (void)state;
    for (int day = 0; day < 8; day++) usual_day();
    assert_int_equal(world.asked, 0);
    assert_int_equal(world.said_count, 0);
    assert_int_equal((int)world.kept.messages[10], 60);
    assert_int_equal((int)world.kept.messages[3], 0);
}

static void nothing_is_usual_on_the_first_days(void **state)
{
    (void)state;
    usual_day();
    quiet(1440);
    assert_int_equal(world.asked, 0);
}

static void what_came_to_waha_and_not_here_proves_it(void **state)
{
    (void)state;
    for (int day = 0; day < 4; day++) usual_day();
    for (int m = 0; m < 600; m++) minute(m >= 480); /* until 10 o'clock */
    quiet(6);
    assert_int_equal(world.asked, 0);
    quiet(2); /* eight or nine are missing */
    assert_int_equal(world.asked, 1);
    list_came(200, theirs, world.now - MINUTE);
    assert_string_equal(world.said[0], "wa.deaf");
    assert_int_equal(world.told, BOT_SESSION_DEAF);
    assert_int_equal(world.restarts, 1);
    quiet(30);
    assert_int_equal(world.restarts, 1); /* not again and again */
    assert_int_equal(world.said_count, 1);
    minute(1);
    assert_string_equal(world.said[1], "wa.hears");
    assert_int_equal(world.told, BOT_SESSION_CONNECTED);
}

static void a_holiday_is_no_news(void **state)
{
    (void)state;
    for (int day = 0; day < 4; day++) usual_day();
    int64_t yesterday = world.now - 12 * HOUR;
    quiet(480);
    for (int m = 480; m < 1440; m++) {
        int asked = world.asked;
        minute(0);
        if (world.asked == asked) continue;
        const char *const lists[] = { theirs, ours, group, of_one, calls };
        list_came(200, lists[asked % 5], asked % 5 == 0 ? yesterday : world.now);
    }
    assert_int_equal(world.said_count, 0);
    assert_int_equal(world.restarts, 0);
    assert_in_range(world.asked, 4, 8); /* 8, 16, 32 ... of 720 */
}

static void an_engine_that_lists_nothing_is_told_of_once(void **state)
{
    (void)state;
    for (int day = 0; day < 4; day++) usual_day();
    quiet(480);
    for (int m = 480; m < 1440; m++) {
        int asked = world.asked;
        minute(0);
        if (world.asked != asked) list_came(400, "{\"message\":\"Enable NOWEB store\"}%.0lld", 0);
    }
    assert_int_equal(world.said_count, 1);
    assert_string_equal(world.said[0], "wa.quiet");
    assert_int_equal(world.told, 0);
}

static void a_session_that_is_away_is_not_deaf(void **state)
{
    (void)state;
    for (int day = 0; day < 4; day++) usual_day();
    quiet(540);
    int asked = world.asked;
    world.account.state = BOT_SESSION_DISCONNECTED;
    quiet(300);
    assert_int_equal(world.asked, asked);
    world.account.state = BOT_SESSION_CONNECTED; /* the quiet begins now */
    quiet(5);
    assert_int_equal(world.asked, asked);
}

static void a_restart_keeps_what_was_learned(void **state)
{
    (void)state;
    for (int day = 0; day < 4; day++) usual_day();
    struct waha_usual before = world.kept;
    memset(&world.account.hearing, 0, sizeof world.account.hearing);
    waha_deaf_load(&ctx, &world.account);
    assert_memory_equal(&world.account.hearing.usual, &before, sizeof before);
    quiet(60); /* half an hour that nobody was there for teaches nothing */
    assert_true(waha_deaf_expected(&before, world.now, world.now + 24 * HOUR) > 700);
    assert_true(waha_deaf_expected(&before, world.now, world.now + 240 * HOUR) < 730);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_usual_day_asks_nothing),
        TEST(nothing_is_usual_on_the_first_days),
        TEST(what_came_to_waha_and_not_here_proves_it),
        TEST(a_holiday_is_no_news),
        TEST(an_engine_that_lists_nothing_is_told_of_once),
        TEST(a_session_that_is_away_is_not_deaf),
        TEST(a_restart_keeps_what_was_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
