/* SPDX-License-Identifier: MIT
 * outbox_plugin.h - the plugin of the tests of the outbox, and gateways' ways to send.
 *
 * Texts: "say X" answers X; "long" answers long_text; "send" sends `sending`; "fail" fails;
 * anything else tells what it quotes. */
#ifndef TESTS_OUTBOX_PLUGIN_H
#define TESTS_OUTBOX_PLUGIN_H

#include "host_fixture.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

extern const char *long_text;
extern struct bot_send sending;
extern int send_result; /* what api->send() gave for it */

int outbox_open(void **state);
int outbox_open_without_resolve(void **state);
int outbox_open_with_ids(void **state);
void outbox_open_with_budget(const struct bot_budget *budget, int stores);
int64_t in_state(enum outbox_state state); /* committed rows */

/* send_scripted: the next sends end as SENDS(...) says, the others are normal. */
gateway_fn send_scripted;
void script_sends(int count, const int *list);
#define SENDS(...) script_sends((int)BOT_COUNT(((int[]){ __VA_ARGS__ })), (int[]){ __VA_ARGS__ })
extern int outcome_count, outcome_at;
/* resolve() ends as RESOLVES(...) says; once more fails the test. */
void script_resolves(int count, const int *list);
#define RESOLVES(...)                                                                              \
    script_resolves((int)BOT_COUNT(((int[]){ __VA_ARGS__ })), (int[]){ __VA_ARGS__ })
extern int resolve_at;
gateway_fn hold_all;     /* the session is in trouble */
gateway_fn send_by_http; /* takes its time: a request, whose completion gives the outcome */

#define OUTBOX_TEST(name) cmocka_unit_test_setup_teardown(name, outbox_open, world_close)

#endif
