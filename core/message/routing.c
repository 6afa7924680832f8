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

enum { CODE_MIN = 3, CODE_MAX = 8, WORD_MIN = 4, CHOICES = 10, MANAGED_MAX = 64 };

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

int routing_code(const char *text, size_t from, struct code_found *out)
{
    size_t len = strlen(text);
    const char *s = text_trim(text, &len);
    if (!from && bare_code(text, s, len, out)) return 1;
    size_t begin = (size_t)(s - text);
    size_t line = begin + strcspn(s, "\n");
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

int routing_word_code(const char *text, size_t from, struct code_found *out)
{
    size_t line = strcspn(text, "\n");
    for (size_t i = from; i < line; i++) {
        if (!is_alnum(text[i]) || (i && (is_alnum(text[i - 1]) || strchr("@.-_/", text[i - 1]))))
            continue;
        size_t n = code_at(text + i, line - i, out->code);
        if (!n) continue;
        size_t number = order_number(text + i + n, line - i - n);
        int is_code = n >= WORD_MIN && has_digit(out->code) && !is_digit(out->code[0]) &&
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
    return r;
}

static int is_among(int64_t store, const int64_t *stores, int n)
{
    for (int i = 0; i < n; i++)
        if (stores[i] == store) return 1;
    return 0;
}

/* Stores that a message may be for; what names them has been taken out of ev->text when there is
 * one. */
struct candidates {
    int64_t stores[CHOICES];
    int count;
    int unknown; /* the text is only a code, and of no store */
};

static void candidate_add(struct candidates *c, int64_t store)
{
    if (c->count < CHOICES && !is_among(store, c->stores, c->count)) c->stores[c->count++] = store;
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
        ev->text = routing_without(ev->text, &code, &ev->arena);
        from = 0;
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
    int64_t near[CHOICES];
    for (size_t from = 0; routing_code(ev->text, from, &code); from = code.at + code.len) {
        if (ev->text[code.at] != '#' && ev->text[code.at] != '@') continue;
        int n = store_index_near_code(ev->host, code.code, near, CHOICES);
        for (int i = 0; i < n && i < CHOICES; i++) candidate_add(c, near[i]);
        if (n > 0) found = code;
    }
    if (c->count == 1) ev->text = routing_without(ev->text, &found, &ev->arena);
}

static void names(struct event *ev, struct candidates *c)
{
    struct store_named named[CHOICES];
    int n = store_index_named(ev->host, ev->text, strcspn(ev->text, "\n"), named, CHOICES);
    for (int i = 0; i < n && i < CHOICES; i++) candidate_add(c, named[i].store);
    if (c->count < 1) return;
    struct code_found span = { .at = named[0].at, .len = named[0].len };
    ev->text = routing_without(ev->text, &span, &ev->arena);
    if (named[0].alone) { /* "halo kak, mau ke Toko Maju" */
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
    if (outbox_quoted(ev->host->outbox, ev->gateway, ev->session, ev->quoted_id, &store, &text,
                      &tag, &ev->arena) != 1)
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
    if (is_among(last, managed, n)) return routing_take(ev, last);
    ev->store = 0;
    people_load_roles(ev);
    return ROUTE_ASK;
}

/* Several stores are named, or several wait for him: the one he wrote to last, if it is among them.
 */
static enum route_result decide_several(struct event *ev, const int64_t *stores, int n)
{
    int known;
    int64_t last = stores_load_last(ev, &known);
    if (last < 0) return ROUTE_FAILED;
    return last && is_among(last, stores, n) ? routed(ev) : decide_among(ev, stores, n);
}

/* An order that waits for money, a talk with an admin. 0: nothing waits. */
static int decide_held(struct event *ev, enum route_result *out)
{
    int64_t held[CHOICES];
    int n = stores_held(ev->host, ev->person, held, CHOICES);
    if (n > CHOICES) n = CHOICES;
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
    int known = 0;
    if (ev->stores_active > 1 && decide_held(ev, &r)) return r;
    int all_active = ev->stores_active == stores_count(ev->host);
    int64_t store =
        ev->stores_active == 1 && all_active ? stores_load_only(ev) : stores_load_last(ev, &known);
    if (store < 0) return ROUTE_FAILED;
    int is_stale = known > 1 && clock_ms() - ev->member_seen > STICKY_MS;
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
    int64_t managed[MANAGED_MAX], quoted = quoted_store(ev);
    int n = stores_managed(ev->host, ev->person, managed, MANAGED_MAX);
    if (n > MANAGED_MAX) n = MANAGED_MAX;
    if (quoted && (!managing || is_among(quoted, managed, n))) {
        without_codes(ev, quoted);
        return routing_take(ev, quoted);
    }
    explicit_stores(ev, is_command || n > 0, &named);
    if (named.count == 1) return routing_choose(ev, named.stores[0]);
    if (named.count > 1) return decide_several(ev, named.stores, named.count);
    if (named.unknown && ev->stores_active > 1) return ROUTE_NO_CODE;
    return n > 0 ? decide_manager(ev, managed, n) : decide_customer(ev);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int choices_read(const char *list, int64_t out[CHOICES])
{
    int n = 0;
    while (list && *list && n < CHOICES) {
        char *end;
        out[n++] = strtoll(list, &end, 10);
        list = *end == ',' ? end + 1 : NULL;
    }
    return n;
}

static const char *slot(const struct dialog *d, const char *name)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (!strcmp(d->names[i], name)) return d->values[i];
    return NULL;
}

static const char *question(struct event *ev, const int64_t *stores, int n, int managing)
{
    struct buf list = { 0 };
    for (int i = 0; i < n; i++) {
        const char *name, *code;
        if (stores_name(ev->host, stores[i], &ev->arena, &name, &code)) continue;
        const struct bot_arg args[] = { bot_int("n", i + 1), bot_text("store", name),
                                        bot_text("code", code) };
        if (list.len) buf_addc(&list, '\n');
        buf_adds(&list, dispatch_text(ev, "route.choice", args, BOT_COUNT(args)));
    }
    const struct bot_arg args[] = { bot_text("list", buf_str(&list)) };
    const char *text = dispatch_text(ev, managing ? "route.ask_managed" : "route.ask", args, 1);
    buf_free(&list);
    return text;
}

int routing_ask(struct event *ev)
{
    int64_t stores[CHOICES];
    if (ev->in_group) return dialog_not_here(ev);
    int n = stores_managed(ev->host, ev->person, stores, CHOICES);
    int managing = n > 1;
    if (ev->choice_count) {
        n = ev->choice_count;
        managing = 0;
        memcpy(stores, ev->choices, sizeof *stores * (size_t)n);
    } else if (!managing) {
        n = stores_choices(ev, stores, CHOICES);
    }
    if (n < 0) return -1;
    if (n > CHOICES) n = CHOICES;
    struct buf list = { 0 };
    for (int i = 0; i < n; i++) {
        if (i) buf_addc(&list, ',');
        buf_addi(&list, stores[i]);
    }
    const struct bot_arg args[] = {
        bot_text("text", ev->text),
        bot_text("list", buf_str(&list)),
        bot_text("managing", managing ? "1" : NULL),
    };
    int rc = dialog_open_core(ev, DIALOG_STORE, args, BOT_COUNT(args));
    buf_free(&list);
    if (!rc) dispatch_say(ev, question(ev, stores, n, managing));
    return rc;
}

const char *routing_question(struct event *ev, const struct dialog *d)
{
    int64_t stores[CHOICES];
    int n = choices_read(slot(d, "list"), stores);
    return question(ev, stores, n, slot(d, "managing") != NULL);
}

/* The one store of the list whose name is, or contains, the text; 0 = none or several. */
static int64_t by_listed_name(struct event *ev, const int64_t *stores, int n, const char *text)
{
    size_t cap = strlen(text) + 1;
    char *wanted = arena_alloc(&ev->arena, cap);
    if (!text_fold(wanted, cap, text)) return 0;
    int64_t part = 0;
    int parts = 0;
    for (int i = 0; i < n; i++) {
        const char *name, *code;
        if (stores_name(ev->host, stores[i], &ev->arena, &name, &code)) continue;
        char *folded = arena_alloc(&ev->arena, strlen(name) + 1);
        text_fold(folded, strlen(name) + 1, name);
        if (!strcmp(folded, wanted)) return stores[i];
        if (strlen(wanted) >= 3 && strstr(folded, wanted)) part = stores[i], parts++;
    }
    return parts == 1 ? part : 0;
}

int64_t routing_answer(struct event *ev, const struct dialog *d)
{
    int64_t stores[CHOICES], managed[MANAGED_MAX], number;
    int n = choices_read(slot(d, "list"), stores);
    int managing = slot(d, "managing") != NULL;
    size_t len = strlen(ev->text);
    const char *s = text_trim(ev->text, &len);
    while (len && (s[len - 1] == '.' || s[len - 1] == ')')) len--; /* "2." */
    const char *text = arena_strndup(&ev->arena, s, len);
    if (text_int(text, &number) == 0) return number >= 1 && number <= n ? stores[number - 1] : 0;
    struct code_found code;
    int64_t store = 0;
    if (routing_code(text, 0, &code))
        store = stores_by_code(ev->host, code.code);
    else if (len >= CODE_MIN && len <= CODE_MAX)
        store = stores_by_code(ev->host, text); /* a code without a digit */
    if (!store) store = by_listed_name(ev, stores, n, text);
    if (!store) store = stores_by_name(ev->host, text);
    if (!store || !managing) return store;
    int count = stores_managed(ev->host, ev->person, managed, MANAGED_MAX);
    return is_among(store, managed, count < MANAGED_MAX ? count : MANAGED_MAX) ? store : 0;
}
