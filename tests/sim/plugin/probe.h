/* probe.h - what the simulator and its test plugin share: the plugin gets the address of a struct
 * probe in its configuration key "probe" and tells the simulator about each of its callbacks. */
#ifndef TOKOBOT_SIM_PROBE_H
#define TOKOBOT_SIM_PROBE_H

struct probe {
    void (*callback)(struct probe *p, const char *what); /* a plugin callback began */
    void (*wrong)(struct probe *p, const char *what);    /* the plugin saw what must not be */
};

#endif
