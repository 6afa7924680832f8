/* transcript.c - the language of *.chat files; see transcript.h. Pure. */
#include "transcript.h"

#include "../base/buf.h"
#include "../base/text.h"
#include "attach.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const roles[] = {
    [SPEAKER_CUSTOMER] = "customer",
    [SPEAKER_STAFF] = "staff",
    [SPEAKER_ADMIN] = "admin",
    [SPEAKER_SUPER] = "super",
};

static const struct {
    const char *name;
    int64_t ms;
} units[] = {
    { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
};

struct parser {
    struct transcript *t;
    size_t cap;
    int line;
    struct buf text; /* of the step that + may continue */
    size_t open;     /* its index + 1; 0 = none */
    char *error;
    size_t error_cap;
};

__attribute__((format(printf, 2, 3))) static int fail(struct parser *p, const char *fmt, ...)
{
    char what[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    snprintf(p->error, p->error_cap, "line %d: %s", p->line, what);
    return -1;
}

static struct step *step_add(struct parser *p, enum step_kind kind)
{
    struct transcript *t = p->t;
    if (t->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 32;
        t->steps = xrealloc(t->steps, p->cap * sizeof *t->steps);
    }
    struct step *s = &t->steps[t->count++];
    memset(s, 0, sizeof *s);
    s->kind = kind;
    s->line = p->line;
    return s;
}

/* The text of the open step is complete. */
static void step_close(struct parser *p)
{
    if (p->open == 0) return;
    p->t->steps[p->open - 1].text = arena_strdup(&p->t->arena, buf_str(&p->text));
    buf_clear(&p->text);
    p->open = 0;
}

static void step_open(struct parser *p, const char *text)
{
    p->open = p->t->count;
    buf_clear(&p->text);
    buf_adds(&p->text, text);
}

/* ---- words of a line ------------------------------------------------------------------------- */

/* Cuts the next word off; NULL at the end or before a comment. */
static char *next_word(char **at)
{
    char *p = *at + strspn(*at, " \t");
    if (!*p || *p == '#') {
        *at = p + strlen(p);
        return NULL;
    }
    size_t len = strcspn(p, " \t");
    *at = p + len;
    if (**at) *(*at)++ = '\0';
    return p;
}

static int ends(struct parser *p, char *at)
{
    char *more = next_word(&at);
    return more ? fail(p, "\"%s\" is one word too many here", more) : 0;
}

static const char *read_phone(struct parser *p, const char *word)
{
    char phone[32];
    if (!word || text_phone(word, phone, sizeof phone) != 0) return NULL;
    return arena_strdup(&p->t->arena, phone);
}

static int read_number(const char *word, int64_t *out)
{
    return word && isdigit((unsigned char)word[0]) ? text_int(word, out) : -1;
}

/* ---- one function a kind of line ------------------------------------------------------------- */

/* as ROLE PHONE [of "STORE"] */
static int parse_as(struct parser *p, char *rest)
{
    struct step *s = step_add(p, STEP_AS);
    char *role = next_word(&rest);
    size_t i = 0;
    while (role && i < sizeof roles / sizeof roles[0] && strcmp(roles[i], role) != 0) i++;
    if (!role || i == sizeof roles / sizeof roles[0])
        return fail(p, "\"as\" needs a role: customer, staff, admin or super");
    s->role = (enum speaker_role)i;
    char *phone = next_word(&rest);
    s->phone = read_phone(p, phone);
    if (!s->phone)
        return fail(p, "\"%s\" is no phone number; write it as 6281100000031", phone ? phone : "");

    char *of = next_word(&rest);
    if (of && strcmp(of, "of") == 0) {
        rest += strspn(rest, " \t");
        char *end = rest[0] == '"' ? strchr(rest + 1, '"') : NULL;
        if (!end || end == rest + 1)
            return fail(p, "after \"of\" comes the store's name in \"quotes\"");
        s->store = arena_strndup(&p->t->arena, rest + 1, (size_t)(end - rest - 1));
        rest = end + 1;
        of = NULL;
    }
    if (of) return fail(p, "after the phone number comes of \"STORE\" or nothing, not \"%s\"", of);
    if (!s->store && (s->role == SPEAKER_STAFF || s->role == SPEAKER_ADMIN))
        return fail(p, "\"as %s\" needs a store: as %s %s of \"Toko Maju\"", role, role, s->phone);
    return ends(p, rest);
}

static void open_message(struct parser *p, struct step *s, const char *text)
{
    step_open(p, attach_parse(text, &p->t->arena, &s->attachment, &s->attached));
}

/* > text, >reply N text */
static int parse_say(struct parser *p, char *rest)
{
    if (strncmp(rest, "reply ", 6) == 0) {
        rest += 6;
        struct step *s = step_add(p, STEP_REPLY);
        char *number = next_word(&rest);
        if (read_number(number, &s->number) != 0 || s->number < 1)
            return fail(p, "write >reply N text, with N the number of a message that was received");
        open_message(p, s, rest);
        return 0;
    }
    if (rest[0] && rest[0] != ' ') return fail(p, "after > comes a space and the message");
    struct step *s = step_add(p, STEP_SAY);
    open_message(p, s, rest[0] ? rest + 1 : rest);
    return 0;
}

/* < pattern, <PHONE pattern, <none */
static int parse_expect(struct parser *p, char *rest)
{
    if (strncmp(rest, "none", 4) == 0 && !rest[4 + strspn(rest + 4, " \t")]) {
        step_add(p, STEP_NONE);
        return 0;
    }
    struct step *s = step_add(p, STEP_EXPECT);
    if (rest[0] && rest[0] != ' ') {
        char *phone = next_word(&rest);
        s->phone = read_phone(p, phone);
        if (!s->phone)
            return fail(p, "after < comes a space and a pattern, a phone number, or none");
    } else if (rest[0]) {
        rest++;
    }
    if (!rest[strspn(rest, " \t")])
        return fail(p, "the pattern is missing; * stands for any message");
    step_open(p, rest);
    return 0;
}

static int parse_wait(struct parser *p, char *rest)
{
    struct step *s = step_add(p, STEP_WAIT);
    char *word = next_word(&rest), *end = word;
    long long n = word && isdigit((unsigned char)word[0]) ? strtoll(word, &end, 10) : -1;
    for (size_t i = 0; n >= 0 && n <= 100000 && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].name) != 0) continue;
        s->number = (int64_t)n * units[i].ms;
        return ends(p, rest);
    }
    return fail(p, "write a time such as 500ms, 30s, 10m, 24h or 7d after \"wait\"");
}

/* http METHOD GLOB -> STATUS [FILE] */
static int parse_http(struct parser *p, char *rest)
{
    struct step *s = step_add(p, STEP_HTTP);
    struct arena *a = &p->t->arena;
    const char *method = next_word(&rest), *glob = next_word(&rest), *arrow = next_word(&rest);
    const char *status = next_word(&rest), *file = next_word(&rest);
    int64_t number = 0;
    if (!status || strcmp(arrow, "->") != 0)
        return fail(p, "write http METHOD URL-PATTERN -> STATUS FILE");
    if (strcmp(status, "timeout") == 0)
        number = HTTP_STATUS_TIMEOUT;
    else if (strcmp(status, "refused") == 0)
        number = HTTP_STATUS_REFUSED;
    else if (read_number(status, &number) != 0 || number < 100 || number > 599)
        return fail(p, "\"%s\" is no HTTP status; write 100 to 599, timeout or refused", status);
    s->method = arena_strdup(a, method);
    s->glob = arena_strdup(a, glob);
    s->file = arena_strdup(a, file);
    s->status = (int)number;
    return ends(p, rest);
}

/* ! tokobot VERB ... */
static int parse_control(struct parser *p, char *rest)
{
    struct step *s = step_add(p, STEP_CONTROL);
    char *program = next_word(&rest);
    rest += strspn(rest, " \t");
    if (!program || strcmp(program, "tokobot") != 0 || !*rest)
        return fail(p, "write ! tokobot and a command, such as ! tokobot plugin list");
    s->text = arena_strdup(&p->t->arena, rest);
    return 0;
}

static int parse_word(struct parser *p, char *line)
{
    static const struct {
        const char *word;
        enum step_kind kind;
    } plain[] = { { "restart", STEP_RESTART }, { "crash", STEP_CRASH }, { "reload", STEP_RELOAD } };
    char *rest = line, *word = next_word(&rest);
    if (!word) return 0;
    if (strcmp(word, "as") == 0) return parse_as(p, rest);
    if (strcmp(word, "wait") == 0) return parse_wait(p, rest);
    if (strcmp(word, "http") == 0) return parse_http(p, rest);
    if (strcmp(word, "!") == 0) return parse_control(p, rest);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(word, plain[i].word) != 0) continue;
        step_add(p, plain[i].kind);
        return ends(p, rest);
    }
    return fail(
        p, "\"%s\" is not known; a line begins with as > + < wait restart crash reload http ! or #",
        word);
}

static int parse_line(struct parser *p, char *line)
{
    if (line[0] == '+') {
        if (p->open == 0)
            return fail(p, "+ continues a message or a pattern, and there is none above it");
        if (line[1] && line[1] != ' ') return fail(p, "after + comes a space and the text");
        buf_addc(&p->text, '\n');
        buf_adds(&p->text, line[1] ? line + 2 : "");
        return 0;
    }
    if (line[0] == '#') return 0; /* also between a message and its + lines */
    step_close(p);
    if (line[0] == '>') return parse_say(p, line + 1);
    if (line[0] == '<') return parse_expect(p, line + 1);
    return parse_word(p, line);
}

int transcript_parse(struct transcript *t, const char *content, char *error, size_t cap)
{
    struct parser p = { .t = t, .error = error, .error_cap = cap };
    char *copy = xstrdup(content), *at = copy;
    int rc = 0;
    memset(t, 0, sizeof *t);
    if (strncmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;
    while (rc == 0 && at) {
        char *line = at;
        at = strchr(line, '\n');
        if (at) *at++ = '\0';
        size_t len = strlen(line);
        while (len > 0 && strchr(" \t\r", line[len - 1])) line[--len] = '\0';
        p.line++;
        rc = parse_line(&p, line);
    }
    step_close(&p);
    buf_free(&p.text);
    free(copy);
    if (rc != 0) transcript_free(t);
    return rc;
}

void transcript_free(struct transcript *t)
{
    if (!t) return;
    free(t->steps);
    arena_free(&t->arena);
    memset(t, 0, sizeof *t);
}

/* ---- wildcards ------------------------------------------------------------------------------- */

/* Reads the pattern's next literal part into `part` (as long as the pattern); returns what follows
 * it. */
static const char *read_part(const char *pattern, char *part, size_t *len)
{
    *len = 0;
    while (*pattern && *pattern != '*') {
        if (pattern[0] == '\\' && (pattern[1] == '*' || pattern[1] == '\\')) pattern++;
        part[(*len)++] = *pattern++;
    }
    part[*len] = '\0';
    return pattern;
}

/* Parts between stars are found leftmost one after the other; the first is held by the start of the
 * text, the last by its end. 1, or 0 with the part that was not found left in `part`. */
static int match(const char *pattern, const char *text, size_t text_len, char *part)
{
    const char *at = text, *end = text + text_len;
    size_t len;
    const char *next = read_part(pattern, part, &len);
    if ((size_t)(end - at) < len || memcmp(at, part, len) != 0) return 0;
    at += len;
    if (!*next) return at == end;
    while (*next == '*') {
        next = read_part(next + 1, part, &len);
        if (!*next) return (size_t)(end - at) >= len && memcmp(end - len, part, len) == 0;
        const char *found = memmem(at, (size_t)(end - at), part, len);
        if (!found) return 0;
        at = found + len;
    }
    return 0;
}

int transcript_match(const char *pattern, const char *text, struct arena *arena,
                     const char **missing)
{
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) len--;
    char *part = arena_alloc(arena, strlen(pattern) + 1);
    int fits = match(pattern, text, len, part);
    if (missing) *missing = fits ? NULL : part;
    return fits;
}

int transcript_glob(const char *glob, const char *url)
{
    char part[2048];
    if (strlen(glob) >= sizeof part) return 0;
    return match(glob, url, strlen(url), part);
}
