/* own_number.c - see own_number.h. */
#include "own_number.h"

#include "../host.h"
#include "../people/people.h"

int own_number_bind(struct gateway *gw, const char *session, const char *code)
{
    struct host *h = gw->plugin->host;
    char *copy = code && *code ? arena_strdup(&gw->plugin->arena, code) : NULL;
    map_put(&gw->own_numbers, session, copy);
    return !copy || stores_by_code(h, copy) ? BOT_OK : BOT_ENOENT;
}

void own_number_guess(struct event *ev)
{
    int64_t own = own_number_store(ev);
    ev->member_seen = -1;
    ev->own_store = own;
    ev->stores_active = own ? 1 : stores_active(ev->host);
    if (own > 0)
        stores_load(ev, own);
    else if (!own && ev->stores_active == 1)
        stores_load_only(ev);
    else if (!own)
        stores_load_last(ev);
    people_load_roles(ev);
}

int64_t own_number_store(struct event *ev)
{
    const struct gateway *gw =
        ev->gateway ? registry_gateway(ev->host->registry, ev->gateway) : NULL;
    const char *code = gw && gw->own_numbers.count
                           ? map_get(&gw->own_numbers, ev->session ? ev->session : "")
                           : NULL;
    if (!code) return 0;
    int64_t store = stores_by_code(ev->host, code);
    return store ? store : -1;
}
