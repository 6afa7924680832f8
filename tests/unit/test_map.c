/* map.c against a plain array that does the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/map.h"

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    struct map m = { 0 };
    size_t at = 0;
    assert_null(map_get(&m, "a"));
    assert_null(map_get_id(&m, 1));
    assert_null(map_remove(&m, "a"));
    assert_null(map_remove_id(&m, 1));
    assert_null(map_next(&m, &at, NULL));
    map_free(&m);
}

static void a_key_is_copied_and_its_value_can_be_replaced(void **state)
{
    (void)state;
    struct map m = { 0 };
    int a, b;
    char key[] = "toko";
    map_put(&m, key, &a);
    key[0] = 'x';
    assert_ptr_equal(map_get(&m, "toko"), &a);
    assert_null(map_get(&m, "xoko"));
    map_put(&m, "toko", &b);
    assert_int_equal(m.count, 1);
    assert_ptr_equal(map_get(&m, "toko"), &b);
    map_put(&m, "toko", NULL);
    assert_int_equal(m.count, 0);
    map_put(&m, "", &a);
    assert_ptr_equal(map_remove(&m, ""), &a);
    map_free(&m);
}

static void numbers_and_strings_do_not_meet(void **state)
{
    (void)state;
    struct map m = { 0 };
    int a, b, c;
    map_put(&m, "7", &a);
    map_put_id(&m, 7, &b);
    map_put_id(&m, 0, &c);
    assert_ptr_equal(map_get(&m, "7"), &a);
    assert_ptr_equal(map_get_id(&m, 7), &b);
    assert_ptr_equal(map_get_id(&m, 0), &c);
    assert_ptr_equal(map_remove_id(&m, 7), &b);
    assert_null(map_get_id(&m, 7));
    assert_ptr_equal(map_get(&m, "7"), &a);
    map_put_id(&m, 0, NULL);
    assert_null(map_get_id(&m, 0));
    map_free(&m);
}

/* Random puts and removes on few keys, so that deleted slots are met and reused all the time. */
static void it_agrees_with_an_array_over_many_changes(void **state)
{
    (void)state;
    enum { KEYS = 700 };
    struct map ids = { 0 }, names = { 0 };
    static char values[KEYS];
    unsigned char here[KEYS] = { 0 };
    size_t live = 0;
    uint32_t random = 12345;
    for (int step = 0; step < 200000; step++) {
        random = random * 1664525u + 1013904223u;
        size_t k = (random >> 8) % KEYS;
        char name[24];
        snprintf(name, sizeof name, "key-%zu", k);
        /* Long stretches of growth and of shrinking. */
        int put = (random >> 4) % 8 < ((step / 20000) % 2 ? 2u : 6u);
        if (put) {
            map_put_id(&ids, k, &values[k]);
            map_put(&names, name, &values[k]);
            live += !here[k];
        } else {
            void *want = here[k] ? &values[k] : NULL;
            assert_ptr_equal(map_remove_id(&ids, k), want);
            assert_ptr_equal(map_remove(&names, name), want);
            live -= here[k];
        }
        here[k] = (unsigned char)put;
        assert_int_equal(ids.count, live);
        assert_int_equal(names.count, live);
    }
    assert_true(ids.cap <= 4096);
    for (size_t k = 0; k < KEYS; k++) {
        char name[24];
        snprintf(name, sizeof name, "key-%zu", k);
        assert_ptr_equal(map_get_id(&ids, k), here[k] ? &values[k] : NULL);
        assert_ptr_equal(map_get(&names, name), here[k] ? &values[k] : NULL);
    }
    map_free(&ids);
    map_free(&names);
}

static void keys_that_come_and_go_do_not_make_it_grow(void **state)
{
    (void)state;
    struct map m = { 0 };
    int value;
    for (uint64_t id = 1; id <= 100000; id++) {
        map_put_id(&m, id, &value);
        if (id > 10) map_remove_id(&m, id - 10);
    }
    assert_true(m.cap <= 64);
    map_free(&m);
}

static void a_walk_sees_each_entry_once_and_may_remove_it(void **state)
{
    (void)state;
    struct map m = { 0 };
    static char values[300];
    for (size_t i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof name, "%zu", i);
        map_put(&m, name, &values[i]);
    }
    size_t at = 0, seen = 0;
    const char *key;
    char *value;
    while ((value = map_next(&m, &at, &key))) {
        assert_int_equal(atoi(key), (int)(value - values));
        assert_int_equal(*value, 0);
        *value = 1;
        char copy[16];
        snprintf(copy, sizeof copy, "%s", key);
        if (seen++ % 2) map_remove(&m, copy);
    }
    assert_int_equal(seen, 300);
    assert_int_equal(m.count, 150);
    map_put_id(&m, 5, &values[0]);
    map_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(a_key_is_copied_and_its_value_can_be_replaced),
        cmocka_unit_test(numbers_and_strings_do_not_meet),
        cmocka_unit_test(it_agrees_with_an_array_over_many_changes),
        cmocka_unit_test(keys_that_come_and_go_do_not_make_it_grow),
        cmocka_unit_test(a_walk_sees_each_entry_once_and_may_remove_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
