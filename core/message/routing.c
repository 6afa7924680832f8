/* routing.c - which store a message is for (design section 2): that of the message it quotes; the
 * one it names by code, order or name; the one that waits for him; the one that he manages; the one
 * he wrote to last, for a week; his only one, or the only one there is. Else he is asked, and his
 * text is kept until he says. Nothing is guessed between two.
 *
 * Invariant: ev->store, ev->roles and the member_* fields always change together, through the
 * functions of people.h. */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../dispatch.h"
#include "../host.h"
#include "../people/people.h"
#include "../people/store_index.h"
#include "outbox.h"

enum {
    CODE_MIN = 3,
    CODE_MAX = 8,
    WORD_MIN = 4,
    LOOKED_AT_MAX = 1000 /* bytes that are looked at */
};

static const int64_t STICKY_MS = INT64_C(7) * 86400 * 1000;

/* ---- codes: pure ----------------------------------------------------------------------------- */

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

static int is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (upper(c) >= 'A' && upper(c) <= 'Z') ||
           (unsigned char)c >= 0x80;
}

/* Letters and digits that cannot be taken for one another. */
static int is_code_char(char c)
{
    c = upper(c);
    return (c >= 'A' && c <= 'Z' && c != 'I' && c != 'O') || (c >= '2' && c <= '9');
}

/* The code at s, upper case, into out; 0 when there is none that ends there. */
static size_t code_at(const char *s, size_t len, char out[12])
{
    size_t n = 0;
    while (n < len && n <= CODE_MAX && is_code_char(s[n])) {
        out[n] = upper(s[n]);
        n++;
    }
    if (n < CODE_MIN || n > CODE_MAX || (n < len && is_alnum(s[n]))) return 0;
    out[n] = '\0';
    return n;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int has_digit(const char *code)
{
    return strpbrk(code, "23456789") != NULL;
}

/* "-12" behind a code makes it an order's; its bytes, or 0. */
static size_t order_number(const char *s, size_t len)
{
    size_t n = 1;
    if (!len || *s != '-') return 0;
    while (n < len && is_digit(s[n])) n++;
    return n > 1 && n <= 10 && (n == len || !is_alnum(s[n])) ? n : 0;
}

static int bare_code(const char *text, const char *s, size_t len, struct code_found *out)
{
    if (!len || code_at(s, len, out->code) != len) return 0;
    if (!has_digit(out->code) || is_digit(out->code[0])) return 0;
    out->at = (size_t)(s - text);
    out->len = len;
    out->alone = 1;
    return 1;
}

/* Bytes of the first line, as far as codes are looked for in it: a line may be as long as a whole
 * message, and each code in it costs a look into the database. */
static size_t first_line(const char *s)
{
    size_t n = strnlen(s, LOOKED_AT_MAX);
    const char *end = memchr(s, '\n', n);
    if (end) return (size_t)(end - s);
    if (n == LOOKED_AT_MAX) /* not in a word */
        while (n && is_alnum(s[n]) && is_alnum(s[n - 1])) n--;
    return n;
}

int routing_code(const char *text, size_t from, struct code_found *out)
{
    size_t len = strlen(text);
    const char *s = text_trim(text, &len);
    if (!from && bare_code(text, s, len, out)) return 1;
    size_t begin = (size_t)(s - text);
    size_t line = begin + first_line(s);
    for (size_t i = from > begin ? from : begin; i < line; i++) {
        if ((text[i] != '#' && text[i] != '@') || (i > begin && is_alnum(text[i - 1]))) continue;
        size_t gap = text[i] == '#' && i + 1 < line && text[i + 1] == ' ';
        size_t n = code_at(text + i + 1 + gap, line - i - 1 - gap, out->code);
        if (!n || order_number(text + i + 1 + gap + n, line - i - 1 - gap - n)) continue;
        if (gap && !has_digit(out->code)) continue; /* "# sepatu" */
        out->at = i;
        out->len = n + 1 + gap;
        out->alone = out->len == len;
        return 1;
    }
    return 0;
}

/* Where a word begins; *marked: behind a "#", as an order may be written. */
static int begins_word(const char *text, size_t at, int *marked)
{
    size_t before = at;
    *marked = at && text[at - 1] == '#';
    if (*marked) before--;
    return is_alnum(text[at]) &&
           (!before || (!is_alnum(text[before - 1]) && !strchr("#@.-_/", text[before - 1])));
}

int routing_word_code(const char *text, size_t from, struct code_found *out)
{
    size_t line = first_line(text);
    for (size_t i = from; i < line; i++) {
        int marked;
        if (!begins_word(text, i, &marked)) continue;
        size_t n = code_at(text + i, line - i, out->code);
        if (!n) continue;
        size_t number = order_number(text + i + n, line - i - n);
        int is_code = !marked && n >= WORD_MIN && has_digit(out->code) && !is_digit(out->code[0]) &&
                      (i + n == line || !strchr("-_@/", text[i + n]));
        if (!number && !is_code) continue;
        out->at = i;
        out->len = n;
        out->alone = 0;
        out->is_order = number > 0;
        return 1;
    }
    return 0;
}

const char *routing_without(const char *text, const struct code_found *code, struct arena *arena)
{
    size_t before_len = code->at, after_len = strlen(text) - code->at - code->len;
    const char *before = text_trim(text, &before_len);
    const char *after = text + code->at + code->len;
    int breaks = strspn(after, " \t\r") < after_len && after[strspn(after, " \t\r")] == '\n';
    after = text_trim(after, &after_len);
    const char *between = !before_len || !after_len ? "" : breaks ? "\n" : " ";
    return arena_printf(arena, "%.*s%s%.*s", (int)before_len, before, between, (int)after_len,
                        after);
}

/* ---- deciding -------------------------------------------------------------------------------- */

static enum route_result routed(struct event *ev)
{
    people_load_roles(ev);
    if (ev->store_state == BOT_STORE_ACTIVE || (ev->roles & BOT_STORE_ADMIN)) return ROUTE_STORE;
    return ROUTE_CLOSED;
}

enum route_result routing_take(struct event *ev, int64_t store)
{
    if (stores_load(ev, store)) return ROUTE_NONE;
    return routed(ev);
}

/* The same, for a store that was named: who is no customer there has no other memory of it. */
enum route_result routing_choose(struct event *ev, int64_t store)
{
    enum route_result r = routing_take(ev, store);
    if (r == ROUTE_STORE && (ev->roles & (BOT_STORE_ADMIN | BOT_SUPER)) &&
        stores_remember(ev->host, ev->person, store))
        return ROUTE_FAILED;
    if (ev->stores_active > 1 && stores_leave_held(ev->host, ev->person, store))
        return ROUTE_FAILED;
    return r;
}

int routing_among(int64_t store, const int64_t *stores, int n)
{
    for (int i = 0; i < n; i++)
        if (stores[i] == store) return 1;
    return 0;
}

/* Stores that a message may be for; what names them has been taken out of ev->text when there is
 * one. */
struct candidates {
    int64_t stores[ROUTING_CHOICES];
    int count;
    int unknown; /* the text is only a code, and of no store */
    int differ;  /* two names stand in it, not one that two stores have */
};

/* Those that are open, or those that say they are not; one that waits for approval is nobody's to
 * find. */
static void keep_open(struct event *ev, struct candidates *c)
{
    int64_t open[ROUTING_CHOICES], shut[ROUTING_CHOICES];
    int opens = 0, shuts = 0;
    for (int i = 0; i < c->count; i++) {
        int64_t state = stores_state(ev->host, c->stores[i]);
        if (state == BOT_STORE_ACTIVE) open[opens++] = c->stores[i];
        if (state == BOT_STORE_SUSPENDED || state == BOT_STORE_CLOSED) shut[shuts++] = c->stores[i];
    }
    c->count = opens ? opens : shuts;
    memcpy(c->stores, opens ? open : shut, sizeof *open * (size_t)c->count);
}

static void candidate_add(struct candidates *c, int64_t store)
{
    if (c->count < ROUTING_CHOICES && !routing_among(store, c->stores, c->count))
        c->stores[c->count++] = store;
}

/* "#CODE" and "@code", and a code that is all that is said. */
static void marked_codes(struct event *ev, struct candidates *c)
{
    struct code_found code;
    for (size_t from = 0; routing_code(ev->text, from, &code); from = code.at + code.len) {
        int64_t store = stores_by_code(ev->host, code.code);
        if (store) candidate_add(c, store);
        if (!store && code.alone && ev->text[code.at] == '#') c->unknown = 1;
    }
}

/* Takes every code of this store out of the text, but not one of an order. */
static void without_codes(struct event *ev, int64_t store)
{
    struct code_found code;
    for (size_t from = 0; routing_code(ev->text, from, &code);) {
        from = code.at + code.len;
        if (stores_by_code(ev->host, code.code) != store) continue;
        size_t rest = strlen(ev->text) - from;
        ev->text = routing_without(ev->text, &code, &ev->arena);
        from = strlen(ev->text) > rest ? strlen(ev->text) - rest : 0; /* or a blank before */
    }
}

/* "MAJU7-12", and "MAJU7" among other words. */
static void word_codes(struct event *ev, int orders_only, struct candidates *c)
{
    struct code_found code, found = { .len = 0 };
    for (size_t from = 0; routing_word_code(ev->text, from, &code); from = code.at + code.len) {
        if (orders_only && !code.is_order) continue;
        int64_t store = stores_by_code(ev->host, code.code);
        if (!store) continue;
        candidate_add(c, store);
        if (!code.is_order) found = code;
    }
    if (c->count == 1 && found.len) ev->text = routing_without(ev->text, &found, &ev->arena);
}

/* A marked code with one wrong letter. */
static void near_codes(struct event *ev, struct candidates *c)
{
    struct code_found code, found = { .len = 0 };
    int64_t near[ROUTING_CHOICES];
    for (size_t from = 0; routing_code(ev->text, from, &code); from = code.at + code.len) {
        if (ev->text[code.at] != '#' && ev->text[code.at] != '@') continue;
        int n = store_index_near_code(ev->host, code.code, near, ROUTING_CHOICES);
        for (int i = 0; i < n && i < ROUTING_CHOICES; i++) candidate_add(c, near[i]);
        if (n > 0) found = code;
    }
    keep_open(ev, c);
    if (c->count == 1) ev->text = routing_without(ev->text, &found, &ev->arena);
}

/* The signs around a name go with it: "*Toko Maju*, ada sepatu?" */
static void with_signs(const char *text, struct code_found *span)
{
    while (span->at && strchr("*_~(\"'", text[span->at - 1])) span->at--, span->len++;
    const char *end = text + span->at + span->len;
    span->len += strspn(end, "*_~)\"' ,.:;!-");
}

static void names(struct event *ev, struct candidates *c)
{
    struct store_named named[ROUTING_CHOICES];
    int n = store_index_named(ev->host, ev->text, strcspn(ev->text, "\n"), named, ROUTING_CHOICES);
    for (int i = 0; i < n && i < ROUTING_CHOICES; i++) candidate_add(c, named[i].store);
    keep_open(ev, c);
    if (c->count < 1) return;
    const struct store_named *one = NULL;
    for (int i = 0; i < n && i < ROUTING_CHOICES; i++) {
        if (!routing_among(named[i].store, c->stores, c->count)) continue;
        c->differ |= one && one->at != named[i].at;
        if (!one) one = &named[i];
    }
    if (!one || c->differ) return;
    struct code_found span = { .at = one->at, .len = one->len };
    with_signs(ev->text, &span);
    ev->text = routing_without(ev->text, &span, &ev->arena);
    if (one->alone) { /* "halo kak, mau ke Toko Maju" */
        const char *rest = strchr(ev->text, '\n');
        ev->text = rest ? rest + 1 : "";
    }
}

/* What the first line says of a store, the plainest first. A command's words are its arguments, and
 * who runs a store may speak of others: there only codes count. */
static void explicit_stores(struct event *ev, int only_codes, struct candidates *c)
{
    marked_codes(ev, c);
    if (c->count == 1) without_codes(ev, c->stores[0]);
    if (!c->count) word_codes(ev, only_codes, c);
    if (c->count || only_codes) return;
    near_codes(ev, c);
    if (!c->count) names(ev, c);
}

static int64_t quoted_store(struct event *ev)
{
    int64_t store = 0;
    const char *text, *tag;
    if (!ev->quoted_id || !ev->quoted_id[0] || !ev->host->outbox) return 0;
    if (outbox_quoted(ev->host->outbox, ev->gateway, ev->session, ev->chat_id, ev->quoted_id,
                      &store, &text, &tag, &ev->arena) != 1)
        return 0;
    return store;
}

/* Those that he wrote about last, when there are several: nobody guesses between two. */
static enum route_result decide_among(struct event *ev, const int64_t *stores, int n)
{
    int64_t *list = arena_memdup(&ev->arena, stores, sizeof *stores * (size_t)n);
    ev->store = 0;
    ev->choices = list;
    ev->choice_count = n;
    people_load_roles(ev);
    return ROUTE_ASK;
}

static enum route_result decide_manager(struct event *ev, const int64_t *managed, int n)
{
    if (n == 1) return routing_take(ev, managed[0]);
    int64_t last = stores_remembered(ev->host, ev->person);
    if (routing_among(last, managed, n)) return routing_take(ev, last);
    ev->store = 0;
    people_load_roles(ev);
    return ROUTE_ASK;
}

/* Several stores are named, or several wait for him: the one he wrote to last, if it is among them.
 */
static enum route_result decide_several(struct event *ev, const int64_t *stores, int n)
{
    int64_t last = stores_load_last(ev);
    if (last < 0) return ROUTE_FAILED;
    return last && routing_among(last, stores, n) ? routed(ev) : decide_among(ev, stores, n);
}

/* An order that waits for money, a talk with an admin. 0: nothing waits. */
static int decide_held(struct event *ev, enum route_result *out)
{
    int64_t held[ROUTING_CHOICES];
    int n = stores_held(ev->host, ev->person, held, ROUTING_CHOICES);
    if (n > ROUTING_CHOICES) n = ROUTING_CHOICES;
    if (n < 0)
        *out = ROUTE_FAILED;
    else if (n == 1)
        *out = routing_take(ev, held[0]);
    else if (n > 1)
        *out = decide_several(ev, held, n);
    return n != 0;
}

static enum route_result decide_customer(struct event *ev)
{
    enum route_result r;
    if (ev->stores_active > 1 && decide_held(ev, &r)) return r;
    int all_active = ev->stores_active == stores_count(ev->host);
    int64_t store =
        ev->stores_active == 1 && all_active ? stores_load_only(ev) : stores_load_last(ev);
    if (store < 0) return ROUTE_FAILED;
    int is_stale = store && clock_ms() - ev->member_seen > STICKY_MS &&
                   stores_known(ev->host, ev->person) != 1;
    if (store && !is_stale) return routed(ev);
    if (map_get_id(&ev->host->supers, (uint64_t)ev->person)) { /* is no member anywhere */
        store = stores_remembered(ev->host, ev->person);
        if (store && routing_take(ev, store) == ROUTE_STORE) return ROUTE_STORE;
    }
    if (ev->stores_active == 1 && stores_load_only(ev) > 0) return routed(ev);
    ev->store = 0;
    people_load_roles(ev);
    return ev->stores_active ? ROUTE_ASK : ROUTE_NONE;
}

enum route_result routing_decide(struct event *ev, int managing, int is_command)
{
    struct candidates named = { .count = 0 };
    ev->choice_count = 0;
    if (ev->own_store > 0) return routing_take(ev, ev->own_store);
    if (ev->own_store < 0) {
        ev->store = 0;
        people_load_roles(ev);
        return ROUTE_NONE;
    }
    int64_t managed[ROUTING_MANAGED], quoted = quoted_store(ev);
    int n = stores_managed(ev->host, ev->person, managed, ROUTING_MANAGED);
    if (n > ROUTING_MANAGED) n = ROUTING_MANAGED;
    if (quoted && (!managing || routing_among(quoted, managed, n))) {
        without_codes(ev, quoted);
        return routing_take(ev, quoted);
    }
    explicit_stores(ev, is_command || n > 0, &named);
    if (named.count == 1) return routing_choose(ev, named.stores[0]);
    if (named.differ) return decide_among(ev, named.stores, named.count);
    if (named.count > 1) return decide_several(ev, named.stores, named.count);
    if (named.unknown && ev->stores_active > 1) return ROUTE_NO_CODE;
    return n > 0 ? decide_manager(ev, managed, n) : decide_customer(ev);
}

int routing_leaves(struct event *ev, int64_t store)
{
    struct code_found code;
    if (ev->own_store || !store) return 0;
    int64_t other = quoted_store(ev);
    if (other && other != store) return 1;
    if (!routing_code(ev->text, 0, &code) || !code.alone) return 0;
    other = stores_by_code(ev->host, code.code);
    return other && other != store ? 2 : 0;
}
