/* command.h - what people type: "/name arguments", the words that always work, usage, help. On the
 * loop; the first four functions are pure. */
#ifndef TOKOBOT_COMMAND_H
#define TOKOBOT_COMMAND_H

#include "event.h"
#include "plugin/registry.h"

enum { COMMAND_NAME_MAX = 32 };

struct command_line {
    char name[COMMAND_NAME_MAX + 1]; /* lower case, without the slash */
    const char *rest; /* what follows, without white space around; points into the text */
    size_t rest_len;
};

/* 1 when text is "/name", "/name rest" or "/name<line break>rest" with a name of a-z 0-9 _ (any
 * case); else 0: it is text like any other. */
int command_parse(const char *text, struct command_line *out);

/* Words that mean the same everywhere, alone in a message. */
enum word { WORD_NONE = 0, WORD_CANCEL, WORD_BACK, WORD_HELP, WORD_ADMIN, WORD_SWITCH };
enum word command_word(const char *text);
/* The word that a command of the core's own stands for ("/bantuan", "/help", "/start", "/batal"
 * ...). */
enum word command_core_word(const char *name);

/* Splits `rest` by the command's arguments; strings in `arena`. */
enum args_problem { ARGS_OK = 0, ARGS_MISSING, ARGS_NO_ID };
enum args_problem command_args(const struct command *c, const char *rest, size_t len,
                               struct arena *arena, const char ***args, uint32_t *count,
                               const char **bad);

/* Fills ev->rest, ev->args ...; 0, or 1 after saying what is wrong with an example. */
int command_prepare(struct event *ev, const struct command *c, const struct command_line *line);
void command_say_unknown(struct event *ev, const struct command_line *line);
void command_say_refused(struct event *ev, const struct command *c);
/* All that this person may type, grouped by role. */
void command_say_help(struct event *ev);

int command_is_open(const struct command *c); /* by its setting, to everybody */
static inline int command_allowed(const struct command *c, uint32_t roles)
{
    return (c->spec.role & roles) != 0 || (c->spec.open_if && command_is_open(c));
}
/* Acts on the store that one manages, not on the one that one buys from. */
static inline int command_is_managing(const struct command *c)
{
    return (c->spec.role & BOT_STORE_ADMIN) && !(c->spec.role & BOT_CUSTOMER);
}

#endif
