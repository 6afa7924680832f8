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
};

#ifdef __cplusplus
}
#endif
#endif
