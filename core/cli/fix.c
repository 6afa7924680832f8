/* fix.c - `tokobot check --fix`: mends what is wrong outside of the bot, by the plugins that can.
 *
 * A plugin NAME that can has a control route "fix-NAME":
 *   {"cmd":"fix-NAME","write":false}  -> what it would change; changes nothing
 *   {"cmd":"fix-NAME","write":true}   -> changes it; what became of it
 * Both are answered {"ok":true,"changes":["sentence",...],"problems":["sentence",...]}, or
 * {"ok":false,"error":"sentence"}. A problem is what only a person can mend, or what failed. */
#include "cli.h"

#include "../base/buf.h"
#include "../http/control.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIST_MS = 5000, FIX_MS = 600000 };

/* One plugin that can mend something. */
struct fixer {
    char *name;
    struct json_object *would; /* its answer to write:false */
};

struct fixers {
    struct fixer *items;
    size_t count;
    size_t changes;
    int is_wrong; /* something is left for a person */
};

static struct json_object *member(struct json_object *o, const char *key)
{
    struct json_object *v = NULL;
    if (json_object_is_type(o, json_type_object)) json_object_object_get_ex(o, key, &v);
    return v;
}

static size_t count_of(struct json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* On one line, nothing for the terminal. */
static void print_sentence(FILE *out, const char *name, const char *sentence)
{
    fprintf(out, "%s: ", name);
    for (const unsigned char *p = (const unsigned char *)(sentence ? sentence : ""); *p; p++)
        fputc(*p < 32 || *p == 127 ? ' ' : *p, out);
    fputc('\n', out);
    fflush(out);
}

static int has_sentence(struct json_object *list, const char *sentence)
{
    for (size_t i = 0; i < count_of(list); i++) {
        const char *one = json_object_get_string(json_object_array_get_idx(list, i));
        if (one && sentence && strcmp(one, sentence) == 0) return 1;
    }
    return 0;
}

/* All sentences but those in `known`; how many there are. */
static size_t print_sentences(FILE *out, const char *name, struct json_object *list,
                              struct json_object *known)
{
    size_t count = count_of(list);
    for (size_t i = 0; i < count; i++) {
        const char *sentence = json_object_get_string(json_object_array_get_idx(list, i));
        if (!has_sentence(known, sentence)) print_sentence(out, name, sentence);
    }
    return count;
}

/* ---- asking the bot -------------------------------------------------------------------------- */

/* 0 with *answer, the caller's; or an exit code after saying why on stderr. */
static int ask(const char *ini, const char *request, int ms, struct json_object **answer)
{
    char *line = NULL;
    int rc = cli_ask(ini, request, ms, &line);
    *answer = rc ? NULL : json_tokener_parse(line);
    if (!rc && !json_object_is_type(*answer, json_type_object)) {
        fputs("the bot's answer is not understood\n", stderr);
        json_object_put(*answer);
        *answer = NULL;
        rc = CLI_REFUSED;
    }
    free(line);
    return rc;
}

/* The same for one plugin. *answer stays NULL when it cannot mend anything, or refused, which
 * stderr then tells with *is_wrong. */
static int ask_plugin(const char *ini, const char *name, int write, struct json_object **answer,
                      int *is_wrong)
{
    struct buf request = { 0 };
    struct buf verb = { 0 };
    buf_addf(&verb, "fix-%s", name);
    buf_adds(&request, "{\"cmd\":");
    buf_add_json(&request, verb.data, verb.len);
    buf_addf(&request, ",\"write\":%s}", write ? "true" : "false");
    int rc = ask(ini, buf_str(&request), FIX_MS, answer);
    if (!rc && !json_object_get_boolean(member(*answer, "ok"))) {
        struct json_object *error = member(*answer, "error");
        const char *why = error ? json_object_get_string(error) : "the bot refused to say why";
        if (strcmp(why, CONTROL_NO_SUCH_COMMAND) != 0) {
            print_sentence(stderr, name, why);
            *is_wrong = 1;
        }
        json_object_put(*answer);
        *answer = NULL;
    }
    buf_free(&verb);
    buf_free(&request);
    return rc;
}

/* ---- what would be changed ------------------------------------------------------------------- */

static int look_at(const char *ini, const char *name, struct fixers *f)
{
    struct fixer *one = &f->items[f->count];
    int rc = ask_plugin(ini, name, 0, &one->would, &f->is_wrong);
    if (rc || !one->would) return rc;
    one->name = xstrdup(name);
    f->count++;
    f->changes += print_sentences(stdout, name, member(one->would, "changes"), NULL);
    if (print_sentences(stderr, name, member(one->would, "problems"), NULL)) f->is_wrong = 1;
    return 0;
}

static int look(const char *ini, struct fixers *f)
{
    struct json_object *list = NULL;
    int rc = ask(ini, "{\"cmd\":\"plugins\"}", LIST_MS, &list);
    struct json_object *plugins = member(list, "plugins");
    f->items = xcalloc(count_of(plugins) + 1, sizeof *f->items);
    for (size_t i = 0; !rc && i < count_of(plugins); i++) {
        struct json_object *name = member(json_object_array_get_idx(plugins, i), "name");
        if (name) rc = look_at(ini, json_object_get_string(name), f);
    }
    json_object_put(list);
    return rc;
}

/* ---- changing it ----------------------------------------------------------------------------- */

static int is_wanted(int yes)
{
    char line[16] = "";
    if (yes) return 1;
    if (!isatty(STDIN_FILENO)) {
        fputs("nothing was written: say --yes to write this without being asked\n", stderr);
        return 0;
    }
    printf("Write this? [y/N] ");
    fflush(stdout);
    int is_yes = fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
    if (!is_yes) puts("nothing was written");
    return is_yes;
}

static int write_all(const char *ini, struct fixers *f)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < f->count; i++) {
        struct json_object *became = NULL;
        const char *name = f->items[i].name;
        if (!count_of(member(f->items[i].would, "changes"))) continue;
        rc = ask_plugin(ini, name, 1, &became, &f->is_wrong);
        if (!rc && !became) f->is_wrong = 1;
        print_sentences(stdout, name, member(became, "changes"), NULL);
        if (print_sentences(stderr, name, member(became, "problems"),
                            member(f->items[i].would, "problems")))
            f->is_wrong = 1;
        json_object_put(became);
    }
    return rc;
}

int cli_fix(const char *ini, int yes)
{
    struct fixers f = { 0 };
    int rc = look(ini, &f);
    if (!rc && f.changes)
        rc = is_wanted(yes) ? write_all(ini, &f) : CLI_REFUSED;
    else if (!rc && !f.is_wrong)
        puts("nothing to mend");
    if (!rc && f.is_wrong) rc = CLI_REFUSED;
    for (size_t i = 0; i < f.count; i++) {
        json_object_put(f.items[i].would);
        free(f.items[i].name);
    }
    free(f.items);
    return rc;
}
