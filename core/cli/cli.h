/* cli.h - the command line: one function a verb, one file each. argv[0] is the verb's own name; the
 * result is the process's exit code (design section 6). */
#ifndef TOKOBOT_CLI_H
#define TOKOBOT_CLI_H

#include <stddef.h>

enum cli_exit { /* design section 6 */
                CLI_OK = 0,
                CLI_REFUSED = 1,
                CLI_USAGE = 64,
                CLI_NOT_RUNNING = 69,
                CLI_OS = 71,
                CLI_CANNOT_WRITE = 73,
                CLI_ALREADY_RUNNING = 75,
                CLI_CONFIG = 78
};

int cli_run(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_fix(const char *ini, int yes); /* the --fix of it */
int cli_version(int argc, char **argv);
int cli_plugin(int argc, char **argv);
int cli_plugin_test(int argc, char **argv);
int cli_chat(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_reload(int argc, char **argv);
int cli_plugin_list(int argc, char **argv);
int cli_plugin_check(int argc, char **argv);
int cli_plugin_probe(int argc, char **argv);

/* Where NAME.so is looked up: ../plugins beside the executable. Returns out. */
char *cli_plugin_folder(char *out, size_t cap);

/* -c FILE, --json, --help. 0; -1: the help was shown; or an exit code. */
int cli_options(int argc, char **argv, const char *usage, const char **ini, int *as_json);
/* Asks the running bot: 0 with *line, malloc'ed; or an exit code after saying why on stderr. */
int cli_ask(const char *ini, const char *request, int ms, char **line);

/* The control socket of the bot that `ini` describes: 0, or an exit code after saying why on
 * stderr. */
int cli_socket(const char *ini, char *path, size_t cap);

#endif
