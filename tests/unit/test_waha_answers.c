/* test_waha_answers.c - what plugins/waha/answer.c makes of each answer that WAHA is known to give:
 * the samples of the contract, when they lie beside the repository (a sample without a row fails),
 * the errors of its guide as literals, and all of these with one field wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/waha/json.c"
#include "../../plugins/waha/escape.c"
#include "../../plugins/waha/answer.c"

#define CONTRACT "../shared/contracts/waha"
#define SEND_ID  "BBBBBBBBBBBBBBBBB" /* that is looked up */
#define SECRET   "RAHASIA"           /* in what our requests said, which a 500 echoes */

/* ---- the judges, all of one shape ------------------------------------------------------------ */

/* `said` is what a judge tells besides its verdict: an id, a number, a word. */
typedef int judge_fn(const struct bot_result *r, char said[WAHA_ID_BYTES]);

static int by_send(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    const char *reason = NULL;
    int outcome = waha_judge_send(r, said, &reason);
    assert_non_null(reason);
    assert_int_equal(reason[0] == '\0', outcome == BOT_SENT);
    assert_null(strstr(reason, SECRET));
    assert_true(outcome == BOT_SENT || said[0] == '\0');
    return outcome;
}

static int by_lookup(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    said[0] = '\0';
    return waha_judge_lookup(r, SEND_ID);
}

static int by_list(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    return waha_judge_list(r, "Halo", 0, said);
}

static int by_session(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    int state = waha_judge_session(r, said);
    assert_null(strstr(said, SECRET));
    return state;
}

static int by_tells(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    said[0] = '\0';
    return waha_tells_session(r);
}

static int by_id(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    return waha_answer_id(r->body, r->body_len, said);
}

static int by_phone(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    return waha_answer_phone(r, said);
}

static int by_own(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    return waha_answer_own_number(r, said);
}

static int by_code(const struct bot_result *r, char said[WAHA_ID_BYTES])
{
    return waha_answer_code(r, said);
}

static struct bot_result answered(int http, const char *body, size_t len)
{
    return (struct bot_result){ .size = sizeof(struct bot_result),
                                .status = BOT_OK,
                                .http_status = http,
                                .sent = 1,
                                .body = body,
                                .body_len = len,
                                .error = "" };
}

/* What is expected of one judge. `said` of "@pn" or "@me": the digits of that id in the body. */
static void expect(const char *what, judge_fn *judge, const struct bot_result *r, int verdict,
                   const char *said)
{
    char got[WAHA_ID_BYTES] = "?", wanted[WAHA_ID_BYTES];
    snprintf(wanted, sizeof wanted, "%s", said);
    if (said[0] == '@') {
        struct json_object *o = read_json(r->body, r->body_len);
        const char *id =
            said[1] == 'p' ? json_text(o, "pn") : json_text(json_member(o, "me"), "id");
        assert_non_null(id);
        snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(id, "@"), id);
        json_object_put(o);
    }
    int rc = judge(r, got);
    if (rc != verdict) fail_msg("%s: judged %d, not %d", what, rc, verdict);
    if (strcmp(got, wanted) != 0) fail_msg("%s: told \"%s\", not \"%s\"", what, got, wanted);
}

/* ---- errors: every judge has to say something of each ---------------------------------------- */

struct error_row {
    const char *what; /* of the contract: its file */
    int http;
    const char *body;
    int send, lookup, list;
    const char *session; /* what is said of the session, which is never well */
    int tells;
};

/* The operator is told what to look at: the key, its rights, the session, not the address. */
static void expect_reason(const char *what, const struct bot_result *r)
{
    static const int told[] = { 401, 403, 422 };
    char id[WAHA_ID_BYTES], number[8];
    const char *reason;
    waha_judge_send(r, id, &reason);
    for (size_t i = 0; i < BOT_COUNT(told); i++) {
        snprintf(number, sizeof number, "(%d)", told[i]);
        if ((r->http_status == told[i]) != (strstr(reason, number) != NULL))
            fail_msg("%s: \"%s\"", what, reason);
    }
}

static void expect_error(const struct error_row *e, const struct bot_result *r)
{
    expect(e->what, by_send, r, e->send, "");
    expect_reason(e->what, r);
    expect(e->what, by_lookup, r, e->lookup, "");
    expect(e->what, by_list, r, e->list, "");
    expect(e->what, by_session, r, BOT_SESSION_DISCONNECTED, e->session);
    expect(e->what, by_tells, r, e->tells, "");
    expect(e->what, by_phone, r, 0, "");
    expect(e->what, by_own, r, 0, "");
    expect(e->what, by_code, r, 0, "");
}

#define EXCEPTION(message)                                                                         \
    "{\"statusCode\":500,\"timestamp\":\"2026-07-25T09:20:00.000Z\",\"exception\":{\"message\":"   \
    "\"" message "\",\"code\":2,\"details\":\"" message "\",\"metadata\":{},\"name\":\"Error\","   \
    "\"stack\":\"Error: " message "\"},\"request\":{\"path\":\"/api/sendText\",\"method\":"        \
    "\"POST\",\"body\":{\"session\":\"default\",\"text\":\"" SECRET " error 463 no LID found\"},"  \
    "\"query\":{}},\"version\":{\"version\":\"2026.7.1\",\"worker\":{\"id\":null}}}"
#define NEST(status, message, error)                                                               \
    "{\"message\":\"" message "\",\"error\":\"" error "\",\"statusCode\":" #status "}"

/* The guide's sections 1 and 2. */
static const struct error_row errors[] = {
    { "GOWS: no WhatsApp", 500,
      EXCEPTION("2 UNKNOWN: no LID found for 6281100000099@s.whatsapp.net from server"),
      BOT_SEND_REFUSED, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "WEBJS: no WhatsApp", 500, EXCEPTION("Lid is missing in chat table"), BOT_SEND_REFUSED,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "WEBJS: no WhatsApp, newer", 500, EXCEPTION("No LID for user"), BOT_SEND_REFUSED,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "463", 500, EXCEPTION("2 UNKNOWN: server returned error 463"), BOT_SEND_NO_NEW_CHATS,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "475", 500, EXCEPTION("2 UNKNOWN: server returned error 475"), BOT_SEND_NO_NEW_CHATS,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "500 whose echo alone has the words", 500, EXCEPTION("Session closed"), BOT_SEND_RETRY,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "500: no such message", 500, EXCEPTION("sql: no rows in result set"), BOT_SEND_RETRY,
      BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "422 with statusCode", 422,
      NEST(422, "Session 'default' already exists. Use PUT to update it.", "Unprocessable Entity"),
      BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 422", 0 },
    { "422 without statusCode", 422,
      "{\"error\":\"Session status is not as expected. Try again later or restart the session\","
      "\"session\":\"default\",\"status\":\"SCAN_QR_CODE\",\"expected\":[\"WORKING\"]}",
      BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 422", 0 },
    { "422 no session", 422,
      "{\"error\":\"Session \\\"x\\\" does not exist\",\"session\":\"x\",\"status\":\"WORKING\"}",
      BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 422", 0 },
    { "404 no session", 404, NEST(404, "Session not found", "Not Found"), BOT_SEND_HOLD,
      BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_UNKNOWN, "WAHA answers 404", 1 },
    { "404 no route", 404, NEST(404, "Cannot GET /api/sessions/default/auth/qr", "Not Found"),
      BOT_SEND_HOLD, BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_UNKNOWN, "WAHA answers 404", 0 },
    { "404 me", 404,
      NEST(404, "We didn't find a session with name 'default'.\\nPlease start it first",
           "Not Found"),
      BOT_SEND_HOLD, BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_UNKNOWN, "WAHA answers 404", 0 },
    { "404 media", 404,
      "{\"error\":{\"code\":404,\"key\":\"FILE_NOT_FOUND\",\"message\":\"File not found\","
      "\"details\":\"File not found or no longer available\"}}",
      BOT_SEND_HOLD, BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_UNKNOWN, "WAHA answers 404", 0 },
    { "501", 501, NEST(501, "The method is not implemented by 'GOWS' engine.", "Not Implemented"),
      BOT_SEND_REFUSED, BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_UNKNOWN, "WAHA answers 501", 0 },
    { "401", 401, "{\"message\":\"Unauthorized\",\"statusCode\":401}", BOT_SEND_HOLD,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 401", 0 },
    { "403", 403, "{\"message\":\"Forbidden\",\"statusCode\":403}", BOT_SEND_HOLD,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 403", 0 },
    { "400", 400, NEST(400, "Session name is required", "Bad Request"), BOT_SEND_REFUSED,
      BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_UNKNOWN, "WAHA answers 400", 0 },
    { "a proxy's 502", 502, "<html><body><h1>Bad Gateway</h1></body></html>", BOT_SEND_UNKNOWN,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 502", 0 },
    { "a proxy's 504", 504, "<html>", BOT_SEND_UNKNOWN, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 504", 0 },
    { "a proxy's 503", 503, "<html>", BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 503", 0 },
    { "a proxy's 500", 500, "<html>no LID found</html>", BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "a proxy's 404", 404, "<html>Session not found</html>", BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 404", 0 },
    { "a proxy's 400", 400, "<html>plain HTTP to an HTTPS port</html>", BOT_SEND_HOLD,
      BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_UNKNOWN, "WAHA answers 400", 0 },
    { "a proxy's 200", 200, "<html>welcome</html>", BOT_SEND_UNKNOWN, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "not WAHA: is base_url right?", 0 },
    { "truncated 201", 201, "{\"id\":\"true_6281100000011@c.us_3EB0", BOT_SEND_UNKNOWN,
      BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 201", 0 },
    { "truncated 500", 500, "{\"statusCode\":500,\"exception\":{\"message\":\"no LID found",
      BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "truncated 404", 404, "{\"message\":\"Session not found\"", BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 404", 0 },
    { "empty 201", 201, "", BOT_SEND_UNKNOWN, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 201", 0 },
    { "empty 200", 200, "", BOT_SEND_UNKNOWN, BOT_RESOLVED_NOT_SENT, BOT_RESOLVED_LATER,
      "not WAHA: is base_url right?", 0 },
    { "empty 500", 500, "", BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 500", 0 },
    { "empty 404", 404, "", BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 404", 0 },
    { "empty 429", 429, "", BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 429", 0 },
    { "a redirect", 302, "", BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 302", 0 },
};

static void every_error_of_the_guide_has_its_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(errors); i++) {
        struct bot_result r = answered(errors[i].http, errors[i].body, strlen(errors[i].body));
        expect_error(&errors[i], &r);
    }
}

/* ---- the contract's samples ------------------------------------------------------------------ */

/* The status and the body are the file's. */
static const struct error_row error_files[] = {
    { "error-400-missing-session.json", 400, NULL, BOT_SEND_REFUSED, BOT_RESOLVED_NOT_SENT,
      BOT_RESOLVED_UNKNOWN, "WAHA answers 400", 0 },
    { "error-401-bad-or-missing-key.json", 401, NULL, BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 401", 0 },
    { "error-403-scoped-key.json", 403, NULL, BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 403", 0 },
    { "error-404-me-session-not-running.json", 404, NULL, BOT_SEND_HOLD, BOT_RESOLVED_NOT_SENT,
      BOT_RESOLVED_UNKNOWN, "WAHA answers 404", 0 },
    { "error-404-session-not-found.json", 404, NULL, BOT_SEND_HOLD, BOT_RESOLVED_NOT_SENT,
      BOT_RESOLVED_UNKNOWN, "WAHA answers 404", 1 },
    { "error-404-unknown-route.json", 404, NULL, BOT_SEND_HOLD, BOT_RESOLVED_NOT_SENT,
      BOT_RESOLVED_UNKNOWN, "WAHA answers 404", 0 },
    { "error-422-lid-format.json", 422, NULL, BOT_SEND_HOLD, BOT_RESOLVED_LATER, BOT_RESOLVED_LATER,
      "WAHA answers 422", 0 },
    { "error-422-qr-not-expected.json", 422, NULL, BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 422", 0 },
    { "error-422-session-already-exists.json", 422, NULL, BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 422", 0 },
    { "error-422-session-already-started.json", 422, NULL, BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 422", 0 },
    { "error-422-session-does-not-exist.json", 422, NULL, BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 422", 0 },
    { "error-422-session-not-working.json", 422, NULL, BOT_SEND_HOLD, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 422", 0 },
    { "error-500-bad-reply-to.json", 500, NULL, BOT_SEND_RETRY, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "error-500-lid-missing-webjs.json", 500, NULL, BOT_SEND_REFUSED, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "error-500-no-lid-for-user-webjs.json", 500, NULL, BOT_SEND_REFUSED, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "error-500-no-lid-gows.json", 500, NULL, BOT_SEND_REFUSED, BOT_RESOLVED_LATER,
      BOT_RESOLVED_LATER, "WAHA answers 500", 0 },
    { "error-501-not-implemented.json", 501, NULL, BOT_SEND_REFUSED, BOT_RESOLVED_NOT_SENT,
      BOT_RESOLVED_UNKNOWN, "WAHA answers 501", 0 },
};

/* What is no error concerns one or two judges. Where it concerns none, the row says that it is not
 * mistaken for what they look for. */
static const struct {
    const char *file;
    judge_fn *judge;
    int verdict;
    const char *said;
} good_files[] = {
    { "sendText-noweb.json", by_send, BOT_SENT, "3EB00000000000000B0001" },
    { "sendText-gows.json", by_send, BOT_SENT, "3EB00000000000000B0002" },
    { "sendText-webjs.json", by_send, BOT_SENT, "3EB00000000000000B0003" },
    { "new-message-id.json", by_id, 1, SEND_ID },
    { "new-message-id.json", by_lookup, BOT_RESOLVED_SENT, "" },
    { "lid-found.json", by_phone, 1, "@pn" },
    { "lid-unknown.json", by_phone, 0, "" },
    { "pn-to-lid-found.json", by_phone, 1, "@pn" },
    { "pn-to-lid-unknown.json", by_phone, 1, "@pn" },
    { "lids-list.json", by_phone, 0, "" },
    { "auth-request-code.json", by_code, 1, "ABCD-ABCD" },
    { "auth-qr-base64.json", by_code, 0, "" },
    { "auth-qr-raw.json", by_code, 0, "" },
    { "session-get-working.json", by_session, BOT_SESSION_CONNECTED, "WORKING" },
    { "session-get-working.json", by_own, 1, "@me" },
    { "session-get-working.json", by_tells, 1, "" },
    { "session-get-working-gows.json", by_session, BOT_SESSION_CONNECTED, "WORKING" },
    { "session-get-working-gows.json", by_own, 1, "@me" },
    { "session-get-working-gows.json", by_tells, 1, "" },
    { "session-get-scan-qr-code.json", by_session, BOT_SESSION_QR, "SCAN_QR_CODE" },
    { "session-get-scan-qr-code.json", by_own, 0, "" },
    { "session-get-scan-qr-code.json", by_tells, 1, "" },
    { "session-get-failed.json", by_session, BOT_SESSION_DISCONNECTED, "FAILED" },
    { "session-get-failed.json", by_own, 0, "" },
    { "session-get-failed.json", by_tells, 1, "" },
    { "session-create.json", by_session, BOT_SESSION_DISCONNECTED, "WAHA answers 201" },
    { "session-create.json", by_tells, 0, "" },
    { "session-me.json", by_own, 0, "" }, /* its own number is in "id", which nobody asks for */
    { "session-me.json", by_tells, 0, "" },
    { "sessions-list.json", by_tells, 0, "" },
    { "sessions-list.json", by_session, BOT_SESSION_DISCONNECTED, "not WAHA: is base_url right?" },
    { "sessions-list.json", by_list, BOT_RESOLVED_NOT_SENT, "" },
    { "sendSeen-without-ids.json", by_id, 0, "" },
    { "startTyping.json", by_id, 0, "" },
    { "check-exists-yes.json", by_phone, 0, "" },
    { "check-exists-no.json", by_phone, 0, "" },
    { "ping.json", by_tells, 0, "" },
    { "ping.json", by_session, BOT_SESSION_DISCONNECTED, "not WAHA: is base_url right?" },
    { "server-status.json", by_tells, 0, "" },
    { "server-version.json", by_tells, 0, "" },
    { "server-version.json", by_lookup, BOT_RESOLVED_LATER, "" },
};

static unsigned char error_seen[BOT_COUNT(error_files)], good_seen[BOT_COUNT(good_files)];

static int check_error_file(const char *file, const struct bot_result *r)
{
    for (size_t i = 0; i < BOT_COUNT(error_files); i++) {
        if (strcmp(error_files[i].what, file) != 0) continue;
        if (error_files[i].http != r->http_status) fail_msg("%s: %d", file, (int)r->http_status);
        expect_error(&error_files[i], r);
        error_seen[i] = 1;
        return 1;
    }
    return 0;
}

static void check_file(const char *file, const struct bot_result *r)
{
    int rows = check_error_file(file, r);
    for (size_t i = 0; i < BOT_COUNT(good_files); i++) {
        if (strcmp(good_files[i].file, file) != 0) continue;
        expect(file, good_files[i].judge, r, good_files[i].verdict, good_files[i].said);
        good_seen[i] = 1;
        rows++;
    }
    if (!rows) fail_msg("%s has no row in this test", file);
}

/* Calls fn with each sample; how many there are, -1: the folder is not there. */
static int each_file(void (*fn)(const char *file, const struct bot_result *r))
{
    const char *root = getenv("TOKOBOT_CONTRACTS");
    char folder[512], path[1024];
    snprintf(folder, sizeof folder, "%s/http", root ? root : CONTRACT);
    DIR *dir = opendir(folder);
    if (!dir) return -1;
    int count = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        struct json_object *o = json_object_from_file(path);
        struct json_object *response = json_member(o, "response");
        if (!response) fail_msg("%s: not a sample", e->d_name);
        const char *body =
            json_object_to_json_string_ext(json_member(response, "body"), JSON_C_TO_STRING_PLAIN);
        struct bot_result r =
            answered(json_object_get_int(json_member(response, "status")), body, strlen(body));
        fn(e->d_name, &r);
        json_object_put(o);
        count++;
    }
    closedir(dir);
    return count;
}

static void every_sample_of_the_contract_has_its_outcome(void **state)
{
    (void)state;
    int count = each_file(check_file);
    if (count < 0) {
        print_message("no contract samples here: skipped\n");
        skip();
    }
    assert_true(count > 40);
    for (size_t i = 0; i < BOT_COUNT(error_files); i++)
        if (!error_seen[i]) fail_msg("there is no sample %s", error_files[i].what);
    for (size_t i = 0; i < BOT_COUNT(good_files); i++)
        if (!good_seen[i]) fail_msg("there is no sample %s", good_files[i].file);
}

/* ---- errors with one field wrong ------------------------------------------------------------- */

static struct {
    const char *what;
    int http, count;
    struct json_object *root;
} mutating;

/* Whatever an error says: nothing of ours went out, no session works, nobody has a number. */
static void judge_mutant(const char *text, size_t len)
{
    char said[WAHA_ID_BYTES];
    char *copy = malloc(len + 1); /* of its very size, so that a sanitizer sees a byte too far */
    assert_non_null(copy);
    memcpy(copy, text, len);
    copy[len] = '\0';
    struct bot_result r = answered(mutating.http, copy, len);
    int is_wrong = by_send(&r, said) == BOT_SENT || by_lookup(&r, said) == BOT_RESOLVED_SENT ||
                   by_list(&r, said) == BOT_RESOLVED_SENT ||
                   by_session(&r, said) != BOT_SESSION_DISCONNECTED || by_phone(&r, said) ||
                   by_own(&r, said) || by_code(&r, said);
    by_tells(&r, said);
    by_id(&r, said);
    if (is_wrong) fail_msg("%s: taken for a success: %s", mutating.what, copy);
    free(copy);
    mutating.count++;
}

static void judge_tree(void)
{
    const char *text = json_object_to_json_string_ext(mutating.root, JSON_C_TO_STRING_PLAIN);
    judge_mutant(text, strlen(text));
}

/* The member twice: the second one wrong, then the first one. */
static void double_member(struct json_object *o, const char *key)
{
    static const char mark[] = "\"a member to be doubled\"";
    struct json_object *was = json_object_get(json_object_object_get(o, key));
    for (int first = 0; first < 2; first++) {
        json_object_object_add(o, "a member to be doubled", first ? json_object_get(was) : NULL);
        if (first) json_object_object_add(o, key, json_object_new_int(7));
        const char *text = json_object_to_json_string_ext(mutating.root, JSON_C_TO_STRING_PLAIN);
        const char *at = strstr(text, mark);
        char *doubled = malloc(strlen(text) + strlen(key) + 3);
        assert_non_null(at);
        assert_non_null(doubled);
        sprintf(doubled, "%.*s\"%s\"%s", (int)(at - text), text, key, at + sizeof mark - 1);
        judge_mutant(doubled, strlen(doubled));
        free(doubled);
        json_object_object_del(o, "a member to be doubled");
    }
    json_object_object_add(o, key, was);
}

static void mutate_members(struct json_object *o);

static void mutate_member(struct json_object *o, const char *key)
{
    static const char *const wrong[] = { "null",
                                         "true",
                                         "7",
                                         "-1.5e300",
                                         "\"\"",
                                         "\"WORKING\"",
                                         "[]",
                                         "{}",
                                         "[{\"id\":\"true_a_" SEND_ID "\"}]",
                                         "{\"id\":\"true_a_" SEND_ID "\"}",
                                         "\"true_6281100000099@c.us_" SEND_ID "\"",
                                         "\"\\ud800\\u0000\\\\\"" };
    struct json_object *was = json_object_get(json_object_object_get(o, key));
    double_member(o, key);
    for (size_t i = 0; i < BOT_COUNT(wrong); i++) {
        json_object_object_add(o, key, json_tokener_parse(wrong[i]));
        judge_tree();
    }
    json_object_object_del(o, key);
    judge_tree();
    json_object_object_add(o, key, was);
    mutate_members(was);
}

static void mutate_members(struct json_object *o)
{
    char *keys[64];
    size_t n = 0;
    if (!o || !json_object_is_type(o, json_type_object)) return;
    struct json_object_iterator at = json_object_iter_begin(o), end = json_object_iter_end(o);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        assert_true(n < BOT_COUNT(keys));
        keys[n++] = strdup(json_object_iter_peek_name(&at));
    }
    for (size_t i = 0; i < n; i++) {
        mutate_member(o, keys[i]);
        free(keys[i]);
    }
}

static void mutate(const char *what, const struct bot_result *r)
{
    static const char *const roots[] = { "null", "true", "7", "\"x\"", "[]", "[[]]", "{}" };
    if (r->http_status < 400) return;
    mutating.what = what;
    mutating.http = r->http_status;
    for (size_t n = 0; n < r->body_len; n++) judge_mutant(r->body, n); /* cut off anywhere */
    for (size_t i = 0; i < BOT_COUNT(roots); i++) judge_mutant(roots[i], strlen(roots[i]));
    mutating.root = read_json(r->body, r->body_len);
    mutate_members(mutating.root);
    json_object_put(mutating.root);
}

static void an_error_with_one_wrong_field_is_no_success(void **state)
{
    (void)state;
    mutating.count = 0;
    for (size_t i = 0; i < BOT_COUNT(errors); i++) {
        struct bot_result r = answered(errors[i].http, errors[i].body, strlen(errors[i].body));
        mutate(errors[i].what, &r);
    }
    each_file(mutate);
    assert_true(mutating.count > 3000);
    print_message("%d errors with one wrong field\n", mutating.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_of_the_guide_has_its_outcome),
        cmocka_unit_test(every_sample_of_the_contract_has_its_outcome),
        cmocka_unit_test(an_error_with_one_wrong_field_is_no_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
