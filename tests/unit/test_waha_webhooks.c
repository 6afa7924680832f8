/* test_waha_webhooks.c - the settings of a session's webhooks are mended: what is ours, and nothing
 * else. What is wrong with them is told in test_waha_parse.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/waha/json.c"
#include "../../plugins/waha/webhooks.c"

#define KEY "kunci-rahasia"
#define URL "http://bot:5000/webhook/waha"
#define ALL                                                                                        \
    "[\"message.any\",\"message.ack\",\"message.edited\",\"message.revoked\","                     \
    "\"message.reaction\",\"poll.vote\",\"session.status\"]"
#define HMAC    "\"hmac\":{\"key\":\"" KEY "\"}"
#define RETRIES "\"retries\":{\"policy\":\"linear\",\"delaySeconds\":2,\"attempts\":15}"
#define GOOD    "{\"url\":\"" URL "\",\"events\":" ALL "," HMAC "," RETRIES "}"
#define FOREIGN                                                                                    \
    "{\"url\":\"https://u:sandi@crm.example/in?token=7\",\"events\":[\"message\",\"x\"],"          \
    "\"hmac\":{\"key\":\"milik-crm\",\"more\":[1,{}]},\"retries\":null,\"customHeaders\":"         \
    "[{\"name\":\"A\",\"value\":\"b\"}]}"
#define SESSION(config) "{\"name\":\"toko\",\"status\":\"WORKING\",\"config\":" config "}"
#define HOOKS(list)     SESSION("{\"webhooks\":[" list "]}")
#define BODY(list)      "{\"config\":{\"webhooks\":[" list "]}}"

static int mend(const char *answer, const char *url, char *out, size_t cap, char **body)
{
    char session[] = "toko", where[200];
    snprintf(where, sizeof where, "%s", url);
    struct waha_account a = { .session = session, .webhook_url = where };
    struct bot_result r = { .http_status = 200, .body = answer, .body_len = strlen(answer) };
    int verdict = waha_mend_webhooks(&r, &a, KEY, out, cap, body);
    assert_int_equal(verdict > 0, *body != NULL);
    assert_null(strstr(out, KEY));
    assert_null(strstr(out, "sandi"));
    assert_true(verdict == 0 || strlen(out) > 20);
    return verdict;
}

static void what_is_ours_is_mended_and_nothing_else(void **state)
{
    static const struct {
        const char *answer, *url, *body, *says;
        int verdict;
    } cases[] = {
        { HOOKS(GOOD), "", NULL, "", 0 },
        { HOOKS(FOREIGN "," GOOD), URL, NULL, "", 0 },
        { HOOKS(FOREIGN ",{\"url\":\"" URL "\",\"events\":[\"message.any\"]," HMAC "," RETRIES "}"),
          "", BODY(FOREIGN "," GOOD),
          "session 'toko': webhook " URL ": add the events message.ack, message.edited, "
          "message.revoked, message.reaction, poll.vote, session.status. The session restarts",
          1 },
        { HOOKS("{\"url\":\"" URL
                "\",\"events\":[\"*\"],\"hmac\":{\"x\":1,\"key\":\"lain\"}," RETRIES "}"),
          "",
          BODY("{\"url\":\"" URL "\",\"events\":[\"*\"],\"hmac\":{\"x\":1,\"key\":\"" KEY
               "\"}," RETRIES "}"),
          "instead of another key", 1 },
        { HOOKS("{\"url\":\"http://u:sandi@bot/webhook/waha?x-api-key=sandi\",\"events\":" ALL
                "," HMAC ",\"retries\":{}}"),
          "", NULL, "", 0 }, /* retries of any kind are somebody's will */
        { HOOKS("{\"url\":\"http://u:sandi@bot/webhook/waha?k=sandi\",\"events\":" ALL "," HMAC
                ",\"retries\":7}"),
          "",
          BODY("{\"url\":\"http://u:sandi@bot/webhook/waha?k=sandi\",\"events\":" ALL "," HMAC
               "," RETRIES "}"),
          "webhook bot/webhook/waha: keep trying", 1 },
        { HOOKS("{\"url\":\"" URL "\",\"events\":[\"message\",\"message.ack\",\"message.edited\","
                "\"message.revoked\",\"message.reaction\",\"poll.vote\",\"session.status\"]," HMAC
                "," RETRIES "}"),
          "", NULL, "", 0 }, /* "message" will do for "message.any" */
        { HOOKS(FOREIGN), URL, BODY(FOREIGN "," GOOD), "both send", 1 },
        { SESSION("null"), URL, BODY(GOOD), "add the webhook " URL, 1 },
        { SESSION("{\"a\":1.10,\"b\":18446744073709551615,\"c\":\"\\u0000/\\\"\",\"d\":[[],{}],"
                  "\"e\":null,\"webhooks\":null}"),
          URL,
          "{\"config\":{\"a\":1.10,\"b\":18446744073709551615,\"c\":\"\\u0000/\\\"\",\"d\":[[],{}],"
          "\"e\":null,\"webhooks\":[" GOOD "]}}",
          "add the webhook", 1 },
        { "{\"name\":\"toko\",\"status\":\"STOPPED\"}", URL, BODY(GOOD), "both send", 1 },
        { HOOKS(FOREIGN), "", NULL, "has no webhook of its own for the bot: set webhook_url", -1 },
        { HOOKS(""), "http://bot:5000", NULL, "webhook_url does not end in /webhook/waha", -1 },
        { HOOKS(GOOD ",{\"url\":\"http://b/webhook/waha\"}"), "", NULL, "2 webhooks lead", -1 },
        { HOOKS("{\"url\":\"http://b/webhook/waha\"}," GOOD), URL, NULL, "", 0 },
        { SESSION("[]"), URL, NULL, "in a way that is not known", -1 },
        { SESSION("{\"webhooks\":{}}"), URL, NULL, "in a way that is not known", -1 },
        { "{\"config\":{}}", URL, NULL, "something else than WAHA", -1 },
        { "[]", URL, NULL, "something else than WAHA", -1 },
        { "", URL, NULL, "something else than WAHA", -1 },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        char line[1024] = "", *body = NULL;
        int verdict = mend(cases[i].answer, cases[i].url, line, sizeof line, &body);
        if (verdict != cases[i].verdict) fail_msg("%zu: %d, \"%s\"", i, verdict, line);
        if (!strstr(line, cases[i].says)) fail_msg("%zu: \"%s\"", i, line);
        if (cases[i].body) assert_string_equal(body, cases[i].body);
        free(body);
    }
}

static void a_stopped_session_is_not_said_to_restart(void **state)
{
    char line[1024], *body = NULL;
    (void)state;
    assert_int_equal(mend("{\"status\":\"STOPPED\"}", URL, line, sizeof line, &body), 1);
    assert_null(strstr(line, "restarts"));
    free(body);
}

/* Whatever is in our webhook: after it has been mended once there is nothing left to mend, and the
 * foreign one is as it was. */
static void mended_once_is_mended(void **state)
{
    static const char *const wrong[] = {
        "null", "true", "7",           "\"\"",        "\"x\"",
        "[]",   "{}",   "[7,null,{}]", "{\"key\":7}", "[\"message.any\",\"*\"]"
    };
    static const char *const keys[] = { "events", "hmac", "retries", "customHeaders", "other" };
    (void)state;
    for (size_t k = 0; k < BOT_COUNT(keys); k++)
        for (size_t i = 0; i < BOT_COUNT(wrong); i++) {
            char answer[2000], again[4000], line[1024], *body = NULL;
            snprintf(answer, sizeof answer,
                     HOOKS(FOREIGN ",{\"url\":\"" URL "\",\"events\":" ALL ",\"%s\":%s}"), keys[k],
                     wrong[i]);
            assert_int_equal(mend(answer, "", line, sizeof line, &body), 1);
            assert_non_null(strstr(body, FOREIGN));
            snprintf(again, sizeof again, "{\"status\":\"WORKING\",%s", body + 1);
            free(body);
            if (mend(again, "", line, sizeof line, &body) != 0)
                fail_msg("%s %s: %s", keys[k], wrong[i], line);
        }
}

static void a_short_buffer_is_not_overrun(void **state)
{
    (void)state;
    for (size_t cap = 1; cap < 400; cap++) {
        char *line = malloc(cap), *body = NULL;
        char session[] = "toko", url[] = URL;
        struct waha_account a = { .session = session, .webhook_url = url };
        struct bot_result r = { .body = HOOKS(FOREIGN), .body_len = strlen(HOOKS(FOREIGN)) };
        assert_non_null(line);
        assert_int_equal(waha_mend_webhooks(&r, &a, KEY, line, cap, &body), 1);
        assert_true(strlen(line) < cap);
        free(line);
        free(body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_ours_is_mended_and_nothing_else),
        cmocka_unit_test(a_stopped_session_is_not_said_to_restart),
        cmocka_unit_test(mended_once_is_mended),
        cmocka_unit_test(a_short_buffer_is_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
