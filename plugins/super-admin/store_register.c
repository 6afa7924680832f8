/* SPDX-License-Identifier: MIT
 *
 * store_register.c - /daftar_toko: three questions, then a store (store_create.c). The password is
 * never stored, echoed or logged: it goes from the dialog's memory to a host thread, which makes
 * the argon2id hash. When the process dies in between, it is gone, and only it is asked for again.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "super_admin.h"

enum {
    EMAIL_MAX = 254, /* bytes, as mail has it */
    PASSWORD_MIN = 8,
    PASSWORD_MAX = 200
};

static int ask_again(struct bot_ctx *ctx, const char *key)
{
    const struct bot_arg args[] = {
        bot_int("name_min", BOT_STORE_NAME_MIN),
        bot_int("name_max", BOT_STORE_NAME_MAX),
        bot_int("password_min", PASSWORD_MIN),
        bot_int("password_max", PASSWORD_MAX),
    };
    int rc = ctx->api->reply(ctx, ctx->api->text(ctx, key, args, BOT_COUNT(args)));
    return rc < 0 ? rc : BOT_EINVAL;
}

/* ---- the three questions --------------------------------------------------------------------- */

int store_name_check(struct bot_ctx *ctx, const char **value)
{
    const char *clean = NULL;
    int name = stores_of(ctx)->name_check(ctx, 0, *value, &clean);
    if (name < 0) return name;
    if (!clean)
        return ask_again(ctx,
                         name == BOT_NAME_BLANK ? "register.name_blank" : "register.name_length");
    *value = clean;
    return BOT_OK;
}

static int is_local_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           strchr(".!#$%&'*+/=?^_`{|}~-", c) != NULL;
}

/* "toko.com": labels of a-z 0-9 -, at least two of them. */
static int is_domain(const char *s)
{
    int labels = 0;
    while (*s) {
        size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-') return 0;
        labels++;
        s += n;
        if (*s == '.' && s[1] == '\0') return 0;
        if (*s && *s++ != '.') return 0;
    }
    return labels >= 2;
}

/* What mail systems take in practice: no quoted names, no bare addresses of machines. */
static int is_email(const char *s)
{
    const char *at = strchr(s, '@');
    if (!at || at == s || at - s > 64 || strchr(at + 1, '@')) return 0;
    for (const char *c = s; c < at; c++)
        if (!is_local_char(*c) || (*c == '.' && (c == s || c + 1 == at || c[1] == '.'))) return 0;
    return is_domain(at + 1);
}

int email_check(struct bot_ctx *ctx, const char **value)
{
    size_t n = strlen(*value);
    if (n > EMAIL_MAX) return ask_again(ctx, "register.email_bad");
    char *email = ctx->api->alloc(ctx, n + 1);
    for (size_t i = 0; i < n; i++) {
        char c = (*value)[i];
        email[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    if (!is_email(email)) return ask_again(ctx, "register.email_bad");
    int taken = stores_of(ctx)->email_taken(ctx, email);
    if (taken < 0) return taken;
    if (taken) return ask_again(ctx, "register.email_taken");
    *value = email;
    return BOT_OK;
}

int password_check(struct bot_ctx *ctx, const char **value)
{
    size_t n = strlen(*value);
    return n < PASSWORD_MIN || n > PASSWORD_MAX ? ask_again(ctx, "register.password_length")
                                                : BOT_OK;
}

/* ---- hashing --------------------------------------------------------------------------------- */

/* What the hashing and a restart carry along: no secret in it. */
struct draft {
    char name[BOT_STORE_NAME_MAX * 4 + 1];
    char email[EMAIL_MAX + 1];
};

/* On a host thread: about 64 MiB and a tenth of a second. */
static int64_t password_hash(const void *password, size_t len, void *out, size_t out_cap)
{
    if (out_cap < crypto_pwhash_STRBYTES) return BOT_EINVAL;
    int rc = crypto_pwhash_str(out, password, len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                               crypto_pwhash_MEMLIMIT_INTERACTIVE);
    return rc == 0 ? (int64_t)strlen(out) : BOT_EIO;
}

/* Asks for what is missing of the draft: all of it, or only the password. */
static int questions_start(struct bot_ctx *ctx, const struct draft *draft)
{
    const struct bot_arg slots[] = {
        bot_text("name", draft->name),
        bot_text("email", draft->email),
    };
    int rc = ctx->api->dialog_start(ctx, "register", slots, BOT_COUNT(slots));
    return rc < 0 ? rc : BOT_HANDLED;
}

static int ask_password_again(struct bot_ctx *ctx, const char *why, const struct draft *draft)
{
    int rc = ctx->api->reply(ctx, ctx->api->text(ctx, why, NULL, 0));
    return rc < 0 ? rc : questions_start(ctx, draft);
}

static int hash_done(struct bot_ctx *ctx, const struct bot_result *result, void *data)
{
    const struct draft *draft = data;
    if (result->status == BOT_OK && result->body_len > 0)
        return store_create(ctx, draft->name, draft->email, result->body);
    return ask_password_again(ctx, "register.hash_failed", draft);
}

int register_store(struct bot_ctx *ctx)
{
    int rc = application_allowed(ctx);
    if (rc != BOT_PASS) return rc;
    rc = ctx->api->dialog_start(ctx, "register", NULL, 0);
    return rc < 0 ? rc : BOT_HANDLED;
}

int register_done(struct bot_ctx *ctx)
{
    const struct bot_api *api = ctx->api;
    size_t len = 0;
    const void *blob = api->resume(ctx, &len);
    struct draft draft = { { 0 }, { 0 } };
    if (blob && len == sizeof draft) {
        memcpy(&draft, blob, sizeof draft);
    } else {
        const char *name = api->field(ctx, "slot.name"), *email = api->field(ctx, "slot.email");
        snprintf(draft.name, sizeof draft.name, "%s", name ? name : "");
        snprintf(draft.email, sizeof draft.email, "%s", email ? email : "");
    }
    const char *password = api->field(ctx, "slot.password");
    if (api->status(ctx) == BOT_ERESUMED || !password || !*password)
        return ask_password_again(ctx, "register.interrupted", &draft);
    const struct bot_work work = {
        .size = sizeof work,
        .run = password_hash,
        .out_cap = crypto_pwhash_STRBYTES,
    };
    int64_t id = api->work(ctx, &work, password, strlen(password), hash_done, &draft, sizeof draft);
    if (id < 0) return (int)id;
    return api->later(ctx, 0, &draft, sizeof draft);
}
