/* main.c - the command line: finds the verb. One file a verb in cli/. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct {
    const char *verb;
    int (*run)(int argc, char **argv);
    const char *help;
} verbs[] = {
    { "run", cli_run, "run [-c bot.ini] [--no-supervisor]     the bot, in the foreground" },
    { "check", cli_check,
      "check [-c bot.ini] [--fix [--yes]]     is the configuration right? --fix: what plugins can mend" },
    { "chat", cli_chat,
      "chat --as 6281... [-c bot.ini]         talk to the running bot without a phone" },
    { "status", cli_status, "status [-c bot.ini]                    how the running bot is" },
    { "reload", cli_reload,
      "reload [-c bot.ini]                    takes a changed bot.ini and changed plugins" },
    { "plugin", cli_plugin,
      "plugin {list,check FILE.so,test DIR}   what runs; is a file sound; run transcripts" },
    { "version", cli_version, "version" },
};

static int usage(FILE *out)
{
    fprintf(out, "tokobot " TOKOBOT_VERSION "\n\n");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fprintf(out, "  tokobot %s\n", verbs[i].help);
    return out == stdout ? 0 : 64;
}

int main(int argc, char **argv)
{
    if (argc < 2) return usage(stderr);
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return usage(stdout);
    if (!strcmp(argv[1], "--version")) return cli_version(argc - 1, argv + 1);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(argv[1], verbs[i].verb)) return verbs[i].run(argc - 1, argv + 1);
    fprintf(stderr, "tokobot: there is no \"%s\"\n\n", argv[1]);
    return usage(stderr);
}
