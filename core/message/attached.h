/* attached.h - what comes along with a text, or instead of one: a file, a place, a contact. In the
 * journal it is one JSON column, NULL for a plain text. */
#ifndef TOKOBOT_ATTACHED_H
#define TOKOBOT_ATTACHED_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct bot_incoming;
struct buf;

/* Strings are NULL when absent. */
struct attached {
    const char *kind;  /* one of bot_incoming.media; never NULL */
    const char *url;   /* the file is still to be fetched */
    const char *type;  /* claimed; by content once `media` is set */
    const char *name;  /* of the file, without a folder */
    const char *error; /* why there is no file */
    const char *place, *place_name, *contact;
    int64_t media; /* id of the file, 0 = none */
    int64_t size;
};

/* Of what a gateway says, cleaned and cut; adds nothing for a plain text. Pure. */
void attached_of_incoming(const struct bot_incoming *in, struct buf *json);
void attached_write(const struct attached *a, struct buf *json);
/* NULL for NULL, and for what is none. */
struct attached *attached_read(const char *json, struct arena *arena);
/* A field as plugins name it: "media.kind" "media.type" "media.name" "media.error" "place"
 * "place.name" "contact". NULL when there is none of that name. */
const char *attached_field(const struct attached *a, const char *name);
/* 1: its file is a picture by what it claims to be. */
int attached_claims_picture(const struct attached *a);

#endif
