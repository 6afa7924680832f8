/* SPDX-License-Identifier: MIT
 * test_store_register.c - /daftar_toko against a host made of a few functions: which e-mails are
 * taken, where the password goes, and what a restart in the middle of hashing asks again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../../plugins/super-admin/store_create.c"
#include "../../plugins/super-admin/store_register.c"

static struct {
    const char *name, *email, *password; /* the slots */
    int status;
    char resume[1024], data[1024];
    size_t resume_len, data_len;
    char input[256];
    bot_done_fn *done;
    const char *said; /* the last text key */
    char dialog[400]; /* "name=value " of the slots a dialog was started with */
    const char *hash; /* that a store was created with */
    int64_t create_answer, apply_answer, pending_count;
    int is_customer, is_open; /* not a super admin; open_registration */
    int has_pending;          /* a store of the writer's waits */
    int dialogs;
} host;

static const char *fake_field(struct bot_ctx *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "slot.name") == 0    ? host.name
           : strcmp(name, "slot.email") == 0 ? host.email
                                             : host.password;
}
static int fake_status(struct bot_ctx *ctx)
{
    (void)ctx;
    return host.status;
}
static const void *fake_resume(struct bot_ctx *ctx, size_t *len)
{
    (void)ctx;
    *len = host.resume_len;
    return host.resume_len ? host.resume : NULL;
}
static const char *fake_text(struct bot_ctx *ctx, const char *key, const struct bot_arg *args,
                             size_t n)
{
    (void)ctx, (void)args, (void)n;
    return host.said = key;
}
static int fake_reply(struct bot_ctx *ctx, const char *text)
{
    (void)ctx, (void)text;
    return BOT_OK;
}
static int fake_dialog_start(struct bot_ctx *ctx, const char *name, const struct bot_arg *args,
                             size_t n)
{
    (void)ctx;
    host.dialogs++;
    strcpy(host.dialog, name);
    for (size_t i = 0; i < n; i++) {
        strcat(strcat(strcat(host.dialog, " "), args[i].name), "=");
        strncat(host.dialog, args[i].data, args[i].len);
    }
    return BOT_OK;
}
static int64_t fake_work(struct bot_ctx *ctx, const struct bot_work *work, const void *input,
                         size_t input_len, bot_done_fn *done, const void *data, size_t len)
{
    (void)ctx;
    assert_ptr_equal(work->run, password_hash);
    assert_true(work->out_cap >= crypto_pwhash_STRBYTES);
    memcpy(host.input, input, input_len);
    memcpy(host.data, data, len);
    host.data_len = len;
    host.done = done;
    return 1;
}
static int fake_later(struct bot_ctx *ctx, int64_t deadline_ms, const void *blob, size_t len)
{
    (void)ctx, (void)deadline_ms;
    memcpy(host.resume, blob, len);
    host.resume_len = len;
    return BOT_LATER;
}
static void *fake_alloc(struct bot_ctx *ctx, size_t bytes)
{
    static char memory[4096];
    (void)ctx;
    assert_true(bytes <= sizeof memory);
    return memset(memory, 0, bytes);
}
static int fake_audit(struct bot_ctx *ctx, const char *action, const char *detail)
{
    (void)ctx, (void)action, (void)detail;
    return BOT_OK;
}

static int64_t fake_create(struct bot_ctx *ctx, const struct bot_new_store *store)
{
    (void)ctx;
    host.hash = store->password_hash;
    return host.create_answer;
}
static int fake_get(struct bot_ctx *ctx, int64_t id, struct bot_store *out)
{
    (void)ctx;
    out->id = id;
    out->name = "Toko Maju";
    out->code = "MAJU7";
    return BOT_OK;
}
static int fake_email_taken(struct bot_ctx *ctx, const char *email)
{
    (void)ctx;
    return strcmp(email, "ada@contoh.com") == 0;
}

static int fake_name_check(struct bot_ctx *ctx, int64_t store, const char *name, const char **clean)
{
    (void)ctx;
    assert_int_equal(store, 0);
    *clean = name;
    return BOT_NAME_GOOD;
}

struct bot_store *stores_page(struct bot_ctx *ctx, size_t count)
{
    static struct bot_store page[64];
    (void)ctx;
    assert_true(count <= BOT_COUNT(page));
    return page;
}
static int64_t fake_number(struct bot_ctx *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "role") != 0 ? 0 : host.is_customer ? BOT_CUSTOMER : BOT_SUPER;
}
static int64_t fake_config_int(struct bot_plugin *self, const char *key)
{
    (void)self;
    assert_string_equal(key, "open_registration");
    return host.is_open;
}
static struct bot_plugin *fake_self(struct bot_ctx *ctx)
{
    (void)ctx;
    return NULL;
}

static int64_t fake_apply(struct bot_ctx *ctx, const struct bot_new_store *store)
{
    (void)ctx;
    host.hash = store->password_hash;
    return host.apply_answer;
}
static int fake_managed(struct bot_ctx *ctx, struct bot_store *out, size_t cap)
{
    (void)ctx, (void)cap;
    if (!host.has_pending) return 0;
    out->id = 1;
    out->name = "Toko Maju";
    out->code = "MAJU7";
    out->state = BOT_STORE_PENDING;
    return 1;
}
static int64_t fake_count(struct bot_ctx *ctx, int state)
{
    (void)ctx;
    assert_int_equal(state, BOT_STORE_PENDING);
    return host.pending_count;
}

static const struct bot_stores stores = {
    .size = sizeof stores,
    .create = fake_create,
    .get = fake_get,
    .email_taken = fake_email_taken,
    .apply = fake_apply,
    .managed = fake_managed,
    .count = fake_count,
    .name_check = fake_name_check,
};
const struct bot_stores *stores_of(struct bot_ctx *ctx)
{
    (void)ctx;
    return &stores;
}

static const struct bot_api api = {
    .size = sizeof api,
    .field = fake_field,
    .status = fake_status,
    .resume = fake_resume,
    .text = fake_text,
    .reply = fake_reply,
    .dialog_start = fake_dialog_start,
    .work = fake_work,
    .later = fake_later,
    .alloc = fake_alloc,
    .audit = fake_audit,
    .number = fake_number,
    .config_int = fake_config_int,
    .self = fake_self,
};
static struct bot_ctx ctx = { &api, NULL };

static int fresh_host(void **state)
{
    (void)state;
    memset(&host, 0, sizeof host);
    host.name = "Toko Maju";
    host.email = "budi@contoh.com";
    host.password = "rahasia-sekali";
    host.create_answer = 1;
    return 0;
}

static int has_bytes(const char *in, size_t len, const char *wanted)
{
    size_t n = strlen(wanted);
    for (size_t i = 0; i + n <= len; i++)
        if (memcmp(in + i, wanted, n) == 0) return 1;
    return 0;
}

static void the_password_goes_to_the_hash_and_nowhere_else(void **state)
{
    (void)state;
    assert_int_equal(register_done(&ctx), BOT_LATER);
    assert_string_equal(host.input, "rahasia-sekali");
    assert_false(has_bytes(host.resume, host.resume_len, "rahasia"));
    assert_false(has_bytes(host.data, host.data_len, "rahasia"));

    char hash[crypto_pwhash_STRBYTES];
    int64_t len = password_hash(host.input, strlen(host.input), hash, sizeof hash);
    assert_true(len > 0);
    assert_int_equal(crypto_pwhash_str_verify(hash, "rahasia-sekali", 14), 0);
    assert_int_equal(password_hash("x", 1, hash, 20), BOT_EINVAL);

    const struct bot_result result = { .body = hash, .body_len = (size_t)len };
    assert_int_equal(host.done(&ctx, &result, host.data), BOT_HANDLED);
    assert_ptr_equal(host.hash, hash);
    assert_string_equal(host.said, "register.done");
}

static void a_restart_while_hashing_asks_only_for_the_password(void **state)
{
    (void)state;
    assert_int_equal(register_done(&ctx), BOT_LATER);
    host.name = host.email = host.password = NULL; /* memory is gone, the blob is not */
    host.status = BOT_ERESUMED;
    host.done = NULL;
    assert_int_equal(register_done(&ctx), BOT_HANDLED);
    assert_null(host.done);
    assert_string_equal(host.said, "register.interrupted");
    assert_string_equal(host.dialog, "register name=Toko Maju email=budi@contoh.com");
}

static void a_failed_hash_asks_again(void **state)
{
    (void)state;
    static const int statuses[] = { BOT_EIO, BOT_ETIMEDOUT, BOT_ECANCELED };
    for (size_t i = 0; i < BOT_COUNT(statuses); i++) {
        fresh_host(NULL);
        register_done(&ctx);
        const struct bot_result result = { .status = statuses[i] };
        assert_int_equal(host.done(&ctx, &result, host.data), BOT_HANDLED);
        assert_null(host.hash);
        assert_string_equal(host.said, "register.hash_failed");
        assert_string_equal(host.dialog, "register name=Toko Maju email=budi@contoh.com");
    }
}

static void an_email_that_was_taken_meanwhile_makes_no_store(void **state)
{
    (void)state;
    host.create_answer = BOT_EEXIST;
    register_done(&ctx);
    const struct bot_result result = { .body = "$argon2id$", .body_len = 10 };
    assert_int_equal(host.done(&ctx, &result, host.data), BOT_HANDLED);
    assert_string_equal(host.said, "register.email_gone");
}

/* The hash is there: what the writer is told. */
static const char *said_at_the_end(void)
{
    register_done(&ctx);
    const struct bot_result result = { .body = "$argon2id$", .body_len = 10 };
    assert_int_equal(host.done(&ctx, &result, host.data), BOT_HANDLED);
    return host.said;
}

static void registration_that_closed_meanwhile_makes_no_store(void **state)
{
    (void)state;
    host.is_customer = 1;
    assert_string_equal(said_at_the_end(), "register.not_open");
    assert_null(host.hash);
}

static void a_second_application_is_refused_at_both_ends(void **state)
{
    (void)state;
    host.is_customer = host.is_open = host.has_pending = 1;
    host.apply_answer = BOT_EBUSY;
    assert_string_equal(said_at_the_end(), "register.pending");
    host.said = NULL;
    assert_int_equal(register_store(&ctx), BOT_HANDLED);
    assert_string_equal(host.said, "register.pending");
    assert_int_equal(host.dialogs, 0);
}

static void a_hundred_applications_are_enough(void **state)
{
    (void)state;
    host.is_customer = host.is_open = 1;
    host.pending_count = 100;
    assert_int_equal(register_store(&ctx), BOT_HANDLED);
    assert_string_equal(host.said, "register.too_many");
    host.pending_count = 99;
    assert_int_equal(register_store(&ctx), BOT_HANDLED);
    assert_int_equal(host.dialogs, 1);
    host.is_customer = 0; /* a super admin is not held up by them */
    host.pending_count = 100;
    assert_int_equal(register_store(&ctx), BOT_HANDLED);
    assert_int_equal(host.dialogs, 2);
}

static void emails_are_checked_and_lowered(void **state)
{
    (void)state;
    static const char *const good[] = { "budi@contoh.com", "Budi.Santoso+toko@Mail.CO.ID", "a@b.c",
                                        "a_b-c@toko-maju.id" };
    static const char *const bad[] = {
        "",
        "budi",
        "@contoh.com",
        "budi@",
        "budi@contoh",
        "a@b@c.com",
        "a b@c.com",
        "a@b c.com",
        "budi@.com",
        "budi@contoh.",
        "budi@contoh..com",
        ".a@b.com",
        "a.@b.com",
        "a..b@c.com",
        "a@-b.com",
        "a@b-.com",
        "a@b.com\n",
        "a@[1.2.3.4]",
        "\"a b\"@c.com",
        "a,b@c.com",
        "a@b.com,c@d.com",
        "b\xC3\xBC@c.com",
    };
    for (size_t i = 0; i < BOT_COUNT(good); i++) {
        const char *value = good[i];
        if (email_check(&ctx, &value) != BOT_OK) fail_msg("refused: %s", good[i]);
        for (const char *c = value; *c; c++) assert_false(*c >= 'A' && *c <= 'Z');
    }
    for (size_t i = 0; i < BOT_COUNT(bad); i++) {
        const char *value = bad[i];
        if (email_check(&ctx, &value) != BOT_EINVAL) fail_msg("taken: %s", bad[i]);
        assert_string_equal(host.said, "register.email_bad");
    }
    char wide[300];
    memset(wide, 'a', sizeof wide);
    strcpy(wide + 260, "@contoh.com");
    const char *value = wide;
    assert_int_equal(email_check(&ctx, &value), BOT_EINVAL);
    value = "ADA@contoh.com";
    assert_int_equal(email_check(&ctx, &value), BOT_EINVAL);
    assert_string_equal(host.said, "register.email_taken");
}

int main(void)
{
    if (sodium_init() < 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_password_goes_to_the_hash_and_nowhere_else, fresh_host),
        cmocka_unit_test_setup(a_restart_while_hashing_asks_only_for_the_password, fresh_host),
        cmocka_unit_test_setup(a_failed_hash_asks_again, fresh_host),
        cmocka_unit_test_setup(an_email_that_was_taken_meanwhile_makes_no_store, fresh_host),
        cmocka_unit_test_setup(registration_that_closed_meanwhile_makes_no_store, fresh_host),
        cmocka_unit_test_setup(a_second_application_is_refused_at_both_ends, fresh_host),
        cmocka_unit_test_setup(a_hundred_applications_are_enough, fresh_host),
        cmocka_unit_test_setup(emails_are_checked_and_lowered, fresh_host),
    };
    return cmocka_run_group_tests_name("register a store", tests, NULL, NULL);
}
