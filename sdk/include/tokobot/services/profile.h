/* SPDX-License-Identifier: MIT
 * tokobot/services/profile.h - service "profile/0": what a store says of itself: its welcome, its
 * hours. Provided by the plugin store-admin. Since SDK 0.12; not frozen.
 *
 * All functions [event], of the event's store, in the chat's language; strings live until the
 * callback returns. None of them may be called from a hook that gather() runs (they return NULL
 * there). Ask for the service when you need it: a bot without store-admin has none. */
#ifndef TOKOBOT_SERVICES_PROFILE_H
#define TOKOBOT_SERVICES_PROFILE_H

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bot_profile {
    uint32_t size;
    uint32_t reserved;
    /* The store's own welcome for the event's person, ready to be said; NULL when the store has
     * none: then say your own. */
    const char *(*greeting)(struct bot_ctx *ctx);
    /* A sentence that the store is closed now and when it opens again; NULL while it is open, or
     * when it has not said its hours. */
    const char *(*closed)(struct bot_ctx *ctx);
    /* The week's hours and the coming holidays, in lines; NULL when it has not said its hours. */
    const char *(*hours)(struct bot_ctx *ctx);
    /* In a hook of "customer.card", which store-admin gathers when one customer is shown to those
     * who run the store, and of "customer.line", for each one of a list (since 0.13): the
     * customer's person. Else 0. `owner` is what api->service() gave. */
    int64_t (*shown)(struct bot_ctx *ctx, void *owner);
    /* -- since 0.13; `owner` is what api->service() gave -- */
    /* The store's own words on where to transfer money to, ready to be said; NULL when it has said
     * nothing. */
    const char *(*payment)(struct bot_ctx *ctx, void *owner);
    /* 1: it takes cash on delivery or pickup; 0; or an error. */
    int (*cash)(struct bot_ctx *ctx, void *owner);
};

#ifdef __cplusplus
}
#endif
#endif
