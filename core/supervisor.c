/* supervisor.c - the parent process. See supervisor.h.
 *
 * Invariant: all signals it cares for are blocked and taken one at a time by sigtimedwait(), so
 * there are no handlers and nothing can come between a check and a wait. It does nothing on its own
 * between two signals but the two things that have a time: a restart and the killing of a host that
 * does not stop. Fit to be PID 1: it reaps every child, also those that were never its own. Thread:
 * it has one. */
#include "core/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/crash_page.h"

enum {
    EXIT_CRASH = 70, /* the host saw that it cannot go on: as good as a signal */
    EXIT_OS = 71,
    BACKOFF_FIRST_MS = 100,
    BACKOFF_LAST_MS = 1000, /* customers are waiting */
    KILL_MS = 40000,
    SETTLE_MS = 60000
};

static const int taken[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGCHLD };

struct supervisor {
    const struct supervisor_conf *conf;
    char **argv;
    sigset_t wait_for, mask_before;
    pid_t pid;        /* of the host; 0 while none runs */
    int64_t started;  /* when it did, ms of clock_mono */
    int64_t start_at; /* of the next host, or -1 */
    int64_t kill_at;  /* when a stopping host is killed, or -1 */
    unsigned crashes; /* in a row */
    int stopping;
    int done; /* with this exit code: */
    int code;
};

static int64_t now_ms(void)
{
    return clock_mono() / 1000;
}

static void end_with(struct supervisor *s, int code)
{
    s->done = 1;
    s->code = code;
}

/* ---- the host -------------------------------------------------------------------------------- */

/* In the child: becomes the host, or ends with 71. */
static _Noreturn void become_host(const struct supervisor *s, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(EXIT_OS); /* the supervisor died before that took hold */
    for (size_t i = 0; i < s->conf->keep_count; i++) {
        int flags = fcntl(s->conf->keep_fds[i], F_GETFD);
        if (flags >= 0) fcntl(s->conf->keep_fds[i], F_SETFD, flags & ~FD_CLOEXEC);
    }
    /* What it will take from a signalfd stays blocked: one that comes before then must neither kill
     * it nor get lost. */
    sigset_t later = s->wait_for, blocked;
    sigdelset(&later, SIGCHLD);
    sigorset(&blocked, &s->mask_before, &later);
    sigprocmask(SIG_SETMASK, &blocked, NULL); /* in one step: they are pending already, perhaps */
    execv("/proc/self/exe", s->argv);
    log_error("supervisor", "the host cannot be started; is /proc mounted?",
              LOG_STR("error", strerror(errno)));
    _exit(EXIT_OS);
}

static int64_t backoff_ms(unsigned crashes)
{
    if (crashes < 2) return 0;
    if (crashes > 6) return BACKOFF_LAST_MS; /* the shift below stays small */
    int64_t ms = (int64_t)BACKOFF_FIRST_MS << (crashes - 2);
    return ms < BACKOFF_LAST_MS ? ms : BACKOFF_LAST_MS;
}

static void host_start(struct supervisor *s)
{
    pid_t parent = getpid();
    s->start_at = -1;
    pid_t pid = fork();
    if (pid == 0) become_host(s, parent);
    if (pid < 0) {
        int first = s->crashes == 0;
        s->crashes++;
        log_error("supervisor", "no process can be started", LOG_STR("error", strerror(errno)));
        if (first)
            end_with(s, EXIT_OS);
        else
            s->start_at = now_ms() + backoff_ms(s->crashes);
        return;
    }
    s->pid = pid;
    s->started = now_ms();
}

static void host_crashed(struct supervisor *s, int status)
{
    int64_t settle = s->conf->settle_ms ? s->conf->settle_ms : SETTLE_MS;
    int64_t lived = now_ms() - s->started;
    if (lived >= settle) s->crashes = 0;
    s->crashes++;
    int64_t delay = backoff_ms(s->crashes);
    s->start_at = now_ms() + delay;
    log_error("supervisor", "the host crashed and is started again",
              LOG_STR("signal", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "none"),
              LOG_INT("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
              LOG_INT("lived_ms", lived), LOG_INT("crashes", s->crashes),
              LOG_INT("delay_ms", delay));
}

static void host_ended(struct supervisor *s, int status)
{
    s->pid = 0;
    struct crash_page *page = s->conf->crash;
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    /* The watchdog ends a host whose stop() does not return: that is no crash, all is on disk. */
    int is_stopped = s->stopping && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    int in_callback = page && crash_page_is_busy(page) && !is_stopped;
    int crashed = signal || in_callback || WEXITSTATUS(status) == EXIT_CRASH;
    if (crashed && page) crash_page_crashed(page, status);
    if (!crashed)
        end_with(s, WEXITSTATUS(status));
    else if (!s->stopping)
        host_crashed(s, status);
    else if (signal == SIGTERM || signal == SIGINT)
        end_with(s, 0); /* it was told to stop before it could listen */
    else
        end_with(s, signal ? 128 + signal : EXIT_CRASH);
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == s->pid) host_ended(s, status);
}

/* ---- signals and times ----------------------------------------------------------------------- */

static void stop(struct supervisor *s)
{
    int64_t patience = s->conf->crash ? s->conf->crash->stop_ms : 0;
    if (!patience) patience = s->conf->kill_ms ? s->conf->kill_ms : KILL_MS;
    if (!s->stopping) s->kill_at = now_ms() + patience;
    s->stopping = 1;
    if (!s->pid) end_with(s, 0);
}

static void take_signal(struct supervisor *s, const siginfo_t *info)
{
    int number = info->si_signo;
    if (number == SIGCHLD) return; /* reap() follows every signal */
    if (number == SIGHUP && log_reopen() < 0)
        log_warn("supervisor", "the log file cannot be opened again; the old one is kept",
                 LOG_STR("error", strerror(errno)));
    if (number == SIGTERM || number == SIGINT) stop(s);
    /* What the kernel sends, a terminal has sent to the whole group, the host included. */
    if (s->pid && info->si_code != SI_KERNEL) kill(s->pid, number);
}

static void take_time(struct supervisor *s)
{
    int64_t now = now_ms();
    if (s->kill_at >= 0 && now >= s->kill_at) {
        s->kill_at = -1;
        if (s->pid) {
            log_error("supervisor", "the host did not stop in time and is killed",
                      LOG_INT("pid", s->pid));
            kill(s->pid, SIGKILL);
        }
    }
    if (s->start_at >= 0 && now >= s->start_at) host_start(s);
}

/* Waits for a signal, at most until the next time. */
static void wait_once(struct supervisor *s)
{
    int64_t until = s->start_at;
    if (s->kill_at >= 0 && (until < 0 || s->kill_at < until)) until = s->kill_at;
    siginfo_t info;
    int number;
    if (until < 0) {
        number = sigwaitinfo(&s->wait_for, &info);
    } else {
        int64_t left = until - now_ms();
        if (left < 0) left = 0;
        struct timespec timeout = { (time_t)(left / 1000), (long)(left % 1000) * 1000000 };
        number = sigtimedwait(&s->wait_for, &info, &timeout);
    }
    if (number > 0) take_signal(s, &info);
}

/* The caller's argv and "--host". */
static char **host_argv(char *const *argv)
{
    static char marker[] = "--host";
    size_t count = 0;
    while (argv[count]) count++;
    char **copy = xcalloc(count + 2, sizeof *copy);
    memcpy(copy, argv, count * sizeof *copy);
    copy[count] = marker;
    return copy;
}

int supervisor_run(const struct supervisor_conf *conf)
{
    struct supervisor s = { .conf = conf, .start_at = -1, .kill_at = -1 };
    sigemptyset(&s.wait_for);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) sigaddset(&s.wait_for, taken[i]);
    /* A parent may have left it ignored; then children would vanish without a status. */
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &s.wait_for, &s.mask_before);
    s.argv = host_argv(conf->argv);
    host_start(&s);
    while (!s.done) {
        wait_once(&s);
        reap(&s);
        if (!s.done) take_time(&s);
    }
    sigprocmask(SIG_SETMASK, &s.mask_before, NULL);
    free(s.argv);
    return s.code;
}
