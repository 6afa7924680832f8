/* SPDX-License-Identifier: MIT
 * test_crash_page.c - who was running when the host died, as the next one reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crash_page.h"

static struct crash_page *page;

static int open_page(void **state)
{
    (void)state;
    page = crash_page_new(NULL);
    crash_page_begin(page);
    return page ? 0 : -1;
}

static int close_page(void **state)
{
    (void)state;
    crash_page_unmap(page);
    return 0;
}

static void the_innermost_callback_is_to_blame(void **state)
{
    (void)state;
    assert_null(crash_page_culprit(page));
    assert_false(crash_page_is_busy(page));
    crash_enter(page, CRASH_EVENT, 7, "outer", "aa", "message.text");
    crash_enter(page, CRASH_EVENT, 7, "inner", "bb", "check");
    assert_string_equal(crash_page_culprit(page)->plugin, "inner");
    crash_leave(page);
    const struct crash_frame *f = crash_page_culprit(page);
    assert_string_equal(f->plugin, "outer");
    assert_string_equal(f->callback, "message.text");
    assert_string_equal(f->build, "aa");
    assert_int_equal(f->id, 7);
    assert_int_equal(f->kind, CRASH_EVENT);
    crash_leave(page);
    assert_null(crash_page_culprit(page));
    crash_leave(page); /* one too many changes nothing */
    assert_false(crash_page_is_busy(page));
}

static void deep_nesting_and_long_names_stay_inside(void **state)
{
    (void)state;
    char longer[200];
    for (size_t i = 0; i < sizeof longer; i++) longer[i] = 'x';
    longer[sizeof longer - 1] = 0;
    for (int i = 0; i < 10; i++) crash_enter(page, CRASH_EVENT, i, longer, longer, longer);
    const struct crash_frame *f = crash_page_culprit(page);
    assert_int_equal(f->id, CRASH_FRAMES - 1);
    assert_int_equal(f->plugin[sizeof f->plugin - 1], 0);
    assert_int_equal(f->callback[sizeof f->callback - 1], 0);
    for (int i = 0; i < 10; i++) crash_leave(page);
    assert_null(crash_page_culprit(page));
    crash_enter(NULL, CRASH_EVENT, 1, "a", "b", "c"); /* without a page nothing is written down */
    crash_leave(NULL);
}

static void *stay_inside(void *arg)
{
    crash_enter(page, CRASH_WORK, (intptr_t)arg, "worker", "cc", "work");
    return NULL;
}

static void each_thread_has_a_slot_and_some_have_none(void **state)
{
    (void)state;
    pthread_t threads[CRASH_SLOTS + 8];
    for (intptr_t i = 0; i < CRASH_SLOTS + 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, stay_inside, (void *)(i + 1)), 0);
        pthread_join(threads[i], NULL);
    }
    assert_true(crash_page_is_busy(page));
    assert_null(crash_page_culprit(page)); /* of several nobody is blamed */
    page->crashed = 3;
    assert_int_equal(crash_page_culprit(page)->id, 2);
    page->crashed = CRASH_SLOTS;
    assert_int_equal(crash_page_culprit(page)->id, CRASH_SLOTS - 1);
    page->crashed = 12345; /* whatever stands there */
    assert_null(crash_page_culprit(page));
}

static void a_crash_is_pending_until_a_host_begins(void **state)
{
    (void)state;
    crash_enter(page, CRASH_EVENT, 1, "alpha", "aa", "run");
    assert_true(crash_page_is_busy(page));
    crash_page_crashed(page, SIGSEGV);
    assert_int_equal(page->crash, 1);
    assert_int_equal(page->status, SIGSEGV);
    assert_false(crash_page_is_busy(page)); /* the slots tell of that crash, not of this host */
    crash_page_crashed(page, SIGKILL);      /* the next one died before it had begun */
    assert_int_equal(page->crash, 1);
    assert_int_equal(page->status, SIGSEGV);
    assert_string_equal(crash_page_culprit(page)->plugin, "alpha");
    crash_page_begin(page);
    assert_int_equal(page->pending, 0);
    assert_null(crash_page_culprit(page));
}

static void it_outlives_the_process_that_wrote_it(void **state)
{
    (void)state;
    int fd = -1, status;
    struct crash_page *shared = crash_page_new(&fd);
    assert_non_null(shared);
    pid_t pid = fork();
    if (pid == 0) {
        struct crash_page *mine = crash_page_map(fd);
        crash_page_begin(mine);
        crash_enter(mine, CRASH_EVENT, 42, "alpha", "aa", "run");
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(crash_page_culprit(shared)->id, 42);
    crash_page_unmap(shared);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_page, close_page)
    const struct CMUnitTest tests[] = {
        TEST(the_innermost_callback_is_to_blame),
        TEST(deep_nesting_and_long_names_stay_inside),
        TEST(each_thread_has_a_slot_and_some_have_none),
        TEST(a_crash_is_pending_until_a_host_begins),
        TEST(it_outlives_the_process_that_wrote_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
