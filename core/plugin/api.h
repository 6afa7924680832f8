/* api.h - the one table of functions that plugins are given (struct bot_api), and its parts by
 * file. */
#ifndef TOKOBOT_API_H
#define TOKOBOT_API_H

#include "../event.h"
#include <tokobot/services/gateways.h>

extern const struct bot_api host_api;
extern const struct bot_gateways gateways_service;

struct plugin;
/* struct bot_plugin is what plugins call struct plugin. */
static inline struct plugin *plugin_of(struct bot_plugin *self)
{
    return (struct plugin *)(void *)self;
}

/* register.c: [init] */
int api_command(struct bot_plugin *self, const struct bot_command_spec *t, size_t n, size_t elem);
int api_hook(struct bot_plugin *self, const struct bot_hook_spec *t, size_t n, size_t elem);
int api_dialog(struct bot_plugin *self, const struct bot_dialog_spec *t, size_t n, size_t elem);
int api_schedule(struct bot_plugin *self, const struct bot_schedule_spec *t, size_t n, size_t elem);
int api_config(struct bot_plugin *self, const struct bot_config_spec *t, size_t n, size_t elem);
int api_migration(struct bot_plugin *self, const struct bot_migration_spec *t, size_t n,
                  size_t elem);
int api_route(struct bot_plugin *self, const struct bot_route_spec *t, size_t n, size_t elem);
int api_provide(struct bot_plugin *self, const char *name, const void *table, void *owner);
int api_person_column(struct bot_plugin *self, const char *table, const char *column);
int api_media_column(struct bot_plugin *self, const char *table, const char *column);
int api_gateway(struct bot_plugin *self, const struct bot_gateway_spec *spec);

/* api_event.c: the event at hand, and acting */
const char *api_field(struct bot_ctx *ctx, const char *name);
int64_t api_number(struct bot_ctx *ctx, const char *name);
uint32_t api_nargs(struct bot_ctx *ctx);
const char *api_arg(struct bot_ctx *ctx, uint32_t index);
int api_status(struct bot_ctx *ctx);
const void *api_resume(struct bot_ctx *ctx, size_t *len);
const char *api_gather(struct bot_ctx *ctx, const char *event);
int api_call_as(struct bot_ctx *ctx, void *owner, bot_call_fn *fn, void *arg);
const char *api_text(struct bot_ctx *ctx, const char *key, const struct bot_arg *args, size_t n);
int api_reply(struct bot_ctx *ctx, const char *text);
int api_send(struct bot_ctx *ctx, const struct bot_send *send);
int api_emit(struct bot_ctx *ctx, const char *name, const void *body, size_t len);
int api_respond(struct bot_ctx *ctx, const struct bot_response *response);
int api_abort(struct bot_ctx *ctx, const char *text);
int api_dialog_start(struct bot_ctx *ctx, const char *name, const struct bot_arg *args, size_t n);
int api_slot_set(struct bot_ctx *ctx, const char *slot, const char *value);
int api_audit(struct bot_ctx *ctx, const char *action, const char *detail);

/* api_data.c */
int api_db(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
           struct bot_rows **rows);
int api_row_next(struct bot_rows *rows);
int64_t api_row_int(struct bot_rows *rows, uint32_t column);
const char *api_row_text(struct bot_rows *rows, uint32_t column);
const void *api_row_blob(struct bot_rows *rows, uint32_t column, size_t *len);
int api_row_type(struct bot_rows *rows, uint32_t column);
int64_t api_changes(struct bot_ctx *ctx);
int64_t api_insert_id(struct bot_ctx *ctx);
const char *api_kv_get(struct bot_ctx *ctx, int scope, const char *key, size_t *len);
int api_kv_set(struct bot_ctx *ctx, int scope, const char *key, const char *value, size_t len,
               int64_t expires);
int api_search_put(struct bot_ctx *ctx, const char *index, int64_t id, const char *text);
int api_search_find(struct bot_ctx *ctx, const char *index, const char *query,
                    struct bot_found *found, size_t cap);

/* api_later.c */
int64_t api_db_read(struct bot_ctx *ctx, const char *sql, const struct bot_arg *args, size_t n,
                    bot_done_fn *done, const void *data, size_t len);
int64_t api_http(struct bot_ctx *ctx, const struct bot_http *request, bot_done_fn *done,
                 const void *data, size_t len);
/* The same for a call of a service: staged, started when the turn commits. Its id, or an error. */
int64_t call_begin(struct event *ev, int kind, const char *function, bot_done_fn *done,
                   const void *data, size_t len);
/* The two halves of it: whether it may be called at all, and letting it go with the turn. */
int call_allowed(struct event *ev, const char *function, bot_done_fn *done, const void *data,
                 size_t len);
int64_t call_stage(struct event *ev, struct call *call);
int64_t api_timer(struct bot_ctx *ctx, int64_t delay_ms, bot_done_fn *done, const void *data,
                  size_t len);
int64_t api_work(struct bot_ctx *ctx, const struct bot_work *work, const void *input,
                 size_t input_len, bot_done_fn *done, const void *data, size_t len);
int api_at(struct bot_ctx *ctx, const char *name, const char *key, int64_t when, const void *body,
           size_t len);
int api_cancel(struct bot_ctx *ctx, int64_t id);
int api_later(struct bot_ctx *ctx, int64_t deadline_ms, const void *blob, size_t len);

/* api_media.c */
int64_t api_media_read(struct bot_ctx *ctx, int64_t media, size_t max_bytes, uint32_t flags,
                       bot_done_fn *done, const void *data, size_t len);
int64_t api_media_store(struct bot_ctx *ctx, const void *bytes, size_t size, const char *type,
                        const char *name, bot_done_fn *done, const void *data, size_t len);

/* The phase and thread that a comment in plugin.h names; a debug host aborts, a release one
 * refuses. */
int api_in_event(const struct event *ev, const char *function);
int api_in_turn(const struct event *ev, const char *function);

#endif
