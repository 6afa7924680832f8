/* call_admins.c - see call_admins.h. */
#include "call_admins.h"

#include "dispatch.h"
#include "host.h"
#include "message/outbox.h"
#include "people/people.h"

struct calling {
    struct event *ev;
    int called, failed, self;
};

static void call_one(void *ctx, int64_t person)
{
    struct calling *c = ctx;
    struct event *ev = c->ev;
    struct outbox_new row = { .store = ev->store, .person = person };
    if (person == ev->person) {
        c->self = 1;
        return;
    }
    if (people_address(ev->host, person, &ev->arena, &row.gateway, &row.session, &row.chat)) return;
    const char *phone = ev->phone ? ev->phone : "";
    const struct bot_arg args[] = {
        bot_text("name", ev->person_name && *ev->person_name ? ev->person_name : phone),
        bot_text("phone", phone),
        bot_text("store", ev->store_name),
    };
    row.text =
        dispatch_text(ev, *phone ? "admin.wanted" : "admin.wanted_hidden", args, BOT_COUNT(args));
    if (outbox_add(ev->host->outbox, ev, &row) < 0) c->failed = 1;
    c->called++;
}

int call_admins(struct event *ev, const char **key)
{
    struct calling c = { .ev = ev };
    if (people_with_role(ev->host, ev->store, BOT_STORE_ADMIN, call_one, &c) || c.failed) return -1;
    *key = c.called ? "admin.called" : c.self ? "admin.yourself" : "admin.none";
    return 0;
}
