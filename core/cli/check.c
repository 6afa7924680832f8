/* check.c - `tokobot check`: is bot.ini right, and would every plugin that is on load? Changes
 * nothing; with --fix it goes on in fix.c. */
#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/log.h"
#include "../../config/config.h"
#include "../host.h"

extern char **environ;

static const char usage[] =
    "usage: tokobot check [-c bot.ini] [--fix [--yes]]\n"
    "  tells what is wrong with bot.ini, and tries to load each plugin; changes nothing\n"
    "  --fix   then asks the running bot what is wrong elsewhere for its plugins - such as the\n"
    "          settings of its webhooks - and mends that, after a question\n"
    "  --yes   answers the question\n";

static const struct option options[] = {
    { "config", required_argument, NULL, 'c' },
    { "fix", no_argument, NULL, 'f' },
    { "yes", no_argument, NULL, 'y' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int check(const char *ini)
{
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

int cli_check(int argc, char **argv)
{
    const char *ini = "bot.ini";
    int o, fix = 0, yes = 0;
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (o == 'c')
            ini = optarg;
        else if (o == 'f')
            fix = 1;
        else if (o == 'y')
            yes = 1;
        else
            return fputs(usage, o == 'h' ? stdout : stderr), o == 'h' ? CLI_OK : CLI_USAGE;
    }
    if (optind != argc || (yes && !fix)) return fputs(usage, stderr), CLI_USAGE;
    int code = check(ini);
    fflush(stdout);
    return code || !fix ? code : cli_fix(ini, yes);
}
