/* SPDX-License-Identifier: MIT
 * tokobot/services/people.h - service "people/0": persons. Provided by the core. All functions
 * [event]; strings live until the callback returns. */
#ifndef TOKOBOT_SERVICES_PEOPLE_H
#define TOKOBOT_SERVICES_PEOPLE_H

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bot_person {
    uint32_t size;
    uint32_t roles; /* in the event's store, and BOT_SUPER */
    int64_t id;
    const char *name;
    const char *phone; /* "6281..." or "" when unknown */
    const char *language;
};

/* A customer of the event's store. Since 0.12. */
struct bot_customer {
    uint32_t size;
    uint32_t blocked; /* 1: nothing that he writes to the store is answered */
    int64_t id;       /* the person's */
    const char *name;
    const char *phone; /* "6281...", or "" when unknown */
    int64_t first_seen, last_seen;
};

struct bot_people {
    uint32_t size;
    uint32_t reserved;
    int (*get)(struct bot_ctx *ctx, int64_t id, struct bot_person *out); /* BOT_ENOENT */
    /* Digits with country code from any usual spelling ("0811...", "+62 811-..."), into out;
     * BOT_EINVAL when it is none. Pure. */
    int (*phone_parse)(const char *text, char *out, size_t cap);
    int (*set_language)(struct bot_ctx *ctx, int64_t person, const char *language);
    /* Customers of the event's store: how many. */
    int64_t (*members)(struct bot_ctx *ctx);
    /* 1 when this message is the person's first to the event's store. */
    int (*is_new)(struct bot_ctx *ctx);
    /* -- since 0.12; of the event's store, for those who run it: else BOT_ESCOPE -- */
    /* Customers, who wrote last first, from the `offset`-th on; returns how many of `cap` were
     * filled. `query`: a phone number in any spelling, or a part of a name (among the 2,000 who
     * wrote last); NULL = all. Costs 1 ms for 1,000 rows that are passed over. */
    int (*customers)(struct bot_ctx *ctx, const char *query, int64_t offset,
                     struct bot_customer *out, size_t cap);
    /* One of them, by the person's id. BOT_ENOENT. */
    int (*customer)(struct bot_ctx *ctx, int64_t person, struct bot_customer *out);
    /* BOT_ENOENT: no customer of this store; BOT_EEXIST: it is so already. */
    int (*block)(struct bot_ctx *ctx, int64_t person, int blocked);
    /* The event's person, everywhere, is made nobody once the event is done: his name, numbers,
     * messages and settings go; what other plugins keep of him hears the event "person.erased"
     * (body:
     * {"person":ID}). Whoever runs a store cannot: BOT_EBUSY. Needs no role. */
    int (*erase)(struct bot_ctx *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
