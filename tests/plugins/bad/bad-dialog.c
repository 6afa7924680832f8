/* SPDX-License-Identifier: MIT
 * bad-dialog.c - a dialog without steps. */
#include <tokobot/plugin.h>

static int run(struct bot_ctx *ctx)
{
    return bot_reply(ctx, "from the bad one");
}

static const struct bot_dialog_spec dialogs[] = { { .name = "ask", .done = run } };

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_DIALOGS(api, self, dialogs);
}

BOT_PLUGIN("bad-dialog", "1.0.0", NULL, init, NULL, NULL, NULL);
