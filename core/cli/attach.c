/* attach.c - see attach.h. */
#include "attach.h"

#include "../base/text.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = { "image",    "voice",   "audio",    "video",
                                     "document", "sticker", "location", "contact" };

const char *attach_parse(const char *text, struct arena *arena, const char **kind,
                         const char **what)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    for (size_t i = 0; end && i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i]);
        if (strncmp(text + 1, kinds[i], len) != 0 || text[len + 1] != ' ') continue;
        const char *start = text + len + 2;
        if (start >= end) continue;
        *kind = kinds[i];
        *what = arena_strndup(arena, start, (size_t)(end - start));
        end++;
        return end + strspn(end, " ");
    }
    return text;
}

/* The last word is the number, the others are the name. */
static int add_contact(struct buf *line, const char *what, char *error, size_t cap)
{
    const char *space = strrchr(what, ' ');
    char phone[32];
    struct buf card = { 0 };
    if (!space || space == what || text_phone(space + 1, phone, sizeof phone) != 0) {
        snprintf(error, cap, "write [contact NAME 6281100000031], not [contact %.100s]", what);
        return -1;
    }
    buf_addf(&card, "BEGIN:VCARD\nVERSION:3.0\nFN:%.*s\nTEL;type=CELL;waid=%s:+%s\nEND:VCARD",
             (int)(space - what), what, phone, phone);
    buf_adds(line, ",\"contact\":");
    buf_add_json(line, card.data, card.len);
    buf_free(&card);
    return 0;
}

static int add_place(struct buf *line, const char *what, char *error, size_t cap)
{
    double lat, lon;
    char more;
    if (sscanf(what, "%lf,%lf%c", &lat, &lon, &more) != 2 || !(lat >= -90 && lat <= 90) ||
        !(lon >= -180 && lon <= 180)) {
        snprintf(error, cap, "write [location -6.2,106.8], not [location %.100s]", what);
        return -1;
    }
    buf_adds(line, ",\"place\":");
    buf_add_json(line, what, strlen(what));
    return 0;
}

static int add_file(struct buf *line, const char *what, const char *folder, char *error, size_t cap)
{
    char path[PATH_MAX], full[PATH_MAX];
    int is_relative = folder && what[0] != '/';
    int n = snprintf(path, sizeof path, "%s%s%s", is_relative ? folder : "", is_relative ? "/" : "",
                     what);
    if (n < 0 || (size_t)n >= sizeof path || !realpath(path, full) || access(full, R_OK) != 0) {
        snprintf(error, cap, "%.300s: %s", path, strerror(errno));
        return -1;
    }
    const char *slash = strrchr(what, '/');
    buf_adds(line, ",\"file\":");
    buf_add_json(line, full, strlen(full));
    buf_adds(line, ",\"name\":");
    buf_add_json(line, slash ? slash + 1 : what, strlen(slash ? slash + 1 : what));
    return 0;
}

int attach_add(struct buf *line, const char *kind, const char *what, const char *folder,
               char *error, size_t cap)
{
    buf_addf(line, ",\"attach\":{\"kind\":\"%s\"", kind);
    int rc = !strcmp(kind, "contact")    ? add_contact(line, what, error, cap)
             : !strcmp(kind, "location") ? add_place(line, what, error, cap)
                                         : add_file(line, what, folder, error, cap);
    buf_addc(line, '}');
    return rc;
}

static const char *member(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, name, &v) && v ? json_object_get_string(v) : "";
}

char *attach_shown(struct json_object *line, struct arena *arena)
{
    struct json_object *media = NULL;
    const char *text = member(line, "text");
    if (!json_object_object_get_ex(line, "media", &media)) return arena_strdup(arena, text);
    const char *type = member(media, "type"), *name = member(media, "name");
    const char *kind = !strncmp(type, "image/", 6)   ? "image"
                       : !strncmp(type, "video/", 6) ? "video"
                       : !strncmp(type, "audio/", 6) ? "audio"
                                                     : "document";
    return arena_printf(arena, "[%s%s%s]%s%s", kind, *name ? " " : "", name, *text ? " " : "",
                        text);
}
