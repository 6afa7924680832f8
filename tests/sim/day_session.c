/* day_session.c - WAHA's session and process, and the timetable of what goes wrong: blinks every 28
 * minutes, restarts, another key, another engine, the host's deaths and planned restarts, a full
 * disk. Troubles wait for somebody to write: otherwise most of them would meet nobody. */
#include "day.h"

#include "core/base/clock.h"

#define BLINK_MS (28 * 60000)

static void tell_status(struct day *d, const char *status)
{
    char evt[40];
    struct buf b = { 0 };
    body_envelope(&b, d->engine, webhook_evt(d, evt), clock_ms(), "session.status");
    buf_addf(&b, "{\"name\":\"default\",\"status\":\"%s\",\"statuses\":[]}}", status);
    webhook_post(d, &b, clock_ms() + chance_range(&d->fate, 5, 300));
}

static void session_works(struct day *d, void *arg)
{
    if (!d->waha_up || (uintptr_t)arg != d->waha_life) return;
    d->working = 1;
    trouble_add(d, d->working_since, clock_ms(), NULL);
    tell_status(d, "WORKING");
}

static void session_starts(struct day *d, int64_t for_ms)
{
    if (d->working) d->working_since = clock_ms();
    d->working = 0;
    tell_status(d, "STARTING");
    day_at(d, clock_ms() + for_ms, session_works, (void *)(uintptr_t)d->waha_life);
}

void session_blinks(struct day *d, void *arg)
{
    (void)arg;
    if (!d->blink_waits || !d->waha_up || !d->working) return;
    d->blink_waits = 0;
    day_say(d, "the session blinks");
    d->tallies[T_BLINK]++;
    session_starts(d, chance_range(&d->fate, 2000, 25000));
}

/* Every 28 minutes, with the next send or a minute later. */
static void session_blinks_soon(struct day *d, void *arg)
{
    (void)arg;
    int64_t next = crowd_near(d, clock_ms() + BLINK_MS, BLINK_MS / 4);
    if (next < DAY_START_MS + 24 * DAY_HOUR_MS) day_at(d, next, session_blinks_soon, NULL);
    d->blink_waits = 1;
    day_at(d, clock_ms() + 60000, session_blinks, NULL);
}

/* ---- the process ------------------------------------------------------------------------------
 */

static void process_starts(struct day *d, void *arg)
{
    (void)arg;
    if (d->waha_up) return;
    d->waha_up = 1;
    session_starts(d, chance_range(&d->fate, 3000, 15000));
    wire_comes_back(d);
}

void session_waha_restarts(struct day *d, void *arg)
{
    (void)arg;
    d->restart_waits = 0;
    if (!d->waha_up) return;
    day_say(d, "WAHA restarts");
    d->tallies[T_WAHA_RESTART]++;
    if (d->working) d->working_since = clock_ms();
    d->waha_up = d->working = 0;
    wire_waha_gone(d);
    day_at(d, clock_ms() + chance_range(&d->fate, 5000, 45000), process_starts, NULL);
}

static void restarts_soon(struct day *d, void *arg)
{
    (void)arg;
    d->restart_waits = 1;
}

static void key_changes(struct day *d, void *arg)
{
    (void)arg;
    day_say(d, "WAHA has another key");
    d->tallies[T_KEY_CHANGE]++;
    d->key++;
    d->key_since = clock_ms();
    session_waha_restarts(d, NULL);
}

/* ---- what is done while no host runs ----------------------------------------------------------
 */

static void key_is_told(struct day *d)
{
    d->host_key = d->key;
    trouble_add(d, d->key_since, clock_ms(), NULL);
}

/* The number moves to another engine. From one without ids to those that have them: an id that the
 * host still holds would mean nothing to WEBJS. */
static void engine_changes(struct day *d)
{
    static const enum engine after[ENGINE_COUNT] = {
        [ENGINE_WEBJS] = ENGINE_NOWEB, [ENGINE_NOWEB] = ENGINE_GOWS
    };
    wire_waha_gone(d);
    d->engine = after[d->engine];
    d->tallies[T_ENGINE_CHANGE]++;
    day_say(d, "WAHA is %s from now on", engine_names[d->engine]);
    if (d->waha_up && !d->working) session_starts(d, 1000);
}

/* ---- the timetable ----------------------------------------------------------------------------
 */

static int64_t between(struct day *d, int from_min, int to_min)
{
    int64_t at =
        DAY_START_MS + chance_range(&d->plan, from_min * INT64_C(60000), to_min * INT64_C(60000));
    return crowd_near(d, at, 20 * 60000);
}

#define WHILE_DOWN(fn) ((void *)(uintptr_t)(fn))

/* Two of the deaths are long ones: what is written then is lost. A disk that is full for more than
 * 20 s makes 503s. */
void session_draw(struct day *d)
{
    d->engine = ENGINE_WEBJS;
    d->waha_up = d->working = 1;
    d->waha_life = 1;
    day_at(d, between(d, 0, 28), session_blinks_soon, NULL);
    for (int i = 0; i < 4; i++)
        day_at(d, between(d, 6 * 60 + i * 240, 10 * 60 + i * 240), restarts_soon, NULL);
    day_at(d, between(d, 10 * 60 + 45, 11 * 60 + 15), day_restart, WHILE_DOWN(engine_changes));
    day_at(d, between(d, 19 * 60 + 15, 19 * 60 + 45), day_restart, WHILE_DOWN(engine_changes));
    int64_t key = between(d, 15 * 60, 16 * 60);
    day_at(d, key, key_changes, NULL);
    day_at(d, key + 62 * 60000, day_restart, WHILE_DOWN(key_is_told));
    for (int i = 0; i < 6; i++) {
        int is_long = i == 1 || i == 4;
        day_at(d, between(d, 7 * 60 + i * 150, 9 * 60 + i * 150), day_crash_soon,
               is_long ? d : NULL);
    }
    int64_t full = between(d, 20 * 60 + 15, 20 * 60 + 45) - 4000;
    day_at(d, full, day_disk, d);
    day_at(d, full + chance_range(&d->plan, 45000, 70000), day_disk, NULL);
}
