/* chat.c - `tokobot chat`: a chat with the running bot in a terminal, through the control socket.
 *
 * On a terminal it is a conversation: a prompt, the bot's messages indented, *bold* shown as such.
 * Read from a pipe, each line is a message, whose answer is awaited before the next one is sent, so
 * that a script sees its answers in order. The plugin that serves the verb "chat" is at the other
 * end:
 *   {"cmd":"chat","as":"6281…"}                              joins; each line is answered {"ok":…}
 *   {"cmd":"chat","as":"6281…","say":"text"[,"quote":"id"]}  says something
 *   {"from":"bot","to":"6281…","id":"…","text":"…"}          comes when the bot says something */
#include "attach.h"
#include "cli.h"

#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/text.h"
#include "../http/control.h"

#include <ctype.h>
#include <getopt.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 5000 /* a script waits so long for an answer */
#define PROMPT_MS 2000 /* a person sees the prompt again after so long */
#define LAST_MS   200  /* for what the bot may still say at the end */

static const char usage[] =
    "usage: tokobot chat --as PHONE [-c bot.ini] [--quiet]\n"
    "  Chats with the running bot as PHONE. On a terminal: Ctrl-D leaves, \\ at the end of a line\n"
    "  goes on in the next, and \">reply 2 text\" quotes the second message received.\n"
    "  From a pipe: each line is one message; \\n in it is a line break.\n";

static const struct option options[] = {
    { "as", required_argument, NULL, 'a' },
    { "config", required_argument, NULL, 'c' },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

struct chat {
    const char *ini;
    char phone[32];
    int quiet;
    int person;  /* stdin is a terminal */
    int colours; /* stdout is one */
    int fd;
    int prompting; /* the prompt stands on the screen */
    char **ids;    /* of the messages received, for quoting */
    size_t id_count;
    unsigned answers; /* to the message that was sent last */
    int refused;
};

/* ---- showing --------------------------------------------------------------------------------- */

static int is_word(char c)
{
    return isalnum((unsigned char)c) || (c & 0x80);
}

/* The end of a *marked* piece that begins at s[0], or NULL: as WhatsApp sees them. */
static const char *mark_end(const char *s, const char *end, int after_word)
{
    if (after_word || s + 2 >= end || isspace((unsigned char)s[1]) || s[1] == s[0]) return NULL;
    for (const char *p = s + 2; p < end; p++)
        if (*p == *s && !isspace((unsigned char)p[-1]) && (p + 1 == end || !is_word(p[1])))
            return p;
    return NULL;
}

static void show_mark(char mark, int begins)
{
    static const char *const codes[3][2] = {
        { "\033[22m", "\033[1m" },
        { "\033[23m", "\033[3m" },
        { "\033[29m", "\033[9m" },
    };
    fputs(codes[mark == '*' ? 0 : mark == '_' ? 1 : 2][begins], stdout);
}

/* One byte; of the control characters, also those that take two, only the tab's place is kept. */
static void show_byte(const char *s, char before)
{
    unsigned char c = (unsigned char)*s, next = (unsigned char)s[1];
    if (*s == '\t')
        putchar(' ');
    else if (c < 32 || c == 127)
        return;
    else if (c == 0xC2 && next >= 0x80 && next < 0xA0)
        return;
    else if ((unsigned char)before == 0xC2 && c < 0xA0)
        return;
    else
        putchar(*s);
}

/* One line with its marks as the terminal's own; control characters never reach the terminal. */
static void show_marked(const char *s, const char *end)
{
    const char *closing[8];
    int open = 0;
    char before = ' ';
    for (; s < end; before = *s++) {
        const char *close =
            strchr("*_~", *s) && open < 8 ? mark_end(s, end, is_word(before)) : NULL;
        if (open > 0 && s == closing[open - 1]) {
            open--;
            show_mark(*s, 0);
            continue;
        }
        if (close && (open == 0 || close < closing[open - 1])) {
            closing[open++] = close;
            show_mark(*s, 1);
            continue;
        }
        show_byte(s, before);
    }
}

static void prompt_hide(struct chat *c)
{
    if (!c->prompting) return;
    fputs(c->colours ? "\r\033[K" : "\n", stdout);
    c->prompting = 0;
}

static void prompt_show(struct chat *c, const char *prompt)
{
    if (!c->person || c->quiet || c->prompting) return;
    fputs(prompt, stdout);
    fflush(stdout);
    c->prompting = 1;
}

static void show_message(struct chat *c, const char *text)
{
    if (c->quiet) return;
    prompt_hide(c);
    for (const char *line = text; line;) {
        const char *end = strchr(line, '\n');
        const char *stop = end ? end : line + strlen(line);
        if (c->person && stop > line) fputs("  ", stdout);
        if (c->colours)
            show_marked(line, stop);
        else
            fwrite(line, 1, (size_t)(stop - line), stdout);
        putchar('\n');
        line = end ? end + 1 : NULL;
    }
    fflush(stdout);
}

static void complain(struct chat *c, const char *text)
{
    prompt_hide(c);
    if (!c->quiet) fprintf(stderr, "%s\n", text);
}

/* ---- the bot's lines ------------------------------------------------------------------------- */

static const char *member(struct json_object *o, const char *name)
{
    struct json_object *v;
    return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

static void take_object(struct chat *c, struct json_object *o)
{
    struct json_object *ok;
    const char *from = member(o, "from"), *id = member(o, "id");
    if (from && strcmp(from, "bot") == 0) {
        c->ids = xrealloc(c->ids, (c->id_count + 1) * sizeof *c->ids);
        c->ids[c->id_count++] = xstrdup(id ? id : "");
        c->answers++;
        struct arena m = { 0 };
        show_message(c, attach_shown(o, &m));
        arena_free(&m);
    } else if (json_object_object_get_ex(o, "ok", &ok) && !json_object_get_boolean(ok)) {
        const char *error = member(o, "error");
        complain(c, error ? error : "the bot refused it");
        c->answers++; /* no other will come */
        c->refused = 1;
    }
}

/* Reads one line that is due within timeout_ms. 1 read, 0 nothing came, -1 the bot has gone. */
static int take_line(struct chat *c, int timeout_ms)
{
    struct pollfd p = { .fd = c->fd, .events = POLLIN };
    char *line;
    if (poll(&p, 1, timeout_ms) <= 0) return 0;
    if (control_read_line(c->fd, &line, ANSWER_MS) != 1) return -1;
    struct json_object *o = json_tokener_parse(line);
    free(line);
    if (json_object_is_type(o, json_type_object)) take_object(c, o);
    json_object_put(o);
    return 1;
}

/* Takes lines until an answer came and nothing more is there, or time is up. */
static int await_answer(struct chat *c, int timeout_ms)
{
    int64_t until = clock_mono() + (int64_t)timeout_ms * 1000;
    for (;;) {
        int64_t left = c->answers ? 0 : (until - clock_mono()) / 1000;
        int rc = take_line(c, left > 0 ? (int)left : 0);
        if (rc < 0) return -1;
        if (rc == 0 && (c->answers || clock_mono() >= until)) return 0;
    }
}

/* ---- saying ---------------------------------------------------------------------------------- */

/* ">reply 2 yes": points *text at "yes" and returns the id of the second message received. */
static const char *quoted_id(const struct chat *c, const char **text)
{
    if (strncmp(*text, ">reply ", 7) != 0) return NULL;
    char *end;
    unsigned long n = strtoul(*text + 7, &end, 10);
    if (*end != ' ' || n == 0 || n > c->id_count) return NULL;
    *text = end + 1;
    return c->ids[n - 1];
}

static int say(struct chat *c, const char *text)
{
    struct buf line = { 0 };
    struct arena m = { 0 };
    const char *quote = quoted_id(c, &text), *kind = NULL, *what = NULL;
    char error[400];
    text = attach_parse(text, &m, &kind, &what);
    buf_adds(&line, "{\"cmd\":\"chat\",\"as\":");
    buf_add_json(&line, c->phone, strlen(c->phone));
    buf_adds(&line, ",\"say\":");
    buf_add_json(&line, text, strlen(text));
    if (quote) {
        buf_adds(&line, ",\"quote\":");
        buf_add_json(&line, quote, strlen(quote));
    }
    int rc = kind ? attach_add(&line, kind, what, NULL, error, sizeof error) : 0;
    buf_addc(&line, '}');
    c->answers = rc != 0; /* nothing is sent, nothing will come */
    if (rc != 0)
        complain(c, error);
    else
        rc = control_write_line(c->fd, line.data);
    buf_free(&line);
    arena_free(&m);
    return c->answers ? 0 : rc;
}

static int join(struct chat *c)
{
    char line[96];
    snprintf(line, sizeof line, "{\"cmd\":\"chat\",\"as\":\"%s\"}", c->phone);
    int rc = control_write_line(c->fd, line) == 0 ? take_line(c, ANSWER_MS) : -1;
    if (rc == 1 && c->refused) {
        complain(c, "it cannot be chatted with from here: is the plugin for it on in [plugins]?");
        return CLI_REFUSED;
    }
    if (rc == 1) return 0;
    complain(c, "the bot does not answer: is it stuck? see its log");
    return CLI_NOT_RUNNING;
}

static int gone(struct chat *c)
{
    complain(c, "the bot has ended the connection");
    return CLI_NOT_RUNNING;
}

/* ---- from a pipe, a script ------------------------------------------------------------------- */

/* The two characters \n become one line break, in place. */
static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (s[0] == '\\' && s[1] == 'n') {
            *to++ = '\n';
            s++;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

static int chat_script(struct chat *c)
{
    char *line = NULL;
    size_t cap = 0;
    int rc = 0;
    ssize_t len;
    while (rc == 0 && (len = getline(&line, &cap, stdin)) >= 0) {
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) line[--len] = '\0';
        if (line[strspn(line, " \t")] == '\0') continue;
        unescape(line);
        if (say(c, line) != 0 || await_answer(c, ANSWER_MS) != 0)
            rc = gone(c);
        else if (c->answers == 0)
            complain(c, "(no answer within 5 seconds)");
    }
    free(line);
    while (rc == 0 && (rc = take_line(c, LAST_MS)) == 1) rc = 0;
    if (rc < 0) rc = 0; /* all was said and answered */
    return rc ? rc : c->refused ? CLI_REFUSED : CLI_OK;
}

/* ---- at a terminal --------------------------------------------------------------------------- */

/* Sends the message that `typed` holds, unless its line goes on. `typed` ends without a line break.
 */
static int typed_line(struct chat *c, struct buf *typed)
{
    if (typed->len > 0 && typed->data[typed->len - 1] == '\\') {
        typed->data[typed->len - 1] = '\n';
        prompt_show(c, "… ");
        return 0;
    }
    const char *text = buf_str(typed);
    int rc = 0;
    if (text[strspn(text, " \t\n")] != '\0' &&
        (say(c, text) != 0 || await_answer(c, PROMPT_MS) != 0))
        rc = gone(c);
    buf_clear(typed);
    if (rc == 0) prompt_show(c, "› ");
    return rc;
}

/* Reads what was typed. 1 the end was typed, else 0 or an exit code. */
static int typed_read(struct chat *c, struct buf *typed, int *end)
{
    char chunk[4096];
    ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
    *end = n <= 0;
    if (n > 0) c->prompting = 0; /* the terminal has gone to the next line */
    for (ssize_t i = 0; i < n; i++) {
        if (chunk[i] != '\n') {
            buf_addc(typed, chunk[i]);
            continue;
        }
        int rc = typed_line(c, typed);
        if (rc) return rc;
    }
    return 0;
}

static int chat_person(struct chat *c)
{
    struct buf typed = { 0 };
    int rc = 0, end = 0;
    if (!c->quiet) printf("You are %s. Ctrl-D leaves.\n", c->phone);
    prompt_show(c, "› ");
    while (rc == 0 && !end) {
        struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
                               { .fd = c->fd, .events = POLLIN } };
        if (poll(p, 2, -1) < 0) continue;
        if (p[1].revents) {
            if (take_line(c, 0) < 0)
                rc = gone(c);
            else
                prompt_show(c, "› ");
        } else if (p[0].revents) {
            rc = typed_read(c, &typed, &end);
        }
    }
    if (end && !c->quiet) putchar('\n');
    buf_free(&typed);
    return rc;
}

/* ---- the verb -------------------------------------------------------------------------------- */

/* 0, or an exit code; -1: help was given. */
static int options_read(struct chat *c, int argc, char **argv)
{
    int o;
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    while ((o = getopt_long(argc, argv, "c:qh", options, NULL)) != -1) {
        switch (o) {
        case 'a':
            if (text_phone(optarg, c->phone, sizeof c->phone) == 0) break;
            fprintf(stderr, "\"%s\" is no phone number: write it as 6281100000001\n", optarg);
            return CLI_USAGE;
        case 'c':
            c->ini = optarg;
            break;
        case 'q':
            c->quiet = 1;
            break;
        case 'h':
            fputs(usage, stdout);
            return -1;
        default:
            fputs(usage, stderr);
            return CLI_USAGE;
        }
    }
    if (optind == argc && c->phone[0]) return 0;
    fputs(usage, stderr);
    return CLI_USAGE;
}

int cli_chat(int argc, char **argv)
{
    struct chat c = { .ini = "bot.ini", .fd = -1 };
    char path[4200], error[4400];
    int rc = options_read(&c, argc, argv);
    if (rc) return rc < 0 ? CLI_OK : rc;
    c.person = isatty(STDIN_FILENO);
    c.colours = isatty(STDOUT_FILENO);
    if ((rc = cli_socket(c.ini, path, sizeof path)) != 0) return rc;
    c.fd = control_connect(path, error, sizeof error);
    if (c.fd < 0) {
        fprintf(stderr, "%s\n", error);
        return CLI_NOT_RUNNING;
    }
    rc = join(&c);
    if (rc == 0) rc = c.person ? chat_person(&c) : chat_script(&c);
    close(c.fd);
    for (size_t i = 0; i < c.id_count; i++) free(c.ids[i]);
    free(c.ids);
    return rc;
}
