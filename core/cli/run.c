/* run.c - `tokobot run`: the supervisor, and under it the host.
 *
 * The supervisor makes the listening socket, so that no connection is refused while a crashed host
 * comes back. It reads bot.ini only for that; a configuration with errors is told by the host,
 * which knows the plugins' keys too. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../base/log.h"
#include "../../config/config.h"
#include "../host.h"
#include "../http/server.h"
#include "../crash_page.h"
#include "../supervisor.h"

extern char **environ;

struct options {
    const char *ini;
    int listen_fd, crash_fd; /* -1 = none was inherited */
    int supervised, is_host;
};

static int parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){ "bot.ini", -1, -1, 1, 0 };
    for (int i = 1; i < argc; i++) {
        int has_value = i + 1 < argc;
        if (!strcmp(argv[i], "-c") && has_value)
            o->ini = argv[++i];
        else if (!strcmp(argv[i], "--listen-fd") && has_value)
            o->listen_fd = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--crash-fd") && has_value)
            o->crash_fd = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--no-supervisor"))
            o->supervised = 0;
        else if (!strcmp(argv[i], "--host"))
            o->is_host = 1;
        else {
            fprintf(
                stderr,
                "tokobot run: what is \"%s\"? usage: tokobot run [-c bot.ini] [--no-supervisor]\n",
                argv[i]);
            return -1;
        }
    }
    return 0;
}

static void open_log(struct config *c)
{
    log_set_level_name(config_text(c, "core", "log_level"));
    if (log_open(config_text(c, "core", "log_file")) < 0)
        log_warn("log", "the file cannot be opened; only stderr is used",
                 LOG_STR("file", config_text(c, "core", "log_file")),
                 LOG_STR("error", strerror(errno)));
}

static int run_host(const struct options *o, struct config *c)
{
    char folder[4096];
    if (!config_error_count(c)) open_log(c);
    if (o->listen_fd >= 0) fcntl(o->listen_fd, F_SETFD, FD_CLOEXEC);
    struct host_conf conf = { .config = c,
                              .plugin_folder = cli_plugin_folder(folder, sizeof folder) };
    struct host_serve_conf serve = { .listen_fd = o->listen_fd };
    /* Without a supervisor nobody reads it after a crash, but the watchdog does before. */
    conf.crash = o->crash_fd >= 0 ? crash_page_map(o->crash_fd) : crash_page_new(NULL);
    if (o->crash_fd >= 0) close(o->crash_fd);
    int code = host_serve(&conf, &serve);
    crash_page_unmap(conf.crash);
    log_close();
    return code;
}

/* Whether another host holds this data folder: told before the port, which it would hold, too. */
static int is_running(struct config *c)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/lock", config_text(c, "core", "data_dir"));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return 0;
    int held = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    close(fd);
    if (held)
        fprintf(
            stderr,
            "another tokobot runs on data_dir %s: stop it first, or give this one a data_dir of its own\n",
            config_text(c, "core", "data_dir"));
    return held;
}

static int run_supervisor(const struct options *o, struct config *c)
{
    char error[300], fd[16], crash_fd[16];
    struct crash_page *page = NULL;
    int keep[2] = { -1, -1 };
    int code = is_running(c) ? CLI_ALREADY_RUNNING : 0;
    int listen_fd = code ? -1 : http_listen(config_text(c, "core", "listen"), error, sizeof error);
    if (!code && listen_fd < 0) {
        fprintf(stderr, "%s\n", error);
        code = CLI_OS;
    }
    keep[0] = listen_fd;
    if (!code && !(page = crash_page_new(&keep[1]))) {
        fprintf(stderr, "no shared memory for the host: %s\n", strerror(errno));
        code = CLI_OS;
    }
    if (!code) {
        open_log(c);
        snprintf(fd, sizeof fd, "%d", listen_fd);
        snprintf(crash_fd, sizeof crash_fd, "%d", keep[1]);
        char *argv[] = { "tokobot",    "run",    "-c", (char *)o->ini, "--listen-fd", fd,
                         "--crash-fd", crash_fd, NULL };
        struct supervisor_conf conf = { .argv = argv,
                                        .keep_fds = keep,
                                        .keep_count = 2,
                                        .crash = page,
                                        .kill_ms = config_int(c, "core", "drain") + 10000 };
        config_free(c);
        c = NULL;
        code = supervisor_run(&conf);
    }
    if (listen_fd >= 0) close(listen_fd);
    if (keep[1] >= 0) close(keep[1]);
    crash_page_unmap(page);
    config_free(c);
    log_close();
    return code;
}

int cli_run(int argc, char **argv)
{
    struct options o;
    if (parse(&o, argc, argv) < 0) return CLI_USAGE;
    struct config *c = config_read(o.ini, 0, environ);
    config_check(c);
    if (o.supervised && !o.is_host && !config_error_count(c)) return run_supervisor(&o, c);
    return run_host(&o, c);
}
