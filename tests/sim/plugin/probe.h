/* probe.h - what the simulator and its test plugins share: a plugin gets the address of a struct probe in
 * its configuration key "probe" and tells the simulator about each of its generations and callbacks. */
#ifndef TOKOBOT_SIM_PROBE_H
#define TOKOBOT_SIM_PROBE_H

#include <stdint.h>

/* One generation of a test plugin as the simulator knows it, from the beginning of its start(): the state
 * of its callbacks. The simulator's, also when the host that made it is gone. */
struct probe_generation {
    struct probe *probe;
    const char *plugin;
    int version;        /* of the plugin's file */
    const void *self;   /* the host's name for it */
    const void *uses;   /* the provider of the service that it requires, once seen */
    int64_t number;     /* no two have the same; start() may leave a row with it */
    int wrote;          /* it has written that row */
    int ticks;          /* so often the call that start() made has ended */
    int failed;         /* start() said no */
    int stopped;        /* so often stop() has run */
    int drained;        /* ... because nothing was left */
    unsigned life;      /* of the host */
    int kept;           /* 1: its start() is on disk, -1: it was taken back, 0: the power went meanwhile */
    int64_t retired_at; /* a reload took it out of use; 0 = not */
    int64_t drain_ms;   /* ... and then its calls may take so long */
};

struct probe {
    struct probe_generation *(*start)(struct probe *p, const char *plugin, int version, const void *self);
    void (*start_failed)(struct probe_generation *g); /* start() had begun, and says no */
    void (*stop)(struct probe_generation *g);
    void (*callback)(struct probe_generation *g, const char *what); /* another callback began */
    /* A call ended as BOT_ECANCELED, or is not taken any more. of_start: it was start() that made it. */
    void (*cancelled)(struct probe_generation *g, const char *what, int of_start);
    void (*heard)(struct probe_generation *g, int64_t n);        /* the event of that number reached its hook */
    void (*uses)(struct probe_generation *g, const void *owner); /* a service of that plugin */
    void (*wrong)(struct probe_generation *g, const char *what); /* the plugin saw what must not be */
};

/* Service "simtest/0". */
struct simtest_service {
    uint32_t size;
    int64_t (*twice)(int64_t n);
};

#endif
