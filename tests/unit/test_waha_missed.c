/* test_waha_missed.c - what came while the bot was away: the rules as a table, the clocks, WAHA's
 * lists of each engine. The files are compiled into this program. */
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
#include "../../plugins/waha/parse.c"
#undef END
#include "../../plugins/waha/missed.c"

#define NOW  INT64_C(1784970000000)
#define S    INT64_C(1000)
#define MIN  (60 * S)
#define HOUR (60 * MIN)
#define DAY  (24 * HOUR)

/* ---- the rules ------------------------------------------------------------------------------- */

/* "in"coming or "own", so long ago, oldest first; what becomes of it: -, r(un), s(ummary). */
static const struct {
    const char *what;
    struct {
        int64_t age;
        int mine;
    } list[6];
    int count;
    const char *becomes;
} rules[] = {
    { "nothing", { { 0, 0 } }, 0, "" },
    { "a minute", { { MIN, 0 } }, 1, "r" },
    { "just under two minutes", { { 2 * MIN - 1, 0 } }, 1, "r" },
    { "two minutes", { { 2 * MIN, 0 } }, 1, "s" },
    { "three hours", { { 3 * HOUR, 0 } }, 1, "s" },
    { "just under a day", { { DAY - 1, 0 } }, 1, "s" },
    { "a day", { { DAY, 0 } }, 1, "-" },
    { "three days", { { 3 * DAY, 0 } }, 1, "-" },
    { "several hours old", { { 5 * HOUR, 0 }, { 4 * HOUR, 0 }, { 3 * HOUR, 0 } }, 3, "sss" },
    { "old and older than a day", { { 30 * HOUR, 0 }, { 3 * HOUR, 0 } }, 2, "ss" },
    { "two young ones", { { MIN, 0 }, { S, 0 } }, 2, "rr" },
    { "old and young", { { 3 * HOUR, 0 }, { MIN, 0 } }, 2, "-r" },
    { "answered from the phone", { { 3 * HOUR, 0 }, { 2 * HOUR, 1 } }, 2, "--" },
    { "answered, though young", { { MIN, 0 }, { S, 1 } }, 2, "--" },
    { "answered, then again", { { 3 * HOUR, 0 }, { 2 * HOUR, 1 }, { HOUR, 0 } }, 3, "--s" },
    { "answered, then young", { { 3 * HOUR, 0 }, { 2 * HOUR, 1 }, { S, 0 } }, 3, "--r" },
    { "only ours", { { HOUR, 1 } }, 1, "-" },
    { "ours first", { { 3 * DAY, 1 }, { 2 * DAY, 0 } }, 2, "--" },
    { "from the future: a clock is behind", { { -HOUR, 0 } }, 1, "r" },
};

/* What went out after the backfill had begun was queued before it: it answers nothing. */
static void what_we_send_meanwhile_answers_nothing(void **state)
{
    (void)state;
    const int64_t ages[] = { 3 * HOUR, MIN };
    const uint32_t becomes[] = { BOT_LATE_SUMMARY, BOT_LATE_RUN };
    for (size_t i = 0; i < BOT_COUNT(ages); i++) {
        struct waha_listed list[2] = { { .at = NOW - ages[i] }, { .at = NOW - S, .mine = 1 } };
        waha_judge_missed(list, 2, NOW, NOW - 10 * S);
        assert_int_equal(list[0].late, becomes[i]);
        assert_int_equal(list[1].late, BOT_LATE_RECORD);
        waha_judge_missed(list, 2, NOW, NOW); /* the same, from before */
        assert_int_equal(list[0].late, BOT_LATE_RECORD);
    }
}

static void each_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(rules); i++) {
        struct waha_listed list[6] = { { 0 } };
        char becomes[8] = "";
        for (int k = 0; k < rules[i].count; k++) {
            list[k].at = NOW - rules[i].list[k].age;
            list[k].mine = rules[i].list[k].mine;
        }
        waha_judge_missed(list, (size_t)rules[i].count, NOW, NOW);
        for (int k = 0; k < rules[i].count; k++)
            becomes[k] = list[k].late == BOT_LATE_RUN       ? 'r'
                         : list[k].late == BOT_LATE_SUMMARY ? 's'
                         : list[k].late == BOT_LATE_RECORD  ? '-'
                                                            : '?';
        if (strcmp(becomes, rules[i].becomes) != 0)
            fail_msg("%s: %s instead of %s", rules[i].what, becomes, rules[i].becomes);
    }
}

/* ---- the clocks ------------------------------------------------------------------------------ */

/* Ours, WAHA's, the learned one, as far off as that; the newest message's age; what is believed. */
static const struct {
    const char *what;
    int64_t off[3];
    int known[3];
    int64_t newest_age, believed;
} clocks[] = {
    { "all right", { 0, 0, 0 }, { 1, 1, 1 }, HOUR, 0 },
    { "ours a day ahead", { DAY, 0, DAY }, { 1, 1, 1 }, 3 * HOUR, 0 },
    { "ours a day behind", { -DAY, 0, -DAY }, { 1, 1, 1 }, 3 * HOUR, 0 },
    { "WAHA's a day ahead", { 0, DAY, 0 }, { 1, 1, 1 }, 3 * HOUR, 0 },
    { "WAHA's a day behind", { 0, -DAY, 0 }, { 1, 1, 1 }, 3 * HOUR, 0 },
    { "one machine, a day ahead, learned", { DAY, DAY, 0 }, { 1, 1, 1 }, 3 * HOUR, 0 },
    { "one machine, a day behind, learned", { -DAY, -DAY, 0 }, { 1, 1, 1 }, 3 * HOUR, 0 },
    { "learned when it was wrong", { 0, 0, -DAY }, { 1, 1, 1 }, 3 * HOUR, 0 },
    { "learned the other way", { 0, 0, DAY }, { 1, 1, 1 }, 3 * HOUR, 0 },
    { "all behind: the newest message", { -DAY, -DAY, 0 }, { 1, 1, 0 }, MIN, -MIN },
    { "WAHA's is not told", { 0, 0, 0 }, { 1, 0, 0 }, 3 * HOUR, 0 },
    { "a little behind is right", { -MIN, 0, 0 }, { 1, 0, 0 }, 0, -MIN },
};

static void each_clock(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(clocks); i++) {
        int64_t given[3];
        for (int k = 0; k < 3; k++) given[k] = clocks[i].known[k] ? NOW + clocks[i].off[k] : 0;
        int64_t now = waha_judge_clocks(given, 3, NOW - clocks[i].newest_age);
        if (now != NOW + clocks[i].believed)
            fail_msg("%s: off by %lld", clocks[i].what, (long long)(now - NOW));
    }
}

/* ---- WAHA's lists ---------------------------------------------------------------------------- */

static char seen[600];

static void see(void *arg, const char *id, int64_t at)
{
    size_t n = strlen(seen);
    (void)arg;
    snprintf(seen + n, sizeof seen - n, "%s@%lld ", id, (long long)(at / 1000));
}

static void chats_of_each_engine(void **state)
{
    static const struct {
        const char *body;
        int count;
        const char *sees;
    } lists[] = {
        { "[]", 0, "" },
        { " [ ] ", 0, "" },
        { "[{\"id\":\"6281100000031@c.us\",\"conversationTimestamp\":1784970000,\"name\":null}]", 1,
          "6281100000031@c.us@1784970000 " },
        { "[{\"id\":\"a@g.us\",\"conversationTimestamp\":\"1784970000\"},{\"id\":\"5@lid\","
          "\"conversationTimestamp\":null}]",
          2, "a@g.us@1784970000 5@lid@0 " },
        { "[{\"id\":{\"server\":\"c.us\",\"user\":\"62811\",\"_serialized\":\"62811@c.us\"},"
          "\"timestamp\":1784970000}]",
          1, "62811@c.us@1784970000 " },
        { "[{\"id\":{\"server\":\"lid\",\"user\":\"123456\",\"$1\":\"x\"},\"t\":1784970000000}]", 1,
          "123456@lid@1784970000 " },
        { "[{\"id\":\"x\",\"lastMessage\":{\"timestamp\":7}}, 4, null]", 3, "x@7 " },
        { "{\"message\":\"no\"}", -1, "" },
        { "<html>", -1, "" },
        { "[{\"id\":\"x\"}", -1, "x@0 " },
        { "[1 2]", -1, "" },
        { "", -1, "" },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(lists); i++) {
        seen[0] = '\0';
        int n = waha_read_chats(lists[i].body, strlen(lists[i].body), see, NULL);
        if (n != lists[i].count || strcmp(seen, lists[i].sees) != 0)
            fail_msg("%s: %d, %s", lists[i].body, n, seen);
    }
}

static void only_persons_are_read(void **state)
{
    static const struct {
        const char *chat;
        int is_person;
        const char *phone, *lid;
    } chats[] = {
        { "6281100000031@c.us", 1, "6281100000031", "" },
        { "6281100000031@s.whatsapp.net", 1, "6281100000031", "" },
        { "100000000000077@lid", 1, "", "100000000000077@lid" },
        { "120363000000000000@g.us", 0, "", "" },
        { "status@broadcast", 0, "", "" },
        { "120363000000000000@newsletter", 0, "", "" },
        { "0@c.us", 0, "", "" },
        { "62811000000310000@c.us", 0, "", "" },
        { "6281100000031", 0, "", "" },
        { "", 0, "", "" },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(chats); i++) {
        char phone[20], lid[WAHA_CHAT_BYTES];
        assert_int_equal(waha_chat_person(chats[i].chat, phone, lid), chats[i].is_person);
        assert_string_equal(phone, chats[i].phone);
        assert_string_equal(lid, chats[i].lid);
    }
}

#define MESSAGE(mine, id, at)                                                                      \
    "{\"id\":\"" mine "_6281100000031@c.us_" id "\",\"timestamp\":" at                             \
    ",\"from\":\"6281100000031@c.us\",\"fromMe\":" mine ",\"body\":\"halo\"}"

/* Newest first in pages, oldest first for us; the same second stays in order. */
static void messages_come_out_oldest_first(void **state)
{
    static const char first[] =
        "[" MESSAGE("true", "E", "1500") "," MESSAGE("false", "D", "1400") ",{\"id\":7},null]";
    static const char second[] = "[" MESSAGE("false", "C", "1400") "," MESSAGE(
        "false", "B", "1300") "," MESSAGE("false", "A", "900") "]";
    struct waha_page pages[] = { { first, sizeof first - 1, 4 }, { second, sizeof second - 1, 3 } };
    struct waha_listed *list = NULL;
    (void)state;
    assert_int_equal(waha_count_items(first, sizeof first - 1), 4);
    assert_int_equal(waha_count_items("{}", 2), -1);
    assert_int_equal(waha_read_messages(pages, 2, 1000 * S, &list), 4);
    static const char order[] = "BCDE";
    for (int i = 0; i < 4; i++) {
        char id[12];
        snprintf(id, sizeof id, "c.us_%c\"", order[i]);
        assert_non_null(memmem(list[i].s, list[i].len, id, strlen(id)));
        assert_int_equal(list[i].mine, order[i] == 'E');
        assert_int_equal(list[i].kept, 1);
        assert_int_equal(list[i].order, order[i] == 'C'); /* D is of the same second */
    }
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule),
        cmocka_unit_test(what_we_send_meanwhile_answers_nothing),
        cmocka_unit_test(each_clock),
        cmocka_unit_test(chats_of_each_engine),
        cmocka_unit_test(only_persons_are_read),
        cmocka_unit_test(messages_come_out_oldest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
