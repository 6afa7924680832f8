/* command.c - see command.h. Parsing changes nothing; what is said goes into the event's one
 * answer. */
#include "command.h"

#include <string.h>

#include "base/text.h"
#include "dispatch.h"
#include "host.h"
#include "message/texts.h"

static const struct {
    const char *text;
    enum word word;
} words[] = {
    { "batal", WORD_CANCEL },      { "cancel", WORD_CANCEL },      { "kembali", WORD_BACK },
    { "back", WORD_BACK },         { "bantuan", WORD_HELP },       { "menu", WORD_HELP },
    { "help", WORD_HELP },         { "admin", WORD_ADMIN },        { "ganti", WORD_SWITCH },
    { "ganti toko", WORD_SWITCH }, { "pindah toko", WORD_SWITCH }, { "change store", WORD_SWITCH },
};

/* "/start" is what other networks send first; "/back" and "/cancel" are nobody's. */
static const char *const core_commands[] = { "bantuan", "batal", "kembali", "menu",
                                             "ganti",   "admin", "help" };

/* Groups of the help, by who may run a command; a command is in the first one that fits. */
static const struct {
    uint32_t role;
    const char *title;
} groups[] = {
    { BOT_CUSTOMER, "help.customer" },
    { BOT_STORE_ADMIN, "help.admin" },
    { BOT_SUPER, "help.super" },
};

/* ---- pure ------------------------------------------------------------------------------------ */

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static int is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static int is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

int command_parse(const char *text, struct command_line *out)
{
    size_t len = strlen(text);
    const char *s = text_trim(text, &len);
    if (len < 2 || *s != '/') return 0;
    size_t n = 1;
    for (; n < len && is_name_char(lower(s[n])); n++) {
        if (n > COMMAND_NAME_MAX) return 0;
        out->name[n - 1] = lower(s[n]);
    }
    if (n == 1) return 0;
    out->name[n - 1] = '\0';
    out->rest_len = len - n;
    out->rest = text_trim(s + n, &out->rest_len);
    return n == len || is_blank(s[n]) ||
           out->rest != s + n; /* also after white space that is not ASCII */
}

enum word command_word(const char *text)
{
    char word[16];
    size_t len = strlen(text);
    const char *s = text_trim(text, &len);
    while (len && strchr(".!?", s[len - 1])) len--;
    if (!len || len >= sizeof word) return WORD_NONE;
    for (size_t i = 0; i < len; i++) word[i] = lower(s[i]);
    word[len] = '\0';
    for (size_t i = 0; i < BOT_COUNT(words); i++)
        if (!strcmp(words[i].text, word)) return words[i].word;
    return WORD_NONE;
}

enum word command_core_word(const char *name)
{
    return strcmp(name, "start") ? command_word(name) : WORD_HELP;
}

int command_is_open(const struct command *c)
{
    const struct setting *s =
        c->spec.open_if ? generation_setting(c->plugin, c->spec.open_if) : NULL;
    return s && s->number == 1;
}

/* An id is one word: a whole number above zero, also written "#7". */
static int is_id(const char *s)
{
    int64_t id;
    return text_int(s, &id) == 0 && id > 0;
}

enum args_problem command_args(const struct command *c, const char *rest, size_t len,
                               struct arena *arena, const char ***args, uint32_t *count,
                               const char **bad)
{
    *args = arena_zalloc(arena, sizeof **args * (c->arg_count + 1));
    *count = 0;
    for (uint32_t i = 0; i < c->arg_count; i++) {
        int wants_id = !strcmp(c->arg_names[i], "id");
        rest = text_trim(rest, &len);
        if (!len) {
            *bad = c->arg_names[i];
            return i < c->arg_required ? ARGS_MISSING : ARGS_OK;
        }
        size_t n = len;
        if (wants_id || i + 1 < c->arg_count)
            for (n = 0; n < len && !is_blank(rest[n]);) n++;
        const char *word = rest;
        size_t word_len = n;
        if (wants_id && *word == '#') word++, word_len--;
        (*args)[i] = arena_strndup(arena, word, word_len);
        *count = i + 1;
        if (wants_id && !is_id((*args)[i])) {
            *bad = arena_strndup(arena, rest, n < 40 ? n : text_prefix(rest, n, 40));
            return ARGS_NO_ID;
        }
        rest += n;
        len -= n;
    }
    return ARGS_OK;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static const char *plugin_text(struct event *ev, const struct command *c, const char *key)
{
    return texts_fill(c->plugin->texts, ev->language, key, NULL, 0, ev->timezone, &ev->arena);
}

/* "/edit 7": the plugin's own example, or the arguments' names. */
static const char *command_example(struct event *ev, const struct command *c)
{
    if (c->spec.usage) return plugin_text(ev, c, c->spec.usage);
    if (!c->arg_count) return arena_printf(&ev->arena, "/%s", c->spec.name);
    return arena_printf(&ev->arena, "/%s %s", c->spec.name, c->spec.args);
}

static const char *const *copy_names(struct event *ev, const struct command *c)
{
    if (!c->arg_count) return NULL;
    const char **names = arena_alloc(&ev->arena, sizeof *names * c->arg_count);
    for (uint32_t i = 0; i < c->arg_count; i++)
        names[i] = arena_strdup(&ev->arena, c->arg_names[i]);
    return names;
}

int command_prepare(struct event *ev, const struct command *c, const struct command_line *line)
{
    const char *bad = "";
    ev->rest = arena_strndup(&ev->arena, line->rest, line->rest_len);
    ev->arg_names = copy_names(ev, c); /* the event may outlive this generation of the plugin */
    enum args_problem problem =
        command_args(c, ev->rest, line->rest_len, &ev->arena, &ev->args, &ev->nargs, &bad);
    if (problem == ARGS_OK) return 0;
    const struct bot_arg args[] = {
        bot_text("bad", bad),
        bot_text("example", command_example(ev, c)),
    };
    const char *key = problem == ARGS_NO_ID ? "usage.id"
                      : !strcmp(bad, "id")  ? "usage.missing_id"
                                            : "usage.missing";
    dispatch_say(ev, dispatch_text(ev, key, args, BOT_COUNT(args)));
    return 1;
}

/* The command that was probably meant, of those that this person may run; NULL = none is near. */
static const char *command_nearest(struct event *ev, const struct command_line *line)
{
    const struct registry *r = ev->host->registry;
    size_t first = 0;
    while (first < line->rest_len && !is_blank(line->rest[first])) first++;
    if (first) { /* "/see this" */
        const char *joined =
            arena_printf(&ev->arena, "%s_%.*s", line->name, (int)first, line->rest);
        const struct command *c = registry_command(r, joined);
        if (c && command_allowed(c, ev->roles)) return c->spec.name;
    }
    const char **names =
        arena_alloc(&ev->arena, sizeof *names * (r->command_name_count + BOT_COUNT(core_commands)));
    size_t count = 0;
    for (size_t i = 0; i < r->command_name_count; i++) {
        const struct command *c = registry_command(r, r->command_names[i]);
        if (c && command_allowed(c, ev->roles)) names[count++] = r->command_names[i];
    }
    for (size_t i = 0; i < BOT_COUNT(core_commands); i++) names[count++] = core_commands[i];
    return text_nearest(line->name, names, count);
}

void command_say_unknown(struct event *ev, const struct command_line *line)
{
    const char *near = command_nearest(ev, line);
    const struct bot_arg args[] = { bot_text("name", line->name), bot_text("near", near) };
    dispatch_say(
        ev, dispatch_text(ev, near ? "command.nearest" : "command.unknown", args, BOT_COUNT(args)));
}

void command_say_refused(struct event *ev, const struct command *c)
{
    const char *key = c->spec.role & BOT_STAFF   ? "refused.admin"
                      : c->spec.role & BOT_OWNER ? "refused.owner"
                                                 : "refused.super";
    dispatch_say(ev, dispatch_text(ev, key, NULL, 0));
}

static void help_line(struct event *ev, const struct command *c, struct buf *out)
{
    buf_addf(out, "\n/%s", c->spec.name);
    if (c->arg_count) buf_addf(out, " %s", c->spec.args);
    if (c->spec.help) buf_addf(out, " \xe2\x80\x93 %s", plugin_text(ev, c, c->spec.help));
}

void command_say_help(struct event *ev)
{
    const struct registry *r = ev->host->registry;
    struct buf out = { 0 };
    buf_adds(&out, dispatch_text(ev, "help.title", NULL, 0));
    for (size_t g = 0; g < BOT_COUNT(groups); g++) {
        int titled = 0;
        for (size_t i = 0; i < r->command_count; i++) {
            const struct command *c = r->command_list[i];
            uint32_t role = command_is_open(c) ? BOT_ANYONE : c->spec.role;
            size_t in = 0;
            while (in < BOT_COUNT(groups) && !(role & groups[in].role)) in++;
            if (in != g || !command_allowed(c, ev->roles)) continue;
            if (!titled++) buf_addf(&out, "\n\n%s", dispatch_text(ev, groups[g].title, NULL, 0));
            help_line(ev, c, &out);
        }
    }
    buf_addf(&out, "\n\n%s", dispatch_text(ev, "help.words", NULL, 0));
    if (ev->stores_active > 1) buf_addf(&out, "\n%s", dispatch_text(ev, "help.switch", NULL, 0));
    dispatch_say(ev, buf_str(&out));
    buf_free(&out);
}
