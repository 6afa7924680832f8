/* SPDX-License-Identifier: MIT
 * qr_png.h - a text as a QR code that can be printed. Pure; may run on any thread. */
#ifndef STORE_ADMIN_QR_PNG_H
#define STORE_ADMIN_QR_PNG_H

#include <stddef.h>
#include <stdint.h>

#define QR_PNG_PIXELS_MIN 800          /* of a side; it is a whole number of pixels a module */
#define QR_PNG_QUIET      4            /* modules of white around it, as the standard asks */
#define QR_PNG_BYTES      (256 * 1024) /* more than any picture of a link takes */

/* A PNG of black and white with error correction M. Returns its bytes, or -1: the text is too long,
 * `cap` too small, or there is no memory. */
int64_t qr_png(const char *text, void *out, size_t cap);

#endif
