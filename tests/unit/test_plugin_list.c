/* SPDX-License-Identifier: MIT
 * test_plugin_list.c - /plugin: who runs, who does not, and why. With the real plugin. */
#include "host_fixture.h"

#define SUPER_ADMIN "super-admin = " FIXTURE_PLUGINS "/../../plugins/super-admin.so\n"

static void one_that_was_left_out_is_told_with_the_reason(void **state)
{
    (void)state;
    const struct world_conf conf = { .plugins = SUPER_ADMIN "start-fails = on\n", .stores = 1 };
    world_open(&conf);
    say(SUPER, "/plugin");
    expect_like(SUPER, "– berjalan (generasi");
    const char *text = last_sent()->text;
    assert_non_null(strstr(text, "super-admin"));
    assert_non_null(strstr(text, "start-fails – mati"));
    assert_non_null(strstr(text, "⚠️ start-fails: "));
    say(BUDI, "/plugin");
    expect_like(BUDI, "hanya untuk super admin");
}

static void one_that_is_off_has_no_reason(void **state)
{
    (void)state;
    const struct world_conf conf = { .plugins = SUPER_ADMIN "gamma = off\n", .stores = 1 };
    world_open(&conf);
    say(SUPER, "/plugin");
    expect_like(SUPER, "gamma – mati");
    assert_null(strstr(last_sent()->text, "⚠️"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_that_was_left_out_is_told_with_the_reason, world_close),
        cmocka_unit_test_teardown(one_that_is_off_has_no_reason, world_close),
    };
    return cmocka_run_group_tests_name("/plugin", tests, NULL, NULL);
}
