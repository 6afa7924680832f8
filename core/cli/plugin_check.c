/* plugin_check.c - `tokobot plugin check FILE.so`: is it sound? First without running it, then its
 * init() in a process of its own, then a whole trial (trial.h) in another: nothing that a plugin
 * does reaches this process. 1 when something is bad. */
#include "cli.h"

#include "../base/clock.h"
#include "../base/log.h"
#include "../plugin/elf.h"
#include "../plugin/probe.h"
#include "trial.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIAL_LIMIT_MS = 20000 };

static const char usage[] =
    "usage: tokobot plugin check FILE.so [-c bot.ini]\n"
    "  reads the file, runs its init() in a process of its own, tries its migrations, statements and\n"
    "  settings, and reloads it 50 times with work pending\n"
    "  -c bot.ini   its settings, and the plugins whose services this one needs\n";

static void tell(const char *mark, const char *text)
{
    printf("  %-5s %s\n", mark, text);
    fflush(stdout);
}

/* "path/hello.so" -> "hello" */
static int name_of(const char *file, char *out, size_t cap)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    size_t len = strlen(name);
    if (len < 4 || strcmp(name + len - 3, ".so") != 0 || len - 3 >= cap) return -1;
    snprintf(out, cap, "%.*s", (int)(len - 3), name);
    return 0;
}

static int check_file(const char *file)
{
    char problem[ELF_PROBLEM];
    if (elf_check_rights(file, problem) < 0 || elf_check(file, file, problem) < 0) {
        tell("BAD", problem);
        return -1;
    }
    tell("ok",
         "file: a shared library for this machine; one symbol, no text relocations, no calls that "
         "a plugin may not make");
    return 0;
}

static int check_init(const char *name, const char *file)
{
    struct library *lib = library_new(name, file, NULL);
    int rc = probe_now(lib);
    if (rc < 0)
        tell("BAD", lib->problem);
    else
        tell("ok", "manifest and init(), in a process of its own");
    library_free(lib, 0);
    return rc;
}

static void tell_end(int status, int late, const struct crash_page *page)
{
    char text[300], how[80];
    const struct crash_frame *f = crash_page_culprit(page);
    if (late)
        snprintf(how, sizeof how, "did not return within %d s", TRIAL_LIMIT_MS / 1000);
    else if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "crashed (%s)", strsignal(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "ended the process");
    if (f)
        snprintf(text, sizeof text, "%s of %s %s", f->callback, f->plugin, how);
    else
        snprintf(text, sizeof text, "the trial %s", how);
    tell("BAD", text);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

/* A process of its own, forked before this one has a thread or a database. */
static int check_trial(const struct trial_conf *conf)
{
    int status = 0, late = 0;
    int64_t until = clock_ms() + TRIAL_LIMIT_MS;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        if (!freopen("/dev/null", "w", stderr)) _exit(2);
        crash_page_watch_signals(conf->page);
        int bad = trial_run(conf);
        fflush(stdout);
        _exit(bad ? 1 : 0);
    }
    if (pid < 0) {
        tell("BAD", strerror(errno));
        return -1;
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (clock_ms() >= until && !late) {
            late = 1;
            kill(-pid, SIGKILL);
        }
        usleep(2000);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) <= 1 && !crash_page_is_busy(conf->page))
        return WEXITSTATUS(status) ? -1 : 0;
    tell_end(status, late, conf->page);
    return -1;
}

int cli_plugin_check(int argc, char **argv)
{
    char folder[PATH_MAX], name[64], path[PATH_MAX], work[PATH_MAX];
    const char *file = NULL, *ini = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-c") && i + 1 < argc)
            ini = argv[++i];
        else if (argv[i][0] != '-' && !file)
            file = argv[i];
        else
            file = NULL, i = argc;
    }
    if (!file) {
        fputs(usage, stderr);
        return CLI_USAGE;
    }
    log_set_level(LOG_LEVEL_ERROR);
    if (name_of(file, name, sizeof name) < 0) {
        fprintf(stderr, "%s: a plugin's file is called NAME.so, as the plugin calls itself\n",
                file);
        return CLI_REFUSED;
    }
    printf("%s\n", file);
    int rc = check_file(file);
    if (rc == 0) rc = check_init(name, realpath(file, path) ? path : file);
    struct trial_conf conf = {
        name, path, ini, cli_plugin_folder(folder, sizeof folder), work, NULL
    };
    int fd = -1;
    const char *temporary = getenv("TMPDIR");
    snprintf(work, sizeof work, "%s/tokobot-trial-XXXXXX",
             temporary && *temporary ? temporary : "/tmp");
    if (rc == 0 && (!mkdtemp(work) || !(conf.page = crash_page_new(&fd)))) {
        tell("BAD", "no folder in TMPDIR or /tmp, or no memory, for the trial");
        rc = -1;
    }
    if (rc == 0) {
        rc = check_trial(&conf);
        nftw(work, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    printf("%s\n", rc == 0 ? "sound" : "not sound");
    return rc == 0 ? CLI_OK : CLI_REFUSED;
}
