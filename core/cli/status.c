/* status.c - `tokobot status`: asks the running bot how it is and prints what it says.
 *
 * It knows none of the keys: objects become indented blocks, lists of objects tables, so that a bot
 * of another version, or a plugin, can say more without a change here. */
#include "cli.h"

#include "../base/buf.h"
#include "../base/text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MS   5000
#define COLUMNS_MAX 16

static const char usage[] = "usage: tokobot status [-c bot.ini] [--json]\n";

/* ---- printing -------------------------------------------------------------------------------- */

/* "uptime_seconds" -> "uptime seconds", padded. */
static void print_label(const char *key, size_t width)
{
    for (const char *p = key; *p; p++) putchar(*p == '_' ? ' ' : *p);
    for (size_t n = text_chars(key); n < width; n++) putchar(' ');
}

static int is_scalar(struct json_object *v)
{
    return !json_object_is_type(v, json_type_object) && !json_object_is_type(v, json_type_array);
}

/* A scalar as a person would write it; anything deeper as JSON. On one line, nothing for the
 * terminal. */
static char *scalar_text(struct json_object *v)
{
    struct buf out = { 0 };
    if (json_object_is_type(v, json_type_boolean))
        buf_adds(&out, json_object_get_boolean(v) ? "yes" : "no");
    else if (v && is_scalar(v))
        buf_adds(&out, json_object_get_string(v));
    else if (v)
        buf_adds(&out, json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
    for (size_t i = 0; i < out.len; i++)
        if ((unsigned char)out.data[i] < 32 || out.data[i] == 127) out.data[i] = ' ';
    if (out.len == 0) buf_addc(&out, '-');
    return buf_take(&out);
}

static void print_cell(struct json_object *v, size_t width)
{
    char *text = scalar_text(v);
    fputs(text, stdout);
    for (size_t n = text_chars(text); n < width; n++) putchar(' ');
    free(text);
}

struct column {
    const char *key;
    size_t width;
};

/* The columns are the keys of the first object; each as wide as its widest cell. */
static size_t table_columns(struct json_object *rows, struct column *columns)
{
    size_t count = 0;
    struct json_object *first = json_object_array_get_idx(rows, 0);
    struct json_object_iterator it = json_object_iter_begin(first),
                                end = json_object_iter_end(first);
    for (; !json_object_iter_equal(&it, &end) && count < COLUMNS_MAX; json_object_iter_next(&it)) {
        const char *key = json_object_iter_peek_name(&it);
        columns[count++] = (struct column){ key, text_chars(key) };
    }
    for (size_t r = 0; r < json_object_array_length(rows); r++)
        for (size_t i = 0; i < count; i++) {
            struct json_object *v = NULL;
            json_object_object_get_ex(json_object_array_get_idx(rows, r), columns[i].key, &v);
            char *text = scalar_text(v);
            size_t width = text_chars(text);
            if (width > columns[i].width) columns[i].width = width;
            free(text);
        }
    return count;
}

static void print_table(struct json_object *rows, int indent)
{
    struct column columns[COLUMNS_MAX];
    size_t count = table_columns(rows, columns);
    printf("%*s", indent, "");
    for (size_t i = 0; i < count; i++)
        print_label(columns[i].key, i + 1 < count ? columns[i].width + 2 : 0);
    putchar('\n');
    for (size_t r = 0; r < json_object_array_length(rows); r++) {
        printf("%*s", indent, "");
        for (size_t i = 0; i < count; i++) {
            struct json_object *v = NULL;
            json_object_object_get_ex(json_object_array_get_idx(rows, r), columns[i].key, &v);
            print_cell(v, i + 1 < count ? columns[i].width + 2 : 0);
        }
        putchar('\n');
    }
}

static int is_table(struct json_object *list)
{
    size_t count = json_object_array_length(list);
    for (size_t i = 0; i < count; i++)
        if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_object)) return 0;
    return count > 0;
}

static void print_list(struct json_object *list)
{
    size_t count = json_object_array_length(list);
    if (count == 0) fputs("none", stdout);
    for (size_t i = 0; i < count; i++) {
        if (i) fputs(", ", stdout);
        print_cell(json_object_array_get_idx(list, i), 0);
    }
    putchar('\n');
}

static void print_object(struct json_object *o, int indent);

static void print_member(const char *key, struct json_object *value, size_t width, int indent)
{
    int list = json_object_is_type(value, json_type_array);
    int block = json_object_is_type(value, json_type_object) || (list && is_table(value));
    printf("%*s", indent, "");
    print_label(key, block ? 0 : width);
    if (block) putchar('\n');
    if (block && list)
        print_table(value, indent + 2);
    else if (block)
        print_object(value, indent + 2);
    else if (list)
        print_list(value);
    else {
        print_cell(value, 0);
        putchar('\n');
    }
}

/* A line for each single value, aligned; a block under its name. */
static void print_object(struct json_object *o, int indent)
{
    size_t width = 0;
    struct json_object_iterator it = json_object_iter_begin(o), end = json_object_iter_end(o);
    for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
        size_t chars = text_chars(json_object_iter_peek_name(&it));
        if (chars > width) width = chars;
    }
    for (it = json_object_iter_begin(o); !json_object_iter_equal(&it, &end);
         json_object_iter_next(&it)) {
        const char *key = json_object_iter_peek_name(&it);
        if (indent == 0 && strcmp(key, "ok") == 0) continue;
        print_member(key, json_object_iter_peek_value(&it), width + 2, indent);
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int print_answer(const char *line, int as_json)
{
    struct json_object *o = json_tokener_parse(line), *ok = NULL, *error = NULL;
    int rc = CLI_OK;
    if (!json_object_is_type(o, json_type_object)) {
        fprintf(stderr, "the bot's answer is not understood\n");
        rc = CLI_REFUSED;
    } else if (json_object_object_get_ex(o, "ok", &ok) && !json_object_get_boolean(ok)) {
        json_object_object_get_ex(o, "error", &error);
        fprintf(stderr, "%s\n", error ? json_object_get_string(error) : "the bot refused to say");
        rc = CLI_REFUSED;
    } else if (as_json) {
        puts(line);
    } else {
        print_object(o, 0);
    }
    json_object_put(o);
    return rc;
}

int cli_status(int argc, char **argv)
{
    const char *ini;
    char *line = NULL;
    int as_json;
    int rc = cli_options(argc, argv, usage, &ini, &as_json);
    if (rc) return rc < 0 ? CLI_OK : rc;
    rc = cli_ask(ini, "{\"cmd\":\"status\"}", ANSWER_MS, &line);
    if (!rc) rc = print_answer(line, as_json);
    free(line);
    return rc;
}
