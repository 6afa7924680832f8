/* routing_ask.c - which store, when only the sender knows: a numbered list, those he knows first,
 * and his answer to it by number, code or name; or looked for by a word of the name. See routing.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "../dispatch.h"
#include "../host.h"
#include "../people/people.h"
#include "../people/store_index.h"
#include "routing.h"

static int choices_read(const char *list, int64_t out[ROUTING_CHOICES])
{
    int n = 0;
    while (list && *list && n < ROUTING_CHOICES) {
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
    const char *key = managing                               ? "route.ask_managed"
                      : n < ROUTING_CHOICES || ev->own_store ? "route.ask"
                                                             : "route.ask_more";
    const char *text = dispatch_text(ev, key, args, 1);
    buf_free(&list);
    return text;
}

int routing_ask(struct event *ev)
{
    int64_t stores[ROUTING_CHOICES];
    if (ev->in_group) return dialog_not_here(ev);
    int n = stores_managed(ev->host, ev->person, stores, ROUTING_CHOICES);
    int managing = n > 1;
    if (ev->choice_count) {
        n = ev->choice_count;
        managing = 0;
        memcpy(stores, ev->choices, sizeof *stores * (size_t)n);
    } else if (!managing) {
        n = stores_choices(ev, stores, ROUTING_CHOICES);
    }
    if (n < 0) return -1;
    if (n > ROUTING_CHOICES) n = ROUTING_CHOICES;
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
    int64_t stores[ROUTING_CHOICES];
    int n = choices_read(slot(d, "list"), stores);
    return question(ev, stores, n, slot(d, "managing") != NULL);
}

/* The one store of the list whose name is, or contains, the text; 0 = none or several. */
static int64_t by_listed_name(struct event *ev, const int64_t *stores, int n, const char *text)
{
    size_t cap = strlen(text) + 1;
    char *wanted = arena_alloc(&ev->arena, cap);
    if (!text_fold(wanted, cap, text)) return 0;
    int64_t whole = 0, part = 0;
    int wholes = 0, parts = 0;
    for (int i = 0; i < n; i++) {
        const char *name, *code;
        if (stores_name(ev->host, stores[i], &ev->arena, &name, &code)) continue;
        char *folded = arena_alloc(&ev->arena, strlen(name) + 1);
        text_fold(folded, strlen(name) + 1, name);
        if (!strcmp(folded, wanted)) whole = stores[i], wholes++;
        if (strlen(wanted) >= 3 && strstr(folded, wanted)) part = stores[i], parts++;
    }
    if (wholes) return wholes == 1 ? whole : 0; /* two are called so: he is asked again */
    return parts == 1 ? part : 0;
}

/* Looked for among all stores, or among those that he runs; the one that is found, or 0: several
 * are in ev->choices then. */
static int64_t by_search(struct event *ev, const char *text, const int64_t *managed, int count)
{
    struct store_named named[ROUTING_CHOICES];
    int64_t found[ROUTING_CHOICES], *fit = arena_alloc(&ev->arena, sizeof found);
    int n = store_index_named(ev->host, text, strlen(text), named, ROUTING_CHOICES), kept = 0;
    for (int i = 0; i < n && i < ROUTING_CHOICES; i++) found[i] = named[i].store;
    if (!n) n = store_index_search(ev->host, text, found, ROUTING_CHOICES);
    if (n < 0) return -1;
    for (int i = 0; i < n && i < ROUTING_CHOICES; i++)
        if (managed ? routing_among(found[i], managed, count)
                    : stores_state(ev->host, found[i]) == BOT_STORE_ACTIVE)
            fit[kept++] = found[i];
    if (kept == 1) return fit[0];
    ev->choices = fit;
    ev->choice_count = kept;
    return 0;
}

int64_t routing_answer(struct event *ev, const struct dialog *d)
{
    int64_t stores[ROUTING_CHOICES], managed[ROUTING_MANAGED], number;
    int n = choices_read(slot(d, "list"), stores);
    int managing = slot(d, "managing") != NULL;
    size_t len = strlen(ev->text);
    const char *s = text_trim(ev->text, &len);
    while (len && (s[len - 1] == '.' || s[len - 1] == ')')) len--; /* "2." */
    const char *text = arena_strndup(&ev->arena, s, len);
    ev->choice_count = 0;
    if (text_int(text, &number) == 0) return number >= 1 && number <= n ? stores[number - 1] : 0;
    struct code_found code;
    int64_t store = 0;
    int count = managing ? stores_managed(ev->host, ev->person, managed, ROUTING_MANAGED) : 0;
    if (count > ROUTING_MANAGED) count = ROUTING_MANAGED;
    if (routing_code(text, 0, &code))
        store = stores_by_code(ev->host, code.code);
    else if (len <= 8)
        store = stores_by_code(ev->host, text); /* a code without a digit */
    if (!store) store = by_listed_name(ev, stores, n, text);
    if (!store) store = stores_by_name(ev->host, text);
    if (!store) return by_search(ev, text, managing ? managed : NULL, count);
    return !managing || routing_among(store, managed, count) ? store : 0;
}
