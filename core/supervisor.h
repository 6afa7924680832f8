/* supervisor.h - the parent process: starts the host, keeps what must outlive it, starts it again
 * when it crashed, and ends with it.
 *
 * How main() uses it: make the listening socket (and whatever else must outlive a crash, such as
 * the shared-memory slot), before any thread, database or library is set up; name their numbers in
 * argv; call supervisor_run() and return what it returns:
 *
 *     char fd[16];
 *     snprintf(fd, sizeof fd, "%d", listen_fd);
 *     char *argv[] = { "tokobot", "run", "-c", "bot.ini", "--listen-fd", fd, NULL };
 *     int keep[] = { listen_fd };
 *     struct supervisor_conf conf = { .argv = argv, .keep_fds = keep, .keep_count = 1 };
 *     return supervisor_run(&conf);
 *
 * The host is the same executable with these arguments and "--host" as the last one; its
 * descriptors are 0, 1, 2 and keep_fds (all others should be CLOEXEC; a host makes its own copies
 * CLOEXEC again); HUP, TERM, INT and USR1 are blocked in it until it takes them. When the
 * supervisor dies, the kernel kills the host.
 *
 * The exit code is that of the host. Death by a signal, exit 70, and an end of any kind inside a
 * plugin's callback (the crash page tells) are crashes: the first is
 * followed by a restart at once, further ones after 100 ms, doubling to 1 s (what a plugin causes
 * is ended by its quarantine); a host that lived for settle_ms starts that count over. HUP, TERM,
 * INT and USR1 are passed on (not the ones that a terminal has sent to both already). After TERM or
 * INT nothing is restarted, and a host that is still there kill_ms later is killed. HUP opens the
 * log file again here too. */
#ifndef TOKOBOT_SUPERVISOR_H
#define TOKOBOT_SUPERVISOR_H

#include <stddef.h>
#include <stdint.h>

struct crash_page;

struct supervisor_conf {
    char *const *argv;   /* ends with NULL; without "--host" */
    const int *keep_fds; /* handed to each host under the same numbers */
    size_t keep_count;
    int64_t kill_ms;          /* 0 = 40,000; a host may ask for another one, in crash->stop_ms */
    struct crash_page *crash; /* shared with the host, or NULL: told when it crashed */
    int64_t settle_ms;        /* 0 = 60,000 */
};

/* Returns the exit code for main(): the host's own; 0 when a stop came while no host ran or ended
 * it by TERM or INT; 128 + signal when it had to be killed; 71 when no process can be started. Call
 * it from a process with one thread. */
int supervisor_run(const struct supervisor_conf *conf);

#endif
