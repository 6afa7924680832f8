/* api.c - the table that plugins are given, what is left of it, and service gateways/0. */
#include "api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../host.h"
#include "../message/fetches.h"
#include "../message/late.h"
#include "../message/outbox.h"
#include "../message/own_number.h"
#include "stats.h"

static const void *api_service(struct bot_plugin *self, const char *name, void **owner)
{
    const struct plugin *p = plugin_of(self);
    const struct service *s = NULL;
    if (name && p->initialising)
        s = registry_core(name); /* what other plugins provide is not settled yet */
    else if (name && !(s = generation_uses(p, name)))
        s = map_get(&p->host->registry->services, name);
    if (owner) *owner = s ? s->owner : NULL;
    return s ? s->table : NULL;
}

static const char *api_config_text(struct bot_plugin *self, const char *key)
{
    const struct plugin *p = plugin_of(self);
    const struct setting *s = generation_setting(p, key);
    return s ? s->text : "";
}

static int64_t api_config_int(struct bot_plugin *self, const char *key)
{
    const struct plugin *p = plugin_of(self);
    const struct setting *s = generation_setting(p, key);
    return s ? s->number : 0;
}

static const char *api_config_name(struct bot_plugin *self, uint32_t index)
{
    const struct plugin *p = plugin_of(self);
    return index < p->name_count ? p->names[index] : NULL;
}

static void api_log(struct bot_plugin *self, int level, const char *text)
{
    log_write((enum log_level)(level < 0                 ? 0
                               : level > LOG_LEVEL_ERROR ? LOG_LEVEL_ERROR
                                                         : level),
              plugin_of(self)->name, text ? text : "", NULL, 0);
}

static void api_count(struct bot_plugin *self, const char *metric, int64_t add)
{
    struct plugin *p = plugin_of(self);
    if (!metric || !*metric) return;
    for (const char *s = metric; *s; s++)
        if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '_') return;
    stats_count(p->stats, metric, add);
}

static void *api_alloc(struct bot_ctx *ctx, size_t bytes)
{
    return arena_zalloc(&event_of(ctx)->step, bytes ? bytes : 1);
}

static int64_t api_now(struct bot_ctx *ctx)
{
    (void)ctx;
    return clock_ms();
}

static void api_set_state(struct bot_plugin *self, void *state)
{
    plugin_of(self)->state = state;
}

static void *api_state(struct bot_plugin *self)
{
    return plugin_of(self)->state;
}

static struct bot_plugin *api_self(struct bot_ctx *ctx)
{
    return (struct bot_plugin *)(void *)event_of(ctx)->plugin;
}

const struct bot_api host_api = {
    .size = sizeof(struct bot_api),
    .version = BOT_SDK_VERSION,
    .command = api_command,
    .hook = api_hook,
    .dialog = api_dialog,
    .schedule = api_schedule,
    .config = api_config,
    .migration = api_migration,
    .route = api_route,
    .provide = api_provide,
    .person_column = api_person_column,
    .field = api_field,
    .number = api_number,
    .nargs = api_nargs,
    .arg = api_arg,
    .status = api_status,
    .resume = api_resume,
    .text = api_text,
    .reply = api_reply,
    .send = api_send,
    .emit = api_emit,
    .respond = api_respond,
    .abort = api_abort,
    .dialog_start = api_dialog_start,
    .audit = api_audit,
    .db = api_db,
    .row_next = api_row_next,
    .row_int = api_row_int,
    .row_text = api_row_text,
    .row_blob = api_row_blob,
    .row_type = api_row_type,
    .changes = api_changes,
    .insert_id = api_insert_id,
    .db_read = api_db_read,
    .kv_get = api_kv_get,
    .kv_set = api_kv_set,
    .search_put = api_search_put,
    .search_find = api_search_find,
    .http = api_http,
    .timer = api_timer,
    .work = api_work,
    .at = api_at,
    .cancel = api_cancel,
    .later = api_later,
    .service = api_service,
    .config_text = api_config_text,
    .config_int = api_config_int,
    .config_name = api_config_name,
    .state = api_state,
    .log = api_log,
    .count = api_count,
    .alloc = api_alloc,
    .now = api_now,
    .set_state = api_set_state,
    .self = api_self,
    .slot_set = api_slot_set,
    .media_read = api_media_read,
    .media_store = api_media_store,
    .gather = api_gather,
    .media_column = api_media_column,
    .call_as = api_call_as,
    .yes_no = text_yes_no,
};

/* ---- service gateways/0 ---------------------------------------------------------------------- */

static const char *gateway_name(struct event *ev)
{
    return ev->plugin && ev->plugin->gateway ? ev->plugin->name : NULL;
}

static int gw_outcome(struct bot_ctx *ctx, int64_t id, int outcome, const char *native_id,
                      const char *error)
{
    struct event *ev = event_of(ctx);
    return gateway_name(ev) ? outbox_outcome(ev->host->outbox, id, outcome, native_id, error)
                            : BOT_EINVAL;
}

static int gw_resolved(struct bot_ctx *ctx, int64_t id, int outcome, const char *native_id)
{
    struct event *ev = event_of(ctx);
    return gateway_name(ev) ? outbox_resolved(ev->host->outbox, id, outcome, native_id)
                            : BOT_EINVAL;
}

static int gw_ids(struct bot_ctx *ctx, const char *session, const char *const *ids, size_t n)
{
    struct event *ev = event_of(ctx);
    const char *name = gateway_name(ev);
    /* A step inside a turn may run twice, and would then give each id twice. */
    if (ev->phase != PHASE_SEND) return BOT_EPHASE;
    return name ? outbox_ids(ev->host->outbox, name, session, ids, n) : BOT_EINVAL;
}

static int gw_session_state(struct bot_ctx *ctx, const char *session, int state, const char *detail)
{
    struct event *ev = event_of(ctx);
    const char *name = gateway_name(ev);
    if (!name) return BOT_EINVAL;
    if (outbox_session_state(ev->host->outbox, name, session, state, detail))
        host_publish_soon(ev->host);
    return BOT_OK;
}

static int gw_incoming(struct bot_ctx *ctx, const struct bot_incoming *incoming)
{
    struct event *ev = event_of(ctx);
    const char *name = gateway_name(ev);
    return name ? host_incoming(ev->host, name, incoming) : BOT_EINVAL;
}

static int gw_bind(struct bot_ctx *ctx, const char *session, const char *store_code)
{
    struct event *ev = event_of(ctx);
    if (!gateway_name(ev) || !session) return BOT_EINVAL;
    return own_number_bind(ev->plugin->gateway, session, store_code);
}

static int gw_budget(struct bot_ctx *ctx, const struct bot_budget *budget)
{
    struct event *ev = event_of(ctx);
    if (!gateway_name(ev) || !budget) return BOT_EINVAL;
    struct bot_budget *own = &ev->plugin->gateway->budget;
    memset(own, 0, sizeof *own);
    memcpy(own, budget, budget->size < sizeof *own ? budget->size : sizeof *own);
    return BOT_OK;
}

static int gw_no_new_chats(struct bot_ctx *ctx, const char *session, int64_t until)
{
    struct event *ev = event_of(ctx);
    const char *name = gateway_name(ev);
    if (!name) return BOT_EINVAL;
    outbox_no_new_chats(ev->host->outbox, name, session, until);
    return BOT_OK;
}

static int gw_fetched(struct bot_ctx *ctx, int64_t id, const void *bytes, size_t len,
                      const char *error)
{
    struct event *ev = event_of(ctx);
    if (ev->phase != PHASE_SEND) return BOT_EPHASE;
    return gateway_name(ev) ? fetch_came(ev, id, bytes, len, error) : BOT_EINVAL;
}

static int gw_hold(struct bot_ctx *ctx, const char *session, const char *phone, const char *lid,
                   int64_t max_ms)
{
    struct event *ev = event_of(ctx);
    const char *name = gateway_name(ev);
    return name && session ? late_hold(ev->host, name, session, phone, lid, max_ms) : BOT_EINVAL;
}

static int gw_own_phone(struct bot_ctx *ctx, const char *session, const char *phone)
{
    struct event *ev = event_of(ctx);
    const char *name = gateway_name(ev);
    return name && session && phone ? own_number_told(ev->host, name, session, phone) : BOT_EINVAL;
}

const struct bot_gateways gateways_service = {
    .size = sizeof gateways_service,
    .provide = api_gateway,
    .outcome = gw_outcome,
    .resolved = gw_resolved,
    .ids = gw_ids,
    .bind = gw_bind,
    .budget = gw_budget,
    .no_new_chats = gw_no_new_chats,
    .session_state = gw_session_state,
    .incoming = gw_incoming,
    .fetched = gw_fetched,
    .hold = gw_hold,
    .own_phone = gw_own_phone,
};
