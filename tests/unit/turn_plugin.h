/* SPDX-License-Identifier: MIT
 * turn_plugin.h - the plugin of the tests of the turn: the first word of a text says what its
 * handler does ("hello", "fail", "wait http" ...); it leaves rows in alpha_rows and notes in a
 * diary. */
#ifndef TESTS_TURN_PLUGIN_H
#define TESTS_TURN_PLUGIN_H

#include "host_fixture.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

extern int done_count; /* completions that ran */

int turn_open(void **state); /* a world with the plugin and one store */
int turn_close(void **state);
const char *read_diary(void); /* what ran since the last time, in order: "a b c "; static memory */
int64_t rows(const char *what); /* how many rows of this kind are committed */

#define TURN_TEST(name) cmocka_unit_test_setup_teardown(name, turn_open, turn_close)

#endif
