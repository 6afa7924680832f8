/* supervisor.c. This program is its own host: started with "child", it plays the part that the next
 * arguments name, and tells the test through a pipe what happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/supervisor.h"

/* ---- the host's part: child PART ARGUMENT PIPE EXTRA --host ---------------------------------- */

static int child_pipe;

static void tell(char c)
{
    if (write(child_pipe, &c, 1) != 1) _exit(99);
}

/* Crashes while the counter in the file is below the argument, then exits 5. */
static int play_crash(int times, int file, int by_exit)
{
    char count = 0;
    if (pread(file, &count, 1, 0) < 0) return 98;
    if (count >= times) return 5;
    count++;
    if (pwrite(file, &count, 1, 0) != 1) return 98;
    if (!by_exit) kill(getpid(), SIGKILL);
    return 70;
}

/* Tells each signal by a letter; ends on TERM unless it is stubborn. */
static int play_wait(int stubborn)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    tell('r'); /* ready */
    for (;;) {
        int number;
        sigwait(&set, &number);
        tell(number == SIGHUP ? 'h' : number == SIGTERM ? 't' : number == SIGINT ? 'i' : 'u');
        if ((number == SIGTERM || number == SIGINT) && !stubborn) return 3;
    }
}

/* Leaves a grandchild behind, tells its pid as four bytes, and waits for TERM. */
static int play_orphan(void)
{
    pid_t middle = fork();
    if (middle == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            usleep(50000);
            _exit(7);
        }
        if (write(child_pipe, &grandchild, sizeof grandchild) != sizeof grandchild) _exit(99);
        _exit(0);
    }
    waitpid(middle, NULL, 0);
    return play_wait(0);
}

static int play_listen(int fd)
{
    int listening = 0;
    socklen_t len = sizeof listening;
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len);
    return listening ? 0 : 96;
}

static int play(int argc, char **argv)
{
    if (argc != 7 || strcmp(argv[6], "--host") != 0) return 97;
    int argument = atoi(argv[3]), extra = atoi(argv[5]);
    child_pipe = atoi(argv[4]);
    fcntl(child_pipe, F_SETFD, FD_CLOEXEC);
    if (!strcmp(argv[2], "exit")) return argument;
    if (!strcmp(argv[2], "crash")) return play_crash(argument, extra, 0);
    if (!strcmp(argv[2], "crash70")) return play_crash(argument, extra, 1);
    if (!strcmp(argv[2], "wait")) return play_wait(argument);
    if (!strcmp(argv[2], "orphan")) return play_orphan();
    if (!strcmp(argv[2], "listen")) return play_listen(extra);
    return 95;
}

/* ---- the test's part ------------------------------------------------------------------------- */

static pid_t supervisor;
static int from_child;

/* Starts a supervisor in a process of its own. */
static void start(const char *part, int argument, int extra, int64_t kill_ms)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    supervisor = fork();
    assert_true(supervisor >= 0);
    if (supervisor == 0) {
        char words[3][16];
        snprintf(words[0], sizeof words[0], "%d", argument);
        snprintf(words[1], sizeof words[1], "%d", ends[1]);
        snprintf(words[2], sizeof words[2], "%d", extra);
        char part_copy[16];
        snprintf(part_copy, sizeof part_copy, "%s", part);
        char *argv[] = {
            "test_supervisor", "child", part_copy, words[0], words[1], words[2], NULL
        };
        int keep[] = { ends[1], extra };
        prctl(PR_SET_CHILD_SUBREAPER, 1); /* as PID 1 would, it gets the orphans */
        _exit(supervisor_run(&(struct supervisor_conf){
            .argv = argv, .keep_fds = keep, .keep_count = 2, .kill_ms = kill_ms }));
    }
    close(ends[1]);
    from_child = ends[0];
}

static int finish(void)
{
    int status;
    assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
    close(from_child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The next letter from the host; 0 at the end of the pipe; fails after ten seconds. */
static char hear(void)
{
    struct pollfd p = { from_child, POLLIN, 0 };
    char c = 0;
    assert_int_equal(poll(&p, 1, 10000), 1);
    return read(from_child, &c, 1) == 1 ? c : 0;
}

static int counter_file(void)
{
    char name[] = "/tmp/tokobot-supervisor-XXXXXX";
    int fd = mkostemp(name, O_CLOEXEC);
    assert_true(fd >= 0);
    unlink(name);
    return fd;
}

static void it_ends_with_its_hosts_exit_code(void **state)
{
    (void)state;
    static const int codes[] = { 0, 1, 64, 71, 78 };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        start("exit", codes[i], -1, 0);
        assert_int_equal(finish(), codes[i]);
    }
}

static void a_crashed_host_is_started_again_ever_more_slowly(void **state)
{
    (void)state;
    int file = counter_file();
    int64_t before = clock_ms();
    start("crash", 1, file, 0);
    assert_int_equal(finish(), 5);
    int64_t once = clock_ms() - before;
    close(file);
    file = counter_file();
    before = clock_ms();
    start("crash", 4, file, 0); /* at once, 100, 200, 400 ms */
    assert_int_equal(finish(), 5);
    int64_t often = clock_ms() - before;
    close(file);
    assert_true(often >= 700);
    assert_true(once < often);
}

static void exit_70_counts_as_a_crash(void **state)
{
    (void)state;
    int file = counter_file();
    start("crash70", 2, file, 0);
    assert_int_equal(finish(), 5);
    close(file);
}

static void signals_are_passed_on(void **state)
{
    (void)state;
    start("wait", 0, -1, 0);
    assert_int_equal(hear(), 'r');
    kill(supervisor, SIGHUP);
    assert_int_equal(hear(), 'h');
    kill(supervisor, SIGUSR1);
    assert_int_equal(hear(), 'u');
    kill(supervisor, SIGTERM);
    assert_int_equal(hear(), 't');
    assert_int_equal(finish(), 3);
    start("wait", 0, -1, 0);
    assert_int_equal(hear(), 'r');
    kill(supervisor, SIGINT);
    assert_int_equal(hear(), 'i');
    assert_int_equal(finish(), 3);
}

static void a_host_that_does_not_stop_is_killed(void **state)
{
    (void)state;
    start("wait", 1, -1, 300);
    assert_int_equal(hear(), 'r');
    kill(supervisor, SIGTERM);
    assert_int_equal(hear(), 't');
    kill(supervisor, SIGTERM); /* asking again changes nothing */
    assert_int_equal(hear(), 't');
    assert_int_equal(finish(), 128 + SIGKILL);
}

static void a_stop_while_it_waits_to_restart_ends_it(void **state)
{
    (void)state;
    int file = counter_file();
    start("crash", 100, file, 0);
    char count = 0;
    for (int i = 0; i < 500 && count < 5; i++) {
        usleep(10000);
        assert_true(pread(file, &count, 1, 0) >= 0);
    }
    assert_true(count >= 5); /* the next start is 800 ms away */
    usleep(50000);
    int64_t before = clock_ms();
    kill(supervisor, SIGTERM);
    assert_int_equal(finish(), 0);
    assert_true(clock_ms() - before < 700);
    close(file);
}

static void the_host_dies_with_its_supervisor(void **state)
{
    (void)state;
    start("wait", 0, -1, 0);
    assert_int_equal(hear(), 'r');
    kill(supervisor, SIGKILL);
    assert_int_equal(hear(), 0); /* nobody holds the pipe any more */
    assert_int_equal(finish(), -SIGKILL);
}

static void orphans_are_reaped(void **state)
{
    (void)state;
    pid_t orphan = 0;
    start("orphan", 0, -1, 0);
    assert_int_equal(read(from_child, &orphan, sizeof orphan), sizeof orphan);
    assert_int_equal(hear(), 'r');
    int gone = 0;
    for (int i = 0; i < 500 && !gone; i++) {
        usleep(10000);
        gone = kill(orphan, 0) < 0 && errno == ESRCH; /* a zombie would still be there */
    }
    assert_true(gone);
    kill(supervisor, SIGTERM);
    assert_int_equal(hear(), 't');
    assert_int_equal(finish(), 3);
}

static void the_listening_socket_reaches_the_host(void **state)
{
    (void)state;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)), 0);
    assert_int_equal(listen(fd, 1), 0);
    start("listen", 0, fd, 0);
    assert_int_equal(finish(), 0);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "child")) return play(argc, argv);
    log_quiet(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_with_its_hosts_exit_code),
        cmocka_unit_test(a_crashed_host_is_started_again_ever_more_slowly),
        cmocka_unit_test(exit_70_counts_as_a_crash),
        cmocka_unit_test(signals_are_passed_on),
        cmocka_unit_test(a_host_that_does_not_stop_is_killed),
        cmocka_unit_test(a_stop_while_it_waits_to_restart_ends_it),
        cmocka_unit_test(the_host_dies_with_its_supervisor),
        cmocka_unit_test(orphans_are_reaped),
        cmocka_unit_test(the_listening_socket_reaches_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
