/* SPDX-License-Identifier: MIT
 * test_store_qr.c - the picture of a store's link: a PNG that can be printed, black on white with
 * its quiet zone, and the same for the same text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../plugins/store-admin/qr_png.c"

static const char LINK[] = "https://wa.me/6281100000900?text=%23MAJU7";

static void the_picture_is_large_and_has_a_quiet_zone(void **state)
{
    (void)state;
    unsigned char *png = malloc(QR_PNG_BYTES);
    int64_t n = qr_png(LINK, png, QR_PNG_BYTES);
    assert_true(n > 100);
    png_image image = { .version = PNG_IMAGE_VERSION };
    assert_true(png_image_begin_read_from_memory(&image, png, (size_t)n));
    assert_true(image.width >= 600 && image.width == image.height);
    image.format = PNG_FORMAT_GRAY;
    unsigned char *pixels = malloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
    QRcode *qr = QRcode_encodeString(LINK, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    int modules = qr->width + 2 * QR_PNG_QUIET, scale = (int)image.width / modules;
    assert_int_equal(scale * modules, image.width);
    for (int y = 0; y < modules; y++)
        for (int x = 0; x < modules; x++) {
            int cx = x - QR_PNG_QUIET, cy = y - QR_PNG_QUIET;
            int inside = cx >= 0 && cy >= 0 && cx < qr->width && cy < qr->width;
            int black = inside && (qr->data[cy * qr->width + cx] & 1);
            size_t at =
                (size_t)(y * scale + scale / 2) * image.width + (size_t)(x * scale + scale / 2);
            assert_int_equal(pixels[at], black ? 0 : 255);
        }
    QRcode_free(qr);
    free(pixels);
    free(png);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    unsigned char small[64];
    char text[8000];
    assert_int_equal(qr_png(LINK, small, sizeof small), -1);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    unsigned char *png = malloc(QR_PNG_BYTES);
    assert_int_equal(qr_png(text, png, QR_PNG_BYTES), -1);
    free(png);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_is_large_and_has_a_quiet_zone),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
