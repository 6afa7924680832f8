/* common.c - what several verbs share. */
#include "cli.h"

#include "../http/control.h"
#include "config/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* A verb that only talks to a running bot needs to know where it is, and nothing else: what is
 * wrong with the rest of bot.ini is for `tokobot check` and `tokobot run` to say. */
int cli_socket(const char *ini, char *path, size_t cap)
{
    struct config *c = config_read(ini, 0, environ);
    int readable = access(ini, R_OK) == 0;
    int failed = 0;
    config_check(c);
    for (size_t i = 0; i < config_error_count(c); i++) {
        const char *error = config_error(c, i);
        if (readable && !strstr(error, "data_dir")) continue;
        fprintf(stderr, "%s\n", error);
        failed = 1;
    }
    if (!failed) {
        int n = snprintf(path, cap, "%s/tokobot.sock", config_text(c, "core", "data_dir"));
        if (n < 0 || (size_t)n >= cap) {
            fprintf(stderr, "data_dir is too long: use a shorter one in [core]\n");
            failed = 1;
        }
    }
    config_free(c);
    return failed ? CLI_CONFIG : 0;
}

int cli_options(int argc, char **argv, const char *usage, const char **ini, int *as_json)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int o;
    *ini = "bot.ini";
    *as_json = 0;
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (o == 'c')
            *ini = optarg;
        else if (o == 'j')
            *as_json = 1;
        else {
            fputs(usage, o == 'h' ? stdout : stderr);
            return o == 'h' ? -1 : CLI_USAGE;
        }
    }
    if (optind == argc) return 0;
    fputs(usage, stderr);
    return CLI_USAGE;
}

int cli_ask(const char *ini, const char *request, int ms, char **line)
{
    char path[4200], error[4400];
    int rc = cli_socket(ini, path, sizeof path);
    if (rc) return rc;
    int fd = control_connect(path, error, sizeof error);
    if (fd < 0) {
        fprintf(stderr, "%s\n", error);
        return CLI_NOT_RUNNING;
    }
    errno = 0;
    if (control_write_line(fd, request) != 0 || control_read_line(fd, line, ms) != 1) {
        fputs(errno == ETIMEDOUT
                  ? "the bot does not answer: is it stuck? see its log\n"
                  : "the bot ended before it answered: it crashed or was stopped; see"
                    " its log and `tokobot status`\n",
              stderr);
        rc = CLI_NOT_RUNNING;
    }
    close(fd);
    return rc;
}

char *cli_plugin_folder(char *out, size_t cap)
{
    char exe[4000];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = 0;
    char *slash = strrchr(exe, '/');
    if (slash) *slash = 0;
    snprintf(out, cap, "%s/../plugins", exe);
    return out;
}
