/* route.c - requests to plugins' routes: HTTP below /p/NAME/ and verbs of the control socket. On
 * the loop, in a step. */
#include <stdio.h>
#include <string.h>

#include "../dispatch.h"
#include "../host.h"

int dispatch_route(struct event *ev)
{
    char key[400];
    if (ev->connection)
        snprintf(key, sizeof key, "c/%s", ev->route_path);
    else
        snprintf(key, sizeof key, "h/%s", ev->route_path);
    const struct route *route = map_get(&ev->host->registry->routes, key);
    if (!route) return BOT_PASS;
    if (containment_is_off(ev, route->plugin)) return BOT_FAIL;
    return event_call(ev, route->plugin, BOT_ALL_STORES, route->spec.run, route->spec.path);
}
