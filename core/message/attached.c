/* attached.c - see attached.h. */
#include "attached.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <tokobot/services/gateways.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/text.h"

enum {
    URL_MAX = 2048,
    TYPE_MAX = 100,
    NAME_MAX_CHARS = 200,
    ERROR_MAX = 200,
    PLACE_MAX = 64,
    PLACE_NAME_MAX = 500,
    CONTACT_MAX = 16 << 10
};

static const char *const kinds[] = { "image",    "video",   "voice",    "audio",
                                     "document", "sticker", "location", "contact" };

/* The texts, by their keys in the journal. */
static const struct text {
    const char *key;
    size_t at;
    const char *field; /* as plugins name it; NULL: they do not see it */
} texts[] = {
    { "kind", offsetof(struct attached, kind), "media.kind" },
    { "url", offsetof(struct attached, url), NULL },
    { "type", offsetof(struct attached, type), "media.type" },
    { "name", offsetof(struct attached, name), "media.name" },
    { "error", offsetof(struct attached, error), "media.error" },
    { "place", offsetof(struct attached, place), "place" },
    { "place_name", offsetof(struct attached, place_name), "place.name" },
    { "contact", offsetof(struct attached, contact), "contact" },
};

static const char **text_of(const struct attached *a, const struct text *t)
{
    return (const char **)(void *)((char *)(uintptr_t)a + t->at);
}

void attached_write(const struct attached *a, struct buf *json)
{
    char sep = '{';
    for (size_t i = 0; i < BOT_COUNT(texts); i++) {
        const char *s = *text_of(a, &texts[i]);
        if (!s) continue;
        buf_addf(json, "%c\"%s\":", sep, texts[i].key);
        buf_add_json(json, s, strlen(s));
        sep = ',';
    }
    if (a->media)
        buf_addf(json, ",\"media\":%lld,\"size\":%lld", (long long)a->media, (long long)a->size);
    buf_addc(json, '}');
}

struct attached *attached_read(const char *json, struct arena *arena)
{
    struct json_object *o = json ? json_tokener_parse(json) : NULL, *v;
    struct attached *a = NULL;
    if (o && json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, "kind", &v)) {
        a = arena_zalloc(arena, sizeof *a);
        for (size_t i = 0; i < BOT_COUNT(texts); i++)
            if (json_object_object_get_ex(o, texts[i].key, &v))
                *text_of(a, &texts[i]) = arena_strdup(arena, json_object_get_string(v));
        if (json_object_object_get_ex(o, "media", &v)) a->media = json_object_get_int64(v);
        if (json_object_object_get_ex(o, "size", &v)) a->size = json_object_get_int64(v);
    }
    json_object_put(o);
    return a;
}

/* A clean copy; NULL when there is nothing of it. */
static char *clean(struct arena *m, const char *s, size_t len, size_t max)
{
    if (!s) return NULL;
    size_t need = text_clean(NULL, 0, s, len) + 1;
    char *out = arena_alloc(m, need);
    size_t n = text_clean(out, need, s, len);
    out[text_prefix(out, n, max)] = '\0';
    return *out ? out : NULL;
}

/* One line, and no folder before it: it may become a file's name somewhere. */
static const char *clean_name(struct arena *m, const char *s)
{
    char *name = clean(m, s, s ? strlen(s) : 0, NAME_MAX_CHARS);
    if (!name) return NULL;
    for (char *c = name; *c; c++) {
        if (*c == '\n' || *c == '\t') *c = ' ';
        if (*c == '/' || *c == '\\') name = c + 1;
    }
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 ? name : NULL;
}

static const char *kind_of(const char *said)
{
    for (size_t i = 0; i < BOT_COUNT(kinds); i++)
        if (!strcmp(kinds[i], said)) return kinds[i];
    return "document";
}

static const char *clean_text(struct arena *m, const char *s, size_t max)
{
    return clean(m, s, s ? strlen(s) : 0, max);
}

void attached_of_incoming(const struct bot_incoming *in, struct buf *json)
{
    if (!in->media) return;
    struct arena m = { 0 };
    struct attached a = { .kind = kind_of(in->media) };
    size_t contact_len = in->contact && !in->contact_len ? strlen(in->contact) : in->contact_len;
    a.type = clean_text(&m, in->media_type, TYPE_MAX);
    a.name = clean_name(&m, in->media_name);
    a.error = clean_text(&m, in->media_error, ERROR_MAX);
    a.place = clean_text(&m, in->place, PLACE_MAX);
    a.place_name = clean_text(&m, in->place_name, PLACE_NAME_MAX);
    a.contact = clean(&m, in->contact, contact_len, CONTACT_MAX);
    int is_file = strcmp(a.kind, "location") != 0 && strcmp(a.kind, "contact") != 0;
    if (is_file && in->kind != BOT_IN_MESSAGE)
        a.error = "our own side sent it from a phone";
    else if (is_file && in->media_url && *in->media_url && strlen(in->media_url) <= URL_MAX)
        a.url = in->media_url;
    if (is_file && !a.url && !a.error) a.error = "it has no address that it could be fetched from";
    attached_write(&a, json);
    arena_free(&m);
}

const char *attached_field(const struct attached *a, const char *name)
{
    if (!a->media && !strcmp(name, "media.type")) return NULL; /* only claimed */
    for (size_t i = 0; i < BOT_COUNT(texts); i++)
        if (texts[i].field && !strcmp(texts[i].field, name)) return *text_of(a, &texts[i]);
    return NULL;
}

int attached_claims_picture(const struct attached *a)
{
    static const char *const types[] = { "image/jpeg", "image/jpg", "image/png",
                                         "image/webp", "image/gif", "image/svg+xml" };
    if (!strcmp(a->kind, "image") || !strcmp(a->kind, "sticker")) return 1;
    for (size_t i = 0; a->type && i < BOT_COUNT(types); i++)
        if (!strcmp(a->type, types[i])) return 1;
    return 0;
}
