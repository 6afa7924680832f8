/* SPDX-License-Identifier: MIT
 * tokobot/services/profile.h - service "profile/0": what a store says of itself: its welcome, its
 * hours, how it is paid. Provided by the plugin store-admin. Since SDK 0.12; not frozen.
 *
 * All functions [event], of the event's store, in the chat's language; strings live until the
 * callback returns. greeting, closed and hours may not be called from a hook that gather() runs
 * (they return NULL there). `owner` is what api->service() gave. Ask for the service when you need
 * it: a bot without store-admin has none. */
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
     * customer's person. Else 0. */
    int64_t (*shown)(struct bot_ctx *ctx, void *owner);
    /* -- since 0.13: look at `size` first -- */
    /* Where customers pay to (bank, number, name ...), in the store's own words, lines and all;
     * marks that would format are made harmless, so it goes into a text as {x:raw}. NULL when the
     * store has said nothing: then it takes cash. */
    const char *(*payment)(struct bot_ctx *ctx, void *owner);
    /* 1 when it takes cash, also on delivery; 0 when not; or an error. */
    int (*cash)(struct bot_ctx *ctx, void *owner);
};

#ifdef __cplusplus
}
#endif
#endif
