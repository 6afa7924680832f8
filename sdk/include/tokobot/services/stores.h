/* SPDX-License-Identifier: MIT
 * tokobot/services/stores.h - service "stores/0": the stores, and who runs them. Provided by the
 * core. All functions [event]; strings live until the callback returns. */
#ifndef TOKOBOT_SERVICES_STORES_H
#define TOKOBOT_SERVICES_STORES_H

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bot_store_state {
    BOT_STORE_ACTIVE = 0,
    BOT_STORE_SUSPENDED = 1,
    BOT_STORE_CLOSED = 2,
    BOT_STORE_PENDING = 3 /* somebody asked for it; a super admin has to agree. Since 0.12 */
};

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
    int64_t customers_max; /* how many it may have. Since 0.12 */
};

struct bot_new_store {
    uint32_t size;
    uint32_t reserved;
    const char *name;
    const char *email;         /* of the owner's login; unique, in any case of letters */
    const char *password_hash; /* argon2id, as libsodium's crypto_pwhash_str writes it */
};

/* Who runs a store. Since 0.12. */
struct bot_store_admin {
    uint32_t size;
    uint32_t role; /* BOT_OWNER or BOT_STAFF */
    int64_t person;
    const char *name;  /* "" until he has written */
    const char *phone; /* "6281...", or "" when unknown */
};

/* What a store says of itself; NULL leaves a value as it is, "" sets it back to the host's. Since
 * 0.12. */
struct bot_store_profile {
    uint32_t size;
    uint32_t reserved;
    const char *name;
    const char *language; /* "id", "en" */
    const char *timezone; /* "Asia/Jakarta" "Asia/Makassar" "Asia/Jayapura", or any other known one
                           */
};

/* The whole bot in figures; days begin at midnight of the host's time zone. Since 0.12. */
struct bot_totals {
    uint32_t size;
    uint32_t reserved;
    int64_t stores, stores_active, stores_suspended, stores_pending;
    int64_t customers;                     /* in all stores; who buys in two counts twice */
    int64_t messages_today, messages_week; /* that came from people; week: today and six days before
                                            */
    int64_t queue; /* messages that wait to be sent, and events that wait to run */
    int64_t uptime_s;
};

/* What name_check() says of a store's name. Since 0.13. */
enum bot_name {
    BOT_NAME_GOOD = 0,
    /* It can be, but tell who chose it: customers find the store more easily by its code. */
    BOT_NAME_LIKE_WORD = 1,  /* a command, a number, or what people write to the bot anyway */
    BOT_NAME_LIKE_STORE = 2, /* another store that is not closed is called so, in any case */
    /* It cannot be, and *clean is NULL. */
    BOT_NAME_SHORT = 3,
    BOT_NAME_LONG = 4,
    BOT_NAME_BLANK = 5 /* no letter, digit or picture is in it */
};

/* Characters of a store's name. Since 0.13. */
enum { BOT_STORE_NAME_MIN = 2, BOT_STORE_NAME_MAX = 60 };

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
     * is no phone number, BOT_ENOENT when there is no such store, BOT_EEXIST when he had it,
     * BOT_EBUSY when the store waits for approval and the writer is no super admin. */
    int64_t (*add_admin)(struct bot_ctx *ctx, int64_t store, const char *phone, uint32_t role);
    /* -- since 0.12 -- */
    /* Makes a store that waits for a super admin (BOT_STORE_PENDING) and makes the writer its
     * owner. Needs no role. Returns its id, BOT_EEXIST as create() does, or BOT_EBUSY when he
     * already has one that waits. */
    int64_t (*apply)(struct bot_ctx *ctx, const struct bot_new_store *store);
    /* Needs the super admin's role. BOT_ENOENT; BOT_EEXIST: it is in that state. Never back to
     * BOT_STORE_PENDING (BOT_EINVAL). */
    int (*set_state)(struct bot_ctx *ctx, int64_t store, int state);
    /* How many customers it may have; 0 = [limits] customers_per_store. Needs the super admin's
     * role. BOT_ENOENT, BOT_EINVAL (1 to 1,000,000). */
    int (*set_limit)(struct bot_ctx *ctx, int64_t store, int64_t customers);
    /* Of the event's store, by those who run it, or of none: BOT_ESCOPE. BOT_EINVAL: a value that
     * cannot be. Its code stays. */
    int (*set_profile)(struct bot_ctx *ctx, const struct bot_store_profile *profile);
    /* Takes the role in `store` away; by a super admin or an owner of the store. Returns the
     * person's id; BOT_ENOENT: he has none there; BOT_EBUSY: he is the last owner; BOT_EINVAL: no
     * phone number. */
    int64_t (*remove_admin)(struct bot_ctx *ctx, int64_t store, const char *phone);
    /* Who runs the store, owners first; returns how many of `cap` were filled. Whoever runs it, and
     * super admins; else BOT_ESCOPE. */
    int (*admins)(struct bot_ctx *ctx, int64_t store, struct bot_store_admin *out, size_t cap);
    /* The stores that the writer runs, in the order of their ids; returns how many there are, up to
     * `cap` are filled. */
    int (*managed)(struct bot_ctx *ctx, struct bot_store *out, size_t cap);
    /* From now on the writer's commands are for this store. BOT_ESCOPE: he does not run it. */
    int (*manage)(struct bot_ctx *ctx, int64_t store);
    /* What this person writes is for the event's store until then (ms), unless it names another
     * one: an order that waits for money, a talk with an admin. `what` tells one reason from
     * another; until 0 ends it. When it begins, his open question for which store is over, and so
     * is a dialog of this plugin that has no store. */
    int (*hold)(struct bot_ctx *ctx, int64_t person, const char *what, int64_t until);
    /* The phone number that customers of the event's store write to, "6281..."; "" while no gateway
     * has told it. */
    const char *(*number)(struct bot_ctx *ctx);
    /* Scope: all stores. */
    int (*totals)(struct bot_ctx *ctx, struct bot_totals *out);
    /* The store that the writer's commands are for: the only one that he runs, or the one that he
     * chose; 0 when he would be asked. */
    int64_t (*managing)(struct bot_ctx *ctx);
    /* -- since 0.13 -- */
    /* What somebody wants to call `store` (0 = one that is to be made): an enum bot_name, or an
     * error. *clean is the name as it will be kept: one line, nothing invisible in it; NULL when it
     * cannot be. create(), apply() and set_profile() clean names so, too, and answer BOT_EINVAL to
     * those that cannot be. */
    int (*name_check)(struct bot_ctx *ctx, int64_t store, const char *name, const char **clean);
};

#ifdef __cplusplus
}
#endif
#endif
