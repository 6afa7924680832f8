/* value.c - one written value becomes text and number of its type.
 *
 * Invariant: a sentence about a secret never holds any of it. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/internal.h"
#include "core/base/text.h"

#define ZONES "/usr/share/zoneinfo"

static const struct {
    const char *word;
    int value;
} bools[] = { { "on", 1 },   { "off", 0 },   { "yes", 1 }, { "no", 0 },
              { "true", 1 }, { "false", 0 }, { "1", 1 },   { "0", 0 } };

static const struct {
    const char *name;
    int64_t ms;
} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };

int config_bool(const char *word)
{
    for (size_t i = 0; i < sizeof bools / sizeof bools[0]; i++)
        if (text_equal_nocase(word, bools[i].word)) return bools[i].value;
    return -1;
}

static int check_bounds(const struct config_key *k, int64_t n, struct buf *why)
{
    if ((!k->min && !k->max) || (n >= k->min && n <= k->max)) return 0;
    buf_adds(why, "is out of range; write ");
    if (k->type == CONFIG_DURATION)
        buf_addf(why, "a time from %lld ms to %lld ms", (long long)k->min, (long long)k->max);
    else
        buf_addf(why, "a whole number from %lld to %lld", (long long)k->min, (long long)k->max);
    return -1;
}

static int check_length(const struct config_key *k, const char *text, struct buf *why)
{
    size_t len = strlen(text);
    if (!k->min && !k->max) return 0;
    if ((int64_t)len < k->min) {
        if (!len)
            buf_adds(why, "is empty; give it a value, or remove the line for the default");
        else
            buf_addf(why, "is too short; it needs at least %lld bytes", (long long)k->min);
        return -1;
    }
    if ((int64_t)len > k->max) {
        buf_addf(why, "is too long; at most %lld bytes", (long long)k->max);
        return -1;
    }
    return 0;
}

static int convert_int(const struct config_key *k, const char *s, int64_t *number, struct buf *why)
{
    int negative = *s == '-';
    if (text_int(s + negative, number) < 0) {
        buf_adds(why, "is no whole number; write digits only");
        if (k->min || k->max)
            buf_addf(why, ", from %lld to %lld", (long long)k->min, (long long)k->max);
        return -1;
    }
    if (negative) *number = -*number;
    return check_bounds(k, *number, why);
}

static int convert_duration(const struct config_key *k, const char *s, int64_t *number,
                            struct buf *why)
{
    char digits[24];
    size_t n = strspn(s, "0123456789");
    int64_t count, unit = -1;
    const char *name = s + n;
    while (*name == ' ') name++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (!strcmp(name, units[i].name)) unit = units[i].ms;
    if (!strcmp(s, "0")) unit = 1;
    if (n == 0 || n >= sizeof digits || unit < 0) {
        buf_adds(why, "is no time; write a number and ms, s, m, h or d, like 30s or 24h");
        return -1;
    }
    memcpy(digits, s, n);
    digits[n] = '\0';
    if (text_int(digits, &count) < 0 || count > INT64_MAX / unit) {
        buf_adds(why, "is too long a time; write fewer days");
        return -1;
    }
    *number = count * unit;
    return check_bounds(k, *number, why);
}

static int convert_choice(struct config *c, const struct config_key *k, const char *s,
                          struct buf *why)
{
    const char *names[64];
    size_t count = 0;
    char *rest = NULL;
    char *list = arena_strdup(&c->arena, k->choices ? k->choices : "");
    for (char *p = strtok_r(list, " ", &rest); p && count < 64; p = strtok_r(NULL, " ", &rest)) {
        if (!strcmp(p, s)) return 0;
        names[count++] = p;
    }
    const char *near = text_nearest(s, names, count);
    if (near) {
        buf_addf(why, "is not one of the choices; did you mean %s?", near);
    } else {
        buf_adds(why, "is not one of the choices; write ");
        for (size_t i = 0; i < count; i++)
            buf_addf(why, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", names[i]);
    }
    return -1;
}

static int convert_url(struct config *c, const char *s, const char **text, struct buf *why)
{
    size_t scheme = !strncasecmp(s, "http://", 7) ? 7 : !strncasecmp(s, "https://", 8) ? 8 : 0;
    const char *host = s + scheme;
    if (!scheme || !*host || strchr("/:?#", *host)) {
        buf_adds(why, "is no address; write http://HOST:PORT or https://HOST");
        return -1;
    }
    for (const char *p = s; *p; p++) {
        if ((unsigned char)*p <= ' ' || *p == '"' || *p == '<' || *p == '>' || *p == '\\') {
            buf_adds(why, "has a character that no address may have; remove it");
            return -1;
        }
    }
    size_t len = strlen(s);
    while (len > scheme && s[len - 1] == '/') len--;
    *text = arena_strndup(&c->arena, s, len);
    return 0;
}

static int convert_phones(struct config *c, const char *s, const char **text, struct buf *why)
{
    struct buf out = { 0 };
    char *rest = NULL;
    char *list = arena_strdup(&c->arena, s);
    int rc = 0;
    for (char *p = strtok_r(list, ",;\n", &rest); p; p = strtok_r(NULL, ",;\n", &rest)) {
        char phone[20];
        size_t len = strlen(p);
        const char *word = text_trim(p, &len);
        if (!len) continue;
        p[(size_t)(word - p) + len] = '\0';
        if (text_phone(word, phone, sizeof phone) < 0) {
            buf_addf(why, "has '%s', which is no phone number; write it like 6281100000001",
                     config_show(c, word));
            rc = -1;
            break;
        }
        if (strstr(buf_str(&out), phone) /* once is enough */) {
            const char *at = strstr(buf_str(&out), phone);
            char after = at[strlen(phone)];
            if ((at == out.data || at[-1] == ',') && (!after || after == ',')) continue;
        }
        buf_addf(&out, "%s%s", out.len ? "," : "", phone);
    }
    if (!rc) *text = arena_strdup(&c->arena, buf_str(&out));
    buf_free(&out);
    return rc;
}

static int convert_listen(const char *s, int64_t *number, struct buf *why)
{
    const char *colon = strrchr(s, ':');
    size_t host = colon ? (size_t)(colon - s) : 0;
    int ok = host > 0 && text_int(colon + 1, number) == 0 && *number <= 65535;
    if (ok && *s == '[')
        ok =
            host > 3 && s[host - 1] == ']' && strspn(s + 1, "0123456789abcdefABCDEF:.") == host - 2;
    else if (ok)
        ok = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-") == host;
    if (ok) return 0;
    buf_adds(why, "is no address to listen on; write HOST:PORT like 127.0.0.1:5000");
    return -1;
}

static int convert_database(struct config *c, const char *s, const char **text, struct buf *why)
{
    if (strncmp(s, "sqlite:", 7) != 0 || !s[7]) {
        buf_adds(why, "is no database that this version knows; write sqlite:FILE like "
                      "sqlite:saas_umkm.db");
        return -1;
    }
    const char *file = s + 7;
    if (!strncmp(file, "///", 3)) file += 2; /* sqlite:///abs/path, as others write it */
    if (strcmp(file, ":memory:") != 0) file = config_absolute(c, file);
    *text = arena_printf(&c->arena, "sqlite:%s", file);
    return 0;
}

static int convert_timezone(struct config *c, const char *s, struct buf *why)
{
    int plain = *s != '/' && !strstr(s, "..");
    for (const char *p = s; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              strchr("_+-/", *p)))
            plain = 0;
    struct stat st;
    int known =
        plain && stat(arena_printf(&c->arena, ZONES "/%s", s), &st) == 0 && S_ISREG(st.st_mode);
    if (known || (plain && access(ZONES, F_OK) != 0)) return 0;
    buf_adds(why, "is no time zone; write Asia/Jakarta, Asia/Makassar or Asia/Jayapura");
    return -1;
}

/* Types for which an empty value says nothing, so that the default counts. */
static int empty_is_default(int type)
{
    return type != CONFIG_TEXT && type != CONFIG_SECRET && type != CONFIG_PATH &&
           type != CONFIG_PHONES;
}

int config_convert(struct config *c, const struct config_key *k, const char *written,
                   const char **text, int64_t *number, struct buf *why)
{
    size_t len = strlen(written);
    *number = 0;
    if (!len && empty_is_default(k->type)) written = k->fallback ? k->fallback : "";
    *text = arena_strdup(&c->arena, written);
    if (!*written && empty_is_default(k->type)) return 0; /* not set, and no default */
    if (!text_is_utf8(written, strlen(written))) {
        buf_adds(why, "is not valid UTF-8; write it as UTF-8");
        return -1;
    }
    switch (k->type) {
    case CONFIG_INT:
        return convert_int(k, written, number, why);
    case CONFIG_BOOL:
        *number = config_bool(written);
        if (*number >= 0) return 0;
        buf_adds(why, "is neither yes nor no; write yes or no");
        return -1;
    case CONFIG_DURATION:
        return convert_duration(k, written, number, why);
    case CONFIG_CHOICE:
        return convert_choice(c, k, written, why);
    case CONFIG_URL:
        return convert_url(c, written, text, why);
    case CONFIG_PHONES:
        return convert_phones(c, written, text, why);
    case CONFIG_LISTEN:
        return convert_listen(written, number, why);
    case CONFIG_DATABASE:
        return convert_database(c, written, text, why);
    case CONFIG_TIMEZONE:
        return convert_timezone(c, written, why);
    case CONFIG_PATH:
        if (check_length(k, written, why) < 0) return -1;
        if (*written) *text = config_absolute(c, written);
        return 0;
    default:
        return check_length(k, written, why);
    }
}
