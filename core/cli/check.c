/* check.c - `tokobot check`: is bot.ini right, and would every plugin that is on load? Changes
 * nothing. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/log.h"
#include "../../config/config.h"
#include "../host.h"

extern char **environ;

int cli_check(int argc, char **argv)
{
    const char *ini = "bot.ini";
    if (argc == 3 && !strcmp(argv[1], "-c"))
        ini = argv[2];
    else if (argc != 1)
        return fprintf(stderr, "usage: tokobot check [-c bot.ini]\n"), CLI_USAGE;
    char folder[4096];
    struct buf errors = { 0 };
    log_set_level(LOG_LEVEL_ERROR);
    struct host_conf conf = { .config = config_read(ini, 0, environ),
                              .plugin_folder = cli_plugin_folder(folder, sizeof folder),
                              .try_apart = 1 };
    int code = host_check(&conf, &errors);
    fputs(buf_str(&errors), code ? stderr : stdout);
    if (!code) printf("%s is fine\n", ini);
    buf_free(&errors);
    return code;
}
