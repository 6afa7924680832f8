/* texts.c - what is said: INI files of "key = text" lines, compiled once into pieces.
 *
 * Invariant: after texts_parse() nothing changes, so a text without placeholders is handed out as
 * it lies here. A [section] puts "section." before its keys; ';' and '#' begin a comment at the
 * start of a line only; "\n" is a line break, "\\" a backslash, "{{" and "}}" literal braces.
 * Everything else that is not understood is an error with its language and line: a wrong text is
 * found when the plugin is loaded, not when a customer reads it. Dates are shown in the time zones
 * of zones[] (none of them has summer time); another one counts as UTC, since the C library can
 * only read a zone through TZ, which belongs to the whole process. Thread: parsed on the loop;
 * reading is safe anywhere. */
#include "texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/map.h"
#include "../base/text.h"

enum piece_kind {
    PIECE_LITERAL,
    PIECE_PLAIN,
    PIECE_RAW,
    PIECE_RUPIAH,
    PIECE_DATE,
    PIECE_TIME,
    PIECE_PLURAL
};

struct piece {
    enum piece_kind kind;
    const char *text; /* the literal, or the placeholder's name */
    size_t len;
    const char *one, *many;
};

struct text {
    struct piece *pieces;
    size_t count;
};

struct language {
    const char *name;
    struct map texts; /* key -> struct text, in texts.arena */
};

enum { MAX_LANGUAGES = 8 };

struct texts {
    struct arena arena;
    struct language languages[MAX_LANGUAGES];
    size_t count;
};

/* Where a parser stands, for its errors. */
struct reader {
    struct texts *texts;
    const char *language;
    int line;
    char *error;
    size_t cap;
};

static const struct {
    const char *name;
    int minutes;
} zones[] = {
    { "Asia/Jakarta", 420 },
    { "Asia/Pontianak", 420 },
    { "Asia/Makassar", 480 },
    { "Asia/Ujung_Pandang", 480 },
    { "Asia/Jayapura", 540 },
    { "WIB", 420 },
    { "WITA", 480 },
    { "WIT", 540 },
    { "Asia/Bangkok", 420 },
    { "Asia/Ho_Chi_Minh", 420 },
    { "Asia/Singapore", 480 },
    { "Asia/Kuala_Lumpur", 480 },
    { "Asia/Manila", 480 },
    { "Asia/Brunei", 480 },
    { "Asia/Dili", 540 },
    { "Asia/Tokyo", 540 },
    { "UTC", 0 },
};

static const struct {
    const char *name;
    enum piece_kind kind;
} formats[] = {
    { "rp", PIECE_RUPIAH },
    { "date", PIECE_DATE },
    { "time", PIECE_TIME },
    { "raw", PIECE_RAW },
};

static const char months[2][12][4] = {
    { "Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des" },
    { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" },
};

/* ---- parsing --------------------------------------------------------------------------------- */

static int fail(struct reader *r, const char *what)
{
    snprintf(r->error, r->cap, "%s.ini:%d: %s", r->language, r->line, what);
    return -1;
}

static int is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static int is_key_char(char c)
{
    return is_name_char(c) || c == '.' || c == '-';
}

static struct piece *piece_add(struct arena *a, struct text *t, enum piece_kind kind)
{
    if ((t->count & (t->count - 1)) == 0) { /* doubles at 0, 1, 2, 4 ... */
        struct piece *more = arena_alloc(a, sizeof *more * (t->count ? t->count * 2 : 1));
        if (t->count) memcpy(more, t->pieces, sizeof *more * t->count);
        t->pieces = more;
    }
    struct piece *p = &t->pieces[t->count++];
    *p = (struct piece){ .kind = kind };
    return p;
}

static void literal_end(struct arena *a, struct text *t, struct buf *literal)
{
    if (!literal->len) return;
    struct piece *p = piece_add(a, t, PIECE_LITERAL);
    p->text = arena_strndup(a, literal->data, literal->len);
    p->len = literal->len;
    buf_clear(literal);
}

/* Compiles what is between the braces, s[0..len). */
static int placeholder_parse(struct reader *r, struct text *t, const char *s, size_t len)
{
    struct arena *a = &r->texts->arena;
    size_t n = 0;
    while (n < len && is_name_char(s[n])) n++;
    if (!n) return fail(r, "a placeholder needs a name of a-z 0-9 _; write {{ for a brace");
    struct piece *p = piece_add(a, t, PIECE_PLAIN);
    p->text = arena_strndup(a, s, n);
    p->len = n;
    if (n == len) return 0;
    const char *rest = s + n + 1;
    size_t rest_len = len - n - 1;
    if (s[n] == ':') {
        for (size_t i = 0; i < BOT_COUNT(formats); i++) {
            if (strlen(formats[i].name) != rest_len || memcmp(formats[i].name, rest, rest_len))
                continue;
            p->kind = formats[i].kind;
            return 0;
        }
        return fail(r, "after the colon of a placeholder comes rp, date, time or raw");
    }
    const char *bar = s[n] == '|' ? memchr(rest, '|', rest_len) : NULL;
    if (!bar || memchr(bar + 1, '|', (size_t)(rest + rest_len - bar - 1)))
        return fail(r, "a placeholder is {name}, {name:rp} or {name|one|many}");
    p->kind = PIECE_PLURAL;
    p->one = arena_strndup(a, rest, (size_t)(bar - rest));
    p->many = arena_strndup(a, bar + 1, (size_t)(rest + rest_len - bar - 1));
    return 0;
}

/* Compiles a value into pieces. */
static int text_compile(struct reader *r, struct text *t, const char *s, size_t len,
                        struct buf *literal)
{
    for (size_t i = 0; i < len; i++) {
        char next = i + 1 < len ? s[i + 1] : '\0';
        if (s[i] == '\\') {
            if (next != 'n' && next != '\\')
                return fail(r, "after a backslash comes n or another backslash");
            buf_addc(literal, next == 'n' ? '\n' : '\\');
            i++;
        } else if ((s[i] == '{' || s[i] == '}') && next == s[i]) {
            buf_addc(literal, s[i++]);
        } else if (s[i] == '{') {
            const char *end = memchr(s + i, '}', len - i);
            if (!end) return fail(r, "a placeholder has no closing brace; write {{ for a brace");
            literal_end(&r->texts->arena, t, literal);
            if (placeholder_parse(r, t, s + i + 1, (size_t)(end - s) - i - 1)) return -1;
            i = (size_t)(end - s);
        } else {
            buf_addc(literal, s[i]);
        }
    }
    literal_end(&r->texts->arena, t, literal);
    return 0;
}

static int section_parse(struct reader *r, const char *s, size_t len, struct buf *section)
{
    buf_clear(section);
    if (s[len - 1] != ']') return fail(r, "a section has no closing bracket");
    for (size_t i = 1; i + 1 < len; i++) {
        if (!is_key_char(s[i])) return fail(r, "a section's name has only a-z 0-9 _ - .");
        buf_addc(section, s[i]);
    }
    if (section->len) buf_addc(section, '.');
    return 0;
}

static int line_parse(struct reader *r, struct language *lang, const char *s, size_t len,
                      struct buf *section, struct buf *literal)
{
    s = text_trim(s, &len);
    if (!len || *s == ';' || *s == '#') return 0;
    if (*s == '[') return section_parse(r, s, len, section);
    const char *equals = memchr(s, '=', len);
    if (!equals)
        return fail(
            r, "expected \"key = text\"; a long text stays on one line, with \\n for a line break");
    size_t key_len = (size_t)(equals - s);
    const char *name = text_trim(s, &key_len);
    for (size_t i = 0; i < key_len; i++)
        if (!is_key_char(name[i])) return fail(r, "a key has only a-z 0-9 _ - .");
    if (!key_len) return fail(r, "the key is missing before \"=\"");
    struct arena *a = &r->texts->arena;
    char *key = arena_printf(a, "%s%.*s", buf_str(section), (int)key_len, name);
    if (map_get(&lang->texts, key)) return fail(r, "this key is there twice");
    size_t value_len = len - (size_t)(equals + 1 - s);
    const char *value = text_trim(equals + 1, &value_len);
    struct text *t = arena_zalloc(a, sizeof *t);
    buf_clear(literal);
    if (text_compile(r, t, value, value_len, literal)) return -1;
    map_put(&lang->texts, key, t);
    return 0;
}

static int language_parse(struct texts *t, const struct bot_text_file *file, char *error,
                          size_t cap)
{
    struct reader r = { .texts = t, .language = file->language, .error = error, .cap = cap };
    if (t->count == MAX_LANGUAGES) return fail(&r, "too many languages");
    struct language *lang = &t->languages[t->count++];
    struct buf section = { 0 }, literal = { 0 };
    lang->name = arena_strdup(&t->arena, file->language);
    const char *s = file->ini;
    if (!strncmp(s, "\xef\xbb\xbf", 3)) s += 3;
    int rc = 0;
    while (!rc && *s) {
        size_t len = strcspn(s, "\n");
        r.line++;
        rc = text_is_utf8(s, len) ? line_parse(&r, lang, s, len, &section, &literal)
                                  : fail(&r, "this is not UTF-8");
        s += len + (s[len] == '\n');
    }
    buf_free(&section);
    buf_free(&literal);
    return rc;
}

static const struct language *language_find(const struct texts *t, const char *name)
{
    for (size_t i = 0; name && i < t->count; i++)
        if (!strcmp(t->languages[i].name, name)) return &t->languages[i];
    return NULL;
}

struct texts *texts_parse(const struct bot_text_file *files, char *error, size_t cap)
{
    struct texts *t = xcalloc(1, sizeof *t);
    if (cap) *error = '\0';
    for (; files && files->language; files++)
        if (language_parse(t, files, error, cap)) goto fail;
    if (t->count && !language_find(t, "id")) {
        snprintf(error, cap, "id.ini is missing: every text needs at least Bahasa Indonesia");
        goto fail;
    }
    return t;
fail:
    texts_free(t);
    return NULL;
}

void texts_free(struct texts *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->count; i++) map_free(&t->languages[i].texts);
    arena_free(&t->arena);
    free(t);
}

int texts_has(const struct texts *t, const char *key)
{
    const struct language *lang = t ? language_find(t, "id") : NULL;
    return lang && map_get(&lang->texts, key) != NULL;
}

/* ---- filling in ------------------------------------------------------------------------------ */

/* Where a filled text goes; with dst NULL only its length is counted. */
struct out {
    char *dst;
    size_t len;
};

static void put(struct out *o, const char *s, size_t len)
{
    if (o->dst) memcpy(o->dst + o->len, s, len);
    o->len += len;
}

static int is_word(unsigned char c)
{
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *look_alike(char c)
{
    switch (c) {
    case '*':
        return "\xe2\x88\x97"; /* U+2217 */
    case '_':
        return "\xef\xbc\xbf"; /* U+FF3F */
    case '~':
        return "\xe2\x88\xbc"; /* U+223C */
    case '`':
        return "\xc2\xb4"; /* U+00B4 */
    default:
        return NULL;
    }
}

/* A text from outside: invalid UTF-8 replaced, and what WhatsApp would take for formatting made
 * harmless. Between two letters or digits it formats nothing and stays as it is. */
static void put_harmless(struct out *o, const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = text_decode(s + i, len - i, &cp);
        const char *other = n == 1 ? look_alike(s[i]) : NULL;
        int inside = i && i + 1 < len && is_word((unsigned char)s[i - 1]) &&
                     is_word((unsigned char)s[i + 1]);
        if (cp == TEXT_INVALID)
            put(o, "\xef\xbf\xbd", 3);
        else if (other && !inside)
            put(o, other, strlen(other));
        else if (cp >= 0x20 || cp == '\n' || cp == '\t')
            put(o, s + i, n);
        i += n;
    }
}

int64_t texts_zone_ms(const char *timezone)
{
    for (size_t i = 0; timezone && i < BOT_COUNT(zones); i++)
        if (!strcmp(zones[i].name, timezone)) return zones[i].minutes * INT64_C(60000);
    return 0;
}

/* Days since 1970 to a date of the Gregorian calendar. */
static void civil_date(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

int texts_knows_zone(const char *timezone)
{
    for (size_t i = 0; timezone && i < BOT_COUNT(zones); i++)
        if (!strcmp(zones[i].name, timezone)) return 1;
    return 0;
}

static void put_moment(struct out *o, int64_t ms, int is_date, const char *timezone,
                       const char *language)
{
    char text[64];
    int english = language && !strcmp(language, "en");
    int64_t local = ms + texts_zone_ms(timezone);
    int64_t days = local / 86400000 - (local % 86400000 < 0);
    int64_t minutes = (local - days * 86400000) / 60000;
    int n;
    if (is_date) {
        int64_t year;
        int month, day;
        civil_date(days, &year, &month, &day);
        n = snprintf(text, sizeof text, "%d %s %lld", day, months[english][month - 1],
                     (long long)year);
    } else {
        n = snprintf(text, sizeof text, "%02d%c%02d", (int)(minutes / 60), english ? ':' : '.',
                     (int)(minutes % 60));
    }
    put(o, text, (size_t)n);
}

/* A number, also one that is written as a text: slots of a dialog are texts. */
static int as_number(const struct bot_arg *arg, int64_t *n)
{
    char digits[24];
    if (arg->type == BOT_INT) {
        *n = arg->integer;
        return 1;
    }
    if (arg->type != BOT_TEXT || arg->len == 0 || arg->len >= sizeof digits) return 0;
    memcpy(digits, arg->data, arg->len);
    digits[arg->len] = '\0';
    return text_int(digits, n) == 0;
}

static void put_arg(struct out *o, const struct piece *p, const struct bot_arg *arg,
                    const char *timezone, const char *language)
{
    char text[40];
    int64_t n = 0;
    int number = arg->type == BOT_INT;
    if (p->kind != PIECE_PLAIN && p->kind != PIECE_RAW) number = as_number(arg, &n);
    if (number && p->kind == PIECE_RUPIAH) {
        text_rupiah(n, text);
        put(o, text, strlen(text));
    } else if (number && (p->kind == PIECE_DATE || p->kind == PIECE_TIME)) {
        put_moment(o, n, p->kind == PIECE_DATE, timezone, language);
    } else if (p->kind == PIECE_PLURAL) {
        const char *word = number && n == 1 ? p->one : p->many;
        put(o, word, strlen(word));
    } else if (arg->type == BOT_INT) {
        int len = snprintf(text, sizeof text, "%lld", (long long)arg->integer);
        put(o, text, (size_t)len);
    } else if (arg->type == BOT_TEXT && p->kind == PIECE_RAW) {
        put(o, arg->data, arg->len);
    } else if (arg->type == BOT_TEXT) {
        put_harmless(o, arg->data, arg->len);
    }
}

static void text_put(struct out *o, const struct text *t, const struct bot_arg *args, size_t n,
                     const char *timezone, const char *language)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct piece *p = &t->pieces[i];
        if (p->kind == PIECE_LITERAL) {
            put(o, p->text, p->len);
            continue;
        }
        size_t at = 0;
        while (at < n && strcmp(args[at].name, p->text)) at++;
        if (at < n) {
            put_arg(o, p, &args[at], timezone, language);
        } else { /* the caller forgot it: shown, so that the author sees it */
            put(o, "{", 1);
            put(o, p->text, p->len);
            put(o, "}", 1);
        }
    }
}

static const struct text *text_find(const struct texts *t, const char *language, const char *key,
                                    const char **said_in)
{
    const struct language *lang = language_find(t, language);
    const struct text *found = lang ? map_get(&lang->texts, key) : NULL;
    *said_in = lang ? lang->name : "id";
    if (found || !(lang = language_find(t, "id"))) return found;
    *said_in = "id";
    return map_get(&lang->texts, key);
}

const char *texts_fill(const struct texts *t, const char *language, const char *key,
                       const struct bot_arg *args, size_t n, const char *timezone,
                       struct arena *arena)
{
    const char *said_in = NULL;
    const struct text *text = t ? text_find(t, language, key, &said_in) : NULL;
    if (!text) return arena_strdup(arena, key);
    if (!text->count) return "";
    if (text->count == 1 && text->pieces[0].kind == PIECE_LITERAL) return text->pieces[0].text;
    struct out o = { NULL, 0 };
    text_put(&o, text, args, n, timezone, said_in);
    o.dst = arena_alloc(arena, o.len + 1);
    o.len = 0;
    text_put(&o, text, args, n, timezone, said_in);
    o.dst[o.len] = '\0';
    return o.dst;
}
