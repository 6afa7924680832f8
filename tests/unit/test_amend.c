/* SPDX-License-Identifier: MIT
 * test_amend.c - what happens to a message after it came: edits, revokes, reactions, votes. */
#include "host_fixture.h"

#include <stdio.h>
#include <string.h>

#include "core/message/inbox.h"

/* ---- a plugin that hears of it --------------------------------------------------------------- */

static const struct bot_api *api;
static char heard[400];
static int heard_count;

static int on_text(struct bot_ctx *ctx)
{
    return bot_reply(ctx, api->field(ctx, "text"));
}

static int on_signal(struct bot_ctx *ctx)
{
    const char *tag = api->field(ctx, "quoted.text");
    heard_count++;
    snprintf(heard, sizeof heard, "%s: %s from %s to %s in store %lld", api->field(ctx, "event"),
             api->field(ctx, "text"), api->field(ctx, "phone"), tag ? tag : "-",
             (long long)api->number(ctx, "store"));
    return BOT_HANDLED;
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_hook_spec hooks[] = {
        { .event = "message.reaction", .priority = 100, .run = on_signal },
        { .event = "message.poll_vote", .priority = 100, .run = on_signal },
    };
    api = a;
    int rc = BOT_HOOKS(a, self, hooks);
    return rc < 0 ? rc : hook_text(a, self, on_text);
}

static int deaf_init(const struct bot_api *a, struct bot_plugin *self)
{
    api = a;
    return hook_text(a, self, on_text);
}

static const struct delegate hears = { alpha_init, NULL, NULL }, deaf = { deaf_init, NULL, NULL };

static int open_with(const struct delegate *alpha)
{
    heard_count = 0;
    heard[0] = '\0';
    world_open(&(struct world_conf){ .alpha = alpha, .stores = 1 });
    return 0;
}

static int open_hearing(void **state)
{
    (void)state;
    return open_with(&hears);
}

static int open_deaf(void **state)
{
    (void)state;
    return open_with(&deaf);
}

/* Arrives, and nothing runs yet. */
static void post_kind(uint32_t kind, const char *phone, const char *native_id, const char *text,
                      const char *quoted_id)
{
    char chat[80];
    snprintf(chat, sizeof chat, "%s@c", phone);
    struct bot_incoming in = { .size = sizeof in,
                               .kind = kind,
                               .session = "default",
                               .event = "what.ever",
                               .native_id = native_id,
                               .chat = chat,
                               .phone = phone,
                               .text = text,
                               .quoted_id = quoted_id };
    assert_int_equal(host_incoming(w.host, "testgate", &in), BOT_OK);
}

static void arrives(uint32_t kind, const char *phone, const char *native_id, const char *text,
                    const char *quoted_id)
{
    post_kind(kind, phone, native_id, text, quoted_id);
    run();
}

static const char *kept(const char *column)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT coalesce(%s, 'none') FROM inbox WHERE key LIKE '%%/m/ID1'",
             column);
    return disk_text(sql);
}

/* ---- edits and revokes ----------------------------------------------------------------------- */

static void an_edit_is_kept_and_not_answered(void **state)
{
    (void)state;
    post_as(BUDI, "ID1", "halo", NULL, 0);
    run();
    expect(BUDI, "halo");
    arrives(BOT_IN_EDIT, BUDI, "ID1", "halo semua", NULL);
    expect_none();
    assert_string_equal(kept("text"), "halo");
    assert_string_equal(kept("edited"), "halo semua");
    arrives(BOT_IN_EDIT, CITRA, "ID1", "bukan punyaku", NULL);
    assert_string_equal(kept("edited"), "halo semua"); /* another's */
    arrives(BOT_IN_EDIT, BUDI, "ID9", "tak ada", NULL);
    arrives(BOT_IN_REVOKE, DEWI, "ID1", NULL, NULL); /* who never wrote */
    assert_string_equal(kept("text"), "halo");
    assert_int_equal(disk("SELECT count(*) FROM persons WHERE phone = '" DEWI "'"), 0);
}

static void what_was_taken_back_is_masked_for_good(void **state)
{
    (void)state;
    post_as(BUDI, "ID1", "rahasia", NULL, 0);
    run();
    arrives(BOT_IN_REVOKE, BUDI, "ID1", NULL, NULL);
    assert_string_equal(kept("text"), "•••");
    arrives(BOT_IN_EDIT, BUDI, "ID1", "rahasia lagi", NULL);
    assert_string_equal(kept("edited"), "•••");
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE text LIKE 'rahasia%'"), 0);
}

static void a_message_taken_back_before_its_answer_is_answered_and_then_masked(void **state)
{
    (void)state;
    post_as(BUDI, "ID1", "tunggu", NULL, 0);
    post_kind(BOT_IN_REVOKE, BUDI, "ID1", NULL, NULL);
    run(); /* both in one turn: it is on disk, and not yet run */
    expect(BUDI, "tunggu");
    assert_string_equal(kept("text"), "•••");
}

static void an_edit_of_a_secret_is_masked_with_it(void **state)
{
    (void)state;
    post_as(BUDI, "ID1", "sandi rahasia", NULL, 0);
    post_kind(BOT_IN_EDIT, BUDI, "ID1", "sandi rahasia2", NULL);
    loop_turn(&w.host->loop); /* both are on disk, neither has run */
    assert_string_equal(kept("edited"), "sandi rahasia2");
    struct event ev = { .host = w.host,
                        .id = disk("SELECT id FROM inbox WHERE key LIKE '%/m/ID1'") };
    assert_int_equal(inbox_mask(w.host, &ev), 0);
    assert_string_equal(kept("text"), "•••");
    assert_string_equal(kept("edited"), "•••");
    run();
}

/* ---- reactions and votes --------------------------------------------------------------------- */

/* BUDI has an answer; its native id. */
static void answered(char id[64])
{
    say(BUDI, "halo");
    expect(BUDI, "halo");
    snprintf(id, 64, "%s", disk_text("SELECT native_id FROM outbox WHERE text = 'halo'"));
}

static void a_reaction_is_an_event_of_its_store(void **state)
{
    char id[64];
    (void)state;
    answered(id);
    arrives(BOT_IN_REACTION, BUDI, "R1", "👍", id);
    assert_string_equal(heard, "message.reaction: 👍 from " BUDI " to halo in store 1");
    arrives(BOT_IN_REACTION, BUDI, "R1", "👍", id); /* WAHA delivers it again */
    assert_int_equal(heard_count, 1);
    arrives(BOT_IN_POLL_VOTE, BUDI, "V1", "[\"Enak\"]", id);
    assert_string_equal(heard, "message.poll_vote: [\"Enak\"] from " BUDI " to halo in store 1");
    arrives(BOT_IN_REACTION, BUDI, "R2", "", id); /* taken back */
    assert_string_equal(heard, "message.reaction:  from " BUDI " to halo in store 1");
    expect_none();
}

static void a_reaction_survives_a_crash(void **state)
{
    char id[64];
    (void)state;
    answered(id);
    post_kind(BOT_IN_REACTION, BUDI, "R1", "👍", id);
    loop_turn(&w.host->loop); /* it is on disk, and has not run */
    assert_int_equal(heard_count, 0);
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE event = 'message.reaction'"), 1);
    world_reopen(0);
    run();
    assert_string_equal(heard, "message.reaction: 👍 from " BUDI " to halo in store 1");
    assert_int_equal(heard_count, 1);
}

static void nobody_listens_and_nothing_is_kept(void **state)
{
    (void)state;
    arrives(BOT_IN_REACTION, BUDI, "R1", "👍", "N1");
    assert_int_equal(disk("SELECT count(*) FROM inbox WHERE event = 'message.reaction'"), 0);
    assert_int_equal(disk("SELECT count(*) FROM persons WHERE phone = '" BUDI "'"), 0);
}

int main(void)
{
#define HEARING(f) cmocka_unit_test_setup_teardown(f, open_hearing, world_close)
    const struct CMUnitTest tests[] = {
        HEARING(an_edit_is_kept_and_not_answered),
        HEARING(what_was_taken_back_is_masked_for_good),
        HEARING(an_edit_of_a_secret_is_masked_with_it),
        HEARING(a_message_taken_back_before_its_answer_is_answered_and_then_masked),
        HEARING(a_reaction_is_an_event_of_its_store),
        HEARING(a_reaction_survives_a_crash),
        cmocka_unit_test_setup_teardown(nobody_listens_and_nothing_is_kept, open_deaf, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
