/* SPDX-License-Identifier: MIT
 * test_waha_breaker.c - which chats look like a loop of two machines, and what becomes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/waha/breaker.c"

#define CHAT   "6281100000031@c.us"
#define MINUTE 60000

uint64_t waha_hash(const char *s)
{
    uint64_t h = 7;
    for (; *s; s++) h = h * 131 + (unsigned char)*s;
    return h | 1;
}

static struct {
    struct waha *waha;
    const char *gateway, *chat, *text;
    int64_t role, event, now, written;
    int64_t kept; /* kv's silent_until; 0 = none */
    int said;
} world;

static const char *fake_field(struct bot_ctx *ctx, const char *name)
{
    (void)ctx;
    return !strcmp(name, "gateway") ? world.gateway
           : !strcmp(name, "chat")  ? world.chat
                                    : world.text;
}
static int64_t fake_number(struct bot_ctx *ctx, const char *name)
{
    (void)ctx;
    return !strcmp(name, "role")      ? world.role
           : !strcmp(name, "sent_at") ? world.written
                                      : world.event;
}
static int64_t fake_now(struct bot_ctx *ctx)
{
    (void)ctx;
    return world.now;
}
static const char *fake_kv_get(struct bot_ctx *ctx, int scope, const char *key, size_t *len)
{
    (void)ctx;
    assert_int_equal(scope, BOT_KV_PERSON);
    assert_string_equal(key, "silent_until");
    *len = sizeof world.kept;
    return world.kept ? (const char *)&world.kept : NULL;
}
static int fake_kv_set(struct bot_ctx *ctx, int scope, const char *key, const char *value,
                       size_t len, int64_t expires)
{
    (void)ctx;
    (void)key;
    assert_int_equal(scope, BOT_KV_PERSON);
    world.kept = 0;
    if (!value) return BOT_OK;
    assert_int_equal(len, sizeof world.kept);
    memcpy(&world.kept, value, len);
    assert_int_equal(expires, world.kept);
    return BOT_OK;
}
static const char *fake_text(struct bot_ctx *ctx, const char *key, const struct bot_arg *args,
                             size_t n)
{
    (void)ctx;
    (void)args;
    (void)n;
    assert_string_equal(key, "breaker.last");
    return "last";
}
static int fake_reply(struct bot_ctx *ctx, const char *text)
{
    (void)ctx;
    assert_string_equal(text, "last");
    world.said++;
    return BOT_OK;
}
static void fake_log(struct bot_plugin *self, int level, const char *text)
{
    (void)self;
    assert_int_equal(level, BOT_LOG_WARN);
    assert_null(strstr(text, "628"));
}
static struct bot_plugin *fake_self(struct bot_ctx *ctx)
{
    (void)ctx;
    return NULL;
}
static const struct bot_api api = {
    .size = sizeof api,
    .field = fake_field,
    .number = fake_number,
    .now = fake_now,
    .kv_get = fake_kv_get,
    .kv_set = fake_kv_set,
    .text = fake_text,
    .reply = fake_reply,
    .log = fake_log,
    .self = fake_self,
};
static struct bot_ctx ctx;

static int open_world(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.waha = calloc(1, sizeof *world.waha);
    world.waha->human = 1;
    world.waha->loop_per_minute = 30;
    world.gateway = "waha";
    world.chat = CHAT;
    world.role = BOT_CUSTOMER;
    world.now = 1784970000000;
    ctx = (struct bot_ctx){ .api = &api, .state = world.waha };
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    free(world.waha);
    return 0;
}

/* A message `ms` after the one before; the gate's verdict. */
static int comes(const char *text, int64_t ms)
{
    world.text = text;
    world.event++;
    world.now += ms;
    world.written = world.now;
    return waha_breaker_gate(&ctx);
}

static void we_say(const char *text)
{
    waha_breaker_sent(world.waha, world.chat, text, world.now);
}

static void the_same_text_three_times(void **state)
{
    (void)state;
    assert_int_equal(comes("Terima kasih", 1000), BOT_PASS);
    assert_int_equal(comes("Terima kasih", 5000), BOT_PASS);
    assert_int_equal(comes("Terima kasih", 5000), BOT_HANDLED);
    assert_int_equal(world.said, 1);
    for (int i = 0; i < 50; i++) assert_int_equal(comes("Terima kasih", MINUTE), BOT_HANDLED);
    assert_int_equal(world.said, 1); /* one last sentence, and silence */
    assert_int_equal(comes("halo", 11 * MINUTE), BOT_PASS);
}

static void what_could_not_be_delivered_for_an_hour_is_no_loop(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        world.text = i % 2 ? "halo" : "ada?";
        world.event++;
        world.written = world.now - (40 - i) * 2 * MINUTE;
        we_say("ya, Kak");
        assert_int_equal(waha_breaker_gate(&ctx), BOT_PASS);
    }
}

static void people_say_the_same_now_and_then(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) assert_int_equal(comes("halo", 31000), BOT_PASS);
    for (int i = 0; i < 10; i++) assert_int_equal(comes("1", 3000), BOT_PASS);
    for (int i = 0; i < 10; i++) assert_int_equal(comes("YA", 3000), BOT_PASS);
    for (int i = 0; i < 10; i++) assert_int_equal(comes("/lihat_produk", 3000), BOT_PASS);
    for (int i = 0; i < 10; i++)
        assert_int_equal(comes(i % 2 ? "ada?" : "berapa?", 3000), BOT_PASS);
    assert_int_equal(world.said, 0);
}

static void too_many_a_minute(void **state)
{
    char text[20];
    (void)state;
    for (int i = 1; i <= 31; i++) {
        snprintf(text, sizeof text, "pesan ke %d", i);
        assert_int_equal(comes(text, 1000), i <= 30 ? BOT_PASS : BOT_HANDLED);
    }
    assert_int_equal(world.said, 1);
}

static void our_own_text_sent_back(void **state)
{
    (void)state;
    assert_int_equal(comes("halo", 1000), BOT_PASS);
    we_say("Selamat datang, Kak");
    assert_int_equal(comes("Selamat datang, Kak", 60000), BOT_HANDLED);
    assert_int_equal(world.said, 1);
}

static void five_answers_quicker_than_anybody_types(void **state)
{
    char text[20];
    (void)state;
    for (int i = 1; i <= 6; i++) {
        snprintf(text, sizeof text, "jawaban %d", i);
        assert_int_equal(comes(text, 500), i <= 5 ? BOT_PASS : BOT_HANDLED);
        we_say("ya, Kak");
    }
    assert_int_equal(world.said, 1);
}

static void a_person_comes_back_with_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) comes("halo??", 1000);
    assert_int_equal(world.said, 1);
    assert_int_equal(comes("halo??", 1000), BOT_HANDLED);
    assert_int_equal(comes("Menu", 1000), BOT_PASS);
    assert_int_equal(world.kept, 0);
    assert_int_equal(comes("halo", 1000), BOT_PASS);
}

static void the_silence_outlives_a_restart(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) comes("halo", 1000);
    memset(world.waha->chats, 0, sizeof world.waha->chats);
    assert_int_equal(comes("apa kabar", 1000), BOT_HANDLED);
    assert_int_equal(comes("apa kabar", 61 * MINUTE), BOT_PASS);
    assert_int_equal(world.said, 1);
}

static void a_message_that_runs_again_is_not_counted_again(void **state)
{
    (void)state;
    comes("halo", 1000);
    comes("halo", 1000);
    for (int i = 0; i < 5; i++) assert_int_equal(waha_breaker_gate(&ctx), BOT_PASS);
    assert_int_equal(comes("halo", 1000), BOT_HANDLED);
    world.kept = 0; /* its turn was lost */
    world.said = 0;
    assert_int_equal(waha_breaker_gate(&ctx), BOT_PASS);
    comes("halo", 1000);
    assert_int_equal(comes("halo", 1000), BOT_HANDLED);
    assert_int_equal(world.said, 1);
}

static void admins_other_networks_and_pace_off_are_let_be(void **state)
{
    (void)state;
    world.role = BOT_CUSTOMER | BOT_OWNER;
    for (int i = 0; i < 50; i++) assert_int_equal(comes("halo", 10), BOT_PASS);
    world.role = BOT_CUSTOMER;
    world.gateway = "simulator";
    for (int i = 0; i < 50; i++) assert_int_equal(comes("halo", 10), BOT_PASS);
    world.gateway = "waha";
    world.waha->human = 0;
    for (int i = 0; i < 50; i++) assert_int_equal(comes("halo", 10), BOT_PASS);
    assert_int_equal(world.said, 0);
}

static void two_chats_in_one_slot_only_forget(void **state)
{
    (void)state;
    char other[40] = "";
    for (int i = 0; !*other; i++) {
        char chat[40];
        snprintf(chat, sizeof chat, "62811%07d@c.us", i);
        if (waha_hash(chat) % WAHA_CHATS == waha_hash(CHAT) % WAHA_CHATS && strcmp(chat, CHAT))
            snprintf(other, sizeof other, "%s", chat);
    }
    for (int i = 0; i < 10; i++) {
        world.chat = i % 2 ? other : CHAT;
        assert_int_equal(comes("halo", 1000), BOT_PASS);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        TEST(the_same_text_three_times),
        TEST(what_could_not_be_delivered_for_an_hour_is_no_loop),
        TEST(people_say_the_same_now_and_then),
        TEST(too_many_a_minute),
        TEST(our_own_text_sent_back),
        TEST(five_answers_quicker_than_anybody_types),
        TEST(a_person_comes_back_with_a_word),
        TEST(the_silence_outlives_a_restart),
        TEST(a_message_that_runs_again_is_not_counted_again),
        TEST(admins_other_networks_and_pace_off_are_let_be),
        TEST(two_chats_in_one_slot_only_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
