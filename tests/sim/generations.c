/* generations.c - what the test plugins tell of themselves: each generation from its start() to its
 * stop(), and every callback between the two (I5, I9).
 *
 * A generation whose start() is on disk runs until a reload takes it out of use; then it drains: no
 * call of its is cancelled before [core] drain is over, and when none is left stop() comes, once,
 * and nothing after it. One that a refused reload had started is stopped within that reload. A host
 * that dies stops nobody. */
#include "sim.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

#define STOP_GRACE_MS  8000 /* a disk that is full puts turns off */
#define DRAIN_GRACE_MS 2500 /* longer than the pause behind a turn that was lost */

static pthread_t loop_thread;

static struct sim *sim_of(const struct probe_generation *g)
{
    return (struct sim *)g->probe;
}

/* ---- callbacks ------------------------------------------------------------------------------- */

static void callback_came(struct sim *s, const char *what)
{
    s->stats.callbacks++;
    sim_say(s, "plugin: %s", what);
    if (!pthread_equal(pthread_self(), loop_thread))
        sim_fail(s, "I5: callback '%s' is not on the loop's thread", what);
    if (!s->in_host) sim_fail(s, "I5: callback '%s' came outside of a turn", what);
}

static struct probe_generation *probe_start(struct probe *p, const char *plugin, int version,
                                            const void *self)
{
    struct sim *s = (struct sim *)p;
    if (s->generation_count == GENERATION_MAX) abort(); /* nobody reloads that often */
    struct probe_generation *g = &s->generations[s->generation_count++];
    *g = (struct probe_generation){ .probe = p,
                                    .plugin = plugin,
                                    .version = version,
                                    .self = self,
                                    .number = s->generation_count,
                                    .life = s->life };
    callback_came(s, strcmp(plugin, "simtest") == 0 ? "start of simtest" : "start of simextra");
    return g;
}

static void probe_start_failed(struct probe_generation *g)
{
    struct sim *s = sim_of(g);
    g->failed = 1;
    sim_say(s, "plugin: start() of %s says no", g->plugin);
    if (s->sabotage == SABOTAGE_HALF_RELOAD && s->reloading)
        sqlite3_exec(s->host->db.sql, "COMMIT; BEGIN IMMEDIATE; SAVEPOINT step", NULL, NULL, NULL);
}

static void probe_callback(struct probe_generation *g, const char *what)
{
    struct sim *s = sim_of(g);
    callback_came(s, what);
    if (g->stopped) sim_fail(s, "I9: callback '%s' of %s came after its stop()", what, g->plugin);
    if (g->failed || g->kept < 0)
        sim_fail(s, "I9: callback '%s' of a %s that was taken back", what, g->plugin);
    if (g->life != s->life)
        sim_fail(s, "I9: callback '%s' of an earlier host's %s", what, g->plugin);
}

/* Whoever takes over begins for itself what a start() begins: that need not be waited for. */
static void probe_cancelled(struct probe_generation *g, const char *what, int of_start)
{
    struct sim *s = sim_of(g);
    s->stats.cancelled++;
    sim_say(s, "plugin: %s is cancelled", what);
    if (s->dead) return;
    if (!g->retired_at)
        sim_fail(s, "I9: %s of a %s that runs is cancelled", what, g->plugin);
    else if (!of_start && clock_ms() < g->retired_at + g->drain_ms)
        sim_fail(s, "I9: %s of %s is cancelled before its time", what, g->plugin);
}

/* Hooks of equal priority run in the order of bot.ini, both or none. */
static void probe_heard(struct probe_generation *g, int64_t n)
{
    struct sim *s = sim_of(g);
    int is_extra = strcmp(g->plugin, "simextra") == 0, both = s->runs.extra == EXTRA_ON;
    if (n < 1000 || n >= 1000 + s->message_count || s->dead) return;
    if (is_extra && !both) sim_fail(s, "I9: simextra heard of %lld, and is off", (long long)n);
    if (both && is_extra != s->runs.swapped && s->heard != n)
        sim_fail(s, "I9: hooks for %lld run in another order than bot.ini has", (long long)n);
    s->heard = n;
    s->messages[n - 1000].heard_by_extra = both;
}

static void probe_uses(struct probe_generation *g, const void *owner)
{
    struct sim *s = sim_of(g);
    int is_there = 0;
    for (int i = 0; i < s->generation_count; i++) {
        const struct probe_generation *other = &s->generations[i];
        is_there |= other->self == owner && other->life == s->life && !other->stopped;
    }
    if (s->dead) return;
    if (!is_there) sim_fail(s, "I9: %s uses a service of a generation that was stopped", g->plugin);
    if (g->uses && g->uses != owner)
        sim_fail(s, "I9: a service that %s requires has changed hands", g->plugin);
    g->uses = owner;
}

static void probe_wrong(struct probe_generation *g, const char *what)
{
    struct sim *s = sim_of(g);
    if (!s->dead) sim_fail(s, "plugin: %s", what);
}

/* ---- stop ------------------------------------------------------------------------------------ */

static void check_stop(struct sim *s, struct probe_generation *g)
{
    if (g->stopped > 1) sim_fail(s, "I9: %s was stopped twice", g->plugin);
    if (g->failed) sim_fail(s, "I9: stop() of a %s whose start() failed", g->plugin);
    if (s->closing || (s->reloading && !g->kept)) return;
    if (!g->retired_at) {
        sim_fail(s, "I9: stop() of a %s that runs", g->plugin);
        return;
    }
    g->drained = 1;
    if (strcmp(g->plugin, "simextra") == 0 && !g->ticks)
        sim_fail(s, "I9: stop() of a simextra whose call has not ended");
    if (clock_ms() > g->retired_at + g->drain_ms + STOP_GRACE_MS)
        sim_fail(s, "I9: stop() of %s comes long after its drain", g->plugin);
}

static void probe_stop(struct probe_generation *g)
{
    struct sim *s = sim_of(g);
    g->stopped++;
    callback_came(s, "stop");
    if (!s->dead) check_stop(s, g);
}

/* ---- what becomes of them -------------------------------------------------------------------- */

void generations_begin(struct sim *s)
{
    s->probe = (struct probe){ .start = probe_start,
                               .start_failed = probe_start_failed,
                               .stop = probe_stop,
                               .callback = probe_callback,
                               .cancelled = probe_cancelled,
                               .heard = probe_heard,
                               .uses = probe_uses,
                               .wrong = probe_wrong };
    loop_thread = pthread_self();
}

void generations_sabotage(void *sim)
{
    callback_came(sim, "sabotaged");
}

void generations_opened(struct sim *s)
{
    s->overdue_since = 0;
    if (s->dead) return;
    for (int i = 0; i < s->generation_count; i++) {
        struct probe_generation *g = &s->generations[i];
        if (g->life == s->life) g->kept = s->host && !g->failed ? 1 : -1;
    }
}

static int is_running(const struct host *h, const struct probe_generation *g)
{
    for (size_t i = 0; i < h->registry->plugin_count; i++)
        if (h->registry->plugins[i]->state == g) return 1;
    return 0;
}

void generations_reloaded(struct sim *s, int taken)
{
    for (int i = 0; i < s->generation_count; i++) {
        struct probe_generation *g = &s->generations[i];
        if (g->life != s->life || g->kept < 0) continue;
        int is_new = g->kept == 0;
        if (is_new) g->kept = taken && !g->failed ? 1 : -1;
        if (g->kept < 0 && !g->failed && !g->stopped)
            sim_fail(s, "I9: a %s that was taken back was not stopped", g->plugin);
        if (g->kept < 0 || g->retired_at || is_running(s->host, g)) continue;
        if (is_new || !taken) sim_fail(s, "I9: a %s that should run does not", g->plugin);
        g->retired_at = clock_ms();
        g->drain_ms = operator_drain_ms(s);
    }
}

void generations_stopped(struct sim *s)
{
    for (int i = 0; i < s->generation_count && !s->dead; i++) {
        const struct probe_generation *g = &s->generations[i];
        if (g->life == s->life && !g->failed && !g->stopped)
            sim_fail(s, "I9: the host stopped, and %s was not", g->plugin);
    }
}

/* Its time is over, or its calls have been cancelled already. */
static int is_overdue(const struct plugin *p)
{
    return p->phase == PLUGIN_DRAINING && p->pending &&
           (p->drain_until <= clock_ms() || p->drain_until == INT64_MAX);
}

void generations_watch(struct sim *s)
{
    const struct plugin *p, *late = NULL;
    if (s->host && s->host->retired && !s->dead &&
        !s->host->loop.failures) /* a turn that is lost settles nothing */
        TAILQ_FOREACH(p, &s->host->generations, link)
    if (is_overdue(p)) late = p;
    if (!late)
        s->overdue_since = 0;
    else if (!s->overdue_since)
        s->overdue_since = clock_ms();
    else if (clock_ms() - s->overdue_since > DRAIN_GRACE_MS)
        sim_fail(s, "I9: %s has calls long after its drain", late->name);
}

void generations_at_rest(struct sim *s)
{
    const struct host *h = s->host;
    if (h->retired)
        sim_fail(s, "I9: %u generations are out of use and have not come to their end", h->retired);
    if (reload_has_work(h)) sim_fail(s, "I9: a reload was asked for and has not begun");
    for (int i = 0; i < s->generation_count; i++) {
        const struct probe_generation *g = &s->generations[i];
        if (g->life == s->life && g->retired_at && !g->stopped)
            sim_fail(s, "I9: %s was never stopped", g->plugin);
    }
}
