/* SPDX-License-Identifier: MIT
 * outbox_plugin.c - see outbox_plugin.h. */
#include "outbox_plugin.h"

#include <stdio.h>
#include <string.h>

static const struct bot_api *api;

const char *long_text;
struct bot_send sending;
int send_result;

static int on_text(struct bot_ctx *ctx)
{
    const char *text = api->field(ctx, "text");
    if (!strncmp(text, "say ", 4)) return bot_reply(ctx, text + 4);
    if (!strcmp(text, "long")) return bot_reply(ctx, long_text);
    if (!strcmp(text, "fail")) {
        api->reply(ctx, "never");
        return BOT_FAIL;
    }
    if (!strcmp(text, "send")) {
        sending.size = sizeof sending;
        send_result = api->send(ctx, &sending);
        return BOT_HANDLED;
    }
    char told[200];
    const char *tag = api->field(ctx, "quoted.tag"), *quoted = api->field(ctx, "quoted.text");
    snprintf(told, sizeof told, "tag %s, text %s", tag ? tag : "-", quoted ? quoted : "-");
    return bot_reply(ctx, told);
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    api = a;
    return hook_text(a, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static int open_with(struct world_conf conf)
{
    memset(&sending, 0, sizeof sending);
    send_result = 99;
    conf.alpha = &alpha;
    if (!conf.stores) conf.stores = 1;
    world_open(&conf);
    return 0;
}

int outbox_open(void **state)
{
    (void)state;
    return open_with((struct world_conf){ 0 });
}

int outbox_open_without_resolve(void **state)
{
    (void)state;
    return open_with((struct world_conf){ .no_resolve = 1 });
}

int outbox_open_with_ids(void **state)
{
    (void)state;
    return open_with((struct world_conf){ .has_ids = 1 });
}

void outbox_open_with_budget(const struct bot_budget *budget, int stores)
{
    open_with((struct world_conf){ .budget = budget, .stores = stores });
}

int64_t in_state(enum outbox_state state)
{
    char sql[80];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox WHERE state = %d", state);
    return disk(sql);
}

/* ---- what send() may do ---------------------------------------------------------------------- */

int outcome_count, outcome_at, resolve_at;
static int outcomes[16], resolve_outcomes[16], resolve_count;

void script_sends(int count, const int *list)
{
    memcpy(outcomes, list, (size_t)count * sizeof *list);
    outcome_count = count;
    outcome_at = 0;
}

int send_scripted(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    if (outcome_at == outcome_count || outcomes[outcome_at] == BOT_SENT) {
        if (outcome_at < outcome_count) outcome_at++;
        return send_normally(ctx, row);
    }
    record(row);
    assert_int_equal(outcome(ctx, row->id, outcomes[outcome_at++], NULL, "as the test wants"),
                     BOT_OK);
    return BOT_HANDLED;
}

static int resolve_scripted(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    assert_true(resolve_at < resolve_count);
    assert_int_equal(resolved(ctx, row->id, resolve_outcomes[resolve_at++], "FOUND"), BOT_OK);
    return BOT_HANDLED;
}

void script_resolves(int count, const int *list)
{
    memcpy(resolve_outcomes, list, (size_t)count * sizeof *list);
    resolve_count = count;
    resolve_at = 0;
    w.resolve = resolve_scripted;
}

int hold_all(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    outcome(ctx, row->id, BOT_SEND_HOLD, NULL, "down");
    return BOT_HANDLED;
}

/* Takes its time: a request, whose completion gives the outcome. */
static int sent_by_http(struct bot_ctx *ctx, const struct bot_result *r, void *data)
{
    int64_t id = *(int64_t *)data;
    if (r->status == BOT_OK)
        outcome(ctx, id, BOT_SENT, r->body, NULL);
    else
        outcome(ctx, id, BOT_SEND_UNKNOWN, NULL, r->error);
    return BOT_HANDLED;
}

int send_by_http(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    const struct bot_http post_it = {
        .size = sizeof post_it, .url = "http://gate.test/", .body = "x", .body_len = 1
    };
    record(row);
    return ctx->api->http(ctx, &post_it, sent_by_http, &row->id, sizeof row->id) > 0 ? BOT_LATER
                                                                                     : BOT_HANDLED;
}
