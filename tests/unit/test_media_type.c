/* test_media_type.c - what a file is, by its bytes and by nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/storage/media_type.h"

#define FILE_OF(bytes) bytes, sizeof(bytes) - 1

static const struct {
    const char *what, *bytes;
    size_t len;
    const char *type;
} files[] = {
    { "jpeg", FILE_OF("\xff\xd8\xff\xe0\0\x10JFIF"), "image/jpeg" },
    { "a jpeg of a phone",
      FILE_OF("\xff\xd8\xff\xe1"
              "Exif"),
      "image/jpeg" },
    { "half a jpeg's magic", FILE_OF("\xff\xd8"), "application/octet-stream" },
    { "png", FILE_OF("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png" },
    { "a png whose line ends were changed", FILE_OF("\x89PNG\n\x1a\n\0\0\0"),
      "application/octet-stream" },
    { "gif 87", FILE_OF("GIF87a\1\0\1\0"), "image/gif" },
    { "gif 89", FILE_OF("GIF89a\1\0\1\0"), "image/gif" },
    { "gif of another year is text", FILE_OF("GIF90a"), "text/plain" },
    { "webp", FILE_OF("RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0"), "image/webp" },
    { "lossless webp", FILE_OF("RIFF\x24\0\0\0WEBPVP8L\x18\0\0\0"), "image/webp" },
    { "a sound in RIFF", FILE_OF("RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"), "application/octet-stream" },
    { "webp cut off", FILE_OF("RIFF\x24\0\0\0WEBPVP8 "), "application/octet-stream" },
    { "pdf", FILE_OF("%PDF-1.7\n%\xe2\xe3"), "application/pdf" },
    { "pdf not at the start", FILE_OF("x%PDF-1.7"), "text/plain" },
    { "a docx is a zip", FILE_OF("PK\x03\x04\x14\0\x06\0[Content_Types].xml"), "application/zip" },
    { "an empty zip", FILE_OF("PK\x05\x06\0\0\0\0"), "application/zip" },
    { "ogg", FILE_OF("OggS\0\2\0\0\0\0OpusHead"), "audio/ogg" },
    { "amr", FILE_OF("#!AMR\n\x3c"), "audio/amr" },
    { "mp3 with a tag", FILE_OF("ID3\3\0\0\0\0\0\x21"), "audio/mpeg" },
    { "mp3", FILE_OF("\xff\xfb\x90\x64\0\0"), "audio/mpeg" },
    { "UTF-16 is no mp3", FILE_OF("\xff\xfeh\0i\0"), "application/octet-stream" },
    { "mp4",
      FILE_OF("\0\0\0\x20"
              "ftypisom\0\0\2\0"),
      "video/mp4" },
    { "mp4 of a phone",
      FILE_OF("\0\0\0\x18"
              "ftypmp42\0\0\0\0"),
      "video/mp4" },
    { "3gp",
      FILE_OF("\0\0\0\x18"
              "ftyp3gp4\0\0\0\0"),
      "video/3gpp" },
    { "mov",
      FILE_OF("\0\0\0\x14"
              "ftypqt  \0\0\0\0"),
      "video/quicktime" },
    { "m4a",
      FILE_OF("\0\0\0\x20"
              "ftypM4A \0\0\0\0"),
      "audio/mp4" },
    { "heic is none that we know",
      FILE_OF("\0\0\0\x18"
              "ftypheic\0\0\0\0"),
      "application/octet-stream" },
    { "html", FILE_OF("<!DOCTYPE html><script>alert(1)</script>"), "text/plain" },
    { "svg", FILE_OF("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), "text/plain" },
    { "svg behind a BOM", FILE_OF("\xef\xbb\xbf<?xml version=\"1.0\"?><svg/>"), "text/plain" },
    { "html behind a picture's comment", FILE_OF("<!--\xff\xd8\xff--><html>"),
      "application/octet-stream" },
    { "csv", FILE_OF("nama;harga\r\nSepatu;500000\r\n"), "text/plain" },
    { "a card", FILE_OF("BEGIN:VCARD\nFN:Budi\nEND:VCARD"), "text/vcard" },
    { "a card behind a BOM",
      FILE_OF("\xef\xbb\xbf"
              "BEGIN:VCARD\n"),
      "text/vcard" },
    { "text of other scripts", FILE_OF("\xd9\x85\xd8\xb1 \xf0\x9f\x98\x80"), "text/plain" },
    { "Latin-1 is not UTF-8", FILE_OF("caf\xe9"), "application/octet-stream" },
    { "a NUL in it", FILE_OF("a\0b"), "application/octet-stream" },
    { "a terminal's escape in it", FILE_OF("a\x1b[2Jb"), "application/octet-stream" },
    { "a program",
      FILE_OF("\x7f"
              "ELF\2\1\1"),
      "application/octet-stream" },
    { "nothing", "", 0, "application/octet-stream" },
};

static void the_bytes_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *copy = malloc(files[i].len ? files[i].len : 1); /* so that a byte too far is seen */
        assert_non_null(copy);
        memcpy(copy, files[i].bytes, files[i].len);
        const char *type = media_type_of(copy, files[i].len);
        if (strcmp(type, files[i].type) != 0)
            fail_msg("%s: %s, not %s", files[i].what, type, files[i].type);
        free(copy);
    }
}

static void only_four_are_pictures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *t = files[i].type;
        int is = !strcmp(t, "image/jpeg") || !strcmp(t, "image/png") || !strcmp(t, "image/webp") ||
                 !strcmp(t, "image/gif");
        assert_int_equal(media_type_is_picture(t), is);
    }
}

/* Every start of every file, and every byte of it changed: an answer, never a byte too far. */
static void mangled_files_do_no_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        for (size_t cut = 0; cut < files[i].len; cut++) {
            char *copy = malloc(cut + 1);
            assert_non_null(copy);
            memcpy(copy, files[i].bytes, cut);
            assert_non_null(media_type_of(copy, cut));
            copy[cut] = (char)0xff;
            assert_non_null(media_type_of(copy, cut + 1));
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_decide),
        cmocka_unit_test(only_four_are_pictures),
        cmocka_unit_test(mangled_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
