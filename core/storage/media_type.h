/* media_type.h - what a file is, by its bytes. Pure. */
#ifndef TOKOBOT_MEDIA_TYPE_H
#define TOKOBOT_MEDIA_TYPE_H

#include <stddef.h>

/* A MIME type, static memory; "application/octet-stream" when nobody knows. Never of HTML or SVG:
 * those are "text/plain", which nobody runs. */
const char *media_type_of(const void *bytes, size_t len);
/* 1: one of the pictures that WhatsApp shows: JPEG, PNG, WebP, GIF. */
int media_type_is_picture(const char *type);

#endif
