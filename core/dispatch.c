/* dispatch.c - a message's way: who, which store, gate, words that always work, open dialog,
 * command, text hooks.
 *
 * Invariant: ev->roles and ev->store are decided here, before any handler runs, and again when a
 * waiting event goes on after a restart (I7). A handler that waits (LATER) is named in ev->handler:
 *   "command PLUGIN NAME"   "hook PLUGIN EVENT INDEX:PRIORITY"   "dialog PLUGIN NAME done"
 * with " kept" behind it when the text is not the message's own but the one that was kept while the
 * store was asked for. INDEX counts the hooks of that plugin for that event. An internal event runs
 * all its hooks in one savepoint; one of them may wait only when it is alone. What is said in the
 * end is in answer.c. Thread: the loop, in the event's savepoint. */
#include "dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "call_admins.h"
#include "command.h"
#include "containment.h"
#include "host.h"
#include "message/alarms.h"
#include "message/dialog.h"
#include "message/late.h"
#include "message/outbox.h"
#include "message/own_number.h"
#include "message/routing.h"
#include "people/people.h"
#include "plugin/schedule.h"
#include "plugin/stats.h"
#include "storage/migrate.h"

/* The hooks that a text meets, in this order. */
static const char *const text_hooks[] = { "message.text", "message.fallback" };

/* What is found out about a message before anything runs. */
struct way {
    struct dialog *open; /* was open before this message */
    enum word word;
    int is_command; /* "/name": `line` is set */
    struct command_line line;
    const struct command *command;
    int refused;    /* the command is not for this person */
    int hidden;     /* a dialog is open, and held elsewhere */
    int kept;       /* the text is the one that was kept while the store was asked for */
    int fixed;      /* ev->store is decided: the event goes on */
    int64_t chosen; /* the answer to "which store": 0 = none */
    int no_choice;  /* it was an answer, but to no store that there is */
    enum route_result route;
};

/* Who goes on, read from ev->handler. */
struct handler {
    const char *kind, *plugin, *name, *extra;
    int kept;
};

/* ---- calling plugins ------------------------------------------------------------------------- */

static int verdict_of(int verdict)
{
    return verdict < 0 || verdict > BOT_LATER ? BOT_FAIL : verdict;
}

static unsigned hook_index(const struct hook_list *list, size_t at)
{
    unsigned index = 0;
    for (size_t i = 0; i < at; i++) index += list->hooks[i]->plugin == list->hooks[at]->plugin;
    return index;
}

/* Where there is somebody else to answer. A gate is no such place. */
static int may_pause(const struct event *ev, const char *event)
{
    return ev->kind == EVENT_MESSAGE && strcmp(event, "message.gate") != 0;
}

/* A plugin that is quarantined is not called; one whose hooks fail again and again pauses, as far
 * as messages go: what the host and other plugins tell it must not be lost. */
static int is_passed_over(const struct event *ev, const struct plugin *p, const char *event)
{
    return containment_is_off(ev, p) ||
           (may_pause(ev, event) && stats_is_paused(p->stats, clock_ms()));
}

static void note_verdict(const struct event *ev, const struct plugin *p, const char *event,
                         int verdict)
{
    const struct db *db = &ev->host->db;
    if (!may_pause(ev, event) || db_is_broken(db) || db_is_lost(db)) return; /* not its fault */
    if (verdict == BOT_FAIL && !ev->abort_text)
        stats_hook_failed(p->stats, p->name, clock_ms());
    else
        stats_hook_worked(p->stats);
}

static int call_hook(struct event *ev, const struct hook_list *list, size_t i, int kept)
{
    const struct hook *hook = list->hooks[i];
    if (hook->spec.scope == BOT_THIS_STORE && (!ev->store || ev->unserved)) return BOT_PASS;
    if (is_passed_over(ev, hook->plugin, list->event)) return BOT_PASS;
    int verdict =
        verdict_of(event_call(ev, hook->plugin, hook->spec.scope, hook->spec.run, list->event));
    note_verdict(ev, hook->plugin, list->event, verdict);
    if (verdict == BOT_LATER)
        ev->handler =
            arena_printf(&ev->arena, "hook %s %s %u:%d%s", hook->plugin->name, list->event,
                         hook_index(list, i), hook->spec.priority, kept ? " kept" : "");
    return verdict;
}

/* The first verdict other than PASS of the hooks from `from` on. */
static int run_hooks(struct event *ev, const char *name, size_t from, int kept)
{
    const struct hook_list *list = registry_hooks(ev->host->registry, name);
    for (size_t i = from; list && i < list->count; i++) {
        int verdict = call_hook(ev, list, i, kept);
        if (verdict != BOT_PASS) return verdict;
    }
    return BOT_PASS;
}

int dispatch_gate(struct event *ev)
{
    return run_hooks(ev, "message.gate", 0, 0);
}

static int say_in_repair(struct event *ev, const char *what)
{
    const struct bot_arg args[] = { bot_text("what", what) };
    const char *key = what ? "contain.repair" : "contain.repair_dialog";
    dispatch_say(ev, dispatch_text(ev, key, args, 1));
    return BOT_HANDLED;
}

static int run_command(struct event *ev, const struct way *way)
{
    const struct command *c = way->command;
    if (containment_is_off(ev, c->plugin))
        return say_in_repair(ev, arena_printf(&ev->arena, "/%s", c->spec.name));
    ev->need_role = command_is_open(c) ? 0 : c->spec.role;
    int verdict = verdict_of(event_call(ev, c->plugin, c->spec.scope, c->spec.run, c->spec.name));
    if (verdict == BOT_LATER)
        ev->handler = arena_printf(&ev->arena, "command %s %s%s", c->plugin->name, c->spec.name,
                                   way->kept ? " kept" : "");
    return verdict == BOT_PASS ? BOT_HANDLED : verdict;
}

static int finish_dialog(struct event *ev, struct dialog *d)
{
    int verdict = verdict_of(dialog_finish(ev, d));
    if (verdict == BOT_LATER)
        ev->handler = arena_printf(&ev->arena, "dialog %s %s done", d->plugin, d->name);
    return verdict;
}

/* ---- the text -------------------------------------------------------------------------------- */

static int say(struct event *ev, const char *key)
{
    const struct bot_arg args[] = { bot_text("store", ev->store_name),
                                    bot_text("name", ev->person_name) };
    dispatch_say(ev, dispatch_text(ev, key, args, BOT_COUNT(args)));
    return BOT_HANDLED;
}

/* From hook `from` of stage `stage` on; when nobody has an answer, help. */
static int answer_text(struct event *ev, size_t stage, size_t from, int kept)
{
    for (; stage < BOT_COUNT(text_hooks); stage++, from = 0) {
        int verdict = run_hooks(ev, text_hooks[stage], from, kept);
        if (verdict != BOT_PASS) return verdict;
    }
    if (!ev->store) return say(ev, ev->roles & BOT_SUPER ? "route.none_super" : "route.none");
    if (!*ev->text && ev->attached) return dispatch_say_attached(ev);
    return say(ev, *ev->text ? "fallback" : "greeting");
}

/* ---- finding out ----------------------------------------------------------------------------- */

static void read_text(struct event *ev, struct way *way)
{
    way->word = command_word(ev->text);
    way->is_command = 0;
    way->command = NULL;
    if (way->word || !command_parse(ev->text, &way->line)) return;
    way->is_command = 1;
    way->command = registry_command(ev->host->registry, way->line.name);
    if (!way->command) way->word = command_core_word(way->line.name);
    if (way->word) way->is_command = 0;
}

static int is_core_dialog(const struct dialog *d)
{
    return d && dialog_is_core(d);
}

/* What is said in a plugin's dialog is its answer, unless it is a word or a command of ours. A
 * secret may begin with a slash. */
static int answers_dialog(const struct way *way)
{
    if (!way->open || dialog_is_core(way->open) || way->word || way->command) return 0;
    return !way->is_command || way->open->def->spec.steps[way->open->step].secret;
}

static const char *kept_text(const struct dialog *d)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (!strcmp(d->names[i], "text")) return d->values[i];
    return "";
}

/* The question which store has its answer: goes on with the text that was asked about. */
static void take_kept_text(struct event *ev, struct way *way)
{
    ev->text = kept_text(way->open);
    ev->dialog = way->open;
    ev->dialog_done = 1;
    way->open = NULL;
    way->kept = 1;
    read_text(ev, way);
}

static int read_choice(struct event *ev, struct way *way)
{
    int64_t store = routing_answer(ev, way->open);
    if (store < 0) return -1;
    if (!store) {
        way->no_choice = 1;
        return 0;
    }
    way->chosen = store;
    take_kept_text(ev, way);
    return 0;
}

/* Any store that is plain, without asking: for what needs none. */
static enum route_result route_softly(struct event *ev)
{
    enum route_result r = routing_decide(ev, 0, 1);
    if (r == ROUTE_STORE || r == ROUTE_FAILED) return r;
    ev->store = 0;
    people_load_roles(ev);
    return ROUTE_STORE;
}

static enum route_result route_to_none(struct event *ev)
{
    ev->store = 0;
    people_load_roles(ev);
    return ROUTE_STORE;
}

static enum route_result route_to_dialog(struct event *ev, const struct dialog *d)
{
    if (!d->store) return route_to_none(ev);
    enum route_result r = routing_take(ev, d->store);
    return r == ROUTE_NONE ? route_softly(ev) : r;
}

static enum route_result route_command(struct event *ev, struct way *way)
{
    const struct command *c = way->command;
    uint32_t roles = people_roles_anywhere(ev);
    if (!command_allowed(c, roles)) {
        way->refused = 1;
        return route_softly(ev);
    }
    if (c->spec.scope != BOT_THIS_STORE) return route_to_none(ev);
    enum route_result r = routing_decide(ev, command_is_managing(c), 1);
    command_parse(ev->text, &way->line); /* the store's code may have been taken out */
    return r;
}

static enum route_result route(struct event *ev, struct way *way)
{
    if (way->fixed) return ev->store ? routing_take(ev, ev->store) : route_to_none(ev);
    if (way->chosen && !(way->command && way->command->spec.scope != BOT_THIS_STORE))
        return routing_choose(ev, way->chosen);
    if (way->open && (answers_dialog(way) || way->word == WORD_CANCEL || way->word == WORD_BACK))
        return route_to_dialog(ev, way->open);
    if (way->no_choice || (way->word == WORD_SWITCH && ev->stores_active > 1))
        return route_to_none(ev);
    if (way->command) return route_command(ev, way);
    if (way->is_command || (way->word && way->word != WORD_ADMIN)) return route_softly(ev);
    return routing_decide(ev, 0, 0);
}

/* A message to another store is no answer to what this one asks. When it is nothing but the other's
 * code, he has gone there. 0 or -1. */
static int leave_dialog(struct event *ev, struct way *way)
{
    if (way->fixed || !way->open || !answers_dialog(way)) return 0;
    int how = routing_leaves(ev, way->open->store);
    if (how == 2 && (route_to_dialog(ev, way->open) == ROUTE_FAILED ||
                     dialog_cancel(ev, way->open) != BOT_HANDLED))
        return -1;
    if (how) way->open = NULL;
    return 0;
}

/* Of those that this number serves. */
static void count_stores(struct event *ev)
{
    ev->own_store = own_number_store(ev);
    ev->stores_active = ev->own_store ? 1 : stores_active(ev->host);
}

/* Fills `way`. 0; 1 when the person is blocked; -1 on an error. */
static int find_way(struct event *ev, struct way *way, int kept)
{
    ev->text = ev->raw_text;
    ev->dialog = NULL;
    ev->dialog_done = ev->dialog_new = ev->ask_again = 0;
    ev->need_role = 0;
    ev->member_seen = -1;
    if (people_load(ev)) return -1;
    count_stores(ev);
    if (ev->person_blocked) return 1;
    way->open = dialog_load(ev);
    if (way->open && own_number_hides(ev, way->open->gateway, way->open->session)) {
        way->open = NULL;
        way->hidden = 1;
    }
    read_text(ev, way);
    if (kept && is_core_dialog(way->open))
        take_kept_text(ev, way);
    else if (!way->fixed && is_core_dialog(way->open) && !way->word && !way->is_command &&
             read_choice(ev, way))
        return -1;
    if (leave_dialog(ev, way)) return -1;
    way->route = route(ev, way);
    if (way->route == ROUTE_FAILED) return -1;
    int buys_here =
        ev->store && way->route == ROUTE_STORE && !(ev->roles & (BOT_STORE_ADMIN | BOT_SUPER));
    if (!buys_here) return 0;
    if (ev->member_seen == 0 && blocks_restore(ev)) return -1;
    if (ev->member_blocked) return 1;
    if (ev->in_group) return 0; /* there he is only passing by */
    int full = members_touch(ev);
    if (full == 1) way->route = ROUTE_FULL;
    return full < 0 ? -1 : 0;
}

/* ---- what is always there -------------------------------------------------------------------- */

static int switch_store(struct event *ev)
{
    int64_t managed[2];
    if (ev->own_store) return say(ev, "route.only_one");
    int64_t others = stores_count(ev->host) - ev->stores_active; /* he may be at one of these */
    if (ev->stores_active + (others > 0) < 2 &&
        stores_managed(ev->host, ev->person, managed, 2) < 2)
        return say(ev, ev->stores_active ? "route.only_one" : "route.none");
    ev->text = "";
    return routing_ask(ev) ? BOT_FAIL : BOT_HANDLED;
}

/* Where there is no store to go to. PASS: there is one. */
static int without_store(struct event *ev, const struct way *way)
{
    switch (way->route) {
    case ROUTE_ASK:
        return routing_ask(ev) ? BOT_FAIL : BOT_HANDLED;
    case ROUTE_CLOSED:
        say(ev, ev->store_state == BOT_STORE_CLOSED ? "route.closed" : "route.suspended");
        return ev->stores_active ? say(ev, "route.another") : BOT_HANDLED;
    case ROUTE_FULL:
        return say(ev, "route.full");
    case ROUTE_NO_CODE:
        return say(ev, "route.no_code");
    case ROUTE_NONE:
        return say(ev, ev->roles & BOT_SUPER ? "route.none_super" : "route.none");
    default:
        return BOT_PASS;
    }
}

static int act_on_word(struct event *ev, struct way *way)
{
    int verdict;
    const char *key;
    switch (way->word) {
    case WORD_CANCEL:
        if (way->open) return dialog_cancel(ev, way->open);
        if (!way->hidden && dialog_forget(ev)) return BOT_FAIL; /* its plugin is off just now */
        return say(ev, ev->canceled_another ? "dialog.canceled" : "dialog.nothing_open");
    case WORD_BACK:
        return way->open ? dialog_back(ev, way->open) : say(ev, "dialog.nothing_open");
    case WORD_SWITCH:
        return switch_store(ev);
    case WORD_ADMIN:
        verdict = without_store(ev, way);
        if (verdict != BOT_PASS) return verdict;
        return call_admins(ev, &key) ? BOT_FAIL : say(ev, key);
    default:
        ev->roles |= people_roles_anywhere(ev);
        command_say_help(ev);
        return BOT_HANDLED;
    }
}

static int act_on_command(struct event *ev, struct way *way)
{
    if (!way->command) {
        ev->roles |= people_roles_anywhere(ev); /* the nearest of all that he may run somewhere */
        command_say_unknown(ev, &way->line);
        return BOT_HANDLED;
    }
    if (!way->refused) {
        int verdict = without_store(ev, way);
        if (verdict != BOT_PASS) return verdict;
    }
    if (way->refused || !command_allowed(way->command, ev->roles)) {
        command_say_refused(ev, way->command);
        return BOT_HANDLED;
    }
    return command_prepare(ev, way->command, &way->line) ? BOT_HANDLED : run_command(ev, way);
}

static int act_on_answer(struct event *ev, struct way *way)
{
    struct dialog *d = way->open;
    int verdict = without_store(ev, way);
    if (verdict != BOT_PASS) return verdict;
    if (d->role && !(d->role & ev->roles)) { /* he has lost the role meanwhile */
        if (dialog_close(ev, d)) return BOT_FAIL;
        return say(ev, "refused.lost");
    }
    if (containment_is_off(ev, d->def->plugin)) return say_in_repair(ev, NULL);
    ev->need_role = d->role;
    switch (dialog_answer(ev, d)) {
    case DIALOG_ASKED:
        return BOT_HANDLED;
    case DIALOG_DONE:
        return finish_dialog(ev, d);
    case DIALOG_QUESTION:
        ev->dialog = NULL;
        ev->ask_again = 1;
        return answer_text(ev, 0, 0, 0);
    default:
        return BOT_FAIL;
    }
}

static int act_on_no_choice(struct event *ev, struct dialog *d)
{
    if (ev->choice_count) { /* several fit: which of them? */
        ev->text = kept_text(d);
        return routing_ask(ev) ? BOT_FAIL : BOT_HANDLED;
    }
    const char *again = arena_printf(
        &ev->arena, "%s\n\n%s", dispatch_text(ev, "route.retry", NULL, 0), routing_question(ev, d));
    return dialog_miss(ev, d, again) ? BOT_FAIL : BOT_HANDLED;
}

/* 1: the open dialog has all its answers, its end only waits (LATER): there is nothing to ask
 * again. */
static int is_ending(const struct event *ev)
{
    return ev->chat && ev->chat->waiting && ev->chat->waiting->dialog_done;
}

/* Past the gate. */
static int act(struct event *ev, struct way *way)
{
    if (way->no_choice) return act_on_no_choice(ev, way->open);
    if (answers_dialog(way)) return act_on_answer(ev, way);
    ev->ask_again =
        way->open && way->word != WORD_CANCEL && way->word != WORD_BACK && !is_ending(ev);
    if (way->word) return act_on_word(ev, way);
    if (way->is_command) return act_on_command(ev, way);
    int verdict = way->route == ROUTE_NONE ? BOT_PASS : without_store(ev, way);
    return verdict == BOT_PASS ? answer_text(ev, 0, 0, way->kept) : verdict;
}

/* ---- going on -------------------------------------------------------------------------------- */

/* Takes ev->handler apart, in a copy. 0, or -1 when it is none. */
static int handler_parse(struct event *ev, struct handler *out)
{
    char *save, *s = arena_strdup(&ev->arena, ev->handler ? ev->handler : "");
    out->kind = strtok_r(s, " ", &save);
    out->plugin = strtok_r(NULL, " ", &save);
    out->name = strtok_r(NULL, " ", &save);
    out->extra = strtok_r(NULL, " ", &save);
    const char *last = strtok_r(NULL, " ", &save);
    out->kept = (out->extra && !strcmp(out->extra, "kept")) || (last && !strcmp(last, "kept"));
    return out->kind && out->plugin && out->name ? 0 : -1;
}

/* The place of a hook among all of its event; -1 when it has gone. */
static long hook_find(const struct hook_list *list, const struct handler *who)
{
    unsigned long index = who->extra ? strtoul(who->extra, NULL, 10) : 0;
    for (size_t i = 0; list && i < list->count; i++)
        if (!strcmp(list->hooks[i]->plugin->name, who->plugin) && hook_index(list, i) == index)
            return (long)i;
    return -1;
}

/* The last hook of a stage that has been asked when its plugin has gone meanwhile: all of a lower
 * or the same priority have. */
static long last_asked(const struct hook_list *list, const struct handler *who)
{
    const char *priority = who->extra ? strchr(who->extra, ':') : NULL;
    long at = -1;
    for (size_t i = 0; list && priority && i < list->count; i++)
        if (list->hooks[i]->spec.priority <= atoi(priority + 1)) at = (long)i;
    return at;
}

/* A message's hook `at` has passed, or has gone (-1): what comes behind it. */
static int after_hook(struct event *ev, struct way *way, const struct handler *who, long at)
{
    if (at < 0) at = last_asked(registry_hooks(ev->host->registry, who->name), who);
    for (size_t stage = 0; stage < BOT_COUNT(text_hooks); stage++)
        if (!strcmp(text_hooks[stage], who->name))
            return answer_text(ev, stage, (size_t)(at + 1), way->kept);
    int verdict = run_hooks(ev, who->name, (size_t)(at + 1), way->kept);
    return verdict == BOT_PASS ? act(ev, way) : verdict; /* message.gate */
}

/* A waiting message after a restart, at the handler that waited; *from_start when that has gone. */
static int resume_message(struct event *ev, const struct handler *who, int *from_start)
{
    struct way way = { .fixed = 1 };
    int rc = find_way(ev, &way, who->kept);
    if (rc) return rc < 0 ? BOT_FAIL : BOT_HANDLED;
    if (!strcmp(who->kind, "hook")) {
        const struct hook_list *list = registry_hooks(ev->host->registry, who->name);
        long at = hook_find(list, who);
        if (at < 0 || containment_is_off(ev, list->hooks[at]->plugin)) goto start;
        ev->ask_again = way.open != NULL;
        int verdict = call_hook(ev, list, (size_t)at, way.kept);
        ev->status = BOT_OK;
        return verdict == BOT_PASS ? after_hook(ev, &way, who, at) : verdict;
    }
    if (!strcmp(who->kind, "dialog")) {
        struct dialog *d = way.open;
        if (!d || !d->def || strcmp(d->plugin, who->plugin) || strcmp(d->name, who->name))
            goto start;
        if (containment_is_off(ev, d->def->plugin)) return say_in_repair(ev, NULL);
        ev->need_role = d->role;
        return d->role && !(d->role & ev->roles) ? say(ev, "refused.lost") : finish_dialog(ev, d);
    }
    if (!way.command || strcmp(way.command->plugin->name, who->plugin) ||
        strcmp(way.command->spec.name, who->name))
        goto start;
    struct code_found code;
    if (routing_code(ev->text, 0, &code)) { /* taken out as it was the first time */
        ev->text = routing_without(ev->text, &code, &ev->arena);
        command_parse(ev->text, &way.line);
    }
    ev->ask_again = way.open != NULL;
    return act_on_command(ev, &way);
start:
    *from_start = 1;
    return BOT_PASS;
}

int dispatch_passed(struct event *ev)
{
    struct handler who;
    if (ev->kind != EVENT_MESSAGE || handler_parse(ev, &who) || strcmp(who.kind, "hook"))
        return BOT_HANDLED;
    const struct hook_list *list = registry_hooks(ev->host->registry, who.name);
    struct way way = { .fixed = 1 };
    int asks = ev->ask_again;
    int rc = find_way(ev, &way, who.kept);
    if (rc) return rc < 0 ? BOT_FAIL : BOT_HANDLED;
    ev->ask_again = asks;
    return after_hook(ev, &way, &who, hook_find(list, &who));
}

/* ---- events ---------------------------------------------------------------------------------- */

static int run_message(struct event *ev)
{
    struct way way = { 0 };
    int rc = find_way(ev, &way, 0);
    if (rc) return rc < 0 ? BOT_FAIL : BOT_HANDLED; /* a blocked person hears nothing */
    ev->unserved = way.route == ROUTE_CLOSED || way.route == ROUTE_FULL;
    int verdict = run_hooks(ev, "message.gate", 0, way.kept);
    if (verdict == BOT_PASS) verdict = act(ev, &way);
    return verdict;
}

static int dispatch_message(struct event *ev)
{
    struct handler who;
    if (!ev->raw_text) ev->raw_text = ev->text ? ev->text : "";
    if (ev->status == BOT_ERESUMED && !handler_parse(ev, &who)) {
        int from_start = 0;
        int verdict = resume_message(ev, &who, &from_start);
        if (!from_start) return verdict;
        log_warn("dispatch", "what an event waited for is no longer there",
                 LOG_STR("handler", ev->handler));
    }
    ev->status = BOT_OK;
    ev->store = 0;
    return run_message(ev);
}

/* The person and the store that an event names; one that has gone is left out. */
static void load_subject(struct event *ev)
{
    ev->member_seen = -1;
    ev->stores_active = stores_active(ev->host);
    if (ev->person && people_load(ev)) ev->person = 0;
    if (ev->store && stores_load(ev, ev->store)) ev->store = 0;
    ev->roles = 0;
    if (ev->person) people_load_roles(ev);
}

/* Our side wrote from a phone. */
static int dispatch_own(struct event *ev)
{
    if (!registry_hooks(ev->host->registry, "message.own")) return BOT_HANDLED;
    load_subject(ev);
    if (!ev->store && ev->person) own_number_guess(ev);
    if (ev->member_blocked) return BOT_HANDLED; /* what he answers is not heard */
    int verdict = run_hooks(ev, "message.own", 0, 0);
    return verdict == BOT_PASS ? BOT_HANDLED : verdict;
}

/* Nobody hears this event. When that is because its plugin is switched off, it waits for it. */
static int wait_for_plugin(struct event *ev)
{
    char name[64];
    size_t len = strcspn(ev->event_name, ".");
    if (!ev->event_name[len] || len >= sizeof name) return BOT_HANDLED;
    snprintf(name, sizeof name, "%.*s", (int)len, ev->event_name);
    if (registry_plugin(ev->host->registry, name) || !migrate_is_known(ev->host, name))
        return BOT_HANDLED;
    return containment_park(ev, name);
}

static int dispatch_internal(struct event *ev)
{
    if (!strncmp(ev->event_name, "schedule:", 9)) {
        int verdict = verdict_of(schedule_handle(ev));
        return verdict == BOT_PASS ? BOT_HANDLED : verdict;
    }
    if (late_is_summary(ev)) return late_summarise(ev);
    const struct hook_list *list = registry_hooks(ev->host->registry, ev->event_name);
    if (!strcmp(ev->event_name, "plugin.quarantined") && containment_notify(ev) < 0)
        return BOT_FAIL;
    if (!strcmp(ev->event_name, "session.alarm")) {
        if (alarm_notify(ev) < 0) return BOT_FAIL;
        if (!list) return BOT_HANDLED;
    }
    if (!list) return wait_for_plugin(ev);
    for (size_t i = 0; i < list->count; i++)
        if (list->hooks[i]->plugin->quarantined)
            return containment_park(ev, list->hooks[i]->plugin->name);
    load_subject(ev);
    for (size_t i = 0; i < list->count; i++) {
        int verdict = call_hook(ev, list, i, 0);
        if (verdict == BOT_FAIL) return BOT_FAIL;
        if (verdict != BOT_LATER) continue;
        if (list->count == 1) return BOT_LATER;
        log_error("plugin", "a hook may wait only when it is the event's only one",
                  LOG_STR("plugin", list->hooks[i]->plugin->name), LOG_STR("event", list->event));
        return BOT_FAIL;
    }
    return BOT_HANDLED;
}

int dispatch_event(struct event *ev)
{
    switch (ev->kind) {
    case EVENT_MESSAGE:
        return dispatch_message(ev);
    case EVENT_OWN:
        return dispatch_own(ev);
    case EVENT_INTERNAL:
        return dispatch_internal(ev);
    default:
        return BOT_HANDLED; /* only kept */
    }
}

int dispatch_overtakes(const struct event *ev)
{
    struct command_line line;
    if (ev->kind != EVENT_MESSAGE || !ev->text) return 0;
    enum word word = command_word(ev->text);
    int is_command = !word && command_parse(ev->text, &line);
    if (is_command) word = command_core_word(line.name);
    if (word == WORD_CANCEL || word == WORD_ADMIN) return 2;
    return word || is_command;
}
