/* SPDX-License-Identifier: MIT
 * route-clash-b.c - has the same verb of the control socket as route-clash-a. */
#include <tokobot/plugin.h>

static int run(struct bot_ctx *ctx)
{
    const struct bot_response answer = { .size = sizeof answer, .body = "{\"ok\":true}" };
    int rc = ctx->api->respond(ctx, &answer);
    return rc < 0 ? rc : BOT_HANDLED;
}

static const struct bot_route_spec routes[] = {
    { .kind = BOT_ROUTE_CONTROL, .path = "clash", .run = run },
};

static int init(const struct bot_api *api, struct bot_plugin *self)
{
    return BOT_ROUTES(api, self, routes);
}

BOT_PLUGIN("route-clash-b", "1.0.0", NULL, init, NULL, NULL, NULL);
