/* plugin.c - `tokobot plugin ...`: finds the verb below. */
#include "cli.h"

#include "../plugin/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *verb;
    int (*run)(int argc, char **argv);
} verbs[] = {
    { "list", cli_plugin_list },
    { "check", cli_plugin_check },
    { "test", cli_plugin_test },
    { "probe", cli_plugin_probe }, /* what a reload starts: probe.h */
};

static const char usage[] =
    "usage: tokobot plugin list [-c bot.ini] [--json]     what runs, and how\n"
    "       tokobot plugin check FILE.so [-c bot.ini]     would it load, and is it sound?\n"
    "       tokobot plugin test DIR                       plays the transcripts in DIR\n";

int cli_plugin_probe(int argc, char **argv)
{
    if (argc == 6) probe_child(argv[1], argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
    fputs(usage, stderr);
    return CLI_USAGE;
}

int cli_plugin(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(argv[1], verbs[i].verb)) return verbs[i].run(argc - 1, argv + 1);
    fputs(usage, stderr);
    return CLI_USAGE;
}
