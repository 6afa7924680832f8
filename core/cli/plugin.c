/* plugin.c - `tokobot plugin ...`: finds the verb below. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

int cli_plugin(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "test")) return cli_plugin_test(argc - 1, argv + 1);
    fprintf(stderr, "usage: tokobot plugin test DIR [--filter WORD] [--verbose]\n");
    return CLI_USAGE;
}
