/* SPDX-License-Identifier: MIT
 * json.h - one pass over a JSON text, picking a few values out of it. Pure, allocates nothing.
 *
 * A webhook is two kilobytes of which a dozen fields matter, and it passes here before anything
 * else can happen to it; so no tree is built. The whole text is checked (RFC 8259, at most 32
 * levels deep) and the wanted values are noted as slices of it. */
#ifndef WAHA_JSON_H
#define WAHA_JSON_H

#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 32

enum json_kind {
    JSON_ABSENT = 0,
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING, /* the slice is what stands between the quotes */
    JSON_OBJECT,
    JSON_ARRAY /* the slice includes the brackets; "[]" may hold blanks */
};

struct json_slice {
    const char *s;
    size_t len;
    enum json_kind kind;
    int escaped; /* a string with a backslash in it */
};

/* A member that is wanted: noted in slots[slot] (-1: not); when it is an object, the members of
 * `inside` are wanted of it. */
struct json_wanted {
    const char *name; /* NULL ends a table */
    uint32_t len;
    int slot;
    const struct json_wanted *inside;
};
#define JSON_WANTED(name, slot, inside)                                                            \
    {                                                                                              \
        name, sizeof(name) - 1, slot, inside                                                       \
    }

/* Reads the whole text. *root: its kind. The last of equal members counts. 0, or -1 when it is no
 * JSON. */
int json_pick(const char *text, size_t len, const struct json_wanted *wanted,
              struct json_slice *slots, enum json_kind *root);
/* The next item of the array at text, *at 0 for the first: 1 and its slice, 0 at the end, -1 when
 * it is no array or no JSON. */
int json_item(const char *text, size_t len, size_t *at, struct json_slice *item);
/* Writes a string without its escapes and a NUL; never more than slice.len + 1 bytes. Returns the
 * length. Half a surrogate pair becomes U+FFFD. */
size_t json_decode(const struct json_slice *slice, char *out);
/* A number, or a string of one; 0 when it is neither. */
double json_number(const struct json_slice *slice);
/* How many bytes from s need no escape in a JSON string. */
size_t json_plain_run(const char *s, size_t len);

#endif
