/* media_type.c - see media_type.h.
 *
 * What a sender claims means nothing: the first bytes decide, and for text its being valid UTF-8
 * without control characters. */
#include "media_type.h"

#include <string.h>

#include "../base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { LOOK_AT = 4096 }; /* of a picture's or a container's start; a text is read to its end */

static const struct magic {
    size_t at;
    const char *bytes;
    size_t len;
    const char *type;
} magics[] = {
    { 0, "\xff\xd8\xff", 3, "image/jpeg" },
    { 0, "\x89PNG\r\n\x1a\n", 8, "image/png" },
    { 0, "GIF87a", 6, "image/gif" },
    { 0, "GIF89a", 6, "image/gif" },
    { 0, "%PDF-", 5, "application/pdf" },
    { 0, "PK\x03\x04", 4, "application/zip" }, /* docx, xlsx, pptx, odt, apk, too */
    { 0, "PK\x05\x06", 4, "application/zip" }, /* an empty one */
    { 0, "OggS", 4, "audio/ogg" },
    { 0, "#!AMR", 5, "audio/amr" },
    { 0, "ID3", 3, "audio/mpeg" },
};

/* "ftyp" at 4, then whose kind of ISO base media it is. */
static const struct {
    const char *brand;
    size_t len;
    const char *type;
} brands[] = {
    { "M4A", 3, "audio/mp4" },  { "M4B", 3, "audio/mp4" },        { "3gp", 3, "video/3gpp" },
    { "3g2", 3, "video/3gpp" }, { "qt  ", 4, "video/quicktime" }, { "mp4", 3, "video/mp4" },
    { "isom", 4, "video/mp4" }, { "iso", 3, "video/mp4" },        { "avc1", 4, "video/mp4" },
    { "M4V", 3, "video/mp4" },  { "MSNV", 4, "video/mp4" },       { "dash", 4, "video/mp4" },
};

static int is_at(const char *s, size_t len, size_t at, const char *bytes, size_t n)
{
    return len >= at + n && memcmp(s + at, bytes, n) == 0;
}

/* RIFF....WEBP and the chunk that holds the picture. */
static int is_webp(const char *s, size_t len)
{
    return is_at(s, len, 0, "RIFF", 4) && is_at(s, len, 8, "WEBPVP8", 7) && len >= 20;
}

static const char *iso_type(const char *s, size_t len)
{
    if (!is_at(s, len, 4, "ftyp", 4)) return NULL;
    for (size_t i = 0; i < COUNT(brands); i++)
        if (is_at(s, len, 8, brands[i].brand, brands[i].len)) return brands[i].type;
    return NULL; /* HEIC and what is yet to come */
}

/* A frame of MPEG audio, layer III, without a tag before it: sync, a bitrate and a sampling rate
 * that exist. Not 0xff 0xfe: that begins UTF-16. */
static int is_mp3(const unsigned char *s, size_t len)
{
    return len >= 4 && s[0] == 0xff && (s[1] & 0xe6) == 0xe2 && (s[1] & 0x18) != 0x08 &&
           (s[2] & 0xf0) != 0xf0 && (s[2] & 0xf0) != 0 && (s[2] & 0x0c) != 0x0c;
}

static int is_text(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f')) return 0;
    }
    return len > 0 && text_is_utf8(s, len);
}

static const char *text_type(const char *s, size_t len)
{
    static const char bom[] = "\xef\xbb\xbf";
    if (is_at(s, len, 0, bom, 3)) s += 3, len -= 3;
    return is_at(s, len, 0, "BEGIN:VCARD", 11) ? "text/vcard" : "text/plain";
}

const char *media_type_of(const void *bytes, size_t len)
{
    const char *s = bytes;
    size_t start = len < LOOK_AT ? len : LOOK_AT;
    for (size_t i = 0; i < COUNT(magics); i++)
        if (is_at(s, start, magics[i].at, magics[i].bytes, magics[i].len)) return magics[i].type;
    if (is_webp(s, start)) return "image/webp";
    const char *iso = iso_type(s, start);
    if (iso) return iso;
    if (is_mp3(bytes, start)) return "audio/mpeg";
    return is_text(s, len) ? text_type(s, len) : "application/octet-stream";
}

int media_type_is_picture(const char *type)
{
    return !strncmp(type, "image/", 6);
}
