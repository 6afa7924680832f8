/* probe.c - see probe.h.
 *
 * The child writes a line into a memory file before each thing that may go wrong; what the last
 * line says when it ends is where it went wrong. It leads a process group, so that what an init()
 * has started ends with it. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../config/config.h"
#include "../base/clock.h"
#include "../host.h"

extern char **environ;

struct run {
    struct run *next;
    struct plugin_probe *probe;
    pid_t pid;
    int report; /* the memory file */
    int64_t limit_ms, deadline;
    int late;
};

struct probes {
    void (*done)(struct plugin_probe *p);
    struct run *runs;
    unsigned running;
    struct plugin_probe *waiting, **last; /* for one of these to end */
};

enum { AT_ONCE = 4 }; /* more would only wait for each other, and for the bot */

/* ---- the parent ------------------------------------------------------------------------------ */

static int spawn_child(struct run *r, const struct library *lib)
{
    char fd[16], parent[16];
    posix_spawnattr_t attr;
    sigset_t none, ignored;
    r->report = memfd_create("tokobot-probe", 0);
    if (r->report < 0) return errno;
    snprintf(fd, sizeof fd, "%d", r->report);
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    char *argv[] = { "tokobot", "plugin", "probe", lib->name, lib->file, lib->copy ? lib->copy : "",
                     fd,        parent,   NULL };
    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &ignored);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    int rc = posix_spawn(&r->pid, "/proc/self/exe", NULL, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    fcntl(r->report, F_SETFD, FD_CLOEXEC); /* no other child needs it */
    return rc;
}

static const char *how_it_ended(const struct run *r, int status, char *out, size_t cap)
{
    if (r->late)
        snprintf(out, cap, "did not return within %d s", (int)(r->limit_ms / 1000));
    else if (WIFSIGNALED(status))
        snprintf(out, cap, "crashed (%s)", strsignal(WTERMSIG(status)));
    else
        snprintf(out, cap, "ended the process");
    return out;
}

/* What the child has said, into the library. */
static void read_report(const struct run *r, struct library *lib, int status)
{
    char text[1200], how[80];
    ssize_t n = pread(r->report, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    const char *copied = strstr(text, "copied "), *refused = strstr(text, "refused ");
    if (copied)
        sscanf(copied, "copied %16s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, lib->build,
               &lib->id.device, &lib->id.inode, &lib->id.size, &lib->id.changed_ns);
    if (refused) {
        snprintf(lib->problem, sizeof lib->problem, "%.*s", (int)strcspn(refused + 8, "\n"),
                 refused + 8);
        return;
    }
    if (strstr(text, "done\n") && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    how_it_ended(r, status, how, sizeof how);
    if (strstr(text, "opened\n"))
        snprintf(lib->problem, sizeof lib->problem,
                 "%s: its init() %s; init() may only register: mend it and reload", lib->file, how);
    else if (strstr(text, "checked\n"))
        snprintf(lib->problem, sizeof lib->problem,
                 "%s: loading it (a constructor, before init()) %s; mend it and reload", lib->file,
                 how);
    else
        snprintf(lib->problem, sizeof lib->problem, "%s: trying it %s; is data_dir full?",
                 lib->file, how);
}

static struct run *run_new(struct library *lib, int64_t limit_ms)
{
    struct run *r = xcalloc(1, sizeof *r);
    int rc = spawn_child(r, lib);
    r->limit_ms = limit_ms;
    r->deadline = clock_ms() + limit_ms;
    if (rc == 0) return r;
    snprintf(lib->problem, sizeof lib->problem,
             "%s cannot be tried: no process can be started (%s)", lib->file, strerror(rc));
    if (r->report >= 0) close(r->report);
    free(r);
    return NULL;
}

static void run_end(struct run *r, struct library *lib, int status)
{
    read_report(r, lib, status);
    close(r->report);
    free(r);
}

/* 1: it has ended, and *status says how. Kills one that has taken too long for its step. */
static int has_ended(struct run *r, int64_t now, int *status)
{
    struct stat st;
    if (now >= r->deadline && !r->late) {
        /* From its last step on, which is when it has last said something. */
        int64_t said = fstat(r->report, &st) == 0
                           ? (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000
                           : 0;
        if (said <= now && said + r->limit_ms > r->deadline) r->deadline = said + r->limit_ms;
        if (now >= r->deadline) {
            r->late = 1;
            kill(-r->pid, SIGKILL);
        }
    }
    siginfo_t info = { 0 };
    if (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid)
        return 0;
    kill(-r->pid, SIGKILL); /* whatever it has started: its number is not anybody else's yet */
    if (waitpid(r->pid, status, 0) < 0) *status = 0;
    return 1;
}

struct probes *probes_new(void (*done)(struct plugin_probe *p))
{
    struct probes *ps = xcalloc(1, sizeof *ps);
    ps->done = done;
    ps->last = &ps->waiting;
    return ps;
}

static void start_waiting(struct probes *ps)
{
    struct plugin_probe *p;
    while (ps->running < AT_ONCE && (p = ps->waiting)) {
        if (!(ps->waiting = p->next)) ps->last = &ps->waiting;
        p->next = NULL;
        struct run *r = run_new(p->library, PROBE_LIMIT_MS);
        if (!r) {
            ps->done(p);
            continue;
        }
        r->probe = p;
        r->next = ps->runs;
        ps->runs = r;
        ps->running++;
    }
}

void probes_start(struct probes *ps, struct plugin_probe *p)
{
    p->next = NULL;
    *ps->last = p;
    ps->last = &p->next;
    start_waiting(ps);
}

void probes_reap(struct probes *ps, int64_t now_ms)
{
    if (!ps) return;
    for (struct run **at = &ps->runs, *r; (r = *at);) {
        int status;
        if (!has_ended(r, now_ms, &status)) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        ps->running--;
        struct plugin_probe *p = r->probe;
        run_end(r, p->library, status);
        ps->done(p);
    }
    start_waiting(ps);
}

int64_t probes_next_due(const struct probes *ps)
{
    int64_t due = INT64_MAX;
    for (const struct run *r = ps ? ps->runs : NULL; r; r = r->next)
        if (!r->late && r->deadline < due) due = r->deadline;
    return due;
}

void probes_free(struct probes *ps)
{
    if (!ps) return;
    for (struct run *r; (r = ps->runs);) {
        ps->runs = r->next;
        kill(-r->pid, SIGKILL);
        waitpid(r->pid, NULL, 0);
        close(r->report);
        probe_free(r->probe);
        free(r);
    }
    for (struct plugin_probe *p; (p = ps->waiting);) {
        ps->waiting = p->next;
        probe_free(p);
    }
    free(ps);
}

void probe_all(struct library **libs, size_t count, int64_t limit_ms)
{
    struct run *runs[AT_ONCE] = { 0 };
    struct library *lib[AT_ONCE] = { 0 };
    size_t next = 0, left = count;
    while (left) {
        for (size_t i = 0; i < AT_ONCE; i++) {
            int status;
            if (!runs[i] && next < count && !(runs[i] = run_new(lib[i] = libs[next++], limit_ms)))
                left--;
            if (!runs[i] || !has_ended(runs[i], clock_ms(), &status)) continue;
            run_end(runs[i], lib[i], status);
            runs[i] = NULL;
            left--;
        }
        if (left) usleep(500);
    }
}

int probe_now(struct library *lib)
{
    probe_all(&lib, 1, PROBE_LIMIT_MS);
    return *lib->problem ? -1 : 0;
}

/* ---- the child ------------------------------------------------------------------------------- */

static void say(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(int fd, const char *fmt, ...)
{
    char line[700];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n > 0) (void)!write(fd, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

static int thread_count(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/task");
    for (struct dirent *d; dir && (d = readdir(dir));) n += d->d_name[0] != '.';
    if (dir) closedir(dir);
    return n;
}

/* What an init() may have left behind; NULL = nothing. */
static const char *left_behind(int threads_before)
{
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
        return "started a process: use api->work() or api->http() instead";
    if (thread_count() > threads_before) return "started a thread: use api->work() instead";
    return NULL;
}

/* What a library of the host has opened without CLOEXEC is none of this plugin's business. */
static void close_others(int fd)
{
    if (fd > 3) close_range(3, (unsigned)fd - 1, 0);
    close_range((unsigned)fd + 1, ~0U, 0);
}

_Noreturn void probe_child(const char *name, const char *file, const char *copy, int report_fd,
                           pid_t parent)
{
    pid_t self = getpid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);      /* it died before that took hold */
    alarm(4 * PROBE_START_LIMIT_MS / 1000); /* whatever becomes of it */
    close_others(report_fd);
    struct library *lib = library_new(name, file, *copy ? copy : NULL);
    struct host *h = host_bare(NULL);
    int threads = thread_count();
    int is_copied = *copy && access(copy, R_OK) == 0;
    int rc = is_copied ? 0 : library_copy(lib);
    if (rc == 0 && !is_copied) {
        say(report_fd, "copied %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", lib->build,
            lib->id.device, lib->id.inode, lib->id.size, lib->id.changed_ns);
    }
    if (rc == 0) rc = library_check(lib);
    if (rc == 0) {
        say(report_fd, "checked\n");
        rc = library_open(lib);
    }
    if (rc == 0) {
        say(report_fd, "opened\n");
        rc = generation_new(h, lib) ? 0 : -1;
    }
    if (getpid() != self) _exit(1); /* init() has forked, and this is the other one */
    const char *left = rc == 0 ? left_behind(threads) : NULL;
    if (rc < 0)
        say(report_fd, "refused %s\n", lib->problem);
    else if (left)
        say(report_fd, "refused %s: its init() %s\n", file, left);
    else
        say(report_fd, "done\n");
    _exit(0);
}
