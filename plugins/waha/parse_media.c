/* SPDX-License-Identifier: MIT
 * parse_media.c - what comes with a text, or instead of one: a picture, a voice note, a file, a
 * place, a contact.
 *
 * Pure, on HTTP threads, and only for messages that bring such a thing: parse.c has passed over the
 * body once and noted four parts of it, which are looked into here. What kind it is says the raw
 * message of the engine (NOWEB: message, GOWS: Message, WEBJS: type), since WAHA's own fields hold
 * only a MIME type, and not even that when the file was not downloaded. Nothing of it is trusted:
 * the host judges a file by its content, and fetch.c takes only the path of a URL. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "waha.h"

enum media_note { URL, MIME, FILE_NAME, ERROR_CODE, ERROR_DETAILS, MEDIA_NOTES };
enum place_note { LATITUDE, LONGITUDE, PLACE_NAME, ADDRESS, PLACE_NOTES };
enum raw_note {
    RAW_TYPE,
    RAW_IMAGE,
    RAW_VIDEO,
    RAW_ROUND_VIDEO,
    RAW_AUDIO,
    RAW_PTT,
    RAW_DOCUMENT,
    RAW_CAPTIONED,
    RAW_STICKER,
    RAW_LOTTIE,
    RAW_NOTES
};

#define NO_MORE                                                                                    \
    {                                                                                              \
        NULL, 0, 0, NULL                                                                           \
    }
static const struct json_wanted in_error[] = { JSON_WANTED("code", ERROR_CODE, NULL),
                                               JSON_WANTED("details", ERROR_DETAILS, NULL),
                                               NO_MORE };
static const struct json_wanted in_media[] = { JSON_WANTED("url", URL, NULL),
                                               JSON_WANTED("mimetype", MIME, NULL),
                                               JSON_WANTED("filename", FILE_NAME, NULL),
                                               JSON_WANTED("error", -1, in_error), NO_MORE };
static const struct json_wanted in_location[] = { JSON_WANTED("latitude", LATITUDE, NULL),
                                                  JSON_WANTED("longitude", LONGITUDE, NULL),
                                                  JSON_WANTED("name", PLACE_NAME, NULL),
                                                  JSON_WANTED("address", ADDRESS, NULL), NO_MORE };
static const struct json_wanted in_audio[] = { JSON_WANTED("ptt", RAW_PTT, NULL),
                                               JSON_WANTED("PTT", RAW_PTT, NULL), NO_MORE };
static const struct json_wanted in_raw_message[] = {
    JSON_WANTED("imageMessage", RAW_IMAGE, NULL),
    JSON_WANTED("videoMessage", RAW_VIDEO, NULL),
    JSON_WANTED("ptvMessage", RAW_ROUND_VIDEO, NULL),
    JSON_WANTED("audioMessage", RAW_AUDIO, in_audio),
    JSON_WANTED("documentMessage", RAW_DOCUMENT, NULL),
    JSON_WANTED("documentWithCaptionMessage", RAW_CAPTIONED, NULL),
    JSON_WANTED("stickerMessage", RAW_STICKER, NULL),
    JSON_WANTED("lottieStickerMessage", RAW_LOTTIE, NULL),
    NO_MORE
};
static const struct json_wanted in_raw[] = { JSON_WANTED("message", -1, in_raw_message),
                                             JSON_WANTED("Message", -1, in_raw_message),
                                             JSON_WANTED("type", RAW_TYPE, NULL), NO_MORE };

/* An engine's word -> ours. */
static const struct {
    int note;
    const char *webjs; /* the word of _data.type */
    const char *kind;
} media_kinds[] = {
    { RAW_STICKER, "sticker", "sticker" },    { RAW_LOTTIE, NULL, "sticker" },
    { RAW_IMAGE, "image", "image" },          { RAW_VIDEO, "video", "video" },
    { RAW_ROUND_VIDEO, "ptv", "video" },      { RAW_AUDIO, "audio", "audio" },
    { RAW_DOCUMENT, "document", "document" }, { RAW_CAPTIONED, NULL, "document" },
};

/* Where the strings go; there is room for all of them, decoded, with their NULs. */
struct room {
    char *at;
};

int waha_has_items(const struct json_slice *array)
{
    if (array->kind != JSON_ARRAY) return 0;
    for (size_t i = 1; i + 1 < array->len; i++)
        if (!strchr(" \t\r\n", array->s[i])) return 1;
    return 0;
}

/* The string, or NULL when it is none or empty. */
static const char *put(struct room *room, const struct json_slice *note)
{
    if (note->kind != JSON_STRING || note->len == 0) return NULL;
    char *start = room->at;
    room->at += json_decode(note, start) + 1;
    return start;
}

static void pick(const struct json_slice *part, const struct json_wanted *wanted,
                 struct json_slice *notes)
{
    enum json_kind root;
    if (part->kind == JSON_OBJECT) (void)json_pick(part->s, part->len, wanted, notes, &root);
}

/* ---- a file ---------------------------------------------------------------------------------- */

static int is_word(const struct json_slice *note, const char *word)
{
    return word && note->kind == JSON_STRING && note->len == strlen(word) &&
           memcmp(note->s, word, note->len) == 0;
}

/* What the engine calls it; NULL when it does not say. */
static const char *raw_kind(const struct json_slice *data)
{
    struct json_slice raw[RAW_NOTES] = { { NULL, 0, JSON_ABSENT, 0 } };
    pick(data, in_raw, raw);
    if (is_word(&raw[RAW_TYPE], "ptt") || raw[RAW_PTT].kind == JSON_TRUE) return "voice";
    for (size_t i = 0; i < BOT_COUNT(media_kinds); i++)
        if (raw[media_kinds[i].note].kind == JSON_OBJECT ||
            is_word(&raw[RAW_TYPE], media_kinds[i].webjs))
            return media_kinds[i].kind;
    return NULL;
}

/* By the claimed MIME type alone. WhatsApp's voice notes are the only audio in Ogg. */
static const char *claimed_kind(const char *type)
{
    if (!type) return "document";
    if (strncmp(type, "image/", 6) == 0) return "image";
    if (strncmp(type, "video/", 6) == 0) return "video";
    if (strcmp(type, "audio/ogg") == 0) return "voice";
    return strncmp(type, "audio/", 6) == 0 ? "audio" : "document";
}

/* "audio/ogg; codecs=opus" -> "audio/ogg", in lower case; NULL when it is none. */
static const char *put_type(struct room *room, const struct json_slice *note)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.+-_/";
    char *type = (char *)put(room, note);
    if (!type) return NULL;
    type[strcspn(type, "; \t")] = '\0';
    for (char *c = type; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    const char *slash = strchr(type, '/');
    int is_type = slash && slash != type && slash[1] && !strchr(slash + 1, '/');
    return is_type && type[strspn(type, letters)] == '\0' ? type : NULL;
}

/* "CODE: details" of WAHA's error, whatever their types. */
static const char *put_error(struct room *room, const struct json_slice *notes)
{
    const struct json_slice *code = &notes[ERROR_CODE];
    char *start = room->at;
    if (code->kind == JSON_NUMBER) {
        memcpy(room->at, code->s, code->len);
        room->at += code->len + 1;
        room->at[-1] = '\0';
    } else {
        (void)put(room, code);
    }
    if (room->at == start) {
        const char *details = put(room, &notes[ERROR_DETAILS]);
        return details ? details : "WAHA could not download it";
    }
    char *end = room->at;
    if (!put(room, &notes[ERROR_DETAILS])) return start;
    memmove(end + 1, end, (size_t)(room->at - end)); /* ": " takes the NUL's place and one more */
    end[-1] = ':';
    end[0] = ' ';
    room->at++;
    return start;
}

static void read_media_file(struct room *room, const struct json_slice *media,
                            const struct json_slice *data, struct bot_incoming *in)
{
    struct json_slice notes[MEDIA_NOTES] = { { NULL, 0, JSON_ABSENT, 0 } };
    pick(media, in_media, notes);
    in->media_url = put(room, &notes[URL]);
    in->media_type = put_type(room, &notes[MIME]);
    in->media_name = put(room, &notes[FILE_NAME]);
    if (!in->media_url)
        in->media_error =
            media->kind == JSON_OBJECT ? put_error(room, notes) : "WAHA has not downloaded it";
    in->media = raw_kind(data);
    if (!in->media) in->media = claimed_kind(in->media_type);
}

/* ---- a place --------------------------------------------------------------------------------- */

/* Degrees as a number or a string of one; 0, or -1 when it is no number of -max..max. */
static int read_degrees(const struct json_slice *note, double max, double *out)
{
    char digits[40], *end;
    if ((note->kind != JSON_NUMBER && note->kind != JSON_STRING) || note->len == 0 ||
        note->len >= sizeof digits)
        return -1;
    memcpy(digits, note->s, note->len);
    digits[note->len] = '\0';
    if (digits[strspn(digits, "+-.0123456789eE")] != '\0') return -1; /* neither hex nor "nan" */
    *out = strtod(digits, &end);
    return *end == '\0' && isfinite(*out) && *out >= -max && *out <= max ? 0 : -1;
}

/* Seven digits are a centimetre; no zeros at the end. */
static void put_degrees(struct room *room, double degrees)
{
    char digits[40];
    int n = snprintf(digits, sizeof digits, "%.7f", degrees == 0 ? 0.0 : degrees);
    while (n > 1 && digits[n - 1] == '0') n--;
    if (digits[n - 1] == '.') n--;
    memcpy(room->at, digits, (size_t)n);
    room->at += n;
}

static void read_place(struct room *room, const struct json_slice *location,
                       struct bot_incoming *in)
{
    struct json_slice notes[PLACE_NOTES] = { { NULL, 0, JSON_ABSENT, 0 } };
    double lat, lon;
    pick(location, in_location, notes);
    in->media = "location";
    if (read_degrees(&notes[LATITUDE], 90, &lat) < 0 ||
        read_degrees(&notes[LONGITUDE], 180, &lon) < 0) {
        in->media_error = "its coordinates are none";
    } else {
        in->place = room->at;
        put_degrees(room, lat);
        *room->at++ = ',';
        put_degrees(room, lon);
        *room->at++ = '\0';
    }
    in->place_name = put(room, &notes[PLACE_NAME]);
    if (notes[ADDRESS].kind != JSON_STRING || notes[ADDRESS].len == 0) return;
    if (in->place_name) {
        room->at[-1] = ',';
        *room->at++ = ' ';
    } else {
        in->place_name = room->at;
    }
    (void)put(room, &notes[ADDRESS]);
}

/* ---- contacts -------------------------------------------------------------------------------- */

static void read_contacts(struct room *room, const struct json_slice *vcards,
                          struct bot_incoming *in)
{
    struct json_slice item;
    char *start = room->at;
    in->media = "contact";
    for (size_t at = 0; json_next(vcards, &at, &item);) {
        if (!put(room, &item)) continue;
        room->at[-1] = '\n';
    }
    if (room->at == start) {
        in->media_error = "it holds no card";
        return;
    }
    room->at[-1] = '\0';
    in->contact = start;
    in->contact_len = (size_t)(room->at - start) - 1;
}

char *waha_read_media(const struct json_slice *media, const struct json_slice *location,
                      const struct json_slice *vcards, const struct json_slice *data,
                      struct bot_incoming *in)
{
    /* Each string is shorter than what it was decoded from; a place is printed anew. */
    char *strings = malloc(media->len + location->len + vcards->len + 128);
    struct room room = { strings };
    if (!strings) return NULL;
    if (location->kind == JSON_OBJECT)
        read_place(&room, location, in);
    else if (waha_has_items(vcards))
        read_contacts(&room, vcards, in);
    else
        read_media_file(&room, media, data, in);
    return strings;
}
