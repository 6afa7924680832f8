/* SPDX-License-Identifier: MIT
 *
 * qr_png.c - see qr_png.h. One bit a pixel, so that a poster's picture is a few kilobytes. */
#include "qr_png.h"

#include <png.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

struct sink {
    unsigned char *data;
    size_t len, cap;
};

static void sink_write(png_structp png, png_bytep data, png_size_t n)
{
    struct sink *s = png_get_io_ptr(png);
    if (n > s->cap - s->len) png_error(png, "the picture is too large");
    memcpy(s->data + s->len, data, n);
    s->len += n;
}

static void sink_flush(png_structp png)
{
    (void)png;
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

/* libpng would write to the terminal. */
static void on_error(png_structp png, png_const_charp text)
{
    (void)text;
    png_longjmp(png, 1);
}

/* One line of pixels: 1 is white. */
static void row_fill(unsigned char *row, size_t bytes, const QRcode *qr, int module, int scale)
{
    memset(row, 0xFF, bytes);
    if (module < 0 || module >= qr->width) return;
    for (int x = 0; x < qr->width * scale; x++) {
        int pixel = x + QR_PNG_QUIET * scale;
        if (qr->data[module * qr->width + x / scale] & 1)
            row[pixel / 8] &= (unsigned char)~(0x80u >> (pixel % 8));
    }
}

static int picture_write(png_structp png, png_infop info, const QRcode *qr, struct sink *sink,
                         unsigned char *row, size_t bytes, int scale)
{
    int side = (qr->width + 2 * QR_PNG_QUIET) * scale;
    if (setjmp(png_jmpbuf(png))) return -1;
    png_set_write_fn(png, sink, sink_write, sink_flush);
    png_set_IHDR(png, info, (png_uint_32)side, (png_uint_32)side, 1, PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < side; y++) {
        row_fill(row, bytes, qr, y / scale - QR_PNG_QUIET, scale);
        png_write_row(png, row);
    }
    png_write_end(png, info);
    return 0;
}

int64_t qr_png(const char *text, void *out, size_t cap)
{
    int64_t result = -1;
    struct sink sink = { out, 0, cap };
    png_structp png = NULL;
    png_infop info = NULL;
    unsigned char *row = NULL;
    QRcode *qr = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (!qr) return -1;
    int modules = qr->width + 2 * QR_PNG_QUIET;
    int scale = (QR_PNG_PIXELS_MIN + modules - 1) / modules;
    size_t bytes = ((size_t)modules * (size_t)scale + 7) / 8;
    row = malloc(bytes);
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    if (png) info = png_create_info_struct(png);
    if (row && info && picture_write(png, info, qr, &sink, row, bytes, scale) == 0)
        result = (int64_t)sink.len;
    if (png) png_destroy_write_struct(&png, &info);
    free(row);
    QRcode_free(qr);
    return result;
}
