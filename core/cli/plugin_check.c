/* plugin_check.c - placeholder while the host compiles. */
#include "cli.h"
int cli_plugin_check(int argc, char **argv)
{
    (void)argc, (void)argv;
    return CLI_USAGE;
}
