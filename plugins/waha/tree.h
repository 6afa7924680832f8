/* SPDX-License-Identifier: MIT
 * tree.h - JSON as a tree, for what is rarely asked; what comes with each message is read by
 * json.h. All take NULL. */
#ifndef WAHA_TREE_H
#define WAHA_TREE_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

static inline struct json_object *json_member(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    if (o && json_object_is_type(o, json_type_object)) json_object_object_get_ex(o, name, &v);
    return v;
}

/* NULL also when it is empty. */
static inline const char *json_text(struct json_object *o, const char *name)
{
    struct json_object *v = json_member(o, name);
    if (!v || !json_object_is_type(v, json_type_string)) return NULL;
    return json_object_get_string_len(v) > 0 ? json_object_get_string(v) : NULL;
}

/* How many elements; 0 when it is no array. */
static inline size_t json_count(struct json_object *list)
{
    return list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* NULL: it is no JSON. The caller's: json_object_put(). */
static inline struct json_object *read_json(const char *body, size_t len)
{
    if (!body || len == 0 || len > INT32_MAX) return NULL;
    struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX);
    if (!tok) return NULL;
    struct json_object *o = json_tokener_parse_ex(tok, body, (int)len);
    if (json_tokener_get_error(tok) != json_tokener_success) {
        json_object_put(o);
        o = NULL;
    }
    json_tokener_free(tok);
    return o;
}

#endif
