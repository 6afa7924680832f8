/* version.c - `tokobot version`. */
#include "cli.h"

#include <stdio.h>
#include <tokobot/plugin.h>

int cli_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("tokobot " TOKOBOT_VERSION " (SDK %d.%d)\n", BOT_SDK_MAJOR, BOT_SDK_MINOR);
    return CLI_OK;
}
