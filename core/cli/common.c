/* common.c - what several verbs share. */
#include "cli.h"

#include "config/config.h"

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
