/* operator.c - who edits bot.ini and asks for reloads, and what must run then (I9).
 *
 * A third of the schedules has one to three edits, each followed by a reload, at random times
 * between the messages. `ini` is bot.ini as a start finds it; `runs` is what the host has taken
 * over. A slip - an edit that no start would survive (exit 78), or that nobody meant - is mended as
 * soon as its reload was refused and before every start. A plugin whose start() fails stays in the
 * file: its reloads are refused again and again, and a start leaves it out. An edit while no host
 * runs is taken over by the next start. A gateway that is switched off is on again in the end, and
 * a reload that a full disk refused is asked for again.
 *
 * In these schedules the first customer is a super admin, who asks for reloads by chat, too. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "memvfs.h"

static const int64_t drains[] = { 30000, 0, 300, 0, 2000 }; /* the first is the default */
#define DRAINS ((int)(sizeof drains / sizeof drains[0]))

static const char waha[] = "waha", simtest[] = "simtest", simextra[] = "simextra";
static const char *const orders[2][3] = { { waha, simtest, simextra },
                                          { simextra, simtest, waha } };

enum slip {
    SLIP_NONE,
    SLIP_GARBAGE,   /* a heading without its bracket */
    SLIP_KEY,       /* one that simtest does not have */
    SLIP_VALUE,     /* no number where one must be */
    SLIP_NO_PLUGIN, /* a file that is not there */
    SLIP_DATA_DIR,  /* another one */
    SLIP_COUNT
};

static const struct {
    int percent;
    const char *name;
} edits[EDIT_COUNT] = {
    [EDIT_TEST] = { 20, "simtest's section" },
    [EDIT_VERSION] = { 9, "simtest's other version" },
    [EDIT_EXTRA] = { 15, "simextra on or off" },
    [EDIT_NOTE] = { 5, "simextra's section" },
    [EDIT_FAILS] = { 10, "a start() that fails" },
    [EDIT_WAHA] = { 14, "waha's section" },
    [EDIT_WAHA_OFF] = { 7, "waha off" },
    [EDIT_ORDER] = { 5, "the order of the plugins" },
    [EDIT_DRAIN] = { 3, "[core] drain" },
    [EDIT_NOTHING] = { 2, "nothing" },
    [EDIT_ALL] = { 3, "nothing, and everybody is to be new" },
    [EDIT_SLIP] = { 7, "a slip" },
    [EDIT_WAHA_ON] = { 0, "waha on" }, /* some time after OFF */
};

static int is_on(const struct ini *ini, const char *plugin)
{
    if (plugin == simextra) return ini->extra != EXTRA_OFF;
    return plugin == simtest || !ini->no_waha;
}

/* ---- the file -------------------------------------------------------------------------------- */

static struct {
    char folder[200], file[220], second[500]; /* simtest's second version */
    struct ini says;                          /* just now */
    int slip, has_reloads, is_there;
} bot_ini;

void operator_moves_in(const char *folder, const char *plugins)
{
    char *whole = realpath(plugins, NULL);
    snprintf(bot_ini.second, sizeof bot_ini.second, "%s/v2/simtest.so", whole ? whole : plugins);
    free(whole);
    snprintf(bot_ini.folder, sizeof bot_ini.folder, "%s", folder);
    snprintf(bot_ini.file, sizeof bot_ini.file, "%s/bot.ini", folder);
    bot_ini.is_there = 0;
}

static void write_core(const struct sim *s, FILE *f, const struct ini *ini, int slip)
{
    fprintf(
        f,
        "[core]\ndata_dir = %s%s\nsuper_admin = 6281100000900%s\nsecret_key = simulated-secret-key\n",
        bot_ini.folder, slip == SLIP_DATA_DIR ? "/elsewhere" : "",
        s->has_reloads ? ", 6281100000100" : "");
    if (ini->drain) fprintf(f, "drain = %lldms\n", (long long)drains[ini->drain]);
    fprintf(f, "[database]\nurl = sqlite:" SIM_DATABASE "\n");
    fputs(slip == SLIP_GARBAGE ? "[plugins\n" : "[plugins]\n", f);
    for (int i = 0; i < 3; i++) {
        const char *name = orders[ini->swapped][i];
        const char *on = name == simtest && ini->version ? bot_ini.second : "on";
        fprintf(f, "%s = %s\n", name, is_on(ini, name) ? on : "off");
    }
    if (slip == SLIP_NO_PLUGIN) fputs("hantu = on\n", f);
}

static void write_sections(FILE *f, const struct ini *ini, int slip, const struct probe *probe)
{
    unsigned long long address = (uintptr_t)probe;
    fprintf(
        f,
        "[waha]\nbase_url = http://waha.test\napi_key = simulated\nhmac_key = the simulator's own key\n"
        "pace = %s\nper_minute = %s%d\nper_day = 1000000\n",
        ini->human ? "human" : "off", slip == SLIP_VALUE ? "kira-kira " : "",
        1000000 - ini->per_minute);
    fprintf(f, "[simtest]\nprobe = %llx\n", address);
    if (ini->flavour)
        fprintf(f, "%s = rasa %d\n", slip == SLIP_KEY ? "flavor" : "flavour", ini->flavour);
    fprintf(f, "[simextra]\nprobe = %llx\nmood = %s\nnote = %d\n", address,
            ini->extra == EXTRA_FAILS ? "fails" : "works", ini->note);
}

/* bot.ini as it is now, on the disk of the process; explored crashes write there, too. */
static void write_ini(struct sim *s)
{
    if (bot_ini.is_there && bot_ini.slip == s->slip && bot_ini.has_reloads == s->has_reloads &&
        memcmp(&bot_ini.says, &s->ini, sizeof s->ini) == 0)
        return;
    struct ini ini = s->ini;
    if (s->slip) { /* in a file that would change all sorts of things */
        ini.flavour++;
        ini.version = !ini.version;
        ini.per_minute++;
        ini.extra = ini.extra == EXTRA_ON ? EXTRA_OFF : EXTRA_ON;
    }
    bot_ini.is_there = 0;
    FILE *f = fopen(bot_ini.file, "w");
    if (!f) {
        sim_fail(s, "cannot write %s", bot_ini.file);
        return;
    }
    write_core(s, f, &ini, s->slip);
    write_sections(f, &ini, s->slip, &s->probe);
    bot_ini.is_there = fclose(f) == 0;
    bot_ini.says = s->ini;
    bot_ini.slip = s->slip;
    bot_ini.has_reloads = s->has_reloads;
}

const char *operator_ini(struct sim *s)
{
    s->slip = SLIP_NONE;
    s->opened_version |= s->ini.version;
    write_ini(s);
    return bot_ini.file;
}

/* ---- what runs ------------------------------------------------------------------------------- */

/* Who runs, in the order of the file. */
static int plugins_of(const struct ini *ini, const char *names[3])
{
    int count = 0;
    for (int i = 0; i < 3; i++)
        if (is_on(ini, orders[ini->swapped][i])) names[count++] = orders[ini->swapped][i];
    return count;
}

static void check_order_of(struct sim *s, const char *when)
{
    const struct registry *r = s->host->registry;
    const char *names[3];
    int count = plugins_of(&s->runs, names);
    int same = r->plugin_count == (size_t)count;
    for (int i = 0; same && i < count; i++) same = strcmp(r->plugins[i]->name, names[i]) == 0;
    if (!same) sim_fail(s, "I9: %s other plugins run than bot.ini says, or in another order", when);
}

void operator_opened(struct sim *s)
{
    s->runs = s->ini;
    if (s->runs.extra == EXTRA_FAILS) s->runs.extra = EXTRA_OFF; /* left out */
    if (s->host && !s->dead) check_order_of(s, "after a start");
}

int64_t operator_drain_ms(const struct sim *s)
{
    return drains[s->runs.drain];
}

/* ---- a reload -------------------------------------------------------------------------------- */

enum result { RELOAD_NONE, RELOAD_OK, RELOAD_REFUSED, RELOAD_UNCHANGED };
static const char *const result_names[] = { "not ended", "ok", "refused", "unchanged" };

static int is_new_waha(const struct ini *a, const struct ini *b)
{
    return a->no_waha || a->human != b->human || a->per_minute != b->per_minute;
}

static int is_new_test(const struct ini *a, const struct ini *b)
{
    return a->flavour != b->flavour || a->version != b->version;
}

static int is_new_extra(const struct ini *a, const struct ini *b)
{
    return a->extra != b->extra || a->note != b->note ||
           is_new_test(a, b); /* it needs simtest's service */
}

static int is_other_order(const struct ini *a, const struct ini *b)
{
    const char *now[3] = { 0 }, *next[3] = { 0 };
    return plugins_of(a, now) != plugins_of(b, next) || memcmp(now, next, sizeof now) != 0;
}

static enum result expected(const struct sim *s, int all)
{
    const struct ini *a = &s->runs, *b = &s->ini;
    if (s->slip || b->extra == EXTRA_FAILS) return RELOAD_REFUSED;
    int changes = all || a->drain != b->drain || is_new_test(a, b) || is_other_order(a, b) ||
                  (!b->no_waha && is_new_waha(a, b)) ||
                  (b->extra == EXTRA_ON && is_new_extra(a, b));
    return changes ? RELOAD_OK : RELOAD_UNCHANGED;
}

/* What a host runs, to be compared with what it runs a moment later. */
struct lineup_seen {
    size_t count;
    struct {
        char name[16];
        uint32_t generation;
    } plugins[4];
    const struct config *config;
    int64_t ended[4]; /* by enum result */
};

static void look(const struct host *h, struct lineup_seen *out)
{
    const struct registry *r = h->registry;
    memset(out, 0, sizeof *out);
    out->count = r->plugin_count;
    for (size_t i = 0; i < r->plugin_count && i < 4; i++) {
        snprintf(out->plugins[i].name, sizeof out->plugins[i].name, "%s", r->plugins[i]->name);
        out->plugins[i].generation = r->plugins[i]->generation;
    }
    out->config = h->config;
    out->ended[RELOAD_OK] = h->reload.ok;
    out->ended[RELOAD_REFUSED] = h->reload.refused;
    out->ended[RELOAD_UNCHANGED] = h->reload.unchanged;
}

static enum result result_of(const struct lineup_seen *before, const struct lineup_seen *after)
{
    for (int i = RELOAD_OK; i <= RELOAD_UNCHANGED; i++)
        if (before->ended[i] != after->ended[i]) return (enum result)i;
    return RELOAD_NONE;
}

static uint32_t generation_of(const struct lineup_seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->plugins[i].name, name) == 0) return seen->plugins[i].generation;
    return 0;
}

static void check_generation(struct sim *s, const struct lineup_seen *before,
                             const struct lineup_seen *after, const char *name, int is_new)
{
    uint32_t a = generation_of(before, name), b = generation_of(after, name);
    if (b && is_new != (a != b))
        sim_fail(s, "I9: after the reload %s runs in generation %u, before in %u: it should %s",
                 name, b, a, is_new ? "be another one" : "be the same");
}

static void check_taken_over(struct sim *s, const struct lineup_seen *before,
                             const struct lineup_seen *after, int all)
{
    const struct ini was = s->runs;
    s->runs = s->ini;
    check_order_of(s, "after a reload");
    check_generation(s, before, after, waha, all || is_new_waha(&was, &s->ini));
    check_generation(s, before, after, simtest, all || is_new_test(&was, &s->ini));
    check_generation(s, before, after, simextra, all || is_new_extra(&was, &s->ini));
}

static void check_as_before(struct sim *s, const struct lineup_seen *before,
                            const struct lineup_seen *after)
{
    if (before->count != after->count ||
        memcmp(before->plugins, after->plugins, sizeof before->plugins) != 0)
        sim_fail(s, "I9: a reload was not taken over, and other generations run");
    if (before->config != after->config)
        sim_fail(s, "I9: a reload was not taken over, and its bot.ini is");
}

/* Breaks I9 where the host keeps it: what drains is stopped at once, or never. */
static void sabotage_drain(struct sim *s)
{
    struct plugin *p;
    s->in_host = 1;
    TAILQ_FOREACH(p, &s->host->generations, link)
    {
        if (p->phase != PLUGIN_DRAINING || !p->pending || strncmp(p->name, "sim", 3) != 0) continue;
        if (s->sabotage == SABOTAGE_EARLY_STOP) generation_stop(p);
        if (s->sabotage == SABOTAGE_LOST_DRAIN) p->pending++; /* a call whose end nobody counts */
    }
    s->in_host = 0;
}

static void ask_again(struct sim *s, void *arg)
{
    (void)arg;
    reload_ask(s->host);
}

/* A refused slip is mended. A full disk is worth another try; and when the gateway is to be on
 * again nothing may stand in the way. */
static void operator_reacts(struct sim *s, int was_bad_luck)
{
    int is_cut_off = s->runs.no_waha && !s->ini.no_waha;
    s->slip = SLIP_NONE;
    if (is_cut_off && s->ini.extra == EXTRA_FAILS) s->ini.extra = EXTRA_OFF;
    if (was_bad_luck || is_cut_off) agenda_add(s, clock_ms() + 500, 1, ask_again, NULL);
}

static void check_reload(struct sim *s, const struct lineup_seen *before, int full, int all)
{
    struct lineup_seen after;
    look(s->host, &after);
    enum result result = result_of(before, &after), wanted = expected(s, all);
    sim_say(s, "the reload is %s", result_names[result]);
    if (result != wanted && !(result == RELOAD_REFUSED && full))
        sim_fail(s, "I9: a reload is %s that should be %s", result_names[result],
                 result_names[wanted]);
    if (result == RELOAD_OK)
        check_taken_over(s, before, &after, all);
    else
        check_as_before(s, before, &after);
    s->stats.reloads[result]++;
    generations_reloaded(s, result == RELOAD_OK);
    operator_reacts(s, result != wanted);
}

void operator_reloads(struct sim *s)
{
    struct host *h = s->host;
    struct lineup_seen before;
    if (!reload_has_work(h) || host_next_due(h) > clock_ms()) return;
    write_ini(s);
    look(h, &before);
    int full = simdisk_is_full(), all = h->reload.all;
    s->in_host = s->reloading = 1;
    reload_step(h); /* as the loop does first of all in a turn */
    s->in_host = s->reloading = 0;
    if (s->dead) return;
    check_reload(s, &before, full, all);
    if (s->sabotage) sabotage_drain(s);
}

/* ---- edits ----------------------------------------------------------------------------------- */

static void edit_apply(struct sim *s, const struct edit *e)
{
    struct ini *ini = &s->ini;
    switch (e->kind) {
    case EDIT_TEST:
        ini->flavour++;
        break;
    case EDIT_VERSION:
        ini->version = !ini->version;
        break;
    case EDIT_EXTRA:
        ini->extra = ini->extra == EXTRA_OFF ? EXTRA_ON : EXTRA_OFF;
        break;
    case EDIT_NOTE:
        ini->note++;
        break;
    case EDIT_FAILS:
        ini->extra = EXTRA_FAILS;
        if (e->dice % 2) ini->flavour++; /* a start() that works goes before it, or a migration */
        if (e->dice % 5 == 0) ini->version = !ini->version;
        break;
    case EDIT_WAHA:
        if (e->dice % 3 == 0)
            ini->human = !ini->human;
        else
            ini->per_minute++;
        break;
    case EDIT_WAHA_OFF:
        ini->no_waha = 1;
        break;
    case EDIT_WAHA_ON:
        ini->no_waha = 0;
        break;
    case EDIT_ORDER:
        ini->swapped = !ini->swapped;
        break;
    case EDIT_DRAIN:
        ini->drain = (ini->drain + 1) % DRAINS;
        break;
    case EDIT_SLIP:
        s->slip = s->host ? 1 + e->dice % (SLIP_COUNT - 1) : SLIP_NONE;
        if (s->slip == SLIP_VALUE && ini->no_waha)
            s->slip = SLIP_KEY; /* nobody reads the section of who is off */
        break;
    default:
        break;
    }
}

static void edit_run(struct sim *s, void *arg)
{
    const struct edit *e = arg;
    s->edits_left--;
    sim_say(s, "bot.ini is edited: %s%s", edits[e->kind].name,
            s->host ? ", and a reload asked for" : "");
    edit_apply(s, e);
    s->known_outside++;
    if (!s->host || boundary(s, "before a reload is asked for")) return;
    if (e->kind == EDIT_ALL)
        reload_ask_all(s->host);
    else
        reload_ask(s->host);
}

static int breaks_reloads(const struct sim *s)
{
    return s->sabotage == SABOTAGE_HALF_RELOAD || s->sabotage == SABOTAGE_EARLY_STOP ||
           s->sabotage == SABOTAGE_LOST_DRAIN;
}

void operator_begin(struct sim *s)
{
    s->has_reloads = breaks_reloads(s) || chance_percent(&s->whim, 35);
    if (!s->has_reloads) return;
    if (chance_percent(&s->whim, 40)) s->ini.extra = EXTRA_ON;
    if (chance_percent(&s->whim, 50)) s->ini.drain = (int)chance_range(&s->whim, 1, DRAINS - 1);
}

enum act operator_bends(struct sim *s, const struct message *m)
{
    int dice = s->has_reloads ? (int)chance_range(&s->whim, 0, 99) : 100;
    if (dice < 15 && m->customer == 0) return ACT_RELOAD;
    return dice < 12 ? ACT_EMIT : m->act; /* of which simextra hears */
}

static enum edit_kind draw_kind(struct sim *s)
{
    int64_t dice = chance_range(&s->whim, 0, 99);
    if (s->sabotage == SABOTAGE_HALF_RELOAD) return EDIT_FAILS;
    if (breaks_reloads(s)) return EDIT_TEST;
    for (int i = 0; i < EDIT_COUNT; i++)
        if ((dice -= edits[i].percent) < 0) return (enum edit_kind)i;
    return EDIT_NOTHING;
}

static void edit_add(struct sim *s, enum edit_kind kind, int64_t at)
{
    struct edit *e = &s->edits[s->edit_count++];
    e->kind = kind;
    e->dice = (int)chance_range(&s->whim, 0, 29);
    s->edits_left++;
    agenda_add(s, at, 0, edit_run, e);
}

/* Without a gateway no address is known of somebody who never wrote: that send() fails. */
static int may_lack_a_gateway(const struct sim *s)
{
    for (int i = 0; i < s->message_count; i++)
        if (s->messages[i].act == ACT_SEND) return 0;
    return s->edit_count + 1 < EDITS_MAX;
}

/* Mostly shortly behind a message, and best one that waits for something. */
static int64_t draw_time(struct sim *s)
{
    const struct message *m = &s->messages[chance_range(&s->whim, 0, s->message_count - 1)];
    for (int i = 0; i < s->message_count && (m->act < ACT_HTTP || m->act > ACT_BOTH); i++)
        m = &s->messages[i];
    if (chance_percent(&s->whim, 70)) return m->sent_at + chance_range(&s->whim, 0, 450);
    return s->start_ms + chance_range(&s->whim, 0, 4500);
}

void operator_draw(struct sim *s)
{
    if (!s->has_reloads) return;
    for (int i = (int)chance_range(&s->whim, 1, 3); i > 0 && s->edit_count < EDITS_MAX; i--) {
        int64_t at = draw_time(s);
        enum edit_kind kind = draw_kind(s);
        if (kind == EDIT_WAHA_OFF && !may_lack_a_gateway(s)) kind = EDIT_WAHA;
        edit_add(s, kind, at);
        if (kind == EDIT_WAHA_OFF)
            edit_add(s, EDIT_WAHA_ON, at + chance_range(&s->whim, 100, 4000));
        if (kind == EDIT_EXTRA && s->edit_count < EDITS_MAX && chance_percent(&s->whim, 60))
            edit_add(s, EDIT_EXTRA, at + chance_range(&s->whim, 100, 4000)); /* back again */
    }
}
