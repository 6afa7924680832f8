/* SPDX-License-Identifier: MIT
 * json.h - reading json-c's trees without trusting them: whatever is absent, null or of another type
 * is NULL. What is returned belongs to the tree. */
#ifndef WAHA_JSON_H
#define WAHA_JSON_H

#include <json-c/json.h>

#define JSON_DEPTH_MAX 32

static inline struct json_object *json_member(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    if (o && json_object_is_type(o, json_type_object)) json_object_object_get_ex(o, name, &v);
    return v;
}

/* A string that is not empty. */
static inline const char *json_text(struct json_object *o, const char *name)
{
    struct json_object *v = json_member(o, name);
    if (!v || !json_object_is_type(v, json_type_string)) return NULL;
    return json_object_get_string_len(v) > 0 ? json_object_get_string(v) : NULL;
}

#endif
