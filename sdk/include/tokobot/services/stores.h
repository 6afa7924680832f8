/* SPDX-License-Identifier: MIT
 * tokobot/services/stores.h - service "stores/0": the stores, and who runs them. Provided by the
 * core. All functions [event]; strings live until the callback returns. */
#ifndef TOKOBOT_SERVICES_STORES_H
#define TOKOBOT_SERVICES_STORES_H

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bot_store_state { BOT_STORE_ACTIVE = 0, BOT_STORE_SUSPENDED = 1, BOT_STORE_CLOSED = 2 };

struct bot_store {
    uint32_t size;
    uint32_t state; /* enum bot_store_state */
    int64_t id;
    const char *name;
    const char *code; /* 3-8 of A-Z 2-9 without I and O; never used again */
    const char *language;
    const char *timezone;
    int64_t created_at;
    int64_t members; /* customers seen so far */
    int64_t admins;
};

struct bot_new_store {
    uint32_t size;
    uint32_t reserved;
    const char *name;
    const char *email;         /* of the owner's login; unique, in any case of letters */
    const char *password_hash; /* argon2id, as libsodium's crypto_pwhash_str writes it */
};

struct bot_stores {
    uint32_t size;
    uint32_t reserved;
    /* Makes a store with a code from its name. Returns its id, or BOT_EEXIST when the e-mail has a
     * login already. Needs the super admin's role in the event. */
    int64_t (*create)(struct bot_ctx *ctx, const struct bot_new_store *store);
    int (*get)(struct bot_ctx *ctx, int64_t id, struct bot_store *out); /* BOT_ENOENT */
    /* Stores with id > after, in order; returns how many of `cap` were filled. */
    int (*list)(struct bot_ctx *ctx, int64_t after, struct bot_store *out, size_t cap);
    int64_t (*count)(struct bot_ctx *ctx, int state);           /* -1: all states */
    int (*email_taken)(struct bot_ctx *ctx, const char *email); /* 1 or 0 */
    /* Gives `phone` (any spelling) a role in the store. Returns the person's id, BOT_EINVAL when it
     * is no phone number, BOT_ENOENT when there is no such store, BOT_EEXIST when he had it. */
    int64_t (*add_admin)(struct bot_ctx *ctx, int64_t store, const char *phone, uint32_t role);
};

#ifdef __cplusplus
}
#endif
#endif
