/* plugin_list.c - `tokobot plugin list`: what runs, since when, and how it does. */
#include "cli.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 5000 };

static const char usage[] = "usage: tokobot plugin list [-c bot.ini] [--json]\n";

static const char *text(struct json_object *o, const char *key)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static int64_t number(struct json_object *o, const char *key)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v) : 0;
}

static void print_plugin(struct json_object *p)
{
    printf("%s %s  %s, generation %" PRId64 ", SDK %s\n", text(p, "name"), text(p, "version"),
           text(p, "state"), number(p, "generation"), text(p, "sdk"));
    if (*text(p, "commands")) printf("  commands   %s\n", text(p, "commands"));
    if (*text(p, "hooks")) printf("  hooks      %s\n", text(p, "hooks"));
    printf("  pending    %s\n", text(p, "pending"));
    printf("  callbacks  %" PRId64 ", %" PRId64 " failed", number(p, "calls"), number(p, "errors"));
    if (number(p, "calls"))
        printf("; p50 %" PRId64 " us, p99 %" PRId64 " us, slowest %" PRId64 " us (%s)",
               number(p, "p50_us"), number(p, "p99_us"), number(p, "max_us"), text(p, "slowest"));
    putchar('\n');
}

static void print_list(const char *line)
{
    struct json_object *o = json_tokener_parse(line), *list = NULL, *problems = NULL;
    json_object_object_get_ex(o, "plugins", &list);
    json_object_object_get_ex(o, "problems", &problems);
    size_t count = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count; i++) print_plugin(json_object_array_get_idx(list, i));
    if (!count) puts("no plugin runs");
    count = problems ? json_object_array_length(problems) : 0;
    if (count) puts("not well:");
    for (size_t i = 0; i < count; i++)
        printf("  %s\n", json_object_get_string(json_object_array_get_idx(problems, i)));
    json_object_put(o);
}

int cli_plugin_list(int argc, char **argv)
{
    const char *ini;
    char *line = NULL;
    int as_json;
    int rc = cli_options(argc, argv, usage, &ini, &as_json);
    if (rc) return rc < 0 ? CLI_OK : rc;
    rc = cli_ask(ini, "{\"cmd\":\"plugins\"}", ANSWER_MS, &line);
    if (!rc && as_json) puts(line);
    if (!rc && !as_json) print_list(line);
    free(line);
    return rc;
}
