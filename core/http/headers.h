/* headers.h - the text of a request's headers as curl wants it; parsed once for each distinct text.
 * Used by client.c only, on its thread. */
#ifndef TOKOBOT_HEADERS_H
#define TOKOBOT_HEADERS_H

#include <curl/curl.h>

/* One parsed `headers` string. */
struct header_set {
    struct curl_slist *list;
    unsigned users;
    int cached;
};

/* The characters of a header's name or a method. */
int header_is_token(const char *line, size_t len);
void header_set_free(struct header_set *set); /* NULL-safe */
/* NULL when a line is no header. */
struct header_set *header_set_parse(const char *text, int with_body);

#endif
