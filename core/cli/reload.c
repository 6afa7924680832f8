/* reload.c - `tokobot reload`: asks the running bot to take a changed bot.ini and changed plugin
 * files, waits, and says what has changed. 1 when it was refused: then everything is as it was. */
#include "cli.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 60000 };

static const char usage[] = "usage: tokobot reload [-c bot.ini] [--json]\n";

static const char *member(struct json_object *o, const char *key)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static void print_lines(FILE *out, struct json_object *o, const char *key)
{
    struct json_object *list = NULL;
    json_object_object_get_ex(o, key, &list);
    size_t count = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %s\n", json_object_get_string(json_object_array_get_idx(list, i)));
}

static int print_result(const char *line)
{
    struct json_object *o = json_tokener_parse(line);
    const char *result = member(o, "result");
    int rc = CLI_OK;
    if (!strcmp(result, "ok")) {
        puts("reloaded:");
        print_lines(stdout, o, "changes");
    } else if (!strcmp(result, "unchanged")) {
        puts("nothing has changed");
    } else {
        fputs("refused, everything is as it was:\n", stderr);
        print_lines(stderr, o, "errors");
        if (*member(o, "error")) fprintf(stderr, "  %s\n", member(o, "error"));
        rc = CLI_REFUSED;
    }
    json_object_put(o);
    return rc;
}

int cli_reload(int argc, char **argv)
{
    const char *ini;
    char *line = NULL;
    int as_json;
    int rc = cli_options(argc, argv, usage, &ini, &as_json);
    if (rc) return rc < 0 ? CLI_OK : rc;
    rc = cli_ask(ini, "{\"cmd\":\"reload\"}", ANSWER_MS, &line);
    if (!rc && as_json) puts(line);
    if (!rc)
        rc = as_json ? (strstr(line, "\"ok\":true") ? CLI_OK : CLI_REFUSED) : print_result(line);
    free(line);
    return rc;
}
