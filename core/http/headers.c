/* headers.c - see headers.h. */
#include "headers.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/buf.h"

/* The characters of a header's name or a method. */
int header_is_token(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)line[i]) && !strchr("!#$%&'*+-.^_`|~", line[i])) return 0;
    return len > 0;
}

/* Adds one line; "Name:" without a value needs curl's own spelling. 0, or -1 when it is no header.
 */
static int header_add(struct header_set *set, const char *line, size_t len)
{
    while (len > 0 && isspace((unsigned char)line[len - 1])) len--;
    if (len == 0) return 0;
    const char *colon = memchr(line, ':', len);
    if (!colon || !header_is_token(line, (size_t)(colon - line))) return -1;
    char *copy = xstrndup(line, len);
    if ((size_t)(colon - line) == len - 1) copy[len - 1] = ';';
    int bad = 0;
    for (const char *p = copy; *p; p++) bad |= (unsigned char)*p < 32 && *p != '\t';
    struct curl_slist *list = bad ? NULL : curl_slist_append(set->list, copy);
    free(copy);
    if (!list) return -1;
    set->list = list;
    return 0;
}

static int has_header(const struct curl_slist *list, const char *name)
{
    size_t len = strlen(name);
    for (; list; list = list->next)
        if (strncasecmp(list->data, name, len) == 0 && strchr(":;", list->data[len])) return 1;
    return 0;
}

void header_set_free(struct header_set *set)
{
    curl_slist_free_all(set->list);
    free(set);
}

/* curl asks "Expect: 100-continue" for larger bodies and waits a second; and calls every body a
 * form. */
struct header_set *header_set_parse(const char *text, int with_body)
{
    struct header_set *set = xcalloc(1, sizeof *set);
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        if (header_add(set, line, len) != 0) {
            header_set_free(set);
            return NULL;
        }
        line += len + (line[len] == '\n');
    }
    if (!has_header(set->list, "Expect")) set->list = curl_slist_append(set->list, "Expect:");
    if (!has_header(set->list, "Content-Type"))
        set->list = curl_slist_append(set->list, with_body ? "Content-Type: application/json"
                                                           : "Content-Type:");
    return set;
}
