/* api_media.c - files for plugins. See plugin.h for the contracts. The bytes are read and written
 * on the pool; the row of a file that a plugin stores is inserted by the step that gets its id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "../calls.h"
#include "../host.h"
#include "../lent.h"
#include "../message/attached.h"
#include "../storage/media.h"
#include "../storage/pool.h"
#include "api.h"

enum { READ_MAX = 10 << 20, NAME_BYTES = 201 };

static struct pool_job *new_job(const struct call *c, const struct event *ev, bot_work_fn *run)
{
    struct pool_job *job = xcalloc(1, sizeof *job);
    job->id = c->id;
    job->run = run;
    job->event = ev->id;
    snprintf(job->plugin, sizeof job->plugin, "%s", ev->plugin->name);
    snprintf(job->build, sizeof job->build, "%s", ev->plugin->library->build);
    return job;
}

int64_t api_media_read(struct bot_ctx *ctx, int64_t id, size_t max_bytes, uint32_t flags,
                       bot_done_fn *done, const void *data, size_t len)
{
    struct event *ev = event_of(ctx);
    struct media m;
    int rc = call_allowed(ev, "media_read", done, data, len);
    if (rc != BOT_OK) return rc;
    if (max_bytes == 0 || max_bytes > READ_MAX) max_bytes = READ_MAX;
    rc = media_find(ev->host, id, &m, &ev->step);
    if (rc != 1) return rc < 0 ? BOT_EIO : BOT_ENOENT;
    if ((uint64_t)m.size > max_bytes) return BOT_EINVAL;
    struct call *c = call_new(ev, CALL_JOB, done, data, len);
    c->job = new_job(c, ev, media_load);
    c->job->input =
        media_pack_file(media_folder(ev->host, &ev->step), m.hash, flags, &c->job->input_len);
    c->job->out_cap = media_load_cap(m.size, flags);
    return call_stage(ev, c);
}

int64_t api_media_store(struct bot_ctx *ctx, const void *bytes, size_t size, const char *type,
                        const char *name, bot_done_fn *done, const void *data, size_t len)
{
    struct event *ev = event_of(ctx);
    int rc = call_allowed(ev, "media_store", done, data, len);
    if (rc == BOT_OK) rc = api_in_turn(ev, "media_store");
    if (rc != BOT_OK) return rc;
    if (!bytes || !size || size > media_max_bytes(ev->host)) return BOT_EINVAL;
    struct call *c = call_new(ev, CALL_STORE, done, data, len);
    struct attached claim = { .kind = "document", .type = type };
    c->job = new_job(c, ev, media_write);
    c->job->held = lent_or_copied(ev, &bytes, size);
    c->job->input =
        media_pack_write(media_folder(ev->host, &ev->step), attached_claims_picture(&claim), bytes,
                         size, &c->job->input_len);
    c->job->out_cap = sizeof(struct media_file);
    c->file_name =
        xstrndup(name ? name : "", name ? text_prefix(name, strlen(name), NAME_BYTES - 1) : 0);
    return call_stage(ev, c);
}

void call_stored(struct event *ev, const struct call *call, struct bot_result *result)
{
    struct media_file file;
    if (result->status != BOT_OK || result->body_len != sizeof file) {
        result->error = result->status == BOT_EINVAL ? "not a picture" : "it could not be written";
        return;
    }
    memcpy(&file, result->body, sizeof file);
    result->body = "";
    result->body_len = 0;
    result->media = media_insert(ev->host, &file, call->file_name);
    if (result->media > 0) return;
    result->media = 0;
    result->status = BOT_EIO;
    result->error = "it could not be written";
}
