/* SPDX-License-Identifier: MIT
 * tokobot/services/waha.h - service "waha/0": the WhatsApp numbers that go through WAHA, and how a
 * phone is linked to one. Provided by the plugin waha; for a dashboard. Since 0.11.
 *
 * `owner` is what api->service() gave. All functions [event]; strings live until the callback
 * returns; any of them gives BOT_EGONE while the plugin is being replaced. */
#ifndef TOKOBOT_SERVICES_WAHA_H
#define TOKOBOT_SERVICES_WAHA_H

#include <tokobot/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bot_waha_number {
    uint32_t size;
    int32_t state;       /* enum bot_session_state of services/gateways.h */
    const char *session; /* names it everywhere */
    const char *store;   /* code of the store whose number it is; "" = of all */
};

struct bot_waha {
    uint32_t size;
    uint32_t reserved;
    /* The index-th number; the first is [waha]. BOT_OK, or BOT_ENOENT past the last. */
    int (*number)(struct bot_ctx *ctx, void *owner, uint32_t index, struct bot_waha_number *out);
    /* Asks for the QR code that links a phone. The completion is the caller's: result->http_status
     * 200, and result->body a PNG of result->body_len bytes; anything else: there is none now (422:
     * the session does not wait for one). A code is good for 20 to 60 s. Returns the call's id, or
     * BOT_ENOENT: no such session. */
    int64_t (*qr)(struct bot_ctx *ctx, void *owner, const char *session, bot_done_fn *done,
                  const void *data, size_t len);
    /* Asks for a pairing code for the phone with this number, digits with country code. The
     * completion reads it with code_of(). */
    int64_t (*code)(struct bot_ctx *ctx, void *owner, const char *session, const char *phone,
                    bot_done_fn *done, const void *data, size_t len);
    /* The pairing code in such a result: letters, digits and a dash. 1, or 0: there is none. */
    int (*code_of)(const struct bot_result *result, char code[20]);
};

#ifdef __cplusplus
}
#endif
#endif
